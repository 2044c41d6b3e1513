/* Cases: one alert on its way along one escalation chain. A case remembers who was told, so that its end reaches them
 * too, and where in the chain it stands, so that a restart goes on from there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/phrase.h"
#include "engine/notify_private.h"

#define CHAIN_LOOPS 100 /* steps taken at once; more is a mistake of ours */

static unsigned bucket_of(const char *alert)
{
    uint32_t hash = 2166136261u;
    for (; *alert; alert++)
        hash = (hash ^ (unsigned char)*alert) * 16777619u;
    return hash % CASE_BUCKETS;
}

struct notify_case *case_find(struct notify *notify, const char *alert, const char *chain)
{
    struct notify_case *one = notify->cases[bucket_of(alert)];
    while (one && (strcmp(one->alert, alert) != 0 || strcmp(one->chain, chain) != 0))
        one = one->next;
    return one;
}

struct notify_case *case_add(struct notify *notify, const char *alert, const char *chain, const char *name)
{
    struct notify_case *one = memory_new(sizeof *one), **bucket = &notify->cases[bucket_of(alert)];
    one->alert = memory_text(alert);
    one->chain = memory_text(chain);
    one->name = memory_text(name);
    one->next = *bucket;
    *bucket = one;
    notify->case_count++;
    return one;
}

static void target_release(struct case_target *target)
{
    free(target->channel);
    free(target->to);
}

static void case_free(struct notify_case *one)
{
    for (unsigned i = 0; i < one->target_count; i++)
        target_release(&one->targets[i]);
    free(one->targets);
    free(one->alert);
    free(one->chain);
    free(one->name);
    free(one);
}

static void case_remove(struct notify *notify, struct notify_case *one)
{
    struct notify_case **link = &notify->cases[bucket_of(one->alert)];
    while (*link != one)
        link = &(*link)->next;
    *link = one->next;
    notify->case_count--;
    wheel_cancel(notify->wheel, &one->timer);
    if (one->in_store) {
        ARRAY_RESERVE(notify->gone_cases, notify->gone_capacity, notify->gone_count + 1);
        notify->gone_cases[notify->gone_count++] = memory_printf("%s/%s", one->alert, one->chain);
    }
    case_free(one);
}

struct case_target *case_target_find(struct notify_case *one, const char *channel, const char *to)
{
    for (unsigned i = 0; i < one->target_count; i++)
        if (strcmp(one->targets[i].channel, channel) == 0 && strcmp(one->targets[i].to, to) == 0)
            return &one->targets[i];
    return NULL;
}

struct case_target *case_target_add(struct notify_case *one, const char *channel, const char *to)
{
    one->targets = memory_resize(one->targets, one->target_count + 1, sizeof *one->targets);
    struct case_target *target = &one->targets[one->target_count++];
    *target = (struct case_target){.channel = memory_text(channel), .to = memory_text(to), .state = TARGET_TOLD};
    return target;
}

void case_target_resolved(struct notify *notify, struct notify_case *one, struct case_target *target)
{
    target_release(target);
    *target = one->targets[--one->target_count];
    one->dirty = true;
    if (one->target_count == 0)
        case_remove(notify, one);
}

void case_wait(struct notify *notify, struct notify_case *one, msec span)
{
    wheel_schedule(notify->wheel, &one->timer, clock_steady() + (span < SPAN_SECOND ? SPAN_SECOND : span));
}

/* ---- steps ---- */

static void owe(struct notify *notify, struct notify_case *one, const struct notify_alert *alert, const char *channel, const char *to)
{
    struct case_target *target = case_target_find(one, channel, to);
    if (!target)
        target = case_target_add(one, channel, to);
    if (target->state == TARGET_OWED)
        return; /* gathered already */
    target->state = TARGET_OWED;
    one->dirty = true;
    batch_add(notify, BATCH_RAISE, channel, to, alert, one->chain, "");
}

static bool step_allows(const struct notify_step *step, const char *channel)
{
    for (unsigned i = 0; i < step->by_count; i++)
        if (strcmp(step->by[i], channel) == 0)
            return true;
    return step->by_count == 0;
}

static void tell_person(struct notify *notify, struct notify_case *one, const struct notify_alert *alert,
                        const struct notify_step *step, const char *name)
{
    const struct notify_person *person = plan_person(notify->plan, name);
    for (unsigned i = 0; person && i < person->contact_count; i++)
        if (step_allows(step, person->contacts[i].channel))
            owe(notify, one, alert, person->contacts[i].channel, person->contacts[i].address);
}

static void tell_who(struct notify *notify, struct notify_case *one, const struct notify_alert *alert,
                     const struct notify_step *step, const char *who)
{
    const struct notify_team *team = strncmp(who, "team:", 5) == 0 ? plan_team(notify->plan, who + 5) : NULL;
    const struct channel *channel = strncmp(who, "channel:", 8) == 0 ? plan_channel(notify->plan, who + 8) : NULL;
    if (channel)
        owe(notify, one, alert, channel->name, channel->to);
    else if (team)
        for (unsigned j = 0; j < team->member_count; j++)
            tell_person(notify, one, alert, step, team->members[j]);
    else
        tell_person(notify, one, alert, step, who);
}

/* Nobody is on duty: the chain's fallback is told, and it stands in the alert's timeline. */
static void tell_fallback(struct notify *notify, struct notify_case *one, const struct notify_alert *alert,
                          const struct notify_step *step, const struct notify_chain *chain)
{
    struct buffer names = BUFFER_INIT, text = BUFFER_INIT;
    struct notify_step any = *step;
    any.by_count = 0; /* by whatever reaches them */
    for (unsigned i = 0; i < chain->fallback_count; i++) {
        buffer_printf(&names, "%s%s", i ? ", " : "", chain->fallback[i]);
        tell_who(notify, one, alert, &any, chain->fallback[i]);
    }
    buffer_printf(&text, N_("nobody is on duty: the fallback of chain %s is told: %s"), chain->name, buffer_text(&names));
    log_warning("notify: %s: %s", alert->row.id, buffer_text(&text));
    if (notify->desk.note)
        notify->desk.note(notify->desk.owner, alert->row.id, buffer_text(&text));
    buffer_release(&names);
    buffer_release(&text);
}

static void tell_shift(struct notify *notify, struct notify_case *one, const struct notify_alert *alert,
                       const struct notify_step *step, const struct notify_chain *chain)
{
    struct shift_span span;
    char name[120];
    bool somebody = false;
    if (roster_at(&notify->plan->roster, clock_wall(), &span))
        for (const char *at = span.shift->people; (at = roster_next(at, name, sizeof name)); somebody = true)
            tell_person(notify, one, alert, step, name);
    if (!somebody)
        tell_fallback(notify, one, alert, step, chain);
}

static void tell_step(struct notify *notify, struct notify_case *one, const struct notify_alert *alert,
                      const struct notify_step *step, const struct notify_chain *chain)
{
    if (!hours_contain(&step->hours, clock_wall()))
        return;
    for (unsigned i = 0; i < step->who_count; i++)
        if (strcmp(step->who[i], "shift") == 0)
            tell_shift(notify, one, alert, step, chain);
        else
            tell_who(notify, one, alert, step, step->who[i]);
}

/* From where it stands to the next wait, or the end. */
static void case_go(struct notify *notify, struct notify_case *one, const struct notify_alert *alert)
{
    const struct notify_chain *chain = plan_chain(notify->plan, one->chain);
    one->waiting = false;
    one->dirty = true;
    for (unsigned taken = 0; chain && one->step < chain->step_count && taken < CHAIN_LOOPS; taken++) {
        const struct notify_step *step = &chain->steps[one->step];
        if (step->kind == STEP_WAIT) {
            one->waiting = true;
            one->base = alert->handled_for;
            case_wait(notify, one, step->wait);
            return;
        }
        if (step->kind == STEP_REPEAT) {
            if (one->round++ >= step->repeat)
                break;
            one->step = 0;
            continue;
        }
        tell_step(notify, one, alert, step, chain);
        one->step++;
    }
    one->stopped = true;
}

static bool in_force(const struct notify_alert *alert)
{
    return alert->row.condition == CONDITION_ACTIVE && !alert->row.acknowledged && alert->row.state != ALERT_CLOSED;
}

/* A wait is over when the alert was active, unacknowledged and unsuppressed for so long: suppression freezes it, an
 * acknowledgement stops the chain until the desk raises anew. */
void cases_due(void *owner, struct wheel_timer *timer)
{
    struct notify *notify = owner;
    struct notify_case *one = (struct notify_case *)((char *)timer - offsetof(struct notify_case, timer));
    struct notify_alert alert;
    const struct notify_chain *chain = plan_chain(notify->plan, one->chain);
    if (!one->waiting || !notify->attached)
        return;
    bool there = notify->desk.find(notify->desk.owner, one->alert, &alert);
    if (!there || !in_force(&alert) || !chain || one->step >= chain->step_count || chain->steps[one->step].kind != STEP_WAIT) {
        one->waiting = false;
        one->stopped = true;
        one->dirty = true;
        return;
    }
    if (alert.handled_for < one->base)
        one->base = alert.handled_for; /* counted from the start again */
    msec left = chain->steps[one->step].wait - (alert.handled_for - one->base);
    if (left > 0) {
        case_wait(notify, one, left);
        return;
    }
    one->step++;
    case_go(notify, one, &alert);
}

/* ---- what the desk says ---- */

static void raise_on(struct notify *notify, const struct notify_alert *alert, const char *chain)
{
    struct notify_case *one = case_find(notify, alert->row.id, chain);
    if (!one)
        one = case_add(notify, alert->row.id, chain, alert->row.name);
    one->step = one->round = 0;
    one->stopped = one->resolving = false;
    case_go(notify, one, alert);
}

static void raise_by_routes(struct notify *notify, const struct notify_alert *alert, bool only_new)
{
    for (unsigned i = 0; i < notify->plan->route_count; i++) {
        struct notify_route *route = &notify->plan->routes[i];
        if (!notify_matches(&route->match, alert))
            continue;
        if (!only_new || !case_find(notify, alert->row.id, route->chain))
            raise_on(notify, alert, route->chain);
        if (!route->onward)
            return;
    }
}

/* Whoever was told is told of the end; whoever was only about to be is not told at all. */
static void resolve(struct notify *notify, struct notify_case *one, const struct notify_alert *alert)
{
    one->resolving = true;
    one->waiting = false;
    one->stopped = true;
    one->dirty = true;
    wheel_cancel(notify->wheel, &one->timer);
    for (unsigned i = one->target_count; i-- > 0;)
        if (one->targets[i].told) {
            one->targets[i].state = TARGET_TOLD;
            batch_add(notify, BATCH_RESOLVE, one->targets[i].channel, one->targets[i].to, alert, one->chain, one->targets[i].delivery);
        } else if (one->target_count > 1) {
            case_target_resolved(notify, one, &one->targets[i]);
        } else {
            case_remove(notify, one);
            return;
        }
    if (one->target_count == 0)
        case_remove(notify, one);
}

static void remind(struct notify *notify, struct notify_case *one, const struct notify_alert *alert)
{
    for (unsigned i = 0; i < one->target_count; i++)
        if (one->targets[i].told && one->targets[i].state == TARGET_TOLD)
            batch_add(notify, BATCH_REMIND, one->targets[i].channel, one->targets[i].to, alert, one->chain, one->targets[i].delivery);
}

static void each_case(struct notify *notify, const struct notify_alert *alert,
                      void (*act)(struct notify *notify, struct notify_case *one, const struct notify_alert *alert))
{
    struct notify_case *one = notify->cases[bucket_of(alert->row.id)], *next;
    for (; one; one = next) {
        next = one->next;
        if (strcmp(one->alert, alert->row.id) == 0)
            act(notify, one, alert);
    }
}

void cases_notice(struct notify *notify, const struct notify_alert *alert, enum alert_notice notice)
{
    switch (notice) {
    case NOTICE_RAISE:
    case NOTICE_STORM:
        raise_by_routes(notify, alert, false);
        break;
    case NOTICE_REMIND:
        each_case(notify, alert, remind);
        break;
    case NOTICE_RESOLVE:
        each_case(notify, alert, resolve);
        break;
    }
}

/* ---- after a restart ---- */

static void case_catch_up(struct notify *notify, struct notify_case *one)
{
    struct notify_alert alert;
    bool there = notify->desk.find(notify->desk.owner, one->alert, &alert);
    if (!there)
        alert = (struct notify_alert){.row = {
            .id = one->alert, .name = one->name, .type = "", .state = ALERT_CLOSED, .raised_at = CLOCK_NEVER,
            .condition = CONDITION_CLEARED, .asset = "", .asset_name = "", .gateway = "", .place = "", .unit = "",
            .subsystem = "", .summary = "", .metric = "", .rule = "", .runbook = "", .cleared_at = CLOCK_NEVER}};
    if (!there || alert.row.condition != CONDITION_ACTIVE || alert.row.state == ALERT_CLOSED) {
        resolve(notify, one, &alert);
        return;
    }
    for (unsigned i = 0; i < one->target_count; i++)
        if (one->targets[i].state == TARGET_OWED)
            batch_add(notify, BATCH_RAISE, one->targets[i].channel, one->targets[i].to, &alert, one->chain, "");
    if (one->waiting)
        case_wait(notify, one, SPAN_SECOND); /* looks at how much of the wait is left */
}

static void stands(void *owner, const struct notify_alert *alert)
{
    if (in_force(alert) && alert->row.suppression == 0)
        raise_by_routes(owner, alert, true);
}

void cases_catch_up(struct notify *notify)
{
    for (unsigned i = 0; i < CASE_BUCKETS; i++)
        for (struct notify_case *one = notify->cases[i], *next; one; one = next) {
            next = one->next;
            case_catch_up(notify, one);
        }
    if (notify->desk.each)
        notify->desk.each(notify->desk.owner, stands, notify);
}

void cases_release(struct notify *notify)
{
    for (unsigned i = 0; i < CASE_BUCKETS; i++)
        for (struct notify_case *one = notify->cases[i], *next; one; one = next) {
            next = one->next;
            case_free(one);
        }
    for (unsigned i = 0; i < notify->gone_count; i++)
        free(notify->gone_cases[i]);
    free(notify->gone_cases);
}

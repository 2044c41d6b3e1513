/* The desk's heart: slots, indexes, what detectors report, and what follows from it. People's half is in alerts_act.c,
 * causes in alerts_cause.c, the queue in alerts_queue.c, the store in alerts_store.c. */
#include "engine/alerts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/alerts_private.h"

#define TURN_AT_ONCE 4096u
#define JUMP (2 * SPAN_SECOND)      /* the wall clock moved this much against the steady one: it was set */
#define NORMAL_KEPT SPAN_HOUR       /* an alert that never became one, kept for its flap window */
#define SUMMARY_MAX 400

/* ---- texts, rules, policies ---- */

uint32_t desk_number(struct alerts *alerts, const char *text)
{
    return text && *text ? intern_id(alerts->texts, text, strlen(text)) : 0;
}

void alert_text_set(char **slot, const char *text)
{
    free(*slot);
    *slot = NULL;
    if (!text || !*text)
        return;
    char clean[SUMMARY_MAX];
    text_clean_into(clean, sizeof clean, text, strlen(text));
    *slot = clean[0] ? memory_text(clean) : NULL;
}

const struct alert_policy *desk_policy(struct alerts *alerts, const struct alert_policy *policy)
{
    const struct alert_policy *p = policy ? policy : &alert_policy_default;
    for (size_t i = 0; i < alerts->policy_count; i++) {
        const struct alert_policy *known = &alerts->policies[i]->policy;
        if (known->hold == p->hold && known->attempts == p->attempts && known->clear_delay == p->clear_delay &&
            known->repeat == p->repeat && known->reopen_window == p->reopen_window && known->auto_close == p->auto_close &&
            known->auto_close_severity == p->auto_close_severity && known->max_shelve == p->max_shelve &&
            known->flap_detection == p->flap_detection)
            return known;
    }
    ARRAY_RESERVE(alerts->policies, alerts->policy_capacity, alerts->policy_count + 1);
    struct desk_policy *copy = memory_new(sizeof *copy);
    copy->policy = *p;
    policy_write(copy->text, p);
    alerts->policies[alerts->policy_count++] = copy;
    return &copy->policy;
}

uint32_t desk_rule(struct alerts *alerts, uint32_t source, uint32_t rule, uint32_t name)
{
    char key[32];
    int length = snprintf(key, sizeof key, "%u.%u", source, rule);
    uint32_t entry = intern_find(alerts->rule_names, key, (size_t)length);
    if (entry != UINT32_MAX)
        return entry;
    entry = intern_id(alerts->rule_names, key, (size_t)length);
    ARRAY_RESERVE(alerts->rules, alerts->rule_capacity, entry + 1);
    alerts->rules[entry] = (struct rule_entry){.source = source, .rule = rule, .name = name};
    return entry;
}

uint32_t alerts_rule_active(const struct alerts *alerts, const char *source, const char *rule)
{
    char key[32];
    uint32_t numbers[2] = {intern_find(alerts->texts, source, strlen(source)), intern_find(alerts->texts, rule, strlen(rule))};
    int length = snprintf(key, sizeof key, "%u.%u", numbers[0], numbers[1]);
    uint32_t entry = intern_find(alerts->rule_names, key, (size_t)length);
    return entry == UINT32_MAX ? 0 : alerts->rules[entry].active;
}

/* ---- time ---- */

static void shift(msec *instant, msec jump)
{
    if (*instant != CLOCK_NEVER)
        *instant += jump;
}

/* The wall clock was set: what is counted from an instant goes on as if it had not been; what people asked for by the
 * clock (an acknowledgement until 8:00) follows the new time. */
static void clock_jumped(struct alerts *alerts, msec jump, msec now)
{
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        if (!(alert->flags & ALERT_LIVE) || alert->life.closed)
            continue;
        shift(&alert->life.pending_since, jump);
        shift(&alert->life.normal_since, jump);
        shift(&alert->life.counted_at, jump);
        shift(&alert->life.cleared_at, jump);
        shift(&alert->life.flap_at, jump);
        alert_schedule(alerts, alert, now);
    }
}

msec desk_now(struct alerts *alerts)
{
    msec wall = clock_wall(), offset = wall - clock_steady(), jump = offset - alerts->offset;
    alerts->offset = offset;
    if (jump > JUMP || jump < -JUMP)
        clock_jumped(alerts, jump, wall);
    return wall;
}

/* ---- timers ---- */

static void turn_due(uv_timer_t *timer);

void desk_turn_want(struct alerts *alerts, msec due)
{
    if (alerts->turn_at != CLOCK_NEVER && alerts->turn_at <= due)
        return;
    msec wait = due - clock_steady();
    alerts->turn_at = due;
    /* Not 0: libuv would run it in this same round of timers, before anybody else. */
    uv_timer_start(&alerts->link->turn, turn_due, wait > 0 ? (uint64_t)wait : 1, 0);
}

void alert_schedule(struct alerts *alerts, struct alert *alert, msec now)
{
    msec next = alert->life.condition == CONDITION_NORMAL ? now + NORMAL_KEPT : alert_next(&alert->life, alert->policy);
    if (next == CLOCK_NEVER) {
        if (wheel_scheduled(&alert->timer))
            wheel_cancel(alerts->wheel, &alert->timer);
        return;
    }
    msec due = clock_steady() + (next > now ? next - now : 0);
    wheel_schedule(alerts->wheel, &alert->timer, due);
    desk_turn_want(alerts, due);
}

static void alert_timer_due(void *owner, struct wheel_timer *timer)
{
    struct alerts *alerts = owner;
    struct alert *alert = (struct alert *)((char *)timer - offsetof(struct alert, timer));
    msec now = desk_now(alerts);
    if (alert->life.condition == CONDITION_NORMAL) {
        alert_drop(alerts, alert);
        return;
    }
    alert_effects effects = alert_tick(&alert->life, alert->policy, now);
    if (effects)
        alert_effect(alerts, alert, effects, N_("timer"), NULL, now);
    else
        alert_schedule(alerts, alert, now);
}

bool alerts_turn(struct alerts *alerts)
{
    msec now = desk_now(alerts);
    levels_tell(alerts);
    if (alerts->settling_count)
        settle_turn(alerts, now);
    storms_restate(alerts);
    return wheel_advance(alerts->wheel, clock_steady(), TURN_AT_ONCE) >= TURN_AT_ONCE;
}

static void turn_due(uv_timer_t *timer)
{
    struct desk_link *link = timer->data;
    struct alerts *alerts = link->alerts;
    if (!alerts)
        return;
    alerts->turn_at = CLOCK_NEVER;
    alerts_turn(alerts);
    msec next = wheel_next(alerts->wheel);
    if (next != CLOCK_NEVER)
        desk_turn_want(alerts, next);
}

static void minute_due(uv_timer_t *timer)
{
    struct desk_link *link = timer->data;
    if (!link->alerts)
        return;
    msec now = desk_now(link->alerts);
    history_trim(link->alerts, now);
}

/* ---- what the fleet is told ---- */

/* Alerts that come from the fleet's own verdicts are left out: they would confirm themselves. */
static bool counts_for_health(const struct alerts *alerts, const struct alert *alert)
{
    return alert->life.condition == CONDITION_ACTIVE && !alert->life.closed &&
           strcmp(desk_text(alerts, alert->source), "health") != 0 && strcmp(desk_text(alerts, alert->source), "storm") != 0 &&
           strcmp(desk_text(alerts, alert->source), "redundancy") != 0;
}

static enum health level_of(const struct alerts *alerts, uint32_t asset)
{
    enum health level = HEALTH_OK;
    ALERT_EACH_OF_ASSET(alerts, alert, asset) {
        if (!counts_for_health(alerts, alert) || alert->life.severity == SEVERITY_INFO)
            continue;
        if (alert->life.severity >= SEVERITY_MAJOR)
            return HEALTH_CRITICAL;
        level = HEALTH_WARNING;
    }
    return level;
}

void alert_level_again(struct alerts *alerts, uint32_t asset)
{
    fleet_alert_level(alerts->fleet, asset, level_of(alerts, asset));
}

/* Not at once: reports come from inside the fleet's own judging, too. */
void levels_tell(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->level_count; i++)
        fleet_alert_level(alerts->fleet, alerts->levels[i], level_of(alerts, alerts->levels[i]));
    alerts->level_count = 0;
}

static void level_later(struct alerts *alerts, const struct alert *alert)
{
    bool active = alert->life.condition == CONDITION_ACTIVE;
    if (alert->asset == FLEET_NONE || (alert->counted_active == active && (!active || alert->counted_severity == alert->life.severity)))
        return;
    if (alerts->level_count && alerts->levels[alerts->level_count - 1] == alert->asset)
        return;
    ARRAY_RESERVE(alerts->levels, alerts->level_capacity, alerts->level_count + 1);
    alerts->levels[alerts->level_count++] = alert->asset;
    desk_turn_want(alerts, clock_steady());
}

/* ---- what follows from a call of the model ---- */

static const struct {
    alert_effects effect;
    const char *verb;
    enum alert_news news;
} told[] = {
    {EFFECT_RAISED, "raised", NEWS_NEW},         {EFFECT_REOPENED, "reopened", NEWS_AGAIN},
    {EFFECT_WORSE, "worse", NEWS_WORSE},         {EFFECT_BETTER, "better", NEWS_NONE},
    {EFFECT_CLEARED, "cleared", NEWS_CLEARED},   {EFFECT_ACKNOWLEDGE_ENDED, "unacknowledged", NEWS_NONE},
    {EFFECT_SHELVE_ENDED, "unshelved", NEWS_NONE}, {EFFECT_FLAPPING, "flapping", NEWS_NONE},
    {EFFECT_STEADY, "steady", NEWS_NONE},        {EFFECT_NOTIFY_REMIND, "reminded", NEWS_NONE},
};

static void write_timeline(struct alerts *alerts, struct alert *alert, alert_effects effects, const char *actor,
                           const char *text, msec now)
{
    for (size_t i = 0; i < ARRAY_COUNT(told); i++) {
        if (!(effects & told[i].effect))
            continue;
        if (told[i].news) {
            alert->news = (uint8_t)told[i].news;
            alert->news_at = now;
        }
        if (actor)
            alert_note_event(alerts, alert, actor, told[i].verb, text ? text : text_or_empty(alert->summary), now);
    }
    if (effects & EFFECT_CLOSED && actor)
        alert_note_event(alerts, alert, actor, "closed", text_or_empty(text), now);
}

static void tell_people(struct alerts *alerts, struct alert *alert, alert_effects effects)
{
    bool storm = strcmp(desk_text(alerts, alert->source), "storm") == 0;
    if (effects & EFFECT_NOTIFY_RAISE)
        alert_tell(alerts, alert, storm ? NOTICE_STORM : NOTICE_RAISE);
    if (effects & EFFECT_NOTIFY_REMIND)
        alert_tell(alerts, alert, NOTICE_REMIND);
    if (effects & EFFECT_NOTIFY_RESOLVE)
        alert_tell(alerts, alert, NOTICE_RESOLVE);
}

void alert_touch(struct alerts *alerts, struct alert *alert)
{
    alert->revision++;
    level_later(alerts, alert);
    alert_recount(alerts, alert);
    queue_move(alerts, alert);
    alert_mark(alerts, alert);
    change_note(alerts, alert);
}

void alert_effect(struct alerts *alerts, struct alert *alert, alert_effects effects, const char *actor, const char *text,
                  msec now)
{
    bool was_active = alert->counted_active;
    if (effects & (EFFECT_RAISED | EFFECT_REOPENED)) {
        alerts->rules[alert->entry].raised++;
        desk_count_raise(alerts, alert);
    }
    if (effects & EFFECT_CLEARED) {
        alerts->cleared++;
        /* Nobody was told of it and nobody has to look: it came and went behind its cause, or silenced. The fleet's own
         * verdict on a symptom, and a lesser storm, are part of their cause's story, also where they were told of before. */
        const char *source = desk_text(alerts, alert->source);
        bool untold = !(effects & EFFECT_NOTIFY_RESOLVE) && alert->life.suppression & ~SUPPRESSED_FLAPPING;
        bool part = alert->life.suppression & SUPPRESSED_DEPENDENCY && alert->cause_kind != CAUSE_HAND &&
                    (strcmp(source, "health") == 0 || strcmp(source, "storm") == 0);
        if ((untold || part) && !alert->life.closed)
            effects |= alert_close(&alert->life, alert->policy, now);
    }
    write_timeline(alerts, alert, effects, actor, text, now);
    if (effects & EFFECT_CLOSED) {
        alert->closed_at = now;
        closed_append(alerts, alert);
    }
    alert_touch(alerts, alert);
    alert_schedule(alerts, alert, now);
    tell_people(alerts, alert, effects);
    if (was_active && !alert->counted_active) {
        storm_cleared(alerts, alert);
        cause_over(alerts, alert);
    }
    if (effects & EFFECT_CLOSED)
        cause_leave(alerts, alert);
}

void alert_suppression(struct alerts *alerts, struct alert *alert, enum suppression why, bool on, const char *text, msec now)
{
    alert_effects effects = alert_suppress(&alert->life, alert->policy, why, on, now);
    if (!effects)
        return;
    static const struct { enum suppression why; const char *on, *off; } words[] = {
        {SUPPRESSED_DOWNTIME, "downtime", N_("downtime-ended")},   {SUPPRESSED_DEPENDENCY, "folded", "unfolded"},
        {SUPPRESSED_INHIBITED, "inhibited", N_("uninhibited")},    {SUPPRESSED_SILENCED, "silenced", "unsilenced"},
        {SUPPRESSED_OUT_OF_SERVICE, "out-of-service", N_("in-service")},
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (words[i].why == why)
            alert_note_event(alerts, alert, "desk", on ? words[i].on : words[i].off, text ? text : "", now);
    alert_touch(alerts, alert);
    alert_schedule(alerts, alert, now);
    tell_people(alerts, alert, effects);
}

/* ---- reports ---- */

static uint64_t hash_fields(const struct alerts *alerts, const struct alert_report *report, uint64_t hash)
{
    hash = text_hash(hash, report->asset == FLEET_NONE ? "" : fleet_text(alerts->fleet, report->asset, ASSET_id));
    hash = text_hash(hash, text_or_empty(report->rule));
    return text_hash(hash, text_or_empty(report->point));
}

/* FNV-1a over the texts, then mixed so that the low bits serve the hash table. */
uint64_t alert_fingerprint(const struct alerts *alerts, const struct alert_report *report)
{
    uint64_t hash = TEXT_HASH;
    hash = text_hash(hash, text_or_empty(report->source));
    if (report->key)
        hash = text_hash(hash, report->key);
    else
        hash = hash_fields(alerts, report, hash);
    hash = (hash ^ hash >> 31) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

/* What may differ from report to report; true when something that people see did. */
static bool take_report(struct alerts *alerts, struct alert *alert, const struct alert_report *report)
{
    bool changed = false;
    alert->policy = alert->policy && !report->policy ? alert->policy : desk_policy(alerts, report->policy);
    alert->rule_version = report->rule_version;
    if (report->has_value) {
        alert->value = report->value;
        alert->threshold = report->threshold;
    }
    if (report->summary && strcmp(report->summary, text_or_empty(alert->summary)) != 0) {
        alert_text_set(&alert->summary, report->summary);
        changed = true;
    }
    return changed;
}

static struct alert *alert_make(struct alerts *alerts, const struct alert_report *report, uint64_t fingerprint, msec now)
{
    struct alert *old = alert_current(alerts, fingerprint), *alert = alert_slot(alerts);
    alert->fingerprint = fingerprint;
    alert->asset = report->asset;
    alert->source = desk_number(alerts, report->source);
    alert->rule = desk_number(alerts, report->rule);
    alert->point = desk_number(alerts, report->point);
    alert->name = desk_number(alerts, report->name && *report->name ? report->name : report->rule);
    alert->type = desk_number(alerts, report->type);
    alert->runbook = desk_number(alerts, report->runbook);
    alert->entry = desk_rule(alerts, alert->source, alert->rule, alert->name);
    alert->value = alert->threshold = __builtin_nan("");
    alert_number_set(alerts, alert, alert_next_number(alerts, now));
    if (old) {
        alert->previous = old->number;
        alert->life.flaps = old->life.flaps;
        alert->life.flap_at = old->life.flap_at;
    }
    alert_index(alerts, alert);
    return alert;
}

/* Reopened within the window; past it, or once a person closed it, the next breach is an alert of its own. */
static bool instance_is_over(const struct alert *alert, msec now)
{
    if (alert->life.condition != CONDITION_CLEARED)
        return false;
    return now - alert->life.cleared_at > alert->policy->reopen_window;
}

void alerts_breach(struct alerts *alerts, const struct alert_report *report)
{
    msec now = desk_now(alerts);
    uint64_t fingerprint = alert_fingerprint(alerts, report);
    struct alert *alert = alert_current(alerts, fingerprint);
    bool fresh = !alert || instance_is_over(alert, now);
    if (fresh)
        alert = alert_make(alerts, report, fingerprint, now);
    bool changed = take_report(alerts, alert, report);
    alert_check_period(alerts, alert);
    if (alert->life.closed && alert->life.condition == CONDITION_CLEARED)
        alert->closed_at = CLOCK_NEVER; /* it reopens: the closed list finds it open and lets it go */
    if (alert->life.condition != CONDITION_ACTIVE)
        cause_before_breach(alerts, alert, now);
    if (alert->life.condition == CONDITION_NORMAL || alert->life.condition == CONDITION_CLEARED)
        silences_apply(alerts, alert, now);
    alert_effects effects = alert_breach(&alert->life, alert->policy, report->severity, now);
    if (effects & ~EFFECT_COUNTED) {
        alert_effect(alerts, alert, effects, text_or_empty(report->source), NULL, now);
        if (effects & (EFFECT_RAISED | EFFECT_REOPENED))
            storm_breach(alerts, alert, now);
    } else {
        alerts->deduplicated++;
        if (changed)
            alert_touch(alerts, alert);
        if (alert->life.suppression & SUPPRESSED_FLAPPING)
            alert_schedule(alerts, alert, now);
    }
}

static void settle_normal(struct alerts *alerts, struct alert *alert, const char *actor, const char *why, msec now)
{
    alert_effects effects = alert_normal(&alert->life, alert->policy, now);
    if (effects && alert->life.condition != CONDITION_NORMAL) {
        alert_effect(alerts, alert, effects, actor, why, now);
    } else {
        if (effects)
            alert_touch(alerts, alert);
        alert_schedule(alerts, alert, now);
    }
}

void alerts_normal_because(struct alerts *alerts, uint64_t fingerprint, const char *why)
{
    struct alert *alert = alert_current(alerts, fingerprint);
    msec now = desk_now(alerts);
    if (alert && (alert->life.condition == CONDITION_PENDING || alert->life.condition == CONDITION_ACTIVE))
        settle_normal(alerts, alert, desk_text(alerts, alert->source), why, now);
    else if (alert && alert_closed_active(alert)) {
        alert->life.normal_since = alert->life.cleared_at = now; /* its end indeed: reopening it would find it cleared */
        alert_mark(alerts, alert);
    }
}

void alerts_normal(struct alerts *alerts, uint64_t fingerprint)
{
    alerts_normal_because(alerts, fingerprint, NULL);
}

void alerts_rule_gone(struct alerts *alerts, const char *source, const char *rule, const char *why)
{
    uint32_t source_number = intern_find(alerts->texts, source, strlen(source));
    uint32_t rule_number = intern_find(alerts->texts, rule, strlen(rule));
    msec now = desk_now(alerts);
    for (uint32_t handle = 0; rule_number != UINT32_MAX && handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        if (!(alert->flags & ALERT_LIVE) || alert->source != source_number || alert->rule != rule_number)
            continue;
        struct alert_policy at_once = *alert->policy;
        at_once.clear_delay = 0;
        alert->policy = desk_policy(alerts, &at_once);
        if (alert->life.condition == CONDITION_PENDING || alert->life.condition == CONDITION_ACTIVE)
            settle_normal(alerts, alert, "desk", why, now);
    }
}

/* ---- begin and end ---- */

static void handle_closed(uv_handle_t *handle)
{
    desk_link_release(handle->data);
}

void desk_link_release(struct desk_link *link)
{
    if (--link->holders == 0)
        free(link);
}

static void options_fill(struct alerts_options *options)
{
    if (options->storm_share <= 0)
        options->storm_share = 0.30;
    if (options->storm_children == 0)
        options->storm_children = 10;
    if (options->storm_gateways == 0)
        options->storm_gateways = 3;
    if (options->storm_periods <= 0)
        options->storm_periods = 2;
    if (options->flood_rate == 0)
        options->flood_rate = 100;
    if (options->history <= 0)
        options->history = 7 * SPAN_DAY;
}

void alerts_configure(struct alerts *alerts, const struct alerts_options *options)
{
    alerts->options = *options;
    options_fill(&alerts->options);
}

struct alerts *alerts_new(uv_loop_t *loop, struct fleet *fleet, struct store *store, const struct alerts_options *options)
{
    struct alerts *alerts = memory_new(sizeof *alerts);
    alerts->loop = loop;
    alerts->fleet = fleet;
    alerts->store = store;
    if (options)
        alerts->options = *options;
    options_fill(&alerts->options);
    alerts->free_first = ALERT_NONE;
    alerts->texts = intern_new();
    alerts->rule_names = intern_new();
    intern_id(alerts->texts, "", 0); /* number 0 is the empty text */
    alerts->hash_mask = 1023;
    alerts->hash = memory_resize(NULL, 1024, sizeof *alerts->hash);
    memset(alerts->hash, 0xff, 1024 * sizeof *alerts->hash);
    alerts->wheel = wheel_new(clock_steady(), alert_timer_due, alerts);
    alerts->turn_at = alerts->noticed = CLOCK_NEVER;
    alerts->offset = clock_wall() - clock_steady();
    alerts->raised_second = clock_steady() / SPAN_SECOND;
    struct desk_link *link = alerts->link = memory_new(sizeof *link);
    uv_timer_t *timers[] = {&link->turn, &link->flush, &link->notice, &link->minute};
    link->alerts = alerts;
    for (size_t i = 0; i < ARRAY_COUNT(timers); i++, link->holders++) {
        uv_timer_init(loop, timers[i]);
        timers[i]->data = link;
    }
    uv_timer_start(&link->minute, minute_due, SPAN_MINUTE, SPAN_MINUTE);
    storms_init(alerts);
    silences_init(alerts);
    return alerts;
}

void alerts_free(struct alerts **slot)
{
    struct alerts *alerts = *slot;
    if (!alerts)
        return;
    *slot = NULL;
    if (alerts->store)
        alerts_write_rest(alerts);
    struct desk_link *link = alerts->link;
    uv_timer_t *timers[] = {&link->turn, &link->flush, &link->notice, &link->minute};
    link->alerts = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(timers); i++)
        uv_close((uv_handle_t *)timers[i], handle_closed);
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        free(alert->summary);
        free(alert->note);
        free(alert->fixed_by);
    }
    for (uint32_t i = 0; i < alerts->chunk_count; i++)
        free(alerts->chunks[i]);
    for (size_t i = 0; i < alerts->policy_count; i++)
        free(alerts->policies[i]);
    selects_free(alerts);
    groups_free(alerts);
    storms_free(alerts);
    silences_free(alerts);
    seen_free(alerts);
    desk_events_free(alerts);
    wheel_free(&alerts->wheel);
    intern_free(&alerts->texts);
    intern_free(&alerts->rule_names);
    buffer_release(&alerts->scratch);
    buffer_release(&alerts->text_scratch);
    free(alerts->chunks);
    free(alerts->hash);
    free(alerts->numbers);
    free(alerts->by_asset);
    free(alerts->rules);
    free(alerts->policies);
    free(alerts->queue);
    free(alerts->moved);
    free(alerts->dirty);
    free(alerts->closed);
    free(alerts->settling);
    free(alerts->levels);
    free(alerts);
}

/* The desk itself: its beginning and end, its clock, and the timers by which alerts move without a report. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "engine/alerts_private.h"

#define TURN_AT_ONCE 4096u
#define JUMP (2 * SPAN_SECOND) /* the wall clock moved this much against the steady one: it was set */
#define NORMAL_KEPT SPAN_HOUR  /* an alert that never became one, kept for its flap window */

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
    flood_watch(link->alerts);
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
    phrasebook_free(&alerts->book);
    alerts->book = options && options->language ? phrasebook_new(options->language) : NULL;
    if (options)
        alerts->options = *options;
    alerts->options.language = NULL; /* the settings' */
    options_fill(&alerts->options);
}

struct alerts *alerts_new(uv_loop_t *loop, struct fleet *fleet, struct store *store, const struct alerts_options *options)
{
    struct alerts *alerts = memory_new(sizeof *alerts);
    alerts->loop = loop;
    alerts->fleet = fleet;
    alerts->store = store;
    alerts_configure(alerts, options);
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
        free(alert->labels);
    }
    for (uint32_t i = 0; i < alerts->chunk_count; i++)
        free(alerts->chunks[i]);
    for (size_t i = 0; i < alerts->policy_count; i++)
        free(alerts->policies[i]);
    selects_free(alerts);
    gathers_free(alerts);
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
    phrasebook_free(&alerts->book);
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

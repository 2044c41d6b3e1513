/* The whole: its one timer, what it is asked, and how it begins and ends. */
#include "engine/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/notify_private.h"

#define CONNECTIONS_KEPT 8
#define SAVE_AFTER 10 /* ms: what happens together is written together */

static void turn(uv_timer_t *timer);

static void wake_in(struct notify *notify, msec span)
{
    uv_timer_start(notify->timer, turn, span > 0 ? (uint64_t)span : 0, 0);
}

void notify_wake(struct notify *notify)
{
    if (notify->turning) {
        notify->saving_soon = true;
        return;
    }
    if (!notify->saving_soon)
        wake_in(notify, SAVE_AFTER);
    notify->saving_soon = true;
}

static void sooner(msec *next, msec candidate)
{
    if (candidate != CLOCK_NEVER && (*next == CLOCK_NEVER || candidate < *next))
        *next = candidate;
}

static void turn(uv_timer_t *timer)
{
    struct notify *notify = timer->data;
    msec now = clock_steady(), next;
    notify->turning = true;
    notify->saving_soon = false;
    wheel_advance(notify->wheel, now, 0);
    next = batches_turn(notify, now);
    lanes_trim(notify);
    notify_records_save(notify);
    sooner(&next, lanes_turn(notify, now));
    sooner(&next, wheel_next(notify->wheel));
    sooner(&next, notify->store_retry);
    notify->turning = false;
    if (notify->saving_soon)
        wake_in(notify, SAVE_AFTER);
    else if (next != CLOCK_NEVER)
        wake_in(notify, next - clock_steady());
}

struct notify *notify_new(uv_loop_t *loop, struct store *store, struct error *error)
{
    struct config_problems none;
    struct notify *notify = memory_new(sizeof *notify);
    config_problems_init(&none);
    notify->loop = loop;
    notify->store = store;
    notify->plan = notify_plan_read(NULL, "", "en", &none);
    config_problems_release(&none);
    notify->store_retry = CLOCK_NEVER;
    notify->wheel = wheel_new(clock_steady(), cases_due, notify);
    notify->transfers = transfers_new(loop, CONNECTIONS_KEPT);
    notify->timer = memory_new(sizeof *notify->timer);
    notify->timer->data = notify;
    uv_timer_init(loop, notify->timer);
    if (!notify_records_load(notify, error))
        notify_free(&notify);
    return notify;
}

void notify_use(struct notify *notify, struct notify_plan *plan)
{
    struct notify_plan *old = notify->plan;
    notify->plan = notify_plan_hold(plan);
    batches_replan(notify);
    notify_plan_free(&old);
    notify_wake(notify);
}

void notify_attach(struct notify *notify, const struct notify_desk *desk)
{
    notify->desk = *desk;
    notify->attached = true;
    cases_catch_up(notify);
    notify_wake(notify);
}

void notify_notice(struct notify *notify, const struct notify_alert *alert, enum alert_notice notice)
{
    cases_notice(notify, alert, notice);
    notify_wake(notify);
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle);
}

void notify_free(struct notify **owned)
{
    struct notify *notify = *owned;
    *owned = NULL;
    if (!notify)
        return;
    if (notify->attached)
        notify_records_save(notify);
    if (notify->leave)
        notify->leave(notify);
    notify->turning = true; /* nothing wakes any more */
    notify_records_detach(notify);
    lanes_release(notify);
    batches_release(notify);
    cases_release(notify);
    transfers_free(&notify->transfers);
    wheel_free(&notify->wheel);
    notify_plan_free(&notify->plan);
    uv_close((uv_handle_t *)notify->timer, timer_closed);
    free(notify);
}

/* ---- looking ---- */

static void held_row(const struct batch *batch, const struct batch_entry *entry, char *detail, size_t size,
                     struct wire_notification *row)
{
    static const char *const whats[BATCH_KINDS] = {[BATCH_RAISE] = "raise", [BATCH_REMIND] = "remind", [BATCH_RESOLVE] = "resolve"};
    char until[INSTANT_TEXT];
    msec wall = clock_wall() + batch->flush - clock_steady();
    instant_format(until, wall - wall % SPAN_SECOND);
    if (batch->quiet[0])
        snprintf(detail, size, N_("quiet hours %s until %s"), batch->quiet, until);
    else
        snprintf(detail, size, N_("gathering until %s"), until);
    *row = (struct wire_notification){.id = "", .channel = batch->channel, .to = batch->to, .alert = entry->alert,
                                      .what = whats[batch->kind], .state = "held", .detail = detail, .time = entry->since};
}

void notify_list(struct notify *notify, unsigned offset, unsigned limit, unsigned *total,
                 void (*visit)(void *owner, const struct wire_notification *row), void *owner)
{
    struct wire_notification row;
    char detail[200];
    unsigned place = 0;
    for (const struct batch *batch = notify->batches; batch; batch = batch->next)
        for (unsigned i = batch->count; i-- > 0; place++)
            if (place >= offset && place - offset < limit) {
                held_row(batch, &batch->entries[i], detail, sizeof detail, &row);
                visit(owner, &row);
            }
    for (const struct delivery *delivery = notify->newest; delivery; delivery = delivery->older, place++)
        if (place >= offset && place - offset < limit) {
            delivery_row(delivery, &row);
            visit(owner, &row);
        }
    *total = place;
}

void notify_test(struct notify *notify, const char *name, const char *to, notify_tested *done, void *owner)
{
    struct error error;
    const struct channel *channel = plan_channel(notify->plan, name);
    if (!channel) {
        error_set(&error, ERROR_NOT_FOUND, "no channel is named `%.60s`", name);
        done(owner, NULL, &error);
        return;
    }
    to = to && to[0] ? to : channel->to;
    if (channel->ops->wants_address && !to[0]) {
        error_set(&error, ERROR_INVALID, "channel `%s` has no address of its own: say whom to reach, such as %s", name,
                  channel->ops->example);
        done(owner, NULL, &error);
        return;
    }
    struct delivery *delivery = delivery_new(notify, "test", name, to, "");
    delivery->tested = done;
    delivery->tester = owner;
    message_test(notify->plan, delivery);
    delivery_queue(notify, delivery);
    notify_wake(notify);
}

void notify_status(struct notify *notify, struct notify_status *status)
{
    msec wall = clock_wall();
    *status = (struct notify_status){.sent = notify->sent, .failed = notify->failed, .retried = notify->retried,
                                     .storms = notify->storms, .cases = notify->case_count,
                                     .channels = notify->plan->channel_count, .quiet = "", .quiet_ends = CLOCK_NEVER};
    for (const struct lane *lane = notify->lanes; lane; lane = lane->next)
        status->waiting += lane->waiting;
    for (const struct batch *batch = notify->batches; batch; batch = batch->next)
        status->held += batch->count;
    for (unsigned i = 0; i < notify->plan->quiet_count; i++) {
        const struct notify_quiet *quiet = &notify->plan->quiets[i];
        if (!hours_contain(&quiet->hours, wall))
            continue;
        status->quiet = quiet->name;
        status->quiet_ends = hours_end(&quiet->hours, wall);
        break;
    }
}

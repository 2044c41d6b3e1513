/* Batches: what is gathered for one address before it becomes messages. A handful are messages of their own; many are
 * one message with counts; what falls into quiet hours waits here, in sight, until they end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/notify_private.h"

#define ROOM_LOOK_AGAIN SPAN_SECOND /* when the channel's queue is full */
#define SPREAD_MAX 20               /* messages of their own from one flush, whatever `storm` says */

static const char *const kind_names[BATCH_KINDS] = {[BATCH_RAISE] = "raise", [BATCH_REMIND] = "remind", [BATCH_RESOLVE] = "resolve"};

static struct notify_quiet *quiet_for(struct notify *notify, const struct notify_alert *alert)
{
    msec now = clock_wall();
    for (unsigned i = 0; i < notify->plan->quiet_count; i++) {
        struct notify_quiet *quiet = &notify->plan->quiets[i];
        if (hours_contain(&quiet->hours, now) && alert->ops && notify_matches(&quiet->match, alert))
            return quiet;
    }
    return NULL;
}

static struct batch *batch_find(struct notify *notify, enum batch_kind kind, const char *channel, const char *to, bool quiet)
{
    for (struct batch *batch = notify->batches; batch; batch = batch->next)
        if (batch->kind == kind && !batch->quiet[0] == !quiet && strcmp(batch->channel, channel) == 0 && strcmp(batch->to, to) == 0)
            return batch;
    struct batch *batch = memory_new(sizeof *batch);
    *batch = (struct batch){.next = notify->batches, .kind = kind, .channel = memory_text(channel), .to = memory_text(to),
                            .storm_until = CLOCK_NEVER, .quiet = ""};
    notify->batches = batch;
    return batch;
}

static msec gather_until(const struct notify *notify, const struct batch *batch, msec now)
{
    if (batch->storm_until != CLOCK_NEVER && batch->storm_until > now)
        return batch->storm_until;
    return now + notify->plan->gather;
}

void batch_add(struct notify *notify, enum batch_kind kind, const char *channel, const char *to, const struct notify_alert *alert,
               const char *chain, const char *after)
{
    struct notify_quiet *quiet = kind == BATCH_RESOLVE ? NULL : quiet_for(notify, alert);
    struct batch *batch = batch_find(notify, kind, channel, to, quiet != NULL);
    msec now = clock_steady();
    for (unsigned i = 0; batch->count < 256 && i < batch->count; i++) /* once is enough */
        if (strcmp(batch->entries[i].alert, alert->row.id) == 0 && strcmp(batch->entries[i].chain, chain) == 0)
            return;
    if (quiet) {
        batch->quiet = quiet->name;
        batch->flush = now + hours_end(&quiet->hours, clock_wall()) - clock_wall();
    } else if (batch->count == 0) {
        batch->flush = gather_until(notify, batch, now);
    }
    ARRAY_RESERVE(batch->entries, batch->capacity, batch->count + 1);
    struct batch_entry *entry = &batch->entries[batch->count++];
    *entry = (struct batch_entry){.alert = memory_text(alert->row.id), .chain = memory_text(chain),
                                  .name = memory_text(alert->row.name), .since = clock_wall()};
    snprintf(entry->after, sizeof entry->after, "%s", after);
    notify_wake(notify);
}

/* ---- flushing ---- */

static void forget_owed(struct notify_case *one, struct case_target *target)
{
    target->state = TARGET_TOLD;
    one->dirty = true;
    if (target->told)
        return;
    free(target->channel);
    free(target->to);
    *target = one->targets[--one->target_count];
}

/* Is it still to be told? Fills the alert as it is now. */
static bool still_due(struct notify *notify, const struct batch *batch, const struct batch_entry *entry, struct notify_alert *alert)
{
    struct notify_case *one = case_find(notify, entry->alert, entry->chain);
    struct case_target *target = one ? case_target_find(one, batch->channel, batch->to) : NULL;
    if (!target)
        return false;
    bool there = notify->desk.find(notify->desk.owner, entry->alert, alert);
    if (batch->kind == BATCH_RESOLVE) {
        if (!there)
            *alert = (struct notify_alert){.row = {
                .id = entry->alert, .name = entry->name, .type = "", .state = ALERT_CLOSED, .raised_at = CLOCK_NEVER, .asset = "",
                .asset_name = "", .gateway = "", .place = "", .unit = "", .subsystem = "", .summary = "", .metric = "", .rule = "",
                .runbook = "", .cleared_at = CLOCK_NEVER}};
        return one->resolving;
    }
    bool due = there && alert->row.condition == CONDITION_ACTIVE && !alert->row.acknowledged && alert->row.suppression == 0;
    if (!due && target->state == TARGET_OWED)
        forget_owed(one, target);
    return due && (batch->kind == BATCH_REMIND || target->state == TARGET_OWED);
}

static void told(struct notify *notify, const struct batch *batch, const struct batch_entry *entry, const struct delivery *delivery)
{
    struct notify_case *one = case_find(notify, entry->alert, entry->chain);
    struct case_target *target = one ? case_target_find(one, batch->channel, batch->to) : NULL;
    if (!target)
        return;
    one->dirty = true;
    if (batch->kind == BATCH_RESOLVE) {
        case_target_resolved(notify, one, target);
        return;
    }
    target->state = TARGET_TOLD;
    target->told = true;
    snprintf(target->delivery, sizeof target->delivery, "%s", delivery->id);
}

static void deliver(struct notify *notify, const struct batch *batch, const struct notify_alert *alerts,
                    const struct batch_entry *const *entries, unsigned count)
{
    const char *what = count > 1 && batch->kind == BATCH_RAISE ? "storm" : kind_names[batch->kind];
    struct delivery *delivery = delivery_new(notify, what, batch->channel, batch->to, alerts[0].row.id);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(entries[i]->after, delivery->after) > 0)
            snprintf(delivery->after, sizeof delivery->after, "%s", entries[i]->after);
    message_build(notify->plan, kind_names[batch->kind], alerts, count, delivery);
    delivery_queue(notify, delivery);
    for (unsigned i = 0; i < count; i++)
        told(notify, batch, entries[i], delivery);
}

static void entries_clear(struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++) {
        free(batch->entries[i].alert);
        free(batch->entries[i].chain);
        free(batch->entries[i].name);
    }
    batch->count = 0;
}

/* The rows' texts live until the desk's next turn, so all are asked and written in this one. */
static void batch_flush(struct notify *notify, struct batch *batch, msec now)
{
    struct notify_alert *alerts = memory_new_array(batch->count, sizeof *alerts);
    const struct batch_entry **entries = memory_new_array(batch->count, sizeof *entries);
    unsigned count = 0;
    for (unsigned i = 0; i < batch->count; i++)
        if (still_due(notify, batch, &batch->entries[i], &alerts[count]))
            entries[count++] = &batch->entries[i];
    bool going_on = batch->storm_until != CLOCK_NEVER && now <= batch->storm_until + notify->plan->gather;
    bool storm = count >= notify->plan->storm || count > SPREAD_MAX || (going_on && count > 1);
    if (storm) {
        deliver(notify, batch, alerts, entries, count);
        notify->storms++;
    }
    for (unsigned i = 0; !storm && i < count; i++)
        deliver(notify, batch, &alerts[i], &entries[i], 1);
    batch->storm_until = storm ? now + notify->plan->window : CLOCK_NEVER;
    batch->quiet = "";
    entries_clear(batch);
    free(alerts);
    free(entries);
}

static bool held_longer(struct notify *notify, struct batch *batch, msec now)
{
    msec wall = clock_wall();
    for (unsigned i = 0; batch->quiet[0] && i < notify->plan->quiet_count; i++) {
        const struct notify_quiet *quiet = &notify->plan->quiets[i];
        if (strcmp(quiet->name, batch->quiet) != 0 || !hours_contain(&quiet->hours, wall))
            continue;
        batch->flush = now + hours_end(&quiet->hours, wall) - wall; /* the wall clock was set meanwhile */
        return true;
    }
    const struct channel *channel = plan_channel(notify->plan, batch->channel);
    if (channel && lane_of(notify, batch->channel)->waiting >= channel->queue) {
        batch->flush = now + ROOM_LOOK_AGAIN; /* nothing is lost: what comes meanwhile joins this one */
        return true;
    }
    return false;
}

static void batch_free(struct batch *batch)
{
    entries_clear(batch);
    free(batch->entries);
    free(batch->channel);
    free(batch->to);
    free(batch);
}

msec batches_turn(struct notify *notify, msec now)
{
    msec next = CLOCK_NEVER;
    for (struct batch **link = &notify->batches, *batch; (batch = *link);) {
        if (batch->count && batch->flush <= now && notify->attached && !held_longer(notify, batch, now))
            batch_flush(notify, batch, now);
        if (batch->count == 0 && (batch->storm_until == CLOCK_NEVER || batch->storm_until + notify->plan->gather < now)) {
            *link = batch->next;
            batch_free(batch);
            continue;
        }
        msec due = batch->count ? batch->flush : batch->storm_until + notify->plan->gather + 1;
        if (notify->attached && (next == CLOCK_NEVER || due < next))
            next = due;
        link = &batch->next;
    }
    return next;
}

void batches_replan(struct notify *notify)
{
    msec now = clock_steady();
    for (struct batch *batch = notify->batches; batch; batch = batch->next) {
        const char *name = "";
        for (unsigned i = 0; batch->quiet[0] && i < notify->plan->quiet_count; i++)
            if (strcmp(notify->plan->quiets[i].name, batch->quiet) == 0)
                name = notify->plan->quiets[i].name;
        if (batch->quiet[0])
            batch->flush = now;
        batch->quiet = name;
    }
}

void batches_release(struct notify *notify)
{
    while (notify->batches) {
        struct batch *next = notify->batches->next;
        batch_free(notify->batches);
        notify->batches = next;
    }
}

/* Symptoms whose cause is over. A cause may clear, be closed, lose its rule, or leave the memory while those folded
 * under it still stand; then nothing may stay hidden behind nothing. One by one, a moment later (so that a cause that
 * only changed its reason, or returned together with its symptoms, is found so):
 *  - still behind something that is down: it follows that one's alert;
 *  - behind something that the ledger has taken out of service: it stays folded, as what is out of service is;
 *  - late after its parent's return: it waits for its own verdict (one period of grace);
 *  - folded by hand, or by a storm: it waits one period of its asset after the cause's end;
 *  - else it stands for itself, and people are told of it. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/alerts_private.h"

#define SETTLE_AT_ONCE 4096u /* about 8 ms; the rest at the loop's next turn */

static bool has_cause(const struct alerts *alerts, const struct alert *alert)
{
    if (alert->cause == ALERT_NONE)
        return false;
    const struct alert *cause = alert_at(alerts, alert->cause);
    return alert_is_open(cause) && cause->life.condition != CONDITION_CLEARED;
}

void settle_later(struct alerts *alerts, const struct alert *alert, msec wait)
{
    ARRAY_RESERVE(alerts->settling, alerts->settling_capacity, alerts->settling_count + 1);
    alerts->settling[alerts->settling_count++] = (struct settling){alert->number, clock_steady() + wait, alert->self};
    desk_turn_want(alerts, clock_steady() + wait);
}

static msec patience(const struct alerts *alerts, const struct alert *alert)
{
    bool known = alert->asset != FLEET_NONE && fleet_exists(alerts->fleet, alert->asset);
    return (alert->cause_kind == CAUSE_HAND || alert->cause_kind == CAUSE_STORM) && known ? live_at(alerts->fleet, alert->asset)->period : 0;
}

void cause_over(struct alerts *alerts, struct alert *cause)
{
    for (uint32_t handle = cause->first_symptom; handle != ALERT_NONE; handle = alert_at(alerts, handle)->next_symptom)
        settle_later(alerts, alert_at(alerts, handle), patience(alerts, alert_at(alerts, handle)));
}

void settle_load(struct alerts *alerts)
{
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        const struct alert *alert = alert_at(alerts, handle);
        if (alert->flags & ALERT_LIVE && alert_is_open(alert) && alert->life.suppression & SUPPRESSED_DEPENDENCY &&
            !has_cause(alerts, alert))
            settle_later(alerts, alert, patience(alerts, alert));
    }
}

static void settle(struct alerts *alerts, struct alert *alert, msec now)
{
    if (!alert_is_open(alert) || !(alert->life.suppression & SUPPRESSED_DEPENDENCY) || has_cause(alerts, alert))
        return;
    enum health health = alert->asset != FLEET_NONE && fleet_exists(alerts->fleet, alert->asset)
                             ? live_at(alerts->fleet, alert->asset)->health : HEALTH_UNKNOWN;
    if (alert->cause_kind == CAUSE_PARENT && health == HEALTH_STALE)
        return;
    if (alert->cause_kind == CAUSE_STORM && storm_join(alerts, alert, now))
        return;
    if (health != HEALTH_UNREACHABLE || !cause_follow(alerts, alert, now))
        cause_unfold(alerts, alert, now);
}

void settle_turn(struct alerts *alerts, msec now)
{
    size_t count = alerts->settling_count, kept = 0, settled = 0;
    msec steady = clock_steady(), next = CLOCK_NEVER;
    for (size_t i = 0; i < count; i++) {
        struct settling each = alerts->settling[i];
        struct alert *alert = alert_at(alerts, each.handle);
        if (each.due > steady || settled >= SETTLE_AT_ONCE) {
            next = next == CLOCK_NEVER || each.due < next ? each.due : next;
            alerts->settling[kept++] = each;
        } else if (alert->flags & ALERT_LIVE && alert->number == each.number) {
            settle(alerts, alert, now);
            settled++;
        }
    }
    for (size_t i = count; i < alerts->settling_count; i++) /* came meanwhile */
        alerts->settling[kept++] = alerts->settling[i];
    alerts->settling_count = kept;
    if (next != CLOCK_NEVER)
        desk_turn_want(alerts, next);
}

uint32_t cause_carries(const struct alerts *alerts, const struct alert *cause)
{
    uint32_t carried = 0;
    for (uint32_t handle = cause->first_symptom; handle != ALERT_NONE; handle = alert_at(alerts, handle)->next_symptom) {
        const struct alert *symptom = alert_at(alerts, handle);
        carried += alert_is_open(symptom) && symptom->life.condition != CONDITION_CLEARED;
    }
    return carried;
}

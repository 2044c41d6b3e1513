/* Cause and symptoms (DOMAIN.md C1). What lies behind a parent that is down is folded under the parent's alert. What falls
 * silent in great numbers though nothing above is down is a storm (alerts_storm.c). People may overrule either by hand. */
#include <string.h>

#include "engine/alerts_private.h"

/* ---- links ---- */

static void unlink_symptom(struct alerts *alerts, struct alert *alert)
{
    if (alert->cause == ALERT_NONE)
        return;
    struct alert *cause = alert_at(alerts, alert->cause);
    if (alert->previous_symptom == ALERT_NONE)
        cause->first_symptom = alert->next_symptom;
    else
        alert_at(alerts, alert->previous_symptom)->next_symptom = alert->next_symptom;
    if (alert->next_symptom != ALERT_NONE)
        alert_at(alerts, alert->next_symptom)->previous_symptom = alert->previous_symptom;
    alert->cause = alert->next_symptom = alert->previous_symptom = ALERT_NONE;
    cause->symptoms--;
    alert_mark(alerts, cause);
}

void cause_set(struct alerts *alerts, struct alert *alert, struct alert *cause, enum cause_kind kind)
{
    unlink_symptom(alerts, alert);
    alert->cause_kind = (uint8_t)kind;
    alert->cause_number = cause->number;
    alert->cause = cause->self;
    alert->next_symptom = cause->first_symptom;
    if (cause->first_symptom != ALERT_NONE)
        alert_at(alerts, cause->first_symptom)->previous_symptom = alert->self;
    cause->first_symptom = alert->self;
    cause->symptoms++;
    alert_mark(alerts, cause);
}

void cause_clear(struct alerts *alerts, struct alert *alert)
{
    unlink_symptom(alerts, alert);
    alert->cause_kind = CAUSE_NONE;
    alert->cause_number = 0;
}

void cause_leave(struct alerts *alerts, struct alert *alert)
{
    unlink_symptom(alerts, alert);
    alert->cause_kind = CAUSE_NONE;
}

/* ---- what is behind a parent ---- */

static uint32_t down_above(const struct alerts *alerts, uint32_t asset)
{
    struct fleet *fleet = alerts->fleet;
    uint32_t above = live_at(fleet, asset)->parent;
    while (above != FLEET_NONE && live_at(fleet, above)->health == HEALTH_UNREACHABLE && live_at(fleet, above)->parent != FLEET_NONE)
        above = live_at(fleet, above)->parent;
    return above;
}

/* The alert of what is down above an asset: the detector's own on health first, else its worst open one. */
static struct alert *alert_above(struct alerts *alerts, uint32_t asset)
{
    uint32_t above = down_above(alerts, asset);
    struct alert *best = NULL;
    if (above == FLEET_NONE)
        return NULL;
    struct alert *group = group_alert(alerts, above);
    if (group)
        return group;
    ALERT_EACH_OF_ASSET(alerts, alert, above) {
        if (alert->life.condition != CONDITION_ACTIVE || alert->life.closed)
            continue;
        if (strcmp(desk_text(alerts, alert->source), "health") == 0)
            return alert;
        if (!best || alert->life.severity > best->life.severity)
            best = alert;
    }
    return best;
}

static bool is_behind(const struct alerts *alerts, uint32_t asset)
{
    return asset != FLEET_NONE && fleet_exists(alerts->fleet, asset) && live_at(alerts->fleet, asset)->health == HEALTH_UNREACHABLE;
}

void cause_fold(struct alerts *alerts, struct alert *alert, struct alert *cause, enum cause_kind kind, msec now)
{
    if (alert->cause_kind == CAUSE_HAND)
        return;
    if (cause && cause != alert && alert->cause != cause->self)
        cause_set(alerts, alert, cause, kind);
    else if (!cause)
        alert->cause_kind = (uint8_t)kind;
    alert_suppression(alerts, alert, SUPPRESSED_DEPENDENCY, true, cause ? cause->id : "", now);
    if (!cause)
        settle_later(alerts, alert, 0); /* its alert comes in a moment, or there is none to hide behind */
}

void cause_fold_under_group(struct alerts *alerts, struct alert *alert, struct alert *cause, msec now)
{
    if (cause && alert->cause_kind != CAUSE_PARENT) /* behind another parent, it is that one's */
        cause_fold(alerts, alert, cause, CAUSE_GROUP, now);
}

bool cause_follow(struct alerts *alerts, struct alert *alert, msec now)
{
    struct alert *cause = alert_above(alerts, alert->asset);
    uint32_t above = down_above(alerts, alert->asset);
    if (cause && cause != alert && alert->cause != cause->self) {
        cause_set(alerts, alert, cause, CAUSE_PARENT);
        alert_note_event(alerts, alert, "desk", "folded", cause->id, now);
        alert_touch(alerts, alert);
    }
    return cause || (above != FLEET_NONE && live_at(alerts->fleet, above)->health == HEALTH_MAINTENANCE);
}

void cause_unfold(struct alerts *alerts, struct alert *alert, msec now)
{
    cause_clear(alerts, alert);
    alert_suppression(alerts, alert, SUPPRESSED_DEPENDENCY, false, NULL, now);
}

/* A member's own silence, when its group is gone. */
static bool of_gone_group(const struct alerts *alerts, const struct alert *alert)
{
    return strcmp(desk_text(alerts, alert->source), "health") == 0 && group_alert(alerts, alert->asset);
}

/* Quietly: the alert is about to be raised, and its own event says under what. */
void cause_before_breach(struct alerts *alerts, struct alert *alert, msec now)
{
    if (alert->cause_kind == CAUSE_HAND || alert->asset == FLEET_NONE)
        return;
    if (is_behind(alerts, alert->asset)) {
        struct alert *cause = alert_above(alerts, alert->asset);
        if (cause && cause != alert && alert->cause != cause->self)
            cause_set(alerts, alert, cause, CAUSE_PARENT);
        alert->cause_kind = CAUSE_PARENT;
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, true, now);
        if (!cause)
            settle_later(alerts, alert, 0);
    } else if (alert->cause_kind != CAUSE_STORM && of_gone_group(alerts, alert)) {
        cause_set(alerts, alert, group_alert(alerts, alert->asset), CAUSE_GROUP);
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, true, now);
    } else if (alert->cause_kind != CAUSE_STORM) {
        struct alert *storm = storm_over(alerts, alert);
        if (storm)
            cause_set(alerts, alert, storm, CAUSE_STORM);
        else
            cause_clear(alerts, alert); /* an earlier life's */
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, storm != NULL, now);
    }
    if (live_at(alerts->fleet, alert->asset)->health == HEALTH_MAINTENANCE)
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_OUT_OF_SERVICE, true, now);
}

/* Late means: it has a period of grace after its parent's return; what it is will be known at the end of it. */
void cause_asset_judged(struct alerts *alerts, uint32_t asset, enum health to, msec now)
{
    bool behind = to == HEALTH_UNREACHABLE;
    struct alert *cause = NULL;
    bool looked = false;
    ALERT_EACH_OF_ASSET(alerts, alert, asset) {
        if (!alert_is_open(alert))
            continue;
        if (behind && !(alert->life.suppression & SUPPRESSED_DEPENDENCY)) {
            if (!looked)
                cause = alert_above(alerts, asset);
            looked = true;
            cause_fold(alerts, alert, cause, CAUSE_PARENT, now);
        } else if (!behind && alert->cause_kind == CAUSE_PARENT && of_gone_group(alerts, alert)) {
            cause_fold(alerts, alert, group_alert(alerts, asset), CAUSE_GROUP, now);
        } else if (!behind && to != HEALTH_STALE && alert->cause_kind == CAUSE_PARENT) {
            cause_unfold(alerts, alert, now);
            storm_breach(alerts, alert, now); /* many may stay silent after their parent's return */
        }
        alert_suppression(alerts, alert, SUPPRESSED_OUT_OF_SERVICE, to == HEALTH_MAINTENANCE, NULL, now);
    }
}

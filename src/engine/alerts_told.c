/* Who is told what of the desk: listeners, the counts of the queue, the rate at which alerts come. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"

#define NOTICE_SPACING 100

/* ---- being told ---- */

void alerts_listen(struct alerts *alerts, const struct alerts_listener *listener)
{
    assert(alerts->listener_count < ALERT_LISTENERS);
    alerts->listeners[alerts->listener_count++] = *listener;
}

void alerts_unlisten(struct alerts *alerts, const void *owner)
{
    ARRAY_DROP_OWNER(alerts->listeners, alerts->listener_count, owner);
}

void alert_tell(struct alerts *alerts, const struct alert *alert, enum alert_notice notice)
{
    alerts->notices++;
    alert_at(alerts, alert->self)->told++;
    for (unsigned i = 0; i < alerts->listener_count; i++)
        if (alerts->listeners[i].notice)
            alerts->listeners[i].notice(alerts->listeners[i].owner, alert, notice);
}

void alerts_say(struct alerts *alerts, const char *id, const char *actor, const char *verb, const char *text)
{
    struct alert *alert = (struct alert *)alerts_find(alerts, id);
    if (!alert)
        return;
    alert_note_event(alerts, alert, actor, verb, text, desk_now(alerts));
    change_note(alerts, alert);
}

static void notice_due(uv_timer_t *timer)
{
    struct desk_link *link = timer->data;
    struct alerts *alerts = link->alerts;
    if (!alerts)
        return;
    const struct alert *changed[ALERT_CHANGED];
    uint32_t count = 0;
    for (uint32_t i = 0; i < alerts->changed_count; i++) {
        struct alert *alert = alert_at(alerts, alerts->changed[i]);
        alert->flags &= (uint8_t)~ALERT_NOTED;
        if (alert->flags & ALERT_LIVE)
            changed[count++] = alert;
    }
    alerts->changed_count = 0;
    alerts->noticed = clock_steady();
    for (unsigned i = 0; i < alerts->listener_count; i++)
        if (alerts->listeners[i].changed)
            alerts->listeners[i].changed(alerts->listeners[i].owner, alerts->revision, changed, count);
}

static void notice_want(struct alerts *alerts)
{
    alerts->revision++;
    if (alerts->listener_count && !uv_is_active((uv_handle_t *)&alerts->link->notice)) {
        msec wait = alerts->noticed == CLOCK_NEVER ? 0 : alerts->noticed + NOTICE_SPACING - clock_steady();
        uv_timer_start(&alerts->link->notice, notice_due, wait > 0 ? (uint64_t)wait : 0, 0);
    }
}

void change_note(struct alerts *alerts, struct alert *alert)
{
    notice_want(alerts);
    if (!(alert->flags & ALERT_NOTED) && alerts->changed_count < ALERT_CHANGED) {
        alert->flags |= ALERT_NOTED;
        alerts->changed[alerts->changed_count++] = alert->self;
    }
}

/* ---- counting ---- */

static void tell_counted(const struct alerts *alerts, const struct alert *alert)
{
    for (unsigned i = 0; i < alerts->listener_count; i++)
        if (alerts->listeners[i].counted)
            alerts->listeners[i].counted(alerts->listeners[i].owner, alert);
}

static void rule_count(struct alerts *alerts, const struct alert *alert, int by)
{
    if (alert->counted_active)
        alerts->rules[alert->entry].active += (uint32_t)by;
}

void alert_recount(struct alerts *alerts, struct alert *alert)
{
    if (alert->flags & ALERT_COUNTED) {
        alerts->by_state[alert->counted_state]--;
        alerts->silenced -= alert->counted_silenced;
        if (alert->counted_state != ALERT_CLOSED)
            alerts->by_severity[alert->counted_severity]--;
        rule_count(alerts, alert, -1);
        alert->flags &= (uint8_t)~ALERT_COUNTED;
    }
    alert->counted_active = false;
    tell_counted(alerts, alert);
    if (!(alert->flags & ALERT_LIVE) || alert->life.condition == CONDITION_NORMAL)
        return;
    alert->counted_state = (uint8_t)alert_state_of(&alert->life);
    alert->counted_severity = (uint8_t)alert->life.severity;
    alert->counted_silenced = alert->counted_state == ALERT_SHELVED && alert->life.suppression & SUPPRESSED_SILENCED;
    alert->counted_active = alert->life.condition == CONDITION_ACTIVE;
    alerts->by_state[alert->counted_state]++;
    alerts->silenced += alert->counted_silenced;
    if (alert->counted_state != ALERT_CLOSED)
        alerts->by_severity[alert->counted_severity]++;
    rule_count(alerts, alert, 1);
    alert->flags |= ALERT_COUNTED;
}

static void rate_advance(struct alerts *alerts)
{
    msec second = clock_steady() / SPAN_SECOND;
    if (second - alerts->raised_second >= 60)
        memset(alerts->raised_in, 0, sizeof alerts->raised_in);
    else
        for (msec at = alerts->raised_second + 1; at <= second; at++)
            alerts->raised_in[at % 60] = 0;
    alerts->raised_second = second;
}

double desk_rate(struct alerts *alerts)
{
    double rate = 0;
    rate_advance(alerts);
    for (int i = 0; i < 60; i++)
        rate += alerts->raised_in[i];
    if (rate > alerts->options.flood_rate)
        alerts->flood = true;
    else if (rate < alerts->options.flood_rate / 2.0)
        alerts->flood = false;
    return rate;
}

/* It ends by nothing coming: somebody must say so. */
void flood_watch(struct alerts *alerts)
{
    bool flood = alerts->flood;
    desk_rate(alerts);
    if (flood != alerts->flood)
        notice_want(alerts);
}

/* A flood is of what people are shown: forty symptoms folded under one cause are one. */
void desk_count_raise(struct alerts *alerts, const struct alert *alert)
{
    alerts->raised++;
    if (alert->life.suppression & SUPPRESSED_DEPENDENCY)
        return;
    rate_advance(alerts);
    alerts->raised_in[alerts->raised_second % 60]++;
}

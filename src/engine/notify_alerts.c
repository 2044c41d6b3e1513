/* The real desk behind notify: its alerts as notify asks for them. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "engine/notify_private.h"

/* One subject at a time: routes are matched while it is looked at. */
struct desk_view {
    struct notify *notify;
    struct alerts *alerts;
    struct alert_subject subject;
};

static void fill(const struct alerts *alerts, const struct alert *found, struct alert_subject *subject, struct notify_alert *alert)
{
    const struct alert_life *life = alert_life(found);
    msec now = clock_wall();
    *alert = (struct notify_alert){.ops = &alert_subject_ops, .subject = subject, .handled_for = life->unsuppressed_for};
    *subject = (struct alert_subject){.alerts = alerts, .alert = found};
    alerts_wire(alerts, found, NULL, &alert->row);
    bool counting = life->condition == CONDITION_ACTIVE && !life->acknowledged && !life->suppression && life->counted_at != CLOCK_NEVER;
    if (counting && now > life->counted_at)
        alert->handled_for += now - life->counted_at;
}

static bool desk_find(void *owner, const char *id, struct notify_alert *alert)
{
    struct desk_view *view = owner;
    const struct alert *found = alerts_find(view->alerts, id);
    if (found)
        fill(view->alerts, found, &view->subject, alert);
    return found != NULL;
}

static void desk_each(void *owner, void (*visit)(void *visitor, const struct notify_alert *alert), void *visitor)
{
    struct desk_view *view = owner;
    const struct alert *const *rows;
    struct alert_counts counts;
    uint32_t count = 0;
    if (!alerts_select(view->alerts, &(struct alert_select){.filter = NULL}, &rows, &count, &counts, NULL))
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct notify_alert alert;
        fill(view->alerts, rows[i], &view->subject, &alert);
        visit(visitor, &alert);
    }
}

static void desk_put(void *owner, const char *id, struct store_action *action)
{
    alerts_put(((struct desk_view *)owner)->alerts, id, action);
}

static void desk_note(void *owner, const char *id, const char *text)
{
    alerts_say(((struct desk_view *)owner)->alerts, id, "notify", "noted", text);
}

static void desk_channel(void *owner, const char *channel, bool good, const char *detail)
{
    struct desk_view *view = owner;
    char *name = memory_printf(N_("channel %s cannot deliver"), channel);
    struct alert_report report = {.source = "notify", .rule = channel, .asset = FLEET_NONE, .point = "", .name = name,
                                  .type = "communication", .severity = SEVERITY_MAJOR, .summary = detail, .runbook = ""};
    if (!good)
        alerts_breach(view->alerts, &report);
    else
        alerts_normal(view->alerts, alert_fingerprint(view->alerts, &report));
    free(name);
}

static void desk_notice(void *owner, const struct alert *found, enum alert_notice notice)
{
    struct notify *notify = owner;
    struct desk_view *view = notify->desk.owner;
    struct notify_alert alert;
    fill(view->alerts, found, &view->subject, &alert);
    notify_notice(notify, &alert, notice);
}

static void unfollow(struct notify *notify)
{
    struct desk_view *view = notify->desk.owner;
    alerts_unlisten(view->alerts, notify);
    free(view);
}

void notify_follow(struct notify *notify, struct alerts *alerts)
{
    struct desk_view *view = memory_new(sizeof *view);
    view->notify = notify;
    view->alerts = alerts;
    notify->leave = unfollow;
    notify_attach(notify, &(struct notify_desk){.owner = view, .find = desk_find, .channel = desk_channel, .put = desk_put, .note = desk_note,
                                                  .each = desk_each});
    alerts_listen(alerts, &(struct alerts_listener){.owner = notify, .notice = desk_notice});
}

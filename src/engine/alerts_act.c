/* What people do. A verb takes effect at once, so that whoever acts next sees it and is refused when their picture is
 * old; its row, its timeline entry and the audit entry are one transaction, and the answer comes when that is on the
 * disk. Should the disk refuse, what the person set is taken back, and they are told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/alerts_private.h"

/* What a person can set on an alert, as it was before. */
struct before {
    uint32_t handle;
    int64_t number, revision; /* the revision afterwards: unchanged means that nobody else did anything since */
    struct alert_life life;
    char *note, *fixed_by;
    uint32_t acknowledged_by, assignee, ticket, notes, cause;
    int64_t cause_number;
    msec closed_at;
    uint8_t cause_kind;
    alert_effects effects;
};

struct act {
    struct desk_link *link;
    enum alert_verb verb;
    struct alert_outcome *outcomes;
    char (*ids)[ALERT_ID + 40];
    char **details;
    unsigned count;
    struct before *before;
    unsigned before_count;
    struct taken_events *events; /* of the machine, that led to the rows written */
    alerts_done *done;
    void *owner;
};

static bool plain(const struct alert_request *request)
{
    return request->text && *request->text;
}

/* ---- the verbs: each says what it did, or refuses ---- */

struct change {
    struct alerts *alerts;
    struct alert *alert;
    const struct alert_request *request;
    msec now;
    alert_effects effects;
    struct error error;
};

static bool refuse(struct change *change, const char *why)
{
    return error_set(&change->error, ERROR_INVALID, "%s", why);
}

static bool do_ack(struct change *change)
{
    struct alert *alert = change->alert;
    if (change->request->until != CLOCK_NEVER && change->request->until <= change->now)
        return refuse(change, "the acknowledgement would end in the past");
    if (alert->life.closed)
        return refuse(change, "it is closed");
    change->effects = alert_acknowledge(&alert->life, alert->policy, change->request->until, change->request->sticky, change->now);
    alert->acknowledged_by = desk_number(change->alerts, change->request->actor);
    if (plain(change->request)) {
        alert_text_set(&alert->note, change->request->text);
        alert->notes++;
    }
    if (alert->life.closed)
        alert_text_set(&alert->fixed_by, change->request->text);
    return change->effects != 0 || refuse(change, "there is nothing to acknowledge");
}

static bool do_reopen(struct change *change)
{
    struct alert *alert = change->alert;
    if (!alert->life.closed)
        return refuse(change, "it is not closed");
    if (alert_current(change->alerts, alert->fingerprint) != alert || alert->life.raised_at == CLOCK_NEVER)
        return refuse(change, "a newer alert has taken its place");
    bool active = alert_closed_active(alert);
    if (active) /* where it stood, and who is told, is found anew */
        cause_before_breach(change->alerts, alert, change->now);
    silences_apply(change->alerts, alert, change->now);
    change->effects = alert_reopen(&alert->life, alert->policy, active, change->now);
    alert->closed_at = CLOCK_NEVER;
    alert_text_set(&alert->fixed_by, NULL);
    return true;
}

static bool do_unack(struct change *change)
{
    const struct alert *alert = change->alert;
    if (alert->life.closed && alert->life.acknowledged && alert->life.acknowledged_at == alert->closed_at)
        return do_reopen(change); /* acknowledging is what closed it */
    change->effects = alert_unacknowledge(&change->alert->life, change->alert->policy, change->now);
    return change->effects != 0 || refuse(change, "it is not acknowledged, or closed");
}

static bool do_assign(struct change *change)
{
    change->alert->assignee = desk_number(change->alerts, change->request->text);
    return true;
}

static bool do_note(struct change *change)
{
    if (!plain(change->request))
        return refuse(change, "the note is empty");
    alert_text_set(&change->alert->note, change->request->text);
    change->alert->notes++;
    return true;
}

static bool do_shelve(struct change *change)
{
    struct alert *alert = change->alert;
    if (alert->life.closed)
        return refuse(change, "it is closed");
    if (!plain(change->request))
        return refuse(change, "shelving needs a reason");
    if (change->request->until != CLOCK_NEVER && change->request->until <= change->now)
        return refuse(change, "it would be shelved until the past");
    alert_unshelve(&alert->life, alert->policy, change->now); /* shelving again moves the end */
    change->effects = alert_shelve(&alert->life, alert->policy, change->request->until, change->now);
    return true;
}

static bool do_unshelve(struct change *change)
{
    change->effects = alert_unshelve(&change->alert->life, change->alert->policy, change->now);
    return change->effects != 0 || refuse(change, "it is not shelved");
}

static bool do_cause(struct change *change)
{
    struct alerts *alerts = change->alerts;
    struct alert *alert = change->alert;
    if (!plain(change->request)) {
        cause_clear(alerts, alert);
        alert->cause_kind = CAUSE_HAND; /* and stays by itself */
        change->effects = alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, false, change->now);
        return true;
    }
    struct alert *cause = (struct alert *)alerts_find(alerts, change->request->text);
    if (!cause)
        return refuse(change, "there is no such cause");
    if (alert->life.closed)
        return refuse(change, "it is closed");
    if (cause->life.closed || cause->life.condition != CONDITION_ACTIVE)
        return refuse(change, "that one is over: a cause has to be active");
    for (const struct alert *above = cause; above; above = alert_cause(alerts, above))
        if (above == alert)
            return refuse(change, "it would be its own cause");
    cause_set(alerts, alert, cause, CAUSE_HAND);
    change->effects = alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, true, change->now);
    return true;
}

static bool do_close(struct change *change)
{
    struct alert *alert = change->alert;
    if (!plain(change->request))
        return refuse(change, "closing needs a reason");
    uint32_t carried = alert->life.condition == CONDITION_CLEARED ? 0 : cause_carries(change->alerts, alert);
    if (carried)
        return error_set(&change->error, ERROR_INVALID,
                         COUNTED(carried, N_("%u that is still active stands behind it: acknowledge or shelve it instead, "
                                             "close it with it, or give it another cause"),
                                 N_("%u that are still active stand behind it: acknowledge or shelve it instead, "
                                    "close them with it, or give them another cause")), carried);
    change->effects = alert_close(&alert->life, alert->policy, change->now);
    if (!change->effects)
        return refuse(change, "it is closed already");
    alert_text_set(&alert->fixed_by, change->request->text);
    return true;
}

static bool do_seen(struct change *change)
{
    (void)change; /* marked for whoever acts, by all verbs */
    return true;
}

static bool do_ticket(struct change *change)
{
    change->alert->ticket = desk_number(change->alerts, change->request->text);
    return true;
}

static const struct { const char *name, *past; bool (*act)(struct change *change); } verbs[ALERT_VERB_COUNT] = {
    [ALERT_ACK] = {N_("ack"), "acknowledged", do_ack},         [ALERT_UNACK] = {N_("unack"), "unacknowledged", do_unack},
    [ALERT_ASSIGN] = {N_("assign"), "assigned", do_assign},    [ALERT_NOTE] = {N_("note"), "noted", do_note},
    [ALERT_SHELVE] = {N_("shelve"), "shelved", do_shelve},     [ALERT_UNSHELVE] = {N_("unshelve"), "unshelved", do_unshelve},
    [ALERT_CAUSE] = {N_("cause"), "re-ranked", do_cause},      [ALERT_CLOSE] = {N_("close"), "closed", do_close},
    [ALERT_SEEN] = {N_("seen"), "seen", do_seen},              [ALERT_TICKET] = {N_("ticket"), "ticketed", do_ticket},
    [ALERT_REOPEN] = {N_("reopen"), "restored", do_reopen},
};

const char *alert_verb_name(enum alert_verb verb)
{
    return verbs[verb].name;
}

/* ---- one target ---- */

static void remember(struct before *before, const struct alert *alert)
{
    *before = (struct before){
        .handle = alert->self, .number = alert->number, .life = alert->life, .note = memory_text(alert->note),
        .fixed_by = memory_text(alert->fixed_by), .acknowledged_by = alert->acknowledged_by, .assignee = alert->assignee,
        .ticket = alert->ticket, .notes = alert->notes, .cause = alert->cause, .cause_number = alert->cause_number,
        .closed_at = alert->closed_at, .cause_kind = alert->cause_kind};
}

static void before_release(struct before *before)
{
    free(before->note);
    free(before->fixed_by);
}

/* Put back what a person set. What machines did meanwhile stays, when they did something. */
static void put_back(struct alerts *alerts, struct before *before)
{
    struct alert *alert = alert_at(alerts, before->handle);
    if (!(alert->flags & ALERT_LIVE) || alert->number != before->number)
        return;
    struct alert_life *life = &alert->life;
    if (alert->revision == before->revision) {
        *life = before->life;
    } else {
        life->acknowledged = before->life.acknowledged;
        life->acknowledged_at = before->life.acknowledged_at;
        life->acknowledge_until = before->life.acknowledge_until;
        life->sticky = before->life.sticky;
    }
    alert_text_set(&alert->note, before->note);
    alert_text_set(&alert->fixed_by, before->fixed_by);
    alert->acknowledged_by = before->acknowledged_by;
    alert->assignee = before->assignee;
    alert->ticket = before->ticket;
    alert->notes = before->notes;
    alert->closed_at = before->closed_at;
    cause_clear(alerts, alert);
    if (before->cause != ALERT_NONE && alert_at(alerts, before->cause)->number == before->cause_number)
        cause_set(alerts, alert, alert_at(alerts, before->cause), (enum cause_kind)before->cause_kind);
    alert->cause_kind = before->cause_kind;
    alert_touch(alerts, alert);
    alert_schedule(alerts, alert, desk_now(alerts));
}

static const char *keep_detail(struct act *act, unsigned target, const char *text)
{
    return act->details[target] = memory_text(text);
}

/* What a person needs to know to decide again. */
static void say_conflict(struct act *act, unsigned target, const struct alerts *alerts, const struct alert *alert)
{
    const char *state = alert_state_name(alert_state_of(&alert->life));
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, N_("it was changed meanwhile (revision %lld now): %s"), (long long)alert->revision,
                  severity_name(alert->life.severity));
    if (alert->life.acknowledged)
        buffer_printf(&text, ", " N_("%s by %s"), state, desk_text(alerts, alert->acknowledged_by));
    else
        buffer_printf(&text, ", %s", state);
    if (alert->assignee)
        buffer_printf(&text, ", " N_("assigned to %s"), desk_text(alerts, alert->assignee));
    if (alert->note)
        buffer_printf(&text, ", " N_("note: %s"), alert->note);
    act->outcomes[target].status = 409;
    act->outcomes[target].detail = keep_detail(act, target, buffer_text(&text));
    buffer_release(&text);
}

static void write_target(struct store_action *action, struct alerts *alerts, struct alert *alert,
                         const struct alert_request *request, msec now)
{
    struct store_alert row;
    alert_row(alerts, alert, &row);
    store_action_alert(action, &row);
    alert->flags |= ALERT_STORED;
    store_action_alert_event(action, &(struct store_alert_event){alert->number, now, request->actor, verbs[request->verb].past,
                                                                 request->text ? request->text : "", alert_state_pack(alert)});
}

/* Everything of alert_effect that does not tell anybody: that waits for the disk. */
static void take_effect(struct alerts *alerts, struct alert *alert, alert_effects effects, msec now)
{
    const alert_effects telling = EFFECT_NOTIFY_RAISE | EFFECT_NOTIFY_REMIND | EFFECT_NOTIFY_RESOLVE;
    if (alert->life.closed && alert->closed_at == CLOCK_NEVER)
        alert->closed_at = now;
    alert_effect(alerts, alert, effects & ~telling, NULL, NULL, now);
}

static void act_on(struct act *act, unsigned target, struct alerts *alerts, const struct alert_request *request,
                   int64_t expected, msec now)
{
    struct alert_outcome *outcome = &act->outcomes[target];
    struct alert *alert = (struct alert *)alerts_find(alerts, outcome->id);
    if (!alert || alert->life.condition == CONDITION_NORMAL) {
        outcome->status = 404;
        outcome->detail = N_("there is no such alert");
        return;
    }
    outcome->revision = alert->revision;
    if (request->verb == ALERT_SEEN) {
        seen_mark(alerts, request->actor, alert, now);
        return;
    }
    if (expected >= 0 && expected != alert->revision) {
        say_conflict(act, target, alerts, alert);
        return;
    }
    struct before *before = &act->before[act->before_count];
    struct change change = {.alerts = alerts, .alert = alert, .request = request, .now = now};
    remember(before, alert);
    if (!verbs[request->verb].act(&change)) {
        outcome->status = 422;
        outcome->detail = keep_detail(act, target, change.error.text);
        before_release(before);
        return;
    }
    take_effect(alerts, alert, change.effects, now);
    seen_mark(alerts, request->actor, alert, now);
    before->effects = change.effects;
    before->revision = outcome->revision = alert->revision;
    act->before_count++;
}

/* ---- all targets ---- */

static void act_free(struct act *act)
{
    for (unsigned i = 0; i < act->count; i++)
        free(act->details[i]);
    for (unsigned i = 0; i < act->before_count; i++)
        before_release(&act->before[i]);
    desk_link_release(act->link);
    free(act->details);
    free(act->before);
    free(act->outcomes);
    free(act->ids);
    free(act);
}

static void tell(struct alerts *alerts, const struct before *before)
{
    const struct alert *alert = alert_at(alerts, before->handle);
    if (!(alert->flags & ALERT_LIVE) || alert->number != before->number)
        return;
    if (before->effects & EFFECT_NOTIFY_RAISE)
        alert_tell(alerts, alert, NOTICE_RAISE);
    if (before->effects & EFFECT_NOTIFY_RESOLVE)
        alert_tell(alerts, alert, NOTICE_RESOLVE);
}

static void act_written(void *owner, const struct error *error)
{
    struct act *act = owner;
    struct alerts *alerts = act->link->alerts;
    alert_events_end(alerts, &act->events, error != NULL);
    for (unsigned i = 0; alerts && i < act->before_count; i++) {
        if (error)
            put_back(alerts, &act->before[i]);
        else
            tell(alerts, &act->before[i]);
    }
    if (act->done)
        act->done(act->owner, act->outcomes, act->count, error);
    act_free(act);
}

static struct act *act_new(struct alerts *alerts, const struct alert_request *request, const char *const *ids, unsigned count,
                           alerts_done *done, void *owner)
{
    struct act *act = memory_new(sizeof *act);
    *act = (struct act){.link = alerts->link, .verb = request->verb, .count = count, .done = done, .owner = owner};
    act->link->holders++;
    act->outcomes = memory_new_array(count + 1, sizeof *act->outcomes);
    act->ids = memory_new_array(count + 1, sizeof *act->ids);
    act->details = memory_new_array(count + 1, sizeof *act->details);
    act->before = memory_new_array(count + 1, sizeof *act->before);
    for (unsigned i = 0; i < count; i++) {
        snprintf(act->ids[i], sizeof act->ids[i], "%s", ids[i]);
        act->outcomes[i] = (struct alert_outcome){.id = act->ids[i], .status = 200, .detail = ""};
    }
    return act;
}

static char *audit_detail(const struct alert_request *request, const char *const *ids, unsigned count)
{
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "text", request->text ? request->text : "");
    if (request->until != CLOCK_NEVER)
        json_write_instant(&writer, "until", request->until);
    if (request->sticky)
        json_write_bool(&writer, "sticky", true);
    json_write_array(&writer, "alerts");
    for (unsigned i = 0; i < count; i++)
        json_write_text(&writer, NULL, ids[i]);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return buffer_take(&out);
}

static void commit_seen(struct alerts *alerts, const struct alert_request *request, struct store_action *action)
{
    char *body = seen_body(alerts, request->actor);
    store_action_record(action, "seen", request->actor, -1, body);
    free(body);
}

/* Symptoms before their causes, so that both can be closed in one go. */
static void close_all(struct act *act, struct alerts *alerts, const struct alert_request *request, const int64_t *revisions,
                      msec now)
{
    bool *done = memory_new_array(act->count + 1, sizeof *done), progress = true, last = false;
    while (progress || !last) {
        last = !progress; /* what is left is refused by what it carries */
        progress = false;
        for (unsigned i = 0; i < act->count; i++) {
            const struct alert *alert = done[i] ? NULL : alerts_find(alerts, act->outcomes[i].id);
            if (done[i] || (!last && alert && cause_carries(alerts, alert)))
                continue;
            act_on(act, i, alerts, request, revisions ? revisions[i] : -1, now);
            progress = done[i] = true;
        }
    }
    free(done);
}

/* What led here before what the person did. */
static void write_targets(struct act *act, struct alerts *alerts, const struct alert_request *request,
                          struct store_action *action, msec now)
{
    uint32_t *handles = memory_new_array(act->before_count + 1, sizeof *handles);
    for (unsigned i = 0; i < act->before_count; i++)
        handles[i] = act->before[i].handle;
    act->events = alert_events_take(alerts, handles, act->before_count, action);
    for (unsigned i = 0; i < act->before_count; i++)
        write_target(action, alerts, alert_at(alerts, handles[i]), request, now);
    free(handles);
}

void alerts_act(struct alerts *alerts, const struct alert_request *request, const char *const *ids, const int64_t *revisions,
                unsigned count, alerts_done *done, void *owner)
{
    msec now = desk_now(alerts);
    struct act *act = act_new(alerts, request, ids, count, done, owner);
    char *detail = audit_detail(request, ids, count), verb[32];
    snprintf(verb, sizeof verb, N_("alert %s"), verbs[request->verb].name);
    struct store_action *action = store_action_new(alerts->store, request->actor, verb, count == 1 ? ids[0] : "", detail);
    free(detail);
    if (request->verb == ALERT_SEEN && count == 0)
        seen_mark_all(alerts, request->actor, now);
    if (request->verb == ALERT_CLOSE)
        close_all(act, alerts, request, revisions, now);
    for (unsigned i = 0; request->verb != ALERT_CLOSE && i < count; i++)
        act_on(act, i, alerts, request, revisions ? revisions[i] : -1, now);
    if (request->verb == ALERT_SEEN) {
        alerts->revision++;
        store_action_quiet(action); /* looking changes nothing for anybody else */
    } else if (!act->before_count) {
        store_action_free(&action);
        act_written(act, NULL);
        return;
    }
    if (request->verb == ALERT_SEEN)
        commit_seen(alerts, request, action);
    write_targets(act, alerts, request, action, now);
    if (request->idempotency)
        store_action_idempotency(action, request->idempotency);
    store_action_commit(action, act_written, act);
}

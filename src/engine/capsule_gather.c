/* Gathering a capsule, on the loop: what is in memory at once, then history after history from the store, one read at a
 * time so that nobody else waits behind an export.
 *
 * What goes in, in this order, until it is full: the alert, its cause and the cause's symptoms, the other alerts of the
 * two assets; those assets, everything above them, what hangs on the failed one, its neighbours, the applications that it
 * concerns and the servers they stand on; their states from before the window to now, and their readings within it; what
 * was kept of the servers then, and the applications as they were at each change. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"
#include "engine/capsule_gather.h"
#include "engine/notify.h"
#include "engine/rules.h"
#include "engine/runbook.h"
#include "engine/site.h"

#define SYMPTOMS_MOST 600
#define OTHERS_MOST 50       /* other alerts of the assets concerned */
#define BELOW_MOST 400
#define NEIGHBOURS_MOST 60
#define RUNBOOKS_TAKEN 40
#define NOTIFICATIONS_READ 100000

/* ---- what was left out, in words ---- */

void gather_left_out(struct gather *gather, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (gather->left_out.length)
        buffer_append_text(&gather->left_out, "; ");
    buffer_vprintf(&gather->left_out, format, arguments);
    va_end(arguments);
}

/* ---- alerts ---- */

static size_t alert_place(const struct capsule *capsule, int64_t number)
{
    size_t at = 0;
    while (at < capsule->alerts_count && capsule->alerts[at].number < number)
        at++;
    return at;
}

bool gather_row(struct gather *gather, const struct store_alert *row)
{
    struct capsule *capsule = gather->capsule;
    size_t at = alert_place(capsule, row->number);
    if (at < capsule->alerts_count && capsule->alerts[at].number == row->number)
        return true;
    if (capsule->alerts_count >= CAPSULE_ALERTS_MOST)
        return false;
    ARRAY_RESERVE(capsule->alerts, capsule->alerts_capacity, capsule->alerts_count + 1);
    memmove(capsule->alerts + at + 1, capsule->alerts + at, (capsule->alerts_count - at) * sizeof *capsule->alerts);
    capsule->alerts_count++;
    struct store_alert *kept = &capsule->alerts[at];
    *kept = *row;
#define X(member) kept->member = capsule_text(capsule, row->member);
    STORE_ALERT_TEXTS(X)
#undef X
    kept->acknowledged_by = arena_text(capsule->arena, row->acknowledged_by); /* names, "token:north" too */
    kept->assignee = arena_text(capsule->arena, row->assignee);
    return true;
}

static bool pick_alert(struct gather *gather, const struct alert *alert)
{
    struct store_alert row;
    if (alert->life.condition == CONDITION_NORMAL)
        return true;
    for (size_t i = 0; i < gather->id_count; i++)
        if (strcmp(gather->ids[i], alert_id(alert)) == 0)
            return true;
    alert_row(gather->parts.alerts, alert, &row);
    if (!gather_row(gather, &row))
        return false;
    ARRAY_RESERVE(gather->ids, gather->id_capacity, gather->id_count + 1);
    snprintf(gather->ids[gather->id_count++], sizeof *gather->ids, "%s", alert_id(alert));
    return true;
}

static void pick_others(struct gather *gather, uint32_t asset)
{
    const struct alert *found[OTHERS_MOST];
    unsigned count = asset == FLEET_NONE ? 0 : alerts_of_asset(gather->parts.alerts, asset, found, OTHERS_MOST);
    for (unsigned i = 0; i < count && i < OTHERS_MOST; i++)
        pick_alert(gather, found[i]);
}

static void pick_alerts(struct gather *gather, const struct alert *alert)
{
    struct alerts *alerts = gather->parts.alerts;
    const struct alert *cause = alert_cause(alerts, alert), *root = cause ? cause : alert;
    const struct alert **symptoms = memory_new_array(SYMPTOMS_MOST, sizeof *symptoms);
    pick_alert(gather, alert);
    pick_alert(gather, root);
    unsigned count = alert_symptoms(alerts, root, symptoms, SYMPTOMS_MOST), kept = count < SYMPTOMS_MOST ? count : SYMPTOMS_MOST;
    for (unsigned i = 0; i < kept; i++)
        pick_alert(gather, symptoms[i]);
    if (count > kept)
        gather_left_out(gather, "%u of %u symptoms", count - kept, count);
    pick_others(gather, alert->asset);
    pick_others(gather, root->asset);
    free(symptoms);
}

/* ---- assets ---- */

static uint32_t place_of(const struct gather *gather, uint32_t handle)
{
    for (size_t i = 0; i < gather->handle_count; i++)
        if (gather->handles[i] == handle)
            return (uint32_t)i;
    return UINT32_MAX;
}

bool gather_asset(struct gather *gather, uint32_t handle)
{
    struct capsule *capsule = gather->capsule;
    struct fleet_view view;
    struct buffer attributes = BUFFER_INIT;
    if (!fleet_exists(gather->parts.fleet, handle) || place_of(gather, handle) != UINT32_MAX)
        return true;
    if (capsule->assets_count >= CAPSULE_ASSETS_MOST)
        return false;
    fleet_get(gather->parts.fleet, handle, &view);
    ARRAY_RESERVE(capsule->assets, capsule->assets_capacity, capsule->assets_count + 1);
    struct asset *asset = &capsule->assets[capsule->assets_count++];
    *asset = view.row;
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        asset->field[field] = arena_text(capsule->arena, view.row.field[field]);
    asset->field[ASSET_address] = capsule_text(capsule, view.row.field[ASSET_address]); /* may be a URL */
    capsule_redact_json(&attributes, view.row.attributes);
    asset->attributes = arena_text(capsule->arena, buffer_text(&attributes));
    buffer_release(&attributes);
    ARRAY_RESERVE(gather->handles, gather->handle_capacity, gather->handle_count + 1);
    gather->handles[gather->handle_count++] = handle;
    return true;
}

static void pick_above(struct gather *gather, uint32_t handle)
{
    struct fleet_view view;
    for (unsigned depth = 0; depth < 32 && handle != FLEET_NONE && fleet_exists(gather->parts.fleet, handle); depth++) {
        gather_asset(gather, handle);
        fleet_get(gather->parts.fleet, handle, &view);
        handle = view.parent;
    }
}

static void quoted_term(struct buffer *filter, const char *field, const char *value)
{
    if (*value && !strchr(value, '"'))
        buffer_printf(filter, "%s%s:\"%s\"", filter->length ? " " : "", field, value);
}

static void pick_selected(struct gather *gather, const char *filter, unsigned most, const char *what)
{
    struct fleet_query query = {.filter = filter, .sort = "-health,id"};
    struct fleet_result result;
    if (!*filter || !fleet_select(gather->parts.fleet, &query, &result, NULL))
        return;
    for (uint32_t i = 0; i < result.total && i < most; i++)
        gather_asset(gather, result.assets[i]);
    if (result.total > most)
        gather_left_out(gather, "%u of %u %s", result.total - most, result.total, what);
}

/* What hangs on it, and what stands beside it: the same parent, or the same room. */
static void pick_round(struct gather *gather, uint32_t handle)
{
    struct buffer filter = BUFFER_INIT;
    struct fleet_view view, parent;
    if (handle == FLEET_NONE || !fleet_exists(gather->parts.fleet, handle))
        return;
    fleet_get(gather->parts.fleet, handle, &view);
    quoted_term(&filter, "parent", view.row.field[ASSET_id]);
    pick_selected(gather, buffer_text(&filter), BELOW_MOST, N_("assets below"));
    buffer_clear(&filter);
    if (view.parent != FLEET_NONE && fleet_exists(gather->parts.fleet, view.parent)) {
        fleet_get(gather->parts.fleet, view.parent, &parent);
        quoted_term(&filter, "parent", parent.row.field[ASSET_id]);
    } else if (*view.row.field[ASSET_room]) {
        quoted_term(&filter, "kind", view.row.field[ASSET_kind]);
        quoted_term(&filter, "building", view.row.field[ASSET_building]);
        quoted_term(&filter, "floor", view.row.field[ASSET_floor]);
        quoted_term(&filter, "room", view.row.field[ASSET_room]);
    }
    pick_selected(gather, buffer_text(&filter), NEIGHBOURS_MOST, "neighbours");
    buffer_release(&filter);
}

static void pick_assets(struct gather *gather, const struct alert *alert)
{
    struct capsule *capsule = gather->capsule;
    const struct alert *cause = alert_cause(gather->parts.alerts, alert);
    pick_above(gather, alert->asset);
    pick_above(gather, cause ? cause->asset : FLEET_NONE);
    for (size_t i = 0; i < capsule->alerts_count; i++)
        if (capsule->alerts[i].asset >= 0 && capsule->alerts[i].asset < FLEET_KEY_LIMIT)
            gather_asset(gather, (uint32_t)capsule->alerts[i].asset);
    pick_round(gather, cause ? cause->asset : alert->asset);
    if (cause)
        pick_round(gather, alert->asset);
}

/* ---- what is at hand without the store ---- */

static bool concerns(const struct gather *gather, const char *id)
{
    for (size_t i = 0; i < gather->id_count; i++)
        if (strcmp(gather->ids[i], id) == 0)
            return true;
    return false;
}

static void take_rules(struct gather *gather)
{
    struct capsule *capsule = gather->capsule;
    struct rules_status status;
    for (size_t i = 0; gather->parts.rules && i < rules_count(gather->parts.rules); i++) {
        rules_get(gather->parts.rules, i, &status);
        const struct rule *rule = status.rule;
        bool named = false;
        for (size_t k = 0; k < capsule->alerts_count && !named; k++)
            named = strcmp(capsule->alerts[k].rule, rule->name) == 0;
        if (!named || capsule->rules_count >= CAPSULE_ROWS_MOST)
            continue;
        ARRAY_RESERVE(capsule->rules, capsule->rules_capacity, capsule->rules_count + 1);
        capsule->rules[capsule->rules_count++] = (struct wire_rule){
            .name = capsule_text(capsule, rule->name), .type = capsule_text(capsule, rule->type), .severity = rule->severity,
            .select = capsule_text(capsule, rule->select), .when = capsule_text(capsule, expression_text(rule->when)),
            .clear = rule->clear ? capsule_text(capsule, expression_text(rule->clear)) : "", .hold = rule->policy.hold,
            .runbook = capsule_text(capsule, rule->runbook), .contract = capsule_text(capsule, rule->contract),
            .requirement = capsule_text(capsule, rule->requirement), .version = rule->version, .applies = status.applies,
            .active = status.active, .problem = capsule_text(capsule, status.problem)};
    }
}

static bool runbook_is_wanted(const struct capsule *capsule, const char *name)
{
    for (size_t i = 0; i < capsule->alerts_count; i++)
        if (strcmp(capsule->alerts[i].runbook, name) == 0)
            return true;
    return false;
}

static void take_runbooks(struct gather *gather)
{
    struct capsule *capsule = gather->capsule;
    struct runbook each;
    for (size_t i = 0; runbooks_at(gather->parts.site->runbooks, i, &each) && capsule->runbooks_count < RUNBOOKS_TAKEN; i++) {
        if (!runbook_is_wanted(capsule, each.name))
            continue;
        ARRAY_RESERVE(capsule->runbooks, capsule->runbooks_capacity, capsule->runbooks_count + 1);
        capsule->runbooks[capsule->runbooks_count++] =
            (struct capsule_runbook){arena_text(capsule->arena, each.name), arena_text(capsule->arena, each.language),
                                     capsule_text(capsule, each.text), each.shipped};
    }
}

static void take_notification(void *owner, const struct wire_notification *row)
{
    struct gather *gather = owner;
    struct capsule *capsule = gather->capsule;
    if (!concerns(gather, row->alert) || capsule->notifications_count >= CAPSULE_ROWS_MOST)
        return;
    ARRAY_RESERVE(capsule->notifications, capsule->notifications_capacity, capsule->notifications_count + 1);
    struct wire_notification *kept = &capsule->notifications[capsule->notifications_count++];
    *kept = *row;
    kept->id = arena_text(capsule->arena, row->id);
    kept->channel = arena_text(capsule->arena, row->channel);
    kept->to = capsule_text(capsule, row->to);
    kept->alert = arena_text(capsule->arena, row->alert);
    kept->what = arena_text(capsule->arena, row->what);
    kept->state = arena_text(capsule->arena, row->state);
    kept->detail = capsule_text(capsule, row->detail);
}

/* Did it hold at any time of the window? */
static bool meets(const struct gather *gather, msec starts, msec ends)
{
    return (starts == CLOCK_NEVER || starts <= gather->capsule->taken_at) && (ends == CLOCK_NEVER || ends >= gather->capsule->from);
}

static void take_veils(struct gather *gather)
{
    struct capsule *capsule = gather->capsule;
    struct alert_silence silence;
    struct alert_downtime downtime;
    for (unsigned i = 0; alerts_silence_at(gather->parts.alerts, i, &silence); i++) {
        if (!meets(gather, silence.starts, silence.ends) || capsule->silences_count >= CAPSULE_ROWS_MOST)
            continue;
        ARRAY_RESERVE(capsule->silences, capsule->silences_capacity, capsule->silences_count + 1);
        capsule->silences[capsule->silences_count++] = (struct wire_silence){
            .id = arena_text(capsule->arena, silence.id), .filter = arena_text(capsule->arena, silence.filter),
            .why = capsule_text(capsule, silence.why), .by = arena_text(capsule->arena, silence.by), .starts = silence.starts,
            .ends = silence.ends, .created = silence.created, .active = silence.active, .matches = silence.matches,
            .revision = silence.revision};
    }
    for (unsigned i = 0; alerts_downtime_at(gather->parts.alerts, i, &downtime); i++) {
        if (!meets(gather, downtime.starts, downtime.ends) || capsule->downtimes_count >= CAPSULE_ROWS_MOST)
            continue;
        ARRAY_RESERVE(capsule->downtimes, capsule->downtimes_capacity, capsule->downtimes_count + 1);
        capsule->downtimes[capsule->downtimes_count++] = (struct wire_downtime){
            .id = arena_text(capsule->arena, downtime.id), .filter = arena_text(capsule->arena, downtime.filter),
            .kind = downtime_kind_name(downtime.kind), .schedule = arena_text(capsule->arena, downtime.schedule),
            .why = capsule_text(capsule, downtime.why), .by = arena_text(capsule->arena, downtime.by),
            .starts = downtime.starts, .ends = downtime.ends, .duration = downtime.duration,
            .with_children = downtime.with_children, .active = downtime.active, .revision = downtime.revision};
    }
}

/* ---- the window ---- */

static void set_windows(struct gather *gather, const struct alert_life *life, msec around)
{
    struct capsule *capsule = gather->capsule;
    msec now = capsule->taken_at, raised = life->raised_at != CLOCK_NEVER ? life->raised_at : life->pending_since;
    msec end = life->cleared_at != CLOCK_NEVER && life->cleared_at >= raised ? life->cleared_at : now;
    if (raised == CLOCK_NEVER || raised > now)
        raised = now;
    capsule->moment = raised;
    capsule->from = raised - around;
    capsule->to = end + around < now ? end + around : now;
    gather->windows[0] = (struct gather_window){capsule->from, capsule->to};
    gather->window_count = 1;
    if (capsule->to - raised <= CAPSULE_WINDOW_MOST + around)
        return;
    /* It went on for long: its beginning, and its end or what is newest. */
    char hole[SPAN_TEXT];
    gather->windows[0].to = raised + CAPSULE_WINDOW_MOST;
    msec late = end - around;
    if (late > gather->windows[0].to) {
        gather->windows[gather->window_count++] = (struct gather_window){late, capsule->to};
        gather_left_out(gather, "readings of %s in between", span_format(hole, late - gather->windows[0].to));
    } else {
        gather->windows[0].to = capsule->to;
    }
}

/* ---- beginning and end ---- */

static void take_site(struct gather *gather)
{
    struct capsule *capsule = gather->capsule;
    const struct site *site = gather->parts.site;
    struct fleet_status status;
    fleet_status(gather->parts.fleet, &status);
    capsule->fleet = status.assets;
    capsule->site = arena_text(capsule->arena, site->name);
    capsule->timezone = arena_text(capsule->arena, site->timezone);
    capsule->language = arena_text(capsule->arena, site->language);
    capsule->made_by = arena_text(capsule->arena, site->version);
    capsule->taken_by = arena_text(capsule->arena, gather->parts.by);
}

void gather_finish(struct gather *gather, const struct error *error)
{
    struct capsule *capsule = gather->capsule;
    gather->capsule = NULL;
    if (error) {
        capsule_free(&capsule);
    } else {
        for (size_t i = 0; i < capsule->alerts_count; i++) { /* handles become places */
            int64_t handle = capsule->alerts[i].asset;
            uint32_t place = handle >= 0 && handle < FLEET_KEY_LIMIT ? place_of(gather, (uint32_t)handle) : UINT32_MAX;
            capsule->alerts[i].asset = place == UINT32_MAX ? -1 : (int64_t)place;
        }
        capsule->left_out = arena_text(capsule->arena, buffer_text(&gather->left_out));
    }
    if (!gather->cancelled)
        gather->done(gather->owner, capsule, error);
    else
        capsule_free(&capsule);
    buffer_release(&gather->left_out);
    free(gather->ids);
    free(gather->handles);
    free(gather->metrics);
    gather_nodes_free(&gather->nodes);
    free(gather);
}

/* The alert itself came, with its timeline; all that is in memory is taken at once, so that it fits together. */
static void began(void *owner, const struct alerts_history *history, const struct error *error)
{
    struct gather *gather = owner;
    struct error none;
    unsigned total;
    if (gather->cancelled) {
        error_set(&none, ERROR_UNAVAILABLE, "the daemon is ending");
        error = &none;
    } else if (!error && alert_life(history->alert)->condition == CONDITION_NORMAL) {
        error_set(&none, ERROR_NOT_FOUND, "no alert `%.40s`", gather->capsule->incident);
        error = &none;
    }
    if (error) {
        gather->error = *error;
        gather->failed = true;
        if (!gather->starting)
            gather_finish(gather, &gather->error);
        return;
    }
    const struct alert *alert = history->alert;
    if (!alerts_find(gather->parts.alerts, gather->capsule->incident))
        gather_left_out(gather, "cause and symptoms: it is too long ago");
    set_windows(gather, alert_life(alert), gather->around);
    pick_alerts(gather, alert);
    pick_assets(gather, alert);
    gather_nodes_pick(gather, alert);
    take_rules(gather);
    take_runbooks(gather);
    if (gather->parts.notify)
        notify_list(gather->parts.notify, 0, NOTIFICATIONS_READ, &total, take_notification, gather);
    take_veils(gather);
    gather_timeline(gather, history);
    gather_history(gather);
}

struct gather *capsule_gather(const struct capsule_parts *parts, const char *id, msec around, capsule_gathered *done, void *owner)
{
    struct gather *gather = memory_new(sizeof *gather);
    gather->parts = *parts;
    gather->done = done;
    gather->owner = owner;
    gather->around = around;
    gather->capsule = capsule_new();
    gather->capsule->taken_at = clock_wall();
    gather->capsule->incident = arena_text(gather->capsule->arena, id);
    take_site(gather);
    gather->starting = true;
    alerts_history(parts->alerts, id, began, gather);
    gather->starting = false;
    if (!gather->failed)
        return gather;
    gather_finish(gather, &gather->error);
    return NULL;
}

void capsule_gather_cancel(struct gather **gather)
{
    struct gather *own = *gather;
    struct error error;
    if (!own)
        return;
    *gather = NULL;
    own->cancelled = true;
    error_set(&error, ERROR_UNAVAILABLE, "the daemon is ending");
    own->done(own->owner, NULL, &error);
}

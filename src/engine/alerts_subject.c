/* An alert as the filter language and the wire see it: its own fields first, then those of its asset. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "engine/alerts_private.h"
#include "model/labels.h"
#include "wire/alerts.h"

uint64_t alert_fingerprint_of(const struct alert *alert)
{
    return alert->fingerprint;
}

const char *alert_id(const struct alert *alert)
{
    return alert->id;
}

int64_t alert_revision(const struct alert *alert)
{
    return alert->revision;
}

const struct alert_life *alert_life(const struct alert *alert)
{
    return &alert->life;
}

const char *alert_labels(const struct alert *alert)
{
    return text_or_empty(alert->labels);
}

const struct alert *alert_cause(const struct alerts *alerts, const struct alert *alert)
{
    return alert->cause == ALERT_NONE ? NULL : alert_at(alerts, alert->cause);
}

unsigned alert_symptoms(const struct alerts *alerts, const struct alert *alert, const struct alert **symptoms, unsigned max)
{
    unsigned count = 0;
    for (uint32_t each = alert->first_symptom; each != ALERT_NONE; each = alert_at(alerts, each)->next_symptom, count++)
        if (count < max)
            symptoms[count] = alert_at(alerts, each);
    return count;
}

unsigned alerts_of_asset(const struct alerts *alerts, uint32_t asset, const struct alert **found, unsigned max)
{
    unsigned count = 0;
    ALERT_EACH_OF_ASSET(alerts, alert, asset) {
        if (alert->life.condition == CONDITION_NORMAL)
            continue;
        if (count < max)
            found[count] = alert;
        count++;
    }
    return count;
}

static bool has_asset(const struct alerts *alerts, const struct alert *alert)
{
    return alert->asset != FLEET_NONE && fleet_exists(alerts->fleet, alert->asset);
}

static const char *asset_text(const struct alerts *alerts, const struct alert *alert, enum asset_field field)
{
    return has_asset(alerts, alert) ? fleet_text(alerts->fleet, alert->asset, field) : "";
}

/* The nearest gateway, itself included. */
static const char *gateway_of(const struct alerts *alerts, const struct alert *alert)
{
    if (!has_asset(alerts, alert))
        return "";
    for (uint32_t asset = alert->asset; asset != FLEET_NONE; asset = live_at(alerts->fleet, asset)->parent)
        if (live_at(alerts->fleet, asset)->kind_is_gateway)
            return fleet_text(alerts->fleet, asset, ASSET_id);
    return "";
}

static const char *place_of_alert(const struct alerts *alerts, const struct alert *alert)
{
    if (has_asset(alerts, alert))
        return fleet_place(alerts->fleet, alert->asset);
    return alert->asset == FLEET_NONE ? desk_text(alerts, alert->point) : "";
}

static const char *metric_of(const struct alerts *alerts, const struct alert *alert)
{
    return alert->asset != FLEET_NONE ? desk_text(alerts, alert->point) : "";
}

static const char *cause_id(const struct alerts *alerts, const struct alert *alert, char text[ALERT_ID])
{
    const struct alert *cause = alert_cause(alerts, alert);
    if (cause)
        return cause->id;
    if (!alert->cause_number)
        return "";
    alert_id_of(alert->cause_number, text);
    return text;
}

/* ---- fields by name ---- */

enum own_field { /* by name, as own_find looks for them */
    OWN_ACKNOWLEDGED, OWN_ACKNOWLEDGED_BY, OWN_AGE, OWN_ASSET, OWN_ASSET_NAME, OWN_ASSIGNEE, OWN_CAUSE,
    OWN_CLEARED, OWN_CONDITION, OWN_GATEWAY, OWN_ID, OWN_LAST_SEEN, OWN_METRIC, OWN_NAME, OWN_NOTE, OWN_NOTES,
    OWN_OCCURRENCES, OWN_PLACE, OWN_RAISED, OWN_REOPENS, OWN_RULE, OWN_RUNBOOK, OWN_SEVERITY, OWN_SILENCE,
    OWN_SINCE, OWN_SOURCE, OWN_STATE, OWN_SUMMARY, OWN_SYMPTOMS, OWN_THRESHOLD, OWN_TICKET, OWN_TYPE, OWN_VALUE,
    OWN_COUNT
};

static const char *const own_names[OWN_COUNT] = {
    [OWN_ACKNOWLEDGED] = "acknowledged", [OWN_ACKNOWLEDGED_BY] = "acknowledged_by", [OWN_AGE] = "age",
    [OWN_ASSET] = "asset", [OWN_ASSET_NAME] = "asset_name", [OWN_ASSIGNEE] = "assignee", [OWN_CAUSE] = "cause",
    [OWN_CLEARED] = "cleared_at", [OWN_CONDITION] = "condition", [OWN_GATEWAY] = "gateway", [OWN_ID] = "id",
    [OWN_LAST_SEEN] = "last_seen", [OWN_METRIC] = "metric", [OWN_NAME] = "name", [OWN_NOTE] = "note",
    [OWN_NOTES] = "notes", [OWN_OCCURRENCES] = "occurrences", [OWN_PLACE] = "place", [OWN_RAISED] = "raised_at",
    [OWN_REOPENS] = "reopens", [OWN_RULE] = "rule", [OWN_RUNBOOK] = "runbook", [OWN_SEVERITY] = "severity",
    [OWN_SILENCE] = "silence", [OWN_SINCE] = "since", [OWN_SOURCE] = "source", [OWN_STATE] = "state",
    [OWN_SUMMARY] = "summary", [OWN_SYMPTOMS] = "symptoms", [OWN_THRESHOLD] = "threshold", [OWN_TICKET] = "ticket",
    [OWN_TYPE] = "type", [OWN_VALUE] = "value",
};

/* Asked for each term of a filter and each alert. */
static enum own_field own_find(const char *name)
{
    int low = 0, high = OWN_COUNT;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(own_names[middle], name);
        if (order == 0)
            return (enum own_field)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return OWN_COUNT;
}

static const char *own_text(const struct alerts *alerts, const struct alert *alert, enum own_field field)
{
    static _Thread_local char id[ALERT_ID];
    switch (field) {
    case OWN_ID: return alert->id;
    case OWN_NAME: return desk_text(alerts, alert->name);
    case OWN_TYPE: return desk_text(alerts, alert->type);
    case OWN_SEVERITY: return severity_name(alert->life.severity);
    case OWN_STATE: return alert_state_name(alert_state_of(&alert->life));
    case OWN_CONDITION: return alert_condition_name(alert->life.condition);
    case OWN_ACKNOWLEDGED: return alert->life.acknowledged ? "yes" : "no";
    case OWN_ASSET: return asset_text(alerts, alert, ASSET_id);
    case OWN_ASSET_NAME: return asset_text(alerts, alert, ASSET_name);
    case OWN_GATEWAY: return gateway_of(alerts, alert);
    case OWN_PLACE: return place_of_alert(alerts, alert);
    case OWN_SUMMARY: return text_or_empty(alert->summary);
    case OWN_METRIC: return metric_of(alerts, alert);
    case OWN_ACKNOWLEDGED_BY: return desk_text(alerts, alert->acknowledged_by);
    case OWN_NOTE: return text_or_empty(alert->note);
    case OWN_ASSIGNEE: return desk_text(alerts, alert->assignee);
    case OWN_TICKET: return desk_text(alerts, alert->ticket);
    case OWN_CAUSE: return cause_id(alerts, alert, id);
    case OWN_SILENCE: return desk_text(alerts, alert->silence);
    case OWN_RULE: return desk_text(alerts, alert->rule);
    case OWN_RUNBOOK: return desk_text(alerts, alert->runbook);
    case OWN_SOURCE: return desk_text(alerts, alert->source);
    default: return NULL;
    }
}

static msec since_of(const struct alert *alert)
{
    if (alert->life.condition == CONDITION_CLEARED)
        return alert->life.cleared_at;
    return alert->life.condition == CONDITION_PENDING ? alert->life.pending_since : alert->life.raised_at;
}

static bool instant(msec at, double *number)
{
    *number = (double)at;
    return at != CLOCK_NEVER;
}

static bool own_number(const struct alert *alert, enum own_field field, double *number)
{
    const struct alert_life *life = &alert->life;
    switch (field) {
    case OWN_SEVERITY: *number = life->severity; return true;
    case OWN_STATE: *number = alert_state_of(life); return true;
    case OWN_RAISED: return instant(life->raised_at, number);
    case OWN_SINCE: return instant(since_of(alert), number);
    case OWN_LAST_SEEN: return instant(life->last_seen, number);
    case OWN_CLEARED: return instant(life->cleared_at, number);
    case OWN_AGE:
        *number = (double)clock_wall() - (double)life->raised_at; /* never is INT64_MIN */
        return life->raised_at != CLOCK_NEVER;
    case OWN_OCCURRENCES: *number = life->occurrences; return true;
    case OWN_REOPENS: *number = life->reopens; return true;
    case OWN_SYMPTOMS: *number = alert->symptoms; return true;
    case OWN_NOTES: *number = alert->notes; return true;
    case OWN_VALUE: *number = alert->value; return !isnan(alert->value);
    case OWN_THRESHOLD: *number = alert->threshold; return !isnan(alert->threshold);
    default: return false;
    }
}

/* ---- the filter's view ---- */

static bool asset_subject(const struct alert_subject *subject, struct fleet_subject *asset)
{
    *asset = (struct fleet_subject){.fleet = subject->alerts->fleet, .asset = subject->alert->asset};
    return has_asset(subject->alerts, subject->alert);
}

/* `label.NAME` and `annotation.NAME`: the name, NULL for other fields. */
static const char *label_of_field(const char *field, bool *annotation)
{
    *annotation = strncmp(field, "annotation.", 11) == 0;
    return *annotation ? field + 11 : strncmp(field, "label.", 6) == 0 ? field + 6 : NULL;
}

static const char *label_text(const struct alert_subject *subject, bool annotation, const char *name)
{
    struct buffer *scratch = &((struct alerts *)subject->alerts)->text_scratch; /* scratch only */
    bool found = subject->alert->labels && label_find(subject->alert->labels, annotation, name, scratch);
    return found ? buffer_text(scratch) : NULL;
}

static const char *subject_field_text(const void *owner, const char *field)
{
    const struct alert_subject *subject = owner;
    struct fleet_subject asset;
    bool annotation;
    const char *name = label_of_field(field, &annotation);
    if (name)
        return label_text(subject, annotation, name);
    enum own_field own = own_find(field);
    if (own != OWN_COUNT) {
        const char *text = own_text(subject->alerts, subject->alert, own);
        return text && *text ? text : NULL;
    }
    if (asset_subject(subject, &asset))
        return fleet_subject_ops.text(&asset, field);
    /* A building's own storm has no asset, and is of that building all the same: routes and silences name it. */
    bool of_building = strcmp(field, "building") == 0 && strncmp(desk_text(subject->alerts, subject->alert->rule), "storm-building", 14) == 0;
    return of_building ? desk_text(subject->alerts, subject->alert->point) : NULL;
}

/* The name as people here see it, where it is the daemon's own. Valid until the next call. */
static const char *shown_name(const struct alerts *alerts, const struct alert *alert)
{
    struct buffer *out = &((struct alerts *)alerts)->text_scratch;
    if (!alerts->book || !alert_source_is_own(desk_text(alerts, alert->source)))
        return NULL;
    buffer_clear(out);
    return phrasebook_say(alerts->book, out, desk_text(alerts, alert->name)) ? buffer_text(out) : NULL;
}

static const char *subject_field_shown(const void *owner, const char *field)
{
    const struct alert_subject *subject = owner;
    return strcmp(field, own_names[OWN_NAME]) == 0 ? shown_name(subject->alerts, subject->alert) : NULL;
}

static bool subject_field_number(const void *owner, const char *field, double *number)
{
    const struct alert_subject *subject = owner;
    struct fleet_subject asset;
    bool annotation;
    if (label_of_field(field, &annotation))
        return false; /* texts, as other systems compare them */
    enum own_field own = own_find(field);
    if (own != OWN_COUNT)
        return own_number(subject->alert, own, number);
    return asset_subject(subject, &asset) && fleet_subject_ops.number(&asset, field, number);
}

static bool subject_has_value(const void *owner, const char *field, const char *pattern)
{
    static const char *const names[] = {"shelved", "downtime", "dependency", "inhibited", "flapping", "out-of-service", "silenced"};
    const struct alert_subject *subject = owner;
    struct fleet_subject asset;
    for (size_t i = 0; strcmp(field, "suppression") == 0 && i < ARRAY_COUNT(names); i++)
        if (subject->alert->life.suppression >> i & 1 && text_glob(pattern, names[i]))
            return true;
    return asset_subject(subject, &asset) && fleet_subject_ops.has_value(&asset, field, pattern);
}

static bool subject_under(const void *owner, const char *id)
{
    const struct alert_subject *subject = owner;
    struct fleet_subject asset;
    return asset_subject(subject, &asset) && fleet_subject_ops.under(&asset, id);
}

static const char *subject_words(const void *owner)
{
    const struct alert_subject *subject = owner;
    const struct alert *alert = subject->alert;
    struct buffer *out = &((struct alerts *)subject->alerts)->scratch; /* scratch only */
    struct fleet_subject asset;
    const char *shown = shown_name(subject->alerts, alert);
    const char *own[] = {alert->id, desk_text(subject->alerts, alert->name), shown ? shown : "", text_or_empty(alert->summary)};
    buffer_clear(out);
    for (size_t i = 0; i < ARRAY_COUNT(own); i++) {
        text_fold(out, own[i], strlen(own[i]));
        buffer_append_char(out, ' ');
    }
    if (asset_subject(subject, &asset))
        buffer_append_text(out, fleet_subject_ops.words(&asset));
    return buffer_text(out);
}

const struct filter_subject_ops alert_subject_ops = {
    .text = subject_field_text,
    .shown = subject_field_shown,
    .number = subject_field_number,
    .has_value = subject_has_value,
    .under = subject_under,
    .words = subject_words,
};

/* ---- the wire ---- */

void alerts_wire(const struct alerts *alerts, const struct alert *alert, const char *person, struct wire_alert *row)
{
    static const char *const news[] = {"", "new", "worse", "again", "cleared"};
    const struct alert_life *life = &alert->life;
    *row = (struct wire_alert){
        .id = alert->id, .severity = life->severity, .state = alert_state_of(life), .raised_at = life->raised_at,
        .condition = life->condition, .acknowledged = life->acknowledged, .sticky = life->sticky,
        .suppression = life->suppression, .value = alert->value, .threshold = alert->threshold, .since = since_of(alert),
        .last_seen = life->last_seen, .cleared_at = life->cleared_at,
        .acknowledged_at = life->acknowledged ? life->acknowledged_at : CLOCK_NEVER,
        .acknowledge_until = life->acknowledged ? life->acknowledge_until : CLOCK_NEVER,
        .shelved_until = life->suppression & SUPPRESSED_SHELVED ? life->shelved_until : CLOCK_NEVER,
        .occurrences = life->occurrences, .reopens = life->reopens, .symptoms = alert->symptoms, .notes = alert->notes,
        .rule_version = alert->rule_version, .revision = alert->revision,
        .news = news[person ? seen_news(alerts, person, alert) : NEWS_NONE], .previous = "",
    };
    row->name = desk_text(alerts, alert->name);
    row->type = desk_text(alerts, alert->type);
    row->asset = asset_text(alerts, alert, ASSET_id);
    row->asset_name = asset_text(alerts, alert, ASSET_name);
    row->gateway = gateway_of(alerts, alert);
    row->place = place_of_alert(alerts, alert);
    row->unit = asset_text(alerts, alert, ASSET_unit);
    row->subsystem = asset_text(alerts, alert, ASSET_subsystem);
    row->summary = text_or_empty(alert->summary);
    row->metric = metric_of(alerts, alert);
    row->acknowledged_by = life->acknowledged ? desk_text(alerts, alert->acknowledged_by) : "";
    row->note = text_or_empty(alert->note);
    row->assignee = desk_text(alerts, alert->assignee);
    row->ticket = desk_text(alerts, alert->ticket);
    row->cause = own_text(alerts, alert, OWN_CAUSE);
    row->silence = desk_text(alerts, alert->silence);
    row->rule = desk_text(alerts, alert->rule);
    row->runbook = desk_text(alerts, alert->runbook);
    row->source = desk_text(alerts, alert->source);
    row->labels = text_or_empty(alert->labels);
    if (alert->previous) {
        static _Thread_local char previous[ALERT_ID];
        alert_id_of(alert->previous, previous);
        row->previous = previous;
    }
}

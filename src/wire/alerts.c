/* Alerts and what belongs to them, to JSON and back. Members that are plain stand once, in lists that both directions
 * go through. */
#include "wire/alerts.h"

#include <math.h>
#include <string.h>

#include "model/labels.h"
#include "wire/members.h"

/* severity and state come between type and raised_at, so that R020's five fields come first. */
#define ALERT_REST(X)                                                                                              \
    X(INSTANT, raised_at, "raised_at") X(FLAG, acknowledged, "acknowledged") X(TEXT, asset, "asset")               \
    X(TEXT, asset_name, "asset_name") X(TEXT, gateway, "gateway") X(TEXT, place, "place") X(TEXT, unit, "unit")    \
    X(TEXT, subsystem, "subsystem") X(PROSE, summary, "summary") X(TEXT, metric, "metric")                         \
    X(NUMBER, value, "value") X(NUMBER, threshold, "threshold") X(INSTANT, since, "since")                         \
    X(INSTANT, last_seen, "last_seen") X(INSTANT, cleared_at, "cleared_at") X(COUNT, occurrences, "occurrences")   \
    X(COUNT, reopens, "reopens") X(TEXT, acknowledged_by, "acknowledged_by")                                       \
    X(INSTANT, acknowledged_at, "acknowledged_at") X(INSTANT, acknowledge_until, "acknowledge_until")              \
    X(TEXT, note, "note") X(FLAG, sticky, "sticky") X(TEXT, assignee, "assignee") X(TEXT, ticket, "ticket")        \
    X(TEXT, cause, "cause") X(COUNT, symptoms, "symptoms") X(TEXT, silence, "silence")                             \
    X(INSTANT, shelved_until, "shelved_until") X(TEXT, rule, "rule") X(LONG, rule_version, "rule_version")         \
    X(TEXT, runbook, "runbook") X(TEXT, source, "source") X(TEXT, previous, "previous") X(COUNT, notes, "notes")   \
    X(TEXT, news, "news") X(LONG, revision, "revision")

#define EVENT_WRITTEN(X) X(INSTANT, time, "time") X(TEXT, actor, "actor") X(TEXT, verb, "verb") X(TEXT, text, "text")
#define SIMILAR(X)                                                                                                 \
    X(TEXT, id, "id") X(INSTANT, raised_at, "raised_at") X(INSTANT, cleared_at, "cleared_at")                      \
    X(TEXT, fixed_by, "fixed_by")
#define SILENCE(X)                                                                                                 \
    X(TEXT, id, "id") X(TEXT, filter, "filter") X(INSTANT, starts, "starts") X(INSTANT, ends, "ends")              \
    X(TEXT, why, "why") X(TEXT, by, "by") X(INSTANT, created, "created") X(FLAG, active, "active")                 \
    X(COUNT, matches, "matches") X(LONG, revision, "revision") X(PROSE, elsewhere, "elsewhere") X(TEXT, source, "source")
#define HEARTBEAT(X)                                                                                               \
    X(TEXT, name, "name") X(PROSE, title, "title") X(TEXT, state, "state") X(INSTANT, last, "last")                \
    X(INSTANT, due, "due") X(SPAN, every, "every_ms") X(SPAN, grace, "grace_ms") X(TEXT, severity, "severity")     \
    X(TEXT, asset, "asset") X(PROSE, message, "message") X(TEXT, by, "by") X(TEXT, alert, "alert")                 \
    X(LONG, beats, "beats") X(LONG, failures, "failures")
#define DOWNTIME(X)                                                                                                \
    X(TEXT, id, "id") X(TEXT, filter, "filter") X(TEXT, kind, "kind") X(INSTANT, starts, "starts")                 \
    X(INSTANT, ends, "ends") X(SPAN, duration, "duration_ms") X(TEXT, schedule, "schedule")                        \
    X(FLAG, with_children, "with_children") X(TEXT, why, "why") X(TEXT, by, "by") X(FLAG, active, "active")        \
    X(COUNT, matches, "matches") X(LONG, revision, "revision")
#define RULE(X)                                                                                                    \
    X(TEXT, name, "name") X(TEXT, type, "type") X(TEXT, select, "select") X(TEXT, when, "when")                    \
    X(TEXT, clear, "clear") X(SPAN, hold, "for_ms") X(TEXT, runbook, "runbook") X(TEXT, contract, "contract")      \
    X(TEXT, requirement, "requirement") X(LONG, version, "version") X(COUNT, applies, "applies")                   \
    X(COUNT, active, "active") X(PROSE, problem, "problem")
#define NOTIFICATION(X)                                                                                            \
    X(TEXT, id, "id") X(INSTANT, time, "time") X(TEXT, channel, "channel") X(TEXT, to, "to")                       \
    X(TEXT, alert, "alert") X(TEXT, what, "what") X(TEXT, state, "state") X(COUNT, attempts, "attempts")           \
    X(PROSE, detail, "detail")

static const char *const suppressions[] = {"shelved", "downtime", "dependency", "inhibited", "flapping", "out-of-service", "silenced"};
#define SUPPRESSIONS (sizeof suppressions / sizeof *suppressions)

#define HIDDEN(X)                                                                                                  \
    X(COUNT, filtered, "filtered") X(COUNT, silenced, "silenced") X(COUNT, shelved, "shelved")                     \
    X(COUNT, downtime, "downtime") X(COUNT, dependency, "dependency") X(COUNT, inhibited, "inhibited")             \
    X(COUNT, flapping, "flapping") X(COUNT, out_of_service, "out_of_service") X(COUNT, pending, "pending")         \
    X(COUNT, closed, "closed") X(COUNT, acknowledged, "acknowledged")
#define DESK(X)                                                                                                    \
    X(COUNT, unhandled, "unhandled") X(COUNT, news, "news") X(AMOUNT, rate, "rate") X(FLAG, flood, "flood")

/* What an alert is written with: a bit each, in uint64_t. */
enum {
    BIT_name, BIT_type, BIT_condition, BIT_suppression, BIT_labels, BIT_annotations,
#define X(kind, member, key) BIT_##member,
    ALERT_REST(X)
#undef X
    BITS
};
_Static_assert(BITS < 64, "a bit each");

uint64_t wire_alert_members(const char *fields)
{
    static const char *const names[BITS] = {
        [BIT_name] = "name", [BIT_type] = "type", [BIT_condition] = "condition", [BIT_suppression] = "suppression",
        [BIT_labels] = "labels", [BIT_annotations] = "annotations",
#define X(kind, member, key) [BIT_##member] = key,
        ALERT_REST(X)
#undef X
    };
    uint64_t members = 0;
    for (unsigned i = 0; i < BITS; i++)
        if (wire_wanted(fields, names[i]))
            members |= (uint64_t)1 << i;
    return members;
}

#define WANTED(member) (members >> BIT_##member & 1)
#define WRITE_WANTED(kind, member, key) if (WANTED(member)) { WRITE_##kind(member, key) }

/* ---- writing ---- */

static void write_labels(struct json_writer *writer, const char *key, const char *labels, bool annotations)
{
    struct label label = {0};
    json_write_object(writer, key);
    while (label_next(&labels, &label))
        if (label.annotation == annotations)
            json_write_text(writer, buffer_text(&label.name), buffer_text(&label.value));
    json_write_object_end(writer);
    label_release(&label);
}

static void write_members(struct json_writer *writer, const struct wire_alert *row, uint64_t members)
{
    json_write_text(writer, "id", row->id);
    if (WANTED(name))
        json_write_text(writer, "name", row->name);
    if (WANTED(type))
        json_write_text(writer, "type", row->type);
    json_write_text(writer, "severity", severity_name(row->severity));
    json_write_text(writer, "state", alert_state_name(row->state));
    if (WANTED(condition))
        json_write_text(writer, "condition", alert_condition_name(row->condition));
    if (WANTED(suppression)) {
        json_write_array(writer, "suppression");
        for (size_t bit = 0; bit < SUPPRESSIONS; bit++)
            if (row->suppression >> bit & 1)
                json_write_text(writer, NULL, suppressions[bit]);
        json_write_array_end(writer);
    }
    ALERT_REST(WRITE_WANTED)
    if (!row->labels || !*row->labels)
        return;
    unsigned left_out = labels_left_out(row->labels);
    if (WANTED(labels))
        write_labels(writer, "labels", row->labels, false);
    if (WANTED(annotations))
        write_labels(writer, "annotations", row->labels, true);
    if (WANTED(labels) && left_out)
        json_write_integer(writer, "labels_left_out", left_out);
}

void wire_write_alert(struct json_writer *writer, const struct wire_alert *alert, uint64_t members)
{
    json_write_object(writer, NULL);
    write_members(writer, alert, members);
    json_write_object_end(writer);
}

WRITE_ROWS(timeline, wire_alert_event, EVENT_WRITTEN)
BOTH_ROWS(similar, wire_similar, SIMILAR)

void wire_write_alert_page(struct json_writer *writer, const struct wire_alert_page *page)
{
    json_write_object(writer, NULL);
    write_members(writer, &page->alert, WIRE_ALERT_WHOLE);
    write_timeline(writer, "timeline", page->timeline, page->timeline_count);
    write_similar(writer, "similar", page->similar, page->similar_count);
    json_write_texts(writer, "symptom_ids", page->symptoms, page->symptom_count);
    json_write_bool(writer, "runbook_missing", page->runbook_missing);
    write_moment(writer, "desk_revision", &page->page);
    json_write_object_end(writer);
}

static void write_by_severity(struct json_writer *writer, const uint32_t by_severity[SEVERITY_COUNT])
{
    json_write_object(writer, "by_severity");
    for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--)
        if (by_severity[severity])
            json_write_integer(writer, severity_name((enum severity)severity), by_severity[severity]);
    json_write_object_end(writer);
}

void wire_alerts_begin(struct json_writer *writer, const struct wire_page *page, const struct wire_alert_hidden *row)
{
    json_write_object(writer, NULL);
    json_write_integer(writer, "total", page->total);
    json_write_object(writer, "hidden");
    HIDDEN(MEMBER_WRITE)
    json_write_object_end(writer);
    json_write_object(writer, "desk");
    DESK(MEMBER_WRITE)
    write_by_severity(writer, row->by_severity);
    json_write_object_end(writer);
    json_write_integer(writer, "offset", page->offset);
    write_moment(writer, "revision", page);
    json_write_array(writer, "items");
}

void wire_write_alert_group(struct json_writer *writer, const struct wire_alert_group *group)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "key", group->key);
    json_write_integer(writer, "count", group->count);
    json_write_integer(writer, "unhandled", group->unhandled);
    json_write_text(writer, "worst", severity_name(group->worst));
    json_write_instant(writer, "oldest", group->oldest);
    json_write_texts(writer, "ids", group->ids, group->id_count);
    json_write_object_end(writer);
}

#define WRITER(resource, TABLE, more)                                                            \
    void wire_write_##resource(struct json_writer *writer, const struct wire_##resource *row)    \
    {                                                                                            \
        json_write_object(writer, NULL);                                                         \
        TABLE(MEMBER_WRITE)                                                                      \
        more;                                                                                    \
        json_write_object_end(writer);                                                           \
    }
WRITER(silence, SILENCE, )
WRITER(downtime, DOWNTIME, )
WRITER(rule, RULE, json_write_text(writer, "severity", severity_name(row->severity)))
WRITER(notification, NOTIFICATION, )
WRITER(heartbeat, HEARTBEAT, )

/* ---- reading ---- */

static enum severity get_severity(struct flat *object, const char *key)
{
    enum severity severity;
    return severity_parse(flat_text(object, key, ""), &severity) ? severity : SEVERITY_WARNING;
}

static int get_name(struct flat *object, const char *key, const char *(*name)(int), int count, int absent)
{
    const char *text = flat_text(object, key, "");
    for (int i = 0; i < count; i++)
        if (strcmp(text, name(i)) == 0)
            return i;
    return absent;
}

static const char *state_name(int state)
{
    return alert_state_name((enum alert_state)state);
}

static const char *condition_name(int condition)
{
    return alert_condition_name((enum alert_condition)condition);
}

static uint8_t get_suppression(struct flat *object)
{
    struct flat *array;
    uint8_t bits = 0;
    unsigned count = read_array(object, "suppression", &array);
    for (unsigned i = 0; i < count; i++) {
        const char *text = flat_as_text(flat_at(array, i), NULL);
        for (size_t bit = 0; text && bit < SUPPRESSIONS; bit++)
            if (strcmp(text, suppressions[bit]) == 0)
                bits |= (uint8_t)(1u << bit);
    }
    return bits;
}

static const char *get_labels(struct flat *object, struct arena *arena)
{
    static const char *const keys[] = {"labels", "annotations"};
    struct labels_draft draft = {.left_out = read_count(object, "labels_left_out")};
    struct buffer text = BUFFER_INIT;
    for (int annotation = 0; annotation < 2; annotation++) {
        struct flat *labels = flat_get(object, keys[annotation]);
        for (struct flat *each = NULL; flat_type(labels) == FLAT_OBJECT && (each = flat_next(labels, each));)
            labels_draft_add(&draft, annotation, flat_key(each), flat_as_text(each, ""));
    }
    labels_draft_write(&draft, &text);
    const char *kept = text.length ? arena_text(arena, buffer_text(&text)) : "";
    buffer_release(&text);
    labels_draft_release(&draft);
    return kept;
}

static bool read_alert(struct flat *object, struct arena *arena, struct wire_alert *row)
{
    bool own = alert_source_is_own(flat_text(object, "source", ""));
    *row = (struct wire_alert){
        .id = read_text(object, "id", arena), .name = (own ? read_prose : read_text)(object, "name", arena),
        .type = read_text(object, "type", arena),
        .severity = get_severity(object, "severity"), .suppression = get_suppression(object)};
    row->state = (enum alert_state)get_name(object, "state", state_name, ALERT_STATE_COUNT, ALERT_UNACKNOWLEDGED);
    row->condition = (enum alert_condition)get_name(object, "condition", condition_name, 4, CONDITION_ACTIVE);
    ALERT_REST(MEMBER_READ)
    row->labels = get_labels(object, arena);
    return *row->id != '\0';
}

static void read_hidden(struct flat *from, struct wire_alert_hidden *row)
{
    struct flat *object = flat_get(from, "hidden");
    HIDDEN(MEMBER_READ)
    object = flat_get(from, "desk");
    DESK(MEMBER_READ)
    struct flat *by_severity = flat_get(object, "by_severity");
    for (int severity = 0; severity < SEVERITY_COUNT; severity++)
        row->by_severity[severity] = read_count(by_severity, severity_name((enum severity)severity));
}

bool wire_read_alerts(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,
                      struct wire_alert_hidden *hidden, struct wire_alert **items, unsigned *count, struct error *error)
{
    struct flat *array, *object = read_list(bytes, length, &array, error);
    if (!object)
        return false;
    unsigned all = flat_count(array);
    read_page(object, page);
    read_hidden(object, hidden);
    *items = arena_alloc(arena, all * sizeof **items);
    *count = 0;
    for (unsigned i = 0; i < all; i++)
        *count += read_alert(flat_at(array, i), arena, &(*items)[*count]);
    flat_free(&object);
    return true;
}

static void read_story(struct flat *object, struct arena *arena, struct wire_alert_page *page)
{
    struct flat *array;
    page->timeline_count = read_array(object, "timeline", &array);
    page->timeline = arena_alloc(arena, page->timeline_count * sizeof *page->timeline);
    for (unsigned i = 0; i < page->timeline_count; i++) {
        struct flat *row = flat_at(array, i);
        bool person = strchr(flat_text(row, "actor", ""), ':'); /* "user:wang": whose words stay as they are */
        const char *(*const read)(struct flat *, const char *, struct arena *) = person ? read_text : read_prose;
        page->timeline[i] = (struct wire_alert_event){flat_instant(row, "time"), read(row, "actor", arena),
                                                      read_prose(row, "verb", arena), read(row, "text", arena)};
    }
    page->similar = read_similar(object, "similar", arena, &page->similar_count);
}

bool wire_read_alert_page(const char *bytes, size_t length, struct arena *arena, struct wire_alert_page *page, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    memset(page, 0, sizeof *page);
    read_moment(object, "desk_revision", &page->page);
    bool good = read_alert(object, arena, &page->alert);
    read_story(object, arena, page);
    page->runbook_missing = flat_bool(object, "runbook_missing", false);
    page->symptoms = read_texts(object, "symptom_ids", arena, &page->symptom_count);
    flat_free(&object);
    return good || error_set(error, ERROR_INVALID, "expected an alert");
}

static bool read_alert_group(struct flat *object, struct arena *arena, struct wire_alert_group *row)
{
    *row = (struct wire_alert_group){.key = read_text(object, "key", arena), .count = read_count(object, "count"),
                                     .unhandled = read_count(object, "unhandled"), .worst = get_severity(object, "worst"),
                                     .oldest = flat_instant(object, "oldest")};
    row->ids = read_texts(object, "ids", arena, &row->id_count);
    return true;
}

#define READER(resource, TABLE, more)                                                                      \
    static bool read_##resource(struct flat *object, struct arena *arena, struct wire_##resource *row)     \
    {                                                                                                      \
        TABLE(MEMBER_READ)                                                                                 \
        more;                                                                                              \
        return true;                                                                                       \
    }
READER(silence, SILENCE, )
READER(downtime, DOWNTIME, )
READER(rule, RULE, row->severity = get_severity(object, "severity"))
READER(notification, NOTIFICATION, )
READER(heartbeat, HEARTBEAT, )

READ_LIST(alert_groups, wire_alert_group, read_alert_group)
READ_LIST(silences, wire_silence, read_silence)
READ_LIST(downtimes, wire_downtime, read_downtime)
READ_LIST(rules, wire_rule, read_rule)
READ_LIST(notifications, wire_notification, read_notification)
READ_LIST(heartbeats, wire_heartbeat, read_heartbeat)

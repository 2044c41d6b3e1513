/* Alerts and what belongs to them, to JSON and back. Members that are plain stand once, in lists that both directions
 * go through. */
#include "wire/alerts.h"

#include <math.h>
#include <string.h>

#include "wire/read.h"

/* severity and state come between type and raised_at, so that R020's five fields come first. */
#define ALERT_REST(TEXT, PROSE, INSTANT, COUNT, LONG, NUMBER, FLAG)                                                \
    INSTANT(raised_at) FLAG(acknowledged) TEXT(asset) TEXT(asset_name) TEXT(gateway) TEXT(place) TEXT(unit)        \
    TEXT(subsystem) PROSE(summary) TEXT(metric) NUMBER(value) NUMBER(threshold) INSTANT(since) INSTANT(last_seen)  \
    INSTANT(cleared_at) COUNT(occurrences) COUNT(reopens) TEXT(acknowledged_by) INSTANT(acknowledged_at)           \
    INSTANT(acknowledge_until) TEXT(note) FLAG(sticky) TEXT(assignee) TEXT(ticket) TEXT(cause) COUNT(symptoms)     \
    TEXT(silence) INSTANT(shelved_until) TEXT(rule) LONG(rule_version) TEXT(runbook) TEXT(source) TEXT(previous)   \
    COUNT(notes) TEXT(news) LONG(revision)

static const char *const suppressions[] = {"shelved", "downtime", "dependency", "inhibited", "flapping", "out-of-service", "silenced"};
#define SUPPRESSIONS (sizeof suppressions / sizeof *suppressions)

#define HIDDEN(COUNT)                                                                                      \
    COUNT(silenced) COUNT(shelved) COUNT(downtime) COUNT(dependency) COUNT(inhibited) COUNT(flapping)      \
    COUNT(out_of_service) COUNT(pending) COUNT(closed) COUNT(acknowledged)

static bool wanted(const char *fields, const char *name)
{
    size_t length = strlen(name);
    if (!fields)
        return true;
    for (const char *at = fields; *at;) {
        size_t word = strcspn(at, ",");
        if (word == length && memcmp(at, name, length) == 0)
            return true;
        at += word;
        at += *at == ',';
    }
    return false;
}

/* ---- writing ---- */

static void write_members(struct json_writer *writer, const struct wire_alert *alert, const char *fields)
{
    json_write_text(writer, "id", alert->id);
    if (wanted(fields, "name"))
        json_write_text(writer, "name", alert->name);
    if (wanted(fields, "type"))
        json_write_text(writer, "type", alert->type);
    json_write_text(writer, "severity", severity_name(alert->severity));
    json_write_text(writer, "state", alert_state_name(alert->state));
    if (wanted(fields, "condition"))
        json_write_text(writer, "condition", alert_condition_name(alert->condition));
    if (wanted(fields, "suppression")) {
        json_write_array(writer, "suppression");
        for (size_t bit = 0; bit < SUPPRESSIONS; bit++)
            if (alert->suppression >> bit & 1)
                json_write_text(writer, NULL, suppressions[bit]);
        json_write_array_end(writer);
    }
#define WRITE(kind, member) if (wanted(fields, #member)) json_write_##kind(writer, #member, alert->member);
#define TEXT(member) WRITE(text, member)
#define INSTANT(member) WRITE(instant, member)
#define INTEGER(member) WRITE(integer, member)
#define NUMBER(member) WRITE(number, member)
#define FLAG(member) WRITE(bool, member)
    ALERT_REST(TEXT, TEXT, INSTANT, INTEGER, INTEGER, NUMBER, FLAG)
#undef TEXT
#undef INSTANT
#undef INTEGER
#undef NUMBER
#undef FLAG
}

void wire_write_alert(struct json_writer *writer, const struct wire_alert *alert, const char *fields)
{
    json_write_object(writer, NULL);
    write_members(writer, alert, fields);
    json_write_object_end(writer);
}

static void write_timeline(struct json_writer *writer, const struct wire_alert_page *page)
{
    json_write_array(writer, "timeline");
    for (unsigned i = 0; i < page->timeline_count; i++) {
        json_write_object(writer, NULL);
        json_write_instant(writer, "time", page->timeline[i].time);
        json_write_text(writer, "actor", page->timeline[i].actor);
        json_write_text(writer, "verb", page->timeline[i].verb);
        json_write_text(writer, "text", page->timeline[i].text);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

void wire_write_alert_page(struct json_writer *writer, const struct wire_alert_page *page)
{
    json_write_object(writer, NULL);
    write_members(writer, &page->alert, NULL);
    write_timeline(writer, page);
    json_write_array(writer, "similar");
    for (unsigned i = 0; i < page->similar_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "id", page->similar[i].id);
        json_write_instant(writer, "raised_at", page->similar[i].raised_at);
        json_write_instant(writer, "cleared_at", page->similar[i].cleared_at);
        json_write_text(writer, "fixed_by", page->similar[i].fixed_by);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_array(writer, "symptom_ids");
    for (unsigned i = 0; i < page->symptom_count; i++)
        json_write_text(writer, NULL, page->symptoms[i]);
    json_write_array_end(writer);
    json_write_bool(writer, "runbook_missing", page->runbook_missing);
    json_write_integer(writer, "desk_revision", (int64_t)page->page.revision);
    json_write_instant(writer, "as_of", page->page.as_of);
    json_write_bool(writer, "past", page->page.past);
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

void wire_alerts_begin(struct json_writer *writer, const struct wire_page *page, const struct wire_alert_hidden *hidden)
{
    json_write_object(writer, NULL);
    json_write_integer(writer, "total", page->total);
    json_write_object(writer, "hidden");
    json_write_integer(writer, "filtered", hidden->filtered);
#define COUNT(member) json_write_integer(writer, #member, hidden->member);
    HIDDEN(COUNT)
#undef COUNT
    json_write_object_end(writer);
    json_write_object(writer, "desk");
    json_write_integer(writer, "unhandled", hidden->unhandled);
    json_write_integer(writer, "news", hidden->news);
    json_write_number(writer, "rate", hidden->rate);
    json_write_bool(writer, "flood", hidden->flood);
    write_by_severity(writer, hidden->by_severity);
    json_write_object_end(writer);
    json_write_integer(writer, "offset", page->offset);
    json_write_integer(writer, "revision", (int64_t)page->revision);
    json_write_instant(writer, "as_of", page->as_of);
    json_write_bool(writer, "past", page->past);
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
    json_write_array(writer, "ids");
    for (unsigned i = 0; i < group->id_count; i++)
        json_write_text(writer, NULL, group->ids[i]);
    json_write_array_end(writer);
    json_write_object_end(writer);
}

#define SILENCE(TEXT, PROSE, INSTANT, SPAN, COUNT, LONG, FLAG)                                                   \
    TEXT(id, "id") TEXT(filter, "filter") INSTANT(starts, "starts") INSTANT(ends, "ends") TEXT(why, "why")       \
    TEXT(by, "by") INSTANT(created, "created") FLAG(active, "active") COUNT(matches, "matches")                  \
    LONG(revision, "revision") PROSE(elsewhere, "elsewhere")
#define HEARTBEAT(TEXT, PROSE, INSTANT, SPAN, COUNT, LONG, FLAG)                                                 \
    TEXT(name, "name") PROSE(title, "title") TEXT(state, "state") INSTANT(last, "last") INSTANT(due, "due")       \
    SPAN(every, "every_ms") SPAN(grace, "grace_ms") TEXT(severity, "severity") TEXT(asset, "asset")              \
    PROSE(message, "message") TEXT(by, "by") TEXT(alert, "alert") LONG(beats, "beats") LONG(failures, "failures")
#define DOWNTIME(TEXT, PROSE, INSTANT, SPAN, COUNT, LONG, FLAG)                                                  \
    TEXT(id, "id") TEXT(filter, "filter") TEXT(kind, "kind") INSTANT(starts, "starts") INSTANT(ends, "ends")     \
    SPAN(duration, "duration_ms") TEXT(schedule, "schedule") FLAG(with_children, "with_children")                \
    TEXT(why, "why") TEXT(by, "by") FLAG(active, "active") COUNT(matches, "matches") LONG(revision, "revision")
#define RULE(TEXT, PROSE, INSTANT, SPAN, COUNT, LONG, FLAG)                                                      \
    TEXT(name, "name") TEXT(type, "type") TEXT(select, "select") TEXT(when, "when") TEXT(clear, "clear")         \
    SPAN(hold, "for_ms") TEXT(runbook, "runbook") TEXT(contract, "contract") TEXT(requirement, "requirement")    \
    LONG(version, "version") COUNT(applies, "applies") COUNT(active, "active") PROSE(problem, "problem")
#define NOTIFICATION(TEXT, PROSE, INSTANT, SPAN, COUNT, LONG, FLAG)                                              \
    TEXT(id, "id") INSTANT(time, "time") TEXT(channel, "channel") TEXT(to, "to") TEXT(alert, "alert")            \
    TEXT(what, "what") TEXT(state, "state") COUNT(attempts, "attempts") PROSE(detail, "detail")

#define TEXT(member, name) json_write_text(writer, name, row->member);
#define INSTANT(member, name) json_write_instant(writer, name, row->member);
#define INTEGER(member, name) json_write_integer(writer, name, row->member);
#define FLAG(member, name) json_write_bool(writer, name, row->member);
#define WRITER(resource, LIST, more)                                                   \
    void wire_write_##resource(struct json_writer *writer, const struct wire_##resource *row) \
    {                                                                                  \
        json_write_object(writer, NULL);                                               \
        LIST(TEXT, TEXT, INSTANT, INTEGER, INTEGER, INTEGER, FLAG)                     \
        more;                                                                          \
        json_write_object_end(writer);                                                 \
    }
WRITER(silence, SILENCE, )
WRITER(downtime, DOWNTIME, )
WRITER(rule, RULE, json_write_text(writer, "severity", severity_name(row->severity)))
WRITER(notification, NOTIFICATION, )
WRITER(heartbeat, HEARTBEAT, )
#undef TEXT
#undef INSTANT
#undef INTEGER
#undef FLAG

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

static bool read_alert(struct flat *object, struct arena *arena, struct wire_alert *alert)
{
    *alert = (struct wire_alert){
        .id = read_text(object, "id", arena), .name = read_text(object, "name", arena), .type = read_text(object, "type", arena),
        .severity = get_severity(object, "severity"), .suppression = get_suppression(object)};
    alert->state = (enum alert_state)get_name(object, "state", state_name, ALERT_STATE_COUNT, ALERT_UNACKNOWLEDGED);
    alert->condition = (enum alert_condition)get_name(object, "condition", condition_name, 4, CONDITION_ACTIVE);
#define TEXT(member) alert->member = read_text(object, #member, arena);
#define PROSE(member) alert->member = read_prose(object, #member, arena);
#define INSTANT(member) alert->member = flat_instant(object, #member);
#define COUNT(member) alert->member = read_count(object, #member);
#define LONG(member) alert->member = flat_integer(object, #member, 0);
#define NUMBER(member) alert->member = flat_number(object, #member, NAN);
#define FLAG(member) alert->member = flat_bool(object, #member, false);
    ALERT_REST(TEXT, PROSE, INSTANT, COUNT, LONG, NUMBER, FLAG)
#undef TEXT
#undef PROSE
#undef INSTANT
#undef COUNT
#undef LONG
#undef NUMBER
#undef FLAG
    return *alert->id != '\0';
}

static void read_hidden(struct flat *object, struct wire_alert_hidden *hidden)
{
    struct flat *counts = flat_get(object, "hidden"), *desk = flat_get(object, "desk");
    memset(hidden, 0, sizeof *hidden);
    if (counts) {
        hidden->filtered = read_count(counts, "filtered");
#define COUNT(member) hidden->member = read_count(counts, #member);
        HIDDEN(COUNT)
#undef COUNT
    }
    if (!desk)
        return;
    hidden->unhandled = read_count(desk, "unhandled");
    hidden->news = read_count(desk, "news");
    hidden->rate = flat_number(desk, "rate", 0);
    hidden->flood = flat_bool(desk, "flood", false);
    struct flat *by_severity = flat_get(desk, "by_severity");
    for (int severity = 0; by_severity && severity < SEVERITY_COUNT; severity++)
        hidden->by_severity[severity] = read_count(by_severity, severity_name((enum severity)severity));
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
        const char *actor = read_text(row, "actor", arena); /* "user:wang": whose words stay as they are */
        page->timeline[i] = (struct wire_alert_event){flat_instant(row, "time"), actor, read_text(row, "verb", arena),
                                                      (strchr(actor, ':') ? read_text : read_prose)(row, "text", arena)};
    }
    page->similar_count = read_array(object, "similar", &array);
    page->similar = arena_alloc(arena, page->similar_count * sizeof *page->similar);
    for (unsigned i = 0; i < page->similar_count; i++) {
        struct flat *row = flat_at(array, i);
        page->similar[i] = (struct wire_similar){read_text(row, "id", arena), flat_instant(row, "raised_at"),
                                                 flat_instant(row, "cleared_at"), read_text(row, "fixed_by", arena)};
    }
}

bool wire_read_alert_page(const char *bytes, size_t length, struct arena *arena, struct wire_alert_page *page, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    memset(page, 0, sizeof *page);
    read_page(object, &page->page);
    int64_t revision = flat_integer(object, "desk_revision", 0);
    page->page.revision = revision < 0 ? 0 : (uint64_t)revision;
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

#define TEXT(member, name) row->member = read_text(object, name, arena);
#define PROSE(member, name) row->member = read_prose(object, name, arena);
#define INSTANT(member, name) row->member = flat_instant(object, name);
#define COUNT(member, name) row->member = read_count(object, name);
#define LONG(member, name) row->member = flat_integer(object, name, 0);
#define FLAG(member, name) row->member = flat_bool(object, name, false);
#define READER(resource, LIST, more)                                                                             \
    static bool read_##resource(struct flat *object, struct arena *arena, struct wire_##resource *row)   \
    {                                                                                                            \
        memset(row, 0, sizeof *row);                                                                             \
        LIST(TEXT, PROSE, INSTANT, LONG, COUNT, LONG, FLAG)                                                      \
        more;                                                                                                    \
        return true;                                                                                             \
    }
READER(silence, SILENCE, )
READER(downtime, DOWNTIME, )
READER(rule, RULE, row->severity = get_severity(object, "severity"))
READER(notification, NOTIFICATION, )
READER(heartbeat, HEARTBEAT, )

#define LIST(name, resource)                                                                                     \
    bool wire_read_##name(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,         \
                          struct wire_##resource **items, unsigned *count, struct error *error)                  \
    {                                                                                                            \
        struct flat *array, *object = read_list(bytes, length, &array, error);                           \
        if (!object)                                                                                             \
            return false;                                                                                        \
        unsigned all = flat_count(array);                                                \
        read_page(object, page);                                                                                 \
        *items = arena_alloc(arena, all * sizeof **items);                                                       \
        *count = 0;                                                                                              \
        for (unsigned i = 0; i < all; i++)                                                                       \
            *count += read_##resource(flat_at(array, i), arena, &(*items)[*count]);            \
        flat_free(&object);                                                                                 \
        return true;                                                                                             \
    }
LIST(alert_groups, alert_group)
LIST(silences, silence)
LIST(downtimes, downtime)
LIST(rules, rule)
LIST(notifications, notification)
LIST(heartbeats, heartbeat)

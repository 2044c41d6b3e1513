/* What people do to alerts, through the door: one by its address, several by ids or by a filter, which is resolved here
 * so that the targets are what the desk had at that moment. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "wire/alerts.h"

#define TARGETS_MAX 10000

struct targets {
    char **ids;
    int64_t *revisions; /* -1: any */
    size_t count, capacity, revision_capacity;
    bool single;
    char *text, *actor, *idempotency;
};

static void targets_release(void *state)
{
    struct targets *targets = state;
    for (size_t i = 0; i < targets->count; i++)
        free(targets->ids[i]);
    free(targets->ids);
    free(targets->revisions);
    free(targets->text);
    free(targets->actor);
    free(targets->idempotency);
    free(targets);
}

static void add(struct targets *targets, const char *id, int64_t revision)
{
    ARRAY_RESERVE(targets->ids, targets->capacity, targets->count + 1);
    ARRAY_RESERVE(targets->revisions, targets->revision_capacity, targets->count + 1);
    targets->revisions[targets->count] = revision;
    targets->ids[targets->count++] = memory_text(id);
}

/* ---- the answer ---- */

/* One target: a conflict or a refusal is the whole answer, with the alert as it is now. */
static void answer_refused(struct request *request, const struct alert_outcome *outcome)
{
    static const struct { int status; enum error_code code; } codes[] = {
        {404, ERROR_NOT_FOUND}, {409, ERROR_CONFLICT}, {422, ERROR_INVALID}};
    struct error error;
    enum error_code code = ERROR_INTERNAL;
    for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
        if (codes[i].status == outcome->status)
            code = codes[i].code;
    error_set(&error, code, "%s: %s", outcome->id, outcome->detail);
    struct json_writer writer;
    const struct alert *alert = alerts_find(request->api->alerts, outcome->id);
    json_start(&writer, &request->answer);
    wire_problem_begin(&writer, outcome->status, &error, request->path);
    json_write_integer(&writer, "revision", outcome->revision);
    if (alert) {
        struct wire_alert row;
        struct buffer text = BUFFER_INIT;
        struct json_writer own;
        alerts_wire(request->api->alerts, alert, request->who.name, &row);
        json_start(&own, &text);
        wire_write_alert(&own, &row, WIRE_ALERT_WHOLE);
        json_write_raw(&writer, "current", text.data, text.length);
        buffer_release(&text);
    }
    json_write_object_end(&writer);
    request->content_type = "application/problem+json";
    request_finish(request, outcome->status);
}

static void write_outcomes(struct json_writer *writer, const struct alert_outcome *outcomes, unsigned count)
{
    json_write_object(writer, NULL);
    json_write_array(writer, "done");
    for (unsigned i = 0; i < count; i++)
        if (outcomes[i].status == 200)
            json_write_text(writer, NULL, outcomes[i].id);
    json_write_array_end(writer);
    json_write_array(writer, "revisions");
    for (unsigned i = 0; i < count; i++)
        if (outcomes[i].status == 200)
            json_write_integer(writer, NULL, outcomes[i].revision);
    json_write_array_end(writer);
    json_write_array(writer, "failed");
    for (unsigned i = 0; i < count; i++) {
        if (outcomes[i].status == 200)
            continue;
        json_write_object(writer, NULL);
        json_write_text(writer, "id", outcomes[i].id);
        json_write_integer(writer, "status", outcomes[i].status);
        json_write_text(writer, "detail", outcomes[i].detail);
        json_write_integer(writer, "revision", outcomes[i].revision);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

static void acted(void *owner, const struct alert_outcome *outcomes, unsigned count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    const struct targets *targets = request->state;
    if (targets->single && outcomes[0].status != 200) {
        answer_refused(request, &outcomes[0]);
    } else {
        struct json_writer writer;
        json_start(&writer, &request->answer);
        write_outcomes(&writer, outcomes, count);
        if (targets->single)
            request->etag = outcomes[0].revision;
        request_finish_json(request);
    }
}

/* ---- the question ---- */

static bool take_ids(struct request *request, struct targets *targets, struct json_object *body)
{
    struct json_object *ids = json_get(body, "ids"), *revisions = json_get(body, "revisions");
    size_t count = json_object_is_type(ids, json_type_array) ? json_object_array_length(ids) : 0;
    bool with = json_object_is_type(revisions, json_type_array);
    if (count > TARGETS_MAX || (with && json_object_array_length(revisions) != count)) {
        request_refuse(request, 400, ERROR_INVALID, "ids: at most %d, and as many revisions as ids", TARGETS_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));
        add(targets, id ? id : "", with ? json_object_get_int64(json_object_array_get_idx(revisions, i)) : -1);
    }
    return true;
}

static bool take_filter(struct request *request, struct targets *targets, const char *filter)
{
    const struct alert *const *rows;
    uint32_t total;
    struct error error;
    struct alert_select select = {.filter = filter};
    if (!alerts_select(request->api->alerts, &select, &rows, &total, NULL, &error)) {
        request_fail(request, &error);
        return false;
    }
    if (total > TARGETS_MAX) {
        request_refuse(request, 400, ERROR_INVALID, "filter: matches %u alerts, more than %d at once", total, TARGETS_MAX);
        return false;
    }
    for (uint32_t i = 0; i < total; i++)
        add(targets, alert_id(rows[i]), alert_revision(rows[i]));
    return true;
}

static bool take_targets(struct request *request, struct targets *targets, struct json_object *body, enum alert_verb verb)
{
    int64_t expected;
    if (request->id) {
        targets->single = true;
        if (!request_if_match(request, &expected))
            return false;
        add(targets, request->id, expected);
        return true;
    }
    const char *filter = json_get_text(body, "filter", NULL);
    if (filter && !(verb == ALERT_SEEN && !*filter))
        return take_filter(request, targets, filter);
    if (!filter && !json_get(body, "ids")) {
        request_refuse(request, 400, ERROR_INVALID, "expected {\"ids\":[\"A-..\"]} or {\"filter\":\"..\"}");
        return false;
    }
    return filter || take_ids(request, targets, body); /* everything was seen: no targets by name */
}

static bool take_until(struct request *request, struct json_object *body, msec *until)
{
    struct error error;
    const char *text = json_get_text(body, "until", "");
    msec span;
    *until = CLOCK_NEVER;
    if (!*text)
        return true;
    if (span_parse(text, &span, NULL)) { /* "2h" from now */
        *until = request->now + span;
        return true;
    }
    if (instant_parse(text, request->now, until, &error))
        return true;
    error_prefix(&error, "until");
    request_fail(request, &error);
    return false;
}

static bool verb_of(const struct request *request, enum alert_verb *verb)
{
    const char *name = strrchr(request->route->path, '/') + 1;
    for (int each = 0; each < ALERT_VERB_COUNT; each++)
        if (strcmp(alert_verb_name((enum alert_verb)each), name) == 0) {
            *verb = (enum alert_verb)each;
            return true;
        }
    return false;
}

/* Which member of the body is the verb's text. */
static const char *const text_members[ALERT_VERB_COUNT] = {
    [ALERT_ACK] = "note", [ALERT_ASSIGN] = "to", [ALERT_NOTE] = "text", [ALERT_SHELVE] = "why", [ALERT_CAUSE] = "cause",
    [ALERT_CLOSE] = "why", [ALERT_TICKET] = "ticket",
};

void post_alert(struct request *request)
{
    enum alert_verb verb;
    if (!request->api->alerts || !verb_of(request, &verb)) {
        request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon keeps no alerts");
        return;
    }
    struct json_object *body = request_json(request);
    if (!body)
        return;
    struct targets *targets = memory_new(sizeof *targets);
    request->state = targets;
    request->release_state = targets_release;
    struct alert_request act = {.verb = verb, .sticky = json_get_bool(body, "sticky", false)};
    if (take_until(request, body, &act.until) && take_targets(request, targets, body, verb)) {
        const char *text = text_members[verb] ? json_get_text(body, text_members[verb], "") : "";
        targets->text = memory_text(text);
        targets->actor = memory_text(request->who.name);
        targets->idempotency = memory_text(request_header(request, "Idempotency-Key"));
        act.text = targets->text;
        act.actor = targets->actor;
        act.idempotency = targets->idempotency;
        alerts_act(request->api->alerts, &act, (const char *const *)targets->ids, targets->revisions, (unsigned)targets->count,
                   acted, request);
    }
    json_object_put(body);
}

/* One request's way from its first line to its handler. The answer's side is reply.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/json.h"
#include "base/memory.h"

#define REFUSALS_NOTED 30 /* in the audit, of a minute */

struct request *request_new(struct listener *listener, struct MHD_Connection *connection, const char *raw)
{
    struct request *request = memory_new(sizeof *request);
    request->listener = listener;
    request->api = listener_api(listener);
    request->connection = connection;
    request->peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    request->started_ns = uv_hrtime();
    request->now = clock_wall();
    request->at = CLOCK_NEVER;
    request->etag = -1;
    request->path = memory_text_n(raw, strcspn(raw, "?"));
    request->next = request->api->requests;
    request->link = &request->api->requests;
    if (request->next)
        request->next->link = &request->next;
    request->api->requests = request;
    /* A target that cannot be read is answered once the headers are complete. */
    struct error error;
    if (!target_init(&request->target, raw, &error)) {
        request->refused = true;
        request_fail(request, &error);
    }
    return request;
}

/* The door closes before a callback came: what is left of the request only waits to be freed. */
void request_unlink(struct request *request)
{
    if (!request->api)
        return;
    replays_drop(request);
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
    request->api = NULL;
}

void request_free(struct request *request)
{
    request_unlink(request);
    if (request->release_state)
        request->release_state(request->state);
    fleet_past_release(request->past);
    target_release(&request->target);
    buffer_release(&request->body);
    buffer_release(&request->answer);
    buffer_release(&request->allow);
    free(request->path);
    free(request);
}

bool request_alive(struct request *request)
{
    if (request->connection)
        return true;
    request_free(request);
    return false;
}

struct request *request_answered(void *owner, const struct error *error)
{
    struct request *request = owner;
    if (!request_alive(request))
        return NULL;
    if (!error)
        return request;
    request_fail(request, error);
    return NULL;
}

const char *request_header(struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* ---- admission ---- */

static bool is_write(const struct request *request)
{
    return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

static bool knows_parameter(const struct route *route, const char *name)
{
    for (const char *const *known = route->parameters; known && *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

static void refuse_parameter(struct request *request, const char *name)
{
    struct buffer known = BUFFER_INIT;
    for (const char *const *at = request->route->parameters; at && *at; at++)
        buffer_printf(&known, "%s%s", known.length ? ", " : "", *at);
    request_refuse(request, 400, ERROR_INVALID, "unknown parameter `%.60s`; this address takes %s", name,
                   known.length ? buffer_text(&known) : "none");
    buffer_release(&known);
}

static bool admit_route(struct request *request)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    request->route = route_find(&request->target, method, &request->id, &request->allow);
    if (!request->route && request->allow.length)
        request_refuse(request, 405, ERROR_INVALID, "%.20s is not answered here; %s is", request->method,
                       buffer_text(&request->allow));
    else if (!request->route)
        request_refuse(request, 404, ERROR_NOT_FOUND, "no such address; /api/v1/openapi.json lists them");
    if (!request->route)
        return false;
    for (unsigned i = 0; i < request->target.parameter_count; i++)
        if (!knows_parameter(request->route, request->target.parameter[i].name)) {
            refuse_parameter(request, request->target.parameter[i].name);
            return false;
        }
    return true;
}

/* Browsers must not write with somebody's client certificate: they always say where a page came from, and name a
 * content type that a plain form cannot send. */
static bool admit_origin(struct request *request)
{
    if (!is_write(request) || !request_header(request, "Origin"))
        return true;
    request_refuse(request, 403, ERROR_DENIED, "pages of browsers may not write here");
    return false;
}

static bool admit_body(struct request *request)
{
    const char *length = request_header(request, "Content-Length");
    size_t limit = request->route->body ? request->route->body_limit : 0;
    if (!length || strtoull(length, NULL, 10) <= limit)
        return true;
    request_refuse(request, 413, ERROR_FULL, limit ? N_("the body is larger than %zu bytes") : N_("no body is expected here"), limit);
    return false;
}

static bool admit_type(struct request *request)
{
    const char *want = request->route->body && strcmp(request->route->body, "csv") == 0 ? "text/csv" : "application/json";
    const char *type = request_header(request, "Content-Type");
    if (!request->body.length || (type && strncasecmp(type, want, strlen(want)) == 0))
        return true;
    request_refuse(request, 415, ERROR_INVALID, "expected Content-Type: %s", want);
    return false;
}

static void refusal_noted(void *owner, const struct error *error)
{
    (void)owner, (void)error;
}

/* Who tried what is not theirs is in the audit, a few a minute: nobody shall fill it. */
static void note_refusal(struct request *request)
{
    struct api *api = request->api;
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    if (!is_write(request) && request->route->handle != get_server_logs)
        return;
    if (request->now - api->refusals.since >= SPAN_MINUTE || request->now < api->refusals.since) {
        api->refusals.since = request->now;
        api->refusals.count = 0;
    }
    if (++api->refusals.count > REFUSALS_NOTED)
        return;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "asked", request->method);
    json_write_text(&writer, "address", request->route->path);
    json_write_text(&writer, "needs", role_name(request->route->role));
    json_write_text(&writer, "role", role_name(request->role));
    json_write_object_end(&writer);
    store_action_commit(store_action_new(api->store, request->who.name, "refused", request->id ? request->id : "", buffer_text(&detail)),
                        refusal_noted, NULL);
    buffer_release(&detail);
}

/* Before the body is gathered where the kernel or the token says at once who it is; else when it is known. */
static bool admit_person(struct request *request)
{
    if (request->refused || request->admitted)
        return !request->refused;
    request->admitted = true;
    if (request->route->role == ROLE_NONE)
        return true;
    struct error error;
    enum identity identity = peer_identify(request, &error);
    if (identity == IDENTITY_LATER) {
        request->admitted = false;
        return true;
    }
    request->refused = true;
    if (identity == IDENTITY_WRONG) {
        request->api->figures.refused_logins++;
        request_refuse(request, 401, ERROR_DENIED, "%s", error.text);
        return false;
    }
    request->role = who_role(request->api->site, &request->who);
    if (request->api->capsule && is_write(request)) {
        request_refuse(request, 403, ERROR_DENIED, "this is an incident capsule: it can only be looked at");
        return false;
    }
    if (request->role >= request->route->role) {
        request->refused = false;
        return true;
    }
    note_refusal(request);
    request_refuse(request, 403, ERROR_DENIED, "this needs the role %s; %s is %s", role_name(request->route->role),
                   request->who.name, role_name(request->role));
    return false;
}

static void begin(struct request *request, const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    request->begun = true;
    request->method = "?";
    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (strcmp(method, known[i]) == 0)
            request->method = known[i];
    if (!request->refused)
        request->refused = !admit_route(request) || !admit_origin(request) || !admit_body(request);
    admit_person(request);
}

/* ---- the steps, as MHD calls ---- */

static enum MHD_Result take_body(struct request *request, const char *upload, size_t *upload_size)
{
    size_t limit = admit_person(request) && request->route->body ? request->route->body_limit : 0;
    if (!request->refused && request->body.length + *upload_size > limit) {
        request->refused = true; /* a chunked body that no Content-Length announced */
        buffer_release(&request->body);
        request_refuse(request, 413, ERROR_FULL, limit ? N_("the body is larger than %zu bytes") : N_("no body is expected here"), limit);
    }
    if (!request->refused)
        buffer_append(&request->body, upload, *upload_size);
    request->discarded += request->refused ? *upload_size : 0;
    *upload_size = 0;
    return request->discarded > MEBIBYTE ? MHD_NO : MHD_YES; /* NO closes the connection */
}

static void request_sleep(struct request *request)
{
    request->sleeping = true;
    MHD_suspend_connection(request->connection);
}

static void request_wake(struct request *request)
{
    if (!request->sleeping)
        return;
    request->sleeping = false;
    MHD_resume_connection(request->connection);
    listener_wake(request->listener);
}

static void person_found(void *owner, const struct who *who)
{
    struct request *request = owner;
    if (!request_alive(request))
        return;
    request->peer->who = *who;
    request->peer->identified = true;
    request_wake(request);
}

enum identity request_look_up(struct request *request, uid_t uid, gid_t gid)
{
    const struct who *who = people_find(request->api->people, uid, gid, person_found, request);
    if (!who)
        return IDENTITY_LATER;
    request->peer->who = *who;
    request->peer->identified = true;
    return IDENTITY_KNOWN;
}

enum MHD_Result request_step(struct request *request, const char *method, const char *upload, size_t *upload_size)
{
    if (!request->begun) {
        peer_phase(request, PEER_BODY);
        begin(request, method);
        if (request->refused && request_header(request, "Content-Length"))
            return reply_queue(request); /* now, before the body: the connection closes after */
        if (!request->refused && !request->admitted) {
            request->repeated = true;
            request_sleep(request); /* until person_found */
        }
        return MHD_YES;
    }
    if (request->repeated) {
        /* Having slept with the headers in hand, MHD calls with them once more. */
        request->repeated = false;
        if (!admit_person(request) && request_header(request, "Content-Length"))
            return reply_queue(request);
        return MHD_YES;
    }
    if (*upload_size)
        return take_body(request, upload, upload_size);
    if (!request->ran) {
        request->ran = true;
        peer_phase(request, PEER_ANSWER);
        if (admit_person(request) && admit_type(request) && !replays_answer(request)) {
            request->route->handle(request);
            if (!request->answered) {
                request_sleep(request);
                return MHD_YES;
            }
        }
    }
    return reply_queue(request);
}

void request_finish(struct request *request, int status)
{
    request->status = status;
    request->answered = true;
    replays_keep(request);
    request_wake(request);
}

/* ---- what handlers ask for ---- */

bool request_if_match(struct request *request, int64_t *revision)
{
    *revision = -1;
    const char *text = request_header(request, "If-Match");
    if (!text || strcmp(text, "*") == 0)
        return true;
    char *end;
    const char *digits = text + (*text == '"');
    *revision = strtoll(digits, &end, 10);
    if (end != digits && *revision >= 0 && (*end == '\0' || (*end == '"' && !end[1])))
        return true;
    request_refuse(request, 400, ERROR_INVALID, "If-Match: expected a revision such as \"3\"; got `%.40s`", text);
    return false;
}

struct json_object *request_json(struct request *request)
{
    struct error error;
    struct json_object *object = request->body.length
                                     ? json_parse(request->body.data, request->body.length, 0, &error)
                                     : json_object_new_object();
    if (object && json_object_is_type(object, json_type_object))
        return object;
    if (object)
        error_set(&error, ERROR_INVALID, "expected a JSON object as the body");
    json_object_put(object);
    request_fail(request, &error);
    return NULL;
}

static void past_loaded(void *owner, struct fleet_past *past, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request) {
        fleet_past_release(past);
        return;
    }
    request->past = past;
    request->after_past(request);
}

void request_at(struct request *request, void (*next)(struct request *request))
{
    struct error error;
    if (!target_instant(&request->target, "at", request->now, &request->at, &error)) {
        request_fail(request, &error);
        return;
    }
    if (request->at == CLOCK_NEVER && request->api->capsule && request->replay_at_end)
        request->at = request->now;
    if (request->at == CLOCK_NEVER) {
        next(request);
        return;
    }
    if (request->at > request->now + SPAN_SECOND) {
        request_refuse(request, 400, ERROR_INVALID, "at: is in the future");
        return;
    }
    request->after_past = next;
    fleet_past_load(request->api->fleet, request->at, past_loaded, request);
}

bool request_wants_csv(struct request *request)
{
    const char *format = target_get(&request->target, "format"), *accept = request_header(request, "Accept");
    return format ? strcmp(format, "csv") == 0 : accept && strncmp(accept, "text/csv", 8) == 0;
}

void request_page(struct request *request, struct wire_page *page)
{
    page->revision = fleet_revision(request->api->fleet);
    page->past = request->past != NULL && target_get(&request->target, "at") != NULL;
    page->as_of = request->past ? fleet_past_at(request->past) : request->now;
}

bool request_span(struct request *request, msec usual, msec *from, msec *to)
{
    struct error error;
    *to = request->now;
    *from = CLOCK_NEVER;
    bool good = target_instant(&request->target, "to", request->now, to, &error) &&
                target_instant(&request->target, "from", request->now, from, &error);
    if (good && *from == CLOCK_NEVER)
        *from = *to - usual;
    good = good && (*from < *to || error_set(&error, ERROR_INVALID, "from: must be before `to`"));
    if (!good)
        request_fail(request, &error);
    return good;
}

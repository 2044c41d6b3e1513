/* Saved views: a resource and the query that shows it, under a name, for everybody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/text.h"

#define NAME_MAX_BYTES 96

/* ---- reading ---- */

static void write_view(struct json_writer *writer, const struct record *record)
{
    struct wire_saved_view view = {
        .name = record->id, .resource = json_get_text(record->body, "resource", ""),
        .query = json_get_text(record->body, "query", ""), .owner = json_get_text(record->body, "owner", ""),
        .revision = record->revision};
    wire_write_saved_view(writer, &view);
}

static void answer_view(struct request *request, const struct record *record, int status)
{
    struct json_writer writer;
    json_start(&writer, &request->answer);
    write_view(&writer, record);
    request->etag = record->revision;
    request->content_type = "application/json";
    request_finish(request, status);
}

void get_views(struct request *request)
{
    struct wire_page page = {0};
    for (struct record *record = request->api->records; record; record = record->next)
        page.total += strcmp(record->kind, "view") == 0;
    page.population = page.total;
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (struct record *record = request->api->records; record; record = record->next)
        if (strcmp(record->kind, "view") == 0)
            write_view(&writer, record);
    wire_list_end(&writer);
    request_finish_json(request);
}

void get_view(struct request *request)
{
    struct record *record = record_find(request->api, "view", request->id);
    if (record)
        answer_view(request, record, 200);
    else
        request_refuse(request, 404, ERROR_NOT_FOUND, "no view `%.96s`", request->id);
}

/* ---- writing ---- */

struct change {
    char *name, *body; /* body NULL: forget it */
    int64_t expected;
};

static void change_release(void *state)
{
    struct change *change = state;
    free(change->name);
    free(change->body);
    free(change);
}

/* The problem with what stands there now, so that the person sees what changed. */
static void answer_conflict(struct request *request, const struct error *error, const struct record *record)
{
    struct json_writer writer;
    buffer_clear(&request->answer);
    json_start(&writer, &request->answer);
    wire_problem_begin(&writer, 409, error, request->path);
    if (record) {
        const char *text = json_object_to_json_string_ext(record->body, JSON_C_TO_STRING_PLAIN);
        json_write_integer(&writer, "revision", record->revision);
        json_write_raw(&writer, "current", text, strlen(text));
    } else
        json_write_null(&writer, "current");
    json_write_object_end(&writer);
    request->content_type = "application/problem+json";
    request_finish(request, 409);
}

static void view_saved(void *owner, const struct error *error)
{
    struct request *request = owner;
    struct change *change = request->state;
    struct record *record = request->api ? record_find(request->api, "view", change->name) : NULL;
    bool existed = record != NULL;
    if (!error && request->api) { /* also when the client has gone: it is done */
        int64_t revision = record ? record->revision + 1 : 1;
        if (change->body)
            record_put(request->api, "view", change->name, revision, change->body);
        else
            record_remove(request->api, "view", change->name);
    }
    if (!request_alive(request))
        return;
    if (error && error->code == ERROR_CONFLICT)
        answer_conflict(request, error, record);
    else if (error)
        request_fail(request, error);
    else if (change->body)
        answer_view(request, record_find(request->api, "view", change->name), existed ? 200 : 201);
    else
        request_finish(request, 204);
}

/* A view belongs to who made it; a supervisor may tidy up. */
static bool may_change(struct request *request, const struct record *record)
{
    if (!record || request->role >= ROLE_SUPERVISOR ||
        strcmp(json_get_text(record->body, "owner", ""), request->who.name) == 0)
        return true;
    request_refuse(request, 403, ERROR_DENIED, "the view `%.96s` belongs to %s", record->id,
                   json_get_text(record->body, "owner", ""));
    return false;
}

static void commit(struct request *request, char *body, const char *verb)
{
    struct record *record = record_find(request->api, "view", request->id);
    struct change *change = memory_new(sizeof *change);
    *change = (struct change){.name = memory_text(request->id), .body = body};
    request->state = change;
    request->release_state = change_release;
    if (!request_if_match(request, &change->expected) || !may_change(request, record))
        return;
    if (change->expected >= 0 && change->expected != (record ? record->revision : 0)) {
        struct error error;
        if (record)
            error_set(&error, ERROR_CONFLICT, "the view was changed meanwhile: it is at revision %lld now",
                      (long long)record->revision);
        else
            error_set(&error, ERROR_CONFLICT, "the view is gone meanwhile");
        answer_conflict(request, &error, record);
        return;
    }
    struct store_action *action =
        store_action_new(request->api->store, request->who.name, verb, request->id, body ? body : "");
    store_action_record(action, "view", request->id, change->expected, body);
    store_action_commit(action, view_saved, request);
}

static bool name_good(struct request *request)
{
    char clean[NAME_MAX_BYTES + 1];
    if (strlen(request->id) <= NAME_MAX_BYTES && text_clean_into(clean, sizeof clean, request->id, strlen(request->id)))
        return true;
    request_refuse(request, 400, ERROR_INVALID, "a name has at most %d bytes and no control characters", NAME_MAX_BYTES);
    return false;
}

void put_view(struct request *request)
{
    struct json_object *body = name_good(request) ? request_json(request) : NULL;
    if (!body)
        return;
    const char *resource = json_get_text(body, "resource", ""), *query = json_get_text(body, "query", NULL);
    if (!*resource || !query)
        request_refuse(request, 400, ERROR_INVALID, "expected {\"resource\":\"assets\",\"query\":\"filter=..&sort=..\"}");
    else {
        struct buffer text = BUFFER_INIT;
        struct json_writer writer;
        struct record *record = record_find(request->api, "view", request->id);
        json_start(&writer, &text);
        json_write_object(&writer, NULL);
        json_write_text(&writer, "resource", resource);
        json_write_text(&writer, "query", query);
        json_write_text(&writer, "owner", record ? json_get_text(record->body, "owner", "") : request->who.name);
        json_write_object_end(&writer);
        commit(request, buffer_take(&text), N_("view save"));
    }
    json_object_put(body);
}

void delete_view(struct request *request)
{
    if (record_find(request->api, "view", request->id))
        commit(request, NULL, N_("view forget"));
    else
        request_refuse(request, 404, ERROR_NOT_FOUND, "no view `%.96s`", request->id);
}

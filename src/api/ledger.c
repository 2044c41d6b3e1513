/* The ledger through the door: import, export, adopting what was discovered. */
#include "engine/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"

#define ADOPT_MAX 1000

void get_ledger(struct request *request)
{
    struct error error;
    const char *filter = target_get(&request->target, "filter");
    if (!ledger_write(request->api->fleet, filter ? filter : "", &request->answer, &error)) {
        request_fail(request, &error);
        return;
    }
    request->content_type = "text/csv; charset=utf-8";
    snprintf(request->filename, sizeof request->filename, "ledger.csv");
    request->etag = (int64_t)fleet_ledger_revision(request->api->fleet);
    request_finish(request, 200);
}

/* ---- import ---- */

static void write_problems(struct json_writer *writer, const char *lines)
{
    json_write_array(writer, "problems");
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        if (length)
            json_write_text_n(writer, NULL, lines, length);
        lines += length;
        lines += *lines == '\n';
    }
    json_write_array_end(writer);
}

/* The object stays open: what the ledger's revision became is only known afterwards. */
static void write_summary(struct json_writer *writer, const struct ledger_change *change, bool dry_run)
{
    struct ledger_summary summary;
    ledger_change_summary(change, &summary);
    json_write_object(writer, NULL);
    json_write_bool(writer, "dry_run", dry_run);
    json_write_integer(writer, "rows", summary.rows);
    json_write_integer(writer, "added", summary.added);
    json_write_integer(writer, "changed", summary.changed);
    json_write_integer(writer, "unchanged", summary.unchanged);
    json_write_integer(writer, "removed", summary.removed);
    json_write_integer(writer, "rejected", summary.rejected);
    json_write_integer(writer, "warnings", summary.warnings);
    write_problems(writer, summary.problems);
}

static void finish_import(struct request *request)
{
    struct json_writer *writer = request->state;
    request->etag = (int64_t)fleet_ledger_revision(request->api->fleet);
    json_write_integer(writer, "revision", request->etag);
    json_write_object_end(writer);
    request_finish_json(request);
}

static void imported(void *owner, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (request)
        finish_import(request);
}

static bool ledger_unchanged(struct request *request)
{
    int64_t expected, now = (int64_t)fleet_ledger_revision(request->api->fleet);
    if (!request_if_match(request, &expected))
        return false;
    if (expected < 0 || expected == now)
        return true;
    struct error error;
    struct json_writer writer;
    error_set(&error, ERROR_CONFLICT, "the ledger was changed meanwhile: it is at revision %lld now", (long long)now);
    json_start(&writer, &request->answer);
    wire_problem_begin(&writer, 409, &error, request->path);
    json_write_integer(&writer, "revision", now);
    json_write_object_end(&writer);
    request->content_type = "application/problem+json";
    request_finish(request, 409);
    return false;
}

void post_ledger(struct request *request)
{
    const char *name = target_get(&request->target, "name");
    bool complete = false, dry_run = false;
    struct ledger_change *change;
    struct error error;
    if (!ledger_unchanged(request))
        return;
    if (!target_flag(&request->target, "complete", &complete, &error) ||
        !target_flag(&request->target, "dry_run", &dry_run, &error) ||
        !ledger_read(request->api->fleet, name && *name ? name : "ledger.csv", buffer_text(&request->body),
                     request->body.length, complete, &change, &error)) {
        request_fail(request, &error);
        return;
    }
    struct json_writer *writer = memory_new(sizeof *writer);
    request->state = writer;
    request->release_state = free;
    buffer_release(&request->body); /* up to 64 MiB that nothing needs any more */
    json_start(writer, &request->answer);
    write_summary(writer, change, dry_run);
    if (!dry_run) {
        fleet_apply_ledger(request->api->fleet, change, request->who.name, imported, request);
        return;
    }
    ledger_change_free(&change);
    finish_import(request);
}

/* ---- adopting ---- */

static void answer_conflict(struct request *request, const struct error *error, uint32_t asset)
{
    struct wire_asset now;
    struct json_writer writer;
    asset_fill(request->api->fleet, asset, NULL, &now);
    json_start(&writer, &request->answer);
    wire_problem_begin(&writer, 409, error, request->path);
    json_write_integer(&writer, "revision", now.revision);
    /* The writer takes a value in an array or text of one under a key: the row as raw text. */
    struct buffer row = BUFFER_INIT;
    struct json_writer inner;
    json_start(&inner, &row);
    wire_write_asset(&inner, &now, NULL);
    json_write_raw(&writer, "current", row.data, row.length);
    buffer_release(&row);
    json_write_object_end(&writer);
    request->etag = now.revision;
    request->content_type = "application/problem+json";
    request_finish(request, 409);
}

static void adopted(void *owner, const struct error *error)
{
    struct request *request = owner;
    if (!request_alive(request))
        return;
    uint32_t asset = fleet_find(request->api->fleet, request->id);
    if (error && error->code == ERROR_CONFLICT && asset != FLEET_NONE)
        answer_conflict(request, error, asset);
    else if (error)
        request_fail(request, error);
    else
        get_asset(request);
}

void post_adopt(struct request *request)
{
    int64_t expected;
    struct json_object *body = request_json(request);
    if (!body)
        return;
    if (request_if_match(request, &expected))
        fleet_adopt(request->api->fleet, request->id, json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN), expected,
                    request->who.name, adopted, request);
    json_object_put(body);
}

/* One after the other, each an action of its own: what fails does not take the rest with it. */
struct bulk {
    struct json_object *body, *ids;
    size_t next;
    unsigned done, failed;
    bool inside, again;        /* callbacks may come before fleet_adopt returns: no recursion */
    struct json_writer writer;
};

static void bulk_release(void *state)
{
    struct bulk *bulk = state;
    json_object_put(bulk->body);
    free(bulk);
}

static void bulk_finish(struct request *request, struct bulk *bulk)
{
    json_write_array_end(&bulk->writer);
    json_write_integer(&bulk->writer, "done", bulk->done);
    json_write_integer(&bulk->writer, "failed", bulk->failed);
    json_write_object_end(&bulk->writer);
    request_finish_json(request);
}

static void bulk_next(struct request *request);

static void bulk_adopted(void *owner, const struct error *error)
{
    struct request *request = owner;
    if (!request->api || !request_alive(request))
        return;
    struct bulk *bulk = request->state;
    json_write_object(&bulk->writer, NULL);
    json_write_text(&bulk->writer, "id", json_object_get_string(json_object_array_get_idx(bulk->ids, bulk->next++)));
    json_write_bool(&bulk->writer, "ok", !error);
    if (error) {
        json_write_text(&bulk->writer, "code", error_code_name(error->code));
        json_write_text(&bulk->writer, "detail", error->text);
    }
    json_write_object_end(&bulk->writer);
    bulk->done += !error;
    bulk->failed += error != NULL;
    if (bulk->inside)
        bulk->again = true;
    else
        bulk_next(request);
}

static void bulk_next(struct request *request)
{
    struct bulk *bulk = request->state;
    struct json_object *fields = json_get(bulk->body, "fields"), *revisions = json_get(bulk->body, "revisions");
    do {
        if (bulk->next == json_object_array_length(bulk->ids)) {
            bulk_finish(request, bulk);
            return;
        }
        const char *id = json_object_get_string(json_object_array_get_idx(bulk->ids, bulk->next));
        bulk->inside = true;
        bulk->again = false;
        fleet_adopt(request->api->fleet, id,
                    fields ? json_object_to_json_string_ext(fields, JSON_C_TO_STRING_PLAIN) : "{}",
                    json_get_integer(revisions, id, -1), request->who.name, bulk_adopted, request);
        bulk->inside = false;
    } while (bulk->again);
}

static bool ids_good(struct json_object *ids)
{
    if (!ids || !json_object_is_type(ids, json_type_array) || !json_object_array_length(ids) ||
        json_object_array_length(ids) > ADOPT_MAX)
        return false;
    for (size_t i = 0; i < json_object_array_length(ids); i++)
        if (!json_object_is_type(json_object_array_get_idx(ids, i), json_type_string))
            return false;
    return true;
}

void post_adopt_many(struct request *request)
{
    struct json_object *body = request_json(request);
    if (!body)
        return;
    if (!ids_good(json_get(body, "ids"))) {
        request_refuse(request, 400, ERROR_INVALID, "ids: expected a list of 1 to %d ids", ADOPT_MAX);
        json_object_put(body);
        return;
    }
    struct bulk *bulk = memory_new(sizeof *bulk);
    bulk->body = body;
    bulk->ids = json_get(body, "ids");
    request->state = bulk;
    request->release_state = bulk_release;
    json_start(&bulk->writer, &request->answer);
    json_write_object(&bulk->writer, NULL);
    json_write_array(&bulk->writer, "items");
    bulk_next(request);
}

/* The small reads: sources, audit, who am I, version, health, figures, the document. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"

#define AUDIT_DEFAULT 100
#define AUDIT_MAX 10000

static void write_source(struct json_writer *writer, const struct source *source)
{
    struct wire_example examples[SOURCE_EXAMPLES];
    for (unsigned i = 0; i < source->example_count; i++)
        examples[i] = (struct wire_example){.time = source->examples[i].time, .reason = source->examples[i].reason,
                                            .sample = source->examples[i].sample};
    struct wire_source wire = {
        .name = source->name, .type = source->ops->type, .state = source_state_name(source->status),
        .detail = source->detail, .since = source->since, .last_heard = source->last_heard, .rate = source->rate,
        .messages = source->messages, .readings = source->readings, .bytes = source->bytes, .bad = source->bad,
        .duplicates = source->duplicates, .checks = source->checks, .failures = source->failures,
        .reconnects = source->reconnects, .targets = source->targets, .examples = examples,
        .example_count = source->example_count};
    wire_write_source(writer, &wire);
}

/* The door's own sources stand among them once something was pushed. */
static bool pushed(const struct source *source)
{
    return source && (source->messages || source->bad);
}

/* The store is no source, but where a site looks for what does not answer: a server's always, a file's when it fails. */
static bool store_row(const struct api *api, struct store_status *status, struct wire_source *row)
{
    store_status(api->store, status);
    *row = (struct wire_source){
        .name = "store",
        .type = status->engine,
        .state = status->writable ? "running" : "down",
        .detail = status->problem,
        .since = api->site->started,
        .last_heard = status->writable ? clock_wall() : CLOCK_NEVER,
        .readings = status->readings_written,
        .bytes = status->bytes,
        .bad = status->texts_cleaned + status->readings_refused,
    };
    return strcmp(status->engine, "postgresql") == 0 || !status->writable;
}

void get_sources(struct request *request)
{
    const struct api *api = request->api;
    const struct site *site = api->site;
    const struct source *own[] = {api->pushed, api->unasked[0], api->unasked[1]};
    uint32_t count = (uint32_t)site->source_count;
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        count += pushed(own[i]);
    struct store_status status;
    struct wire_source store;
    bool with_store = store_row(api, &status, &store);
    count += with_store;
    struct wire_page page = {.total = count, .population = count};
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    if (with_store)
        wire_write_source(&writer, &store);
    for (size_t i = 0; i < site->source_count; i++)
        write_source(&writer, site->sources[i]);
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        if (pushed(own[i]))
            write_source(&writer, own[i]);
    wire_list_end(&writer);
    request_finish_json(request);
}

void get_whoami(struct request *request)
{
    struct json_writer writer;
    json_start(&writer, &request->answer);
    struct wire_whoami whoami = {.name = request->who.name, .role = role_name(request->role)};
    wire_write_whoami(&writer, &whoami);
    request_finish_json(request);
}

void get_version(struct request *request)
{
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "name", "nocturned");
    json_write_text(&writer, "version", request->api->site->version);
    json_write_text(&writer, "api", "v1");
    json_write_object_end(&writer);
    request_finish_json(request);
}

/* ---- audit ---- */

static void audit_loaded(void *owner, const struct store_audit *rows, size_t count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct wire_page page = {.total = (uint32_t)count, .population = (uint32_t)count};
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (size_t i = 0; i < count; i++) {
        struct wire_audit audit = {.sequence = rows[i].sequence, .time = rows[i].time, .actor = rows[i].actor,
                                   .verb = rows[i].verb, .target = rows[i].target, .detail = rows[i].detail,
                                   .hash = rows[i].hash};
        wire_write_audit(&writer, &audit);
    }
    wire_list_end(&writer);
    request_finish_json(request);
}

void get_audit(struct request *request)
{
    uint32_t before = 0, limit = AUDIT_DEFAULT;
    struct error error;
    if (!target_count(&request->target, "before", UINT32_MAX, &before, &error) ||
        !target_count(&request->target, "limit", AUDIT_MAX, &limit, &error))
        request_fail(request, &error);
    else if (request->api->capsule)
        replay_audit(request, before, limit ? limit : 1);
    else
        store_audit(request->api->store, before, limit ? limit : 1, audit_loaded, request);
}

static void verified(void *owner, int64_t rows, int64_t broken_at, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "rows", rows);
    json_write_bool(&writer, "whole", broken_at < 0);
    if (broken_at >= 0)
        json_write_integer(&writer, "broken_at", broken_at);
    else
        json_write_null(&writer, "broken_at");
    json_write_object_end(&writer);
    request_finish_json(request);
}

void get_audit_verify(struct request *request)
{
    store_audit_verify(request->api->store, verified, request);
}

/* ---- for machines that watch the watcher ---- */

/* Healthy is: what people do can be kept. Sources that are down are the site's trouble, shown but not ours. */
void get_healthz(struct request *request)
{
    const struct site *site = request->api->site;
    struct store_status store;
    unsigned running = 0;
    store_status(request->api->store, &store);
    for (size_t i = 0; i < site->source_count; i++)
        running += site->sources[i]->status == SOURCE_RUNNING;
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "status", store.writable ? "ok" : "failing");
    json_write_object(&writer, "store");
    json_write_text(&writer, "engine", store.engine);
    json_write_bool(&writer, "writable", store.writable);
    json_write_text(&writer, "problem", store.problem);
    json_write_integer(&writer, "queued", (int64_t)store.queued);
    json_write_object_end(&writer);
    json_write_object(&writer, "sources");
    json_write_integer(&writer, "total", (int64_t)site->source_count);
    json_write_integer(&writer, "running", running);
    json_write_object_end(&writer);
    json_write_text(&writer, "version", site->version);
    json_write_instant(&writer, "started", site->started);
    json_write_object_end(&writer);
    request->content_type = "application/json";
    request_finish(request, store.writable ? 200 : 503);
}

void get_metrics(struct request *request)
{
    metrics_write(request->api, &request->answer);
    request->content_type = "text/plain; version=0.0.4; charset=utf-8";
    request_finish(request, 200);
}

void get_openapi(struct request *request)
{
    struct buffer *document = &request->api->openapi;
    if (!document->length)
        openapi_write(document);
    buffer_append(&request->answer, document->data, document->length);
    request_finish_json(request);
}

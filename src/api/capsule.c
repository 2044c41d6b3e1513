/* An incident to carry away, and what a replayed one answers where no engine stands behind the door. */
#include "engine/capsule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/log.h"
#include "base/memory.h"

#define AROUND_MOST SPAN_DAY

/* ---- exporting ---- */

/* One at a time: it reads for a second or so, and nobody needs two at once. */
struct exporting {
    struct api *api;              /* NULL once the door has closed */
    struct request *request;
    struct gather *gather;
    struct capsule *capsule;
    uv_work_t work;
    struct buffer bytes;
    bool good;
    struct error error;
};

static void exporting_free(struct exporting *exporting)
{
    if (exporting->api)
        exporting->api->exporting = NULL;
    capsule_free(&exporting->capsule);
    buffer_release(&exporting->bytes);
    free(exporting);
}

static void noted(void *owner, const struct error *error)
{
    struct exporting *exporting = owner;
    struct request *request = exporting->request;
    if (!request_alive(request)) {
        exporting_free(exporting);
        return;
    }
    if (error) {
        request_fail(request, error);
    } else {
        buffer_append(&request->answer, exporting->bytes.data, exporting->bytes.length);
        request->content_type = "application/zstd";
        snprintf(request->filename, sizeof request->filename, "%.40s" CAPSULE_SUFFIX, exporting->capsule->incident);
        request_finish(request, 200);
    }
    exporting_free(exporting);
}

/* What leaves the site is noted before it does. */
static void packed(uv_work_t *work, int status)
{
    struct exporting *exporting = work->data;
    struct request *request = exporting->request;
    if (!exporting->api || !request->connection) {
        request_alive(request);
        exporting_free(exporting);
        return;
    }
    if (status != 0 || !exporting->good) {
        if (status != 0)
            error_set(&exporting->error, ERROR_UNAVAILABLE, "the daemon is ending");
        request_fail(request, &exporting->error);
        exporting_free(exporting);
        return;
    }
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "bytes", (int64_t)exporting->bytes.length);
    json_write_integer(&writer, "assets", (int64_t)exporting->capsule->assets_count);
    json_write_integer(&writer, "readings", (int64_t)exporting->capsule->readings);
    json_write_object_end(&writer);
    store_action_commit(store_action_new(exporting->api->store, request->who.name, "export incident", exporting->capsule->incident,
                                         buffer_text(&detail)), noted, exporting);
    buffer_release(&detail);
}

static void pack(uv_work_t *work)
{
    struct exporting *exporting = work->data;
    exporting->good = capsule_write(exporting->capsule, &exporting->bytes, &exporting->error);
}

static void gathered(void *owner, struct capsule *capsule, const struct error *error)
{
    struct exporting *exporting = owner;
    struct request *request = exporting->request;
    exporting->gather = NULL;
    exporting->capsule = capsule;
    if (error || !request->connection) {
        if (request_alive(request))
            request_fail(request, error);
        exporting_free(exporting);
        return;
    }
    exporting->work.data = exporting;
    uv_queue_work(exporting->api->loop, &exporting->work, pack, packed);
}

void exporting_end(struct api *api)
{
    struct exporting *exporting = api->exporting;
    if (!exporting)
        return;
    if (exporting->gather) {
        capsule_gather_cancel(&exporting->gather); /* ends in gathered() */
        return;
    }
    exporting->api = NULL; /* the rest is the packing thread's, or the store's */
    api->exporting = NULL;
}

void get_capsule(struct request *request)
{
    struct api *api = request->api;
    const char *text = target_get(&request->target, "around");
    msec around = CAPSULE_AROUND;
    struct error error;
    if (api->capsule) {
        request_refuse(request, 403, ERROR_DENIED, "this is an incident capsule already: copy its file");
        return;
    }
    if (!request_has_desk(request))
        return;
    if (text && (!span_parse(text, &around, &error) || around > AROUND_MOST)) {
        request_refuse(request, 400, ERROR_INVALID, "around: expected a span of at most 24h such as 30m; got `%.40s`", text);
        return;
    }
    if (api->exporting) {
        request_refuse(request, 503, ERROR_UNAVAILABLE, "another incident is being exported; try again in a moment");
        return;
    }
    struct exporting *exporting = api->exporting = memory_new(sizeof *exporting);
    exporting->api = api;
    exporting->request = request;
    const struct capsule_parts parts = {
        .fleet = api->fleet, .store = api->store, .alerts = api->alerts, .rules = api->rules, .notify = api->notify,
        .hosts = api->hosts, .applications = api->applications,
        .site = api->site, .by = request->who.name, .audit = request->role >= ROLE_SUPERVISOR};
    struct gather *gather = capsule_gather(&parts, request->id, around, gathered, exporting);
    if (gather)
        exporting->gather = gather;
}

/* ---- replaying ---- */

static void begin_list(struct request *request, struct json_writer *writer, size_t count, uint32_t offset)
{
    struct wire_page page = {.total = (uint32_t)count, .population = (uint32_t)count, .offset = offset};
    request_page(request, &page);
    json_start(writer, &request->answer);
    wire_list_begin(writer, &page);
}

static void end_list(struct request *request, struct json_writer *writer)
{
    wire_list_end(writer);
    request_finish_json(request);
}

void replay_rules(struct request *request)
{
    const struct capsule *capsule = request->api->capsule;
    struct json_writer writer;
    begin_list(request, &writer, capsule->rules_count, 0);
    for (size_t i = 0; i < capsule->rules_count; i++)
        wire_write_rule(&writer, &capsule->rules[i]);
    end_list(request, &writer);
}

void replay_audit(struct request *request, uint32_t before, uint32_t limit)
{
    const struct capsule *capsule = request->api->capsule;
    struct json_writer writer;
    begin_list(request, &writer, capsule->audit_count, 0);
    for (size_t i = 0; i < capsule->audit_count && limit > 0; i++) {
        if (before && capsule->audit[i].sequence >= before)
            continue;
        wire_write_audit(&writer, &capsule->audit[i]);
        limit--;
    }
    end_list(request, &writer);
}

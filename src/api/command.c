/* Pushing readings, and reloading. */
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "collect/ingest.h"

/* Readings are telemetry, not an action of a person: counted on their source, not in the audit. */
void post_readings(struct request *request)
{
    struct ingest_result result;
    struct error error;
    struct json_writer writer;
    if (!ingest_decode(request->api->ingest, buffer_text(&request->body), request->body.length, &result, &error)) {
        request_fail(request, &error);
        return;
    }
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "accepted", result.accepted);
    json_write_integer(&writer, "rejected", result.rejected);
    json_write_array(&writer, "problems");
    for (unsigned i = 0; i < result.reason_count; i++) {
        json_write_object(&writer, NULL);
        json_write_integer(&writer, "item", result.reasons[i].item);
        json_write_text(&writer, "detail", result.reasons[i].text);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    request_finish_json(request);
}

static void reload_noted(void *owner, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_bool(&writer, "reloaded", true);
    json_write_text(&writer, "configuration", request->api->site->config_path);
    json_write_object_end(&writer);
    request_finish_json(request);
}

void post_reload(struct request *request)
{
    struct api *api = request->api;
    struct error error;
    if (!api->reload) {
        request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon was started without a configuration to reload");
        return;
    }
    if (!api->reload(api->reload_owner, &error)) {
        request_fail(request, &error);
        return;
    }
    store_action_commit(store_action_new(api->store, request->who.name, "reload", api->site->config_path, ""), reload_noted,
                        request);
}

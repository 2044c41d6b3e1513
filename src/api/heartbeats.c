/* Heartbeats through the door. A beat is telemetry, not an action of a person: it leaves no audit entry. */
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "engine/heartbeats.h"
#include "wire/alerts.h"

static bool has_heartbeats(struct request *request)
{
    if (request->api->heartbeats)
        return true;
    request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon keeps no heartbeats");
    return false;
}

static void write_row(struct json_writer *writer, const struct heartbeat_view *view)
{
    const struct heartbeat_plan *plan = view->plan;
    wire_write_heartbeat(writer, &(struct wire_heartbeat){
        .name = plan->name, .title = plan->title, .state = heartbeat_state_name(view->state),
        .severity = severity_name(plan->severity), .asset = plan->asset, .message = view->message, .by = view->by,
        .alert = view->alert, .last = view->last, .due = view->due, .every = plan->every, .grace = plan->grace,
        .beats = (int64_t)view->beats, .failures = (int64_t)view->failures});
}

void get_heartbeats(struct request *request)
{
    struct heartbeat_view view;
    struct json_writer writer;
    uint32_t count = 0;
    if (!request->api->capsule && !has_heartbeats(request)) /* a capsule has none */
        return;
    while (request->api->heartbeats && heartbeats_at(request->api->heartbeats, count, &view))
        count++;
    struct wire_page page = {.total = count, .population = count};
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (uint32_t i = 0; i < count && heartbeats_at(request->api->heartbeats, i, &view); i++)
        write_row(&writer, &view);
    wire_list_end(&writer);
    request_finish_json(request);
}

void post_heartbeat(struct request *request)
{
    struct heartbeat_beat beat = {.time = CLOCK_NEVER, .by = request->who.name};
    struct heartbeat_view view;
    struct json_writer writer;
    struct error error;
    struct json_object *body = has_heartbeats(request) ? request_json(request) : NULL;
    if (!body)
        return;
    beat.failed = json_get_bool(body, "failed", false);
    bool good = target_flag(&request->target, "failed", &beat.failed, &error);
    const char *message = target_get(&request->target, "message");
    beat.message = message ? message : json_get_text(body, "message", "");
    if (!good || !heartbeats_beat(request->api->heartbeats, request->id, &beat, &error)) {
        request_fail(request, &error);
    } else if (heartbeats_get(request->api->heartbeats, request->id, &view)) {
        json_start(&writer, &request->answer);
        write_row(&writer, &view);
        request_finish_json(request);
    }
    json_object_put(body);
}

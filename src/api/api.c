/* The door as a whole: what it is made of, and its one timer. */
#include "api/api.h"

#include <sodium.h>
#include <stdlib.h>

#include "api/private.h"
#include "api/security.h"
#include "base/memory.h"
#include "collect/ingest.h"

static const struct collector_ops pushed_ops = {.type = "ingest", .help = "readings pushed to the API"};

static void second_passed(uv_timer_t *timer)
{
    struct api *api = timer->data;
    msec now = clock_steady();
    listeners_sweep(api, now);
    source_rate_tick(api->pushed, now);
    for (size_t i = 0; i < ARRAY_COUNT(api->unasked); i++)
        if (api->unasked[i])
            source_rate_tick(api->unasked[i], now);
    events_pulse(api->events);
}

struct api *api_new(uv_loop_t *loop, const struct api_parts *parts, struct error *error)
{
    if (sodium_init() < 0) {
        error_set(error, ERROR_INTERNAL, "libsodium cannot start");
        return NULL;
    }
    struct api *api = memory_new(sizeof *api);
    api->loop = loop;
    api->fleet = parts->fleet;
    api->store = parts->store;
    api->alerts = parts->alerts;
    api->rules = parts->rules;
    api->applications = parts->applications;
    api->notify = parts->notify;
    api->feeds = parts->feeds;
    api->heartbeats = parts->heartbeats;
    api->hosts = parts->hosts;
    api->security = parts->security;
    if (api->security)
        security_provide(api->security, FACTS_TOKENS, security_tokens, api);
    api->capsule = parts->capsule;
    api->site = parts->site;
    api->socket = memory_text(parts->socket);
    api->reload = parts->reload;
    api->reload_owner = parts->owner;
    api->people = people_new(loop);
    api->replays = replays_new();
    api->figures.answers = memory_new_array(route_count + 1, sizeof *api->figures.answers);
    api->pushed = source_new(loop, fleet_sink(api->fleet), "api", &pushed_ops);
    source_status(api->pushed, SOURCE_RUNNING, "waiting for pushes");
    api->ingest = ingest_new(api->pushed);
    api->events = events_new(api);
    alerts_events_begin(api);
    if (!api_records_load(api, error))
        api_free(&api);
    return api;
}

bool api_listen(struct api *api, struct error *error)
{
    return listeners_start(api, error);
}

void api_serve(struct api *api)
{
    listeners_serve(api);
    api->second = memory_new(sizeof *api->second);
    api->second->data = api;
    uv_timer_init(api->loop, api->second);
    uv_timer_start(api->second, second_passed, 1000, 1000);
}

bool api_start(struct api *api, struct error *error)
{
    if (!api_listen(api, error))
        return false;
    api_serve(api);
    return true;
}

void api_use_site(struct api *api, const struct site *site)
{
    api->site = site;
    events_publish(api->events, "reload", "{}", 2);
}

const char *api_socket(const struct api *api)
{
    return listeners_socket(api);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void api_free(struct api **slot)
{
    struct api *api = *slot;
    if (!api)
        return;
    if (api->second)
        uv_close((uv_handle_t *)api->second, free_handle);
    alerts_events_end(api);
    if (api->security)
        security_provide(api->security, FACTS_TOKENS, NULL, NULL);
    events_stop(api->events);
    for (struct request *request = api->requests; request; request = request->next)
        if (request->sleeping)
            MHD_resume_connection(request->connection); /* MHD stops only without sleepers */
    listeners_stop(api);
    exporting_end(api);
    while (api->requests)
        request_unlink(api->requests);
    events_free(&api->events);
    people_free(&api->people);
    replays_free(&api->replays);
    records_free(api);
    ingest_free(&api->ingest);
    unasked_end(api);
    fleet_forget_source(api->fleet, api->pushed);
    source_free(&api->pushed);
    buffer_release(&api->openapi);
    free(api->figures.answers);
    free(api->socket);
    free(api);
    *slot = NULL;
}

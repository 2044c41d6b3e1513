/* Alerts pushed by other systems: to the source that is configured for them, or as they usually are. They are telemetry of
 * another system, not an action of a person: counted on their source, not in the audit. */
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "collect/ingest.h"
#include "engine/feeds.h"

static const char *const unasked_types[] = {"alertmanager", "events"};

static struct source *unasked(struct api *api, const char *type)
{
    size_t place = strcmp(type, unasked_types[0]) == 0 ? 0 : 1;
    if (!api->unasked[place]) {
        struct error error;
        const struct collector_ops *ops = collector_find(type);
        struct source *source = source_new(api->loop, fleet_sink(api->fleet), type, ops);
        source->alarms = feeds_sink(api->feeds);
        ops->start(source, NULL, &error); /* with all keys absent nothing can be wrong */
        api->unasked[place] = source;
    }
    return api->unasked[place];
}

void unasked_end(struct api *api)
{
    for (size_t i = 0; i < ARRAY_COUNT(api->unasked); i++) {
        if (!api->unasked[i])
            continue;
        api->unasked[i]->ops->stop(api->unasked[i]);
        source_free(&api->unasked[i]);
    }
}

/* The named one; else the only one of its type; else the one that nobody configured. NULL when refused. */
static struct source *source_for(struct request *request, const char *type)
{
    const struct site *site = request->api->site;
    const char *name = target_get(&request->target, "source");
    struct source *found = NULL;
    struct buffer names = BUFFER_INIT;
    unsigned count = 0;
    for (size_t i = 0; i < site->source_count; i++) {
        struct source *source = site->sources[i];
        if (strcmp(source->ops->type, type) != 0)
            continue;
        buffer_printf(&names, "%s%s", count++ ? ", " : "", source->name);
        if (!name || strcmp(source->name, name) == 0)
            found = source;
    }
    bool several = !name && count > 1;
    if (name && !found)
        request_refuse(request, 404, ERROR_NOT_FOUND, count ? N_("source: no source `%.60s` of type %s; there are %s")
                             : N_("source: no source `%.60s` of type %s%s"),
                       name, type, buffer_text(&names));
    else if (several)
        request_refuse(request, 400, ERROR_INVALID, "source: which of %s is it?", buffer_text(&names));
    else if (!found)
        found = unasked(request->api, type);
    buffer_release(&names);
    if (found && !several && found->state)
        return found;
    if (found && !several)
        request_refuse(request, 503, ERROR_UNAVAILABLE, "source %.60s does not run: %s", found->name, found->detail);
    return NULL;
}

static void write_result(struct request *request, const struct source *source, const struct ingest_result *result, bool dry_run,
                         const struct buffer *would)
{
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "source", source->name);
    json_write_bool(&writer, "dry_run", dry_run);
    json_write_integer(&writer, "accepted", result->accepted);
    json_write_integer(&writer, "rejected", result->rejected);
    json_write_array(&writer, "problems");
    for (unsigned i = 0; i < result->reason_count; i++) {
        json_write_object(&writer, NULL);
        json_write_integer(&writer, "item", result->reasons[i].item);
        json_write_text(&writer, "detail", result->reasons[i].text);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    if (dry_run)
        json_write_raw(&writer, "would", buffer_text(would), would->length);
    json_write_object_end(&writer);
    request_finish_json(request);
}

static void push(struct request *request, const char *type)
{
    struct ingest_result result = {0};
    struct error error;
    bool dry_run = false;
    if (!request->api->feeds) {
        request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon keeps no alerts");
        return;
    }
    if (!target_flag(&request->target, "dry_run", &dry_run, &error)) {
        request_fail(request, &error);
        return;
    }
    struct source *source = source_for(request, type);
    if (!source)
        return;
    struct buffer would = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &would);
    json_write_array(&writer, NULL);
    bool good = source->ops->push(source, buffer_text(&request->body), request->body.length, dry_run ? &writer : NULL, &result, &error);
    json_write_array_end(&writer);
    if (good)
        write_result(request, source, &result, dry_run, &would);
    else
        request_fail(request, &error);
    buffer_release(&would);
}

void post_alertmanager(struct request *request)
{
    push(request, "alertmanager");
}

void post_events(struct request *request)
{
    push(request, "events");
}

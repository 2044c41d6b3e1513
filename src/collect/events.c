/* Events of any system that can post JSON (Zabbix, ThingsBoard, Grafana, Uptime Kuma, a script): a mapping says where in it
 * the parts of an alert stand (events_map.h). */
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/memory.h"
#include "collect/events_map.h"
#include "collect/ingest.h"

#define KEYS_MAX 20000 /* whose last time is remembered */

struct last_time {
    char *key;
    msec time;
    UT_hash_handle hh;
};

struct events {
    struct events_map map;
    struct last_time *times;
    struct alarm_expiry *expiry;
};

static void times_drop(struct events *events)
{
    struct last_time *each, *next;
    HASH_ITER(hh, events->times, each, next) {
        HASH_DEL(events->times, each);
        free(each->key);
        free(each);
    }
}

/* Something newer of this key was here before. */
static bool is_late(struct events *events, const struct alarm *alarm)
{
    struct last_time *known;
    if (alarm->time == CLOCK_NEVER)
        return false;
    HASH_FIND_STR(events->times, alarm->key, known);
    if (known && alarm->time < known->time)
        return true;
    if (!known) {
        if (HASH_COUNT(events->times) >= KEYS_MAX)
            times_drop(events);
        known = memory_new(sizeof *known);
        known->key = memory_text(alarm->key);
        HASH_ADD_KEYPTR(hh, events->times, known->key, strlen(known->key), known);
    }
    known->time = alarm->time;
    return false;
}

static void write_ignored(struct json_writer *writer, const struct event_alarm *event)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "action", "ignore");
    json_write_text(writer, "name", buffer_text(&event->part[EVENT_NAME]));
    json_write_object_end(writer);
}

static void take_item(struct source *source, struct event_alarm *event, struct json_object *item, struct json_object *whole,
                      unsigned number, struct json_writer *dry_run, struct ingest_result *result)
{
    struct events *events = source->state;
    const struct alarm_sink *sink = &source->alarms;
    struct error error;
    enum event_verdict verdict = event_alarm_read(event, &events->map, sink, item, whole, &error);
    if (verdict == EVENT_WRONG) {
        alarm_reject(dry_run ? NULL : source, result, number, item ? json_object_to_json_string(item) : "null", "%s", error.text);
        return;
    }
    result->accepted++;
    if (dry_run && verdict == EVENT_IGNORED)
        write_ignored(dry_run, event);
    else if (dry_run)
        alarm_write(dry_run, source, &event->alarm);
    else if (verdict == EVENT_USED && is_late(events, &event->alarm))
        source->duplicates++;
    else if (verdict == EVENT_USED && sink->ops)
        sink->ops->report(sink->owner, source, &event->alarm);
}

static bool push(struct source *source, const char *body, size_t length, struct json_writer *dry_run, struct ingest_result *result,
                 struct error *error)
{
    const struct events *events = source->state;
    const struct alarm_sink *sink = &source->alarms;
    struct json_object *list = NULL;
    struct error cause;
    memset(result, 0, sizeof *result);
    struct json_object *whole = json_parse(body, length, 0, &cause);
    bool good = whole || error_set(error, ERROR_INVALID, "the body is not JSON: %s", cause.text);
    good = good && events_items(&events->map, whole, &list, error);
    if (!good && !dry_run)
        source_bad(source, body, length, "%s", error->text);
    struct event_alarm event = {0};
    size_t count = !good ? 0 : list ? json_object_array_length(list) : 1;
    for (size_t i = 0; i < count; i++)
        take_item(source, &event, list ? json_object_array_get_idx(list, i) : whole, whole, (unsigned)i, dry_run, result);
    event_alarm_release(&event);
    if (good && !dry_run) {
        source->messages++;
        source->readings += result->accepted;
        source->bytes += length;
        source->last_heard = clock_wall();
        source_status(source, SOURCE_RUNNING, "%u active", sink->ops ? sink->ops->active(sink->owner, source) : 0);
    }
    json_object_put(whole);
    return good;
}

static void validate(const struct config_node *node, struct config_problems *problems)
{
    struct events_map map;
    events_map_read(&map, node, problems);
    events_map_release(&map);
}

static bool start(struct source *source, const struct config_node *node, struct error *error)
{
    struct events *events = source->state = memory_new(sizeof *events);
    struct config_problems problems;
    (void)error;
    config_problems_init(&problems);
    events_map_read(&events->map, node, &problems);
    config_problems_release(&problems); /* validate() found them */
    events->expiry = alarm_expiry_new(source, events->map.expire);
    source_status(source, SOURCE_RUNNING, "nothing came yet");
    return true;
}

static void stop(struct source *source)
{
    struct events *events = source->state;
    alarm_expiry_free(&events->expiry);
    events_map_release(&events->map);
    times_drop(events);
    free(events);
    source->state = NULL;
}

const struct collector_ops collector_events = {
    .type = "events",
    .help = "other systems' events as JSON, pushed to /api/v1/ingest/events and read by a mapping",
    .keys = events_keys,
    .protection = protection_pushed,
    .validate = validate,
    .start = start,
    .stop = stop,
    .push = push,
};

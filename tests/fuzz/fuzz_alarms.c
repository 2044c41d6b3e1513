/* What other systems push and answer: Alertmanager's webhook, its lists of alerts and silences, and events by several
 * mappings, one of them from the bytes themselves. Whatever comes, each item is counted once, or the body is refused. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/alertmanager.h"
#include "collect/events_map.h"

static const char *const yaml[] = {
    "{items: /alerts, asset: [/labels/instance, /host], title: [/labels/alertname, /name], key: /fingerprint, severity: /severity, "
    "state: /status, clear: [resolved, \"0\"], summary: \"{/a}: {^/receiver}\", value: /value, time: [/time, /ts]}",
    "{asset: /a, title: x, state: /s, raise: [\"1\"], clear: [\"0\"], ignore: [\"*2\"]}",
};
static struct source *sources[4]; /* alertmanager, events without a mapping, and with the two above */
static struct config *configs[4]; /* kept: sources may look into them */
static unsigned reports;

static uint32_t find(void *owner, const char *text)
{
    (void)owner;
    return text[0] == 'a' ? 1 : SINK_NONE;
}

static const char *asset_id(void *owner, uint32_t asset)
{
    (void)owner;
    assert(asset == 1);
    return "A-1";
}

static void report(void *owner, struct source *source, const struct alarm *alarm)
{
    (void)owner, (void)source;
    assert(alarm->key && *alarm->key && alarm->rule);
    assert(!alarm->active || (*alarm->rule && alarm->place && alarm->summary));
    reports++;
}

static unsigned active(void *owner, struct source *source)
{
    (void)owner, (void)source;
    return 0;
}

static void begin(void)
{
    log_level_set(LOG_LEVEL_ERROR);
    static const struct alarm_ops ops = {.find = find, .asset_id = asset_id, .report = report, .active = active};
    for (size_t i = 0; i < ARRAY_COUNT(sources); i++) {
        struct config *config = configs[i] = config_new();
        struct config_problems problems;
        struct error error;
        config_problems_init(&problems);
        if (i >= 2)
            config_load_text(config, "f.yml", yaml[i - 2], strlen(yaml[i - 2]), &problems);
        sources[i] = source_new(NULL, (struct sink){0}, "fuzz", collector_find(i ? "events" : "alertmanager"));
        sources[i]->alarms.ops = &ops;
        sources[i]->ops->start(sources[i], i >= 2 ? config_root(config) : NULL, &error);
        config_problems_release(&problems);
    }
}

static void push(struct source *source, const char *text, size_t size)
{
    struct ingest_result result, again;
    struct error error;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    uint64_t bad = source->bad;
    unsigned before = reports;
    bool good = source->ops->push(source, text, size, NULL, &result, &error);
    if (good)
        assert(source->bad - bad == result.rejected && reports - before <= result.accepted);
    else
        assert(*error.text && source->bad == bad + 1 && reports == before);
    before = reports;
    bad = source->bad;
    json_start(&writer, &out);
    json_write_array(&writer, NULL);
    bool tried = source->ops->push(source, text, size, &writer, &again, &error);
    json_write_array_end(&writer);
    assert(tried == good && reports == before && source->bad == bad);
    assert(!good || again.accepted == result.accepted);
    struct json_object *written = json_parse(buffer_text(&out), out.length, 0, &error);
    assert(written && json_object_array_length(written) == (good ? again.accepted : 0));
    json_object_put(written);
    buffer_release(&out);
}

static void lists(const char *text, size_t size)
{
    struct json_object *object = json_parse(text, size, 0, NULL);
    struct alertmanager_settings settings;
    struct alertmanager_silences silences;
    struct alertmanager_alert alert = {0};
    struct config_problems problems;
    struct error error;
    if (!object)
        return;
    config_problems_init(&problems);
    alertmanager_settings_read(&settings, NULL, &problems);
    if (alertmanager_silences_read(&silences, object, "me", &error))
        for (size_t i = 0; i < json_object_array_length(object); i++)
            alertmanager_alert_read(&alert, &settings, &sources[0]->alarms, json_object_array_get_idx(object, i), NULL, &silences, &error);
    alertmanager_alert_release(&alert);
    alertmanager_silences_release(&silences);
    alertmanager_settings_release(&settings);
    config_problems_release(&problems);
    json_object_put(object);
}

/* A mapping of any bytes: read or refused, and then used. */
static void mapping(const char *text, size_t size)
{
    struct config *config = config_new();
    struct config_problems problems;
    struct events_map map;
    struct error error;
    static const char body[] = "{\"a\":{\"b\":[1,{\"c\":null}]},\"events\":[{\"name\":\"n\",\"x\":1e300}]}";
    config_problems_init(&problems);
    if (config_load_text(config, "f.yml", text, size, &problems) && config_check(config_root(config), events_keys, &problems)) {
        struct json_object *whole = json_parse(body, sizeof body - 1, 0, &error), *list;
        struct event_alarm event = {0};
        const struct alarm_sink none = {0};
        events_map_read(&map, config_root(config), &problems);
        if (!problems.count && events_items(&map, whole, &list, &error))
            event_alarm_read(&event, &map, &none, list && json_object_array_length(list) ? json_object_array_get_idx(list, 0) : whole, whole, &error);
        event_alarm_release(&event);
        events_map_release(&map);
        json_object_put(whole);
    }
    config_problems_release(&problems);
    config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!sources[0])
        begin();
    char *text = memory_text_n((const char *)data, size);
    for (size_t i = 0; i < ARRAY_COUNT(sources); i++)
        push(sources[i], text, size);
    lists(text, size);
    mapping(text, size);
    free(text);
    return 0;
}

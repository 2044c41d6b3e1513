/* An engine that writes down what alarms it is told, as one line each; knows the assets SRV-1 (also 10.0.0.5) and GW-1. */
#ifndef TESTS_ALARM_EAR_H
#define TESTS_ALARM_EAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/alarm.h"
#include "collect/ingest.h"

struct ear {
    struct buffer lines;
    unsigned reported, active, expired;
    struct source *source;
    struct config *config;
};

static inline uint32_t ear_find(void *owner, const char *text)
{
    (void)owner;
    return strcmp(text, "SRV-1") == 0 || strcmp(text, "10.0.0.5") == 0 || strcmp(text, "10.0.0.5:9100") == 0 ? 1
           : strcmp(text, "GW-1") == 0                                                                       ? 2
                                                                                                             : SINK_NONE;
}

static inline const char *ear_asset_id(void *owner, uint32_t asset)
{
    (void)owner;
    return asset == 1 ? "SRV-1" : "GW-1";
}

static inline void ear_report(void *owner, struct source *source, const struct alarm *alarm)
{
    struct ear *ear = owner;
    (void)source;
    ear->reported++;
    buffer_printf(&ear->lines, "%s %s", alarm->active ? "+" : "-", alarm->key);
    if (alarm->active) {
        buffer_printf(&ear->lines, " %s %s", severity_name(alarm->severity), alarm->name ? alarm->name : alarm->rule);
        buffer_printf(&ear->lines, " @%s", alarm->asset == SINK_NONE ? alarm->place : ear_asset_id(owner, alarm->asset));
        buffer_printf(&ear->lines, " \"%s\"", alarm->summary ? alarm->summary : "");
        if (alarm->runbook && *alarm->runbook)
            buffer_printf(&ear->lines, " %s", alarm->runbook);
        if (alarm->has_value)
            buffer_printf(&ear->lines, " =%g", alarm->value);
        if (alarm->knows_held && alarm->held)
            buffer_printf(&ear->lines, " held: %s", alarm->held);
    }
    buffer_append_char(&ear->lines, '\n');
}

static inline unsigned ear_active(void *owner, struct source *source)
{
    (void)source;
    return ((struct ear *)owner)->active;
}

static const struct alarm_ops ear_ops = {.find = ear_find, .asset_id = ear_asset_id, .report = ear_report, .active = ear_active};

/* A source of this type with a configuration given as YAML; NULL: none. */
static inline void ear_open(struct ear *ear, const char *type, const char *yaml)
{
    const struct collector_ops *ops = collector_find(type);
    const struct config_node *node = NULL;
    struct config_problems problems;
    struct error error = {0};
    *ear = (struct ear){0};
    config_problems_init(&problems);
    if (yaml) {
        ear->config = config_new();
        assert_true(config_load_text(ear->config, "t.yml", yaml, strlen(yaml), &problems));
        node = config_root(ear->config);
        if (!config_check(node, ops->keys, &problems))
            fail_msg("%s", buffer_text(&problems.text));
        ops->validate(node, &problems);
        if (problems.count)
            fail_msg("%s", buffer_text(&problems.text));
    }
    config_problems_release(&problems);
    ear->source = source_new(NULL, (struct sink){0}, "test", ops);
    ear->source->alarms = (struct alarm_sink){&ear_ops, ear};
    if (!ops->start(ear->source, node, &error))
        fail_msg("%s", error.text);
}

static inline void ear_close(struct ear *ear)
{
    ear->source->ops->stop(ear->source);
    source_free(&ear->source);
    buffer_release(&ear->lines);
    config_free(&ear->config);
}

/* What a body becomes, in lines. */
static inline const char *ear_push(struct ear *ear, const char *body, struct ingest_result *result)
{
    struct error error = {0};
    buffer_clear(&ear->lines);
    if (!ear->source->ops->push(ear->source, body, strlen(body), NULL, result, &error))
        buffer_printf(&ear->lines, "refused: %s\n", error.text);
    return buffer_text(&ear->lines);
}

/* The mistakes in a configuration, in lines; empty where there are none. */
static inline void ear_mistakes(const char *type, const char *yaml, struct buffer *out)
{
    const struct collector_ops *ops = collector_find(type);
    struct config *config = config_new();
    struct config_problems problems;
    config_problems_init(&problems);
    assert_true(config_load_text(config, "t.yml", yaml, strlen(yaml), &problems));
    if (config_check(config_root(config), ops->keys, &problems))
        ops->validate(config_root(config), &problems);
    buffer_clear(out);
    buffer_append_text(out, buffer_text(&problems.text));
    config_problems_release(&problems);
    config_free(&config);
}

#endif

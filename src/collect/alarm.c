#include "collect/alarm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/ingest.h"

/* ---- severities ---- */

/* What Prometheus, Zabbix, ThingsBoard, Grafana and syslog call them. */
static const struct { const char *word; enum severity severity; } usual[] = {
    {"critical", SEVERITY_CRITICAL}, {"crit", SEVERITY_CRITICAL},     {"disaster", SEVERITY_CRITICAL}, {"emergency", SEVERITY_CRITICAL},
    {"emerg", SEVERITY_CRITICAL},    {"fatal", SEVERITY_CRITICAL},    {"page", SEVERITY_CRITICAL},     {"alert", SEVERITY_CRITICAL},
    {"紧急", SEVERITY_CRITICAL},     {"严重", SEVERITY_CRITICAL},     {"major", SEVERITY_MAJOR},       {"high", SEVERITY_MAJOR},
    {"error", SEVERITY_MAJOR},       {"err", SEVERITY_MAJOR},         {"重要", SEVERITY_MAJOR},        {"minor", SEVERITY_MINOR},
    {"average", SEVERITY_MINOR},     {"medium", SEVERITY_MINOR},      {"ticket", SEVERITY_MINOR},      {"一般", SEVERITY_MINOR},
    {"次要", SEVERITY_MINOR},        {"warning", SEVERITY_WARNING},   {"warn", SEVERITY_WARNING},      {"low", SEVERITY_WARNING},
    {"警告", SEVERITY_WARNING},      {"提示", SEVERITY_INFO},         {"info", SEVERITY_INFO},         {"information", SEVERITY_INFO},
    {"informational", SEVERITY_INFO}, {"indeterminate", SEVERITY_INFO}, {"none", SEVERITY_INFO},       {"notice", SEVERITY_INFO},
    {"not classified", SEVERITY_INFO}, {"debug", SEVERITY_INFO},
};

void severity_words_read(struct severity_words *words, const struct config_node *map, enum severity otherwise,
                         struct config_problems *problems)
{
    *words = (struct severity_words){.otherwise = otherwise};
    if (map && !config_is_map(map))
        config_problem(problems, map, "expected a mapping of words to severities, such as {page: critical}");
    size_t count = map && config_is_map(map) ? config_count(map) : 0;
    words->word = memory_new_array(count + 1, sizeof *words->word);
    for (size_t i = 0; i < count; i++) {
        const char *text = config_scalar(config_at(map, i));
        if (!text || !severity_parse(text, &words->word[words->count].severity))
            config_problem(problems, config_at(map, i), "expected critical, major, minor, warning or info; got `%s`",
                           text ? text : "a structure");
        else
            words->word[words->count++].word = memory_text(config_key_at(map, i));
    }
}

void severity_words_release(struct severity_words *words)
{
    for (unsigned i = 0; i < words->count; i++)
        free(words->word[i].word);
    free(words->word);
    *words = (struct severity_words){0};
}

enum severity severity_words_find(const struct severity_words *words, const char *word)
{
    if (!word)
        return words->otherwise;
    for (unsigned i = 0; i < words->count; i++)
        if (text_compare_folded(words->word[i].word, word) == 0)
            return words->word[i].severity;
    for (size_t i = 0; i < ARRAY_COUNT(usual); i++)
        if (text_compare_folded(usual[i].word, word) == 0)
            return usual[i].severity;
    return words->otherwise;
}

/* ---- what comes of pushed items ---- */

void alarm_reject(struct source *source, struct ingest_result *result, unsigned item, const char *sample, const char *format, ...)
{
    char reason[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    result->rejected++;
    if (result->reason_count < INGEST_REASONS) {
        struct ingest_reason *kept = &result->reasons[result->reason_count++];
        kept->item = item;
        text_clean_into(kept->text, sizeof kept->text, reason, strlen(reason));
    }
    if (source)
        source_bad(source, sample, sample ? strlen(sample) : 0, "%s", reason);
}

static void write_clean(struct json_writer *writer, const char *key, const char *text)
{
    struct buffer clean = BUFFER_INIT;
    if (text)
        text_clean(&clean, text, strlen(text));
    json_write_text(writer, key, buffer_text(&clean));
    buffer_release(&clean);
}

void alarm_write(struct json_writer *writer, const struct source *source, const struct alarm *alarm)
{
    const struct alarm_sink *sink = &source->alarms;
    json_write_object(writer, NULL);
    json_write_text(writer, "action", alarm->active ? "raise" : "clear");
    write_clean(writer, "key", alarm->key);
    write_clean(writer, "rule", alarm->rule);
    write_clean(writer, "name", alarm->name ? alarm->name : alarm->rule);
    json_write_text(writer, "severity", severity_name(alarm->severity));
    json_write_text(writer, "asset", alarm->asset != SINK_NONE && sink->ops ? sink->ops->asset_id(sink->owner, alarm->asset) : "");
    write_clean(writer, "place", alarm->asset == SINK_NONE ? alarm->place : "");
    write_clean(writer, "type", alarm->type);
    write_clean(writer, "summary", alarm->summary);
    write_clean(writer, "runbook", alarm->runbook);
    if (alarm->labels)
        json_write_text(writer, "labels", alarm->labels);
    if (alarm->has_value)
        json_write_number(writer, "value", alarm->value);
    json_write_instant(writer, "time", alarm->time);
    json_write_object_end(writer);
}

/* ---- what nobody repeats ---- */

#define LOOKS 4 /* in one age: it is cleared at most a quarter late */

struct alarm_expiry {
    uv_timer_t timer;
    struct source *source;
    msec age;
};

static void expiry_due(uv_timer_t *timer)
{
    struct alarm_expiry *expiry = timer->data;
    const struct alarm_sink *sink = &expiry->source->alarms;
    char why[60], span[SPAN_TEXT];
    snprintf(why, sizeof why, N_("not sent again for %s"), span_format(span, expiry->age));
    sink->ops->expire(sink->owner, expiry->source, expiry->age, why);
}

struct alarm_expiry *alarm_expiry_new(struct source *source, msec age)
{
    if (age <= 0 || !source->alarms.ops)
        return NULL;
    struct alarm_expiry *expiry = memory_new(sizeof *expiry);
    expiry->source = source;
    expiry->age = age;
    uv_timer_init(source->loop, &expiry->timer);
    expiry->timer.data = expiry;
    uint64_t look = (uint64_t)(age / LOOKS < SPAN_MINUTE ? age / LOOKS : SPAN_MINUTE);
    uv_timer_start(&expiry->timer, expiry_due, (uint64_t)age, look); /* after a restart all have their whole age */
    return expiry;
}

static void expiry_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void alarm_expiry_free(struct alarm_expiry **expiry)
{
    if (*expiry)
        uv_close((uv_handle_t *)&(*expiry)->timer, expiry_closed);
    *expiry = NULL;
}

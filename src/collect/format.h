/* Formats: what the bytes of a payload mean. A format is chosen and told its topics and pointers by a source's
 * configuration; it turns one payload into calls to a decode_sink and knows no asset, no engine and no protocol, so
 * that every collector that carries payloads (MQTT, HTTP push, CoAP, ...) shares all formats.
 *
 * A new format is one file with one `const struct format_ops` and one line in formats.def. */
#ifndef COLLECT_FORMAT_H
#define COLLECT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "collect/topic.h"
#include "model/health.h"

struct format;

struct decoded_value {
    const char *metric;
    size_t metric_length;
    double value; /* finite */
};

/* One asset's sample. Everything points into the payload or the format and is valid during the call. Ids and names
 * are as they came: not checked, not cleaned. */
struct decoded {
    const char *asset;
    size_t asset_length;
    const char *gateway; /* that carried it; NULL: not said */
    size_t gateway_length;
    msec time;           /* CLOCK_NEVER: not given */
    const struct decoded_value *values;
    unsigned count;      /* 0: it spoke without a number (attributes) */
    const char *raw;     /* the part of the payload that says so */
    size_t raw_length;
    unsigned item;       /* which sample of the payload, from 0 */
};

struct decode_sink {
    void *owner;
    void (*message)(void *owner, const struct decoded *message);
    void (*link)(void *owner, const char *id, size_t length, enum link_state state, const char *evidence);
    /* Something could not be used; the rest of the payload goes on. `reason` is one short phrase. */
    void (*bad)(void *owner, unsigned item, const char *sample, size_t length, const char *reason);
};

struct format_input {
    const char *topic; /* NULL where the protocol has none */
    size_t topic_length;
    const char *payload;
    size_t payload_length;
    bool retained;     /* the broker had kept it: not news of now */
    const char *asset; /* without a topic: whose payload it is, where the collector knows; NULL: it does not */
    size_t asset_length;
};

/* The keys that a source with payloads adds to its own table; and those of one that asks, where there are no topics. */
#define FORMAT_CONFIG_KEYS                                                                                      \
    {.name = "topic", .type = CONFIG_TEXT_LIST,                                                                 \
     .help = "topic templates such as campus/{gateway}/{asset}/telemetry; + and # as in MQTT"},                 \
    {.name = "status_topic", .type = CONFIG_TEXT_LIST,                                                          \
     .help = "topic templates whose payload says up or down, such as campus/{gateway}/status"},                 \
    FORMAT_VALUE_KEYS,                                                                                          \
    {.name = "state", .type = CONFIG_TEXT,                                                                      \
     .help = "JSON pointer to the word in status payloads; the whole payload when not given"},                  \
    {.name = "up", .type = CONFIG_TEXT_LIST,                                                                    \
     .help = "status words that mean up; online, up, connected, true and 1 when not given"},                    \
    {.name = "down", .type = CONFIG_TEXT_LIST,                                                                  \
     .help = "status words that mean down; offline, down, disconnected, false and 0 when not given"},           \
    {.name = "client", .type = CONFIG_TEXT,                                                                     \
     .help = "how client ids of the broker name assets, such as gw-{asset}; others are ignored"}
#define FORMAT_VALUE_KEYS                                                                                       \
    {.name = "format", .type = CONFIG_CHOICE, .choices = format_choices,                                        \
     .help = "what the payloads are; json when not given"},                                                     \
    {.name = "encoding", .type = CONFIG_CHOICE, .choices = format_encodings,                                    \
     .help = "of the payloads; utf-8 when not given"},                                                          \
    {.name = "items", .type = CONFIG_TEXT,                                                                      \
     .help = "JSON pointer to a list of samples; a payload that is a list needs none"},                         \
    {.name = "time", .type = CONFIG_TEXT,                                                                       \
     .help = "JSON pointer to the sample's time, such as /ts; the time of receipt when not given"},             \
    {.name = "time_unit", .type = CONFIG_CHOICE, .choices = format_time_units,                                  \
     .help = "of times that are numbers; by their size when not given"},                                        \
    {.name = "values", .type = CONFIG_TEXT,                                                                     \
     .help = "JSON pointer to an object of metrics or to one value; the whole sample when not given"},          \
    {.name = "depth", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 8,                                       \
     .help = "how deep nested values are followed, their names joined by dots; 4 when not given"},              \
    {.name = "metric", .type = CONFIG_TEXT,                                                                     \
     .help = "name of a single value: a fixed name, or a JSON pointer such as /name"},                          \
    {.name = "asset", .type = CONFIG_TEXT,                                                                      \
     .help = "asset id where the topic has none: a fixed id, or a JSON pointer such as /device"},               \
    {.name = "gateway", .type = CONFIG_TEXT,                                                                    \
     .help = "gateway id where the topic has none: a fixed id, or a JSON pointer"}

extern const char *const format_choices[];
extern const char *const format_encodings[];
extern const char *const format_time_units[];

/* Check what the key table cannot: templates, pointers, keys that the chosen format does not use, and that every
 * sample can be given to an asset. */
void format_validate(const struct config_node *node, struct config_problems *problems);

/* The same of a source that asks and has no topics; `asset_known`: it knows whose each answer is. */
void format_validate_asked(const struct config_node *node, bool asset_known, struct config_problems *problems);

/* From a checked source mapping. */
struct format *format_new(const struct config_node *node, struct error *error);
/* By name with nothing configured, for callers without a configuration of their own. */
struct format *format_new_plain(const char *name);
void format_free(struct format **format);

/* What to subscribe to: filters with their $share/ prefix where the template has one. */
unsigned format_topic_count(const struct format *format);
const char *format_topic(const struct format *format, unsigned index);

/* What the topic alone says of a payload. False: it fits none of the telemetry's templates. */
bool format_captures(const struct format *format, const char *topic, size_t length, struct topic_captures *captures);

/* Decode one payload. Uses the format's own scratch memory: not reentrant. */
void format_decode(struct format *format, const struct format_input *input, const struct decode_sink *sink);

#endif

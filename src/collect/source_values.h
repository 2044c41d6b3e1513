/* Readings of one asset on their way to the sink: gathered one by one under their names, handed over as one message,
 * with the host they were taken from where there is one. */
#ifndef COLLECT_SOURCE_VALUES_H
#define COLLECT_SOURCE_VALUES_H

#include "base/buffer.h"
#include "collect/collector.h"

struct host;

struct source_values {
    struct source *source;
    bool spoken;              /* there is no text that they came as: put them into words (the first of them) */
    struct sink_value *value;
    size_t count, capacity;
    struct buffer words;
};

/* `owner` is the values; a reading that is no number is none. As host_metrics() and exporter_page_metrics() call it. */
void source_values_put(void *owner, const char *name, double value);
/* Hand them over and count them, with the bytes they came as; `host` (taken; NULL: none) goes after them. They are empty
 * again afterwards. */
void source_values_give(struct source_values *values, uint32_t asset, size_t bytes, const char *raw, size_t length, struct host *host);
void source_values_release(struct source_values *values);

#endif

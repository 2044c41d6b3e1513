#include "collect/source_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/host.h"

#define WORDS_MOST 1024
#define VALUES_MOST 8192 /* of one asset at once: beyond, a host of thousands of mounts */

void source_values_put(void *owner, const char *name, double value)
{
    struct source_values *values = owner;
    const struct sink *sink = &values->source->sink;
    if (!isfinite(value) || values->count == VALUES_MOST)
        return;
    ARRAY_RESERVE(values->value, values->capacity, values->count + 1);
    values->value[values->count++] = (struct sink_value){.metric = sink->ops->metric(sink->owner, name, strlen(name)), .value = value};
    if (values->spoken && values->words.length < WORDS_MOST)
        buffer_printf(&values->words, "%s=%.6g ", name, value);
}

void source_values_give(struct source_values *values, uint32_t asset, size_t bytes, const char *raw, size_t length, struct host *host)
{
    struct source *source = values->source;
    const struct sink *sink = &source->sink;
    source->messages++;
    source->readings += values->count;
    source->bytes += bytes;
    source->last_heard = clock_wall();
    sink->ops->message(sink->owner, source, asset, SINK_NONE, CLOCK_NEVER, values->value, (unsigned)values->count,
                       values->spoken ? buffer_text(&values->words) : raw, values->spoken ? values->words.length : length);
    if (host && sink->ops->host)
        sink->ops->host(sink->owner, source, asset, host);
    else
        host_free(&host);
    values->count = 0;
    buffer_clear(&values->words);
}

void source_values_release(struct source_values *values)
{
    free(values->value);
    buffer_release(&values->words);
}

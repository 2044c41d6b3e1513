/* An engine that writes down what it is told, as one line a call. */
#ifndef TESTS_INGEST_SINK_H
#define TESTS_INGEST_SINK_H

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "collect/collector.h"

struct written {
    struct buffer lines;
    char names[2][1024][40]; /* assets, metrics */
    unsigned count[2], asked[2];
    unsigned limit;          /* assets beyond are refused; 0: none */
    unsigned changes;
    uint64_t revision;
};

static inline uint32_t written_name(struct written *written, int kind, const char *name, size_t length)
{
    written->asked[kind]++;
    for (unsigned i = 0; i < written->count[kind]; i++)
        if (strlen(written->names[kind][i]) == length && memcmp(written->names[kind][i], name, length) == 0)
            return i;
    if (length >= 40 || written->count[kind] == 1024)
        return SINK_NONE;
    memcpy(written->names[kind][written->count[kind]], name, length);
    return written->count[kind]++;
}

static inline uint32_t written_asset(void *owner, struct source *source, const char *id, size_t length)
{
    struct written *written = owner;
    (void)source;
    if (memchr(id, ' ', length) || (written->limit && written->count[0] >= written->limit))
        return SINK_NONE;
    return written_name(written, 0, id, length);
}

static inline uint32_t written_metric(void *owner, const char *name, size_t length)
{
    return written_name(owner, 1, name, length);
}

static inline void written_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                                   const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    struct written *written = owner;
    (void)source, (void)raw, (void)raw_length;
    if (via != SINK_NONE)
        buffer_printf(&written->lines, "%s>", written->names[0][via]);
    buffer_append_text(&written->lines, written->names[0][asset]);
    if (time != CLOCK_NEVER)
        buffer_printf(&written->lines, " @%lld", (long long)time);
    for (unsigned i = 0; i < count; i++) {
        char number[32];
        text_format_number(number, sizeof number, values[i].value);
        buffer_printf(&written->lines, " %s=%s", written->names[1][values[i].metric], number);
    }
    buffer_append_char(&written->lines, '\n');
}

static inline void written_link(void *owner, struct source *source, uint32_t asset, enum link_state state, const char *evidence)
{
    struct written *written = owner;
    (void)source;
    buffer_printf(&written->lines, "%s %s (%s)\n", written->names[0][asset], link_state_name(state), evidence);
}

static inline uint64_t written_revision(void *owner)
{
    return ((struct written *)owner)->revision;
}

static inline void written_changed(void *owner, struct source *source)
{
    (void)source;
    ((struct written *)owner)->changes++;
}

static const struct sink_ops written_ops = {
    .asset = written_asset, .metric = written_metric, .message = written_message, .link = written_link,
    .ledger_revision = written_revision, .source_changed = written_changed,
};

#endif

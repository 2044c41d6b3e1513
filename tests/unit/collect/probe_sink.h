/* A sink that records what collectors say, for tests of collectors without an engine. */
#ifndef TESTS_PROBE_SINK_H
#define TESTS_PROBE_SINK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/collector.h"

#define SINK_ASSETS 2048

struct recording {
    struct { char id[64], address[128]; enum link_state link; enum health check; char evidence[256];
             unsigned links, checks, messages; double values[128]; } asset[SINK_ASSETS];
    unsigned count;
    char metrics[128][64];
    unsigned metric_count;
    uint64_t revision;
};

static inline uint32_t recording_add(struct recording *recording, const char *id, const char *address)
{
    snprintf(recording->asset[recording->count].id, 64, "%s", id);
    snprintf(recording->asset[recording->count].address, 128, "%s", address);
    return recording->count++;
}

static uint32_t recording_asset(void *owner, struct source *source, const char *id, size_t length)
{
    struct recording *recording = owner;
    (void)source;
    for (unsigned i = 0; i < recording->count; i++)
        if (strlen(recording->asset[i].id) == length && memcmp(recording->asset[i].id, id, length) == 0)
            return i;
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)length, id);
    return recording_add(recording, text, "");
}

static uint32_t recording_metric(void *owner, const char *name, size_t length)
{
    struct recording *recording = owner;
    for (unsigned i = 0; i < recording->metric_count; i++)
        if (strlen(recording->metrics[i]) == length && memcmp(recording->metrics[i], name, length) == 0)
            return i;
    snprintf(recording->metrics[recording->metric_count], 64, "%.*s", (int)length, name);
    return recording->metric_count++;
}

static void recording_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                              const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    struct recording *recording = owner;
    (void)source, (void)via, (void)time, (void)raw, (void)raw_length;
    recording->asset[asset].messages++;
    for (unsigned i = 0; i < count; i++)
        recording->asset[asset].values[values[i].metric] = values[i].value;
}

static void recording_link(void *owner, struct source *source, uint32_t asset, enum link_state state, const char *evidence)
{
    struct recording *recording = owner;
    (void)source;
    recording->asset[asset].link = state;
    recording->asset[asset].links++;
    snprintf(recording->asset[asset].evidence, 256, "%s", evidence);
}

static void recording_check(void *owner, struct source *source, uint32_t asset, enum health verdict, const char *evidence)
{
    struct recording *recording = owner;
    (void)source;
    recording->asset[asset].check = verdict;
    recording->asset[asset].checks++;
    snprintf(recording->asset[asset].evidence, 256, "%s", evidence);
}

static bool recording_targets(void *owner, const char *filter, void (*visit)(void *, const struct sink_target *), void *visitor,
                              struct error *error)
{
    struct recording *recording = owner;
    (void)filter, (void)error;
    for (unsigned i = 0; i < recording->count; i++)
        visit(visitor, &(struct sink_target){.asset = i, .id = recording->asset[i].id, .address = recording->asset[i].address});
    return true;
}

static uint64_t recording_revision(void *owner)
{
    return ((struct recording *)owner)->revision;
}

static void recording_changed(void *owner, struct source *source)
{
    (void)owner, (void)source;
}

static const struct sink_ops recording_ops = {
    .asset = recording_asset, .metric = recording_metric, .message = recording_message, .link = recording_link,
    .check = recording_check, .targets = recording_targets, .ledger_revision = recording_revision,
    .source_changed = recording_changed,
};

#endif

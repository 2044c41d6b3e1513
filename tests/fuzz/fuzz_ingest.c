/* Bodies pushed to the API: whatever comes, each item is counted once as accepted or rejected, or the body is refused. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collect/ingest.h"

static uint64_t handed;

static uint32_t on_asset(void *owner, struct source *source, const char *id, size_t length)
{
    (void)owner, (void)source;
    assert(length);
    return id[0] == ' ' ? SINK_NONE : (uint32_t)(unsigned char)id[0];
}

static uint32_t on_metric(void *owner, const char *name, size_t length)
{
    (void)owner;
    assert(length && strlen(name) == length);
    return (uint32_t)length;
}

static void on_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                       const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    (void)owner, (void)source, (void)via, (void)time, (void)values;
    assert(asset != SINK_NONE && raw && raw_length);
    handed += count;
}

static uint64_t on_revision(void *owner)
{
    return ++*(uint64_t *)owner / 16;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sink_ops ops = {.asset = on_asset, .metric = on_metric, .message = on_message, .ledger_revision = on_revision};
    static uint64_t revision;
    static struct source *source;
    static struct ingest *ingest;
    struct ingest_result result;
    struct error error;
    if (!source) {
        source = source_new(NULL, (struct sink){&ops, &revision}, "fuzz", NULL);
        ingest = ingest_new(source);
    }
    uint64_t before = handed, bad = source->bad;
    bool good = ingest_decode(ingest, (const char *)data, size, &result, &error);
    assert(handed - before == result.accepted);
    if (good)
        assert(source->bad - bad == result.rejected && result.reason_count <= INGEST_REASONS);
    else
        assert(*error.text && handed == before && source->bad == bad + 1);
    return 0;
}

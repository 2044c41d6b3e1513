#include "collect/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/decode.h"
#include "collect/names.h"

#define FUTURE (5 * SPAN_MINUTE)

/* An id in a topic that is still to come, and the asset it was looked up as. */
struct expected {
    const char *id;
    size_t length;
    uint32_t asset; /* SINK_NONE: not known then */
};

struct feed {
    struct source *source;
    struct names *assets, *metrics;
    uint64_t revision;
    bool retained; /* the payload in hand */
    msec fresh;    /* of answers; 0: what comes is news */
    msec *latest;  /* sample time by asset, of answers */
    uint32_t latest_count;
    struct sink_value values[DECODE_BATCH];
    struct expected expected[2 * FEED_AHEAD]; /* in the order of their payloads */
    unsigned expected_next, expected_count;
};

struct feed *feed_new(struct source *source)
{
    struct feed *feed = memory_new(sizeof *feed);
    feed->source = source;
    feed->assets = names_new();
    feed->metrics = names_new();
    return feed;
}

void feed_free(struct feed **feed)
{
    if (!*feed)
        return;
    names_free(&(*feed)->assets);
    names_free(&(*feed)->metrics);
    free((*feed)->latest);
    free(*feed);
    *feed = NULL;
}

void feed_of_answers(struct feed *feed, msec fresh)
{
    feed->fresh = fresh;
}

/* Does it show that the asset lives, or only what it said once? Without a time nobody can tell. One from far in the future is
 * none: if it were remembered, all that is said in time would be old. */
static bool is_news(struct feed *feed, uint32_t asset, msec time)
{
    if (!feed->fresh || time == CLOCK_NEVER || time > clock_wall() + FUTURE)
        return true;
    if (asset >= feed->latest_count) {
        uint32_t count = asset + 1 + asset / 2;
        feed->latest = memory_resize(feed->latest, count, sizeof *feed->latest);
        for (uint32_t i = feed->latest_count; i < count; i++)
            feed->latest[i] = CLOCK_NEVER;
        feed->latest_count = count;
    }
    msec last = feed->latest[asset];
    feed->latest[asset] = time > last ? time : last;
    return last == CLOCK_NEVER ? clock_wall() - time <= feed->fresh : time > last;
}

void feed_begin(struct feed *feed)
{
    const struct sink *sink = &feed->source->sink;
    uint64_t revision = sink->ops->ledger_revision(sink->owner);
    if (revision != feed->revision) {
        names_clear(feed->assets);
        feed->expected_count = 0;
    }
    feed->revision = revision;
}

/* The very bytes that feed_ahead looked up, else SINK_NONE. They are asked for in their order, though not all of them. */
static uint32_t expected_asset(struct feed *feed, const char *id, size_t length)
{
    for (unsigned i = feed->expected_next; i < feed->expected_count; i++)
        if (feed->expected[i].id == id && feed->expected[i].length == length) {
            feed->expected_next = i;
            return feed->expected[i].asset;
        }
    return SINK_NONE;
}

static uint32_t asset_of(struct feed *feed, const char *id, size_t length)
{
    uint32_t asset = expected_asset(feed, id, length);
    if (asset == SINK_NONE)
        asset = names_find(feed->assets, id, length);
    if (asset == SINK_NONE) {
        const struct sink *sink = &feed->source->sink;
        asset = sink->ops->asset(sink->owner, feed->source, id, length);
        if (asset != SINK_NONE)
            names_add(feed->assets, id, length, asset);
    }
    return asset;
}

static uint32_t metric_of(struct feed *feed, const char *name, size_t length)
{
    uint32_t metric = names_find(feed->metrics, name, length);
    if (metric == SINK_NONE) {
        char clean[DECODE_NAME_MAX + 1];
        const struct sink *sink = &feed->source->sink;
        text_clean_into(clean, sizeof clean, name, length);
        if (!*clean)
            return SINK_NONE;
        metric = sink->ops->metric(sink->owner, clean, strlen(clean));
        if (metric != SINK_NONE)
            names_add(feed->metrics, name, length, metric);
    }
    return metric;
}

bool feed_message(struct feed *feed, const struct decoded *message, const char **reason)
{
    const struct sink *sink = &feed->source->sink;
    uint32_t asset = asset_of(feed, message->asset, message->asset_length), via = SINK_NONE;
    unsigned count = 0;
    *reason = N_("asset id not allowed, or too many unknown assets");
    if (asset == SINK_NONE)
        return false;
    if (message->gateway && message->gateway_length)
        via = asset_of(feed, message->gateway, message->gateway_length);
    for (unsigned i = 0; i < message->count; i++) {
        uint32_t metric = metric_of(feed, message->values[i].metric, message->values[i].metric_length);
        if (metric != SINK_NONE)
            feed->values[count++] = (struct sink_value){metric, message->values[i].value};
    }
    feed->source->readings += count;
    void (*take)(void *, struct source *, uint32_t, uint32_t, msec, const struct sink_value *, unsigned, const char *,
                 size_t) = feed->retained || !is_news(feed, asset, message->time) ? sink->ops->kept : sink->ops->message;
    if (take)
        take(sink->owner, feed->source, asset, via, message->time, feed->values, count, message->raw, message->raw_length);
    *reason = N_("metric name not allowed, or too many metrics");
    return count == message->count;
}

bool feed_link(struct feed *feed, const char *id, size_t length, enum link_state state, const char *evidence,
               const char **reason)
{
    const struct sink *sink = &feed->source->sink;
    uint32_t asset = asset_of(feed, id, length);
    *reason = N_("asset id not allowed, or too many unknown assets");
    if (asset == SINK_NONE)
        return false;
    sink->ops->link(sink->owner, feed->source, asset, state, evidence);
    return true;
}

static void on_message(void *owner, const struct decoded *message)
{
    struct feed *feed = owner;
    const char *reason;
    /* What the broker had kept and has no time of its own says nothing: neither of now nor of when. */
    if (feed->retained && message->time == CLOCK_NEVER)
        return;
    if (!feed_message(feed, message, &reason))
        source_bad(feed->source, message->raw, message->raw_length, "%s", reason);
}

static void on_link(void *owner, const char *id, size_t length, enum link_state state, const char *evidence)
{
    struct feed *feed = owner;
    const char *reason;
    if (!feed_link(feed, id, length, state, evidence, &reason))
        source_bad(feed->source, id, length, "%s", reason);
}

static void on_bad(void *owner, unsigned item, const char *sample, size_t length, const char *reason)
{
    struct feed *feed = owner;
    (void)item;
    source_bad(feed->source, sample, length, "%s", reason);
}

void feed_ahead(struct feed *feed, const struct format *format, const struct format_input *inputs, unsigned count)
{
    const struct sink *sink = &feed->source->sink;
    struct expected *expected = feed->expected;
    uint32_t near[2 * FEED_AHEAD], assets[2 * FEED_AHEAD];
    unsigned names = 0, known = 0;
    for (unsigned i = 0; i < count && i < FEED_AHEAD; i++) {
        struct topic_captures captures;
        if (!format_captures(format, inputs[i].topic, inputs[i].topic_length, &captures))
            continue;
        for (int name = TOPIC_ASSET; name <= TOPIC_GATEWAY; name++) {
            if (!captures.text[name])
                continue;
            expected[names] = (struct expected){captures.text[name], captures.length[name], SINK_NONE};
            near[names++] = names_near(feed->assets, captures.text[name], captures.length[name]);
        }
    }
    for (unsigned i = 0; i < names; i++) {
        expected[i].asset = names_find_near(feed->assets, near[i], expected[i].id, expected[i].length);
        if (expected[i].asset != SINK_NONE)
            assets[known++] = expected[i].asset;
    }
    feed->expected_next = 0;
    feed->expected_count = names;
    if (known && sink->ops->expect)
        sink->ops->expect(sink->owner, assets, known);
}

void feed_payload(struct feed *feed, struct format *format, const struct format_input *input)
{
    const struct decode_sink sink = {feed, on_message, on_link, on_bad};
    feed->retained = input->retained;
    format_decode(format, input, &sink);
}

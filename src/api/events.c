/* The event stream (Server-Sent Events). One bounded ring holds the recent events for all; each client has only a
 * place in it. A client that cannot keep up loses its place and is sent away, never waited for.
 *
 * Sequence numbers go on growing across restarts (they begin with the second of the start), so that an old one is
 * never mistaken for one of this run. The pulse stands outside the ring: only the newest is worth sending. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"

#define RING_EVENTS 4096u
#define RING_BYTES (4 * MEBIBYTE)
#define LAG_EVENTS 512u           /* behind by this many, and no byte taken for LAG_TIME: too slow */
#define LAG_TIME (3 * SPAN_SECOND)
#define FAREWELL_TIME (5 * SPAN_SECOND)
#define PIECE_BYTES ((size_t)32 * 1024)
#define IDS_MAX 64u

struct event {
    char *frame;
    size_t length;
};

struct stream {
    struct stream *next, **link;
    struct events *events;
    struct request *request;
    uint64_t place;               /* the next event it gets */
    msec moved;                   /* steady: when it last took bytes */
    bool greeted, reset, pulse, asleep, dropped;
    msec dropped_at;
};

struct events {
    struct api *api;
    struct event ring[RING_EVENTS];
    uint64_t first, next;         /* sequence numbers: held are first..next-1 */
    size_t bytes;
    struct stream *streams;
    struct buffer pulse;          /* the newest, as a frame */
    struct { bool changed; } *sources; /* by place in the site: changed since the last pulse */
    size_t source_count;
};

/* ---- the ring ---- */

static void forget_first(struct events *events)
{
    struct event *event = &events->ring[events->first++ % RING_EVENTS];
    events->bytes -= event->length;
    free(event->frame);
    event->frame = NULL;
}

static void drop(struct stream *stream)
{
    stream->dropped = true;
    stream->dropped_at = clock_steady();
    stream->events->api->figures.dropped_streams++;
    stream_wake(stream->request, &stream->asleep);
}

static bool too_slow(const struct events *events, const struct stream *stream)
{
    return stream->place < events->first ||
           (events->next - stream->place > LAG_EVENTS && clock_steady() - stream->moved > LAG_TIME);
}

void events_publish(struct events *events, const char *kind, const char *json, size_t length)
{
    struct buffer frame = BUFFER_INIT;
    buffer_printf(&frame, "id: %llu\nevent: %s\ndata: ", (unsigned long long)events->next, kind);
    buffer_append(&frame, json, length);
    buffer_append_text(&frame, "\n\n");
    while (events->first < events->next &&
           (events->next - events->first == RING_EVENTS || events->bytes + frame.length > RING_BYTES))
        forget_first(events);
    struct event *event = &events->ring[events->next++ % RING_EVENTS];
    event->length = frame.length;
    event->frame = buffer_take(&frame);
    events->bytes += event->length;
    events->api->figures.events++;
    for (struct stream *stream = events->streams; stream; stream = stream->next) {
        if (!stream->dropped && too_slow(events, stream))
            drop(stream);
        stream_wake(stream->request, &stream->asleep);
    }
}

/* ---- one client ---- */

static void stream_release(void *state)
{
    struct stream *stream = state;
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    if (stream->events)
        stream->events->api->figures.open_streams--;
    free(stream);
}

static void greet(struct stream *stream, struct buffer *out)
{
    const struct events *events = stream->events;
    stream->greeted = true;
    buffer_append_text(out, ": nocturne " NOCTURNE_VERSION "\nretry: 1000\n\n");
    if (stream->reset)
        buffer_printf(out, "id: %llu\nevent: reset\ndata: {\"next\":%llu}\n\n", (unsigned long long)events->next - 1,
                      (unsigned long long)events->next);
}

static enum produced produce_events(struct request *request)
{
    struct stream *stream = request->state;
    struct events *events = stream->events;
    struct buffer *out = &request->answer;
    stream->moved = clock_steady();
    if (stream->dropped) {
        buffer_printf(out, ": you are too slow, %llu events behind; come again with since=%llu\n\n",
                      (unsigned long long)(events->next - stream->place), (unsigned long long)stream->place - 1);
        return PRODUCED_END;
    }
    if (!stream->greeted)
        greet(stream, out);
    for (; stream->place < events->next && out->length < PIECE_BYTES; stream->place++) {
        const struct event *event = &events->ring[stream->place % RING_EVENTS];
        buffer_append(out, event->frame, event->length);
    }
    if (stream->pulse) {
        stream->pulse = false;
        buffer_append(out, events->pulse.data, events->pulse.length);
    }
    if (out->length)
        return PRODUCED_MORE;
    stream->asleep = true;
    return PRODUCED_WAIT;
}

/* The place to begin from: `since`, else what a browser says when it comes back, else only what is new. */
static bool begin_at(struct request *request, struct stream *stream)
{
    const struct events *events = stream->events;
    const char *text = target_get(&request->target, "since");
    if (!text)
        text = request_header(request, "Last-Event-ID");
    stream->place = events->next;
    if (!text || !*text)
        return true;
    char *end;
    unsigned long long since = strtoull(text, &end, 10);
    if (*end || *text < '0' || *text > '9') {
        request_refuse(request, 400, ERROR_INVALID, "since: expected an event's number; got `%.40s`", text);
        return false;
    }
    if (since + 1 >= events->first && since < events->next)
        stream->place = since + 1;
    else
        stream->reset = true;
    return true;
}

void get_events(struct request *request)
{
    struct events *events = request->api->events;
    struct stream *stream = memory_new(sizeof *stream);
    stream->events = events;
    stream->request = request;
    stream->moved = clock_steady();
    stream->next = events->streams;
    stream->link = &events->streams;
    if (stream->next)
        stream->next->link = &stream->next;
    events->streams = stream;
    events->api->figures.open_streams++;
    request->state = stream;
    request->release_state = stream_release;
    if (!begin_at(request, stream))
        return;
    request->produce = produce_events;
    request->close = true;
    request->content_type = "text/event-stream";
    request_finish(request, 200);
}

/* ---- what is told ---- */

static void write_ids(struct json_writer *writer, const struct fleet *fleet, const uint32_t *assets, uint32_t count)
{
    json_write_array(writer, "ids");
    for (uint32_t i = 0; i < count && i < IDS_MAX; i++) {
        struct fleet_view view;
        bool seen = !fleet_exists(fleet, assets[i]);
        for (uint32_t before = 0; before < i && !seen; before++)
            seen = assets[before] == assets[i];
        if (seen)
            continue;
        fleet_get(fleet, assets[i], &view);
        json_write_text(writer, NULL, view.row.field[ASSET_id]);
    }
    json_write_array_end(writer);
}

static void fleet_changed(void *owner, uint64_t revision, const uint32_t *assets, uint32_t count, uint32_t total)
{
    struct events *events = owner;
    struct fleet_status status;
    struct buffer text = BUFFER_INIT;
    struct json_writer writer;
    fleet_status(events->api->fleet, &status);
    json_start(&writer, &text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "revision", (int64_t)revision);
    json_write_integer(&writer, "total", total);
    write_ids(&writer, events->api->fleet, assets, count);
    wire_write_by_health(&writer, "by_health", status.by_health);
    json_write_object_end(&writer);
    events_publish(events, "fleet", text.data, text.length);
    buffer_clear(&text);
    uint64_t ledger = fleet_ledger_revision(events->api->fleet);
    if (ledger != events->api->ledger_revision) {
        events->api->ledger_revision = ledger;
        buffer_printf(&text, "{\"revision\":%llu}", (unsigned long long)ledger);
        events_publish(events, "ledger", text.data, text.length);
    }
    buffer_release(&text);
}

/* Collectors tell of every bad message; people are told once a second, by the pulse. */
static void source_changed(void *owner, struct source *source)
{
    struct events *events = owner;
    const struct site *site = events->api->site;
    if (events->source_count < site->source_count) {
        events->sources = memory_resize(events->sources, site->source_count, sizeof *events->sources);
        memset(events->sources + events->source_count, 0,
               (site->source_count - events->source_count) * sizeof *events->sources);
        events->source_count = site->source_count;
    }
    for (size_t i = 0; i < site->source_count; i++)
        if (site->sources[i] == source)
            events->sources[i].changed = true;
}

static void tell_sources(struct events *events)
{
    const struct site *site = events->api->site;
    struct buffer text = BUFFER_INIT;
    struct json_writer writer;
    bool some = false;
    json_start(&writer, &text);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "names");
    for (size_t i = 0; i < events->source_count; i++) {
        if (events->sources[i].changed && i < site->source_count) {
            json_write_text(&writer, NULL, site->sources[i]->name);
            some = true;
        }
        events->sources[i].changed = false;
    }
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    if (some)
        events_publish(events, "sources", text.data, text.length);
    buffer_release(&text);
}

static msec newest_heard(const struct site *site)
{
    msec newest = CLOCK_NEVER;
    for (size_t i = 0; i < site->source_count; i++) {
        msec heard = site->sources[i]->last_heard;
        if (heard != CLOCK_NEVER && (newest == CLOCK_NEVER || heard > newest))
            newest = heard;
    }
    return newest;
}

static void make_pulse(struct events *events)
{
    struct fleet_status fleet;
    struct store_status store;
    struct json_writer writer;
    fleet_status(events->api->fleet, &fleet);
    store_status(events->api->store, &store);
    buffer_clear(&events->pulse);
    buffer_append_text(&events->pulse, "event: pulse\ndata: ");
    json_start(&writer, &events->pulse);
    json_write_object(&writer, NULL);
    json_write_instant(&writer, "as_of", clock_wall());
    json_write_number(&writer, "rate", fleet.readings_per_second);
    json_write_instant(&writer, "newest_heard", newest_heard(events->api->site));
    json_write_integer(&writer, "queued", (int64_t)store.queued);
    json_write_bool(&writer, "writable", store.writable);
    json_write_object_end(&writer);
    buffer_append_text(&events->pulse, "\n\n");
}

void events_pulse(struct events *events)
{
    if (!events->streams) {
        for (size_t i = 0; i < events->source_count; i++)
            events->sources[i].changed = false;
        return;
    }
    tell_sources(events);
    make_pulse(events);
    msec now = clock_steady();
    for (struct stream *stream = events->streams; stream; stream = stream->next) {
        stream->pulse = true;
        stream_wake(stream->request, &stream->asleep);
        if (stream->dropped && now - stream->dropped_at > FAREWELL_TIME && stream->request->peer)
            shutdown(stream->request->peer->fd, SHUT_RDWR); /* it does not even take its farewell */
    }
}

/* ---- life ---- */

struct events *events_new(struct api *api)
{
    struct events *events = memory_new(sizeof *events);
    events->api = api;
    events->first = events->next = (uint64_t)(clock_wall() / SPAN_SECOND) << 20;
    fleet_listen(api->fleet, &(struct fleet_listener){
                                 .owner = events, .changed = fleet_changed, .source_changed = source_changed});
    api->ledger_revision = fleet_ledger_revision(api->fleet);
    return events;
}

void events_stop(struct events *events)
{
    if (!events)
        return;
    fleet_unlisten(events->api->fleet, events);
    for (struct stream *stream = events->streams; stream; stream = stream->next)
        stream_wake(stream->request, &stream->asleep);
}

void events_free(struct events **slot)
{
    struct events *events = *slot;
    if (!events)
        return;
    for (struct stream *stream = events->streams; stream; stream = stream->next)
        stream->events = NULL;
    while (events->first < events->next)
        forget_first(events);
    buffer_release(&events->pulse);
    free(events->sources);
    free(events);
    *slot = NULL;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"

#define BACK_OFF_FIRST 250
#define BACK_OFF_LIMIT 5000
#define SILENCE_LIMIT (10 * SPAN_SECOND) /* the daemon's pulse comes every second */
#define PROBLEM_LIMIT 65536u

static void connect_now(struct client *client);

static void link_set(struct client *client, enum client_link link, const char *cause)
{
    struct event_stream *stream = &client->stream;
    if (stream->link == link && strcmp(stream->cause, cause) == 0)
        return;
    stream->link = link;
    snprintf(stream->cause, sizeof stream->cause, "%s", cause);
    if (stream->changed)
        stream->changed(stream->owner, link, stream->cause);
}

void stream_init(struct client *client)
{
    event_parser_init(&client->stream.parser);
    uv_timer_init(client->loop, &client->stream.retry);
    client->stream.retry.data = client;
    client->stream.back_off = BACK_OFF_FIRST;
    client->stream.last_event = CLOCK_NEVER;
}

void stream_release(struct client *client)
{
    struct event_stream *stream = &client->stream;
    if (stream->exchange)
        exchange_free(stream->exchange);
    stream->exchange = NULL;
    event_parser_release(&stream->parser);
    buffer_release(&stream->problem);
}

static void event_seen(void *owner, uint64_t id, const char *kind, const char *data, size_t length)
{
    struct client *client = owner;
    struct client_event event = {.sequence = id, .kind = kind, .data = data, .length = length};
    client->stream.last_event = clock_steady();
    client->stream.seen(client->stream.owner, &event);
}

static void stream_head(struct exchange *exchange)
{
    struct client *client = exchange->client;
    if (exchange->status != 200)
        return; /* a problem text follows */
    client->stream.back_off = BACK_OFF_FIRST;
    client->stream.resuming = true;
    link_set(client, CLIENT_UP, "");
}

static void stream_data(struct exchange *exchange, const char *bytes, size_t length)
{
    struct client *client = exchange->client;
    if (exchange->status == 200)
        event_parser_feed(&client->stream.parser, bytes, length, event_seen, client);
    else if (client->stream.problem.length + length < PROBLEM_LIMIT)
        buffer_append(&client->stream.problem, bytes, length);
}

static void retry_due(uv_timer_t *timer)
{
    connect_now(timer->data);
}

static void stream_end(struct exchange *exchange, const struct error *cause)
{
    struct client *client = exchange->client;
    struct event_stream *stream = &client->stream;
    struct error error = {0};
    int status = exchange->status;
    if (cause)
        error = *cause;
    else if (status == 200)
        error_set(&error, ERROR_UNAVAILABLE, "the daemon closed the stream");
    else if (!wire_read_problem(buffer_text(&stream->problem), stream->problem.length, &error))
        error_set(&error, ERROR_UNAVAILABLE, "the daemon answered %d", status);
    if (status && status != 200)
        stream->resuming = false; /* our place may be what it refuses: next time from now on */
    exchange_free(exchange);
    stream->exchange = NULL;
    buffer_clear(&stream->problem);
    event_parser_restart(&stream->parser);
    link_set(client, CLIENT_LOST, error.text);
    uv_timer_start(&stream->retry, retry_due, (uint64_t)stream->back_off, 0);
    stream->back_off = stream->back_off * 2 > BACK_OFF_LIMIT ? BACK_OFF_LIMIT : stream->back_off * 2;
}

static void connect_now(struct client *client)
{
    struct event_stream *stream = &client->stream;
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "/events");
    if (stream->resuming)
        buffer_printf(&path, "?since=%llu", (unsigned long long)stream->parser.id);
    struct exchange *exchange = exchange_new(client, "GET", buffer_text(&path));
    buffer_release(&path);
    exchange_header(exchange, "Accept", "text/event-stream");
    exchange->silence = SILENCE_LIMIT;
    exchange->head = stream_head;
    exchange->data = stream_data;
    exchange->end = stream_end;
    stream->exchange = exchange;
    exchange_start(exchange);
}

void client_listen(struct client *client, client_event_seen *seen, client_link_changed *changed, void *owner)
{
    struct event_stream *stream = &client->stream;
    stream->seen = seen;
    stream->changed = changed;
    stream->owner = owner;
    if (!stream->exchange && !uv_is_active((uv_handle_t *)&stream->retry))
        connect_now(client);
}

msec client_last_event(const struct client *client)
{
    return client->stream.last_event;
}

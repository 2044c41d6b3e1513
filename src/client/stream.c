#include <stdlib.h>
#include <string.h>

#include "client/internal.h"

#define BACK_OFF_FIRST 250
#define BACK_OFF_LIMIT 5000
#define SILENCE_LIMIT 10L /* seconds; the daemon's pulse comes every second */

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

static void disconnect(struct client *client)
{
    struct event_stream *stream = &client->stream;
    if (!stream->easy)
        return;
    curl_multi_remove_handle(client->multi, stream->easy);
    curl_easy_cleanup(stream->easy);
    stream->easy = NULL;
    stream->opened = false;
    curl_slist_free_all(stream->headers);
    stream->headers = NULL;
    buffer_clear(&stream->arrived);
    event_parser_restart(&stream->parser);
}

void stream_release(struct client *client)
{
    disconnect(client);
    event_parser_release(&client->stream.parser);
    buffer_release(&client->stream.arrived);
}

bool stream_owns(const struct client *client, CURL *easy)
{
    return client->stream.easy == easy;
}

static size_t stream_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct client *client = owner;
    buffer_append(&client->stream.arrived, bytes, size * count);
    return size * count;
}

static size_t header_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct client *client = owner;
    if (size * count == 2 && bytes[0] == '\r')
        client->stream.opened = true;
    return size * count;
}

static void event_seen(void *owner, uint64_t id, const char *kind, const char *data, size_t length)
{
    struct client *client = owner;
    struct client_event event = {.sequence = id, .kind = kind, .data = data, .length = length};
    client->stream.last_event = clock_steady();
    client->stream.seen(client->stream.owner, &event);
}

void stream_parse(struct client *client)
{
    struct event_stream *stream = &client->stream;
    if (!stream->easy || !stream->opened)
        return;
    long status = 0;
    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return; /* a problem text: stream_ended reads it */
    stream->back_off = BACK_OFF_FIRST;
    stream->resuming = true;
    link_set(client, CLIENT_UP, "");
    if (!stream->arrived.length)
        return;
    struct buffer bytes = stream->arrived; /* a listener may ask for more, never feed back into this */
    buffer_init(&stream->arrived);
    event_parser_feed(&stream->parser, buffer_text(&bytes), bytes.length, event_seen, client);
    buffer_clear(&bytes);
    if (stream->arrived.data)
        buffer_release(&bytes);
    else
        stream->arrived = bytes;
}

static void retry_due(uv_timer_t *timer)
{
    connect_now(timer->data);
}

void stream_ended(struct client *client, CURLcode code)
{
    struct event_stream *stream = &client->stream;
    struct error error = {0};
    long status = 0;
    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 400 && !wire_read_problem(buffer_text(&stream->arrived), stream->arrived.length, &error))
        error_set(&error, ERROR_UNAVAILABLE, "the daemon answered %ld", status);
    else if (status < 400)
        error_set(&error, ERROR_UNAVAILABLE, "%s", code == CURLE_OK ? "the daemon closed the stream"
                  : code == CURLE_OPERATION_TIMEDOUT ? "the daemon has fallen silent" : curl_easy_strerror(code));
    if (status >= 400)
        stream->resuming = false; /* our place may be what it refuses: next time from now on */
    disconnect(client);
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
    stream->easy = client_easy(client, buffer_text(&path));
    buffer_release(&path);
    stream->headers = curl_slist_append(NULL, "Accept: text/event-stream");
    curl_easy_setopt(stream->easy, CURLOPT_HTTPHEADER, stream->headers);
    curl_easy_setopt(stream->easy, CURLOPT_WRITEFUNCTION, stream_arrived);
    curl_easy_setopt(stream->easy, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(stream->easy, CURLOPT_HEADERFUNCTION, header_arrived);
    curl_easy_setopt(stream->easy, CURLOPT_HEADERDATA, client);
    curl_easy_setopt(stream->easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(stream->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(stream->easy, CURLOPT_LOW_SPEED_TIME, SILENCE_LIMIT);
    curl_multi_add_handle(client->multi, stream->easy);
}

void client_listen(struct client *client, client_event_seen *seen, client_link_changed *changed, void *owner)
{
    struct event_stream *stream = &client->stream;
    stream->seen = seen;
    stream->changed = changed;
    stream->owner = owner;
    if (!stream->easy)
        connect_now(client);
}

msec client_last_event(const struct client *client)
{
    return client->stream.last_event;
}

/* The unix socket: HTTP/1.1 on libuv pipes, connections kept for the next request. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "client/http_response.h"
#include "client/internal.h"

#define SPARE_MOST 3
#define READ_SIZE 65536

struct connection {
    struct connection *next;      /* while spare */
    struct client *client;
    uv_pipe_t pipe;
    uv_connect_t connecting;
    struct http_response response;
    struct exchange *exchange;    /* NULL while spare or closing */
    bool used_before, head_told, spare, closing;
    bool got_bytes;               /* of this answer */
};

struct local {
    char *path;
    struct connection *spare;
    unsigned spare_count;
    char *scratch;                /* READ_SIZE bytes for whoever reads */
};

struct outgoing { uv_write_t write; struct buffer bytes; };

static void send_request(struct connection *connection);
static void connection_new(struct exchange *exchange);

static bool local_open(struct client *client, const struct client_options *options, struct error *error)
{
    struct local *local = memory_new(sizeof *local);
    (void)error;
    local->path = options->socket ? memory_text(options->socket) : client_default_socket();
    local->scratch = memory_new(READ_SIZE);
    client->where = memory_text(local->path);
    client->transport = local;
    return true;
}

/* ---- connections ---- */

static void connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct client *client = connection->client;
    http_response_release(&connection->response);
    free(connection);
    client_handle_closed(client);
}

static void connection_close(struct connection *connection)
{
    if (connection->closing)
        return;
    connection->closing = true;
    connection->exchange = NULL;
    uv_close((uv_handle_t *)&connection->pipe, connection_closed);
}

static void spare_remove(struct connection *connection)
{
    struct local *local = connection->client->transport;
    for (struct connection **link = &local->spare; *link; link = &(*link)->next)
        if (*link == connection) {
            *link = connection->next;
            local->spare_count--;
            connection->spare = false;
            return;
        }
}

static void local_close(struct client *client)
{
    struct local *local = client->transport;
    while (local->spare) {
        struct connection *connection = local->spare;
        spare_remove(connection);
        connection_close(connection);
    }
    free(local->path);
    free(local->scratch);
    free(local);
    client->transport = NULL;
}

static void fail(struct connection *connection, const char *format, const char *detail)
{
    struct exchange *exchange = connection->exchange;
    struct error error = {0};
    error_set(&error, ERROR_UNAVAILABLE, format, connection->client->where, detail);
    connection_close(connection);
    exchange->carrier = NULL;
    exchange->end(exchange, &error);
}

static void body_came(void *owner, const char *bytes, size_t length)
{
    struct connection *connection = owner;
    struct exchange *exchange = connection->exchange;
    if (!connection->head_told) {
        connection->head_told = true;
        exchange->status = connection->response.status;
        if (exchange->head)
            exchange->head(exchange);
    }
    if (connection->exchange) /* the listener may have stopped it */
        exchange->data(exchange, bytes, length);
}

/* The answer is whole: keep the connection for the next, then say so. */
static void answer_over(struct connection *connection)
{
    struct local *local = connection->client->transport;
    struct exchange *exchange = connection->exchange;
    exchange->status = connection->response.status;
    bool keep = connection->response.keep_alive && local->spare_count < SPARE_MOST;
    exchange->carrier = NULL;
    connection->exchange = NULL;
    if (keep) {
        connection->spare = true;
        connection->next = local->spare;
        local->spare = connection;
        local->spare_count++;
    } else {
        connection_close(connection);
    }
    exchange->end(exchange, NULL);
}

static void take_bytes(struct connection *connection, const char *bytes, size_t length)
{
    connection->got_bytes = true;
    connection->exchange->last_byte = clock_steady();
    http_response_feed(&connection->response, bytes, length, body_came, connection);
    if (!connection->exchange)
        return; /* stopped by its own listener */
    if (connection->response.phase == HTTP_BAD) {
        fail(connection, "%s does not speak HTTP%s", "");
        return;
    }
    bool head = connection->response.phase != HTTP_HEAD;
    if (head && !connection->head_told) {
        connection->head_told = true;
        connection->exchange->status = connection->response.status;
        if (connection->exchange->head)
            connection->exchange->head(connection->exchange);
    }
    if (connection->exchange && connection->response.phase == HTTP_DONE)
        answer_over(connection);
}

static void ended(struct connection *connection, ssize_t code)
{
    struct exchange *exchange = connection->exchange;
    if (connection->spare || !exchange) {
        if (connection->spare)
            spare_remove(connection);
        connection_close(connection);
    } else if (connection->used_before && !connection->got_bytes && strcmp(exchange->method, "GET") == 0) {
        connection_close(connection); /* the daemon had let the spare connection go: once more on a new one */
        connection_new(exchange);
    } else if (code == UV_EOF && http_response_end(&connection->response)) {
        connection->response.keep_alive = false;
        answer_over(connection);
    } else {
        fail(connection, "%s: the daemon went away%s", "");
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct connection *connection = handle->data;
    struct local *local = connection->client->transport;
    (void)suggested;
    *room = uv_buf_init(local ? local->scratch : NULL, local ? READ_SIZE : 0);
}

static void bytes_came(uv_stream_t *stream, ssize_t length, const uv_buf_t *room)
{
    struct connection *connection = stream->data;
    if (length > 0 && connection->exchange)
        take_bytes(connection, room->base, (size_t)length);
    else if (length != 0 && !connection->closing)
        ended(connection, length < 0 ? length : UV_EPROTO);
}

static void written(uv_write_t *write, int status)
{
    struct outgoing *outgoing = (struct outgoing *)write;
    (void)status; /* a broken pipe also ends the reading side, which tells */
    buffer_release(&outgoing->bytes);
    free(outgoing);
}

static void send_request(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    struct outgoing *outgoing = memory_new(sizeof *outgoing);
    struct buffer *bytes = &outgoing->bytes;
    http_response_restart(&connection->response);
    connection->head_told = connection->got_bytes = false;
    buffer_printf(bytes,
                  "%s /api/v1%s HTTP/1.1\r\nHost: nocturne\r\nUser-Agent: nocturne/" NOCTURNE_VERSION "\r\n",
                  exchange->method, buffer_text(&exchange->path));
    buffer_append(bytes, buffer_text(&exchange->headers), exchange->headers.length);
    if (strcmp(exchange->method, "GET") != 0)
        buffer_printf(bytes, "Content-Length: %zu\r\n", exchange->body.length);
    buffer_append_text(bytes, "\r\n");
    buffer_append(bytes, buffer_text(&exchange->body), exchange->body.length);
    uv_buf_t out = uv_buf_init(bytes->data, (unsigned)bytes->length);
    int code = uv_write(&outgoing->write, (uv_stream_t *)&connection->pipe, &out, 1, written);
    if (code != 0) {
        buffer_release(bytes);
        free(outgoing);
        ended(connection, UV_ECONNRESET);
    }
}

static void connected(uv_connect_t *connecting, int status)
{
    struct connection *connection = connecting->data;
    if (connection->closing || !connection->exchange)
        return;
    if (status != 0) {
        fail(connection,
             "no daemon answers on %s (%s): start nocturned, or name another with --socket or --url",
             uv_strerror(status));
        return;
    }
    uv_read_start((uv_stream_t *)&connection->pipe, give_room, bytes_came);
    send_request(connection);
}

static void connection_new(struct exchange *exchange)
{
    struct client *client = exchange->client;
    struct local *local = client->transport;
    struct connection *connection = memory_new(sizeof *connection);
    connection->client = client;
    connection->exchange = exchange;
    exchange->carrier = connection;
    http_response_init(&connection->response);
    uv_pipe_init(client->loop, &connection->pipe, 0);
    client->handles_open++;
    connection->pipe.data = connection;
    connection->connecting.data = connection;
    uv_pipe_connect(&connection->connecting, &connection->pipe, local->path, connected);
}

static void local_start(struct exchange *exchange)
{
    struct local *local = exchange->client->transport;
    if (!local->spare) {
        connection_new(exchange);
        return;
    }
    struct connection *connection = local->spare;
    spare_remove(connection);
    connection->exchange = exchange;
    connection->used_before = true;
    exchange->carrier = connection;
    send_request(connection);
}

static void local_stop(struct exchange *exchange)
{
    struct connection *connection = exchange->carrier;
    if (connection)
        connection_close(connection);
    exchange->carrier = NULL;
}

const struct transport_ops local_transport = {
    .open = local_open,
    .close = local_close,
    .start = local_start,
    .stop = local_stop,
};

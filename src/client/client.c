#include "client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "client/internal.h"

#define ANSWER_LIMIT (60 * SPAN_SECOND)
#define WATCH_EVERY 1000u
#define LINE_MOST 1048576u /* bytes of one line of an answer without end */

struct client_request {
    struct exchange *exchange;
    struct buffer answer;
    client_done *done;
    void *owner;
    double started;
    bool lines, heard; /* client_follow; a piece was handed over */
};

double steady_milliseconds(void)
{
    return (double)uv_hrtime() / 1e6;
}

/* ---- exchanges ---- */

struct exchange *exchange_new(struct client *client, const char *method, const char *path)
{
    struct exchange *exchange = memory_new(sizeof *exchange);
    exchange->client = client;
    exchange->method = method;
    exchange->deadline = CLOCK_NEVER;
    buffer_append_text(&exchange->path, path);
    return exchange;
}

void exchange_header(struct exchange *exchange, const char *name, const char *value)
{
    buffer_printf(&exchange->headers, "%s: %s\r\n", name, value);
}

static void watch_due(uv_timer_t *timer)
{
    struct client *client = timer->data;
    msec now = clock_steady();
    for (struct exchange *exchange = client->exchanges, *next; exchange; exchange = next) {
        next = exchange->next;
        bool late = exchange->deadline != CLOCK_NEVER && now > exchange->deadline;
        bool silent = exchange->silence && now > exchange->last_byte + exchange->silence;
        if (!late && !silent)
            continue;
        struct error error = {0};
        client->ops->stop(exchange);
        error_set(&error, ERROR_TIMEOUT, late ? N_("%s does not answer in time") : N_("%s has fallen silent"), client->where);
        exchange->end(exchange, &error);
        return; /* the list may have changed: the rest waits for the next turn */
    }
}

void exchange_start(struct exchange *exchange)
{
    struct client *client = exchange->client;
    exchange->next = client->exchanges;
    if (exchange->next)
        exchange->next->previous = exchange;
    client->exchanges = exchange;
    exchange->last_byte = clock_steady();
    if (!uv_is_active((uv_handle_t *)&client->watch))
        uv_timer_start(&client->watch, watch_due, WATCH_EVERY, WATCH_EVERY);
    client->ops->start(exchange);
}

void exchange_free(struct exchange *exchange)
{
    struct client *client = exchange->client;
    client->ops->stop(exchange);
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        client->exchanges = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    if (!client->exchanges)
        uv_timer_stop(&client->watch);
    buffer_release(&exchange->path);
    buffer_release(&exchange->headers);
    buffer_release(&exchange->body);
    free(exchange);
}

/* ---- life ---- */

struct client *client_new(uv_loop_t *loop, const struct client_options *options, struct error *error)
{
    struct client *client = memory_new(sizeof *client);
    client->loop = loop;
    client->ops = options->url ? &remote_transport : &local_transport;
    if (!client->ops->open(client, options, error)) {
        free(client->where);
        free(client);
        return NULL;
    }
    uv_timer_init(loop, &client->watch);
    client->watch.data = client;
    stream_init(client);
    client->handles_open += 2;
    return client;
}

void client_handle_closed(struct client *client)
{
    if (--client->handles_open)
        return;
    free(client->where);
    free(client);
}

static void timer_closed(uv_handle_t *handle)
{
    client_handle_closed(handle->data);
}

void client_free(struct client **pointer)
{
    struct client *client = *pointer;
    if (!client)
        return;
    *pointer = NULL;
    stream_release(client);
    while (client->exchanges) /* only requests are left */
        client_cancel(client->exchanges->owner);
    client->ops->close(client);
    uv_close((uv_handle_t *)&client->watch, timer_closed);
    uv_close((uv_handle_t *)&client->stream.retry, timer_closed);
}

/* ---- requests ---- */

static void request_data(struct exchange *exchange, const char *bytes, size_t length)
{
    struct client_request *request = exchange->owner;
    buffer_append(&request->answer, bytes, length);
    if (!request->lines || exchange->status < 200 || exchange->status > 299)
        return;
    const char *newline = request->answer.length ? memrchr(request->answer.data, '\n', request->answer.length) : NULL;
    size_t whole = newline ? (size_t)(newline - request->answer.data) + 1 : 0;
    if (!whole && request->answer.length <= LINE_MOST)
        return;
    if (!whole)
        whole = request->answer.length; /* no line is that long: the reader says so of the piece */
    struct client_answer answer = {.status = exchange->status, .body = request->answer.data, .length = whole,
                                   .milliseconds = steady_milliseconds() - request->started, .more = true,
                                   .first = !request->heard};
    request->heard = true;
    request->done(request->owner, &answer);
    buffer_consume(&request->answer, whole);
}

static void request_free(struct client_request *request)
{
    buffer_release(&request->answer);
    free(request);
}

void client_cancel(struct client_request *request)
{
    exchange_free(request->exchange);
    request_free(request);
}

static enum error_code code_of_status(int status)
{
    switch (status) {
    case 400: case 405: case 415: case 422: return ERROR_INVALID;
    case 401: case 403: return ERROR_DENIED;
    case 404: return ERROR_NOT_FOUND;
    case 409: case 412: return ERROR_CONFLICT;
    case 507: return ERROR_FULL;
    case 503: return ERROR_UNAVAILABLE;
    default: return ERROR_INTERNAL;
    }
}

static void request_end(struct exchange *exchange, const struct error *cause)
{
    struct client_request *request = exchange->owner;
    struct client *client = exchange->client;
    struct error error = {0};
    struct client_answer answer = {.status = cause ? 0 : exchange->status,
                                   .body = buffer_text(&request->answer),
                                   .length = request->answer.length,
                                   .milliseconds = steady_milliseconds() - request->started,
                                   .first = !request->heard,
                                   .error = cause};
    if (!cause) {
        client->latency = client->latency ? client->latency * 0.8 + answer.milliseconds * 0.2 : answer.milliseconds;
        if (answer.status < 200 || answer.status > 299) {
            if (!wire_read_problem(answer.body, answer.length, &error) || !error.text[0])
                error_set(&error, code_of_status(answer.status), "the daemon answered %d to %s",
                          answer.status, buffer_text(&exchange->path));
            answer.error = &error;
        }
    }
    client_done *done = request->done;
    void *owner = request->owner;
    exchange_free(exchange);
    done(owner, &answer);
    request_free(request);
}

static struct client_request *request_new(struct client *client, const char *method, const char *path,
                                          client_done *done, void *owner)
{
    struct client_request *request = memory_new(sizeof *request);
    request->done = done;
    request->owner = owner;
    request->started = steady_milliseconds();
    request->exchange = exchange_new(client, method, path);
    request->exchange->owner = request;
    request->exchange->deadline = clock_steady() + ANSWER_LIMIT;
    request->exchange->data = request_data;
    request->exchange->end = request_end;
    return request;
}

struct client_request *client_get(struct client *client, const char *path, client_done *done, void *owner)
{
    struct client_request *request = request_new(client, "GET", path, done, owner);
    exchange_start(request->exchange);
    return request;
}

struct client_request *client_follow(struct client *client, const char *path, client_done *done, void *owner)
{
    struct client_request *request = request_new(client, "GET", path, done, owner);
    request->lines = true;
    request->exchange->deadline = CLOCK_NEVER;
    exchange_start(request->exchange);
    return request;
}

static void random_key(char out[33])
{
    unsigned char bytes[16] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort(); /* 16 bytes never come short once the kernel has started */
    for (unsigned i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Methods are kept as constants. */
static const char *method_constant(const char *method)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "GET"};
    for (unsigned i = 0; i < ARRAY_COUNT(methods); i++)
        if (strcmp(methods[i], method) == 0)
            return methods[i];
    return "POST";
}

struct client_request *client_send(struct client *client, const char *method, const char *path, const char *body,
                                   size_t length, const char *content_type, int64_t revision, client_done *done,
                                   void *owner)
{
    struct client_request *request = request_new(client, method_constant(method), path, done, owner);
    struct exchange *exchange = request->exchange;
    char key[33], number[32];
    random_key(key);
    exchange_header(exchange, "Idempotency-Key", key);
    if (revision >= 0) {
        snprintf(number, sizeof number, "%lld", (long long)revision);
        exchange_header(exchange, "If-Match", number);
    }
    exchange_header(exchange, "Content-Type", content_type ? content_type : "application/json");
    if (body)
        buffer_append(&exchange->body, body, length);
    exchange_start(exchange);
    return request;
}

double client_latency(const struct client *client)
{
    return client->latency;
}

/* ---- waiting, for the shell ---- */

struct waiting {
    bool over, good;
    struct buffer *answer;
    struct error *error;
};

static void waiting_done(void *owner, const struct client_answer *answer)
{
    struct waiting *waiting = owner;
    waiting->over = true;
    waiting->good = !answer->error;
    if (answer->error && waiting->error)
        *waiting->error = *answer->error;
    if (waiting->answer)
        buffer_append(waiting->answer, answer->body, answer->length);
}

bool client_call(struct client *client, const char *method, const char *path, const char *body, size_t length,
                 const char *content_type, struct buffer *answer, struct error *error)
{
    struct waiting waiting = {.answer = answer, .error = error};
    if (strcmp(method, "GET") == 0)
        client_get(client, path, waiting_done, &waiting);
    else
        client_send(client, method, path, body, length, content_type, -1, waiting_done, &waiting);
    while (!waiting.over)
        uv_run(client->loop, UV_RUN_ONCE);
    return waiting.good;
}

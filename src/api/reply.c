/* The answer's way back: whole buffers, long answers in pieces, problems. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "base/log.h"

#define PIECE ((size_t)64 * 1024)

const double latency_bound[LATENCY_BUCKETS] = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5};

static const int status_of[] = {
    [ERROR_NONE] = 500,
    [ERROR_INVALID] = 400,
    [ERROR_NOT_FOUND] = 404,
    [ERROR_CONFLICT] = 409,
    [ERROR_DENIED] = 403,
    [ERROR_UNAVAILABLE] = 503,
    [ERROR_TIMEOUT] = 504,
    [ERROR_FULL] = 507,
    [ERROR_TOO_NEW] = 500,
    [ERROR_CORRUPT] = 500,
    [ERROR_INTERNAL] = 500,
};

static void finish_problem(struct request *request, int status, const struct error *error)
{
    buffer_clear(&request->answer);
    wire_write_problem(&request->answer, status, error, request->path);
    request->content_type = "application/problem+json";
    request->produce = NULL;
    request_finish(request, status);
}

void request_finish_json(struct request *request)
{
    request->content_type = "application/json";
    request_finish(request, 200);
}

void request_fail(struct request *request, const struct error *error)
{
    finish_problem(request, status_of[error->code], error);
}

void request_refuse(struct request *request, int status, enum error_code code, const char *format, ...)
{
    struct error error;
    char text[sizeof error.text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(&error, code, "%s", text);
    finish_problem(request, status, &error);
}

bool request_has_desk(struct request *request)
{
    if (request->api->alerts)
        return true;
    request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon keeps no alerts");
    return false;
}

/* MHD asks for at most `room` bytes of what comes next. */
static ssize_t next_piece(void *owner, uint64_t position, char *out, size_t room)
{
    (void)position;
    struct request *request = owner;
    while (request->sent == request->answer.length) {
        buffer_clear(&request->answer);
        request->sent = 0;
        if (request->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        enum produced produced = request->produce(request);
        request->ended = produced == PRODUCED_END;
        if (produced == PRODUCED_WAIT && !request->answer.length) {
            MHD_suspend_connection(request->connection);
            return 0;
        }
    }
    size_t length = request->answer.length - request->sent;
    if (length > room)
        length = room;
    memcpy(out, request->answer.data + request->sent, length);
    request->sent += length;
    return (ssize_t)length;
}

static void count_answer(struct request *request)
{
    struct figures *figures = &request->api->figures;
    unsigned row = request->route ? (unsigned)(request->route - routes) : route_count;
    figures->answers[row][request->status / 100 % 6]++;
    double seconds = (double)(uv_hrtime() - request->started_ns) / 1e9;
    unsigned bucket = 0;
    while (bucket < LATENCY_BUCKETS && seconds > latency_bound[bucket])
        bucket++;
    figures->latency[bucket]++;
    figures->latency_sum += seconds;
}

static void add_headers(struct request *request, struct MHD_Response *response)
{
    char text[128];
    if (request->content_type)
        MHD_add_response_header(response, "Content-Type", request->content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (request->etag >= 0) {
        snprintf(text, sizeof text, "\"%lld\"", (long long)request->etag);
        MHD_add_response_header(response, "ETag", text);
    }
    if (request->filename[0]) {
        snprintf(text, sizeof text, "attachment; filename=\"%s\"", request->filename);
        MHD_add_response_header(response, "Content-Disposition", text);
    }
    if (request->status == 405)
        MHD_add_response_header(response, "Allow", buffer_text(&request->allow));
    if (request->status == 401)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (request->close)
        MHD_add_response_header(response, "Connection", "close");
    if (request->replayed)
        MHD_add_response_header(response, "Idempotency-Replayed", "true");
}

enum MHD_Result reply_queue(struct request *request)
{
    struct MHD_Response *response;
    if (request->produce)
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, next_piece, request, NULL);
    else {
        size_t length = request->answer.length;
        response = MHD_create_response_from_buffer(length, length ? buffer_take(&request->answer) : NULL,
                                                   MHD_RESPMEM_MUST_FREE);
    }
    if (!response)
        return MHD_NO;
    add_headers(request, response);
    peer_phase(request, PEER_ANSWER);
    count_answer(request);
    if (request->status >= 500)
        log_warning("%s %s: answered %d", request->method, request->path, request->status);
    enum MHD_Result result = MHD_queue_response(request->connection, (unsigned)request->status, response);
    MHD_destroy_response(response);
    return result;
}

void stream_wake(struct request *request, bool *asleep)
{
    if (!*asleep)
        return;
    *asleep = false;
    MHD_resume_connection(request->connection);
    listener_wake(request->listener);
}

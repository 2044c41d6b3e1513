#include "collect/ssh_agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/ssh_key.h"

#define ANSWER_MAX (256 << 10)
#define PATIENCE 15000 /* ms: it may ask a person */
#define KEYS_MAX 64

/* draft-miller-ssh-agent */
enum { REQUEST_IDENTITIES = 11, IDENTITIES_ANSWER = 12, SIGN_REQUEST = 13, SIGN_RESPONSE = 14, FLAG_RSA_SHA2_256 = 2 };

struct ssh_agent_request {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_connect_t connecting;
    uv_write_t writing;
    struct buffer question, answer;
    ssh_agent_done *done;
    void *owner;
    unsigned open;   /* handles not yet closed */
    bool closing;
};

static void handle_closed(uv_handle_t *handle)
{
    struct ssh_agent_request *request = handle->data;
    if (--request->open > 0)
        return;
    buffer_release(&request->question);
    buffer_release(&request->answer);
    free(request);
}

static void request_close(struct ssh_agent_request *request)
{
    request->closing = true;
    uv_close((uv_handle_t *)&request->pipe, handle_closed);
    uv_close((uv_handle_t *)&request->timer, handle_closed);
}

static void request_end(struct ssh_agent_request *request, const char *why)
{
    if (request->closing)
        return;
    struct error error = {0};
    if (why)
        error_set(&error, ERROR_UNAVAILABLE, "the agent %s", why);
    request_close(request);
    if (!why)
        buffer_consume(&request->answer, 4);
    request->done(request->owner, why ? NULL : &request->answer, why ? &error : NULL);
}

static void room_for(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct ssh_agent_request *request = handle->data;
    (void)suggested;
    buffer_reserve(&request->answer, 4096);
    *room = uv_buf_init(request->answer.data + request->answer.length, 4096);
}

static void agent_answers(uv_stream_t *stream, ssize_t got, const uv_buf_t *room)
{
    struct ssh_agent_request *request = stream->data;
    (void)room;
    if (got < 0) {
        request_end(request, got == UV_EOF ? N_("closes instead of answering") : uv_strerror((int)got));
        return;
    }
    request->answer.length += (size_t)got;
    struct ssh_fields fields = {.at = (const unsigned char *)request->answer.data, .left = request->answer.length};
    uint32_t length;
    if (!ssh_field_u32(&fields, &length))
        return;
    if (length == 0 || length > ANSWER_MAX)
        request_end(request, "answers nonsense");
    else if (fields.left >= length) {
        request->answer.length = 4 + length;
        request_end(request, NULL);
    }
}

static void question_sent(uv_write_t *write, int status)
{
    struct ssh_agent_request *request = write->data;
    if (status < 0)
        request_end(request, uv_strerror(status));
}

static void agent_connected(uv_connect_t *connecting, int status)
{
    struct ssh_agent_request *request = connecting->data;
    if (request->closing)
        return;
    if (status < 0) {
        request_end(request, status == UV_ENOENT || status == UV_ECONNREFUSED ? N_("does not run") : uv_strerror(status));
        return;
    }
    uv_buf_t bytes = uv_buf_init(request->question.data, (unsigned)request->question.length);
    uv_read_start((uv_stream_t *)&request->pipe, room_for, agent_answers);
    uv_write(&request->writing, (uv_stream_t *)&request->pipe, &bytes, 1, question_sent);
}

static void patience_over(uv_timer_t *timer)
{
    request_end(timer->data, "does not answer");
}

static struct ssh_agent_request *ask(uv_loop_t *loop, const char *path, struct buffer *message, ssh_agent_done *done,
                                     void *owner)
{
    struct ssh_agent_request *request = memory_new(sizeof *request);
    *request = (struct ssh_agent_request){.done = done, .owner = owner, .open = 2};
    ssh_put(&request->question, message->data, message->length);
    buffer_release(message);
    uv_pipe_init(loop, &request->pipe, 0);
    uv_timer_init(loop, &request->timer);
    request->pipe.data = request->timer.data = request->connecting.data = request->writing.data = request;
    uv_timer_start(&request->timer, patience_over, PATIENCE, 0);
    uv_pipe_connect(&request->connecting, &request->pipe, path, agent_connected);
    return request;
}

struct ssh_agent_request *ssh_agent_list(uv_loop_t *loop, const char *path, ssh_agent_done *done, void *owner)
{
    struct buffer message = BUFFER_INIT;
    buffer_append_char(&message, REQUEST_IDENTITIES);
    return ask(loop, path, &message, done, owner);
}

struct ssh_agent_request *ssh_agent_sign(uv_loop_t *loop, const char *path, const struct buffer *public, const void *data,
                                         size_t length, ssh_agent_done *done, void *owner)
{
    struct buffer message = BUFFER_INIT;
    buffer_append_char(&message, SIGN_REQUEST);
    ssh_put(&message, public->data, public->length);
    ssh_put(&message, data, length);
    ssh_put_u32(&message, ssh_key_is_rsa(public) ? FLAG_RSA_SHA2_256 : 0);
    return ask(loop, path, &message, done, owner);
}

void ssh_agent_cancel(struct ssh_agent_request **request)
{
    if (*request && !(*request)->closing)
        request_close(*request);
    *request = NULL;
}

/* ---- answers ---- */

bool ssh_agent_keys(const struct buffer *answer, void (*visit)(void *owner, const void *public, size_t length), void *owner,
                    struct error *error)
{
    struct ssh_fields fields = {.at = (const unsigned char *)answer->data, .left = answer->length};
    uint32_t count;
    if (fields.left < 1 || *fields.at != IDENTITIES_ANSWER)
        return error_set(error, ERROR_UNAVAILABLE, "the agent does not list its keys (is it locked?)");
    fields.at++, fields.left--;
    if (!ssh_field_u32(&fields, &count))
        return error_set(error, ERROR_INVALID, "the agent's answer is cut short");
    for (uint32_t i = 0; i < count && i < KEYS_MAX; i++) {
        const unsigned char *blob, *comment;
        size_t blob_length, comment_length;
        if (!ssh_field(&fields, &blob, &blob_length) || !ssh_field(&fields, &comment, &comment_length))
            return error_set(error, ERROR_INVALID, "the agent's answer is cut short");
        if (blob_length >= 4)
            visit(owner, blob, blob_length);
    }
    return true;
}

bool ssh_agent_signature(const struct buffer *answer, struct buffer *signature, struct error *error)
{
    struct ssh_fields fields = {.at = (const unsigned char *)answer->data, .left = answer->length};
    const unsigned char *whole, *name, *bytes;
    size_t whole_length, name_length, length;
    if (fields.left < 1 || *fields.at != SIGN_RESPONSE)
        return error_set(error, ERROR_DENIED, "the agent does not sign with that key");
    fields.at++, fields.left--;
    if (!ssh_field(&fields, &whole, &whole_length))
        return error_set(error, ERROR_INVALID, "the agent's signature is cut short");
    struct ssh_fields inner = {.at = whole, .left = whole_length};
    if (!ssh_field(&inner, &name, &name_length) || !ssh_field(&inner, &bytes, &length) || length == 0)
        return error_set(error, ERROR_INVALID, "the agent's signature is cut short");
    if (name_length == 7 && memcmp(name, "ssh-rsa", 7) == 0)
        return error_set(error, ERROR_INVALID, "the agent is too old: it signs RSA with SHA-1 alone");
    buffer_append(signature, bytes, length);
    return true;
}

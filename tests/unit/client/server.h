/* A server of our own on a unix socket, which can misbehave as no daemon should. */
#ifndef UNIT_CLIENT_SERVER_H
#define UNIT_CLIENT_SERVER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/memory.h"

/* A server: each connection's request is answered by what `script` says for it, in order. */
struct server {
    uv_loop_t loop;
    uv_pipe_t listener;
    char path[128];
    const char *answers[64];   /* one a request; NULL: close without a word; "" : stay silent */
    unsigned asked;
    struct buffer requests;
};

struct peer { uv_pipe_t pipe; struct server *server; char room[8192]; };
struct reply { uv_write_t write; bool close; };

static void peer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void replied(uv_write_t *write, int status)
{
    (void)status;
    struct reply *reply = (struct reply *)write;
    if (reply->close && !uv_is_closing((uv_handle_t *)write->handle))
        uv_close((uv_handle_t *)write->handle, peer_closed);
    free(reply);
}

static void room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct peer *peer = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(peer->room, sizeof peer->room);
}

static void request_came(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct peer *peer = stream->data;
    struct server *server = peer->server;
    if (length < 0) {
        if (!uv_is_closing((uv_handle_t *)stream))
            uv_close((uv_handle_t *)stream, peer_closed);
        return;
    }
    buffer_append(&server->requests, buffer->base, (size_t)length);
    const char *answer = server->answers[server->asked++];
    if (!answer) {
        uv_close((uv_handle_t *)stream, peer_closed);
    } else if (*answer) {
        struct reply *reply = memory_new(sizeof *reply);
        reply->close = *answer == '!'; /* closes after it */
        uv_buf_t out = uv_buf_init((char *)answer + reply->close, (unsigned)strlen(answer + reply->close));
        uv_write(&reply->write, stream, &out, 1, replied);
    }
}

static void peer_came(uv_stream_t *listener, int status)
{
    struct server *server = listener->data;
    struct peer *peer = memory_new(sizeof *peer);
    (void)status;
    uv_pipe_init(&server->loop, &peer->pipe, 0);
    peer->pipe.data = peer;
    peer->server = server;
    uv_accept(listener, (uv_stream_t *)&peer->pipe);
    uv_read_start((uv_stream_t *)&peer->pipe, room, request_came);
}

static void server_start(struct server *server)
{
    memset(server, 0, sizeof *server);
    uv_loop_init(&server->loop);
    snprintf(server->path, sizeof server->path, "/tmp/nocturne-client-%d.sock", (int)getpid());
    unlink(server->path);
    uv_pipe_init(&server->loop, &server->listener, 0);
    server->listener.data = server;
    assert_int_equal(uv_pipe_bind(&server->listener, server->path), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 16, peer_came), 0);
}

static void close_peer(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, handle->type == UV_NAMED_PIPE && handle->data ? peer_closed : NULL);
}

static void server_stop(struct server *server)
{
    uv_close((uv_handle_t *)&server->listener, NULL);
    uv_run(&server->loop, UV_RUN_NOWAIT);
    uv_walk(&server->loop, close_peer, NULL);
    while (uv_run(&server->loop, UV_RUN_DEFAULT) != 0)
        ;
    assert_int_equal(uv_loop_close(&server->loop), 0); /* nothing of the client's is left open */
    buffer_release(&server->requests);
    unlink(server->path);
}

#endif

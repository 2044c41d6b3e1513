#include "collect/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/fault.h"

#define GATHER_MS 2
#define GATHER_FULL_MS 1          /* while it comes so fast that the socket's room might fill up */
#define FULL_BYTES ((size_t)16 << 10)
#define BUSY_BYTES 1024           /* in one round: more than a few messages, so the next round is worth waiting for */
#define CIPHER_ROOM ((size_t)64 << 10)
#define EMPTY_READS 16            /* of a WebSocket that carries nothing but pings, then the loop gets its turn */
#define PONGS_MAX ((size_t)1 << 20) /* bytes of answers that it does not take */

enum phase { PHASE_RESOLVING, PHASE_CONNECTING, PHASE_HANDSHAKE, PHASE_UPGRADE, PHASE_OPEN, PHASE_FAILED };

struct stream {
    uv_loop_t *loop;
    const struct stream_ops *ops;
    void *owner;
    enum phase phase;
    bool freed, hurry, gathering, again;
    bool drained;                   /* the last read of this round took all there was */
    uv_getaddrinfo_t *request;      /* while resolving; outlives the stream */
    struct addrinfo *addresses, *next_address;
    int fd;
    uv_poll_t *poll;                /* of fd */
    uv_timer_t pause;
    struct tls *tls;
    char *cipher;                   /* room for what TLS reads */
    struct websocket *websocket;
    struct buffer frames;           /* for the other side, not yet through TLS */
    size_t round_bytes;
    struct buffer out;              /* not taken by the kernel yet */
    char why[256];
};

static void stream_fail(struct stream *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void connect_next(struct stream *stream, int last_error);
static void frames_send(struct stream *stream);
static void on_poll(uv_poll_t *poll, int status, int events);
static void on_pause(uv_timer_t *timer);

/* -- Closing -- */

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void close_socket(struct stream *stream)
{
    if (stream->poll) {
        uv_poll_stop(stream->poll);
        uv_close((uv_handle_t *)stream->poll, on_poll_closed);
        stream->poll = NULL;
    }
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

static void on_pause_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    buffer_release(&stream->out);
    buffer_release(&stream->frames);
    free(stream->cipher);
    free(stream);
}

void stream_free(struct stream **streamp)
{
    struct stream *stream = *streamp;
    if (!stream)
        return;
    *streamp = NULL;
    if (stream->websocket && stream->phase == PHASE_OPEN) {
        websocket_goodbye(stream->websocket, &stream->frames);
        frames_send(stream);
    }
    stream->freed = true;
    if (stream->request) {
        stream->request->data = NULL;
        uv_cancel((uv_req_t *)stream->request);
    }
    close_socket(stream);
    if (stream->addresses)
        uv_freeaddrinfo(stream->addresses);
    tls_free(&stream->tls);
    websocket_free(&stream->websocket);
    uv_close((uv_handle_t *)&stream->pause, on_pause_closed);
}

static void stream_fail(struct stream *stream, const char *format, ...)
{
    if (stream->phase == PHASE_FAILED)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(stream->why, sizeof stream->why, format, arguments);
    va_end(arguments);
    stream->phase = PHASE_FAILED;
    close_socket(stream);
    uv_timer_stop(&stream->pause);
}

/* The owner hears of a failure last, when nothing here touches the stream any more. */
static void report(struct stream *stream)
{
    if (stream->phase == PHASE_FAILED && !stream->freed)
        stream->ops->failed(stream->owner, stream->why);
}

/* It ended the connection where it should have said something. */
static const char *closed_text(const struct stream *stream)
{
    switch (stream->phase) {
    case PHASE_HANDSHAKE: return N_("closed the connection during the TLS handshake: does this port speak TLS?");
    case PHASE_UPGRADE: return N_("closed the connection at the WebSocket upgrade: is this the broker's WebSocket port?");
    default: return N_("connection closed by the other side");
    }
}

/* -- Watching -- */

static void watch(struct stream *stream)
{
    int events = stream->phase == PHASE_CONNECTING ? UV_WRITABLE : UV_READABLE;
    if (stream->out.length)
        events |= UV_WRITABLE;
    uv_poll_start(stream->poll, events, on_poll);
}

static void flush(struct stream *stream)
{
    while (stream->out.length && stream->phase != PHASE_FAILED) {
        ssize_t sent = send(stream->fd, stream->out.data, stream->out.length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (sent < 0)
            stream_fail(stream, "%s", fault_socket(errno));
        else
            buffer_consume(&stream->out, (size_t)sent);
    }
}

/* Bytes from the socket; 0: none now, or failed. */
static size_t receive(struct stream *stream, void *bytes, size_t room)
{
    while (!stream->drained) {
        ssize_t got = recv(stream->fd, bytes, room, 0);
        if (got > 0) {
            stream->drained = stream->phase == PHASE_OPEN && (size_t)got < room;
            stream->round_bytes += (size_t)got;
            return (size_t)got;
        }
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        bool ended = got == 0 || (errno == ECONNRESET && stream->phase != PHASE_OPEN);
        stream_fail(stream, "%s", ended ? closed_text(stream) : fault_socket(errno));
        return 0;
    }
    return 0;
}

static void go_open(struct stream *stream)
{
    stream->phase = PHASE_OPEN;
    watch(stream);
    stream->ops->opened(stream->owner);
}

/* -- Bytes -- */

/* Plain bytes, of TLS or of the socket itself; 0: none now, or failed. */
static size_t plain_read(struct stream *stream, void *bytes, size_t room)
{
    struct error error;
    if (!stream->tls)
        return receive(stream, bytes, room);
    for (;;) {
        ssize_t plain = tls_read(stream->tls, bytes, room, &error);
        if (plain > 0)
            return (size_t)plain;
        tls_output(stream->tls, &stream->out); /* an alert, or an answer to a key update */
        if (plain < 0) {
            flush(stream);
            stream_fail(stream, "%s", error.text);
            return 0;
        }
        size_t got = receive(stream, stream->cipher, CIPHER_ROOM);
        if (!got)
            return 0;
        tls_input(stream->tls, stream->cipher, got);
    }
}

static void plain_write(struct stream *stream, const void *bytes, size_t length)
{
    struct error error;
    if (!stream->tls)
        buffer_append(&stream->out, bytes, length);
    else if (tls_write(stream->tls, bytes, length, &error))
        tls_output(stream->tls, &stream->out);
    /* A failure shows when the loop next looks: the owner is in the middle of something. */
    if (stream->out.length && stream->fd >= 0) {
        ssize_t sent = send(stream->fd, stream->out.data, stream->out.length, MSG_NOSIGNAL);
        if (sent > 0)
            buffer_consume(&stream->out, (size_t)sent);
    }
    if (stream->out.length && stream->poll && !stream->gathering)
        watch(stream);
}

static void frames_send(struct stream *stream)
{
    if (stream->frames.length)
        plain_write(stream, stream->frames.data, stream->frames.length);
    buffer_clear(&stream->frames);
}

/* -- The WebSocket -- */

/* The answer to the upgrade, as much of it as came. */
static void upgrade(struct stream *stream)
{
    char bytes[4096];
    struct error error;
    bool done = false;
    size_t got;
    while (!done && (got = plain_read(stream, bytes, sizeof bytes)) > 0)
        if (!websocket_greet(stream->websocket, bytes, got, &done, &error)) {
            stream_fail(stream, "%s", error.text);
            return;
        }
    if (done) { /* what came with the answer waits in here, where no poll sees it */
        stream->gathering = true;
        uv_timer_start(&stream->pause, on_pause, 0, 0);
        go_open(stream);
    } else if (stream->phase != PHASE_FAILED) {
        watch(stream);
    }
}

/* Whoever reads wants bytes, not frames. */
static size_t payload_read(struct stream *stream, void *bytes, size_t room)
{
    struct error error;
    for (unsigned turn = 0; turn < EMPTY_READS; turn++) {
        size_t got = websocket_early(stream->websocket, bytes, room);
        if (!got)
            got = plain_read(stream, bytes, room);
        if (!got)
            return 0;
        bool good = websocket_unframe(stream->websocket, bytes, &got, &stream->frames, &error);
        frames_send(stream);
        if (!good)
            stream_fail(stream, "%s", error.text);
        else if (stream->out.length > PONGS_MAX)
            stream_fail(stream, "the other side pings and does not take our answers");
        if (got || stream->phase != PHASE_OPEN)
            return got;
    }
    stream->round_bytes += BUSY_BYTES; /* there may be more: another round, after the others had theirs */
    return 0;
}

static void begin_talk(struct stream *stream)
{
    if (!stream->websocket) {
        go_open(stream);
        return;
    }
    stream->phase = PHASE_UPGRADE;
    frames_send(stream);
    watch(stream);
}

/* -- Opening -- */

static void handshake(struct stream *stream)
{
    struct error error;
    bool done = false;
    size_t got;
    for (;;) {
        bool good = tls_handshake(stream->tls, &done, &error);
        tls_output(stream->tls, &stream->out);
        flush(stream);
        if (!good)
            stream_fail(stream, "%s", error.text);
        if (done || stream->phase == PHASE_FAILED)
            break;
        got = receive(stream, stream->cipher, CIPHER_ROOM);
        if (!got)
            break;
        tls_input(stream->tls, stream->cipher, got);
    }
    if (done && stream->phase != PHASE_FAILED)
        begin_talk(stream);
    else if (stream->phase != PHASE_FAILED)
        watch(stream);
}

static void on_connected(struct stream *stream)
{
    int code = 0, on = 1;
    socklen_t size = sizeof code;
    getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code) {
        connect_next(stream, code);
        return;
    }
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (stream->tls) {
        stream->phase = PHASE_HANDSHAKE;
        handshake(stream);
    } else {
        begin_talk(stream);
    }
}

/* Try the next address; when none is left, the last one's error is the answer. */
static void connect_next(struct stream *stream, int last_error)
{
    close_socket(stream);
    for (struct addrinfo *at = stream->next_address; at; at = at->ai_next) {
        stream->next_address = at->ai_next;
        stream->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (stream->fd < 0 || (connect(stream->fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS)) {
            last_error = errno;
            close_socket(stream);
            continue;
        }
        stream->phase = PHASE_CONNECTING;
        stream->poll = memory_new(sizeof *stream->poll);
        uv_poll_init_socket(stream->loop, stream->poll, stream->fd);
        stream->poll->data = stream;
        watch(stream);
        return;
    }
    stream_fail(stream, "%s", fault_socket(last_error));
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct stream *stream = request->data;
    free(request);
    if (!stream) {
        uv_freeaddrinfo(addresses);
        return;
    }
    stream->request = NULL;
    stream->addresses = stream->next_address = addresses;
    if (status)
        stream_fail(stream, "%s", fault_name(status));
    else
        connect_next(stream, EHOSTUNREACH);
    report(stream);
}

/* -- Reading -- */

/* Let bytes gather: the socket is not watched until the pause is over. */
static void gather(struct stream *stream)
{
    stream->gathering = true;
    bool full = stream->again || stream->round_bytes >= FULL_BYTES;
    uv_timer_start(&stream->pause, on_pause, full ? GATHER_FULL_MS : GATHER_MS, 0);
}

static void read_round(struct stream *stream)
{
    stream->round_bytes = 0;
    stream->drained = stream->hurry = stream->again = false;
    stream->ops->readable(stream->owner);
    if (stream->freed)
        return;
    if (stream->phase == PHASE_OPEN)
        flush(stream);
    if (stream->phase == PHASE_OPEN && (stream->again || (stream->round_bytes >= BUSY_BYTES && !stream->hurry))) {
        gather(stream);
        return;
    }
    stream->gathering = false;
    if (stream->phase == PHASE_OPEN)
        watch(stream);
}

static void on_pause(uv_timer_t *timer)
{
    struct stream *stream = timer->data;
    read_round(stream);
    report(stream);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream *stream = poll->data;
    if (stream->phase == PHASE_CONNECTING) {
        on_connected(stream);
    } else if (stream->phase == PHASE_HANDSHAKE) {
        handshake(stream);
    } else if (stream->phase == PHASE_UPGRADE) {
        flush(stream);
        upgrade(stream);
    } else {
        if (events & UV_WRITABLE)
            flush(stream);
        if (stream->phase == PHASE_OPEN && (status < 0 || stream->hurry)) {
            read_round(stream);
        } else if (stream->phase == PHASE_OPEN && (events & UV_READABLE)) {
            uv_poll_stop(poll);
            gather(stream);
        } else if (stream->phase == PHASE_OPEN) {
            watch(stream);
        }
    }
    report(stream);
}

/* -- For the owner -- */

struct stream *stream_new(uv_loop_t *loop, const struct stream_settings *settings, const struct stream_ops *ops,
                          void *owner, struct error *error)
{
    struct tls *tls = NULL;
    if (settings->tls && !(tls = tls_new(settings->tls, error)))
        return NULL;
    struct stream *stream = memory_new(sizeof *stream);
    stream->loop = loop;
    stream->ops = ops;
    stream->owner = owner;
    stream->fd = -1;
    stream->tls = tls;
    if (tls)
        stream->cipher = memory_new(CIPHER_ROOM);
    if (settings->websocket)
        stream->websocket = websocket_new(settings->websocket, &stream->frames);
    uv_timer_init(loop, &stream->pause);
    stream->pause.data = stream;

    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    snprintf(port, sizeof port, "%u", settings->port);
    stream->request = memory_new(sizeof *stream->request);
    stream->request->data = stream;
    int status = uv_getaddrinfo(loop, stream->request, on_resolved, settings->host, port, &hints);
    if (status) {
        free(stream->request);
        stream->request = NULL;
        error_set(error, ERROR_INVALID, "%s", fault_name(status));
        stream_free(&stream);
    }
    return stream;
}

size_t stream_read(struct stream *stream, void *bytes, size_t room)
{
    if (stream->phase != PHASE_OPEN)
        return 0;
    return stream->websocket ? payload_read(stream, bytes, room) : plain_read(stream, bytes, room);
}

void stream_write(struct stream *stream, const void *bytes, size_t length)
{
    if (stream->phase != PHASE_OPEN || length == 0)
        return;
    if (!stream->websocket) {
        plain_write(stream, bytes, length);
        return;
    }
    websocket_frame(stream->websocket, &stream->frames, bytes, length);
    frames_send(stream);
}

void stream_hurry(struct stream *stream)
{
    stream->hurry = true;
}

void stream_again(struct stream *stream)
{
    stream->again = true;
}

const char *stream_missing(const struct stream *stream)
{
    static const char *const texts[] = {
        [PHASE_RESOLVING] = N_("its name was not found"),
        [PHASE_CONNECTING] = N_("did not accept the connection"),
        [PHASE_HANDSHAKE] = N_("accepted but did not finish the TLS handshake"),
        [PHASE_UPGRADE] = N_("accepted but did not answer the WebSocket upgrade"),
        [PHASE_OPEN] = N_("accepted but did not answer"),
        [PHASE_FAILED] = "failed",
    };
    return texts[stream->phase];
}

/* An outgoing TCP or TLS connection on the loop, with a WebSocket in it where that is wanted: name, connection, handshake,
 * upgrade and bytes, none of it blocking.
 *
 * Reading gathers: a broker sends message by message, and to wake for each costs more than all that is done with it.
 * So when bytes arrive the stream waits a millisecond or two, and reads what has come by then in one call; while much comes
 * it does not even ask the kernel in between. */
#ifndef COLLECT_STREAM_H
#define COLLECT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "base/error.h"
#include "collect/tls.h"
#include "collect/websocket.h"

struct stream;

struct stream_settings {
    const char *host; /* name or address */
    unsigned port;
    const struct tls_settings *tls; /* NULL: plain TCP. Copied by nobody: read while stream_new runs */
    const struct websocket_settings *websocket; /* NULL: the bytes as they are. Read while stream_new runs */
};

struct stream_ops {
    void (*opened)(void *owner);
    void (*readable)(void *owner);                 /* take all that stream_read gives */
    void (*failed)(void *owner, const char *why);  /* it is of no more use; free it, here or later */
};

/* NULL when the TLS files or the host's name cannot be used. Everything else arrives by `failed`. */
struct stream *stream_new(uv_loop_t *loop, const struct stream_settings *settings, const struct stream_ops *ops,
                          void *owner, struct error *error);
/* Closes at once; no call of the ops follows. */
void stream_free(struct stream **stream);

/* Bytes into `bytes`; 0: nothing now, or the stream failed (then `failed` is called after the owner returned). */
size_t stream_read(struct stream *stream, void *bytes, size_t room);
/* Takes all of it; what the network does not take yet is kept. */
void stream_write(struct stream *stream, const void *bytes, size_t length);
/* The other side waits for us: read again as soon as bytes are there, without gathering. Until the next read. */
void stream_hurry(struct stream *stream);
/* The owner has not done all that this round gave it: another one comes a millisecond later, whatever the socket says. */
void stream_again(struct stream *stream);
/* What has not happened yet, for "... within 10 s": "its name was not found", ... */
const char *stream_missing(const struct stream *stream);

#endif

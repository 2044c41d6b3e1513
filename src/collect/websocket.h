/* The client's half of a WebSocket (RFC 6455) as a machine of bytes: the upgrade, frames in, frames out. No sockets and
 * no clock; stream.c puts it between TCP or TLS and whoever reads. Section numbers are those of the RFC.
 *
 * What comes is unframed where it lies: a server does not mask, so taking the headers out is all there is to do. Nothing
 * is held but half a header and half a ping. */
#ifndef COLLECT_WEBSOCKET_H
#define COLLECT_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct websocket;

struct websocket_settings {
    const char *host;     /* without brackets */
    unsigned port;
    bool tls;             /* wss: which port goes without saying */
    const char *path;     /* "/mqtt?token=1" */
    const char *protocol; /* the sub-protocol to ask for: "mqtt" */
    const char *headers;  /* more lines of the request, each ended by CR LF; may be NULL */
};

enum websocket_close { /* 7.4.1 */
    WEBSOCKET_NORMAL = 1000, WEBSOCKET_PROTOCOL_ERROR = 1002, WEBSOCKET_NOT_ACCEPTED = 1003, WEBSOCKET_TOO_BIG = 1009,
};

#define WEBSOCKET_FRAME_MAX ((uint64_t)1 << 28) /* no MQTT packet is larger: 256 MiB */

/* Appends the request to `out`. */
struct websocket *websocket_new(const struct websocket_settings *settings, struct buffer *out);
void websocket_free(struct websocket **websocket);

/* Bytes of the answer to the request. `done`: it is open; bytes after the answer are kept for websocket_early. False: why
 * there will be no WebSocket, with what to do about it. */
bool websocket_greet(struct websocket *websocket, const void *bytes, size_t length, bool *done, struct error *error);
/* What came together with the answer, to be unframed before anything else; 0: nothing is left. */
size_t websocket_early(struct websocket *websocket, void *bytes, size_t room);

/* Makes of what came from the network what it carries, in place: *length shrinks. Answers to pings and closes are
 * appended to `out`. False: the WebSocket is over, and why; what `bytes` hold then came before that and counts. */
bool websocket_unframe(struct websocket *websocket, uint8_t *bytes, size_t *length, struct buffer *out, struct error *error);
/* Appends one masked binary frame, or the close of our own accord. */
void websocket_frame(struct websocket *websocket, struct buffer *out, const void *payload, size_t length);
void websocket_goodbye(struct websocket *websocket, struct buffer *out);

#endif

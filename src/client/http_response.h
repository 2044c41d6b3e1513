/* An HTTP/1.1 response, fed in pieces of any size: head, then body by Content-Length, chunks, or until the end of
 * the connection. Pure: no I/O. What is not HTTP is an error, never a crash. */
#ifndef CLIENT_HTTP_RESPONSE_H
#define CLIENT_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum http_phase { HTTP_HEAD, HTTP_BODY, HTTP_CHUNK_SIZE, HTTP_CHUNK, HTTP_CHUNK_END, HTTP_TRAILER, HTTP_DONE, HTTP_BAD };

struct http_response {
    enum http_phase phase;
    struct buffer line;     /* the head's line, or a chunk's, not yet whole */
    int status;             /* 0 until the first line came */
    bool chunked, until_close, keep_alive;
    uint64_t left;          /* of the body or the chunk */
    size_t head_bytes;
};

typedef void http_body(void *owner, const char *bytes, size_t length);

void http_response_init(struct http_response *response);
void http_response_release(struct http_response *response);
void http_response_restart(struct http_response *response); /* for the next one on this connection */
/* Takes all bytes up to the response's end; returns how many. The phase is then HTTP_DONE, HTTP_BAD, or waits. */
size_t http_response_feed(struct http_response *response, const char *bytes, size_t length, http_body *body, void *owner);
/* The connection ended: true when that is the proper end of this response. */
bool http_response_end(struct http_response *response);

#endif

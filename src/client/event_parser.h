/* The text/event-stream format (WHATWG HTML, section 9.2), fed in pieces of any size. Pure: no I/O. */
#ifndef CLIENT_EVENT_PARSER_H
#define CLIENT_EVENT_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define EVENT_DATA_LIMIT (1u << 20) /* bytes; a longer event is dropped and counted */

struct event_parser {
    struct buffer line, data, kind;
    uint64_t id;           /* of the last event that carried one */
    uint64_t dropped;      /* events longer than EVENT_DATA_LIMIT */
    bool overlong;         /* the event being read is one of them */
    bool skip_newline;     /* the last byte was CR: an LF after it belongs to it */
};

typedef void event_parsed(void *owner, uint64_t id, const char *kind, const char *data, size_t length);

void event_parser_init(struct event_parser *parser);
void event_parser_release(struct event_parser *parser);
/* Forget a half-read event; the id stays, so that the stream can be resumed after it. */
void event_parser_restart(struct event_parser *parser);
void event_parser_feed(struct event_parser *parser, const char *bytes, size_t length, event_parsed *parsed, void *owner);

#endif

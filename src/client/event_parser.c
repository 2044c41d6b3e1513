#include "client/event_parser.h"

#include <stdlib.h>
#include <string.h>

void event_parser_init(struct event_parser *parser)
{
    memset(parser, 0, sizeof *parser);
}

void event_parser_release(struct event_parser *parser)
{
    buffer_release(&parser->line);
    buffer_release(&parser->data);
    buffer_release(&parser->kind);
}

void event_parser_restart(struct event_parser *parser)
{
    buffer_clear(&parser->line);
    buffer_clear(&parser->data);
    buffer_clear(&parser->kind);
    parser->overlong = false;
    parser->skip_newline = false;
}

static void dispatch(struct event_parser *parser, event_parsed *parsed, void *owner)
{
    if (parser->overlong)
        parser->dropped++;
    else if (parser->data.length) {
        /* Every data line was followed by a newline; the last one is not part of the data. */
        size_t length = parser->data.length - 1;
        parser->data.data[length] = '\0';
        parsed(owner, parser->id, parser->kind.length ? buffer_text(&parser->kind) : "message",
               buffer_text(&parser->data), length);
    }
    event_parser_restart(parser);
}

static bool field_is(const char *line, size_t length, const char *name)
{
    return length == strlen(name) && memcmp(line, name, length) == 0;
}

static void take_line(struct event_parser *parser, event_parsed *parsed, void *owner)
{
    const char *line = buffer_text(&parser->line);
    size_t length = parser->line.length;
    if (length == 0) {
        dispatch(parser, parsed, owner);
        return;
    }
    const char *colon = memchr(line, ':', length);
    size_t name = colon ? (size_t)(colon - line) : length;
    const char *value = colon ? colon + 1 : line + length;
    if (*value == ' ')
        value++;
    size_t value_length = (size_t)(line + length - value);
    if (field_is(line, name, "data")) {
        if (parser->data.length + value_length >= EVENT_DATA_LIMIT) {
            parser->overlong = true;
        } else {
            buffer_append(&parser->data, value, value_length);
            buffer_append_char(&parser->data, '\n');
        }
    } else if (field_is(line, name, "event")) {
        buffer_clear(&parser->kind);
        buffer_append(&parser->kind, value, value_length < 64 ? value_length : 64);
    } else if (field_is(line, name, "id")) {
        char *end;
        unsigned long long id = strtoull(value, &end, 10);
        if (end != value && *end == '\0' && *value != '-')
            parser->id = id;
    } /* comments (an empty name), "retry" and unknown fields say nothing to us */
    buffer_clear(&parser->line);
}

void event_parser_feed(struct event_parser *parser, const char *bytes, size_t length, event_parsed *parsed,
                       void *owner)
{
    const char *end = bytes + length;
    while (bytes < end) {
        if (parser->skip_newline) {
            parser->skip_newline = false;
            if (*bytes == '\n') {
                bytes++;
                continue;
            }
        }
        const char *stop = bytes;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        size_t piece = (size_t)(stop - bytes);
        if (parser->line.length + piece > EVENT_DATA_LIMIT)
            parser->overlong = true; /* the rest of this line is not kept; its start keeps its field name */
        else
            buffer_append(&parser->line, bytes, piece);
        if (stop == end)
            return;
        bool carriage = *stop == '\r';
        bytes = stop + 1;
        take_line(parser, parsed, owner);
        parser->skip_newline = carriage;
    }
}

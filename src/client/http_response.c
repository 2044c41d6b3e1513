#include "client/http_response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_LIMIT 65536u

void http_response_init(struct http_response *response)
{
    memset(response, 0, sizeof *response);
    response->keep_alive = true;
}

void http_response_release(struct http_response *response)
{
    buffer_release(&response->line);
}

void http_response_restart(struct http_response *response)
{
    struct buffer line = response->line;
    buffer_clear(&line);
    http_response_init(response);
    response->line = line;
}

static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

static void head_over(struct http_response *response)
{
    if (response->status >= 100 && response->status < 200) {
        response->status = 0; /* an interim answer: the real one follows */
        response->left = 0;
        response->until_close = true;
    } else if (response->status == 204 || response->status == 304) {
        response->phase = HTTP_DONE;
    } else if (response->chunked) {
        response->phase = HTTP_CHUNK_SIZE;
    } else if (!response->until_close && response->left == 0) {
        response->phase = HTTP_DONE;
    } else {
        response->phase = HTTP_BODY;
        response->keep_alive &= !response->until_close;
    }
}

static void head_line(struct http_response *response, const char *line)
{
    const char *value;
    char *end;
    if (!response->status) {
        if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12) {
            response->phase = HTTP_BAD;
            return;
        }
        response->status = atoi(line + 9);
        response->until_close = true;
        if (response->status < 100 || response->status > 999)
            response->phase = HTTP_BAD;
    } else if (!*line) {
        head_over(response);
    } else if ((value = value_of(line, "Content-Length"))) {
        response->left = strtoull(value, &end, 10);
        response->until_close = false;
        if (end == value || *value == '-')
            response->phase = HTTP_BAD;
    } else if ((value = value_of(line, "Transfer-Encoding"))) {
        response->chunked = strcasecmp(value, "chunked") == 0;
        if (!response->chunked && strcasecmp(value, "identity") != 0)
            response->phase = HTTP_BAD;
    } else if ((value = value_of(line, "Connection"))) {
        if (strcasecmp(value, "close") == 0)
            response->keep_alive = false;
    }
}

static void chunk_line(struct http_response *response, const char *line)
{
    char *end;
    if (response->phase == HTTP_TRAILER) {
        if (!*line)
            response->phase = HTTP_DONE;
    } else if (response->phase == HTTP_CHUNK_END) {
        response->phase = *line ? HTTP_BAD : HTTP_CHUNK_SIZE;
    } else {
        response->left = strtoull(line, &end, 16);
        if (end == line || *line == '-' || (*end && *end != ';' && *end != ' '))
            response->phase = HTTP_BAD;
        else
            response->phase = response->left ? HTTP_CHUNK : HTTP_TRAILER;
    }
}

/* One line of the head or of a chunk's frame; returns the bytes used. */
static size_t take_line(struct http_response *response, const char *bytes, size_t length)
{
    const char *newline = memchr(bytes, '\n', length);
    size_t used = newline ? (size_t)(newline - bytes) + 1 : length;
    response->head_bytes += used;
    if (response->phase == HTTP_HEAD && response->head_bytes > HEAD_LIMIT)
        response->phase = HTTP_BAD;
    if (response->line.length + used > HEAD_LIMIT)
        response->phase = HTTP_BAD;
    if (response->phase == HTTP_BAD)
        return used;
    buffer_append(&response->line, bytes, used);
    if (!newline)
        return used;
    while (response->line.length && strchr("\r\n", response->line.data[response->line.length - 1]))
        response->line.data[--response->line.length] = '\0';
    if (response->phase == HTTP_HEAD)
        head_line(response, buffer_text(&response->line));
    else
        chunk_line(response, buffer_text(&response->line));
    buffer_clear(&response->line);
    return used;
}

size_t http_response_feed(struct http_response *response, const char *bytes, size_t length, http_body *body,
                          void *owner)
{
    size_t used = 0;
    while (used < length && response->phase != HTTP_DONE && response->phase != HTTP_BAD) {
        if (response->phase != HTTP_BODY && response->phase != HTTP_CHUNK) {
            used += take_line(response, bytes + used, length - used);
            continue;
        }
        size_t piece = length - used;
        bool open_end = response->phase == HTTP_BODY && response->until_close;
        if (!open_end && piece > response->left)
            piece = (size_t)response->left;
        body(owner, bytes + used, piece);
        used += piece;
        if (open_end)
            continue;
        response->left -= piece;
        if (!response->left)
            response->phase = response->phase == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_DONE;
    }
    return used;
}

bool http_response_end(struct http_response *response)
{
    if (response->phase == HTTP_BODY && response->until_close)
        response->phase = HTTP_DONE;
    return response->phase == HTTP_DONE;
}

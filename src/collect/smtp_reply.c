#include "collect/smtp_reply.h"

#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 2048 /* RFC 5321 4.5.3.1.5 says 512; some say more */
#define LINES_MAX 100

static bool digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

struct smtp_reply smtp_reply_read(const char *bytes, size_t length)
{
    struct smtp_reply reply = {.kind = SMTP_MORE};
    size_t at = 0;
    for (unsigned lines = 0;; lines++) {
        const char *line = bytes + at, *end = memchr(line, '\n', length - at);
        size_t left = length - at, whole = end ? (size_t)(end - line) : left;
        for (size_t i = 0; i < 3 && i < left; i++)
            if (!digit(line[i]))
                reply.kind = SMTP_BROKEN;
        if (whole > LINE_MAX_BYTES || lines == LINES_MAX)
            reply.kind = SMTP_BROKEN;
        if (reply.kind == SMTP_BROKEN || !end)
            return reply;
        if (whole && line[whole - 1] == '\r')
            whole--;
        int code = whole >= 3 ? (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0') : 0;
        bool goes_on = whole > 3 && line[3] == '-';
        if (code < 200 || code > 599 || (reply.code && code != reply.code) || (whole > 3 && !goes_on && line[3] != ' ')) {
            reply.kind = SMTP_BROKEN;
            return reply;
        }
        reply.code = code;
        at = (size_t)(end - bytes) + 1;
        if (goes_on)
            continue;
        reply.kind = SMTP_REPLY;
        reply.text = line + (whole > 4 ? 4 : whole);
        reply.length = whole > 4 ? whole - 4 : 0;
        reply.used = at;
        return reply;
    }
}

bool smtp_offers(const char *bytes, size_t length, const char *extension)
{
    size_t name = strlen(extension);
    for (const char *at = bytes, *end = bytes + length; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t whole = line ? (size_t)(line - at) : (size_t)(end - at);
        if (whole >= 4 + name && strncasecmp(at + 4, extension, name) == 0 && (whole == 4 + name || strchr(" \r=", at[4 + name])))
            return true;
        at += whole + 1;
    }
    return false;
}

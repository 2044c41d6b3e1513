#include "collect/sip_codec.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

void sip_write_options(struct buffer *out, const struct sip_options *options)
{
    buffer_printf(out,
                  "OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"
                  "From: <sip:nocturne@%s>;tag=%s\r\nTo: <%s>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\n"
                  "Contact: <sip:nocturne@%s>\r\nAccept: application/sdp\r\nUser-Agent: nocturned/" NOCTURNE_VERSION "\r\n"
                  "Content-Length: 0\r\n\r\n",
                  options->target, options->own, options->branch, options->own, options->tag, options->target, options->call,
                  options->own);
}

/* The value of a header line when it has this name, long or compact. */
static const char *header_is(const char *line, size_t length, const char *name, const char *compact, size_t *value_length)
{
    const char *colon = memchr(line, ':', length);
    size_t used = colon ? (size_t)(colon - line) : 0;
    while (used && (line[used - 1] == ' ' || line[used - 1] == '\t'))
        used--;
    bool is = used && ((used == strlen(name) && strncasecmp(line, name, used) == 0) ||
                       (compact && used == strlen(compact) && strncasecmp(line, compact, used) == 0));
    if (!is)
        return NULL;
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    *value_length = (size_t)(end - value);
    return value;
}

bool sip_read_answer(const char *bytes, size_t length, const char *call, struct sip_answer *answer)
{
    static const char version[] = "SIP/2.0 ";
    size_t head = sizeof version - 1;
    memset(answer, 0, sizeof *answer);
    if (length < head + 3 || strncasecmp(bytes, version, head) != 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (bytes[head + i] < '0' || bytes[head + i] > '9')
            return false;
        answer->code = answer->code * 10 + (bytes[head + i] - '0');
    }
    if (answer->code < 100 || answer->code > 699)
        return false;
    const char *end = bytes + length;
    bool first = true;
    for (const char *at = bytes; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t whole = line ? (size_t)(line - at) : (size_t)(end - at), size;
        const char *next = at + whole + 1, *value;
        if (whole && at[whole - 1] == '\r')
            whole--;
        if (whole == 0)
            break; /* the body */
        if (first && whole > head + 4)
            text_clean_into(answer->reason, sizeof answer->reason, at + head + 4, whole - head - 4);
        else if (!first && (value = header_is(at, whole, "Call-ID", "i", &size)))
            answer->ours |= size == strlen(call) && memcmp(value, call, size) == 0;
        else if (!first && ((value = header_is(at, whole, "Server", NULL, &size)) || (value = header_is(at, whole, "User-Agent", NULL, &size))))
            text_clean_into(answer->server, sizeof answer->server, value, size);
        first = false;
        at = next;
    }
    return true;
}

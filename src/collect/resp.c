#include "collect/resp.h"

#include <string.h>

#include "base/text.h"

static const char *line_end(const char *bytes, size_t length)
{
    const char *end = memchr(bytes, '\r', length);
    return end && (size_t)(end - bytes) + 1 < length ? end : NULL;
}

struct resp resp_read(const char *bytes, size_t length)
{
    struct resp answer = {.kind = RESP_MORE};
    if (length == 0)
        return answer;
    if (!strchr("+-:$", bytes[0]) || bytes[0] == '\0') {
        answer.kind = RESP_BROKEN;
        return answer;
    }
    const char *end = line_end(bytes, length);
    if (!end) {
        answer.kind = length > RESP_TEXT_MAX ? RESP_BROKEN : RESP_MORE;
        return answer;
    }
    size_t head = (size_t)(end - bytes) + 2;
    answer.text = bytes + 1;
    answer.length = head - 3;
    answer.used = head;
    answer.kind = end[1] != '\n' ? RESP_BROKEN : bytes[0] == '-' ? RESP_ERROR : RESP_TEXT;
    if (bytes[0] != '$' || answer.kind == RESP_BROKEN)
        return answer;
    size_t size = 0;
    for (size_t i = 0; i < answer.length; i++) {
        if (answer.text[i] < '0' || answer.text[i] > '9' || size > RESP_TEXT_MAX) {
            answer.kind = RESP_BROKEN; /* also the null text, "-1": nothing here asks for what may be absent */
            return answer;
        }
        size = size * 10 + (size_t)(answer.text[i] - '0');
    }
    if (!answer.length || size > RESP_TEXT_MAX)
        answer.kind = RESP_BROKEN;
    else if (length - head < size + 2)
        answer.kind = RESP_MORE;
    answer.text = bytes + head;
    answer.length = size;
    answer.used = head + size + 2;
    return answer;
}

void resp_write(struct buffer *out, const char *const *words, unsigned count)
{
    buffer_printf(out, "*%u\r\n", count);
    for (unsigned i = 0; i < count; i++)
        buffer_printf(out, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
}

bool resp_info(const char *info, size_t length, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);
    for (const char *at = info, *end = info + length; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t whole = line ? (size_t)(line - at) : (size_t)(end - at);
        if (whole > name_length && memcmp(at, name, name_length) == 0 && at[name_length] == ':') {
            const char *text = at + name_length + 1;
            size_t used = whole - name_length - 1;
            if (used && text[used - 1] == '\r')
                used--;
            text_clean_into(value, size, text, used);
            return true;
        }
        at += whole + 1;
    }
    return false;
}

bool resp_info_number(const char *info, size_t length, const char *name, double *value)
{
    char text[64];
    return resp_info(info, length, name, text, sizeof text) && text_number(text, value);
}

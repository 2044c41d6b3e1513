#include "base/text.h"

#include <string.h>

/* What follows an escape, by ECMA-48: a control sequence, a string up to its terminator, or a short one. */
enum escape_kind { ESCAPE_SHORT, ESCAPE_SEQUENCE, ESCAPE_STRING };

static bool code_is_invisible(uint32_t code)
{
    if (code < 0x00AD)
        return false;
    return code == 0x00AD || code == 0x034F || code == 0x061C || code == 0x180E ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) ||
           (code >= 0xFE00 && code <= 0xFE0F) || /* variation selectors: terminals disagree about the width */
           code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE0FFF);
}

static bool code_is_break(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0D) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

/* Past the terminator of a control string: BEL, ESC \ or U+009C; 0 where there is none. */
static size_t string_end(const char *bytes, size_t length, size_t at)
{
    for (; at < length; at++) {
        if (bytes[at] == '\a')
            return at + 1;
        if (bytes[at] == '\033' && at + 1 < length && bytes[at + 1] == '\\')
            return at + 2;
        if ((unsigned char)bytes[at] == 0xC2 && at + 1 < length && (unsigned char)bytes[at + 1] == 0x9C)
            return at + 2;
    }
    return 0;
}

static size_t skip_range(const char *bytes, size_t length, size_t at, char first, char last)
{
    while (at < length && bytes[at] >= first && bytes[at] <= last)
        at++;
    return at;
}

/* Past the escape sequence whose introducer ends at `at`. A string without an end loses its introducer only, so
 * that a stray byte cannot hide what follows; *endless then spares searching again. */
static size_t escape_end(const char *bytes, size_t length, size_t at, enum escape_kind kind, bool *endless)
{
    size_t end;
    switch (kind) {
    case ESCAPE_SEQUENCE:
        at = skip_range(bytes, length, at, 0x30, 0x3F);
        at = skip_range(bytes, length, at, 0x20, 0x2F);
        return at < length && bytes[at] >= 0x40 && bytes[at] <= 0x7E ? at + 1 : at;
    case ESCAPE_STRING:
        end = *endless ? 0 : string_end(bytes, length, at);
        *endless = !end;
        return end ? end : at;
    case ESCAPE_SHORT:
        at = skip_range(bytes, length, at, 0x20, 0x2F);
        return at < length && bytes[at] >= 0x30 && bytes[at] <= 0x7E ? at + 1 : at;
    }
    return at;
}

/* Past the sequence that ESC or a C1 code begins; `at` is behind that code. */
static size_t control_end(const char *bytes, size_t length, size_t at, uint32_t code, bool *endless)
{
    if (code == 0x1B) {
        if (at >= length)
            return at;
        if (bytes[at] == '[')
            return escape_end(bytes, length, at + 1, ESCAPE_SEQUENCE, endless);
        if (bytes[at] && strchr("]PX^_", bytes[at]))
            return escape_end(bytes, length, at + 1, ESCAPE_STRING, endless);
        return escape_end(bytes, length, at, ESCAPE_SHORT, endless);
    }
    if (code == 0x9B)
        return escape_end(bytes, length, at, ESCAPE_SEQUENCE, endless);
    if (code == 0x90 || code == 0x98 || (code >= 0x9D && code <= 0x9F))
        return escape_end(bytes, length, at, ESCAPE_STRING, endless);
    return at;
}

static size_t plain_run(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && bytes[at] >= 0x20 && bytes[at] < 0x7F)
        at++;
    return at;
}

bool text_clean(struct buffer *out, const char *bytes, size_t length)
{
    bool same = true, endless = false, blank = false;
    buffer_reserve(out, length);
    for (size_t at = 0; at < length;) {
        size_t run = plain_run(bytes + at, length - at);
        if (run) {
            buffer_append(out, bytes + at, run);
            at += run;
            blank = false;
            continue;
        }
        uint32_t code;
        size_t step = text_decode(bytes + at, length - at, &code);
        if (code_is_break(code)) {
            if (!blank)
                buffer_append_char(out, ' ');
            blank = true;
            same = false;
            at += step;
        } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
            same = false;
            at = control_end(bytes, length, at + step, code, &endless);
        } else if (code_is_invisible(code)) {
            same = false;
            at += step;
        } else {
            if (code == 0xFFFD && step == 1) {
                buffer_append(out, "\xEF\xBF\xBD", 3);
                same = false;
            } else {
                buffer_append(out, bytes + at, step);
            }
            blank = false;
            at += step;
        }
    }
    return same;
}

bool text_clean_into(char *out, size_t size, const char *bytes, size_t length)
{
    if (!size)
        return false;
    if (length < size && plain_run(bytes, length) == length) {
        if (length)
            memcpy(out, bytes, length);
        out[length] = '\0';
        return true;
    }
    struct buffer clean = BUFFER_INIT;
    /* A long hostile text costs no more than what can matter for the array, escapes included. */
    size_t enough = size > SIZE_MAX / 64 ? length : size * 32 + 4096;
    bool same = text_clean(&clean, bytes, length < enough ? length : enough);
    size_t keep = clean.length;
    if (keep >= size) {
        keep = size - 1;
        while (keep > 0 && ((unsigned char)clean.data[keep] & 0xC0) == 0x80)
            keep--;
    }
    if (keep)
        memcpy(out, clean.data, keep);
    out[keep] = '\0';
    same = same && keep == clean.length && length <= enough;
    buffer_release(&clean);
    return same;
}

#include "term/peephole.h"

#include <stdbool.h>
#include <string.h>

/* The length of an SGR sequence ("\e[1;38;5;80m") at the front, or 0. */
static size_t sgr_length(const char *bytes, size_t length)
{
    if (length < 3 || bytes[0] != '\033' || bytes[1] != '[')
        return 0;
    for (size_t at = 2; at < length; at++) {
        if (bytes[at] == 'm')
            return at + 1;
        if ((bytes[at] < '0' || bytes[at] > '9') && bytes[at] != ';' && bytes[at] != ':')
            return 0;
    }
    return 0;
}

/* "\e[m", "\e[0m", "\e[0;...m": what was set before it does not matter. */
static bool sgr_resets(const char *sgr)
{
    return sgr[2] == 'm' || sgr[2] == ';' || (sgr[2] == '0' && (sgr[3] == 'm' || sgr[3] == ';'));
}

#define PARAMETERS_MOST 12 /* terminals keep 16 at least, and some fail on more */

static unsigned parameters(const char *sgr, size_t length)
{
    unsigned count = 1;
    for (size_t i = 0; i < length; i++)
        count += sgr[i] == ';' || sgr[i] == ':';
    return count;
}

/* Join SGR sequences that stand side by side, dropping those that a reset makes void. Returns the bytes read; the
 * joined sequence, never longer, is written to *out. */
static size_t join_sgr(const char *bytes, size_t length, char **out)
{
    size_t read = 0, used;
    char *start = *out;
    while ((used = sgr_length(bytes + read, length - read)) > 0) {
        const char *sgr = bytes + read;
        if (*out > start && !sgr_resets(sgr) &&
            parameters(start, (size_t)(*out - start)) + parameters(sgr, used) > PARAMETERS_MOST)
            return read; /* long enough: the rest is joined anew */
        if (*out > start && !sgr_resets(sgr)) {
            (*out)[-1] = ';'; /* over the earlier "m" */
            memmove(*out, sgr + 2, used - 2);
            *out += used - 2;
            if (start[2] == ';') { /* "\e[m" joined: an empty parameter is a 0 */
                memmove(start + 3, start + 2, (size_t)(*out - start) - 2);
                start[2] = '0';
                (*out)++;
            }
        } else {
            memmove(start, sgr, used);
            *out = start + used;
        }
        read += used;
        /* "\e(B" between them: see below. */
        while (length - read >= 3 && memcmp(bytes + read, "\033(B", 3) == 0)
            read += 3;
    }
    return read;
}

size_t peephole(char *bytes, size_t length)
{
    char *out = bytes;
    for (size_t at = 0; at < length;) {
        /* ASCII into G0, which is where it always is: curses writes it with every reset. */
        if (length - at >= 3 && memcmp(bytes + at, "\033(B", 3) == 0) {
            at += 3;
            continue;
        }
        size_t read = bytes[at] == '\033' ? join_sgr(bytes + at, length - at, &out) : 0;
        if (read > 0)
            at += read;
        else
            *out++ = bytes[at++];
    }
    return (size_t)(out - bytes);
}

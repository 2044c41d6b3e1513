#include "widget/wrap.h"

#include <string.h>

#include "base/text.h"

size_t wrap_line(const char *text, size_t length, int columns, size_t *skip)
{
    size_t at = 0, good = 0, good_skip = 0;
    int width = 0;
    bool wide_before = false;
    *skip = 0;
    while (at < length) {
        uint32_t code;
        size_t used = text_decode(text + at, length - at, &code);
        int more = text_code_width(code);
        if (at > 0 && (wide_before || more == 2) && code != ' ') { /* between ideographs */
            good = at;
            good_skip = 0;
        }
        if (code == ' ' && at > 0) {
            good = at;
            good_skip = used;
        }
        if (width + more > columns) {
            if (code == ' ') {
                *skip = used;
                return at;
            }
            if (good == 0)
                return at > 0 ? at : used;
            *skip = good_skip;
            return good;
        }
        width += more;
        at += used;
        wide_before = more == 2;
    }
    return length;
}

int wrap_count(const char *text, int columns)
{
    int lines = 0;
    if (columns < 1)
        columns = 1;
    for (const char *line = text; line && *line;) {
        size_t length = strcspn(line, "\n"), at = 0, skip;
        do {
            at += wrap_line(line + at, length - at, columns, &skip) + skip;
            lines++;
        } while (at < length);
        line += length;
        if (*line == '\n')
            line++;
    }
    return lines;
}

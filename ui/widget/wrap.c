#include "widget/wrap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* Punctuation that never begins a line in Chinese, and that never ends one. */
static bool clings(uint32_t code, const uint32_t *list)
{
    for (; *list; list++)
        if (*list == code)
            return true;
    return false;
}

static const uint32_t closing[] = {0xff0c, 0x3002, 0x3001, 0xff1b, 0xff1a, 0xff1f, 0xff01, 0xff09, 0x300d, 0x300f,
                                   0x3011, 0x300b, 0x201d, 0x2019, ',', '.', ';', ':', ')', 0};
static const uint32_t opening[] = {0xff08, 0x300c, 0x300e, 0x3010, 0x300a, 0x201c, 0x2018, '(', 0};

size_t wrap_line(const char *text, size_t length, int columns, size_t *skip)
{
    size_t at = 0, good = 0, good_skip = 0;
    int width = 0;
    uint32_t before = 0;
    *skip = 0;
    while (at < length) {
        uint32_t code;
        size_t used = text_decode(text + at, length - at, &code);
        int more = text_code_width(code);
        if (at > 0 && code != ' ' && (text_code_width(before) == 2 || more == 2) && !clings(code, closing) &&
            !clings(before, opening)) { /* between ideographs */
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
        before = more > 0 ? code : before;
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

/* What fits of the rest of a text on one line, and a sign that there is more. */
static void draw_last(struct surface *surface, int row, struct rect area, uint8_t role, const char *text, size_t length)
{
    struct buffer line = BUFFER_INIT;
    buffer_append(&line, text, length);
    buffer_append_text(&line, glyph_text(GLYPH_ELLIPSIS, surface->ascii));
    surface_text_cut(surface, row, area.column, area.columns, role, buffer_text(&line), TEXT_CUT_END);
    buffer_release(&line);
}

int wrap_draw(struct surface *surface, struct rect area, uint8_t role, const char *text)
{
    int row = 0;
    for (const char *at = text; *at && row < area.rows && area.columns > 0; row++) {
        size_t skip, length = strcspn(at, "\n"), used = wrap_line(at, length, area.columns, &skip);
        const char *next = at + used + skip;
        next += used + skip == length && *next == '\n';
        if (row + 1 == area.rows && *next) {
            draw_last(surface, area.row + row, area, role, at, length);
        } else {
            struct buffer line = BUFFER_INIT;
            buffer_append(&line, at, used);
            surface_text(surface, area.row + row, area.column, area.columns, role, buffer_text(&line));
            buffer_release(&line);
        }
        at = next;
    }
    return row;
}

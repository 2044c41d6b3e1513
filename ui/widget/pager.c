#include "widget/pager.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define ROLE_ESCAPE '\001'
#define SHIFT_COLUMNS 8
#define WHEEL_ROWS 3

struct line {
    size_t start, length; /* in the text, without the role's two bytes */
    uint8_t role;
};

/* Where a screen row begins when lines are wrapped. */
struct place {
    size_t line, offset;
};

struct pager {
    char *text;
    struct line *lines;
    size_t count, capacity;
    struct place top;
    bool wrap, at_end;
    int shift;             /* columns scrolled sideways when not wrapped */
    struct rect area;
    struct buffer search;  /* folded */
};

struct pager *pager_new(void)
{
    struct pager *pager = memory_new(sizeof *pager);
    pager->wrap = true;
    return pager;
}

void pager_free(struct pager **where)
{
    struct pager *pager = *where;
    if (!pager)
        return;
    free(pager->text);
    free(pager->lines);
    buffer_release(&pager->search);
    free(pager);
    *where = NULL;
}

static int columns_of(const struct pager *pager)
{
    return pager->area.columns > 0 ? pager->area.columns : 80;
}

/* ---- walking by screen rows ---- */

static size_t row_length(const struct pager *pager, struct place at, size_t *skip)
{
    const struct line *line = &pager->lines[at.line];
    *skip = 0;
    if (!pager->wrap)
        return line->length;
    return wrap_line(pager->text + line->start + at.offset, line->length - at.offset, columns_of(pager), skip);
}

static bool step_down(const struct pager *pager, struct place *at)
{
    size_t skip, next = at->offset + row_length(pager, *at, &skip) + skip;
    if (next < pager->lines[at->line].length) {
        at->offset = next;
        return true;
    }
    if (at->line + 1 >= pager->count)
        return false;
    *at = (struct place){at->line + 1, 0};
    return true;
}

static bool step_up(const struct pager *pager, struct place *at)
{
    if (at->line == 0 && at->offset == 0)
        return false;
    struct place from = {at->offset > 0 ? at->line : at->line - 1, 0}, before = from;
    while (from.line < at->line || from.offset < at->offset) {
        before = from;
        if (!step_down(pager, &from) || (from.line == at->line && from.offset >= at->offset))
            break;
    }
    *at = before;
    return true;
}

/* The top row with which the last line stands at the bottom. */
static struct place last_top(const struct pager *pager)
{
    struct place at = {pager->count ? pager->count - 1 : 0, 0};
    if (pager->count == 0)
        return at;
    while (step_down(pager, &at))
        ;
    for (int i = 1; i < pager->area.rows && step_up(pager, &at); i++)
        ;
    return at;
}

static bool place_after(struct place left, struct place right)
{
    return left.line > right.line || (left.line == right.line && left.offset > right.offset);
}

static void clamp(struct pager *pager)
{
    struct place last = last_top(pager);
    if (pager->top.line >= pager->count || place_after(pager->top, last))
        pager->top = last;
    pager->at_end = !place_after(last, pager->top);
}

static void scroll(struct pager *pager, long rows)
{
    for (; rows > 0 && step_down(pager, &pager->top); rows--)
        ;
    for (; rows < 0 && step_up(pager, &pager->top); rows++)
        ;
    clamp(pager);
}

/* ---- text ---- */

void pager_set_text(struct pager *pager, const char *text, size_t length, bool follow)
{
    bool was_at_end = pager->at_end || pager->count == 0;
    free(pager->text);
    pager->text = memory_text_n(text, length);
    pager->count = 0;
    for (size_t at = 0; at < length;) {
        const char *end = memchr(pager->text + at, '\n', length - at);
        size_t stop = end ? (size_t)(end - pager->text) : length;
        struct line line = {.start = at, .length = stop - at, .role = ROLE_TEXT};
        if (line.length >= 2 && pager->text[at] == ROLE_ESCAPE) {
            unsigned role = (unsigned)(unsigned char)pager->text[at + 1] - 'A';
            line.role = role < ROLE_COUNT ? (uint8_t)role : ROLE_TEXT;
            line.start += 2;
            line.length -= 2;
        }
        ARRAY_RESERVE(pager->lines, pager->capacity, pager->count + 1);
        pager->lines[pager->count++] = line;
        at = stop + 1;
    }
    if (pager->top.line >= pager->count || pager->top.offset >= pager->lines[pager->top.line].length)
        pager->top.offset = 0;
    if (follow && was_at_end && pager->count > 0)
        pager->top = last_top(pager);
    if (pager->area.rows > 0 && pager->count > 0)
        clamp(pager);
    pager->at_end = pager->at_end || follow;
}

void pager_position(const struct pager *pager, size_t *top_line, size_t *lines)
{
    *top_line = pager->count ? pager->top.line + 1 : 0;
    *lines = pager->count;
}

void pager_move_to(struct pager *pager, size_t line)
{
    if (pager->count == 0)
        return;
    pager->top = (struct place){line < pager->count ? line : pager->count - 1, 0};
    clamp(pager);
}

bool pager_wraps(const struct pager *pager)
{
    return pager->wrap;
}

bool pager_at_end(const struct pager *pager)
{
    return pager->at_end;
}

/* ---- search ---- */

/* Columns [*from, *to) of the first match in a piece of text at or after `start` bytes; false when there is none.
 * Folding may change lengths, so matches are found character by character. */
static bool find_match(const struct pager *pager, const char *text, size_t length, size_t start, size_t *from, size_t *to)
{
    struct buffer folded = BUFFER_INIT;
    bool found = false;
    for (size_t at = start; at < length && !found;) {
        uint32_t code;
        buffer_clear(&folded);
        size_t end = at;
        while (end < length && folded.length < pager->search.length) {
            size_t used = text_decode(text + end, length - end, &code);
            text_fold(&folded, text + end, used);
            end += used;
        }
        if (folded.length == pager->search.length && memcmp(folded.data, pager->search.data, folded.length) == 0) {
            *from = at;
            *to = end;
            found = true;
        }
        at += text_decode(text + at, length - at, &code);
    }
    buffer_release(&folded);
    return found;
}

static bool line_matches(const struct pager *pager, size_t index)
{
    size_t from, to;
    return find_match(pager, pager->text + pager->lines[index].start, pager->lines[index].length, 0, &from, &to);
}

size_t pager_search(struct pager *pager, const char *text)
{
    size_t matches = 0, first = pager->count, before = pager->count;
    buffer_clear(&pager->search);
    text_fold(&pager->search, text, strlen(text));
    if (pager->search.length == 0)
        return 0;
    for (size_t i = 0; i < pager->count; i++)
        if (line_matches(pager, i)) {
            matches++;
            if (first == pager->count && i >= pager->top.line)
                first = i;
            else if (i < pager->top.line)
                before = i;
        }
    if (first == pager->count)
        first = before;
    if (first < pager->count) {
        pager->top = (struct place){first, 0};
        clamp(pager);
    }
    return matches;
}

static bool next_match(struct pager *pager, bool forward)
{
    if (pager->search.length == 0)
        return false;
    for (size_t i = pager->top.line; forward ? i + 1 < pager->count : i > 0;) {
        i += forward ? 1 : (size_t)-1;
        if (line_matches(pager, i)) {
            pager->top = (struct place){i, 0};
            clamp(pager);
            return true;
        }
    }
    return false;
}

/* ---- drawing ---- */

static void draw_matches(const struct pager *pager, struct surface *surface, int row, const char *text, size_t length)
{
    size_t from, to, at = 0;
    while (pager->search.length > 0 && find_match(pager, text, length, at, &from, &to)) {
        int column = text_width_n(text, from) - pager->shift, columns = text_width_n(text + from, to - from);
        struct rect part = {row, pager->area.column + column, 1, columns};
        surface_role(surface, rect_clip(part, pager->area), ROLE_MATCH);
        at = to;
    }
}

static void draw_row(const struct pager *pager, struct surface *surface, int row, struct place at)
{
    size_t skip, length = row_length(pager, at, &skip), start = 0;
    const struct line *line = &pager->lines[at.line];
    const char *text = pager->text + line->start + at.offset;
    uint32_t code;
    while (start < length && text_width_n(text, start) < pager->shift)
        start += text_decode(text + start, length - start, &code);
    surface_printf(surface, row, pager->area.column, pager->area.columns, line->role, "%.*s", (int)(length - start),
                   text + start);
    draw_matches(pager, surface, row, text, length);
}

void pager_draw(struct pager *pager, struct surface *surface, struct rect area)
{
    bool first = pager->area.rows == 0, end = pager->at_end;
    surface_fill(surface, area, ' ', ROLE_TEXT);
    pager->area = area;
    if (rect_is_empty(area) || pager->count == 0)
        return;
    if (first && end)
        pager->top = last_top(pager);
    clamp(pager);
    struct place at = pager->top;
    for (int row = 0; row < area.rows; row++) {
        draw_row(pager, surface, area.row + row, at);
        if (!step_down(pager, &at))
            break;
    }
}

/* ---- keys ---- */

static bool shift(struct pager *pager, int columns)
{
    if (pager->wrap)
        return false;
    pager->shift = pager->shift + columns > 0 ? pager->shift + columns : 0;
    return true;
}

static bool character(struct pager *pager, const struct key_event *key)
{
    long page = pager->area.rows > 1 ? pager->area.rows - 1 : 1;
    if (key->alt)
        return false;
    if (key->control && key->code != 'd' && key->code != 'u' && key->code != 'f' && key->code != 'b')
        return false;
    switch (key->code) {
    case 'j': scroll(pager, 1); return true;
    case 'k': scroll(pager, -1); return true;
    case 'd': scroll(pager, page / 2 + 1); return true;
    case 'u': scroll(pager, -(page / 2 + 1)); return true;
    case 'f':
    case ' ': scroll(pager, page); return true;
    case 'b': scroll(pager, -page); return true;
    case 'g': pager->top = (struct place){0, 0}; clamp(pager); return true;
    case 'G': pager->top = last_top(pager); clamp(pager); return true;
    case 'w':
        pager->wrap = !pager->wrap;
        pager->shift = 0;
        pager->top.offset = 0;
        clamp(pager);
        return true;
    case 'n': return next_match(pager, true);
    case 'N': return next_match(pager, false);
    default: return false;
    }
}

bool pager_key(struct pager *pager, const struct key_event *key)
{
    long page = pager->area.rows > 1 ? pager->area.rows - 1 : 1;
    if (pager->count == 0)
        return false;
    switch (key->special) {
    case KEY_CHAR: return character(pager, key);
    case KEY_ARROW_DOWN: scroll(pager, 1); return true;
    case KEY_ARROW_UP: scroll(pager, -1); return true;
    case KEY_PAGE_DOWN: scroll(pager, page); return true;
    case KEY_PAGE_UP: scroll(pager, -page); return true;
    case KEY_ARROW_RIGHT: return shift(pager, SHIFT_COLUMNS);
    case KEY_ARROW_LEFT: return shift(pager, -SHIFT_COLUMNS);
    case KEY_TO_HOME: pager->top = (struct place){0, 0}; clamp(pager); return true;
    case KEY_TO_END: pager->top = last_top(pager); clamp(pager); return true;
    case KEY_MOUSE_:
        if (key->mouse != MOUSE_WHEEL_UP && key->mouse != MOUSE_WHEEL_DOWN)
            return false;
        scroll(pager, key->mouse == MOUSE_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
        return true;
    default: return false;
    }
}

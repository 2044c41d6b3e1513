#include "term/surface.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/theme.h"

static const struct cell blank = {.code = ' ', .role = ROLE_TEXT, .width = 1};

static struct cell *cell_at(const struct surface *surface, int row, int column)
{
    return &surface->cells[(size_t)row * (size_t)surface->columns + (size_t)column];
}

void surface_init(struct surface *surface, int rows, int columns, bool ascii)
{
    memset(surface, 0, sizeof *surface);
    surface->ascii = ascii;
    surface->cursor_row = surface->cursor_column = -1;
    surface_resize(surface, rows, columns);
}

void surface_resize(struct surface *surface, int rows, int columns)
{
    surface->rows = rows > 0 ? rows : 0;
    surface->columns = columns > 0 ? columns : 0;
    size_t count = (size_t)surface->rows * (size_t)surface->columns;
    surface->cells = memory_resize(surface->cells, count ? count : 1, sizeof *surface->cells);
    surface_clear(surface);
}

void surface_release(struct surface *surface)
{
    free(surface->cells);
    memset(surface, 0, sizeof *surface);
}

void surface_clear(struct surface *surface)
{
    size_t columns = (size_t)surface->columns;
    for (size_t i = 0; surface->rows > 0 && i < columns; i++)
        surface->cells[i] = blank;
    for (int row = 1; row < surface->rows; row++)
        memcpy(cell_at(surface, row, 0), surface->cells, columns * sizeof blank);
    surface->cursor_row = surface->cursor_column = -1;
}

/* Overwriting half of a wide character leaves no half behind. */
static void cell_free(struct surface *surface, int row, int column)
{
    struct cell *cell = cell_at(surface, row, column);
    if (cell->width == 0 && column > 0) {
        uint8_t role = cell[-1].role;
        cell[-1] = blank;
        cell[-1].role = role;
    } else if (cell->width == 2 && column + 1 < surface->columns) {
        uint8_t role = cell[1].role;
        cell[1] = blank;
        cell[1].role = role;
    }
}

/* A character within [column, end); false when it does not fit there. */
static bool cell_set(struct surface *surface, int row, int column, int end, uint8_t role, uint32_t code, int width)
{
    if (row < 0 || row >= surface->rows || column < 0 || column + width > end)
        return false;
    cell_free(surface, row, column);
    struct cell *cell = cell_at(surface, row, column);
    if (width == 2) {
        cell_free(surface, row, column + 1);
        cell[1] = (struct cell){.code = 0, .role = role, .width = 0};
    }
    *cell = (struct cell){.code = code, .role = role, .width = (uint8_t)width};
    return true;
}

void surface_put(struct surface *surface, int row, int column, uint8_t role, uint32_t code)
{
    int width = text_code_width(code);
    if (width > 0)
        cell_set(surface, row, column, surface->columns, role, code, width);
}

static struct rect area_clip(const struct surface *surface, struct rect area)
{
    int bottom = area.row + area.rows, right = area.column + area.columns;
    struct rect clipped;
    clipped.row = area.row > 0 ? area.row : 0;
    clipped.column = area.column > 0 ? area.column : 0;
    clipped.rows = (bottom < surface->rows ? bottom : surface->rows) - clipped.row;
    clipped.columns = (right < surface->columns ? right : surface->columns) - clipped.column;
    return clipped;
}

void surface_fill(struct surface *surface, struct rect area, uint32_t code, uint8_t role)
{
    struct rect part = area_clip(surface, area);
    int width = text_code_width(code);
    if (width < 1 || part.columns <= 0)
        return;
    const struct cell filled = {.code = code, .role = role, .width = 1};
    for (int row = part.row; row < part.row + part.rows; row++) {
        if (width == 1) { /* nearly always: only at the ends may half a wide character stay */
            cell_free(surface, row, part.column);
            cell_free(surface, row, part.column + part.columns - 1);
            struct cell *first = cell_at(surface, row, part.column);
            if (row > part.row)
                memcpy(first, cell_at(surface, row - 1, part.column), (size_t)part.columns * sizeof filled);
            for (int i = 0; row == part.row && i < part.columns; i++)
                first[i] = filled;
            continue;
        }
        for (int column = part.column; column < part.column + part.columns; column += width)
            cell_set(surface, row, column, part.column + part.columns, role, code, width);
    }
}

void surface_role(struct surface *surface, struct rect area, uint8_t role)
{
    struct rect part = area_clip(surface, area);
    for (int row = part.row; row < part.row + part.rows; row++)
        for (int column = part.column; column < part.column + part.columns; column++)
            cell_at(surface, row, column)->role = role;
}

/* Marks of our own sentences where only ASCII is drawn; letters of any script stay text. All one column wide. */
static uint32_t mark_in_ascii(uint32_t code)
{
    static const struct { uint32_t code; char ascii; } marks[] = {
        {0x25b8, '>'}, {0x25b9, '>'}, {0xb7, '-'}, {0x2013, '-'}, {0x2014, '-'}, {0x2026, '~'},
        {0x2191, '^'}, {0x2193, 'v'}, {0x2192, '>'}, {0x2190, '<'}, {0x25c2, '<'}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].code == code)
            return (unsigned char)marks[i].ascii;
    return code;
}

/* Draw clean text without cutting marks, from `column` up to `end`; what lies left of the surface is skipped. */
static int text_put(struct surface *surface, int row, int column, int end, uint8_t role, const char *text)
{
    int start = column;
    struct cell *last = NULL;
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t code = (unsigned char)*text;
        bool plain = code >= 0x20 && code < 0x7f;
        size_t used = plain ? 1 : text_decode(text, left, &code);
        if (!plain && surface->ascii)
            code = mark_in_ascii(code);
        text += used;
        left -= used;
        int width = plain ? 1 : text_code_width(code);
        if (width == 0) {
            if (last && code >= 0x300 && !last->combining)
                last->combining = code;
            continue;
        }
        if (column + width > end)
            break;
        last = cell_set(surface, row, column, surface->columns, role, code, width) ? cell_at(surface, row, column) : NULL;
        column += width;
    }
    return column - start;
}

/* Short ASCII, the common case, needs no measuring: its columns, or -1. */
static int plain_width(const char *text, int columns)
{
    for (int i = 0; i <= columns; i++) {
        if (text[i] == '\0')
            return i;
        if (text[i] < 0x20 || text[i] >= 0x7f)
            return -1;
    }
    return -1;
}

int surface_text_cut(struct surface *surface, int row, int column, int columns, uint8_t role, const char *text,
                     enum text_cut cut)
{
    if (!text || columns <= 0 || row < 0 || row >= surface->rows)
        return 0;
    if (plain_width(text, columns) >= 0 || text_width(text) <= columns)
        return text_put(surface, row, column, column + columns, role, text);
    struct buffer fitted = BUFFER_INIT;
    text_fit(&fitted, text, columns, cut, surface->ascii);
    int used = text_put(surface, row, column, column + columns, role, buffer_text(&fitted));
    buffer_release(&fitted);
    return used;
}

int surface_text(struct surface *surface, int row, int column, int columns, uint8_t role, const char *text)
{
    return surface_text_cut(surface, row, column, columns, role, text, TEXT_CUT_END);
}

int surface_text_right(struct surface *surface, int row, int column, int columns, uint8_t role, const char *text)
{
    if (!text)
        return 0;
    int width = columns > 0 ? plain_width(text, columns) : 0;
    if (width < 0)
        width = text_width(text);
    if (width >= columns)
        return surface_text(surface, row, column, columns, role, text);
    return surface_text(surface, row, column + columns - width, width, role, text);
}

int surface_printf(struct surface *surface, int row, int column, int columns, uint8_t role, const char *format, ...)
{
    struct buffer text = BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    int used = surface_text(surface, row, column, columns, role, buffer_text(&text));
    buffer_release(&text);
    return used;
}

void surface_rule(struct surface *surface, int row, int column, int columns)
{
    surface_fill(surface, (struct rect){row, column, 1, columns}, glyph_code(GLYPH_RULE, surface->ascii), ROLE_RULE);
}

static bool style_equal(const struct style *left, const struct style *right)
{
    return left->foreground == right->foreground && left->background == right->background &&
           left->attributes == right->attributes;
}

static bool cell_is_blank(const struct cell *cell, const struct theme *theme)
{
    if (cell->code != ' ')
        return false;
    if (!theme)
        return true;
    struct style style = theme_style(theme, cell->role);
    return style.background == COLOUR_DEFAULT && !(style.attributes & (STYLE_REVERSE | STYLE_UNDERLINE));
}

static void code_append(struct buffer *out, uint32_t code)
{
    char bytes[4];
    buffer_append(out, bytes, text_encode(code, bytes));
}

void surface_print(const struct surface *surface, struct buffer *out, const struct theme *theme)
{
    static const struct style plain = {COLOUR_DEFAULT, COLOUR_DEFAULT, 0};
    for (int row = 0; row < surface->rows; row++) {
        const struct cell *cells = cell_at(surface, row, 0);
        int end = surface->columns;
        while (end > 0 && cell_is_blank(&cells[end - 1], theme))
            end--;
        struct style now = plain;
        for (int column = 0; column < end; column++) {
            const struct cell *cell = &cells[column];
            if (cell->width == 0)
                continue;
            struct style style = theme ? theme_style(theme, cell->role) : plain;
            if (!style_equal(&style, &now)) {
                if (!style_equal(&now, &plain))
                    buffer_append_text(out, "\033[0m");
                style_print(&style, out);
                now = style;
            }
            code_append(out, cell->code);
            if (cell->combining)
                code_append(out, cell->combining);
        }
        if (!style_equal(&now, &plain))
            buffer_append_text(out, "\033[0m");
        buffer_append_char(out, '\n');
    }
}

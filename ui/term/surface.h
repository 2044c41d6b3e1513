/* A grid of cells that everything draws on. Views and widgets draw here and nowhere else, so that one drawing
 * serves the terminal (screen.h sends only the cells that changed), `snapshot` (printed), and the tests (compared).
 * Pure: no terminal, no locale, no globals. */
#ifndef TERM_SURFACE_H
#define TERM_SURFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* What a cell means; a theme says how that looks. One meaning per role in the whole program. */
enum role {
    ROLE_TEXT, ROLE_DIM, ROLE_STRONG, ROLE_HEADING, ROLE_TITLE, ROLE_RULE, ROLE_TAB, ROLE_TAB_CURRENT,
    ROLE_CURSOR,      /* the current row's or cell's mark */
    ROLE_MARKED, ROLE_MATCH, ROLE_KEY, ROLE_HINT, ROLE_INPUT, ROLE_SELECTION,
    ROLE_OK, ROLE_WARNING, ROLE_CRITICAL, ROLE_OFFLINE, ROLE_STALE, ROLE_UNREACHABLE, ROLE_UNKNOWN, ROLE_MAINTENANCE,
    ROLE_MAJOR, ROLE_MINOR, ROLE_INFO,
    ROLE_ERROR, ROLE_PAST, ROLE_CHART, ROLE_CHART_2, ROLE_GAUGE,
    ROLE_COUNT
};
#define ROLE_REVERSE 0x80 /* or-ed to a role: the cursor's cell on top of its own meaning */

struct cell {
    uint32_t code;      /* 0: the right half of a wide character */
    uint32_t combining; /* one combining mark, or 0 */
    uint8_t role;       /* enum role, perhaps | ROLE_REVERSE */
    uint8_t width;      /* 1 or 2; 0 for a right half */
};

struct rect { int row, column, rows, columns; };

struct surface {
    int rows, columns;
    struct cell *cells;
    bool ascii;                    /* no glyph beyond ASCII may be drawn; text outside ASCII is still text */
    int cursor_row, cursor_column; /* the terminal's cursor; -1: hidden */
};

void surface_init(struct surface *surface, int rows, int columns, bool ascii);
void surface_resize(struct surface *surface, int rows, int columns);
void surface_release(struct surface *surface);
void surface_clear(struct surface *surface);
void surface_fill(struct surface *surface, struct rect area, uint32_t code, uint8_t role);

/* Draw cleaned text (base/text.h) in at most `columns` columns; cut with an ellipsis. Returns the columns used.
 * Anything outside the surface is clipped; a wide character that does not fit is left out, and overwriting half of
 * one blanks the other half. */
int surface_text(struct surface *surface, int row, int column, int columns, uint8_t role, const char *text);
int surface_text_cut(struct surface *surface, int row, int column, int columns, uint8_t role, const char *text, enum text_cut cut);
int surface_text_right(struct surface *surface, int row, int column, int columns, uint8_t role, const char *text);
int surface_printf(struct surface *surface, int row, int column, int columns, uint8_t role, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void surface_put(struct surface *surface, int row, int column, uint8_t role, uint32_t code);
void surface_role(struct surface *surface, struct rect area, uint8_t role); /* change the role, keep the text */
void surface_rule(struct surface *surface, int row, int column, int columns);

/* Rows as text, right-trimmed, one newline each; `ansi` adds the roles' colours by the theme given (NULL: none). */
struct theme;
void surface_print(const struct surface *surface, struct buffer *out, const struct theme *theme);

/* Glyphs by meaning; ASCII when the surface is. */
enum glyph {
    GLYPH_DOT, GLYPH_CURSOR_BAR, GLYPH_RULE, GLYPH_ELLIPSIS, GLYPH_ARROW_RIGHT, GLYPH_ARROW_DOWN, GLYPH_UP, GLYPH_DOWN,
    GLYPH_CLOCK, GLYPH_CHECK, GLYPH_CROSS, GLYPH_MARK, GLYPH_OPEN, GLYPH_CLOSED, GLYPH_BRANCH, GLYPH_BRANCH_LAST,
    GLYPH_BRANCH_PASS, GLYPH_HEARTBEAT_A, GLYPH_HEARTBEAT_B, GLYPH_BLOCK, GLYPH_SHADE, GLYPH_PAST, GLYPH_RECUR, GLYPH_COUNT
};
uint32_t glyph_code(enum glyph glyph, bool ascii);
const char *glyph_text(enum glyph glyph, bool ascii);
/* 0..8 eighths: "▁▂▃▄▅▆▇█" upward, or ASCII " ._-=+*#@"-like steps. */
uint32_t glyph_bar(unsigned eighths, bool ascii);

#endif

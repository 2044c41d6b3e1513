/* One-line widgets: tabs, key hints, the prompt, breadcrumbs. */
#ifndef WIDGET_LINES_H
#define WIDGET_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "term/surface.h"

struct tab { char key; const char *title; unsigned count; uint8_t count_role; }; /* count 0 is not shown */
/* " 1 Board  2 Alerts 14": where room is short other tabs shrink to their key before the current one is cut.
 * Nothing is hidden silently: "›" at the end says there are more. */
void tabs_draw(struct surface *surface, int row, int column, int columns, const struct tab *tabs, unsigned count, unsigned current);
/* The tab at a screen column of what tabs_draw drew with the same arguments, or -1. */
int tabs_at(const struct tab *tabs, unsigned count, unsigned current, int columns, int column);

/* "Enter open  v group by  / filter": keys in ROLE_KEY, words in ROLE_HINT; hints are cut whole, from the right,
 * but the last ("? help") stays. Pairs are parted by two blanks, key and words by one. */
void hints_draw(struct surface *surface, int row, int column, int columns, const char *hints);

/* The line being edited: `label` (":" "/"), the text scrolled so that the cursor is seen, `hint` after it in dim, and
 * the terminal's cursor placed. `point` is in bytes. */
void prompt_draw(struct surface *surface, int row, int column, int columns, const char *label, const char *text, size_t point,
                 const char *hint);
/* `error_at` >= 0 (bytes in text) marks where the text is wrong. */
void prompt_error_draw(struct surface *surface, int row, int column, int columns, const char *label, const char *text, size_t point,
                       long error_at, const char *message);

/* "left" and "right" on one line; the left is cut before the right is. */
void split_line_draw(struct surface *surface, int row, int column, int columns, uint8_t role, const char *left, const char *right);

/* The whole picture of a terminal too small for anything else: the worst counts, what is the matter
 * ("too small"), its size against the size needed. */
void small_draw(struct surface *surface, int rows, int columns, const char *summary, const char *message);

#endif

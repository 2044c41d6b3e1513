/* Where panes stand. A layout is a tree of constant nodes; placing it is a pure function of the area. */
#ifndef WINDOW_LAYOUT_H
#define WINDOW_LAYOUT_H

#include "term/surface.h"

enum layout_kind { LAYOUT_PANE, LAYOUT_ROWS, LAYOUT_COLUMNS };

struct layout {
    enum layout_kind kind;
    int pane;     /* LAYOUT_PANE: index in the result */
    int fixed;    /* rows (columns) it takes exactly; 0: it shares what is left */
    int minimum;  /* least it is worth showing with */
    int maximum;  /* 0: none */
    int weight;   /* its part of what is left; 0 counts as 1 */
    int drop;     /* where all minima do not fit, the node with the largest drop goes first; 0 never goes */
    int gap;      /* ROWS, COLUMNS: blank cells between shown children */
    const struct layout *const *children; /* NULL-terminated */
};

/* Fill panes[0..count); a pane dropped or not in the tree gets an empty rect (0 rows, 0 columns). */
void layout_place(const struct layout *root, struct rect area, struct rect *panes, unsigned count);

bool rect_is_empty(struct rect rect);
bool rect_contains(struct rect rect, int row, int column);
struct rect rect_inset(struct rect rect, int rows, int columns); /* from every side; never negative */
struct rect rect_clip(struct rect rect, struct rect within);
/* Take from one side: the part cut off is returned, *rest keeps the other. */
struct rect rect_cut_top(struct rect *rest, int rows);
struct rect rect_cut_bottom(struct rect *rest, int rows);
struct rect rect_cut_left(struct rect *rest, int columns);
struct rect rect_cut_right(struct rect *rest, int columns);

/* Where a dialog of the wanted size goes: upper third of the screen, centred, each of `depth` earlier dialogs
 * shifting it, always wholly inside. */
struct rect dialog_place(struct rect screen, int rows, int columns, unsigned depth);

#endif

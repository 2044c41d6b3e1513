/* What the heat map's files share: where its cells lie, and who asks. */
#ifndef WIDGET_HEAT_PRIVATE_H
#define WIDGET_HEAT_PRIVATE_H

#include "widget/heat.h"

#define GUTTER 1      /* the cursor's bar */

#define CELLS_LEAST 5  /* columns a lane needs after name and summary */
#define LANE_GAP 2
#define LANES_MOST 6

/* How the groups are laid out in the last drawing: one below the other, in one lane or, where that does not fit, in
 * several side by side. Lines are counted down the first lane, then down the next; what is more than a screenful goes
 * to further pages, so that the first page holds the first groups. */
struct plan {
    int name_width, summary_width;
    int start;       /* first screen column of the cells, from the lane's left */
    int cell_width;  /* 1 or 2 */
    int per_line;    /* cells in a line */
    bool folded;
    int count_room;  /* " +123" after the cells of a folded group; 1 in narrow lanes: an ellipsis */
    int lanes, lane_width;
    int height;      /* lines of a lane on one page */
    int pages;
    size_t unfolded; /* of the folded groups, so many at the top are shown whole: there was room */
    int *first_line; /* of each group, by group */
    int *lines;
};

struct heat {
    struct heat_source source;
    struct plan plan;
    size_t first_capacity, lines_capacity;
    size_t group, cell;
    char *cursor_id;
    bool fold, stale;
    char *empty, *why;
    struct rect area;
    int top;        /* first line shown */
    bool refreshed;
};

/* heat_layout.c */
void heat_plan(struct heat *heat, struct rect area); /* lay the groups out anew */
/* The cells [first, last) of one line of a group, and the line that a cell is in. */
void heat_line_cells(const struct heat *heat, size_t index, int line, size_t *first, size_t *last);
int heat_line_of_cell(const struct heat *heat, size_t index, size_t cell);

#endif

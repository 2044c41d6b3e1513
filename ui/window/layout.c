#include "window/layout.h"

#include <string.h>

#define LAYOUT_CHILDREN 16

bool rect_is_empty(struct rect rect)
{
    return rect.rows <= 0 || rect.columns <= 0;
}

bool rect_contains(struct rect rect, int row, int column)
{
    return row >= rect.row && row < rect.row + rect.rows && column >= rect.column && column < rect.column + rect.columns;
}

struct rect rect_inset(struct rect rect, int rows, int columns)
{
    if (rows * 2 > rect.rows)
        rows = rect.rows / 2;
    if (columns * 2 > rect.columns)
        columns = rect.columns / 2;
    return (struct rect){rect.row + rows, rect.column + columns, rect.rows - 2 * rows, rect.columns - 2 * columns};
}

static int larger(int left, int right)
{
    return left > right ? left : right;
}

static int smaller(int left, int right)
{
    return left < right ? left : right;
}

struct rect rect_clip(struct rect rect, struct rect within)
{
    int bottom = smaller(rect.row + rect.rows, within.row + within.rows);
    int right = smaller(rect.column + rect.columns, within.column + within.columns);
    int row = larger(rect.row, within.row), column = larger(rect.column, within.column);
    return (struct rect){row, column, larger(bottom - row, 0), larger(right - column, 0)};
}

struct rect rect_cut_top(struct rect *rest, int rows)
{
    rows = larger(0, smaller(rows, rest->rows));
    struct rect part = {rest->row, rest->column, rows, rest->columns};
    rest->row += rows;
    rest->rows -= rows;
    return part;
}

struct rect rect_cut_bottom(struct rect *rest, int rows)
{
    rows = larger(0, smaller(rows, rest->rows));
    rest->rows -= rows;
    return (struct rect){rest->row + rest->rows, rest->column, rows, rest->columns};
}

struct rect rect_cut_left(struct rect *rest, int columns)
{
    columns = larger(0, smaller(columns, rest->columns));
    struct rect part = {rest->row, rest->column, rest->rows, columns};
    rest->column += columns;
    rest->columns -= columns;
    return part;
}

struct rect rect_cut_right(struct rect *rest, int columns)
{
    columns = larger(0, smaller(columns, rest->columns));
    rest->columns -= columns;
    return (struct rect){rest->row, rest->column + rest->columns, rest->rows, columns};
}

/* The least a node asks for in one direction. */
static int node_minimum(const struct layout *node)
{
    return node->fixed > 0 ? node->fixed : larger(node->minimum, 1);
}

/* Leave out nodes, the largest drop first, until the minima of the rest fit; those with drop 0 stay. */
static void drop_nodes(const struct layout *const *nodes, unsigned count, int room, int gap, bool *shown)
{
    for (;;) {
        int need = 0, kept = 0, victim = -1;
        for (unsigned i = 0; i < count; i++) {
            if (!shown[i])
                continue;
            need += node_minimum(nodes[i]) + (kept++ > 0 ? gap : 0);
            if (nodes[i]->drop > 0 && (victim < 0 || nodes[i]->drop >= nodes[victim]->drop))
                victim = (int)i;
        }
        if (need <= room || victim < 0)
            return;
        shown[victim] = false;
    }
}

/* Share `room` among the growing nodes by weight, honouring minima and maxima: a node whose share breaks a bound is
 * set to it, and the rest is shared again. */
static void share_room(const struct layout *const *nodes, unsigned count, const bool *shown, int room, int *sizes)
{
    bool settled[LAYOUT_CHILDREN] = {false};
    for (unsigned i = 0; i < count; i++) {
        sizes[i] = 0;
        settled[i] = !shown[i] || nodes[i]->fixed > 0;
        if (shown[i] && nodes[i]->fixed > 0)
            room -= sizes[i] = larger(0, smaller(nodes[i]->fixed, room));
    }
    for (;;) {
        int weights = 0, left = room, violated = -1;
        for (unsigned i = 0; i < count; i++)
            weights += settled[i] ? 0 : larger(nodes[i]->weight, 1);
        if (weights == 0)
            return;
        int all = weights;
        for (unsigned i = 0; i < count && violated < 0; i++) {
            if (settled[i])
                continue;
            int weight = larger(nodes[i]->weight, 1);
            sizes[i] = larger(0, left) * weight / weights; /* what rounding leaves goes to later nodes */
            left -= sizes[i];
            weights -= weight;
            int wish = larger(0, room) * weight / all;
            int bound = nodes[i]->maximum > 0 && wish > nodes[i]->maximum ? nodes[i]->maximum
                        : wish < nodes[i]->minimum                        ? nodes[i]->minimum
                                                                          : wish;
            if (bound != wish) {
                sizes[i] = larger(0, smaller(bound, room));
                violated = (int)i;
            }
        }
        if (violated < 0)
            return;
        settled[violated] = true;
        room -= sizes[violated];
    }
}

static void place(const struct layout *node, struct rect area, struct rect *panes, unsigned count);

static void place_children(const struct layout *node, struct rect area, struct rect *panes, unsigned pane_count)
{
    bool shown[LAYOUT_CHILDREN];
    int sizes[LAYOUT_CHILDREN];
    unsigned count = 0;
    while (count < LAYOUT_CHILDREN && node->children[count])
        shown[count++] = true;
    bool rows = node->kind == LAYOUT_ROWS;
    int room = rows ? area.rows : area.columns;
    drop_nodes(node->children, count, room, node->gap, shown);
    int kept = 0;
    for (unsigned i = 0; i < count; i++)
        kept += shown[i];
    share_room(node->children, count, shown, room - (kept > 1 ? (kept - 1) * node->gap : 0), sizes);
    for (unsigned i = 0; i < count; i++) {
        if (!shown[i])
            continue;
        struct rect part = rows ? rect_cut_top(&area, sizes[i]) : rect_cut_left(&area, sizes[i]);
        place(node->children[i], part, panes, pane_count);
        if (rows)
            rect_cut_top(&area, node->gap);
        else
            rect_cut_left(&area, node->gap);
    }
}

static void place(const struct layout *node, struct rect area, struct rect *panes, unsigned count)
{
    if (node->kind == LAYOUT_PANE) {
        if (node->pane >= 0 && (unsigned)node->pane < count)
            panes[node->pane] = rect_is_empty(area) ? (struct rect){0, 0, 0, 0} : area;
        return;
    }
    place_children(node, area, panes, count);
}

void layout_place(const struct layout *root, struct rect area, struct rect *panes, unsigned count)
{
    memset(panes, 0, count * sizeof *panes);
    place(root, area, panes, count);
}

struct rect dialog_place(struct rect screen, int rows, int columns, unsigned depth)
{
    rows = larger(0, smaller(rows, screen.rows));
    columns = larger(0, smaller(columns, screen.columns));
    int shift = (int)(depth < 8 ? depth : 8);
    int row = screen.row + smaller((screen.rows - rows) / 3 + shift, screen.rows - rows);
    int column = screen.column + smaller((screen.columns - columns) / 2 + 2 * shift, screen.columns - columns);
    return (struct rect){row, column, rows, columns};
}

/* What table.c (state) and table_draw.c share. */
#ifndef WIDGET_TABLE_PRIVATE_H
#define WIDGET_TABLE_PRIVATE_H

#include <uthash.h>

#include "widget/table.h"

struct table_mark {
    UT_hash_handle hh;
    int64_t revision;
    char id[];
};

/* A row as the view last gave it, texts copied. */
struct table_kept {
    size_t index;
    unsigned generation; /* 0: nothing */
    struct table_row row;
    struct buffer texts;
};

struct table {
    struct table_column columns[TABLE_COLUMNS];
    unsigned column_count;
    int natural[TABLE_COLUMNS];  /* widest cell seen, so that columns do not dance while scrolling */
    size_t measured_first, measured_last; /* rows whose widths are in natural already */
    int placed[TABLE_COLUMNS];   /* screen column in the last drawing; -1: not drawn */
    int widths[TABLE_COLUMNS];
    unsigned skip;               /* columns scrolled away at the left */
    bool more_right;             /* a column found no room */
    char *sort;
    bool descending;
    char *empty, *why;
    bool header, stale, unfocused;

    struct table_source source;
    bool refreshed;              /* rows came at least once */
    size_t cursor, top;
    char *cursor_id;             /* NULL: empty, or its row is not here */
    int64_t cursor_revision;
    bool lost;
    char *awaited_id;            /* to go to when a refresh brings it */
    struct table_mark *marks;
    struct rect area;            /* last drawn */
    int shown;                   /* rows it holds */
    bool beside;                 /* something stands beside it: the terminal cannot scroll it by itself */
    const char *clicked;

    /* Rows are asked for anew at every drawing, so that ages go on, but for those that a move of the cursor causes:
     * these must be quick, and the rows are the ones just seen. */
    struct table_kept *kept;     /* by index % kept_count */
    size_t kept_count;
    unsigned generation;
    bool moved;                  /* nothing but a move since the last drawing */

    /* The last drawing: a move within the page draws two rows over it. */
    struct cell *drawn;
    size_t drawn_capacity;
    bool drawn_good;             /* nothing but the cursor has changed since */
    size_t drawn_top, drawn_cursor;
};

bool table_row_here(const struct table *table, size_t index);
void table_row_get(const struct table *table, size_t index, struct table_row *row);
/* The row for drawing; valid until the next call for another row. */
const struct table_row *table_row_kept(struct table *table, size_t index);
void table_forget_kept(struct table *table);
void table_keep_in_sight(struct table *table);

#endif

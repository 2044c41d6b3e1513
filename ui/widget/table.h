/* A table over rows that may number millions and of which only a window is here. The table owns the cursor, the
 * scroll, the marks and the columns; the view owns the rows and supplies those asked for. All four survive a refresh
 * by the rows' ids: the cursor stays on its row and the row stays on its screen line when others come and go.
 *
 * The view: table_wanted() -> fetch that window -> table_refreshed() -> table_draw(). */
#ifndef WIDGET_TABLE_H
#define WIDGET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "term/key.h"
#include "term/surface.h"

#define TABLE_COLUMNS 24

struct table_column {
    const char *name;      /* stable: in sort keys and saved views */
    const char *title;     /* translated by the view; "" for none */
    int minimum, maximum;  /* columns of the screen; maximum 0: none */
    int weight;            /* its part of the room left over; 0: keeps its natural width (widest cell shown, <= maximum) */
    enum text_cut cut;     /* names: TEXT_CUT_MIDDLE */
    bool right;            /* numbers, ages */
    bool strong;           /* the name: bold in the cursor's row */
    bool hidden;           /* not chosen */
    int drop;              /* where room is short the largest goes first; 0: stays, reached by horizontal scroll */
    bool spare;            /* shown only where all the others have the room they wish for */
};

struct table_cell { const char *text; uint8_t role; };

struct table_row {
    const char *id;        /* stable identity */
    int64_t revision;      /* kept with marks, for If-Match; 0 when there is none */
    bool stale;            /* drawn in ROLE_STALE whatever the cells say */
    bool unhandled;        /* `n` and `N` stop here */
    /* Tree rows. */
    uint8_t depth;
    bool branch, open, last;   /* has children; shows them; last of its parent's */
    uint32_t passes;           /* bit d: at depth d a line passes by to a later sibling */
    struct table_cell cells[TABLE_COLUMNS]; /* as the columns given; NULL text draws nothing */
};

struct table_source {
    void *owner;
    size_t total;          /* rows there are, here or not */
    size_t offset, count;  /* rows here */
    /* Fill the row of index offset..offset+count-1; texts stay valid until the next call. */
    void (*row)(void *owner, size_t index, struct table_row *row);
    /* Where the row of this id is, among those here; NULL: by looking at each row in turn. */
    bool (*find)(void *owner, const char *id, size_t *index);
};

struct table;

struct table *table_new(const struct table_column *columns, unsigned count); /* copies, not the texts */
void table_free(struct table **table);

struct table_column *table_columns(struct table *table, unsigned *count); /* to hide, reorder (then call table_touch) */
void table_touch(struct table *table);
/* The mark in the header: column `name`, descending or not; NULL for none. */
void table_set_sort(struct table *table, const char *name, bool descending);
/* What an empty table says, and why: "no asset matches `x`", "12 are hidden by the filter". Copied. */
void table_set_empty(struct table *table, const char *text, const char *why);
void table_set_header(struct table *table, bool shown);  /* default: shown */
void table_set_focus(struct table *table, bool focus);   /* the keys go here: its cursor is shown. Default on */
void table_set_stale(struct table *table, bool stale);   /* all rows are old: drawn dim until the next refresh */

/* The window to have: what the last area shows and a screen before and after it. True when it is time to fetch it:
 * less than half a screen beside what is shown is here, though there is more. */
bool table_wanted(const struct table *table, size_t *offset, size_t *count);
/* The rows came or changed. The source is copied and must stay valid until the next call. */
void table_refreshed(struct table *table, const struct table_source *source);
void table_draw(struct table *table, struct surface *surface, struct rect area);
/* The cursor moved within the page, and the surface still holds the last drawing: draw the two rows anew and tell where
 * they are. 0: it needs table_draw. */
unsigned table_echo(struct table *table, struct surface *surface, int rows[2]);

enum table_answer { TABLE_IGNORED, TABLE_MOVED, TABLE_SCROLLED, TABLE_MARKED, TABLE_CHOSEN, TABLE_SORT };
/* Moves (j k g G ^d ^u arrows, pages), n N among the rows here, Left and Right columns that found no room, Space marks, * marks all shown, Enter
 * and double click choose, the wheel scrolls, a click on a header asks to sort. TABLE_SCROLLED: a move that also
 * changed which rows are shown, so ask table_wanted. */
enum table_answer table_key(struct table *table, const struct key_event *key);
const char *table_clicked_column(const struct table *table); /* after TABLE_SORT */

size_t table_total(const struct table *table);
size_t table_cursor(const struct table *table);          /* index; meaningless while empty */
const char *table_cursor_id(const struct table *table);  /* NULL while empty or not here */
int64_t table_cursor_revision(const struct table *table);
/* The cursor's row went away under it, and no key has been pressed since: verbs should say so and not act. */
bool table_cursor_lost(const struct table *table);
void table_move_to(struct table *table, size_t index);
/* Put the cursor on this id now if it is here, else as soon as a refresh brings it. */
void table_move_to_id(struct table *table, const char *id);

/* Marks outlive filters and refreshes until cleared. */
unsigned table_marks(const struct table *table);
bool table_is_marked(const struct table *table, const char *id);
void table_mark(struct table *table, const char *id, int64_t revision, bool marked);
void table_mark_shown(struct table *table); /* `*`: every row here; again: none of them */
void table_marks_clear(struct table *table);
/* Marked ids, else the cursor's; arrays of the caller's frame of `limit`. Returns how many. */
unsigned table_targets(const struct table *table, const char **ids, int64_t *revisions, unsigned limit);

#endif

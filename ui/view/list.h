/* A list on a page: rows in an order, those that match a filter, in columns, kept at its row when the data moves. Of a
 * long one only a window of rows near the screen is here; the daemon holds the rest. What is the same for every list is
 * here: the window, the order and its words, the filter, the search for the next row that is wrong, the first line, the
 * voice of an empty list, marks and targets. A view says what its columns are, what to ask for, and what a row shows.
 *
 * `struct list` stands first in the view's state, so that list_key, list_command, list_filter ... are the view's own. */
#ifndef VIEW_LIST_H
#define VIEW_LIST_H

#include "view/seek.h"
#include "view/view.h"
#include "widget/table.h"

#define LIST_SIDE_FROM 150      /* screens at least so wide explain the current row beside the list */
#define LIST_LINES_FROM 14      /* bodies at least so high explain it in lines below */
#define LIST_TARGETS_MOST 1000

struct list_column {
    struct table_column shown;
    const char *sort;           /* what the daemon sorts by, "building,floor"; NULL: it cannot */
    bool largest;               /* sorted by it, the largest comes first */
};

/* What a list is, the same for all its life. Texts are N_() and translated where they are shown. */
struct list_kind {
    const char *page;           /* the view that Enter opens with the row's id; NULL: chosen() does it, or nothing */
    enum reaction (*chosen)(struct view *view, const char *id); /* may end the view: then REACT_HANDLED */
    const char *resource;       /* whose ids its rows have, for verbs; NULL: no verb acts on them */
    bool window;                /* the daemon gives any part of it: few rows are here */
    bool marks;                 /* Space marks rows */
    const char *worst;          /* the order it begins with, "-health,id"; NULL: the rows come in their own */
    const char *worst_word;     /* what that is called */
    const char *tie;            /* ",id": what settles equal rows when sorted by a column */
    const char *most;           /* limit of what is asked for where there is no window; NULL: none */
    const char *empty, *why;    /* there is none at all; what would bring one (NULL) */
    const char *unmatched;      /* none matches the filter */
    const char *no_more;        /* n finds no further one */
    /* Decode an answer into the arena. */
    bool (*read)(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows, unsigned *count,
                 struct error *error);
    /* The rows came and stand in list->rows; NULL: they are shown as they are. Else it calls list_show. */
    void (*took)(struct view *view);
    /* Row `at` of list->rows (of what took() gave) for the table. */
    void (*row)(struct view *view, size_t at, struct table_row *row);
    /* Is row i of what read() decoded wrong? For windows, where n looks at rows that are not here. */
    bool (*wrong)(const void *rows, size_t i);
};

struct list {
    const struct list_kind *kind;
    struct table *table;
    struct table *instead;      /* has the keys now: a tree, a second table; NULL: none */
    struct list_column column[TABLE_COLUMNS];
    unsigned column_count;
    char *filter, *sent;        /* as typed; as understood */
    char *sort;                 /* "" where the list is not sorted */

    struct arena *arena;
    void *rows;                 /* of the view's type, `count` of them */
    unsigned count;
    struct wire_page page;      /* as the daemon counts them */
    bool have;                  /* something came once */
    char problem[384];          /* why nothing does; "" */

    size_t offset, asked;       /* the window asked for; asked 0: none yet */
    bool typing;                /* a filter: nothing else is asked for until it is done */
    bool narrow, widen;         /* only what is shown is asked for first; then what is near */
    struct seek seek;           /* for the next one that is wrong, beyond the rows here */

    bool ascii;                 /* as of the drawing under way: */
    msec now;
    char site[80];
    const char *ids[LIST_TARGETS_MOST];
    int64_t revisions[LIST_TARGETS_MOST];
};

/* `filter` as in the filter language; false: it is none, and says why. list_release is due in either case. */
bool list_init(struct view *view, const struct list_kind *kind, const struct list_column *columns, unsigned count,
               const char *filter, struct error *error);
void list_release(struct view *view);
/* Other columns in place of these; cursor and marks stay. */
void list_set_columns(struct view *view, const struct list_column *columns, unsigned count);
struct table *list_table(const struct list *list);  /* the one that has the keys */

/* What to ask for: base?filter&sort&offset&limit, and `name`=`value` if given. */
struct list_want {
    const char *base, *refresh;
    msec every, rest;
    const char *name, *value;
    const char *seek;           /* the fields that tell a wrong row; NULL: all */
};
enum { LIST_SLOT_ROWS, LIST_SLOT_SEEK, LIST_SLOTS };
void list_want(struct view *view, struct view_wants *out, const struct list_want *want);
/* An answer for one of LIST_SLOTS. */
bool list_receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error);
/* For lists put together from several answers: note how one went (error NULL: well), and show `total` rows. */
void list_note(struct list *list, const struct error *error);
void list_show(struct view *view, size_t total);

/* At the begin of a drawing. */
void list_begin(struct view *view, const struct surface *surface);
/* The first line of the page: `left` and the filter, and at the other end the order and the cursor's place in it, or
 * `right` if given. Returns the column after what stands at the left; *end (may be NULL): where the right part begins. */
int list_headline(struct view *view, struct surface *surface, struct rect line, const char *left, const char *right, int *end);
/* The same with "12 of 63 · 51 filtered · 2 marked". */
int list_counts(struct view *view, struct surface *surface, struct rect line);
/* Say why there is nothing in this table of the list, and whether it is old. */
void list_explain(struct view *view, struct table *table);
/* The list's own table, with that. */
void list_draw(struct view *view, struct surface *surface, struct rect area);
size_t list_at(const struct list *list);            /* the current row in list->rows; SIZE_MAX: not here */

void list_set_sort(struct view *view, const char *sort);

/* The kind's read() of an answer that wire_read_... decodes into rows of `type`. */
#define LIST_READ(name, type, reader)                                                                             \
    static bool name(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows, \
                     unsigned *count, struct error *error)                                                        \
    {                                                                                                             \
        struct type *decoded = NULL;                                                                              \
        bool good = reader(answer->body, answer->length, arena, page, &decoded, count, error);                    \
        *rows = decoded;                                                                                          \
        return good;                                                                                              \
    }

/* As the view's own (view.h). */
bool list_set_filter(struct view *view, const char *filter, bool typing, struct error *error);
const char *list_filter(struct view *view);
enum reaction list_key(struct view *view, const struct key_event *key);
enum reaction list_answered(struct view *view, enum table_answer answer); /* what list_key makes of its table's answer */
enum reaction list_command(struct view *view, const char *name, const char *argument, struct error *error);
void list_targets(struct view *view, struct view_targets *targets);
bool list_pick(struct view *view, unsigned number);

#endif

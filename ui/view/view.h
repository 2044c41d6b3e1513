/* A screen: one file and one line in views.def. A view says what it wants from the daemon, decodes what comes,
 * draws on a surface and answers keys; it never waits, never talks to the terminal, and never redraws itself:
 * handlers return what must happen. The same ops serve the console, `snapshot`, `--plain` and the tests. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "client/client.h"
#include "term/key.h"
#include "term/surface.h"

struct view;

#define ECHO_ROWS 4

enum reaction { /* a mask */
    REACT_IGNORED = 0,  /* not for me: the next layer may have it */
    REACT_HANDLED = 1,
    REACT_DRAW = 2,     /* my drawing changed */
    REACT_WANT = 4,     /* what I want changed: ask wants() again */
    REACT_BACK = 8,     /* I am done: close me, return to what was below */
    REACT_MOVED = 16,   /* only the cursor did: echo() shows it at once, and the rest may wait for the next frame */
};

/* A command as help shows it; keys and usage are the receiver's to free. */
struct help_row {
    const char *name, *section, *help;
    char *keys, *usage;
    bool needs_argument;
};

/* What the app does for a view. */
struct view_host_ops {
    void (*open)(void *host, const char *view, const char *argument);      /* drill in: pushes */
    void (*command)(void *host, const char *line);                          /* run a `:` line */
    void (*say)(void *host, uint8_t role, const char *format, ...) __attribute__((format(printf, 3, 4))); /* message line */
    msec (*at)(void *host);                  /* the instant shown: CLOCK_NEVER when live */
    msec (*now)(void *host);                 /* wall clock, or `at` */
    bool (*read_only)(void *host);
    const struct wire_overview *(*overview)(void *host); /* NULL until it came */
    bool (*stale)(void *host);               /* the link is lost: what is shown is old */
    unsigned (*commands)(void *host, const char *view, struct help_row **rows); /* with the keys in force */
    void (*run_below)(void *host, const char *line); /* close this view, then run the line on the one below it */
    void (*replace)(void *host, const char *view, const char *argument); /* another page in place of this one, soon */
};

/* One thing to have and keep fresh. Slots are the view's own small numbers. */
#define VIEW_SLOTS 18
struct view_want {
    unsigned slot;
    struct buffer path;    /* "/assets?..", without `at`, which the feed adds; "" : nothing */
    const char *refresh;   /* event kinds that make it old, by blanks ("fleet sources"); "" : once */
    msec at_most_every;    /* not refetched more often than this; 0: 100 ms */
    msec rest;             /* another path is fetched once it stood for so long; 0: at once */
    bool lines;            /* an answer without end: receive() gets its lines as they come (client.h), where the console
                              is there to see them; elsewhere what there is now */
};
struct view_wants { struct view_want want[VIEW_SLOTS]; unsigned count; };
void view_want(struct view_wants *wants, unsigned slot, const char *refresh, msec at_most_every, const char *path);

/* Ids a verb acts on, with the revision each was shown at. */
struct view_targets { const char **ids; int64_t *revisions; unsigned count; const char *resource; };

/* How an answer is read without its view: into an arena, and nothing else that changes is touched, so that a large one
 * is read on another thread while keys go on. NULL from `read`: it is wrong, and `error` says why. */
struct view_reader {
    void *(*read)(const void *how, const struct client_answer *answer, struct arena *arena, struct error *error);
    const void *how;          /* constant as long as the program */
};

struct view_ops {
    const char *name;         /* "board": `:board`, `snapshot board` */
    const char *title;        /* N_("Board") */
    char tab;                 /* '0'..'9': a tab with that key; 0: not a tab */
    const char *argument;     /* what `:name ARGUMENT` means, "" for none: for help and completion */
    const char *help;         /* one line */
    size_t size;              /* of the private state, zeroed */
    bool (*open)(struct view *view, const char *argument, struct error *error);
    void (*close)(struct view *view);
    void (*wants)(struct view *view, struct view_wants *wants);
    bool (*receive)(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error);
    /* For slots whose answers may be large, else a NULL `read`; the op may be NULL. receive() takes any answer all the
     * same; took() gets what read() made of one, with its arena, which is the view's from now on. */
    struct view_reader (*reader)(const struct view *view, unsigned slot);
    void (*took)(struct view *view, unsigned slot, struct arena *arena, void *read);
    void (*draw)(struct view *view, struct surface *surface, struct rect area);
    /* After REACT_MOVED: draw what the move changes over the last frame, which the surface still holds, and tell its
     * rows (how many; 0: only a whole frame can show it). NULL: always a whole frame. */
    unsigned (*echo)(struct view *view, struct surface *surface, int rows[ECHO_ROWS]);
    enum reaction (*key)(struct view *view, const struct key_event *key);
    /* Keys are text now: key() has them before the key map, which gets those it ignores. NULL: never. */
    bool (*typing)(struct view *view);
    /* A command of commands.def that the view implements ("group-by", "sort"); argument may be "". */
    enum reaction (*command)(struct view *view, const char *name, const char *argument, struct error *error);
    void (*targets)(struct view *view, struct view_targets *targets); /* marked rows, else the current one */
    bool (*copied)(struct view *view, struct buffer *out); /* what `copy` takes here instead of the targets' ids; false: those */
    void (*crumbs)(struct view *view, struct buffer *out);  /* "site ▸ 涵英楼" */
    void (*hints)(struct view *view, struct buffer *out);   /* "Enter open  v group by" of the current row */
    void (*plain)(struct view *view, struct buffer *out);   /* the linear twin: numbered lines */
    bool (*pick)(struct view *view, unsigned number);       /* put the cursor on a numbered line of plain() */
    /* What `export` writes: the path of the whole list without offset and limit, and its fields by commas. */
    bool (*list)(struct view *view, struct buffer *path, struct buffer *fields);
    /* What `save` keeps: "filter=..&sort=..&columns=..". */
    void (*query)(struct view *view, struct buffer *out);
    const char *(*filter)(struct view *view);               /* the filter in force, or NULL when it has none */
    bool (*set_filter)(struct view *view, const char *filter, bool typing, struct error *error);
    const char *search_hint;  /* `/` takes plain words here, and this is what it says; NULL: the filter language */
};

/* All views, in the order of their tabs (views.def). */
extern const struct view_ops *const view_list[];
extern const unsigned view_count;
const struct view_ops *view_find(const char *name);

struct view {
    const struct view_ops *ops;
    void *state;
    const struct view_host_ops *host_ops;
    void *host;
    char *argument;           /* it was opened with */
    struct rect area;         /* of the last draw, so that keys know how much is shown */
};

#endif

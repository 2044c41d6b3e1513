/* The server page's state, shared by its files: server.c (what it knows and does), server_draw.c (its look),
 * server_charts.c (figures over time) and the sections (server_load.c, server_duty.c): lists of the host's answer. */
#ifndef VIEW_SERVER_H
#define VIEW_SERVER_H

#include "view/capacity_text.h"
#include "view/host_text.h"
#include "view/trend.h"
#include "view/view.h"
#include "widget/table.h"

#define SECTIONS(X) \
    X(processes) X(charts) X(cores) X(disks) X(network) X(ports) X(endpoints) X(connections) X(units) X(people) X(certificates) X(facts)
enum section {
#define X(name) SECTION_##name,
    SECTIONS(X)
#undef X
    SECTION_COUNT
};

struct server_page;

/* What a row sorts by in a column: a number, else a word. */
struct section_key { double number; const char *text; };

struct section_ops {
    const char *name;                    /* of `:section NAME` */
    const char *title;                   /* N_() */
    const struct table_column *columns;  /* titles N_() */
    unsigned column_count, sort;         /* the column it is sorted by at first */
    bool descending;
    unsigned list;                       /* bit of the host's list it shows; 0: always there */
    unsigned (*count)(const struct server_page *page);
    void (*fill)(struct server_page *page, unsigned index, struct table_row *row);
    struct section_key (*key)(const struct server_page *page, unsigned index, unsigned column);
    bool (*wrong)(const struct server_page *page, unsigned index); /* needs a person; NULL: never */
    const char *none;                    /* N_(): what an empty one says; NULL: the host's own words */
    bool (*is)(const struct server_page *page, unsigned index, const char *id); /* of long lists: sooner than by filling rows */
};
extern const struct section_ops *const server_sections[SECTION_COUNT]; /* charts: a name and a title only */

struct section_row { unsigned index; uint8_t depth; bool last, branch; uint32_t passes; };
struct section_state {
    struct table *table;
    struct section_row *rows;            /* in the order shown */
    size_t capacity;
    unsigned count, wrong;
    unsigned sort;
    bool descending;
};

struct server_fact { char name[48], value[224]; bool wrong; };

#define SERVER_CELL 224
#define SERVER_SERIES 14                 /* metrics asked for at a time */

struct server_page {
    char *id;
    struct arena *arena;
    struct wire_server_page page;
    const struct host *host;             /* of the instant shown; NULL: never answered, or not known then */
    bool have, ascii, past, tree;
    unsigned most;                       /* processes asked for at a time: grows as the cursor nears their end */
    char problem[384];
    struct section_state sections[SECTION_COUNT];
    enum section section;
    struct server_fact *facts;
    unsigned fact_count;
    size_t fact_capacity;
    struct capacity_note capacity;       /* when its disks are full */
    struct trends *trends;
    char series[SERVER_SERIES][96];      /* the metric each series slot was asked for */
    unsigned span;
    msec opened;                         /* wall: what came before is the daemon's to tell */
    enum chart_style style;
    unsigned chart_top, charts_shown;
    msec now;
    struct rect tabs_area;               /* of the last draw, for the mouse */
    unsigned tabs_first;
    int tabs_gap;
    char cell[TABLE_COLUMNS][SERVER_CELL];
    const char *target;
    int64_t revision;
};

/* server.c */
const struct wire_server *server_row(const struct server_page *page); /* of the instant shown */
const struct wire_deviation *server_deviation(const struct server_page *page, const char *kind, const char *point);
/* Why the host does not tell something ("ports"): its words, or "". */
const char *server_missing(const struct server_page *page, const char *what);
bool server_is_stale(const struct server_page *page, struct view *view);

/* server_sections.c: order all rows anew and hand them to the tables. */
void server_sections_init(struct server_page *page);
void server_sections_release(struct server_page *page);
void server_sections_refresh(struct server_page *page);
/* The row's index in the host's list; false while the list is empty. */
bool server_section_current(const struct server_page *page, enum section section, unsigned *index);
void server_section_sort(struct server_page *page, enum section section, unsigned column, bool descending);
void server_facts_make(struct server_page *page);

/* A cell's text in the page's room for it. */
void cell_text(struct server_page *page, struct table_row *row, unsigned column, uint8_t role, const char *text);
void cell_format(struct server_page *page, struct table_row *row, unsigned column, uint8_t role, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* server_draw.c */
void server_draw(struct view *view, struct surface *surface, struct rect area);

/* server_plain.c */
void server_plain(struct view *view, struct buffer *out);

/* server_charts.c */
#define SERVER_SPANS 6
extern const struct server_span { const char *name; msec length; } server_spans[SERVER_SPANS]; /* the first is live */
void server_window(const struct server_page *page, struct view *view, msec *from, msec *to);
/* Ask for the stored series of what is shown, from `slot` on. */
void server_charts_want(struct server_page *page, struct view *view, struct view_wants *wants, unsigned slot);
/* As many charts as fit, `across` side by side, from page->chart_top on. */
void server_charts_draw(struct server_page *page, struct view *view, struct surface *surface, struct rect area, unsigned across);
unsigned server_charts_count(const struct server_page *page);

#endif

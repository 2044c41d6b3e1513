/* What the files of the alerts view share. */
#ifndef VIEW_ALERTS_PRIVATE_H
#define VIEW_ALERTS_PRIVATE_H

#include "view/alerts.h"
#include "view/seek.h"

#define TARGETS_MOST 1000

enum { SLOT_ROWS, SLOT_SYMPTOMS, SLOT_GROUPS, SLOT_SEEK, SLOT_DETAIL };
enum { COLUMN_NEWS, COLUMN_SEVERITY, COLUMN_AGE, COLUMN_WHAT, COLUMN_WHERE, COLUMN_WHO, COLUMN_UNTIL, COLUMNS };

struct alerts {
    char *filter, *sent;
    bool all;                     /* also what the queue hides */
    struct table *table;
    struct arena *arena;
    struct wire_alert *rows;
    unsigned row_count;
    struct wire_page page;
    struct wire_alert_hidden hidden;
    bool have, ascii;
    bool narrow;                  /* another filter is on its way: rows that it leaves out did not go by themselves */
    char problem[384];
    size_t offset, count;         /* the window asked for, of the queue without unfolded symptoms */
    msec now;
    char site[64];

    struct seek seek;             /* for the next row that needs a person, beyond those here */

    char *open_id;                /* the cause that is unfolded, or NULL */
    size_t open_at;               /* where it stands in the queue */
    struct arena *symptom_arena;
    struct wire_alert *symptoms;
    unsigned symptom_count;

    unsigned by;                  /* of groupings; past them: by_label */
    char by_label[80];            /* "label.team" */
    bool flood;                   /* as last heard: the view collapses once at its beginning */
    struct alert_groups *groups;
    struct alert_detail detail;

    struct buffer what;           /* the row being drawn */
    char severity[2], age[SPAN_TEXT], until[SPAN_TEXT + 4];
    const char *ids[TARGETS_MOST];
    int64_t revisions[TARGETS_MOST];
};

/* alert_rows.c */
bool alert_row_needs_hands(const struct wire_alert *alert);
bool alert_rows_receive(struct alerts *alerts, const struct client_answer *answer, struct error *error);
bool alert_rows_receive_symptoms(struct alerts *alerts, const struct client_answer *answer, struct error *error);
const struct wire_alert *alert_rows_current(const struct alerts *alerts);
void alert_rows_fold(struct alerts *alerts);
enum reaction alert_rows_toggle(struct view *view, const char *name); /* unfold, left, right */
/* The row's place in the queue itself, and back: unfolded symptoms do not count there. */
size_t alert_rows_in_queue(const struct alerts *alerts, size_t row);
size_t alert_rows_on_screen(const struct alerts *alerts, size_t place);

#endif

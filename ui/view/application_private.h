/* The application page's state, shared by its files: application.c (what it knows and does), application_draw.c (its look). */
#ifndef VIEW_APPLICATION_PRIVATE_H
#define VIEW_APPLICATION_PRIVATE_H

#include "view/view.h"
#include "widget/table.h"

#define APPLICATION_CELLS 6      /* columns of its widest list */

enum pane { PANE_NODES, PANE_ALERTS, PANE_RECOVERIES, PANES };

struct application {
    char *id;
    struct arena *arena, *alert_arena;
    struct wire_application_page page;
    struct wire_alert *alerts;
    unsigned alert_count;
    struct table *table[PANES];
    enum pane pane;
    bool have, ascii, hurt;      /* hurt: go to the first broken node once it is known */
    char problem[384];
    msec now;
    char cell[APPLICATION_CELLS][200];
    struct buffer what;
    struct buffer path;          /* of the alerts, kept: it follows from the nodes */
    const char *target;
    int64_t revision;
};

/* application_draw.c */
void application_make_tables(struct application *app);
void application_show_page(struct application *app);   /* the page came: its nodes and recoveries */
void application_show_alerts(struct application *app);
const char *application_verdict(const struct wire_node *node); /* in words */
const char *application_place(const struct wire_node *node);   /* where it stands; "" for the application itself */
void application_draw(struct view *view, struct surface *surface, struct rect area);

#endif

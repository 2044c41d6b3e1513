/* A runbook laid out in lines for a width: headings, numbered steps that hang under their number, items, and code.
 * Commands stand out and can be stepped through; nothing is run here. Also what the shell prints. */
#ifndef WIDGET_STEPS_H
#define WIDGET_STEPS_H

#include "client/client.h"
#include "term/surface.h"

struct steps_line {
    char *text;
    uint8_t role;
    int indent;
    int command;             /* which command it belongs to, from 0; -1: none */
};
struct steps {
    struct steps_line *lines;
    size_t count, capacity;
    const char **commands;   /* whole texts, owned by the runbook */
    bool *on_host;           /* of each: it says that it is for the asset itself */
    unsigned command_count;
    int columns;             /* laid out for; 0: not yet */
};

/* Without the title, which its first heading is, where that is drawn elsewhere. */
void steps_layout(struct steps *steps, const struct wire_runbook *runbook, int columns, bool title, bool ascii);
void steps_release(struct steps *steps);
/* Lines from `top`; `command` is the chosen one, -1: none. What holds `search` (folded; "" for nothing) is marked. */
void steps_draw(const struct steps *steps, struct surface *surface, struct rect area, size_t top, int command, const char *search);
size_t steps_of_command(const struct steps *steps, int command);       /* its first line */
/* The first line at or after `from` that holds the folded text; count: there is none. */
size_t steps_find(const struct steps *steps, size_t from, const char *search);

#endif

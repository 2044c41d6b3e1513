/* What the files of the applications share about the past. Private to src/engine/applications*.c. */
#ifndef ENGINE_APPLICATIONS_PAST_H
#define ENGINE_APPLICATIONS_PAST_H

#include "engine/applications_private.h"
#include "wire/wire.h"

struct past_part {
    msec since, checked;           /* CLOCK_NEVER: not known */
    const char *evidence;
    struct check_figure *figures;
    unsigned figure_count;
};

struct past_whole {                /* an application */
    enum health health;
    msec since;
    unsigned cause;                /* part; PARTS_NONE */
    const char *hurts;
    double latency, users, in_rate, out_rate;
    struct uptime month, days30;
};

/* Good for the plan it was made with; texts in `arena`. */
struct applications_past {
    unsigned references;
    msec at;
    struct arena *arena;
    struct part *verdicts;         /* by part, `needs` being the plan's */
    struct past_part *parts;
    unsigned part_count;
    struct past_whole *wholes;     /* by application */
};

void applications_past_forget(struct applications *applications); /* the plan was replaced */
/* A check became another: into the store. */
void application_node_changed(const struct application_check *check, enum part_verdict verdict);

#endif

/* Hours of the week as people write them: "08:00-19:00", "mon-fri 22:00-07:00". Local time; a span that ends before it
 * starts runs past midnight and belongs to the day it began on. */
#ifndef MODEL_HOURS_H
#define MODEL_HOURS_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/config.h"

#define HOURS_MAX 14

struct hours {
    struct { int first_day, last_day, from, to; } span[HOURS_MAX]; /* Monday 0; minutes of the day */
    unsigned count;                                               /* 0: always */
};

bool hours_add(struct hours *hours, const char *text); /* false: not hours, or too many */
/* A text or a list of them; NULL: always. False with a problem added. */
bool hours_read(struct hours *hours, const struct config_node *node, struct config_problems *problems);
bool hours_contain(const struct hours *hours, msec now);
/* The first minute at or after `now` that is not contained, within eight days; CLOCK_NEVER: they do not end. */
msec hours_end(const struct hours *hours, msec now);

#endif

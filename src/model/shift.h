/* Who is on duty: the site's shifts by the hours of the week (model/hours.h): "夜班 20:00-08:00". Local time, over
 * midnight and over changes of the clock. Immutable once read. */
#ifndef MODEL_SHIFT_H
#define MODEL_SHIFT_H

#include "base/buffer.h"
#include "model/hours.h"

struct shift {
    char *name;
    char *people;      /* "王, 李"; "" */
    struct hours hours;
};
struct roster { struct shift *shifts; unsigned count; };

extern const struct config_key shift_keys[]; /* one entry of `shifts:` */
/* `list` was checked by shift_keys, or is NULL. Mistakes in the hours are added. */
void roster_read(struct roster *roster, const struct config_node *list, struct config_problems *problems);
void roster_release(struct roster *roster);

struct shift_span {
    const struct shift *shift;
    msec from, to;     /* this turn of it, within eight days; CLOCK_NEVER: it does not begin, or end */
};
/* The next of `people` into `name`; NULL after the last. */
const char *roster_next(const char *people, char *name, size_t size);

/* Where the coming week, from the minute of `now` on, has nobody on duty, or two shifts at once: in order of time. */
struct roster_finding {
    const struct shift *one, *other; /* both NULL: nobody */
    msec from, to;                   /* cut at the week's ends */
};
void roster_check(const struct roster *roster, msec now, void (*found)(void *owner, const struct roster_finding *finding), void *owner);
/* The same as lines, at most `most`: "nobody is on duty from 2026-11-21 08:00 to 20:00". Returns how many there are. */
unsigned roster_findings(const struct roster *roster, msec now, unsigned most, struct buffer *out);
/* The time without anybody around an instant at which nobody is on duty, within eight days. */
void roster_gap(const struct roster *roster, msec now, msec *from, msec *to);

/* The shift in force at an instant: the first whose hours contain it. False: none. */
bool roster_at(const struct roster *roster, msec now, struct shift_span *span);

#endif

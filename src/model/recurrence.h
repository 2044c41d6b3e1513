/* What comes again by the wall clock: "Mon-Fri 01:00", "Sat,Sun 02:30", "daily 03:00", "day 1 02:00" (of the month), in
 * local time. */
#ifndef MODEL_RECURRENCE_H
#define MODEL_RECURRENCE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"

/* Can it be read? The error begins with "schedule: ". */
bool recurrence_check(const char *text, struct error *error);
/* Did it begin, on a day that it names, less than `duration` (at most 32 days are looked back upon) before `now`? */
bool recurrence_covers(const char *text, msec duration, msec now);

#endif

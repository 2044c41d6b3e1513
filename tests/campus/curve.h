/* The day of a campus: how busy a place is at a moment, and the exact time integral of that, so that energy registers
 * agree with power, never run backwards, and go on where they were when the campus is started again. */
#ifndef CAMPUS_CURVE_H
#define CAMPUS_CURVE_H

#include <stdint.h>

#include "catalogue.h"

/* Times are milliseconds since 1970 UTC; the campus lives at UTC+8 all year. `phase` in [0, 1) tells assets of one
 * profile apart: it shifts their day by up to 40 minutes and moves their ripple. */
double curve_load(enum profile profile, double phase, int64_t time);  /* 0..1 */
double curve_hours(enum profile profile, double phase, int64_t time); /* integral of the load since 2024-12-30, h */

double curve_outside(int64_t time);      /* outdoor temperature, degrees Celsius */
double curve_daylight(int64_t time);     /* 0..1 */
double curve_hour_of_day(int64_t time);  /* 0..24, local */

#endif

/* Instants and spans. An instant is milliseconds since 1970-01-01 UTC by the wall clock; a steady time is
 * milliseconds of a clock that never jumps, for timers. Tests move both with clock_fake, a replay holds the first. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef int64_t msec;

#define CLOCK_NEVER INT64_MIN /* no instant: "never heard", "no end" */
#define SPAN_SECOND ((msec)1000)
#define SPAN_MINUTE (60 * SPAN_SECOND)
#define SPAN_HOUR (60 * SPAN_MINUTE)
#define SPAN_DAY (24 * SPAN_HOUR)

msec clock_wall(void);
msec clock_steady(void);
/* The steady clock as of the kernel's last tick, up to 10 ms ago, for a quarter of the price; never faked. For deadlines that
 * are looked at after every small piece of work. */
msec clock_coarse(void);
/* Replace both by fixed values until clock_real(). For tests, and for a daemon that shows what was. */
void clock_fake(msec wall, msec steady);
void clock_real(void);
/* Let the wall clock alone stand, until clock_real(): while the past is shown as if it were now (an incident replayed). */
void clock_hold_wall(msec wall);

#define INSTANT_TEXT 40
/* RFC 3339 with the offset of the process's time zone, milliseconds only when not zero. Returns out. "" for never. */
char *instant_format(char out[INSTANT_TEXT], msec instant);
/* "03:31:07" today, "11-20 03:31" this year, "2025-11-20" before: for screens. */
char *instant_format_short(char out[INSTANT_TEXT], msec instant, msec now);
/* RFC 3339; "2026-11-21 03:12[:07]"; "03:12[:07]" (the latest such time not after now); "-2h" (before now);
 * "now"; Unix seconds ("@1700000000"). */
bool instant_parse(const char *text, msec now, msec *instant, struct error *error);
/* Local midnight at or before the instant, and the day as yyyymmdd. */
msec instant_day_start(msec instant);
int instant_day(msec instant);

#define SPAN_TEXT 24
/* "90s", "5m", "2h", "3d", "1h30m", "250ms"; bare numbers are refused. Never negative. */
bool span_parse(const char *text, msec *span, struct error *error);
/* Exact and parseable: "1h30m". */
char *span_format(char out[SPAN_TEXT], msec span);
/* For columns, at most 5 characters: "12s", "11m", "3h12", "2d", "9w"; "" for never. */
char *span_format_short(char out[SPAN_TEXT], msec span);

#endif

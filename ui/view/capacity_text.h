/* What a capacity's row says to a person: when it is full and how sure that is, what to do about it, in few columns. */
#ifndef VIEW_CAPACITY_TEXT_H
#define VIEW_CAPACITY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"
#include "view/view.h"

#define CAPACITY_TEXT 160

/* By weight: the expansion report's own limits (30 and 180 days). */
enum capacity_advice { CAPACITY_UNKNOWN, CAPACITY_ENOUGH, CAPACITY_WATCH, CAPACITY_PLAN, CAPACITY_EXPAND };
enum capacity_advice capacity_advice(const struct wire_capacity *row, msec now);
const char *capacity_advice_word(enum capacity_advice advice);
uint8_t capacity_advice_role(enum capacity_advice advice);

char *capacity_what(char out[CAPACITY_TEXT], const char *what);   /* "disk data", in the reader's language */
char *capacity_problem(char out[CAPACITY_TEXT], const struct wire_capacity *row); /* why there is no trend */
char *capacity_in(char out[CAPACITY_TEXT], msec when, msec now);  /* "2.1 d", "now"; "" for never */
char *capacity_range(char out[CAPACITY_TEXT], const struct wire_capacity *row, msec now, bool ascii); /* "1.6-2.9", "1.6+" */
/* "full in 2.1 d (1.6-2.9)"; "" where it does not fill up. */
char *capacity_full(char out[CAPACITY_TEXT], const struct wire_capacity *row, msec now, bool ascii);
char *capacity_figure(char out[CAPACITY_TEXT], const struct wire_capacity *row, double value); /* "88.5 %", "1.9 GiB" */
char *capacity_slope(char out[CAPACITY_TEXT], const struct wire_capacity *row, double slope);  /* "+1.5", a day */

/* One server's figures, beside what else its page asks for; asked for rarely, as they are reckoned anew each time. */
struct capacity_note { struct arena *arena; struct wire_capacity *rows; unsigned count; };
void capacity_note_want(struct view_wants *wants, unsigned slot, const char *id);
bool capacity_note_receive(struct capacity_note *note, const struct client_answer *answer, struct error *error);
void capacity_note_release(struct capacity_note *note);
/* The row of a disk by its mount; NULL where no end is in sight. */
const struct wire_capacity *capacity_note_disk(const struct capacity_note *note, const char *mount);

#endif

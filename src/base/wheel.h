/* Timers by the hundred thousand: a hierarchical wheel, so that scheduling, moving and cancelling cost the same
 * whatever the fleet. Resolution 100 ms of the steady clock; callbacks run inside wheel_advance, may schedule
 * and cancel freely (themselves too), and never run early. */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct wheel_timer {
    struct wheel_timer *next;
    struct wheel_timer **link; /* NULL: not scheduled */
    msec due;                  /* steady */
};

struct wheel;
typedef void wheel_callback(void *owner, struct wheel_timer *timer);

/* One callback for all timers of a wheel; the timer sits inside the caller's struct (container_of). */
struct wheel *wheel_new(msec steady_now, wheel_callback *callback, void *owner);
void wheel_free(struct wheel **wheel);
void wheel_schedule(struct wheel *wheel, struct wheel_timer *timer, msec due); /* moves it when scheduled already */
void wheel_cancel(struct wheel *wheel, struct wheel_timer *timer);
bool wheel_scheduled(const struct wheel_timer *timer);
/* Run what is due; returns how many ran. At most `limit` a call (0: all), so that a storm leaves the loop breath. */
unsigned wheel_advance(struct wheel *wheel, msec steady_now, unsigned limit);
/* Steady time at which wheel_advance is next worth calling; CLOCK_NEVER when empty. */
msec wheel_next(const struct wheel *wheel);

#endif

/* The last while of one metric of one asset, for rules that compare change, rate and range: twelve slices of the span,
 * each with its first, last, smallest and largest value. A reading costs one slice; the window's edge is as sharp as a
 * slice. Private to src/engine. */
#ifndef ENGINE_WINDOW_H
#define ENGINE_WINDOW_H

#include <stdbool.h>

#include "base/clock.h"

#define WINDOW_SLICES 12

struct window {
    msec span;
    struct window_slice { msec first_at, last_at; double first, last, smallest, largest; bool used; } slices[WINDOW_SLICES + 1];
};

void window_init(struct window *window, msec span);
void window_add(struct window *window, msec time, double value); /* late readings are left out */
/* False when it holds nothing. */
bool window_read(const struct window *window, msec now, double *oldest, double *newest, double *smallest, double *largest,
                 msec *covered);

#endif

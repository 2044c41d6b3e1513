/* The campus in motion: every asset speaks when it is due, on one event loop. Time runs `speed` times as fast for the
 * schedule, never for the timestamps. Nothing is scanned: what is due next lies at the top of a heap. */
#ifndef CAMPUS_CAMPUS_H
#define CAMPUS_CAMPUS_H

#include <stdbool.h>
#include <uv.h>

#include "fleet.h"
#include "options.h"
#include "text.h"

struct campus;

/* The fleet and the options must outlive it. */
struct campus *campus_new(uv_loop_t *loop, const struct options *options, const struct fleet *fleet);
/* Stops and closes; the memory goes when the loop has run to its end. */
void campus_free(struct campus **campus);

/* One line of the control protocol; `line` is taken apart. The answer is one line: "ok ..." or "error ...". */
void campus_command(struct campus *campus, char *line, struct text *answer);
/* {"readings":N,...} of the whole run. */
void campus_figures(const struct campus *campus, struct text *out);

#endif

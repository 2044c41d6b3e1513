/* The campus in motion: every asset speaks when it is due, on one event loop. Time runs `speed` times as fast for the
 * schedule, never for the timestamps. Nothing is scanned: what is due next lies at the top of a heap. */
#ifndef CAMPUS_CAMPUS_H
#define CAMPUS_CAMPUS_H

#include <stdbool.h>
#include <uv.h>

#include "fault.h"
#include "fleet.h"
#include "options.h"
#include "text.h"

struct campus;

/* The fleet and the options must outlive it. */
struct campus *campus_new(uv_loop_t *loop, const struct options *options, const struct fleet *fleet);
/* Stops and closes; the memory goes when the loop has run to its end. */
void campus_free(struct campus **campus);

const struct fleet *campus_fleet(const struct campus *campus);
struct faults *campus_faults(struct campus *campus);
/* After any change of the faults; `added` is the new one, NULL when some were taken away. */
void campus_faults_changed(struct campus *campus, const struct fault *added);
/* Readings a second from now on; INFINITY for as many as the broker takes. */
void campus_set_rate(struct campus *campus, double rate);
/* "rate=22.1 target=22.2 ..." */
void campus_status(const struct campus *campus, struct text *out);
/* {"readings":N,...} of the whole run. */
void campus_figures(const struct campus *campus, struct text *out);

#endif

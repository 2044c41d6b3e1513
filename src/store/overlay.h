/* Rows not yet in the engine laid over what the engine answers, so that a read sees all that was queued before it.
 * Pure; private to the store. */
#ifndef STORE_OVERLAY_H
#define STORE_OVERLAY_H

#include "store/engine.h"
#include "store/queue.h"

/* Between an engine's ordered visits and `visit`: rows of the overlay come in their place and win over equal times. */
struct overlay {
    const struct reading *rows; /* by time, no time twice */
    size_t count;
    bool newest_first;
    store_reading_visit *visit;
    void *owner;
    size_t used;
    bool stopped;
};
bool overlay_visit(void *overlay, msec time, double value); /* a store_reading_visit */
void overlay_finish(struct overlay *overlay);               /* the rows after the engine's last */

/* Apply pending changes, in their order of arrival, to what the engine answered. */
void overlay_states(struct store_intervals *intervals, const struct store_pending_states *pending, msec from, msec to);
void overlay_states_at(struct store_intervals *intervals, const struct store_pending_states *pending, msec at);
void overlay_states_between(struct store_intervals *intervals, const struct store_pending_states *pending, msec from,
                            msec to, unsigned limit);

#endif

/* The state of one gathering, shared by its two halves: capsule_gather.c (what is in memory) and capsule_history.c (what
 * the store has). Private to src/engine. */
#ifndef ENGINE_CAPSULE_GATHER_H
#define ENGINE_CAPSULE_GATHER_H

#include "base/buffer.h"
#include "engine/capsule.h"

struct gather_window { msec from, to; };

struct alerts_history;

struct gather {
    struct capsule_parts parts;
    capsule_gathered *done;
    void *owner;
    bool starting, failed;        /* it may fail before it has begun */
    struct error error;
    msec around;
    bool cancelled;               /* the daemon ends: touch nothing any more */
    struct capsule *capsule;
    struct buffer left_out;
    char (*ids)[24];              /* alerts whose timelines are wanted; the incident first */
    size_t id_count, id_capacity;
    uint32_t *handles;            /* the capsule's assets in the fleet */
    size_t handle_count, handle_capacity;
    struct gather_window windows[2];
    unsigned window_count;

    size_t alert, asset;          /* how far it is */
    unsigned window;
    size_t metric;
    struct gather_metric { uint32_t key; struct reading before, last; bool has_before; } *metrics; /* of the asset at hand */
    size_t metric_count, metric_capacity;
    int64_t audit_before;
    unsigned audit_pages;
    bool full;                    /* readings: no more */
};

void gather_left_out(struct gather *gather, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool gather_row(struct gather *gather, const struct store_alert *row); /* false: it is full */
/* The timeline of the alert at hand (gather->alert), and, of the incident's, what resembles it; moves on. */
void gather_timeline(struct gather *gather, const struct alerts_history *history);
void gather_history(struct gather *gather);                            /* ends in gather_finish */
void gather_finish(struct gather *gather, const struct error *error);  /* frees it */

#endif

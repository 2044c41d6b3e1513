/* The state of one gathering, shared by its parts: capsule_gather.c (what is in memory), capsule_history.c (what the store
 * has) and capsule_gather_nodes.c (servers and applications as they were). Private to src/engine. */
#ifndef ENGINE_CAPSULE_GATHER_H
#define ENGINE_CAPSULE_GATHER_H

#include "base/buffer.h"
#include "engine/capsule.h"

struct gather_window { msec from, to; };

struct alert;
struct alerts_history;
struct gather_nodes;

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
    struct gather_nodes *nodes;   /* NULL: neither hosts nor applications are known here */
};

void gather_left_out(struct gather *gather, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool gather_row(struct gather *gather, const struct store_alert *row); /* false: it is full */
/* The timeline of the alert at hand (gather->alert), and, of the incident's, what resembles it; moves on. */
void gather_timeline(struct gather *gather, const struct alerts_history *history);
void gather_history(struct gather *gather);                            /* ends in gather_finish */
bool gather_asset(struct gather *gather, uint32_t handle);             /* false: it is full */
/* The applications that the incident concerns, and what they stand on; before the histories. */
void gather_nodes_pick(struct gather *gather, const struct alert *alert);
void gather_nodes_take(struct gather *gather);                         /* ends in gather_audit */
void gather_nodes_free(struct gather_nodes **nodes);
void gather_audit(struct gather *gather);
/* After each answer: false when there is nothing to go on with, and the gathering is gone. */
bool gather_goes_on(struct gather *gather, const struct error *error);
void gather_finish(struct gather *gather, const struct error *error);  /* frees it */

#endif

/* Telemetry on its way to the disk: bounded, in order, oldest dropped first. Private to the store.
 *
 * The loop's thread fills one chunk without any lock; handing it over, taking and settling happen under the store's
 * lock. Rows stay visible to reads until their commit is settled, so that a read never misses what was queued. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "store/engine.h"

#define QUEUE_CHUNK_ROWS 8192

struct queue_chunk {
    struct queue_chunk *next;
    msec queued_at; /* wall, of the first row */
    struct store_sample *samples;
    size_t sample_count, sample_capacity;
    size_t sample_first; /* those before were dropped */
    struct store_state *states;
    size_t state_count, state_capacity, state_first;
    struct store_kept *kept;
    size_t kept_count, kept_capacity, kept_weight; /* its bytes as if they were readings */
    struct store_metric_name *metrics;
    size_t metric_count, metric_capacity;
};

struct queue {
    struct queue_chunk *filling;   /* the loop's thread only */
    struct queue_chunk *waiting, *waiting_last;
    struct queue_chunk *taken;     /* being written */
    size_t rows;                   /* samples, states and weight of what is kept in waiting and taken */
    size_t limit;
    uint64_t samples_dropped, states_dropped;
};

struct store_samples {
    struct reading *rows;
    size_t count, capacity;
};

void queue_release(struct queue *queue);
/* Loop's thread, no lock. True when the chunk is full and ought to be handed over. */
bool queue_sample(struct queue *queue, const struct store_sample *sample);
bool queue_state(struct queue *queue, const struct store_state *state);
bool queue_kept(struct queue *queue, const struct store_kept *kept); /* copies */
bool queue_metric(struct queue *queue, uint32_t key, const char *name);

/* The rest under the store's lock. */
void queue_hand_over(struct queue *queue); /* drops what exceeds the limit */
/* Move waiting chunks of up to `rows` rows to `taken` and return them. */
struct queue_chunk *queue_take(struct queue *queue, size_t rows);
void queue_settle(struct queue *queue);   /* written: forget them */
void queue_put_back(struct queue *queue); /* not written: they wait again, first in line */
msec queue_oldest(const struct queue *queue);
size_t queue_count(const struct queue *queue);

/* What is not yet committed, from the loop's thread under the lock: one series by time (one row per time), or the
 * states of one asset (UINT32_MAX: all) in their order of arrival. */
void queue_find_samples(const struct queue *queue, uint32_t asset, uint32_t metric, msec from, msec to,
                        struct store_samples *out);
struct store_lasts {
    struct store_last *rows;
    size_t count, capacity;
};
/* Each metric's last pending reading of an asset at or before `at`. */
void queue_find_lasts(const struct queue *queue, uint32_t asset, msec at, struct store_lasts *out);
struct store_pending_states {
    struct store_state *rows;
    size_t count, capacity;
};
void queue_find_states(const struct queue *queue, uint32_t asset, struct store_pending_states *out);

#endif

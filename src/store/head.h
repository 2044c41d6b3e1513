/* The newest readings, in memory until there are enough of them to be packed: sorted runs, merged as they grow, so that
 * one series is found by a few binary searches. What is here is also in the engine's journal, so nothing is lost with
 * it. Private to the store.
 *
 * One writing thread; any thread may find. */
#ifndef STORE_HEAD_H
#define STORE_HEAD_H

#include "store/engine.h"
#include "store/queue.h"

#define HEAD_RUNS 40

struct head_run {
    struct store_sample *rows; /* by asset, metric, time; no two alike */
    size_t count;
};

struct head {
    uv_mutex_t lock;
    struct head_run frozen;           /* being packed: older than all runs */
    struct head_run runs[HEAD_RUNS];  /* oldest first */
    unsigned run_count;
    size_t rows;                      /* in the runs, without the frozen */
    uint32_t highest;                 /* number of an asset that came */
};

void head_init(struct head *head);
void head_release(struct head *head);
/* In order of arrival: the later of two alike wins, also over what is there. */
void head_add(struct head *head, const struct store_sample *samples, size_t count);
/* So many rows are worth packing. What is packed costs by the series, not by the row, and is written again with the page that
 * it shares: about three readings an asset, within what memory a fleet of that size has anyway. The writer's only. */
size_t head_worth(const struct head *head);
/* All runs become the frozen one (there must be none). The writer may read it without the lock. */
void head_freeze(struct head *head);
void head_forget_frozen(struct head *head);
/* The readings of one series with from <= time <= to, by time, each time once. */
void head_find(struct head *head, uint32_t asset, uint32_t metric, msec from, msec to, struct store_samples *out);
/* Each metric's last reading of an asset at or before `at`. */
void head_find_lasts(struct head *head, uint32_t asset, msec at, struct store_lasts *out);
/* A copy of each series' last row, by asset and metric. The caller frees. */
struct store_sample *head_last_rows(struct head *head, size_t *count);

#endif

/* The store's own insides, shared by its files: threads, lists, status. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <uv.h>

#include "store/engine.h"
#include "store/queue.h"

#define STORE_READERS 2
#define STORE_LATENCIES 512

/* Closed by the loop after the store is gone, so they outlive it. */
struct store_handles {
    uv_async_t finished;   /* something is ready for the loop's thread */
    uv_timer_t hand_over;  /* the filling chunk has waited long enough */
    struct store *store;   /* NULL once the store is closed */
    unsigned open;
};

/* One read on its way: `run` on a reader thread, `finish` on the loop's. */
struct request {
    struct request *next;
    struct store *store;
    void (*run)(struct request *request, struct store_reader *reader);
    void (*finish)(struct request *request);
    void (*done)(void); /* cast back by `finish` to the kind it knows */
    void *owner;
    bool ok;
    struct error error;

    uint32_t asset, metric;
    msec from, to;
    int64_t before;
    unsigned limit;

    struct store_samples samples;
    struct store_pending_states pending_states;
    struct store_lasts lasts, pending_lasts;
    struct reading_bucket *buckets;
    struct store_intervals intervals;
    struct store_samples pending_samples;
    struct store_audit *audits;
    size_t audit_count, audit_capacity;
    int64_t number, fingerprint;
    struct store_alert *alerts;
    char **alert_texts;
    size_t alert_count, alert_capacity, alert_text_capacity;
    struct store_alert_event *events;
    char **event_texts;
    size_t event_count, event_capacity, event_text_capacity;
    int64_t chain_rows, broken_at;
    uint32_t *assets;
    size_t asset_count;
    char *prefix;
    struct store_kept *kept;
    size_t kept_count, kept_capacity;
    struct store_node *nodes;
    char **node_texts;
    size_t node_count, node_capacity, node_text_capacity;
};

/* A class of writing, with its thread. */
struct store_lane {
    uv_thread_t thread;
    uv_cond_t wake;
    char problem[200]; /* why its last commit failed, "" when it did not */
};

struct store {
    uv_loop_t *loop;
    struct store_handles *handles;
    struct store_options options;
    const struct store_engine_ops *ops;
    struct store_engine *engine;
    struct store_reader *readers[STORE_READERS];
    unsigned outstanding; /* actions and reads not yet answered; the loop's thread only */

    uv_mutex_t lock; /* everything below */
    bool stopping;
    struct queue queue;
    struct store_lane telemetry, actions;
    struct store_action *actions_waiting, **actions_tail;
    struct store_action *actions_finished, **actions_finished_tail;
    struct request *requests_waiting, **requests_tail;
    struct request *requests_finished, **requests_finished_tail;
    uv_cond_t requests_wake;
    uv_thread_t reader_threads[STORE_READERS];
    unsigned readers_started;
    uint64_t readings_written, states_written, actions_written, readings_refused;
    double latencies[STORE_LATENCIES]; /* ms, a ring */
    unsigned latency_count;
};

/* writer.c: the two lanes' threads; the argument is the store. */
void store_telemetry_thread(void *store);
void store_actions_thread(void *store);
/* store.c: hand a read to the readers; with the lock held. */
void store_request_submit(struct request *request);
/* reads.c */
void store_reader_thread(void *store);
void store_request_free(struct request *request);

#endif

/* The memory engine's insides: one lock around plain arrays. Private to it. */
#ifndef STORE_MEMORY_INTERNAL_H
#define STORE_MEMORY_INTERNAL_H

#include <uv.h>

#include "store/engine.h"
#include "store/queue.h"

/* Numbers to places in an array. */
struct map {
    uint64_t *keys;
    uint32_t *places; /* UINT32_MAX: free */
    size_t count, size;
};

struct line { /* the readings of one asset and metric, by time */
    uint32_t asset, metric;
    struct store_samples samples;
};

struct history { /* the states of one asset, by start */
    uint32_t asset;
    struct store_state *rows;
    size_t count, capacity;
};

struct keeping { /* what is kept of one host */
    uint32_t asset;
    struct store_kept *rows;
    size_t count, capacity;
};

struct asset_row {
    uint32_t key;
    bool removed;
    struct asset asset;
    char *text;
};

struct record {
    char *kind, *id, *body;
    int64_t revision;
};

struct remembered { /* an idempotency key */
    char *actor, *key, *verb, *target;
    msec time;
};

struct store_engine {
    uv_mutex_t lock;
    struct store_options options;
    struct map line_map, history_map, asset_map, kept_map;
    struct keeping *kept;
    size_t kept_count, kept_capacity;
    struct line *lines;
    size_t line_count, line_capacity;
    struct history *histories;
    size_t history_count, history_capacity;
    struct asset_row *assets;
    size_t asset_count, asset_capacity;
    struct store_metric_name *metrics;
    size_t metric_count, metric_capacity;
    struct record *records;
    size_t record_count, record_capacity;
    struct store_audit *audits;
    size_t audit_count, audit_capacity;
    unsigned char audit_hash[AUDIT_HASH_BYTES];
    struct remembered *remembered;
    size_t remembered_count, remembered_capacity;
    struct store_alert_write *alerts; /* by number */
    size_t alert_count, alert_capacity;
    struct store_event_write *events;
    size_t event_count, event_capacity;
    struct store_node_write *nodes; /* by time */
    size_t node_count, node_capacity;
    msec pruned_at;
    uint64_t bytes;
};

struct store_reader {
    struct store_engine *engine;
};

uint32_t memory_map_find(const struct map *map, uint64_t key); /* UINT32_MAX: not there */
void memory_map_add(struct map *map, uint64_t key, uint32_t place);
void memory_map_release(struct map *map);

/* memory_kept.c; the lock is held but for the last. */
void memory_kept_release(struct store_engine *engine);
void memory_kept_add(struct store_engine *engine, const struct store_kept *kept);
void memory_kept_prune(struct store_engine *engine, msec oldest);
bool memory_kept(struct store_reader *reader, uint32_t asset, msec from, msec to, store_kept_visit *visit, void *owner,
                 struct error *error);

/* memory_records.c: what people made, and alerts. */
void memory_records_release(struct store_engine *engine);
void memory_records_load(struct store_engine *engine, const struct store_load_ops *ops, void *owner);
bool memory_act(struct store_engine *engine, struct store_action *actions, struct error *error);
bool memory_alert_events(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner,
                         struct error *error);
bool memory_alert_row(struct store_reader *reader, int64_t number, store_alert_visit *visit, void *owner, struct error *error);
bool memory_alerts_like(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit,
                        store_alert_visit *visit, void *owner, struct error *error);
bool memory_alerts_raised(struct store_reader *reader, msec from, msec to, int64_t after, unsigned limit, store_alert_visit *visit,
                          void *owner, struct error *error);
bool memory_alerts_at(struct store_reader *reader, msec at, store_alert_visit *visit, store_event_visit *person,
                      void *owner, struct error *error);
bool memory_nodes_at(struct store_reader *reader, msec at, store_node_visit *visit, void *owner, struct error *error);
bool memory_nodes_between(struct store_reader *reader, msec from, msec to, store_node_visit *visit, void *owner,
                          struct error *error);
bool memory_audit(struct store_reader *reader, int64_t before, unsigned limit, store_audit_visit *visit, void *owner,
                  struct error *error);
bool memory_audit_chain(struct store_reader *reader, store_audit_visit *visit, void *owner,
                        struct store_audit_end *end, struct error *error);

#endif

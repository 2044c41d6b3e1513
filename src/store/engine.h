/* What stands behind the store: one const ops table and one line in engines.def for each engine. Everything here is
 * synchronous; store.c owns queueing, threads, retries and callbacks, so an engine only has to write and read.
 *
 * Threads: open and close are called while nothing else runs. The telemetry calls come from one thread, actions
 * from another, status from the loop's, and each reader belongs to one thread at a time; all may run at once.
 *
 * An engine may assume that samples and states have times within the accepted window (store_time_accepted). */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "store/action.h"
#include "store/store.h"

struct store_engine; /* each engine's own */
struct store_reader; /* one thread's way of reading */

struct store_sample {
    uint32_t asset, metric;
    msec time;
    double value;
};

struct store_metric_name {
    uint32_t key;
    char *name;
};

/* Rows in their order of arrival: the later of two with the same asset, metric and time wins. */
struct store_batch {
    const struct store_metric_name *metrics;
    size_t metric_count;
    const struct store_sample *samples;
    size_t sample_count;
    const struct store_state *states;
    size_t state_count;
    const struct store_kept *kept;
    size_t kept_count;
};

struct store_intervals {
    struct store_interval *rows;
    size_t count, capacity;
};

/* Visitors return false to stop; the read then ends well. */
typedef bool store_reading_visit(void *owner, msec time, double value);
typedef bool store_last_visit(void *owner, const struct store_last *last);
typedef bool store_bucket_visit(void *owner, const struct reading_bucket *bucket);
typedef bool store_event_visit(void *owner, const struct store_alert_event *event);
typedef bool store_node_visit(void *owner, const struct store_node *node);
typedef bool store_alert_visit(void *owner, const struct store_alert *alert, const struct store_alert_event *event);
typedef bool store_kept_visit(void *owner, const struct store_kept *kept);
typedef bool store_audit_visit(void *owner, const struct store_audit *row);

enum store_rollup { ROLLUP_HOURS, ROLLUP_DAYS };

/* What an engine holds of one UTC day (days since 1970). */
enum {
    DAY_RAW = 1,   /* its readings; also the answer for days it knows nothing of */
    DAY_HOURS = 2, /* complete hourly roll-ups */
    DAY_DAYS = 4,  /* the complete daily one */
};

/* The end of an audit chain as the engine noted it beside the rows, so that cutting off the newest is found too. */
struct store_audit_end {
    int64_t sequence;
    unsigned char hash[AUDIT_HASH_BYTES];
};

struct store_engine_status {
    uint64_t bytes;
    uint64_t texts_cleaned; /* that were no UTF-8, where that matters */
    char problem[200]; /* damage found and set aside; "" when none */
};

struct store_engine_ops {
    const char *name;
    /* May be NULL: any place will do. */
    bool (*check)(const char *place, struct error *error);
    /* `place` is what follows "NAME:" in the url, "" where nothing does. */
    bool (*open)(struct store_engine **engine, const char *place, const struct store_options *options,
                 struct error *error);
    void (*close)(struct store_engine *engine);
    /* As store_load; NULL members are not read at all. */
    bool (*load)(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error);

    /* Telemetry: begin, apply any number of batches, commit. On false the transaction is over and nothing of it stays. */
    bool (*telemetry_begin)(struct store_engine *engine, struct error *error);
    bool (*telemetry_apply)(struct store_engine *engine, const struct store_batch *batch, struct error *error);
    bool (*telemetry_commit)(struct store_engine *engine, struct error *error);
    /* One short step (some milliseconds) of closing days, roll-ups and retention; `more` says whether to call again at
     * once. */
    bool (*maintain)(struct store_engine *engine, msec now, bool *more, struct error *error);

    /* All in one transaction, on the disk for good when it returns. Each action's own verdict is in its error; an action
     * that fails leaves no trace and does not hinder the others. False: none was committed. Without actions (NULL) it
     * only finds out whether it could write. */
    bool (*act)(struct store_engine *engine, struct store_action *actions, struct error *error);
    /* Housekeeping after an answer was given and while no action waits; may be NULL. */
    void (*act_idle)(struct store_engine *engine);

    bool (*reader_open)(struct store_engine *engine, struct store_reader **reader, struct error *error);
    void (*reader_close)(struct store_reader *reader);
    /* Raw readings with from <= time <= to, no time twice. */
    bool (*readings)(struct store_reader *reader, uint32_t asset, uint32_t metric, msec from, msec to,
                     bool newest_first, store_reading_visit *visit, void *owner, struct error *error);
    unsigned (*coverage)(struct store_reader *reader, int64_t day);
    /* Buckets that start in from..to (both included), oldest first. NULL: the engine keeps raw readings only, and coverage says so. */
    bool (*rollups)(struct store_reader *reader, enum store_rollup unit, uint32_t asset, uint32_t metric, msec from,
                    msec to, store_bucket_visit *visit, void *owner, struct error *error);
    /* A metric may be visited more than once; the latest counts. What is older than `since` need not be found. */
    bool (*last_at)(struct store_reader *reader, uint32_t asset, msec since, msec at, store_last_visit *visit, void *owner,
                    struct error *error);
    /* As store_states, store_states_at (by asset), store_states_between (by start, then asset) in store.h. */
    bool (*states)(struct store_reader *reader, uint32_t asset, msec from, msec to, struct store_intervals *out,
                   struct error *error);
    bool (*states_at)(struct store_reader *reader, msec at, struct store_intervals *out, struct error *error);
    bool (*states_between)(struct store_reader *reader, msec from, msec to, unsigned limit,
                           struct store_intervals *out, struct error *error);
    /* As store_alert_history and store_alerts_at; the visitors' rows are valid during the call. */
    bool (*alert_events)(struct store_reader *reader, int64_t number, store_event_visit *visit, void *owner,
                         struct error *error);
    bool (*alert_row)(struct store_reader *reader, int64_t number, store_alert_visit *visit, void *owner, struct error *error);
    bool (*alerts_like)(struct store_reader *reader, int64_t fingerprint, msec since, unsigned limit,
                        store_alert_visit *visit, void *owner, struct error *error);
    bool (*alerts_at)(struct store_reader *reader, msec at, store_alert_visit *visit, store_event_visit *person, void *owner,
                      struct error *error);
    /* As store_alerts_raised. */
    bool (*alerts_raised)(struct store_reader *reader, msec from, msec to, int64_t after, unsigned limit, store_alert_visit *visit,
                          void *owner, struct error *error);
    /* Each node's last row at or before `at`, by id; all rows of from..to, oldest first. */
    bool (*nodes_at)(struct store_reader *reader, msec at, store_node_visit *visit, void *owner, struct error *error);
    bool (*nodes_between)(struct store_reader *reader, msec from, msec to, store_node_visit *visit, void *owner,
                          struct error *error);
    /* As store_kept, of one asset, in any order. */
    bool (*kept)(struct store_reader *reader, uint32_t asset, msec from, msec to, store_kept_visit *visit, void *owner,
                 struct error *error);
    /* Newest first before `before` (0: from the newest), or the whole chain from the start. */
    bool (*audit)(struct store_reader *reader, int64_t before, unsigned limit, store_audit_visit *visit, void *owner,
                  struct error *error);
    bool (*audit_chain)(struct store_reader *reader, store_audit_visit *visit, void *owner,
                        struct store_audit_end *end, struct error *error);

    void (*status)(struct store_engine *engine, struct store_engine_status *status);
};

#define ENGINE(name, ops) extern const struct store_engine_ops ops;
#include "store/engines.def"
#undef ENGINE

/* The engine of a url ("sqlite", "sqlite:PATH", "memory"); `place` points behind the colon. NULL with an error that
 * lists the known ones. */
const struct store_engine_ops *store_engine_find(const char *url, const char **place, struct error *error);

void store_intervals_add(struct store_intervals *intervals, const struct store_interval *interval);
void store_intervals_release(struct store_intervals *intervals);

/* The window of times a reading may have. */
#define STORE_WINDOW_BACK (400 * SPAN_DAY)
#define STORE_WINDOW_AHEAD (2 * SPAN_DAY)
static inline bool store_time_accepted(msec time, msec now)
{
    return time >= now - STORE_WINDOW_BACK && time <= now + STORE_WINDOW_AHEAD && time >= 0;
}
/* Floor division: UTC day of an instant. */
static inline int64_t store_day(msec time)
{
    return time >= 0 ? time / SPAN_DAY : -((-time + SPAN_DAY - 1) / SPAN_DAY);
}

#endif

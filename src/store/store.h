/* The store: what must outlive the daemon. Three engines stand behind one ops table: sqlite; postgresql, when the
 * database is shared; memory, for tests and --state-dir none.
 *
 * Threads: everything here is called from the loop's thread and never blocks it. Reads go to a few reader threads,
 * writes to one thread for each class of writing, so that nobody's action waits behind a batch of readings;
 * callbacks come back on the loop's thread. Two classes of writing:
 *  - telemetry (readings, states): grouped, committed at least once a second; a crash may lose that last second;
 *  - actions of people (store_action): committed with a full sync before the callback says so.
 * A full disk or a failing device keeps the store serving reads, keeps telemetry in a bounded queue (dropped
 * oldest-first and counted), refuses actions with ERROR_FULL, and retries by itself.
 *
 * Readings are refused, and counted, when their time lies more than 400 days back or two days ahead: a wrong clock
 * must not make a table for every day since 1970. States keep their meaning without their exact start, so theirs is
 * moved to the window's edge instead. Days are UTC days everywhere in the store: tables, daily roll-ups.
 *
 * Assets and metrics have small numbers (keys), given by the caller, that never change and are never reused. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/asset.h"
#include "model/health.h"
#include "model/reading.h"

struct store;

struct store_options {
    const char *url;          /* "sqlite" (in state_dir), "sqlite:PATH", "postgresql://...", "memory" */
    const char *password;     /* of the PostgreSQL user, where libpq does not find it by itself; else NULL */
    const char *state_dir;
    msec keep_readings;       /* raw day tables older than this are dropped (default 31 d) */
    msec keep_hourly;         /* default 400 d */
    msec keep_daily;          /* default 10 y */
    msec keep_states;         /* default 400 d */
    size_t queue_limit;       /* telemetry rows held while the disk refuses; default 2,000,000 */
};

/* Whether a url can be one at all: known engine, understood, no password in it. */
bool store_url_check(const char *url, struct error *error);
/* Open, lock against a second daemon, check integrity, migrate. Synchronous; at start only. Errors name the file:
 * ERROR_CONFLICT another daemon holds it, ERROR_TOO_NEW a later version wrote it, ERROR_CORRUPT (the text says what
 * to do), ERROR_DENIED read-only directory, ERROR_FULL. */
struct store *store_open(uv_loop_t *loop, const struct store_options *options, struct error *error);
/* Commit what is queued, answer what was asked, then close. Synchronous: callbacks of unfinished actions and reads run
 * inside, so never call it from one. Two handles close on the loop's next turn. What a full disk still refuses is
 * lost, and logged. */
void store_close(struct store **store);

/* All of one store into another that is empty, counted and compared; neither may be in use. Synchronous. Texts that
 * PostgreSQL would refuse are cleaned. */
struct store_copied {
    uint64_t records, telemetry; /* rows */
    uint64_t sum;                /* of the hashes of all rows, the same on both sides */
};
bool store_copy(const struct store_options *from, const struct store_options *to, struct store_copied *copied,
                struct error *error);

/* ---- loading at start (synchronous, before the loop runs) ---- */
/* ---- alerts: one row each, replaced as it changes, and a timeline of events; see engine/alerts.h for what they mean.
 * Instants may be CLOCK_NEVER. The row's number is its id: yyyymmdd * 10,000,000 + place in the day. ---- */
#define STORE_ALERT_NUMBERS(X)                                                                                    \
    X(number) X(fingerprint) X(asset) X(closed_at) X(revision) X(rule_version) X(cause) X(cause_by_hand) X(previous) \
    X(notes) X(news) X(news_at) X(condition) X(acknowledged) X(sticky) X(suppression) X(severity) X(worst)         \
    X(raise_told) X(closed) X(occurrences) X(reopens) X(breaches) X(flaps) X(pending_since) X(raised_at)           \
    X(cleared_at) X(normal_since) X(last_seen) X(acknowledged_at) X(acknowledge_until) X(shelved_until)            \
    X(unsuppressed_for) X(counted_at) X(reminded_at)
#define STORE_ALERT_TEXTS(X)                                                                                      \
    X(source) X(rule) X(point) X(name) X(type) X(summary) X(runbook) X(policy) X(note) X(acknowledged_by) X(assignee) \
    X(ticket) X(silence) X(fixed_by) X(labels)
struct store_alert {
#define X(member) int64_t member;
    STORE_ALERT_NUMBERS(X)
#undef X
    double value, threshold;  /* NaN: none */
#define X(member) const char *member;
    STORE_ALERT_TEXTS(X)      /* never NULL */
#undef X
};
struct store_alert_event {
    int64_t alert;            /* its number */
    msec time;
    const char *actor, *verb, *text;
    int64_t state;            /* what the alert was afterwards, packed by the engine */
};

/* A NULL member: those rows are not read at all. The fleet loads assets, metrics, states and last values; the api
 * loads records (tokens, saved views). */
struct store_load_ops {
    void (*asset)(void *owner, uint32_t key, const struct asset *asset); /* newest revision; text valid during the call */
    void (*metric)(void *owner, uint32_t key, const char *name);
    void (*state)(void *owner, uint32_t asset, msec from, enum health health, enum health_reason reason,
                  enum link_state link, enum comm_state comm);           /* the open interval of each asset */
    void (*last)(void *owner, uint32_t asset, uint32_t metric, msec time, double value); /* last values */
    void (*record)(void *owner, const char *kind, const char *id, int64_t revision, const char *body);
    void (*alert)(void *owner, const struct store_alert *alert); /* by number: open ones, and closed at or after: */
    msec alerts_since;
};
bool store_load(struct store *store, const struct store_load_ops *ops, void *owner, struct error *error);

/* ---- telemetry: queued, returns at once ---- */
void store_metric(struct store *store, uint32_t key, const char *name);
void store_reading(struct store *store, uint32_t asset, uint32_t metric, msec time, double value);
struct store_state {
    uint32_t asset;
    msec from;
    enum health health;
    enum health_reason reason;
    enum link_state link;
    enum comm_state comm;
};
/* Ends the asset's open interval at `from` and opens the next. A `from` before the open one's start replaces it. */
void store_state(struct store *store, const struct store_state *state);
/* What is kept of a host beside its figures: one record of one of its lists, whole or following the one before
 * (model/host_keep.h). As long as readings. The bytes are copied. */
#define STORE_KEPT_LISTS 64
struct store_kept {
    uint32_t asset;
    unsigned list;            /* below STORE_KEPT_LISTS */
    msec time;
    bool whole;
    const void *bytes;
    size_t length;
};
void store_keep(struct store *store, const struct store_kept *kept);

/* ---- actions: one transaction, one audit entry, durable before `done` ---- */
struct store_action;
void store_action_free(struct store_action **action); /* one that is not committed after all */
/* `actor` "user:wang", "token:north", "system"; `verb` "ledger import"; `target` an id or ""; `detail` JSON or "". */
struct store_action *store_action_new(struct store *store, const char *actor, const char *verb, const char *target,
                                      const char *detail);
void store_action_asset(struct store_action *action, uint32_t key, const struct asset *asset); /* new revision row */
void store_action_asset_remove(struct store_action *action, uint32_t key);
/* A versioned document of any kind ("view", "token", "setting"): revision 1 when new, one more with each change. expected -1: any; 0: must not exist; else the
 * revision it must still have, or the whole action fails with ERROR_CONFLICT. body NULL removes it. */
void store_action_record(struct store_action *action, const char *kind, const char *id, int64_t expected,
                         const char *body);
void store_action_alert(struct store_action *action, const struct store_alert *alert);
void store_action_alert_remove(struct store_action *action, int64_t number);
void store_action_alert_event(struct store_action *action, const struct store_alert_event *event);
/* What a part of an application ("energy/web") is from an instant on; one row for each change, kept as long as states. */
struct store_node { const char *id; msec from; int verdict; const char *evidence; };
void store_action_node(struct store_action *action, const struct store_node *node);
/* The machine's own doing: no audit entry is written. */
void store_action_quiet(struct store_action *action);
/* The same key from the same actor again within a day answers as the first time and writes nothing; with another verb
 * or target it is ERROR_CONFLICT. Failed actions are not remembered. May be NULL. */
void store_action_idempotency(struct store_action *action, const char *key);
typedef void store_done(void *owner, const struct error *error); /* error NULL: committed and synced */
void store_action_commit(struct store_action *action, store_done *done, void *owner); /* takes the action */

/* ---- reads: answered on the loop's thread; results are valid during the callback ---- */
typedef void store_series_done(void *owner, const struct reading_bucket *buckets, size_t count, const struct error *);
/* `count` (1..100,000) buckets of equal length from `from` to just before `to`; raw, hourly or daily rows are chosen by their length and age. Readings
 * still queued are included. */
void store_series(struct store *store, uint32_t asset, uint32_t metric, msec from, msec to, unsigned count,
                  store_series_done *done, void *owner);
typedef void store_readings_done(void *owner, const struct reading *readings, size_t count, const struct error *);
void store_readings(struct store *store, uint32_t asset, uint32_t metric, msec from, msec to, unsigned limit,
                    store_readings_done *done, void *owner); /* raw, newest first; both ends included; limit 0: all */
struct store_interval {
    struct store_state state;
    msec to; /* CLOCK_NEVER: still so */
};
typedef void store_states_done(void *owner, const struct store_interval *rows, size_t count, const struct error *);
/* History of one asset, oldest first, clipped to nothing: rows that touch from..to. */
void store_states(struct store *store, uint32_t asset, msec from, msec to, store_states_done *done, void *owner);
/* The interval of every asset that had one at `at`, by asset: the time machine. A snapshot knows no future: `to` is
 * always CLOCK_NEVER. */
void store_states_at(struct store *store, msec at, store_states_done *done, void *owner);
/* Changes in from..to (both included) over all assets, oldest first, each with its end: for `history` and for stepping in time. */
void store_states_between(struct store *store, msec from, msec to, unsigned limit, store_states_done *done, void *owner);
struct store_last {
    uint32_t asset, metric;
    struct reading reading;
};
typedef void store_last_done(void *owner, const struct store_last *rows, size_t count, const struct error *);
/* Each metric's last reading of one asset at or before `at`. */
void store_last_at(struct store *store, uint32_t asset, msec at, store_last_done *done, void *owner);
/* The same of many assets at once, by asset and each metric once; only readings of since..at, and none that still wait
 * to be committed (they are there a second later). */
void store_lasts_at(struct store *store, const uint32_t *assets, size_t asset_count, msec since, msec at,
                    store_last_done *done, void *owner);
typedef void store_nodes_done(void *owner, const struct store_node *rows, size_t count, const struct error *error);
/* Each node's last row at or before `at`, by id; and the rows of from..to of nodes whose id begins with `prefix` ("": all),
 * oldest first, the first `limit`. */
void store_nodes_at(struct store *store, msec at, store_nodes_done *done, void *owner);
void store_nodes_between(struct store *store, const char *prefix, msec from, msec to, unsigned limit, store_nodes_done *done,
                         void *owner);
typedef void store_kept_done(void *owner, const struct store_kept *rows, size_t count, const struct error *error);
/* Of each list of these assets the newest whole record at or before `from`, of that UTC day or the one before, and those
 * after it up to `to`: by asset as given, list, time. None that still wait to be committed. */
void store_kept(struct store *store, const uint32_t *assets, size_t asset_count, msec from, msec to, store_kept_done *done,
                void *owner);
/* The events of alert `number`, oldest first, and alerts raised at or after `since` with that fingerprint, newest first.
 * Fingerprint 0: that of the alert itself, whose row comes before the others (no rows: there is no such alert). */
typedef void store_alert_history_done(void *owner, const struct store_alert_event *events, size_t event_count,
                                      const struct store_alert *alerts, size_t alert_count, const struct error *);
void store_alert_history(struct store *store, int64_t number, int64_t fingerprint, msec since, unsigned limit,
                         store_alert_history_done *done, void *owner);
/* The alerts that were open at an instant, by number, each with the last event at or before it; beside them what people
 * (actors of a kind, such as "user:wang") had done to them by then, by number and time. */
typedef void store_alerts_at_done(void *owner, const struct store_alert *alerts, const struct store_alert_event *events,
                                  size_t count, const struct store_alert_event *people, size_t people_count,
                                  const struct error *);
void store_alerts_at(struct store *store, msec at, store_alerts_at_done *done, void *owner);
/* Alerts raised in from..to (`to` not included) whose number is above `after`, by number, the first `limit`: page by page
 * through a period. Numbers are days: those made more than 40 days before `from` are not looked at. */
typedef void store_alerts_raised_done(void *owner, const struct store_alert *alerts, size_t count, const struct error *);
void store_alerts_raised(struct store *store, msec from, msec to, int64_t after, unsigned limit,
                         store_alerts_raised_done *done, void *owner);
struct store_audit {
    int64_t sequence;
    msec time;
    const char *actor, *verb, *target, *detail;
    const char *hash; /* hex; SHA-256 over the previous hash and this row */
};
typedef void store_audit_done(void *owner, const struct store_audit *rows, size_t count, const struct error *);
/* Newest first; `before` 0: from the newest. */
void store_audit(struct store *store, int64_t before, unsigned limit, store_audit_done *done, void *owner);
typedef void store_verify_done(void *owner, int64_t rows, int64_t broken_at, const struct error *); /* -1: whole */
void store_audit_verify(struct store *store, store_verify_done *done, void *owner);

/* ---- its own health, for /metrics, doctor and the Sources view ---- */
struct store_status {
    const char *engine;       /* "sqlite" */
    bool writable;            /* false: the last commit failed */
    char problem[200];        /* why, or what was found damaged and set aside; "" when well */
    uint64_t readings_written, states_written, actions_written, readings_dropped;
    uint64_t states_dropped;  /* with readings_dropped: given up because the disk refused for too long */
    uint64_t readings_refused; /* their time was impossible */
    size_t queued;            /* telemetry rows not yet committed */
    msec oldest_queued;       /* wall; CLOCK_NEVER when none */
    uint64_t texts_cleaned;   /* bytes in them were no UTF-8 and became U+FFFD (PostgreSQL takes no others) */
    uint64_t bytes;           /* on disk; in memory for the engine that has no disk */
    double commit_p50, commit_p99; /* ms, of the last few hundred commits */
};
void store_status(const struct store *store, struct store_status *status);

#endif

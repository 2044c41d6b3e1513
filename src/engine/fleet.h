/* The fleet: every asset's live half (last values, health, timers), and the queries over it. The one place where
 * observations become health. Lives on the loop's thread.
 *
 * Observations come in through fleet_sink() (collectors) and are judged by the rules of DOMAIN.md C1:
 *  - each asset's own period drives it: stale after 1.5 periods (at least 2 s), offline (no-data) after 3 (`timeout_periods`);
 *  - link evidence (probe, broker status) drives the network status; messages drive the communication status;
 *  - a parent that is offline makes what is below it unreachable, never offline; when it returns, each child has one
 *    of its own periods to speak before it is judged;
 *  - several observations of one asset combine by stated rules (see fleet_health.c's head comment).
 * Changes are stored as intervals, published to listeners, and counted in a revision. */
#ifndef ENGINE_FLEET_H
#define ENGINE_FLEET_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "collect/collector.h"
#include "model/asset.h"
#include "model/filter.h"
#include "model/health.h"
#include "model/reading.h"
#include "store/store.h"

struct fleet;

struct fleet_options {
    double stale_periods;      /* 1.5 */
    double timeout_periods;    /* 3 */
    msec default_period;       /* of an asset whose ledger row gives none; 15 min */
    unsigned discovered_limit; /* 10,000 */
    msec future_limit;         /* a sample further ahead than this is bad (Q04); 5 min */
    msec past_limit;           /* a sample older than this is bad; 30 d */
};

struct fleet *fleet_new(uv_loop_t *loop, struct store *store, const struct fleet_options *options);
/* Other options from now on; everybody is judged anew by them. */
void fleet_configure(struct fleet *fleet, const struct fleet_options *options);
/* Its timers close on the loop's next turn; run the loop until it is empty. Before store_close. */
void fleet_free(struct fleet **fleet);
/* Fill from the store (store_load), then set the timers as of now: time that passed while the daemon was down does
 * not count as silence of the assets; each has its full timeout from start. */
bool fleet_load(struct fleet *fleet, struct error *error);

/* What collectors write to. */
struct sink fleet_sink(struct fleet *fleet);
/* A source was stopped: its verdicts on links and checks no longer count. */
void fleet_forget_source(struct fleet *fleet, struct source *source);

/* What an asset's worst active alert makes of it while it is there and speaks: HEALTH_OK (none), HEALTH_WARNING or
 * HEALTH_CRITICAL. Not from inside `judged`. */
void fleet_alert_level(struct fleet *fleet, uint32_t asset, enum health level);
/* Whether others stand in for it: then its being down blocks nothing below it. Judges what that changes. */
void fleet_shelter(struct fleet *fleet, uint32_t asset, bool on);

/* ---- the ledger ---- */
struct ledger_change;      /* see ledger.h: a parsed ledger file against the fleet */
/* Put rows in force (validated before): adds, changes, removes in one action with one audit entry. Takes the change.
 * `done` may come before this returns when nothing differs. ERROR_CONFLICT while another change is being committed. */
typedef void fleet_done(void *owner, const struct error *error);
void fleet_apply_ledger(struct fleet *fleet, struct ledger_change *change, const char *actor, fleet_done *done, void *owner);
/* Turn a discovered asset into a ledger row, with the fields given as a JSON object. */
void fleet_adopt(struct fleet *fleet, const char *id, const char *fields_json, int64_t expected_revision,
                 const char *actor, fleet_done *done, void *owner);
/* What the configuration declares, all of it (applications): rows that come and go with it. An id that the ledger has
 * stays the ledger's row. In force at once; saved as one action of the system's. */
struct fleet_declared { const char *id, *name, *kind, *subsystem, *unit, *contract; };
void fleet_declare(struct fleet *fleet, const struct fleet_declared *rows, unsigned count);
bool fleet_is_declared(const struct fleet *fleet, uint32_t asset);
/* Grows with every change to rows: adding, changing, removing, discovering. */
uint64_t fleet_ledger_revision(const struct fleet *fleet);

/* ---- reading one asset; handles are stable for the process's life ---- */
#define FLEET_NONE UINT32_MAX
uint32_t fleet_find(const struct fleet *fleet, const char *id);
uint32_t fleet_count(const struct fleet *fleet);          /* handles 0..count-1; some may be removed */
bool fleet_exists(const struct fleet *fleet, uint32_t asset);

struct fleet_view {        /* the live half of one asset; text belongs to the fleet */
    struct asset row;      /* fields, attributes, discovered, revision */
    msec period;           /* in force */
    enum health health;
    enum health_reason reason;
    msec since;            /* of this health */
    enum link_state link;
    msec link_since;
    enum comm_state comm;
    msec comm_since;
    msec last_heard;       /* receive time of its last message; CLOCK_NEVER */
    const char *evidence;  /* of the last link or check verdict, "" */
    uint32_t parent;       /* handle or FLEET_NONE */
    uint32_t children;     /* direct */
    uint32_t children_by_health[HEALTH_COUNT];
    uint32_t below;        /* all below */
};
void fleet_get(const struct fleet *fleet, uint32_t asset, struct fleet_view *view);
const char *fleet_place(const struct fleet *fleet, uint32_t asset); /* "涵英楼 3F 弱电间2", as shown; the fleet's */
struct fleet_value {
    const char *metric;
    double value;
    msec time;             /* sample time */
    msec received;
    enum reading_flag flag;
};
/* Last values in the order in which the metrics first came. Returns how many there are (may exceed max). */
unsigned fleet_values(const struct fleet *fleet, uint32_t asset, struct fleet_value *values, unsigned max);
struct fleet_message {
    msec received;
    const char *source;
    const char *text;      /* cleaned, cut at 1 KiB */
};
unsigned fleet_messages(const struct fleet *fleet, uint32_t asset, struct fleet_message *messages, unsigned max);
uint32_t fleet_store_key(const struct fleet *fleet, uint32_t asset);
uint32_t fleet_metric_key(const struct fleet *fleet, const char *metric); /* FLEET_NONE when never seen */
uint32_t fleet_by_store_key(const struct fleet *fleet, uint32_t key);

extern const struct filter_subject_ops fleet_subject_ops; /* subject: const struct fleet_subject * */
struct fleet_subject {
    const struct fleet *fleet;
    uint32_t asset;
    const struct fleet_past *past; /* NULL: live */
};

/* ---- queries: a filtered, sorted list that is kept, so that a window of it costs its rows ---- */
struct fleet_query {
    const char *filter;    /* text */
    const char *sort;      /* "-health,building,id": fields, "-" descending; default "-health,since,id" */
    const struct fleet_past *past; /* NULL: now */
};
struct fleet_result {
    const uint32_t *assets;
    uint32_t total;
    uint32_t population;   /* all assets in the ledger's sense, so that "14 of 63" can be said */
    uint64_t revision;
};
/* Answers from a small cache when nothing that matters changed; the result is valid until the loop's next turn.
 * Filter errors name the column. */
bool fleet_select(struct fleet *fleet, const struct fleet_query *query, struct fleet_result *result, struct error *error);
/* Distinct values of a field with counts, most frequent first, for grouping and completion. */
struct fleet_facet { const char *value; uint32_t count; uint32_t by_health[HEALTH_COUNT]; };
unsigned fleet_facets(struct fleet *fleet, const char *field, const char *filter, struct fleet_facet *facets, unsigned max,
                      struct error *error);

/* The board: groups of cells. */
struct fleet_group {
    const char *key;                          /* value of the grouping field, "" for none */
    uint32_t cells_by_health[HEALTH_COUNT];   /* of the assets shown as cells (gateways by default) */
    uint32_t all_by_health[HEALTH_COUNT];     /* of every asset in the group */
    const uint32_t *cells;                    /* worst first or in place order */
    uint32_t cell_count;
};
struct fleet_board {
    const struct fleet_group *groups;         /* worst first or by name */
    uint32_t group_count;
    uint32_t cells_by_health[HEALTH_COUNT];
    uint32_t all_by_health[HEALTH_COUNT];
    uint64_t revision;
};
enum fleet_order { FLEET_WORST_FIRST, FLEET_IN_PLACE };
bool fleet_board(struct fleet *fleet, const char *group_field, const char *cell_filter, enum fleet_order order,
                 const struct fleet_past *past, struct fleet_board *board, struct error *error);

/* ---- the past ---- */
struct fleet_past;         /* every asset's health at an instant; values are read asset by asset from the store */
typedef void fleet_past_done(void *owner, struct fleet_past *past, const struct error *error);
/* Recent ones are cached; the callback may come before this returns. The caller releases each it was given. */
void fleet_past_load(struct fleet *fleet, msec at, fleet_past_done *done, void *owner);
void fleet_past_release(struct fleet_past *past);
msec fleet_past_at(const struct fleet_past *past);
void fleet_past_get(const struct fleet_past *past, uint32_t asset, struct store_state *state);

/* ---- being told ---- */
struct fleet_listener {
    void *owner;
    /* At most ten times a second, when something changed: how many assets changed health, and up to 64 of them. */
    void (*changed)(void *owner, uint64_t revision, const uint32_t *assets, uint32_t count, uint32_t total); /* may be NULL */
    /* A collector says that its source's state or counters changed in a way people should see soon; may be NULL. */
    void (*source_changed)(void *owner, struct source *source);
    /* At once, for each change of an asset's health or its reason, parents before their children; may be NULL. Must not
     * change the fleet. */
    void (*judged)(void *owner, uint32_t asset, enum health from, enum health to);
    /* At once, for each value that became an asset's last; on the hottest path, so: quick. May be NULL. Must not change
     * the fleet. */
    void (*measured)(void *owner, uint32_t asset, uint32_t metric, msec time, double value);
    /* A host told of itself; takes it. At most one listener has this. */
    void (*host)(void *owner, struct source *source, uint32_t asset, struct host *host);
    /* Appends a blank and a name for each unit that is expected on that asset's host (collect/collector.h); may be NULL. */
    void (*units)(void *owner, uint32_t asset, struct buffer *names);
    /* At once, for each message of an asset, or through it for a gateway, with values or without: quick, too. May be NULL.
     * Must not change the fleet. */
    void (*spoke)(void *owner, uint32_t asset);
};
void fleet_listen(struct fleet *fleet, const struct fleet_listener *listener);
void fleet_unlisten(struct fleet *fleet, const void *owner); /* not from inside a listener */
uint64_t fleet_revision(const struct fleet *fleet);
/* What is told beside an asset, though it is not the fleet's, changed: the listeners' `changed` hears of it. */
void fleet_notice(struct fleet *fleet, uint32_t asset);

struct fleet_status {
    uint32_t assets, discovered, by_health[HEALTH_COUNT];
    uint64_t messages, readings, duplicates, out_of_range_times, dropped;
    double readings_per_second;   /* last 10 s */
    size_t memory;                /* bytes held, reckoned */
};
void fleet_status(const struct fleet *fleet, struct fleet_status *status);

#endif

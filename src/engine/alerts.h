/* The alert desk: every alert there is, what machines and people do to it, and who is to be told.
 *
 * Detectors (the rules, sources that bring alerts of their own, heartbeats) report breaches and returns to normal by
 * fingerprint; model/alert.h decides what that means; the desk numbers, stores, groups under causes, suppresses,
 * publishes and hands notices on. On the loop's thread; nothing blocks.
 *
 * Cost: an alert is at most 1 KiB; a report of a known fingerprint is a hash look-up; lists are kept sorted and
 * indexed by asset, so that one gateway's alerts among 50,000 are found without a scan. */
#ifndef ENGINE_ALERTS_H
#define ENGINE_ALERTS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/fleet.h"
#include "model/alert.h"
#include "model/filter.h"
#include "store/store.h"

struct alert;
struct alerts;
struct wire_alert;

struct alerts_options {   /* 0: the default that stands here */
    double storm_share;       /* 0.30: of a parent's, building's or network's children */
    unsigned storm_children;  /* 10 */
    unsigned storm_gateways;  /* 3: of gateways that are lost, with all that hangs on them */
    double storm_periods;     /* 2 report periods */
    unsigned flood_rate;      /* 100: new alerts a minute, symptoms of a cause left out, above which `flood` is said, until below half of it */
    const char *language;     /* "zh_CN": filters match the daemon's own names also as people here see them; NULL: not */
    msec history;             /* 7 d: closed alerts stay at hand in memory, at most about 20,000; the store has all */
};

struct alerts *alerts_new(uv_loop_t *loop, struct fleet *fleet, struct store *store, const struct alerts_options *options);
void alerts_configure(struct alerts *alerts, const struct alerts_options *options); /* after a reload */
/* Writes what is not yet written, unless the store is gone. Before store_close and fleet_free; its timers close on the
 * loop's next turn: run the loop until it is empty. */
void alerts_free(struct alerts **alerts);
/* After fleet_load: every alert and timer comes back; timers go on from their instants. */
bool alerts_load(struct alerts *alerts, struct error *error);

/* ---- detectors ---- */
struct alert_report {
    const char *source;       /* "rule", "health", "storm", "alertmanager:prod", "event:NAME", "heartbeat" */
    const char *rule;         /* rule or foreign alert name */
    uint32_t rule_version;
    uint32_t asset;           /* fleet handle, or FLEET_NONE */
    const char *point;        /* metric, or "" */
    const char *key;          /* of alerts that other systems raised: the same from report to report; else NULL */
    const char *name, *type;  /* R020: shown name, and communication, environmental, security, ... */
    enum severity severity;
    const char *summary;      /* one cleaned line */
    const char *runbook;      /* "" */
    const char *labels;       /* in the form of model/labels.h; "" none; NULL: as they were */
    bool has_value;
    double value, threshold;
    const struct alert_policy *policy; /* copied; NULL: alert_policy_default */
};
/* hash(source, asset, rule, point), or hash(source, key) where there is a key. Text is copied; NULL texts are "". The
 * point of an alert without an asset is shown as its place. */
uint64_t alert_fingerprint(const struct alerts *alerts, const struct alert_report *report);
void alerts_breach(struct alerts *alerts, const struct alert_report *report);
void alerts_normal(struct alerts *alerts, uint64_t fingerprint);
/* Pending or active, or closed by hand while it was: worth an alerts_normal. */
bool alerts_known(const struct alerts *alerts, uint64_t fingerprint);
/* A rule that is no more: its alerts clear with the reason, and stay closable. */
void alerts_rule_gone(struct alerts *alerts, const char *source, const char *rule, const char *why);
/* Inhibition by another alert: on or off. */
void alerts_inhibit(struct alerts *alerts, uint64_t fingerprint, bool on);
/* The same, with what people read in its timeline. */
void alerts_hold(struct alerts *alerts, uint64_t fingerprint, bool on, const char *why);
/* Back to normal, with the reason. */
void alerts_normal_because(struct alerts *alerts, uint64_t fingerprint, const char *why);
/* What of one source may still want an alerts_normal. The visitor must not report. Returns how many are pending or active. */
unsigned alerts_of_source(const struct alerts *alerts, const char *source,
                          void (*visit)(void *owner, uint64_t fingerprint, const struct alert *alert), void *owner);
/* Each source that alerts in memory came from, once. The visitor must not report. */
void alerts_sources(const struct alerts *alerts, void (*visit)(void *owner, const char *source), void *owner);
const struct alert *alerts_by_fingerprint(const struct alerts *alerts, uint64_t fingerprint); /* the newest; NULL */

/* ---- redundancy groups: assets that stand in for each other; alerts_group.c ---- */
struct alert_group {
    const char *name, *members;   /* members: a filter over the ledger */
    unsigned need;                /* while so many live, what is below any of them is not cut off */
    enum severity severity;       /* of a loss that the others make good */
};
/* In force from now on, by the fleet as it is; filters are valid. Copied. Before alerts_health_new, and after a reload. */
void alerts_groups_use(struct alerts *alerts, const struct alert_group *groups, unsigned count);
struct alert_group_state {
    const char *name, *filter, *alert; /* alert: its id while the group is gone, else "" */
    unsigned need, total, alive;
    enum severity severity;
    bool gone;
    const uint32_t *assets;
};
bool alerts_group_at(const struct alerts *alerts, unsigned index, struct alert_group_state *state); /* false past the end */
bool alerts_group_of(const struct alerts *alerts, uint32_t asset, struct alert_group_state *state);

/* ---- people; each checks `revision` (-1: any), audits, and answers when durable ----
 * Nothing stays hidden behind nothing: a cause that is still active and carries symptoms that are, too, is not closed
 * (422 says what to do instead) unless they are closed with it; only what is active can be made a cause. When a cause
 * ends by itself, loses its rule or leaves the ledger, its symptoms follow what is down above them now, or wait for
 * their own verdict, or stand for themselves and are told of. Silencing a cause silences its story: symptoms stay folded
 * and counted as such, and speak when the cause ends.
 * Reopen takes back a close, by hand or by acknowledging what had cleared: for the alert that its fingerprint finds, while
 * it is in memory. One that was active when it was closed is so again, unless its detector has seen it end since. */
enum alert_verb {
    ALERT_ACK, ALERT_UNACK, ALERT_ASSIGN, ALERT_NOTE, ALERT_SHELVE, ALERT_UNSHELVE, ALERT_CAUSE, ALERT_CLOSE, ALERT_SEEN,
    ALERT_TICKET, ALERT_REOPEN, ALERT_VERB_COUNT
};
const char *alert_verb_name(enum alert_verb verb);
struct alert_request {
    enum alert_verb verb;
    const char *actor;        /* "user:wang" */
    const char *text;         /* note, assignee ("" nobody), cause id ("" none), reason, ticket id; may be NULL */
    msec until;               /* ack expiry, shelve end; CLOCK_NEVER */
    bool sticky;
    const char *idempotency;  /* may be NULL */
};
/* status: 200 done, 404 no such alert, 409 changed meanwhile (the detail says by whom and how), 422 makes no sense now.
 * The revision is the one in force. */
struct alert_outcome { const char *id; int status; const char *detail; int64_t revision; };
typedef void alerts_done(void *owner, const struct alert_outcome *outcomes, unsigned count, const struct error *error);
/* One transaction and one audit entry for all targets; those that changed meanwhile fail alone with 409. `revisions`
 * may be NULL. `done` may come before this returns when nothing is to be written. */
void alerts_act(struct alerts *alerts, const struct alert_request *request, const char *const *ids, const int64_t *revisions,
                unsigned count, alerts_done *done, void *owner);

/* ---- silences and downtimes ---- */
struct alert_silence { const char *id, *filter, *why, *by; msec starts, ends, created; bool active; uint32_t matches; int64_t revision; };
enum downtime_kind { DOWNTIME_FIXED, DOWNTIME_FLEXIBLE, DOWNTIME_RECURRING };
const char *downtime_kind_name(enum downtime_kind kind);
bool downtime_kind_parse(const char *name, enum downtime_kind *kind);
struct alert_downtime {
    const char *id, *filter, *why, *by;  /* filter over assets */
    const char *schedule;     /* recurring: "Mon-Fri 01:00", "Sat,Sun 02:30", "daily 03:00", "day 1 02:00" (of the month) */
    enum downtime_kind kind;
    msec starts, ends;        /* fixed: in force between; flexible: the first problem between them starts it; recurring: within */
    msec duration;            /* flexible, recurring */
    bool with_children, active;
    uint32_t matches;         /* open alerts that it hides now */
    int64_t revision;
};
/* The outcome's id is the new one's. Errors: ERROR_INVALID names the column of the filter or the field. */
typedef void alerts_saved(void *owner, const char *id, const struct error *error);
void alerts_silence(struct alerts *alerts, const struct alert_silence *silence, alerts_saved *done, void *owner);
void alerts_unsilence(struct alerts *alerts, const char *id, int64_t revision, const char *actor, alerts_saved *done, void *owner);
void alerts_downtime(struct alerts *alerts, const struct alert_downtime *downtime, alerts_saved *done, void *owner);
void alerts_undowntime(struct alerts *alerts, const char *id, int64_t revision, const char *actor, alerts_saved *done, void *owner);
/* By place, 0..; false past the end. Valid until the loop's next turn. */
bool alerts_silence_at(const struct alerts *alerts, unsigned index, struct alert_silence *silence);
bool alerts_downtime_at(const struct alerts *alerts, unsigned index, struct alert_downtime *downtime);
struct alert_rehearsal { uint32_t matches, would_have_hidden, notifications; char (*ids)[24]; unsigned id_count; };
/* Matches now (at most 200 ids), and of the last 7 days: alerts raised and notices sent. The caller frees ids. */
bool alerts_rehearse(struct alerts *alerts, const char *filter, struct alert_rehearsal *rehearsal, struct error *error);

/* Times, duration and schedule as alerts_downtime asks for them; the error begins with the field's name. */
bool alerts_downtime_check(struct alerts *alerts, const struct alert_downtime *downtime, struct error *error);
/* What it would cover: assets selected, those and what hangs below them, and alerts open there now. */
#define ALERT_COVERAGE_EXAMPLES 20
struct alert_coverage { uint32_t assets, covered, alerts, examples[ALERT_COVERAGE_EXAMPLES]; unsigned example_count; };
bool alerts_rehearse_downtime(struct alerts *alerts, const struct alert_downtime *downtime, struct alert_coverage *coverage, struct error *error);

/* ---- reading ---- */
/* A `struct alert` is opaque, and valid until the loop's next turn. */
extern const struct filter_subject_ops alert_subject_ops; /* subject: const struct alert_subject * */
struct alert_subject { const struct alerts *alerts; const struct alert *alert; };
struct alert_select {
    const char *filter, *sort; /* sort: "-severity,raised_at"; NULL: the queue's own order */
    bool all;                 /* suppressed, pending and closed too */
    const char *person;       /* for "news"; may be NULL */
    const struct alerts_past *past; /* NULL: now */
};
struct alert_counts {
    uint32_t unhandled, by_state[ALERT_STATE_COUNT], by_severity[SEVERITY_COUNT]; /* by_severity: of what is not closed */
    uint32_t hidden[ALERT_STATE_COUNT], silenced, filtered, news;
    double rate;              /* raised in the last minute, folded symptoms left out */
    bool flood;
};
bool alerts_select(struct alerts *alerts, const struct alert_select *select, const struct alert *const **rows, uint32_t *count,
                   struct alert_counts *counts, struct error *error);
/* The same rows by what they have in common, worst first: "cause" (a cause stands for its symptoms, also those that the
 * queue hides) or a field of theirs. They are of this revision, less than a second old, and stay until the next reading. */
#define ALERT_GATHERED_MAX 200
struct alerts_gathered {
    const char *key;          /* "" for what has none */
    uint32_t count, unhandled;
    enum severity worst;
    msec oldest;
    const char *const *ids;   /* in the queue's order, at most ALERT_GATHERED_MAX */
    unsigned id_count;
};
bool alerts_gather(struct alerts *alerts, const struct alert_select *select, const char *by,
                   const struct alerts_gathered **rows, uint32_t *count, struct error *error);
const struct alert *alerts_find(const struct alerts *alerts, const char *id);
/* The resource as it travels; text belongs to the desk, `id` to the alert. */
void alerts_wire(const struct alerts *alerts, const struct alert *alert, const char *person, struct wire_alert *row);
const char *alert_id(const struct alert *alert);
uint64_t alert_fingerprint_of(const struct alert *alert);
void alert_id_of(int64_t number, char id[24]);   /* of a stored row */
int64_t alert_revision(const struct alert *alert);
const struct alert_life *alert_life(const struct alert *alert);
const char *alert_labels(const struct alert *alert); /* in the form of model/labels.h; "" none */
const struct alert *alert_cause(const struct alerts *alerts, const struct alert *alert); /* NULL: none */
/* Ids of those folded under it; returns how many there are (may exceed max). */
unsigned alert_symptoms(const struct alerts *alerts, const struct alert *alert, const struct alert **symptoms, unsigned max);
/* The alerts of one asset, newest first, closed ones of the history too. */
unsigned alerts_of_asset(const struct alerts *alerts, uint32_t asset, const struct alert **found, unsigned max);
uint64_t alerts_revision(const struct alerts *alerts);

/* Timeline (machine and human, oldest first) and similar alerts of the last 30 days, from the store. */
struct alerts_history {
    const struct alert *alert;            /* itself, from the store when it has left the memory; valid during the call */
    const struct store_alert_event *events;
    unsigned event_count;
    const struct store_alert *similar;    /* same fingerprint, newest first, itself left out; the closing note fixed it */
    unsigned similar_count;
};
typedef void alerts_history_done(void *owner, const struct alerts_history *history, const struct error *error);
void alerts_history(struct alerts *alerts, const char *id, alerts_history_done *done, void *owner);

/* A row of the store as an alert, for the fields and the wire; valid during the visit. In memory still: as it is now. */
void alerts_stored(struct alerts *alerts, const struct store_alert *row, void (*visit)(void *owner, const struct alert *alert),
                   void *owner);

/* The queue at an instant: rows, states, severities and acknowledgements as they were. */
struct alerts_past;
typedef void alerts_past_done(void *owner, struct alerts_past *past, const struct error *error);
void alerts_past_load(struct alerts *alerts, msec at, alerts_past_done *done, void *owner);
void alerts_past_free(struct alerts_past **past);

struct alerts_rule_stats {    /* over what is in memory: the history */
    const char *source, *rule, *name;
    uint32_t raised, active, acknowledged, cleared, standing, chattering; /* standing: active over 24 h; >= 3 in 60 s */
    double mtta_ms, mttr_ms;  /* NaN: none yet */
};
struct alerts_actor { const char *asset, *name; uint32_t raised; };
struct alerts_statistics {
    struct alerts_rule_stats *rules;
    unsigned rule_count;
    struct alerts_actor worst[10];
    unsigned worst_count;
    double per_person;        /* alerts raised in the last ten minutes and hidden by nothing, for each person who acted in
                               * the last hour, at least 1 */
    unsigned people;
};
void alerts_statistics(struct alerts *alerts, msec since, struct alerts_statistics *statistics);
void alerts_statistics_release(struct alerts_statistics *statistics);
uint32_t alerts_rule_active(const struct alerts *alerts, const char *source, const char *rule);
struct alerts_status {
    uint64_t raised, cleared, deduplicated, notices, storms, dropped;
    uint32_t active, pending, closed, unwritten; /* closed: held in memory; unwritten: changes not yet in the store */
    size_t memory;
};
void alerts_status(const struct alerts *alerts, struct alerts_status *status);

/* ---- being told ---- */
enum alert_notice { NOTICE_RAISE, NOTICE_REMIND, NOTICE_RESOLVE, NOTICE_STORM };
struct alerts_listener {
    void *owner;
    void (*changed)(void *owner, uint64_t revision, const struct alert *const *alerts, uint32_t count); /* at most 10 a second, at most 64; may be NULL */
    void (*notice)(void *owner, const struct alert *alert, enum alert_notice notice);                   /* at once; may be NULL */
    /* At once, each time the desk counts an alert anew: raised, in another state or severity, closed, out of memory. On
     * the path of a storm, so: quick. May be NULL. Must not change the desk. */
    void (*counted)(void *owner, const struct alert *alert);
};
/* Its row as it is now into somebody's action, unless the store has it, or will before that action. */
void alerts_put(const struct alerts *alerts, const char *id, struct store_action *action);
/* One line into its timeline, by a machine. */
void alerts_say(struct alerts *alerts, const char *id, const char *actor, const char *verb, const char *text);
void alerts_listen(struct alerts *alerts, const struct alerts_listener *listener);
void alerts_unlisten(struct alerts *alerts, const void *owner);

/* ---- the built-in detector: the fleet's own verdicts on health (R019, R021, R030); alerts_health.c ---- */
struct alerts_health;
struct alerts_health *alerts_health_new(struct alerts *alerts, struct fleet *fleet); /* after alerts_load: catches up */
void alerts_health_free(struct alerts_health **health);                              /* before the fleet */

#endif

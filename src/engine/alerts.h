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

struct alerts;

struct alerts_options {
    double storm_share;       /* 0.30: of a parent's, building's or network's children */
    unsigned storm_children;  /* 10 */
    double storm_periods;     /* 2 report periods */
    msec history;             /* closed alerts stay in memory (for "similar" and time travel of the queue): 7 d */
};

struct alerts *alerts_new(uv_loop_t *loop, struct fleet *fleet, struct store *store, const struct alerts_options *options);
void alerts_free(struct alerts **alerts);
bool alerts_load(struct alerts *alerts, struct error *error); /* after fleet_load; timers go on from their instants */

/* ---- detectors ---- */
struct alert_report {
    const char *source;       /* "rule", "alertmanager:prod", "event:NAME", "heartbeat" */
    const char *rule;         /* rule or foreign alert name */
    uint32_t rule_version;
    uint32_t asset;           /* fleet handle, or FLEET_NONE */
    const char *point;        /* metric, or "" */
    const char *name, *type;  /* R020: shown name, and communication, environmental, security, ... */
    enum severity severity;
    const char *summary;      /* one cleaned line */
    const char *runbook;      /* "" */
    bool has_value;
    double value, threshold;
    const struct alert_policy *policy; /* outlives the alert (rules keep retired ones) */
};
/* The fingerprint is hash(source, asset, rule, point). Text is copied. */
uint64_t alert_fingerprint(const struct alert_report *report);
void alerts_breach(struct alerts *alerts, const struct alert_report *report);
void alerts_normal(struct alerts *alerts, uint64_t fingerprint);
bool alerts_known(const struct alerts *alerts, uint64_t fingerprint); /* pending or active: worth an alerts_normal */
/* A rule that is no more: its alerts clear with the reason, and stay closable. */
void alerts_rule_gone(struct alerts *alerts, const char *source, const char *rule, const char *why);

/* ---- people; each checks `revision` (-1: any), audits, and answers when durable ---- */
enum alert_verb { ALERT_ACK, ALERT_UNACK, ALERT_ASSIGN, ALERT_NOTE, ALERT_SHELVE, ALERT_UNSHELVE, ALERT_CAUSE, ALERT_CLOSE, ALERT_SEEN, ALERT_VERB_COUNT };
struct alert_request {
    enum alert_verb verb;
    const char *actor;        /* "user:wang" */
    const char *text;         /* note, assignee, cause id, reason */
    msec until;               /* ack expiry, shelve end; CLOCK_NEVER */
    bool sticky;
    const char *idempotency;  /* may be NULL */
};
struct alert_outcome { const char *id; int status; const char *detail; int64_t revision; }; /* status: 200, 404, 409, 422 */
typedef void alerts_done(void *owner, const struct alert_outcome *outcomes, unsigned count, const struct error *error);
/* One transaction and one request id for all targets; those that changed meanwhile fail alone with 409. */
void alerts_act(struct alerts *alerts, const struct alert_request *request, const char *const *ids, const int64_t *revisions,
                unsigned count, alerts_done *done, void *owner);

/* ---- reading ---- */
struct alert;                 /* opaque; valid until the loop's next turn */
extern const struct filter_subject_ops alert_subject_ops; /* subject: const struct alert * */
struct alert_select {
    const char *filter, *sort;
    bool all;                 /* suppressed and closed too */
    const char *person;       /* for "news" */
    msec at;                  /* CLOCK_NEVER: now */
};
struct alert_counts { uint32_t unhandled, by_state[ALERT_STATE_COUNT], by_severity[SEVERITY_COUNT], hidden[ALERT_STATE_COUNT], filtered; };
bool alerts_select(struct alerts *alerts, const struct alert_select *select, const struct alert *const **rows, uint32_t *count,
                   struct alert_counts *counts, struct error *error);
const struct alert *alerts_find(const struct alerts *alerts, const char *id);
uint64_t alerts_revision(const struct alerts *alerts);

/* ---- being told ---- */
enum alert_notice { NOTICE_RAISE, NOTICE_REMIND, NOTICE_RESOLVE, NOTICE_STORM };
struct alerts_listener {
    void *owner;
    void (*changed)(void *owner, uint64_t revision, const struct alert *const *alerts, uint32_t count); /* at most 10 a second */
    void (*notice)(void *owner, const struct alert *alert, enum alert_notice notice);                   /* at once */
};
void alerts_listen(struct alerts *alerts, const struct alerts_listener *listener);

#endif

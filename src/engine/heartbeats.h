/* Heartbeats: jobs and machines that should say every so often that they are well (a nightly backup, a cron job, the whole
 * way from Prometheus to here). Silence is what raises the alert; so does a job that says that it failed.
 *
 * One that was never heard waits, without an alert. Time while this daemon was down does not count: after a start each has
 * its whole span again. On the loop's thread; nothing blocks; costs nothing between two due times. */
#ifndef ENGINE_HEARTBEATS_H
#define ENGINE_HEARTBEATS_H

#include <stdbool.h>
#include <uv.h>

#include "base/config.h"
#include "base/error.h"
#include "engine/alerts.h"
#include "store/store.h"

struct heartbeats;

/* ---- `heartbeats:` of the configuration ---- */
struct heartbeat_plan {
    char *name, *title, *type, *asset, *runbook, *alert, *source; /* never NULL; "" where there is none */
    msec every, grace;
    enum severity severity;
};
struct heartbeats_plan {
    struct heartbeat_plan *row;
    unsigned count;
};
extern const struct config_key heartbeat_keys[];
/* `list` was checked by the keys, or is NULL. Mistakes beyond them are added to problems. */
void heartbeats_plan_read(struct heartbeats_plan *plan, const struct config_node *list, struct config_problems *problems);
void heartbeats_plan_release(struct heartbeats_plan *plan);

/* ---- the desk's ---- */
struct heartbeats *heartbeats_new(uv_loop_t *loop, struct fleet *fleet, struct alerts *alerts, struct store *store);
bool heartbeats_load(struct heartbeats *heartbeats, struct error *error); /* what was heard before the restart */
/* From now on these; copied. Known names keep what is known of them; alerts of those that are gone clear. */
void heartbeats_use(struct heartbeats *heartbeats, const struct heartbeats_plan *plan);
/* Writes what is not yet written; its timer closes on the loop's next turn. Before alerts_free and store_close. */
void heartbeats_free(struct heartbeats **heartbeats);

struct heartbeat_beat {
    bool failed;
    const char *message;      /* of the job, for people; may be NULL */
    const char *by;           /* "user:root", "token:backup" */
    msec time;                /* CLOCK_NEVER: now */
};
/* ERROR_NOT_FOUND with the names that there are. */
bool heartbeats_beat(struct heartbeats *heartbeats, const char *name, const struct heartbeat_beat *beat, struct error *error);
/* Another system's alert that stands for a heartbeat (Alertmanager's Watchdog): true when it is one, and no alert then. */
bool heartbeats_hear(struct heartbeats *heartbeats, const char *source, const char *rule, bool active, msec time);

enum heartbeat_state { HEARTBEAT_WAITING, HEARTBEAT_OK, HEARTBEAT_LATE, HEARTBEAT_MISSING, HEARTBEAT_FAILED };
const char *heartbeat_state_name(enum heartbeat_state state);
struct heartbeat_view {       /* texts live until the loop's next turn */
    const struct heartbeat_plan *plan;
    enum heartbeat_state state;
    msec last, due;           /* wall; CLOCK_NEVER: never heard; due: when it is missed */
    uint64_t beats, failures; /* since it is known */
    const char *message, *by;
    const char *alert;        /* id of its alert while it is open, "" */
};
bool heartbeats_at(const struct heartbeats *heartbeats, unsigned index, struct heartbeat_view *view);
bool heartbeats_get(const struct heartbeats *heartbeats, const char *name, struct heartbeat_view *view);
/* Timers that are due. Called by the loop's timer, and by tests. */
void heartbeats_turn(struct heartbeats *heartbeats);

#endif

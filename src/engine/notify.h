/* Being told: who learns of an alert, by which channel, when, and what became of the message (issue point 4, R020).
 *
 * The desk says raise, remind, resolve; a route (first whose filter matches) gives the alert to an escalation chain; the
 * chain tells people, teams and channels, waits while the alert is active, unacknowledged and unsuppressed, and goes on.
 * What is told within a few seconds to the same address is gathered: many raises become one message with counts. Each
 * message is a delivery: a row in the store before it is sent, retried with back-off, and shown. Whoever was told of a
 * raise is told of its end, through the same channels.
 *
 * A case, its deliveries and the alert itself are one action, before anything is sent: a crash at any instant loses nothing; a delivery whose answer was not yet stored is sent once more.
 * On the loop's thread; nothing blocks. Cost: by cases and deliveries open, never by the fleet. */
#ifndef ENGINE_NOTIFY_H
#define ENGINE_NOTIFY_H

#include <stdbool.h>
#include <uv.h>

#include "base/config.h"
#include "base/error.h"
#include "engine/alerts.h"
#include "store/store.h"
#include "wire/alerts.h"

struct notify;

/* ---- `notify:` of the configuration, checked and resolved; immutable, counted ---- */
struct notify_plan;
extern const struct config_key notify_keys[];
/* `node` was checked by notify_keys, or is NULL: nobody is told. Mistakes beyond the keys are added to problems; then the plan is not to be used, only freed. */
/* After notify_plan_read: the site's `shifts:` and what was read there. */
void notify_plan_shifts(struct notify_plan *plan, const struct config_node *shifts, const struct config_node *notify,
                        struct config_problems *problems);
struct notify_plan *notify_plan_read(const struct config_node *node, const char *site, const char *language,
                                     struct config_problems *problems);
void notify_plan_free(struct notify_plan **plan); /* gives up one holding */

/* ---- where alerts come from ---- */
struct notify_alert {
    struct wire_alert row;    /* texts live during the call */
    msec handled_for;         /* time it was active, unacknowledged and unsuppressed, until now */
    const struct filter_subject_ops *ops; /* what routes match */
    const void *subject;
};
/* What notify asks of the desk. */
struct notify_desk {
    void *owner;
    bool (*find)(void *owner, const char *id, struct notify_alert *alert); /* false: no such alert any more */
    /* A channel failed to deliver for good, or delivers again. May be NULL. */
    void (*channel)(void *owner, const char *channel, bool good, const char *detail);
    /* What an alert is now, into the action that writes its case: who was told of what never parts. May be NULL. */
    void (*put)(void *owner, const char *id, struct store_action *action);
    void (*note)(void *owner, const char *id, const char *text); /* one line into its timeline; may be NULL */
    void (*each)(void *owner, void (*visit)(void *visitor, const struct notify_alert *alert), void *visitor); /* not closed */
};

/* Reads cases and deliveries that the last run left (synchronous: before the loop runs). */
struct notify *notify_new(uv_loop_t *loop, struct store *store, struct error *error);
void notify_use(struct notify *notify, struct notify_plan *plan); /* the configuration in force; shares the plan */
/* Catch up with what stands (raises nobody was told of, ends that came while we were away), then follow. */
void notify_attach(struct notify *notify, const struct notify_desk *desk);
void notify_follow(struct notify *notify, struct alerts *alerts); /* the same with the real desk */
void notify_notice(struct notify *notify, const struct notify_alert *alert, enum alert_notice notice);
/* Stops what is being sent; it is sent again by the next run. Before alerts_free and store_close; handles close on the
 * loop's next turns. */
void notify_free(struct notify **notify);

/* ---- looking ---- */
/* Newest first; text lives during the visit. `held` ones (gathering, quiet hours) come before all. */
void notify_list(struct notify *notify, unsigned offset, unsigned limit, unsigned *total,
                 void (*visit)(void *owner, const struct wire_notification *row), void *owner);
/* Send a test through a channel, `to` "" for its own address. `done` with the outcome of the first attempt, or at once
 * with ERROR_NOT_FOUND, ERROR_INVALID; from notify_free with ERROR_UNAVAILABLE. */
typedef void notify_tested(void *owner, const struct wire_notification *row, const struct error *error);
void notify_test(struct notify *notify, const char *channel, const char *to, notify_tested *done, void *owner);
struct notify_status {
    uint64_t sent, failed, retried, storms; /* since the start */
    unsigned waiting, held, cases, channels;
    const char *quiet;        /* name of the quiet hours in force, "" */
    msec quiet_ends;          /* CLOCK_NEVER: none */
};
void notify_status(struct notify *notify, struct notify_status *status);

#endif

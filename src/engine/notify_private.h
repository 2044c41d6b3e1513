/* What the files of notify share: the plan, cases (one alert on one chain), batches (what is gathered for an address),
 * deliveries, lanes (the queue of a channel). */
#ifndef ENGINE_NOTIFY_PRIVATE_H
#define ENGINE_NOTIFY_PRIVATE_H

#include "base/transfer.h"
#include "base/wheel.h"
#include "engine/channel.h"
#include "engine/notify.h"
#include "model/shift.h"
#include "model/filter.h"
#include "model/hours.h"

/* ---- the plan ---- */

struct notify_contact { char *channel, *address; };
struct notify_person {
    char *name;
    struct notify_contact *contacts;
    unsigned contact_count;
};
struct notify_team {
    char *name, **members;
    unsigned member_count;
};
enum step_kind { STEP_NOTIFY, STEP_WAIT, STEP_REPEAT };
struct notify_step {
    enum step_kind kind;
    char **who, **by;         /* "wang", "team:water", "channel:duty"; by: channel names, empty for every contact */
    unsigned who_count, by_count, repeat;
    msec wait;
    struct hours hours;
};
struct notify_chain {
    char *name;
    char **fallback;          /* whom `shift` means while nobody is on duty */
    unsigned fallback_count;
    struct notify_step *steps;
    unsigned step_count;
};
struct notify_match {         /* a filter whose ages are measured from now */
    char *text;
    struct filter *filter;
    msec parsed;
};
struct notify_route {
    struct notify_match match;
    char *chain;
    bool onward;
};
struct notify_quiet {
    char *name;
    struct notify_match match;
    struct hours hours;
};
struct notify_plan {
    unsigned holdings;
    char *site;
    bool chinese;
    struct phrasebook *book; /* for what the daemon says, in the site's language; NULL: English */
    struct channel *channels;
    struct notify_person *people;
    struct notify_team *teams;
    struct notify_chain *chains;
    struct notify_route *routes;
    struct notify_quiet *quiets;
    struct roster roster;     /* whom `shift` means */
    unsigned channel_count, person_count, team_count, chain_count, route_count, quiet_count;
    msec gather, window;      /* batch: how long raises are gathered; how long a storm goes on in one message */
    unsigned storm;           /* this many together are one message */
};

struct notify_plan *notify_plan_hold(struct notify_plan *plan);
bool notify_matches(struct notify_match *match, const struct notify_alert *alert);
const struct channel *plan_channel(const struct notify_plan *plan, const char *name);
const struct notify_chain *plan_chain(const struct notify_plan *plan, const char *name);
const struct notify_person *plan_person(const struct notify_plan *plan, const char *name);
const struct notify_team *plan_team(const struct notify_plan *plan, const char *name);

/* ---- deliveries ---- */

enum delivery_state { DELIVERY_WAITING, DELIVERY_SENT, DELIVERY_FAILED };
const char *delivery_state_name(enum delivery_state state);

#define NOTIFY_ID 24
struct delivery {
    struct delivery *older, *newer; /* all */
    struct delivery *next;          /* of the lane: those waiting, in order */
    char id[NOTIFY_ID], after[NOTIFY_ID]; /* after: not before that one is done (a resolve after its raise) */
    msec time, due;                 /* wall; due: steady, of the next attempt */
    msec first;                     /* steady, of the first attempt; CLOCK_NEVER */
    char *channel, *to, *alert, *title, *text, *json;
    const char *what;               /* "raise", ... static */
    enum delivery_state state;
    unsigned attempts;
    char detail[200];
    bool durable, busy, dirty, in_store;
    notify_tested *tested;
    void *tester;
};

struct lane {                       /* a channel's queue; outlives reloads */
    struct lane *next;
    char *name;
    struct delivery *first, **last;
    unsigned waiting, busy;
    bool failing;                   /* the last that was done failed for good, or none was done yet */
    double tokens;
    msec tokens_at;
    msec blocked_until;             /* the receiver asked for a pause */
};

/* ---- cases ---- */

enum target_state { TARGET_OWED, TARGET_TOLD };
struct case_target {
    char *channel, *to;
    enum target_state state;
    bool told;                      /* at least once: owes a resolve */
    char delivery[NOTIFY_ID];       /* the last that told */
};
struct notify_case {
    struct notify_case *next;       /* in its bucket */
    struct wheel_timer timer;
    char *alert, *chain, *name;     /* name: said when the alert is no more */
    unsigned step, round;
    msec base;                      /* the alert's handled_for when the wait began */
    bool waiting, stopped, dirty, in_store;
    bool resolving;                 /* the end is being told */
    struct case_target *targets;
    unsigned target_count;
};

enum batch_kind { BATCH_RAISE, BATCH_REMIND, BATCH_RESOLVE, BATCH_KINDS };
struct batch_entry {
    char *alert, *chain, *name;     /* name: said when the alert itself is no more */
    char after[NOTIFY_ID];
    msec since;                     /* wall */
};
struct batch {                      /* what is gathered for one address */
    struct batch *next;
    enum batch_kind kind;
    char *channel, *to;
    const char *quiet;              /* its name in the plan while held by quiet hours; "" */
    msec flush;                     /* steady */
    msec storm_until;               /* steady: the last flush was a storm, and this is still it */
    struct batch_entry *entries;
    unsigned count, capacity;
};

struct commit;
#define CASE_BUCKETS 4096

struct notify {
    uv_loop_t *loop;
    uv_timer_t *timer;
    struct store *store;
    struct notify_plan *plan;       /* never NULL */
    struct notify_desk desk;
    void (*leave)(struct notify *notify); /* the desk, at the end; may be NULL */
    bool attached, turning, saving_soon;
    struct transfers *transfers;
    struct wheel *wheel;
    struct notify_case *cases[CASE_BUCKETS];
    unsigned case_count;
    char **gone_cases;              /* records to remove */
    unsigned gone_count, gone_capacity;
    struct batch *batches;
    struct lane *lanes;
    struct delivery *oldest, *newest;
    unsigned delivery_count;
    struct sending *sendings;
    struct commit *commits;
    msec store_retry;               /* steady; CLOCK_NEVER: the store takes what it is given */
    int day;
    unsigned number;                /* of the last id of that day */
    uint64_t sent, failed, retried, storms;
    char **forgotten;               /* delivery records to remove */
    unsigned forgotten_count, forgotten_capacity;
};

void notify_wake(struct notify *notify); /* a turn soon */

/* notify_case.c */
void cases_notice(struct notify *notify, const struct notify_alert *alert, enum alert_notice notice);
void cases_catch_up(struct notify *notify);
void cases_due(void *notify, struct wheel_timer *timer);
struct notify_case *case_find(struct notify *notify, const char *alert, const char *chain);
struct notify_case *case_add(struct notify *notify, const char *alert, const char *chain, const char *name);
struct case_target *case_target_find(struct notify_case *one, const char *channel, const char *to);
struct case_target *case_target_add(struct notify_case *one, const char *channel, const char *to);
/* Its end was told there; the case goes with the last. */
void case_target_resolved(struct notify *notify, struct notify_case *one, struct case_target *target);
void case_wait(struct notify *notify, struct notify_case *one, msec span); /* look again then */
void cases_release(struct notify *notify);
/* notify_batch.c */
void batch_add(struct notify *notify, enum batch_kind kind, const char *channel, const char *to, const struct notify_alert *alert,
               const char *chain, const char *after);
msec batches_turn(struct notify *notify, msec now); /* steady time of the next flush; CLOCK_NEVER */
void batches_replan(struct notify *notify); /* the plan changed: look at quiet hours again */
void batches_release(struct notify *notify);
/* notify_message.c: title, text and JSON of some alerts; what: raise, remind, resolve, storm (one cause of many). */
void message_build(const struct notify_plan *plan, const char *what, const struct notify_alert *alerts, unsigned count,
                   struct delivery *delivery);
void message_test(const struct notify_plan *plan, struct delivery *delivery);
/* notify_lane.c */
struct lane *lane_of(struct notify *notify, const char *channel);
struct delivery *delivery_new(struct notify *notify, const char *what, const char *channel, const char *to, const char *alert);
void delivery_queue(struct notify *notify, struct delivery *delivery);
struct delivery *delivery_find(struct notify *notify, const char *id);
void delivery_row(const struct delivery *delivery, struct wire_notification *row);
msec lanes_turn(struct notify *notify, msec now);
void lanes_release(struct notify *notify);
void lanes_trim(struct notify *notify); /* forget the oldest that are done */
/* notify_record.c */
bool notify_records_load(struct notify *notify, struct error *error);
void notify_records_save(struct notify *notify); /* what changed, as one action */
void notify_records_detach(struct notify *notify);

#endif

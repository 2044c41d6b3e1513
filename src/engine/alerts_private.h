/* What the alert desk's files share. Nothing outside src/engine (and its tests) includes this.
 *
 * An alert lies in a chunk that never moves; its handle is its place. Texts that repeat are numbers in one pool. One
 * fingerprint has one current instance (the newest), found by hash; closed ones stay for the history, oldest out first.
 * Instants are wall time; when the clock is set, those that timers count from move with it (desk_now). */
#ifndef ENGINE_ALERTS_PRIVATE_H
#define ENGINE_ALERTS_PRIVATE_H

#include "base/buffer.h"
#include "base/intern.h"
#include "base/wheel.h"
#include "engine/alerts.h"
#include "engine/fleet_private.h"

#define ALERT_NONE UINT32_MAX
#define ALERT_CHUNK_BITS 8
#define ALERT_CHUNK (1u << ALERT_CHUNK_BITS)
#define ALERT_DAY_ROOM 10000000 /* alerts a day that numbers have room for */
#define ALERT_LISTENERS 8u
#define ALERT_CHANGED 64u
#define ALERT_ID 24

enum alert_flag {
    ALERT_LIVE = 1,          /* the slot holds an alert */
    ALERT_DIRTY = 2,         /* its row in the store is old */
    ALERT_QUEUED = 4,        /* it has an entry in the queue, under `key` */
    ALERT_MOVED = 8,         /* that entry is old; in the list of moved ones */
    ALERT_STORED = 16,       /* the store has, or will have, a row of it */
    ALERT_COUNTED = 32,      /* in by_state, by_severity */
    ALERT_NOTED = 64,        /* in the list of changed ones for listeners */
    ALERT_CURRENT = 128,     /* the one that its fingerprint finds */
};
enum cause_kind { CAUSE_NONE, CAUSE_PARENT, CAUSE_STORM, CAUSE_HAND, CAUSE_GROUP }; /* as stored */
enum alert_news { NEWS_NONE, NEWS_NEW, NEWS_WORSE, NEWS_AGAIN, NEWS_CLEARED };

struct alert {
    struct wheel_timer timer;
    struct alert_life life;
    const struct alert_policy *policy;  /* of a struct desk_policy in alerts->policies */
    char *summary, *note, *fixed_by;    /* NULL: "" */
    char *labels;                       /* in the form of model/labels.h; NULL: none */
    double value, threshold;
    uint64_t fingerprint, key;
    int64_t number, revision, previous, cause_number;
    msec closed_at, news_at;
    uint32_t self, asset, asset_next, asset_previous;
    uint32_t cause, first_symptom, next_symptom, previous_symptom, symptoms;
    uint32_t source, rule, point, name, type, runbook, silence, acknowledged_by, assignee, ticket; /* in alerts->texts */
    uint32_t entry;                     /* in alerts->rules */
    uint32_t rule_version, notes;
    uint32_t told;                      /* notices, since this run began */
    uint32_t unwritten;                 /* timeline entries on their way to the store */
    uint32_t storm;                     /* of a storm's own alert: its group */
    uint32_t counted;                   /* the storms' count that it was last in */
    uint8_t flags, cause_kind, news;
    uint8_t counted_state, counted_severity; /* as it stands in by_state, by_severity */
    bool counted_active, counted_silenced;
    char id[ALERT_ID];
};

/* A policy, once for all alerts that have it, with the text that stands for it in the store. */
struct desk_policy { struct alert_policy policy; char text[96]; };

struct queue_entry { uint64_t key; uint32_t handle; };

struct closed_entry { int64_t number; msec closed_at; uint32_t handle; };

struct settling { int64_t number; msec due; uint32_t handle; }; /* due: steady */

struct rule_entry {      /* one source and rule, in order of arrival */
    uint32_t source, rule, name;
    uint32_t active;
    uint64_t raised;
};

struct pending_event {   /* a timeline entry on its way to the store */
    struct store_alert_event event;
    char *text;          /* actor and text in one block */
    uint32_t handle;
};

/* What timers and answers of the store hold; outlives the desk until the last of them is gone. */
struct desk_link {
    struct alerts *alerts; /* NULL: freed */
    unsigned holders;
    uv_timer_t turn, flush, notice, minute;
};

struct batch;
struct taken_events;
struct storms;
struct silences;
struct seen;
struct select_cache;
struct gather_cache;
struct groups;

struct alerts {
    uv_loop_t *loop;
    struct fleet *fleet;
    struct store *store;
    struct alerts_options options;
    struct phrasebook *book;                 /* of the site's language; NULL: English */
    struct desk_link *link;

    struct alert **chunks;
    uint32_t count, chunk_count, free_first; /* free slots are chained by `entry` */
    uint32_t *hash;                          /* handles by fingerprint, open addressing */
    uint32_t hash_mask, hash_used;
    uint32_t *numbers;                       /* handles by number, open addressing */
    uint32_t number_mask, number_used;
    uint32_t *by_asset, by_asset_capacity;   /* newest alert of each asset */
    struct intern *texts, *rule_names;
    struct rule_entry *rules;
    size_t rule_capacity;
    struct desk_policy **policies;
    size_t policy_count, policy_capacity;
    struct closed_entry *closed;             /* by when they closed; those before closed_first are gone */
    size_t closed_first, closed_count, closed_capacity;

    struct wheel *wheel;
    msec turn_at;
    msec offset;                             /* wall - steady, as last seen */
    int64_t last_number;

    struct queue_entry *queue;
    uint32_t queue_count, queue_capacity;
    uint32_t *moved;
    size_t moved_count, moved_capacity;
    uint32_t by_state[ALERT_STATE_COUNT], by_severity[SEVERITY_COUNT], silenced;
    uint64_t revision;
    struct select_cache *selects;
    struct gather_cache *gathers;

    uint32_t *dirty;
    size_t dirty_count, dirty_capacity;
    struct pending_event *events;
    size_t event_count, event_capacity;
    bool flushing;
    struct batch *on_its_way;                /* to the store, while flushing */
    struct taken_events *taken;              /* in actions of people */
    uint64_t events_dropped;
    uint32_t *levels;                        /* assets whose alerts changed; the fleet is told a moment later */
    size_t level_count, level_capacity;

    uint32_t changed[ALERT_CHANGED], changed_count;
    msec noticed;                            /* steady */
    struct alerts_listener listeners[ALERT_LISTENERS];
    unsigned listener_count;

    struct settling *settling;               /* symptoms whose cause is over */
    size_t settling_count, settling_capacity;

    struct groups *groups;                   /* NULL: none */
    struct storms *storms;
    struct silences *silences;
    struct seen *seen;                       /* by person */
    uint64_t raised, cleared, deduplicated, notices, storm_count;
    uint32_t raised_in[60];                  /* by second of the steady clock, for the rate */
    msec raised_second;
    bool flood;
    struct buffer scratch, text_scratch;
};

static inline struct alert *alert_at(const struct alerts *alerts, uint32_t handle)
{
    return &alerts->chunks[handle >> ALERT_CHUNK_BITS][handle & (ALERT_CHUNK - 1)];
}
static inline const char *desk_text(const struct alerts *alerts, uint32_t number)
{
    return intern_name(alerts->texts, number);
}
static inline const char *text_or_empty(const char *text)
{
    return text ? text : "";
}
/* A person closed it while it was active, and no detector has seen it end since. */
static inline bool alert_closed_active(const struct alert *alert)
{
    return alert->life.closed && alert->life.condition == CONDITION_CLEARED && alert->life.raised_at != CLOCK_NEVER &&
           alert->life.normal_since == CLOCK_NEVER;
}
static inline bool alert_is_open(const struct alert *alert)
{
    return !alert->life.closed && alert->life.condition != CONDITION_NORMAL;
}
#define ALERT_EACH_OF_ASSET(alerts, alert, asset_handle)                                                              \
    for (struct alert *alert = (asset_handle) < (alerts)->by_asset_capacity && (alerts)->by_asset[asset_handle] != ALERT_NONE \
                                   ? alert_at(alerts, (alerts)->by_asset[asset_handle]) : NULL, *next_; alert &&        \
         (next_ = alert->asset_next == ALERT_NONE ? NULL : alert_at(alerts, alert->asset_next), true); alert = next_)

/* ---- alerts_desk.c ---- */
msec desk_now(struct alerts *alerts);
/* Its timer, by what its life waits for next; none when it waits for nothing. */
void alert_schedule(struct alerts *alerts, struct alert *alert, msec now);
/* Timers that are due; true when more wait. Called by the loop's timer, and by tests. */
bool alerts_turn(struct alerts *alerts);
void desk_turn_want(struct alerts *alerts, msec due);          /* steady: see to a turn then, or earlier */
void desk_link_release(struct desk_link *link);

/* ---- alerts_slots.c ---- */
struct alert *alert_current(const struct alerts *alerts, uint64_t fingerprint);
struct alert *alert_slot(struct alerts *alerts);
void alert_index(struct alerts *alerts, struct alert *alert);   /* by fingerprint (when current) and asset */
void alert_drop(struct alerts *alerts, struct alert *alert);    /* out of memory; the store keeps it */
void alert_number_set(struct alerts *alerts, struct alert *alert, int64_t number); /* and findable by it */
void closed_append(struct alerts *alerts, const struct alert *alert);
void history_trim(struct alerts *alerts, msec now);
int64_t alert_next_number(struct alerts *alerts, msec now);
int64_t alert_number_of(const char *id);                        /* -1: not an id */

/* ---- alerts.c ---- */
uint32_t desk_number(struct alerts *alerts, const char *text);
/* What a call of the model did: timeline, news, queue, store, notices, timer. `actor` NULL: the caller writes the
 * timeline. `text` may be NULL. */
void alert_effect(struct alerts *alerts, struct alert *alert, alert_effects effects, const char *actor, const char *text,
                  msec now);
/* Something that no effect tells of changed: revision, queue, store, listeners. */
void alert_touch(struct alerts *alerts, struct alert *alert);
void alert_suppression(struct alerts *alerts, struct alert *alert, enum suppression why, bool on, const char *text, msec now);
void alert_check_period(const struct alerts *alerts, struct alert *alert);
void alert_text_set(char **slot, const char *text);
const struct alert_policy *desk_policy(struct alerts *alerts, const struct alert_policy *policy);
uint32_t desk_rule(struct alerts *alerts, uint32_t source, uint32_t rule, uint32_t name);
void levels_tell(struct alerts *alerts);
void alert_level_again(struct alerts *alerts, uint32_t asset); /* at start */

/* ---- alerts_foreign.c ---- */
void alert_labels_set(struct alert *alert, const char *labels); /* cut where it is longer than labels may be */

/* ---- alerts_told.c ---- */
void alert_tell(struct alerts *alerts, const struct alert *alert, enum alert_notice notice);
void alert_recount(struct alerts *alerts, struct alert *alert); /* by_state, by_severity */
double desk_rate(struct alerts *alerts);                        /* raised in the last minute; sets `flood` */
void flood_watch(struct alerts *alerts);                        /* from time to time */
void desk_count_raise(struct alerts *alerts, const struct alert *alert);
void change_note(struct alerts *alerts, struct alert *alert);   /* revision and listeners */

/* ---- alerts_queue.c ---- */
void queue_move(struct alerts *alerts, struct alert *alert);
void queue_forget(struct alerts *alerts, struct alert *alert);
void queue_ready(struct alerts *alerts);
uint64_t queue_key(const struct alert *alert);
void selects_free(struct alerts *alerts);

/* ---- alerts_gather.c ---- */
void gathers_free(struct alerts *alerts);

/* ---- alerts_past.c ---- */
bool alerts_past_select(struct alerts *alerts, const struct alert_select *select, const struct alert *const **rows,
                        uint32_t *count, struct alert_counts *counts, struct error *error);
/* Rows by any order of fields; shared with the past. */
bool alerts_sort(struct alerts *alerts, const struct alert **rows, uint32_t count, const char *sort, struct error *error);

/* ---- alerts_store.c ---- */
void alert_mark(struct alerts *alerts, struct alert *alert);    /* its row is old */
void alert_note_event(struct alerts *alerts, const struct alert *alert, const char *actor, const char *verb,
                      const char *text, msec now);
void alert_row(const struct alerts *alerts, const struct alert *alert, struct store_alert *row);
void alert_restore(struct alerts *alerts, struct alert *alert, const struct store_alert *row);
void policy_write(char text[96], const struct alert_policy *policy);
int64_t alert_state_pack(const struct alert *alert);
void alert_state_unpack(int64_t state, struct alert_life *life);
/* What of one alert's timeline is not in the store yet, oldest first; the caller frees the texts and the rows. */
size_t alert_pending_events(const struct alerts *alerts, int64_t number, struct store_alert_event **rows);
/* What is not on its way of the timelines of these alerts, oldest first, goes into somebody's action: their rows are in it,
 * and no row is in the store without what led to it. NULL: nothing. End it when the store has answered; what it refused
 * goes the usual way. `alerts` NULL: the desk is gone. */
struct taken_events *alert_events_take(struct alerts *alerts, const uint32_t *handles, size_t count, struct store_action *action);
void alert_events_end(struct alerts *alerts, struct taken_events **taken, bool refused);
bool alerts_flush(struct alerts *alerts); /* one batch; false when nothing was to write */
void alerts_write_rest(struct alerts *alerts);
void desk_events_free(struct alerts *alerts);

/* ---- alerts_cause.c ---- */
void cause_set(struct alerts *alerts, struct alert *alert, struct alert *cause, enum cause_kind kind);
/* It closed: no symptom any more; what it was a symptom of stays in its record. */
void cause_leave(struct alerts *alerts, struct alert *alert);
void cause_clear(struct alerts *alerts, struct alert *alert);
/* Before a new alert of an asset becomes active: is it behind something that is down? */
void cause_before_breach(struct alerts *alerts, struct alert *alert, msec now);
void cause_asset_judged(struct alerts *alerts, uint32_t asset, enum health to, msec now);
/* Under the alert of what is down above it; false when there is none and nothing above is out of service. */
bool cause_follow(struct alerts *alerts, struct alert *alert, msec now);
void cause_unfold(struct alerts *alerts, struct alert *alert, msec now); /* it stands for itself */
void cause_fold_under_group(struct alerts *alerts, struct alert *alert, struct alert *cause, msec now);
void cause_fold(struct alerts *alerts, struct alert *alert, struct alert *cause, enum cause_kind kind, msec now);

/* ---- alerts_storm.c ---- */
void storms_init(struct alerts *alerts);
void storms_free(struct alerts *alerts);
void storm_breach(struct alerts *alerts, struct alert *alert, msec now);   /* a silent asset's alert became active */
void storm_cleared(struct alerts *alerts, struct alert *alert);            /* a symptom, or the storm's own, cleared */
void storms_restate(struct alerts *alerts);                                /* how many are silent now */
struct alert *storm_over(struct alerts *alerts, const struct alert *alert); /* the storm that goes on where it belongs; NULL */
bool storm_join(struct alerts *alerts, struct alert *alert, msec now);     /* another storm goes on where it belongs */
void storm_restore(struct alerts *alerts, struct alert *alert);            /* after a restart: a storm's own alert */

/* ---- alerts_settle.c ---- */
void cause_over(struct alerts *alerts, struct alert *cause);       /* it cleared, closed, or leaves the memory */
void settle_later(struct alerts *alerts, const struct alert *alert, msec wait);
void settle_load(struct alerts *alerts);                           /* after a restart */
void settle_turn(struct alerts *alerts, msec now);
uint32_t cause_carries(const struct alerts *alerts, const struct alert *cause); /* symptoms still active or pending */

/* ---- alerts_group.c ---- */
struct alert *group_alert(const struct alerts *alerts, uint32_t asset); /* of the group it is in, while that is gone */
/* A member's loss while others of its group make it good: lowers `severity`, and says so. */
bool group_lessens(const struct alerts *alerts, uint32_t asset, enum severity *severity, char *text, size_t size);
/* Before a member's own alert: the members to judge again, 0 when nothing changed for them; and after that. */
uint32_t group_judged(struct alerts *alerts, uint32_t asset, enum health to, const uint32_t **members);
void group_judged_end(struct alerts *alerts, uint32_t asset);
void groups_follow(struct alerts *alerts);                              /* the ledger changed */
void groups_free(struct alerts *alerts);

/* ---- alerts_silence.c ---- */
void silences_init(struct alerts *alerts);
void silences_free(struct alerts *alerts);
void silences_record(struct alerts *alerts, const char *kind, const char *id, int64_t revision, const char *body);
void silences_apply(struct alerts *alerts, struct alert *alert, msec now); /* a new alert against all of them */
void silences_loaded(struct alerts *alerts, msec now);                     /* after all alerts and all records */
void silences_turn(struct alerts *alerts, msec now);                       /* starts and ends that are due */

/* ---- alerts_seen.c ---- */
void seen_free(struct alerts *alerts);
void seen_record(struct alerts *alerts, const char *person, const char *body);
void seen_mark(struct alerts *alerts, const char *person, const struct alert *alert, msec now);
void seen_mark_all(struct alerts *alerts, const char *person, msec now);
const char *seen_unwritten(const struct alerts *alerts);
void seen_again(struct alerts *alerts); /* the store refused some: all are to be written */
char *seen_body(struct alerts *alerts, const char *person); /* the caller frees */
enum alert_news seen_news(const struct alerts *alerts, const char *person, const struct alert *alert);
uint32_t seen_count(struct alerts *alerts, const char *person);
bool seen_count_kept(struct alerts *alerts, const char *person, uint32_t *count); /* of this revision */
void seen_count_keep(struct alerts *alerts, const char *person, uint32_t count);
unsigned seen_people(const struct alerts *alerts, msec since);

#endif

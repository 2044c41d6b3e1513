/* The life of one alert, as data and pure functions (DOMAIN.md C1): four axes that never mix (condition, response,
 * suppression, handling) and timers that are apart. No clock, no I/O: every call is told the time, and answers with
 * what happened, so that the engine notifies and stores, and tests replay whole nights. */
#ifndef MODEL_ALERT_H
#define MODEL_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_MINOR, SEVERITY_MAJOR, SEVERITY_CRITICAL, SEVERITY_COUNT };
const char *severity_name(enum severity severity);
char severity_letter(enum severity severity); /* i w m M C */
bool severity_parse(const char *name, enum severity *severity);

enum alert_condition { CONDITION_NORMAL, CONDITION_PENDING, CONDITION_ACTIVE, CONDITION_CLEARED };
const char *alert_condition_name(enum alert_condition condition);

/* Several may hold at once; who, until and why stand beside the alert. */
enum suppression {
    SUPPRESSED_SHELVED = 1,
    SUPPRESSED_DOWNTIME = 2,
    SUPPRESSED_DEPENDENCY = 4,
    SUPPRESSED_INHIBITED = 8,
    SUPPRESSED_FLAPPING = 16,
    SUPPRESSED_OUT_OF_SERVICE = 32,
    SUPPRESSED_SILENCED = 64, /* by a silence's filter; shown as shelved */
};

/* What people see, first match: out of service, downtime, shelved, dependency, flapping, then condition x response. */
enum alert_state {
    ALERT_OUT_OF_SERVICE, ALERT_DOWNTIME, ALERT_SHELVED, ALERT_DEPENDENCY, ALERT_INHIBITED, ALERT_FLAPPING,
    ALERT_PENDING, ALERT_UNACKNOWLEDGED, ALERT_ACKNOWLEDGED, ALERT_CLEARED_UNACKNOWLEDGED, ALERT_CLOSED,
    ALERT_STATE_COUNT
};
const char *alert_state_name(enum alert_state state);

/* Does `source` name what it finds in the daemon's own words (base/phrase.h)? Its detectors do; a rule's names are the
 * site's, and what other systems report ("alertmanager:prod", "event:NAME") has names of theirs. */
bool alert_source_is_own(const char *source);

struct alert_policy {
    msec hold;            /* `for`: a breach this long becomes active; 0: at once */
    unsigned attempts;    /* or this many breaches in a row, whichever comes first; 0: by time alone */
    msec clear_delay;     /* keep firing for */
    msec repeat;          /* reminder while active, unacknowledged and unsuppressed; 0: none */
    msec reopen_window;   /* a breach within it after clearing reopens the same alert */
    msec auto_close;      /* a cleared, unacknowledged alert of at most `auto_close_severity` closes itself; 0: never */
    enum severity auto_close_severity;
    msec max_shelve;
    bool flap_detection;  /* Icinga's: last 20 checks, weighted 0.8..1.15; starts above 30 %, ends below 25 % */
};
extern const struct alert_policy alert_policy_default;

#define ALERT_FLAP_WINDOW 20

struct alert_life {
    enum alert_condition condition;
    bool acknowledged, sticky;
    uint8_t suppression;         /* enum suppression bits */
    enum severity severity;      /* now */
    enum severity worst;         /* since it was raised */
    bool raise_told;             /* a raise went out, so a resolve must */
    bool closed;
    uint32_t occurrences, reopens, breaches; /* breaches in a row while pending */
    uint32_t flaps;              /* the last 20 checks up to flap_at, newest in bit 0: 1 = not what the one before said */
    msec pending_since, raised_at, cleared_at, normal_since, last_seen, acknowledged_at;
    msec acknowledge_until;      /* CLOCK_NEVER: no expiry */
    msec shelved_until;
    msec unsuppressed_for;       /* time active, unacknowledged and unsuppressed: what reminders and escalation count */
    msec counted_at;             /* up to when unsuppressed_for was counted */
    msec reminded_at;            /* value of unsuppressed_for at the last notice */
    msec flap_at;                /* the last check that was reported */
    msec check_period;           /* what is not reported by then is a check that found no change; 0: only reports are checks */
};

/* What one call did: a mask. */
enum alert_effect {
    EFFECT_PENDING = 1 << 0,
    EFFECT_RAISED = 1 << 1,
    EFFECT_REOPENED = 1 << 2,
    EFFECT_WORSE = 1 << 3,
    EFFECT_BETTER = 1 << 4,
    EFFECT_CLEARED = 1 << 5,
    EFFECT_CLOSED = 1 << 6,
    EFFECT_ACKNOWLEDGED = 1 << 7,
    EFFECT_ACKNOWLEDGE_ENDED = 1 << 8,
    EFFECT_SHELVE_ENDED = 1 << 9,
    EFFECT_FLAPPING = 1 << 10,
    EFFECT_STEADY = 1 << 11,
    EFFECT_SUPPRESSED = 1 << 12,
    EFFECT_UNSUPPRESSED = 1 << 13,
    EFFECT_NORMAL = 1 << 14,        /* pending went back: nothing is kept */
    EFFECT_NOTIFY_RAISE = 1 << 15,  /* people are to be told: raised, worse, expired, unshelved */
    EFFECT_NOTIFY_REMIND = 1 << 16,
    EFFECT_NOTIFY_RESOLVE = 1 << 17,
    EFFECT_COUNTED = 1 << 18,       /* a duplicate: one more occurrence, nothing else */
    EFFECT_UNCLOSED = 1 << 19,
};
typedef uint32_t alert_effects;

void alert_life_init(struct alert_life *life);

/* The rule's verdict: over the threshold with this severity, or back below its clear threshold. */
alert_effects alert_breach(struct alert_life *life, const struct alert_policy *policy, enum severity severity, msec now);
alert_effects alert_normal(struct alert_life *life, const struct alert_policy *policy, msec now);
/* Timers: pending hold, clear delay, reminder, acknowledge and shelve expiry, auto-close, the end of flapping. Call at or after
 * alert_next(); harmless earlier. */
alert_effects alert_tick(struct alert_life *life, const struct alert_policy *policy, msec now);
msec alert_next(const struct alert_life *life, const struct alert_policy *policy); /* CLOCK_NEVER: nothing runs */

/* People. `until` CLOCK_NEVER: no expiry. Acknowledging a cleared alert closes it. */
alert_effects alert_acknowledge(struct alert_life *life, const struct alert_policy *policy, msec until, bool sticky, msec now);
alert_effects alert_unacknowledge(struct alert_life *life, const struct alert_policy *policy, msec now);
/* Shelving is cut to policy->max_shelve; the time in force is life->shelved_until. */
alert_effects alert_shelve(struct alert_life *life, const struct alert_policy *policy, msec until, msec now);
alert_effects alert_unshelve(struct alert_life *life, const struct alert_policy *policy, msec now);
alert_effects alert_close(struct alert_life *life, const struct alert_policy *policy, msec now); /* with an override */
/* Take a close back. One that was closed while `active` is so again, and told of again where its end was told; one that had
 * cleared waits for hands again. */
alert_effects alert_reopen(struct alert_life *life, const struct alert_policy *policy, bool active, msec now);
/* Downtime, dependency, inhibition, ledger state: set and taken off by the engine. */
alert_effects alert_suppress(struct alert_life *life, const struct alert_policy *policy, enum suppression why, bool on, msec now);

enum alert_state alert_state_of(const struct alert_life *life);
bool alert_needs_hands(const struct alert_life *life); /* active or cleared, unacknowledged, unsuppressed */
double alert_flap_ratio(const struct alert_life *life, msec now); /* 0..1 */

#endif

#include "model/alert.h"

#include <string.h>

#include "base/phrase.h"

#define FLAP_STARTS 0.30
#define FLAP_ENDS 0.25

static const struct {
    const char *name;
    char letter;
} severities[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = {N_("info"), 'i'},   [SEVERITY_WARNING] = {N_("warning"), 'w'},   [SEVERITY_MINOR] = {N_("minor"), 'm'},
    [SEVERITY_MAJOR] = {N_("major"), 'M'}, [SEVERITY_CRITICAL] = {N_("critical"), 'C'},
};

const char *severity_name(enum severity severity)
{
    return severities[severity].name;
}

char severity_letter(enum severity severity)
{
    return severities[severity].letter;
}

bool severity_parse(const char *name, enum severity *severity)
{
    for (int i = 0; i < SEVERITY_COUNT; i++)
        if (strcmp(severities[i].name, name) == 0) {
            *severity = (enum severity)i;
            return true;
        }
    return false;
}

const char *alert_condition_name(enum alert_condition condition)
{
    static const char *const names[] = {N_("normal"), N_("pending"), N_("active"), N_("cleared")};
    return names[condition];
}

const char *alert_state_name(enum alert_state state)
{
    static const char *const names[ALERT_STATE_COUNT] = {
        [ALERT_OUT_OF_SERVICE] = N_("out-of-service"), [ALERT_DOWNTIME] = N_("downtime"), [ALERT_SHELVED] = N_("shelved"),
        [ALERT_DEPENDENCY] = N_("dependency"), [ALERT_INHIBITED] = N_("inhibited"), [ALERT_FLAPPING] = N_("flapping"),
        [ALERT_PENDING] = N_("pending"), [ALERT_UNACKNOWLEDGED] = N_("unacknowledged"), [ALERT_ACKNOWLEDGED] = N_("acknowledged"),
        [ALERT_CLEARED_UNACKNOWLEDGED] = N_("cleared"), [ALERT_CLOSED] = N_("closed"),
    };
    return names[state];
}

bool alert_source_is_own(const char *source)
{
    return *source && strcmp(source, "rule") != 0 && !strchr(source, ':');
}

const struct alert_policy alert_policy_default = {
    .reopen_window = 15 * SPAN_MINUTE,
    .auto_close = 72 * SPAN_HOUR,
    .auto_close_severity = SEVERITY_MINOR,
    .max_shelve = 8 * SPAN_HOUR,
    .flap_detection = true,
};

void alert_life_init(struct alert_life *life)
{
    *life = (struct alert_life){
        .pending_since = CLOCK_NEVER, .raised_at = CLOCK_NEVER, .cleared_at = CLOCK_NEVER, .normal_since = CLOCK_NEVER,
        .last_seen = CLOCK_NEVER, .acknowledged_at = CLOCK_NEVER, .acknowledge_until = CLOCK_NEVER,
        .shelved_until = CLOCK_NEVER, .counted_at = CLOCK_NEVER, .flap_at = CLOCK_NEVER,
    };
}

/* ---- what reminders and escalation count ---- */

static bool counts(const struct alert_life *life)
{
    return life->condition == CONDITION_ACTIVE && !life->acknowledged && life->suppression == 0;
}

/* Bring unsuppressed_for up to now; called before anything changes. A clock that stepped back adds nothing. */
static void count_time(struct alert_life *life, msec now)
{
    if (counts(life) && life->counted_at != CLOCK_NEVER && now > life->counted_at)
        life->unsuppressed_for += now - life->counted_at;
    life->counted_at = now;
}

/* Tell people, unless suppressed: then the raise is owed, and paid when the suppression ends. */
static alert_effects tell_raise(struct alert_life *life)
{
    if (life->suppression != 0 || life->acknowledged)
        return 0;
    life->raise_told = true;
    life->reminded_at = life->unsuppressed_for;
    return EFFECT_NOTIFY_RAISE;
}

static alert_effects tell_resolve(struct alert_life *life)
{
    if (!life->raise_told)
        return 0; /* nobody was told of it */
    life->raise_told = false;
    return EFFECT_NOTIFY_RESOLVE;
}

/* ---- flapping ---- */

/* Icinga counts every check, and an object that stays as it is leaves flapping as the unchanged ones push the changes out.
 * Detectors here report changes, and may say nothing while all stays the same: the checks that were to come in that time
 * found no change. They are reckoned, not stored: `flaps` stands as of flap_at. */
static uint32_t unchanged_since(const struct alert_life *life, msec now)
{
    if (life->check_period <= 0 || life->flap_at == CLOCK_NEVER || now <= life->flap_at)
        return 0;
    msec checks = (now - life->flap_at) / life->check_period;
    return checks < ALERT_FLAP_WINDOW ? (uint32_t)checks : ALERT_FLAP_WINDOW;
}

static double ratio_of(uint32_t flaps)
{
    double sum = 0;
    for (int i = 0; i < ALERT_FLAP_WINDOW; i++) /* bit 0 is the newest and weighs 1.15, bit 19 the oldest, 0.8 */
        if (flaps >> i & 1)
            sum += 1.15 - 0.35 * i / (ALERT_FLAP_WINDOW - 1);
    return sum / ALERT_FLAP_WINDOW;
}

static uint32_t flaps_after(uint32_t flaps, uint32_t unchanged)
{
    return flaps << unchanged & ((1u << ALERT_FLAP_WINDOW) - 1);
}

double alert_flap_ratio(const struct alert_life *life, msec now)
{
    return ratio_of(flaps_after(life->flaps, unchanged_since(life, now)));
}

static alert_effects flap_end(struct alert_life *life)
{
    life->suppression &= (uint8_t)~SUPPRESSED_FLAPPING;
    alert_effects effects = EFFECT_STEADY | EFFECT_UNSUPPRESSED;
    if (life->condition == CONDITION_ACTIVE && !life->raise_told)
        effects |= tell_raise(life);
    return effects;
}

/* One check: the detector says that it is wrong, or well. Before the condition follows. */
static alert_effects flap_check(struct alert_life *life, const struct alert_policy *policy, bool wrong, msec now)
{
    bool was_wrong = life->condition != CONDITION_NORMAL && life->normal_since == CLOCK_NEVER;
    bool flapping = life->suppression & SUPPRESSED_FLAPPING;
    if (!policy->flap_detection)
        return flapping ? flap_end(life) : 0;
    uint32_t unchanged = unchanged_since(life, now); /* this one is among them */
    life->flaps = flaps_after(life->flaps, unchanged > 1 ? unchanged : 1) | (wrong != was_wrong ? 1u : 0u);
    life->flap_at = now;
    double ratio = ratio_of(life->flaps);
    if (!flapping && ratio > FLAP_STARTS) {
        life->suppression |= SUPPRESSED_FLAPPING;
        return EFFECT_FLAPPING | EFFECT_SUPPRESSED;
    }
    return flapping && ratio < FLAP_ENDS ? flap_end(life) : 0;
}

static msec flap_ends_at(const struct alert_life *life)
{
    uint32_t unchanged = 0;
    if (!(life->suppression & SUPPRESSED_FLAPPING) || life->closed || life->check_period <= 0 || life->flap_at == CLOCK_NEVER)
        return CLOCK_NEVER;
    while (ratio_of(flaps_after(life->flaps, unchanged)) >= FLAP_ENDS)
        unchanged++;
    return life->flap_at + unchanged * life->check_period;
}

/* ---- the machine's half ---- */

static alert_effects become_active(struct alert_life *life, msec now)
{
    bool reopened = life->condition == CONDITION_CLEARED;
    life->condition = CONDITION_ACTIVE;
    life->normal_since = CLOCK_NEVER;
    life->cleared_at = CLOCK_NEVER;
    life->acknowledged = reopened && life->acknowledged && life->sticky;
    life->closed = false;
    life->occurrences++;
    life->worst = life->severity;
    if (reopened) {
        life->reopens++;
    } else {
        life->raised_at = now;
        life->unsuppressed_for = 0;
    }
    return (reopened ? EFFECT_REOPENED : EFFECT_RAISED) | tell_raise(life);
}

static alert_effects change_severity(struct alert_life *life, enum severity severity)
{
    if (severity == life->severity)
        return 0;
    bool worse = severity > life->severity;
    life->severity = severity;
    if (!worse)
        return EFFECT_BETTER; /* an acknowledgement stays */
    bool record = severity > life->worst;
    if (record)
        life->worst = severity;
    alert_effects effects = EFFECT_WORSE;
    if (life->acknowledged && record) { /* worse than it ever was: the acknowledgement was for something lesser */
        life->acknowledged = false;
        effects |= EFFECT_ACKNOWLEDGE_ENDED;
    }
    return effects | (record ? tell_raise(life) : 0);
}

static bool hold_is_over(const struct alert_life *life, const struct alert_policy *policy, msec now)
{
    if (policy->attempts > 0 && life->breaches >= policy->attempts)
        return true;
    return now - life->pending_since >= policy->hold && (policy->hold > 0 || policy->attempts == 0);
}

alert_effects alert_breach(struct alert_life *life, const struct alert_policy *policy, enum severity severity, msec now)
{
    count_time(life, now);
    alert_effects effects = flap_check(life, policy, true, now);
    life->last_seen = now;
    switch (life->condition) {
    case CONDITION_NORMAL:
        life->severity = severity;
        life->pending_since = now;
        life->breaches = 1;
        life->condition = CONDITION_PENDING;
        return effects | (hold_is_over(life, policy, now) ? become_active(life, now) : (alert_effects)EFFECT_PENDING);
    case CONDITION_PENDING:
        life->severity = severity;
        life->breaches++;
        return effects | (hold_is_over(life, policy, now) ? become_active(life, now) : 0);
    case CONDITION_ACTIVE:
        life->normal_since = CLOCK_NEVER;
        life->occurrences++;
        effects |= change_severity(life, severity);
        return effects ? effects : EFFECT_COUNTED;
    case CONDITION_CLEARED:
        life->severity = severity;
        return effects | become_active(life, now); /* the engine starts a new instance past the reopen window */
    }
    return 0;
}

static alert_effects become_cleared(struct alert_life *life, msec now)
{
    life->condition = CONDITION_CLEARED;
    life->cleared_at = now;
    alert_effects effects = EFFECT_CLEARED | tell_resolve(life);
    if (life->acknowledged) {
        life->closed = true;
        effects |= EFFECT_CLOSED;
    }
    return effects;
}

alert_effects alert_normal(struct alert_life *life, const struct alert_policy *policy, msec now)
{
    count_time(life, now);
    alert_effects effects = flap_check(life, policy, false, now);
    switch (life->condition) {
    case CONDITION_PENDING:
        life->condition = CONDITION_NORMAL;
        life->pending_since = CLOCK_NEVER;
        life->breaches = 0;
        return effects | EFFECT_NORMAL;
    case CONDITION_ACTIVE:
        if (life->normal_since == CLOCK_NEVER)
            life->normal_since = now;
        return effects | (now - life->normal_since >= policy->clear_delay ? become_cleared(life, now) : 0);
    case CONDITION_NORMAL:
    case CONDITION_CLEARED:
        break;
    }
    return effects;
}

/* ---- timers ---- */

static bool due(msec at, msec now)
{
    return at != CLOCK_NEVER && now >= at;
}

static msec remind_at(const struct alert_life *life, const struct alert_policy *policy)
{
    if (policy->repeat == 0 || !counts(life) || !life->raise_told)
        return CLOCK_NEVER;
    return life->counted_at + policy->repeat - (life->unsuppressed_for - life->reminded_at);
}

static msec auto_close_at(const struct alert_life *life, const struct alert_policy *policy)
{
    if (life->condition != CONDITION_CLEARED || life->closed || policy->auto_close == 0 ||
        life->worst > policy->auto_close_severity)
        return CLOCK_NEVER;
    return life->cleared_at + policy->auto_close;
}

static msec hold_ends_at(const struct alert_life *life, const struct alert_policy *policy)
{
    return life->condition == CONDITION_PENDING && policy->hold > 0 ? life->pending_since + policy->hold : CLOCK_NEVER;
}

static msec clear_ends_at(const struct alert_life *life, const struct alert_policy *policy)
{
    bool ending = life->condition == CONDITION_ACTIVE && life->normal_since != CLOCK_NEVER;
    return ending ? life->normal_since + policy->clear_delay : CLOCK_NEVER;
}

msec alert_next(const struct alert_life *life, const struct alert_policy *policy)
{
    const msec candidates[] = {
        hold_ends_at(life, policy), clear_ends_at(life, policy), remind_at(life, policy), auto_close_at(life, policy),
        flap_ends_at(life),
        life->acknowledged && life->condition == CONDITION_ACTIVE ? life->acknowledge_until : CLOCK_NEVER,
        life->suppression & SUPPRESSED_SHELVED ? life->shelved_until : CLOCK_NEVER,
    };
    msec first = CLOCK_NEVER;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i] != CLOCK_NEVER && (first == CLOCK_NEVER || candidates[i] < first))
            first = candidates[i];
    return first;
}

alert_effects alert_tick(struct alert_life *life, const struct alert_policy *policy, msec now)
{
    alert_effects effects = 0;
    count_time(life, now);
    if (due(hold_ends_at(life, policy), now))
        effects |= become_active(life, now);
    if (due(clear_ends_at(life, policy), now))
        effects |= become_cleared(life, now);
    if ((life->suppression & SUPPRESSED_SHELVED) && due(life->shelved_until, now))
        effects |= alert_unshelve(life, policy, now) | EFFECT_SHELVE_ENDED;
    if (life->acknowledged && life->condition == CONDITION_ACTIVE && due(life->acknowledge_until, now)) {
        life->acknowledged = false;
        life->acknowledge_until = CLOCK_NEVER;
        effects |= EFFECT_ACKNOWLEDGE_ENDED | tell_raise(life);
    }
    if (due(flap_ends_at(life), now))
        effects |= flap_end(life);
    if (due(remind_at(life, policy), now)) {
        life->reminded_at = life->unsuppressed_for;
        effects |= EFFECT_NOTIFY_REMIND;
    }
    if (due(auto_close_at(life, policy), now)) {
        life->closed = true;
        effects |= EFFECT_CLOSED;
    }
    return effects;
}

/* ---- people's half ---- */

alert_effects alert_acknowledge(struct alert_life *life, const struct alert_policy *policy, msec until, bool sticky, msec now)
{
    (void)policy;
    count_time(life, now);
    if (life->closed || life->condition == CONDITION_NORMAL)
        return 0;
    life->acknowledged = true;
    life->acknowledged_at = now;
    life->acknowledge_until = until;
    life->sticky = sticky;
    life->worst = life->severity;
    if (life->condition != CONDITION_CLEARED)
        return EFFECT_ACKNOWLEDGED;
    life->closed = true;
    return EFFECT_ACKNOWLEDGED | EFFECT_CLOSED;
}

alert_effects alert_unacknowledge(struct alert_life *life, const struct alert_policy *policy, msec now)
{
    (void)policy;
    count_time(life, now);
    if (!life->acknowledged || life->closed)
        return 0;
    life->acknowledged = false;
    life->acknowledge_until = CLOCK_NEVER;
    life->reminded_at = life->unsuppressed_for; /* who did this knows; the next reminder is a period away */
    return EFFECT_ACKNOWLEDGE_ENDED;
}

alert_effects alert_shelve(struct alert_life *life, const struct alert_policy *policy, msec until, msec now)
{
    if (policy->max_shelve > 0 && (until == CLOCK_NEVER || until > now + policy->max_shelve))
        until = now + policy->max_shelve;
    life->shelved_until = until;
    return alert_suppress(life, policy, SUPPRESSED_SHELVED, true, now);
}

alert_effects alert_unshelve(struct alert_life *life, const struct alert_policy *policy, msec now)
{
    life->shelved_until = CLOCK_NEVER;
    return alert_suppress(life, policy, SUPPRESSED_SHELVED, false, now);
}

alert_effects alert_suppress(struct alert_life *life, const struct alert_policy *policy, enum suppression why, bool on, msec now)
{
    (void)policy;
    count_time(life, now);
    bool was = life->suppression & why;
    if (was == on)
        return 0;
    if (on) {
        life->suppression |= (uint8_t)why;
        return EFFECT_SUPPRESSED;
    }
    life->suppression &= (uint8_t)~why;
    alert_effects effects = EFFECT_UNSUPPRESSED;
    /* Still firing when the last veil lifts: people are told at once, not at the next reminder. */
    if (life->suppression == 0 && life->condition == CONDITION_ACTIVE)
        effects |= tell_raise(life);
    return effects;
}

alert_effects alert_close(struct alert_life *life, const struct alert_policy *policy, msec now)
{
    (void)policy;
    count_time(life, now);
    if (life->closed)
        return 0;
    life->closed = true;
    if (life->condition == CONDITION_ACTIVE || life->condition == CONDITION_PENDING) {
        life->condition = CONDITION_CLEARED;
        life->cleared_at = now;
    }
    return EFFECT_CLOSED | tell_resolve(life);
}

alert_effects alert_reopen(struct alert_life *life, const struct alert_policy *policy, bool active, msec now)
{
    (void)policy;
    count_time(life, now);
    if (!life->closed)
        return 0;
    life->closed = false;
    if (!active) {
        life->acknowledged = false; /* a cleared one that is acknowledged is closed */
        return EFFECT_UNCLOSED;
    }
    life->condition = CONDITION_ACTIVE;
    life->cleared_at = life->normal_since = CLOCK_NEVER;
    return EFFECT_UNCLOSED | tell_raise(life);
}

/* ---- what people see ---- */

enum alert_state alert_state_of(const struct alert_life *life)
{
    static const struct {
        enum suppression why;
        enum alert_state state;
    } order[] = {
        {SUPPRESSED_OUT_OF_SERVICE, ALERT_OUT_OF_SERVICE}, {SUPPRESSED_DOWNTIME, ALERT_DOWNTIME},
        {SUPPRESSED_SHELVED, ALERT_SHELVED},               {SUPPRESSED_SILENCED, ALERT_SHELVED},
        {SUPPRESSED_DEPENDENCY, ALERT_DEPENDENCY},
        {SUPPRESSED_INHIBITED, ALERT_INHIBITED},           {SUPPRESSED_FLAPPING, ALERT_FLAPPING},
    };
    if (life->closed)
        return ALERT_CLOSED;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (life->suppression & order[i].why)
            return order[i].state;
    if (life->condition == CONDITION_CLEARED)
        return life->acknowledged ? ALERT_CLOSED : ALERT_CLEARED_UNACKNOWLEDGED;
    if (life->condition == CONDITION_ACTIVE)
        return life->acknowledged ? ALERT_ACKNOWLEDGED : ALERT_UNACKNOWLEDGED;
    return ALERT_PENDING;
}

bool alert_needs_hands(const struct alert_life *life)
{
    return !life->closed && !life->acknowledged && life->suppression == 0 &&
           (life->condition == CONDITION_ACTIVE || life->condition == CONDITION_CLEARED);
}

/* The desk's heart: what detectors report, and what follows from it. The desk itself, with its clock and timers, is in
 * alerts_desk.c; where alerts lie in alerts_slots.c, people's half in alerts_act.c, causes in alerts_cause.c, the queue in
 * alerts_queue.c, the store in alerts_store.c. */
#include "engine/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/alerts_private.h"

#define SUMMARY_MAX 400

/* ---- texts, rules, policies ---- */

uint32_t desk_number(struct alerts *alerts, const char *text)
{
    return text && *text ? intern_id(alerts->texts, text, strlen(text)) : 0;
}

void alert_text_set(char **slot, const char *text)
{
    free(*slot);
    *slot = NULL;
    if (!text || !*text)
        return;
    char clean[SUMMARY_MAX];
    text_clean_into(clean, sizeof clean, text, strlen(text));
    *slot = clean[0] ? memory_text(clean) : NULL;
}

const struct alert_policy *desk_policy(struct alerts *alerts, const struct alert_policy *policy)
{
    const struct alert_policy *p = policy ? policy : &alert_policy_default;
    for (size_t i = 0; i < alerts->policy_count; i++) {
        const struct alert_policy *known = &alerts->policies[i]->policy;
        if (known->hold == p->hold && known->attempts == p->attempts && known->clear_delay == p->clear_delay &&
            known->repeat == p->repeat && known->reopen_window == p->reopen_window && known->auto_close == p->auto_close &&
            known->auto_close_severity == p->auto_close_severity && known->max_shelve == p->max_shelve &&
            known->flap_detection == p->flap_detection)
            return known;
    }
    ARRAY_RESERVE(alerts->policies, alerts->policy_capacity, alerts->policy_count + 1);
    struct desk_policy *copy = memory_new(sizeof *copy);
    copy->policy = *p;
    policy_write(copy->text, p);
    alerts->policies[alerts->policy_count++] = copy;
    return &copy->policy;
}

uint32_t desk_rule(struct alerts *alerts, uint32_t source, uint32_t rule, uint32_t name)
{
    char key[32];
    int length = snprintf(key, sizeof key, "%u.%u", source, rule);
    uint32_t entry = intern_find(alerts->rule_names, key, (size_t)length);
    if (entry != UINT32_MAX)
        return entry;
    entry = intern_id(alerts->rule_names, key, (size_t)length);
    ARRAY_RESERVE(alerts->rules, alerts->rule_capacity, entry + 1);
    alerts->rules[entry] = (struct rule_entry){.source = source, .rule = rule, .name = name};
    return entry;
}

uint32_t alerts_rule_active(const struct alerts *alerts, const char *source, const char *rule)
{
    char key[32];
    uint32_t numbers[2] = {intern_find(alerts->texts, source, strlen(source)), intern_find(alerts->texts, rule, strlen(rule))};
    int length = snprintf(key, sizeof key, "%u.%u", numbers[0], numbers[1]);
    uint32_t entry = intern_find(alerts->rule_names, key, (size_t)length);
    return entry == UINT32_MAX ? 0 : alerts->rules[entry].active;
}

/* ---- what the fleet is told ---- */

/* Alerts that come from the fleet's own verdicts are left out: they would confirm themselves. */
static bool counts_for_health(const struct alerts *alerts, const struct alert *alert)
{
    return alert->life.condition == CONDITION_ACTIVE && !alert->life.closed &&
           strcmp(desk_text(alerts, alert->source), "health") != 0 && strcmp(desk_text(alerts, alert->source), "storm") != 0 &&
           strcmp(desk_text(alerts, alert->source), "redundancy") != 0;
}

static enum health level_of(const struct alerts *alerts, uint32_t asset)
{
    enum health level = HEALTH_OK;
    ALERT_EACH_OF_ASSET(alerts, alert, asset) {
        if (!counts_for_health(alerts, alert) || alert->life.severity == SEVERITY_INFO)
            continue;
        if (alert->life.severity >= SEVERITY_MAJOR)
            return HEALTH_CRITICAL;
        level = HEALTH_WARNING;
    }
    return level;
}

void alert_level_again(struct alerts *alerts, uint32_t asset)
{
    fleet_alert_level(alerts->fleet, asset, level_of(alerts, asset));
}

/* Not at once: reports come from inside the fleet's own judging, too. */
void levels_tell(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->level_count; i++)
        fleet_alert_level(alerts->fleet, alerts->levels[i], level_of(alerts, alerts->levels[i]));
    alerts->level_count = 0;
}

static void level_later(struct alerts *alerts, const struct alert *alert)
{
    bool active = alert->life.condition == CONDITION_ACTIVE;
    if (alert->asset == FLEET_NONE || (alert->counted_active == active && (!active || alert->counted_severity == alert->life.severity)))
        return;
    if (alerts->level_count && alerts->levels[alerts->level_count - 1] == alert->asset)
        return;
    ARRAY_RESERVE(alerts->levels, alerts->level_capacity, alerts->level_count + 1);
    alerts->levels[alerts->level_count++] = alert->asset;
    desk_turn_want(alerts, clock_steady());
}

/* ---- what follows from a call of the model ---- */

static const struct {
    alert_effects effect;
    const char *verb;
    enum alert_news news;
} told[] = {
    {EFFECT_RAISED, "raised", NEWS_NEW},         {EFFECT_REOPENED, "reopened", NEWS_AGAIN},
    {EFFECT_WORSE, "worse", NEWS_WORSE},         {EFFECT_BETTER, "better", NEWS_NONE},
    {EFFECT_CLEARED, "cleared", NEWS_CLEARED},   {EFFECT_ACKNOWLEDGE_ENDED, "unacknowledged", NEWS_NONE},
    {EFFECT_SHELVE_ENDED, "unshelved", NEWS_NONE}, {EFFECT_FLAPPING, "flapping", NEWS_NONE},
    {EFFECT_STEADY, "steady", NEWS_NONE},        {EFFECT_NOTIFY_REMIND, "reminded", NEWS_NONE},
};

static void write_timeline(struct alerts *alerts, struct alert *alert, alert_effects effects, const char *actor,
                           const char *text, msec now)
{
    for (size_t i = 0; i < ARRAY_COUNT(told); i++) {
        if (!(effects & told[i].effect))
            continue;
        if (told[i].news) {
            alert->news = (uint8_t)told[i].news;
            alert->news_at = now;
        }
        if (actor)
            alert_note_event(alerts, alert, actor, told[i].verb, text ? text : text_or_empty(alert->summary), now);
    }
    if (effects & EFFECT_CLOSED && actor)
        alert_note_event(alerts, alert, actor, "closed", text_or_empty(text), now);
}

static void tell_people(struct alerts *alerts, struct alert *alert, alert_effects effects)
{
    bool storm = strcmp(desk_text(alerts, alert->source), "storm") == 0;
    if (effects & EFFECT_NOTIFY_RAISE)
        alert_tell(alerts, alert, storm ? NOTICE_STORM : NOTICE_RAISE);
    if (effects & EFFECT_NOTIFY_REMIND)
        alert_tell(alerts, alert, NOTICE_REMIND);
    if (effects & EFFECT_NOTIFY_RESOLVE)
        alert_tell(alerts, alert, NOTICE_RESOLVE);
}

void alert_touch(struct alerts *alerts, struct alert *alert)
{
    alert->revision++;
    level_later(alerts, alert);
    alert_recount(alerts, alert);
    queue_move(alerts, alert);
    alert_mark(alerts, alert);
    change_note(alerts, alert);
}

void alert_effect(struct alerts *alerts, struct alert *alert, alert_effects effects, const char *actor, const char *text,
                  msec now)
{
    bool was_active = alert->counted_active;
    if (effects & (EFFECT_RAISED | EFFECT_REOPENED)) {
        alerts->rules[alert->entry].raised++;
        desk_count_raise(alerts, alert);
    }
    if (effects & EFFECT_CLEARED) {
        alerts->cleared++;
        /* Nobody was told of it and nobody has to look: it came and went behind its cause, or silenced. The fleet's own
         * verdict on a symptom, and a lesser storm, are part of their cause's story, also where they were told of before. */
        const char *source = desk_text(alerts, alert->source);
        bool untold = !(effects & EFFECT_NOTIFY_RESOLVE) && alert->life.suppression & ~SUPPRESSED_FLAPPING;
        bool part = alert->life.suppression & SUPPRESSED_DEPENDENCY && alert->cause_kind != CAUSE_HAND &&
                    (strcmp(source, "health") == 0 || strcmp(source, "storm") == 0);
        if ((untold || part) && !alert->life.closed)
            effects |= alert_close(&alert->life, alert->policy, now);
    }
    write_timeline(alerts, alert, effects, actor, text, now);
    if (effects & EFFECT_CLOSED) {
        alert->closed_at = now;
        closed_append(alerts, alert);
    }
    alert_touch(alerts, alert);
    alert_schedule(alerts, alert, now);
    tell_people(alerts, alert, effects);
    if (was_active && !alert->counted_active) {
        storm_cleared(alerts, alert);
        cause_over(alerts, alert);
    }
    if (effects & EFFECT_CLOSED)
        cause_leave(alerts, alert);
}

void alert_suppression(struct alerts *alerts, struct alert *alert, enum suppression why, bool on, const char *text, msec now)
{
    alert_effects effects = alert_suppress(&alert->life, alert->policy, why, on, now);
    if (!effects)
        return;
    static const struct { enum suppression why; const char *on, *off; } words[] = {
        {SUPPRESSED_DOWNTIME, "downtime", N_("downtime-ended")},   {SUPPRESSED_DEPENDENCY, "folded", "unfolded"},
        {SUPPRESSED_INHIBITED, "inhibited", N_("uninhibited")},    {SUPPRESSED_SILENCED, "silenced", "unsilenced"},
        {SUPPRESSED_OUT_OF_SERVICE, "out-of-service", N_("in-service")},
    };
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (words[i].why == why)
            alert_note_event(alerts, alert, "desk", on ? words[i].on : words[i].off, text ? text : "", now);
    alert_touch(alerts, alert);
    alert_schedule(alerts, alert, now);
    tell_people(alerts, alert, effects);
}

/* ---- reports ---- */

static uint64_t hash_fields(const struct alerts *alerts, const struct alert_report *report, uint64_t hash)
{
    hash = text_hash(hash, report->asset == FLEET_NONE ? "" : fleet_text(alerts->fleet, report->asset, ASSET_id));
    hash = text_hash(hash, text_or_empty(report->rule));
    return text_hash(hash, text_or_empty(report->point));
}

/* FNV-1a over the texts, then mixed so that the low bits serve the hash table. */
uint64_t alert_fingerprint(const struct alerts *alerts, const struct alert_report *report)
{
    uint64_t hash = TEXT_HASH;
    hash = text_hash(hash, text_or_empty(report->source));
    if (report->key)
        hash = text_hash(hash, report->key);
    else
        hash = hash_fields(alerts, report, hash);
    hash = (hash ^ hash >> 31) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

/* What may differ from report to report; true when something that people see did. */
static bool take_report(struct alerts *alerts, struct alert *alert, const struct alert_report *report)
{
    bool changed = false;
    alert->policy = alert->policy && !report->policy ? alert->policy : desk_policy(alerts, report->policy);
    alert->rule_version = report->rule_version;
    if (report->has_value) {
        alert->value = report->value;
        alert->threshold = report->threshold;
    }
    if (report->summary && strcmp(report->summary, text_or_empty(alert->summary)) != 0) {
        alert_text_set(&alert->summary, report->summary);
        changed = true;
    }
    if (report->labels && strcmp(report->labels, text_or_empty(alert->labels)) != 0) {
        alert_labels_set(alert, report->labels);
        changed = true;
    }
    return changed;
}

static struct alert *alert_make(struct alerts *alerts, const struct alert_report *report, uint64_t fingerprint, msec now)
{
    struct alert *old = alert_current(alerts, fingerprint), *alert = alert_slot(alerts);
    alert->fingerprint = fingerprint;
    alert->asset = report->asset;
    alert->source = desk_number(alerts, report->source);
    alert->rule = desk_number(alerts, report->rule);
    alert->point = desk_number(alerts, report->point);
    alert->name = desk_number(alerts, report->name && *report->name ? report->name : report->rule);
    alert->type = desk_number(alerts, report->type);
    alert->runbook = desk_number(alerts, report->runbook);
    alert->entry = desk_rule(alerts, alert->source, alert->rule, alert->name);
    alert->value = alert->threshold = __builtin_nan("");
    alert_number_set(alerts, alert, alert_next_number(alerts, now));
    if (old) {
        alert->previous = old->number;
        alert->life.flaps = old->life.flaps;
        alert->life.flap_at = old->life.flap_at;
    }
    alert_index(alerts, alert);
    return alert;
}

/* Reopened within the window; past it, or once a person closed it, the next breach is an alert of its own. */
static bool instance_is_over(const struct alert *alert, msec now)
{
    if (alert->life.condition != CONDITION_CLEARED)
        return false;
    return now - alert->life.cleared_at > alert->policy->reopen_window;
}

void alerts_breach(struct alerts *alerts, const struct alert_report *report)
{
    msec now = desk_now(alerts);
    uint64_t fingerprint = alert_fingerprint(alerts, report);
    struct alert *alert = alert_current(alerts, fingerprint);
    bool fresh = !alert || instance_is_over(alert, now);
    if (fresh)
        alert = alert_make(alerts, report, fingerprint, now);
    bool changed = take_report(alerts, alert, report);
    alert_check_period(alerts, alert);
    if (alert->life.closed && alert->life.condition == CONDITION_CLEARED)
        alert->closed_at = CLOCK_NEVER; /* it reopens: the closed list finds it open and lets it go */
    if (alert->life.condition != CONDITION_ACTIVE)
        cause_before_breach(alerts, alert, now);
    if (alert->life.condition == CONDITION_NORMAL || alert->life.condition == CONDITION_CLEARED)
        silences_apply(alerts, alert, now);
    alert_effects effects = alert_breach(&alert->life, alert->policy, report->severity, now);
    if (effects & ~EFFECT_COUNTED) {
        alert_effect(alerts, alert, effects, text_or_empty(report->source), NULL, now);
        if (effects & (EFFECT_RAISED | EFFECT_REOPENED))
            storm_breach(alerts, alert, now);
    } else {
        alerts->deduplicated++;
        if (changed)
            alert_touch(alerts, alert);
        if (alert->life.suppression & SUPPRESSED_FLAPPING)
            alert_schedule(alerts, alert, now);
    }
}

static void settle_normal(struct alerts *alerts, struct alert *alert, const char *actor, const char *why, msec now)
{
    alert_effects effects = alert_normal(&alert->life, alert->policy, now);
    if (effects && alert->life.condition != CONDITION_NORMAL) {
        alert_effect(alerts, alert, effects, actor, why, now);
    } else {
        if (effects)
            alert_touch(alerts, alert);
        alert_schedule(alerts, alert, now);
    }
}

void alerts_normal_because(struct alerts *alerts, uint64_t fingerprint, const char *why)
{
    struct alert *alert = alert_current(alerts, fingerprint);
    msec now = desk_now(alerts);
    if (alert && (alert->life.condition == CONDITION_PENDING || alert->life.condition == CONDITION_ACTIVE))
        settle_normal(alerts, alert, desk_text(alerts, alert->source), why, now);
    else if (alert && alert_closed_active(alert)) {
        alert->life.normal_since = alert->life.cleared_at = now; /* its end indeed: reopening it would find it cleared */
        alert_mark(alerts, alert);
    }
}

void alerts_normal(struct alerts *alerts, uint64_t fingerprint)
{
    alerts_normal_because(alerts, fingerprint, NULL);
}

void alerts_rule_gone(struct alerts *alerts, const char *source, const char *rule, const char *why)
{
    uint32_t source_number = intern_find(alerts->texts, source, strlen(source));
    uint32_t rule_number = intern_find(alerts->texts, rule, strlen(rule));
    msec now = desk_now(alerts);
    for (uint32_t handle = 0; rule_number != UINT32_MAX && handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        if (!(alert->flags & ALERT_LIVE) || alert->source != source_number || alert->rule != rule_number)
            continue;
        struct alert_policy at_once = *alert->policy;
        at_once.clear_delay = 0;
        alert->policy = desk_policy(alerts, &at_once);
        if (alert->life.condition == CONDITION_PENDING || alert->life.condition == CONDITION_ACTIVE)
            settle_normal(alerts, alert, "desk", why, now);
    }
}

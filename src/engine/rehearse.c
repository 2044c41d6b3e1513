/* A rehearsal: stored readings put through a rule, one asset after the other, on a desk of its own. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/fleet_private.h"
#include "engine/rules_private.h"

#define READINGS_MAX 200000 /* of one metric of one asset */

struct sample { msec time; double value; unsigned metric; };

struct rehearsing {
    struct fleet *fleet;
    struct store *store;
    struct rule *rule;
    const struct expression_needs *needs;
    struct rehearsal result;
    rehearsal_done *done;
    void *owner;
    msec since, until, give_up;   /* give_up: steady */
    uint32_t *assets, count, next;
    unsigned metric;              /* whose readings are being asked for */
    struct sample *samples;
    size_t sample_count, sample_capacity;
    struct rule_filter *filters;
};

static void rehearse_next(struct rehearsing *at);

static void finish(struct rehearsing *at)
{
    at->result.rule = at->rule;
    at->done(at->owner, &at->result);
    rule_free(&at->rule);
    rule_filters_free(&at->filters);
    free(at->assets);
    free(at->samples);
    free(at);
}

static int by_time(const void *left, const void *right)
{
    const struct sample *a = left, *b = right;
    return a->time < b->time ? -1 : a->time > b->time;
}

static void note(struct rehearsing *at, uint32_t asset, alert_effects effects, msec now, double value, msec *raised_at)
{
    struct rehearsal *result = &at->result;
    if (effects & (EFFECT_RAISED | EFFECT_REOPENED)) {
        *raised_at = now;
        result->raised++;
        if (result->example_count < ARRAY_COUNT(result->examples)) {
            result->examples[result->example_count].asset = asset;
            result->examples[result->example_count].from = now;
            result->examples[result->example_count].to = CLOCK_NEVER;
            result->examples[result->example_count++].value = value;
        }
    }
    if ((effects & EFFECT_CLEARED) && *raised_at != CLOCK_NEVER) {
        if (now - *raised_at > result->longest)
            result->longest = now - *raised_at;
        for (unsigned i = 0; i < result->example_count; i++)
            if (result->examples[i].asset == asset && result->examples[i].to == CLOCK_NEVER)
                result->examples[i].to = now;
        *raised_at = CLOCK_NEVER;
    }
}

/* The samples of one asset, in order of time, through the rule. */
static void play(struct rehearsing *at, uint32_t asset)
{
    double *values = memory_new_array(at->needs->metric_count + 1, sizeof *values);
    bool *known = memory_new_array(at->needs->metric_count + 1, sizeof *known);
    struct window *windows = NULL;
    if (at->needs->longest_window > 0) {
        windows = memory_new_array(at->needs->metric_count, sizeof *windows);
        for (unsigned i = 0; i < at->needs->metric_count; i++)
            window_init(&windows[i], at->needs->longest_window);
    }
    struct alert_life life;
    const struct alert_policy *policy = &at->rule->policy;
    alert_life_init(&life);
    msec raised_at = CLOCK_NEVER;
    unsigned before = at->result.raised;
    qsort(at->samples, at->sample_count, sizeof *at->samples, by_time);
    for (size_t i = 0; i < at->sample_count; i++) {
        const struct sample *sample = &at->samples[i];
        for (msec due = alert_next(&life, policy); due != CLOCK_NEVER && due <= sample->time; due = alert_next(&life, policy))
            note(at, asset, alert_tick(&life, policy, due), due, sample->value, &raised_at);
        values[sample->metric] = sample->value;
        known[sample->metric] = true;
        if (windows)
            window_add(&windows[sample->metric], sample->time, sample->value);
        struct rule_subject subject = {.fleet = at->fleet, .asset = asset, .now = sample->time, .needs = at->needs,
                                       .windows = windows, .values = values, .known = known, .filters = &at->filters};
        bool in_hours = rule_in_hours(at->rule, sample->time);
        enum truth holds = in_hours ? expression_truth(at->rule->when, &rule_asker, &subject) : TRUTH_NO;
        bool over = holds == TRUTH_NO && (!at->rule->clear || !in_hours ||
                                          expression_truth(at->rule->clear, &rule_asker, &subject) == TRUTH_YES);
        alert_effects effects = 0;
        if (life.condition == CONDITION_CLEARED && sample->time - life.cleared_at > policy->reopen_window)
            alert_life_init(&life); /* what comes now is another alert, as on the desk */
        if (holds == TRUTH_YES)
            effects = alert_breach(&life, policy, at->rule->severity, sample->time);
        else if (over && life.condition != CONDITION_NORMAL)
            effects = alert_normal(&life, policy, sample->time);
        note(at, asset, effects, sample->time, sample->value, &raised_at);
    }
    if (raised_at != CLOCK_NEVER && at->until - raised_at > at->result.longest)
        at->result.longest = at->until - raised_at;
    at->result.assets_raised += at->result.raised > before;
    at->result.readings += at->sample_count;
    free(values);
    free(known);
    free(windows);
}

static void readings_came(void *owner, const struct reading *readings, size_t count, const struct error *error)
{
    struct rehearsing *at = owner;
    if (error) {
        at->result.complete = false;
        at->result.remark = N_("not every reading could be read");
        count = 0;
    }
    ARRAY_RESERVE(at->samples, at->sample_capacity, at->sample_count + count);
    for (size_t i = 0; i < count; i++)
        at->samples[at->sample_count++] =
            (struct sample){.time = readings[i].time, .value = readings[i].value, .metric = at->metric};
    at->metric++;
    rehearse_next(at);
}

static void rehearse_next(struct rehearsing *at)
{
    for (;;) {
        if (at->next == at->count) {
            finish(at);
            return;
        }
        if (clock_steady() > at->give_up) {
            at->result.complete = false;
            at->result.remark = N_("out of time: select fewer assets or a shorter span");
            finish(at);
            return;
        }
        uint32_t asset = at->assets[at->next];
        if (at->metric < at->needs->metric_count) {
            uint32_t metric = fleet_metric_key(at->fleet, at->needs->metrics[at->metric]);
            if (metric != FLEET_NONE && fleet_exists(at->fleet, asset)) {
                store_readings(at->store, fleet_store_key(at->fleet, asset), metric, at->since, at->until, READINGS_MAX,
                               readings_came, at);
                return;
            }
            at->metric++;
            continue;
        }
        play(at, asset);
        at->sample_count = 0;
        at->metric = 0;
        at->next++;
    }
}

void rules_rehearse(struct fleet *fleet, struct store *store, struct rule *rule, msec since, msec limit,
                    rehearsal_done *done, void *owner)
{
    struct rehearsing *at = memory_new(sizeof *at);
    const uint32_t *assets;
    struct error error;
    *at = (struct rehearsing){.fleet = fleet, .store = store, .rule = rule, .done = done, .owner = owner,
                              .needs = expression_needs(rule->when), .since = since, .until = clock_wall(),
                              .give_up = clock_steady() + limit};
    at->result.complete = true;
    at->result.remark = "";
    bool stored = !at->needs->health && !at->needs->children && !at->needs->silence && !at->needs->parent && !at->needs->other;
    if (!stored) {
        at->result.complete = false;
        at->result.remark = N_("it compares health, silence, children or other assets, of which only today is known");
    }
    if (!fleet_members(fleet, rule->select, &assets, &at->count, &error)) {
        at->count = 0;
        at->result.complete = false;
        at->result.remark = N_("the selection cannot be read");
    }
    at->assets = memory_new_array(at->count + 1, sizeof *at->assets);
    if (at->count)
        memcpy(at->assets, assets, at->count * sizeof *at->assets);
    at->result.assets = at->count;
    if (!stored)
        at->next = at->count; /* say how many it selects, and nothing that is not known */
    rehearse_next(at);
}

#include "engine/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/wheel.h"
#include "engine/fleet_private.h"
#include "engine/rules_private.h"

#define TURN 500 /* ms: silence timers, children that changed, a changed ledger */

/* What a rule remembers of one asset; only where it compares a window or silence. */
struct bound {
    uint32_t asset;
    struct in_force *rule;
    struct wheel_timer timer;   /* silence */
    struct window *windows;     /* one a metric, NULL without windows */
    UT_hash_handle hh;
};

struct in_force {
    struct rule *rule;
    const struct expression_needs *needs;
    uint64_t *members;          /* a bit an asset handle */
    uint64_t *raised;           /* where it is pending or active */
    uint32_t words;             /* 64 assets each */
    uint32_t applies, active;
    struct bound *bounds;
    char problem[160];
};

struct metric_rules { struct in_force **rules; unsigned count; };

struct rules {
    struct fleet *fleet;
    struct alerts *alerts;
    struct in_force **list;
    size_t count;
    struct in_force **silent;        /* those of the list that compare silence */
    size_t silent_count;
    struct metric_rules *by_metric;  /* by metric key; found when the key is first seen */
    uint32_t metric_count;
    struct rule_filter *filters;
    struct wheel *wheel;
    uv_timer_t timer;
    uint64_t ledger_revision;
    uint32_t *parents;               /* whose children changed since the last turn */
    size_t parent_count, parent_capacity;
};

static bool bit(const uint64_t *bits, uint32_t words, uint32_t asset)
{
    return asset / 64 < words && bits[asset / 64] >> (asset % 64) & 1;
}

static void bit_set(uint64_t *bits, uint32_t asset, bool on)
{
    uint64_t mask = (uint64_t)1 << (asset % 64);
    bits[asset / 64] = on ? bits[asset / 64] | mask : bits[asset / 64] & ~mask;
}

/* ---- one rule on one asset ---- */

static struct bound *bound_of(struct rules *rules, struct in_force *in_force, uint32_t asset)
{
    (void)rules;
    struct bound *bound;
    HASH_FIND(hh, in_force->bounds, &asset, sizeof asset, bound);
    if (bound)
        return bound;
    bound = memory_new(sizeof *bound);
    bound->asset = asset;
    bound->rule = in_force;
    if (in_force->needs->longest_window > 0) {
        bound->windows = memory_new_array(in_force->needs->metric_count, sizeof *bound->windows);
        for (unsigned i = 0; i < in_force->needs->metric_count; i++)
            window_init(&bound->windows[i], in_force->needs->longest_window);
    }
    HASH_ADD(hh, in_force->bounds, asset, sizeof asset, bound);
    return bound;
}

static void bounds_free(struct rules *rules, struct in_force *in_force)
{
    struct bound *bound, *next;
    HASH_ITER(hh, in_force->bounds, bound, next) {
        HASH_DEL(in_force->bounds, bound);
        if (wheel_scheduled(&bound->timer))
            wheel_cancel(rules->wheel, &bound->timer);
        free(bound->windows);
        free(bound);
    }
}

/* "temperature 31.2 > 30", or the condition as it is written where no two numbers were compared. */
static void summarize(const struct rule *rule, const struct alert_report *report, char *out, size_t size)
{
    char value[32], threshold[32];
    const char *metric;
    double low, high;
    if (!report->has_value) {
        snprintf(out, size, "%s", expression_text(rule->when));
        return;
    }
    text_format_number(value, sizeof value, report->value);
    text_format_number(threshold, sizeof threshold, report->threshold);
    if (expression_interval(rule->when, &metric, &low, &high))
        snprintf(out, size, low == report->threshold ? N_("%s %s, above %s") : N_("%s %s, below %s"), metric, value, threshold);
    else
        snprintf(out, size, N_("%s (%s against %s)"), expression_text(rule->when), value, threshold);
}

static void report_fill(const struct in_force *in_force, uint32_t asset, struct alert_report *report)
{
    const struct rule *rule = in_force->rule;
    *report = (struct alert_report){
        .source = N_("rule"), .rule = rule->name, .rule_version = rule->version, .asset = asset,
        .point = in_force->needs->metric_count ? in_force->needs->metrics[0] : "", .name = rule->title, .type = rule->type,
        .severity = rule->severity, .summary = "", .runbook = rule->runbook, .policy = &rule->policy,
    };
}

static void set_raised(struct in_force *in_force, uint32_t asset, bool raised)
{
    if (bit(in_force->raised, in_force->words, asset) == raised)
        return;
    bit_set(in_force->raised, asset, raised);
    in_force->active += raised ? 1 : (uint32_t)-1;
}

static void evaluate(struct rules *rules, struct in_force *in_force, uint32_t asset, const struct window *windows, bool speaks)
{
    const struct rule *rule = in_force->rule;
    if (live_at(rules->fleet, asset)->flags & LIVE_RETIRED)
        return;
    struct rule_subject subject = {.fleet = rules->fleet, .asset = asset, .now = clock_wall(), .needs = in_force->needs,
                                   .windows = windows, .speaks = speaks, .filters = &rules->filters};
    bool in_hours = rule_in_hours(rule, subject.now);
    enum truth holds = in_hours ? expression_truth(rule->when, &rule_asker, &subject) : TRUTH_NO;
    bool raised = bit(in_force->raised, in_force->words, asset);
    if (holds != TRUTH_YES && !raised)
        return;
    struct alert_report report;
    report_fill(in_force, asset, &report);
    if (holds == TRUTH_YES) {
        char summary[240];
        report.has_value = expression_sides(rule->when, &rule_asker, &subject, &report.value, &report.threshold);
        summarize(rule, &report, summary, sizeof summary);
        report.summary = summary;
        set_raised(in_force, asset, true);
        alerts_breach(rules->alerts, &report);
        return;
    }
    bool over = holds == TRUTH_NO;
    if (rule->clear && in_hours)
        over = expression_truth(rule->clear, &rule_asker, &subject) == TRUTH_YES;
    if (!over)
        return;
    uint64_t fingerprint = alert_fingerprint(rules->alerts, &report);
    alerts_normal(rules->alerts, fingerprint);
    /* keep_firing lets it go on; the desk says when it is over for good. */
    if (!alerts_known(rules->alerts, fingerprint))
        set_raised(in_force, asset, false);
}

/* ---- what the fleet tells ---- */

static struct metric_rules *rules_of_metric(struct rules *rules, uint32_t metric)
{
    if (metric >= rules->metric_count) {
        uint32_t grown = metric + 16;
        rules->by_metric = memory_resize(rules->by_metric, grown, sizeof *rules->by_metric);
        for (uint32_t key = rules->metric_count; key < grown; key++)
            rules->by_metric[key] = (struct metric_rules){.rules = NULL, .count = UINT32_MAX}; /* not asked yet */
        rules->metric_count = grown;
    }
    struct metric_rules *found = &rules->by_metric[metric];
    if (found->count != UINT32_MAX)
        return found;
    found->count = 0;
    const char *name = rules->fleet->metric_name[metric];
    for (size_t i = 0; name && i < rules->count; i++) {
        if (rule_metric_index(rules->list[i]->needs, name) < 0)
            continue;
        found->rules = memory_resize(found->rules, found->count + 1, sizeof *found->rules);
        found->rules[found->count++] = rules->list[i];
    }
    return found;
}

static void on_measured(void *owner, uint32_t asset, uint32_t metric, msec time, double value)
{
    struct rules *rules = owner;
    struct metric_rules *named = rules_of_metric(rules, metric);
    for (unsigned i = 0; i < named->count; i++) {
        struct in_force *in_force = named->rules[i];
        if (!bit(in_force->members, in_force->words, asset))
            continue;
        const struct window *windows = NULL;
        if (in_force->needs->longest_window > 0) {
            struct bound *bound = bound_of(rules, in_force, asset);
            int index = rule_metric_index(in_force->needs, rules->fleet->metric_name[metric]);
            window_add(&bound->windows[index], time, value);
            windows = bound->windows;
        }
        evaluate(rules, in_force, asset, windows, true);
    }
}

/* Whatever was raised by its silence may be over: silence is of the asset, so that a message without a value ends it. */
static void on_spoke(void *owner, uint32_t asset)
{
    struct rules *rules = owner;
    for (size_t i = 0; i < rules->silent_count; i++)
        if (bit(rules->silent[i]->raised, rules->silent[i]->words, asset))
            evaluate(rules, rules->silent[i], asset, NULL, true);
}

static void parent_changed(struct rules *rules, uint32_t parent)
{
    if (parent == FLEET_NONE || (rules->parent_count && rules->parents[rules->parent_count - 1] == parent))
        return;
    ARRAY_RESERVE(rules->parents, rules->parent_capacity, rules->parent_count + 1);
    rules->parents[rules->parent_count++] = parent;
}

static void on_judged(void *owner, uint32_t asset, enum health from, enum health to)
{
    struct rules *rules = owner;
    (void)from, (void)to;
    bool children = false;
    for (size_t i = 0; i < rules->count; i++) {
        struct in_force *in_force = rules->list[i];
        children = children || in_force->needs->children;
        if (in_force->needs->health && bit(in_force->members, in_force->words, asset))
            evaluate(rules, in_force, asset, NULL, false);
    }
    if (children)
        parent_changed(rules, live_at(rules->fleet, asset)->parent);
}

/* ---- time ---- */

static void silence_due(void *owner, struct wheel_timer *timer)
{
    struct rules *rules = owner;
    struct bound *bound = (struct bound *)((char *)timer - offsetof(struct bound, timer));
    if (!fleet_exists(rules->fleet, bound->asset))
        return;
    evaluate(rules, bound->rule, bound->asset, bound->windows, false);
    msec heard = live_at(rules->fleet, bound->asset)->last_heard, over = bound->rule->needs->silence_over;
    msec silent = heard == CLOCK_NEVER ? 0 : clock_wall() - heard;
    /* A second past the mark, so that both `>` and `>=` hold; a clock that stepped back waits anew. */
    msec wait = silent < 0 || silent > over ? over : over - silent + SPAN_SECOND;
    wheel_schedule(rules->wheel, timer, clock_steady() + wait);
}

static void select_members(struct rules *rules, struct in_force *in_force)
{
    const uint32_t *assets;
    uint32_t count;
    struct error error;
    uint32_t words = fleet_count(rules->fleet) / 64 + 1;
    in_force->members = memory_resize(in_force->members, words, sizeof *in_force->members);
    in_force->raised = memory_resize(in_force->raised, words, sizeof *in_force->raised);
    memset(in_force->members, 0, words * sizeof *in_force->members);
    if (words > in_force->words)
        memset(in_force->raised + in_force->words, 0, (words - in_force->words) * sizeof *in_force->raised);
    in_force->words = words;
    in_force->applies = 0;
    if (!fleet_members(rules->fleet, in_force->rule->select, &assets, &count, &error)) {
        snprintf(in_force->problem, sizeof in_force->problem, "%.150s", error.text);
        return;
    }
    /* A shipped rule may wait for assets that a site does not have; the site's own is a mistake. */
    snprintf(in_force->problem, sizeof in_force->problem, "%s", count || *in_force->rule->contract ? "" : N_("selects nothing"));
    in_force->applies = count;
    msec now = clock_steady(), over = in_force->needs->silence_over;
    for (uint32_t i = 0; i < count; i++) {
        bit_set(in_force->members, assets[i], true);
        if (over == 0)
            continue;
        struct bound *bound = bound_of(rules, in_force, assets[i]);
        if (!wheel_scheduled(&bound->timer))
            wheel_schedule(rules->wheel, &bound->timer, now + over + SPAN_SECOND);
    }
}

void rules_turn(struct rules *rules)
{
    if (rules->ledger_revision != fleet_ledger_revision(rules->fleet)) {
        rules->ledger_revision = fleet_ledger_revision(rules->fleet);
        for (size_t i = 0; i < rules->count; i++)
            select_members(rules, rules->list[i]);
    }
    wheel_advance(rules->wheel, clock_steady(), 4096);
    for (size_t i = 0; i < rules->parent_count; i++)
        for (size_t each = 0; each < rules->count; each++) {
            struct in_force *in_force = rules->list[each];
            uint32_t parent = rules->parents[i];
            if (in_force->needs->children && bit(in_force->members, in_force->words, parent) && fleet_exists(rules->fleet, parent))
                evaluate(rules, in_force, parent, NULL, false);
        }
    rules->parent_count = 0;
}

static void turn_due(uv_timer_t *timer)
{
    rules_turn(timer->data);
}

/* ---- putting rules in force ---- */

static void in_force_free(struct rules *rules, struct in_force *in_force)
{
    bounds_free(rules, in_force);
    rule_free(&in_force->rule);
    free(in_force->members);
    free(in_force->raised);
    free(in_force);
}

static struct in_force *in_force_new(struct rule *rule)
{
    struct in_force *in_force = memory_new(sizeof *in_force);
    in_force->rule = rule;
    in_force->needs = expression_needs(rule->when);
    return in_force;
}

static struct in_force *take_same(struct in_force **old, size_t count, const struct rule *rule)
{
    for (size_t i = 0; i < count; i++) {
        if (!old[i] || strcmp(old[i]->rule->name, rule->name) != 0 || old[i]->rule->version != rule->version)
            continue;
        struct in_force *same = old[i];
        old[i] = NULL;
        return same;
    }
    return NULL;
}

static void forget_metrics(struct rules *rules)
{
    for (uint32_t i = 0; i < rules->metric_count; i++)
        free(rules->by_metric[i].rules);
    free(rules->by_metric);
    rules->by_metric = NULL;
    rules->metric_count = 0;
}

/* Judge every member as things stand: a rule that comes into force need not wait for the next reading. */
static void evaluate_members(struct rules *rules, struct in_force *in_force)
{
    for (uint32_t asset = 0; asset < fleet_count(rules->fleet); asset++)
        if (bit(in_force->members, in_force->words, asset) && fleet_exists(rules->fleet, asset))
            evaluate(rules, in_force, asset, NULL, false);
}

/* After a restart the desk knows what was raised; so do the bits. */
static void recall_raised(struct rules *rules, struct in_force *in_force)
{
    struct alert_report report;
    for (uint32_t asset = 0; asset < fleet_count(rules->fleet); asset++) {
        if (!bit(in_force->members, in_force->words, asset))
            continue;
        report_fill(in_force, asset, &report);
        if (alerts_known(rules->alerts, alert_fingerprint(rules->alerts, &report)))
            set_raised(in_force, asset, true);
    }
}

void rules_use(struct rules *rules, struct rule **list, size_t count)
{
    struct in_force **old = rules->list;
    size_t old_count = rules->count;
    rules->list = memory_new_array(count + 1, sizeof *rules->list);
    rules->count = 0;
    forget_metrics(rules);
    for (size_t i = 0; i < count; i++) {
        struct in_force *same = take_same(old, old_count, list[i]);
        if (same) {
            rule_free(&list[i]);
            rules->list[rules->count++] = same;
            continue;
        }
        rules->list[rules->count++] = in_force_new(list[i]);
    }
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i])
            continue;
        bool renewed = false;
        for (size_t each = 0; each < rules->count; each++)
            renewed = renewed || strcmp(rules->list[each]->rule->name, old[i]->rule->name) == 0;
        if (!renewed)
            alerts_rule_gone(rules->alerts, "rule", old[i]->rule->name, "the rule was removed");
        in_force_free(rules, old[i]);
    }
    free(old);
    rules->silent = memory_resize(rules->silent, rules->count + 1, sizeof *rules->silent);
    rules->silent_count = 0;
    for (size_t i = 0; i < rules->count; i++)
        if (rules->list[i]->needs->silence)
            rules->silent[rules->silent_count++] = rules->list[i];
    rules->ledger_revision = fleet_ledger_revision(rules->fleet);
    for (size_t i = 0; i < rules->count; i++) {
        bool fresh = !rules->list[i]->members;
        select_members(rules, rules->list[i]);
        if (!fresh)
            continue;
        recall_raised(rules, rules->list[i]);
        evaluate_members(rules, rules->list[i]);
    }
}

size_t rules_count(const struct rules *rules)
{
    return rules->count;
}

void rules_get(struct rules *rules, size_t index, struct rules_status *status)
{
    const struct in_force *in_force = rules->list[index];
    *status = (struct rules_status){.rule = in_force->rule, .applies = in_force->applies, .active = in_force->active,
                                    .problem = in_force->problem};
}

unsigned rules_of(struct rules *rules, uint32_t asset, const struct rule **list, unsigned max)
{
    unsigned count = 0;
    for (size_t i = 0; i < rules->count; i++) {
        if (!bit(rules->list[i]->members, rules->list[i]->words, asset))
            continue;
        if (count < max)
            list[count] = rules->list[i]->rule;
        count++;
    }
    return count;
}

struct rules *rules_new(uv_loop_t *loop, struct fleet *fleet, struct alerts *alerts)
{
    struct rules *rules = memory_new(sizeof *rules);
    rules->fleet = fleet;
    rules->alerts = alerts;
    rules->wheel = wheel_new(clock_steady(), silence_due, rules);
    uv_timer_init(loop, &rules->timer);
    rules->timer.data = rules;
    uv_timer_start(&rules->timer, turn_due, TURN, TURN);
    uv_unref((uv_handle_t *)&rules->timer);
    struct fleet_listener listener = {.owner = rules, .judged = on_judged, .measured = on_measured, .spoke = on_spoke};
    fleet_listen(fleet, &listener);
    return rules;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void rules_free(struct rules **owned)
{
    struct rules *rules = *owned;
    if (!rules)
        return;
    *owned = NULL;
    fleet_unlisten(rules->fleet, rules);
    for (size_t i = 0; i < rules->count; i++)
        in_force_free(rules, rules->list[i]);
    free(rules->list);
    free(rules->silent);
    forget_metrics(rules);
    rule_filters_free(&rules->filters);
    wheel_free(&rules->wheel);
    free(rules->parents);
    uv_close((uv_handle_t *)&rules->timer, timer_closed);
}

/* What an expression asks, answered from the fleet. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/fleet_private.h"
#include "engine/rules_private.h"

int rule_metric_index(const struct expression_needs *needs, const char *name)
{
    for (unsigned i = 0; i < needs->metric_count; i++)
        if (strcmp(needs->metrics[i], name) == 0)
            return (int)i;
    return -1;
}

static bool value_of(struct fleet *fleet, uint32_t asset, const char *name, double *value)
{
    uint32_t metric = fleet_metric_key(fleet, name);
    if (metric == FLEET_NONE || !fleet_exists(fleet, asset))
        return false;
    const struct value_cell *cell = fleet_value_cell(fleet, live_at(fleet, asset), metric, false);
    if (!cell || cell->time == CLOCK_NEVER)
        return false;
    *value = cell->value;
    return true;
}

static bool ask_metric(const void *asked, const char *name, double *value)
{
    const struct rule_subject *subject = asked;
    if (!subject->values)
        return value_of(subject->fleet, subject->asset, name, value);
    int index = rule_metric_index(subject->needs, name);
    if (index < 0 || !subject->known[index])
        return false;
    *value = subject->values[index];
    return true;
}

static bool ask_parent(const void *asked, const char *name, double *value)
{
    const struct rule_subject *subject = asked;
    uint32_t parent = live_at(subject->fleet, subject->asset)->parent;
    return parent != FLEET_NONE && value_of(subject->fleet, parent, name, value);
}

static bool ask_other(const void *asked, const char *id, const char *name, double *value)
{
    const struct rule_subject *subject = asked;
    uint32_t other = fleet_find(subject->fleet, id);
    return other != FLEET_NONE && value_of(subject->fleet, other, name, value);
}

static bool ask_attribute(const void *asked, const char *name, double *value)
{
    const struct rule_subject *subject = asked;
    struct fleet_subject whole = {.fleet = subject->fleet, .asset = subject->asset};
    return fleet_subject_ops.number(&whole, name, value);
}

static bool ask_window(const void *asked, const char *metric, msec span, double *oldest, double *newest, double *smallest,
                       double *largest, msec *covered)
{
    const struct rule_subject *subject = asked;
    int index = rule_metric_index(subject->needs, metric);
    if (!subject->windows || index < 0)
        return false;
    struct window view = subject->windows[index];
    msec kept = view.span;
    bool any;
    view.span = span < kept ? span : kept; /* slices are the longest span's; a shorter one reads its newest slices */
    any = window_read(&view, subject->now, oldest, newest, smallest, largest, covered);
    return any;
}

static bool ask_silence(const void *asked, double *milliseconds)
{
    const struct rule_subject *subject = asked;
    *milliseconds = 0;
    if (subject->speaks)
        return true;
    msec heard = live_at(subject->fleet, subject->asset)->last_heard;
    if (heard == CLOCK_NEVER)
        return false;
    *milliseconds = subject->now > heard ? (double)(subject->now - heard) : 0;
    return true;
}

static const char *ask_word(const void *asked, const char *field)
{
    const struct rule_subject *subject = asked;
    const struct fleet_live *live = live_at(subject->fleet, subject->asset);
    if (strcmp(field, "health") == 0)
        return health_name((enum health)live->health);
    if (strcmp(field, "reason") == 0)
        return health_reason_name((enum health_reason)live->reason);
    if (strcmp(field, "link") == 0)
        return link_state_name((enum link_state)live->link);
    return comm_state_name((enum comm_state)live->comm);
}

static const struct filter *cached_filter(struct rule_filter **filters, const char *text)
{
    for (struct rule_filter *each = *filters; each; each = each->next)
        if (strcmp(each->text, text) == 0)
            return each->filter;
    struct rule_filter *added = memory_new(sizeof *added);
    *added = (struct rule_filter){.text = memory_text(text), .filter = filter_parse(text, FILTER_STRICT, clock_wall(), NULL),
                                  .next = *filters};
    *filters = added;
    return added->filter;
}

void rule_filters_free(struct rule_filter **filters)
{
    while (*filters) {
        struct rule_filter *first = *filters;
        *filters = first->next;
        filter_free(&first->filter);
        free(first->text);
        free(first);
    }
}

static bool ask_children(const void *asked, const char *text, unsigned *matching, unsigned *all)
{
    const struct rule_subject *subject = asked;
    const struct filter *filter = cached_filter(subject->filters, text);
    *matching = *all = 0;
    if (!filter)
        return false;
    for (uint32_t child = live_at(subject->fleet, subject->asset)->first_child; child != FLEET_NONE;
         child = live_at(subject->fleet, child)->next_child) {
        struct fleet_subject each = {.fleet = subject->fleet, .asset = child};
        *matching += filter_match(filter, &fleet_subject_ops, &each);
        ++*all;
    }
    return true;
}

const struct expression_asker rule_asker = {
    .metric = ask_metric, .parent_metric = ask_parent, .other_metric = ask_other, .attribute = ask_attribute,
    .window = ask_window, .silence = ask_silence, .word = ask_word, .children = ask_children,
};

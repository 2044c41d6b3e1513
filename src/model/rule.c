#include "model/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "model/filter.h"

static bool check_expression(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    struct expression *expression = expression_parse(text, error);
    bool good = expression != NULL;
    expression_free(&expression);
    return good;
}

static const char *const severity_choices[] = {"info", "warning", "minor", "major", "critical", NULL};

const struct config_key rule_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "unique; a rule of the configuration replaces a shipped one of its name"},
    {.name = "title", .type = CONFIG_TEXT, .help = "what people read in the alert (default: the name)"},
    {.name = "type", .type = CONFIG_TEXT, .help = "kind of alert, e.g. communication, environmental (default: other)"},
    {.name = "severity", .type = CONFIG_CHOICE, .required = true, .choices = severity_choices, .help = "critical, major, minor, warning or info"},
    {.name = "select", .type = CONFIG_FILTER, .required = true, .check = filter_check, .help = "which assets, by fields of the ledger"},
    {.name = "when", .type = CONFIG_TEXT, .required = true, .check = check_expression, .help = "what must hold, e.g. temperature > 30"},
    {.name = "clear", .type = CONFIG_TEXT, .check = check_expression, .help = "what must hold for it to be over (default: `when` no longer holds)"},
    {.name = "for", .type = CONFIG_SPAN, .help = "how long it must hold before people are told (default: at once)"},
    {.name = "attempts", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 100, .help = "or how many readings in a row"},
    {.name = "keep_firing", .type = CONFIG_SPAN, .help = "how long it must be over before the alert clears"},
    {.name = "repeat", .type = CONFIG_SPAN, .minimum = 60e3, .help = "remind while nobody has acknowledged it"},
    {.name = "reopen", .type = CONFIG_SPAN, .help = "a return within this reopens the same alert (default 15m)"},
    {.name = "flapping", .type = CONFIG_BOOL, .help = "detect flapping and go quiet while it lasts (default true)"},
    {.name = "hours", .type = CONFIG_TEXT_LIST, .help = "when it applies, local time: `mon-fri 08:00-19:00` (default: always)"},
    {.name = "runbook", .type = CONFIG_TEXT, .help = "name of the runbook (nocturne-runbook(7)), or an https:// address"},
    {.name = "requirement", .type = CONFIG_TEXT, .help = "the contract's row that it serves"},
    {.name = "enabled", .type = CONFIG_BOOL, .help = "false: leave it out, and the shipped one of its name"},
    {.name = NULL},
};

bool rule_in_hours(const struct rule *rule, msec now)
{
    return hours_contain(&rule->hours, now);
}

/* ---- reading ---- */

static uint32_t text_version(uint32_t version, const char *text)
{
    for (; *text; text++)
        version = (version ^ (uint8_t)*text) * 16777619u;
    return (version ^ 0x1f) * 16777619u;
}

/* FNV-1a over every scalar of the node, so that any change gives another number. */
static uint32_t node_version(const struct config_node *node)
{
    uint32_t version = 2166136261u;
    for (size_t i = 0; i < config_count(node); i++) {
        const struct config_node *value = config_at(node, i);
        version = text_version(version, config_key_at(node, i));
        if (config_scalar(value))
            version = text_version(version, config_scalar(value));
        for (size_t each = 0; config_is_list(value) && each < config_count(value); each++)
            if (config_scalar(config_at(value, each)))
                version = text_version(version, config_scalar(config_at(value, each)));
    }
    return version & 0x7fffffff;
}

/* Both about one metric, and some value makes both true: it would raise and clear for ever. */
static bool contradicts(const struct rule *rule)
{
    const char *raised, *cleared;
    double raise_low, raise_high, clear_low, clear_high;
    if (!rule->clear || !expression_interval(rule->when, &raised, &raise_low, &raise_high) ||
        !expression_interval(rule->clear, &cleared, &clear_low, &clear_high) || strcmp(raised, cleared) != 0)
        return false;
    double low = raise_low > clear_low ? raise_low : clear_low, high = raise_high < clear_high ? raise_high : clear_high;
    return low < high;
}

static struct expression *read_expression(const struct config_node *node, const char *key)
{
    const char *text = config_text(node, key, NULL);
    return text ? expression_parse(text, NULL) : NULL; /* rule_keys checked it */
}

static void read_policy(struct rule *rule, const struct config_node *node)
{
    rule->policy = alert_policy_default;
    rule->policy.hold = config_span(node, "for", 0);
    rule->policy.attempts = (unsigned)config_integer(node, "attempts", 0);
    rule->policy.clear_delay = config_span(node, "keep_firing", 0);
    rule->policy.repeat = config_span(node, "repeat", 0);
    rule->policy.reopen_window = config_span(node, "reopen", alert_policy_default.reopen_window);
    rule->policy.flap_detection = config_bool(node, "flapping", true);
}

struct rule *rule_read(const struct config_node *node, const char *contract, struct config_problems *problems)
{
    if (!config_bool(node, "enabled", true))
        return NULL;
    struct rule *rule = memory_new(sizeof *rule);
    rule->name = memory_text(config_text(node, "name", ""));
    rule->title = memory_text(config_text(node, "title", rule->name));
    rule->type = memory_text(config_text(node, "type", "other"));
    rule->select = memory_text(config_text(node, "select", ""));
    rule->runbook = memory_text(config_text(node, "runbook", ""));
    rule->contract = memory_text(contract);
    rule->requirement = memory_text(config_text(node, "requirement", ""));
    severity_parse(config_text(node, "severity", "warning"), &rule->severity);
    rule->when = read_expression(node, "when");
    rule->clear = read_expression(node, "clear");
    rule->version = node_version(node);
    read_policy(rule, node);
    bool good = rule->when != NULL && hours_read(&rule->hours, config_get(node, "hours"), problems);
    if (good && contradicts(rule)) {
        config_problem(problems, config_get(node, "clear"),
                       "contradicts `when: %s`: a value can satisfy both; expected the other side of the threshold, "
                       "with some distance", expression_text(rule->when));
        good = false;
    }
    if (!good)
        rule_free(&rule);
    return rule;
}

void rule_free(struct rule **owned)
{
    struct rule *rule = *owned;
    if (!rule)
        return;
    free(rule->name);
    free(rule->title);
    free(rule->type);
    free(rule->select);
    free(rule->runbook);
    free(rule->contract);
    free(rule->requirement);
    expression_free(&rule->when);
    expression_free(&rule->clear);
    free(rule);
    *owned = NULL;
}

struct rule *rule_copy(const struct rule *rule)
{
    struct rule *copy = memory_new(sizeof *copy);
    *copy = *rule;
    copy->name = memory_text(rule->name);
    copy->title = memory_text(rule->title);
    copy->type = memory_text(rule->type);
    copy->select = memory_text(rule->select);
    copy->runbook = memory_text(rule->runbook);
    copy->contract = memory_text(rule->contract);
    copy->requirement = memory_text(rule->requirement);
    copy->when = expression_parse(expression_text(rule->when), NULL);
    copy->clear = rule->clear ? expression_parse(expression_text(rule->clear), NULL) : NULL;
    return copy;
}

/* `heartbeats:` of the configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/heartbeats.h"

#define NAME_MAX_LENGTH 60
#define LEAST_GRACE (5 * SPAN_SECOND)

static const char *const severities[] = {"critical", "major", "minor", "warning", "info", NULL};

/* It stands in addresses and in crontabs. */
static bool check_name(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (!*text || text[good] || good > NAME_MAX_LENGTH)
        return error_set(error, ERROR_INVALID, "expected letters, digits, - _ and ., as in nightly-backup; got `%s`", text);
    return true;
}

const struct config_key heartbeat_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .check = check_name,
     .help = "as in /api/v1/heartbeats/NAME and `nocturne beat NAME`"},
    {.name = "every", .type = CONFIG_SPAN, .required = true, .minimum = 1000, .maximum = 400.0 * SPAN_DAY, .help = "at least so often"},
    {.name = "grace", .type = CONFIG_SPAN, .minimum = 0, .maximum = 31.0 * SPAN_DAY,
     .help = "so much later is no alert yet (default: a fifth of every, at least 5s)"},
    {.name = "severity", .type = CONFIG_CHOICE, .choices = severities, .help = "of the alert (default major)"},
    {.name = "title", .type = CONFIG_TEXT, .help = "name of the alert (default: heartbeat NAME)"},
    {.name = "type", .type = CONFIG_TEXT, .help = "type of the alert (default application)"},
    {.name = "asset", .type = CONFIG_TEXT, .help = "id of the asset that the alert is about"},
    {.name = "runbook", .type = CONFIG_TEXT, .help = "runbook of the alert"},
    {.name = "alert", .type = CONFIG_TEXT, .help = "another system's alert of this name is the beat, and no alert here: Watchdog"},
    {.name = "source", .type = CONFIG_TEXT, .help = "only from this source (default: any)"},
    {.name = NULL},
};

static char *own(const struct config_node *node, const char *key, const char *absent)
{
    return memory_text(config_text(node, key, absent));
}

void heartbeats_plan_read(struct heartbeats_plan *plan, const struct config_node *list, struct config_problems *problems)
{
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    *plan = (struct heartbeats_plan){.row = memory_new_array(count + 1, sizeof *plan->row)};
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i);
        const char *name = config_text(node, "name", "");
        struct heartbeat_plan *row = &plan->row[plan->count++];
        msec every = config_span(node, "every", SPAN_HOUR), grace = every / 5;
        char *title = memory_printf(N_("heartbeat %s"), name);
        for (unsigned before = 0; before + 1 < plan->count; before++)
            if (strcmp(plan->row[before].name, name) == 0)
                config_problem(problems, config_get(node, "name"), "there is a heartbeat `%s` already", name);
        *row = (struct heartbeat_plan){
            .name = memory_text(name), .title = own(node, "title", title), .type = own(node, "type", "application"),
            .asset = own(node, "asset", ""), .runbook = own(node, "runbook", ""), .alert = own(node, "alert", ""),
            .source = own(node, "source", ""), .every = every, .severity = SEVERITY_MAJOR,
            .grace = config_span(node, "grace", grace < LEAST_GRACE ? LEAST_GRACE : grace)};
        severity_parse(config_text(node, "severity", "major"), &row->severity);
        if (row->source[0] && !row->alert[0])
            config_problem(problems, config_get(node, "source"), "`source` needs `alert` beside it");
        free(title);
    }
}

void heartbeats_plan_release(struct heartbeats_plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        struct heartbeat_plan *row = &plan->row[i];
        char *texts[] = {row->name, row->title, row->type, row->asset, row->runbook, row->alert, row->source};
        for (size_t text = 0; text < ARRAY_COUNT(texts); text++)
            free(texts[text]);
    }
    free(plan->row);
    *plan = (struct heartbeats_plan){0};
}

#include "engine/capacity_plan.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/filter.h"

#define LEDGER_WORDS 64

/* Letters, digits, and what metrics and their patterns are made of. */
static bool is_pattern(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_.*:-", text[i]) && (unsigned char)text[i] < 0x80)
            return false;
    return length > 0;
}

static bool check_metric(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return is_pattern(text, strlen(text)) ||
           error_set(error, ERROR_INVALID, "expected a metric such as disk_root_percent or disk_*_percent; got `%s`", text);
}

static bool full_parse(const char *text, double *full)
{
    static const struct { const char *name; double times; } units[] = {
        {"", 1}, {"%", 1}, {"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
        {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}};
    size_t digits = strspn(text, "0123456789.");
    char number[40];
    if (!digits || (size_t)snprintf(number, sizeof number, "%.*s", (int)digits, text) >= sizeof number || !text_number(number, full))
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(units); i++)
        if (strcmp(text + digits, units[i].name) == 0) {
            *full *= units[i].times;
            return isfinite(*full) && *full > 0;
        }
    return false;
}

static bool check_full(const struct config_node *node, const char *text, struct error *error)
{
    double full;
    (void)node;
    return full_parse(text, &full) || error_set(error, ERROR_INVALID, "expected a number such as 85, 85%% or 200GB; got `%s`", text);
}

const struct config_key capacity_keys[] = {
    {.name = "select", .type = CONFIG_FILTER, .check = filter_check, .help = "whose figures (default all assets); the first entry that fits a figure counts"},
    {.name = "metric", .type = CONFIG_TEXT, .required = true, .check = check_metric, .help = "which figures: disk_*_percent, memory_percent, db.connections_percent; * stands for any run of characters"},
    {.name = "full", .type = CONFIG_TEXT, .required = true, .check = check_full, .help = "what counts as full: 85, 85%, 200GB"},
    {.name = NULL},
};

void capacity_plan_read(struct capacity_plan *plan, const struct config_node *list)
{
    size_t count = list && config_is_list(list) ? config_count(list) : 0;
    *plan = (struct capacity_plan){.limits = memory_new_array(count + 1, sizeof *plan->limits), .count = (unsigned)count};
    for (size_t i = 0; i < count; i++) {
        const struct config_node *node = config_at(list, i);
        struct capacity_limit *limit = &plan->limits[i];
        limit->select = config_text(node, "select", "");
        limit->filter = *limit->select ? filter_parse(limit->select, FILTER_STRICT, clock_wall(), NULL) : NULL;
        limit->metric = memory_text(config_text(node, "metric", ""));
        full_parse(config_text(node, "full", "100"), &limit->full);
    }
}

void capacity_plan_release(struct capacity_plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        filter_free(&plan->limits[i].filter);
        free(plan->limits[i].metric);
    }
    free(plan->limits);
    *plan = (struct capacity_plan){0};
}

/* ---- the ledger's column ---- */

static bool word_parse(const char *word, char *metric, size_t size, double *full)
{
    const char *equals = strchr(word, '=');
    if (!equals || !is_pattern(word, (size_t)(equals - word)) || !full_parse(equals + 1, full))
        return false;
    return (size_t)snprintf(metric, size, "%.*s", (int)(equals - word), word) < size;
}

bool capacity_word_check(const char *name, const char *word, struct error *error)
{
    char metric[120];
    double full;
    (void)name;
    return word_parse(word, metric, sizeof metric, &full) ||
           error_set(error, ERROR_INVALID, "expected METRIC=NUMBER such as disk_*_percent=85; got `%.60s`", word);
}

static bool ledger_find(const struct fleet *fleet, uint32_t asset, const char *metric, double *full)
{
    const struct fleet_subject subject = {.fleet = fleet, .asset = asset};
    struct fleet_view view;
    fleet_get(fleet, asset, &view);
    const char *text = strcmp(view.row.field[ASSET_kind], "server") == 0 ? fleet_subject_ops.text(&subject, "attribute." CAPACITY_COLUMN) : NULL;
    if (!text || !*text)
        return false;
    const char *words[LEDGER_WORDS];
    char *copy = memory_text(text), pattern[120];
    unsigned count = text_words(copy, words, LEDGER_WORDS);
    bool good = count <= LEDGER_WORDS, found = false;
    for (unsigned i = 0; i < count && good; i++) {
        double number;
        good = word_parse(words[i], pattern, sizeof pattern, &number); /* one that is malformed undoes the column */
        if (good && !found && text_glob(pattern, metric)) {
            found = true;
            *full = number;
        }
    }
    free(copy);
    return good && found;
}

bool capacity_plan_find(const struct capacity_plan *plan, const struct fleet *fleet, uint32_t asset, const char *metric, double *full,
                        const char **by)
{
    const struct fleet_subject subject = {.fleet = fleet, .asset = asset};
    for (unsigned i = 0; plan && i < plan->count; i++) {
        const struct capacity_limit *limit = &plan->limits[i];
        if (!text_glob(limit->metric, metric) || (*limit->select && !limit->filter) ||
            (limit->filter && !filter_match(limit->filter, &fleet_subject_ops, &subject)))
            continue;
        *full = limit->full;
        *by = "configuration";
        return true;
    }
    *by = "ledger";
    return ledger_find(fleet, asset, metric, full);
}

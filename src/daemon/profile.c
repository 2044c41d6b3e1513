#include "daemon/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/filter.h"
#include "model/rule.h"

struct profile {
    struct config *config;
    struct site_population *populations;
    size_t population_count;
};

/* Generated from src/profiles/ by mk/engine.mk: {"campus-iot", "text"}, ... */
static const struct { const char *name, *text; } builtin[] = {
#include "profiles.inc"
};

size_t profile_builtin_count(void)
{
    return ARRAY_COUNT(builtin);
}

const char *profile_builtin(size_t index)
{
    return builtin[index].name;
}

/* ---- checks of single values ---- */

static bool check_requirement(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    size_t digits = strspn(text + (text[0] == 'R'), "0123456789");
    return (text[0] == 'R' && digits == 3 && !text[4]) ||
           error_set(error, ERROR_INVALID, "expected a requirement row such as R046; got `%s`", text);
}

/* "30m"; "immediately"; "end of day"; "2 working days"; "1 week"; "client-set"; "none" (the contract states none). */
static bool check_target(const struct config_node *node, const char *text, struct error *error)
{
    static const char *const words[] = {"immediately", "end of day", "client-set", "vendor-set", "none"};
    (void)node;
    msec span;
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i], text) == 0)
            return true;
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    if (digits && digits < 4 && (strcmp(unit, " working days") == 0 || strcmp(unit, " working day") == 0 ||
                                 strcmp(unit, " weeks") == 0 || strcmp(unit, " week") == 0))
        return true;
    return span_parse(text, &span, NULL) ||
           error_set(error, ERROR_INVALID, "expected a target such as 30m, immediately, end of day, 2 working days, "
                     "1 week, client-set, vendor-set or none; got `%s`", text);
}

static bool clock_time(const char *text)
{
    return strlen(text) >= 5 && strspn(text, "0123456789") == 2 && text[2] == ':' &&
           strspn(text + 3, "0123456789") >= 2 && (text[0] < '2' || (text[0] == '2' && text[1] <= '4')) && text[3] < '6';
}

/* "mon-fri 08:00-19:00", "mon-sun 00:00-24:00"; "client-set" where the contract only says whose hours they are. */
static bool check_hours(const struct config_node *node, const char *text, struct error *error)
{
    static const char days[] = "mon tue wed thu fri sat sun";
    (void)node;
    if (strcmp(text, "client-set") == 0)
        return true;
    char first[4] = {0}, last[4] = {0};
    size_t used = 0;
    if (strlen(text) > 4) {
        memcpy(first, text, 3);
        used = 3;
        if (text[3] == '-' && strlen(text) > 8) {
            memcpy(last, text + 4, 3);
            used = 7;
        }
    }
    bool good = used && strstr(days, first) && strlen(first) == 3 && !strchr(first, ' ') &&
                (!last[0] || (strstr(days, last) && !strchr(last, ' '))) && text[used] == ' ' &&
                strlen(text + used) == 12 && clock_time(text + used + 1) && text[used + 6] == '-' &&
                clock_time(text + used + 7);
    return good || error_set(error, ERROR_INVALID, "expected hours such as `mon-fri 08:00-19:00`; got `%s`", text);
}

/* ---- the schema ---- */

static const char *const metrics[] = {"respond", "arrive", "restore", "resolve", "plan", "vendor", "feedback", "handle", NULL};
static const char *const events[] = {"reported", "alarm", "notice", "arrived", "passed-to-supplier", "repaired", NULL};
static const char *const periods[] = {"real-time", "shift", "day", "working-day", "week", "two-weeks", "month", "quarter",
                                      "half-year", "year", "term", "season", "event", NULL};
static const char *const kinds[] = {"inspection", "backup", "report", "security", "watch", "training", "roster",
                                    "meeting", "maintenance", "data", "drill", NULL};

static const struct config_key population_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "short, for screens: gateways"},
    {.name = "title", .type = CONFIG_TEXT, .help = "the contract's own word: 物联接入网关"},
    {.name = "filter", .type = CONFIG_FILTER, .required = true, .check = filter_check, .help = "who belongs: kind:gateway"},
    {.name = "need", .type = CONFIG_INTEGER, .required = true, .minimum = 1, .maximum = 1e9, .help = "kept online and normal"},
    {.name = "requirement", .type = CONFIG_TEXT, .required = true, .check = check_requirement, .help = "row: R046"},
    {.name = NULL},
};
static const struct config_key calendar_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "clocks and posts name it"},
    {.name = "hours", .type = CONFIG_TEXT_LIST, .required = true, .check = check_hours, .help = "mon-fri 08:00-19:00"},
    {.name = "requirement", .type = CONFIG_TEXT, .check = check_requirement, .help = "row: R340"},
    {.name = "note", .type = CONFIG_TEXT, .help = "for people"},
    {.name = NULL},
};
static const struct config_key clock_keys[] = {
    {.name = "metric", .type = CONFIG_CHOICE, .required = true, .choices = metrics, .help = "what is timed"},
    {.name = "target", .type = CONFIG_TEXT, .required = true, .check = check_target, .help = "30m, end of day, ..."},
    {.name = "from", .type = CONFIG_CHOICE, .choices = events, .help = "when it starts (default reported)"},
    {.name = "else_target", .type = CONFIG_TEXT, .check = check_target, .help = "the bound behind it"},
    {.name = "else_from", .type = CONFIG_CHOICE, .choices = events, .help = "when that one starts"},
    {.name = "calendar", .type = CONFIG_TEXT, .help = "when it runs (default 7x24)"},
    {.name = "requirement", .type = CONFIG_TEXT, .check = check_requirement, .help = "row: R070"},
    {.name = NULL},
};
static const struct config_key tier_keys[] = {
    {.name = "tier", .type = CONFIG_TEXT, .required = true, .help = "short name: major"},
    {.name = "title", .type = CONFIG_TEXT, .required = true, .help = "the contract's own words"},
    {.name = "part", .type = CONFIG_TEXT, .help = "of a contract in parts: 001-4"},
    {.name = "when", .type = CONFIG_TEXT, .help = "what falls under it"},
    {.name = "clocks", .type = CONFIG_LIST, .required = true, .keys = clock_keys, .help = "each runs by itself"},
    {.name = NULL},
};
static const struct config_key duty_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "what is to be done"},
    {.name = "kind", .type = CONFIG_CHOICE, .required = true, .choices = kinds, .help = "who takes it up"},
    {.name = "per", .type = CONFIG_CHOICE, .required = true, .choices = periods, .help = "the period it is due in"},
    {.name = "at_least", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 1000, .help = "times in a period (default 1)"},
    {.name = "part", .type = CONFIG_TEXT, .help = "of a contract in parts: 001-1"},
    {.name = "trigger", .type = CONFIG_TEXT, .help = "for per: event or season"},
    {.name = "requirement", .type = CONFIG_TEXT, .check = check_requirement, .help = "row: R055"},
    {.name = NULL},
};
static const struct config_key penalty_keys[] = {
    {.name = "event", .type = CONFIG_TEXT, .required = true, .help = "what it is for"},
    {.name = "amount", .type = CONFIG_NUMBER, .minimum = 0, .maximum = 1e9, .help = "CNY a time"},
    {.name = "percent", .type = CONFIG_NUMBER, .minimum = 0, .maximum = 100, .help = "of the fee"},
    {.name = "each", .type = CONFIG_TEXT, .help = "unit: form, part, person"},
    {.name = "counts_as", .type = CONFIG_TEXT, .help = "where it is not money: unqualified service"},
    {.name = "requirement", .type = CONFIG_TEXT, .check = check_requirement, .help = "row: R080"},
    {.name = NULL},
};
static const struct config_key payment_keys[] = {
    {.name = "share", .type = CONFIG_NUMBER, .required = true, .minimum = 0, .maximum = 100, .help = "percent"},
    {.name = "when", .type = CONFIG_TEXT, .required = true, .help = "what must have happened"},
    {.name = "less_penalties", .type = CONFIG_BOOL, .help = "penalties come off this part"},
    {.name = "requirement", .type = CONFIG_TEXT, .check = check_requirement, .help = "row: R014"},
    {.name = NULL},
};
static const struct config_key post_keys[] = {
    {.name = "post", .type = CONFIG_TEXT, .required = true, .help = "who"},
    {.name = "at_least", .type = CONFIG_INTEGER, .required = true, .minimum = 1, .maximum = 10000, .help = "persons"},
    {.name = "part", .type = CONFIG_TEXT, .help = "of a contract in parts"},
    {.name = "calendar", .type = CONFIG_TEXT, .help = "when (default 7x24)"},
    {.name = "requirement", .type = CONFIG_TEXT, .check = check_requirement, .help = "row: R075"},
    {.name = NULL},
};
static const struct config_key requirements_keys[] = {
    {.name = "first", .type = CONFIG_TEXT, .required = true, .check = check_requirement, .help = "R001"},
    {.name = "last", .type = CONFIG_TEXT, .required = true, .check = check_requirement, .help = "R084"},
    {.name = NULL},
};
static const struct config_key keys[] = {
    {.name = "contract", .type = CONFIG_TEXT, .required = true, .help = "id, as in the ledger's contract column"},
    {.name = "title", .type = CONFIG_TEXT, .required = true, .help = "for people"},
    {.name = "document", .type = CONFIG_TEXT, .help = "number of the contract: 000"},
    {.name = "requirements", .type = CONFIG_MAP, .keys = requirements_keys, .help = "its rows"},
    {.name = "term", .type = CONFIG_TEXT, .help = "1 year"},
    {.name = "contracted", .type = CONFIG_LIST, .keys = population_keys, .help = "what must be kept online and normal"},
    {.name = "rules", .type = CONFIG_LIST, .keys = rule_keys, .help = "what raises an alert"},
    {.name = "calendars", .type = CONFIG_LIST, .keys = calendar_keys, .help = "hours that clocks and posts name"},
    {.name = "sla", .type = CONFIG_LIST, .keys = tier_keys, .help = "tiers, each with its clocks"},
    {.name = "pauses", .type = CONFIG_TEXT_LIST, .help = "reasons that stop a restoring clock"},
    {.name = "duties", .type = CONFIG_LIST, .keys = duty_keys, .help = "what recurs"},
    {.name = "penalties", .type = CONFIG_LIST, .keys = penalty_keys, .help = "what a failure costs"},
    {.name = "payments", .type = CONFIG_LIST, .keys = payment_keys, .help = "how the fee is paid"},
    {.name = "staffing", .type = CONFIG_LIST, .keys = post_keys, .help = "posts to be filled"},
    {.name = "applications", .type = CONFIG_ANY, .help = "systems that it names, each waiting for an address"},
    {.name = NULL},
};

/* ---- what the tables cannot say ---- */

static void check_calendar_names(const struct config_node *root, const struct config_node *items, const char *list,
                                 struct config_problems *problems)
{
    const struct config_node *calendars = config_get(root, "calendars");
    for (size_t i = 0; items && i < config_count(items); i++) {
        const struct config_node *inner = list ? config_get(config_at(items, i), list) : NULL;
        if (inner) {
            check_calendar_names(root, inner, NULL, problems);
            continue;
        }
        const struct config_node *node = config_get(config_at(items, i), "calendar");
        const char *name = node ? config_scalar(node) : NULL;
        bool found = !name || strcmp(name, "7x24") == 0;
        for (size_t c = 0; !found && calendars && c < config_count(calendars); c++)
            found = strcmp(config_text(config_at(calendars, c), "name", ""), name) == 0;
        if (!found)
            config_problem(problems, node, "no calendar `%s` in this profile; there is always 7x24", name);
    }
}

static void read_populations(struct profile *profile)
{
    const struct config_node *root = config_root(profile->config), *list = config_get(root, "contracted");
    profile->population_count = list ? config_count(list) : 0;
    profile->populations = memory_new_array(profile->population_count + 1, sizeof *profile->populations);
    for (size_t i = 0; i < profile->population_count; i++) {
        const struct config_node *node = config_at(list, i);
        profile->populations[i] = (struct site_population){
            .name = config_text(node, "name", ""),
            .contract = profile_contract(profile),
            .requirement = config_text(node, "requirement", ""),
            .filter = config_text(node, "filter", ""),
            .need = (uint32_t)config_integer(node, "need", 0),
        };
    }
}

static bool profile_read(struct profile *profile, const char *name, struct config_problems *problems, struct error *error)
{
    if (strchr(name, '/') || (strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".yml") == 0))
        return config_load(profile->config, name, problems);
    struct buffer known = BUFFER_INIT;
    for (size_t i = 0; i < ARRAY_COUNT(builtin); i++) {
        if (strcmp(builtin[i].name, name) == 0) {
            buffer_clear(&known);
            buffer_printf(&known, "profiles/%s.yml", name);
            bool good = config_load_text(profile->config, buffer_text(&known), builtin[i].text, strlen(builtin[i].text), problems);
            buffer_release(&known);
            return good;
        }
        buffer_printf(&known, "%s%s", i ? ", " : "", builtin[i].name);
    }
    error_set(error, ERROR_NOT_FOUND, "no contract profile `%s`; there are %s, or the path of a .yml file", name,
              buffer_text(&known));
    buffer_release(&known);
    return false;
}

struct profile *profile_load(const char *name, struct config_problems *problems, struct error *error)
{
    struct profile *profile = memory_new(sizeof *profile);
    profile->config = config_new();
    error_clear(error);
    bool good = profile_read(profile, name, problems, error);
    const struct config_node *root = config_root(profile->config);
    unsigned before = problems->count;
    if (good && config_check(root, keys, problems)) {
        check_calendar_names(root, config_get(root, "sla"), "clocks", problems);
        check_calendar_names(root, config_get(root, "staffing"), NULL, problems);
    }
    if (!good || problems->count != before)
        profile_free(&profile);
    else
        read_populations(profile);
    return profile;
}

void profile_free(struct profile **profile)
{
    if (!*profile)
        return;
    config_free(&(*profile)->config);
    free((*profile)->populations);
    free(*profile);
    *profile = NULL;
}

const char *profile_contract(const struct profile *profile)
{
    return config_text(config_root(profile->config), "contract", "");
}

const char *profile_title(const struct profile *profile)
{
    return config_text(config_root(profile->config), "title", "");
}

const struct config_node *profile_applications(const struct profile *profile)
{
    return config_get(config_root(profile->config), "applications");
}

const struct config_node *profile_rules(const struct profile *profile)
{
    return config_get(config_root(profile->config), "rules");
}

size_t profile_populations(const struct profile *profile, const struct site_population **populations)
{
    *populations = profile->populations;
    return profile->population_count;
}

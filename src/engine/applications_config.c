/* `applications:` of the site and of the contracts' profiles: one list by id, checked as a whole. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/check.h"
#include "engine/applications_private.h"
#include "model/asset.h"

/* ---- the schema ---- */

static bool check_id(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return (asset_id_valid(text, error) && !strchr(text, '/')) ||
           error_set(error, ERROR_INVALID, "expected an id without slashes, such as energy; got `%s`", text);
}

static const struct config_key recovery_keys[] = {
    {.name = "unit", .type = CONFIG_TEXT, .required = true, .check = check_unit_name, .help = "that is restarted: nginx.service"},
    {.name = "on", .type = CONFIG_TEXT, .required = true, .help = "id of its server; `servers:` says how it is restarted there"},
    {.name = "checks", .type = CONFIG_TEXT_LIST, .help = "names of the checks whose failing asks for it (default: those on that server)"},
    {.name = "attempts", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 100, .help = "at most so many in a window (default 3)"},
    {.name = "backoff", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 24 * 3600e3, .help = "from one to the next, then twice that, and so on (default 30s)"},
    {.name = "window", .type = CONFIG_SPAN, .minimum = 10000, .maximum = 7 * 24 * 3600e3, .help = "(default 1h)"},
    {.name = NULL},
};
const struct config_key application_keys[] = {
    {.name = "id", .type = CONFIG_TEXT, .required = true, .check = check_id, .help = "of the asset; a contract's entry of this id is filled in"},
    {.name = "name", .type = CONFIG_TEXT, .help = "for people (default: the contract's, or the id)"},
    {.name = "subsystem", .type = CONFIG_TEXT, .help = "business system"},
    {.name = "contract", .type = CONFIG_TEXT, .help = "that it is watched for"},
    {.name = "requirement", .type = CONFIG_TEXT, .help = "row of the contract: R008"},
    {.name = "unit", .type = CONFIG_TEXT, .help = "responsible unit"},
    {.name = "servers", .type = CONFIG_TEXT_LIST, .help = "ids of servers that it stands on, besides those of its checks"},
    {.name = "checks", .type = CONFIG_ANY, .help = "list of what is asked; see below"},
    {.name = "recovery", .type = CONFIG_MAP, .keys = recovery_keys, .help = "what is restarted by itself, and how often"},
    {.name = NULL},
};

/* ---- merging ---- */

unsigned plan_texts(const struct config_node *node)
{
    return !node ? 0 : config_is_list(node) ? (unsigned)config_count(node) : config_scalar(node) ? 1 : 0;
}

const char *plan_text_at(const struct config_node *node, unsigned index)
{
    const char *text = config_scalar(config_is_list(node) ? config_at(node, index) : node);
    return text ? text : "";
}

const struct config_node *plan_get(const struct plan_application *item, const char *key)
{
    const struct config_node *node = item->own ? config_get(item->own, key) : NULL;
    return node ? node : item->shipped ? config_get(item->shipped, key) : NULL;
}

const char *plan_text(const struct plan_application *item, const char *key, const char *absent)
{
    const struct config_node *node = plan_get(item, key);
    const char *text = node ? config_scalar(node) : NULL;
    return text ? text : absent;
}

static struct plan_application *plan_find(const struct applications_plan *plan, const char *id)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (strcmp(plan->items[i].id, id) == 0)
            return &plan->items[i];
    return NULL;
}

static const char *name_of(const struct config_node *check)
{
    return config_text(check, "name", "");
}

/* Own checks in place of shipped ones of their name, then the rest of them. */
static void merge_checks(struct plan_application *item)
{
    const struct config_node *shipped = item->shipped ? config_get(item->shipped, "checks") : NULL;
    const struct config_node *own = item->own ? config_get(item->own, "checks") : NULL;
    size_t room = (shipped ? config_count(shipped) : 0) + (own ? config_count(own) : 0) + 1;
    free(item->checks);
    item->checks = memory_new_array(room, sizeof *item->checks);
    item->check_count = 0;
    for (size_t i = 0; shipped && i < config_count(shipped); i++)
        item->checks[item->check_count++] = config_at(shipped, i);
    unsigned before = item->check_count;
    for (size_t i = 0; own && i < config_count(own); i++) {
        const struct config_node *check = config_at(own, i);
        unsigned at = 0;
        while (at < before && strcmp(name_of(item->checks[at]), name_of(check)) != 0)
            at++;
        if (at == before)
            at = item->check_count++;
        item->checks[at] = check;
    }
}

/* ---- checking ---- */

static bool entry_valid(const struct config_node *node, struct config_problems *problems)
{
    unsigned before = problems->count;
    if (!config_check(node, application_keys, problems))
        return false;
    const struct config_node *checks = config_get(node, "checks");
    if (checks && !config_is_list(checks))
        config_problem(problems, checks, "expected a list, each with name: and type:");
    for (size_t i = 0; checks && config_is_list(checks) && i < config_count(checks); i++) {
        const struct config_node *check = config_at(checks, i);
        if (!check_validate(check, problems))
            continue;
        for (size_t j = 0; j < i; j++)
            if (config_is_map(config_at(checks, j)) && strcmp(name_of(config_at(checks, j)), name_of(check)) == 0)
                config_problem(problems, config_get(check, "name"), "another check above has this name");
    }
    return problems->count == before;
}

static void add_list(struct applications_plan *plan, const struct applications_list *list, struct config_problems *problems)
{
    bool own = !list->contract[0];
    if (list->node && !config_is_list(list->node)) {
        config_problem(problems, list->node, "expected a list, each with id: and checks:");
        return;
    }
    for (size_t i = 0; list->node && i < config_count(list->node); i++) {
        const struct config_node *node = config_at(list->node, i);
        if (!entry_valid(node, problems))
            continue;
        const char *id = config_text(node, "id", "");
        struct plan_application *item = plan_find(plan, id);
        if (item && (item->own || !own)) {
            config_problem(problems, config_get(node, "id"), "there is an application `%s` already, at %s:%u", id,
                           config_file(item->own ? item->own : item->shipped), config_line(item->own ? item->own : item->shipped));
            continue;
        }
        if (!item) {
            ARRAY_RESERVE(plan->items, plan->capacity, plan->count + 1);
            item = &plan->items[plan->count++];
            *item = (struct plan_application){.id = id, .contract = list->contract};
        }
        *(own ? &item->own : &item->shipped) = node;
        merge_checks(item);
    }
}

static unsigned check_index(const struct plan_application *item, const char *name)
{
    for (unsigned i = 0; i < item->check_count; i++)
        if (strcmp(name_of(item->checks[i]), name) == 0)
            return i;
    return PARTS_NONE;
}

/* The graph of names: applications first, then all checks; servers need nothing and cannot close a circle. */
struct names {
    const struct applications_plan *plan;
    struct part *parts;
    unsigned *first; /* part of an application's first check */
    unsigned count;
};

static const struct config_node *names_of(const struct names *names, unsigned part, const struct plan_application **item)
{
    unsigned at = names->plan->count;
    *item = part < at ? &names->plan->items[part] : NULL;
    for (unsigned i = 0; i < names->plan->count && !*item; at += names->plan->items[i++].check_count)
        if (part < at + names->plan->items[i].check_count)
            *item = &names->plan->items[i];
    return part < names->plan->count ? NULL : (*item)->checks[part - names->first[*item - names->plan->items]];
}

static void needs_resolve(struct names *names, unsigned index, unsigned check, struct config_problems *problems)
{
    const struct applications_plan *plan = names->plan;
    const struct plan_application *item = &plan->items[index];
    const struct config_node *list = config_get(item->checks[check], "needs");
    struct part *part = &names->parts[names->first[index] + check];
    part->needs = memory_new_array(plan_texts(list) + 1u, sizeof *part->needs);
    for (unsigned i = 0; i < plan_texts(list); i++) {
        const char *name = plan_text_at(list, i);
        unsigned own = check_index(item, name);
        const struct plan_application *other = own == PARTS_NONE ? plan_find(plan, name) : NULL;
        if (own == PARTS_NONE && !other)
            config_problem(problems, list, "no check `%s` in %s, and no application of that id", name, item->id);
        else
            part->needs[part->need_count++] = own != PARTS_NONE ? names->first[index] + own : (unsigned)(other - plan->items);
    }
}

static void circle_tell(const struct names *names, const unsigned *path, unsigned length, struct config_problems *problems)
{
    struct buffer text = BUFFER_INIT;
    const struct config_node *where = NULL;
    for (unsigned i = 0; i < length; i++) {
        const struct plan_application *item;
        const struct config_node *check = names_of(names, path[i], &item);
        buffer_printf(&text, "%s%s%s%s", i ? " needs " : "", item->id, check ? "/" : "", check ? name_of(check) : "");
        if (check && !where)
            where = config_get(check, "needs");
    }
    config_problem(problems, where ? where : (names->plan->items[0].own ? names->plan->items[0].own : names->plan->items[0].shipped),
                   "they need each other in a circle: %s", buffer_text(&text));
    buffer_release(&text);
}

static void check_needs(const struct applications_plan *plan, struct config_problems *problems)
{
    struct names names = {.plan = plan, .count = plan->count};
    names.first = memory_new_array(plan->count + 1u, sizeof *names.first);
    for (unsigned i = 0; i < plan->count; i++) {
        names.first[i] = names.count;
        names.count += plan->items[i].check_count;
    }
    names.parts = memory_new_array(names.count + 1u, sizeof *names.parts);
    unsigned *path = memory_new_array(names.count + 2u, sizeof *path);
    for (unsigned i = 0; i < plan->count; i++) {
        struct part *application = &names.parts[i];
        application->needs = memory_new_array(plan->items[i].check_count + 1u, sizeof *application->needs);
        for (unsigned c = 0; c < plan->items[i].check_count; c++) {
            application->needs[application->need_count++] = names.first[i] + c;
            needs_resolve(&names, i, c, problems);
        }
    }
    unsigned length = parts_circle(names.parts, names.count, path);
    if (length)
        circle_tell(&names, path, length, problems);
    for (unsigned i = 0; i < names.count; i++)
        free(names.parts[i].needs);
    free(names.parts);
    free(names.first);
    free(path);
}

static void check_recovery(const struct plan_application *item, struct config_problems *problems)
{
    const struct config_node *recovery = plan_get(item, "recovery"), *list = recovery ? config_get(recovery, "checks") : NULL;
    for (unsigned i = 0; i < plan_texts(list); i++)
        if (check_index(item, plan_text_at(list, i)) == PARTS_NONE)
            config_problem(problems, list, "no check `%s` in %s", plan_text_at(list, i), item->id);
}

struct applications_plan *applications_plan_read(const struct applications_list *lists, unsigned count,
                                                 struct config_problems *problems)
{
    struct applications_plan *plan = memory_new(sizeof *plan);
    for (unsigned i = 0; i < count; i++)
        add_list(plan, &lists[i], problems);
    check_needs(plan, problems);
    for (unsigned i = 0; i < plan->count; i++)
        check_recovery(&plan->items[i], problems);
    return plan;
}

void applications_plan_free(struct applications_plan **slot)
{
    struct applications_plan *plan = *slot;
    if (!plan)
        return;
    *slot = NULL;
    for (unsigned i = 0; i < plan->count; i++)
        free(plan->items[i].checks);
    free(plan->items);
    free(plan);
}

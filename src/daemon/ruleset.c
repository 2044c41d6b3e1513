#include "daemon/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Generated from src/profiles/common/ by mk/engine.mk. */
static const char common_text[] =
#include "common_rules.inc"
    ;

struct ruleset {
    struct rule **rules;
    size_t count, capacity;
    struct config_problems *problems;
};

static const char *name_of(const struct config_node *node)
{
    return config_text(node, "name", "");
}

static bool named_in(const struct config_node *list, size_t end, const char *name)
{
    for (size_t i = 0; list && i < end; i++)
        if (strcmp(name_of(config_at(list, i)), name) == 0)
            return true;
    return false;
}

static bool named_anywhere(const struct config_node *const *lists, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (lists[i] && named_in(lists[i], config_count(lists[i]), name))
            return true;
    return false;
}

/* The rules of one list, but those that one of `instead` names too. */
static void add_list(struct ruleset *set, const struct config_node *list, const struct config_node *const *instead, size_t instead_count,
                     const char *contract)
{
    for (size_t i = 0; list && i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i);
        if (named_in(list, i, name_of(node)))
            config_problem(set->problems, config_get(node, "name"), "another rule above has this name");
        if (named_anywhere(instead, instead_count, name_of(node)))
            continue;
        struct rule *rule = rule_read(node, contract, set->problems);
        if (!rule)
            continue;
        ARRAY_RESERVE(set->rules, set->capacity, set->count + 1);
        set->rules[set->count++] = rule;
    }
}

/* The rules of every site, unless a profile or the site itself has one of that name. */
static void add_common(struct ruleset *set, struct profile *const *profiles, size_t profile_count, const struct config_node *own)
{
    struct config *config = config_new();
    const struct config_node **instead = memory_new_array(profile_count + 1, sizeof *instead);
    for (size_t i = 0; i < profile_count; i++)
        instead[i] = profile_rules(profiles[i]);
    instead[profile_count] = own;
    if (config_load_text(config, "common rules", common_text, sizeof common_text - 1, set->problems))
        add_list(set, config_get(config_root(config), "rules"), instead, profile_count + 1, "common");
    free(instead);
    config_free(&config);
}

size_t ruleset_read(struct profile *const *profiles, size_t profile_count, const struct config_node *root,
                    struct rule ***rules, struct config_problems *problems)
{
    struct ruleset set = {.problems = problems};
    const struct config_node *own = root ? config_get(root, "rules") : NULL;
    if (own && !config_is_list(own))
        own = NULL; /* settings_keys has said so */
    for (size_t i = 0; i < profile_count; i++)
        add_list(&set, profile_rules(profiles[i]), &own, 1, profile_contract(profiles[i]));
    add_list(&set, own, NULL, 0, "");
    add_common(&set, profiles, profile_count, own);
    *rules = set.rules;
    return set.count;
}

void ruleset_free(struct rule ***rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rule_free(&(*rules)[i]);
    free(*rules);
    *rules = NULL;
}

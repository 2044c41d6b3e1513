#include "daemon/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

/* The rules of one list, but those that `instead` names too. */
static void add_list(struct ruleset *set, const struct config_node *list, const struct config_node *instead, const char *contract)
{
    for (size_t i = 0; list && i < config_count(list); i++) {
        const struct config_node *node = config_at(list, i);
        if (named_in(list, i, name_of(node)))
            config_problem(set->problems, config_get(node, "name"), "another rule above has this name");
        if (named_in(instead, instead ? config_count(instead) : 0, name_of(node)))
            continue;
        struct rule *rule = rule_read(node, contract, set->problems);
        if (!rule)
            continue;
        ARRAY_RESERVE(set->rules, set->capacity, set->count + 1);
        set->rules[set->count++] = rule;
    }
}

size_t ruleset_read(struct profile *const *profiles, size_t profile_count, const struct config_node *root,
                    struct rule ***rules, struct config_problems *problems)
{
    struct ruleset set = {.problems = problems};
    const struct config_node *own = root ? config_get(root, "rules") : NULL;
    if (own && !config_is_list(own))
        own = NULL; /* settings_keys has said so */
    for (size_t i = 0; i < profile_count; i++)
        add_list(&set, profile_rules(profiles[i]), own, profile_contract(profiles[i]));
    add_list(&set, own, NULL, "");
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

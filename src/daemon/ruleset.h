/* The rules in force: those of the contracts' profiles and those that every site has (src/profiles/common/), replaced or
 * left out by name by the configuration's own. */
#ifndef DAEMON_RULESET_H
#define DAEMON_RULESET_H

#include <stddef.h>

#include "base/config.h"
#include "daemon/profile.h"
#include "model/rule.h"

/* Fresh rules each time, in an array of the caller's to free (rules_use takes the rules themselves). Mistakes are
 * added: two rules of one name in one place, and what rule_read says. */
size_t ruleset_read(struct profile *const *profiles, size_t profile_count, const struct config_node *root,
                    struct rule ***rules, struct config_problems *problems);
void ruleset_free(struct rule ***rules, size_t count);

#endif

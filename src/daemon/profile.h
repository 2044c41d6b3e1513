/* Contract profiles: what a contract promises, as data. Five are built in (src/profiles/); a path names another.
 * Everything in one is checked, also what only later parts read, so that a profile that loads can be relied on. */
#ifndef DAEMON_PROFILE_H
#define DAEMON_PROFILE_H

#include "base/config.h"
#include "engine/site.h"

struct profile;

/* A built-in contract's id, or the path of a file. Mistakes are added with the profile's own file and line. NULL when
 * there is no such profile (`error` says what there is) or it has mistakes. */
struct profile *profile_load(const char *name, struct config_problems *problems, struct error *error);
void profile_free(struct profile **profile);
const char *profile_contract(const struct profile *profile);
const char *profile_title(const struct profile *profile);
/* Its `rules:`, checked by rule_keys; NULL when it has none. */
const struct config_node *profile_rules(const struct profile *profile);
const struct config_node *profile_applications(const struct profile *profile); /* for applications_plan_read; NULL none */
size_t profile_populations(const struct profile *profile, const struct site_population **populations);

size_t profile_builtin_count(void);
const char *profile_builtin(size_t index); /* its id */

#endif

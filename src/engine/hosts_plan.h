/* `servers:` of the configuration: what is expected of hosts, and what may be done on them. */
#ifndef ENGINE_HOSTS_PLAN_H
#define ENGINE_HOSTS_PLAN_H

#include "base/config.h"
#include "engine/hosts.h"

struct hosts_plan {
    struct hosts_expectation *row;
    unsigned count;
};
extern const struct config_key hosts_keys[];
/* A word as the list of that key takes it. */
bool hosts_word_check(const char *key, const char *word, struct error *error);
/* `list` was checked by the keys, or is NULL; its texts stay the configuration's. */
void hosts_plan_read(struct hosts_plan *plan, const struct config_node *list);
void hosts_plan_release(struct hosts_plan *plan);

#endif

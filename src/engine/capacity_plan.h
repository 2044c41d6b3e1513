/* What counts as full: `capacity:` of the configuration and the ledger column `full` of a server, before the usual
 * limits (100 of every percentage). */
#ifndef ENGINE_CAPACITY_PLAN_H
#define ENGINE_CAPACITY_PLAN_H

#include "base/config.h"
#include "engine/fleet.h"

#define CAPACITY_COLUMN "full" /* "disk_*_percent=85 memory_percent=90" */

struct filter;
struct capacity_limit {
    struct filter *filter;    /* of the assets it is said of; NULL all */
    const char *select;       /* as written */
    char *metric;             /* pattern */
    double full;
};

struct capacity_plan {
    struct capacity_limit *limits; /* the first that fits a figure holds */
    unsigned count;
};
extern const struct config_key capacity_keys[];
/* `list` was checked by the keys, or is NULL; its texts stay the configuration's. */
void capacity_plan_read(struct capacity_plan *plan, const struct config_node *list);
void capacity_plan_release(struct capacity_plan *plan);

/* The limit of a figure of an asset: the configuration's, else the ledger's; false: neither says one. `by`: "configuration"
 * or "ledger". `plan` may be NULL. */
bool capacity_plan_find(const struct capacity_plan *plan, const struct fleet *fleet, uint32_t asset, const char *metric, double *full,
                        const char **by);
/* One word of the ledger's column; false with what would be right. */
bool capacity_word_check(const char *name, const char *word, struct error *error);

#endif

/* The rule engine: evaluates rules when something that they compare changes, and by timers where time itself does;
 * never by sweeping the fleet. A reading costs nothing in rules that do not name its metric, and one bit test in those
 * that name it but do not select its asset. */
#ifndef ENGINE_RULES_H
#define ENGINE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/alerts.h"
#include "engine/fleet.h"
#include "model/rule.h"

struct rules;

struct rules *rules_new(uv_loop_t *loop, struct fleet *fleet, struct alerts *alerts);
void rules_free(struct rules **rules);
/* Put rules in force, and take their ownership; those that are the same (name and version) keep their state. A rule
 * that is gone clears its alerts with the reason. */
void rules_use(struct rules *rules, struct rule **list, size_t count);

/* What is in force, in order of the configuration. */
struct rules_status {
    const struct rule *rule;
    uint32_t applies;         /* assets that it selects */
    uint32_t active;          /* of them, those where it holds */
    const char *problem;      /* "selects nothing", "" */
};
size_t rules_count(const struct rules *rules);
void rules_get(struct rules *rules, size_t index, struct rules_status *status);
/* Rules that apply to one asset; returns how many. */
unsigned rules_of(struct rules *rules, uint32_t asset, const struct rule **list, unsigned max);

/* What a rule would have done, had it been in force since `since`: each selected asset's stored readings are put
 * through it, asset by asset, without touching the desk. */
struct rehearsal {
    const struct rule *rule;
    uint32_t assets;          /* selected */
    uint32_t assets_raised;
    uint32_t raised;          /* alerts */
    msec longest;             /* of them */
    uint64_t readings;        /* looked at */
    struct { uint32_t asset; msec from, to; double value; } examples[10]; /* the first; to CLOCK_NEVER: still */
    unsigned example_count;
    bool complete;            /* false: it compares what is not stored (health, children), or ran out of time */
    const char *remark;       /* why not */
};
typedef void rehearsal_done(void *owner, const struct rehearsal *rehearsal);
/* Takes the rule. Ends within `limit` of time with what it has. */
void rules_rehearse(struct fleet *fleet, struct store *store, struct rule *rule, msec since, msec limit,
                    rehearsal_done *done, void *owner);

#endif

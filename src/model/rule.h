/* A rule: which assets, what is compared, how long it must hold, what the alert is called. Data from YAML, checked
 * before it is in force; immutable afterwards. Cost and state are the engine's (engine/rules.h). */
#ifndef MODEL_RULE_H
#define MODEL_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/config.h"
#include "model/alert.h"
#include "model/expression.h"
#include "model/hours.h"

struct rule {
    char *name;                 /* unique among the rules in force */
    char *title;                /* what people read: 温度过高; the name when none is given */
    char *type;                 /* environmental, communication, security, ... (R020) */
    enum severity severity;
    char *select;               /* filter over ledger fields */
    struct expression *when;
    struct expression *clear;   /* NULL: when `when` no longer holds */
    struct alert_policy policy;
    char *runbook;              /* "" */
    char *contract, *requirement; /* of a shipped rule: "campus-iot" or "common", "R030"; "" the site's own */
    uint32_t version;           /* of its text: changes when anything of it does */
    struct hours hours;         /* when it applies */
};

/* Keys of one entry of `rules:`, for configuration and profiles. */
extern const struct config_key rule_keys[];
/* Build a rule from a checked node. NULL with problems added: bad expressions with their column, a `clear` that
 * contradicts `when`, hours that cannot be read. A rule with `enabled: false` gives NULL and no problem. */
struct rule *rule_read(const struct config_node *node, const char *contract, struct config_problems *problems);
void rule_free(struct rule **rule);
struct rule *rule_copy(const struct rule *rule);
/* Does it apply at this instant, by its hours? */
bool rule_in_hours(const struct rule *rule, msec now);

#endif

/* What the rule engine's files share: a rule asked of an asset. */
#ifndef ENGINE_RULES_PRIVATE_H
#define ENGINE_RULES_PRIVATE_H

#include "engine/rules.h"
#include "engine/window.h"

/* A filter of count() and share(), parsed once. */
struct rule_filter { char *text; struct filter *filter; struct rule_filter *next; };

struct rule_subject {
    struct fleet *fleet;
    uint32_t asset;
    msec now;
    bool speaks;                     /* it speaks this very moment: its silence is over, whatever the fleet has yet */
    const struct expression_needs *needs;
    const struct window *windows;    /* by metric, in the order of needs; NULL: none */
    const double *values;            /* instead of the fleet's, by metric in the order of needs (rehearsal); NULL */
    const bool *known;               /* which of `values` there are */
    struct rule_filter **filters;    /* cache */
};

extern const struct expression_asker rule_asker;
void rule_filters_free(struct rule_filter **filters);
/* What the timer does: a changed ledger, silence, children that changed. */
void rules_turn(struct rules *rules);
/* Position of a metric in needs, or -1. */
int rule_metric_index(const struct expression_needs *needs, const char *name);

#endif

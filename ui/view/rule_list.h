/* Rules and how they behave: what is in force, joined with the statistics of their alerts; the built-in detectors and
 * foreign sources, which have alerts and no rule of ours, come after them. */
#ifndef VIEW_RULE_LIST_H
#define VIEW_RULE_LIST_H

#include "view/view.h"

struct rule_row {
    const char *name, *title, *source;  /* source "rule": ours */
    const struct wire_rule *rule;       /* NULL: not ours */
    bool counted;                       /* the statistics know it */
    uint32_t raised, active, acknowledged, cleared, standing, chattering;
    double mtta, mttr;                  /* ms; NaN: none yet */
};
struct rule_actor { const char *asset, *name; uint32_t raised; };

struct rule_list {
    struct arena *rules_arena, *stats_arena;
    struct wire_rule *rules;
    unsigned rule_count;
    struct rule_row *stats;             /* as they came */
    unsigned stat_count;
    struct rule_row *rows;              /* joined */
    unsigned count;
    struct rule_actor actors[10];
    unsigned actor_count, people;
    double per_person;
    bool have_rules, have_stats;
};

void rule_list_want(struct view_wants *wants, unsigned slot);         /* takes two slots */
bool rule_list_receive(struct rule_list *list, unsigned part, const struct client_answer *answer, struct error *error);
void rule_list_release(struct rule_list *list);
const struct rule_row *rule_list_find(const struct rule_list *list, const char *name);
/* "12m" of milliseconds; "" for none. */
char *rule_mean_text(char out[SPAN_TEXT], double milliseconds);

#endif

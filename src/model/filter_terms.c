/* A filter taken apart into terms that must all hold. What is a choice between different things is none of these. */
#include "base/phrase.h"
#include "model/filter_tree.h"

struct walk {
    const struct filter_node *nodes;
    bool (*visit)(void *owner, const struct filter_term *term, struct error *odd);
    void *owner;
    struct error *odd;
};

const char *filter_term_value(const struct filter_term *term, unsigned index)
{
    return term->node->patterns[index].source;
}

bool filter_term_is(const struct filter_term *term, const char *text)
{
    const struct pattern *patterns = term->node->patterns;
    bool met = term->kind == TERM_HAS && *text;
    for (uint32_t i = 0; i < term->count && !met; i++)
        met = term->kind == TERM_CONTAINS ? pattern_contained(&patterns[i], text) : pattern_equals(&patterns[i], text);
    return met != term->negated;
}

static bool walk_leaf(struct walk *walk, const struct filter_node *node, bool negated)
{
    struct filter_term term = {.field = node->field, .negated = negated, .count = node->pattern_count, .node = node};
    switch (node->type) {
    case FILTER_EQUALS:
    case FILTER_CONTAINS:
        term.kind = node->type == FILTER_EQUALS ? TERM_EQUALS : TERM_CONTAINS;
        return walk->visit(walk->owner, &term, walk->odd);
    case FILTER_HAS:
        if (node->pattern_count > 1 && !negated)
            return error_set(walk->odd, ERROR_INVALID, N_("it is a choice"));
        term.kind = TERM_HAS;
        term.count = 0;
        for (uint32_t i = 0; i < node->pattern_count; i++) {
            term.field = node->patterns[i].source;
            if (!walk->visit(walk->owner, &term, walk->odd))
                return false;
        }
        return true;
    case FILTER_WORD:
        return error_set(walk->odd, ERROR_INVALID, N_("`%.60s` is a word"), node->patterns[0].source);
    default:
        return error_set(walk->odd, ERROR_INVALID, N_("`%.60s` is compared"), node->field ? node->field : "under");
    }
}

/* As deep as the text's nesting, which the parser bounds. */
static bool walk_node(struct walk *walk, uint32_t index, bool negated)
{
    const struct filter_node *node = &walk->nodes[index];
    if (node->type == FILTER_NOT)
        return walk_node(walk, node->child, !negated);
    if (node->type != FILTER_ALL && node->type != FILTER_ANY)
        return walk_leaf(walk, node, negated);
    if ((node->type == FILTER_ALL) == negated) /* one of them, or not all of them */
        return error_set(walk->odd, ERROR_INVALID, N_("it is a choice"));
    for (uint32_t child = node->child; child != FILTER_NONE; child = walk->nodes[child].next)
        if (!walk_node(walk, child, negated))
            return false;
    return true;
}

bool filter_terms(const struct filter *filter, bool (*visit)(void *owner, const struct filter_term *term, struct error *odd),
                  void *owner, struct error *odd)
{
    struct walk walk = {.nodes = filter->nodes, .visit = visit, .owner = owner, .odd = odd};
    return filter->root == FILTER_NONE || walk_node(&walk, filter->root, false);
}

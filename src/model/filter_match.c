#include <string.h>

#include "model/filter_tree.h"

struct match {
    const struct filter *filter;
    const struct filter_subject_ops *ops;
    const void *subject;
    const char *words; /* asked for once a subject */
    size_t words_length;
};

static bool match_word(struct match *match, const struct filter_node *node)
{
    if (!match->words) {
        match->words = match->ops->words ? match->ops->words(match->subject) : NULL;
        if (!match->words)
            match->words = "";
        match->words_length = strlen(match->words);
    }
    return pattern_within(&node->patterns[0], match->words, match->words_length);
}

/* Of a field with several values; the pattern in the form of text_glob. */
static bool match_many(const struct match *match, const struct filter_node *node, const struct pattern *pattern)
{
    char glob[512];
    size_t length = strlen(pattern->source);
    bool contains = node->type == FILTER_CONTAINS;
    if (!contains || length + 3 > sizeof glob)
        return match->ops->has_value(match->subject, node->field, pattern->source);
    glob[0] = '*';
    memcpy(glob + 1, pattern->source, length);
    memcpy(glob + 1 + length, "*", 2);
    return match->ops->has_value(match->subject, node->field, glob);
}

static bool match_number(const struct match *match, const struct filter_node *node, const struct pattern *pattern)
{
    double number;
    return pattern->numeric && match->ops->number &&
           match->ops->number(match->subject, node->field, &number) && number == pattern->number;
}

/* Several may hold at once: tags of an asset, what suppresses an alert. */
static bool is_many(const char *field)
{
    return strcmp(field, "tag") == 0 || strcmp(field, "suppression") == 0;
}

static bool is_any_of(const struct filter_node *node, const char *text)
{
    bool contains = node->type == FILTER_CONTAINS;
    for (uint32_t i = 0; text && *text && i < node->pattern_count; i++)
        if (contains ? pattern_contained(&node->patterns[i], text) : pattern_equals(&node->patterns[i], text))
            return true;
    return false;
}

static bool match_text(const struct match *match, const struct filter_node *node)
{
    bool contains = node->type == FILTER_CONTAINS;
    if (match->ops->has_value && is_many(node->field)) {
        for (uint32_t i = 0; i < node->pattern_count; i++)
            if (match_many(match, node, &node->patterns[i]))
                return true;
        return false;
    }
    if (is_any_of(node, match->ops->text ? match->ops->text(match->subject, node->field) : NULL) ||
        is_any_of(node, match->ops->shown ? match->ops->shown(match->subject, node->field) : NULL))
        return true;
    for (uint32_t i = 0; !contains && i < node->pattern_count; i++)
        if (match_number(match, node, &node->patterns[i]))
            return true;
    return false;
}

static bool match_comparison(const struct match *match, const struct filter_node *node)
{
    double number;
    if (!match->ops->number || !match->ops->number(match->subject, node->field, &number))
        return false;
    switch (node->comparison) {
    case COMPARE_GREATER:
        return number > node->quantity;
    case COMPARE_GREATER_EQUAL:
        return number >= node->quantity;
    case COMPARE_LESS:
        return number < node->quantity;
    case COMPARE_LESS_EQUAL:
        return number <= node->quantity;
    }
    return false;
}

static bool match_has(const struct match *match, const struct filter_node *node)
{
    for (uint32_t i = 0; i < node->pattern_count; i++) {
        const char *field = node->patterns[i].source;
        double number;
        if (match->ops->has_value && is_many(field)) {
            if (match->ops->has_value(match->subject, field, "*"))
                return true;
            continue;
        }
        const char *text = match->ops->text ? match->ops->text(match->subject, field) : NULL;
        if ((text && *text) || (match->ops->number && match->ops->number(match->subject, field, &number)))
            return true;
    }
    return false;
}

static bool match_under(const struct match *match, const struct filter_node *node)
{
    for (uint32_t i = 0; match->ops->under && i < node->pattern_count; i++)
        if (match->ops->under(match->subject, node->patterns[i].source))
            return true;
    return false;
}

/* Recursion is as deep as the text's nesting, which the parser bounds. */
static bool match_node(struct match *match, uint32_t index)
{
    const struct filter_node *nodes = match->filter->nodes, *node = &nodes[index];
    switch (node->type) {
    case FILTER_ALL:
        for (uint32_t child = node->child; child != FILTER_NONE; child = nodes[child].next)
            if (!match_node(match, child))
                return false;
        return true;
    case FILTER_ANY:
        for (uint32_t child = node->child; child != FILTER_NONE; child = nodes[child].next)
            if (match_node(match, child))
                return true;
        return false;
    case FILTER_NOT:
        return !match_node(match, node->child);
    case FILTER_WORD:
        return match_word(match, node);
    case FILTER_EQUALS:
    case FILTER_CONTAINS:
        return match_text(match, node);
    case FILTER_COMPARE:
        return match_comparison(match, node);
    case FILTER_HAS:
        return match_has(match, node);
    case FILTER_UNDER:
        return match_under(match, node);
    }
    return false;
}

bool filter_match(const struct filter *filter, const struct filter_subject_ops *ops, const void *subject)
{
    if (filter->root == FILTER_NONE)
        return true;
    struct match match = {.filter = filter, .ops = ops, .subject = subject};
    return match_node(&match, filter->root);
}

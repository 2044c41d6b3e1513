#include "model/expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/expression_tree.h"

void expression_free(struct expression **owned)
{
    struct expression *expression = *owned;
    if (!expression)
        return;
    for (unsigned i = 0; i < expression->count; i++) {
        free(expression->nodes[i].name);
        free(expression->nodes[i].other);
    }
    free(expression->nodes);
    free(expression->needs.metrics);
    free(expression->text);
    free(expression);
    *owned = NULL;
}

/* ---- evaluation ---- */

struct evaluation {
    const struct expression *expression;
    const struct expression_asker *asker;
    const void *subject;
};

static bool window_of(const struct evaluation *in, const struct node *node, double *value)
{
    double oldest, newest, smallest, largest;
    msec covered;
    if (!in->asker->window || !in->asker->window(in->subject, node->name, node->span, &oldest, &newest, &smallest, &largest, &covered))
        return false;
    if (node->operation == OP_CHANGE) {
        *value = newest - oldest;
    } else if (node->operation == OP_RATE) {
        if (covered <= 0)
            return false;
        *value = (newest - oldest) / ((double)covered / SPAN_MINUTE);
    } else {
        if (covered < node->span / 2)
            return false; /* a flat line of one point is none */
        *value = largest - smallest;
    }
    return true;
}

static bool children_of(const struct evaluation *in, const struct node *node, double *value)
{
    unsigned matching, all;
    if (!in->asker->children || !in->asker->children(in->subject, node->name, &matching, &all))
        return false;
    if (node->operation == OP_SHARE && all == 0)
        return false;
    *value = node->operation == OP_COUNT ? matching : (double)matching / all;
    return true;
}

static bool number_of(const struct evaluation *in, int index, double *value)
{
    const struct node *node = &in->expression->nodes[index];
    const struct expression_asker *asker = in->asker;
    double left = 0, right = 0;
    switch (node->operation) {
    case OP_NUMBER:
        *value = node->number;
        return true;
    case OP_METRIC:
        return asker->metric && asker->metric(in->subject, node->name, value);
    case OP_PARENT:
        return asker->parent_metric && asker->parent_metric(in->subject, node->name, value);
    case OP_OTHER:
        return asker->other_metric && asker->other_metric(in->subject, node->other, node->name, value);
    case OP_ATTRIBUTE:
        if (asker->attribute && asker->attribute(in->subject, node->name, value))
            return true;
        *value = node->number;
        return node->has_number;
    case OP_CHANGE: case OP_RATE: case OP_RANGE:
        return window_of(in, node, value);
    case OP_SILENCE:
        return asker->silence && asker->silence(in->subject, value);
    case OP_COUNT: case OP_SHARE:
        return children_of(in, node, value);
    case OP_NEGATE:
        if (!number_of(in, node->left, &left))
            return false;
        *value = -left;
        return true;
    default:
        break;
    }
    if (!number_of(in, node->left, &left) || !number_of(in, node->right, &right))
        return false;
    switch (node->operation) {
    case OP_ADD: *value = left + right; break;
    case OP_SUBTRACT: *value = left - right; break;
    case OP_MULTIPLY: *value = left * right; break;
    default: *value = left / right; break;
    }
    return isfinite(*value);
}

static enum truth compare(enum operation operation, double left, double right)
{
    bool yes = false;
    switch (operation) {
    case OP_LESS: yes = left < right; break;
    case OP_LESS_EQUAL: yes = left <= right; break;
    case OP_MORE: yes = left > right; break;
    case OP_MORE_EQUAL: yes = left >= right; break;
    case OP_EQUAL: yes = left == right; break;
    default: yes = left != right; break;
    }
    return yes ? TRUTH_YES : TRUTH_NO;
}

static enum truth truth_of(const struct evaluation *in, int index)
{
    const struct node *node = &in->expression->nodes[index];
    if (node->operation == OP_NOT) {
        enum truth inner = truth_of(in, node->left);
        return inner == TRUTH_UNKNOWN ? inner : inner == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
    }
    if (node->operation == OP_AND || node->operation == OP_OR) {
        enum truth decides = node->operation == OP_AND ? TRUTH_NO : TRUTH_YES;
        enum truth left = truth_of(in, node->left);
        if (left == decides)
            return left;
        enum truth right = truth_of(in, node->right);
        return right == decides ? right : left == TRUTH_UNKNOWN ? left : right;
    }
    if (in->expression->nodes[node->left].operation == OP_FIELD) {
        const char *word = in->asker->word ? in->asker->word(in->subject, in->expression->nodes[node->left].name) : NULL;
        if (!word)
            return TRUTH_UNKNOWN;
        bool same = strcmp(word, in->expression->nodes[node->right].name) == 0;
        return same == (node->operation == OP_EQUAL) ? TRUTH_YES : TRUTH_NO;
    }
    double left, right;
    if (!number_of(in, node->left, &left) || !number_of(in, node->right, &right))
        return TRUTH_UNKNOWN;
    return compare(node->operation, left, right);
}

enum truth expression_truth(const struct expression *expression, const struct expression_asker *asker, const void *subject)
{
    struct evaluation in = {.expression = expression, .asker = asker, .subject = subject};
    return truth_of(&in, expression->root);
}

/* The first comparison of numbers, depth first, that has the truth of the whole. */
static bool sides_of(const struct evaluation *in, int index, enum truth wanted, double *value, double *threshold)
{
    const struct node *node = &in->expression->nodes[index];
    if (node->operation == OP_NOT)
        return sides_of(in, node->left, wanted == TRUTH_YES ? TRUTH_NO : TRUTH_YES, value, threshold);
    if (node->operation == OP_AND || node->operation == OP_OR)
        return sides_of(in, node->left, wanted, value, threshold) || sides_of(in, node->right, wanted, value, threshold);
    if (in->expression->nodes[node->left].operation == OP_FIELD)
        return false;
    return number_of(in, node->left, value) && number_of(in, node->right, threshold) &&
           compare(node->operation, *value, *threshold) == wanted;
}

bool expression_sides(const struct expression *expression, const struct expression_asker *asker, const void *subject,
                      double *value, double *threshold)
{
    struct evaluation in = {.expression = expression, .asker = asker, .subject = subject};
    enum truth whole = truth_of(&in, expression->root);
    return whole != TRUTH_UNKNOWN && sides_of(&in, expression->root, whole, value, threshold);
}

bool expression_interval(const struct expression *expression, const char **metric, double *low, double *high)
{
    const struct node *root = &expression->nodes[expression->root];
    if (root->operation < OP_LESS || root->operation > OP_EQUAL)
        return false;
    const struct node *left = &expression->nodes[root->left], *right = &expression->nodes[root->right];
    bool negative = right->operation == OP_NEGATE && expression->nodes[right->left].operation == OP_NUMBER;
    if (left->operation != OP_METRIC || (right->operation != OP_NUMBER && !negative))
        return false;
    double number = negative ? -expression->nodes[right->left].number : right->number;
    *metric = left->name;
    *low = root->operation == OP_LESS || root->operation == OP_LESS_EQUAL ? -INFINITY : number;
    *high = root->operation == OP_MORE || root->operation == OP_MORE_EQUAL ? INFINITY : number;
    return true;
}

const struct expression_needs *expression_needs(const struct expression *expression)
{
    return &expression->needs;
}

const char *expression_text(const struct expression *expression)
{
    return expression->text;
}

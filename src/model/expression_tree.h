/* The tree that expression_parse.c builds and expression.c evaluates. */
#ifndef MODEL_EXPRESSION_TREE_H
#define MODEL_EXPRESSION_TREE_H

#include "model/expression.h"

enum operation {
    OP_NUMBER, OP_WORD, OP_METRIC, OP_PARENT, OP_OTHER, OP_ATTRIBUTE, OP_CHANGE, OP_RATE, OP_RANGE, OP_SILENCE, OP_FIELD,
    OP_COUNT, OP_SHARE, OP_NEGATE, OP_ADD, OP_SUBTRACT, OP_MULTIPLY, OP_DIVIDE,
    OP_LESS, OP_LESS_EQUAL, OP_MORE, OP_MORE_EQUAL, OP_EQUAL, OP_UNEQUAL, OP_AND, OP_OR, OP_NOT,
};

struct node {
    enum operation operation;
    int left, right;         /* nodes; -1: none */
    double number;           /* OP_NUMBER; the default of OP_ATTRIBUTE */
    bool has_number;
    msec span;
    char *name, *other;      /* metric, attribute, field, filter, word; other: the asset of OP_OTHER */
};

struct expression {
    struct node *nodes;
    unsigned count, capacity;
    int root;
    char *text;
    struct expression_needs needs;
};

#endif

/* Reading an expression: a recursive descent whose depth, nodes and length are bounded. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/expression_tree.h"
#include "model/filter.h"

#define DEPTH_MAX 32
#define NODES_MAX 256
#define TEXT_MAX 4096

/* ---- tokens ---- */

struct parser {
    const char *text, *at;
    struct expression *expression;
    struct error *error;
    int depth;
    bool failed;
};

static int fail(struct parser *parser, const char *expected)
{
    if (!parser->failed) {
        error_set(parser->error, ERROR_INVALID, "expected %s", expected);
        error_prefix(parser->error, "column %zu", (size_t)(parser->at - parser->text) + 1);
    }
    parser->failed = true;
    return -1;
}

static void skip_blanks(struct parser *parser)
{
    while (isspace((unsigned char)*parser->at))
        parser->at++;
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '.' || byte == '-' || byte == ':' || (unsigned char)byte >= 0x80;
}

static bool take(struct parser *parser, const char *token)
{
    skip_blanks(parser);
    size_t length = strlen(token);
    if (strncmp(parser->at, token, length) != 0)
        return false;
    if (isalpha((unsigned char)token[0]) && is_name_byte(parser->at[length]))
        return false; /* `order` is no `or` */
    parser->at += length;
    return true;
}

static size_t name_length(struct parser *parser)
{
    skip_blanks(parser);
    size_t length = 0;
    if (isdigit((unsigned char)*parser->at))
        return 0;
    while (is_name_byte(parser->at[length]) && !(parser->at[length] == '-' && !isalnum((unsigned char)parser->at[length + 1])))
        length++;
    return length;
}

static char *take_name(struct parser *parser, const char *what)
{
    skip_blanks(parser);
    size_t length = name_length(parser);
    /* An asset's id may begin with a digit. */
    if (length == 0 && what && strcmp(what, "the id of an asset") == 0)
        while (is_name_byte(parser->at[length]))
            length++;
    if (length == 0) {
        fail(parser, what);
        return NULL;
    }
    char *name = memory_text_n(parser->at, length);
    parser->at += length;
    return name;
}

static int node_new(struct parser *parser, struct node node)
{
    struct expression *expression = parser->expression;
    if (expression->count == NODES_MAX) {
        free(node.name);
        free(node.other);
        return fail(parser, "a shorter expression");
    }
    ARRAY_RESERVE(expression->nodes, expression->capacity, expression->count + 1);
    expression->nodes[expression->count] = node;
    return (int)expression->count++;
}

#define NODE(op, ...) ((struct node){.operation = (op), .left = -1, .right = -1, __VA_ARGS__})
#define PAIR(op, a, b) ((struct node){.operation = (op), .left = (a), .right = (b)})

/* ---- grammar ---- */

static int parse_or(struct parser *parser);

static bool expect(struct parser *parser, const char *token, const char *what)
{
    if (take(parser, token))
        return true;
    fail(parser, what);
    return false;
}

/* A number, with a unit: 30, 80%, 3.5GB, 45m. Spans become milliseconds. */
static int parse_number(struct parser *parser)
{
    skip_blanks(parser);
    char word[64];
    size_t length = strspn(parser->at, "0123456789.");
    if ((parser->at[length] == 'e' || parser->at[length] == 'E') &&
        isdigit((unsigned char)parser->at[length + 1 + (parser->at[length + 1] == '-' || parser->at[length + 1] == '+')])) {
        length += 2;
        length += strspn(parser->at + length, "0123456789");
    }
    size_t unit = length;
    while (isalnum((unsigned char)parser->at[unit]) || parser->at[unit] == '%')
        unit++;
    if (length == 0 || unit >= sizeof word)
        return fail(parser, "a number");
    memcpy(word, parser->at, unit);
    word[unit] = '\0';
    double number;
    msec span;
    static const struct { const char *unit; double factor; } units[] = {
        {"%", 0.01}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
        {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"k", 1e3}, {"M", 1e6},
    };
    if (unit == length ? text_number(word, &number) : false) {
        parser->at += unit;
        return node_new(parser, NODE(OP_NUMBER, .number = number));
    }
    if (span_parse(word, &span, NULL)) {
        parser->at += unit;
        return node_new(parser, NODE(OP_NUMBER, .number = (double)span));
    }
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (strcmp(word + length, units[i].unit) != 0)
            continue;
        word[length] = '\0';
        if (!text_number(word, &number))
            break;
        parser->at += unit;
        return node_new(parser, NODE(OP_NUMBER, .number = number * units[i].factor));
    }
    return fail(parser, "a number with a unit such as 30, 80%, 3.5GB, 45m");
}

static bool parse_span(struct parser *parser, msec *span)
{
    char word[32];
    skip_blanks(parser);
    size_t length = 0;
    while (isalnum((unsigned char)parser->at[length]) && length < sizeof word - 1)
        length++;
    memcpy(word, parser->at, length);
    word[length] = '\0';
    if (!span_parse(word, span, NULL) || *span <= 0) {
        fail(parser, "a span such as 10m or 2h");
        return false;
    }
    parser->at += length;
    return true;
}

/* The text up to the closing parenthesis, which stays; parentheses and quotes inside count. */
static char *take_filter(struct parser *parser)
{
    const char *start = parser->at;
    int open = 0;
    bool quoted = false;
    for (; *parser->at; parser->at++) {
        if (*parser->at == '"')
            quoted = !quoted;
        else if (!quoted && *parser->at == '(')
            open++;
        else if (!quoted && *parser->at == ')' && open-- == 0)
            break;
    }
    char *filter = memory_text_n(start, (size_t)(parser->at - start));
    struct error error;
    struct filter *parsed = filter_parse(filter, FILTER_STRICT, clock_wall(), &error);
    if (parsed) {
        filter_free(&parsed);
        return filter;
    }
    parser->at = start;
    if (!parser->failed)
        error_set(parser->error, ERROR_INVALID, "column %zu: in the filter: %s", (size_t)(start - parser->text) + 1, error.text);
    parser->failed = true;
    free(filter);
    return NULL;
}

static int parse_window(struct parser *parser, enum operation operation)
{
    struct node node = NODE(operation, .name = take_name(parser, "a metric"));
    if (node.name && expect(parser, ",", "`,` and a span") && parse_span(parser, &node.span) && expect(parser, ")", "`)`"))
        return node_new(parser, node);
    free(node.name);
    return -1;
}

static int parse_children(struct parser *parser, enum operation operation)
{
    char *filter = take_filter(parser);
    if (filter && expect(parser, ")", "`)`"))
        return node_new(parser, NODE(operation, .name = filter));
    free(filter);
    return -1;
}

static int parse_parent(struct parser *parser, enum operation operation)
{
    char *name = take_name(parser, "a metric");
    if (name && expect(parser, ")", "`)`"))
        return node_new(parser, NODE(operation, .name = name));
    free(name);
    return -1;
}

static int parse_other(struct parser *parser, enum operation operation)
{
    struct node node = NODE(operation, .other = take_name(parser, "the id of an asset"));
    if (node.other && expect(parser, ",", "`,` and a metric"))
        node.name = take_name(parser, "a metric");
    if (node.name && expect(parser, ")", "`)`"))
        return node_new(parser, node);
    free(node.other);
    free(node.name);
    return -1;
}

static int parse_attribute(struct parser *parser, enum operation operation)
{
    struct node node = NODE(operation, .name = take_name(parser, "a ledger column"));
    if (!node.name)
        return -1;
    if (take(parser, ",")) {
        double sign = take(parser, "-") ? -1 : 1;
        int number = parse_number(parser);
        if (number >= 0) {
            node.number = sign * parser->expression->nodes[number].number;
            node.has_number = true;
        }
    }
    if (!parser->failed && expect(parser, ")", "`)`"))
        return node_new(parser, node);
    free(node.name);
    return -1;
}

static const struct {
    const char *name;
    int (*parse)(struct parser *parser, enum operation operation);
    enum operation operation;
} functions[] = {
    {"change", parse_window, OP_CHANGE}, {"rate", parse_window, OP_RATE},       {"range", parse_window, OP_RANGE},
    {"count", parse_children, OP_COUNT}, {"share", parse_children, OP_SHARE},   {"parent", parse_parent, OP_PARENT},
    {"other", parse_other, OP_OTHER},    {"attribute", parse_attribute, OP_ATTRIBUTE},
};

static int parse_name(struct parser *parser)
{
    static const char *const fields[] = {"health", "reason", "link", "comm"};
    char *name = take_name(parser, "a metric, a number or a function");
    if (!name)
        return -1;
    skip_blanks(parser);
    if (*parser->at == '(') {
        for (size_t i = 0; i < ARRAY_COUNT(functions); i++)
            if (strcmp(name, functions[i].name) == 0) {
                free(name);
                parser->at++;
                return functions[i].parse(parser, functions[i].operation);
            }
        free(name);
        return fail(parser, "one of change, rate, range, count, share, parent, other, attribute before `(`");
    }
    if (strcmp(name, "silence") == 0)
        return node_new(parser, NODE(OP_SILENCE, .name = name));
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (strcmp(name, fields[i]) == 0)
            return node_new(parser, NODE(OP_FIELD, .name = name));
    return node_new(parser, NODE(OP_METRIC, .name = name));
}

static int parse_factor(struct parser *parser)
{
    if (++parser->depth > DEPTH_MAX)
        return fail(parser, "fewer parentheses");
    int node;
    skip_blanks(parser);
    if (take(parser, "-")) {
        int inner = parse_factor(parser);
        node = parser->failed ? -1 : node_new(parser, PAIR(OP_NEGATE, inner, -1));
    } else if (take(parser, "(")) {
        node = parse_or(parser);
        if (!parser->failed)
            expect(parser, ")", "`)`");
    } else if (isdigit((unsigned char)*parser->at) || *parser->at == '.') {
        node = parse_number(parser);
    } else {
        node = parse_name(parser);
    }
    parser->depth--;
    return parser->failed ? -1 : node;
}

struct level {
    const char *token;
    enum operation operation;
};

/* Left-associative binary operators of one level of precedence. */
static int parse_level(struct parser *parser, const struct level *level, int (*below)(struct parser *))
{
    int left = below(parser);
    while (!parser->failed) {
        const struct level *found = NULL;
        for (const struct level *each = level; each->token && !found; each++)
            if (take(parser, each->token))
                found = each;
        if (!found)
            return left;
        int right = below(parser);
        if (!parser->failed)
            left = node_new(parser, PAIR(found->operation, left, right));
    }
    return -1;
}

static int parse_product(struct parser *parser)
{
    static const struct level level[] = {{"*", OP_MULTIPLY}, {"/", OP_DIVIDE}, {NULL, 0}};
    return parse_level(parser, level, parse_factor);
}

static int parse_sum(struct parser *parser)
{
    static const struct level level[] = {{"+", OP_ADD}, {"-", OP_SUBTRACT}, {NULL, 0}};
    return parse_level(parser, level, parse_product);
}

static bool is_numeric(enum operation operation)
{
    return operation < OP_LESS && operation != OP_FIELD && operation != OP_WORD;
}

static int parse_comparison(struct parser *parser)
{
    static const struct level level[] = {{"<=", OP_LESS_EQUAL}, {">=", OP_MORE_EQUAL}, {"!=", OP_UNEQUAL}, {"<", OP_LESS},
                                         {">", OP_MORE}, {"==", OP_EQUAL}, {"=", OP_EQUAL}};
    if (take(parser, "not")) {
        if (++parser->depth > DEPTH_MAX)
            return fail(parser, "fewer `not`");
        int inner = parse_comparison(parser);
        parser->depth--;
        return parser->failed ? -1 : node_new(parser, PAIR(OP_NOT, inner, -1));
    }
    int left = parse_sum(parser);
    if (parser->failed)
        return -1;
    const struct level *found = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(level) && !found; i++)
        if (take(parser, level[i].token))
            found = &level[i];
    enum operation kind = parser->expression->nodes[left].operation;
    if (!found)
        return left; /* in parentheses it may be a sum; expression_parse refuses it elsewhere */
    int right;
    if (kind == OP_FIELD) {
        if (found->operation != OP_EQUAL && found->operation != OP_UNEQUAL)
            return fail(parser, "`=` or `!=` for health, reason, link or comm");
        char *word = take_name(parser, "a word such as offline");
        right = word ? node_new(parser, NODE(OP_WORD, .name = word)) : -1;
    } else {
        right = parse_sum(parser);
        if (!parser->failed && (!is_numeric(kind) || !is_numeric(parser->expression->nodes[right].operation)))
            return fail(parser, "numbers on both sides of the comparison");
    }
    return parser->failed ? -1 : node_new(parser, PAIR(found->operation, left, right));
}

static int parse_and(struct parser *parser)
{
    static const struct level level[] = {{"and", OP_AND}, {NULL, 0}};
    return parse_level(parser, level, parse_comparison);
}

static int parse_or(struct parser *parser)
{
    static const struct level level[] = {{"or", OP_OR}, {NULL, 0}};
    return parse_level(parser, level, parse_and);
}

/* ---- what it depends on ---- */

static void need_metric(struct expression_needs *needs, const char *name)
{
    for (unsigned i = 0; i < needs->metric_count; i++)
        if (strcmp(needs->metrics[i], name) == 0)
            return;
    needs->metrics = memory_resize(needs->metrics, needs->metric_count + 1, sizeof *needs->metrics);
    needs->metrics[needs->metric_count++] = name;
}

static void note_needs(struct expression *expression)
{
    struct expression_needs *needs = &expression->needs;
    for (unsigned i = 0; i < expression->count; i++) {
        const struct node *node = &expression->nodes[i];
        switch (node->operation) {
        case OP_CHANGE: case OP_RATE: case OP_RANGE:
            if (node->span > needs->longest_window)
                needs->longest_window = node->span;
            need_metric(needs, node->name);
            break;
        case OP_METRIC: need_metric(needs, node->name); break;
        case OP_PARENT: needs->parent = true; break;
        case OP_OTHER: needs->other = true; break;
        case OP_FIELD: needs->health = true; break;
        case OP_SILENCE: needs->silence = true; break;
        case OP_COUNT: case OP_SHARE: needs->children = true; break;
        default: break;
        }
        bool compares = node->operation >= OP_LESS && node->operation <= OP_UNEQUAL;
        if (compares && expression->nodes[node->left].operation == OP_SILENCE &&
            expression->nodes[node->right].operation == OP_NUMBER) {
            msec over = (msec)expression->nodes[node->right].number;
            if (needs->silence_over == 0 || over < needs->silence_over)
                needs->silence_over = over;
        }
    }
}

struct expression *expression_parse(const char *text, struct error *error)
{
    if (strlen(text) > TEXT_MAX) {
        error_set(error, ERROR_INVALID, "longer than %d bytes", TEXT_MAX);
        return NULL;
    }
    struct expression *expression = memory_new(sizeof *expression);
    expression->text = memory_text(text);
    struct parser parser = {.text = text, .at = text, .expression = expression, .error = error};
    expression->root = parse_or(&parser);
    skip_blanks(&parser);
    if (!parser.failed && *parser.at)
        fail(&parser, "`and`, `or` or the end");
    if (!parser.failed && expression->nodes[expression->root].operation < OP_LESS)
        fail(&parser, "a comparison such as `> 30`");
    for (unsigned i = 0; i < expression->count && !parser.failed; i++) {
        const struct node *node = &expression->nodes[i];
        bool joins = node->operation == OP_AND || node->operation == OP_OR || node->operation == OP_NOT;
        if (joins && (expression->nodes[node->left].operation < OP_LESS ||
                      (node->right >= 0 && expression->nodes[node->right].operation < OP_LESS)))
            fail(&parser, "a comparison on both sides of `and` and `or`");
        bool reckons = node->operation >= OP_NEGATE && node->operation <= OP_DIVIDE;
        if (reckons && (!is_numeric(expression->nodes[node->left].operation) ||
                        (node->right >= 0 && !is_numeric(expression->nodes[node->right].operation))))
            fail(&parser, "numbers to reckon with");
    }
    if (parser.failed) {
        expression_free(&expression);
        return NULL;
    }
    note_needs(expression);
    return expression;
}

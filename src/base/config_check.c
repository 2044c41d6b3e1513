#include "base/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config_tree.h"
#include "base/memory.h"
#include "base/text.h"

#define WORD_MAX 40 /* longer words are not compared for likeness */

bool config_parse_integer(const char *text, int64_t *number)
{
    char *end;
    size_t sign = text[0] == '-' || text[0] == '+';
    if (text[sign] < '0' || text[sign] > '9')
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return !*end && !errno;
}

bool config_parse_bool(const char *text, bool *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (!strcasecmp(text, words[i])) {
            *value = i % 2;
            return true;
        }
    return false;
}

/* -- likeness ------------------------------------------------------------------------------------------ */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) from one word to the other. */
static int word_distance(const char *left, const char *right)
{
    int rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    int width = (int)strlen(right);
    for (int j = 0; j <= width; j++)
        last[j] = j;
    for (int i = 1; left[i - 1]; i++) {
        row[0] = i;
        for (int j = 1; j <= width; j++) {
            int cost = left[i - 1] != right[j - 1];
            row[j] = least(least(row[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        int *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[width];
}

/* The nearest word of those given one at a time, if near enough to be a slip. */
struct likeness {
    const char *wrong, *best;
    int distance;
};

static void likeness_offer(struct likeness *likeness, const char *word)
{
    size_t length = strlen(likeness->wrong);
    if (!length || length > WORD_MAX || strlen(word) > WORD_MAX)
        return;
    int distance = word_distance(likeness->wrong, word);
    int slip = length < 4 ? 1 : length < 8 ? 2 : 3;
    /* "unit" for "responsible_unit", "cert" for "certificate". */
    if (distance > slip && length >= 3 && (strstr(word, likeness->wrong) || strstr(likeness->wrong, word)))
        distance = slip;
    if (distance > slip || (likeness->best && distance >= likeness->distance))
        return;
    likeness->best = word;
    likeness->distance = distance;
}

/* -- one value ----------------------------------------------------------------------------------------- */

static const char *shape_name(const struct config_node *node)
{
    if (node->shape == CONFIG_IS_MAP)
        return "a mapping";
    if (node->shape == CONFIG_IS_LIST)
        return "a list";
    return config_node_is_null(node) ? "nothing" : "a text";
}

static void wrong_value(struct config_problems *problems, const struct config_node *node, const struct config_key *key,
                        const char *expected)
{
    const char *text = config_scalar(node);
    const char *open = key->help ? " (" : "", *help = key->help ? key->help : "", *close = key->help ? ")" : "";
    if (text)
        config_problem(problems, node, "expected %s; got `%.80s`%s%s%s", expected, text, open, help, close);
    else
        config_problem(problems, node, "expected %s; got %s%s%s%s", expected, shape_name(node), open, help, close);
}

static bool in_range(const struct config_key *key, double number)
{
    if (key->minimum == 0 && key->maximum == 0)
        return true;
    return number >= key->minimum && (key->maximum < key->minimum || number <= key->maximum);
}

static void format_limit(const struct config_key *key, double limit, char out[SPAN_TEXT])
{
    if (key->type == CONFIG_SPAN)
        span_format(out, (msec)limit);
    else
        text_format_number(out, SPAN_TEXT, limit);
}

static void wrong_range(struct config_problems *problems, const struct config_node *node, const struct config_key *key)
{
    char low[SPAN_TEXT], high[SPAN_TEXT], expected[3 * SPAN_TEXT];
    format_limit(key, key->minimum, low);
    format_limit(key, key->maximum, high);
    if (key->maximum < key->minimum)
        snprintf(expected, sizeof expected, "at least %s", low);
    else
        snprintf(expected, sizeof expected, "%s to %s", low, high);
    wrong_value(problems, node, key, expected);
}

static void wrong_choice(struct config_problems *problems, const struct config_node *node, const struct config_key *key)
{
    struct likeness likeness = {.wrong = node->text};
    struct buffer expected = BUFFER_INIT;
    for (size_t i = 0; key->choices[i]; i++) {
        likeness_offer(&likeness, key->choices[i]);
        buffer_printf(&expected, "%s%s", !i ? "" : key->choices[i + 1] ? ", " : " or ", key->choices[i]);
    }
    if (likeness.best)
        config_problem(problems, node, "expected %s; got `%.80s`; did you mean `%s`?", buffer_text(&expected),
                       node->text, likeness.best);
    else
        wrong_value(problems, node, key, buffer_text(&expected));
    buffer_release(&expected);
}

static void check_choice(struct config_problems *problems, const struct config_node *node, const struct config_key *key,
                         const char *text)
{
    for (size_t i = 0; key->choices[i]; i++)
        if (!strcmp(key->choices[i], text))
            return;
    wrong_choice(problems, node, key);
}

static void check_quantity(struct config_problems *problems, const struct config_node *node,
                           const struct config_key *key, const char *text)
{
    int64_t integer;
    msec span;
    double number;
    if (key->type == CONFIG_INTEGER) {
        if (!config_parse_integer(text, &integer)) {
            wrong_value(problems, node, key, "a whole number");
            return;
        }
        number = (double)integer;
    } else if (key->type == CONFIG_SPAN) {
        if (!span_parse(text, &span, NULL)) {
            wrong_value(problems, node, key, "a span such as 10s, 5m");
            return;
        }
        number = (double)span;
    } else if (!text_number(text, &number)) {
        wrong_value(problems, node, key, "a number");
        return;
    }
    if (!in_range(key, number))
        wrong_range(problems, node, key);
}

/* A scalar by its type, then by the owner's check. */
static void check_scalar(struct config_problems *problems, const struct config_node *node, const struct config_key *key)
{
    static const char *const expected[] = {
        [CONFIG_TEXT] = "a text",         [CONFIG_INTEGER] = "a whole number", [CONFIG_NUMBER] = "a number",
        [CONFIG_BOOL] = "true or false",  [CONFIG_SPAN] = "a span such as 10s, 5m", [CONFIG_CHOICE] = "a word",
        [CONFIG_PATH] = "a path",         [CONFIG_FILTER] = "a filter",        [CONFIG_TEXT_LIST] = "a text",
    };
    unsigned before = problems->count;
    const char *text = config_scalar(node);
    bool value;
    if (!text) {
        wrong_value(problems, node, key, expected[key->type]);
        return;
    }
    if (key->type == CONFIG_BOOL && !config_parse_bool(text, &value))
        wrong_value(problems, node, key, expected[CONFIG_BOOL]);
    else if (key->type == CONFIG_CHOICE)
        check_choice(problems, node, key, text);
    else if (key->type == CONFIG_INTEGER || key->type == CONFIG_NUMBER || key->type == CONFIG_SPAN)
        check_quantity(problems, node, key, text);
    else if (key->type == CONFIG_PATH && !*text)
        wrong_value(problems, node, key, "a path");
    struct error error = {0};
    if (problems->count == before && key->check && !key->check(node, text, &error))
        config_problem(problems, node, "%s", error.text);
}

static void check_value(struct config_problems *problems, const struct config_node *node, const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_ANY:
        return;
    case CONFIG_MAP:
        if (node->shape != CONFIG_IS_MAP)
            wrong_value(problems, node, key, "a mapping");
        else if (key->keys)
            config_check(node, key->keys, problems);
        return;
    case CONFIG_LIST:
        if (node->shape != CONFIG_IS_LIST)
            wrong_value(problems, node, key, "a list of mappings");
        for (size_t i = 0; node->shape == CONFIG_IS_LIST && i < node->count; i++)
            if (node->children[i]->shape != CONFIG_IS_MAP)
                wrong_value(problems, node->children[i], key, "a mapping");
            else if (key->keys)
                config_check(node->children[i], key->keys, problems);
        return;
    case CONFIG_TEXT_LIST:
        for (size_t i = 0; node->shape == CONFIG_IS_LIST && i < node->count; i++)
            check_scalar(problems, node->children[i], key);
        if (node->shape == CONFIG_IS_MAP)
            wrong_value(problems, node, key, "a text or a list of texts");
        else if (node->shape == CONFIG_IS_SCALAR)
            check_scalar(problems, node, key);
        return;
    default:
        check_scalar(problems, node, key);
    }
}

/* -- a mapping ----------------------------------------------------------------------------------------- */

static const struct config_key *find_key(const struct config_key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (!strcmp(keys->name, name))
            return keys;
    return NULL;
}

static void unknown_key(struct config_problems *problems, const struct config_node *node, const struct config_key *keys)
{
    struct likeness likeness = {.wrong = node->key};
    struct buffer known = BUFFER_INIT;
    for (; keys->name; keys++) {
        likeness_offer(&likeness, keys->name);
        buffer_printf(&known, "%s%s", known.length ? ", " : "", keys->name);
    }
    if (likeness.best)
        config_problem_at(problems, node->key_place, node, "unknown key; did you mean `%s`?", likeness.best);
    else
        config_problem_at(problems, node->key_place, node, "unknown key; known here: %s", buffer_text(&known));
    buffer_release(&known);
}

bool config_check(const struct config_node *node, const struct config_key *keys, struct config_problems *problems)
{
    unsigned before = problems->count;
    if (!node || node->shape != CONFIG_IS_MAP) {
        config_problem(problems, node, "expected a mapping");
        return false;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct config_key *key = find_key(keys, node->children[i]->key);
        if (!key)
            unknown_key(problems, node->children[i], keys);
        else if (!config_node_is_null(node->children[i]))
            check_value(problems, node->children[i], key);
    }
    for (; keys->name; keys++)
        if (keys->required && !config_get(node, keys->name))
            config_problem(problems, node, "`%s` is missing%s%s", keys->name, keys->help ? ": " : "",
                           keys->help ? keys->help : "");
    return problems->count == before;
}

/* Which series of a page are meant: a name and conditions on labels, as PromQL writes them. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/exposition.h"

#define MATCHERS_MAX 16
#define VALUE_MAX 512 /* bytes of a label's value that are looked at */

enum matcher_kind { MATCH_EQUAL, MATCH_DIFFERENT, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher {
    enum matcher_kind kind;
    char *label, *value;
    regex_t regex;
    bool compiled;
};

struct selector {
    char *name;
    struct matcher matchers[MATCHERS_MAX];
    unsigned count;
};

struct cursor { const char *text, *at; };

static void skip_blanks(struct cursor *cursor)
{
    cursor->at += strspn(cursor->at, " \t");
}

static bool fail(const struct cursor *cursor, struct error *error, const char *expected)
{
    error_set(error, ERROR_INVALID, "expected %s", expected);
    return error_prefix(error, "column %zu", (size_t)(cursor->at - cursor->text) + 1);
}

static char *take_name(struct cursor *cursor)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    size_t length = strspn(cursor->at, letters);
    if (length == 0 || (*cursor->at >= '0' && *cursor->at <= '9'))
        return NULL;
    char *name = memory_text_n(cursor->at, length);
    cursor->at += length;
    return name;
}

static bool take_operator(struct cursor *cursor, enum matcher_kind *kind)
{
    static const struct { char text[3]; enum matcher_kind kind; } operators[] = {
        {"=~", MATCH_REGEX}, {"!~", MATCH_NOT_REGEX}, {"!=", MATCH_DIFFERENT}, {"=", MATCH_EQUAL}};
    for (size_t i = 0; i < ARRAY_COUNT(operators); i++)
        if (strncmp(cursor->at, operators[i].text, strlen(operators[i].text)) == 0) {
            *kind = operators[i].kind;
            cursor->at += strlen(operators[i].text);
            return true;
        }
    return false;
}

static char *take_quoted(struct cursor *cursor)
{
    char quote = *cursor->at;
    if (quote != '"' && quote != '\'')
        return NULL;
    struct buffer value = BUFFER_INIT;
    const char *at = cursor->at + 1;
    for (; *at && *at != quote; at++) {
        if (*at == '\\' && at[1])
            at++;
        buffer_append_char(&value, *at);
    }
    if (!*at) {
        buffer_release(&value);
        return NULL;
    }
    cursor->at = at + 1;
    return value.data ? buffer_take(&value) : memory_text("");
}

static bool compile(struct matcher *matcher, const struct cursor *cursor, struct error *error)
{
    char *anchored = memory_printf("^(%s)$", matcher->value);
    matcher->compiled = regcomp(&matcher->regex, anchored, REG_EXTENDED | REG_NOSUB) == 0;
    free(anchored);
    return matcher->compiled || fail(cursor, error, "an extended regular expression before this");
}

static bool take_matcher(struct cursor *cursor, struct matcher *matcher, struct error *error)
{
    if (!(matcher->label = take_name(cursor)))
        return fail(cursor, error, "a label's name or }");
    skip_blanks(cursor);
    if (!take_operator(cursor, &matcher->kind))
        return fail(cursor, error, "=, !=, =~ or !~");
    skip_blanks(cursor);
    if (!(matcher->value = take_quoted(cursor)))
        return fail(cursor, error, "a value in quotes");
    return matcher->kind == MATCH_EQUAL || matcher->kind == MATCH_DIFFERENT || compile(matcher, cursor, error);
}

static bool take_matchers(struct cursor *cursor, struct selector *selector, struct error *error)
{
    cursor->at++; /* the brace */
    for (;;) {
        skip_blanks(cursor);
        if (*cursor->at == '}')
            break;
        if (selector->count == MATCHERS_MAX)
            return fail(cursor, error, "at most 16 labels");
        if (!take_matcher(cursor, &selector->matchers[selector->count++], error))
            return false;
        skip_blanks(cursor);
        if (*cursor->at == ',')
            cursor->at++;
        else if (*cursor->at != '}')
            return fail(cursor, error, ", or }");
    }
    cursor->at++;
    return true;
}

struct selector *selector_parse(const char *text, struct error *error)
{
    struct cursor cursor = {text, text};
    struct selector *selector = memory_new(sizeof *selector);
    skip_blanks(&cursor);
    bool good = (selector->name = take_name(&cursor)) != NULL || fail(&cursor, error, "the name of a metric");
    skip_blanks(&cursor);
    if (good && *cursor.at == '{')
        good = take_matchers(&cursor, selector, error);
    skip_blanks(&cursor);
    if (good && *cursor.at)
        good = fail(&cursor, error, "the end");
    if (!good)
        selector_free(&selector);
    return selector;
}

void selector_free(struct selector **selector)
{
    if (!*selector)
        return;
    for (unsigned i = 0; i < (*selector)->count; i++) {
        struct matcher *matcher = &(*selector)->matchers[i];
        free(matcher->label);
        free(matcher->value);
        if (matcher->compiled)
            regfree(&matcher->regex);
    }
    free((*selector)->name);
    free(*selector);
    *selector = NULL;
}

const char *selector_name(const struct selector *selector)
{
    return selector->name;
}

bool selector_match(const struct selector *selector, const struct exposition_series *series)
{
    for (unsigned i = 0; i < selector->count; i++) {
        const struct matcher *matcher = &selector->matchers[i];
        char value[VALUE_MAX] = "";
        exposition_label(series, matcher->label, value, sizeof value); /* an absent label is an empty one */
        bool same = matcher->compiled ? regexec(&matcher->regex, value, 0, NULL, 0) == 0 : strcmp(value, matcher->value) == 0;
        bool wanted = matcher->kind == MATCH_EQUAL || matcher->kind == MATCH_REGEX;
        if (same != wanted)
            return false;
    }
    return true;
}

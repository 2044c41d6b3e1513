#include "collect/assertion.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum relation { HOLDS_ANYWAY, EQUAL, DIFFERENT, LESS, AT_MOST, MORE, AT_LEAST, CONTAINS };

/* Longer signs first, so that "<=" is not taken for "<". */
static const struct { const char *sign; enum relation relation; } relations[] = {
    {"==", EQUAL}, {"!=", DIFFERENT}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"<", LESS}, {">", MORE}, {"~", CONTAINS}, {"=", EQUAL}};

struct assertion {
    char *text, *subject, *value;
    const char *claim; /* in text, from the sign on */
    enum relation relation;
    bool is_number;
    double number;
};

static const char *blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static bool read_value(struct assertion *assertion, const char *at, struct error *error)
{
    size_t length = strlen(at);
    while (length && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    bool quoted = length >= 2 && at[0] == '"' && at[length - 1] == '"';
    if (!length || (at[0] == '"' && !quoted))
        return error_set(error, ERROR_INVALID, length ? N_("column %zu: the quote does not end") : N_("column %zu: expected a value"),
                         (size_t)(strlen(assertion->text) - strlen(at)) + 1);
    assertion->value = memory_text_n(at + quoted, length - 2u * quoted);
    assertion->is_number = !quoted && text_number(assertion->value, &assertion->number);
    bool orders = assertion->relation >= LESS && assertion->relation <= AT_LEAST;
    return assertion->is_number || !orders ||
           error_set(error, ERROR_INVALID, "column %zu: expected a number to compare with; got `%.60s`",
                     (size_t)(strlen(assertion->text) - strlen(at)) + 1, assertion->value);
}

struct assertion *assertion_parse(const char *text, struct error *error)
{
    struct assertion *assertion = memory_new(sizeof *assertion);
    assertion->text = memory_text(text);
    const char *start = blanks(assertion->text), *at = start + strcspn(start, " \t");
    assertion->subject = memory_text_n(start, (size_t)(at - start));
    at = blanks(at);
    bool good = assertion->subject[0] || error_set(error, ERROR_INVALID, "column 1: expected a name or a JSON pointer");
    if (good && *at) {
        size_t i = 0;
        while (i < ARRAY_COUNT(relations) && strncmp(at, relations[i].sign, strlen(relations[i].sign)) != 0)
            i++;
        if (i < ARRAY_COUNT(relations)) {
            assertion->relation = relations[i].relation;
            assertion->claim = at;
            good = read_value(assertion, blanks(at + strlen(relations[i].sign)), error);
        } else {
            good = error_set(error, ERROR_INVALID, "column %zu: expected == != < <= > >= or ~", (size_t)(at - assertion->text) + 1);
        }
    }
    if (!good)
        assertion_free(&assertion);
    return assertion;
}

void assertion_free(struct assertion **slot)
{
    if (!*slot)
        return;
    free((*slot)->text);
    free((*slot)->subject);
    free((*slot)->value);
    free(*slot);
    *slot = NULL;
}

const char *assertion_subject(const struct assertion *assertion)
{
    return assertion->subject;
}

const char *assertion_text(const struct assertion *assertion)
{
    return assertion->text;
}

bool assertion_is_number(const struct assertion *assertion)
{
    return assertion->is_number && assertion->relation != CONTAINS && assertion->relation != HOLDS_ANYWAY;
}

bool assertion_number(const struct assertion *assertion, double value)
{
    switch (assertion->relation) {
    case EQUAL: return value == assertion->number;
    case DIFFERENT: return value != assertion->number;
    case LESS: return value < assertion->number;
    case AT_MOST: return value <= assertion->number;
    case MORE: return value > assertion->number;
    case AT_LEAST: return value >= assertion->number;
    default: return isfinite(value);
    }
}

static bool text_holds(const struct assertion *assertion, const char *text)
{
    double number;
    if (assertion->relation == HOLDS_ANYWAY)
        return true;
    if (assertion->relation == CONTAINS)
        return strstr(text, assertion->value) != NULL;
    if (assertion->is_number && text_number(text, &number))
        return assertion_number(assertion, number);
    bool same = strcmp(text, assertion->value) == 0;
    return assertion->relation == EQUAL ? same : assertion->relation == DIFFERENT ? !same : false;
}

bool assertion_json(const struct assertion *assertion, struct json_object *document, char *why, size_t size)
{
    struct json_object *found = json_at(document, assertion->subject);
    const char *text = found ? json_object_get_string(found) : NULL;
    if (!text)
        snprintf(why, size, N_("nothing at %.60s in the answer"), assertion->subject);
    else if (!text_holds(assertion, text))
        snprintf(why, size, N_("%.60s is %.60s, expected %.80s"), assertion->subject, text, assertion->claim);
    else
        return true;
    return false;
}

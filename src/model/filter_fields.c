#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/filter_tree.h"
#include "model/health.h"

#define LABEL_PREFIX "label."

static const struct filter_field fields[] = {
#define X(name_, kind_, values_, help_) {.name = name_, .kind = FIELD_##kind_, .values = values_, .help = help_},
#include "model/filter_fields.def"
#undef X
};

const struct filter_field *filter_field_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (strlen(fields[i].name) == length && !memcmp(fields[i].name, name, length))
            return &fields[i];
    return NULL;
}

const char *filter_comparison_text(enum filter_comparison comparison)
{
    static const char *const texts[] = {
        [COMPARE_GREATER] = ">", [COMPARE_GREATER_EQUAL] = ">=", [COMPARE_LESS] = "<", [COMPARE_LESS_EQUAL] = "<="};
    return texts[comparison];
}

/* -- quantities ---------------------------------------------------------------------------------------- */

/* "80%", "3.5GB", "10k": a number and what multiplies it. Decimal and binary units by IEC 80000-13. */
static bool number_with_unit(const char *text, double *number)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {
        {"", 1},       {"%", 1},   {"b", 1},          {"k", 1e3},         {"kb", 1e3},
        {"mb", 1e6},   {"gb", 1e9},   {"tb", 1e12},      {"pb", 1e15},       {"kib", 1024.0},
        {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}, {"pib", 1125899906842624.0},
    };
    size_t digits = strspn(text, "0123456789+-.");
    if ((text[digits] == 'e' || text[digits] == 'E') && strspn(text + digits + 1, "0123456789+-"))
        digits += 1 + strspn(text + digits + 1, "0123456789+-");
    char head[64];
    if (!digits || digits >= sizeof head || strlen(text + digits) > 3)
        return false;
    memcpy(head, text, digits);
    head[digits] = '\0';
    if (!text_number(head, number))
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(units); i++)
        if (!text_compare_folded(units[i].name, text + digits)) {
            /* 80/100 is the nearest double to 0.8, 80*0.01 is not. */
            *number = units[i].name[0] == '%' ? *number / 100 : *number * units[i].factor;
            return true;
        }
    return false;
}

static bool quantity_span(const char *text, double *quantity)
{
    msec span;
    bool done = span_parse(text, &span, NULL);
    if (done)
        *quantity = (double)span;
    return done;
}

static bool quantity_instant(const char *text, msec now, double *quantity)
{
    msec instant;
    bool done = instant_parse(text, now, &instant, NULL);
    if (done)
        *quantity = (double)instant;
    return done;
}

static bool quantity_health(const char *text, double *quantity)
{
    enum health health;
    bool done = health_parse(text, &health);
    if (done)
        *quantity = health_rank(health);
    return done;
}

bool filter_quantity_parse(const char *text, enum field_kind kind, msec now, double *quantity, struct error *error)
{
    const char *expected = NULL;
    bool done = false;
    switch (kind) {
    case FIELD_SPAN:
        expected = "a span such as 5m or 2h";
        done = quantity_span(text, quantity);
        break;
    case FIELD_INSTANT:
        expected = "a time such as 2026-11-20, 03:00 or -2h";
        done = quantity_instant(text, now, quantity);
        break;
    case FIELD_HEALTH:
        expected = "a health such as warning";
        done = quantity_health(text, quantity);
        break;
    case FIELD_NUMBER:
        expected = "a number such as 30, 80% or 3.5GB";
        done = number_with_unit(text, quantity);
        break;
    case FIELD_TEXT:
    case FIELD_UNKNOWN:
        expected = "a number such as 30, 80% or 3.5GB, a span such as 5m, or a time such as 03:00";
        done = number_with_unit(text, quantity) || quantity_span(text, quantity) ||
               quantity_instant(text, now, quantity);
        break;
    }
    return done || error_set(error, ERROR_INVALID, "expected %s; got `%.64s`", expected, text);
}

/* -- completion ---------------------------------------------------------------------------------------- */

struct completion {
    void (*offer)(void *owner, const char *word);
    void *owner;
};

static void offer_values(const struct completion *completion, const char *values, const char *begun)
{
    for (values += *values == '!'; *values;) {
        size_t length = strcspn(values, ",");
        char word[64];
        if (length < sizeof word) {
            memcpy(word, values, length);
            word[length] = '\0';
            if (!strncmp(word, begun, strlen(begun)))
                completion->offer(completion->owner, word);
        }
        values += length + (values[length] == ',');
    }
}

/* A field with the operator that most often follows it; bare for has:. */
static void offer_fields(const struct completion *completion, const char *begun, bool bare)
{
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
        const struct filter_field *field = &fields[i];
        bool quantity = field->kind == FIELD_SPAN || field->kind == FIELD_INSTANT || field->kind == FIELD_NUMBER;
        char word[64];
        snprintf(word, sizeof word, "%s%s", field->name, bare ? "" : quantity ? ">" : ":");
        if (!strncmp(word, begun, strlen(begun)) && !(bare && (!strcmp(word, "has") || !strcmp(word, "under"))))
            completion->offer(completion->owner, word);
    }
    if (*begun && !strncmp(LABEL_PREFIX, begun, strlen(begun))) /* its names are the caller's to add */
        completion->offer(completion->owner, LABEL_PREFIX);
}

/* Where the term begins that `text` ends with, past its `-` and `(`. */
static const char *last_term(const char *text)
{
    const char *term = text;
    bool quoted = false;
    for (const char *at = text; *at;) {
        size_t blank = filter_blank_at(at);
        if (*at == '\\' && at[1]) {
            at += 2;
        } else if (*at == '"') {
            quoted = !quoted;
            at++;
        } else if (!quoted && (blank || *at == '(' || *at == '|' || *at == ')')) {
            at += blank ? blank : 1;
            term = at;
        } else {
            at++;
        }
    }
    return *term == '-' ? term + 1 : term;
}

void filter_complete(const char *text, void (*offer)(void *owner, const char *word), void *owner)
{
    struct completion completion = {offer, owner};
    const char *term = last_term(text);
    size_t name = filter_field_at(term), operator_length;
    if (!name) {
        if (!strchr(term, '"'))
            offer_fields(&completion, term, false);
        return;
    }
    char operator = filter_operator_at(term + name, &operator_length);
    const char *begun = term + name + operator_length;
    const char *comma = strrchr(begun, ',');
    if (comma)
        begun = comma + 1;
    const struct filter_field *field = filter_field_find(term, name);
    if (operator == ':' && field && !strcmp(field->name, "has"))
        offer_fields(&completion, begun, true);
    else if (field && field->values && operator != '~')
        offer_values(&completion, field->values, begun);
}

/* The filter language (nocturne-filter(7)): one parser and one matcher for the console's `/`, the `:` line, the
 * shell, the API, silences and rule scopes.
 *
 * A filter knows no asset: it asks a subject through filter_subject_ops, so that assets, alerts, tickets and
 * sources are all searched by the same words. Parsed once, matched many times; immutable, thread-safe. */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"

struct filter;

struct filter_subject_ops {
    /* Text of a field, NULL where the subject has none ("absent"). The pointer lives until the next call. A field
     * with several values (tag) is asked by has_value. */
    const char *(*text)(const void *subject, const char *field);
    /* The same text as people here see it, where that is another one; NULL where not. Either may match. May be NULL. */
    const char *(*shown)(const void *subject, const char *field);
    /* Number of a field in its base unit (ratios 0..1 for %, bytes, milliseconds for ages); false where absent.
     * Instants (raised_at) are milliseconds since 1970; `metric.NAME` reads a last value. */
    bool (*number)(const void *subject, const char *field, double *number);
    /* One of several values, compared folded with `*` (tag:x); may be NULL. */
    bool (*has_value)(const void *subject, const char *field, const char *pattern);
    /* Is the subject below the asset id (under:ID)? may be NULL. */
    bool (*under)(const void *subject, const char *id);
    /* Folded id, name and place joined by blanks, for bare words. */
    const char *(*words)(const void *subject);
};

enum filter_mode {
    FILTER_STRICT, /* errors are errors */
    FILTER_TYPING, /* an unfinished last term is ignored while somebody types */
};

/* NULL text or blanks match everything. On error: ERROR_INVALID, "column 7: expected a value after `health:`".
 * `now` is for ages and relative times and is fixed at parse time. */
struct filter *filter_parse(const char *text, enum filter_mode mode, msec now, struct error *error);
void filter_free(struct filter **filter);
bool filter_match(const struct filter *filter, const struct filter_subject_ops *ops, const void *subject);
bool filter_is_empty(const struct filter *filter);
/* Does it parse? For the `check` of a configuration's key. */
struct config_node;
bool filter_check(const struct config_node *node, const char *text, struct error *error);
/* Column (in characters, from 1) of the last error of filter_parse in this text, for placing a caret; 0 when it parses. */
int filter_error_column(const char *text, msec now);
/* The one bare word or phrase (folded) when the filter is nothing else, so that an index can serve it; else NULL. */
const char *filter_single_word(const struct filter *filter);
/* The canonical text (single blanks, quotes where needed). The caller frees. */
char *filter_to_text(const struct filter *filter);

/* A filter as terms that must all hold, for those who hand it on to another system in that one's words. */
struct filter_term {
    enum filter_term_kind { TERM_EQUALS, TERM_CONTAINS, TERM_HAS } kind;
    const char *field;
    bool negated;
    unsigned count;          /* of values: one of them; of TERM_HAS none */
    const struct filter_node *node;
};
/* A value as it was written: `*` any run, `\*` and `\\` the characters themselves. */
const char *filter_term_value(const struct filter_term *term, unsigned index);
bool filter_term_is(const struct filter_term *term, const char *text); /* does this text meet it? */
/* Visits the terms until `visit` says no. False when it did, or when the filter is more than that: `odd` then says what. */
bool filter_terms(const struct filter *filter, bool (*visit)(void *owner, const struct filter_term *term, struct error *odd),
                  void *owner, struct error *odd);

/* Words that may stand for what `text` ends with, for completion: field names with their usual operator
 * ("health:", "age>"), or the fixed values of a field (health, kind). Calls `offer` for each that begins so; values
 * that only the fleet knows are the caller's to add. */
void filter_complete(const char *text, void (*offer)(void *owner, const char *word), void *owner);

#endif

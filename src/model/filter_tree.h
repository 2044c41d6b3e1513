/* The body of a filter. filter_parse.c builds it, filter_match.c runs it, filter.c writes it out. Private to model. */
#ifndef MODEL_FILTER_TREE_H
#define MODEL_FILTER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/filter.h"

#define FILTER_TEXT_MAX 65536
#define FILTER_DEPTH 64
#define FILTER_NONE UINT32_MAX

/* Text to look for: folded pieces with any run between them. Compiled once. */
struct pattern {
    char *source;         /* as written, unfolded: `*` any run, `\*` and `\\` the characters themselves */
    char *folded;         /* the pieces, one after the other */
    uint32_t *ends;       /* of each piece in `folded` */
    uint32_t count;       /* pieces */
    bool anchored_start;  /* the first piece begins the text; false where a `*` stands before it */
    bool anchored_end;
    bool numeric;         /* the source is a number */
    double number;
};

enum filter_type {
    FILTER_ALL,      /* every child */
    FILTER_ANY,      /* some child */
    FILTER_NOT,      /* not its child */
    FILTER_WORD,     /* pattern within id, name, place */
    FILTER_EQUALS,   /* field is one of the patterns */
    FILTER_CONTAINS, /* field contains one of the patterns */
    FILTER_COMPARE,  /* field's number against the quantity */
    FILTER_HAS,      /* one of the fields is there */
    FILTER_UNDER,    /* below one of the ids */
};

enum filter_comparison { COMPARE_GREATER, COMPARE_GREATER_EQUAL, COMPARE_LESS, COMPARE_LESS_EQUAL };

struct filter_node {
    enum filter_type type;
    enum filter_comparison comparison;
    uint32_t child, next;     /* FILTER_NONE where there is none */
    char *field;
    struct pattern *patterns; /* of WORD, EQUALS, CONTAINS; HAS and UNDER use their sources */
    uint32_t pattern_count;
    double quantity;
};

struct filter {
    struct filter_node *nodes;
    uint32_t count, capacity;
    uint32_t root;            /* FILTER_NONE: matches everything */
};

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_SPAN, FIELD_INSTANT, FIELD_HEALTH, FIELD_UNKNOWN };

struct filter_field {
    const char *name;
    enum field_kind kind;
    const char *values; /* "a,b"; "!a,b" where no others exist; NULL: any */
    const char *help;
};

/* NULL for a field that the table does not have. */
const struct filter_field *filter_field_find(const char *name, size_t length);
/* A comparison's right side in the base unit of the field; on failure the error says what was expected. */
bool filter_quantity_parse(const char *text, enum field_kind kind, msec now, double *quantity, struct error *error);
const char *filter_comparison_text(enum filter_comparison comparison);

/* Takes `source`. */
void pattern_init(struct pattern *pattern, char *source);
void pattern_release(struct pattern *pattern);
/* Over text that is folded already. */
bool pattern_within(const struct pattern *pattern, const char *folded, size_t length);
/* Over text as it is: the whole of it, or a part. */
bool pattern_equals(const struct pattern *pattern, const char *text);
bool pattern_contained(const struct pattern *pattern, const char *text);

/* Parses; on failure *error_at is the byte offset of the mistake. */
struct filter *filter_parse_at(const char *text, enum filter_mode mode, msec now, size_t *error_at,
                               struct error *error);
/* Byte lengths of characters with a meaning in the language, for parser and completion alike; 0 where none. */
size_t filter_blank_at(const char *text);
/* ':', '~', '>' or '<', also full-width ones as Chinese input methods give them; 0 where none. */
char filter_operator_at(const char *text, size_t *length);
/* Length of the field name that begins here and is followed by an operator, else 0. */
size_t filter_field_at(const char *text);

#endif

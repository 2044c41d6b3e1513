/* The grammar, by recursive descent; FILTER_DEPTH bounds the recursion:
 *   any  = all { "|" all }
 *   all  = { [ "-" ] ( "(" any ")" | field operator values | word ) }
 * A word runs to a blank, a `|` or a `)` that it did not open itself; quotes and backslashes take what is special
 * for itself. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/filter_tree.h"

struct parser {
    const char *text;
    size_t length, at;
    enum filter_mode mode;
    msec now;
    struct filter *filter;
    unsigned depth;
    struct error *error;
    size_t error_at;
};

static bool parse_any(struct parser *parser, uint32_t *index);

static size_t column_of(const char *text, size_t at)
{
    size_t column = 1;
    for (size_t i = 0; i < at; i++)
        column += ((unsigned char)text[i] & 0xC0) != 0x80;
    return column;
}

static bool fail(struct parser *parser, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool fail(struct parser *parser, size_t at, const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    parser->error_at = at;
    return error_set(parser->error, ERROR_INVALID, "column %zu: %s", column_of(parser->text, at), text);
}

/* -- characters ---------------------------------------------------------------------------------------- */

size_t filter_blank_at(const char *text)
{
    if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
        return 1;
    return !strncmp(text, "\xE3\x80\x80", 3) ? 3 : 0; /* the ideographic blank */
}

char filter_operator_at(const char *text, size_t *length)
{
    *length = 1;
    if (*text && strchr(":~<>", *text))
        return *text;
    *length = 3;
    if (!strncmp(text, "：", 3))
        return ':';
    if (!strncmp(text, "＞", 3))
        return '>';
    if (!strncmp(text, "＜", 3))
        return '<';
    *length = 0;
    return 0;
}

static bool field_byte(unsigned char byte, bool first)
{
    if (byte >= 0x80 || byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
        return true;
    return !first && ((byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '/');
}

size_t filter_field_at(const char *text)
{
    size_t length = 0, operator_length;
    bool ascii = true;
    while (field_byte((unsigned char)text[length], !length) && !filter_blank_at(text + length)) {
        if (filter_operator_at(text + length, &operator_length)) {
            /* A full-width colon within Chinese text is text. */
            if (ascii || !strncmp(text, "metric.", 7) || !strncmp(text, "label.", 6))
                return length;
        }
        ascii = ascii && (unsigned char)text[length] < 0x80;
        length++;
    }
    return length && filter_operator_at(text + length, &operator_length) && operator_length == 1 ? length : 0;
}

static void skip_blanks(struct parser *parser)
{
    for (size_t blank; (blank = filter_blank_at(parser->text + parser->at)); parser->at += blank)
        ;
}

static bool at_end(const struct parser *parser)
{
    return parser->at >= parser->length;
}

/* -- nodes --------------------------------------------------------------------------------------------- */

static uint32_t node_new(struct parser *parser, enum filter_type type)
{
    struct filter *filter = parser->filter;
    ARRAY_RESERVE(filter->nodes, filter->capacity, filter->count + 1);
    filter->nodes[filter->count] = (struct filter_node){.type = type, .child = FILTER_NONE, .next = FILTER_NONE};
    return filter->count++;
}

/* Children in the making: one stands for itself, several get a parent. */
struct family {
    uint32_t first, last, count;
};

static void family_add(struct parser *parser, struct family *family, uint32_t index)
{
    if (index == FILTER_NONE)
        return;
    if (family->count++)
        parser->filter->nodes[family->last].next = index;
    else
        family->first = index;
    family->last = index;
}

static uint32_t family_node(struct parser *parser, const struct family *family, enum filter_type type)
{
    if (!family->count)
        return FILTER_NONE;
    if (family->count == 1)
        return family->first;
    uint32_t parent = node_new(parser, type);
    parser->filter->nodes[parent].child = family->first;
    return parent;
}

static void node_add_pattern(struct parser *parser, uint32_t index, char *source)
{
    struct filter_node *node = &parser->filter->nodes[index];
    if (!(node->pattern_count & (node->pattern_count - 1))) /* grows at powers of two */
        node->patterns = memory_resize(node->patterns, node->pattern_count ? node->pattern_count * 2u : 1u,
                                       sizeof *node->patterns);
    pattern_init(&node->patterns[node->pattern_count++], source);
}

/* -- words and values ---------------------------------------------------------------------------------- */

static bool ends_word(const struct parser *parser, bool value, unsigned open)
{
    const char *at = parser->text + parser->at;
    if (filter_blank_at(at))
        return true;
    if (*at == ')' || *at == '|')
        return !open;
    return value && *at == ',';
}

/* One word in the escaped form of a pattern's source: only `\*` and `\\` stay escaped. NULL on a mistake. */
static char *take_word(struct parser *parser, bool value)
{
    struct buffer word = BUFFER_INIT;
    size_t quote_at = 0;
    unsigned open = 0;
    bool quoted = false;
    buffer_append_text(&word, "");
    while (!at_end(parser) && (quoted || !ends_word(parser, value, open))) {
        char byte = parser->text[parser->at++];
        if (byte == '"') {
            quoted = !quoted;
            quote_at = parser->at - 1;
        } else if (byte == '\\') {
            if (at_end(parser)) {
                fail(parser, parser->at, "expected a character after `\\`");
                buffer_release(&word);
                return NULL;
            }
            byte = parser->text[parser->at++]; /* a lead byte's tail follows by itself */
            if (byte == '*' || byte == '\\')
                buffer_append_char(&word, '\\');
            buffer_append_char(&word, byte);
        } else {
            open += !quoted && byte == '(';
            open -= !quoted && byte == ')';
            buffer_append_char(&word, byte);
        }
    }
    if (quoted && parser->mode == FILTER_STRICT) {
        fail(parser, parser->length, "expected `\"` for the one in column %zu", column_of(parser->text, quote_at));
        buffer_release(&word);
        return NULL;
    }
    return buffer_take(&word);
}

/* Where a field has fixed values and no others, a value must be one of them. */
static bool value_exists(struct parser *parser, const struct filter_field *field, const char *value, size_t at)
{
    if (!field || !field->values || field->values[0] != '!' || strchr(value, '*'))
        return true;
    size_t length = strlen(value);
    for (const char *known = field->values + 1; *known;) {
        size_t known_length = strcspn(known, ",");
        char word[32] = "";
        memcpy(word, known, known_length < sizeof word ? known_length : 0);
        if (!text_compare_folded(word, value))
            return true;
        known += known_length + (known[known_length] == ',');
    }
    return fail(parser, at, "expected one of %s for `%s`; got `%.*s`", field->values + 1, field->name,
                length > 40 ? 40 : (int)length, value);
}

/* The name as the subject knows it: table names in any case and under their other names, others as written. */
static char *canonical_name(const char *name, size_t length, const struct filter_field **field)
{
    static const char *const others[][2] = {{"responsible_unit", "unit"}, {"tags", "tag"}, {"network", "link"},
                                            {"communication", "comm"}};
    char *lower = memory_text_n(name, length);
    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 32);
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (!strcmp(lower, others[i][0])) {
            free(lower);
            lower = memory_text(others[i][1]);
        }
    *field = filter_field_find(lower, strlen(lower));
    if (*field)
        return lower;
    free(lower);
    return memory_text_n(name, length);
}

static bool parse_values(struct parser *parser, uint32_t node, const struct filter_field *field, const char *name,
                         char operator)
{
    do {
        size_t start = parser->at;
        char *value = take_word(parser, true);
        if (!value)
            return false;
        if (!*value) {
            free(value);
            if (parser->at > start) /* "" */
                return fail(parser, start, "expected text between the quotes; -has:%.64s finds what has none", name);
            return fail(parser, start, "expected a value after `%.64s%c`", name, operator);
        }
        if (operator == ':' && !value_exists(parser, field, value, start)) {
            free(value);
            return false;
        }
        if (parser->filter->nodes[node].type == FILTER_HAS) {
            const struct filter_field *asked;
            char *canonical = canonical_name(value, strlen(value), &asked);
            free(value);
            value = canonical;
        }
        node_add_pattern(parser, node, value);
    } while (parser->text[parser->at] == ',' && ++parser->at);
    return true;
}

static bool parse_comparison(struct parser *parser, uint32_t node, const struct filter_field *field, const char *name,
                             char operator)
{
    bool equal = parser->text[parser->at] == '=';
    parser->at += equal;
    size_t start = parser->at;
    char *value = take_word(parser, false);
    if (!value)
        return false;
    struct filter_node *own = &parser->filter->nodes[node];
    own->comparison = operator == '>' ? equal ? COMPARE_GREATER_EQUAL : COMPARE_GREATER
                      : equal         ? COMPARE_LESS_EQUAL
                                      : COMPARE_LESS;
    node_add_pattern(parser, node, value); /* its source, to be written out again */
    struct error cause;
    if (!*value)
        return fail(parser, start, "expected a value after `%.64s%s`", name,
                    filter_comparison_text(own->comparison));
    if (!filter_quantity_parse(value, field ? field->kind : FIELD_UNKNOWN, parser->now, &own->quantity, &cause))
        return fail(parser, start, "%s", cause.text);
    return true;
}

static bool parse_field(struct parser *parser, size_t length, uint32_t *index)
{
    const struct filter_field *field;
    char *name = canonical_name(parser->text + parser->at, length, &field);
    if (!strcmp(name, "label.") || !strcmp(name, "annotation.")) {
        bool done = fail(parser, parser->at + length, "expected a name after `%s`, as in label.severity:page", name);
        free(name);
        return done;
    }
    parser->at += length;
    size_t operator_length, operator_at = parser->at;
    char operator = filter_operator_at(parser->text + parser->at, &operator_length);
    parser->at += operator_length;
    bool has = !strcmp(name, "has"), under = !strcmp(name, "under");
    enum filter_type type = operator == '~' ? FILTER_CONTAINS : operator != ':' ? FILTER_COMPARE : FILTER_EQUALS;
    if (operator == ':' && (has || under))
        type = has ? FILTER_HAS : FILTER_UNDER;
    *index = node_new(parser, type);
    parser->filter->nodes[*index].field = name;
    if (operator != ':' && (has || under))
        return fail(parser, operator_at, "expected `:` after `%s`", name);
    return type == FILTER_COMPARE ? parse_comparison(parser, *index, field, name, operator)
                                  : parse_values(parser, *index, field, name, operator);
}

static bool parse_word(struct parser *parser, uint32_t *index)
{
    size_t start = parser->at;
    char *word = take_word(parser, false);
    if (!word)
        return false;
    if (!*word) {
        free(word);
        return fail(parser, start, "expected text between the quotes");
    }
    *index = node_new(parser, FILTER_WORD);
    node_add_pattern(parser, *index, word);
    return true;
}

/* -- terms --------------------------------------------------------------------------------------------- */

static bool parse_group(struct parser *parser, uint32_t *index)
{
    size_t start = parser->at++;
    if (parser->depth == FILTER_DEPTH)
        return fail(parser, start, "nested deeper than %d", FILTER_DEPTH);
    parser->depth++;
    bool done = parse_any(parser, index);
    parser->depth--;
    if (!done)
        return false;
    if (at_end(parser)) {
        if (parser->mode == FILTER_TYPING)
            return true;
        return fail(parser, parser->at, "expected `)` for the `(` in column %zu", column_of(parser->text, start));
    }
    parser->at++;
    if (*index == FILTER_NONE && parser->mode == FILTER_STRICT)
        return fail(parser, start + 1, "expected a term after `(`");
    return true;
}

static bool parse_term(struct parser *parser, uint32_t *index)
{
    bool negated = parser->text[parser->at] == '-';
    size_t field;
    parser->at += negated;
    const char *at = parser->text + parser->at;
    if (negated && (!*at || *at == '-' || *at == ')' || *at == '|' || filter_blank_at(at)))
        return fail(parser, parser->at, "expected a term after `-`");
    bool done;
    if (*at == '(')
        done = parse_group(parser, index);
    else if ((field = filter_field_at(at)))
        done = parse_field(parser, field, index);
    else
        done = parse_word(parser, index);
    if (!done)
        return false;
    if (negated && *index != FILTER_NONE && parser->filter->nodes[*index].type == FILTER_NOT) {
        *index = parser->filter->nodes[*index].child; /* -( -a ) */
    } else if (negated && *index != FILTER_NONE) {
        uint32_t not = node_new(parser, FILTER_NOT);
        parser->filter->nodes[not].child = *index;
        *index = not;
    }
    return true;
}

/* Is the term that begins here the one somebody may still be typing? */
static bool is_last_term(const struct parser *parser, size_t start)
{
    bool quoted = false;
    for (const char *at = parser->text + start; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && filter_blank_at(at))
            return false;
    }
    return true;
}

static bool parse_all(struct parser *parser, uint32_t *index)
{
    struct family family = {0};
    for (;;) {
        skip_blanks(parser);
        char byte = parser->text[parser->at];
        if (at_end(parser) || byte == '|' || (byte == ')' && parser->depth))
            break;
        size_t start = parser->at;
        uint32_t child = FILTER_NONE;
        bool done = byte == ')' ? fail(parser, start, "expected a term; this `)` has no `(`")
                                : parse_term(parser, &child);
        if (!done) {
            if (parser->mode != FILTER_TYPING || !is_last_term(parser, start))
                return false;
            error_clear(parser->error);
            parser->at = parser->length;
            break;
        }
        family_add(parser, &family, child);
    }
    *index = family_node(parser, &family, FILTER_ALL);
    return true;
}

static bool parse_any(struct parser *parser, uint32_t *index)
{
    struct family family = {0};
    for (bool first = true;; first = false) {
        uint32_t child;
        if (!parse_all(parser, &child))
            return false;
        bool more = parser->text[parser->at] == '|';
        if (child == FILTER_NONE && (more || !first) && parser->mode == FILTER_STRICT)
            return fail(parser, parser->at, "expected a term %s `|`", first ? N_("before") : N_("after"));
        family_add(parser, &family, child);
        if (!more)
            break;
        parser->at++;
    }
    *index = family_node(parser, &family, FILTER_ANY);
    return true;
}

static bool parse_whole(struct parser *parser)
{
    if (parser->length > FILTER_TEXT_MAX)
        return fail(parser, 0, "longer than %d bytes", FILTER_TEXT_MAX);
    for (size_t at = 0; at < parser->length;) {
        uint32_t code;
        size_t step = text_decode(parser->text + at, parser->length - at, &code);
        if (step == 1 && code == 0xFFFD)
            return fail(parser, at, "not UTF-8");
        at += step;
    }
    return parse_any(parser, &parser->filter->root);
}

struct filter *filter_parse_at(const char *text, enum filter_mode mode, msec now, size_t *error_at,
                               struct error *error)
{
    struct filter *filter = memory_new(sizeof *filter);
    filter->root = FILTER_NONE;
    struct parser parser = {
        .text = text ? text : "",
        .length = text ? strlen(text) : 0,
        .mode = mode,
        .now = now,
        .filter = filter,
        .error = error,
    };
    if (!parse_whole(&parser))
        filter_free(&filter);
    *error_at = parser.error_at;
    return filter;
}

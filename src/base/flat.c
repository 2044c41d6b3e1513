#include "base/flat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

struct flat {
    const char *text;   /* texts and numbers: in our copy; containers: in the bytes parsed */
    const char *key;    /* of a member */
    uint32_t length;    /* of the text; of a container as it was written */
    uint32_t span;      /* values from here to the end of its last child */
    uint32_t mark;      /* of the key: compared before it is */
    uint32_t count;     /* of a container */
    uint32_t hint;      /* from here to the member or element that is likely asked for next, which of an array is */
    uint32_t place;     /* the one of this index */
    uint8_t type;
    bool yes;
};

struct whole {
    char *copy;         /* texts are unescaped and ended in place */
    struct flat values[];
};

struct parser {
    const char *source;
    char *copy, *at, *end;
    struct whole *whole;
    size_t count, capacity;
    uint32_t open[FLAT_DEPTH]; /* the containers that are open, outermost first */
    unsigned depth;
};

static inline uint32_t mark_of(const char *key, size_t length)
{
    return length ? (uint32_t)(length & 0xff) << 24 | (uint32_t)(unsigned char)key[0] << 16 |
                        (uint32_t)(unsigned char)key[length / 2] << 8 | (unsigned char)key[length - 1]
                  : 0;
}

/* ---- reading ---- */

static void skip_blanks(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\n' || *parser->at == '\t' || *parser->at == '\r')
        parser->at++;
}

static bool four_digits(const char *at, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char digit = at[i];
        uint32_t value = digit >= '0' && digit <= '9'   ? (uint32_t)(digit - '0')
                         : digit >= 'a' && digit <= 'f' ? (uint32_t)(digit - 'a') + 10
                         : digit >= 'A' && digit <= 'F' ? (uint32_t)(digit - 'A') + 10
                                                        : 16;
        if (value == 16)
            return false;
        *code = *code << 4 | value;
    }
    return true;
}

/* \uXXXX at `at`, with its second half where it is one of a pair; a half alone becomes the replacement character. */
static bool take_unicode(char **at, char **out)
{
    uint32_t code, low;
    if (!four_digits(*at + 2, &code))
        return false;
    *at += 6;
    if (code >= 0xd800 && code < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u' && four_digits(*at + 2, &low) &&
        low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        *at += 6;
    }
    *out += text_encode(code, *out); /* never longer than what it stood for */
    return true;
}

static bool take_escape(char **at, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if ((*at)[1] == 'u')
        return take_unicode(at, out);
    const char *known = (*at)[1] ? strchr(from, (*at)[1]) : NULL;
    if (!known)
        return false;
    *(*out)++ = to[known - from];
    *at += 2;
    return true;
}

/* Behind the opening quote. The copy ends with NUL, which no text may hold. */
static bool take_text(struct parser *parser, const char **text, uint32_t *length)
{
    char *at = parser->at, *start = at;
    while ((unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    char *out = at;
    while (*at != '"') {
        if ((unsigned char)*at < 0x20)
            return parser->at = at, false;
        if (*at != '\\')
            *out++ = *at++;
        else if (!take_escape(&at, &out))
            return parser->at = at, false;
    }
    *out = '\0';
    *text = start;
    *length = (uint32_t)(out - start);
    parser->at = at + 1;
    return true;
}

static size_t digits_at(const char *at)
{
    size_t count = 0;
    while (at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

static bool take_number(struct parser *parser, struct flat *value)
{
    char *at = parser->at;
    at += *at == '-';
    size_t digits = digits_at(at);
    if (!digits || (digits > 1 && *at == '0'))
        return false;
    at += digits;
    if (*at == '.') {
        if (!(digits = digits_at(++at)))
            return false;
        at += digits;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        if (!(digits = digits_at(at)))
            return false;
        at += digits;
    }
    value->type = FLAT_NUMBER;
    value->text = parser->at;
    value->length = (uint32_t)(at - parser->at);
    parser->at = at;
    return true;
}

static bool take_word(struct parser *parser, struct flat *value)
{
    static const struct { const char *word; uint8_t type; bool yes; } words[] = {
        {"true", FLAT_BOOL, true}, {"false", FLAT_BOOL, false}, {"null", FLAT_NULL, false}};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++) {
        size_t length = strlen(words[i].word);
        if (strncmp(parser->at, words[i].word, length) != 0)
            continue;
        value->type = words[i].type;
        value->yes = words[i].yes;
        parser->at += length;
        return true;
    }
    return false;
}

static struct flat *value_add(struct parser *parser)
{
    if (parser->count == parser->capacity) {
        parser->capacity *= 2;
        parser->whole = memory_resize(parser->whole, 1, sizeof *parser->whole + parser->capacity * sizeof(struct flat));
    }
    struct flat *value = &parser->whole->values[parser->count++];
    *value = (struct flat){.span = 1};
    return value;
}

/* A member's name and its colon. */
static bool take_key(struct parser *parser, struct flat *value)
{
    uint32_t length;
    skip_blanks(parser);
    if (*parser->at != '"')
        return false;
    parser->at++;
    if (!take_text(parser, &value->key, &length))
        return false;
    value->mark = mark_of(value->key, strlen(value->key));
    skip_blanks(parser);
    if (*parser->at != ':')
        return false;
    parser->at++;
    return true;
}

static struct flat *innermost(const struct parser *parser)
{
    return parser->depth ? &parser->whole->values[parser->open[parser->depth - 1]] : NULL;
}

/* One value; a container is opened and left so. */
static bool take_value(struct parser *parser)
{
    struct flat *value = value_add(parser), *container = innermost(parser);
    if (container) {
        container->count++;
        if (container->type == FLAT_OBJECT && !take_key(parser, value))
            return false;
    }
    skip_blanks(parser);
    switch (*parser->at) {
    case '"':
        value->type = FLAT_TEXT;
        parser->at++;
        return take_text(parser, &value->text, &value->length);
    case '{': case '[':
        if (parser->depth == FLAT_DEPTH)
            return false;
        value->type = *parser->at == '{' ? FLAT_OBJECT : FLAT_ARRAY;
        value->hint = 1;
        value->text = parser->source + (parser->at - parser->copy);
        parser->open[parser->depth++] = (uint32_t)(parser->count - 1);
        parser->at++;
        return true;
    case 't': case 'f': case 'n':
        return take_word(parser, value);
    default:
        return take_number(parser, value);
    }
}

static void close_container(struct parser *parser)
{
    struct flat *container = innermost(parser);
    parser->at++;
    container->length = (uint32_t)(parser->source + (parser->at - parser->copy) - container->text);
    container->span = (uint32_t)(parser->count - parser->open[parser->depth - 1]);
    parser->depth--;
}

static bool take_all(struct parser *parser)
{
    bool fresh = true; /* a container was just opened, or nothing was read yet */
    while (fresh || parser->depth) {
        struct flat *container = innermost(parser);
        skip_blanks(parser);
        char end = container ? container->type == FLAT_OBJECT ? '}' : ']' : '\0';
        if (container && *parser->at == end) {
            close_container(parser);
            fresh = false;
            continue;
        }
        if (!fresh) {
            if (*parser->at != ',')
                return false;
            parser->at++;
        }
        unsigned depth = parser->depth;
        if (!take_value(parser))
            return false;
        fresh = parser->depth > depth;
    }
    skip_blanks(parser);
    return parser->at == parser->end;
}

struct flat *flat_parse(const char *bytes, size_t length, struct error *error)
{
    if (length < INT32_MAX / 2 && text_is_utf8(bytes, length)) {
        struct parser parser = {.source = bytes, .copy = memory_text_n(bytes, length), .capacity = length / 24 + 16};
        parser.at = parser.copy;
        parser.end = parser.copy + length;
        parser.whole = memory_resize(NULL, 1, sizeof *parser.whole + parser.capacity * sizeof(struct flat));
        parser.whole->copy = parser.copy;
        bool good = take_all(&parser);
        struct flat *root = parser.whole->values;
        if (good && root->type != FLAT_NULL)
            return root;
        flat_free(&root);
    }
    /* The other reader says where and why. */
    struct json_object *object = json_parse(bytes, length, FLAT_DEPTH, error);
    if (object) {
        json_object_put(object);
        error_set(error, ERROR_INVALID, "no JSON text");
    }
    return NULL;
}

void flat_free(struct flat **flat)
{
    if (!*flat)
        return;
    struct whole *whole = (struct whole *)((char *)*flat - offsetof(struct whole, values));
    free(whole->copy);
    free(whole);
    *flat = NULL;
}

/* ---- asking ---- */

enum flat_type flat_type(const struct flat *value)
{
    return value ? (enum flat_type)value->type : FLAT_NULL;
}

static struct flat *find(struct flat *object, struct flat *from, const struct flat *end, const char *key, uint32_t mark)
{
    for (; from < end; from += from->span)
        if (from->mark == mark && strcmp(from->key, key) == 0) {
            object->hint = (uint32_t)(from - object) + from->span;
            return from;
        }
    return NULL;
}

struct flat *flat_get(struct flat *object, const char *key)
{
    if (!object || object->type != FLAT_OBJECT)
        return NULL;
    uint32_t mark = mark_of(key, strlen(key));
    struct flat *likely = object + object->hint, *found = find(object, likely, object + object->span, key, mark);
    if (!found)
        found = find(object, object + 1, likely, key, mark);
    return found && found->type != FLAT_NULL ? found : NULL;
}

const char *flat_as_text(const struct flat *value, const char *absent)
{
    return value && value->type == FLAT_TEXT ? value->text : absent;
}

double flat_as_number(const struct flat *value, double absent)
{
    if (!value || value->type != FLAT_NUMBER)
        return absent;
    double number = strtod(value->text, NULL); /* ends at what follows it in the text */
    return isfinite(number) ? number : absent;
}

int64_t flat_as_integer(const struct flat *value, int64_t absent)
{
    if (!value || value->type != FLAT_NUMBER)
        return absent;
    const char *at = value->text + (*value->text == '-');
    size_t digits = digits_at(at);
    if (digits == value->length - (size_t)(at - value->text))
        return strtoll(value->text, NULL, 10); /* beyond its range: the nearest */
    double number = strtod(value->text, NULL);
    return number == rint(number) && fabs(number) < 9e15 ? (int64_t)number : absent;
}

const char *flat_raw(const struct flat *value, size_t *length)
{
    *length = value->length;
    return value->text;
}

const char *flat_text(struct flat *object, const char *key, const char *absent)
{
    return flat_as_text(flat_get(object, key), absent);
}

double flat_number(struct flat *object, const char *key, double absent)
{
    return flat_as_number(flat_get(object, key), absent);
}

int64_t flat_integer(struct flat *object, const char *key, int64_t absent)
{
    return flat_as_integer(flat_get(object, key), absent);
}

bool flat_bool(struct flat *object, const char *key, bool absent)
{
    const struct flat *value = flat_get(object, key);
    return value && value->type == FLAT_BOOL ? value->yes : absent;
}

msec flat_instant(struct flat *object, const char *key)
{
    const char *text = flat_text(object, key, NULL);
    msec instant;
    /* RFC 3339 only: no "now", no "-2h" from another program. */
    if (!text || strnlen(text, 20) < 20 || text[10] == ' ' || !instant_parse(text, 0, &instant, NULL))
        return CLOCK_NEVER;
    return instant;
}

struct flat *flat_at(struct flat *array, unsigned index)
{
    if (flat_type(array) != FLAT_ARRAY || index >= array->count)
        return NULL;
    if (index < array->place) {
        array->place = 0;
        array->hint = 1;
    }
    struct flat *element = array + array->hint;
    for (; array->place < index; array->place++)
        element += element->span;
    array->hint = (uint32_t)(element - array);
    return element;
}

struct flat *flat_next(struct flat *container, struct flat *before)
{
    struct flat *next = before ? before + before->span : container ? container + 1 : NULL;
    return container && container->count && next < container + container->span ? next : NULL;
}

const char *flat_key(const struct flat *member)
{
    return member ? member->key : NULL;
}

unsigned flat_count(const struct flat *container)
{
    return container ? container->count : 0;
}

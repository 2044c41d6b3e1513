#include "base/json.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define DEPTH_USUAL 32
#define TOKENER_KEEP 65536 /* after a longer text its memory is given back */

/* One tokener a thread for the usual depth: a small message costs less than making one. */
static pthread_once_t tokener_once = PTHREAD_ONCE_INIT;
static pthread_key_t tokener_key;

static void tokener_drop(void *tokener)
{
    json_tokener_free(tokener);
}

static void tokener_key_make(void)
{
    pthread_key_create(&tokener_key, tokener_drop);
}

static struct json_tokener *tokener_make(int depth)
{
    /* json-c counts the value inside the innermost container too. */
    struct json_tokener *tokener = json_tokener_new_ex(depth + 1);
    if (!tokener)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    return tokener;
}

static struct json_tokener *tokener_get(int depth)
{
    if (depth != DEPTH_USUAL)
        return tokener_make(depth);
    pthread_once(&tokener_once, tokener_key_make);
    struct json_tokener *tokener = pthread_getspecific(tokener_key);
    if (!tokener) {
        tokener = tokener_make(depth);
        pthread_setspecific(tokener_key, tokener);
    }
    json_tokener_reset(tokener);
    return tokener;
}

/* One that failed is not used again: json_tokener_reset forgets half a surrogate pair (json-c 0.16), which would come up
 * in the next text. */
static void tokener_put(struct json_tokener *tokener, int depth, size_t length, bool failed)
{
    if (depth == DEPTH_USUAL) {
        if (length <= TOKENER_KEEP && !failed)
            return;
        pthread_setspecific(tokener_key, NULL);
    }
    json_tokener_free(tokener);
}

static bool parse_wrong(const char *bytes, size_t length, size_t at, const char *what, struct error *error)
{
    if (at > length)
        at = length;
    size_t line = 1, line_start = 0, column = 1;
    for (size_t i = 0; i < at; i++)
        if (bytes[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    for (size_t i = line_start; i < at; i++)
        column += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return error_set(error, ERROR_INVALID, "line %zu column %zu: %s", line, column, what);
}

/* json-c takes NaN, Infinity and keys in single quotes even when strict. Where such a thing begins outside
 * quotes, its offset; else `length`. JSON's own words have none of these characters. */
static size_t find_lenient(const char *bytes, size_t length)
{
    if (!memchr(bytes, 'N', length) && !memchr(bytes, 'I', length) && !memchr(bytes, '\'', length))
        return length;
    bool quoted = false;
    for (size_t at = 0; at < length; at++) {
        if (quoted && bytes[at] == '\\')
            at++;
        else if (bytes[at] == '"')
            quoted = !quoted;
        else if (!quoted && (bytes[at] == 'N' || bytes[at] == 'I' || bytes[at] == '\''))
            return at;
    }
    return length;
}

static size_t skip_blanks(const char *bytes, size_t length, size_t at)
{
    while (at < length && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\n' || bytes[at] == '\r'))
        at++;
    return at;
}

struct json_object *json_parse(const char *bytes, size_t length, int depth, struct error *error)
{
    if (depth <= 0)
        depth = DEPTH_USUAL;
    if (length > INT_MAX / 2) {
        error_set(error, ERROR_INVALID, "larger than 1 GiB");
        return NULL;
    }
    if (skip_blanks(bytes, length, 0) == length) {
        parse_wrong(bytes, length, length, "empty where JSON was expected", error);
        return NULL;
    }
    size_t stray = find_lenient(bytes, length);
    if (stray < length) {
        parse_wrong(bytes, length, stray,
                    bytes[stray] == '\'' ? "expected double quotes" : N_("NaN and Infinity are not JSON"), error);
        return NULL;
    }

    struct json_tokener *tokener = tokener_get(depth);
    struct json_object *object = json_tokener_parse_ex(tokener, bytes, (int)length);
    enum json_tokener_error result = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    if (result == json_tokener_continue) { /* a bare number ends only with the text */
        object = json_tokener_parse_ex(tokener, "", 1);
        result = json_tokener_get_error(tokener);
        end = length;
    }
    bool done = false;
    if (result == json_tokener_error_depth)
        error_set(error, ERROR_INVALID, "nested deeper than %d", depth);
    else if (result == json_tokener_error_parse_eof || result == json_tokener_continue)
        parse_wrong(bytes, length, end, "the text ends inside a value", error);
    else if (result != json_tokener_success)
        parse_wrong(bytes, length, end, json_tokener_error_desc(result), error);
    else if (skip_blanks(bytes, length, end) != length)
        parse_wrong(bytes, length, skip_blanks(bytes, length, end), "more after the value", error);
    else
        done = true;
    tokener_put(tokener, depth, length, !done);
    if (done && !object) {
        /* json-c's null is a NULL pointer, which here would look like a failure. */
        error_set(error, ERROR_INVALID, "null where a value was expected");
    } else if (!done && object) {
        json_object_put(object);
        object = NULL;
    }
    return object;
}

struct json_object *json_get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    if (object && json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, key, &value);
    return value;
}

const char *json_get_text(struct json_object *object, const char *key, const char *absent)
{
    struct json_object *value = json_get(object, key);
    return value && json_object_is_type(value, json_type_string) ? json_object_get_string(value) : absent;
}

double json_get_number(struct json_object *object, const char *key, double absent)
{
    struct json_object *value = json_get(object, key);
    enum json_type type = value ? json_object_get_type(value) : json_type_null;
    if (type != json_type_double && type != json_type_int)
        return absent;
    double number = json_object_get_double(value);
    return isfinite(number) ? number : absent;
}

int64_t json_get_integer(struct json_object *object, const char *key, int64_t absent)
{
    struct json_object *value = json_get(object, key);
    enum json_type type = value ? json_object_get_type(value) : json_type_null;
    if (type == json_type_int)
        return json_object_get_int64(value);
    if (type != json_type_double)
        return absent;
    double number = json_object_get_double(value);
    return number == rint(number) && fabs(number) < 9e15 ? (int64_t)number : absent;
}

bool json_get_bool(struct json_object *object, const char *key, bool absent)
{
    struct json_object *value = json_get(object, key);
    return value && json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value) : absent;
}

msec json_get_instant(struct json_object *object, const char *key)
{
    const char *text = json_get_text(object, key, NULL);
    msec instant;
    /* RFC 3339 only: no "now", no "-2h" from another program. */
    if (!text || strnlen(text, 20) < 20 || text[10] == ' ' || !instant_parse(text, 0, &instant, NULL))
        return CLOCK_NEVER;
    return instant;
}

/* An array index by RFC 6901: digits without leading zeros. */
static bool pointer_index(const char *token, size_t length, size_t *index)
{
    if (!length || length > 9 || (token[0] == '0' && length > 1))
        return false;
    *index = 0;
    for (size_t i = 0; i < length; i++) {
        if (token[i] < '0' || token[i] > '9')
            return false;
        *index = *index * 10 + (size_t)(token[i] - '0');
    }
    return true;
}

/* A member by a reference token, in which ~1 stands for / and ~0 for ~. */
static struct json_object *pointer_member(struct json_object *object, const char *token, size_t length)
{
    char small[128], *key = length < sizeof small ? small : memory_text_n(token, length);
    size_t used = 0;
    bool valid = true;
    for (size_t i = 0; i < length; i++) {
        char byte = token[i];
        if (byte == '~') {
            valid = i + 1 < length && (token[i + 1] == '0' || token[i + 1] == '1');
            if (!valid)
                break;
            byte = token[++i] == '0' ? '~' : '/';
        }
        key[used++] = byte;
    }
    key[used] = '\0';
    struct json_object *value = valid ? json_get(object, key) : NULL;
    if (key != small)
        free(key);
    return value;
}

struct json_object *json_at(struct json_object *object, const char *pointer)
{
    while (object && *pointer == '/') {
        const char *token = ++pointer;
        size_t length = strcspn(token, "/"), index;
        pointer += length;
        if (json_object_is_type(object, json_type_array))
            object = pointer_index(token, length, &index) ? json_object_array_get_idx(object, index) : NULL;
        else
            object = pointer_member(object, token, length);
    }
    return *pointer ? NULL : object;
}

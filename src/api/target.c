/* See target.h. RFC 3986 for the path; the query as forms send it ("+" is a blank). */
#include "api/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* Decode `length` bytes at `from` to *to, which moves on behind the closing NUL. */
static bool decode(const char *from, size_t length, bool form, char **to, struct error *error)
{
    char *start = *to, *out = start;
    for (size_t i = 0; i < length; i++) {
        char byte = from[i];
        if (byte == '%') {
            int high = i + 2 < length ? hex_digit(from[i + 1]) : -1;
            int low = i + 2 < length ? hex_digit(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return error_set(error, ERROR_INVALID, "a `%%` in the address must be followed by two hex digits");
            byte = (char)(high << 4 | low);
            i += 2;
        } else if (form && byte == '+')
            byte = ' ';
        if (!byte)
            return error_set(error, ERROR_INVALID, "the address holds a NUL byte");
        *out++ = byte;
    }
    *out = '\0';
    if (!text_is_utf8(start, (size_t)(out - start)))
        return error_set(error, ERROR_INVALID, "the address is not UTF-8");
    *to = out + 1;
    return true;
}

static bool parse_path(struct target *target, const char *path, size_t length, char **out, struct error *error)
{
    if (!length || path[0] != '/')
        return error_set(error, ERROR_INVALID, "the address must begin with `/`");
    for (size_t at = 1; at <= length;) {
        size_t end = at;
        while (end < length && path[end] != '/')
            end++;
        if (end == at && end == length)
            break; /* a trailing slash, or "/" itself */
        if (target->segment_count == TARGET_SEGMENTS)
            return error_set(error, ERROR_INVALID, "the address has too many parts");
        target->segment[target->segment_count++] = *out;
        if (!decode(path + at, end - at, false, out, error))
            return false;
        at = end + 1;
    }
    return true;
}

static bool parse_query(struct target *target, const char *query, char **out, struct error *error)
{
    for (const char *at = query; *at;) {
        size_t length = strcspn(at, "&"), name = strcspn(at, "&=");
        if (length) {
            if (target->parameter_count == TARGET_PARAMETERS)
                return error_set(error, ERROR_INVALID, "more than %d parameters", TARGET_PARAMETERS);
            struct target_parameter *parameter = &target->parameter[target->parameter_count];
            parameter->name = *out;
            if (!decode(at, name, true, out, error))
                return false;
            parameter->value = *out;
            size_t skip = name < length ? name + 1 : length;
            if (!decode(at + skip, length - skip, true, out, error))
                return error_prefix(error, "%s", parameter->name);
            if (target_get(target, parameter->name))
                return error_set(error, ERROR_INVALID, "%s: given twice", parameter->name);
            target->parameter_count++;
        }
        at += length;
        at += *at == '&';
    }
    return true;
}

bool target_init(struct target *target, const char *raw, struct error *error)
{
    *target = (struct target){0};
    size_t length = strlen(raw);
    if (length > TARGET_MAX)
        return error_set(error, ERROR_INVALID, "the address is longer than %d bytes", TARGET_MAX);
    /* Each segment and each half of a parameter takes its bytes and one NUL in place of a separator; the last ones
     * have no separator, hence the room to spare. */
    char *out = target->text = memory_new(length * 2 + 8);
    size_t path = strcspn(raw, "?");
    if (!parse_path(target, raw, path, &out, error))
        return false;
    return !raw[path] || parse_query(target, raw + path + 1, &out, error);
}

void target_release(struct target *target)
{
    free(target->text);
    *target = (struct target){0};
}

const char *target_get(const struct target *target, const char *name)
{
    for (unsigned i = 0; i < target->parameter_count; i++)
        if (strcmp(target->parameter[i].name, name) == 0)
            return target->parameter[i].value;
    return NULL;
}

bool target_count(const struct target *target, const char *name, uint32_t maximum, uint32_t *count, struct error *error)
{
    const char *text = target_get(target, name);
    if (!text || !*text)
        return true;
    uint64_t number = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || at - text > 10)
            return error_set(error, ERROR_INVALID, "%s: expected a whole number; got `%.40s`", name, text);
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (number > maximum)
        return error_set(error, ERROR_INVALID, "%s: at most %u; got `%.40s`", name, maximum, text);
    *count = (uint32_t)number;
    return true;
}

bool target_flag(const struct target *target, const char *name, bool *flag, struct error *error)
{
    static const struct { const char *word; bool value; } words[] = {
        {"1", true}, {"true", true}, {"yes", true}, {"", true}, {"0", false}, {"false", false}, {"no", false},
    };
    const char *text = target_get(target, name);
    if (!text)
        return true;
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].word, text) == 0) {
            *flag = words[i].value;
            return true;
        }
    return error_set(error, ERROR_INVALID, "%s: expected 1 or 0; got `%.40s`", name, text);
}

bool target_instant(const struct target *target, const char *name, msec now, msec *instant, struct error *error)
{
    const char *text = target_get(target, name);
    if (!text || !*text)
        return true;
    return instant_parse(text, now, instant, error) || error_prefix(error, "%s", name);
}

#include "base/phrase_pattern.h"

#include <string.h>

/* "%.*s", "%5.1f", "%zu", "%2$s", and "%<PRIu64>" as xgettext writes it. */
size_t phrase_conversion(const char *format, int *kind, unsigned *argument)
{
    size_t at = 1, digits = strspn(format + at, "0123456789");
    *argument = 0;
    *kind = -1;
    if (format[at] == '%')
        return 2;
    if (digits && digits < 3 && format[at + digits] == '$') {
        for (size_t i = 0; i < digits; i++)
            *argument = *argument * 10 + (unsigned)(format[at + i] - '0');
        if (!*argument)
            return 0;
        at += digits + 1;
    }
    at += strspn(format + at, "-+#0'");
    at += strspn(format + at, "0123456789*");
    if (format[at] == '.') {
        at++;
        at += strspn(format + at, "0123456789*");
    }
    if (format[at] == '<') {
        size_t close = strcspn(format + at, ">");
        if (!format[at + close])
            return 0;
        *kind = format[at + close - 1] == 'x' ? PHRASE_HEX : PHRASE_INTEGER;
        return at + close + 1;
    }
    at += strspn(format + at, "hlqjzt");
    switch (format[at]) {
    case 's': *kind = PHRASE_TEXT; break;
    case 'c': *kind = PHRASE_CHARACTER; break;
    case 'd': case 'i': case 'u': *kind = PHRASE_INTEGER; break;
    case 'x': case 'X': case 'o': *kind = PHRASE_HEX; break;
    case 'f': case 'g': case 'e': case 'G': case 'E': *kind = PHRASE_NUMBER; break;
    default: return 0;
    }
    return at + 1;
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

size_t phrase_pattern_parse(struct phrase_pattern *pattern, const char *format, char *pool, bool *good)
{
    char *write = pool;
    memset(pattern, 0, sizeof *pattern);
    pattern->text = pool;
    *good = strlen(format) <= UINT16_MAX;
    if (!*good)
        return 0;
    for (; *format; ) {
        int kind = -1;
        unsigned named = 0;
        size_t length = *format == '%' ? phrase_conversion(format, &kind, &named) : 0;
        if (!length)
            length = 1; /* "80%, 3.5GB": no conversion */
        if (named || (kind >= 0 && pattern->count == PHRASE_ARGUMENTS)) {
            *good = false;
            return 0;
        }
        if (kind >= 0) {
            pattern->kind[pattern->count++] = (uint8_t)kind;
            pattern->start[pattern->count] = (uint16_t)(write - pool);
        } else {
            *write++ = *format;
            pattern->letters += is_letter(*format);
        }
        format += length;
    }
    pattern->weight = pattern->start[pattern->count + 1] = (uint16_t)(write - pool);
    return (size_t)(write - pool);
}

struct phrase_span phrase_literal(const struct phrase_pattern *pattern, unsigned index)
{
    return (struct phrase_span){pattern->text + pattern->start[index], pattern->start[index + 1] - pattern->start[index]};
}

/* ---- matching ---- */

static bool is_digit(char byte, bool hex)
{
    return (byte >= '0' && byte <= '9') || (hex && ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F')));
}

static bool is_integer(struct phrase_span span, bool hex)
{
    size_t at = 0;
    while (at < span.length && span.start[at] == ' ') /* of a width */
        at++;
    if (at < span.length && (span.start[at] == '-' || span.start[at] == '+'))
        at++;
    size_t digits = at;
    while (at < span.length && is_digit(span.start[at], hex))
        at++;
    return at > digits && at == span.length;
}

static bool is_number(struct phrase_span span)
{
    size_t digits = 0, at = 0;
    while (at < span.length && span.start[at] == ' ')
        at++;
    const char *word = span.start + at + (at < span.length && span.start[at] == '-');
    size_t left = (size_t)(span.start + span.length - word);
    if (left == 3 && (memcmp(word, "inf", 3) == 0 || memcmp(word, "nan", 3) == 0))
        return true;
    for (; at < span.length; at++) {
        if (is_digit(span.start[at], false))
            digits++;
        else if (!memchr("+-.eE", span.start[at], 5))
            return false;
    }
    return digits > 0;
}

static bool is_character(struct phrase_span span)
{
    if (!span.length || span.length > 4)
        return false;
    for (size_t i = 1; i < span.length; i++)
        if (((unsigned char)span.start[i] & 0xC0) != 0x80)
            return false;
    return true;
}

static bool kind_fits(uint8_t kind, struct phrase_span span)
{
    return kind == PHRASE_TEXT ? true : kind == PHRASE_CHARACTER ? is_character(span)
           : kind == PHRASE_NUMBER ? is_number(span) : is_integer(span, kind == PHRASE_HEX);
}

struct matching {
    const struct phrase_pattern *pattern;
    const char *end; /* of the last argument */
    struct phrase_span *arguments;
    unsigned *steps;
};

static bool match_from(struct matching *matching, unsigned index, const char *at);

static bool argument_is(struct matching *matching, unsigned index, const char *at, const char *end, size_t skip)
{
    matching->arguments[index] = (struct phrase_span){at, (size_t)(end - at)};
    return kind_fits(matching->pattern->kind[index], matching->arguments[index]) && match_from(matching, index + 1, end + skip);
}

/* "%s%s%s" is mostly a text, what joins, and one more: the first ends where something is joined, or with everything. */
static bool match_adjoining(struct matching *matching, unsigned index, const char *at)
{
    const char *end = at;
    while (end < matching->end && !(memchr(";:,", end[0], 3) && end + 1 < matching->end && end[1] == ' ') &&
           !(end[0] == ' ' && end + 1 < matching->end && end[1] == '('))
        end++;
    *matching->steps -= *matching->steps > 0;
    return argument_is(matching, index, at, end, 0) || (end < matching->end && argument_is(matching, index, at, matching->end, 0));
}

/* Argument `index` begins at `at`: the shortest that lets the rest fit. */
static bool match_from(struct matching *matching, unsigned index, const char *at)
{
    const struct phrase_pattern *pattern = matching->pattern;
    if (index + 1 == pattern->count) {
        matching->arguments[index] = (struct phrase_span){at, (size_t)(matching->end - at)};
        return kind_fits(pattern->kind[index], matching->arguments[index]);
    }
    const struct phrase_span next = phrase_literal(pattern, index + 1);
    if (!next.length && pattern->kind[index] == PHRASE_TEXT && match_adjoining(matching, index, at))
        return true;
    for (const char *from = at; from <= matching->end && *matching->steps; from++) {
        --*matching->steps;
        const char *found = next.length ? memmem(from, (size_t)(matching->end - from), next.start, next.length) : from;
        if (!found)
            return false;
        if (argument_is(matching, index, at, found, next.length))
            return true;
        from = found;
    }
    return false;
}

bool phrase_pattern_match(const struct phrase_pattern *pattern, struct phrase_span text,
                          struct phrase_span arguments[PHRASE_ARGUMENTS], unsigned *steps)
{
    const struct phrase_span head = phrase_literal(pattern, 0), tail = phrase_literal(pattern, pattern->count);
    if (text.length < pattern->weight || memcmp(text.start, head.start, head.length) != 0)
        return false;
    if (!pattern->count)
        return text.length == head.length;
    if (memcmp(text.start + text.length - tail.length, tail.start, tail.length) != 0)
        return false;
    struct matching matching = {.pattern = pattern, .end = text.start + text.length - tail.length,
                                .arguments = arguments, .steps = steps};
    return match_from(&matching, 0, text.start + head.length);
}

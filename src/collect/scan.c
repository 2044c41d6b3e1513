#include "collect/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Where the reader stands. Containers that are open are kept by token number. */
struct reader {
    struct scan *scan;
    const char *at, *end;
    uint32_t open[SCAN_DEPTH];
    unsigned depth;
    struct error *error;
};

void scan_init(struct scan *scan)
{
    memset(scan, 0, sizeof *scan);
}

void scan_release(struct scan *scan)
{
    free(scan->tokens);
    scan_init(scan);
}

static bool refuse(struct reader *reader, const char *what)
{
    return error_set(reader->error, ERROR_INVALID, "%s at byte %zu", what,
                     (size_t)(reader->at - reader->scan->bytes) + 1);
}

static struct scan_token *token_add(struct reader *reader, enum scan_type type, const char *start, size_t length)
{
    struct scan *scan = reader->scan;
    ARRAY_RESERVE(scan->tokens, scan->capacity, scan->count + 1);
    struct scan_token *token = &scan->tokens[scan->count++];
    *token = (struct scan_token){.start = (uint32_t)(start - scan->bytes), .length = (uint32_t)length,
                                 .next = scan->count, .type = (uint8_t)type};
    return token;
}

static inline void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Four hex digits, or -1. */
static int hex_quad(const char *at, const char *end)
{
    int code = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

static bool skip_escape(struct reader *reader)
{
    if (reader->end - reader->at < 2)
        return refuse(reader, "text without its closing quote");
    switch (reader->at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        reader->at += 2;
        return true;
    case 'u':
        if (hex_quad(reader->at + 2, reader->end) < 0)
            return refuse(reader, "\\u needs four hexadecimal digits");
        reader->at += 6;
        return true;
    default:
        return refuse(reader, "unknown escape in a text");
    }
}

static bool read_text(struct reader *reader)
{
    const char *start = ++reader->at;
    bool escaped = false;
    unsigned char seen = 0;
    for (;;) {
        if (reader->at == reader->end)
            return refuse(reader, "text without its closing quote");
        unsigned char byte = (unsigned char)*reader->at;
        if (byte == '"')
            break;
        if (byte == '\\') {
            escaped = true;
            if (!skip_escape(reader))
                return false;
            continue;
        }
        if (byte < 0x20)
            return refuse(reader, "control character in a text");
        seen |= byte;
        reader->at++;
    }
    if (seen & 0x80)
        reader->scan->plain = false;
    token_add(reader, SCAN_TEXT, start, (size_t)(reader->at - start))->escaped = escaped;
    reader->at++;
    return true;
}

static inline bool is_digit(const struct reader *reader, const char *at)
{
    return at < reader->end && *at >= '0' && *at <= '9';
}

static bool read_number(struct reader *reader)
{
    const char *start = reader->at, *at = start;
    if (*at == '-')
        at++;
    if (!is_digit(reader, at))
        return refuse(reader, "a value was expected");
    if (*at == '0')
        at++;
    else
        while (is_digit(reader, at))
            at++;
    if (at < reader->end && *at == '.') {
        if (!is_digit(reader, ++at))
            return refuse(reader, "digits were expected after the decimal point");
        while (is_digit(reader, at))
            at++;
    }
    if (at < reader->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < reader->end && (*at == '+' || *at == '-'))
            at++;
        if (!is_digit(reader, at))
            return refuse(reader, "digits were expected in the exponent");
        while (is_digit(reader, at))
            at++;
    }
    token_add(reader, SCAN_NUMBER, start, (size_t)(at - start));
    reader->at = at;
    return true;
}

static bool read_word(struct reader *reader)
{
    static const struct { const char *word; size_t length; enum scan_type type; } words[] = {
        {"true", 4, SCAN_TRUE}, {"false", 5, SCAN_FALSE}, {"null", 4, SCAN_NULL},
        {"NaN", 3, SCAN_NOT_FINITE}, {"Infinity", 8, SCAN_NOT_FINITE}, {"-Infinity", 9, SCAN_NOT_FINITE},
    };
    size_t left = (size_t)(reader->end - reader->at);
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (left >= words[i].length && memcmp(reader->at, words[i].word, words[i].length) == 0) {
            token_add(reader, words[i].type, reader->at, words[i].length);
            reader->at += words[i].length;
            return true;
        }
    return refuse(reader, "a value was expected");
}

static bool open_container(struct reader *reader, enum scan_type type)
{
    if (reader->depth == SCAN_DEPTH)
        return refuse(reader, "nested more than 32 deep");
    reader->open[reader->depth++] = reader->scan->count;
    token_add(reader, type, reader->at, 0);
    reader->at++;
    return true;
}

static void close_container(struct reader *reader)
{
    struct scan_token *token = &reader->scan->tokens[reader->open[--reader->depth]];
    reader->at++;
    token->length = (uint32_t)(reader->at - reader->scan->bytes) - token->start;
    token->next = reader->scan->count;
}

static bool read_key(struct reader *reader)
{
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != '"')
        return refuse(reader, "a member name in quotes was expected");
    if (!read_text(reader))
        return false;
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != ':')
        return refuse(reader, "`:` was expected after a member name");
    reader->at++;
    return true;
}

/* A scalar, or the opening of a container; `opened` says which. */
static bool read_value(struct reader *reader, bool *opened)
{
    *opened = false;
    skip_blanks(reader);
    if (reader->at == reader->end)
        return refuse(reader, "the text ends where a value was expected");
    switch (*reader->at) {
    case '{':
        *opened = true;
        return open_container(reader, SCAN_OBJECT);
    case '[':
        *opened = true;
        return open_container(reader, SCAN_ARRAY);
    case '"':
        return read_text(reader);
    case '-':
        if (reader->end - reader->at > 1 && reader->at[1] == 'I')
            return read_word(reader);
        return read_number(reader);
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return read_number(reader);
    default:
        return read_word(reader);
    }
}

/* After a value: close what ends here, and pass the comma before the next one. False with `more` when the whole
 * text is read or wrong. */
static bool read_separator(struct reader *reader, bool *done)
{
    for (;;) {
        skip_blanks(reader);
        if (reader->depth == 0) {
            *done = true;
            return reader->at == reader->end || refuse(reader, "text after the end of the value");
        }
        bool object = reader->scan->tokens[reader->open[reader->depth - 1]].type == SCAN_OBJECT;
        if (reader->at == reader->end)
            return refuse(reader, object ? N_("the text ends inside an object") : N_("the text ends inside a list"));
        if (*reader->at == ',') {
            reader->at++;
            return !object || read_key(reader);
        }
        if (*reader->at != (object ? '}' : ']'))
            return refuse(reader, object ? N_("`,` or `}` was expected") : N_("`,` or `]` was expected"));
        close_container(reader);
    }
}

bool scan_read(struct scan *scan, const char *bytes, size_t length, struct error *error)
{
    struct reader reader = {.scan = scan, .at = bytes, .end = bytes + length, .error = error};
    scan->bytes = bytes;
    scan->count = 0;
    scan->plain = true;
    if (length > SCAN_LENGTH_MAX)
        return error_set(error, ERROR_INVALID, "longer than %zu MiB", SCAN_LENGTH_MAX >> 20);
    for (;;) {
        bool opened, done = false;
        if (!read_value(&reader, &opened))
            return false;
        if (opened) {
            bool object = scan->tokens[scan->count - 1].type == SCAN_OBJECT;
            skip_blanks(&reader);
            if (reader.at == reader.end || *reader.at != (object ? '}' : ']')) {
                if (object && !read_key(&reader))
                    return false;
                continue;
            }
            close_container(&reader);
        }
        if (!read_separator(&reader, &done))
            return false;
        if (done)
            return true;
    }
}

uint32_t scan_member(const struct scan *scan, uint32_t object, const char *name, size_t length)
{
    uint32_t found = SCAN_NOTHING;
    if (scan->tokens[object].type != SCAN_OBJECT)
        return found;
    for (uint32_t key = object + 1; key < scan->tokens[object].next; key = scan->tokens[key + 1].next)
        if (scan_text_is(scan, key, name, length))
            found = key + 1;
    return found;
}

/* Powers of ten that a double holds exactly. */
static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Numbers as devices write them: up to 15 digits and a small exponent, where one multiplication or division of two
 * exact doubles is correctly rounded (Clinger 1990). False: the long way is needed. */
static bool number_short(const char *at, const char *end, double *number)
{
    uint64_t digits = 0;
    unsigned count = 0;
    int exponent = 0;
    bool negative = *at == '-', fraction = false;
    for (at += negative; at < end && count <= 15; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        if (*at < '0' || *at > '9')
            break;
        digits = digits * 10 + (uint64_t)(*at - '0');
        count += digits != 0;
        exponent -= fraction;
    }
    if (at < end || count > 15 || exponent < -22)
        return false;
    *number = (double)digits / exact_powers[-exponent];
    if (negative)
        *number = -*number;
    return true;
}

bool scan_number(const struct scan *scan, uint32_t index, double *number)
{
    const struct scan_token *token = &scan->tokens[index];
    const char *start = scan->bytes + token->start;
    if (number_short(start, start + token->length, number))
        return true;
    char small[128];
    char *copy = token->length < sizeof small ? small : memory_new(token->length + 1u);
    memcpy(copy, start, token->length);
    copy[token->length] = '\0';
    bool good = text_number(copy, number);
    if (copy != small)
        free(copy);
    return good;
}

/* One character of a text; *at points at a backslash. */
static uint32_t resolve_escape(const char **at, const char *end)
{
    static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char letter = (*at)[1];
    *at += 2;
    if (letter != 'u') {
        for (size_t i = 0; i + 1 < sizeof plain; i += 2)
            if (plain[i] == letter)
                return (uint32_t)plain[i + 1];
        return 0xFFFD;
    }
    int code = hex_quad(*at, end);
    *at += 4;
    if (code >= 0xD800 && code < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        int low = hex_quad(*at + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            *at += 6;
            return 0x10000u + (((uint32_t)code - 0xD800u) << 10) + ((uint32_t)low - 0xDC00u);
        }
    }
    return code >= 0xD800 && code < 0xE000 ? 0xFFFDu : (uint32_t)code;
}

void scan_text(const struct scan *scan, uint32_t index, struct buffer *out)
{
    const struct scan_token *token = &scan->tokens[index];
    const char *at = scan->bytes + token->start, *end = at + token->length;
    if (!token->escaped) {
        buffer_append(out, at, token->length);
        return;
    }
    while (at < end) {
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        buffer_append(out, at, (size_t)((stop ? stop : end) - at));
        if (!stop)
            return;
        at = stop;
        char bytes[4];
        size_t length = text_encode(resolve_escape(&at, end), bytes);
        buffer_append(out, bytes, length);
    }
}

bool scan_text_is(const struct scan *scan, uint32_t index, const char *text, size_t length)
{
    const struct scan_token *token = &scan->tokens[index];
    if (!token->escaped)
        return token->length == length && memcmp(scan->bytes + token->start, text, length) == 0;
    struct buffer resolved = BUFFER_INIT;
    scan_text(scan, index, &resolved);
    bool same = resolved.length == length && memcmp(buffer_text(&resolved), text, length) == 0;
    buffer_release(&resolved);
    return same;
}

bool scan_pointer_parse(struct scan_pointer *pointer, const char *text, struct error *error)
{
    pointer->count = 0;
    if (*text && *text != '/')
        return error_set(error, ERROR_INVALID, "a JSON pointer starts with `/`, as in /%s", text);
    while (*text == '/') {
        size_t length = strcspn(++text, "/");
        if (pointer->count == SCAN_POINTER_PARTS) {
            scan_pointer_release(pointer);
            return error_set(error, ERROR_INVALID, "a JSON pointer of at most %d parts was expected", SCAN_POINTER_PARTS);
        }
        char *part = memory_text_n(text, length), *to = part;
        for (const char *from = part; *from; from++) {
            if (from[0] == '~' && (from[1] == '0' || from[1] == '1'))
                *to++ = *++from == '0' ? '~' : '/';
            else
                *to++ = *from;
        }
        pointer->length[pointer->count] = (size_t)(to - part);
        pointer->part[pointer->count++] = part;
        text += length;
    }
    return true;
}

void scan_pointer_release(struct scan_pointer *pointer)
{
    for (unsigned i = 0; i < pointer->count; i++)
        free(pointer->part[i]);
    pointer->count = 0;
}

static uint32_t array_item(const struct scan *scan, uint32_t array, const char *part, size_t length)
{
    unsigned wanted = 0;
    if (length == 0 || length > 6)
        return SCAN_NOTHING;
    for (size_t i = 0; i < length; i++) {
        if (part[i] < '0' || part[i] > '9')
            return SCAN_NOTHING;
        wanted = wanted * 10 + (unsigned)(part[i] - '0');
    }
    for (uint32_t item = array + 1; item < scan->tokens[array].next; item = scan->tokens[item].next)
        if (wanted-- == 0)
            return item;
    return SCAN_NOTHING;
}

uint32_t scan_at(const struct scan *scan, uint32_t from, const struct scan_pointer *pointer)
{
    for (unsigned i = 0; i < pointer->count && from != SCAN_NOTHING; i++)
        from = scan->tokens[from].type == SCAN_ARRAY
                   ? array_item(scan, from, pointer->part[i], pointer->length[i])
                   : scan_member(scan, from, pointer->part[i], pointer->length[i]);
    return from;
}

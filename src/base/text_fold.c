#include "base/text.h"

#include <string.h>
#include <wctype.h>

#include "base/plain_locale.h"

static uint32_t code_fold(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    if (code >= 0xFF01 && code <= 0xFF5E) { /* full-width forms of ASCII */
        code -= 0xFEE0;
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    }
    if (code == 0x3000)
        return ' ';
    if (code >= 0x2E80 && code < 0xA640)
        return code;
    if (code == 0x00B5) /* the micro sign is the letter, in units above all */
        return 0x03BC;
    if (code == 0x03C2) /* final sigma */
        return 0x03C3;
    locale_t plain = plain_locale();
    if (!plain)
        return code >= 0xC0 && code <= 0xDE && code != 0xD7 ? code + 32 : code;
    uint32_t lower = towlower_l((wint_t)code, plain);
    return lower;
}

/* A text read folded code by folded code. */
struct fold_reader {
    const char *at, *end;
};

static struct fold_reader fold_reader_of(const char *text)
{
    return (struct fold_reader){text, text + strlen(text)};
}

static bool fold_peek(const struct fold_reader *reader, uint32_t *code, size_t *step)
{
    if (reader->at == reader->end)
        return false;
    *step = text_decode(reader->at, (size_t)(reader->end - reader->at), code);
    *code = code_fold(*code);
    return true;
}

void text_fold(struct buffer *out, const char *text, size_t length)
{
    buffer_reserve(out, length);
    for (size_t at = 0; at < length;) {
        /* Within the room just reserved, ASCII is written in place. */
        char *write = out->data + out->length;
        size_t room = out->capacity - 1 - out->length, run = 0;
        for (; run < room && at < length && (unsigned char)text[at] < 0x80; run++, at++)
            write[run] = text[at] >= 'A' && text[at] <= 'Z' ? (char)(text[at] + 32) : text[at];
        out->length += run;
        out->data[out->length] = '\0';
        if (at == length)
            break;
        uint32_t code;
        char encoded[4];
        at += text_decode(text + at, length - at, &code);
        buffer_append(out, encoded, text_encode(code_fold(code), encoded));
        buffer_reserve(out, length - at);
    }
}

int text_compare_folded(const char *left, const char *right)
{
    struct fold_reader a = fold_reader_of(left), b = fold_reader_of(right);
    uint32_t x, y;
    size_t step_x, step_y;
    for (;;) {
        bool more_a = fold_peek(&a, &x, &step_x), more_b = fold_peek(&b, &y, &step_y);
        if (!more_a || !more_b)
            return more_a - more_b;
        if (x != y)
            return x < y ? -1 : 1;
        a.at += step_x;
        b.at += step_y;
    }
}

static bool digit_peek(const struct fold_reader *reader, uint32_t *code, size_t *step)
{
    return fold_peek(reader, code, step) && *code >= '0' && *code <= '9';
}

static unsigned zeros_skip(struct fold_reader *reader)
{
    unsigned zeros = 0;
    uint32_t code;
    size_t step;
    while (digit_peek(reader, &code, &step) && code == '0') {
        reader->at += step;
        zeros++;
    }
    return zeros;
}

/* Compare the digit runs both readers stand at, by value, and move past them; *zeros is -1 or 1 where equal
 * numbers differ in their leading zeros. */
static int number_compare(struct fold_reader *a, struct fold_reader *b, int *zeros)
{
    unsigned zeros_a = zeros_skip(a), zeros_b = zeros_skip(b);
    int first = 0;
    for (;;) {
        uint32_t x, y;
        size_t step_x, step_y;
        bool more_a = digit_peek(a, &x, &step_x), more_b = digit_peek(b, &y, &step_y);
        if (more_a != more_b)
            return more_a ? 1 : -1;
        if (!more_a)
            break;
        if (!first && x != y)
            first = x < y ? -1 : 1;
        a->at += step_x;
        b->at += step_y;
    }
    *zeros = zeros_a == zeros_b ? 0 : zeros_a < zeros_b ? -1 : 1;
    return first;
}

int text_compare_natural(const char *left, const char *right)
{
    struct fold_reader a = fold_reader_of(left), b = fold_reader_of(right);
    int tie = 0;
    for (;;) {
        uint32_t x, y;
        size_t step_x, step_y;
        /* What begins alike (paths, commands) is passed over byte by byte, as far as letters go. */
        for (; *a.at == *b.at && (unsigned char)*a.at < 0x80 && *a.at && !(*a.at >= '0' && *a.at <= '9'); a.at++, b.at++)
            ;
        bool more_a = fold_peek(&a, &x, &step_x), more_b = fold_peek(&b, &y, &step_y);
        if (!more_a || !more_b)
            return more_a != more_b ? more_a - more_b : tie;
        if (x >= '0' && x <= '9' && y >= '0' && y <= '9') {
            int zeros = 0, order = number_compare(&a, &b, &zeros);
            if (order)
                return order;
            if (!tie)
                tie = zeros;
            continue;
        }
        if (x != y)
            return x < y ? -1 : 1;
        a.at += step_x;
        b.at += step_y;
    }
}

bool text_glob(const char *pattern, const char *text)
{
    struct fold_reader want = fold_reader_of(pattern), have = fold_reader_of(text);
    struct fold_reader star = {NULL, NULL}, retry = {NULL, NULL};
    uint32_t x, y;
    size_t step_x, step_y;
    /* On a mismatch the last star takes one character more: earlier stars never need to. */
    while (fold_peek(&have, &y, &step_y)) {
        bool more = fold_peek(&want, &x, &step_x);
        if (more && x == '*') {
            want.at += step_x;
            star = want;
            retry = have;
        } else if (more && x == y) {
            want.at += step_x;
            have.at += step_y;
        } else if (star.at) {
            fold_peek(&retry, &y, &step_y);
            retry.at += step_y;
            have = retry;
            want = star;
        } else {
            return false;
        }
    }
    while (fold_peek(&want, &x, &step_x) && x == '*')
        want.at += step_x;
    return want.at == want.end;
}

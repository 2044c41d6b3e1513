#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/filter_tree.h"

#define SMALL_TEXT 256

static void pattern_piece(struct pattern *pattern, struct buffer *raw, struct buffer *folded, uint32_t *capacity)
{
    if (!raw->length)
        return;
    text_fold(folded, raw->data, raw->length);
    buffer_clear(raw);
    ARRAY_RESERVE(pattern->ends, *capacity, pattern->count + 1);
    pattern->ends[pattern->count++] = (uint32_t)folded->length;
}

void pattern_init(struct pattern *pattern, char *source)
{
    *pattern = (struct pattern){.source = source, .anchored_start = true, .anchored_end = true};
    struct buffer raw = BUFFER_INIT, folded = BUFFER_INIT;
    uint32_t capacity = 0;
    for (const char *at = source; *at; at++) {
        if (*at == '*') {
            if (!pattern->count && !raw.length)
                pattern->anchored_start = false;
            pattern_piece(pattern, &raw, &folded, &capacity);
            pattern->anchored_end = false;
            continue;
        }
        at += *at == '\\' && at[1];
        buffer_append_char(&raw, *at);
        pattern->anchored_end = true;
    }
    pattern_piece(pattern, &raw, &folded, &capacity);
    buffer_release(&raw);
    pattern->folded = buffer_take(&folded);
    pattern->numeric = text_number(source, &pattern->number);
}

void pattern_release(struct pattern *pattern)
{
    free(pattern->source);
    free(pattern->folded);
    free(pattern->ends);
}

/* Pieces first..last-1 in order, anywhere in the text; where the search ended, or NULL. Taking the earliest place
 * of each piece leaves the most room to the rest. */
static const char *pieces_in_order(const struct pattern *pattern, uint32_t first, uint32_t last, const char *at,
                                   const char *end)
{
    uint32_t from = first ? pattern->ends[first - 1] : 0;
    for (uint32_t i = first; i < last; i++) {
        size_t length = pattern->ends[i] - from;
        const char *found = memmem(at, (size_t)(end - at), pattern->folded + from, length);
        if (!found)
            return NULL;
        at = found + length;
        from = pattern->ends[i];
    }
    return at;
}

bool pattern_within(const struct pattern *pattern, const char *folded, size_t length)
{
    return pieces_in_order(pattern, 0, pattern->count, folded, folded + length) != NULL;
}

static bool pattern_is_whole(const struct pattern *pattern, const char *folded, size_t length)
{
    const char *at = folded, *end = folded + length;
    uint32_t first = 0, last = pattern->count;
    if (!pattern->count)
        return !pattern->anchored_start || !length; /* "*" or "" */
    size_t total = pattern->ends[last - 1];
    if (total > length)
        return false;
    if (pattern->anchored_start) {
        size_t piece = pattern->ends[0];
        if (memcmp(at, pattern->folded, piece))
            return false;
        at += piece;
        first = 1;
        if (pattern->anchored_end && last == 1)
            return at == end;
    }
    if (pattern->anchored_end && last > first) {
        size_t begin = last > 1 ? pattern->ends[last - 2] : 0, piece = total - begin;
        if ((size_t)(end - at) < piece || memcmp(end - piece, pattern->folded + begin, piece))
            return false;
        end -= piece;
        last--;
    }
    return pieces_in_order(pattern, first, last, at, end) != NULL;
}

/* Fold a short text of ASCII and common Chinese; false where text_fold must do it. */
static bool fold_small(const char *text, char out[SMALL_TEXT], size_t *length)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;
    while (*at) {
        if (used + 3 >= SMALL_TEXT)
            return false;
        if (*at < 0x80) {
            out[used++] = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
            at++;
        } else if (*at >= 0xE4 && *at <= 0xE9 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80) {
            memcpy(out + used, at, 3); /* U+4000..U+9FFF: folds to itself */
            used += 3;
            at += 3;
        } else {
            return false;
        }
    }
    *length = used;
    return true;
}

typedef bool folded_test(const struct pattern *pattern, const char *folded, size_t length);

static bool test_folded(const struct pattern *pattern, const char *text, folded_test *test)
{
    char small[SMALL_TEXT];
    size_t length;
    if (fold_small(text, small, &length))
        return test(pattern, small, length);
    struct buffer folded = BUFFER_INIT;
    text_fold(&folded, text, strlen(text));
    bool found = test(pattern, buffer_text(&folded), folded.length);
    buffer_release(&folded);
    return found;
}

bool pattern_equals(const struct pattern *pattern, const char *text)
{
    /* Most texts differ in their first letter. */
    unsigned char first = (unsigned char)*text, wanted = (unsigned char)pattern->folded[0];
    if (pattern->anchored_start && pattern->count && first < 0x80 &&
        (first >= 'A' && first <= 'Z' ? first + 32 : first) != wanted)
        return false;
    return test_folded(pattern, text, pattern_is_whole);
}

bool pattern_contained(const struct pattern *pattern, const char *text)
{
    return test_folded(pattern, text, pattern_within);
}

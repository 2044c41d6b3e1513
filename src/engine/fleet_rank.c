/* Ranks: where each text stands in natural order. Made when first needed, and again only when rows changed.
 *
 * A text becomes 32 bytes that compare as text_compare_natural compares (folded; a digit run as its length, then its
 * digits), so that a million names are sorted by radix passes; only texts that are equal that far are compared. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

#define KEY_WORDS 4u
#define KEY_BYTES (KEY_WORDS * 8)

/* Least significant byte first, bytes that are equal everywhere left out. Returns where the result lies. */
struct sort_pair *sort_radix(struct sort_pair *from, struct sort_pair *to, uint32_t count)
{
    uint64_t any = 0, all = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        any |= from[i].key;
        all &= from[i].key;
    }
    uint64_t differ = any ^ all;
    for (int shift = 0; shift < 64; shift += 8) {
        if (!(differ >> shift & 0xff))
            continue;
        uint32_t starts[256] = {0}, sum = 0;
        for (uint32_t i = 0; i < count; i++)
            starts[from[i].key >> shift & 0xff]++;
        for (int digit = 0; digit < 256; digit++) {
            uint32_t here = starts[digit];
            starts[digit] = sum;
            sum += here;
        }
        for (uint32_t i = 0; i < count; i++)
            to[starts[from[i].key >> shift & 0xff]++] = from[i];
        struct sort_pair *swap = from;
        from = to, to = swap;
    }
    return from;
}

typedef int rank_compare(const void *owner, uint32_t left, uint32_t right);

/* A merge sort that uses the runs it finds: nearly sorted input costs about one comparison an element. */
static void merge_sort(uint32_t *items, uint32_t count, rank_compare *compare, const void *owner)
{
    uint32_t *spare = memory_new_array(count + 1, sizeof *spare);
    uint32_t *runs = memory_new_array(count + 2, sizeof *runs), run_count = 0;
    for (uint32_t i = 0; i < count;) {
        runs[run_count++] = i++;
        while (i < count && compare(owner, items[i - 1], items[i]) <= 0)
            i++;
    }
    runs[run_count] = count;
    uint32_t *from = items, *to = spare;
    while (run_count > 1) {
        uint32_t merged = 0;
        for (uint32_t run = 0; run < run_count; run += 2) {
            uint32_t left = runs[run], middle = runs[run + 1], right = run + 2 <= run_count ? runs[run + 2] : middle;
            uint32_t a = left, b = middle, out = left;
            while (a < middle && b < right)
                to[out++] = compare(owner, from[b], from[a]) < 0 ? from[b++] : from[a++];
            memcpy(to + out, from + a, (middle - a) * sizeof *to);
            memcpy(to + out + (middle - a), from + b, (right - b) * sizeof *to);
            runs[merged++] = left;
        }
        runs[merged] = count;
        run_count = merged;
        uint32_t *swap = from;
        from = to, to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    free(spare);
    free(runs);
}

struct field_owner {
    const struct fleet *fleet;
    enum asset_field field;
};

static int compare_field(const void *owner, uint32_t left, uint32_t right)
{
    const struct field_owner *own = owner;
    int order = text_compare_natural(fleet_text(own->fleet, left, own->field), fleet_text(own->fleet, right, own->field));
    return order ? order : (left > right) - (left < right);
}

static void natural_key(struct buffer *folded, const char *text, uint64_t words[KEY_WORDS])
{
    unsigned char key[KEY_BYTES] = {0};
    size_t used = 0;
    buffer_clear(folded);
    text_fold(folded, text, strlen(text));
    const char *at = buffer_text(folded);
    while (*at && used < KEY_BYTES) {
        size_t digits = strspn(at, "0123456789");
        if (!digits) {
            key[used++] = (unsigned char)*at++;
            continue;
        }
        size_t zeros = strspn(at, "0");
        size_t length = digits > zeros ? digits - zeros : 0;
        key[used++] = '0'; /* where any digit stands among other characters */
        if (used < KEY_BYTES)
            key[used++] = length > 255 ? 255 : (unsigned char)length;
        for (size_t i = 0; i < length && used < KEY_BYTES; i++)
            key[used++] = (unsigned char)at[zeros + i];
        at += digits;
    }
    for (size_t word = 0; word < KEY_WORDS; word++) {
        words[word] = 0;
        for (size_t i = 0; i < 8; i++)
            words[word] = words[word] << 8 | key[word * 8 + i];
    }
}

/* Those that are equal in all the key's bytes, by the texts themselves. */
static void sort_ties(const struct fleet *fleet, enum asset_field field, uint32_t *order, uint32_t count, const uint64_t *keys)
{
    struct field_owner owner = {fleet, field};
    for (uint32_t start = 0, end; start < count; start = end) {
        const uint64_t *first = keys + (size_t)order[start] * KEY_WORDS;
        for (end = start + 1; end < count; end++)
            if (memcmp(first, keys + (size_t)order[end] * KEY_WORDS, KEY_BYTES) != 0)
                break;
        if (end - start > 1)
            merge_sort(order + start, end - start, compare_field, &owner);
    }
}

const uint32_t *rank_field(struct fleet *fleet, enum asset_field field)
{
    struct field_rank *rank = &fleet->field_ranks[field];
    if (rank->revision == fleet->ledger_revision)
        return rank->ranks;
    uint32_t count = fleet->count;
    uint64_t *keys = memory_resize(NULL, (size_t)count * KEY_WORDS + 1, sizeof *keys);
    struct sort_pair *pairs = memory_resize(NULL, (size_t)count * 2 + 1, sizeof *pairs), *from = pairs, *to = pairs + count;
    struct buffer folded = BUFFER_INIT;
    for (uint32_t asset = 0; asset < count; asset++) {
        natural_key(&folded, fleet_text(fleet, asset, field), keys + (size_t)asset * KEY_WORDS);
        from[asset].asset = asset;
    }
    buffer_release(&folded);
    for (unsigned word = KEY_WORDS; word-- > 0;) {
        for (uint32_t i = 0; i < count; i++)
            from[i].key = keys[(size_t)from[i].asset * KEY_WORDS + word];
        struct sort_pair *sorted = sort_radix(from, to, count);
        to = sorted == pairs ? pairs + count : pairs;
        from = sorted;
    }
    uint32_t *order = memory_resize(NULL, (size_t)count + 1, sizeof *order);
    for (uint32_t i = 0; i < count; i++)
        order[i] = from[i].asset;
    free(pairs);
    sort_ties(fleet, field, order, count, keys);
    free(keys);
    rank->ranks = memory_resize(rank->ranks, (size_t)count + 1, sizeof *rank->ranks);
    for (uint32_t i = 0; i < count; i++) { /* equal texts rank equal, so that a sort's next field decides */
        bool same = i && strcmp(fleet_text(fleet, order[i - 1], field), fleet_text(fleet, order[i], field)) == 0;
        rank->ranks[order[i]] = same ? rank->ranks[order[i - 1]] : i;
    }
    free(order);
    rank->revision = fleet->ledger_revision;
    return rank->ranks;
}

static int compare_text(const void *owner, uint32_t left, uint32_t right)
{
    return text_compare_natural(intern_name(owner, left), intern_name(owner, right));
}

const uint32_t *rank_pool(const struct intern *pool, uint32_t **ranks, uint32_t *count)
{
    uint32_t need = intern_count(pool);
    if (*count == need)
        return *ranks;
    uint32_t *order = memory_new_array(need, sizeof *order);
    for (uint32_t i = 0; i < need; i++)
        order[i] = i;
    merge_sort(order, need, compare_text, pool);
    *ranks = memory_resize(*ranks, need, sizeof **ranks);
    for (uint32_t i = 0; i < need; i++)
        (*ranks)[order[i]] = i;
    *count = need;
    free(order);
    return *ranks;
}

void fleet_ranks_free(struct fleet *fleet)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        free(fleet->field_ranks[field].ranks);
    free(fleet->text_ranks);
    free(fleet->place_ranks);
}


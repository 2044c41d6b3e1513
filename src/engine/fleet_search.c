/* One word over every asset: a sweep over the folded "id name" text of the whole fleet and over the distinct places,
 * so that each key somebody types costs memory bandwidth and nothing else. */
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/memory.h"
#include "engine/fleet_private.h"

/* Offsets in the needle of its two rarest bytes: where they stand together, a match is likely. */
static void rare_bytes(const struct fleet *fleet, const char *needle, size_t length, size_t *first, size_t *second)
{
    *first = 0;
    for (size_t i = 1; i < length; i++)
        if (fleet->word_bytes[(unsigned char)needle[i]] < fleet->word_bytes[(unsigned char)needle[*first]])
            *first = i;
    *second = *first ? 0 : length - 1;
    for (size_t i = 0; i < length; i++)
        if (i != *first &&
            fleet->word_bytes[(unsigned char)needle[i]] < fleet->word_bytes[(unsigned char)needle[*second]])
            *second = i;
}

/* First match at or after `from`, NULL when there is none. */
static const char *sweep(const char *from, const char *end, const char *needle, size_t length, size_t first, size_t second)
{
    if ((size_t)(end - from) < length)
        return NULL;
    const char *last = end - length; /* of possible starts */
#ifdef __SSE2__
    const __m128i one = _mm_set1_epi8(needle[first]), two = _mm_set1_epi8(needle[second]);
    size_t reach = (first > second ? first : second) + 16;
    for (; from <= last && (size_t)(end - from) >= reach; from += 16) {
        __m128i left = _mm_loadu_si128((const __m128i *)(const void *)(from + first));
        __m128i right = _mm_loadu_si128((const __m128i *)(const void *)(from + second));
        unsigned mask =
            (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(left, one), _mm_cmpeq_epi8(right, two)));
        for (; mask; mask &= mask - 1) {
            const char *at = from + __builtin_ctz(mask);
            if (at > last)
                return NULL;
            if (memcmp(at, needle, length) == 0)
                return at;
        }
    }
#else
    (void)first, (void)second;
#endif
    return from <= last ? memmem(from, (size_t)(end - from), needle, length) : NULL;
}

static void place_matches(struct fleet *fleet, const char *needle, bool *any, bool **matches)
{
    uint32_t count = intern_count(fleet->places);
    *matches = memory_new_array(count, sizeof **matches);
    *any = false;
    for (uint32_t place = 0; place < count; place++)
        if (strstr(fleet_place_folded(fleet, place), needle))
            (*matches)[place] = *any = true;
}

uint32_t fleet_search(struct fleet *fleet, const char *needle, uint32_t *assets)
{
    fleet_words_ready(fleet);
    size_t length = strlen(needle), first, second;
    bool any_place, *place_match;
    place_matches(fleet, needle, &any_place, &place_match);
    rare_bytes(fleet, needle, length, &first, &second);
    const char *end = fleet->words + fleet->words_length, *hit = fleet->words;
    uint32_t count = 0, next = 0; /* assets below `next` are settled */
    while (next < fleet->count) {
        hit = hit ? sweep(hit, end, needle, length, first, second) : NULL;
        uint32_t owner = fleet->count;
        if (hit) { /* gallop forward from the last one: hits come in order */
            size_t offset = (size_t)(hit - fleet->words);
            uint32_t low = next, step = 1;
            while (low + step < fleet->count && fleet->word_start[low + step] <= offset)
                low += step, step *= 2;
            uint32_t high = low + step < fleet->count ? low + step : fleet->count;
            while (low + 1 < high) {
                uint32_t middle = low + (high - low) / 2;
                if (fleet->word_start[middle] <= offset)
                    low = middle;
                else
                    high = middle;
            }
            owner = low;
        }
        for (; any_place && next < owner; next++)
            if (place_match[fleet->place_of[next]] && live_exists(live_at(fleet, next)))
                assets[count++] = next;
        if (owner == fleet->count)
            break;
        if (live_exists(live_at(fleet, owner)))
            assets[count++] = owner;
        next = owner + 1;
        hit = next < fleet->count ? fleet->words + fleet->word_start[next] : NULL;
    }
    free(place_match);
    return count;
}

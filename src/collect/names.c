#include "collect/names.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/memory.h"

#define PLACES 16                   /* entries looked at for one name */
#define SLOTS_MIN 64u
#define SLOTS_MAX (1u << 22)        /* four million assets of one source */
#define TEXT_MAX ((size_t)256 << 20)
#define NAME_MAX_BYTES 512          /* longer ones are looked up each time */

struct entry {
    uint32_t hash;
    uint32_t number;
    uint32_t text;   /* offset of the bytes */
    uint16_t length; /* 0: empty */
};

struct names {
    struct entry *entries;
    uint32_t slots; /* a power of two; PLACES more follow, so that a run never wraps */
    uint32_t count;
    uint64_t seed;
    char *text;
    size_t text_used, text_capacity;
};

struct names *names_new(void)
{
    struct names *names = memory_new(sizeof *names);
    /* The bytes come from outside: with a seed nobody can choose names that meet. */
    uv_random(NULL, NULL, &names->seed, sizeof names->seed, 0, NULL);
    return names;
}

void names_free(struct names **names)
{
    if (!*names)
        return;
    free((*names)->entries);
    free((*names)->text);
    free(*names);
    *names = NULL;
}

void names_clear(struct names *names)
{
    if (names->count)
        memset(names->entries, 0, (names->slots + PLACES) * sizeof *names->entries);
    names->count = 0;
    names->text_used = 0;
}

/* Eight bytes at a time through multiply and fold; the product's halves mix all input bits. */
static uint32_t hash_bytes(uint64_t seed, const char *bytes, size_t length)
{
    uint64_t state = seed ^ length * 0x9E3779B97F4A7C15u;
    while (length) {
        uint64_t word = 0;
        size_t part = length < 8 ? length : 8;
        if (part == 8)
            memcpy(&word, bytes, 8);
        else
            memcpy(&word, bytes, part);
        __uint128_t product = (__uint128_t)(state ^ word) * 0xD6E8FEB86659FD93u;
        state = (uint64_t)product ^ (uint64_t)(product >> 64) ^ seed;
        bytes += part;
        length -= part;
    }
    return (uint32_t)(state ^ state >> 32);
}

static struct entry *entry_find(const struct names *names, uint32_t hash, const char *bytes, size_t length)
{
    struct entry *entry = names->entries + (hash & (names->slots - 1));
    for (unsigned i = 0; i < PLACES; i++, entry++)
        if (entry->hash == hash && entry->length == length && memcmp(names->text + entry->text, bytes, length) == 0)
            return entry;
    return NULL;
}

uint32_t names_near(const struct names *names, const char *bytes, size_t length)
{
    uint32_t hash = hash_bytes(names->seed, bytes, length);
    if (names->count)
        __builtin_prefetch(names->entries + (hash & (names->slots - 1)));
    return hash;
}

uint32_t names_find_near(const struct names *names, uint32_t near, const char *bytes, size_t length)
{
    if (names->count == 0 || length == 0)
        return UINT32_MAX;
    const struct entry *entry = entry_find(names, near, bytes, length);
    return entry ? entry->number : UINT32_MAX;
}

uint32_t names_find(const struct names *names, const char *bytes, size_t length)
{
    return names_find_near(names, hash_bytes(names->seed, bytes, length), bytes, length);
}

/* An empty place, or the last of the run. */
static struct entry *entry_place(struct names *names, uint32_t hash)
{
    struct entry *entry = names->entries + (hash & (names->slots - 1));
    for (unsigned i = 0; i < PLACES - 1 && entry->length; i++)
        entry++;
    names->count += entry->length == 0;
    return entry;
}

static void grow(struct names *names)
{
    struct entry *old = names->entries;
    uint32_t old_slots = old ? names->slots + PLACES : 0;
    names->slots = names->slots ? names->slots * 2 : SLOTS_MIN;
    names->entries = memory_new_array(names->slots + PLACES, sizeof *names->entries);
    names->count = 0;
    for (uint32_t i = 0; i < old_slots; i++)
        if (old[i].length)
            *entry_place(names, old[i].hash) = old[i];
    free(old);
}

void names_add(struct names *names, const char *bytes, size_t length, uint32_t number)
{
    if (length == 0 || length > NAME_MAX_BYTES)
        return;
    if (names->text_used + length > TEXT_MAX || (names->count * 2 >= names->slots && names->slots >= SLOTS_MAX))
        names_clear(names);
    if (names->count * 2 >= names->slots)
        grow(names);
    uint32_t hash = hash_bytes(names->seed, bytes, length);
    ARRAY_RESERVE(names->text, names->text_capacity, names->text_used + length);
    memcpy(names->text + names->text_used, bytes, length);
    *entry_place(names, hash) = (struct entry){hash, number, (uint32_t)names->text_used, (uint16_t)length};
    names->text_used += length;
}

size_t names_memory(const struct names *names)
{
    return sizeof *names + (names->entries ? (names->slots + PLACES) * sizeof *names->entries : 0) + names->text_capacity;
}

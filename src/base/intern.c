#include "base/intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Texts lie in blocks that never move; an open-addressing table holds their numbers. */
#define BLOCK_SIZE ((size_t)64 * 1024)

struct intern_block {
    struct intern_block *next;
    char bytes[];
};

struct intern_entry {
    const char *text;
    uint32_t length;
    uint32_t hash;
};

struct intern {
    struct intern_block *blocks;
    char *free_at;
    size_t free_bytes;
    struct intern_entry *entries;
    uint32_t count, capacity;
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t slot_mask;
    size_t memory;
};

static uint32_t bytes_hash(const char *bytes, size_t length)
{
    /* FNV-1a over 64 bits (public domain, Fowler, Noll, Vo), folded and mixed for a power-of-two table. */
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

struct intern *intern_new(void)
{
    struct intern *pool = memory_new(sizeof *pool);
    pool->slot_mask = 63;
    pool->slots = memory_new_array(pool->slot_mask + 1, sizeof *pool->slots);
    pool->memory = sizeof *pool + (pool->slot_mask + 1) * sizeof *pool->slots;
    return pool;
}

void intern_free(struct intern **pool)
{
    if (!*pool)
        return;
    for (struct intern_block *block = (*pool)->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free((*pool)->entries);
    free((*pool)->slots);
    free(*pool);
    *pool = NULL;
}

static const char *intern_store(struct intern *pool, const char *bytes, size_t length)
{
    char *place;
    if (length + 1 > BLOCK_SIZE / 4) {
        struct intern_block *own = memory_new(sizeof *own + length + 1);
        pool->memory += sizeof *own + length + 1;
        own->next = pool->blocks;
        pool->blocks = own;
        place = own->bytes;
    } else {
        if (length + 1 > pool->free_bytes) {
            struct intern_block *block = memory_resize(NULL, 1, BLOCK_SIZE);
            pool->memory += BLOCK_SIZE;
            block->next = pool->blocks;
            pool->blocks = block;
            pool->free_at = block->bytes;
            pool->free_bytes = BLOCK_SIZE - sizeof *block;
        }
        place = pool->free_at;
        pool->free_at += length + 1;
        pool->free_bytes -= length + 1;
    }
    if (length)
        memcpy(place, bytes, length);
    place[length] = '\0';
    return place;
}

/* The slot that holds the text, or the empty one where it belongs. */
static uint32_t *intern_slot(const struct intern *pool, const char *bytes, size_t length, uint32_t hash)
{
    for (uint32_t at = hash & pool->slot_mask;; at = (at + 1) & pool->slot_mask) {
        uint32_t *slot = &pool->slots[at];
        if (!*slot)
            return slot;
        const struct intern_entry *entry = &pool->entries[*slot - 1];
        if (entry->hash == hash && entry->length == length && !memcmp(entry->text, bytes, length))
            return slot;
    }
}

static void intern_grow(struct intern *pool)
{
    uint32_t size = (pool->slot_mask + 1) * 2;
    pool->memory += (size - pool->slot_mask - 1) * sizeof *pool->slots;
    free(pool->slots);
    pool->slots = memory_new_array(size, sizeof *pool->slots);
    pool->slot_mask = size - 1;
    for (uint32_t i = 0; i < pool->count; i++) {
        uint32_t at = pool->entries[i].hash & pool->slot_mask;
        while (pool->slots[at])
            at = (at + 1) & pool->slot_mask;
        pool->slots[at] = i + 1;
    }
}

uint32_t intern_id(struct intern *pool, const char *text, size_t length)
{
    assert(length < UINT32_MAX);
    if (!length)
        text = "";
    uint32_t hash = bytes_hash(text, length);
    uint32_t *slot = intern_slot(pool, text, length, hash);
    if (*slot)
        return *slot - 1;
    assert(pool->count < UINT32_MAX / 4);
    /* At most two thirds full. */
    if ((uint64_t)(pool->count + 1) * 3 > ((uint64_t)pool->slot_mask + 1) * 2) {
        intern_grow(pool);
        slot = intern_slot(pool, text, length, hash);
    }
    size_t before = pool->capacity;
    ARRAY_RESERVE(pool->entries, pool->capacity, pool->count + 1);
    pool->memory += (pool->capacity - before) * sizeof *pool->entries;
    pool->entries[pool->count] = (struct intern_entry){
        .text = intern_store(pool, text, length),
        .length = (uint32_t)length,
        .hash = hash,
    };
    *slot = ++pool->count;
    return pool->count - 1;
}

const char *intern_bytes(struct intern *pool, const char *bytes, size_t length)
{
    uint32_t id = intern_id(pool, bytes, length); /* may move the entries */
    return pool->entries[id].text;
}

const char *intern_text(struct intern *pool, const char *text)
{
    if (!text)
        text = "";
    return intern_bytes(pool, text, strlen(text));
}

uint32_t intern_find(const struct intern *pool, const char *text, size_t length)
{
    if (!length)
        text = "";
    uint32_t slot = *intern_slot(pool, text, length, bytes_hash(text, length));
    return slot ? slot - 1 : UINT32_MAX;
}

const char *intern_name(const struct intern *pool, uint32_t id)
{
    assert(id < pool->count);
    return pool->entries[id].text;
}

uint32_t intern_count(const struct intern *pool)
{
    return pool->count;
}

size_t intern_memory(const struct intern *pool)
{
    return pool->memory;
}

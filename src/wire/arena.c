/* Chunks in a list: an answer's texts are many and small, and all die together. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/wire.h"

#define CHUNK_SIZE ((size_t)16 * 1024)
#define ALIGNMENT sizeof(double)

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(8) char bytes[];
};

struct arena {
    struct chunk *chunks; /* the one being filled first */
};

struct arena *arena_new(void)
{
    return memory_new(sizeof(struct arena));
}

void arena_free(struct arena **arena)
{
    if (!*arena)
        return;
    for (struct chunk *chunk = (*arena)->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(*arena);
    *arena = NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *first = arena->chunks;
    if (!first || first->size - first->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        struct chunk *fresh = memory_new(sizeof *fresh + room);
        fresh->size = room;
        /* A large block is full at once: keep filling the chunk that still has room. */
        if (first && size > CHUNK_SIZE / 4) {
            fresh->next = first->next;
            first->next = fresh;
            fresh->used = size;
            return fresh->bytes;
        }
        fresh->next = first;
        arena->chunks = first = fresh;
    }
    void *block = first->bytes + first->used;
    first->used += size;
    return block;
}

char *arena_text(struct arena *arena, const char *text)
{
    if (!text || !*text)
        return arena_alloc(arena, 1);
    size_t size = strlen(text) + 1;
    return memcpy(arena_alloc(arena, size), text, size);
}

/* A 4-ary heap of moments: what is due next, without ever looking at what is not. */
#ifndef CAMPUS_HEAP_H
#define CAMPUS_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
    int64_t due;
    uint32_t subject;
};

struct heap {
    struct heap_item *items;
    size_t count, capacity;
};

void heap_release(struct heap *heap);
void heap_push(struct heap *heap, int64_t due, uint32_t subject);
/* The heap must not be empty. */
static inline const struct heap_item *heap_first(const struct heap *heap)
{
    return &heap->items[0];
}
void heap_pop(struct heap *heap);
/* Pop and push in one: the first becomes due at `due` (not before it was). */
void heap_again(struct heap *heap, int64_t due);

#endif

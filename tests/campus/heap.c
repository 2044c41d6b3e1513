#include "heap.h"

#include <stdio.h>
#include <stdlib.h>

void heap_release(struct heap *heap)
{
    free(heap->items);
    *heap = (struct heap){0};
}

static void sift_down(struct heap *heap, struct heap_item item)
{
    size_t at = 0;
    for (;;) {
        size_t child = 4 * at + 1, least = child;
        if (child >= heap->count)
            break;
        for (size_t c = child + 1; c < child + 4 && c < heap->count; c++)
            if (heap->items[c].due < heap->items[least].due)
                least = c;
        if (heap->items[least].due >= item.due)
            break;
        heap->items[at] = heap->items[least];
        at = least;
    }
    heap->items[at] = item;
}

void heap_push(struct heap *heap, int64_t due, uint32_t subject)
{
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : 1024;
        heap->items = realloc(heap->items, heap->capacity * sizeof *heap->items);
        if (!heap->items) {
            perror("campus: memory");
            abort();
        }
    }
    size_t at = heap->count++;
    for (; at > 0 && heap->items[(at - 1) / 4].due > due; at = (at - 1) / 4)
        heap->items[at] = heap->items[(at - 1) / 4];
    heap->items[at] = (struct heap_item){due, subject};
}

void heap_pop(struct heap *heap)
{
    struct heap_item last = heap->items[--heap->count];
    if (heap->count > 0)
        sift_down(heap, last);
}

void heap_again(struct heap *heap, int64_t due)
{
    sift_down(heap, (struct heap_item){due, heap->items[0].subject});
}

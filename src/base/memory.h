/* Allocation that never returns NULL: running out of memory aborts with one line. Free with free(). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

void *memory_new(size_t size);                    /* zeroed */
void *memory_new_array(size_t count, size_t size); /* zeroed, overflow checked */
/* The same, each element within as few cache lines as it has: `size` is a power of two of at least 16. */
void *memory_new_aligned(size_t count, size_t size);
void *memory_resize(void *old, size_t count, size_t size);
char *memory_text(const char *text);              /* copy; NULL stays NULL */
void memory_free_texts(char **texts, size_t count); /* each, and the array */
char *memory_text_n(const char *bytes, size_t length); /* copy with a terminating NUL */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Take out of an array those rows whose `owner` is `who`; the others keep their order. */
#define ARRAY_DROP_OWNER(items, count, who)                                          \
    do {                                                                             \
        size_t kept_ = 0;                                                            \
        for (size_t i_ = 0; i_ < (count); i_++)                                      \
            if ((items)[i_].owner != (who))                                          \
                (items)[kept_++] = (items)[i_];                                      \
        (count) = (__typeof__(count))kept_;                                          \
    } while (0)

/* Make room for `need` elements in a growing array held as (items, count, capacity): doubles. */
#define ARRAY_RESERVE(items, capacity, need)                                         \
    do {                                                                             \
        if ((size_t)(need) > (size_t)(capacity)) {                                   \
            size_t grown_ = (capacity) ? (size_t)(capacity) * 2 : 8;                 \
            if (grown_ < (size_t)(need))                                             \
                grown_ = (size_t)(need);                                             \
            (items) = memory_resize((items), grown_, sizeof *(items));               \
            (capacity) = grown_;                                                     \
        }                                                                            \
    } while (0)
#define ARRAY_COUNT(array) (sizeof(array) / sizeof *(array))

#endif

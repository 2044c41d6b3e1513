#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory_or_abort(void *memory, size_t size)
{
    if (memory)
        return memory;
    fprintf(stderr, "out of memory (%zu bytes asked for)\n", size);
    abort();
}

void *memory_new(size_t size)
{
    return memory_or_abort(calloc(1, size ? size : 1), size);
}

void *memory_new_array(size_t count, size_t size)
{
    if (!count || !size)
        return memory_new(1);
    return memory_or_abort(calloc(count, size), count * size);
}

void *memory_new_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return memory_or_abort(NULL, SIZE_MAX);
    return memset(memory_or_abort(aligned_alloc(size, bytes ? bytes : size), bytes), 0, bytes);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return memory_or_abort(NULL, SIZE_MAX);
    return memory_or_abort(realloc(old, bytes ? bytes : 1), bytes);
}

char *memory_text(const char *text)
{
    return text ? memory_text_n(text, strlen(text)) : NULL;
}

char *memory_text_n(const char *bytes, size_t length)
{
    if (length == SIZE_MAX)
        return memory_or_abort(NULL, length);
    char *copy = memory_or_abort(malloc(length + 1), length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void memory_free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

char *memory_printf(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return memory_or_abort(length < 0 ? NULL : text, 0);
}

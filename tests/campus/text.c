#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_release(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

static void text_reserve(struct text *text, size_t more)
{
    size_t wanted = text->length + more + 1;
    if (wanted <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < wanted)
        capacity *= 2;
    text->bytes = realloc(text->bytes, capacity);
    if (!text->bytes) {
        perror("campus: memory");
        abort();
    }
    text->capacity = capacity;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    text_reserve(text, length);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

void text_adds(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length > 0) {
        text_reserve(text, (size_t)length);
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
        text->length += (size_t)length;
    }
    va_end(arguments);
}

void text_add_integer(struct text *text, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--at] = '-';
    text_add(text, digits + at, sizeof digits - at);
}

void text_add_fixed(struct text *text, double number, int decimals)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000};
    int64_t scaled = llround(number * (double)powers[decimals]);
    uint64_t magnitude = scaled < 0 ? -(uint64_t)scaled : (uint64_t)scaled;
    if (scaled < 0)
        text_add(text, "-", 1);
    text_add_integer(text, (int64_t)(magnitude / (uint64_t)powers[decimals]));
    if (decimals > 0) {
        char fraction[8] = ".";
        uint64_t rest = magnitude % (uint64_t)powers[decimals];
        for (int i = decimals; i > 0; i--, rest /= 10)
            fraction[i] = (char)('0' + rest % 10);
        text_add(text, fraction, (size_t)decimals + 1);
    }
}

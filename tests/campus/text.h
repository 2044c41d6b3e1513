/* A growing text. Out of memory ends the program: this is a test tool. */
#ifndef CAMPUS_TEXT_H
#define CAMPUS_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* NUL-terminated once something was added */
    size_t length, capacity;
};

void text_release(struct text *text);
static inline void text_clear(struct text *text)
{
    text->length = 0;
}
void text_add(struct text *text, const char *bytes, size_t length);
void text_adds(struct text *text, const char *string);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_integer(struct text *text, int64_t number);
void text_add_fixed(struct text *text, double number, int decimals); /* 0..4 */

#endif

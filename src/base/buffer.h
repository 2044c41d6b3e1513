/* A growable byte buffer, always NUL-terminated once anything was appended (data may be NULL before). */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

struct buffer {
    char *data;
    size_t length;
    size_t capacity;
};

#define BUFFER_INIT {NULL, 0, 0}

void buffer_init(struct buffer *buffer);
void buffer_release(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);           /* length 0, memory kept */
void buffer_reserve(struct buffer *buffer, size_t more);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_url(struct buffer *buffer, const char *text); /* as a part of a url: RFC 3986, 2.1 */
void buffer_append_char(struct buffer *buffer, char byte);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments);
void buffer_consume(struct buffer *buffer, size_t length); /* drop bytes from the front */
const char *buffer_text(const struct buffer *buffer);      /* never NULL */
char *buffer_take(struct buffer *buffer);                  /* the caller frees; the buffer is empty after */

#endif

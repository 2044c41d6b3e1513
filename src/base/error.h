/* A run-time failure with a cause that the person can act on.
 *
 * A function that can fail returns bool (true: done) and takes `struct error *error` last; on false the
 * error holds a code, which callers branch on, and one line of text, which people read. The pointer may be
 * NULL where the caller does not care. Bugs are not errors: they assert. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#include "base/phrase.h"

enum error_code {
    ERROR_NONE,
    ERROR_INVALID,     /* the input is wrong: the text says where, and what would be right */
    ERROR_NOT_FOUND,
    ERROR_CONFLICT,    /* somebody changed it first, or it exists already */
    ERROR_DENIED,      /* the role does not allow it */
    ERROR_UNAVAILABLE, /* the other side does not answer; try again later */
    ERROR_TIMEOUT,
    ERROR_FULL,        /* disk, queue or quota */
    ERROR_TOO_NEW,     /* written by a later version of this program */
    ERROR_CORRUPT,
    ERROR_INTERNAL,
};

struct error {
    enum error_code code;
    char text[384]; /* UTF-8 without controls (text_clean), one line, no full stop at its end; cut at a character if too long */
};

/* Fill `error` (may be NULL); returns false so that a failing function can end with `return error_set(...)`. */
bool error_set(struct error *error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Put "context: " before the text already there; returns false. */
bool error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_clear(struct error *error);
/* "invalid", "not-found", ...: stable words, used in problem+json types and logs. */
const char *error_code_name(enum error_code code);

#endif

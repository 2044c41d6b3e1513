/* Reading one JSON text without building a tree of allocated nodes: the text is checked once from front to back
 * and leaves a flat list of tokens that point into it. Telemetry arrives ten thousand times a second, and a
 * document tree costs more than everything else that happens to a message (json-c: 1.8 us for 100 bytes); for
 * anything that is not the hot path use base/json.h.
 *
 * Strict RFC 8259, with one leniency: the words NaN, Infinity and -Infinity, which common encoders write, are
 * tokens of their own, so that one broken sensor does not hide its neighbours. A member that occurs twice counts
 * with its last value. tests/fuzz/fuzz_scan.c holds it against json-c. */
#ifndef COLLECT_SCAN_H
#define COLLECT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define SCAN_DEPTH 32                        /* containers within containers */
#define SCAN_LENGTH_MAX ((size_t)1 << 28)
#define SCAN_NOTHING UINT32_MAX

enum scan_type {
    SCAN_OBJECT, SCAN_ARRAY, SCAN_TEXT, SCAN_NUMBER, SCAN_TRUE, SCAN_FALSE, SCAN_NULL,
    SCAN_NOT_FINITE,
};

/* In an object, keys (always SCAN_TEXT) and values take turns; the first child follows its container directly. */
struct scan_token {
    uint32_t start, length; /* of a text: what is between the quotes */
    uint32_t next;          /* the token after this one and all that is in it */
    uint8_t type;
    bool escaped;           /* a text with backslashes in it */
};

struct scan {
    const char *bytes;      /* the caller's; valid as long as he keeps them */
    struct scan_token *tokens;
    uint32_t count, capacity;
    bool plain;             /* every byte was ASCII */
};

void scan_init(struct scan *scan);
void scan_release(struct scan *scan);
/* Read the whole text; memory is kept from call to call. On false the error says what was wrong at which byte. */
bool scan_read(struct scan *scan, const char *bytes, size_t length, struct error *error);

/* The value of a member, or SCAN_NOTHING. */
uint32_t scan_member(const struct scan *scan, uint32_t object, const char *name, size_t length);
/* The value of a SCAN_NUMBER. False when it is too large for a double. */
bool scan_number(const struct scan *scan, uint32_t index, double *number);
/* Append a SCAN_TEXT with its escapes resolved; a lone surrogate becomes U+FFFD. */
void scan_text(const struct scan *scan, uint32_t index, struct buffer *out);
/* Whether a SCAN_TEXT reads so, escapes resolved. */
bool scan_text_is(const struct scan *scan, uint32_t index, const char *text, size_t length);

/* A JSON pointer (RFC 6901), split once. */
#define SCAN_POINTER_PARTS 8
struct scan_pointer {
    unsigned count;
    char *part[SCAN_POINTER_PARTS];
    size_t length[SCAN_POINTER_PARTS];
};
bool scan_pointer_parse(struct scan_pointer *pointer, const char *text, struct error *error);
void scan_pointer_release(struct scan_pointer *pointer);
/* What it points at, seen from token `from`; SCAN_NOTHING where nothing is. */
uint32_t scan_at(const struct scan *scan, uint32_t from, const struct scan_pointer *pointer);

#endif

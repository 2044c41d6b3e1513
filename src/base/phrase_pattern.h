/* One format as a pattern: literal, argument, literal ... Private to phrase.c and its tests. */
#ifndef BASE_PHRASE_PATTERN_H
#define BASE_PHRASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PHRASE_ARGUMENTS 12

enum phrase_kind { PHRASE_TEXT, PHRASE_INTEGER, PHRASE_HEX, PHRASE_NUMBER, PHRASE_CHARACTER };

struct phrase_span { const char *start; size_t length; };

/* Literal i stands before argument i, literal `count` behind the last; in `text` they follow each other. */
struct phrase_pattern {
    const char *text;
    uint8_t count;
    uint8_t kind[PHRASE_ARGUMENTS];
    uint16_t weight, letters;                /* bytes and ASCII letters of the literals */
    uint16_t start[PHRASE_ARGUMENTS + 2];    /* of literal i in `text`; the last is where they end */
};
struct phrase_span phrase_literal(const struct phrase_pattern *pattern, unsigned index);

/* What a conversion at `format` ('%') is: its length, its kind, and the argument it names (1.., 0: the next one). 0 when
 * it is none; "%%" has length 2 and kind -1. */
size_t phrase_conversion(const char *format, int *kind, unsigned *argument);
/* Literals are written to `pool`, which outlives it and has room for strlen(format) bytes; returns how many it used. False in *good where
 * the format has too many arguments, or numbers them. */
size_t phrase_pattern_parse(struct phrase_pattern *pattern, const char *format, char *pool, bool *good);
/* *steps is counted down; at 0 it gives up. */
bool phrase_pattern_match(const struct phrase_pattern *pattern, struct phrase_span text,
                          struct phrase_span arguments[PHRASE_ARGUMENTS], unsigned *steps);

#endif

/* Text from people and devices: UTF-8, columns, folding, cleaning. Nothing here depends on the locale.
 *
 * Columns follow wcwidth's table (the one ncurses uses) in a UTF-8 locale that this file opens for itself;
 * a character of ambiguous width counts 1 unless text_ambiguous_wide(true). */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Decode one code point at *bytes (length left > 0). Returns the bytes used; invalid input gives U+FFFD and 1. */
size_t text_decode(const char *bytes, size_t length, uint32_t *code);
size_t text_encode(uint32_t code, char out[4]);
bool text_is_utf8(const char *bytes, size_t length);

int text_code_width(uint32_t code);              /* 0, 1 or 2; control characters 0 */
int text_width(const char *text);
int text_width_n(const char *bytes, size_t length);
void text_ambiguous_wide(bool wide);

enum text_cut { TEXT_CUT_END, TEXT_CUT_MIDDLE, TEXT_CUT_START };
/* Append `text` cut to at most `columns`, with an ellipsis ("…", or "~" when ascii) where it was cut. Returns the
 * columns used. A wide character never straddles the edge. */
int text_fit(struct buffer *out, const char *text, int columns, enum text_cut cut, bool ascii);

/* Append bytes from outside made safe to draw, log and store: invalid UTF-8 becomes U+FFFD, C0/C1 controls,
 * escape sequences, bidirectional and other invisible format characters are removed, tabs and newlines become
 * one blank. Returns true when nothing had to be changed. */
bool text_clean(struct buffer *out, const char *bytes, size_t length);
/* The same into a fixed array, cut at a character to fit. */
bool text_clean_into(char *out, size_t size, const char *bytes, size_t length);

/* Append the form used for searching and comparing: ASCII and Latin/Greek/Cyrillic lower case, full-width forms
 * to half-width. Chinese is unchanged. */
void text_fold(struct buffer *out, const char *text, size_t length);
int text_compare_folded(const char *left, const char *right); /* as strcmp over the folded forms */
/* Natural order: digit runs compare as numbers ("GW-9" before "GW-10"), the rest by folded code point. */
int text_compare_natural(const char *left, const char *right);

/* Append GB18030 bytes as UTF-8. False (ERROR_INVALID, with the byte offset) when they are not GB18030. */
bool text_from_gb18030(struct buffer *out, const char *bytes, size_t length, struct error *error);

/* Glob with `*` (any run) over folded text, as in filters. */
bool text_glob(const char *pattern, const char *text);
/* Whole text as a number; false on anything else, on overflow, NaN and infinity. */
bool text_number(const char *text, double *number);
/* Cut in place at blanks, commas and semicolons, their wide twins too; returns how many words there are, max or less of
 * which are given. */
unsigned text_words(char *text, const char **words, unsigned max);
/* Six significant digits, whole parts below 1e9 in full, no exponent for |x| in [1e-4, 1e9), no trailing zeros:
 * "31.2", "0.0004", "123456789", "1.2e12". Returns the length as snprintf does. */
int text_format_number(char *out, size_t size, double number);

/* FNV-1a over texts one after another, each with its end: begin with TEXT_HASH. */
#define TEXT_HASH 0xcbf29ce484222325u
uint64_t text_hash(uint64_t hash, const char *text);

#endif

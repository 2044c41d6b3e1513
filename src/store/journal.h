/* A batch of readings, in the order they came, in few bytes: what the engines on SQL write before they answer, and read only
 * after a crash or a restart. Pure; private to the store.
 *
 * Lossless, and quick before small: a reading of a message that carries several takes three or four bytes, its first one nine,
 * in place of 24. Each begins with a byte of what it has in common with the one before and of how its value is written:
 *   bits 0..1  0: a whole number; 1: ten-thousandths ("23.4": 234000); 2: the double's eight bytes
 *   bit 2      the asset before; else its number follows
 *   bit 3      the metric after the one before; else its number follows
 *   bit 4      the time before; else the difference follows
 * in this order, the value last. Numbers are pack.h's: little-endian base-128, differences and values zigzag. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "store/engine.h"

enum journal_form { JOURNAL_PLAIN, JOURNAL_PACKED }; /* as stored: JOURNAL_PLAIN are rows as they lay in memory, 24 bytes each */

/* Append the rows, packed. Their values are finite and their times not negative. */
void journal_pack(struct buffer *out, const struct store_sample *rows, size_t count);
/* Into new memory that the caller frees. False: the bytes end amid a reading, or hold what no reading is; those before are in
 * *rows all the same. */
bool journal_unpack(const void *bytes, size_t length, enum journal_form form, struct store_sample **rows, size_t *count);

#endif

/* Readings and buckets in few bytes: what the SQL engines keep in their blobs. Pure; private to the store.
 *
 * Lossless. Times are differences of differences; values are differences of whole numbers where one power of ten makes
 * them all whole ("23.4", "23.5": 234, then 1), else the bytes that changed of the double before. A reading of a
 * steady sensor takes two to four bytes.
 *
 * A chunk: format (bits 0..3: the power of ten, 15 for bytes; bit 4: times in whole seconds), count, times, values.
 * Numbers are little-endian base-128; signed ones zigzag. The first time is outside, in the row's key. */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/reading.h"

#define PACK_READINGS_MAX 2048 /* in one chunk */

/* Append a chunk of readings in strictly growing order of time, at most PACK_READINGS_MAX. */
void pack_readings(struct buffer *out, const struct reading *readings, size_t count);
/* Into `readings` (room for PACK_READINGS_MAX); `start` is the first one's time. False when the bytes are not a chunk. */
bool unpack_readings(const void *bytes, size_t length, msec start, struct reading *readings, size_t *count);

/* Up to 24 buckets of one day, `unit` long, the first at `start`; empty ones take no room. */
#define PACK_BUCKETS_MAX 24
void pack_buckets(struct buffer *out, const struct reading_bucket *buckets, size_t count);
/* Fills `count` buckets; those without readings get count 0. */
bool unpack_buckets(const void *bytes, size_t length, msec start, msec unit, struct reading_bucket *buckets,
                    size_t count);

/* The numbers themselves, for other blobs. unpack_number moves *bytes; false at the end or when too long. */
void pack_number(struct buffer *out, uint64_t number);
bool unpack_number(const unsigned char **bytes, const unsigned char *end, uint64_t *number);
static inline uint64_t pack_signed(int64_t number)
{
    return ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
}
static inline int64_t unpack_signed(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

#endif

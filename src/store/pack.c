#include "store/pack.h"

#include <math.h>
#include <string.h>

#define FORMAT_BYTES 15
#define FORMAT_SECONDS 0x10
#define POWER_MAX 9
#define WHOLE_MAX 9007199254740992.0 /* 2^53: doubles are exact up to here */

static const double powers[POWER_MAX + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

void pack_number(struct buffer *out, uint64_t number)
{
    unsigned char bytes[10];
    size_t length = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[length++] = (unsigned char)(number | 0x80);
    bytes[length++] = (unsigned char)number;
    buffer_append(out, bytes, length);
}

bool unpack_number(const unsigned char **bytes, const unsigned char *end, uint64_t *number)
{
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 64 && *bytes < end; shift += 7) {
        unsigned char byte = *(*bytes)++;
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = result;
            return true;
        }
    }
    return false;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Division rounds correctly, so a decimal's whole number over its power gives back the very double that the decimal
 * text is read as. */
static bool whole_at(double value, unsigned power, int64_t *whole)
{
    double scaled = nearbyint(value * powers[power]);
    if (!(fabs(scaled) < WHOLE_MAX))
        return false;
    *whole = (int64_t)scaled;
    return bits_of((double)*whole / powers[power]) == bits_of(value);
}

/* The values of a block are `stride` bytes apart, so that members of structs can be packed in place. */
static double value_at(const double *values, size_t stride, size_t index)
{
    return *(const double *)((const char *)values + stride * index);
}

static unsigned common_power(const double *values, size_t stride, size_t count)
{
    unsigned power = 0;
    int64_t whole;
    for (size_t i = 0; i < count; i++) {
        while (!whole_at(value_at(values, stride, i), power, &whole)) {
            if (++power > POWER_MAX)
                return FORMAT_BYTES;
        }
    }
    for (size_t i = 0; i < count; i++) { /* a power found late may be too large for an early value */
        if (!whole_at(value_at(values, stride, i), power, &whole))
            return FORMAT_BYTES;
    }
    return power;
}

static void put_values(struct buffer *out, unsigned power, const double *values, size_t stride, size_t count)
{
    uint64_t before_bits = 0;
    int64_t before = 0, whole = 0;
    for (size_t i = 0; i < count; i++) {
        double value = value_at(values, stride, i);
        if (power != FORMAT_BYTES) {
            whole_at(value, power, &whole);
            pack_number(out, pack_signed(whole - before));
            before = whole;
            continue;
        }
        uint64_t changed = bits_of(value) ^ before_bits;
        before_bits = bits_of(value);
        unsigned low = changed ? (unsigned)__builtin_ctzll(changed) / 8 : 8;
        unsigned high = changed ? (unsigned)__builtin_clzll(changed) / 8 : 0;
        buffer_append_char(out, (char)(high << 4 | low));
        for (unsigned at = low; at < 8 - high; at++)
            buffer_append_char(out, (char)(changed >> (8 * at)));
    }
}

static bool get_values(const unsigned char **bytes, const unsigned char *end, unsigned power, double *values,
                       size_t stride, size_t count)
{
    uint64_t bits = 0, number;
    int64_t whole = 0;
    for (size_t i = 0; i < count; i++) {
        double value;
        if (power != FORMAT_BYTES) {
            if (!unpack_number(bytes, end, &number))
                return false;
            whole = (int64_t)((uint64_t)whole + (uint64_t)unpack_signed(number));
            value = (double)whole / powers[power];
        } else {
            if (*bytes == end)
                return false;
            unsigned low = **bytes & 0xf, high = **bytes >> 4;
            (*bytes)++;
            if (low + high > 8 || (size_t)(end - *bytes) < 8 - low - high)
                return false;
            for (unsigned at = low; at < 8 - high; at++)
                bits ^= (uint64_t) * (*bytes)++ << (8 * at);
            memcpy(&value, &bits, sizeof value);
        }
        if (!isfinite(value))
            return false;
        *(double *)((char *)values + stride * i) = value;
    }
    return true;
}

void pack_readings(struct buffer *out, const struct reading *readings, size_t count)
{
    bool seconds = true;
    for (size_t i = 1; i < count && seconds; i++)
        seconds = (readings[i].time - readings[i - 1].time) % SPAN_SECOND == 0;
    unsigned power = common_power(&readings->value, sizeof *readings, count);
    buffer_append_char(out, (char)(power | (seconds ? FORMAT_SECONDS : 0)));
    pack_number(out, count);
    msec before = 0;
    for (size_t i = 1; i < count; i++) {
        msec step = (readings[i].time - readings[i - 1].time) / (seconds ? SPAN_SECOND : 1);
        pack_number(out, pack_signed(step - before));
        before = step;
    }
    put_values(out, power, &readings->value, sizeof *readings, count);
}

bool unpack_readings(const void *bytes, size_t length, msec start, struct reading *readings, size_t *count)
{
    const unsigned char *at = bytes, *end = at + length;
    uint64_t number;
    if (length < 1)
        return false;
    unsigned format = *at++, power = format & 0xf;
    msec unit = format & FORMAT_SECONDS ? SPAN_SECOND : 1;
    if (format > 0x1f || (power > POWER_MAX && power != FORMAT_BYTES) || !unpack_number(&at, end, &number) ||
        number < 1 || number > PACK_READINGS_MAX)
        return false;
    *count = (size_t)number;
    readings[0].time = start;
    uint64_t step = 0;
    for (size_t i = 1; i < *count; i++) {
        if (!unpack_number(&at, end, &number))
            return false;
        step += (uint64_t)unpack_signed(number);
        if (step < 1 || step > (uint64_t)(SPAN_DAY / unit))
            return false;
        readings[i].time = readings[i - 1].time + (msec)step * unit;
    }
    return get_values(&at, end, power, &readings->value, sizeof *readings, *count) && at == end;
}

static void put_block(struct buffer *out, const double *values, size_t count)
{
    unsigned power = common_power(values, sizeof(struct reading_bucket), count);
    buffer_append_char(out, (char)power);
    put_values(out, power, values, sizeof(struct reading_bucket), count);
}

void pack_buckets(struct buffer *out, const struct reading_bucket *buckets, size_t count)
{
    struct reading_bucket full[PACK_BUCKETS_MAX];
    size_t used = 0;
    uint32_t present = 0;
    for (size_t i = 0; i < count; i++) {
        if (buckets[i].count == 0)
            continue;
        present |= (uint32_t)1 << i;
        full[used++] = buckets[i];
    }
    pack_number(out, present);
    for (size_t i = 0; i < used; i++)
        pack_number(out, full[i].count);
    if (used == 0)
        return;
    put_block(out, &full->minimum, used);
    put_block(out, &full->maximum, used);
    put_block(out, &full->sum, used);
    put_block(out, &full->last, used);
}

static bool get_block(const unsigned char **bytes, const unsigned char *end, double *values, size_t count)
{
    if (*bytes == end)
        return false;
    unsigned power = *(*bytes)++;
    return (power <= POWER_MAX || power == FORMAT_BYTES) &&
           get_values(bytes, end, power, values, sizeof(struct reading_bucket), count);
}

bool unpack_buckets(const void *bytes, size_t length, msec start, msec unit, struct reading_bucket *buckets,
                    size_t count)
{
    const unsigned char *at = bytes, *end = at + length;
    struct reading_bucket full[PACK_BUCKETS_MAX] = {0};
    uint64_t present, number;
    if (!unpack_number(&at, end, &present) || present >> count != 0)
        return false;
    size_t used = (size_t)__builtin_popcountll(present);
    for (size_t i = 0; i < used; i++) {
        if (!unpack_number(&at, end, &number) || number < 1 || number > UINT32_MAX)
            return false;
        full[i].count = (unsigned)number;
    }
    if (used > 0 && !(get_block(&at, end, &full->minimum, used) && get_block(&at, end, &full->maximum, used) &&
                      get_block(&at, end, &full->sum, used) && get_block(&at, end, &full->last, used)))
        return false;
    for (size_t i = 0, next = 0; i < count; i++) {
        buckets[i] = (struct reading_bucket){0};
        if (present >> i & 1)
            buckets[i] = full[next++];
        buckets[i].start = start + (msec)i * unit;
    }
    return at == end;
}

#include "store/journal.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "store/pack.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "plain journal rows are as they lay in memory, which their format wants little-endian"
#endif
_Static_assert(sizeof(struct store_sample) == 24, "the plain journal's format");

#define READING_MAX 32 /* bytes, and some to spare */
#define READING_MIN 2
#define ROWS_AT_ONCE 256
#define SCALE 1e4
#define WHOLE_MAX 9007199254740992.0 /* 2^53: doubles are exact up to here */
#define TIME_MAX ((msec)253402300800000) /* the year 10000 */

enum { VALUE_WHOLE, VALUE_SCALED, VALUE_BYTES, VALUE_KIND = 3, SAME_ASSET = 4, NEXT_METRIC = 8, SAME_TIME = 16, TAG_BITS = 31 };

static bool same_bits(double left, double right)
{
    return memcmp(&left, &right, sizeof left) == 0;
}

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

/* Whatever the rounding gives is tried: only what comes back bit by bit is written so. */
static unsigned value_kind(double value, int64_t *whole)
{
    double scaled = value * SCALE;
    if (!(fabs(scaled) < WHOLE_MAX))
        return VALUE_BYTES;
    *whole = (int64_t)value;
    if (same_bits((double)*whole, value))
        return VALUE_WHOLE;
    *whole = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    return same_bits((double)*whole / SCALE, value) ? VALUE_SCALED : VALUE_BYTES;
}

static uint8_t *put_reading(uint8_t *at, const struct store_sample *before, const struct store_sample *row)
{
    int64_t whole;
    unsigned kind = value_kind(row->value, &whole), tag = kind;
    tag |= row->asset == before->asset ? SAME_ASSET : 0;
    tag |= (uint64_t)row->metric == (uint64_t)before->metric + 1 ? NEXT_METRIC : 0;
    tag |= row->time == before->time ? SAME_TIME : 0;
    *at++ = (uint8_t)tag;
    if (!(tag & SAME_ASSET))
        at = put_number(at, row->asset);
    if (!(tag & NEXT_METRIC))
        at = put_number(at, row->metric);
    if (!(tag & SAME_TIME))
        at = put_number(at, pack_signed(row->time - before->time));
    if (kind != VALUE_BYTES)
        return put_number(at, pack_signed(whole));
    memcpy(at, &row->value, sizeof row->value);
    return at + sizeof row->value;
}

void journal_pack(struct buffer *out, const struct store_sample *rows, size_t count)
{
    struct store_sample before = {0};
    for (size_t i = 0; i < count;) {
        size_t end = count - i < ROWS_AT_ONCE ? count : i + ROWS_AT_ONCE;
        buffer_reserve(out, (end - i) * READING_MAX);
        uint8_t *start = (uint8_t *)out->data + out->length, *at = start;
        for (; i < end; before = rows[i++])
            at = put_reading(at, &before, &rows[i]);
        *at = '\0';
        out->length += (size_t)(at - start);
    }
}

static bool get_number(const unsigned char **at, const unsigned char *end, uint64_t limit, uint64_t *number)
{
    return unpack_number(at, end, number) && *number <= limit;
}

static bool get_value(const unsigned char **at, const unsigned char *end, unsigned kind, double *value)
{
    uint64_t number;
    if (kind == VALUE_BYTES) {
        if (end - *at < (ptrdiff_t)sizeof *value)
            return false;
        memcpy(value, *at, sizeof *value);
        *at += sizeof *value;
        return isfinite(*value);
    }
    if (kind > VALUE_BYTES || !unpack_number(at, end, &number))
        return false;
    *value = (double)unpack_signed(number) / (kind == VALUE_SCALED ? SCALE : 1);
    return true;
}

/* `row` is the one before. */
static bool get_reading(const unsigned char **at, const unsigned char *end, struct store_sample *row)
{
    unsigned tag = *(*at)++;
    uint64_t asset = row->asset, metric = (uint64_t)row->metric + 1, step = 0;
    if (tag > TAG_BITS || (!(tag & SAME_ASSET) && !get_number(at, end, UINT32_MAX, &asset)) ||
        (!(tag & NEXT_METRIC) && !get_number(at, end, UINT32_MAX, &metric)) || metric > UINT32_MAX ||
        (!(tag & SAME_TIME) && !unpack_number(at, end, &step)))
        return false;
    uint64_t time = (uint64_t)row->time + (uint64_t)unpack_signed(step);
    row->asset = (uint32_t)asset;
    row->metric = (uint32_t)metric;
    row->time = (msec)time;
    return time <= (uint64_t)TIME_MAX && get_value(at, end, tag & VALUE_KIND, &row->value);
}

static bool unpack_plain(const void *bytes, size_t length, struct store_sample **rows, size_t *count)
{
    *count = length / sizeof **rows;
    *rows = memory_resize(NULL, *count, sizeof **rows);
    if (*count > 0)
        memcpy(*rows, bytes, *count * sizeof **rows);
    return length % sizeof **rows == 0;
}

bool journal_unpack(const void *bytes, size_t length, enum journal_form form, struct store_sample **rows, size_t *count)
{
    struct store_sample row = {0};
    if (form == JOURNAL_PLAIN || length == 0)
        return unpack_plain(bytes, length, rows, count);
    const unsigned char *at = bytes, *end = at + length;
    *rows = memory_resize(NULL, length / READING_MIN + 1, sizeof **rows);
    *count = 0;
    while (at < end) {
        if (!get_reading(&at, end, &row))
            return false;
        (*rows)[(*count)++] = row;
    }
    return true;
}

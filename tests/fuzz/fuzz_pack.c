/* What the store's blobs decode to, from any bytes: refused, or a chunk that keeps its promises and comes back the same
 * when packed again. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_readings(const uint8_t *data, size_t size)
{
    static struct reading first[PACK_READINGS_MAX], again[PACK_READINGS_MAX];
    size_t count, count_again;
    struct buffer packed = BUFFER_INIT;
    if (!unpack_readings(data, size, 0, first, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(first[i].value) || (i > 0 && first[i].time <= first[i - 1].time))
            abort();
    }
    pack_readings(&packed, first, count);
    if (!unpack_readings(packed.data, packed.length, 0, again, &count_again) || count_again != count)
        abort();
    for (size_t i = 0; i < count; i++) {
        if (first[i].time != again[i].time || memcmp(&first[i].value, &again[i].value, sizeof(double)) != 0)
            abort();
    }
    buffer_release(&packed);
}

static void check_buckets(const uint8_t *data, size_t size, size_t of)
{
    struct reading_bucket first[PACK_BUCKETS_MAX], again[PACK_BUCKETS_MAX];
    struct buffer packed = BUFFER_INIT;
    if (!unpack_buckets(data, size, 0, 3600000, first, of))
        return;
    pack_buckets(&packed, first, of);
    if (!unpack_buckets(packed.data, packed.length, 0, 3600000, again, of))
        abort();
    for (size_t i = 0; i < of; i++) {
        if (first[i].count != again[i].count || memcmp(&first[i].sum, &again[i].sum, sizeof(double)) != 0)
            abort();
    }
    buffer_release(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_readings(data, size);
    check_buckets(data, size, 24);
    check_buckets(data, size, 1);
    return 0;
}

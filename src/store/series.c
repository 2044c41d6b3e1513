#include "store/series.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/overlay.h"

#define SPAN_LONGEST (100 * 366 * SPAN_DAY)

enum source { SOURCE_RAW, SOURCE_HOURS, SOURCE_DAYS };

struct series {
    const struct store_engine_ops *ops;
    struct store_reader *reader;
    uint32_t asset, metric;
    msec from, to;
    unsigned count;
    const struct store_samples *pending;
    struct reading_bucket *buckets;
    msec *last_times;
    msec unit; /* of the roll-up being read */
};

bool series_valid(msec from, msec to, unsigned count, struct error *error)
{
    if (count < 1 || count > SERIES_BUCKETS_MAX)
        return error_set(error, ERROR_INVALID, "expected 1 to %d buckets; got %u", SERIES_BUCKETS_MAX, count);
    if (from >= to || from < -SPAN_LONGEST || to > 3 * SPAN_LONGEST || to - from > SPAN_LONGEST)
        return error_set(error, ERROR_INVALID, "expected a range of at most 100 years whose start lies before its end");
    return true;
}

/* Rounded up, so that index_of(start_of(i)) is i whatever the division leaves. */
static msec start_of(const struct series *series, unsigned index)
{
    return series->from + ((series->to - series->from) * index + series->count - 1) / series->count;
}

static unsigned index_of(const struct series *series, msec time)
{
    return (unsigned)((time - series->from) * series->count / (series->to - series->from));
}

static void add(struct series *series, msec time, msec last_time, const struct reading_bucket *part)
{
    if (time < series->from || time >= series->to || part->count == 0)
        return;
    unsigned index = index_of(series, time);
    struct reading_bucket *bucket = &series->buckets[index];
    if (bucket->count == 0 || part->minimum < bucket->minimum)
        bucket->minimum = part->minimum;
    if (bucket->count == 0 || part->maximum > bucket->maximum)
        bucket->maximum = part->maximum;
    if (bucket->count == 0 || last_time >= series->last_times[index]) {
        bucket->last = part->last;
        series->last_times[index] = last_time;
    }
    bucket->sum += part->sum;
    bucket->count += part->count;
}

static bool add_reading(void *owner, msec time, double value)
{
    struct reading_bucket one = {time, value, value, value, value, 1};
    add(owner, time, time, &one);
    return true;
}

static bool add_rollup(void *owner, const struct reading_bucket *bucket)
{
    struct series *series = owner;
    add(series, bucket->start, bucket->start + series->unit - 1, bucket);
    return true;
}

/* Roll-ups serve where their edges fall on the buckets' edges, where a bucket is so long that the edge is a small part
 * of it, or where nothing finer is left. */
static enum source choose(const struct series *series, unsigned coverage)
{
    msec length = (series->to - series->from) / series->count;
    bool even = length * series->count == series->to - series->from;
    bool by_hour = even && length % SPAN_HOUR == 0 && series->from % SPAN_HOUR == 0;
    bool by_day = even && length % SPAN_DAY == 0 && series->from % SPAN_DAY == 0;
    if ((coverage & DAY_DAYS) && (by_day || length >= 20 * SPAN_DAY))
        return SOURCE_DAYS;
    if ((coverage & DAY_HOURS) && (by_hour || length >= SPAN_DAY))
        return SOURCE_HOURS;
    if (coverage & DAY_RAW)
        return SOURCE_RAW;
    return coverage & DAY_HOURS ? SOURCE_HOURS : SOURCE_DAYS;
}

/* The pending rows of from..to. */
static struct store_samples pending_between(const struct series *series, msec from, msec to)
{
    const struct store_samples *all = series->pending;
    size_t first = 0, end;
    while (first < all->count && all->rows[first].time < from)
        first++;
    for (end = first; end < all->count && all->rows[end].time <= to; end++)
        ;
    return (struct store_samples){all->rows ? all->rows + first : NULL, end - first, 0};
}

static bool read_part(struct series *series, enum source source, msec from, msec to, struct error *error)
{
    struct store_samples pending = pending_between(series, from, to);
    if (source == SOURCE_RAW) {
        struct overlay overlay = {.rows = pending.rows, .count = pending.count, .visit = add_reading, .owner = series};
        if (!series->ops->readings(series->reader, series->asset, series->metric, from, to, false, overlay_visit,
                                   &overlay, error))
            return false;
        overlay_finish(&overlay);
        return true;
    }
    series->unit = source == SOURCE_HOURS ? SPAN_HOUR : SPAN_DAY;
    if (!series->ops->rollups(series->reader, source == SOURCE_HOURS ? ROLLUP_HOURS : ROLLUP_DAYS, series->asset,
                              series->metric, from, to, add_rollup, series, error))
        return false;
    for (size_t i = 0; i < pending.count; i++)
        add_reading(series, pending.rows[i].time, pending.rows[i].value);
    return true;
}

/* Neighbouring days that are read from the same source are read at once. */
static bool read_days(struct series *series, struct error *error)
{
    int64_t first = store_day(series->from), last = store_day(series->to - 1);
    msec part_from = series->from;
    enum source source = choose(series, series->ops->coverage(series->reader, first));
    for (int64_t day = first; day <= last; day++) {
        bool end = day == last;
        enum source next = end ? source : choose(series, series->ops->coverage(series->reader, day + 1));
        if (!end && next == source)
            continue;
        msec part_to = end ? series->to - 1 : (day + 1) * SPAN_DAY - 1;
        if (!read_part(series, source, part_from, part_to, error))
            return false;
        part_from = part_to + 1;
        source = next;
    }
    return true;
}

bool series_read(const struct store_engine_ops *ops, struct store_reader *reader, uint32_t asset, uint32_t metric,
                 msec from, msec to, unsigned count, const struct store_samples *pending,
                 struct reading_bucket *buckets, struct error *error)
{
    struct series series = {ops, reader, asset, metric, from, to, count, pending, buckets, NULL, 0};
    if (!series_valid(from, to, count, error))
        return false;
    series.last_times = memory_new_array(count, sizeof *series.last_times);
    for (unsigned i = 0; i < count; i++)
        buckets[i] = (struct reading_bucket){.start = start_of(&series, i)};
    bool done = read_days(&series, error);
    free(series.last_times);
    return done;
}

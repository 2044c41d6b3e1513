/* After a day: its hourly and daily roll-ups are written (it is then closed), and what has been kept long enough is
 * dropped, a table at a time. Readings that come later than that still reach both. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sql_internal.h"

#define HEAD_AGE SPAN_HOUR
#define CLOSE_AFTER SPAN_HOUR    /* after a day's end, for what comes late */
#define CLOSE_AT_ONCE 500        /* series */
#define RETAIN_EVERY SPAN_HOUR

enum { T_HOURS = 3, T_DAYS, T_HOURS_READ, T_DAYS_READ };

static const enum part_kind kind_of[] = {[ROLLUP_HOURS] = PART_HOURS, [ROLLUP_DAYS] = PART_DAYS};

/* A sum of decimals is a decimal: take away what adding them in binary left over. */
static double tidy_sum(double sum, unsigned count)
{
    double scaled = nearbyint(sum * 1e6), tidy = scaled / 1e6;
    bool near = fabs(scaled) < 9e15 && fabs(tidy - sum) <= fabs(sum) * 2.3e-16 * (count + 1);
    return near ? tidy : sum;
}

static void add_reading(struct reading_bucket *bucket, double value)
{
    if (bucket->count == 0 || value < bucket->minimum)
        bucket->minimum = value;
    if (bucket->count == 0 || value > bucket->maximum)
        bucket->maximum = value;
    bucket->sum += value;
    bucket->last = value;
    bucket->count++;
}

static bool put(struct store_engine *engine, enum store_rollup unit, int64_t day, uint32_t asset, uint32_t metric,
                const struct reading_bucket *buckets, size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    int number = part_number(kind_of[unit], day);
    struct statement **statement = &telemetry->statements[T_HOURS + unit];
    if (*statement && telemetry->rollup_number[unit] != number) {
        statement_free(statement);
    }
    if (!parts_ensure(&telemetry->parts, &telemetry->db, kind_of[unit], number, error) ||
        !database_prepare(&telemetry->db, statement, error, "INSERT INTO %s_%d VALUES (?, ?, ?, ?) ON CONFLICT (day, "
                          "asset, metric) DO UPDATE SET data=excluded.data",
                          part_name(kind_of[unit]), number))
        return false;
    telemetry->rollup_number[unit] = number;
    buffer_clear(&telemetry->blob);
    pack_buckets(&telemetry->blob, buckets, count);
    statement_bind_integer(*statement, 1, day);
    statement_bind_integer(*statement, 2, asset);
    statement_bind_integer(*statement, 3, metric);
    statement_bind_blob(*statement, 4, telemetry->blob.data, telemetry->blob.length);
    return database_finish(&telemetry->db, *statement, error);
}

static bool get(struct store_engine *engine, enum store_rollup unit, int64_t day, uint32_t asset, uint32_t metric,
                struct reading_bucket *buckets, size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    int number = part_number(kind_of[unit], day);
    struct statement *statement = NULL;
    bool row = false;
    memset(buckets, 0, count * sizeof *buckets);
    if (!parts_find(&telemetry->parts, kind_of[unit], number, NULL))
        return true;
    if (!database_prepare(&telemetry->db, &statement, error, "SELECT data FROM %s_%d WHERE day=%lld AND asset=%u AND "
                          "metric=%u", part_name(kind_of[unit]), number, (long long)day, asset, metric))
        return false;
    bool done = database_step(&telemetry->db, statement, &row, error);
    if (done && row && !unpack_buckets(statement_blob(statement, 0), statement_bytes(statement, 0),
                                       day * SPAN_DAY, SPAN_DAY / (msec)count, buckets, count))
        done = error_set(error, ERROR_CORRUPT, "%s: a roll-up is damaged", telemetry->db.path);
    statement_free(&statement);
    return done;
}

static bool put_both(struct store_engine *engine, int64_t day, uint32_t asset, uint32_t metric,
                     struct reading_bucket *hours, struct reading_bucket *whole, struct error *error)
{
    for (int i = 0; i < 24; i++)
        hours[i].sum = tidy_sum(hours[i].sum, hours[i].count);
    whole->sum = tidy_sum(whole->sum, whole->count);
    return put(engine, ROLLUP_HOURS, day, asset, metric, hours, 24, error) &&
           put(engine, ROLLUP_DAYS, day, asset, metric, whole, 1, error);
}

static void add_readings(int64_t day, const struct reading *rows, size_t count, struct reading_bucket *hours,
                         struct reading_bucket *whole)
{
    for (size_t i = 0; i < count; i++) {
        add_reading(&hours[(rows[i].time - day * SPAN_DAY) / SPAN_HOUR], rows[i].value);
        add_reading(whole, rows[i].value);
    }
}

bool rollup_write(struct store_engine *engine, int64_t day, uint32_t asset, uint32_t metric,
                  const struct reading *rows, size_t count, struct error *error)
{
    struct reading_bucket hours[24] = {0}, whole = {0};
    add_readings(day, rows, count, hours, &whole);
    return put_both(engine, day, asset, metric, hours, &whole, error);
}

/* Unlike everything else here, doing this twice counts twice: after a crash in the middle of packing, readings older
 * than the raw ones we keep may be in their roll-up two times. */
bool rollup_merge(struct store_engine *engine, int64_t day, uint32_t asset, uint32_t metric,
                  const struct reading *rows, size_t count, struct error *error)
{
    struct reading_bucket hours[24], whole;
    if (!get(engine, ROLLUP_HOURS, day, asset, metric, hours, 24, error) ||
        !get(engine, ROLLUP_DAYS, day, asset, metric, &whole, 1, error))
        return false;
    add_readings(day, rows, count, hours, &whole);
    return put_both(engine, day, asset, metric, hours, &whole, error);
}

int closing_due(struct store_engine *engine, msec now)
{
    size_t count;
    int due = 0, newest = part_number(PART_READINGS, store_day(now - CLOSE_AFTER) - 1);
    struct part *list = parts_list(&engine->telemetry.parts, PART_READINGS, 0, newest, &count);
    for (size_t i = 0; i < count && due == 0; i++) {
        if (!list[i].closed)
            due = list[i].number;
    }
    free(list);
    return due;
}

/* The next series of a day after the last one closed, by asset and metric. */
static bool next_series(struct store_engine *engine, int number, struct store_sample *series, size_t *count,
                        struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&telemetry->db, &statement, error,
                                 "SELECT DISTINCT asset, metric FROM readings_%d WHERE (asset, metric)>(%lld, %lld) "
                                 "ORDER BY asset, metric LIMIT %d", number, (long long)telemetry->closing_asset,
                                 (long long)telemetry->closing_metric, CLOSE_AT_ONCE);
    *count = 0;
    while (done && (done = database_step(&telemetry->db, statement, &row, error)) && row)
        series[(*count)++] = (struct store_sample){.asset = (uint32_t)statement_integer(statement, 0),
                                                   .metric = (uint32_t)statement_integer(statement, 1)};
    statement_free(&statement);
    return done;
}

static bool close_series(struct store_engine *engine, int number, bool *end, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    int64_t day = part_first_day(PART_READINGS, number);
    uint64_t started = uv_hrtime();
    struct store_sample series[CLOSE_AT_ONCE];
    size_t count, rows, next = 0;
    bool done = next_series(engine, number, series, &count, error);
    for (; done && next < count && uv_hrtime() - started < STEP_NS; next++) {
        done = day_read(engine, number, series[next].asset, series[next].metric, &rows, error) &&
               rollup_write(engine, day, series[next].asset, series[next].metric, telemetry->rows, rows, error);
        telemetry->closing_asset = series[next].asset;
        telemetry->closing_metric = series[next].metric;
    }
    *end = done && next == count && count < CLOSE_AT_ONCE;
    return done;
}

bool closing_step(struct store_engine *engine, int number, bool *more, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    bool end = false;
    *more = true;
    if (telemetry->closing != number) { /* first pack what the head has of it */
        telemetry->closing = number;
        telemetry->closing_asset = 0;
        telemetry->closing_metric = -1;
        flush_begin(engine);
        return true;
    }
    if (telemetry_begin(engine, error) && close_series(engine, number, &end, error) &&
        (!end || parts_close(&telemetry->parts, &telemetry->db, number, error)) &&
        parts_commit(&telemetry->parts, &telemetry->db, error)) {
        if (end)
            telemetry->closing = 0;
        return true;
    }
    telemetry->closing = 0;
    telemetry->suspect = error->code == ERROR_CORRUPT ? number : 0;
    telemetry_rollback(engine);
    return set_suspect_aside(engine, error);
}

/* The oldest part, when it has been kept for long enough and as many newer ones stand behind it. Counting them too
 * keeps a clock that jumps a year ahead from emptying the store. */
static int droppable(struct store_engine *engine, enum part_kind kind, msec now, msec keep, msec length)
{
    size_t count;
    int number = 0;
    struct part *list = parts_list(&engine->telemetry.parts, kind, 0, INT32_MAX, &count);
    int limit = part_number(kind, store_day(now - keep));
    size_t newer = (size_t)((keep + length - 1) / length);
    if (count > newer && list[0].number < limit && (kind != PART_READINGS || list[0].closed))
        number = list[0].number;
    free(list);
    return number;
}

bool retention_step(struct store_engine *engine, msec now, bool *more, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    const struct store_options *options = &engine->options;
    const struct {
        msec keep, length;
    } rules[PART_KINDS] = {
        [PART_READINGS] = {options->keep_readings, SPAN_DAY},
        [PART_HOURS] = {options->keep_hourly, 30 * SPAN_DAY},
        [PART_DAYS] = {options->keep_daily, 365 * SPAN_DAY},
        [PART_STATES] = {options->keep_states, 30 * SPAN_DAY},
        [PART_KEPT] = {options->keep_readings, SPAN_DAY},
    };
    for (enum part_kind kind = 0; kind < PART_KINDS; kind++) {
        int number = droppable(engine, kind, now, rules[kind].keep, rules[kind].length);
        if (number == 0)
            continue;
        *more = true;
        day_tables_release(telemetry);
        if (telemetry_begin(engine, error) &&
            parts_drop(&telemetry->parts, &telemetry->db, kind, number, error) &&
            (kind != PART_STATES || frames_trim(engine, now, error)) && parts_commit(&telemetry->parts, &telemetry->db, error))
            return true;
        telemetry_rollback(engine);
        if (!error || error->code != ERROR_TIMEOUT)
            return false;
        /* Somebody reads the table, as a backup does for hours: the next round drops it. */
        log_notice("store: %s_%d is kept for now: %s", part_name(kind), number, error->text);
        telemetry->retained_at = now;
        return true;
    }
    telemetry->retained_at = now;
    *more = true; /* of other work */
    return true;
}

bool sql_maintain(struct store_engine *engine, msec now, bool *more, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    int due;
    *more = false;
    if (telemetry->head.frozen.count > 0)
        return flush_step(engine, now, more, error);
    if (telemetry->head.rows >= head_worth(&telemetry->head) ||
        (telemetry->head.rows > 0 && clock_steady() - telemetry->head_since >= HEAD_AGE)) {
        *more = flush_begin(engine);
        return true;
    }
    if ((due = closing_due(engine, now)) != 0)
        return closing_step(engine, due, more, error);
    if (now - telemetry->retained_at >= RETAIN_EVERY || now < telemetry->retained_at)
        return retention_step(engine, now, more, error);
    return frames_step(engine, now, error);
}

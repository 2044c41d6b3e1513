/* Reading readings: first the head, then the file. A row on its way from one to the other is then seen twice, which
 * the overlay settles, and never missed. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/overlay.h"
#include "store/sql_internal.h"

/* A table that retention dropped, or a step rolled back, since the list was taken has nothing to say. */
static bool gone(struct database *db)
{
    if (!db->ops->table_missing(db))
        return false;
    database_rollback(db); /* a failure ends a transaction of PostgreSQL's */
    return database_begin(db, false, NULL);
}

struct range {
    uint32_t asset, metric;
    msec from, to;
    bool newest_first;
};

static bool visit_chunk(struct store_reader *reader, struct statement *statement, int64_t day, const struct range *range,
                        struct overlay *overlay, bool *stopped, struct error *error)
{
    size_t count;
    if (!unpack_readings(statement_blob(statement, 1), statement_bytes(statement, 1),
                         day * SPAN_DAY + statement_integer(statement, 0), reader->chunk, &count))
        return error_set(error, ERROR_CORRUPT, "%s: a chunk of readings is damaged", reader->telemetry.path);
    for (size_t i = 0; i < count && !*stopped; i++) {
        const struct reading *row = &reader->chunk[range->newest_first ? count - 1 - i : i];
        if (row->time >= range->from && row->time <= range->to)
            *stopped = !overlay_visit(overlay, row->time, row->value);
    }
    return true;
}

/* The chunk that begins before `from` may reach into the range. */
static bool visit_day(struct store_reader *reader, int number, const struct range *range, struct overlay *overlay,
                      bool *stopped, struct error *error)
{
    struct statement *statement = NULL;
    struct database *db = &reader->telemetry;
    int64_t day = part_first_day(PART_READINGS, number);
    msec first = range->from - day * SPAN_DAY, last = range->to - day * SPAN_DAY;
    bool row = false;
    if (!database_prepare(db, &statement, error, "SELECT start, data FROM readings_%1$d WHERE asset=%2$u AND metric=%3$u "
                          "AND start>=coalesce((SELECT max(start) FROM readings_%1$d WHERE asset=%2$u AND metric=%3$u AND "
                          "start<=%4$lld), 0) AND start<=%5$lld ORDER BY start %6$s", number, range->asset, range->metric,
                          (long long)first, (long long)last, range->newest_first ? "DESC" : "ASC"))
        return gone(db);
    bool done = true, read = true;
    while (!*stopped && (read = database_step(db, statement, &row, error)) && row) {
        if (!(done = visit_chunk(reader, statement, day, range, overlay, stopped, error)))
            break;
    }
    statement_free(&statement);
    return read ? done : gone(db);
}

static bool visit_days(struct store_reader *reader, const struct range *range, struct overlay *overlay,
                       struct error *error)
{
    size_t count;
    struct part *list = parts_list(&reader->engine->telemetry.parts, PART_READINGS,
                                   part_number(PART_READINGS, store_day(range->from)),
                                   part_number(PART_READINGS, store_day(range->to)), &count);
    bool done = count == 0 || database_begin(&reader->telemetry, false, error), stopped = false;
    for (size_t i = 0; i < count && done && !stopped; i++)
        done = visit_day(reader, list[range->newest_first ? count - 1 - i : i].number, range, overlay, &stopped, error);
    if (count > 0)
        database_rollback(&reader->telemetry);
    free(list);
    if (done && !stopped)
        overlay_finish(overlay);
    return done;
}

/* Any instant to one whose day has a number. */
static msec within(msec time)
{
    const msec latest = (msec)40000 * SPAN_DAY;
    return time < 0 ? 0 : time > latest ? latest : time;
}

bool sql_readings(struct store_reader *reader, uint32_t asset, uint32_t metric, msec from, msec to,
                     bool newest_first, store_reading_visit *visit, void *owner, struct error *error)
{
    struct store_samples head = {0};
    if (from > to || to < 0)
        return true;
    struct range range = {asset, metric, within(from), within(to), newest_first};
    head_find(&reader->engine->telemetry.head, asset, metric, range.from, range.to, &head);
    struct overlay overlay = {.rows = head.rows, .count = head.count, .newest_first = newest_first, .visit = visit,
                              .owner = owner};
    bool done = visit_days(reader, &range, &overlay, error);
    free(head.rows);
    return done;
}

unsigned sql_coverage(struct store_reader *reader, int64_t day)
{
    struct store_engine *engine = reader->engine;
    struct parts *parts = &engine->telemetry.parts;
    struct part raw = {0};
    if (day < 0 || day > 40000)
        return DAY_RAW;
    if (parts_find(parts, PART_READINGS, part_number(PART_READINGS, day), &raw))
        return raw.closed ? DAY_RAW | DAY_HOURS | DAY_DAYS : DAY_RAW;
    if (day >= store_day(clock_wall() - engine->options.keep_readings))
        return DAY_RAW;
    return (parts_find(parts, PART_HOURS, part_number(PART_HOURS, day), NULL) ? DAY_HOURS : 0u) |
           (parts_find(parts, PART_DAYS, part_number(PART_DAYS, day), NULL) ? DAY_DAYS : 0u);
}

static bool visit_buckets(struct store_reader *reader, struct statement *statement, unsigned per_day, msec from, msec to,
                          store_bucket_visit *visit, void *owner, bool *stopped, struct error *error)
{
    struct reading_bucket buckets[24];
    if (!unpack_buckets(statement_blob(statement, 1), statement_bytes(statement, 1),
                        statement_integer(statement, 0) * SPAN_DAY, SPAN_DAY / per_day, buckets, per_day))
        return error_set(error, ERROR_CORRUPT, "%s: a roll-up is damaged", reader->telemetry.path);
    for (unsigned i = 0; i < per_day && !*stopped; i++) {
        if (buckets[i].count > 0 && buckets[i].start >= from && buckets[i].start <= to)
            *stopped = !visit(owner, &buckets[i]);
    }
    return true;
}

static bool visit_rollups(struct store_reader *reader, enum part_kind kind, const struct part *part,
                          const struct range *range, store_bucket_visit *visit, void *owner, bool *stopped,
                          struct error *error)
{
    struct database *db = &reader->telemetry;
    struct statement *statement = NULL;
    bool row = false, done = true;
    int64_t first = part_first_day(kind, part->number), from = store_day(range->from), to = store_day(range->to);
    if (!database_prepare(db, &statement, error, "SELECT day, data FROM %s_%d WHERE day=? AND asset=? AND metric=?",
                          part_name(kind), part->number))
        return gone(db);
    for (int64_t day = from > first ? from : first;
         done && !*stopped && day <= to && part_number(kind, day) == part->number; day++) {
        statement_bind_integer(statement, 1, day);
        statement_bind_integer(statement, 2, range->asset);
        statement_bind_integer(statement, 3, range->metric);
        if (!database_step(db, statement, &row, error)) {
            done = gone(db);
            break;
        }
        if (!row)
            continue;
        done = visit_buckets(reader, statement, kind == PART_HOURS ? 24 : 1, range->from, range->to, visit, owner,
                             stopped, error);
        database_reset(statement);
    }
    statement_free(&statement);
    return done;
}

bool sql_rollups(struct store_reader *reader, enum store_rollup unit, uint32_t asset, uint32_t metric, msec from,
                    msec to, store_bucket_visit *visit, void *owner, struct error *error)
{
    enum part_kind kind = unit == ROLLUP_HOURS ? PART_HOURS : PART_DAYS;
    struct range range = {asset, metric, within(from), within(to), false};
    size_t count;
    struct part *list = parts_list(&reader->engine->telemetry.parts, kind, part_number(kind, store_day(range.from)),
                                   part_number(kind, store_day(range.to)), &count);
    bool done = database_begin(&reader->telemetry, false, error), stopped = false;
    for (size_t i = 0; i < count && done && !stopped; i++)
        done = visit_rollups(reader, kind, &list[i], &range, visit, owner, &stopped, error);
    database_rollback(&reader->telemetry);
    free(list);
    return done;
}

/* ---- last values at an instant ---- */

/* The newest packed reading at or before `at` in one day's table. */
static bool last_in_day(struct store_reader *reader, struct statement *statement, int64_t day, uint32_t asset,
                        uint32_t metric, msec at, bool *found, struct reading *reading, struct error *error)
{
    bool row = false;
    size_t count;
    *found = false;
    statement_bind_integer(statement, 1, asset);
    statement_bind_integer(statement, 2, metric);
    statement_bind_integer(statement, 3, at - day * SPAN_DAY);
    if (!database_step(&reader->telemetry, statement, &row, error))
        return false;
    if (!row)
        return true;
    bool sound = unpack_readings(statement_blob(statement, 1), statement_bytes(statement, 1),
                                 day * SPAN_DAY + statement_integer(statement, 0), reader->chunk, &count);
    database_reset(statement);
    if (!sound)
        return error_set(error, ERROR_CORRUPT, "%s: a chunk of readings is damaged", reader->telemetry.path);
    while (count > 0 && reader->chunk[count - 1].time > at)
        count--;
    *found = count > 0;
    if (*found)
        *reading = reader->chunk[count - 1];
    return true;
}

/* The packed series of an asset, with the newest reading of each: the answer already when it is old enough. */
static bool packed_lasts(struct store_reader *reader, uint32_t asset, struct store_lasts *out, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->telemetry, &statement, error, "SELECT metric, time, value FROM last WHERE "
                                 "asset=%u", asset);
    while (done && (done = database_step(&reader->telemetry, statement, &row, error)) && row) {
        ARRAY_RESERVE(out->rows, out->capacity, out->count + 1);
        out->rows[out->count++] = (struct store_last){
            asset, (uint32_t)statement_integer(statement, 0),
            {statement_integer(statement, 1), statement_real(statement, 2)}};
    }
    statement_free(&statement);
    return done;
}

/* For the series whose newest reading is later than `at`, day by day back from it. */
static bool search_back(struct store_reader *reader, msec since, msec at, struct store_lasts *lasts, struct error *error)
{
    size_t count;
    struct part *list = parts_list(&reader->engine->telemetry.parts, PART_READINGS,
                                   part_number(PART_READINGS, store_day(since)), part_number(PART_READINGS, store_day(at)), &count);
    bool done = true, missing = true;
    for (size_t i = count; i > 0 && done && missing; i--) {
        struct statement *statement = NULL;
        int64_t day = part_first_day(PART_READINGS, list[i - 1].number);
        missing = false;
        if (!database_prepare(&reader->telemetry, &statement, error, "SELECT start, data FROM readings_%d WHERE asset=? "
                              "AND metric=? AND start<=? ORDER BY start DESC LIMIT 1", list[i - 1].number)) {
            done = missing = gone(&reader->telemetry);
            continue;
        }
        for (size_t k = 0; k < lasts->count && done; k++) {
            struct store_last *last = &lasts->rows[k];
            bool found = false;
            if (last->reading.time <= at)
                continue;
            done = last_in_day(reader, statement, day, last->asset, last->metric, at, &found, &last->reading, error);
            missing = missing || !found;
            if (!done && gone(&reader->telemetry)) {
                done = true;
                break;
            }
        }
        statement_free(&statement);
    }
    free(list);
    return done;
}

bool sql_last_at(struct store_reader *reader, uint32_t asset, msec since, msec at, store_last_visit *visit, void *owner,
                    struct error *error)
{
    struct store_lasts head = {0}, packed = {0};
    if (at < 0)
        return true;
    at = within(at);
    head_find_lasts(&reader->engine->telemetry.head, asset, at, &head);
    bool done = database_begin(&reader->telemetry, false, error) && packed_lasts(reader, asset, &packed, error) &&
                search_back(reader, within(since), at, &packed, error);
    database_rollback(&reader->telemetry);
    bool going = done;
    for (size_t i = 0; i < packed.count && going; i++) {
        if (packed.rows[i].reading.time <= at)
            going = visit(owner, &packed.rows[i]);
    }
    for (size_t i = 0; i < head.count && going; i++)
        going = visit(owner, &head.rows[i]);
    free(head.rows);
    free(packed.rows);
    return done;
}

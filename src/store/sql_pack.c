/* Packing: the head's rows go into the tables of their days, series by series, in steps short enough that new batches
 * never wait long. Until the last step is committed the journal keeps all of them, so a crash in between only means
 * packing some of them twice, which changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/sql_internal.h"

/* A cell of a WITHOUT ROWID table keeps about 1,000 bytes in its page of 4,096; what is longer spills into pages of
 * its own. */
#define CHUNK_BYTES 940
#define CHUNK_NEARLY_FULL 800
#define CHUNK_GUESS 200 /* readings */

enum { T_LAST = 2 };

static void day_table_release(struct day_table *table)
{
    statement_free(&table->newest);
    statement_free(&table->all);
    statement_free(&table->put);
    statement_free(&table->clear);
    *table = (struct day_table){0};
}

void day_tables_release(struct telemetry *telemetry)
{
    for (size_t i = 0; i < DAY_TABLES; i++)
        day_table_release(&telemetry->day_tables[i]);
}

static struct day_table *day_table(struct store_engine *engine, int number, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    for (size_t i = 0; i < DAY_TABLES; i++) {
        if (telemetry->day_tables[i].number == number)
            return &telemetry->day_tables[i];
    }
    if (!parts_ensure(&telemetry->parts, &telemetry->db, PART_READINGS, number, error))
        return NULL;
    struct day_table *table = &telemetry->day_tables[telemetry->next_day_table++ % DAY_TABLES];
    struct database *db = &telemetry->db;
    day_table_release(table);
    if (database_prepare(db, &table->newest, error, "SELECT start, data FROM readings_%d WHERE asset=? AND metric=? "
                         "ORDER BY start DESC LIMIT 1", number) &&
        database_prepare(db, &table->all, error, "SELECT start, data FROM readings_%d WHERE asset=? AND metric=? "
                         "ORDER BY start", number) &&
        database_prepare(db, &table->put, error, "INSERT INTO readings_%d VALUES (?, ?, ?, ?) ON CONFLICT "
                         "(asset, metric, start) DO UPDATE SET data=excluded.data", number) &&
        database_prepare(db, &table->clear, error, "DELETE FROM readings_%d WHERE asset=? AND metric=?", number)) {
        table->number = number;
        return table;
    }
    day_table_release(table);
    return NULL;
}

static void bind_series(struct statement *statement, uint32_t asset, uint32_t metric)
{
    statement_bind_integer(statement, 1, asset);
    statement_bind_integer(statement, 2, metric);
}

/* Append a chunk to the scratch rows. */
static bool take_bytes(struct store_engine *engine, msec start, const void *bytes, size_t length, size_t *count,
                       struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    size_t more;
    ARRAY_RESERVE(telemetry->rows, telemetry->row_capacity, *count + PACK_READINGS_MAX);
    if (!unpack_readings(bytes, length, start, telemetry->rows + *count, &more))
        return error_set(error, ERROR_CORRUPT, "%s: a chunk of readings is damaged", telemetry->db.path);
    *count += more;
    return true;
}

/* The chunk in columns 0 and 1. */
static bool take_chunk(struct store_engine *engine, struct statement *statement, int64_t day, size_t *count,
                       struct error *error)
{
    return take_bytes(engine, day * SPAN_DAY + statement_integer(statement, 0), statement_blob(statement, 1),
                      statement_bytes(statement, 1), count, error);
}

bool day_read(struct store_engine *engine, int number, uint32_t asset, uint32_t metric, size_t *count,
              struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct day_table *table = day_table(engine, number, error);
    int64_t day = part_first_day(PART_READINGS, number);
    bool row = false, done;
    *count = 0;
    if (!table)
        return false;
    bind_series(table->all, asset, metric);
    while ((done = database_step(&telemetry->db, table->all, &row, error)) && row) {
        if (!take_chunk(engine, table->all, day, count, error)) {
            database_reset(table->all);
            return false;
        }
    }
    return done;
}

/* As many of the rows as fit into one chunk, packed into the blob; returns how many. */
static size_t fill_chunk(struct telemetry *telemetry, const struct reading *rows, size_t count)
{
    size_t fit = count < CHUNK_GUESS ? count : CHUNK_GUESS, largest = count < PACK_READINGS_MAX ? count : PACK_READINGS_MAX;
    for (int tries = 0;; tries++) {
        buffer_clear(&telemetry->blob);
        pack_readings(&telemetry->blob, rows, fit);
        size_t length = telemetry->blob.length;
        bool room = length < CHUNK_NEARLY_FULL && fit < largest && tries < 3;
        if (length <= CHUNK_BYTES && !room)
            return fit;
        size_t next = fit * (CHUNK_BYTES - 40) / length;
        if (length > CHUNK_BYTES)
            fit = next < fit && next > 0 ? next : fit - 1;
        else
            fit = next > largest ? largest : next;
    }
}

static bool put_chunks(struct store_engine *engine, struct day_table *table, int64_t day, uint32_t asset,
                       uint32_t metric, const struct reading *rows, size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    while (count > 0) {
        size_t packed = fill_chunk(telemetry, rows, count);
        bind_series(table->put, asset, metric);
        statement_bind_integer(table->put, 3, rows[0].time - day * SPAN_DAY);
        statement_bind_blob(table->put, 4, telemetry->blob.data, telemetry->blob.length);
        if (!database_finish(&telemetry->db, table->put, error))
            return false;
        rows += packed;
        count -= packed;
    }
    return true;
}

static void append_samples(struct telemetry *telemetry, size_t *count, const struct store_sample *samples, size_t more)
{
    ARRAY_RESERVE(telemetry->rows, telemetry->row_capacity, *count + more);
    for (size_t i = 0; i < more; i++)
        telemetry->rows[(*count)++] = (struct reading){samples[i].time, samples[i].value};
}

/* Late rows: the whole day of the series is read, merged and written anew; the new ones win. */
static bool rewrite_day(struct store_engine *engine, struct day_table *table, int64_t day,
                        const struct store_sample *samples, size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    uint32_t asset = samples->asset, metric = samples->metric;
    size_t old_count, old = 0, next = 0, merged_count = 0;
    if (!day_read(engine, table->number, asset, metric, &old_count, error))
        return false;
    bind_series(table->clear, asset, metric);
    if (!database_finish(&telemetry->db, table->clear, error))
        return false;
    struct reading *merged = memory_new_array(old_count + count, sizeof *merged);
    while (old < old_count || next < count) {
        if (next == count || (old < old_count && telemetry->rows[old].time < samples[next].time)) {
            merged[merged_count++] = telemetry->rows[old++];
            continue;
        }
        if (old < old_count && telemetry->rows[old].time == samples[next].time)
            old++;
        merged[merged_count++] = (struct reading){samples[next].time, samples[next].value};
        next++;
    }
    bool done = put_chunks(engine, table, day, asset, metric, merged, merged_count, error);
    free(merged);
    return done;
}

/* The readings of the series' newest chunk, into the scratch rows; none: there is no chunk yet. */
static bool take_newest(struct store_engine *engine, struct day_table *table, int64_t day, const struct store_sample *samples,
                        size_t *there, bool *full, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    bool row = false;
    *there = 0;
    *full = false;
    if (telemetry->db.ops->far) {
        const struct head_run *frozen = &telemetry->head.frozen;
        const void *bytes;
        size_t length;
        msec start;
        if (!ahead_newest(engine, table->number, samples, (size_t)(frozen->rows + frozen->count - samples), &start, &bytes,
                          &length, error))
            return false;
        *full = length > CHUNK_NEARLY_FULL;
        return !bytes || take_bytes(engine, day * SPAN_DAY + start, bytes, length, there, error);
    }
    bind_series(table->newest, samples->asset, samples->metric);
    if (!database_step(&telemetry->db, table->newest, &row, error))
        return false;
    if (!row)
        return true;
    bool taken = take_chunk(engine, table->newest, day, there, error);
    *full = statement_bytes(table->newest, 1) > CHUNK_NEARLY_FULL;
    database_reset(table->newest);
    return taken;
}

/* The usual case is appending: to the newest chunk while it has room, else as new ones. */
static bool add_to_day(struct store_engine *engine, struct day_table *table, int64_t day,
                       const struct store_sample *samples, size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    size_t there;
    bool full;
    if (!take_newest(engine, table, day, samples, &there, &full, error))
        return false;
    if (there > 0 && telemetry->rows[there - 1].time >= samples[0].time)
        return rewrite_day(engine, table, day, samples, count, error);
    if (full)
        there = 0;
    append_samples(telemetry, &there, samples, count);
    return put_chunks(engine, table, day, samples->asset, samples->metric, telemetry->rows, there, error);
}

static bool pack_day(struct store_engine *engine, int64_t day, int64_t oldest_raw, const struct store_sample *samples,
                     size_t count, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct part part = {0};
    int number = part_number(PART_READINGS, day);
    bool there = parts_find(&telemetry->parts, PART_READINGS, number, &part);
    if (!there && day < oldest_raw) { /* its table has had its time */
        size_t rows = 0;
        append_samples(telemetry, &rows, samples, count);
        return rollup_merge(engine, day, samples->asset, samples->metric, telemetry->rows, rows, error);
    }
    struct day_table *table = day_table(engine, number, error);
    if (!table || !add_to_day(engine, table, day, samples, count, error))
        return false;
    if (!part.closed && telemetry->closing != number)
        return true;
    size_t rows;
    return day_read(engine, number, samples->asset, samples->metric, &rows, error) &&
           rollup_write(engine, day, samples->asset, samples->metric, telemetry->rows, rows, error);
}

static bool note_last(struct telemetry *telemetry, const struct store_sample *sample, struct error *error)
{
    struct statement **statement = &telemetry->statements[T_LAST];
    if (!database_prepare(&telemetry->db, statement, error,
                          "INSERT INTO last VALUES (?, ?, ?, ?) ON CONFLICT (asset, metric) DO UPDATE SET "
                          "time=excluded.time, value=excluded.value WHERE excluded.time>=last.time"))
        return false;
    bind_series(*statement, sample->asset, sample->metric);
    statement_bind_integer(*statement, 3, sample->time);
    statement_bind_real(*statement, 4, sample->value);
    return database_finish(&telemetry->db, *statement, error);
}

/* All frozen rows of the series that begins at `first`; *end is the first row after. */
static bool pack_series(struct store_engine *engine, int64_t oldest_raw, size_t first, size_t *end, struct error *error)
{
    const struct head_run *frozen = &engine->telemetry.head.frozen;
    const struct store_sample *rows = frozen->rows;
    size_t at = first;
    while (at < frozen->count && rows[at].asset == rows[first].asset && rows[at].metric == rows[first].metric) {
        int64_t day = store_day(rows[at].time);
        size_t next = at + 1;
        while (next < frozen->count && rows[next].asset == rows[first].asset && rows[next].metric == rows[first].metric &&
               store_day(rows[next].time) == day)
            next++;
        if (!pack_day(engine, day, oldest_raw, rows + at, next - at, error)) {
            if (error && error->code == ERROR_CORRUPT)
                engine->telemetry.suspect = part_number(PART_READINGS, day);
            return false;
        }
        at = next;
    }
    *end = at;
    return note_last(&engine->telemetry, &rows[at - 1], error);
}

bool flush_begin(struct store_engine *engine)
{
    struct telemetry *telemetry = &engine->telemetry;
    if (telemetry->head.rows == 0)
        return false;
    head_freeze(&telemetry->head);
    telemetry->journal_frozen = telemetry->journal_next - 1;
    telemetry->packed = 0;
    return true;
}

bool set_suspect_aside(struct store_engine *engine, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    int number = telemetry->suspect;
    telemetry->suspect = 0;
    if (number == 0 || !parts_find(&telemetry->parts, PART_READINGS, number, NULL))
        return false;
    if (!telemetry_begin(engine, error) ||
        !parts_set_aside(&telemetry->parts, &telemetry->db, PART_READINGS, number, error) ||
        !database_commit(&telemetry->db, error)) {
        telemetry_rollback(engine);
        return false;
    }
    engine_problem(engine, "%s: table readings_%d was damaged and is set aside as damaged_readings_%d_...",
                   telemetry->db.path, number, number);
    return true;
}

bool flush_step(struct store_engine *engine, msec now, bool *more, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    const struct head_run *frozen = &telemetry->head.frozen;
    int64_t oldest_raw = store_day(now - engine->options.keep_readings);
    uint64_t started = uv_hrtime();
    uint64_t step = STEP_NS * (1 + telemetry->head.rows / head_worth(&telemetry->head)); /* keep up when more comes than is packed */
    size_t at = telemetry->packed;
    bool done = telemetry_begin(engine, error);
    *more = true;
    while (done && at < frozen->count && uv_hrtime() - started < step)
        done = pack_series(engine, oldest_raw, at, &at, error);
    bool last = done && at == frozen->count;
    if (last)
        done = database_run(&telemetry->db, error, "DELETE FROM journal WHERE id<=%lld",
                            (long long)telemetry->journal_frozen);
    ahead_forget(engine);
    if (!done || !parts_commit(&telemetry->parts, &telemetry->db, error)) {
        telemetry_rollback(engine);
        return set_suspect_aside(engine, error);
    }
    telemetry->packed = at;
    if (last)
        head_forget_frozen(&telemetry->head);
    return true;
}

/* The newest chunks of the series that are packed next, asked for together where an exchange with the database costs more
 * than what it does. */
#include <string.h>

#include "base/memory.h"
#include "store/sql_internal.h"

static void forget(struct ahead *ahead)
{
    ahead->number = 0;
    ahead->count = ahead->next = 0;
    buffer_clear(&ahead->bytes);
}

void ahead_forget(struct store_engine *engine)
{
    for (size_t i = 0; i < ARRAY_COUNT(engine->telemetry.ahead); i++)
        forget(&engine->telemetry.ahead[i]);
}

void ahead_release(struct store_engine *engine)
{
    for (size_t i = 0; i < ARRAY_COUNT(engine->telemetry.ahead); i++)
        buffer_release(&engine->telemetry.ahead[i].bytes);
}

/* The series that `rows` begin with, each once, as a list of values. */
static void list_series(struct ahead *ahead, const struct store_sample *rows, size_t count, struct buffer *sql)
{
    for (size_t i = 0; i < count && ahead->count < AHEAD_SERIES; i++) {
        const struct ahead_chunk *last = ahead->count > 0 ? &ahead->chunks[ahead->count - 1] : NULL;
        if (last && last->asset == rows[i].asset && last->metric == rows[i].metric)
            continue;
        buffer_printf(sql, "%s(%u, %u)", last ? ", " : "", rows[i].asset, rows[i].metric);
        ahead->chunks[ahead->count++] = (struct ahead_chunk){.asset = rows[i].asset, .metric = rows[i].metric};
    }
}

static struct ahead_chunk *chunk_of(struct ahead *ahead, uint32_t asset, uint32_t metric)
{
    for (size_t i = 0; i < ahead->count; i++) { /* they are asked for in their order */
        struct ahead_chunk *chunk = &ahead->chunks[(ahead->next + i) % ahead->count];
        if (chunk->asset != asset || chunk->metric != metric)
            continue;
        ahead->next = (ahead->next + i) % ahead->count;
        return chunk;
    }
    return NULL;
}

static bool look_ahead(struct store_engine *engine, struct ahead *ahead, int number, const struct store_sample *rows,
                       size_t count, struct error *error)
{
    struct database *db = &engine->telemetry.db;
    struct statement *statement = NULL;
    struct buffer list = BUFFER_INIT;
    bool row = false;
    forget(ahead);
    list_series(ahead, rows, count, &list);
    bool done = database_prepare(db, &statement, error, "SELECT s.asset, s.metric, r.start, r.data FROM (VALUES %s) AS s (asset, "
                                 "metric) CROSS JOIN LATERAL (SELECT start, data FROM readings_%d WHERE asset=s.asset AND "
                                 "metric=s.metric ORDER BY start DESC LIMIT 1) AS r", buffer_text(&list), number);
    while (done && (done = database_step(db, statement, &row, error)) && row) {
        struct ahead_chunk *chunk = chunk_of(ahead, (uint32_t)statement_integer(statement, 0),
                                             (uint32_t)statement_integer(statement, 1));
        if (!chunk)
            continue;
        chunk->there = true;
        chunk->start = statement_integer(statement, 2);
        chunk->offset = ahead->bytes.length;
        chunk->length = statement_bytes(statement, 3);
        buffer_append(&ahead->bytes, statement_blob(statement, 3), chunk->length);
    }
    statement_free(&statement);
    buffer_release(&list);
    ahead->number = done ? number : 0;
    ahead->next = 0;
    return done;
}

bool ahead_newest(struct store_engine *engine, int number, const struct store_sample *rows, size_t count, msec *start,
                  const void **bytes, size_t *length, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct ahead *ahead = telemetry->ahead[1].number == number ? &telemetry->ahead[1] : &telemetry->ahead[0];
    if (ahead->number != number)
        ahead = &telemetry->ahead[telemetry->next_ahead++ % ARRAY_COUNT(telemetry->ahead)];
    const struct ahead_chunk *chunk = ahead->number == number ? chunk_of(ahead, rows->asset, rows->metric) : NULL;
    if (!chunk && !look_ahead(engine, ahead, number, rows, count, error))
        return false;
    chunk = chunk ? chunk : chunk_of(ahead, rows->asset, rows->metric);
    *bytes = chunk->there ? ahead->bytes.data + chunk->offset : NULL;
    *start = chunk->start;
    *length = chunk->length;
    return true;
}

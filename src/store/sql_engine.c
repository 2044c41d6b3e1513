/* What the engines on SQL have in common: their two parts, and readers of them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sql_internal.h"

void engine_problem(struct store_engine *engine, const char *format, ...)
{
    char text[sizeof engine->problem];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_error("store: %s", text);
    uv_mutex_lock(&engine->problem_lock);
    memcpy(engine->problem, text, sizeof text);
    uv_mutex_unlock(&engine->problem_lock);
}

void engine_init(struct store_engine *engine, const struct sql_way *way, const struct store_options *options)
{
    engine->way = way;
    engine->options = *options;
    uv_mutex_init(&engine->problem_lock);
}

void engine_release(struct store_engine *engine)
{
    uv_mutex_destroy(&engine->problem_lock);
}

bool engine_open_parts(struct store_engine *engine, bool was_clean, struct error *error)
{
    if (!records_open(engine, was_clean, error))
        return false;
    if (telemetry_open(engine, was_clean, error))
        return true;
    records_close(engine);
    return false;
}

void engine_close_parts(struct store_engine *engine)
{
    records_close(engine);
    telemetry_close(engine);
}

void sql_reader_close(struct store_reader *reader)
{
    database_close(&reader->records);
    database_close(&reader->telemetry);
    free(reader->chunk);
    free(reader);
}

bool sql_reader_open(struct store_engine *engine, struct store_reader **reader_pointer, struct error *error)
{
    struct store_reader *reader = memory_new(sizeof *reader);
    reader->engine = engine;
    reader->chunk = memory_new_array(PACK_READINGS_MAX, sizeof *reader->chunk);
    if (engine->way->open(engine, SQL_RECORDS, false, &reader->records, error) &&
        engine->way->open(engine, SQL_TELEMETRY, false, &reader->telemetry, error)) {
        *reader_pointer = reader;
        return true;
    }
    sql_reader_close(reader);
    return false;
}

bool sql_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    return records_load(reader, ops, owner, error) && telemetry_load(reader, ops, owner, error);
}

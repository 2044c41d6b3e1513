/* Telemetry coming in: a transaction is one journal row, its states and new metric names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/journal.h"
#include "store/sql_internal.h"

#define HEAD_HARD_LIMIT 10 /* times what is worth packing: it keeps failing, so nothing more is taken */
#define CHECK_ALWAYS_BELOW (32u << 20)
#define CHECK_MS 300

static bool replay_journal(struct store_engine *engine, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&telemetry->db, &statement, error, "SELECT id, data, form FROM journal ORDER BY id");
    while (done && (done = database_step(&telemetry->db, statement, &row, error)) && row) {
        struct store_sample *rows;
        size_t count;
        if (!journal_unpack(statement_blob(statement, 1), statement_bytes(statement, 1),
                            (enum journal_form)statement_integer(statement, 2), &rows, &count))
            engine_problem(engine, "%s: a batch of readings was damaged: its first %zu were read, the others are lost",
                           telemetry->db.path, count);
        head_add(&telemetry->head, rows, count);
        free(rows);
        telemetry->journal_next = statement_integer(statement, 0) + 1;
    }
    statement_free(&statement);
    if (telemetry->head.rows > 0)
        telemetry->head_since = clock_steady();
    return done;
}

static bool load_memory(struct store_engine *engine, struct error *error)
{
    return parts_load(&engine->telemetry.parts, &engine->telemetry.db, error) && states_note_frames(engine, error);
}

/* A damaged month of states or day of readings is renamed away; the rest of the file goes on. */
static bool check_part(struct store_engine *engine, const struct part *part, struct error *error)
{
    char table[40], damage[200];
    snprintf(table, sizeof table, "%s_%d", part_name(part->kind), part->number);
    if (!database_check(&engine->telemetry.db, table, CHECK_MS, damage))
        return error_set(error, ERROR_UNAVAILABLE, "%s: cannot be checked", engine->telemetry.db.path);
    if (!damage[0])
        return true;
    if (!database_begin(&engine->telemetry.db, true, error) ||
        !parts_set_aside(&engine->telemetry.parts, &engine->telemetry.db, part->kind, part->number, error) ||
        !database_commit(&engine->telemetry.db, error)) {
        database_rollback(&engine->telemetry.db);
        return false;
    }
    engine_problem(engine, "%s: table %s was damaged (%.80s) and is set aside as damaged_%s_...",
                   engine->telemetry.db.path, table, damage, table);
    return true;
}

/* The newest two of a kind: older ones are no longer written. */
static bool check_newest(struct store_engine *engine, enum part_kind kind, struct error *error)
{
    size_t count;
    bool done = true;
    struct part *list = parts_list(&engine->telemetry.parts, kind, 0, INT32_MAX, &count);
    for (size_t i = count > 2 ? count - 2 : 0; i < count && done; i++)
        done = check_part(engine, &list[i], error);
    free(list);
    return done;
}

static bool check_fixed(struct store_engine *engine, struct error *error)
{
    static const char *const tables[] = {"meta", "part", "metric", "journal", "last", "state_open", "state_frame"};
    for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
        char damage[200];
        if (!database_check(&engine->telemetry.db, tables[i], CHECK_MS, damage))
            return error_set(error, ERROR_UNAVAILABLE, "%s: cannot be checked", engine->telemetry.db.path);
        if (damage[0])
            return error_set(error, ERROR_CORRUPT, "table %s: %s", tables[i], damage);
    }
    return true;
}

static bool open_file(struct store_engine *engine, bool was_clean, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    if (!engine->way->open(engine, SQL_TELEMETRY, true, &telemetry->db, error))
        return false;
    bool check = !was_clean || telemetry->db.ops->size(&telemetry->db) <= CHECK_ALWAYS_BELOW;
    if (database_migrate(&telemetry->db, "telemetry", false, error) && (!check || check_fixed(engine, error)) &&
        load_memory(engine, error) && (!check || (check_newest(engine, PART_READINGS, error) &&
                                                  check_newest(engine, PART_STATES, error) &&
                                                  check_newest(engine, PART_KEPT, error))) &&
        replay_journal(engine, error))
        return true;
    database_close(&telemetry->db);
    return false;
}

void telemetry_init(struct store_engine *engine)
{
    parts_init(&engine->telemetry.parts);
    head_init(&engine->telemetry.head);
    engine->telemetry.journal_next = 1;
}

bool telemetry_attach(struct store_engine *engine, bool was_clean, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct error cause = {0};
    if (open_file(engine, was_clean, &cause))
        return true;
    if (cause.code == ERROR_CORRUPT && engine->way->move_away(engine, &cause, &cause)) {
        head_release(&telemetry->head);
        head_init(&telemetry->head);
        if (open_file(engine, true, &cause))
            return true;
    }
    if (error)
        *error = cause;
    return false;
}

bool telemetry_open(struct store_engine *engine, bool was_clean, struct error *error)
{
    telemetry_init(engine);
    if (telemetry_attach(engine, was_clean, error))
        return true;
    parts_release(&engine->telemetry.parts);
    head_release(&engine->telemetry.head);
    return false;
}

void telemetry_close(struct store_engine *engine)
{
    struct telemetry *telemetry = &engine->telemetry;
    day_tables_release(telemetry);
    for (size_t i = 0; i < TELEMETRY_STATEMENTS; i++)
        statement_free(&telemetry->statements[i]);
    statement_free(&telemetry->kept_put);
    database_close(&telemetry->db);
    parts_release(&telemetry->parts);
    head_release(&telemetry->head);
    ahead_release(engine);
    free(telemetry->since);
    free(telemetry->staged);
    free(telemetry->rows);
    buffer_release(&telemetry->blob);
}

void telemetry_rollback(struct store_engine *engine)
{
    struct telemetry *telemetry = &engine->telemetry;
    struct error error = {0};
    if (telemetry->db.ops->damaged(&telemetry->db))
        engine->damaged = true;
    database_rollback(&telemetry->db);
    day_tables_release(telemetry);
    telemetry->since_known = false;
    telemetry->stale = !load_memory(engine, &error);
}

bool telemetry_begin(struct store_engine *engine, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    if (!database_begin(&telemetry->db, true, error))
        return false;
    if (!telemetry->stale)
        return true;
    telemetry->stale = !load_memory(engine, error);
    if (telemetry->stale)
        database_rollback(&telemetry->db);
    return !telemetry->stale;
}

bool sql_telemetry_begin(struct store_engine *engine, struct error *error)
{
    engine->telemetry.staged_count = 0;
    return telemetry_begin(engine, error);
}

bool metric_put(struct database *db, struct statement **statement, const struct store_metric_name *metric,
                struct error *error)
{
    if (!database_prepare(db, statement, error, "INSERT INTO metric VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET "
                          "name=excluded.name"))
        return false;
    statement_bind_integer(*statement, 1, metric->key);
    statement_bind_text(*statement, 2, metric->name);
    return database_finish(db, *statement, error);
}

static bool write_metrics(struct telemetry *telemetry, const struct store_batch *batch, struct error *error)
{
    bool done = true;
    for (size_t i = 0; i < batch->metric_count && done; i++)
        done = metric_put(&telemetry->db, &telemetry->statements[0], &batch->metrics[i], error);
    return done;
}

bool sql_telemetry_apply(struct store_engine *engine, const struct store_batch *batch, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    bool done = telemetry->head.rows + telemetry->head.frozen.count < HEAD_HARD_LIMIT * head_worth(&telemetry->head) ||
                error_set(error, ERROR_FULL, "%s: too many readings wait to be packed", telemetry->db.path);
    done = done && write_metrics(telemetry, batch, error);
    for (size_t i = 0; i < batch->state_count && done; i++)
        done = states_apply(engine, &batch->states[i], error);
    done = done && kept_apply(engine, batch->kept, batch->kept_count, error);
    if (!done) {
        telemetry_rollback(engine);
        return false;
    }
    if (batch->sample_count > 0) {
        ARRAY_RESERVE(telemetry->staged, telemetry->staged_capacity, telemetry->staged_count + batch->sample_count);
        memcpy(telemetry->staged + telemetry->staged_count, batch->samples, batch->sample_count * sizeof *batch->samples);
        telemetry->staged_count += batch->sample_count;
    }
    return true;
}

static bool write_journal(struct telemetry *telemetry, struct error *error)
{
    struct statement **statement = &telemetry->statements[1];
    if (telemetry->staged_count == 0)
        return true;
    if (!database_prepare(&telemetry->db, statement, error, "INSERT INTO journal (id, data, form) VALUES (?, ?, ?) ON "
                          "CONFLICT (id) DO UPDATE SET data=excluded.data, form=excluded.form"))
        return false;
    buffer_clear(&telemetry->blob);
    journal_pack(&telemetry->blob, telemetry->staged, telemetry->staged_count);
    statement_bind_integer(*statement, 1, telemetry->journal_next);
    statement_bind_blob(*statement, 2, telemetry->blob.data, telemetry->blob.length);
    statement_bind_integer(*statement, 3, JOURNAL_PACKED);
    return database_finish(&telemetry->db, *statement, error);
}

bool sql_telemetry_commit(struct store_engine *engine, struct error *error)
{
    struct telemetry *telemetry = &engine->telemetry;
    if (!write_journal(telemetry, error) || !parts_commit(&telemetry->parts, &telemetry->db, error)) {
        telemetry_rollback(engine);
        return false;
    }
    if (telemetry->staged_count > 0) {
        telemetry->journal_next++;
        if (telemetry->head.rows == 0)
            telemetry->head_since = clock_steady();
        head_add(&telemetry->head, telemetry->staged, telemetry->staged_count);
    }
    return true;
}

/* ---- loading ---- */

static bool load_metrics(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->telemetry, &statement, error, "SELECT key, name FROM metric ORDER BY key");
    while (done && (done = database_step(&reader->telemetry, statement, &row, error)) && row)
        ops->metric(owner, (uint32_t)statement_integer(statement, 0), statement_text(statement, 1));
    statement_free(&statement);
    return done;
}

static bool load_states(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->telemetry, &statement, error,
                                 "SELECT asset, since, health, reason, link, comm FROM state_open ORDER BY asset");
    while (done && (done = database_step(&reader->telemetry, statement, &row, error)) && row)
        ops->state(owner, (uint32_t)statement_integer(statement, 0), statement_integer(statement, 1),
                   (enum health)statement_integer(statement, 2), (enum health_reason)statement_integer(statement, 3),
                   (enum link_state)statement_integer(statement, 4), (enum comm_state)statement_integer(statement, 5));
    statement_free(&statement);
    return done;
}

static int compare_series(const struct store_sample *row, uint32_t asset, uint32_t metric)
{
    uint64_t a = (uint64_t)row->asset << 32 | row->metric, b = (uint64_t)asset << 32 | metric;
    return (a > b) - (a < b);
}

/* Packed last values and those of the head, both by asset and metric, each series once. */
static bool load_lasts(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    size_t count, next = 0;
    struct store_sample *head = head_last_rows(&reader->engine->telemetry.head, &count);
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(&reader->telemetry, &statement, error,
                                 "SELECT asset, metric, time, value FROM last ORDER BY asset, metric");
    while (done && (done = database_step(&reader->telemetry, statement, &row, error)) && row) {
        uint32_t asset = (uint32_t)statement_integer(statement, 0);
        uint32_t metric = (uint32_t)statement_integer(statement, 1);
        msec time = statement_integer(statement, 2);
        double value = statement_real(statement, 3);
        for (; next < count && compare_series(&head[next], asset, metric) < 0; next++)
            ops->last(owner, head[next].asset, head[next].metric, head[next].time, head[next].value);
        if (next < count && compare_series(&head[next], asset, metric) == 0) {
            if (head[next].time >= time) {
                time = head[next].time;
                value = head[next].value;
            }
            next++;
        }
        ops->last(owner, asset, metric, time, value);
    }
    for (; done && next < count; next++)
        ops->last(owner, head[next].asset, head[next].metric, head[next].time, head[next].value);
    statement_free(&statement);
    free(head);
    return done;
}

bool telemetry_load(struct store_reader *reader, const struct store_load_ops *ops, void *owner, struct error *error)
{
    return (!ops->metric || load_metrics(reader, ops, owner, error)) &&
           (!ops->state || load_states(reader, ops, owner, error)) &&
           (!ops->last || load_lasts(reader, ops, owner, error));
}

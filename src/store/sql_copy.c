/* A store moved from one SQL engine to another, row by row as it is, and read again to be sure: every table's rows are
 * counted and hashed on both sides. The sum of the hashes says whether the same rows are there, whatever their order. */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/sql_copy.h"

#define ROWS_AT_ONCE 20000 /* in one transaction */

#define X(member, column) ", " column
#define Y(member, column) "t"
static const struct copied asset_table = {"asset", "number, key, time, revision, removed, discovered, attributes" ASSET_FIELDS(X),
                                          "iiiiiit" ASSET_FIELDS(Y), "number"};
#undef X
#undef Y
#define X(member) ", " #member
#define N(member) "i"
#define T(member) "t"
/* The list of numbers begins with the key, whose comma is stepped over. */
static const char alert_columns[] = STORE_ALERT_NUMBERS(X) ", value, threshold" STORE_ALERT_TEXTS(X);
static const struct copied alert_table = {"alert", alert_columns + 2, STORE_ALERT_NUMBERS(N) "rr" STORE_ALERT_TEXTS(T), ""};
#undef X
#undef N
#undef T

static const struct copied records_rest[] = {
    {"record", "kind, id, revision, body", "ttit", ""},
    {"audit", "sequence, time, actor, verb, target, detail, hash", "iittttb", ""},
    {"idempotency", "actor, key, verb, target, time", "tttti", ""},
    {"alert_event", "id, alert, time, actor, verb, text, state", "iiittti", "id"},
    {"node", "id, time, verdict, evidence", "tiit", ""},
};
static const struct copied telemetry_tables[] = {
    {"metric", "key, name", "it", ""},
    {"journal", "id, data, form", "ibi", ""},
    {"last", "asset, metric, time, value", "iiir", ""},
    {"state_open", "asset, since, health, reason, link, comm", "iiiiii", ""},
    {"state_frame", "at, data", "ib", ""},
};
static const char *const part_columns[PART_KINDS][2] = {
    [PART_READINGS] = {"asset, metric, start, data", "iiib"},
    [PART_HOURS] = {"day, asset, metric, data", "iiib"},
    [PART_DAYS] = {"day, asset, metric, data", "iiib"},
    [PART_STATES] = {"since, asset, health, reason, link, comm", "iiiiii"},
    [PART_KEPT] = {"asset, list, time, whole, data", "iiiib"},
};

const struct copied *copied_table(const char *name)
{
    if (strcmp(name, "asset") == 0)
        return &asset_table;
    if (strcmp(name, "alert") == 0)
        return &alert_table;
    for (size_t i = 0; i < ARRAY_COUNT(records_rest); i++)
        if (strcmp(records_rest[i].name, name) == 0)
            return &records_rest[i];
    for (size_t i = 0; i < ARRAY_COUNT(telemetry_tables); i++)
        if (strcmp(telemetry_tables[i].name, name) == 0)
            return &telemetry_tables[i];
    return NULL;
}

/* ---- rows ---- */

/* A text that is no UTF-8 counts as what PostgreSQL is given in its place. */
static void hash_text(crypto_generichash_state *state, const char *text)
{
    struct buffer good = BUFFER_INIT;
    if (!sql_text_repair(&good, text))
        buffer_append_text(&good, text);
    crypto_generichash_update(state, (const unsigned char *)buffer_text(&good), good.length + 1);
    buffer_release(&good);
}

static uint64_t hash_row(struct statement *row, const char *kinds)
{
    crypto_generichash_state state;
    uint64_t hash[2];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (int i = 0; kinds[i]; i++) {
        bool none = statement_is_null(row, i);
        crypto_generichash_update(&state, (const unsigned char *)&none, sizeof none);
        if (none)
            continue;
        int64_t integer = kinds[i] == 'i' ? statement_integer(row, i) : 0;
        double real = kinds[i] == 'r' ? statement_real(row, i) : 0;
        uint64_t bytes = kinds[i] == 'b' ? statement_bytes(row, i) : 0;
        if (kinds[i] == 't') {
            hash_text(&state, statement_text(row, i));
            continue;
        }
        crypto_generichash_update(&state, (const unsigned char *)(kinds[i] == 'i' ? (void *)&integer : kinds[i] == 'r'
                                                                                        ? (void *)&real : (void *)&bytes), 8);
        if (bytes > 0)
            crypto_generichash_update(&state, statement_blob(row, i), bytes);
    }
    crypto_generichash_final(&state, (unsigned char *)hash, sizeof hash);
    return hash[0];
}

static void bind_row(struct statement *to, struct statement *from, const char *kinds)
{
    for (int i = 0; kinds[i]; i++) {
        if (statement_is_null(from, i))
            statement_bind_null(to, i + 1);
        else if (kinds[i] == 'i')
            statement_bind_integer(to, i + 1, statement_integer(from, i));
        else if (kinds[i] == 'r')
            statement_bind_real(to, i + 1, statement_real(from, i));
        else if (kinds[i] == 't')
            statement_bind_text(to, i + 1, statement_text(from, i));
        else
            statement_bind_blob(to, i + 1, statement_blob(from, i), statement_bytes(from, i));
    }
}

static bool prepare_insert(struct database *to, struct statement **insert, const struct copied *table, struct error *error)
{
    struct buffer places = BUFFER_INIT;
    for (size_t i = 0; i < strlen(table->kinds); i++)
        buffer_append_text(&places, i ? ", ?" : "?");
    bool done = database_prepare(to, insert, error, "INSERT INTO %s (%s) VALUES (%s)", table->name, table->columns,
                                 buffer_text(&places));
    buffer_release(&places);
    return done;
}

bool sql_copy_table(struct database *from, struct database *to, const struct copied *table, const char *where,
                    struct copied_sum *sum, struct error *error)
{
    struct statement *select = NULL, *insert = NULL;
    bool row = false, open = false;
    uint64_t rows = 0;
    bool done = database_prepare(from, &select, error, "SELECT %s FROM %s%s%s", table->columns, table->name,
                                 where[0] ? " WHERE " : "", where) && prepare_insert(to, &insert, table, error);
    while (done && (done = database_step(from, select, &row, error)) && row) {
        if (!open)
            open = done = database_begin(to, true, error);
        if (!done)
            break;
        sum->hash += hash_row(select, table->kinds);
        bind_row(insert, select, table->kinds);
        done = database_finish(to, insert, error);
        if (done && ++rows % ROWS_AT_ONCE == 0) {
            done = database_commit(to, error);
            open = false;
        }
    }
    if (done && open)
        done = database_commit(to, error);
    else if (open)
        database_rollback(to);
    sum->rows += rows;
    statement_free(&select);
    statement_free(&insert);
    if (done && table->numbered[0] && to->ops->renumber)
        done = to->ops->renumber(to, table->name, table->numbered, error);
    return done || error_prefix(error, "table %s", table->name);
}

static bool sum_table(struct database *db, const struct copied *table, struct copied_sum *sum, struct error *error)
{
    struct statement *select = NULL;
    bool row = false;
    bool done = database_prepare(db, &select, error, "SELECT %s FROM %s", table->columns, table->name);
    while (done && (done = database_step(db, select, &row, error)) && row) {
        sum->hash += hash_row(select, table->kinds);
        sum->rows++;
    }
    statement_free(&select);
    return done;
}

/* ---- whole stores ---- */

static bool move_table(struct database *from, struct database *to, const struct copied *table, struct copied_sum *total,
                       struct error *error)
{
    struct copied_sum there = {0}, here = {0};
    if (!sql_copy_table(from, to, table, "", &there, error) || !sum_table(to, table, &here, error))
        return false;
    if (there.rows != here.rows || there.hash != here.hash)
        return error_set(error, ERROR_CORRUPT, "table %s: %" PRIu64 " rows with the sum %016" PRIx64 " were read, %" PRIu64 " with "
                         "%016" PRIx64 " were found written", table->name, there.rows, there.hash, here.rows, here.hash);
    total->rows += here.rows;
    total->hash += here.hash;
    return true;
}

static bool move_part(struct store_engine *from, struct store_engine *to, const struct part *part, struct copied_sum *total,
                      struct error *error)
{
    char name[40];
    const struct copied table = {name, part_columns[part->kind][0], part_columns[part->kind][1], ""};
    snprintf(name, sizeof name, "%s_%d", part_name(part->kind), part->number);
    struct telemetry *telemetry = &to->telemetry;
    if (!telemetry_begin(to, error))
        return false;
    if (!parts_ensure(&telemetry->parts, &telemetry->db, part->kind, part->number, error) ||
        (part->closed && !parts_close(&telemetry->parts, &telemetry->db, part->number, error)) ||
        !parts_commit(&telemetry->parts, &telemetry->db, error)) {
        telemetry_rollback(to);
        return false;
    }
    return move_table(&from->telemetry.db, &telemetry->db, &table, total, error);
}

static bool move_parts(struct store_engine *from, struct store_engine *to, struct copied_sum *total, struct error *error)
{
    bool done = true;
    for (enum part_kind kind = 0; kind < PART_KINDS && done; kind++) {
        size_t count;
        struct part *list = parts_list(&from->telemetry.parts, kind, 0, INT32_MAX, &count);
        for (size_t i = 0; i < count && done; i++)
            done = move_part(from, to, &list[i], total, error);
        free(list);
    }
    return done;
}

static bool move_end(struct store_engine *from, struct store_engine *to, struct error *error)
{
    struct database *db = &to->records.db;
    struct statement *statement = NULL;
    bool done = database_prepare(db, &statement, error, "INSERT INTO meta (name, %1$s) VALUES ('audit_end', ?) ON CONFLICT "
                                 "(name) DO UPDATE SET %1$s=excluded.%1$s", db->ops->meta_bytes);
    if (done && from->records.end.sequence > 0) {
        statement_bind_blob(statement, 1, &from->records.end, sizeof from->records.end);
        done = database_finish(db, statement, error);
    }
    statement_free(&statement);
    return done;
}

static bool is_empty(struct database *db, const char *table, bool *empty, struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    bool done = database_prepare(db, &statement, error, "SELECT 1 FROM %s LIMIT 1", table) &&
                database_step(db, statement, &row, error);
    *empty = *empty && !row;
    statement_free(&statement);
    return done;
}

bool sql_copy(struct store_engine *from, struct store_engine *to, struct store_copied *copied, struct error *error)
{
    struct database *target = &to->records.db;
    struct copied_sum records = {0}, telemetry = {0};
    bool empty = true;
    if (!is_empty(target, "asset", &empty, error) || !is_empty(target, "record", &empty, error) ||
        !is_empty(target, "audit", &empty, error) || !is_empty(&to->telemetry.db, "part", &empty, error) ||
        !is_empty(&to->telemetry.db, "metric", &empty, error) || !is_empty(&to->telemetry.db, "journal", &empty, error))
        return false;
    if (!empty)
        return error_set(error, ERROR_CONFLICT, "%s: is not empty; a store is copied to an empty place only", target->path);
    bool done = database_meta_set(target, "unfinished", 1, error) &&
                move_table(&from->records.db, target, &asset_table, &records, error) &&
                move_table(&from->records.db, target, &alert_table, &records, error);
    for (size_t i = 0; i < ARRAY_COUNT(records_rest) && done; i++)
        done = move_table(&from->records.db, target, &records_rest[i], &records, error);
    for (size_t i = 0; i < ARRAY_COUNT(telemetry_tables) && done; i++)
        done = move_table(&from->telemetry.db, &to->telemetry.db, &telemetry_tables[i], &telemetry, error);
    done = done && move_parts(from, to, &telemetry, error) && move_end(from, to, error) &&
           database_meta_set(target, "unfinished", 0, error);
    *copied = (struct store_copied){records.rows, telemetry.rows, records.hash + telemetry.hash};
    return done;
}

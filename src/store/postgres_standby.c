#include "store/postgres_standby.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sql_copy.h"
#include "store/sqlite_db.h"

#define RECORDS "nocturne-standby.db"
#define TELEMETRY "nocturne-standby-telemetry.db"
#define ALERTS_BACK (8 * SPAN_DAY) /* closed ones that a daemon may still want at its start */

/* ---- standing ---- */

bool standing_read(struct database *records, struct database *telemetry, const char *metric, struct standing *standing,
                   struct error *error)
{
    struct statement *statement = NULL;
    bool row = false;
    *standing = (struct standing){0};
    bool done = database_meta(records, "identity", 0, &standing->identity, error) &&
                database_meta(records, "acts", 0, &standing->acts, error) &&
                database_prepare(telemetry, &statement, error, "SELECT count(*), coalesce(max(key), 0) FROM %s", metric) &&
                database_step(telemetry, statement, &row, error);
    if (done && row) {
        standing->metrics = statement_integer(statement, 0);
        standing->newest_metric = statement_integer(statement, 1);
    }
    statement_free(&statement);
    return done;
}

/* ---- files ---- */

static char *file_of(const char *directory, const char *name)
{
    return memory_printf("%s/%s", directory, name);
}

static void remove_files(const char *directory)
{
    static const char *const names[] = {RECORDS, RECORDS "-wal", RECORDS "-shm", TELEMETRY, TELEMETRY "-wal", TELEMETRY "-shm"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        char *path = file_of(directory, names[i]);
        unlink(path);
        free(path);
    }
}

static bool open_file(struct database *db, const char *directory, const char *name, const char *part, struct error *error)
{
    char damage[200], *path = file_of(directory, name);
    bool done = sqlite_open(db, path, false, 512, error) && database_run(db, error, "PRAGMA synchronous=OFF") &&
                database_check(db, NULL, 500, damage);
    if (done && damage[0])
        done = error_set(error, ERROR_CORRUPT, "%s", damage);
    done = done && database_migrate(db, part, false, error);
    free(path);
    return done;
}

static bool open_files(struct standby *standby, struct error *error)
{
    return open_file(&standby->records.db, standby->directory, RECORDS, "records", error) &&
           open_file(&standby->telemetry, standby->directory, TELEMETRY, "telemetry", error);
}

static void close_files(struct standby *standby)
{
    for (size_t i = 0; i < RECORDS_STATEMENTS; i++)
        statement_free(&standby->records.statements[i]);
    statement_free(&standby->put_metric);
    statement_free(&standby->put_state);
    database_close(&standby->records.db);
    database_close(&standby->telemetry);
    standby->usable = false;
}

/* It is worth nothing once it misses something; what it misses shows when the two are compared. */
static void give_up(struct standby *standby, const struct error *error)
{
    if (!standby->usable)
        return;
    log_warning("store: what is kept for a start without the server cannot be written: %s", error->text);
    standby->usable = false;
}

static bool is_of(struct standby *standby, struct error *error)
{
    int64_t address;
    return database_meta(&standby->records.db, "address", 0, &address, error) &&
           (address == standby->address || error_set(error, ERROR_CONFLICT, "it is of another database"));
}

void standby_open(struct standby *standby, const char *directory, const char *address, struct standing *standing)
{
    struct error error = {0};
    *standby = (struct standby){.directory = directory && directory[0] ? memory_text(directory) : NULL};
    crypto_generichash((unsigned char *)&standby->address, sizeof standby->address, (const unsigned char *)address,
                       strlen(address), NULL, 0);
    *standing = (struct standing){0};
    if (!standby->directory)
        return;
    standby->usable = open_files(standby, &error) && is_of(standby, &error) &&
                      standing_read(&standby->records.db, &standby->telemetry, "metric", standing, &error);
    if (standby->usable)
        return;
    close_files(standby);
    *standing = (struct standing){0};
    remove_files(standby->directory);
    standby->usable = open_files(standby, &error);
    if (standby->usable)
        return;
    close_files(standby);
    log_warning("store: nothing can be kept for a start without the server: %s", error.text);
}

void standby_close(struct standby *standby)
{
    standby_telemetry_begin(standby);
    close_files(standby);
    free(standby->metrics);
    free(standby->states);
    free(standby->directory);
}

void standby_fill(struct standby *standby, struct database *records, struct database *telemetry,
                  const struct standing *standing)
{
    struct error error = {0};
    struct copied_sum sum = {0};
    char recent[120];
    if (!standby->directory)
        return;
    close_files(standby);
    remove_files(standby->directory);
    snprintf(recent, sizeof recent, "closed_at<=0 OR closed_at>%lld", (long long)(clock_wall() - ALERTS_BACK));
    standby->usable = open_files(standby, &error);
    bool done = standby->usable &&
                sql_copy_table(records, &standby->records.db, copied_table("asset"), "", &sum, &error) &&
                sql_copy_table(records, &standby->records.db, copied_table("record"), "", &sum, &error) &&
                sql_copy_table(records, &standby->records.db, copied_table("alert"), recent, &sum, &error) &&
                sql_copy_table(telemetry, &standby->telemetry, copied_table("metric"), "", &sum, &error) &&
                sql_copy_table(telemetry, &standby->telemetry, copied_table("state_open"), "", &sum, &error) &&
                database_meta_set(&standby->records.db, "acts", standing->acts, &error) &&
                database_meta_set(&standby->records.db, "address", standby->address, &error) &&
                database_meta_set(&standby->records.db, "identity", standing->identity, &error);
    if (!done)
        give_up(standby, &error);
}

bool standby_load(struct store_engine *engine, const char *directory, const struct store_load_ops *ops, void *owner,
                  struct error *error)
{
    struct store_reader reader = {.engine = engine};
    char *records = file_of(directory, RECORDS), *telemetry = file_of(directory, TELEMETRY);
    bool done = sqlite_open(&reader.records, records, false, 512, error) &&
                sqlite_open(&reader.telemetry, telemetry, false, 512, error) && sql_load(&reader, ops, owner, error);
    database_close(&reader.records);
    database_close(&reader.telemetry);
    free(records);
    free(telemetry);
    return done;
}

/* ---- following ---- */

void standby_act(struct standby *standby, struct store_action *actions, int64_t acts)
{
    struct error error = {0};
    if (standby->usable && !records_repeat(&standby->records, actions, acts, &error))
        give_up(standby, &error);
}

void standby_forget(struct standby *standby, msec at, msec before)
{
    struct error error = {0};
    if (!standby->usable || at == standby->forgotten_at)
        return;
    standby->forgotten_at = at;
    if (!alerts_forget(&standby->records, before, &error))
        give_up(standby, &error);
}

void standby_telemetry_begin(struct standby *standby)
{
    for (size_t i = 0; i < standby->metric_count; i++)
        free(standby->metrics[i].name);
    standby->metric_count = standby->state_count = 0;
}

void standby_telemetry_note(struct standby *standby, const struct store_batch *batch)
{
    if (!standby->usable)
        return;
    for (size_t i = 0; i < batch->metric_count; i++) {
        ARRAY_RESERVE(standby->metrics, standby->metric_capacity, standby->metric_count + 1);
        standby->metrics[standby->metric_count++] =
            (struct store_metric_name){batch->metrics[i].key, memory_text(batch->metrics[i].name)};
    }
    if (batch->state_count == 0)
        return;
    ARRAY_RESERVE(standby->states, standby->state_capacity, standby->state_count + batch->state_count);
    memcpy(standby->states + standby->state_count, batch->states, batch->state_count * sizeof *batch->states);
    standby->state_count += batch->state_count;
}

static bool put_all(struct standby *standby, struct error *error)
{
    struct database *db = &standby->telemetry;
    bool done = database_begin(db, true, error);
    for (size_t i = 0; i < standby->metric_count && done; i++)
        done = metric_put(db, &standby->put_metric, &standby->metrics[i], error);
    for (size_t i = 0; i < standby->state_count && done; i++)
        done = state_open_put(db, &standby->put_state, &standby->states[i], error);
    if (done)
        return database_commit(db, error);
    database_rollback(db);
    return false;
}

void standby_telemetry_commit(struct standby *standby)
{
    struct error error = {0};
    if (standby->usable && standby->metric_count + standby->state_count > 0 && !put_all(standby, &error))
        give_up(standby, &error);
    standby_telemetry_begin(standby);
}

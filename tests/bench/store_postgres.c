/* The store on a PostgreSQL server beside COPY of the same rows in batches of 10,000 into a plain table with an index, on
 * the same server, and beside our own SQLite. Prints `budget | ours | yardstick | ratio | verdict`.
 * Usage: store_postgres DIRECTORY [ASSETS [ROWS]] */
#include <endian.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdint.h>

#include "../unit/store/postgres_server.h"
#include "base/memory.h"
#include "store/store.h"

static long assets = 48000, rows = 500000;
static msec first_time;
static struct postgres_test server = {.settings = {"fsync=on", "shared_buffers=128MB", "autovacuum=on"}};

static double now(void)
{
    return (double)uv_hrtime() / 1e9;
}

static uint32_t asset_of(long i)
{
    return (uint32_t)((unsigned long)i * 7919 % (unsigned long)assets);
}

static double value_of(long i)
{
    return (double)(200 + i % 37 * (i / assets % 3)) / 10;
}

/* ---- COPY ---- */

static void put16(struct buffer *out, int number)
{
    uint16_t bits = htobe16((uint16_t)number);
    buffer_append(out, (const char *)&bits, sizeof bits);
}

static void put32(struct buffer *out, uint32_t number)
{
    uint32_t bits = htobe32(number);
    buffer_append(out, (const char *)&bits, sizeof bits);
}

static void put64(struct buffer *out, const void *number)
{
    uint64_t bits;
    memcpy(&bits, number, sizeof bits);
    bits = htobe64(bits);
    put32(out, 8);
    buffer_append(out, (const char *)&bits, sizeof bits);
}

static void copy_batch(PGconn *link, long first, long count)
{
    struct buffer data = BUFFER_INIT;
    PQclear(PQexec(link, "COPY s FROM STDIN (FORMAT binary)"));
    buffer_append(&data, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    for (long i = first; i < first + count; i++) {
        msec time = first_time + i / assets * SPAN_SECOND;
        double value = value_of(i);
        put16(&data, 4);
        put64(&data, &time);
        put32(&data, 4);
        put32(&data, asset_of(i));
        put32(&data, 4);
        put32(&data, (uint32_t)(i % 6));
        put64(&data, &value);
    }
    put16(&data, -1);
    PQputCopyData(link, data.data, (int)data.length);
    PQputCopyEnd(link, NULL);
    PGresult *result = PQgetResult(link);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fprintf(stderr, "COPY: %s", PQresultErrorMessage(result));
    PQclear(result);
    PQclear(PQgetResult(link));
    buffer_release(&data);
}

static double copy_rows(const char *database)
{
    PGconn *link = PQconnectdb(postgres_test_url(&server, database));
    PQclear(PQexec(link, "CREATE TABLE s (ts bigint, dev int, metric int, v float8); "
                         "CREATE INDEX i ON s (dev, metric, ts)"));
    double started = now();
    for (long i = 0; i < rows; i += 10000)
        copy_batch(link, i, rows - i < 10000 ? rows - i : 10000);
    double took = now() - started;
    PQfinish(link);
    return (double)rows / took;
}

/* ---- ours ---- */

static long journal_of(const char *database, const char *directory)
{
    if (database)
        return (long)postgres_test_number(&server, database, "SELECT count(*) FROM nocturne_telemetry.journal");
    char path[200];
    sqlite3 *file;
    sqlite3_stmt *count;
    snprintf(path, sizeof path, "%s/nocturne-telemetry.db", directory);
    sqlite3_open_v2(path, &file, SQLITE_OPEN_READONLY, NULL);
    sqlite3_prepare_v2(file, "SELECT count(*) FROM journal", -1, &count, NULL);
    long left = sqlite3_step(count) == SQLITE_ROW ? (long)sqlite3_column_int64(count, 0) : -1;
    sqlite3_finalize(count);
    sqlite3_close(file);
    return left;
}

/* `safe`: rows a second until all are committed; `packed`: until all stand in the tables of their day. */
static void store_rows(const char *database, const char *directory, double *safe, double *packed)
{
    struct error error = {0};
    struct store_status status = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    const struct store_options options = {.url = database ? postgres_test_url(&server, database) : "sqlite", .state_dir = directory};
    struct store *store = store_open(&loop, &options, &error);
    if (!store) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    double started = now();
    for (long i = 0; i < rows; i++) {
        store_reading(store, asset_of(i), (uint32_t)(i % 6), first_time + i / assets * SPAN_SECOND, value_of(i));
        for (; i % 8192 == 0 && (uv_run(&loop, UV_RUN_NOWAIT), store_status(store, &status), status.queued > 400000); usleep(1000))
            ;
    }
    while (uv_run(&loop, UV_RUN_NOWAIT), store_status(store, &status), status.readings_written < (uint64_t)rows)
        usleep(500);
    *safe = (double)rows / (now() - started);
    clock_fake(clock_wall(), clock_steady() + 2 * SPAN_HOUR); /* the last of them is old enough to be packed, too */
    store_reading(store, 0, 0, first_time, 1);
    while (uv_run(&loop, UV_RUN_NOWAIT), store_status(store, &status), status.readings_written <= (uint64_t)rows)
        usleep(500);
    while (journal_of(database, directory) > 1) /* the very last may have come too late for it */
        usleep(20000);
    *packed = (double)rows / (now() - started);
    clock_real();
    store_close(&store);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&loop);
}

static void row(const char *budget, double ours, double yardstick, const char *what, const char *form, bool less, double most)
{
    char left[40], right[40];
    snprintf(left, sizeof left, form, ours);
    snprintf(right, sizeof right, form, yardstick);
    double ratio = ours / yardstick;
    printf("%s | %s | %s %s | %.3f | %s\n", budget, left, right, what, ratio, (less ? ratio <= most : ratio >= most) ? "ok" : "MISSED");
}

static double bytes_of(const char *database, const char *schema)
{
    char sql[240];
    snprintf(sql, sizeof sql, "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relkind='r' AND "
             "relnamespace='%s'::regnamespace", schema);
    PQclear(postgres_test_ask(&server, database, "VACUUM FULL"));
    return (double)postgres_test_number(&server, database, sql) / (double)rows;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status, (void)flag, (void)walk;
    return remove(path);
}

int main(int count, char **arguments)
{
    if (count < 2)
        return fprintf(stderr, "usage: store_postgres DIRECTORY [ASSETS [ROWS]]\n"), 2;
    assets = count > 2 ? atol(arguments[2]) : assets;
    rows = count > 3 ? atol(arguments[3]) : rows;
    first_time = clock_wall() / SPAN_DAY * SPAN_DAY + SPAN_HOUR;
    if (!postgres_test_there(&server) || !postgres_test_open(&server))
        return fprintf(stderr, "PostgreSQL is not installed: scripts/deps --test\n"), 77;
    char ours[24], plain[24];
    snprintf(ours, sizeof ours, "%s", postgres_test_database(&server));
    snprintf(plain, sizeof plain, "%s", postgres_test_database(&server));
    double safe, packed, safe_here, packed_here, copied = copy_rows(plain);
    store_rows(ours, NULL, &safe, &packed);
    store_rows(NULL, arguments[1], &safe_here, &packed_here);
    row("readings committed in PostgreSQL /s", safe, copied, "COPY", "%.0f", false, 1);
    row("readings committed and packed in PostgreSQL /s", packed, copied, "COPY", "%.0f", false, 0.2);
    row("the same, beside our SQLite", packed, packed_here, "SQLite", "%.0f", false, 0.1);
    row("bytes a reading in PostgreSQL, packed", bytes_of(ours, "nocturne_telemetry"), bytes_of(plain, "public"), "COPY", "%.1f", true, 0.5);
    postgres_test_stop(&server, SIGINT);
    nftw(server.directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

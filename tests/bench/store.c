/* The store beside its yardsticks, on one machine in one run: SQLite itself fed the same rows in batches of 10,000, and
 * the disk's own sync. Prints `budget | ours | yardstick | ratio | verdict`. Usage: store DIRECTORY [ASSETS [ROWS [SUFFIX]]] */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/store.h"

#define YARDSTICK_ROWS 500000

static long assets = 48000, rows = 500000;
static msec first_time;
static const char *suffix = ""; /* of each budget's name */

static double now(void)
{
    return (double)uv_hrtime() / 1e9;
}

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (double)status.st_size : 0;
}

static void row(const char *budget, const char *ours, const char *yardstick, double ratio, bool kept)
{
    printf("%s%s | %s | %s | %.3f | %s\n", budget, suffix, ours, yardstick, ratio, kept ? "ok" : "MISSED");
}

/* ---- readings ---- */

/* The rows of both sides: an asset's turn comes once a round, a second per round. */
static uint32_t asset_of(long i)
{
    return (uint32_t)((unsigned long)i * 7919 % (unsigned long)assets);
}

static double sqlite_rows(const char *directory, double *bytes)
{
    char path[512];
    long count = rows < YARDSTICK_ROWS ? rows : YARDSTICK_ROWS; /* more would only slow it, as its tree grows */
    snprintf(path, sizeof path, "%s/yardstick.db", directory);
    sqlite3 *db;
    sqlite3_stmt *insert;
    sqlite3_open(path, &db);
    sqlite3_exec(db, "pragma journal_mode=wal; pragma synchronous=normal;"
                 "create table s(ts integer, gw integer, dev integer, metric integer, v real, msg text);"
                 "create index i on s(dev, ts)", NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "insert into s values(?,?,?,?,?,?)", -1, &insert, NULL);
    double started = now();
    for (long i = 0; i < count; i++) {
        if (i % 10000 == 0)
            sqlite3_exec(db, "begin", NULL, NULL, NULL);
        sqlite3_bind_int64(insert, 1, first_time / 1000 + i / assets);
        sqlite3_bind_int64(insert, 2, i % assets / 44);
        sqlite3_bind_int64(insert, 3, asset_of(i));
        sqlite3_bind_int64(insert, 4, i % 6);
        sqlite3_bind_double(insert, 5, (double)i * 0.01);
        sqlite3_bind_text(insert, 6, "{\"rssi\":-71,\"batt\":88}", -1, SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
        if (i % 10000 == 9999 || i == count - 1)
            sqlite3_exec(db, "commit", NULL, NULL, NULL);
    }
    double took = now() - started;
    sqlite3_finalize(insert);
    sqlite3_close(db);
    *bytes = file_bytes(path) / (double)count;
    return (double)count / took;
}

static void wait_written(uv_loop_t *loop, struct store *store, uint64_t written)
{
    struct store_status status;
    do {
        uv_run(loop, UV_RUN_NOWAIT);
        usleep(500);
        store_status(store, &status);
    } while (status.readings_written < written);
}

/* A real source is slower than this loop, and the queue drops what exceeds its limit. */
static void keep_pace(uv_loop_t *loop, struct store *store)
{
    struct store_status status;
    do {
        uv_run(loop, UV_RUN_NOWAIT);
        store_status(store, &status);
    } while (status.queued > 500000 && usleep(1000) == 0);
}

/* Until everything is packed; the very last reading may have come too late for it. */
static void wait_packed(uv_loop_t *loop, const char *directory)
{
    char path[512];
    snprintf(path, sizeof path, "%s/nocturne-telemetry.db", directory);
    sqlite3 *db;
    sqlite3_stmt *count;
    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    sqlite3_prepare_v2(db, "select count(*) from journal", -1, &count, NULL);
    for (bool empty = false; !empty;) {
        uv_run(loop, UV_RUN_NOWAIT);
        usleep(2000);
        empty = sqlite3_step(count) == SQLITE_ROW && sqlite3_column_int(count, 0) <= 1;
        sqlite3_reset(count);
    }
    sqlite3_finalize(count);
    sqlite3_close(db);
}

static void bench_readings(uv_loop_t *loop, struct store *store, const char *directory)
{
    char ours[160], yardstick[160], path[512];
    double yard_bytes, yard_rate = sqlite_rows(directory, &yard_bytes);
    double started = now(), burned = cpu();
    for (long i = 0; i < rows; i++) {
        store_reading(store, asset_of(i), (uint32_t)(i % 6), first_time + i / assets * 1000, (double)i * 0.01);
        if (i % 4096 == 0)
            keep_pace(loop, store);
    }
    wait_written(loop, store, (uint64_t)rows);
    double stored = now() - started;
    clock_fake(clock_wall(), clock_steady() + 2 * SPAN_HOUR); /* old enough to be packed */
    store_reading(store, 0, 0, first_time, 0);
    wait_packed(loop, directory);
    double packed = now() - started;
    burned = cpu() - burned;
    clock_real();
    snprintf(path, sizeof path, "%s/nocturne-telemetry.db", directory);
    double rate = (double)rows / packed;
    snprintf(ours, sizeof ours, "%.0f/s packed (%.0f/s safe), %.2f us CPU", rate, (double)rows / stored,
             burned * 1e6 / (double)rows);
    snprintf(yardstick, sizeof yardstick, "%.0f/s SQLite batch 10,000", yard_rate);
    row("readings stored", ours, yardstick, rate / yard_rate, rate >= yard_rate);
    struct store_status status;
    store_status(store, &status);
    sqlite3 *db; /* the log folded in, as it will be */
    sqlite3_open(path, &db);
    sqlite3_exec(db, "pragma wal_checkpoint(truncate)", NULL, NULL, NULL);
    sqlite3_stmt *pages;
    sqlite3_prepare_v2(db, "select (page_count - freelist_count) * page_size from pragma_page_count, "
                       "pragma_freelist_count, pragma_page_size", -1, &pages, NULL);
    double bytes = sqlite3_step(pages) == SQLITE_ROW ? sqlite3_column_double(pages, 0) / (double)rows : 0;
    sqlite3_finalize(pages);
    sqlite3_close(db);
    snprintf(ours, sizeof ours, "%.1f B/row (%.1f with free pages)", bytes, file_bytes(path) / (double)rows);
    snprintf(yardstick, sizeof yardstick, "%.1f B/row SQLite", yard_bytes);
    row("bytes per stored reading", ours, yardstick, bytes / yard_bytes, bytes <= yard_bytes / 2);
}

/* ---- reads ---- */

struct waiting {
    bool given;
    size_t count;
};

static void got_readings(void *owner, const struct reading *readings, size_t count, const struct error *error)
{
    (void)readings;
    *(struct waiting *)owner = (struct waiting){true, error ? 0 : count};
}

static void got_states(void *owner, const struct store_interval *intervals, size_t count, const struct error *error)
{
    (void)intervals;
    *(struct waiting *)owner = (struct waiting){true, error ? 0 : count};
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void bench_day(uv_loop_t *loop, struct store *store)
{
    enum { TIMES = 400 };
    static double took[TIMES];
    size_t count = 0;
    char ours[120];
    for (long i = 0; i < TIMES; i++) {
        struct waiting waiting = {0};
        long which = i * 997 % assets;
        double started = now();
        store_readings(store, asset_of(which), (uint32_t)(which % 6), first_time - SPAN_DAY, first_time + SPAN_DAY, 0,
                       got_readings, &waiting);
        while (!waiting.given)
            uv_run(loop, UV_RUN_ONCE);
        took[i] = (now() - started) * 1e3;
        count += waiting.count;
    }
    qsort(took, TIMES, sizeof *took, compare);
    double p95 = took[TIMES * 95 / 100];
    snprintf(ours, sizeof ours, "p50 %.3f, p95 %.3f, p99 %.3f ms (%.1f rows)", took[TIMES / 2], p95,
             took[TIMES * 99 / 100], (double)count / TIMES);
    row("one asset's day", ours, "1 ms (p50 judged)", took[TIMES / 2], took[TIMES / 2] <= 1);
}

static void bench_states(uv_loop_t *loop, struct store *store)
{
    char ours[120];
    struct store_status status;
    double started = now();
    for (int round = 0; round < 3; round++) {
        for (long i = 0; i < assets; i++) {
            struct store_state state = {(uint32_t)i, first_time + round * 1000 + i % 900,
                                        round % 2 ? HEALTH_OFFLINE : HEALTH_OK, REASON_FRESH, LINK_UP, COMM_SPEAKING};
            store_state(store, &state);
            if (i % 4096 == 0)
                uv_run(loop, UV_RUN_NOWAIT);
        }
        do { /* a round fits into the queue, three may not */
            uv_run(loop, UV_RUN_NOWAIT);
            usleep(1000);
            store_status(store, &status);
        } while (status.states_written < (uint64_t)assets * (uint64_t)(round + 1));
    }
    double wrote = now() - started;
    struct waiting waiting = {0};
    started = now();
    store_states_at(store, first_time + 1500, got_states, &waiting);
    while (!waiting.given)
        uv_run(loop, UV_RUN_ONCE);
    double at = (now() - started) * 1e3;
    size_t snapshot = waiting.count;
    waiting.given = false;
    started = now();
    store_states_between(store, first_time, first_time + 10000, 1000, got_states, &waiting);
    while (!waiting.given)
        uv_run(loop, UV_RUN_ONCE);
    double between = (now() - started) * 1e3;
    double share = at * 1e3 / (double)assets;
    snprintf(ours, sizeof ours, "%.0f ms for %zu; 1,000 changes %.1f ms; %.0f changes/s stored", at, snapshot, between,
             (double)assets * 3 / wrote);
    row("every asset's state at an instant", ours, "5 us an asset", share / 5, share <= 5);
}

/* ---- actions ---- */

static double sync_p99(const char *directory, double *p50)
{
    enum { TIMES = 200 };
    static double took[TIMES];
    char path[512], block[4096] = "x";
    snprintf(path, sizeof path, "%s/sync", directory);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < TIMES; i++) {
        double started = now();
        if (pwrite(file, block, sizeof block, (off_t)i * (off_t)sizeof block) < 0 || fsync(file) != 0)
            abort();
        took[i] = (now() - started) * 1e3;
    }
    close(file);
    qsort(took, TIMES, sizeof *took, compare);
    *p50 = took[TIMES / 2];
    return took[TIMES * 99 / 100];
}

static void got_done(void *owner, const struct error *error)
{
    *(struct waiting *)owner = (struct waiting){true, error ? 0 : 1};
}

/* While readings come in, as they will. */
static void bench_actions(uv_loop_t *loop, struct store *store, const char *directory)
{
    enum { TIMES = 300 };
    static double took[TIMES];
    char ours[80], yardstick[80], id[24];
    double sync50, sync99 = sync_p99(directory, &sync50);
    for (int i = 0; i < TIMES; i++) {
        for (long k = 0; k < 50; k++)
            store_reading(store, asset_of(k), 7, first_time + i * 1000, (double)k);
        struct waiting waiting = {0};
        snprintf(id, sizeof id, "T-%d", i);
        struct store_action *action = store_action_new(store, "user:wang", "ticket open", id, "{\"title\":\"泵房\"}");
        store_action_record(action, "ticket", id, 0, "{\"title\":\"泵房\",\"class\":\"fault\"}");
        double started = now();
        store_action_commit(action, got_done, &waiting);
        while (!waiting.given)
            uv_run(loop, UV_RUN_ONCE);
        took[i] = (now() - started) * 1e3;
    }
    qsort(took, TIMES, sizeof *took, compare);
    double p99 = took[TIMES * 99 / 100];
    snprintf(ours, sizeof ours, "p50 %.2f, p99 %.2f ms", took[TIMES / 2], p99);
    snprintf(yardstick, sizeof yardstick, "fsync p50 %.2f, p99 %.2f ms, + 5", sync50, sync99);
    row("an action to its committed answer", ours, yardstick, p99 / (sync99 + 5), p99 <= sync99 + 5);
}

/* ---- the ledger ---- */

static void bench_import(uv_loop_t *loop, struct store *store)
{
    char id[24], name[48], ours[80];
    struct asset asset = {.attributes = ""};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        asset.field[i] = "";
    asset.field[ASSET_id] = id;
    asset.field[ASSET_name] = name;
    asset.field[ASSET_kind] = "terminal";
    asset.field[ASSET_building] = "涵英楼";
    asset.field[ASSET_subsystem] = "供水管理";
    asset.field[ASSET_period] = "36m";
    double started = now();
    struct waiting waiting = {0};
    struct store_action *action = store_action_new(store, "user:wang", "ledger import", "", "");
    for (long i = 0; i < assets; i++) {
        snprintf(id, sizeof id, "T-%ld", i);
        snprintf(name, sizeof name, "三层泵房水表 %ld", i);
        store_action_asset(action, (uint32_t)i, &asset);
    }
    store_action_commit(action, got_done, &waiting);
    while (!waiting.given)
        uv_run(loop, UV_RUN_ONCE);
    double took = (now() - started) * 1e6 / (double)assets;
    snprintf(ours, sizeof ours, "%.1f us an asset, one transaction", took);
    row("a ledger imported", ours, "20 us an asset", took / 20, took <= 20);
}

static void count_asset(void *owner, uint32_t key, const struct asset *asset)
{
    (void)key;
    (void)asset;
    ++*(long *)owner;
}

static void count_state(void *owner, uint32_t asset, msec from, enum health health, enum health_reason reason,
                        enum link_state link, enum comm_state comm)
{
    (void)asset;
    (void)from;
    (void)health;
    (void)reason;
    (void)link;
    (void)comm;
    ++*(long *)owner;
}

static void count_last(void *owner, uint32_t asset, uint32_t metric, msec time, double value)
{
    (void)asset;
    (void)metric;
    (void)time;
    (void)value;
    ++*(long *)owner;
}

static void bench_start(uv_loop_t *loop, const struct store_options *options)
{
    char ours[120];
    struct error error = {0};
    long count = 0;
    double started = now();
    struct store *store = store_open(loop, options, &error);
    double opened = (now() - started) * 1e3;
    struct store_load_ops ops = {.asset = count_asset, .state = count_state, .last = count_last};
    if (!store || !store_load(store, &ops, &count, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    double loaded = (now() - started) * 1e3, share = loaded * 1e3 / (double)assets;
    snprintf(ours, sizeof ours, "%.0f ms, opened in %.0f (%ld assets, states, last values)", loaded, opened, count);
    row("opened and loaded", ours, "10 us an asset", share / 10, share <= 10);
    store_close(&store);
}

static void closed(uv_loop_t *loop)
{
    while (uv_run(loop, UV_RUN_DEFAULT) != 0)
        ;
}

int main(int count, char **arguments)
{
    struct error error = {0};
    uv_loop_t loop;
    if (count < 2)
        return fprintf(stderr, "usage: store DIRECTORY [ASSETS [ROWS [SUFFIX]]]\n"), 2;
    assets = count > 2 ? atol(arguments[2]) : assets;
    rows = count > 3 ? atol(arguments[3]) : rows;
    suffix = count > 4 ? arguments[4] : suffix;
    first_time = clock_wall() / SPAN_DAY * SPAN_DAY + SPAN_HOUR;
    uv_loop_init(&loop);
    struct store_options options = {.url = "sqlite", .state_dir = arguments[1]};
    struct store *store = store_open(&loop, &options, &error);
    if (!store)
        return fprintf(stderr, "%s\n", error.text), 1;
    bench_readings(&loop, store, arguments[1]);
    bench_day(&loop, store);
    bench_actions(&loop, store, arguments[1]);
    bench_states(&loop, store);
    bench_import(&loop, store);
    store_close(&store);
    closed(&loop);
    bench_start(&loop, &options);
    closed(&loop);
    uv_loop_close(&loop);
    return 0;
}

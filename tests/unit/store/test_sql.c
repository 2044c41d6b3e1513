/* What the engines on SQL do over hours and days: packing, closing, dropping, frames of states. The clock is moved by
 * hand; what is in the database is looked at through a connection of our own. */
#include "each_engine.h"

#include <sqlite3.h>

static struct answer answer;
static msec steady;

static int64_t ask_file(struct fixture *fixture, const char *sql)
{
    char path[128];
    sqlite3 *db;
    sqlite3_stmt *statement;
    snprintf(path, sizeof path, "%s/nocturne-telemetry.db", fixture->directory);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static int64_t ask(struct fixture *fixture, const char *sql)
{
    if (strcmp(fixture->engine, "sqlite") == 0)
        return ask_file(fixture, sql);
    PGconn *link = PQconnectdb(fixture->engine);
    char whole[400] = "SET search_path=nocturne_telemetry; ", *end = whole + strlen(whole);
    for (; *sql; sql++) { /* bytes, as SQLite writes them: x'ff' */
        bool bytes = strncmp(sql, "x'", 2) == 0;
        end = stpcpy(end, bytes ? "'\\x" : (char[]){*sql, '\0'});
        sql += bytes;
    }
    PGresult *result = PQexec(link, whole);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    int64_t value = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0 ? atoll(PQgetvalue(result, 0, 0)) : -1;
    PQclear(result);
    PQfinish(link);
    return value;
}

static void wait_until(struct fixture *fixture, const char *sql, int64_t expected)
{
    for (int i = 0; i < 6000; i++) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        if (ask(fixture, sql) == expected)
            return;
        usleep(10000);
    }
    fail_msg("%s stays %lld", sql, (long long)ask(fixture, sql));
}

/* A commit is what wakes maintenance. */
static void nudge(struct fixture *fixture)
{
    store_reading(fixture->store, 4000000, 9, clock_wall(), 0);
    fixture_settle(fixture);
}

static void set_clock(msec wall)
{
    steady += 2 * SPAN_HOUR;
    clock_fake(wall, steady);
}

/* The head is made older than it may grow, as often as it takes: a nudge may begin a new one. */
static void pack(struct fixture *fixture)
{
    for (int tries = 0; tries < 50; tries++) {
        nudge(fixture);
        set_clock(clock_wall());
        nudge(fixture);
        for (int i = 0; i < 200; i++) {
            if (ask(fixture, "SELECT count(*) FROM journal") == 0)
                return;
            usleep(5000);
        }
    }
    fail_msg("the head is not packed");
}

/* Pack, and let the days before `wall`'s be closed. */
static void close_days(struct fixture *fixture, msec wall)
{
    set_clock(wall);
    pack(fixture);
    nudge(fixture);
    char sql[160];
    time_t today = (time_t)(wall / 1000);
    struct tm date;
    gmtime_r(&today, &date);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM part WHERE kind='readings' AND closed=0 AND number<%d",
             (date.tm_year + 1900) * 10000 + (date.tm_mon + 1) * 100 + date.tm_mday);
    wait_until(fixture, sql, 0);
}

static void read_series(struct fixture *fixture, uint32_t asset, msec from, msec to, unsigned count)
{
    memset(&answer, 0, sizeof answer);
    store_series(fixture->store, asset, 1, from, to, count, answer_series, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void read_readings(struct fixture *fixture, uint32_t asset, msec from, msec to)
{
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, asset, 1, from, to, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

/* ---- packing ---- */

#define SERIES 12
#define SLOTS 2000 /* one a minute: a day and a third */

static double expected[SERIES][SLOTS]; /* NaN: none */

static void check_model(struct fixture *fixture)
{
    for (uint32_t asset = 0; asset < SERIES; asset++) {
        size_t at = 0;
        read_readings(fixture, asset, NOON - SLOTS * SPAN_MINUTE, NOON);
        for (int slot = SLOTS - 1; slot >= 0; slot--) {
            if (expected[asset][slot] != expected[asset][slot])
                continue;
            assert_true(at < answer.count);
            assert_int_equal(answer.readings[at].time, NOON - (SLOTS - slot) * SPAN_MINUTE);
            assert_true(answer.readings[at].value == expected[asset][slot]);
            at++;
        }
        assert_int_equal(answer.count, at);
    }
}

static void put_slot(struct fixture *fixture, uint32_t asset, int slot, double value)
{
    store_reading(fixture->store, asset, 1, NOON - (SLOTS - slot) * SPAN_MINUTE, value);
    expected[asset][slot] = value;
}

/* In order, late, twice, across midnight, into packed and unpacked days, and looked at in every stage. */
static void test_packing(void **state)
{
    struct fixture *fixture = *state;
    unsigned seed = 7;
    for (int i = 0; i < SERIES * SLOTS; i++)
        expected[i / SLOTS][i % SLOTS] = 0.0 / 0.0;
    fixture_open(fixture);
    for (int slot = 0; slot < SLOTS; slot += 2) {
        for (uint32_t asset = 0; asset < SERIES; asset++)
            put_slot(fixture, asset, slot, asset == 3 ? 1.0 / (slot + 1) : (slot % 97) / 10.0);
        if (slot % 500 == 0)
            fixture_settle(fixture);
        if (slot == 800)
            pack(fixture);
    }
    check_model(fixture);
    pack(fixture);
    check_model(fixture);
    for (int i = 0; i < 3000; i++) /* late ones and repetitions */
        put_slot(fixture, (uint32_t)rand_r(&seed) % SERIES, rand_r(&seed) % SLOTS, rand_r(&seed) % 100000 / 100.0);
    check_model(fixture);
    fixture_reopen(fixture); /* the journal brings the head back */
    check_model(fixture);
    pack(fixture);
    check_model(fixture);
    fixture_reopen(fixture);
    check_model(fixture);
    assert_int_equal(ask(fixture, "SELECT count(*) FROM part WHERE kind='readings'"), 2);
}

static void test_small_on_disk(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    for (int i = 0; i < 300; i++) {
        for (uint32_t asset = 0; asset < 200; asset++)
            store_reading(fixture->store, asset, 1, NOON - i * 60000, 20 + (i + (int)asset) % 30 / 10.0);
        if (i % 50 == 0)
            fixture_settle(fixture);
    }
    pack(fixture);
    int64_t bytes = ask(fixture, "SELECT sum(length(data)+20) FROM readings_20261121");
    assert_true(bytes > 0 && bytes < 60000 * 6); /* plain rows take 25 bytes each */
}

/* Bytes changed inside a day's table that the file's own check cannot see: packing and closing go on without it. */
static void test_damaged_chunk(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fixture_open(fixture);
    for (int day = 0; day < 2; day++) { /* found by packing, then by closing */
        set_clock(NOON + day * SPAN_DAY);
        for (int i = 0; i < 100; i++)
            store_reading(fixture->store, 5, 1, NOON + day * SPAN_DAY + i, i);
        pack(fixture);
        ask(fixture, day == 0 ? "UPDATE readings_20261121 SET data=x'ffff'" : "UPDATE readings_20261122 SET data=x'ffff'");
        if (day == 0)
            store_reading(fixture->store, 5, 1, NOON + 1000, 7);
        else
            set_clock(NOON + 2 * SPAN_DAY);
        nudge(fixture);
        pack(fixture);
        bool sqlite = strcmp(fixture->engine, "sqlite") == 0;
        char sql[160];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s LIKE 'damaged_readings_2026112%d_%%'%s",
                 sqlite ? "sqlite_schema" : "pg_class", sqlite ? "name" : "relname", 1 + day, sqlite ? "" : " AND relkind='r'");
        wait_until(fixture, sql, 1);
        store_status(fixture->store, &status);
        assert_non_null(strstr(status.problem, "damaged"));
        assert_true(status.writable);
    }
    read_readings(fixture, 5, 0, 2 * NOON);
    assert_int_equal(answer.count, 1); /* what came after the damage */
}

/* ---- roll-ups and retention ---- */

#define DAY_START (NOON - 12 * SPAN_HOUR)

/* A reading a minute for three days before today; value: minutes since the first. */
static void three_days(struct fixture *fixture)
{
    for (int i = 0; i < 3 * 24 * 60; i++) {
        store_reading(fixture->store, 5, 1, DAY_START - 3 * SPAN_DAY + i * SPAN_MINUTE, i);
        if (i % 2000 == 0)
            fixture_settle(fixture);
    }
    close_days(fixture, NOON);
}

static void check_hours(struct fixture *fixture, double extra)
{
    read_series(fixture, 5, DAY_START - 3 * SPAN_DAY, DAY_START, 72);
    for (int i = 0; i < 72; i++) {
        double more = i == 30 ? extra : 0;
        assert_int_equal(answer.buckets[i].count, 60 + (more != 0));
        assert_true(answer.buckets[i].minimum == i * 60);
        assert_true(answer.buckets[i].maximum == (more != 0 ? more : i * 60 + 59));
        assert_true(answer.buckets[i].sum == 60.0 * i * 60 + 1770 + more);
    }
}

static void check_days(struct fixture *fixture, double extra)
{
    read_series(fixture, 5, DAY_START - 3 * SPAN_DAY, DAY_START, 3);
    for (int i = 0; i < 3; i++) {
        double more = i == 1 ? extra : 0;
        assert_int_equal(answer.buckets[i].count, 1440 + (more != 0));
        assert_true(answer.buckets[i].sum == 1440.0 * i * 1440 + 1439 * 720 + more);
        assert_true(answer.buckets[i].last == i * 1440 + 1439);
    }
}

static void test_rollups(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    three_days(fixture);
    assert_int_equal(ask(fixture, "SELECT count(*) FROM hours_202611"), 3);
    assert_int_equal(ask(fixture, "SELECT count(*) FROM days_2026"), 3);
    check_hours(fixture, 0);
    check_days(fixture, 0);
    /* One comes late, into a day that is closed. */
    store_reading(fixture->store, 5, 1, DAY_START - 2 * SPAN_DAY + 6 * SPAN_HOUR + 30500, 99999);
    pack(fixture);
    check_hours(fixture, 99999);
    check_days(fixture, 99999);
    /* Proof that roll-ups answer: without the raw rows they still do. */
    ask(fixture, "DELETE FROM readings_20261118");
    check_hours(fixture, 99999);
    check_days(fixture, 99999);
    read_series(fixture, 5, DAY_START - 3 * SPAN_DAY, DAY_START - 3 * SPAN_DAY + SPAN_HOUR, 60);
    assert_int_equal(answer.buckets[0].count, 0);
    fixture_reopen(fixture);
    check_days(fixture, 99999);
}

static void test_retention(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.keep_readings = SPAN_DAY;
    fixture_open(fixture);
    three_days(fixture);
    set_clock(NOON + 2 * SPAN_HOUR);
    nudge(fixture);
    wait_until(fixture, "SELECT min(number) FROM part WHERE kind='readings'", 20261120);
    check_hours(fixture, 0); /* the roll-ups stay */
    check_days(fixture, 0);
    read_series(fixture, 5, DAY_START - 3 * SPAN_DAY, DAY_START - 3 * SPAN_DAY + SPAN_HOUR, 4);
    assert_int_equal(answer.buckets[0].count, 60); /* nothing finer is left: the hour stands where it begins */
    /* Late, into a day whose readings are gone: it still counts. */
    store_reading(fixture->store, 5, 1, DAY_START - 2 * SPAN_DAY + 6 * SPAN_HOUR + 30500, 99999);
    pack(fixture);
    check_hours(fixture, 99999);
    assert_int_equal(ask(fixture, "SELECT min(number) FROM part WHERE kind='readings'"), 20261120);
}

/* A clock a year ahead must not empty the store. */
/* A backup holds the tables for hours: the oldest day stays as long, and nothing else stops for it. */
static void test_retention_waits(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    if (strcmp(fixture->engine, "sqlite") == 0)
        skip();
    fixture_open(fixture);
    three_days(fixture);
    fixture_close(fixture);
    PGconn *backup = PQconnectdb(fixture->engine);
    PQclear(PQexec(backup, "BEGIN; LOCK TABLE nocturne_telemetry.readings_20261118 IN ACCESS SHARE MODE"));
    fixture->options.keep_readings = SPAN_DAY;
    fixture_open(fixture);
    for (int i = 0; i < 5; i++) {
        nudge(fixture);
        usleep(400000);
        store_status(fixture->store, &status);
        assert_string_equal(status.problem, "");
    }
    assert_int_equal(ask(fixture, "SELECT min(number) FROM part WHERE kind='readings'"), 20261118);
    PQfinish(backup);
    set_clock(NOON + 2 * SPAN_HOUR);
    nudge(fixture);
    wait_until(fixture, "SELECT min(number) FROM part WHERE kind='readings'", 20261120);
}

static void test_jump_ahead(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    three_days(fixture);
    set_clock(NOON + 365 * SPAN_DAY);
    nudge(fixture);
    pack(fixture);
    nudge(fixture);
    usleep(100000);
    set_clock(NOON);
    nudge(fixture);
    assert_int_equal(ask(fixture, "SELECT min(number) FROM part WHERE kind='readings'"), 20261118);
    check_hours(fixture, 0);
    check_days(fixture, 0);
}

/* A thousand different days from a broken clock: none gets a table. */
static void test_no_table_for_nonsense(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    for (int i = 0; i < 1000; i++) {
        store_reading(fixture->store, 1, 1, i * SPAN_DAY, 1);
        store_reading(fixture->store, 1, 1, NOON + 3 * SPAN_DAY + i * SPAN_DAY, 1);
    }
    pack(fixture);
    assert_int_equal(ask(fixture, "SELECT count(*) FROM part WHERE kind='readings'"), 1);
}

static void test_last_in_the_past(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    three_days(fixture);
    for (int i = 0; i < 3; i++) {
        msec at = DAY_START - i * SPAN_DAY - 1;
        memset(&answer, 0, sizeof answer);
        store_last_at(fixture->store, 5, at, answer_last, &answer);
        answer_wait(fixture, &answer);
        assert_int_equal(answer.count, 1);
        assert_int_equal(answer.lasts[0].reading.time, DAY_START - i * SPAN_DAY - SPAN_MINUTE);
        assert_true(answer.lasts[0].reading.value == (3 - i) * 1440 - 1);
    }
}

/* ---- states over days ---- */

#define ASSETS 300
#define CHANGES 6000

static struct store_state changes[CHANGES];
static size_t change_count;

static void put_change(struct fixture *fixture, uint32_t asset, msec from, enum health health)
{
    struct store_state change = {asset, from, health, REASON_NO_DATA, LINK_DOWN, COMM_SILENT};
    size_t kept = 0;
    store_state(fixture->store, &change);
    for (size_t i = 0; i < change_count; i++) { /* as the contract says: it replaces what began at or after it */
        if (changes[i].asset != asset || changes[i].from < from)
            changes[kept++] = changes[i];
    }
    changes[kept++] = change;
    change_count = kept;
}

static void check_at(struct fixture *fixture, msec at)
{
    size_t count = 0;
    memset(&answer, 0, sizeof answer);
    store_states_at(fixture->store, at, answer_states, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    for (uint32_t asset = 0; asset < ASSETS; asset++) {
        const struct store_state *last = NULL;
        for (size_t i = 0; i < change_count; i++) {
            if (changes[i].asset == asset && changes[i].from <= at && (!last || changes[i].from > last->from))
                last = &changes[i];
        }
        if (!last)
            continue;
        assert_true(count < answer.count);
        assert_int_equal(answer.intervals[count].state.asset, asset);
        assert_int_equal(answer.intervals[count].state.from, last->from);
        assert_int_equal(answer.intervals[count].state.health, last->health);
        assert_int_equal(answer.intervals[count].state.reason, last->reason);
        count++;
    }
    assert_int_equal(answer.count, count);
}

static void check_history(struct fixture *fixture, uint32_t asset)
{
    size_t count = 0;
    memset(&answer, 0, sizeof answer);
    store_states(fixture->store, asset, 0, NOON + 10 * SPAN_DAY, answer_states, &answer);
    answer_wait(fixture, &answer);
    for (size_t i = 0; i < change_count; i++)
        count += changes[i].asset == asset;
    assert_int_equal(answer.count, count);
    for (size_t i = 0; i + 1 < answer.count; i++)
        assert_int_equal(answer.intervals[i].to, answer.intervals[i + 1].state.from);
    assert_true(count == 0 || answer.intervals[count - 1].to == CLOCK_NEVER);
}

static void check_between(struct fixture *fixture, msec from, msec to)
{
    size_t count = 0;
    memset(&answer, 0, sizeof answer);
    store_states_between(fixture->store, from, to, 0, answer_states, &answer);
    answer_wait(fixture, &answer);
    for (size_t i = 0; i < change_count; i++)
        count += changes[i].from >= from && changes[i].from <= to;
    assert_int_equal(answer.count, count);
    for (size_t i = 0; i < answer.count && i < 4096; i++) {
        const struct store_interval *row = &answer.intervals[i];
        msec end = CLOCK_NEVER;
        for (size_t k = 0; k < change_count; k++) {
            if (changes[k].asset == row->state.asset && changes[k].from > row->state.from &&
                (end == CLOCK_NEVER || changes[k].from < end))
                end = changes[k].from;
        }
        assert_int_equal(row->to, end);
        assert_true(i == 0 || answer.intervals[i - 1].state.from <= row->state.from);
    }
}

static void check_states(struct fixture *fixture)
{
    unsigned seed = 99;
    for (int i = 0; i < 40; i++)
        check_at(fixture, NOON - 40 * SPAN_DAY + (msec)rand_r(&seed) * 1000 % (42 * SPAN_DAY));
    for (uint32_t asset = 0; asset < 20; asset++)
        check_history(fixture, asset);
    check_between(fixture, NOON - 2 * SPAN_DAY, NOON);
    check_between(fixture, NOON - 25 * SPAN_DAY, NOON - 20 * SPAN_DAY); /* across a month's end */
}

static void test_frames(void **state)
{
    struct fixture *fixture = *state;
    unsigned seed = 5;
    change_count = 0;
    fixture_open(fixture);
    for (int day = 40; day >= 0; day--) {
        msec now = NOON - day * SPAN_DAY;
        set_clock(now);
        for (int i = 0; i < 60; i++)
            put_change(fixture, (uint32_t)rand_r(&seed) % ASSETS, now - SPAN_HOUR + i * SPAN_MINUTE,
                       (enum health)(rand_r(&seed) % HEALTH_COUNT));
        fixture_settle(fixture);
        if (day < 40) /* midnight's frame, of what the days before left */
            wait_until(fixture, "SELECT max(at) FROM state_frame", now / SPAN_DAY * SPAN_DAY);
    }
    check_states(fixture);
    fixture_reopen(fixture);
    check_states(fixture);
    ask(fixture, "UPDATE state_frame SET data=x'ff' WHERE at=(SELECT max(at) FROM state_frame)");
    set_clock(NOON + SPAN_DAY); /* the next frame is built on it: it is found, and removed */
    put_change(fixture, 1, NOON + SPAN_DAY - 1000, HEALTH_OK);
    fixture_settle(fixture);
    wait_until(fixture, "SELECT count(*) FROM state_frame WHERE data=x'ff'", 0);
    set_clock(NOON);
    check_states(fixture);
    /* A change from long ago rewrites what came after it, the frames too. */
    int64_t frames = ask(fixture, "SELECT count(*) FROM state_frame");
    for (uint32_t asset = 0; asset < 10; asset++)
        put_change(fixture, asset, NOON - 20 * SPAN_DAY - 1, HEALTH_CRITICAL);
    check_states(fixture);
    fixture_settle(fixture);
    check_states(fixture);
    assert_true(ask(fixture, "SELECT count(*) FROM state_frame") < frames);
}

static int setup(void **state)
{
    steady = SPAN_DAY;
    clock_fake(NOON, steady);
    *state = engine_fixture();
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    clock_real();
    return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_packing),   EACH(test_small_on_disk), EACH(test_rollups),
        EACH(test_damaged_chunk), EACH(test_retention), EACH(test_retention_waits), EACH(test_jump_ahead),    EACH(test_no_table_for_nonsense),
        EACH(test_last_in_the_past), EACH(test_frames),
    };
    return ENGINES_RUN(tests, "sqlite", "postgresql");
}

/* What is kept of hosts beside their figures, in all engines (R022, R040). */
#include "fixture.h"
#include "postgres_server.h"

static struct postgres_test server;
static const char *engine_url;

struct told { bool given; size_t count; char rows[32][64]; };

static void kept_told(void *owner, const struct store_kept *rows, size_t count, const struct error *error)
{
    struct told *told = owner;
    assert_null(error);
    told->given = true;
    told->count = count;
    for (size_t i = 0; i < count && i < 32; i++)
        snprintf(told->rows[i], sizeof told->rows[i], "%u %u %+lld %s%.*s", rows[i].asset, rows[i].list, (long long)(rows[i].time - NOON),
                 rows[i].whole ? "*" : "", (int)rows[i].length, (const char *)rows[i].bytes);
}

static struct told between(struct fixture *fixture, msec when, msec to)
{
    struct told told = {0};
    store_kept(fixture->store, (const uint32_t[]){2, 1}, 2, when, to, kept_told, &told);
    while (!told.given)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    return told;
}

static struct told at(struct fixture *fixture, msec when)
{
    return between(fixture, when, when);
}

static void keep(struct fixture *fixture, uint32_t asset, unsigned list, msec time, bool whole, const char *bytes)
{
    store_keep(fixture->store, &(struct store_kept){asset, list, time, whole, bytes, strlen(bytes)});
}

static void from_the_last_whole_one(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    keep(fixture, 1, 5, NOON - 3000, true, "a");
    keep(fixture, 1, 5, NOON - 2000, false, "b");
    keep(fixture, 1, 6, NOON - 2000, true, "units");
    keep(fixture, 1, 5, NOON - 1000, true, "c");
    keep(fixture, 1, 5, NOON, false, "d");
    keep(fixture, 2, 5, NOON, true, "");
    keep(fixture, 1, 5, NOON + 1000, false, "e");
    fixture_settle(fixture);
    struct told told = at(fixture, NOON - 1500);
    assert_int_equal(told.count, 3);
    assert_string_equal(told.rows[0], "1 5 -3000 *a");
    assert_string_equal(told.rows[1], "1 5 -2000 b");
    assert_string_equal(told.rows[2], "1 6 -2000 *units");
    told = at(fixture, NOON);
    assert_int_equal(told.count, 4);
    assert_string_equal(told.rows[0], "2 5 +0 *");
    assert_string_equal(told.rows[1], "1 5 -1000 *c");
    assert_string_equal(told.rows[2], "1 5 +0 d");
    assert_string_equal(told.rows[3], "1 6 -2000 *units");
    told = between(fixture, NOON - 1500, NOON + 500);
    assert_int_equal(told.count, 6);
    assert_string_equal(told.rows[2], "1 5 -2000 b");
    assert_string_equal(told.rows[3], "1 5 -1000 *c");
    assert_string_equal(told.rows[4], "1 5 +0 d");
    assert_string_equal(told.rows[5], "1 6 -2000 *units");
    assert_int_equal(between(fixture, NOON - SPAN_DAY, NOON + SPAN_DAY).count, 7);
    assert_int_equal(at(fixture, NOON - 4000).count, 0);
    assert_int_equal(at(fixture, -1).count, 0);
    assert_int_equal(at(fixture, INT64_MAX / 2).count, 0);
}

static void over_midnight(void **state)
{
    struct fixture *fixture = *state;
    const msec midnight = NOON - 12 * SPAN_HOUR;
    fixture_open(fixture);
    keep(fixture, 1, 5, midnight - SPAN_HOUR, true, "evening");
    keep(fixture, 1, 6, midnight - SPAN_HOUR, true, "units");
    keep(fixture, 1, 5, midnight + 15000, true, "morning");
    fixture_settle(fixture);
    struct told told = at(fixture, midnight + 5000);
    assert_int_equal(told.count, 2);
    assert_non_null(strstr(told.rows[0], "*evening"));
    told = at(fixture, midnight + SPAN_HOUR);
    assert_int_equal(told.count, 2);
    assert_non_null(strstr(told.rows[0], "*morning"));
    assert_non_null(strstr(told.rows[1], "*units"));
    assert_int_equal(at(fixture, midnight + 49 * SPAN_HOUR).count, 0); /* two days later nothing is known of it */
}

static void they_outlive_the_daemon(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    keep(fixture, 1, 5, NOON, true, "first");
    keep(fixture, 1, 5, NOON, true, "second"); /* the same instant: the later one holds */
    fixture_settle(fixture);
    if (strcmp(fixture->engine, "memory") != 0)
        fixture_reopen(fixture);
    struct told told = at(fixture, NOON);
    assert_string_equal(told.rows[told.count - 1], "1 5 +0 *second");
    keep(fixture, 1, 5, NOON + 1000, false, "more"); /* into the table that is there */
    fixture_settle(fixture);
    assert_true(at(fixture, NOON + 1000).count >= 2);
}

/* As long as readings: days go as a whole. */
static void old_days_go(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.keep_readings = 2 * SPAN_DAY;
    fixture_open(fixture);
    for (int day = 5; day >= 0; day--)
        keep(fixture, 1, 5, NOON - day * SPAN_DAY, true, "x");
    fixture_settle(fixture);
    for (int tries = 0; at(fixture, NOON - 5 * SPAN_DAY).count; tries++) {
        assert_true(tries < 1000);
        clock_fake(NOON + tries * SPAN_MINUTE, (tries + 1) * SPAN_HOUR);
        keep(fixture, 1, 5, NOON + tries * SPAN_MINUTE, true, "y"); /* maintenance follows a commit */
        fixture_settle(fixture);
        usleep(2000);
    }
    assert_true(at(fixture, NOON - SPAN_DAY).count > 0);
}

static int setup(void **state)
{
    clock_fake(NOON, 0);
    *state = fixture_new(strcmp(engine_url, "postgresql") == 0
                             ? postgres_test_url(&server, postgres_test_database(&server)) : engine_url);
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
    const struct CMUnitTest tests[] = {EACH(from_the_last_whole_one), EACH(over_midnight), EACH(they_outlive_the_daemon), EACH(old_days_go)};
    static const char *const engines[] = {"memory", "sqlite", "postgresql"};
    int failed = 0;
    bool installed = postgres_test_there(&server);
    if (installed && !postgres_test_open(&server))
        return 1;
    for (size_t i = 0; i < ARRAY_COUNT(engines) - !installed; i++) {
        engine_url = engines[i];
        failed += cmocka_run_group_tests_name(engines[i], tests, NULL, NULL);
    }
    if (installed) {
        postgres_test_stop(&server, SIGINT);
        fixture_remove(server.directory);
    }
    if (!failed && !installed)
        puts("PostgreSQL is not installed: scripts/deps --test");
    return failed ? 1 : installed ? 0 : 77;
}

/* What parts of applications were, and last values of many assets, in each engine (R044). */
#include "each_engine.h"

struct told { bool given; size_t count; char rows[16][96]; };

static void nodes_told(void *owner, const struct store_node *rows, size_t count, const struct error *error)
{
    struct told *told = owner;
    assert_null(error);
    told->given = true;
    told->count = count;
    for (size_t i = 0; i < count && i < 16; i++)
        snprintf(told->rows[i], sizeof told->rows[i], "%s %d %s", rows[i].id, rows[i].verdict, rows[i].evidence);
}

static void lasts_told(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct told *told = owner;
    assert_null(error);
    told->given = true;
    told->count = count;
    for (size_t i = 0; i < count && i < 16; i++)
        snprintf(told->rows[i], sizeof told->rows[i], "%u/%u %g", rows[i].asset, rows[i].metric, rows[i].reading.value);
}

static void wait_told(struct fixture *fixture, const struct told *told)
{
    while (!told->given)
        uv_run(&fixture->loop, UV_RUN_ONCE);
}

static struct told at(struct fixture *fixture, msec when)
{
    struct told told = {0};
    store_nodes_at(fixture->store, when, nodes_told, &told);
    wait_told(fixture, &told);
    return told;
}

static struct told between(struct fixture *fixture, const char *prefix, msec from, msec to, unsigned limit)
{
    struct told told = {0};
    store_nodes_between(fixture->store, prefix, from, to, limit, nodes_told, &told);
    wait_told(fixture, &told);
    return told;
}

static void fill(struct fixture *fixture)
{
    static struct answer answer;
    memset(&answer, 0, sizeof answer);
    struct store_action *action = store_action_new(fixture->store, "system", "nodes", "", "");
    const struct store_node rows[] = {{"energy/web", NOON, 0, ""}, {"energy/web", NOON + 5000, 2, "connection refused"},
                                      {"water/db", NOON + 1000, 0, ""}, {"energy/web", NOON + 9000, 0, "200 in 4 ms"}};
    store_action_quiet(action);
    for (size_t i = 0; i < 4; i++)
        store_action_node(action, &rows[i]);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void each_is_what_it_last_became(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_int_equal(at(fixture, NOON - 1).count, 0);
    struct told told = at(fixture, NOON + 5000);
    assert_int_equal(told.count, 2);
    bool broken = false;
    for (size_t i = 0; i < 2; i++)
        broken |= strcmp(told.rows[i], "energy/web 2 connection refused") == 0;
    assert_true(broken);
    told = at(fixture, NOON + 100000);
    for (size_t i = 0; i < 2; i++)
        assert_null(strstr(told.rows[i], "refused"));
}

static void changes_in_order_and_by_application(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct told told = between(fixture, "", NOON, NOON + 9000, 10);
    assert_int_equal(told.count, 4);
    assert_string_equal(told.rows[1], "water/db 0 ");
    assert_int_equal(between(fixture, "energy/", NOON + 1, NOON + 9000, 10).count, 2);
    assert_int_equal(between(fixture, "energy/", NOON, NOON + 9000, 1).count, 1);
}

static void they_outlive_the_daemon(void **state)
{
    struct fixture *fixture = *state;
    if (strcmp(fixture->engine, "memory") == 0)
        return;
    fill(fixture);
    fixture_reopen(fixture);
    assert_int_equal(at(fixture, NOON + 5000).count, 2);
}

/* Old rows go, but for the last of each: it says what the node was when the kept time begins. */
static void old_rows_go(void **state)
{
    struct fixture *fixture = *state;
    static struct answer answer;
    if (strcmp(fixture->engine, "memory") == 0)
        return;
    memset(&answer, 0, sizeof answer);
    struct store_action *action = store_action_new(fixture->store, "system", "nodes", "", "");
    const struct store_node rows[] = {{"a/x", 1000, 0, ""}, {"a/x", 2000, 2, "first"}, {"a/x", 3000, 2, "second"}, {"a/y", 1500, 0, ""},
                                      {"a/x", clock_wall(), 0, ""}};
    for (size_t i = 0; i < 5; i++)
        store_action_node(action, &rows[i]);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    for (int i = 0; i < 6000 && between(fixture, "", 0, INT64_MAX, 0).count != 3; i++) /* forgetting is nobody's answer */
        usleep(10000);
    struct told told = between(fixture, "", 0, INT64_MAX, 0);
    assert_int_equal(told.count, 3);
    assert_string_equal(told.rows[0], "a/y 0 ");
    assert_string_equal(told.rows[1], "a/x 2 second");
    assert_string_equal(told.rows[2], "a/x 0 ");
}

static void lasts_of_many(void **state)
{
    struct fixture *fixture = *state;
    store_metric(fixture->store, 1, "cpu");
    store_metric(fixture->store, 2, "mem");
    for (uint32_t asset = 1; asset <= 3; asset++)
        for (int i = 0; i < 10; i++) {
            store_reading(fixture->store, asset, 1, NOON + i * 1000, asset * 100 + i);
            if (asset != 2)
                store_reading(fixture->store, asset, 2, NOON - SPAN_HOUR + i, asset);
        }
    if (strcmp(fixture->engine, "memory") != 0)
        fixture_reopen(fixture); /* what waits is not looked at */
    struct told told;
    for (;;) {
        told = (struct told){0};
        store_lasts_at(fixture->store, (const uint32_t[]){1, 2, 3}, 3, NOON - SPAN_MINUTE, NOON + 4500, lasts_told, &told);
        wait_told(fixture, &told);
        if (told.count)
            break;
    }
    assert_int_equal(told.count, 3);
    assert_string_equal(told.rows[0], "1/1 104");
    assert_string_equal(told.rows[2], "3/1 304");
    told = (struct told){0};
    store_lasts_at(fixture->store, (const uint32_t[]){3, 1}, 2, NOON - 2 * SPAN_HOUR, NOON + 4500, lasts_told, &told);
    wait_told(fixture, &told);
    assert_int_equal(told.count, 4);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {EACH(each_is_what_it_last_became), EACH(changes_in_order_and_by_application),
                                       EACH(they_outlive_the_daemon), EACH(old_rows_go), EACH(lasts_of_many)};
    return ENGINES_RUN(tests, "memory", "sqlite", "postgresql");
}

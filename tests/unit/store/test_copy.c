/* A site moves from SQLite to PostgreSQL and back: the same rows on all three sides, and each can be worked with. */
#include "fixture.h"
#include "postgres_server.h"

#include <math.h>
#include <sqlite3.h>

static struct postgres_test server;
static struct answer answer;

static void commit(struct fixture *fixture, struct store_action *action)
{
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void add_alert(struct fixture *fixture, int64_t number)
{
    struct store_alert alert = {.number = number, .fingerprint = 77, .asset = 3, .closed_at = CLOCK_NEVER, .revision = 4,
                                .raised_at = NOON, .value = 31.5, .threshold = NAN};
#define X(member) alert.member = "";
    STORE_ALERT_TEXTS(X)
#undef X
    alert.summary = "泵房 water 31.5";
    struct store_action *action = store_action_new(fixture->store, "system", "raise", "", "");
    store_action_alert(action, &alert);
    store_action_alert_event(action, &(struct store_alert_event){number, NOON, "user:wang", "ack", "seen", 9});
    commit(fixture, action);
}

static void add_asset(struct fixture *fixture, uint32_t key, const char *name)
{
    struct asset asset = {.attributes = "{\"pump\":\"3号\"}", .revision = 2};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        asset.field[i] = name;
    struct store_action *action = store_action_new(fixture->store, "user:wang", "ledger import", name, "{}");
    store_action_asset(action, key, &asset);
    store_action_record(action, "view", name, -1, "{\"filter\":\"kind:gateway\"}");
    store_action_node(action, &(struct store_node){"energy/web", NOON, 2, "拒绝连接"});
    commit(fixture, action);
}

/* A day that is closed, with its roll-ups, and one that is not; packed readings and some in the journal. */
static void fill(struct fixture *fixture)
{
    fixture_open(fixture);
    add_asset(fixture, 1, "G-1");
    add_asset(fixture, 1, "G-1 again");
    add_asset(fixture, 2, "G-2");
    add_alert(fixture, 202611210000001);
    store_metric(fixture->store, 1, "temperature");
    for (int i = 0; i < 5000; i++)
        store_reading(fixture->store, 1 + (uint32_t)i % 2, 1, NOON - 3 * SPAN_DAY + i * 20 * SPAN_SECOND, 20 + i % 50 * 0.1);
    for (int i = 0; i < 100; i++)
        store_state(fixture->store, &(struct store_state){1, NOON - 3 * SPAN_DAY + i * SPAN_MINUTE, i % 2 ? HEALTH_OK : HEALTH_STALE,
                                                          REASON_FRESH, LINK_UP, COMM_SPEAKING});
    store_keep(fixture->store, &(struct store_kept){1, 5, NOON - SPAN_MINUTE, true, "\0\377 bytes", 8});
    fixture_settle(fixture);
    clock_fake(NOON, 3 * SPAN_HOUR); /* the head is old enough to be packed, the days before today to be closed */
    for (int tries = 0;; tries++) {
        memset(&answer, 0, sizeof answer);
        store_reading(fixture->store, 2, 1, NOON + tries, tries);
        fixture_settle(fixture);
        struct store_reader *reader = fixture->store->readers[0];
        if (fixture->store->ops->coverage(reader, store_day(NOON - 2 * SPAN_DAY)) & DAY_DAYS)
            break;
        assert_true(tries < 3000);
        usleep(2000);
    }
    fixture_close(fixture);
}

static void nodes_told(void *owner, const struct store_node *rows, size_t count, const struct error *error)
{
    bool *told = owner;
    assert_null(error);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].evidence, "拒绝连接");
    *told = true;
}

static void kept_told(void *owner, const struct store_kept *rows, size_t count, const struct error *error)
{
    bool *told = owner;
    assert_null(error);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].length, 8);
    assert_memory_equal(rows[0].bytes, "\0\377 bytes", 8);
    *told = true;
}

static void check(struct fixture *fixture, size_t audits)
{
    bool told = false;
    fixture_open(fixture);
    store_kept(fixture->store, (const uint32_t[]){1}, 1, NOON, NOON, kept_told, &told);
    while (!told)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    told = false;
    store_nodes_at(fixture->store, NOON, nodes_told, &told);
    while (!told)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, 1, 1, NOON - 4 * SPAN_DAY, NOON - 2 * SPAN_DAY, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.count > 1000 && answer.count < 4096);
    assert_true(answer.readings[0].value >= 20 && answer.readings[0].value < 25);
    memset(&answer, 0, sizeof answer);
    store_states(fixture->store, 1, NOON - 4 * SPAN_DAY, NOON, answer_states, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 100);
    memset(&answer, 0, sizeof answer);
    store_audit_verify(fixture->store, answer_verify, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    assert_int_equal(answer.broken_at, -1);
    assert_int_equal(answer.rows, audits);
    /* Work goes on: numbers that the database gives follow on the copied ones. */
    add_asset(fixture, 2, "G-2 again");
    add_alert(fixture, 202611210000002);
    fixture_close(fixture);
}

static void copied(const struct fixture *from, const struct fixture *to, struct store_copied *sums)
{
    struct error error = {0};
    if (!store_copy(&from->options, &to->options, sums, &error))
        fail_msg("%s", error.text);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct store_copied there, back;
    struct error error = {0};
    clock_fake(NOON, 0);
    struct fixture *first = fixture_new("sqlite"), *last = fixture_new("sqlite");
    struct fixture *middle = fixture_new(postgres_test_url(&server, postgres_test_database(&server)));
    fill(first);
    copied(first, middle, &there);
    copied(middle, last, &back);
    assert_true(there.records == back.records && there.telemetry == back.telemetry && there.sum == back.sum);
    assert_true(there.records > 10 && there.telemetry > 50);
    assert_false(store_copy(&first->options, &middle->options, &there, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_non_null(strstr(error.text, "is not empty"));
    check(first, 4);
    check(middle, 4);
    check(last, 4);
    fixture_open(middle);
    assert_false(store_copy(&middle->options, &last->options, &there, &error));
    assert_non_null(strstr(error.text, "in use"));
    fixture_free(first);
    fixture_free(middle);
    fixture_free(last);
}

static void test_refused(void **state)
{
    (void)state;
    struct store_copied sums;
    struct error error = {0};
    struct fixture *fixture = fixture_new("sqlite");
    const struct store_options memory = {.url = "memory", .state_dir = ""};
    assert_false(store_copy(&memory, &fixture->options, &sums, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    /* One that was broken off is not taken for a whole site. */
    fixture_open(fixture);
    fixture_close(fixture);
    char path[120], command[260];
    snprintf(path, sizeof path, "%s/nocturne.db", fixture->directory);
    snprintf(command, sizeof command, "INSERT INTO meta VALUES ('unfinished', 1)");
    sqlite3 *file;
    assert_int_equal(sqlite3_open(path, &file), SQLITE_OK);
    assert_int_equal(sqlite3_exec(file, command, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(file);
    assert_null(store_open(&fixture->loop, &fixture->options, &error));
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_non_null(strstr(error.text, "not finished"));
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_refused)};
    if (!postgres_test_there(&server)) {
        puts("PostgreSQL is not installed: scripts/deps --test");
        return 77;
    }
    if (!postgres_test_open(&server))
        return 1;
    int failed = cmocka_run_group_tests_name("copy", tests, NULL, NULL);
    postgres_test_stop(&server, SIGINT);
    fixture_remove(server.directory);
    return failed ? 1 : 0;
}

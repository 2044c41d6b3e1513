/* What every engine must do alike: the whole of store.h, run once for each. */
#include "each_engine.h"

static struct answer answer;

static struct store_state state_of(uint32_t asset, msec from, enum health health)
{
    return (struct store_state){asset, from, health, REASON_FRESH, LINK_UP, COMM_SPEAKING};
}

static void put_state(struct fixture *fixture, uint32_t asset, msec from, enum health health)
{
    struct store_state state = state_of(asset, from, health);
    store_state(fixture->store, &state);
}

static void read_series(struct fixture *fixture, uint32_t asset, msec from, msec to, unsigned count)
{
    memset(&answer, 0, sizeof answer);
    store_series(fixture->store, asset, 1, from, to, count, answer_series, &answer);
    answer_wait(fixture, &answer);
}

static void read_readings(struct fixture *fixture, uint32_t asset, msec from, msec to, unsigned limit)
{
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, asset, 1, from, to, limit, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void read_states(struct fixture *fixture, uint32_t asset, msec from, msec to)
{
    memset(&answer, 0, sizeof answer);
    store_states(fixture->store, asset, from, to, answer_states, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void read_states_at(struct fixture *fixture, msec at)
{
    memset(&answer, 0, sizeof answer);
    store_states_at(fixture->store, at, answer_states, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void read_states_between(struct fixture *fixture, msec from, msec to, unsigned limit)
{
    memset(&answer, 0, sizeof answer);
    store_states_between(fixture->store, from, to, limit, answer_states, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static void commit(struct fixture *fixture, struct store_action *action)
{
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
}

/* Run a check on what is still queued, again when committed, and again after closing and opening. */
static void three_times(struct fixture *fixture, void (*check)(struct fixture *fixture))
{
    check(fixture);
    fixture_settle(fixture);
    check(fixture);
    if (strcmp(fixture->engine, "memory") == 0)
        return;
    fixture_reopen(fixture);
    check(fixture);
}

static void check_readings(struct fixture *fixture)
{
    read_readings(fixture, 7, NOON - SPAN_DAY, NOON + SPAN_DAY, 0);
    assert_int_equal(answer.count, 4);
    const struct reading expected[] = {{NOON + 3000, 4.5}, {NOON + 2000, -3}, {NOON + 1000, 20.25}, {NOON, 1}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(answer.readings[i].time, expected[i].time);
        assert_true(answer.readings[i].value == expected[i].value);
    }
    read_readings(fixture, 7, NOON + 1000, NOON + 2000, 0); /* both ends */
    assert_int_equal(answer.count, 2);
    read_readings(fixture, 7, NOON, NOON + 3000, 3);
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.readings[2].time, NOON + 1000);
    read_readings(fixture, 8, NOON, NOON + 3000, 0);
    assert_int_equal(answer.count, 1);
    read_readings(fixture, 9, NOON, NOON + 3000, 0);
    assert_int_equal(answer.count, 0);
    read_readings(fixture, 7, NOON + 3000, NOON, 0); /* an empty range */
    assert_int_equal(answer.count, 0);
}

static void test_readings(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    store_reading(fixture->store, 7, 1, NOON, 1);
    store_reading(fixture->store, 7, 1, NOON + 3000, 4);
    store_reading(fixture->store, 7, 1, NOON + 1000, 2); /* late */
    store_reading(fixture->store, 8, 1, NOON + 1000, 99);
    store_reading(fixture->store, 7, 1, NOON + 1000, 20.25); /* the same time again: the last wins */
    store_reading(fixture->store, 7, 2, NOON + 1500, 77);
    store_reading(fixture->store, 7, 1, NOON + 2000, -3);
    store_reading(fixture->store, 7, 1, NOON + 3000, 4.5);
    three_times(fixture, check_readings);
    /* The same again over what is stored. */
    store_reading(fixture->store, 7, 1, NOON + 1000, 20.25);
    store_reading(fixture->store, 7, 1, NOON + 2000, -3);
    three_times(fixture, check_readings);
}

static void test_refused_times(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fixture_open(fixture);
    store_reading(fixture->store, 1, 1, 0, 1);
    store_reading(fixture->store, 1, 1, -5, 1);
    store_reading(fixture->store, 1, 1, INT64_MAX, 1);
    store_reading(fixture->store, 1, 1, CLOCK_NEVER, 1);
    store_reading(fixture->store, 1, 1, NOON - 401 * SPAN_DAY, 1);
    store_reading(fixture->store, 1, 1, NOON + 3 * SPAN_DAY, 1);
    store_reading(fixture->store, 1, 1, NOON, 0.0 / 0.0);
    store_reading(fixture->store, 1, 1, NOON, 1e308 * 10);
    store_reading(fixture->store, 1, 1, NOON, 5);
    fixture_settle(fixture);
    store_status(fixture->store, &status);
    assert_int_equal(status.readings_refused, 8);
    assert_int_equal(status.readings_written, 1);
    assert_true(status.writable);
    read_readings(fixture, 1, NOON - 500 * SPAN_DAY, NOON + 500 * SPAN_DAY, 0);
    assert_int_equal(answer.count, 1);
}

/* A day's edge in UTC lies inside the range: 16 hours of one reading a minute across it. */
static void check_series(struct fixture *fixture)
{
    msec from = NOON + 4 * SPAN_HOUR;
    read_series(fixture, 3, from, from + 16 * SPAN_HOUR, 16);
    assert_true(answer.ok);
    assert_int_equal(answer.count, 16);
    for (int i = 0; i < 16; i++) {
        const struct reading_bucket *bucket = &answer.buckets[i];
        assert_int_equal(bucket->start, from + i * SPAN_HOUR);
        assert_int_equal(bucket->count, i == 2 ? 0 : 60);
        if (i == 2)
            continue;
        assert_true(bucket->minimum == i * 60 && bucket->maximum == i * 60 + 59 && bucket->last == i * 60 + 59);
        assert_true(bucket->sum == 60.0 * (i * 60) + 1770);
    }
    read_series(fixture, 3, from, from + 7, 5); /* edges that do not divide */
    assert_true(answer.ok);
    assert_int_equal(answer.buckets[0].count, 1);
    for (int i = 1; i < 5; i++)
        assert_int_equal(answer.buckets[i].count, 0);
}

static void test_series(void **state)
{
    struct fixture *fixture = *state;
    msec from = NOON + 4 * SPAN_HOUR;
    fixture_open(fixture);
    for (int i = 0; i < 16 * 60; i++) {
        if (i / 60 != 2)
            store_reading(fixture->store, 3, 1, from + i * SPAN_MINUTE, i);
    }
    three_times(fixture, check_series);
    read_series(fixture, 3, from, from, 4);
    assert_int_equal(answer.error.code, ERROR_INVALID);
    read_series(fixture, 3, from, from + 1000, 0);
    assert_int_equal(answer.error.code, ERROR_INVALID);
    read_series(fixture, 3, INT64_MIN, INT64_MAX, 10);
    assert_int_equal(answer.error.code, ERROR_INVALID);
}

static void check_state_history(struct fixture *fixture)
{
    read_states(fixture, 5, NOON - SPAN_DAY, NOON + SPAN_DAY);
    assert_int_equal(answer.count, 3);
    assert_int_equal(answer.intervals[0].state.from, NOON);
    assert_int_equal(answer.intervals[0].to, NOON + 1000);
    assert_int_equal(answer.intervals[1].state.health, HEALTH_STALE);
    assert_int_equal(answer.intervals[1].to, NOON + 4000);
    assert_int_equal(answer.intervals[2].state.health, HEALTH_OK);
    assert_int_equal(answer.intervals[2].state.from, NOON + 4000);
    assert_int_equal(answer.intervals[2].state.reason, REASON_FRESH);
    assert_int_equal(answer.intervals[2].state.link, LINK_UP);
    assert_int_equal(answer.intervals[2].state.comm, COMM_SPEAKING);
    assert_int_equal(answer.intervals[2].to, CLOCK_NEVER);
    read_states(fixture, 5, NOON + 1500, NOON + 2000); /* inside one */
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.intervals[0].state.health, HEALTH_STALE);
    read_states(fixture, 5, NOON + 1000, NOON + 4000); /* touches: begins where one ends */
    assert_int_equal(answer.count, 2);
    read_states(fixture, 5, NOON - 2000, NOON - 1000);
    assert_int_equal(answer.count, 0);

    read_states_at(fixture, NOON + 1500);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.intervals[0].state.asset, 5);
    assert_int_equal(answer.intervals[0].state.health, HEALTH_STALE);
    assert_int_equal(answer.intervals[0].to, CLOCK_NEVER);
    assert_int_equal(answer.intervals[1].state.asset, 6);
    read_states_at(fixture, NOON + 999);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.intervals[0].state.health, HEALTH_OK);
    read_states_at(fixture, NOON - 1);
    assert_int_equal(answer.count, 0);

    read_states_between(fixture, NOON, NOON + 5000, 0);
    assert_int_equal(answer.count, 4);
    for (int i = 1; i < 4; i++)
        assert_true(answer.intervals[i - 1].state.from <= answer.intervals[i].state.from);
    assert_int_equal(answer.intervals[1].to, NOON + 4000);
    read_states_between(fixture, NOON + 1000, NOON + 4000, 2);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.intervals[0].state.from, NOON + 1000);
}

static void test_states(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    put_state(fixture, 5, NOON, HEALTH_OK);
    put_state(fixture, 5, NOON + 1000, HEALTH_STALE);
    put_state(fixture, 5, NOON + 8000, HEALTH_OFFLINE);
    put_state(fixture, 6, NOON + 1200, HEALTH_CRITICAL);
    put_state(fixture, 5, NOON + 4000, HEALTH_OK); /* before the open one's start: replaces it */
    three_times(fixture, check_state_history);
}

/* Whatever instant a state claims, it is kept, within the window. */
static void test_strange_states(void **state)
{
    struct fixture *fixture = *state;
    const msec times[] = {CLOCK_NEVER, INT64_MIN + 1, -1, 0, NOON - 401 * SPAN_DAY, NOON + 3 * SPAN_DAY, INT64_MAX};
    fixture_open(fixture);
    for (uint32_t i = 0; i < ARRAY_COUNT(times); i++)
        put_state(fixture, i, times[i], HEALTH_STALE);
    fixture_settle(fixture);
    read_states_at(fixture, NOON + 2 * SPAN_DAY);
    assert_int_equal(answer.count, ARRAY_COUNT(times));
    assert_int_equal(answer.intervals[0].state.from, NOON - 400 * SPAN_DAY);
    assert_int_equal(answer.intervals[6].state.from, NOON + 2 * SPAN_DAY);
    const msec asked[] = {CLOCK_NEVER, INT64_MAX, 0, -1};
    for (size_t i = 0; i < ARRAY_COUNT(asked); i++) { /* and whatever instant is asked for, it answers */
        read_states_at(fixture, asked[i]);
        read_states(fixture, 1, asked[i], INT64_MAX);
        read_states_between(fixture, asked[i], INT64_MAX, 3);
        read_readings(fixture, 1, asked[i], INT64_MAX, 0);
        memset(&answer, 0, sizeof answer);
        store_last_at(fixture->store, 1, asked[i], answer_last, &answer);
        answer_wait(fixture, &answer);
        assert_true(answer.ok);
    }
}

/* The late change arrives when those after it are already stored. */
static void test_late_state(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    put_state(fixture, 5, NOON, HEALTH_OK);
    put_state(fixture, 5, NOON + 1000, HEALTH_STALE);
    put_state(fixture, 5, NOON + 6000, HEALTH_WARNING);
    put_state(fixture, 5, NOON + 8000, HEALTH_OFFLINE);
    put_state(fixture, 6, NOON + 1200, HEALTH_CRITICAL);
    fixture_settle(fixture);
    put_state(fixture, 5, NOON + 4000, HEALTH_OK);
    three_times(fixture, check_state_history);
}

static void check_last(struct fixture *fixture)
{
    memset(&answer, 0, sizeof answer);
    store_last_at(fixture->store, 4, NOON + 2500, answer_last, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 2);
    for (int i = 0; i < 2; i++) {
        bool first = answer.lasts[i].metric == 1;
        assert_int_equal(answer.lasts[i].asset, 4);
        assert_int_equal(answer.lasts[i].reading.time, first ? NOON + 2000 : NOON - 3 * SPAN_DAY);
        assert_true(answer.lasts[i].reading.value == (first ? 2 : 9));
    }
    memset(&answer, 0, sizeof answer);
    store_last_at(fixture->store, 4, NOON - 4 * SPAN_DAY, answer_last, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 0);
}

static void test_last_at(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    store_reading(fixture->store, 4, 2, NOON - 3 * SPAN_DAY, 9);
    for (int i = 0; i < 5; i++)
        store_reading(fixture->store, 4, 1, NOON + i * 1000, i);
    three_times(fixture, check_last);
}

/* ---- loading ---- */

struct loaded {
    unsigned assets, metrics, states, lasts, records;
    char name[64], attributes[64], metric[32], body[64];
    int64_t revision, record_revision;
    struct store_state state;
    msec last_time;
    double last_value;
};

static void load_asset(void *owner, uint32_t key, const struct asset *asset)
{
    struct loaded *loaded = owner;
    loaded->assets++;
    assert_int_equal(key, 11);
    snprintf(loaded->name, sizeof loaded->name, "%s", asset->field[ASSET_name]);
    snprintf(loaded->attributes, sizeof loaded->attributes, "%s", asset->attributes);
    loaded->revision = asset->revision;
    assert_true(asset->discovered);
    assert_string_equal(asset->field[ASSET_id], "GW-11");
    assert_string_equal(asset->field[ASSET_class_], "gw.v2");
    assert_string_equal(asset->field[ASSET_contract], "campus");
    assert_string_equal(asset->field[ASSET_vendor], "");
}

static void load_metric(void *owner, uint32_t key, const char *name)
{
    struct loaded *loaded = owner;
    loaded->metrics++;
    assert_int_equal(key, 1);
    snprintf(loaded->metric, sizeof loaded->metric, "%s", name);
}

static void load_state(void *owner, uint32_t asset, msec from, enum health health, enum health_reason reason,
                       enum link_state link, enum comm_state comm)
{
    struct loaded *loaded = owner;
    loaded->states++;
    loaded->state = (struct store_state){asset, from, health, reason, link, comm};
}

static void load_last(void *owner, uint32_t asset, uint32_t metric, msec time, double value)
{
    struct loaded *loaded = owner;
    loaded->lasts++;
    assert_int_equal(asset, 11);
    assert_int_equal(metric, 1);
    loaded->last_time = time;
    loaded->last_value = value;
}

static void load_record(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct loaded *loaded = owner;
    loaded->records++;
    assert_string_equal(kind, "view");
    assert_string_equal(id, "夜班");
    loaded->record_revision = revision;
    snprintf(loaded->body, sizeof loaded->body, "%s", body);
}

static const struct store_load_ops load_ops = {
    .asset = load_asset, .metric = load_metric, .state = load_state, .last = load_last, .record = load_record};

static struct asset asset_named(const char *name, int64_t revision)
{
    struct asset asset = {.attributes = "{\"cabinet\":\"3\"}", .discovered = true, .revision = revision};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        asset.field[i] = "";
    asset.field[ASSET_id] = "GW-11";
    asset.field[ASSET_name] = name;
    asset.field[ASSET_class_] = "gw.v2";
    asset.field[ASSET_contract] = "campus";
    return asset;
}

static void check_load(struct fixture *fixture)
{
    struct loaded loaded = {0};
    struct error error = {0};
    assert_true(store_load(fixture->store, &load_ops, &loaded, &error));
    assert_int_equal(loaded.assets, 1);
    assert_int_equal(loaded.metrics, 1);
    assert_int_equal(loaded.states, 1);
    assert_int_equal(loaded.lasts, 1);
    assert_int_equal(loaded.records, 1);
    assert_string_equal(loaded.name, "3号楼 泵房 网关");
    assert_string_equal(loaded.attributes, "{\"cabinet\":\"3\"}");
    assert_int_equal(loaded.revision, 2);
    assert_string_equal(loaded.metric, "temperature");
    assert_int_equal(loaded.state.from, NOON + 7);
    assert_int_equal(loaded.state.health, HEALTH_OFFLINE);
    assert_int_equal(loaded.last_time, NOON + 60000);
    assert_true(loaded.last_value == 23.4);
    assert_int_equal(loaded.record_revision, 2);
    assert_string_equal(loaded.body, "{\"filter\":\"health:offline\"}");
    assert_true(store_load(fixture->store, &(struct store_load_ops){0}, NULL, &error));
}

static void test_load(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    struct asset first = asset_named("old", 1), second = asset_named("3号楼 泵房 网关", 2), gone = asset_named("x", 1);
    struct store_action *action = store_action_new(fixture->store, "user:wang", "ledger import", "", "");
    store_action_asset(action, 11, &first);
    store_action_asset(action, 12, &gone);
    store_action_record(action, "view", "夜班", 0, "{}");
    store_action_record(action, "view", "gone", -1, "{}");
    commit(fixture, action);
    assert_true(answer.ok);
    action = store_action_new(fixture->store, "user:wang", "ledger edit", "GW-11", "");
    store_action_asset(action, 11, &second);
    store_action_asset_remove(action, 12);
    store_action_record(action, "view", "夜班", 1, "{\"filter\":\"health:offline\"}");
    store_action_record(action, "view", "gone", 1, NULL);
    commit(fixture, action);
    assert_true(answer.ok);
    store_metric(fixture->store, 1, "temperature");
    store_reading(fixture->store, 11, 1, NOON + 60000, 23.4);
    store_reading(fixture->store, 11, 1, NOON, 20); /* late: not the last */
    put_state(fixture, 11, NOON, HEALTH_OK);
    put_state(fixture, 11, NOON + 7, HEALTH_OFFLINE);
    fixture_settle(fixture);
    check_load(fixture);
    if (strcmp(fixture->engine, "memory") != 0) {
        fixture_reopen(fixture);
        check_load(fixture);
    }
}

/* ---- actions ---- */

static struct store_action *record_action(struct fixture *fixture, int64_t expected, const char *body)
{
    struct store_action *action = store_action_new(fixture->store, "user:li", "view save", "v", "");
    store_action_record(action, "view", "v", expected, body);
    return action;
}

static unsigned audit_count(struct fixture *fixture)
{
    memset(&answer, 0, sizeof answer);
    store_audit(fixture->store, 0, 0, answer_audit, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    return (unsigned)answer.count;
}

static void test_revisions(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    commit(fixture, record_action(fixture, 1, "a"));
    assert_int_equal(answer.error.code, ERROR_CONFLICT);
    commit(fixture, record_action(fixture, 0, "a"));
    assert_true(answer.ok);
    commit(fixture, record_action(fixture, 0, "b"));
    assert_int_equal(answer.error.code, ERROR_CONFLICT);
    commit(fixture, record_action(fixture, 1, "b"));
    assert_true(answer.ok);
    commit(fixture, record_action(fixture, -1, "c"));
    assert_true(answer.ok);
    commit(fixture, record_action(fixture, 2, NULL));
    assert_int_equal(answer.error.code, ERROR_CONFLICT);
    /* One wrong revision and nothing of the action is done. */
    struct store_action *action = record_action(fixture, 3, "d");
    store_action_record(action, "view", "other", 0, "{}");
    store_action_record(action, "view", "third", 9, "{}");
    commit(fixture, action);
    assert_int_equal(answer.error.code, ERROR_CONFLICT);
    commit(fixture, record_action(fixture, 3, NULL));
    assert_true(answer.ok);
    assert_int_equal(audit_count(fixture), 4); /* conflicts leave no entry */
    action = store_action_new(fixture->store, "user:li", "x", "", "");
    store_action_record(action, "view", "other", 0, "{}"); /* was undone with its action */
    commit(fixture, action);
    assert_true(answer.ok);
}

static void test_idempotency(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    for (int i = 0; i < 3; i++) {
        struct store_action *action = store_action_new(fixture->store, "user:li", "ticket open", "T1", "");
        store_action_record(action, "ticket", "T1", 0, "{}");
        store_action_idempotency(action, "k-1");
        commit(fixture, action);
        assert_true(answer.ok);
    }
    assert_int_equal(audit_count(fixture), 1);
    struct store_action *action = store_action_new(fixture->store, "user:li", "ticket close", "T1", "");
    store_action_idempotency(action, "k-1");
    commit(fixture, action);
    assert_int_equal(answer.error.code, ERROR_CONFLICT);
    action = store_action_new(fixture->store, "user:wu", "ticket open", "T1", ""); /* another person's key */
    store_action_idempotency(action, "k-1");
    commit(fixture, action);
    assert_true(answer.ok);
    assert_int_equal(audit_count(fixture), 2);
    clock_fake(NOON + 25 * SPAN_HOUR, 0); /* a day later it is forgotten */
    action = store_action_new(fixture->store, "user:li", "ticket close", "T1", "");
    store_action_idempotency(action, "k-1");
    commit(fixture, action);
    assert_true(answer.ok);
}

static void check_audit(struct fixture *fixture)
{
    assert_int_equal(audit_count(fixture), 5);
    assert_int_equal(answer.audits[0].sequence, 5);
    assert_string_equal(answer.audit_text[0], "user:4|ack|A-4|{\"note\":\"夜班\"}");
    assert_int_equal(answer.audits[4].sequence, 1);
    assert_int_equal(answer.audits[4].time, NOON);
    memset(&answer, 0, sizeof answer);
    store_audit(fixture->store, 4, 2, answer_audit, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.audits[0].sequence, 3);
    memset(&answer, 0, sizeof answer);
    store_audit_verify(fixture->store, answer_verify, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    assert_int_equal(answer.rows, 5);
    assert_int_equal(answer.broken_at, -1);
}

static void test_audit(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    memset(&answer, 0, sizeof answer);
    store_audit_verify(fixture->store, answer_verify, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.rows, 0);
    assert_int_equal(answer.broken_at, -1);
    for (int i = 0; i < 5; i++) {
        char actor[24], target[24];
        snprintf(actor, sizeof actor, "user:%d", i);
        snprintf(target, sizeof target, "A-%d", i);
        commit(fixture, store_action_new(fixture->store, actor, "ack", target, "{\"note\":\"夜班\"}"));
        assert_true(answer.ok);
    }
    check_audit(fixture);
    if (strcmp(fixture->engine, "memory") != 0) {
        fixture_reopen(fixture);
        check_audit(fixture);
    }
}

/* ---- alerts ---- */

static struct store_alert alert_of(int64_t number, msec raised_at, msec closed_at)
{
    static const char *const words[] = {"rule", "温度过高", "temperature", "", "x"};
    struct store_alert alert = {0};
    int next = 0;
#define X(member) alert.member = 100 + next++;
    STORE_ALERT_NUMBERS(X)
#undef X
#define X(member) alert.member = words[next++ % 5];
    STORE_ALERT_TEXTS(X)
#undef X
    alert.number = number;
    alert.fingerprint = number % 2 ? -77 : INT64_MAX;
    alert.raised_at = alert.pending_since = raised_at;
    alert.closed_at = closed_at;
    alert.value = 31.5;
    alert.threshold = 0.0 / 0.0;
    return alert;
}

static void assert_alert(const struct store_alert *got, const struct store_alert *expected)
{
#define X(member) assert_int_equal(got->member, expected->member);
    STORE_ALERT_NUMBERS(X)
#undef X
#define X(member) assert_string_equal(got->member, expected->member);
    STORE_ALERT_TEXTS(X)
#undef X
    assert_true(got->value == expected->value);
    assert_true(got->threshold != got->threshold);
}

static struct {
    unsigned alerts, events;
    int64_t numbers[8];
    struct store_alert_event event[8];
    char texts[8][64];
    struct store_alert first_expected;
} seen;

static void see_alert(void *owner, const struct store_alert *alert)
{
    (void)owner;
    if (seen.alerts == 0 && seen.first_expected.number)
        assert_alert(alert, &seen.first_expected);
    seen.numbers[seen.alerts++] = alert->number;
}

static void see_event(const struct store_alert_event *event)
{
    seen.event[seen.events] = *event;
    snprintf(seen.texts[seen.events++], sizeof seen.texts[0], "%s|%s|%s", event->actor, event->verb, event->text);
}

static void see_history(void *owner, const struct store_alert_event *events, size_t event_count,
                        const struct store_alert *alerts, size_t alert_count, const struct error *error)
{
    answer_start(owner, 0, error);
    for (size_t i = 0; i < event_count; i++)
        see_event(&events[i]);
    for (size_t i = 0; i < alert_count; i++)
        see_alert(NULL, &alerts[i]);
}

static void see_alerts_at(void *owner, const struct store_alert *alerts, const struct store_alert_event *events,
                          size_t count, const struct store_alert_event *people, size_t people_count, const struct error *error)
{
    answer_start(owner, count, error);
    for (size_t i = 0; i < count; i++) {
        see_alert(NULL, &alerts[i]);
        see_event(&events[i]);
    }
    for (size_t i = 0; i < people_count; i++)
        see_event(&people[i]);
}

static void see_nothing(void)
{
    memset(&seen, 0, sizeof seen);
    memset(&answer, 0, sizeof answer);
}

static void check_alerts(struct fixture *fixture)
{
    struct error error = {0};
    see_nothing();
    seen.first_expected = alert_of(2, NOON + 50, CLOCK_NEVER);
    assert_true(store_load(fixture->store, &(struct store_load_ops){.alert = see_alert, .alerts_since = NOON + 900}, NULL,
                           &error));
    assert_int_equal(seen.alerts, 2); /* 1 was closed before, 3 is open */
    assert_int_equal(seen.numbers[1], 3);

    see_nothing();
    store_alert_history(fixture->store, 1, -77, NOON - SPAN_DAY, 10, see_history, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(seen.alerts, 2);
    assert_int_equal(seen.numbers[0], 3);
    assert_int_equal(seen.events, 3);
    assert_string_equal(seen.texts[0], "system|raise|");
    assert_string_equal(seen.texts[1], "user:wang|ack|在看");
    assert_string_equal(seen.texts[2], "user:wang|close|换了传感器");
    assert_int_equal(seen.event[1].state, 5);
    see_nothing();
    store_alert_history(fixture->store, 9, -77, NOON + 200, 1, see_history, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(seen.alerts + seen.events, 1);

    see_nothing();
    store_alerts_at(fixture->store, NOON + 700, see_alerts_at, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 2);
    assert_int_equal(seen.numbers[0], 1);
    assert_string_equal(seen.texts[0], "user:wang|ack|在看");
    assert_int_equal(seen.numbers[1], 2);
    assert_int_equal(seen.events, 3);
    assert_string_equal(seen.texts[2], "user:wang|ack|在看"); /* what people did by then; not the close to come */
    see_nothing();
    store_alerts_at(fixture->store, NOON + 800, see_alerts_at, &answer); /* the moment 1 was closed */
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 1);
    see_nothing();
    store_alerts_at(fixture->store, NOON - 1, see_alerts_at, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 0);
}

static void put_alert(struct store_action *action, const struct store_alert *alert, msec time, const char *actor,
                      const char *verb, const char *text, int64_t state)
{
    struct store_alert_event event = {alert->number, time, actor, verb, text, state};
    store_action_alert(action, alert);
    store_action_alert_event(action, &event);
}

static void test_alerts(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    struct store_alert first = alert_of(1, NOON, CLOCK_NEVER), second = alert_of(2, NOON + 50, CLOCK_NEVER),
                       third = alert_of(3, NOON + 1000, CLOCK_NEVER);
    struct store_action *action = store_action_new(fixture->store, "system", "alerts", "", "");
    store_action_quiet(action);
    put_alert(action, &second, NOON + 50, "system", "raise", "", 1);
    put_alert(action, &first, NOON, "system", "raise", "", 1);
    commit(fixture, action);
    assert_true(answer.ok);
    action = store_action_new(fixture->store, "user:wang", "ack", "1", "");
    first.revision++;
    put_alert(action, &first, NOON + 600, "user:wang", "ack", "在看", 5);
    commit(fixture, action);
    assert_true(answer.ok);
    first.closed_at = NOON + 800;
    action = store_action_new(fixture->store, "user:wang", "close", "1", "");
    put_alert(action, &first, NOON + 800, "user:wang", "close", "换了传感器", 9);
    put_alert(action, &third, NOON + 1000, "system", "raise", "", 1);
    commit(fixture, action);
    assert_true(answer.ok);
    assert_int_equal(audit_count(fixture), 2); /* the machine's own doing leaves none */
    check_alerts(fixture);
    if (strcmp(fixture->engine, "memory") != 0) {
        fixture_reopen(fixture);
        check_alerts(fixture);
    }
    action = store_action_new(fixture->store, "system", "alerts", "", "");
    store_action_alert_remove(action, 2);
    commit(fixture, action);
    assert_true(answer.ok);
    see_nothing();
    store_alerts_at(fixture->store, NOON + 700, see_alerts_at, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 1);
}

/* Many at once, answered in order. */
static int answered[200], answered_count;
static void note_answer(void *owner, const struct error *error)
{
    assert_null(error);
    answered[answered_count++] = (int)(intptr_t)owner;
}

static void test_many_actions(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture);
    answered_count = 0;
    for (int i = 0; i < 200; i++)
        store_action_commit(store_action_new(fixture->store, "system", "tick", "", ""), note_answer, (void *)(intptr_t)i);
    fixture_close(fixture); /* closing answers what is under way */
    assert_int_equal(answered_count, 200);
    for (int i = 0; i < 200; i++)
        assert_int_equal(answered[i], i);
}

static void test_status(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fixture_open(fixture);
    store_status(fixture->store, &status);
    assert_string_equal(status.engine, strncmp(fixture->engine, "postgres", 8) == 0 ? "postgresql" : fixture->engine);
    assert_true(status.writable);
    assert_string_equal(status.problem, "");
    assert_int_equal(status.oldest_queued, CLOCK_NEVER);
    store_reading(fixture->store, 1, 1, NOON, 1);
    put_state(fixture, 1, NOON, HEALTH_OK);
    store_status(fixture->store, &status);
    assert_int_equal(status.queued, 2);
    assert_int_equal(status.oldest_queued, NOON);
    fixture_settle(fixture);
    commit(fixture, store_action_new(fixture->store, "system", "tick", "", ""));
    store_status(fixture->store, &status);
    assert_int_equal(status.readings_written, 1);
    assert_int_equal(status.states_written, 1);
    assert_int_equal(status.actions_written, 1);
    assert_true(status.bytes > 0);
    assert_true(status.commit_p99 >= status.commit_p50 && status.commit_p99 > 0);
}

/* The clock jumps back an hour and ahead a day while readings come in; each keeps the time it carries. */
static void test_clock_jumps(void **state)
{
    struct fixture *fixture = *state;
    const msec jumps[] = {0, -SPAN_HOUR, SPAN_DAY, 0};
    fixture_open(fixture);
    for (int i = 0; i < 4; i++) {
        clock_fake(NOON + jumps[i], 0);
        store_reading(fixture->store, 1, 1, NOON + jumps[i] + i, i);
        put_state(fixture, 1, NOON + jumps[i] + i, i % 2 ? HEALTH_OFFLINE : HEALTH_OK);
        fixture_settle(fixture);
    }
    read_readings(fixture, 1, NOON - SPAN_DAY, NOON + 2 * SPAN_DAY, 0);
    assert_int_equal(answer.count, 4);
    assert_true(answer.readings[0].value == 2 && answer.readings[1].value == 3);
    read_states(fixture, 1, NOON - SPAN_DAY, NOON + 2 * SPAN_DAY);
    assert_int_equal(answer.count, 2); /* what lay after a jump back was replaced */
    assert_int_equal(answer.intervals[0].state.from, NOON - SPAN_HOUR + 1);
    assert_int_equal(answer.intervals[1].state.from, NOON + 3);
}

static int setup(void **state)
{
    clock_fake(NOON, 0);
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
        EACH(test_readings),    EACH(test_refused_times), EACH(test_series),    EACH(test_states),
        EACH(test_late_state), EACH(test_strange_states),  EACH(test_last_at),       EACH(test_load),      EACH(test_revisions),
        EACH(test_idempotency), EACH(test_audit),         EACH(test_many_actions), EACH(test_status),
        EACH(test_clock_jumps), EACH(test_alerts),
    };
    return ENGINES_RUN(tests, "memory", "sqlite", "postgresql");
}

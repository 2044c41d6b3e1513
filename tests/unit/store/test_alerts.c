/* Alerts and timelines in each engine: rows are replaced, removed, filtered by age; what was open at an instant. */
#include <math.h>

#include "each_engine.h"

#define T0 INT64_C(1795230000000)

struct told { bool given; size_t alerts, events; int64_t numbers[16]; char verbs[16][24]; int64_t states[16]; struct store_alert first; char summary[64]; };

static struct store_alert row_of(int64_t number, msec raised, msec closed)
{
    struct store_alert row = {.number = number, .fingerprint = -7, .asset = 3, .closed_at = closed, .pending_since = raised,
                              .raised_at = raised, .cleared_at = CLOCK_NEVER, .revision = 2, .suppression = 5, .value = 31.25,
                              .threshold = NAN};
#define X(member) row.member = "";
    STORE_ALERT_TEXTS(X)
#undef X
    row.summary = "31.2 超过 30";
    row.rule = "hot";
    return row;
}

static struct store_alert_event event_of(int64_t number, msec time, const char *verb, int64_t state)
{
    return (struct store_alert_event){number, time, "rule", verb, "", state};
}

static void commit(struct fixture *fixture, struct store_action *action)
{
    static struct answer answer;
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
}

static struct store_action *machine(struct fixture *fixture)
{
    struct store_action *action = store_action_new(fixture->store, "system", "alerts", "", "");
    store_action_quiet(action);
    return action;
}

static void fill(struct fixture *fixture)
{
    struct store_action *action = machine(fixture);
    struct store_alert rows[] = {row_of(1, T0, CLOCK_NEVER), row_of(2, T0 + 1000, T0 + 5000), row_of(3, T0 + 9000, CLOCK_NEVER)};
    struct store_alert_event events[] = {event_of(1, T0, "raised", 10), event_of(2, T0 + 1000, "raised", 20),
                                         event_of(1, T0 + 2000, "acknowledged", 11), event_of(2, T0 + 5000, "closed", 21),
                                         event_of(3, T0 + 9000, "raised", 30)};
    for (size_t i = 0; i < 3; i++)
        store_action_alert(action, &rows[i]);
    for (size_t i = 0; i < 5; i++)
        store_action_alert_event(action, &events[i]);
    commit(fixture, action);
}

static void loaded(void *owner, const struct store_alert *alert)
{
    struct told *told = owner;
    if (told->alerts == 0) {
        told->first = *alert;
        snprintf(told->summary, sizeof told->summary, "%s", alert->summary);
    }
    told->numbers[told->alerts++] = alert->number;
}

static struct told load(struct fixture *fixture, msec since)
{
    struct told told = {0};
    struct store_load_ops ops = {.alert = loaded, .alerts_since = since};
    struct error error;
    assert_true(store_load(fixture->store, &ops, &told, &error));
    return told;
}

static void rows_come_back(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct told told = load(fixture, T0 + 6000);
    assert_int_equal(told.alerts, 2); /* the one closed before is left out */
    assert_int_equal(told.numbers[0], 1);
    assert_int_equal(told.numbers[1], 3);
    assert_int_equal(told.first.fingerprint, -7);
    assert_int_equal(told.first.closed_at, CLOCK_NEVER);
    assert_true(told.first.value == 31.25 && isnan(told.first.threshold));
    assert_string_equal(told.summary, "31.2 超过 30");
    assert_int_equal(load(fixture, T0).alerts, 3);
    struct store_action *action = machine(fixture);
    struct store_alert changed = row_of(1, T0, CLOCK_NEVER);
    changed.revision = 3;
    store_action_alert(action, &changed);
    store_action_alert_remove(action, 3);
    commit(fixture, action);
    told = load(fixture, T0 + 6000);
    assert_int_equal(told.alerts, 1);
    assert_int_equal(told.first.revision, 3);
}

static void history_told(void *owner, const struct store_alert_event *events, size_t event_count,
                         const struct store_alert *alerts, size_t alert_count, const struct error *error)
{
    struct told *told = owner;
    assert_null(error);
    for (size_t i = 0; i < event_count; i++)
        snprintf(told->verbs[i], sizeof told->verbs[i], "%s", events[i].verb);
    for (size_t i = 0; i < alert_count; i++)
        told->numbers[i] = alerts[i].number;
    told->events = event_count;
    told->alerts = alert_count;
    told->given = true;
}

static void past_told(void *owner, const struct store_alert *alerts, const struct store_alert_event *events, size_t count,
                      const struct store_alert_event *people, size_t people_count, const struct error *error)
{
    struct told *told = owner;
    assert_null(error);
    for (size_t i = 0; i < count; i++) {
        told->numbers[i] = alerts[i].number;
        told->states[i] = events[i].state;
    }
    for (size_t i = 0; i < people_count; i++)
        assert_non_null(strchr(people[i].actor, ':'));
    told->alerts = count;
    told->events = people_count;
    told->given = true;
}

static void wait_for(struct fixture *fixture, const struct told *told)
{
    while (!told->given)
        uv_run(&fixture->loop, UV_RUN_ONCE);
}

static void timelines(void **state)
{
    struct fixture *fixture = *state;
    struct told told = {0};
    fill(fixture);
    store_alert_history(fixture->store, 1, -7, T0 + 500, 10, history_told, &told);
    wait_for(fixture, &told);
    assert_int_equal(told.events, 2);
    assert_string_equal(told.verbs[1], "acknowledged");
    assert_int_equal(told.alerts, 2);
    assert_int_equal(told.numbers[0], 3); /* newest first; the first was raised before `since` */
}

static struct told at(struct fixture *fixture, msec when)
{
    struct told told = {0};
    store_alerts_at(fixture->store, when, past_told, &told);
    wait_for(fixture, &told);
    return told;
}

static void time_machine(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_int_equal(at(fixture, T0 - 1).alerts, 0);
    struct told told = at(fixture, T0 + 1500);
    assert_int_equal(told.alerts, 2);
    assert_int_equal(told.states[0], 10);
    told = at(fixture, T0 + 5000);
    assert_int_equal(told.alerts, 1);
    assert_int_equal(told.states[0], 11);
    assert_int_equal(at(fixture, T0 + 10000).alerts, 2);
}

static void machines_leave_no_audit(void **state)
{
    struct fixture *fixture = *state;
    static struct answer answer;
    fill(fixture);
    memset(&answer, 0, sizeof answer);
    store_audit(fixture->store, 0, 10, answer_audit, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.count, 0);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {EACH(rows_come_back), EACH(timelines), EACH(time_machine), EACH(machines_leave_no_audit)};
    return ENGINES_RUN(tests, "memory", "sqlite", "postgresql");
}

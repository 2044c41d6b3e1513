/* Causes and symptoms: what lies behind a dead gateway, storms, re-ranking by hand; the fleet's verdicts as alerts (R019,
 * R021, R030). */
#include "desk.h"

#define CHILDREN 44

/* Two gateways of 44 terminals, each asset with a period of a minute. */
static int begin(void **state)
{
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,parent,building,period\nGW-A,网关甲,gateway,gateway,,涵英楼,1m\n"
                             "GW-B,网关乙,gateway,gateway,,涵英楼,1m\n");
    for (int i = 0; i < 2 * CHILDREN; i++)
        buffer_printf(&csv, "T-%02d,终端%02d,terminal,temperature,GW-%c,涵英楼,1m\n", i, i, i < CHILDREN ? 'A' : 'B');
    struct night *night = night_new(buffer_text(&csv), NULL);
    buffer_release(&csv);
    night_judges(night);
    *state = night;
    return 0;
}

static void speak(struct night *night, int first, int last)
{
    for (int i = first; i < last; i++) {
        char id[16];
        snprintf(id, sizeof id, "T-%02d", i);
        world_say(night->world, id, i < CHILDREN ? "GW-A" : "GW-B", "t", 20);
    }
}

static const struct alert *cause_of_all(struct desk *desk)
{
    const struct alert *const *rows;
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    return rows[0];
}

static void test_dead_gateway(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert row;
    speak(night, 0, 2 * CHILDREN);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    const struct alert *cause = cause_of_all(desk);
    alerts_wire(desk->alerts, cause, NULL, &row);
    assert_string_equal(row.name, "gateway offline"); /* R019 */
    assert_string_equal(row.type, "communication");
    assert_int_equal(row.severity, SEVERITY_CRITICAL);
    assert_non_null(strstr(row.summary, "not-reached"));
    assert_int_equal(row.symptoms, CHILDREN);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], CHILDREN);
    assert_int_equal(desk->told[NOTICE_RAISE], 1); /* one, not 45 */
    assert_int_equal(desk_queue(desk, "state:dependency", true, &rows, NULL), CHILDREN);
    alerts_wire(desk->alerts, rows[0], NULL, &row);
    assert_string_equal(row.cause, alert_id(cause));
    assert_string_equal(row.gateway, "GW-A");
    assert_string_equal(row.name, "comm silent"); /* R030 */

    desk_settle(desk); /* and all of it after a restart */
    alerts_health_free(&desk->health);
    desk_close(desk);
    desk_open(desk, night->world, &(struct alerts_options){.language = "zh_CN"});
    /* A Chinese site finds it by the name that its people see, and by the stored one. */
    assert_int_equal(desk_queue(desk, "name:网关离线", true, &rows, NULL), 1);
    assert_int_equal(desk_queue(desk, "name:\"gateway offline\"", true, &rows, NULL), 1);
    assert_int_equal(desk_queue(desk, "name~讯异", true, &rows, NULL), CHILDREN);
    assert_int_equal(desk_queue(desk, "通讯异常", true, &rows, NULL), CHILDREN);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    cause = cause_of_all(desk);
    alerts_wire(desk->alerts, cause, NULL, &row);
    assert_int_equal(row.symptoms, CHILDREN);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);

    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, CHILDREN);
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);
    desk_queue(desk, "", false, &rows, &counts); /* symptoms nobody was told of close by themselves */
    assert_int_equal(counts.by_state[ALERT_CLOSED], CHILDREN);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 0);
    assert_state(cause, ALERT_CLEARED_UNACKNOWLEDGED);
}

/* The gateway returns, two terminals do not: after a period of grace and their timeout they speak for themselves. */
static void test_left_behind(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    speak(night, 0, CHILDREN);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    desk_pass(desk, 10 * SPAN_MINUTE);
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 2, CHILDREN);
    assert_int_equal(desk_queue(desk, "state:dependency", true, &rows, NULL), 2); /* in their grace */
    desk_pass(desk, SPAN_MINUTE + SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "rule:terminal-no-data", false, &rows, NULL), 2);
    assert_state(rows[0], ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], 3);
}

/* Half of a gateway's terminals fall silent while the gateway itself answers: one storm. */
static void test_storm(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct wire_alert row;
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, 2 * CHILDREN);
    for (int i = 0; i < 8; i++) {
        desk_pass(desk, 30 * SPAN_SECOND);
        speak(night, 22, 2 * CHILDREN);
    }
    assert_int_equal(desk_queue(desk, "rule:storm-gateway", false, &rows, NULL), 1);
    const struct alert *storm = rows[0];
    alerts_wire(desk->alerts, storm, NULL, &row);
    assert_string_equal(row.asset, "GW-A");
    assert_int_equal(row.symptoms, 22);
    assert_int_equal(desk->told[NOTICE_STORM], 1);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    speak(night, 0, 12); /* most return; the rest speak for themselves */
    assert_int_equal(alert_life(storm)->condition, CONDITION_ACTIVE);
    speak(night, 12, 16);
    assert_int_equal(alert_life(storm)->condition, CONDITION_CLEARED);
    unsigned told = desk->told[NOTICE_RAISE];
    assert_int_equal(desk_queue(desk, "state:unacknowledged rule:terminal-no-data", false, &rows, NULL), 0);
    desk_pass(desk, 30 * SPAN_SECOND);
    speak(night, 16, 2 * CHILDREN - 1); /* stragglers, within their period, are nobody's news */
    speak(night, 0, 16);
    desk_pass(desk, 31 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "state:unacknowledged rule:terminal-no-data", false, &rows, NULL), 0);
    assert_int_equal(desk->told[NOTICE_RAISE], told);
}

/* Six of a storm stay silent: after a period they speak for themselves. */
static void test_storm_leaves_some(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, 2 * CHILDREN);
    for (int i = 0; i < 8; i++) {
        desk_pass(desk, 30 * SPAN_SECOND);
        speak(night, 22, 2 * CHILDREN);
    }
    speak(night, 0, 16);
    assert_int_equal(alert_life(desk_only(desk, "rule:storm-gateway"))->condition, CONDITION_CLEARED);
    desk_pass(desk, 50 * SPAN_SECOND);
    speak(night, 0, 16);
    speak(night, 22, 2 * CHILDREN);
    desk_pass(desk, 11 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "state:unacknowledged rule:terminal-no-data", false, &rows, NULL), 6);
}

/* A storm goes on over a restart: it takes in who falls silent later, and ends when they return. */
static void test_storm_over_restart(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, 2 * CHILDREN);
    for (int i = 0; i < 8; i++) {
        desk_pass(desk, 30 * SPAN_SECOND);
        speak(night, 22, 2 * CHILDREN);
    }
    desk_settle(desk);
    alerts_health_free(&desk->health);
    desk_close(desk);
    desk_open(desk, night->world, NULL);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    assert_int_equal(desk_queue(desk, "rule:storm-gateway", false, &rows, NULL), 1);
    const struct alert *storm = rows[0];
    assert_int_equal(alert_symptoms(desk->alerts, storm, NULL, 0), 22);
    for (int i = 0; i < 8; i++) {
        desk_pass(desk, 30 * SPAN_SECOND);
        speak(night, 24, 2 * CHILDREN);
    }
    assert_int_equal(alert_symptoms(desk->alerts, storm, NULL, 0), 24);
    assert_int_equal(desk->told[NOTICE_RAISE] + desk->told[NOTICE_STORM], 0);
    speak(night, 0, 24);
    assert_int_equal(alert_life(storm)->condition, CONDITION_CLEARED);
    assert_int_equal(alert_symptoms(desk->alerts, storm, NULL, 0), 0);
}

/* Nine of 44 are under the ten, and under 30 %. */
static void test_no_storm(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    speak(night, 0, 2 * CHILDREN);
    for (int i = 0; i < 8; i++) {
        desk_pass(desk, 30 * SPAN_SECOND);
        speak(night, 9, 2 * CHILDREN);
    }
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 9);
    assert_int_equal(desk->told[NOTICE_STORM], 0);
}

/* A rule's alert on a terminal that is behind a dead gateway is folded too, also one raised before. */
static void test_rules_behind(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    speak(night, 0, CHILDREN);
    desk_breach(desk, "hot", "T-01", SEVERITY_MAJOR);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    desk_breach(desk, "hot", "T-02", SEVERITY_MAJOR);
    assert_int_equal(desk_queue(desk, "rule:hot state:dependency", true, &rows, NULL), 2);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, CHILDREN);
    assert_int_equal(desk_queue(desk, "rule:hot", false, &rows, NULL), 2); /* they go on, and are told of */
    assert_int_equal(desk->told[NOTICE_RAISE], 4);
}

static void test_by_hand(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    desk_breach(desk, "power", "GW-A", SEVERITY_CRITICAL);
    desk_breach(desk, "hot", "T-01", SEVERITY_MAJOR);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0002", -1, "A-20261121-0001", CLOCK_NEVER), 200);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    assert_int_equal(alert_symptoms(desk->alerts, rows[0], NULL, 0), 1);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0001", -1, "A-20261121-0002", CLOCK_NEVER), 422);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0002", -1, "", CLOCK_NEVER), 200);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 2);
}

/* A cause that is still active is not closed over the heads of its symptoms; with them it is. */
static void test_close_a_cause(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    speak(night, 0, CHILDREN);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    char id[ALERT_ID];
    snprintf(id, sizeof id, "%s", alert_id(cause_of_all(desk)));
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", id, -1, "nobody there", CLOCK_NEVER), 422);
    assert_non_null(strstr(desk->details[0], "44 that are still active"));
    assert_state(cause_of_all(desk), ALERT_UNACKNOWLEDGED);

    uint32_t count = desk_queue(desk, "", true, &rows, NULL);
    const char *ids[CHILDREN + 1];
    assert_int_equal(count, CHILDREN + 1);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = memory_text(alert_id(rows[i]));
    struct alert_request request = {.verb = ALERT_CLOSE, .actor = "user:wang", .text = "dismantled", .until = CLOCK_NEVER};
    unsigned before = desk->answers;
    alerts_act(desk->alerts, &request, ids, NULL, count, desk_answered, desk); /* the cause is the first of them */
    desk_wait(desk, before + 1);
    for (int i = 0; i < 8; i++)
        assert_int_equal(desk->outcomes[i].status, 200);
    struct alert_counts counts;
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 0);
    assert_int_equal(counts.by_state[ALERT_CLOSED], CHILDREN + 1);
    for (uint32_t i = 0; i < count; i++)
        free((char *)(uintptr_t)ids[i]);
}

/* The cause by hand ends: after a period of its own the symptom stands for itself. */
static void test_cause_by_hand_ends(void **state)
{
    struct desk *desk = &((struct night *)*state)->desk;
    const struct alert *const *rows;
    desk_breach(desk, "power", "GW-A", SEVERITY_CRITICAL);
    desk_breach(desk, "hot", "T-01", SEVERITY_MAJOR);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0002", -1, "A-20261121-0001", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", "A-20261121-0001", -1, "why", CLOCK_NEVER), 422);
    unsigned told = desk->told[NOTICE_RAISE];
    desk_normal(desk, "power", "GW-A");
    desk_pass(desk, 30 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "state:dependency", true, &rows, NULL), 1);
    desk_pass(desk, 31 * SPAN_SECOND);
    assert_state(desk_only(desk, "rule:hot"), ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], told + 1);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0002", -1, "A-20261121-0001", CLOCK_NEVER), 422); /* it is over */
}

/* The same when the cause ended while nobody watched, and when its rule is removed. */
static void test_cause_rule_gone(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    desk_breach(desk, "power", NULL, SEVERITY_CRITICAL);
    desk_breach(desk, "hot", NULL, SEVERITY_MAJOR);
    desk_breach(desk, "wet", NULL, SEVERITY_MAJOR);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0002", -1, "A-20261121-0001", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_CAUSE, "user:wang", "A-20261121-0003", -1, "A-20261121-0002", CLOCK_NEVER), 200);
    alerts_rule_gone(desk->alerts, "rule", "power", "the rule was removed");
    desk_settle(desk); /* the restart comes before the desk's next turn */
    alerts_health_free(&desk->health);
    desk_close(desk);
    desk_open(desk, night->world, NULL);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    desk_pass(desk, SPAN_SECOND);
    assert_state(desk_only(desk, "rule:hot"), ALERT_UNACKNOWLEDGED);
    assert_state(desk_only(desk, "rule:wet"), ALERT_DEPENDENCY); /* its own cause stands */
    alerts_rule_gone(desk->alerts, "rule", "hot", "the rule was removed");
    desk_pass(desk, SPAN_SECOND);
    assert_state(desk_only(desk, "rule:wet"), ALERT_UNACKNOWLEDGED);
}

/* The gateway stays down but for another reason: its terminals follow the new alert, and nobody is told of them. */
static void test_cause_changes(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct wire_alert row;
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, CHILDREN);
    desk_breach(desk, "power", "GW-A", SEVERITY_CRITICAL);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    alerts_wire(desk->alerts, desk_only(desk, "rule:gateway-offline"), NULL, &row);
    assert_int_equal(row.symptoms, CHILDREN);
    unsigned told = desk->told[NOTICE_RAISE];
    alerts_rule_gone(desk->alerts, "health", "gateway-offline", "the rule was removed");
    desk_pass(desk, SPAN_SECOND);
    alerts_wire(desk->alerts, desk_only(desk, "rule:power"), NULL, &row);
    assert_int_equal(row.symptoms, CHILDREN);
    assert_int_equal(desk->told[NOTICE_RAISE], told);
    desk_normal(desk, "power", "GW-A"); /* down, but nothing says so any more: the terminals do */
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "rule:terminal-no-data state:unacknowledged", false, &rows, NULL), CHILDREN);
}

/* Silencing a cause silences its story, and swallows nothing: what still stands when it ends is told of. */
static void test_cause_silenced(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    speak(night, 0, CHILDREN);
    desk_breach(desk, "hot", "T-01", SEVERITY_MAJOR);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    const struct alert *cause = desk_only(desk, "rule:gateway-offline");
    assert_int_equal(desk_act(desk, ALERT_SHELVE, "user:wang", alert_id(cause), -1, "known", NOON + night->world->steady + SPAN_HOUR), 200);
    unsigned told = desk->told[NOTICE_RAISE];
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 0);
    assert_int_equal(counts.hidden[ALERT_SHELVED], 1);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], CHILDREN + 1);
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    speak(night, 0, CHILDREN);
    desk_pass(desk, 2 * SPAN_SECOND);
    assert_state(desk_only(desk, "rule:hot"), ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], told + 1);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 0);
}

/* A gateway taken out of service takes its terminals with it: they stay folded, and come back with it. */
static void test_cause_out_of_service(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    speak(night, 0, CHILDREN);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    unsigned told = desk->told[NOTICE_RAISE];
    world_ledger(night->world, "id,name,kind,class,building,period,status\nGW-A,网关甲,gateway,gateway,涵英楼,1m,maintenance\n");
    desk_pass(desk, 2 * SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 0);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], CHILDREN);
    assert_int_equal(desk->told[NOTICE_RAISE], told);
}

/* The wrong alert was closed: taken back, it stands where it stood; one whose end was seen meanwhile has cleared. */
static void test_close_taken_back(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    speak(night, 0, CHILDREN);
    desk_breach(desk, "hot", "T-01", SEVERITY_MAJOR);
    const char *id = "A-20261121-0001";
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", id, -1, "on it", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_REOPEN, "user:wang", id, -1, "", CLOCK_NEVER), 422);
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", id, -1, "the wrong one", CLOCK_NEVER), 200);
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
    desk_pass(desk, SPAN_SECOND);
    desk_settle(desk);
    assert_int_equal(desk_act(desk, ALERT_REOPEN, "user:wang", id, -1, "", CLOCK_NEVER), 200);
    assert_state(alerts_find(desk->alerts, id), ALERT_ACKNOWLEDGED);
    assert_int_equal(alert_life(alerts_find(desk->alerts, id))->cleared_at, CLOCK_NEVER);
    assert_int_equal(desk_act(desk, ALERT_UNACK, "user:wang", id, -1, "", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", id, -1, "the wrong one", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(desk, ALERT_REOPEN, "user:wang", id, -1, "", CLOCK_NEVER), 200);
    assert_state(alerts_find(desk->alerts, id), ALERT_UNACKNOWLEDGED);

    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", id, -1, "the wrong one", CLOCK_NEVER), 200);
    desk_pass(desk, SPAN_SECOND);
    assert_true(alerts_known(desk->alerts, desk_print(desk, "hot", "T-01")));
    desk_normal(desk, "hot", "T-01"); /* it ends while closed */
    assert_int_equal(desk_act(desk, ALERT_REOPEN, "user:wang", id, -1, "", CLOCK_NEVER), 200);
    assert_state(alerts_find(desk->alerts, id), ALERT_CLEARED_UNACKNOWLEDGED);
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", id, -1, "seen", CLOCK_NEVER), 200); /* closes */
    assert_state(alerts_find(desk->alerts, id), ALERT_CLOSED);
    assert_int_equal(desk_act(desk, ALERT_UNACK, "user:wang", id, -1, "", CLOCK_NEVER), 200); /* the undo of that */
    assert_state(alerts_find(desk->alerts, id), ALERT_CLEARED_UNACKNOWLEDGED);
}

/* Taken back while its gateway has died: it comes back under the gateway's alert. */
static void test_reopened_behind(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    speak(night, 0, CHILDREN);
    desk_breach(desk, "hot", "T-01", SEVERITY_MAJOR);
    assert_int_equal(desk_act(desk, ALERT_CLOSE, "user:wang", "A-20261121-0001", -1, "the wrong one", CLOCK_NEVER), 200);
    world_link(night->world, &night->world->probe, "GW-A", LINK_DOWN);
    assert_int_equal(desk_act(desk, ALERT_REOPEN, "user:wang", "A-20261121-0001", -1, "", CLOCK_NEVER), 200);
    assert_state(alerts_find(desk->alerts, "A-20261121-0001"), ALERT_DEPENDENCY);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dead_gateway, begin, night_end),
        cmocka_unit_test_setup_teardown(test_left_behind, begin, night_end),
        cmocka_unit_test_setup_teardown(test_storm, begin, night_end),
        cmocka_unit_test_setup_teardown(test_storm_leaves_some, begin, night_end),
        cmocka_unit_test_setup_teardown(test_storm_over_restart, begin, night_end),
        cmocka_unit_test_setup_teardown(test_no_storm, begin, night_end),
        cmocka_unit_test_setup_teardown(test_rules_behind, begin, night_end),
        cmocka_unit_test_setup_teardown(test_by_hand, begin, night_end),
        cmocka_unit_test_setup_teardown(test_close_taken_back, begin, night_end),
        cmocka_unit_test_setup_teardown(test_reopened_behind, begin, night_end),
        cmocka_unit_test_setup_teardown(test_close_a_cause, begin, night_end),
        cmocka_unit_test_setup_teardown(test_cause_by_hand_ends, begin, night_end),
        cmocka_unit_test_setup_teardown(test_cause_rule_gone, begin, night_end),
        cmocka_unit_test_setup_teardown(test_cause_changes, begin, night_end),
        cmocka_unit_test_setup_teardown(test_cause_silenced, begin, night_end),
        cmocka_unit_test_setup_teardown(test_cause_out_of_service, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

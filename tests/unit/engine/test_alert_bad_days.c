/* Bad days of the desk itself (issue 3): a million duplicates, a severity that flaps. Others have tests of their own: storms,
 * restarts and clocks in test_alert_storms, test_alerts, test_alert_flapping; receivers in test_notify; rules in test_rules. */
#include "desk.h"

static int begin(void **state)
{
    *state = night_new("id,name,kind,class,parent,building,period\nGW-A,网关甲,gateway,gateway,,涵英楼,1m\nT-1,一,terminal,x,GW-A,涵英楼,1m\n", NULL);
    return 0;
}

/* One row, one message, all of them counted; memory and the store's queue do not grow with them. */
static void test_a_million_duplicates(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    struct alerts_status before, after;
    const struct alert *const *rows;
    desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    desk_settle(desk);
    alerts_status(desk->alerts, &before);
    for (int i = 0; i < 1000000; i++)
        desk_breach(desk, "hot", "T-1", SEVERITY_MAJOR);
    alerts_status(desk->alerts, &after);
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 1);
    assert_int_equal(alert_life(rows[0])->occurrences, 1000001);
    assert_int_equal(after.deduplicated - before.deduplicated, 1000000);
    assert_int_equal(after.memory, before.memory);
    assert_true(after.unwritten <= 1);
    assert_int_equal(desk->told[NOTICE_RAISE], 1);
    desk_normal(desk, "hot", "T-1");
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
}

/* Up and down between two severities: one alert, told when it is worse than it ever was, not each time; what a person said
 * to the worst of it holds. */
static void test_a_severity_that_flaps(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    for (int i = 0; i < 100; i++)
        desk_breach(desk, "hot", "T-1", i % 2 ? SEVERITY_CRITICAL : SEVERITY_MINOR);
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 1);
    assert_int_equal(alert_life(rows[0])->worst, SEVERITY_CRITICAL);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
    assert_int_equal(desk_act(desk, ALERT_ACK, "user:wang", alert_id(rows[0]), -1, "known", CLOCK_NEVER), 200);
    for (int i = 0; i < 100; i++)
        desk_breach(desk, "hot", "T-1", i % 2 ? SEVERITY_CRITICAL : SEVERITY_MINOR);
    assert_state(rows[0], ALERT_ACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
    desk_normal(desk, "hot", "T-1");
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_million_duplicates, begin, night_end),
        cmocka_unit_test_setup_teardown(test_a_severity_that_flaps, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

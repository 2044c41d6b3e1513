/* A gateway that comes and goes, then stays as it is: it counts as flapping, people are left alone, and it becomes a plain
 * alert again by itself, over a restart and over a clock that is set. */
#include "desk.h"

#define CHILDREN 12

static int begin(void **state)
{
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,parent,building,period\nGW-A,网关甲,gateway,gateway,,涵英楼,15m\n");
    for (int i = 0; i < CHILDREN; i++)
        buffer_printf(&csv, "T-%02d,终端%02d,terminal,temperature,GW-A,涵英楼,15m\n", i, i);
    struct night *night = night_new(buffer_text(&csv), NULL);
    buffer_release(&csv);
    night_judges(night);
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    *state = night;
    return 0;
}

/* Down and up every two minutes, as its probe finds it; ends with `last`. */
static void toggle(struct night *night, int times, enum link_state last)
{
    for (int i = times - 1; i >= 0; i--) {
        enum link_state link = i % 2 ? (last == LINK_DOWN ? LINK_UP : LINK_DOWN) : last;
        world_link(night->world, &night->world->probe, "GW-A", link);
        if (i)
            desk_pass(&night->desk, 2 * SPAN_MINUTE);
    }
    desk_pass(&night->desk, 100);
}

static const struct alert *gateway(struct night *night)
{
    return desk_only(&night->desk, "asset:GW-A");
}

static unsigned told(const struct night *night)
{
    return night->desk.told[NOTICE_RAISE] + night->desk.told[NOTICE_RESOLVE];
}

static void test_stays_dead(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    toggle(night, 15, LINK_DOWN);
    assert_state(gateway(night), ALERT_FLAPPING);
    assert_int_equal(desk->told[NOTICE_RAISE], desk->told[NOTICE_RESOLVE]); /* none is open for who was told */
    unsigned before = told(night);
    desk_pass(desk, 5 * SPAN_MINUTE);
    assert_state(gateway(night), ALERT_FLAPPING);
    assert_int_equal(told(night), before);
    desk_pass(desk, 15 * SPAN_MINUTE);
    assert_state(gateway(night), ALERT_UNACKNOWLEDGED); /* plain again, and said so */
    assert_int_equal(told(night), before + 1);
    assert_int_equal(desk->told[NOTICE_RAISE], desk->told[NOTICE_RESOLVE] + 1);
    world_link(night->world, &night->world->probe, "GW-A", LINK_UP);
    desk_pass(desk, SPAN_MINUTE);
    assert_int_equal(desk->told[NOTICE_RAISE], desk->told[NOTICE_RESOLVE]);
}

static void test_stays_well(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    toggle(night, 16, LINK_UP);
    assert_state(gateway(night), ALERT_FLAPPING);
    unsigned before = told(night);
    desk_pass(desk, 20 * SPAN_MINUTE);
    assert_state(gateway(night), ALERT_CLEARED_UNACKNOWLEDGED);
    assert_int_equal(told(night), before);
}

/* What was told before it flapped is taken back while it flaps: the end is never swallowed. */
static void test_told_before(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    toggle(night, 3, LINK_DOWN);
    assert_int_equal(desk->told[NOTICE_RAISE], 2);
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
    toggle(night, 10, LINK_UP);
    assert_int_equal(desk->told[NOTICE_RAISE], desk->told[NOTICE_RESOLVE]);
}

static void test_over_restart(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    toggle(night, 15, LINK_DOWN);
    desk_pass(desk, 5 * SPAN_MINUTE);
    desk_settle(desk);
    desk_close(desk);
    desk_open(desk, night->world, NULL);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    assert_state(gateway(night), ALERT_FLAPPING);
    desk_pass(desk, 4 * SPAN_MINUTE);
    assert_state(gateway(night), ALERT_FLAPPING);
    assert_int_equal(told(night), 0);
    desk_pass(desk, 11 * SPAN_MINUTE); /* no later than without the restart */
    assert_state(gateway(night), ALERT_UNACKNOWLEDGED);
    assert_int_equal(desk->told[NOTICE_RAISE], 1);
}

/* An hour on, or back: neither ends it nor makes it last. */
static void test_clock_is_set(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    toggle(night, 15, LINK_DOWN);
    night->world->set = SPAN_HOUR;
    desk_pass(desk, 4 * SPAN_MINUTE);
    assert_state(gateway(night), ALERT_FLAPPING);
    night->world->set = -SPAN_HOUR;
    desk_pass(desk, 16 * SPAN_MINUTE);
    assert_state(gateway(night), ALERT_UNACKNOWLEDGED);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stays_dead, begin, night_end),
        cmocka_unit_test_setup_teardown(test_stays_well, begin, night_end),
        cmocka_unit_test_setup_teardown(test_told_before, begin, night_end),
        cmocka_unit_test_setup_teardown(test_over_restart, begin, night_end),
        cmocka_unit_test_setup_teardown(test_clock_is_set, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Trends (R043): the slope comes out of noise, rhythm, clean-ups and outages; the interval holds the truth as often as it
 * says; too little is said to be too little. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/trend.h"

#define NOW INT64_C(1795201920000)

static uint64_t seed = 88172645463325252u;
static double noise(void) /* even, -1..1 */
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / (double)(UINT64_C(1) << 52) - 1.0;
}

struct made { double start, slope, noise, daily, weekly; };

/* Hourly points of `days` up to NOW. */
static size_t make(struct trend_point *points, unsigned days, const struct made *made)
{
    size_t count = (size_t)days * 24;
    for (size_t i = 0; i < count; i++) {
        points[i].time = NOW - (msec)(count - 1 - i) * SPAN_HOUR;
        double age = (double)i / 24;
        time_t seconds = points[i].time / 1000;
        struct tm local;
        localtime_r(&seconds, &local);
        points[i].value = made->start + made->slope * age + made->noise * noise() +
                          made->daily * sin(local.tm_hour * M_PI / 12) + (local.tm_wday % 6 == 0 ? made->weekly : 0);
    }
    return count;
}

static void test_a_straight_line(void **state)
{
    (void)state;
    struct trend_point points[24 * 10];
    struct trend trend;
    struct trend_reach reach;
    struct error error = {0};
    size_t count = make(points, 10, &(struct made){.start = 70, .slope = 1.5});
    assert_true(trend_fit(points, count, &trend, &error));
    assert_float_equal(trend.slope, 1.5, 0.001);
    assert_float_equal(trend.level, points[count - 1].value, 0.01);
    trend_reach(&trend, 100, &reach);
    assert_true(reach.rising && reach.certain);
    double days = (double)(reach.when - NOW) / SPAN_DAY;
    assert_float_equal(days, (100 - trend.level) / 1.5, 0.01);
    assert_true(reach.earliest <= reach.when && reach.when <= reach.latest);
    double band;
    assert_float_equal(trend_expect(&trend, NOW + 2 * SPAN_DAY, &band), trend.level + 3, 0.01);
}

static void test_rhythm_is_taken_out(void **state)
{
    (void)state;
    struct trend_point *points = memory_new_array(24 * 35, sizeof *points);
    struct trend trend;
    struct error error = {0};
    size_t count = make(points, 35, &(struct made){.start = 40, .slope = 0.2, .noise = 0.5, .daily = 15, .weekly = -8});
    assert_true(trend_fit(points, count, &trend, &error));
    assert_true(trend.daily && trend.weekly);
    assert_float_equal(trend.slope, 0.2, 0.05);
    assert_true(trend.hour[6] - trend.hour[18] > 25);
    assert_true(trend.weekday[5] - trend.weekday[2] < -6);   /* Saturday beside Wednesday */
    assert_true(trend.scatter < 1.5);
    free(points);
}

static void test_a_clean_up_and_an_outage_do_not_bend_it(void **state)
{
    (void)state;
    struct trend_point points[24 * 20];
    struct trend trend;
    struct error error = {0};
    size_t count = make(points, 20, &(struct made){.start = 30, .slope = 1, .noise = 0.3});
    for (size_t i = 200; i < 212; i++)
        points[i].value = 0;           /* unmounted for half a day */
    for (size_t i = 430; i < 440; i++)
        points[i].value += 40;         /* a dump that was deleted again */
    assert_true(trend_fit(points, count, &trend, &error));
    assert_float_equal(trend.slope, 1, 0.05);
}

static void test_the_interval_is_honest(void **state)
{
    (void)state;
    unsigned held = 0, runs = 200;
    struct trend_point points[24 * 5];
    for (unsigned run = 0; run < runs; run++) {
        struct trend trend;
        struct error error = {0};
        size_t count = make(points, 5, &(struct made){.start = 50, .slope = 0.3, .noise = 5});
        assert_true(trend_fit(points, count, &trend, &error));
        held += trend.slope_low <= 0.3 && 0.3 <= trend.slope_high;
    }
    assert_in_range(held, runs * 82 / 100, runs);
}

static void test_flat_and_falling(void **state)
{
    (void)state;
    struct trend_point points[24 * 10];
    struct trend trend;
    struct trend_reach reach;
    struct error error = {0};
    size_t count = make(points, 10, &(struct made){.start = 50, .noise = 1});
    assert_true(trend_fit(points, count, &trend, &error));
    trend_reach(&trend, 100, &reach);
    assert_false(reach.certain);
    assert_true(reach.latest == CLOCK_NEVER);
    count = make(points, 10, &(struct made){.start = 50, .slope = -2});
    assert_true(trend_fit(points, count, &trend, &error));
    trend_reach(&trend, 100, &reach);
    assert_true(!reach.rising && reach.when == CLOCK_NEVER && reach.earliest == CLOCK_NEVER);
    trend_reach(&trend, 0, &reach);      /* something that runs out */
    assert_true(reach.rising && reach.certain);
    count = make(points, 10, &(struct made){.start = 42});
    assert_true(trend_fit(points, count, &trend, &error));
    assert_true(trend.slope == 0 && trend.scatter == 0);
}

static void test_too_little(void **state)
{
    (void)state;
    struct trend_point points[24] = {{0}};
    struct trend trend;
    struct error error = {0};
    assert_false(trend_fit(points, 0, &trend, &error));
    assert_false(trend_fit(points, 5, &trend, &error));
    for (unsigned i = 0; i < 24; i++)
        points[i] = (struct trend_point){NOW + i, i};
    assert_false(trend_fit(points, 24, &trend, &error)); /* 24 ms of points */
    for (unsigned i = 0; i < 24; i++)
        points[i] = (struct trend_point){NOW + (i > 11 ? SPAN_DAY : 0), 7};
    assert_true(trend_fit(points, 24, &trend, &error));  /* the same instant twelve times */
    assert_true(trend.slope == 0);
}

static void test_many_points_are_made_fewer(void **state)
{
    (void)state;
    size_t count = 50000;
    struct trend_point *points = memory_new_array(count, sizeof *points);
    struct trend trend;
    struct error error = {0};
    for (size_t i = 0; i < count; i++)
        points[i] = (struct trend_point){NOW - (msec)(count - i) * SPAN_MINUTE, (double)i / 1440 * 0.7 + noise()};
    assert_true(trend_fit(points, count, &trend, &error));
    assert_true(trend.points <= TREND_POINTS_MAX);
    assert_float_equal(trend.slope, 0.7, 0.02);
    free(points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_straight_line), cmocka_unit_test(test_rhythm_is_taken_out),
        cmocka_unit_test(test_a_clean_up_and_an_outage_do_not_bend_it), cmocka_unit_test(test_the_interval_is_honest),
        cmocka_unit_test(test_flat_and_falling), cmocka_unit_test(test_too_little),
        cmocka_unit_test(test_many_points_are_made_fewer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

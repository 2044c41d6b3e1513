#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "unit/ui/drawn.h"
#include "widget/plot.h"

static void gauges(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 6, 10, false);
    gauge_draw(&surface, 0, 0, 10, ROLE_GAUGE, 0.5);
    gauge_draw(&surface, 1, 0, 10, ROLE_GAUGE, 0.001); /* something is not nothing */
    gauge_draw(&surface, 2, 0, 10, ROLE_GAUGE, 0.9999); /* and not quite all is not all */
    gauge_draw(&surface, 3, 0, 10, ROLE_GAUGE, NAN);
    gauge_draw(&surface, 4, 0, 10, ROLE_GAUGE, 7);
    gauge_draw(&surface, 5, 0, 10, ROLE_GAUGE, -INFINITY);
    assert_drawn(&surface, "█████░░░░░\n▏░░░░░░░░░\n█████████▉\n░░░░░░░░░░\n██████████\n░░░░░░░░░░\n");
    surface_release(&surface);
    surface_init(&surface, 1, 10, true);
    gauge_draw(&surface, 0, 0, 10, ROLE_GAUGE, 0.31);
    assert_drawn(&surface, "###-------\n");
    surface_release(&surface);
}

static void sparks(void **state)
{
    (void)state;
    static const double values[] = {0, 1, 2, NAN, 4, 5, 6, 7};
    struct surface surface;
    surface_init(&surface, 4, 10, false);
    spark_draw(&surface, 0, 0, 10, ROLE_CHART, values, 8, 0, 7);
    spark_draw(&surface, 1, 0, 4, ROLE_CHART, values, 8, 0, 7);  /* pairs by their maximum */
    spark_draw(&surface, 2, 0, 10, ROLE_CHART, values, 8, 0, 0); /* its own scale */
    spark_draw(&surface, 3, 0, 10, ROLE_CHART, values, 0, 0, 0);
    assert_drawn(&surface, "  ▁▂▃ ▅▆▇█\n▂▃▆█\n  ▁▂▃ ▅▆▇█\n");
    surface_release(&surface);
}

static void strips(void **state)
{
    (void)state;
    static const struct strip_interval intervals[] = {
        {100, 300, HEALTH_OK}, {300, 310, HEALTH_OFFLINE}, {310, 500, HEALTH_OK}, {600, CLOCK_NEVER, HEALTH_STALE}};
    struct surface surface;
    surface_init(&surface, 1, 12, false);
    strip_draw(&surface, 0, 0, 10, intervals, 4, 0, 1000);
    assert_drawn(&surface, " ··x· ~~~~\n");
    surface_release(&surface);
}

static void names_round_times(void **state)
{
    (void)state;
    struct surface surface;
    surface_init(&surface, 2, 60, false);
    const msec from = 1763694420000; /* 2025-11-21 03:07:00 UTC = 11:07 in Shanghai */
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    time_axis_draw(&surface, 0, 0, 60, from, from + SPAN_HOUR);
    assert_drawn(&surface, "11:10     11:20     11:30     11:40     11:50     12:00\n");
    surface_clear(&surface);
    time_axis_draw(&surface, 0, 0, 60, from, from + 3 * SPAN_DAY);
    assert_drawn(&surface, "        11-22     12:00     11-23     12:00    11-24\n");
    surface_clear(&surface);
    time_axis_draw(&surface, 0, 0, 60, from, from + 40 * SPAN_SECOND);
    assert_drawn(&surface, "          11:07:10       11:07:20       11:07:30\n");
    surface_clear(&surface);
    time_axis_draw(&surface, 0, 0, 60, from, from);
    time_axis_draw(&surface, 1, 0, 2, from, from + 1);
    assert_drawn(&surface, "\n");
    surface_release(&surface);
}

static void rounds_steps(void **state)
{
    (void)state;
    assert_float_equal(chart_step(0, 100, 5), 20, 1e-9);
    assert_float_equal(chart_step(0, 0.0013, 3), 0.0005, 1e-12);
    assert_float_equal(chart_step(5, 5, 3), 1, 1e-9);
    assert_float_equal(chart_step(0, INFINITY, 3), 1, 1e-9);
}

static struct chart simple(struct chart_series *series)
{
    static msec times[20];
    static double values[20];
    for (int i = 0; i < 20; i++) {
        times[i] = i * SPAN_MINUTE;
        values[i] = i == 9 || i == 10 ? NAN : i;
    }
    *series = (struct chart_series){"t", ROLE_CHART, 20, times, values, NULL, NULL, 0};
    return (struct chart){.style = CHART_ASCII, .unit = "°C", .from = 0, .to = 20 * SPAN_MINUTE, .series = series, .count = 1,
                          .floor = 0, .ceiling = NAN, .limit = NAN, .empty = "no reading in this span"};
}

static void charts_lines_with_gaps(void **state)
{
    (void)state;
    struct chart_series series;
    struct chart chart = simple(&series);
    struct surface surface;
    setenv("TZ", "UTC", 1);
    tzset();
    surface_init(&surface, 6, 26, true);
    chart_draw(&surface, (struct rect){0, 0, 6, 26}, &chart);
    assert_drawn(&surface, "20 °C                   **\n"
                           "                   *****\n"
                           "   10         *  **\n"
                           "         *****\n"
                           "    0 ***\n"
                           "             00:10\n");
    surface_release(&surface);
}

static void charts_in_braille_and_blocks(void **state)
{
    (void)state;
    struct chart_series series;
    struct chart chart = simple(&series);
    struct surface surface;
    surface_init(&surface, 5, 26, false);
    chart.style = CHART_BEST;
    chart.limit = 15;
    chart_draw(&surface, (struct rect){0, 0, 5, 26}, &chart);
    int braille = 0, dashes = 0;
    for (int i = 0; i < 5 * 26; i++) {
        braille += surface.cells[i].code > 0x2800 && surface.cells[i].code <= 0x28ff;
        dashes += surface.cells[i].code == 0x254c;
    }
    assert_in_range(braille, 17, 22);
    assert_true(dashes > 8);
    chart.style = CHART_BLOCK;
    chart.limit = NAN;
    surface_clear(&surface);
    chart_draw(&surface, (struct rect){0, 0, 5, 26}, &chart);
    assert_int_equal(surface.cells[3 * 26 + 24].code, 0x2588);
    assert_int_equal(surface.cells[3 * 26 + 16].code, ' '); /* the gap */
    surface_release(&surface);
}

static void a_silence_breaks_the_line(void **state)
{
    (void)state;
    static const msec times[] = {0, SPAN_MINUTE, 10 * SPAN_MINUTE, 11 * SPAN_MINUTE};
    static const double values[] = {5, 5, 5, 5};
    struct chart_series series = {"t", ROLE_CHART, 4, times, values, NULL, NULL, 2 * SPAN_MINUTE};
    struct chart chart = {.style = CHART_ASCII, .from = 0, .to = 12 * SPAN_MINUTE, .series = &series, .count = 1,
                          .floor = NAN, .ceiling = NAN, .limit = NAN};
    struct surface surface;
    surface_init(&surface, 2, 30, true);
    chart_draw(&surface, (struct rect){0, 0, 2, 30}, &chart);
    int stars = 0;
    for (int i = 0; i < 60; i++)
        stars += surface.cells[i].code == '*';
    assert_in_range(stars, 4, 8);
    series.gap = 0;
    surface_clear(&surface);
    chart_draw(&surface, (struct rect){0, 0, 2, 30}, &chart);
    stars = 0;
    for (int i = 0; i < 60; i++)
        stars += surface.cells[i].code == '*';
    assert_true(stars > 20);
    surface_release(&surface);
}

static void says_when_there_is_nothing(void **state)
{
    (void)state;
    struct chart_series series;
    struct chart chart = simple(&series);
    struct surface surface;
    surface_init(&surface, 4, 40, false);
    chart.from = 100 * SPAN_DAY;
    chart.to = 101 * SPAN_DAY;
    chart_draw(&surface, (struct rect){0, 0, 3, 40}, &chart);
    assert_int_equal(surface.cells[40].code, 'n');
    for (int rows = 0; rows < 4; rows++) /* any size is safe */
        for (int columns = 0; columns < 40; columns++)
            chart_draw(&surface, (struct rect){0, 0, rows, columns}, &chart);
    surface_release(&surface);
}

/* Values that a broken device can send. */
static void survives_wild_values(void **state)
{
    (void)state;
    static const msec times[] = {INT64_MIN + 1, 0, 1, 2, INT64_MAX};
    static const double values[] = {1, -1e308, 1e308, INFINITY, 5};
    struct chart_series series = {"t", ROLE_CHART, 5, times, values, values, values, 1};
    struct chart chart = {.from = 0, .to = 10, .series = &series, .count = 1, .floor = -INFINITY, .ceiling = NAN, .limit = 1e308};
    struct surface surface;
    surface_init(&surface, 8, 40, false);
    chart_draw(&surface, (struct rect){0, 0, 8, 40}, &chart);
    spark_draw(&surface, 0, 0, 10, ROLE_CHART, values, 5, 0, 0);
    surface_release(&surface);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gauges), cmocka_unit_test(sparks), cmocka_unit_test(strips), cmocka_unit_test(names_round_times),
        cmocka_unit_test(rounds_steps), cmocka_unit_test(charts_lines_with_gaps), cmocka_unit_test(charts_in_braille_and_blocks),
        cmocka_unit_test(a_silence_breaks_the_line), cmocka_unit_test(says_when_there_is_nothing),
        cmocka_unit_test(survives_wild_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

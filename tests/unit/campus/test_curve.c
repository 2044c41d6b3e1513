/* The campus's physics: loads, registers that agree with power, and the schedule's heap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campus/curve.h"
#include "campus/fleet.h"
#include "campus/heap.h"
#include "campus/metric.h"
#include "campus/options.h"
#include "campus/random.h"

#define NOON 1795233600000LL /* 2026-11-21 12:00 at UTC+8, a Saturday */
#define HOUR 3600000LL

/* The integral in closed form is what small steps add up to, over a whole week and across its end. */
static void test_integral(void **state)
{
    (void)state;
    for (int profile = PROFILE_OFFICE; profile < PROFILE_COUNT; profile++)
        for (double phase = 0; phase < 1; phase += 0.31) {
            double sum = 0;
            int64_t start = NOON, end = NOON + 9 * 24 * HOUR, step = 15000;
            for (int64_t t = start; t < end; t += step) {
                double load = curve_load((enum profile)profile, phase, t + step / 2);
                assert_true(load > -1e-9 && load < 1.3);
                sum += load * (double)step / (double)HOUR;
            }
            double exact = curve_hours((enum profile)profile, phase, end) -
                           curve_hours((enum profile)profile, phase, start);
            assert_true(fabs(sum - exact) < 0.002);
        }
}

/* Shapes a duty engineer would expect. */
static void test_shapes(void **state)
{
    (void)state;
    int64_t monday = NOON + 48 * HOUR, night = monday + 15 * HOUR;
    assert_true(curve_load(PROFILE_OFFICE, 0.5, monday - HOUR) > 3 * curve_load(PROFILE_OFFICE, 0.5, night));
    assert_true(curve_load(PROFILE_OFFICE, 0.5, monday - HOUR) > 1.8 * curve_load(PROFILE_OFFICE, 0.5, NOON - HOUR));
    assert_true(curve_load(PROFILE_APARTMENT, 0.5, monday + 10 * HOUR) >
                2 * curve_load(PROFILE_APARTMENT, 0.5, monday + 2 * HOUR));
    assert_true(curve_load(PROFILE_ROAD, 0.5, monday) == 0 && curve_load(PROFILE_ROAD, 0.5, monday + 9 * HOUR) > 0.9);
    assert_true(curve_load(PROFILE_SOLAR, 0.5, monday) > 0.7 && curve_load(PROFILE_SOLAR, 0.5, night) == 0);
    assert_true(fabs(curve_hour_of_day(NOON) - 12) < 1e-6);
    assert_true(curve_outside(NOON + 3 * HOUR) > curve_outside(NOON - 8 * HOUR));
}

/* Registers never run backwards and grow by about the power, for every terminal that has both. */
static void test_registers(void **state)
{
    (void)state;
    struct fleet fleet;
    fleet_init(&fleet, 5, (struct fleet_size){.gateways = 40, .terminals = 2000, .zones = 1});
    unsigned seen = 0;
    for (size_t t = 0; t < fleet.terminal_count; t++) {
        const struct terminal_class *class = fleet_class_of(&fleet, t);
        int reg = -1, power = -1;
        for (int m = 0; m < metric_count(class); m++) {
            if (class->metrics[m].signal == SIGNAL_REGISTER)
                reg = m;
            if (class->metrics[m].signal == SIGNAL_LOAD && (power < 0 || strcmp(class->metrics[m].name, "power") == 0))
                power = m;
        }
        if (reg < 0)
            continue;
        seen++;
        double before = metric_value(&fleet, t, reg, NOON), sum = 0;
        assert_true(before > 0);
        for (int minute = 0; minute < 24 * 60; minute += 5) {
            int64_t time = NOON + minute * 60000LL;
            double now = metric_value(&fleet, t, reg, time);
            assert_true(now >= before);
            before = now;
            sum += metric_value(&fleet, t, power, time + 150000) / 12;
        }
        double day = metric_value(&fleet, t, reg, NOON + 24 * HOUR) - metric_value(&fleet, t, reg, NOON);
        assert_true(fabs(day - sum) <= 0.02 * day + 0.05);
    }
    assert_true(seen > 300);
    fleet_release(&fleet);
}

/* Every metric of every class is a number in a range that its name allows. */
static void test_ranges(void **state)
{
    static const struct {
        const char *name;
        double low, high;
    } ranges[] = {
        {"voltage", 205, 410}, {"current", 0, 2500}, {"power", 0, 1300}, {"energy", 0, 1e8}, {"flow", 0, 140},
        {"volume", 0, 1e7}, {"temperature", -15, 95}, {"humidity", 5, 95}, {"level", 0, 5}, {"pressure", 0.1, 1},
        {"switch", 0, 1}, {"brightness", 0, 100}, {"battery", 20, 100}, {"rssi", -120, -40}, {"opening", 0, 100},
        {"fan", 0, 100}, {"frequency", 20, 55}, {"setpoint", 16, 28}, {"balance", 0, 200}, {"smoke", 0, 0},
        {"leak", 0, 0}, {"open", 0, 0}, {"co2", 350, 1200}, {"pm25", 5, 90}, {"illuminance", 0, 1000},
        {"supply_temperature", 30, 60}, {"return_temperature", 30, 60},
    };
    (void)state;
    struct fleet fleet;
    fleet_init(&fleet, 5, (struct fleet_size){.gateways = 300, .terminals = 4000, .zones = 1});
    for (size_t t = 0; t < fleet.terminal_count; t++) {
        const struct terminal_class *class = fleet_class_of(&fleet, t);
        assert_in_range(metric_count(class), 2, 5);
        for (int m = 0; m < metric_count(class); m++) {
            size_t r = 0;
            while (r < sizeof ranges / sizeof *ranges && strcmp(ranges[r].name, class->metrics[m].name) != 0)
                r++;
            assert_true(r < sizeof ranges / sizeof *ranges);
            for (int64_t time = NOON; time < NOON + 24 * HOUR; time += 100 * 60000LL) {
                double value = metric_value(&fleet, t, m, time);
                if (!(value >= ranges[r].low && value <= ranges[r].high))
                    fail_msg("%s.%s is %g", class->name, ranges[r].name, value);
            }
        }
    }
    fleet_release(&fleet);
}

static void test_heap_order(void **state)
{
    (void)state;
    struct heap heap = {0};
    int64_t last = -1;
    for (uint32_t i = 0; i < 5000; i++)
        heap_push(&heap, (int64_t)(random_mix(i) % 1000), i);
    for (int i = 0; i < 20000; i++) {
        const struct heap_item *first = heap_first(&heap);
        assert_true(first->due >= last);
        last = first->due;
        heap_again(&heap, last + (int64_t)(random_mix((uint64_t)i) % 500));
    }
    for (; heap.count > 0; heap_pop(&heap)) {
        assert_true(heap_first(&heap)->due >= last);
        last = heap_first(&heap)->due;
    }
    heap_release(&heap);
}

static void test_spans_and_rates(void **state)
{
    (void)state;
    int64_t span;
    double rate;
    assert_true(options_span("90s", &span) && span == 90000);
    assert_true(options_span("1.5m", &span) && span == 90000);
    assert_true(options_span("250ms", &span) && span == 250);
    assert_true(options_span("2d", &span) && span == 172800000);
    assert_false(options_span("90", &span) || options_span("", &span) || options_span("-1s", &span) ||
                 options_span("1w", &span) || options_span("nan", &span));
    assert_true(options_rate("max", &rate) && isinf(rate));
    assert_true(options_rate("22.2", &rate) && rate == 22.2);
    assert_false(options_rate("0", &rate) || options_rate("-1", &rate) || options_rate("fast", &rate) ||
                 options_rate("1e999", &rate));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integral), cmocka_unit_test(test_shapes),     cmocka_unit_test(test_registers),
        cmocka_unit_test(test_ranges),   cmocka_unit_test(test_heap_order), cmocka_unit_test(test_spans_and_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

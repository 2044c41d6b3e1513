#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static msec parse(const char *text, msec now)
{
    struct error error = {0};
    msec instant = 0;
    if (!instant_parse(text, now, &instant, &error))
        fail_msg("%s: %s", text, error.text);
    return instant;
}

static void refuse(const char *text)
{
    struct error error = {0};
    msec instant;
    if (instant_parse(text, 0, &instant, &error))
        fail_msg("`%s` was taken", text);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_true(strlen(error.text) > 10);
}

static void formats_rfc3339_with_the_zone(void **state)
{
    (void)state;
    char out[INSTANT_TEXT];
    use_zone("Asia/Shanghai");
    assert_string_equal(instant_format(out, 1795201920000), "2026-11-21T03:12:00+08:00");
    assert_string_equal(instant_format(out, 1795201920250), "2026-11-21T03:12:00.250+08:00");
    assert_string_equal(instant_format(out, -1), "1970-01-01T07:59:59.999+08:00");
    assert_string_equal(instant_format(out, CLOCK_NEVER), "");
    assert_string_equal(instant_format(out, INT64_MAX), "");
    /* Local mean time, +08:05:43, before 1901: still an instant that reads back. */
    msec old = parse("1890-01-01T00:00:00Z", 0);
    assert_int_equal(parse(instant_format(out, old), 0), old);
    use_zone("America/St_Johns");
    assert_string_equal(instant_format(out, 1795201920000), "2026-11-20T15:42:00-03:30");
}

static void any_instant_reads_back_in_any_zone(void **state)
{
    (void)state;
    const char *const zones[] = {"Asia/Shanghai", "America/St_Johns", "Europe/Berlin", "America/Havana", "Asia/Kathmandu",
                                 "Pacific/Apia", "UTC"};
    unsigned seed = 1;
    for (size_t zone = 0; zone < sizeof zones / sizeof *zones; zone++) {
        use_zone(zones[zone]);
        for (int round = 0; round < 20000; round++) {
            uint64_t bits = (uint64_t)rand_r(&seed) << 31 ^ (uint64_t)rand_r(&seed);
            /* Years 1 to 9998, and half of them between 1970 and 2100. */
            msec instant = round % 2 ? (msec)(bits % 4102444800000) : (msec)(bits % 315500000000000) - 62135600000000;
            char out[INSTANT_TEXT];
            if (parse(instant_format(out, instant), 0) != instant)
                fail_msg("%s: %lld became %s", zones[zone], (long long)instant, out);
            msec start = instant_day_start(instant);
            if (start > instant || instant - start >= 26 * SPAN_HOUR || instant_day(start) != instant_day(instant) ||
                instant_day(start - 1) == instant_day(instant))
                fail_msg("%s: the day of %s begins at %lld", zones[zone], out, (long long)start);
        }
    }
}

static void formats_short_by_distance(void **state)
{
    (void)state;
    char out[INSTANT_TEXT];
    use_zone("Asia/Shanghai");
    msec now = 1795201920000; /* 2026-11-21 03:12 */
    assert_string_equal(instant_format_short(out, now - 61000, now), "03:10:59");
    assert_string_equal(instant_format_short(out, now - SPAN_DAY, now), "11-20 03:12");
    assert_string_equal(instant_format_short(out, now - 366 * SPAN_DAY, now), "2025-11-20");
    assert_string_equal(instant_format_short(out, CLOCK_NEVER, now), "");
}

static void parses_every_form(void **state)
{
    (void)state;
    use_zone("Asia/Shanghai");
    msec now = 1795201920000;
    assert_int_equal(parse("2026-11-21T03:12:00+08:00", now), now);
    assert_int_equal(parse("2026-11-20T19:12:00Z", now), now);
    assert_int_equal(parse("2026-11-20t19:12:00.2509z", now), now + 250);
    assert_int_equal(parse("2026-11-21 03:12", now), now);
    assert_int_equal(parse("2026-11-21 03:12:07", now), now + 7000);
    assert_int_equal(parse("2026-11-21", now), now - 3 * SPAN_HOUR - 12 * SPAN_MINUTE);
    assert_int_equal(parse("03:12", now), now);
    assert_int_equal(parse("03:13", now), now - SPAN_DAY + SPAN_MINUTE);
    assert_int_equal(parse("00:00:01", now), now - 3 * SPAN_HOUR - 12 * SPAN_MINUTE + 1000);
    assert_int_equal(parse("-2h", now), now - 2 * SPAN_HOUR);
    assert_int_equal(parse("now", now), now);
    assert_int_equal(parse("@1700000000", now), 1700000000000);
    assert_int_equal(parse("@1700000000.5", now), 1700000000500);
    assert_int_equal(parse("@-1", now), -1000);
    assert_int_equal(parse("2016-12-31T23:59:60Z", now), 1483228800000);
    assert_int_equal(parse("2024-02-29T00:00:00Z", now), 1709164800000);
}

static void refuses_what_is_no_time(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "", " ", "tomorrow", "2026", "2026-13-01", "2026-02-29", "2026-11-21T", "2026-11-21T24:00:00Z",
        "2026-11-21T03:12:00+8", "2026-11-21T03:12:00+08:00x", "3:12", "25:00", "03:60", "03:12:", "03:12:07.",
        "-2", "-", "--2h", "@", "@x", "@99999999999999999999", "@999999999999", "-400000d", "1e9", "now ",
        "2026-11-21T03:12:00.Z", "0000-00-00",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse(wrong[i]);
}

static void days_begin_at_local_midnight(void **state)
{
    (void)state;
    use_zone("Asia/Shanghai");
    assert_int_equal(instant_day(1795201920000), 20261121);
    assert_int_equal(instant_day_start(1795201920000), parse("2026-11-21", 0));
    assert_int_equal(instant_day_start(parse("2026-11-21", 0)), parse("2026-11-21", 0));
    /* Midnight of 2018-11-04 does not exist in São Paulo: the day begins at 01:00. */
    use_zone("America/Sao_Paulo");
    msec noon = parse("2018-11-04 12:00", 0);
    assert_int_equal(instant_day_start(noon), parse("2018-11-04T01:00:00-02:00", 0));
    assert_int_equal(instant_day(instant_day_start(noon)), 20181104);
    /* Midnight of 2026-11-01 comes twice in Havana. */
    use_zone("America/Havana");
    noon = parse("2026-11-01 12:00", 0);
    assert_int_equal(instant_day_start(noon), parse("2026-11-01T00:00:00-04:00", 0));
    assert_int_equal(instant_day_start(parse("2026-11-01T00:30:00-05:00", 0)),
                     parse("2026-11-01T00:00:00-04:00", 0));
}

static void spans_read_back(void **state)
{
    (void)state;
    const struct {
        const char *text;
        msec span;
        const char *written;
    } rows[] = {
        {"90s", 90000, "1m30s"}, {"5m", 300000, "5m"}, {"2h", 7200000, "2h"}, {"3d", 259200000, "3d"},
        {"1h30m", 5400000, "1h30m"}, {"250ms", 250, "250ms"}, {"0s", 0, "0s"}, {"2w", 1209600000, "14d"},
        {"1d2h3m4s5ms", 93784005, "1d2h3m4s5ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        msec span = -1;
        char out[SPAN_TEXT];
        assert_true(span_parse(rows[i].text, &span, NULL));
        assert_int_equal(span, rows[i].span);
        assert_string_equal(span_format(out, span), rows[i].written);
        msec again = -1;
        assert_true(span_parse(out, &again, NULL));
        assert_int_equal(again, span);
    }
    const char *const wrong[] = {"", "5", "m", "5 m", "5x", "-5m", "1.5h", "30m1h", "1h1h", "5mm", "5M",
                                 "99999999999999999999s", "365001d", "9999999999999999w"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        msec span;
        if (span_parse(wrong[i], &span, &error))
            fail_msg("`%s` was taken", wrong[i]);
        assert_int_equal(error.code, ERROR_INVALID);
    }
}

static void any_span_formats(void **state)
{
    (void)state;
    char out[SPAN_TEXT];
    const msec spans[] = {INT64_MAX, INT64_MIN + 1, INT64_MIN, -90000, 365000 * SPAN_DAY - 1};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        assert_true(strlen(span_format(out, spans[i])) < SPAN_TEXT);
    assert_string_equal(span_format(out, -90000), "-1m30s");
}

static void short_spans_fit_five_columns(void **state)
{
    (void)state;
    char out[SPAN_TEXT];
    assert_string_equal(span_format_short(out, 12 * SPAN_SECOND), "12s");
    assert_string_equal(span_format_short(out, 11 * SPAN_MINUTE + 59 * SPAN_SECOND), "11m");
    assert_string_equal(span_format_short(out, 192 * SPAN_MINUTE), "3h12");
    assert_string_equal(span_format_short(out, 2 * SPAN_DAY + 5 * SPAN_HOUR), "2d");
    assert_string_equal(span_format_short(out, 64 * SPAN_DAY), "9w");
    assert_string_equal(span_format_short(out, CLOCK_NEVER), "");
    for (msec span = 0; span < INT64_MAX / 3; span = span * 2 + 977)
        if (strlen(span_format_short(out, span)) > 5)
            fail_msg("%lld: %s", (long long)span, out);
    assert_true(strlen(span_format_short(out, INT64_MAX)) <= 5);
}

static void fake_clocks_stand_still(void **state)
{
    (void)state;
    clock_fake(1000, 50);
    assert_int_equal(clock_wall(), 1000);
    assert_int_equal(clock_steady(), 50);
    clock_real();
    assert_true(clock_wall() > 1700000000000);
    msec first = clock_steady();
    assert_true(clock_steady() >= first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_rfc3339_with_the_zone),
        cmocka_unit_test(any_instant_reads_back_in_any_zone),
        cmocka_unit_test(formats_short_by_distance),
        cmocka_unit_test(parses_every_form),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(days_begin_at_local_midnight),
        cmocka_unit_test(spans_read_back),
        cmocka_unit_test(any_span_formats),
        cmocka_unit_test(short_spans_fit_five_columns),
        cmocka_unit_test(fake_clocks_stand_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

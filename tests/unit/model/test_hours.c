/* Hours of the week: reading, midnight, and when they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "model/hours.h"

/* 2026-11-21 is a Saturday. */
static msec at(const char *text)
{
    msec instant;
    assert_true(instant_parse(text, 0, &instant, NULL));
    return instant;
}

static void night_runs_past_midnight(void **state)
{
    (void)state;
    struct hours hours = {0};
    assert_true(hours_add(&hours, "fri 22:00-07:00"));
    assert_false(hours_contain(&hours, at("2026-11-20 21:59")));
    assert_true(hours_contain(&hours, at("2026-11-20 22:00")));
    assert_true(hours_contain(&hours, at("2026-11-21 06:59")));
    assert_false(hours_contain(&hours, at("2026-11-21 07:00")));
    assert_false(hours_contain(&hours, at("2026-11-21 22:30"))); /* Saturday's night is another */
}

static void the_end_is_found(void **state)
{
    (void)state;
    struct hours hours = {0};
    assert_true(hours_add(&hours, "22:00-07:00"));
    assert_int_equal(hours_end(&hours, at("2026-11-20 23:10:30")), at("2026-11-21 07:00"));
    assert_int_equal(hours_end(&hours, at("2026-11-21 12:00")), at("2026-11-21 12:00"));
    struct hours always = {0};
    assert_true(hours_contain(&always, at("2026-11-21 12:00")));
    assert_int_equal(hours_end(&always, at("2026-11-21 12:00")), CLOCK_NEVER);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "22:00", "25:00-07:00", "mon-", "mon-fri", "8-9", "08:00-09:00 x", "08:61-09:00"};
    struct hours hours = {0};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
        assert_false(hours_add(&hours, wrong[i]));
    for (int i = 0; i < HOURS_MAX; i++)
        assert_true(hours_add(&hours, "00:00-24:00"));
    assert_false(hours_add(&hours, "00:00-24:00"));
}

int main(void)
{
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(night_runs_past_midnight),
        cmocka_unit_test(the_end_is_found),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

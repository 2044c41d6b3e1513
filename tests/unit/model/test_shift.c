/* Shifts over midnight, at the weekend, and over both changes of the clock (R123: who is on duty at any instant). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "model/shift.h"

static struct roster roster;

static void read_roster(const char *yaml, unsigned mistakes)
{
    struct config *config = config_new();
    struct config_problems problems;
    config_problems_init(&problems);
    assert_true(config_load_text(config, "test", yaml, strlen(yaml), &problems));
    roster_read(&roster, config_get(config_root(config), "shifts"), &problems);
    assert_int_equal(problems.count, mistakes);
    config_problems_release(&problems);
    config_free(&config);
}

static msec at(const char *text)
{
    msec instant;
    struct error error;
    if (!instant_parse(text, 0, &instant, &error))
        fail_msg("%s: %s", text, error.text);
    return instant;
}

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static void on_duty(const char *when, const char *name, const char *from, const char *to)
{
    struct shift_span span;
    assert_true(roster_at(&roster, at(when), &span));
    assert_string_equal(span.shift->name, name);
    assert_true(span.from == at(from));
    assert_true(span.to == at(to));
}

static void over_midnight(void **state)
{
    (void)state;
    use_zone("Asia/Shanghai");
    read_roster("shifts:\n  - {name: 白班, hours: '08:00-20:00', people: [李, 张]}\n  - {name: 夜班, hours: '20:00-08:00', people: 王}\n", 0);
    on_duty("2026-11-21T03:42:10+08:00", "夜班", "2026-11-20T20:00:00+08:00", "2026-11-21T08:00:00+08:00");
    on_duty("2026-11-21T08:00:00+08:00", "白班", "2026-11-21T08:00:00+08:00", "2026-11-21T20:00:00+08:00");
    on_duty("2026-11-21T19:59:59+08:00", "白班", "2026-11-21T08:00:00+08:00", "2026-11-21T20:00:00+08:00");
    on_duty("2026-11-21T20:00:00+08:00", "夜班", "2026-11-21T20:00:00+08:00", "2026-11-22T08:00:00+08:00");
    assert_string_equal(roster.shifts[0].people, "李, 张");
    assert_string_equal(roster.shifts[1].people, "王");
    roster_release(&roster);
}

/* Berlin: 02:00 becomes 03:00 on 29 March, 03:00 becomes 02:00 on 25 October: that night has 11 hours, the other 13. */
static void over_changes_of_the_clock(void **state)
{
    (void)state;
    use_zone("Europe/Berlin");
    read_roster("shifts:\n  - {name: night, hours: '20:00-08:00'}\n  - {name: day, hours: '08:00-20:00'}\n", 0);
    on_duty("2026-03-29T01:30:00+01:00", "night", "2026-03-28T20:00:00+01:00", "2026-03-29T08:00:00+02:00");
    on_duty("2026-10-25T02:30:00+02:00", "night", "2026-10-24T20:00:00+02:00", "2026-10-25T08:00:00+01:00");
    on_duty("2026-10-25T02:30:00+01:00", "night", "2026-10-24T20:00:00+02:00", "2026-10-25T08:00:00+01:00");
    roster_release(&roster);
}

static void of_the_week(void **state)
{
    (void)state;
    struct shift_span span;
    use_zone("Asia/Shanghai");
    read_roster("shifts:\n  - {name: office, hours: 'mon-fri 09:00-18:00'}\n  - {name: weekend, hours: ['sat 00:00-24:00', 'sun 00:00-24:00']}\n", 0);
    on_duty("2026-11-22T10:00:00+08:00", "weekend", "2026-11-21T00:00:00+08:00", "2026-11-23T00:00:00+08:00");
    assert_false(roster_at(&roster, at("2026-11-23T03:00:00+08:00"), &span)); /* nobody: said so, not guessed */
    roster_release(&roster);
    read_roster("shifts:\n  - {name: always, hours: '00:00-24:00'}\n", 0);
    assert_true(roster_at(&roster, at("2026-11-23T03:00:00+08:00"), &span));
    assert_true(span.to == CLOCK_NEVER && span.from == CLOCK_NEVER);
    roster_release(&roster);
    read_roster("shifts:\n  - {name: bad, hours: 'night'}\n", 1);
    assert_int_equal(roster.count, 0);
    roster_release(&roster);
    read_roster("site: {}\n", 0);
    assert_false(roster_at(&roster, at("2026-11-23T03:00:00+08:00"), &span));
    roster_release(&roster);
}

static void findings(const char *from, const char *expected, unsigned count)
{
    struct buffer lines = BUFFER_INIT;
    assert_int_equal(roster_findings(&roster, at(from), 4, &lines), count);
    assert_string_equal(buffer_text(&lines), expected);
    buffer_release(&lines);
}

/* R123: nobody finds out at night that nobody was on duty. */
static void gaps_and_overlaps(void **state)
{
    (void)state;
    msec from, to;
    char name[20];
    use_zone("Asia/Shanghai");
    read_roster("shifts:\n  - {name: 白班, hours: '08:00-20:00', people: [李, 张]}\n  - {name: 夜班, hours: '20:00-08:00', people: 王}\n", 0);
    findings("2026-11-21T03:42:10+08:00", "", 0);
    const char *rest = roster_next(roster.shifts[0].people, name, sizeof name);
    assert_string_equal(name, "李");
    rest = roster_next(rest, name, sizeof name);
    assert_string_equal(name, "张");
    assert_null(roster_next(rest, name, sizeof name));
    roster_release(&roster);

    read_roster("shifts:\n  - {name: 早班, hours: 'mon-fri 08:00-16:30'}\n  - {name: 晚班, hours: 'mon-fri 16:00-24:00'}\n"
                "  - {name: 夜班, hours: 'mon-fri 00:00-08:00'}\n  - {name: 周末, hours: 'sat 00:00-24:00'}\n", 0);
    findings("2026-11-20T12:00:00+08:00",
             "早班 and 晚班 are both on duty from 2026-11-20 16:00 to 16:30\n"
             "nobody is on duty from 2026-11-22 00:00 to 2026-11-23 00:00\n"
             "早班 and 晚班 are both on duty from 2026-11-23 16:00 to 16:30\n"
             "早班 and 晚班 are both on duty from 2026-11-24 16:00 to 16:30", 6);
    roster_gap(&roster, at("2026-11-22T13:10:20+08:00"), &from, &to);
    assert_true(from == at("2026-11-22T00:00:00+08:00") && to == at("2026-11-23T00:00:00+08:00"));
    roster_release(&roster);

    use_zone("Europe/Berlin"); /* the hour that comes twice */
    read_roster("shifts:\n  - {name: night, hours: '20:00-02:00'}\n  - {name: day, hours: '03:00-20:00'}\n", 0);
    roster_gap(&roster, at("2026-10-25T02:30:00+02:00"), &from, &to);
    assert_true(from == at("2026-10-25T02:00:00+02:00") && to == at("2026-10-25T03:00:00+01:00"));
    roster_release(&roster);
    read_roster("site: {}\n", 0);
    findings("2026-11-20T12:00:00+08:00", "", 0); /* no roster is no gap */
    roster_release(&roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_midnight),
        cmocka_unit_test(over_changes_of_the_clock),
        cmocka_unit_test(of_the_week),
        cmocka_unit_test(gaps_and_overlaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

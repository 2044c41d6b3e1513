/* The contract profiles that are built in, against the contracts' own figures (REQUIREMENTS digests A1 to A5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/profile.h"

static struct profile *load(const char *name, struct config_problems *problems)
{
    struct error error = {0};
    config_problems_init(problems);
    return profile_load(name, problems, &error);
}

static void test_every_builtin_is_right(void **state)
{
    (void)state;
    assert_int_equal(profile_builtin_count(), 5);
    for (size_t i = 0; i < profile_builtin_count(); i++) {
        struct config_problems problems;
        struct profile *profile = load(profile_builtin(i), &problems);
        if (!profile)
            fail_msg("%s:\n%s", profile_builtin(i), buffer_text(&problems.text));
        assert_string_equal(profile_contract(profile), profile_builtin(i));
        assert_true(profile_title(profile)[0]);
        profile_free(&profile);
        config_problems_release(&problems);
    }
}

/* R046 to R049: what the campus contract keeps online. */
static void test_campus_populations(void **state)
{
    (void)state;
    static const struct { const char *requirement; uint32_t need; } expected[] = {
        {"R046", 1000}, {"R047", 9000}, {"R048", 40}, {"R049", 3800}};
    struct config_problems problems;
    struct profile *profile = load("campus-iot", &problems);
    const struct site_population *populations;
    assert_non_null(profile);
    assert_int_equal(profile_populations(profile, &populations), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(populations[i].requirement, expected[i].requirement);
        assert_int_equal(populations[i].need, expected[i].need);
    }
    profile_free(&profile);
    config_problems_release(&problems);
}

static void test_unknown_names_what_there_is(void **state)
{
    (void)state;
    struct config_problems problems;
    struct error error = {0};
    config_problems_init(&problems);
    assert_null(profile_load("campus", &problems, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, "campus-iot, city-ops"));
    config_problems_release(&problems);
}

static void test_own_profile_is_checked(void **state)
{
    (void)state;
    static const char text[] =
        "contract: mine\n"
        "title: 我的\n"
        "contracted:\n"
        "  - {name: pumps, filter: \"class:\", need: 0, requirement: 46}\n"
        "calendars: [{name: work, hours: [\"mon-fri 8:00-19:00\", mon-fri 08:00-19:00]}]\n"
        "sla:\n"
        "  - {tier: t, title: t, clocks: [{metric: respond, target: soon}, {metric: arive, target: 2h, calendar: day}]}\n"
        "dutys: []\n";
    char path[] = "/tmp/nocturne-profile-XXXXXX.yml";
    int fd = mkstemps(path, 4);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    struct config_problems problems;
    assert_null(load(path, &problems));
    const char *told = buffer_text(&problems.text);
    static const char *const expected[] = {
        ":4:", "contracted[0].filter", "contracted[0].need", "R046", "mon-fri 8:00-19:00", "soon", "did you mean `arrive`",
        "did you mean `duties`"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(told, expected[i]))
            fail_msg("`%s` is not among:\n%s", expected[i], told);
    unlink(path);
    config_problems_release(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_builtin_is_right),
        cmocka_unit_test(test_campus_populations),
        cmocka_unit_test(test_unknown_names_what_there_is),
        cmocka_unit_test(test_own_profile_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

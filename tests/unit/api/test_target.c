/* Request targets taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/target.h"
#include "base/memory.h"

static void parts_are_decoded_each_on_its_own(void **state)
{
    (void)state;
    struct target target;
    assert_true(target_init(&target, "/api/v1/assets/a%2Fb%20c/readings?filter=building~%223%E5%8F%B7%22+x&limit=5&flag&e=", NULL));
    assert_int_equal(target.segment_count, 5);
    assert_string_equal(target.segment[3], "a/b c");
    assert_string_equal(target.segment[4], "readings");
    assert_string_equal(target_get(&target, "filter"), "building~\"3号\" x");
    assert_string_equal(target_get(&target, "limit"), "5");
    assert_string_equal(target_get(&target, "flag"), "");
    assert_string_equal(target_get(&target, "e"), "");
    assert_null(target_get(&target, "other"));
    target_release(&target);
}

static void a_plus_in_the_path_stays_a_plus(void **state)
{
    (void)state;
    struct target target;
    assert_true(target_init(&target, "/a+b/", NULL));
    assert_int_equal(target.segment_count, 1);
    assert_string_equal(target.segment[0], "a+b");
    target_release(&target);
}

static void bad_targets_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "x", "?a=1", "*", "/%", "/%4", "/%zz", "/a%00b", "/a?b=%00", "/%ff", "/?a=%c3%28", "/?a=1&a=2",
        "/1/2/3/4/5/6/7/8/9/10/11/12/13", "/?%=1",
        "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y&z&1&2&3&4&5&6&7",
    };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct target target;
        struct error error = {.code = ERROR_NONE};
        assert_false(target_init(&target, bad[i], &error));
        assert_int_equal(error.code, ERROR_INVALID);
        target_release(&target);
    }
    char *long_one = memory_new(TARGET_MAX + 3);
    memset(long_one, '/', TARGET_MAX + 2);
    struct target target;
    assert_false(target_init(&target, long_one, NULL));
    target_release(&target);
    free(long_one);
}

static void typed_parameters_name_themselves_when_wrong(void **state)
{
    (void)state;
    struct target target;
    struct error error;
    uint32_t count = 7;
    bool flag = true;
    msec instant = 3;
    assert_true(target_init(&target, "/?n=12&bad=1x&big=70000&huge=99999999999999999999&minus=-1&f=0&g=2&t=soon", NULL));
    assert_true(target_count(&target, "absent", 10, &count, &error));
    assert_int_equal(count, 7);
    assert_true(target_count(&target, "n", 12, &count, &error));
    assert_int_equal(count, 12);
    static const char *const wrong[] = {"bad", "big", "huge", "minus"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_false(target_count(&target, wrong[i], 60000, &count, &error));
        assert_memory_equal(error.text, wrong[i], strlen(wrong[i]));
        assert_int_equal(count, 12);
    }
    assert_true(target_flag(&target, "f", &flag, &error));
    assert_false(flag);
    assert_false(target_flag(&target, "g", &flag, &error));
    assert_false(target_instant(&target, "t", 0, &instant, &error));
    assert_memory_equal(error.text, "t: ", 3);
    assert_int_equal(instant, 3);
    target_release(&target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_decoded_each_on_its_own),
        cmocka_unit_test(a_plus_in_the_path_stays_a_plus),
        cmocka_unit_test(bad_targets_are_refused_with_a_reason),
        cmocka_unit_test(typed_parameters_name_themselves_when_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

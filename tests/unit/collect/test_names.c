#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/names.h"

static void test_what_is_found_is_right(void **state)
{
    struct names *names = names_new();
    unsigned found = 0;
    char name[32];
    (void)state;
    assert_int_equal(names_find(names, "a", 1), UINT32_MAX);
    assert_int_equal(names_find_near(names, names_near(names, "a", 1), "a", 1), UINT32_MAX);
    for (uint32_t i = 0; i < 100000; i++) {
        int length = snprintf(name, sizeof name, "terminal-%u", i);
        names_add(names, name, (size_t)length, i);
    }
    for (uint32_t i = 0; i < 200000; i++) {
        int length = snprintf(name, sizeof name, "terminal-%u", i);
        uint32_t number = names_find(names, name, (size_t)length);
        assert_true(number == UINT32_MAX || number == i);
        assert_int_equal(names_find_near(names, names_near(names, name, (size_t)length), name, (size_t)length), number);
        found += number == i;
    }
    assert_in_range(found, 99900, 100000); /* half full at most: next to none gave way */
    assert_true(names_memory(names) < 100000 * 90);
    names_clear(names);
    assert_int_equal(names_find(names, "terminal-1", 10), UINT32_MAX);
    names_add(names, "", 0, 1);
    assert_int_equal(names_find(names, "", 0), UINT32_MAX);
    names_free(&names);
    assert_null(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_found_is_right)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

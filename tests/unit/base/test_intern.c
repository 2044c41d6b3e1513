#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/intern.h"

static void equal_texts_share_a_pointer(void **state)
{
    (void)state;
    struct intern *pool = intern_new();
    char other[] = "3号楼";
    const char *first = intern_text(pool, "3号楼");
    assert_ptr_equal(first, intern_text(pool, other));
    assert_ptr_not_equal(first, intern_text(pool, "4号楼"));
    assert_ptr_equal(first, intern_bytes(pool, "3号楼泵房", strlen("3号楼")));
    assert_string_equal(intern_text(pool, NULL), "");
    assert_ptr_equal(intern_text(pool, NULL), intern_bytes(pool, NULL, 0));
    intern_free(&pool);
    assert_null(pool);
}

static void numbers_survive_growth(void **state)
{
    (void)state;
    struct intern *pool = intern_new();
    char text[32];
    for (uint32_t i = 0; i < 100000; i++) {
        int length = snprintf(text, sizeof text, "asset-%u", i);
        assert_int_equal(intern_id(pool, text, (size_t)length), i);
    }
    assert_int_equal(intern_count(pool), 100000);
    for (uint32_t i = 0; i < 100000; i++) {
        int length = snprintf(text, sizeof text, "asset-%u", i);
        assert_int_equal(intern_find(pool, text, (size_t)length), i);
        assert_string_equal(intern_name(pool, i), text);
    }
    assert_int_equal(intern_find(pool, "nobody", 6), UINT32_MAX);
    assert_true(intern_memory(pool) > 100000 * 20 && intern_memory(pool) < 100000 * 60);
    intern_free(&pool);
}

static void long_and_binary_texts(void **state)
{
    (void)state;
    struct intern *pool = intern_new();
    static char large[300000];
    memset(large, 'x', sizeof large);
    const char *kept = intern_bytes(pool, large, sizeof large);
    assert_int_equal(strlen(kept), sizeof large);
    assert_ptr_equal(kept, intern_bytes(pool, large, sizeof large));
    assert_int_not_equal(intern_id(pool, "a\0b", 3), intern_id(pool, "a\0c", 3));
    intern_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_share_a_pointer),
        cmocka_unit_test(numbers_survive_growth),
        cmocka_unit_test(long_and_binary_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

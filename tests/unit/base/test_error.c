#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void set_returns_false_and_keeps_one_line(void **state)
{
    (void)state;
    struct error error;
    assert_false(error_set(&error, ERROR_INVALID, "line %d:\nbad %s", 3, "月"));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.text, "line 3: bad 月");
    assert_false(error_set(NULL, ERROR_INVALID, "nobody looks"));
    error_clear(&error);
    assert_int_equal(error.code, ERROR_NONE);
    assert_string_equal(error.text, "");
}

static void prefix_keeps_the_code(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, ERROR_TIMEOUT, "no answer");
    assert_false(error_prefix(&error, "source %s", "campus"));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_string_equal(error.text, "source campus: no answer");
    assert_false(error_prefix(NULL, "x"));
}

static void its_own_text_may_be_an_argument(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, ERROR_INVALID, "inner");
    error_set(&error, ERROR_INTERNAL, "outer: %s", error.text);
    assert_string_equal(error.text, "outer: inner");
}

static void long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[1000];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', sizeof text);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "泵", 3);
        text[sizeof text - 4] = '\0';
        struct error error;
        error_set(&error, ERROR_INVALID, "%s", text);
        size_t length = strlen(error.text);
        assert_true(length < sizeof error.text && length > sizeof error.text - 5);
        assert_int_equal((length - shift) % 3, 0);
        error_prefix(&error, "%s", "context");
        assert_int_equal((strlen(error.text) - 9 - shift) % 3, 0);
    }
}

static void what_others_sent_is_made_safe(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, ERROR_INVALID, "got `%.4s`", "泵房");
    assert_string_equal(error.text, "got `泵\xEF\xBF\xBD`");
    error_set(&error, ERROR_INVALID, "got `%s`", "\033[2Jx\xFF");
    assert_string_equal(error.text, "got `x\xEF\xBF\xBD`");
}

static void codes_have_stable_names(void **state)
{
    (void)state;
    assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not-found");
    assert_string_equal(error_code_name(ERROR_TOO_NEW), "too-new");
    for (int code = ERROR_NONE; code <= ERROR_INTERNAL; code++)
        assert_non_null(error_code_name((enum error_code)code));
    assert_string_equal(error_code_name((enum error_code)99), "internal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_returns_false_and_keeps_one_line),
        cmocka_unit_test(prefix_keeps_the_code),
        cmocka_unit_test(its_own_text_may_be_an_argument),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(what_others_sent_is_made_safe),
        cmocka_unit_test(codes_have_stable_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

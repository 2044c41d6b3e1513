#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/scan.h"

static struct scan scan;
static struct error error;

static bool reads(const char *text)
{
    return scan_read(&scan, text, strlen(text), &error);
}

static void test_tokens_point_into_the_text(void **state)
{
    (void)state;
    assert_true(reads(" {\"a\": [1, {\"b\": null}], \"c\": \"x\"} "));
    assert_int_equal(scan.count, 9);
    assert_int_equal(scan.tokens[0].next, 9);
    assert_int_equal(scan.tokens[0].length, 33);
    uint32_t list = scan_member(&scan, 0, "a", 1);
    assert_int_equal(scan.tokens[list].type, SCAN_ARRAY);
    assert_int_equal(scan.tokens[list].next, 7);
    assert_true(scan_text_is(&scan, scan_member(&scan, 0, "c", 1), "x", 1));
    assert_int_equal(scan_member(&scan, 0, "b", 1), SCAN_NOTHING);
}

static void test_the_last_of_equal_names_counts(void **state)
{
    double number;
    (void)state;
    assert_true(reads("{\"a\":1,\"a\":2}"));
    assert_true(scan_number(&scan, scan_member(&scan, 0, "a", 1), &number));
    assert_true(number == 2);
}

static void test_numbers(void **state)
{
    static const struct { const char *text; double value; } cases[] = {
        {"0", 0}, {"-0", -0.0}, {"7", 7}, {"23.4", 23.4}, {"-0.001", -0.001}, {"1e3", 1000}, {"1E-2", 0.01},
        {"123456789012345", 123456789012345.0}, {"1763690000123", 1763690000123.0}, {"0.1234567890123456789", 0.1234567890123456789},
        {"9007199254740993", 9007199254740992.0}, {"2.2250738585072014e-308", 2.2250738585072014e-308},
        {"0.00000000000000000000000000001", 1e-29}, {"99999999999999999999", 1e20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double number = NAN;
        assert_true(reads(cases[i].text));
        assert_true(scan_number(&scan, 0, &number));
        assert_true(number == cases[i].value);
        assert_true(signbit(number) == signbit(cases[i].value));
    }
    double number;
    assert_true(reads("1e400"));
    assert_false(scan_number(&scan, 0, &number));
}

static void test_words_that_are_no_numbers(void **state)
{
    (void)state;
    assert_true(reads("[NaN, Infinity, -Infinity, true, false, null]"));
    assert_int_equal(scan.tokens[1].type, SCAN_NOT_FINITE);
    assert_int_equal(scan.tokens[3].type, SCAN_NOT_FINITE);
    assert_int_equal(scan.tokens[4].type, SCAN_TRUE);
    assert_int_equal(scan.tokens[6].type, SCAN_NULL);
}

static void test_escapes(void **state)
{
    struct buffer out = BUFFER_INIT;
    (void)state;
    assert_true(reads("\"a\\n\\u6e29\\ud83d\\ude00\\ud83d\\u0041\""));
    scan_text(&scan, 0, &out);
    assert_string_equal(buffer_text(&out), "a\n温\xF0\x9F\x98\x80\xEF\xBF\xBD" "A");
    buffer_release(&out);
    assert_true(reads("{\"\\u0061b\":1}"));
    assert_int_equal(scan_member(&scan, 0, "ab", 2), 2);
}

static void test_refusals_name_the_byte(void **state)
{
    static const struct { const char *text, *says; } cases[] = {
        {"", "the text ends where a value was expected at byte 1"},
        {"{", "a member name in quotes was expected at byte 2"},
        {"{\"a\":1", "the text ends inside an object at byte 7"},
        {"[1,]", "a value was expected at byte 4"},
        {"[1 2]", "`,` or `]` was expected at byte 4"},
        {"{\"a\" 1}", "`:` was expected after a member name at byte 6"},
        {"{\"a\":1,}", "a member name in quotes was expected at byte 8"},
        {"\"abc", "text without its closing quote at byte 5"},
        {"\"a\tb\"", "control character in a text at byte 3"},
        {"\"\\x\"", "unknown escape in a text at byte 2"},
        {"\"\\u12g4\"", "\\u needs four hexadecimal digits at byte 2"},
        {"01", "text after the end of the value at byte 2"},
        {"1.", "digits were expected after the decimal point at byte 1"},
        {"1e", "digits were expected in the exponent at byte 1"},
        {"-", "a value was expected at byte 1"},
        {"{} x", "text after the end of the value at byte 4"},
        {"'a'", "a value was expected at byte 1"},
        {"nan", "a value was expected at byte 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(reads(cases[i].text));
        assert_string_equal(error.text, cases[i].says);
    }
}

static void test_depth_is_bounded(void **state)
{
    char text[200001];
    (void)state;
    memset(text, '[', 200000);
    assert_false(scan_read(&scan, text, 200000, &error));
    assert_string_equal(error.text, "nested more than 32 deep at byte 33");
    memset(text + 32, ']', 32);
    assert_true(scan_read(&scan, text, 64, &error));
}

static void test_pointers(void **state)
{
    struct scan_pointer pointer;
    (void)state;
    assert_true(reads("{\"values\":{\"a/b\":[10,20],\"m~n\":3}}"));
    assert_true(scan_pointer_parse(&pointer, "/values/a~1b/1", &error));
    double number;
    assert_true(scan_number(&scan, scan_at(&scan, 0, &pointer), &number) && number == 20);
    scan_pointer_release(&pointer);
    assert_true(scan_pointer_parse(&pointer, "/values/m~0n", &error));
    assert_true(scan_number(&scan, scan_at(&scan, 0, &pointer), &number) && number == 3);
    scan_pointer_release(&pointer);
    assert_true(scan_pointer_parse(&pointer, "/values/a~1b/2", &error));
    assert_int_equal(scan_at(&scan, 0, &pointer), SCAN_NOTHING);
    scan_pointer_release(&pointer);
    assert_true(scan_pointer_parse(&pointer, "", &error));
    assert_int_equal(scan_at(&scan, 0, &pointer), 0);
    scan_pointer_release(&pointer);
    assert_false(scan_pointer_parse(&pointer, "ts", &error));
    assert_string_equal(error.text, "a JSON pointer starts with `/`, as in /ts");
    assert_false(scan_pointer_parse(&pointer, "/1/2/3/4/5/6/7/8/9", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_point_into_the_text),
        cmocka_unit_test(test_the_last_of_equal_names_counts),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words_that_are_no_numbers),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_refusals_name_the_byte),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_pointers),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scan_release(&scan);
    return failed;
}

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/flat.h"

static struct flat *parsed(const char *text)
{
    struct error error = {0};
    struct flat *flat = flat_parse(text, strlen(text), &error);
    if (!flat)
        fail_msg("%s: %s", text, error.text);
    return flat;
}

static void refused(const char *text, const char *why)
{
    struct error error = {0};
    assert_null(flat_parse(text, strlen(text), &error));
    if (!strstr(error.text, why))
        fail_msg("`%s`: expected `%s`, got `%s`", text, why, error.text);
}

static void reads_members_of_every_type(void **state)
{
    (void)state;
    struct flat *flat = parsed(" {\"name\": \"\\u6d82\\ud83d\\ude00 \\\"泵房\\\"\\n\", \"n\": -12.5e1, \"i\":9007199254740993, \"yes\":true,\n"
                               "\t\"no\":false, \"nothing\":null, \"at\":\"2026-11-21T03:12:00+08:00\", \"rows\":[{\"a\":1},{},[2,\"x\"]]}");
    assert_string_equal(flat_text(flat, "name", ""), "涂\xf0\x9f\x98\x80 \"泵房\"\n");
    assert_true(flat_number(flat, "n", 0) == -125);
    assert_true(flat_integer(flat, "n", 0) == -125);
    assert_true(flat_integer(flat, "i", 0) == 9007199254740993);
    assert_true(flat_bool(flat, "yes", false));
    assert_false(flat_bool(flat, "no", true));
    assert_null(flat_get(flat, "nothing"));
    assert_true(flat_instant(flat, "at") == 1795201920000);
    assert_true(flat_instant(flat, "name") == CLOCK_NEVER);
    struct flat *rows = flat_get(flat, "rows");
    assert_int_equal(flat_type(rows), FLAT_ARRAY);
    assert_int_equal(flat_count(rows), 3);
    assert_true(flat_integer(flat_at(rows, 0), "a", 0) == 1);
    assert_int_equal(flat_count(flat_at(rows, 1)), 0);
    assert_string_equal(flat_as_text(flat_at(flat_at(rows, 2), 1), ""), "x");
    assert_true(flat_as_integer(flat_at(flat_at(rows, 2), 0), 0) == 2);
    assert_true(flat_integer(flat_at(rows, 0), "a", 0) == 1); /* and back */
    assert_null(flat_at(rows, 3));
    size_t length;
    assert_memory_equal(flat_raw(rows, &length), "[{\"a\":1},{},[2,\"x\"]]", 20);
    assert_int_equal(length, 20);
    /* Backwards, twice, and in no order. */
    assert_true(flat_bool(flat, "yes", false));
    assert_string_equal(flat_text(flat, "at", ""), "2026-11-21T03:12:00+08:00");
    assert_true(flat_bool(flat, "yes", false));
    assert_true(flat_number(flat, "n", 0) == -125);
    flat_free(&flat);
    assert_null(flat);
}

static void another_type_is_absent(void **state)
{
    (void)state;
    struct flat *flat = parsed("{\"a\":\"1\",\"b\":1,\"c\":[],\"d\":1.5,\"e\":1e400}");
    assert_true(flat_number(flat, "a", -1) == -1);
    assert_string_equal(flat_text(flat, "b", "none"), "none");
    assert_true(flat_bool(flat, "b", true));
    assert_true(flat_integer(flat, "d", -1) == -1);
    assert_true(isnan(flat_number(flat, "e", NAN))); /* infinite */
    assert_null(flat_get(flat_get(flat, "b"), "x"));
    assert_null(flat_get(NULL, "x"));
    assert_null(flat_get(flat_get(flat, "c"), "x"));
    assert_int_equal(flat_count(flat_get(flat, "a")), 0);
    flat_free(&flat);
}

static void refuses_what_is_no_json(void **state)
{
    (void)state;
    refused("", "empty");
    refused("{\"a\":1", "ends");
    refused("{\"a\" 1}", "line 1");
    refused("{\"a\":1,}", "line 1");
    refused("[1 2]", "line 1");
    refused("[01]", "");
    refused("{\"a\":\"\\x\"}", "");
    refused("\"\xff\"", "");
    refused("[1]]", "line 1 column 4");
    refused("NaN", "NaN");
    refused("{'a':1}", "double quotes");
    refused("[tru]", "");
    refused("[-]", "");
    refused("null", "null");
    struct buffer deep = BUFFER_INIT;
    for (int i = 0; i < FLAT_DEPTH; i++)
        buffer_append_char(&deep, '[');
    buffer_append_char(&deep, '1');
    for (int i = 0; i < FLAT_DEPTH; i++)
        buffer_append_char(&deep, ']');
    struct flat *flat = parsed(buffer_text(&deep));
    flat_free(&flat);
    struct buffer deeper = BUFFER_INIT;
    buffer_printf(&deeper, "[%s]", buffer_text(&deep));
    refused(buffer_text(&deeper), "deeper than 32");
    buffer_release(&deep);
    buffer_release(&deeper);
}

/* More values than it first makes room for. */
static void grows(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT;
    buffer_append_char(&text, '[');
    for (int i = 0; i < 20000; i++)
        buffer_printf(&text, "%s%d", i ? "," : "", i % 10);
    buffer_append_char(&text, ']');
    struct flat *flat = parsed(buffer_text(&text));
    assert_int_equal(flat_count(flat), 20000);
    for (unsigned i = 0; i < 20000; i++)
        assert_int_equal(flat_as_integer(flat_at(flat, i), -1), i % 10);
    flat_free(&flat);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members_of_every_type), cmocka_unit_test(another_type_is_absent),
        cmocka_unit_test(refuses_what_is_no_json), cmocka_unit_test(grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

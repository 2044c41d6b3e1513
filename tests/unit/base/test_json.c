#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/json.h"

static void writes_a_document(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &out);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "id", "3号\"泵\"\\\n\x01");
    json_write_text(&writer, "none", NULL);
    json_write_array(&writer, "values");
    json_write_number(&writer, NULL, 31.2);
    json_write_number(&writer, NULL, NAN);
    json_write_number(&writer, NULL, INFINITY);
    json_write_integer(&writer, NULL, INT64_MIN);
    json_write_array_end(&writer);
    json_write_object(&writer, "empty");
    json_write_object_end(&writer);
    json_write_bool(&writer, "up", true);
    json_write_instant(&writer, "at", 1795201920000);
    json_write_instant(&writer, "never", CLOCK_NEVER);
    json_write_raw(&writer, "raw", "[1]", 3);
    json_write_text_n(&writer, "bad", "\xFFz", 2);
    json_write_object_end(&writer);
    assert_string_equal(buffer_text(&out),
                        "{\"id\":\"3号\\\"泵\\\"\\\\\\n\\u0001\",\"none\":null,"
                        "\"values\":[31.2,null,null,-9223372036854775808],\"empty\":{},\"up\":true,"
                        "\"at\":\"2026-11-21T03:12:00+08:00\",\"never\":null,\"raw\":[1],"
                        "\"bad\":\"\xEF\xBF\xBDz\"}");
    struct json_object *back = json_parse(out.data, out.length, 0, NULL);
    assert_non_null(back);
    assert_int_equal(json_get_instant(back, "at"), 1795201920000);
    assert_int_equal(json_get_instant(back, "never"), CLOCK_NEVER);
    assert_int_equal(json_get_instant(back, "id"), CLOCK_NEVER);
    assert_string_equal(json_get_text(back, "id", ""), "3号\"泵\"\\\n\x01");
    json_object_put(back);
    buffer_release(&out);
}

static void numbers_read_back_exactly(void **state)
{
    (void)state;
    unsigned seed = 1;
    struct buffer out = BUFFER_INIT;
    for (int i = 0; i < 200000; i++) {
        double number;
        uint64_t bits = (uint64_t)rand_r(&seed) << 62 ^ (uint64_t)rand_r(&seed) << 31 ^ (uint64_t)rand_r(&seed);
        if (i % 2)
            number = (double)((int64_t)(bits % 2000000000) - 1000000000) / (double[]){1, 10, 100, 1000}[i / 2 % 4];
        else
            memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            continue;
        struct json_writer writer;
        buffer_clear(&out);
        json_start(&writer, &out);
        json_write_number(&writer, NULL, number);
        if (strtod(buffer_text(&out), NULL) != number)
            fail_msg("%.17g was written %s", number, buffer_text(&out));
        if (i % 2 && out.length > 15)
            fail_msg("%.17g was written %s", number, buffer_text(&out));
    }
    buffer_release(&out);
}

static void refuse(const char *text, int depth, const char *expected)
{
    struct error error = {0};
    struct json_object *object = json_parse(text, strlen(text), depth, &error);
    if (object)
        fail_msg("`%s` was taken", text);
    assert_int_equal(error.code, ERROR_INVALID);
    if (expected && !strstr(error.text, expected))
        fail_msg("`%s`: `%s`, expected `%s`", text, error.text, expected);
}

static void refuses_with_line_and_column(void **state)
{
    (void)state;
    refuse("", 0, "empty");
    refuse("  \n", 0, "empty");
    refuse("{\"a\":1,\n \"b\":}", 0, "line 2 column");
    refuse("{\"泵\":x}", 0, "line 1 column 6");
    refuse("{\"a\":1", 0, "ends inside");
    refuse("[1,]", 0, "line 1");
    refuse("{\"a\":1} x", 0, "line 1 column 9");
    refuse("{'a':1}", 0, NULL);
    refuse("{a:1}", 0, NULL);
    refuse("NaN", 0, "NaN");
    refuse("{\"temp\":NaN}", 0, "line 1 column 9: NaN");
    refuse("[1,-Infinity]", 0, "line 1 column 5");
    refuse("[nan]", 0, NULL);
    refuse("[infinity]", 0, NULL);
    refuse("[TRUE]", 0, NULL);
    refuse("[01]", 0, NULL);
    refuse("[1 2]", 0, NULL);
    refuse("\"\xB1\xC3\"", 0, "line 1");
    refuse("/* c */ 1", 0, NULL);
    refuse("null", 0, "null");
    struct error error;
    assert_null(json_parse("{}\0{}", 5, 0, &error));
    assert_null(json_parse("[1,\0 2]", 7, 0, &error));
}

static void limits_depth(void **state)
{
    (void)state;
    char deep[2001];
    for (int limit = 1; limit < 40; limit++)
        for (int nested = 1; nested < 45; nested++) {
            memset(deep, '[', (size_t)nested);
            deep[nested] = '1';
            memset(deep + nested + 1, ']', (size_t)nested);
            struct json_object *object = json_parse(deep, (size_t)nested * 2 + 1, limit, NULL);
            assert_int_equal(object != NULL, nested <= limit);
            json_object_put(object);
        }
    memset(deep, '[', 1000);
    deep[1000] = '\0';
    refuse(deep, 0, "nested deeper than 32");
}

static void reads_members(void **state)
{
    (void)state;
    const char *text = "{\"n\":1.5,\"i\":7,\"f\":7.0,\"t\":\"x\",\"b\":true,\"z\":null,\"huge\":1e400,"
                       "\"NaN in a name\":\"Infinity\",\"big\":123456789012}";
    struct json_object *object = json_parse(text, strlen(text), 0, NULL);
    assert_non_null(object);
    assert_true(json_get_number(object, "n", 0) == 1.5);
    assert_true(json_get_number(object, "i", 0) == 7);
    assert_true(json_get_number(object, "t", -1) == -1);
    assert_true(json_get_number(object, "huge", -1) == -1);
    assert_true(json_get_number(object, "z", -1) == -1);
    assert_int_equal(json_get_integer(object, "i", 0), 7);
    assert_int_equal(json_get_integer(object, "f", 0), 7);
    assert_int_equal(json_get_integer(object, "n", -1), -1);
    assert_int_equal(json_get_integer(object, "big", -1), 123456789012);
    assert_true(json_get_bool(object, "b", false));
    assert_true(json_get_bool(object, "t", true));
    assert_string_equal(json_get_text(object, "t", ""), "x");
    assert_string_equal(json_get_text(object, "i", "absent"), "absent");
    assert_null(json_get(object, "nobody"));
    assert_null(json_get(NULL, "nobody"));
    json_object_put(object);
    object = json_parse(" 42 ", 4, 0, NULL);
    assert_int_equal(json_object_get_int(object), 42);
    json_object_put(object);
    object = json_parse("42", 2, 0, NULL);
    assert_int_equal(json_object_get_int(object), 42);
    json_object_put(object);
}

static void follows_pointers(void **state)
{
    (void)state;
    /* The document and answers of RFC 6901 section 5. */
    const char *text = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
                       "\"k\\\"l\":6,\" \":7,\"m~n\":8}";
    struct json_object *object = json_parse(text, strlen(text), 0, NULL);
    assert_ptr_equal(json_at(object, ""), object);
    assert_string_equal(json_object_get_string(json_at(object, "/foo/0")), "bar");
    assert_int_equal(json_object_get_int(json_at(object, "/a~1b")), 1);
    assert_int_equal(json_object_get_int(json_at(object, "/c%d")), 2);
    assert_int_equal(json_object_get_int(json_at(object, "/k\"l")), 6);
    assert_int_equal(json_object_get_int(json_at(object, "/ ")), 7);
    assert_int_equal(json_object_get_int(json_at(object, "/m~0n")), 8);
    assert_non_null(json_at(object, "/"));
    assert_null(json_at(object, "/foo/2"));
    assert_null(json_at(object, "/foo/01"));
    assert_null(json_at(object, "/foo/-"));
    assert_null(json_at(object, "/foo/0/x"));
    assert_null(json_at(object, "foo"));
    assert_null(json_at(object, "/m~n"));
    assert_null(json_at(object, "/m~2n"));
    json_object_put(object);
}

static void a_failure_leaves_no_trace(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        refuse("{\"a\":[1,{\"b\":", 0, NULL);
        struct json_object *object = json_parse("{\"ok\":1}", 8, 0, NULL);
        assert_int_equal(json_get_integer(object, "ok", 0), 1);
        json_object_put(object);
    }
    /* Not even half of a surrogate pair. */
    static const char *const cut[] = {"[\"\\ud83d\\u", "[\"\\ud83d\\u12", "[\"\\ud83d\\uzz\"]"};
    static const char next[] = "{\"s\":\"\\u6cf5\"}";
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        refuse(cut[i], 0, NULL);
        struct json_object *object = json_parse(next, sizeof next - 1, 0, NULL);
        assert_string_equal(json_get_text(object, "s", ""), "泵");
        json_object_put(object);
    }
    size_t length = 1 << 20;
    char *large = malloc(length + 2);
    memset(large, 'x', length + 2);
    large[0] = large[length + 1] = '"';
    struct json_object *object = json_parse(large, length + 2, 0, NULL);
    assert_int_equal(json_object_get_string_len(object), length);
    json_object_put(object);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_document),
        cmocka_unit_test(numbers_read_back_exactly),
        cmocka_unit_test(refuses_with_line_and_column),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(reads_members),
        cmocka_unit_test(follows_pointers),
        cmocka_unit_test(a_failure_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

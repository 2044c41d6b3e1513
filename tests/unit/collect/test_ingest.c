/* Readings pushed to the API, and the feed behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "collect/ingest.h"
#include "ingest_sink.h"

static struct written written;
static struct source *source;
static struct ingest *ingest;
static struct ingest_result result;
static struct error error;

static int start(void **state)
{
    (void)state;
    memset(&written, 0, sizeof written);
    source = source_new(NULL, (struct sink){&written_ops, &written}, "api", NULL);
    ingest = ingest_new(source);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ingest_free(&ingest);
    source_free(&source);
    buffer_release(&written.lines);
    return 0;
}

static bool push(const char *body)
{
    char *copy = malloc(strlen(body) + 1);
    size_t length = strlen(body);
    memcpy(copy, body, length);
    buffer_clear(&written.lines);
    bool good = ingest_decode(ingest, copy, length, &result, &error);
    free(copy);
    return good;
}

static void test_every_form(void **state)
{
    (void)state;
    assert_true(push("{\"readings\":[{\"asset\":\"A\",\"metric\":\"t\",\"value\":1.5,\"time\":\"2026-11-21T03:12:00+08:00\"},"
                     "{\"asset\":\"B\",\"gateway\":\"G\",\"metric\":\"t\",\"value\":true}]}"));
    assert_string_equal(buffer_text(&written.lines), "A @1795201920000 t=1.5\nG>B t=1\n");
    assert_int_equal(result.accepted, 2);
    assert_int_equal(result.rejected, 0);
    assert_true(push("{\"asset\":\"A\",\"time\":1763690000,\"values\":{\"t\":2,\"u\":{\"v\":3}}}"));
    assert_string_equal(buffer_text(&written.lines), "A @1763690000000 t=2 u.v=3\n");
    assert_int_equal(result.accepted, 2);
    assert_true(push(" [ {\"asset\":\"A\",\"metric\":\"t\",\"value\":\"4\"} ] "));
    assert_string_equal(buffer_text(&written.lines), "A t=4\n");
    assert_true(push("\n{\"asset\":\"A\",\"metric\":\"t\",\"value\":5}\r\n\n{\"asset\":\"B\",\"metric\":\"t\",\"value\":6}\n"));
    assert_string_equal(buffer_text(&written.lines), "A t=5\nB t=6\n");
    assert_true(push("[]"));
    assert_int_equal(result.accepted + result.rejected, 0);
    assert_int_equal(source->readings, 7);
    assert_int_equal(source->messages, 6);
}

static void test_each_item_stands_for_itself(void **state)
{
    (void)state;
    assert_true(push("[{\"asset\":\"A\",\"metric\":\"t\",\"value\":1},{\"metric\":\"t\",\"value\":1},{\"asset\":\"A\",\"value\":1},"
                     "{\"asset\":\"A\",\"metric\":\"t\",\"value\":\"warm\"},{\"asset\":\"A\",\"metric\":\"t\",\"value\":[1]},7,"
                     "{\"asset\":\"two words\",\"metric\":\"t\",\"value\":1},{\"asset\":\"A\",\"metric\":\"t\",\"value\":1e400},"
                     "{\"asset\":\"A\",\"metric\":\"t\",\"value\":1,\"time\":\"soon\"},{\"asset\":{},\"metric\":\"t\",\"value\":1},"
                     "{\"asset\":\"A\",\"values\":{}},{\"asset\":\"A\",\"values\":{\"t\":NaN,\"u\":2}},"
                     "{\"asset\":\"A\",\"metric\":\"t\",\"value\":9}]"));
    static const struct { unsigned item; const char *text; } reasons[] = {
        {1, "no `asset`"}, {2, "needs `values`, an object, or `metric` and `value`"}, {3, "`value` is no number"},
        {4, "`value` is one number"}, {5, "a reading is an object"}, {6, "asset id not allowed, or too many unknown assets"},
        {7, "t: number too large"}, {8, "`time` is neither RFC 3339 nor a number"}, {9, "`asset` is no id"}, {10, "no number in it"},
    };
    assert_string_equal(buffer_text(&written.lines), "A t=1\nA u=2\nA t=9\n");
    assert_int_equal(result.accepted, 3);
    assert_int_equal(result.rejected, 11);
    assert_int_equal(result.reason_count, INGEST_REASONS);
    for (unsigned i = 0; i < INGEST_REASONS; i++) {
        assert_int_equal(result.reasons[i].item, reasons[i].item);
        assert_string_equal(result.reasons[i].text, reasons[i].text);
    }
    assert_int_equal(source->bad, 11);
}

static void test_lines_count_on(void **state)
{
    (void)state;
    assert_true(push("[{\"asset\":\"A\",\"metric\":\"t\",\"value\":1},{\"asset\":\"A\"}]\n{\"asset\":\"A\",\"metric\":\"t\",\"value\":2}\nnot json\n"
                     "{\"asset\":\"A\",\"metric\":\"t\",\"value\":3}"));
    assert_int_equal(result.accepted, 3);
    assert_int_equal(result.rejected, 2);
    assert_int_equal(result.reasons[0].item, 1);
    assert_int_equal(result.reasons[1].item, 3);
    assert_string_equal(result.reasons[1].text, "not JSON: a value was expected at byte 1");
}

static void test_bodies_that_cannot_be_read(void **state)
{
    (void)state;
    assert_false(push("{\"asset\":\"A\""));
    assert_string_equal(error.text, "the body is not JSON: the text ends inside an object at byte 13");
    assert_false(push("hello\nworld"));
    assert_false(push(""));
    assert_false(push("[{\"asset\":\"\xCE\xC2\",\"metric\":\"t\",\"value\":1}]"));
    assert_string_equal(error.text, "the body is not JSON: not UTF-8");
    assert_string_equal(buffer_text(&written.lines), "");
    assert_int_equal(source->bad, 4);
    assert_int_equal(source->example_count, 4);
}

/* Names are asked for once, until the ledger changes; what was refused is asked again. */
static void test_names_are_remembered(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(push("{\"asset\":\"A\",\"gateway\":\"G\",\"values\":{\"t\":1,\"u\":2}}"));
    assert_int_equal(written.asked[0], 2);
    assert_int_equal(written.asked[1], 2);
    written.revision++;
    assert_true(push("{\"asset\":\"A\",\"gateway\":\"G\",\"values\":{\"t\":1,\"u\":2}}"));
    assert_int_equal(written.asked[0], 4);
    assert_int_equal(written.asked[1], 2);
    written.limit = 2;
    assert_true(push("{\"asset\":\"C\",\"values\":{\"t\":1}}"));
    assert_int_equal(result.rejected, 1);
    written.limit = 0;
    assert_true(push("{\"asset\":\"C\",\"values\":{\"t\":1}}"));
    assert_int_equal(result.accepted, 1);
}

static void test_metric_names_are_cleaned(void **state)
{
    (void)state;
    assert_true(push("{\"asset\":\"A\",\"values\":{\"\\u001b[31mred\\u202e\":1,\"\\u200b\":2}}"));
    assert_string_equal(written.names[1][0], "red");
    assert_int_equal(result.accepted, 1);
    assert_int_equal(result.rejected, 1);
    assert_string_equal(result.reasons[0].text, "metric name not allowed, or too many metrics");
}

/* The last five, newest first, safe to show; people are told at most once a second. */
static void test_examples(void **state)
{
    (void)state;
    clock_fake(1000000, 0);
    for (int i = 0; i < 20; i++)
        source_bad(source, "\x1b[2J\xff", 5, "reason %d", i);
    assert_int_equal(source->bad, 20);
    assert_int_equal(source->example_count, SOURCE_EXAMPLES);
    assert_string_equal(source->examples[0].reason, "reason 19");
    assert_string_equal(source->examples[4].reason, "reason 15");
    assert_string_equal(source->examples[0].sample, "\xEF\xBF\xBD");
    assert_int_equal(written.changes, 1);
    clock_fake(1001500, 0);
    source_bad(source, NULL, 0, "late");
    assert_int_equal(written.changes, 2);
    clock_real();
}

static void test_rate_looks_back_ten_seconds(void **state)
{
    (void)state;
    for (msec second = 0; second <= 60; second++) {
        source->messages += second < 30 ? 100 : 0;
        source_rate_tick(source, second * 1000);
        if (second == 20 || second == 29)
            assert_true(source->rate == 100);
        if (second == 35)
            assert_true(source->rate > 30 && source->rate < 60);
        if (second >= 40)
            assert_true(source->rate == 0);
    }
}

static void test_status_tells_once(void **state)
{
    (void)state;
    source_status(source, SOURCE_RUNNING, "connected, %d topics", 3);
    assert_int_equal(written.changes, 1);
    source_status(source, SOURCE_RUNNING, "connected, %d topics", 3);
    assert_int_equal(written.changes, 1);
    source_status(source, SOURCE_DOWN, "refused:\x1b[1m no");
    assert_string_equal(source->detail, "refused: no");
    assert_string_equal(source_state_name(source->status), "down");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_form, start, end),
        cmocka_unit_test_setup_teardown(test_each_item_stands_for_itself, start, end),
        cmocka_unit_test_setup_teardown(test_lines_count_on, start, end),
        cmocka_unit_test_setup_teardown(test_bodies_that_cannot_be_read, start, end),
        cmocka_unit_test_setup_teardown(test_names_are_remembered, start, end),
        cmocka_unit_test_setup_teardown(test_metric_names_are_cleaned, start, end),
        cmocka_unit_test_setup_teardown(test_examples, start, end),
        cmocka_unit_test_setup_teardown(test_rate_looks_back_ten_seconds, start, end),
        cmocka_unit_test_setup_teardown(test_status_tells_once, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

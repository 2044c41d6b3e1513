/* Pages of Prometheus text and OpenMetrics: whole, in pieces, cut, wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/exposition.h"

struct taken {
    char text[4096];
    bool all; /* every name is wanted */
};

static uint32_t wants(void *owner, const char *name, size_t length)
{
    const struct taken *taken = owner;
    return taken->all || (length == 2 && memcmp(name, "up", 2) == 0) ? 7 : EXPOSITION_UNWANTED;
}

static void series(void *owner, const struct exposition_series *found)
{
    struct taken *taken = owner;
    size_t used = strlen(taken->text);
    assert_int_equal(found->tag, 7);
    snprintf(taken->text + used, sizeof taken->text - used, "%.*s{%.*s}=%g", (int)found->name_length, found->name,
             (int)found->labels_length, found->labels, found->value);
    used = strlen(taken->text);
    if (found->time != CLOCK_NEVER)
        snprintf(taken->text + used, sizeof taken->text - used, "@%lld", (long long)found->time);
    strcat(taken->text, " ");
}

static const struct exposition_ops ops = {wants, series};

/* The page in pieces of `step` bytes; returns whether it was a page. */
static bool take(struct taken *taken, struct exposition *page, const char *text, bool open_metrics, size_t step, struct error *error)
{
    exposition_begin(page, &ops, taken, open_metrics);
    size_t length = strlen(text);
    bool good = true;
    for (size_t at = 0; good && at < length; at += step)
        good = exposition_feed(page, text + at, length - at < step ? length - at : step);
    return exposition_end(page, error) && good;
}

static void check_page(const char *text, bool open_metrics, const char *expected)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 100000};
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        struct taken taken = {.all = true};
        struct exposition page;
        struct error error = {0};
        bool good = take(&taken, &page, text, open_metrics, steps[i], &error);
        if (!good || strcmp(taken.text, expected) != 0)
            fail_msg("in pieces of %zu: %s | %s | expected %s", steps[i], taken.text, error.text, expected);
        exposition_release(&page);
    }
}

static void test_values(void **state)
{
    (void)state;
    check_page("# HELP up x\n# TYPE up gauge\nup 1\n", false, "up{}=1 ");
    check_page("up 1", false, "up{}=1 ");
    check_page("a{x=\"1\",y=\"two\"} 2.5e3\r\nb{} -0.5 1395066363000\n", false, "a{x=\"1\",y=\"two\"}=2500 b{}=-0.5@1395066363000 ");
    check_page("a +Inf\nb -Inf\nc NaN\nd +1\n", false, "a{}=inf b{}=-inf c{}=nan d{}=1 ");
    check_page("a{msg=\"quote \\\" brace } comma , back \\\\ end\"} 3\n\n\n   \n", false,
               "a{msg=\"quote \\\" brace } comma , back \\\\ end\"}=3 ");
    check_page("a{x=\"1\",} 4\n", false, "a{x=\"1\",}=4 ");
    check_page("  a { x = \"1\" , y = \"2\" } 5 \n", false, "a{ x = \"1\" , y = \"2\" }=5 ");
    check_page("a:b_c 6\n", false, "a:b_c{}=6 ");
}

static void test_open_metrics(void **state)
{
    (void)state;
    check_page("a_total{x=\"1\"} 17 1520879607.789 # {trace=\"x\"} 0.67\n# EOF\n", true, "a_total{x=\"1\"}=17@1520879607789 ");
    check_page("a_total 17 # {trace=\"x\"} 0.67 1.0\n# EOF", true, "a_total{}=17 ");
    struct taken taken = {.all = true};
    struct exposition page;
    struct error error = {0};
    assert_false(take(&taken, &page, "a 1\nb 2\n", true, 100, &error));
    assert_non_null(strstr(error.text, "# EOF"));
    exposition_release(&page);
}

static void test_bad_lines_are_counted(void **state)
{
    (void)state;
    struct taken taken = {.all = true};
    struct exposition page;
    struct error error = {0};
    assert_true(take(&taken, &page, "good 1\n9bad 1\nbad{x=1} 2\nbad{x=\"1\" 3\nbad one\nbad 1 2 3\nbad\nbad{x=\"\033[31m\n} 1\ngood 2\n", false, 5, &error));
    assert_string_equal(taken.text, "good{}=1 good{}=2 ");
    assert_int_equal(page.series, 2);
    assert_true(page.bad >= 7);
    assert_string_equal(page.example, "9bad 1");
    exposition_release(&page);
}

static void test_unwanted_lines_are_not_taken_apart(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct exposition page;
    struct error error = {0};
    assert_true(take(&taken, &page, "upper 1\nup 2\nx{malformed\nup{job=\"a\"} 3\n", false, 4, &error));
    assert_string_equal(taken.text, "up{}=2 up{job=\"a\"}=3 ");
    assert_int_equal(page.series, 4);
    exposition_release(&page);
}

static void test_what_is_no_page(void **state)
{
    (void)state;
    struct taken taken = {.all = true};
    struct exposition page;
    struct error error = {0};
    assert_false(take(&taken, &page, "", false, 10, &error));
    exposition_release(&page);
    struct buffer html = BUFFER_INIT;
    for (int i = 0; i < 40; i++)
        buffer_append_text(&html, "<li>not metrics</li>\n");
    assert_false(take(&taken, &page, buffer_text(&html), false, 50, &error));
    assert_non_null(strstr(error.text, "not an exposition"));
    exposition_release(&page);
    buffer_release(&html);
    char *endless = memory_new(200000);
    memset(endless, 'a', 199999);
    assert_false(take(&taken, &page, endless, false, 4096, &error));
    exposition_release(&page);
    free(endless);
}

static void test_labels(void **state)
{
    (void)state;
    struct exposition_series found = {.labels = "a=\"one\",b=\"two \\\"x\\\" \\\\ \\n\",c=\"\"", .labels_length = strlen("a=\"one\",b=\"two \\\"x\\\" \\\\ \\n\",c=\"\"")};
    char text[32];
    assert_true(exposition_label(&found, "b", text, sizeof text));
    assert_string_equal(text, "two \"x\" \\ \n");
    assert_true(exposition_label(&found, "c", text, sizeof text));
    assert_string_equal(text, "");
    assert_false(exposition_label(&found, "d", text, sizeof text));
    assert_true(exposition_label(&found, "a", text, 3));
    assert_string_equal(text, "on");
}

static void check_selector(const char *selector_text, const char *labels, bool expected)
{
    struct error error = {0};
    struct selector *selector = selector_parse(selector_text, &error);
    if (!selector)
        fail_msg("%s: %s", selector_text, error.text);
    struct exposition_series found = {.labels = labels, .labels_length = strlen(labels)};
    if (selector_match(selector, &found) != expected)
        fail_msg("%s against %s", selector_text, labels);
    selector_free(&selector);
}

static void test_selectors(void **state)
{
    (void)state;
    check_selector("up", "", true);
    check_selector("up{}", "a=\"1\"", true);
    check_selector(" http_requests_total { code =~ \"5..\" , method != 'GET' } ", "code=\"503\",method=\"POST\"", true);
    check_selector("x{code=~\"5..\"}", "code=\"5030\"", false); /* anchored */
    check_selector("x{code!~\"5..\"}", "code=\"200\"", true);
    check_selector("x{a=\"\"}", "b=\"1\"", true);               /* an absent label is an empty one */
    check_selector("x{a=\"q\\\"q\"}", "a=\"q\\\"q\"", true);
    check_selector("x{a=\"1\",}", "a=\"2\"", false);
    static const struct { const char *text; const char *column; } wrong[] = {
        {"", "column 1"}, {"9x", "column 1"}, {"x{", "column 3"}, {"x{a}", "column 4"}, {"x{a=1}", "column 5"},
        {"x{a=\"1}", "column 5"}, {"x{a=\"1\"", "column 8"}, {"x{a=\"1\"} y", "column 10"}, {"x{a=~\"(\"}", "column 9"}};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        struct error error = {0};
        assert_null(selector_parse(wrong[i].text, &error));
        if (!strstr(error.text, wrong[i].column))
            fail_msg("%s: %s, expected %s", wrong[i].text, error.text, wrong[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_open_metrics), cmocka_unit_test(test_bad_lines_are_counted),
        cmocka_unit_test(test_unwanted_lines_are_not_taken_apart), cmocka_unit_test(test_what_is_no_page),
        cmocka_unit_test(test_labels), cmocka_unit_test(test_selectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

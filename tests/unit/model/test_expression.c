/* What rules compare: grammar, three-valued truth, what an expression depends on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/expression.h"

static bool metric(const void *subject, const char *name, double *value)
{
    (void)subject;
    static const struct { const char *name; double value; } values[] = {{"temperature", 31.2}, {"power", 0.05}, {"energy", -3}, {"zero", 0}};
    for (size_t i = 0; i < ARRAY_COUNT(values); i++)
        if (strcmp(values[i].name, name) == 0) {
            *value = values[i].value;
            return true;
        }
    return false;
}
static bool parent_metric(const void *subject, const char *name, double *value)
{
    (void)subject;
    *value = 7;
    return strcmp(name, "power") == 0;
}
static bool other_metric(const void *subject, const char *asset, const char *name, double *value)
{
    (void)subject;
    *value = 100;
    return strcmp(asset, "3号泵-2") == 0 && strcmp(name, "power") == 0;
}
static bool attribute(const void *subject, const char *name, double *value)
{
    (void)subject;
    *value = 35;
    return strcmp(name, "limit") == 0;
}
static bool window(const void *subject, const char *name, msec span, double *oldest, double *newest, double *smallest, double *largest, msec *covered)
{
    (void)subject;
    *oldest = 10, *newest = 4, *smallest = 4, *largest = 12, *covered = span;
    return strcmp(name, "energy") == 0;
}
static bool silence(const void *subject, double *milliseconds)
{
    (void)subject;
    *milliseconds = 50.0 * SPAN_MINUTE;
    return true;
}
static const char *word(const void *subject, const char *field)
{
    (void)subject;
    return strcmp(field, "health") == 0 ? "offline" : strcmp(field, "reason") == 0 ? "parent" : NULL;
}
static bool children(const void *subject, const char *filter, unsigned *matching, unsigned *all)
{
    (void)subject, (void)filter;
    *matching = 12, *all = 40;
    return true;
}
static const struct expression_asker asker = {metric, parent_metric, other_metric, attribute, window, silence, word, children};

static void test_truth(void **state)
{
    (void)state;
    static const struct { const char *text; enum truth truth; } cases[] = {
        {"temperature > 30", TRUTH_YES},
        {"temperature>30 and power < 0.1", TRUTH_YES},
        {"temperature > attribute(limit, 30)", TRUTH_NO},
        {"temperature > attribute(other, 30)", TRUTH_YES},
        {"temperature > attribute(other)", TRUTH_UNKNOWN},
        {"temperature < attribute(other, -5)", TRUTH_NO},
        {"missing > 3", TRUTH_UNKNOWN},
        {"missing > 3 or temperature > 30", TRUTH_YES},
        {"missing > 3 and temperature < 30", TRUTH_NO},
        {"missing > 3 and temperature > 30", TRUTH_UNKNOWN},
        {"not missing > 3", TRUTH_UNKNOWN},
        {"not (temperature > 30 or power > 1)", TRUTH_NO},
        {"parent(power) > 5 and power < 0.1", TRUTH_YES},
        {"other(3号泵-2, power) >= 100", TRUTH_YES},
        {"change(energy, 1h) < 0", TRUTH_YES},
        {"rate(energy, 10m) = -0.6", TRUTH_YES},
        {"range(energy, 2h) <= 0.001", TRUTH_NO},
        {"silence > 45m", TRUTH_YES},
        {"silence > 1h", TRUTH_NO},
        {"health = offline and reason != parent", TRUTH_NO},
        {"link = down", TRUTH_UNKNOWN},
        {"count(health:offline -kind:camera) > 10", TRUTH_YES},
        {"share(health:offline ( a | b )) > 30%", TRUTH_NO},
        {"1 + 2 * 3 = 7", TRUTH_YES},
        {"(1 + 2) * 3 = 9", TRUTH_YES},
        {"-(temperature) < -31", TRUTH_YES},
        {"10 / zero > 1", TRUTH_UNKNOWN},
        {"temperature - 1.2 = 30", TRUTH_YES},
        {"3.5GB > 3GiB", TRUTH_YES},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct error error = {0};
        struct expression *expression = expression_parse(cases[i].text, &error);
        if (!expression)
            fail_msg("%s: %s", cases[i].text, error.text);
        enum truth truth = expression_truth(expression, &asker, NULL);
        if (truth != cases[i].truth)
            fail_msg("%s: %d", cases[i].text, truth);
        expression_free(&expression);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct { const char *text, *error; } cases[] = {
        {"", "column 1: expected a metric, a number or a function"},
        {"temperature", "column 12: expected a comparison such as `> 30`"},
        {"temperature >", "column 14: expected a metric, a number or a function"},
        {"temperature > 30 30", "column 18: expected `and`, `or` or the end"},
        {"(temperature > 30", "column 18: expected `)`"},
        {"rate(energy) > 1", "column 12: expected `,` and a span"},
        {"rate(energy, soon) > 1", "column 14: expected a span such as 10m or 2h"},
        {"health > 3", "column 9: expected `=` or `!=`"},
        {"hurry(energy) > 1", "column 6: expected one of change"},
        {"count(health:) > 1", "in the filter"},
        {"temperature > 30 and 5", "expected a comparison"},
        {"1 < 2 < 3", "expected"},
        {"3parsecs > 1", "column 1: expected a number with a unit"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct error error = {0};
        struct expression *expression = expression_parse(cases[i].text, &error);
        if (expression)
            fail_msg("%s: was taken", cases[i].text);
        if (!strstr(error.text, cases[i].error))
            fail_msg("%s: %s", cases[i].text, error.text);
    }
    char deep[3001];
    memset(deep, '(', 3000);
    deep[3000] = '\0';
    assert_null(expression_parse(deep, NULL));
    memset(deep, '-', 3000);
    assert_null(expression_parse(deep, NULL));
    for (int i = 0; i < 3000; i += 4)
        memcpy(deep + i, "not ", 4);
    assert_null(expression_parse(deep, NULL));
}

static void test_needs_and_sides(void **state)
{
    (void)state;
    struct expression *expression = expression_parse("temperature > 30 and change(energy, 1h) < 0 and temperature < 90 and silence < 20m", NULL);
    const struct expression_needs *needs = expression_needs(expression);
    assert_int_equal(needs->metric_count, 2);
    assert_string_equal(needs->metrics[0], "temperature");
    assert_string_equal(needs->metrics[1], "energy");
    assert_int_equal(needs->longest_window, SPAN_HOUR);
    assert_int_equal(needs->silence_over, 20 * SPAN_MINUTE);
    assert_false(needs->health || needs->children || needs->parent || needs->other);
    expression_free(&expression);
    double value, threshold;
    expression = expression_parse("health = offline or temperature > 30", NULL);
    assert_true(expression_sides(expression, &asker, NULL, &value, &threshold));
    assert_true(fabs(value - 31.2) < 1e-9 && threshold == 30);
    expression_free(&expression);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth), cmocka_unit_test(test_mistakes), cmocka_unit_test(test_needs_and_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/topic.h"

static struct topic_captures captures;

static enum topic_match match(const char *text, const char *topic)
{
    struct topic_template template;
    assert_true(topic_template_parse(&template, text, NULL));
    enum topic_match result = topic_match(&template, topic, strlen(topic), &captures);
    topic_template_release(&template);
    return result;
}

static void assert_captured(enum topic_name name, const char *text)
{
    assert_int_equal(captures.length[name], strlen(text));
    assert_memory_equal(captures.text[name], text, strlen(text));
}

static void test_filters(void **state)
{
    static const struct { const char *text, *filter; } cases[] = {
        {"campus/{gateway}/{asset}/telemetry", "campus/+/+/telemetry"},
        {"a/+/gw-{gateway}-x/#", "a/+/+/#"},
        {"#", "#"},
        {"/{asset}", "/+"},
        {"{asset}/", "+/"},
        {"$share/noc/up/{asset}", "$share/noc/up/+"},
        {"$SYS/brokers/+/clients/{asset}/connected", "$SYS/brokers/+/clients/+/connected"},
        {"场地/{zone}/{asset}", "场地/+/+"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct topic_template template;
        assert_true(topic_template_parse(&template, cases[i].text, NULL));
        assert_string_equal(template.filter, cases[i].filter);
        topic_template_release(&template);
    }
}

static void test_captures(void **state)
{
    (void)state;
    assert_int_equal(match("campus/{gateway}/{asset}/telemetry", "campus/GW-1/T-9/telemetry"), TOPIC_FITS);
    assert_captured(TOPIC_GATEWAY, "GW-1");
    assert_captured(TOPIC_ASSET, "T-9");
    assert_null(captures.text[TOPIC_METRIC]);
    assert_int_equal(match("{asset}/{metric}/#", "T/temp/a/b"), TOPIC_FITS);
    assert_captured(TOPIC_METRIC, "temp");
    assert_int_equal(match("{asset}/#", "T"), TOPIC_FITS);
    assert_int_equal(match("gw-{gateway}.v2/x", "gw-7.v2/x"), TOPIC_FITS);
    assert_captured(TOPIC_GATEWAY, "7");
    assert_int_equal(match("a/{asset}", "a/"), TOPIC_FITS);
    assert_captured(TOPIC_ASSET, "");
    assert_int_equal(match("$share/g/a/{asset}", "a/T"), TOPIC_FITS);
}

static void test_what_does_not_match(void **state)
{
    (void)state;
    assert_int_equal(match("a/{asset}", "a"), TOPIC_FOREIGN);
    assert_int_equal(match("a/{asset}", "a/b/c"), TOPIC_FOREIGN);
    assert_int_equal(match("a/{asset}", "b/c"), TOPIC_FOREIGN);
    assert_int_equal(match("a/{asset}", ""), TOPIC_FOREIGN);
    assert_int_equal(match("gw-{gateway}/x", "x-7/x"), TOPIC_OTHER_TEXT);
    assert_int_equal(match("gw-{gateway}-gw/x", "gw-gw/x"), TOPIC_OTHER_TEXT);
    assert_int_equal(match("gw-{gateway}/x", "x-7/y"), TOPIC_FOREIGN);
}

static void test_refusals_name_the_column(void **state)
{
    static const struct { const char *text, *says; } cases[] = {
        {"", "a topic has 1 to 65,535 bytes"},
        {"a/{asset", "topic `a/{asset`, column 3: `{` without `}`"},
        {"a/asset}", "topic `a/asset}`, column 8: `}` without `{`"},
        {"a/{}", "topic `a/{}`, column 3: a name was expected, such as {asset} or {gateway}"},
        {"a/{asset}{metric}", "topic `a/{asset}{metric}`, column 10: one name a level, please"},
        {"{asset}/{asset}", "topic `{asset}/{asset}`, column 9: this name stands in an earlier level already"},
        {"a/#/b", "topic `a/#/b`, column 3: `#` stands alone in the last level"},
        {"a/b#", "topic `a/b#`, column 4: `#` stands alone in the last level"},
        {"a/x+/b", "topic `a/x+/b`, column 4: `+` stands alone in its level"},
        {"$share/g", "topic `$share/g`, column 8: a shared subscription reads $share/GROUP/TOPIC"},
        {"$share//a", "topic `$share//a`, column 8: a shared subscription reads $share/GROUP/TOPIC"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct topic_template template;
        struct error error;
        assert_false(topic_template_parse(&template, cases[i].text, &error));
        assert_string_equal(error.text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_what_does_not_match),
        cmocka_unit_test(test_refusals_name_the_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

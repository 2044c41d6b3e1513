#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"

static bool check_even(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return atoi(text) % 2 == 0 || error_set(error, ERROR_INVALID, "expected an even number; got `%s`", text);
}

static const char *const types[] = {"mqtt", "icmp", "http", NULL};
static const struct config_key source_keys[] = {
    {.name = "name", .type = CONFIG_TEXT, .required = true, .help = "what screens call it"},
    {.name = "type", .type = CONFIG_CHOICE, .required = true, .choices = types},
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 3600000},
    {.name = "port", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535},
    {.name = "pair", .type = CONFIG_INTEGER, .check = check_even},
    {.name = "weight", .type = CONFIG_NUMBER, .minimum = 0.5, .maximum = 0},
    {.name = "enabled", .type = CONFIG_BOOL},
    {.name = "topics", .type = CONFIG_TEXT_LIST},
    {.name = "key", .type = CONFIG_PATH},
    {.name = "extra", .type = CONFIG_ANY},
    {NULL},
};
static const struct config_key site_keys[] = {
    {.name = "name", .type = CONFIG_TEXT},
    {.name = "timezone", .type = CONFIG_TEXT},
    {NULL},
};
static const struct config_key root_keys[] = {
    {.name = "site", .type = CONFIG_MAP, .keys = site_keys},
    {.name = "sources", .type = CONFIG_LIST, .keys = source_keys},
    {.name = "store", .type = CONFIG_TEXT},
    {NULL},
};

static struct config *load(const char *text, struct config_problems *problems)
{
    struct config *config = config_new();
    config_problems_init(problems);
    config_load_text(config, "n.yml", text, strlen(text), problems);
    return config;
}

static void expect(const char *text, const char *expected)
{
    struct config_problems problems;
    struct config *config = load(text, &problems);
    if (!problems.count)
        config_check(config_root(config), root_keys, &problems);
    assert_string_equal(buffer_text(&problems.text), expected);
    config_problems_release(&problems);
    config_free(&config);
    assert_null(config);
}

static void reads_values_with_defaults(void **state)
{
    (void)state;
    struct config_problems problems;
    struct config *config = load("site: {name: 创新港, timezone: Asia/Shanghai}\n"
                                 "store:\n"
                                 "sources:\n"
                                 "  - {name: campus, type: mqtt, interval: 10s, port: 1883, enabled: yes,\n"
                                 "     weight: 1.5, topics: [a, b]}\n"
                                 "  - name: '5'\n"
                                 "    type: icmp\n"
                                 "    topics: one\n",
                                 &problems);
    const struct config_node *root = config_root(config);
    assert_true(config_check(root, root_keys, &problems));
    assert_string_equal(config_text(config_get(root, "site"), "name", ""), "创新港");
    assert_null(config_get(root, "store")); /* nothing behind the colon is absent */
    const struct config_node *sources = config_get(root, "sources");
    assert_true(config_is_list(sources));
    assert_int_equal(config_count(sources), 2);
    const struct config_node *first = config_at(sources, 0);
    assert_true(config_is_map(first));
    assert_int_equal(config_span(first, "interval", 0), 10000);
    assert_int_equal(config_span(first, "nobody", 7), 7);
    assert_int_equal(config_integer(first, "port", 0), 1883);
    assert_true(config_number(first, "weight", 0) == 1.5);
    assert_true(config_bool(first, "enabled", false));
    assert_true(config_bool(first, "nobody", true));
    assert_int_equal(config_count(config_get(first, "topics")), 2);
    assert_string_equal(config_scalar(config_at(config_get(first, "topics"), 1)), "b");
    assert_string_equal(config_key_at(first, 1), "type");
    assert_null(config_key_at(sources, 0));
    assert_null(config_at(sources, 2));
    assert_string_equal(config_text(config_at(sources, 1), "topics", ""), "one");
    assert_string_equal(config_file(first), "n.yml");
    assert_int_equal(config_line(config_at(sources, 1)), 6);
    config_problems_release(&problems);
    config_free(&config);
}

static void explains_each_mistake(void **state)
{
    (void)state;
    expect("sources:\n  - {name: a, type: mqtt}\n  - name: b\n    type: mqtt\n    interval: ten\n",
           "n.yml:5:15: sources[1].interval: expected a span such as 10s, 5m; got `ten`\n");
    expect("sources: [{name: a, type: mqtt, intervall: 5s}]\n",
           "n.yml:1:33: sources[0].intervall: unknown key; did you mean `interval`?\n");
    expect("sources: [{name: a, type: mqtt, inetrval: 5s}]\n",
           "n.yml:1:33: sources[0].inetrval: unknown key; did you mean `interval`?\n");
    expect("colour: red\n", "n.yml:1:1: colour: unknown key; known here: site, sources, store\n");
    expect("sources: [{type: mqtt}]\n", "n.yml:1:11: sources[0]: `name` is missing: what screens call it\n");
    expect("sources: [{name: a, type: mqqt}]\n",
           "n.yml:1:27: sources[0].type: expected mqtt, icmp or http; got `mqqt`; did you mean `mqtt`?\n");
    expect("sources: [{name: a, type: snmpwalk}]\n",
           "n.yml:1:27: sources[0].type: expected mqtt, icmp or http; got `snmpwalk`\n");
    expect("sources: [{name: a, type: mqtt, port: 70000}]\n",
           "n.yml:1:39: sources[0].port: expected 1 to 65535; got `70000`\n");
    expect("sources: [{name: a, type: mqtt, port: 0x10}]\n",
           "n.yml:1:39: sources[0].port: expected a whole number; got `0x10`\n");
    expect("sources: [{name: a, type: mqtt, interval: 10ms}]\n",
           "n.yml:1:43: sources[0].interval: expected 1s to 1h; got `10ms`\n");
    expect("sources: [{name: a, type: mqtt, weight: 0.1}]\n",
           "n.yml:1:41: sources[0].weight: expected at least 0.5; got `0.1`\n");
    expect("sources: [{name: a, type: mqtt, weight: .nan}]\n",
           "n.yml:1:41: sources[0].weight: expected a number; got `.nan`\n");
    expect("sources: [{name: a, type: mqtt, enabled: maybe}]\n",
           "n.yml:1:42: sources[0].enabled: expected true or false; got `maybe`\n");
    expect("sources: [{name: a, type: mqtt, pair: 3}]\n",
           "n.yml:1:39: sources[0].pair: expected an even number; got `3`\n");
    expect("sources: [{name: [a], type: mqtt}]\n",
           "n.yml:1:18: sources[0].name: expected a text; got a list (what screens call it)\n");
    expect("sources: {name: a}\n", "n.yml:1:10: sources: expected a list of mappings; got a mapping\n");
    expect("sources: [a]\n", "n.yml:1:11: sources[0]: expected a mapping; got `a`\n");
    expect("site: here\n", "n.yml:1:7: site: expected a mapping; got `here`\n");
    expect("sources: [{name: a, type: mqtt, topics: [a, {b: c}]}]\n",
           "n.yml:1:45: sources[0].topics[1]: expected a text; got a mapping\n");
    expect("sources: [{name: a, type: mqtt, key: \"\"}]\n",
           "n.yml:1:38: sources[0].key: expected a path; got ``\n");
    /* All of them in one run. */
    expect("stroe: x\nsite: 3\n",
           "n.yml:1:1: stroe: unknown key; did you mean `store`?\nn.yml:2:7: site: expected a mapping; got `3`\n");
}

static void explains_what_is_not_yaml(void **state)
{
    (void)state;
    expect("store: a\nstore: b\n", "n.yml:2:1: store: given twice; the first time in line 1\n");
    expect("- a\n- b\n", "n.yml:1:1: expected `key: value` lines\n");
    expect("site:\n\tname: x\n", "n.yml:2:1: a tab in the indentation: YAML indents with blanks\n");
    expect("store: a\n---\nstore: b\n", "n.yml:2:1: a second document; one file holds one\n");
    expect("store: *nobody\n", "n.yml:1:8: this alias has no anchor above it\n");
    expect("site: &s {name: *s}\n", "n.yml:1:17: site: this alias stands inside its own anchor\n");
    expect("{a: b}: c\n", "n.yml:1:1: a key must be a text\n");
    expect("store: \"a\\0b\"\n", "n.yml:1:8: a text holds a NUL character\n");
    expect("", "");
    expect("# nothing\n", "");
    struct config_problems problems;
    struct config *config = load("site: [1,\nstore: 2\n", &problems);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(buffer_text(&problems.text), "not YAML: "));
    config_problems_release(&problems);
    config_free(&config);
    config = load("store: a\nsite: \xB1\xC3\n", &problems);
    assert_string_equal(buffer_text(&problems.text), "n.yml:2:7: not UTF-8 text: invalid leading UTF-8 octet\n");
    config_problems_release(&problems);
    config_free(&config);
}

static void bounds_what_it_builds(void **state)
{
    (void)state;
    char deep[200];
    strcpy(deep, "a: ");
    memset(deep + 3, '[', 40);
    strcpy(deep + 43, "x\n");
    struct config_problems problems;
    struct config *config = load(deep, &problems);
    assert_non_null(strstr(buffer_text(&problems.text), "nested deeper than 32"));
    config_problems_release(&problems);
    config_free(&config);
    /* A few lines that mean a thousand million values. */
    config = load("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                  "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                  "g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
                  &problems);
    assert_non_null(strstr(buffer_text(&problems.text), "more than 2000000 values"));
    config_problems_release(&problems);
    config_free(&config);
    /* Depth by aliases. */
    char text[4000] = "a0: &a0 [x]\n";
    for (int i = 1; i < 60; i++) {
        char line[64];
        snprintf(line, sizeof line, "a%d: &a%d [*a%d]\n", i, i, i - 1);
        strcat(text, line);
    }
    config = load(text, &problems);
    assert_non_null(strstr(buffer_text(&problems.text), "nested deeper than 32"));
    config_problems_release(&problems);
    config_free(&config);
}

static void aliases_keep_their_own_path(void **state)
{
    (void)state;
    expect("site: &s {name: a, colour: b}\nsources: [{name: a, type: mqtt, extra: *s}]\n",
           "n.yml:1:20: site.colour: unknown key; known here: name, timezone\n");
    struct config_problems problems;
    struct config *config = load("sources:\n - &base {name: a, type: mqtt, port: 1}\n"
                                 " - {<<: *base, name: b}\n - {<<: [*base], type: icmp}\n",
                                 &problems);
    assert_true(config_check(config_root(config), root_keys, &problems));
    const struct config_node *sources = config_get(config_root(config), "sources");
    assert_string_equal(config_text(config_at(sources, 1), "name", ""), "b");
    assert_int_equal(config_integer(config_at(sources, 1), "port", 0), 1);
    assert_string_equal(config_text(config_at(sources, 2), "type", ""), "icmp");
    assert_string_equal(config_text(config_at(sources, 2), "name", ""), "a");
    config_problems_release(&problems);
    config_free(&config);
}

static void later_files_merge_over(void **state)
{
    (void)state;
    struct config_problems problems;
    struct config *config = load("site: {name: a, timezone: UTC}\nstore: one\nsources: [{name: a, type: mqtt}]\n",
                                 &problems);
    const char *more = "site: {name: b}\nstore: two\nsources: [{name: b, type: icpm}]\n";
    assert_true(config_load_text(config, "more.yml", more, strlen(more), &problems));
    const struct config_node *root = config_root(config);
    assert_string_equal(config_text(config_get(root, "site"), "name", ""), "b");
    assert_string_equal(config_text(config_get(root, "site"), "timezone", ""), "UTC");
    assert_string_equal(config_text(root, "store", ""), "two");
    assert_int_equal(config_count(config_get(root, "sources")), 2);
    assert_false(config_check(root, root_keys, &problems));
    assert_string_equal(buffer_text(&problems.text),
                        "more.yml:3:27: sources[1].type: expected mqtt, icmp or http; got `icpm`; did you mean "
                        "`icmp`?\n");
    config_problems_release(&problems);
    config_free(&config);
}

static void files(void **state)
{
    (void)state;
    char path[] = "/tmp/nocturne-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "store: x\n", 9) == 9);
    close(fd);
    struct config_problems problems;
    config_problems_init(&problems);
    struct config *config = config_new();
    assert_true(config_load(config, path, &problems));
    assert_string_equal(config_text(config_root(config), "store", ""), "x");
    unlink(path);
    assert_false(config_load(config, path, &problems));
    assert_non_null(strstr(buffer_text(&problems.text), ": cannot be opened: No such file or directory\n"));
    assert_false(config_load(config, "/tmp", &problems));
    assert_non_null(strstr(buffer_text(&problems.text), "/tmp: cannot be read: Is a directory\n"));
    config_problems_release(&problems);
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values_with_defaults),
        cmocka_unit_test(explains_each_mistake),
        cmocka_unit_test(explains_what_is_not_yaml),
        cmocka_unit_test(bounds_what_it_builds),
        cmocka_unit_test(aliases_keep_their_own_path),
        cmocka_unit_test(later_files_merge_over),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

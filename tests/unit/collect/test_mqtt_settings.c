/* Every mistake in an mqtt source is named with its place and its remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/collector.h"
#include "collect/mqtt_codec.h"
#include "collect/mqtt_settings.h"

static struct config *config;

static void problems_of(const char *yaml, struct config_problems *problems)
{
    const struct collector_ops *ops = collector_find("mqtt");
    config = config_new();
    config_problems_init(problems);
    assert_true(config_load_text(config, "n.yml", yaml, strlen(yaml), problems));
    if (config_check(config_root(config), ops->keys, problems))
        ops->validate(config_root(config), problems);
}

static void test_mistakes(void **state)
{
    static const struct { const char *yaml, *says; } cases[] = {
        {"{url: 'tcp://h', topic: '{asset}'}", "n.yml:1:7: url: expected mqtt://HOST[:PORT] or mqtts://HOST[:PORT]; got `tcp://h`\n"},
        {"{url: 'mqtt://u:p@h', topic: '{asset}'}", "n.yml:1:7: url: column 11: no user or password in the url; use `user:` and `password_file:`\n"},
        {"{url: 'mqtt://', topic: '{asset}'}", "n.yml:1:7: url: column 8: a host was expected\n"},
        {"{url: 'mqtt://h:99999', topic: '{asset}'}", "n.yml:1:7: url: column 10: a port from 1 to 65535 was expected\n"},
        {"{url: 'mqtt://h:1x', topic: '{asset}'}", "n.yml:1:7: url: column 11: nothing was expected after the port; topics go into `topic:`\n"},
        {"{url: 'mqtt://h/campus', topic: '{asset}'}", "n.yml:1:7: url: column 10: nothing was expected after the port; topics go into `topic:`\n"},
        {"{url: 'mqtt://[::1', topic: '{asset}'}", "n.yml:1:7: url: column 9: a host was expected\n"},
        {"{url: mqtt://h, ca: /dev/null, topic: '{asset}'}", "n.yml:1:21: ca: `ca` needs TLS: write the url as mqtts://\n"},
        {"{url: mqtts://h, ca: /no/such/file, topic: '{asset}'}", "n.yml:1:22: ca: the file cannot be read: /no/such/file\n"},
        {"{url: mqtts://h, key: /dev/null, topic: '{asset}'}", "n.yml:1:23: key: `key` needs `certificate` beside it\n"},
        {"{url: mqtt://h, password_env: P, topic: '{asset}'}", "n.yml:1:31: password_env: `password_env` needs `user` beside it\n"},
        {"{url: mqtt://h, share: a/b, topic: '{asset}'}", "n.yml:1:24: share: a group name without `/`, `+` and `#` was expected\n"},
        {"{url: mqtt://h, session_expiry: 1h, topic: '{asset}'}", "n.yml:1:33: session_expiry: a kept session holds only messages of `qos: 1`\n"},
        {"{url: mqtt://h, topic: 'a/b}'}", "n.yml:1:24: topic: topic `a/b}`, column 4: `}` without `{`\n"},
        {"{url: mqtt://h, topic: ['{asset}', 'x/#/y']}", "n.yml:1:36: topic[1]: topic `x/#/y`, column 3: `#` stands alone in the last level\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config_problems problems;
        problems_of(cases[i].yaml, &problems);
        assert_string_equal(buffer_text(&problems.text), cases[i].says);
        config_problems_release(&problems);
        config_free(&config);
    }
}

static void test_values(void **state)
{
    struct config_problems problems;
    struct mqtt_settings settings;
    struct error error;
    (void)state;
    problems_of("{url: 'mqtts://[fe80::1]:9883/', version: 3.1.1, user: u, qos: 1, session_expiry: 1h, keep_alive: 1500ms, topic: '{asset}'}", &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    assert_true(mqtt_settings_load(&settings, config_root(config), "campus", &error));
    assert_string_equal(settings.host, "fe80::1");
    assert_int_equal(settings.port, 9883);
    assert_true(settings.tls);
    assert_int_equal(settings.version, MQTT_3_1_1);
    assert_int_equal(settings.session_expiry, 3600);
    assert_int_equal(settings.keep_alive, 2);
    char *first = strdup(settings.client_id);
    mqtt_settings_release(&settings);
    assert_true(mqtt_settings_load(&settings, config_root(config), "campus", &error));
    assert_string_equal(settings.client_id, first); /* a kept session needs the same name again */
    free(first);
    mqtt_settings_release(&settings);
    config_problems_release(&problems);
    config_free(&config);
}

static void test_every_collector_says_what_it_is(void **state)
{
    (void)state;
    for (const struct collector_ops *const *ops = collector_all(); *ops; ops++) {
        assert_ptr_equal(collector_find((*ops)->type), *ops);
        assert_true((*ops)->help && *(*ops)->help);
        assert_true((*ops)->start && (*ops)->stop);
        for (const struct config_key *key = (*ops)->keys; key && key->name; key++)
            if (!key->help || !*key->help)
                fail_msg("%s.%s has no help", (*ops)->type, key->name);
    }
    assert_null(collector_find("telepathy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_collector_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

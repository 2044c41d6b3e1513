/* Every mistake in an mqtt source is named with its place and its remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        {"{url: 'tcp://h', topic: '{asset}'}", "n.yml:1:7: url: expected mqtt://HOST[:PORT], mqtts://HOST[:PORT], ws://HOST[:PORT][/PATH] or wss://HOST[:PORT][/PATH]; got `tcp://h`\n"},
        {"{url: 'mqtt://u:p@h', topic: '{asset}'}", "n.yml:1:7: url: column 11: no user or password in the url; use `user:` and `password_file:`\n"},
        {"{url: 'mqtt://', topic: '{asset}'}", "n.yml:1:7: url: column 8: a host was expected\n"},
        {"{url: 'mqtt://h:99999', topic: '{asset}'}", "n.yml:1:7: url: column 10: a port from 1 to 65535 was expected\n"},
        {"{url: 'mqtt://h:1x', topic: '{asset}'}", "n.yml:1:7: url: column 11: nothing was expected after the port; topics go into `topic:`\n"},
        {"{url: 'mqtt://h/campus', topic: '{asset}'}", "n.yml:1:7: url: column 10: nothing was expected after the port; topics go into `topic:`\n"},
        {"{url: 'mqtt://[::1', topic: '{asset}'}", "n.yml:1:7: url: column 9: a host was expected\n"},
        {"{url: mqtt://h, ca: /dev/null, topic: '{asset}'}", "n.yml:1:21: ca: `ca` needs TLS: write the url as mqtts://\n"},
        {"{url: 'ws://h:80mqtt', topic: '{asset}'}", "n.yml:1:7: url: column 10: a path was expected after the port, such as /mqtt\n"},
        {"{url: 'ws://h/a b', topic: '{asset}'}", "n.yml:1:7: url: column 9: not allowed in a path: write it percent-encoded\n"},
        {"{url: 'ws://h/a#b', topic: '{asset}'}", "n.yml:1:7: url: column 9: not allowed in a path: write it percent-encoded\n"},
        {"{url: 'wss://u@h/a@b', topic: '{asset}'}", "n.yml:1:7: url: column 8: no user or password in the url; use `user:` and `password_file:`\n"},
        {"{url: 'ws://h', ca: /dev/null, topic: '{asset}'}", "n.yml:1:21: ca: `ca` needs TLS: write the url as wss://\n"},
        {"{url: mqtt://h, headers: 'A: b', topic: '{asset}'}", "n.yml:1:26: headers: `headers` needs a WebSocket: write the url as ws:// or wss://\n"},
        {"{url: ws://h, headers: [Bearer], topic: '{asset}'}", "n.yml:1:25: headers[0]: expected a header such as `Authorization: Bearer ...`\n"},
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
    assert_string_equal(settings.address.host, "fe80::1");
    assert_int_equal(settings.address.port, 9883);
    assert_true(settings.address.tls);
    assert_null(settings.address.path);
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

static void test_where_a_broker_listens(void **state)
{
    static const struct { const char *url, *host; unsigned port; bool tls; const char *path; } cases[] = {
        {"mqtt://h", "h", 1883, false, NULL}, {"mqtts://h/", "h", 8883, true, NULL},
        {"ws://h", "h", 80, false, "/mqtt"}, {"wss://h:8084", "h", 8084, true, "/mqtt"},
        {"ws://h:8083/", "h", 8083, false, "/"}, {"wss://[::1]/ws/v1?key=a@b", "::1", 443, true, "/ws/v1?key=a@b"},
        {"ws://h:8083?key=1", "h", 8083, false, "/mqtt?key=1"},
    };
    struct mqtt_address address;
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(mqtt_address_parse(&address, cases[i].url, &error));
        assert_string_equal(address.host, cases[i].host);
        assert_int_equal(address.port, cases[i].port);
        assert_int_equal(address.tls, cases[i].tls);
        assert_string_equal(address.path ? address.path : "", cases[i].path ? cases[i].path : "");
        mqtt_address_release(&address);
    }
}

static void test_headers(void **state)
{
    static const struct { const char *file, *lines; } cases[] = {
        {"", "X-Site: 1\r\n"},
        {"Authorization: Bearer t\n", "X-Site: 1\r\nAuthorization: Bearer t\r\n"},
        {"A: b\r\n\r\nC: d", "X-Site: 1\r\nA: b\r\nC: d\r\n"},
        {"A: b\nBearer t\n", NULL},
    };
    char path[] = "/tmp/nocturne-headers-XXXXXX";
    int fd = mkstemp(path);
    struct mqtt_settings settings = {.headers = (char *)"X-Site: 1\r\n", .headers_file = path};
    struct error error;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer lines = BUFFER_INIT;
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, cases[i].file, strlen(cases[i].file), 0), (ssize_t)strlen(cases[i].file));
        bool good = mqtt_settings_headers(&settings, &lines, &error);
        assert_int_equal(good, cases[i].lines != NULL);
        if (good)
            assert_string_equal(buffer_text(&lines), cases[i].lines);
        else
            assert_non_null(strstr(error.text, ", line 2: expected a header such as"));
        buffer_release(&lines);
    }
    close(fd);
    unlink(path);
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
        cmocka_unit_test(test_where_a_broker_listens),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_every_collector_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

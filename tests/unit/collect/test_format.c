/* R037, R038: what third-party gateways and terminals send, and every way it can be wrong. */
#include <stdio.h>

#include "transcript.h"

#define CAMPUS "{topic: 'campus/{gateway}/{asset}/telemetry', time: /ts, values: /values}"
#define CAMPUS_TOPIC "campus/GW-1/T-9/telemetry"

static void test_json_by_template_and_pointers(void **state)
{
    struct format *format = format_of(CAMPUS);
    (void)state;
    assert_string_equal(format_topic(format, 0), "campus/+/+/telemetry");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"ts\":1763690000123,\"values\":{\"temperature\":23.4,\"on\":true,\"n\":\"-7.5\"}}"),
                        "GW-1>T-9 @1763690000123 temperature=23.4 on=1 n=-7.5\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"a\":{\"b\":{\"c\":1}},\"list\":[4,[5]]}}"),
                        "GW-1>T-9 a.b.c=1 list.0=4 list.1.0=5\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "[{\"ts\":1,\"values\":{\"a\":1}},{\"ts\":2,\"values\":{\"a\":2}}]"),
                        "GW-1>T-9 @1000 a=1\nGW-1>T-9 @2000 a=2\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"\\u6e29\\u5ea6\":1,\"x\":{\"\\u0061\":2}}}"),
                        "GW-1>T-9 温度=1 x.a=2\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, ""), "");
    format_free(&format);
}

static void test_words_and_nulls_are_signs_of_life(void **state)
{
    struct format *format = format_of(CAMPUS);
    (void)state;
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"mode\":\"auto\",\"t\":1}}"), "GW-1>T-9 t=1\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"mode\":\"auto\",\"t\":null}}"), "GW-1>T-9\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{}}"), "bad 0: no number in it\n");
    format_free(&format);
}

static void test_times(void **state)
{
    static const struct { const char *text, *says; } cases[] = {
        {"1763690000", "T @1763690000000 a=1\n"},
        {"1763690000.25", "T @1763690000250 a=1\n"},
        {"1763690000123", "T @1763690000123 a=1\n"},
        {"1763690000123456", "T @1763690000123 a=1\n"},
        {"1763690000123456789", "T @1763690000123 a=1\n"},
        {"\"1763690000123\"", "T @1763690000123 a=1\n"},
        {"\"2025-11-21T01:53:20Z\"", "T @1763690000000 a=1\n"},
        {"\"2025-11-21T09:53:20.123+08:00\"", "T @1763690000123 a=1\n"},
        {"\"2025-11-20T20:53:20-0500\"", "T @1763690000000 a=1\n"},
        {"\"2024-02-29T00:00:00Z\"", "T @1709164800000 a=1\n"},
        /* Clocks that are plainly wrong are the engine's to judge: they pass unchanged. */
        {"0", "T @0 a=1\n"},
        {"\"1970-01-01T00:00:07Z\"", "T @7000 a=1\n"},
        {"\"2099-12-31T23:59:59Z\"", "T @4102444799000 a=1\n"},
        {"-5", "T @-5000 a=1\n"},
        {"null", "T a=1\n"},
        {"\"yesterday\"", "bad 0: /ts is no time\n"},
        {"\"2025-02-29T00:00:00Z\"", "bad 0: /ts is no time\n"},
        {"\"2025-13-01T00:00:00Z\"", "bad 0: /ts is no time\n"},
        {"\"2025-11-21T01:53:20+8\"", "bad 0: /ts is no time\n"},
        {"\"\"", "bad 0: /ts is no time\n"},
        {"1e300", "bad 0: /ts is no time\n"},
        {"1e400", "bad 0: /ts is no time\n"},
        {"NaN", "bad 0: /ts is no time\n"},
        {"{}", "bad 0: /ts is no time\n"},
    };
    struct format *format = format_of("{topic: 'x/{asset}', time: /ts}");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char payload[128];
        snprintf(payload, sizeof payload, "{\"ts\":%s,\"a\":1}", cases[i].text);
        assert_string_equal(says(format, "x/T", payload), cases[i].says);
    }
    format_free(&format);
    format = format_of("{topic: 'x/{asset}', time: /ts, time_unit: ms}");
    assert_string_equal(says(format, "x/T", "{\"ts\":1763690000,\"a\":1}"), "T @1763690000 a=1\n");
    format_free(&format);
}

static void test_single_values(void **state)
{
    struct format *format = format_of("{topic: ['x/{asset}/{metric}', 'y/{asset}/#'], metric: /name, values: /v}");
    (void)state;
    assert_string_equal(says(format, "y/T", "{\"name\":\"co2\",\"v\":417}"), "T co2=417\n");
    assert_string_equal(says(format, "x/T/rh", "{\"v\":41}"), "T rh=41\n");
    assert_string_equal(says(format, "x/T/rh", "{\"v\":{\"in\":41,\"out\":42}}"), "T rh.in=41 rh.out=42\n");
    assert_string_equal(says(format, "y/T", "{\"v\":1}"),
                        "bad 0: a value without a metric name: name a level {metric}, or set `metric:`\n");
    assert_string_equal(says(format, "x/T/rh", "{\"name\":{},\"v\":1}"), "bad 0: /name is no id\n");
    assert_string_equal(says(format, "x/T/rh", "{}"), "bad 0: nothing at /v\n");
    format_free(&format);
    format = format_of("{topic: 'x/{asset}/{metric}'}");
    assert_string_equal(says(format, "x/T/rh", "41.5"), "T rh=41.5\n");
    assert_string_equal(says(format, "x/T/rh", " 41.5\r\n"), "T rh=41.5\n");
    assert_string_equal(says_n(format, "x/T/rh", "41.5\0", 5), "T rh=41.5\n");
    assert_string_equal(says(format, "x/T/rh", "\xEF\xBB\xBF{\"a\":1}"), "T rh.a=1\n");
    format_free(&format);
}

static void test_ids_inside_the_payload(void **state)
{
    struct format *format = format_of("{topic: 'up/#', items: /data, asset: /id, gateway: /gw, time: /at, metric: /n, values: /v}");
    (void)state;
    assert_string_equal(says(format, "up/a", "{\"gw\":\"G\",\"at\":5,\"data\":[{\"id\":7,\"n\":\"t\",\"v\":1},{\"id\":\"B\",\"at\":6,\"n\":\"t\",\"v\":2}]}"),
                        "G>7 @5000 t=1\nG>B @6000 t=2\n");
    assert_string_equal(says(format, "up/a", "{\"data\":[{\"n\":\"t\",\"v\":1},{\"id\":[],\"v\":1},3]}"),
                        "bad 0: no asset id\nbad 1: /id is no id\nbad 2: no asset id\n");
    assert_string_equal(says(format, "up/a", "{}"), "bad 0: nothing at /data\n");
    format_free(&format);
    format = format_of("{topic: 'up/{gateway}/data'}");
    assert_string_equal(says(format, "up/G/data", "{\"cpu\":3}"), "G cpu=3\n");
    format_free(&format);
}

static void test_bad_payloads_are_named(void **state)
{
    struct format *format = format_of(CAMPUS);
    char deep[400];
    (void)state;
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"ts\":1,"),
                        "bad 0: not JSON: a member name in quotes was expected at byte 9\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "\x01\x02garbage"), "bad 0: not JSON: a value was expected at byte 1\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"t\":NaN,\"u\":1,\"v\":Infinity,\"w\":1e400,\"x\":\"NaN\"}}"),
                        "bad 0: t: not a finite number\nbad 0: v: not a finite number\nbad 0: w: number too large\n"
                        "bad 0: x: not a finite number\nGW-1>T-9 u=1\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"t\":-Infinity}}"), "bad 0: t: not a finite number\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"\":1,\"a\":2}}"),
                        "bad 0: : metric without a name\nGW-1>T-9 a=2\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}},\"f\":2}}"),
                        "bad 0: d: nested deeper than `depth`\nGW-1>T-9 f=2\n");
    memset(deep, '[', sizeof deep);
    assert_string_equal(says_n(format, CAMPUS_TOPIC, deep, sizeof deep), "bad 0: not JSON: nested more than 32 deep at byte 33\n");
    assert_string_equal(says(format, "campus/GW-1/x", "{}"), "bad 0: topic fits no template\n");
    assert_string_equal(says(format, "campus/GW-1//telemetry", "{\"values\":{\"a\":1}}"), "GW-1 a=1\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":[1,2]}"),
                        "bad 0: a value without a metric name: name a level {metric}, or set `metric:`\n");
    format_free(&format);
}

static void test_encodings(void **state)
{
    /* {"values":{"温度":21}} in GB18030 */
    static const char chinese[] = "{\"values\":{\"\xCE\xC2\xB6\xC8\":21}}";
    struct format *format = format_of(CAMPUS);
    (void)state;
    assert_string_equal(says(format, CAMPUS_TOPIC, chinese), "bad 0: not UTF-8, but GB18030: set `encoding: gb18030`\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"\xFF\xFE\":21}}"), "bad 0: not UTF-8\n");
    format_free(&format);
    format = format_of("{topic: 'campus/{gateway}/{asset}/telemetry', values: /values, encoding: gb18030}");
    assert_string_equal(says(format, CAMPUS_TOPIC, chinese), "GW-1>T-9 温度=21\n");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"values\":{\"a\":21}}"), "GW-1>T-9 a=21\n");
    format_free(&format);
}

static void test_a_megabyte_of_values_comes_in_batches(void **state)
{
    struct format *format = format_of("{topic: 'x/{asset}'}");
    struct buffer payload = BUFFER_INIT;
    unsigned lines = 0, values = 0;
    (void)state;
    buffer_append_text(&payload, "{\"nested\":{\"m\":1");
    for (unsigned i = 0; payload.length < 1000000; i++)
        buffer_printf(&payload, ",\"%smetric-%06u\":%u", i % 3 ? "" : "\\u0078", i, i);
    buffer_append_text(&payload, "}}");
    const char *text = says_n(format, "x/T", payload.data, payload.length);
    for (const char *at = text; *at; at++) {
        lines += *at == '\n';
        values += *at == '=';
    }
    assert_in_range(values, 40000, 45000);
    assert_in_range(lines, values / 256, values / 200);
    assert_non_null(strstr(text, " nested.metric-000001=1 nested.metric-000002=2 nested.xmetric-000003=3 "));
    assert_null(strstr(text, "bad"));
    buffer_release(&payload);
    format_free(&format);
}

static void test_thingsboard(void **state)
{
    struct format *format = format_of("{format: thingsboard, asset: boiler}");
    (void)state;
    assert_string_equal(format_topic(format, 0), "v1/devices/me/telemetry");
    assert_string_equal(says(format, "v1/devices/me/telemetry", "{\"ts\":1451649600512,\"values\":{\"key1\":\"value1\",\"key2\":8}}"),
                        "boiler @1451649600512 key2=8\n");
    assert_string_equal(says(format, "v1/devices/me/telemetry", "[{\"key1\":1},{\"key2\":true}]"), "boiler key1=1\nboiler key2=1\n");
    assert_string_equal(says(format, "v1/devices/me/telemetry", "[3]"), "bad 0: a sample is an object\n");
    format_free(&format);
    format = format_of("{format: thingsboard-gateway, gateway: G}");
    assert_int_equal(format_topic_count(format), 4);
    assert_string_equal(says(format, "v1/gateway/telemetry",
                             "{\"Device A\":[{\"ts\":1483228800000,\"values\":{\"temperature\":42,\"humidity\":80}},"
                             "{\"temperature\":43}],\"Device B\":[{\"ts\":1483228800000,\"values\":{\"temperature\":44}}]}"),
                        "G>Device A @1483228800000 temperature=42 humidity=80\nG>Device A temperature=43\n"
                        "G>Device B @1483228800000 temperature=44\n");
    assert_string_equal(says(format, "v1/gateway/connect", "{\"device\":\"Device A\"}"), "Device A up (gateway: connected)\n");
    assert_string_equal(says(format, "v1/gateway/disconnect", "{\"device\":\"Device A\"}"), "Device A down (gateway: disconnected)\n");
    assert_string_equal(says(format, "v1/gateway/attributes", "{\"Device A\":{\"fw\":\"1.2\"}}"), "Device A\n");
    assert_string_equal(says(format, "v1/gateway/connect", "{}"), "bad 0: no /device\n");
    assert_string_equal(says(format, "v1/gateway/telemetry", "[]"), "bad 0: not an object of devices\n");
    assert_string_equal(says(format, "v1/gateway/telemetry", "{\"A\":[{\"ts\":\"x\",\"values\":{}}]}"), "bad 0: ts is no time\n");
    format_free(&format);
}

/* R037: what ThingsBoard's REST API answers, of many devices and of one. */
static void test_thingsboard_rest(void **state)
{
    struct format *format = format_of("{format: thingsboard-rest, topic: 'of/{asset}'}");
    (void)state;
    assert_string_equal(says(format, "of/D", "{\"temperature\":[{\"ts\":1763690000000,\"value\":\"22.5\"},{\"ts\":1763690060000,\"value\":\"23\"}],"
                                             "\"door\":[{\"ts\":1763690000000,\"value\":true}],\"mode\":[{\"ts\":1763690000000,\"value\":\"auto\"}]}"),
                        "D @1763690000000 temperature=22.5\nD @1763690060000 temperature=23\nD @1763690000000 door=1\nD @1763690000000\n");
    assert_string_equal(says(format, "of/D", "{\"a\":[{\"ts\":0,\"value\":\"\"},{\"ts\":1,\"value\":null},{}]}"), "");
    assert_string_equal(says(format, "of/D", "{\"a\":[{\"ts\":\"soon\",\"value\":1}]}"), "bad 0: ts is no time\n");
    assert_string_equal(says(format, "of/D", "{\"a\":1}"), "bad 0: neither a list of entities nor time series\n");
    assert_string_equal(says(format, "of/D", "[]"), "bad 0: neither a list of entities nor time series\n");
    assert_string_equal(says(format, "of/D", "{\"totalPages\":1,\"data\":[{\"latest\":{\"ENTITY_FIELD\":{\"name\":{\"ts\":0,\"value\":\"T-1\"}},"
                                             "\"TIME_SERIES\":{\"p\":{\"ts\":1763690000000,\"value\":\"7\"},\"q\":{\"ts\":0,\"value\":\"\"}},"
                                             "\"ATTRIBUTE\":{\"active\":{\"ts\":1,\"value\":\"false\"}}}},{\"latest\":{}},"
                                             "{\"latest\":{\"ENTITY_FIELD\":{\"name\":{\"value\":\"T-2\"}},\"SERVER_ATTRIBUTE\":{\"active\":{\"value\":true}}}}]}"),
                        "T-1 down (platform: inactive)\nT-1 @1763690000000 p=7\n"
                        "bad 1: no asset id: ask for the entity field `name`, or set `asset:`\nT-2 up (platform: active)\n");
    format_free(&format);
    format = format_of("{format: thingsboard-rest, topic: x, asset: /entityId/id}");
    assert_string_equal(says(format, "x", "{\"totalPages\":1,\"data\":[{\"entityId\":{\"id\":\"u-1\"},\"latest\":{\"TIME_SERIES\":{\"p\":{\"value\":{\"x\":1,\"y\":2}}}}}]}"),
                        "u-1 p.x=1 p.y=2\n");
    format_free(&format);
}

/* R021: a gateway's network status apart from its communication status. */
static void test_status(void **state)
{
    struct format *format = format_of("{topic: 'campus/{gateway}/{asset}/telemetry', status_topic: 'campus/{gateway}/status'}");
    (void)state;
    assert_int_equal(format_topic_count(format), 2);
    assert_string_equal(format_topic(format, 1), "campus/+/status");
    assert_string_equal(says(format, "campus/GW-1/status", "online"), "GW-1 up (status: online)\n");
    assert_string_equal(says(format, "campus/GW-1/status", "\"OFFLINE\"\n"), "GW-1 down (status: OFFLINE)\n");
    assert_string_equal(says(format, "campus/GW-1/status", "0"), "GW-1 down (status: 0)\n");
    assert_string_equal(says(format, "campus/GW-1/status", "perhaps"), "bad 0: neither an up nor a down word\n");
    assert_string_equal(says(format, "campus/GW-1/status", ""), "");
    assert_string_equal(says(format, CAMPUS_TOPIC, "{\"a\":1}"), "GW-1>T-9 a=1\n");
    format_free(&format);
    format = format_of("{format: status, topic: 's/{asset}', state: /link/state, up: [RUN], down: [HALT, LOST]}");
    assert_string_equal(says(format, "s/A", "{\"link\":{\"state\":\"run\"}}"), "A up (status: run)\n");
    assert_string_equal(says(format, "s/A", "{\"link\":{\"state\":\"lost\"}}"), "A down (status: lost)\n");
    assert_string_equal(says(format, "s/A", "{\"link\":1}"), "bad 0: nothing at /link/state\n");
    assert_string_equal(says(format, "s/A", "online"), "bad 0: not JSON: a value was expected at byte 1\n");
    format_free(&format);
}

static void test_the_brokers_own_words(void **state)
{
    struct format *format = format_of("{format: emqx-status}");
    (void)state;
    assert_string_equal(says(format, "$SYS/brokers/emqx@127.0.0.1/clients/gw-1/connected",
                             "{\"username\":\"u\",\"ts\":1735693900000,\"sockport\":1883,\"clientid\":\"gw-1\"}"),
                        "gw-1 up (broker: connected)\n");
    assert_string_equal(says(format, "$SYS/brokers/emqx@127.0.0.1/clients/gw-1/disconnected",
                             "{\"reason\":\"keepalive_timeout\",\"clientid\":\"gw-1\"}"),
                        "gw-1 down (broker: disconnected, keepalive_timeout)\n");
    format_free(&format);
    format = format_of("{format: mosquitto-status, client: 'gw-{asset}'}");
    assert_string_equal(says(format, "$SYS/broker/log/N", "1763690000: New client connected from 10.1.2.3:4242 as gw-1 (p2, c1, k60, u'x')."),
                        "1 up (broker: connected)\n");
    assert_string_equal(says(format, "$SYS/broker/log/N", "1763690000: Client gw-1 closed its connection."),
                        "1 down (broker: closed its connection)\n");
    assert_string_equal(says(format, "$SYS/broker/log/N", "1763690000: Client gw-2 has exceeded timeout, disconnecting."),
                        "2 down (broker: has exceeded timeout, disconnecting)\n");
    assert_string_equal(says(format, "$SYS/broker/log/N", "Client gw-3 disconnected."), "3 down (broker: disconnected)\n");
    assert_string_equal(says(format, "$SYS/broker/log/N", "1: Client someone disconnected."), "");
    assert_string_equal(says(format, "$SYS/broker/log/N", "1: New connection from 10.1.2.3:4242 on port 1883."), "");
    assert_string_equal(says(format, "$SYS/broker/connection/gw-9/state", "1"), "9 up (broker: bridge up)\n");
    assert_string_equal(says(format, "$SYS/broker/connection/gw-9/state", "x"), "bad 0: a bridge's state is 0 or 1\n");
    format_free(&format);
}

static void test_configuration_mistakes(void **state)
{
    static const struct { const char *yaml, *says; } cases[] = {
        {"{format: json}", "test.yml:1:1: format json needs `topic:`, such as campus/{gateway}/{asset}/telemetry\n"},
        {"{topic: 'a/{asset'}", "test.yml:1:9: topic: topic `a/{asset`, column 3: `{` without `}`\n"},
        {"{topic: a/b}", "test.yml:1:9: topic: topic `a/b` does not say whose the payload is: name a level {asset} or "
                         "{gateway}, or set `asset:`\n"},
        {"{topic: 'a/{asset}', time: ts}", "test.yml:1:28: time: a JSON pointer starts with `/`, as in /ts\n"},
        {"{format: thingsboard}", "test.yml:1:1: format thingsboard needs `asset:`, the id of the asset that speaks there\n"},
        {"{format: emqx-status, values: /x}", "test.yml:1:31: values: `values` has no meaning for format emqx-status\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *config = config_new();
        struct config_problems problems;
        config_problems_init(&problems);
        assert_true(config_load_text(config, "test.yml", cases[i].yaml, strlen(cases[i].yaml), &problems));
        format_validate(config_root(config), &problems);
        assert_string_equal(buffer_text(&problems.text), cases[i].says);
        config_problems_release(&problems);
        config_free(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_by_template_and_pointers),
        cmocka_unit_test(test_words_and_nulls_are_signs_of_life),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_single_values),
        cmocka_unit_test(test_ids_inside_the_payload),
        cmocka_unit_test(test_bad_payloads_are_named),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_a_megabyte_of_values_comes_in_batches),
        cmocka_unit_test(test_thingsboard),
        cmocka_unit_test(test_thingsboard_rest),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_the_brokers_own_words),
        cmocka_unit_test(test_configuration_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

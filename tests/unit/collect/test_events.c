/* JSON events by mapping. The payloads are written by hand after each system's documentation and source; no such system
 * runs here. */
#include "alarm_ear.h"

/* A Zabbix webhook sends what its media type's script builds; these are the macros of the shipped scripts. */
static void zabbix_is_mapped(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "events", "asset: [/host_ip, /host]\ntitle: /event_name\nrule: /trigger_id\nkey: \"{/trigger_id}/{/host}\"\nseverity: /event_severity\n"
                             "state: /event_value\nraise: [\"1\"]\nclear: [\"0\"]\nsummary: \"{/host}: {/event_opdata}\"\ntime: /clock");
    assert_string_equal(ear_push(&ear, "{\"event_value\":\"1\",\"event_name\":\"High CPU\",\"event_severity\":\"Disaster\",\"trigger_id\":\"1337\","
                                       "\"host\":\"zbx\",\"host_ip\":\"10.0.0.5\",\"event_opdata\":\"97 %\",\"clock\":\"1795230000\"}", &result),
                        "+ 1337/zbx critical High CPU @SRV-1 \"zbx: 97 %\"\n");
    assert_string_equal(ear_push(&ear, "{\"event_value\":\"0\",\"event_name\":\"High CPU\",\"trigger_id\":\"1337\",\"host\":\"zbx\",\"clock\":\"1795230060\"}", &result),
                        "- 1337/zbx\n");
    /* A delivery that was retried comes after its end. */
    assert_string_equal(ear_push(&ear, "{\"event_value\":\"1\",\"event_name\":\"High CPU\",\"trigger_id\":\"1337\",\"host\":\"zbx\",\"clock\":\"1795230000\"}", &result), "");
    assert_int_equal(ear.source->duplicates, 1);
    assert_string_equal(ear_push(&ear, "{\"event_value\":\"2\",\"event_name\":\"x\",\"trigger_id\":1}", &result), "");
    assert_string_equal(result.reasons[0].text, "state `2` is in none of raise, clear and ignore");
    ear_close(&ear);
}

static void thingsboard_is_mapped(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "events", "{asset: /originatorName, title: /type, key: /id/id, severity: /severity, state: /status, summary: /details/data, "
                             "value: /details/temperature, time: [/endTs, /startTs]}");
    assert_string_equal(ear_push(&ear, "{\"id\":{\"entityType\":\"ALARM\",\"id\":\"784f394c\"},\"createdTime\":1795230000000,\"originatorName\":\"GW-1\","
                                       "\"type\":\"High Temperature\",\"severity\":\"INDETERMINATE\",\"status\":\"ACTIVE_UNACK\",\"startTs\":1795230000000,"
                                       "\"details\":{\"data\":\"over 30\",\"temperature\":31.5}}", &result),
                        "+ 784f394c info High Temperature @GW-1 \"over 30\" =31.5\n");
    assert_string_equal(ear_push(&ear, "{\"id\":{\"id\":\"784f394c\"},\"originatorName\":\"GW-1\",\"type\":\"High Temperature\",\"severity\":\"MAJOR\","
                                       "\"status\":\"CLEARED_ACK\",\"endTs\":1795230009000,\"details\":null}", &result), "- 784f394c\n");
    ear_close(&ear);
}

/* Grafana's unified alerting. Its payload is also Alertmanager's: either address takes it. */
static void grafana_is_mapped(void **state)
{
    (void)state;
    static const char body[] =
        "{\"receiver\":\"noc\",\"status\":\"firing\",\"orgId\":1,\"title\":\"[FIRING:1]\",\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"T1\","
        "\"instance\":\"SRV-1\",\"severity\":\"high\"},\"annotations\":{\"summary\":\"hot\",\"runbook_url\":\"http://r\"},\"fingerprint\":\"57c6d9296de2ad39\","
        "\"startsAt\":\"2026-11-21T11:00:00+08:00\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"values\":{\"B\":91.25},\"valueString\":\"[ var='B' ]\"}]}";
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "events", "{items: /alerts, asset: /labels/instance, title: /labels/alertname, key: /fingerprint, severity: /labels/severity, "
                             "state: /status, summary: \"{/annotations/summary} (to {^/receiver})\", runbook: /annotations/runbook_url, value: /values/B, time: /startsAt}");
    assert_string_equal(ear_push(&ear, body, &result), "+ 57c6d9296de2ad39 major T1 @SRV-1 \"hot (to noc)\" http://r =91.25\n");
    ear_close(&ear);
    ear_open(&ear, "alertmanager", NULL);
    assert_string_equal(ear_push(&ear, body, &result), "+ 57c6d9296de2ad39 major T1 @SRV-1 \"hot\" http://r\n");
    ear_close(&ear);
}

static void uptime_kuma_is_mapped(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "events", "{asset: [/monitor/hostname, /monitor/url], place: /monitor/name, title: \"{/monitor/name} is down\", key: /monitor/id, severity: major, "
                             "state: /heartbeat/status, raise: [\"0\"], clear: [\"1\"], ignore: [\"2\", \"3\"], summary: [/heartbeat/msg, /msg], time: /heartbeat/time}");
    assert_string_equal(ear_push(&ear, "{\"heartbeat\":{\"monitorID\":4,\"status\":0,\"time\":\"2026-11-21 03:00:00\",\"msg\":\"timeout\",\"important\":true},"
                                       "\"monitor\":{\"id\":4,\"name\":\"门户\",\"url\":\"https://x\",\"hostname\":null},\"msg\":\"[门户] [Down] timeout\"}", &result),
                        "+ 4 major 门户 is down @门户 \"timeout\"\n");
    assert_string_equal(ear_push(&ear, "{\"heartbeat\":{\"status\":1,\"time\":\"2026-11-21 03:01:00\",\"msg\":\"200\"},\"monitor\":{\"id\":4,\"name\":\"门户\"},\"msg\":\"up\"}", &result), "- 4\n");
    assert_string_equal(ear_push(&ear, "{\"heartbeat\":{\"status\":3},\"monitor\":{\"id\":4}}", &result), "");
    assert_int_equal(result.accepted, 1);
    /* Its test message has neither. */
    ear_push(&ear, "{\"heartbeat\":null,\"monitor\":null,\"msg\":\"Testing\"}", &result);
    assert_string_equal(result.reasons[0].text, "no state at /heartbeat/status");
    ear_close(&ear);
}

static void without_a_mapping_the_usual_is_read(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "events", NULL);
    assert_string_equal(ear_push(&ear, "{\"asset\":\"GW-1\",\"name\":\"door open\",\"severity\":\"major\",\"message\":\"2 min\"}", &result),
                        "+ GW-1/door open major door open @GW-1 \"2 min\"\n");
    assert_string_equal(ear_push(&ear, "[{\"asset\":\"GW-1\",\"name\":\"door open\",\"state\":\"Resolved\"},{\"title\":\"b\"}]", &result),
                        "- GW-1/door open\n+ /b warning b @ \"\"\n");
    assert_string_equal(ear_push(&ear, "{\"events\":[{\"name\":\"c\"},{},7,null,{\"name\":{\"a\":1}}]}", &result), "+ /c warning c @ \"\"\n");
    assert_int_equal(result.rejected, 4);
    assert_int_equal(ear.source->bad, 4);
    ear_close(&ear);
}

static void bad_bodies_are_one_line_each(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"a\":", "refused: the body is not JSON"}, {"\xff\xfe", "refused: the body is not JSON"}, {"{\"x\":[]}", "refused: no list at /list"},
        {"{\"list\":{}}", "refused: no list at /list"}, {"{\"list\":null}", "refused: no list at /list"},
    };
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "events", "items: /list");
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        const char *said = ear_push(&ear, bad[i][0], &result);
        if (strncmp(said, bad[i][1], strlen(bad[i][1])) != 0)
            fail_msg("%s: %s", bad[i][0], said);
        assert_int_equal(ear.source->bad, i + 1);
    }
    ear_push(&ear, "{\"list\":[{\"name\":\"a\",\"time\":\"yesterday-ish\"}]}", &result);
    assert_string_equal(result.reasons[0].text, "`yesterday-ish` is no time");
    ear_close(&ear);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"asset: /a~2b", "t.yml:1:8: asset: not a JSON pointer"},
        {"title: ok\nsummary: \"{host} is down\"", "t.yml:2:10: summary: column 1: expected a JSON pointer in braces, as in {/host/name}"},
        {"key: [/a, \"x {/b\"]", "t.yml:1:11: key[1]: column 3"},
        {"items: alerts", "t.yml:1:8: items: expected a JSON pointer to a list, such as /alerts; got `alerts`"},
        {"severities: [a]", "t.yml:1:13: severities: expected a mapping of words to severities"},
        {"severities: {High: 5}", "t.yml:1:20: severities.High: expected critical, major, minor, warning or info; got `5`"},
        {"sevrity: /s", "did you mean `severity`?"},
        {"asset: {a: b}", "expected a text or a list of texts"},
    };
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        ear_mistakes("events", bad[i][0], &out);
        if (!strstr(buffer_text(&out), bad[i][1]))
            fail_msg("%s\n%s", bad[i][0], buffer_text(&out));
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zabbix_is_mapped), cmocka_unit_test(thingsboard_is_mapped), cmocka_unit_test(grafana_is_mapped),
        cmocka_unit_test(uptime_kuma_is_mapped), cmocka_unit_test(without_a_mapping_the_usual_is_read),
        cmocka_unit_test(bad_bodies_are_one_line_each), cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

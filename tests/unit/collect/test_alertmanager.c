/* Reading Alertmanager: webhooks as its documentation writes them, the v2 API's lists, and what may come instead. */
#include "alarm_ear.h"

#include "collect/alertmanager.h"

#define ALERT(status, name, more) "{\"status\":\"" status "\",\"labels\":{\"alertname\":\"" name "\"" more "}}"

static const char webhook[] =
    "{\"receiver\":\"noc\",\"status\":\"firing\",\"version\":\"4\",\"groupKey\":\"{}:{alertname=\\\"DiskFull\\\"}\",\"truncatedAlerts\":0,"
    "\"groupLabels\":{\"alertname\":\"DiskFull\"},\"commonLabels\":{},\"commonAnnotations\":{},\"externalURL\":\"http://am:9093\",\"unknown\":[1,{\"x\":2}],"
    "\"alerts\":["
    "{\"status\":\"firing\",\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"10.0.0.5:9100\",\"severity\":\"page\",\"mountpoint\":\"/\"},"
    "\"annotations\":{\"summary\":\"97 % used\",\"description\":\"/ on 10.0.0.5\",\"runbook_url\":\"https://r/disk\"},"
    "\"startsAt\":\"2026-11-21T03:00:00.1Z\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"http://p\",\"fingerprint\":\"9f0e1d2c3b4a5968\"},"
    "{\"status\":\"resolved\",\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"10.0.0.6:9100\"},\"annotations\":{},"
    "\"startsAt\":\"2026-11-21T03:00:00Z\",\"endsAt\":\"2026-11-21T03:05:00Z\",\"fingerprint\":\"00aa00aa00aa00aa\"}]}";

static void a_webhook_is_read(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "alertmanager", NULL);
    assert_string_equal(ear_push(&ear, webhook, &result), "+ 9f0e1d2c3b4a5968 critical DiskFull @SRV-1 \"97 % used: / on 10.0.0.5\" https://r/disk\n"
                                                          "- 00aa00aa00aa00aa\n");
    assert_int_equal(result.accepted, 2);
    assert_int_equal(result.rejected, 0);
    assert_int_equal(ear.source->bad, 0);
    ear_close(&ear);
}

static void labels_and_severities_are_configured(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "alertmanager", "{asset_labels: [box], severity_label: prio, severities: {P1: critical, P3: info}, default_severity: minor}");
    assert_non_null(strstr(ear_push(&ear, "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"a\",\"box\":\"GW-1\",\"prio\":\"p1\"}}]}", &result), " critical a @GW-1 "));
    assert_non_null(strstr(ear_push(&ear, "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"a\",\"instance\":\"SRV-1\",\"prio\":\"P3\"}}]}", &result), " info a @ "));
    assert_non_null(strstr(ear_push(&ear, "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"a\",\"job\":\"node\",\"prio\":\"?\"}}]}", &result), " minor a @job node "));
    assert_non_null(strstr(ear_push(&ear, "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"a\",\"prio\":\"warning\"}}]}", &result), " warning a "));
    ear_close(&ear);
}

/* The same labels are the same alert, in whatever order, with or without a fingerprint. */
static void the_key_stays(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "alertmanager", NULL);
    char *first = memory_text(ear_push(&ear, "{\"status\":\"firing\",\"alerts\":[{\"labels\":{\"alertname\":\"a\",\"b\":\"c\"}}]}", &result));
    assert_string_equal(ear_push(&ear, "{\"status\":\"firing\",\"alerts\":[{\"labels\":{\"b\":\"c\",\"alertname\":\"a\"}}]}", &result), first);
    assert_string_not_equal(ear_push(&ear, "{\"status\":\"firing\",\"alerts\":[{\"labels\":{\"b\":\"d\",\"alertname\":\"a\"}}]}", &result), first);
    free(first);
    ear_close(&ear);
}

static void bad_bodies_are_one_line_each(void **state)
{
    (void)state;
    static const struct { const char *body, *reason; } bad[] = {
        {"", "the body is not JSON: line 1 column 1: empty where JSON was expected"},
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"a\"}", "the body is not JSON: line 1 column 57"},
        {"\x1f\x8b\x08\x01", "the body is not JSON"},
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"\xb8\xdf\"}}]}", "the body is not JSON"}, /* GB18030 */
        {"[]", "expected Alertmanager's webhook payload, with a list under `alerts`"},
        {"{\"alerts\":{}}", "expected Alertmanager's webhook payload"},
        {"7", "expected Alertmanager's webhook payload"},
    };
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "alertmanager", NULL);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        const char *said = ear_push(&ear, bad[i].body, &result);
        if (strncmp(said, "refused: ", 9) != 0 || strncmp(said + 9, bad[i].reason, strlen(bad[i].reason)) != 0)
            fail_msg("%s: %s", bad[i].body, said);
        assert_int_equal(ear.source->bad, i + 1);
        assert_true(ear.source->example_count && ear.source->examples[0].reason[0]);
    }
    ear_close(&ear);
}

/* One bad alert does not hide its neighbours; each is counted, the last are kept. */
static void bad_alerts_stand_alone(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    ear_open(&ear, "alertmanager", NULL);
    const char *said = ear_push(&ear, "{\"truncatedAlerts\":12,\"alerts\":[5,null,{},{\"labels\":{}},{\"labels\":[1]}," ALERT("silent", "x", "") ","
                                      ALERT("firing", "good", "") "," ALERT("firing", "\\u001b[2J\\u202eevil\\n", ",\"n\":7,\"o\":{\"p\":[]}") "]}", &result);
    assert_int_equal(result.accepted, 2);
    assert_int_equal(result.rejected, 7);
    assert_int_equal(ear.source->bad, 7);
    assert_non_null(strstr(said, " good @"));
    assert_string_equal(result.reasons[5].text, "status is `silent`, neither firing nor resolved");
    assert_string_equal(result.reasons[6].text, "Alertmanager left out 12 alerts (max_alerts)");
    assert_int_equal(ear.source->status, SOURCE_TROUBLED);
    assert_non_null(strstr(ear.source->detail, "left out 12"));
    assert_non_null(strstr(ear_push(&ear, webhook, &result), "DiskFull"));
    assert_int_equal(ear.source->status, SOURCE_RUNNING);
    ear_close(&ear);
}

static void a_dry_run_changes_nothing(void **state)
{
    (void)state;
    struct ear ear;
    struct ingest_result result;
    struct error error;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    ear_open(&ear, "alertmanager", NULL);
    json_start(&writer, &out);
    json_write_array(&writer, NULL);
    assert_true(ear.source->ops->push(ear.source, webhook, sizeof webhook - 1, &writer, &result, &error));
    assert_false(ear.source->ops->push(ear.source, "x", 1, &writer, &result, &error));
    json_write_array_end(&writer);
    struct json_object *rows = json_parse(buffer_text(&out), out.length, 0, &error);
    assert_int_equal(json_object_array_length(rows), 2);
    assert_string_equal(json_get_text(json_object_array_get_idx(rows, 0), "asset", ""), "SRV-1");
    assert_string_equal(json_get_text(json_object_array_get_idx(rows, 1), "action", ""), "clear");
    assert_int_equal(ear.reported, 0);
    assert_int_equal(ear.source->messages + ear.source->bad, 0);
    json_object_put(rows);
    buffer_release(&out);
    ear_close(&ear);
}

static void the_api_is_read(void **state)
{
    (void)state;
    static const char silences_text[] =
        "[{\"id\":\"s1\",\"status\":{\"state\":\"active\"},\"createdBy\":\"li\",\"comment\":\"fan\",\"matchers\":[{\"name\":\"a\",\"value\":\".*\",\"isRegex\":true}]},"
        "{\"id\":\"s2\",\"status\":{\"state\":\"active\"},\"createdBy\":\"nocturne@h/am\",\"comment\":\"S-0007 user:wang: x\",\"matchers\":"
        "[{\"name\":\"alertname\",\"value\":\"a\",\"isRegex\":false,\"isEqual\":true}]},"
        "{\"id\":\"s3\",\"status\":{\"state\":\"expired\"},\"createdBy\":\"li\",\"comment\":\"\"},{\"id\":5},7,{}]";
    static const char *const alerts[] = {
        "{\"labels\":{\"alertname\":\"a\"},\"fingerprint\":\"f1\",\"status\":{\"state\":\"suppressed\",\"silencedBy\":[\"s1\"],\"inhibitedBy\":[]},\"updatedAt\":\"2026-11-21T03:00:00Z\"}",
        "{\"labels\":{\"alertname\":\"a\"},\"fingerprint\":\"f1\",\"status\":{\"state\":\"suppressed\",\"silencedBy\":[\"s2\"],\"inhibitedBy\":[]}}",
        "{\"labels\":{\"alertname\":\"a\"},\"fingerprint\":\"f1\",\"status\":{\"state\":\"suppressed\",\"silencedBy\":[],\"inhibitedBy\":[\"f9\"]}}",
        "{\"labels\":{\"alertname\":\"a\"},\"fingerprint\":\"f1\",\"status\":{\"state\":\"active\"}}",
    };
    static const char *const held[] = {"silenced in Alertmanager by li: fan", NULL, "inhibited in Alertmanager by another alert", NULL};
    struct alertmanager_settings settings;
    struct alertmanager_silences silences;
    struct alertmanager_alert alert = {0};
    struct config_problems problems;
    struct error error;
    config_problems_init(&problems);
    alertmanager_settings_read(&settings, NULL, &problems);
    struct json_object *object = json_parse(silences_text, sizeof silences_text - 1, 0, &error);
    assert_true(alertmanager_silences_read(&silences, object, "nocturne@h/am", &error));
    json_object_put(object);
    assert_int_equal(silences.count, 2);
    assert_string_equal(silences.row[0].ours, "");
    assert_string_equal(silences.row[1].ours, "S-0007");
    assert_string_equal(silences.row[0].matchers, "a=~\".*\"");
    assert_string_equal(silences.row[1].matchers, "alertname=\"a\"");
    for (size_t i = 0; i < ARRAY_COUNT(alerts); i++) {
        const struct alarm_sink none = {0};
        object = json_parse(alerts[i], strlen(alerts[i]), 0, &error);
        assert_true(alertmanager_alert_read(&alert, &settings, &none, object, NULL, &silences, &error));
        assert_true(alert.alarm.active && alert.alarm.knows_held);
        assert_true(!alert.alarm.held == !held[i]);
        if (held[i])
            assert_string_equal(alert.alarm.held, held[i]);
        assert_string_equal(alert.alarm.labels, "alertname=\"a\"");
        assert_true((alert.alarm.time == CLOCK_NEVER) == (i != 0));
        json_object_put(object);
    }
    assert_int_equal(silences.row[0].alerts, 1);
    assert_int_equal(silences.row[1].alerts, 1);
    alertmanager_alert_release(&alert);
    alertmanager_silences_release(&silences);
    alertmanager_settings_release(&settings);
    config_problems_release(&problems);
}

/* What is pushed is read back as ours, with the labels of exactly that alert. */
static void a_silence_goes_there_and_comes_back(void **state)
{
    (void)state;
    static const char text[] = "{\"alertname\":\"a \\\"b\\\" \\\\\",\"instance\":\"10.0.0.5:9100\",\"空\":\"泵房\"}";
    struct buffer out = BUFFER_INIT;
    struct error error;
    struct alertmanager_silences silences;
    struct json_object *labels = json_parse(text, sizeof text - 1, 0, &error);
    struct alarm_silence silence = {.id = "A-20261121-0007/ack", .why = "w\"hy", .by = "user:王", .ends = 1795230000000};
    struct alertmanager_matchers matchers = {0};
    alertmanager_matchers_of_labels(&matchers, labels);
    alertmanager_silence_write(&out, &matchers, &silence, "nocturne@h/am", 1795220000000);
    struct json_object *body = json_parse(buffer_text(&out), out.length, 0, &error), *list = json_object_new_array(), *status = json_object_new_object();
    assert_non_null(body);
    json_object_object_add(status, "state", json_object_new_string("active"));
    json_object_object_add(body, "status", status);
    json_object_object_add(body, "id", json_object_new_string("x"));
    json_object_array_add(list, body);
    assert_true(alertmanager_silences_read(&silences, list, "nocturne@h/am", &error));
    assert_int_equal(silences.count, 1);
    assert_string_equal(silences.row[0].ours, "A-20261121-0007/ack");
    assert_true(silences.row[0].hash == alertmanager_matchers_hash(&matchers));
    assert_true(silences.row[0].ends == 1795230000000 && !silences.row[0].expired);
    alertmanager_matchers_release(&matchers);
    alertmanager_silences_release(&silences);
    json_object_put(list);
    json_object_put(labels);
    buffer_release(&out);
}

/* A filter becomes matchers, or says what of it cannot. */
static void a_filter_becomes_matchers(void **state)
{
    (void)state;
    static const struct { const char *filter, *matchers, *odd; bool none, unsure; } cases[] = {
        {.filter = "label.severity:page", .matchers = "severity=\"page\""},
        {.filter = "label.severity:page label.team:noc,ops", .matchers = "severity=\"page\", team=~\"(?is:noc|ops)\""},
        {.filter = "label.instance~10.0.0. -label.team:noc", .matchers = "instance=~\"(?is:.*10\\\\.0\\\\.0\\\\..*)\", team!~\"(?is:noc)\""},
        {.filter = "label.code:5* -label.shelf:7", .matchers = "code=~\"(?is:5.*)\", shelf!=\"7\""},
        {.filter = "has:label.team -has:label.muted", .matchers = "team!=\"\", muted=\"\""},
        {.filter = "label.team:* label.x:\"a \\\"b\\\"\"", .matchers = "team!=\"\", x=\"a \\\"b\\\"\""},
        {.filter = "-label.team:* label.x:1", .matchers = "team=\"\", x=\"1\""},
        {.filter = "label.a:1 -( label.b:2 | label.c:x )", .matchers = "a=\"1\", b!=\"2\", c!~\"(?is:x)\""},
        {.filter = "rule:DiskFull", .matchers = "alertname=\"DiskFull\"", .unsure = true},
        {.filter = "rule:DiskFull source:alertmanager:am type:application", .matchers = "alertname=\"DiskFull\""},
        {.filter = "label.a:1 source:alertmanager:other", .matchers = "a=\"1\"", .none = true},
        {.filter = "label.a:1 -type:application", .matchers = "a=\"1\"", .none = true},
        {.filter = "label.a:1 building:7", .odd = "`building` is no label"},
        {.filter = "label.a:1 泵房", .odd = "`泵房` is a word"},
        {.filter = "label.a:1 age>5m", .odd = "`age` is compared"},
        {.filter = "( label.a:1 | label.b:1 )", .odd = "it is a choice"},
        {.filter = "-label.a:1", .odd = "it names no label that must be there"},
        {.filter = "label.a:1 label.a-b:1", .odd = "`label.a-b` is no label"},
        {.filter = "label.a:1 under:X", .odd = "`under` is compared"},
    };
    struct alertmanager_settings settings;
    struct config_problems problems;
    config_problems_init(&problems);
    alertmanager_settings_read(&settings, NULL, &problems);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct alertmanager_matchers matchers = {0};
        struct buffer text = BUFFER_INIT;
        struct error odd = {0};
        struct filter *filter = filter_parse(cases[i].filter, FILTER_STRICT, 0, &odd);
        if (!filter)
            fail_msg("%s: %s", cases[i].filter, odd.text);
        bool good = alertmanager_matchers_make(&matchers, &settings, "am", filter, &odd);
        alertmanager_matchers_text(&matchers, &text);
        if (good != !cases[i].odd || (good && (strcmp(buffer_text(&text), cases[i].matchers) != 0 || matchers.none != cases[i].none ||
                                               matchers.unsure != cases[i].unsure)))
            fail_msg("%s: %d `%s` %d %d %s", cases[i].filter, good, buffer_text(&text), matchers.none, matchers.unsure, odd.text);
        if (!good)
            assert_string_equal(odd.text, cases[i].odd);
        alertmanager_matchers_release(&matchers);
        buffer_release(&text);
        filter_free(&filter);
    }
    alertmanager_settings_release(&settings);
    config_problems_release(&problems);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct { const char *yaml, *said; } bad[] = {
        {"url: am:9093", "t.yml:1:6: url: expected http://HOST:9093 or https://HOST; got `am:9093`"},
        {"url: http://u:p@am:9093", "no user or password in the url"},
        {"interval: 5s", "t.yml:1:11: interval: `interval` is for pulling: it needs `url:`"},
        {"url: http://a\nstates: [active, muted]", "t.yml:2:18: states[1]: expected active, silenced, inhibited or unprocessed; got `muted`"},
        {"url: http://a\nstates: active", "without silenced, what is silenced here would seem to be over"},
        {"severities: {page: urgent}", "t.yml:1:20: severities.page: expected critical, major, minor, warning or info; got `urgent`"},
        {"url: http://a\nuser: x", "`password` is missing"},
        {"url: http://a\ntoken: abc", "a secret does not stand in the configuration"},
        {"ulr: http://a", "did you mean `url`?"},
    };
    struct buffer out = BUFFER_INIT;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        ear_mistakes("alertmanager", bad[i].yaml, &out);
        if (!strstr(buffer_text(&out), bad[i].said))
            fail_msg("%s\n%s", bad[i].yaml, buffer_text(&out));
    }
    ear_mistakes("alertmanager", "url: http://a/\nfilter: [team=\"noc\"]\nstates: [active, silenced]", &out);
    assert_string_equal(buffer_text(&out), "");
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_is_read), cmocka_unit_test(labels_and_severities_are_configured), cmocka_unit_test(the_key_stays),
        cmocka_unit_test(bad_bodies_are_one_line_each), cmocka_unit_test(bad_alerts_stand_alone), cmocka_unit_test(a_dry_run_changes_nothing),
        cmocka_unit_test(the_api_is_read), cmocka_unit_test(a_silence_goes_there_and_comes_back), cmocka_unit_test(a_filter_becomes_matchers), cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Alerts pushed through the door, and heartbeats: what is taken, refused, tried; 5,000 alerts in one; a truncated body. */
#include "door.h"

#include "collect/collector.h"

static struct door door;

static void add_source(const char *name)
{
    struct error error;
    const struct collector_ops *ops = collector_find("events");
    struct source *source = source_new(&door.loop, fleet_sink(door.fleet), name, ops);
    source->alarms = feeds_sink(door.feeds);
    assert_true(ops->start(source, NULL, &error));
    door.sources[door.site.source_count++] = source;
}

static int open_door(void **state)
{
    (void)state;
    door_prepare(&door);
    door_heartbeat(&door, "prom");
    add_source("zabbix");
    door_start(&door);
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ledger/import", .body = "id,name,kind,address\nSRV-1,db,server,10.0.0.5\n", .type = "text/csv");
    expect_status(&answer, 200);
    answer_release(&answer);
    return 0;
}

static void end_sources(struct door *own, void *argument)
{
    (void)argument;
    api_use_site(own->api, &own->site);
    for (size_t i = 0; i < own->site.source_count; i++) {
        own->sources[i]->ops->stop(own->sources[i]);
        source_free(&own->sources[i]);
    }
    own->site.source_count = 0;
}

static int close_door(void **state)
{
    (void)state;
    door_run(&door, end_sources, NULL);
    door_close(&door);
    return 0;
}

static int64_t total(const char *filter)
{
    char path[200];
    snprintf(path, sizeof path, "/api/v1/alerts?all=1&limit=1&filter=%s", filter);
    struct answer answer = ASK(.path = path);
    expect_status(&answer, 200);
    int64_t count = json_get_integer(answer.json, "total", -1);
    answer_release(&answer);
    return count;
}

static void a_webhook_becomes_alerts(void **state)
{
    (void)state;
    static const char body[] = "{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"hot\",\"instance\":\"10.0.0.5:9100\"}},{}]}";
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ingest/alertmanager?dry_run", .body = body);
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(json_at(answer.json, "/would/0"), "asset", ""), "SRV-1");
    assert_true(json_get_bool(answer.json, "dry_run", false));
    answer_release(&answer);
    assert_int_equal(total("source:alertmanager*"), 0);
    for (int i = 0; i < 2; i++) {
        answer = ASK(.method = "POST", .path = "/api/v1/ingest/alertmanager", .body = body);
        expect_status(&answer, 200);
        assert_int_equal(json_get_integer(answer.json, "accepted", 0), 1);
        assert_int_equal(json_get_integer(answer.json, "rejected", 0), 1);
        assert_string_equal(json_get_text(json_at(answer.json, "/problems/0"), "detail", ""), "an alert without labels");
        answer_release(&answer);
    }
    assert_int_equal(total("source:alertmanager*"), 1);
    answer = ASK(.path = "/api/v1/sources");
    assert_string_equal(json_get_text(json_at(answer.json, "/items/1"), "type", ""), "alertmanager");
    assert_int_equal(json_get_integer(json_at(answer.json, "/items/1"), "bad", 0), 2);
    answer_release(&answer);
}

static void five_thousand_in_one(void **state)
{
    (void)state;
    struct buffer body = BUFFER_INIT;
    buffer_append_text(&body, "{\"version\":\"4\",\"status\":\"firing\",\"alerts\":[");
    for (int i = 0; i < 5000; i++)
        buffer_printf(&body, "%s{\"labels\":{\"alertname\":\"many\",\"instance\":\"10.1.%d.%d:9100\",\"severity\":\"critical\"},\"annotations\":{\"summary\":\"%0200d\"}}",
                      i ? "," : "", i / 250, i % 250, i);
    buffer_append_text(&body, "]}");
    uint64_t began = uv_hrtime();
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ingest/alertmanager", .body = body.data, .length = body.length);
    double took = (double)(uv_hrtime() - began) / 1e6;
    expect_status(&answer, 200);
    assert_int_equal(json_get_integer(answer.json, "accepted", 0), 5000);
    answer_release(&answer);
    print_message("# 5,000 alerts of %zu KiB in %.0f ms\n", body.length / 1024, took);
    assert_true(took < 5000);
    assert_int_equal(total("rule:many"), 5000);
    /* The same, cut in its middle: refused as a whole, nothing half-done. */
    answer = ASK(.method = "POST", .path = "/api/v1/ingest/alertmanager", .body = body.data, .length = body.length / 2);
    expect_problem(answer, 400, "invalid", "the body is not JSON: line 1 column");
    assert_int_equal(total("rule:many"), 5000);
    buffer_release(&body);
}

static void the_source_is_chosen(void **state)
{
    (void)state;
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ingest/events", .body = "{\"name\":\"one\"}");
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "source", ""), "zabbix"); /* the only one of its type */
    answer_release(&answer);
    assert_int_equal(total("source:event:zabbix"), 1);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ingest/events?source=kuma", .body = "{}"), 404, "not-found", "there are zabbix");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ingest/alertmanager?source=zabbix", .body = "{}"), 404, "not-found", "of type alertmanager");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ingest/events?dry_run=perhaps", .body = "{}"), 400, "invalid", "dry_run");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ingest/events", .body = "{\"name\":\"\xff\"}"), 400, "invalid", "not JSON");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/ingest/events", .body = "a=b", .type = "application/x-www-form-urlencoded"), 415, "invalid",
                   "application/json");
}

static void heartbeats_are_beaten(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/api/v1/heartbeats");
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(json_at(answer.json, "/items/0"), "state", ""), "waiting");
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/heartbeats/prom"); /* for those that can only ask */
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "state", ""), "ok");
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/heartbeats/prom", .body = "{\"failed\":true,\"message\":\"exit code 3\"}");
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "state", ""), "failed");
    assert_string_not_equal(json_get_text(answer.json, "alert", ""), "");
    answer_release(&answer);
    assert_int_equal(total("source:heartbeat+condition:active"), 1);
    answer = ASK(.method = "POST", .path = "/api/v1/heartbeats/prom?message=fine");
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "message", ""), "fine");
    answer_release(&answer);
    assert_int_equal(total("source:heartbeat%20condition:active"), 0);
    answer = ASK(.path = "/api/v1/heartbeats/prom?failed=1&message=no");
    assert_string_equal(json_get_text(answer.json, "state", ""), "failed");
    answer_release(&answer);
    /* The Watchdog is one, too, and no alert. */
    answer = ASK(.method = "POST", .path = "/api/v1/ingest/alertmanager", .body = "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"Watchdog\"}}]}");
    expect_status(&answer, 200);
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/heartbeats");
    assert_string_equal(json_get_text(json_at(answer.json, "/items/0"), "state", ""), "ok");
    assert_int_equal(json_get_integer(json_at(answer.json, "/items/0"), "failures", 0), 2);
    answer_release(&answer);
    answer = ASK(.path = "/metrics");
    assert_non_null(strstr(buffer_text(&answer.body), "nocturne_heartbeat_up{heartbeat=\"prom\"} 1\n"));
    assert_non_null(strstr(buffer_text(&answer.body), "nocturne_source_bad_total{source=\"alertmanager\"} "));
    answer_release(&answer);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/heartbeats/nope"), 404, "not-found", "there are prom");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/heartbeats/prom", .body = "[1]"), 400, "invalid", "JSON object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_becomes_alerts), cmocka_unit_test(five_thousand_in_one), cmocka_unit_test(the_source_is_chosen),
        cmocka_unit_test(heartbeats_are_beaten),
    };
    return cmocka_run_group_tests(tests, open_door, close_door);
}

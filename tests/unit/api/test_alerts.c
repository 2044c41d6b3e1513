/* The alert desk through the door: the queue, verbs, conflicts, silences, time travel. */
#include "door.h"

#include "wire/alerts.h"

static struct door door;

static const char ledger[] = "id,name,kind,parent,building,unit,period\nGW-1,网关1,gateway,,涵英楼,后勤,60s\n"
                             "T-1,水表1,terminal,GW-1,涵英楼,后勤,36m\nT-2,水表2,terminal,GW-1,泓理楼,基建,36m\n";

static int open_door(void **state)
{
    (void)state;
    door_prepare(&door);
    door_start(&door);
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ledger/import", .body = ledger, .type = "text/csv");
    expect_status(&answer, 200);
    answer_release(&answer);
    return 0;
}

static int close_door(void **state)
{
    (void)state;
    door_close(&door);
    return 0;
}

struct queue { struct arena *arena; struct wire_page page; struct wire_alert_hidden hidden; struct wire_alert *rows; unsigned count; };

static struct queue queue_get(const char *path)
{
    struct queue queue = {.arena = arena_new()};
    struct error error;
    struct answer answer = ASK(.path = path);
    expect_status(&answer, 200);
    if (!wire_read_alerts(answer.body.data, answer.body.length, queue.arena, &queue.page, &queue.hidden, &queue.rows, &queue.count,
                          &error))
        fail_msg("%s", error.text);
    answer_release(&answer);
    return queue;
}

static long act(const char *verb, const char *id, const char *body, const char *header, struct answer *answer)
{
    char path[96];
    snprintf(path, sizeof path, "/api/v1/alerts/%s/%s", id, verb);
    struct answer own = ASK(.method = "POST", .path = path, .body = body, .header = header);
    long status = own.status;
    if (answer)
        *answer = own;
    else
        answer_release(&own);
    return status;
}

static void queue_and_verbs(void **state)
{
    (void)state;
    char first[24], second[24], match[64];
    door_report(&door, .asset = "T-1", .rule = "hot", .severity = SEVERITY_MAJOR);
    snprintf(first, sizeof first, "%s", door.alert);
    door_report(&door, .asset = "T-2", .rule = "hot", .severity = SEVERITY_CRITICAL);
    snprintf(second, sizeof second, "%s", door.alert);
    struct queue queue = queue_get("/api/v1/alerts");
    assert_int_equal(queue.count, 2);
    assert_string_equal(queue.rows[0].id, second);
    assert_string_equal(queue.rows[0].unit, "基建");
    assert_string_equal(queue.rows[0].news, "new");
    assert_true(queue.rows[0].value == 31.2);
    assert_int_equal(queue.hidden.unhandled, 2);
    assert_int_equal(queue.hidden.by_severity[SEVERITY_CRITICAL], 1);
    snprintf(match, sizeof match, "If-Match: \"%lld\"", (long long)queue.rows[1].revision);
    arena_free(&queue.arena);

    assert_int_equal(act("ack", first, "{\"note\":\"去看\",\"until\":\"2h\"}", match, NULL), 200);
    struct answer conflict;
    assert_int_equal(act("ack", first, "{\"note\":\"我来\"}", match, &conflict), 409);
    assert_non_null(strstr(buffer_text(&conflict.body), "去看"));
    assert_string_equal(json_get_text(json_get(conflict.json, "current"), "state", ""), "acknowledged");
    answer_release(&conflict);
    assert_int_equal(act("shelve", second, "{\"until\":\"1h\"}", NULL, NULL), 422);
    assert_int_equal(act("shelve", second, "{\"until\":\"soon\",\"why\":\"x\"}", NULL, NULL), 400);
    assert_int_equal(act("shelve", second, "{\"until\":\"1h\",\"why\":\"等备件\"}", NULL, NULL), 200);
    assert_int_equal(act("ack", "A-20010101-0001", "{}", NULL, NULL), 404);
    queue = queue_get("/api/v1/alerts?filter=building:%E6%B6%B5%E8%8B%B1%E6%A5%BC");
    assert_int_equal(queue.count, 1);
    assert_int_equal(queue.hidden.shelved, 1);
    assert_int_equal(queue.hidden.acknowledged, 1);
    assert_string_equal(queue.rows[0].note, "去看");
    arena_free(&queue.arena);

    struct answer page = ASK(.path = "/api/v1/alerts/groups?by=building&all=1");
    expect_status(&page, 200);
    assert_int_equal(json_get_integer(page.json, "total", 0), 2);
    answer_release(&page);
    page = ASK(.path = "/api/v1/alerts/groups?by=building&all=1&offset=1&limit=5");
    expect_status(&page, 200);
    assert_int_equal(json_get_integer(page.json, "total", 0), 2);
    assert_int_equal(json_object_array_length(json_get(page.json, "items")), 1);
    answer_release(&page);
    page = ASK(.method = "POST", .path = "/api/v1/alerts/assign",
               .body = "{\"to\":\"zhao\",\"ids\":[\"A-20010101-0001\"],\"revisions\":[1]}");
    expect_status(&page, 200);
    assert_int_equal(json_object_array_length(json_get(page.json, "failed")), 1);
    answer_release(&page);
    page = ASK(.method = "POST", .path = "/api/v1/alerts/assign", .body = "{\"to\":\"zhao\",\"filter\":\"unit:后勤\"}");
    expect_status(&page, 200);
    assert_int_equal(json_object_array_length(json_get(page.json, "done")), 1);
    answer_release(&page);

    char path[64];
    struct wire_alert_page read;
    struct arena *arena = arena_new();
    snprintf(path, sizeof path, "/api/v1/alerts/%s", first);
    page = ASK(.path = path);
    expect_status(&page, 200);
    assert_true(wire_read_alert_page(page.body.data, page.body.length, arena, &read, NULL));
    assert_string_equal(read.alert.assignee, "zhao");
    assert_true(read.timeline_count >= 2); /* what the machine did is written within a second */
    assert_string_equal(read.timeline[read.timeline_count - 1].verb, "assigned");
    arena_free(&arena);
    answer_release(&page);
    page = ASK(.path = "/api/v1/audit?limit=1");
    assert_non_null(strstr(buffer_text(&page.body), "alert assign"));
    answer_release(&page);
}

static void silences(void **state)
{
    (void)state;
    char id[24];
    door_report(&door, .asset = "T-2", .rule = "wet", .severity = SEVERITY_MINOR);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/silences", .body = "{\"filter\":\"rule:wet\",\"ends\":\"1h\"}"), 400, "invalid", "reason");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/silences", .body = "{\"filter\":\"health:\",\"ends\":\"1h\",\"why\":\"x\"}"), 400,
                   "invalid", "column");
    expect_problem(ASK(.method = "POST", .path = "/api/v1/silences", .body = "{\"filter\":\"\",\"ends\":\"1h\",\"why\":\"x\"}"), 400,
                   "invalid", "everything");
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/silences/rehearse", .body = "{\"filter\":\"rule:wet\"}");
    expect_status(&answer, 200);
    assert_int_equal(json_get_integer(answer.json, "matches", 0), 1);
    assert_int_equal(json_get_integer(answer.json, "notifications", 0), 1);
    answer_release(&answer);
    answer = ASK(.method = "POST", .path = "/api/v1/silences", .body = "{\"filter\":\"rule:wet\",\"ends\":\"1h\",\"why\":\"检修\"}");
    expect_status(&answer, 201);
    assert_true(json_get_bool(answer.json, "active", false));
    assert_int_equal(json_get_integer(answer.json, "matches", 0), 1);
    snprintf(id, sizeof id, "%s", json_get_text(answer.json, "id", ""));
    answer_release(&answer);
    struct queue queue = queue_get("/api/v1/alerts?filter=rule:wet");
    assert_int_equal(queue.count, 0);
    assert_int_equal(queue.hidden.silenced, 1);
    arena_free(&queue.arena);
    queue = queue_get("/api/v1/alerts?filter=rule:wet&all=1");
    assert_string_equal(queue.rows[0].silence, id);
    arena_free(&queue.arena);
    char path[64];
    snprintf(path, sizeof path, "/api/v1/silences/%s", id);
    answer = ASK(.method = "DELETE", .path = path);
    expect_status(&answer, 204);
    answer_release(&answer);
    queue = queue_get("/api/v1/alerts?filter=rule:wet");
    assert_int_equal(queue.count, 1);
    arena_free(&queue.arena);
    expect_problem(ASK(.method = "POST", .path = "/api/v1/downtimes",
                       .body = "{\"filter\":\"kind:gateway\",\"kind\":\"recurring\",\"schedule\":\"someday\",\"duration_ms\":1000,\"why\":\"x\"}"),
                   400, "invalid", "daily 03:00");
    answer = ASK(.method = "POST", .path = "/api/v1/downtimes",
                 .body = "{\"filter\":\"id:GW-1\",\"ends\":\"1h\",\"with_children\":true,\"why\":\"换电池\"}");
    expect_status(&answer, 201);
    snprintf(path, sizeof path, "/api/v1/downtimes/%s", json_get_text(answer.json, "id", ""));
    answer_release(&answer);
    queue = queue_get("/api/v1/alerts");
    assert_int_equal(queue.count, 0); /* T-1 and T-2 are its children */
    assert_true(queue.hidden.downtime >= 1);
    arena_free(&queue.arena);
    answer = ASK(.method = "DELETE", .path = path);
    expect_status(&answer, 204);
    answer_release(&answer);
}

static void time_travel(void **state)
{
    (void)state;
    char path[96], text[24], before[24];
    door_report(&door, .asset = "GW-1", .rule = "power", .severity = SEVERITY_CRITICAL);
    snprintf(before, sizeof before, "%s", door.alert);
    for (bool written = false; !written;) { /* the past is what is committed */
        struct answer figures = ASK(.path = "/metrics");
        written = strstr(buffer_text(&figures.body), "\nnocturne_alerts_unwritten 0\n") != NULL;
        answer_release(&figures);
        usleep(10 * 1000);
    }
    usleep(1000 * 1000); /* which is asked for by the second */
    snprintf(text, sizeof text, "@%lld", (long long)(clock_wall() / 1000));
    usleep(1000 * 1000);
    assert_int_equal(act("close", before, "{\"why\":\"换了电源\"}", NULL, NULL), 200);
    snprintf(path, sizeof path, "/api/v1/alerts?filter=rule:power&at=%s", text);
    struct queue queue = queue_get(path);
    assert_int_equal(queue.count, 1);
    assert_true(queue.page.past);
    assert_int_equal(queue.rows[0].state, ALERT_UNACKNOWLEDGED);
    arena_free(&queue.arena);
    queue = queue_get("/api/v1/alerts?filter=rule:power");
    assert_int_equal(queue.count, 0);
    arena_free(&queue.arena);
    struct answer answer = ASK(.path = "/api/v1/alerts/stats");
    expect_status(&answer, 200);
    assert_non_null(strstr(buffer_text(&answer.body), "\"power\""));
    answer_release(&answer);
    answer = ASK(.path = "/metrics");
    assert_non_null(strstr(buffer_text(&answer.body), "nocturne_alerts{state=\"closed\"} 1"));
    answer_release(&answer);
}

/* ---- redundancy groups, quiet hours ---- */

static void use_group(struct door *at, void *argument)
{
    (void)argument;
    alerts_groups_use(at->alerts, &(struct alert_group){"双表", "id:T-1,T-2", 1, SEVERITY_MINOR}, 1);
}

static void redundancy(void **state)
{
    (void)state;
    door_run(&door, use_group, NULL);
    struct answer answer = ASK(.path = "/api/v1/redundancy");
    expect_status(&answer, 200);
    assert_non_null(strstr(buffer_text(&answer.body), "\"name\":\"双表\",\"filter\":\"id:T-1,T-2\",\"state\":\"ok\",\"alive\":2,\"total\":2"));
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/assets/T-2");
    expect_status(&answer, 200);
    struct arena *arena = arena_new();
    struct wire_asset_page page;
    struct error error;
    assert_true(wire_read_asset_page(answer.body.data, answer.body.length, arena, &page, &error));
    assert_string_equal(page.standby.name, "双表");
    assert_int_equal(page.standby.alive, 2);
    assert_int_equal(page.standby.need, 1);
    assert_false(page.standby.gone);
    arena_free(&arena);
    answer_release(&answer);
}

static void use_quiet(struct door *at, void *argument)
{
    struct config_problems problems;
    struct config *config = config_new();
    (void)argument;
    config_problems_init(&problems);
    static const char text[] = "quiet:\n  - {name: 夜间, hours: [mon-sat 00:00-24:00, sun 00:00-04:00, sun 04:01-24:00], filter: \"severity:info\"}\n";
    assert_true(config_load_text(config, "notify.yml", text, strlen(text), &problems));
    struct notify_plan *plan = notify_plan_read(config_root(config), "site", "en", &problems);
    if (problems.count)
        fail_msg("%s", buffer_text(&problems.text));
    notify_use(at->notify, plan);
    notify_plan_free(&plan);
    config_problems_release(&problems);
    config_free(&config);
}

static void quiet_hours(void **state)
{
    (void)state;
    door_run(&door, use_quiet, NULL);
    struct answer answer = ASK(.path = "/api/v1/overview");
    struct arena *arena = arena_new();
    struct wire_overview overview;
    struct error error;
    expect_status(&answer, 200);
    assert_true(wire_read_overview(answer.body.data, answer.body.length, arena, &overview, &error));
    assert_string_equal(overview.quiet, "夜间");
    assert_true(overview.quiet_until > clock_wall());
    assert_int_equal(overview.held, 0);
    arena_free(&arena);
    answer_release(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_and_verbs),
        cmocka_unit_test(silences),
        cmocka_unit_test(time_travel),
        cmocka_unit_test(redundancy),
        cmocka_unit_test(quiet_hours),
    };
    return cmocka_run_group_tests(tests, open_door, close_door);
}

/* Reading through the door: every read of wire.h over the socket, decoded by the wire's own readers. */
#include "door.h"

#include "wire/wire.h"

static struct door door;
static struct arena *arena;

static const char ledger[] =
    "id,name,kind,class,parent,subsystem,building,floor,room,unit,tags,period,rack\n"
    "GW-1,供水网关1,gateway,gateway,,供水管理,涵英楼,3F,弱电间2,后勤,泵房,60s,A03\n"
    "GW-2,供水网关2,gateway,gateway,,供水管理,能源中心,1F,,后勤,,60s,\n"
    "T-1,水表1,terminal,meter,GW-1,供水管理,涵英楼,3F,301,后勤,泵房;spare,36m,\n"
    "T-2,水表2,terminal,meter,GW-1,供水管理,涵英楼,3F,302,后勤,,36m,\n"
    "T-3,\"名,\"\"引号\"\"\",terminal,meter,GW-2,供水管理,能源中心,1F,101,后勤,,36m,\n"
    "a/b:c,斜线,terminal,meter,GW-2,供水管理,能源中心,1F,102,后勤,,36m,\n";

static int open_door(void **state)
{
    (void)state;
    arena = arena_new();
    static const struct site_unit units[] = {{"flow", "m³/h"}};
    door_prepare(&door);
    door.site.units = units;
    door.site.unit_count = 1;
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
    arena_free(&arena);
    return 0;
}

static void push(const char *body)
{
    struct answer answer = ASK(.method = "POST", .path = "/api/v1/ingest/readings", .body = body);
    expect_status(&answer, 200);
    assert_int_equal(json_get_integer(answer.json, "rejected", -1), 0);
    answer_release(&answer);
}

static unsigned read_assets(const char *path, struct wire_page *page, struct wire_asset **items)
{
    struct answer answer = ASK(.path = path);
    struct error error;
    unsigned count;
    expect_status(&answer, 200);
    if (!wire_read_assets(answer.body.data, answer.body.length, arena, page, items, &count, &error))
        fail_msg("%s", error.text);
    answer_release(&answer);
    return count;
}

static void assets_are_filtered_sorted_and_cut(void **state)
{
    (void)state;
    struct wire_page page;
    struct wire_asset *items;
    assert_int_equal(read_assets("/api/v1/assets?sort=id", &page, &items), 6);
    assert_int_equal(page.total, 6);
    assert_false(page.past);
    assert_string_equal(items[0].field[ASSET_id], "a/b:c");
    assert_int_equal(read_assets("/api/v1/assets?filter=kind:terminal+%E6%B6%B5%E8%8B%B1&sort=-id&offset=1&limit=5", &page, &items), 1);
    assert_int_equal(page.total, 2);
    assert_int_equal(page.population, 6);
    assert_int_equal(page.offset, 1);
    assert_string_equal(items[0].field[ASSET_id], "T-1");
    assert_string_equal(items[0].field[ASSET_tags], "泵房;spare");
    assert_string_equal(items[0].field[ASSET_parent], "GW-1");
    assert_int_equal(items[0].health, HEALTH_UNKNOWN);
    assert_int_equal(items[0].period, 36 * SPAN_MINUTE);
    assert_int_equal(read_assets("/api/v1/assets?sort=id&limit=0", &page, &items), 0);
    assert_int_equal(page.total, 6);
    assert_int_equal(read_assets("/api/v1/assets?sort=id&offset=99", &page, &items), 0);
}

static void a_cursor_goes_on_behind_the_last_row(void **state)
{
    (void)state;
    struct wire_page page;
    struct wire_asset *items;
    assert_int_equal(read_assets("/api/v1/assets?sort=id&limit=2", &page, &items), 2);
    assert_string_equal(items[1].field[ASSET_id], "GW-1");
    assert_int_equal(read_assets("/api/v1/assets?sort=id&limit=2&cursor=GW-1", &page, &items), 2);
    assert_string_equal(items[0].field[ASSET_id], "GW-2");
    assert_int_equal(page.offset, 2);
    expect_problem(ASK(.path = "/api/v1/assets?cursor=gone"), 404, "not-found", "begin again");
}

static void a_wrong_filter_names_its_column(void **state)
{
    (void)state;
    expect_problem(ASK(.path = "/api/v1/assets?filter=kind:gateway+health:"), 400, "invalid", "column");
    expect_problem(ASK(.path = "/api/v1/assets?sort=splendour"), 400, "invalid", "splendour");
    expect_problem(ASK(.path = "/api/v1/assets?fields=id,nmae"), 400, "invalid", "column 4: no member `nmae`");
    expect_problem(ASK(.path = "/api/v1/assets?limit=10001"), 400, "invalid", "limit: at most 10000");
    expect_problem(ASK(.path = "/api/v1/assets?limt=5"), 400, "invalid", "unknown parameter `limt`");
    expect_problem(ASK(.path = "/api/v1/assets?at=2999-01-01T00:00:00Z"), 400, "invalid", "future");
    expect_problem(ASK(.path = "/api/v1/board?group=health"), 400, "invalid", "health");
    expect_problem(ASK(.path = "/api/v1/board?order=best"), 400, "invalid", "order");
    expect_problem(ASK(.path = "/api/v1/facets"), 400, "invalid", "field");
}

static void assets_come_as_csv_too(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/api/v1/assets?sort=id&format=csv&fields=id,name,health,children&filter=kind:terminal");
    expect_status(&answer, 200);
    assert_non_null(strstr(answer.headers.data, "text/csv"));
    assert_string_equal(answer.body.data, "id,name,health,children\r\na/b:c,斜线,unknown,0\r\nT-1,水表1,unknown,0\r\n"
                                          "T-2,水表2,unknown,0\r\nT-3,\"名,\"\"引号\"\"\",unknown,0\r\n");
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/assets?limit=1000000", .header = "Accept: text/csv");
    assert_non_null(strstr(answer.headers.data, "text/csv"));
    answer_release(&answer);
}

static void an_asset_has_its_page(void **state)
{
    (void)state;
    push("[{\"asset\":\"T-1\",\"metric\":\"flow\",\"value\":3.5},{\"asset\":\"T-1\",\"metric\":\"total\",\"value\":1200}]");
    struct answer answer = ASK(.path = "/api/v1/assets/T-1");
    struct wire_asset_page page;
    expect_status(&answer, 200);
    assert_true(wire_read_asset_page(answer.body.data, answer.body.length, arena, &page, NULL));
    assert_string_equal(page.asset.field[ASSET_name], "水表1");
    assert_int_equal(page.asset.health, HEALTH_OK);
    assert_int_equal(page.asset.comm, COMM_SPEAKING);
    assert_int_equal(page.asset.value_count, 2);
    assert_string_equal(page.asset.values[0].metric, "flow");
    assert_true(page.asset.values[0].value == 3.5);
    assert_string_equal(page.asset.values[0].unit, "m³/h");
    assert_int_equal(page.path_count, 1);
    assert_string_equal(page.path[0].id, "GW-1");
    assert_int_equal(page.neighbour_count, 1);
    assert_string_equal(page.neighbours[0].field[ASSET_id], "T-2");
    assert_true(page.message_count >= 1);
    answer_release(&answer);

    answer = ASK(.path = "/api/v1/assets/a%2Fb:c");
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "id", ""), "a/b:c");
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/assets/GW-1");
    assert_int_equal(json_get_integer(answer.json, "children", -1), 2);
    assert_string_equal(json_get_text(json_get(answer.json, "attributes"), "rack", ""), "A03");
    answer_release(&answer);
    expect_problem(ASK(.path = "/api/v1/assets/T-99"), 404, "not-found", "T-99");
    struct wire_page list;
    struct wire_asset *items;
    assert_int_equal(read_assets("/api/v1/assets?filter=has:metric.flow&fields=values", &list, &items), 1);
    assert_int_equal(items->value_count, 2);
}

static void readings_come_in_buckets(void **state)
{
    (void)state;
    char body[512];
    msec now = clock_wall();
    for (int minute = 0; minute < 10; minute++) {
        char stamp[INSTANT_TEXT];
        snprintf(body, sizeof body, "{\"asset\":\"T-2\",\"metric\":\"flow\",\"value\":%d,\"time\":\"%s\"}", minute,
                 instant_format(stamp, now - (10 - minute) * SPAN_MINUTE));
        push(body);
    }
    struct answer answer = ASK(.path = "/api/v1/assets/T-2/readings?metric=flow&from=-1h&buckets=6");
    struct wire_series series;
    expect_status(&answer, 200);
    assert_true(wire_read_series(answer.body.data, answer.body.length, arena, &series, NULL));
    assert_int_equal(series.bucket_count, 6);
    unsigned readings = 0;
    for (unsigned i = 0; i < 6; i++)
        readings += series.buckets[i].count;
    assert_int_equal(readings, 10);
    answer_release(&answer);
    expect_problem(ASK(.path = "/api/v1/assets/T-2/readings"), 400, "invalid", "metric");
    expect_problem(ASK(.path = "/api/v1/assets/T-2/readings?metric=nothing"), 404, "not-found", "nothing");
    expect_problem(ASK(.path = "/api/v1/assets/T-2/readings?metric=flow&from=now&to=-1h"), 400, "invalid", "from");
    expect_problem(ASK(.path = "/api/v1/assets/T-2/readings?metric=flow&buckets=5001"), 400, "invalid", "buckets");
}

static void states_are_intervals(void **state)
{
    (void)state;
    push("{\"asset\":\"T-1\",\"metric\":\"flow\",\"value\":1}");
    for (int all = 0; all < 2; all++) {
        struct answer answer = ASK(.path = all ? "/api/v1/states?from=-1h" : "/api/v1/assets/T-1/states?from=-1h");
        struct wire_page page;
        struct wire_interval *items;
        unsigned count;
        expect_status(&answer, 200);
        assert_true(wire_read_intervals(answer.body.data, answer.body.length, arena, &page, &items, &count, NULL));
        assert_true(count >= 1);
        bool ok = false;
        for (unsigned i = 0; i < count; i++)
            ok = ok || (strcmp(items[i].id, "T-1") == 0 && items[i].health == HEALTH_OK && items[i].to == CLOCK_NEVER);
        assert_true(ok);
        answer_release(&answer);
    }
}

static void the_board_groups_its_cells(void **state)
{
    (void)state;
    push("{\"asset\":\"GW-2\",\"metric\":\"rssi\",\"value\":-70}");
    struct answer answer = ASK(.path = "/api/v1/board?group=building&order=place");
    struct wire_board board;
    expect_status(&answer, 200);
    assert_true(wire_read_board(answer.body.data, answer.body.length, arena, &board, NULL));
    assert_int_equal(board.group_count, 2);
    assert_int_equal(board.by_health[HEALTH_OK] + board.by_health[HEALTH_UNKNOWN], 2);
    for (unsigned i = 0; i < 2; i++) {
        bool energy = strcmp(board.groups[i].key, "能源中心") == 0;
        assert_int_equal(board.groups[i].cell_count, 1);
        assert_string_equal(board.groups[i].ids[0], energy ? "GW-2" : "GW-1");
        assert_string_equal(board.groups[i].letters, energy ? "." : "?");
        assert_int_equal(board.groups[i].total, 1);
    }
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/board?filter=kind:terminal&cells=1&limit=1&offset=1");
    assert_true(wire_read_board(answer.body.data, answer.body.length, arena, &board, NULL));
    assert_int_equal(board.group_count, 1);
    assert_int_equal(board.page.total, 2);
    assert_int_equal(board.groups[0].cell_count, 1);
    assert_int_equal(board.groups[0].total, 2);
    answer_release(&answer);
}

static void the_overview_counts_everything(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/api/v1/overview");
    struct wire_overview overview;
    expect_status(&answer, 200);
    assert_true(wire_read_overview(answer.body.data, answer.body.length, arena, &overview, NULL));
    assert_string_equal(overview.site, "创新港");
    assert_int_equal(overview.assets, 6);
    assert_int_equal(overview.kind_count, 2);
    assert_int_equal(overview.by_health[HEALTH_UNKNOWN], 6);
    assert_string_equal(overview.store_engine, "memory");
    assert_true(overview.store_writable);
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/facets?field=building");
    struct wire_page page;
    struct wire_facet *facets;
    unsigned count;
    assert_true(wire_read_facets(answer.body.data, answer.body.length, arena, &page, &facets, &count, NULL));
    assert_int_equal(count, 2);
    assert_int_equal(facets[0].count + facets[1].count, 6);
    answer_release(&answer);
}

static void the_past_is_shown_as_it_was(void **state)
{
    (void)state;
    push("{\"asset\":\"T-1\",\"metric\":\"flow\",\"value\":1}");
    usleep(20000);
    char path[160], stamp[INSTANT_TEXT];
    struct wire_page page;
    struct wire_asset *items;
    snprintf(path, sizeof path, "/api/v1/assets?filter=id:T-1&at=@%lld", (long long)(clock_wall() / 1000 - 3600));
    assert_int_equal(read_assets(path, &page, &items), 1);
    assert_true(page.past);
    assert_int_equal(items->health, HEALTH_UNKNOWN);
    CURL *curl = curl_easy_init();
    char *escaped = curl_easy_escape(curl, instant_format(stamp, clock_wall()), 0);
    static const char *const resources[] = {"overview", "assets", "assets/T-1", "assets/GW-1", "board"};
    for (size_t i = 0; i < ARRAY_COUNT(resources); i++) {
        snprintf(path, sizeof path, "/api/v1/%s?at=%s", resources[i], escaped);
        struct answer answer = ASK(.path = path);
        expect_status(&answer, 200);
        assert_true(json_get_bool(answer.json, "past", false));
        answer_release(&answer);
    }
    snprintf(path, sizeof path, "/api/v1/assets?filter=id:GW-1&at=%s", escaped);
    assert_int_equal(read_assets(path, &page, &items), 1);
    assert_int_equal(items->children_by_health[HEALTH_OK], 1);
    assert_int_equal(items->children_by_health[HEALTH_UNKNOWN], 1);
    snprintf(path, sizeof path, "/api/v1/assets/T-1?at=%s", escaped);
    struct answer answer = ASK(.path = path);
    assert_string_equal(json_get_text(answer.json, "health", ""), "ok");
    assert_int_equal(json_object_array_length(json_get(answer.json, "values")), 1);
    answer_release(&answer);
    curl_free(escaped);
    curl_easy_cleanup(curl);
}

static void the_small_ones_answer(void **state)
{
    (void)state;
    push("{\"asset\":\"T-1\",\"metric\":\"flow\",\"value\":1}");
    struct answer answer = ASK(.path = "/api/v1/sources");
    struct wire_page page;
    struct wire_source *sources;
    unsigned count;
    assert_true(wire_read_sources(answer.body.data, answer.body.length, arena, &page, &sources, &count, NULL));
    assert_int_equal(count, 1);
    assert_string_equal(sources[0].name, "api");
    assert_true(sources[0].messages >= 1);
    answer_release(&answer);

    answer = ASK(.path = "/api/v1/whoami");
    assert_string_equal(json_get_text(answer.json, "role", ""), "admin");
    assert_memory_equal(json_get_text(answer.json, "name", ""), "user:", 5);
    answer_release(&answer);

    answer = ASK(.path = "/api/v1/audit");
    struct wire_audit *audit;
    assert_true(wire_read_audit(answer.body.data, answer.body.length, arena, &page, &audit, &count, NULL));
    assert_true(count >= 1);
    assert_string_equal(audit[count - 1].verb, "ledger import");
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/audit/verify");
    assert_true(json_get_bool(answer.json, "whole", false));
    answer_release(&answer);
    answer = ASK(.path = "/healthz");
    expect_status(&answer, 200);
    assert_string_equal(json_get_text(answer.json, "status", ""), "ok");
    answer_release(&answer);
    answer = ASK(.path = "/api/v1/version");
    assert_string_equal(json_get_text(answer.json, "version", ""), NOCTURNE_VERSION);
    answer_release(&answer);
}

static void the_ledger_goes_out_as_it_came_in(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/api/v1/ledger/export");
    expect_status(&answer, 200);
    assert_non_null(strstr(answer.headers.data, "ledger.csv"));
    struct answer again = ASK(.method = "POST", .path = "/api/v1/ledger/import?complete=1&dry_run=1", .body = answer.body.data,
                              .length = answer.body.length, .type = "text/csv");
    expect_status(&again, 200);
    assert_int_equal(json_get_integer(again.json, "unchanged", -1), 6);
    assert_int_equal(json_get_integer(again.json, "changed", -1), 0);
    assert_int_equal(json_get_integer(again.json, "removed", -1), 0);
    answer_release(&answer);
    answer_release(&again);
}

static void metrics_please_promtool(void **state)
{
    (void)state;
    struct answer answer = ASK(.path = "/metrics");
    expect_status(&answer, 200);
    assert_non_null(strstr(answer.headers.data, "text/plain; version=0.0.4"));
    assert_non_null(strstr(answer.body.data, "nocturne_assets 6\n"));
    if (system("command -v promtool >/dev/null") == 0) {
        FILE *tool = popen("promtool check metrics", "w");
        assert_non_null(tool);
        fwrite(answer.body.data, 1, answer.body.length, tool);
        assert_int_equal(pclose(tool), 0);
    }
    answer_release(&answer);
}

static void head_sends_no_body(void **state)
{
    (void)state;
    struct answer answer;
    curl_easy_reset(door.curl);
    answer = (struct answer){0};
    curl_easy_setopt(door.curl, CURLOPT_URL, "http://x/api/v1/assets");
    curl_easy_setopt(door.curl, CURLOPT_UNIX_SOCKET_PATH, door.socket);
    curl_easy_setopt(door.curl, CURLOPT_NOBODY, 1L);
    assert_int_equal(curl_easy_perform(door.curl), CURLE_OK);
    curl_easy_getinfo(door.curl, CURLINFO_RESPONSE_CODE, &answer.status);
    assert_int_equal(answer.status, 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_door, close_door)
    const struct CMUnitTest tests[] = {
        TEST(assets_are_filtered_sorted_and_cut), TEST(a_cursor_goes_on_behind_the_last_row),
        TEST(a_wrong_filter_names_its_column),    TEST(assets_come_as_csv_too),
        TEST(an_asset_has_its_page),              TEST(readings_come_in_buckets),
        TEST(states_are_intervals),               TEST(the_board_groups_its_cells),
        TEST(the_overview_counts_everything),     TEST(the_past_is_shown_as_it_was),
        TEST(the_small_ones_answer),              TEST(the_ledger_goes_out_as_it_came_in),
        TEST(metrics_please_promtool),            TEST(head_sends_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

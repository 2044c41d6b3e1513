/* Applications as they travel: written by one side, read by the other, member by member; and what a bad answer does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "wire/applications.h"

#define T0 INT64_C(1795230000000)

static struct arena *arena;
static struct buffer text;

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    buffer_init(&text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    buffer_release(&text);
    return 0;
}

static const char *servers[] = {"web-1", "db-2"};
static const struct wire_application energy = {
    .id = "energy", .name = "能源态势", .subsystem = "能源", .contract = "campus-iot", .requirement = "R008",
    .hurts = "nginx.service on web-1: failed since 03:31", .recovery = "2 of 3 tries left", .health = HEALTH_CRITICAL,
    .since = T0, .uptime = 12.5, .availability = 0.9987, .availability_30d = NAN, .latency = 42, .users = 188, .checks = 7,
    .failing = 1, .waiting = 2, .servers = servers, .server_count = 2};

static void same(const struct wire_application *a, const struct wire_application *b)
{
    assert_string_equal(a->id, b->id), assert_string_equal(a->name, b->name), assert_string_equal(a->hurts, b->hurts);
    assert_string_equal(a->subsystem, b->subsystem), assert_string_equal(a->contract, b->contract);
    assert_string_equal(a->requirement, b->requirement), assert_string_equal(a->recovery, b->recovery);
    assert_int_equal(a->health, b->health), assert_int_equal(a->since, b->since);
    assert_true(a->uptime == b->uptime && a->availability == b->availability && isnan(b->availability_30d));
    assert_true(a->latency == b->latency && a->users == b->users);
    assert_int_equal(a->checks, b->checks), assert_int_equal(a->failing, b->failing), assert_int_equal(a->waiting, b->waiting);
    assert_int_equal(b->server_count, 2);
    assert_string_equal(b->servers[0], "web-1"), assert_string_equal(b->servers[1], "db-2");
}

static void a_list_arrives_as_it_left(void **state)
{
    (void)state;
    struct json_writer writer;
    struct wire_page page = {.total = 1, .population = 15, .revision = 9, .as_of = T0};
    struct wire_application *items;
    unsigned count;
    struct error error;
    json_start(&writer, &text);
    wire_list_begin(&writer, &page);
    wire_write_application(&writer, &energy);
    wire_list_end(&writer);
    assert_true(wire_read_applications(buffer_text(&text), text.length, arena, &page, &items, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(page.population, 15);
    same(&energy, &items[0]);
}

static void a_page_arrives_as_it_left(void **state)
{
    (void)state;
    struct error error;
    const char *needs[] = {"energy/db", "login"};
    struct wire_figure figures[] = {{"latency_ms", "ms", 42}, {"certificate_days", "d", NAN}};
    struct wire_node nodes[] = {
        {.id = "energy", .name = "能源态势", .kind = "application", .verdict = "critical", .evidence = "", .asset = "energy",
         .since = T0, .checked = T0 + 5},
        {.id = "energy/web", .name = "网站 HTTPS", .kind = "http", .verdict = "ok", .evidence = "200 in 42 ms", .asset = "web-1",
         .depth = 1, .cause = true, .since = T0, .checked = CLOCK_NEVER, .needs = needs, .need_count = 2, .figures = figures,
         .figure_count = 2, .may_restart = true}};
    struct wire_recovery recoveries[] = {{T0, "energy/nginx", "web-1", "nginx.service", "exit 0, well again after 4 s"}};
    struct wire_application_page sent = {.page = {.revision = 4, .as_of = T0 + 9}, .application = energy, .nodes = nodes,
                                         .node_count = 2, .recoveries = recoveries, .recovery_count = 1}, got;
    wire_write_application_page(&text, &sent);
    assert_true(wire_read_application_page(buffer_text(&text), text.length, arena, &got, &error));
    same(&energy, &got.application);
    assert_int_equal(got.page.revision, 4);
    assert_int_equal(got.page.as_of, T0 + 9);
    assert_int_equal(got.node_count, 2);
    assert_false(got.nodes[0].cause);
    const struct wire_node *web = &got.nodes[1];
    assert_string_equal(web->id, "energy/web"), assert_string_equal(web->kind, "http"), assert_string_equal(web->asset, "web-1");
    assert_string_equal(web->verdict, "ok"), assert_string_equal(web->evidence, "200 in 42 ms");
    assert_true(web->cause && web->may_restart && web->depth == 1 && web->checked == CLOCK_NEVER);
    assert_int_equal(web->need_count, 2);
    assert_string_equal(web->needs[1], "login");
    assert_int_equal(web->figure_count, 2);
    assert_string_equal(web->figures[0].unit, "ms");
    assert_true(web->figures[0].value == 42 && isnan(web->figures[1].value));
    assert_int_equal(got.recovery_count, 1);
    assert_string_equal(got.recoveries[0].result, "exit 0, well again after 4 s");
}

static void strange_answers_are_refused_or_neutral(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "{", "{\"items\":3}", "{\"items\":[1,null,{}],\"total\":-3}"};
    struct error error;
    struct wire_page page;
    struct wire_application *items;
    unsigned count;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        bool good = wire_read_applications(bad[i], strlen(bad[i]), arena, &page, &items, &count, &error);
        assert_true(good == (i == 4));
    }
    assert_int_equal(count, 0);
    struct wire_application_page got;
    static const char odd[] = "{\"id\":\"a\",\"nodes\":[7,{\"depth\":-1,\"figures\":[[]],\"needs\":[null,1]}],\"servers\":{},"
                              "\"health\":\"fine\",\"recoveries\":[null]}";
    assert_true(wire_read_application_page(odd, strlen(odd), arena, &got, &error));
    assert_int_equal(got.application.health, HEALTH_UNKNOWN);
    assert_int_equal(got.node_count, 2);
    assert_int_equal(got.nodes[1].depth, 0);
    assert_int_equal(got.nodes[1].need_count, 0); /* what is no text is left out */
    assert_false(wire_read_application_page("{}", 2, arena, &got, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_arrives_as_it_left, begin, end),
        cmocka_unit_test_setup_teardown(a_page_arrives_as_it_left, begin, end),
        cmocka_unit_test_setup_teardown(strange_answers_are_refused_or_neutral, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The list of applications, one application's page, and logs (R022, R361). */
#include <math.h>
#include <time.h>

#include "hosted.h"
#include "view/application.h"

#define HAS(text, part)                                                        \
    do {                                                                       \
        if (!strstr(text, part))                                               \
            fail_msg("`%s` is not in\n%s", part, text);                        \
    } while (0)
#define LACKS(text, part) assert_null(strstr(text, part))

extern const struct view_ops applications_view, servers_view, log_view;

static const char *const web[] = {"web-1", "db-2"};

static struct wire_application energy(void)
{
    return (struct wire_application){.id = "energy", .name = "能源态势", .subsystem = "能源管理", .contract = "campus-iot", .requirement = "R022",
                                     .hurts = "nginx.service on web-1: failed since 11:31", .recovery = "2 of 3 tries left",
                                     .health = HEALTH_CRITICAL, .since = HOSTED_NOW - 3 * SPAN_MINUTE, .uptime = NAN, .availability = 0.99999,
                                     .availability_30d = 0.9987, .latency = NAN, .users = 188, .in_rate = 41e6 / 8, .out_rate = 12e6 / 8, .checks = 5, .failing = 3, .waiting = 1,
                                     .servers = (const char **)web, .server_count = 2};
}

static void list_answer(struct buffer *out)
{
    struct json_writer writer;
    struct wire_application broken = energy(), good = energy(), waits = energy();
    struct wire_page page = {.total = 3, .population = 3};
    good.id = "water";
    good.name = "供水";
    good.hurts = good.recovery = "";
    good.health = HEALTH_OK;
    good.uptime = 41 * 86400.0;
    good.availability = 1;
    good.latency = 42;
    good.failing = good.waiting = 0;
    waits.id = "parking";
    waits.name = "停车";
    waits.hurts = "waiting for an address";
    waits.health = HEALTH_UNKNOWN;
    waits.checks = waits.waiting = 3;
    waits.failing = 0;
    json_start(&writer, out);
    wire_list_begin(&writer, &page);
    wire_write_application(&writer, &broken);
    wire_write_application(&writer, &waits);
    wire_write_application(&writer, &good);
    wire_list_end(&writer);
}

static struct hosted *list_open(int rows, int columns)
{
    struct hosted *hosted = hosted_new(&applications_view, "", rows, columns);
    struct buffer body = BUFFER_INIT;
    list_answer(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    buffer_release(&body);
    return hosted;
}

static void those_that_wait_are_counted_and_folded(void **state)
{
    (void)state;
    struct hosted *hosted = list_open(20, 80);
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "2 of 3 · 1 hurt · 1 wait for an address (H shows them)");
    HAS(drawn, "nginx.service on web-1");
    HAS(drawn, "99.99"); /* never rounded up to a hundred that it was not */
    LACKS(drawn, "停车");
    hosted_command(hosted, "hidden", "");
    drawn = hosted_draw(hosted);
    HAS(drawn, "停车");
    assert_true(strstr(drawn, "供水") < strstr(drawn, "停车")); /* last, whatever the order */
    HAS(hosted_plain(hosted), "waiting for an address");
    hosted_free(hosted);
}

static void every_size_of_the_list(void **state)
{
    (void)state;
    for (int rows = 1; rows < 40; rows += 3)
        for (int columns = 1; columns < 180; columns += 13) {
            struct hosted *hosted = list_open(rows, columns);
            hosted_draw(hosted);
            hosted_free(hosted);
        }
}

/* ---- the page ---- */

static void page_answer(struct buffer *out)
{
    static struct wire_figure figures[] = {{"latency_ms", "ms", 42}, {"certificate", "d", 61}};
    static const char *needs[] = {"energy/web", "energy/db"};
    struct wire_node nodes[] = {
        {.id = "energy", .name = "能源态势", .kind = "application", .verdict = "critical", .evidence = "", .asset = "", .depth = 0,
         .since = HOSTED_NOW - 3 * SPAN_MINUTE, .checked = CLOCK_NEVER, .needs = needs, .need_count = 2},
        {.id = "energy/web", .name = "网站 HTTPS", .kind = "http", .verdict = "critical", .evidence = "connection refused", .asset = "web-1",
         .depth = 1, .since = HOSTED_NOW - 3 * SPAN_MINUTE, .checked = HOSTED_NOW - 2 * SPAN_SECOND, .figures = figures, .figure_count = 2},
        {.id = "energy/nginx", .name = "nginx.service", .kind = "unit", .verdict = "critical", .evidence = "failed", .asset = "web-1", .depth = 2,
         .cause = true, .since = HOSTED_NOW - 3 * SPAN_MINUTE, .checked = HOSTED_NOW - 2 * SPAN_SECOND, .may_restart = true, .unit = "nginx.service", .unit_on = "web-1"},
        {.id = "energy/db", .name = "数据库", .kind = "postgres", .verdict = "ok", .evidence = "188 of 300 connections", .asset = "db-2", .depth = 1,
         .since = CLOCK_NEVER, .checked = HOSTED_NOW - SPAN_SECOND},
        {.id = "energy/mail", .name = "短信", .kind = "http", .verdict = "waiting", .evidence = "", .asset = "", .depth = 1, .since = CLOCK_NEVER,
         .checked = CLOCK_NEVER},
    };
    struct wire_recovery recoveries[] = {{HOSTED_NOW - SPAN_MINUTE, "energy/nginx", "web-1", "nginx.service", "exit code 1"}};
    struct wire_application_page page = {.application = energy(), .nodes = nodes, .node_count = ARRAY_COUNT(nodes), .recoveries = recoveries,
                                         .recovery_count = 1};
    wire_write_application_page(out, &page);
}

static struct hosted *page_open(int rows, int columns)
{
    struct hosted *hosted = hosted_new(&application_view, "energy", rows, columns);
    struct buffer body = BUFFER_INIT;
    page_answer(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    buffer_release(&body);
    return hosted;
}

/* It opens on the first broken node, and w comes back to it. */
static void it_opens_where_it_hurts(void **state)
{
    (void)state;
    struct hosted *hosted = page_open(20, 80);
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "! 能源态势  能源管理");
    HAS(drawn, "◂ failed");
    HAS(drawn, "waiting for an address");
    assert_string_equal(application_node(&hosted->view)->id, "energy/nginx");
    hosted_command(hosted, "top", "");
    assert_string_equal(application_node(&hosted->view)->id, "energy");
    hosted_command(hosted, "hurts", "");
    assert_string_equal(application_node(&hosted->view)->id, "energy/nginx");
    hosted_command(hosted, "open", "");
    assert_string_equal(hosted->opened, "asset web-1");
    hosted_free(hosted);
}

static void figures_and_needs_of_a_node(void **state)
{
    (void)state;
    struct hosted *hosted = page_open(20, 100);
    hosted_draw(hosted);
    hosted_command(hosted, "up", "");
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "connection refused · latency_ms 42 ms · certificate 61 d");
    hosted_command(hosted, "top", "");
    HAS(hosted_draw(hosted), "needs energy/web, energy/db");
    hosted_free(hosted);
}

static void its_alerts_are_those_of_what_it_stands_on(void **state)
{
    (void)state;
    struct hosted *hosted = page_open(20, 80);
    HAS(hosted_want(hosted, 1), "/alerts?filter=asset:energy,web-1,db-2");
    static const char none[] = "{\"items\":[],\"total\":0}";
    hosted_answer(hosted, 1, none, sizeof none - 1);
    hosted_command(hosted, "pane", "");
    HAS(hosted_draw(hosted), "no alert");
    hosted_command(hosted, "pane", "");
    HAS(hosted_draw(hosted), "exit code 1");
    HAS(hosted_plain(hosted), "<- here it hurts");
    hosted_free(hosted);
    for (int rows = 1; rows < 40; rows += 3)
        for (int columns = 1; columns < 180; columns += 13) {
            hosted = page_open(rows, columns);
            hosted_draw(hosted);
            hosted_free(hosted);
        }
}

/* ---- logs ---- */

static void say_lines(struct hosted *hosted, const char *body, bool first)
{
    struct client_answer answer = {.status = 200, .body = body, .length = strlen(body), .more = true, .first = first};
    struct error error = {0};
    assert_true(hosted->view.ops->receive(&hosted->view, 1, &answer, &error));
}

static void a_log_is_followed_searched_and_bounded(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&log_view, "web-1 journal:nginx", 12, 80);
    struct error error = {0};
    assert_string_equal(hosted_want(hosted, 1), "/servers/web-1/logs?log=journal:nginx&lines=500");
    say_lines(hosted, "{\"time\":\"2026-11-21T11:30:00+08:00\",\"severity\":\"info\",\"unit\":\"nginx\",\"text\":\"starting\"}\n"
                      "{\"time\":\"2026-11-21T11:31:00+08:00\",\"severity\":\"major\",\"unit\":\"nginx\",\"text\":\"bind() failed \\u001b[31mred\"}\n"
                      "this is no JSON\n", true);
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "2 lines · 1 unreadable · following");
    HAS(drawn, "bind() failed");
    LACKS(drawn, "\033");
    for (unsigned i = 0; i < 12000; i++) {
        char line[120];
        snprintf(line, sizeof line, "{\"time\":\"2026-11-21T11:32:00+08:00\",\"severity\":null,\"unit\":\"nginx\",\"text\":\"line %u\"}\n", i);
        say_lines(hosted, line, false);
    }
    drawn = hosted_draw(hosted);
    HAS(drawn, "older ones dropped");
    HAS(drawn, "line 11999");
    assert_true(hosted->view.ops->set_filter(&hosted->view, "LINE 9000", false, &error));
    drawn = hosted_draw(hosted);
    HAS(drawn, "line 9000");
    HAS(drawn, "1 match · held: G follows");
    say_lines(hosted, "{\"text\":\"again from the start\"}\n", true); /* the stream began anew */
    drawn = hosted_draw(hosted);
    HAS(drawn, "again from the start");
    LACKS(drawn, "line 9000");
    hosted_free(hosted);
}

static void errors_are_jumped_to(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&log_view, "web-1 journal:nginx", 5, 80);
    struct buffer body = BUFFER_INIT;
    for (unsigned i = 0; i < 60; i++)
        buffer_printf(&body, "{\"severity\":\"%s\",\"text\":\"line %u\"}\n", i == 10 || i == 30 ? "critical" : "info", i);
    say_lines(hosted, buffer_text(&body), true);
    hosted_draw(hosted);
    hosted_command(hosted, "next-error", "");
    HAS(hosted->said, "no error after this");
    hosted_command(hosted, "previous-error", "");
    HAS(hosted_draw(hosted), "\n line 30\n");
    hosted_command(hosted, "previous-wrong", ""); /* nothing is searched for: N and n are errors too */
    HAS(hosted_draw(hosted), "following\n line 10\n" + strlen("following\n") - 1);
    hosted_command(hosted, "next-wrong", "");
    HAS(hosted_draw(hosted), "\n line 30\n");
    buffer_release(&body);
    hosted_free(hosted);
}

/* Why there is no log, in the daemon's words, in both languages; and what it looks like when there is one. */
static void a_refused_log_says_why(void **state)
{
    (void)state;
    static const struct { const char *log, *cause, *golden; } refusals[] = {
        {"db-2 file:/etc/shadow", "`file:/etc/shadow` is not among the logs that `servers:` of the configuration offers for db-2", "log-not-offered"},
        {"db-2 journal:postgresql", "db-2 does not answer: no route to host", "log-unreachable"}};
    static const struct { const char *language, *suffix; int rows, columns; } looks[] = {
        {"en", "80x12", 12, 80}, {"zh_CN", "zh-80x12", 12, 80}};
    for (unsigned i = 0; i < ARRAY_COUNT(refusals) * ARRAY_COUNT(looks); i++) {
        unsigned which = i / ARRAY_COUNT(looks), look = i % ARRAY_COUNT(looks);
        char name[80];
        struct error error = {0}, cause = {.code = ERROR_INVALID};
        hosted_language(looks[look].language);
        struct hosted *hosted = hosted_new(&log_view, refusals[which].log, looks[look].rows, looks[look].columns);
        snprintf(cause.text, sizeof cause.text, "%s", refusals[which].cause);
        struct client_answer refused = {.status = 422, .error = &cause};
        assert_false(log_view.receive(&hosted->view, 1, &refused, &error));
        assert_string_equal(error.text, refusals[which].cause);
        HAS(hosted_plain(hosted), "! ");
        snprintf(name, sizeof name, "%s-%s", refusals[which].golden, looks[look].suffix);
        hosted_golden(hosted, name);
        hosted_free(hosted);
    }
    hosted_language("en");
    struct hosted *hosted = hosted_new(&log_view, "web-1 journal:nginx", 56, 200);
    say_lines(hosted, "{\"severity\":\"info\",\"unit\":\"nginx\",\"text\":\"starting\"}\n"
                      "{\"severity\":\"major\",\"unit\":\"nginx\",\"text\":\"bind() to 0.0.0.0:80 failed (98: Address already in use)\"}\n"
                      "{\"severity\":null,\"unit\":\"nginx\",\"text\":\"上游 能源态势 不可达\"}\n", true);
    hosted_golden(hosted, "log-200x56");
    hosted_free(hosted);
}

static void logs_offered_are_listed(void **state)
{
    (void)state;
    struct hosted *hosted = hosted_new(&log_view, "db-2", 12, 80);
    struct buffer body = BUFFER_INIT;
    hosted_server_page(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    HAS(hosted_draw(hosted), "file:/var/log/backup.log");
    hosted_command(hosted, "open", "");
    assert_string_equal(hosted->opened, "log db-2 journal:postgresql");
    buffer_release(&body);
    hosted_free(hosted);
}

/* ---- the servers ---- */

static void servers_answer(struct buffer *out)
{
    struct json_writer writer;
    struct wire_page page = {.total = 2, .population = 9};
    struct wire_server server = {.id = "db-2", .name = "数据库二", .address = "10.0.0.12", .place = "机房东 A03", .system = "Debian 12", .source = "hosts",
                                 .evidence = "", .health = HEALTH_CRITICAL, .since = HOSTED_NOW - 26 * SPAN_MINUTE, .taken = HOSTED_NOW - SPAN_SECOND,
                                 .uptime = 212.4 * 86400, .cpu = 37, .iowait = 3, .load1 = 2.1, .memory = 61, .memory_total = 64e9, .swap = 0,
                                 .disk = 97, .disk_mount = "/data", .in_rate = 41e6 / 8, .out_rate = 12e6 / 8, .speed = 1e9, .cores = 8,
                                 .sessions = 188, .failed_units = 1, .unexpected = 1, .alerts = 2, .worst = SEVERITY_CRITICAL};
    struct wire_server silent = {.id = "web-9", .name = "web-9", .address = "", .place = "", .system = "", .source = "", .evidence = "never answered",
                                 .disk_mount = "", .health = HEALTH_UNKNOWN, .since = CLOCK_NEVER, .taken = CLOCK_NEVER, .uptime = NAN, .cpu = NAN,
                                 .iowait = NAN, .load1 = NAN, .memory = NAN, .memory_total = NAN, .swap = NAN, .disk = NAN, .in_rate = NAN,
                                 .out_rate = NAN, .speed = NAN, .worst = -1};
    json_start(&writer, out);
    wire_list_begin(&writer, &page);
    wire_write_server(&writer, &server);
    wire_write_server(&writer, &silent);
    wire_list_end(&writer);
}

static struct hosted *servers_open(int rows, int columns)
{
    struct hosted *hosted = hosted_new(&servers_view, "", rows, columns);
    struct buffer body = BUFFER_INIT;
    servers_answer(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    buffer_release(&body);
    return hosted;
}

static void servers_in_a_table(void **state)
{
    (void)state;
    for (int columns = 1; columns < 220; columns += 9) {
        struct hosted *hosted = servers_open(columns / 4 + 1, columns);
        LACKS(hosted_draw(hosted), "nan");
        hosted_free(hosted);
    }
    struct hosted *hosted = servers_open(20, 80);
    HAS(hosted_want(hosted, 0), "/servers?sort=-health,id");
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "2 of 9 · 7 filtered");
    HAS(drawn, "数据库二");
    HAS(drawn, "C2");
    HAS(drawn, "critical 26m  (since 13:08:12)");
    HAS(drawn, "1 ports not expected · 1 failed units");
    hosted_command(hosted, "sort-next", "");
    HAS(hosted_want(hosted, 0), "sort=name,id");
    hosted_command(hosted, "reverse", "");
    HAS(hosted_want(hosted, 0), "sort=-name,id");
    hosted_command(hosted, "open", "");
    assert_string_equal(hosted->opened, "server db-2");
    HAS(hosted_plain(hosted), "1  critical  数据库二  机房东 A03");
    hosted_free(hosted);
}

static void as_in_the_golden_screens(void **state)
{
    (void)state;
    static const char none[] = "{\"items\":[],\"total\":0}";
    static const struct { const char *language, *suffix; int rows, columns; } looks[] = {
        {"en", "80x20", 20, 80}, {"en", "200x56", 56, 200}, {"zh_CN", "zh-80x20", 20, 80}};
    for (unsigned i = 0; i < ARRAY_COUNT(looks); i++) {
        char name[80];
        hosted_language(looks[i].language);
        struct hosted *hosted = list_open(looks[i].rows, looks[i].columns);
        hosted_command(hosted, "hidden", "");
        snprintf(name, sizeof name, "applications-%s", looks[i].suffix);
        hosted_golden(hosted, name);
        hosted_free(hosted);
        hosted = page_open(looks[i].rows, looks[i].columns);
        hosted_answer(hosted, 1, none, sizeof none - 1);
        snprintf(name, sizeof name, "application-%s", looks[i].suffix);
        hosted_golden(hosted, name);
        hosted_free(hosted);
        hosted = servers_open(looks[i].rows, looks[i].columns);
        snprintf(name, sizeof name, "servers-%s", looks[i].suffix);
        hosted_golden(hosted, name);
        hosted_free(hosted);
    }
    hosted_language("en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_wait_are_counted_and_folded), cmocka_unit_test(every_size_of_the_list),
        cmocka_unit_test(it_opens_where_it_hurts), cmocka_unit_test(figures_and_needs_of_a_node),
        cmocka_unit_test(its_alerts_are_those_of_what_it_stands_on), cmocka_unit_test(a_log_is_followed_searched_and_bounded),
        cmocka_unit_test(errors_are_jumped_to), cmocka_unit_test(a_refused_log_says_why), cmocka_unit_test(logs_offered_are_listed), cmocka_unit_test(servers_in_a_table), cmocka_unit_test(as_in_the_golden_screens),
    };
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    return cmocka_run_group_tests_name("applications", tests, NULL, NULL);
}

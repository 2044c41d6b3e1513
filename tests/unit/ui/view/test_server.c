/* The server page: its head, its sections, what it jumps to, and how it says what it does not know (R040, R042, R359). */
#include <math.h>
#include <time.h>

#include "hosted.h"
#include "view/application.h"
#include "view/server.h"

static struct hosted *page_open(const char *argument, int rows, int columns)
{
    struct hosted *hosted = hosted_new(&server_view, argument, rows, columns);
    struct buffer body = BUFFER_INIT;
    hosted_server_page(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    buffer_release(&body);
    return hosted;
}

#define HAS(text, part)                                                        \
    do {                                                                       \
        if (!strstr(text, part))                                               \
            fail_msg("`%s` is not in\n%s", part, text);                        \
    } while (0)
#define LACKS(text, part) assert_null(strstr(text, part))

static void the_head_says_how_it_stands(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2", 20, 80);
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, " ! db-2  数据库二 · 机房东 A03 · Debian 12");
    HAS(drawn, "critical 26m   C2   1s live");
    HAS(drawn, "us 28 sy 6 io 3 st 0");
    HAS(drawn, "load 2.1 1.8 1.7 of 8");
    HAS(drawn, "38.9 GiB of 64 GiB");
    HAS(drawn, "no swap");
    HAS(drawn, "41 Mb/s");
    HAS(drawn, "of 1 Gb/s");
    HAS(drawn, "97 % ");
    HAS(drawn, "/mnt/backup does not answer");
    HAS(drawn, "- 6432/tcp missing  + 8088/tcp python3 not expected");
    HAS(drawn, "backup.service failed  postgresql  pgbouncer");
    HAS(drawn, "1 wrong · 2 running");
    hosted_free(hosted);
}

/* Every section is reached by Tab, keeps its letters within the screen, and comes round again. */
static void sections_come_round(void **state)
{
    (void)state;
    static const char *const found[] = {"postgres: writer", "memory  used", "iowait%", "/data", "eth0", "- 6432/tcp", "503 Service", "203.0.113.9",
                                        "backup.service", "10.0.0.7", "db-2.example", "6.1.0-18-amd64", "postgres: writer"};
    static const int sizes[][2] = {{20, 80}, {26, 100}, {56, 200}};
    for (unsigned size = 0; size < ARRAY_COUNT(sizes); size++) {
        struct hosted *hosted = page_open("db-2", sizes[size][0], sizes[size][1]);
        for (unsigned i = 0; i < ARRAY_COUNT(found); i++) {
            HAS(hosted_draw(hosted), found[i]);
            hosted_command(hosted, "pane", "");
        }
        hosted_free(hosted);
    }
}

static void it_opens_at_a_section(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2 ports", 20, 80);
    HAS(hosted_draw(hosted), "missing\n");
    hosted_command(hosted, "section", "cert");
    HAS(hosted_draw(hosted), "/etc/ssl/db-2.pem");
    hosted_free(hosted);
}

/* What needs a person is found wherever it is: disks, ports, peers, units, certificates, facts. */
static void n_goes_from_wrong_to_wrong(void **state)
{
    (void)state;
    static const char *const sections[] = {"/mnt/backup", "/data", "6432/tcp", "8088/tcp", "503", "203.0.113.9", "backup.service", "db-2.example",
                                           "security updates", "/mnt/backup"};
    struct hosted *hosted = page_open("db-2", 30, 100);
    hosted_draw(hosted);
    for (unsigned i = 0; i < ARRAY_COUNT(sections); i++) {
        hosted_command(hosted, "next-wrong", "");
        const char *drawn = hosted_draw(hosted), *line = strstr(drawn, "▌");
        assert_non_null(line);
        char *row = memory_text_n(line, strcspn(line, "\n"));
        HAS(row, sections[i]);
        free(row);
    }
    hosted_free(hosted);
}

static const char *first_row(const char *drawn)
{
    const char *line = strstr(drawn, "▌");
    assert_non_null(line);
    return line;
}

static void processes_sort_and_grow_a_tree(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2", 24, 100);
    const char *drawn = hosted_draw(hosted);
    assert_true(strstr(drawn, " 1412 ") < strstr(drawn, " 1410 ")); /* by cpu */
    hosted_command(hosted, "sort", "pid");
    drawn = hosted_draw(hosted);
    assert_true(strstr(drawn, " 1410 ") < strstr(drawn, " 1412 "));
    hosted_command(hosted, "sort", "-memory");
    drawn = hosted_draw(hosted);
    assert_true(strstr(drawn, "9.1G") < strstr(drawn, "954M"));
    hosted_command(hosted, "sort", "io"); /* what may not be seen stands last, either way */
    drawn = hosted_draw(hosted);
    assert_true(strstr(drawn, " 4711 ") > strstr(drawn, " 1412 "));
    hosted_command(hosted, "sort", "-io");
    drawn = hosted_draw(hosted);
    assert_true(strstr(drawn, " 4711 ") > strstr(drawn, " 1 "));
    hosted_command(hosted, "sort", "pid");
    hosted_command(hosted, "tree", "");
    drawn = hosted_draw(hosted);
    HAS(drawn, "└ ");
    assert_true(strstr(drawn, "/sbin/init") < strstr(drawn, "postgres: main"));
    assert_true(strstr(drawn, "postgres: main") < strstr(drawn, "postgres: writer"));
    assert_true(strstr(drawn, "postgres: writer") < strstr(drawn, "http.server"));
    hosted_free(hosted);
}

static void the_cursor_keeps_its_row(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2", 24, 100);
    struct buffer body = BUFFER_INIT;
    hosted_draw(hosted);
    hosted_command(hosted, "down", "");
    HAS(first_row(hosted_draw(hosted)), "1410");
    hosted_server_page(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    assert_int_equal(strncmp(first_row(hosted_draw(hosted)) + strlen("▌"), "   1410", 7), 0);
    buffer_release(&body);
    hosted_free(hosted);
}

static void enter_follows_what_is_there(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2 ports", 24, 100);
    hosted_draw(hosted);
    hosted_command(hosted, "down", ""); /* 8088, python3 */
    hosted_command(hosted, "open", "");
    HAS(first_row(hosted_draw(hosted)), "4711  www");
    hosted_command(hosted, "section", "units");
    hosted_draw(hosted);
    hosted_command(hosted, "open", "");
    assert_string_equal(hosted->commanded, "logs");
    assert_string_equal(server_unit(&hosted->view), "backup.service");
    assert_string_equal(server_id(&hosted->view), "db-2");
    hosted_free(hosted);
}

/* Open ports, API endpoints and concurrent users stand on one page (R041). */
static void ports_endpoints_and_users(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2 endpoints", 24, 100);
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "api 1 of 2");
    HAS(drawn, "api 1!");
    HAS(first_row(drawn), "meters");
    HAS(first_row(drawn), "503");
    HAS(first_row(drawn), "12 d");
    HAS(drawn, "61 d");
    HAS(drawn, "200 in 42 ms");
    HAS(drawn, "22 sshd 1");
    hosted_free(hosted);
}

/* While it is open the daemon is asked to look closely; in the past it is not, and it shows what was kept. */
static void live_and_past(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2", 24, 100);
    assert_string_equal(hosted_want(hosted, 0), "/servers/db-2?watch=1&limit=1000&sort=-cpu_percent");
    hosted_command(hosted, "section", "units");
    assert_string_equal(hosted_want(hosted, 0), "/servers/db-2?watch=1&limit=100&sort=-cpu_percent");
    hosted_command(hosted, "section", "processes");
    HAS(hosted_want(hosted, 1), "/assets/db-2/readings?metric=cpu_percent");
    hosted->at = HOSTED_NOW - SPAN_HOUR;
    assert_string_equal(hosted_want(hosted, 0), "/servers/db-2");
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "nothing was stored of it then");
    LACKS(drawn, "postgres: writer");
    LACKS(drawn, "live");
    struct buffer then = BUFFER_INIT;
    hosted_server_page_of(&then, hosted_server_then(HOSTED_NOW - SPAN_HOUR - 20 * SPAN_SECOND));
    hosted_answer(hosted, 0, buffer_text(&then), then.length);
    drawn = hosted_draw(hosted);
    HAS(drawn, "what used most processor and memory, as seen at ");
    HAS(drawn, "182 tasks in all");
    HAS(drawn, "postgres: writer");
    HAS(drawn, "backup.service failed");
    hosted_command(hosted, "section", "people");
    HAS(hosted_draw(hosted), "not kept then; = returns to now");
    hosted_command(hosted, "section", "cores");
    HAS(hosted_draw(hosted), "not kept over time; = returns to now");
    hosted_command(hosted, "section", "processes");
    buffer_release(&then);
    hosted->at = CLOCK_NEVER;
    hosted_want(hosted, 0);
    LACKS(hosted_draw(hosted), "postgres: writer"); /* nothing of another time under this title */
    struct buffer body = BUFFER_INIT;
    hosted_server_page(&body);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    HAS(hosted_draw(hosted), "postgres: writer");
    buffer_release(&body);
    hosted_free(hosted);
}

/* A reason stands where a figure is missing. */
static void what_is_not_told_says_why(void **state)
{
    (void)state;
    struct host_builder *builder = host_builder_new();
    host_builder_figures(builder)->uptime = 60;
    host_builder_factf(builder, "missing:ports", "permission denied");
    host_builder_factf(builder, "missing:processes", "no /proc");
    struct host *host = host_builder_make(builder, HOSTED_NOW);
    host_builder_free(&builder);
    struct wire_server_page page = {.server = {.id = "old-1", .name = "", .address = "", .place = "", .system = "", .source = "", .evidence = "",
                                               .disk_mount = "", .cpu = NAN, .memory = NAN, .disk = NAN, .load1 = NAN, .in_rate = NAN,
                                               .out_rate = NAN, .swap = NAN, .speed = NAN, .iowait = NAN, .memory_total = NAN, .uptime = 60,
                                               .since = CLOCK_NEVER, .taken = HOSTED_NOW, .worst = -1}, .host = host};
    struct buffer body = BUFFER_INIT;
    wire_write_server_page(&body, &page);
    struct hosted *hosted = hosted_new(&server_view, "old-1", 20, 80);
    hosted_answer(hosted, 0, buffer_text(&body), body.length);
    const char *drawn = hosted_draw(hosted);
    HAS(drawn, "not told: no /proc");
    HAS(drawn, "permission denied");
    HAS(drawn, "— %");
    LACKS(drawn, "nan");
    hosted_command(hosted, "section", "facts");
    hosted_draw(hosted);
    hosted_command(hosted, "bottom", "");
    HAS(hosted_draw(hosted), "not told: permission denied");
    hosted_command(hosted, "section", "cores");
    HAS(hosted_draw(hosted), "not told: the answer brought none");
    hosted_free(hosted);
    buffer_release(&body);
    host_free(&host);
}

static void a_server_that_never_answered(void **state)
{
    (void)state;
    static const char body[] = "{\"server\":{\"id\":\"web-9\",\"health\":\"unknown\"},\"host\":null,\"deviations\":[],\"logs\":[]}";
    struct hosted *hosted = hosted_new(&server_view, "web-9", 20, 80);
    hosted_draw(hosted);
    hosted_answer(hosted, 0, body, sizeof body - 1);
    for (int i = 0; i < 11; i++) {
        LACKS(hosted_draw(hosted), "nan");
        hosted_command(hosted, "next-wrong", "");
        hosted_command(hosted, "open", "");
        hosted_command(hosted, "sort-next", "");
        hosted_command(hosted, "pane", "");
    }
    HAS(hosted_draw(hosted), "it has not answered yet");
    HAS(hosted_plain(hosted), "it has not answered yet");
    hosted_free(hosted);
}

/* No size of terminal breaks it, however small. */
static void every_size_is_drawn(void **state)
{
    (void)state;
    for (int rows = 1; rows < 40; rows += 3)
        for (int columns = 1; columns < 180; columns += 13) {
            struct hosted *hosted = page_open("db-2", rows, columns);
            for (int i = 0; i < 11; i++) {
                hosted_draw(hosted);
                hosted_command(hosted, "pane", "");
            }
            hosted_free(hosted);
        }
}

static void ascii_has_no_glyph(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2", 20, 80);
    hosted->surface.ascii = true;
    const char *drawn = hosted_draw(hosted);
    LACKS(drawn, "↓");
    LACKS(drawn, "█");
    LACKS(drawn, "▌");
    HAS(drawn, "in 41 Mb/s");
    hosted_free(hosted);
}

static void the_linear_twin_says_the_same(void **state)
{
    (void)state;
    struct hosted *hosted = page_open("db-2", 20, 80);
    const char *text = hosted_plain(hosted);
    HAS(text, "db-2  critical  数据库二  机房东 A03");
    HAS(text, "! ports:  port + 8088/tcp  process python3");
    HAS(text, "! units:  state failed  systemd unit backup.service");
    HAS(text, "  1  pid 1412");
    hosted_free(hosted);
}

/* Where its disks are heading stands with them: in the head, and in the table of disks (R043). */
static void what_fills_up_stands_with_the_disks(void **state)
{
    (void)state;
    static const struct { const char *language, *suffix; } looks[] = {{"en", "100x26"}, {"zh_CN", "zh-100x26"}};
    struct wire_capacity row = {.asset = "db-2", .asset_name = "数据库二", .place = "机房东 A03", .metric = "disk_data_percent", .what = "disk data",
                                .unit = "%", .problem = "", .says = "", .limit_by = "", .limit = 100, .now = 97, .fitted = true,
                                .trend = {.points = 720, .slope = 1.4, .slope_low = 1.0, .slope_high = 1.9, .level = 97, .scatter = 0.2,
                                          .from = HOSTED_NOW - 30 * SPAN_DAY, .to = HOSTED_NOW},
                                .full = HOSTED_NOW + 50 * SPAN_HOUR, .earliest = HOSTED_NOW + 38 * SPAN_HOUR,
                                .latest = HOSTED_NOW + 70 * SPAN_HOUR};
    struct wire_page page = {.total = 1, .population = 1};
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    wire_list_begin(&writer, &page);
    wire_write_capacity(&writer, &row);
    wire_list_end(&writer);
    for (unsigned i = 0; i < ARRAY_COUNT(looks); i++) {
        char name[60];
        hosted_language(looks[i].language);
        struct hosted *hosted = page_open("db-2 disks", 26, 100);
        HAS(hosted_want(hosted, 1 + SERVER_SERIES), "/capacity?filter=id:db-2");
        hosted_answer(hosted, 1 + SERVER_SERIES, buffer_text(&body), body.length);
        snprintf(name, sizeof name, "server-capacity-%s", looks[i].suffix);
        hosted_golden(hosted, name);
        hosted_free(hosted);
    }
    hosted_language("en");
    buffer_release(&body);
}

static void as_in_the_golden_screens(void **state)
{
    (void)state;
    static const char *const sections[] = {"", " ports", " disks", " units", " facts"};
    char name[80], argument[40];
    for (unsigned i = 0; i < ARRAY_COUNT(sections); i++) {
        snprintf(argument, sizeof argument, "db-2%s", sections[i]);
        struct hosted *hosted = page_open(argument, 20, 80);
        snprintf(name, sizeof name, "server%s%s-80x20", i ? "-" : "", *sections[i] ? sections[i] + 1 : "");
        hosted_golden(hosted, name);
        hosted_free(hosted);
    }
    struct hosted *hosted = page_open("db-2", 56, 200);
    hosted_draw(hosted);
    hosted_golden(hosted, "server-200x56");
    hosted_free(hosted);
    hosted = page_open("db-2", 26, 100);
    hosted_golden(hosted, "server-100x26");
    hosted->surface.ascii = true;
    hosted_golden(hosted, "server-ascii-100x26");
    hosted_free(hosted);
    hosted_language("zh_CN");
    hosted = page_open("db-2", 20, 80);
    hosted_golden(hosted, "server-zh-80x20");
    hosted_command(hosted, "section", "ports");
    hosted_golden(hosted, "server-ports-zh-80x20");
    hosted_free(hosted);
    hosted_language("en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_says_how_it_stands), cmocka_unit_test(sections_come_round), cmocka_unit_test(it_opens_at_a_section),
        cmocka_unit_test(n_goes_from_wrong_to_wrong), cmocka_unit_test(processes_sort_and_grow_a_tree),
        cmocka_unit_test(the_cursor_keeps_its_row), cmocka_unit_test(enter_follows_what_is_there), cmocka_unit_test(live_and_past),
        cmocka_unit_test(ports_endpoints_and_users),
        cmocka_unit_test(what_is_not_told_says_why), cmocka_unit_test(a_server_that_never_answered), cmocka_unit_test(every_size_is_drawn),
        cmocka_unit_test(ascii_has_no_glyph), cmocka_unit_test(the_linear_twin_says_the_same),
        cmocka_unit_test(what_fills_up_stands_with_the_disks), cmocka_unit_test(as_in_the_golden_screens),
    };
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}

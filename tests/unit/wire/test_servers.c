/* Servers there and back (R040): what is not known stays unknown, lists that were not brought stay absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "model/alert.h"
#include "wire/servers.h"

static struct wire_server row(const char **applications)
{
    applications[0] = "能源态势";
    return (struct wire_server){.id = "db-2", .name = "数据库", .address = "127.0.0.1", .place = "机房东 A03",
        .system = "Debian 12", .source = "hosts", .evidence = "", .disk_mount = "/data", .health = HEALTH_CRITICAL,
        .reason = REASON_ALERT, .since = 1700000000000, .taken = 1700000001000, .uptime = 86400, .cpu = 37.1,
        .iowait = NAN, .load1 = 2.1, .memory = 61, .memory_total = 16e9, .swap = 0, .disk = 97, .in_rate = 1e6,
        .out_rate = NAN, .speed = 1e9, .cores = 8, .sessions = 188, .logins = 1, .failed_units = 1, .unexpected = 2,
        .alerts = 2, .worst = SEVERITY_CRITICAL, .applications = applications, .application_count = 1};
}

static void a_row_comes_back(void **state)
{
    (void)state;
    const char *applications[1];
    struct wire_server server = row(applications), *items;
    struct wire_page page = {.total = 1, .population = 5, .revision = 7, .as_of = 1700000002000};
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    struct arena *arena = arena_new();
    unsigned count;
    json_start(&writer, &out);
    wire_list_begin(&writer, &page);
    wire_write_server(&writer, &server);
    server.worst = -1;
    wire_write_server(&writer, &server);
    wire_list_end(&writer);
    assert_true(wire_read_servers(out.data, out.length, arena, &page, &items, &count, NULL));
    assert_int_equal(count, 2);
    assert_int_equal(page.population, 5);
    assert_string_equal(items[0].place, "机房东 A03");
    assert_int_equal(items[0].health, HEALTH_CRITICAL);
    assert_int_equal(items[0].reason, REASON_ALERT);
    assert_true(items[0].cpu == 37.1 && isnan(items[0].iowait) && items[0].swap == 0);
    assert_int_equal(items[0].sessions, 188);
    assert_int_equal(items[0].worst, SEVERITY_CRITICAL);
    assert_int_equal(items[1].worst, -1);
    assert_string_equal(items[0].applications[0], "能源态势");
    assert_int_equal(items[0].since, 1700000000000);
    arena_free(&arena);
    buffer_release(&out);
}

static struct host *host_make(void)
{
    struct host_builder *builder = host_builder_new();
    struct host *figures = host_builder_figures(builder);
    figures->cpu = 12.5;
    figures->tasks = 300;
    figures->cost = 42;
    host_builder_core(builder, &(struct host_core){.number = 3, .busy = 50, .steal = NAN});
    host_builder_port(builder, &(struct host_port){.protocol = HOST_UDP, .port = 161, .address = "::", .process = "snmpd", .user = "Debian-snmp", .pid = 7});
    host_builder_process(builder, &(struct host_process){.pid = 1, .user = "root", .name = "init", .command = "/sbin/init", .state = 'S', .started = 1700000000000, .io_rate = NAN});
    host_builder_disk(builder, &(struct host_disk){.mount = "/data", .hung = true, .size = NAN, .used = NAN});
    host_builder_has(builder, HOST_units);
    host_builder_factf(builder, "kernel", "6.1.0");
    struct host *host = host_builder_make(builder, 1700000001000);
    host_builder_free(&builder);
    return host;
}

static void a_page_comes_back(void **state)
{
    (void)state;
    const char *applications[1], *logs[] = {"journal:nginx", "file:/var/log/x.log"};
    struct wire_deviation deviation = {"port-unexpected", "8088/tcp", "python3 (pid 4711) listens", 1700000000000};
    struct host *host = host_make();
    struct wire_server_page page = {.server = row(applications), .host = host, .deviations = &deviation, .deviation_count = 1,
        .logs = logs, .log_count = 2, .may_restart = true, .attended = true, .page = {.revision = 9, .as_of = 1700000002000}}, back;
    struct buffer out = BUFFER_INIT;
    struct arena *arena = arena_new();
    wire_write_server_page(&out, &page);
    assert_true(wire_read_server_page(out.data, out.length, arena, &back, NULL));
    assert_string_equal(back.server.id, "db-2");
    assert_true(back.host->cpu == 12.5 && isnan(back.host->load1));
    assert_int_equal(back.host->tasks, 300);
    assert_int_equal(back.host->cost, 42);
    assert_int_equal(back.host->taken, 1700000001000);
    assert_int_equal(back.host->cores[0].number, 3);
    assert_int_equal(back.host->ports[0].protocol, HOST_UDP);
    assert_int_equal(back.host->ports[0].pid, 7);
    assert_int_equal(back.host->processes[0].state, 'S');
    assert_true(back.host->disks[0].hung && isnan(back.host->disks[0].size));
    assert_int_equal(back.host->lists, host->lists);
    assert_int_equal(back.host->unit_count, 0);
    assert_string_equal(host_fact(back.host, "kernel"), "6.1.0");
    assert_string_equal(back.deviations[0].point, "8088/tcp");
    assert_int_equal(back.log_count, 2);
    assert_true(back.may_restart && !back.shell && back.attended);
    page.host = NULL;
    buffer_clear(&out);
    wire_write_server_page(&out, &page);
    assert_true(wire_read_server_page(out.data, out.length, arena, &back, NULL));
    assert_null(back.host);
    host_free(&host);
    arena_free(&arena);
    buffer_release(&out);
}

static void lines_and_results_come_back(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct json_writer writer;
    struct arena *arena = arena_new();
    struct wire_log_line line = {1700000000000, SEVERITY_WARNING, "nginx", "upstream \"slow\""}, line_back;
    json_start(&writer, &out);
    wire_write_log_line(&writer, &line);
    assert_true(wire_read_log_line(out.data, out.length, arena, &line_back, NULL));
    assert_int_equal(line_back.severity, SEVERITY_WARNING);
    assert_string_equal(line_back.text, line.text);
    buffer_clear(&out);
    json_start(&writer, &out);
    struct wire_run_result result = {"nginx.service", "done", "active", "running", 3, 812}, back;
    wire_write_run_result(&writer, &result);
    assert_true(wire_read_run_result(out.data, out.length, arena, &back, NULL));
    assert_int_equal(back.exit_code, 3);
    assert_int_equal(back.took, 812);
    assert_string_equal(back.state, "active");
    assert_false(wire_read_run_result("[1]", 3, arena, &back, NULL));
    assert_false(wire_read_server_page("{\"server\":{}}", 13, arena, &(struct wire_server_page){0}, NULL));
    arena_free(&arena);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back),
        cmocka_unit_test(a_page_comes_back),
        cmocka_unit_test(lines_and_results_come_back),
    };
    return cmocka_run_group_tests_name("wire servers", tests, NULL, NULL);
}

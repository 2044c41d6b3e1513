/* Units and processes, judged by what a server tells of itself; limits of figures; secrets that do not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/check.h"
#include "model/host.h"

#define NOON (INT64_C(20778) * SPAN_DAY + 12 * SPAN_HOUR)

static uv_loop_t loop;
static struct config *config;

static struct check *check_of(const char *text)
{
    struct config_problems problems;
    struct error error;
    config_free(&config);
    config = config_new();
    config_problems_init(&problems);
    assert_true(config_load_text(config, "test", text, strlen(text), &problems));
    if (!check_validate(config_root(config), &problems))
        fail_msg("%s", buffer_text(&problems.text));
    config_problems_release(&problems);
    struct check *check = check_new(&(struct check_parts){.loop = &loop}, config_root(config), &error);
    if (!check)
        fail_msg("%s", error.text);
    return check;
}

static struct host *host_with(unsigned lists)
{
    struct host_builder *builder = host_builder_new();
    if (lists & 1u << HOST_units) {
        host_builder_has(builder, HOST_units);
        host_builder_unit(builder, &(struct host_unit){.name = "nginx.service", .state = "active", .sub = "running", .what = "web", .since = NOON - 60000});
        host_builder_unit(builder, &(struct host_unit){.name = "db.service", .state = "failed", .sub = "failed", .what = "", .since = NOON, .failed = true});
        host_builder_unit(builder, &(struct host_unit){.name = "idle.service", .state = "inactive", .sub = "dead", .what = "", .since = CLOCK_NEVER});
    }
    if (lists & 1u << HOST_processes) {
        host_builder_has(builder, HOST_processes);
        host_builder_process(builder, &(struct host_process){.pid = 7, .user = "app", .name = "java", .command = "java -jar energy.jar", .state = 'S',
                                                             .memory = 3 << 20, .cpu_percent = 2, .started = NOON - 5000});
        host_builder_process(builder, &(struct host_process){.pid = 8, .user = "app", .name = "java", .command = "java -jar energy.jar", .state = 'Z'});
        host_builder_process(builder, &(struct host_process){.pid = 9, .user = "root", .name = "java", .command = "java -jar energy.jar", .state = 'R',
                                                             .memory = 1 << 20, .started = NOON - 9000});
    }
    struct host *host = host_builder_make(builder, NOON);
    host_builder_free(&builder);
    return host;
}

static void expect(const char *text, unsigned lists, enum health verdict, const char *evidence)
{
    struct check_answer answer;
    struct check *check = check_of(text);
    struct host *host = host_with(lists);
    assert_true(check_looks(check));
    assert_true(check_look(check, host, &answer));
    if (answer.verdict != verdict || !strstr(answer.evidence, evidence))
        fail_msg("%s: %s: %s", text, health_name(answer.verdict), answer.evidence);
    host_free(&host);
    check_free(&check);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void units(void **state)
{
    (void)state;
    const unsigned all = 1u << HOST_units;
    expect("{name: a, type: unit, on: s, unit: nginx}", all, HEALTH_OK, "active (running) since");
    expect("{name: a, type: unit, on: s, unit: nginx.service}", all, HEALTH_OK, "active (running) since");
    expect("{name: a, type: unit, on: s, unit: db.service}", all, HEALTH_CRITICAL, "failed since");
    expect("{name: a, type: unit, on: s, unit: idle}", all, HEALTH_CRITICAL, "inactive (dead)");
    expect("{name: a, type: unit, on: s, unit: ngin}", all, HEALTH_CRITICAL, "does not list it");
    expect("{name: a, type: unit, on: s, unit: nginx}", 0, HEALTH_UNKNOWN, "does not tell of its units");
}

static void processes(void **state)
{
    (void)state;
    const unsigned all = 1u << HOST_processes;
    expect("{name: a, type: process, on: s, process: \"java*energy*\"}", all, HEALTH_OK, "2 processes, 4 MiB"); /* a zombie is none */
    expect("{name: a, type: process, on: s, process: java, user: app}", all, HEALTH_OK, "1 process, 3 MiB");
    expect("{name: a, type: process, on: s, process: java, at_least: 3}", all, HEALTH_CRITICAL, "2 processes like java, expected at least 3");
    expect("{name: a, type: process, on: s, process: java, at_most: 1}", all, HEALTH_WARNING, "expected at most 1");
    expect("{name: a, type: process, on: s, process: python}", all, HEALTH_CRITICAL, "0 processes like python");
    expect("{name: a, type: process, on: s, process: java, critical: \"memory_bytes > 1000\", warning: \"uptime_s < 60\"}", all, HEALTH_CRITICAL,
           "memory_bytes is 4194304 B (memory_bytes > 1000)");
    struct check_answer answer;
    struct check *check = check_of("{name: a, type: process, on: s, process: java}");
    struct host *host = host_with(1u << HOST_units);
    assert_false(check_look(check, host, &answer)); /* it takes a fuller answer */
    host_free(&host);
    check_free(&check);
}

static void what_has_no_address_waits(void **state)
{
    (void)state;
    static const struct { const char *text; bool waits; } rows[] = {
        {"{name: a, type: http}", true}, {"{name: a, type: http, url: \"http://x/\"}", false}, {"{name: a, type: unit, unit: x}", true},
        {"{name: a, type: unit, unit: x, on: s}", false}, {"{name: a, type: redis}", true}, {"{name: a, type: redis, address: x}", false}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct check *check = check_of(rows[i].text);
        assert_int_equal(check_waits(config_root(config)), rows[i].waits);
        check_free(&check);
    }
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/nocturne-secret-XXXXXX", text[200];
    int file = mkstemp(path);
    assert_true(write(file, "hunter2 and more\n", 17) == 17);
    fchmod(file, 0644);
    close(file);
    snprintf(text, sizeof text, "{name: a, type: redis, address: x, password: {file: %s}}", path);
    struct config_problems problems;
    struct error error;
    config_free(&config);
    config = config_new();
    config_problems_init(&problems);
    assert_true(config_load_text(config, "test", text, strlen(text), &problems));
    assert_true(check_validate(config_root(config), &problems));
    assert_null(check_new(&(struct check_parts){.loop = &loop}, config_root(config), &error));
    assert_non_null(strstr(error.text, "chmod 600"));
    assert_null(strstr(error.text, "hunter2"));
    config_problems_release(&problems);
    unlink(path);
}

static int begin(void **state)
{
    (void)state;
    return uv_loop_init(&loop);
}

static int end(void **state)
{
    (void)state;
    config_free(&config);
    while (uv_run(&loop, UV_RUN_DEFAULT))
        ;
    return uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units),
        cmocka_unit_test(processes),
        cmocka_unit_test(what_has_no_address_waits),
        cmocka_unit_test(a_secret_that_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

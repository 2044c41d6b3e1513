/* What is kept of a host over time: packed, applied, chained, and cut off where a record is missing (R022, R040). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "model/host_keep.h"

#define AT 1700000000000

static struct host *made(struct host_builder *builder)
{
    struct host *host = host_builder_make(builder, AT);
    host_builder_free(&builder);
    return host;
}

static struct host *with_units(const char *nginx, const char *extra)
{
    struct host_builder *builder = host_builder_new();
    host_builder_unit(builder, &(struct host_unit){.name = "ssh.service", .state = "active", .sub = "running", .what = "OpenBSD 安全壳", .since = AT});
    host_builder_unit(builder, &(struct host_unit){.name = "nginx.service", .state = nginx, .sub = nginx, .what = "web",
                                                   .since = CLOCK_NEVER, .failed = strcmp(nginx, "failed") == 0});
    if (extra)
        host_builder_unit(builder, &(struct host_unit){.name = extra, .state = "active", .sub = "running", .what = "", .since = AT + 1000});
    return made(builder);
}

/* `state` becomes what the record makes of it. */
static size_t follow(struct host **state, struct host *now, enum host_list list, msec since)
{
    struct buffer record = BUFFER_INIT;
    struct error error;
    size_t length = 0;
    if (host_keep_pack(*state, now, list, since, &record)) {
        length = record.length;
        assert_int_equal(host_keep_is_whole(record.data, record.length), *state == NULL);
        struct host *next = host_keep_apply(*state, list, since, record.data, record.length, &error);
        assert_non_null(next);
        host_free(state);
        *state = next;
    }
    host_free(&now);
    buffer_release(&record);
    return length;
}

static const struct host_unit *unit(const struct host *host, const char *name)
{
    for (unsigned i = 0; i < host->unit_count; i++)
        if (strcmp(host->units[i].name, name) == 0)
            return &host->units[i];
    return NULL;
}

static void units_by_their_changes(void **unused)
{
    (void)unused;
    struct host *state = NULL;
    assert_true(follow(&state, with_units("active", NULL), HOST_units, 0) > 40);
    assert_int_equal(state->unit_count, 2);
    assert_string_equal(unit(state, "ssh.service")->what, "OpenBSD 安全壳");
    assert_int_equal(unit(state, "ssh.service")->since, AT);
    assert_int_equal(unit(state, "nginx.service")->since, CLOCK_NEVER);
    assert_int_equal(follow(&state, with_units("active", NULL), HOST_units, 15000), 0); /* nothing new: no record */
    size_t length = follow(&state, with_units("failed", NULL), HOST_units, 30000);
    assert_in_range(length, 1, 24);
    assert_true(unit(state, "nginx.service")->failed);
    assert_string_equal(unit(state, "nginx.service")->state, "failed");
    assert_string_equal(unit(state, "nginx.service")->what, "web");
    follow(&state, with_units("active", "app@1.service"), HOST_units, 45000);
    assert_int_equal(state->unit_count, 3);
    assert_false(unit(state, "nginx.service")->failed);
    follow(&state, with_units("active", NULL), HOST_units, 60000);
    assert_int_equal(state->unit_count, 2);
    assert_null(unit(state, "app@1.service"));
    struct host_builder *none = host_builder_new();
    host_builder_has(none, HOST_units);
    follow(&state, made(none), HOST_units, 75000);
    assert_int_equal(state->unit_count, 0);
    assert_true(state->lists & 1u << HOST_units); /* none is known, and that is not the same as not known */
    host_free(&state);
}

static struct host *with_processes(unsigned count, double shift)
{
    struct host_builder *builder = host_builder_new();
    for (unsigned i = 0; i < count; i++) {
        char command[300];
        snprintf(command, sizeof command, "/opt/服务/worker --number %u %0190u", i, i);
        host_builder_process(builder, &(struct host_process){
            .pid = 1000 + (int)i, .parent = 1, .user = "ops", .name = "worker", .command = command, .state = 'S',
            .cpu_percent = i % 100 == 7 ? 50 + shift + i / 100.0 : 0.02, .memory = 1e6 + i * 1000.0, .io_rate = NAN, .started = AT - 60000});
    }
    return made(builder);
}

static void processes_that_use_most(void **unused)
{
    (void)unused;
    struct host *state = NULL;
    size_t whole = follow(&state, with_processes(20000, 0), HOST_processes, 0);
    assert_int_equal(state->process_count, 2 * HOST_KEEP_TOP);
    unsigned busy = 0, large = 0;
    for (unsigned i = 0; i < state->process_count; i++) {
        const struct host_process *process = &state->processes[i];
        busy += process->cpu_percent >= 50;
        large += process->pid >= 20990;
        assert_true(strlen(process->command) <= 120);
        assert_true(isnan(process->io_rate));
        assert_int_equal(process->started, AT - 60000);
        assert_true(fabs(process->memory - (1e6 + (process->pid - 1000) * 1000.0)) <= 0.005 * process->memory);
    }
    assert_int_equal(busy, HOST_KEEP_TOP);
    assert_int_equal(large, HOST_KEEP_TOP);
    size_t change = follow(&state, with_processes(20000, 3), HOST_processes, 60000);
    assert_in_range(change, 1, 60); /* ten figures */
    assert_true(change < whole / 30);
    host_free(&state);
    /* Fewer than asked for; nobody busy; an idle one is no use of the processor. */
    follow(&state, with_processes(3, 0), HOST_processes, 0);
    assert_int_equal(state->process_count, 3);
    host_free(&state);
}

static void ports_and_people(void **unused)
{
    (void)unused;
    struct host *state = NULL;
    for (unsigned turn = 0; turn < 2; turn++) {
        struct host_builder *builder = host_builder_new();
        host_builder_port(builder, &(struct host_port){.port = 53, .protocol = HOST_UDP, .address = "::", .process = "unbound", .user = "", .pid = 12});
        host_builder_port(builder, &(struct host_port){.port = 443, .address = "0.0.0.0", .process = "nginx", .user = "www-data", .pid = 77, .sessions = 9 + turn});
        host_builder_login(builder, &(struct host_login){.user = "wang", .from = "10.1.2.3", .terminal = "pts/0", .since = AT});
        struct host *now = made(builder);
        struct host *copy = host_merge(NULL, now);
        struct buffer record = BUFFER_INIT;
        if (turn == 0) {
            struct error error;
            assert_true(host_keep_pack(NULL, copy, HOST_logins, 0, &record));
            struct host *logins = host_keep_apply(NULL, HOST_logins, 0, record.data, record.length, &error);
            assert_string_equal(logins->logins[0].from, "10.1.2.3");
            assert_int_equal(logins->logins[0].since, AT);
            host_free(&logins);
        }
        buffer_release(&record);
        size_t length = follow(&state, copy, HOST_ports, 1000);
        assert_true(turn == 0 ? length > 0 : length == 0); /* sessions are figures, kept elsewhere */
    }
    assert_int_equal(state->port_count, 2);
    assert_int_equal(state->ports[0].port, 443);
    assert_int_equal(state->ports[0].pid, 77);
    assert_int_equal(state->ports[1].protocol, HOST_UDP);
    host_free(&state);
}

static void a_gap_is_known_as_one(void **unused)
{
    (void)unused;
    struct host *state = NULL, *failed = with_units("failed", NULL);
    struct buffer record = BUFFER_INIT;
    struct error error;
    follow(&state, with_units("active", NULL), HOST_units, 0);
    assert_true(host_keep_pack(state, failed, HOST_units, 5000, &record));
    assert_null(host_keep_apply(state, HOST_units, 5001, record.data, record.length, &error)); /* another came before it */
    assert_int_equal(error.code, ERROR_CORRUPT);
    assert_null(host_keep_apply(NULL, HOST_units, 5000, record.data, record.length, &error));
    for (size_t cut = 0; cut < record.length; cut++) { /* cut short: refused, or a change less */
        struct host *some = host_keep_apply(state, HOST_units, 5000, record.data, cut, &error);
        host_free(&some);
    }
    assert_null(host_keep_apply(NULL, HOST_units, 0, "", 0, &error));
    assert_null(host_keep_apply(NULL, HOST_units, 0, "\x05", 1, &error)); /* a format of tomorrow */
    assert_null(host_keep_apply(NULL, HOST_units, 0, "\x03\x06", 2, &error));
    assert_false(host_keeps(HOST_cores));
    assert_true(host_keeps(HOST_logins));
    buffer_release(&record);
    host_free(&failed);
    host_free(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_by_their_changes),
        cmocka_unit_test(processes_that_use_most),
        cmocka_unit_test(ports_and_people),
        cmocka_unit_test(a_gap_is_known_as_one),
    };
    return cmocka_run_group_tests_name("host_keep", tests, NULL, NULL);
}

/* A host in one block: gathering, merging quick and slow answers, metric names (R040, R041). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/host.h"

static struct host *made(struct host_builder *builder)
{
    struct host *host = host_builder_make(builder, 1000);
    host_builder_free(&builder);
    return host;
}

static void a_new_host_knows_nothing(void **state)
{
    (void)state;
    struct host *host = made(host_builder_new());
    assert_true(isnan(host->cpu) && isnan(host->uptime) && isnan(host->security_updates));
    assert_int_equal(host->lists, 0);
    assert_int_equal(host->taken, 1000);
    assert_ptr_equal(host->disks, NULL);
    assert_string_equal(host_fact(host, "kernel"), "");
    host_free(&host);
}

static void texts_are_copied_cleaned_and_kept_once(void **state)
{
    (void)state;
    struct host_builder *builder = host_builder_new();
    char command[400], user[] = "w\033[31mww";
    memset(command, 'a', sizeof command);
    command[sizeof command - 1] = '\0';
    for (int pid = 1; pid <= 1000; pid++)
        host_builder_process(builder, &(struct host_process){.pid = pid, .user = user, .name = "nginx", .command = command});
    memset(user, 'x', sizeof user - 1);
    struct host *host = made(builder);
    assert_int_equal(host->process_count, 1000);
    assert_string_equal(host->processes[999].user, "www");
    assert_int_equal(strlen(host->processes[0].command), 200);
    assert_ptr_equal(host->processes[0].command, host->processes[999].command);
    assert_true(host->bytes < sizeof *host + 1000 * sizeof(struct host_process) + 400);
    host_free(&host);
}

static void rows_are_bounded_and_counted(void **state)
{
    (void)state;
    struct host_builder *builder = host_builder_new();
    for (unsigned i = 0; i < HOST_ROWS_MAX + 7; i++)
        host_builder_port(builder, &(struct host_port){.port = i % 65536, .address = "::"});
    struct host *host = made(builder);
    assert_int_equal(host->port_count, HOST_ROWS_MAX);
    assert_string_equal(host_fact(host, "cut:ports"), "7");
    host_free(&host);
}

static void a_quick_answer_keeps_the_slow_lists(void **state)
{
    (void)state;
    struct host_builder *builder = host_builder_new();
    host_builder_figures(builder)->cpu = 10;
    host_builder_figures(builder)->security_updates = 3;
    host_builder_figures(builder)->failed_units = 1;
    host_builder_unit(builder, &(struct host_unit){.name = "nginx.service", .failed = true, .since = CLOCK_NEVER});
    host_builder_core(builder, &(struct host_core){.number = 0, .busy = 1});
    host_builder_core(builder, &(struct host_core){.number = 1, .busy = 1});
    struct host *slow = made(builder);
    builder = host_builder_new();
    host_builder_core(builder, &(struct host_core){.number = 0, .busy = 50});
    host_builder_has(builder, HOST_ports);
    struct host *host = host_merge(slow, made(builder));
    assert_int_equal(host->unit_count, 1);
    assert_string_equal(host->units[0].name, "nginx.service");
    assert_int_equal(host->core_count, 1); /* brought: the new list, though it is shorter */
    assert_true(host->cores[0].busy == 50);
    assert_true(isnan(host->cpu)); /* a rate that is not known now is not known */
    assert_true(host->security_updates == 3);
    assert_int_equal(host->failed_units, 1);
    assert_true(host->lists & 1u << HOST_ports);
    host = host_merge(NULL, host);
    host_free(&host);
}

struct seen { char names[4096]; double root, sessions, days; };

static void see(void *owner, const char *name, double value)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->names);
    assert_true(isfinite(value));
    snprintf(seen->names + used, sizeof seen->names - used, "%s ", name);
    if (strcmp(name, "disk_root_percent") == 0)
        seen->root = value;
    if (strcmp(name, "sessions_443") == 0)
        seen->sessions = value;
    if (strcmp(name, "certificate_days") == 0)
        seen->days = value;
}

static void metrics_have_their_names(void **state)
{
    (void)state;
    struct host_builder *builder = host_builder_new();
    struct host *figures = host_builder_figures(builder);
    figures->cpu = 37;
    figures->load1 = 2;
    figures->online_cores = 4;
    figures->memory_total = 100;
    figures->memory_used = 61;
    struct host_disk disk = {.mount = "/", .size = NAN, .used = NAN, .used_percent = 97, .inodes_percent = NAN, .latency = NAN, .busy_percent = NAN};
    host_builder_disk(builder, &disk);
    disk.mount = "/var/lib-x";
    disk.used_percent = NAN;
    disk.hung = true;
    host_builder_disk(builder, &disk);
    host_builder_interface(builder, &(struct host_interface){.name = "eth0", .speed = 1e9, .in_rate = 12.5e6, .out_rate = NAN, .error_rate = 0});
    host_builder_interface(builder, &(struct host_interface){.name = "veth12ab", .speed = 1e9, .in_rate = 1, .out_rate = 1, .error_rate = 0});
    host_builder_port(builder, &(struct host_port){.port = 443, .address = "0.0.0.0", .sessions = 188});
    host_builder_port(builder, &(struct host_port){.port = 3306, .address = "127.0.0.1", .sessions = 2});
    host_builder_certificate(builder, &(struct host_certificate){.path = "/a", .ends = 1000 + 30 * SPAN_DAY});
    host_builder_certificate(builder, &(struct host_certificate){.path = "/b", .ends = 1000 + 6 * SPAN_DAY});
    struct host *host = made(builder);
    struct seen seen = {{0}, 0, 0, 0};
    host_metrics(host, see, &seen);
    assert_true(seen.root == 97 && seen.sessions == 188 && seen.days == 6);
    assert_non_null(strstr(seen.names, "cpu_percent "));
    assert_non_null(strstr(seen.names, "memory_percent "));
    assert_non_null(strstr(seen.names, "load_per_core "));
    assert_non_null(strstr(seen.names, "disk_worst_percent "));
    assert_non_null(strstr(seen.names, "net_eth0_in_percent "));
    assert_null(strstr(seen.names, "net_eth0_out_percent "));
    assert_null(strstr(seen.names, "veth"));
    assert_null(strstr(seen.names, "3306"));
    assert_null(strstr(seen.names, "swap_percent"));
    assert_null(strstr(seen.names, "var_lib_x"));
    host_free(&host);
}

struct kept { struct host_figure rows[64]; char names[64][80]; unsigned count; };

static void keep(void *owner, const char *name, double value)
{
    struct kept *kept = owner;
    assert_true(kept->count < 64);
    snprintf(kept->names[kept->count], sizeof kept->names[0], "%s", name);
    kept->rows[kept->count] = (struct host_figure){kept->names[kept->count], value};
    kept->count++;
}

static void what_is_stored_makes_the_host_again(void **state)
{
    (void)state;
    struct host_builder *builder = host_builder_new();
    struct host *figures = host_builder_figures(builder);
    figures->cpu = 37;
    figures->load1 = 6;
    figures->online_cores = 4;
    figures->memory_total = 200;
    figures->memory_used = 50;
    figures->swap_total = 100;
    figures->swap_used = 20;
    host_builder_disk(builder, &(struct host_disk){.mount = "/", .size = 1000, .used = 970, .used_percent = 97, .inodes_percent = 4,
                                                   .latency = 2, .busy_percent = 11});
    host_builder_disk(builder, &(struct host_disk){.mount = "/var/lib-x", .size = 10, .used = 1, .used_percent = 10,
                                                   .inodes_percent = NAN, .latency = NAN, .busy_percent = NAN});
    host_builder_interface(builder, &(struct host_interface){.name = "eth-0", .up = true, .speed = 1e9, .in_rate = 12.5e6, .out_rate = 0});
    host_builder_interface(builder, &(struct host_interface){.name = "ens3", .up = true, .speed = NAN, .in_rate = 7, .out_rate = 8});
    host_builder_port(builder, &(struct host_port){.port = 443, .address = "0.0.0.0", .process = "nginx", .sessions = 188});
    struct host *host = made(builder);
    struct kept kept = {.count = 0};
    host_metrics(host, keep, &kept);
    for (int like = 1; like >= 0; like--) {
        struct host *past = host_from_figures(kept.rows, kept.count, like ? host : NULL, 5000);
        assert_true(past->taken == 5000 && past->cpu == 37 && past->online_cores == 4 && isnan(past->iowait));
        assert_true(past->memory_total == 200 && past->memory_used == 50 && past->swap_total == 100);
        assert_int_equal(past->disk_count, 2); /* the worst of them is no disk */
        assert_string_equal(past->disks[0].mount, "/");
        assert_string_equal(past->disks[1].mount, like ? "/var/lib-x" : "/var_lib_x");
        assert_true(past->disks[0].size == 1000 && past->disks[0].used == 970 && past->disks[0].used_percent == 97);
        assert_true(past->disks[0].busy_percent == 11 && past->disks[0].latency == 2 && past->disks[0].inodes_percent == 4);
        assert_int_equal(past->interface_count, 2);
        assert_string_equal(past->interfaces[0].name, like ? "eth-0" : "eth_0");
        assert_true(past->interfaces[0].in_rate == 12.5e6 && past->interfaces[0].speed == 1e9);
        assert_true(isnan(past->interfaces[1].speed) && past->interfaces[1].out_rate == 8);
        assert_true(past->port_count == 1 && past->ports[0].port == 443 && past->ports[0].sessions == 188 && !*past->ports[0].process);
        assert_false(past->lists & 1u << HOST_units); /* not kept: absent, not empty */
        host_free(&past);
    }
    host_free(&host);
    host = host_from_figures(NULL, 0, NULL, 1);
    assert_true(isnan(host->cpu) && !host->disk_count && !host->lists);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_host_knows_nothing),
        cmocka_unit_test(texts_are_copied_cleaned_and_kept_once),
        cmocka_unit_test(rows_are_bounded_and_counted),
        cmocka_unit_test(a_quick_answer_keeps_the_slow_lists),
        cmocka_unit_test(metrics_have_their_names),
        cmocka_unit_test(what_is_stored_makes_the_host_again),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}

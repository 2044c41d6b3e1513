/* The first of twenty thousand processes in any order, without writing them all (R040). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/servers.h"
#include "base/memory.h"
#include "base/text.h"
#include "wire/servers.h"

static struct host *host_of(unsigned count)
{
    struct host_builder *builder = host_builder_new();
    uint64_t random = 88172645463325252u;
    for (unsigned i = 0; i < count; i++) {
        char name[40], command[160];
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        snprintf(name, sizeof name, "worker-%u", (unsigned)(random % 300));
        snprintf(command, sizeof command, i % 5 ? "/opt/platform/bin/%s --shard %u --config /etc/platform/worker.yml" : "", name, i);
        host_builder_process(builder, &(struct host_process){
            .pid = (int)i + 1, .parent = 1, .user = random & 1 ? "root" : "app", .name = name, .command = command, .state = "SRDZ"[random % 4],
            .cpu_percent = random % 7 == 0 ? NAN : (double)(random % 1000) / 10, .memory = (double)(random % 5000) * 4096,
            .io_rate = random % 3 ? NAN : (double)(random % 77), .started = random % 11 ? (msec)(random % 100000) : CLOCK_NEVER});
    }
    host_builder_factf(builder, "kernel", "6.1");
    struct host *host = host_builder_make(builder, 1000);
    host_builder_free(&builder);
    return host;
}

static double number_of(const struct host_process *process, const char *field)
{
    return strcmp(field, "pid") == 0 ? process->pid : strcmp(field, "state") == 0 ? process->state : strcmp(field, "cpu_percent") == 0
        ? process->cpu_percent : strcmp(field, "memory") == 0 ? process->memory : strcmp(field, "io_rate") == 0 ? process->io_rate
        : process->started == CLOCK_NEVER ? NAN : (double)process->started;
}

static int order(const struct host_process *a, const struct host_process *b, const char *field, bool down)
{
    int result;
    if (strcmp(field, "user") == 0 || strcmp(field, "command") == 0) {
        bool user = *field == 'u';
        result = text_compare_natural(user ? a->user : *a->command ? a->command : a->name, user ? b->user : *b->command ? b->command : b->name);
    } else {
        double x = number_of(a, field), y = number_of(b, field);
        if (isnan(x) || isnan(y))
            return (isnan(x) != 0) - (isnan(y) != 0);
        result = (x > y) - (x < y);
    }
    return down ? -result : result;
}

/* Nothing that is left out goes before anything that is kept. */
static void check(const struct host *whole, const char *field, bool down, uint32_t limit)
{
    struct arena *arena = arena_new();
    const struct host *host = whole;
    struct error error = {0};
    char sort[40];
    snprintf(sort, sizeof sort, "%s%s", down ? "-" : "", field);
    assert_true(host_cut(&host, sort, limit, arena, &error));
    assert_int_equal(host->process_count, limit < whole->process_count ? limit : whole->process_count);
    bool *kept = memory_new_array(whole->process_count + 2u, sizeof *kept);
    const struct host_process *last = NULL;
    for (unsigned i = 0; i < host->process_count; i++) {
        assert_false(kept[host->processes[i].pid]);
        kept[host->processes[i].pid] = true;
        last = !last || order(last, &host->processes[i], field, down) < 0 ? &host->processes[i] : last;
    }
    for (unsigned i = 0; last && i < whole->process_count; i++)
        assert_true(kept[whole->processes[i].pid] || order(&whole->processes[i], last, field, down) >= 0);
    if (limit < whole->process_count) {
        assert_int_equal(atoi(host_fact(host, "cut:processes")), whole->process_count - limit);
        assert_string_equal(host_fact(host, "kernel"), "6.1");
    } else {
        assert_ptr_equal(host, whole);
    }
    free(kept);
    arena_free(&arena);
}

static void the_first_in_every_order(void **state)
{
    (void)state;
    static const char *const fields[] = {"pid", "user", "state", "cpu_percent", "memory", "io_rate", "started", "command"};
    static const uint32_t limits[] = {0, 1, 2, 3, 100, 999, 1499, 1500, 20000};
    struct host *host = host_of(1500), *two = host_of(2), *none = host_of(0);
    struct error error;
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        for (size_t k = 0; k < ARRAY_COUNT(limits); k++)
            for (unsigned down = 0; down < 2; down++) {
                check(host, fields[i], down, limits[k]);
                check(two, fields[i], down, limits[k]);
                check(none, fields[i], down, limits[k]);
            }
    const struct host *absent = NULL, *same = host;
    assert_true(host_cut(&absent, "-memory", 5, NULL, &error));
    assert_null(absent);
    assert_false(host_cut(&same, "-beauty", 5, NULL, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.text, "beauty"));
    host_free(&host);
    host_free(&two);
    host_free(&none);
}

static double written_in(const struct host *host, uint32_t limit, size_t *bytes)
{
    double best = INFINITY;
    for (unsigned turn = 0; turn < 5; turn++) {
        struct arena *arena = arena_new();
        struct buffer out = BUFFER_INIT;
        struct error error;
        struct wire_server_page page = {.server = {.id = "web", .worst = -1, .name = "", .address = "", .place = "", .system = "", .source = "",
                                                   .evidence = "", .disk_mount = ""}, .host = host};
        uint64_t began = uv_hrtime();
        if (limit)
            assert_true(host_cut(&page.host, "-cpu_percent", limit, arena, &error));
        wire_write_server_page(&out, &page);
        double took = (double)(uv_hrtime() - began) / 1e6;
        best = took < best ? took : best;
        *bytes = out.length;
        buffer_release(&out);
        arena_free(&arena);
    }
    return best;
}

static void it_costs_a_fraction(void **state)
{
    (void)state;
    struct host *host = host_of(20000);
    size_t bytes, fewer;
    double all = written_in(host, 0, &bytes), some = written_in(host, 1000, &fewer);
    print_message("# 20,000 processes: all %.2f ms, %zu bytes; the first 1,000 %.2f ms, %zu bytes\n", all, bytes, some, fewer);
    assert_true(fewer < bytes / 15);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_in_every_order), cmocka_unit_test(it_costs_a_fraction)};
    return cmocka_run_group_tests_name("servers_cut", tests, NULL, NULL);
}

/* What is kept of hosts, and hosts of the past with it: what ran, who was there, what had failed (R022, R040, R041). */
#include <math.h>

#include "desk.h"
#include "engine/hosts.h"
#include "store/store.h"

struct scene {
    struct world *world;
    struct hosts *hosts;
    struct collector_ops ops;
    struct source source;
    uint32_t web, db;
    struct hosts_past *past;
    bool told;
};

static struct scene *scene_new(void)
{
    struct scene *scene = memory_new(sizeof *scene);
    scene->world = world_new();
    world_ledger(scene->world, "id,name,kind,period\nweb,网站,server,5s\ndb,数据库,server,5s\n");
    scene->hosts = hosts_new(&scene->world->loop, scene->world->fleet);
    hosts_keep_in(scene->hosts, scene->world->store);
    scene->ops = (struct collector_ops){.type = "ssh"};
    scene->source = (struct source){.name = (char *)(uintptr_t)"hosts", .ops = &scene->ops};
    scene->web = fleet_find(scene->world->fleet, "web");
    scene->db = fleet_find(scene->world->fleet, "db");
    return scene;
}

static void scene_free(struct scene *scene)
{
    hosts_past_release(scene->past);
    hosts_free(&scene->hosts);
    world_free(scene->world);
    free(scene);
}

static void tell(struct scene *scene, const char *id, struct host_builder *builder)
{
    struct host *host = host_builder_make(builder, clock_wall());
    host_builder_free(&builder);
    world_say(scene->world, id, NULL, "cpu_percent", 12);
    scene->world->sink.ops->host(scene->world->sink.owner, &scene->source, fleet_find(scene->world->fleet, id), host);
}

static struct host_builder *full(const char *worker, double cpu, const char *nginx)
{
    struct host_builder *builder = host_builder_new();
    host_builder_process(builder, &(struct host_process){.pid = 1, .user = "root", .name = "init", .command = "/sbin/init", .state = 'S',
                                                         .cpu_percent = 0, .memory = 12e6, .io_rate = NAN, .started = NOON});
    host_builder_process(builder, &(struct host_process){.pid = 4711, .user = "www", .name = worker, .command = worker, .state = 'R',
                                                         .cpu_percent = cpu, .memory = 300e6, .io_rate = NAN, .started = NOON});
    host_builder_unit(builder, &(struct host_unit){.name = "nginx.service", .state = nginx, .sub = nginx, .what = "", .since = NOON,
                                                   .failed = strcmp(nginx, "failed") == 0});
    host_builder_port(builder, &(struct host_port){.port = 80, .address = "0.0.0.0", .process = "nginx", .user = "www", .pid = 12});
    host_builder_login(builder, &(struct host_login){.user = "wang", .from = "10.0.0.9", .terminal = "pts/0", .since = NOON});
    return builder;
}

static void past_came(void *owner, struct hosts_past *past, const struct error *error)
{
    struct scene *scene = owner;
    assert_null(error);
    scene->past = past;
    scene->told = true;
}

static const struct host *at(struct scene *scene, uint32_t asset, msec when, bool lists)
{
    hosts_past_release(scene->past);
    scene->past = NULL;
    scene->told = false;
    world_flush(scene->world);
    hosts_past_load(scene->hosts, scene->world->store, &asset, 1, when, lists, past_came, scene);
    while (!scene->told)
        uv_run(&scene->world->loop, UV_RUN_ONCE);
    return hosts_past_find(scene->past, asset);
}

static const struct host_process *process(const struct host *host, int pid)
{
    for (unsigned i = 0; i < host->process_count; i++)
        if (host->processes[i].pid == pid)
            return &host->processes[i];
    return NULL;
}

static msec later(struct scene *scene, msec span)
{
    world_clock(scene->world, scene->world->steady + span);
    return clock_wall();
}

static void what_was_at_that_moment(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    msec calm = clock_wall();
    tell(scene, "web", full("worker", 2, "active"));
    msec storm = later(scene, SPAN_MINUTE);
    tell(scene, "web", full("worker", 93.21, "failed"));
    msec after = later(scene, SPAN_MINUTE);
    struct host_builder *nobody = full("other", 5, "active");
    tell(scene, "web", nobody);
    const struct host *host = at(scene, scene->web, storm, true);
    assert_non_null(host);
    assert_int_equal(host->process_count, 2);
    assert_true(fabs(process(host, 4711)->cpu_percent - 93.2) < 1e-9);
    assert_string_equal(process(host, 4711)->command, "worker");
    assert_true(host->units[0].failed);
    assert_string_equal(host->logins[0].from, "10.0.0.9");
    assert_int_equal(host->ports[0].port, 80);
    assert_true(host_fact(host, "kept:processes")[0] != '\0');
    assert_string_equal(host_fact(host, "missing:units"), "");
    host = at(scene, scene->web, calm, true);
    assert_false(host->units[0].failed);
    assert_true(process(host, 4711)->cpu_percent < 3);
    host = at(scene, scene->web, after + 30000, true);
    assert_string_equal(process(host, 4711)->command, "other");
    /* Without lists nothing is asked for; then a page is not answered from that. */
    host = at(scene, scene->web, storm, false);
    assert_false(host->lists & 1u << HOST_units);
    assert_true(at(scene, scene->web, storm, true)->lists & 1u << HOST_units);
    assert_null(at(scene, scene->db, storm, true));
    scene_free(scene);
}

static void what_was_not_kept_says_so(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    tell(scene, "db", host_builder_new()); /* an exporter tells figures, and no lists */
    const struct host *host = at(scene, scene->db, clock_wall() + 1000, true);
    assert_string_equal(host_fact(host, "missing:processes"), "not kept then");
    assert_string_equal(host_fact(host, "missing:logins"), "not kept then");
    assert_false(host->lists & 1u << HOST_processes);
    /* Processes of long before the last answer are not those of then; units only change. */
    tell(scene, "web", full("worker", 2, "failed"));
    later(scene, 20 * SPAN_MINUTE);
    tell(scene, "web", host_builder_new());
    host = at(scene, scene->web, clock_wall(), true);
    assert_string_equal(host_fact(host, "missing:processes"), "not kept then");
    assert_true(host->units[0].failed);
    scene_free(scene);
}

/* Fresh chains begin over and over; each moment is found whole. */
static void a_day_of_minutes(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    msec first = clock_wall();
    for (int minute = 0; minute < 1440; minute++) {
        tell(scene, "web", full(minute % 10 ? "worker" : "nightly", minute % 90 + 1, minute % 100 == 99 ? "failed" : "active"));
        later(scene, SPAN_MINUTE);
        if (minute % 700 == 0)
            world_flush(scene->world);
    }
    for (int minute = 7; minute < 1440; minute += 61) {
        const struct host *host = at(scene, scene->web, first + minute * SPAN_MINUTE + 59000, true);
        assert_true(fabs(process(host, 4711)->cpu_percent - (minute % 90 + 1)) < 1e-9);
        assert_string_equal(process(host, 4711)->command, minute % 10 ? "worker" : "nightly");
        assert_int_equal(host->units[0].failed, minute % 100 == 99);
    }
    scene_free(scene);
}

/* What a usual server takes: 180 processes of which 24 work, ten services, a person now and then, a job every ten minutes. */
static struct host_builder *usual(unsigned minute, unsigned *random)
{
    struct host_builder *builder = host_builder_new();
    char name[80];
    for (int i = 0; i < 180; i++) {
        *random = *random * 1103515245u + 12345u;
        double noise = (double)(*random >> 16 & 0x7FFF) / 0x7FFF;
        snprintf(name, sizeof name, "/usr/lib/platform/service-%d --config /etc/platform/%d.yml", i, i);
        host_builder_process(builder, &(struct host_process){
            .pid = 800 + i, .parent = 1, .user = i % 3 ? "app" : "root", .name = "service", .command = name, .state = noise > 0.9 ? 'R' : 'S',
            .cpu_percent = i < 24 ? noise * 400 / (i + 4) : 0, .memory = 4e9 / (i + 1) * (i < 24 ? 1 + 0.02 * noise : 1),
            .io_rate = i < 6 ? noise * 1e5 : 0, .started = NOON});
    }
    if (minute % 10 == 3)
        host_builder_process(builder, &(struct host_process){.pid = 30000 + (int)minute, .parent = 1, .user = "root", .name = "job",
            .command = "/usr/local/bin/nightly-job --all --quiet --since yesterday", .state = 'R', .cpu_percent = 88, .memory = 9e7, .io_rate = 1e6, .started = NOON});
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "platform-service-%d.service", i);
        bool failed = i == 7 && minute / 400 == 1;
        host_builder_unit(builder, &(struct host_unit){.name = name, .state = failed ? "failed" : "active", .sub = failed ? "failed" : "running",
                                                       .what = "A service of the platform", .since = NOON, .failed = failed});
    }
    for (unsigned i = 0; i < 10; i++)
        host_builder_port(builder, &(struct host_port){.port = 8000 + i, .address = "0.0.0.0", .process = "service", .user = "app", .pid = 800 + (int)i, .sessions = *random % 90});
    host_builder_has(builder, HOST_logins);
    if (minute % 300 < 40)
        host_builder_login(builder, &(struct host_login){.user = "wang", .from = "10.0.0.9", .terminal = "pts/0", .since = NOON});
    return builder;
}

static void a_usual_server_takes_little(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct store_status before, after;
    unsigned random = 7;
    world_flush(scene->world);
    store_status(scene->world->store, &before);
    for (unsigned minute = 0; minute < 1440; minute++) {
        struct host_builder *builder = usual(minute, &random);
        struct host *host = host_builder_make(builder, clock_wall());
        host_builder_free(&builder);
        scene->world->sink.ops->host(scene->world->sink.owner, &scene->source, scene->web, host);
        later(scene, SPAN_MINUTE);
        if (minute % 700 == 0)
            world_flush(scene->world);
    }
    world_flush(scene->world);
    store_status(scene->world->store, &after);
    print_message("# %lu bytes a day\n", (unsigned long)(after.bytes - before.bytes));
    assert_in_range(after.bytes - before.bytes, 50000, 450000);
    scene_free(scene);
}

/* Whatever a host does, it writes no more than its share. */
static void a_host_gone_wild_is_bounded(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct store_status before, after;
    world_flush(scene->world);
    store_status(scene->world->store, &before);
    for (int minute = 0; minute < 360; minute++) {
        struct host_builder *builder = host_builder_new();
        for (int i = 0; i < 300; i++) {
            char name[120];
            snprintf(name, sizeof name, "unit-%d-%d-%080d.service", minute, i, i);
            host_builder_unit(builder, &(struct host_unit){.name = name, .state = "active", .sub = "running", .what = name, .since = NOON});
            host_builder_process(builder, &(struct host_process){.pid = minute * 300 + i + 1, .user = "root", .name = "x", .command = name,
                                                                 .state = 'R', .cpu_percent = i, .memory = i * 1e6, .io_rate = NAN, .started = NOON});
        }
        struct host *host = host_builder_make(builder, clock_wall());
        host_builder_free(&builder);
        scene->world->sink.ops->host(scene->world->sink.owner, &scene->source, scene->web, host);
        later(scene, SPAN_MINUTE);
        if (minute % 700 == 0)
            world_flush(scene->world);
    }
    world_flush(scene->world);
    store_status(scene->world->store, &after);
    assert_in_range(after.bytes - before.bytes, 200000, 500000);
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_at_that_moment),
        cmocka_unit_test(what_was_not_kept_says_so),
        cmocka_unit_test(a_day_of_minutes),
        cmocka_unit_test(a_usual_server_takes_little),
        cmocka_unit_test(a_host_gone_wild_is_bounded),
    };
    return cmocka_run_group_tests_name("hosts_keep", tests, NULL, NULL);
}

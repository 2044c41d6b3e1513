/* Hosts: what is expected of them and what they do beside it, as alerts (R041, R198); looking closely; commands. */
#include "desk.h"
#include "engine/alerts_hosts.h"
#include "engine/hosts.h"

struct scene {
    struct world *world;
    struct desk desk;
    struct hosts *hosts;
    struct alerts_hosts *watch;
    struct collector_ops ops;
    struct source source;
    msec attended;
    unsigned attends, cancelled, done;
    struct host_run running;
    int exit_code;
    enum error_code error;
    uint32_t web;
};

static struct scene *scene_of(struct source *source)
{
    return source->state;
}

static void on_attend(struct source *source, uint32_t asset, msec interval)
{
    (void)asset;
    scene_of(source)->attended = interval;
    scene_of(source)->attends++;
}

static struct host_running *on_run(struct source *source, uint32_t asset, const struct host_run *run, struct error *error)
{
    (void)asset;
    if (strcmp(run->command, "refuse") == 0) {
        error_set(error, ERROR_UNAVAILABLE, "not connected");
        return NULL;
    }
    scene_of(source)->running = *run;
    return (struct host_running *)source;
}

static void on_cancel(struct source *source, struct host_running *running)
{
    (void)running;
    scene_of(source)->cancelled++;
}

static const char *const ports[] = {"22", "80/tcp", "8000-8100/tcp", "161/udp"};
static const char *const units[] = {"nginx", "app-*"};
static const char *const nets[] = {"10.0.0.0/8", "192.0.2.7:443", "2001:db8::/32", "[2001:db9::1]:443"};
static const struct hosts_expectation expectations[] = {
    {.select = "name:网站", .ports = ports, .port_count = 4, .restart = "", .shell = ""},
    {.select = "kind:server", .ports = ports, .port_count = 1, .units = units, .unit_count = 2, .outbound = nets, .outbound_count = 4,
     .restart = "sudo -n systemctl restart {unit}", .shell = "ssh {user}@{host}"},
};

static struct scene *scene_new(void)
{
    struct scene *scene = memory_new(sizeof *scene);
    scene->world = world_new();
    world_ledger(scene->world, "id,name,kind,period\nweb,网站,server,5s\ndb,数据库,server,5s\n");
    desk_open(&scene->desk, scene->world, NULL);
    scene->hosts = hosts_new(&scene->world->loop, scene->world->fleet);
    scene->watch = alerts_hosts_new(scene->desk.alerts, scene->hosts);
    hosts_configure(scene->hosts, expectations, 2);
    scene->ops = (struct collector_ops){.type = "ssh", .attend = on_attend, .run = on_run, .cancel = on_cancel};
    scene->source = (struct source){.name = (char *)(uintptr_t)"hosts", .ops = &scene->ops, .state = scene};
    scene->web = fleet_find(scene->world->fleet, "web");
    return scene;
}

static void scene_free(struct scene *scene)
{
    alerts_hosts_free(&scene->watch);
    hosts_free(&scene->hosts);
    desk_close(&scene->desk);
    world_free(scene->world);
    free(scene);
}

static struct host_builder *usual(void)
{
    struct host_builder *builder = host_builder_new();
    host_builder_port(builder, &(struct host_port){.port = 22, .address = "0.0.0.0", .process = "sshd", .user = "root", .pid = 1});
    host_builder_port(builder, &(struct host_port){.port = 80, .address = "::", .process = "nginx", .user = "www-data", .pid = 12});
    host_builder_port(builder, &(struct host_port){.port = 8088, .address = "::", .process = "app"});
    host_builder_port(builder, &(struct host_port){.protocol = HOST_UDP, .port = 161, .address = "0.0.0.0"});
    host_builder_port(builder, &(struct host_port){.protocol = HOST_UDP, .port = 40000, .address = "0.0.0.0"}); /* a client's own */
    host_builder_unit(builder, &(struct host_unit){.name = "nginx.service", .state = "active", .sub = "running"});
    host_builder_unit(builder, &(struct host_unit){.name = "app-1.service", .state = "active", .sub = "running"});
    host_builder_has(builder, HOST_peers);
    return builder;
}

static void tell(struct scene *scene, struct host_builder *builder)
{
    struct host *host = host_builder_make(builder, clock_wall());
    host_builder_free(&builder);
    scene->world->sink.ops->host(scene->world->sink.owner, &scene->source, scene->web, host);
}

static unsigned deviations(struct scene *scene, struct host_deviation found[10])
{
    return hosts_deviations(scene->hosts, scene->web, found, 10);
}

static void a_host_that_does_what_is_expected(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct host_deviation found[10];
    tell(scene, usual());
    assert_int_equal(deviations(scene, found), 0);
    assert_ptr_equal(hosts_source(scene->hosts, scene->web), &scene->source);
    assert_int_equal(hosts_find(scene->hosts, scene->web)->port_count, 5);
    assert_null(hosts_find(scene->hosts, fleet_find(scene->world->fleet, "db")));
    struct hosts_expectation expected;
    hosts_expected(scene->hosts, scene->web, &expected);
    assert_int_equal(expected.port_count, 4); /* the first that says it; the rest from the second */
    assert_string_equal(expected.restart, "sudo -n systemctl restart {unit}");
    assert_int_equal(hosts_at(scene->hosts, 0), scene->web);
    assert_int_equal(hosts_at(scene->hosts, 1), FLEET_NONE);
    scene_free(scene);
}

static void the_ledger_says_what_the_configuration_leaves_open(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct host_deviation found[10];
    struct hosts_expectation expected;
    struct ledger_change *change;
    struct ledger_summary summary;
    struct error error;
    static const struct hosts_expectation only_restart = {.select = "kind:server", .restart = "r {unit}", .shell = ""};
    static const char csv[] = "id,name,kind,ports,units,outbound,full\n"
                              "web,网站,server,\"22, 80/tcp；8088、161/udp\",nginx app-*,10.0.0.0/8;192.0.2.7:443,disk_*_percent=85\n"
                              "db,数据库,server,22 http,backup$,,memory_percent\n"
                              "sw,交换机,switch,24,,,\n";
    assert_true(ledger_read(scene->world->fleet, "assets.csv", csv, strlen(csv), true, &change, &error));
    ledger_change_summary(change, &summary);
    assert_int_equal(summary.warnings, 3); /* a switch's 24 ports are nobody's business */
    assert_int_equal(summary.rejected, 0);
    assert_non_null(strstr(summary.problems, "assets.csv:3: ports: expected a port such as 22, 5432/tcp, 161/udp or 8000-8100; got `http`; db is"));
    assert_non_null(strstr(summary.problems, "assets.csv:3: units: expected a unit such as"));
    assert_non_null(strstr(summary.problems, "assets.csv:3: full: expected METRIC=NUMBER such as"));
    ledger_change_free(&change);
    world_ledger(scene->world, csv);
    hosts_configure(scene->hosts, &only_restart, 1);
    struct host_builder *builder = usual();
    host_builder_port(builder, &(struct host_port){.port = 4444, .address = "0.0.0.0", .process = "nc"});
    host_builder_peer(builder, &(struct host_peer){.address = "203.0.113.9", .port = 443, .process = "curl", .count = 1});
    tell(scene, builder);
    assert_int_equal(deviations(scene, found), 2);
    assert_string_equal(found[0].point, "4444/tcp");
    assert_string_equal(found[1].point, "203.0.113.9:443");
    hosts_expected(scene->hosts, scene->web, &expected);
    assert_int_equal(expected.port_count, 4);
    assert_int_equal(expected.unit_count, 2);
    assert_string_equal(expected.restart, "r {unit}");
    hosts_configure(scene->hosts, expectations, 2); /* the configuration's word comes first */
    hosts_expected(scene->hosts, scene->web, &expected);
    assert_string_equal(expected.ports[2], "8000-8100/tcp");
    hosts_configure(scene->hosts, &only_restart, 1);
    scene->web = fleet_find(scene->world->fleet, "db"); /* half a list is none: nothing of it is judged */
    tell(scene, usual());
    assert_int_equal(deviations(scene, found), 0);
    scene_free(scene);
}

static void what_is_not_expected_raises_and_clears(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct host_deviation found[10];
    struct host_builder *builder = usual();
    host_builder_port(builder, &(struct host_port){.port = 4444, .address = "0.0.0.0", .process = "python3", .user = "www", .pid = 4711});
    host_builder_peer(builder, &(struct host_peer){.address = "203.0.113.9", .port = 443, .process = "curl", .user = "www", .pid = 4712, .count = 3});
    host_builder_peer(builder, &(struct host_peer){.address = "10.9.8.7", .port = 1, .count = 1});
    host_builder_peer(builder, &(struct host_peer){.address = "192.0.2.7", .port = 443, .count = 1});
    host_builder_peer(builder, &(struct host_peer){.address = "192.0.2.7", .port = 80, .count = 1});
    host_builder_peer(builder, &(struct host_peer){.address = "127.0.0.1", .port = 5432, .count = 1});
    host_builder_peer(builder, &(struct host_peer){.address = "2001:db8::5", .port = 9, .count = 1});
    host_builder_peer(builder, &(struct host_peer){.address = "2001:db9::1", .port = 443, .count = 1});
    host_builder_peer(builder, &(struct host_peer){.address = "2001:db9::1", .port = 80, .count = 1});
    host_builder_unit(builder, &(struct host_unit){.name = "backup.service", .state = "failed", .sub = "failed", .failed = true});
    tell(scene, builder);
    assert_int_equal(deviations(scene, found), 5);
    assert_string_equal(found[0].point, "4444/tcp");
    assert_string_equal(found[0].evidence, "python3 (pid 4711, user www) listens on 0.0.0.0:4444");
    assert_string_equal(found[1].point, "backup.service");
    assert_string_equal(found[2].point, "203.0.113.9:443");
    assert_non_null(strstr(found[2].evidence, "curl (pid 4712, user www)"));
    assert_string_equal(found[3].point, "192.0.2.7:80");
    assert_string_equal(found[4].point, "[2001:db9::1]:80");
    const struct alert *alert = desk_only(&scene->desk, "rule:port-unexpected");
    struct wire_alert row;
    assert_state(alert, ALERT_UNACKNOWLEDGED);
    alerts_wire(scene->desk.alerts, alert, "user:wang", &row);
    assert_string_equal(row.source, "host");
    assert_non_null(strstr(row.summary, "pid 4711"));
    assert_int_equal(row.occurrences, 1);
    desk_pass(&scene->desk, 15 * SPAN_SECOND);
    msec since = found[0].since;
    tell(scene, usual()); /* gone, all of it */
    assert_int_equal(deviations(scene, found), 0);
    assert_int_equal(alert_life(desk_only(&scene->desk, "rule:port-unexpected"))->condition, CONDITION_CLEARED);
    assert_int_equal(alert_life(desk_only(&scene->desk, "rule:unit-failed"))->condition, CONDITION_CLEARED);
    builder = usual();
    host_builder_port(builder, &(struct host_port){.port = 4444, .address = "0.0.0.0"});
    tell(scene, builder);
    assert_int_equal(deviations(scene, found), 1);
    assert_true(found[0].since > since);
    assert_string_equal(found[0].evidence, "a process listens on 0.0.0.0:4444");
    assert_int_equal(alert_life(desk_only(&scene->desk, "rule:port-unexpected"))->condition, CONDITION_ACTIVE);
    scene_free(scene);
}

static void what_is_missing_waits_a_little(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct host_deviation found[10];
    struct host_builder *builder = host_builder_new();
    host_builder_has(builder, HOST_ports);
    host_builder_unit(builder, &(struct host_unit){.name = "nginx.service", .state = "inactive", .sub = "dead"});
    tell(scene, builder);
    assert_int_equal(deviations(scene, found), 5); /* 22, 80, 161; the range is no duty; nginx, app-* */
    assert_int_equal(found[0].kind, HOST_PORT_MISSING);
    assert_string_equal(found[2].point, "161/udp");
    assert_string_equal(found[3].evidence, "nginx.service should run and is inactive");
    assert_int_equal(alert_life(desk_only(&scene->desk, "rule:port-missing summary~22"))->condition, CONDITION_PENDING);
    desk_pass(&scene->desk, 31 * SPAN_SECOND);
    assert_int_equal(alert_life(desk_only(&scene->desk, "rule:port-missing summary~22"))->condition, CONDITION_ACTIVE);
    /* An answer without these lists says nothing about them. */
    builder = host_builder_new();
    host_builder_core(builder, &(struct host_core){0});
    tell(scene, builder);
    assert_int_equal(deviations(scene, found), 5);
    hosts_configure(scene->hosts, NULL, 0); /* nothing is expected any more */
    assert_int_equal(deviations(scene, found), 0);
    scene_free(scene);
}

static void turn_seconds(struct scene *scene, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        world_clock(scene->world, scene->world->steady + 1000);
        uv_sleep(1005); /* the loop's own timer is real */
        uv_run(&scene->world->loop, UV_RUN_NOWAIT);
        if (!scene->attended)
            return;
    }
}

static void looking_closely_ends_by_itself(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hosts_attend(scene->hosts, scene->web); /* never told: nothing */
    assert_int_equal(scene->attends, 0);
    struct host_builder *builder = usual();
    tell(scene, builder);
    hosts_attend(scene->hosts, scene->web);
    assert_int_equal(scene->attended, SPAN_SECOND);
    hosts_attend(scene->hosts, scene->web);
    assert_int_equal(scene->attends, 1);
    assert_true(hosts_attended(scene->hosts, scene->web));
    builder = usual();
    host_builder_process(builder, &(struct host_process){.pid = 1, .name = "init"});
    tell(scene, builder);
    assert_int_equal(hosts_find(scene->hosts, scene->web)->process_count, 1);
    world_clock(scene->world, scene->world->steady + 8000);
    turn_seconds(scene, 1);
    assert_int_equal(scene->attended, SPAN_SECOND);
    turn_seconds(scene, 3);
    assert_int_equal(scene->attended, 0);
    assert_false(hosts_attended(scene->hosts, scene->web));
    assert_int_equal(hosts_find(scene->hosts, scene->web)->process_count, 0);
    scene_free(scene);
}

static void run_done(void *owner, int exit_code, const struct error *error)
{
    struct scene *scene = owner;
    scene->done++;
    scene->exit_code = exit_code;
    scene->error = error ? error->code : ERROR_NONE;
}

static void commands_go_through_the_source(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    struct error error = {0};
    struct host_run run = {.command = "true", .done = run_done, .owner = scene};
    assert_null(hosts_run(scene->hosts, scene->web, &run, &error));
    assert_int_equal(error.code, ERROR_UNAVAILABLE);
    tell(scene, usual());
    assert_non_null(hosts_run(scene->hosts, scene->web, &run, &error));
    scene->running.done(scene->running.owner, 3, NULL);
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->exit_code, 3);
    struct hosts_running *running = hosts_run(scene->hosts, scene->web, &run, &error);
    hosts_cancel(scene->hosts, running);
    assert_int_equal(scene->cancelled, 1);
    assert_int_equal(scene->done, 1);
    run.command = "refuse";
    assert_null(hosts_run(scene->hosts, scene->web, &run, &error));
    run.command = "true";
    assert_non_null(hosts_run(scene->hosts, scene->web, &run, &error));
    hosts_forget_source(scene->hosts, &scene->source);
    assert_int_equal(scene->done, 2);
    assert_int_equal(scene->error, ERROR_UNAVAILABLE);
    assert_null(hosts_source(scene->hosts, scene->web));
    scene_free(scene);
}

static void arguments_are_quoted_and_checked(void **state)
{
    (void)state;
    char out[200];
    struct error error;
    struct hosts_argument unit = {"unit", "nginx@1.service"};
    assert_true(hosts_command("sudo -n systemctl restart {unit}", &unit, 1, out, sizeof out, &error));
    assert_string_equal(out, "sudo -n systemctl restart 'nginx@1.service'");
    struct hosts_argument path = {"path", "/var/log/it's.log"};
    assert_true(hosts_command("tail -n 5 -- {path} {other}", &path, 1, out, sizeof out, &error));
    assert_string_equal(out, "tail -n 5 -- '/var/log/it'\\''s.log' {other}");
    static const struct hosts_argument bad[] = {
        {"unit", "a;b"}, {"unit", "-a"}, {"unit", ""}, {"unit", "a b"}, {"unit", "$(x)"}, {"path", "relative"},
        {"path", "/a\nb"}, {"path", "/a/../b"}, {"lines", "1;2"}, {"host", "a b"}};
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_false(hosts_command("x {unit}", &bad[i], 1, out, sizeof out, &error));
    assert_false(hosts_command("long {unit}", &unit, 1, out, 10, &error));
}

static void shapes_of_the_configuration(void **state)
{
    (void)state;
    struct hosts_ports port;
    struct hosts_net net;
    static const char *const good_ports[] = {"1", "65535", "22/tcp", "53/udp", "8000-8100"};
    static const char *const bad_ports[] = {"", "0", "65536", "tcp", "22/sctp", "9-8", "-5", "22 ", "99999999999999999999"};
    for (size_t i = 0; i < LENGTH_OF(good_ports); i++)
        assert_true(hosts_port_parse(good_ports[i], &port));
    for (size_t i = 0; i < LENGTH_OF(bad_ports); i++)
        assert_false(hosts_port_parse(bad_ports[i], &port));
    static const char *const good[] = {"10.0.0.0/8", "0.0.0.0/0", "::/0", "192.0.2.7:443", "[::1]:1", "[2001:db8::]/x"};
    static const char *const bad[] = {"", "10.0.0.0/33", "*.example:443", "10.0.0.1:0", "::/129", "10.0.0/8", "[::1", "10.0.0.1:1-2"};
    for (size_t i = 0; i + 1 < LENGTH_OF(good); i++)
        assert_true(hosts_net_parse(good[i], &net));
    for (size_t i = 0; i < LENGTH_OF(bad); i++)
        assert_false(hosts_net_parse(bad[i], &net));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_does_what_is_expected),
        cmocka_unit_test(the_ledger_says_what_the_configuration_leaves_open),
        cmocka_unit_test(what_is_not_expected_raises_and_clears),
        cmocka_unit_test(what_is_missing_waits_a_little),
        cmocka_unit_test(looking_closely_ends_by_itself),
        cmocka_unit_test(commands_go_through_the_source),
        cmocka_unit_test(arguments_are_quoted_and_checked),
        cmocka_unit_test(shapes_of_the_configuration),
    };
    return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}

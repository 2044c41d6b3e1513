/* Declared assets, and applications as the desk and the store see them; what needs servers is in tests/live. */
#include <math.h>

#include "engine/applications.h"
#include "fixture.h"
#include "model/application.h"
#include "wire/applications.h"

static struct world *world;

static int begin(void **state)
{
    (void)state;
    world = world_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

/* ---- declared assets ---- */

static void declare(unsigned count, const struct fleet_declared *rows)
{
    fleet_declare(world->fleet, rows, count);
    world_settle(world);
}

static const struct fleet_declared energy = {"energy", "能源态势", "application", "能源", "后勤", "campus-iot"},
                                   water = {"water", "供水", "application", "供水", "", "campus-iot"};

static void declared_assets_come_and_go_with_the_configuration(void **state)
{
    (void)state;
    struct error error;
    declare(2, (struct fleet_declared[]){energy, water});
    assert_true(fleet_is_declared(world->fleet, fleet_find(world->fleet, "energy")));
    struct fleet_view view = world_view(world, "energy");
    assert_string_equal(view.row.field[ASSET_name], "能源态势");
    assert_string_equal(view.row.field[ASSET_kind], "application");
    assert_false(view.row.discovered);
    assert_health(world, "energy", HEALTH_UNKNOWN, REASON_NEVER_HEARD);
    uint64_t revision = fleet_ledger_revision(world->fleet);
    declare(2, (struct fleet_declared[]){energy, water});
    assert_int_equal(fleet_ledger_revision(world->fleet), revision); /* nothing new, nothing told */
    struct fleet_declared renamed = energy;
    renamed.name = "能源";
    declare(1, &renamed);
    assert_string_equal(world_view(world, "energy").row.field[ASSET_name], "能源");
    assert_int_equal(fleet_find(world->fleet, "water"), FLEET_NONE);
    /* They are in the store: the next start knows them, and what they are. */
    struct fleet *before = world->fleet;
    world_fleet(world);
    assert_true(fleet_load(world->fleet, &error));
    assert_true(fleet_is_declared(world->fleet, fleet_find(world->fleet, "energy")));
    assert_int_equal(fleet_find(world->fleet, "water"), FLEET_NONE);
    fleet_free(&before);
}

static void the_ledger_and_declarations_leave_each_other_alone(void **state)
{
    (void)state;
    static const char csv[] = "id,name,kind\nwater,水务系统,application\nGW-1,网关,gateway\n";
    struct error error;
    world_ledger(world, csv);
    declare(2, (struct fleet_declared[]){energy, water});
    assert_false(fleet_is_declared(world->fleet, fleet_find(world->fleet, "water")));
    assert_string_equal(world_view(world, "water").row.field[ASSET_name], "水务系统");
    struct ledger_change *change;
    struct ledger_summary summary;
    assert_true(ledger_read(world->fleet, "assets.csv", csv, strlen(csv), true, &change, &error)); /* complete: what it lacks goes */
    ledger_change_summary(change, &summary);
    assert_int_equal(summary.removed, 0);
    ledger_change_free(&change);
    declare(0, NULL);
    assert_int_equal(fleet_find(world->fleet, "energy"), FLEET_NONE);
    assert_int_not_equal(fleet_find(world->fleet, "water"), FLEET_NONE);
}

/* ---- plans ---- */

static struct applications_plan *plan_of(const char *shipped, const char *own, char *problems, size_t size)
{
    static struct config *configs[2];
    struct config_problems found;
    const char *texts[] = {shipped, own};
    struct applications_list lists[2] = {{NULL, "campus-iot"}, {NULL, ""}};
    config_problems_init(&found);
    for (int i = 0; i < 2; i++) {
        config_free(&configs[i]);
        configs[i] = config_new();
        if (texts[i] && config_load_text(configs[i], i ? "own" : "shipped", texts[i], strlen(texts[i]), &found))
            lists[i].node = config_get(config_root(configs[i]), "applications");
    }
    struct applications_plan *plan = texts[0] || texts[1] ? applications_plan_read(lists, 2, &found) : NULL;
    snprintf(problems, size, "%s", buffer_text(&found.text));
    config_problems_release(&found);
    return plan;
}

static void wire_of(struct applications *applications, const char *id, struct arena *arena, struct wire_application_page *page)
{
    applications_wire_page(applications_find(applications, id), NULL, arena, page);
}

static void shipped_entries_are_filled_in_by_id(void **state)
{
    (void)state;
    static const char shipped[] = "applications:\n"
                                  "  - {id: energy, name: 能源态势, subsystem: 能源, requirement: R008, checks: [{name: page, type: http}]}\n"
                                  "  - {id: water, name: 供水, requirement: R003, checks: [{name: page, type: http}]}\n";
    static const char own[] = "applications:\n"
                              "  - {id: energy, name: 能源, checks: [{name: page, type: tcp, address: \"127.0.0.1:1\"}, {name: more, type: redis, needs: water}]}\n"
                              "  - {id: mail, servers: [mx-1], checks: [{name: smtp, type: smtp}]}\n";
    char problems[600];
    struct error error;
    struct wire_application_page page;
    struct applications_plan *plan = plan_of(shipped, own, problems, sizeof problems);
    assert_string_equal(problems, "");
    struct alerts *alerts = alerts_new(&world->loop, world->fleet, world->store, NULL);
    assert_true(alerts_load(alerts, &error));
    struct applications *applications = applications_new(
        &(struct applications_parts){.loop = &world->loop, .fleet = world->fleet, .store = world->store, .alerts = alerts}, &error);
    applications_use(applications, plan);
    world_settle(world);
    assert_int_equal(applications_count(applications), 3);
    struct arena *arena = arena_new();
    wire_of(applications, "energy", arena, &page);
    assert_string_equal(page.application.name, "能源");
    assert_string_equal(page.application.subsystem, "能源");
    assert_string_equal(page.application.contract, "campus-iot");
    assert_string_equal(page.application.requirement, "R008");
    assert_int_equal(page.application.checks, 2);
    assert_int_equal(page.application.waiting, 1); /* the Redis has no address */
    assert_string_equal(page.nodes[1].id, "energy/page");
    assert_string_equal(page.nodes[1].kind, "tcp");
    assert_string_equal(page.nodes[3].id, "water"); /* needed, so in the tree */
    assert_int_not_equal(application_asset(applications_find(applications, "energy")), FLEET_NONE);
    wire_of(applications, "water", arena, &page);
    assert_string_equal(page.application.hurts, "waiting for an address");
    assert_int_equal(page.application.health, HEALTH_UNKNOWN);
    assert_true(isnan(page.application.availability));
    assert_int_equal(application_asset(applications_find(applications, "water")), FLEET_NONE);
    wire_of(applications, "mail", arena, &page);
    assert_string_equal(page.application.servers[0], "mx-1");
    assert_string_equal(page.nodes[page.node_count - 1].evidence, "not in the ledger");
    assert_false(applications_restart(applications_find(applications, "mail"), "smtp", "user:wang", NULL, NULL, &error));
    assert_non_null(strstr(error.text, "can be restarted"));
    assert_false(applications_check(applications_find(applications, "mail"), "smtp", &error));
    assert_non_null(strstr(error.text, "waits for an address"));
    applications_plan_free(&plan);
    plan = plan_of(shipped, NULL, problems, sizeof problems); /* the site's words are gone: so is the asset */
    applications_use(applications, plan);
    world_settle(world);
    assert_int_equal(fleet_find(world->fleet, "energy"), FLEET_NONE);
    applications_plan_free(&plan);
    plan_of(NULL, NULL, problems, sizeof problems);
    arena_free(&arena);
    applications_free(&applications);
    alerts_free(&alerts);
}

struct story { struct uptime_interval rows[16]; size_t count; };

static void story_read(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct story *story = owner;
    assert_null(error);
    assert_in_range(count, 1, 16);
    for (size_t i = 0; i < count; i++)
        story->rows[story->count++] = (struct uptime_interval){rows[i].state.from, rows[i].to, rows[i].state.health};
}

static void the_hour_in_which_the_daemon_did_not_run_is_not_up(void **state)
{
    (void)state;
    static const char own[] = "applications: [{id: energy, checks: [{name: port, type: tcp, address: \"127.0.0.1:1\", interval: 1h}]}]\n";
    char problems[200];
    struct error error;
    struct source source = {.name = (char *)(uintptr_t)"applications", .ops = &world->probe_ops};
    struct alerts *alerts = alerts_new(&world->loop, world->fleet, world->store, NULL);
    struct applications_parts parts = {.loop = &world->loop, .fleet = world->fleet, .store = world->store, .alerts = alerts};
    struct applications_plan *plan = plan_of(NULL, own, problems, sizeof problems);
    assert_true(alerts_load(alerts, &error));
    struct applications *applications = applications_new(&parts, &error);
    applications_use(applications, plan);
    msec start = clock_wall();
    uint32_t asset = fleet_find(world->fleet, "energy"), metric = world->sink.ops->metric(world->sink.owner, "port.verdict", 12);
    world->sink.ops->check(world->sink.owner, &source, asset, HEALTH_OK, "well");
    world_clock(world, world->steady + 10 * SPAN_MINUTE);
    world->sink.ops->kept(world->sink.owner, &source, asset, SINK_NONE, clock_wall(), &(struct sink_value){metric, 0}, 1, NULL, 0);
    applications_free(&applications);
    world_clock(world, world->steady + SPAN_HOUR); /* nobody watched */
    applications = applications_new(&parts, &error);
    applications_use(applications, plan);
    world_clock(world, world->steady + 5 * SPAN_MINUTE);
    world_flush(world);
    struct story story = {.count = 0};
    store_states(world->store, fleet_store_key(world->fleet, asset), start, clock_wall(), story_read, &story);
    for (int i = 0; i < 1000 && !story.count; i++) {
        uv_run(&world->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    struct uptime uptime = uptime_of(story.rows, story.count, start, clock_wall());
    assert_int_equal(uptime.up, 15 * SPAN_MINUTE);
    assert_int_equal(uptime.down, 0);
    assert_int_equal(uptime.since, clock_wall() - 5 * SPAN_MINUTE);
    applications_plan_free(&plan);
    plan_of(NULL, NULL, problems, sizeof problems);
    applications_free(&applications);
    alerts_free(&alerts);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct { const char *text, *said; } wrong[] = {
        {"applications: 3\n", "expected a list"},
        {"applications: [{id: a/b}]\n", "expected an id without slashes"},
        {"applications: [{id: a, checks: 3}]\n", "expected a list, each with name: and type:"},
        {"applications: [{id: a, checks: [x]}]\n", "expected a mapping with name: and type:"},
        {"applications: [{id: a, checks: [{name: x, type: unit}]}]\n", "unit"},
        {"applications: [{id: a, checks: [{name: x.y, type: tcp}]}]\n", "expected a short name"},
        {"applications: [{id: a, checks: [{name: x, type: tcp, address: host}]}]\n", "expected a port too"},
        {"applications: [{id: a, checks: [{name: x, type: tcp, needs: y}]}]\n", "no check `y` in a, and no application of that id"},
        {"applications: [{id: a, checks: [{name: x, type: tcp, needs: a}]}]\n", "in a circle: a needs a/x needs a"},
        {"applications: [{id: a, checks: [{name: x, type: tcp, needs: x}]}]\n", "in a circle: a/x needs a/x"},
        {"applications: [{id: a}, {id: a}]\n", "there is an application `a` already, at own:1"},
        {"applications: [{id: a, recovery: {unit: \"x; rm\", on: s}}]\n", "expected a unit such as nginx.service"},
        {"applications: [{id: a, recovery: {unit: x, on: s, checks: [y]}}]\n", "no check `y` in a"},
        {"applications: [{id: a, checks: [{name: x, type: http, url: \"ftp://x\"}]}]\n", "expected http:// or https://"},
        {"applications: [{id: a, checks: [{name: x, type: http, json: status}]}]\n", "expected a JSON pointer"},
        {"applications: [{id: a, checks: [{name: x, type: http, matches: \"(\"}]}]\n", "not a regular expression"},
        {"applications: [{id: a, checks: [{name: x, type: dns, ask: \"a..b\"}]}]\n", "cannot be a name"},
        {"applications: [{id: a, checks: [{name: x, type: http, intervall: 3s}]}]\n", "interval"},
    };
    char problems[1200];
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        struct applications_plan *plan = plan_of(NULL, wrong[i].text, problems, sizeof problems);
        if (!strstr(problems, wrong[i].said) || strncmp(problems, "own:1:", 6) != 0)
            fail_msg("%s: said: %s", wrong[i].text, problems);
        applications_plan_free(&plan);
    }
    plan_of(NULL, NULL, problems, sizeof problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(declared_assets_come_and_go_with_the_configuration, begin, end),
        cmocka_unit_test_setup_teardown(the_ledger_and_declarations_leave_each_other_alone, begin, end),
        cmocka_unit_test_setup_teardown(shipped_entries_are_filled_in_by_id, begin, end),
        cmocka_unit_test_setup_teardown(the_hour_in_which_the_daemon_did_not_run_is_not_up, begin, end),
        cmocka_unit_test_setup_teardown(mistakes_are_named, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

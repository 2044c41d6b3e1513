/* Security at one place (R361, R362): alerts sorted into layers and measures, counted now and over 31 days, also what was
 * raised before the start; what is watched and what is not; policy that is not kept. */
#include "desk.h"
#include "engine/security_private.h"
#include "engine/site.h"

static const char ledger[] =
    "id,name,kind,class,parent,building\n"
    "W-1,web-1,server,,,A\nW-2,web-2,server,,,A\nW-3,web-3,server,,,B\nU-1,ups-1,ups,,,A\nD-1,door-1,terminal,door,,A\nT-1,t-1,terminal,meter,,A\n";

struct scene {
    struct world *world;
    struct desk desk;
    struct security *security;
    struct security_plan plan;
    struct config *config;
    struct site site;
    struct source_pointer { struct source *of[3]; } sources;
    struct source source[3];
    struct wire_security_site answer; /* of the last asking; texts in the arena */
    struct arena *arena;
    unsigned answers;
};

static void plan_of(struct scene *scene, const char *text, const char *expected)
{
    struct config_problems problems;
    config_problems_init(&problems);
    config_free(&scene->config);
    security_plan_release(&scene->plan);
    scene->config = config_new();
    assert_true(config_load_text(scene->config, "n.yml", text, strlen(text), &problems));
    const struct config_node *node = config_get(config_root(scene->config), "security");
    if (node && config_check(config_root(scene->config), (const struct config_key[]){{.name = "security", .type = CONFIG_MAP, .keys = security_keys}, {0}}, &problems))
        security_plan_read(&scene->plan, node, &problems);
    else if (!node)
        security_plan_read(&scene->plan, NULL, &problems);
    if (*expected ? !strstr(buffer_text(&problems.text), expected) : problems.count > 0)
        fail_msg("%s", buffer_text(&problems.text));
    config_problems_release(&problems);
}

/* Sources: one in the clear, one unchecked, one well. */
static void scene_open(struct scene *scene)
{
    static const char *const names[] = {"campus", "rest", "hosts"};
    memset(scene, 0, sizeof *scene);
    scene->world = world_new();
    world_ledger(scene->world, ledger);
    desk_open(&scene->desk, scene->world, NULL);
    for (int i = 0; i < 3; i++) {
        scene->source[i].name = (char *)(uintptr_t)names[i];
        scene->source[i].status = SOURCE_RUNNING;
        scene->sources.of[i] = &scene->source[i];
    }
    protection_of_url(&scene->source[0].protection, "mqtt://broker.example:1883", true);
    protection_of_url(&scene->source[1].protection, "https://platform.example/", false);
    protection_of_url(&scene->source[2].protection, "https://127.0.0.1:9100/", false);
    scene->site = (struct site){.name = "site", .store_url = "sqlite", .sources = scene->sources.of, .source_count = 3};
    scene->arena = arena_new();
}

static void watch_begin(struct scene *scene)
{
    scene->security = security_new(&(struct security_parts){.loop = &scene->world->loop, .fleet = scene->world->fleet,
                                                            .store = scene->world->store, .alerts = scene->desk.alerts});
    security_use(scene->security, &scene->plan, &scene->site);
}

static void scene_close(struct scene *scene)
{
    security_free(&scene->security);
    security_plan_release(&scene->plan);
    config_free(&scene->config);
    desk_close(&scene->desk);
    world_free(scene->world);
    arena_free(&scene->arena);
}

static void came(void *owner, const struct wire_security_site *site)
{
    struct scene *scene = owner;
    struct buffer text = BUFFER_INIT;
    struct error error;
    scene->answers++;
    if (!site)
        return;
    wire_write_security_site(&text, site); /* as it travels */
    assert_true(wire_read_security_site(text.data, text.length, scene->arena, &scene->answer, &error));
    buffer_release(&text);
}

static bool loop_until(struct scene *scene, bool (*done)(const struct scene *scene, unsigned was), unsigned was)
{
    for (int i = 0; i < 20000 && !done(scene, was); i++) {
        uv_run(&scene->world->loop, UV_RUN_NOWAIT);
        if (!done(scene, was))
            uv_sleep(1);
    }
    return done(scene, was);
}

static bool answered(const struct scene *scene, unsigned was)
{
    return scene->answers > was;
}

static bool at_rest(const struct scene *scene, unsigned was)
{
    (void)was;
    return scene->security->counted && scene->security->queue_first == scene->security->queue_count;
}

/* A whole look: what waits is sorted, the store's part counted, the ledger gone through. */
static void look(struct scene *scene)
{
    assert_true(loop_until(scene, at_rest, 0));
    unsigned was = scene->answers;
    scene->security->swept = 0;
    security_watch_begin(scene->security);
    security_ask(scene->security, came, scene);
    assert_true(loop_until(scene, answered, was));
}

static const struct wire_security *row(const struct scene *scene, const char *name)
{
    for (unsigned i = 0; i < scene->answer.count; i++)
        if (strcmp(scene->answer.rows[i].name, name) == 0)
            return &scene->answer.rows[i];
    fail_msg("no row %s", name);
    return NULL;
}

#define assert_row(scene, name, now_, day_, month_)                                                          \
    do {                                                                                                     \
        const struct wire_security *row_ = row(scene, name);                                                 \
        if (row_->now != (now_) || row_->day != (day_) || row_->month != (month_))                           \
            fail_msg("%s: now %u, day %u, month %u", name, row_->now, row_->day, row_->month);               \
    } while (0)

static void breach(struct scene *scene, const char *source, const char *rule, const char *type, const char *asset, enum severity severity)
{
    alerts_breach(scene->desk.alerts, &(struct alert_report){
        .source = source, .rule = rule, .asset = asset ? fleet_find(scene->world->fleet, asset) : FLEET_NONE, .point = "p", .name = rule,
        .type = type, .severity = severity, .summary = "over"});
}

static void normal(struct scene *scene, const char *source, const char *rule, const char *asset)
{
    alerts_normal(scene->desk.alerts, alert_fingerprint(scene->desk.alerts, &(struct alert_report){
        .source = source, .rule = rule, .asset = fleet_find(scene->world->fleet, asset), .point = "p"}));
}

/* R361: each alert in its layers and measures, once in each; the shipped plan knows what the daemon's own detectors raise. */
static void alerts_find_their_layers(void **state)
{
    struct scene scene;
    (void)state;
    scene_open(&scene);
    plan_of(&scene, "x: 1\n", "");
    watch_begin(&scene);
    breach(&scene, "host", "port-unexpected", "security", "W-1", SEVERITY_MAJOR);
    breach(&scene, "host", "outbound", "security", "W-2", SEVERITY_CRITICAL);
    breach(&scene, "rule", "server-failed-logins", "security", "W-1", SEVERITY_MAJOR);
    breach(&scene, "rule", "ups-on-battery", "power", "U-1", SEVERITY_MAJOR);
    breach(&scene, "rule", "too-warm", "environmental", "T-1", SEVERITY_MINOR); /* a meter: of no layer */
    look(&scene);
    assert_row(&scene, "physical", 1, 1, 1);
    assert_row(&scene, "network", 1, 1, 1);
    assert_row(&scene, "host", 2, 2, 2);
    assert_row(&scene, "application", 0, 0, 0);
    assert_row(&scene, "data", 0, 0, 0);
    assert_row(&scene, "authentication", 1, 1, 1);
    assert_row(&scene, "authorisation", 1, 1, 1);
    assert_row(&scene, "anomaly", 3, 3, 3); /* outbound is counted once, though two of its controls have it */
    assert_string_equal(row(&scene, "network")->worst, "critical");
    assert_string_equal(row(&scene, "network")->top_where, "web-2");
    assert_string_equal(row(&scene, "host")->state, "breached");
    /* Cleared: no breach any more, and still one of the day. */
    normal(&scene, "host", "outbound", "W-2");
    look(&scene);
    assert_row(&scene, "network", 0, 1, 1);
    assert_row(&scene, "outbound", 0, 1, 1);
    /* What a row counts is what its filter shows in the queue. */
    const struct alert *const *rows;
    struct buffer filter = BUFFER_INIT;
    buffer_printf(&filter, "( %s ) condition:active", row(&scene, "host")->alerts);
    assert_int_equal(desk_queue(&scene.desk, buffer_text(&filter), false, &rows, NULL), row(&scene, "host")->now);
    buffer_release(&filter);
    /* Hidden by a person: told apart, never lost. */
    assert_int_equal(desk_act(&scene.desk, ALERT_SHELVE, "user:wang", alert_id(desk_only(&scene.desk, "rule:port-unexpected")), -1, "known",
                              clock_wall() + SPAN_HOUR), 200);
    look(&scene);
    assert_row(&scene, "host", 1, 2, 2);
    assert_int_equal(row(&scene, "host")->hidden, 1);
    scene_close(&scene);
}

/* What was raised in the 31 days before the start is counted from the store, each once, whether it left the memory or not;
 * what is older is not. */
static void the_past_is_counted_once(void **state)
{
    static const int days_back[] = {40, 20, 5, 0};
    struct scene scene;
    (void)state;
    scene_open(&scene);
    plan_of(&scene, "x: 1\n", "");
    for (size_t i = 0; i < LENGTH_OF(days_back); i++) {
        char rule[40];
        scene.world->set = -days_back[i] * SPAN_DAY;
        world_clock(scene.world, scene.world->steady + 1000);
        snprintf(rule, sizeof rule, "ups-%zu", i);
        breach(&scene, "rule", rule, "power", "U-1", SEVERITY_MAJOR);
        desk_settle(&scene.desk);
    }
    world_clock(scene.world, scene.world->steady + 1000);
    watch_begin(&scene);
    look(&scene);
    assert_row(&scene, "physical", 4, 1, 3);
    assert_int_equal(row(&scene, "physical")->week, 2);
    /* A reload counts anew, and comes to the same. */
    breach(&scene, "rule", "ups-live", "power", "U-1", SEVERITY_MAJOR);
    look(&scene);
    assert_row(&scene, "physical", 5, 2, 4);
    desk_settle(&scene.desk);
    world_clock(scene.world, scene.world->steady + 1000);
    security_use(scene.security, &scene.plan, &scene.site);
    world_clock(scene.world, scene.world->steady + 10000);
    look(&scene);
    assert_row(&scene, "physical", 5, 2, 4);
    scene_close(&scene);
}

/* What should be watched and is not, by asset, said plainly; a server is watched for logins once it tells of them. */
static void what_is_not_watched_is_said(void **state)
{
    struct scene scene;
    struct wire_security_page page;
    (void)state;
    scene_open(&scene);
    plan_of(&scene, "x: 1\n", "");
    world_say(scene.world, "W-1", NULL, "failed_logins", 0);
    world_say(scene.world, "U-1", NULL, "load", 10);
    watch_begin(&scene);
    look(&scene);
    const struct wire_security *logins = row(&scene, "host-logins");
    assert_int_equal(logins->total, 3);
    assert_int_equal(logins->watched, 1);
    assert_string_equal(logins->state, "partly");
    assert_string_equal(row(&scene, "power")->state, "watched");
    assert_string_equal(row(&scene, "doors")->state, "unwatched");
    assert_string_equal(row(&scene, "cooling")->state, "nothing");
    assert_string_equal(row(&scene, "physical")->state, "partly");
    assert_string_equal(row(&scene, "host-ports")->state, "unwatched"); /* no host behind any: probes find nothing */
    assert_true(security_page(scene.security, "host-logins", false, scene.arena, &page));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.items[0].kind, "missing");
    assert_string_equal(page.items[0].id, "W-2");
    assert_string_equal(page.items[0].view, "server");
    /* Acts of people and who may do what are for supervisors, as the audit is; others see how many there are. */
    assert_true(security_page(scene.security, "acts", true, scene.arena, &page));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0].detail, "ledger import");
    assert_true(security_page(scene.security, "acts", false, scene.arena, &page));
    assert_int_equal(page.count, 0);
    assert_int_equal(page.left_out, 1);
    assert_int_equal(page.row.month, 1);
    assert_false(security_page(scene.security, "nothing-such", true, scene.arena, &page));
    /* Silent now: still watched, and told. */
    world_pass(scene.world, 2 * SPAN_HOUR);
    look(&scene);
    assert_int_equal(row(&scene, "power")->silent, 1);
    assert_string_equal(row(&scene, "power")->state, "partly");
    scene_close(&scene);
}

/* R362: what travels in the clear or unchecked is counted, and an alert where the site requires encryption; an exception
 * or a repair ends it. */
static void encryption_is_policy(void **state)
{
    struct scene scene;
    const struct alert *const *rows;
    struct wire_security_page page;
    (void)state;
    scene_open(&scene);
    plan_of(&scene, "security: {require_tls: false}\n", "");
    watch_begin(&scene);
    look(&scene);
    assert_int_equal(desk_queue(&scene.desk, "source:security", true, &rows, NULL), 0);
    assert_int_equal(row(&scene, "source-encryption")->total, 3);
    assert_int_equal(row(&scene, "source-encryption")->watched, 1); /* what stays on this host needs none */
    plan_of(&scene, "security: {require_tls: true}\n", "");
    security_use(scene.security, &scene.plan, &scene.site);
    assert_int_equal(desk_queue(&scene.desk, "source:security condition:active", true, &rows, NULL), 2);
    world_clock(scene.world, scene.world->steady + 10000);
    look(&scene);
    assert_row(&scene, "encryption", 2, 2, 2);
    assert_true(security_page(scene.security, "source-encryption", false, scene.arena, &page));
    assert_string_equal(page.items[0].detail, "mqtt in the clear");
    assert_string_equal(page.items[1].detail, "https, certificate not checked");
    assert_false(page.items[0].good);
    assert_true(page.items[2].good);
    plan_of(&scene, "security: {require_tls: true, plain_allowed: [camp*]}\n", "");
    scene.source[1].protection.level = PROTECTION_ENCRYPTED;
    security_use(scene.security, &scene.plan, &scene.site);
    assert_int_equal(desk_queue(&scene.desk, "source:security condition:active", true, &rows, NULL), 0);
    scene_close(&scene);
}

/* The mapping is data: a site's control takes the place of a shipped one, or stands beside them. */
static void controls_are_the_sites(void **state)
{
    struct scene scene;
    (void)state;
    scene_open(&scene);
    plan_of(&scene,
            "security:\n  controls:\n"
            "    - {name: outbound, layer: data, title: ours, alerts: \"rule:leaving\"}\n"
            "    - {name: meters, layer: physical, measure: anomaly, alerts: \"class:meter\", assets: \"class:meter\", lacks: silent}\n", "");
    watch_begin(&scene);
    breach(&scene, "host", "outbound", "communication", "W-2", SEVERITY_CRITICAL);
    breach(&scene, "rule", "leaving", "communication", "W-2", SEVERITY_MAJOR);
    breach(&scene, "rule", "drift", "communication", "T-1", SEVERITY_WARNING);
    look(&scene);
    assert_row(&scene, "network", 0, 0, 0);
    assert_row(&scene, "data", 1, 1, 1);
    assert_row(&scene, "meters", 1, 1, 1);
    assert_row(&scene, "anomaly", 1, 1, 1);
    assert_string_equal(row(&scene, "outbound")->title, "ours");
    scene_close(&scene);
}

static void mistakes_are_named(void **state)
{
    static const struct { const char *text, *expected; } cases[] = {
        {"security: {controls: [{name: x, alerts: \"a:b\"}]}\n", "n.yml:1:23: security.controls[0]: expected a layer:"},
        {"security: {controls: [{name: x, layer: roof}]}\n", "expected physical, network, host"},
        {"security: {controls: [{name: x, layer: host, alerts: \"(a\"}]}\n", "security.controls[0].alerts"},
        {"security: {controls: [{name: x, layer: host, facts: gossip}]}\n", "security.controls[0].facts"},
        {"security: {controls: [{name: X y, layer: host}]}\n", "expected a short name"},
        {"security: {controls: [{name: x, layer: host}, {name: x, layer: data}]}\n", "another control above has this name"},
        {"security: {require_tsl: true}\n", "did you mean `require_tls`"},
    };
    struct scene scene;
    (void)state;
    memset(&scene, 0, sizeof scene);
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        plan_of(&scene, cases[i].text, cases[i].expected);
    security_plan_release(&scene.plan);
    config_free(&scene.config);
}

/* A period from the store, alert by alert (the trace of R362). */
struct period { unsigned seen, done; uint64_t rows; char last[40]; };
static void period_seen(void *owner, const struct wire_alert *alert, const char *closed_by, uint64_t rows)
{
    struct period *period = owner;
    (void)closed_by;
    period->seen++;
    period->rows |= rows;
    snprintf(period->last, sizeof period->last, "%s", alert->rule);
}
static void period_done(void *owner, const struct error *error)
{
    assert_null(error);
    ((struct period *)owner)->done++;
}

static void a_period_is_traced(void **state)
{
    struct scene scene;
    struct period period = {0};
    (void)state;
    scene_open(&scene);
    plan_of(&scene, "x: 1\n", "");
    watch_begin(&scene);
    for (int i = 0; i < 450; i++) { /* more than a page of the store */
        char rule[24];
        snprintf(rule, sizeof rule, "ups-%03d", i);
        breach(&scene, "rule", rule, "power", "U-1", SEVERITY_MAJOR);
    }
    breach(&scene, "rule", "drift", "environmental", "T-1", SEVERITY_WARNING);
    desk_settle(&scene.desk);
    security_scan(scene.security, clock_wall() - SPAN_DAY, clock_wall() + 1, period_seen, period_done, &period);
    for (int i = 0; i < 20000 && !period.done; i++) {
        uv_run(&scene.world->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_int_equal(period.done, 1);
    assert_int_equal(period.seen, 450);
    assert_string_equal(period.last, "ups-449");
    assert_true(period.rows & security_row_bit(LAYER_PHYSICAL));
    assert_int_equal(security_row_find(scene.security, "physical"), LAYER_PHYSICAL);
    assert_int_equal(security_row_find(scene.security, "anomaly"), LAYER_COUNT + MEASURE_ANOMALY);
    assert_int_equal(security_row_find(scene.security, "roof"), -1);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_find_their_layers), cmocka_unit_test(the_past_is_counted_once),
        cmocka_unit_test(what_is_not_watched_is_said), cmocka_unit_test(encryption_is_policy),
        cmocka_unit_test(controls_are_the_sites), cmocka_unit_test(mistakes_are_named), cmocka_unit_test(a_period_is_traced),
    };
    return cmocka_run_group_tests_name("security", tests, NULL, NULL);
}

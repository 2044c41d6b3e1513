/* Storms of buildings and networks: many gateways, few terminals behind each, so that no gateway has a storm of its own;
 * the rule's numbers (30 %, 10 children, two periods), and others from the configuration. */
#include "desk.h"

#define GATEWAYS 20
#define EACH 4
#define CHILDREN (GATEWAYS * EACH)

/* Half of the gateways in 北楼, half in 南楼; terminals t of every gateway are in network VLAN-t. */
static struct night *campus_new(const struct alerts_options *options)
{
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,parent,building,period,vlan\n");
    for (int g = 0; g < GATEWAYS; g++) {
        const char *building = g < GATEWAYS / 2 ? "北楼" : "南楼";
        buffer_printf(&csv, "GW-%02d,网关,gateway,gateway,,%s,1m,\n", g, building);
        for (int t = 0; t < EACH; t++)
            buffer_printf(&csv, "T-%02d-%d,终端,terminal,temperature,GW-%02d,%s,1m,VLAN-%d\n", g, t, g, building, t);
    }
    struct night *night = night_new(buffer_text(&csv), options);
    buffer_release(&csv);
    night_judges(night);
    return night;
}

static unsigned dead; /* gateways below it, without power */

static int begin(void **state)
{
    dead = 0;
    *state = campus_new(NULL);
    return 0;
}

/* Who keeps speaking is the test's to say. */
typedef bool speaks(int gateway, int terminal);

static void say_all(struct night *night, speaks *does)
{
    for (int g = (int)dead; g < GATEWAYS; g++) {
        char via[24], id[32];
        snprintf(via, sizeof via, "GW-%02d", g);
        world_say(night->world, via, NULL, NULL, 0);
        for (int t = 0; t < EACH; t++)
            if (does(g, t)) {
                snprintf(id, sizeof id, "T-%02d-%d", g, t);
                world_say(night->world, id, via, "t", 20);
            }
    }
}

static void minutes(struct night *night, int count, speaks *does)
{
    for (int i = 0; i < 2 * count; i++) {
        desk_pass(&night->desk, 30 * SPAN_SECOND);
        say_all(night, does);
    }
}

static bool all(int gateway, int terminal) { (void)gateway, (void)terminal; return true; }
/* In the northern building 12 of 40 fall silent: 30 %, and at least ten; three networks lose four of twenty each. */
static bool twelve_north(int gateway, int terminal) { return gateway >= 4 || terminal == 3; }
static bool eleven_north(int gateway, int terminal) { return gateway >= 4 || terminal == 3 || (gateway == 3 && terminal == 2); }
/* A network's six of twenty fall silent, three in each building. */
static bool half_a_network(int gateway, int terminal) { return terminal != 1 || gateway % 10 >= 6; }
/* Nine of a building of forty. */
static bool nine_north(int gateway, int terminal) { return gateway >= 3 || terminal == 3; }

static const struct alert *storm(struct night *night, const char *filter, unsigned symptoms)
{
    struct wire_alert row;
    const struct alert *found = desk_only(&night->desk, filter);
    alerts_wire(night->desk.alerts, found, NULL, &row);
    assert_int_equal(row.symptoms, symptoms);
    assert_int_equal(row.severity, SEVERITY_CRITICAL);
    return found;
}

static void test_building(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert row;
    minutes(night, 1, all);
    minutes(night, 4, twelve_north);
    const struct alert *cause = storm(night, "rule:storm-building building:北楼", 12);
    alerts_wire(desk->alerts, cause, NULL, &row);
    assert_string_equal(row.place, "北楼");
    assert_non_null(strstr(row.summary, "12 of 40 children silent within 2 periods"));
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 12);
    assert_int_equal(desk->told[NOTICE_STORM], 1);
    minutes(night, 1, all); /* all return: it is over, and leaves nothing behind */
    assert_int_equal(alert_life(cause)->condition, CONDITION_CLEARED);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 0);
    assert_int_equal(counts.by_state[ALERT_CLOSED] + counts.by_state[ALERT_CLEARED_UNACKNOWLEDGED], 13);
}

/* One less is no storm: eleven alerts of their own. */
static void test_under_the_share(void **state)
{
    struct night *night = *state;
    const struct alert *const *rows;
    minutes(night, 1, all);
    minutes(night, 4, eleven_north);
    assert_int_equal(desk_queue(&night->desk, "", false, &rows, NULL), 11);
    assert_int_equal(night->desk.told[NOTICE_STORM], 0);
}

static void test_under_the_count(void **state)
{
    struct night *night = *state;
    const struct alert *const *rows;
    minutes(night, 1, all);
    minutes(night, 4, nine_north);
    assert_int_equal(desk_queue(&night->desk, "source:storm", true, &rows, NULL), 0);
    assert_int_equal(desk_queue(&night->desk, "", false, &rows, NULL), 9);
}

static void test_network(void **state)
{
    struct night *night = *state;
    struct wire_alert row;
    const struct alert *const *rows;
    minutes(night, 1, all);
    minutes(night, 4, half_a_network);
    const struct alert *cause = storm(night, "rule:storm-network", 12);
    alerts_wire(night->desk.alerts, cause, NULL, &row);
    assert_string_equal(row.place, "VLAN-1");
    assert_non_null(strstr(row.summary, "of 20 children silent"));
    assert_int_equal(desk_queue(&night->desk, "", false, &rows, NULL), 1);
}

/* The same few silent ones, one every five minutes: never many within two periods. */
static int slow_count;
static bool slowly(int gateway, int terminal) { return gateway * EACH + terminal >= slow_count; }

static void test_over_a_long_time(void **state)
{
    struct night *night = *state;
    const struct alert *const *rows;
    minutes(night, 1, all);
    for (slow_count = 0; slow_count < 16;) {
        slow_count++;
        minutes(night, 1, slowly);
    }
    minutes(night, 4, slowly);
    assert_int_equal(desk_queue(&night->desk, "source:storm", true, &rows, NULL), 0);
    assert_int_equal(desk_queue(&night->desk, "", false, &rows, NULL), 16);
}

/* With other numbers: half of them, twenty at least, within one period. */
static void test_configured(void **state)
{
    struct night *night = campus_new(&(struct alerts_options){.storm_share = 0.1, .storm_children = 5, .storm_periods = 1});
    const struct alert *const *rows;
    (void)state;
    minutes(night, 1, all);
    minutes(night, 4, nine_north);
    assert_true(desk_queue(&night->desk, "source:storm", false, &rows, NULL) >= 1);
    struct wire_alert row;
    alerts_wire(night->desk.alerts, rows[0], NULL, &row);
    assert_non_null(strstr(row.summary, "within 1 period"));
    assert_null(strstr(row.summary, "periods"));
    void *owner = night;
    night_end(&owner);

    night = campus_new(&(struct alerts_options){.storm_share = 0.5, .storm_children = 20});
    minutes(night, 1, all);
    minutes(night, 4, twelve_north);
    assert_int_equal(desk_queue(&night->desk, "source:storm", true, &rows, NULL), 0);
    alerts_configure(night->desk.alerts, &(struct alerts_options){.storm_share = 0.3}); /* a reload, then a second wave */
    minutes(night, 1, all);
    minutes(night, 4, twelve_north);
    storm(night, "rule:storm-building", 12);
    owner = night;
    night_end(&owner);
}

/* A building's storm over a restart goes on: it takes in who falls silent later. */
static void test_over_restart(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    minutes(night, 1, all);
    minutes(night, 4, twelve_north);
    desk_settle(desk);
    alerts_health_free(&desk->health);
    desk_close(desk);
    desk_open(desk, night->world, NULL);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    storm(night, "rule:storm-building", 12);
    assert_int_equal(desk->told[NOTICE_STORM] + desk->told[NOTICE_RAISE], 0);
    minutes(night, 1, all);
    assert_int_equal(alert_life(desk_only(desk, "rule:storm-building"))->condition, CONDITION_CLEARED);
}

/* A building without power: each gateway is the cause of its terminals, and the building of its gateways. */
static void test_power(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert row;
    minutes(night, 1, all);
    dead = GATEWAYS / 2;
    minutes(night, 5, all);
    const struct alert *cause = storm(night, "rule:storm-building-gateways building:北楼", GATEWAYS / 2);
    alerts_wire(desk->alerts, cause, NULL, &row);
    assert_string_equal(row.place, "北楼");
    assert_non_null(strstr(row.summary, "10 of 10 gateways lost; the first 3 within 2 periods"));
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], GATEWAYS / 2 * (1 + EACH));
    assert_int_equal(desk->told[NOTICE_STORM], 1);
    assert_int_equal(desk_queue(desk, "source:storm", true, &rows, NULL), 1);

    unsigned told = desk->told[NOTICE_RAISE];
    dead = GATEWAYS / 4; /* half of it returns, from below */
    for (int g = GATEWAYS / 4; g < GATEWAYS / 2; g++) {
        char id[24];
        snprintf(id, sizeof id, "GW-%02d", g);
        world_say(night->world, id, NULL, NULL, 0);
    }
    minutes(night, 3, all);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(alert_life(cause)->condition, CONDITION_ACTIVE);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], GATEWAYS / 4 * (1 + EACH));
    dead = 0;
    minutes(night, 3, all);
    assert_int_equal(alert_life(cause)->condition, CONDITION_CLEARED);
    assert_int_equal(desk->told[NOTICE_RAISE], told); /* nobody else was told of anything */
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 0);
}

static bool sixteen_north(int gateway, int terminal) { (void)terminal; return gateway >= 4; }
static bool eight_north(int gateway, int terminal) { return gateway >= 4 || terminal >= 2; }

/* All of four gateways' terminals: three are storms of their own before the building is one; then they are part of it. */
static void test_gateways_within_a_building(void **state)
{
    struct alerts_options options = {.storm_children = 4};
    struct night *night = campus_new(&options);
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert row;
    (void)state;
    dead = 0;
    minutes(night, 1, all);
    minutes(night, 4, sixteen_north);
    const struct alert *cause = storm(night, "rule:storm-building", 7);
    alerts_wire(desk->alerts, cause, NULL, &row);
    assert_non_null(strstr(row.summary, "16 of 40 children silent"));
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 19);
    desk_settle(desk);
    alerts_health_free(&desk->health);
    desk_close(desk);
    desk_open(desk, night->world, &options);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    cause = storm(night, "rule:storm-building", 7);
    minutes(night, 3, eight_north); /* half of each: half of 16 is more than half of twelve */
    assert_int_equal(alert_life(cause)->condition, CONDITION_ACTIVE);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);
    minutes(night, 2, all);
    assert_int_equal(alert_life(cause)->condition, CONDITION_CLEARED);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 0);
    assert_int_equal(desk_queue(desk, "condition:active", true, &rows, NULL), 0);
    void *owner = night;
    night_end(&owner);
}

/* Two of ten gateways are two stories. */
static void test_two_gateways(void **state)
{
    struct night *night = *state;
    const struct alert *const *rows;
    minutes(night, 1, all);
    dead = 2;
    minutes(night, 5, all);
    assert_int_equal(desk_queue(&night->desk, "source:storm", true, &rows, NULL), 0);
    assert_int_equal(desk_queue(&night->desk, "", false, &rows, NULL), 2);
}

/* A building that is being worked on makes no storm: it is known. */
static void test_downtime(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    minutes(night, 1, all);
    alerts_downtime(desk->alerts, &(struct alert_downtime){.filter = "building:北楼", .why = "停电检修", .by = "user:li", .with_children = true,
                                                           .starts = CLOCK_NEVER, .ends = clock_wall() + SPAN_HOUR}, NULL, NULL);
    desk_settle(desk);
    for (int i = 0; i < 200; i++) {
        struct alert_downtime downtime;
        uv_run(&night->world->loop, UV_RUN_NOWAIT);
        if (alerts_downtime_at(desk->alerts, 0, &downtime))
            break;
        uv_sleep(1);
    }
    dead = GATEWAYS / 2;
    minutes(night, 5, all);
    assert_int_equal(desk_queue(desk, "source:storm", true, &rows, NULL), 0);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 0);
    assert_int_equal(desk->told[NOTICE_STORM] + desk->told[NOTICE_RAISE], 0);
}

/* One that comes and goes is one, however often. */
static void test_one_again_and_again(void **state)
{
    struct night *night = campus_new(&(struct alerts_options){.storm_periods = 30, .storm_children = 4, .storm_share = 0.1});
    const struct alert *const *rows;
    (void)state;
    dead = 0;
    minutes(night, 1, all);
    for (int i = 0; i < 5; i++) {
        slow_count = 1;
        minutes(night, 4, slowly);
        slow_count = 0;
        minutes(night, 1, slowly);
    }
    assert_int_equal(desk_queue(&night->desk, "source:storm", true, &rows, NULL), 0);
    void *owner = night;
    night_end(&owner);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_building, begin, night_end),
        cmocka_unit_test_setup_teardown(test_under_the_share, begin, night_end),
        cmocka_unit_test_setup_teardown(test_under_the_count, begin, night_end),
        cmocka_unit_test_setup_teardown(test_network, begin, night_end),
        cmocka_unit_test_setup_teardown(test_over_a_long_time, begin, night_end),
        cmocka_unit_test_setup_teardown(test_power, begin, night_end),
        cmocka_unit_test_setup_teardown(test_two_gateways, begin, night_end),
        cmocka_unit_test_setup_teardown(test_downtime, begin, night_end),
        cmocka_unit_test(test_one_again_and_again),
        cmocka_unit_test(test_gateways_within_a_building),
        cmocka_unit_test(test_configured),
        cmocka_unit_test_setup_teardown(test_over_restart, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

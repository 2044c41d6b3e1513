/* Redundancy groups: a member lost while others stand in, the last one lost, the way back, and what comes between. */
#include "desk.h"

#define CHILDREN 6

static void use(struct desk *desk, const char *members, unsigned need)
{
    alerts_groups_use(desk->alerts, &(struct alert_group){"泵房双网关", members, need, SEVERITY_MINOR}, 1);
}

/* Three gateways behind one server, six terminals each; A and B (and in one test C) stand in for each other. */
static int begin(void **state)
{
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,name,kind,class,parent,building,period\nSRV,服务器,server,server,,中心机房,1m\n");
    for (int g = 0; g < 3; g++) {
        buffer_printf(&csv, "GW-%c,网关%c,gateway,gateway,SRV,泵房,1m\n", 'A' + g, 'A' + g);
        for (int i = 0; i < CHILDREN; i++)
            buffer_printf(&csv, "T-%c%d,终端,terminal,temperature,GW-%c,泵房,1m\n", 'A' + g, i, 'A' + g);
    }
    struct night *night = night_new(buffer_text(&csv), NULL);
    buffer_release(&csv);
    use(&night->desk, "id:GW-A,GW-B", 1);
    night_judges(night);
    for (char g = 'A'; g <= 'C'; g++)
        for (int i = 0; i < CHILDREN; i++) {
            char id[24], via[8];
            snprintf(id, sizeof id, "T-%c%d", g, i);
            snprintf(via, sizeof via, "GW-%c", g);
            world_say(night->world, id, via, "t", 20);
        }
    *state = night;
    return 0;
}

static void link_all(struct night *night, const char *gateways, enum link_state state)
{
    char id[] = "GW-?";
    for (; *gateways; gateways++) {
        id[3] = *gateways;
        world_link(night->world, &night->world->probe, id, state);
    }
}

static struct alert_group_state group(struct night *night)
{
    struct alert_group_state row;
    assert_true(alerts_group_of(night->desk.alerts, fleet_find(night->world->fleet, "GW-A"), &row));
    return row;
}

/* One of two: a lesser matter, and the terminals below it are judged by themselves. */
static void test_one_lost(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct wire_alert row;
    link_all(night, "A", LINK_DOWN);
    assert_int_equal(desk_queue(desk, "", true, &rows, NULL), 1);
    alerts_wire(desk->alerts, rows[0], NULL, &row);
    assert_int_equal(row.severity, SEVERITY_MINOR);
    assert_non_null(strstr(row.summary, "redundancy lost: 1 of 2 left in 泵房双网关"));
    assert_health(night->world, "T-A0", HEALTH_OK, REASON_FRESH);
    assert_int_equal(group(night).alive, 1);
    assert_string_equal(group(night).alert, "");
    link_all(night, "A", LINK_UP);
    assert_int_equal(alert_life(rows[0])->condition, CONDITION_CLEARED);
    assert_int_equal(group(night).alive, 2);
}

/* Both: one critical cause for everything, told once; whoever returns first brings the terminals of both back. */
static void test_all_lost(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert row;
    link_all(night, "AB", LINK_DOWN);
    assert_int_equal(desk_queue(desk, "", false, &rows, &counts), 1);
    alerts_wire(desk->alerts, rows[0], NULL, &row);
    assert_string_equal(row.name, "泵房双网关: redundancy lost");
    assert_int_equal(row.severity, SEVERITY_CRITICAL);
    assert_string_equal(row.summary, "0 of 2 left, 1 needed: GW-A GW-B");
    assert_int_equal(row.symptoms, 2 + 2 * CHILDREN);
    assert_string_equal(group(night).alert, row.id);
    assert_int_equal(desk->told[NOTICE_RAISE], 2); /* the first loss, then the group */
    assert_health(night->world, "T-A0", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_health(night->world, "T-B0", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_health(night->world, "T-C0", HEALTH_OK, REASON_FRESH);
    const struct alert *cause = rows[0];

    link_all(night, "B", LINK_UP);
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(alert_life(cause)->condition, CONDITION_CLEARED);
    assert_int_equal(desk_queue(desk, "asset:GW-A state:unacknowledged", false, &rows, NULL), 1);
    assert_int_equal(alert_life(rows[0])->severity, SEVERITY_MINOR);
    assert_health(night->world, "T-A0", HEALTH_OK, REASON_FRESH);
    assert_health(night->world, "T-B0", HEALTH_OK, REASON_FRESH);
    desk_queue(desk, "", false, &rows, &counts);
    assert_int_equal(counts.hidden[ALERT_DEPENDENCY], 0);
    assert_int_equal(desk->told[NOTICE_RESOLVE], 1);
    link_all(night, "A", LINK_UP);
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "condition:active", true, &rows, NULL), 0);
}

/* Two of three are needed: the second loss is the group's end. */
static void test_need(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    struct wire_alert row;
    use(desk, "kind:gateway", 2);
    link_all(night, "A", LINK_DOWN);
    assert_int_equal(alert_life(desk_only(desk, "rule:gateway-offline"))->severity, SEVERITY_MINOR);
    link_all(night, "B", LINK_DOWN);
    alerts_wire(desk->alerts, desk_only(desk, "source:redundancy"), NULL, &row);
    assert_string_equal(row.summary, "1 of 3 left, 2 needed: GW-A GW-B GW-C");
    assert_health(night->world, "T-B0", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_health(night->world, "T-C0", HEALTH_OK, REASON_FRESH); /* its own gateway stands */
    link_all(night, "C", LINK_DOWN);
    alerts_wire(desk->alerts, desk_only(desk, "source:redundancy"), NULL, &row);
    assert_string_equal(row.summary, "0 of 3 left, 2 needed: GW-A GW-B GW-C");
    assert_health(night->world, "T-C0", HEALTH_UNREACHABLE, REASON_PARENT);
}

/* The server above both is down: it is the cause, not the group. */
static void test_parent_is_the_cause(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    world_link(night->world, &night->world->probe, "SRV", LINK_DOWN);
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "source:redundancy", true, &rows, NULL), 0);
    assert_int_equal(desk_queue(desk, "", false, &rows, NULL), 1);
    assert_int_equal(alert_symptoms(desk->alerts, rows[0], NULL, 0), 3 + 3 * CHILDREN);
    link_all(night, "AB", LINK_DOWN); /* and both are found down when it returns */
    world_link(night->world, &night->world->probe, "SRV", LINK_UP);
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "source:redundancy state:unacknowledged", false, &rows, NULL), 1);
    assert_int_equal(desk_queue(desk, "rule:gateway-offline state:unacknowledged", false, &rows, NULL), 0);
}

/* The same picture after a restart; then the configuration drops the group. */
static void test_restart_and_removal(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    struct wire_alert row;
    link_all(night, "AB", LINK_DOWN);
    desk_settle(desk);
    alerts_health_free(&desk->health);
    desk_close(desk);
    desk_open(desk, night->world, NULL);
    use(desk, "id:GW-A,GW-B", 1);
    desk->health = alerts_health_new(desk->alerts, night->world->fleet);
    desk_pass(desk, SPAN_SECOND);
    alerts_wire(desk->alerts, desk_only(desk, "source:redundancy"), NULL, &row);
    assert_int_equal(row.symptoms, 2 + 2 * CHILDREN);
    assert_int_equal(desk->told[NOTICE_RAISE], 0);
    alerts_groups_use(desk->alerts, NULL, 0);
    desk_pass(desk, SPAN_SECOND);
    assert_int_equal(desk_queue(desk, "source:redundancy condition:active", true, &rows, NULL), 0);
    assert_int_equal(desk_queue(desk, "rule:gateway-offline state:unacknowledged", false, &rows, NULL), 2);
    alerts_wire(desk->alerts, rows[0], NULL, &row);
    assert_int_equal(row.symptoms, CHILDREN); /* each has its own again */
}

/* A member out of service does not stand in. */
static void test_member_out_of_service(void **state)
{
    struct night *night = *state;
    struct desk *desk = &night->desk;
    const struct alert *const *rows;
    world_ledger(night->world, "id,name,kind,class,parent,building,period,status\nGW-B,网关B,gateway,gateway,SRV,泵房,1m,maintenance\n");
    fleet_notice_flush(night->world->fleet);
    assert_int_equal(group(night).alive, 1);
    link_all(night, "A", LINK_DOWN);
    assert_int_equal(desk_queue(desk, "source:redundancy", false, &rows, NULL), 1);
    assert_health(night->world, "T-A0", HEALTH_UNREACHABLE, REASON_PARENT);
    assert_health(night->world, "T-B0", HEALTH_OK, REASON_FRESH);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_lost, begin, night_end),
        cmocka_unit_test_setup_teardown(test_all_lost, begin, night_end),
        cmocka_unit_test_setup_teardown(test_need, begin, night_end),
        cmocka_unit_test_setup_teardown(test_parent_is_the_cause, begin, night_end),
        cmocka_unit_test_setup_teardown(test_restart_and_removal, begin, night_end),
        cmocka_unit_test_setup_teardown(test_member_out_of_service, begin, night_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

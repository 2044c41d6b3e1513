/* What comes in: values, duplicates, impossible times, unknown devices, last messages, listeners. R010, R011, R039. */
#include "unit/engine/fixture.h"

#include <math.h>

static const char pair[] = "id,name,kind,parent,period\nGW-1,网关,gateway,,60s\nT-1,温度,terminal,GW-1,36m\n";

static void deliver(struct world *world, const char *id, msec time, const char *metric, double value, const char *raw)
{
    struct sink_value values[1] = {{.metric = world->sink.ops->metric(world->sink.owner, metric, strlen(metric)), .value = value}};
    world->sink.ops->message(world->sink.owner, &world->broker, world_asset(world, id), SINK_NONE, time, values, 1, raw, strlen(raw));
}

static void test_values(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct fleet_value values[4];
    world_ledger(world, pair);
    uint32_t asset = fleet_find(world->fleet, "T-1");
    msec now = clock_wall();
    deliver(world, "T-1", now - 5000, "temperature", 21.5, "{}");
    deliver(world, "T-1", now - 4000, "humidity", 40, "{}");
    deliver(world, "T-1", now - 9000, "temperature", 20.5, "{}"); /* came late: stored, but not the last value */
    assert_int_equal(fleet_values(world->fleet, asset, values, 4), 2);
    assert_string_equal(values[0].metric, "temperature");
    assert_true(values[0].value == 21.5);
    assert_true(values[0].time == now - 5000);
    assert_true(values[0].received == now);
    assert_string_equal(values[1].metric, "humidity");
    assert_int_equal(world->fleet->readings, 3);
    for (int i = 0; i < 300; i++) { /* more metrics than an asset may have are counted, not kept */
        char metric[32];
        sprintf(metric, "m%d", i);
        deliver(world, "T-1", now, metric, i, "{}");
    }
    assert_int_equal(fleet_values(world->fleet, asset, values, 4), VALUES_LIMIT);
    assert_int_equal(world->fleet->dropped, 300 + 2 - VALUES_LIMIT);
    assert_true(values[1].value == 40);
    world_free(world);
}

static void test_duplicates(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, pair);
    msec now = clock_wall();
    deliver(world, "T-1", now, "temperature", 21.5, "{}");
    deliver(world, "T-1", now, "temperature", 21.5, "{}"); /* same point, time and value: dropped (Q05) */
    assert_int_equal(world->fleet->duplicates, 1);
    assert_int_equal(world->broker.duplicates, 1);
    deliver(world, "T-1", now, "temperature", 22.5, "{}"); /* same time, another value: both are kept */
    deliver(world, "T-1", CLOCK_NEVER, "temperature", 22.5, "{}");
    assert_int_equal(world->fleet->duplicates, 1);
    assert_int_equal(world->fleet->readings, 3);
    world_free(world);
}

static void test_impossible_times(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, pair);
    deliver(world, "T-1", 0, "temperature", 21.5, "{\"ts\":0}");                                  /* 1970 */
    deliver(world, "T-1", (msec)4070908800000, "temperature", 21.5, "{\"ts\":4070908800000}");     /* 2099 */
    deliver(world, "T-1", clock_wall() + 5 * SPAN_MINUTE + 1, "temperature", 21.5, "{}");
    assert_int_equal(world->fleet->out_of_range_times, 3);
    assert_int_equal(world->broker.bad, 3);
    assert_string_equal(world->broker.examples[0].reason, "sample time lies in the future");
    assert_string_equal(world->broker.examples[2].reason, "sample time is too old");
    assert_int_equal(world->fleet->readings, 0);
    struct fleet_value value;
    assert_int_equal(fleet_values(world->fleet, fleet_find(world->fleet, "T-1"), &value, 1), 0);
    assert_health(world, "T-1", HEALTH_OK, REASON_FRESH); /* but it spoke */
    deliver(world, "T-1", clock_wall() + 4 * SPAN_MINUTE, "temperature", 21.5, "{}");
    assert_int_equal(world->fleet->readings, 1);
    world_free(world);
}

static void test_not_a_number_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, pair);
    deliver(world, "T-1", CLOCK_NEVER, "temperature", NAN, "{}");
    deliver(world, "T-1", CLOCK_NEVER, "temperature", INFINITY, "{}");
    assert_int_equal(world->fleet->dropped, 2);
    assert_int_equal(world->broker.bad, 2);
    world_free(world);
}

static void test_unknown_devices_are_discovered(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_ledger(world, pair);
    world_say(world, "X-1", "GW-X", "temperature", 1);
    struct fleet_view view = world_view(world, "X-1");
    assert_true(view.row.discovered);
    assert_string_equal(view.row.field[ASSET_parent], "GW-X");
    assert_string_equal(view.row.field[ASSET_kind], "terminal");
    assert_string_equal(world_view(world, "GW-X").row.field[ASSET_kind], "gateway"); /* it carries others */
    assert_int_equal(world_view(world, "GW-X").children, 1);
    assert_int_equal(world_asset(world, "with blank"), SINK_NONE);
    assert_int_equal(world_asset(world, ""), SINK_NONE);
    assert_int_equal(world->broker.bad, 2);
    for (int i = 0; i < 20; i++) {
        char id[32];
        sprintf(id, "N-%d", i);
        world_asset(world, id);
    }
    assert_int_equal(world->fleet->discovered, 10); /* the fixture's limit */
    assert_int_equal(world_asset(world, "N-19"), SINK_NONE);
    for (int i = 0; i < 40; i++) { /* the batch is written 50 ms later */
        uv_run(&world->loop, UV_RUN_NOWAIT);
        uv_sleep(2);
    }
    world_flush(world);
    fleet_free(&world->fleet);
    world_fleet(world);
    assert_true(fleet_load(world->fleet, NULL));
    assert_int_equal(world->fleet->discovered, 10);
    assert_int_equal(world->fleet->living, 12);
    assert_string_equal(world_view(world, "X-1").row.field[ASSET_parent], "GW-X");
    assert_int_equal(world_view(world, "GW-X").children, 1);
    world_free(world);
}

static void adopted(void *owner, const struct error *error)
{
    *(enum error_code *)owner = error ? error->code : ERROR_NONE;
}

static void test_adoption(void **state)
{
    (void)state;
    struct world *world = world_new();
    enum error_code code = ERROR_INTERNAL;
    world_ledger(world, pair);
    world_say(world, "X-1", NULL, "temperature", 1);
    fleet_adopt(world->fleet, "X-1", "{\"name\":\"新表\",\"parent\":\"GW-1\",\"period\":\"20s\"}", -1, "user:wang", adopted, &code);
    world_settle(world);
    assert_int_equal(code, ERROR_NONE);
    struct fleet_view view = world_view(world, "X-1");
    assert_false(view.row.discovered);
    assert_string_equal(view.row.field[ASSET_name], "新表");
    assert_int_equal(view.period, 20000);
    assert_int_equal(view.parent, fleet_find(world->fleet, "GW-1"));
    assert_int_equal(world->fleet->discovered, 0);
    fleet_adopt(world->fleet, "X-1", "{}", -1, "user:wang", adopted, &code);
    assert_int_equal(code, ERROR_CONFLICT);
    fleet_adopt(world->fleet, "nobody", "{}", -1, "user:wang", adopted, &code);
    assert_int_equal(code, ERROR_NOT_FOUND);
    world_say(world, "X-2", NULL, "temperature", 1);
    fleet_adopt(world->fleet, "X-2", "{}", 99, "user:wang", adopted, &code);
    assert_int_equal(code, ERROR_CONFLICT);
    fleet_adopt(world->fleet, "X-2", "{\"period\":\"soon\"}", -1, "user:wang", adopted, &code);
    assert_int_equal(code, ERROR_INVALID);
    fleet_adopt(world->fleet, "X-2", "{\"parent\":\"nowhere\"}", -1, "user:wang", adopted, &code);
    assert_int_equal(code, ERROR_INVALID);
    fleet_adopt(world->fleet, "X-2", "[1", -1, "user:wang", adopted, &code);
    assert_int_equal(code, ERROR_INVALID);
    world_free(world);
}

static void test_last_messages(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct fleet_message messages[8];
    world_ledger(world, pair);
    uint32_t terminal = fleet_find(world->fleet, "T-1"), gateway = fleet_find(world->fleet, "GW-1");
    deliver(world, "T-1", CLOCK_NEVER, "m", 1, "first");
    deliver(world, "T-1", CLOCK_NEVER, "m", 2, "sec\x1b[31mond\xff");
    assert_int_equal(fleet_messages(world->fleet, terminal, messages, 8), 1);
    assert_null(strchr(messages[0].text, '\x1b'));
    assert_non_null(strstr(messages[0].text, "sec"));
    assert_string_equal(messages[0].source, "campus");
    for (int i = 0; i < 9; i++) {
        char raw[32];
        sprintf(raw, "status %d", i);
        deliver(world, "GW-1", CLOCK_NEVER, "m", i, raw);
    }
    assert_int_equal(fleet_messages(world->fleet, gateway, messages, 8), RAW_FAMILY); /* parents keep a few */
    assert_string_equal(messages[0].text, "status 8");
    assert_string_equal(messages[4].text, "status 4");
    char *large = memory_new(1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    deliver(world, "T-1", CLOCK_NEVER, "m", 3, large);
    free(large);
    assert_int_equal(fleet_messages(world->fleet, terminal, messages, 8), 1);
    assert_int_equal(strlen(messages[0].text), RAW_LIMIT);
    world_free(world);
}

struct heard {
    unsigned calls;
    uint32_t total, most;
    uint64_t revision;
};

static void changed(void *owner, uint64_t revision, const uint32_t *assets, uint32_t count, uint32_t total)
{
    struct heard *heard = owner;
    (void)assets;
    heard->calls++;
    heard->total += total;
    heard->most = count > heard->most ? count : heard->most;
    heard->revision = revision;
}

static void test_listeners_are_told_ten_times_a_second(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct heard heard = {0};
    world_ledger(world, pair);
    fleet_listen(world->fleet, &(struct fleet_listener){.owner = &heard, .changed = changed});
    fleet_notice_flush(world->fleet);
    heard = (struct heard){0};
    clock_real();
    msec started = clock_steady(), span = 0;
    for (int i = 0; span < 30 * SPAN_SECOND && (span < 450 || heard.calls < 2 || heard.most < CHANGED_MAX); i++) {
        world_link(world, &world->probe, "GW-1", i % 2 ? LINK_DOWN : LINK_UP);
        uv_run(&world->loop, UV_RUN_NOWAIT);
        uv_sleep(1);
        span = clock_steady() - started;
    }
    assert_in_range(heard.calls, 2, span / 100 + 2);
    assert_true(heard.total > heard.most);
    assert_int_equal(heard.most, CHANGED_MAX);
    world_free(world);
}

static void test_everything_lost_at_once(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct buffer csv = BUFFER_INIT;
    buffer_append_text(&csv, "id,kind,parent,period\n");
    for (int g = 0; g < 100; g++)
        buffer_printf(&csv, "G%d,gateway,,10s\n", g);
    for (int t = 0; t < 4400; t++)
        buffer_printf(&csv, "T%d,terminal,G%d,10s\n", t, t / 44);
    world_ledger(world, buffer_text(&csv));
    buffer_release(&csv);
    for (int t = 0; t < 4400; t++) {
        char id[32], via[32];
        sprintf(id, "T%d", t);
        sprintf(via, "G%d", t / 44);
        world_say(world, id, via, "m", t);
    }
    assert_int_equal(world->fleet->by_health[HEALTH_OK], 4500);
    world_clock(world, world->steady + 31000); /* nobody speaks any more, and the loop slept */
    unsigned turns = 1;
    while (fleet_turn(world->fleet))
        turns++;
    assert_in_range(turns, 1, 4);
    assert_int_equal(world->fleet->by_health[HEALTH_OFFLINE] + world->fleet->by_health[HEALTH_UNREACHABLE], 4500);
    assert_int_equal(world->fleet->by_health[HEALTH_OFFLINE], 100); /* one cause a gateway */
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_impossible_times),
        cmocka_unit_test(test_not_a_number_is_refused),
        cmocka_unit_test(test_unknown_devices_are_discovered),
        cmocka_unit_test(test_adoption),
        cmocka_unit_test(test_last_messages),
        cmocka_unit_test(test_listeners_are_told_ten_times_a_second),
        cmocka_unit_test(test_everything_lost_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Faults: named, covered, seen in the messages, and taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "campus/fault.h"
#include "campus/garbage.h"
#include "campus/message.h"
#include "campus/metric.h"

#define NOON 1795233600000LL
#define MINUTE 60000LL

struct world {
    struct fleet fleet;
    struct faults faults;
    struct messages messages;
    struct message message;
    struct text answer;
};

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    fleet_init(&world->fleet, 1, (struct fleet_size){.gateways = 300, .terminals = 6000, .zones = 1});
    faults_init(&world->faults, &world->fleet);
    world->messages = (struct messages){&world->fleet, &world->faults, FORMAT_JSON};
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    faults_release(&world->faults);
    fleet_release(&world->fleet);
    text_release(&world->message.payload);
    text_release(&world->answer);
    free(world);
    return 0;
}

static bool fault_at(struct world *world, const char *line, int64_t now)
{
    char copy[200], *words[8], *rest = NULL;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word && count < 8; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    text_clear(&world->answer);
    return faults_add(&world->faults, words, count, now, &world->answer);
}

static bool fault(struct world *world, const char *line)
{
    return fault_at(world, line, NOON);
}

static bool recover(struct world *world, const char *target)
{
    text_clear(&world->answer);
    return faults_recover(&world->faults, target, &world->answer);
}

static size_t asset(struct world *world, const char *id)
{
    size_t found = 0;
    assert_true(fleet_find(&world->fleet, id, &found));
    return found;
}

static size_t silent_count(struct world *world, int64_t now)
{
    size_t count = 0;
    for (size_t a = 0; a < fleet_asset_count(&world->fleet); a++)
        count += faults_silent(&world->faults, a, now);
    return count;
}

/* A value of the terminal's message at a moment; NAN-free by construction. */
static double said(struct world *world, size_t terminal, const char *metric, int64_t now, int64_t *stamp)
{
    message_terminal(&world->messages, terminal, now, 0, &world->message);
    struct json_object *root = json_tokener_parse(world->message.payload.bytes), *values, *value;
    assert_non_null(root);
    assert_true(json_object_object_get_ex(root, "ts", &value));
    if (stamp)
        *stamp = json_object_get_int64(value);
    assert_true(json_object_object_get_ex(root, "values", &values));
    assert_true(json_object_object_get_ex(values, metric, &value));
    double number = json_object_get_double(value);
    json_object_put(root);
    return number;
}

/* Topic and payload of every class as promised. */
static void test_shape(void **state)
{
    struct world *world = *state;
    for (size_t t = 0; t < world->fleet.terminal_count; t++) {
        char topic[96], id[FLEET_ID], gateway[FLEET_ID];
        int64_t stamp;
        const struct terminal_class *class = fleet_class_of(&world->fleet, t);
        for (int m = 0; m < metric_count(class); m++) {
            double shown = said(world, t, class->metrics[m].name, NOON, &stamp);
            double exact = metric_value(&world->fleet, t, m, NOON);
            assert_true(shown - exact < 0.51 && exact - shown < 0.51);
            assert_int_equal(stamp, NOON);
        }
        fleet_id(&world->fleet, t, id);
        fleet_id(&world->fleet, fleet_gateway_asset(&world->fleet, world->fleet.terminals[t].gateway), gateway);
        snprintf(topic, sizeof topic, "campus/%s/%s/telemetry", gateway, id);
        assert_string_equal(world->message.topic, topic);
    }
}

static void test_thingsboard(void **state)
{
    struct world *world = *state;
    world->messages.format = FORMAT_THINGSBOARD;
    message_terminal(&world->messages, asset(world, "EM-A-00001"), NOON, 0, &world->message);
    assert_string_equal(world->message.topic, "v1/gateway/telemetry");
    struct json_object *root = json_tokener_parse(world->message.payload.bytes), *list, *value;
    assert_non_null(root);
    assert_true(json_object_object_get_ex(root, "EM-A-00001", &list));
    assert_int_equal(json_object_array_length(list), 1);
    assert_true(json_object_object_get_ex(json_object_array_get_idx(list, 0), "ts", &value));
    assert_int_equal(json_object_get_int64(value), NOON);
    json_object_put(root);
    message_presence(&world->messages, 0, false, &world->message);
    assert_string_equal(world->message.topic, "v1/gateway/disconnect");
    assert_string_equal(world->message.payload.bytes, "{\"device\":\"GW-A-0001\"}");
}

static void test_gateway_dies(void **state)
{
    struct world *world = *state;
    size_t below = world->fleet.gateways[4].count;
    assert_true(fault(world, "gateway-dies GW-A-0005"));
    assert_true(faults_offline(&world->faults, 4, NOON));
    assert_false(faults_offline(&world->faults, 5, NOON));
    assert_int_equal(silent_count(world, NOON), below + 1);
    assert_true(recover(world, "GW-A-0005"));
    assert_int_equal(silent_count(world, NOON), 0);
    assert_false(fault(world, "gateway-dies EM-A-00001"));
    assert_false(fault(world, "gateway-dies 涵英楼"));
    assert_false(fault(world, "gateway-dies"));
    assert_false(fault(world, "gateway-dies GW-A-9999"));
    assert_int_equal(world->faults.count, 0);
}

static void test_half_open(void **state)
{
    struct world *world = *state;
    assert_true(fault(world, "half-open GW-A-0005"));
    assert_false(faults_offline(&world->faults, 4, NOON));
    assert_int_equal(silent_count(world, NOON), world->fleet.gateways[4].count + 1);
}

static void test_power_loss(void **state)
{
    struct world *world = *state;
    size_t building, inside = 0;
    assert_true(fleet_find_building(&world->fleet, "能源中心", &building));
    for (size_t a = 0; a < fleet_asset_count(&world->fleet); a++)
        inside += fleet_building_of(&world->fleet, a) == building;
    assert_true(fault(world, "building-power-loss 能源中心"));
    assert_int_equal(silent_count(world, NOON), inside);
    assert_true(fault(world, "half-open GW-A-0001")); /* elsewhere */
    assert_true(recover(world, "能源中心"));
    assert_int_equal(world->faults.count, 1);
    assert_true(recover(world, "half-open"));
    assert_int_equal(world->faults.count, 0);
    assert_false(fault(world, "building-power-loss GW-A-0001"));
}

static void test_storm(void **state)
{
    struct world *world = *state;
    assert_true(fault(world, "storm all"));
    assert_int_equal(silent_count(world, NOON), world->fleet.terminal_count);
    assert_true(recover(world, "all"));
    assert_true(fault(world, "storm 1234"));
    assert_int_equal(silent_count(world, NOON), 1234);
    assert_true(recover(world, "#2"));
    assert_true(fault(world, "storm 30 gateways"));
    size_t offline = 0;
    for (size_t g = 0; g < world->fleet.gateway_count; g++)
        offline += faults_offline(&world->faults, g, NOON);
    assert_int_equal(offline, 30);
    assert_true(silent_count(world, NOON) > 30);
    assert_false(fault(world, "storm"));
    assert_false(fault(world, "storm 0"));
    assert_false(fault(world, "storm 5 cats"));
}

/* It comes back bit by bit, gateways before what hangs below them, and is over after the span. */
static void test_slow_recovery(void **state)
{
    struct world *world = *state;
    assert_true(fault(world, "building-power-loss 能源中心"));
    size_t down = silent_count(world, NOON), before = down;
    assert_true(fault_at(world, "slow-recovery 能源中心 10m", NOON));
    assert_int_equal(world->faults.count, 1);
    assert_int_equal(silent_count(world, NOON), down);
    for (int minute = 2; minute <= 8; minute += 2) {
        size_t now = silent_count(world, NOON + minute * MINUTE);
        assert_true(now < before);
        before = now;
    }
    for (size_t a = 0; a < world->fleet.terminal_count; a++)
        if (world->faults.bits[a] & ASSET_RECOVERING) {
            size_t above = fleet_gateway_asset(&world->fleet, world->fleet.terminals[a].gateway);
            assert_true(faults_recovery_time(&world->faults, a) >= faults_recovery_time(&world->faults, above));
        }
    assert_int_equal(silent_count(world, NOON + 10 * MINUTE), 0);
    assert_false(faults_expire(&world->faults, NOON + 9 * MINUTE));
    assert_true(faults_expire(&world->faults, NOON + 10 * MINUTE));
    assert_int_equal(world->faults.count, 0);
    /* where nothing was silent, it first goes down */
    assert_true(fault(world, "slow-recovery GW-A-0001 1m"));
    assert_true(silent_count(world, NOON) > 1);
    assert_false(fault(world, "slow-recovery GW-A-0001"));
    assert_false(fault(world, "slow-recovery GW-A-0001 soon"));
}

/* Q09, Q11, Q12 of the data-quality rules have something to find. */
static void test_distorted_values(void **state)
{
    struct world *world = *state;
    size_t meter = asset(world, "EM-A-00001");
    assert_true(fault(world, "terminal-stuck EM-A-00001"));
    assert_true(said(world, meter, "power", NOON, NULL) == said(world, meter, "power", NOON + 50 * MINUTE, NULL));
    assert_true(recover(world, "EM-A-00001"));
    assert_true(said(world, meter, "power", NOON, NULL) != said(world, meter, "power", NOON + 50 * MINUTE, NULL));

    assert_true(fault(world, "negative-energy EM-A-00001"));
    double first = said(world, meter, "energy", NOON, NULL), second = said(world, meter, "energy", NOON + MINUTE, NULL);
    assert_true(first < metric_value(&world->fleet, meter, 3, NOON) && second < first);
    assert_true(said(world, meter, "power", NOON, NULL) > 0);
    assert_true(recover(world, "all"));
    assert_true(fault(world, "negative-energy EM-A-00001 power"));
    assert_true(said(world, meter, "power", NOON, NULL) < 0);
    assert_true(recover(world, "all"));

    assert_true(fault(world, "value EM-A-00001 voltage 0.5"));
    assert_true(said(world, meter, "voltage", NOON, NULL) == 0.5);
    assert_false(fault(world, "value EM-A-00001 colour 3"));
    assert_false(fault(world, "value EM-A-00001 voltage high"));
}

/* Q04. */
static void test_clock(void **state)
{
    static const struct {
        const char *line;
        int64_t low, high;
    } cases[] = {
        {"clock-wrong EM-A-00001 1970", 0, 86400000LL},
        {"clock-wrong EM-A-00001 zero", 0, 0},
        {"clock-wrong EM-A-00001 2099", 4070908800000LL, 4102444800000LL},
        {"clock-wrong EM-A-00001 seconds", NOON / 1000, NOON / 1000 + 3600},
        {"clock-wrong EM-A-00001 -2h", NOON - 121 * MINUTE, NOON - 119 * MINUTE},
        {"clock-wrong EM-A-00001 +90s", NOON + MINUTE, NOON + 3 * MINUTE},
    };
    struct world *world = *state;
    size_t meter = asset(world, "EM-A-00001");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t stamp;
        assert_true(fault(world, cases[i].line));
        said(world, meter, "power", NOON + 1000, &stamp);
        assert_true(stamp >= cases[i].low && stamp <= cases[i].high);
        assert_true(recover(world, "EM-A-00001"));
    }
    assert_false(fault(world, "clock-wrong EM-A-00001"));
    assert_false(fault(world, "clock-wrong EM-A-00001 tomorrow"));
}

/* Each variant differs from a good payload; which of them is not JSON at all is known. */
static void test_garbage(void **state)
{
    struct world *world = *state;
    size_t meter = asset(world, "EM-A-00001");
    message_terminal(&world->messages, meter, NOON, 0, &world->message);
    char *good = strdup(world->message.payload.bytes);
    for (int i = 0; i < garbage_count; i++) {
        char line[80];
        snprintf(line, sizeof line, "garbage EM-A-00001 %s", garbage_names[i]);
        assert_true(fault(world, line));
        message_terminal(&world->messages, meter, NOON, 0, &world->message);
        const struct text *payload = &world->message.payload;
        assert_true(payload->length != strlen(good) || memcmp(payload->bytes, good, payload->length) != 0);
        if (strcmp(garbage_names[i], "big") == 0)
            assert_int_equal(payload->length, 1024 * 1024);
        assert_true(recover(world, "EM-A-00001"));
    }
    assert_true(fault(world, "garbage EM-A-00001"));
    for (uint64_t turn = 0; turn < 40; turn++)
        message_terminal(&world->messages, meter, NOON, turn, &world->message);
    assert_false(fault(world, "garbage EM-A-00001 roses"));
    free(good);
}

/* A gateway's status counts whom it can hear, and carries its own faults. */
static void test_gateway_status(void **state)
{
    struct world *world = *state;
    const struct gateway *gateway = &world->fleet.gateways[4];
    char line[80], id[FLEET_ID], wanted[64];
    fleet_id(&world->fleet, gateway->first, id);
    snprintf(line, sizeof line, "half-open %s", id);
    assert_true(fault(world, line));
    message_gateway(&world->messages, 4, NOON, NOON - 5000, 0, &world->message);
    assert_string_equal(world->message.topic, "campus/GW-A-0005/GW-A-0005/telemetry");
    snprintf(wanted, sizeof wanted, "\"online_terminals\":%u,\"uptime\":5}}", gateway->count - 1);
    assert_non_null(strstr(world->message.payload.bytes, wanted));
    message_stranger(&world->messages, 4, 0, NOON, &world->message);
    assert_string_equal(world->message.topic, "campus/GW-A-0005/XX-A-0005-001/telemetry");
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_shape),         IN_WORLD(test_thingsboard), IN_WORLD(test_gateway_dies),
        IN_WORLD(test_half_open),     IN_WORLD(test_power_loss),  IN_WORLD(test_storm),
        IN_WORLD(test_slow_recovery), IN_WORLD(test_clock),       IN_WORLD(test_distorted_values),
        IN_WORLD(test_garbage),       IN_WORLD(test_gateway_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

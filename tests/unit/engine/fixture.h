/* A fleet on a memory store with clocks that stand still until a test moves them. */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/fleet_private.h"
#include "engine/ledger.h"

#define NOON ((msec)20778 * SPAN_DAY + 12 * SPAN_HOUR) /* 2026-11-21 12:00 UTC */
#define LENGTH_OF(array) (sizeof(array) / sizeof *(array))

struct world {
    uv_loop_t loop;
    struct store *store;
    struct fleet *fleet;
    struct sink sink;
    msec steady;
    msec set;      /* by how much the wall clock was set */
    struct collector_ops probe_ops, broker_ops;
    struct source probe, probe2, broker;
};

static inline void world_clock(struct world *world, msec steady)
{
    world->steady = steady;
    clock_fake(NOON + world->set + steady, steady);
}

static inline void world_turns(struct world *world)
{
    while (fleet_turn(world->fleet))
        ;
}

/* Time passes, tick by tick, with every timer run when it is due. */
static inline void world_pass(struct world *world, msec span)
{
    for (msec end = world->steady + span; world->steady < end;) {
        world_clock(world, world->steady + 100);
        world_turns(world);
    }
}

static inline void world_fleet(struct world *world)
{
    static const struct fleet_options options = {
        .stale_periods = 1.5, .timeout_periods = 3, .default_period = 15 * SPAN_MINUTE, .discovered_limit = 10,
        .future_limit = 5 * SPAN_MINUTE, .past_limit = 30 * SPAN_DAY};
    world->fleet = fleet_new(&world->loop, world->store, &options);
    world->sink = fleet_sink(world->fleet);
}

static inline struct world *world_new(void)
{
    struct error error = {0};
    struct world *world = memory_new(sizeof *world);
    uv_loop_init(&world->loop);
    world_clock(world, 1000000);
    world->store = store_open(&world->loop, &(struct store_options){.url = "memory", .state_dir = ""}, &error);
    if (!world->store)
        fail_msg("%s", error.text);
    world->probe_ops.type = "icmp";
    world->broker_ops.type = "mqtt";
    world->probe.name = (char *)(uintptr_t)"gateways";
    world->probe2.name = (char *)(uintptr_t)"ports";
    world->broker.name = (char *)(uintptr_t)"campus";
    world->probe.ops = world->probe2.ops = &world->probe_ops;
    world->broker.ops = &world->broker_ops;
    world_fleet(world);
    return world;
}

/* Let the store answer. */
static inline void world_settle(struct world *world)
{
    for (int i = 0; i < 200 && (world->fleet->actions_open || i < 3); i++) {
        uv_run(&world->loop, UV_RUN_NOWAIT);
        if (world->fleet->actions_open)
            uv_sleep(1);
    }
}

/* Until all telemetry is committed. */
static inline void world_flush(struct world *world)
{
    struct store_status status;
    for (int i = 0; i < 5000; i++) {
        uv_run(&world->loop, UV_RUN_NOWAIT);
        store_status(world->store, &status);
        if (!status.queued && !world->fleet->actions_open)
            return;
        uv_sleep(1);
    }
    fail_msg("the store did not commit");
}

static inline void world_free(struct world *world)
{
    struct store *store = world->store;
    store_close(&store);
    fleet_free(&world->fleet);
    while (uv_run(&world->loop, UV_RUN_DEFAULT))
        ;
    uv_loop_close(&world->loop);
    clock_real();
    free(world);
}

static inline void world_applied(void *owner, const struct error *error)
{
    if (error)
        fail_msg("ledger: %s", error->text);
    *(bool *)owner = true;
}

static inline void world_ledger(struct world *world, const char *csv)
{
    struct ledger_change *change;
    struct error error = {0};
    bool done = false;
    if (!ledger_read(world->fleet, "assets.csv", csv, strlen(csv), false, &change, &error))
        fail_msg("%s", error.text);
    fleet_apply_ledger(world->fleet, change, "user:test", world_applied, &done);
    world_settle(world);
    assert_true(done);
}

static inline uint32_t world_asset(struct world *world, const char *id)
{
    return world->sink.ops->asset(world->sink.owner, &world->broker, id, strlen(id));
}

static inline void world_say(struct world *world, const char *id, const char *via, const char *metric, double value)
{
    struct sink_value values[1] = {{.value = value}};
    if (metric)
        values[0].metric = world->sink.ops->metric(world->sink.owner, metric, strlen(metric));
    world->sink.ops->message(world->sink.owner, &world->broker, world_asset(world, id), via ? world_asset(world, via) : SINK_NONE,
                             CLOCK_NEVER, values, metric ? 1 : 0, "{}", 2);
}

static inline void world_link(struct world *world, struct source *source, const char *id, enum link_state state)
{
    world->sink.ops->link(world->sink.owner, source, world_asset(world, id), state, state == LINK_DOWN ? "no echo" : "echo");
}

static inline struct fleet_view world_view(struct world *world, const char *id)
{
    struct fleet_view view;
    uint32_t asset = fleet_find(world->fleet, id);
    assert_int_not_equal(asset, FLEET_NONE);
    fleet_get(world->fleet, asset, &view);
    return view;
}

#define assert_health(world, id, expected_health, expected_reason)                                             \
    do {                                                                                                       \
        struct fleet_view view_ = world_view(world, id);                                                       \
        assert_string_equal(health_name(view_.health), health_name(expected_health));                          \
        assert_string_equal(health_reason_name(view_.reason), health_reason_name(expected_reason));            \
    } while (0)

#endif

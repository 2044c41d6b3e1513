/* A desk on the fleet of fixture.h, with an ear for notices. */
#ifndef TESTS_ENGINE_DESK_H
#define TESTS_ENGINE_DESK_H

#include "engine/alerts_private.h"
#include "fixture.h"
#include "wire/alerts.h"

struct desk {
    struct world *world;
    struct alerts *alerts;
    struct alerts_health *health;
    unsigned told[4];             /* by notice */
    char last[ALERT_ID];
    struct alert_outcome outcomes[8];
    char details[8][400];
    unsigned outcome_count, answers;
    enum error_code error;
};

static inline void desk_notice(void *owner, const struct alert *alert, enum alert_notice notice)
{
    struct desk *desk = owner;
    desk->told[notice]++;
    snprintf(desk->last, sizeof desk->last, "%s", alert_id(alert));
}

static inline void desk_open(struct desk *desk, struct world *world, const struct alerts_options *options)
{
    struct error error = {0};
    memset(desk, 0, sizeof *desk);
    desk->world = world;
    desk->alerts = alerts_new(&world->loop, world->fleet, world->store, options);
    if (!alerts_load(desk->alerts, &error))
        fail_msg("%s", error.text);
    alerts_listen(desk->alerts, &(struct alerts_listener){.owner = desk, .notice = desk_notice});
}

/* Everything on its way is in the store. */
static inline void desk_settle(struct desk *desk)
{
    for (int i = 0; i < 5000; i++) {
        struct alerts_status status;
        alerts_flush(desk->alerts);
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
        alerts_status(desk->alerts, &status);
        if (!status.unwritten && !desk->alerts->flushing)
            return;
        uv_sleep(1);
    }
    fail_msg("the desk did not write");
}

static inline void desk_close(struct desk *desk)
{
    alerts_health_free(&desk->health);
    alerts_free(&desk->alerts);
}

/* A fleet of its own with a desk upon it, as the state of a test. */
struct night { struct desk desk; struct world *world; };

static inline struct night *night_new(const char *ledger, const struct alerts_options *options)
{
    struct night *night = memory_new(sizeof *night);
    night->world = world_new();
    world_ledger(night->world, ledger);
    desk_open(&night->desk, night->world, options);
    return night;
}

/* The fleet's verdicts become alerts, too. */
static inline void night_judges(struct night *night)
{
    night->desk.health = alerts_health_new(night->desk.alerts, night->world->fleet);
}

static inline int night_end(void **state)
{
    struct night *night = *state;
    desk_close(&night->desk);
    world_free(night->world);
    free(night);
    return 0;
}

/* Time passes for fleet and desk. */
static inline void desk_pass(struct desk *desk, msec span)
{
    struct world *world = desk->world;
    for (msec end = world->steady + span; world->steady < end;) {
        world_clock(world, world->steady + 100);
        world_turns(world);
        while (alerts_turn(desk->alerts))
            ;
    }
}

static inline void desk_answered(void *owner, const struct alert_outcome *outcomes, unsigned count, const struct error *error)
{
    struct desk *desk = owner;
    desk->answers++;
    desk->outcome_count = count;
    desk->error = error ? error->code : ERROR_NONE;
    for (unsigned i = 0; i < count && i < 8; i++) {
        desk->outcomes[i] = outcomes[i];
        snprintf(desk->details[i], sizeof desk->details[i], "%s", outcomes[i].detail);
    }
}

static inline void desk_wait(struct desk *desk, unsigned answers)
{
    for (int i = 0; i < 5000 && desk->answers < answers; i++) {
        uv_run(&desk->world->loop, UV_RUN_NOWAIT);
        if (desk->answers < answers)
            uv_sleep(1);
    }
    assert_int_equal(desk->answers, answers);
}

/* One verb on one alert; the status. */
static inline int desk_act(struct desk *desk, enum alert_verb verb, const char *actor, const char *id, int64_t revision,
                           const char *text, msec until)
{
    struct alert_request request = {.verb = verb, .actor = actor, .text = text, .until = until};
    unsigned before = desk->answers;
    alerts_act(desk->alerts, &request, &id, &revision, 1, desk_answered, desk);
    desk_wait(desk, before + 1);
    return desk->error ? -(int)desk->error : desk->outcomes[0].status;
}

static inline void desk_breach_policy(struct desk *desk, const char *rule, const char *asset, enum severity severity,
                                      const struct alert_policy *policy)
{
    alerts_breach(desk->alerts, &(struct alert_report){
        .source = "rule", .rule = rule, .asset = asset ? fleet_find(desk->world->fleet, asset) : FLEET_NONE, .point = "t",
        .name = rule, .type = "environmental", .severity = severity, .summary = "over", .policy = policy});
}

static inline void desk_breach(struct desk *desk, const char *rule, const char *asset, enum severity severity)
{
    desk_breach_policy(desk, rule, asset, severity, NULL);
}

static inline uint64_t desk_print(struct desk *desk, const char *rule, const char *asset)
{
    struct alert_report report = {.source = "rule", .rule = rule, .point = "t",
                                  .asset = asset ? fleet_find(desk->world->fleet, asset) : FLEET_NONE};
    return alert_fingerprint(desk->alerts, &report);
}

static inline void desk_normal(struct desk *desk, const char *rule, const char *asset)
{
    alerts_normal(desk->alerts, desk_print(desk, rule, asset));
}

/* The queue as ids; the number of rows. */
static inline uint32_t desk_queue(struct desk *desk, const char *filter, bool all, const struct alert *const **rows,
                                  struct alert_counts *counts)
{
    struct error error = {0};
    struct alert_select select = {.filter = filter, .all = all, .person = "user:wang"};
    uint32_t count;
    if (!alerts_select(desk->alerts, &select, rows, &count, counts, &error))
        fail_msg("%s", error.text);
    return count;
}

static inline const struct alert *desk_only(struct desk *desk, const char *filter)
{
    const struct alert *const *rows;
    assert_int_equal(desk_queue(desk, filter, true, &rows, NULL), 1);
    return rows[0];
}

#define assert_state(alert, expected) assert_string_equal(alert_state_name(alert_state_of(alert_life(alert))), alert_state_name(expected))

#endif

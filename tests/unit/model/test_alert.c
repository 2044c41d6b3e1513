/* The life of an alert, transition by transition (DOMAIN.md C1, R020). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/alert.h"

#define T0 ((msec)1000000000000)
#define MIN SPAN_MINUTE

static const struct alert_policy calm = {.reopen_window = 15 * MIN, .max_shelve = 8 * SPAN_HOUR};

static struct alert_life raised(const struct alert_policy *policy, enum severity severity)
{
    struct alert_life life;
    alert_life_init(&life);
    alert_breach(&life, policy, severity, T0);
    alert_tick(&life, policy, T0 + policy->hold);
    assert_int_equal(life.condition, CONDITION_ACTIVE);
    return life;
}

static void test_at_once(void **state)
{
    (void)state;
    struct alert_life life;
    alert_life_init(&life);
    assert_int_equal(alert_breach(&life, &calm, SEVERITY_MAJOR, T0), EFFECT_RAISED | EFFECT_NOTIFY_RAISE);
    assert_int_equal(alert_state_of(&life), ALERT_UNACKNOWLEDGED);
    assert_int_equal(alert_breach(&life, &calm, SEVERITY_MAJOR, T0 + 1), EFFECT_COUNTED);
    assert_int_equal(life.occurrences, 2);
    assert_int_equal(alert_normal(&life, &calm, T0 + 2), EFFECT_CLEARED | EFFECT_NOTIFY_RESOLVE);
    assert_int_equal(alert_state_of(&life), ALERT_CLEARED_UNACKNOWLEDGED);
    assert_true(alert_needs_hands(&life));
    assert_int_equal(alert_acknowledge(&life, &calm, CLOCK_NEVER, false, T0 + 3), EFFECT_ACKNOWLEDGED | EFFECT_CLOSED);
    assert_int_equal(alert_state_of(&life), ALERT_CLOSED);
}

static void test_hold_by_time(void **state)
{
    (void)state;
    struct alert_policy policy = calm;
    policy.hold = 2 * MIN;
    struct alert_life life;
    alert_life_init(&life);
    assert_int_equal(alert_breach(&life, &policy, SEVERITY_MINOR, T0), EFFECT_PENDING);
    assert_int_equal(alert_next(&life, &policy), T0 + 2 * MIN);
    assert_int_equal(alert_normal(&life, &policy, T0 + MIN), EFFECT_NORMAL); /* no alert is kept */
    assert_int_equal(alert_breach(&life, &policy, SEVERITY_MINOR, T0 + 2 * MIN), EFFECT_PENDING);
    assert_int_equal(alert_tick(&life, &policy, T0 + 4 * MIN - 1), 0);
    assert_int_equal(alert_tick(&life, &policy, T0 + 4 * MIN), EFFECT_RAISED | EFFECT_NOTIFY_RAISE);
}

static void test_hold_by_attempts(void **state)
{
    (void)state;
    struct alert_policy policy = calm;
    policy.attempts = 3;
    struct alert_life life;
    alert_life_init(&life);
    assert_int_equal(alert_breach(&life, &policy, SEVERITY_MINOR, T0), EFFECT_PENDING);
    assert_int_equal(alert_breach(&life, &policy, SEVERITY_MINOR, T0 + 1), 0);
    assert_int_equal(alert_breach(&life, &policy, SEVERITY_MINOR, T0 + 2), EFFECT_RAISED | EFFECT_NOTIFY_RAISE);
}

static void test_keep_firing(void **state)
{
    (void)state;
    struct alert_policy policy = calm;
    policy.clear_delay = 5 * MIN;
    struct alert_life life = raised(&policy, SEVERITY_MAJOR);
    assert_int_equal(alert_normal(&life, &policy, T0 + MIN), 0);
    assert_int_equal(alert_next(&life, &policy), T0 + 6 * MIN);
    alert_breach(&life, &policy, SEVERITY_MAJOR, T0 + 2 * MIN); /* it was not over */
    assert_int_equal(alert_next(&life, &policy), CLOCK_NEVER);
    alert_normal(&life, &policy, T0 + 3 * MIN);
    assert_int_equal(alert_tick(&life, &policy, T0 + 8 * MIN), EFFECT_CLEARED | EFFECT_NOTIFY_RESOLVE);
}

static void test_severity(void **state)
{
    (void)state;
    struct alert_life life = raised(&calm, SEVERITY_MINOR);
    alert_acknowledge(&life, &calm, CLOCK_NEVER, false, T0 + 1);
    /* Falling leaves the acknowledgement; rising back to what was acknowledged too; rising above it does not. */
    assert_int_equal(alert_breach(&life, &calm, SEVERITY_WARNING, T0 + 2), EFFECT_BETTER);
    assert_int_equal(alert_breach(&life, &calm, SEVERITY_MINOR, T0 + 3), EFFECT_WORSE);
    assert_int_equal(alert_state_of(&life), ALERT_ACKNOWLEDGED);
    assert_int_equal(alert_breach(&life, &calm, SEVERITY_CRITICAL, T0 + 4),
                     EFFECT_WORSE | EFFECT_ACKNOWLEDGE_ENDED | EFFECT_NOTIFY_RAISE);
    assert_int_equal(alert_state_of(&life), ALERT_UNACKNOWLEDGED);
}

static void test_acknowledge_expires(void **state)
{
    (void)state;
    struct alert_life life = raised(&calm, SEVERITY_MAJOR);
    assert_int_equal(alert_acknowledge(&life, &calm, T0 + 30 * MIN, false, T0), EFFECT_ACKNOWLEDGED);
    assert_int_equal(alert_next(&life, &calm), T0 + 30 * MIN);
    assert_int_equal(alert_tick(&life, &calm, T0 + 30 * MIN), EFFECT_ACKNOWLEDGE_ENDED | EFFECT_NOTIFY_RAISE);
    assert_int_equal(alert_state_of(&life), ALERT_UNACKNOWLEDGED);
}

static void test_reopen(void **state)
{
    (void)state;
    struct alert_life life = raised(&calm, SEVERITY_MAJOR);
    alert_normal(&life, &calm, T0 + MIN);
    assert_int_equal(alert_breach(&life, &calm, SEVERITY_MAJOR, T0 + 2 * MIN), EFFECT_REOPENED | EFFECT_NOTIFY_RAISE);
    assert_int_equal(life.reopens, 1);
    assert_int_equal(life.raised_at, T0); /* the same instance */
    /* A sticky acknowledgement survives a brief recovery, a plain one does not. */
    alert_acknowledge(&life, &calm, CLOCK_NEVER, true, T0 + 3 * MIN);
    alert_normal(&life, &calm, T0 + 4 * MIN);
    alert_breach(&life, &calm, SEVERITY_MAJOR, T0 + 5 * MIN);
    assert_int_equal(alert_state_of(&life), ALERT_ACKNOWLEDGED);
}

static void test_shelve(void **state)
{
    (void)state;
    struct alert_life life = raised(&calm, SEVERITY_MAJOR);
    alert_acknowledge(&life, &calm, CLOCK_NEVER, false, T0);
    alert_shelve(&life, &calm, CLOCK_NEVER, T0);
    assert_int_equal(life.shelved_until, T0 + calm.max_shelve); /* nothing is shelved for ever */
    assert_int_equal(alert_state_of(&life), ALERT_SHELVED);
    /* Back to the prior response: it was acknowledged, so nobody is woken. */
    assert_int_equal(alert_tick(&life, &calm, T0 + calm.max_shelve), EFFECT_UNSUPPRESSED | EFFECT_SHELVE_ENDED);
    assert_int_equal(alert_state_of(&life), ALERT_ACKNOWLEDGED);
    /* Unacknowledged and still active: told at once. */
    alert_unacknowledge(&life, &calm, T0 + calm.max_shelve + 1);
    alert_shelve(&life, &calm, T0 + calm.max_shelve + MIN, T0 + calm.max_shelve + 2);
    assert_true(alert_tick(&life, &calm, T0 + calm.max_shelve + MIN) & EFFECT_NOTIFY_RAISE);
}

static void test_suppression_never_swallows_a_resolve(void **state)
{
    (void)state;
    struct alert_life life = raised(&calm, SEVERITY_MAJOR); /* told */
    alert_suppress(&life, &calm, SUPPRESSED_DOWNTIME, true, T0 + 1);
    assert_true(alert_normal(&life, &calm, T0 + 2) & EFFECT_NOTIFY_RESOLVE);
    /* And one that was never told is never resolved to anybody. */
    struct alert_life quiet;
    alert_life_init(&quiet);
    alert_suppress(&quiet, &calm, SUPPRESSED_DEPENDENCY, true, T0);
    assert_int_equal(alert_breach(&quiet, &calm, SEVERITY_MAJOR, T0), EFFECT_RAISED);
    assert_int_equal(alert_normal(&quiet, &calm, T0 + 1), EFFECT_CLEARED);
}

static void test_two_veils(void **state)
{
    (void)state;
    struct alert_life life;
    alert_life_init(&life);
    alert_suppress(&life, &calm, SUPPRESSED_DEPENDENCY, true, T0);
    alert_suppress(&life, &calm, SUPPRESSED_DOWNTIME, true, T0);
    alert_breach(&life, &calm, SEVERITY_MAJOR, T0);
    assert_int_equal(alert_suppress(&life, &calm, SUPPRESSED_DOWNTIME, false, T0 + 1), EFFECT_UNSUPPRESSED);
    assert_int_equal(alert_suppress(&life, &calm, SUPPRESSED_DEPENDENCY, false, T0 + 2), EFFECT_UNSUPPRESSED | EFFECT_NOTIFY_RAISE);
}

static void test_suppressed_time_is_not_counted(void **state)
{
    (void)state;
    struct alert_policy policy = calm;
    policy.repeat = 10 * MIN;
    struct alert_life life = raised(&policy, SEVERITY_MAJOR);
    assert_int_equal(alert_next(&life, &policy), T0 + 10 * MIN);
    alert_tick(&life, &policy, T0 + 4 * MIN);
    alert_suppress(&life, &policy, SUPPRESSED_DEPENDENCY, true, T0 + 4 * MIN);
    assert_int_equal(alert_next(&life, &policy), CLOCK_NEVER);
    assert_int_equal(alert_tick(&life, &policy, T0 + 60 * MIN), 0);
    alert_effects effects = alert_suppress(&life, &policy, SUPPRESSED_DEPENDENCY, false, T0 + 60 * MIN);
    assert_true(effects & EFFECT_NOTIFY_RAISE); /* re-told, and the reminder starts anew */
    assert_int_equal(life.unsuppressed_for, 4 * MIN);
    assert_int_equal(alert_tick(&life, &policy, T0 + 70 * MIN), EFFECT_NOTIFY_REMIND);
}

static void test_clock_steps_back(void **state)
{
    (void)state;
    struct alert_policy policy = calm;
    policy.repeat = 10 * MIN;
    struct alert_life life = raised(&policy, SEVERITY_MAJOR);
    alert_tick(&life, &policy, T0 + 5 * MIN);
    assert_int_equal(alert_tick(&life, &policy, T0 - 55 * MIN), 0);
    assert_int_equal(life.unsuppressed_for, 5 * MIN);
    assert_int_equal(alert_tick(&life, &policy, T0 - 50 * MIN), EFFECT_NOTIFY_REMIND); /* five more, by the new clock */
}

static void test_auto_close(void **state)
{
    (void)state;
    struct alert_policy policy = alert_policy_default;
    struct alert_life minor = raised(&policy, SEVERITY_MINOR), major = raised(&policy, SEVERITY_MAJOR);
    alert_normal(&minor, &policy, T0 + 1);
    alert_normal(&major, &policy, T0 + 1);
    assert_int_equal(alert_tick(&minor, &policy, T0 + 1 + policy.auto_close), EFFECT_CLOSED);
    assert_int_equal(alert_tick(&major, &policy, T0 + 1 + 10 * policy.auto_close), 0);
}

static void test_flapping(void **state)
{
    (void)state;
    struct alert_policy policy = alert_policy_default;
    struct alert_life life;
    alert_life_init(&life);
    int raises = 0, flaps = 0;
    for (int i = 0; i < 20; i++) {
        alert_effects effects = i % 2 ? alert_normal(&life, &policy, T0 + i) : alert_breach(&life, &policy, SEVERITY_MAJOR, T0 + i);
        raises += effects & EFFECT_NOTIFY_RAISE ? 1 : 0;
        flaps += effects & EFFECT_FLAPPING ? 1 : 0;
    }
    assert_int_equal(flaps, 1);
    assert_in_range(raises, 1, 4); /* then people are left alone */
    assert_int_equal(alert_state_of(&life), ALERT_FLAPPING);
    alert_effects all = 0;
    for (int i = 20; i < 60; i++)
        all |= alert_breach(&life, &policy, SEVERITY_MAJOR, T0 + i);
    assert_true(all & EFFECT_STEADY);
    assert_true(all & EFFECT_NOTIFY_RAISE); /* steady and firing: it is told once more */
}

/* Icinga: what stays as it is leaves flapping, since unchanged checks push the changes out of the window. A detector that says
 * nothing while a gateway stays dead has found no change at each check that was due. */
static void test_flapping_ends_by_itself(void **state)
{
    (void)state;
    struct alert_policy policy = alert_policy_default;
    for (int dead = 0; dead < 2; dead++) {
        struct alert_life life;
        alert_life_init(&life);
        life.check_period = MIN;
        msec now = T0;
        alert_effects all = 0;
        for (int i = 0; i < 20 + dead; i++, now += MIN)
            all |= i % 2 ? alert_normal(&life, &policy, now) : alert_breach(&life, &policy, SEVERITY_MAJOR, now);
        now -= MIN;
        assert_true(all & EFFECT_FLAPPING);
        assert_int_equal(alert_state_of(&life), ALERT_FLAPPING);
        assert_false(life.raise_told);
        msec ends = alert_next(&life, &policy);
        assert_in_range(ends, now + 10 * MIN, now + 20 * MIN);
        assert_true(alert_flap_ratio(&life, ends) < 0.25);
        assert_true(alert_flap_ratio(&life, ends - MIN) >= 0.25);
        for (; now < ends; now += MIN / 2)
            assert_int_equal(alert_tick(&life, &policy, now), 0);
        alert_effects effects = alert_tick(&life, &policy, ends);
        assert_true(effects & EFFECT_STEADY);
        assert_int_equal(effects & EFFECT_NOTIFY_RAISE, dead ? EFFECT_NOTIFY_RAISE : 0);
        assert_int_equal(alert_state_of(&life), dead ? ALERT_UNACKNOWLEDGED : ALERT_CLEARED_UNACKNOWLEDGED);
        assert_int_equal(alert_next(&life, &policy), CLOCK_NEVER);
        if (dead) /* told of again, so its end is told too */
            assert_true(alert_normal(&life, &policy, ends + MIN) & EFFECT_NOTIFY_RESOLVE);
    }
}

/* The raise before it began to flap was told: the resolve is, while it flaps; those between are not. */
static void test_flapping_swallows_no_resolve(void **state)
{
    (void)state;
    struct alert_policy policy = alert_policy_default;
    struct alert_life life;
    alert_life_init(&life);
    life.check_period = MIN;
    int raises = 0, resolves = 0;
    msec now = T0;
    for (int i = 0; i < 40; i++, now += MIN) {
        alert_effects effects = i % 2 ? alert_normal(&life, &policy, now) : alert_breach(&life, &policy, SEVERITY_MAJOR, now);
        raises += effects & EFFECT_NOTIFY_RAISE ? 1 : 0;
        resolves += effects & EFFECT_NOTIFY_RESOLVE ? 1 : 0;
        assert_int_equal(life.raise_told, raises > resolves);
    }
    assert_int_equal(raises, resolves);
    assert_in_range(raises, 1, 4);
}

/* Once a day is no flapping: the checks between found no change. */
static void test_slow_changes_are_no_flapping(void **state)
{
    (void)state;
    struct alert_policy policy = alert_policy_default;
    struct alert_life life;
    alert_life_init(&life);
    life.check_period = MIN;
    msec now = T0;
    for (int i = 0; i < 60; i++, now += 8 * MIN) { /* a change every 8 checks: 12 % */
        alert_effects effects = i % 2 ? alert_normal(&life, &policy, now) : alert_breach(&life, &policy, SEVERITY_MAJOR, now);
        assert_false(effects & EFFECT_FLAPPING);
    }
    alert_life_init(&life);
    life.check_period = MIN;
    alert_effects all = 0;
    for (int i = 0; i < 30; i++, now += 3 * MIN - 1) /* every second or third check: over 33 % */
        all |= i % 2 ? alert_normal(&life, &policy, now) : alert_breach(&life, &policy, SEVERITY_MAJOR, now);
    assert_true(all & EFFECT_FLAPPING);
}

/* A bounce within the clear delay is two changes, as any other; turning the detection off ends it. */
static void test_flapping_within_the_clear_delay(void **state)
{
    (void)state;
    struct alert_policy policy = alert_policy_default;
    struct alert_life life;
    policy.clear_delay = 10 * MIN;
    alert_life_init(&life);
    life.check_period = MIN;
    msec now = T0;
    alert_effects all = 0;
    for (int i = 0; i < 12; i++, now += MIN)
        all |= i % 2 ? alert_normal(&life, &policy, now) : alert_breach(&life, &policy, SEVERITY_MAJOR, now);
    assert_true(all & EFFECT_FLAPPING);
    assert_int_equal(life.condition, CONDITION_ACTIVE);
    policy.flap_detection = false;
    assert_true(alert_breach(&life, &policy, SEVERITY_MAJOR, now) & EFFECT_STEADY);
    assert_int_equal(alert_state_of(&life), ALERT_UNACKNOWLEDGED);
}

/* Any order of events: axes stay apart, a resolve goes out exactly when a raise did, time never runs backwards. */
static void test_any_order(void **state)
{
    (void)state;
    srand(20261121);
    for (int round = 0; round < 3000; round++) {
        struct alert_policy policy = alert_policy_default;
        policy.hold = rand() % 2 * MIN;
        policy.clear_delay = rand() % 2 * MIN;
        policy.repeat = rand() % 2 * 3 * MIN;
        struct alert_life life;
        alert_life_init(&life);
        life.check_period = rand() % 2 * MIN;
        msec now = T0;
        bool told = false;
        for (int step = 0; step < 60 && !life.closed; step++) {
            now += rand() % (5 * MIN);
            alert_effects effects = 0;
            switch (rand() % 9) {
            case 0: case 1: effects = alert_breach(&life, &policy, (enum severity)(rand() % SEVERITY_COUNT), now); break;
            case 2: effects = alert_normal(&life, &policy, now); break;
            case 3: effects = alert_acknowledge(&life, &policy, rand() % 2 ? now + MIN : CLOCK_NEVER, rand() % 2, now); break;
            case 4: effects = alert_unacknowledge(&life, &policy, now); break;
            case 5: effects = alert_shelve(&life, &policy, now + rand() % SPAN_HOUR, now); break;
            case 6: effects = alert_suppress(&life, &policy, SUPPRESSED_DEPENDENCY, rand() % 2, now); break;
            default: effects = alert_tick(&life, &policy, now); break;
            }
            if (effects & EFFECT_NOTIFY_RESOLVE) {
                assert_true(told);
                told = false;
            }
            if (effects & EFFECT_NOTIFY_RAISE) {
                assert_int_equal(life.suppression, 0);
                assert_false(life.acknowledged);
                told = true;
            }
            if (effects & (EFFECT_CLEARED | EFFECT_CLOSED))
                assert_false(told);
            msec next = alert_next(&life, &policy);
            if (next != CLOCK_NEVER && next <= now) {
                alert_effects late = alert_tick(&life, &policy, now);
                assert_true(late != 0); /* a timer that is due does something */
                if (late & EFFECT_NOTIFY_RESOLVE)
                    told = false;
                if (late & EFFECT_NOTIFY_RAISE)
                    told = true;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once), cmocka_unit_test(test_hold_by_time), cmocka_unit_test(test_hold_by_attempts),
        cmocka_unit_test(test_keep_firing), cmocka_unit_test(test_severity), cmocka_unit_test(test_acknowledge_expires),
        cmocka_unit_test(test_reopen), cmocka_unit_test(test_shelve),
        cmocka_unit_test(test_suppression_never_swallows_a_resolve), cmocka_unit_test(test_two_veils),
        cmocka_unit_test(test_suppressed_time_is_not_counted), cmocka_unit_test(test_clock_steps_back),
        cmocka_unit_test(test_auto_close), cmocka_unit_test(test_flapping), cmocka_unit_test(test_flapping_ends_by_itself),
        cmocka_unit_test(test_flapping_swallows_no_resolve), cmocka_unit_test(test_slow_changes_are_no_flapping),
        cmocka_unit_test(test_flapping_within_the_clear_delay), cmocka_unit_test(test_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wheel.h"

#define TICK 100

struct fleet {
    struct wheel *wheel;
    msec now;
    unsigned ran;
    msec again; /* reschedule by this when it ran; 0: not */
};

struct subject {
    struct wheel_timer timer;
    msec due; /* the model's memory; -1: not scheduled */
    unsigned ran;
};

static void on_timer(void *owner, struct wheel_timer *timer)
{
    struct fleet *fleet = owner;
    struct subject *subject = (struct subject *)timer;
    fleet->ran++;
    subject->ran++;
    assert_false(wheel_scheduled(timer));
    assert_true(subject->due >= 0);
    assert_true(timer->due == subject->due);
    if (fleet->now < subject->due)
        fail_msg("due %lld ran at %lld", (long long)subject->due, (long long)fleet->now);
    subject->due = -1;
    if (fleet->again) {
        subject->due = fleet->now + fleet->again;
        wheel_schedule(fleet->wheel, timer, subject->due);
    }
}

static void schedule(struct fleet *fleet, struct subject *subject, msec due)
{
    subject->due = due;
    wheel_schedule(fleet->wheel, &subject->timer, due);
}

static void runs_once_and_never_early(void **state)
{
    (void)state;
    const msec dues[] = {1, 99, 100, 101, 25500, 25600, 25601, 6553500, 6553600, 6553700, 1677721600, 1677721700,
                         400000000000, 500000000000, 3 * (msec)429496729600};
    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++) {
        struct fleet fleet = {.now = 0};
        struct subject subject = {.due = -1};
        fleet.wheel = wheel_new(0, on_timer, &fleet);
        schedule(&fleet, &subject, dues[i]);
        fleet.now = dues[i] - 1;
        assert_int_equal(wheel_advance(fleet.wheel, fleet.now, 0), 0);
        assert_true(wheel_scheduled(&subject.timer));
        /* wheel_next leads to it, in few steps. */
        int steps = 0;
        while (!subject.ran) {
            msec next = wheel_next(fleet.wheel);
            assert_true(next != CLOCK_NEVER && next >= fleet.now - TICK && steps++ < 16);
            fleet.now = next > fleet.now ? next : fleet.now;
            wheel_advance(fleet.wheel, fleet.now, 0);
        }
        assert_true(fleet.now - dues[i] < TICK);
        assert_int_equal(wheel_next(fleet.wheel), CLOCK_NEVER);
        assert_int_equal(wheel_advance(fleet.wheel, fleet.now + SPAN_DAY, 0), 0);
        wheel_free(&fleet.wheel);
    }
}

static void past_and_now_run_at_the_next_tick(void **state)
{
    (void)state;
    struct fleet fleet = {.now = 1000};
    struct subject subject = {.due = -1};
    fleet.wheel = wheel_new(1000, on_timer, &fleet);
    schedule(&fleet, &subject, 5);
    fleet.now = 1100;
    assert_int_equal(wheel_advance(fleet.wheel, fleet.now, 0), 1);
    /* One that asks for "now" again and again cannot hold the loop. */
    fleet.again = -50;
    schedule(&fleet, &subject, 1100);
    fleet.now = 1500;
    assert_in_range(wheel_advance(fleet.wheel, fleet.now, 0), 1, 5);
    wheel_free(&fleet.wheel);
}

static void limit_leaves_the_rest_due(void **state)
{
    (void)state;
    struct fleet fleet = {.now = 0};
    static struct subject subjects[1000];
    memset(subjects, 0, sizeof subjects);
    fleet.wheel = wheel_new(0, on_timer, &fleet);
    for (int i = 0; i < 1000; i++)
        schedule(&fleet, &subjects[i], i < 500 ? 200 : 300);
    fleet.now = 1000;
    assert_int_equal(wheel_advance(fleet.wheel, fleet.now, 300), 300);
    assert_true(wheel_next(fleet.wheel) <= 1000);
    wheel_cancel(fleet.wheel, &subjects[0].timer); /* one of those due, whether first or last in line */
    subjects[0].due = -1;
    wheel_cancel(fleet.wheel, &subjects[499].timer);
    subjects[499].due = -1;
    unsigned ran = 300, cancelled = (subjects[0].ran ? 0 : 1) + (subjects[499].ran ? 0 : 1);
    for (unsigned more; (more = wheel_advance(fleet.wheel, fleet.now, 300)); ran += more)
        assert_true(more <= 300);
    assert_int_equal(ran + cancelled, 1000);
    assert_int_equal(wheel_next(fleet.wheel), CLOCK_NEVER);
    wheel_free(&fleet.wheel);
}

/* Random schedules, moves, cancels and jumps against an array of due times. */
static void agrees_with_a_naive_model(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    for (unsigned run = 0; run < 40; run++) {
        unsigned seed = run;
        static struct subject subjects[COUNT];
        struct fleet fleet = {.now = run % 3 ? (msec)(run * 7777777) : -123456};
        fleet.now = fleet.now < 0 ? 0 : fleet.now;
        fleet.wheel = wheel_new(fleet.now, on_timer, &fleet);
        memset(subjects, 0, sizeof subjects);
        for (int i = 0; i < COUNT; i++)
            subjects[i].due = -1;
        for (int step = 0; step < 3000; step++) {
            struct subject *subject = &subjects[rand_r(&seed) % COUNT];
            static const msec scales[] = {50, 3000, 60000, 4000000, 900000000, 3000000000};
            msec scale = scales[rand_r(&seed) % 6];
            switch (rand_r(&seed) % 4) {
            case 0:
            case 1:
                schedule(&fleet, subject, fleet.now + (msec)((double)rand_r(&seed) / RAND_MAX * (double)scale));
                break;
            case 2:
                wheel_cancel(fleet.wheel, &subject->timer);
                subject->due = -1;
                break;
            case 3: {
                fleet.now += (msec)((double)rand_r(&seed) / RAND_MAX * (double)scale);
                msec next = wheel_next(fleet.wheel);
                bool worth = next != CLOCK_NEVER && next <= fleet.now;
                unsigned ran = wheel_advance(fleet.wheel, fleet.now, 0);
                assert_true(worth || !ran);
                /* Nothing lost: what is left is due within a tick or later. */
                for (int i = 0; i < COUNT; i++)
                    if (subjects[i].due >= 0 && subjects[i].due <= fleet.now - 2 * TICK)
                        fail_msg("run %u: due %lld not run at %lld", run, (long long)subjects[i].due,
                                 (long long)fleet.now);
            }
            }
            assert_int_equal(wheel_scheduled(&subject->timer), subject->due >= 0);
        }
        wheel_free(&fleet.wheel);
    }
}

static void a_million_timers(void **state)
{
    (void)state;
    enum { COUNT = 1000000 };
    struct subject *subjects = calloc(COUNT, sizeof *subjects);
    struct fleet fleet = {.now = 0};
    fleet.wheel = wheel_new(0, on_timer, &fleet);
    msec started = clock_steady();
    unsigned seed = 9;
    for (int i = 0; i < COUNT; i++)
        schedule(&fleet, &subjects[i], rand_r(&seed) % (int)SPAN_HOUR);
    for (int i = 0; i < COUNT; i++) /* a reading came: each moves on */
        schedule(&fleet, &subjects[i], SPAN_HOUR + rand_r(&seed) % (int)SPAN_HOUR);
    msec moved = clock_steady();
    for (fleet.now = 0; fleet.now <= 2 * SPAN_HOUR + TICK; fleet.now += TICK)
        wheel_advance(fleet.wheel, fleet.now, 0);
    assert_int_equal(fleet.ran, COUNT);
    printf("# 2,000,000 schedules %lld ms, 1,000,000 expiries over 72,000 ticks %lld ms\n",
           (long long)(moved - started), (long long)(clock_steady() - moved));
    wheel_free(&fleet.wheel);
    free(subjects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_once_and_never_early),
        cmocka_unit_test(past_and_now_run_at_the_next_tick),
        cmocka_unit_test(limit_leaves_the_rest_due),
        cmocka_unit_test(agrees_with_a_naive_model),
        cmocka_unit_test(a_million_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

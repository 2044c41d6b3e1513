/* Killed in the middle of writing, again and again: everything that was acknowledged comes back, whatever the moment.
 * A child writes and acknowledges through a pipe; NOCTURNE_CRASH_ROUNDS makes it more than the usual few. */
#include "fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#define ASSETS 40

enum { ACK_ACTION, ACK_READINGS, ACK_STATES };

struct acknowledgement {
    int64_t kind, number; /* the action's number, or how many of its kind */
};

struct child {
    struct fixture *fixture;
    int pipe;
    int64_t next_action, readings, states;
    uint64_t readings_before, states_before;
};

static void acknowledge(struct child *child, int64_t kind, int64_t number)
{
    struct acknowledgement acknowledgement = {kind, number};
    if (write(child->pipe, &acknowledgement, sizeof acknowledgement) != sizeof acknowledgement)
        _exit(1);
}

static void start_action(struct child *child);

static void action_done(void *owner, const struct error *error)
{
    struct child *child = owner;
    if (error)
        _exit(2);
    acknowledge(child, ACK_ACTION, child->next_action);
    child->next_action++;
    start_action(child);
}

static void start_action(struct child *child)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)child->next_action);
    struct store_action *action = store_action_new(child->fixture->store, "user:wang", "ticket open", id, "{}");
    store_action_record(action, "ticket", id, 0, id);
    store_action_commit(action, action_done, child);
}

/* Reading and state number n say so in their value and time. */
static msec reading_time(int64_t n)
{
    return NOON - 12 * SPAN_HOUR + n * 50;
}

static void write_telemetry(struct child *child)
{
    for (int i = 0; i < 300; i++, child->readings++)
        store_reading(child->fixture->store, (uint32_t)(child->readings % ASSETS), 1, reading_time(child->readings),
                      (double)child->readings);
    for (int i = 0; i < 20; i++, child->states++) {
        struct store_state change = {(uint32_t)(child->states % ASSETS), reading_time(child->states),
                                     (enum health)(child->states % HEALTH_COUNT), REASON_FRESH, LINK_UP, COMM_SPEAKING};
        store_state(child->fixture->store, &change);
    }
}

/* Until it is killed. Now and then the head grows old, so that packing is among what is interrupted. */
static void run_child(struct child *child)
{
    msec steady = SPAN_DAY;
    struct store_status status;
    uv_loop_fork(&child->fixture->loop);
    fixture_open(child->fixture);
    start_action(child);
    for (unsigned turn = 1;; turn++) {
        write_telemetry(child);
        if (turn % 5 == 0)
            clock_fake(NOON, steady += 2 * SPAN_HOUR);
        uv_mutex_lock(&child->fixture->store->lock);
        queue_hand_over(&child->fixture->store->queue);
        uv_cond_signal(&child->fixture->store->telemetry.wake);
        uv_mutex_unlock(&child->fixture->store->lock);
        uv_run(&child->fixture->loop, UV_RUN_NOWAIT);
        usleep(500);
        store_status(child->fixture->store, &status);
        acknowledge(child, ACK_READINGS, (int64_t)(child->readings_before + status.readings_written));
        acknowledge(child, ACK_STATES, (int64_t)(child->states_before + status.states_written));
    }
}

/* ---- what came back ---- */

struct back {
    int64_t actions, last_action;
    size_t readings;
    bool given;
    msec newest_state;
};

static void see_record(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct back *back = owner;
    assert_string_equal(kind, "ticket");
    assert_string_equal(id, body);
    assert_int_equal(revision, 1);
    back->actions++;
    if (atoll(id) > back->last_action)
        back->last_action = atoll(id);
}

static void see_state(void *owner, uint32_t asset, msec from, enum health health, enum health_reason reason,
                      enum link_state link, enum comm_state comm)
{
    struct back *back = owner;
    (void)asset;
    (void)health;
    (void)reason;
    (void)link;
    (void)comm;
    if (from > back->newest_state)
        back->newest_state = from;
}

static void see_readings(void *owner, const struct reading *readings, size_t count, const struct error *error)
{
    struct back *back = owner;
    assert_null(error);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(readings[i].time, reading_time((int64_t)readings[i].value));
    back->readings += count;
    back->given = true;
}

static void see_verdict(void *owner, int64_t rows, int64_t broken_at, const struct error *error)
{
    struct back *back = owner;
    assert_null(error);
    assert_int_equal(broken_at, -1);
    assert_int_equal(rows, back->actions);
    back->given = true;
}

static void wait_for(struct fixture *fixture, struct back *back)
{
    while (!back->given)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    back->given = false;
}

static void look(struct fixture *fixture, struct back *back)
{
    struct error error = {0};
    *back = (struct back){.last_action = -1, .newest_state = CLOCK_NEVER};
    fixture_open(fixture);
    struct store_load_ops ops = {.record = see_record, .state = see_state};
    assert_true(store_load(fixture->store, &ops, back, &error));
    assert_int_equal(back->actions, back->last_action + 1); /* none is missing in between */
    for (uint32_t asset = 0; asset < ASSETS; asset++) {
        store_readings(fixture->store, asset, 1, 0, NOON * 2, 0, see_readings, back);
        wait_for(fixture, back);
    }
    store_audit_verify(fixture->store, see_verdict, back);
    wait_for(fixture, back);
    fixture_close(fixture);
}

static void test_kill(void **state)
{
    struct fixture *fixture = *state;
    const char *wanted = getenv("NOCTURNE_CRASH_ROUNDS");
    int rounds = wanted ? atoi(wanted) : 25;
    struct back back = {.last_action = -1, .newest_state = CLOCK_NEVER};
    unsigned seed = (unsigned)getpid();
    for (int round = 0; round < rounds; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        int64_t readings = (int64_t)back.readings;
        int64_t states = back.newest_state == CLOCK_NEVER ? 0 : (back.newest_state - reading_time(0)) / 50 + 1;
        pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            struct child child = {fixture, ends[1], back.last_action + 1, readings, states, (uint64_t)readings,
                                  (uint64_t)states};
            run_child(&child);
        }
        close(ends[1]);
        struct pollfd first = {.fd = ends[0], .events = POLLIN}; /* it runs */
        assert_int_equal(poll(&first, 1, 60000), 1);
        usleep(20000 + (useconds_t)rand_r(&seed) % 150000);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        int64_t acknowledged[3] = {back.last_action, readings, states};
        struct acknowledgement one;
        while (read(ends[0], &one, sizeof one) == sizeof one)
            acknowledged[one.kind] = one.number;
        close(ends[0]);
        look(fixture, &back);
        assert_true(back.last_action >= acknowledged[ACK_ACTION]);
        assert_true((int64_t)back.readings >= acknowledged[ACK_READINGS]);
        states = back.newest_state == CLOCK_NEVER ? 0 : (back.newest_state - reading_time(0)) / 50 + 1;
        assert_true(states >= acknowledged[ACK_STATES]);
    }
    print_message("# %lld actions, %zu readings over %d kills\n", (long long)back.actions, back.readings, rounds);
    assert_true(back.actions > 0);
    assert_true(back.readings > (size_t)rounds);
}

static int setup(void **state)
{
    clock_fake(NOON, SPAN_HOUR);
    *state = fixture_new("sqlite");
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    clock_real();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_kill, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}

/* A disk that is really full: a small tmpfs of our own. The store keeps serving, says so, refuses actions, holds what is
 * measured, and goes on by itself when there is room again; nothing acknowledged is lost. Needs the right to mount. */
#include "fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#define DISK "size=6m"

static struct answer answer;

/* A mount that only this process sees, so that nothing is left behind whatever happens. */
static bool mount_disk(const char *directory)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", directory, "tmpfs", 0, DISK) == 0;
}

static bool act(struct fixture *fixture, int number)
{
    char id[24];
    snprintf(id, sizeof id, "T-%d", number);
    struct store_action *action = store_action_new(fixture->store, "user:wang", "ticket open", id, "{}");
    store_action_record(action, "ticket", id, -1, "{\"title\":\"a title of some length, so that it takes its room\"}");
    memset(&answer, 0, sizeof answer);
    store_action_commit(action, answer_action, &answer);
    answer_wait(fixture, &answer);
    return answer.ok;
}

/* What is left of the disk, taken away and given back. */
static int take_room(struct fixture *fixture)
{
    char path[160], block[4096] = "";
    snprintf(path, sizeof path, "%s/ballast", fixture->directory);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    while (write(file, block, sizeof block) > 0)
        ;
    return file;
}

static void give_room(struct fixture *fixture, int file)
{
    char path[160];
    snprintf(path, sizeof path, "%s/ballast", fixture->directory);
    close(file);
    assert_int_equal(unlink(path), 0);
}

static void count_record(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    (void)kind;
    (void)id;
    (void)revision;
    (void)body;
    ++*(int *)owner;
}

static int records(struct fixture *fixture)
{
    struct error error = {0};
    int count = 0;
    assert_true(store_load(fixture->store, &(struct store_load_ops){.record = count_record}, &count, &error));
    return count;
}

static size_t readings(struct fixture *fixture)
{
    memset(&answer, 0, sizeof answer);
    store_readings(fixture->store, 1, 1, 0, 2 * NOON, 0, answer_readings, &answer);
    answer_wait(fixture, &answer);
    assert_true(answer.ok);
    return answer.count;
}

static void pause_ms(struct fixture *fixture, int ms)
{
    for (; ms > 0; ms -= 10) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        usleep(10000);
    }
}

static int next_reading;

/* Eleven bytes of journal for each, and never the same batch twice. */
static void measure(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++, next_reading++)
        store_reading(fixture->store, 1, 1, NOON + next_reading, 1.0 / (next_reading + 1));
}

static void test_full_disk(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fixture_open(fixture);
    int done = 0;
    for (int i = 0; i < 5; i++)
        done += act(fixture, done);
    assert_int_equal(done, 5);
    measure(fixture, 1000);
    fixture_settle(fixture);

    int ballast = take_room(fixture);
    bool refused = false;
    for (int i = 0; i < 3000 && !refused; i++) { /* what was set aside in the files is used up first */
        if (act(fixture, done))
            done++;
        else
            refused = true;
    }
    assert_true(refused);
    assert_int_equal(answer.error.code, ERROR_FULL);
    assert_non_null(strstr(answer.error.text, "no room"));
    for (int i = 0; i < 40; i++) {
        measure(fixture, 2000);
        pause_ms(fixture, 50);
        store_status(fixture->store, &status);
        if (status.queued > 10000)
            break;
    }
    store_status(fixture->store, &status);
    assert_false(status.writable);
    assert_non_null(strstr(status.problem, "no room"));
    assert_true(status.queued > 0);
    assert_true(status.oldest_queued != CLOCK_NEVER);
    assert_int_equal(status.readings_dropped, 0);
    assert_int_equal(readings(fixture), next_reading); /* it serves, and shows what it could not write yet */
    assert_int_equal(records(fixture), done);

    give_room(fixture, ballast);
    for (int i = 0; i < 400; i++) {
        pause_ms(fixture, 10);
        store_status(fixture->store, &status);
        if (status.queued == 0)
            break;
    }
    assert_int_equal(status.queued, 0);
    for (int i = 0; i < 300 && !status.writable; i++) { /* it finds out by itself */
        pause_ms(fixture, 10);
        store_status(fixture->store, &status);
    }
    assert_true(status.writable);
    assert_true(act(fixture, done));
    done++;
    store_status(fixture->store, &status);
    assert_string_equal(status.problem, "");
    fixture_reopen(fixture);
    assert_int_equal(readings(fixture), next_reading);
    assert_int_equal(records(fixture), done);
    memset(&answer, 0, sizeof answer);
    store_audit_verify(fixture->store, answer_verify, &answer);
    answer_wait(fixture, &answer);
    assert_int_equal(answer.rows, done);
    assert_int_equal(answer.broken_at, -1);
}

/* Full at the start: it says so instead of starting wrongly. */
static void test_full_at_start(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    int ballast = take_room(fixture);
    assert_null(store_open(&fixture->loop, &fixture->options, &error));
    assert_int_equal(error.code, ERROR_FULL);
    give_room(fixture, ballast);
    fixture_open(fixture);
    assert_true(act(fixture, 1));
    fixture_close(fixture);
    ballast = take_room(fixture); /* with all files there, too */
    assert_null(store_open(&fixture->loop, &fixture->options, &error));
    assert_int_equal(error.code, ERROR_FULL);
    give_room(fixture, ballast);
    fixture_open(fixture);
    assert_int_equal(records(fixture), 1);
}

/* For longer than the queue can hold: the oldest go, and are counted. */
static void test_queue_limit(void **state)
{
    struct fixture *fixture = *state;
    struct store_status status;
    fixture->options.queue_limit = 30000;
    fixture_open(fixture);
    measure(fixture, 10);
    fixture_settle(fixture);
    int ballast = take_room(fixture);
    for (int i = 0; i < 200; i++) {
        measure(fixture, 8192);
        pause_ms(fixture, 10);
        store_status(fixture->store, &status);
        if (status.readings_dropped > 50000)
            break;
    }
    assert_true(status.readings_dropped > 50000);
    assert_true(status.queued <= 30000 + 8192);
    give_room(fixture, ballast);
    pause_ms(fixture, 1500);
    fixture_settle(fixture);
    store_status(fixture->store, &status);
    assert_int_equal(status.readings_written + status.readings_dropped, next_reading);
    assert_int_equal(readings(fixture), status.readings_written);
}

static int setup(void **state)
{
    clock_fake(NOON, SPAN_HOUR);
    next_reading = 0;
    struct fixture *fixture = *state = fixture_new("sqlite");
    return mount("tmpfs", fixture->directory, "tmpfs", 0, DISK);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->store)
        fixture_close(fixture);
    umount2(fixture->directory, MNT_DETACH);
    fixture_free(fixture);
    clock_real();
    return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {EACH(test_full_disk), EACH(test_full_at_start), EACH(test_queue_limit)};
    char directory[] = "/tmp/nocturne-mount-XXXXXX";
    if (!mkdtemp(directory) || !mount_disk(directory)) {
        rmdir(directory);
        puts("needs the right to mount a small tmpfs");
        return 77;
    }
    umount(directory);
    rmdir(directory);
    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}

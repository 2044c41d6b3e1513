/* This host without a shell, and commands on it: what they write, how they end, and that nothing of them stays (R041). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/local_private.h"

struct ran {
    uv_loop_t loop;
    struct local_runs *runs;
    struct buffer out, complaints;
    int exit_code;
    enum error_code error;
    unsigned done;
};

static void on_output(void *owner, const char *bytes, size_t length, bool error_stream)
{
    struct ran *ran = owner;
    buffer_append(error_stream ? &ran->complaints : &ran->out, bytes, length);
}

static void on_done(void *owner, int exit_code, const struct error *error)
{
    struct ran *ran = owner;
    ran->done++;
    ran->exit_code = exit_code;
    ran->error = error ? error->code : ERROR_NONE;
}

static struct host_running *begin(struct ran *ran, const char *command, msec timeout, size_t limit)
{
    memset(ran, 0, sizeof *ran);
    uv_loop_init(&ran->loop);
    ran->runs = local_runs_new(&ran->loop);
    struct host_run run = {.command = command, .timeout = timeout, .output_limit = limit, .output = on_output, .done = on_done, .owner = ran};
    struct host_running *running = local_run(ran->runs, &run, NULL);
    assert_non_null(running);
    assert_int_equal(ran->done, 0); /* later than the call, always */
    return running;
}

static void end(struct ran *ran)
{
    uv_run(&ran->loop, UV_RUN_DEFAULT);
    local_runs_end(&ran->runs);
    uv_run(&ran->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&ran->loop), 0);
}

static void let_go(struct ran *ran)
{
    buffer_release(&ran->out);
    buffer_release(&ran->complaints);
}

static void both_streams_and_the_exit_code(void **state)
{
    (void)state;
    struct ran ran;
    setenv("TZ", "Asia/Shanghai", 1);
    begin(&ran, "echo out; echo complaint >&2; echo \"zone=$TZ\"; exit 7", 5000, 0);
    end(&ran);
    assert_int_equal(ran.done, 1);
    assert_int_equal(ran.exit_code, 7);
    assert_string_equal(buffer_text(&ran.out), "out\nzone=\n"); /* the site's zone is not the host's */
    assert_string_equal(buffer_text(&ran.complaints), "complaint\n");
    let_go(&ran);
    begin(&ran, "kill -9 $$", 5000, 0);
    end(&ran);
    assert_int_equal(ran.exit_code, 128 + 9);
    let_go(&ran);
}

/* The shell and all that it began. */
static void time_runs_out(void **state)
{
    (void)state;
    struct ran ran;
    pid_t child = 0;
    for (unsigned limit = 300; child == 0; limit *= 4) { /* a busy machine may need longer until it says the first word */
        begin(&ran, "sleep 600 & echo $!; sleep 600", limit, 0);
        end(&ran);
        assert_int_equal(ran.done, 1);
        assert_int_equal(ran.error, ERROR_TIMEOUT);
        child = (pid_t)strtol(buffer_text(&ran.out), NULL, 10);
        assert_true(child > 1 || limit < 20000);
        if (child == 0)
            let_go(&ran);
    }
    for (int i = 0; i < 3000 && kill(child, 0) == 0; i++) {
        char path[64], line[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
        FILE *file = fopen(path, "r");
        if (!file || !fgets(line, sizeof line, file) || strstr(line, ") Z"))
            child = 0; /* gone, or dead and not yet buried */
        if (file)
            fclose(file);
        if (!child)
            break;
        usleep(20000);
    }
    assert_true(child == 0 || kill(child, 0) != 0);
    let_go(&ran);
}

static void too_much_is_stopped(void **state)
{
    (void)state;
    struct ran ran;
    begin(&ran, "yes", 5000, 100000);
    end(&ran);
    assert_int_equal(ran.error, ERROR_FULL);
    assert_true(ran.out.length <= 100000);
    let_go(&ran);
}

static void a_child_that_keeps_the_pipe_does_not_hold_the_answer(void **state)
{
    (void)state;
    struct ran ran;
    begin(&ran, "sleep 600 & echo $! ; exit 0", 200000, 0);
    msec started = clock_steady();
    end(&ran);
    assert_true(clock_steady() - started < 100000);
    assert_int_equal(ran.exit_code, 0);
    assert_int_equal(ran.error, ERROR_NONE);
    kill((pid_t)strtol(buffer_text(&ran.out), NULL, 10), SIGKILL);
    let_go(&ran);
}

static void cancelled_is_silent(void **state)
{
    (void)state;
    struct ran ran;
    local_cancel(begin(&ran, "sleep 60", 0, 0));
    end(&ran);
    assert_int_equal(ran.done, 0);
    let_go(&ran);
    begin(&ran, "sleep 60", 0, 0);
    local_runs_end(&ran.runs); /* the source goes away */
    end(&ran);
    assert_int_equal(ran.done, 0);
    let_go(&ran);
}

static void quick_is_an_answer(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer answer = BUFFER_INIT;
    struct error error = {0};
    local_quick(&answer);
    struct host *host = host_reader_take(reader, answer.data, answer.length, 1000000000, 1, &error);
    if (!host)
        fail_msg("%s", error.text);
    assert_true(host->memory_total > 1e6 && host->load1 >= 0 && host->uptime > 0);
    assert_true(host->disk_count >= 1 && host->disks[0].used_percent > 0);
    assert_true(host->core_count == host->online_cores && host->core_count > 0);
    assert_int_equal(host->lists & 1u << HOST_ports, 0);
    host_free(&host);
    buffer_release(&answer);
    host_reader_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_streams_and_the_exit_code), cmocka_unit_test(time_runs_out), cmocka_unit_test(too_much_is_stopped),
        cmocka_unit_test(a_child_that_keeps_the_pipe_does_not_hold_the_answer), cmocka_unit_test(cancelled_is_silent),
        cmocka_unit_test(quick_is_an_answer),
    };
    return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}

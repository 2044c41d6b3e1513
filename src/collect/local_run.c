/* Commands on this very host: `sh -c`, in a process group of its own, so that it can be ended with all it began. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/local_private.h"

#define LINGER 500 /* ms after the shell ended, for what its children still write */

struct local_runs {
    uv_loop_t *loop;
    struct host_running *first;
    bool ending;
};

struct host_running {
    struct host_running *next, **link; /* link NULL: its owner is gone */
    struct local_runs *runs;
    struct host_run run;
    uv_process_t process;
    uv_pipe_t pipes[2];
    uv_timer_t timer;
    unsigned open_handles, open_pipes;
    bool exited, told, silent;
    int64_t exit_code;
    size_t length;
    char bytes[16384];
};

char **local_environment(void)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **list = memory_new_array(count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "TZ=", 3) != 0)
            list[kept++] = environ[i];
    return list;
}

static void running_closed(uv_handle_t *handle)
{
    struct host_running *running = handle->data;
    if (--running->open_handles == 0)
        free(running);
}

static void close_all(struct host_running *running)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&running->process, (uv_handle_t *)&running->pipes[0],
                              (uv_handle_t *)&running->pipes[1], (uv_handle_t *)&running->timer};
    if (running->link) {
        *running->link = running->next;
        if (running->next)
            running->next->link = running->link;
        running->link = NULL;
    }
    for (size_t i = 0; i < ARRAY_COUNT(handles); i++)
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], running_closed);
}

static void kill_group(struct host_running *running)
{
    if (!running->exited && running->process.pid > 1)
        kill(-running->process.pid, SIGKILL);
}

/* Told once; the handles close behind it. */
static void finish(struct host_running *running, enum error_code code, const char *why)
{
    struct error error;
    if (running->told)
        return;
    running->told = true;
    kill_group(running);
    struct host_run run = running->run;
    int exit_code = (int)running->exit_code;
    close_all(running);
    if (running->silent)
        return;
    if (why)
        error_set(&error, code, "%s", why);
    run.done(run.owner, why ? -1 : exit_code, why ? &error : NULL);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct host_running *running = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(running->bytes, sizeof running->bytes);
}

static void output_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct host_running *running = stream->data;
    if (count < 0) {
        if (!uv_is_closing((uv_handle_t *)stream))
            uv_read_stop(stream);
        if (--running->open_pipes == 0 && running->exited)
            finish(running, ERROR_NONE, NULL);
        return;
    }
    running->length += (size_t)count;
    if (running->run.output_limit && running->length > running->run.output_limit) {
        finish(running, ERROR_FULL, "the command wrote more than is taken from it");
        return;
    }
    if (running->run.output && count)
        running->run.output(running->run.owner, buffer->base, (size_t)count, stream == (uv_stream_t *)&running->pipes[1]);
}

static void linger_over(uv_timer_t *timer)
{
    finish(timer->data, ERROR_NONE, NULL);
}

static void time_over(uv_timer_t *timer)
{
    finish(timer->data, ERROR_TIMEOUT, "the command did not end in time and was stopped");
}

static void process_exited(uv_process_t *process, int64_t status, int signal_number)
{
    struct host_running *running = process->data;
    running->exited = true;
    running->exit_code = signal_number ? 128 + signal_number : status;
    if (running->told)
        return;
    if (!running->open_pipes)
        finish(running, ERROR_NONE, NULL);
    else
        uv_timer_start(&running->timer, linger_over, LINGER, 0);
}

static bool spawn(struct host_running *running, struct error *error)
{
    char *arguments[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char *)(uintptr_t)running->run.command, NULL};
    uv_stdio_container_t streams[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&running->pipes[0]},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&running->pipes[1]}};
    uv_process_options_t options = {.file = "/bin/sh", .args = arguments, .exit_cb = process_exited, .flags = UV_PROCESS_DETACHED,
                                    .stdio = streams, .stdio_count = 3, .env = local_environment()};
    int status = uv_spawn(running->runs->loop, &running->process, &options);
    free(options.env);
    return status == 0 || error_set(error, ERROR_UNAVAILABLE, "cannot start a shell: %s", uv_strerror(status));
}

struct host_running *local_run(struct local_runs *runs, const struct host_run *run, struct error *error)
{
    struct host_running *running = memory_new(sizeof *running);
    running->runs = runs;
    running->run = *run;
    running->next = runs->first;
    running->link = &runs->first;
    if (running->next)
        running->next->link = &running->next;
    runs->first = running;
    uv_timer_init(runs->loop, &running->timer);
    for (int i = 0; i < 2; i++)
        uv_pipe_init(runs->loop, &running->pipes[i], 0);
    running->process.data = running->pipes[0].data = running->pipes[1].data = running->timer.data = running;
    running->open_handles = 4;
    if (!spawn(running, error)) {
        running->told = running->exited = true;
        close_all(running);
        return NULL;
    }
    running->run.command = NULL;
    running->open_pipes = 2;
    for (int i = 0; i < 2; i++)
        uv_read_start((uv_stream_t *)&running->pipes[i], give_buffer, output_read);
    if (run->timeout > 0)
        uv_timer_start(&running->timer, time_over, (uint64_t)run->timeout, 0);
    return running;
}

void local_cancel(struct host_running *running)
{
    running->silent = true;
    finish(running, ERROR_NONE, NULL);
}

struct local_runs *local_runs_new(uv_loop_t *loop)
{
    struct local_runs *runs = memory_new(sizeof *runs);
    runs->loop = loop;
    return runs;
}

void local_runs_end(struct local_runs **held)
{
    struct local_runs *runs = *held;
    if (!runs)
        return;
    while (runs->first)
        local_cancel(runs->first);
    free(runs);
    *held = NULL;
}

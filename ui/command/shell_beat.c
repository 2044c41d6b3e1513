/* `nocturne beat NAME [-- COMMAND ...]`, for crontabs: run the command as it would run alone (its output passes through, its
 * exit code is ours), then say how it went. Without a command: one beat. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "client/start.h"
#include "command/actions.h"
#include "command/shell.h"
#include "term/locale.h"

#define LINE_MAX_KEPT 160
#define CANNOT_RUN 127 /* as shells say */

struct stream {
    uv_pipe_t pipe;
    int copy_to;
    struct buffer line;             /* the one being written */
    char last[LINE_MAX_KEPT];       /* the last that was not empty */
    char bytes[8192];
};

struct job {
    uv_process_t process;
    uv_signal_t signals[3];
    struct stream out, err;
    bool ended;
    int64_t status;
    int signal;
};

/* ---- what it writes ---- */

static void line_end(struct stream *stream)
{
    char clean[LINE_MAX_KEPT];
    text_clean_into(clean, sizeof clean, buffer_text(&stream->line), stream->line.length);
    if (clean[strspn(clean, " ")])
        memcpy(stream->last, clean, sizeof clean);
    buffer_clear(&stream->line);
}

static void copy_out(int to, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(to, bytes, length);
        if (written <= 0)
            return; /* nobody reads; the job goes on */
        bytes += written;
        length -= (size_t)written;
    }
}

static void give_room(uv_handle_t *handle, size_t size, uv_buf_t *room)
{
    struct stream *stream = handle->data;
    (void)size;
    *room = uv_buf_init(stream->bytes, sizeof stream->bytes);
}

static void arrived(uv_stream_t *pipe, ssize_t length, const uv_buf_t *room)
{
    struct stream *stream = pipe->data;
    if (length < 0) {
        uv_read_stop(pipe);
        return;
    }
    copy_out(stream->copy_to, room->base, (size_t)length);
    for (ssize_t i = 0; i < length; i++) {
        if (room->base[i] == '\n')
            line_end(stream);
        else if (stream->line.length < 4096)
            buffer_append_char(&stream->line, room->base[i]);
    }
}

static void stream_open(struct stream *stream, uv_loop_t *loop, int copy_to)
{
    uv_pipe_init(loop, &stream->pipe, 0);
    stream->pipe.data = stream;
    stream->copy_to = copy_to;
}

static void stream_close(struct stream *stream)
{
    line_end(stream);
    buffer_release(&stream->line);
    uv_close((uv_handle_t *)&stream->pipe, NULL);
}

/* ---- running it ---- */

static void job_ended(uv_process_t *process, int64_t status, int number)
{
    struct job *job = process->data;
    job->ended = true;
    job->status = status;
    job->signal = number;
}

/* What would end us ends the job, and its end is still told. */
static void pass_on(uv_signal_t *handle, int number)
{
    uv_process_kill(&((struct job *)handle->data)->process, number);
}

static void signals_begin(struct job *job, uv_loop_t *loop)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        uv_signal_init(loop, &job->signals[i]);
        job->signals[i].data = job;
        uv_signal_start(&job->signals[i], pass_on, numbers[i]);
    }
}

static int job_run(struct job *job, uv_loop_t *loop, char **command)
{
    stream_open(&job->out, loop, STDOUT_FILENO);
    stream_open(&job->err, loop, STDERR_FILENO);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = STDIN_FILENO},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&job->out.pipe},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&job->err.pipe},
    };
    uv_process_options_t options = {.file = command[0], .args = command, .exit_cb = job_ended, .stdio = stdio, .stdio_count = 3};
    job->process.data = job;
    signals_begin(job, loop); /* in front of the job: whoever sees it may end us at once */
    int wrong = uv_spawn(loop, &job->process, &options);
    if (!wrong) {
        uv_read_start((uv_stream_t *)&job->out.pipe, give_room, arrived);
        uv_read_start((uv_stream_t *)&job->err.pipe, give_room, arrived);
        while (!job->ended)
            uv_run(loop, UV_RUN_ONCE);
        for (int turns = 0; turns < 64; turns++) /* what is left in the pipes; children of it may hold them open */
            uv_run(loop, UV_RUN_NOWAIT);
    }
    for (size_t i = 0; i < ARRAY_COUNT(job->signals); i++)
        uv_close((uv_handle_t *)&job->signals[i], NULL);
    uv_close((uv_handle_t *)&job->process, NULL);
    stream_close(&job->out);
    stream_close(&job->err);
    uv_run(loop, UV_RUN_NOWAIT);
    return wrong;
}

/* Its exit code, and how it went, for people. */
static int job_tell(uv_loop_t *loop, char **command, bool *failed, struct buffer *message)
{
    struct job *job = memory_new(sizeof *job);
    msec began = clock_steady();
    char span[SPAN_TEXT];
    int wrong = job_run(job, loop, command), code = job->signal ? 128 + job->signal : (int)job->status;
    const char *last = job->err.last[0] ? job->err.last : job->out.last;
    msec took = (clock_steady() - began) / SPAN_SECOND * SPAN_SECOND;
    *failed = wrong || code;
    if (wrong) {
        fprintf(stderr, "nocturne: %s: %s\n", command[0], uv_strerror(wrong));
        buffer_printf(message, "%s: %s", command[0], uv_strerror(wrong));
        code = CANNOT_RUN;
    } else if (job->signal) {
        buffer_printf(message, "ended by signal %d%s%s", job->signal, *last ? ": " : "", last);
    } else if (code) {
        buffer_printf(message, "exit code %d%s%s", code, *last ? ": " : "", last);
    } else {
        buffer_printf(message, "took %s%s%s", took ? span_format(span, took) : "less than 1s", *last ? ": " : "", last);
    }
    free(job);
    return code;
}

/* ---- telling ---- */

/* A crontab starts no daemon: where there is none, there is nobody to tell. */
static bool connect_only(struct shell *shell)
{
    if (!shell->options->socket && !shell->options->url) {
        char *socket = client_default_socket();
        bool answers = client_socket_answers(socket);
        if (!answers)
            fprintf(stderr, _("nocturne: no daemon answers on %s\n"), socket);
        free(socket);
        if (!answers)
            return false;
    }
    return shell_connect(shell);
}

static bool beat_send(struct shell *shell, const char *name, bool failed, const char *message)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT, answer = BUFFER_INIT;
    struct json_writer writer;
    struct error error = {0};
    buffer_append_text(&path, "/heartbeats/");
    client_path_segment(&path, name);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_bool(&writer, "failed", failed);
    json_write_text(&writer, "message", message);
    json_write_object_end(&writer);
    bool good = connect_only(shell);
    if (good && !client_call(shell->client, "POST", buffer_text(&path), buffer_text(&body), body.length, NULL, &answer, &error)) {
        shell_fail(&error);
        good = false;
    }
    buffer_release(&path);
    buffer_release(&body);
    buffer_release(&answer);
    return good;
}

int shell_beat(struct shell *shell, int argc, char **argv)
{
    struct buffer message = BUFFER_INIT;
    bool failed = false;
    int code = 0;
    if (argc < 2)
        return shell_usage("beat");
    if (argc > 2) {
        char **command = memory_new_array((size_t)argc - 1, sizeof *command); /* ends with NULL */
        memcpy(command, argv + 2, ((size_t)argc - 2) * sizeof *command);
        code = job_tell(&shell->loop, command, &failed, &message);
        free(command);
    }
    bool told = beat_send(shell, argv[1], failed, buffer_text(&message));
    buffer_release(&message);
    return code ? code : told ? 0 : 1;
}

/* Commands on a watched host, each on a channel of its own, so that the questions go on meanwhile. A server that allows
 * one session a connection (MaxSessions 1) gets a second connection for it.
 *
 * A watcher beside the command reads our end of its input: when we go (cancel, time-out, lost connection), it ends the
 * command, which a closed channel alone would leave running until it next writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/ssh.h"

#define READ_SIZE 16384
#define NOISE_MAX (256u << 10)

struct host_running {
    struct ssh_host *host;
    struct host_run run;
    char *command;
    struct ssh_channel *channel;
    struct ssh_session *own;      /* a second connection */
    uv_timer_t timer;
    struct ssh_frame frame;       /* its first mark: what comes before is of the login shell's start-up files */
    struct buffer out;
    size_t given;                 /* bytes of output */
    bool begun, ended;
    struct host_running *next;
};

static void run_channel(struct host_running *running, struct ssh_session *session);

static void timer_closed(uv_handle_t *handle)
{
    struct host_running *running = handle->data;
    ssh_frame_release(&running->frame);
    buffer_release(&running->out);
    free(running->command);
    free(running);
}

static void run_close(struct host_running *running)
{
    for (struct host_running **at = &running->host->runs; *at; at = &(*at)->next)
        if (*at == running) {
            *at = running->next;
            break;
        }
    running->ended = true;
    ssh_channel_close(&running->channel);
    ssh_session_free(&running->own);
    uv_close((uv_handle_t *)&running->timer, timer_closed);
}

static void run_end(struct host_running *running, int exit_code, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void run_end(struct host_running *running, int exit_code, enum error_code code, const char *format, ...)
{
    struct error error = {0};
    struct host_run run = running->run;
    if (running->ended)
        return;
    if (code != ERROR_NONE) {
        char text[300];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        error_set(&error, code, "%s: %s", running->host->id, text);
    }
    run_close(running);
    run.done(run.owner, exit_code, code != ERROR_NONE ? &error : NULL);
}

void ssh_run_cancel(struct host_running *running)
{
    if (!running->ended)
        run_close(running);
}

void ssh_runs_fail(struct ssh_host *host, const char *why)
{
    while (host->runs)
        run_end(host->runs, -1, ERROR_UNAVAILABLE, "%s", why);
}

static void run_late(uv_timer_t *timer)
{
    struct host_running *running = timer->data;
    run_end(running, -1, ERROR_TIMEOUT, "the command was not done in %g s", (double)running->run.timeout / 1000.0);
}

/* ---- output ---- */

/* False when the run ended. */
static bool give(struct host_running *running, const char *bytes, size_t length, bool errors)
{
    size_t limit = running->run.output_limit;
    bool over = limit > 0 && running->given + length > limit;
    if (over)
        length = limit - running->given;
    running->given += length;
    if (length > 0 && running->run.output)
        running->run.output(running->run.owner, bytes, length, errors);
    if (over && !running->ended)
        run_end(running, -1, ERROR_FULL, "the output is longer than %zu KiB", limit >> 10);
    return !running->ended;
}

/* Standard output begins after the mark. */
static bool take_output(struct host_running *running, const char *bytes, size_t length)
{
    if (running->begun)
        return give(running, bytes, length, false);
    enum ssh_frame_state state = ssh_frame_feed(&running->frame, bytes, length);
    if (state == SSH_FRAME_OVER)
        run_end(running, -1, ERROR_FULL, "its login shell says too much before the command");
    if (state != SSH_FRAME_INSIDE)
        return !running->ended;
    running->begun = true;
    struct buffer rest = running->frame.text;
    running->frame.text = (struct buffer)BUFFER_INIT;
    bool on = rest.length == 0 || give(running, rest.data, rest.length, false);
    buffer_release(&rest);
    return on;
}

static void run_flush(struct host_running *running)
{
    size_t sent;
    while (running->out.length > 0 && (sent = ssh_channel_write(running->channel, running->out.data, running->out.length)) > 0)
        buffer_consume(&running->out, sent);
}

static void run_readable(void *owner)
{
    struct host_running *running = owner;
    char bytes[READ_SIZE];
    size_t got;
    int exit_code;
    run_flush(running);
    while (running->channel && (got = ssh_channel_read(running->channel, SSH_OUTPUT, bytes, sizeof bytes)) > 0)
        if (!take_output(running, bytes, got))
            return;
    while (running->channel && (got = ssh_channel_read(running->channel, SSH_ERRORS, bytes, sizeof bytes)) > 0)
        if (running->begun && !give(running, bytes, got, true))
            return;
    if (!running->channel || !ssh_channel_ended(running->channel, &exit_code))
        return;
    if (running->begun)
        run_end(running, exit_code, ERROR_NONE, " ");
    else
        run_end(running, exit_code, ERROR_UNAVAILABLE, "its login shell ended before the command");
}

/* ---- the command ---- */

/* In single quotes for sh. */
static void quote(struct buffer *out, const char *text)
{
    buffer_append_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buffer_append_text(out, "'\\''");
        else
            buffer_append_char(out, *text);
    }
    buffer_append_char(out, '\'');
}

static void run_opened(void *owner)
{
    struct host_running *running = owner;
    ssh_frame_begin(&running->frame, NULL, NOISE_MAX);
    buffer_printf(&running->out,
                  "PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin;export PATH;unset ENV;echo '<%s>';exec 3<&0;/bin/sh -c ",
                  running->frame.mark);
    quote(&running->out, running->command);
    buffer_append_text(&running->out, " </dev/null 3<&- & c=$!;{ read -r x <&3;kill $c;} >/dev/null 2>&1 & w=$!;exec 3<&-;"
                                      "wait $c;s=$?;kill $w 2>/dev/null;exit $s\n");
    run_flush(running);
}

static void own_ready(void *owner)
{
    struct host_running *running = owner;
    run_channel(running, running->own);
}

static void own_failed(void *owner, const struct ssh_failure *failure)
{
    struct ssh_failure kept = *failure;
    run_end(owner, -1, ERROR_UNAVAILABLE, "%s", kept.text);
}

static void run_failed(void *owner, const struct ssh_failure *failure)
{
    static const struct ssh_session_ops ops = {.ready = own_ready, .failed = own_failed};
    struct host_running *running = owner;
    struct ssh_failure kept = *failure;
    ssh_channel_close(&running->channel);
    bool no_room = kept.trouble == SSH_TROUBLE_REFUSED && kept.phase == SSH_CHANNEL && !running->own && running->host->session;
    if (no_room) /* one session a connection: then another connection */
        running->own = ssh_session_new(&running->host->route.settings, &ops, running);
    else
        run_end(running, -1, ERROR_UNAVAILABLE, "%s", kept.text);
}

static void run_channel(struct host_running *running, struct ssh_session *session)
{
    static const struct ssh_channel_ops ops = {.opened = run_opened, .readable = run_readable, .failed = run_failed};
    running->channel = ssh_channel_exec(session, "exec /bin/sh", &ops, running);
}

struct host_running *ssh_run(struct ssh_host *host, const struct host_run *run, struct error *error)
{
    if (!host->session || (host->state != SSH_HOST_WAITING && host->state != SSH_HOST_ASKING)) {
        error_set(error, ERROR_UNAVAILABLE, "%s is not connected%s%s", host->id, *host->trouble ? ": " : "", host->trouble);
        return NULL;
    }
    struct host_running *running = memory_new(sizeof *running);
    *running = (struct host_running){.host = host, .run = *run, .command = memory_text(run->command), .next = host->runs};
    host->runs = running;
    running->timer.data = running;
    uv_timer_init(host->ssh->source->loop, &running->timer);
    if (run->timeout > 0)
        uv_timer_start(&running->timer, run_late, (uint64_t)run->timeout, 0);
    run_channel(running, host->session);
    return running;
}

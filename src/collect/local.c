/* This very host, read like any other (host_reader.h). Between the slower questions the quick figures are read in the
 * thread pool without a shell; what needs ss, ps and the like is asked of one shell that stays, as it would be through
 * SSH. Neither can hang the daemon: an answer that does not come in time is reported and waited for no more. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/local_private.h"
#include "collect/source_values.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define PATIENCE (20 * SPAN_SECOND)

/* The shell; it has its own life, since it closes after the source is gone. */
struct shell {
    struct local *local;      /* NULL: let go */
    uv_process_t process;
    uv_pipe_t in, out;
    unsigned open_handles;
    bool exited;
    struct buffer answer;
    char bytes[65536];
};

struct local {
    struct source *source;
    uv_timer_t timer;
    uv_work_t work;
    struct buffer quick;      /* the worker's while `working` */
    bool working, closing, timer_closed;
    struct shell *shell;
    bool asking;              /* the shell */
    msec interval, close_interval, began; /* close_interval: somebody looks; 0 else */
    uint32_t asset;
    char *id;
    struct host_reader *reader;
    struct local_runs *runs;
    const struct config_node *node;
};

static void local_tick(uv_timer_t *timer);

/* ---- an answer ---- */

static void answered(struct local *local, const char *text, size_t length)
{
    struct source *source = local->source;
    struct error error;
    struct host *host = host_reader_take(local->reader, text, length, uv_hrtime(), clock_wall(), &error);
    if (!host) {
        source_bad(source, text, length, "%s", error.text);
        return;
    }
    host->cost = clock_steady() - local->began;
    struct source_values values = {.source = source, .spoken = true};
    if (!source->messages) /* the rest at once */
        uv_timer_start(&local->timer, local_tick, 0, (uint64_t)local->interval);
    host_metrics(host, source_values_put, &values);
    source_values_give(&values, local->asset, length, NULL, 0, host);
    source_values_release(&values);
    if (source->status != SOURCE_RUNNING)
        source_status(source, SOURCE_RUNNING, "%s, every %lld s", local->id, (long long)(local->interval / SPAN_SECOND));
}

/* ---- the shell ---- */

static void shell_closed(uv_handle_t *handle)
{
    struct shell *shell = handle->data;
    if (--shell->open_handles)
        return;
    buffer_release(&shell->answer);
    free(shell);
}

static void shell_end(struct shell *shell)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&shell->process, (uv_handle_t *)&shell->in, (uv_handle_t *)&shell->out};
    if (!shell->exited && shell->process.pid > 1)
        kill(-shell->process.pid, SIGKILL);
    if (shell->local) {
        shell->local->shell = NULL;
        shell->local->asking = false;
        shell->local = NULL;
    }
    for (size_t i = 0; i < ARRAY_COUNT(handles); i++)
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], shell_closed);
}

static void shell_exited(uv_process_t *process, int64_t status, int signal_number)
{
    struct shell *shell = process->data;
    (void)status, (void)signal_number;
    shell->exited = true;
    if (shell->local)
        shell_end(shell); /* the next question starts another */
}

static void shell_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct shell *shell = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(shell->bytes, sizeof shell->bytes);
}

static void shell_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    static const char end_mark[] = "\n" HOST_ANSWER_END;
    struct shell *shell = stream->data;
    if (count < 0 || shell->answer.length > ANSWER_MAX) {
        if (shell->local)
            shell_end(shell);
        return;
    }
    size_t seen = shell->answer.length < sizeof end_mark ? 0 : shell->answer.length - sizeof end_mark;
    buffer_append(&shell->answer, buffer->base, (size_t)count);
    char *end = memmem(shell->answer.data + seen, shell->answer.length - seen, end_mark, sizeof end_mark - 1);
    if (!end || !shell->local)
        return;
    size_t length = (size_t)(end - shell->answer.data) + sizeof end_mark - 1;
    shell->local->asking = false;
    answered(shell->local, shell->answer.data, length);
    buffer_consume(&shell->answer, length);
    if (shell->answer.capacity > ((size_t)1 << 20))
        buffer_release(&shell->answer); /* a list of many processes came and went */
}

static bool shell_start(struct local *local)
{
    struct shell *shell = memory_new(sizeof *shell);
    char *arguments[] = {(char[]){"/bin/sh"}, NULL};
    uv_pipe_init(local->source->loop, &shell->in, 0);
    uv_pipe_init(local->source->loop, &shell->out, 0);
    uv_stdio_container_t streams[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&shell->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&shell->out},
        {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = "/bin/sh", .args = arguments, .exit_cb = shell_exited, .flags = UV_PROCESS_DETACHED,
                                    .stdio = streams, .stdio_count = 3, .env = local_environment()};
    shell->process.data = shell->in.data = shell->out.data = shell;
    shell->open_handles = 3;
    shell->local = local;
    local->shell = shell;
    int status = uv_spawn(local->source->loop, &shell->process, &options);
    free(options.env);
    if (status != 0) {
        source_status(local->source, SOURCE_TROUBLED, "cannot start a shell: %s", uv_strerror(status));
        shell->exited = true;
        shell_end(shell);
        return false;
    }
    uv_read_start((uv_stream_t *)&shell->out, shell_buffer, shell_read);
    return true;
}

struct question { uv_write_t write; struct buffer text; };

static void question_written(uv_write_t *write, int status)
{
    struct question *question = (struct question *)write;
    (void)status;
    buffer_release(&question->text);
    free(question);
}

static void ask_shell(struct local *local, unsigned depths)
{
    if (!local->shell && !shell_start(local))
        return;
    struct question *question = memory_new(sizeof *question);
    const struct config_node *list = config_get(local->node, "certificates");
    const char *paths[64];
    unsigned count = 0;
    if (list && config_scalar(list))
        paths[count++] = config_scalar(list);
    for (size_t i = 0; list && config_is_list(list) && i < config_count(list) && count < ARRAY_COUNT(paths); i++)
        paths[count++] = config_scalar(config_at(list, i));
    if (depths & HOST_USUAL)
        host_units_ask(local->source, local->asset, &question->text);
    host_script(&question->text, depths, paths, count);
    uv_buf_t bytes = uv_buf_init(question->text.data, (unsigned)question->text.length);
    local->asking = true;
    if (uv_write(&question->write, (uv_stream_t *)&local->shell->in, &bytes, 1, question_written) != 0) {
        question_written(&question->write, 0);
        shell_end(local->shell);
    }
}

/* ---- the thread ---- */

static void local_finish(struct local *local)
{
    if (!local->closing || local->working || !local->timer_closed)
        return;
    host_reader_free(&local->reader);
    buffer_release(&local->quick);
    free(local->id);
    free(local);
}

static void read_quick(uv_work_t *work)
{
    struct local *local = work->data;
    buffer_clear(&local->quick);
    local_quick(&local->quick);
}

static void quick_read(uv_work_t *work, int status)
{
    struct local *local = work->data;
    local->working = false;
    if (local->closing)
        local_finish(local);
    else if (status == 0)
        answered(local, local->quick.data, local->quick.length);
}

/* ---- the source ---- */

static void local_tick(uv_timer_t *timer)
{
    struct local *local = timer->data;
    msec now = clock_steady();
    if (local->working || local->asking) {
        if (now - local->began > 5 * local->interval)
            source_status(local->source, SOURCE_TROUBLED, "reading this host has taken %lld s; a file system hangs?",
                          (long long)((now - local->began) / SPAN_SECOND));
        if (local->asking && now - local->began > PATIENCE)
            shell_end(local->shell);
        return;
    }
    unsigned depths = host_reader_due(local->reader, now, local->close_interval > 0);
    local->began = now;
    if (depths != HOST_QUICK) {
        ask_shell(local, depths);
        return;
    }
    local->working = uv_queue_work(local->source->loop, &local->work, read_quick, quick_read) == 0;
}

static void local_attend(struct source *source, uint32_t asset, msec interval)
{
    struct local *local = source->state;
    if (asset != local->asset || local->close_interval == interval)
        return;
    local->close_interval = interval;
    msec period = interval && interval < local->interval ? interval : local->interval;
    uv_timer_start(&local->timer, local_tick, interval ? 0 : (uint64_t)period, (uint64_t)period);
}

static struct host_running *local_run_on(struct source *source, uint32_t asset, const struct host_run *run, struct error *error)
{
    struct local *local = source->state;
    if (asset == local->asset)
        return local_run(local->runs, run, error);
    error_set(error, ERROR_UNAVAILABLE, "the source %s reaches no other host than its own", source->name);
    return NULL;
}

static void local_cancel_run(struct source *source, struct host_running *running)
{
    (void)source;
    local_cancel(running);
}

static void describe(struct source *source, const struct local *local, const struct utsname *host)
{
    char model[160], period[SPAN_TEXT];
    snprintf(model, sizeof model, "%.60s %.60s", host->sysname, host->release);
    struct asset hint = {.field = {[ASSET_kind] = "server", [ASSET_class_] = "server", [ASSET_name] = host->nodename,
                                   [ASSET_model] = model, [ASSET_period] = span_format(period, local->interval)}};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        if (!hint.field[i])
            hint.field[i] = "";
    hint.attributes = "";
    if (source->sink.ops->describe)
        source->sink.ops->describe(source->sink.owner, source, local->asset, &hint);
}

static bool local_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct local *local = memory_new(sizeof *local);
    struct utsname host;
    uname(&host);
    source->state = local;
    local->source = source;
    local->node = node;
    local->interval = config_span(node, "interval", 5 * SPAN_SECOND);
    local->id = memory_text(config_text(node, "asset", host.nodename));
    local->reader = host_reader_new();
    local->runs = local_runs_new(source->loop);
    local->work.data = local;
    local->timer.data = local;
    uv_timer_init(source->loop, &local->timer);
    local->asset = source->sink.ops->asset(source->sink.owner, source, local->id, strlen(local->id));
    if (local->asset == SINK_NONE)
        return error_set(error, ERROR_INVALID, "`%s` cannot be the id of an asset; give one with asset:", local->id);
    describe(source, local, &host);
    source->targets = 1;
    uv_timer_start(&local->timer, local_tick, 0, (uint64_t)local->interval);
    return true;
}

static void local_timer_closed(uv_handle_t *handle)
{
    struct local *local = handle->data;
    local->timer_closed = true;
    local_finish(local);
}

static void local_stop(struct source *source)
{
    struct local *local = source->state;
    source->state = NULL;
    local->closing = true;
    local_runs_end(&local->runs);
    if (local->shell)
        shell_end(local->shell);
    uv_close((uv_handle_t *)&local->timer, local_timer_closed);
}

static bool check_certificate(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    for (const char *at = text; *at; at++)
        if (!strchr("/._-+@:*?[]", *at) && !((*at | 32) >= 'a' && (*at | 32) <= 'z') && !(*at >= '0' && *at <= '9'))
            return error_set(error, ERROR_INVALID, "expected a path or pattern such as /etc/nginx/tls/*.pem; got `%s`", text);
    return *text == '/' || error_set(error, ERROR_INVALID, "expected an absolute path; got `%s`", text);
}

static const struct config_key local_keys[] = {
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 500, .maximum = 3600e3, .help = "time between samples (default 5s)"},
    {.name = "asset", .type = CONFIG_TEXT, .help = "id of the asset that this host is (default: its host name)"},
    {.name = "certificates", .type = CONFIG_TEXT_LIST, .check = check_certificate,
     .help = "certificate files whose end is watched, such as /etc/nginx/tls/*.pem"},
    {.name = NULL},
};

const struct collector_ops collector_local = {
    .type = "local",
    .help = "this very host: processor, memory, disks, network, ports, services, processes",
    .keys = local_keys,
    .protection = protection_local,
    .start = local_start,
    .attend = local_attend,
    .run = local_run_on,
    .cancel = local_cancel_run,
    .stop = local_stop,
};

/* A command of this host: no shell, arguments as they stand in the list, the alert as JSON on standard input, a time
 * limit, an environment of five names. Exit 0: told; 1..127: tried again; a command that is not there: refused. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "engine/notify_private.h"

#define SAID_MAX 400
#define LINGER_MS 200

struct command {
    char **arguments;
    unsigned count;
};

/* Lives until its handles are closed, longer than the sending when the daemon ends first. */
struct command_run {
    struct sending *sending;  /* NULL: nobody waits any more */
    uv_process_t process;
    uv_pipe_t input, output;
    uv_timer_t limit;
    uv_write_t write;
    char *json;
    struct buffer said;
    char room[512];
    unsigned open;
    bool exited, closed_output, late;
    int64_t status;
    int signal;
};

static bool check_argument(const struct config_node *node, const char *text, struct error *error)
{
    return template_check(node, text, error);
}

static const struct config_key keys[] = {
    {.name = "command", .type = CONFIG_TEXT_LIST, .required = true, .check = check_argument,
     .help = "program (absolute path) and arguments, with {to}, {title}, {text}, {id}, {json}"},
    {.name = NULL},
};

static void command_read(struct channel *channel, const struct config_node *node, struct config_problems *problems)
{
    struct command *command = channel->settings = memory_new(sizeof *command);
    const struct config_node *list = config_get(node, "command");
    command->count = config_is_list(list) ? (unsigned)config_count(list) : 1;
    command->arguments = memory_new_array(command->count + 1, sizeof *command->arguments);
    for (unsigned i = 0; i < command->count; i++) {
        const char *text = config_scalar(config_is_list(list) ? config_at(list, i) : list);
        command->arguments[i] = memory_text(text ? text : "");
    }
    const char *program = command->count ? command->arguments[0] : "";
    if (program[0] != '/')
        config_problem(problems, list, "expected an absolute path first, such as [/usr/local/bin/page, \"{to}\"]; there is no shell");
    else if (access(program, X_OK) != 0)
        config_problem(problems, list, "`%s` cannot be run", program);
}

static void command_release(void *settings)
{
    struct command *command = settings;
    for (unsigned i = 0; i < command->count; i++)
        free(command->arguments[i]);
    free(command->arguments);
    free(command);
}

static void handle_closed(uv_handle_t *handle)
{
    struct command_run *run = handle->data;
    if (--run->open > 0)
        return;
    buffer_release(&run->said);
    free(run->json);
    free(run);
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, handle_closed);
}

static void close_all(struct command_run *run)
{
    close_one((uv_handle_t *)&run->process);
    close_one((uv_handle_t *)&run->input);
    close_one((uv_handle_t *)&run->output);
    close_one((uv_handle_t *)&run->limit);
}

/* Ends when the program has: a child that it left behind may hold the pipe for ever. */
static void settle(struct command_run *run)
{
    struct sending *sending = run->sending;
    if (!run->exited || !sending)
        return;
    run->sending = NULL;
    sending->command = NULL;
    const char *said = buffer_text(&run->said);
    bool good = run->status == 0 && run->signal == 0;
    if (run->late)
        sending_detail(sending, "ended after its time limit %s", said);
    else if (run->signal)
        sending_detail(sending, "ended by signal %d %s", run->signal, said);
    else
        sending_detail(sending, "exit %d %s", (int)run->status, said);
    close_all(run);
    sending_end(sending, good ? OUTCOME_SENT : OUTCOME_AGAIN);
}

static void limit_reached(uv_timer_t *timer);

static void exited(uv_process_t *process, int64_t status, int signal)
{
    struct command_run *run = process->data;
    run->exited = true;
    run->status = status;
    run->signal = signal;
    if (run->closed_output || run->late)
        settle(run);
    else
        uv_timer_start(&run->limit, limit_reached, LINGER_MS, 0); /* for the last of what it said */
}

static void limit_reached(uv_timer_t *timer)
{
    struct command_run *run = timer->data;
    if (!run->exited) {
        run->late = true;
        uv_kill(-run->process.pid, SIGKILL); /* its group: what it started too */
    } else {
        settle(run);
    }
}

static void room_wanted(uv_handle_t *handle, size_t size, uv_buf_t *room)
{
    struct command_run *run = handle->data;
    (void)size;
    *room = uv_buf_init(run->room, sizeof run->room);
}

static void output_came(uv_stream_t *stream, ssize_t length, const uv_buf_t *bytes)
{
    struct command_run *run = stream->data;
    if (length < 0) {
        run->closed_output = true;
        uv_read_stop(stream);
        settle(run);
        return;
    }
    size_t room = SAID_MAX - run->said.length;
    buffer_append(&run->said, bytes->base, (size_t)length < room ? (size_t)length : room);
}

static void input_written(uv_write_t *write, int status)
{
    struct command_run *run = write->data;
    (void)status; /* a program that does not read its input is free not to */
    close_one((uv_handle_t *)&run->input);
}

static void run_init(struct command_run *run, struct notify *notify)
{
    uv_pipe_init(notify->loop, &run->input, 0);
    uv_pipe_init(notify->loop, &run->output, 0);
    uv_timer_init(notify->loop, &run->limit);
    run->input.data = run->output.data = run->limit.data = run->process.data = run->write.data = run;
    run->open = 4;
}

static int run_spawn(struct command_run *run, char **arguments)
{
    static const char *const kept[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ"};
    char *environment[ARRAY_COUNT(kept) + 1];
    unsigned count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(kept); i++)
        if (getenv(kept[i]))
            environment[count++] = memory_printf("%s=%s", kept[i], getenv(kept[i]));
    environment[count] = NULL;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&run->input},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&run->output},
        {.flags = UV_IGNORE},
    };
    uv_process_options_t options = {
        .file = arguments[0], .args = arguments, .env = environment, .cwd = "/", .stdio = stdio, .stdio_count = 3,
        .flags = UV_PROCESS_DETACHED, .exit_cb = exited,
    };
    int result = uv_spawn(run->sending->notify->loop, &run->process, &options);
    while (count > 0)
        free(environment[--count]);
    return result;
}

static bool command_start(struct sending *sending, struct error *error)
{
    const struct command *command = sending->channel->settings;
    char **arguments = memory_new_array(command->count + 1, sizeof *arguments);
    for (unsigned i = 0; i < command->count; i++) {
        struct buffer text = BUFFER_INIT;
        template_expand(&text, command->arguments[i], TEMPLATE_PLAIN, sending);
        buffer_append_text(&text, "");
        arguments[i] = text.data ? buffer_take(&text) : memory_text("");
    }
    struct command_run *run = sending->command = memory_new(sizeof *run);
    run->sending = sending;
    run_init(run, sending->notify);
    int result = run_spawn(run, arguments);
    for (unsigned i = 0; i < command->count; i++)
        free(arguments[i]);
    free(arguments);
    if (result != 0) {
        sending->command = NULL;
        run->sending = NULL;
        close_all(run);
        return error_set(error, ERROR_INVALID, "cannot be run: %s", uv_strerror(result));
    }
    run->json = memory_text(sending->json);
    uv_buf_t bytes = uv_buf_init(run->json, (unsigned)strlen(run->json));
    uv_read_start((uv_stream_t *)&run->output, room_wanted, output_came);
    uv_write(&run->write, (uv_stream_t *)&run->input, &bytes, 1, input_written);
    uv_timer_start(&run->limit, limit_reached, (uint64_t)sending->channel->timeout, 0);
    return true;
}

void command_abandon(struct command_run **owned)
{
    struct command_run *run = *owned;
    *owned = NULL;
    run->sending = NULL;
    if (!run->exited)
        uv_kill(-run->process.pid, SIGKILL);
    close_all(run);
}

const struct channel_ops channel_command = {
    .type = "command", .help = "A command of this host", .keys = keys, .example = "anything",
    .read = command_read, .release = command_release, .start = command_start,
};

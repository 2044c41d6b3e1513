/* A shell on a server, in place: the daemon says which command a person's console runs for it and keeps the record; the
 * terminal is lent to that command, and the console comes back as it was. The loop goes on meanwhile, without drawing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "app/internal.h"
#include "base/json.h"
#include "base/memory.h"
#include "command/actions.h"
#include "term/locale.h"
#include "view/application.h"
#include "view/view.h"

struct lent {
    struct app *app;
    uv_process_t process;
    char *id, *session;
    struct termios settings;
    bool had_settings;
    struct sigaction interrupt, quit, stop, background; /* what they did before */
    msec started;
    pid_t group;                     /* of the terminal's foreground before */
    lent_done *done;                 /* NULL: a shell, which says its end itself */
    void *owner;
    uv_pipe_t *words;                /* what the command says, when somebody wants it */
    struct buffer kept;
};

static char *shell_path(const char *id)
{
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "/servers/");
    client_path_segment(&path, id);
    buffer_append_text(&path, "/shell");
    return buffer_take(&path);
}

/* As system(3): keys that end or stop a program are the command's while it has the terminal. Writing to the terminal
 * from the background is allowed, since a command that died may have left it to its own group. */
static void signals_lend(struct lent *lent)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGQUIT, &ignore, &lent->quit);
    sigaction(SIGTSTP, &ignore, &lent->stop);
    sigaction(SIGTTOU, &ignore, &lent->background);
    uv_signal_stop(&lent->app->interrupt);
    sigaction(SIGINT, &ignore, &lent->interrupt);
}

static void nothing_more(void *owner, const struct client_answer *answer)
{
    if (answer->error)
        app_say(owner, ROLE_ERROR, "%s", answer->error->text);
}

static void tell_end(struct lent *lent, int64_t code)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    char *path = shell_path(lent->id);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "phase", "end");
    json_write_text(&writer, "session", lent->session);
    json_write_integer(&writer, "exit_code", code);
    json_write_object_end(&writer);
    client_send(lent->app->client, "POST", path, buffer_text(&body), body.length, "application/json", -1, nothing_more, lent->app);
    free(path);
    buffer_release(&body);
}

static void lent_free(struct lent *lent)
{
    buffer_release(&lent->kept);
    free(lent->id);
    free(lent->session);
    free(lent);
}

static void process_closed(uv_handle_t *handle)
{
    lent_free(handle->data);
}

/* ---- what it says: to the terminal at once, the last of it kept ---- */

static void words_closed(uv_handle_t *handle)
{
    free(handle);
}

static void keep(struct lent *lent, const char *bytes, size_t length)
{
    for (size_t written = 0; written < length;) {
        ssize_t took = write(STDOUT_FILENO, bytes + written, length - written);
        if (took < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
        else if (took <= 0 && errno != EINTR)
            break;
        written += took > 0 ? (size_t)took : 0;
    }
    buffer_append(&lent->kept, bytes, length);
    if (lent->kept.length > 2 * LENT_KEPT) {
        size_t skip = lent->kept.length - LENT_KEPT;
        memmove(lent->kept.data, lent->kept.data + skip, LENT_KEPT);
        lent->kept.length = LENT_KEPT;
        lent->kept.data[LENT_KEPT] = '\0';
    }
}

static void room_for_words(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)handle;
    *room = uv_buf_init(memory_new(suggested), (unsigned)suggested);
}

static void words_came(uv_stream_t *stream, ssize_t length, const uv_buf_t *bytes)
{
    if (length > 0)
        keep(stream->data, bytes->base, (size_t)length);
    else if (length < 0)
        uv_read_stop(stream);
    free(bytes->base);
}

/* What lies in the pipe at the end; who still holds its other end in the background is not waited for. */
static void words_end(struct lent *lent)
{
    char bytes[4096];
    ssize_t length;
    uv_os_fd_t fd;
    if (!lent->words)
        return;
    uv_read_stop((uv_stream_t *)lent->words);
    if (uv_fileno((uv_handle_t *)lent->words, &fd) == 0)
        while ((length = read(fd, bytes, sizeof bytes)) > 0)
            keep(lent, bytes, (size_t)length);
    uv_close((uv_handle_t *)lent->words, words_closed);
    lent->words = NULL;
}

static void take_back(struct lent *lent)
{
    struct app *app = lent->app;
    words_end(lent);
    if (lent->group > 0)
        tcsetpgrp(STDIN_FILENO, lent->group);
    if (lent->had_settings)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &lent->settings);
    sigaction(SIGINT, &lent->interrupt, NULL);
    sigaction(SIGQUIT, &lent->quit, NULL);
    sigaction(SIGTSTP, &lent->stop, NULL);
    sigaction(SIGTTOU, &lent->background, NULL);
    app->lent = NULL;
    app_terminal_back(app);
}

static void ended(uv_process_t *process, int64_t status, int signal)
{
    struct lent *lent = process->data;
    int64_t code = signal ? 128 + signal : status;
    char span[SPAN_TEXT];
    msec took = clock_steady() - lent->started;
    take_back(lent);
    if (lent->session)
        tell_end(lent, code);
    if (lent->done)
        lent->done(lent->app, lent->owner, code, took, buffer_text(&lent->kept), lent->kept.length);
    else
        app_say(lent->app, code ? ROLE_WARNING : ROLE_HINT, _("back from %s after %s, exit code %lld"), lent->id,
            span_format_short(span, took), (long long)code);
    uv_close((uv_handle_t *)process, process_closed);
}

/* A text as something to read from; -1: it could not be kept. */
static int text_to_read(const char *text)
{
    int fd = memfd_create("nocturne-step", MFD_CLOEXEC);
    size_t length = strlen(text);
    if (fd >= 0 && (write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The write end of a pipe whose words come here; the terminal itself where there is none. */
static int words_begin(struct lent *lent)
{
    int ends[2];
    if (!lent->done || pipe2(ends, O_CLOEXEC) != 0)
        return STDOUT_FILENO;
    lent->words = memory_new(sizeof *lent->words);
    uv_pipe_init(lent->app->loop, lent->words, 0);
    uv_pipe_open(lent->words, ends[0]);
    lent->words->data = lent;
    uv_read_start((uv_stream_t *)lent->words, room_for_words, words_came);
    return ends[1];
}

static void lend(struct app *app, struct lent *lent, char **command, const char *text)
{
    uv_stdio_container_t descriptors[3];
    int input = text ? text_to_read(text) : STDIN_FILENO, output = words_begin(lent);
    for (int i = 0; i < 3; i++)
        descriptors[i] = (uv_stdio_container_t){.flags = input < 0 && i == 0 ? UV_IGNORE : UV_INHERIT_FD, .data.fd = i == 0 ? input : output};
    uv_process_options_t options = {.exit_cb = ended, .file = command[0], .args = command, .stdio = descriptors, .stdio_count = 3};
    app_terminal_away(app);
    lent->had_settings = tcgetattr(STDIN_FILENO, &lent->settings) == 0;
    lent->group = tcgetpgrp(STDIN_FILENO);
    lent->started = clock_steady();
    app->lent = lent;
    signals_lend(lent);
    printf("\n%s\n", lent->done ? _("nocturne: running it; its end brings you back")
                                : _("nocturne: leaving the console for a shell; its end brings you back"));
    fflush(stdout);
    int failed = uv_spawn(app->loop, &lent->process, &options);
    lent->process.data = lent;
    if (input > STDERR_FILENO)
        close(input);
    if (output > STDERR_FILENO)
        close(output);
    if (!failed)
        return;
    take_back(lent);
    if (lent->session)
        tell_end(lent, 127);
    if (lent->done)
        lent->done(app, lent->owner, -1, 0, uv_strerror(failed), strlen(uv_strerror(failed)));
    else
        app_say(app, ROLE_ERROR, _("%s cannot be started: %s"), command[0], uv_strerror(failed));
    uv_close((uv_handle_t *)&lent->process, process_closed);
}

void app_lend(struct app *app, const struct lending *lending)
{
    struct lent *lent = memory_new(sizeof *lent);
    *lent = (struct lent){.app = app, .done = lending->done, .owner = lending->owner,
                          .id = lending->server ? memory_text(lending->server) : NULL,
                          .session = lending->session ? memory_text(lending->session) : NULL};
    lend(app, lent, lending->command, lending->input);
}

struct asked { struct app *app; char *id; };

static void started(void *owner, const struct client_answer *answer)
{
    struct asked *asked = owner;
    struct app *app = asked->app;
    struct error error = {0};
    struct json_object *answered = answer->error ? NULL : json_parse(answer->body, answer->length, 8, &error), *words = NULL;
    size_t count = 0;
    if (answered && json_object_object_get_ex(answered, "command", &words) && json_object_is_type(words, json_type_array))
        count = json_object_array_length(words);
    if (answer->error) {
        app_say(app, ROLE_ERROR, "%s", answer->error->text);
    } else if (!count) {
        app_say(app, ROLE_ERROR, _("no shell is configured for %s"), asked->id);
    } else if (app->lent || !app->screen) {
        app_say(app, ROLE_ERROR, "%s", _("the terminal is not free"));
    } else {
        struct lent *lent = memory_new(sizeof *lent);
        char **command = memory_new_array(count + 1, sizeof *command);
        for (size_t i = 0; i < count; i++)
            command[i] = memory_text(json_object_get_string(json_object_array_get_idx(words, i)));
        *lent = (struct lent){.app = app, .id = memory_text(asked->id), .session = memory_text(json_get_text(answered, "session", ""))};
        lend(app, lent, command, NULL);
        for (size_t i = 0; i < count; i++)
            free(command[i]);
        free(command);
    }
    if (answered)
        json_object_put(answered);
    free(asked->id);
    free(asked);
}

bool action_shell(struct app *app, const struct command *command, const char *argument, struct error *error)
{
    static const char start[] = "{\"phase\":\"start\"}";
    struct view *view = app_view(app);
    struct view_targets targets = {0};
    const struct wire_node *node = view ? application_node(view) : NULL;
    const char *id = argument;
    (void)command;
    if (!app->screen)
        return error_set(error, ERROR_UNAVAILABLE, "%s", _("shell: there is no terminal here to lend"));
    if (!*id && view && application_id(view))
        id = node && *node->asset ? node->asset : "";
    else if (!*id && view && view->ops->targets) {
        view->ops->targets(view, &targets);
        id = targets.count ? targets.ids[0] : "";
    }
    if (!*id)
        return error_set(error, ERROR_INVALID, "%s", _("shell: go to a server's row first"));
    if (view && server_answer(view) && strcmp(server_id(view), id) == 0 && !server_answer(view)->shell)
        return error_set(error, ERROR_DENIED, _("shell: none is configured for %s, or your account may not have one"), id);
    struct asked *asked = memory_new(sizeof *asked);
    *asked = (struct asked){app, memory_text(id)};
    char *path = shell_path(id);
    client_send(app->client, "POST", path, start, sizeof start - 1, "application/json", -1, started, asked);
    free(path);
    return true;
}

/* The console ends while the terminal is lent: the command goes with it, as it would with a hung-up terminal. */
void lent_end(struct lent **pointer)
{
    struct lent *lent = *pointer;
    if (!lent)
        return;
    uv_process_kill(&lent->process, SIGHUP);
    take_back(lent);
    if (lent->done)
        lent->done(lent->app, lent->owner, 128 + SIGHUP, 0, NULL, 0);
    uv_close((uv_handle_t *)&lent->process, process_closed);
    *pointer = NULL;
}

/* nocturne: the console, and the same commands from the shell. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/memory.h"
#include "client/replay.h"
#include "client/start.h"
#include "command/command.h"
#include "command/shell.h"
#include "term/locale.h"

#define DAEMON_PATIENCE ((msec)8000)

static void starting(void *owner, msec waited)
{
    bool *told = owner;
    if (waited > 150 && !*told && isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s", _("nocturne: starting the daemon "));
        *told = true;
    }
    if (*told && waited % 500 < 50)
        fputc('.', stderr);
}

/* Nobody listens where the user's own daemon would be: start it, as tmux does its server. */
static bool have_daemon(const struct options *options, struct error *error)
{
    bool told = false;
    if (options->socket || options->url)
        return true;
    char *socket = client_default_socket();
    bool good = client_socket_answers(socket) || client_start_daemon(socket, DAEMON_PATIENCE, starting, &told, error);
    if (told)
        fputc('\n', stderr);
    free(socket);
    return good;
}

static int run_console(const struct options *options)
{
    struct error error = {0};
    uv_loop_t loop;
    if (!have_daemon(options, &error)) {
        fprintf(stderr, "nocturne: %s\n", error.text);
        return 1;
    }
    uv_loop_init(&loop);
    const struct client_options where = {.socket = options->socket, .url = options->url, .token = getenv("NOCTURNE_TOKEN"),
                                         .certificate = getenv("NOCTURNE_CERTIFICATE"), .key = getenv("NOCTURNE_KEY"),
                                         .authority = getenv("NOCTURNE_AUTHORITY")};
    struct client *client = client_new(&loop, &where, &error);
    int code = 2;
    if (!client)
        fprintf(stderr, "nocturne: %s\n", error.text);
    else if (options->plain)
        code = app_run_plain(&loop, client, options);
    else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        code = app_run_screen(&loop, client, options);
    else
        code = app_run_snapshot(&loop, client, options, "board", "");
    client_free(&client);
    app_drain(&loop);
    uv_loop_close(&loop);
    return code;
}

/* The same on a capsule: it stands in for the daemon. */
static int run_replay(struct options *options)
{
    struct client_replay replay;
    struct error error = {0};
    if (!client_replay_open(&replay, options->replay, &error)) {
        fprintf(stderr, "nocturne: %s\n", error.text);
        return 1;
    }
    options->capsule = &replay;
    options->socket = replay.socket;
    options->read_only = "";
    instant_format(options->moment, replay.moment);
    int code = options->count ? shell_run(options) : run_console(options);
    options->capsule = NULL;
    options->socket = NULL;
    client_replay_close(&replay);
    return code;
}

static int run(struct options *options)
{
    struct buffer help = BUFFER_INIT;
    if (options->help) {
        arguments_help(&help);
        fwrite(buffer_text(&help), 1, help.length, stdout);
        buffer_release(&help);
        return 0;
    }
    if (options->version) {
        printf("nocturne %s\n", NOCTURNE_VERSION);
        return 0;
    }
    if (options->replay)
        return run_replay(options);
    return options->count ? shell_run(options) : run_console(options);
}

int main(int argc, char **argv)
{
    struct options options;
    struct error error = {0};
    locale_init();
    signal(SIGPIPE, SIG_IGN);
    if (!arguments_parse(&options, argc, (const char *const *)argv, &error)) {
        fprintf(stderr, "nocturne: %s\n", error.text);
        arguments_release(&options);
        return 2;
    }
    int code = run(&options);
    arguments_release(&options);
    return fflush(stdout) == 0 || code ? code : 1;
}

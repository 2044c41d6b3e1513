#include "command/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/memory.h"
#include "client/start.h"
#include "command/actions.h"
#include "term/locale.h"

#define DAEMON_PATIENCE ((msec)8000)

int shell_fail(const struct error *error)
{
    fprintf(stderr, "nocturne: %s\n", error->text);
    return error->code == ERROR_INVALID ? 2 : 1;
}

int shell_usage(const char *name)
{
    const struct command *command = command_find(name, strlen(name));
    fprintf(stderr, _("usage: nocturne %s %s\n"), command->name,
            command->shell_arguments ? command->shell_arguments : command->arguments ? command->arguments : "");
    return 2;
}

void shell_print(const struct buffer *text)
{
    fwrite(buffer_text(text), 1, text->length, stdout);
}

enum shell_output shell_output(const struct shell *shell)
{
    static const char *const names[] = {[OUTPUT_TABLE] = "table", [OUTPUT_WIDE] = "wide", [OUTPUT_JSON] = "json", [OUTPUT_CSV] = "csv"};
    if (!shell->options->output)
        return OUTPUT_TABLE;
    for (unsigned i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(names[i], shell->options->output) == 0)
            return (enum shell_output)i;
    fprintf(stderr, _("nocturne: -o %s: expected table, wide, json or csv\n"), shell->options->output);
    return OUTPUT_BAD;
}

static void starting(void *owner, msec waited)
{
    bool *told = owner;
    if (waited > 300 && !*told && isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s\n", _("nocturne: starting the daemon ..."));
        *told = true;
    }
}

bool shell_connect(struct shell *shell)
{
    const struct options *options = shell->options;
    struct error error = {0};
    if (shell->client)
        return true;
    if (!options->socket && !options->url) {
        bool told = false;
        char *socket = client_default_socket();
        bool good = client_socket_answers(socket) || client_start_daemon(socket, DAEMON_PATIENCE, starting, &told, &error);
        free(socket);
        if (!good)
            return shell_fail(&error), false;
    }
    const struct client_options where = {.socket = options->socket, .url = options->url, .token = getenv("NOCTURNE_TOKEN"),
                                         .certificate = getenv("NOCTURNE_CERTIFICATE"), .key = getenv("NOCTURNE_KEY"),
                                         .authority = getenv("NOCTURNE_AUTHORITY")};
    shell->client = client_new(&shell->loop, &where, &error);
    if (!shell->client)
        shell_fail(&error);
    return shell->client != NULL;
}

bool shell_get_json(struct shell *shell, const char *path, struct buffer *answer)
{
    struct error error = {0};
    shell->failed = 1;
    if (!shell_connect(shell))
        return false;
    if (client_call(shell->client, "GET", path, NULL, 0, NULL, answer, &error))
        return true;
    shell->failed = shell_fail(&error);
    return false;
}

static void list_commands(void)
{
    fprintf(stderr, "%s", _("nocturne: commands are:"));
    for (unsigned i = 0; i < command_count; i++)
        if (commands[i].shell)
            fprintf(stderr, " %s", commands[i].name);
    fputc('\n', stderr);
}

/* --file and --bom; what writes a document knows its file itself. */
static bool output_begin(const struct options *options, const struct command *command)
{
    struct error error;
    if (command->shell == shell_export || command->shell == shell_report)
        return true;
    if (options->file && !freopen(options->file, "we", stdout)) {
        error_set(&error, ERROR_UNAVAILABLE, "%s: %s", options->file, strerror(errno));
        shell_fail(&error);
        return false;
    }
    if (options->bom && options->output && strcmp(options->output, "csv") == 0)
        fputs(CSV_BOM, stdout);
    return true;
}

int shell_run(const struct options *options)
{
    struct shell shell = {.options = options};
    const char *name = options->words[0];
    const struct command *command = command_find(name, strlen(name));
    if (!command || !command->shell) {
        fprintf(stderr, _("nocturne: no command `%s` in the shell\n"), name);
        list_commands();
        return 2;
    }
    if (options->read_only && command->writes && strcmp(name, "ledger") != 0) {
        fprintf(stderr, _("nocturne: %s: --read-only\n"), name);
        return 1;
    }
    if (!output_begin(options, command))
        return 1;
    uv_loop_init(&shell.loop);
    int code = command->shell(&shell, options->count, (char **)options->words);
    client_free(&shell.client);
    while (uv_run(&shell.loop, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&shell.loop);
    return code;
}

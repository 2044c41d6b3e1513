/* Servers from the shell: restart a unit, read a log, the network in numbers, what `show` adds for a server. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/actions.h"
#include "command/shell.h"
#include "model/alert.h"
#include "term/locale.h"

static void server_path(struct buffer *path, const char *id, const char *verb)
{
    buffer_append_text(path, "/servers/");
    client_path_segment(path, id);
    buffer_append_text(path, verb);
}

/* ---- restart ---- */

static bool agreed(void)
{
    char answer[16];
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s\n", _("nocturne: --yes restarts it"));
        return false;
    }
    fprintf(stderr, "%s ", _("restart it? [y/N]"));
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "y\n") == 0;
}

static bool restart_call(struct shell *shell, const char *id, const char *unit, bool dry, struct buffer *answer, struct error *error)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    struct json_writer writer;
    server_path(&path, id, dry ? "/restart?dry_run=1" : "/restart");
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "unit", unit);
    json_write_object_end(&writer);
    bool good = client_call(shell->client, "POST", buffer_text(&path), body.data, body.length, NULL, answer, error);
    buffer_release(&path);
    buffer_release(&body);
    return good;
}

static bool print_question(const char *id, const struct buffer *answer, struct error *error)
{
    struct json_object *object = json_parse(buffer_text(answer), answer->length, 0, error);
    if (!object)
        return false;
    printf(_("%s on %s: %s; %lld sessions on this server\n  %s\n"), json_get_text(object, "unit", ""), id,
           json_get_text(object, "state", ""), (long long)json_get_integer(object, "sessions", 0), json_get_text(object, "command", ""));
    json_object_put(object);
    return true;
}

static int print_result(const char *id, const struct buffer *answer)
{
    struct arena *arena = arena_new();
    struct wire_run_result result;
    struct error error = {0};
    int code = 1;
    if (!wire_read_run_result(buffer_text(answer), answer->length, arena, &result, &error)) {
        code = shell_fail(&error);
    } else {
        printf(_("%s on %s: exit %d in %lld ms; now %s (%s)\n"), result.unit, id, result.exit_code, (long long)result.took,
               *result.state ? result.state : _("unknown"), result.sub);
        if (*result.output)
            printf("%s\n", result.output);
        code = result.exit_code ? 1 : 0;
    }
    arena_free(&arena);
    return code;
}

int shell_restart_unit(struct shell *shell, const char *unit, const char *id)
{
    struct buffer answer = BUFFER_INIT;
    struct error error = {0};
    int code = 1;
    if (!shell_connect(shell))
        return 1;
    bool good = true;
    if (!shell->options->yes) {
        good = restart_call(shell, id, unit, true, &answer, &error) && print_question(id, &answer, &error);
        fflush(stdout);
        if (good && !agreed()) {
            buffer_release(&answer);
            return 1;
        }
        buffer_clear(&answer);
    }
    if (!good || !restart_call(shell, id, unit, false, &answer, &error)) {
        code = shell_fail(&error);
    } else if (shell_output(shell) == OUTPUT_JSON) {
        shell_print(&answer);
        putchar('\n');
        code = 0;
    } else {
        code = print_result(id, &answer);
    }
    buffer_release(&answer);
    return code;
}

/* ---- logs ---- */

static void print_line(const char *text, size_t length)
{
    struct arena *arena = arena_new();
    struct wire_log_line line;
    char time[INSTANT_TEXT];
    if (wire_read_log_line(text, length, arena, &line, NULL))
        printf("%-11s %c %s\n", line.time == CLOCK_NEVER ? "" : instant_format_short(time, line.time, clock_wall()),
               line.severity >= 0 ? severity_letter((enum severity)line.severity) : ' ', line.text);
    arena_free(&arena);
}

static void print_lines(const char *text, size_t length)
{
    for (const char *end; length && (end = memchr(text, '\n', length)); length -= (size_t)(end - text) + 1, text = end + 1)
        if (end > text)
            print_line(text, (size_t)(end - text));
    fflush(stdout);
}

static void followed(void *owner, const struct client_answer *answer)
{
    struct shell *shell = owner;
    if (answer->more) {
        print_lines(answer->body, answer->length);
        return;
    }
    if (answer->error)
        shell->failed = shell_fail(answer->error);
    uv_stop(&shell->loop);
}

/* logs HOST UNIT|PATH [follow]; --filter TEXT, --limit LINES, --from TIME */
int shell_logs(struct shell *shell, int argc, char **argv)
{
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT, answer = BUFFER_INIT;
    bool follow = argc == 4 && strcmp(argv[3], "follow") == 0;
    if (argc != 3 && !follow)
        return shell_usage("logs");
    bool whole = strncmp(argv[2], "journal:", 8) == 0 || strncmp(argv[2], "file:", 5) == 0;
    char *log = memory_printf("%s%s", whole ? "" : argv[2][0] == '/' ? "file:" : "journal:", argv[2]);
    server_path(&resource, argv[1], "/logs");
    client_path(&path, buffer_text(&resource), "log", log, "lines", shell->options->limit, "search", shell->options->filter, "since",
                shell->options->from, "follow", follow ? "1" : NULL, NULL);
    bool good = false;
    if (follow && shell_connect(shell)) {
        client_follow(shell->client, buffer_text(&path), followed, shell);
        uv_run(&shell->loop, UV_RUN_DEFAULT);
        good = !shell->failed;
    } else if (!follow && shell_get_json(shell, buffer_text(&path), &answer)) {
        good = true;
        if (shell_output(shell) == OUTPUT_JSON)
            shell_print(&answer);
        else
            print_lines(buffer_text(&answer), answer.length);
    }
    free(log);
    buffer_release(&resource);
    buffer_release(&path);
    buffer_release(&answer);
    return good ? 0 : 1;
}

/* ---- the network ---- */

int shell_print_network(struct shell *shell)
{
    struct buffer answer = BUFFER_INIT;
    bool good = shell_get_json(shell, "/network", &answer);
    struct json_object *object = good ? json_parse(buffer_text(&answer), answer.length, 0, NULL) : NULL, *down = object ? json_get(object, "down") : NULL;
    if (good && shell_output(shell) == OUTPUT_JSON) {
        shell_print(&answer);
        putchar('\n');
    } else if (object) {
        double rate = json_get_number(object, "rate", NAN);
        if (isnan(rate))
            puts(_("no link is watched: a source of type icmp, tcp or ssh does that"));
        else
            printf(_("connectivity %.2f %%: %lld of %lld links up\n"), 100 * rate, (long long)json_get_integer(object, "up", 0), (long long)json_get_integer(object, "links", 0));
        printf(_("%lld hosts: %lld ports not expected, %lld connections not allowed\n"), (long long)json_get_integer(object, "hosts", 0),
               (long long)json_get_integer(object, "unexpected_ports", 0), (long long)json_get_integer(object, "outbound", 0));
        for (size_t i = 0; json_object_is_type(down, json_type_array) && i < json_object_array_length(down); i++)
            printf("  %s\n", json_object_get_string(json_object_array_get_idx(down, i)));
    }
    json_object_put(object);
    buffer_release(&answer);
    return good ? 0 : 1;
}

/* ---- what show adds ---- */

static void print_page(const struct wire_server_page *page)
{
    const struct host *host = page->host;
    for (unsigned i = 0; i < page->deviation_count; i++)
        printf("%s%-16s %s\n", i ? "  " : _("not as expected\n  "), page->deviations[i].kind, page->deviations[i].evidence);
    for (unsigned i = 0; host && i < host->disk_count; i++) {
        const struct host_disk *disk = &host->disks[i];
        printf("%s%-20s %5.1f %%  %.1f GB  %s%s\n", i ? "  " : _("disks\n  "), disk->mount, disk->used_percent, disk->size / 1e9, disk->kind,
               disk->hung ? _("  does not answer") : disk->read_only ? _("  read-only") : "");
    }
    for (unsigned i = 0; host && i < host->port_count; i++) {
        const struct host_port *port = &host->ports[i];
        printf("%s%5u/%s %-16s %s %s %d  %u\n", i ? "  " : _("ports\n  "), port->port, port->protocol == HOST_UDP ? "udp" : "tcp",
               port->address, port->process, port->user, port->pid, port->sessions);
    }
    for (unsigned i = 0; i < page->log_count; i++)
        printf("%s%s\n", i ? "  " : _("logs\n  "), page->logs[i]);
}

void shell_print_server(struct shell *shell, const char *id)
{
    struct buffer path = BUFFER_INIT, answer = BUFFER_INIT;
    struct arena *arena = arena_new();
    struct wire_server_page page;
    server_path(&path, id, "");
    if (shell_get_json(shell, buffer_text(&path), &answer) &&
        wire_read_server_page(buffer_text(&answer), answer.length, arena, &page, NULL))
        print_page(&page);
    arena_free(&arena);
    buffer_release(&path);
    buffer_release(&answer);
}

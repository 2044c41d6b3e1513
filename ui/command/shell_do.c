/* What changes or carries: adopt, ledger, config check; and watch, which prints changes as they come. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/shell.h"
#include "model/filter.h"
#include "term/locale.h"

/* ---- adopt ---- */

int shell_adopt(struct shell *shell, int argc, char **argv)
{
    struct buffer fields = BUFFER_INIT, body = BUFFER_INIT, path = BUFFER_INIT;
    struct error error = {0};
    int code = 0;
    if (argc < 2)
        return shell_usage("adopt");
    for (int i = 2; i < argc; i++) { /* the shell has taken the quotes away: put them back */
        const char *equals = strchr(argv[i], '=');
        buffer_printf(&fields, "%.*s%s%s%s ", equals ? (int)(equals - argv[i] + 1) : INT_MAX, argv[i], equals ? "\"" : "",
                      equals ? equals + 1 : "", equals ? "\"" : "");
    }
    buffer_append_text(&path, "/assets/");
    client_path_segment(&path, argv[1]);
    buffer_append_text(&path, "/adopt");
    if (!body_fields(&body, buffer_text(&fields), &error))
        code = shell_fail(&error);
    else if (!shell_connect(shell))
        code = 1;
    else if (!client_call(shell->client, "POST", buffer_text(&path), buffer_text(&body), body.length, NULL, NULL, &error))
        code = shell_fail(&error);
    else
        printf(_("%s is in the ledger now\n"), argv[1]);
    buffer_release(&fields);
    buffer_release(&body);
    buffer_release(&path);
    return code;
}

/* ---- ledger ---- */

static bool agreed(void)
{
    char answer[16];
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s\n", _("nocturne: --yes puts it in force"));
        return false;
    }
    fprintf(stderr, "%s ", _("put it in force? [y/N]"));
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "y\n") == 0;
}

static bool ledger_post(struct shell *shell, const char *file, const struct buffer *bytes, bool dry, struct error *error)
{
    struct buffer path = BUFFER_INIT, answer = BUFFER_INIT, text = BUFFER_INIT;
    const char *slash = strrchr(file, '/');
    client_path(&path, "/ledger/import", "name", slash ? slash + 1 : file, "complete", shell->options->complete ? "true" : NULL, "dry_run",
                dry ? "true" : NULL, NULL);
    bool good = client_call(shell->client, "POST", buffer_text(&path), buffer_text(bytes), bytes->length, "text/csv", &answer, error);
    if (good && shell_output(shell) == OUTPUT_JSON) {
        shell_print(&answer);
        putchar('\n');
    } else if (good) {
        body_ledger_summary(&text, buffer_text(&answer), answer.length);
        printf("%s\n", buffer_text(&text));
    }
    fflush(stdout);
    buffer_release(&path);
    buffer_release(&answer);
    buffer_release(&text);
    return good;
}

static int ledger_import(struct shell *shell, const char *file)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error = {0};
    int code = 0;
    if (!body_read_file(&bytes, file, &error))
        code = shell_fail(&error);
    else if (!shell_connect(shell))
        code = 1;
    else if (!shell->options->yes && !ledger_post(shell, file, &bytes, true, &error))
        code = shell_fail(&error);
    else if (!shell->options->yes && (shell->options->read_only || !agreed()))
        code = 1;
    else if (!ledger_post(shell, file, &bytes, false, &error))
        code = shell_fail(&error);
    buffer_release(&bytes);
    return code;
}

static int ledger_export(struct shell *shell, const char *file)
{
    struct buffer path = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error = {0};
    int code = 1;
    client_path(&path, "/ledger/export", "filter", shell->options->filter, NULL);
    if (shell_get_json(shell, buffer_text(&path), &answer)) {
        code = 0;
        if (!file || strcmp(file, "-") == 0)
            shell_print(&answer);
        else if (!body_write_file(file, buffer_text(&answer), answer.length, &error))
            code = shell_fail(&error);
    }
    buffer_release(&path);
    buffer_release(&answer);
    return code;
}

int shell_ledger(struct shell *shell, int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "import") == 0)
        return ledger_import(shell, argv[2]);
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "export") == 0)
        return ledger_export(shell, argv[2]);
    return shell_usage("ledger");
}

/* ---- config check: the daemon knows its configuration ---- */

int shell_config(struct shell *shell, int argc, char **argv)
{
    char self[PATH_MAX], beside[PATH_MAX + 16] = "nocturned";
    (void)shell;
    if (argc < 2 || argc > 3 || strcmp(argv[1], "check") != 0)
        return shell_usage("config");
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        char *slash = strrchr(self, '/');
        snprintf(beside, sizeof beside, "%.*s/nocturned", slash ? (int)(slash - self) : 0, self);
    }
    const char *program = access(beside, X_OK) == 0 ? beside : "nocturned";
    fflush(stdout);
    if (argc == 3)
        execlp(program, "nocturned", "--check-config", "--config", argv[2], (char *)NULL);
    else
        execlp(program, "nocturned", "--check-config", (char *)NULL);
    fprintf(stderr, "nocturne: nocturned: %s\n", strerror(errno));
    return 1;
}

/* ---- watch ---- */

#define IDS_MOST 64

struct watch {
    struct shell *shell;
    bool sources, failed;
    struct wire_source *known;
    unsigned known_count;
    struct arena *arena;
};

static void print_changed(void *owner, const struct client_answer *answer)
{
    struct watch *watch = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_asset *rows = NULL;
    unsigned count = 0;
    struct error error = {0};
    bool json = shell_output(watch->shell) == OUTPUT_JSON;
    if (answer->error)
        fprintf(stderr, "nocturne: %s\n", answer->error->text);
    else if (!wire_read_assets(answer->body, answer->length, arena, &page, &rows, &count, &error))
        fprintf(stderr, "nocturne: %s\n", error.text);
    for (unsigned i = 0; i < count; i++) {
        char since[INSTANT_TEXT];
        instant_format(since, rows[i].since);
        if (json) {
            struct buffer line = BUFFER_INIT;
            struct json_writer writer;
            json_start(&writer, &line);
            wire_write_asset(&writer, &rows[i], "name,reason,since,building,floor,room");
            printf("%s\n", buffer_text(&line));
            buffer_release(&line);
        } else {
            printf("%s  %-11s  %s  %s  %s %s %s\n", since, health_name(rows[i].health), rows[i].field[ASSET_id], rows[i].field[ASSET_name],
                   rows[i].field[ASSET_building], rows[i].field[ASSET_floor], rows[i].field[ASSET_room]);
        }
    }
    fflush(stdout);
    arena_free(&arena);
}

static void ask_changed(struct watch *watch, const struct client_event *event)
{
    struct json_object *fleet = json_parse(event->data, event->length, 8, NULL);
    struct json_object *ids = fleet ? json_get(fleet, "ids") : NULL;
    struct buffer filter = BUFFER_INIT, path = BUFFER_INIT;
    size_t count = json_object_is_type(ids, json_type_array) ? json_object_array_length(ids) : 0;
    for (size_t i = 0; i < count && i < IDS_MOST; i++)
        buffer_printf(&filter, "%s\"%s\"", i ? "," : "id:", json_object_get_string(json_object_array_get_idx(ids, i)));
    if (watch->shell->options->filter)
        buffer_printf(&filter, " %s", watch->shell->options->filter);
    client_path(&path, "/assets", "filter", buffer_text(&filter), "sort", "since,id", "limit", "64", "fields",
                "name,reason,since,building,floor,room", NULL);
    if (count)
        client_get(watch->shell->client, buffer_text(&path), print_changed, watch);
    int64_t total = fleet ? json_get_integer(fleet, "total", 0) : 0;
    if (total > (int64_t)count) /* an event names at most 64 */
        printf(_("... and %lld more changed\n"), (long long)(total - (int64_t)count));
    buffer_release(&filter);
    buffer_release(&path);
    if (fleet)
        json_object_put(fleet);
}

static const char *known_state(const struct watch *watch, const char *name)
{
    for (unsigned i = 0; i < watch->known_count; i++)
        if (strcmp(watch->known[i].name, name) == 0)
            return watch->known[i].state;
    return "";
}

static void print_sources(void *owner, const struct client_answer *answer)
{
    struct watch *watch = owner;
    struct arena *arena = arena_new();
    struct wire_page page;
    struct wire_source *rows = NULL;
    unsigned count = 0;
    if (answer->error || !wire_read_sources(answer->body, answer->length, arena, &page, &rows, &count, NULL)) {
        arena_free(&arena);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        char now[INSTANT_TEXT];
        if (strcmp(known_state(watch, rows[i].name), rows[i].state) != 0)
            printf("%s  %-9s  %s  %s  %s\n", instant_format(now, rows[i].since == CLOCK_NEVER ? clock_wall() : rows[i].since), rows[i].state,
                   rows[i].name, rows[i].type, rows[i].detail);
    }
    fflush(stdout);
    arena_free(&watch->arena);
    watch->arena = arena;
    watch->known = rows;
    watch->known_count = count;
}

static void watch_event(void *owner, const struct client_event *event)
{
    struct watch *watch = owner;
    if (watch->sources && strcmp(event->kind, "sources") == 0)
        client_get(watch->shell->client, "/sources", print_sources, watch);
    else if (!watch->sources && strcmp(event->kind, "fleet") == 0)
        ask_changed(watch, event);
}

static void watch_link(void *owner, enum client_link link, const char *cause)
{
    struct watch *watch = owner;
    (void)watch;
    if (link == CLIENT_LOST)
        fprintf(stderr, "nocturne: %s\n", cause);
}

int shell_watch(struct shell *shell, int argc, char **argv)
{
    struct watch watch = {.shell = shell};
    struct error error = {0};
    if (argc == 2 && strcmp(argv[1], "alerts") == 0)
        return shell_watch_alerts(shell);
    if (argc != 2 || (strcmp(argv[1], "assets") != 0 && strcmp(argv[1], "sources") != 0))
        return shell_usage("watch");
    struct filter *filter = filter_parse(shell->options->filter, FILTER_STRICT, clock_wall(), &error);
    if (!filter)
        return shell_fail(&error);
    filter_free(&filter);
    watch.sources = strcmp(argv[1], "sources") == 0;
    if (shell_output(shell) == OUTPUT_BAD)
        return 2;
    if (!shell_connect(shell))
        return 1;
    if (watch.sources)
        client_get(shell->client, "/sources", print_sources, &watch);
    client_listen(shell->client, watch_event, watch_link, &watch);
    while (!ferror(stdout)) /* until stopped: Ctrl-C, or nobody reads any more */
        uv_run(&shell->loop, UV_RUN_ONCE);
    arena_free(&watch.arena);
    return 0;
}

/* Applications in the shell: `show APP`, `check APP [NODE]`, `restart APP [NODE]`. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "command/actions.h"
#include "command/shell.h"
#include "term/locale.h"

/* ---- show ---- */

static void print_number(struct buffer *out, double value, const char *unit)
{
    char number[40];
    text_format_number(number, sizeof number, round(value * 100) / 100);
    buffer_printf(out, "%s%s%s", number, unit[0] ? " " : "", unit);
}

static void print_head(struct buffer *out, const struct wire_application *row)
{
    char age[SPAN_TEXT];
    msec now = clock_wall();
    buffer_printf(out, "%s  %s  %s", row->id, row->name, _(health_name(row->health)));
    if (row->since != CLOCK_NEVER)
        buffer_printf(out, "  %s", span_format_short(age, now > row->since ? now - row->since : 0));
    buffer_append_char(out, '\n');
    if (row->hurts[0])
        buffer_printf(out, _("hurts         %s\n"), row->hurts);
    if (!isnan(row->availability))
        buffer_printf(out, _("available     %.3f%% this month, %.3f%% in 30 days\n"), row->availability * 100, row->availability_30d * 100);
    if (!isnan(row->uptime))
        buffer_printf(out, _("up for        %s\n"), span_format_short(age, (msec)(row->uptime * 1000)));
    if (row->recovery[0])
        buffer_printf(out, _("recovery      %s\n"), row->recovery);
}

static void print_node(struct buffer *out, const struct wire_node *node)
{
    int indent = (int)(node->depth > 20 ? 20 : node->depth) * 2;
    char verdict[40];
    buffer_printf(out, "%*s%s %-8s %s", indent, "", node->cause ? ">" : " ", phrase_said(verdict, sizeof verdict, node->verdict), node->id);
    buffer_printf(out, "  (%s)  %s\n", node->kind, node->evidence);
    for (unsigned i = 0; i < node->figure_count; i++) {
        buffer_printf(out, "%*s             %-24s ", indent, "", node->figures[i].name);
        print_number(out, node->figures[i].value, node->figures[i].unit);
        buffer_append_char(out, '\n');
    }
}

static void print_page(struct buffer *out, const struct wire_application_page *page)
{
    print_head(out, &page->application);
    for (unsigned i = 1; i < page->node_count; i++)
        print_node(out, &page->nodes[i]);
    for (unsigned i = 0; i < page->recovery_count; i++) {
        const struct wire_recovery *row = &page->recoveries[i];
        char time[INSTANT_TEXT];
        buffer_printf(out, _("restarted     %s  %s on %s: %s\n"), instant_format_short(time, row->time, clock_wall()), row->unit, row->asset,
                      row->result);
    }
}

bool shell_print_application(const struct buffer *answer)
{
    struct buffer out = BUFFER_INIT;
    struct arena *arena = arena_new();
    struct wire_application_page page;
    struct error error;
    bool good = wire_read_application_page(buffer_text(answer), answer->length, arena, &page, &error);
    if (good) {
        print_page(&out, &page);
        shell_print(&out);
    } else {
        shell_fail(&error);
    }
    buffer_release(&out);
    arena_free(&arena);
    return good;
}

/* ---- acting ---- */

static bool post(struct shell *shell, const char *id, const char *verb, const char *node, struct buffer *answer, struct error *error)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT;
    struct json_writer writer;
    buffer_append_text(&path, "/applications/");
    client_path_segment(&path, id);
    buffer_append_text(&path, verb);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "node", node);
    json_write_object_end(&writer);
    bool good = client_call(shell->client, "POST", buffer_text(&path), buffer_text(&body), body.length, NULL, answer, error);
    buffer_release(&path);
    buffer_release(&body);
    return good;
}

int shell_check(struct shell *shell, int argc, char **argv)
{
    struct buffer answer = BUFFER_INIT;
    struct error error = {0};
    int code = 0;
    if (argc < 2 || argc > 3)
        return shell_usage("check");
    if (!shell_connect(shell))
        return 1;
    if (!post(shell, argv[1], "/check", argc > 2 ? argv[2] : "", &answer, &error))
        code = shell_fail(&error);
    else
        printf(_("%s is being asked; `nocturne show %s` says what it answers\n"), argc > 2 ? argv[2] : argv[1], argv[1]);
    buffer_release(&answer);
    return code;
}

static bool agreed(const char *what)
{
    char answer[16];
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s\n", _("nocturne: --yes restarts it"));
        return false;
    }
    fprintf(stderr, _("restart %s? [y/N] "), what);
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "y\n") == 0;
}

int shell_restart(struct shell *shell, int argc, char **argv)
{
    struct buffer answer = BUFFER_INIT;
    struct error error = {0};
    int code = 1;
    if (argc == 4 && strcmp(argv[2], "on") == 0)
        return shell_restart_unit(shell, argv[1], argv[3]);
    if (argc < 2 || argc > 3)
        return shell_usage("restart");
    if (!shell->options->yes && !agreed(argc > 2 ? argv[2] : argv[1]))
        return 1;
    if (!shell_connect(shell))
        return 1;
    if (!post(shell, argv[1], "/restart", argc > 2 ? argv[2] : "", &answer, &error)) {
        code = shell_fail(&error);
    } else {
        struct json_object *object = json_parse(buffer_text(&answer), answer.length, 8, NULL);
        code = object && json_get_integer(object, "exit", 1) == 0 ? 0 : 1;
        printf("%s\n", object ? json_get_text(object, "result", "") : "");
        json_object_put(object);
    }
    buffer_release(&answer);
    return code;
}

/* `nocturne runbook NAME [ASSET]`: the steps, for people who are not at a console; without a name, those there are. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "command/actions.h"
#include "command/shell.h"
#include "term/locale.h"
#include "widget/steps.h"

static int print_text(const struct buffer *answer)
{
    struct arena *arena = arena_new();
    struct wire_runbook runbook;
    struct error error = {0};
    struct steps steps = {0};
    bool good = wire_read_runbook(buffer_text(answer), answer->length, arena, &runbook, &error);
    if (good) {
        steps_layout(&steps, &runbook, 80, true, !locale_is_utf8());
        for (size_t i = 0; i < steps.count; i++)
            printf("%*s%s\n", steps.lines[i].indent, "", steps.lines[i].text);
        if (runbook.cut)
            printf("%s\n", _("(longer than a runbook may be: the rest is left out)"));
        steps_release(&steps);
    }
    arena_free(&arena);
    return good ? 0 : shell_fail(&error);
}

static int print_list(const struct buffer *answer)
{
    struct error error = {0};
    struct json_object *object = json_parse(buffer_text(answer), answer->length, 8, &error), *items = object ? json_get(object, "items") : NULL;
    if (!json_object_is_type(items, json_type_array)) {
        json_object_put(object);
        return shell_fail(&error);
    }
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        struct json_object *row = json_object_array_get_idx(items, i);
        bool missing = json_get_bool(row, "missing", false);
        printf("%-24s %s\n", json_get_text(row, "name", ""), missing ? _("missing") : json_get_text(row, "title", ""));
    }
    json_object_put(object);
    return 0;
}

int shell_runbook(struct shell *shell, int argc, char **argv)
{
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT, answer = BUFFER_INIT;
    int code = 1;
    if (argc > 3)
        return shell_usage("runbook");
    buffer_append_text(&resource, "/runbooks");
    if (argc > 1) {
        buffer_append_char(&resource, '/');
        client_path_segment(&resource, argv[1]);
    }
    client_path(&path, buffer_text(&resource), "language", locale_language(), "asset", argc > 2 ? argv[2] : "", NULL);
    if (shell_output(shell) != OUTPUT_BAD && shell_get_json(shell, buffer_text(&path), &answer)) {
        if (shell_output(shell) == OUTPUT_JSON) {
            shell_print(&answer);
            putchar('\n');
            code = 0;
        } else {
            code = argc > 1 ? print_text(&answer) : print_list(&answer);
        }
    }
    buffer_release(&resource);
    buffer_release(&path);
    buffer_release(&answer);
    return code;
}

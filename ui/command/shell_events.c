/* `nocturne events test FILE [SOURCE]`: what a payload of another system would become, before it counts. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/shell.h"
#include "term/locale.h"

static const struct shell_column would_columns[] = {
    {N_("action"), "action", FORMAT_TEXT, false}, {N_("severity"), "severity", FORMAT_TEXT, false}, {N_("name"), "name", FORMAT_TEXT, false},
    {N_("asset"), "asset", FORMAT_TEXT, false}, {N_("place"), "place", FORMAT_TEXT, false}, {N_("summary"), "summary", FORMAT_TEXT, false},
    {N_("key"), "key", FORMAT_TEXT, false}, {N_("time"), "time", FORMAT_INSTANT, true}, {N_("type"), "type", FORMAT_TEXT, true},
    {N_("rule"), "rule", FORMAT_TEXT, true}, {N_("runbook"), "runbook", FORMAT_TEXT, true},
};

/* The answer's `would` as a list; its problems to standard error. False where there are any. */
static bool print_answer(struct shell *shell, const struct buffer *answer)
{
    struct error error = {0};
    struct json_object *object = json_parse(buffer_text(answer), answer->length, 0, &error);
    struct json_object *would = object ? json_get(object, "would") : NULL, *problems = object ? json_get(object, "problems") : NULL;
    if (!would) {
        json_object_put(object);
        return false;
    }
    struct buffer list = BUFFER_INIT;
    buffer_printf(&list, "{\"items\":%s}", json_object_to_json_string_ext(would, JSON_C_TO_STRING_PLAIN));
    shell_print_list(shell, &list, would_columns, sizeof would_columns / sizeof *would_columns);
    buffer_release(&list);
    size_t count = problems && json_object_is_type(problems, json_type_array) ? json_object_array_length(problems) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(problems, i);
        char said[400];
        fprintf(stderr, _("nocturne: item %lld: %s\n"), (long long)json_get_integer(row, "item", 0),
                phrase_said(said, sizeof said, json_get_text(row, "detail", "")));
    }
    json_object_put(object);
    return count == 0;
}

int shell_events(struct shell *shell, int argc, char **argv)
{
    struct buffer path = BUFFER_INIT, body = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error = {0};
    int code = 1;
    if (argc < 3 || argc > 4 || strcmp(argv[1], "test") != 0)
        return shell_usage("events");
    client_path(&path, "/ingest/events", "dry_run", "1", "source", argc > 3 ? argv[3] : "", NULL);
    if (!body_read_file(&body, argv[2], &error))
        code = shell_fail(&error);
    else if (!shell_connect(shell))
        code = 1;
    else if (!client_call(shell->client, "POST", buffer_text(&path), buffer_text(&body), body.length, NULL, &answer, &error))
        code = shell_fail(&error);
    else
        code = print_answer(shell, &answer) ? 0 : 1;
    buffer_release(&path);
    buffer_release(&body);
    buffer_release(&answer);
    return code;
}

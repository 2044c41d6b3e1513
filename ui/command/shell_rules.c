/* `nocturne rules test FILE --since SPAN`: what rules would have raised, before they are in force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/shell.h"
#include "term/locale.h"

static void print_example(struct buffer *out, struct json_object *example)
{
    char from[INSTANT_TEXT], to[INSTANT_TEXT] = "";
    msec end = json_get_instant(example, "to"), now = clock_wall();
    instant_format_short(from, json_get_instant(example, "from"), now);
    if (end != CLOCK_NEVER)
        instant_format_short(to, end, now);
    buffer_printf(out, "    %s %s %s  %s  %s\n", from, end == CLOCK_NEVER ? "…" : "–", to, json_get_text(example, "asset", ""),
                  json_get_text(example, "asset_name", ""));
}

static void print_rehearsal(struct buffer *out, struct json_object *item)
{
    char said[400];
    char longest[SPAN_TEXT];
    struct json_object *examples = json_get(item, "examples");
    buffer_printf(out, _("%s: %lld alerts on %lld of %lld assets; longest %s; %lld readings\n"), json_get_text(item, "name", ""),
                  (long long)json_get_integer(item, "raised", 0), (long long)json_get_integer(item, "assets_raised", 0),
                  (long long)json_get_integer(item, "assets", 0),
                  span_format_short(longest, json_get_integer(item, "longest_ms", 0)),
                  (long long)json_get_integer(item, "readings", 0));
    if (!json_get_bool(item, "complete", true))
        buffer_printf(out, _("    not the whole truth: %s\n"), phrase_said(said, sizeof said, json_get_text(item, "remark", "")));
    for (size_t i = 0; examples && i < json_object_array_length(examples); i++)
        print_example(out, json_object_array_get_idx(examples, i));
}

static int print_answer(struct shell *shell, const struct buffer *answer)
{
    struct error error = {0};
    struct buffer out = BUFFER_INIT;
    if (shell_output(shell) == OUTPUT_JSON) {
        shell_print(answer);
        return 0;
    }
    struct json_object *whole = json_parse(buffer_text(answer), answer->length, 0, &error);
    struct json_object *items = json_get(whole, "items");
    if (!items)
        return shell_fail(&error);
    for (size_t i = 0; i < json_object_array_length(items); i++)
        print_rehearsal(&out, json_object_array_get_idx(items, i));
    shell_print(&out);
    buffer_release(&out);
    json_object_put(whole);
    return 0;
}

int shell_rules(struct shell *shell, int argc, char **argv)
{
    struct buffer text = BUFFER_INIT, body = BUFFER_INIT, answer = BUFFER_INIT;
    struct json_writer writer;
    struct error error = {0};
    int code = 1;
    if (argc != 3 || strcmp(argv[1], "test") != 0)
        return shell_usage("rules");
    if (!body_read_file(&text, argv[2], &error))
        return shell_fail(&error);
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text_n(&writer, "text", buffer_text(&text), text.length);
    json_write_text(&writer, "since", shell->options->since ? shell->options->since : "7d");
    json_write_object_end(&writer);
    if (!shell_connect(shell))
        code = 1;
    else if (!client_call(shell->client, "POST", "/rules/rehearse", buffer_text(&body), body.length, NULL, &answer, &error))
        code = shell_fail(&error);
    else
        code = print_answer(shell, &answer);
    buffer_release(&text);
    buffer_release(&body);
    buffer_release(&answer);
    return code;
}

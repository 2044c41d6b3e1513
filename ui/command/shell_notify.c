/* `nocturne notify test CHANNEL [ADDRESS]`: can this channel reach people? */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "command/actions.h"
#include "command/shell.h"
#include "term/locale.h"

static int print_answer(struct shell *shell, const struct buffer *answer)
{
    struct error error = {0};
    char said[400];
    struct json_object *row = json_parse(buffer_text(answer), answer->length, 0, &error);
    if (!row)
        return shell_fail(&error);
    bool sent = strcmp(json_get_text(row, "state", ""), "sent") == 0;
    if (shell_output(shell) == OUTPUT_JSON)
        shell_print(answer);
    else
        fprintf(sent ? stdout : stderr, sent ? _("%s: sent: %s\n") : _("%s: not sent: %s\n"), json_get_text(row, "channel", ""),
                phrase_said(said, sizeof said, json_get_text(row, "detail", "")));
    json_object_put(row);
    return sent ? 0 : 1;
}

int shell_notify(struct shell *shell, int argc, char **argv)
{
    struct buffer body = BUFFER_INIT, answer = BUFFER_INIT;
    struct json_writer writer;
    struct error error = {0};
    int code = 1;
    if (argc < 3 || argc > 4 || strcmp(argv[1], "test") != 0)
        return shell_usage("notify");
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "channel", argv[2]);
    json_write_text(&writer, "to", argc > 3 ? argv[3] : "");
    json_write_object_end(&writer);
    if (!shell_connect(shell))
        code = 1;
    else if (!client_call(shell->client, "POST", "/notifications/test", buffer_text(&body), body.length, NULL, &answer, &error))
        code = shell_fail(&error);
    else
        code = print_answer(shell, &answer);
    buffer_release(&body);
    buffer_release(&answer);
    return code;
}

/* `nocturne report NAME`: a document made by the daemon, printed or written to a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/shell.h"
#include "term/locale.h"

static bool is_format(const char *name)
{
    static const char *const formats[] = {"txt", "md", "csv", "xlsx"};
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++)
        if (strcmp(formats[i], name) == 0)
            return true;
    return false;
}

int shell_report(struct shell *shell, int argc, char **argv)
{
    const struct options *options = shell->options;
    const char *format = options->output ? options->output : "txt";
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error = {0};
    if (argc != 2 || !is_format(format))
        return shell_usage("report");
    buffer_append_text(&resource, "/reports/");
    client_path_segment(&resource, argv[1]);
    client_path(&path, buffer_text(&resource), "format", format, "filter", options->filter, "from", options->from, "to", options->to,
                "language", locale_language(), NULL);
    char *file = memory_text(options->file);
    if (!file && strcmp(format, "xlsx") == 0)
        file = memory_printf("%s.xlsx", argv[1]); /* nothing for a terminal */
    int code = 0;
    if (!shell_get_json(shell, buffer_text(&path), &answer))
        code = shell->failed;
    else if (!file || strcmp(file, "-") == 0)
        shell_print(&answer);
    else if (!body_write_file(file, buffer_text(&answer), answer.length, &error))
        code = shell_fail(&error);
    else
        printf(_("wrote %s (%zu bytes)\n"), file, answer.length);
    free(file);
    buffer_release(&resource);
    buffer_release(&path);
    buffer_release(&answer);
    return code;
}

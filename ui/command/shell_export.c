/* `nocturne export`: an incident as a capsule. Lists go by `get ... -o csv --file FILE`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/actions.h"
#include "command/body.h"
#include "command/shell.h"
#include "term/locale.h"

int shell_export(struct shell *shell, int argc, char **argv)
{
    const struct options *options = shell->options;
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error = {0};
    if (argc != 3 || strcmp(argv[1], "incident") != 0)
        return shell_usage("export");
    if (!body_is_alert(argv[2])) {
        fprintf(stderr, _("nocturne: export incident %s: expected an alert's id such as A-20261121-0007\n"), argv[2]);
        return 2;
    }
    buffer_append_text(&resource, "/alerts/");
    client_path_segment(&resource, argv[2]);
    buffer_append_text(&resource, "/capsule");
    client_path(&path, buffer_text(&resource), "around", options->around, NULL);
    const char *given = options->file ? options->file : options->output;
    char *file = given ? memory_text(given) : memory_printf("%s.capsule", argv[2]);
    int code = 1;
    if (!shell_get_json(shell, buffer_text(&path), &answer)) {
        code = shell->failed;
    } else if (strcmp(file, "-") == 0) {
        shell_print(&answer);
        code = 0;
    } else if (!body_write_file(file, buffer_text(&answer), answer.length, &error)) {
        code = shell_fail(&error);
    } else {
        printf(_("wrote %s (%zu bytes); nocturne --replay %s opens it\n"), file, answer.length, file);
        code = 0;
    }
    free(file);
    buffer_release(&resource);
    buffer_release(&path);
    buffer_release(&answer);
    return code;
}

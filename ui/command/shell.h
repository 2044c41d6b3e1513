/* The shell's side of the commands: `nocturne get assets -o csv` and the like. Output goes to standard output,
 * whatever is wrong to standard error; exit codes are 0 done, 1 failed, 2 wrong usage. */
#ifndef COMMAND_SHELL_H
#define COMMAND_SHELL_H

#include <uv.h>

#include "base/buffer.h"
#include "client/client.h"
#include "command/options.h"

struct shell {
    const struct options *options;
    uv_loop_t loop;
    struct client *client; /* once connected */
    int failed;            /* exit code of the last read that failed */
};

/* Run the command of options->words. */
int shell_run(const struct options *options);

/* For the commands. All of these say what went wrong by themselves. */
bool shell_connect(struct shell *shell);     /* starts the user's own daemon where that is meant */
bool shell_get_json(struct shell *shell, const char *path, struct buffer *answer);
int shell_usage(const char *command);        /* prints how it is called; 2 */
int shell_fail(const struct error *error);   /* prints it; 1, or 2 where the input was wrong */
void shell_print(const struct buffer *text); /* to standard output */

int shell_watch_alerts(struct shell *shell);  /* until stopped */
bool shell_print_application(const struct buffer *answer); /* of GET /applications/{id} */
void shell_print_alert(const struct buffer *answer); /* of GET /alerts/{id} */

int shell_restart_unit(struct shell *shell, const char *unit, const char *id); /* restart UNIT on HOST */
int shell_print_network(struct shell *shell);        /* GET /network; the exit code */
int shell_show_security(struct shell *shell, const char *name); /* `name` "": all layers and measures; the exit code */
void shell_print_server(struct shell *shell, const char *id); /* what a server has beyond an asset */

enum shell_output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_BAD };
enum shell_output shell_output(const struct shell *shell);

/* A column of a printed list: a member of each item. FORMAT_PROSE: in a table, in the reader's language. */
enum shell_format { FORMAT_TEXT, FORMAT_PROSE, FORMAT_AGE, FORMAT_INSTANT, FORMAT_NUMBER, FORMAT_PLACE, FORMAT_SPAN };
struct shell_column { const char *title, *member; enum shell_format format; bool wide; };
/* Print the items of a list answer as the options say. */
bool shell_print_list(struct shell *shell, const struct buffer *answer, const struct shell_column *columns, unsigned count);

#endif

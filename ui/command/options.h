/* The words after `nocturne`: options anywhere, the rest is the command. One table serves parsing, --help, the manual
 * and completion. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

struct client_replay;

struct options {
    const char *socket, *url, *theme, *at;
    const char *output, *filter, *sort, *limit, *size, *columns, *from, *to, *since;
    const char *replay, *around, *file, *bom;
    const char *read_only, *plain, *wall, *ansi, *complete, *yes, *help, *version; /* switches: NULL or "" */
    const char **words;  /* the command and its arguments; NULL-terminated, released by arguments_release */
    int count;
    const struct client_replay *capsule; /* an incident that is replayed; NULL: a living site */
    char moment[40];     /* of its beginning, RFC 3339; "" */
};

/* What to show when nothing else is said: `--at`, else the moment of the incident that is replayed. */
const char *options_at(const struct options *options);

struct option_row {
    const char *name, *letter, *value; /* value NULL: a switch */
    const char *help;
    bool command;                      /* belongs to shell commands, not to the console */
    size_t offset;
};
extern const struct option_row option_rows[];
extern const unsigned option_count;

/* Errors are for people: they name the option and what would be right. */
bool arguments_parse(struct options *options, int argc, const char *const *argv, struct error *error);
void arguments_release(struct options *options);
void arguments_help(struct buffer *out);

#endif

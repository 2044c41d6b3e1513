/* Which key does what in which view. Filled from the default keys of commands.def, then from the user's file
 * ($XDG_CONFIG_HOME/nocturne/keys), whose lines are
 *     bind VIEW KEY COMMAND [ARGUMENT]     VIEW is a view's name, or * for all
 *     unbind VIEW KEY
 * with `#` comments. KEY is as in key.h: j, C-d, F5, Space, Enter. */
#ifndef COMMAND_KEYMAP_H
#define COMMAND_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "command/command.h"
#include "term/key.h"

struct keymap;

struct binding {
    char view[24];              /* "*": all */
    struct key_event key;
    const struct command *command;
    char *argument;             /* "" for none */
    unsigned order;             /* later ones win */
};

struct keymap *keymap_new(void);   /* with the defaults */
void keymap_free(struct keymap **keymap);
/* Errors name file:line and what would be right; lines before the error are in force. */
bool keymap_parse(struct keymap *keymap, const char *file, const char *text, size_t length, struct error *error);
bool keymap_load(struct keymap *keymap, const char *path, struct error *error); /* a missing file is fine */
char *keymap_default_path(void);   /* the caller frees; NULL without a home */

/* What a key does in a view: its own binding before the one for all. NULL: nothing. */
const struct binding *keymap_find(const struct keymap *keymap, const char *view, const struct key_event *key);
/* Append the keys of a command in a view (NULL: anywhere) by blanks; returns how many. */
unsigned keymap_keys(const struct keymap *keymap, const struct command *command, const char *view, struct buffer *out);

#endif

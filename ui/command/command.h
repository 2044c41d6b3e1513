/* What can be done, declared once. commands.def is the table: keys, the `:` line, the shell, help, completion and the
 * manual are all made from its rows, so that none of them can miss one. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

struct app;
struct shell;

/* What an argument is made of, for completion. */
enum command_complete {
    COMPLETE_NONE, COMPLETE_VIEW, COMPLETE_ASSET, COMPLETE_FILTER, COMPLETE_FIELD, COMPLETE_SAVED, COMPLETE_FILE,
    COMPLETE_TIME, COMPLETE_RESOURCE, COMPLETE_COMMAND, COMPLETE_THEME, COMPLETE_SPAN, COMPLETE_SHELL_NAME,
    COMPLETE_LEDGER, COMPLETE_AUDIT, COMPLETE_CONFIG, COMPLETE_GROUP, COMPLETE_ORDER,
};
/* The role that the daemon will ask for; the console does not offer what would be refused. */
enum command_need { NEEDS_VIEWER, NEEDS_OPERATOR, NEEDS_SUPERVISOR, NEEDS_ADMIN };
/* Confirmation follows blast radius (DESIGN.md section 6). */
enum command_confirm { CONFIRM_NONE, CONFIRM_UNDO, CONFIRM_ASK };

struct command {
    const char *name;
    const char *aliases;            /* by blanks */
    const char *arguments;          /* "[ID]"; optional parts in brackets */
    enum command_complete complete;
    const char *section;            /* heading in help */
    const char *help;               /* one line */
    enum command_need needs;
    enum command_confirm confirm;
    bool writes;                    /* off while read-only and in the past */
    const char *views;              /* where it works, by blanks; "*" in all; "" only in the shell */
    const char *keys;               /* default keys there, by blanks */
    /* In the console; NULL: the current view does it. The argument is "" when none was given. */
    bool (*run)(struct app *app, const struct command *command, const char *argument, struct error *error);
    /* From the shell, argv[0] being the name; NULL: not there. Returns the exit code. */
    int (*shell)(struct shell *shell, int argc, char **argv);
    const char *shell_arguments;    /* where they differ from `arguments` */
};

extern const struct command commands[];
extern const unsigned command_count;

/* By name or alias; NULL when there is none. */
const struct command *command_find(const char *name, size_t length);
/* Is this one of the words in a blank-separated list? */
bool command_word_in(const char *list, const char *word);
bool command_in_view(const struct command *command, const char *view);
/* The next word of a blank-separated list: moves *list past it; NULL at the end. The length goes to *length. */
const char *command_next_word(const char **list, size_t *length);

/* Help for people: every command of a view (NULL: all) with the keys in force. */
struct keymap;
void command_help(struct buffer *out, const char *view, const struct keymap *keymap);
/* troff for nocturne(1): the sections on commands, keys and shell commands. */
void command_manual(struct buffer *out);

#endif

/* Help, manual and completion scripts: all written from the tables of commands and options. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "command/actions.h"
#include "command/keymap.h"
#include "command/options.h"
#include "command/shell.h"

static const char *shell_arguments(const struct command *command)
{
    return command->shell_arguments ? command->shell_arguments : command->arguments ? command->arguments : "";
}

/* troff: a backslash and a leading dot or quote mean something. */
static void roff(struct buffer *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        buffer_append_text(out, "\\&");
    for (; *text; text++)
        if (*text == '\\')
            buffer_append_text(out, "\\e");
        else if (*text == '-')
            buffer_append_text(out, "\\-");
        else
            buffer_append_char(out, *text);
}

static void manual_console(struct buffer *out, const struct keymap *keymap)
{
    const char *section = "";
    buffer_append_text(out, ".SH CONSOLE COMMANDS\nEach is given as a key, or after\n.BR : .\n");
    for (unsigned i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        struct buffer keys = BUFFER_INIT;
        if (!*command->views)
            continue;
        if (command->section && strcmp(section, command->section) != 0) {
            section = command->section;
            buffer_printf(out, ".SS %s\n", section);
        }
        keymap_keys(keymap, command, NULL, &keys);
        buffer_append_text(out, ".TP\n.B :");
        roff(out, command->name);
        if (command->arguments) {
            buffer_append_text(out, " ");
            roff(out, command->arguments);
        }
        if (keys.length) {
            buffer_append_text(out, "    (");
            roff(out, buffer_text(&keys));
            buffer_append_text(out, ")");
        }
        buffer_append_char(out, '\n');
        roff(out, command->help);
        if (strcmp(command->views, "*") != 0) {
            buffer_append_text(out, ". In: ");
            roff(out, command->views);
        }
        buffer_append_text(out, ".\n");
        buffer_release(&keys);
    }
}

void command_manual(struct buffer *out)
{
    struct keymap *keymap = keymap_new();
    buffer_append_text(out, ".SH OPTIONS\n");
    for (unsigned i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        buffer_append_text(out, ".TP\n.B ");
        if (row->letter)
            buffer_printf(out, "\\-%s, ", row->letter);
        buffer_append_text(out, "\\-\\-");
        roff(out, row->name);
        if (row->value) {
            buffer_append_char(out, ' ');
            roff(out, row->value);
        }
        buffer_append_char(out, '\n');
        roff(out, row->help);
        buffer_append_text(out, row->command ? " (shell commands).\n" : ".\n");
    }
    buffer_append_text(out, ".SH SHELL COMMANDS\n");
    for (unsigned i = 0; i < command_count; i++) {
        if (!commands[i].shell)
            continue;
        buffer_append_text(out, ".TP\n.B nocturne ");
        roff(out, commands[i].name);
        buffer_append_char(out, ' ');
        roff(out, shell_arguments(&commands[i]));
        buffer_append_char(out, '\n');
        roff(out, commands[i].help);
        buffer_append_text(out, ".\n");
    }
    manual_console(out, keymap);
    keymap_free(&keymap);
}

void command_help(struct buffer *out, const char *view, const struct keymap *keymap)
{
    for (unsigned i = 0; i < command_count; i++) {
        struct buffer keys = BUFFER_INIT;
        if (!*commands[i].views || (view && !command_in_view(&commands[i], view)))
            continue;
        keymap_keys(keymap, &commands[i], view, &keys);
        buffer_printf(out, "%-16s :%s %s  %s\n", buffer_text(&keys), commands[i].name, commands[i].arguments ? commands[i].arguments : "", commands[i].help);
        buffer_release(&keys);
    }
}

/* ---- completion scripts ---- */

/* The words that may stand first in a command's arguments: "assets|sources|..." or "import ... | export ...". */
static void argument_words(const struct command *command, struct buffer *out)
{
    const char *text = shell_arguments(command);
    while (*text) {
        text += strspn(text, " |[");
        size_t length = strcspn(text, " |[]");
        bool word = length > 0;
        for (size_t i = 0; i < length; i++)
            word &= text[i] >= 'a' && text[i] <= 'z';
        if (word)
            buffer_printf(out, "%s%.*s", out->length ? " " : "", (int)length, text);
        text += length;
        while (*text && *text != '|')
            text++;
    }
}

static void complete_bash(struct buffer *out)
{
    buffer_append_text(out, "_nocturne()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} command= i\n"
                            "    for ((i = 1; i < COMP_CWORD; i++)); do\n        case ${COMP_WORDS[i]} in -*) ;; *) command=${COMP_WORDS[i]}; break;; esac\n    done\n"
                            "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
                            "        -o|--output) COMPREPLY=($(compgen -W 'table wide json csv' -- \"$word\")); return;;\n"
                            "        --theme) COMPREPLY=($(compgen -W 'night day contrast mono' -- \"$word\")); return;;\n"
                            "        --socket) COMPREPLY=($(compgen -f -- \"$word\")); return;;\n    esac\n"
                            "    case $word in -*) COMPREPLY=($(compgen -W '");
    for (unsigned i = 0; i < option_count; i++)
        buffer_printf(out, "%s--%s", i ? " " : "", option_rows[i].name);
    buffer_append_text(out, "' -- \"$word\")); return;; esac\n    case $command in\n        '') COMPREPLY=($(compgen -W '");
    for (unsigned i = 0, any = 0; i < command_count; i++)
        if (commands[i].shell)
            buffer_printf(out, "%s%s", any++ ? " " : "", commands[i].name);
    buffer_append_text(out, "' -- \"$word\"));;\n");
    for (unsigned i = 0; i < command_count; i++) {
        struct buffer words = BUFFER_INIT;
        if (!commands[i].shell)
            continue;
        argument_words(&commands[i], &words);
        if (commands[i].complete == COMPLETE_ASSET)
            buffer_printf(out, "        %s) [ -n \"$word\" ] && COMPREPLY=($(nocturne get assets --filter \"\\\"$word\\\"\" --columns id --limit 30 2>/dev/null | tail -n +2));;\n",
                          commands[i].name);
        else if (commands[i].complete == COMPLETE_VIEW)
            buffer_printf(out, "        %s) COMPREPLY=($(compgen -W 'board devices sources overview audit asset history' -- \"$word\"));;\n", commands[i].name);
        else if (words.length || commands[i].complete == COMPLETE_LEDGER)
            buffer_printf(out, "        %s) COMPREPLY=($(compgen -W '%s' -- \"$word\") $(compgen -f -- \"$word\"));;\n", commands[i].name, buffer_text(&words));
        buffer_release(&words);
    }
    buffer_append_text(out, "    esac\n}\ncomplete -F _nocturne nocturne\n");
}

static void quote_single(struct buffer *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            buffer_append_text(out, "'\\''");
        else
            buffer_append_char(out, *text);
}

static void complete_zsh(struct buffer *out)
{
    buffer_append_text(out, "#compdef nocturne\n_nocturne() {\n  local -a commands options\n  options=(\n");
    for (unsigned i = 0; i < option_count; i++) {
        buffer_printf(out, "    '--%s%s[", option_rows[i].name, option_rows[i].value ? "=" : "");
        for (const char *at = option_rows[i].help; *at; at++) {
            if (strchr("[]:", *at))
                buffer_append_char(out, '\\');
            if (*at == '\'')
                buffer_append_text(out, "'\\''");
            else
                buffer_append_char(out, *at);
        }
        buffer_printf(out, "]%s%s'\n", option_rows[i].value ? ":" : "", option_rows[i].value ? option_rows[i].name : "");
    }
    buffer_append_text(out, "  )\n  commands=(\n");
    for (unsigned i = 0; i < command_count; i++)
        if (commands[i].shell) {
            buffer_printf(out, "    '%s:", commands[i].name);
            quote_single(out, commands[i].help);
            buffer_append_text(out, "'\n");
        }
    buffer_append_text(out, "  )\n  _arguments -s $options '1: :->command' '*: :->argument'\n  case $state in\n"
                            "    command) _describe command commands;;\n    argument) case $words[2] in\n");
    for (unsigned i = 0; i < command_count; i++) {
        struct buffer words = BUFFER_INIT;
        if (!commands[i].shell)
            continue;
        argument_words(&commands[i], &words);
        if (words.length)
            buffer_printf(out, "      %s) compadd %s; _files;;\n", commands[i].name, buffer_text(&words));
        buffer_release(&words);
    }
    buffer_append_text(out, "    esac;;\n  esac\n}\n_nocturne \"$@\"\n");
}

static void complete_fish(struct buffer *out)
{
    for (unsigned i = 0; i < option_count; i++) {
        buffer_printf(out, "complete -c nocturne -l %s%s%s%s -d '", option_rows[i].name, option_rows[i].letter ? " -s " : "",
                      option_rows[i].letter ? option_rows[i].letter : "", option_rows[i].value ? " -r" : "");
        quote_single(out, option_rows[i].help);
        buffer_append_text(out, "'\n");
    }
    for (unsigned i = 0; i < command_count; i++) {
        struct buffer words = BUFFER_INIT;
        if (!commands[i].shell)
            continue;
        buffer_printf(out, "complete -c nocturne -n __fish_use_subcommand -f -a %s -d '", commands[i].name);
        quote_single(out, commands[i].help);
        buffer_append_text(out, "'\n");
        argument_words(&commands[i], &words);
        if (words.length)
            buffer_printf(out, "complete -c nocturne -n '__fish_seen_subcommand_from %s' -a '%s'\n", commands[i].name, buffer_text(&words));
        buffer_release(&words);
    }
}

int shell_completion(struct shell *shell, int argc, char **argv)
{
    static const struct { const char *name; void (*write)(struct buffer *out); } kinds[] = {
        {"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}, {"man", command_manual},
    };
    (void)shell;
    for (unsigned i = 0; argc == 2 && i < ARRAY_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, argv[1]) == 0) {
            struct buffer out = BUFFER_INIT;
            kinds[i].write(&out);
            shell_print(&out);
            buffer_release(&out);
            return 0;
        }
    return shell_usage("completion");
}

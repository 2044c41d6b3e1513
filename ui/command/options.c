#include "command/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "command/command.h"
#include "term/locale.h"

#define AT(member) offsetof(struct options, member)

const struct option_row option_rows[] = {
    {"socket", NULL, "PATH", N_("the daemon's unix socket"), false, AT(socket)},
    {"url", NULL, "URL", N_("a daemon elsewhere: https://HOST:8443; the token comes from $NOCTURNE_TOKEN"), false, AT(url)},
    {"replay", NULL, "FILE", N_("an incident capsule, read-only, in place of a daemon"), false, AT(replay)},
    {"theme", NULL, "NAME", N_("night, day, contrast, mono, or a file"), false, AT(theme)},
    {"read-only", NULL, NULL, N_("nothing can be changed"), false, AT(read_only)},
    {"plain", NULL, NULL, N_("lines instead of a screen: for screen readers and scripts"), false, AT(plain)},
    {"wall", NULL, NULL, N_("rotate the views, for the hall screen"), false, AT(wall)},
    {"at", NULL, "TIME", N_("as it was then: 03:12, -2h, 2026-11-20 18:00"), false, AT(at)},
    {"output", "o", "table|wide|json|csv", N_("how to print"), true, AT(output)},
    {"filter", NULL, "FILTER", N_("only what matches; see nocturne-filter(7)"), true, AT(filter)},
    {"sort", NULL, "[-]FIELD,...", N_("in this order"), true, AT(sort)},
    {"limit", NULL, "COUNT", N_("at most so many rows"), true, AT(limit)},
    {"columns", NULL, "FIELD,...", N_("print these fields"), true, AT(columns)},
    {"from", NULL, "TIME", N_("history from then on"), true, AT(from)},
    {"since", NULL, "SPAN", N_("how far back to rehearse rules; 7d if not said"), true, AT(since)},
    {"to", NULL, "TIME", N_("history up to then"), true, AT(to)},
    {"file", NULL, "FILE", N_("write there in place of standard output"), true, AT(file)},
    {"bom", NULL, NULL, N_("CSV with a byte-order mark first, for spreadsheets"), true, AT(bom)},
    {"around", NULL, "SPAN", N_("how much before and after an incident to export; 30m if not said"), true, AT(around)},
    {"size", NULL, "COLSxROWS", N_("size of a snapshot; 80x24 if not said"), true, AT(size)},
    {"ansi", NULL, NULL, N_("a snapshot with colours"), true, AT(ansi)},
    {"complete", NULL, NULL, N_("the ledger file is complete: what it lacks is removed"), true, AT(complete)},
    {"yes", NULL, NULL, N_("do it without asking"), true, AT(yes)},
    {"help", "h", NULL, N_("this text"), false, AT(help)},
    {"version", "V", NULL, N_("the version"), false, AT(version)},
};
const unsigned option_count = ARRAY_COUNT(option_rows);

static const struct option_row *find_long(const char *name, size_t length)
{
    for (unsigned i = 0; i < option_count; i++)
        if (strlen(option_rows[i].name) == length && memcmp(option_rows[i].name, name, length) == 0)
            return &option_rows[i];
    return NULL;
}

static const struct option_row *find_letter(char letter)
{
    for (unsigned i = 0; i < option_count; i++)
        if (option_rows[i].letter && option_rows[i].letter[0] == letter)
            return &option_rows[i];
    return NULL;
}

static void set(struct options *options, const struct option_row *row, const char *value)
{
    memcpy((char *)options + row->offset, &value, sizeof value);
}

bool arguments_parse(struct options *options, int argc, const char *const *argv, struct error *error)
{
    bool only_words = false;
    memset(options, 0, sizeof *options);
    options->words = memory_new_array((size_t)argc + 1, sizeof *options->words);
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *value = NULL;
        const struct option_row *row;
        if (only_words || word[0] != '-' || !word[1]) {
            options->words[options->count++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        if (word[1] == '-') {
            size_t length = strcspn(word + 2, "=");
            row = find_long(word + 2, length);
            if (word[2 + length] == '=')
                value = word + 3 + length;
        } else {
            row = find_letter(word[1]);
            if (word[2])
                value = word + 2;
        }
        if (!row)
            return error_set(error, ERROR_INVALID, _("no option %s: `nocturne --help` lists them"), word);
        if (!row->value && value)
            return error_set(error, ERROR_INVALID, _("--%s takes no value"), row->name);
        if (row->value && !value && ++i == argc)
            return error_set(error, ERROR_INVALID, _("--%s needs a value: %s"), row->name, row->value);
        set(options, row, !row->value ? "" : value ? value : argv[i]);
    }
    if (options->replay && (options->socket || options->url))
        return error_set(error, ERROR_INVALID, _("--replay opens a file: --socket and --url do not go with it"));
    if (options->socket && options->url)
        return error_set(error, ERROR_INVALID, _("--socket and --url exclude each other"));
    return true;
}

const char *options_at(const struct options *options)
{
    return options->at ? options->at : options->moment[0] ? options->moment : NULL;
}

void arguments_release(struct options *options)
{
    free(options->words);
    options->words = NULL;
}

static void help_row(struct buffer *out, const char *left, const char *help)
{
    int width = text_width(left);
    if (width >= 28)
        buffer_printf(out, "  %s\n  %28s%s\n", left, "", help);
    else
        buffer_printf(out, "  %s%*s%s\n", left, 28 - width, "", help);
}

static void help_options(struct buffer *out, bool command)
{
    for (unsigned i = 0; i < option_count; i++) {
        const struct option_row *row = &option_rows[i];
        char left[80];
        if (row->command != command)
            continue;
        snprintf(left, sizeof left, "%s%s%s--%s%s%s", row->letter ? "-" : "", row->letter ? row->letter : "",
                 row->letter ? ", " : "", row->name, row->value ? " " : "", row->value ? row->value : "");
        help_row(out, left, _(row->help));
    }
}

void arguments_help(struct buffer *out)
{
    buffer_printf(out, _("Usage: nocturne [OPTION ...] [COMMAND ...]\n"
                         "Without a command the full-screen console opens; a daemon is started when none runs.\n"));
    buffer_printf(out, "\n%s\n", _("Options:"));
    help_options(out, false);
    buffer_printf(out, "\n%s\n", _("Commands:"));
    for (unsigned i = 0; i < command_count; i++) {
        char left[96];
        if (!commands[i].shell)
            continue;
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].shell_arguments ? commands[i].shell_arguments :
                 commands[i].arguments ? commands[i].arguments : "");
        help_row(out, left, _(commands[i].help));
    }
    buffer_printf(out, "\n%s\n", _("Options of commands:"));
    help_options(out, true);
}

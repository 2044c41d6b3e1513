/* All commands, searchable, with the keys in force; Enter runs the chosen one on the page below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/list.h"
#include "view/parts.h"
#include "window/layout.h"

enum { COLUMN_KEYS, COLUMN_NAME, COLUMN_HELP, COLUMN_SECTION, COLUMNS };

struct help {
    struct list list;
    char *about;                  /* the view it was opened over; "" for all */
    struct help_row *commands;
    unsigned count, *shown, shown_count;
};

static const struct list_column columns[COLUMNS] = {
    [COLUMN_KEYS] = {{.name = "keys", .title = N_("keys"), .minimum = 8, .maximum = 16}},
    [COLUMN_NAME] = {{.name = "name", .title = N_("command"), .minimum = 20, .maximum = 72, .weight = 1, .strong = true}},
    [COLUMN_HELP] = {{.name = "help", .title = N_("what it does"), .minimum = 30, .weight = 2}},
    [COLUMN_SECTION] = {{.name = "section", .title = "", .minimum = 8, .maximum = 10, .drop = 1}},
};

static void fill(struct view *view, size_t at, struct table_row *row)
{
    const struct help *help = view->state;
    const struct help_row *command = &help->commands[help->shown[at]];
    row->id = command->name;
    row->cells[COLUMN_KEYS] = (struct table_cell){command->keys, ROLE_KEY};
    row->cells[COLUMN_NAME] = (struct table_cell){command->usage, ROLE_TEXT};
    row->cells[COLUMN_HELP] = (struct table_cell){_(command->help), ROLE_TEXT};
    row->cells[COLUMN_SECTION] = (struct table_cell){command->section ? _(command->section) : "", ROLE_DIM};
}

static bool matches(const struct help_row *row, const char *words)
{
    struct buffer text = BUFFER_INIT, folded = BUFFER_INIT;
    bool good = true;
    buffer_printf(&text, "%s %s %s %s", row->keys, row->usage, _(row->help), row->section ? _(row->section) : "");
    text_fold(&folded, buffer_text(&text), text.length);
    for (const char *at = words; good && *at;) {
        size_t length = strcspn(at, " ");
        struct buffer word = BUFFER_INIT;
        text_fold(&word, at, length);
        good = !length || strstr(buffer_text(&folded), buffer_text(&word));
        buffer_release(&word);
        at += length + (at[length] != '\0');
    }
    buffer_release(&text);
    buffer_release(&folded);
    return good;
}

static void choose(struct view *view)
{
    struct help *help = view->state;
    help->shown_count = 0;
    for (unsigned i = 0; i < help->count; i++)
        if (matches(&help->commands[i], help->list.filter))
            help->shown[help->shown_count++] = i;
    list_show(view, help->shown_count);
}

/* Commands that need an argument are put into the line, the others run at once on the page below. */
static enum reaction run(struct view *view, const char *name)
{
    const struct help *help = view->state;
    const struct help_row *row = NULL;
    for (unsigned i = 0; i < help->count && !row; i++)
        row = strcmp(help->commands[i].name, name) == 0 ? &help->commands[i] : NULL;
    if (!row)
        return REACT_HANDLED;
    char *line = row->needs_argument ? memory_printf("command-line %s ", row->name) : memory_text(row->name);
    view->host_ops->run_below(view->host, line);
    free(line);
    return REACT_HANDLED; /* this view is gone */
}

static const struct list_kind kind = {
    .chosen = run,
    .empty = N_("no command"),
    .unmatched = N_("no command matches"),
    .no_more = N_("nothing else is wrong"),
    .row = fill,
};

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct help *help = view->state;
    char *copy = memory_text(text); /* may be our own */
    (void)typing, (void)error;
    free(help->list.filter);
    help->list.filter = copy;
    choose(view);
    return true;
}

/* "VIEW\nWORDS": what it is opened over, and what to look for. */
static bool help_open(struct view *view, const char *argument, struct error *error)
{
    struct help *help = view->state;
    const char *newline = strchr(argument, '\n');
    if (!list_init(view, &kind, columns, COLUMNS, "", error))
        return false;
    help->about = newline ? memory_text_n(argument, (size_t)(newline - argument)) : memory_text("");
    help->count = view->host_ops->commands(view->host, help->about, &help->commands);
    help->shown = memory_new_array(help->count + 1, sizeof *help->shown);
    list_note(&help->list, NULL);
    return set_filter(view, newline ? newline + 1 : argument, false, error);
}

static void help_close(struct view *view)
{
    struct help *help = view->state;
    list_release(view);
    for (unsigned i = 0; i < help->count; i++) {
        free(help->commands[i].keys);
        free(help->commands[i].usage);
    }
    free(help->commands);
    free(help->shown);
    free(help->about);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view, (void)out;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    (void)view, (void)slot, (void)answer, (void)error;
    return true;
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct help *help = view->state;
    struct rect rest = area;
    char text[80];
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    snprintf(text, sizeof text, *help->list.filter ? _("%u of %u commands") : _("%u commands"), help->shown_count, help->count);
    list_headline(view, surface, rect_cut_top(&rest, 1), text, NULL, NULL);
    struct rect letters = rest.rows > 12 ? rect_cut_bottom(&rest, 2) : (struct rect){0};
    list_draw(view, surface, rest);
    if (letters.rows) {
        surface_rule(surface, letters.row, letters.column, letters.columns);
        surface_text(
            surface, letters.row + 1, letters.column + 1, letters.columns - 2, ROLE_DIM,
            surface->ascii
                ? _(". ok  w warning  ! critical  x offline  ~ stale  / unreachable  ? unknown  m maintenance")
                : _("· ok  w warning  ! critical  x offline  ~ stale  / unreachable  ? unknown  m maintenance"));
    }
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct help *help = view->state;
    const struct view_ops *about = view_find(help->about);
    site_crumbs(view, out, _("help"), about ? _(about->title) : help->about, NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  / %s  Esc %s", _("run it"), _("search"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct help *help = view->state;
    for (unsigned i = 0; i < help->shown_count; i++) {
        const struct help_row *row = &help->commands[help->shown[i]];
        buffer_printf(out, "%-12s %-28s %s\n", row->keys, row->usage, _(row->help));
    }
}

const struct view_ops help_view = {
    .name = "help",
    .title = N_("Help"),
    .argument = "[WORD]",
    .help = N_("search all commands and run one"),
    .size = sizeof(struct help),
    .open = help_open,
    .close = help_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = list_key,
    .command = list_command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .filter = list_filter,
    .set_filter = set_filter,
};

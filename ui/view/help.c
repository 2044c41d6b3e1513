/* All commands, searchable, with the keys in force; Enter runs the chosen one on the page below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/table.h"
#include "window/layout.h"

enum { COLUMN_KEYS, COLUMN_NAME, COLUMN_HELP, COLUMN_SECTION, COLUMNS };

struct help {
    char *about;                  /* the view it was opened over; "" for all */
    char *filter;
    struct table *table;
    struct help_row *rows;
    unsigned count, *shown, shown_count;
};

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct help *help = owner;
    const struct help_row *command = &help->rows[help->shown[index]];
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

static void choose(struct help *help)
{
    help->shown_count = 0;
    for (unsigned i = 0; i < help->count; i++)
        if (matches(&help->rows[i], help->filter))
            help->shown[help->shown_count++] = i;
    table_refreshed(help->table,
                    &(struct table_source){
                        .owner = help, .total = help->shown_count, .count = help->shown_count, .row = fill});
}

/* "VIEW\nWORDS": what it is opened over, and what to look for. */
static bool help_open(struct view *view, const char *argument, struct error *error)
{
    struct help *help = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_KEYS] = {.name = "keys", .title = _("keys"), .minimum = 8, .maximum = 16},
        [COLUMN_NAME] = {.name = "name", .title = _("command"), .minimum = 14, .maximum = 34, .strong = true},
        [COLUMN_HELP] = {.name = "help", .title = _("what it does"), .minimum = 20, .weight = 1},
        [COLUMN_SECTION] = {.name = "section", .title = "", .minimum = 8, .maximum = 10, .drop = 1},
    };
    const char *newline = strchr(argument, '\n');
    (void)error;
    help->about = newline ? memory_text_n(argument, (size_t)(newline - argument)) : memory_text("");
    help->filter = memory_text(newline ? newline + 1 : argument);
    help->table = table_new(columns, COLUMNS);
    help->count = view->host_ops->commands(view->host, help->about, &help->rows);
    help->shown = memory_new_array(help->count + 1, sizeof *help->shown);
    choose(help);
    return true;
}

static void help_close(struct view *view)
{
    struct help *help = view->state;
    table_free(&help->table);
    for (unsigned i = 0; i < help->count; i++) {
        free(help->rows[i].keys);
        free(help->rows[i].usage);
    }
    free(help->rows);
    free(help->shown);
    free(help->about);
    free(help->filter);
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
    if (rect_is_empty(area))
        return;
    struct rect head = rect_cut_top(&rest, 1);
    int used = 1 + surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING,
                                  *help->filter ? _("%u of %u commands") : _("%u commands"), help->shown_count, help->count) + 2;
    surface_text_cut(surface, head.row, head.column + used, head.columns - used - 1, ROLE_MATCH, help->filter,
                     TEXT_CUT_END);
    rect_cut_bottom(&rest, 0);
    struct rect letters = rest.rows > 12 ? rect_cut_bottom(&rest, 2) : (struct rect){0};
    table_set_empty(help->table, _("no command matches"), _("Esc clears the search"));
    table_draw(help->table, surface, rest);
    if (letters.rows) {
        surface_rule(surface, letters.row, letters.column, letters.columns);
        surface_text(
            surface, letters.row + 1, letters.column + 1, letters.columns - 2, ROLE_DIM,
            surface->ascii
                ? _(". ok  w warning  ! critical  x offline  ~ stale  / unreachable  ? unknown  m maintenance")
                : _("· ok  w warning  ! critical  x offline  ~ stale  / unreachable  ? unknown  m maintenance"));
    }
}

static void run(struct view *view)
{
    struct help *help = view->state;
    size_t at = table_cursor(help->table);
    if (at >= help->shown_count)
        return;
    const struct help_row *row = &help->rows[help->shown[at]];
    /* Commands that need an argument are put into the line, the others run at once on the page below. */
    char *line = row->needs_argument ? memory_printf("command-line %s ", row->name) : memory_text(row->name);
    view->host_ops->run_below(view->host, line);
    free(line);
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct help *help = view->state;
    enum table_answer answer = table_key(help->table, key);
    if (answer == TABLE_CHOSEN) {
        run(view); /* this view is gone afterwards */
        return REACT_HANDLED;
    }
    return answer == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct key_event motion;
    (void)argument, (void)error;
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct help *help = view->state;
    buffer_printf(out, "%s%s%s", _("help"), *help->about ? " ▸ " : "", help->about);
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
        const struct help_row *row = &help->rows[help->shown[i]];
        buffer_printf(out, "%-12s %-28s %s\n", row->keys, row->usage, _(row->help));
    }
}

static const char *filter(struct view *view)
{
    return ((struct help *)view->state)->filter;
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct help *help = view->state;
    char *copy = memory_text(text);
    (void)typing, (void)error;
    free(help->filter);
    help->filter = copy;
    choose(help);
    return true;
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
    .key = key,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .filter = filter,
    .set_filter = set_filter,
};

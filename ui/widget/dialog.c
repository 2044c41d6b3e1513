#include "widget/dialog.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "widget/edit.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define NAMES_SHOWN 6
#define COLUMNS_WISHED 64

struct dialog {
    char *title, *text, *changed, *type_to_confirm;
    char **names;
    size_t name_count, names_kept;
    struct dialog_choice *choices;
    unsigned choice_count;
    struct edit typed;
    msec guard_until;
};

struct dialog *dialog_new(const struct dialog_options *options, msec steady_now)
{
    struct dialog *dialog = memory_new(sizeof *dialog);
    dialog->title = memory_text(options->title ? options->title : "");
    dialog->text = memory_text(options->text ? options->text : "");
    dialog->type_to_confirm = memory_text(options->type_to_confirm);
    dialog->name_count = options->name_count;
    dialog->names_kept = options->name_count < NAMES_SHOWN ? options->name_count : NAMES_SHOWN;
    dialog->names = memory_new_array(NAMES_SHOWN, sizeof(char *));
    for (size_t i = 0; i < dialog->names_kept; i++)
        dialog->names[i] = memory_text(options->names[i]);
    dialog->choice_count = options->choice_count;
    dialog->choices = memory_new_array(options->choice_count + 1, sizeof *dialog->choices);
    for (unsigned i = 0; i < options->choice_count; i++) {
        dialog->choices[i] = options->choices[i];
        dialog->choices[i].label = memory_text(options->choices[i].label);
    }
    dialog->guard_until = steady_now + DIALOG_GUARD;
    return dialog;
}

void dialog_free(struct dialog **where)
{
    struct dialog *dialog = *where;
    if (!dialog)
        return;
    for (size_t i = 0; i < dialog->names_kept; i++)
        free(dialog->names[i]);
    for (unsigned i = 0; i < dialog->choice_count; i++)
        free((char *)dialog->choices[i].label);
    free(dialog->names);
    free(dialog->choices);
    free(dialog->title);
    free(dialog->text);
    free(dialog->changed);
    free(dialog->type_to_confirm);
    edit_release(&dialog->typed);
    free(dialog);
    *where = NULL;
}

void dialog_changed(struct dialog *dialog, const char *text, msec steady_now)
{
    free(dialog->changed);
    dialog->changed = memory_text(text);
    dialog->guard_until = steady_now + DIALOG_GUARD;
}

/* ---- drawing ---- */

static int name_lines(const struct dialog *dialog)
{
    return (int)dialog->names_kept + (dialog->name_count > dialog->names_kept);
}

static int part_lines(const char *text, int columns)
{
    return text && text[0] ? wrap_count(text, columns) + 1 : 0; /* and a blank line after it */
}

void dialog_size(const struct dialog *dialog, int columns_at_most, int *rows, int *columns)
{
    int choices = 2, title = text_width(dialog->title) + 6;
    for (unsigned i = 0; i < dialog->choice_count; i++)
        choices += 3 + text_width(dialog->choices[i].label) + 2;
    *columns = COLUMNS_WISHED;
    *columns = choices + 4 + 10 > *columns ? choices + 4 + 10 : *columns;
    *columns = title > *columns ? title : *columns;
    *columns = *columns > columns_at_most ? columns_at_most : *columns;
    int inside = *columns - 4;
    *rows = 2 + part_lines(dialog->changed, inside) + part_lines(dialog->text, inside) + 1;
    if (name_lines(dialog) > 0)
        *rows += name_lines(dialog) + 1;
    if (dialog->type_to_confirm)
        *rows += 2;
}

struct rect frame_draw(struct surface *surface, struct rect area, const char *title)
{
    static const uint32_t corners[4] = {0x250c, 0x2510, 0x2514, 0x2518};
    surface_fill(surface, area, ' ', ROLE_TEXT);
    if (area.rows < 2 || area.columns < 4)
        return (struct rect){area.row, area.column, 0, 0};
    int bottom = area.row + area.rows - 1, right = area.column + area.columns - 1;
    surface_rule(surface, area.row, area.column, area.columns);
    surface_rule(surface, bottom, area.column, area.columns);
    uint32_t side = surface->ascii ? '|' : 0x2502;
    surface_fill(surface, (struct rect){area.row + 1, area.column, area.rows - 2, 1}, side, ROLE_RULE);
    surface_fill(surface, (struct rect){area.row + 1, right, area.rows - 2, 1}, side, ROLE_RULE);
    const int rows[4] = {area.row, area.row, bottom, bottom};
    const int columns[4] = {area.column, right, area.column, right};
    for (int i = 0; i < 4; i++)
        surface_put(surface, rows[i], columns[i], ROLE_RULE, surface->ascii ? '+' : corners[i]);
    if (title && title[0] && area.columns > 8) {
        int used = surface_text(surface, area.row, area.column + 3, area.columns - 6, ROLE_TITLE, title);
        surface_put(surface, area.row, area.column + 2, ROLE_RULE, ' ');
        surface_put(surface, area.row, area.column + 3 + used, ROLE_RULE, ' ');
    }
    return rect_inset(area, 1, 2);
}

static int draw_wrapped(struct surface *surface, int row, struct rect inside, uint8_t role, const char *text)
{
    for (const char *line = text; line && *line;) {
        size_t length = strcspn(line, "\n"), at = 0, skip;
        do {
            size_t used = wrap_line(line + at, length - at, inside.columns, &skip);
            if (row < inside.row + inside.rows)
                surface_printf(surface, row, inside.column, inside.columns, role, "%.*s", (int)used, line + at);
            row++;
            at += used + skip;
        } while (at < length);
        line += length;
        if (*line == '\n')
            line++;
    }
    return row;
}

static void draw_choices(const struct dialog *dialog, struct surface *surface, int row, struct rect inside)
{
    int column = inside.column, end = inside.column + inside.columns;
    for (unsigned i = 0; i < dialog->choice_count; i++) {
        const struct dialog_choice *choice = &dialog->choices[i];
        column += surface_printf(surface, row, column, end - column, ROLE_KEY, "%c", choice->key);
        column += 1 + surface_text(surface, row, column + 1, end - column - 1, choice->role, choice->label) + 2;
    }
    int escape = text_width(_("Esc back"));
    if (end - escape > column)
        surface_text(surface, row, end - escape, escape, ROLE_HINT, _("Esc back"));
}

void dialog_draw(struct dialog *dialog, struct surface *surface, struct rect area)
{
    struct rect inside = frame_draw(surface, area, dialog->title);
    if (rect_is_empty(inside))
        return;
    struct rect choices = rect_cut_bottom(&inside, 1), typed = {0, 0, 0, 0};
    if (dialog->type_to_confirm)
        typed = rect_cut_bottom(&inside, 2);
    int row = inside.row;
    if (dialog->changed && dialog->changed[0])
        row = draw_wrapped(surface, row, inside, ROLE_WARNING, dialog->changed) + 1;
    if (dialog->text[0])
        row = draw_wrapped(surface, row, inside, ROLE_TEXT, dialog->text) + 1;
    for (size_t i = 0; i < dialog->names_kept && row < inside.row + inside.rows; i++)
        surface_text_cut(surface, row++, inside.column + 2, inside.columns - 2, ROLE_STRONG, dialog->names[i],
                         TEXT_CUT_MIDDLE);
    if (dialog->name_count > dialog->names_kept && row < inside.row + inside.rows) {
        size_t more = dialog->name_count - dialog->names_kept;
        surface_printf(surface, row, inside.column + 2, inside.columns - 2, ROLE_TEXT,
                       ngettext("and %zu more", "and %zu more", more), more);
    }
    if (dialog->type_to_confirm) {
        int used = surface_printf(surface, typed.row, typed.column, typed.columns, ROLE_TEXT, _("type %s to go on:"),
                                  dialog->type_to_confirm);
        edit_draw(&dialog->typed, surface, typed.row, typed.column + used + 1, typed.columns - used - 1, ROLE_INPUT,
                  true, false);
    }
    draw_choices(dialog, surface, choices.row, choices);
}

/* ---- keys ---- */

int dialog_key(struct dialog *dialog, const struct key_event *key, msec steady_now)
{
    if (steady_now < dialog->guard_until)
        return DIALOG_OPEN;
    if (key->special == KEY_ESCAPE)
        return DIALOG_CANCEL;
    bool confirmed = !dialog->type_to_confirm || strcmp(edit_text(&dialog->typed), dialog->type_to_confirm) == 0;
    if (!confirmed) {
        edit_key(&dialog->typed, key);
        return DIALOG_OPEN;
    }
    if (key->special == KEY_ERASE && dialog->type_to_confirm)
        edit_key(&dialog->typed, key);
    if (key->special != KEY_CHAR || key->control || key->alt)
        return DIALOG_OPEN; /* Enter among them: it never means yes */
    for (unsigned i = 0; i < dialog->choice_count; i++)
        if (key->code == (unsigned char)dialog->choices[i].key)
            return dialog->choices[i].key;
    return key->code == 'q' ? DIALOG_CANCEL : DIALOG_OPEN;
}

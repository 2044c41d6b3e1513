#include "widget/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "widget/edit.h"

struct field {
    struct form_field given; /* texts copied below */
    char *name, *label, *hint;
    char **choices;
    unsigned choice_count;
    struct edit edit;
    char message[160];       /* "" when it is right */
    bool touched;            /* a field is not blamed before it was visited */
};

struct form {
    struct field *fields;
    unsigned count, current;
    form_check *check;
    void *owner;
    int top;
};

static void field_init(struct field *field, const struct form_field *given)
{
    field->given = *given;
    field->name = memory_text(given->name);
    field->label = memory_text(given->label ? given->label : "");
    field->hint = memory_text(given->hint ? given->hint : "");
    while (given->choices && given->choices[field->choice_count])
        field->choice_count++;
    field->choices = memory_new_array(field->choice_count + 1, sizeof(char *));
    for (unsigned i = 0; i < field->choice_count; i++)
        field->choices[i] = memory_text(given->choices[i]);
    edit_set(&field->edit, given->value);
    if (given->kind == FORM_CHOICE && field->edit.text.length == 0 && field->choice_count > 0 && given->required)
        edit_set(&field->edit, field->choices[0]);
}

static void validate(struct form *form, struct field *field)
{
    const char *value = edit_text(&field->edit);
    field->message[0] = '\0';
    if (field->given.required && !value[0])
        text_clean_into(field->message, sizeof field->message, _("is needed"), strlen(_("is needed")));
    else if (form->check && !form->check(form->owner, field->name, value, field->message, sizeof field->message) &&
             !field->message[0])
        text_clean_into(field->message, sizeof field->message, _("is wrong"), strlen(_("is wrong")));
}

struct form *form_new(const struct form_field *fields, unsigned count, form_check *check, void *owner)
{
    struct form *form = memory_new(sizeof *form);
    form->fields = memory_new_array(count, sizeof *form->fields);
    form->count = count;
    form->check = check;
    form->owner = owner;
    for (unsigned i = 0; i < count; i++) {
        field_init(&form->fields[i], &fields[i]);
        validate(form, &form->fields[i]);
    }
    return form;
}

void form_free(struct form **where)
{
    struct form *form = *where;
    if (!form)
        return;
    for (unsigned i = 0; i < form->count; i++) {
        struct field *field = &form->fields[i];
        if (field->given.kind == FORM_SECRET && field->edit.text.data)
            explicit_bzero(field->edit.text.data, field->edit.text.capacity);
        for (unsigned j = 0; j < field->choice_count; j++)
            free(field->choices[j]);
        free(field->choices);
        free(field->name);
        free(field->label);
        free(field->hint);
        edit_release(&field->edit);
    }
    free(form->fields);
    free(form);
    *where = NULL;
}

static struct field *find(const struct form *form, const char *name)
{
    for (unsigned i = 0; i < form->count; i++)
        if (strcmp(form->fields[i].name, name) == 0)
            return &form->fields[i];
    return NULL;
}

const char *form_value(const struct form *form, const char *name)
{
    const struct field *field = find(form, name);
    return field ? edit_text(&field->edit) : NULL;
}

void form_set(struct form *form, const char *name, const char *value)
{
    struct field *field = find(form, name);
    if (field) {
        edit_set(&field->edit, value);
        validate(form, field);
    }
}

void form_complain(struct form *form, const char *name, const char *message)
{
    struct field *field = find(form, name);
    if (!field)
        return;
    text_clean_into(field->message, sizeof field->message, message, strlen(message));
    field->touched = true;
    form->current = (unsigned)(field - form->fields);
}

bool form_valid(struct form *form)
{
    for (unsigned i = 0; i < form->count; i++)
        if (form->fields[i].message[0])
            return false;
    return true;
}

int form_rows(const struct form *form)
{
    return (int)form->count;
}

/* ---- drawing ---- */

static int label_width(const struct form *form, int columns)
{
    int width = 0;
    for (unsigned i = 0; i < form->count; i++) {
        int here = text_width(form->fields[i].label);
        width = here > width ? here : width;
    }
    return width < columns / 3 ? width : columns / 3;
}

static int draw_choice(const struct field *field, struct surface *surface, int row, int column, int columns, bool focus)
{
    int used = 0;
    for (unsigned i = 0; i < field->choice_count && used < columns; i++) {
        bool chosen = strcmp(field->choices[i], edit_text(&field->edit)) == 0;
        uint8_t role = chosen ? (focus ? ROLE_SELECTION : ROLE_STRONG) : ROLE_DIM;
        /* Brackets say it where colour and weight cannot. */
        used += surface_text(surface, row, column + used, columns - used, role, chosen ? "[" : " ");
        used += surface_text(surface, row, column + used, columns - used, role, _(field->choices[i]));
        used += surface_text(surface, row, column + used, columns - used, role, chosen ? "]" : " ");
    }
    return used;
}

static int draw_entry(const struct field *field, struct surface *surface, int row, int column, int columns, bool focus)
{
    int room = field->given.columns > 0 && field->given.columns < columns ? field->given.columns : columns;
    bool on = edit_text(&field->edit)[0];
    switch (field->given.kind) {
    case FORM_CHOICE:
        return draw_choice(field, surface, row, column, columns, focus);
    case FORM_SWITCH:
        return surface_text(surface, row, column, columns, focus ? ROLE_SELECTION : ROLE_TEXT, on ? "[x]" : "[ ]");
    default:
        if (field->message[0] && field->touched && room > columns / 2)
            room = columns / 2; /* leave the message its place */
        edit_draw(&field->edit, surface, row, column, room, ROLE_INPUT, focus, field->given.kind == FORM_SECRET);
        if (!focus || field->edit.text.length == 0)
            for (int i = text_width(edit_text(&field->edit)); i < room && i < 64; i++)
                surface_put(surface, row, column + i, ROLE_RULE, '_');
        return room;
    }
}

void form_draw(struct form *form, struct surface *surface, struct rect area)
{
    surface_fill(surface, area, ' ', ROLE_TEXT);
    int width = label_width(form, area.columns);
    if ((int)form->current < form->top)
        form->top = (int)form->current;
    if ((int)form->current >= form->top + area.rows)
        form->top = (int)form->current - area.rows + 1;
    for (int line = 0; line < area.rows && form->top + line < (int)form->count; line++) {
        const struct field *field = &form->fields[form->top + line];
        bool focus = form->top + line == (int)form->current;
        int row = area.row + line, column = area.column + 2, end = area.column + area.columns;
        if (focus)
            surface_put(surface, row, area.column, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        surface_text(surface, row, column, width, focus ? ROLE_STRONG : ROLE_TEXT, field->label);
        column += width + 2;
        column += draw_entry(field, surface, row, column, end - column, focus) + 2;
        bool wrong = field->message[0] && field->touched;
        if (column < end)
            surface_text(surface, row, column, end - column, wrong ? ROLE_ERROR : ROLE_DIM,
                         wrong ? field->message : focus ? field->hint : "");
    }
}

/* ---- keys ---- */

static void go_to(struct form *form, unsigned index)
{
    form->fields[form->current].touched = true;
    form->current = index < form->count ? index : form->count - 1;
}

static enum form_answer submit(struct form *form)
{
    for (unsigned i = 0; i < form->count; i++) {
        form->fields[i].touched = true;
        validate(form, &form->fields[i]);
    }
    for (unsigned i = 0; i < form->count; i++)
        if (form->fields[i].message[0]) {
            go_to(form, i);
            return FORM_CHANGED;
        }
    return FORM_SUBMIT;
}

static bool choose(struct field *field, const struct key_event *key)
{
    unsigned current = 0;
    while (current < field->choice_count && strcmp(field->choices[current], edit_text(&field->edit)) != 0)
        current++;
    bool space = key->special == KEY_CHAR && key->code == ' ';
    if (field->choice_count == 0)
        return false;
    if (key->special == KEY_ARROW_RIGHT || space)
        current = current + 1 < field->choice_count ? current + 1 : 0;
    else if (key->special == KEY_ARROW_LEFT)
        current = current > 0 && current < field->choice_count ? current - 1 : field->choice_count - 1;
    else
        return false;
    edit_set(&field->edit, field->choices[current]);
    return true;
}

static bool field_key(struct field *field, const struct key_event *key)
{
    switch (field->given.kind) {
    case FORM_CHOICE:
        return choose(field, key);
    case FORM_SWITCH:
        if (key->special != KEY_CHAR || key->code != ' ' || key->control)
            return false;
        edit_set(&field->edit, field->edit.text.length ? "" : "yes");
        return true;
    default:
        return edit_key(&field->edit, key);
    }
}

enum form_answer form_key(struct form *form, const struct key_event *key)
{
    if (form->count == 0)
        return FORM_IGNORED;
    struct field *field = &form->fields[form->current];
    switch (key->special) {
    case KEY_ESCAPE: return FORM_CANCEL;
    case KEY_TABULATOR:
        go_to(form, form->current + 1 < form->count ? form->current + 1 : 0);
        return FORM_CHANGED;
    case KEY_BACKTAB:
        go_to(form, form->current > 0 ? form->current - 1 : form->count - 1);
        return FORM_CHANGED;
    case KEY_ARROW_DOWN: go_to(form, form->current + 1); return FORM_CHANGED;
    case KEY_ARROW_UP: go_to(form, form->current > 0 ? form->current - 1 : 0); return FORM_CHANGED;
    case KEY_RETURN:
        if (form->current + 1 == form->count)
            return submit(form);
        go_to(form, form->current + 1);
        return FORM_CHANGED;
    case KEY_CHAR:
        if (key->control && key->code == 's')
            return submit(form);
        break;
    default: break;
    }
    if (!field_key(field, key))
        return FORM_IGNORED;
    validate(form, field);
    return FORM_CHANGED;
}

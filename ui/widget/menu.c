#include "widget/menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "widget/dialog.h"
#include "widget/edit.h"
#include "window/layout.h"

struct item {
    char *id, *key, *text, *note, *section;
    bool disabled;
    struct buffer folded; /* what typing is matched against */
};

struct menu {
    char *title;
    struct item *items;
    unsigned count;
    unsigned *shown;      /* indices of the items that match */
    unsigned shown_count, current, top;
    struct edit typed;
    int rows;             /* drawn last */
};

static char *copy(const char *text)
{
    return memory_text(text ? text : "");
}

static bool matches(const struct item *item, const char *words)
{
    while (*words) {
        size_t length = strcspn(words, " ");
        if (length > 0 && !memmem(item->folded.data, item->folded.length, words, length))
            return false;
        words += length;
        words += strspn(words, " ");
    }
    return true;
}

static void narrow(struct menu *menu)
{
    struct buffer words = BUFFER_INIT;
    text_fold(&words, edit_text(&menu->typed), menu->typed.text.length);
    menu->shown_count = 0;
    for (unsigned i = 0; i < menu->count; i++)
        if (matches(&menu->items[i], buffer_text(&words)))
            menu->shown[menu->shown_count++] = i;
    menu->current = menu->top = 0;
    buffer_release(&words);
}

struct menu *menu_new(const char *title, const struct menu_item *items, unsigned count)
{
    struct menu *menu = memory_new(sizeof *menu);
    menu->title = copy(title);
    menu->items = memory_new_array(count + 1, sizeof *menu->items);
    menu->shown = memory_new_array(count + 1, sizeof *menu->shown);
    menu->count = count;
    for (unsigned i = 0; i < count; i++) {
        struct item *item = &menu->items[i];
        *item = (struct item){.id = copy(items[i].id), .key = copy(items[i].key), .text = copy(items[i].text),
                              .note = copy(items[i].note), .section = copy(items[i].section),
                              .disabled = items[i].disabled};
        const char *parts[] = {item->key, item->text, item->note, item->section, item->id};
        for (size_t j = 0; j < ARRAY_COUNT(parts); j++) {
            text_fold(&item->folded, parts[j], strlen(parts[j]));
            buffer_append_char(&item->folded, '\n');
        }
    }
    narrow(menu);
    return menu;
}

void menu_free(struct menu **where)
{
    struct menu *menu = *where;
    if (!menu)
        return;
    for (unsigned i = 0; i < menu->count; i++) {
        struct item *item = &menu->items[i];
        free(item->id);
        free(item->key);
        free(item->text);
        free(item->note);
        free(item->section);
        buffer_release(&item->folded);
    }
    free(menu->items);
    free(menu->shown);
    free(menu->title);
    edit_release(&menu->typed);
    free(menu);
    *where = NULL;
}

/* ---- drawing ---- */

struct widths { int key, text, note; };

static struct widths measure(const struct menu *menu)
{
    struct widths widths = {0, 0, 0};
    for (unsigned i = 0; i < menu->count; i++) {
        int key = text_width(menu->items[i].key), text = text_width(menu->items[i].text);
        int note = text_width(menu->items[i].note);
        widths.key = key > widths.key ? key : widths.key;
        widths.text = text > widths.text ? text : widths.text;
        widths.note = note > widths.note ? note : widths.note;
    }
    return widths;
}

static bool starts_section(const struct menu *menu, unsigned index)
{
    const char *section = menu->items[menu->shown[index]].section;
    return section[0] && (index == 0 || strcmp(section, menu->items[menu->shown[index - 1]].section) != 0);
}

/* Rows the shown items from..to take, headings included. */
static int rows_between(const struct menu *menu, unsigned from, unsigned to)
{
    int rows = 0;
    for (unsigned i = from; i < to; i++)
        rows += 1 + starts_section(menu, i);
    return rows;
}

void menu_size(const struct menu *menu, int columns_at_most, int *rows, int *columns)
{
    struct widths widths = measure(menu);
    int sections = 0;
    for (unsigned i = 0; i < menu->count; i++)
        sections += menu->items[i].section[0] && (i == 0 || strcmp(menu->items[i].section, menu->items[i - 1].section) != 0);
    *rows = (int)menu->count + sections + 4; /* frame, the typed text, a rule */
    *columns = 4 + 2 + widths.key + 2 + widths.text + (widths.note ? 2 + widths.note : 0);
    int title = text_width(menu->title) + 8;
    *columns = *columns < title ? title : *columns < 36 ? 36 : *columns;
    *columns = *columns > columns_at_most ? columns_at_most : *columns;
}

static void draw_item(const struct item *item, struct surface *surface, int row, struct rect area, struct widths widths,
                      bool current)
{
    int column = area.column, end = area.column + area.columns;
    if (current)
        surface_put(surface, row, column, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
    column += 2;
    if (widths.key > 0) {
        surface_text(surface, row, column, widths.key, item->disabled ? ROLE_DIM : ROLE_KEY, item->key);
        column += widths.key + 2;
    }
    int note = widths.note > 0 && end - column - widths.text - 2 >= 8 ? end - column - widths.text - 2 : 0;
    note = note > widths.note ? widths.note : note;
    uint8_t role = item->disabled ? ROLE_DIM : current ? ROLE_STRONG : ROLE_TEXT;
    int room = end - column - (note ? note + 2 : 0);
    surface_text(surface, row, column, room, role, item->text);
    if (note > 0)
        surface_text_cut(surface, row, column + widths.text + 2, end - column - widths.text - 2, ROLE_DIM, item->note,
                         TEXT_CUT_END);
}

static void draw_items(const struct menu *menu, struct surface *surface, struct rect area, unsigned top, int current)
{
    struct widths widths = measure(menu);
    int row = area.row;
    for (unsigned i = top; i < menu->shown_count && row < area.row + area.rows; i++) {
        const struct item *item = &menu->items[menu->shown[i]];
        if (starts_section(menu, i)) {
            surface_text(surface, row++, area.column + 2, area.columns - 2, ROLE_HEADING, item->section);
            if (row == area.row + area.rows)
                break;
        }
        draw_item(item, surface, row++, area, widths, (int)i == current);
    }
}

void menu_draw(struct menu *menu, struct surface *surface, struct rect area)
{
    struct rect inside = frame_draw(surface, area, menu->title);
    if (rect_is_empty(inside))
        return;
    struct rect line = rect_cut_top(&inside, 1), rule = rect_cut_top(&inside, 1);
    surface_text(surface, line.row, line.column, 2, ROLE_KEY, "/");
    edit_draw(&menu->typed, surface, line.row, line.column + 2, line.columns - 12, ROLE_INPUT, true, false);
    char count[32];
    snprintf(count, sizeof count, "%u/%u", menu->shown_count, menu->count);
    surface_text_right(surface, line.row, line.column + line.columns - 10, 10, ROLE_DIM, count);
    surface_rule(surface, rule.row, rule.column, rule.columns);
    menu->rows = inside.rows;
    if (menu->current < menu->top)
        menu->top = menu->current;
    while (menu->top < menu->current && rows_between(menu, menu->top, menu->current + 1) > inside.rows)
        menu->top++;
    if (menu->shown_count == 0)
        surface_text(surface, inside.row, inside.column + 2, inside.columns - 2, ROLE_DIM, _("nothing matches"));
    draw_items(menu, surface, inside, menu->top, (int)menu->current);
}

void menu_draw_plain(const struct menu *menu, struct surface *surface, struct rect area, int current)
{
    surface_fill(surface, area, ' ', ROLE_TEXT);
    unsigned top = 0;
    while (current >= 0 && rows_between(menu, top, (unsigned)current + 1) > area.rows && top < (unsigned)current)
        top++;
    draw_items(menu, surface, area, top, current);
}

/* ---- keys ---- */

static enum menu_answer move(struct menu *menu, long by)
{
    long wish = (long)menu->current + by, last = (long)menu->shown_count - 1;
    menu->current = wish < 0 || last < 0 ? 0 : (unsigned)(wish > last ? last : wish);
    return MENU_OPEN;
}

enum menu_answer menu_key(struct menu *menu, const struct key_event *key)
{
    long page = menu->rows > 1 ? menu->rows - 1 : 1;
    switch (key->special) {
    case KEY_ESCAPE:
        if (menu->typed.text.length == 0)
            return MENU_CANCEL;
        edit_set(&menu->typed, "");
        narrow(menu);
        return MENU_OPEN;
    case KEY_RETURN:
        if (menu->shown_count == 0 || menu->items[menu->shown[menu->current]].disabled)
            return MENU_OPEN;
        return MENU_CHOSEN;
    case KEY_ARROW_UP: return move(menu, -1);
    case KEY_ARROW_DOWN: return move(menu, 1);
    case KEY_PAGE_UP: return move(menu, -page);
    case KEY_PAGE_DOWN: return move(menu, page);
    case KEY_MOUSE_:
        if (key->mouse == MOUSE_WHEEL_UP || key->mouse == MOUSE_WHEEL_DOWN)
            return move(menu, key->mouse == MOUSE_WHEEL_UP ? -3 : 3);
        return MENU_OPEN;
    case KEY_CHAR:
        if (key->control && (key->code == 'n' || key->code == 'p'))
            return move(menu, key->code == 'n' ? 1 : -1);
        break;
    default: break;
    }
    if (edit_key(&menu->typed, key))
        narrow(menu);
    return MENU_OPEN;
}

const char *menu_current(const struct menu *menu)
{
    return menu->shown_count > 0 ? menu->items[menu->shown[menu->current]].id : NULL;
}

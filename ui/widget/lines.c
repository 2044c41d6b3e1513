#include "widget/lines.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "widget/edit.h"

#define TABS 16

/* ---- tabs ---- */

enum tab_form { TAB_WHOLE, TAB_TITLE /* no count */, TAB_KEY };

static int tab_text(char *out, size_t size, const struct tab *tab, enum tab_form form)
{
    if (form == TAB_KEY)
        snprintf(out, size, "%c", tab->key);
    else if (form == TAB_TITLE || tab->count == 0)
        snprintf(out, size, "%c %s", tab->key, tab->title);
    else
        snprintf(out, size, "%c %s %u", tab->key, tab->title, tab->count);
    return text_width(out);
}

/* Shrink from the last tab on, first counts, then titles; the current one is never shrunk. Sets each tab's form and
 * column. Returns how many are drawn. */
static unsigned tabs_plan(const struct tab *tabs, unsigned count, unsigned current, int columns, enum tab_form *forms,
                          int *places)
{
    char text[128];
    count = count < TABS ? count : TABS;
    for (unsigned i = 0; i < count; i++)
        forms[i] = TAB_WHOLE;
    for (unsigned step = 0; step <= 2 * count; step++) {
        int at = 1;
        for (unsigned i = 0; i < count; i++) {
            places[i] = at;
            at += tab_text(text, sizeof text, &tabs[i], forms[i]) + 2;
        }
        if (at - 2 <= columns || step == 2 * count)
            break;
        unsigned victim = count - 1 - step % count;
        if (victim != current)
            forms[victim] = step < count ? TAB_TITLE : TAB_KEY;
    }
    unsigned drawn = count;
    while (drawn > current + 1 && places[drawn - 1] >= columns - 1)
        drawn--;
    return drawn;
}

void tabs_draw(struct surface *surface, int row, int column, int columns, const struct tab *tabs, unsigned count,
               unsigned current)
{
    enum tab_form forms[TABS];
    int places[TABS];
    char text[128];
    unsigned drawn = tabs_plan(tabs, count, current, columns, forms, places);
    surface_fill(surface, (struct rect){row, column, 1, columns}, ' ', ROLE_TAB);
    for (unsigned i = 0; i < drawn; i++) {
        bool counted = forms[i] == TAB_WHOLE && tabs[i].count > 0;
        uint8_t role = i == current ? ROLE_TAB_CURRENT : ROLE_TAB;
        tab_text(text, sizeof text, &tabs[i], forms[i] == TAB_WHOLE ? TAB_TITLE : forms[i]);
        int at = places[i];
        at += surface_text(surface, row, column + at, columns - at, role, text);
        if (counted)
            surface_printf(surface, row, column + at + 1, columns - at - 1, tabs[i].count_role, "%u", tabs[i].count);
    }
    if (drawn < count)
        surface_text(surface, row, column + columns - 1, 1, ROLE_HINT, ">");
}

int tabs_at(const struct tab *tabs, unsigned count, unsigned current, int columns, int column)
{
    enum tab_form forms[TABS];
    int places[TABS];
    char text[128];
    unsigned drawn = tabs_plan(tabs, count, current, columns, forms, places);
    for (unsigned i = 0; i < drawn; i++)
        if (column >= places[i] && column < places[i] + tab_text(text, sizeof text, &tabs[i], forms[i]))
            return (int)i;
    return -1;
}

/* ---- hints ---- */

/* The bytes of the hint at `text`, up to the two blanks that end it. */
static size_t hint_length(const char *text)
{
    const char *end = strstr(text, "  ");
    return end ? (size_t)(end - text) : strlen(text);
}

static void hint_draw(struct surface *surface, int row, int column, const char *text, size_t length)
{
    char key[64], words[192];
    size_t blank = 0;
    while (blank < length && text[blank] != ' ')
        blank++;
    snprintf(key, sizeof key, "%.*s", (int)blank, text);
    snprintf(words, sizeof words, "%.*s", (int)(length - blank), text + blank);
    int width = text_width(key);
    surface_text(surface, row, column, width, ROLE_KEY, key);
    surface_text(surface, row, column + width, text_width(words), ROLE_HINT, words);
}

void hints_draw(struct surface *surface, int row, int column, int columns, const char *hints)
{
    int end = column + columns;
    for (; *hints == ' '; hints++)
        column++; /* an indent */
    const char *last = hints;
    for (const char *at = hints; (at = strstr(at, "  ")); last = at)
        while (*at == ' ')
            at++;
    if (!*last)
        last = hints;
    int last_width = text_width(last);
    if (column + last_width > end)
        return;
    for (const char *at = hints; at < last;) {
        size_t length = hint_length(at);
        int width = text_width_n(at, length);
        if (column + width + 2 + last_width > end)
            break;
        hint_draw(surface, row, column, at, length);
        column += width + 2;
        at += length;
        while (*at == ' ')
            at++;
    }
    hint_draw(surface, row, column, last, strlen(last));
}

/* ---- the line being edited ---- */

void prompt_draw(struct surface *surface, int row, int column, int columns, const char *label, const char *text,
                 size_t point, const char *hint)
{
    size_t length = strlen(text);
    struct edit edit = {.text = BUFFER_INIT, .point = point < length ? point : length};
    buffer_append(&edit.text, text, length);
    int used = surface_text(surface, row, column, columns, ROLE_KEY, label);
    edit_draw(&edit, surface, row, column + used, columns - used, ROLE_INPUT, true, false);
    used += text_width(text);
    if (hint && hint[0] && point >= length && used < columns)
        surface_text(surface, row, column + used, columns - used, ROLE_DIM, hint);
    buffer_release(&edit.text);
}

void prompt_error_draw(struct surface *surface, int row, int column, int columns, const char *label, const char *text,
                       size_t point, long error_at, const char *message)
{
    prompt_draw(surface, row, column, columns, label, text, point, NULL);
    int used = text_width(label) + text_width(text);
    size_t length = strlen(text);
    if (used >= columns)
        return; /* scrolled: the place is not where it seems */
    if (error_at >= 0 && (size_t)error_at < length) {
        int at = text_width(label) + text_width_n(text, (size_t)error_at);
        surface_role(surface, (struct rect){row, column + at, 1, used - at}, ROLE_ERROR);
    }
    if (message && used + 2 < columns)
        surface_text(surface, row, column + used + 2, columns - used - 2, ROLE_WARNING, message);
}

void split_line_draw(struct surface *surface, int row, int column, int columns, uint8_t role, const char *left,
                     const char *right)
{
    int width = right ? text_width(right) : 0;
    if (width > columns)
        width = columns;
    surface_text(surface, row, column, width > 0 ? columns - width - 1 : columns, role, left);
    if (width > 0)
        surface_text(surface, row, column + columns - width, width, role, right);
}

void small_draw(struct surface *surface, int rows, int columns, const char *summary, const char *message)
{
    surface_clear(surface);
    surface_text(surface, 0, 0, surface->columns, ROLE_STRONG, summary);
    surface_text(surface, 1, 0, surface->columns, ROLE_TEXT, message);
    surface_printf(surface, 2, 0, surface->columns, ROLE_DIM, "%dx%d < %dx%d", surface->columns, surface->rows, columns,
                   rows);
}

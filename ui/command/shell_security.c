/* Security from the shell: the layers and measures, one of them with its controls, or one control with what it is made of. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "command/security_text.h"
#include "command/shell.h"
#include "term/locale.h"
#include "widget/letters.h"

/* Cut or filled up to so many columns. */
static void put_cell(const char *text, int columns)
{
    int width = text_width(text);
    printf("%s%*s  ", text, columns > width ? columns - width : 0, "");
}

static void print_row(const struct wire_security_site *site, const struct wire_security *row)
{
    struct buffer gap = BUFFER_INIT;
    char watched[40], now[24], day[24], week[24], month[24];
    uint8_t role;
    put_cell(security_mark(row, true, &role), 1);
    put_cell(security_title(row), 30);
    printf("%6s %6s %6s %7s  %13s  ", count_text(now, row->now), count_text(day, row->day), count_text(week, row->week),
           count_text(month, row->month), security_watched(watched, row));
    if (strcmp(row->level, "control") == 0)
        security_gap(&gap, row, true);
    else
        security_gaps(&gap, site, row, true);
    printf("%s\n", buffer_text(&gap));
    buffer_release(&gap);
}

static void print_head(const char *what)
{
    put_cell(" ", 1);
    put_cell(what, 30);
    printf("%6s %6s %6s %7s  ", _("now"), _("24 h"), _("7 d"), _("31 d"));
    printf("%13s  %s\n", _("watched"), _("not watched"));
}

static void print_site(const struct wire_security_site *site, const char *section)
{
    const struct wire_security *group = NULL;
    for (unsigned i = 0; i < site->count && *section; i++)
        if (strcmp(site->rows[i].name, section) == 0 && strcmp(site->rows[i].level, "control") != 0)
            group = &site->rows[i];
    print_head(*section ? security_group_word(section) : _("five layers, five measures"));
    for (unsigned i = 0; i < site->count; i++)
        if (group ? &site->rows[i] == group || security_belongs(&site->rows[i], group) : strcmp(site->rows[i].level, "control") != 0)
            print_row(site, &site->rows[i]);
    if (!site->counted)
        printf("%s\n", _("what was before the start is being counted"));
}

static void print_page(const struct wire_security_page *page)
{
    const struct wire_security *row = &page->row;
    struct buffer gap = BUFFER_INIT;
    char watched[40];
    security_gap(&gap, row, false);
    printf("%s  %s  %s  %s\n", security_title(row), security_state_word(row), security_watched(watched, row), buffer_text(&gap));
    printf(_("  now %u, 24 h %u, 7 d %u, 31 d %u"), row->now, row->day, row->week, row->month);
    printf("  %s %s\n", row->top_name, row->top_where);
    for (unsigned i = 0; i < page->count; i++) {
        const struct wire_security_item *item = &page->items[i];
        bool missing = strcmp(item->kind, "missing") == 0;
        printf("  %s ", item->good ? "." : missing ? "?" : "!");
        put_cell(item->name, 30);
        printf("%s  %s\n", missing ? _("not watched") : item->detail, item->id);
    }
    if (page->left_out)
        printf(_("  and %u more\n"), page->left_out);
    buffer_release(&gap);
}

static bool print_answer(const struct buffer *answer, const char *name, bool control, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_security_site site;
    struct wire_security_page page;
    bool good = control ? wire_read_security_page(buffer_text(answer), answer->length, arena, &page, error)
                        : wire_read_security_site(buffer_text(answer), answer->length, arena, &site, error);
    if (good && control)
        print_page(&page);
    else if (good)
        print_site(&site, name);
    arena_free(&arena);
    return good;
}

/* `name` "": all layers and measures; one of them; or a control. */
int shell_show_security(struct shell *shell, const char *name)
{
    struct buffer path = BUFFER_INIT, answer = BUFFER_INIT;
    struct error error = {0};
    bool control = *name && !security_is_group(name);
    int code = 0;
    buffer_append_text(&path, "/security");
    if (control) {
        buffer_append_char(&path, '/');
        client_path_segment(&path, name);
    }
    if (shell_output(shell) == OUTPUT_BAD) {
        code = 2;
    } else if (!shell_get_json(shell, buffer_text(&path), &answer)) {
        code = shell->failed ? shell->failed : 1;
    } else if (shell_output(shell) == OUTPUT_JSON) {
        shell_print(&answer);
        putchar('\n');
    } else if (!print_answer(&answer, name, control, &error)) {
        code = shell_fail(&error);
    }
    buffer_release(&path);
    buffer_release(&answer);
    return code;
}

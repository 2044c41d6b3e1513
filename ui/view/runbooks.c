/* The runbooks there are, and those that a rule names and that are missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/list.h"
#include "view/parts.h"
#include "window/layout.h"

enum { COLUMN_NAME, COLUMN_TITLE, COLUMN_FROM, COLUMN_RULES, COLUMNS };

struct entry { const char *name, *title, *rules; bool shipped, missing; };
struct runbooks_view {
    struct list list;
    unsigned missing;
};

static const struct list_column columns[COLUMNS] = {
    [COLUMN_NAME] = {{.name = "name", .title = N_("runbook"), .minimum = 12, .maximum = 28, .strong = true}},
    [COLUMN_TITLE] = {{.name = "title", .title = N_("title"), .minimum = 20, .weight = 2, .cut = TEXT_CUT_END}},
    [COLUMN_FROM] = {{.name = "from", .title = N_("origin"), .minimum = 7, .maximum = 12}},
    [COLUMN_RULES] = {{.name = "rules", .title = N_("rules"), .minimum = 16, .weight = 1, .cut = TEXT_CUT_END, .drop = 1}},
};

static const struct entry *entry_at(const struct runbooks_view *page, size_t i)
{
    return (const struct entry *)page->list.rows + i;
}

static void fill(struct view *view, size_t at, struct table_row *row)
{
    const struct entry *entry = entry_at(view->state, at);
    const char *from = entry->missing ? "" : entry->shipped ? _("shipped") : _("of this site");
    row->id = entry->name;
    row->unhandled = entry->missing;
    row->cells[COLUMN_NAME] = (struct table_cell){entry->name, ROLE_TEXT};
    row->cells[COLUMN_TITLE] = (struct table_cell){entry->missing ? _("missing") : entry->title,
                                                   entry->missing ? ROLE_ERROR : ROLE_TEXT};
    row->cells[COLUMN_FROM] = (struct table_cell){from, ROLE_DIM};
    row->cells[COLUMN_RULES] = (struct table_cell){entry->rules, ROLE_DIM};
}

static struct entry read_entry(struct arena *arena, struct json_object *row)
{
    struct json_object *rules = json_get(row, "rules");
    struct buffer names = BUFFER_INIT;
    for (size_t i = 0; json_object_is_type(rules, json_type_array) && i < json_object_array_length(rules); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", json_object_get_string(json_object_array_get_idx(rules, i)));
    struct entry entry = {.name = arena_text(arena, json_get_text(row, "name", "")),
                          .title = arena_text(arena, json_get_text(row, "title", "")),
                          .rules = arena_text(arena, buffer_text(&names)),
                          .shipped = json_get_bool(row, "shipped", false),
                          .missing = json_get_bool(row, "missing", false)};
    buffer_release(&names);
    return entry;
}

static bool read_rows(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows,
                      unsigned *count, struct error *error)
{
    struct json_object *object = json_parse(answer->body, answer->length, 8, error);
    struct json_object *items = object ? json_get(object, "items") : NULL;
    bool good = json_object_is_type(items, json_type_array);
    (void)page;
    if (good) {
        *count = (unsigned)json_object_array_length(items);
        struct entry *entries = *rows = arena_alloc(arena, (*count + 1) * sizeof *entries);
        for (unsigned i = 0; i < *count; i++)
            entries[i] = read_entry(arena, json_object_array_get_idx(items, i));
    } else if (object) {
        error_set(error, ERROR_INVALID, "%s", _("this is no list of runbooks"));
    }
    json_object_put(object);
    return good;
}

static void took(struct view *view)
{
    struct runbooks_view *page = view->state;
    page->missing = 0;
    for (unsigned i = 0; i < page->list.count; i++)
        page->missing += entry_at(page, i)->missing;
    list_show(view, page->list.count);
}

static const struct list_kind kind = {
    .page = "runbook",
    .empty = N_("no runbook is known"),
    .why = N_("`runbooks:` in nocturne.yml names the folder of those of this site"),
    .no_more = N_("no other runbook is missing"),
    .read = read_rows,
    .took = took,
    .row = fill,
};

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    (void)argument;
    return list_init(view, &kind, columns, COLUMNS, "", error);
}

static void wants(struct view *view, struct view_wants *out)
{
    list_want(view, out, &(struct list_want){.base = "/runbooks", .refresh = "reload", .every = 1000, .name = "language",
                                             .value = locale_language()});
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct runbooks_view *page = view->state;
    struct rect rest = area;
    char text[80] = "";
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    struct rect head = rect_cut_top(&rest, 1);
    if (page->list.have)
        snprintf(text, sizeof text, _("%u runbooks"), page->list.count - page->missing);
    int used = list_headline(view, surface, head, text, NULL, NULL);
    if (page->missing)
        surface_printf(surface, head.row, used, head.columns - used, ROLE_ERROR, _("%u missing"), page->missing);
    list_draw(view, surface, rest);
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("runbooks"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  n %s  Esc %s", _("open"), _("next missing"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    const struct runbooks_view *page = view->state;
    for (unsigned i = 0; i < page->list.count; i++) {
        const struct entry *entry = entry_at(page, i);
        buffer_printf(out, "%3u  %s  %s  %s\n", i + 1, entry->name, entry->missing ? _("missing") : entry->title, entry->rules);
    }
}

const struct view_ops runbooks_view = {
    .name = "runbooks",
    .title = N_("Runbooks"),
    .argument = "",
    .help = N_("the runbooks there are, and those that are missing"),
    .size = sizeof(struct runbooks_view),
    .open = page_open,
    .close = list_release,
    .wants = wants,
    .receive = list_receive,
    .draw = draw,
    .key = list_key,
    .command = list_command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
};

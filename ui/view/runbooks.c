/* The runbooks there are, and those that a rule names and that are missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/table.h"
#include "window/layout.h"

enum { COLUMN_NAME, COLUMN_TITLE, COLUMN_FROM, COLUMN_RULES, COLUMNS };

struct entry { char *name, *title, *rules; bool shipped, missing; };
struct runbooks_view {
    struct table *table;
    struct entry *entries;
    unsigned count, missing;
    bool have;
    char problem[384];
};

static void fill(void *owner, size_t index, struct table_row *row)
{
    const struct runbooks_view *page = owner;
    const struct entry *entry = &page->entries[index];
    row->id = entry->name;
    row->unhandled = entry->missing;
    row->cells[COLUMN_NAME] = (struct table_cell){entry->name, ROLE_TEXT};
    row->cells[COLUMN_TITLE] = (struct table_cell){entry->missing ? _("missing") : entry->title, entry->missing ? ROLE_ERROR : ROLE_TEXT};
    row->cells[COLUMN_FROM] = (struct table_cell){entry->missing ? "" : entry->shipped ? _("shipped") : _("of this site"), ROLE_DIM};
    row->cells[COLUMN_RULES] = (struct table_cell){entry->rules, ROLE_DIM};
}

static void clear(struct runbooks_view *page)
{
    for (unsigned i = 0; i < page->count; i++) {
        free(page->entries[i].name);
        free(page->entries[i].title);
        free(page->entries[i].rules);
    }
    free(page->entries);
    page->entries = NULL;
    page->count = page->missing = 0;
}

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct runbooks_view *page = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_NAME] = {.name = "name", .title = _("runbook"), .minimum = 12, .maximum = 28, .strong = true},
        [COLUMN_TITLE] = {.name = "title", .title = _("title"), .minimum = 20, .weight = 2, .cut = TEXT_CUT_END},
        [COLUMN_FROM] = {.name = "from", .title = _("from"), .minimum = 7, .maximum = 12},
        [COLUMN_RULES] = {.name = "rules", .title = _("rules"), .minimum = 16, .weight = 1, .cut = TEXT_CUT_END, .drop = 1},
    };
    (void)argument, (void)error;
    page->table = table_new(columns, COLUMNS);
    return true;
}

static void page_close(struct view *view)
{
    struct runbooks_view *page = view->state;
    table_free(&page->table);
    clear(page);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view;
    struct buffer path = BUFFER_INIT;
    client_path(&path, "/runbooks", "language", locale_language(), NULL);
    view_want(out, 0, "reload", 1000, buffer_text(&path));
    buffer_release(&path);
}

static void take(struct runbooks_view *page, struct json_object *row)
{
    struct entry *entry = &page->entries[page->count++];
    struct json_object *rules = json_get(row, "rules");
    struct buffer names = BUFFER_INIT;
    for (size_t i = 0; json_object_is_type(rules, json_type_array) && i < json_object_array_length(rules); i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", json_object_get_string(json_object_array_get_idx(rules, i)));
    *entry = (struct entry){.name = memory_text(json_get_text(row, "name", "")), .title = memory_text(json_get_text(row, "title", "")),
                            .rules = memory_text(buffer_text(&names)), .shipped = json_get_bool(row, "shipped", false),
                            .missing = json_get_bool(row, "missing", false)};
    page->missing += entry->missing;
    buffer_release(&names);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct runbooks_view *page = view->state;
    (void)slot;
    if (answer->error)
        *error = *answer->error;
    struct json_object *object = answer->error ? NULL : json_parse(answer->body, answer->length, 8, error);
    struct json_object *items = object ? json_get(object, "items") : NULL;
    if (!json_object_is_type(items, json_type_array)) {
        snprintf(page->problem, sizeof page->problem, "%s", error->text);
        json_object_put(object);
        return false;
    }
    size_t count = json_object_array_length(items);
    clear(page);
    page->entries = memory_new_array(count + 1, sizeof *page->entries);
    for (size_t i = 0; i < count; i++)
        take(page, json_object_array_get_idx(items, i));
    json_object_put(object);
    page->have = true;
    table_refreshed(page->table, &(struct table_source){.owner = page, .total = page->count, .count = page->count, .row = fill});
    return true;
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct runbooks_view *page = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    struct rect head = rect_cut_top(&rest, 1);
    int used = surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING, _("%u runbooks"), page->count - page->missing) + 3;
    if (page->missing)
        surface_printf(surface, head.row, head.column + used, head.columns - used, ROLE_ERROR, _("%u missing"), page->missing);
    table_set_stale(page->table, view->host_ops->stale(view->host));
    table_set_empty(page->table, page->have ? _("no runbook") : page->problem[0] ? page->problem : _("loading ..."), "");
    table_draw(page->table, surface, rest);
}

static enum reaction key(struct view *view, const struct key_event *event)
{
    struct runbooks_view *page = view->state;
    enum table_answer answer = table_key(page->table, event);
    const char *id = table_cursor_id(page->table);
    if (answer == TABLE_CHOSEN && id)
        view->host_ops->open(view->host, "runbook", id);
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
    (void)view;
    buffer_append_text(out, _("runbooks"));
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  n %s  Esc %s", _("open"), _("next missing"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct runbooks_view *page = view->state;
    for (unsigned i = 0; i < page->count; i++)
        buffer_printf(out, "%3u  %s  %s  %s\n", i + 1, page->entries[i].name,
                      page->entries[i].missing ? _("missing") : page->entries[i].title, page->entries[i].rules);
}

static bool pick(struct view *view, unsigned number)
{
    struct runbooks_view *page = view->state;
    if (!number || number > page->count)
        return false;
    table_move_to(page->table, number - 1);
    return true;
}

const struct view_ops runbooks_view = {
    .name = "runbooks",
    .title = N_("Runbooks"),
    .argument = "",
    .help = N_("the runbooks there are, and those that are missing"),
    .size = sizeof(struct runbooks_view),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
};

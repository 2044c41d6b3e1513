/* Every asset: a flat table with the filter language, sorting, chosen columns and marks, or a tree by building. Only
 * the rows near the screen are here; the daemon holds the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/detail.h"
#include "view/device_tree.h"
#include "view/devices.h"
#include "view/list.h"
#include "view/parts.h"
#include "window/layout.h"

#define SIDE_COLUMNS 64
#define SORT_WORST "-health,since,id"
#define SORT_PLACE "building,floor,room,id"

enum { SLOT_DETAIL = LIST_SLOTS, SLOT_TREE = SLOT_DETAIL + DETAIL_SLOTS };

struct devices {
    struct list list;
    struct device_columns columns;
    struct device_tree *tree;     /* NULL while flat */
    struct detail detail;
};

static void fill_row(struct view *view, size_t at, struct table_row *row)
{
    struct devices *devices = view->state;
    const struct wire_asset *asset = (const struct wire_asset *)devices->list.rows + at;
    device_columns_fill(&devices->columns, asset, devices->list.now, devices->list.ascii, row);
}

LIST_READ(read_rows, wire_asset, wire_read_assets)

static bool is_wrong(const void *rows, size_t i)
{
    return health_is_wrong(((const struct wire_asset *)rows)[i].health);
}

/* Branches are opened where they are; assets have a page. */
static enum reaction chosen(struct view *view, const char *id)
{
    struct devices *devices = view->state;
    if (devices->tree && device_tree_is_group(devices->tree, id)) {
        device_tree_toggle(devices->tree, id);
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    }
    view->host_ops->open(view->host, "asset", id);
    return REACT_HANDLED;
}

static const struct list_kind kind = {
    .chosen = chosen,
    .resource = "assets",
    .window = true,
    .marks = true,
    .worst = SORT_WORST,
    .worst_word = N_("worst first"),
    .tie = ",id",
    .empty = N_("no asset is known"),
    .why = N_("`:ledger import FILE` brings them; what speaks by itself appears here too"),
    .unmatched = N_("no asset matches"),
    .no_more = N_("nothing else is wrong"),
    .read = read_rows,
    .row = fill_row,
    .wrong = is_wrong,
};

static void query(struct view *view, struct buffer *out)
{
    struct devices *devices = view->state;
    struct buffer columns = BUFFER_INIT, path = BUFFER_INIT;
    device_columns_names(&devices->columns, &columns);
    client_path(&path, "", "filter", devices->list.filter, "sort", devices->list.sort, "columns",
                buffer_text(&columns), "layout", devices->tree ? "tree" : "table", NULL);
    buffer_append_text(out, buffer_text(&path) + 1);
    buffer_release(&columns);
    buffer_release(&path);
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct devices *devices = view->state;
    char *before = memory_text(devices->list.sent);
    bool good = list_set_filter(view, text, typing, error);
    if (good && devices->tree && strcmp(before, devices->list.sent) != 0)
        device_tree_restart(devices->tree, devices->list.sent);
    free(before);
    return good;
}

static void set_tree(struct view *view, bool tree)
{
    struct devices *devices = view->state;
    if (tree == (devices->tree != NULL))
        return;
    if (tree)
        devices->tree = device_tree_new(view, &devices->columns, devices->list.sent);
    else
        device_tree_free(&devices->tree);
    devices->list.instead = tree ? device_tree_table(devices->tree) : NULL;
}

/* The argument is a filter, or a saved query after '?'. */
static bool devices_open(struct view *view, const char *argument, struct error *error)
{
    struct devices *devices = view->state;
    char *filter = NULL, *sort = NULL, *columns = NULL, *layout = NULL;
    if (*argument == '?') {
        filter = query_part(argument + 1, "filter");
        sort = query_part(argument + 1, "sort");
        columns = query_part(argument + 1, "columns");
        layout = query_part(argument + 1, "layout");
    }
    detail_init(&devices->detail);
    bool good = device_columns_set(&devices->columns, columns ? columns : DEVICE_COLUMNS_DEFAULT, error) &&
                list_init(view, &kind, devices->columns.column, devices->columns.count,
                          filter ? filter : *argument == '?' ? "" : argument, error);
    if (good && sort)
        list_set_sort(view, sort);
    if (good && layout && strcmp(layout, "tree") == 0)
        set_tree(view, true);
    free(filter);
    free(sort);
    free(columns);
    free(layout);
    return good;
}

static void devices_close(struct view *view)
{
    struct devices *devices = view->state;
    device_tree_free(&devices->tree);
    list_release(view);
    detail_release(&devices->detail);
}

/* ---- what to have ---- */

static void wants(struct view *view, struct view_wants *out)
{
    struct devices *devices = view->state;
    struct buffer fields = BUFFER_INIT;
    if (devices->tree) {
        device_tree_want(devices->tree, out, SLOT_TREE);
    } else {
        device_columns_fields(&devices->columns, &fields);
        list_want(view, out, &(struct list_want){.base = "/assets", .refresh = "fleet ledger", .every = 500, .name = "fields",
                                                 .value = buffer_text(&fields), .seek = "health"});
        buffer_release(&fields);
    }
    if (view->area.columns >= LIST_SIDE_FROM && !devices->list.typing) {
        const char *id = table_cursor_id(list_table(&devices->list));
        detail_want(&devices->detail, view, out, SLOT_DETAIL, id && !strchr(id, '\n') ? id : NULL, true);
    }
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct devices *devices = view->state;
    if (slot >= SLOT_TREE) {
        bool good = devices->tree && device_tree_receive(devices->tree, slot, answer, error);
        if (devices->tree)
            list_note(&devices->list, good ? NULL : error);
        return good;
    }
    if (slot >= SLOT_DETAIL)
        return detail_receive(&devices->detail, slot - SLOT_DETAIL, answer, error);
    return list_receive(view, slot, answer, error);
}

/* ---- drawing ---- */

static void draw_headline(struct view *view, struct surface *surface, struct rect line)
{
    struct devices *devices = view->state;
    struct buffer text = BUFFER_INIT;
    if (!devices->tree) {
        list_counts(view, surface, line);
        return;
    }
    device_tree_headline(devices->tree, &text);
    list_headline(view, surface, line, buffer_text(&text), NULL, NULL);
    buffer_release(&text);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct devices *devices = view->state;
    struct rect rest = area, side = {0};
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    draw_headline(view, surface, rect_cut_top(&rest, 1));
    if (area.columns >= LIST_SIDE_FROM)
        side = rect_cut_right(&rest, SIDE_COLUMNS);
    if (devices->tree) {
        list_explain(view, device_tree_table(devices->tree));
        device_tree_draw(devices->tree, surface, rest, devices->list.now);
    } else {
        list_draw(view, surface, rest);
    }
    if (side.columns) {
        rect_cut_left(&side, 2);
        detail_draw_pane(&devices->detail, view, surface, side, table_cursor_id(list_table(&devices->list)));
    }
}

/* The headline says which row it is. */
static unsigned echo(struct view *view, struct surface *surface, int rows[ECHO_ROWS])
{
    struct devices *devices = view->state;
    unsigned count = table_echo(list_table(&devices->list), surface, rows);
    struct rect line = {view->area.row, view->area.column, 1, view->area.columns};
    if (!count)
        return 0;
    surface_fill(surface, line, ' ', ROLE_TEXT);
    draw_headline(view, surface, line);
    rows[count++] = line.row;
    return count;
}

/* ---- doing ---- */

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct devices *devices = view->state;
    return devices->tree ? list_answered(view, device_tree_key(devices->tree, key)) : list_key(view, key);
}

static enum reaction choose_columns(struct view *view, const char *argument, struct error *error)
{
    struct devices *devices = view->state;
    if (!*argument) {
        device_columns_ask(&devices->columns, view);
        return REACT_HANDLED;
    }
    bool tree = devices->tree != NULL;
    if (!device_columns_set(&devices->columns, argument, error))
        return REACT_HANDLED;
    set_tree(view, false);
    list_set_columns(view, devices->columns.column, devices->columns.count);
    set_tree(view, tree);
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct devices *devices = view->state;
    bool worst = strcmp(devices->list.sort, SORT_WORST) == 0;
    if (strcmp(name, "tree") == 0) {
        set_tree(view, !devices->tree);
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    }
    if (strcmp(name, "columns") == 0)
        return choose_columns(view, argument, error);
    if (strcmp(name, "order") == 0) {
        list_set_sort(view, strcmp(argument, "place") == 0 || (!*argument && worst) ? SORT_PLACE : SORT_WORST);
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    }
    enum reaction reaction = list_command(view, name, argument, error);
    if (devices->tree && reaction == REACT_IGNORED && (strcmp(name, "next-wrong") == 0 || strcmp(name, "previous-wrong") == 0))
        view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing else is wrong in the branches that are open"));
    return reaction;
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct devices *devices = view->state;
    const char *id = devices->tree ? table_cursor_id(device_tree_table(devices->tree)) : NULL;
    /* In the table the row says it, and each key would send it again. */
    site_crumbs(view, out, _("devices"), id ? device_tree_label(devices->tree, id) : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    struct devices *devices = view->state;
    buffer_printf(out, "Enter %s  v %s  / %s  Space %s  n %s  h %s  w %s  C %s", _("open"),
                  devices->tree ? _("table") : _("tree"), _("filter"), _("mark"), _("next wrong"),
                  _("history"), _("order"), _("columns"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct devices *devices = view->state;
    const struct wire_page *page = &devices->list.page;
    shown_text(out, page->total, page->population, table_marks(list_table(&devices->list)));
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < devices->list.count && i < 40; i++) {
        const struct wire_asset *asset = (const struct wire_asset *)devices->list.rows + i;
        char since[SPAN_TEXT];
        struct buffer place = BUFFER_INIT;
        place_text(&place, asset);
        buffer_printf(out, "%3u  %s  %s  %s  %s  %s\n", page->offset + i + 1,
                      health_word(asset->health), asset->field[ASSET_id], asset_name(asset),
                      buffer_text(&place), age_text(since, asset->since, devices->list.now));
        buffer_release(&place);
    }
}

static bool export(struct view *view, struct buffer *path, struct buffer *fields)
{
    struct devices *devices = view->state;
    client_path(path, "/assets", "filter", devices->list.sent, "sort", devices->list.sort, NULL);
    device_columns_fields(&devices->columns, fields);
    return true;
}

const struct view_ops devices_view = {
    .name = "devices",
    .title = N_("Devices"),
    .tab = '3',
    .argument = "[FILTER]",
    .help = N_("every asset, as a table or a tree"),
    .size = sizeof(struct devices),
    .open = devices_open,
    .close = devices_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .echo = echo,
    .key = key,
    .command = command,
    .targets = list_targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
    .list = export,
    .query = query,
    .filter = list_filter,
    .set_filter = set_filter,
};

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
#include "view/parts.h"
#include "view/seek.h"
#include "window/layout.h"

#define SIDE_COLUMNS 64
#define SIDE_FROM 150
#define MARGIN_SCREENS 2      /* rows kept before and behind those shown */
#define WIDEN_AFTER ((msec)150)
#define TARGETS_MOST 1000
#define SORT_WORST "-health,since,id"
#define SORT_PLACE "building,floor,room,id"

enum { SLOT_ROWS, SLOT_SEEK, SLOT_DETAIL, SLOT_TREE = SLOT_DETAIL + DETAIL_SLOTS };

struct devices {
    char *filter, *sent;
    char *sort;
    struct device_columns columns;
    struct table *table;
    struct device_tree *tree;     /* NULL while flat */
    struct arena *arena;
    struct wire_asset *rows;
    unsigned row_count;
    struct wire_page page;
    bool have;
    char problem[384];
    size_t offset, count;         /* the window asked for */
    bool narrow, widen;           /* only what is shown is asked for first; then what is near */
    bool typing;                  /* a filter: nothing else is asked for until it is done */
    struct seek seek;             /* for the next one that is wrong, beyond the rows here */
    bool ascii;
    msec now;
    struct detail detail;
    const char *ids[TARGETS_MOST];
    int64_t revisions[TARGETS_MOST];
};

static struct table *table_of(const struct devices *devices)
{
    return devices->tree ? device_tree_table(devices->tree) : devices->table;
}

static void fill_row(void *owner, size_t index, struct table_row *row)
{
    struct view *view = owner;
    struct devices *devices = view->state;
    device_columns_fill(&devices->columns, &devices->rows[index - devices->page.offset], devices->now,
                        devices->ascii, row);
}

static void give_rows(struct view *view)
{
    struct devices *devices = view->state;
    table_refreshed(devices->table, &(struct table_source){.owner = view,
                                                           .total = devices->page.total,
                                                           .offset = devices->page.offset,
                                                           .count = devices->row_count,
                                                           .row = fill_row});
}

static void make_table(struct view *view)
{
    struct devices *devices = view->state;
    const char *id = devices->table ? table_cursor_id(devices->table) : NULL;
    char *cursor = memory_text(id);
    struct table *old = devices->table;
    devices->table = table_new(devices->columns.column, devices->columns.count);
    unsigned marks = old && table_marks(old) ? table_targets(old, devices->ids, devices->revisions, TARGETS_MOST) : 0;
    for (unsigned i = 0; i < marks; i++)
        table_mark(devices->table, devices->ids[i], devices->revisions[i], true);
    if (devices->have)
        give_rows(view);
    if (cursor)
        table_move_to_id(devices->table, cursor);
    device_columns_show_sort(devices->sort, table_of(devices));
    table_free(&old);
    free(cursor);
}

static void query(struct view *view, struct buffer *out)
{
    struct devices *devices = view->state;
    struct buffer columns = BUFFER_INIT, path = BUFFER_INIT;
    device_columns_names(&devices->columns, &columns);
    client_path(&path, "", "filter", devices->filter, "sort", devices->sort, "columns", buffer_text(&columns),
                "layout", devices->tree ? "tree" : "table", NULL);
    buffer_append_text(out, buffer_text(&path) + 1);
    buffer_release(&columns);
    buffer_release(&path);
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct devices *devices = view->state;
    char *sent = filter_typed(text, typing, error);
    if (!sent)
        return false;
    bool changed = !devices->sent || strcmp(sent, devices->sent) != 0;
    devices->typing = typing;
    free(devices->sent);
    devices->sent = sent;
    char *copy = memory_text(text); /* may be our own */
    free(devices->filter);
    devices->filter = copy;
    if (changed && devices->table) {
        devices->offset = 0;
        devices->count = 0;
        devices->narrow = true;
        if (devices->tree)
            device_tree_restart(devices->tree, devices->sent);
    }
    return true;
}

static void set_tree(struct view *view, bool tree)
{
    struct devices *devices = view->state;
    if (tree == (devices->tree != NULL))
        return;
    if (tree)
        devices->tree = device_tree_new(view, &devices->columns, devices->sent);
    else
        device_tree_free(&devices->tree);
    device_columns_show_sort(devices->sort, table_of(devices));
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
    devices->sort = sort ? sort : memory_text(SORT_WORST);
    bool good = set_filter(view, filter ? filter : *argument == '?' ? "" : argument, false, error) &&
                device_columns_set(&devices->columns, columns ? columns : DEVICE_COLUMNS_DEFAULT, error);
    if (good) {
        make_table(view);
        if (layout && strcmp(layout, "tree") == 0)
            set_tree(view, true);
    }
    free(filter);
    free(columns);
    free(layout);
    return good;
}

static void devices_close(struct view *view)
{
    struct devices *devices = view->state;
    device_tree_free(&devices->tree);
    table_free(&devices->table);
    detail_release(&devices->detail);
    arena_free(&devices->arena);
    free(devices->filter);
    free(devices->sent);
    free(devices->sort);
}

/* ---- what to have ---- */

/* Keep the window asked for while it serves; ask for a new one round the cursor when its edge comes near. */
static void choose_window(struct view *view)
{
    struct devices *devices = view->state;
    size_t shown = view->area.rows > 2 ? (size_t)view->area.rows : 20, margin = shown * MARGIN_SCREENS;
    size_t offset = 0, count = 0, total = table_total(devices->table);
    bool missing = table_wanted(devices->table, &offset, &count);
    if (!count) {
        offset = table_cursor(devices->table);
        count = shown;
    }
    bool holds = devices->count && offset >= devices->offset &&
                 (offset + count <= devices->offset + devices->count || devices->offset + devices->count >= total);
    if (holds && !missing)
        return;
    if (holds && devices->count)
        return; /* on its way */
    if (devices->typing && devices->count && !missing)
        return;
    if (devices->narrow) { /* somebody types: a short answer is drawn sooner */
        devices->offset = offset;
        devices->count = shown;
        return;
    }
    devices->offset = offset > margin ? offset - margin : 0;
    devices->count = count + 2 * margin;
}

static void wants(struct view *view, struct view_wants *out)
{
    struct devices *devices = view->state;
    struct buffer path = BUFFER_INIT, fields = BUFFER_INIT;
    if (devices->tree) {
        device_tree_want(devices->tree, out, SLOT_TREE);
    } else {
        char offset[24], count[24];
        choose_window(view);
        snprintf(offset, sizeof offset, "%zu", devices->offset);
        snprintf(count, sizeof count, "%zu", devices->count);
        device_columns_fields(&devices->columns, &fields);
        client_path(&path, "/assets", "filter", devices->sent, "sort", devices->sort, "offset",
                    devices->offset ? offset : "", "limit", count, "fields", buffer_text(&fields), NULL);
        view_want(out, SLOT_ROWS, "fleet ledger", 500, buffer_text(&path));
        out->want[out->count - 1].rest = devices->widen ? WIDEN_AFTER : 0;
    }
    if (devices->seek.on && !devices->tree) {
        char offset[24], count[24];
        buffer_clear(&path);
        snprintf(offset, sizeof offset, "%zu", devices->seek.offset);
        snprintf(count, sizeof count, "%zu", devices->seek.count);
        client_path(&path, "/assets", "filter", devices->sent, "sort", devices->sort, "offset", devices->seek.offset ? offset : "",
                    "limit", count, "fields", "health", NULL);
        view_want(out, SLOT_SEEK, "", 0, buffer_text(&path));
    }
    buffer_release(&path);
    buffer_release(&fields);
    if (view->area.columns >= SIDE_FROM && !devices->typing) {
        const char *id = table_cursor_id(table_of(devices));
        detail_want(&devices->detail, view, out, SLOT_DETAIL, id && !strchr(id, '\n') ? id : NULL, true);
    }
}

static bool seek_matches(const void *owner, size_t i)
{
    return health_is_wrong(((const struct wire_asset *)owner)[i].health);
}

static bool receive_seek(struct view *view, const struct client_answer *answer, struct error *error)
{
    struct devices *devices = view->state;
    struct arena *arena = arena_new();
    struct wire_page page = {0};
    struct wire_asset *rows = NULL;
    unsigned count = 0;
    size_t found = 0;
    bool wrapped = devices->seek.wrapped, good = wire_read_assets(answer->body, answer->length, arena, &page, &rows, &count, error);
    enum seek_answer came = good && devices->seek.on && page.offset == devices->seek.offset
                                ? seek_took(&devices->seek, page.offset, count, page.total, seek_matches, rows, &found) : SEEK_MORE;
    devices->seek.on &= good;
    if (came == SEEK_FOUND)
        table_move_to(devices->table, found);
    seek_say(&devices->seek, view, came, wrapped, _("nothing else is wrong"));
    arena_free(&arena);
    return good;
}

/* Worst first: where the rows here end with one that is well, none that is wrong follows. */
static void seek_begin(struct view *view, bool forward)
{
    struct devices *devices = view->state;
    bool ends = strcmp(devices->sort, SORT_WORST) == 0 && devices->row_count &&
                !health_is_wrong(devices->rows[devices->row_count - 1].health);
    seek_start(&devices->seek, table_cursor(devices->table), devices->page.total, forward, forward && ends);
    if (!devices->seek.on)
        view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing else is wrong"));
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct devices *devices = view->state;
    if (slot >= SLOT_TREE)
        return devices->tree && device_tree_receive(devices->tree, slot, answer, error);
    if (slot >= SLOT_DETAIL)
        return detail_receive(&devices->detail, slot - SLOT_DETAIL, answer, error);
    if (answer->error) {
        snprintf(devices->problem, sizeof devices->problem, "%s", answer->error->text);
        *error = *answer->error;
        return false;
    }
    if (slot == SLOT_SEEK)
        return receive_seek(view, answer, error);
    struct arena *arena = arena_new(), *old = devices->arena;
    struct wire_page page = {0};
    struct wire_asset *rows = NULL;
    unsigned count = 0;
    if (!wire_read_assets(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    devices->arena = arena;
    devices->page = page;
    devices->rows = rows;
    devices->row_count = count;
    devices->have = true;
    devices->widen = devices->narrow;
    devices->problem[0] = '\0';
    give_rows(view);
    if (devices->narrow && table_cursor_lost(devices->table))
        table_move_to(devices->table, 0); /* another list was asked for: the row did not go away by itself */
    devices->narrow = false;
    arena_free(&old);
    return true;
}

/* ---- drawing ---- */

static void draw_headline(struct view *view, struct surface *surface, struct rect line)
{
    struct devices *devices = view->state;
    struct buffer text = BUFFER_INIT;
    struct table *table = table_of(devices);
    if (devices->tree)
        device_tree_headline(devices->tree, &text);
    else if (devices->have)
        shown_text(&text, devices->page.total, devices->page.population, table_marks(table));
    int used =
        1 +
        surface_text(surface, line.row, line.column + 1, line.columns - 1, ROLE_HEADING, buffer_text(&text)) +
        2;
    if (*devices->filter)
        used += surface_text_cut(surface, line.row, line.column + used, line.columns - used - 1, ROLE_MATCH,
                                 devices->filter, TEXT_CUT_END) +
                2;
    if (!devices->tree && table_total(table)) {
        char place[64];
        snprintf(place, sizeof place, "%s  %zu",
                 strcmp(devices->sort, SORT_WORST) == 0 ? _("worst first") : devices->sort,
                 table_cursor(table) + 1);
        int width = text_width(place);
        if (used + width + 1 < line.columns)
            surface_text(surface, line.row, line.column + line.columns - 1 - width, width, ROLE_DIM, place);
    }
    buffer_release(&text);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct devices *devices = view->state;
    struct rect rest = area, side = {0};
    if (rect_is_empty(area))
        return;
    devices->ascii = surface->ascii;
    devices->now = view->host_ops->now(view->host);
    draw_headline(view, surface, rect_cut_top(&rest, 1));
    if (area.columns >= SIDE_FROM)
        side = rect_cut_right(&rest, SIDE_COLUMNS);
    struct table *table = table_of(devices);
    table_set_stale(table, view->host_ops->stale(view->host));
    table_set_empty(table,
                    devices->have || devices->tree ? _("no asset matches")
                    : devices->problem[0]          ? devices->problem
                                                   : _("loading ..."),
                    *devices->filter ? _("Esc clears the filter") : "");
    if (devices->tree)
        device_tree_draw(devices->tree, surface, rest, devices->now);
    else
        table_draw(devices->table, surface, rest);
    if (side.columns) {
        rect_cut_left(&side, 2);
        const char *id = table_cursor_id(table);
        detail_draw_pane(&devices->detail, view, surface, side, id);
    }
}

/* ---- doing ---- */

static void open_current(struct view *view)
{
    struct devices *devices = view->state;
    const char *id = table_cursor_id(table_of(devices));
    if (!id)
        return;
    if (table_cursor_lost(table_of(devices)))
        view->host_ops->say(view->host, ROLE_WARNING, "%s", _("that row has gone; this is another"));
    else if (devices->tree && device_tree_is_group(devices->tree, id))
        device_tree_toggle(devices->tree, id);
    else
        view->host_ops->open(view->host, "asset", id);
}

static void set_sort(struct view *view, const char *sort)
{
    struct devices *devices = view->state;
    char *copy = memory_text(sort);
    free(devices->sort);
    devices->sort = copy;
    devices->count = 0;
    devices->narrow = true;
    device_columns_show_sort(devices->sort, table_of(devices));
}

static void sort_beside(struct view *view, int step)
{
    struct devices *devices = view->state;
    char sort[80];
    device_columns_sort_beside(&devices->columns, devices->sort, step, sort, sizeof sort);
    set_sort(view, *sort ? sort : SORT_WORST);
}

static void reverse(struct view *view)
{
    struct devices *devices = view->state;
    char *sort = *devices->sort == '-' ? memory_text(devices->sort + 1) : memory_printf("-%s", devices->sort);
    set_sort(view, sort);
    free(sort);
}

static enum reaction table_reaction(struct view *view, enum table_answer answer)
{
    struct devices *devices = view->state;
    switch (answer) {
    case TABLE_IGNORED:
        return REACT_IGNORED;
    case TABLE_CHOSEN:
        open_current(view);
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    case TABLE_SORT: {
        const char *column = table_clicked_column(table_of(devices));
        if (column && device_column_sorts(column))
            set_sort(view, strcmp(column, "letter") == 0 ? SORT_WORST : column);
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    }
    case TABLE_MOVED: case TABLE_SCROLLED: case TABLE_MARKED:
        break;
    }
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct devices *devices = view->state;
    devices->seek.on = false;
    return table_reaction(view, devices->tree ? device_tree_key(devices->tree, key) : table_key(devices->table, key));
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
    make_table(view);
    set_tree(view, tree);
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct devices *devices = view->state;
    struct key_event motion;
    const enum reaction changed = REACT_HANDLED | REACT_DRAW | REACT_WANT;
    if (strcmp(name, "back") == 0) {
        if (!table_marks(table_of(devices)))
            return REACT_IGNORED;
        table_marks_clear(table_of(devices));
        return REACT_HANDLED | REACT_DRAW;
    }
    if (strcmp(name, "tree") == 0) {
        set_tree(view, !devices->tree);
        return changed;
    }
    if (strcmp(name, "columns") == 0)
        return choose_columns(view, argument, error);
    if (strcmp(name, "sort") == 0 || strcmp(name, "order") == 0) {
        bool worst = strcmp(devices->sort, SORT_WORST) == 0;
        const char *chosen = *argument ? argument : worst ? SORT_PLACE : SORT_WORST;
        if (strcmp(name, "order") == 0 && *argument)
            chosen = strcmp(argument, "place") == 0 ? SORT_PLACE : SORT_WORST;
        set_sort(view, chosen);
        return changed;
    }
    if (strcmp(name, "sort-next") == 0 || strcmp(name, "sort-previous") == 0) {
        sort_beside(view, strcmp(name, "sort-next") == 0 ? 1 : -1);
        return changed;
    }
    if (strcmp(name, "reverse") == 0) {
        reverse(view);
        return changed;
    }
    if (strcmp(name, "mark-all") == 0) {
        table_mark_shown(table_of(devices));
        return REACT_HANDLED | REACT_DRAW;
    }
    if (motion_key(name, &motion)) {
        enum reaction reaction = key(view, &motion);
        if (!strstr(name, "wrong") || reaction != REACT_IGNORED || !devices->have)
            return reaction;
        if (devices->tree)
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing else is wrong in the branches that are open"));
        else
            seek_begin(view, strcmp(name, "next-wrong") == 0);
        return changed;
    }
    return REACT_IGNORED;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct devices *devices = view->state;
    unsigned count = table_targets(table_of(devices), devices->ids, devices->revisions, TARGETS_MOST);
    *out = (struct view_targets){.ids = devices->ids, .revisions = devices->revisions, .count = count, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct devices *devices = view->state;
    const char *id = table_cursor_id(table_of(devices));
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    buffer_printf(out, "%s ▸ %s", overview ? overview->site : _("site"), _("devices"));
    if (id && devices->tree) /* in the table the row says it, and each key would send it again */
        buffer_printf(out, " ▸ %s", device_tree_label(devices->tree, id));
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
    shown_text(out, devices->page.total, devices->page.population, table_marks(table_of(devices)));
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < devices->row_count && i < 40; i++) {
        const struct wire_asset *asset = &devices->rows[i];
        char since[SPAN_TEXT];
        struct buffer place = BUFFER_INIT;
        place_text(&place, asset);
        buffer_printf(out, "%3u  %s  %s  %s  %s  %s\n", devices->page.offset + i + 1,
                      health_word(asset->health), asset->field[ASSET_id], asset_name(asset),
                      buffer_text(&place), age_text(since, asset->since, devices->now));
        buffer_release(&place);
    }
}

static bool pick(struct view *view, unsigned number)
{
    struct devices *devices = view->state;
    if (!number || number > table_total(devices->table))
        return false;
    table_move_to(devices->table, number - 1);
    return true;
}

static bool list(struct view *view, struct buffer *path, struct buffer *fields)
{
    struct devices *devices = view->state;
    client_path(path, "/assets", "filter", devices->sent, "sort", devices->sort, NULL);
    device_columns_fields(&devices->columns, fields);
    return true;
}

static const char *filter(struct view *view)
{
    return ((struct devices *)view->state)->filter;
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
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
    .list = list,
    .query = query,
    .filter = filter,
    .set_filter = set_filter,
};

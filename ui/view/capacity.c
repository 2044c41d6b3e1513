/* What fills up, soonest full first (R043): each disk, memory and connection pool with how it grows, when it is full at
 * that pace, and how sure that is. Enter shows the readings it was reckoned from. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/capacity_text.h"
#include "view/growth_chart.h"
#include "view/host_text.h"
#include "view/list.h"
#include "view/parts.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define GAUGE 8
#define TYPED_REST ((msec)150)  /* while a filter is typed, or the cursor moves */
#define SIDE_COLUMNS 80
#define CHART_ROWS 22
#define CHART_SPAN (30 * SPAN_DAY) /* what the daemon reckons from when no span is given */
#define BUCKETS "150"

enum { SLOT_READINGS = LIST_SLOTS };

enum column { C_SERVER, C_PLACE, C_WHAT, C_LEVEL, C_BAR, C_SLOPE, C_SLOPES, C_FULL, C_RANGE, C_ADVICE, COLUMNS };

struct capacity_view {
    struct list list;
    const char **ids;
    unsigned by_advice[CAPACITY_EXPAND + 1];
    char cell[COLUMNS][CAPACITY_TEXT];
    struct arena *series_arena;   /* of the current row, where a pane shows it */
    struct wire_series series;
    char *series_id;              /* whose it is; NULL: none came */
    const char *target;
    int64_t revision;
};

static const struct list_column columns[COLUMNS] = {
    [C_SERVER] = {{.name = "server", .title = N_("server"), .minimum = 10, .weight = 3, .maximum = 30,
                   .cut = TEXT_CUT_MIDDLE, .strong = true}},
    [C_PLACE] = {{.name = "place", .title = N_("place"), .minimum = 10, .weight = 2, .maximum = 26,
                  .cut = TEXT_CUT_MIDDLE, .drop = 4}},
    [C_WHAT] = {{.name = "what", .title = N_("figure"), .minimum = 9, .weight = 2, .maximum = 30, .cut = TEXT_CUT_MIDDLE}},
    [C_LEVEL] = {{.name = "level", .title = N_("level"), .minimum = 6, .maximum = 8, .right = true}},
    [C_BAR] = {{.name = "bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 2}},
    [C_SLOPE] = {{.name = "slope", .title = N_("a day"), .minimum = 5, .maximum = 8, .right = true}},
    [C_SLOPES] = {{.name = "slopes", .title = N_("range"), .minimum = 12, .maximum = 22, .drop = 3}},
    [C_FULL] = {{.name = "full", .title = N_("full in"), .minimum = 7, .maximum = 8, .right = true}},
    [C_RANGE] = {{.name = "range", .title = N_("range"), .minimum = 7, .maximum = 12, .drop = 1}},
    [C_ADVICE] = {{.name = "advice", .title = N_("advice"), .minimum = 10, .maximum = 12}},
};

static const struct wire_capacity *row_at(const struct capacity_view *page, size_t i)
{
    return (const struct wire_capacity *)page->list.rows + i;
}

/* ---- rows ---- */

static void slopes_text(struct capacity_view *page, const struct wire_capacity *row)
{
    char low[CAPACITY_TEXT], high[CAPACITY_TEXT];
    snprintf(page->cell[C_SLOPES], CAPACITY_TEXT, "%.40s %s %.40s", capacity_slope(low, row, row->trend.slope_low), page->list.ascii ? ".." : "\342\200\246",
             capacity_slope(high, row, row->trend.slope_high));
}

static void fill_row(struct view *view, size_t index, struct table_row *out)
{
    struct capacity_view *page = view->state;
    const struct wire_capacity *row = row_at(page, index);
    enum capacity_advice advice = capacity_advice(row, page->list.now);
    double level = row->fitted ? row->trend.level : row->now;
    uint8_t role = capacity_advice_role(advice), figure = row->fitted ? ROLE_TEXT : ROLE_DIM;
    bool percent = strcmp(row->unit, "%") == 0;
    out->id = page->ids[index];
    out->unhandled = advice >= CAPACITY_PLAN;
    out->cells[C_SERVER] = (struct table_cell){*row->asset_name ? row->asset_name : row->asset, ROLE_TEXT};
    out->cells[C_PLACE] = (struct table_cell){place_within(page->list.site, row->place), ROLE_DIM};
    out->cells[C_WHAT] = (struct table_cell){capacity_what(page->cell[C_WHAT], row->what), ROLE_TEXT};
    if (percent)
        snprintf(page->cell[C_LEVEL], CAPACITY_TEXT, "%.1f%%", level);
    else
        bytes_short(page->cell[C_LEVEL], level);
    out->cells[C_LEVEL] = (struct table_cell){isfinite(level) ? page->cell[C_LEVEL] : "", percent ? fill_role(level, figure) : figure};
    gauge_text(page->cell[C_BAR], CAPACITY_TEXT, level, GAUGE, page->list.ascii);
    uint8_t bar = fill_role(level, ROLE_GAUGE);
    out->cells[C_BAR] = (struct table_cell){percent ? page->cell[C_BAR] : "", row->fitted ? bar : ROLE_DIM};
    if (row->fitted) {
        slopes_text(page, row);
        out->cells[C_SLOPE] = (struct table_cell){capacity_slope(page->cell[C_SLOPE], row, row->trend.slope), ROLE_TEXT};
        out->cells[C_SLOPES] = (struct table_cell){page->cell[C_SLOPES], ROLE_DIM};
    }
    out->cells[C_FULL] = (struct table_cell){row->fitted ? capacity_in(page->cell[C_FULL], row->full, page->list.now) : "", role};
    out->cells[C_RANGE] = (struct table_cell){capacity_range(page->cell[C_RANGE], row, page->list.now, page->list.ascii), ROLE_DIM};
    out->cells[C_ADVICE] = (struct table_cell){capacity_advice_word(advice), role};
}

/* ---- what to have ---- */

LIST_READ(read_rows, wire_capacity, wire_read_capacity)

/* A row is an asset's figure: neither alone names it. */
static void take(struct view *view)
{
    struct capacity_view *page = view->state;
    page->list.now = view->host_ops->now(view->host);
    page->ids = arena_alloc(page->list.arena, (page->list.count + 1) * sizeof *page->ids);
    memset(page->by_advice, 0, sizeof page->by_advice);
    for (unsigned i = 0; i < page->list.count; i++) {
        const struct wire_capacity *row = row_at(page, i);
        char *id = memory_printf("%s %s", row->asset, row->metric);
        page->ids[i] = arena_text(page->list.arena, id);
        free(id);
        page->by_advice[capacity_advice(row, page->list.now)]++;
    }
    list_show(view, page->list.count);
}

static const struct list_kind kind = {
    .page = "growth",
    .empty = N_("nothing that can fill up is measured"),
    .why = N_("disks, memory and connections of servers appear here"),
    .unmatched = N_("nothing that fills up matches"),
    .no_more = N_("nothing else needs more room"),
    .read = read_rows,
    .took = take,
    .row = fill_row,
};

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    return list_init(view, &kind, columns, COLUMNS, argument, error);
}

static const struct wire_capacity *current(const struct capacity_view *page)
{
    size_t at = list_at(&page->list);
    return at == SIZE_MAX ? NULL : row_at(page, at);
}

static void page_close(struct view *view)
{
    struct capacity_view *page = view->state;
    list_release(view);
    arena_free(&page->series_arena);
    free(page->series_id);
}

static void want_readings(struct view *view, struct view_wants *out)
{
    const struct capacity_view *page = view->state;
    const struct wire_capacity *row = current(page);
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT;
    char from[INSTANT_TEXT], to[INSTANT_TEXT] = "";
    if (view->area.columns < LIST_SIDE_FROM || !row)
        return;
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    snprintf(from, sizeof from, "-30d");
    if (past) {
        instant_format(from, view->host_ops->at(view->host) - CHART_SPAN);
        instant_format(to, view->host_ops->at(view->host));
    }
    buffer_append_text(&resource, "/assets/");
    client_path_segment(&resource, row->asset);
    buffer_append_text(&resource, "/readings");
    client_path(&path, buffer_text(&resource), "metric", row->metric, "from", from, "to", to, "buckets", BUCKETS, NULL);
    view_want(out, SLOT_READINGS, past ? "" : "pulse", GROWTH_EVERY, buffer_text(&path));
    out->want[out->count - 1].rest = TYPED_REST;
    buffer_release(&resource);
    buffer_release(&path);
}

static void wants(struct view *view, struct view_wants *out)
{
    char to[INSTANT_TEXT] = "";
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    if (past)
        instant_format(to, view->host_ops->at(view->host));
    list_want(view, out, &(struct list_want){.base = "/capacity", .refresh = past ? "" : "pulse ledger", .every = GROWTH_EVERY,
                                             .rest = TYPED_REST, .name = "to", .value = to});
    want_readings(view, out);
}

static bool receive_readings(struct capacity_view *page, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_series fresh = {0};
    const struct wire_capacity *row = current(page);
    if (answer->error)
        *error = *answer->error;
    if (answer->error || !row || !wire_read_series(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    arena_free(&page->series_arena);
    page->series_arena = arena;
    page->series = fresh;
    free(page->series_id);
    page->series_id = memory_text(table_cursor_id(page->list.table));
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    return slot == SLOT_READINGS ? receive_readings(view->state, answer, error) : list_receive(view, slot, answer, error);
}

/* ---- drawing ---- */

static void draw_headline(struct view *view, struct surface *surface, struct rect line)
{
    const struct capacity_view *page = view->state;
    char figures[80] = "";
    int end;
    if (page->list.have)
        snprintf(figures, sizeof figures, ngettext("%u figure", "%u figures", page->list.count), page->list.count);
    int used = list_headline(view, surface, line, figures, _("soonest full first"), &end);
    for (enum capacity_advice advice = CAPACITY_EXPAND; advice > CAPACITY_ENOUGH; advice--)
        if (page->by_advice[advice] && used + 16 < end)
            used += surface_printf(surface, line.row, used, end - used, capacity_advice_role(advice), "%u %s",
                                   page->by_advice[advice], capacity_advice_word(advice)) + 2;
}

/* The cursor's row in one sentence; where there is no trend, why. */
static void say_row(char out[512], const struct capacity_view *page, const struct wire_capacity *row)
{
    char level[CAPACITY_TEXT], slope[CAPACITY_TEXT], low[CAPACITY_TEXT], high[CAPACITY_TEXT], full[CAPACITY_TEXT];
    if (!row->fitted) {
        snprintf(out, 512, "%s", capacity_problem(level, row));
        return;
    }
    capacity_full(full, row, page->list.now, page->list.ascii);
    snprintf(out, 512, _("%.40s now, %.30s a day (%.30s to %.30s); %.80s"), capacity_figure(level, row, row->trend.level),
             capacity_slope(slope, row, row->trend.slope), capacity_slope(low, row, row->trend.slope_low),
             capacity_slope(high, row, row->trend.slope_high),
             *full ? full : isfinite(row->limit) ? _("it does not fill up at this pace") : _("no limit is known"));
}

static void draw_title(const struct capacity_view *page, const struct wire_capacity *row, struct surface *surface, struct rect line)
{
    char what[CAPACITY_TEXT], title[512];
    snprintf(title, sizeof title, "%.120s  %.80s  %.80s", row->asset, capacity_what(what, row->what),
             place_within(page->list.site, row->place));
    surface_text_cut(surface, line.row, line.column + 1, line.columns - 2, ROLE_STRONG, title, TEXT_CUT_END);
}

static void draw_lines(struct capacity_view *page, struct surface *surface, struct rect area)
{
    const struct wire_capacity *row = current(page);
    char text[512];
    surface_rule(surface, area.row, area.column, area.columns);
    rect_cut_top(&area, 1);
    if (!row)
        return;
    draw_title(page, row, surface, rect_cut_top(&area, 1));
    say_row(text, page, row);
    surface_text_cut(surface, area.row, area.column + 1, area.columns - 2, ROLE_TEXT, text, TEXT_CUT_END);
}

/* Beside the list: the same in as many lines as it takes, and the chart. */
static void draw_pane(struct capacity_view *page, struct surface *surface, struct rect area)
{
    const struct wire_capacity *row = current(page);
    char text[512];
    if (!row)
        return;
    draw_title(page, row, surface, rect_cut_top(&area, 1));
    say_row(text, page, row);
    rect_cut_left(&area, 1);
    rect_cut_top(&area, wrap_draw(surface, area, ROLE_TEXT, text) + 1);
    bool here = page->series_id && strcmp(page->series_id, table_cursor_id(page->list.table)) == 0;
    struct growth_chart chart = {.row = row, .series = &page->series, .span = CHART_SPAN, .now = page->list.now};
    area.rows = area.rows < CHART_ROWS ? area.rows : CHART_ROWS;
    if (here && area.rows > 5)
        growth_chart_draw(&chart, surface, area);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct capacity_view *page = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    draw_headline(view, surface, rect_cut_top(&rest, 1));
    if (area.columns >= LIST_SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 1);
        draw_pane(page, surface, side);
    } else if (area.rows >= LIST_LINES_FROM) {
        draw_lines(page, surface, rect_cut_bottom(&rest, 3));
    }
    list_draw(view, surface, rest);
}

/* ---- doing ---- */

static void targets(struct view *view, struct view_targets *out)
{
    struct capacity_view *page = view->state;
    const struct wire_capacity *row = current(page);
    page->target = row ? row->asset : NULL;
    page->revision = -1;
    *out = (struct view_targets){.ids = &page->target, .revisions = &page->revision, .count = row != NULL, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("servers"), _("capacity"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  / %s  n %s  x %s  Esc %s", _("chart"), _("filter"), _("next to expand"), _("report"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct capacity_view *page = view->state;
    char text[512], what[CAPACITY_TEXT];
    if (!page->list.have || !page->list.count)
        buffer_printf(out, "%s\n", page->list.have ? _("nothing that can fill up is measured") : page->list.problem);
    for (unsigned i = 0; i < page->list.count && i < 100; i++) {
        const struct wire_capacity *row = row_at(page, i);
        say_row(text, page, row);
        buffer_printf(out, "%3u  %s  %s  %s: %s\n", i + 1, *row->asset_name ? row->asset_name : row->asset,
                      capacity_what(what, row->what), capacity_advice_word(capacity_advice(row, page->list.now)), text);
    }
}

const struct view_ops capacity_view = {
    .name = "capacity",
    .title = N_("Capacity"),
    .argument = "[FILTER]",
    .help = N_("what fills up, soonest first, and how sure that is"),
    .size = sizeof(struct capacity_view),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .key = list_key,
    .command = list_command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
    .filter = list_filter,
    .set_filter = list_set_filter,
};

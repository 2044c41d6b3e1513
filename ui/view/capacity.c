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
#include "view/host_text.h"
#include "view/parts.h"
#include "widget/table.h"
#include "window/layout.h"

#define LINES_FROM 14
#define GAUGE 8
#define EVERY (5 * SPAN_MINUTE) /* reckoned anew from all readings each time */

enum column { C_SERVER, C_PLACE, C_WHAT, C_LEVEL, C_BAR, C_SLOPE, C_SLOPES, C_FULL, C_RANGE, C_ADVICE, COLUMNS };

struct capacity_view {
    char *filter, *sent;
    struct table *table;
    struct arena *arena;
    struct wire_capacity *rows;
    const char **ids;
    unsigned count;
    unsigned by_advice[CAPACITY_EXPAND + 1];
    bool have, ascii;
    char problem[384], site[80];
    msec now;
    char cell[COLUMNS][CAPACITY_TEXT];
    const char *target;
    int64_t revision;
};

/* ---- rows ---- */

static void slopes_text(struct capacity_view *page, const struct wire_capacity *row)
{
    char low[CAPACITY_TEXT], high[CAPACITY_TEXT];
    snprintf(page->cell[C_SLOPES], CAPACITY_TEXT, "%.40s %s %.40s", capacity_slope(low, row, row->trend.slope_low), page->ascii ? ".." : "\342\200\246",
             capacity_slope(high, row, row->trend.slope_high));
}

static void fill_row(void *owner, size_t index, struct table_row *out)
{
    struct capacity_view *page = owner;
    const struct wire_capacity *row = &page->rows[index];
    enum capacity_advice advice = capacity_advice(row, page->now);
    double level = row->fitted ? row->trend.level : row->now;
    uint8_t role = capacity_advice_role(advice), figure = row->fitted ? ROLE_TEXT : ROLE_DIM;
    bool percent = strcmp(row->unit, "%") == 0;
    out->id = page->ids[index];
    out->unhandled = advice >= CAPACITY_PLAN;
    out->cells[C_SERVER] = (struct table_cell){*row->asset_name ? row->asset_name : row->asset, ROLE_TEXT};
    out->cells[C_PLACE] = (struct table_cell){place_within(page->site, row->place), ROLE_DIM};
    out->cells[C_WHAT] = (struct table_cell){capacity_what(page->cell[C_WHAT], row->what), ROLE_TEXT};
    if (percent)
        snprintf(page->cell[C_LEVEL], CAPACITY_TEXT, "%.1f%%", level);
    else
        bytes_short(page->cell[C_LEVEL], level);
    out->cells[C_LEVEL] = (struct table_cell){isfinite(level) ? page->cell[C_LEVEL] : "", percent ? fill_role(level, figure) : figure};
    gauge_text(page->cell[C_BAR], CAPACITY_TEXT, level, GAUGE, page->ascii);
    uint8_t bar = fill_role(level, ROLE_GAUGE);
    out->cells[C_BAR] = (struct table_cell){percent ? page->cell[C_BAR] : "", row->fitted ? bar : ROLE_DIM};
    if (row->fitted) {
        slopes_text(page, row);
        out->cells[C_SLOPE] = (struct table_cell){capacity_slope(page->cell[C_SLOPE], row, row->trend.slope), ROLE_TEXT};
        out->cells[C_SLOPES] = (struct table_cell){page->cell[C_SLOPES], ROLE_DIM};
    }
    out->cells[C_FULL] = (struct table_cell){row->fitted ? capacity_in(page->cell[C_FULL], row->full, page->now) : "", role};
    out->cells[C_RANGE] = (struct table_cell){capacity_range(page->cell[C_RANGE], row, page->now, page->ascii), ROLE_DIM};
    out->cells[C_ADVICE] = (struct table_cell){capacity_advice_word(advice), role};
}

static struct table *make_table(void)
{
    const struct table_column columns[COLUMNS] = {
        [C_SERVER] = {.name = "server", .title = _("server"), .minimum = 10, .weight = 3, .maximum = 30, .cut = TEXT_CUT_MIDDLE, .strong = true},
        [C_PLACE] = {.name = "place", .title = _("place"), .minimum = 10, .weight = 2, .maximum = 26, .cut = TEXT_CUT_MIDDLE, .drop = 4},
        [C_WHAT] = {.name = "what", .title = _("figure"), .minimum = 9, .weight = 2, .maximum = 30, .cut = TEXT_CUT_MIDDLE},
        [C_LEVEL] = {.name = "level", .title = _("level"), .minimum = 6, .maximum = 8, .right = true},
        [C_BAR] = {.name = "bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 2},
        [C_SLOPE] = {.name = "slope", .title = _("a day"), .minimum = 5, .maximum = 8, .right = true},
        [C_SLOPES] = {.name = "slopes", .title = _("range"), .minimum = 12, .maximum = 22, .drop = 3},
        [C_FULL] = {.name = "full", .title = _("full in"), .minimum = 7, .maximum = 8, .right = true},
        [C_RANGE] = {.name = "range", .title = _("range"), .minimum = 7, .maximum = 12, .drop = 1},
        [C_ADVICE] = {.name = "advice", .title = _("advice"), .minimum = 10, .maximum = 12},
    };
    return table_new(columns, COLUMNS);
}

/* ---- what to have ---- */

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct capacity_view *page = view->state;
    char *sent = filter_typed(text, typing, error), *copy;
    if (!sent)
        return false;
    free(page->sent);
    page->sent = sent;
    copy = memory_text(text); /* may be our own */
    free(page->filter);
    page->filter = copy;
    return true;
}

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct capacity_view *page = view->state;
    page->table = make_table();
    page->now = view->host_ops->now(view->host);
    return set_filter(view, argument, false, error);
}

static void page_close(struct view *view)
{
    struct capacity_view *page = view->state;
    table_free(&page->table);
    arena_free(&page->arena);
    free(page->filter);
    free(page->sent);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct capacity_view *page = view->state;
    struct buffer path = BUFFER_INIT;
    char to[INSTANT_TEXT] = "";
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    if (past)
        instant_format(to, view->host_ops->at(view->host));
    client_path(&path, "/capacity", "filter", page->sent, "to", to, NULL);
    view_want(out, 0, past ? "" : "pulse ledger", EVERY, buffer_text(&path));
    out->want[out->count - 1].rest = 150; /* while a filter is typed */
    buffer_release(&path);
}

static void take(struct capacity_view *page, struct arena *arena, struct wire_capacity *rows, unsigned count)
{
    page->arena = arena;
    page->rows = rows;
    page->count = count;
    page->ids = arena_alloc(arena, (count + 1) * sizeof *page->ids);
    memset(page->by_advice, 0, sizeof page->by_advice);
    for (unsigned i = 0; i < count; i++) {
        char *id = memory_printf("%s %s", rows[i].asset, rows[i].metric);
        page->ids[i] = arena_text(arena, id);
        free(id);
        page->by_advice[capacity_advice(&rows[i], page->now)]++;
    }
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct capacity_view *page = view->state;
    struct arena *arena = arena_new(), *old = page->arena;
    struct wire_capacity *rows = NULL;
    struct wire_page envelope;
    unsigned count = 0;
    (void)slot;
    if (answer->error)
        *error = *answer->error;
    if (answer->error || !wire_read_capacity(answer->body, answer->length, arena, &envelope, &rows, &count, error)) {
        snprintf(page->problem, sizeof page->problem, "%s", error->text);
        arena_free(&arena);
        return false;
    }
    page->now = view->host_ops->now(view->host);
    take(page, arena, rows, count);
    page->have = true;
    page->problem[0] = '\0';
    table_refreshed(page->table, &(struct table_source){.owner = page, .total = count, .count = count, .row = fill_row});
    arena_free(&old);
    return true;
}

/* ---- drawing ---- */

static const struct wire_capacity *current(const struct capacity_view *page)
{
    return page->count && table_cursor(page->table) < page->count ? &page->rows[table_cursor(page->table)] : NULL;
}

static void draw_headline(struct capacity_view *page, struct surface *surface, struct rect line)
{
    const char *right = _("soonest full first");
    int used = 1, width = text_width(right), room = line.columns - width - 2;
    if (page->have)
        used += surface_printf(surface, line.row, line.column + used, room - used, ROLE_HEADING, _("%u figures"), page->count) + 2;
    if (*page->filter)
        used += surface_text_cut(surface, line.row, line.column + used, room - used, ROLE_MATCH, page->filter, TEXT_CUT_END) + 2;
    for (enum capacity_advice advice = CAPACITY_EXPAND; advice > CAPACITY_ENOUGH; advice--)
        if (page->by_advice[advice] && used + 16 < room)
            used += surface_printf(surface, line.row, line.column + used, room - used, capacity_advice_role(advice), "%u %s",
                                   page->by_advice[advice], capacity_advice_word(advice)) + 2;
    surface_text(surface, line.row, line.column + line.columns - 1 - width, width, ROLE_DIM, right);
}

/* The cursor's row in one sentence; where there is no trend, why. */
static void say_row(char out[512], const struct capacity_view *page, const struct wire_capacity *row)
{
    char level[CAPACITY_TEXT], slope[CAPACITY_TEXT], low[CAPACITY_TEXT], high[CAPACITY_TEXT], full[CAPACITY_TEXT];
    if (!row->fitted) {
        snprintf(out, 512, "%s", capacity_problem(level, row));
        return;
    }
    capacity_full(full, row, page->now, page->ascii);
    snprintf(out, 512, _("%.40s now, %.30s a day (%.30s to %.30s); %.80s"), capacity_figure(level, row, row->trend.level),
             capacity_slope(slope, row, row->trend.slope), capacity_slope(low, row, row->trend.slope_low),
             capacity_slope(high, row, row->trend.slope_high),
             *full ? full : isfinite(row->limit) ? _("it does not fill up at this pace") : _("no limit is known"));
}

static void draw_lines(struct capacity_view *page, struct surface *surface, struct rect area)
{
    const struct wire_capacity *row = current(page);
    char text[512], what[CAPACITY_TEXT], title[512];
    surface_rule(surface, area.row, area.column, area.columns);
    if (!row)
        return;
    snprintf(title, sizeof title, "%.120s  %.80s  %.80s", row->asset, capacity_what(what, row->what), place_within(page->site, row->place));
    surface_text_cut(surface, area.row + 1, area.column + 1, area.columns - 2, ROLE_STRONG, title, TEXT_CUT_END);
    say_row(text, page, row);
    surface_text_cut(surface, area.row + 2, area.column + 1, area.columns - 2, ROLE_TEXT, text, TEXT_CUT_END);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct capacity_view *page = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    page->ascii = surface->ascii;
    page->now = view->host_ops->now(view->host);
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    snprintf(page->site, sizeof page->site, "%s", overview ? overview->site : "");
    draw_headline(page, surface, rect_cut_top(&rest, 1));
    if (area.rows >= LINES_FROM)
        draw_lines(page, surface, rect_cut_bottom(&rest, 3));
    table_set_stale(page->table, view->host_ops->stale(view->host));
    table_set_empty(page->table,
                    page->have         ? (*page->filter ? _("nothing that fills up matches") : _("nothing that can fill up is measured"))
                    : page->problem[0] ? page->problem : _("reckoning ..."),
                    *page->filter ? _("Esc clears the filter") : page->have ? _("disks, memory and connections of servers appear here") : "");
    table_draw(page->table, surface, rest);
}

/* ---- doing ---- */

static enum reaction key(struct view *view, const struct key_event *event)
{
    struct capacity_view *page = view->state;
    enum table_answer answer = table_key(page->table, event);
    if (answer == TABLE_CHOSEN && table_cursor_id(page->table))
        view->host_ops->open(view->host, "growth", table_cursor_id(page->table));
    return answer == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct key_event motion;
    (void)argument, (void)error;
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

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
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    buffer_printf(out, "%s ▸ %s ▸ %s", overview ? overview->site : _("site"), _("servers"), _("capacity"));
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
    if (!page->have || !page->count)
        buffer_printf(out, "%s\n", page->have ? _("nothing that can fill up is measured") : page->problem);
    for (unsigned i = 0; i < page->count && i < 100; i++) {
        const struct wire_capacity *row = &page->rows[i];
        say_row(text, page, row);
        buffer_printf(out, "%3u  %s  %s  %s: %s\n", i + 1, *row->asset_name ? row->asset_name : row->asset,
                      capacity_what(what, row->what), capacity_advice_word(capacity_advice(row, page->now)), text);
    }
}

static bool pick(struct view *view, unsigned number)
{
    struct capacity_view *page = view->state;
    if (!number || number > page->count)
        return false;
    table_move_to(page->table, number - 1);
    return true;
}

static const char *filter(struct view *view)
{
    return ((struct capacity_view *)view->state)->filter;
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
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
    .filter = filter,
    .set_filter = set_filter,
};

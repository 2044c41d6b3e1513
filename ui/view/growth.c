/* Where one figure is heading (R043): the readings stored, and the trend drawn on into the future with how far it may be
 * off; how that was reckoned in one line below. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/capacity_text.h"
#include "view/growth_chart.h"
#include "view/host_text.h"
#include "view/parts.h"
#include "widget/plot.h"
#include "window/layout.h"

#define BUCKETS 300
#define GAUGE 10
#define SPANS 4
#define SPAN_USUAL 2 /* the daemon's own, when none is given */

enum { SLOT_TREND, SLOT_READINGS };

static const struct { const char *name; msec length; } spans[SPANS] = {
    {"24h", SPAN_DAY}, {"7d", 7 * SPAN_DAY}, {"30d", 30 * SPAN_DAY}, {"90d", 90 * SPAN_DAY},
};

struct growth {
    char *id, *metric;
    unsigned span;
    enum chart_style style;
    struct arena *arena, *series_arena;
    struct wire_capacity row;
    struct wire_series series;
    bool have, none, have_series;
    char problem[384];
    msec now;
    const char *target;
    int64_t revision;
};

/* "ID METRIC"; an id may hold blanks, a metric's name does not. */
static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct growth *page = view->state;
    const char *blank = strrchr(argument, ' ');
    if (!blank || blank == argument || !blank[1])
        return error_set(error, ERROR_INVALID, "%s", _("growth needs an id and a metric: `:growth db-2 disk_data_percent`; `:capacity` lists them"));
    page->id = memory_text_n(argument, (size_t)(blank - argument));
    page->metric = memory_text(blank + 1);
    page->span = SPAN_USUAL;
    page->now = view->host_ops->now(view->host);
    return true;
}

static void page_close(struct view *view)
{
    struct growth *page = view->state;
    arena_free(&page->arena);
    arena_free(&page->series_arena);
    free(page->id);
    free(page->metric);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct growth *page = view->state;
    struct buffer path = BUFFER_INIT, filter = BUFFER_INIT, resource = BUFFER_INIT;
    char from[INSTANT_TEXT], to[INSTANT_TEXT] = "", buckets[16];
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    snprintf(from, sizeof from, "-%s", spans[page->span].name);
    if (past) {
        instant_format(from, view->host_ops->at(view->host) - spans[page->span].length);
        instant_format(to, view->host_ops->at(view->host));
    }
    filter_value(&filter, "id", page->id);
    client_path(&path, "/capacity", "filter", buffer_text(&filter), "from", from, "to", to, NULL);
    view_want(out, SLOT_TREND, past ? "" : "pulse", GROWTH_EVERY, buffer_text(&path));
    buffer_clear(&path);
    buffer_append_text(&resource, "/assets/");
    client_path_segment(&resource, page->id);
    buffer_append_text(&resource, "/readings");
    snprintf(buckets, sizeof buckets, "%d", BUCKETS);
    client_path(&path, buffer_text(&resource), "metric", page->metric, "from", from, "to", to, "buckets", buckets, NULL);
    view_want(out, SLOT_READINGS, past ? "" : "pulse", GROWTH_EVERY, buffer_text(&path));
    buffer_release(&path);
    buffer_release(&filter);
    buffer_release(&resource);
}

static bool receive_trend(struct growth *page, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_capacity *rows = NULL;
    struct wire_page envelope;
    unsigned count = 0;
    if (!wire_read_capacity(answer->body, answer->length, arena, &envelope, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    page->none = true;
    for (unsigned i = 0; i < count; i++)
        if (strcmp(rows[i].metric, page->metric) == 0 && strcmp(rows[i].asset, page->id) == 0) {
            page->row = rows[i];
            page->none = false;
        }
    arena_free(&page->arena);
    page->arena = arena;
    page->have = true;
    page->problem[0] = '\0';
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct growth *page = view->state;
    if (answer->error) {
        if (slot == SLOT_READINGS && answer->status == 404)
            return false; /* never heard: the other answer says so */
        snprintf(page->problem, sizeof page->problem, "%s", answer->error->text);
        *error = *answer->error;
        return false;
    }
    if (slot == SLOT_TREND)
        return receive_trend(page, answer, error);
    struct arena *arena = arena_new();
    struct wire_series fresh = {0};
    if (!wire_read_series(answer->body, answer->length, arena, &fresh, error)) {
        arena_free(&arena);
        return false;
    }
    arena_free(&page->series_arena);
    page->series_arena = arena;
    page->series = fresh;
    page->have_series = true;
    return true;
}

/* ---- the words ---- */

/* Whose word a limit is that is not the usual one. */
static const char *limit_by(const struct wire_capacity *row)
{
    return strcmp(row->limit_by, "ledger") == 0 ? _("ledger") : _("configuration");
}

static void draw_head(struct growth *page, struct view *view, struct surface *surface, struct rect area)
{
    const struct wire_capacity *row = &page->row;
    char what[CAPACITY_TEXT], text[512], one[CAPACITY_TEXT], two[CAPACITY_TEXT], three[CAPACITY_TEXT];
    enum capacity_advice advice = capacity_advice(row, page->now);
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    const char *word = capacity_advice_word(advice), *place = place_within(overview ? overview->site : "", row->place);
    int width = text_width(word), column = area.column + 1, end = area.column + area.columns - 1;
    surface_text(surface, area.row, end - width, width, advice == CAPACITY_ENOUGH ? ROLE_OK : capacity_advice_role(advice), word);
    column += surface_text_cut(surface, area.row, column, area.columns / 2, ROLE_STRONG, capacity_what(what, row->what), TEXT_CUT_MIDDLE) + 2;
    snprintf(text, sizeof text, "%.120s%s%.120s%s%.120s", row->asset, strcmp(row->asset, row->asset_name) != 0 ? " · " : "",
             strcmp(row->asset, row->asset_name) != 0 ? row->asset_name : "", *place ? " · " : "", place);
    surface_text_cut(surface, area.row, column, end - width - 2 - column, ROLE_TEXT, text, TEXT_CUT_END);
    column = area.column + 1;
    double level = row->fitted ? row->trend.level : row->now;
    if (strcmp(row->unit, "%") == 0) {
        uint8_t role = fill_role(level, ROLE_GAUGE);
        gauge_draw(surface, area.row + 1, column, GAUGE, role, level / 100);
        column += GAUGE + 2;
    }
    column += surface_text(surface, area.row + 1, column, end - column, fill_role(strcmp(row->unit, "%") == 0 ? level : 0, ROLE_STRONG),
                           capacity_figure(one, row, level)) + 3;
    if (!row->fitted) {
        surface_text_cut(surface, area.row + 1, column, end - column, ROLE_WARNING, capacity_problem(one, row), TEXT_CUT_END);
        return;
    }
    snprintf(text, sizeof text, _("%.30s a day (%.30s to %.30s)"), capacity_slope(one, row, row->trend.slope),
             capacity_slope(two, row, row->trend.slope_low), capacity_slope(three, row, row->trend.slope_high));
    column += surface_text_cut(surface, area.row + 1, column, end - column, ROLE_TEXT, text, TEXT_CUT_END) + 3;
    capacity_full(one, row, page->now, surface->ascii);
    column += surface_text_cut(surface, area.row + 1, column, end - column, capacity_advice_role(advice),
                               *one                   ? one
                               : isfinite(row->limit) ? _("it does not fill up at this pace")
                                                      : _("no limit is known"), TEXT_CUT_END) + 3;
    if (*row->limit_by && end - column > 10) { /* not the usual one: whose word it is */
        snprintf(text, sizeof text, _("limit %.30s, by the %.40s"), capacity_figure(one, row, row->limit), limit_by(row));
        surface_text_cut(surface, area.row + 1, column, end - column, ROLE_DIM, text, TEXT_CUT_END);
    }
}

/* One line: what was done to the readings, of how much, and how well it fits. */
static void method_text(char out[512], const struct growth *page)
{
    const struct trend *trend = &page->row.trend;
    const char *rhythm = trend->weekly  ? _("day and week rhythm out")
                         : trend->daily ? _("day rhythm out")
                                        : _("no rhythm yet: less than 3 days");
    char figure[CAPACITY_TEXT];
    snprintf(out, 512, _("Theil-Sen, 90 %% range, %.80s; %u points, %.0f d, +/- %.40s"), rhythm, trend->points,
             (double)(trend->to - trend->from) / SPAN_DAY, capacity_figure(figure, &page->row, trend->scatter));
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct growth *page = view->state;
    struct rect rest = area;
    char text[512];
    if (rect_is_empty(area))
        return;
    page->now = view->host_ops->now(view->host);
    if (!page->have || page->none) {
        snprintf(text, sizeof text, "%s", page->problem[0] ? page->problem : page->have ? _("nothing of that name fills up there: `:capacity` lists what does") : _("reckoning ..."));
        surface_text_cut(surface, area.row, area.column + 1, area.columns - 2, page->problem[0] ? ROLE_ERROR : ROLE_DIM, text, TEXT_CUT_END);
        return;
    }
    draw_head(page, view, surface, rect_cut_top(&rest, 2));
    surface_rule(surface, rest.row, rest.column, rest.columns);
    rect_cut_top(&rest, 1);
    if (page->row.fitted && rest.rows > 6) {
        struct rect foot = rect_cut_bottom(&rest, 1);
        method_text(text, page);
        surface_text_cut(surface, foot.row, foot.column + 1, foot.columns - 2, ROLE_DIM, text, TEXT_CUT_END);
    }
    growth_chart_draw(&(struct growth_chart){.row = &page->row, .series = page->have_series ? &page->series : NULL,
                                             .span = spans[page->span].length, .now = page->now, .style = page->style},
                      surface, (struct rect){rest.row, rest.column + 1, rest.rows, rest.columns - 2});
}

/* ---- doing ---- */

static enum reaction choose_span(struct growth *page, const char *argument, struct error *error)
{
    unsigned at = *argument ? 0 : (page->span + 1) % SPANS;
    while (*argument && at < SPANS && strcmp(spans[at].name, argument) != 0)
        at++;
    if (at == SPANS) {
        error_set(error, ERROR_INVALID, "%s", _("span: 24h, 7d, 30d or 90d"));
        return REACT_HANDLED;
    }
    page->span = at;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct growth *page = view->state;
    if (strcmp(name, "span") == 0)
        return choose_span(page, argument, error);
    if (strcmp(name, "parent") == 0) {
        view->host_ops->open(view->host, "asset", page->id);
        return REACT_HANDLED;
    }
    if (strcmp(name, "plot") != 0)
        return REACT_IGNORED;
    page->style = (enum chart_style)((page->style + 1) % (CHART_ASCII + 1));
    return REACT_HANDLED | REACT_DRAW;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct growth *page = view->state;
    page->target = page->id;
    page->revision = -1;
    *out = (struct view_targets){.ids = &page->target, .revisions = &page->revision, .count = 1, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct growth *page = view->state;
    char what[CAPACITY_TEXT];
    site_crumbs(view, out, _("servers"), _("capacity"), page->id,
                page->have && !page->none ? capacity_what(what, page->row.what) : page->metric, NULL);
    buffer_printf(out, " · %s", spans[page->span].name);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "z %s  P %s  u %s  x %s  h %s  Esc %s", _("span"), _("plot"), _("server"), _("report"), _("history"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct growth *page = view->state;
    char text[512], what[CAPACITY_TEXT], full[CAPACITY_TEXT];
    if (!page->have || page->none) {
        buffer_printf(out, "%s\n", page->problem[0] ? page->problem : _("nothing of that name fills up there: `:capacity` lists what does"));
        return;
    }
    const struct wire_capacity *row = &page->row;
    buffer_printf(out, "%s  %s  %s\n", row->asset, capacity_what(what, row->what), capacity_advice_word(capacity_advice(row, page->now)));
    if (!row->fitted) {
        buffer_printf(out, "  %s\n", capacity_problem(text, row));
        return;
    }
    buffer_printf(out, "  %s  %s\n", capacity_figure(text, row, row->trend.level), capacity_full(full, row, page->now, true));
    method_text(text, page);
    buffer_printf(out, "  %s\n", text);
    for (int day = 7; day <= 28; day += 7) {
        double band, value = trend_expect(&row->trend, row->trend.to + day * SPAN_DAY, &band);
        buffer_printf(out, _("  in %d d: %s"), day, capacity_figure(text, row, growth_within(row, value)));
        buffer_printf(out, " (%s", capacity_figure(text, row, growth_within(row, value - band)));
        buffer_printf(out, " - %s)\n", capacity_figure(text, row, growth_within(row, value + band)));
    }
}

const struct view_ops growth_view = {
    .name = "growth",
    .title = N_("Growth"),
    .argument = "ID METRIC",
    .help = N_("where one figure is heading: its readings, the trend and its range"),
    .size = sizeof(struct growth),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};

/* One asset: what it is, where, on what it hangs; each metric's last value; the chosen one over time; its health as a
 * strip; what hangs below or beside it; what it said last. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/asset.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "widget/plot.h"
#include "window/layout.h"

enum { SLOT_ASSET, SLOT_STATES, SLOT_SERIES, SLOT_CHILDREN };

const struct asset_span asset_spans[ASSET_SPANS] = {
    {"1h", SPAN_HOUR}, {"6h", 6 * SPAN_HOUR}, {"24h", SPAN_DAY}, {"7d", 7 * SPAN_DAY}, {"30d", 30 * SPAN_DAY},
};

static bool asset_open(struct view *view, const char *argument, struct error *error)
{
    struct asset_page *page = view->state;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("asset needs an id: `:asset GW-A-0042`"));
    page->drilled = *argument == '?' && argument[1];
    page->id = memory_text(argument + page->drilled);
    page->span = 1;
    page->pane = PANE_METRICS;
    return true;
}

static void asset_close(struct view *view)
{
    struct asset_page *page = view->state;
    free(page->id);
    for (unsigned i = 0; i < ASSET_SLOTS; i++)
        arena_free(&page->arena[i]);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct asset_page *page = view->state;
    struct buffer base = BUFFER_INIT, path = BUFFER_INIT, resource = BUFFER_INIT, filter = BUFFER_INIT;
    char from[INSTANT_TEXT], to[INSTANT_TEXT];
    msec span = asset_spans[page->span].length;
    /* Moves in steps of a cell of the chart, so that the path stays the same in between. */
    msec step = span / 60, end = view->host_ops->now(view->host) / step * step + step;
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    if (past)
        end = view->host_ops->now(view->host);
    instant_format(from, end - span);
    instant_format(to, end);
    buffer_append_text(&base, "/assets/");
    client_path_segment(&base, page->id);
    view_want(out, SLOT_ASSET, "fleet ledger pulse", 1000, buffer_text(&base));
    buffer_printf(&resource, "%s/states", buffer_text(&base));
    client_path(&path, buffer_text(&resource), "from", from, "to", past ? to : "", NULL);
    view_want(out, SLOT_STATES, "fleet", 2000, buffer_text(&path));
    if (page->have && page->metric < page->page.asset.value_count) {
        buffer_clear(&resource);
        buffer_clear(&path);
        buffer_printf(&resource, "%s/readings", buffer_text(&base));
        client_path(&path, buffer_text(&resource), "metric", page->page.asset.values[page->metric].metric,
                    "from", from, "to", to, "buckets", ASSET_BUCKETS, NULL);
        view_want(out, SLOT_SERIES, "pulse", span <= SPAN_HOUR ? 5000 : 30000, buffer_text(&path));
    }
    if (page->have && page->page.asset.children) {
        buffer_clear(&path);
        filter_value(&filter, "parent", page->id);
        client_path(&path, "/assets", "filter", buffer_text(&filter), "sort", "-health,since,id", "limit",
                    "200", "fields", "id,name,health,since,values,class,children", NULL);
        view_want(out, SLOT_CHILDREN, "fleet ledger", 2000, buffer_text(&path));
    }
    buffer_release(&base);
    buffer_release(&path);
    buffer_release(&resource);
    buffer_release(&filter);
}

static bool read_asset(struct asset_page *page, struct arena *arena, const struct client_answer *answer,
                       struct error *error)
{
    struct wire_asset_page fresh = {0};
    char *metric = page->have && page->metric < page->page.asset.value_count
                       ? memory_text(page->page.asset.values[page->metric].metric) : NULL;
    bool good = wire_read_asset_page(answer->body, answer->length, arena, &fresh, error);
    if (good) {
        page->page = fresh;
        page->have = true;
        for (unsigned i = 0; metric && i < fresh.asset.value_count; i++) /* the cursor keeps its metric */
            if (strcmp(fresh.asset.values[i].metric, metric) == 0)
                page->metric = i;
        if (page->metric >= fresh.asset.value_count)
            page->metric = 0;
        if (!page->chosen && !fresh.asset.value_count && (fresh.asset.children || fresh.neighbour_count))
            page->pane = PANE_BELOW;
    }
    free(metric);
    return good;
}

/* Who drills into a server or an application wants its own page; `:asset` still shows it as an asset. */
static void show_better(struct view *view, const char *kind)
{
    const struct asset_page *page = view->state;
    if (strcmp(kind, "server") == 0 || strcmp(kind, "application") == 0)
        view->host_ops->replace(view->host, kind, page->id);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct asset_page *page = view->state;
    struct arena *arena = arena_new();
    struct wire_page envelope;
    bool good = false;
    if (answer->error) {
        *error = *answer->error;
        if (slot == SLOT_ASSET)
            snprintf(page->problem, sizeof page->problem, "%s", answer->error->text);
    } else if (slot == SLOT_ASSET) {
        good = read_asset(page, arena, answer, error);
        if (good && page->drilled)
            show_better(view, page->page.asset.field[ASSET_kind]);
        page->drilled = false;
    } else if (slot == SLOT_STATES) {
        good = wire_read_intervals(answer->body, answer->length, arena, &envelope, &page->states,
                                   &page->state_count, error);
    } else if (slot == SLOT_SERIES) {
        struct wire_series fresh = {0};
        good = wire_read_series(answer->body, answer->length, arena, &fresh, error);
        if (good)
            page->series = fresh;
    } else {
        good = wire_read_assets(answer->body, answer->length, arena, &envelope, &page->children,
                                &page->child_count, error);
        if (page->child >= page->child_count)
            page->child = page->child_count ? page->child_count - 1 : 0;
    }
    if (good) {
        arena_free(&page->arena[slot]);
        page->arena[slot] = arena;
    } else {
        arena_free(&arena);
    }
    return good;
}

/* What hangs below; where nothing does, its neighbours. */
const struct wire_asset *asset_below(const struct asset_page *page, unsigned *count)
{
    bool children = page->have && page->page.asset.children > 0;
    *count = children ? page->child_count : page->page.neighbour_count;
    return children ? page->children : page->page.neighbours;
}

static enum reaction move(struct asset_page *page, int step)
{
    unsigned count, *at;
    if (page->pane == PANE_METRICS) {
        count = page->page.asset.value_count;
        at = &page->metric;
    } else {
        asset_below(page, &count);
        at = &page->child;
    }
    page->chosen = true;
    long next = (long)*at + step;
    *at = next < 0 || !count ? 0 : next >= (long)count ? count - 1 : (unsigned)next;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction jump_wrong(struct asset_page *page, int step)
{
    unsigned count;
    const struct wire_asset *rows = asset_below(page, &count);
    page->pane = PANE_BELOW;
    for (unsigned i = 1; i <= count; i++) {
        unsigned at = (page->child + (step > 0 ? i : count - i)) % count;
        if (health_is_wrong(rows[at].health)) {
            page->child = at;
            break;
        }
    }
    return REACT_HANDLED | REACT_DRAW;
}

static enum reaction choose_span(struct asset_page *page, const char *argument, struct error *error)
{
    unsigned at = (page->span + 1) % ASSET_SPANS;
    if (*argument) {
        for (at = 0; at < ASSET_SPANS && strcmp(asset_spans[at].name, argument) != 0; at++)
            ;
        if (at == ASSET_SPANS) {
            error_set(error, ERROR_INVALID, "%s", _("span: 1h, 6h, 24h, 7d or 30d"));
            return REACT_HANDLED;
        }
    }
    page->span = at;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction open_below(struct view *view)
{
    struct asset_page *page = view->state;
    unsigned count;
    const struct wire_asset *rows = asset_below(page, &count);
    if (page->pane == PANE_METRICS)
        return choose_span(page, "", NULL);
    if (page->child < count)
        view->host_ops->open(view->host, "asset", rows[page->child].field[ASSET_id]);
    return REACT_HANDLED;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct asset_page *page = view->state;
    static const struct { const char *name; int step; } moves[] = {
        {"down", 1}, {"up", -1}, {"page-down", 10}, {"page-up", -10}, {"half-down", 5}, {"half-up", -5},
        {"top", -100000}, {"bottom", 100000},
    };
    for (unsigned i = 0; i < ARRAY_COUNT(moves); i++)
        if (strcmp(moves[i].name, name) == 0)
            return move(page, moves[i].step);
    if (strcmp(name, "pane") == 0) {
        page->pane = page->pane == PANE_METRICS ? PANE_BELOW : PANE_METRICS;
        page->chosen = true;
        return REACT_HANDLED | REACT_DRAW;
    }
    if (strcmp(name, "next-wrong") == 0 || strcmp(name, "previous-wrong") == 0)
        return jump_wrong(page, strcmp(name, "next-wrong") == 0 ? 1 : -1);
    if (strcmp(name, "span") == 0)
        return choose_span(page, argument, error);
    if (strcmp(name, "plot") == 0) {
        page->style = (enum chart_style)((page->style + 1) % (CHART_ASCII + 1));
        return REACT_HANDLED | REACT_DRAW;
    }
    if (strcmp(name, "parent") == 0) {
        if (page->have && page->page.path_count)
            view->host_ops->open(view->host, "asset", page->page.path[page->page.path_count - 1].id);
        else
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("it hangs on nothing"));
        return REACT_HANDLED;
    }
    if (strcmp(name, "open") == 0)
        return open_below(view);
    return REACT_IGNORED;
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct asset_page *page = view->state;
    if (key->special != KEY_MOUSE_)
        return REACT_IGNORED;
    if (key->mouse == MOUSE_WHEEL_DOWN || key->mouse == MOUSE_WHEEL_UP)
        return move(page, key->mouse == MOUSE_WHEEL_DOWN ? 1 : -1);
    unsigned count;
    if (key->mouse != MOUSE_PRESS)
        return REACT_IGNORED;
    asset_below(page, &count);
    if (rect_contains(page->below_area, key->mouse_row, key->mouse_column)) {
        unsigned at = page->below_top + (unsigned)(key->mouse_row - page->below_area.row);
        page->pane = PANE_BELOW;
        if (at < count)
            page->child = at;
        if (key->mouse_clicks > 1)
            return open_below(view) | REACT_DRAW;
    } else if (rect_contains(page->metric_area, key->mouse_row, key->mouse_column)) {
        unsigned at = page->metric_top + (unsigned)(key->mouse_row - page->metric_area.row);
        page->pane = PANE_METRICS;
        if (at < page->page.asset.value_count)
            page->metric = at;
    }
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct asset_page *page = view->state;
    page->target_id = page->id;
    page->target_revision = page->have ? page->page.asset.revision : -1;
    *out = (struct view_targets){.ids = &page->target_id, .revisions = &page->target_revision, .count = 1, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct asset_page *page = view->state;
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    buffer_append_text(out, overview ? overview->site : _("site"));
    if (page->have && *page->page.asset.field[ASSET_building])
        buffer_printf(out, " ▸ %s", page->page.asset.field[ASSET_building]);
    for (unsigned i = 0; i < page->page.path_count; i++)
        buffer_printf(out, " ▸ %s", page->page.path[i].id);
    buffer_printf(out, " ▸ %s", page->id);
}

static void hints(struct view *view, struct buffer *out)
{
    struct asset_page *page = view->state;
    buffer_printf(out, "z %s  Tab %s  Enter %s  u %s  h %s  P %s  Esc %s", _("span"),
                  page->pane == PANE_METRICS ? _("below") : _("values"),
                  page->pane == PANE_METRICS ? _("span") : _("open"), _("parent"), _("history"), _("plot"),
                  _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct asset_page *page = view->state;
    const struct wire_asset *asset = &page->page.asset;
    char text[80], age[SPAN_TEXT];
    msec now = view->host_ops->now(view->host);
    if (!page->have) {
        buffer_printf(out, "%s\n", page->problem);
        return;
    }
    buffer_printf(out, "%s  %s  %s %s\n", asset->field[ASSET_id], asset_name(asset),
                  health_word(asset->health), age_text(age, asset->since, now));
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        if (*asset->field[i])
            buffer_printf(out, "  %s: %s\n", field_word(asset_field_name((enum asset_field)i)), asset->field[i]);
    for (unsigned i = 0; i < asset->value_count; i++)
        buffer_printf(out, "  %s = %s (%s)\n", asset->values[i].metric,
                      value_text(text, sizeof text, asset->values[i].value, asset->values[i].unit),
                      age_text(age, asset->values[i].time, now));
    unsigned count;
    const struct wire_asset *rows = asset_below(page, &count);
    for (unsigned i = 0; i < count && i < 40; i++)
        buffer_printf(out, "%3u  %s  %s  %s\n", i + 1, health_word(rows[i].health), rows[i].field[ASSET_id],
                      asset_name(&rows[i]));
}

static bool pick(struct view *view, unsigned number)
{
    struct asset_page *page = view->state;
    unsigned count;
    asset_below(page, &count);
    if (!number || number > count)
        return false;
    page->pane = PANE_BELOW;
    page->child = number - 1;
    return true;
}

const struct view_ops asset_view = {
    .name = "asset",
    .title = N_("Asset"),
    .argument = "ID",
    .help = N_("one asset: values, charts, history, messages"),
    .size = sizeof(struct asset_page),
    .open = asset_open,
    .close = asset_close,
    .wants = wants,
    .receive = receive,
    .draw = asset_draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
};

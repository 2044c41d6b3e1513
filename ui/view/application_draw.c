/* The application page's look: its three lists, the lines above them, and what the node under the cursor is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/application_private.h"
#include "view/host_text.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define WIDE_FROM 130

enum { T_LETTER, T_NAME, T_KIND, T_EVIDENCE, T_ASSET, T_AGE, T_COLUMNS };
enum { A_LETTER, A_AGE, A_WHAT, A_WHO, A_COLUMNS };
enum { V_TIME, V_UNIT, V_ASSET, V_RESULT, V_COLUMNS };
_Static_assert((int)T_COLUMNS == APPLICATION_CELLS, "a cell for each column");

/* ---- the lists ---- */

static char verdict_letter(const char *verdict)
{
    return strcmp(verdict, "ok") == 0 ? '.' : strcmp(verdict, "warning") == 0 ? 'w' : strcmp(verdict, "critical") == 0 ? '!' : '?';
}

static enum health verdict_health(const char *verdict)
{
    switch (verdict_letter(verdict)) {
    case '.': return HEALTH_OK;
    case 'w': return HEALTH_WARNING;
    case '!': return HEALTH_CRITICAL;
    default: return HEALTH_UNKNOWN;
    }
}

const char *application_verdict(const struct wire_node *node)
{
    return strcmp(node->verdict, "waiting") == 0 ? _("waiting for an address") : health_word(verdict_health(node->verdict));
}

const char *application_place(const struct wire_node *node)
{
    return strcmp(node->kind, "application") == 0 ? "" : node->asset;
}

/* Whether another node of the same depth follows before the tree comes back above it. */
static bool is_last(const struct application *app, unsigned at, unsigned depth)
{
    for (unsigned i = at + 1; i < app->page.node_count && app->page.nodes[i].depth >= depth; i++)
        if (app->page.nodes[i].depth == depth)
            return false;
    return true;
}

static void cell(struct application *app, struct table_row *row, unsigned column, uint8_t role, const char *text)
{
    snprintf(app->cell[column], sizeof app->cell[column], "%s", text);
    row->cells[column] = (struct table_cell){app->cell[column], role};
}

static void fill_node(void *owner, size_t index, struct table_row *row)
{
    struct application *app = owner;
    const struct wire_node *node = &app->page.nodes[index];
    enum health health = verdict_health(node->verdict);
    bool waits = strcmp(node->verdict, "waiting") == 0;
    uint8_t role = node->cause ? ROLE_CRITICAL : waits ? ROLE_DIM : ROLE_TEXT;
    char age[SPAN_TEXT], text[200];
    row->id = node->id;
    row->unhandled = health_is_wrong(health);
    row->depth = (uint8_t)(node->depth < 30 ? node->depth : 30);
    row->branch = row->open = index + 1 < app->page.node_count && app->page.nodes[index + 1].depth > node->depth;
    row->last = is_last(app, (unsigned)index, node->depth);
    for (unsigned depth = 1; depth < row->depth; depth++)
        row->passes |= is_last(app, (unsigned)index, depth) ? 0 : (uint32_t)1 << depth;
    health_glyph_text(app->cell[T_LETTER], health, app->ascii);
    row->cells[T_LETTER] = (struct table_cell){app->cell[T_LETTER], waits ? ROLE_DIM : (uint8_t)health_role(health)};
    row->cells[T_NAME] = (struct table_cell){*node->name ? node->name : node->id, role};
    snprintf(text, sizeof text, "%s%s", node->cause ? (app->ascii ? "<- " : "\342\227\202 ") : "", waits ? _("waiting for an address") : node->evidence);
    cell(app, row, T_EVIDENCE, node->cause ? ROLE_CRITICAL : row->unhandled ? (uint8_t)health_role(health) : ROLE_DIM, text);
    row->cells[T_KIND] = (struct table_cell){value_word(node->kind), ROLE_DIM};
    row->cells[T_ASSET] = (struct table_cell){application_place(node), ROLE_DIM};
    cell(app, row, T_AGE, ROLE_DIM, age_text(age, node->checked, app->now));
}

static void fill_alert(void *owner, size_t index, struct table_row *row)
{
    struct application *app = owner;
    const struct wire_alert *alert = &app->alerts[index];
    char letter[2] = {severity_letter(alert->severity), '\0'}, age[SPAN_TEXT];
    row->id = alert->id;
    row->unhandled = !alert->acknowledged && alert->condition == CONDITION_ACTIVE;
    buffer_clear(&app->what);
    alert_what(&app->what, alert, app->ascii);
    cell(app, row, A_LETTER, (uint8_t)severity_role(letter[0]), letter);
    cell(app, row, A_AGE, ROLE_DIM, age_text(age, alert->raised_at != CLOCK_NEVER ? alert->raised_at : alert->since, app->now));
    row->cells[A_WHAT] = (struct table_cell){buffer_text(&app->what), alert->condition == CONDITION_ACTIVE ? ROLE_TEXT : ROLE_DIM};
    row->cells[A_WHO] = (struct table_cell){alert_who(alert), ROLE_DIM};
}

static void fill_recovery(void *owner, size_t index, struct table_row *row)
{
    struct application *app = owner;
    const struct wire_recovery *recovery = &app->page.recoveries[index];
    char when[INSTANT_TEXT];
    snprintf(app->cell[5], sizeof app->cell[5], "%lld %s", (long long)recovery->time, recovery->unit);
    row->id = app->cell[5];
    cell(app, row, V_TIME, ROLE_DIM, instant_format_short(when, recovery->time, app->now));
    row->cells[V_UNIT] = (struct table_cell){*recovery->unit ? recovery->unit : recovery->node, ROLE_TEXT};
    row->cells[V_ASSET] = (struct table_cell){recovery->asset, ROLE_DIM};
    row->cells[V_RESULT] = (struct table_cell){recovery->result, ROLE_TEXT};
}

void application_make_tables(struct application *app)
{
    const struct table_column nodes[T_COLUMNS] = {
        [T_LETTER] = {.name = "letter", .title = "", .minimum = 1, .maximum = 1},
        [T_NAME] = {.name = "name", .title = _("made of"), .minimum = 18, .weight = 2, .maximum = 56, .cut = TEXT_CUT_MIDDLE, .strong = true},
        [T_KIND] = {.name = "kind", .title = _("kind"), .minimum = 5, .maximum = 11, .drop = 2},
        [T_EVIDENCE] = {.name = "evidence", .title = _("evidence"), .minimum = 20, .weight = 3, .cut = TEXT_CUT_END},
        [T_ASSET] = {.name = "asset", .title = _("on"), .minimum = 8, .maximum = 20, .cut = TEXT_CUT_MIDDLE, .drop = 1},
        [T_AGE] = {.name = "age", .title = _("age"), .minimum = 4, .maximum = 5, .right = true, .drop = 3},
    };
    const struct table_column alerts[A_COLUMNS] = {
        [A_LETTER] = {.name = "letter", .title = "", .minimum = 1, .maximum = 1},
        [A_AGE] = {.name = "age", .title = _("age"), .minimum = 5, .maximum = 5, .right = true},
        [A_WHAT] = {.name = "what", .title = _("alert"), .minimum = 24, .weight = 1, .cut = TEXT_CUT_END, .strong = true},
        [A_WHO] = {.name = "who", .title = _("who"), .minimum = 6, .maximum = 12, .drop = 1},
    };
    const struct table_column recoveries[V_COLUMNS] = {
        [V_TIME] = {.name = "time", .title = _("recovery"), .minimum = 11, .maximum = 16},
        [V_UNIT] = {.name = "unit", .title = _("systemd unit"), .minimum = 12, .maximum = 32, .cut = TEXT_CUT_MIDDLE, .strong = true},
        [V_ASSET] = {.name = "asset", .title = _("on"), .minimum = 8, .maximum = 20, .drop = 1},
        [V_RESULT] = {.name = "result", .title = _("result"), .minimum = 16, .weight = 1, .cut = TEXT_CUT_END},
    };
    app->table[PANE_NODES] = table_new(nodes, T_COLUMNS);
    app->table[PANE_ALERTS] = table_new(alerts, A_COLUMNS);
    app->table[PANE_RECOVERIES] = table_new(recoveries, V_COLUMNS);
}

void application_show_page(struct application *app)
{
    unsigned nodes = app->page.node_count, recoveries = app->page.recovery_count;
    table_refreshed(app->table[PANE_NODES], &(struct table_source){.owner = app, .total = nodes, .count = nodes, .row = fill_node});
    table_refreshed(app->table[PANE_RECOVERIES], &(struct table_source){.owner = app, .total = recoveries, .count = recoveries, .row = fill_recovery});
}

void application_show_alerts(struct application *app)
{
    unsigned count = app->alert_count;
    table_refreshed(app->table[PANE_ALERTS], &(struct table_source){.owner = app, .total = count, .count = count, .row = fill_alert});
}

/* ---- drawing ---- */

static void draw_title(struct application *app, struct surface *surface, struct rect area)
{
    const struct wire_application *row = &app->page.application;
    char text[160], age[SPAN_TEXT], since[INSTANT_TEXT], number[FIGURE_TEXT];
    uint8_t role = (uint8_t)health_role(row->health);
    struct buffer line = BUFFER_INIT;
    surface_put(surface, area.row, area.column + 1, role, health_glyph(row->health, surface->ascii));
    if (row->since == CLOCK_NEVER)
        snprintf(text, sizeof text, "%s", health_word(row->health));
    else
        snprintf(text, sizeof text, _("%s %s  (since %s)"), health_word(row->health), age_text(age, row->since, app->now),
                 instant_format_short(since, row->since, app->now));
    int width = text_width(text);
    surface_text(surface, area.row, area.column + area.columns - 1 - width, width, role, text);
    int used = 5 + surface_text_cut(surface, area.row, area.column + 3, area.columns / 2, ROLE_STRONG, *row->name ? row->name : row->id, TEXT_CUT_MIDDLE);
    surface_text_cut(surface, area.row, area.column + used, area.columns - used - width - 3, ROLE_DIM, row->subsystem, TEXT_CUT_END);
    surface_text_cut(surface, area.row + 1, area.column + 3, area.columns - 4, health_is_wrong(row->health) ? role : ROLE_TEXT,
                     *row->hurts ? row->hurts : _("nothing hurts"), TEXT_CUT_END);
    buffer_printf(&line, _("%u of %u checks good"), row->checks - row->failing - row->waiting, row->checks);
    if (row->waiting)
        buffer_printf(&line, _(" · %u wait for an address"), row->waiting);
    if (*row->recovery)
        buffer_printf(&line, _(" · recovery: %s"), row->recovery);
    if (isfinite(row->availability))
        buffer_printf(&line, _(" · this month %.2f %%"), floor(row->availability * 10000) / 100);
    if (isfinite(row->availability_30d))
        buffer_printf(&line, _(" · 30 days %.2f %%"), floor(row->availability_30d * 10000) / 100);
    if (isfinite(row->latency))
        buffer_printf(&line, " · %s ms", number_text(number, row->latency));
    if (isfinite(row->users))
        buffer_printf(&line, _(" · %s users"), number_text(number, row->users));
    if (isfinite(row->in_rate) && isfinite(row->out_rate)) {
        char up[FIGURE_TEXT];
        buffer_printf(&line, _(" · down %s up %s"), bits_text(number, row->in_rate), bits_text(up, row->out_rate));
    }
    if (*row->contract)
        buffer_printf(&line, " · %s %s", row->contract, row->requirement);
    surface_text_cut(surface, area.row + 2, area.column + 3, area.columns - 4, ROLE_DIM, buffer_text(&line), TEXT_CUT_END);
    buffer_release(&line);
}

static char *figure_text(char out[2 * FIGURE_TEXT], const struct wire_figure *figure)
{
    char number[FIGURE_TEXT];
    if (strcmp(figure->unit, "B") == 0)
        snprintf(out, 2 * FIGURE_TEXT, "%s", bytes_text(number, figure->value));
    else if (strcmp(figure->unit, "s") == 0)
        snprintf(out, 2 * FIGURE_TEXT, "%s", days_text(number, figure->value));
    else
        snprintf(out, 2 * FIGURE_TEXT, "%s%s%.20s", number_text(number, figure->value), *figure->unit ? " " : "", figure->unit);
    return out;
}

/* The node under the cursor in two lines: its state, its figures. */
static void draw_node(struct application *app, struct surface *surface, struct rect area)
{
    size_t at = table_cursor(app->table[PANE_NODES]);
    const struct wire_node *node = at < app->page.node_count ? &app->page.nodes[at] : NULL;
    struct buffer line = BUFFER_INIT;
    char age[SPAN_TEXT], since[INSTANT_TEXT], figure[2 * FIGURE_TEXT];
    surface_rule(surface, area.row, area.column, area.columns);
    if (!node)
        return;
    bool wrong = health_is_wrong(verdict_health(node->verdict));
    buffer_printf(&line, "%s  %s · %s", node->name, value_word(node->kind), application_verdict(node));
    if (node->since != CLOCK_NEVER)
        buffer_printf(&line, _(" since %s"), instant_format_short(since, node->since, app->now));
    if (*application_place(node))
        buffer_printf(&line, _(" · on %s"), application_place(node));
    if (node->checked != CLOCK_NEVER)
        buffer_printf(&line, _(" · checked %s ago"), age_text(age, node->checked, app->now));
    if (node->cause)
        buffer_printf(&line, " · %s", _("the first broken one: nothing below it is"));
    surface_text_cut(surface, area.row + 1, area.column + 1, area.columns - 2, wrong ? (uint8_t)health_role(verdict_health(node->verdict)) : ROLE_STRONG,
                     buffer_text(&line), TEXT_CUT_END);
    buffer_clear(&line);
    buffer_append_text(&line, node->evidence);
    for (unsigned i = 0; i < node->figure_count; i++)
        buffer_printf(&line, "%s%s %s", line.length ? " · " : "", node->figures[i].name, figure_text(figure, &node->figures[i]));
    for (unsigned i = 0; i < node->need_count; i++)
        buffer_printf(&line, "%s%s%s", i ? ", " : line.length ? " · " : "", i ? "" : _("needs "), node->needs[i]);
    surface_text_cut(surface, area.row + 2, area.column + 1, area.columns - 2, ROLE_TEXT, buffer_text(&line), TEXT_CUT_END);
    buffer_release(&line);
}

static void draw_pane(struct application *app, struct surface *surface, struct rect area, enum pane pane)
{
    table_set_focus(app->table[pane], app->pane == pane);
    table_draw(app->table[pane], surface, area);
}

static void draw_narrow(struct application *app, struct surface *surface, struct rect rest)
{
    enum pane lower = app->pane == PANE_RECOVERIES || (app->pane == PANE_NODES && !app->alert_count && app->page.recovery_count)
                          ? PANE_RECOVERIES : PANE_ALERTS;
    unsigned listed = lower == PANE_ALERTS ? app->alert_count : app->page.recovery_count;
    int below = app->pane == PANE_NODES ? ((int)listed + 2 < rest.rows / 3 ? (int)listed + 2 : rest.rows / 3) : rest.rows / 2;
    if (rest.rows < 12)
        below = app->pane == PANE_NODES ? 0 : below;
    struct rect bottom = rect_cut_bottom(&rest, below);
    if (rest.rows > 5)
        draw_node(app, surface, rect_cut_bottom(&rest, 3));
    draw_pane(app, surface, rest, PANE_NODES);
    if (bottom.rows > 1) {
        surface_rule(surface, bottom.row, bottom.column, bottom.columns);
        rect_cut_top(&bottom, 1);
        draw_pane(app, surface, bottom, lower);
    }
}

static void draw_wide(struct application *app, struct surface *surface, struct rect rest)
{
    struct rect right = rect_cut_right(&rest, rest.columns * 2 / 5);
    rect_cut_left(&right, 2);
    draw_node(app, surface, rect_cut_bottom(&rest, 3));
    draw_pane(app, surface, rest, PANE_NODES);
    struct rect top = rect_cut_top(&right, right.rows / 2);
    draw_pane(app, surface, top, PANE_ALERTS);
    draw_pane(app, surface, right, PANE_RECOVERIES);
}

void application_draw(struct view *view, struct surface *surface, struct rect area)
{
    struct application *app = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    app->ascii = surface->ascii;
    app->now = view->host_ops->now(view->host);
    if (!app->have || area.rows < 6) {
        surface_text(surface, area.row, area.column + 1, area.columns - 2, ROLE_STRONG, app->id);
        if (area.rows > 1)
            surface_text(surface, area.row + 1, area.column + 1, area.columns - 2, app->problem[0] ? ROLE_ERROR : ROLE_DIM,
                         app->problem[0] ? app->problem : _("loading ..."));
        return;
    }
    draw_title(app, surface, rect_cut_top(&rest, 3));
    for (unsigned i = 0; i < PANES; i++)
        table_set_stale(app->table[i], view->host_ops->stale(view->host));
    table_set_empty(app->table[PANE_NODES], _("it has no checks"), "");
    table_set_empty(app->table[PANE_ALERTS], _("no alert"), "");
    table_set_empty(app->table[PANE_RECOVERIES], _("nothing had to be recovered"), "");
    if (area.columns >= WIDE_FROM)
        draw_wide(app, surface, rest);
    else
        draw_narrow(app, surface, rest);
}

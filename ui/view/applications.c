/* The business systems: whether each does its work, since when, how much of the time, and where it hurts. Those that
 * wait for an address are counted and folded away until asked for (R022, R361). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/host_text.h"
#include "view/list.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

enum column { C_LETTER, C_NAME, C_SUBSYSTEM, C_MONTH, C_UPTIME, C_LATENCY, C_USERS, C_DOWN, C_UP, C_CHECKS, C_HURTS, C_SERVERS, COLUMNS };

struct applications {
    struct list list;
    unsigned *shown;           /* indexes of rows, in their order */
    size_t shown_capacity;
    unsigned shown_count, waiting;
    bool all;
    char cell[COLUMNS][64];
    struct buffer servers;
};

static const struct list_column columns[COLUMNS] = {
    [C_LETTER] = {{.name = "letter", .title = "", .minimum = 1, .maximum = 1}, .sort = "health", .largest = true},
    [C_NAME] = {{.name = "name", .title = N_("application"), .minimum = 14, .weight = 2, .maximum = 32,
                 .cut = TEXT_CUT_MIDDLE, .strong = true}, .sort = "name"},
    [C_SUBSYSTEM] = {{.name = "subsystem", .title = N_("subsystem"), .minimum = 8, .maximum = 16, .drop = 6},
                     .sort = "subsystem"},
    [C_MONTH] = {{.name = "month", .title = N_("month%"), .minimum = 6, .maximum = 8, .right = true}, .sort = "availability"},
    [C_UPTIME] = {{.name = "uptime", .title = N_("uptime"), .minimum = 6, .maximum = 6, .right = true, .drop = 2},
                  .sort = "uptime_s", .largest = true},
    [C_LATENCY] = {{.name = "latency", .title = "ms", .minimum = 5, .maximum = 6, .right = true},
                   .sort = "latency_ms", .largest = true},
    [C_USERS] = {{.name = "users", .title = N_("users"), .minimum = 5, .maximum = 6, .right = true, .drop = 3},
                 .sort = "users", .largest = true},
    [C_DOWN] = {{.name = "down", .title = N_("down/s"), .minimum = 6, .maximum = 8, .right = true, .drop = 7},
                .sort = "in_rate", .largest = true},
    [C_UP] = {{.name = "up", .title = N_("up/s"), .minimum = 6, .maximum = 8, .right = true, .drop = 7},
              .sort = "out_rate", .largest = true},
    [C_CHECKS] = {{.name = "checks", .title = N_("checks"), .minimum = 6, .maximum = 6, .right = true, .drop = 1},
                  .sort = "failing", .largest = true},
    [C_HURTS] = {{.name = "hurts", .title = N_("where it hurts"), .minimum = 20, .weight = 4, .cut = TEXT_CUT_END}},
    [C_SERVERS] = {{.name = "servers", .title = N_("servers"), .minimum = 10, .weight = 1, .maximum = 40, .drop = 5}},
};

static const struct wire_application *row_at(const struct applications *apps, size_t i)
{
    return (const struct wire_application *)apps->list.rows + i;
}

/* None of its checks has an address yet. */
static bool waits(const struct wire_application *row)
{
    return row->waiting && row->waiting == row->checks;
}

/* "99.87": never rounded up to a hundred that it was not. */
static char *availability_text(char out[FIGURE_TEXT], double share)
{
    if (!isfinite(share))
        return strcpy(out, "\342\200\224");
    double percent = floor(share * 10000) / 100;
    snprintf(out, FIGURE_TEXT, percent >= 100 ? "%.0f" : "%.2f", percent);
    return out;
}

static void cell(struct applications *apps, struct table_row *row, enum column column, uint8_t role, const char *text)
{
    snprintf(apps->cell[column], sizeof apps->cell[column], "%s", text);
    row->cells[column] = (struct table_cell){apps->cell[column], role};
}

static void fill_row(struct view *view, size_t at, struct table_row *out)
{
    struct applications *apps = view->state;
    const struct wire_application *row = row_at(apps, apps->shown[at]);
    char text[FIGURE_TEXT];
    bool dim = waits(row), wrong = health_is_wrong(row->health);
    uint8_t role = dim ? ROLE_DIM : ROLE_TEXT, health = dim ? ROLE_DIM : (uint8_t)health_role(row->health);
    out->id = row->id;
    out->revision = -1;
    out->unhandled = wrong;
    health_glyph_text(apps->cell[C_LETTER], row->health, apps->list.ascii);
    out->cells[C_LETTER] = (struct table_cell){apps->cell[C_LETTER], health};
    out->cells[C_NAME] = (struct table_cell){*row->name ? row->name : row->id, role};
    out->cells[C_SUBSYSTEM] = (struct table_cell){row->subsystem, ROLE_DIM};
    out->cells[C_HURTS] = (struct table_cell){row->hurts, wrong ? health : ROLE_DIM};
    if (dim)
        return;
    cell(apps, out, C_MONTH, row->availability < 0.99 ? ROLE_WARNING : ROLE_TEXT, availability_text(text, row->availability));
    cell(apps, out, C_UPTIME, ROLE_DIM, wrong ? "" : days_text(text, row->uptime));
    cell(apps, out, C_LATENCY, ROLE_TEXT, number_text(text, row->latency));
    cell(apps, out, C_USERS, ROLE_TEXT, isfinite(row->users) ? number_text(text, row->users) : "");
    cell(apps, out, C_DOWN, ROLE_TEXT, isfinite(row->in_rate) ? bits_short(text, row->in_rate) : "");
    cell(apps, out, C_UP, ROLE_TEXT, isfinite(row->out_rate) ? bits_short(text, row->out_rate) : "");
    snprintf(apps->cell[C_CHECKS], sizeof apps->cell[C_CHECKS], "%u/%u", row->checks - row->failing - row->waiting, row->checks);
    out->cells[C_CHECKS] = (struct table_cell){apps->cell[C_CHECKS], row->failing ? health : ROLE_DIM};
    buffer_clear(&apps->servers);
    for (unsigned i = 0; i < row->server_count; i++)
        buffer_printf(&apps->servers, "%s%s", i ? ", " : "", row->servers[i]);
    out->cells[C_SERVERS] = (struct table_cell){buffer_text(&apps->servers), ROLE_DIM};
}

/* ---- rows shown ---- */

static void give_rows(struct view *view)
{
    struct applications *apps = view->state;
    unsigned count = apps->list.count;
    apps->shown_count = apps->waiting = 0;
    for (unsigned i = 0; i < count; i++)
        apps->waiting += waits(row_at(apps, i));
    bool all = apps->all || apps->waiting == count || *apps->list.filter; /* who looks for one by name means it */
    ARRAY_RESERVE(apps->shown, apps->shown_capacity, count + 1);
    for (unsigned turn = 0; turn < 2; turn++) /* those that wait stand last */
        for (unsigned i = 0; i < count; i++)
            if (waits(row_at(apps, i)) == (turn == 1) && (all || turn == 0))
                apps->shown[apps->shown_count++] = i;
    list_show(view, apps->shown_count);
}

LIST_READ(read_rows, wire_application, wire_read_applications)

static const struct list_kind kind = {
    .page = "application",
    .resource = "assets",
    .worst = "-health,name",
    .worst_word = N_("worst first"),
    .tie = ",name",
    .most = "2000", /* a contract names some sixty */
    .empty = N_("no application is known"),
    .why = N_("`applications:` in nocturne.yml and the contracts' profiles name them"),
    .unmatched = N_("no application matches"),
    .no_more = N_("nothing else is wrong"),
    .read = read_rows,
    .took = give_rows,
    .row = fill_row,
};

static bool applications_open(struct view *view, const char *argument, struct error *error)
{
    return list_init(view, &kind, columns, COLUMNS, argument, error);
}

static void applications_close(struct view *view)
{
    struct applications *apps = view->state;
    list_release(view);
    buffer_release(&apps->servers);
    free(apps->shown);
}

static void wants(struct view *view, struct view_wants *out)
{
    list_want(view, out, &(struct list_want){.base = "/applications", .refresh = "fleet ledger pulse", .every = 1000});
}

/* ---- drawing ---- */

static void headline_text(const struct applications *apps, struct buffer *out)
{
    unsigned wrong = 0, count = apps->list.count, folded = count - apps->shown_count, all = apps->list.page.population;
    for (unsigned i = 0; i < count; i++)
        wrong += health_is_wrong(row_at(apps, i)->health);
    buffer_printf(out, _("%u of %u"), apps->shown_count, all > count ? all : count);
    if (wrong)
        buffer_printf(out, _(" · %u hurt"), wrong);
    if (folded)
        buffer_printf(out, _(" · %u wait for an address (H shows them)"), folded);
    else if (apps->waiting)
        buffer_printf(out, _(" · %u wait for an address"), apps->waiting);
}

static const struct wire_application *current(const struct applications *apps)
{
    size_t at = list_at(&apps->list);
    return at < apps->shown_count ? row_at(apps, apps->shown[at]) : NULL;
}

static void draw_lines(struct applications *apps, struct surface *surface, struct rect area)
{
    const struct wire_application *row = current(apps);
    struct buffer line = BUFFER_INIT;
    char text[FIGURE_TEXT], age[SPAN_TEXT], since[INSTANT_TEXT], health[120];
    surface_rule(surface, area.row, area.column, area.columns);
    rect_cut_top(&area, 1);
    if (!row)
        return;
    if (row->since == CLOCK_NEVER)
        snprintf(health, sizeof health, "%s", health_word(row->health));
    else
        snprintf(health, sizeof health, _("%s %s  (since %s)"), health_word(row->health), age_text(age, row->since, apps->list.now),
                 instant_format_short(since, row->since, apps->list.now));
    int width = text_width(health);
    surface_text(surface, area.row, area.column + area.columns - 1 - width, width, (uint8_t)health_role(row->health), health);
    buffer_printf(&line, "%s  %s", row->name, row->subsystem);
    surface_text_cut(surface, area.row, area.column + 1, area.columns - width - 4, ROLE_STRONG, buffer_text(&line), TEXT_CUT_MIDDLE);
    surface_text_cut(surface, area.row + 1, area.column + 1, area.columns - 2,
                     health_is_wrong(row->health) ? (uint8_t)health_role(row->health) : ROLE_TEXT,
                     *row->hurts ? row->hurts : _("nothing hurts"), TEXT_CUT_END);
    buffer_clear(&line);
    if (isfinite(row->availability_30d))
        buffer_printf(&line, _("30 days %s %%  "), availability_text(text, row->availability_30d));
    if (*row->contract)
        buffer_printf(&line, "%s %s  ", row->contract, row->requirement);
    if (*row->recovery)
        buffer_printf(&line, _("recovery: %s  "), row->recovery);
    for (unsigned i = 0; i < row->server_count; i++)
        buffer_printf(&line, "%s%s", i ? ", " : _("on "), row->servers[i]);
    surface_text_cut(surface, area.row + 2, area.column + 1, area.columns - 2, ROLE_DIM, buffer_text(&line), TEXT_CUT_END);
    buffer_release(&line);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct applications *apps = view->state;
    struct rect rest = area;
    struct buffer text = BUFFER_INIT;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    if (apps->list.have)
        headline_text(apps, &text);
    list_headline(view, surface, rect_cut_top(&rest, 1), buffer_text(&text), NULL, NULL);
    buffer_release(&text);
    if (area.rows >= LIST_LINES_FROM)
        draw_lines(apps, surface, rect_cut_bottom(&rest, 4));
    list_draw(view, surface, rest);
}

/* ---- doing ---- */

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct applications *apps = view->state;
    if (strcmp(name, "hidden") == 0) {
        apps->all = !apps->all;
        give_rows(view);
        return REACT_HANDLED | REACT_DRAW;
    }
    if (strcmp(name, "hurts") != 0)
        return list_command(view, name, argument, error);
    if (current(apps)) /* its page opens at the first broken node */
        return list_command(view, "open", argument, error);
    view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing hurts here"));
    return REACT_HANDLED;
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("applications"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    const struct applications *apps = view->state;
    buffer_printf(out, "Enter %s  b %s  / %s  > %s  n %s", _("open"), _("where it hurts"), _("filter"), _("sort"), _("next wrong"));
    if (apps->waiting)
        buffer_printf(out, "  H %s", apps->all ? _("fold") : _("those waiting"));
    buffer_printf(out, "  h %s", _("history"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct applications *apps = view->state;
    headline_text(apps, out);
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < apps->shown_count && i < 80; i++) {
        const struct wire_application *row = row_at(apps, apps->shown[i]);
        char month[FIGURE_TEXT], latency[FIGURE_TEXT];
        buffer_printf(out, "%3u  %s  %s", i + 1, health_word(row->health), *row->name ? row->name : row->id);
        if (!waits(row))
            buffer_printf(out, "  %s %%  %s ms  %u/%u %s", availability_text(month, row->availability), number_text(latency, row->latency),
                          row->checks - row->failing - row->waiting, row->checks, _("checks"));
        buffer_printf(out, "%s%s\n", *row->hurts ? "  " : "", row->hurts);
    }
}

const struct view_ops applications_view = {
    .name = "applications",
    .title = N_("Apps"),
    .tab = '5',
    .argument = "[FILTER]",
    .help = N_("each business system: does it work, since when, where does it hurt"),
    .size = sizeof(struct applications),
    .open = applications_open,
    .close = applications_close,
    .wants = wants,
    .receive = list_receive,
    .draw = draw,
    .key = list_key,
    .command = command,
    .targets = list_targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
    .filter = list_filter,
    .set_filter = list_set_filter,
};

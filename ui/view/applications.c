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
#include "view/parts.h"
#include "view/view.h"
#include "widget/letters.h"
#include "widget/table.h"
#include "window/layout.h"

#define APPLICATIONS_MOST "2000" /* a contract names some sixty */
#define LINES_FROM 14
#define SORT_WORST "-health,name"

enum column { C_LETTER, C_NAME, C_SUBSYSTEM, C_MONTH, C_UPTIME, C_LATENCY, C_USERS, C_CHECKS, C_HURTS, C_SERVERS, COLUMNS };

static const char *const sort_fields[COLUMNS] = {
    [C_LETTER] = "health", [C_NAME] = "name", [C_SUBSYSTEM] = "subsystem", [C_MONTH] = "availability", [C_UPTIME] = "uptime_s",
    [C_LATENCY] = "latency_ms", [C_USERS] = "users", [C_CHECKS] = "failing"};

struct applications {
    char *filter, *sent, *sort;
    struct table *table;
    struct arena *arena;
    struct wire_application *rows;
    unsigned row_count;
    unsigned *shown;           /* indexes of rows, in their order */
    size_t shown_capacity;
    unsigned shown_count, waiting;
    struct wire_page page;
    bool have, ascii, all;
    char problem[384];
    msec now;
    char cell[COLUMNS][64];
    struct buffer servers;
    const char *id;
    int64_t revision;
};

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

static void fill_row(void *owner, size_t index, struct table_row *out)
{
    struct applications *apps = owner;
    const struct wire_application *row = &apps->rows[apps->shown[index]];
    char text[FIGURE_TEXT];
    bool dim = waits(row), wrong = health_is_wrong(row->health);
    uint8_t role = dim ? ROLE_DIM : ROLE_TEXT, health = dim ? ROLE_DIM : (uint8_t)health_role(row->health);
    out->id = row->id;
    out->unhandled = wrong;
    health_glyph_text(apps->cell[C_LETTER], row->health, apps->ascii);
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
    snprintf(apps->cell[C_CHECKS], sizeof apps->cell[C_CHECKS], "%u/%u", row->checks - row->failing - row->waiting, row->checks);
    out->cells[C_CHECKS] = (struct table_cell){apps->cell[C_CHECKS], row->failing ? health : ROLE_DIM};
    buffer_clear(&apps->servers);
    for (unsigned i = 0; i < row->server_count; i++)
        buffer_printf(&apps->servers, "%s%s", i ? ", " : "", row->servers[i]);
    out->cells[C_SERVERS] = (struct table_cell){buffer_text(&apps->servers), ROLE_DIM};
}

static struct table *make_table(void)
{
    const struct table_column columns[COLUMNS] = {
        [C_LETTER] = {.name = "letter", .title = "", .minimum = 1, .maximum = 1},
        [C_NAME] = {.name = "name", .title = _("application"), .minimum = 14, .weight = 2, .maximum = 32, .cut = TEXT_CUT_MIDDLE, .strong = true},
        [C_SUBSYSTEM] = {.name = "subsystem", .title = _("subsystem"), .minimum = 8, .maximum = 16, .drop = 6},
        [C_MONTH] = {.name = "month", .title = _("month%"), .minimum = 6, .maximum = 8, .right = true},
        [C_UPTIME] = {.name = "uptime", .title = _("uptime"), .minimum = 6, .maximum = 6, .right = true, .drop = 2},
        [C_LATENCY] = {.name = "latency", .title = "ms", .minimum = 5, .maximum = 6, .right = true},
        [C_USERS] = {.name = "users", .title = _("users"), .minimum = 5, .maximum = 6, .right = true, .drop = 3},
        [C_CHECKS] = {.name = "checks", .title = _("checks"), .minimum = 6, .maximum = 6, .right = true, .drop = 1},
        [C_HURTS] = {.name = "hurts", .title = _("where it hurts"), .minimum = 20, .weight = 4, .cut = TEXT_CUT_END},
        [C_SERVERS] = {.name = "servers", .title = _("servers"), .minimum = 10, .weight = 1, .maximum = 40, .drop = 5},
    };
    return table_new(columns, COLUMNS);
}

/* ---- rows shown ---- */

static void give_rows(struct applications *apps)
{
    apps->shown_count = apps->waiting = 0;
    for (unsigned i = 0; i < apps->row_count; i++)
        apps->waiting += waits(&apps->rows[i]);
    bool all = apps->all || apps->waiting == apps->row_count || *apps->filter; /* who looks for one by name means it */
    ARRAY_RESERVE(apps->shown, apps->shown_capacity, apps->row_count + 1);
    for (unsigned turn = 0; turn < 2; turn++) /* those that wait stand last */
        for (unsigned i = 0; i < apps->row_count; i++)
            if (waits(&apps->rows[i]) == (turn == 1) && (all || turn == 0))
                apps->shown[apps->shown_count++] = i;
    table_refreshed(apps->table, &(struct table_source){.owner = apps, .total = apps->shown_count, .count = apps->shown_count, .row = fill_row});
}

static void set_sort(struct applications *apps, const char *sort)
{
    char *copy = memory_text(sort);
    bool descending = *sort == '-';
    size_t length = strcspn(sort + descending, ",");
    unsigned count;
    const struct table_column *columns = table_columns(apps->table, &count);
    for (unsigned i = 0; i < COLUMNS; i++)
        if (sort_fields[i] && strlen(sort_fields[i]) == length && memcmp(sort_fields[i], sort + descending, length) == 0)
            table_set_sort(apps->table, columns[i].name, descending);
    free(apps->sort);
    apps->sort = copy;
}

static void sort_by(struct applications *apps, enum column column)
{
    bool words = column == C_NAME || column == C_SUBSYSTEM || column == C_MONTH;
    char *sort = memory_printf("%s%s,name", words ? "" : "-", sort_fields[column]);
    set_sort(apps, sort);
    free(sort);
}

static void sort_beside(struct applications *apps, int step)
{
    const char *now = apps->sort + (*apps->sort == '-');
    int at = C_LETTER;
    for (int i = 0; i < COLUMNS; i++)
        if (sort_fields[i] && strlen(sort_fields[i]) == strcspn(now, ",") && strncmp(sort_fields[i], now, strlen(sort_fields[i])) == 0)
            at = i;
    do
        at = (at + step + COLUMNS) % COLUMNS;
    while (!sort_fields[at]);
    sort_by(apps, (enum column)at);
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct applications *apps = view->state;
    char *sent = filter_typed(text, typing, error), *copy;
    if (!sent)
        return false;
    free(apps->sent);
    apps->sent = sent;
    copy = memory_text(text); /* may be our own */
    free(apps->filter);
    apps->filter = copy;
    return true;
}

static bool applications_open(struct view *view, const char *argument, struct error *error)
{
    struct applications *apps = view->state;
    apps->table = make_table();
    set_sort(apps, SORT_WORST);
    return set_filter(view, argument, false, error);
}

static void applications_close(struct view *view)
{
    struct applications *apps = view->state;
    table_free(&apps->table);
    arena_free(&apps->arena);
    buffer_release(&apps->servers);
    free(apps->shown);
    free(apps->filter);
    free(apps->sent);
    free(apps->sort);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct applications *apps = view->state;
    struct buffer path = BUFFER_INIT;
    client_path(&path, "/applications", "filter", apps->sent, "sort", apps->sort, "limit", APPLICATIONS_MOST, NULL);
    view_want(out, 0, "fleet ledger pulse", 1000, buffer_text(&path));
    buffer_release(&path);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct applications *apps = view->state;
    (void)slot;
    if (answer->error) {
        snprintf(apps->problem, sizeof apps->problem, "%s", answer->error->text);
        *error = *answer->error;
        return false;
    }
    struct arena *arena = arena_new(), *old = apps->arena;
    struct wire_page page = {0};
    struct wire_application *rows = NULL;
    unsigned count = 0;
    if (!wire_read_applications(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    apps->arena = arena;
    apps->page = page;
    apps->rows = rows;
    apps->row_count = count;
    apps->have = true;
    apps->problem[0] = '\0';
    give_rows(apps);
    arena_free(&old);
    return true;
}

/* ---- drawing ---- */

static void headline_text(const struct applications *apps, struct buffer *out)
{
    unsigned wrong = 0, folded = apps->row_count - apps->shown_count;
    for (unsigned i = 0; i < apps->row_count; i++)
        wrong += health_is_wrong(apps->rows[i].health);
    buffer_printf(out, _("%u of %u"), apps->shown_count, apps->page.population > apps->row_count ? apps->page.population : apps->row_count);
    if (wrong)
        buffer_printf(out, _(" · %u hurt"), wrong);
    if (folded)
        buffer_printf(out, _(" · %u wait for an address (H shows them)"), folded);
    else if (apps->waiting)
        buffer_printf(out, _(" · %u wait for an address"), apps->waiting);
}

static const struct wire_application *current(const struct applications *apps)
{
    size_t at = table_cursor(apps->table);
    return at < apps->shown_count ? &apps->rows[apps->shown[at]] : NULL;
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
        snprintf(health, sizeof health, _("%s %s  (since %s)"), health_word(row->health), age_text(age, row->since, apps->now),
                 instant_format_short(since, row->since, apps->now));
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
    apps->ascii = surface->ascii;
    apps->now = view->host_ops->now(view->host);
    struct rect head = rect_cut_top(&rest, 1);
    if (apps->have)
        headline_text(apps, &text);
    int used = 3 + surface_text(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING, buffer_text(&text));
    if (*apps->filter)
        surface_text_cut(surface, head.row, head.column + used, head.columns - used - 1, ROLE_MATCH, apps->filter, TEXT_CUT_END);
    buffer_release(&text);
    table_set_stale(apps->table, view->host_ops->stale(view->host));
    table_set_empty(apps->table,
                    apps->have         ? (*apps->filter ? _("no application matches") : _("no application is known"))
                    : apps->problem[0] ? apps->problem : _("loading ..."),
                    *apps->filter ? _("Esc clears the filter") : apps->have ? _("`applications:` in nocturne.yml and the contracts' profiles name them") : "");
    if (area.rows >= LINES_FROM)
        draw_lines(apps, surface, rect_cut_bottom(&rest, 4));
    table_draw(apps->table, surface, rest);
}

/* ---- doing ---- */

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct applications *apps = view->state;
    const char *clicked;
    switch (table_key(apps->table, key)) {
    case TABLE_IGNORED:
        return REACT_IGNORED;
    case TABLE_CHOSEN:
        if (table_cursor_lost(apps->table))
            view->host_ops->say(view->host, ROLE_WARNING, "%s", _("that row has gone; this is another"));
        else if (table_cursor_id(apps->table))
            view->host_ops->open(view->host, "application", table_cursor_id(apps->table));
        break;
    case TABLE_SORT:
        clicked = table_clicked_column(apps->table);
        for (unsigned i = 0, count; clicked && i < COLUMNS; i++)
            if (sort_fields[i] && strcmp(table_columns(apps->table, &count)[i].name, clicked) == 0)
                sort_by(apps, (enum column)i);
        return REACT_HANDLED | REACT_DRAW | REACT_WANT;
    case TABLE_MOVED: case TABLE_SCROLLED: case TABLE_MARKED:
        break;
    }
    return REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct applications *apps = view->state;
    struct key_event motion;
    (void)error;
    if (strcmp(name, "hidden") == 0) {
        apps->all = !apps->all;
        give_rows(apps);
    } else if (strcmp(name, "hurts") == 0 && table_cursor_id(apps->table)) {
        view->host_ops->open(view->host, "application", table_cursor_id(apps->table));
    } else if (strcmp(name, "sort") == 0) {
        set_sort(apps, *argument ? argument : SORT_WORST);
    } else if (strncmp(name, "sort-", 5) == 0) {
        sort_beside(apps, strcmp(name, "sort-next") == 0 ? 1 : -1);
    } else if (strcmp(name, "reverse") == 0) {
        char *sort = *apps->sort == '-' ? memory_text(apps->sort + 1) : memory_printf("-%s", apps->sort);
        set_sort(apps, sort);
        free(sort);
    } else if (motion_key(name, &motion)) {
        return key(view, &motion);
    } else {
        return REACT_IGNORED;
    }
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct applications *apps = view->state;
    apps->id = table_cursor_id(apps->table);
    apps->revision = -1;
    *out = (struct view_targets){.ids = &apps->id, .revisions = &apps->revision, .count = apps->id != NULL, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    buffer_printf(out, "%s ▸ %s", overview ? overview->site : _("site"), _("applications"));
}

static void hints(struct view *view, struct buffer *out)
{
    const struct applications *apps = view->state;
    buffer_printf(out, "Enter %s  w %s  / %s  > %s  n %s", _("open"), _("where it hurts"), _("filter"), _("sort"), _("next wrong"));
    if (apps->waiting)
        buffer_printf(out, "  H %s", apps->all ? _("fold") : _("those waiting"));
    buffer_printf(out, "  h %s", _("history"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct applications *apps = view->state;
    (void)view;
    headline_text(apps, out);
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < apps->shown_count && i < 80; i++) {
        const struct wire_application *row = &apps->rows[apps->shown[i]];
        char month[FIGURE_TEXT], latency[FIGURE_TEXT];
        buffer_printf(out, "%3u  %s  %s", i + 1, health_word(row->health), *row->name ? row->name : row->id);
        if (!waits(row))
            buffer_printf(out, "  %s %%  %s ms  %u/%u %s", availability_text(month, row->availability), number_text(latency, row->latency),
                          row->checks - row->failing - row->waiting, row->checks, _("checks"));
        buffer_printf(out, "%s%s\n", *row->hurts ? "  " : "", row->hurts);
    }
}

static bool pick(struct view *view, unsigned number)
{
    struct applications *apps = view->state;
    if (!number || number > apps->shown_count)
        return false;
    table_move_to(apps->table, number - 1);
    return true;
}

static const char *filter(struct view *view)
{
    return ((struct applications *)view->state)->filter;
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

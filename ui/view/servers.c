/* The servers the platform stands on: one row each, worst first, with what runs short; beside it the cursor's server
 * over the last hour. Only the rows near the screen are here (R040, R359). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/host_text.h"
#include "view/parts.h"
#include "view/server_brief.h"
#include "widget/letters.h"
#include "widget/table.h"
#include "window/layout.h"

#define SIDE_FROM 150
#define SIDE_COLUMNS 62
#define LINES_FROM 14        /* rows of the body from which the cursor's server is explained below the list */
#define WINDOW_LEAST 100u
#define SORT_WORST "-health,id"
#define GAUGE 6

enum { SLOT_ROWS, SLOT_BRIEF };

enum column { C_LETTER, C_NAME, C_PLACE, C_SYSTEM, C_CPU, C_CPU_BAR, C_MEMORY, C_MEMORY_BAR, C_DISK, C_MOUNT, C_IN, C_OUT,
              C_LOAD, C_SESSIONS, C_UNITS, C_PORTS, C_ALERTS, C_AGE, COLUMNS };

/* What the daemon sorts a column by; NULL: it cannot. */
static const char *const sort_fields[COLUMNS] = {
    [C_LETTER] = "health", [C_NAME] = "name", [C_PLACE] = "place", [C_SYSTEM] = "system", [C_CPU] = "cpu",
    [C_MEMORY] = "memory", [C_DISK] = "disk", [C_MOUNT] = "disk_mount", [C_IN] = "in_rate", [C_OUT] = "out_rate",
    [C_LOAD] = "load1", [C_SESSIONS] = "sessions", [C_UNITS] = "failed_units", [C_PORTS] = "unexpected",
    [C_ALERTS] = "alerts", [C_AGE] = "taken"};

struct servers {
    char *filter, *sent, *sort;
    struct table *table;
    struct arena *arena;
    struct wire_server *rows;
    unsigned row_count;
    struct wire_page page;
    bool have, ascii;
    char problem[384];
    size_t offset, count;      /* the window asked for */
    msec now;
    char site[80];
    struct server_brief *brief;
    char cell[COLUMNS][64];
    const char *id;
    int64_t revision;
};

/* ---- rows ---- */

static void number_cell(struct servers *servers, struct table_row *row, enum column column, double value, uint8_t role)
{
    percent_text(servers->cell[column], value);
    row->cells[column] = (struct table_cell){servers->cell[column], isfinite(value) ? role : ROLE_DIM};
}

static void bar_cell(struct servers *servers, struct table_row *row, enum column column, double value, uint8_t role)
{
    gauge_text(servers->cell[column], sizeof servers->cell[column], value, GAUGE, servers->ascii);
    row->cells[column] = (struct table_cell){servers->cell[column], role == ROLE_TEXT ? ROLE_GAUGE : role};
}

static void count_cell(struct servers *servers, struct table_row *row, enum column column, unsigned count, uint8_t role)
{
    snprintf(servers->cell[column], sizeof servers->cell[column], "%u", count);
    row->cells[column] = (struct table_cell){count ? servers->cell[column] : "", count ? role : ROLE_DIM};
}

static void fill_figures(struct servers *servers, const struct wire_server *server, struct table_row *row)
{
    uint8_t cpu = server->cpu >= 95 ? ROLE_WARNING : ROLE_TEXT, memory = server->memory >= 95 ? ROLE_WARNING : ROLE_TEXT,
            disk = fill_role(server->disk, ROLE_TEXT);
    number_cell(servers, row, C_CPU, server->cpu, cpu);
    bar_cell(servers, row, C_CPU_BAR, server->cpu, cpu);
    number_cell(servers, row, C_MEMORY, server->memory, memory);
    bar_cell(servers, row, C_MEMORY_BAR, server->memory, memory);
    number_cell(servers, row, C_DISK, server->disk, disk);
    row->cells[C_MOUNT] = (struct table_cell){server->disk_mount, disk == ROLE_TEXT ? ROLE_DIM : disk};
    row->cells[C_IN] = (struct table_cell){bits_short(servers->cell[C_IN], server->in_rate), ROLE_TEXT};
    row->cells[C_OUT] = (struct table_cell){bits_short(servers->cell[C_OUT], server->out_rate), ROLE_TEXT};
    row->cells[C_LOAD] = (struct table_cell){number_text(servers->cell[C_LOAD], server->load1),
                                             server->cores && server->load1 > 2 * server->cores ? ROLE_WARNING : ROLE_TEXT};
    count_cell(servers, row, C_SESSIONS, server->sessions, ROLE_TEXT);
    count_cell(servers, row, C_UNITS, server->failed_units, ROLE_WARNING);
    count_cell(servers, row, C_PORTS, server->unexpected, ROLE_WARNING);
}

static void fill_row(void *owner, size_t index, struct table_row *row)
{
    struct servers *servers = owner;
    const struct wire_server *server = &servers->rows[index - servers->page.offset];
    row->id = server->id;
    row->unhandled = health_is_wrong(server->health);
    row->stale = server->health == HEALTH_STALE;
    health_glyph_text(servers->cell[C_LETTER], server->health, servers->ascii);
    row->cells[C_LETTER] = (struct table_cell){servers->cell[C_LETTER], (uint8_t)health_role(server->health)};
    row->cells[C_NAME] = (struct table_cell){*server->name ? server->name : server->id, ROLE_TEXT};
    row->cells[C_PLACE] = (struct table_cell){place_within(servers->site, server->place), ROLE_DIM};
    row->cells[C_SYSTEM] = (struct table_cell){server->system, ROLE_DIM};
    fill_figures(servers, server, row);
    if (server->alerts) {
        char letter = server->worst >= 0 ? severity_letter((enum severity)server->worst) : 'i';
        snprintf(servers->cell[C_ALERTS], sizeof servers->cell[C_ALERTS], "%c%u", letter, server->alerts);
        row->cells[C_ALERTS] = (struct table_cell){servers->cell[C_ALERTS], (uint8_t)severity_role(letter)};
    }
    row->cells[C_AGE] = (struct table_cell){age_text(servers->cell[C_AGE], server->taken, servers->now), ROLE_DIM};
}

static struct table *make_table(void)
{
    const struct table_column columns[COLUMNS] = {
        [C_LETTER] = {.name = "letter", .title = "", .minimum = 1, .maximum = 1},
        [C_NAME] = {.name = "name", .title = _("server"), .minimum = 10, .weight = 3, .maximum = 28, .cut = TEXT_CUT_MIDDLE, .strong = true},
        [C_PLACE] = {.name = "place", .title = _("place"), .minimum = 10, .weight = 2, .maximum = 24, .cut = TEXT_CUT_MIDDLE, .drop = 7},
        [C_SYSTEM] = {.name = "system", .title = _("system"), .minimum = 8, .maximum = 16, .drop = 8},
        [C_CPU] = {.name = "cpu", .title = "cpu%", .minimum = 4, .maximum = 4, .right = true},
        [C_CPU_BAR] = {.name = "cpu_bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 6},
        [C_MEMORY] = {.name = "memory", .title = "mem%", .minimum = 4, .maximum = 4, .right = true},
        [C_MEMORY_BAR] = {.name = "memory_bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 6},
        [C_DISK] = {.name = "disk", .title = "disk%", .minimum = 5, .maximum = 5, .right = true},
        [C_MOUNT] = {.name = "mount", .title = _("mount"), .minimum = 5, .maximum = 16, .cut = TEXT_CUT_MIDDLE, .drop = 4},
        [C_IN] = {.name = "in", .title = _("in b/s"), .minimum = 6, .maximum = 8, .right = true, .drop = 2},
        [C_OUT] = {.name = "out", .title = _("out b/s"), .minimum = 7, .maximum = 8, .right = true, .drop = 2},
        [C_LOAD] = {.name = "load", .title = _("load"), .minimum = 4, .maximum = 6, .right = true, .drop = 3},
        [C_SESSIONS] = {.name = "sessions", .title = _("sess"), .minimum = 4, .maximum = 7, .right = true, .drop = 5},
        [C_UNITS] = {.name = "units", .title = _("fail"), .minimum = 4, .maximum = 5, .right = true, .drop = 1},
        [C_PORTS] = {.name = "ports", .title = _("port"), .minimum = 4, .maximum = 5, .right = true, .drop = 1},
        [C_ALERTS] = {.name = "alerts", .title = "!", .minimum = 3, .maximum = 5, .right = true},
        [C_AGE] = {.name = "age", .title = _("age"), .minimum = 4, .maximum = 5, .right = true, .drop = 1},
    };
    return table_new(columns, COLUMNS);
}

/* ---- filter and order ---- */

static void show_sort(struct servers *servers)
{
    bool descending = *servers->sort == '-';
    size_t length = strcspn(servers->sort + descending, ",");
    unsigned count;
    const struct table_column *columns = table_columns(servers->table, &count);
    for (unsigned i = 0; i < COLUMNS; i++)
        if (sort_fields[i] && strlen(sort_fields[i]) == length && memcmp(sort_fields[i], servers->sort + descending, length) == 0)
            table_set_sort(servers->table, columns[i].name, descending);
}

static void set_sort(struct servers *servers, const char *sort)
{
    char *copy = memory_text(sort);
    free(servers->sort);
    servers->sort = copy;
    servers->count = 0;
    show_sort(servers);
}

/* Figures largest first, words from the front. */
static void sort_by(struct servers *servers, enum column column)
{
    bool words = column == C_NAME || column == C_PLACE || column == C_SYSTEM || column == C_MOUNT || column == C_AGE;
    char *sort = memory_printf("%s%s,id", words ? "" : "-", sort_fields[column]);
    set_sort(servers, sort);
    free(sort);
}

static void sort_beside(struct servers *servers, int step)
{
    const char *now = servers->sort + (*servers->sort == '-');
    int at = C_LETTER;
    for (int i = 0; i < COLUMNS; i++)
        if (sort_fields[i] && strlen(sort_fields[i]) == strcspn(now, ",") && strncmp(sort_fields[i], now, strlen(sort_fields[i])) == 0)
            at = i;
    do
        at = (at + step + COLUMNS) % COLUMNS;
    while (!sort_fields[at]);
    sort_by(servers, (enum column)at);
}

static bool set_filter(struct view *view, const char *text, bool typing, struct error *error)
{
    struct servers *servers = view->state;
    char *sent = filter_typed(text, typing, error), *copy;
    if (!sent)
        return false;
    if (!servers->sent || strcmp(sent, servers->sent) != 0)
        servers->offset = servers->count = 0;
    free(servers->sent);
    servers->sent = sent;
    copy = memory_text(text); /* may be our own */
    free(servers->filter);
    servers->filter = copy;
    return true;
}

static bool servers_open(struct view *view, const char *argument, struct error *error)
{
    struct servers *servers = view->state;
    servers->table = make_table();
    servers->brief = server_brief_new();
    set_sort(servers, SORT_WORST);
    return set_filter(view, argument, false, error);
}

static void servers_close(struct view *view)
{
    struct servers *servers = view->state;
    table_free(&servers->table);
    server_brief_free(&servers->brief);
    arena_free(&servers->arena);
    free(servers->filter);
    free(servers->sent);
    free(servers->sort);
}

/* ---- what to have ---- */

static const struct wire_server *current(const struct servers *servers)
{
    size_t at = table_cursor(servers->table);
    return servers->row_count && at >= servers->page.offset && at < servers->page.offset + servers->row_count
               ? &servers->rows[at - servers->page.offset] : NULL;
}

static void choose_window(struct servers *servers)
{
    size_t offset = 0, count = 0;
    if (table_wanted(servers->table, &offset, &count) || !servers->count) {
        size_t margin = count > WINDOW_LEAST ? count : WINDOW_LEAST;
        servers->offset = offset > margin ? offset - margin : 0;
        servers->count = count + 2 * margin;
    }
}

static void wants(struct view *view, struct view_wants *out)
{
    struct servers *servers = view->state;
    struct buffer path = BUFFER_INIT;
    char offset[24], count[24];
    choose_window(servers);
    snprintf(offset, sizeof offset, "%zu", servers->offset);
    snprintf(count, sizeof count, "%zu", servers->count);
    client_path(&path, "/servers", "filter", servers->sent, "sort", servers->sort, "offset", servers->offset ? offset : "", "limit",
                count, NULL);
    view_want(out, SLOT_ROWS, "fleet ledger pulse", 2000, buffer_text(&path));
    buffer_release(&path);
    const struct wire_server *server = current(servers);
    if (view->area.columns >= SIDE_FROM && server)
        server_brief_want(servers->brief, view, out, SLOT_BRIEF, server->id);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct servers *servers = view->state;
    if (slot >= SLOT_BRIEF)
        return server_brief_receive(servers->brief, slot - SLOT_BRIEF, answer, error);
    if (answer->error) {
        snprintf(servers->problem, sizeof servers->problem, "%s", answer->error->text);
        *error = *answer->error;
        return false;
    }
    struct arena *arena = arena_new(), *old = servers->arena;
    struct wire_page page = {0};
    struct wire_server *rows = NULL;
    unsigned count = 0;
    if (!wire_read_servers(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    servers->arena = arena;
    servers->page = page;
    servers->rows = rows;
    servers->row_count = count;
    servers->have = true;
    servers->problem[0] = '\0';
    table_refreshed(servers->table, &(struct table_source){.owner = servers, .total = page.total, .offset = page.offset,
                                                           .count = count, .row = fill_row});
    arena_free(&old);
    return true;
}

/* ---- drawing ---- */

static void draw_headline(struct servers *servers, struct surface *surface, struct rect line)
{
    struct buffer text = BUFFER_INIT;
    char place[80];
    if (servers->have)
        shown_text(&text, servers->page.total, servers->page.population, 0);
    int used = 3 + surface_text(surface, line.row, line.column + 1, line.columns - 1, ROLE_HEADING, buffer_text(&text));
    if (*servers->filter)
        used += 2 + surface_text_cut(surface, line.row, line.column + used, line.columns - used - 1, ROLE_MATCH, servers->filter, TEXT_CUT_END);
    snprintf(place, sizeof place, "%s", strcmp(servers->sort, SORT_WORST) == 0 ? _("worst first") : servers->sort);
    int width = text_width(place);
    if (used + width + 1 < line.columns)
        surface_text(surface, line.row, line.column + line.columns - 1 - width, width, ROLE_DIM, place);
    buffer_release(&text);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct servers *servers = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    servers->ascii = surface->ascii;
    servers->now = view->host_ops->now(view->host);
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    snprintf(servers->site, sizeof servers->site, "%s", overview ? overview->site : "");
    draw_headline(servers, surface, rect_cut_top(&rest, 1));
    table_set_stale(servers->table, view->host_ops->stale(view->host));
    table_set_empty(servers->table,
                    servers->have          ? (*servers->filter ? _("no server matches") : _("no server is known"))
                    : servers->problem[0] ? servers->problem : _("loading ..."),
                    *servers->filter ? _("Esc clears the filter") : servers->have ? _("assets of kind server in the ledger appear here") : "");
    const struct wire_server *server = current(servers);
    if (area.columns >= SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 2);
        if (server)
            server_brief_draw(servers->brief, view, surface, side, server);
    } else if (area.rows >= LINES_FROM) {
        struct rect lines = rect_cut_bottom(&rest, 4);
        surface_rule(surface, lines.row, lines.column, lines.columns);
        rect_cut_top(&lines, 1);
        if (server)
            server_brief_lines(view, surface, lines, server);
    }
    table_draw(servers->table, surface, rest);
}

/* ---- doing ---- */

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct servers *servers = view->state;
    const char *clicked;
    switch (table_key(servers->table, key)) {
    case TABLE_IGNORED:
        return REACT_IGNORED;
    case TABLE_CHOSEN:
        if (table_cursor_lost(servers->table))
            view->host_ops->say(view->host, ROLE_WARNING, "%s", _("that row has gone; this is another"));
        else if (table_cursor_id(servers->table))
            view->host_ops->open(view->host, "server", table_cursor_id(servers->table));
        break;
    case TABLE_SORT:
        clicked = table_clicked_column(servers->table);
        for (unsigned i = 0, count; clicked && i < COLUMNS; i++)
            if (sort_fields[i] && strcmp(table_columns(servers->table, &count)[i].name, clicked) == 0)
                sort_by(servers, (enum column)i);
        break;
    case TABLE_MOVED: case TABLE_SCROLLED: case TABLE_MARKED:
        break;
    }
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct servers *servers = view->state;
    struct key_event motion;
    (void)error;
    if (strcmp(name, "sort") == 0 || strcmp(name, "order") == 0)
        set_sort(servers, *argument && strcmp(name, "sort") == 0 ? argument : SORT_WORST);
    else if (strcmp(name, "sort-next") == 0 || strcmp(name, "sort-previous") == 0)
        sort_beside(servers, strcmp(name, "sort-next") == 0 ? 1 : -1);
    else if (strcmp(name, "reverse") == 0) {
        char *sort = *servers->sort == '-' ? memory_text(servers->sort + 1) : memory_printf("-%s", servers->sort);
        set_sort(servers, sort);
        free(sort);
    } else if (motion_key(name, &motion))
        return key(view, &motion);
    else
        return REACT_IGNORED;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct servers *servers = view->state;
    servers->id = table_cursor_id(servers->table);
    servers->revision = -1;
    *out = (struct view_targets){.ids = &servers->id, .revisions = &servers->revision, .count = servers->id != NULL, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct wire_overview *overview = view->host_ops->overview(view->host);
    buffer_printf(out, "%s ▸ %s", overview ? overview->site : _("site"), _("servers"));
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  / %s  > %s  R %s  n %s  l %s  F %s  ! %s  h %s", _("open"), _("filter"), _("sort"), _("reverse"),
                  _("next wrong"), _("logs"), _("full when"), _("shell"), _("history"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct servers *servers = view->state;
    shown_text(out, servers->page.total, servers->page.population, 0);
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < servers->row_count && i < 40; i++) {
        const struct wire_server *server = &servers->rows[i];
        char cpu[FIGURE_TEXT], memory[FIGURE_TEXT], disk[FIGURE_TEXT], age[SPAN_TEXT];
        buffer_printf(out, "%3u  %s  %s  %s  cpu %s %%  %s %s %%  %s %s %% %s", servers->page.offset + i + 1, health_word(server->health),
                      *server->name ? server->name : server->id, server->place, percent_text(cpu, server->cpu), _("memory"),
                      percent_text(memory, server->memory), _("disk"), percent_text(disk, server->disk), server->disk_mount);
        if (server->failed_units)
            buffer_printf(out, _("  %u failed units"), server->failed_units);
        if (server->unexpected)
            buffer_printf(out, _("  %u ports not expected"), server->unexpected);
        if (server->alerts)
            buffer_printf(out, _("  %u alerts"), server->alerts);
        buffer_printf(out, "  %s\n", age_text(age, server->taken, view->host_ops->now(view->host)));
    }
}

static bool pick(struct view *view, unsigned number)
{
    struct servers *servers = view->state;
    if (!number || number > table_total(servers->table))
        return false;
    table_move_to(servers->table, number - 1);
    return true;
}

static const char *filter(struct view *view)
{
    return ((struct servers *)view->state)->filter;
}

const struct view_ops servers_view = {
    .name = "servers",
    .title = N_("Servers"),
    .tab = '4',
    .argument = "[FILTER]",
    .help = N_("every server with what runs short on it"),
    .size = sizeof(struct servers),
    .open = servers_open,
    .close = servers_close,
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

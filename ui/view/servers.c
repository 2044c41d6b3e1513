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
#include "view/list.h"
#include "view/parts.h"
#include "view/server_brief.h"
#include "widget/letters.h"
#include "window/layout.h"

#define SIDE_COLUMNS 62
#define GAUGE 6

enum { SLOT_NETWORK = LIST_SLOTS, SLOT_BRIEF };

enum column { C_LETTER, C_NAME, C_PLACE, C_SYSTEM, C_CPU, C_CPU_BAR, C_MEMORY, C_MEMORY_BAR, C_DISK, C_MOUNT, C_IN, C_OUT,
              C_LOAD, C_ENDPOINTS, C_SESSIONS, C_UNITS, C_PORTS, C_ALERTS, C_AGE, COLUMNS };

struct servers {
    struct list list;
    struct server_brief *brief;
    struct wire_network network;
    bool have_network;         /* of now: the past has none */
    char cell[COLUMNS][64];
};

static const struct list_column columns[COLUMNS] = {
    [C_LETTER] = {{.name = "letter", .title = "", .minimum = 1, .maximum = 1}, .sort = "health", .largest = true},
    [C_NAME] = {{.name = "name", .title = N_("server"), .minimum = 10, .weight = 3, .maximum = 28,
                 .cut = TEXT_CUT_MIDDLE, .strong = true}, .sort = "name"},
    [C_PLACE] = {{.name = "place", .title = N_("place"), .minimum = 10, .weight = 2, .maximum = 24,
                  .cut = TEXT_CUT_MIDDLE, .drop = 7}, .sort = "place"},
    [C_SYSTEM] = {{.name = "system", .title = N_("system"), .minimum = 8, .maximum = 16, .drop = 8}, .sort = "system"},
    [C_CPU] = {{.name = "cpu", .title = "cpu%", .minimum = 4, .maximum = 4, .right = true}, .sort = "cpu", .largest = true},
    [C_CPU_BAR] = {{.name = "cpu_bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 6}},
    [C_MEMORY] = {{.name = "memory", .title = "mem%", .minimum = 4, .maximum = 4, .right = true},
                  .sort = "memory", .largest = true},
    [C_MEMORY_BAR] = {{.name = "memory_bar", .title = "", .minimum = GAUGE, .maximum = GAUGE, .drop = 6}},
    [C_DISK] = {{.name = "disk", .title = "disk%", .minimum = 5, .maximum = 5, .right = true}, .sort = "disk", .largest = true},
    [C_MOUNT] = {{.name = "mount", .title = N_("mount"), .minimum = 5, .maximum = 16, .cut = TEXT_CUT_MIDDLE, .drop = 4},
                 .sort = "disk_mount"},
    [C_IN] = {{.name = "in", .title = N_("down/s"), .minimum = 6, .maximum = 8, .right = true, .drop = 2},
              .sort = "in_rate", .largest = true},
    [C_OUT] = {{.name = "out", .title = N_("up/s"), .minimum = 6, .maximum = 8, .right = true, .drop = 2},
               .sort = "out_rate", .largest = true},
    [C_LOAD] = {{.name = "load", .title = N_("load"), .minimum = 4, .maximum = 6, .right = true, .drop = 3},
                .sort = "load1", .largest = true},
    [C_ENDPOINTS] = {{.name = "api", .title = "api", .minimum = 3, .maximum = 7, .right = true, .drop = 9},
                     .sort = "endpoints", .largest = true},
    [C_SESSIONS] = {{.name = "sessions", .title = N_("sess"), .minimum = 4, .maximum = 7, .right = true, .drop = 5},
                    .sort = "sessions", .largest = true},
    [C_UNITS] = {{.name = "units", .title = N_("fail"), .minimum = 4, .maximum = 5, .right = true, .drop = 1},
                 .sort = "failed_units", .largest = true},
    [C_PORTS] = {{.name = "ports", .title = N_("port"), .minimum = 4, .maximum = 5, .right = true, .drop = 1},
                 .sort = "unexpected", .largest = true},
    [C_ALERTS] = {{.name = "alerts", .title = "!", .minimum = 2, .maximum = 5, .right = true},
                  .sort = "alerts", .largest = true},
    [C_AGE] = {{.name = "age", .title = N_("heard"), .minimum = 4, .maximum = 5, .right = true, .drop = 1}, .sort = "taken"},
};

/* ---- rows ---- */

static void number_cell(struct servers *servers, struct table_row *row, enum column column, double value, uint8_t role)
{
    percent_text(servers->cell[column], value);
    row->cells[column] = (struct table_cell){servers->cell[column], isfinite(value) ? role : ROLE_DIM};
}

static void bar_cell(struct servers *servers, struct table_row *row, enum column column, double value, uint8_t role)
{
    gauge_text(servers->cell[column], sizeof servers->cell[column], value, GAUGE, servers->list.ascii);
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
    count_cell(servers, row, C_ENDPOINTS, server->endpoints, ROLE_TEXT);
    if (server->endpoints_failing) {
        snprintf(servers->cell[C_ENDPOINTS], sizeof servers->cell[C_ENDPOINTS], "%u/%u", server->endpoints - server->endpoints_failing, server->endpoints);
        row->cells[C_ENDPOINTS].role = ROLE_CRITICAL;
    }
    count_cell(servers, row, C_SESSIONS, server->sessions, ROLE_TEXT);
    count_cell(servers, row, C_UNITS, server->failed_units, ROLE_WARNING);
    count_cell(servers, row, C_PORTS, server->ports, ROLE_DIM);
    if (server->unexpected) { /* those that are not expected, in place of how many there are */
        snprintf(servers->cell[C_PORTS], sizeof servers->cell[C_PORTS], "+%u", server->unexpected);
        row->cells[C_PORTS] = (struct table_cell){servers->cell[C_PORTS], ROLE_WARNING};
    }
}

static void fill_row(struct view *view, size_t at, struct table_row *row)
{
    struct servers *servers = view->state;
    const struct wire_server *server = (const struct wire_server *)servers->list.rows + at;
    row->id = server->id;
    row->revision = -1;
    row->unhandled = health_is_wrong(server->health);
    row->stale = server->health == HEALTH_STALE;
    health_glyph_text(servers->cell[C_LETTER], server->health, servers->list.ascii);
    row->cells[C_LETTER] = (struct table_cell){servers->cell[C_LETTER], (uint8_t)health_role(server->health)};
    row->cells[C_NAME] = (struct table_cell){*server->name ? server->name : server->id, ROLE_TEXT};
    row->cells[C_PLACE] = (struct table_cell){place_within(servers->list.site, server->place), ROLE_DIM};
    row->cells[C_SYSTEM] = (struct table_cell){server->system, ROLE_DIM};
    fill_figures(servers, server, row);
    if (server->alerts) {
        char letter = server->worst >= 0 ? severity_letter((enum severity)server->worst) : 'i';
        snprintf(servers->cell[C_ALERTS], sizeof servers->cell[C_ALERTS], "%c%u", letter, server->alerts);
        row->cells[C_ALERTS] = (struct table_cell){servers->cell[C_ALERTS], (uint8_t)severity_role(letter)};
    }
    age_text(servers->cell[C_AGE], server->taken, servers->list.now);
    row->cells[C_AGE] = (struct table_cell){servers->cell[C_AGE], ROLE_DIM};
}

LIST_READ(read_rows, wire_server, wire_read_servers)

static bool is_wrong(const void *rows, size_t i)
{
    return health_is_wrong(((const struct wire_server *)rows)[i].health);
}

static const struct list_kind kind = {
    .page = "server",
    .resource = "assets",
    .window = true,
    .worst = "-health,id",
    .worst_word = N_("worst first"),
    .tie = ",id",
    .empty = N_("no server is known"),
    .why = N_("assets of kind server in the ledger appear here"),
    .unmatched = N_("no server matches"),
    .no_more = N_("nothing else is wrong"),
    .read = read_rows,
    .row = fill_row,
    .wrong = is_wrong,
};

static bool servers_open(struct view *view, const char *argument, struct error *error)
{
    struct servers *servers = view->state;
    servers->brief = server_brief_new();
    return list_init(view, &kind, columns, COLUMNS, argument, error);
}

static void servers_close(struct view *view)
{
    struct servers *servers = view->state;
    list_release(view);
    server_brief_free(&servers->brief);
}

static const struct wire_server *current(const struct servers *servers)
{
    size_t at = list_at(&servers->list);
    return at == SIZE_MAX ? NULL : (const struct wire_server *)servers->list.rows + at;
}

static void wants(struct view *view, struct view_wants *out)
{
    struct servers *servers = view->state;
    list_want(view, out, &(struct list_want){.base = "/servers", .refresh = "fleet ledger pulse", .every = 2000});
    if (view->host_ops->at(view->host) == CLOCK_NEVER)
        view_want(out, SLOT_NETWORK, "pulse", 5000, "/network");
    else
        servers->have_network = false;
    const struct wire_server *server = current(servers);
    if (view->area.columns >= LIST_SIDE_FROM && server)
        server_brief_want(servers->brief, view, out, SLOT_BRIEF, server->id);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct servers *servers = view->state;
    if (slot == SLOT_NETWORK) /* beside the list; without it there is only the list */
        return servers->have_network = !answer->error && wire_read_network(answer->body, answer->length, &servers->network, error);
    return slot >= SLOT_BRIEF ? server_brief_receive(servers->brief, slot - SLOT_BRIEF, answer, error)
                              : list_receive(view, slot, answer, error);
}

/* ---- drawing ---- */

/* Beside the counts: whether the private network holds, and what leaves it (R198). */
static void draw_network(const struct servers *servers, struct surface *surface, struct rect line, int used)
{
    const struct wire_network *network = &servers->network;
    char text[120];
    int column = used + 2, end = line.column + line.columns - 16;
    if (!servers->have_network)
        return;
    if (network->links) {
        snprintf(text, sizeof text, _("links %.*f %%"), network->up == network->links ? 0 : 1, floor(network->rate * 1000) / 10);
        if (column + text_width(text) <= end)
            column += surface_text(surface, line.row, column, end - column, network->up < network->links ? ROLE_WARNING : ROLE_DIM, text) + 2;
    }
    if (network->outbound) {
        snprintf(text, sizeof text, _("%u illegal outbound"), network->outbound);
        if (column + text_width(text) <= end)
            column += surface_text(surface, line.row, column, end - column, ROLE_CRITICAL, text) + 2;
    }
    if (network->unexpected) {
        snprintf(text, sizeof text, "%u %s", network->unexpected, _("ports not expected"));
        if (column + text_width(text) <= end)
            surface_text(surface, line.row, column, end - column, ROLE_WARNING, text);
    }
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct servers *servers = view->state;
    struct rect rest = area, line;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    line = rect_cut_top(&rest, 1);
    draw_network(servers, surface, line, list_counts(view, surface, line));
    const struct wire_server *server = current(servers);
    if (area.columns >= LIST_SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 2);
        if (server)
            server_brief_draw(servers->brief, view, surface, side, server);
    } else if (area.rows >= LIST_LINES_FROM) {
        struct rect lines = rect_cut_bottom(&rest, 4);
        surface_rule(surface, lines.row, lines.column, lines.columns);
        rect_cut_top(&lines, 1);
        if (server)
            server_brief_lines(view, surface, lines, server);
    }
    list_draw(view, surface, rest);
}

static void crumbs(struct view *view, struct buffer *out)
{
    site_crumbs(view, out, _("servers"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  / %s  > %s  I %s  n %s  l %s  F %s  ! %s  h %s", _("open"), _("filter"), _("sort"), _("reverse"),
                  _("next wrong"), _("logs"), _("full when"), _("shell"), _("history"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct servers *servers = view->state;
    const struct wire_page *page = &servers->list.page;
    shown_text(out, page->total, page->population, 0);
    buffer_append_char(out, '\n');
    for (unsigned i = 0; i < servers->list.count && i < 40; i++) {
        const struct wire_server *server = (const struct wire_server *)servers->list.rows + i;
        char cpu[FIGURE_TEXT], memory[FIGURE_TEXT], disk[FIGURE_TEXT], age[SPAN_TEXT];
        buffer_printf(out, "%3u  %s  %s  %s  cpu %s %%  %s %s %%  %s %s %% %s", page->offset + i + 1, health_word(server->health),
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
    .key = list_key,
    .command = list_command,
    .targets = list_targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
    .filter = list_filter,
    .set_filter = list_set_filter,
};

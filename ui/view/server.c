/* One server: what it is and how it stands, its figures over time, and every list that it tells (R040, R042, R359). While
 * the page is open the daemon looks closely, once a second; leaving it stops asking. */
#include "view/server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/application.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define OLD_AFTER (90 * SPAN_SECOND)

#define PROCESSES_FIRST 1000
#define PROCESSES_NEAR 100     /* rows before the end of those at hand */
#define PROCESSES_BESIDE 100   /* while another section is shown */

enum { SLOT_PAGE, SLOT_SERIES, SLOT_CAPACITY = SLOT_SERIES + SERVER_SERIES };

static bool server_open(struct view *view, const char *argument, struct error *error)
{
    struct server_page *page = view->state;
    size_t id = strcspn(argument, " \n");
    if (!id)
        return error_set(error, ERROR_INVALID, "%s", _("server needs an id: `:server web-1`"));
    page->id = memory_text_n(argument, id);
    page->trends = trends_new();
    page->most = PROCESSES_FIRST;
    page->opened = clock_wall();
    page->now = page->opened;
    page->page.server.taken = CLOCK_NEVER;
    server_sections_init(page);
    for (unsigned i = 0; i < SECTION_COUNT && argument[id]; i++)
        if (strcmp(server_sections[i]->name, argument + id + 1) == 0)
            page->section = (enum section)i;
    return true;
}

static void server_close(struct view *view)
{
    struct server_page *page = view->state;
    server_sections_release(page);
    trends_free(&page->trends);
    capacity_note_release(&page->capacity);
    arena_free(&page->arena);
    free(page->id);
}

const struct wire_server *server_row(const struct server_page *page)
{
    return &page->page.server;
}

const struct wire_deviation *server_deviation(const struct server_page *page, const char *kind, const char *point)
{
    for (unsigned i = 0; i < page->page.deviation_count; i++)
        if (strcmp(page->page.deviations[i].kind, kind) == 0 && strcmp(page->page.deviations[i].point, point) == 0)
            return &page->page.deviations[i];
    return NULL;
}

const char *server_missing(const struct server_page *page, const char *what)
{
    static const struct { const char *section, *list; } lists[] = {{"network", "interfaces"}, {"connections", "peers"}, {"people", "logins"}};
    char name[64];
    if (!page->host)
        return "";
    for (unsigned i = 0; i < ARRAY_COUNT(lists); i++)
        if (strcmp(lists[i].section, what) == 0)
            what = lists[i].list;
    snprintf(name, sizeof name, "missing:%s", what);
    return host_fact(page->host, name);
}

bool server_is_stale(const struct server_page *page, struct view *view)
{
    const struct wire_server *server = server_row(page);
    if (view->host_ops->stale(view->host) || page->problem[0])
        return true;
    if (page->past)
        return false;
    return server->health == HEALTH_STALE || server->health == HEALTH_OFFLINE || server->health == HEALTH_UNREACHABLE ||
           (page->host && page->now - page->host->taken > OLD_AFTER);
}

const char *server_unit(struct view *view)
{
    const struct server_page *page = view->state;
    return view->ops == &server_view && page->section == SECTION_units && page->sections[SECTION_units].count ? table_cursor_id(page->sections[SECTION_units].table) : NULL;
}

const char *server_id(struct view *view)
{
    return view->ops == &server_view ? ((const struct server_page *)view->state)->id : NULL;
}

const struct wire_server_page *server_answer(struct view *view)
{
    const struct server_page *page = view->state;
    return view->ops == &server_view && page->have ? &page->page : NULL;
}

/* ---- what to have ---- */

/* Another time: nothing of the old one may stand under its title. */
static void turn_time(struct server_page *page, bool past)
{
    page->past = past;
    page->host = NULL;
    page->page.deviation_count = page->page.endpoint_count = 0;
    page->opened = clock_wall(); /* back to now: what came meanwhile is the daemon's to tell, too */
    capacity_note_release(&page->capacity); /* it reckons from now */
    trends_forget(page->trends);
    server_sections_refresh(page);
}

/* The processes that may be shown in their order, rather than twenty thousand each second; the tree needs them all. */
static void want_processes(struct server_page *page, struct buffer *path)
{
    static const char *const fields[] = {"pid", "user", "state", "cpu_percent", "memory", "io_rate", "started", "command"};
    const struct section_state *state = &page->sections[SECTION_processes];
    bool shown = page->section == SECTION_processes;
    if (shown && page->tree)
        return;
    if (shown && state->count >= page->most && table_cursor(state->table) + PROCESSES_NEAR > state->count)
        page->most *= 4;
    buffer_printf(path, "&limit=%u&sort=%s%s", shown ? page->most < HOST_ROWS_MAX ? page->most : HOST_ROWS_MAX : PROCESSES_BESIDE,
                  state->descending ? "-" : "", state->sort < ARRAY_COUNT(fields) ? fields[state->sort] : fields[0]);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct server_page *page = view->state;
    struct buffer path = BUFFER_INIT;
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    if (past != page->past)
        turn_time(page, past);
    buffer_append_text(&path, "/servers/");
    client_path_segment(&path, page->id);
    if (!past)
        buffer_append_text(&path, "?watch=1");
    if (!past)
        want_processes(page, &path);
    view_want(out, SLOT_PAGE, past ? "" : "pulse", 900, buffer_text(&path));
    if (!past)
        capacity_note_want(out, SLOT_CAPACITY, page->id);
    server_charts_want(page, view, out, SLOT_SERIES);
    buffer_release(&path);
}

static void *read_page(const void *how, const struct client_answer *answer, struct arena *arena, struct error *error)
{
    struct wire_server_page *page = arena_alloc(arena, sizeof *page);
    (void)how;
    return wire_read_server_page(answer->body, answer->length, arena, page, error) ? page : NULL;
}

static struct view_reader reader(const struct view *view, unsigned slot)
{
    (void)view;
    return (struct view_reader){.read = slot == SLOT_PAGE ? read_page : NULL};
}

static void take_page(struct view *view, unsigned slot, struct arena *arena, void *read)
{
    struct server_page *page = view->state;
    struct arena *old = page->arena;
    (void)slot;
    page->arena = arena;
    page->page = *(const struct wire_server_page *)read;
    page->host = page->page.page.past == page->past ? page->page.host : NULL;
    page->have = true;
    page->problem[0] = '\0';
    if (page->host && !page->past)
        trends_add_host(page->trends, page->host);
    server_sections_refresh(page); /* the tables let go of the old answer */
    arena_free(&old);
}

static bool receive_series(struct server_page *page, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_series series = {0};
    bool good = wire_read_series(answer->body, answer->length, arena, &series, error);
    if (good)
        trends_set_stored(page->trends, &series);
    arena_free(&arena);
    return good;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct server_page *page = view->state;
    if (slot == SLOT_CAPACITY) /* that there is none is no error */
        return capacity_note_receive(&page->capacity, answer, error);
    if (answer->error) {
        if (slot == SLOT_PAGE)
            snprintf(page->problem, sizeof page->problem, "%s", answer->error->text);
        if (slot < SLOT_SERIES || answer->status != 404) /* a metric that was never heard is no error */
            *error = *answer->error;
        return false;
    }
    if (slot != SLOT_PAGE)
        return receive_series(page, answer, error);
    struct arena *arena = arena_new();
    void *read = read_page(NULL, answer, arena, error);
    if (read)
        take_page(view, slot, arena, read);
    else
        arena_free(&arena);
    return read;
}

/* ---- doing ---- */

static enum reaction choose_section(struct server_page *page, enum section section)
{
    page->section = section;
    page->chart_top = 0;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction named_section(struct server_page *page, const char *name, struct error *error)
{
    for (unsigned i = 0; i < SECTION_COUNT && *name; i++)
        if (strncmp(server_sections[i]->name, name, strlen(name)) == 0)
            return choose_section(page, (enum section)i);
    error_set(error, ERROR_INVALID, "%s", _("section: processes, charts, cores, disks, network, ports, connections, units, people, certificates or facts"));
    return REACT_HANDLED;
}

static void open_port(struct server_page *page)
{
    unsigned index;
    char id[24];
    if (!server_section_current(page, SECTION_ports, &index) || index >= page->host->port_count || !page->host->ports[index].pid)
        return;
    snprintf(id, sizeof id, "%d", page->host->ports[index].pid);
    choose_section(page, SECTION_processes);
    table_move_to_id(page->sections[SECTION_processes].table, id);
}

/* A unit's log, a port's process. */
static enum reaction open_current(struct view *view)
{
    struct server_page *page = view->state;
    if (page->section == SECTION_units && server_unit(view))
        view->host_ops->command(view->host, "logs");
    else if (page->section == SECTION_ports)
        open_port(page);
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction table_reaction(struct view *view, enum table_answer answer)
{
    struct server_page *page = view->state;
    const struct section_ops *ops = server_sections[page->section];
    const char *clicked = table_clicked_column(page->sections[page->section].table);
    if (answer == TABLE_IGNORED)
        return REACT_IGNORED;
    if (answer == TABLE_CHOSEN)
        return open_current(view);
    for (unsigned i = 0; answer == TABLE_SORT && clicked && i < ops->column_count; i++)
        if (strcmp(ops->columns[i].name, clicked) == 0)
            server_section_sort(page, page->section, i, ops->columns[i].right);
    return REACT_HANDLED | REACT_DRAW | (page->section == SECTION_disks || page->section == SECTION_network ? REACT_WANT : 0);
}

static enum reaction scroll_charts(struct server_page *page, const struct key_event *key)
{
    unsigned total = server_charts_count(page), page_size = page->charts_shown ? page->charts_shown : 1, at = page->chart_top;
    bool down = key->special == KEY_ARROW_DOWN || (key->special == KEY_CHAR && key->code == 'd' && key->control);
    bool up = key->special == KEY_ARROW_UP || (key->special == KEY_CHAR && key->code == 'u' && key->control);
    if (down || key->special == KEY_PAGE_DOWN)
        at += down ? 1 : page_size;
    else if (up || key->special == KEY_PAGE_UP)
        at = at > (up ? 1 : page_size) ? at - (up ? 1 : page_size) : 0;
    else if (key->special == KEY_CHAR && key->code == 'g')
        at = 0;
    else if (key->special == KEY_CHAR && key->code == 'G')
        at = total;
    else
        return REACT_IGNORED;
    page->chart_top = at + page_size > total ? (total > page_size ? total - page_size : 0) : at;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

/* A section's name that was clicked. */
static enum reaction click_tab(struct server_page *page, int column)
{
    int at = page->tabs_area.column + 1;
    for (unsigned i = page->tabs_first; i < SECTION_COUNT; i++) {
        int width = text_width(_(server_sections[i]->title));
        if (page->sections[i].wrong)
            width += snprintf(NULL, 0, " %u!", page->sections[i].wrong);
        if (column >= at && column < at + width)
            return choose_section(page, (enum section)i);
        at += width + page->tabs_gap;
    }
    return REACT_HANDLED;
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct server_page *page = view->state;
    if (key->special == KEY_MOUSE_ && key->mouse == MOUSE_PRESS && rect_contains(page->tabs_area, key->mouse_row, key->mouse_column))
        return click_tab(page, key->mouse_column);
    if (page->section == SECTION_charts)
        return scroll_charts(page, key);
    return table_reaction(view, table_key(page->sections[page->section].table, key));
}

/* The next row that needs a person: in this section, then in those after it, round to the first. */
static enum reaction jump_wrong(struct view *view, bool forward)
{
    struct server_page *page = view->state;
    struct section_state *state = &page->sections[page->section];
    struct key_event motion;
    size_t before = table_cursor(state->table);
    if (state->wrong && motion_key(forward ? "next-wrong" : "previous-wrong", &motion)) {
        table_key(state->table, &motion);
        size_t after = table_cursor(state->table);
        if (forward ? after > before : after < before)
            return REACT_HANDLED | REACT_DRAW;
    }
    for (unsigned i = 1; i <= SECTION_COUNT; i++) {
        unsigned at = (page->section + (forward ? i : SECTION_COUNT - i)) % SECTION_COUNT;
        if (!page->sections[at].wrong)
            continue;
        const struct section_state *next = &page->sections[at];
        for (unsigned row = 0; row < next->count; row++) {
            unsigned here = forward ? row : next->count - 1 - row;
            if (server_sections[at]->wrong(page, next->rows[here].index)) {
                table_move_to(next->table, here);
                return choose_section(page, (enum section)at);
            }
        }
    }
    view->host_ops->say(view->host, ROLE_HINT, "%s", _("nothing on this server needs a person"));
    return REACT_HANDLED;
}

static enum reaction choose_span(struct server_page *page, const char *argument, struct error *error)
{
    unsigned at = (page->span + 1) % SERVER_SPANS;
    for (unsigned i = 0; *argument && i <= SERVER_SPANS; i++) {
        at = i;
        if (i < SERVER_SPANS && strcmp(server_spans[i].name, argument) == 0)
            break;
    }
    if (at == SERVER_SPANS) {
        error_set(error, ERROR_INVALID, "%s", _("span: live, 1h, 6h, 24h, 7d or 30d"));
        return REACT_HANDLED;
    }
    page->span = at;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static enum reaction sort(struct server_page *page, const char *name, const char *argument, struct error *error)
{
    const struct section_ops *ops = server_sections[page->section];
    struct section_state *state = &page->sections[page->section];
    if (!ops->key)
        return REACT_HANDLED;
    if (strcmp(name, "sort") != 0) {
        unsigned step = strcmp(name, "sort-next") == 0 ? 1 : ops->column_count - 1, at = (state->sort + step) % ops->column_count;
        while (!*ops->columns[at].title)
            at = (at + step) % ops->column_count;
        server_section_sort(page, page->section, at, ops->columns[at].right);
        return REACT_HANDLED | REACT_DRAW;
    }
    for (unsigned i = 0; i < ops->column_count; i++)
        if (*argument && strcmp(ops->columns[i].name, argument + (*argument == '-')) == 0) {
            server_section_sort(page, page->section, i, *argument == '-');
            return REACT_HANDLED | REACT_DRAW;
        }
    if (*argument) {
        struct buffer names = BUFFER_INIT;
        for (unsigned i = 0; i < ops->column_count; i++)
            buffer_printf(&names, " %s", ops->columns[i].name);
        error_set(error, ERROR_INVALID, _("sort here by:%s"), buffer_text(&names));
        buffer_release(&names);
    } else {
        server_section_sort(page, page->section, state->sort, !state->descending);
    }
    return REACT_HANDLED | REACT_DRAW;
}

static enum reaction toggle_tree(struct server_page *page)
{
    page->tree = page->section != SECTION_processes || !page->tree;
    choose_section(page, SECTION_processes);
    server_sections_refresh(page);
    return REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct server_page *page = view->state;
    struct key_event motion;
    if (strcmp(name, "pane") == 0)
        return choose_section(page, (enum section)((page->section + 1) % SECTION_COUNT));
    if (strcmp(name, "previous-pane") == 0)
        return choose_section(page, (enum section)((page->section + SECTION_COUNT - 1) % SECTION_COUNT));
    if (strcmp(name, "section") == 0)
        return named_section(page, argument, error);
    if (strcmp(name, "next-wrong") == 0 || strcmp(name, "previous-wrong") == 0)
        return jump_wrong(view, strcmp(name, "next-wrong") == 0);
    if (strcmp(name, "span") == 0)
        return choose_span(page, argument, error);
    if (strcmp(name, "reverse") == 0)
        return sort(page, "sort", "", error);
    if (strncmp(name, "sort", 4) == 0)
        return sort(page, name, argument, error);
    if (strcmp(name, "tree") == 0)
        return toggle_tree(page);
    if (strcmp(name, "open") == 0)
        return open_current(view);
    if (strcmp(name, "plot") == 0) {
        page->style = (enum chart_style)((page->style + 1) % (CHART_ASCII + 1));
        return REACT_HANDLED | REACT_DRAW;
    }
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct server_page *page = view->state;
    page->target = page->id;
    page->revision = -1;
    *out = (struct view_targets){.ids = &page->target, .revisions = &page->revision, .count = 1, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct server_page *page = view->state;
    site_crumbs(view, out, _("servers"), page->id, _(server_sections[page->section]->title), NULL);
    if (page->section == SECTION_charts || page->span)
        buffer_printf(out, " · %s", _(server_spans[page->span].name));
}

static void hints(struct view *view, struct buffer *out)
{
    const struct server_page *page = view->state;
    buffer_printf(out, "Tab %s", _("next section"));
    if (page->section == SECTION_units)
        buffer_printf(out, "  R %s  Enter %s", _("restart"), _("log"));
    else if (page->section == SECTION_processes)
        buffer_printf(out, "  > %s  v %s", _("sort"), page->tree ? _("flat") : _("tree"));
    else if (page->section == SECTION_ports)
        buffer_printf(out, "  Enter %s", _("process"));
    else
        buffer_printf(out, "  z %s", _("span"));
    buffer_printf(out, "  n %s  l %s  F %s  ! %s  h %s  Esc %s", _("next wrong"), _("logs"), _("full when"), _("shell"), _("history"), _("back"));
}

static bool pick(struct view *view, unsigned number)
{
    struct server_page *page = view->state;
    struct section_state *state = &page->sections[page->section];
    if (!number || number > state->count)
        return false;
    table_move_to(state->table, number - 1);
    return true;
}

const struct view_ops server_view = {
    .name = "server",
    .title = N_("Server"),
    .argument = "ID [SECTION]",
    .help = N_("one server: charts, processes, disks, ports, units, people"),
    .size = sizeof(struct server_page),
    .open = server_open,
    .close = server_close,
    .wants = wants,
    .receive = receive,
    .reader = reader,
    .took = take_page,
    .draw = server_draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = server_plain,
    .pick = pick,
};

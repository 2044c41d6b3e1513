/* What one control's counts are made of (R362: count and trace): each count as a line that leads to its rows, then the
 * ways, parts, assets and acts that it was reckoned from, what is wrong or not watched first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/list.h"
#include "view/parts.h"
#include "command/security_text.h"
#include "window/layout.h"

#define FRESH_EVERY (3 * SPAN_SECOND)

enum column { C_MARK, C_WHAT, C_COUNT, C_DETAIL, C_AGE, COLUMNS };
enum trace { TRACE_NOW, TRACE_HIDDEN, TRACE_DAY, TRACE_WEEK, TRACE_MONTH, TRACE_WATCHED, TRACES };

/* A line: a count, or an item of the answer. */
struct line { char id[160]; int trace; unsigned item; };

struct control_view {
    struct list list;
    char *name;
    struct wire_security_page data;
    struct line *lines;          /* in the list's arena */
    char count[40], age[SPAN_TEXT];
    char detail[240];
};

static const struct list_column columns[COLUMNS] = {
    [C_MARK] = {{.name = "mark", .title = "", .minimum = 1, .maximum = 1}},
    [C_WHAT] = {{.name = "what", .title = N_("made of"), .minimum = 14, .maximum = 40, .weight = 1, .cut = TEXT_CUT_MIDDLE, .strong = true}},
    [C_COUNT] = {{.name = "count", .title = N_("count"), .minimum = 6, .maximum = 13, .right = true}},
    [C_DETAIL] = {{.name = "detail", .title = N_("detail"), .minimum = 16, .weight = 3, .cut = TEXT_CUT_END}},
    [C_AGE] = {{.name = "age", .title = N_("age"), .minimum = 5, .maximum = 6, .right = true, .drop = 1}},
};

/* ---- rows ---- */

static bool is_audit(const struct control_view *page)
{
    return *page->data.row.audit != '\0';
}

static const char *trace_word(const struct control_view *page, enum trace trace)
{
    switch (trace) {
    case TRACE_NOW: return _("breached now");
    case TRACE_HIDDEN: return _("breached, hidden");
    case TRACE_DAY: return is_audit(page) ? _("entries of 24 h") : _("breaches of 24 h");
    case TRACE_WEEK: return is_audit(page) ? _("entries of 7 d") : _("breaches of 7 d");
    case TRACE_MONTH: return is_audit(page) ? _("entries of 31 d") : _("breaches of 31 d");
    default: return _("watched");
    }
}

static uint32_t trace_count(const struct control_view *page, enum trace trace)
{
    const struct wire_security *row = &page->data.row;
    const uint32_t counts[TRACES] = {row->now, row->hidden, row->day, row->week, row->month, row->watched};
    return counts[trace];
}

static msec trace_since(const struct control_view *page, enum trace trace)
{
    return trace == TRACE_DAY ? page->data.day_since : trace == TRACE_WEEK ? page->data.week_since : page->data.month_since;
}

static void fill_trace(struct control_view *page, enum trace trace, struct table_row *out)
{
    const struct wire_security *row = &page->data.row;
    uint32_t count = trace_count(page, trace);
    struct buffer gap = BUFFER_INIT;
    uint8_t role = ROLE_DIM;
    char number[24];
    const char *mark = "";
    page->detail[0] = '\0';
    if (trace == TRACE_NOW && count) {
        mark = security_mark(row, page->list.ascii, &role);
        snprintf(page->detail, sizeof page->detail, "%s %s", row->top_name, row->top_where);
    } else if (trace == TRACE_HIDDEN) {
        snprintf(page->detail, sizeof page->detail, "%s", _("silenced, in a downtime, or symptoms of another"));
    } else if (trace == TRACE_WATCHED) {
        mark = row->watched < row->total ? "?" : glyph_text(GLYPH_DOT, page->list.ascii);
        role = row->watched < row->total ? ROLE_UNKNOWN : ROLE_OK;
        security_gap(&gap, row, true);
        snprintf(page->detail, sizeof page->detail, "%s", buffer_text(&gap));
    } else if (trace >= TRACE_DAY && trace <= TRACE_MONTH) {
        char when[INSTANT_TEXT];
        instant_format(when, trace_since(page, trace));
        when[10] = ' ';
        snprintf(page->detail, sizeof page->detail, _("since %.16s"), when);
    }
    security_watched(page->count, row);
    if (trace != TRACE_WATCHED)
        snprintf(page->count, sizeof page->count, "%s", count_text(number, count));
    age_text(page->age, trace == TRACE_NOW ? row->since : trace == TRACE_MONTH ? row->last : CLOCK_NEVER, page->list.now);
    out->unhandled = trace == TRACE_NOW && count;
    out->cells[C_MARK] = (struct table_cell){mark, role};
    out->cells[C_WHAT] = (struct table_cell){trace_word(page, trace), ROLE_HEADING};
    out->cells[C_COUNT] = (struct table_cell){page->count, trace == TRACE_NOW && count ? role : count ? ROLE_STRONG : ROLE_DIM};
    out->cells[C_DETAIL] = (struct table_cell){page->detail, trace == TRACE_NOW ? ROLE_TEXT : ROLE_DIM};
    out->cells[C_AGE] = (struct table_cell){page->age, ROLE_DIM};
    buffer_release(&gap);
}

static void fill_item(struct control_view *page, const struct wire_security_item *item, struct table_row *out)
{
    bool missing = strcmp(item->kind, "missing") == 0, act = strcmp(item->kind, "act") == 0;
    snprintf(page->detail, sizeof page->detail, "%s%s%s", missing ? _("not watched") : item->detail, act && *item->id ? "  " : "", act ? item->id : "");
    age_text(page->age, item->time, page->list.now);
    out->unhandled = !item->good;
    out->cells[C_MARK] = (struct table_cell){item->good ? glyph_text(GLYPH_DOT, page->list.ascii) : missing ? "?" : "!",
                                             item->good ? ROLE_OK : missing ? ROLE_UNKNOWN : ROLE_WARNING};
    out->cells[C_WHAT] = (struct table_cell){item->name, item->good ? ROLE_DIM : ROLE_TEXT};
    out->cells[C_DETAIL] = (struct table_cell){page->detail, item->good ? ROLE_DIM : ROLE_TEXT};
    out->cells[C_AGE] = (struct table_cell){page->age, ROLE_DIM};
}

static void fill_row(struct view *view, size_t index, struct table_row *out)
{
    struct control_view *page = view->state;
    const struct line *line = &page->lines[index];
    out->id = line->id;
    if (line->trace >= 0)
        fill_trace(page, (enum trace)line->trace, out);
    else
        fill_item(page, &page->data.items[line->item], out);
}

/* ---- what to have ---- */

static bool read_page(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows, unsigned *count,
                      struct error *error)
{
    struct wire_security_page *data = arena_alloc(arena, sizeof *data);
    if (!wire_read_security_page(answer->body, answer->length, arena, data, error))
        return false;
    *page = data->page;
    *rows = data;
    *count = TRACES + data->count;
    return true;
}

static bool trace_shown(const struct control_view *page, enum trace trace)
{
    const struct wire_security *row = &page->data.row;
    if (trace == TRACE_NOW)
        return *row->alerts != '\0';
    if (trace == TRACE_HIDDEN)
        return row->hidden > 0;
    if (trace == TRACE_WATCHED)
        return row->total || *row->assets;
    return *row->alerts || *row->audit;
}

static void took(struct view *view)
{
    struct control_view *page = view->state;
    unsigned count = 0;
    page->data = *(const struct wire_security_page *)page->list.rows;
    page->list.now = view->host_ops->now(view->host);
    page->lines = arena_alloc(page->list.arena, (TRACES + page->data.count + 1) * sizeof *page->lines);
    for (int trace = 0; trace < TRACES; trace++)
        if (trace_shown(page, (enum trace)trace)) {
            snprintf(page->lines[count].id, sizeof page->lines[count].id, "=%d", trace);
            page->lines[count++].trace = trace;
        }
    for (unsigned i = 0; i < page->data.count; i++) {
        const struct wire_security_item *item = &page->data.items[i];
        struct line *line = &page->lines[count++];
        *line = (struct line){.trace = -1, .item = i};
        snprintf(line->id, sizeof line->id, "%.8s %.70s %.50s %lld", item->kind, item->name, item->id, (long long)item->time);
    }
    list_show(view, count);
}

static void open_trace(struct view *view, enum trace trace)
{
    const struct control_view *page = view->state;
    const struct wire_security *row = &page->data.row;
    struct buffer text = BUFFER_INIT;
    static const char *const spans[TRACES] = {[TRACE_DAY] = "day", [TRACE_WEEK] = "week", [TRACE_MONTH] = "month"};
    if (trace == TRACE_NOW || trace == TRACE_HIDDEN) {
        security_active_filter(&text, row);
        if (trace == TRACE_HIDDEN)
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("alerts counts what it hides; :silences says by what, + unfolds symptoms"));
        view->host_ops->open(view->host, "alerts", buffer_text(&text));
    } else if (trace == TRACE_WATCHED) {
        if (*row->assets)
            view->host_ops->open(view->host, strcmp(row->assets, "kind:server") == 0 ? "servers" : "devices",
                                 strcmp(row->assets, "kind:server") == 0 ? "" : row->assets);
        else
            view->host_ops->say(view->host, ROLE_HINT, "%s", _("they are listed below"));
    } else if (is_audit(page)) {
        view->host_ops->open(view->host, "audit", "");
    } else {
        buffer_printf(&text, "%s %s", row->name, spans[trace]);
        view->host_ops->open(view->host, "breaches", buffer_text(&text));
    }
    buffer_release(&text);
}

static void open_item(struct view *view, const struct wire_security_item *item)
{
    static const char *const lists[] = {"sources", "audit", "rules"}; /* without an argument */
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
        if (strcmp(item->view, lists[i]) == 0) {
            view->host_ops->open(view->host, item->view, "");
            return;
        }
    if (*item->view)
        view->host_ops->open(view->host, item->view, item->id);
    else
        view->host_ops->say(view->host, ROLE_HINT, "%s", _("it is of the configuration: nocturne.yml says so"));
}

static enum reaction chosen(struct view *view, const char *id)
{
    struct control_view *page = view->state;
    size_t at = list_at(&page->list);
    (void)id;
    if (at == SIZE_MAX)
        return REACT_HANDLED;
    if (page->lines[at].trace >= 0)
        open_trace(view, (enum trace)page->lines[at].trace);
    else
        open_item(view, &page->data.items[page->lines[at].item]);
    return REACT_HANDLED;
}

static const struct list_kind kind = {
    .chosen = chosen,
    .empty = N_("nothing is counted here"),
    .no_more = N_("nothing else is wrong here"),
    .read = read_page,
    .took = took,
    .row = fill_row,
};

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct control_view *page = view->state;
    page->name = memory_text(argument);
    if (!list_init(view, &kind, columns, COLUMNS, "", error))
        return false;
    return *argument || error_set(error, ERROR_INVALID, "%s", _("control: name one, as :security shows them"));
}

static void page_close(struct view *view)
{
    struct control_view *page = view->state;
    list_release(view);
    free(page->name);
}

static void wants(struct view *view, struct view_wants *out)
{
    const struct control_view *page = view->state;
    struct buffer path = BUFFER_INIT;
    buffer_append_text(&path, "/security/");
    client_path_segment(&path, page->name);
    view_want(out, LIST_SLOT_ROWS, "alerts sources pulse reload", FRESH_EVERY, buffer_text(&path));
    buffer_release(&path);
}

/* ---- drawing ---- */

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct control_view *page = view->state;
    const struct wire_security *row = &page->data.row;
    struct rect rest = area;
    char right[160] = "";
    int end;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    if (page->list.have && view->host_ops->at(view->host) != CLOCK_NEVER)
        snprintf(right, sizeof right, "%s", _("as of now: breaches of then are in alerts"));
    else if (page->list.have)
        snprintf(right, sizeof right, "%.40s%s%.40s  %.8s", *row->layer ? security_group_word(row->layer) : "", *row->layer && *row->measure ? " · " : "",
                 *row->measure ? security_group_word(row->measure) : "", row->requirement);
    struct rect line = rect_cut_top(&rest, 1);
    int used = list_headline(view, surface, line, page->list.have ? security_title(row) : page->name, right, &end);
    if (page->list.have) {
        uint8_t role;
        security_mark(row, surface->ascii, &role);
        used += surface_text(surface, line.row, used, end - used, role, security_state_word(row)) + 2;
        if (page->data.left_out && used < end)
            surface_printf(surface, line.row, used, end - used, ROLE_DIM, _("%u more are not listed"), page->data.left_out);
    }
    list_draw(view, surface, rest);
}

/* ---- doing ---- */

static void targets(struct view *view, struct view_targets *out)
{
    (void)view;
    *out = (struct view_targets){.resource = ""};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct control_view *page = view->state;
    site_crumbs(view, out, _("security"), page->list.have && strcmp(page->data.row.level, "control") == 0 && *page->data.row.layer
                                              ? security_group_word(page->data.row.layer) : "",
                page->list.have ? security_title(&page->data.row) : page->name, NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  n %s  x %s  Esc %s", _("the rows of it"), _("next that is wrong"), _("report"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct control_view *page = view->state;
    if (!page->list.have) {
        buffer_printf(out, "%s\n", page->list.problem);
        return;
    }
    buffer_printf(out, "%s  %s\n", security_title(&page->data.row), security_state_word(&page->data.row));
    for (unsigned i = 0; i < table_total(page->list.table); i++) {
        struct table_row row = {0};
        fill_row(view, i, &row);
        buffer_printf(out, "%3u  %s %s  %s  %s\n", i + 1, row.cells[C_MARK].text, row.cells[C_WHAT].text,
                      row.cells[C_COUNT].text ? row.cells[C_COUNT].text : "", row.cells[C_DETAIL].text);
    }
}

const struct view_ops control_view = {
    .name = "control",
    .title = N_("Control"),
    .argument = "NAME",
    .help = N_("what a layer's, measure's or control's counts are made of"),
    .size = sizeof(struct control_view),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = list_receive,
    .draw = draw,
    .key = list_key,
    .command = list_command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
};

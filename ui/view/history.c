/* Every change of state of one asset, newest first; Enter rewinds the console to that moment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/list.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "widget/plot.h"
#include "window/layout.h"

#define HISTORY_SPAN (31 * SPAN_DAY)

enum { COLUMN_LETTER, COLUMN_FROM, COLUMN_LENGTH, COLUMN_HEALTH, COLUMN_REASON, COLUMN_LINK, COLUMN_COMM, COLUMNS };

struct history {
    struct list list;
    char *id;
    char row_id[32], letter[8], from[INSTANT_TEXT], length[SPAN_TEXT];
    const char *target_id;
    int64_t target_revision;
};

static const struct list_column columns[COLUMNS] = {
    [COLUMN_LETTER] = {{.name = "letter", .title = "", .minimum = 1, .maximum = 1}},
    [COLUMN_FROM] = {{.name = "from", .title = N_("from"), .minimum = 11, .maximum = 16}},
    [COLUMN_LENGTH] = {{.name = "length", .title = N_("for"), .minimum = 5, .maximum = 5, .right = true}},
    [COLUMN_HEALTH] = {{.name = "health", .title = N_("health"), .minimum = 8, .maximum = 14}},
    [COLUMN_REASON] = {{.name = "reason", .title = N_("reason"), .minimum = 10, .weight = 1}},
    [COLUMN_LINK] = {{.name = "link", .title = N_("network"), .minimum = 7, .maximum = 9, .drop = 2}},
    [COLUMN_COMM] = {{.name = "comm", .title = N_("comm"), .minimum = 8, .maximum = 10, .drop = 1}},
};

/* Newest first; they come oldest first. */
static const struct wire_interval *interval_at(const struct history *history, size_t i)
{
    return (const struct wire_interval *)history->list.rows + (history->list.count - 1 - i);
}

static void fill(struct view *view, size_t at, struct table_row *row)
{
    struct history *history = view->state;
    const struct wire_interval *interval = interval_at(history, at);
    uint8_t role = (uint8_t)health_role(interval->health);
    snprintf(history->row_id, sizeof history->row_id, "%lld", (long long)interval->from);
    health_glyph_text(history->letter, interval->health, history->list.ascii);
    instant_format_short(history->from, interval->from, history->list.now);
    msec end = interval->to == CLOCK_NEVER ? history->list.now : interval->to;
    span_format_short(history->length, end > interval->from ? end - interval->from : 0);
    row->id = history->row_id;
    row->unhandled = health_is_wrong(interval->health);
    row->cells[COLUMN_LETTER] = (struct table_cell){history->letter, role};
    row->cells[COLUMN_FROM] = (struct table_cell){history->from, ROLE_TEXT};
    row->cells[COLUMN_LENGTH] = (struct table_cell){history->length, ROLE_TEXT};
    row->cells[COLUMN_HEALTH] = (struct table_cell){health_word(interval->health), role};
    row->cells[COLUMN_REASON] = (struct table_cell){reason_word(interval->reason), ROLE_DIM};
    row->cells[COLUMN_LINK] =
        (struct table_cell){interval->link == LINK_UNKNOWN ? "" : link_word(interval->link), ROLE_DIM};
    row->cells[COLUMN_COMM] =
        (struct table_cell){interval->comm == COMM_UNKNOWN ? "" : comm_word(interval->comm), ROLE_DIM};
}

LIST_READ(read_rows, wire_interval, wire_read_intervals)

/* To that moment, on the page of the asset. */
static enum reaction chosen(struct view *view, const char *id)
{
    const struct history *history = view->state;
    char line[INSTANT_TEXT + 8], instant[INSTANT_TEXT];
    instant_format(instant, (msec)strtoll(id, NULL, 10));
    snprintf(line, sizeof line, "at %s", instant);
    view->host_ops->command(view->host, line);
    view->host_ops->open(view->host, "asset", history->id);
    return REACT_HANDLED;
}

static const struct list_kind kind = {
    .chosen = chosen,
    .most = "5000",
    .empty = N_("no state is stored"),
    .no_more = N_("nothing else was wrong"),
    .read = read_rows,
    .row = fill,
};

static bool history_open(struct view *view, const char *argument, struct error *error)
{
    struct history *history = view->state;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("history needs an id: `:history GW-A-0042`"));
    history->id = memory_text(argument);
    return list_init(view, &kind, columns, COLUMNS, "", error);
}

static void history_close(struct view *view)
{
    struct history *history = view->state;
    list_release(view);
    free(history->id);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct history *history = view->state;
    struct buffer resource = BUFFER_INIT;
    char from[INSTANT_TEXT];
    /* All of it, whatever instant is shown: the rows are where to go. */
    instant_format(from, (clock_wall() - HISTORY_SPAN) / SPAN_DAY * SPAN_DAY);
    buffer_append_text(&resource, "/assets/");
    client_path_segment(&resource, history->id);
    buffer_append_text(&resource, "/states");
    list_want(view, out, &(struct list_want){.base = buffer_text(&resource), .refresh = "fleet", .every = 1000,
                                             .name = "from", .value = from});
    buffer_release(&resource);
}

/* All of it at a glance, the worst of each slice. */
static void draw_strip(const struct history *history, struct surface *surface, struct rect area)
{
    const struct wire_interval *rows = history->list.rows;
    unsigned count = history->list.count;
    struct strip_interval *strip = memory_new_array(count, sizeof *strip);
    msec from = history->list.now - HISTORY_SPAN, to = history->list.now;
    for (unsigned i = 0; i < count; i++)
        strip[i] = (struct strip_interval){rows[i].from, rows[i].to, rows[i].health};
    if (rows[0].from > from) /* as far back as anything is known */
        from = rows[0].from;
    strip_draw(surface, area.row, area.column + 1, area.columns - 2, strip, count, from, to);
    time_axis_draw(surface, area.row + 1, area.column + 1, area.columns - 2, from, to);
    free(strip);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct history *history = view->state;
    struct rect rest = area;
    struct buffer text = BUFFER_INIT;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    history->list.now = clock_wall();
    if (history->list.have)
        buffer_printf(&text, _("%s: %u states in 31 days"), history->id, history->list.count);
    list_headline(view, surface, rect_cut_top(&rest, 1), buffer_text(&text), _("newest first"), NULL);
    buffer_release(&text);
    if (area.rows >= LIST_LINES_FROM && history->list.count)
        draw_strip(history, surface, rect_cut_top(&rest, 3));
    list_draw(view, surface, rest);
}

static void targets(struct view *view, struct view_targets *out)
{
    struct history *history = view->state;
    history->target_id = history->id;
    history->target_revision = -1;
    *out = (struct view_targets){.ids = &history->target_id, .revisions = &history->target_revision, .count = 1, .resource = "assets"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct history *history = view->state;
    site_crumbs(view, out, history->id, _("history"), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  n %s  Esc %s", _("show that moment"), _("next wrong"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct history *history = view->state;
    char from[INSTANT_TEXT], length[SPAN_TEXT];
    for (unsigned i = 0; i < history->list.count; i++) {
        const struct wire_interval *row = interval_at(history, i);
        msec end = row->to == CLOCK_NEVER ? clock_wall() : row->to;
        buffer_printf(out, "%3u  %s  %s  %s  %s\n", i + 1, instant_format(from, row->from),
                      span_format_short(length, end - row->from), health_word(row->health),
                      reason_word(row->reason));
    }
}

const struct view_ops history_view = {
    .name = "history",
    .title = N_("History"),
    .argument = "ID",
    .help = N_("every change of state of one asset"),
    .size = sizeof(struct history),
    .open = history_open,
    .close = history_close,
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

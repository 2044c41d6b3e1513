/* Every change of state of one asset, newest first; Enter rewinds the console to that moment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/letters.h"
#include "widget/table.h"
#include "window/layout.h"

#define HISTORY_SPAN (31 * SPAN_DAY)

enum { COLUMN_LETTER, COLUMN_FROM, COLUMN_LENGTH, COLUMN_HEALTH, COLUMN_REASON, COLUMN_LINK, COLUMN_COMM, COLUMNS };

struct history {
    char *id;
    struct table *table;
    struct arena *arena;
    struct wire_interval *rows;
    unsigned count;
    bool have, ascii;
    msec now;
    char row_id[32], letter[8], from[INSTANT_TEXT], length[SPAN_TEXT];
    char problem[384];
    const char *target_id;
    int64_t target_revision;
};

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct history *history = owner;
    const struct wire_interval *interval = &history->rows[history->count - 1 - index];
    uint8_t role = (uint8_t)health_role(interval->health);
    snprintf(history->row_id, sizeof history->row_id, "%lld", (long long)interval->from);
    history->letter[text_encode(health_glyph(interval->health, history->ascii), history->letter)] = '\0';
    instant_format_short(history->from, interval->from, history->now);
    msec end = interval->to == CLOCK_NEVER ? history->now : interval->to;
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

static bool history_open(struct view *view, const char *argument, struct error *error)
{
    struct history *history = view->state;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_LETTER] = {.name = "letter", .title = "", .minimum = 1, .maximum = 1},
        [COLUMN_FROM] = {.name = "from", .title = _("from"), .minimum = 11, .maximum = 16},
        [COLUMN_LENGTH] = {.name = "length", .title = _("for"), .minimum = 5, .maximum = 5, .right = true},
        [COLUMN_HEALTH] = {.name = "health", .title = _("health"), .minimum = 8, .maximum = 14},
        [COLUMN_REASON] = {.name = "reason", .title = _("reason"), .minimum = 10, .weight = 1},
        [COLUMN_LINK] = {.name = "link", .title = _("network"), .minimum = 7, .maximum = 9, .drop = 2},
        [COLUMN_COMM] = {.name = "comm", .title = _("comm"), .minimum = 8, .maximum = 10, .drop = 1},
    };
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("history needs an id: `:history GW-A-0042`"));
    history->id = memory_text(argument);
    history->table = table_new(columns, COLUMNS);
    return true;
}

static void history_close(struct view *view)
{
    struct history *history = view->state;
    table_free(&history->table);
    arena_free(&history->arena);
    free(history->id);
}

static void wants(struct view *view, struct view_wants *out)
{
    struct history *history = view->state;
    struct buffer path = BUFFER_INIT, resource = BUFFER_INIT;
    char from[INSTANT_TEXT];
    /* All of it, whatever instant is shown: the rows are where to go. */
    instant_format(from, (clock_wall() - HISTORY_SPAN) / SPAN_DAY * SPAN_DAY);
    buffer_append_text(&resource, "/assets/");
    client_path_segment(&resource, history->id);
    buffer_append_text(&resource, "/states");
    client_path(&path, buffer_text(&resource), "from", from, "limit", "5000", NULL);
    (void)view;
    view_want(out, 0, "fleet", 1000, buffer_text(&path));
    buffer_release(&path);
    buffer_release(&resource);
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct history *history = view->state;
    (void)slot;
    if (answer->error) {
        *error = *answer->error;
        snprintf(history->problem, sizeof history->problem, "%s", error->text);
        return false;
    }
    struct arena *arena = arena_new(), *old = history->arena;
    struct wire_page page;
    struct wire_interval *rows = NULL;
    unsigned count = 0;
    if (!wire_read_intervals(answer->body, answer->length, arena, &page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    history->arena = arena;
    history->rows = rows;
    history->count = count;
    history->have = true;
    table_refreshed(history->table,
                    &(struct table_source){.owner = history, .total = count, .count = count, .row = fill});
    arena_free(&old);
    return true;
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct history *history = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    history->ascii = surface->ascii;
    history->now = clock_wall();
    struct rect head = rect_cut_top(&rest, 1);
    surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING,
                   _("%s: %u states in 31 days"), history->id, history->count);
    table_set_stale(history->table, view->host_ops->stale(view->host));
    table_set_empty(history->table,
                    history->have         ? _("no state is stored")
                    : history->problem[0] ? history->problem
                                          : _("loading ..."),
                    "");
    table_draw(history->table, surface, rest);
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct history *history = view->state;
    enum table_answer answer = table_key(history->table, key);
    if (answer == TABLE_IGNORED)
        return REACT_IGNORED;
    if (answer == TABLE_CHOSEN && table_cursor(history->table) < history->count) {
        char line[INSTANT_TEXT + 8], instant[INSTANT_TEXT];
        instant_format(instant, history->rows[history->count - 1 - table_cursor(history->table)].from);
        snprintf(line, sizeof line, "at %s", instant);
        view->host_ops->command(view->host, line);
        view->host_ops->open(view->host, "asset", history->id);
    }
    return REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct key_event motion;
    (void)argument, (void)error;
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
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
    struct history *history = view->state;
    buffer_printf(out, "%s ▸ %s", history->id, _("history"));
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
    (void)view;
    for (unsigned i = history->count; i-- > 0;) {
        const struct wire_interval *row = &history->rows[i];
        msec end = row->to == CLOCK_NEVER ? clock_wall() : row->to;
        buffer_printf(out, "%3u  %s  %s  %s  %s\n", history->count - i, instant_format(from, row->from),
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
    .receive = receive,
    .draw = draw,
    .key = key,
    .command = command,
    .targets = targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
};

/* Each collector: its state, rate and age, what it could not read, with the last examples; and below them the heartbeats,
 * which are rows of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/heartbeat_rows.h"
#include "view/parts.h"
#include "view/view.h"
#include "widget/table.h"
#include "window/layout.h"

enum { COLUMN_STATE, COLUMN_NAME, COLUMN_TYPE, COLUMN_DETAIL, COLUMN_RATE, COLUMN_AGE, COLUMN_BAD, COLUMNS };

struct sources {
    struct table *table;
    struct arena *arena;
    struct wire_source *rows;
    unsigned count;
    struct wire_page page;
    struct heartbeat_rows beats;
    bool have, ascii;
    msec now;
    char rate[24], age[SPAN_TEXT], bad[24], state[2], detail[240];
    const char *target_id;
    int64_t target_revision;
};

static bool running(const struct wire_source *source)
{
    return strcmp(source->state, "running") == 0;
}

static uint8_t state_role(const struct wire_source *source)
{
    if (running(source))
        return source->bad ? ROLE_WARNING : ROLE_OK;
    return strcmp(source->state, "down") == 0 ? ROLE_CRITICAL : ROLE_WARNING;
}

static void fill_beat(struct sources *sources, size_t index, struct table_row *row)
{
    const struct wire_heartbeat *beat = &sources->beats.row[index];
    uint8_t role = heartbeat_role(beat);
    row->id = sources->beats.ids[index];
    row->unhandled = role != ROLE_OK && role != ROLE_DIM;
    snprintf(sources->state, sizeof sources->state, "%s", heartbeat_letter(beat));
    heartbeat_detail(sources->detail, sizeof sources->detail, beat, sources->now);
    age_text(sources->age, beat->last, sources->now);
    count_text(sources->bad, (uint64_t)beat->failures);
    row->cells[COLUMN_STATE] = (struct table_cell){sources->state, role};
    row->cells[COLUMN_NAME] = (struct table_cell){beat->name, ROLE_TEXT};
    row->cells[COLUMN_TYPE] = (struct table_cell){_("heartbeat"), ROLE_DIM};
    row->cells[COLUMN_DETAIL] = (struct table_cell){sources->detail, role == ROLE_OK ? ROLE_DIM : role};
    row->cells[COLUMN_RATE] = (struct table_cell){"", ROLE_TEXT};
    row->cells[COLUMN_AGE] = (struct table_cell){sources->age, ROLE_TEXT};
    row->cells[COLUMN_BAD] = (struct table_cell){beat->failures ? sources->bad : "", ROLE_WARNING};
}

static void fill(void *owner, size_t index, struct table_row *row)
{
    struct sources *sources = owner;
    if (index >= sources->count) {
        fill_beat(sources, index - sources->count, row);
        return;
    }
    const struct wire_source *source = &sources->rows[index];
    uint8_t role = state_role(source);
    row->id = source->name;
    row->unhandled = !running(source) || source->bad;
    snprintf(sources->state, sizeof sources->state, "%s",
             running(source)                      ? (source->bad ? "w" : ".")
             : strcmp(source->state, "down") == 0 ? "!"
                                                  : "w");
    snprintf(sources->rate, sizeof sources->rate, "%.*f/s", source->rate < 10 ? 1 : 0, source->rate);
    age_text(sources->age, source->last_heard, sources->now);
    count_text(sources->bad, source->bad);
    row->cells[COLUMN_STATE] = (struct table_cell){sources->state, role};
    row->cells[COLUMN_NAME] = (struct table_cell){source->name, ROLE_TEXT};
    row->cells[COLUMN_TYPE] = (struct table_cell){source->type, ROLE_DIM};
    row->cells[COLUMN_DETAIL] = (struct table_cell){*source->detail ? source->detail : source->state,
                                                    running(source) ? ROLE_DIM : role};
    row->cells[COLUMN_RATE] = (struct table_cell){sources->rate, ROLE_TEXT};
    row->cells[COLUMN_AGE] = (struct table_cell){sources->age, ROLE_TEXT};
    row->cells[COLUMN_BAD] = (struct table_cell){sources->bad, source->bad ? ROLE_WARNING : ROLE_DIM};
}

static bool sources_open(struct view *view, const char *argument, struct error *error)
{
    struct sources *sources = view->state;
    (void)error;
    const struct table_column columns[COLUMNS] = {
        [COLUMN_STATE] = {.name = "state", .title = "", .minimum = 1, .maximum = 1},
        [COLUMN_NAME] = {.name = "name", .title = _("source"), .minimum = 8, .maximum = 24, .strong = true},
        [COLUMN_TYPE] = {.name = "type", .title = _("type"), .minimum = 5, .maximum = 12},
        [COLUMN_DETAIL] = {.name = "detail", .title = _("state"), .minimum = 10, .weight = 1},
        [COLUMN_RATE] = {.name = "rate", .title = _("rate"), .minimum = 7, .maximum = 10, .right = true},
        [COLUMN_AGE] = {.name = "age", .title = _("heard"), .minimum = 5, .maximum = 5, .right = true},
        [COLUMN_BAD] = {.name = "bad", .title = _("bad"), .minimum = 5, .maximum = 9, .right = true},
    };
    sources->table = table_new(columns, COLUMNS);
    if (*argument)
        table_move_to_id(sources->table, argument);
    return true;
}

static void sources_close(struct view *view)
{
    struct sources *sources = view->state;
    table_free(&sources->table);
    arena_free(&sources->arena);
    heartbeat_rows_release(&sources->beats);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view;
    view_want(out, 0, "sources pulse", 1000, "/sources");
    view_want(out, 1, "alerts pulse", 1000, "/heartbeats");
}

static void refreshed(struct sources *sources)
{
    unsigned count = sources->count + sources->beats.count;
    table_refreshed(sources->table,
                    &(struct table_source){.owner = sources, .total = count, .count = count, .row = fill});
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct sources *sources = view->state;
    if (answer->error) {
        *error = *answer->error;
        return false;
    }
    if (slot == 1) {
        bool good = heartbeat_rows_read(&sources->beats, answer->body, answer->length, error);
        refreshed(sources);
        return good;
    }
    struct arena *arena = arena_new(), *old = sources->arena;
    struct wire_source *rows = NULL;
    unsigned count = 0;
    if (!wire_read_sources(answer->body, answer->length, arena, &sources->page, &rows, &count, error)) {
        arena_free(&arena);
        return false;
    }
    sources->arena = arena;
    sources->rows = rows;
    sources->count = count;
    sources->have = true;
    refreshed(sources);
    arena_free(&old);
    return true;
}

static const struct wire_source *current(const struct sources *sources)
{
    size_t at = table_cursor(sources->table);
    return at < sources->count ? &sources->rows[at] : NULL;
}

static void draw_detail(struct sources *sources, struct surface *surface, struct rect area)
{
    const struct wire_source *source = current(sources);
    char messages[24], readings[24], bytes[24], number[4][24], since[INSTANT_TEXT];
    int row = area.row;
    size_t at = table_cursor(sources->table);
    if (area.rows >= 3 && at >= sources->count && at - sources->count < sources->beats.count)
        heartbeat_draw(&sources->beats.row[at - sources->count], surface, area, sources->now);
    if (!source || area.rows < 3)
        return;
    surface_rule(surface, row++, area.column, area.columns);
    surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_STRONG, _("%s · %s since %s · %s"),
                   source->name, source->state,
                   source->since == CLOCK_NEVER ? "?"
                                                : instant_format_short(since, source->since, sources->now),
                   source->detail);
    surface_printf(
        surface, row++, area.column + 1, area.columns - 2, ROLE_TEXT,
        _("%s messages · %s readings · %s bytes · %s duplicates · %s reconnects · %s checks, %s failed"),
        count_text(messages, source->messages), count_text(readings, source->readings),
        count_text(bytes, source->bytes), count_text(number[0], source->duplicates),
        count_text(number[1], source->reconnects), count_text(number[2], source->checks),
        count_text(number[3], source->failures));
    if (!source->bad) {
        if (row < area.row + area.rows)
            surface_text(surface, row, area.column + 1, area.columns - 2, ROLE_DIM, _("nothing unreadable came"));
        return;
    }
    if (row < area.row + area.rows)
        surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_WARNING,
                       _("%s messages could not be read; the last:"), count_text(number[0], source->bad));
    for (unsigned i = 0; i < source->example_count && row < area.row + area.rows; i++) {
        int used = 1 + surface_text(surface, row, area.column + 1, 12, ROLE_DIM,
                                    instant_format_short(since, source->examples[i].time, sources->now)) + 2;
        used += surface_text_cut(surface, row, area.column + used, area.columns / 3, ROLE_WARNING,
                                 source->examples[i].reason, TEXT_CUT_END) +
                2;
        surface_text_cut(surface, row++, area.column + used, area.columns - used - 1, ROLE_TEXT,
                         source->examples[i].sample, TEXT_CUT_END);
    }
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct sources *sources = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    sources->ascii = surface->ascii;
    sources->now = clock_wall(); /* sources are always those of now */
    struct rect head = rect_cut_top(&rest, 1);
    if (sources->beats.count)
        surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING, _("%u sources · %u heartbeats"),
                       sources->count, sources->beats.count);
    else
        surface_printf(surface, head.row, head.column + 1, head.columns - 2, ROLE_HEADING, _("%u sources"), sources->count);
    int detail = area.rows >= 12 ? area.rows / 2 : 0;
    struct rect below = rect_cut_bottom(&rest, detail);
    table_set_stale(sources->table, view->host_ops->stale(view->host));
    table_set_empty(sources->table, sources->have ? _("no source is configured") : _("loading ..."),
                    sources->have ? _("add one under `sources:` in nocturne.yml") : "");
    table_draw(sources->table, surface, rest);
    if (detail)
        draw_detail(sources, surface, below);
}

static enum reaction key(struct view *view, const struct key_event *key)
{
    struct sources *sources = view->state;
    return table_key(sources->table, key) == TABLE_IGNORED ? REACT_IGNORED : REACT_HANDLED | REACT_DRAW;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    struct key_event motion;
    (void)argument, (void)error;
    return motion_key(name, &motion) ? key(view, &motion) : REACT_IGNORED;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct sources *sources = view->state;
    sources->target_id = table_cursor_id(sources->table);
    sources->target_revision = -1;
    *out = (struct view_targets){.ids = &sources->target_id, .revisions = &sources->target_revision,
                                 .count = sources->target_id != NULL, .resource = "sources"};
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct sources *sources = view->state;
    const char *id = table_cursor_id(sources->table);
    buffer_printf(out, "%s%s%s", _("sources"), id ? " ▸ " : "", id ? id : "");
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "n %s  y %s  Tab %s", _("next wrong"), _("copy"), _("next view"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct sources *sources = view->state;
    for (unsigned i = 0; i < sources->count; i++) {
        const struct wire_source *source = &sources->rows[i];
        buffer_printf(out, "%3u  %s  %s  %s  %s  %.1f/s  %s %llu\n", i + 1, source->name, source->type,
                      source->state, source->detail, source->rate, _("bad"), (unsigned long long)source->bad);
        for (unsigned e = 0; e < source->example_count; e++)
            buffer_printf(out, "       %s: %s\n", source->examples[e].reason, source->examples[e].sample);
    }
    for (unsigned i = 0; i < sources->beats.count; i++) {
        char detail[240];
        heartbeat_detail(detail, sizeof detail, &sources->beats.row[i], clock_wall());
        buffer_printf(out, "%3u  %s  %s  %s  %s\n", sources->count + i + 1, sources->beats.row[i].name, _("heartbeat"),
                      heartbeat_word(&sources->beats.row[i]), detail);
    }
}

static bool pick(struct view *view, unsigned number)
{
    struct sources *sources = view->state;
    if (!number || number > sources->count + sources->beats.count)
        return false;
    table_move_to(sources->table, number - 1);
    return true;
}

const struct view_ops sources_view = {
    .name = "sources",
    .title = N_("Sources"),
    .tab = '9',
    .argument = "",
    .help = N_("each collector: state, rate, errors"),
    .size = sizeof(struct sources),
    .open = sources_open,
    .close = sources_close,
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
};

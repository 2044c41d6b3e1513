/* Each collector: its state, rate and age, what it could not read, with the last examples; and below them the heartbeats,
 * which are rows of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/heartbeat_rows.h"
#include "view/list.h"
#include "view/parts.h"
#include "window/layout.h"

enum { COLUMN_STATE, COLUMN_NAME, COLUMN_TYPE, COLUMN_DETAIL, COLUMN_RATE, COLUMN_AGE, COLUMN_BAD, COLUMNS };

enum { SLOT_SOURCES, SLOT_BEATS };

struct sources {
    struct list list;
    struct heartbeat_rows beats;
    char rate[24], age[SPAN_TEXT], bad[24], state[2], detail[240];
};

static const struct list_column columns[COLUMNS] = {
    [COLUMN_STATE] = {{.name = "state", .title = "", .minimum = 1, .maximum = 1}},
    [COLUMN_NAME] = {{.name = "name", .title = N_("source"), .minimum = 8, .maximum = 24, .strong = true}},
    [COLUMN_TYPE] = {{.name = "type", .title = N_("type"), .minimum = 5, .maximum = 12}},
    [COLUMN_DETAIL] = {{.name = "detail", .title = N_("state"), .minimum = 10, .weight = 1}},
    [COLUMN_RATE] = {{.name = "rate", .title = N_("rate"), .minimum = 7, .maximum = 10, .right = true}},
    [COLUMN_AGE] = {{.name = "age", .title = N_("heard"), .minimum = 5, .maximum = 5, .right = true}},
    [COLUMN_BAD] = {{.name = "bad", .title = N_("bad"), .minimum = 5, .maximum = 9, .right = true}},
};

/* The sources, then the heartbeats. */
static const struct wire_source *source_at(const struct sources *sources, size_t i)
{
    return i < sources->list.count ? (const struct wire_source *)sources->list.rows + i : NULL;
}

static const struct wire_heartbeat *beat_at(const struct sources *sources, size_t i)
{
    return i >= sources->list.count && i - sources->list.count < sources->beats.count
               ? &sources->beats.row[i - sources->list.count] : NULL;
}

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
    row->revision = -1;
    row->unhandled = role != ROLE_OK && role != ROLE_DIM;
    snprintf(sources->state, sizeof sources->state, "%s", heartbeat_letter(beat));
    heartbeat_detail(sources->detail, sizeof sources->detail, beat, sources->list.now);
    age_text(sources->age, beat->last, sources->list.now);
    count_text(sources->bad, (uint64_t)beat->failures);
    row->cells[COLUMN_STATE] = (struct table_cell){sources->state, role};
    row->cells[COLUMN_NAME] = (struct table_cell){beat->name, ROLE_TEXT};
    row->cells[COLUMN_TYPE] = (struct table_cell){_("heartbeat"), ROLE_DIM};
    row->cells[COLUMN_DETAIL] = (struct table_cell){sources->detail, role == ROLE_OK ? ROLE_DIM : role};
    row->cells[COLUMN_RATE] = (struct table_cell){"", ROLE_TEXT};
    row->cells[COLUMN_AGE] = (struct table_cell){sources->age, ROLE_TEXT};
    row->cells[COLUMN_BAD] = (struct table_cell){beat->failures ? sources->bad : "", ROLE_WARNING};
}

static void fill(struct view *view, size_t at, struct table_row *row)
{
    struct sources *sources = view->state;
    const struct wire_source *source = source_at(sources, at);
    if (!source) {
        fill_beat(sources, at - sources->list.count, row);
        return;
    }
    uint8_t role = state_role(source);
    row->id = source->name;
    row->revision = -1;
    row->unhandled = !running(source) || source->bad;
    snprintf(sources->state, sizeof sources->state, "%s",
             running(source)                      ? (source->bad ? "w" : ".")
             : strcmp(source->state, "down") == 0 ? "!"
                                                  : "w");
    snprintf(sources->rate, sizeof sources->rate, "%.*f/s", source->rate < 10 ? 1 : 0, source->rate);
    age_text(sources->age, source->last_heard, sources->list.now);
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

static bool read_rows(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows,
                      unsigned *count, struct error *error)
{
    struct wire_source *sources = NULL;
    bool good = wire_read_sources(answer->body, answer->length, arena, page, &sources, count, error);
    *rows = sources;
    return good;
}

static void took(struct view *view)
{
    const struct sources *sources = view->state;
    list_show(view, sources->list.count + sources->beats.count);
}

static const struct list_kind kind = {
    .resource = "sources",
    .empty = N_("no source is configured"),
    .why = N_("add one under `sources:` in nocturne.yml"),
    .no_more = N_("nothing else is wrong"),
    .read = read_rows,
    .took = took,
    .row = fill,
};

static bool sources_open(struct view *view, const char *argument, struct error *error)
{
    struct sources *sources = view->state;
    bool good = list_init(view, &kind, columns, COLUMNS, "", error);
    if (*argument)
        table_move_to_id(sources->list.table, argument);
    return good;
}

static void sources_close(struct view *view)
{
    struct sources *sources = view->state;
    list_release(view);
    heartbeat_rows_release(&sources->beats);
}

static void wants(struct view *view, struct view_wants *out)
{
    list_want(view, out, &(struct list_want){.base = "/sources", .refresh = "sources pulse", .every = 1000});
    view_want(out, SLOT_BEATS, "alerts pulse", 1000, "/heartbeats");
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct sources *sources = view->state;
    if (slot != SLOT_BEATS || answer->error)
        return list_receive(view, SLOT_SOURCES, answer, error);
    bool good = heartbeat_rows_read(&sources->beats, answer->body, answer->length, error);
    took(view);
    return good;
}

static void draw_detail(struct sources *sources, struct surface *surface, struct rect area)
{
    size_t at = table_cursor(sources->list.table);
    const struct wire_source *source = source_at(sources, at);
    const struct wire_heartbeat *beat = beat_at(sources, at);
    char messages[24], readings[24], bytes[24], number[4][24], since[INSTANT_TEXT], state[40];
    int row = area.row;
    if (area.rows >= 3 && beat)
        heartbeat_draw(beat, surface, area, sources->list.now);
    if (!source || area.rows < 3)
        return;
    surface_rule(surface, row++, area.column, area.columns);
    surface_printf(surface, row++, area.column + 1, area.columns - 2, ROLE_STRONG, _("%s · %s since %s · %s"),
                   source->name, phrase_said(state, sizeof state, source->state),
                   source->since == CLOCK_NEVER ? "?"
                                                : instant_format_short(since, source->since, sources->list.now),
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
                                    instant_format_short(since, source->examples[i].time, sources->list.now)) + 2;
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
    char text[120] = "";
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    sources->list.now = clock_wall(); /* sources are always those of now */
    if (sources->beats.count)
        snprintf(text, sizeof text, _("%u sources · %u heartbeats"), sources->list.count, sources->beats.count);
    else if (sources->list.have)
        snprintf(text, sizeof text, _("%u sources"), sources->list.count);
    list_headline(view, surface, rect_cut_top(&rest, 1), text, NULL, NULL);
    int detail = area.rows >= 12 ? area.rows / 2 : 0;
    struct rect below = rect_cut_bottom(&rest, detail);
    list_draw(view, surface, rest);
    if (detail)
        draw_detail(sources, surface, below);
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct sources *sources = view->state;
    const char *id = table_cursor_id(sources->list.table);
    site_crumbs(view, out, _("sources"), id ? id : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "n %s  y %s  Tab %s", _("next wrong"), _("copy"), _("next view"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct sources *sources = view->state;
    for (unsigned i = 0; i < sources->list.count; i++) {
        const struct wire_source *source = source_at(sources, i);
        buffer_printf(out, "%3u  %s  %s  %s  %s  %.1f/s  %s %llu\n", i + 1, source->name, source->type,
                      source->state, source->detail, source->rate, _("bad"), (unsigned long long)source->bad);
        for (unsigned e = 0; e < source->example_count; e++)
            buffer_printf(out, "       %s: %s\n", source->examples[e].reason, source->examples[e].sample);
    }
    for (unsigned i = 0; i < sources->beats.count; i++) {
        char detail[240];
        heartbeat_detail(detail, sizeof detail, &sources->beats.row[i], clock_wall());
        buffer_printf(out, "%3u  %s  %s  %s  %s\n", sources->list.count + i + 1, sources->beats.row[i].name, _("heartbeat"),
                      heartbeat_word(&sources->beats.row[i]), detail);
    }
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
    .key = list_key,
    .command = list_command,
    .targets = list_targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
};

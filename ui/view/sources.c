/* Each collector: its state, rate and age, what it could not read, with the last examples; and below them the heartbeats,
 * which are rows of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/heartbeat_rows.h"
#include "view/list.h"
#include "view/parts.h"
#include "window/layout.h"

enum { COLUMN_STATE, COLUMN_NAME, COLUMN_TYPE, COLUMN_DETAIL, COLUMN_RATE, COLUMN_AGE, COLUMN_BAD, COLUMNS };

#define SIDE_COLUMNS 72
#define COUNT_COLUMNS 34
#define EXAMPLE_ONE_LINE 100

enum { SLOT_SOURCES, SLOT_BEATS };

struct sources {
    struct list list;
    struct heartbeat_rows beats;
    char rate[24], age[SPAN_TEXT], bad[24], state[8], detail[240];
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
    snprintf(sources->state, sizeof sources->state, "%s", heartbeat_letter(beat, sources->list.ascii));
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
             running(source)                      ? (source->bad ? "w" : glyph_text(GLYPH_DOT, sources->list.ascii))
             : strcmp(source->state, "down") == 0 ? "!"
                                                  : "w");
    snprintf(sources->rate, sizeof sources->rate, "%.*f/s", source->rate < 10 ? 1 : 0, source->rate);
    age_text(sources->age, source->last_heard, sources->list.now);
    count_text(sources->bad, source->bad);
    row->cells[COLUMN_STATE] = (struct table_cell){sources->state, role};
    row->cells[COLUMN_NAME] = (struct table_cell){source->name, ROLE_TEXT};
    row->cells[COLUMN_TYPE] = (struct table_cell){source->type, ROLE_DIM};
    row->cells[COLUMN_DETAIL] = (struct table_cell){*source->detail ? source->detail
                                                                    : phrase_said(sources->detail, sizeof sources->detail, source->state),
                                                    running(source) ? ROLE_DIM : role};
    row->cells[COLUMN_RATE] = (struct table_cell){sources->rate, ROLE_TEXT};
    row->cells[COLUMN_AGE] = (struct table_cell){sources->age, ROLE_TEXT};
    row->cells[COLUMN_BAD] = (struct table_cell){sources->bad, source->bad ? ROLE_WARNING : ROLE_DIM};
}

LIST_READ(read_rows, wire_source, wire_read_sources)

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

/* Its counts, in as many columns as there is room for. */
static int draw_counts(const struct wire_source *source, struct surface *surface, struct rect area)
{
    const struct { const char *label; uint64_t count; bool wrong; } counts[] = {
        {_("messages"), source->messages, false},     {_("readings"), source->readings, false},
        {_("bytes"), source->bytes, false},           {_("targets"), source->targets, false},
        {_("checks"), source->checks, false},         {_("failed checks"), source->failures, true},
        {_("duplicates"), source->duplicates, false}, {_("reconnects"), source->reconnects, false},
        {_("unreadable"), source->bad, true},
    };
    int across = area.columns / COUNT_COLUMNS > 0 ? area.columns / COUNT_COLUMNS : 1, shown = 0;
    for (unsigned i = 0; i < ARRAY_COUNT(counts); i++) {
        char number[24];
        int row = area.row + shown / across, column = area.column + shown % across * COUNT_COLUMNS;
        if (!counts[i].count && !counts[i].wrong && i > 2)
            continue; /* of no use to this kind of source */
        if (row >= area.row + area.rows)
            break;
        surface_text_cut(surface, row, column, 14, ROLE_DIM, counts[i].label, TEXT_CUT_END);
        surface_text_right(surface, row, column + 14, COUNT_COLUMNS - 17, counts[i].wrong && counts[i].count ? ROLE_WARNING : ROLE_TEXT,
                           count_text(number, counts[i].count));
        shown++;
    }
    return (shown + across - 1) / across;
}

static void draw_examples(const struct sources *sources, const struct wire_source *source, struct surface *surface, struct rect area)
{
    char when[INSTANT_TEXT], number[24];
    int row = area.row, end = area.row + area.rows;
    if (row >= end)
        return;
    if (!source->bad) {
        surface_text(surface, row, area.column, area.columns, ROLE_DIM, _("nothing unreadable came"));
        return;
    }
    surface_printf(surface, row++, area.column, area.columns, ROLE_WARNING, _("%s messages could not be read; the last:"),
                   count_text(number, source->bad));
    for (unsigned i = 0; i < source->example_count && row < end; i++) {
        const struct wire_example *example = &source->examples[i];
        instant_format_short(when, example->time, sources->list.now);
        int used = surface_text(surface, row, area.column, 12, ROLE_DIM, when) + 2;
        bool narrow = area.columns < EXAMPLE_ONE_LINE; /* what was wrong, and below it with what */
        int room = narrow ? area.columns - used : area.columns / 3;
        used += surface_text_cut(surface, row, area.column + used, room, ROLE_WARNING, example->reason, TEXT_CUT_END) + 2;
        used = narrow ? 2 : used;
        row += narrow;
        if (row < end)
            surface_text_cut(surface, row, area.column + used, area.columns - used, ROLE_TEXT, example->sample, TEXT_CUT_END);
        row++;
    }
}

static void draw_detail(struct sources *sources, struct surface *surface, struct rect area)
{
    size_t at = table_cursor(sources->list.table);
    const struct wire_source *source = source_at(sources, at);
    const struct wire_heartbeat *beat = beat_at(sources, at);
    char since[INSTANT_TEXT] = "?", state[40];
    if (area.rows >= 2 && beat)
        heartbeat_draw(beat, surface, area, sources->list.now);
    if (!source || area.rows < 2)
        return;
    struct rect rest = {area.row, area.column + 1, area.rows, area.columns - 2};
    struct rect head = rect_cut_top(&rest, 1);
    if (source->since != CLOCK_NEVER)
        instant_format_short(since, source->since, sources->list.now);
    int used = surface_text_cut(surface, head.row, head.column, head.columns / 2, ROLE_STRONG, source->name, TEXT_CUT_MIDDLE) + 2;
    surface_printf(surface, head.row, head.column + used, head.columns - used, running(source) ? ROLE_DIM : state_role(source),
                   _("%s since %s"), phrase_said(state, sizeof state, source->state), since);
    head = rect_cut_top(&rest, 1);
    surface_text_cut(surface, head.row, head.column, head.columns, ROLE_TEXT, source->detail, TEXT_CUT_END);
    rect_cut_top(&rest, draw_counts(source, surface, rest));
    draw_examples(sources, source, surface, rest);
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
        snprintf(text, sizeof text, ngettext("%u source", "%u sources", sources->list.count), sources->list.count);
    list_headline(view, surface, rect_cut_top(&rest, 1), text, NULL, NULL);
    if (area.columns >= LIST_SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 1);
        draw_detail(sources, surface, side);
    } else if (area.rows >= 12) {
        struct rect below = rect_cut_bottom(&rest, area.rows / 2);
        surface_rule(surface, below.row, below.column, below.columns);
        rect_cut_top(&below, 1);
        draw_detail(sources, surface, below);
    }
    list_draw(view, surface, rest);
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
        char state[40];
        buffer_printf(out, "%3u  %s  %s  %s  %s  %.1f/s  %s %llu\n", i + 1, source->name, source->type,
                      phrase_said(state, sizeof state, source->state), source->detail, source->rate, _("bad"), (unsigned long long)source->bad);
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

/* Security at one place (R361, R362): the five layers and the five measures, each with what is breached now and was, what
 * is watched and, plainly, what is not. Enter goes into one: its controls; Enter there: what its counts are made of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/list.h"
#include "view/parts.h"
#include "command/security_text.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define FRESH_EVERY (3 * SPAN_SECOND)
#define SIDE_COLUMNS 76
#define LINES 5
#define WORDS_FROM 100          /* columns from which a layer's gaps are words */

enum column { C_GROUP, C_STATE, C_TITLE, C_NOW, C_DAY, C_WEEK, C_MONTH, C_WATCHED, C_GAP, C_LAST, COLUMNS };

struct security_view {
    struct list list;
    char *section;               /* a layer's or measure's name; "" all of them */
    struct wire_security_site site;
    unsigned *shown;             /* rows of the site, in the list's arena */
    char cell[COLUMNS][40];
    struct buffer gap, says;
};

static const struct list_column columns[COLUMNS] = {
    [C_GROUP] = {{.name = "group", .title = "", .minimum = 8, .maximum = 8, .drop = 2}},
    [C_STATE] = {{.name = "state", .title = "", .minimum = 1, .maximum = 1}},
    [C_TITLE] = {{.name = "title", .title = N_("security"), .minimum = 20, .maximum = 34, .cut = TEXT_CUT_END, .strong = true}},
    [C_NOW] = {{.name = "now", .title = N_("now"), .minimum = 4, .maximum = 7, .right = true}},
    [C_DAY] = {{.name = "day", .title = N_("24 h"), .minimum = 4, .maximum = 7, .right = true}},
    [C_WEEK] = {{.name = "week", .title = N_("7 d"), .minimum = 5, .maximum = 7, .right = true, .drop = 3}},
    [C_MONTH] = {{.name = "month", .title = N_("31 d"), .minimum = 5, .maximum = 8, .right = true}},
    [C_WATCHED] = {{.name = "watched", .title = N_("watched"), .minimum = 7, .maximum = 15, .right = true}},
    [C_GAP] = {{.name = "gap", .title = N_("not watched"), .minimum = 12, .weight = 1, .cut = TEXT_CUT_END}},
    [C_LAST] = {{.name = "last", .title = N_("last"), .minimum = 5, .maximum = 6, .right = true, .drop = 4}},
};

static const struct wire_security *row_at(const struct security_view *page, size_t i)
{
    return &page->site.rows[page->shown[i]];
}

static const struct wire_security *current(const struct security_view *page)
{
    size_t at = list_at(&page->list);
    return at == SIZE_MAX ? NULL : row_at(page, at);
}

static bool is_control(const struct wire_security *row)
{
    return strcmp(row->level, "control") == 0;
}

/* ---- rows ---- */

static void put_count(struct security_view *page, enum column column, uint32_t count, uint8_t role, struct table_row *out)
{
    out->cells[column] = (struct table_cell){count ? count_text(page->cell[column], count) : glyph_text(GLYPH_DOT, page->list.ascii),
                                             count ? role : ROLE_DIM};
}

/* Where there is no room for more: "6 of its 7". */
static void count_gaps(struct security_view *page, const struct wire_security *group)
{
    unsigned gaps = 0;
    for (unsigned i = 0; i < page->site.count; i++) {
        const struct wire_security *control = &page->site.rows[i];
        gaps += security_belongs(control, group) && (control->watched < control->total || control->silent || strcmp(control->state, "nothing") == 0);
    }
    if (gaps)
        buffer_printf(&page->gap, _("%u of its %u"), gaps, group->controls);
}

static void fill_row(struct view *view, size_t index, struct table_row *out)
{
    struct security_view *page = view->state;
    const struct wire_security *row = row_at(page, index);
    bool first = index == 0 || strcmp(row_at(page, index - 1)->level, row->level) != 0, all = *page->section && index == 0;
    uint8_t role;
    out->id = row->name;
    out->unhandled = security_is_wrong(row);
    if (!*page->section && first)
        out->cells[C_GROUP] = (struct table_cell){strcmp(row->level, "layer") == 0 ? _("layers") : _("measures"), ROLE_DIM};
    const char *mark = security_mark(row, page->list.ascii, &role);
    out->cells[C_STATE] = (struct table_cell){mark, role};
    out->cells[C_TITLE] = (struct table_cell){all ? _("all of it") : security_title(row), ROLE_TEXT};
    put_count(page, C_NOW, row->now, role, out);
    put_count(page, C_DAY, row->day, ROLE_TEXT, out);
    put_count(page, C_WEEK, row->week, ROLE_TEXT, out);
    put_count(page, C_MONTH, row->month, ROLE_TEXT, out);
    out->cells[C_WATCHED] = (struct table_cell){security_watched(page->cell[C_WATCHED], row), row->watched < row->total ? ROLE_TEXT : ROLE_DIM};
    buffer_clear(&page->gap);
    if (is_control(row))
        security_gap(&page->gap, row, true);
    else if (!all && view->area.columns < WORDS_FROM)
        count_gaps(page, row);
    else if (!all)
        security_gaps(&page->gap, &page->site, row, true);
    out->cells[C_GAP] = (struct table_cell){buffer_text(&page->gap), ROLE_DIM};
    age_text(page->cell[C_LAST], row->last, page->list.now);
    out->cells[C_LAST] = (struct table_cell){page->cell[C_LAST], ROLE_DIM};
}

/* ---- what to have ---- */

/* The site stands in the arena, and is found again there by `took`. */
static bool read_site(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows, unsigned *count,
                      struct error *error)
{
    struct wire_security_site *site = arena_alloc(arena, sizeof *site);
    if (!wire_read_security_site(answer->body, answer->length, arena, site, error))
        return false;
    *page = site->page;
    *rows = site;
    *count = site->count;
    return true;
}

static void took(struct view *view)
{
    struct security_view *page = view->state;
    unsigned count = 0;
    page->site = *(const struct wire_security_site *)page->list.rows;
    page->list.now = view->host_ops->now(view->host);
    page->shown = arena_alloc(page->list.arena, (page->site.count + 1) * sizeof *page->shown);
    const struct wire_security *group = NULL;
    for (unsigned i = 0; i < page->site.count && *page->section; i++)
        if (!is_control(&page->site.rows[i]) && strcmp(page->site.rows[i].name, page->section) == 0)
            group = &page->site.rows[i];
    for (unsigned i = 0; i < page->site.count; i++) {
        const struct wire_security *row = &page->site.rows[i];
        if (group ? row == group || security_belongs(row, group) : !is_control(row))
            page->shown[count++] = i;
    }
    list_show(view, count);
}

/* A layer opens its controls; a control, or the whole of a layer within its page, what its counts are made of. */
static enum reaction chosen(struct view *view, const char *id)
{
    struct security_view *page = view->state;
    view->host_ops->open(view->host, *page->section ? "control" : "security", id);
    return REACT_HANDLED;
}

static const struct list_kind kind = {
    .chosen = chosen,
    .empty = N_("nothing is watched"),
    .no_more = N_("nothing else is breached or unwatched"),
    .read = read_site,
    .took = took,
    .row = fill_row,
};

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct security_view *page = view->state;
    page->section = memory_text(argument);
    if (!list_init(view, &kind, columns, COLUMNS, "", error))
        return false;
    if (*argument) {
        struct list_column own[COLUMNS];
        memcpy(own, columns, sizeof own);
        own[C_GROUP].shown.hidden = true;
        list_set_columns(view, own, COLUMNS);
    }
    return !*argument || security_is_group(argument) ||
           error_set(error, ERROR_INVALID, _("security: no layer or measure `%.60s`; there are physical, network, host, application, data, "
                                             "authentication, encryption, authorisation, audit and anomaly"), argument);
}

static void page_close(struct view *view)
{
    struct security_view *page = view->state;
    list_release(view);
    buffer_release(&page->gap);
    buffer_release(&page->says);
    free(page->section);
}

static void wants(struct view *view, struct view_wants *out)
{
    (void)view;
    view_want(out, LIST_SLOT_ROWS, "alerts sources pulse reload", FRESH_EVERY, "/security");
}

/* ---- drawing ---- */

static void draw_headline(struct view *view, struct surface *surface, struct rect line)
{
    const struct security_view *page = view->state;
    char right[120] = "";
    unsigned breached = 0, blind = 0;
    uint32_t controls = 0;
    for (unsigned i = 0; i < page->site.count; i++) {
        const struct wire_security *row = &page->site.rows[i];
        bool here = is_control(row) && (!*page->section || strcmp(row->layer, page->section) == 0 || strcmp(row->measure, page->section) == 0);
        controls += here;
        breached += here && row->now;
        blind += here && !row->now && strcmp(row->state, "watched") != 0;
    }
    if (page->list.have && view->host_ops->at(view->host) != CLOCK_NEVER)
        snprintf(right, sizeof right, "%s", _("as of now: breaches of then are in alerts"));
    else if (page->list.have && !page->site.counted)
        snprintf(right, sizeof right, "%s", _("what was before the start is being counted"));
    else if (page->list.have && page->site.waiting)
        snprintf(right, sizeof right, _("%u alerts are being sorted"), page->site.waiting);
    int end, used = list_headline(view, surface, line, *page->section ? security_group_word(page->section) : _("five layers, five measures"), right, &end);
    if (!page->list.have)
        return;
    if (breached)
        used += surface_printf(surface, line.row, used, end - used, ROLE_CRITICAL, _("%u of %u controls breached"), breached, controls) + 2;
    if (blind && used < end)
        surface_printf(surface, line.row, used, end - used, ROLE_UNKNOWN, _("%u not watched wholly"), blind);
}

/* The current row in sentences: what is breached, worst first, then what is not watched. */
static void say_row(struct security_view *page, const struct wire_security *row)
{
    char age[SPAN_TEXT];
    buffer_clear(&page->says);
    if (row->now)
        buffer_printf(&page->says, _("breached now: %u, the oldest for %s; the worst: %s %s"), row->now,
                      age_text(age, row->since, page->list.now), row->top_name, row->top_where);
    else if (row->hidden)
        buffer_printf(&page->says, _("breached: %u, all silenced, in a downtime, or symptoms of another"), row->hidden);
    else if (row->last != CLOCK_NEVER && *row->alerts)
        buffer_printf(&page->says, _("not breached; the last time %s ago"), age_text(age, row->last, page->list.now));
    else if (*row->alerts)
        buffer_append_text(&page->says, _("not breached in 31 days"));
    else
        buffer_append_text(&page->says, security_state_word(row));
    if (row->now && row->hidden)
        buffer_printf(&page->says, _("; %u more are silenced, in a downtime, or symptoms of another"), row->hidden);
    struct buffer gap = BUFFER_INIT;
    if (is_control(row))
        security_gap(&gap, row, false);
    else
        security_gaps(&gap, &page->site, row, false);
    if (gap.length)
        buffer_printf(&page->says, _("\nnot watched: %s"), buffer_text(&gap));
    buffer_release(&gap);
}

static void draw_title(const struct security_view *page, const struct wire_security *row, struct surface *surface, struct rect line)
{
    uint8_t role;
    int used = line.column + 1;
    used += surface_text(surface, line.row, used, 2, role = ROLE_TEXT, security_mark(row, page->list.ascii, &role)) + 1;
    used += surface_text_cut(surface, line.row, used, line.columns - 20, ROLE_STRONG, security_title(row), TEXT_CUT_END) + 2;
    surface_text(surface, line.row, used, line.column + line.columns - used, ROLE_DIM, row->requirement);
}

static void draw_lines(struct security_view *page, struct surface *surface, struct rect area)
{
    const struct wire_security *row = current(page);
    surface_rule(surface, area.row, area.column, area.columns);
    rect_cut_top(&area, 1);
    if (!row)
        return;
    draw_title(page, row, surface, rect_cut_top(&area, 1));
    say_row(page, row);
    rect_cut_left(&area, 1);
    rect_cut_right(&area, 1);
    wrap_draw(surface, area, ROLE_TEXT, buffer_text(&page->says));
}

/* Beside the list: the same, and the controls of a layer as lines. */
static void draw_pane(struct security_view *page, struct surface *surface, struct rect area)
{
    const struct wire_security *row = current(page);
    if (!row)
        return;
    draw_title(page, row, surface, rect_cut_top(&area, 1));
    say_row(page, row);
    rect_cut_left(&area, 1);
    rect_cut_top(&area, wrap_draw(surface, area, ROLE_TEXT, buffer_text(&page->says)) + 1);
    for (unsigned i = 0; i < page->site.count && area.rows > 0; i++) {
        const struct wire_security *control = &page->site.rows[i];
        uint8_t role;
        if (!security_belongs(control, row))
            continue;
        struct rect line = rect_cut_top(&area, 1);
        char watched[40], count[24];
        const char *mark = security_mark(control, page->list.ascii, &role);
        surface_text(surface, line.row, line.column, 1, role, mark);
        surface_text_cut(surface, line.row, line.column + 2, 30, ROLE_TEXT, security_title(control), TEXT_CUT_END);
        surface_text_right(surface, line.row, line.column + 33, 7, control->now ? role : ROLE_DIM,
                           control->now ? count_text(count, control->now) : glyph_text(GLYPH_DOT, page->list.ascii));
        surface_text_right(surface, line.row, line.column + 41, 15, ROLE_DIM, security_watched(watched, control));
    }
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct security_view *page = view->state;
    struct rect rest = area;
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    draw_headline(view, surface, rect_cut_top(&rest, 1));
    if (area.columns >= LIST_SIDE_FROM) {
        struct rect side = rect_cut_right(&rest, SIDE_COLUMNS);
        rect_cut_left(&side, 1);
        draw_pane(page, surface, side);
    } else if (area.rows >= LIST_LINES_FROM) {
        draw_lines(page, surface, rect_cut_bottom(&rest, LINES));
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
    const struct security_view *page = view->state;
    site_crumbs(view, out, _("security"), *page->section ? security_group_word(page->section) : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    const struct security_view *page = view->state;
    buffer_printf(out, "Enter %s  n %s  x %s  2 %s  Esc %s", *page->section ? _("what it is made of") : _("controls"),
                  _("next breached or unwatched"), _("report"), _("alerts"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct security_view *page = view->state;
    char watched[40];
    if (!page->list.have)
        buffer_printf(out, "%s\n", page->list.problem);
    for (unsigned i = 0; page->list.have && i < table_total(page->list.table); i++) {
        const struct wire_security *row = row_at(page, i);
        say_row(page, row);
        buffer_printf(out, "%2u  %s  %s  %s  ", i + 1, security_title(row), security_state_word(row), security_watched(watched, row));
        buffer_printf(out, _("24 h %u, 7 d %u, 31 d %u"), row->day, row->week, row->month);
        for (const char *at = buffer_text(&page->says), *end; *at; at = *end ? end + 1 : end) {
            end = at + strcspn(at, "\n");
            buffer_printf(out, "\n    %.*s", (int)(end - at), at);
        }
        buffer_append_char(out, '\n');
    }
}

const struct view_ops security_view = {
    .name = "security",
    .title = N_("Security"),
    .argument = "[LAYER|MEASURE]",
    .help = N_("five layers and five measures: what is watched, what is breached, what is not watched"),
    .size = sizeof(struct security_view),
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

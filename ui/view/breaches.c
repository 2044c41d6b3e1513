/* The alerts that a layer, measure or control counted in a period, newest first, also those that have long left the queue
 * (R362: count and trace). Enter opens an alert with its timeline. */
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
#include "widget/letters.h"
#include "window/layout.h"

#define FRESH_EVERY (10 * SPAN_SECOND)
#define HOUR (60 * SPAN_MINUTE)

enum column { C_SEVERITY, C_RAISED, C_LASTED, C_WHAT, C_WHERE, C_WHO, COLUMNS };

static const struct { const char *name, *word; unsigned hours; } spans[] = {
    {"day", N_("breaches of 24 h"), 24}, {"week", N_("breaches of 7 d"), 7 * 24}, {"month", N_("breaches of 31 d"), 31 * 24}};

struct breaches_view {
    struct list list;
    char *name;
    unsigned span;
    char severity[2], raised[24], lasted[SPAN_TEXT + 8];
    struct buffer what;
};

static const struct list_column columns[COLUMNS] = {
    [C_SEVERITY] = {{.name = "severity", .title = "S", .minimum = 1, .maximum = 1}},
    [C_RAISED] = {{.name = "raised", .title = N_("raised"), .minimum = 11, .maximum = 11}},
    [C_LASTED] = {{.name = "lasted", .title = N_("lasted"), .minimum = 6, .maximum = 8, .right = true}},
    [C_WHAT] = {{.name = "what", .title = N_("what"), .minimum = 20, .weight = 3, .cut = TEXT_CUT_END, .strong = true}},
    [C_WHERE] = {{.name = "where", .title = N_("where"), .minimum = 10, .weight = 1, .maximum = 40, .cut = TEXT_CUT_MIDDLE}},
    [C_WHO] = {{.name = "who", .title = N_("who"), .minimum = 6, .maximum = 12, .drop = 1}},
};

static void fill_row(struct view *view, size_t index, struct table_row *out)
{
    struct breaches_view *page = view->state;
    const struct wire_alert *alert = (const struct wire_alert *)page->list.rows + index;
    bool active = alert->condition == CONDITION_ACTIVE;
    char when[INSTANT_TEXT], span[SPAN_TEXT];
    uint8_t text = active ? ROLE_TEXT : ROLE_DIM;
    instant_format(when, alert->raised_at);
    snprintf(page->raised, sizeof page->raised, "%.5s %.5s", strlen(when) > 16 ? when + 5 : when, strlen(when) > 16 ? when + 11 : "");
    snprintf(page->severity, sizeof page->severity, "%c", severity_letter(alert->severity));
    if (active)
        snprintf(page->lasted, sizeof page->lasted, "%s", _("active"));
    else
        snprintf(page->lasted, sizeof page->lasted, "%s", alert->cleared_at > alert->raised_at ? span_format_short(span, alert->cleared_at - alert->raised_at) : "");
    buffer_clear(&page->what);
    alert_what(&page->what, alert, page->list.ascii);
    out->id = alert->id;
    out->unhandled = active;
    out->cells[C_SEVERITY] = (struct table_cell){page->severity, active ? (uint8_t)severity_role(page->severity[0]) : ROLE_DIM};
    out->cells[C_RAISED] = (struct table_cell){page->raised, text};
    out->cells[C_LASTED] = (struct table_cell){page->lasted, text};
    out->cells[C_WHAT] = (struct table_cell){buffer_text(&page->what), text};
    out->cells[C_WHERE] = (struct table_cell){*alert->asset_name ? alert->asset_name : place_within(page->list.site, alert->place), text};
    out->cells[C_WHO] = (struct table_cell){alert_who(alert), ROLE_DIM};
}

static bool read_rows(const struct client_answer *answer, struct arena *arena, struct wire_page *page, void **rows, unsigned *count,
                      struct error *error)
{
    struct wire_alert_hidden hidden;
    struct wire_alert *alerts = NULL;
    bool good = wire_read_alerts(answer->body, answer->length, arena, page, &hidden, &alerts, count, error);
    *rows = alerts;
    return good;
}

static const struct list_kind kind = {
    .page = "alert",
    .resource = "alerts",
    .empty = N_("nothing was breached in this time"),
    .no_more = N_("nothing else of it is active"),
    .read = read_rows,
    .row = fill_row,
};

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct breaches_view *page = view->state;
    size_t length = strcspn(argument, " ");
    const char *span = argument + length + (argument[length] == ' ');
    page->name = memory_text_n(argument, length);
    if (!list_init(view, &kind, columns, COLUMNS, "", error))
        return false;
    page->span = *span ? (unsigned)ARRAY_COUNT(spans) : 2;
    for (unsigned i = 0; i < ARRAY_COUNT(spans); i++)
        if (strcmp(spans[i].name, span) == 0)
            page->span = i;
    return (*page->name && page->span < ARRAY_COUNT(spans)) ||
           error_set(error, ERROR_INVALID, "%s", _("breaches: name a layer, measure or control, then day, week or month"));
}

static void page_close(struct view *view)
{
    struct breaches_view *page = view->state;
    list_release(view);
    buffer_release(&page->what);
    free(page->name);
}

/* From a whole hour on, as the counts are. */
static void wants(struct view *view, struct view_wants *out)
{
    const struct breaches_view *page = view->state;
    struct buffer resource = BUFFER_INIT, path = BUFFER_INIT;
    char from[INSTANT_TEXT], to[INSTANT_TEXT] = "";
    msec at = view->host_ops->at(view->host), now = at == CLOCK_NEVER ? view->host_ops->now(view->host) : at;
    instant_format(from, (now / HOUR - spans[page->span].hours + 1) * HOUR);
    if (at != CLOCK_NEVER)
        instant_format(to, at);
    buffer_append_text(&resource, "/security/");
    client_path_segment(&resource, page->name);
    buffer_append_text(&resource, "/breaches");
    client_path(&path, buffer_text(&resource), "from", from, "to", to, NULL);
    view_want(out, LIST_SLOT_ROWS, at == CLOCK_NEVER ? "alerts" : "", FRESH_EVERY, buffer_text(&path));
    buffer_release(&resource);
    buffer_release(&path);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct breaches_view *page = view->state;
    struct rect rest = area;
    char count[80], number[24];
    if (rect_is_empty(area))
        return;
    list_begin(view, surface);
    snprintf(count, sizeof count, "%.40s  %s", _(spans[page->span].word), page->list.have ? count_text(number, page->list.page.total) : "");
    list_headline(view, surface, rect_cut_top(&rest, 1), count, _("newest first"), NULL);
    list_draw(view, surface, rest);
}

static void crumbs(struct view *view, struct buffer *out)
{
    const struct breaches_view *page = view->state;
    site_crumbs(view, out, _("security"), security_group_word(page->name), _(spans[page->span].word), NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    (void)view;
    buffer_printf(out, "Enter %s  n %s  x %s  Esc %s", _("open"), _("next active"), _("report"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct breaches_view *page = view->state;
    for (unsigned i = 0; page->list.have && i < page->list.count; i++) {
        struct table_row row = {0};
        fill_row(view, i, &row);
        buffer_printf(out, "%3u  %s %s  %s  %s  %s\n", i + 1, row.cells[C_SEVERITY].text, row.cells[C_RAISED].text, row.cells[C_LASTED].text,
                      row.cells[C_WHAT].text, row.cells[C_WHERE].text);
    }
    if (!page->list.have || !page->list.count)
        buffer_printf(out, "%s\n", page->list.have ? _("nothing was breached in this time") : page->list.problem);
}

const struct view_ops breaches_view = {
    .name = "breaches",
    .title = N_("Breaches"),
    .argument = "NAME [day|week|month]",
    .help = N_("the alerts that a layer, measure or control counted, newest first"),
    .size = sizeof(struct breaches_view),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = list_receive,
    .draw = draw,
    .key = list_key,
    .command = list_command,
    .targets = list_targets,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = list_pick,
};

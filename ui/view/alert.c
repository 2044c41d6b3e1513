/* One alert: what, where, since when; what machines and people did; the metric around the moment; what is folded under
 * it; what was like it before and what helped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define WIDE_FROM 130
#define LINES_MOST 1000000u
#define SYMPTOMS_MOST "200"
#define TOLD_MOST "20"
#define SYMPTOM_FIELDS "name,source,severity,state,raised_at,since,asset,asset_name,place,summary,symptoms,acknowledged,suppression,reopens"

enum { SLOT_DETAIL, SLOT_SYMPTOMS = SLOT_DETAIL + ALERT_SLOTS, SLOT_TOLD, SLOT_SILENCES };
enum pane { PANE_STORY, PANE_LABELS, PANE_CHART, PANE_SYMPTOMS, PANES };

struct alert_view {
    char *id;
    struct alert_detail detail;
    struct arena *arena;
    struct wire_alert *symptoms;
    unsigned symptom_count, symptom, back, label;
    enum pane pane;
    bool seen;
    char problem[384];
    const char *target;
    int64_t revision;
};

const struct wire_alert *alert_here(struct view *view, const char *id)
{
    if (view && view->ops == &alerts_view)
        return alerts_row(view, id);
    if (!view || view->ops != &alert_view)
        return NULL;
    struct alert_view *page = view->state;
    return alert_detail_about(&page->detail, id) ? &page->detail.page.alert : NULL;
}

static bool page_open(struct view *view, const char *argument, struct error *error)
{
    struct alert_view *page = view->state;
    if (!*argument)
        return error_set(error, ERROR_INVALID, "%s", _("alert needs an id: `:alert A-20261121-0007`"));
    page->id = memory_text(argument);
    return true;
}

static void page_close(struct view *view)
{
    struct alert_view *page = view->state;
    alert_detail_release(&page->detail);
    arena_free(&page->arena);
    free(page->id);
}

static bool has_labels(const struct alert_view *page)
{
    return page->detail.have && *page->detail.page.alert.labels;
}

static bool has_chart(const struct alert_view *page)
{
    return page->detail.have && *page->detail.page.alert.metric && page->detail.series.bucket_count;
}

static void wants(struct view *view, struct view_wants *out)
{
    struct alert_view *page = view->state;
    alert_detail_want(&page->detail, view, out, SLOT_DETAIL, page->id, true);
    if (page->detail.have && page->detail.page.alert.symptoms) {
        struct buffer path = BUFFER_INIT, filter = BUFFER_INIT;
        filter_value(&filter, "cause", page->id);
        client_path(&path, "/alerts", "all", "true", "filter", buffer_text(&filter), "limit", SYMPTOMS_MOST, "fields", SYMPTOM_FIELDS, NULL);
        view_want(out, SLOT_SYMPTOMS, "alerts", 1000, buffer_text(&path));
        buffer_release(&path);
        buffer_release(&filter);
    }
    if (view->host_ops->at(view->host) != CLOCK_NEVER)
        return; /* what follows is known of now only */
    struct buffer told = BUFFER_INIT;
    client_path(&told, "/notifications", "alert", page->id, "limit", TOLD_MOST, NULL);
    view_want(out, SLOT_TOLD, "alerts notice", 1000, buffer_text(&told));
    buffer_release(&told);
    if (page->detail.have && *page->detail.page.alert.silence)
        view_want(out, SLOT_SILENCES, "alerts", 1000, "/silences");
}

/* What became of a message; "" for one that was sent. */
static const char *delivery_word(const char *state)
{
    static const char *const words[] = {N_("held"), N_("waiting"), N_("failed")};
    for (unsigned i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i], state) == 0)
            return _(words[i]);
    return "";
}

/* "wecom ops 03:12, sms 138.. 03:14 failed": the newest first. */
static bool receive_told(struct alert_view *page, struct view *view, const struct client_answer *answer)
{
    struct arena *arena = arena_new();
    struct wire_page envelope;
    struct wire_notification *rows = NULL;
    unsigned count = 0;
    char when[INSTANT_TEXT];
    buffer_clear(&page->detail.told); /* a daemon that tells nobody says so with an error: nothing is shown */
    if (!answer->error)
        wire_read_notifications(answer->body, answer->length, arena, &envelope, &rows, &count, NULL);
    for (unsigned i = 0; i < count; i++) {
        const char *word = delivery_word(rows[i].state);
        buffer_printf(&page->detail.told, "%s%s%s%s %s%s%s", i ? ", " : "", rows[i].channel, *rows[i].to ? " " : "", rows[i].to,
                      instant_format_short(when, rows[i].time, view->host_ops->now(view->host)), *word ? " " : "", word);
    }
    arena_free(&arena);
    return true;
}

static bool receive_silences(struct alert_view *page, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_page envelope;
    struct wire_silence *rows = NULL;
    unsigned count = 0;
    bool good = answer->error ? (*error = *answer->error, false)
                              : wire_read_silences(answer->body, answer->length, arena, &envelope, &rows, &count, error);
    buffer_clear(&page->detail.elsewhere);
    for (unsigned i = 0; good && i < count; i++)
        if (strcmp(rows[i].id, page->detail.page.alert.silence) == 0)
            buffer_append_text(&page->detail.elsewhere, rows[i].elsewhere);
    arena_free(&arena);
    return good;
}

static bool receive_symptoms(struct alert_view *page, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_page envelope;
    struct wire_alert_hidden hidden;
    struct wire_alert *rows = NULL;
    unsigned count = 0;
    bool good = answer->error ? (*error = *answer->error, false)
                              : wire_read_alerts(answer->body, answer->length, arena, &envelope, &hidden, &rows, &count, error);
    if (!good) {
        arena_free(&arena);
        return false;
    }
    arena_free(&page->arena);
    page->arena = arena;
    page->symptoms = rows;
    page->symptom_count = count;
    if (page->symptom >= count)
        page->symptom = count ? count - 1 : 0;
    return true;
}

static bool receive(struct view *view, unsigned slot, const struct client_answer *answer, struct error *error)
{
    struct alert_view *page = view->state;
    if (slot == SLOT_SYMPTOMS)
        return receive_symptoms(page, answer, error);
    if (slot == SLOT_TOLD)
        return receive_told(page, view, answer);
    if (slot == SLOT_SILENCES)
        return receive_silences(page, answer, error);
    bool good = alert_detail_receive(&page->detail, slot - SLOT_DETAIL, answer, error);
    if (slot - SLOT_DETAIL != ALERT_SLOT_PAGE)
        return good;
    snprintf(page->problem, sizeof page->problem, "%s", good ? "" : error->text);
    if (good && *page->detail.page.alert.news && !page->seen && !view->host_ops->read_only(view->host) &&
        view->host_ops->at(view->host) == CLOCK_NEVER) {
        char *line = memory_printf("seen %s", page->id);
        page->seen = true; /* once, whatever comes of it */
        view->host_ops->command(view->host, line);
        free(line);
    }
    return good;
}

/* ---- drawing ---- */

static void draw_symptoms(struct alert_view *page, struct view *view, struct surface *surface, struct rect area)
{
    msec now = view->host_ops->now(view->host);
    if (area.rows < 2 || !page->symptom_count)
        return;
    surface_printf(surface, area.row, area.column, area.columns, ROLE_HEADING, _("%u symptoms"), page->detail.page.alert.symptoms);
    rect_cut_top(&area, 1);
    unsigned rows = (unsigned)area.rows, top = page->symptom >= rows ? page->symptom - rows + 1 : 0;
    for (unsigned i = 0; i < rows && top + i < page->symptom_count; i++) {
        const struct wire_alert *alert = &page->symptoms[top + i];
        bool here = top + i == page->symptom && page->pane == PANE_SYMPTOMS;
        char letter[2] = {severity_letter(alert->severity), '\0'}, age[SPAN_TEXT];
        struct buffer what = BUFFER_INIT;
        int row = area.row + (int)i;
        if (here)
            surface_put(surface, row, area.column - 1, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        surface_text(surface, row, area.column, 1, (uint8_t)severity_role(letter[0]), letter);
        surface_text_right(surface, row, area.column + 2, 5, ROLE_DIM, age_text(age, alert->raised_at != CLOCK_NEVER ? alert->raised_at : alert->since, now));
        alert_what(&what, alert, surface->ascii);
        surface_text_cut(surface, row, area.column + 8, area.columns - 32, here ? ROLE_STRONG : ROLE_TEXT, buffer_text(&what), TEXT_CUT_END);
        surface_text_cut(surface, row, area.column + area.columns - 22, 22, ROLE_DIM, alert->place, TEXT_CUT_MIDDLE);
        buffer_release(&what);
    }
}

static void draw_story(struct alert_view *page, struct view *view, struct surface *surface, struct rect area)
{
    int similar = (int)page->detail.page.similar_count + 1, lines = (int)alert_timeline_lines(&page->detail, view, area.columns) + 1;
    int rows = area.rows - similar - 1;
    alert_draw_timeline(&page->detail, view, surface, &area, lines < rows ? lines : rows, &page->back);
    alert_draw_similar(&page->detail, view, surface, &area);
}

/* On a wide screen, where symptoms leave them room. */
static void draw_labels_beside(struct alert_view *page, struct surface *surface, struct rect *area)
{
    int rows = has_labels(page) ? (int)alert_labels_count(&page->detail.page.alert) + 2 : 0;
    if (page->symptom_count && rows > area->rows / 2)
        rows = area->rows / 2;
    if (rows)
        alert_draw_labels(&page->detail.page.alert, surface, rect_cut_top(area, rows < area->rows ? rows : area->rows), page->label,
                          page->pane == PANE_LABELS);
}

static void draw(struct view *view, struct surface *surface, struct rect area)
{
    struct alert_view *page = view->state;
    struct rect rest = area, right = {0};
    if (rect_is_empty(area))
        return;
    rect_cut_left(&rest, 1);
    if (!page->detail.have) {
        surface_text(surface, rest.row, rest.column, rest.columns, ROLE_STRONG, page->id);
        if (rest.rows > 1)
            surface_text(surface, rest.row + 1, rest.column, rest.columns, page->problem[0] ? ROLE_ERROR : ROLE_DIM,
                         page->problem[0] ? page->problem : _("loading ..."));
        return;
    }
    if (area.columns >= WIDE_FROM) {
        right = rect_cut_right(&rest, area.columns / 2);
        rect_cut_left(&right, 2);
        alert_draw_head(&page->detail, view, surface, &rest, 1);
        draw_story(page, view, surface, rest);
        struct rect chart = rect_cut_top(&right, has_chart(page) ? (right.rows > 36 ? 18 : right.rows / 2) : 0);
        alert_draw_chart(&page->detail, surface, chart);
        draw_labels_beside(page, surface, &right);
        draw_symptoms(page, view, surface, right);
        return;
    }
    alert_draw_head(&page->detail, view, surface, &rest, area.columns >= 70 ? 2 : 1);
    if (page->pane == PANE_CHART)
        alert_draw_chart(&page->detail, surface, rest);
    else if (page->pane == PANE_SYMPTOMS)
        draw_symptoms(page, view, surface, rest);
    else if (page->pane == PANE_LABELS)
        alert_draw_labels(&page->detail.page.alert, surface, rest, page->label, true);
    else
        draw_story(page, view, surface, rest);
}

/* ---- doing ---- */

static void next_pane(struct alert_view *page)
{
    do
        page->pane = (enum pane)((page->pane + 1) % PANES);
    while ((page->pane == PANE_CHART && !has_chart(page)) || (page->pane == PANE_LABELS && !has_labels(page)) || (page->pane == PANE_SYMPTOMS && !page->detail.page.alert.symptoms));
}

static void open_current(struct alert_view *page, struct view *view)
{
    const struct wire_alert *alert = &page->detail.page.alert;
    if (page->pane == PANE_SYMPTOMS && page->symptom < page->symptom_count)
        view->host_ops->open(view->host, "alert", page->symptoms[page->symptom].id);
    else if (page->detail.have && *alert->asset)
        view->host_ops->open(view->host, "asset", alert->asset);
}

static void move(struct alert_view *page, int step)
{
    bool rows = page->pane == PANE_SYMPTOMS || page->pane == PANE_LABELS;
    unsigned *what = page->pane == PANE_SYMPTOMS ? &page->symptom : rows ? &page->label : &page->back;
    unsigned count = page->pane == PANE_SYMPTOMS ? page->symptom_count : has_labels(page) ? alert_labels_count(&page->detail.page.alert) : 0;
    unsigned last = !rows ? LINES_MOST : count ? count - 1 : 0; /* of lines, less where drawn */
    if (!rows)
        step = -step; /* the newest stands last */
    if (step < 0)
        *what = *what > (unsigned)-step ? *what - (unsigned)-step : 0;
    else
        *what = *what + (unsigned)step < last ? *what + (unsigned)step : last;
}

static enum reaction command(struct view *view, const char *name, const char *argument, struct error *error)
{
    static const struct { const char *name; int step; } moves[] = {
        {"down", 1}, {"up", -1}, {"page-down", 15}, {"page-up", -15}, {"half-down", 8}, {"half-up", -8}, {"top", -100000}, {"bottom", 100000},
        {"next-wrong", 1}, {"previous-wrong", -1}};
    struct alert_view *page = view->state;
    (void)argument, (void)error;
    for (unsigned i = 0; i < ARRAY_COUNT(moves); i++)
        if (strcmp(name, moves[i].name) == 0) {
            move(page, moves[i].step);
            return REACT_HANDLED | REACT_DRAW;
        }
    if (strcmp(name, "pane") == 0)
        next_pane(page);
    else if (strcmp(name, "open") == 0)
        open_current(page, view);
    else if (strcmp(name, "parent") == 0 && page->detail.have && *page->detail.page.alert.cause)
        view->host_ops->open(view->host, "alert", page->detail.page.alert.cause);
    else if (strcmp(name, "parent") != 0)
        return REACT_IGNORED;
    return REACT_HANDLED | REACT_DRAW | REACT_WANT;
}

static void targets(struct view *view, struct view_targets *out)
{
    struct alert_view *page = view->state;
    page->target = page->id;
    page->revision = page->detail.have ? page->detail.page.alert.revision : -1;
    *out = (struct view_targets){.ids = &page->target, .revisions = &page->revision, .count = page->detail.have, .resource = "alerts"};
}

/* The label under the cursor, where there is one. */
static bool copied(struct view *view, struct buffer *out)
{
    struct alert_view *page = view->state;
    return page->pane == PANE_LABELS && page->detail.have && alert_label_value(&page->detail.page.alert, page->label, out);
}

static void crumbs(struct view *view, struct buffer *out)
{
    struct alert_view *page = view->state;
    site_crumbs(view, out, _("alerts"), page->id, page->detail.have ? page->detail.page.alert.asset : "", NULL);
}

static void hints(struct view *view, struct buffer *out)
{
    struct alert_view *page = view->state;
    bool acked = page->detail.have && page->detail.page.alert.acknowledged;
    buffer_printf(out, "%s %s  s %s  o %s  c %s", acked ? "A" : "a", acked ? _("unack") : _("ack"), _("shelve"), _("assign"), _("comment"));
    if (page->pane == PANE_SYMPTOMS || (page->detail.have && *page->detail.page.alert.asset))
        buffer_printf(out, "  Enter %s", page->pane == PANE_SYMPTOMS ? _("symptom") : _("asset"));
    if (page->detail.have && *page->detail.page.alert.runbook)
        buffer_printf(out, "  r %s", _("runbook"));
    if (page->pane == PANE_LABELS)
        buffer_printf(out, "  y %s", _("copy"));
    if (has_labels(page) || (view->area.columns < WIDE_FROM && (has_chart(page) || page->symptom_count)))
        buffer_printf(out, "  Tab %s", _("next pane"));
    buffer_printf(out, "  h %s  Esc %s", _("history"), _("back"));
}

static void plain(struct view *view, struct buffer *out)
{
    struct alert_view *page = view->state;
    const struct wire_alert *alert = &page->detail.page.alert;
    msec now = view->host_ops->now(view->host);
    struct buffer text = BUFFER_INIT;
    char when[INSTANT_TEXT];
    if (!page->detail.have)
        return;
    buffer_printf(out, "%s  %s  %s  %s\n%s\n%s  %s\n%s\n", alert->id, severity_word(alert->severity), alert_state_word(alert->state), alert->name,
                  alert->summary, alert->asset, alert->asset_name, alert->place);
    if (*alert->note)
        buffer_printf(out, "%s: %s\n", _("note"), alert->note);
    alert_labels_plain(alert, out);
    for (unsigned i = 0; i < page->detail.page.timeline_count; i++) {
        const struct wire_alert_event *event = &page->detail.page.timeline[i];
        buffer_printf(out, "  %s  %s  %s  %s\n", instant_format(when, event->time), event->actor, event->verb, event->text);
    }
    for (unsigned i = 0; i < page->detail.page.similar_count; i++) {
        buffer_clear(&text);
        similar_text(&text, &page->detail.page.similar[i], now);
        buffer_printf(out, "  %s %s %s\n", _("before:"), page->detail.page.similar[i].id, buffer_text(&text));
    }
    for (unsigned i = 0; i < page->symptom_count; i++) {
        buffer_clear(&text);
        alert_what(&text, &page->symptoms[i], true);
        buffer_printf(out, "%3u  %s  %s\n", i + 1, page->symptoms[i].id, buffer_text(&text));
    }
    buffer_release(&text);
}

static bool pick(struct view *view, unsigned number)
{
    struct alert_view *page = view->state;
    if (!number || number > page->symptom_count)
        return false;
    page->pane = PANE_SYMPTOMS;
    page->symptom = number - 1;
    return true;
}

const struct view_ops alert_view = {
    .name = "alert",
    .title = N_("Alert"),
    .argument = "ID",
    .help = N_("one alert: timeline, chart, symptoms, what helped before"),
    .size = sizeof(struct alert_view),
    .open = page_open,
    .close = page_close,
    .wants = wants,
    .receive = receive,
    .draw = draw,
    .command = command,
    .targets = targets,
    .copied = copied,
    .crumbs = crumbs,
    .hints = hints,
    .plain = plain,
    .pick = pick,
};

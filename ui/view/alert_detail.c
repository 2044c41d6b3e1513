/* One alert explained: what, where, since when, who, what was done, what helped before. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/alerts.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "widget/plot.h"
#include "widget/wrap.h"
#include "window/layout.h"

#define DETAIL_REST ((msec)150) /* a cursor that runs asks for nothing */
#define BEFORE SPAN_HOUR        /* of the metric, round the moment it was raised */
#define AFTER SPAN_HOUR
#define BUCKETS "80"
#define LABEL 12

void alert_detail_release(struct alert_detail *detail)
{
    for (unsigned i = 0; i < ALERT_SLOTS; i++)
        arena_free(&detail->arena[i]);
    buffer_release(&detail->told);
    buffer_release(&detail->elsewhere);
}

bool alert_detail_about(const struct alert_detail *detail, const char *id)
{
    return detail->have && id && strcmp(detail->page.alert.id, id) == 0;
}

static msec moment_of(const struct wire_alert *alert)
{
    return alert->raised_at != CLOCK_NEVER ? alert->raised_at : alert->since;
}

void alert_detail_want(struct alert_detail *detail, struct view *view, struct view_wants *wants, unsigned slot, const char *id, bool pane)
{
    struct buffer path = BUFFER_INIT, resource = BUFFER_INIT;
    const struct wire_alert *alert = &detail->page.alert;
    if (!id)
        return;
    buffer_append_text(&path, "/alerts/");
    client_path_segment(&path, id);
    view_want(wants, slot + ALERT_SLOT_PAGE, "alerts", 500, buffer_text(&path));
    wants->want[wants->count - 1].rest = DETAIL_REST;
    if (pane && alert_detail_about(detail, id) && *alert->asset && *alert->metric && moment_of(alert) != CLOCK_NEVER) {
        char from[INSTANT_TEXT], to[INSTANT_TEXT];
        msec now = view->host_ops->now(view->host) / SPAN_MINUTE * SPAN_MINUTE + SPAN_MINUTE, end = moment_of(alert) + AFTER;
        buffer_clear(&path);
        buffer_append_text(&resource, "/assets/");
        client_path_segment(&resource, alert->asset);
        buffer_append_text(&resource, "/readings");
        client_path(&path, buffer_text(&resource), "metric", alert->metric, "from", instant_format(from, moment_of(alert) - BEFORE), "to",
                    instant_format(to, end < now ? end : now), "buckets", BUCKETS, NULL);
        view_want(wants, slot + ALERT_SLOT_SERIES, "", 10000, buffer_text(&path));
    }
    buffer_release(&path);
    buffer_release(&resource);
}

bool alert_detail_receive(struct alert_detail *detail, unsigned part, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    bool good = false;
    if (answer->error) {
        *error = *answer->error;
    } else if (part == ALERT_SLOT_PAGE) {
        struct wire_alert_page fresh = {0};
        good = wire_read_alert_page(answer->body, answer->length, arena, &fresh, error);
        if (good) {
            if (!alert_detail_about(detail, fresh.alert.id))
                detail->series.bucket_count = 0; /* of another alert */
            detail->page = fresh;
            detail->have = true;
        }
    } else {
        struct wire_series fresh = {0};
        good = wire_read_series(answer->body, answer->length, arena, &fresh, error);
        if (good)
            detail->series = fresh;
    }
    if (good) {
        arena_free(&detail->arena[part]);
        detail->arena[part] = arena;
    } else {
        arena_free(&arena);
    }
    return good;
}

/* ---- parts ---- */

static void rule_text(struct buffer *out, const struct wire_alert *alert)
{
    if (*alert->rule)
        buffer_append_text(out, alert->rule);
    if (alert->rule_version > 0 && alert->rule_version < 10000) /* a configured rule's is a checksum: nothing to read */
        buffer_printf(out, " v%lld", (long long)alert->rule_version);
}

static void numbers_text(struct buffer *out, const struct wire_alert *alert)
{
    char number[40];
    if (!*alert->metric || isnan(alert->value))
        return;
    buffer_printf(out, "%s %s", alert->metric, value_text(number, sizeof number, alert->value, ""));
    if (!isnan(alert->threshold))
        buffer_printf(out, _(" (limit %s)"), value_text(number, sizeof number, alert->threshold, ""));
}

/* ---- three lines under the list ---- */

static void timeline_line(const struct alert_detail *detail, struct buffer *out, int columns, msec now)
{
    char when[INSTANT_TEXT];
    unsigned count = detail->page.timeline_count, first = count;
    int room = columns;
    while (first) { /* as many of the newest as fit, told from old to new */
        const struct wire_alert_event *event = &detail->page.timeline[first - 1];
        int width = text_width(instant_format_short(when, event->time, now)) + text_width(alert_verb_word(event->verb)) + 3;
        if (width > room)
            break;
        room -= width;
        first--;
    }
    for (; first < count; first++) {
        const struct wire_alert_event *event = &detail->page.timeline[first];
        buffer_printf(out, "%s%s %s", out->length ? "  " : "", instant_format_short(when, event->time, now), alert_verb_word(event->verb));
    }
}

static void before_line(const struct alert_detail *detail, struct buffer *out, msec now)
{
    const struct wire_alert_page *page = &detail->page;
    if (!page->similar_count) {
        buffer_append_text(out, _("nothing like it in 30 days"));
        return;
    }
    buffer_append_text(out, _("before:"));
    for (unsigned i = 0; i < page->similar_count; i++) {
        buffer_append_text(out, i ? " · " : " ");
        similar_text(out, &page->similar[i], now);
    }
}

void alert_draw_lines(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect area, const char *id)
{
    const struct wire_alert *alert = &detail->page.alert;
    struct buffer text = BUFFER_INIT, right = BUFFER_INIT;
    msec now = view->host_ops->now(view->host);
    char when[INSTANT_TEXT];
    if (!id || area.rows < 1 || !detail->have)
        return;
    int width = area.columns - 2, row = area.row;
    int used = surface_text(surface, row, area.column + 1, width / 2, alert_detail_about(detail, id) ? ROLE_STRONG : ROLE_DIM,
                            *alert->asset ? alert->asset : alert->place) + 2;
    numbers_text(&text, alert);
    if (text.length)
        buffer_append_text(&text, "   ");
    if (*alert->unit)
        buffer_printf(&text, "%s   ", alert->unit);
    if (alert->last_seen != CLOCK_NEVER)
        buffer_printf(&text, _("last %s"), instant_format_short(when, alert->last_seen, now));
    if (*alert->rule) {
        buffer_printf(&right, "%s ", _("rule"));
        rule_text(&right, alert);
        buffer_append_text(&right, "   ");
    }
    if (alert->raised_at != CLOCK_NEVER)
        buffer_printf(&right, _("raised %s"), instant_format_short(when, alert->raised_at, now));
    int tail = text_width(buffer_text(&right));
    surface_text_cut(surface, row, area.column + 1 + width - tail, tail, ROLE_DIM, buffer_text(&right), TEXT_CUT_END);
    surface_text_cut(surface, row, area.column + 1 + used, width - used - tail - 2, ROLE_TEXT, buffer_text(&text), TEXT_CUT_END);
    if (area.rows > 1) {
        buffer_clear(&text);
        timeline_line(detail, &text, width, now);
        surface_text_cut(surface, row + 1, area.column + 1, width, ROLE_TEXT, buffer_text(&text), TEXT_CUT_END);
    }
    if (area.rows > 2) {
        buffer_clear(&text);
        if (*alert->note)
            buffer_printf(&text, "“%s”   ", alert->note);
        before_line(detail, &text, now);
        surface_text_cut(surface, row + 2, area.column + 1, width, ROLE_DIM, buffer_text(&text), TEXT_CUT_END);
    }
    buffer_release(&text);
    buffer_release(&right);
}

/* ---- the pane; the page takes its parts ---- */

struct fields { struct surface *surface; struct rect area; unsigned across, at; };

/* One that is too long for its place has a line for itself. */
static void field(struct fields *fields, const char *label, const char *text)
{
    unsigned across = fields->across, place = fields->at % across;
    int columns = fields->area.columns / (int)across;
    bool alone = across > 1 && text && text_width(text) > columns - LABEL - 2;
    if (alone && place) {
        fields->at += across - place;
        place = 0;
    }
    int row = fields->area.row + (int)(fields->at / across), column = fields->area.column + (int)place * columns;
    if (!text || !*text || row >= fields->area.row + fields->area.rows)
        return;
    columns = alone ? fields->area.columns : columns;
    surface_text(fields->surface, row, column, LABEL, ROLE_DIM, label);
    surface_text_cut(fields->surface, row, column + LABEL + 1, columns - LABEL - 2, ROLE_TEXT, text, TEXT_CUT_END);
    fields->at += alone ? across : 1;
}

static const char *name_of(const char *actor)
{
    return strncmp(actor, "user:", 5) == 0 ? actor + 5 : actor;
}

static void draw_title(const struct wire_alert *alert, struct view *view, struct surface *surface, struct rect *area)
{
    struct buffer text = BUFFER_INIT;
    char letter[2] = {severity_letter(alert->severity), '\0'}, age[SPAN_TEXT], when[INSTANT_TEXT];
    msec now = view->host_ops->now(view->host);
    uint8_t role = (uint8_t)severity_role(letter[0]);
    surface_text(surface, area->row, area->column, 1, role, letter);
    int used = 2 + surface_text(surface, area->row, area->column + 2, 18, ROLE_DIM, alert->id) + 2;
    surface_text_cut(surface, area->row, area->column + used, area->columns - used, ROLE_STRONG, alert->name, TEXT_CUT_END);
    rect_cut_top(area, 1);
    buffer_printf(&text, "%s · %s", severity_word(alert->severity), alert_state_word(alert->state));
    if (alert->raised_at != CLOCK_NEVER)
        buffer_printf(&text, _(" · raised %s (%s ago)"), instant_format_short(when, alert->raised_at, now), age_text(age, alert->raised_at, now));
    if (alert->cleared_at != CLOCK_NEVER)
        buffer_printf(&text, _(" · cleared %s"), instant_format_short(when, alert->cleared_at, now));
    surface_text_cut(surface, area->row, area->column, area->columns, role, buffer_text(&text), TEXT_CUT_END);
    rect_cut_top(area, 1);
    if (*alert->summary && area->rows) {
        surface_text_cut(surface, area->row, area->column, area->columns, ROLE_TEXT, alert->summary, TEXT_CUT_END);
        rect_cut_top(area, 1);
    }
    buffer_release(&text);
}

static void draw_response(const struct alert_detail *detail, struct fields *fields, msec now)
{
    const struct wire_alert *alert = &detail->page.alert;
    struct buffer text = BUFFER_INIT;
    char until[SPAN_TEXT + 4];
    suppression_text(&text, alert->suppression);
    if (*alert->silence)
        buffer_printf(&text, " %s", alert->silence);
    field(fields, _("hidden by"), buffer_text(&text));
    field(fields, _("elsewhere"), buffer_text(&detail->elsewhere));
    field(fields, _("cause"), alert->cause);
    buffer_clear(&text);
    if (alert->acknowledged)
        buffer_printf(&text, _("acknowledged by %s  "), name_of(alert->acknowledged_by));
    if (*alert->assignee)
        buffer_printf(&text, _("assigned to %s  "), name_of(alert->assignee));
    buffer_append_text(&text, alert_until(until, alert, now));
    field(fields, _("who"), buffer_text(&text));
    field(fields, _("told"), buffer_text(&detail->told));
    field(fields, _("ticket"), alert->ticket);
    buffer_clear(&text);
    if (alert->symptoms)
        buffer_printf(&text, "%u", alert->symptoms);
    field(fields, _("symptoms"), buffer_text(&text));
    buffer_clear(&text);
    if (alert->occurrences > 1 || alert->reopens)
        buffer_printf(&text, _("%u occurrences, %u reopened"), alert->occurrences, alert->reopens);
    field(fields, _("seen"), buffer_text(&text));
    buffer_release(&text);
}

/* The last note, as a whole where it takes no more than a third of the room; its timeline has it in full. */
static void draw_note(const struct wire_alert *alert, struct surface *surface, struct rect *area)
{
    struct rect room = {area->row, area->column + LABEL + 1, area->rows / 3 > 2 ? area->rows / 3 : 2, area->columns - LABEL - 2};
    if (!*alert->note || area->rows < room.rows)
        return;
    surface_text(surface, area->row, area->column, LABEL, ROLE_DIM, _("note"));
    rect_cut_top(area, wrap_draw(surface, room, ROLE_TEXT, alert->note));
}

void alert_draw_head(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect *area, unsigned across)
{
    const struct wire_alert *alert = &detail->page.alert;
    struct buffer text = BUFFER_INIT;
    draw_title(alert, view, surface, area);
    struct fields fields = {.surface = surface, .area = *area, .across = across};
    buffer_printf(&text, "%s%s%s", alert->asset, *alert->asset_name ? "  " : "", alert->asset_name);
    field(&fields, _("asset"), buffer_text(&text));
    field(&fields, _("place"), alert->place);
    field(&fields, _("unit"), alert->unit);
    field(&fields, _("subsystem"), alert->subsystem);
    buffer_clear(&text);
    numbers_text(&text, alert);
    field(&fields, _("value"), buffer_text(&text));
    buffer_clear(&text);
    rule_text(&text, alert);
    field(&fields, _("rule"), buffer_text(&text));
    buffer_clear(&text);
    buffer_printf(&text, "%s%s", alert->runbook, detail->page.runbook_missing ? _("  is missing") : "");
    field(&fields, _("runbook"), buffer_text(&text));
    field(&fields, _("source"), _(alert->source));
    draw_response(detail, &fields, view->host_ops->now(view->host));
    rect_cut_top(area, (int)((fields.at + across - 1) / across));
    draw_note(alert, surface, area);
    alert_draw_label_line(alert, surface, area);
    rect_cut_top(area, 1);
    buffer_release(&text);
}

void alert_draw_chart(struct alert_detail *detail, struct surface *surface, struct rect area)
{
    const struct wire_series *series = &detail->series;
    const struct wire_alert *alert = &detail->page.alert;
    if (!series->bucket_count || area.rows < 5)
        return;
    msec *times = memory_new_array(series->bucket_count, sizeof *times);
    double *values = memory_new_array(series->bucket_count, sizeof *values), *low = memory_new_array(series->bucket_count, sizeof *low),
           *high = memory_new_array(series->bucket_count, sizeof *high);
    unsigned count = 0;
    for (unsigned i = 0; i < series->bucket_count; i++)
        if (series->buckets[i].count) { /* the last value, and the band of all: what crossed the limit must be seen */
            times[count] = series->buckets[i].start;
            low[count] = series->buckets[i].minimum;
            high[count] = series->buckets[i].maximum;
            values[count++] = series->buckets[i].last;
        }
    struct chart_series line = {.name = series->metric, .role = ROLE_CHART, .count = count, .times = times, .values = values,
                                .low = low, .high = high};
    struct chart chart = {.unit = series->unit, .from = series->from, .to = series->to, .series = &line, .count = 1, .floor = NAN,
                          .ceiling = NAN, .limit = alert->threshold, .empty = _("no value in this span")};
    surface_printf(surface, area.row, area.column, area.columns, ROLE_HEADING, _("%s around the moment"), series->metric);
    rect_cut_top(&area, 1);
    chart_draw(surface, area, &chart);
    free(times);
    free(values);
    free(low);
    free(high);
}

void alert_draw_pane(struct alert_detail *detail, struct view *view, struct surface *surface, struct rect area, const char *id)
{
    if (area.rows < 3 || !id)
        return;
    if (!detail->have) {
        surface_text(surface, area.row, area.column, area.columns, ROLE_DIM, id);
        return;
    }
    alert_draw_head(detail, view, surface, &area, 1);
    int lines = (int)alert_timeline_lines(detail, view, area.columns) + 1;
    unsigned back = 0;
    alert_draw_timeline(detail, view, surface, &area, lines < area.rows / 2 ? lines : area.rows / 2, &back);
    alert_draw_similar(detail, view, surface, &area);
    if (area.rows > 14)
        area.rows = 14;
    alert_draw_chart(detail, surface, area);
}

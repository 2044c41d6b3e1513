#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/asset.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "window/layout.h"

#define WIDE_FROM 110
#define LABEL 12

static int draw_title(struct asset_page *page, struct view *view, struct surface *surface, struct rect area)
{
    const struct wire_asset *asset = &page->page.asset;
    char age[SPAN_TEXT], since[INSTANT_TEXT], text[160];
    msec now = view->host_ops->now(view->host);
    int row = area.row;
    uint8_t role = (uint8_t)health_role(asset->health);
    surface_put(surface, row, area.column + 1, role, health_glyph(asset->health, surface->ascii));
    if (asset->since == CLOCK_NEVER)
        snprintf(text, sizeof text, "%s", health_word(asset->health));
    else
        snprintf(text, sizeof text, _("%s %s  (since %s)"), health_word(asset->health),
                 age_text(age, asset->since, now), instant_format_short(since, asset->since, now));
    int width = text_width(text);
    surface_text(surface, row, area.column + area.columns - 1 - width, width, role, text);
    int used =
        3 +
        surface_text(surface, row, area.column + 3, area.columns / 2, ROLE_STRONG, asset->field[ASSET_id]) +
        2;
    surface_text_cut(surface, row++, area.column + used, area.columns - used - width - 3, ROLE_STRONG,
                     asset_name(asset), TEXT_CUT_MIDDLE);
    struct buffer line = BUFFER_INIT;
    if (asset->link != LINK_UNKNOWN)
        buffer_printf(&line, _("net %s · "), link_word(asset->link));
    buffer_printf(&line, _("comm %s"), comm_word(asset->comm));
    if (*reason_word(asset->reason))
        buffer_printf(&line, " · %s", reason_word(asset->reason));
    if (asset->evidence && *asset->evidence)
        buffer_printf(&line, " · %s", asset->evidence);
    if (asset->last_heard != CLOCK_NEVER)
        buffer_printf(&line, _(" · heard %s ago"), age_text(age, asset->last_heard, now));
    if (asset->period > 0)
        buffer_printf(&line, _(" · every %s"), span_format_short(age, asset->period));
    if (asset->discovered)
        buffer_printf(&line, " · %s", _("discovered, not in the ledger: :adopt"));
    surface_text_cut(surface, row++, area.column + 3, area.columns - 4, ROLE_TEXT, buffer_text(&line), TEXT_CUT_END);
    buffer_release(&line);
    return row;
}

static void field(struct buffer *out, const char *label, const char *text)
{
    if (text && *text)
        buffer_printf(out, "%s%s %s", out->length ? "   " : "", label, value_word(text));
}

/* Identity in as many lines as it needs, at most three. */
static int draw_identity(struct asset_page *page, struct surface *surface, struct rect area, int row)
{
    const struct wire_asset *asset = &page->page.asset;
    static const enum asset_field first[] = {ASSET_subsystem, ASSET_unit,     ASSET_kind,
                                             ASSET_class_,    ASSET_contract, ASSET_tags};
    static const enum asset_field second[] = {ASSET_address, ASSET_model,     ASSET_vendor,
                                              ASSET_serial,  ASSET_asset_tag, ASSET_status};
    struct buffer line = BUFFER_INIT, place = BUFFER_INIT;
    place_text(&place, asset);
    field(&line, _("place"), buffer_text(&place));
    for (unsigned i = 0; i < ARRAY_COUNT(first); i++)
        field(&line, field_word(asset_field_name(first[i])), asset->field[first[i]]);
    if (line.length)
        surface_text_cut(surface, row++, area.column + 3, area.columns - 4, ROLE_DIM, buffer_text(&line),
                         TEXT_CUT_END);
    buffer_clear(&line);
    const struct wire_standby *standby = &page->page.standby;
    if (standby->name && *standby->name)
        buffer_printf(&line, _("redundancy %s %u/%u, %u needed"), standby->name, standby->alive, standby->total, standby->need);
    for (unsigned i = 0; i < ARRAY_COUNT(second); i++)
        field(&line, field_word(asset_field_name(second[i])), asset->field[second[i]]);
    if (line.length && area.rows >= 18)
        surface_text_cut(surface, row++, area.column + 3, area.columns - 4, ROLE_DIM, buffer_text(&line),
                         TEXT_CUT_END);
    buffer_release(&line);
    buffer_release(&place);
    return row;
}

static int draw_strip(struct asset_page *page, struct view *view, struct surface *surface, struct rect area, int row)
{
    msec now = view->host_ops->now(view->host), span = asset_spans[page->span].length;
    struct strip_interval *strip = memory_new_array(page->state_count + 1, sizeof *strip);
    for (unsigned i = 0; i < page->state_count; i++)
        strip[i] = (struct strip_interval){page->states[i].from, page->states[i].to, page->states[i].health};
    surface_printf(surface, row, area.column + 1, LABEL, ROLE_DIM, _("health %s"), asset_spans[page->span].name);
    strip_draw(surface, row, area.column + 1 + LABEL, area.columns - LABEL - 2, strip, page->state_count,
               now - span, now);
    free(strip);
    return row + 1;
}

static unsigned top_of(unsigned cursor, unsigned count, int rows)
{
    if (rows <= 0 || count <= (unsigned)rows || cursor < (unsigned)rows / 2)
        return 0;
    unsigned top = cursor - (unsigned)rows / 2;
    return top + (unsigned)rows > count ? count - (unsigned)rows : top;
}

static void draw_metrics(struct asset_page *page, struct view *view, struct surface *surface, struct rect area)
{
    const struct wire_asset *asset = &page->page.asset;
    msec now = view->host_ops->now(view->host);
    page->metric_area = area;
    page->metric_top = top_of(page->metric, asset->value_count, area.rows);
    if (!asset->value_count && area.rows)
        surface_text(surface, area.row, area.column + 2, area.columns - 2, ROLE_DIM, _("no value was ever heard"));
    for (int i = 0; i < area.rows && page->metric_top + (unsigned)i < asset->value_count; i++) {
        unsigned at = page->metric_top + (unsigned)i;
        const struct wire_value *value = &asset->values[at];
        char text[64], age[SPAN_TEXT];
        int row = area.row + i;
        bool here = at == page->metric;
        if (here)
            surface_put(surface, row, area.column, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        surface_text_cut(surface, row, area.column + 2, area.columns - 28,
                         here && page->pane == PANE_METRICS ? ROLE_STRONG : ROLE_TEXT, value->metric,
                         TEXT_CUT_MIDDLE);
        value_text(text, sizeof text, value->value, value->unit);
        uint8_t role = value->flag == READING_FAIL      ? ROLE_CRITICAL
                       : value->flag == READING_SUSPECT ? ROLE_WARNING
                                                        : ROLE_TEXT;
        surface_text_right(surface, row, area.column + area.columns - 25, 17, role, text);
        surface_text_right(surface, row, area.column + area.columns - 7, 6, ROLE_DIM,
                           age_text(age, value->time, now));
    }
}

static void draw_chart(struct asset_page *page, struct view *view, struct surface *surface, struct rect area)
{
    const struct wire_series *series = &page->series;
    msec now = view->host_ops->now(view->host);
    unsigned count = series->bucket_count;
    if (area.rows < 4 || !page->page.asset.value_count)
        return;
    msec *times = memory_new_array(count + 1, sizeof *times);
    double *values = memory_new_array(count + 1, sizeof *values), *low = memory_new_array(count + 1, sizeof *low),
           *high = memory_new_array(count + 1, sizeof *high);
    for (unsigned i = 0; i < count; i++) {
        const struct reading_bucket *bucket = &series->buckets[i];
        times[i] = bucket->start;
        values[i] = bucket->count ? bucket->sum / bucket->count : NAN;
        low[i] = bucket->count ? bucket->minimum : NAN;
        high[i] = bucket->count ? bucket->maximum : NAN;
    }
    /* A device that speaks every half hour has gaps in minute buckets that say nothing: only silence longer than
     * two of its periods breaks the line. */
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++)
        if (!isnan(values[i])) {
            times[kept] = times[i];
            values[kept] = values[i];
            low[kept] = low[i];
            high[kept++] = high[i];
        }
    msec bucket = count ? (series->to - series->from) / count : 0, period = page->page.asset.period;
    struct chart_series line = {.name = series->metric,
                                .role = ROLE_CHART,
                                .count = kept,
                                .times = times,
                                .values = values,
                                .low = low,
                                .high = high,
                                .gap = 2 * (period > bucket ? period : bucket) + bucket};
    struct chart chart = {.style = page->style,
                          .unit = series->unit,
                          .from = count ? series->from : now - asset_spans[page->span].length,
                          .to = count ? series->to : now,
                          .series = &line,
                          .count = 1,
                          .floor = NAN,
                          .ceiling = NAN,
                          .limit = NAN,
                          .empty = _("no value in this span")};
    surface_printf(surface, area.row, area.column + 1, area.columns - 2, ROLE_HEADING, _("%s, last %s"),
                   page->page.asset.values[page->metric].metric, asset_spans[page->span].name);
    rect_cut_top(&area, 1);
    rect_cut_left(&area, 1);
    chart_draw(surface, area, &chart);
    free(times);
    free(values);
    free(low);
    free(high);
}

static void draw_below(struct asset_page *page, struct view *view, struct surface *surface, struct rect area)
{
    unsigned count;
    const struct wire_asset *rows = asset_below(page, &count);
    msec now = view->host_ops->now(view->host);
    if (!count || area.rows < 2)
        return;
    if (page->page.asset.children) {
        int used = surface_printf(surface, area.row, area.column + 1, area.columns, ROLE_HEADING,
                                  _("%u below"), page->page.asset.children) +
                   3;
        draw_by_health(surface, area.row, area.column + used, area.columns - used,
                       page->page.asset.children_by_health, false);
    } else {
        surface_text(surface, area.row, area.column + 1, area.columns, ROLE_HEADING, _("beside it"));
    }
    rect_cut_top(&area, 1);
    page->below_area = area;
    page->below_top = top_of(page->child, count, area.rows);
    for (int i = 0; i < area.rows && page->below_top + (unsigned)i < count; i++) {
        unsigned at = page->below_top + (unsigned)i;
        const struct wire_asset *asset = &rows[at];
        int row = area.row + i;
        bool here = at == page->child && page->pane == PANE_BELOW;
        char since[SPAN_TEXT], value[64] = "";
        if (here)
            surface_put(surface, row, area.column, ROLE_CURSOR, glyph_code(GLYPH_CURSOR_BAR, surface->ascii));
        surface_put(surface, row, area.column + 2, (uint8_t)health_role(asset->health),
                    health_glyph(asset->health, surface->ascii));
        int used = 4 +
                   surface_text_cut(surface, row, area.column + 4, 20, ROLE_DIM, asset->field[ASSET_id],
                                    TEXT_CUT_START) +
                   1;
        if (asset->value_count)
            value_text(value, sizeof value, asset->values[0].value, asset->values[0].unit);
        int tail = area.columns > 60 ? 22 : 6;
        surface_text_cut(surface, row, area.column + used, area.columns - used - tail - 1,
                         here ? ROLE_STRONG : ROLE_TEXT, asset_name(asset), TEXT_CUT_MIDDLE);
        if (tail > 6)
            surface_text_right(surface, row, area.column + area.columns - tail, 15, ROLE_TEXT, value);
        surface_text_right(
            surface, row, area.column + area.columns - 6, 5,
            (uint8_t)(health_is_wrong(asset->health) ? (int)health_role(asset->health) : ROLE_DIM),
            age_text(since, asset->since, now));
    }
}

static void draw_messages(struct asset_page *page, struct view *view, struct surface *surface, struct rect area)
{
    msec now = view->host_ops->now(view->host);
    if (!page->page.message_count || area.rows < 2)
        return;
    surface_text(surface, area.row, area.column + 1, area.columns, ROLE_HEADING, _("last messages"));
    for (unsigned i = 0; i < page->page.message_count && (int)i + 1 < area.rows; i++) {
        const struct wire_message *message = &page->page.messages[i];
        char when[INSTANT_TEXT];
        int row = area.row + 1 + (int)i;
        int used = 2 +
                   surface_text(surface, row, area.column + 2, 12, ROLE_DIM,
                                instant_format_short(when, message->received, now)) +
                   1;
        used += surface_text_cut(surface, row, area.column + used, 12, ROLE_DIM, message->source, TEXT_CUT_END) + 1;
        surface_text_cut(surface, row, area.column + used, area.columns - used - 1, ROLE_TEXT, message->text,
                         TEXT_CUT_END);
    }
}

static void draw_wide(struct asset_page *page, struct view *view, struct surface *surface, struct rect rest)
{
    struct rect right = rect_cut_right(&rest, rest.columns * 2 / 5), left = rest;
    int metrics =
        (int)page->page.asset.value_count < left.rows / 3 ? (int)page->page.asset.value_count : left.rows / 3;
    draw_metrics(page, view, surface, rect_cut_top(&left, metrics ? metrics : 1));
    rect_cut_top(&left, 1);
    int chart = left.rows * 3 / 5;
    if (chart > 20)
        chart = 20;
    draw_chart(page, view, surface, rect_cut_top(&left, page->page.asset.value_count ? chart : 0));
    rect_cut_top(&left, 1);
    draw_messages(page, view, surface, left);
    rect_cut_left(&right, 2);
    draw_below(page, view, surface, right);
}

static void draw_narrow(struct asset_page *page, struct view *view, struct surface *surface, struct rect rest)
{
    unsigned below;
    asset_below(page, &below);
    int rows = rest.rows;
    int metrics = (int)page->page.asset.value_count;
    int most = rows / 4 > 1 ? rows / 4 : 1;
    metrics = metrics > most ? most : metrics ? metrics : 1;
    draw_metrics(page, view, surface, rect_cut_top(&rest, metrics));
    int want = page->pane == PANE_BELOW && below ? rest.rows * 2 / 3 : rest.rows / 4;
    int under = below ? (int)below + 1 < want ? (int)below + 1 : want : 0;
    int messages = page->page.message_count
                       ? ((int)page->page.message_count + 1 < 3 ? (int)page->page.message_count + 1 : 3)
                       : 0;
    int chart = rest.rows - under - messages;
    if (!page->page.asset.value_count || chart < 5) {
        under += page->page.asset.value_count || !below ? 0 : chart;
        chart = rest.rows - under - messages;
    }
    draw_chart(page, view, surface, rect_cut_top(&rest, chart > 0 ? chart : 0));
    draw_below(page, view, surface, rect_cut_top(&rest, under));
    draw_messages(page, view, surface, rest);
}

void asset_draw(struct view *view, struct surface *surface, struct rect area)
{
    struct asset_page *page = view->state;
    struct rect rest = area;
    page->metric_area = page->below_area = (struct rect){0};
    if (rect_is_empty(area))
        return;
    if (!page->have) {
        surface_text(surface, area.row, area.column + 1, area.columns - 2, ROLE_STRONG, page->id);
        if (area.rows > 1)
            surface_text(surface, area.row + 1, area.column + 1, area.columns - 2,
                         page->problem[0] ? ROLE_ERROR : ROLE_DIM,
                         page->problem[0] ? page->problem : _("loading ..."));
        return;
    }
    int row = draw_title(page, view, surface, area);
    if (area.rows >= 10)
        row = draw_identity(page, surface, area, row);
    if (area.rows >= 8)
        row = draw_strip(page, view, surface, area, row);
    if (area.rows >= 14) {
        time_axis_draw(surface, row++, area.column + 1 + LABEL, area.columns - LABEL - 2,
                       view->host_ops->now(view->host) - asset_spans[page->span].length,
                       view->host_ops->now(view->host));
    }
    rect_cut_top(&rest, row - area.row);
    if (area.columns >= WIDE_FROM)
        draw_wide(page, view, surface, rest);
    else
        draw_narrow(page, view, surface, rest);
}

#include "view/detail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/parts.h"
#include "widget/letters.h"
#include "widget/plot.h"
#include "window/layout.h"

#define PANE_SPAN (6 * SPAN_HOUR)
#define PANE_BUCKETS "60"
#define BELOW_MOST "200"
#define DETAIL_REST ((msec)150) /* a cursor that runs asks for nothing; one that rests is explained */

void detail_init(struct detail *detail)
{
    memset(detail, 0, sizeof *detail);
}

void detail_release(struct detail *detail)
{
    for (unsigned i = 0; i < DETAIL_SLOTS; i++)
        arena_free(&detail->arena[i]);
}

/* Whether the answers here are about this id. */
static bool about(const struct detail *detail, const char *id)
{
    return detail->have && id && strcmp(detail->page.asset.field[ASSET_id], id) == 0;
}

static void want_series(struct detail *detail, struct view *view, struct view_wants *wants, unsigned slot,
                        const char *base)
{
    /* Whole minutes, so that the path stays the same while nothing else changes. */
    msec to = view->host_ops->now(view->host) / SPAN_MINUTE * SPAN_MINUTE;
    char first[INSTANT_TEXT], last[INSTANT_TEXT];
    struct buffer path = BUFFER_INIT, resource = BUFFER_INIT;
    instant_format(first, to - PANE_SPAN);
    bool past = view->host_ops->at(view->host) != CLOCK_NEVER;
    buffer_printf(&resource, "%s/states", base);
    client_path(&path, buffer_text(&resource), "from", first, "to", past ? instant_format(last, to) : "", NULL);
    view_want(wants, slot + DETAIL_STATES, "fleet", 5000, buffer_text(&path));
    if (detail->page.asset.value_count) {
        buffer_clear(&path);
        buffer_clear(&resource);
        buffer_printf(&resource, "%s/readings", base);
        client_path(&path, buffer_text(&resource), "metric", detail->page.asset.values[0].metric, "from", first, "to",
                    past ? instant_format(last, to) : "", "buckets", PANE_BUCKETS, NULL);
        view_want(wants, slot + DETAIL_SERIES, "", 10000, buffer_text(&path));
    }
    if (detail->page.asset.children) {
        struct buffer filter = BUFFER_INIT;
        filter_value(&filter, "parent", detail->page.asset.field[ASSET_id]);
        buffer_clear(&path);
        client_path(&path, "/assets", "filter", buffer_text(&filter), "sort", "-health,id", "limit",
                    BELOW_MOST, "fields", "id", NULL);
        view_want(wants, slot + DETAIL_BELOW, "fleet ledger", 2000, buffer_text(&path));
        buffer_release(&filter);
    }
    buffer_release(&path);
    buffer_release(&resource);
}

void detail_want(struct detail *detail, struct view *view, struct view_wants *wants, unsigned slot,
                 const char *id, bool pane)
{
    struct buffer base = BUFFER_INIT;
    if (!id)
        return;
    buffer_append_text(&base, "/assets/");
    client_path_segment(&base, id);
    view_want(wants, slot + DETAIL_ASSET, "fleet ledger", 1000, buffer_text(&base));
    wants->want[wants->count - 1].rest = DETAIL_REST;
    if (pane && about(detail, id))
        want_series(detail, view, wants, slot, buffer_text(&base));
    buffer_release(&base);
}

bool detail_receive(struct detail *detail, unsigned part, const struct client_answer *answer, struct error *error)
{
    struct arena *arena = arena_new();
    struct wire_page page;
    bool good = false;
    if (answer->error) {
        *error = *answer->error;
    } else if (part == DETAIL_ASSET) {
        struct wire_asset_page fresh = {0};
        good = wire_read_asset_page(answer->body, answer->length, arena, &fresh, error);
        if (good) {
            if (!detail->have || strcmp(detail->page.asset.field[ASSET_id], fresh.asset.field[ASSET_id]) != 0) {
                detail->state_count = 0; /* of another asset */
                detail->series.bucket_count = 0;
                detail->below_count = 0;
            }
            detail->page = fresh;
            detail->have = true;
        }
    } else if (part == DETAIL_STATES) {
        good = wire_read_intervals(answer->body, answer->length, arena, &page, &detail->states,
                                   &detail->state_count, error);
    } else if (part == DETAIL_BELOW) {
        good = wire_read_assets(answer->body, answer->length, arena, &page, &detail->below,
                                &detail->below_count, error);
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

static int draw_health(struct view *view, struct surface *surface, int row, int column, int columns,
                       const struct wire_asset *asset, bool right)
{
    char age[SPAN_TEXT], since[INSTANT_TEXT], text[120];
    msec now = view->host_ops->now(view->host);
    age_text(age, asset->since, now);
    instant_format_short(since, asset->since, now);
    if (asset->since == CLOCK_NEVER)
        snprintf(text, sizeof text, "%s", health_word(asset->health));
    else
        snprintf(text, sizeof text, _("%s %s  (since %s)"), health_word(asset->health), age, since);
    int width = text_width(text);
    if (width > columns)
        width = columns;
    int at = right ? column + columns - width : column;
    return surface_text(surface, row, at, width, health_role(asset->health), text);
}

static void state_text(const struct wire_asset *asset, struct buffer *out)
{
    if (asset->link != LINK_UNKNOWN)
        buffer_printf(out, _("net %s · "), link_word(asset->link));
    buffer_printf(out, _("comm %s"), comm_word(asset->comm));
    if (*reason_word(asset->reason) && asset->health != HEALTH_OK)
        buffer_printf(out, " · %s", reason_word(asset->reason));
    if (asset->evidence && *asset->evidence)
        buffer_printf(out, " · %s", asset->evidence);
}

void detail_draw_lines(struct detail *detail, struct view *view, struct surface *surface, struct rect area,
                       const char *id)
{
    const struct wire_asset *asset = &detail->page.asset;
    if (!id || area.rows < 1)
        return;
    /* The last answer stays, under its own id, until the next one is here. */
    const char *shown = detail->have ? asset->field[ASSET_id] : id;
    int used = 1 +
               surface_text(surface, area.row, area.column + 1, area.columns / 2,
                            about(detail, id) ? ROLE_STRONG : ROLE_DIM, shown) +
               2;
    if (!detail->have)
        return;
    struct buffer text = BUFFER_INIT;
    place_text(&text, asset);
    if (text.length)
        buffer_append_text(&text, " · ");
    buffer_append_text(&text, asset_name(asset));
    int health = draw_health(view, surface, area.row, area.column + area.columns / 2,
                             area.columns - area.columns / 2 - 1, asset, true);
    surface_text_cut(surface, area.row, area.column + used, area.columns - used - health - 3, ROLE_TEXT,
                     buffer_text(&text), TEXT_CUT_MIDDLE);
    if (area.rows > 1) {
        buffer_clear(&text);
        state_text(asset, &text);
        int below = 0;
        if (asset->below) {
            char count[24], words[60];
            below = draw_by_health(surface, area.row + 1, area.column + area.columns / 2,
                                   area.columns - area.columns / 2 - 1, asset->children_by_health, true);
            snprintf(words, sizeof words, _("%s below:"), count_text(count, asset->below));
            int width = text_width(words);
            surface_text(surface, area.row + 1, area.column + area.columns - 1 - below - width - 1, width,
                         ROLE_DIM, words);
            below += width + 2;
        }
        surface_text_cut(surface, area.row + 1, area.column + 1, area.columns - below - 3, ROLE_TEXT,
                         buffer_text(&text), TEXT_CUT_END);
    }
    buffer_release(&text);
}

static int pane_field(struct surface *surface, struct rect area, int row, const char *label, const char *text)
{
    if (!text || !*text || row >= area.row + area.rows)
        return row;
    surface_text(surface, row, area.column, 12, ROLE_DIM, label);
    surface_text_cut(surface, row, area.column + 13, area.columns - 13, ROLE_TEXT, text, TEXT_CUT_MIDDLE);
    return row + 1;
}

static int pane_values(struct detail *detail, struct view *view, struct surface *surface, struct rect area, int row)
{
    const struct wire_asset *asset = &detail->page.asset;
    msec now = view->host_ops->now(view->host);
    for (unsigned i = 0; i < asset->value_count && i < 8 && row < area.row + area.rows; i++, row++) {
        char value[64], age[SPAN_TEXT];
        surface_text_cut(surface, row, area.column, 24, ROLE_DIM, asset->values[i].metric, TEXT_CUT_MIDDLE);
        value_text(value, sizeof value, asset->values[i].value, asset->values[i].unit);
        surface_text_right(surface, row, area.column + 25, 18, ROLE_TEXT, value);
        surface_text_right(surface, row, area.column + 44, 6, ROLE_DIM, age_text(age, asset->values[i].time, now));
    }
    return row;
}

static void pane_chart(struct detail *detail, struct view *view, struct surface *surface, struct rect area)
{
    const struct wire_series *series = &detail->series;
    if (!series->bucket_count || area.rows < 5)
        return;
    msec *times = memory_new_array(series->bucket_count, sizeof *times);
    double *values = memory_new_array(series->bucket_count, sizeof *values);
    for (unsigned i = 0; i < series->bucket_count; i++) {
        times[i] = series->buckets[i].start;
        values[i] = series->buckets[i].count ? series->buckets[i].sum / series->buckets[i].count : NAN;
    }
    struct chart_series line = {.name = series->metric,
                                .role = ROLE_CHART,
                                .count = series->bucket_count,
                                .times = times,
                                .values = values};
    struct chart chart = {.unit = series->unit, .from = series->from, .to = series->to, .series = &line, .count = 1,
                          .floor = NAN, .ceiling = NAN, .limit = NAN, .empty = _("no value in this span")};
    (void)view;
    surface_printf(surface, area.row, area.column, area.columns, ROLE_HEADING, _("%s, 6 h"), series->metric);
    rect_cut_top(&area, 1);
    chart_draw(surface, area, &chart);
    free(times);
    free(values);
}

void detail_draw_pane(struct detail *detail, struct view *view, struct surface *surface, struct rect area,
                      const char *id)
{
    const struct wire_asset *asset = &detail->page.asset;
    struct buffer text = BUFFER_INIT;
    int row = area.row;
    if (!id || area.rows < 2)
        return;
    surface_text(surface, row++, area.column, area.columns, about(detail, id) ? ROLE_STRONG : ROLE_DIM,
                 detail->have ? asset->field[ASSET_id] : id);
    if (!detail->have)
        return;
    surface_text_cut(surface, row++, area.column, area.columns, ROLE_TEXT, asset_name(asset), TEXT_CUT_MIDDLE);
    draw_health(view, surface, row++, area.column, area.columns, asset, false);
    state_text(asset, &text);
    surface_text_cut(surface, row++, area.column, area.columns, ROLE_TEXT, buffer_text(&text), TEXT_CUT_END);
    row++;
    buffer_clear(&text);
    place_text(&text, asset);
    row = pane_field(surface, area, row, _("place"), buffer_text(&text));
    row = pane_field(surface, area, row, _("subsystem"), asset->field[ASSET_subsystem]);
    row = pane_field(surface, area, row, _("unit"), asset->field[ASSET_unit]);
    row = pane_field(surface, area, row, _("address"), asset->field[ASSET_address]);
    row = pane_field(surface, area, row, _("model"), asset->field[ASSET_model]);
    if (asset->below && row < area.row + area.rows) {
        char count[24];
        surface_text(surface, row, area.column, 12, ROLE_DIM, _("below"));
        int used = surface_printf(surface, row, area.column + 13, 12, ROLE_TEXT,
                                  "%s:", count_text(count, asset->below));
        draw_by_health(surface, row, area.column + 14 + used, area.columns - 14 - used,
                       asset->children_by_health, false);
        row++;
        for (unsigned i = 0; i < detail->below_count; i++) { /* one letter each, worst first */
            int across = area.columns - 13, line = row + (int)i / across;
            if (line < area.row + area.rows)
                surface_put(surface, line, area.column + 13 + (int)i % across,
                            (uint8_t)health_role(detail->below[i].health),
                            health_glyph(detail->below[i].health, surface->ascii));
        }
        if (detail->below_count)
            row += 1 + ((int)detail->below_count - 1) / (area.columns - 13);
    }
    row++;
    if (detail->state_count && row + 3 < area.row + area.rows) {
        msec now = view->host_ops->now(view->host);
        struct strip_interval *strip = memory_new_array(detail->state_count, sizeof *strip);
        for (unsigned i = 0; i < detail->state_count; i++)
            strip[i] = (struct strip_interval){detail->states[i].from, detail->states[i].to,
                                               detail->states[i].health};
        surface_text(surface, row++, area.column, area.columns, ROLE_HEADING, _("health, 6 h"));
        strip_draw(surface, row++, area.column, area.columns, strip, detail->state_count, now - PANE_SPAN, now);
        time_axis_draw(surface, row++, area.column, area.columns, now - PANE_SPAN, now);
        free(strip);
        row++;
    }
    if (asset->value_count && row + 2 < area.row + area.rows) {
        surface_text(surface, row++, area.column, area.columns, ROLE_HEADING, _("values"));
        row = pane_values(detail, view, surface, area, row) + 1;
    }
    int left = area.row + area.rows - row;
    pane_chart(detail, view, surface, (struct rect){row, area.column, left < 14 ? left : 14, area.columns});
    buffer_release(&text);
}

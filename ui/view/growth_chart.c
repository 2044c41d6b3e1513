#include "view/growth_chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "term/locale.h"

#define AHEAD 160 /* points of the future */

double growth_within(const struct wire_capacity *row, double value)
{
    return fmax(0, isfinite(row->limit) ? fmin(value, row->limit) : value);
}

struct line { msec *times; double *values, *low, *high; unsigned count; };

static void line_new(struct line *line, unsigned count)
{
    line->times = memory_new_array(count + 1, sizeof *line->times);
    line->values = memory_new_array(count + 1, sizeof *line->values);
    line->low = memory_new_array(count + 1, sizeof *line->low);
    line->high = memory_new_array(count + 1, sizeof *line->high);
    line->count = 0;
}

static void line_free(struct line *line)
{
    free(line->times);
    free(line->values);
    free(line->low);
    free(line->high);
}

static void measured(const struct growth_chart *page, struct line *line)
{
    unsigned count = page->series ? page->series->bucket_count : 0;
    line_new(line, count);
    for (unsigned i = 0; i < count; i++) {
        const struct reading_bucket *bucket = &page->series->buckets[i];
        if (!bucket->count)
            continue;
        line->times[line->count] = bucket->start;
        line->values[line->count++] = bucket->sum / bucket->count;
    }
}

static void expected(const struct growth_chart *page, struct line *line, msec to)
{
    const struct trend *trend = &page->row->trend;
    line_new(line, AHEAD);
    for (unsigned i = 0; page->row->fitted && i < AHEAD && to > trend->to; i++) {
        double band, value;
        msec time = trend->to + (to - trend->to) * i / (AHEAD - 1);
        value = trend_expect(trend, time, &band);
        line->times[line->count] = time;
        line->values[line->count] = growth_within(page->row, value);
        line->low[line->count] = growth_within(page->row, value - band);
        line->high[line->count++] = growth_within(page->row, value + band);
    }
}

/* As far as the span goes back by half; further, to where it is full, when that is not much further. */
static msec ahead(const struct growth_chart *page)
{
    msec span = page->span, length = span / 2;
    if (!page->row->fitted)
        return 0;
    msec last = page->row->latest != CLOCK_NEVER ? page->row->latest : page->row->full;
    if (last != CLOCK_NEVER && last > page->now && last - page->now < span)
        length = (last - page->now) * 8 / 7 > span / 4 ? (last - page->now) * 8 / 7 : span / 4;
    return length;
}

void growth_chart_draw(const struct growth_chart *page, struct surface *surface, struct rect area)
{
    struct line past, future;
    msec span = page->span, to = page->now + ahead(page);
    bool percent = strcmp(page->row->unit, "%") == 0;
    double scale = 1;
    const char *unit = page->row->unit;
    measured(page, &past);
    expected(page, &future, to);
    if (!percent) { /* bytes, in what a person can read */
        static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
        double most = fmax(page->row->trend.level, page->row->now);
        unsigned at = 0;
        for (; strcmp(unit, "B") == 0 && most / scale >= 1024 && at < 4; at++)
            scale *= 1024;
        unit = strcmp(unit, "B") == 0 ? units[at] : unit;
    }
    struct line *const both[] = {&past, &future};
    for (unsigned l = 0; l < 2 && scale > 1; l++)
        for (unsigned i = 0; i < both[l]->count; i++) {
            both[l]->values[i] /= scale;
            both[l]->low[i] /= scale;
            both[l]->high[i] /= scale;
        }
    const struct wire_series *stored = page->series;
    msec bucket = stored && stored->bucket_count ? (stored->to - stored->from) / stored->bucket_count : 0;
    char names[2][80]; /* clear of what lies behind them */
    snprintf(names[0], sizeof names[0], " %.70s ", _("measured"));
    snprintf(names[1], sizeof names[1], " %.70s ", _("expected, and how far off"));
    struct chart_series series[2] = {
        {.name = names[0], .role = ROLE_CHART, .count = past.count, .times = past.times, .values = past.values,
         .gap = 4 * bucket > SPAN_DAY ? 4 * bucket : SPAN_DAY},
        {.name = names[1], .role = ROLE_CHART_2, .count = future.count, .times = future.times, .values = future.values,
         .low = future.low, .high = future.high}};
    struct chart chart = {.style = page->style, .unit = unit, .from = page->now - span, .to = to, .series = series,
                          .count = future.count ? 2 : 1, .floor = NAN, .ceiling = NAN,
                          .limit = page->row->limit / scale, .empty = _("no value in this span")};
    chart_draw(surface, area, &chart);
    line_free(&past);
    line_free(&future);
}

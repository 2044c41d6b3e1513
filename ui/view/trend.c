#include "view/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "window/layout.h"

#define LIVE_POINTS 300u  /* five minutes at one a second */
#define CARRY (45 * SPAN_SECOND)
#define SPARK_MOST 256

struct point { msec time; double value; };

struct history {
    UT_hash_handle hh;
    struct point *stored;
    unsigned stored_count;
    msec bucket;              /* of the stored ones */
    struct point live[LIVE_POINTS];
    unsigned first, count;
    char metric[];
};

struct trends {
    struct history *all;
    msec taken;               /* of the last host added */
};

struct trends *trends_new(void)
{
    struct trends *trends = memory_new(sizeof *trends);
    trends->taken = CLOCK_NEVER;
    return trends;
}

void trends_forget(struct trends *trends)
{
    struct history *trend, *next;
    HASH_ITER(hh, trends->all, trend, next) {
        HASH_DEL(trends->all, trend);
        free(trend->stored);
        free(trend);
    }
    trends->taken = CLOCK_NEVER;
}

void trends_free(struct trends **pointer)
{
    struct trends *trends = *pointer;
    if (!trends)
        return;
    *pointer = NULL;
    trends_forget(trends);
    free(trends);
}

static struct history *find(const struct trends *trends, const char *metric)
{
    struct history *trend = NULL;
    HASH_FIND_STR(trends->all, metric, trend);
    return trend;
}

static struct history *find_or_add(struct trends *trends, const char *metric)
{
    struct history *trend = find(trends, metric);
    if (trend || HASH_COUNT(trends->all) >= TREND_METRICS_MOST)
        return trend;
    trend = memory_new(sizeof *trend + strlen(metric) + 1);
    memcpy(trend->metric, metric, strlen(metric) + 1);
    HASH_ADD_STR(trends->all, metric, trend);
    return trend;
}

static void add(void *owner, const char *metric, double value)
{
    struct trends *trends = owner;
    struct history *trend = find_or_add(trends, metric);
    if (!trend)
        return;
    unsigned at = (trend->first + trend->count) % LIVE_POINTS;
    if (trend->count == LIVE_POINTS)
        trend->first = (trend->first + 1) % LIVE_POINTS;
    else
        trend->count++;
    trend->live[at] = (struct point){trends->taken, value};
}

void trends_add_host(struct trends *trends, const struct host *host)
{
    if (host->taken == trends->taken)
        return;
    trends->taken = host->taken;
    host_metrics(host, add, trends);
    for (unsigned i = 0; i < host->core_count; i++) {
        char name[24];
        snprintf(name, sizeof name, "core_%u", host->cores[i].number);
        add(trends, name, host->cores[i].busy);
    }
}

void trends_set_stored(struct trends *trends, const struct wire_series *series)
{
    struct history *trend = series->metric ? find_or_add(trends, series->metric) : NULL;
    if (!trend)
        return;
    free(trend->stored);
    trend->stored = memory_new_array(series->bucket_count + 1, sizeof *trend->stored);
    trend->stored_count = 0;
    trend->bucket = series->bucket_count ? (series->to - series->from) / series->bucket_count : 0;
    for (unsigned i = 0; i < series->bucket_count; i++)
        if (series->buckets[i].count)
            trend->stored[trend->stored_count++] =
                (struct point){series->buckets[i].start, series->buckets[i].sum / series->buckets[i].count};
}

/* ---- reading: the stored points, then the live ones that are newer ---- */

static unsigned point_count(const struct history *trend)
{
    return trend->stored_count + trend->count;
}

static struct point point_at(const struct history *trend, unsigned index)
{
    if (index < trend->stored_count)
        return trend->stored[index];
    return trend->live[(trend->first + index - trend->stored_count) % LIVE_POINTS];
}

/* A stored point stands for its bucket; one that live points cover as well is left out. */
static bool shadowed(const struct history *trend, unsigned index)
{
    return index < trend->stored_count && trend->count && trend->stored[index].time >= trend->live[trend->first].time;
}

double trends_last(const struct trends *trends, const char *metric, msec at)
{
    const struct history *trend = find(trends, metric);
    double value = NAN;
    for (unsigned i = 0; trend && i < point_count(trend); i++) {
        struct point point = point_at(trend, i);
        if (point.time <= at && !shadowed(trend, i))
            value = point.value;
    }
    return value;
}

void trends_spark(const struct trends *trends, const char *metric, struct surface *surface, int row, int column, int columns,
                  uint8_t role, msec from, msec to, double low, double high)
{
    const struct history *trend = find(trends, metric);
    double values[SPARK_MOST];
    msec carry = CARRY;
    if (columns > SPARK_MOST)
        columns = SPARK_MOST;
    if (columns <= 0 || to <= from || !trend)
        return;
    for (int i = 0; i < columns; i++)
        values[i] = NAN;
    if (2 * trend->bucket > carry)
        carry = 2 * trend->bucket;
    for (unsigned i = 0; i < point_count(trend); i++) {
        struct point point = point_at(trend, i);
        if (shadowed(trend, i) || point.time < from || point.time > to)
            continue;
        int at = (int)((point.time - from) * columns / (to - from + 1));
        if (isnan(values[at]) || values[at] < point.value)
            values[at] = point.value;
    }
    int last = -1;
    bool scaled = high <= low;
    msec slice = (to - from) / columns;
    for (int i = 0; i < columns; i++) {
        if (!isnan(values[i]))
            last = i;
        else if (last >= 0 && (i - last) * slice <= carry)
            values[i] = values[last];
    }
    for (int i = 0; i < columns && scaled; i++) /* from zero up: a quiet line lies at the bottom */
        if (values[i] > high)
            high = values[i];
    spark_draw(surface, row, column, columns, role, values, (size_t)columns, low, high > low + 1 ? high : low + 1);
}

/* ---- charts ---- */

struct line { msec *times; double *values; unsigned count; };

static void line_fill(struct line *line, const struct trends *trends, const char *metric, double scale, msec from, msec to)
{
    const struct history *trend = metric ? find(trends, metric) : NULL;
    unsigned most = trend ? point_count(trend) : 0;
    line->times = memory_new_array(most + 1, sizeof *line->times);
    line->values = memory_new_array(most + 1, sizeof *line->values);
    line->count = 0;
    for (unsigned i = 0; i < most; i++) {
        struct point point = point_at(trend, i);
        if (shadowed(trend, i) || point.time < from || point.time > to)
            continue;
        line->times[line->count] = point.time;
        line->values[line->count++] = point.value * (scale != 0 ? scale : 1);
    }
}

/* The title is the legend as well: each line's name in its own colour, with its last value. */
static void draw_title(struct surface *surface, struct rect area, const struct trend_chart *chart, const struct line *lines,
                       const uint8_t *roles)
{
    int used = surface_text(surface, area.row, area.column, area.columns, ROLE_HEADING, chart->title);
    for (unsigned i = 0; i < ARRAY_COUNT(chart->metrics) && chart->metrics[i]; i++) {
        char number[40] = "\342\200\224", text[96];
        if (lines[i].count) {
            double value = lines[i].values[lines[i].count - 1];
            snprintf(number, sizeof number, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
        } else if (surface->ascii) {
            snprintf(number, sizeof number, "-");
        }
        snprintf(text, sizeof text, "%s %s", chart->names[i] ? chart->names[i] : "", number);
        const char *shown = chart->names[i] ? text : number;
        if (used + 2 + text_width(shown) > area.columns)
            break;
        used += 2 + surface_text(surface, area.row, area.column + used + 2, area.columns - used - 2, roles[i], shown);
    }
}

void trends_draw(const struct trends *trends, struct surface *surface, struct rect area, const struct trend_chart *chart,
                 enum chart_style style, msec from, msec to)
{
    static const uint8_t roles[] = {ROLE_CHART, ROLE_CHART_2, ROLE_DIM};
    struct line lines[3] = {0};
    struct chart_series series[3];
    struct chart drawn = {.style = style, .unit = chart->unit, .from = from, .to = to, .series = series, .floor = chart->floor,
                          .ceiling = chart->ceiling, .limit = NAN, .empty = _("no value in this span")};
    if (area.rows < 4 || area.columns < 16)
        return;
    for (unsigned i = 0; i < ARRAY_COUNT(lines); i++) {
        const struct history *trend = chart->metrics[i] ? find(trends, chart->metrics[i]) : NULL;
        msec gap = trend && trend->bucket > CARRY / 3 ? 3 * trend->bucket : CARRY;
        line_fill(&lines[i], trends, chart->metrics[i], chart->scale, from, to);
        if (chart->metrics[i])
            series[drawn.count++] = (struct chart_series){.role = roles[i], .count = lines[i].count,
                                                          .times = lines[i].times, .values = lines[i].values, .gap = gap};
    }
    draw_title(surface, area, chart, lines, roles);
    rect_cut_top(&area, 1);
    chart_draw(surface, area, &drawn);
    for (unsigned i = 0; i < ARRAY_COUNT(lines); i++) {
        free(lines[i].times);
        free(lines[i].values);
    }
}

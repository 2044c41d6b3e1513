#include "engine/capacity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define METRICS_OF_ONE 512

struct reckoning {
    uv_loop_t *loop;
    uv_work_t work;
    uv_timer_t start;
    struct store *store;
    const struct capacity_plan *plan; /* while rows are made */
    uint32_t *keys;               /* store keys of the rows: asset, metric */
    struct capacity_row *rows;
    unsigned count, capacity, at;
    msec from, to;
    struct trend_point *points;   /* of the row being fitted */
    size_t point_count;
    capacity_done *done;
    void *owner;
};

/* ---- what can run out ---- */

static const struct kind { const char *pattern; const char *prefix, *suffix; const char *unit; double limit; } kinds[] = {
    {"disk_*_busy_percent", NULL, NULL, NULL, 0}, /* these come and go: no trend is made of them */
    {"disk_worst_percent", NULL, NULL, NULL, 0},
    {"inodes_worst_percent", NULL, NULL, NULL, 0},
    {"disk_*_percent", "disk ", "", "%", 100},
    {"inodes_*_percent", "inodes ", "", "%", 100},
    {"memory_percent", "memory", "", "%", 100},
    {"swap_percent", "swap", "", "%", 100},
    {"*.connections_percent", "", " connections", "%", 100},
    {"*.memory_percent", "", " memory", "%", 100},
    {"*.size_bytes", "", " size", "B", NAN},
    {"*.database_bytes", "", " database", "B", NAN},
};

/* What the pattern's * stands for in a name that fits it. */
static void matched_part(const char *pattern, const char *name, char *out, size_t size)
{
    const char *star = strchr(pattern, '*');
    size_t before = star ? (size_t)(star - pattern) : 0, after = star ? strlen(star + 1) : 0;
    out[0] = '\0';
    if (star && strlen(name) >= before + after)
        snprintf(out, size, "%.*s", (int)(strlen(name) - before - after), name + before);
}

/* What comes and goes: no limit makes a trend of it, but one that names it. */
static bool is_excluded(const char *metric)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (text_glob(kinds[i].pattern, metric))
            return !kinds[i].prefix;
    return false;
}

/* How a figure is called that only somebody's limit makes one of these. */
static void name_it(const char *metric, struct capacity_row *row)
{
    size_t length = strlen(metric);
    const char *ends[] = {"_percent", "_bytes"}, *units[] = {"%", "B"};
    row->unit = "";
    for (size_t i = 0; i < ARRAY_COUNT(ends); i++)
        if (length > strlen(ends[i]) && strcmp(metric + length - strlen(ends[i]), ends[i]) == 0)
            row->unit = units[i];
    snprintf(row->what, sizeof row->what, "%s", metric);
    row->limit = NAN;
}

/* False: it cannot run out. */
static bool row_name(const struct reckoning *reckoning, const struct fleet *fleet, const char *metric, struct capacity_row *row)
{
    bool usual = capacity_metric(metric, row->what, sizeof row->what, &row->unit, &row->limit);
    double full;
    const char *by = "";
    row->limit_by = "";
    if (!usual && is_excluded(metric))
        return false;
    if (!capacity_plan_find(reckoning->plan, fleet, row->asset, metric, &full, &by))
        return usual;
    if (!usual)
        name_it(metric, row);
    row->limit = full;
    row->limit_by = by;
    return true;
}

bool capacity_metric(const char *metric, char *what, size_t size, const char **unit, double *limit)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        if (!text_glob(kinds[i].pattern, metric))
            continue;
        if (!kinds[i].prefix)
            return false;
        char part[80];
        matched_part(kinds[i].pattern, metric, part, sizeof part);
        snprintf(what, size, "%s%s%s", kinds[i].prefix, strcmp(part, "root") == 0 ? "/" : part, kinds[i].suffix);
        *unit = kinds[i].unit;
        *limit = kinds[i].limit;
        return true;
    }
    return false;
}

static void add_rows(struct reckoning *reckoning, struct fleet *fleet, uint32_t asset)
{
    struct fleet_value values[METRICS_OF_ONE];
    unsigned count = fleet_values(fleet, asset, values, METRICS_OF_ONE);
    for (unsigned i = 0; i < count && i < METRICS_OF_ONE && reckoning->count < CAPACITY_ROWS_MAX; i++) {
        struct capacity_row row = {.asset = asset, .now = values[i].value};
        if (!row_name(reckoning, fleet, values[i].metric, &row))
            continue;
        snprintf(row.metric, sizeof row.metric, "%s", values[i].metric);
        unsigned room = reckoning->capacity;
        ARRAY_RESERVE(reckoning->rows, reckoning->capacity, reckoning->count + 1);
        if (room != reckoning->capacity)
            reckoning->keys = memory_resize(reckoning->keys, 2 * (size_t)reckoning->capacity, sizeof *reckoning->keys);
        reckoning->keys[2 * reckoning->count] = fleet_store_key(fleet, asset);
        reckoning->keys[2 * reckoning->count + 1] = fleet_metric_key(fleet, values[i].metric);
        reckoning->rows[reckoning->count++] = row;
    }
}

/* ---- one row after the other: read off the loop, fitted off the loop ---- */

static void row_next(struct reckoning *reckoning);

static void fit(uv_work_t *work)
{
    struct reckoning *reckoning = work->data;
    struct capacity_row *row = &reckoning->rows[reckoning->at];
    struct error error = {0};
    row->fitted = trend_fit(reckoning->points, reckoning->point_count, &row->trend, &error);
    if (!row->fitted)
        snprintf(row->problem, sizeof row->problem, "%.90s", error.text);
    else if (isfinite(row->limit))
        trend_reach(&row->trend, row->limit, &row->reach);
    else
        row->reach = (struct trend_reach){.when = CLOCK_NEVER, .earliest = CLOCK_NEVER, .latest = CLOCK_NEVER};
}

static void fitted(uv_work_t *work, int status)
{
    struct reckoning *reckoning = work->data;
    (void)status;
    free(reckoning->points);
    reckoning->points = NULL;
    reckoning->at++;
    row_next(reckoning);
}

static void series_loaded(void *owner, const struct reading_bucket *buckets, size_t count, const struct error *error)
{
    struct reckoning *reckoning = owner;
    reckoning->points = memory_new_array(count + 1, sizeof *reckoning->points);
    reckoning->point_count = 0;
    msec step = count > 1 ? buckets[1].start - buckets[0].start : 0;
    for (size_t i = 0; i < count; i++)
        if (buckets[i].count > 0)
            reckoning->points[reckoning->point_count++] =
                (struct trend_point){buckets[i].start + step / 2, buckets[i].sum / buckets[i].count};
    if (error)
        reckoning->point_count = 0;
    if (uv_queue_work(reckoning->loop, &reckoning->work, fit, fitted) != 0)
        fitted(&reckoning->work, 0);
}

/* Soonest full first; then what grows fastest; what could not be fitted last. */
static int compare_rows(const void *left, const void *right)
{
    const struct capacity_row *a = left, *b = right;
    if (a->fitted != b->fitted)
        return b->fitted - a->fitted;
    msec when[2] = {a->reach.when, b->reach.when};
    if (when[0] != when[1])
        return when[0] == CLOCK_NEVER ? 1 : when[1] == CLOCK_NEVER ? -1 : when[0] < when[1] ? -1 : 1;
    return (a->trend.slope < b->trend.slope) - (a->trend.slope > b->trend.slope);
}

static void reckoning_closed(uv_handle_t *handle)
{
    struct reckoning *reckoning = handle->data;
    free(reckoning->rows);
    free(reckoning->keys);
    free(reckoning);
}

static void row_next(struct reckoning *reckoning)
{
    if (reckoning->at < reckoning->count) {
        unsigned hours = (unsigned)((reckoning->to - reckoning->from + SPAN_HOUR - 1) / SPAN_HOUR);
        msec bucket = hours < 48 ? 10 * SPAN_MINUTE : SPAN_HOUR;
        unsigned buckets = (unsigned)((reckoning->to - reckoning->from + bucket - 1) / bucket);
        const uint32_t *keys = &reckoning->keys[2 * reckoning->at];
        store_series(reckoning->store, keys[0], keys[1], reckoning->from, reckoning->to, buckets ? buckets : 1, series_loaded, reckoning);
        return;
    }
    if (reckoning->count > 0)
        qsort(reckoning->rows, reckoning->count, sizeof *reckoning->rows, compare_rows);
    reckoning->done(reckoning->owner, reckoning->rows, reckoning->count);
    uv_close((uv_handle_t *)&reckoning->start, reckoning_closed);
}

static void reckoning_begin(uv_timer_t *timer)
{
    row_next(timer->data);
}

void capacity_reckon(uv_loop_t *loop, struct fleet *fleet, struct store *store, const struct capacity_plan *plan,
                     const uint32_t *assets, unsigned count, msec from, msec to, capacity_done *done, void *owner)
{
    struct reckoning *reckoning = memory_new(sizeof *reckoning);
    *reckoning = (struct reckoning){.loop = loop, .store = store, .plan = plan, .from = from, .to = to, .done = done, .owner = owner};
    reckoning->work.data = reckoning;
    reckoning->start.data = reckoning;
    for (unsigned i = 0; i < count; i++)
        add_rows(reckoning, fleet, assets[i]);
    reckoning->plan = NULL; /* a reload may replace it */
    uv_timer_init(loop, &reckoning->start);
    uv_timer_start(&reckoning->start, reckoning_begin, 0, 0);
}

/* ---- in words ---- */

static void days_text(msec when, msec now, char *text, size_t size)
{
    double days = when == CLOCK_NEVER ? INFINITY : (double)(when - now) / SPAN_DAY;
    if (when == CLOCK_NEVER)
        snprintf(text, size, "never");
    else if (days < 0.05)
        snprintf(text, size, "now");
    else
        snprintf(text, size, days < 10 ? "%.1f d" : "%.0f d", days);
}

static void slope_text(const struct capacity_row *row, char *text, size_t size)
{
    double slope = fabs(row->trend.slope);
    const char *unit = row->unit;
    if (strcmp(unit, "B") == 0) {
        static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
        unsigned power = 0;
        for (; slope >= 1000 && power < 4; power++)
            slope /= 1000;
        unit = units[power];
    }
    snprintf(text, size, N_("%.2g %s a day"), slope, unit);
}

void capacity_say(const struct capacity_row *row, msec now, char *text, size_t size)
{
    char slope[48], when[24], soonest[24], latest[24];
    if (!row->fitted) {
        snprintf(text, size, N_("no trend: %s"), row->problem);
        return;
    }
    slope_text(row, slope, sizeof slope);
    bool sure = row->trend.slope_low > 0 || row->trend.slope_high < 0;
    const char *verb = !sure ? N_("steady within") : row->trend.slope > 0 ? N_("grows") : N_("falls");
    days_text(row->reach.when, now, when, sizeof when);
    days_text(row->reach.earliest, now, soonest, sizeof soonest);
    days_text(row->reach.latest, now, latest, sizeof latest);
    if (row->reach.reached)
        snprintf(text, size, N_("%s %s, full"), verb, slope);
    else if (row->reach.when == CLOCK_NEVER || !sure)
        snprintf(text, size, "%s %s", verb, slope);
    else if (row->reach.certain && row->reach.latest != CLOCK_NEVER)
        snprintf(text, size, N_("%s %s, full in %s (%s to %s)"), verb, slope, when, soonest, latest);
    else
        snprintf(text, size, N_("%s %s, full in %s (%s at the soonest)"), verb, slope, when, soonest);
}

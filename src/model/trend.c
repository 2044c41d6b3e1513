#include "model/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

#define DAY ((double)SPAN_DAY)
#define Z_90 1.6449            /* of the normal distribution, both sides */
#define POINTS_MIN 6
#define DAYS_FOR_HOURS 3
#define DAYS_FOR_WEEK 21
#define HORIZON (3653 * SPAN_DAY)

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double trend_median(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The value at place `nth` were they sorted; reorders them. Hoare's selection: a few passes, not a sort of 300,000. */
static double nth_of(double *values, size_t count, size_t nth)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = values[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            double kept = values[i];
            values[i++] = values[j];
            values[j--] = kept;
        }
        size_t end = values[j] > pivot ? j - 1 : j;
        if (nth <= end)
            high = end;
        else
            low = end + 1;
    }
    return values[nth];
}

/* ---- fewer points ---- */

/* Medians of equal spans; returns how many. */
static size_t thin(const struct trend_point *points, size_t count, struct trend_point *out)
{
    if (count <= TREND_POINTS_MAX) {
        memcpy(out, points, count * sizeof *out);
        return count;
    }
    double span = (double)(points[count - 1].time - points[0].time + 1) / TREND_POINTS_MAX;
    double *values = memory_new_array(count, sizeof *values);
    size_t used = 0, at = 0;
    for (unsigned slot = 0; slot < TREND_POINTS_MAX && at < count; slot++) {
        double end = (double)points[0].time + span * (slot + 1);
        size_t held = 0;
        msec first = points[at].time, last = first;
        while (at < count && ((double)points[at].time < end || slot == TREND_POINTS_MAX - 1)) {
            last = points[at].time;
            values[held++] = points[at++].value;
        }
        if (held > 0)
            out[used++] = (struct trend_point){first + (last - first) / 2, trend_median(values, held)};
    }
    free(values);
    return used;
}

/* ---- slope ---- */

static double days_between(const struct trend_point *points, size_t from, size_t to)
{
    return (double)(points[to].time - points[from].time) / DAY;
}

/* How much less a series tells whose neighbours resemble each other: 1 for none, at most 10. */
static double inflation(const double *residuals, size_t count)
{
    double mean = 0, own = 0, next = 0;
    for (size_t i = 0; i < count; i++)
        mean += residuals[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        own += (residuals[i] - mean) * (residuals[i] - mean);
        if (i > 0)
            next += (residuals[i] - mean) * (residuals[i - 1] - mean);
    }
    double alike = own > 0 ? next / own : 0;
    if (!(alike > 0))
        return 1;
    double factor = (1 + alike) / (1 - alike);
    return factor > 10 || alike >= 1 ? 10 : factor;
}

/* Theil and Sen: the median of all pairs' slopes, and Sen's interval about it. */
static void sen(const struct trend_point *points, size_t count, double widen, double *slope, double *low, double *high)
{
    size_t pairs = count * (count - 1) / 2, used = 0;
    double *slopes = memory_new_array(pairs + 1, sizeof *slopes);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            double days = days_between(points, i, j);
            if (days > 0)
                slopes[used++] = (points[j].value - points[i].value) / days;
        }
    *slope = *low = *high = 0;
    double n = (double)count, deviation = sqrt(n * (n - 1) * (2 * n + 5) / 18.0 * widen);
    double reach = Z_90 * deviation, middle = (double)used / 2;
    double first = middle - reach / 2, last = middle + reach / 2;
    if (used > 0) {
        *slope = (nth_of(slopes, used, used / 2) + nth_of(slopes, used, (used - 1) / 2)) / 2;
        *low = nth_of(slopes, used, first < 0 ? 0 : (size_t)first);
        *high = nth_of(slopes, used, last >= (double)used ? used - 1 : (size_t)last);
    }
    free(slopes);
}

/* ---- rhythm ---- */

static void local_slot(msec time, unsigned *hour, unsigned *weekday)
{
    time_t seconds = (time_t)(time / 1000);
    struct tm broken;
    localtime_r(&seconds, &broken);
    *hour = (unsigned)broken.tm_hour;
    *weekday = (unsigned)(broken.tm_wday + 6) % 7;
}

static double rhythm(const struct trend *trend, msec time)
{
    unsigned hour, weekday;
    local_slot(time, &hour, &weekday);
    return trend->hour[hour] + trend->weekday[weekday];
}

/* Medians of the residuals that share a slot, less the median of those medians; false when a slot is empty. */
static bool slots_fit(const struct trend_point *points, const double *residuals, size_t count, bool by_hour, double *slot, unsigned slots)
{
    double *held = memory_new_array(count, sizeof *held), middles[24];
    bool whole = true;
    for (unsigned s = 0; s < slots; s++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++) {
            unsigned hour, weekday;
            local_slot(points[i].time, &hour, &weekday);
            if ((by_hour ? hour : weekday) == s)
                held[found++] = residuals[i];
        }
        whole = whole && found >= 2;
        middles[s] = slot[s] = trend_median(held, found);
    }
    double middle = trend_median(middles, slots);
    for (unsigned s = 0; s < slots; s++)
        slot[s] = whole ? slot[s] - middle : 0;
    free(held);
    return whole;
}

static void residuals_of(const struct trend *trend, const struct trend_point *points, size_t count, double *residuals)
{
    for (size_t i = 0; i < count; i++)
        residuals[i] = points[i].value - rhythm(trend, points[i].time) - trend->slope * days_between(points, 0, i);
}

static void rhythm_fit(struct trend *trend, const struct trend_point *points, size_t count, double *residuals)
{
    double days = days_between(points, 0, count - 1);
    if (days >= DAYS_FOR_HOURS && (double)count >= 20 * days) {
        residuals_of(trend, points, count, residuals);
        trend->daily = slots_fit(points, residuals, count, true, trend->hour, 24);
    }
    if (days >= DAYS_FOR_WEEK) {
        residuals_of(trend, points, count, residuals);
        trend->weekly = slots_fit(points, residuals, count, false, trend->weekday, 7);
    }
}

/* The points without their rhythm, each by the others of its hour: a slot's median passes through one of its own few
 * points, which would make the line look surer than it is. */
static void without_rhythm(const struct trend *trend, const struct trend_point *points, size_t count, double *residuals,
                           struct trend_point *plain)
{
    struct { double value[TREND_POINTS_MAX / 4]; size_t point[TREND_POINTS_MAX / 4]; unsigned count; } *hours = memory_new_array(24, sizeof *hours);
    residuals_of(trend, points, count, residuals);
    for (size_t i = 0; i < count; i++) {
        unsigned hour, weekday;
        local_slot(points[i].time, &hour, &weekday);
        plain[i] = (struct trend_point){points[i].time, points[i].value - rhythm(trend, points[i].time)};
        if (trend->daily && hours[hour].count < ARRAY_COUNT(hours->value)) {
            hours[hour].value[hours[hour].count] = residuals[i];
            hours[hour].point[hours[hour].count++] = i;
        }
    }
    double others[TREND_POINTS_MAX / 4];
    for (unsigned hour = 0; hour < 24; hour++)
        for (unsigned i = 0; i < hours[hour].count; i++) {
            unsigned held = 0;
            for (unsigned j = 0; j < hours[hour].count; j++)
                if (j != i)
                    others[held++] = hours[hour].value[j];
            if (held > 0)
                plain[hours[hour].point[i]].value -= trend_median(others, held);
        }
    free(hours);
}

/* ---- the whole ---- */

static void level_fit(struct trend *trend, const struct trend_point *points, size_t count, double *values)
{
    size_t held = 0;
    for (size_t i = count; i-- > 0 && (held < 3 || points[count - 1].time - points[i].time < SPAN_DAY);)
        values[held++] = points[i].value - rhythm(trend, points[i].time) + trend->slope * days_between(points, i, count - 1);
    trend->level = trend_median(values, held);
    for (size_t i = 0; i < count; i++)
        values[i] = fabs(points[i].value - rhythm(trend, points[i].time) -
                         (trend->level - trend->slope * days_between(points, i, count - 1)));
    trend->scatter = trend_median(values, count);
}

bool trend_fit(const struct trend_point *points, size_t count, struct trend *trend, struct error *error)
{
    memset(trend, 0, sizeof *trend);
    if (count < POINTS_MIN)
        return error_set(error, ERROR_INVALID,
                         COUNTED(count, N_("%zu point: a trend needs at least %d"),
                                 N_("%zu points: a trend needs at least %d")),
                         count, POINTS_MIN);
    if (points[count - 1].time - points[0].time < SPAN_HOUR)
        return error_set(error, ERROR_INVALID, "less than an hour of points");
    struct trend_point *few = memory_new_array(TREND_POINTS_MAX, sizeof *few);
    double *residuals = memory_new_array(TREND_POINTS_MAX, sizeof *residuals);
    size_t used = thin(points, count, few);
    trend->from = points[0].time;
    trend->to = points[count - 1].time;
    trend->points = (unsigned)used;
    sen(few, used, 1, &trend->slope, &trend->slope_low, &trend->slope_high);
    rhythm_fit(trend, few, used, residuals);
    struct trend_point *plain = memory_new_array(used, sizeof *plain);
    without_rhythm(trend, few, used, residuals, plain);
    double widen = inflation(residuals, used);
    sen(plain, used, widen, &trend->slope, &trend->slope_low, &trend->slope_high);
    level_fit(trend, few, used, residuals);
    free(plain);
    free(residuals);
    free(few);
    return true;
}

double trend_expect(const struct trend *trend, msec time, double *band)
{
    double days = (double)(time - trend->to) / DAY;
    if (band) {
        double up = (trend->slope_high - trend->slope) * fabs(days), down = (trend->slope - trend->slope_low) * fabs(days);
        *band = (up > down ? up : down) + 2 * trend->scatter;
    }
    return trend->level + trend->slope * days + rhythm(trend, time);
}

static msec reach_at(const struct trend *trend, double slope, double limit)
{
    double days = (limit - trend->level) / slope;
    if (!isfinite(days) || days < 0 || days * DAY > (double)HORIZON)
        return CLOCK_NEVER;
    return trend->to + (msec)(days * DAY);
}

void trend_reach(const struct trend *trend, double limit, struct trend_reach *reach)
{
    bool upward = trend->level <= limit;
    double fast = upward ? trend->slope_high : trend->slope_low, slow = upward ? trend->slope_low : trend->slope_high;
    *reach = (struct trend_reach){.when = CLOCK_NEVER, .earliest = CLOCK_NEVER, .latest = CLOCK_NEVER};
    reach->reached = fabs(trend->level - limit) < 1e-9;
    reach->rising = upward ? trend->slope > 0 : trend->slope < 0;
    if (reach->rising)
        reach->when = reach_at(trend, trend->slope, limit);
    if (upward ? fast > 0 : fast < 0)
        reach->earliest = reach_at(trend, fast, limit);
    reach->certain = upward ? slow > 0 : slow < 0;
    if (reach->certain)
        reach->latest = reach_at(trend, slow, limit);
}

/* Small drawings of numbers. All pure: numbers in, cells out. NaN is a gap and is drawn as a gap. */
#ifndef WIDGET_PLOT_H
#define WIDGET_PLOT_H

#include <stddef.h>

#include "base/clock.h"
#include "model/health.h"
#include "term/surface.h"

/* gauge.c: "███████░░░" of a fraction 0..1 (outside: clamped; NaN: all empty). In ASCII "#######---". */
void gauge_draw(struct surface *surface, int row, int column, int columns, uint8_t role, double fraction);

/* spark.c: one column per value, newest at the right; more values than columns are folded by maximum. low == high:
 * scaled by the values themselves. */
void spark_draw(struct surface *surface, int row, int column, int columns, uint8_t role, const double *values, size_t count,
                double low, double high);

/* strip.c: health over time, one column per slice, the worst of each slice as its letter. Intervals by rising `from`;
 * the time before the first and in holes is blank. */
struct strip_interval { msec from, to; enum health health; }; /* to CLOCK_NEVER: still */
void strip_draw(struct surface *surface, int row, int column, int columns, const struct strip_interval *intervals, size_t count,
                msec from, msec to);
/* The times under it: "03:00      04:00" at round instants. Shared with the chart. */
void time_axis_draw(struct surface *surface, int row, int column, int columns, msec from, msec to);

/* chart.c: lines over time with a value axis at the left and a time axis below. */
enum chart_style { CHART_BEST, CHART_BRAILLE, CHART_BLOCK, CHART_ASCII }; /* BEST: braille, ASCII on an ascii surface */

struct chart_series {
    const char *name;
    uint8_t role;                /* ROLE_CHART, ROLE_CHART_2 */
    size_t count;
    const msec *times;           /* rising */
    const double *values;        /* average or last */
    const double *low, *high;    /* the band of roll-ups, or NULL */
    msec gap;                    /* a longer silence breaks the line; 0: only NaN does */
};
struct chart {
    enum chart_style style;
    const char *unit;
    msec from, to;
    const struct chart_series *series;
    unsigned count;
    double floor, ceiling;       /* kept in sight when not NaN: 0 and 100 for a percentage */
    double limit;                /* a rule's threshold, drawn as a dashed line when not NaN */
    const char *empty;           /* said when no value lies in the span */
};
void chart_draw(struct surface *surface, struct rect area, const struct chart *chart);
/* Round steps for an axis: the smallest of 1, 2, 5 x 10^k that cuts [low, high] in at most `parts`. */
double chart_step(double low, double high, int parts);

#endif

/* Where a figure is heading: a robust slope with its uncertainty, after the day's and the week's rhythm is taken out.
 *
 * Method, as the reports state it: the slope is the median of the slopes between all pairs of points (Theil and Sen),
 * which a clean-up, an outage or a spike does not bend; its interval is Sen's, from the variance of Kendall's statistic,
 * widened for points that follow each other closely (their first autocorrelation). The rhythm is the median of the
 * residuals by hour of the day (from three days on) and by day of the week (from three weeks on), in local time. The
 * level is the median of the last day without its rhythm, so that a full disk is reckoned from where it stands now. */
#ifndef MODEL_TREND_H
#define MODEL_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"

struct trend_point { msec time; double value; }; /* in order of time, finite */

#define TREND_POINTS_MAX 800 /* more are made fewer by medians of equal spans */
#define TREND_CONFIDENCE 0.90

struct trend {
    msec from, to;          /* of the points */
    unsigned points;        /* used */
    double slope;           /* a day */
    double slope_low, slope_high;
    double level;           /* at `to`, without rhythm */
    double scatter;         /* median distance of the points from the line with rhythm */
    double hour[24];        /* what to add at that hour; all 0 when not known */
    double weekday[7];      /* Monday first */
    bool daily, weekly;     /* the rhythm is known */
};

/* False (ERROR_INVALID with what is lacking) with fewer than 6 points or less than an hour of them. */
bool trend_fit(const struct trend_point *points, size_t count, struct trend *trend, struct error *error);
/* The figure expected at an instant, and how far it may be off at that distance (half the band). */
double trend_expect(const struct trend *trend, msec time, double *band);

struct trend_reach {
    bool rising;            /* the slope leads to the limit */
    bool certain;           /* so does the whole interval: `latest` is finite */
    bool reached;           /* it is there already */
    msec when, earliest, latest; /* CLOCK_NEVER where it does not happen within ten years */
};
/* When the level reaches `limit` (from below when the limit is above it, else from above). */
void trend_reach(const struct trend *trend, double limit, struct trend_reach *reach);

/* In place; NAN for none. */
double trend_median(double *values, size_t count);

#endif

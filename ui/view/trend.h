/* What a page knows of its metrics over time: what the daemon stored, and behind it what came while the page was open,
 * once a second. Bounded: the newest points of each metric. */
#ifndef VIEW_TREND_H
#define VIEW_TREND_H

#include <stdbool.h>

#include "client/client.h"
#include "term/surface.h"
#include "widget/plot.h"

#define TREND_METRICS_MOST 4096u /* beyond, new names are not kept: a host of a thousand mounts */

struct trends;

struct trends *trends_new(void);
void trends_free(struct trends **trends);
/* Every metric of a host's answer (model/host.h), and "core_N" for each core; an answer seen before adds nothing. */
void trends_add_host(struct trends *trends, const struct host *host);
/* The daemon's stored series in place of the one known. */
void trends_set_stored(struct trends *trends, const struct wire_series *series);
void trends_forget(struct trends *trends); /* another instant is shown */

/* The last value at or before `at`; NAN when there is none. */
double trends_last(const struct trends *trends, const char *metric, msec at);
/* One column a slice of [from, to], each the highest of its slice, carried on over short gaps. `high` 0: from
 * zero to the highest shown. */
void trends_spark(const struct trends *trends, const char *metric, struct surface *surface, int row, int column, int columns,
                  uint8_t role, msec from, msec to, double low, double high);
/* Lines over [from, to]; at most three metrics, the first is the bold one. False when none has a value. */
struct trend_chart {
    const char *title;
    const char *metrics[3];      /* NULL where there are fewer */
    const char *names[3];        /* beside the title; NULL: the metric's own */
    const char *unit;
    double scale;                /* values are multiplied by it; 0: 1 */
    double floor, ceiling;
};
void trends_draw(const struct trends *trends, struct surface *surface, struct rect area, const struct trend_chart *chart,
                 enum chart_style style, msec from, msec to);

#endif

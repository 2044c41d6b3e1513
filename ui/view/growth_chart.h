/* The readings of one figure, and its trend drawn on into the future with how far it may be off (R043): as a page of its
 * own, and beside the list of all figures. */
#ifndef VIEW_GROWTH_CHART_H
#define VIEW_GROWTH_CHART_H

#include "client/client.h"
#include "widget/plot.h"

#define GROWTH_EVERY (5 * SPAN_MINUTE) /* reckoned anew from all readings each time */

struct growth_chart {
    const struct wire_capacity *row;
    const struct wire_series *series; /* what was stored; NULL: not here */
    msec span, now;                   /* how far back it goes from now */
    enum chart_style style;
};

/* What is expected can be no more than there is. */
double growth_within(const struct wire_capacity *row, double value);
void growth_chart_draw(const struct growth_chart *chart, struct surface *surface, struct rect area);

#endif

/* What each metric of an asset reads at a moment: a pure function of seed, asset and time. */
#ifndef CAMPUS_METRIC_H
#define CAMPUS_METRIC_H

#include <stdint.h>

#include "fleet.h"

/* `metric` indexes the class's metrics; time in milliseconds since 1970 UTC. */
double metric_value(const struct fleet *fleet, size_t terminal, int metric, int64_t time);
int metric_count(const struct terminal_class *class);

#endif

/* One value of one metric of one asset at one time. */
#ifndef MODEL_READING_H
#define MODEL_READING_H

#include "base/clock.h"

/* QARTOD-style flags (DOMAIN.md C5): only PASS enters statistics. */
enum reading_flag { READING_PASS = 1, READING_NOT_EVALUATED = 2, READING_SUSPECT = 3, READING_FAIL = 4, READING_MISSING = 9 };

struct reading {
    msec time;      /* the device's sample time; the receive time where it gave none */
    double value;   /* finite; booleans are 0 and 1 */
};

/* Aggregates of one bucket of time, for charts and roll-ups. */
struct reading_bucket {
    msec start;
    double minimum, maximum, sum, last;
    unsigned count; /* 0: a gap */
};

#endif

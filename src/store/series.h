/* A chart's buckets out of whatever the engine holds of each day: raw readings, hourly or daily roll-ups. Private. */
#ifndef STORE_SERIES_H
#define STORE_SERIES_H

#include "store/engine.h"
#include "store/queue.h"

#define SERIES_BUCKETS_MAX 100000

bool series_valid(msec from, msec to, unsigned count, struct error *error);
/* Fills `count` buckets; `pending` are the readings of the series that the engine does not have yet. */
bool series_read(const struct store_engine_ops *ops, struct store_reader *reader, uint32_t asset, uint32_t metric,
                 msec from, msec to, unsigned count, const struct store_samples *pending,
                 struct reading_bucket *buckets, struct error *error);

#endif

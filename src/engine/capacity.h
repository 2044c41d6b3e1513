/* Capacity (R043): where disks, memory, connections and databases are heading, and when they are full. Reckoned from
 * what is stored, when somebody asks; nothing is kept. The method is model/trend.h's. */
#ifndef ENGINE_CAPACITY_H
#define ENGINE_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "engine/capacity_plan.h"
#include "engine/fleet.h"
#include "model/trend.h"
#include "store/store.h"

struct capacity_row {
    uint32_t asset;
    char metric[96];
    char what[96];            /* "disk /", "inodes var_lib", "memory", "db connections" */
    const char *unit;         /* "%", "B" */
    double limit;             /* that it must not reach; NAN: it has none, only growth is told */
    const char *limit_by;     /* "configuration", "ledger"; "": the usual one */
    double now;               /* the last value; NAN */
    bool fitted;
    char problem[96];         /* why not */
    struct trend trend;
    struct trend_reach reach;
};

#define CAPACITY_ROWS_MAX 20000

/* Every figure of these assets that can run out, or that `plan` (NULL: none) gives a limit, over `from`..`to`, soonest full first. The rows are the callee's during
 * the call. `done` comes on a later turn of the loop, also when there is nothing. */
typedef void capacity_done(void *owner, const struct capacity_row *rows, unsigned count);
void capacity_reckon(uv_loop_t *loop, struct fleet *fleet, struct store *store, const struct capacity_plan *plan,
                     const uint32_t *assets, unsigned count, msec from, msec to, capacity_done *done, void *owner);

/* Whether this metric can run out, and how a person calls it. */
bool capacity_metric(const char *metric, char *what, size_t size, const char **unit, double *limit);
/* "grows 0.4 % a day, full in 12 d (9 d to 17 d)": one line, in English; for reports. */
void capacity_say(const struct capacity_row *row, msec now, char *text, size_t size);

#endif

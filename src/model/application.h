/* What an application hangs on, as data and pure functions: applications, checks and servers as nodes, each with those
 * it needs; whether they need each other in circles; what they make of each other; where it hurts; and how much of a
 * time it was up. No clock, no I/O. */
#ifndef MODEL_APPLICATION_H
#define MODEL_APPLICATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "model/health.h"

enum part_kind { PART_APPLICATION, PART_CHECK, PART_SERVER };
/* Waiting: it has no address yet. Unknown: not asked yet, or it cannot be judged. */
enum part_verdict { PART_OK, PART_WARNING, PART_CRITICAL, PART_WAITING, PART_UNKNOWN };
const char *part_verdict_name(enum part_verdict verdict);
bool part_verdict_parse(const char *name, enum part_verdict *verdict);

struct part {
    enum part_kind kind;
    enum part_verdict verdict;  /* of a check and a server: as seen; of an application: parts_fold's */
    bool degrades;              /* a check whose loss makes its application worse, not down */
    unsigned *needs;            /* indices, in the order of the configuration */
    unsigned need_count;
};

#define PARTS_NONE ((unsigned)-1)

/* Is there a circle? Then its path, first and last the same, in `path` (room for count + 1); returns its length, else 0. */
unsigned parts_circle(const struct part *parts, unsigned count, unsigned *path);

/* What an application is by the parts that are its own: the worst of its checks, a degrading one at most a warning; a
 * server that is down makes it at least a warning. Unknown while anything of it is unknown and nothing is worse; waiting
 * when all of it waits. */
enum part_verdict parts_fold(const struct part *parts, const unsigned *own, unsigned count);

/* Where it hurts: the first part, in depth-first order below `root`, that is as bad as the root is, itself and not
 * through what is below it. PARTS_NONE when the root is well. Servers that are down count wherever they stand. */
unsigned parts_cause(const struct part *parts, unsigned count, unsigned root);

/* The tree below an application, depth first, each part once, at the place where it first occurs. False ends it. */
typedef bool parts_visit(void *owner, unsigned part, unsigned depth);
void parts_walk(const struct part *parts, unsigned count, unsigned root, parts_visit *visit, void *owner);

/* Health's intervals, oldest first, to what share of a span it was up. Up: ok or warning. Down: critical, offline,
 * unreachable. All else (unknown, stale, maintenance, no row) was not watched, and counts neither way. */
struct uptime_interval { msec from, to; enum health health; }; /* to: CLOCK_NEVER: still so */
struct uptime { msec up, down, since; }; /* since: up without a break and watched from then until `to`; CLOCK_NEVER: not up */
struct uptime uptime_of(const struct uptime_interval *intervals, size_t count, msec from, msec to);
double uptime_share(const struct uptime *uptime); /* up of what was watched; NaN: nothing was */

#endif

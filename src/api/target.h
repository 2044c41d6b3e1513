/* The request target as it came on the wire ("/api/v1/assets/a%2Fb?filter=x&limit=5") taken apart: path segments and
 * parameters, each percent-decoded on its own, so that an id may hold a slash. Knows no server and no route. */
#ifndef API_TARGET_H
#define API_TARGET_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"

#define TARGET_MAX 8192 /* bytes as they came */
#define TARGET_SEGMENTS 12
#define TARGET_PARAMETERS 32

struct target_parameter { const char *name, *value; };

struct target {
    char *text; /* the decoded bytes that the rest points into */
    const char *segment[TARGET_SEGMENTS];
    unsigned segment_count;
    struct target_parameter parameter[TARGET_PARAMETERS];
    unsigned parameter_count;
};

/* False (ERROR_INVALID, naming what is wrong) for bad escapes, NUL, invalid UTF-8, a parameter given twice, or more
 * than the limits above. Release in either case. */
bool target_init(struct target *target, const char *raw, struct error *error);
void target_release(struct target *target);

const char *target_get(const struct target *target, const char *name); /* NULL when absent */
/* Typed parameters; absent ones leave the default. Errors name the parameter and what would be right. */
bool target_count(const struct target *target, const char *name, uint32_t maximum, uint32_t *count, struct error *error);
bool target_flag(const struct target *target, const char *name, bool *flag, struct error *error);
bool target_instant(const struct target *target, const char *name, msec now, msec *instant, struct error *error);

#endif

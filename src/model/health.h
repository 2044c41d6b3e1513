/* Health: what an asset is, right now, to the people who answer for it (DOMAIN.md C1, DESIGN.md section 4). */
#ifndef MODEL_HEALTH_H
#define MODEL_HEALTH_H

#include <stdbool.h>

enum health {
    HEALTH_OK,
    HEALTH_MAINTENANCE,
    HEALTH_UNKNOWN,     /* never heard */
    HEALTH_STALE,       /* late, under the timeout */
    HEALTH_WARNING,
    HEALTH_UNREACHABLE, /* its parent is gone: says nothing about itself */
    HEALTH_OFFLINE,     /* silent though its gateway speaks, or not reachable itself; the reason says which */
    HEALTH_CRITICAL,
    HEALTH_COUNT,
};

/* Why; kept with each interval of history. */
enum health_reason {
    REASON_NONE,
    REASON_FRESH,          /* heard in time */
    REASON_LATE,           /* later than its period, within the timeout */
    REASON_NO_DATA,        /* silent past the timeout though its gateway speaks */
    REASON_NOT_REACHED,    /* a probe or connection says it is not there */
    REASON_DISCONNECTED,   /* the broker or gateway said it left */
    REASON_PARENT,         /* its parent is offline */
    REASON_NEVER_HEARD,
    REASON_FAULT_REPORTED, /* it reports its own fault */
    REASON_ALERT,          /* its worst active alert */
    REASON_MAINTENANCE,
    REASON_CHECK_FAILED,   /* a check of ours answered wrongly (HTTP status, body, certificate) */
    REASON_COUNT,
};

const char *health_name(enum health health);   /* "ok", "offline", ... */
char health_letter(enum health health);        /* · is '.', here; screens draw U+00B7: w ! x ~ / ? m */
bool health_parse(const char *name, enum health *health);
/* Larger is worse; the order of the enum, so that worst-first sorts and group colours agree everywhere. */
static inline int health_rank(enum health health)
{
    return (int)health;
}
/* Needs a person: stale and worse, but not unknown. */
bool health_is_wrong(enum health health);
const char *health_reason_name(enum health_reason reason); /* "no-data", "parent", ... */
bool health_reason_parse(const char *name, enum health_reason *reason);

/* The two halves of contract 000's gateway state, shown apart (R021). */
enum link_state { LINK_UNKNOWN, LINK_UP, LINK_DOWN };
enum comm_state { COMM_UNKNOWN, COMM_SPEAKING, COMM_SILENT };
const char *link_state_name(enum link_state state); /* "unknown", "up", "down" */
const char *comm_state_name(enum comm_state state); /* "unknown", "speaking", "silent" */

#endif

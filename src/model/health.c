#include "model/health.h"

#include <stddef.h>
#include <string.h>

static const char *const health_names[HEALTH_COUNT] = {
    [HEALTH_OK] = "ok",
    [HEALTH_MAINTENANCE] = "maintenance",
    [HEALTH_UNKNOWN] = "unknown",
    [HEALTH_STALE] = "stale",
    [HEALTH_WARNING] = "warning",
    [HEALTH_UNREACHABLE] = "unreachable",
    [HEALTH_OFFLINE] = "offline",
    [HEALTH_CRITICAL] = "critical",
};

static const char health_letters[HEALTH_COUNT] = {
    [HEALTH_OK] = '.',
    [HEALTH_MAINTENANCE] = 'm',
    [HEALTH_UNKNOWN] = '?',
    [HEALTH_STALE] = '~',
    [HEALTH_WARNING] = 'w',
    [HEALTH_UNREACHABLE] = '/',
    [HEALTH_OFFLINE] = 'x',
    [HEALTH_CRITICAL] = '!',
};

static const char *const reason_names[REASON_COUNT] = {
    [REASON_NONE] = "none",
    [REASON_FRESH] = "fresh",
    [REASON_LATE] = "late",
    [REASON_NO_DATA] = "no-data",
    [REASON_NOT_REACHED] = "not-reached",
    [REASON_DISCONNECTED] = "disconnected",
    [REASON_PARENT] = "parent",
    [REASON_NEVER_HEARD] = "never-heard",
    [REASON_FAULT_REPORTED] = "fault-reported",
    [REASON_ALERT] = "alert",
    [REASON_MAINTENANCE] = "maintenance",
    [REASON_CHECK_FAILED] = "check-failed",
};

static bool name_parse(const char *name, const char *const *names, int count, int *index)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(name, names[i])) {
            *index = i;
            return true;
        }
    return false;
}

const char *health_name(enum health health)
{
    return (unsigned)health < HEALTH_COUNT ? health_names[health] : "unknown";
}

char health_letter(enum health health)
{
    return (unsigned)health < HEALTH_COUNT ? health_letters[health] : '?';
}

bool health_parse(const char *name, enum health *health)
{
    int index;
    if (!name_parse(name, health_names, HEALTH_COUNT, &index))
        return false;
    *health = (enum health)index;
    return true;
}

bool health_is_wrong(enum health health)
{
    return health >= HEALTH_STALE && health < HEALTH_COUNT;
}

const char *health_reason_name(enum health_reason reason)
{
    return (unsigned)reason < REASON_COUNT ? reason_names[reason] : "none";
}

bool health_reason_parse(const char *name, enum health_reason *reason)
{
    int index;
    if (!name_parse(name, reason_names, REASON_COUNT, &index))
        return false;
    *reason = (enum health_reason)index;
    return true;
}

const char *link_state_name(enum link_state state)
{
    static const char *const names[] = {[LINK_UNKNOWN] = "unknown", [LINK_UP] = "up", [LINK_DOWN] = "down"};
    return (unsigned)state <= LINK_DOWN ? names[state] : "unknown";
}

const char *comm_state_name(enum comm_state state)
{
    static const char *const names[] = {
        [COMM_UNKNOWN] = "unknown", [COMM_SPEAKING] = "speaking", [COMM_SILENT] = "silent"};
    return (unsigned)state <= COMM_SILENT ? names[state] : "unknown";
}

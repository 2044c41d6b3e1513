#include "model/health.h"

#include <stddef.h>
#include <string.h>

#include "base/phrase.h"

static const char *const health_names[HEALTH_COUNT] = {
    [HEALTH_OK] = N_("ok"),
    [HEALTH_MAINTENANCE] = N_("maintenance"),
    [HEALTH_UNKNOWN] = N_("unknown"),
    [HEALTH_STALE] = N_("stale"),
    [HEALTH_WARNING] = N_("warning"),
    [HEALTH_UNREACHABLE] = N_("unreachable"),
    [HEALTH_OFFLINE] = N_("offline"),
    [HEALTH_CRITICAL] = N_("critical"),
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
    [REASON_NONE] = N_("none"),
    [REASON_FRESH] = N_("fresh"),
    [REASON_LATE] = N_("late"),
    [REASON_NO_DATA] = N_("no-data"),
    [REASON_NOT_REACHED] = N_("not-reached"),
    [REASON_DISCONNECTED] = N_("disconnected"),
    [REASON_PARENT] = N_("parent"),
    [REASON_NEVER_HEARD] = N_("never-heard"),
    [REASON_FAULT_REPORTED] = N_("fault-reported"),
    [REASON_ALERT] = N_("alert"),
    [REASON_MAINTENANCE] = N_("maintenance"),
    [REASON_CHECK_FAILED] = N_("check-failed"),
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
    static const char *const names[] = {[LINK_UNKNOWN] = N_("unknown"), [LINK_UP] = N_("up"), [LINK_DOWN] = N_("down")};
    return (unsigned)state <= LINK_DOWN ? names[state] : "unknown";
}

const char *comm_state_name(enum comm_state state)
{
    static const char *const names[] = {
        [COMM_UNKNOWN] = N_("unknown"), [COMM_SPEAKING] = N_("speaking"), [COMM_SILENT] = N_("silent")};
    return (unsigned)state <= COMM_SILENT ? names[state] : "unknown";
}

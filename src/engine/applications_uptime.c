/* Uptime and availability, from the intervals of health that the store keeps. */
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "engine/applications_private.h"

#define ON_ITS_WAY (3 * SPAN_SECOND)  /* until a change is on the disk */
#define WATCHED_GAP (3 * SPAN_MINUTE) /* a longer silence of our own figures: nobody watched */
#define DAYS30 (30 * SPAN_DAY)

struct reckoning {
    struct application *application; /* NULL: it is gone */
    struct applications *applications;
    msec until;
};

static msec month_start(msec now)
{
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    localtime_r(&seconds, &tm);
    tm.tm_mday = 1;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (msec)mktime(&tm) * 1000;
}

msec application_reckons_from(msec until)
{
    msec month = month_start(until), days30 = until - DAYS30;
    return month < days30 ? month : days30;
}

void application_reckoned(const struct store_interval *rows, size_t count, msec until, struct uptime *month, struct uptime *days30)
{
    struct uptime_interval *intervals = memory_new_array(count + 1, sizeof *intervals);
    for (size_t i = 0; i < count; i++)
        intervals[i] = (struct uptime_interval){rows[i].state.from, rows[i].to, rows[i].state.health};
    *month = uptime_of(intervals, count, month_start(until), until);
    *days30 = uptime_of(intervals, count, until - DAYS30, until);
    free(intervals);
}

static void reckoned(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct reckoning *reckoning = owner;
    struct application *application = reckoning->application;
    struct applications *applications = reckoning->applications;
    msec until = reckoning->until;
    free(reckoning);
    if (application)
        application->reckoning = NULL;
    /* Of a change that is not on the disk yet we know more than the store. */
    bool known_better = application && application->reckoned != CLOCK_NEVER && application->turned != CLOCK_NEVER &&
                        application->turned > until - ON_ITS_WAY;
    if (application && !error && !known_better) {
        application_reckoned(rows, count, until, &application->month, &application->days30);
        application->reckoned = until;
    }
    applications_release(applications);
}

void application_reckon(struct application *application)
{
    struct applications *applications = application->applications;
    if (application->asset == FLEET_NONE || application->reckoning)
        return;
    struct reckoning *reckoning = memory_new(sizeof *reckoning);
    msec now = clock_wall();
    *reckoning = (struct reckoning){application, applications, now};
    application->reckoning = reckoning;
    applications_hold(applications);
    store_states(applications->store, fleet_store_key(applications->fleet, application->asset), application_reckons_from(now), now, reckoned, reckoning);
}

void reckoning_abandon(struct application *application)
{
    if (application->reckoning)
        application->reckoning->application = NULL;
    application->reckoning = NULL;
}

static bool is_up(enum health health)
{
    return health == HEALTH_OK || health == HEALTH_WARNING;
}

static void uptime_lasts(struct uptime *uptime, enum health health, msec span)
{
    if (is_up(health))
        uptime->up += span;
    else if (health == HEALTH_CRITICAL || health == HEALTH_OFFLINE || health == HEALTH_UNREACHABLE)
        uptime->down += span;
}

void application_turned(struct application *application, enum health from, enum health to)
{
    msec now = clock_wall();
    if (application->reckoned != CLOCK_NEVER) {
        uptime_lasts(&application->month, from, now - application->reckoned);
        uptime_lasts(&application->days30, from, now - application->reckoned);
        application->reckoned = now;
    }
    application->turned = now;
    if (is_up(to) && !is_up(from))
        application->rose = now;
}

/* What was reckoned a moment ago, brought up to now by what it is now. */
struct uptime application_uptime(const struct application *application, const struct uptime *stored)
{
    struct uptime uptime = *stored;
    struct fleet_view view;
    msec now = clock_wall();
    if (application->reckoned == CLOCK_NEVER || application->asset == FLEET_NONE)
        return (struct uptime){.since = CLOCK_NEVER};
    fleet_get(application->applications->fleet, application->asset, &view);
    uptime_lasts(&uptime, view.health, now - application->reckoned);
    if (!is_up(view.health))
        uptime.since = CLOCK_NEVER;
    else if (uptime.since == CLOCK_NEVER)
        uptime.since = view.since;
    else if (application->rose != CLOCK_NEVER && application->rose > uptime.since)
        uptime.since = application->rose;
    return uptime;
}

/* The last interval in the store is still open, though nobody has watched since our last figure: close it there. The
 * asset is what it was, from now on, until a check says otherwise. */
void application_bridge(struct application *application)
{
    struct applications *applications = application->applications;
    struct fleet_value values[256];
    struct fleet_view view;
    msec last = CLOCK_NEVER, now = clock_wall();
    if (application->asset == FLEET_NONE)
        return;
    unsigned count = fleet_values(applications->fleet, application->asset, values, 256);
    for (unsigned i = 0; i < count && i < 256; i++)
        last = values[i].time > last ? values[i].time : last;
    fleet_get(applications->fleet, application->asset, &view);
    if (last == CLOCK_NEVER || view.since == CLOCK_NEVER || view.health == HEALTH_UNKNOWN || now - last < WATCHED_GAP)
        return;
    struct store_state state = {.asset = fleet_store_key(applications->fleet, application->asset), .from = last,
                                .health = HEALTH_UNKNOWN, .reason = REASON_NEVER_HEARD};
    store_state(applications->store, &state);
    state.from = now;
    state.health = view.health;
    state.reason = view.reason;
    state.link = view.link;
    state.comm = view.comm;
    store_state(applications->store, &state);
}

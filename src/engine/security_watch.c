/* What should be watched and what is: one pass over the ledger, in slices, when somebody asks. */
#include "engine/security_private.h"

#include <string.h>

#include "base/memory.h"
#include "engine/hosts.h"

#define AT_ONCE 64       /* assets between two looks at the clock */

void security_watch_begin(struct security *security)
{
    if (security->sweep_at != UINT32_MAX)
        return;
    memset(security->fresh, 0, SECURITY_ROWS * sizeof *security->fresh);
    if (security->sweep_ledger != fleet_ledger_revision(security->parts.fleet))
        security_alerts_resort(security); /* what an alert's asset is may differ now */
    security->sweep_ledger = fleet_ledger_revision(security->parts.fleet);
    security->sweep_at = 0;
    security_wake(security, 0);
}

void security_watch_again(struct security *security)
{
    security->sweep_at = UINT32_MAX;
    security->swept = 0;
    security_watch_begin(security);
}

static bool probed(const struct security *security, enum security_probe probe, uint32_t asset)
{
    struct hosts_expectation expected;
    if (!security->parts.hosts || !hosts_find(security->parts.hosts, asset))
        return false; /* nobody looks into it */
    hosts_expected(security->parts.hosts, asset, &expected);
    return probe == PROBE_PORTS ? expected.ports != NULL : probe == PROBE_OUTBOUND ? expected.outbound != NULL : expected.log_count > 0;
}

static bool watched(const struct security *security, unsigned control, uint32_t asset)
{
    const struct fleet_subject subject = {.fleet = security->parts.fleet, .asset = asset};
    const struct filter *filter = security->watched_filter[control];
    enum security_probe probe = security->plan->controls[control].probe;
    return (!filter || filter_match(filter, &fleet_subject_ops, &subject)) && (!probe || probed(security, probe, asset));
}

static void note(uint32_t list[SECURITY_MISSING], unsigned *count, uint32_t asset)
{
    if (*count < SECURITY_MISSING)
        list[(*count)++] = asset;
}

static void look_at(struct security *security, uint32_t asset)
{
    const struct fleet_subject subject = {.fleet = security->parts.fleet, .asset = asset};
    uint64_t wanted = 0, has = 0;
    enum health health = live_at(security->parts.fleet, asset)->health;
    bool silent = health == HEALTH_OFFLINE || health == HEALTH_UNREACHABLE || health == HEALTH_STALE;
    for (unsigned i = 0; i < security->plan->count; i++) {
        if (!security->assets_filter[i] || !filter_match(security->assets_filter[i], &fleet_subject_ops, &subject))
            continue;
        struct security_watch *row = &security->fresh[SECURITY_FIRST + i];
        uint64_t rows = security_rows_of_control(security, i);
        bool here = watched(security, i, asset);
        wanted |= rows;
        if (here)
            has |= rows;
        else
            note(row->missing, &row->missing_count, asset);
        if (here && silent)
            note(row->quiet, &row->quiet_count, asset);
    }
    for (; wanted; wanted &= wanted - 1) {
        struct security_watch *row = &security->fresh[__builtin_ctzll(wanted)];
        bool here = has & wanted & -wanted;
        row->total++;
        row->watched += here;
        row->silent += here && silent;
    }
}

bool security_watch_turn(struct security *security, uint64_t until_ns)
{
    if (security->sweep_at == UINT32_MAX)
        return false;
    uint32_t count = fleet_count(security->parts.fleet);
    while (security->sweep_at < count) {
        for (unsigned i = 0; i < AT_ONCE && security->sweep_at < count; i++, security->sweep_at++)
            if (fleet_exists(security->parts.fleet, security->sweep_at))
                look_at(security, security->sweep_at);
        if (uv_hrtime() >= until_ns)
            return true;
    }
    struct security_watch *whole = security->fresh;
    security->fresh = security->watch;
    security->watch = whole;
    security->sweep_at = UINT32_MAX;
    security->swept = clock_steady();
    security_answer_all(security);
    return false;
}

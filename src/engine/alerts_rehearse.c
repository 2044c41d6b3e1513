/* What a silence or a downtime would do, before it is made. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"
#include "engine/fleet_private.h"

#define REHEARSAL_SPAN (7 * SPAN_DAY)
#define REHEARSAL_IDS 200

bool alerts_rehearse(struct alerts *alerts, const char *text, struct alert_rehearsal *out, struct error *error)
{
    msec now = desk_now(alerts);
    struct filter *filter = filter_parse(text, FILTER_STRICT, now, error);
    memset(out, 0, sizeof *out);
    if (!filter)
        return false;
    out->ids = memory_new_array(REHEARSAL_IDS, sizeof *out->ids);
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        const struct alert *alert = alert_at(alerts, handle);
        struct alert_subject subject = {alerts, alert};
        if (!(alert->flags & ALERT_LIVE) || alert->life.condition == CONDITION_NORMAL ||
            !filter_match(filter, &alert_subject_ops, &subject))
            continue;
        if (alert_is_open(alert)) {
            out->matches++;
            if (out->id_count < REHEARSAL_IDS)
                memcpy(out->ids[out->id_count++], alert->id, sizeof alert->id);
        }
        if (alert->life.raised_at != CLOCK_NEVER && now - alert->life.raised_at <= REHEARSAL_SPAN) {
            out->would_have_hidden++;
            out->notifications += alert->told;
        }
    }
    filter_free(&filter);
    return true;
}

/* By handle: is this asset, or with children what it hangs on, among the selected? */
static bool covered(const struct fleet *fleet, const bool *selected, uint32_t asset, bool with_children)
{
    for (uint32_t at = asset; at != FLEET_NONE; at = live_at(fleet, at)->parent) {
        if (selected[at])
            return true;
        if (!with_children)
            return false;
    }
    return false;
}

bool alerts_rehearse_downtime(struct alerts *alerts, const struct alert_downtime *downtime, struct alert_coverage *out, struct error *error)
{
    struct fleet *fleet = alerts->fleet;
    const uint32_t *assets;
    uint32_t count = 0, all = fleet_count(fleet);
    memset(out, 0, sizeof *out);
    if (!alerts_downtime_check(alerts, downtime, error))
        return false;
    if (!*downtime->filter)
        return error_set(error, ERROR_INVALID, "filter: which assets?");
    if (!fleet_members(fleet, downtime->filter, &assets, &count, error))
        return error_prefix(error, "filter");
    bool *selected = memory_new_array(all + 1, sizeof *selected);
    out->assets = count;
    for (uint32_t i = 0; i < count; i++) {
        selected[assets[i]] = true;
        if (out->example_count < ALERT_COVERAGE_EXAMPLES)
            out->examples[out->example_count++] = assets[i];
    }
    for (uint32_t asset = 0; asset < all; asset++)
        out->covered += fleet_exists(fleet, asset) && covered(fleet, selected, asset, downtime->with_children);
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        const struct alert *alert = alert_at(alerts, handle);
        out->alerts += (alert->flags & ALERT_LIVE) && alert_is_open(alert) && alert->asset != FLEET_NONE &&
                       fleet_exists(fleet, alert->asset) && covered(fleet, selected, alert->asset, downtime->with_children);
    }
    free(selected);
    return true;
}

#include "engine/site.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

static const char *const role_names[] = {
    [ROLE_NONE] = "none",
    [ROLE_VIEWER] = "viewer",
    [ROLE_OPERATOR] = "operator",
    [ROLE_SUPERVISOR] = "supervisor",
    [ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
    return role_names[role];
}

bool role_parse(const char *name, enum role *role)
{
    for (int each = ROLE_VIEWER; each < ROLE_COUNT; each++)
        if (strcmp(role_names[each], name) == 0) {
            *role = (enum role)each;
            return true;
        }
    return false;
}

const char *site_metric_unit(const struct site *site, const char *metric)
{
    static const struct site_unit said[] = {
        {"*_percent", "%"}, {"*_bytes_per_second", "B/s"}, {"*_bytes", "B"}, {"*_seconds", "s"},
        {"*_ms", "ms"}, {"*_celsius", "°C"}, {"*_volts", "V"}, {"*_amperes", "A"}, {"*_watts", "W"},
    };
    for (size_t i = 0; i < site->unit_count; i++)
        if (text_glob(site->units[i].metric, metric))
            return site->units[i].unit;
    for (size_t i = 0; i < ARRAY_COUNT(said); i++)
        if (text_glob(said[i].metric, metric))
            return said[i].unit;
    return "";
}

bool site_contracted(const struct site *site, struct fleet *fleet, size_t population, const struct fleet_past *past,
                     struct site_contracted *contracted, struct error *error)
{
    const uint32_t *members;
    uint32_t count;
    *contracted = (struct site_contracted){.population = &site->populations[population]};
    if (!fleet_members(fleet, site->populations[population].filter, &members, &count, error))
        return false;
    contracted->total = count;
    for (uint32_t i = 0; i < count; i++) {
        enum health health = fleet_health_then(fleet, members[i], past);
        contracted->have += health == HEALTH_OK || health == HEALTH_WARNING;
    }
    contracted->ok = contracted->have >= contracted->population->need;
    return true;
}

/* Redundancy groups: assets that stand in for each other (two gateways of one pump room, two links, three servers).
 *
 * While at least `need` of them live, the loss of one is a lesser matter, of the group's severity, and what is below it
 * is not cut off: it is judged by itself, since it may be heard by another way. With fewer than `need` the group is gone:
 * one critical alert is the cause of all, the members' own are folded under it, and what is below any of them is
 * unreachable (Icinga's redundancy groups: a child is unreachable only when no parent of its group is left).
 * A member lives unless it is offline, unreachable or out of service. An asset is in one group, the first that names it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "engine/alerts_private.h"

struct group {
    char *name, *filter;
    unsigned need;
    enum severity severity;
    uint32_t *assets;           /* in the ledger's order */
    uint32_t count, alive;
    bool gone;
    uint64_t fingerprint;       /* of its alert; 0: none was raised */
};

struct membership { uint32_t asset, group; };

struct groups {
    struct group *rows;
    unsigned count;
    struct membership *members; /* by asset */
    uint32_t member_count;
    uint64_t ledger_revision;
};

static int compare_members(const void *left, const void *right)
{
    const struct membership *a = left, *b = right;
    return a->asset != b->asset ? (a->asset > b->asset) - (a->asset < b->asset) : (a->group > b->group) - (a->group < b->group);
}

static struct group *group_of(const struct alerts *alerts, uint32_t asset)
{
    const struct groups *groups = alerts->groups;
    if (!groups || !groups->member_count)
        return NULL;
    struct membership wanted = {asset, 0};
    uint32_t low = 0, high = groups->member_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_members(&groups->members[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < groups->member_count && groups->members[low].asset == asset ? &groups->rows[groups->members[low].group] : NULL;
}

/* ---- what a group is ---- */

static bool lives(enum health health)
{
    return health != HEALTH_OFFLINE && health != HEALTH_UNREACHABLE && health != HEALTH_MAINTENANCE;
}

/* How many live, when `asset` is `to`; whether any is down by itself. */
static uint32_t count_alive(const struct alerts *alerts, const struct group *group, uint32_t asset, enum health to, bool *offline)
{
    uint32_t alive = 0;
    *offline = false;
    for (uint32_t i = 0; i < group->count; i++) {
        enum health health = group->assets[i] == asset ? to : (enum health)live_at(alerts->fleet, group->assets[i])->health;
        alive += lives(health);
        *offline = *offline || health == HEALTH_OFFLINE;
    }
    return alive;
}

static void group_raise(struct alerts *alerts, struct group *group)
{
    struct buffer summary = BUFFER_INIT;
    char *name = memory_printf(N_("%s: redundancy lost"), group->name);
    buffer_printf(&summary, N_("%u of %u left, %u needed") ":", group->alive, group->count, group->need);
    for (uint32_t i = 0; i < group->count && i < 8; i++)
        buffer_printf(&summary, " %s", fleet_text(alerts->fleet, group->assets[i], ASSET_id));
    buffer_append_text(&summary, group->count > 8 ? " ..." : "");
    struct alert_report report = {
        .source = N_("redundancy"), .rule = group->name, .asset = group->assets[0], .point = "", .name = name,
        .type = "communication", .severity = SEVERITY_CRITICAL, .summary = buffer_text(&summary), .runbook = "redundancy"};
    group->fingerprint = alert_fingerprint(alerts, &report);
    alerts_breach(alerts, &report);
    buffer_release(&summary);
    free(name);
}

static void shelter(struct alerts *alerts, const struct group *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        fleet_shelter(alerts->fleet, group->assets[i], !group->gone);
}

/* The members' own alerts, of their health, are part of the group's. */
static void fold_members(struct alerts *alerts, const struct group *group, msec now)
{
    for (uint32_t i = 0; i < group->count; i++)
        ALERT_EACH_OF_ASSET(alerts, alert, group->assets[i])
            if (alert->life.condition == CONDITION_ACTIVE && !alert->life.closed &&
                strcmp(desk_text(alerts, alert->source), "health") == 0)
                cause_fold_under_group(alerts, alert, group_alert(alerts, group->assets[i]), now);
}

static bool group_settle(struct alerts *alerts, struct group *group, uint32_t asset, enum health to)
{
    bool offline, was_gone = group->gone;
    uint32_t alive = count_alive(alerts, group, asset, to, &offline), before = group->alive;
    group->alive = alive;
    group->gone = group->count && alive < group->need;
    if (group->gone && offline) {
        bool fresh = !group_alert(alerts, group->assets[0]);
        if (fresh || alive != before)
            group_raise(alerts, group);
        if (fresh)
            fold_members(alerts, group, desk_now(alerts));
    }
    if (group->gone != was_gone)
        shelter(alerts, group);
    return alive != before || group->gone != was_gone;
}

/* After its members were judged again: they stand for themselves now, as the lesser matter that they are. */
static void group_clear(struct alerts *alerts, struct group *group)
{
    if (!group->gone && group->fingerprint) {
        alerts_normal(alerts, group->fingerprint);
        group->fingerprint = 0;
    }
}

/* ---- asked by the desk ---- */

struct alert *group_alert(const struct alerts *alerts, uint32_t asset)
{
    const struct group *group = group_of(alerts, asset);
    struct alert *alert = group && group->gone && group->fingerprint ? alert_current(alerts, group->fingerprint) : NULL;
    return alert && alert->life.condition == CONDITION_ACTIVE && !alert->life.closed ? alert : NULL;
}

bool group_lessens(const struct alerts *alerts, uint32_t asset, enum severity *severity, char *text, size_t size)
{
    const struct group *group = group_of(alerts, asset);
    if (!group || group->gone)
        return false;
    *severity = group->severity < *severity ? group->severity : *severity;
    snprintf(text, size, "; " N_("redundancy lost: %u of %u left in %s"), group->alive, group->count, group->name);
    return true;
}

uint32_t group_judged(struct alerts *alerts, uint32_t asset, enum health to, const uint32_t **members)
{
    struct group *group = group_of(alerts, asset);
    if (!group || !group_settle(alerts, group, asset, to))
        return 0;
    *members = group->assets;
    return group->count;
}

void group_judged_end(struct alerts *alerts, uint32_t asset)
{
    struct group *group = group_of(alerts, asset);
    if (group)
        group_clear(alerts, group);
}

/* ---- who is in them ---- */

static void members_forget(struct alerts *alerts)
{
    struct groups *groups = alerts->groups;
    for (uint32_t i = 0; i < groups->member_count; i++)
        if (fleet_exists(alerts->fleet, groups->members[i].asset))
            fleet_shelter(alerts->fleet, groups->members[i].asset, false);
    free(groups->members);
    groups->members = NULL;
    groups->member_count = 0;
}

static void members_find(struct alerts *alerts)
{
    struct groups *groups = alerts->groups;
    struct membership *all = NULL;
    size_t count = 0, capacity = 0;
    for (unsigned g = 0; g < groups->count; g++) {
        const uint32_t *assets;
        uint32_t found;
        if (!fleet_members(alerts->fleet, groups->rows[g].filter, &assets, &found, NULL))
            continue;
        for (uint32_t i = 0; i < found; i++) {
            ARRAY_RESERVE(all, capacity, count + 1);
            all[count++] = (struct membership){assets[i], g};
        }
    }
    if (count)
        qsort(all, count, sizeof *all, compare_members);
    for (size_t i = 0; i < count; i++) /* the first group has it */
        if (i == 0 || all[i].asset != all[i - 1].asset)
            all[groups->member_count++] = all[i];
    groups->members = all;
    for (unsigned g = 0; g < groups->count; g++) {
        struct group *group = &groups->rows[g];
        group->count = 0;
        free(group->assets);
        group->assets = memory_new_array(groups->member_count + 1, sizeof *group->assets);
        for (uint32_t i = 0; i < groups->member_count; i++)
            if (groups->members[i].group == g)
                group->assets[group->count++] = groups->members[i].asset;
    }
}

void groups_follow(struct alerts *alerts)
{
    struct groups *groups = alerts->groups;
    if (!groups || groups->ledger_revision == fleet_ledger_revision(alerts->fleet))
        return;
    groups->ledger_revision = fleet_ledger_revision(alerts->fleet);
    members_forget(alerts);
    members_find(alerts);
    for (unsigned g = 0; g < groups->count; g++) {
        struct group *group = &groups->rows[g];
        uint64_t before = group->fingerprint;
        group->gone = false;
        group->alive = group->count;
        group_settle(alerts, group, FLEET_NONE, HEALTH_UNKNOWN);
        shelter(alerts, group);
        if (before && before != group->fingerprint) /* its first member is another one */
            alerts_normal(alerts, before);
        group_clear(alerts, group);
    }
}

static void groups_release(struct groups *groups)
{
    for (unsigned g = 0; g < groups->count; g++) {
        free(groups->rows[g].name);
        free(groups->rows[g].filter);
        free(groups->rows[g].assets);
    }
    free(groups->rows);
    free(groups->members);
    free(groups);
}

void groups_free(struct alerts *alerts)
{
    if (alerts->groups)
        groups_release(alerts->groups);
    alerts->groups = NULL;
}

/* Groups that are no more clear; one that goes on keeps its alert. */
static void end_alerts(struct alerts *alerts)
{
    uint32_t source = desk_number(alerts, "redundancy");
    for (uint32_t handle = 0; handle < alerts->count; handle++) {
        struct alert *alert = alert_at(alerts, handle);
        bool open = alert->flags & ALERT_LIVE && alert->source == source && alert->life.condition == CONDITION_ACTIVE;
        bool known = false;
        for (unsigned g = 0; open && g < alerts->groups->count; g++)
            known = known || alerts->groups->rows[g].fingerprint == alert->fingerprint;
        if (open && !known)
            alerts_normal(alerts, alert->fingerprint);
    }
}

void alerts_groups_use(struct alerts *alerts, const struct alert_group *groups, unsigned count)
{
    struct groups *old = alerts->groups;
    if (old)
        members_forget(alerts);
    struct groups *made = memory_new(sizeof *made);
    made->rows = memory_new_array(count + 1, sizeof *made->rows);
    made->count = count;
    made->ledger_revision = UINT64_MAX;
    for (unsigned g = 0; g < count; g++)
        made->rows[g] = (struct group){.name = memory_text(groups[g].name), .filter = memory_text(groups[g].members),
                                       .need = groups[g].need ? groups[g].need : 1, .severity = groups[g].severity};
    alerts->groups = made;
    if (old)
        groups_release(old);
    groups_follow(alerts);
    end_alerts(alerts);
}

/* ---- looking ---- */

static void describe(const struct alerts *alerts, const struct group *group, struct alert_group_state *state)
{
    const struct alert *alert = group->count ? group_alert(alerts, group->assets[0]) : NULL;
    *state = (struct alert_group_state){
        .name = group->name, .filter = group->filter, .need = group->need, .total = group->count, .alive = group->alive,
        .severity = group->severity, .gone = group->gone, .assets = group->assets, .alert = alert ? alert->id : ""};
}

bool alerts_group_at(const struct alerts *alerts, unsigned index, struct alert_group_state *state)
{
    if (!alerts->groups || index >= alerts->groups->count)
        return false;
    describe(alerts, &alerts->groups->rows[index], state);
    return true;
}

bool alerts_group_of(const struct alerts *alerts, uint32_t asset, struct alert_group_state *state)
{
    const struct group *group = group_of(alerts, asset);
    if (group)
        describe(alerts, group, state);
    return group != NULL;
}

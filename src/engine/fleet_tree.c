/* What stands below what: children, families with their counts, and the cutting of loops. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/fleet_private.h"

static void family_count(struct fleet *fleet, uint32_t parent, const struct fleet_live *child, int sign)
{
    struct fleet_live *above = live_at(fleet, parent);
    if (above->family == FLEET_NONE) {
        if (fleet->family_count == fleet->family_capacity) {
            uint32_t grown = fleet->family_capacity + fleet->family_capacity / 4 + 64;
            fleet->families = memory_resize(fleet->families, grown, sizeof *fleet->families);
            fleet->family_capacity = grown;
        }
        above->family = fleet->family_count++;
        fleet->families[above->family] = (struct fleet_family){0};
    }
    struct fleet_family *family = &fleet->families[above->family];
    family->children += (uint32_t)sign;
    family->by_health[child->health] += (uint32_t)sign;
}

static void below_add(struct fleet *fleet, uint32_t parent, uint32_t more)
{
    for (; parent != FLEET_NONE; parent = live_at(fleet, parent)->parent)
        fleet->families[live_at(fleet, parent)->family].below += more;
}

static void child_unlink(struct fleet *fleet, struct fleet_live *live)
{
    uint32_t *link = &live_at(fleet, live->parent)->first_child;
    while (*link != live->self)
        link = &live_at(fleet, *link)->next_child;
    *link = live->next_child;
}

/* Its parent is another one, or was judged apart: what held for the old one holds no longer. Who comes from under a
 * dead parent has one of its own periods to speak, as when the parent returns. */
static void block_by_parent(const struct fleet *fleet, struct fleet_live *live, msec steady)
{
    bool blocked = live->parent != FLEET_NONE && live_at(fleet, live->parent)->flags & LIVE_DOWN &&
                   !live_at(fleet, live->parent)->sheltered;
    if (blocked == !!(live->flags & LIVE_BLOCKED))
        return;
    live->flags &= (uint8_t)~(LIVE_BLOCKED | LIVE_SPOKE);
    if (blocked)
        live->flags |= LIVE_BLOCKED;
    else
        live->grace = steady + live->period;
}

/* For one asset at a time (discovery, adoption, removal); whole ledgers go through fleet_relink. */
void fleet_set_parent(struct fleet *fleet, uint32_t asset, uint32_t parent)
{
    struct fleet_live *live = live_at(fleet, asset);
    if (live->parent == parent)
        return;
    for (uint32_t above = parent; above != FLEET_NONE; above = live_at(fleet, above)->parent)
        if (above == asset)
            return; /* would close a loop */
    uint32_t own = 1 + (live->family == FLEET_NONE ? 0 : fleet->families[live->family].below);
    if (live->parent != FLEET_NONE) {
        child_unlink(fleet, live);
        family_count(fleet, live->parent, live, -1);
        below_add(fleet, live->parent, -own);
    }
    live->parent = parent;
    if (parent != FLEET_NONE) {
        struct fleet_live *above = live_at(fleet, parent);
        live->next_child = above->first_child;
        above->first_child = asset;
        family_count(fleet, parent, live, 1);
        below_add(fleet, parent, own);
    }
    block_by_parent(fleet, live, clock_steady());
    fleet_judge(fleet, asset, clock_steady());
}

/* Sum up what is below whom, from the leaves; assets of a loop of parents are never reached that way, and lose
 * the parent that closes it. */
static void relink_below(struct fleet *fleet)
{
    uint32_t *waiting = memory_new_array(fleet->count + 1, sizeof *waiting);
    uint32_t *queue = memory_new_array(fleet->count + 1, sizeof *queue);
    uint32_t head = 0, tail = 0, scan = 0;
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        const struct fleet_live *live = live_at(fleet, asset);
        waiting[asset] = live->family == FLEET_NONE ? 0 : fleet->families[live->family].children;
        if (live_exists(live) && !waiting[asset])
            queue[tail++] = asset;
    }
    for (;;) {
        while (head < tail) {
            const struct fleet_live *live = live_at(fleet, queue[head++]);
            if (live->parent == FLEET_NONE)
                continue;
            uint32_t own = 1 + (live->family == FLEET_NONE ? 0 : fleet->families[live->family].below);
            fleet->families[live_at(fleet, live->parent)->family].below += own;
            if (--waiting[live->parent] == 0)
                queue[tail++] = live->parent;
        }
        while (scan < fleet->count && !waiting[scan])
            scan++;
        if (scan == fleet->count)
            break;
        /* In a loop: cut it here. Its parent waited for it, so settle that account as if it had been counted. */
        struct fleet_live *live = live_at(fleet, scan);
        uint32_t parent = live->parent;
        child_unlink(fleet, live);
        family_count(fleet, parent, live, -1);
        live->parent = FLEET_NONE;
        live->next_child = FLEET_NONE;
        if (--waiting[parent] == 0)
            queue[tail++] = parent;
    }
    free(waiting);
    free(queue);
}

void fleet_relink(struct fleet *fleet)
{
    fleet->family_count = 0;
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        struct fleet_live *live = live_at(fleet, asset);
        live->first_child = live->next_child = live->family = live->parent = FLEET_NONE;
    }
    uint32_t looked_up = 0, parent = FLEET_NONE; /* siblings stand together, mostly */
    for (uint32_t asset = fleet->count; asset-- > 0;) {
        struct fleet_live *live = live_at(fleet, asset);
        uint32_t text = live_exists(live) ? row_at(fleet, asset)->text[ASSET_parent] : 0;
        if (text != looked_up) {
            looked_up = text;
            parent = text ? fleet_find(fleet, intern_name(fleet->texts, text)) : FLEET_NONE;
        }
        if (parent == FLEET_NONE || parent == asset)
            continue;
        live->parent = parent;
        live->next_child = live_at(fleet, parent)->first_child;
        live_at(fleet, parent)->first_child = asset;
        family_count(fleet, parent, live, 1);
    }
    relink_below(fleet);
    msec steady = clock_steady();
    for (uint32_t asset = 0; asset < fleet->count; asset++)
        block_by_parent(fleet, live_at(fleet, asset), steady);
    for (uint32_t asset = 0; asset < fleet->count; asset++)
        if (live_exists(live_at(fleet, asset)))
            fleet_judge(fleet, asset, steady);
    fleet_ledger_touched(fleet);
}

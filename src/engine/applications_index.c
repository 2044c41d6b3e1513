/* Which applications stand on a server: the tree turned round, made when the configuration or the ledger changes and only
 * read after that. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/applications_private.h"

struct stand {
    uint32_t asset;
    const char **names; /* the applications' own */
    unsigned count;
};

struct applications_index {
    struct stand *stands; /* by asset */
    unsigned count;
    struct applications_endpoints *endpoints;
    uint64_t ledger;      /* its revision then */
};

struct turning {
    const struct applications *applications;
    const char **names;   /* by server, room for all applications each */
    unsigned *counts;
    unsigned application;
};

static bool turn(void *owner, unsigned part, unsigned depth)
{
    struct turning *turning = owner;
    const struct applications *applications = turning->applications;
    (void)depth;
    if (part >= applications->server_first) {
        unsigned server = part - applications->server_first;
        turning->names[server * applications->count + turning->counts[server]++] = applications->items[turning->application]->name;
    }
    return true;
}

static int compare_stands(const void *left, const void *right)
{
    uint32_t a = ((const struct stand *)left)->asset, b = ((const struct stand *)right)->asset;
    return (a > b) - (a < b);
}

void applications_index_free(struct applications_index **slot)
{
    struct applications_index *index = *slot;
    if (!index)
        return;
    for (unsigned i = 0; i < index->count; i++)
        free(index->stands[i].names);
    free(index->stands);
    applications_endpoints_free(&index->endpoints);
    free(index);
    *slot = NULL;
}

static struct applications_index *index_make(const struct applications *applications)
{
    struct applications_index *index = memory_new(sizeof *index);
    unsigned servers = applications->part_count - applications->server_first;
    struct turning turning = {.applications = applications, .counts = memory_new_array(servers + 1u, sizeof *turning.counts),
                              .names = memory_new_array((size_t)servers * applications->count + 1, sizeof *turning.names)};
    for (; turning.application < applications->count; turning.application++)
        parts_walk(applications->parts, applications->part_count, applications->items[turning.application]->part, turn, &turning);
    index->stands = memory_new_array(servers + 1u, sizeof *index->stands);
    for (unsigned i = 0; i < servers; i++) {
        uint32_t asset = fleet_find(applications->fleet, applications->owners[applications->server_first + i].server);
        if (asset == FLEET_NONE || !turning.counts[i])
            continue;
        struct stand *stand = &index->stands[index->count++];
        *stand = (struct stand){asset, memory_new_array(turning.counts[i], sizeof *stand->names), turning.counts[i]};
        memcpy(stand->names, turning.names + (size_t)i * applications->count, stand->count * sizeof *stand->names);
    }
    if (index->count > 1)
        qsort(index->stands, index->count, sizeof *index->stands, compare_stands);
    index->endpoints = applications_endpoints_make(applications);
    index->ledger = fleet_ledger_revision(applications->fleet);
    free(turning.names);
    free(turning.counts);
    return index;
}

static const struct stand *stand_find(const struct applications_index *index, uint32_t asset)
{
    const struct stand wanted = {.asset = asset};
    return index && index->count ? bsearch(&wanted, index->stands, index->count, sizeof wanted, compare_stands) : NULL;
}

static bool stands_differ(const struct stand *a, const struct stand *b)
{
    if (!a || !b || a->count != b->count)
        return a != b;
    for (unsigned i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return true;
    return false;
}

/* Whoever watches the fleet hears of servers that other applications stand on than before. */
void applications_index_replace(struct applications *applications, const struct applications_index *old)
{
    struct applications_index *index = applications->index = index_make(applications);
    for (unsigned i = 0; i < index->count; i++)
        if (stands_differ(&index->stands[i], stand_find(old, index->stands[i].asset)))
            fleet_notice(applications->fleet, index->stands[i].asset);
    for (unsigned i = 0; old && i < old->count; i++)
        if (!stand_find(index, old->stands[i].asset))
            fleet_notice(applications->fleet, old->stands[i].asset);
}

static void index_refresh(struct applications *applications)
{
    if (!applications->index || applications->index->ledger == fleet_ledger_revision(applications->fleet))
        return;
    applications_index_free(&applications->index);
    applications->index = index_make(applications);
}

const struct applications_endpoints *applications_index_endpoints(struct applications *applications)
{
    index_refresh(applications);
    return applications->index ? applications->index->endpoints : NULL;
}

unsigned applications_on(struct applications *applications, uint32_t asset, const char *const **names)
{
    index_refresh(applications);
    const struct stand *stand = stand_find(applications->index, asset);
    *names = stand ? stand->names : NULL;
    return stand ? stand->count : 0;
}

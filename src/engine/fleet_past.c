/* The fleet at an instant of the past: every asset's interval, read once from the store and kept for the next who
 * looks at the same moment. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/fleet_private.h"

#define KEPT 4
#define SETTLED (2 * SPAN_SECOND) /* younger moments may still gain rows; they are not kept */

struct past_cell {
    msec from;
    uint8_t health, reason, link, comm;
};

struct fleet_past {
    msec at;
    uint64_t serial;
    uint32_t references;
    uint32_t count;
    struct past_cell *cells; /* by handle */
};

struct past_cache {
    struct fleet_past *kept[KEPT]; /* newest first; each holds one reference */
    uint64_t serials;
};

struct past_request {
    struct fleet *fleet;
    msec at;
    fleet_past_done *done;
    void *owner;
};

uint64_t fleet_past_serial(const struct fleet_past *past)
{
    return past ? past->serial : 0;
}

msec fleet_past_at(const struct fleet_past *past)
{
    return past->at;
}

void fleet_past_release(struct fleet_past *past)
{
    if (!past || --past->references)
        return;
    free(past->cells);
    free(past);
}

void fleet_pasts_free(struct fleet *fleet)
{
    for (size_t i = 0; fleet->pasts && i < KEPT; i++)
        fleet_past_release(fleet->pasts->kept[i]);
    free(fleet->pasts);
    fleet->pasts = NULL;
}

void fleet_past_get(const struct fleet_past *past, uint32_t asset, struct store_state *state)
{
    struct past_cell cell = {.from = CLOCK_NEVER, .health = HEALTH_UNKNOWN, .reason = REASON_NEVER_HEARD};
    if (asset < past->count)
        cell = past->cells[asset];
    *state = (struct store_state){.asset = asset, .from = cell.from, .health = cell.health, .reason = cell.reason,
                                  .link = cell.link, .comm = cell.comm};
}

enum health fleet_health_then(const struct fleet *fleet, uint32_t asset, const struct fleet_past *past)
{
    if (!past)
        return live_at(fleet, asset)->health;
    return asset < past->count ? past->cells[asset].health : HEALTH_UNKNOWN;
}

static void past_keep(struct fleet *fleet, struct fleet_past *past)
{
    struct past_cache *cache = fleet->pasts;
    fleet_past_release(cache->kept[KEPT - 1]);
    memmove(&cache->kept[1], &cache->kept[0], (KEPT - 1) * sizeof *cache->kept);
    cache->kept[0] = past;
    past->references++;
}

static void states_loaded(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct past_request *request = owner;
    struct fleet *fleet = request->fleet;
    struct fleet_past *past = NULL;
    fleet->actions_open--;
    if (!error) {
        past = memory_new(sizeof *past);
        past->at = request->at;
        past->serial = ++fleet->pasts->serials;
        past->references = 1;
        past->count = fleet->count;
        past->cells = memory_new_array((size_t)fleet->count + 1, sizeof *past->cells);
        for (uint32_t asset = 0; asset < past->count; asset++)
            past->cells[asset] =
                (struct past_cell){.from = CLOCK_NEVER, .health = HEALTH_UNKNOWN, .reason = REASON_NEVER_HEARD};
        for (size_t i = 0; i < count; i++) {
            const struct store_state *state = &rows[i].state;
            if (state->asset < past->count && (unsigned)state->health < HEALTH_COUNT)
                past->cells[state->asset] =
                    (struct past_cell){.from = state->from, .health = (uint8_t)state->health,
                                       .reason = (uint8_t)state->reason, .link = (uint8_t)state->link,
                                       .comm = (uint8_t)state->comm};
        }
        if (request->at < clock_wall() - SETTLED)
            past_keep(fleet, past);
    }
    request->done(request->owner, past, error);
    free(request);
    fleet_release_when_done(fleet);
}

void fleet_past_load(struct fleet *fleet, msec at, fleet_past_done *done, void *owner)
{
    if (!fleet->pasts)
        fleet->pasts = memory_new(sizeof *fleet->pasts);
    for (size_t i = 0; i < KEPT; i++) {
        struct fleet_past *past = fleet->pasts->kept[i];
        if (!past || past->at != at)
            continue;
        memmove(&fleet->pasts->kept[1], &fleet->pasts->kept[0], i * sizeof *fleet->pasts->kept);
        fleet->pasts->kept[0] = past;
        past->references++;
        done(owner, past, NULL);
        return;
    }
    struct past_request *request = memory_new(sizeof *request);
    *request = (struct past_request){.fleet = fleet, .at = at, .done = done, .owner = owner};
    fleet->actions_open++;
    store_states_at(fleet->store, at, states_loaded, request);
}

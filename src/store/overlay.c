#include "store/overlay.h"

#include <stdlib.h>
#include <string.h>

static const struct reading *overlay_next(const struct overlay *overlay)
{
    if (overlay->used == overlay->count)
        return NULL;
    return &overlay->rows[overlay->newest_first ? overlay->count - 1 - overlay->used : overlay->used];
}

static bool overlay_give(struct overlay *overlay, msec time, double value)
{
    if (!overlay->stopped && !overlay->visit(overlay->owner, time, value))
        overlay->stopped = true;
    return !overlay->stopped;
}

bool overlay_visit(void *owner, msec time, double value)
{
    struct overlay *overlay = owner;
    const struct reading *next;
    while ((next = overlay_next(overlay)) != NULL) {
        if (next->time == time) {
            overlay->used++;
            return overlay_give(overlay, next->time, next->value);
        }
        if (overlay->newest_first ? next->time < time : next->time > time)
            break;
        overlay->used++;
        if (!overlay_give(overlay, next->time, next->value))
            return false;
    }
    return overlay_give(overlay, time, value);
}

void overlay_finish(struct overlay *overlay)
{
    const struct reading *next;
    while (!overlay->stopped && (next = overlay_next(overlay)) != NULL) {
        overlay->used++;
        overlay_give(overlay, next->time, next->value);
    }
}

static void intervals_insert(struct store_intervals *intervals, size_t at, const struct store_state *state)
{
    struct store_interval row = {*state, CLOCK_NEVER};
    store_intervals_add(intervals, &row);
    memmove(intervals->rows + at + 1, intervals->rows + at, (intervals->count - 1 - at) * sizeof *intervals->rows);
    intervals->rows[at] = row;
}

void overlay_states(struct store_intervals *intervals, const struct store_pending_states *pending, msec from, msec to)
{
    for (size_t i = 0; i < pending->count; i++) {
        const struct store_state *state = &pending->rows[i];
        while (intervals->count > 0 && intervals->rows[intervals->count - 1].state.from >= state->from)
            intervals->count--;
        struct store_interval *before = intervals->count > 0 ? &intervals->rows[intervals->count - 1] : NULL;
        if (before && (before->to == CLOCK_NEVER || before->to > state->from))
            before->to = state->from;
        if (state->from <= to)
            intervals_insert(intervals, intervals->count, state);
    }
    while (intervals->count > 0 && intervals->rows[0].to != CLOCK_NEVER && intervals->rows[0].to <= from) {
        memmove(intervals->rows, intervals->rows + 1, (intervals->count - 1) * sizeof *intervals->rows);
        intervals->count--;
    }
}

static size_t find_asset(const struct store_intervals *intervals, uint32_t asset)
{
    size_t low = 0, high = intervals->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (intervals->rows[middle].state.asset < asset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void overlay_states_at(struct store_intervals *intervals, const struct store_pending_states *pending, msec at)
{
    for (size_t i = 0; i < pending->count; i++) {
        const struct store_state *state = &pending->rows[i];
        if (state->from > at)
            continue;
        size_t place = find_asset(intervals, state->asset);
        if (place < intervals->count && intervals->rows[place].state.asset == state->asset)
            intervals->rows[place].state = *state;
        else
            intervals_insert(intervals, place, state);
    }
}

static bool starts_before(const struct store_state *left, const struct store_state *right)
{
    return left->from != right->from ? left->from < right->from : left->asset < right->asset;
}

void overlay_states_between(struct store_intervals *intervals, const struct store_pending_states *pending, msec from,
                            msec to, unsigned limit)
{
    for (size_t i = 0; i < pending->count; i++) {
        const struct store_state *state = &pending->rows[i];
        size_t kept = 0;
        struct store_interval *before = NULL;
        for (size_t k = 0; k < intervals->count; k++) {
            struct store_interval *row = &intervals->rows[k];
            if (row->state.asset == state->asset && row->state.from >= state->from)
                continue;
            intervals->rows[kept] = *row;
            if (row->state.asset == state->asset)
                before = &intervals->rows[kept];
            kept++;
        }
        intervals->count = kept;
        if (before && (before->to == CLOCK_NEVER || before->to > state->from))
            before->to = state->from;
        if (state->from < from || state->from > to)
            continue;
        size_t place = kept;
        while (place > 0 && starts_before(state, &intervals->rows[place - 1].state))
            place--;
        intervals_insert(intervals, place, state);
    }
    if (limit > 0 && intervals->count > limit)
        intervals->count = limit;
}

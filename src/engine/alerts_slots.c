/* Where alerts lie and how they are found: slots, by fingerprint, by asset, by id; and how long closed ones stay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"

#define CLOSED_MAX 20000u

struct alert *alert_slot(struct alerts *alerts)
{
    struct alert *alert;
    if (alerts->free_first != ALERT_NONE) {
        alert = alert_at(alerts, alerts->free_first);
        alerts->free_first = alert->entry;
    } else {
        if (alerts->count == alerts->chunk_count * ALERT_CHUNK) {
            alerts->chunks = memory_resize(alerts->chunks, alerts->chunk_count + 1, sizeof *alerts->chunks);
            alerts->chunks[alerts->chunk_count++] = memory_new_array(ALERT_CHUNK, sizeof **alerts->chunks);
        }
        alert = alert_at(alerts, alerts->count);
        alert->self = alerts->count++;
    }
    uint32_t self = alert->self;
    uint8_t listed = alert->flags & (ALERT_DIRTY | ALERT_MOVED | ALERT_NOTED | ALERT_QUEUED); /* lists that name the slot go on to */
    uint64_t key = alert->key;
    *alert = (struct alert){
        .self = self, .key = key, .flags = ALERT_LIVE | listed, .asset = FLEET_NONE, .asset_next = ALERT_NONE, .asset_previous = ALERT_NONE,
        .cause = ALERT_NONE, .first_symptom = ALERT_NONE, .next_symptom = ALERT_NONE, .previous_symptom = ALERT_NONE,
        .storm = ALERT_NONE, .closed_at = CLOCK_NEVER, .news_at = CLOCK_NEVER};
    alert_life_init(&alert->life);
    return alert;
}

static uint32_t hash_place(const struct alerts *alerts, uint64_t fingerprint)
{
    uint32_t at = (uint32_t)(fingerprint ^ fingerprint >> 32) & alerts->hash_mask;
    while (alerts->hash[at] != ALERT_NONE && alert_at(alerts, alerts->hash[at])->fingerprint != fingerprint)
        at = (at + 1) & alerts->hash_mask;
    return at;
}

struct alert *alert_current(const struct alerts *alerts, uint64_t fingerprint)
{
    uint32_t handle = alerts->hash[hash_place(alerts, fingerprint)];
    return handle == ALERT_NONE ? NULL : alert_at(alerts, handle);
}

static void hash_grow(struct alerts *alerts)
{
    uint32_t *old = alerts->hash, size = alerts->hash_mask + 1;
    alerts->hash_mask = size * 2 - 1;
    alerts->hash = memory_resize(NULL, size * 2, sizeof *alerts->hash);
    memset(alerts->hash, 0xff, (size_t)size * 2 * sizeof *alerts->hash);
    for (uint32_t i = 0; i < size; i++)
        if (old[i] != ALERT_NONE)
            alerts->hash[hash_place(alerts, alert_at(alerts, old[i])->fingerprint)] = old[i];
    free(old);
}

/* Closing the gap by moving back what follows, so that no tombstones gather. */
static void hash_remove(struct alerts *alerts, uint64_t fingerprint)
{
    uint32_t hole = hash_place(alerts, fingerprint);
    if (alerts->hash[hole] == ALERT_NONE)
        return;
    alerts->hash[hole] = ALERT_NONE;
    alerts->hash_used--;
    for (uint32_t at = (hole + 1) & alerts->hash_mask; alerts->hash[at] != ALERT_NONE; at = (at + 1) & alerts->hash_mask) {
        uint32_t handle = alerts->hash[at];
        alerts->hash[at] = ALERT_NONE;
        alerts->hash[hash_place(alerts, alert_at(alerts, handle)->fingerprint)] = handle;
    }
}

static void asset_room(struct alerts *alerts, uint32_t asset)
{
    if (asset < alerts->by_asset_capacity)
        return;
    uint32_t capacity = alerts->by_asset_capacity ? alerts->by_asset_capacity * 2 : 1024;
    if (capacity <= asset)
        capacity = asset + 1;
    alerts->by_asset = memory_resize(alerts->by_asset, capacity, sizeof *alerts->by_asset);
    memset(alerts->by_asset + alerts->by_asset_capacity, 0xff,
           (size_t)(capacity - alerts->by_asset_capacity) * sizeof *alerts->by_asset);
    alerts->by_asset_capacity = capacity;
}

void alert_index(struct alerts *alerts, struct alert *alert)
{
    uint32_t at = hash_place(alerts, alert->fingerprint);
    if (alerts->hash[at] == ALERT_NONE)
        alerts->hash_used++;
    else
        alert_at(alerts, alerts->hash[at])->flags &= (uint8_t)~ALERT_CURRENT;
    alerts->hash[at] = alert->self;
    alert->flags |= ALERT_CURRENT;
    if (alerts->hash_used * 2 > alerts->hash_mask)
        hash_grow(alerts);
    if (alert->asset == FLEET_NONE)
        return;
    asset_room(alerts, alert->asset);
    alert->asset_next = alerts->by_asset[alert->asset];
    if (alert->asset_next != ALERT_NONE)
        alert_at(alerts, alert->asset_next)->asset_previous = alert->self;
    alerts->by_asset[alert->asset] = alert->self;
}

static void asset_unlink(struct alerts *alerts, struct alert *alert)
{
    if (alert->asset == FLEET_NONE)
        return;
    if (alert->asset_previous == ALERT_NONE)
        alerts->by_asset[alert->asset] = alert->asset_next;
    else
        alert_at(alerts, alert->asset_previous)->asset_next = alert->asset_next;
    if (alert->asset_next != ALERT_NONE)
        alert_at(alerts, alert->asset_next)->asset_previous = alert->asset_previous;
}

static void number_remove(struct alerts *alerts, int64_t number);

void alert_drop(struct alerts *alerts, struct alert *alert)
{
    cause_over(alerts, alert);
    while (alert->first_symptom != ALERT_NONE)
        cause_clear(alerts, alert_at(alerts, alert->first_symptom));
    cause_clear(alerts, alert);
    queue_forget(alerts, alert);
    if (wheel_scheduled(&alert->timer))
        wheel_cancel(alerts->wheel, &alert->timer);
    if (alert->flags & ALERT_CURRENT)
        hash_remove(alerts, alert->fingerprint);
    asset_unlink(alerts, alert);
    number_remove(alerts, alert->number);
    free(alert->summary);
    free(alert->note);
    free(alert->fixed_by);
    free(alert->labels);
    alert->summary = alert->note = alert->fixed_by = alert->labels = NULL;
    alert->flags &= ALERT_DIRTY | ALERT_MOVED | ALERT_NOTED | ALERT_QUEUED; /* lists may still name the slot; they look at LIVE */
    alert->entry = alerts->free_first;
    alerts->free_first = alert->self;
}

void closed_append(struct alerts *alerts, const struct alert *alert)
{
    if (alerts->closed_first > 4096 && alerts->closed_first * 2 > alerts->closed_count) {
        alerts->closed_count -= alerts->closed_first;
        memmove(alerts->closed, alerts->closed + alerts->closed_first, alerts->closed_count * sizeof *alerts->closed);
        alerts->closed_first = 0;
    }
    ARRAY_RESERVE(alerts->closed, alerts->closed_capacity, alerts->closed_count + 1);
    alerts->closed[alerts->closed_count++] = (struct closed_entry){alert->number, alert->closed_at, alert->self};
}

/* One that reopened since has another closing time, or none: its entry is passed over. A few outages of a whole site would
 * fill the memory with what nobody looks at: beyond CLOSED_MAX the oldest go once they can no longer reopen. */
void history_trim(struct alerts *alerts, msec now)
{
    while (alerts->closed_first < alerts->closed_count) {
        const struct closed_entry *entry = &alerts->closed[alerts->closed_first];
        struct alert *alert = alert_at(alerts, entry->handle);
        bool same = alert->flags & ALERT_LIVE && alert->number == entry->number && alert->closed_at == entry->closed_at;
        bool crowded = alerts->closed_count - alerts->closed_first > CLOSED_MAX;
        msec stays = crowded && same ? alert->policy->reopen_window : alerts->options.history;
        if (same && (now - entry->closed_at < stays || alert->flags & ALERT_DIRTY))
            return;
        alerts->closed_first++;
        if (same)
            alert_drop(alerts, alert);
    }
}

/* ---- numbers ---- */

void alert_id_of(int64_t number, char id[ALERT_ID])
{
    snprintf(id, ALERT_ID, "A-%08d-%04d", (int)(number / ALERT_DAY_ROOM), (int)(number % ALERT_DAY_ROOM));
}

static uint32_t number_place(const struct alerts *alerts, int64_t number)
{
    uint32_t at = (uint32_t)((uint64_t)number * 0x9e3779b97f4a7c15u >> 32) & alerts->number_mask;
    while (alerts->numbers[at] != ALERT_NONE && alert_at(alerts, alerts->numbers[at])->number != number)
        at = (at + 1) & alerts->number_mask;
    return at;
}

static void numbers_grow(struct alerts *alerts)
{
    uint32_t *old = alerts->numbers, size = old ? alerts->number_mask + 1 : 0, grown = size ? size * 2 : 1024;
    alerts->number_mask = grown - 1;
    alerts->numbers = memory_resize(NULL, grown, sizeof *alerts->numbers);
    memset(alerts->numbers, 0xff, (size_t)grown * sizeof *alerts->numbers);
    for (uint32_t i = 0; i < size; i++)
        if (old[i] != ALERT_NONE)
            alerts->numbers[number_place(alerts, alert_at(alerts, old[i])->number)] = old[i];
    free(old);
}

void alert_number_set(struct alerts *alerts, struct alert *alert, int64_t number)
{
    alert->number = number;
    alert_id_of(number, alert->id);
    if (alerts->number_used * 2 >= alerts->number_mask)
        numbers_grow(alerts);
    uint32_t at = number_place(alerts, number);
    alerts->number_used += alerts->numbers[at] == ALERT_NONE;
    alerts->numbers[at] = alert->self;
}

static void number_remove(struct alerts *alerts, int64_t number)
{
    uint32_t hole = number_place(alerts, number);
    if (alerts->numbers[hole] == ALERT_NONE)
        return;
    alerts->numbers[hole] = ALERT_NONE;
    alerts->number_used--;
    for (uint32_t at = (hole + 1) & alerts->number_mask; alerts->numbers[at] != ALERT_NONE; at = (at + 1) & alerts->number_mask) {
        uint32_t handle = alerts->numbers[at];
        alerts->numbers[at] = ALERT_NONE;
        alerts->numbers[number_place(alerts, alert_at(alerts, handle)->number)] = handle;
    }
}

/* Days never go back, even when the clock does. */
int64_t alert_next_number(struct alerts *alerts, msec now)
{
    int64_t day = (int64_t)instant_day(now) * ALERT_DAY_ROOM;
    if (alerts->last_number < day)
        alerts->last_number = day;
    return ++alerts->last_number;
}

int64_t alert_number_of(const char *id)
{
    int day, number, end = 0;
    if (sscanf(id, "A-%8d-%7d%n", &day, &number, &end) != 2 || id[end] || day < 0 || number < 0)
        return -1;
    return (int64_t)day * ALERT_DAY_ROOM + number;
}

const struct alert *alerts_find(const struct alerts *alerts, const char *id)
{
    int64_t number = alert_number_of(id);
    uint32_t handle = number > 0 && alerts->numbers ? alerts->numbers[number_place(alerts, number)] : ALERT_NONE;
    return handle == ALERT_NONE ? NULL : alert_at(alerts, handle);
}

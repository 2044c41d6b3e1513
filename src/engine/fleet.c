/* The fleet's records: text, index, place in the tree. Health is in fleet_health.c, what comes in in fleet_sink.c,
 * what people ask in fleet_query.c, fleet_sort.c, fleet_board.c and fleet_past.c. */
#include "engine/fleet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

/* ---- the index by id ---- */

static uint32_t id_hash(const char *id, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)id[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

static bool id_equals(const struct fleet *fleet, uint32_t asset, const char *id, size_t length)
{
    const char *own = fleet_text(fleet, asset, ASSET_id);
    return strncmp(own, id, length) == 0 && own[length] == '\0';
}

uint32_t fleet_find_n(const struct fleet *fleet, const char *id, size_t length)
{
    uint32_t hash = id_hash(id, length);
    for (uint32_t at = hash & fleet->id_mask;; at = (at + 1) & fleet->id_mask) {
        const struct id_slot *slot = &fleet->ids[at];
        if (slot->handle == FLEET_NONE)
            return FLEET_NONE;
        if (slot->hash == hash && id_equals(fleet, slot->handle, id, length))
            return slot->handle;
    }
}

uint32_t fleet_find(const struct fleet *fleet, const char *id)
{
    uint32_t asset = fleet_find_n(fleet, id, strlen(id));
    return asset != FLEET_NONE && live_exists(live_at(fleet, asset)) ? asset : FLEET_NONE;
}

static void index_insert(struct fleet *fleet, struct id_slot slot)
{
    uint32_t at = slot.hash & fleet->id_mask;
    while (fleet->ids[at].handle != FLEET_NONE)
        at = (at + 1) & fleet->id_mask;
    fleet->ids[at] = slot;
}

static void index_resize(struct fleet *fleet, uint32_t size)
{
    struct id_slot *old = fleet->ids;
    uint32_t old_size = old ? fleet->id_mask + 1 : 0;
    fleet->ids = memory_new_array(size, sizeof *fleet->ids);
    fleet->id_mask = size - 1;
    for (uint32_t i = 0; i < size; i++)
        fleet->ids[i].handle = FLEET_NONE;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].handle != FLEET_NONE)
            index_insert(fleet, old[i]);
    free(old);
}

void fleet_index_remove(struct fleet *fleet, uint32_t asset)
{
    const char *id = fleet_text(fleet, asset, ASSET_id);
    uint32_t mask = fleet->id_mask, at = id_hash(id, strlen(id)) & mask;
    while (fleet->ids[at].handle != asset) {
        if (fleet->ids[at].handle == FLEET_NONE)
            return;
        at = (at + 1) & mask;
    }
    /* Close the gap, so that probing never meets a grave. */
    for (uint32_t next = (at + 1) & mask; fleet->ids[next].handle != FLEET_NONE; next = (next + 1) & mask) {
        uint32_t home = fleet->ids[next].hash & mask;
        if (((next - home) & mask) >= ((next - at) & mask)) {
            fleet->ids[at] = fleet->ids[next];
            at = next;
        }
    }
    fleet->ids[at].handle = FLEET_NONE;
    fleet->id_used--;
}

/* ---- records ---- */

uint32_t fleet_next_key(const struct fleet *fleet)
{
    return fleet->count > fleet->lowest_free_key ? fleet->count : fleet->lowest_free_key;
}

static void record_init(struct fleet *fleet, uint32_t asset)
{
    struct fleet_live *live = live_at(fleet, asset);
    *live = (struct fleet_live){
        .heard = CLOCK_NEVER, .last_heard = CLOCK_NEVER, .since = CLOCK_NEVER, .link_since = CLOCK_NEVER,
        .comm_since = CLOCK_NEVER, .self = asset, .parent = FLEET_NONE, .first_child = FLEET_NONE,
        .next_child = FLEET_NONE, .family = FLEET_NONE, .values = FLEET_NONE, .health = HEALTH_UNKNOWN,
        .reason = REASON_NEVER_HEARD,
    };
}

uint32_t fleet_reserve(struct fleet *fleet, uint32_t key, const char *id, size_t length)
{
    struct buffer folded = BUFFER_INIT;
    assert(key < FLEET_KEY_LIMIT);
    while (fleet->count <= key) {
        if (fleet->count >> CHUNK_BITS == fleet->chunk_count) {
            fleet->live = memory_resize(fleet->live, fleet->chunk_count + 1, sizeof *fleet->live);
            fleet->rows = memory_resize(fleet->rows, fleet->chunk_count + 1, sizeof *fleet->rows);
            fleet->live[fleet->chunk_count] = memory_new_aligned(CHUNK_SIZE, sizeof **fleet->live);
            fleet->rows[fleet->chunk_count] = memory_new_array(CHUNK_SIZE, sizeof **fleet->rows);
            fleet->chunk_count++;
        }
        if (fleet->count == fleet->dense_capacity) {
            uint32_t grown = fleet->dense_capacity + fleet->dense_capacity / 8 + CHUNK_SIZE;
            fleet->place_of = memory_resize(fleet->place_of, grown, sizeof *fleet->place_of);
            fleet->word_start = memory_resize(fleet->word_start, grown, sizeof *fleet->word_start);
            fleet->dense_capacity = grown;
        }
        fleet->place_of[fleet->count] = fleet->word_start[fleet->count] = 0;
        record_init(fleet, fleet->count++);
        if (!fleet->words_dirty)
            words_append(fleet, fleet->count - 1, &folded); /* an empty line, until it has a name */
    }
    buffer_release(&folded);
    row_at(fleet, key)->text[ASSET_id] = arena_put(&fleet->arena, id, length);
    if ((fleet->id_used + 1) * 2 > fleet->id_mask + 1)
        index_resize(fleet, (fleet->id_mask + 1) * 2);
    index_insert(fleet, (struct id_slot){.hash = id_hash(id, length), .handle = key});
    fleet->id_used++;
    return key;
}

/* What the ledger itself says is not at work is not judged (DOMAIN.md C4). A word that we do not know is at work. */
static bool status_is_retired(const char *status)
{
    static const char *const retired[] = {
        "planned", "in_stock", "in stock", "stock", "spare", "maintenance", "loaned_out", "sent_repair", "failed", "missing",
        "decommissioning", "decommissioned", "scrapped", "计划", "在库", "库存", "备用", "检修", "维修", "送修", "停用", "报废"};
    for (size_t i = 0; status[0] && i < ARRAY_COUNT(retired); i++)
        if (text_compare_folded(status, retired[i]) == 0)
            return true;
    return false;
}

static uint32_t period_of(const struct fleet *fleet, const char *text)
{
    msec period = 0;
    if (!text[0] || !span_parse(text, &period, NULL) || period <= 0)
        period = fleet->options.default_period;
    return period > INT32_MAX ? (uint32_t)INT32_MAX : (uint32_t)period;
}

void fleet_put(struct fleet *fleet, uint32_t asset, const struct asset *row)
{
    struct fleet_live *live = live_at(fleet, asset);
    struct fleet_row *own = row_at(fleet, asset);
    bool fresh = !live_exists(live);
    for (int field = ASSET_id + 1; field < ASSET_FIELD_COUNT; field++)
        fleet_set_text(fleet, asset, field, row->field[field]);
    if (strcmp(arena_at(&fleet->arena, own->attributes), row->attributes) != 0)
        own->attributes = arena_put(&fleet->arena, row->attributes, strlen(row->attributes));
    own->revision = (uint32_t)row->revision;
    fleet_set_place(fleet, asset);
    live->period = period_of(fleet, row->field[ASSET_period]);
    live->kind_is_gateway = strcmp(row->field[ASSET_kind], "gateway") == 0;
    bool was_discovered = !fresh && live->flags & LIVE_DISCOVERED;
    fleet->discovered += (uint32_t)row->discovered - (uint32_t)was_discovered;
    live->flags &= (uint8_t)~(LIVE_RESERVED | LIVE_DISCOVERED | LIVE_RETIRED);
    live->flags |= LIVE_EXISTS | (row->discovered ? LIVE_DISCOVERED : 0);
    if (own->text[ASSET_status] != fleet->last_status) {
        fleet->last_status = own->text[ASSET_status];
        fleet->last_status_retired = status_is_retired(row->field[ASSET_status]);
    }
    if (fleet->last_status_retired)
        live->flags |= LIVE_RETIRED;
    if (fresh) {
        fleet->living++;
        fleet->by_health[live->health]++;
        if (asset + 1 == fleet->count && !fleet->words_dirty) {
            struct buffer folded = BUFFER_INIT;
            fleet->words_length = fleet->word_start[asset];
            words_append(fleet, asset, &folded);
            buffer_release(&folded);
        } else {
            fleet->words_dirty = true;
        }
    }
}

void fleet_remove(struct fleet *fleet, uint32_t asset)
{
    struct fleet_live *live = live_at(fleet, asset);
    if (!live_exists(live))
        return;
    while (live->first_child != FLEET_NONE)
        fleet_set_parent(fleet, live->first_child, FLEET_NONE);
    fleet_set_parent(fleet, asset, FLEET_NONE);
    if (wheel_scheduled(&live->timer))
        wheel_cancel(fleet->wheel, &live->timer);
    fleet_index_remove(fleet, asset);
    fleet_values_drop(fleet, live);
    fleet_raw_drop(fleet, live);
    free(live->evidence);
    fleet->living--;
    fleet->discovered -= live->flags & LIVE_DISCOVERED ? 1 : 0;
    fleet->by_health[live->health]--;
    record_init(fleet, asset);
    fleet->words_dirty = true;
}

/* ---- metrics ---- */

void fleet_metric_put(struct fleet *fleet, uint32_t key, const char *name)
{
    uint32_t number = intern_id(fleet->metric_names, name, strlen(name));
    size_t before = fleet->metric_of_name_capacity;
    ARRAY_RESERVE(fleet->metric_of_name, fleet->metric_of_name_capacity, number + 1);
    for (size_t i = before; i < fleet->metric_of_name_capacity; i++)
        fleet->metric_of_name[i] = FLEET_NONE;
    before = fleet->metric_capacity;
    ARRAY_RESERVE(fleet->metric_name, fleet->metric_capacity, key + 1);
    for (size_t i = before; i < fleet->metric_capacity; i++)
        fleet->metric_name[i] = NULL;
    fleet->metric_of_name[number] = key;
    fleet->metric_name[key] = intern_name(fleet->metric_names, number);
    if (key >= fleet->metric_count)
        fleet->metric_count = key + 1;
}

uint32_t fleet_metric(struct fleet *fleet, const char *name, size_t length, bool create)
{
    uint32_t number = intern_find(fleet->metric_names, name, length);
    if (number != UINT32_MAX)
        return fleet->metric_of_name[number];
    if (!create)
        return FLEET_NONE;
    char clean[96];
    text_clean_into(clean, sizeof clean, name, length);
    number = intern_find(fleet->metric_names, clean, strlen(clean));
    if (number != UINT32_MAX)
        return fleet->metric_of_name[number];
    if (!clean[0] || fleet->metric_count >= METRIC_LIMIT)
        return FLEET_NONE;
    uint32_t key = fleet->metric_count;
    fleet_metric_put(fleet, key, clean);
    store_metric(fleet->store, key, clean);
    return key;
}

uint32_t fleet_metric_key(const struct fleet *fleet, const char *metric)
{
    uint32_t number = intern_find(fleet->metric_names, metric, strlen(metric));
    return number == UINT32_MAX ? FLEET_NONE : fleet->metric_of_name[number];
}

/* ---- life ---- */

struct fleet *fleet_new(uv_loop_t *loop, struct store *store, const struct fleet_options *options)
{
    struct fleet *fleet = memory_new(sizeof *fleet);
    fleet->loop = loop;
    fleet->store = store;
    fleet->options = *options;
    fleet->texts = intern_new();
    fleet->places = intern_new();
    fleet->metric_names = intern_new();
    intern_id(fleet->texts, "", 0); /* number 0: zeroed rows are empty texts */
    intern_id(fleet->places, "", 0);
    arena_put(&fleet->arena, "", 0);
    index_resize(fleet, 64);
    for (size_t i = 0; i < ARRAY_COUNT(fleet->values_free); i++)
        fleet->values_free[i] = FLEET_NONE;
    fleet->noticed = fleet->turn_at = CLOCK_NEVER;
    fleet->ledger_revision = 1;
    fleet->wheel = fleet_wheel_new(fleet);
    uv_timer_init(loop, &fleet->turn_timer);
    uv_timer_init(loop, &fleet->notice_timer);
    uv_timer_init(loop, &fleet->save_timer);
    uv_timer_init(loop, &fleet->settle_timer);
    uv_timer_t *timers[] = {&fleet->turn_timer, &fleet->notice_timer, &fleet->save_timer, &fleet->settle_timer};
    for (size_t i = 0; i < ARRAY_COUNT(timers); i++) {
        timers[i]->data = fleet;
        uv_unref((uv_handle_t *)timers[i]);
    }
    return fleet;
}

void fleet_configure(struct fleet *fleet, const struct fleet_options *options)
{
    if (memcmp(&fleet->options, options, sizeof *options) == 0)
        return;
    fleet->options = *options;
    msec steady = clock_steady();
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        struct fleet_live *live = live_at(fleet, asset);
        if (!live_exists(live))
            continue;
        live->period = period_of(fleet, fleet_text(fleet, asset, ASSET_period));
        fleet_judge(fleet, asset, steady);
    }
}

static void fleet_release(struct fleet *fleet)
{
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        fleet_raw_drop(fleet, live_at(fleet, asset));
        free(live_at(fleet, asset)->evidence);
    }
    for (uint32_t i = 0; i < fleet->chunk_count; i++) {
        free(fleet->live[i]);
        free(fleet->rows[i]);
    }
    for (uint32_t i = 0; i < fleet->folded_place_count; i++)
        free(fleet->folded_places[i]);
    fleet_queries_free(fleet);
    fleet_boards_free(fleet);
    fleet_pasts_free(fleet);
    fleet_ranks_free(fleet);
    intern_free(&fleet->texts);
    intern_free(&fleet->places);
    intern_free(&fleet->metric_names);
    intern_free(&fleet->facet_values);
    arena_release(&fleet->arena);
    wheel_free(&fleet->wheel);
    buffer_release(&fleet->scratch);
    buffer_release(&fleet->text_scratch);
    buffer_release(&fleet->message_scratch);
    free(fleet->live);
    free(fleet->rows);
    free(fleet->folded_places);
    free(fleet->ids);
    free(fleet->words);
    free(fleet->place_of);
    free(fleet->word_start);
    free(fleet->metric_of_name);
    free(fleet->metric_name);
    free(fleet->values);
    free(fleet->families);
    free(fleet->stack);
    free(fleet->unsaved);
    free(fleet);
}

/* Memory goes when the loop has closed the timers and the store has answered every action. */
void fleet_release_when_done(struct fleet *fleet)
{
    if (fleet->closing && !fleet->open_handles && !fleet->actions_open)
        fleet_release(fleet);
}

static void handle_closed(uv_handle_t *handle)
{
    struct fleet *fleet = handle->data;
    fleet->open_handles--;
    fleet_release_when_done(fleet);
}

void fleet_free(struct fleet **fleet)
{
    struct fleet *own = *fleet;
    if (!own)
        return;
    *fleet = NULL;
    own->closing = true;
    own->listener_count = 0;
    uv_timer_t *timers[] = {&own->turn_timer, &own->notice_timer, &own->save_timer, &own->settle_timer};
    own->open_handles = ARRAY_COUNT(timers);
    for (size_t i = 0; i < ARRAY_COUNT(timers); i++)
        uv_close((uv_handle_t *)timers[i], handle_closed);
}

/* ---- reading one asset ---- */

uint32_t fleet_count(const struct fleet *fleet)
{
    return fleet->count;
}

bool fleet_exists(const struct fleet *fleet, uint32_t asset)
{
    return asset < fleet->count && live_exists(live_at(fleet, asset));
}

uint32_t fleet_store_key(const struct fleet *fleet, uint32_t asset)
{
    (void)fleet;
    return asset;
}

uint32_t fleet_by_store_key(const struct fleet *fleet, uint32_t key)
{
    return fleet_exists(fleet, key) ? key : FLEET_NONE;
}

void fleet_get(const struct fleet *fleet, uint32_t asset, struct fleet_view *view)
{
    const struct fleet_live *live = live_at(fleet, asset);
    *view = (struct fleet_view){
        .period = live->period,
        .health = live->health,
        .reason = live->reason,
        .since = live->since,
        .link = live->link,
        .link_since = live->link_since,
        .comm = live->comm,
        .comm_since = live->comm_since,
        .last_heard = live->last_heard,
        .evidence = live->evidence ? live->evidence->text : "",
        .parent = live->parent,
    };
    fleet_row_get(fleet, asset, &view->row);
    if (live->family != FLEET_NONE) {
        const struct fleet_family *family = &fleet->families[live->family];
        view->children = family->children;
        view->below = family->below;
        memcpy(view->children_by_health, family->by_health, sizeof view->children_by_health);
    }
}

uint64_t fleet_revision(const struct fleet *fleet)
{
    return fleet->revision;
}

uint64_t fleet_ledger_revision(const struct fleet *fleet)
{
    return fleet->ledger_revision;
}

void fleet_listen(struct fleet *fleet, const struct fleet_listener *listener)
{
    assert(fleet->listener_count < LISTENERS_MAX);
    fleet->listeners[fleet->listener_count++] = *listener;
}

void fleet_unlisten(struct fleet *fleet, const void *owner)
{
    ARRAY_DROP_OWNER(fleet->listeners, fleet->listener_count, owner);
}

void fleet_status(const struct fleet *fleet, struct fleet_status *status)
{
    *status = (struct fleet_status){
        .assets = fleet->living,
        .discovered = fleet->discovered,
        .messages = fleet->messages,
        .readings = fleet->readings,
        .duplicates = fleet->duplicates,
        .out_of_range_times = fleet->out_of_range_times,
        .dropped = fleet->dropped,
    };
    memcpy(status->by_health, fleet->by_health, sizeof status->by_health);
    uint32_t sum = 0;
    msec second = clock_steady() / SPAN_SECOND;
    for (msec back = 1; back <= 10; back++) {
        msec then = second - back;
        if (then <= fleet->rate_second && then > fleet->rate_second - 11 && then >= 0)
            sum += fleet->rate_counts[then % 11];
    }
    status->readings_per_second = sum / 10.0;
    status->memory = (size_t)fleet->chunk_count * CHUNK_SIZE * (sizeof(struct fleet_live) + sizeof(struct fleet_row)) +
                     intern_memory(fleet->texts) + intern_memory(fleet->places) + fleet->arena.count * ARENA_CHUNK +
                     ((size_t)fleet->id_mask + 1) * sizeof(struct id_slot) + fleet->words_capacity +
                     (size_t)fleet->values_capacity * sizeof(struct value_cell) +
                     (size_t)fleet->family_capacity * sizeof(struct fleet_family) + fleet->raw_bytes +
                     fleet_caches_memory(fleet);
}

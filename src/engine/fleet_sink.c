/* The collectors' side of the fleet: messages, links and checks come in here. The path of a message that changes
 * nothing but values is the daemon's hottest: it touches one live record, its values and the store's queue. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"
#include "model/host.h"

#define CACHE_LINE 64
#define VIA_DEPTH 8 /* gateways behind gateways */

static unsigned slot_of(struct fleet *fleet, struct source *source)
{
    unsigned free_slot = SLOT_RESTORED;
    for (unsigned slot = 0; slot < SLOT_RESTORED; slot++) {
        if (fleet->slots[slot] == source)
            return slot;
        if (!fleet->slots[slot] && free_slot == SLOT_RESTORED)
            free_slot = slot;
    }
    if (free_slot == SLOT_RESTORED)
        return SLOT_RESTORED - 1; /* more sources than slots: the last ones share, and the newest word counts */
    fleet->slots[free_slot] = source;
    return free_slot;
}

void fleet_forget_source(struct fleet *fleet, struct source *source)
{
    for (unsigned slot = 0; slot < SLOT_RESTORED; slot++) {
        if (fleet->slots[slot] != source)
            continue;
        fleet->slots[slot] = NULL;
        fleet_slot_clear(fleet, slot);
    }
}

static uint32_t discover(struct fleet *fleet, struct source *source, const char *id, size_t length)
{
    char clean[ASSET_ID_MAX * 2];
    struct error error;
    if (length > ASSET_ID_MAX) {
        source_bad(source, id, length, "asset id longer than %d bytes", ASSET_ID_MAX);
        return SINK_NONE;
    }
    bool same = text_clean_into(clean, sizeof clean, id, length);
    if (!asset_id_valid(clean, &error)) {
        source_bad(source, id, length, "not an asset id");
        return SINK_NONE;
    }
    length = strlen(clean);
    uint32_t asset = same ? FLEET_NONE : fleet_find_n(fleet, clean, length);
    if (asset != FLEET_NONE)
        return asset;
    if (fleet->discovered >= fleet->options.discovered_limit || fleet->count >= FLEET_KEY_LIMIT - 1) {
        fleet->discovered_refused++;
        source_bad(source, clean, length, "unknown asset, and %u are discovered already", fleet->discovered);
        return SINK_NONE;
    }
    asset = fleet_reserve(fleet, fleet_next_key(fleet), clean, length);
    struct asset row = {.attributes = "", .discovered = true, .revision = 1};
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        row.field[field] = "";
    row.field[ASSET_id] = clean;
    fleet_put(fleet, asset, &row);
    fleet_judge(fleet, asset, clock_steady());
    fleet_save_later(fleet, asset);
    fleet_ledger_touched(fleet);
    return asset;
}

static uint32_t sink_asset(void *owner, struct source *source, const char *id, size_t length)
{
    struct fleet *fleet = owner;
    uint32_t asset = fleet_find_n(fleet, id, length);
    return asset != FLEET_NONE ? asset : discover(fleet, source, id, length);
}

static uint32_t sink_metric(void *owner, const char *name, size_t length)
{
    uint32_t metric = fleet_metric(owner, name, length, true);
    return metric == FLEET_NONE ? SINK_NONE : metric;
}

/* A discovered asset that carries others is a gateway; what it carries stands below it. */
static void learn_gateway(struct fleet *fleet, struct fleet_live *live, uint32_t via)
{
    struct fleet_live *gateway = live_at(fleet, via);
    if (gateway->flags & LIVE_DISCOVERED && !gateway->kind_is_gateway) {
        fleet_set_text(fleet, via, ASSET_kind, "gateway");
        gateway->kind_is_gateway = true;
        fleet_save_later(fleet, via);
        fleet_ledger_touched(fleet);
    }
    if (live->flags & LIVE_DISCOVERED && live->parent == FLEET_NONE && via != live->self) {
        fleet_set_parent(fleet, live->self, via);
        if (live->parent != via)
            return;
        fleet_set_text(fleet, live->self, ASSET_parent, fleet_text(fleet, via, ASSET_id));
        if (!fleet_text(fleet, live->self, ASSET_kind)[0])
            fleet_set_text(fleet, live->self, ASSET_kind, "terminal");
        fleet_save_later(fleet, live->self);
        fleet_ledger_touched(fleet);
    }
}

static void gateway_heard(struct fleet *fleet, const struct fleet_live *live, uint32_t via, msec wall, msec steady)
{
    uint32_t above = via != SINK_NONE && via != live->self ? via : live->parent;
    for (int depth = 0; above != FLEET_NONE && depth < VIA_DEPTH; depth++) {
        struct fleet_live *gateway = live_at(fleet, above);
        if (!live_exists(gateway) || (!gateway->kind_is_gateway && above != via))
            return;
        fleet_heard(fleet, gateway, wall, steady);
        above = gateway->parent;
    }
}

static void rate_count(struct fleet *fleet, msec steady, unsigned count)
{
    msec second = steady / SPAN_SECOND;
    if (second != fleet->rate_second) {
        for (msec empty = fleet->rate_second + 1; empty <= second && empty < fleet->rate_second + 12; empty++)
            fleet->rate_counts[empty % 11] = 0;
        fleet->rate_second = second;
    }
    fleet->rate_counts[second % 11] += count;
}

static void tell_measured(struct fleet *fleet, uint32_t asset, uint32_t metric, msec time, double value)
{
    for (unsigned i = 0; i < fleet->listener_count; i++)
        if (fleet->listeners[i].measured)
            fleet->listeners[i].measured(fleet->listeners[i].owner, asset, metric, time, value);
}

static void values_in(struct fleet *fleet, struct source *source, struct fleet_live *live, bool timed, msec time,
                      msec wall, const struct sink_value *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct sink_value *value = &values[i];
        struct value_cell *cell = NULL;
        if (value->metric < fleet->metric_count && isfinite(value->value))
            cell = fleet_value_cell(fleet, live, value->metric, true);
        if (!cell) {
            fleet->dropped++;
            source_bad(source, "", 0, isfinite(value->value) ? "more metrics than an asset may have" : "not a finite number");
            continue;
        }
        if (timed && cell->time == time && cell->value == value->value) {
            fleet->duplicates++;
            source->duplicates++;
            continue;
        }
        if (cell->time == CLOCK_NEVER || time >= cell->time) {
            fleet_value_set(cell, time, wall, value->value, READING_NOT_EVALUATED);
            tell_measured(fleet, live->self, value->metric, time, value->value);
        }
        fleet->readings++;
        store_reading(fleet->store, live->self, value->metric, time, value->value);
    }
}

/* A sample as it came: `news` when the asset spoke it now, else what a broker had kept of it. */
static void take_sample(struct fleet *fleet, struct source *source, uint32_t asset, uint32_t via, msec time,
                        const struct sink_value *values, unsigned count, const char *raw, size_t raw_length, bool news)
{
    if (asset >= fleet->count)
        return;
    struct fleet_live *live = live_at(fleet, asset);
    if (!(live->flags & (LIVE_EXISTS | LIVE_RESERVED)))
        return; /* removed from the ledger since the collector learnt the handle */
    msec wall = clock_wall(), steady = clock_steady();
    if (via != SINK_NONE && (via >= fleet->count || !live_exists(live_at(fleet, via))))
        via = SINK_NONE;
    if (via != SINK_NONE)
        learn_gateway(fleet, live, via);
    fleet->messages++;
    rate_count(fleet, steady, count);
    bool timed = time != CLOCK_NEVER;
    if (timed && (time > wall + fleet->options.future_limit || time < wall - fleet->options.past_limit)) {
        fleet->out_of_range_times++;
        source_bad(source, raw, raw_length, time > wall ? N_("sample time lies in the future") : N_("sample time is too old"));
    } else {
        values_in(fleet, source, live, timed, timed ? time : wall, wall, values, count);
    }
    if (raw_length)
        fleet_raw_keep(fleet, live, source->name, news ? wall : time, raw, raw_length);
    if (!news)
        return;
    fleet_heard(fleet, live, wall, steady);
    gateway_heard(fleet, live, via, wall, steady);
}

static void sink_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                         const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    take_sample(owner, source, asset, via, time, values, count, raw, raw_length, true);
}

static void sink_kept(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                      const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    take_sample(owner, source, asset, via, time, values, count, raw, raw_length, false);
}

static void fetch(const void *memory)
{
    __builtin_prefetch(memory, 1);
    __builtin_prefetch((const char *)memory + CACHE_LINE, 1);
}

/* First all records, then what they lead to, when they have come. */
static void sink_expect(void *owner, const uint32_t *assets, unsigned count)
{
    const struct fleet *fleet = owner;
    for (unsigned i = 0; i < count; i++)
        if (assets[i] < fleet->count)
            fetch(live_at(fleet, assets[i]));
    for (unsigned i = 0; i < count; i++) {
        const struct fleet_live *live = assets[i] < fleet->count ? live_at(fleet, assets[i]) : NULL;
        if (live && live->values != FLEET_NONE)
            fetch(&fleet->values[live->values]);
        if (live && live->raw)
            fetch(live->raw);
    }
}

static void sink_describe(void *owner, struct source *source, uint32_t asset, const struct asset *hint)
{
    struct fleet *fleet = owner;
    (void)source;
    if (!fleet_exists(fleet, asset) || !(live_at(fleet, asset)->flags & LIVE_DISCOVERED))
        return;
    struct asset row;
    bool news = false;
    fleet_row_get(fleet, asset, &row);
    for (int field = ASSET_id + 1; field < ASSET_FIELD_COUNT; field++) {
        if (!hint->field[field][0] || row.field[field][0])
            continue;
        row.field[field] = hint->field[field];
        news = true;
    }
    if (!news)
        return;
    row.revision++;
    fleet_put(fleet, asset, &row);
    fleet_set_parent(fleet, asset, row.field[ASSET_parent][0] ? fleet_find(fleet, row.field[ASSET_parent]) : FLEET_NONE);
    fleet_save_later(fleet, asset);
    fleet_ledger_touched(fleet);
}

static void sink_link(void *owner, struct source *source, uint32_t asset, enum link_state state, const char *evidence)
{
    struct fleet *fleet = owner;
    if (!fleet_exists(fleet, asset))
        return;
    bool broker = source->ops && strcmp(source->ops->type, "mqtt") == 0;
    fleet_link_seen(fleet, live_at(fleet, asset), slot_of(fleet, source), broker, state, evidence, clock_steady());
}

static void sink_check(void *owner, struct source *source, uint32_t asset, enum health verdict, const char *evidence)
{
    struct fleet *fleet = owner;
    if (!fleet_exists(fleet, asset))
        return;
    fleet_check_seen(fleet, live_at(fleet, asset), slot_of(fleet, source), verdict, evidence, clock_steady());
}

static void sink_host(void *owner, struct source *source, uint32_t asset, struct host *host)
{
    struct fleet *fleet = owner;
    for (unsigned i = 0; i < fleet->listener_count; i++)
        if (fleet->listeners[i].host) {
            fleet->listeners[i].host(fleet->listeners[i].owner, source, asset, host);
            return;
        }
    host_free(&host);
}

static void sink_units(void *owner, uint32_t asset, struct buffer *names)
{
    struct fleet *fleet = owner;
    for (unsigned i = 0; i < fleet->listener_count; i++)
        if (fleet->listeners[i].units)
            fleet->listeners[i].units(fleet->listeners[i].owner, asset, names);
}

static bool sink_targets(void *owner, const char *filter, void (*visit)(void *visitor, const struct sink_target *target),
                         void *visitor, struct error *error)
{
    struct fleet *fleet = owner;
    const uint32_t *assets;
    uint32_t count;
    if (!fleet_members(fleet, filter, &assets, &count, error))
        return false;
    for (uint32_t i = 0; i < count; i++)
        visit(visitor, &(struct sink_target){
            .asset = assets[i],
            .id = fleet_text(fleet, assets[i], ASSET_id),
            .address = fleet_text(fleet, assets[i], ASSET_address),
        });
    return true;
}

static uint64_t sink_ledger_revision(void *owner)
{
    return fleet_ledger_revision(owner);
}

static void sink_source_changed(void *owner, struct source *source)
{
    struct fleet *fleet = owner;
    for (unsigned i = 0; i < fleet->listener_count; i++)
        if (fleet->listeners[i].source_changed)
            fleet->listeners[i].source_changed(fleet->listeners[i].owner, source);
}

struct sink fleet_sink(struct fleet *fleet)
{
    static const struct sink_ops ops = {
        .asset = sink_asset,
        .metric = sink_metric,
        .message = sink_message,
        .kept = sink_kept,
        .expect = sink_expect,
        .describe = sink_describe,
        .link = sink_link,
        .check = sink_check,
        .host = sink_host,
        .units = sink_units,
        .targets = sink_targets,
        .ledger_revision = sink_ledger_revision,
        .source_changed = sink_source_changed,
    };
    return (struct sink){.ops = &ops, .owner = fleet};
}

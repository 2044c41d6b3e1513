/* The ledger's way into the fleet: from the store at start, from a file as one action, row by row by adoption; and
 * the discovered assets' way into the store. A row is in force when its action is committed, never before. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"
#include "engine/ledger_private.h"

#define SAVE_DELAY 50           /* ms: discoveries of one burst share an action */
#define SAVE_RETRY 10000
#define SETTLE_SPAN (15 * SPAN_MINUTE)

/* ---- loading ---- */

static void load_key(struct fleet *fleet, uint32_t key)
{
    if (key >= fleet->count && key < FLEET_KEY_LIMIT)
        fleet->lowest_free_key = key + 1 > fleet->lowest_free_key ? key + 1 : fleet->lowest_free_key;
}

static void load_asset(void *owner, uint32_t key, const struct asset *asset)
{
    struct fleet *fleet = owner;
    const char *id = asset->field[ASSET_id];
    if (key >= FLEET_KEY_LIMIT || fleet_find_n(fleet, id, strlen(id)) != FLEET_NONE) {
        log_error("store: asset `%s` has key %u, which cannot be; left out", id, key);
        return;
    }
    fleet_reserve(fleet, key, id, strlen(id));
    fleet_put(fleet, key, asset);
}

static void load_metric(void *owner, uint32_t key, const char *name)
{
    if (key < METRIC_LIMIT)
        fleet_metric_put(owner, key, name);
}

static void load_state(void *owner, uint32_t asset, msec from, enum health health, enum health_reason reason,
                       enum link_state link, enum comm_state comm)
{
    struct fleet *fleet = owner;
    load_key(fleet, asset);
    if (!fleet_exists(fleet, asset) || (unsigned)health >= HEALTH_COUNT)
        return;
    struct fleet_live *live = live_at(fleet, asset);
    fleet->by_health[live->health]--;
    fleet->by_health[health]++;
    live->health = (uint8_t)health;
    live->reason = (uint8_t)reason;
    live->link = (uint8_t)link;
    live->comm = (uint8_t)comm;
    live->since = from;
    live->link_since = link == LINK_UNKNOWN ? CLOCK_NEVER : from;
    live->comm_since = comm == COMM_UNKNOWN ? CLOCK_NEVER : from;
}

static void load_last(void *owner, uint32_t asset, uint32_t metric, msec time, double value)
{
    struct fleet *fleet = owner;
    load_key(fleet, asset);
    if (!fleet_exists(fleet, asset) || metric >= fleet->metric_count || !fleet->metric_name[metric])
        return;
    struct fleet_live *live = live_at(fleet, asset);
    struct value_cell *cell = fleet_value_cell(fleet, live, metric, true);
    if (!cell)
        return;
    fleet_value_set(cell, time, time, value, READING_NOT_EVALUATED);
    if (live->last_heard < time)
        live->last_heard = time;
    live->heard = 0; /* it spoke once; fleet_restore says when */
}

static void load_record(void *owner, const char *kind, const char *id, int64_t revision, const char *body)
{
    struct fleet *fleet = owner;
    (void)revision;
    if (strcmp(kind, "fleet") != 0 || strcmp(id, "next-key") != 0)
        return;
    long next = strtol(body, NULL, 10);
    if (next > 0 && next < (long)FLEET_KEY_LIMIT)
        load_key(fleet, (uint32_t)next - 1);
}

static void settle_due(uv_timer_t *timer)
{
    fleet_slot_clear(timer->data, SLOT_RESTORED);
}

bool fleet_load(struct fleet *fleet, struct error *error)
{
    static const struct store_load_ops ops = {
        .asset = load_asset, .metric = load_metric, .state = load_state, .last = load_last, .record = load_record};
    fleet->words_dirty = true;
    if (!store_load(fleet->store, &ops, fleet, error))
        return false;
    msec steady = clock_steady();
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        struct fleet_live *live = live_at(fleet, asset);
        if (live_exists(live) && live->since != CLOCK_NEVER)
            fleet_restore(fleet, live, steady);
        else if (live->heard != CLOCK_NEVER)
            live->heard = steady;
    }
    fleet_relink(fleet);
    fleet_words_ready(fleet); /* so that the first key somebody types costs no more than the next */
    uv_timer_start(&fleet->settle_timer, settle_due, SETTLE_SPAN, 0);
    return true;
}

/* ---- discovered rows ---- */

struct save {
    struct fleet *fleet;
    uint32_t *assets;
    size_t count;
};

static void save_due(uv_timer_t *timer)
{
    fleet_save_now(timer->data);
}

void fleet_save_later(struct fleet *fleet, uint32_t asset)
{
    struct fleet_live *live = live_at(fleet, asset);
    if (live->flags & LIVE_UNSAVED)
        return;
    live->flags |= LIVE_UNSAVED;
    ARRAY_RESERVE(fleet->unsaved, fleet->unsaved_capacity, fleet->unsaved_count + 1);
    fleet->unsaved[fleet->unsaved_count++] = asset;
    if (!uv_is_active((uv_handle_t *)&fleet->save_timer) && !fleet->closing)
        uv_timer_start(&fleet->save_timer, save_due, SAVE_DELAY, 0);
}

static void save_done(void *owner, const struct error *error)
{
    struct save *save = owner;
    struct fleet *fleet = save->fleet;
    fleet->actions_open--;
    if (error && !fleet->closing) {
        log_warning("store: %zu discovered assets are not saved yet: %s", save->count, error->text);
        for (size_t i = 0; i < save->count; i++)
            fleet_save_later(fleet, save->assets[i]);
        uv_timer_start(&fleet->save_timer, save_due, SAVE_RETRY, 0);
    }
    free(save->assets);
    free(save);
    fleet_release_when_done(fleet);
}

void fleet_save_now(struct fleet *fleet)
{
    if (!fleet->unsaved_count)
        return;
    struct save *save = memory_new(sizeof *save);
    *save = (struct save){.fleet = fleet, .assets = fleet->unsaved};
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "ids");
    for (size_t i = 0; i < fleet->unsaved_count; i++) {
        struct fleet_live *live = live_at(fleet, fleet->unsaved[i]);
        live->flags &= (uint8_t)~LIVE_UNSAVED;
        if (!live_exists(live) || !(live->flags & LIVE_DISCOVERED))
            continue;
        save->assets[save->count++] = fleet->unsaved[i];
        if (save->count <= 20)
            json_write_text(&writer, NULL, fleet_text(fleet, live->self, ASSET_id));
    }
    json_write_array_end(&writer);
    json_write_integer(&writer, "count", (int64_t)save->count);
    json_write_object_end(&writer);
    fleet->unsaved = NULL;
    fleet->unsaved_count = fleet->unsaved_capacity = 0;
    struct store_action *action = store_action_new(fleet->store, N_("system"), "discover", "", buffer_text(&detail));
    buffer_release(&detail);
    for (size_t i = 0; i < save->count; i++) {
        struct asset row;
        fleet_row_get(fleet, save->assets[i], &row);
        store_action_asset(action, save->assets[i], &row);
    }
    fleet->actions_open++;
    store_action_commit(action, save_done, save);
}

/* ---- a whole ledger ---- */

struct apply {
    struct fleet *fleet;
    struct ledger_change *change;
    fleet_done *done;
    void *owner;
};

static void row_of_change(const struct fleet *fleet, const struct ledger_row *from, struct asset *row)
{
    memcpy(row->field, from->field, sizeof row->field);
    row->attributes = from->attributes;
    row->discovered = false;
    row->revision = 1 + (fleet_exists(fleet, from->asset) ? row_at(fleet, from->asset)->revision : 0);
}

static void apply_rows(struct fleet *fleet, struct ledger_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        struct asset row;
        if (change->rows[i].verdict == LEDGER_SAME)
            continue;
        row_of_change(fleet, &change->rows[i], &row);
        fleet_put(fleet, change->rows[i].asset, &row);
    }
    for (size_t i = 0; i < change->removed_count; i++)
        fleet_remove(fleet, change->removed[i]);
    fleet_relink(fleet);
    fleet_words_ready(fleet);
}

static void apply_undo(struct fleet *fleet, struct ledger_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        struct fleet_live *live = change->rows[i].verdict == LEDGER_SAME ? NULL : live_at(fleet, change->rows[i].asset);
        if (!live || !(live->flags & LIVE_RESERVED))
            continue;
        fleet_index_remove(fleet, live->self); /* the key stays unused: keys never come back */
        fleet_values_drop(fleet, live);
        fleet_raw_drop(fleet, live);
        live->flags = 0;
    }
}

static void apply_done(void *owner, const struct error *error)
{
    struct apply *apply = owner;
    struct fleet *fleet = apply->fleet;
    fleet->actions_open--;
    fleet->applying = false;
    if (error)
        apply_undo(fleet, apply->change);
    else
        apply_rows(fleet, apply->change);
    if (apply->done)
        apply->done(apply->owner, error);
    ledger_change_free(&apply->change);
    free(apply);
    fleet_release_when_done(fleet);
}

/* Handles for the rows, as of now: assets may have been discovered or removed since the file was read. */
static void apply_resolve(struct fleet *fleet, struct ledger_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        struct ledger_row *row = &change->rows[i];
        if (row->verdict == LEDGER_SAME)
            continue;
        const char *id = row->field[ASSET_id];
        row->asset = fleet_find_n(fleet, id, strlen(id));
        if (row->asset == FLEET_NONE) {
            row->asset = fleet_reserve(fleet, fleet_next_key(fleet), id, strlen(id));
            live_at(fleet, row->asset)->flags |= LIVE_RESERVED;
        }
    }
}

static char *apply_detail(const struct ledger_change *change)
{
    struct buffer detail = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &detail);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "added", change->summary.added);
    json_write_integer(&writer, "changed", change->summary.changed);
    json_write_integer(&writer, "removed", change->summary.removed);
    json_write_integer(&writer, "rejected", change->summary.rejected);
    json_write_object_end(&writer);
    return buffer_take(&detail);
}

void fleet_write_next_key(struct fleet *fleet, struct store_action *action)
{
    char next[24];
    snprintf(next, sizeof next, "%u", fleet_next_key(fleet));
    store_action_record(action, "fleet", "next-key", -1, next);
}

void fleet_apply_ledger(struct fleet *fleet, struct ledger_change *change, const char *actor, fleet_done *done, void *owner)
{
    assert(change->closed);
    struct error error;
    const struct ledger_summary *summary = &change->summary;
    if (fleet->applying) {
        error_set(&error, ERROR_CONFLICT, "another ledger change is being committed; try again");
        ledger_change_free(&change);
        if (done)
            done(owner, &error);
        return;
    }
    if (!summary->added && !summary->changed && !summary->removed) {
        ledger_change_free(&change);
        if (done)
            done(owner, NULL);
        return;
    }
    apply_resolve(fleet, change);
    char *detail = apply_detail(change);
    struct store_action *action =
        store_action_new(fleet->store, actor, "ledger import", change->file_count ? change->files[0] : "", detail);
    free(detail);
    for (size_t i = 0; i < change->count; i++) {
        struct asset row;
        if (change->rows[i].verdict == LEDGER_SAME)
            continue;
        row_of_change(fleet, &change->rows[i], &row);
        store_action_asset(action, change->rows[i].asset, &row);
    }
    for (size_t i = 0; i < change->removed_count; i++)
        store_action_asset_remove(action, change->removed[i]);
    if (change->removed_count)
        fleet_write_next_key(fleet, action);
    struct apply *apply = memory_new(sizeof *apply);
    *apply = (struct apply){.fleet = fleet, .change = change, .done = done, .owner = owner};
    fleet->applying = true;
    fleet->actions_open++;
    store_action_commit(action, apply_done, apply);
}

/* ---- adoption ---- */

struct adopt {
    struct fleet *fleet;
    uint32_t asset;
    struct asset row;
    char *text[ASSET_FIELD_COUNT];
    fleet_done *done;
    void *owner;
};

static void adopt_free(struct adopt *adopt)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        free(adopt->text[field]);
    free(adopt);
}

static void adopt_done(void *owner, const struct error *error)
{
    struct adopt *adopt = owner;
    struct fleet *fleet = adopt->fleet;
    fleet->actions_open--;
    if (!error && fleet_exists(fleet, adopt->asset)) {
        const char *parent = adopt->row.field[ASSET_parent];
        adopt->row.attributes = fleet_attributes(fleet, adopt->asset);
        fleet_put(fleet, adopt->asset, &adopt->row);
        fleet_set_parent(fleet, adopt->asset, parent[0] ? fleet_find(fleet, parent) : FLEET_NONE);
        fleet_judge(fleet, adopt->asset, clock_steady());
        fleet_ledger_touched(fleet);
    }
    if (adopt->done)
        adopt->done(adopt->owner, error);
    adopt_free(adopt);
    fleet_release_when_done(fleet);
}

static bool adopt_field(const struct fleet *fleet, struct adopt *adopt, const char *key, struct json_object *value,
                        struct error *error)
{
    enum asset_field field;
    msec period;
    if (!asset_field_parse(key, &field) || field == ASSET_id)
        return error_set(error, ERROR_INVALID, "`%s` is not a field that can be set", key);
    if (!json_object_is_type(value, json_type_string))
        return error_set(error, ERROR_INVALID, "%s: expected text", key);
    const char *text = json_object_get_string(value);
    if (field == ASSET_period && text[0] && !span_parse(text, &period, error))
        return error_prefix(error, "%s", key);
    if (field == ASSET_parent && text[0]) {
        uint32_t parent = fleet_find(fleet, text);
        for (uint32_t above = parent; above != FLEET_NONE; above = live_at(fleet, above)->parent)
            if (above == adopt->asset)
                return error_set(error, ERROR_INVALID, "parent: `%s` lies below the asset itself", text);
        if (parent == FLEET_NONE)
            return error_set(error, ERROR_INVALID, "parent: there is no asset `%s`", text);
    }
    struct buffer clean = BUFFER_INIT;
    text_clean(&clean, text, strlen(text));
    free(adopt->text[field]);
    adopt->text[field] = buffer_take(&clean);
    if (strlen(adopt->text[field]) > 4096)
        return error_set(error, ERROR_INVALID, "%s: longer than 4096 bytes", key);
    return true;
}

static bool adopt_read(const struct fleet *fleet, struct adopt *adopt, const char *id, const char *fields_json,
                       int64_t expected_revision, struct error *error)
{
    adopt->asset = fleet_find(fleet, id);
    if (adopt->asset == FLEET_NONE)
        return error_set(error, ERROR_NOT_FOUND, "no asset `%s`", id);
    if (!(live_at(fleet, adopt->asset)->flags & LIVE_DISCOVERED))
        return error_set(error, ERROR_CONFLICT, "`%s` is in the ledger already", id);
    fleet_row_get(fleet, adopt->asset, &adopt->row);
    if (expected_revision >= 0 && expected_revision != adopt->row.revision)
        return error_set(error, ERROR_CONFLICT, "`%s` is at revision %lld, not %lld: somebody changed it", id,
                         (long long)adopt->row.revision, (long long)expected_revision);
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        adopt->text[field] = memory_text(adopt->row.field[field]);
    struct json_object *fields = json_parse(fields_json, strlen(fields_json), 4, error);
    if (!fields)
        return error_prefix(error, "fields");
    bool good = json_object_is_type(fields, json_type_object) || error_set(error, ERROR_INVALID, "fields: expected an object");
    if (good) {
        json_object_object_foreach(fields, key, value) {
            if (good)
                good = adopt_field(fleet, adopt, key, value, error);
        }
    }
    json_object_put(fields);
    return good;
}

void fleet_adopt(struct fleet *fleet, const char *id, const char *fields_json, int64_t expected_revision,
                 const char *actor, fleet_done *done, void *owner)
{
    struct error error;
    struct adopt *adopt = memory_new(sizeof *adopt);
    adopt->fleet = fleet;
    adopt->done = done;
    adopt->owner = owner;
    if (!adopt_read(fleet, adopt, id, fields_json && fields_json[0] ? fields_json : "{}", expected_revision, &error)) {
        if (done)
            done(owner, &error);
        adopt_free(adopt);
        return;
    }
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        adopt->row.field[field] = adopt->text[field];
    adopt->row.discovered = false;
    adopt->row.revision++;
    struct store_action *action = store_action_new(fleet->store, actor, "adopt", id, fields_json ? fields_json : "");
    store_action_asset(action, adopt->asset, &adopt->row);
    fleet->actions_open++;
    store_action_commit(action, adopt_done, adopt);
}

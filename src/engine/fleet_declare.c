/* Assets that the configuration declares: applications, which no ledger lists and nobody discovers. They carry a mark in
 * their attributes, so that they are known again after a start, are left alone by `ledger import --complete`, and go
 * when the configuration no longer names them. An id that the ledger has stays the ledger's row. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/fleet_private.h"

static const char mark[] = "{\"declared\":true}";

bool fleet_is_declared(const struct fleet *fleet, uint32_t asset)
{
    return fleet_exists(fleet, asset) && strcmp(fleet_attributes(fleet, asset), mark) == 0;
}

struct declare {
    struct fleet *fleet;
    unsigned count;
};

static void declare_done(void *owner, const struct error *error)
{
    struct declare *declare = owner;
    declare->fleet->actions_open--;
    if (error)
        log_warning("store: %u declared assets are not saved; they are declared again at the next start: %s", declare->count, error->text);
    fleet_release_when_done(declare->fleet);
    free(declare);
}

static void row_of(const struct fleet_declared *declared, struct asset *row)
{
    *row = (struct asset){.attributes = mark, .revision = 1};
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        row->field[field] = "";
    row->field[ASSET_id] = declared->id;
    row->field[ASSET_name] = declared->name;
    row->field[ASSET_kind] = declared->kind;
    row->field[ASSET_subsystem] = declared->subsystem;
    row->field[ASSET_unit] = declared->unit;
    row->field[ASSET_contract] = declared->contract;
}

static bool same_row(const struct fleet *fleet, uint32_t asset, const struct asset *row)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        if (strcmp(fleet_text(fleet, asset, (enum asset_field)field), row->field[field]) != 0)
            return false;
    return true;
}

/* Returns whether the row is new or other than it was; `row` is what to save. */
static bool put(struct fleet *fleet, const struct fleet_declared *declared, uint32_t *asset, struct asset *row)
{
    row_of(declared, row);
    *asset = fleet_find(fleet, declared->id);
    bool known = *asset != FLEET_NONE;
    bool discovered = known && live_at(fleet, *asset)->flags & LIVE_DISCOVERED;
    if (known && !discovered && !fleet_is_declared(fleet, *asset))
        return false; /* the ledger's */
    if (known && !discovered && same_row(fleet, *asset, row))
        return false;
    if (known)
        row->revision = row_at(fleet, *asset)->revision + 1;
    else
        *asset = fleet_reserve(fleet, fleet_next_key(fleet), declared->id, strlen(declared->id));
    fleet_put(fleet, *asset, row);
    fleet_judge(fleet, *asset, clock_steady());
    return true;
}

static bool names(const struct fleet_declared *rows, unsigned count, const char *id)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(rows[i].id, id) == 0)
            return true;
    return false;
}

void fleet_declare(struct fleet *fleet, const struct fleet_declared *rows, unsigned count)
{
    struct declare *declare = memory_new(sizeof *declare);
    struct store_action *action = store_action_new(fleet->store, "system", "declare", "", "{\"by\":\"configuration\"}");
    bool removed = false;
    declare->fleet = fleet;
    for (unsigned i = 0; i < count; i++) {
        uint32_t asset;
        struct asset row;
        if (!put(fleet, &rows[i], &asset, &row))
            continue;
        store_action_asset(action, asset, &row);
        declare->count++;
    }
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        if (!fleet_is_declared(fleet, asset) || names(rows, count, fleet_text(fleet, asset, ASSET_id)))
            continue;
        store_action_asset_remove(action, asset);
        fleet_remove(fleet, asset);
        removed = true;
        declare->count++;
    }
    if (!declare->count) {
        store_action_free(&action);
        free(declare);
        return;
    }
    if (removed) {
        fleet_write_next_key(fleet, action);
        fleet_relink(fleet);
    }
    fleet_words_ready(fleet);
    fleet_ledger_touched(fleet);
    fleet->actions_open++;
    store_action_commit(action, declare_done, declare);
}

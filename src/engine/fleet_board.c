/* The board: cells (gateways, as a rule) by group, and counts of everything in each group. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

#define BOARDS 6
#define DEFAULT_CELLS "kind:gateway"
#define SLOW 10000u     /* us: a board that takes longer to make is kept at least SLOW_KEEP times that long */
#define SLOW_KEEP 20u

struct board_entry {
    char *field, *filter;
    enum fleet_order order;
    uint64_t past, revision, ledger_revision, used;
    uint64_t made_us, cost_us;
    struct fleet_board board;
    struct fleet_group *groups;
    char **keys;
    uint32_t *cells;
};

struct board_cache {
    struct board_entry entries[BOARDS];
    uint64_t uses;
};

/* While one board is made: texts to groups. */
struct grouping {
    struct intern *keys;
    struct fleet_group *groups;
    size_t count, capacity;
    uint32_t *group_of;      /* by handle */
    uint32_t *of_text;       /* by number in fleet->texts */
};

static void entry_release(struct board_entry *entry)
{
    for (uint32_t i = 0; entry->keys && i < entry->board.group_count; i++)
        free(entry->keys[i]);
    free(entry->keys);
    free(entry->groups);
    free(entry->cells);
    free(entry->field);
    free(entry->filter);
    *entry = (struct board_entry){0};
}

void fleet_boards_free(struct fleet *fleet)
{
    for (size_t i = 0; fleet->boards && i < BOARDS; i++)
        entry_release(&fleet->boards->entries[i]);
    free(fleet->boards);
    fleet->boards = NULL;
}

/* A floor or a room means something only with the building it is in. */
static void group_key(struct fleet *fleet, uint32_t asset, enum subject_field field, const char *name, struct buffer *key)
{
    buffer_clear(key);
    if (field == (enum subject_field)ASSET_floor || field == (enum subject_field)ASSET_room) {
        static const enum asset_field parts[] = {ASSET_building, ASSET_floor, ASSET_room};
        size_t depth = field == (enum subject_field)ASSET_floor ? 2 : 3;
        for (size_t i = 0; i < depth; i++) {
            const char *part = fleet_text(fleet, asset, parts[i]);
            if (part[0] && key->length)
                buffer_append_char(key, ' ');
            buffer_append_text(key, part);
        }
        return;
    }
    const char *text = subject_text(&(struct fleet_subject){.fleet = fleet, .asset = asset}, field, name);
    buffer_append_text(key, text ? text : "");
}

static uint32_t group_number(struct grouping *grouping, const char *key, size_t length)
{
    uint32_t group = intern_id(grouping->keys, key, length);
    ARRAY_RESERVE(grouping->groups, grouping->capacity, group + 1);
    if (group >= grouping->count) {
        grouping->groups[group] = (struct fleet_group){.key = intern_name(grouping->keys, group)};
        grouping->count = group + 1;
    }
    return group;
}

/* Fields whose texts are shared: one look-up a distinct text instead of one an asset. */
static uint32_t group_shared(struct fleet *fleet, struct grouping *grouping, uint32_t asset, enum asset_field field)
{
    uint32_t reference = row_at(fleet, asset)->text[field];
    if (grouping->of_text[reference] == FLEET_NONE) {
        const char *text = intern_name(fleet->texts, reference);
        grouping->of_text[reference] = group_number(grouping, text, strlen(text));
    }
    return grouping->of_text[reference];
}

static void group_all(struct fleet *fleet, struct grouping *grouping, enum subject_field field, const char *name,
                      const struct fleet_past *past, uint32_t all_by_health[HEALTH_COUNT])
{
    struct buffer key = BUFFER_INIT;
    bool own_text = (int)field < ASSET_FIELD_COUNT && field_is_own((enum asset_field)field);
    bool shared = (int)field < ASSET_FIELD_COUNT && !own_text && (int)field != ASSET_floor && (int)field != ASSET_room;
    uint32_t texts = intern_count(fleet->texts);
    grouping->of_text = memory_new_array(texts, sizeof *grouping->of_text);
    memset(grouping->of_text, 0xff, texts * sizeof *grouping->of_text); /* FLEET_NONE */
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        if (!live_exists(live_at(fleet, asset)))
            continue;
        uint32_t group;
        if (shared) {
            group = group_shared(fleet, grouping, asset, (enum asset_field)field);
        } else {
            group_key(fleet, asset, field, name, &key);
            group = group_number(grouping, buffer_text(&key), key.length);
        }
        enum health health = fleet_health_then(fleet, asset, past);
        grouping->groups[group].all_by_health[health]++;
        all_by_health[health]++;
        grouping->group_of[asset] = group;
    }
    buffer_release(&key);
    free(grouping->of_text);
}

static int compare_place(const void *left, const void *right)
{
    const struct fleet_group *a = left, *b = right;
    if (!a->key[0] || !b->key[0])
        return !a->key[0] - !b->key[0]; /* those without stand last */
    return text_compare_natural(a->key, b->key);
}

/* Worst first: by how many cells are critical, then offline, and so on down; then everything; then by name. */
static int compare_worst(const void *left, const void *right)
{
    const struct fleet_group *a = left, *b = right;
    for (int health = HEALTH_COUNT - 1; health > HEALTH_MAINTENANCE; health--)
        if (a->cells_by_health[health] != b->cells_by_health[health])
            return a->cells_by_health[health] < b->cells_by_health[health] ? 1 : -1;
    for (int health = HEALTH_COUNT - 1; health > HEALTH_MAINTENANCE; health--)
        if (a->all_by_health[health] != b->all_by_health[health])
            return a->all_by_health[health] < b->all_by_health[health] ? 1 : -1;
    return compare_place(left, right);
}

/* The cells come sorted; a counting pass deals them out to their groups in that order. */
static void deal_cells(struct fleet *fleet, struct grouping *grouping, struct board_entry *entry,
                       const struct fleet_result *cells, const struct fleet_past *past)
{
    uint32_t *next = memory_new_array(grouping->count + 1, sizeof *next);
    for (uint32_t i = 0; i < cells->total; i++) {
        struct fleet_group *group = &grouping->groups[grouping->group_of[cells->assets[i]]];
        enum health health = fleet_health_then(fleet, cells->assets[i], past);
        group->cell_count++;
        group->cells_by_health[health]++;
        entry->board.cells_by_health[health]++;
    }
    entry->cells = memory_new_array((size_t)cells->total + 1, sizeof *entry->cells);
    uint32_t offset = 0;
    for (size_t i = 0; i < grouping->count; i++) {
        next[i] = offset;
        grouping->groups[i].cells = entry->cells + offset;
        offset += grouping->groups[i].cell_count;
    }
    for (uint32_t i = 0; i < cells->total; i++)
        entry->cells[next[grouping->group_of[cells->assets[i]]]++] = cells->assets[i];
    free(next);
}

static bool entry_make(struct fleet *fleet, struct board_entry *entry, const char *field, const char *filter,
                       enum fleet_order order, const struct fleet_past *past, struct error *error)
{
    struct fleet_result cells;
    uint64_t started = uv_hrtime() / 1000;
    enum subject_field code = subject_field_find(fleet, field, NULL);
    const char *sort = order == FLEET_IN_PLACE ? "place,id" : "-health,since,id";
    if ((int)code >= ASSET_FIELD_COUNT && code != SUBJECT_PLACE && code != SUBJECT_ATTRIBUTE)
        return error_set(error, ERROR_INVALID, "the board cannot be grouped by `%s`", field);
    if (!fleet_select(fleet, &(struct fleet_query){.filter = filter, .sort = sort, .past = past}, &cells, error))
        return false;
    entry_release(entry);
    struct grouping grouping = {.keys = intern_new()};
    grouping.group_of = memory_new_array((size_t)fleet->count + 1, sizeof *grouping.group_of);
    group_all(fleet, &grouping, code, field, past, entry->board.all_by_health);
    deal_cells(fleet, &grouping, entry, &cells, past);
    free(grouping.group_of);
    if (grouping.count)
        qsort(grouping.groups, grouping.count, sizeof *grouping.groups,
              order == FLEET_IN_PLACE ? compare_place : compare_worst);
    entry->keys = memory_new_array(grouping.count + 1, sizeof *entry->keys);
    for (size_t i = 0; i < grouping.count; i++)
        grouping.groups[i].key = entry->keys[i] = memory_text(grouping.groups[i].key);
    intern_free(&grouping.keys);
    entry->groups = grouping.groups;
    entry->board.groups = grouping.groups;
    entry->board.group_count = (uint32_t)grouping.count;
    entry->field = memory_text(field);
    entry->filter = memory_text(filter);
    entry->order = order;
    entry->past = fleet_past_serial(past);
    entry->board.revision = entry->revision = fleet->revision;
    entry->ledger_revision = fleet->ledger_revision;
    entry->made_us = uv_hrtime() / 1000;
    entry->cost_us = entry->made_us - started;
    return true;
}

bool fleet_board(struct fleet *fleet, const char *group_field, const char *cell_filter, enum fleet_order order,
                 const struct fleet_past *past, struct fleet_board *board, struct error *error)
{
    if (!fleet->boards)
        fleet->boards = memory_new(sizeof *fleet->boards);
    const char *filter = cell_filter && cell_filter[0] ? cell_filter : DEFAULT_CELLS;
    struct board_entry *entry = NULL, *oldest = &fleet->boards->entries[0];
    for (size_t i = 0; i < BOARDS; i++) {
        struct board_entry *each = &fleet->boards->entries[i];
        if (each->field && each->order == order && each->past == fleet_past_serial(past) &&
            strcmp(each->field, group_field) == 0 && strcmp(each->filter, filter) == 0)
            entry = each;
        if (each->used < oldest->used)
            oldest = each;
    }
    bool fresh = entry && entry->ledger_revision == fleet->ledger_revision &&
                 (entry->past || entry->revision == fleet->revision ||
                  (entry->cost_us > SLOW && uv_hrtime() / 1000 - entry->made_us < entry->cost_us * SLOW_KEEP));
    if (!entry)
        entry = oldest;
    if (!fresh && !entry_make(fleet, entry, group_field, filter, order, past, error))
        return false;
    entry->used = ++fleet->boards->uses;
    *board = entry->board;
    return true;
}

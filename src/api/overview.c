/* The aggregates: the site at a glance, the board, the facets. Each is one buffer: their size grows with the groups
 * and cells asked for, not with the fleet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "engine/notify.h"
#include "base/memory.h"
#include "engine/notify.h"

#define GROUPS_DEFAULT 200
#define GROUPS_MAX 2000
#define CELLS_DEFAULT 2000
#define CELLS_MAX 100000
#define KINDS_MAX 64
#define FACETS_DEFAULT 100
#define FACETS_MAX 1000

/* What contracts count; the caller frees. */
static struct wire_contracted *contracted_rows(struct request *request, unsigned *count)
{
    const struct site *site = request->api->site;
    struct wire_contracted *rows = memory_new_array(site->population_count + 1, sizeof *rows);
    *count = 0;
    for (size_t i = 0; i < site->population_count; i++) {
        struct site_contracted now;
        /* Filters were validated with the configuration; one that fails has nothing to say. */
        if (!site_contracted(site, request->api->fleet, i, request->past, &now, NULL))
            continue;
        rows[(*count)++] = (struct wire_contracted){
            .name = now.population->name, .contract = now.population->contract, .need = now.population->need,
            .have = now.have, .total = now.total, .ok = now.ok};
    }
    return rows;
}

/* ---- overview ---- */

static void fill_sources(const struct site *site, struct wire_overview *overview)
{
    enum source_state worst = SOURCE_RUNNING;
    overview->oldest_heard = overview->newest_heard = CLOCK_NEVER;
    for (size_t i = 0; i < site->source_count; i++) {
        const struct source *source = site->sources[i];
        overview->sources++;
        overview->sources_running += source->status == SOURCE_RUNNING;
        if (source->status == SOURCE_DOWN || (source->status == SOURCE_TROUBLED && worst != SOURCE_DOWN))
            worst = source->status;
        if (source->last_heard == CLOCK_NEVER)
            continue;
        if (overview->oldest_heard == CLOCK_NEVER || source->last_heard < overview->oldest_heard)
            overview->oldest_heard = source->last_heard;
        if (source->last_heard > overview->newest_heard)
            overview->newest_heard = source->last_heard;
    }
    overview->sources_worst = source_state_name(worst);
}

static void fill_kind(struct wire_overview *overview, const char *kind, const uint32_t by_health[HEALTH_COUNT])
{
    struct wire_kind *row = &overview->kinds[overview->kind_count++];
    row->kind = kind;
    memcpy(row->by_health, by_health, sizeof row->by_health);
    for (int health = 0; health < HEALTH_COUNT; health++)
        row->total += by_health[health];
}

/* The groups of a board by kind: kept by the fleet between changes, and known for the past as well. */
static bool fill_kinds(struct request *request, struct wire_overview *overview, struct error *error)
{
    struct fleet_board board;
    if (!fleet_board(request->api->fleet, "kind", "kind:gateway", FLEET_IN_PLACE, request->past, &board, error))
        return false;
    memcpy(overview->by_health, board.all_by_health, sizeof overview->by_health);
    for (unsigned i = 0; i < board.group_count && i < KINDS_MAX; i++)
        fill_kind(overview, board.groups[i].key, board.groups[i].all_by_health);
    return true;
}

/* Who is on duty by the roster. */
static void fill_shift(struct request *request, struct wire_overview *overview)
{
    const struct roster *roster = request->api->site->roster;
    struct shift_span span;
    if (roster && roster_at(roster, request->at == CLOCK_NEVER ? request->now : request->at, &span)) {
        overview->shift = span.shift->name;
        overview->shift_people = span.shift->people;
        overview->shift_from = span.from;
        overview->shift_to = span.to;
    }
}

static void overview_at(struct request *request)
{
    const struct site *site = request->api->site;
    struct fleet_status fleet;
    struct store_status store;
    struct wire_kind kinds[KINDS_MAX] = {0};
    struct error error;
    fleet_status(request->api->fleet, &fleet);
    store_status(request->api->store, &store);
    struct wire_overview overview = {
        .site = site->name, .timezone = site->timezone, .language = site->language, .version = site->version,
        .started = site->started, .assets = fleet.assets, .discovered = fleet.discovered, .kinds = kinds,
        .rate = fleet.readings_per_second, .store_engine = store.engine, .store_problem = store.problem,
        .store_writable = store.writable, .store_bytes = store.bytes, .store_queued = store.queued};
    struct notify_status told = {.quiet = "", .quiet_ends = CLOCK_NEVER};
    if (request->api->notify && !request->past)
        notify_status(request->api->notify, &told);
    overview.quiet = told.quiet;
    overview.quiet_until = told.quiet_ends;
    overview.held = told.held;
    request_page(request, &overview.page);
    if (!fill_kinds(request, &overview, &error)) {
        request_fail(request, &error);
        return;
    }
    fill_sources(site, &overview);
    fill_shift(request, &overview);
    overview.contracted = contracted_rows(request, &overview.contracted_count);
    struct json_writer writer;
    json_start(&writer, &request->answer);
    wire_write_overview(&writer, &overview);
    free(overview.contracted);
    request_finish_json(request);
}

void get_overview(struct request *request)
{
    request_at(request, overview_at);
}

/* ---- board ---- */

static void fill_group(struct request *request, const struct fleet_group *from, uint32_t cells, struct wire_group *group)
{
    const struct fleet *fleet = request->api->fleet;
    uint32_t shown = from->cell_count < cells ? from->cell_count : cells;
    char *letters = memory_new(shown + 1);
    const char **ids = memory_new_array(shown + 1, sizeof *ids);
    for (uint32_t i = 0; i < shown; i++) {
        struct fleet_view view;
        fleet_get(fleet, from->cells[i], &view);
        enum health health = view.health;
        if (request->past) {
            struct store_state state;
            fleet_past_get(request->past, from->cells[i], &state);
            health = state.health;
        }
        letters[i] = health_letter(health);
        ids[i] = view.row.field[ASSET_id];
    }
    *group = (struct wire_group){
        .key = from->key, .total = from->cell_count, .letters = letters, .ids = ids, .cell_count = shown};
    memcpy(group->by_health, from->cells_by_health, sizeof group->by_health);
    memcpy(group->all_by_health, from->all_by_health, sizeof group->all_by_health);
}

static void write_board(struct request *request, const struct fleet_board *from, uint32_t offset, uint32_t limit,
                        uint32_t cells)
{
    uint32_t count = offset >= from->group_count ? 0 : from->group_count - offset;
    count = count < limit ? count : limit;
    struct wire_board board = {
        .groups = memory_new_array(count + 1, sizeof *board.groups), .group_count = count,
        .page = {.total = from->group_count, .population = from->group_count, .offset = offset}};
    request_page(request, &board.page);
    board.page.revision = from->revision;
    memcpy(board.by_health, from->cells_by_health, sizeof board.by_health);
    memcpy(board.all_by_health, from->all_by_health, sizeof board.all_by_health);
    for (uint32_t i = 0; i < count; i++)
        fill_group(request, &from->groups[offset + i], cells, &board.groups[i]);
    board.contracted = contracted_rows(request, &board.contracted_count);
    struct json_writer writer;
    json_start(&writer, &request->answer);
    wire_write_board(&writer, &board);
    for (uint32_t i = 0; i < count; i++) {
        free((char *)board.groups[i].letters);
        free(board.groups[i].ids);
    }
    free(board.groups);
    free(board.contracted);
}

static bool board_order(const struct target *target, enum fleet_order *order, struct error *error)
{
    const char *text = target_get(target, "order");
    *order = text && strcmp(text, "place") == 0 ? FLEET_IN_PLACE : FLEET_WORST_FIRST;
    return !text || !*text || *order == FLEET_IN_PLACE || strcmp(text, "worst") == 0 ||
           error_set(error, ERROR_INVALID, "order: expected worst or place; got `%.40s`", text);
}

static void board_at(struct request *request)
{
    const struct target *target = &request->target;
    const char *group = target_get(target, "group"), *filter = target_get(target, "filter");
    uint32_t offset = 0, limit = GROUPS_DEFAULT, cells = CELLS_DEFAULT;
    enum fleet_order order;
    struct fleet_board board;
    struct error error;
    if (!board_order(target, &order, &error) || !target_count(target, "offset", UINT32_MAX, &offset, &error) ||
        !target_count(target, "limit", GROUPS_MAX, &limit, &error) ||
        !target_count(target, "cells", CELLS_MAX, &cells, &error) ||
        !fleet_board(request->api->fleet, group && *group ? group : "building", filter && *filter ? filter : "kind:gateway",
                     order, request->past, &board, &error)) {
        request_fail(request, &error);
        return;
    }
    write_board(request, &board, offset, limit, cells);
    request_finish_json(request);
}

void get_board(struct request *request)
{
    request_at(request, board_at);
}

/* ---- facets ---- */

void get_facets(struct request *request)
{
    const char *field = target_get(&request->target, "field"), *filter = target_get(&request->target, "filter");
    uint32_t limit = FACETS_DEFAULT;
    struct error error = {.code = ERROR_NONE};
    if (!field || !*field) {
        request_refuse(request, 400, ERROR_INVALID, "field: say which, such as field=building");
        return;
    }
    if (!target_count(&request->target, "limit", FACETS_MAX, &limit, &error)) {
        request_fail(request, &error);
        return;
    }
    if (strcmp(field, "label") == 0 || strncmp(field, "label.", 6) == 0) {
        label_facets(request, field, limit);
        return;
    }
    struct fleet_facet *facets = memory_new_array(limit + 1, sizeof *facets);
    unsigned count = fleet_facets(request->api->fleet, field, filter ? filter : "", facets, limit, &error);
    if (error.code != ERROR_NONE)
        request_fail(request, &error);
    else {
        struct json_writer writer;
        struct wire_page page = {.total = count, .population = count};
        request_page(request, &page);
        json_start(&writer, &request->answer);
        wire_list_begin(&writer, &page);
        for (unsigned i = 0; i < count && i < limit; i++) {
            struct wire_facet facet = {.value = facets[i].value, .count = facets[i].count};
            memcpy(facet.by_health, facets[i].by_health, sizeof facet.by_health);
            wire_write_facet(&writer, &facet);
        }
        wire_list_end(&writer);
        request_finish_json(request);
    }
    free(facets);
}

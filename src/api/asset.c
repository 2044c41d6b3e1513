/* One asset: its page, its readings and its states; and the changes of all assets between two instants. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"

#define VALUES_MAX 64
#define NEIGHBOURS_MAX 12
#define PATH_MAX_STEPS 32
#define MESSAGES_MAX 8
#define BUCKETS_DEFAULT 120
#define BUCKETS_MAX 5000
#define STATES_DEFAULT 1000
#define STATES_MAX 10000

static bool find_asset(struct request *request, uint32_t *asset)
{
    *asset = fleet_find(request->api->fleet, request->id);
    if (*asset != FLEET_NONE && fleet_exists(request->api->fleet, *asset))
        return true;
    request_refuse(request, 404, ERROR_NOT_FOUND, "no asset `%.128s`", request->id);
    return false;
}

/* ---- the page ---- */

struct page {
    uint32_t asset;
    struct wire_asset_page wire;
    struct wire_value values[VALUES_MAX];
    struct wire_step path[PATH_MAX_STEPS];
    struct wire_asset neighbours[NEIGHBOURS_MAX];
    struct wire_message messages[MESSAGES_MAX];
};

static enum health health_then(struct request *request, uint32_t asset, enum health now)
{
    if (!request->past)
        return now;
    struct store_state state;
    fleet_past_get(request->past, asset, &state);
    return state.health;
}

/* The ledger refuses loops of parents; the limit is for the day it does not. */
static void fill_path(struct request *request, struct page *page)
{
    const struct fleet *fleet = request->api->fleet;
    struct fleet_view view;
    uint32_t chain[PATH_MAX_STEPS];
    unsigned count = 0;
    fleet_get(fleet, page->asset, &view);
    while (view.parent != FLEET_NONE && count < PATH_MAX_STEPS) {
        chain[count++] = view.parent;
        fleet_get(fleet, view.parent, &view);
    }
    for (unsigned i = 0; i < count; i++) {
        uint32_t asset = chain[count - 1 - i];
        fleet_get(fleet, asset, &view);
        page->path[i] = (struct wire_step){.id = view.row.field[ASSET_id], .name = view.row.field[ASSET_name],
                                           .health = health_then(request, asset, view.health)};
    }
    page->wire.path = page->path;
    page->wire.path_count = count;
}

/* Same parent; a root's neighbours are those of its kind in its building. Ids hold no quotes; a building might. */
static bool neighbour_filter(const struct fleet_view *view, struct buffer *filter)
{
    const char *parent = view->row.field[ASSET_parent], *building = view->row.field[ASSET_building];
    if (*parent)
        buffer_printf(filter, "parent:\"%s\"", parent);
    else if (*building && !building[strcspn(building, "\"\\*")])
        buffer_printf(filter, "kind:%s building:\"%s\"", view->row.field[ASSET_kind], building);
    return filter->length > 0;
}

static void fill_neighbours(struct request *request, struct page *page)
{
    struct fleet *fleet = request->api->fleet;
    struct fleet_view view;
    struct fleet_result result;
    struct buffer filter = BUFFER_INIT;
    fleet_get(fleet, page->asset, &view);
    page->wire.neighbours = page->neighbours;
    if (neighbour_filter(&view, &filter) &&
        fleet_select(fleet, &(struct fleet_query){.filter = buffer_text(&filter), .past = request->past}, &result, NULL))
        for (uint32_t i = 0; i < result.total && page->wire.neighbour_count < NEIGHBOURS_MAX; i++)
            if (result.assets[i] != page->asset)
                asset_fill(fleet, result.assets[i], request->past, &page->neighbours[page->wire.neighbour_count++]);
    buffer_release(&filter);
}

/* A past page counts its children as they were then. */
static void fill_children_then(struct request *request, struct page *page)
{
    struct fleet_result result;
    struct buffer filter = BUFFER_INIT;
    buffer_printf(&filter, "parent:\"%s\"", page->wire.asset.field[ASSET_id]);
    if (page->wire.asset.children &&
        fleet_select(request->api->fleet, &(struct fleet_query){.filter = buffer_text(&filter), .past = request->past},
                     &result, NULL))
        for (uint32_t i = 0; i < result.total; i++)
            page->wire.asset.children_by_health[health_then(request, result.assets[i], HEALTH_UNKNOWN)]++;
    buffer_release(&filter);
}

static void fill_messages(struct request *request, struct page *page)
{
    struct fleet_message messages[MESSAGES_MAX];
    unsigned count = request->past ? 0 : fleet_messages(request->api->fleet, page->asset, messages, MESSAGES_MAX);
    count = count < MESSAGES_MAX ? count : MESSAGES_MAX;
    for (unsigned i = 0; i < count; i++)
        page->messages[i] = (struct wire_message){
            .received = messages[i].received, .source = messages[i].source, .text = messages[i].text};
    page->wire.messages = page->messages;
    page->wire.message_count = count;
}

static void finish_page(struct request *request, struct page *page)
{
    struct json_writer writer;
    page->wire.asset.values = page->values;
    fill_path(request, page);
    fill_neighbours(request, page);
    fill_messages(request, page);
    struct alert_group_state group;
    if (!request->past && request->api->alerts && alerts_group_of(request->api->alerts, page->asset, &group))
        page->wire.standby = (struct wire_standby){.name = group.name, .alert = group.alert, .alive = group.alive,
                                                   .total = group.total, .need = group.need, .gone = group.gone};
    request_page(request, &page->wire.page);
    json_start(&writer, &request->answer);
    wire_write_asset_page(&writer, &page->wire);
    request->etag = page->wire.asset.revision;
    request_finish_json(request);
}

/* The metrics' names come from the live values: the store knows numbers. */
static void last_loaded(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct page *page = request->state;
    struct fleet *fleet = request->api->fleet;
    struct wire_value live[VALUES_MAX];
    unsigned known = asset_values(request->api, page->asset, live, VALUES_MAX);
    for (unsigned i = 0; i < known; i++) {
        uint32_t key = fleet_metric_key(fleet, live[i].metric);
        for (size_t row = 0; row < count; row++)
            if (rows[row].metric == key)
                page->values[page->wire.asset.value_count++] = (struct wire_value){
                    .metric = live[i].metric, .unit = live[i].unit, .value = rows[row].reading.value,
                    .time = rows[row].reading.time, .flag = READING_NOT_EVALUATED};
    }
    finish_page(request, page);
}

static void asset_at(struct request *request)
{
    uint32_t asset;
    if (!find_asset(request, &asset))
        return;
    struct page *page = memory_new(sizeof *page);
    request->state = page;
    request->release_state = free;
    page->asset = asset;
    asset_fill(request->api->fleet, asset, request->past, &page->wire.asset);
    if (request->past) {
        fill_children_then(request, page);
        store_last_at(request->api->store, fleet_store_key(request->api->fleet, asset), request->at, last_loaded, request);
        return;
    }
    page->wire.asset.value_count = asset_values(request->api, asset, page->values, VALUES_MAX);
    finish_page(request, page);
}

void get_asset(struct request *request)
{
    request_at(request, asset_at);
}

/* ---- readings ---- */

struct series {
    char *metric;
    msec from, to;
};

static void series_release(void *state)
{
    struct series *series = state;
    free(series->metric);
    free(series);
}

static void series_loaded(void *owner, const struct reading_bucket *buckets, size_t count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    const struct series *series = request->state;
    struct wire_series wire = {
        .metric = series->metric, .unit = site_metric_unit(request->api->site, series->metric), .from = series->from,
        .to = series->to, .buckets = (struct reading_bucket *)buckets, .bucket_count = (unsigned)count};
    struct json_writer writer;
    json_start(&writer, &request->answer);
    wire_write_series(&writer, &wire);
    request_finish_json(request);
}

void get_readings(struct request *request)
{
    const char *metric = target_get(&request->target, "metric");
    uint32_t asset, buckets = BUCKETS_DEFAULT;
    msec from, to;
    struct error error;
    if (!find_asset(request, &asset) || !request_span(request, SPAN_DAY, &from, &to))
        return;
    if (!target_count(&request->target, "buckets", BUCKETS_MAX, &buckets, &error)) {
        request_fail(request, &error);
        return;
    }
    uint32_t key = metric ? fleet_metric_key(request->api->fleet, metric) : FLEET_NONE;
    if (!metric || !*metric) {
        request_refuse(request, 400, ERROR_INVALID, "metric: say which, such as metric=temperature");
        return;
    }
    if (key == FLEET_NONE) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "metric: nothing ever reported `%.80s`", metric);
        return;
    }
    buckets = buckets ? buckets : 1;
    /* Buckets are of equal length: the span grows to a multiple of them. */
    msec step = (to - from + buckets - 1) / buckets;
    struct series *series = memory_new(sizeof *series);
    *series = (struct series){.metric = memory_text(metric), .from = to - step * buckets, .to = to};
    request->state = series;
    request->release_state = series_release;
    store_series(request->api->store, fleet_store_key(request->api->fleet, asset), key, series->from, to, buckets,
                 series_loaded, request);
}

/* ---- states ---- */

struct span {
    uint32_t offset, limit;
};

static void write_states(struct request *request, const struct store_interval *rows, size_t count)
{
    const struct span *span = request->state;
    const struct fleet *fleet = request->api->fleet;
    struct wire_page page = {.total = (uint32_t)count, .population = (uint32_t)count, .offset = span->offset};
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (size_t i = span->offset; i < count && i < (size_t)span->offset + span->limit; i++) {
        uint32_t asset = fleet_by_store_key(fleet, rows[i].state.asset);
        struct fleet_view view;
        if (asset == FLEET_NONE)
            continue;
        fleet_get(fleet, asset, &view);
        struct wire_interval interval = {
            .id = view.row.field[ASSET_id], .from = rows[i].state.from, .to = rows[i].to,
            .health = rows[i].state.health, .reason = rows[i].state.reason, .link = rows[i].state.link,
            .comm = rows[i].state.comm};
        wire_write_interval(&writer, &interval);
    }
    wire_list_end(&writer);
    request_finish_json(request);
}

static void states_loaded(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (request)
        write_states(request, rows, count);
}

static bool begin_states(struct request *request, msec *from, msec *to)
{
    struct error error;
    struct span *span = memory_new(sizeof *span);
    span->limit = STATES_DEFAULT;
    request->state = span;
    request->release_state = free;
    if (!target_count(&request->target, "offset", UINT32_MAX, &span->offset, &error) ||
        !target_count(&request->target, "limit", STATES_MAX, &span->limit, &error)) {
        request_fail(request, &error);
        return false;
    }
    return request_span(request, SPAN_DAY, from, to);
}

void get_asset_states(struct request *request)
{
    uint32_t asset;
    msec from, to;
    if (find_asset(request, &asset) && begin_states(request, &from, &to))
        store_states(request->api->store, fleet_store_key(request->api->fleet, asset), from, to, states_loaded, request);
}

void get_states(struct request *request)
{
    msec from, to;
    if (!begin_states(request, &from, &to))
        return;
    const struct span *span = request->state;
    store_states_between(request->api->store, from, to, span->limit ? span->limit : 1, states_loaded, request);
}

/* When an application or one of its checks became another: to step through its past. */
#include <stdlib.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "engine/applications.h"
#include "engine/capsule.h"
#include "model/application.h"

#define ROWS_DEFAULT 500
#define ROWS_MAX 10000

struct changes {
    struct arena *arena;
    struct wire_interval *rows;
    size_t count;
    msec from, to;
    uint32_t limit;
};

static void changes_release(void *state)
{
    struct changes *changes = state;
    arena_free(&changes->arena);
    free(changes->rows);
    free(changes);
}

static int compare_rows(const void *left, const void *right)
{
    const struct wire_interval *a = left, *b = right;
    return (a->from > b->from) - (a->from < b->from);
}

static void write_changes(struct request *request)
{
    struct changes *changes = request->state;
    struct wire_page page = {.total = (uint32_t)changes->count, .population = (uint32_t)changes->count};
    struct json_writer writer;
    if (changes->count > 1)
        qsort(changes->rows, changes->count, sizeof *changes->rows, compare_rows);
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (size_t i = 0; i < changes->count && i < changes->limit; i++)
        wire_write_interval(&writer, &changes->rows[i]);
    wire_list_end(&writer);
    request_finish_json(request);
}

static enum health health_of(int verdict)
{
    return verdict == PART_OK ? HEALTH_OK : verdict == PART_WARNING ? HEALTH_WARNING : verdict == PART_CRITICAL ? HEALTH_CRITICAL : HEALTH_UNKNOWN;
}

static void nodes_came(void *owner, const struct store_node *rows, size_t count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct changes *changes = request->state;
    changes->rows = memory_resize(changes->rows, changes->count + count + 1, sizeof *changes->rows);
    for (size_t i = 0; i < count; i++) {
        enum health health = health_of(rows[i].verdict);
        changes->rows[changes->count++] = (struct wire_interval){
            .id = arena_text(changes->arena, rows[i].id), .from = rows[i].from, .to = CLOCK_NEVER, .health = health,
            .reason = health == HEALTH_OK ? REASON_FRESH : REASON_CHECK_FAILED};
    }
    write_changes(request);
}

static void ask_nodes(struct request *request)
{
    struct changes *changes = request->state;
    char *prefix = memory_printf("%s/", request->id);
    store_nodes_between(request->api->store, prefix, changes->from, changes->to, changes->limit, nodes_came, request);
    free(prefix);
}

static void states_came(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct changes *changes = request->state;
    changes->rows = memory_new_array(count + 1, sizeof *changes->rows);
    for (size_t i = 0; i < count; i++)
        changes->rows[changes->count++] = (struct wire_interval){
            .id = arena_text(changes->arena, request->id), .from = rows[i].state.from, .to = rows[i].to,
            .health = rows[i].state.health, .reason = rows[i].state.reason, .link = rows[i].state.link, .comm = rows[i].state.comm};
    ask_nodes(request);
}

void get_application_states(struct request *request)
{
    struct applications *applications = request->api->applications;
    struct application *application = applications ? applications_find(applications, request->id) : NULL;
    const struct capsule *capsule = request->api->capsule;
    uint32_t asset = application ? application_asset(application) : capsule ? fleet_find(request->api->fleet, request->id) : FLEET_NONE;
    struct error error;
    if (!application && !(capsule && capsule_application(capsule, request->id, request->now))) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "no application `%.80s`", request->id);
        return;
    }
    struct changes *changes = memory_new(sizeof *changes);
    changes->arena = arena_new();
    changes->limit = ROWS_DEFAULT;
    request->state = changes;
    request->release_state = changes_release;
    if (!target_count(&request->target, "limit", ROWS_MAX, &changes->limit, &error)) {
        request_fail(request, &error);
        return;
    }
    if (!request_span(request, SPAN_DAY, &changes->from, &changes->to))
        return;
    if (asset == FLEET_NONE)
        ask_nodes(request);
    else
        store_states(request->api->store, fleet_store_key(request->api->fleet, asset), changes->from, changes->to, states_came, request);
}

/* API endpoints of a server (R041): the HTTP checks that applications declare for it, by `on:` or by its address in their
 * URL. Found when the configuration or the ledger changes, only read after that. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/probe.h"
#include "engine/applications_past.h"
#include "model/application.h"
#include "wire/servers.h"

struct endpoint { uint32_t asset; const struct application_check *check; };

struct applications_endpoints {
    struct endpoint *rows; /* by asset, then as configured */
    unsigned count;
    size_t capacity;
};

void applications_endpoints_free(struct applications_endpoints **held)
{
    if (*held)
        free((*held)->rows);
    free(*held);
    *held = NULL;
}

char *endpoint_of(const char *type, const char *url)
{
    const char *rest = strcmp(type, "http") == 0 ? strstr(url, "://") : NULL;
    if (!rest)
        return memory_text("");
    rest += 3;
    size_t authority = strcspn(rest, "/?#");
    for (size_t at = authority; at-- > 0;)
        if (rest[at] == '@') { /* whoever it is asked as is nobody's business here */
            rest += at + 1;
            break;
        }
    return memory_printf("%.*s://%.*s", (int)(strstr(url, "://") - url), url, (int)strcspn(rest, "?#"), rest);
}

static void add(struct applications_endpoints *endpoints, uint32_t asset, const struct application_check *check)
{
    ARRAY_RESERVE(endpoints->rows, endpoints->capacity, endpoints->count + 1);
    endpoints->rows[endpoints->count++] = (struct endpoint){asset, check};
}

/* Of the checks that name no server: the servers whose address their URL has. */
static void add_by_address(const struct applications *applications, struct applications_endpoints *endpoints,
                           const struct application_check *const *checks, unsigned count)
{
    const struct fleet_query query = {.filter = "kind:server"};
    struct fleet_result result;
    char host[256], address[256];
    unsigned port;
    if (!count || !fleet_select(applications->fleet, &query, &result, NULL))
        return;
    for (uint32_t i = 0; i < result.total; i++) {
        struct fleet_view view;
        fleet_get(applications->fleet, result.assets[i], &view);
        if (!*view.row.field[ASSET_address] || !probe_parse_address(view.row.field[ASSET_address], address, sizeof address, &port))
            continue;
        for (unsigned k = 0; k < count; k++)
            if (probe_parse_address(checks[k]->endpoint, host, sizeof host, &port) && strcmp(host, address) == 0)
                add(endpoints, result.assets[i], checks[k]);
    }
}

static int compare_endpoints(const void *left, const void *right)
{
    const struct endpoint *a = left, *b = right;
    if (a->asset != b->asset)
        return (a->asset > b->asset) - (a->asset < b->asset);
    return (a->check->part > b->check->part) - (a->check->part < b->check->part);
}

struct applications_endpoints *applications_endpoints_make(const struct applications *applications)
{
    struct applications_endpoints *endpoints = memory_new(sizeof *endpoints);
    const struct application_check **others = memory_new_array(applications->part_count + 1u, sizeof *others);
    unsigned other_count = 0;
    for (unsigned i = 0; i < applications->count; i++)
        for (unsigned k = 0; k < applications->items[i]->check_count; k++) {
            const struct application_check *check = applications->items[i]->checks[k];
            uint32_t asset = check->on[0] ? fleet_find(applications->fleet, check->on) : FLEET_NONE;
            if (!check->endpoint[0] || check->waits)
                continue;
            if (asset != FLEET_NONE)
                add(endpoints, asset, check);
            else if (!check->on[0])
                others[other_count++] = check;
        }
    add_by_address(applications, endpoints, others, other_count);
    free(others);
    if (endpoints->count > 1)
        qsort(endpoints->rows, endpoints->count, sizeof *endpoints->rows, compare_endpoints);
    return endpoints;
}

/* ---- asked for ---- */

static const struct endpoint *first_of(const struct applications_endpoints *endpoints, uint32_t asset)
{
    unsigned low = 0, high = endpoints ? endpoints->count : 0, count = high;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (endpoints->rows[middle].asset < asset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && endpoints->rows[low].asset == asset ? &endpoints->rows[low] : NULL;
}

static bool belongs(const struct applications_endpoints *endpoints, const struct endpoint *row, uint32_t asset)
{
    return row && row < endpoints->rows + endpoints->count && row->asset == asset;
}

static double figure(const struct check_figure *figures, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(figures[i].name, name) == 0)
            return figures[i].value;
    return NAN;
}

static void fill(const struct application_check *check, const struct applications_past *past, struct arena *arena,
                 struct wire_endpoint *row)
{
    const struct past_part *then = past ? &past->parts[check->part] : NULL;
    const struct part *part = past ? &past->verdicts[check->part] : &check->application->applications->parts[check->part];
    const struct check_figure *figures = then ? then->figures : check->figures;
    unsigned count = then ? then->figure_count : check->figure_count;
    double status = figure(figures, count, "status");
    *row = (struct wire_endpoint){
        .id = arena_text(arena, check->id), .name = arena_text(arena, check->title), .application = arena_text(arena, check->application->name),
        .address = arena_text(arena, check->endpoint), .verdict = part_verdict_name(part->verdict),
        .evidence = arena_text(arena, then ? then->evidence : check->evidence), .since = then ? then->since : check->since,
        .checked = then ? then->checked : check->checked, .status = status > 0 ? (unsigned)status : 0,
        .latency = figure(figures, count, "latency_ms"), .certificate_days = figure(figures, count, "certificate_days")};
}

unsigned applications_endpoints(struct applications *applications, uint32_t asset, const struct applications_past *past,
                                struct arena *arena, struct wire_endpoint **found)
{
    const struct applications_endpoints *endpoints = applications_index_endpoints(applications);
    const struct endpoint *first = first_of(endpoints, asset);
    unsigned count = 0;
    while (belongs(endpoints, first ? first + count : NULL, asset))
        count++;
    *found = arena_alloc(arena, (count + 1) * sizeof **found);
    for (unsigned i = 0; i < count; i++)
        fill(first[i].check, past, arena, &(*found)[i]);
    return count;
}

unsigned applications_endpoint_count(struct applications *applications, uint32_t asset, unsigned *failing)
{
    const struct applications_endpoints *endpoints = applications_index_endpoints(applications);
    unsigned count = 0;
    *failing = 0;
    for (const struct endpoint *row = first_of(endpoints, asset); belongs(endpoints, row, asset); row++) {
        enum part_verdict verdict = applications->parts[row->check->part].verdict;
        *failing += verdict == PART_CRITICAL || verdict == PART_WARNING;
        count++;
    }
    return count;
}

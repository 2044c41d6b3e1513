/* Servers of the past: what the store's readings and the alerts of the instant tell of them, loaded before the answer is
 * made. */
#include "api/servers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/applications.h"
#include "engine/capsule.h"
#include "wire/alerts.h"
#include "wire/servers.h"

struct alert_then { uint32_t asset; int severity; struct wire_deviation deviation; }; /* kind NULL: no deviation */

struct server_then {
    struct hosts_past *hosts;
    struct alerts_past *past;
    struct alert_then *alerts;   /* active ones, by asset */
    size_t count;
    struct arena *arena;
    struct wire_endpoint *endpoints; /* of a page's server */
    unsigned endpoint_count;
    uint32_t page;               /* whose page is asked for; FLEET_NONE: a list */
    void (*next)(struct request *request);
};

static void then_release(void *state)
{
    struct server_then *then = state;
    hosts_past_release(then->hosts);
    alerts_past_free(&then->past);
    free(then->alerts);
    arena_free(&then->arena);
    free(then);
}

/* ---- API endpoints ---- */

static double figure_of(const struct wire_node *node, const char *name)
{
    for (unsigned i = 0; i < node->figure_count; i++)
        if (strcmp(node->figures[i].name, name) == 0)
            return node->figures[i].value;
    return NAN;
}

/* In an incident replayed: what the capsule has of its applications. Each node once, though others need it too. */
static void endpoints_replayed(struct request *request, struct server_then *then)
{
    const struct capsule *capsule = request->api->capsule;
    struct fleet_view view;
    const char *id;
    fleet_get(request->api->fleet, then->page, &view);
    then->endpoints = arena_alloc(then->arena, (capsule->nodes + 1) * sizeof *then->endpoints);
    for (unsigned i = 0; (id = capsule_application_id(capsule, i)); i++) {
        const struct wire_application_page *page = capsule_application(capsule, id, request->at);
        for (unsigned n = 0; n < page->node_count; n++) {
            const struct wire_node *node = &page->nodes[n];
            double status = figure_of(node, "status");
            bool own = strncmp(node->id, id, strlen(id)) == 0 && node->id[strlen(id)] == '/';
            if (own && strcmp(node->kind, "http") == 0 && strcmp(node->asset, view.row.field[ASSET_id]) == 0)
                then->endpoints[then->endpoint_count++] = (struct wire_endpoint){
                    node->id, node->name, page->application.name, "", node->verdict, node->evidence, status > 0 ? (unsigned)status : 0,
                    figure_of(node, "latency_ms"), figure_of(node, "certificate_days"), node->since, node->checked};
        }
    }
}

static void applications_came(void *owner, struct applications_past *past, const struct error *error)
{
    struct request *request = owner;
    struct server_then *then = request->state;
    if (request_alive(request)) {
        if (!error)
            then->endpoint_count = applications_endpoints(request->api->applications, then->page, past, then->arena,
                                                          &then->endpoints);
        if (error)
            request_fail(request, error);
        else
            then->next(request);
    }
    applications_past_release(past);
}

static void go_on(struct request *request)
{
    struct server_then *then = request->state;
    if (then->page != FLEET_NONE && request->api->capsule)
        endpoints_replayed(request, then);
    if (then->page != FLEET_NONE && request->api->applications)
        applications_past_load(request->api->applications, request->past, applications_came, request);
    else
        then->next(request);
}

unsigned server_then_endpoints(const struct server_then *then, struct wire_endpoint **endpoints)
{
    *endpoints = then->endpoints;
    return then->endpoint_count;
}

/* ---- alerts ---- */

static int compare_alerts(const void *left, const void *right)
{
    const struct alert_then *a = left, *b = right;
    return (a->asset > b->asset) - (a->asset < b->asset);
}

static const char *deviation_of(const struct wire_alert *alert)
{
    for (int kind = HOST_PORT_UNEXPECTED; strcmp(alert->source, "host") == 0 && kind <= HOST_OUTBOUND; kind++)
        if (strcmp(host_deviation_name((enum host_deviation_kind)kind), alert->rule) == 0)
            return host_deviation_name((enum host_deviation_kind)kind);
    return NULL;
}

static bool alerts_take(struct request *request, struct server_then *then, struct error *error)
{
    struct alerts *alerts = request->api->alerts;
    const struct alert_select select = {.all = true, .past = then->past};
    const struct alert *const *rows;
    struct alert_counts counts;
    uint32_t total;
    if (!alerts_select(alerts, &select, &rows, &total, &counts, error))
        return false;
    then->alerts = memory_new_array(total + 1u, sizeof *then->alerts);
    for (uint32_t i = 0; i < total; i++) {
        struct wire_alert alert;
        if (alert_life(rows[i])->condition != CONDITION_ACTIVE)
            continue;
        alerts_wire(alerts, rows[i], NULL, &alert);
        uint32_t asset = *alert.asset ? fleet_find(request->api->fleet, alert.asset) : FLEET_NONE;
        if (asset == FLEET_NONE)
            continue;
        then->alerts[then->count++] = (struct alert_then){
            asset, (int)alert.severity,
            {deviation_of(&alert), alert.metric, alert.summary, alert.raised_at != CLOCK_NEVER ? alert.raised_at : alert.since}};
    }
    if (then->count > 1)
        qsort(then->alerts, then->count, sizeof *then->alerts, compare_alerts);
    return true;
}

static void alerts_came(void *owner, struct alerts_past *past, const struct error *error)
{
    struct request *request = owner;
    struct server_then *then = request->state;
    struct error own;
    if (!request_alive(request)) {
        alerts_past_free(&past);
        return;
    }
    then->past = past;
    if (error)
        request_fail(request, error);
    else if (alerts_take(request, then, &own))
        go_on(request);
    else
        request_fail(request, &own);
}

static void hosts_came(void *owner, struct hosts_past *past, const struct error *error)
{
    struct request *request = owner;
    struct server_then *then = request->state;
    if (!request_alive(request)) {
        hosts_past_release(past);
        return;
    }
    then->hosts = past;
    if (error)
        request_fail(request, error);
    else if (request->api->alerts)
        alerts_past_load(request->api->alerts, request->at, alerts_came, request);
    else
        go_on(request);
}

void server_then_load(struct request *request, const uint32_t *assets, unsigned count, bool lists,
                      void (*next)(struct request *request))
{
    struct server_then *then = memory_new(sizeof *then);
    then->next = next;
    then->arena = arena_new();
    then->page = lists && count == 1 ? assets[0] : FLEET_NONE;
    request->state = then;
    request->release_state = then_release;
    hosts_past_load(request->api->hosts, request->api->store, assets, count, request->at, lists, hosts_came, request);
}

const struct host *server_then_host(const struct server_then *then, uint32_t asset)
{
    return hosts_past_find(then->hosts, asset);
}

unsigned server_then_deviations(const struct server_then *then, uint32_t asset, struct wire_deviation *found, unsigned max)
{
    unsigned count = 0;
    for (size_t i = 0; i < then->count && then->alerts[i].asset <= asset; i++)
        if (then->alerts[i].asset == asset && then->alerts[i].deviation.kind && count < max)
            found[count++] = then->alerts[i].deviation;
    return count;
}

void server_then_fill(const struct server_then *then, uint32_t asset, struct wire_server *row)
{
    double logins = hosts_past_figure(then->hosts, asset, "logins");
    row->swap = hosts_past_figure(then->hosts, asset, "swap_percent");
    row->logins = logins > 0 ? (unsigned)logins : 0;
    for (size_t i = 0; i < then->count && then->alerts[i].asset <= asset; i++) {
        const struct alert_then *alert = &then->alerts[i];
        if (alert->asset != asset)
            continue;
        row->alerts++;
        row->worst = alert->severity > row->worst ? alert->severity : row->worst;
        row->unexpected += alert->deviation.kind && strcmp(alert->deviation.kind, host_deviation_name(HOST_UNIT_FAILED)) != 0;
    }
}

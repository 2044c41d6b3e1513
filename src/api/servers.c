/* Servers: the list and the page (R040, R041). A server is an asset of that kind, or any other that answers as a host. */
#include "api/servers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/applications.h"
#include "engine/capsule.h"
#include "wire/servers.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 10000
#define DEVIATIONS_MAX 200
#define ALERTS_MAX 500

bool server_has_hosts(struct request *request)
{
    if (request->api->hosts)
        return true;
    request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon watches no hosts");
    return false;
}

bool server_of(struct request *request, uint32_t *asset)
{
    if (!server_has_hosts(request))
        return false;
    *asset = fleet_find(request->api->fleet, request->id);
    if (*asset != FLEET_NONE && fleet_exists(request->api->fleet, *asset))
        return true;
    request_refuse(request, 404, ERROR_NOT_FOUND, "there is no asset `%.80s`", request->id);
    return false;
}

/* ---- a row ---- */

static void fill_figures(struct wire_server *row, const struct host *host)
{
    row->taken = host->taken;
    row->uptime = host->uptime;
    row->cores = host->online_cores;
    row->cpu = host->cpu;
    row->iowait = host->iowait;
    row->load1 = host->load1;
    row->memory = host->memory_total > 0 ? 100 * host->memory_used / host->memory_total : NAN;
    row->memory_total = host->memory_total;
    row->swap = host->swap_total > 0 ? 100 * host->swap_used / host->swap_total : NAN;
    row->in_rate = host->in_rate;
    row->out_rate = host->out_rate;
    row->logins = host->login_count;
    row->failed_units = host->failed_units;
    for (unsigned i = 0; i < host->disk_count; i++)
        if (!(host->disks[i].used_percent <= row->disk) && !isnan(host->disks[i].used_percent)) {
            row->disk = host->disks[i].used_percent;
            row->disk_mount = host->disks[i].mount;
        }
    for (unsigned i = 0; i < host->interface_count; i++)
        if (!host->interfaces[i].loopback && host->interfaces[i].up)
            row->speed = fmax(row->speed, host->interfaces[i].speed);
    row->ports = host->port_count;
    for (unsigned i = 0; i < host->port_count; i++)
        row->sessions += host->ports[i].sessions;
    const char *system = host_fact(host, "system");
    if (*system)
        row->system = system;
}

static void fill_alerts(struct wire_server *row, const struct alerts *alerts, uint32_t asset)
{
    const struct alert *found[ALERTS_MAX];
    unsigned count = alerts ? alerts_of_asset(alerts, asset, found, ALERTS_MAX) : 0;
    count = count < ALERTS_MAX ? count : ALERTS_MAX;
    for (unsigned i = 0; i < count; i++) {
        const struct alert_life *life = alert_life(found[i]);
        if (life->closed || life->condition != CONDITION_ACTIVE)
            continue;
        row->alerts++;
        row->worst = (int)life->severity > row->worst ? (int)life->severity : row->worst;
    }
}

static unsigned count_unexpected(struct hosts *hosts, uint32_t asset)
{
    struct host_deviation found[DEVIATIONS_MAX];
    unsigned count = hosts_deviations(hosts, asset, found, DEVIATIONS_MAX), unexpected = 0;
    for (unsigned i = 0; i < count && i < DEVIATIONS_MAX; i++)
        unexpected += found[i].kind != HOST_UNIT_FAILED;
    return unexpected;
}

static void fill_now(struct api *api, uint32_t asset, struct wire_server *row)
{
    const struct host *host = hosts_find(api->hosts, asset);
    const struct source *source = hosts_source(api->hosts, asset);
    row->source = source ? source->name : "";
    fill_alerts(row, api->alerts, asset);
    row->unexpected = count_unexpected(api->hosts, asset);
    if (host)
        fill_figures(row, host);
}

/* Its name, place and system are today's; all that changes is the instant's. */
static void fill_then(struct request *request, uint32_t asset, struct wire_server *row)
{
    const struct host *today = hosts_find(request->api->hosts, asset), *host = server_then_host(request->state, asset);
    struct store_state state;
    fleet_past_get(request->past, asset, &state);
    row->health = state.health;
    row->reason = state.reason;
    row->since = state.from;
    row->evidence = "";
    if (host)
        fill_figures(row, host);
    if (today && *host_fact(today, "system"))
        row->system = host_fact(today, "system");
    server_then_fill(request->state, asset, row);
}

/* In an incident replayed: those that its capsule has. */
static void applications_then(const struct capsule *capsule, msec at, struct arena *arena, struct wire_server *row)
{
    const char *id;
    for (unsigned i = 0; (id = capsule_application_id(capsule, i)); i++) {
        const struct wire_application *application = &capsule_application(capsule, id, at)->application;
        const char **names = arena_alloc(arena, (row->application_count + 1) * sizeof *names);
        for (unsigned k = 0; k < application->server_count; k++) {
            if (strcmp(application->servers[k], row->id) != 0)
                continue;
            for (unsigned n = 0; n < row->application_count; n++)
                names[n] = row->applications[n];
            names[row->application_count++] = application->name;
            row->applications = names;
            break;
        }
    }
}

/* Text belongs to the fleet, the host, the request's past and the arena, until the loop's next turn. */
static void fill_row(struct request *request, uint32_t asset, struct arena *arena, struct wire_server *row)
{
    struct api *api = request->api;
    struct fleet_view view;
    fleet_get(api->fleet, asset, &view);
    *row = (struct wire_server){
        .id = view.row.field[ASSET_id], .name = view.row.field[ASSET_name], .address = view.row.field[ASSET_address],
        .place = fleet_place(api->fleet, asset), .system = view.row.field[ASSET_model], .source = "", .evidence = view.evidence,
        .health = view.health, .reason = view.reason, .since = view.since, .taken = CLOCK_NEVER, .disk_mount = "", .uptime = NAN,
        .cpu = NAN, .iowait = NAN, .load1 = NAN, .memory = NAN, .memory_total = NAN, .swap = NAN, .disk = NAN, .in_rate = NAN,
        .out_rate = NAN, .speed = NAN, .worst = -1};
    if (api->applications) {
        const char *const *names;
        row->application_count = applications_on(api->applications, asset, &names);
        row->applications = (const char **)(uintptr_t)names;
        row->endpoints = applications_endpoint_count(api->applications, asset, &row->endpoints_failing);
        row->endpoints_failing = request->past ? 0 : row->endpoints_failing;
    }
    if (api->capsule)
        applications_then(api->capsule, request->at, arena, row);
    if (request->past)
        fill_then(request, asset, row);
    else
        fill_now(api, asset, row);
}

/* ---- order ---- */

enum sort_kind { SORT_TEXT, SORT_NUMBER, SORT_COUNT, SORT_INSTANT, SORT_HEALTH, SORT_WORST };
#define MEMBER(name, kind, member) {name, kind, offsetof(struct wire_server, member)}
static const struct sort_member { const char *name; enum sort_kind kind; size_t at; } sort_members[] = {
    MEMBER("id", SORT_TEXT, id), MEMBER("name", SORT_TEXT, name), MEMBER("address", SORT_TEXT, address),
    MEMBER("place", SORT_TEXT, place), MEMBER("system", SORT_TEXT, system), MEMBER("source", SORT_TEXT, source),
    MEMBER("health", SORT_HEALTH, health), MEMBER("worst", SORT_WORST, worst), MEMBER("since", SORT_INSTANT, since),
    MEMBER("taken", SORT_INSTANT, taken), MEMBER("uptime_s", SORT_NUMBER, uptime), MEMBER("cores", SORT_COUNT, cores),
    MEMBER("cpu", SORT_NUMBER, cpu), MEMBER("iowait", SORT_NUMBER, iowait), MEMBER("load1", SORT_NUMBER, load1),
    MEMBER("memory", SORT_NUMBER, memory), MEMBER("memory_total", SORT_NUMBER, memory_total), MEMBER("swap", SORT_NUMBER, swap),
    MEMBER("disk", SORT_NUMBER, disk), MEMBER("in_rate", SORT_NUMBER, in_rate), MEMBER("out_rate", SORT_NUMBER, out_rate),
    MEMBER("speed", SORT_NUMBER, speed), MEMBER("sessions", SORT_COUNT, sessions), MEMBER("logins", SORT_COUNT, logins),
    MEMBER("failed_units", SORT_COUNT, failed_units), MEMBER("ports", SORT_COUNT, ports), MEMBER("unexpected", SORT_COUNT, unexpected),
    MEMBER("endpoints", SORT_COUNT, endpoints), MEMBER("endpoints_failing", SORT_COUNT, endpoints_failing),
    MEMBER("alerts", SORT_COUNT, alerts),
};

#define SORT_KEYS 4
struct order { const struct sort_member *member[SORT_KEYS]; bool descending[SORT_KEYS]; unsigned count; };

static bool order_parse(const char *text, struct order *order, struct error *error)
{
    order->count = 0;
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",");
        bool descending = *at == '-';
        const struct sort_member *member = NULL;
        for (size_t i = 0; i < ARRAY_COUNT(sort_members); i++)
            if (strlen(sort_members[i].name) == length - descending &&
                memcmp(sort_members[i].name, at + descending, length - descending) == 0)
                member = &sort_members[i];
        if (!member)
            return error_set(error, ERROR_INVALID, "sort: servers have no `%.*s`; there are id, health, cpu, memory, disk, load1 and the other members",
                             (int)(length > 40 ? 40 : length), at);
        if (order->count == SORT_KEYS)
            return error_set(error, ERROR_INVALID, "sort: at most %d fields", SORT_KEYS);
        order->member[order->count] = member;
        order->descending[order->count++] = descending;
        at += length;
        at += *at == ',';
    }
    return true;
}

static double number_of(const struct wire_server *row, const struct sort_member *member)
{
    const void *at = (const char *)row + member->at;
    switch (member->kind) {
    case SORT_NUMBER: return *(const double *)at;
    case SORT_COUNT: return *(const unsigned *)at;
    case SORT_INSTANT: return (double)*(const msec *)at;
    case SORT_HEALTH: return health_rank(row->health);
    default: return row->worst;
    }
}

/* What is not known comes last, whichever way. */
static int compare_rows(const void *left, const void *right, void *owner)
{
    const struct wire_server *a = left, *b = right;
    const struct order *order = owner;
    for (unsigned i = 0; i < order->count; i++) {
        const struct sort_member *member = order->member[i];
        int result;
        if (member->kind == SORT_TEXT) {
            result = text_compare_natural(*(const char *const *)(const void *)((const char *)a + member->at),
                                          *(const char *const *)(const void *)((const char *)b + member->at));
        } else {
            double x = number_of(a, member), y = number_of(b, member);
            if (isnan(x) || isnan(y)) {
                if (isnan(x) != isnan(y))
                    return isnan(x) ? 1 : -1;
                continue;
            }
            result = x < y ? -1 : x > y;
        }
        if (result)
            return order->descending[i] ? -result : result;
    }
    return text_compare_natural(a->id, b->id);
}

/* ---- the list ---- */

struct rows {
    uint32_t *asset;
    struct wire_server *row;
    size_t count, capacity;
    uint32_t population;
};

static void rows_release(struct rows *rows)
{
    free(rows->asset);
    free(rows->row);
}

static void add_asset(struct rows *rows, uint32_t asset)
{
    ARRAY_RESERVE(rows->asset, rows->capacity, rows->count + 1);
    rows->asset[rows->count++] = asset;
}

static bool is_server(const struct fleet *fleet, uint32_t asset)
{
    struct fleet_view view;
    fleet_get(fleet, asset, &view);
    return strcmp(view.row.field[ASSET_kind], "server") == 0;
}

static bool gather(struct request *request, struct rows *rows, struct error *error)
{
    struct api *api = request->api;
    const char *filter = target_get(&request->target, "filter");
    struct fleet_query query = {.filter = "kind:server", .past = request->past};
    struct fleet_result result;
    struct filter *matcher = filter_parse(filter, FILTER_STRICT, request->now, error);
    if (!matcher)
        return false;
    if (!fleet_select(api->fleet, &query, &result, error)) {
        filter_free(&matcher);
        return false;
    }
    struct fleet_subject subject = {.fleet = api->fleet, .past = request->past};
    rows->population = result.total;
    for (uint32_t i = 0; i < result.total; i++) {
        subject.asset = result.assets[i];
        if (filter_match(matcher, &fleet_subject_ops, &subject))
            add_asset(rows, result.assets[i]);
    }
    for (unsigned i = 0; (subject.asset = hosts_at(api->hosts, i)) != FLEET_NONE; i++) {
        if (!fleet_exists(api->fleet, subject.asset) || is_server(api->fleet, subject.asset))
            continue;
        rows->population++;
        if (filter_match(matcher, &fleet_subject_ops, &subject))
            add_asset(rows, subject.asset);
    }
    filter_free(&matcher);
    return true;
}

static void write_rows(struct request *request, struct rows *rows, struct order *order, uint32_t offset, uint32_t limit)
{
    struct wire_page page = {.total = (uint32_t)rows->count, .population = rows->population, .offset = offset};
    struct json_writer writer;
    struct arena *arena = arena_new();
    rows->row = memory_new_array(rows->count + 1, sizeof *rows->row);
    for (size_t i = 0; i < rows->count; i++)
        fill_row(request, rows->asset[i], arena, &rows->row[i]);
    if (rows->count)
        qsort_r(rows->row, rows->count, sizeof *rows->row, compare_rows, order);
    request_page(request, &page);
    page.revision = fleet_revision(request->api->fleet);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (size_t i = offset; i < rows->count && i - offset < limit; i++)
        wire_write_server(&writer, &rows->row[i]);
    wire_list_end(&writer);
    arena_free(&arena);
    request_finish_json(request);
}

/* Of the past twice: first to know whom to load, then with what was loaded. */
static void list_servers(struct request *request)
{
    const char *sort = target_get(&request->target, "sort");
    struct rows rows = {0};
    struct order order;
    struct error error;
    uint32_t offset = 0, limit = LIMIT_DEFAULT;
    if (!target_count(&request->target, "offset", UINT32_MAX, &offset, &error) ||
        !target_count(&request->target, "limit", LIMIT_MAX, &limit, &error) ||
        !order_parse(sort && *sort ? sort : "-health,id", &order, &error) || !gather(request, &rows, &error))
        request_fail(request, &error);
    else if (request->past && !request->state)
        server_then_load(request, rows.asset, (unsigned)rows.count, false, list_servers);
    else
        write_rows(request, &rows, &order, offset, limit);
    rows_release(&rows);
}

void get_servers(struct request *request)
{
    request->replay_at_end = true;
    if (server_has_hosts(request))
        request_at(request, list_servers);
}

/* ---- the page ---- */

static unsigned deviations_now(struct api *api, uint32_t asset, struct host_deviation found[DEVIATIONS_MAX],
                               struct wire_deviation deviations[DEVIATIONS_MAX])
{
    unsigned count = hosts_deviations(api->hosts, asset, found, DEVIATIONS_MAX);
    count = count < DEVIATIONS_MAX ? count : DEVIATIONS_MAX;
    for (unsigned i = 0; i < count; i++)
        deviations[i] = (struct wire_deviation){host_deviation_name(found[i].kind), found[i].point, found[i].evidence, found[i].since};
    return count;
}

static void page_of(struct request *request)
{
    struct api *api = request->api;
    uint32_t asset;
    struct host_deviation found[DEVIATIONS_MAX];
    struct wire_deviation deviations[DEVIATIONS_MAX];
    struct wire_server_page page = {.deviations = deviations};
    struct hosts_expectation expected;
    if (!server_of(request, &asset))
        return;
    if (request->past && !request->state) {
        server_then_load(request, &asset, 1, true, page_of);
        return;
    }
    struct arena *arena = arena_new();
    fill_row(request, asset, arena, &page.server);
    request_page(request, &page.page);
    page.page.revision = hosts_revision(api->hosts, asset);
    hosts_expected(api->hosts, asset, &expected);
    page.logs = (const char **)(uintptr_t)expected.logs;
    page.log_count = expected.log_count;
    page.may_restart = *expected.restart && request->role >= ROLE_OPERATOR;
    page.shell = *expected.shell && request->role >= ROLE_OPERATOR;
    page.attended = hosts_attended(api->hosts, asset);
    if (request->past) {
        page.host = server_then_host(request->state, asset);
        page.deviation_count = server_then_deviations(request->state, asset, deviations, DEVIATIONS_MAX);
        page.endpoint_count = server_then_endpoints(request->state, &page.endpoints);
    } else {
        page.host = hosts_find(api->hosts, asset);
        page.deviation_count = deviations_now(api, asset, found, deviations);
        if (api->applications)
            page.endpoint_count = applications_endpoints(api->applications, asset, NULL, arena, &page.endpoints);
    }
    const char *limit = target_get(&request->target, "limit"), *sort = target_get(&request->target, "sort");
    uint32_t most = HOST_ROWS_MAX;
    struct error error;
    bool good = target_count(&request->target, "limit", HOST_ROWS_MAX, &most, &error) &&
                ((!limit && !sort) || host_cut(&page.host, sort ? sort : "-cpu_percent", most, arena, &error));
    if (good)
        wire_write_server_page(&request->answer, &page);
    arena_free(&arena);
    if (good)
        request_finish_json(request);
    else
        request_fail(request, &error);
}

/* `watch=1` answers at once with what there is; what it asked for comes with the answers that follow. */
void get_server(struct request *request)
{
    struct error error;
    bool watch = false;
    uint32_t asset;
    if (!target_flag(&request->target, "watch", &watch, &error)) {
        request_fail(request, &error);
        return;
    }
    if (!server_of(request, &asset))
        return;
    if (watch && !target_get(&request->target, "at"))
        hosts_attend(request->api->hosts, asset);
    request->replay_at_end = true;
    request_at(request, page_of);
}

/* ---- the network (R198) ---- */

#define DOWN_MAX 100

void get_network(struct request *request)
{
    struct api *api = request->api;
    struct json_writer writer;
    struct buffer down = BUFFER_INIT;
    struct json_writer names;
    uint32_t up = 0, lost = 0, hosts = 0, unexpected = 0, outbound = 0;
    if (!server_has_hosts(request))
        return;
    json_start(&names, &down);
    json_write_array(&names, NULL);
    for (uint32_t asset = 0; asset < fleet_count(api->fleet); asset++) {
        struct fleet_view view;
        if (!fleet_exists(api->fleet, asset))
            continue;
        fleet_get(api->fleet, asset, &view);
        up += view.link == LINK_UP;
        if (view.link == LINK_DOWN && lost++ < DOWN_MAX)
            json_write_text(&names, NULL, view.row.field[ASSET_id]);
    }
    json_write_array_end(&names);
    for (uint32_t asset; (asset = hosts_at(api->hosts, hosts)) != FLEET_NONE; hosts++) {
        struct host_deviation found[DEVIATIONS_MAX];
        unsigned count = hosts_deviations(api->hosts, asset, found, DEVIATIONS_MAX);
        for (unsigned i = 0; i < count && i < DEVIATIONS_MAX; i++) {
            unexpected += found[i].kind == HOST_PORT_UNEXPECTED;
            outbound += found[i].kind == HOST_OUTBOUND;
        }
    }
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "links", up + lost);
    json_write_integer(&writer, "up", up);
    json_write_number(&writer, "rate", up + lost ? (double)up / (up + lost) : NAN);
    json_write_raw(&writer, "down", down.data, down.length);
    json_write_integer(&writer, "hosts", hosts);
    json_write_integer(&writer, "unexpected_ports", unexpected);
    json_write_integer(&writer, "outbound", outbound);
    json_write_instant(&writer, "as_of", clock_wall());
    json_write_object_end(&writer);
    buffer_release(&down);
    request_finish_json(request);
}

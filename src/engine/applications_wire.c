/* Applications as they travel. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/applications_private.h"
#include "wire/applications.h"

static bool is_down(enum part_verdict verdict)
{
    return verdict == PART_CRITICAL || verdict == PART_WARNING;
}

static double latency_of(const struct application *application)
{
    for (unsigned i = 0; i < application->check_count; i++)
        for (unsigned f = 0; f < application->checks[i]->figure_count; f++)
            if (strcmp(application->checks[i]->figures[f].name, "latency_ms") == 0)
                return application->checks[i]->figures[f].value;
    return NAN;
}

/* Established sessions to the ports that its checks ask on watched servers; each port of a server once (R041). */
static double users_of(const struct application *application)
{
    const struct applications *applications = application->applications;
    double users = NAN;
    for (unsigned i = 0; applications->hosts && i < application->check_count; i++) {
        const struct application_check *check = application->checks[i];
        bool again = !check->on[0] || !check->port;
        for (unsigned before = 0; before < i && !again; before++)
            again = strcmp(application->checks[before]->on, check->on) == 0 && application->checks[before]->port == check->port;
        uint32_t asset = again ? FLEET_NONE : fleet_find(applications->fleet, check->on);
        const struct host *host = asset == FLEET_NONE ? NULL : hosts_find(applications->hosts, asset);
        for (unsigned p = 0; host && p < host->port_count; p++)
            if (host->ports[p].port == check->port && host->ports[p].protocol == HOST_TCP)
                users = (isnan(users) ? 0 : users) + host->ports[p].sessions;
    }
    return users;
}

static const char **servers_of(const struct application *application, struct arena *arena, unsigned *count)
{
    const struct applications *applications = application->applications;
    const char **servers = arena_alloc(arena, (application->own_count + 1) * sizeof *servers);
    *count = 0;
    for (unsigned i = 0; i < application->own_count; i++) {
        const char *server = applications->owners[application->own[i]].server;
        bool again = !server;
        for (unsigned s = 0; s < *count && !again; s++)
            again = strcmp(servers[s], server) == 0;
        if (!again)
            servers[(*count)++] = arena_text(arena, server);
    }
    return servers;
}

static void health_fill(const struct application *application, const struct fleet_past *past, struct wire_application *row)
{
    struct fleet_view view;
    row->health = HEALTH_UNKNOWN;
    row->since = CLOCK_NEVER;
    if (application->asset == FLEET_NONE)
        return;
    if (past) {
        struct store_state state;
        fleet_past_get(past, application->asset, &state);
        row->health = state.health;
        row->since = state.from;
        return;
    }
    fleet_get(application->applications->fleet, application->asset, &view);
    row->health = view.health;
    row->since = view.since;
}

void applications_wire(struct application *application, const struct fleet_past *past, struct arena *arena,
                       struct wire_application *row)
{
    const struct part *parts = application->applications->parts;
    char text[240];
    *row = (struct wire_application){.id = arena_text(arena, application->id), .name = arena_text(arena, application->name),
        .subsystem = arena_text(arena, application->subsystem), .contract = arena_text(arena, application->contract),
        .requirement = arena_text(arena, application->requirement), .uptime = NAN, .availability = NAN, .availability_30d = NAN,
        .latency = NAN, .users = NAN, .checks = application->check_count};
    row->servers = servers_of(application, arena, &row->server_count);
    health_fill(application, past, row);
    for (unsigned i = 0; i < application->check_count; i++) {
        row->waiting += application->checks[i]->waits;
        row->failing += !past && is_down(parts[application->checks[i]->part].verdict);
    }
    row->hurts = arena_text(arena, past && application->asset != FLEET_NONE ? "" : application->hurts);
    row->recovery = "";
    if (past)
        return; /* what it measured then is in the history of its metrics */
    struct uptime month = application_uptime(application, &application->month), days30 = application_uptime(application, &application->days30);
    row->availability = uptime_share(&month);
    row->availability_30d = uptime_share(&days30);
    row->uptime = days30.since == CLOCK_NEVER ? NAN : (double)(clock_wall() - days30.since) / 1000;
    row->latency = latency_of(application);
    row->users = users_of(application);
    recovery_text(application, text, sizeof text);
    row->recovery = arena_text(arena, text);
}

/* ---- the page ---- */

struct walk {
    struct application *application;
    struct arena *arena;
    struct wire_application_page *page;
    unsigned room;
};

static const char *part_id(const struct applications *applications, unsigned part)
{
    const struct part_owner_of *owner = &applications->owners[part];
    return owner->check ? owner->check->id : owner->application ? owner->application->id : owner->server;
}

static void fill_restart(const struct application *application, const struct application_check *check, struct arena *arena,
                         struct wire_node *node)
{
    const char *on = NULL, *unit = restart_unit(application, check, &on);
    node->may_restart = unit != NULL;
    node->unit = arena_text(arena, unit);
    node->unit_on = arena_text(arena, unit ? on : NULL);
}

static void fill_check(const struct application_check *check, struct arena *arena, struct wire_node *node)
{
    node->kind = arena_text(arena, check->type);
    node->evidence = arena_text(arena, check->evidence);
    node->asset = arena_text(arena, check->on);
    node->since = check->since;
    node->checked = check->checked;
    fill_restart(check->application, check, arena, node);
    node->figures = arena_alloc(arena, check->figure_count * sizeof *node->figures);
    node->figure_count = check->figure_count;
    for (unsigned i = 0; i < check->figure_count; i++)
        node->figures[i] = (struct wire_figure){arena_text(arena, check->figures[i].name), arena_text(arena, check->figures[i].unit),
                                                check->figures[i].value};
}

static void fill_asset(const struct applications *applications, uint32_t asset, struct arena *arena, struct wire_node *node)
{
    struct fleet_view view;
    char text[160];
    if (asset == FLEET_NONE)
        return;
    fleet_get(applications->fleet, asset, &view);
    snprintf(text, sizeof text, "%s%s%s", health_name(view.health), view.evidence[0] ? ", " : "", view.evidence);
    node->evidence = arena_text(arena, text);
    node->since = view.since;
    node->checked = view.last_heard;
}

static bool node_add(void *owner, unsigned part, unsigned depth)
{
    struct walk *walk = owner;
    const struct applications *applications = walk->application->applications;
    const struct part_owner_of *whose = &applications->owners[part];
    struct arena *arena = walk->arena;
    struct wire_node *node = &walk->page->nodes[walk->page->node_count++];
    *node = (struct wire_node){.id = arena_text(arena, part_id(applications, part)), .name = arena_text(arena, applications_part_name(applications, part)),
        .verdict = part_verdict_name(applications->parts[part].verdict), .evidence = "", .asset = "", .unit = "", .unit_on = "", .depth = depth,
        .cause = part == walk->application->cause, .since = CLOCK_NEVER, .checked = CLOCK_NEVER};
    node->need_count = applications->parts[part].need_count;
    node->needs = arena_alloc(arena, node->need_count * sizeof *node->needs);
    for (unsigned i = 0; i < node->need_count; i++)
        node->needs[i] = arena_text(arena, part_id(applications, applications->parts[part].needs[i]));
    if (whose->check) {
        fill_check(whose->check, arena, node);
    } else if (whose->application) {
        node->kind = "application";
        node->asset = node->id;
        fill_asset(applications, whose->application->asset, arena, node);
        node->evidence = arena_text(arena, whose->application->hurts);
        fill_restart(whose->application, NULL, arena, node);
    } else {
        node->kind = "server";
        node->asset = node->id;
        node->evidence = whose->asset == FLEET_NONE ? "not in the ledger" : "";
        fill_asset(applications, whose->asset, arena, node);
    }
    return walk->page->node_count < walk->room;
}

/* What the parts were then is in the history of the metrics CHECK.verdict; the tree shows what they are. */
static void forget_now(struct wire_application_page *page)
{
    for (unsigned i = 0; i < page->node_count; i++) {
        struct wire_node *node = &page->nodes[i];
        node->verdict = part_verdict_name(PART_UNKNOWN);
        node->evidence = "";
        node->cause = false;
        node->since = node->checked = CLOCK_NEVER;
        node->figure_count = 0;
        node->may_restart = false;
    }
}

void applications_wire_page(struct application *application, const struct fleet_past *past, struct arena *arena,
                            struct wire_application_page *page)
{
    const struct applications *applications = application->applications;
    *page = (struct wire_application_page){.nodes = arena_alloc(arena, (applications->part_count + 1) * sizeof *page->nodes)};
    struct walk walk = {application, arena, page, applications->part_count};
    applications_wire(application, past, arena, &page->application);
    parts_walk(applications->parts, applications->part_count, application->part, node_add, &walk);
    if (past)
        forget_now(page);
    page->recoveries = arena_alloc(arena, (application->row_count + 1) * sizeof *page->recoveries);
    for (unsigned i = 0; i < application->row_count; i++) {
        const struct recovery_row *row = &application->rows[i];
        if (past && row->time > fleet_past_at(past))
            continue;
        page->recoveries[page->recovery_count++] = (struct wire_recovery){row->time, arena_text(arena, row->node), arena_text(arena, row->asset),
                                                                          arena_text(arena, row->unit), arena_text(arena, row->result)};
    }
}

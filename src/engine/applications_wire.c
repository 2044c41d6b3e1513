/* Applications as they travel. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/applications_past.h"
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

void application_count_users(struct application *application, msec now)
{
    struct source *source = application->applications->source;
    if (application->asset == FLEET_NONE || (application->counted != CLOCK_NEVER && now - application->counted < SPAN_MINUTE))
        return;
    struct sink_value value = {.value = users_of(application)};
    if (isnan(value.value))
        return;
    application->counted = now;
    value.metric = source->sink.ops->metric(source->sink.owner, "users", strlen("users"));
    if (value.metric != SINK_NONE)
        source->sink.ops->kept(source->sink.owner, source, application->asset, SINK_NONE, now, &value, 1, NULL, 0);
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

static void health_fill(const struct application *application, struct wire_application *row)
{
    struct fleet_view view;
    row->health = HEALTH_UNKNOWN;
    row->since = CLOCK_NEVER;
    if (application->asset == FLEET_NONE)
        return;
    fleet_get(application->applications->fleet, application->asset, &view);
    row->health = view.health;
    row->since = view.since;
}

static void uptime_fill(struct wire_application *row, const struct uptime *month, const struct uptime *days30, msec until)
{
    row->availability = uptime_share(month);
    row->availability_30d = uptime_share(days30);
    row->uptime = days30->since == CLOCK_NEVER ? NAN : (double)(until - days30->since) / 1000;
}

/* What its servers take in and send, together: its downlink and uplink (R042). */
static void rates_fill(const struct application *application, struct wire_application *row)
{
    const struct applications *applications = application->applications;
    for (unsigned i = 0; applications->hosts && i < row->server_count; i++) {
        uint32_t asset = fleet_find(applications->fleet, row->servers[i]);
        const struct host *host = asset == FLEET_NONE ? NULL : hosts_find(applications->hosts, asset);
        if (!host)
            continue;
        row->in_rate = isnan(row->in_rate) ? host->in_rate : isnan(host->in_rate) ? row->in_rate : row->in_rate + host->in_rate;
        row->out_rate = isnan(row->out_rate) ? host->out_rate : isnan(host->out_rate) ? row->out_rate : row->out_rate + host->out_rate;
    }
}

static void now_fill(struct application *application, struct arena *arena, struct wire_application *row)
{
    struct uptime month = application_uptime(application, &application->month), days30 = application_uptime(application, &application->days30);
    char text[240];
    health_fill(application, row);
    uptime_fill(row, &month, &days30, clock_wall());
    row->hurts = arena_text(arena, application->hurts);
    row->latency = latency_of(application);
    row->users = users_of(application);
    rates_fill(application, row);
    recovery_text(application, text, sizeof text);
    row->recovery = arena_text(arena, text);
}

static void then_fill(const struct applications_past *past, unsigned index, struct arena *arena, struct wire_application *row)
{
    const struct past_whole *whole = &past->wholes[index];
    row->health = whole->health;
    row->since = whole->since;
    uptime_fill(row, &whole->month, &whole->days30, past->at);
    row->hurts = arena_text(arena, whole->hurts);
    row->latency = whole->latency;
    row->users = whole->users;
    row->in_rate = whole->in_rate;
    row->out_rate = whole->out_rate;
    row->recovery = "";
}

void applications_wire(struct application *application, const struct applications_past *past, struct arena *arena,
                       struct wire_application *row)
{
    const struct part *parts = past ? past->verdicts : application->applications->parts;
    *row = (struct wire_application){.id = arena_text(arena, application->id), .name = arena_text(arena, application->name),
        .subsystem = arena_text(arena, application->subsystem), .contract = arena_text(arena, application->contract),
        .requirement = arena_text(arena, application->requirement), .checks = application->check_count, .in_rate = NAN, .out_rate = NAN};
    row->servers = servers_of(application, arena, &row->server_count);
    for (unsigned i = 0; i < application->check_count; i++) {
        row->waiting += application->checks[i]->waits;
        row->failing += is_down(parts[application->checks[i]->part].verdict);
    }
    if (past)
        then_fill(past, application->part, arena, row); /* applications are the first parts, in their order */
    else
        now_fill(application, arena, row);
}

/* ---- the page ---- */

struct walk {
    struct application *application;
    const struct applications_past *past; /* NULL: now */
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

/* The tree is today's; what its parts were, and where it hurt, is the past's. */
static void fill_then(const struct applications_past *past, unsigned part, bool cause, struct arena *arena, struct wire_node *node)
{
    const struct past_part *then = &past->parts[part];
    node->verdict = part_verdict_name(past->verdicts[part].verdict);
    node->evidence = arena_text(arena, then->evidence);
    node->since = then->since;
    node->checked = then->checked;
    node->cause = cause;
    node->may_restart = false;
    node->figure_count = then->figure_count;
    node->figures = arena_alloc(arena, (then->figure_count + 1) * sizeof *node->figures);
    for (unsigned i = 0; i < then->figure_count; i++)
        node->figures[i] = (struct wire_figure){arena_text(arena, then->figures[i].name), arena_text(arena, then->figures[i].unit),
                                                then->figures[i].value};
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
        node->evidence = whose->asset == FLEET_NONE ? N_("not in the ledger") : "";
        fill_asset(applications, whose->asset, arena, node);
    }
    if (walk->past)
        fill_then(walk->past, part, part == walk->past->wholes[walk->application->part].cause, arena, node);
    return walk->page->node_count < walk->room;
}

void applications_wire_page(struct application *application, const struct applications_past *past, struct arena *arena,
                            struct wire_application_page *page)
{
    const struct applications *applications = application->applications;
    *page = (struct wire_application_page){.nodes = arena_alloc(arena, (applications->part_count + 1) * sizeof *page->nodes)};
    struct walk walk = {application, past, arena, page, applications->part_count};
    applications_wire(application, past, arena, &page->application);
    parts_walk(applications->parts, applications->part_count, application->part, node_add, &walk);
    page->recoveries = arena_alloc(arena, (application->row_count + 1) * sizeof *page->recoveries);
    for (unsigned i = 0; i < application->row_count; i++) {
        const struct recovery_row *row = &application->rows[i];
        if (past && row->time > past->at)
            continue;
        page->recoveries[page->recovery_count++] = (struct wire_recovery){row->time, arena_text(arena, row->node), arena_text(arena, row->asset),
                                                                          arena_text(arena, row->unit), arena_text(arena, row->result)};
    }
}

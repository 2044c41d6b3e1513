/* The part of gathering that looks into servers and applications as they were: what ran, who was there, which units had
 * failed within the window, and which part of an application was broken at each of its changes. */
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/memory.h"
#include "engine/alerts_private.h"
#include "engine/applications.h"
#include "engine/capsule_gather.h"
#include "engine/fleet.h"
#include "engine/hosts.h"
#include "model/host_keep.h"
#include "model/host_members.h"

#define SERVERS_MOST 12
#define APPLICATIONS_MOST 12
#define MOMENTS_MOST 60 /* of one application */

struct gather_nodes {
    struct gather *gather;
    uint32_t servers[SERVERS_MOST];            /* places among the capsule's assets */
    unsigned server_count, server, window;     /* how far it is */
    char *applications[APPLICATIONS_MOST];     /* ids */
    unsigned application_count, application;
    msec moments[2 * MOMENTS_MOST + 3];
    unsigned moment_count, moment;
    struct fleet_past *past;                   /* of the moment at hand */
    struct intern *texts;                      /* of lists, as they were; the same ones come again and again */
    const char **redacted;                     /* by their number */
    size_t redacted_capacity;
    bool full;
};

static void next_server(struct gather_nodes *nodes);
static void next_application(struct gather_nodes *nodes);
static void next_moment(struct gather_nodes *nodes);

void gather_nodes_free(struct gather_nodes **held)
{
    struct gather_nodes *nodes = *held;
    if (!nodes)
        return;
    for (unsigned i = 0; i < nodes->application_count; i++)
        free(nodes->applications[i]);
    fleet_past_release(nodes->past);
    intern_free(&nodes->texts);
    free(nodes->redacted);
    free(nodes);
    *held = NULL;
}

/* ---- which ---- */

static void pick_application(struct gather_nodes *nodes, struct application *application)
{
    struct gather *gather = nodes->gather;
    struct arena *arena = arena_new();
    struct wire_application row;
    applications_wire(application, NULL, arena, &row);
    for (unsigned i = 0; i < nodes->application_count; i++)
        if (strcmp(nodes->applications[i], row.id) == 0) {
            arena_free(&arena);
            return;
        }
    if (nodes->application_count == APPLICATIONS_MOST) {
        gather_left_out(gather, "application %s", row.id);
    } else {
        nodes->applications[nodes->application_count++] = memory_text(row.id);
        gather_asset(gather, application_asset(application));
        for (unsigned i = 0; i < row.server_count; i++)
            gather_asset(gather, fleet_find(gather->parts.fleet, row.servers[i]));
    }
    arena_free(&arena);
}

static bool stands_on(struct application *application, const char *id)
{
    struct arena *arena = arena_new();
    struct wire_application row;
    bool stands = false;
    applications_wire(application, NULL, arena, &row);
    for (unsigned i = 0; i < row.server_count && !stands; i++)
        stands = strcmp(row.servers[i], id) == 0;
    arena_free(&arena);
    return stands;
}

static void pick_applications(struct gather_nodes *nodes, uint32_t asset)
{
    struct applications *applications = nodes->gather->parts.applications;
    struct fleet_view view;
    if (asset == FLEET_NONE || !fleet_exists(nodes->gather->parts.fleet, asset))
        return;
    fleet_get(nodes->gather->parts.fleet, asset, &view);
    const char *id = view.row.field[ASSET_id];
    for (unsigned i = 0; applications && i < applications_count(applications); i++) {
        struct application *application = applications_at(applications, i);
        if (application_asset(application) == asset || stands_on(application, id))
            pick_application(nodes, application);
    }
}

void gather_nodes_pick(struct gather *gather, const struct alert *alert)
{
    if (!gather->parts.hosts && !gather->parts.applications)
        return;
    const struct alert *cause = alert_cause(gather->parts.alerts, alert);
    struct gather_nodes *nodes = gather->nodes = memory_new(sizeof *nodes);
    nodes->gather = gather;
    nodes->texts = intern_new();
    pick_applications(nodes, alert->asset);
    if (cause)
        pick_applications(nodes, cause->asset);
    for (size_t i = 0; gather->parts.hosts && i < gather->handle_count; i++) {
        if (!hosts_find(gather->parts.hosts, gather->handles[i]))
            continue;
        if (nodes->server_count == SERVERS_MOST) {
            gather_left_out(gather, "what ran on %s", gather->capsule->assets[i].field[ASSET_id]);
            break;
        }
        nodes->servers[nodes->server_count++] = (uint32_t)i;
    }
}

/* ---- servers ---- */

static const char *redacted(struct gather_nodes *nodes, const char *text)
{
    size_t length = strlen(text);
    if (!length)
        return "";
    uint32_t before = intern_count(nodes->texts);
    intern_bytes(nodes->texts, text, (uint32_t)length);
    uint32_t id = intern_find(nodes->texts, text, length);
    if (intern_count(nodes->texts) > before) {
        ARRAY_RESERVE(nodes->redacted, nodes->redacted_capacity, id + 1u);
        nodes->redacted[id] = capsule_text(nodes->gather->capsule, text);
    }
    return nodes->redacted[id];
}

#define COPY_TEXT(member) copy->member = redacted(nodes, copy->member);
#define COPY_NUMBER(member)
#define COPY_COUNT(member)
#define COPY_PID(member)
#define COPY_FLAG(member)
#define COPY_INSTANT(member)
#define COPY_LETTER(member)
#define COPY_PROTOCOL(member)
#define COPY(kind, member) COPY_##kind(member)

/* Into the capsule's arena, without secrets (command lines have them). */
static const struct host *host_copy(struct gather_nodes *nodes, const struct host *host)
{
    struct capsule *capsule = nodes->gather->capsule;
    struct host *kept = arena_alloc(capsule->arena, sizeof *kept);
    *kept = *host;
#define X(one, many)                                                                            \
    kept->many = arena_alloc(capsule->arena, (host->one##_count + 1) * sizeof *kept->many);     \
    for (unsigned i = 0; i < host->one##_count; i++) {                                          \
        struct host_##one *copy = &kept->many[i];                                               \
        *copy = host->many[i];                                                                  \
        HOST_##one##_MEMBERS(COPY)                                                              \
    }                                                                                           \
    capsule->kept_rows += host->one##_count;
    HOST_LISTS(X)
#undef X
    return kept;
}

static bool is_there(const struct capsule *capsule, const char *asset, unsigned lists, msec time)
{
    for (size_t i = capsule->kept_count; i-- > 0 && capsule->kept[i].asset == asset;)
        if (capsule->kept[i].host->lists == lists && capsule->kept[i].time == time)
            return true;
    return false;
}

static void add_kept(struct gather_nodes *nodes, const struct host *host, msec time)
{
    struct capsule *capsule = nodes->gather->capsule;
    const char *asset = capsule->assets[nodes->servers[nodes->server]].field[ASSET_id];
    if (capsule->kept_count >= CAPSULE_KEPT_MOST || capsule->kept_rows + HOST_KEEP_ROWS > CAPSULE_KEPT_ROWS_MOST) {
        if (!nodes->full)
            gather_left_out(nodes->gather, "what ran on %s", asset);
        nodes->full = true;
        return;
    }
    if (is_there(capsule, asset, host->lists, time))
        return;
    ARRAY_RESERVE(capsule->kept, capsule->kept_capacity, capsule->kept_count + 1);
    capsule->kept[capsule->kept_count++] = (struct wire_kept){asset, time, host_copy(nodes, host)};
}

/* One list's records: what stood at the window's beginning, and each change within it. */
static void add_list(struct gather_nodes *nodes, const struct store_kept *rows, size_t count, msec from)
{
    struct host *host = NULL;
    for (size_t i = 0; i < count; i++) {
        struct error error;
        struct host *next = host_keep_apply(host, (enum host_list)rows[i].list, i > 0 ? rows[i].time - rows[i - 1].time : 0,
                                            rows[i].bytes, rows[i].length, &error);
        host_free(&host);
        host = next;
        bool stands = i + 1 == count || rows[i + 1].time > from;
        if (host && stands)
            add_kept(nodes, host, rows[i].time);
    }
    host_free(&host);
}

static struct gather_window window_of(const struct gather_nodes *nodes)
{
    const struct gather *gather = nodes->gather;
    if (nodes->window < gather->window_count)
        return gather->windows[nodes->window];
    return (struct gather_window){gather->capsule->taken_at, gather->capsule->taken_at}; /* how it is when it is carried away */
}

static void kept_came(void *owner, const struct store_kept *rows, size_t count, const struct error *error)
{
    struct gather_nodes *nodes = owner;
    if (!gather_goes_on(nodes->gather, error))
        return;
    for (size_t at = 0; at < count;) {
        size_t end = at;
        while (end < count && rows[end].list == rows[at].list)
            end++;
        if (rows[at].list < HOST_LIST_COUNT && host_keeps((enum host_list)rows[at].list))
            add_list(nodes, rows + at, end - at, window_of(nodes).from);
        at = end;
    }
    nodes->window++;
    next_server(nodes);
}

static void next_server(struct gather_nodes *nodes)
{
    struct gather *gather = nodes->gather;
    if (nodes->window > gather->window_count) {
        nodes->window = 0;
        nodes->server++;
    }
    if (nodes->server >= nodes->server_count || nodes->full) {
        next_application(nodes);
        return;
    }
    struct gather_window window = window_of(nodes);
    uint32_t key = fleet_store_key(gather->parts.fleet, gather->handles[nodes->servers[nodes->server]]);
    store_kept(gather->parts.store, &key, 1, window.from, window.to, kept_came, nodes);
}

/* ---- applications ---- */

static void redact_page(struct capsule *capsule, struct wire_application_page *page)
{
    page->application.hurts = capsule_text(capsule, page->application.hurts);
    page->application.recovery = capsule_text(capsule, page->application.recovery);
    for (unsigned i = 0; i < page->node_count; i++) {
        page->nodes[i].name = capsule_text(capsule, page->nodes[i].name);
        page->nodes[i].evidence = capsule_text(capsule, page->nodes[i].evidence);
        page->nodes[i].may_restart = false;
    }
    for (unsigned i = 0; i < page->recovery_count; i++)
        page->recoveries[i].result = capsule_text(capsule, page->recoveries[i].result);
}

static void then_came(void *owner, struct applications_past *past, const struct error *error)
{
    struct gather_nodes *nodes = owner;
    struct gather *gather = nodes->gather;
    struct capsule *capsule = gather->capsule;
    struct application *application = error || gather->cancelled ? NULL
        : applications_find(gather->parts.applications, nodes->applications[nodes->application]);
    if (application && capsule->applications_count < CAPSULE_PAGES_MOST && capsule->nodes < CAPSULE_NODES_MOST) {
        struct wire_application_page page;
        applications_wire_page(application, past, capsule->arena, &page);
        page.page.as_of = nodes->moments[nodes->moment];
        page.page.past = true;
        redact_page(capsule, &page);
        capsule->nodes += page.node_count + page.recovery_count;
        ARRAY_RESERVE(capsule->applications, capsule->applications_capacity, capsule->applications_count + 1);
        capsule->applications[capsule->applications_count++] = page;
    }
    applications_past_release(past);
    if (!gather_goes_on(gather, error))
        return;
    fleet_past_release(nodes->past);
    nodes->past = NULL;
    nodes->moment++;
    next_moment(nodes);
}

static void fleet_came(void *owner, struct fleet_past *past, const struct error *error)
{
    struct gather_nodes *nodes = owner;
    if (!gather_goes_on(nodes->gather, error)) {
        fleet_past_release(past);
        return;
    }
    nodes->past = past;
    applications_past_load(nodes->gather->parts.applications, past, then_came, nodes);
}

static void next_moment(struct gather_nodes *nodes)
{
    if (nodes->moment < nodes->moment_count) {
        fleet_past_load(nodes->gather->parts.fleet, nodes->moments[nodes->moment], fleet_came, nodes);
        return;
    }
    nodes->application++;
    next_application(nodes);
}

static int compare_moments(const void *left, const void *right)
{
    msec a = *(const msec *)left, b = *(const msec *)right;
    return (a > b) - (a < b);
}

static void changes_came(void *owner, const struct store_node *rows, size_t count, const struct error *error)
{
    struct gather_nodes *nodes = owner;
    struct capsule *capsule = nodes->gather->capsule;
    if (!gather_goes_on(nodes->gather, error))
        return;
    if (count >= MOMENTS_MOST)
        gather_left_out(nodes->gather, "changes of %s after its first %d", nodes->applications[nodes->application], MOMENTS_MOST);
    msec all[2 * MOMENTS_MOST + 3] = {capsule->from, capsule->moment, capsule->taken_at};
    unsigned some = 3;
    for (size_t i = 0; i < count && some < MOMENTS_MOST + 3; i++)
        all[some++] = rows[i].from;
    for (size_t i = 0; i < capsule->states_count && some < ARRAY_COUNT(all); i++) { /* it follows its parts a moment later */
        const struct store_state *state = &capsule->states[i];
        const char *id = capsule->assets[state->asset].field[ASSET_id];
        if (strcmp(id, nodes->applications[nodes->application]) == 0 && state->from >= capsule->from)
            all[some++] = state->from;
    }
    qsort(all, some, sizeof *all, compare_moments);
    nodes->moment = nodes->moment_count = 0;
    for (unsigned i = 0; i < some; i++)
        if (all[i] <= capsule->taken_at && (!nodes->moment_count || nodes->moments[nodes->moment_count - 1] < all[i]))
            nodes->moments[nodes->moment_count++] = all[i];
    next_moment(nodes);
}

static void next_application(struct gather_nodes *nodes)
{
    struct gather *gather = nodes->gather;
    if (nodes->application >= nodes->application_count) {
        gather_audit(gather);
        return;
    }
    char *prefix = memory_printf("%s/", nodes->applications[nodes->application]);
    store_nodes_between(gather->parts.store, prefix, gather->capsule->from, gather->capsule->taken_at, MOMENTS_MOST,
                        changes_came, nodes);
    free(prefix);
}

void gather_nodes_take(struct gather *gather)
{
    if (gather->nodes)
        next_server(gather->nodes);
    else
        gather_audit(gather);
}

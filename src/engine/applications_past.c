/* Applications at an instant of the past: what each part was, from the rows of its changes and the figures it left, and
 * from these what each application was and where it hurt. Nothing of it is searched again for who looks at the same
 * instant. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "engine/applications_past.h"

#define SETTLED (2 * SPAN_SECOND) /* younger moments may still gain rows; they are not kept */
#define SEARCH (25 * SPAN_HOUR)   /* how far back a figure is looked for; a check asks at least once a day */
#define FRESH (10 * SPAN_MINUTE)  /* what a server told of its sessions */

/* ---- what was asked of the store ---- */

struct availability { char *id; struct uptime month, days30; };

struct loading {
    struct applications *applications;
    const struct fleet_past *fleet;
    msec at;
    unsigned pending;
    struct error error;
    struct store_last *lasts;        /* by asset and metric */
    size_t last_count;
    struct store_node *nodes;        /* by id; texts in `arena` */
    size_t node_count;
    struct availability *availability;
    unsigned availability_count;
    struct arena *arena;
    applications_past_done *done;
    void *owner;
};

struct asked { struct loading *loading; unsigned application; };

/* ---- parts ---- */

static msec patience(const struct application_check *check)
{
    msec three = 3 * check->interval;
    return three > 3 * SPAN_MINUTE ? three : 3 * SPAN_MINUTE;
}

static int compare_nodes(const void *left, const void *right)
{
    return strcmp(((const struct store_node *)left)->id, ((const struct store_node *)right)->id);
}

static const struct store_node *node_find(const struct loading *loading, const char *id)
{
    const struct store_node wanted = {.id = id};
    return loading->node_count ? bsearch(&wanted, loading->nodes, loading->node_count, sizeof wanted, compare_nodes) : NULL;
}

static int compare_lasts(const void *left, const void *right)
{
    const struct store_last *a = left, *b = right;
    return a->asset != b->asset ? (a->asset > b->asset) - (a->asset < b->asset) : (a->metric > b->metric) - (a->metric < b->metric);
}

static const struct store_last *last_find(const struct loading *loading, uint32_t key, uint32_t metric)
{
    const struct store_last wanted = {.asset = key, .metric = metric};
    return loading->last_count ? bsearch(&wanted, loading->lasts, loading->last_count, sizeof wanted, compare_lasts) : NULL;
}

/* The figures CHECK.NAME, as they were told last before the instant. */
static void figures_take(const struct loading *loading, const struct application_check *check, struct past_part *part)
{
    const struct fleet *fleet = loading->applications->fleet;
    uint32_t key = fleet_store_key(fleet, check->application->asset);
    char name[96];
    part->figures = arena_alloc(loading->arena, (check->figure_count + 1) * sizeof *part->figures);
    for (unsigned i = 0; i < check->figure_count; i++) {
        snprintf(name, sizeof name, "%s.%s", check->name, check->figures[i].name);
        uint32_t metric = fleet_metric_key(fleet, name);
        const struct store_last *last = metric == FLEET_NONE ? NULL : last_find(loading, key, metric);
        if (!last || loading->at - last->reading.time > patience(check))
            continue;
        part->figures[part->figure_count] = check->figures[i];
        part->figures[part->figure_count++].value = last->reading.value;
    }
}

/* "latency 42 ms, certificate 61 d": what was well says how well by its figures. */
static const char *figures_say(struct arena *arena, const struct past_part *part)
{
    char text[160] = "";
    size_t used = 0;
    for (unsigned i = 0; i < part->figure_count && i < 3 && used + 60 < sizeof text; i++) {
        const struct check_figure *figure = &part->figures[i];
        size_t length = strlen(figure->name), unit = strlen(figure->unit);
        if (unit && length > unit + 1 && figure->name[length - unit - 1] == '_' && strcmp(figure->name + length - unit, figure->unit) == 0)
            length -= unit + 1;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s %.3g%s%s", i ? ", " : "", (int)length, figure->name,
                                 figure->value, unit ? " " : "", figure->unit);
    }
    return arena_text(arena, text);
}

static enum part_verdict check_then(const struct loading *loading, const struct application_check *check, struct past_part *part)
{
    const struct fleet *fleet = loading->applications->fleet;
    const struct store_node *node = node_find(loading, check->id);
    const struct store_last *told = NULL;
    struct store_state state;
    char name[96];
    if (check->waits) {
        part->evidence = N_("waiting for an address");
        return PART_WAITING;
    }
    snprintf(name, sizeof name, "%s.verdict", check->name);
    uint32_t metric = fleet_metric_key(fleet, name);
    if (metric != FLEET_NONE && check->application->asset != FLEET_NONE)
        told = last_find(loading, fleet_store_key(fleet, check->application->asset), metric);
    if (told && loading->at - told->reading.time > patience(check))
        told = NULL;
    fleet_past_get(loading->fleet, check->application->asset, &state);
    /* Older figures are not kept; then what it last became holds, if its application was watched. */
    if (!told && (!node || state.health == HEALTH_UNKNOWN || check->application->asset == FLEET_NONE)) {
        part->evidence = N_("not watched then");
        return PART_UNKNOWN;
    }
    int verdict = told ? (int)told->reading.value : node->verdict;
    bool same = node && node->verdict == verdict;
    part->checked = told ? told->reading.time : CLOCK_NEVER;
    part->since = same ? node->from : CLOCK_NEVER;
    figures_take(loading, check, part);
    part->evidence = verdict == PART_OK ? figures_say(loading->arena, part) : same ? node->evidence : "";
    return verdict >= PART_OK && verdict <= PART_UNKNOWN ? (enum part_verdict)verdict : PART_UNKNOWN;
}

static enum part_verdict server_then(const struct loading *loading, const struct part_owner_of *owner, struct past_part *part)
{
    struct store_state state;
    uint32_t asset = fleet_find(loading->applications->fleet, owner->server);
    if (asset == FLEET_NONE) {
        part->evidence = N_("not in the ledger");
        return PART_UNKNOWN;
    }
    fleet_past_get(loading->fleet, asset, &state);
    part->since = state.from;
    part->evidence = health_name(state.health);
    bool down = state.health == HEALTH_OFFLINE || state.health == HEALTH_UNREACHABLE;
    return down ? PART_CRITICAL : state.health == HEALTH_UNKNOWN ? PART_UNKNOWN : PART_OK;
}

/* ---- applications ---- */

static const char *hurts_then(const struct applications_past *past, const struct application *application, const struct past_whole *whole)
{
    const struct applications *applications = application->applications;
    char raw[512] = "", text[240], when[INSTANT_TEXT];
    enum part_verdict verdict = past->verdicts[application->part].verdict;
    if (verdict == PART_WAITING || !application->check_count)
        return N_("waiting for an address");
    if (verdict == PART_UNKNOWN)
        for (unsigned i = 0; i < application->check_count && !raw[0]; i++) {
            const struct application_check *check = application->checks[i];
            if (past->verdicts[check->part].verdict == PART_UNKNOWN)
                snprintf(raw, sizeof raw, N_("not known: %s: %s"), check->title, past->parts[check->part].evidence);
        }
    if (verdict != PART_UNKNOWN && whole->cause != PARTS_NONE) {
        const struct part_owner_of *owner = &applications->owners[whole->cause];
        const struct past_part *part = &past->parts[whole->cause];
        const struct application_check *check = owner->check;
        bool foreign = check && check->application != application;
        if (owner->server)
            snprintf(raw, sizeof raw, N_("server %s: %s since %s%s%s"), owner->server, part->evidence,
                     instant_format_short(when, part->since, past->at), "", "");
        else if (check)
            snprintf(raw, sizeof raw, "%s%s%s%s%s: %s", foreign ? check->application->name : "", foreign ? " / " : "", check->title,
                     check->on[0] ? " on " : "", check->on, part->evidence);
    }
    text_clean_into(text, sizeof text, raw, strlen(raw));
    return arena_text(past->arena, text);
}

/* Each port of a server once, as live. */
static double users_then(const struct loading *loading, const struct application *application)
{
    const struct fleet *fleet = loading->applications->fleet;
    double users = NAN;
    for (unsigned i = 0; i < application->check_count; i++) {
        const struct application_check *check = application->checks[i];
        bool again = !check->on[0] || !check->port;
        char name[32];
        for (unsigned before = 0; before < i && !again; before++)
            again = strcmp(application->checks[before]->on, check->on) == 0 && application->checks[before]->port == check->port;
        uint32_t asset = again ? FLEET_NONE : fleet_find(fleet, check->on);
        snprintf(name, sizeof name, "sessions_%u", check->port);
        uint32_t metric = asset == FLEET_NONE ? FLEET_NONE : fleet_metric_key(fleet, name);
        const struct store_last *last = metric == FLEET_NONE ? NULL : last_find(loading, fleet_store_key(fleet, asset), metric);
        if (last && loading->at - last->reading.time <= FRESH)
            users = (isnan(users) ? 0 : users) + last->reading.value;
    }
    return users;
}

/* Of its servers together, each once. */
static double rate_then(const struct loading *loading, const struct application *application, const char *metric)
{
    const struct applications *applications = application->applications;
    uint32_t number = fleet_metric_key(applications->fleet, metric);
    double rate = NAN;
    for (unsigned i = 0; number != FLEET_NONE && i < application->own_count; i++) {
        const char *server = applications->owners[application->own[i]].server;
        bool again = !server;
        for (unsigned before = 0; before < i && !again; before++)
            again = applications->owners[application->own[before]].server &&
                    strcmp(applications->owners[application->own[before]].server, server) == 0;
        uint32_t asset = again ? FLEET_NONE : fleet_find(applications->fleet, server);
        const struct store_last *last = asset == FLEET_NONE ? NULL : last_find(loading, fleet_store_key(applications->fleet, asset), number);
        if (last && loading->at - last->reading.time <= FRESH)
            rate = (isnan(rate) ? 0 : rate) + last->reading.value;
    }
    return rate;
}

static void whole_take(const struct loading *loading, struct applications_past *past, const struct application *application,
                       struct past_whole *whole)
{
    struct store_state state;
    *whole = (struct past_whole){.health = HEALTH_UNKNOWN, .since = CLOCK_NEVER, .latency = NAN, .users = NAN, .in_rate = NAN, .out_rate = NAN,
                                 .month = {.since = CLOCK_NEVER}, .days30 = {.since = CLOCK_NEVER}};
    whole->cause = parts_cause(past->verdicts, past->part_count, application->part);
    whole->hurts = hurts_then(past, application, whole);
    past->parts[application->part] = (struct past_part){.since = CLOCK_NEVER, .checked = CLOCK_NEVER, .evidence = whole->hurts};
    if (application->asset == FLEET_NONE)
        return;
    fleet_past_get(loading->fleet, application->asset, &state);
    whole->health = state.health;
    whole->since = past->parts[application->part].since = state.from;
    whole->users = users_then(loading, application);
    whole->in_rate = rate_then(loading, application, "net_in_bytes_per_second");
    whole->out_rate = rate_then(loading, application, "net_out_bytes_per_second");
    for (unsigned i = 0; i < application->check_count && isnan(whole->latency); i++) {
        const struct past_part *check = &past->parts[application->checks[i]->part];
        for (unsigned f = 0; f < check->figure_count; f++)
            if (strcmp(check->figures[f].name, "latency_ms") == 0)
                whole->latency = check->figures[f].value;
    }
    for (unsigned i = 0; i < loading->availability_count; i++)
        if (strcmp(loading->availability[i].id, application->id) == 0) {
            whole->month = loading->availability[i].month;
            whole->days30 = loading->availability[i].days30;
        }
}

static struct applications_past *past_make(struct loading *loading)
{
    const struct applications *applications = loading->applications;
    struct applications_past *past = memory_new(sizeof *past);
    past->references = 1;
    past->at = loading->at;
    past->arena = loading->arena;
    past->part_count = applications->part_count;
    past->verdicts = memory_new_array(past->part_count + 1u, sizeof *past->verdicts);
    past->parts = memory_new_array(past->part_count + 1u, sizeof *past->parts);
    past->wholes = memory_new_array(applications->count + 1u, sizeof *past->wholes);
    for (unsigned i = 0; i < past->part_count; i++) {
        past->verdicts[i] = applications->parts[i]; /* its needs are the plan's */
        past->parts[i] = (struct past_part){.since = CLOCK_NEVER, .checked = CLOCK_NEVER, .evidence = ""};
    }
    for (unsigned i = applications->count; i < past->part_count; i++) {
        const struct part_owner_of *owner = &applications->owners[i];
        past->verdicts[i].verdict = owner->check ? check_then(loading, owner->check, &past->parts[i])
                                                 : server_then(loading, owner, &past->parts[i]);
    }
    for (unsigned i = 0; i < applications->count; i++) {
        const struct application *application = applications->items[i];
        past->verdicts[application->part].verdict = parts_fold(past->verdicts, application->own, application->own_count);
    }
    for (unsigned i = 0; i < applications->count; i++)
        whole_take(loading, past, applications->items[i], &past->wholes[i]);
    loading->arena = NULL; /* changed hands */
    return past;
}

/* ---- keeping ---- */

void applications_past_release(struct applications_past *past)
{
    if (!past || --past->references)
        return;
    arena_free(&past->arena);
    free(past->verdicts);
    free(past->parts);
    free(past->wholes);
    free(past);
}

void applications_past_forget(struct applications *applications)
{
    for (unsigned i = 0; i < PASTS_KEPT; i++) {
        applications_past_release(applications->pasts[i]);
        applications->pasts[i] = NULL;
    }
}

static void keep(struct applications *applications, struct applications_past *past)
{
    applications_past_release(applications->pasts[PASTS_KEPT - 1]);
    memmove(applications->pasts + 1, applications->pasts, (PASTS_KEPT - 1) * sizeof(struct applications_past *));
    applications->pasts[0] = past;
    past->references++;
}

/* ---- loading ---- */

static void loading_free(struct loading *loading)
{
    for (unsigned i = 0; i < loading->availability_count; i++)
        free(loading->availability[i].id);
    free(loading->availability);
    free(loading->lasts);
    free(loading->nodes);
    arena_free(&loading->arena);
    free(loading);
}

static void part_came(struct loading *loading, const struct error *error)
{
    struct applications *applications = loading->applications;
    if (error && loading->error.code == ERROR_NONE)
        loading->error = *error;
    if (--loading->pending)
        return;
    struct applications_past *past = NULL;
    if (applications->closing)
        error_set(&loading->error, ERROR_UNAVAILABLE, "the daemon is ending");
    if (loading->error.code == ERROR_NONE)
        past = past_make(loading);
    if (past && loading->at < clock_wall() - SETTLED)
        keep(applications, past);
    loading->done(loading->owner, past, past ? NULL : &loading->error);
    loading_free(loading);
    applications_release(applications);
}

static void lasts_came(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct loading *loading = owner;
    loading->lasts = memory_new_array(count + 1, sizeof *rows);
    if (count)
        memcpy(loading->lasts, rows, count * sizeof *rows);
    loading->last_count = count;
    if (count > 1)
        qsort(loading->lasts, count, sizeof *loading->lasts, compare_lasts);
    part_came(loading, error);
}

static void nodes_came(void *owner, const struct store_node *rows, size_t count, const struct error *error)
{
    struct loading *loading = owner;
    loading->nodes = memory_new_array(count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        loading->nodes[i] = rows[i];
        loading->nodes[i].id = arena_text(loading->arena, rows[i].id);
        loading->nodes[i].evidence = arena_text(loading->arena, rows[i].evidence);
    }
    loading->node_count = count;
    if (count > 1)
        qsort(loading->nodes, count, sizeof *loading->nodes, compare_nodes);
    part_came(loading, error);
}

static void states_came(void *owner, const struct store_interval *rows, size_t count, const struct error *error)
{
    struct asked *asked = owner;
    struct loading *loading = asked->loading;
    struct availability *availability = &loading->availability[asked->application];
    application_reckoned(rows, count, loading->at, &availability->month, &availability->days30);
    free(asked);
    part_came(loading, error);
}

static void ask_figures(struct loading *loading)
{
    const struct applications *applications = loading->applications;
    unsigned count = 0, servers = applications->part_count - applications->server_first;
    uint32_t *keys = memory_new_array(applications->count + servers + 1u, sizeof *keys);
    for (unsigned i = 0; i < applications->count; i++)
        if (applications->items[i]->asset != FLEET_NONE)
            keys[count++] = fleet_store_key(applications->fleet, applications->items[i]->asset);
    for (unsigned i = applications->server_first; i < applications->part_count; i++) {
        uint32_t asset = fleet_find(applications->fleet, applications->owners[i].server);
        if (asset != FLEET_NONE)
            keys[count++] = fleet_store_key(applications->fleet, asset);
    }
    store_lasts_at(applications->store, keys, count, loading->at - SEARCH, loading->at, lasts_came, loading);
    free(keys);
}

static void ask_availability(struct loading *loading)
{
    const struct applications *applications = loading->applications;
    loading->availability = memory_new_array(applications->count + 1u, sizeof *loading->availability);
    for (unsigned i = 0; i < applications->count; i++) {
        const struct application *application = applications->items[i];
        if (application->asset == FLEET_NONE)
            continue;
        struct asked *asked = memory_new(sizeof *asked);
        *asked = (struct asked){loading, loading->availability_count};
        loading->availability[loading->availability_count++].id = memory_text(application->id);
        loading->pending++;
        store_states(applications->store, fleet_store_key(applications->fleet, application->asset),
                     application_reckons_from(loading->at), loading->at, states_came, asked);
    }
}

void applications_past_load(struct applications *applications, const struct fleet_past *fleet, applications_past_done *done,
                            void *owner)
{
    msec at = fleet_past_at(fleet);
    for (unsigned i = 0; i < PASTS_KEPT; i++)
        if (applications->pasts[i] && applications->pasts[i]->at == at) {
            applications->pasts[i]->references++;
            done(owner, applications->pasts[i], NULL);
            return;
        }
    struct loading *loading = memory_new(sizeof *loading);
    *loading = (struct loading){.applications = applications, .fleet = fleet, .at = at, .pending = 2, .arena = arena_new(),
                                .done = done, .owner = owner};
    applications_hold(applications);
    ask_figures(loading);
    store_nodes_at(applications->store, at, nodes_came, loading);
    ask_availability(loading);
}

/* ---- what is written for it ---- */

static void written(void *owner, const struct error *error)
{
    (void)error; /* the store tells its own troubles; what is lost is one instant of the past */
    applications_release(owner);
}

void application_node_changed(const struct application_check *check, enum part_verdict verdict)
{
    struct applications *applications = check->application->applications;
    struct store_action *action = store_action_new(applications->store, "system", "node", check->id, "");
    store_action_quiet(action);
    store_action_node(action, &(struct store_node){check->id, check->checked, (int)verdict, check->evidence});
    applications_hold(applications);
    store_action_commit(action, written, applications);
}

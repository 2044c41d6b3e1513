/* Hosts at an instant of the past, from the readings that were stored of them and what was kept beside these. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/hosts_private.h"
#include "model/host_keep.h"
#include "store/store.h"

#define SETTLED (2 * SPAN_SECOND)  /* younger moments may still gain readings; they are not kept */
#define SEARCH (25 * SPAN_HOUR)    /* how far back the last answer is looked for */
#define BESIDE (15 * SPAN_MINUTE)  /* a disk or an interface that told nothing for so long before the last answer was gone */
#define SLOW (3 * SPAN_HOUR)       /* what is asked seldom */
#define PROCESSES_FOR (10 * SPAN_MINUTE) /* before the last answer; what used most earlier says nothing of then */

struct past_host { uint32_t asset; struct host *host; struct host_figure *figures; unsigned count; };

struct hosts_past {
    unsigned references;
    msec at;
    bool lists;
    struct past_host *hosts;       /* by asset */
    unsigned count;
};

struct loading {
    struct hosts *hosts;           /* NULL: gone meanwhile */
    struct loading *next, **link;
    struct hosts_past *past;
    hosts_past_done *done;
    void *owner;
    unsigned pending;              /* answers of the store */
    struct host **kept;            /* each host's lists, as past->hosts; NULL: none is asked for */
    msec *processes_at;
    struct error error;
};

/* ---- reading it ---- */

static int compare_hosts(const void *left, const void *right)
{
    uint32_t a = ((const struct past_host *)left)->asset, b = ((const struct past_host *)right)->asset;
    return (a > b) - (a < b);
}

static const struct past_host *past_find(const struct hosts_past *past, uint32_t asset)
{
    const struct past_host wanted = {.asset = asset};
    return past->count ? bsearch(&wanted, past->hosts, past->count, sizeof wanted, compare_hosts) : NULL;
}

const struct host *hosts_past_find(const struct hosts_past *past, uint32_t asset)
{
    const struct past_host *found = past_find(past, asset);
    return found ? found->host : NULL;
}

double hosts_past_figure(const struct hosts_past *past, uint32_t asset, const char *metric)
{
    const struct past_host *found = past_find(past, asset);
    for (unsigned i = 0; found && i < found->count; i++)
        if (strcmp(found->figures[i].name, metric) == 0)
            return found->figures[i].value;
    return NAN;
}

void hosts_past_release(struct hosts_past *past)
{
    if (!past || --past->references)
        return;
    for (unsigned i = 0; i < past->count; i++) {
        host_free(&past->hosts[i].host);
        free(past->hosts[i].figures);
    }
    free(past->hosts);
    free(past);
}

/* ---- making it ---- */

static bool comes_and_goes(const char *metric)
{
    return strncmp(metric, "disk_", 5) == 0 || strncmp(metric, "inodes_", 7) == 0 || strncmp(metric, "net_", 4) == 0;
}

/* The rows of one asset; names are those of its live values, since the store knows numbers only. */
static void host_make(struct hosts *hosts, struct past_host *into, const struct store_last *rows, size_t count)
{
    static const char sign[] = "cpu_percent", other_sign[] = "memory_percent";
    unsigned known = fleet_values(hosts->fleet, into->asset, NULL, 0);
    struct fleet_value *values = memory_new_array(known + 1u, sizeof *values);
    msec taken = CLOCK_NEVER;
    known = fleet_values(hosts->fleet, into->asset, values, known);
    into->figures = memory_new_array(known + 1u, sizeof *into->figures);
    for (unsigned turn = 0; turn < 2; turn++)
        for (unsigned i = 0; i < known; i++) {
            uint32_t key = fleet_metric_key(hosts->fleet, values[i].metric);
            const struct store_last *row = NULL;
            for (size_t r = 0; r < count && !row; r++)
                row = rows[r].metric == key ? &rows[r] : NULL;
            if (!row)
                continue;
            bool signs = strcmp(values[i].metric, sign) == 0 || strcmp(values[i].metric, other_sign) == 0;
            if (turn == 0 && signs && row->reading.time > taken)
                taken = row->reading.time;
            if (turn == 1 && taken - row->reading.time <= (comes_and_goes(values[i].metric) ? BESIDE : SLOW))
                into->figures[into->count++] = (struct host_figure){values[i].metric, row->reading.value};
        }
    free(values);
    const struct hosts_member *member = hosts_member(hosts, into->asset);
    if (taken != CLOCK_NEVER)
        into->host = host_from_figures(into->figures, into->count, member ? member->host : NULL, taken);
    else
        into->count = 0;
}

static void keep(struct hosts *hosts, struct hosts_past *past)
{
    hosts_past_release(hosts->past);
    hosts->past = past;
    past->references++;
}

/* ---- what was kept ---- */

/* A list's records in their order; what does not follow ends what is known, until a whole one comes. */
static void lists_make(struct loading *loading, size_t which, const struct store_kept *rows, size_t count)
{
    struct host *host = NULL;
    for (size_t i = 0; i < count; i++) {
        struct error error;
        msec since = i > 0 ? rows[i].time - rows[i - 1].time : 0;
        struct host *next = host_keep_apply(host, (enum host_list)rows[i].list, since, rows[i].bytes, rows[i].length, &error);
        host_free(&host);
        host = next;
    }
    if (!host)
        return;
    if (rows->list == HOST_processes)
        loading->processes_at[which] = rows[count - 1].time;
    loading->kept[which] = host_merge(loading->kept[which], host);
}

static void part_came(struct loading *loading, const struct error *error);

static void kept_came(void *owner, const struct store_kept *rows, size_t count, const struct error *error)
{
    struct loading *loading = owner;
    struct hosts *hosts = loading->hosts;
    for (size_t at = 0; at < count && !error && hosts;) {
        size_t end = at;
        while (end < count && rows[end].asset == rows[at].asset && rows[end].list == rows[at].list)
            end++;
        const struct past_host *into = past_find(loading->past, fleet_by_store_key(hosts->fleet, rows[at].asset));
        if (into && rows[at].list < HOST_LIST_COUNT && host_keeps((enum host_list)rows[at].list))
            lists_make(loading, (size_t)(into - loading->past->hosts), rows + at, end - at);
        at = end;
    }
    part_came(loading, error);
}

/* Ports are those that were kept, with the sessions that the readings tell. */
static void sessions_take(struct host *kept, struct host *figures)
{
    for (unsigned i = 0; i < kept->port_count; i++)
        for (unsigned k = 0; k < figures->port_count; k++)
            if (kept->ports[i].protocol == figures->ports[k].protocol && kept->ports[i].port == figures->ports[k].port)
                kept->ports[i].sessions = figures->ports[k].sessions;
    figures->lists &= ~(1u << HOST_ports);
    figures->port_count = 0;
}

static struct host *facts_of(const struct loading *loading, size_t which, unsigned lists, msec taken)
{
    static const struct { enum host_list list; const char *name; } named[] = {
        {HOST_units, "missing:units"}, {HOST_processes, "missing:processes"}, {HOST_logins, "missing:logins"},
        {HOST_ports, "missing:ports"}};
    struct host_builder *builder = host_builder_new();
    char instant[INSTANT_TEXT];
    host_builder_has(builder, HOST_facts);
    for (size_t i = 0; i < ARRAY_COUNT(named); i++)
        if (!(lists & 1u << named[i].list))
            host_builder_factf(builder, named[i].name, "%s", N_("not kept then"));
    if (lists & 1u << HOST_processes)
        host_builder_factf(builder, "kept:processes", "%s", instant_format(instant, loading->processes_at[which]));
    struct host *facts = host_builder_make(builder, taken);
    host_builder_free(&builder);
    return facts;
}

static void lists_join(struct loading *loading, size_t which)
{
    struct past_host *into = &loading->past->hosts[which];
    struct host *kept = loading->kept[which], *host = into->host;
    loading->kept[which] = NULL;
    if (!host) {
        host_free(&kept);
        return;
    }
    if (kept && kept->lists & 1u << HOST_processes && host->taken - loading->processes_at[which] > PROCESSES_FOR) {
        kept->lists &= ~(1u << HOST_processes);
        kept->process_count = 0;
    }
    unsigned lists = kept ? kept->lists : 0;
    if (lists & 1u << HOST_ports)
        sessions_take(kept, host);
    kept = host_merge(kept, facts_of(loading, which, lists, host->taken));
    into->host = host_merge(kept, host);
}

/* ---- loading ---- */

static void loading_end(struct loading *loading)
{
    struct hosts_past *past = loading->past;
    bool failed = loading->error.code != ERROR_NONE;
    for (unsigned i = 0; loading->kept && i < past->count; i++) {
        if (!failed)
            lists_join(loading, i);
        host_free(&loading->kept[i]);
    }
    free(loading->kept);
    free(loading->processes_at);
    if (!failed && past->at < clock_wall() - SETTLED)
        keep(loading->hosts, past);
    if (failed)
        hosts_past_release(past);
    loading->done(loading->owner, failed ? NULL : past, failed ? &loading->error : NULL);
    free(loading);
}

static void part_came(struct loading *loading, const struct error *error)
{
    if (error && loading->error.code == ERROR_NONE)
        loading->error = *error;
    if (--loading->pending)
        return;
    if (loading->hosts) {
        *loading->link = loading->next;
        if (loading->next)
            loading->next->link = loading->link;
    } else {
        error_set(&loading->error, ERROR_UNAVAILABLE, "the daemon is ending");
    }
    loading_end(loading);
}

static void lasts_came(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct loading *loading = owner;
    struct hosts *hosts = loading->hosts;
    for (size_t at = 0; at < count && !error && hosts;) {
        size_t end = at;
        while (end < count && rows[end].asset == rows[at].asset)
            end++;
        uint32_t asset = fleet_by_store_key(hosts->fleet, rows[at].asset);
        struct past_host *into = (struct past_host *)(uintptr_t)past_find(loading->past, asset);
        if (into && !into->figures)
            host_make(hosts, into, rows + at, end - at);
        at = end;
    }
    part_came(loading, error);
}

static bool covers(const struct hosts_past *past, const uint32_t *assets, unsigned count, msec at, bool lists)
{
    if (!past || past->at != at || (lists && !past->lists))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!past_find(past, assets[i]))
            return false;
    return true;
}

void hosts_past_load(struct hosts *hosts, struct store *store, const uint32_t *assets, unsigned count, msec at,
                     bool lists, hosts_past_done *done, void *owner)
{
    if (covers(hosts->past, assets, count, at, lists)) {
        hosts->past->references++;
        done(owner, hosts->past, NULL);
        return;
    }
    struct loading *loading = memory_new(sizeof *loading);
    struct hosts_past *past = memory_new(sizeof *past);
    uint32_t *keys = memory_new_array(count + 1u, sizeof *keys);
    *past = (struct hosts_past){.references = 1, .at = at, .lists = lists, .count = count, .hosts = memory_new_array(count + 1u, sizeof *past->hosts)};
    for (unsigned i = 0; i < count; i++) {
        past->hosts[i].asset = assets[i];
        keys[i] = fleet_store_key(hosts->fleet, assets[i]);
    }
    if (count > 1)
        qsort(past->hosts, count, sizeof *past->hosts, compare_hosts);
    *loading = (struct loading){.hosts = hosts, .past = past, .done = done, .owner = owner, .pending = lists ? 2 : 1};
    loading->next = hosts->loadings;
    loading->link = &hosts->loadings;
    if (loading->next)
        loading->next->link = &loading->next;
    hosts->loadings = loading;
    if (lists) {
        loading->kept = memory_new_array(count + 1u, sizeof *loading->kept);
        loading->processes_at = memory_new_array(count + 1u, sizeof *loading->processes_at);
        store_kept(store, keys, count, at, at, kept_came, loading);
    }
    store_lasts_at(store, keys, count, at - SEARCH, at, lasts_came, loading);
    free(keys);
}

void hosts_pasts_forget(struct hosts *hosts)
{
    for (struct loading *loading = hosts->loadings; loading; loading = loading->next)
        loading->hosts = NULL;
    hosts_past_release(hosts->past);
    hosts->past = NULL;
}

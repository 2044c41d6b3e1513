/* Hosts at an instant of the past, from the readings that were stored of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/hosts_private.h"
#include "store/store.h"

#define SETTLED (2 * SPAN_SECOND)  /* younger moments may still gain readings; they are not kept */
#define SEARCH (25 * SPAN_HOUR)    /* how far back the last answer is looked for */
#define BESIDE (15 * SPAN_MINUTE)  /* a disk or an interface that told nothing for so long before the last answer was gone */
#define SLOW (3 * SPAN_HOUR)       /* what is asked seldom */

struct past_host { uint32_t asset; struct host *host; struct host_figure *figures; unsigned count; };

struct hosts_past {
    unsigned references;
    msec at;
    struct past_host *hosts;       /* by asset */
    unsigned count;
};

struct loading {
    struct hosts *hosts;           /* NULL: gone meanwhile */
    struct loading *next, **link;
    struct hosts_past *past;
    hosts_past_done *done;
    void *owner;
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

static void lasts_came(void *owner, const struct store_last *rows, size_t count, const struct error *error)
{
    struct loading *loading = owner;
    struct hosts *hosts = loading->hosts;
    struct hosts_past *past = loading->past;
    struct error gone;
    if (hosts) {
        *loading->link = loading->next;
        if (loading->next)
            loading->next->link = loading->link;
    } else if (!error) {
        error_set(&gone, ERROR_UNAVAILABLE, "the daemon is ending");
        error = &gone;
    }
    for (size_t at = 0; at < count && !error;) {
        size_t end = at;
        while (end < count && rows[end].asset == rows[at].asset)
            end++;
        struct past_host *into = (struct past_host *)(uintptr_t)past_find(past, fleet_by_store_key(hosts->fleet, rows[at].asset));
        if (into && !into->figures)
            host_make(hosts, into, rows + at, end - at);
        at = end;
    }
    if (!error && past->at < clock_wall() - SETTLED)
        keep(hosts, past);
    if (error) {
        hosts_past_release(past);
        past = NULL;
    }
    loading->done(loading->owner, past, error);
    free(loading);
}

static bool covers(const struct hosts_past *past, const uint32_t *assets, unsigned count, msec at)
{
    if (!past || past->at != at)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!past_find(past, assets[i]))
            return false;
    return true;
}

void hosts_past_load(struct hosts *hosts, struct store *store, const uint32_t *assets, unsigned count, msec at,
                     hosts_past_done *done, void *owner)
{
    if (covers(hosts->past, assets, count, at)) {
        hosts->past->references++;
        done(owner, hosts->past, NULL);
        return;
    }
    struct loading *loading = memory_new(sizeof *loading);
    struct hosts_past *past = memory_new(sizeof *past);
    uint32_t *keys = memory_new_array(count + 1u, sizeof *keys);
    *past = (struct hosts_past){.references = 1, .at = at, .count = count, .hosts = memory_new_array(count + 1u, sizeof *past->hosts)};
    for (unsigned i = 0; i < count; i++) {
        past->hosts[i].asset = assets[i];
        keys[i] = fleet_store_key(hosts->fleet, assets[i]);
    }
    if (count > 1)
        qsort(past->hosts, count, sizeof *past->hosts, compare_hosts);
    *loading = (struct loading){.hosts = hosts, .past = past, .done = done, .owner = owner};
    loading->next = hosts->loadings;
    loading->link = &hosts->loadings;
    if (loading->next)
        loading->next->link = &loading->next;
    hosts->loadings = loading;
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

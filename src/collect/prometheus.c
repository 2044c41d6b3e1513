/* Scrapes exporters: any page of Prometheus text or OpenMetrics. node_exporter's series become a host, as if it had
 * been read by SSH; series that the configuration chooses become metrics of the asset. The page is read as it
 * arrives and is never held. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/transfer.h"
#include "base/transfer_way.h"
#include "collect/exporter_host.h"
#include "collect/exporter_metrics.h"
#include "collect/probe.h"
#include "collect/source_values.h"

#define RUNNING_LIMIT 64
#define CONNECTIONS_KEPT 2048

struct wanted_name { /* what a series name is wanted for */
    const char *name;
    size_t length;
    uint32_t host_tag;     /* or EXPOSITION_UNWANTED */
    unsigned first_chosen; /* or UINT32_MAX */
};

struct prometheus {
    struct probe probe;
    struct transfers *transfers;
    struct scrape *running;
    unsigned running_count;
    struct remembered *remembered; /* by asset */
    char *url;
    struct transfer_way way;
    struct curl_slist *headers;
    bool compress, as_host;
    size_t body_limit;
    CURL *spare[RUNNING_LIMIT];
    unsigned spare_count;
    struct exporter_choice *choice;
    struct wanted_name *names;     /* open addressing; name NULL: free */
    uint32_t name_mask;
};

/* Of one target, between two scrapes. */
struct remembered {
    UT_hash_handle hh;
    uint32_t asset;
    bool selected;
    enum health told;              /* the last check's verdict; HEALTH_UNKNOWN: none */
    struct exporter_host *host;
    uint64_t steady_ns;
    double *counters;              /* by chosen metric; NAN none; NULL when no rate is chosen */
};

struct scrape {
    struct prometheus *prometheus;
    struct probe_target *target;
    struct scrape *next;
    CURL *easy;
    struct fault_watch watch;
    bool begun, hopeless, too_long;
    struct exposition exposition;
    struct exporter_host *host;    /* NULL when hosts are not wanted */
    struct exporter_page *page;
};

/* ---- which names ---- */

/* Of a name's end, where names differ. */
static uint32_t hash_name(const char *name, size_t length)
{
    uint64_t end = 0, before = 0;
    if (length >= 16)
        memcpy(&before, name + length - 16, 8);
    if (length >= 8)
        memcpy(&end, name + length - 8, 8);
    else
        memcpy(&end, name, length);
    uint64_t hash = (end ^ before * 0x9e3779b97f4a7c15u ^ length) * 0xd6e8feb86659fd93u;
    return (uint32_t)(hash >> 32);
}

static struct wanted_name *name_slot(const struct prometheus *prometheus, const char *name, size_t length)
{
    uint32_t at = hash_name(name, length) & prometheus->name_mask;
    for (;; at = (at + 1) & prometheus->name_mask) {
        struct wanted_name *slot = &prometheus->names[at];
        if (!slot->name || (slot->length == length && memcmp(slot->name, name, length) == 0))
            return slot;
    }
}

static struct wanted_name *name_add(struct prometheus *prometheus, const char *name)
{
    struct wanted_name *slot = name_slot(prometheus, name, strlen(name));
    if (!slot->name)
        *slot = (struct wanted_name){name, strlen(name), EXPOSITION_UNWANTED, UINT32_MAX};
    return slot;
}

static void names_fill(struct prometheus *prometheus)
{
    uint32_t size = 64;
    unsigned chosen = exporter_choice_count(prometheus->choice);
    while (size < 4 * (exporter_host_tags() + chosen))
        size *= 2;
    prometheus->name_mask = size - 1;
    prometheus->names = memory_new_array(size, sizeof *prometheus->names);
    for (uint32_t tag = 0; prometheus->as_host && tag < exporter_host_tags(); tag++)
        name_add(prometheus, exporter_host_name(tag))->host_tag = tag;
    for (unsigned i = 0; i < chosen; i++) {
        struct wanted_name *slot = name_add(prometheus, exporter_choice_series(prometheus->choice, i));
        exporter_choice_link(prometheus->choice, i, slot->first_chosen);
        slot->first_chosen = i;
    }
}

static uint32_t wants_name(void *owner, const char *name, size_t length)
{
    const struct scrape *scrape = owner;
    const struct wanted_name *slot = name_slot(scrape->prometheus, name, length);
    return slot->name ? (uint32_t)(slot - scrape->prometheus->names) : EXPOSITION_UNWANTED;
}

/* ---- gathering one page ---- */

static void take_series(void *owner, const struct exposition_series *series)
{
    struct scrape *scrape = owner;
    const struct prometheus *prometheus = scrape->prometheus;
    const struct wanted_name *name = &prometheus->names[series->tag];
    if (name->host_tag != EXPOSITION_UNWANTED) {
        struct exposition_series tagged = *series;
        tagged.tag = name->host_tag;
        exporter_host_take(scrape->host, &tagged);
    }
    if (name->first_chosen != UINT32_MAX)
        exporter_page_take(scrape->page, name->first_chosen, series);
}

static const struct exposition_ops page_ops = {.wants = wants_name, .series = take_series};

static size_t page_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct scrape *scrape = owner;
    size_t length = size * count;
    if (!scrape->begun) {
        const char *type = NULL;
        curl_easy_getinfo(scrape->easy, CURLINFO_CONTENT_TYPE, &type);
        exposition_begin(&scrape->exposition, &page_ops, scrape, type && strncasecmp(type, "application/openmetrics-text", 28) == 0);
        scrape->begun = true;
    }
    scrape->too_long = scrape->exposition.bytes + length > scrape->prometheus->body_limit;
    if (scrape->too_long)
        return 0;
    if (!exposition_feed(&scrape->exposition, bytes, length)) {
        scrape->hopeless = true;
        return 0;
    }
    return length;
}

/* ---- what came of it ---- */

static struct remembered *remember(struct prometheus *prometheus, uint32_t asset)
{
    struct remembered *remembered;
    HASH_FIND(hh, prometheus->remembered, &asset, sizeof asset, remembered);
    if (!remembered) {
        remembered = memory_new(sizeof *remembered);
        *remembered = (struct remembered){.asset = asset, .selected = true, .told = HEALTH_UNKNOWN};
        HASH_ADD(hh, prometheus->remembered, asset, sizeof remembered->asset, remembered);
    }
    return remembered;
}

static void forget(struct prometheus *prometheus, struct remembered *remembered)
{
    HASH_DEL(prometheus->remembered, remembered);
    exporter_host_free(&remembered->host);
    free(remembered->counters);
    free(remembered);
}

static void put_chosen(const struct scrape *scrape, struct remembered *remembered, double seconds, struct source_values *values)
{
    unsigned count = exporter_choice_count(scrape->prometheus->choice);
    if (!remembered->counters) {
        remembered->counters = memory_new_array(count + 1, sizeof *remembered->counters);
        for (unsigned i = 0; i < count; i++)
            remembered->counters[i] = NAN;
    }
    exporter_page_metrics(scrape->page, remembered->counters, seconds, source_values_put, values);
}

static void hand_over(struct scrape *scrape, struct remembered *remembered)
{
    struct source_values values = {.source = scrape->prometheus->probe.source, .spoken = true};
    uint64_t steady_ns = uv_hrtime();
    struct host *host = NULL;
    if (scrape->host && exporter_host_is_host(scrape->host)) {
        host = exporter_host_make(remembered->host, scrape->host, steady_ns, clock_wall());
        host_metrics(host, source_values_put, &values);
        exporter_host_free(&remembered->host);
        remembered->host = scrape->host;
        scrape->host = NULL;
    }
    put_chosen(scrape, remembered, (double)(steady_ns - remembered->steady_ns) / 1e9, &values);
    remembered->steady_ns = steady_ns;
    source_values_give(&values, scrape->target->asset, scrape->exposition.bytes, NULL, 0, host);
    source_values_release(&values);
}

/* What is wrong with an answer that came; false when it is a page to use. */
static bool answer_wrong(struct scrape *scrape, CURLcode result, char *why, size_t size)
{
    long status = 0;
    const char *type = NULL;
    struct error error = {0};
    curl_easy_getinfo(scrape->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(scrape->easy, CURLINFO_CONTENT_TYPE, &type);
    if (status != 200 && !fault_status(scrape->easy, NULL, 0, &error))
        snprintf(why, size, "%.250s", error.text);
    else if (scrape->too_long)
        snprintf(why, size, N_("the page is longer than %zu MiB"), scrape->prometheus->body_limit >> 20);
    else if (result != CURLE_OK && !scrape->hopeless && !fault_transfer(&scrape->watch, scrape->easy, result, &error))
        snprintf(why, size, "%.250s", error.text);
    else if (!scrape->begun)
        snprintf(why, size, N_("an empty page"));
    else if (!exposition_end(&scrape->exposition, &error) || scrape->hopeless)
        snprintf(why, size, "%.100s (%.40s)", scrape->hopeless ? N_("the page is no exposition") : error.text, type ? type : N_("no type"));
    else
        return false;
    return true;
}

static void count_bad(struct scrape *scrape)
{
    struct source *source = scrape->prometheus->probe.source;
    const struct exposition *page = &scrape->exposition;
    unsigned duplicates = exporter_page_duplicates(scrape->page);
    source->duplicates += duplicates;
    if (page->bad > 0) {
        source->bad += page->bad - 1;
        source_bad(source, page->example, strlen(page->example), "%s", page->reason);
    }
    if (duplicates > 0)
        source_bad(source, scrape->target->id, strlen(scrape->target->id),
                   COUNTED(duplicates, N_("%u series stands twice on the page"),
                           N_("%u series stand twice on the page")), duplicates);
}

static void tell_check(struct scrape *scrape, struct remembered *remembered, enum health verdict, const char *evidence)
{
    struct source *source = scrape->prometheus->probe.source;
    if (remembered->told == verdict || scrape->target->retired)
        return;
    remembered->told = verdict;
    source->sink.ops->check(source->sink.owner, source, scrape->target->asset, verdict, evidence);
}

static struct probe_target *scrape_end(struct scrape *scrape)
{
    struct prometheus *prometheus = scrape->prometheus;
    struct probe_target *target = scrape->target;
    struct scrape **link = &prometheus->running;
    while (*link != scrape)
        link = &(*link)->next;
    *link = scrape->next;
    prometheus->running_count--;
    curl_easy_reset(scrape->easy);
    prometheus->spare[prometheus->spare_count++] = scrape->easy;
    exposition_release(&scrape->exposition);
    exporter_host_free(&scrape->host);
    exporter_page_free(&scrape->page);
    free(scrape);
    return target;
}

/* It is there, and what it says is of no use: the check says so, the link stays up. */
static void scrape_wrong(struct scrape *scrape, struct remembered *remembered, const char *why)
{
    struct probe_target *target = scrape->target;
    struct source *source = target->probe->source;
    char evidence[192];
    text_clean_into(evidence, sizeof evidence, why, strlen(why));
    if (target->failures + 1 >= target->probe->attempts)
        tell_check(scrape, remembered, HEALTH_CRITICAL, evidence);
    source_bad(source, target->id, strlen(target->id), "%.90s", evidence);
    count_bad(scrape);
    probe_wrong(scrape_end(scrape), evidence);
}

static void scrape_done(void *owner, CURL *easy, CURLcode result)
{
    struct scrape *scrape = owner;
    struct prometheus *prometheus = scrape->prometheus;
    struct remembered *remembered = remember(prometheus, scrape->target->asset);
    char text[256];
    long status = 0, os_error = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
    if (status == 0 && result == CURLE_COULDNT_CONNECT && os_error == ECONNREFUSED) {
        scrape_wrong(scrape, remembered, "the exporter does not listen (connection refused)");
        return;
    }
    if (status == 0) {
        struct error error;
        fault_transfer(&scrape->watch, easy, result, &error);
        probe_failed(scrape_end(scrape), error.text);
        return;
    }
    if (answer_wrong(scrape, result, text, sizeof text)) {
        scrape_wrong(scrape, remembered, text);
        return;
    }
    double seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &seconds);
    snprintf(text, sizeof text, N_("%llu series in %.0f ms"), (unsigned long long)scrape->exposition.series, seconds * 1000.0);
    count_bad(scrape);
    if (!scrape->target->retired)
        hand_over(scrape, remembered);
    tell_check(scrape, remembered, HEALTH_OK, text);
    probe_up(scrape_end(scrape), text);
}

/* ---- asking ---- */

static void scrape_set_up(struct scrape *scrape, const char *url)
{
    const struct prometheus *prometheus = scrape->prometheus;
    CURL *easy = scrape->easy;
    transfer_way_set(&prometheus->way, easy, url, prometheus->probe.timeout, &scrape->watch);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, page_arrived);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, scrape);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip"); /* understood; asked for only by `compress` */
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, prometheus->headers);
}

static enum probe_sent prometheus_send(struct probe *probe, struct probe_target *target)
{
    struct prometheus *prometheus = probe->owner;
    if (prometheus->running_count >= RUNNING_LIMIT)
        return PROBE_LATER;
    struct scrape *scrape = memory_new(sizeof *scrape);
    scrape->prometheus = prometheus;
    scrape->target = target;
    scrape->easy = prometheus->spare_count ? prometheus->spare[--prometheus->spare_count] : curl_easy_init();
    scrape->next = prometheus->running;
    scrape->host = prometheus->as_host ? exporter_host_new() : NULL;
    scrape->page = exporter_page_new(prometheus->choice);
    prometheus->running = scrape;
    prometheus->running_count++;
    char *url = probe_expand_url(prometheus->url, target);
    scrape_set_up(scrape, url);
    free(url);
    transfer_start(prometheus->transfers, scrape->easy, scrape_done, scrape);
    return PROBE_SENT;
}

static void prometheus_address(const struct probe *probe, const struct probe_target *target, char *address, size_t size)
{
    const struct prometheus *prometheus = probe->owner;
    char *url = probe_expand_url(prometheus->url, target);
    fault_url_address(url, address, size);
    free(url);
}

static const struct probe_ops prometheus_probe_ops = {.send = prometheus_send, .address = prometheus_address, .resolves = false};

/* ---- the collector ---- */

static bool check_url(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0 ||
           error_set(error, ERROR_INVALID, "expected http:// or https://, perhaps with {address}, {host} or {id}; got `%s`", text);
}

static bool prometheus_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct prometheus *prometheus = memory_new(sizeof *prometheus);
    source->state = prometheus;
    prometheus->transfers = transfers_new(source->loop, CONNECTIONS_KEPT);
    prometheus->url = memory_text(config_text(node, "url", "http://{host}:9100/metrics"));
    prometheus->probe.address_optional = !strstr(prometheus->url, "{address}") && !strstr(prometheus->url, "{host}");
    prometheus->compress = config_bool(node, "compress", false);
    prometheus->as_host = config_bool(node, "host", true);
    prometheus->body_limit = (size_t)config_integer(node, "limit_mib", 256) << 20;
    prometheus->headers = curl_slist_append(NULL, prometheus->compress ? "Accept-Encoding: gzip" : "Accept-Encoding: identity");
    prometheus->headers = curl_slist_append(prometheus->headers, "Accept: text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5");
    const struct config_node *headers = config_get(node, "headers");
    for (size_t i = 0; headers && i < config_count(headers); i++)
        prometheus->headers = curl_slist_append(prometheus->headers, config_scalar(config_at(headers, i)));
    if (!transfer_way_load(&prometheus->way, node, error) ||
        !(prometheus->choice = exporter_choice_new(config_get(node, "metrics"), error)))
        return false;
    names_fill(prometheus);
    return probe_start(&prometheus->probe, source, &prometheus_probe_ops, prometheus, node, 15 * SPAN_SECOND, error);
}

static void prometheus_ledger_changed(struct source *source)
{
    struct prometheus *prometheus = source->state;
    struct remembered *remembered, *next;
    probe_reselect(&prometheus->probe);
    HASH_ITER(hh, prometheus->remembered, remembered, next)
        remembered->selected = false;
    for (size_t i = 0; i < prometheus->probe.count; i++)
        remember(prometheus, prometheus->probe.targets[i]->asset)->selected = true;
    HASH_ITER(hh, prometheus->remembered, remembered, next)
        if (!remembered->selected)
            forget(prometheus, remembered);
}

static void prometheus_stopped(struct probe *probe)
{
    struct prometheus *prometheus = probe->owner;
    struct remembered *remembered, *next;
    HASH_ITER(hh, prometheus->remembered, remembered, next)
        forget(prometheus, remembered);
    while (prometheus->spare_count > 0)
        curl_easy_cleanup(prometheus->spare[--prometheus->spare_count]);
    transfers_free(&prometheus->transfers);
    curl_slist_free_all(prometheus->headers);
    exporter_choice_free(&prometheus->choice);
    free(prometheus->names);
    free(prometheus->url);
    transfer_way_release(&prometheus->way);
    free(prometheus);
}

static void prometheus_stop(struct source *source)
{
    struct prometheus *prometheus = source->state;
    source->state = NULL;
    prometheus->probe.stopping = true;
    while (prometheus->running) {
        transfer_cancel(prometheus->transfers, prometheus->running->easy);
        probe_dropped(scrape_end(prometheus->running));
    }
    probe_stop(&prometheus->probe, prometheus_stopped);
}

static const struct config_key prometheus_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .check = check_url,
     .help = "the page; {address}, {host} (without its port) and {id} stand for the asset's (default http://{host}:9100/metrics)"},
    PROBE_KEYS("15s"),
    {.name = "host", .type = CONFIG_BOOL, .help = "node_exporter's series make the asset a server (default true)"},
    {.name = "metrics", .type = CONFIG_LIST, .keys = exporter_metric_keys, .help = "series that become metrics of the asset"},
    {.name = "headers", .type = CONFIG_TEXT_LIST, .help = "request headers, each `Name: value`"},
    {.name = "compress", .type = CONFIG_BOOL, .help = "ask for gzip: for slow links (default false)"},
    {.name = "limit_mib", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 4096, .help = "a longer page is refused (default 256)"},
    TRANSFER_WAY_KEYS,
    {.name = NULL},
};

static void prometheus_protection(const struct config_node *node, struct protection *protection)
{
    protection_of_url(protection, config_text(node, "url", "http://{host}:9100/metrics"), config_bool(node, "verify", true));
}

const struct collector_ops collector_prometheus = {
    .type = "prometheus",
    .help = "scrapes exporters: node_exporter makes a server, chosen series make metrics",
    .keys = prometheus_keys,
    .validate = transfer_way_validate,
    .protection = prometheus_protection,
    .start = prometheus_start,
    .ledger_changed = prometheus_ledger_changed,
    .stop = prometheus_stop,
};

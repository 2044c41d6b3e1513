/* HTTP(S) sources: does a page answer, with the right status, body, JSON value, in time, with a certificate that
 * lasts (http_ask.h)? One URL for one asset, or a URL template over the assets that a filter selects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "collect/http_ask.h"
#include "collect/probe.h"

#define RUNNING_LIMIT 64

struct http_check {
    struct http *http;
    struct probe_target *target;
    struct http_ask *ask;
    struct http_check *next;
};

struct http {
    struct probe probe;
    struct transfers *transfers;
    struct http_check *running;
    unsigned running_count;
    char *url;                   /* with {address} and {id} */
    struct http_plan *plan;
};

/* ---- one check ---- */

static struct probe_target *check_end(struct http_check *check)
{
    struct http *http = check->http;
    struct probe_target *target = check->target;
    struct http_check **link = &http->running;
    while (*link != check)
        link = &(*link)->next;
    *link = check->next;
    http->running_count--;
    free(check);
    return target;
}

static void check_done(void *owner, const struct http_verdict *verdict)
{
    struct probe_target *target = check_end(owner);
    struct probe *probe = target->probe;
    struct source *source = probe->source;
    bool settled = verdict->health == HEALTH_OK || target->failures + 1 >= probe->attempts;
    if (!target->retired && settled)
        source->sink.ops->check(source->sink.owner, source, target->asset, verdict->health, verdict->evidence);
    if (verdict->health != HEALTH_CRITICAL)
        probe_up(target, verdict->evidence);
    else if (verdict->answered)
        probe_wrong(target, verdict->evidence); /* it is there: the check says what is wrong, the link stays up */
    else
        probe_failed(target, verdict->evidence);
}

static enum probe_sent http_send(struct probe *probe, struct probe_target *target)
{
    struct http *http = probe->owner;
    if (http->running_count >= RUNNING_LIMIT)
        return PROBE_LATER;
    struct http_check *check = memory_new(sizeof *check);
    *check = (struct http_check){.http = http, .target = target, .next = http->running};
    http->running = check;
    http->running_count++;
    char *url = probe_expand_url(http->url, target);
    check->ask = http_ask_start(http->plan, http->transfers, url, probe->timeout, check_done, check);
    free(url);
    return PROBE_SENT;
}

static void http_address(const struct probe *probe, const struct probe_target *target, char *address, size_t size)
{
    const struct http *http = probe->owner;
    char *url = probe_expand_url(http->url, target);
    fault_url_address(url, address, size);
    free(url);
}

static const struct probe_ops http_probe_ops = {.send = http_send, .address = http_address, .resolves = false};

/* ---- the collector ---- */

static bool http_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct http *http = memory_new(sizeof *http);
    source->state = http;
    http->transfers = transfers_new(source->loop, RUNNING_LIMIT);
    http->url = memory_text(config_text(node, "url", ""));
    http->probe.address_optional = !strstr(http->url, "{address}") && !strstr(http->url, "{host}");
    http->plan = http_plan_new(node, error);
    return http->plan && probe_start(&http->probe, source, &http_probe_ops, http, node, 30 * SPAN_SECOND, error);
}

static void http_ledger_changed(struct source *source)
{
    struct http *http = source->state;
    probe_reselect(&http->probe);
}

static void http_probe_stopped(struct probe *probe)
{
    struct http *http = probe->owner;
    transfers_free(&http->transfers);
    http_plan_free(&http->plan);
    free(http->url);
    free(http);
}

static void http_stop(struct source *source)
{
    struct http *http = source->state;
    source->state = NULL;
    http->probe.stopping = true;
    while (http->running) {
        http_ask_cancel(&http->running->ask);
        probe_dropped(check_end(http->running));
    }
    probe_stop(&http->probe, http_probe_stopped);
}

static const struct config_key http_keys[] = {
    {.name = "url", .type = CONFIG_TEXT, .required = true, .check = http_plan_check_url,
     .help = "what to ask for; {address}, {host} (without its port) and {id} stand for the asset's"},
    PROBE_KEYS("30s"),
    HTTP_PLAN_KEYS,
    {.name = NULL},
};

const struct collector_ops collector_http = {
    .type = "http",
    .help = "HTTP(S) checks: status, body, JSON value, latency, certificate days",
    .keys = http_keys,
    .validate = transfer_way_validate,
    .protection = protection_by_url,
    .start = http_start,
    .ledger_changed = http_ledger_changed,
    .stop = http_stop,
};

#include "collect/probe.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/fault.h"
#include "model/filter.h"

#define TICK 50                            /* ms between the sends of one round's parts */
#define SENDS_PER_TICK 4096                /* so that a stalled loop does not burst the whole fleet at once */
#define STATUS_EVERY SPAN_SECOND           /* a storm of verdicts is one line a second */
#define LOOKUP_AGAIN (5 * SPAN_MINUTE)

bool probe_parse_address(const char *address, char *host, size_t size, unsigned *port)
{
    *port = 0;
    const char *scheme = strstr(address, "://");
    if (scheme) {
        if (strncasecmp(address, "https", 5) == 0)
            *port = 443;
        else if (strncasecmp(address, "http", 4) == 0)
            *port = 80;
        address = scheme + 3;
    }
    const char *end = address + strcspn(address, "/?#");
    const char *host_end = end;
    const char *colon = NULL;
    if (*address == '[') {
        address++;
        host_end = memchr(address, ']', (size_t)(end - address));
        if (!host_end)
            return false;
        if (host_end + 1 < end && host_end[1] == ':')
            colon = host_end + 1;
    } else {
        colon = memchr(address, ':', (size_t)(end - address));
        if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
            colon = NULL; /* a bare IPv6 address */
        if (colon)
            host_end = colon;
    }
    if (colon) {
        char *rest;
        unsigned long number = strtoul(colon + 1, &rest, 10);
        if (rest == colon + 1 || rest != end || number == 0 || number > 65535)
            return false;
        *port = (unsigned)number;
    }
    size_t length = (size_t)(host_end - address);
    if (length == 0 || length >= size)
        return false;
    memcpy(host, address, length);
    host[length] = '\0';
    return true;
}

static void target_set_port(struct probe_target *target)
{
    if (target->to.ss_family == AF_INET)
        ((struct sockaddr_in *)&target->to)->sin_port = htons((uint16_t)target->port);
    else
        ((struct sockaddr_in6 *)&target->to)->sin6_port = htons((uint16_t)target->port);
}

static bool target_resolve_numeric(struct probe_target *target)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&target->to;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&target->to;
    if (inet_pton(AF_INET, target->host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        target->to_length = sizeof *four;
    } else if (inet_pton(AF_INET6, target->host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        target->to_length = sizeof *six;
    } else {
        return false;
    }
    target_set_port(target);
    target->resolved = CLOCK_NEVER; /* numbers stay */
    return true;
}

static void probe_finish_stop(struct probe *probe);

static void target_free(struct probe_target *target)
{
    free(target->id);
    free(target->host);
    free(target->trouble);
    free(target);
}

static void target_begin(struct probe_target *target)
{
    target->busy = true;
    target->probe->busy++;
}

static void target_end(struct probe_target *target)
{
    struct probe *probe = target->probe;
    target->busy = false;
    probe->busy--;
    if (target->retired)
        target_free(target);
    probe_finish_stop(probe);
}

static void retry_later(struct probe *probe, struct probe_target *target, msec due)
{
    if (probe->retry_count == probe->retry_capacity) {
        size_t old = probe->retry_capacity;
        size_t grown = old ? old * 2 : 64;
        struct probe_retry *ring = memory_new_array(grown, sizeof *ring);
        for (size_t i = 0; i < probe->retry_count; i++)
            ring[i] = probe->retries[(probe->retry_head + i) % old];
        free(probe->retries);
        probe->retries = ring;
        probe->retry_capacity = grown;
        probe->retry_head = 0;
    }
    probe->retries[(probe->retry_head + probe->retry_count++) % probe->retry_capacity] =
        (struct probe_retry){.target = target, .due = due};
}

/* ---- verdicts ---- */

static void verdict_change(struct probe_target *target, enum probe_verdict verdict, const char *evidence)
{
    if (target->verdict == verdict)
        return;
    target->verdict = verdict;
    struct source *source = target->probe->source;
    source->sink.ops->link(source->sink.owner, source, target->asset, verdict == PROBE_UP ? LINK_UP : LINK_DOWN,
                           evidence);
}

/* Well, or why not; the source's line follows within a second. */
static void trouble_set(struct probe_target *target, const char *trouble)
{
    if (!target->trouble && !trouble)
        return;
    free(target->trouble);
    target->trouble = memory_text(trouble);
    target->probe->status_due = true;
}

void probe_up(struct probe_target *target, const char *evidence)
{
    struct source *source = target->probe->source;
    source->checks++;
    source->last_heard = clock_wall();
    target->failures = 0;
    trouble_set(target, NULL);
    if (!target->retired)
        verdict_change(target, PROBE_UP, evidence);
    target_end(target);
}

void probe_failed(struct probe_target *target, const char *evidence)
{
    struct probe *probe = target->probe;
    probe->source->checks++;
    probe->source->failures++;
    if (target->failures < UINT32_MAX)
        target->failures++;
    if (!target->retired) {
        if (target->failures >= probe->attempts) {
            verdict_change(target, PROBE_DOWN, evidence);
            trouble_set(target, evidence);
        } else if (!probe->stopping) {
            retry_later(probe, target, clock_steady() + probe->retry);
        }
    }
    target_end(target);
}

void probe_wrong(struct probe_target *target, const char *evidence)
{
    struct probe *probe = target->probe;
    probe->source->checks++;
    probe->source->failures++;
    probe->source->last_heard = clock_wall();
    if (target->failures < UINT32_MAX)
        target->failures++;
    if (!target->retired) {
        verdict_change(target, PROBE_UP, evidence);
        if (target->failures >= probe->attempts)
            trouble_set(target, evidence);
        else if (!probe->stopping)
            retry_later(probe, target, clock_steady() + probe->retry);
    }
    target_end(target);
}

void probe_dropped(struct probe_target *target)
{
    target_end(target);
}

/* ---- names ---- */

static void lookup_done(uv_getaddrinfo_t *request, int status, struct addrinfo *answer)
{
    struct probe_target *target = request->data;
    target->resolving = false;
    target->resolved = clock_steady();
    if (status == 0 && answer) {
        memcpy(&target->to, answer->ai_addr, answer->ai_addrlen);
        target->to_length = answer->ai_addrlen;
        target_set_port(target);
    }
    uv_freeaddrinfo(answer);
    if (target->to_length > 0 || target->probe->stopping)
        probe_dropped(target);
    else
        probe_failed(target, fault_name(status));
}

/* Returns true when a look-up was started instead of an attempt. */
static bool target_look_up(struct probe_target *target, msec now)
{
    struct probe *probe = target->probe;
    bool known = target->to_length > 0;
    if (known && (target->resolved == CLOCK_NEVER ||
                  (target->failures == 0 && now - target->resolved < LOOKUP_AGAIN) || now - target->resolved < SPAN_MINUTE))
        return false;
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    target->lookup.data = target;
    if (uv_getaddrinfo(probe->source->loop, &target->lookup, lookup_done, target->host, NULL, &hints) != 0)
        return false;
    target->resolving = true;
    target_begin(target);
    return true;
}

/* ---- the pace ---- */

static bool target_probe(struct probe *probe, struct probe_target *target, msec now)
{
    if (target->busy)
        return true; /* the last attempt still runs */
    if (probe->ops->resolves && target_look_up(target, now))
        return true;
    if (probe->ops->resolves && target->to_length == 0)
        return true;
    target_begin(target);
    if (probe->ops->send(probe, target) == PROBE_SENT)
        return true;
    target->busy = false;
    probe->busy--;
    return false;
}

/* One line for the source: that all is well, or how many are not and what the first of them says. Down is it only when none
 * is well: that some devices are away is what a probe is there to find. */
static void tell_status(struct probe *probe)
{
    struct source *source = probe->source;
    const struct probe_target *example = NULL;
    size_t troubled = 0;
    char address[200] = "";
    for (size_t i = 0; i < probe->count; i++)
        if (probe->targets[i]->trouble) {
            example = example ? example : probe->targets[i];
            troubled++;
        }
    probe->status_due = false;
    probe->status_at = clock_steady();
    if (example && probe->ops->address)
        probe->ops->address(probe, example, address, sizeof address);
    else if (example && example->port)
        snprintf(address, sizeof address, "%s:%u", example->host, example->port);
    else if (example)
        snprintf(address, sizeof address, "%s", example->host);
    if (example)
        source_status(source, troubled == probe->count ? SOURCE_DOWN : probe->unusable ? SOURCE_TROUBLED : SOURCE_RUNNING,
                      "%zu of %zu well; %.40s at %.80s: %s", probe->count - troubled, probe->count, example->id, address,
                      example->trouble);
    else if (probe->unusable > 0)
        source_status(source, SOURCE_TROUBLED,
                      COUNTED(probe->count, N_("%zu target, %u without a usable address"),
                              N_("%zu targets, %u without a usable address")), probe->count, probe->unusable);
    else if (probe->count == 0)
        source_status(source, SOURCE_RUNNING, "no asset with an address matches");
    else
        source_status(source, SOURCE_RUNNING,
                      COUNTED(probe->count, N_("%zu target"),
                              N_("%zu targets")), probe->count);
}

static void probe_tick(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    msec now = clock_steady();
    unsigned sends = 0;
    while (probe->retry_count > 0 && probe->retries[probe->retry_head].due <= now && sends < SENDS_PER_TICK) {
        struct probe_target *target = probe->retries[probe->retry_head].target;
        if (!target_probe(probe, target, now))
            break;
        probe->retry_head = (probe->retry_head + 1) % probe->retry_capacity;
        probe->retry_count--;
        sends++;
    }
    if (probe->cursor >= probe->count && now - probe->round_start >= probe->interval) {
        probe->cursor = 0;
        msec late = now - probe->round_start - probe->interval;
        probe->round_start = late < probe->interval ? probe->round_start + probe->interval : now;
    }
    double share = (double)(now - probe->round_start + TICK) / (double)probe->interval;
    size_t due = share >= 1.0 ? probe->count : (size_t)(share * (double)probe->count) + 1;
    if (due > probe->count)
        due = probe->count;
    while (probe->cursor < due && sends < SENDS_PER_TICK) {
        struct probe_target *target = probe->targets[probe->cursor];
        bool waits_for_retry = target->failures > 0 && target->failures < probe->attempts;
        if (!waits_for_retry && !target_probe(probe, target, now))
            break;
        probe->cursor++;
        sends++;
    }
    if (probe->ops->tick_end)
        probe->ops->tick_end(probe);
    if (probe->status_due && now - probe->status_at >= STATUS_EVERY)
        tell_status(probe);
}

/* ---- targets ---- */

struct selection {
    struct probe *probe;
    struct probe_target **old;   /* by asset handle, ascending */
    size_t old_count;
    unsigned unusable;
};

static int compare_targets(const void *left, const void *right)
{
    uint32_t a = (*(struct probe_target *const *)left)->asset, b = (*(struct probe_target *const *)right)->asset;
    return a < b ? -1 : a > b;
}

static struct probe_target *selection_old(struct selection *selection, uint32_t asset)
{
    struct probe_target key = {.asset = asset}, *wanted = &key;
    struct probe_target **found = selection->old_count == 0 ? NULL
        : bsearch(&wanted, selection->old, selection->old_count, sizeof wanted, compare_targets);
    return found && !(*found)->retired ? *found : NULL;
}

static void select_target(void *visitor, const struct sink_target *chosen)
{
    struct selection *selection = visitor;
    struct probe *probe = selection->probe;
    char host[256] = "";
    unsigned port = 0;
    bool addressed = chosen->address[0] != '\0';
    if (!addressed && !probe->address_optional)
        return;
    if (addressed && !probe_parse_address(chosen->address, host, sizeof host, &port)) {
        source_bad(probe->source, chosen->address, strlen(chosen->address), "%s: not an address", chosen->id);
        selection->unusable++;
        return;
    }
    if (probe->default_port)
        port = probe->default_port;
    if (probe->ops->needs_port && port == 0) {
        source_bad(probe->source, chosen->address, strlen(chosen->address),
                   "%s: no port in the address, and the source has no port:", chosen->id);
        selection->unusable++;
        return;
    }
    ARRAY_RESERVE(probe->targets, probe->capacity, probe->count + 1);
    struct probe_target *target = selection_old(selection, chosen->asset);
    if (target && target->port == port && strcmp(target->host, host) == 0) {
        probe->targets[probe->count++] = target;
        target->retired = true; /* taken over; the mark is cleared below */
        return;
    }
    target = memory_new(sizeof *target);
    target->asset = chosen->asset;
    target->id = memory_text(chosen->id);
    target->host = memory_text(host);
    target->port = port;
    target->probe = probe;
    if (probe->ops->resolves)
        target_resolve_numeric(target);
    probe->targets[probe->count++] = target;
    target->retired = true;
}

static void forget_retries(struct probe *probe)
{
    size_t kept = 0;
    for (size_t i = 0; i < probe->retry_count; i++) {
        struct probe_retry *retry = &probe->retries[(probe->retry_head + i) % probe->retry_capacity];
        if (!retry->target->retired)
            probe->retries[(probe->retry_head + kept++) % probe->retry_capacity] = *retry;
    }
    probe->retry_count = kept;
}

static void retire(struct probe_target *target)
{
    target->retired = true;
    if (!target->busy)
        target_free(target);
    else if (target->resolving)
        uv_cancel((uv_req_t *)&target->lookup);
}

static bool select_all(struct probe *probe, struct error *error)
{
    struct source *source = probe->source;
    struct selection selection = {.probe = probe, .old = probe->targets, .old_count = probe->count};
    if (selection.old_count > 0)
        qsort(selection.old, selection.old_count, sizeof *selection.old, compare_targets);
    probe->targets = NULL;
    probe->count = probe->capacity = 0;
    bool fine = source->sink.ops->targets(source->sink.owner, probe->filter, select_target, &selection, error);
    for (size_t i = 0; i < probe->count; i++)
        probe->targets[i]->retired = false;
    /* What was not taken over leaves: it is in the old list and not in the new one. */
    struct probe_target **now = memory_new_array(probe->count + 1, sizeof *now);
    if (probe->count > 0) {
        memcpy(now, probe->targets, probe->count * sizeof *now);
        qsort(now, probe->count, sizeof *now, compare_targets);
    }
    bool *leaves = memory_new_array(selection.old_count + 1, sizeof *leaves);
    for (size_t i = 0; i < selection.old_count; i++) {
        struct probe_target **same = probe->count == 0 ? NULL
            : bsearch(&selection.old[i], now, probe->count, sizeof *now, compare_targets);
        leaves[i] = !same || *same != selection.old[i];
        if (leaves[i])
            selection.old[i]->retired = true;
    }
    forget_retries(probe);
    for (size_t i = 0; i < selection.old_count; i++)
        if (leaves[i])
            retire(selection.old[i]);
    free(leaves);
    free(now);
    free(selection.old);
    probe->cursor = 0;
    probe->round_start = clock_steady();
    source->targets = (unsigned)probe->count;
    probe->unusable = selection.unusable;
    if (fine)
        tell_status(probe);
    return fine;
}

void probe_reselect(struct probe *probe)
{
    struct error error;
    if (!select_all(probe, &error))
        source_status(probe->source, SOURCE_TROUBLED, "%s", error.text);
}

bool probe_start(struct probe *probe, struct source *source, const struct probe_ops *ops, void *owner,
                 const struct config_node *node, msec default_interval, struct error *error)
{
    probe->source = source;
    probe->ops = ops;
    probe->owner = owner;
    probe->filter = memory_text(config_text(node, "select", probe->address_optional ? "" : "has:address"));
    probe->interval = config_span(node, "interval", default_interval);
    probe->timeout = config_span(node, "timeout", 2 * SPAN_SECOND);
    probe->attempts = (unsigned)config_integer(node, "attempts", 3);
    probe->retry = config_span(node, "retry", SPAN_SECOND);
    probe->default_port = ops->needs_port ? (unsigned)config_integer(node, "port", 0) : 0;
    uv_timer_init(source->loop, &probe->timer);
    probe->timer.data = probe;
    if (!select_all(probe, error))
        return false;
    uv_timer_start(&probe->timer, probe_tick, TICK, TICK);
    return true;
}

static void timer_closed(uv_handle_t *handle)
{
    struct probe *probe = handle->data;
    probe->timer.data = NULL;
    probe_finish_stop(probe);
}

static void probe_finish_stop(struct probe *probe)
{
    if (!probe->stopping || probe->busy > 0 || probe->timer.data)
        return;
    for (size_t i = 0; i < probe->count; i++)
        target_free(probe->targets[i]);
    free(probe->targets);
    free(probe->retries);
    free(probe->filter);
    probe->targets = NULL;
    probe->retries = NULL;
    probe->filter = NULL;
    probe->stopped(probe);
}

void probe_stop(struct probe *probe, void (*stopped)(struct probe *probe))
{
    probe->stopping = true;
    probe->stopped = stopped;
    probe->retry_count = 0;
    if (!probe->source) { /* it was never started */
        stopped(probe);
        return;
    }
    for (size_t i = 0; i < probe->count; i++)
        if (probe->targets[i]->resolving)
            uv_cancel((uv_req_t *)&probe->targets[i]->lookup);
    uv_close((uv_handle_t *)&probe->timer, timer_closed);
}

char *probe_expand_url(const char *template, const struct probe_target *target)
{
    struct buffer out = BUFFER_INIT;
    while (*template) {
        bool whole = strncmp(template, "{address}", 9) == 0;
        if (whole || strncmp(template, "{host}", 6) == 0) {
            bool six = strchr(target->host, ':') != NULL;
            buffer_printf(&out, six ? "[%s]" : "%s", target->host);
            if (whole && target->port)
                buffer_printf(&out, ":%u", target->port);
            template += whole ? 9 : 6;
        } else if (strncmp(template, "{id}", 4) == 0) {
            buffer_append_text(&out, target->id);
            template += 4;
        } else {
            buffer_append_char(&out, *template++);
        }
    }
    return buffer_take(&out);
}

/* TCP connect to address and port of the assets that a filter selects: is something listening there? The connection is
 * reset at once, so that a sweep leaves nothing in TIME_WAIT at either side.
 *
 * Its sockets have an epoll of their own, which the loop watches as one: a poll of the loop's for each would cost five
 * more system calls a check than the check itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/fault.h"
#include "collect/probe.h"

#define CONNECTING_LIMIT 256 /* at one time */
#define BATCH 64

struct attempt {
    struct tcp *tcp;
    struct probe_target *target;
    int descriptor;
    uint64_t started;            /* ns */
    struct attempt *next, *previous; /* in flight, oldest first */
};

struct tcp {
    struct probe probe;
    struct attempt *first, *last;
    unsigned connecting;
    int watch;           /* epoll of their sockets */
    uv_poll_t poll;      /* of watch */
    bool probe_gone, watch_gone;
};

static void tcp_free_when_done(struct tcp *tcp)
{
    if (tcp->probe_gone && tcp->watch_gone)
        free(tcp);
}

/* Takes the attempt off the list and gives its target back to the caller. */
static struct probe_target *attempt_end(struct attempt *attempt)
{
    struct tcp *tcp = attempt->tcp;
    struct probe_target *target = attempt->target;
    if (attempt->previous)
        attempt->previous->next = attempt->next;
    else
        tcp->first = attempt->next;
    if (attempt->next)
        attempt->next->previous = attempt->previous;
    else
        tcp->last = attempt->previous;
    /* A reset instead of a goodbye: nothing lingers. */
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(attempt->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(attempt->descriptor);
    free(attempt);
    tcp->connecting--;
    return target;
}

static void report_failure(struct probe_target *target, const char *cause)
{
    char evidence[160];
    snprintf(evidence, sizeof evidence, N_("port %u: %s"), target->port, cause);
    probe_failed(target, evidence);
}

static void attempt_settled(struct attempt *attempt, uint32_t events)
{
    int cause = 0;
    socklen_t length = sizeof cause;
    if (events & (EPOLLERR | EPOLLHUP))
        getsockopt(attempt->descriptor, SOL_SOCKET, SO_ERROR, &cause, &length);
    double took = (double)(uv_hrtime() - attempt->started) / 1e6;
    struct probe_target *target = attempt_end(attempt);
    if (cause) {
        report_failure(target, fault_socket(cause));
        return;
    }
    char evidence[96];
    snprintf(evidence, sizeof evidence, N_("port %u open, %.1f ms"), target->port, took);
    probe_up(target, evidence);
}

static void watch_readable(uv_poll_t *poll, int status, int events)
{
    struct tcp *tcp = poll->data;
    struct epoll_event ready[BATCH];
    int count;
    (void)status, (void)events;
    do {
        count = epoll_wait(tcp->watch, ready, BATCH, 0);
        for (int i = 0; i < count && !tcp->probe.stopping; i++)
            attempt_settled(ready[i].data.ptr, ready[i].events);
    } while (count == BATCH && !tcp->probe.stopping);
}

static enum probe_sent tcp_send(struct probe *probe, struct probe_target *target)
{
    struct tcp *tcp = probe->owner;
    if (tcp->connecting >= CONNECTING_LIMIT)
        return PROBE_LATER;
    int descriptor = socket(target->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return PROBE_LATER; /* out of descriptors: the others must end first */
    uint64_t started = uv_hrtime();
    if (connect(descriptor, (struct sockaddr *)&target->to, target->to_length) != 0 && errno != EINPROGRESS) {
        int cause = errno;
        close(descriptor);
        report_failure(target, fault_socket(cause));
        return PROBE_SENT;
    }
    struct attempt *attempt = memory_new(sizeof *attempt);
    *attempt = (struct attempt){.tcp = tcp, .target = target, .descriptor = descriptor, .started = started,
                                .previous = tcp->last};
    if (tcp->last)
        tcp->last->next = attempt;
    else
        tcp->first = attempt;
    tcp->last = attempt;
    tcp->connecting++;
    struct epoll_event wanted = {.events = EPOLLOUT, .data.ptr = attempt};
    epoll_ctl(tcp->watch, EPOLL_CTL_ADD, descriptor, &wanted); /* leaves it by itself when closed */
    return PROBE_SENT;
}

static void tcp_tick_end(struct probe *probe)
{
    struct tcp *tcp = probe->owner;
    uint64_t limit = uv_hrtime() - (uint64_t)probe->timeout * 1000000;
    while (tcp->first && tcp->first->started < limit)
        report_failure(attempt_end(tcp->first), N_("no answer"));
}

static const struct probe_ops tcp_probe_ops = {
    .send = tcp_send, .tick_end = tcp_tick_end, .needs_port = true, .resolves = true};

static bool tcp_start(struct source *source, const struct config_node *node, struct error *error)
{
    int watch = epoll_create1(EPOLL_CLOEXEC);
    if (watch < 0)
        return error_set(error, ERROR_FULL, "no descriptor is left to watch its sockets: %s", strerror(errno));
    struct tcp *tcp = memory_new(sizeof *tcp);
    source->state = tcp;
    tcp->watch = watch;
    uv_poll_init(source->loop, &tcp->poll, tcp->watch);
    tcp->poll.data = tcp;
    uv_poll_start(&tcp->poll, UV_READABLE, watch_readable);
    return probe_start(&tcp->probe, source, &tcp_probe_ops, tcp, node, 30 * SPAN_SECOND, error);
}

static void tcp_ledger_changed(struct source *source)
{
    struct tcp *tcp = source->state;
    probe_reselect(&tcp->probe);
}

static void tcp_probe_stopped(struct probe *probe)
{
    struct tcp *tcp = probe->owner;
    tcp->probe_gone = true;
    tcp_free_when_done(tcp);
}

static void watch_closed(uv_handle_t *handle)
{
    struct tcp *tcp = handle->data;
    close(tcp->watch);
    tcp->watch_gone = true;
    tcp_free_when_done(tcp);
}

static void tcp_stop(struct source *source)
{
    struct tcp *tcp = source->state;
    source->state = NULL;
    tcp->probe.stopping = true;
    while (tcp->first)
        probe_dropped(attempt_end(tcp->first));
    uv_close((uv_handle_t *)&tcp->poll, watch_closed);
    probe_stop(&tcp->probe, tcp_probe_stopped);
}

static const struct config_key tcp_keys[] = {
    PROBE_KEYS("30s"),
    {.name = "port", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 65535,
     .help = "the port to connect to (default: the one in the asset's address)"},
    {.name = NULL},
};

const struct collector_ops collector_tcp = {
    .type = "tcp",
    .help = "TCP connect to the addresses of the selected assets",
    .keys = tcp_keys,
    .protection = protection_nothing_carried,
    .start = tcp_start,
    .ledger_changed = tcp_ledger_changed,
    .stop = tcp_stop,
};

/* ICMP echo to the addresses of the assets that a filter selects: the network half of a gateway's state (R021).
 *
 * A datagram ICMP socket needs no privilege where net.ipv4.ping_group_range allows it; else a raw socket, which needs
 * CAP_NET_RAW. Echoes go out in batches (sendmmsg) and come in in batches, so that a sweep of a thousand costs a few
 * microseconds a target. An answer counts only when it carries this source's nonce. */
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/memory.h"
#include "base/fault.h"
#include "collect/probe.h"

#define BATCH 64
#define FLIGHTS 65536 /* one a sequence number */

struct echo {
    uint8_t type, code;
    uint16_t checksum, identifier, sequence;
    uint64_t nonce;
    uint64_t sent; /* microseconds, steady */
} __attribute__((packed));

struct flight {
    struct probe_target *target; /* NULL: answered or never sent */
    uint64_t sent;               /* microseconds, steady */
};

struct icmp_socket {
    int descriptor; /* -1: not open */
    bool raw;
    bool polled;
    uv_poll_t poll;
    struct mmsghdr out[BATCH];
    struct iovec out_part[BATCH];
    struct echo out_echo[BATCH];
    struct probe_target *out_target[BATCH];
    unsigned out_count;
};

struct icmp {
    struct probe probe;
    struct icmp_socket four, six;
    struct flight *flights;
    uint16_t next, oldest; /* sequence numbers; equal: none in flight */
    uint16_t identifier;
    uint64_t nonce;
    unsigned open_handles;
};

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

static uint16_t internet_checksum(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint32_t sum = 0;
    for (; length > 1; length -= 2, at += 2)
        sum += (uint32_t)at[0] << 8 | at[1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

/* ---- flights ---- */

static void flight_answer(struct icmp *icmp, uint16_t sequence, uint64_t sent)
{
    struct flight *flight = &icmp->flights[sequence];
    if (!flight->target || flight->sent != sent)
        return; /* answered already, or too late */
    struct probe_target *target = flight->target;
    flight->target = NULL;
    char evidence[48];
    snprintf(evidence, sizeof evidence, N_("echo in %.1f ms"), (double)(now_us() - sent) / 1000.0);
    probe_up(target, evidence);
}

static void flight_lost(struct icmp *icmp, struct flight *flight, const char *why)
{
    struct probe_target *target = flight->target;
    flight->target = NULL;
    char evidence[96];
    if (icmp->probe.stopping) {
        probe_dropped(target);
        return;
    }
    snprintf(evidence, sizeof evidence, target->failures ? "%s, " N_("%u in a row") : "%s, " N_("%u time"), why, target->failures + 1);
    probe_failed(target, evidence);
}

static void flights_expire(struct icmp *icmp)
{
    uint64_t limit = now_us() - (uint64_t)icmp->probe.timeout * 1000;
    while (icmp->oldest != icmp->next) {
        struct flight *flight = &icmp->flights[icmp->oldest];
        if (flight->target && flight->sent > limit)
            return;
        if (flight->target)
            flight_lost(icmp, flight, "no echo");
        icmp->oldest++;
    }
}

/* ---- sending ---- */

static void batch_send(struct icmp *icmp, struct icmp_socket *link)
{
    unsigned done = 0;
    while (done < link->out_count) {
        int sent = sendmmsg(link->descriptor, link->out + done, link->out_count - done, 0);
        if (sent > 0) {
            done += (unsigned)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        /* The first of what is left cannot go: no route, not permitted, no buffer. It alone fails. */
        struct flight *flight = &icmp->flights[ntohs(link->out_echo[done].sequence)];
        if (flight->target == link->out_target[done])
            flight_lost(icmp, flight, fault_socket(errno));
        done++;
    }
    link->out_count = 0;
}

static enum probe_sent icmp_send(struct probe *probe, struct probe_target *target)
{
    struct icmp *icmp = probe->owner;
    bool six = target->to.ss_family == AF_INET6;
    struct icmp_socket *link = six ? &icmp->six : &icmp->four;
    if (link->descriptor < 0) {
        probe_failed(target, six ? N_("no ICMPv6 socket: grant CAP_NET_RAW")
                                 : N_("no ICMP socket: grant CAP_NET_RAW or widen net.ipv4.ping_group_range"));
        return PROBE_SENT;
    }
    if ((uint16_t)(icmp->next + 1) == icmp->oldest)
        return PROBE_LATER; /* every sequence number is in flight */
    if (link->out_count == BATCH)
        batch_send(icmp, link);
    uint16_t sequence = icmp->next++;
    icmp->flights[sequence] = (struct flight){.target = target, .sent = now_us()};
    unsigned slot = link->out_count++;
    struct echo *echo = &link->out_echo[slot];
    *echo = (struct echo){.type = six ? ICMP6_ECHO_REQUEST : ICMP_ECHO, .identifier = htons(icmp->identifier),
                          .sequence = htons(sequence), .nonce = icmp->nonce, .sent = icmp->flights[sequence].sent};
    if (!six)
        echo->checksum = internet_checksum(echo, sizeof *echo);
    link->out_target[slot] = target;
    link->out_part[slot] = (struct iovec){.iov_base = echo, .iov_len = sizeof *echo};
    link->out[slot].msg_hdr = (struct msghdr){.msg_name = &target->to, .msg_namelen = target->to_length,
                                              .msg_iov = &link->out_part[slot], .msg_iovlen = 1};
    return PROBE_SENT;
}

static void icmp_tick_end(struct probe *probe)
{
    struct icmp *icmp = probe->owner;
    batch_send(icmp, &icmp->four);
    batch_send(icmp, &icmp->six);
    flights_expire(icmp);
}

static const struct probe_ops icmp_probe_ops = {.send = icmp_send, .tick_end = icmp_tick_end, .resolves = true};

/* ---- receiving ---- */

static void echo_received(struct icmp *icmp, const struct icmp_socket *link, const uint8_t *bytes, size_t length)
{
    if (link == &icmp->four && link->raw) { /* a raw IPv4 socket hands over the IP header too */
        size_t header = length > 0 ? (size_t)(bytes[0] & 0x0f) * 4 : 0;
        if (length < header)
            return;
        bytes += header;
        length -= header;
    }
    struct echo echo;
    if (length < sizeof echo)
        return;
    memcpy(&echo, bytes, sizeof echo);
    uint8_t reply = link == &icmp->six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
    if (echo.type == reply && echo.nonce == icmp->nonce)
        flight_answer(icmp, ntohs(echo.sequence), echo.sent);
}

static void icmp_readable(uv_poll_t *poll, int status, int events)
{
    struct icmp *icmp = poll->data;
    struct icmp_socket *link = poll == &icmp->four.poll ? &icmp->four : &icmp->six;
    (void)events;
    if (status < 0)
        return;
    uint8_t bytes[BATCH][128];
    struct mmsghdr in[BATCH];
    struct iovec part[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        part[i] = (struct iovec){.iov_base = bytes[i], .iov_len = sizeof bytes[i]};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &part[i], .msg_iovlen = 1};
    }
    for (int round = 0; round < 16; round++) {
        int count = recvmmsg(link->descriptor, in, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++)
            echo_received(icmp, link, bytes[i], in[i].msg_len);
        if (count < BATCH)
            return;
    }
}

/* ---- sockets ---- */

static void link_open(struct icmp *icmp, struct icmp_socket *link, int family, uv_loop_t *loop)
{
    int protocol = family == AF_INET ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6;
    link->raw = false;
    link->descriptor = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (link->descriptor < 0) {
        link->raw = true;
        link->descriptor = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    }
    if (link->descriptor < 0)
        return;
    int large = 1 << 20;
    setsockopt(link->descriptor, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    if (link->raw && family == AF_INET) {
        struct icmp_filter only_replies = {.data = ~(1u << ICMP_ECHOREPLY)};
        setsockopt(link->descriptor, SOL_RAW, ICMP_FILTER, &only_replies, sizeof only_replies);
    } else if (link->raw) {
        struct icmp6_filter only_replies;
        ICMP6_FILTER_SETBLOCKALL(&only_replies);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only_replies);
        setsockopt(link->descriptor, IPPROTO_ICMPV6, ICMP6_FILTER, &only_replies, sizeof only_replies);
    }
    link->poll.data = icmp;
    link->polled = uv_poll_init(loop, &link->poll, link->descriptor) == 0;
    if (link->polled) {
        icmp->open_handles++;
        uv_poll_start(&link->poll, UV_READABLE, icmp_readable);
    }
}

static bool icmp_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct icmp *icmp = memory_new(sizeof *icmp);
    source->state = icmp;
    icmp->flights = memory_new_array(FLIGHTS, sizeof *icmp->flights);
    randombytes_buf(&icmp->nonce, sizeof icmp->nonce);
    randombytes_buf(&icmp->identifier, sizeof icmp->identifier);
    link_open(icmp, &icmp->four, AF_INET, source->loop);
    int cause = errno;
    link_open(icmp, &icmp->six, AF_INET6, source->loop);
    if (!probe_start(&icmp->probe, source, &icmp_probe_ops, icmp, node, 10 * SPAN_SECOND, error))
        return false;
    if (icmp->four.descriptor < 0 && icmp->six.descriptor < 0)
        source_status(source, SOURCE_DOWN,
                      "cannot send echo requests: %s; grant CAP_NET_RAW or widen net.ipv4.ping_group_range", strerror(cause));
    return true;
}

static void icmp_ledger_changed(struct source *source)
{
    struct icmp *icmp = source->state;
    probe_reselect(&icmp->probe);
}

static void icmp_gone(struct icmp *icmp)
{
    free(icmp->flights);
    free(icmp);
}

static void icmp_probe_stopped(struct probe *probe)
{
    struct icmp *icmp = probe->owner;
    if (icmp->open_handles == 0)
        icmp_gone(icmp);
    else
        icmp->probe.owner = NULL; /* the last socket to close frees it */
}

static void icmp_link_closed(uv_handle_t *handle)
{
    struct icmp *icmp = handle->data;
    close(handle == (uv_handle_t *)&icmp->four.poll ? icmp->four.descriptor : icmp->six.descriptor);
    if (--icmp->open_handles == 0 && !icmp->probe.owner)
        icmp_gone(icmp);
}

static void icmp_stop(struct source *source)
{
    struct icmp *icmp = source->state;
    source->state = NULL;
    icmp->probe.stopping = true;
    for (; icmp->oldest != icmp->next; icmp->oldest++)
        if (icmp->flights[icmp->oldest].target)
            flight_lost(icmp, &icmp->flights[icmp->oldest], "stopped");
    probe_stop(&icmp->probe, icmp_probe_stopped);
    if (icmp->four.polled)
        uv_close((uv_handle_t *)&icmp->four.poll, icmp_link_closed);
    if (icmp->six.polled)
        uv_close((uv_handle_t *)&icmp->six.poll, icmp_link_closed);
}

static const struct config_key icmp_keys[] = {
    PROBE_KEYS("10s"),
    {.name = NULL},
};

const struct collector_ops collector_icmp = {
    .type = "icmp",
    .help = "ICMP echo (ping) to the addresses of the selected assets",
    .keys = icmp_keys,
    .protection = protection_nothing_carried,
    .start = icmp_start,
    .ledger_changed = icmp_ledger_changed,
    .stop = icmp_stop,
};

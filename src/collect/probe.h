/* What the probing collectors (icmp, tcp, http) share: the targets that a filter selects, their addresses resolved off
 * the loop, an even pace over the interval, and the step from single answers to a verdict.
 *
 * A target is up at its first answer and down after `attempts` failures in a row, the later ones `retry` apart. A
 * verdict goes to the sink when it changes and once at the first answer. Private to src/collect. */
#ifndef COLLECT_PROBE_H
#define COLLECT_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/clock.h"
#include "base/config.h"
#include "collect/collector.h"
#include "model/filter.h"

enum probe_verdict { PROBE_UNDECIDED, PROBE_UP, PROBE_DOWN };

struct probe_target {
    uint32_t asset;
    char *id;
    char *host;                     /* of the address, without port */
    unsigned port;                  /* of the address, or the source's; 0: none */
    struct sockaddr_storage to;     /* port filled in */
    socklen_t to_length;            /* 0: not resolved (yet) */
    msec resolved;                  /* steady; names are looked up again now and then */
    unsigned failures;              /* in a row */
    enum probe_verdict verdict;
    bool busy;                      /* an attempt or a look-up runs */
    bool retired;                   /* no longer selected; freed when no longer busy */
    bool resolving;
    char *trouble;                  /* why it is not well, once `attempts` failed; NULL: well, or not known yet */
    struct probe *probe;
    uv_getaddrinfo_t lookup;
};

enum probe_sent {
    PROBE_SENT,      /* probe_up or probe_failed will follow, on a later turn or within send itself */
    PROBE_LATER,     /* no room now: keep it for the next tick */
};

struct probe_ops {
    enum probe_sent (*send)(struct probe *probe, struct probe_target *target);
    void (*tick_end)(struct probe *probe);  /* after the sends of one tick; may be NULL */
    /* Where it is asked, "host:port", for people; NULL: its host and port. */
    void (*address)(const struct probe *probe, const struct probe_target *target, char *address, size_t size);
    bool needs_port;
    bool resolves;                          /* false: the collector resolves names itself (http) */
};

struct probe {
    struct source *source;
    const struct probe_ops *ops;
    void *owner;                     /* the collector */
    char *filter;
    bool address_optional;           /* set before probe_start: assets without an address are probed too */
    unsigned attempts;
    unsigned default_port;
    msec interval, timeout, retry;

    struct probe_target **targets;
    size_t count, capacity;
    size_t cursor;                   /* next in this round */
    msec round_start;                /* steady */
    struct probe_retry { struct probe_target *target; msec due; } *retries; /* ring, due in order */
    size_t retry_head, retry_count, retry_capacity;
    size_t busy;                     /* targets with something under way, retired ones too */
    unsigned unusable;               /* assets without an address that can be used */
    bool status_due;                 /* who is in trouble changed since the source's line was written */
    msec status_at;                  /* steady, when it was */
    uv_timer_t timer;
    bool stopping;
    void (*stopped)(struct probe *probe); /* after the timer closed and nothing is busy */
};

/* Keys every probing source has: select, interval, timeout, attempts, retry. */
#define PROBE_KEYS(default_interval)                                                                                  \
    {.name = "select", .type = CONFIG_FILTER, .check = filter_check,                                            \
     .help = "which assets to probe (default: every asset with an address)"},                                         \
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 200, .maximum = 24 * 3600e3,                                  \
     .help = "time from one probe of a target to the next (default " default_interval ")"},                           \
    {.name = "timeout", .type = CONFIG_SPAN, .minimum = 10, .maximum = 60e3, .help = "wait for an answer (default 2s)"}, \
    {.name = "attempts", .type = CONFIG_INTEGER, .minimum = 1, .maximum = 20,                                          \
     .help = "failures in a row that make a target down (default 3)"},                                                \
    {.name = "retry", .type = CONFIG_SPAN, .minimum = 100, .maximum = 3600e3,                                          \
     .help = "time between a failure and the next attempt while it is not yet down (default 1s)"}

/* Read the shared keys, select the targets, start the pace. */
bool probe_start(struct probe *probe, struct source *source, const struct probe_ops *ops, void *owner,
                 const struct config_node *node, msec default_interval, struct error *error);
void probe_reselect(struct probe *probe); /* the ledger changed */
/* Stop the pace; `stopped` is called when nothing of it is left on the loop. The collector ends its attempts first. */
void probe_stop(struct probe *probe, void (*stopped)(struct probe *probe));

/* The end of an attempt. The evidence is for people ("echo in 0.4 ms", "connection refused"). */
void probe_up(struct probe_target *target, const char *evidence);
void probe_failed(struct probe_target *target, const char *evidence);
/* It answered, and what it said is wrong: its link is up, and it is asked again as after a failure. What is wrong is
 * the collector's to say, by a check, once the failures have reached `attempts`. */
void probe_wrong(struct probe_target *target, const char *evidence);
/* An attempt ended without a verdict (the source is stopping). */
void probe_dropped(struct probe_target *target);

/* "10.0.0.1", "10.0.0.1:502", "[::1]:80", "host", "host:80", "scheme://host[:port][/path]". */
bool probe_parse_address(const char *address, char *host, size_t size, unsigned *port);

/* A URL template with the target's {address}, {host} and {id} put in; the caller frees. */
char *probe_expand_url(const char *template, const struct probe_target *target);

#endif

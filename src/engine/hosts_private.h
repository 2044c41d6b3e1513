/* Shared by hosts.c, hosts_watch.c and hosts_run.c. */
#ifndef ENGINE_HOSTS_PRIVATE_H
#define ENGINE_HOSTS_PRIVATE_H

#include "engine/hosts.h"

#define HOSTS_LISTENERS 8
#define HOSTS_DEVIATIONS 200 /* of one host; what is beyond shows when these are gone */

/* What the ledger says of a server by itself (hosts_ledger.c). */
enum { HOSTS_COLUMN_PORTS, HOSTS_COLUMN_UNITS, HOSTS_COLUMN_OUTBOUND, HOSTS_COLUMNS };
struct hosts_own {
    char *text[HOSTS_COLUMNS];    /* cut into the words */
    const char **words[HOSTS_COLUMNS]; /* NULL: it says nothing */
    unsigned count[HOSTS_COLUMNS];
};
void hosts_own_read(const struct fleet *fleet, uint32_t asset, struct hosts_own *own);
void hosts_own_release(struct hosts_own *own);

struct hosts_member {
    uint32_t asset;
    struct source *source;
    struct host *host;
    uint64_t revision;
    msec answered;                /* steady, when `source` last told anything; 0 never */
    msec told[HOST_LIST_COUNT];   /* steady; each list as it is was asked for no earlier; 0 never */
    msec attended_until;          /* steady; CLOCK_NEVER: nobody looks */
    struct host_deviation *deviations;
    unsigned deviation_count;
    struct hosts_own own;
    struct hosts_expectation expected; /* the configuration's, and `own` for what it does not say */
    struct hosts_kept *kept;      /* NULL: nothing was yet */
    uint64_t expected_ledger;     /* ledger revision + 1 for which `expected` was found; 0: anew */
};

struct hosts_running {
    struct hosts_running *next, **link;
    struct hosts *hosts;
    struct source *source;
    struct host_running *running;
    struct host_run run;          /* the caller's */
};

struct loading;    /* of hosts_past.c */
struct hosts_kept; /* of hosts_keep.c */

struct hosts {
    uv_loop_t *loop;
    struct fleet *fleet;
    uv_timer_t *timer;            /* runs while somebody looks */
    struct hosts_member **members; /* by asset */
    unsigned member_count, member_capacity;
    const struct hosts_expectation *expectations;
    struct filter **filters;      /* one each */
    unsigned expectation_count;
    struct hosts_listener listeners[HOSTS_LISTENERS];
    unsigned listener_count;
    struct hosts_running *runs;
    struct store *store;          /* where the lists of hosts are kept; NULL: nowhere */
    struct hosts_past *past;      /* the last that was asked for; one reference */
    struct loading *loadings;
};

struct hosts_member *hosts_member(const struct hosts *hosts, uint32_t asset); /* NULL: never told */
/* What the host does beside what is expected, found anew from its lists. */
void hosts_judge(struct hosts *hosts, struct hosts_member *member);
/* What an answer brought, after it became the member's host. */
void hosts_keep(struct hosts *hosts, struct hosts_member *member, unsigned brought);
void hosts_kept_free(struct hosts_kept **kept);
void hosts_pasts_forget(struct hosts *hosts); /* what is on its way ends with ERROR_UNAVAILABLE */
void hosts_forget_runs(struct hosts *hosts, const struct source *source); /* NULL: all */

#endif

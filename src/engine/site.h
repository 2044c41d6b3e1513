/* The site: what the configuration says about itself, beyond the fleet. Built by the daemon from a checked
 * configuration, read by the door. Immutable once handed out, but for the counters at its end; a reload builds a new
 * one and hands it over (sources that did not change keep running and appear in both). */
#ifndef ENGINE_SITE_H
#define ENGINE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/collector.h"
#include "model/health.h"
#include "model/shift.h"

struct fleet;
struct fleet_past;
struct runbooks;
struct capacity_plan;

/* Each role may do what the ones before it may. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_SUPERVISOR, ROLE_ADMIN, ROLE_COUNT };
const char *role_name(enum role role);               /* "none", "viewer", ... */
bool role_parse(const char *name, enum role *role);  /* not "none" */

/* One line of `roles:`. `who` is "user:NAME", "group:NAME", "token:NAME", "certificate:NAME" or "*" (anybody). The
 * highest role among the grants that match a person is theirs. */
struct site_grant {
    enum role role;
    const char *who;
};

/* One line of `units:`: metrics whose name fits the pattern (`*` any run) are in this unit. The first that fits. */
struct site_unit {
    const char *metric;
    const char *unit;
};

enum listen_kind { LISTEN_UNIX, LISTEN_TLS };
struct site_listen {
    enum listen_kind kind;
    const char *path;        /* LISTEN_UNIX: absolute; `default` and --socket are already resolved */
    const char *address;     /* LISTEN_TLS: "0.0.0.0" or "::", no brackets */
    uint16_t port;
    const char *certificate; /* PEM files */
    const char *key;
    const char *client_ca;   /* "" when client certificates are not asked for */
    const char *where;       /* "nocturne.yml:5" for messages; "--socket", "default" */
};

/* A population that a contract counts: R046 gateways >= 1000 and the like. */
struct site_population {
    const char *name;        /* "gateways" */
    const char *contract;    /* profile id: "campus-iot" */
    const char *requirement; /* "R046" */
    const char *filter;      /* over ledger fields; validated */
    uint32_t need;
};

struct site {
    const char *name;        /* never NULL */
    const char *timezone;    /* IANA name; the process runs in it */
    const char *language;    /* "zh_CN", "en" */
    const char *version;
    msec started;            /* of the daemon, wall */
    const char *config_path; /* main file, "" when none was found */
    const char *state_dir;   /* "" with a memory store */
    const char *store_url;   /* as configured: "sqlite", "postgresql://..."; never with a password */

    const struct site_grant *grants;
    size_t grant_count;
    const struct site_listen *listens;
    size_t listen_count;
    const struct site_population *populations;
    size_t population_count;
    const struct site_unit *units;
    size_t unit_count;
    struct source *const *sources; /* in configuration order; all entries live as long as the site is in force */
    size_t source_count;

    const struct capacity_plan *capacity; /* what counts as full; NULL: the usual */
    const struct runbooks *runbooks;
    const struct roster *roster;   /* shifts */

    const struct site_counters *counters; /* live; the same object across reloads */
};

struct site_counters {
    uint64_t reloads;          /* that took force */
    uint64_t reloads_refused;
    msec reloaded;             /* of the last that took force; CLOCK_NEVER */
    char refusal[384];         /* first mistake of the last reload when it was refused; "" else */
};

/* The unit of a metric: as configured, else as its name says (memory_percent, net_in_bytes_per_second), else "". */
const char *site_metric_unit(const struct site *site, const char *metric);

/* One population as of now (past NULL) or then. An asset counts as kept online and normal (R046-R049) when its
 * health is ok or warning: stale, offline, unreachable, unknown, critical and maintenance do not. */
struct site_contracted {
    const struct site_population *population;
    uint32_t have, total; /* online and normal; in the ledger's population */
    bool ok;              /* have >= need */
};
/* Membership is found once per ledger revision; counting costs the members. False when the filter is wrong. */
bool site_contracted(const struct site *site, struct fleet *fleet, size_t population, const struct fleet_past *past,
                     struct site_contracted *contracted, struct error *error);

#endif

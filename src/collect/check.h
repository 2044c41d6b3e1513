/* Checks: one question to one part of an application, asked now and then, and judged. Each kind is one file with one
 * `const struct check_ops` and one line in checks.def; a configured check is one instance of it. Who asks when, and what
 * the answers mean together, is the engine's (engine/applications.h).
 *
 * On the loop's thread; nothing blocks. Each phase (name, connection, handshake, each answer) has the whole timeout to
 * itself, and a check that dawdles says in which phase. Secrets come from files of mode 0600, the environment or a
 * systemd credential (base/secret.h) and never show in evidence. */
#ifndef COLLECT_CHECK_H
#define COLLECT_CHECK_H

#include <stdbool.h>
#include <uv.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/transfer.h"
#include "collect/protection.h"
#include "collect/tls_contexts.h"
#include "model/health.h"

struct check;
struct host;

#define CHECK_FIGURES 24
struct check_figure {
    char name[40];      /* latency_ms, connections_percent; stored as the metric CHECK.NAME */
    const char *unit;   /* "ms", "%", "" */
    double value;       /* finite */
};
struct check_answer {
    enum health verdict;    /* ok, warning, critical; unknown: it could not be judged, and the evidence says why */
    char evidence[200];     /* for people: "200 in 42 ms, certificate 61 d"; clean text */
    struct check_figure figures[CHECK_FIGURES];
    unsigned figure_count;
};

struct check_ops {
    const char *type, *help;
    const struct config_key *keys;      /* its own, besides check_keys */
    const char *address;                /* the key without which it waits for an address */
    const char *const *limits;          /* "warning connections_percent > 80": in force for figures that no key names; NULL */
    void (*validate)(const struct config_node *node, struct config_problems *problems); /* what keys cannot say; may be NULL */
    /* How what it says and hears is protected; NULL: not known. */
    void (*protection)(const struct config_node *node, struct protection *protection);
    bool (*open)(struct check *check, const struct config_node *node, struct error *error);
    void (*begin)(struct check *check);                     /* ends with check_end, now or later */
    void (*stop)(struct check *check);                      /* let go of what an attempt holds; also when there is none */
    void (*close)(struct check *check);
    /* Instead of begin: judge by what a host tells of itself. False: its processes are not in it. */
    bool (*look)(struct check *check, const struct host *host);
};

/* Keys that every check has, whatever its kind. */
extern const struct config_key check_keys[];
const struct check_ops *const *check_all(void); /* NULL-terminated, for schema and manual */
const struct check_ops *check_find(const char *type);
/* Is it a unit's name, which a shell may be given? For the `check` of a configuration's key. */
bool check_unit_name(const struct config_node *node, const char *text, struct error *error);
/* One entry of `checks:`; what is wrong is added with its line and column. */
bool check_validate(const struct config_node *node, struct config_problems *problems);
/* A valid entry that has no address yet. */
bool check_waits(const struct config_node *node);

unsigned check_port(const struct config_node *node); /* of its address; 0: none stated */

/* What all checks of a daemon share. */
struct check_parts {
    uv_loop_t *loop;
    struct transfers *transfers;
    struct tls_contexts *contexts;
};
/* Reads files of secrets. NULL with a cause. Nothing of the configuration is kept. */
struct check *check_new(const struct check_parts *parts, const struct config_node *node, struct error *error);
/* An attempt under way ends without a call; handles close on later turns of the loop. */
void check_free(struct check **check);

typedef void check_done(void *owner, const struct check_answer *answer);
/* Once at a time. `done` may come before this returns. */
void check_run(struct check *check, check_done *done, void *owner);
bool check_running(const struct check *check);
/* Kinds that look at a host (unit, process): true when judged, and `answer` filled. */
bool check_looks(const struct check *check);
bool check_look(struct check *check, const struct host *host, struct check_answer *answer);

#endif

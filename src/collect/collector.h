/* Collectors bring observations in. Each protocol is one file with one `const struct collector_ops` and one line in
 * collectors.def; a configured source is one instance of it.
 *
 * A collector knows no rule and no health: it reports messages, links and checks to the sink, which the engine
 * implements. All calls happen on the loop's thread; nothing may block it. */
#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "collect/protection.h"
#include "model/asset.h"
#include "model/health.h"

struct alarm_ops;
struct alarm_reach;
struct filter;
struct ingest_result;
struct json_writer;
struct source;
struct host;

#define SINK_NONE UINT32_MAX

struct sink_value {
    uint32_t metric;
    double value; /* finite */
};

struct sink_target {
    uint32_t asset;
    const char *id;
    const char *address; /* ledger text; "" when it has none. Both valid during the call */
};

/* What the engine does for collectors. */
struct sink_ops {
    /* The asset of an id from outside (cleaned and checked here). Unknown ids become discovered assets, up to the
     * configured limit, then SINK_NONE. */
    uint32_t (*asset)(void *owner, struct source *source, const char *id, size_t length);
    uint32_t (*metric)(void *owner, const char *name, size_t length);
    /* An asset spoke: values sampled at `time` (CLOCK_NEVER: no time given, use now), raw is the payload as it came
     * (kept as the asset's last message, cut at 1 KiB). `via` is the gateway that carried it or SINK_NONE. */
    void (*message)(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                    const struct sink_value *values, unsigned count, const char *raw, size_t raw_length);
    /* What a collector knows of an asset that no ledger names (kind, name, model, address): fills the empty fields of
     * a discovered asset, never a ledger row. Only the non-empty fields of `hint` count. */
    void (*describe)(void *owner, struct source *source, uint32_t asset, const struct asset *hint);
    /* The same of what a broker had kept (a retained message): values of `time`, which is given, and no sign of life,
     * for the asset may be long gone. May be NULL. */
    void (*kept)(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                 const struct sink_value *values, unsigned count, const char *raw, size_t raw_length);
    /* Messages of these assets come next: what is known of them, which lies anywhere in memory, is fetched meanwhile. It only
     * ever saves time. May be NULL. */
    void (*expect)(void *owner, const uint32_t *assets, unsigned count);
    /* Its link (network status) was seen up or down: a probe's verdict, a broker's connect and disconnect events. */
    void (*link)(void *owner, struct source *source, uint32_t asset, enum link_state state, const char *evidence);
    /* A check of ours answered: verdict HEALTH_OK, WARNING or CRITICAL, and the figure for people ("HTTP 503", "certificate 6 d"). */
    void (*check)(void *owner, struct source *source, uint32_t asset, enum health verdict, const char *evidence);
    /* A host as it is now (model/host.h), with its metrics sent by message() before; takes it. May be NULL. */
    void (*host)(void *owner, struct source *source, uint32_t asset, struct host *host);
    /* Appends a blank and a name for each unit of its init system that somebody expects on an asset's host: names and patterns
     * with *, of any type, as people wrote them. May be NULL. */
    void (*units)(void *owner, uint32_t asset, struct buffer *names);
    /* Visit the assets that a filter selects, for probing collectors; false with a cause when the filter is wrong. */
    bool (*targets)(void *owner, const char *filter, void (*visit)(void *visitor, const struct sink_target *target),
                    void *visitor, struct error *error);
    /* Grows whenever targets() may answer differently. */
    uint64_t (*ledger_revision)(void *owner);
    /* Something of the source's state, counters or examples changed in a way people should see soon. */
    void (*source_changed)(void *owner, struct source *source);
};

struct sink {
    const struct sink_ops *ops;
    void *owner;
};

/* What the engine does for sources that bring alerts (collect/alarm.h); ops is NULL where there is no desk. */
struct alarm_sink {
    const struct alarm_ops *ops;
    void *owner;
};

enum source_state { SOURCE_STARTING, SOURCE_RUNNING, SOURCE_TROUBLED, SOURCE_DOWN, SOURCE_STOPPED };
const char *source_state_name(enum source_state state);

#define SOURCE_EXAMPLES 5
#define SOURCE_RATE_MARKS 11 /* seconds looked back upon, and now */

/* A bad input kept as an example: cleaned text, cut, never raw control bytes. */
struct source_example {
    msec time;
    char reason[96];
    char sample[160];
};

/* One configured source: the collector's instance and what everybody may see of it. */
struct source {
    char *name;
    const struct collector_ops *ops;
    void *state;                 /* the collector's own */
    uv_loop_t *loop;
    struct sink sink;
    struct alarm_sink alarms;    /* to be set before start() */

    enum source_state status;
    char detail[240];            /* "connected, 3 topics", "broker:1883: connection refused; next try in 8 s" */
    msec since;                  /* of the status */
    struct protection protection; /* of its configuration */
    msec last_heard;             /* wall; CLOCK_NEVER */
    uint64_t messages, readings, bytes, bad, duplicates, checks, failures, reconnects;
    double rate;                 /* messages (or checks) a second, over the last 10 s */
    unsigned targets;
    struct source_example examples[SOURCE_EXAMPLES]; /* newest first */
    unsigned example_count;
    struct { uint64_t counted[SOURCE_RATE_MARKS]; msec at[SOURCE_RATE_MARKS]; unsigned taken; } rate_marks;
};

/* Helpers for collectors. */
void source_status(struct source *source, enum source_state status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Count a bad input and keep it as an example. The reason is a short fixed phrase ("not JSON", "no asset in topic"). */
void source_bad(struct source *source, const char *sample, size_t length, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void source_rate_tick(struct source *source, msec steady_now); /* once a second, by the engine */

/* A command on an asset's host, run through the source that watches it. The text is made by the engine from a template
 * of the configuration and checked arguments, never from free text. Output comes as it arrives; `done` once, always
 * later than the call, with the exit code, or an error: ERROR_TIMEOUT, ERROR_UNAVAILABLE (the host is not connected,
 * or went away in the middle), ERROR_FULL (more than output_limit). */
struct host_run {
    const char *command;            /* for sh -c; copied */
    msec timeout;                   /* 0: none (a log that is followed) */
    size_t output_limit;            /* bytes in all; 0: none */
    void (*output)(void *owner, const char *bytes, size_t length, bool error_stream);
    void (*done)(void *owner, int exit_code, const struct error *error);
    void *owner;
};
struct host_running;                /* each collector's own */

struct collector_ops {
    const char *type;               /* "mqtt": the `type:` of a source */
    const char *help;               /* one line */
    const struct config_key *keys;  /* its own keys besides name and type; checked before start() */
    /* Check what the key table cannot (URLs, templates, filters); add problems. May be NULL. */
    void (*validate)(const struct config_node *node, struct config_problems *problems);
    /* How what it asks for is protected on its way; `node` is valid. NULL: not known. */
    void (*protection)(const struct config_node *node, struct protection *protection);
    /* Sets source->state. After a failure stop() is called too when the state was set. */
    bool (*start)(struct source *source, const struct config_node *node, struct error *error);
    /* A JSON body that was pushed to the API for this source; NULL: it takes none. With `dry_run` nothing is handed over, and
     * what would be is appended as JSON objects, one an item. False when the body as a whole cannot be read. `node` may be
     * NULL in start(): a source that nobody configured takes pushes with all keys absent. */
    bool (*push)(struct source *source, const char *body, size_t length, struct json_writer *dry_run,
                 struct ingest_result *result, struct error *error);
    /* How a silence of ours would reach the system behind the source, and ending one that was made there. NULL: it has none. */
    void (*silence_reach)(struct source *source, const struct filter *filter, struct alarm_reach *reach);
    bool (*silence_end)(struct source *source, const char *id);
    void (*ledger_changed)(struct source *source); /* targets may differ; may be NULL */
    /* Somebody looks at this host closely: sample it in full every `interval` until told 0. May be NULL. */
    void (*attend)(struct source *source, uint32_t asset, msec interval);
    /* NULL with a cause when this source cannot reach that host. May be NULL: runs nothing. */
    struct host_running *(*run)(struct source *source, uint32_t asset, const struct host_run *run, struct error *error);
    void (*cancel)(struct source *source, struct host_running *running); /* done is not called */
    void (*stop)(struct source *source);           /* closes handles, frees state; may finish on later loop turns */
};

const struct collector_ops *collector_find(const char *type);
const struct collector_ops *const *collector_all(void); /* NULL-terminated, for schema, help and manual */

struct source *source_new(uv_loop_t *loop, struct sink sink, const char *name, const struct collector_ops *ops);
void source_free(struct source **source); /* after stop() and the loop closed its handles */

#endif

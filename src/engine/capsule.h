/* An incident as one file: everything that a person needs to look at one alert again, elsewhere and years later, without
 * a daemon, a network or the site. `export incident` makes it, `nocturned --replay` shows it (daemon/replay.h).
 *
 * The file is a tar archive compressed by zstd, so that `tar --zstd -xf` opens it too: capsule.json first (what it is,
 * its version, whose it is and of when), then lists as JSON lines, then SHA256SUMS over all of them. Instants are RFC
 * 3339, those of readings milliseconds since 1970. Versions 1 and 2 are read for ever; a reader refuses what is later than
 * it, and a writer claims no more than it uses: 2 is for servers and applications as they were (kept.jsonl,
 * applications.jsonl).
 *
 * Bounded both ways: gathering stops at CAPSULE_READINGS_MOST and the like and says what it left out; reading refuses a
 * file that claims more. Nothing in a file is trusted: names are known ones, nothing is written to disk, text is
 * cleaned, numbers are kept within what the engine computes with. */
#ifndef ENGINE_CAPSULE_H
#define ENGINE_CAPSULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/asset.h"
#include "model/reading.h"
#include "store/store.h"
#include "wire/alerts.h"
#include "wire/applications.h"
#include "wire/servers.h"
#include "wire/wire.h"

#define CAPSULE_VERSION 2
#define CAPSULE_SUFFIX ".capsule"
#define CAPSULE_FILE_MOST ((size_t)32 << 20)  /* bytes of a file */
#define CAPSULE_ASSETS_MOST 1000
#define CAPSULE_ALERTS_MOST 1000
#define CAPSULE_EVENTS_MOST 50000
#define CAPSULE_STATES_MOST 200000
#define CAPSULE_READINGS_MOST 1000000
#define CAPSULE_KEPT_MOST 20000      /* moments of lists of servers; */
#define CAPSULE_KEPT_ROWS_MOST 200000 /* and rows in all of them */
#define CAPSULE_PAGES_MOST 1000      /* moments of applications; */
#define CAPSULE_NODES_MOST 100000    /* and nodes in all of them */
#define CAPSULE_ROWS_MOST 2000 /* of each of the short lists: rules, notifications, silences, ... */
#define CAPSULE_WINDOW_MOST SPAN_DAY /* readings: so long after the raise, and as long round the end */
#define CAPSULE_AROUND (30 * SPAN_MINUTE)

/* One metric of one asset, by the asset's place among the capsule's. Times grow. */
struct capsule_series {
    uint32_t asset;
    const char *metric;
    struct reading *rows;
    size_t count, capacity;
};
struct capsule_unit { const char *metric, *unit; };
struct capsule_runbook { const char *name, *language, *text; bool shipped; };

#define CAPSULE_LIST(type, name) struct type *name; size_t name##_count, name##_capacity

struct capsule {
    struct arena *arena;          /* of every text */
    const char *incident;         /* the alert's id */
    const char *made_by;          /* version of the program */
    const char *taken_by;         /* "user:wang" */
    const char *site, *timezone, *language;
    const char *left_out;         /* in words; "" nothing */
    msec taken_at, moment;        /* moment: when it was raised */
    msec from, to;                /* of the readings, as far as they go */
    int64_t fleet;                /* assets of the whole site */
    CAPSULE_LIST(asset, assets);
    CAPSULE_LIST(capsule_unit, units);
    CAPSULE_LIST(capsule_series, series);
    size_t readings;              /* over all series */
    CAPSULE_LIST(store_state, states);       /* asset: place; each asset's by time */
    CAPSULE_LIST(store_alert, alerts);       /* by number; asset: place, or -1 */
    CAPSULE_LIST(store_alert_event, events); /* by time */
    CAPSULE_LIST(wire_rule, rules);
    CAPSULE_LIST(wire_notification, notifications);
    CAPSULE_LIST(wire_silence, silences);
    CAPSULE_LIST(wire_downtime, downtimes);
    CAPSULE_LIST(wire_audit, audit);         /* newest first, as it is asked for */
    CAPSULE_LIST(capsule_runbook, runbooks);
    CAPSULE_LIST(wire_kept, kept);           /* lists of servers, by asset, list and time; all of it in the arena */
    CAPSULE_LIST(wire_application_page, applications); /* by application and time (page.as_of) */
    size_t kept_rows, nodes;                 /* over all of these */
};
/* 1, or 2 when something of a server or an application is in it. */
int capsule_version(const struct capsule *capsule);
const char *capsule_application_id(const struct capsule *capsule, unsigned index); /* each once; NULL: there are no more */
/* As it was at an instant: the newest page at or before it, else the oldest; NULL: the capsule has none of that id. */
const struct wire_application_page *capsule_application(const struct capsule *capsule, const char *id, msec at);

struct capsule *capsule_new(void);
void capsule_free(struct capsule **capsule);
/* The series to append to; the metric is copied when it is new. */
struct capsule_series *capsule_series(struct capsule *capsule, uint32_t asset, const char *metric);
void capsule_series_add(struct capsule *capsule, struct capsule_series *series, msec time, double value);
/* Copy into the capsule's arena without secrets; NULL becomes "". */
const char *capsule_text(struct capsule *capsule, const char *text);

/* The file's bytes. Needs no loop and touches nothing else, so that a thread of its own may do it. */
bool capsule_write(const struct capsule *capsule, struct buffer *out, struct error *error);
/* NULL with one line that says what is wrong: ERROR_INVALID not a capsule, ERROR_CORRUPT damaged, ERROR_TOO_NEW, ERROR_FULL too large. */
struct capsule *capsule_read(const char *bytes, size_t length, struct error *error);
/* The same of a file; the error names it. */
struct capsule *capsule_read_file(const char *path, struct error *error);

/* Text without what opens doors: passwords in URLs, values of parameters and members with telling names (password,
 * token, key, sign, secret, 密码, 口令 ...), bearer tokens. */
void capsule_redact(struct buffer *out, const char *text);
void capsule_redact_json(struct buffer *out, const char *text); /* member by member; what is no JSON as plain text */
bool capsule_is_secret_name(const char *name, size_t length);

/* ---- gathering, on the daemon's loop ---- */
struct alerts;
struct fleet;
struct notify;
struct rules;
struct site;
struct hosts;
struct applications;
struct capsule_parts {
    struct fleet *fleet;
    struct store *store;
    struct alerts *alerts;
    struct rules *rules;          /* may be NULL */
    struct notify *notify;        /* may be NULL */
    struct hosts *hosts;          /* may be NULL */
    struct applications *applications; /* may be NULL */
    const struct site *site;      /* must stay until `done` */
    const char *by;
    bool audit;                   /* who asks may read the audit */
};
/* The capsule is the caller's. `done` comes once: from the loop, or, when `id` is no alert's
 * (ERROR_NOT_FOUND), before this returns, and then the gathering is NULL. An alert that has left the memory comes from
 * the store, without its symptoms. */
struct gather;
typedef void capsule_gathered(void *owner, struct capsule *capsule, const struct error *error);
struct gather *capsule_gather(const struct capsule_parts *parts, const char *id, msec around, capsule_gathered *done,
                              void *owner);
/* The daemon ends: `done` is told so at once, and nothing of the parts is touched any more. What runs ends with the
 * store's next answer, at the latest in store_close. */
void capsule_gather_cancel(struct gather **gather);

#endif

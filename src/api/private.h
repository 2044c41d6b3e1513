/* What the files of this folder share: the door's state and one request's way through it.
 *
 * A request is born when MHD has read its first line, is admitted (route, limits, who, role), gathers its body, runs
 * its handler once, and is answered. A handler answers at once, or returns without an answer: then the connection
 * sleeps until request_finish. The client may be gone by then; request_alive says so. */
#ifndef API_PRIVATE_H
#define API_PRIVATE_H

#include <microhttpd.h>
#include <stdint.h>
#include <uv.h>

#include "api/api.h"
#include "api/target.h"
#include "base/buffer.h"
#include "base/json.h"
#include "engine/alerts.h"
#include "engine/site.h"
#include "wire/wire.h"

struct capsule;
struct events;
struct feeds;
struct heartbeats;
struct hosts;
struct exporting;
struct ingest;
struct listener;
struct people;
struct records;
struct security;
struct replays;
struct request;

#define MEBIBYTE ((size_t)1024 * 1024)

/* ---- routes: one row each in routes.def ---- */
struct route {
    const char *method;
    const char *path;             /* "/api/v1/assets/{id}": at most one {name} */
    enum role role;               /* ROLE_NONE: open to all, even without a name */
    void (*handle)(struct request *request);
    const char *summary;
    const char *const *parameters; /* names in parameters.def; others are refused */
    const char *body;             /* schema of a JSON body, "csv", or NULL */
    size_t body_limit;
    const char *answer;           /* schema name; "text" and "csv" are plain */
};
extern const struct route routes[];
extern const unsigned route_count;
/* The route of a path; `allow` gets the methods that the path answers when this one is not among them. The value of
 * {name} goes to *id. */
const struct route *route_find(const struct target *target, const char *method, const char **id, struct buffer *allow);

/* ---- who ---- */
#define WHO_GROUPS 64
struct who {
    char name[160];               /* "user:wang", "token:north", "certificate:CN"; "" unknown */
    char groups[WHO_GROUPS][40];
    unsigned group_count;
    enum role least;              /* what a token's record gives it; ROLE_ADMIN for the daemon's own user */
};
enum role who_role(const struct site *site, const struct who *who);

struct people *people_new(uv_loop_t *loop);
void people_free(struct people **people);
typedef void people_done(void *owner, const struct who *who);
/* The person behind a uid. NULL: being looked up off the loop; `done` is called with the answer. */
const struct who *people_find(struct people *people, uid_t uid, gid_t gid, people_done *done, void *owner);

/* ---- documents of the door itself: tokens and saved views, mirrored from the store ---- */
struct record {
    struct record *next;
    char *kind, *id;
    int64_t revision;
    struct json_object *body;
};
struct record *record_find(struct api *api, const char *kind, const char *id);
void record_put(struct api *api, const char *kind, const char *id, int64_t revision, const char *body);
void record_remove(struct api *api, const char *kind, const char *id);
bool api_records_load(struct api *api, struct error *error);
void records_free(struct api *api);

/* ---- figures for /metrics ---- */
#define LATENCY_BUCKETS 10
extern const double latency_bound[LATENCY_BUCKETS]; /* seconds */
struct figures {
    uint64_t (*answers)[6];       /* by route, by hundreds of the status; the last row: no route */
    uint64_t latency[LATENCY_BUCKETS + 1];
    double latency_sum;
    uint64_t refused_logins, connections, dropped_streams, events, killed_slow;
    unsigned open_connections, open_streams;
};

struct api {
    uv_loop_t *loop;
    struct fleet *fleet;
    struct store *store;
    struct alerts *alerts;
    struct rules *rules;
    struct applications *applications;
    struct notify *notify;
    struct feeds *feeds;
    struct heartbeats *heartbeats;
    struct hosts *hosts;
    struct security *security;
    const struct capsule *capsule; /* replayed: everything is read-only */
    struct exporting *exporting;  /* an incident on its way out; NULL: none */
    const struct site *site;
    char *socket;                 /* --socket or NULL */
    bool (*reload)(void *owner, struct error *error);
    void *reload_owner;
    struct listener *listeners;
    struct people *people;
    struct record *records;
    struct request *requests;     /* all there are, those whose client is gone too */
    struct replays *replays;
    struct events *events;
    struct buffer openapi;        /* made at the first asking */
    struct figures figures;
    uv_timer_t *second;
    struct source *pushed;        /* what came in by POST /ingest/readings */
    struct ingest *ingest;
    struct source *unasked[2];    /* what took pushes that no configured source is for: alertmanager, events; NULL: none yet */
    uint64_t ledger_revision;     /* that the event stream was told of */
    struct { msec since; unsigned count; } refusals; /* noted in the audit within a minute */
};

/* ---- one request ---- */
/* What a producer says after it appended (or not) to `answer`. WAIT: nothing now; the connection sleeps until the
 * producer's owner resumes it. */
enum produced { PRODUCED_MORE, PRODUCED_END, PRODUCED_WAIT };

struct request {
    struct request *next, **link; /* api->requests */
    struct api *api;
    struct listener *listener;
    struct MHD_Connection *connection; /* NULL: the client is gone, the last callback frees */
    struct peer *peer;
    const struct route *route;
    struct target target;
    char *path;                   /* as it came, without the parameters */
    const char *method, *id;
    struct who who;
    enum role role;
    uint64_t started_ns;
    struct buffer body;
    bool begun, repeated, admitted, refused, ran, answered, sleeping;
    bool ended;                   /* the producer said END */
    bool replay_at_end;           /* an incident replayed answers it as of when it was carried away: it has no present */
    bool replayed;                /* answered from an earlier one with the same Idempotency-Key */
    bool close;                   /* the connection ends with the answer */
    bool secret;                  /* the answer is shown this once: not kept for an Idempotency-Key */
    size_t discarded;             /* bytes of a body that is not wanted */
    /* the past, when `at` was given */
    msec now, at;                 /* at: CLOCK_NEVER is live */
    struct fleet_past *past;
    void (*after_past)(struct request *request);
    /* the answer */
    int status;
    const char *content_type;
    struct buffer answer;
    int64_t etag;                 /* -1: none */
    struct buffer allow;
    char filename[64];            /* Content-Disposition; "" none */
    enum produced (*produce)(struct request *request); /* a long answer, piece by piece; NULL: `answer` is all */
    void *state;                  /* the handler's own, freed by release_state */
    void (*release_state)(void *state);
    size_t sent;                  /* bytes of `answer` already taken by MHD */
    struct replay *replay;        /* kept for this write's Idempotency-Key */
};

struct request *request_new(struct listener *listener, struct MHD_Connection *connection, const char *raw);
void request_free(struct request *request);
void request_unlink(struct request *request); /* api becomes NULL: the door has closed */
/* Ask in a callback first: false when the client went away meanwhile (the request is freed then). */
bool request_alive(struct request *request);
/* The same for what the request had asked of others: `owner` is the request. NULL when it is gone, or was answered with
 * `error` (NULL: none) just now. */
struct request *request_answered(void *owner, const struct error *error);
/* The answer is ready: wake the connection if it sleeps. Every handler ends with one of these. */
void request_finish(struct request *request, int status);
void request_finish_json(struct request *request);                      /* 200 */
void request_fail(struct request *request, const struct error *error);  /* a problem; the status by its code */
void request_refuse(struct request *request, int status, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool request_has_desk(struct request *request); /* false: refused, for this daemon keeps no alerts */
const char *request_header(struct request *request, const char *name);
/* If-Match as a revision: -1 when absent. False (answered with 400) when it is not a number. */
bool request_if_match(struct request *request, int64_t *revision);
/* The body as a JSON object; NULL when answered with 400. The caller puts it. */
struct json_object *request_json(struct request *request);
/* Load the past when `at` was given, then go on with `next` (at once when live). */
void request_at(struct request *request, void (*next)(struct request *request));
bool request_wants_csv(struct request *request);
/* `from` and `to`: `usual` long up to now where not given. False when it was answered. */
bool request_span(struct request *request, msec usual, msec *from, msec *to);
void request_page(struct request *request, struct wire_page *page); /* as_of, past, revision */

/* MHD's view of it. */
enum MHD_Result request_step(struct request *request, const char *method, const char *upload, size_t *upload_size);
enum MHD_Result reply_queue(struct request *request);
void listener_wake(struct listener *listener);
/* A stream whose connection sleeps has something to say: resume it. */
void stream_wake(struct request *request, bool *asleep);
struct api *listener_api(struct listener *listener);
bool listener_is_tls(const struct listener *listener);

/* One connection, from accept to close. */
struct peer {
    struct peer *next, **link;
    struct listener *listener;
    int fd;
    msec since;                   /* steady; of its phase */
    enum { PEER_HEADERS, PEER_BODY, PEER_ANSWER } phase;
    bool fresh;                   /* no request was answered on it yet */
    bool identified;
    struct who who;               /* by the socket or the certificate */
};
void peer_phase(struct request *request, int phase);
/* Find out who is at the other end: peer->who, or a bearer token's owner. IDENTITY_LATER: being looked up; the
 * connection sleeps meanwhile. */
enum identity { IDENTITY_KNOWN, IDENTITY_LATER, IDENTITY_WRONG };
enum identity peer_identify(struct request *request, struct error *error);
enum identity request_look_up(struct request *request, uid_t uid, gid_t gid);
/* Tokens: 256 random bits shown once; the store keeps a BLAKE2b hash. */
#define TOKEN_TEXT 64
void token_make(char text[TOKEN_TEXT], char hash[65]);
bool token_who(struct api *api, const char *text, struct who *who);
bool certificate_who(struct MHD_Connection *connection, struct who *who, struct error *error);

/* ---- idempotency ---- */
struct replays *replays_new(void);
void replays_free(struct replays **replays);
/* True: this write was answered before (or is under way) and the request has been answered from that. */
bool replays_answer(struct request *request);
void replays_keep(struct request *request); /* at its answer */
void replays_drop(struct request *request); /* at its end */

/* ---- listeners ---- */
bool listeners_start(struct api *api, struct error *error); /* bound; what connects waits for listeners_serve */
void listeners_serve(struct api *api);
void listeners_stop(struct api *api);
void listeners_sweep(struct api *api, msec steady_now); /* end connections that dawdle */
const char *listeners_socket(const struct api *api);

/* ---- the event stream ---- */
struct events *events_new(struct api *api);
void events_stop(struct events *events); /* wake every stream, be told nothing more */
void events_free(struct events **events);
void events_publish(struct events *events, const char *kind, const char *json, size_t length);
void events_pulse(struct events *events); /* once a second: the heartbeat, and what changed that nobody announced */

/* feeds.c: ends what took pushes unasked. */
void unasked_end(struct api *api);

/* alerts_events.c: `alerts` and `notice` on the event stream. */
void alerts_events_begin(struct api *api);
void alerts_events_end(struct api *api);

/* ---- incident capsules: capsule.c ---- */
void exporting_end(struct api *api); /* the door closes */
/* What a replayed capsule answers in place of the engines that it has not. */
void replay_rules(struct request *request);
void replay_audit(struct request *request, uint32_t before, uint32_t limit);

/* ---- documents ---- */
void openapi_write(struct buffer *out);
void metrics_write(struct api *api, struct buffer *out);

/* Fill a wire row from the fleet; past may be NULL. Values are not filled. */
void asset_fill(const struct fleet *fleet, uint32_t asset, const struct fleet_past *past, struct wire_asset *row);
/* Last values. Returns how many were written. */
unsigned asset_values(const struct api *api, uint32_t asset, struct wire_value *values, unsigned max);

/* facets of alerts' labels: `label` their names, `label.NAME` the values of one; labels.c */
void label_facets(struct request *request, const char *field, unsigned limit);

#endif

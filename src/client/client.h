/* The other side of the daemon's door: all that the console knows of it. Requests and the event stream run on the
 * caller's libuv loop; answers come as decoded rows (wire.h's structs are re-exported here, so that ui/ includes
 * only this). Nothing blocks but client_call, which the shell commands use. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "wire/alerts.h"
#include "wire/applications.h"
#include "wire/capacity.h"
#include "wire/runbook.h"
#include "wire/security.h"
#include "wire/servers.h"
#include "wire/wire.h"

struct client;
struct client_request;

struct client_options {
    const char *socket;     /* path; NULL: default */
    const char *url;        /* "https://host:8443"; NULL: the socket */
    const char *token;      /* bearer token for url, or NULL */
    const char *certificate, *key, *authority; /* PEM paths for url, or NULL */
};

struct client *client_new(uv_loop_t *loop, const struct client_options *options, struct error *error);
void client_free(struct client **client); /* cancels what runs; callbacks are not called */

struct client_answer {
    int status;                    /* HTTP; 0 when nothing came */
    const char *body;
    size_t length;
    double milliseconds;
    const struct error *error;     /* NULL on 2xx; else the problem+json's or the link's cause */
    bool more;                     /* a piece of an answer without end: whole lines; others may follow */
    bool first;                    /* the first piece, or the whole */
};
typedef void client_done(void *owner, const struct client_answer *answer);

/* `path` begins with "/" and stands below /api/v1; the caller has escaped its parameters (client_path). */
struct client_request *client_get(struct client *client, const char *path, client_done *done, void *owner);
/* body may be NULL. Writes carry an Idempotency-Key of their own and, if revision >= 0, If-Match. */
struct client_request *client_send(struct client *client, const char *method, const char *path, const char *body,
                                   size_t length, const char *content_type, int64_t revision, client_done *done, void *owner);
/* An answer of lines that goes on as long as somebody listens: `done` gets whole lines as they come (`more`), then the
 * end (an error, or nothing). It must not cancel the request while it has a piece in hand. */
struct client_request *client_follow(struct client *client, const char *path, client_done *done, void *owner);
void client_cancel(struct client_request *request); /* its callback is not called */
/* Wait for one answer, running the loop; for shell commands. The answer's body is the caller's to release. */
bool client_call(struct client *client, const char *method, const char *path, const char *body, size_t length,
                 const char *content_type, struct buffer *answer, struct error *error);

/* Build "/assets?filter=..&limit=50" with escaping; NULL-terminated pairs, NULL or "" values are left out. */
void client_path(struct buffer *out, const char *base, ...) __attribute__((sentinel));
void client_path_segment(struct buffer *out, const char *text); /* append an id, escaped, to a path being built */

/* The event stream: reconnects with back-off and resumes after the last id. */
struct client_event { uint64_t sequence; const char *kind; const char *data; size_t length; };
typedef void client_event_seen(void *owner, const struct client_event *event);
enum client_link { CLIENT_CONNECTING, CLIENT_UP, CLIENT_LOST };
typedef void client_link_changed(void *owner, enum client_link link, const char *cause);
void client_listen(struct client *client, client_event_seen *seen, client_link_changed *changed, void *owner);
double client_latency(const struct client *client); /* ms, of recent answers */
msec client_last_event(const struct client *client); /* steady; for the heartbeat */

/* The user's own daemon's socket if there is one, else the service's, else where the user's own would be. The caller
 * frees. */
char *client_default_socket(void);

#endif

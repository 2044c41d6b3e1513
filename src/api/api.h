/* The daemon's door: the HTTP API of DESIGN.md section 5 on a unix socket and on TLS, the event stream, /metrics,
 * /healthz and the OpenAPI document.
 *
 * Everything happens on the loop's thread and nothing blocks it: libmicrohttpd hands out one epoll descriptor a
 * listener, which the loop watches. Answers that need the store suspend their connection until its callback comes.
 * The fleet, the store and the site outlive the api; it owns none of them. */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "engine/fleet.h"
#include "store/store.h"

struct alerts;
struct capsule;
struct notify;
struct api;
struct feeds;
struct heartbeats;
struct hosts;
struct rules;
struct applications;
struct security;
struct site;

struct api_parts {
    struct fleet *fleet;
    struct store *store;
    struct rules *rules;      /* NULL: none */
    struct applications *applications; /* NULL: none */
    struct alerts *alerts;    /* the desk; NULL: this door has none, and says so */
    struct notify *notify;    /* who is told; NULL: nobody */
    struct feeds *feeds;      /* alerts from elsewhere; NULL: none */
    struct heartbeats *heartbeats; /* NULL: none */
    struct hosts *hosts;      /* NULL: none */
    struct security *security; /* NULL: none */
    const struct capsule *capsule; /* an incident replayed, in place of rules and notify: nothing may be written; else NULL */
    const struct site *site;  /* name, roles, listen addresses, sources, contracted populations */
    const char *socket;       /* --socket: in place of the site's unix listeners; NULL: as the site says */
    /* POST /reload: do what SIGHUP does. False with the first mistake; the old configuration stays in force. */
    bool (*reload)(void *owner, struct error *error);
    void *owner;              /* of reload */
};

/* Reads tokens and saved views from the store (synchronous: before the loop runs). */
struct api *api_new(uv_loop_t *loop, const struct api_parts *parts, struct error *error);
/* Listen. Errors name the address and what would be right: ERROR_CONFLICT a living daemon answers on the socket (a
 * stale socket file is replaced), ERROR_INVALID a certificate or key cannot be used, ERROR_DENIED, ERROR_UNAVAILABLE. */
bool api_start(struct api *api, struct error *error);
/* The two halves of api_start, for a daemon that is not yet ready to answer: bound, so that a second daemon is refused
 * and clients wait; and then answering. */
bool api_listen(struct api *api, struct error *error);
void api_serve(struct api *api);
/* The site was replaced (SIGHUP): roles, sources and populations are read from the new one from now on; listeners
 * stay as they are. Tells the event stream. */
void api_use_site(struct api *api, const struct site *site);
/* Ends streams and connections, removes the socket file. Run the loop until it is empty afterwards. */
void api_free(struct api **api);

/* The path that the unix socket listens on, "" when there is none. */
const char *api_socket(const struct api *api);

#endif

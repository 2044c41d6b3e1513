/* Shared by servers.c, servers_past.c, servers_act.c and servers_logs.c. */
#ifndef API_SERVERS_H
#define API_SERVERS_H

#include "api/private.h"
#include "engine/hosts.h"

/* The asset that the address names; answers 404 or 503 itself. */
bool server_of(struct request *request, uint32_t *asset);
bool server_has_hosts(struct request *request);

/* Leave all processes out but the first `limit` of an order ("-cpu_percent"); the fact "cut:processes" says how many are
 * left out. The host becomes a copy in the arena, sharing its other lists; as it is when it has no more. */
struct arena;
bool host_cut(const struct host **host, const char *sort, uint32_t limit, struct arena *arena, struct error *error);

/* The past of these servers, with their lists when a page needs them, as the request's state; then `next`. Texts live as
 * long as the request. */
struct server_then;
struct wire_server;
struct wire_deviation;
void server_then_load(struct request *request, const uint32_t *assets, unsigned count, bool lists,
                      void (*next)(struct request *request));
const struct host *server_then_host(const struct server_then *then, uint32_t asset); /* NULL: it told nothing */
void server_then_fill(const struct server_then *then, uint32_t asset, struct wire_server *row); /* what no host holds */
struct wire_endpoint;
unsigned server_then_endpoints(const struct server_then *then, struct wire_endpoint **endpoints); /* of a page */
unsigned server_then_deviations(const struct server_then *then, uint32_t asset, struct wire_deviation *found, unsigned max);

#endif

/* Shared by servers.c, servers_act.c and servers_logs.c. */
#ifndef API_SERVERS_H
#define API_SERVERS_H

#include "api/private.h"
#include "engine/hosts.h"

/* The asset that the address names; answers 404 or 503 itself. */
bool server_of(struct request *request, uint32_t *asset);
bool server_has_hosts(struct request *request);

#endif

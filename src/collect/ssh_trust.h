/* `nocturned --trust`: look at a host's key, show it to a person, and keep it once that person compared it. The one way by
 * which a key gets into known_hosts through us. Blocks; runs a loop of its own. */
#ifndef COLLECT_SSH_TRUST_H
#define COLLECT_SSH_TRUST_H

#include "base/config.h"

/* `node`: the configured source, which says how to get there and which known_hosts file takes the key. `fingerprint`: what
 * the key must be ("SHA256:..."), compared instead of asking; NULL: ask on the terminal. Exit code: 0 trusted (before, or
 * now), 1 not. */
int ssh_trust(const struct config_node *node, const char *address, const char *fingerprint);

#endif

/* How what a source or a check asks for is protected on its way here (R362: encryption): told from the configuration
 * alone, before anything is asked. Each collector and each kind of check says it of its own entry. */
#ifndef COLLECT_PROTECTION_H
#define COLLECT_PROTECTION_H

#include <stdbool.h>

#include "base/config.h"

enum protection_level {
    PROTECTION_UNKNOWN,     /* its configuration does not say */
    PROTECTION_NONE_NEEDED, /* it stays on this host, or carries nothing that could be read */
    PROTECTION_ENCRYPTED,   /* and the other end is checked */
    PROTECTION_UNVERIFIED,  /* encrypted, but anybody could be at the other end */
    PROTECTION_PLAIN,       /* in the clear */
    PROTECTION_LEVELS
};
const char *protection_name(enum protection_level level); /* "unknown", "local", "encrypted", "unverified", "plain" */

struct protection {
    enum protection_level level;
    char detail[120];       /* "http in the clear", "https, certificate checked" */
};

/* Set the detail by a format of N_. */
void protection_set(struct protection *protection, enum protection_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* By an address with a scheme; `verify` says whether a certificate is checked. A host of this machine needs none. */
void protection_of_url(struct protection *protection, const char *url, bool verify);
/* By HOST or HOST:PORT (or the path of a socket) and whether TLS is spoken; `protocol` is a word for people: "redis". */
void protection_of_address(struct protection *protection, const char *address, const char *protocol, bool tls, bool verify);

/* For ops: by keys `url` and `verify` (default true). */
void protection_by_url(const struct config_node *node, struct protection *protection);
/* For ops: nothing is carried that could be read (a connection or an echo, no more). */
void protection_nothing_carried(const struct config_node *node, struct protection *protection);
/* For ops: it comes in through the API, as its listeners are protected. */
void protection_pushed(const struct config_node *node, struct protection *protection);
/* For ops: it never leaves this host, or goes by what watches the server. */
void protection_local(const struct config_node *node, struct protection *protection);

#endif

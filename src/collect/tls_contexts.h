/* OpenSSL's contexts, kept between connections: to read the system's authorities costs 17 ms and megabytes, and whoever
 * connects again and again would pay it each time. One for each set of files, read again when one of the files changed, and
 * the system's authorities every ten minutes. */
#ifndef COLLECT_TLS_CONTEXTS_H
#define COLLECT_TLS_CONTEXTS_H

#include <openssl/ssl.h>

#include "base/error.h"

struct tls_contexts;

struct tls_files {
    const char *ca;          /* PEM file of those we trust; NULL: the system's */
    const char *certificate; /* our own, PEM with its chain; NULL: none */
    const char *key;         /* NULL: in the certificate's file */
};

struct tls_contexts *tls_contexts_new(void);
void tls_contexts_free(struct tls_contexts **contexts); /* connections that are open keep theirs */
/* For a client; it stays the contexts'. NULL when a file cannot be used. The session's app data is where the certificate of
 * the other side is noted, a struct fault_certificate. */
SSL_CTX *tls_context(struct tls_contexts *contexts, const struct tls_files *files, struct error *error);

#endif

/* One side of a TLS connection as a machine of bytes: what came from the network goes in, what shall go to it comes
 * out. No sockets, so that nothing here can block or raise a signal. */
#ifndef COLLECT_TLS_H
#define COLLECT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "collect/tls_contexts.h"

struct tls;

struct tls_settings {
    struct tls_contexts *contexts;
    struct tls_files files;
    const char *name;        /* that the other side must prove; a host name or an address */
};

/* A renewed certificate counts from the next connection on. */
struct tls *tls_new(const struct tls_settings *settings, struct error *error);
void tls_free(struct tls **tls);

void tls_input(struct tls *tls, const void *bytes, size_t length);
/* What waits to be sent is appended. */
void tls_output(struct tls *tls, struct buffer *out);
/* False with a cause when the handshake failed; `done` once it is over. */
bool tls_handshake(struct tls *tls, bool *done, struct error *error);
/* Plain bytes that came: 0 when none wait, -1 when the other side closed or broke it (with the cause). */
ssize_t tls_read(struct tls *tls, void *bytes, size_t room, struct error *error);
bool tls_write(struct tls *tls, const void *bytes, size_t length, struct error *error);
/* Until the other side's certificate ends; NaN before it was seen. */
double tls_certificate_days(const struct tls *tls);

#endif

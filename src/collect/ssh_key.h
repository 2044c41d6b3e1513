/* Keys that we sign in with: private key files (OpenSSH's own format and PEM; ed25519, ecdsa, RSA), without passphrase
 * and closed to others, and what the protocol calls them. libssh2 1.10 signs RSA with SHA-1 alone, which servers refuse
 * since 2021; so all signatures are made here or by the agent, and RSA goes out as rsa-sha2-256 (RFC 8332). Private to
 * src/collect. */
#ifndef COLLECT_SSH_KEY_H
#define COLLECT_SSH_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct ssh_key;

/* NULL with a cause that says what to do: ERROR_NOT_FOUND, ERROR_DENIED (others can read it), ERROR_INVALID, or
 * ERROR_UNAVAILABLE: it has a passphrase, so only an agent can use it; then `public` holds its public half when the file
 * (or FILE.pub) tells it. */
struct ssh_key *ssh_key_load(const char *path, struct buffer *public, struct error *error);
struct ssh_key *ssh_key_parse(const char *text, size_t length, struct buffer *public, struct error *error);
void ssh_key_free(struct ssh_key **key);
/* The public half as the protocol sends it. */
const struct buffer *ssh_key_public(const struct ssh_key *key);
/* What comes after the algorithm's name in a signature (RFC 4253, 5656, 8332, 8709). */
bool ssh_key_sign(const struct ssh_key *key, const void *data, size_t length, struct buffer *signature);

/* A public half as a request to sign in names it: an RSA key becomes "rsa-sha2-256", others stay. */
void ssh_key_offered(const struct buffer *public, struct buffer *offered);
bool ssh_key_is_rsa(const struct buffer *public);

/* Fields of the protocol: a 32-bit length and so many bytes. False at the end or when it is too long. */
struct ssh_fields { const unsigned char *at; size_t left; };
bool ssh_field_u32(struct ssh_fields *fields, uint32_t *value);
bool ssh_field(struct ssh_fields *fields, const unsigned char **bytes, size_t *length);
void ssh_put(struct buffer *out, const void *bytes, size_t length); /* with its length before it */
void ssh_put_u32(struct buffer *out, uint32_t value);

#endif

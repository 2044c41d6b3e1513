/* Which host has which key: known_hosts files as OpenSSH writes them (plain, hashed, [host]:port, patterns, negation,
 * @revoked), read anew when they change. Never written to but by ssh_known_add, which a person asked for.
 *
 * Strict: a host without a line is refused, and one whose key differs from its lines is refused loudly.
 * @cert-authority lines vouch for nothing: libssh2 1.10 knows no certificates. Private to src/collect. */
#ifndef COLLECT_SSH_KNOWN_H
#define COLLECT_SSH_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

#define SSH_FINGERPRINT_TEXT 64 /* "SHA256:" and 43 characters, as ssh-keygen -l prints it */

struct ssh_known;

enum ssh_known_verdict { SSH_KNOWN_MATCH, SSH_KNOWN_UNKNOWN, SSH_KNOWN_CHANGED, SSH_KNOWN_REVOKED };

struct ssh_known_answer {
    enum ssh_known_verdict verdict;
    char where[160];                         /* "/home/ops/.ssh/known_hosts:12" of the line that decided; of an
                                                unknown key the @cert-authority that stands for this host; "" */
    char fingerprint[SSH_FINGERPRINT_TEXT];  /* of the key that was expected; "" */
};

/* The first path is the one that new keys are added to. Copies the paths. */
struct ssh_known *ssh_known_new(const char *const *paths, unsigned count);
void ssh_known_free(struct ssh_known **known);
const char *ssh_known_path(const struct ssh_known *known);
/* Reads what changed on disk; true when anything did. A file that cannot be read holds nothing. */
bool ssh_known_refresh(struct ssh_known *known);
/* Grows with each change that was read, by whomever. */
unsigned ssh_known_revision(const struct ssh_known *known);
size_t ssh_known_count(const struct ssh_known *known);
/* Lines of other files or of a test: parse text as one file named `name`. */
void ssh_known_read_text(struct ssh_known *known, const char *name, const char *text, size_t length);

/* `blob` is the key as the protocol sends it. `host` is the name or address that we were told to connect to. */
void ssh_known_check(const struct ssh_known *known, const char *host, unsigned port, const void *blob, size_t length,
                     struct ssh_known_answer *answer);
/* The host key algorithms to ask for, those that the files hold for this host first: what libssh2 would prefer by
 * itself is not what the files hold. */
void ssh_known_algorithms(const struct ssh_known *known, const char *host, unsigned port, struct buffer *preference);
/* False when the files hold nothing but keys that libssh2 cannot check (RSA with SHA-2), so that asking is in vain. */
bool ssh_known_usable(const struct ssh_known *known, const char *host, unsigned port);

void ssh_known_fingerprint(const void *blob, size_t length, char out[SSH_FINGERPRINT_TEXT]);
/* "ED25519", "ECDSA", "RSA" for people; the name inside the blob where it is none of them. */
void ssh_known_kind(const void *blob, size_t length, char *out, size_t size);
/* "host" or "[host]:port", lower case: how known_hosts names it. */
void ssh_known_name(char *out, size_t size, const char *host, unsigned port);
/* Append one line; the file and its folder are made (0600, 0700) where they are missing. */
bool ssh_known_add(const char *path, const char *host, unsigned port, const void *blob, size_t length,
                   struct error *error);

#endif

/* One SSH connection on the loop, by libssh2: name, TCP (or a channel of a jump host), banner, key exchange, the host's
 * key against known_hosts, signing in, channels. Nothing blocks; each phase has its own limit, and whatever goes wrong
 * comes as one line that a person can act on. Private to src/collect.
 *
 * The other side is not trusted: it may send for ever, or nothing, or garbage. What it can make us hold is bounded
 * (SSH_MEMORY_MAX a connection, SSH_UNSIGNED_MAX bytes before we are signed in), and so is what one turn of the loop
 * gives to it. */
#ifndef COLLECT_SSH_SESSION_H
#define COLLECT_SSH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/ssh_known.h"

#define SSH_MEMORY_MAX (4u << 20)
#define SSH_UNSIGNED_MAX (512u << 10)

struct ssh_session;
struct ssh_channel;
struct ssh_keyring;

enum ssh_phase { SSH_RESOLVE, SSH_TCP, SSH_BANNER, SSH_EXCHANGE, SSH_SIGN_IN, SSH_CHANNEL, SSH_ANSWER, SSH_PHASE_COUNT };

enum ssh_trouble {
    SSH_TROUBLE_NETWORK,     /* no connection, it broke, or a phase's time was over */
    SSH_TROUBLE_PROTOCOL,    /* it speaks no SSH that we understand */
    SSH_TROUBLE_KEY_UNKNOWN, /* no line in known_hosts */
    SSH_TROUBLE_KEY_CHANGED, /* another key than known_hosts says, or a revoked one */
    SSH_TROUBLE_REFUSED,     /* none of our keys is taken */
    SSH_TROUBLE_SETUP,       /* something of ours: no usable key, no agent */
};

struct ssh_failure {
    enum ssh_trouble trouble;
    enum ssh_phase phase;
    char text[384];
};

/* Borrowed for as long as the session lives. */
struct ssh_settings {
    uv_loop_t *loop;
    const char *host;                   /* name or address to connect to */
    unsigned port;
    const char *key_name;               /* how known_hosts names it */
    const char *user;
    struct ssh_known *known;
    struct ssh_keyring *keyring;
    const char *const *identities;      /* key files, in order */
    unsigned identity_count;
    bool identities_only;               /* no other keys of the agent */
    const char *agent;                  /* its socket; NULL: none */
    const msec *limits;                 /* SSH_PHASE_COUNT of them */
    struct ssh_session *via;            /* ready; NULL: TCP */
    const char *trust_command;          /* what a person runs to accept a new key, for evidence */
};

struct ssh_session_ops {
    void (*ready)(void *owner);
    /* It is of no more use: free it, here or later. */
    void (*failed)(void *owner, const struct ssh_failure *failure);
    /* Only look at the host's key: called instead of everything that follows the key exchange. NULL: sign in. */
    void (*host_key)(void *owner, const void *blob, size_t length);
};

struct ssh_session *ssh_session_new(const struct ssh_settings *settings, const struct ssh_session_ops *ops, void *owner);
/* Closes at once; no call of the ops, nor of its channels' ops, follows. */
void ssh_session_free(struct ssh_session **session);
/* Milliseconds that the sign-in took, and what the server says it is ("OpenSSH_9.2p1"); cleaned. */
const char *ssh_session_software(const struct ssh_session *session);
size_t ssh_session_memory(const struct ssh_session *session); /* bytes that libssh2 holds for it now */

/* ---- channels: opened one after the other, as libssh2 keeps one opening a session ---- */

struct ssh_channel_ops {
    void (*opened)(void *owner);
    /* Something may be there: ssh_channel_read until it gives nothing. */
    void (*readable)(void *owner);
    /* The server opens no such channel, or the session failed. The channel is to be closed. */
    void (*failed)(void *owner, const struct ssh_failure *failure);
};

/* `command` for exec, copied. */
struct ssh_channel *ssh_channel_exec(struct ssh_session *session, const char *command, const struct ssh_channel_ops *ops,
                                     void *owner);
/* A way through to another host. */
struct ssh_channel *ssh_channel_direct(struct ssh_session *session, const char *host, unsigned port,
                                       const struct ssh_channel_ops *ops, void *owner);
void ssh_channel_close(struct ssh_channel **channel); /* no call of the ops follows */

enum ssh_stream { SSH_OUTPUT, SSH_ERRORS };
/* Bytes taken; 0: nothing now, or the end (ssh_channel_ended). */
size_t ssh_channel_read(struct ssh_channel *channel, enum ssh_stream stream, void *bytes, size_t room);
/* The other side closed it and all was read; the exit code, 128 + N when signal N ended it, or -1 when it said none. */
bool ssh_channel_ended(struct ssh_channel *channel, int *exit_code);
/* Bytes that the window takes now, from 0 up to length. */
size_t ssh_channel_write(struct ssh_channel *channel, const void *bytes, size_t length);
void ssh_channel_eof(struct ssh_channel *channel);

/* ---- the keys that sources share ---- */

struct ssh_keyring *ssh_keyring_new(void);
void ssh_keyring_free(struct ssh_keyring **keyring);

const char *ssh_phase_name(enum ssh_phase phase);

#endif

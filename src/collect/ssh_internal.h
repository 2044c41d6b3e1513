/* What ssh_session.c, ssh_dial.c, ssh_wire.c, ssh_auth.c and ssh_channel.c share; nobody else includes it. */
#ifndef COLLECT_SSH_INTERNAL_H
#define COLLECT_SSH_INTERNAL_H

#include <libssh2.h>

#include "base/buffer.h"
#include "collect/ssh_agent.h"
#include "collect/ssh_key.h"
#include "collect/ssh_session.h"

#define CANDIDATES_MAX 6 /* sshd's MaxAuthTries */

/* Below libssh2: a socket, or a channel of the session before. libssh2 never sees a partial write, so that "the same
 * call with the same arguments" after EAGAIN concerns reading alone. */
struct wire {
    int descriptor;              /* -1: none */
    struct ssh_channel *lower;   /* of the jump host */
    struct buffer out;           /* what the network did not take yet */
    size_t budget;               /* bytes that may still be read in this turn */
    size_t received;
    bool dry;                    /* nothing more to read in this turn */
    bool asked;                  /* libssh2 wanted to read in this turn */
    bool dead;
    int cause;                   /* errno of its death; 0: closed by the other side */
    char head[96];               /* the first bytes: for those who speak no SSH */
    size_t head_length;
};

struct candidate {
    struct buffer public;        /* as the file or the agent has it */
    struct buffer offered;       /* as it goes out */
    const struct ssh_key *key;   /* NULL: the agent signs */
    char label[200];             /* "ED25519 SHA256:... (~/.ssh/id_ed25519)" */
};

struct auth {
    struct candidate candidates[CANDIDATES_MAX];
    unsigned count, current;
    bool prepared, signed_by_agent, agent_waits;
    struct ssh_agent_request *request;
    struct buffer signature;
    struct buffer trouble;       /* why a key could not even be offered */
};

enum channel_state { CHANNEL_WAITS, CHANNEL_OPENS, CHANNEL_STARTS, CHANNEL_OPEN, CHANNEL_CLOSES };

struct ssh_channel {
    struct ssh_session *session;
    LIBSSH2_CHANNEL *channel;
    enum channel_state state;
    char *command;               /* exec; NULL: direct */
    char *host;
    unsigned port;
    bool retried, stuck;         /* stuck: its window took less than was to be written */
    const struct ssh_channel_ops *ops; /* NULL once closed by its owner */
    void *owner;
    struct ssh_channel *next;
};

struct ssh_session {
    struct ssh_settings settings;
    const struct ssh_session_ops *ops;
    void *owner;
    LIBSSH2_SESSION *session;
    struct wire wire;
    struct auth auth;
    enum ssh_phase phase;
    bool ready, failed, stopped; /* stopped: only the key was wanted */
    bool pumping, doomed;
    size_t memory;
    struct ssh_channel *channels; /* in order of opening */
    struct addrinfo *addresses, *address;
    char software[64];

    uv_getaddrinfo_t *lookup;    /* outlives the session when it cannot be cancelled */
    uv_poll_t *poll;
    uv_timer_t timer, again;
    unsigned open_handles;
};

/* ssh_wire.c */
LIBSSH2_SEND_FUNC(wire_send);
LIBSSH2_RECV_FUNC(wire_receive);
void wire_flush(struct ssh_session *session);
void wire_turn(struct wire *wire);       /* a new turn: a new budget */

/* ssh_session.c */
void session_fail(struct ssh_session *session, enum ssh_trouble trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void session_broken(struct ssh_session *session);      /* after libssh2 or the wire failed */
void session_phase(struct ssh_session *session, enum ssh_phase phase);
void session_greet(struct ssh_session *session);       /* the connection stands: SSH begins */
void session_pump(struct ssh_session *session);        /* now; may be the end of the session */
void session_again(struct ssh_session *session);       /* pump soon, not now */
void session_watch(struct ssh_session *session);       /* ask the loop for what the wire waits for */
void *session_allocate(size_t size, void **abstract);
void session_give_back(void *bytes, void **abstract);
const char *session_error(struct ssh_session *session, char *out, size_t size); /* libssh2's, cleaned */

/* ssh_dial.c: session_greet() or session_fail() comes of it */
void dial_begin(struct ssh_session *session);
void dial_next(struct ssh_session *session);           /* the next of the name's addresses, or the end */
void dial_release(struct ssh_session *session);

/* ssh_auth.c: true when signed in; false: later, or session_fail was called */
bool auth_step(struct ssh_session *session);
void auth_release(struct ssh_session *session);

/* ssh_channel.c */
void channels_pump(struct ssh_session *session);
void channels_fail(struct ssh_session *session, const struct ssh_failure *failure);
void channels_free(struct ssh_session *session);       /* their libssh2 parts go with the session */

#endif

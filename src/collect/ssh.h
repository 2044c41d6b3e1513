/* The SSH collector from the inside: what its files share. Private to src/collect.
 *
 * ssh.c            the source: keys, targets, pace, its status
 * ssh_host.c       one host: from connecting to answers to verdicts
 * ssh_jump.c       jump hosts, each connected once for all the hosts behind it
 * ssh_run.c        other commands, on channels of their own
 * ssh_trust.c      --trust: a person accepts a host's key
 * ssh_session.c    a connection (ssh_wire.c, ssh_auth.c, ssh_key.c, ssh_agent.c, ssh_channel.c)
 * ssh_shell.c      the shell that stays
 * ssh_config.c, ssh_known.c   the files of ~/.ssh */
#ifndef COLLECT_SSH_H
#define COLLECT_SSH_H

#include "base/buffer.h"
#include "base/config.h"
#include "collect/collector.h"
#include "collect/host_reader.h"
#include "collect/ssh_config.h"
#include "collect/ssh_session.h"
#include "collect/ssh_shell.h"

#define SSH_SCRIPTS 16      /* every set of depths */
#define SSH_JUMPS_DEEP 4    /* a jump host behind a jump host behind ... */

struct ssh;
struct ssh_host;
struct ssh_jump;

/* Where a host is and how to sign in there, from the ledger's address, ~/.ssh/config and the source's keys. */
struct ssh_route {
    struct ssh_place place;
    struct ssh_settings settings;     /* points into place and the source */
    char *key_name, *trust;
    const char *identities[SSH_IDENTITIES_MAX];
    struct ssh_jump *jump;            /* NULL: straight */
};

enum ssh_host_state {
    SSH_HOST_QUEUED,      /* for its turn to connect */
    SSH_HOST_JUMPING,     /* waits for its jump host */
    SSH_HOST_CONNECTING,
    SSH_HOST_GREETING,    /* waits for its shell's first word */
    SSH_HOST_WAITING,     /* for the time of the next question */
    SSH_HOST_ASKING,
    SSH_HOST_RESTING,     /* after a failure */
    SSH_HOST_BARRED,      /* its key is unknown or changed: until known_hosts changes */
};

struct ssh_host {
    struct ssh *ssh;
    uint32_t asset;
    char *id, *address;
    struct ssh_route route;
    struct ssh_session *session;
    struct ssh_shell *shell;
    struct host_reader *reader;
    uv_timer_t timer;
    enum ssh_host_state state;
    bool holds_turn;               /* counted in ssh->connecting */
    bool closing;
    unsigned failures;             /* in a row */
    msec offset;                   /* of its place in the interval */
    msec attend;                   /* 0: nobody looks */
    msec asked, usual_at, full_at, slow_at; /* steady */
    unsigned depths;               /* of the question that is out */
    bool knows_slow;               /* what changes slowly was told once */
    enum link_state link;
    enum health check;             /* HEALTH_UNKNOWN: nothing said yet */
    char trouble[384];             /* the last failure; "" while all is well */
    struct host_running *runs;
    const struct ssh_session_ops *look; /* --trust: only look at its key */
    void *look_owner;
    struct ssh_host *next_queued;
    struct ssh_host *next_waiting; /* for the same jump host */
};

struct ssh {
    struct source *source;
    char *filter, *user, *agent, *jump;
    char **identities;
    unsigned identity_count;
    unsigned default_port;
    msec interval;
    unsigned depths;               /* what is asked of a host that nobody looks at */
    msec limits[SSH_PHASE_COUNT];
    unsigned connects;             /* at one time */
    char **certificates;
    unsigned certificate_count;
    struct ssh_known *known;
    struct ssh_keyring *keyring;
    struct ssh_config *config;
    char *config_path;
    struct buffer scripts[SSH_SCRIPTS];
    struct ssh_host **hosts;
    size_t count, capacity;
    unsigned unusable;
    struct ssh_host *first_queued, *last_queued;
    unsigned connecting, barred;
    unsigned known_seen;           /* revision of known_hosts that the barred ones were barred by, or a later one */
    struct ssh_jump *jumps;
    uv_timer_t timer;              /* looks whether known_hosts changed, and tells the status */
    bool timer_open, closing;
    bool status_due;
    size_t open_hosts;             /* not yet wholly closed */
};

/* ssh.c */
const struct buffer *ssh_script(struct ssh *ssh, unsigned depths);
void ssh_turn_ask(struct ssh_host *host);     /* ssh_host_connect follows, in order, some at a time */
void ssh_turn_leave(struct ssh_host *host);   /* no longer waiting, or no longer connecting */
void ssh_status_due(struct ssh *ssh);
void ssh_host_gone(struct ssh *ssh);          /* the last of a host is closed */

/* ssh_host.c */
struct ssh_host *ssh_host_new(struct ssh *ssh, uint32_t asset, const char *id, const char *address);
bool ssh_host_begin(struct ssh_host *host, struct error *error); /* false: its address or route cannot be used */
void ssh_host_close(struct ssh_host *host);
void ssh_host_connect(struct ssh_host *host); /* its turn has come */
void ssh_host_jumped(struct ssh_host *host, struct ssh_session *via, const struct ssh_failure *failure);
void ssh_host_unbar(struct ssh_host *host);
void ssh_host_attend(struct ssh_host *host, msec interval);
bool ssh_host_watched(const struct ssh_host *host); /* it answers */

/* ssh_jump.c */
bool ssh_route_make(struct ssh *ssh, const char *address, unsigned deep, struct ssh_route *route, struct error *error);
void ssh_route_release(struct ssh_route *route);
void ssh_jump_use(struct ssh_jump *jump, struct ssh_host *host); /* ssh_host_jumped follows, perhaps within */
void ssh_jump_leave(struct ssh_jump *jump, struct ssh_host *host);
void ssh_jumps_free(struct ssh *ssh);

/* settings, for nocturned --trust too */
struct ssh *ssh_settings_read(struct source *source, const struct config_node *node);
void ssh_settings_free(struct ssh *ssh);

/* ssh_run.c */
struct host_running *ssh_run(struct ssh_host *host, const struct host_run *run, struct error *error);
void ssh_run_cancel(struct host_running *running);
void ssh_runs_fail(struct ssh_host *host, const char *why); /* the host goes away */

#endif

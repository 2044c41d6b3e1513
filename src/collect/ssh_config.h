/* The part of ~/.ssh/config that says where a host is and as whom to go there: Host (patterns, negation), HostName (%h),
 * Port, User, IdentityFile, IdentitiesOnly, IdentityAgent, HostKeyAlias, ProxyJump, Include; a ProxyCommand that is
 * `ssh -W %h:%p BASTION` is such a jump, any other is told and never passed over: without it one would go elsewhere. For each keyword the first
 * value that applies holds, as ssh_config(5) has it; what else the file says is passed over, and so is what a Match
 * condition other than `all` governs. Private to src/collect. */
#ifndef COLLECT_SSH_CONFIG_H
#define COLLECT_SSH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define SSH_IDENTITIES_MAX 8

struct ssh_config;

/* NULL or an unreadable path: nothing is said of any host. */
struct ssh_config *ssh_config_new(const char *path);
struct ssh_config *ssh_config_new_text(const char *text, size_t length); /* without Include */
void ssh_config_free(struct ssh_config **config);

struct ssh_place {
    char host[256];                 /* to connect to */
    unsigned port;                  /* 0: not said */
    char user[64];                  /* "": not said */
    char key_alias[256];            /* name of its key in known_hosts; "": the host */
    char jump[256];                 /* ProxyJump as written; "": none */
    char command[256];              /* a ProxyCommand that is none of these; "": none */
    char agent[256];                /* IdentityAgent, expanded; "": not said */
    char *identities[SSH_IDENTITIES_MAX]; /* expanded paths */
    unsigned identity_count;
    bool identities_only;
};
/* What holds for a name; without a word about it, the name itself is the host. */
void ssh_config_find(const struct ssh_config *config, const char *name, struct ssh_place *place);
void ssh_place_release(struct ssh_place *place);

/* "~/x" and "%d/x" with the home folder; the caller frees. */
char *ssh_config_path(const char *path);

#endif

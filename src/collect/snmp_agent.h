/* One SNMP agent asked over UDP, one request at a time, v2c or v3, without ever blocking the loop. Everything of net-snmp
 * that keeps state is behind this header; requests and answers are its PDUs. Private to src/collect. */
#ifndef COLLECT_SNMP_AGENT_H
#define COLLECT_SNMP_AGENT_H

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"

/* How a source signs in, the same for all its agents. Keys are made of the passwords once (RFC 3414 A.2), the passwords
 * themselves are not kept. */
struct snmp_login {
    long version;                   /* SNMP_VERSION_2c, SNMP_VERSION_3 */
    char *community, *user;
    char *context;                  /* of version 3; "" the agent's default, NULL for 2c */
    int level;                      /* SNMP_SEC_LEVEL_... */
    const char *auth_name;          /* "sha-256"; NULL none */
    const oid *auth, *privacy;
    size_t auth_length, privacy_length;
    unsigned char auth_key[USM_AUTH_KU_LEN], privacy_key[USM_PRIV_KU_LEN];
    size_t auth_key_length, privacy_key_length;
};

#define SNMP_LOGIN_KEYS                                                                                               \
    {.name = "version", .type = CONFIG_CHOICE, .choices = snmp_versions, .help = "2c or 3 (default: 3 with a user, else 2c)"}, \
    {.name = "community", .type = CONFIG_ANY, .help = "of 2c: {file: PATH}, {env: NAME} or {credential: NAME}"},       \
    {.name = "user", .type = CONFIG_TEXT, .help = "of version 3"},                                                     \
    {.name = "auth", .type = CONFIG_CHOICE, .choices = snmp_auth_names, .help = "how its messages are signed (default sha, with an auth_password)"}, \
    {.name = "auth_password", .type = CONFIG_ANY, .help = "at least 8 characters, given as the community is"},         \
    {.name = "privacy", .type = CONFIG_CHOICE, .choices = snmp_privacy_names, .help = "how they are encrypted (default aes, of 128 bits, with a privacy_password); aes-192 and aes-256 with keys as net-snmp lengthens them, or as Cisco's devices do"}, \
    {.name = "privacy_password", .type = CONFIG_ANY, .help = "at least 8 characters, given as the community is"},      \
    {.name = "context", .type = CONFIG_TEXT, .help = "of version 3, where an agent speaks for several (default: its own)"}
extern const char *const snmp_versions[], *const snmp_auth_names[], *const snmp_privacy_names[];

/* Reads the keys above; adds problems. snmp_login_release() in either case. */
bool snmp_login_read(struct snmp_login *login, const struct config_node *node, struct config_problems *problems);
void snmp_login_release(struct snmp_login *login);

enum snmp_outcome {
    SNMP_ANSWERED,
    SNMP_SILENT,    /* nothing came */
    SNMP_REFUSED,   /* something came, and it was no answer: the cause says what */
};

struct snmp_agent_ops {
    /* An answer's variables, to be copied now; nothing of the agent may be called. */
    void (*arrived)(void *owner, const netsnmp_pdu *answer);
    /* The end of a request: the next may be asked, or the agent freed. The cause is for people; "" when answered. */
    void (*done)(void *owner, enum snmp_outcome outcome, const char *cause);
};

struct snmp_agent;
/* `login` and `ops` outlive it. A request that is not answered is sent once more after half the timeout. */
struct snmp_agent *snmp_agent_new(uv_loop_t *loop, const struct snmp_login *login, const struct sockaddr *to, msec timeout,
                                  const struct snmp_agent_ops *ops, void *owner, struct error *error);
/* Takes the PDU. False when it could not be sent: done() is not called. For v3 the engine is asked for its id first. */
bool snmp_agent_ask(struct snmp_agent *agent, netsnmp_pdu *pdu, struct error *error);
void snmp_agent_tick(struct snmp_agent *agent); /* now and then while a request is under way: repeats it, or gives up */
unsigned snmp_agent_garbled(const struct snmp_agent *agent); /* datagrams so far that were not SNMP, or damaged */
void snmp_agent_free(struct snmp_agent **agent); /* done() is not called; its handle closes on a later turn */

#endif

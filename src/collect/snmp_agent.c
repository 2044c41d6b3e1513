/* What was looked up in net-snmp 5.9.3 for this, and is relied upon:
 *
 * - snmp_sess_open() of a v3 session sends the engine's discovery and waits for it in select(), unless
 *   SNMP_FLAGS_DONT_PROBE is set; opening then clears it, and the first request would wait in the same way: it is set again
 *   on the open session. Then a GET without user, engine id and variables, sent as any request, makes the agent report its
 *   engine id, which the library keeps in the session when it had none (_sess_process_packet_handle_pdu). So discovery is a
 *   request like any other here.
 * - Keys of v3 are not the session's but stand in one list of the process by engine id and user name, and a user that is
 *   there already keeps its keys (usm_create_user_from_session). Two sources that sign in at one agent under one name and
 *   with different passwords would use each other's: therefore this session's user is put into the list anew before each
 *   call that builds or reads a message, and taken out afterwards (a v3 request costs 17 us in all, a v2c one 9).
 * - The engines' clocks stand in such a list too (lcd_time.c); ours leaves with its session, so that an agent that was
 *   restarted with fewer boots, or replaced, is learnt anew.
 * - Without init_snmp() no configuration, no MIB and no persistent file is read or written (seen with strace: v2c and v3
 *   sessions open no file at all); what of it v3 needs is library_begin() below. Numeric addresses are opened without a
 *   look-up.
 * - The library is used from the loop's thread only. */
#include "collect/snmp_agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net-snmp/library/lcd_time.h>
#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/snmpusm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

struct snmp_agent {
    const struct snmp_login *login;
    const struct snmp_agent_ops *ops;
    void *owner;
    void *session;               /* of the single-session API */
    int descriptor;
    uv_poll_t poll;
    netsnmp_pdu *waiting;        /* for the engine's id */
    bool asking, discovering;    /* a request is under way; it is the discovery */
    bool engine_known;
    bool ended;                  /* the request under way has an end, to be told when the library has returned */
    enum snmp_outcome outcome;
    char cause[160];
    unsigned garbled;
};

/* ---- the library ---- */

static void library_begin(void)
{
    static const int off[] = {NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD,
                              NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES};
    for (size_t i = 0; i < ARRAY_COUNT(off); i++)
        netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, off[i], 1);
    netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_APPTYPE, "nocturned"); /* init_usm() wants one */
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG); /* with none registered it would log to stderr */
    netsnmp_session first;
    snmp_sess_init(&first);
    init_usm();
    /* An engine id of our own, without which it refuses every v3 answer. */
    init_snmpv3_post_premib_config(0, 0, NULL, NULL);
    /* init_usm()'s second half: salts, and the user that an answered discovery comes from. */
    snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_PREMIB_READ_CONFIG, NULL);
    init_snmpv3_post_config(0, 0, NULL, NULL);
    struct usmUser *nobody = usm_create_user(); /* who asks for an engine's id */
    nobody->name = strdup("");
    nobody->secName = strdup("");
    usm_add_user(nobody);
}

/* The library's state is the process's, whatever we do; so is its beginning. */
static void library_use(void)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, library_begin);
}

static void user_out(const struct snmp_agent *agent)
{
    netsnmp_session *session = snmp_sess_session(agent->session);
    if (agent->login->version != SNMP_VERSION_3 || session->securityEngineIDLen == 0)
        return;
    struct usmUser *user = usm_get_user(session->securityEngineID, session->securityEngineIDLen, agent->login->user);
    if (user) {
        usm_remove_user(user); /* returns the list */
        usm_free_user(user);
    }
}

static void user_in(const struct snmp_agent *agent)
{
    netsnmp_session *session = snmp_sess_session(agent->session);
    if (agent->login->version != SNMP_VERSION_3 || session->securityEngineIDLen == 0)
        return;
    user_out(agent);
    session->flags &= ~(unsigned long)SNMP_FLAGS_USER_CREATED;
    usm_create_user_from_session(session);
}

/* ---- what comes back ---- */

static void agent_end(struct snmp_agent *agent, enum snmp_outcome outcome, const char *cause)
{
    if (agent->ended)
        return;
    agent->ended = true;
    agent->outcome = outcome;
    snprintf(agent->cause, sizeof agent->cause, "%s", cause);
}

/* RFC 3414, 5: usmStats. */
static void report_cause(const struct snmp_agent *agent, const netsnmp_pdu *pdu, char *cause, size_t size)
{
    static const char *const levels[] = {"", "noAuthNoPriv", "authNoPriv", "authPriv"};
    const char *user = agent->login->user, *auth = agent->login->auth_name ? agent->login->auth_name : "none";
    switch (snmpv3_get_report_type((netsnmp_pdu *)pdu)) {
    case SNMPERR_UNSUPPORTED_SEC_LEVEL:
        snprintf(cause, size, N_("the agent does not know the level %s for user %.40s"), levels[agent->login->level], user);
        break;
    case SNMPERR_UNKNOWN_USER_NAME:
        snprintf(cause, size, N_("the agent knows no user %.40s"), user);
        break;
    case SNMPERR_AUTHENTICATION_FAILURE:
        snprintf(cause, size, N_("wrong auth_password for user %.40s, or it does not sign by %s"), user, auth);
        break;
    case SNMPERR_DECRYPTION_ERR:
        snprintf(cause, size, N_("wrong privacy_password for user %.40s, or another kind of privacy"), user);
        break;
    case SNMPERR_UNKNOWN_ENG_ID:
        snprintf(cause, size, N_("the agent has another engine id than before: replaced, or set up anew"));
        break;
    case SNMPERR_NOT_IN_TIME_WINDOW:
        snprintf(cause, size, N_("the agent's boots and clock do not agree with what it said before"));
        break;
    default:
        snprintf(cause, size, N_("a report instead of an answer: %s"), snmp_api_errstring(snmpv3_get_report_type((netsnmp_pdu *)pdu)));
    }
}

static void silence_cause(const struct snmp_agent *agent, char *cause, size_t size)
{
    if (agent->garbled > 0)
        snprintf(cause, size,
                 COUNTED(agent->garbled, N_("what answers is not SNMP, or damaged: %u datagram so far"),
                         N_("what answers is not SNMP, or damaged: %u datagrams so far")), agent->garbled);
    else if (agent->login->version != SNMP_VERSION_3)
        snprintf(cause, size, N_("no answer: down, unreachable, or not with this community (an agent that does not know it keeps silent)"));
    else if (!agent->engine_known)
        snprintf(cause, size, N_("no answer: down, unreachable, or no SNMPv3 agent (it did not name its engine)"));
    else if (agent->login->context[0])
        snprintf(cause, size, N_("it named its engine, then no answer: down again, a wrong privacy_password, or it has no context %.32s"), agent->login->context);
    else
        snprintf(cause, size, N_("it named its engine, then no answer: down again, or a wrong privacy_password"));
}

static void refused(struct snmp_agent *agent, int os_error)
{
    char cause[120];
    if (!agent->asking || os_error == 0 || os_error == EAGAIN)
        return;
    if (os_error != ECONNREFUSED)
        snprintf(cause, sizeof cause, N_("no way there: %s"), strerror(os_error));
    agent_end(agent, os_error == ECONNREFUSED ? SNMP_REFUSED : SNMP_SILENT,
              os_error == ECONNREFUSED ? N_("nothing listens at that UDP port (refused)") : cause);
}

static int answer_came(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *magic)
{
    struct snmp_agent *agent = magic;
    char cause[160] = "";
    (void)request;
    switch (operation) {
    case NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE:
        if (pdu->command == SNMP_MSG_REPORT)
            return 1; /* the library repeats the request with the clock learnt, or tells by SEC_ERROR */
        agent_end(agent, SNMP_ANSWERED, "");
        if (agent->asking)
            agent->ops->arrived(agent->owner, pdu);
        return 1;
    case NETSNMP_CALLBACK_OP_SEC_ERROR:
        if (!agent->discovering)
            report_cause(agent, pdu, cause, sizeof cause);
        agent_end(agent, agent->discovering ? SNMP_ANSWERED : SNMP_REFUSED, cause);
        return 1;
    case NETSNMP_CALLBACK_OP_TIMED_OUT:
        silence_cause(agent, cause, sizeof cause);
        agent_end(agent, agent->garbled > 0 ? SNMP_REFUSED : SNMP_SILENT, cause);
        return 1;
    case NETSNMP_CALLBACK_OP_SEND_FAILED:
        refused(agent, session->s_errno ? session->s_errno : EIO);
        return 1;
    default:
        return 1;
    }
}

static bool agent_send(struct snmp_agent *agent, netsnmp_pdu *pdu, struct error *error)
{
    agent->ended = false;
    agent->asking = true;
    user_in(agent);
    bool sent = snmp_sess_async_send(agent->session, pdu, answer_came, agent) != 0;
    user_out(agent);
    if (sent)
        return true;
    int os_error = 0, library_error = 0;
    char *text = NULL;
    snmp_sess_error(agent->session, &os_error, &library_error, &text);
    error_set(error, ERROR_UNAVAILABLE, "%.140s", os_error ? strerror(os_error) : text ? text : N_("cannot be sent"));
    free(text);
    snmp_free_pdu(pdu);
    agent->asking = false;
    return false;
}

static void agent_readable(uv_poll_t *poll, int status, int events);

/* The library has returned: the end of a request is told, or the request that waited for the engine goes out. */
static void agent_settle(struct snmp_agent *agent)
{
    if (!agent->asking || !agent->ended)
        return;
    agent->asking = false;
    const netsnmp_session *session = snmp_sess_session(agent->session);
    if (agent->discovering && agent->outcome == SNMP_ANSWERED) {
        struct error error;
        netsnmp_pdu *pdu = agent->waiting;
        agent->discovering = false;
        agent->engine_known = session->securityEngineIDLen > 0;
        if (agent->engine_known) {
            agent->waiting = NULL;
            if (agent_send(agent, pdu, &error))
                return;
            snprintf(agent->cause, sizeof agent->cause, "%.150s", error.text);
        } else {
            snprintf(agent->cause, sizeof agent->cause, N_("the agent named no engine when it was asked for it"));
        }
        agent->outcome = SNMP_REFUSED;
    }
    if (agent->waiting)
        snmp_free_pdu(agent->waiting);
    agent->waiting = NULL;
    agent->discovering = false;
    char cause[sizeof agent->cause];
    memcpy(cause, agent->cause, sizeof cause);
    agent->ops->done(agent->owner, agent->outcome, cause); /* which may free it */
}

/* A datagram came back by ICMP: libuv stops at a socket's error, a UDP socket is as good as before. */
static void agent_socket_error(struct snmp_agent *agent, int status)
{
    int cause = 0;
    socklen_t length = sizeof cause;
    getsockopt(agent->descriptor, SOL_SOCKET, SO_ERROR, &cause, &length);
    if (uv_poll_start(&agent->poll, UV_READABLE, agent_readable) != 0 && agent->asking)
        agent_end(agent, SNMP_SILENT, uv_strerror(status));
    refused(agent, cause);
    agent_settle(agent);
}

static void agent_readable(uv_poll_t *poll, int status, int events)
{
    struct snmp_agent *agent = poll->data;
    netsnmp_large_fd_set readable;
    (void)events;
    if (status < 0) {
        agent_socket_error(agent, status);
        return;
    }
    netsnmp_large_fd_set_init(&readable, agent->descriptor + 1);
    NETSNMP_LARGE_FD_ZERO(&readable);
    NETSNMP_LARGE_FD_SET(agent->descriptor, &readable);
    user_in(agent);
    int result = snmp_sess_read2(agent->session, &readable);
    user_out(agent);
    netsnmp_large_fd_set_cleanup(&readable);
    const netsnmp_session *session = snmp_sess_session(agent->session);
    if (result != 0 && session->s_snmp_errno == SNMPERR_BAD_RECVFROM)
        refused(agent, session->s_errno);
    else if (result != 0)
        agent->garbled++;
    agent_settle(agent);
}

void snmp_agent_tick(struct snmp_agent *agent)
{
    if (!agent->asking)
        return;
    user_in(agent);
    snmp_sess_timeout(agent->session);
    user_out(agent);
    agent_settle(agent);
}

/* ---- asking ---- */

bool snmp_agent_ask(struct snmp_agent *agent, netsnmp_pdu *pdu, struct error *error)
{
    if (agent->login->version != SNMP_VERSION_3 || agent->engine_known)
        return agent_send(agent, pdu, error);
    netsnmp_pdu *probe = snmp_pdu_create(SNMP_MSG_GET);
    probe->version = SNMP_VERSION_3;
    probe->securityName = strdup("");
    probe->securityNameLen = 0;
    probe->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
    probe->securityModel = SNMP_SEC_MODEL_USM;
    agent->waiting = pdu;
    agent->discovering = true;
    if (agent_send(agent, probe, error))
        return true;
    snmp_free_pdu(agent->waiting);
    agent->waiting = NULL;
    agent->discovering = false;
    return false;
}

unsigned snmp_agent_garbled(const struct snmp_agent *agent)
{
    return agent->garbled;
}

static bool peer_name(char *name, size_t size, const struct sockaddr *to)
{
    char host[INET6_ADDRSTRLEN];
    if (to->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)to;
        snprintf(name, size, "udp:%s:%u", inet_ntop(AF_INET, &four->sin_addr, host, sizeof host), ntohs(four->sin_port));
        return true;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)to;
    snprintf(name, size, "udp6:[%s]:%u", inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host), ntohs(six->sin6_port));
    return to->sa_family == AF_INET6;
}

static void fill_session(netsnmp_session *session, const struct snmp_login *login, msec timeout)
{
    snmp_sess_init(session);
    session->version = login->version;
    session->retries = 1;
    session->timeout = (long)timeout * 1000 / 2;
    session->flags |= SNMP_FLAGS_DONT_PROBE;
    if (login->version == SNMP_VERSION_2c) {
        session->community = (unsigned char *)login->community;
        session->community_len = strlen(login->community);
        return;
    }
    session->securityName = login->user;
    session->securityNameLen = strlen(login->user);
    session->securityModel = SNMP_SEC_MODEL_USM;
    session->securityLevel = login->level;
    session->contextName = login->context;
    session->contextNameLen = strlen(login->context);
    session->securityAuthProto = (oid *)login->auth;
    session->securityAuthProtoLen = login->auth_length;
    memcpy(session->securityAuthKey, login->auth_key, login->auth_key_length);
    session->securityAuthKeyLen = login->auth_key_length;
    session->securityPrivProto = (oid *)login->privacy;
    session->securityPrivProtoLen = login->privacy_length;
    memcpy(session->securityPrivKey, login->privacy_key, login->privacy_key_length);
    session->securityPrivKeyLen = login->privacy_key_length;
}

struct snmp_agent *snmp_agent_new(uv_loop_t *loop, const struct snmp_login *login, const struct sockaddr *to, msec timeout,
                                  const struct snmp_agent_ops *ops, void *owner, struct error *error)
{
    netsnmp_session wanted;
    char peer[80];
    library_use();
    fill_session(&wanted, login, timeout);
    peer_name(peer, sizeof peer, to);
    wanted.peername = peer;
    void *session = snmp_sess_open(&wanted);
    explicit_bzero(wanted.securityAuthKey, sizeof wanted.securityAuthKey);
    explicit_bzero(wanted.securityPrivKey, sizeof wanted.securityPrivKey);
    if (!session) {
        error_set(error, ERROR_UNAVAILABLE, "%s: %s", peer, wanted.s_errno ? strerror(wanted.s_errno) : snmp_api_errstring(wanted.s_snmp_errno));
        return NULL;
    }
    struct snmp_agent *agent = memory_new(sizeof *agent);
    agent->login = login;
    agent->ops = ops;
    agent->owner = owner;
    agent->session = session;
    agent->descriptor = snmp_sess_transport(session)->sock;
    snmp_sess_session(session)->flags |= SNMP_FLAGS_DONT_PROBE; /* which opening took away */
    /* A refusal comes back to a connected socket only, and answers of nobody else. */
    connect(agent->descriptor, to, to->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    fcntl(agent->descriptor, F_SETFL, fcntl(agent->descriptor, F_GETFL) | O_NONBLOCK);
    fcntl(agent->descriptor, F_SETFD, FD_CLOEXEC);
    agent->poll.data = agent;
    uv_poll_init(loop, &agent->poll, agent->descriptor);
    uv_poll_start(&agent->poll, UV_READABLE, agent_readable);
    return agent;
}

static void poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void snmp_agent_free(struct snmp_agent **agent)
{
    struct snmp_agent *gone = *agent;
    if (!gone)
        return;
    *agent = NULL;
    uv_close((uv_handle_t *)&gone->poll, poll_closed);
    netsnmp_session *session = snmp_sess_session(gone->session);
    if (session->securityEngineIDLen > 0)
        free_enginetime(session->securityEngineID, (unsigned)session->securityEngineIDLen);
    gone->asking = false; /* closing ends what is under way by the callback */
    gone->ended = true;
    snmp_sess_close(gone->session);
    if (gone->waiting)
        snmp_free_pdu(gone->waiting);
    gone->waiting = NULL;
}

/* From a name to a connection: its addresses one after the other, or a channel of the jump host. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "collect/ssh_internal.h"

/* ---- a socket ---- */

struct socket_poll {
    uv_poll_t poll;
    int descriptor;
};

static void socket_closed(uv_handle_t *handle)
{
    struct socket_poll *socket_poll = (struct socket_poll *)handle;
    close(socket_poll->descriptor);
    free(socket_poll);
}

static void socket_drop(struct ssh_session *session)
{
    if (session->poll) {
        session->poll->data = NULL;
        uv_close((uv_handle_t *)session->poll, socket_closed);
    }
    session->poll = NULL;
    session->wire.descriptor = -1;
}

/* ---- the host's addresses ---- */

static void connected(uv_poll_t *poll, int status, int events)
{
    struct ssh_session *session = poll->data;
    int cause = 0;
    socklen_t length = sizeof cause;
    (void)events;
    if (!session)
        return;
    getsockopt(session->wire.descriptor, SOL_SOCKET, SO_ERROR, &cause, &length);
    if (cause == 0 && status < 0)
        cause = -status;
    if (cause) {
        session->wire.cause = cause;
        dial_next(session);
        return;
    }
    uv_poll_stop(poll);
    session_greet(session);
}

static bool address_try(struct ssh_session *session)
{
    const struct addrinfo *address = session->address;
    int yes = 1, descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)) {
        session->wire.cause = errno;
        if (descriptor >= 0)
            close(descriptor);
        return false;
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    struct socket_poll *socket_poll = memory_new(sizeof *socket_poll);
    socket_poll->descriptor = session->wire.descriptor = descriptor;
    session->poll = &socket_poll->poll;
    session->poll->data = session;
    uv_poll_init(session->settings.loop, session->poll, descriptor);
    uv_poll_start(session->poll, UV_WRITABLE, connected);
    session_phase(session, SSH_TCP);
    return true;
}

void dial_next(struct ssh_session *session)
{
    do {
        socket_drop(session);
        session->address = session->address ? session->address->ai_next : session->addresses;
        if (!session->address) {
            session->phase = SSH_TCP;
            session_fail(session, SSH_TROUBLE_NETWORK, "port %u: %s", session->settings.port,
                         session->wire.cause ? fault_socket(session->wire.cause) : "no answer");
            return;
        }
    } while (!address_try(session));
    session->wire.cause = 0;
}

static void looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *answer)
{
    struct ssh_session *session = lookup->data;
    free(lookup);
    if (!session) {
        uv_freeaddrinfo(answer);
        return;
    }
    session->lookup = NULL;
    session->addresses = answer;
    if (session->failed)
        return;
    if (status < 0)
        session_fail(session, SSH_TROUBLE_NETWORK, "its name %s is not known: %s", session->settings.host, fault_name_reason(status));
    else
        dial_next(session);
}

/* ---- through the jump host ---- */

static void through_opened(void *owner)
{
    session_greet(owner);
}

static void through_readable(void *owner)
{
    session_pump(owner);
}

static void through_failed(void *owner, const struct ssh_failure *failure)
{
    struct ssh_session *session = owner;
    session_fail(session, SSH_TROUBLE_NETWORK, "its jump host: %s", failure->text);
}

/* ---- begin and end ---- */

void dial_begin(struct ssh_session *session)
{
    static const struct ssh_channel_ops through = {
        .opened = through_opened, .readable = through_readable, .failed = through_failed};
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const struct ssh_settings *settings = &session->settings;
    char port[8];
    if (settings->via) {
        session_phase(session, SSH_TCP);
        session->wire.lower = ssh_channel_direct(settings->via, settings->host, settings->port, &through, session);
        return;
    }
    session_phase(session, SSH_RESOLVE);
    snprintf(port, sizeof port, "%u", settings->port);
    session->lookup = memory_new(sizeof *session->lookup);
    session->lookup->data = session;
    int failed = uv_getaddrinfo(settings->loop, session->lookup, looked_up, settings->host, port, &hints);
    if (failed) {
        free(session->lookup);
        session->lookup = NULL;
        session_fail(session, SSH_TROUBLE_NETWORK, "its name %s is not known: %s", settings->host, fault_name_reason(failed));
    }
}

void dial_release(struct ssh_session *session)
{
    if (session->wire.lower)
        ssh_channel_close(&session->wire.lower);
    socket_drop(session);
    if (session->addresses)
        uv_freeaddrinfo(session->addresses);
    if (session->lookup) {
        session->lookup->data = NULL;
        uv_cancel((uv_req_t *)session->lookup);
    }
}

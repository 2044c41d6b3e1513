/* The bytes below libssh2. Its own calls would read a banner byte by byte and without an end, and would leave a partial
 * write to be repeated exactly; these two callbacks bound the one and hide the other. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "collect/ssh_internal.h"

#define TURN_MAX (64u << 10)  /* bytes read for one session in one turn of the loop */
#define OUT_MAX (1u << 20)    /* waiting to be sent; a server that makes us answer and does not read ends there */

void wire_turn(struct wire *wire)
{
    wire->budget = TURN_MAX;
    wire->dry = wire->asked = false;
}

static void wire_die(struct wire *wire, int cause)
{
    if (!wire->dead)
        wire->cause = cause;
    wire->dead = true;
}

/* What the network takes now; less than length is no failure. */
static size_t put(struct wire *wire, const char *bytes, size_t length)
{
    if (wire->lower)
        return ssh_channel_write(wire->lower, bytes, length);
    ssize_t sent = wire->descriptor < 0 ? 0 : send(wire->descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        wire_die(wire, errno);
    return sent > 0 ? (size_t)sent : 0;
}

void wire_flush(struct ssh_session *session)
{
    struct wire *wire = &session->wire;
    while (wire->out.length > 0 && !wire->dead) {
        size_t sent = put(wire, wire->out.data, wire->out.length);
        if (sent == 0)
            break;
        buffer_consume(&wire->out, sent);
    }
    if (wire->out.length == 0 && wire->out.capacity > 4096)
        buffer_release(&wire->out);
}

LIBSSH2_SEND_FUNC(wire_send)
{
    struct ssh_session *session = *abstract;
    struct wire *wire = &session->wire;
    (void)socket, (void)flags;
    size_t sent = wire->dead || wire->out.length > 0 ? 0 : put(wire, buffer, length);
    if (!wire->dead && sent < length)
        buffer_append(&wire->out, (const char *)buffer + sent, length - sent);
    if (wire->out.length > OUT_MAX)
        wire_die(wire, ENOBUFS);
    if (wire->out.length > 0 && !session->pumping)
        session_watch(session);
    return (ssize_t)length;
}

static ssize_t get(struct wire *wire, void *bytes, size_t room)
{
    int exit_code;
    if (!wire->lower) {
        ssize_t got = recv(wire->descriptor, bytes, room, 0);
        return got >= 0 ? got : -errno;
    }
    size_t got = ssh_channel_read(wire->lower, SSH_OUTPUT, bytes, room);
    return got > 0 ? (ssize_t)got : ssh_channel_ended(wire->lower, &exit_code) ? 0 : -EAGAIN;
}

LIBSSH2_RECV_FUNC(wire_receive)
{
    struct ssh_session *session = *abstract;
    struct wire *wire = &session->wire;
    (void)socket, (void)flags;
    wire->asked = true;
    if (wire->dead)
        return -ECONNRESET;
    if (wire->dry || wire->budget == 0)
        return -EAGAIN;
    ssize_t got = get(wire, buffer, length < wire->budget ? length : wire->budget);
    if (got == -EAGAIN || got == -EINTR) {
        wire->dry = true;
        return -EAGAIN;
    }
    if (got <= 0) {
        wire_die(wire, got < 0 ? (int)-got : 0);
        return -ECONNRESET;
    }
    if (wire->head_length < sizeof wire->head) {
        size_t room = sizeof wire->head - wire->head_length, part = (size_t)got < room ? (size_t)got : room;
        memcpy(wire->head + wire->head_length, buffer, part);
        wire->head_length += part;
    }
    wire->received += (size_t)got;
    wire->budget -= (size_t)got;
    if (!session->ready && wire->received > SSH_UNSIGNED_MAX)
        wire_die(wire, EMSGSIZE);
    return got;
}

/* Channels of a session. libssh2 keeps the state of one opening in the session, so they open one after the other; and a
 * channel is gone only when the other side said so, too, so closed ones wait here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/ssh_internal.h"

#define WINDOW (256u << 10) /* bytes that the other side may send ahead of our reading */
#define PACKET (32u << 10)
#define FEW 4               /* channels; with more, those without news are not asked */

static struct ssh_channel *channel_add(struct ssh_session *session, const struct ssh_channel_ops *ops, void *owner)
{
    struct ssh_channel *channel = memory_new(sizeof *channel), **at = &session->channels;
    *channel = (struct ssh_channel){.session = session, .ops = ops, .owner = owner};
    while (*at)
        at = &(*at)->next;
    *at = channel;
    session_again(session);
    return channel;
}

struct ssh_channel *ssh_channel_exec(struct ssh_session *session, const char *command, const struct ssh_channel_ops *ops,
                                     void *owner)
{
    struct ssh_channel *channel = channel_add(session, ops, owner);
    channel->command = memory_text(command);
    return channel;
}

struct ssh_channel *ssh_channel_direct(struct ssh_session *session, const char *host, unsigned port,
                                       const struct ssh_channel_ops *ops, void *owner)
{
    struct ssh_channel *channel = channel_add(session, ops, owner);
    channel->host = memory_text(host);
    channel->port = port;
    return channel;
}

static void channel_release(struct ssh_channel *channel)
{
    free(channel->command);
    free(channel->host);
    free(channel);
}

void ssh_channel_close(struct ssh_channel **channel)
{
    struct ssh_channel *gone = *channel;
    *channel = NULL;
    if (!gone)
        return;
    gone->ops = NULL; /* an opening one is closed when it is open */
    if (gone->state == CHANNEL_STARTS)
        uv_timer_stop(&gone->session->timer);
    if (gone->state == CHANNEL_OPEN || gone->state == CHANNEL_STARTS || gone->state == CHANNEL_WAITS)
        gone->state = CHANNEL_CLOSES;
    session_again(gone->session);
}

/* ---- opening ---- */

static void channel_refused(struct ssh_channel *channel, const char *why)
{
    struct ssh_failure failure = {.trouble = SSH_TROUBLE_REFUSED, .phase = SSH_CHANNEL};
    snprintf(failure.text, sizeof failure.text, "%s", why);
    channel->state = CHANNEL_CLOSES;
    uv_timer_stop(&channel->session->timer);
    if (channel->ops)
        channel->ops->failed(channel->owner, &failure);
}

static void opening_failed(struct ssh_channel *channel, int result)
{
    struct ssh_session *session = channel->session;
    char cause[160], why[300];
    bool refused = result == LIBSSH2_ERROR_CHANNEL_FAILURE || result == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED || result == -1;
    if (session->wire.dead || !refused) {
        session_broken(session);
        return;
    }
    session_error(session, cause, sizeof cause);
    if (channel->host)
        snprintf(why, sizeof why, N_("it opens no way to %s:%u: %s"), channel->host, channel->port, cause);
    else if (channel->state == CHANNEL_OPENS)
        snprintf(why, sizeof why, N_("it opens no further session (MaxSessions?): %s"), cause);
    else
        snprintf(why, sizeof why, N_("it runs no commands for us: %s"), cause);
    channel_refused(channel, why);
}

static int open_channel(struct ssh_channel *channel)
{
    LIBSSH2_SESSION *session = channel->session->session;
    if (channel->host)
        channel->channel = libssh2_channel_direct_tcpip_ex(session, channel->host, (int)channel->port, "127.0.0.1", 22);
    else
        channel->channel = libssh2_channel_open_ex(session, "session", 7, WINDOW, PACKET, NULL, 0);
    return channel->channel ? 0 : libssh2_session_last_errno(session);
}

/* libssh2 issue 671: starting a command may say -1 where it meant "later", and such a channel is spent. Once. */
static void start_over(struct ssh_channel *channel)
{
    struct ssh_channel *spent = memory_new(sizeof *spent);
    *spent = (struct ssh_channel){.session = channel->session, .channel = channel->channel, .state = CHANNEL_CLOSES,
                                  .next = channel->session->channels};
    channel->session->channels = spent;
    channel->channel = NULL;
    channel->retried = true;
    channel->state = CHANNEL_WAITS;
    session_again(channel->session);
}

/* One step of the opening; true when the next channel may begin. */
static bool opening_step(struct ssh_channel *channel)
{
    int result = 0;
    if (channel->state == CHANNEL_WAITS) {
        session_phase(channel->session, SSH_CHANNEL);
        channel->state = CHANNEL_OPENS;
    }
    if (channel->state == CHANNEL_OPENS) {
        result = open_channel(channel);
        if (result == 0 && !channel->ops) {
            channel->state = CHANNEL_CLOSES;
            uv_timer_stop(&channel->session->timer);
            return true;
        }
        if (result == 0)
            channel->state = channel->command ? CHANNEL_STARTS : CHANNEL_OPEN;
    }
    if (channel->state == CHANNEL_STARTS) {
        result = libssh2_channel_process_startup(channel->channel, "exec", 4, channel->command,
                                                 (unsigned)strlen(channel->command));
        if (result == 0)
            channel->state = CHANNEL_OPEN;
        else if (result == -1 && !channel->retried && !channel->session->wire.dead) {
            start_over(channel);
            return false;
        }
    }
    if (result == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (result != 0) {
        opening_failed(channel, result);
        return true;
    }
    uv_timer_stop(&channel->session->timer);
    if (channel->ops)
        channel->ops->opened(channel->owner);
    return true;
}

static void open_next(struct ssh_session *session)
{
    struct ssh_channel *channel = session->channels;
    while (channel && !session->failed && !session->doomed) {
        bool opening = channel->state < CHANNEL_OPEN;
        if (opening && !opening_step(channel))
            return;
        channel = channel->next;
    }
}

/* ---- all of them, once a turn ---- */

static bool has_news(const struct ssh_channel *channel)
{
    return libssh2_poll_channel_read(channel->channel, 0) || libssh2_channel_eof(channel->channel);
}

static void read_all(struct ssh_session *session)
{
    unsigned open = 0;
    for (struct ssh_channel *channel = session->channels; channel; channel = channel->next)
        open += channel->state == CHANNEL_OPEN;
    bool first = true; /* it draws everything from the network, for all of them */
    for (struct ssh_channel *channel = session->channels; channel; channel = channel->next) {
        if (channel->state != CHANNEL_OPEN || !channel->ops || session->failed || session->doomed)
            continue;
        if (first || open <= FEW || channel->stuck || has_news(channel))
            channel->ops->readable(channel->owner);
        first = false;
    }
}

static void drop_closed(struct ssh_session *session)
{
    for (struct ssh_channel **at = &session->channels; *at;) {
        struct ssh_channel *channel = *at;
        if (channel->state == CHANNEL_CLOSES && !channel->ops &&
            (!channel->channel || libssh2_channel_free(channel->channel) != LIBSSH2_ERROR_EAGAIN)) {
            *at = channel->next;
            channel_release(channel);
        } else {
            at = &channel->next;
        }
    }
}

void channels_pump(struct ssh_session *session)
{
    open_next(session);
    read_all(session);
    if (!session->failed && !session->doomed)
        drop_closed(session);
}

void channels_fail(struct ssh_session *session, const struct ssh_failure *failure)
{
    for (struct ssh_channel *channel = session->channels; channel; channel = channel->next) {
        const struct ssh_channel_ops *ops = channel->ops;
        if (ops)
            ops->failed(channel->owner, failure);
    }
}

void channels_free(struct ssh_session *session)
{
    while (session->channels) {
        struct ssh_channel *channel = session->channels;
        session->channels = channel->next;
        channel_release(channel);
    }
}

/* ---- bytes ---- */

size_t ssh_channel_read(struct ssh_channel *channel, enum ssh_stream stream, void *bytes, size_t room)
{
    if (channel->state != CHANNEL_OPEN || channel->session->failed)
        return 0;
    ssize_t got = libssh2_channel_read_ex(channel->channel, stream == SSH_ERRORS ? SSH_EXTENDED_DATA_STDERR : 0, bytes, room);
    if (got < 0 && got != LIBSSH2_ERROR_EAGAIN)
        channel->session->wire.dead = true; /* the turn's end tells */
    return got > 0 ? (size_t)got : 0;
}

bool ssh_channel_ended(struct ssh_channel *channel, int *exit_code)
{
    char *signal = NULL;
    *exit_code = -1;
    if (channel->state != CHANNEL_OPEN || !libssh2_channel_eof(channel->channel))
        return false;
    if (channel->command && libssh2_channel_wait_closed(channel->channel) == LIBSSH2_ERROR_EAGAIN)
        return false; /* the exit code comes between end and close */
    libssh2_channel_get_exit_signal(channel->channel, &signal, NULL, NULL, NULL, NULL, NULL);
    if (signal) {
        *exit_code = 128 + (strcmp(signal, "KILL") == 0 ? 9 : strcmp(signal, "TERM") == 0 ? 15 : strcmp(signal, "INT") == 0 ? 2 : 1);
        void *owner = channel->session;
        session_give_back(signal, &owner);
    } else {
        *exit_code = libssh2_channel_get_exit_status(channel->channel);
    }
    return true;
}

size_t ssh_channel_write(struct ssh_channel *channel, const void *bytes, size_t length)
{
    if (channel->state != CHANNEL_OPEN || channel->session->failed)
        return 0;
    ssize_t sent = libssh2_channel_write(channel->channel, bytes, length);
    channel->stuck = sent < 0 || (size_t)sent < length;
    if (sent < 0 && sent != LIBSSH2_ERROR_EAGAIN)
        session_again(channel->session); /* its turn finds out why */
    return sent > 0 ? (size_t)sent : 0;
}

void ssh_channel_eof(struct ssh_channel *channel)
{
    if (channel->state == CHANNEL_OPEN && !channel->session->failed)
        libssh2_channel_send_eof(channel->channel);
}

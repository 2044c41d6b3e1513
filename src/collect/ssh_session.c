#include "collect/ssh_session.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/ssh_internal.h"

#define PAUSE 20 /* ms, when libssh2 does not take what is there */

static const char *const phase_names[SSH_PHASE_COUNT] = {
    [SSH_RESOLVE] = "name", [SSH_TCP] = "tcp", [SSH_BANNER] = "banner", [SSH_EXCHANGE] = "exchange",
    [SSH_SIGN_IN] = "sign_in", [SSH_CHANNEL] = "channel", [SSH_ANSWER] = "answer",
};

const char *ssh_phase_name(enum ssh_phase phase)
{
    return phase_names[phase];
}

static void destroy(struct ssh_session *session);

/* ---- memory that libssh2 takes, bounded ---- */

void *session_allocate(size_t size, void **abstract)
{
    struct ssh_session *session = *abstract;
    if (session->memory + size > SSH_MEMORY_MAX)
        return NULL;
    void *taken = malloc(size ? size : 1);
    session->memory += malloc_usable_size(taken);
    return taken;
}

LIBSSH2_FREE_FUNC(session_give_back)
{
    struct ssh_session *session = *abstract;
    session->memory -= malloc_usable_size(ptr);
    free(ptr);
}

static LIBSSH2_REALLOC_FUNC(session_resize)
{
    struct ssh_session *session = *abstract;
    size_t before = malloc_usable_size(ptr);
    if (session->memory - before + count > SSH_MEMORY_MAX)
        return NULL;
    void *taken = realloc(ptr, count ? count : 1);
    if (taken)
        session->memory += malloc_usable_size(taken) - before;
    return taken;
}

size_t ssh_session_memory(const struct ssh_session *session)
{
    return session->memory;
}

/* ---- what goes wrong ---- */

void session_fail(struct ssh_session *session, enum ssh_trouble trouble, const char *format, ...)
{
    struct ssh_failure failure = {.trouble = trouble, .phase = session->phase};
    char text[1024];
    va_list arguments;
    if (session->failed)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_clean_into(failure.text, sizeof failure.text, text, strlen(text));
    session->failed = true;
    session->wire.dead = true;
    uv_timer_stop(&session->timer);
    uv_timer_stop(&session->again);
    if (session->poll)
        uv_poll_stop(session->poll);
    bool outermost = !session->pumping; /* who is told may free it */
    session->pumping = true;
    channels_fail(session, &failure);
    if (session->ops)
        session->ops->failed(session->owner, &failure);
    session->pumping = !outermost;
    if (outermost && session->doomed)
        destroy(session);
}

const char *session_error(struct ssh_session *session, char *out, size_t size)
{
    char *text = NULL;
    int length = 0;
    libssh2_session_last_error(session->session, &text, &length, 0);
    text_clean_into(out, size, text ? text : "", length > 0 ? (size_t)length : 0);
    return out;
}

static const char *said(const struct ssh_session *session, char *out, size_t size)
{
    text_clean_into(out, size, session->wire.head, session->wire.head_length);
    return out;
}

void session_broken(struct ssh_session *session)
{
    const struct wire *wire = &session->wire;
    char text[160];
    if (wire->cause == EMSGSIZE)
        session_fail(session, SSH_TROUBLE_PROTOCOL, "sends more than %u KiB before anybody signed in; it began with \"%s\"",
                     SSH_UNSIGNED_MAX >> 10, said(session, text, sizeof text));
    else if (wire->cause == ENOBUFS)
        session_fail(session, SSH_TROUBLE_PROTOCOL, "makes us answer and does not read the answers");
    else if (session->memory + (64 << 10) > SSH_MEMORY_MAX)
        session_fail(session, SSH_TROUBLE_PROTOCOL, "sends more than anybody asked for (%u MiB held)", SSH_MEMORY_MAX >> 20);
    else if (wire->dead && session->phase == SSH_BANNER && wire->received == 0)
        session_fail(session, SSH_TROUBLE_NETWORK,
                     "accepts, and closes before its SSH banner%s%s (too many at once, or it refuses us)", wire->cause ? ": " : "", wire->cause ? strerror(wire->cause) : "");
    else if (wire->dead && session->phase == SSH_BANNER)
        session_fail(session, SSH_TROUBLE_PROTOCOL, "is no SSH server: it says \"%s\"", said(session, text, sizeof text));
    else if (wire->dead)
        session_fail(session, SSH_TROUBLE_NETWORK, "the connection %s%s%s",
                     session->ready ? N_("broke") : session->phase == SSH_SIGN_IN ? N_("was closed while signing in")
                                                                             : N_("was closed during the key exchange"),
                     wire->cause ? ": " : "", wire->cause ? strerror(wire->cause) : "");
    else
        session_fail(session, SSH_TROUBLE_PROTOCOL, "breaks the protocol: %s", session_error(session, text, sizeof text));
}

static void stalled(uv_timer_t *timer)
{
    struct ssh_session *session = timer->data;
    double seconds = (double)session->settings.limits[session->phase] / 1000.0;
    char text[128];
    switch (session->phase) {
    case SSH_RESOLVE:
        session_fail(session, SSH_TROUBLE_NETWORK, "its name %s was not found in %g s", session->settings.host, seconds);
        break;
    case SSH_TCP:
        if (session->address && session->address->ai_next) {
            dial_next(session);
            break;
        }
        session_fail(session, SSH_TROUBLE_NETWORK, "no answer on port %u in %g s", session->settings.port, seconds);
        break;
    case SSH_BANNER:
        if (session->wire.received == 0)
            session_fail(session, SSH_TROUBLE_NETWORK, "accepts, then says nothing: no SSH banner in %g s", seconds);
        else
            session_fail(session, SSH_TROUBLE_PROTOCOL, "accepts, then says \"%s\": no SSH banner in %g s",
                         said(session, text, sizeof text), seconds);
        break;
    case SSH_EXCHANGE:
        session_fail(session, SSH_TROUBLE_NETWORK, "greets, then stalls: no key exchange in %g s", seconds);
        break;
    case SSH_SIGN_IN:
        if (session->auth.agent_waits)
            session_fail(session, SSH_TROUBLE_SETUP, "the agent does not answer in %g s", seconds);
        else
            session_fail(session, SSH_TROUBLE_NETWORK, "stalls while %s signs in: no answer in %g s", session->settings.user,
                         seconds);
        break;
    default:
        session_fail(session, SSH_TROUBLE_NETWORK, "lets %s in, then opens no channel in %g s", session->settings.user, seconds);
        break;
    }
}

void session_phase(struct ssh_session *session, enum ssh_phase phase)
{
    session->phase = phase;
    if (session->settings.limits[phase] > 0)
        uv_timer_start(&session->timer, stalled, (uint64_t)session->settings.limits[phase], 0);
}

/* ---- the loop ---- */

static void again_due(uv_timer_t *timer)
{
    session_pump(timer->data);
}

void session_again(struct ssh_session *session)
{
    if (!session->failed && !session->doomed)
        uv_timer_start(&session->again, again_due, 0, 0);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct ssh_session *session = poll->data;
    (void)status;
    if (!session)
        return;
    session_pump(session);
    if (poll->data && !session->failed && events & UV_READABLE && !session->wire.asked) {
        uv_poll_stop(poll); /* nobody wants it now: not again and again */
        uv_timer_start(&session->again, again_due, PAUSE, 0);
    }
}

void session_watch(struct ssh_session *session)
{
    struct wire *wire = &session->wire;
    if (session->failed || session->stopped)
        return;
    if (wire->lower) {
        if (wire->budget == 0)
            session_again(session);
        return;
    }
    bool idle = session->auth.agent_waits || (session->ready && !session->channels);
    int events = (idle ? 0 : UV_READABLE) | (wire->out.length > 0 ? UV_WRITABLE : 0);
    if (session->poll && events)
        uv_poll_start(session->poll, events, socket_ready);
    else if (session->poll)
        uv_poll_stop(session->poll);
}

/* ---- from the socket to a signed-in session ---- */

static const char *trust_command(const struct ssh_session *session)
{
    return session->settings.trust_command;
}

static bool key_fits(struct ssh_session *session, const char *key, size_t length)
{
    const struct ssh_settings *settings = &session->settings;
    char fingerprint[SSH_FINGERPRINT_TEXT], kind[32];
    struct ssh_known_answer answer;
    ssh_known_refresh(settings->known);
    ssh_known_check(settings->known, settings->key_name, settings->port, key, length, &answer);
    ssh_known_fingerprint(key, length, fingerprint);
    ssh_known_kind(key, length, kind, sizeof kind);
    switch (answer.verdict) {
    case SSH_KNOWN_MATCH: return true;
    case SSH_KNOWN_UNKNOWN:
        if (answer.where[0])
            session_fail(session, SSH_TROUBLE_KEY_UNKNOWN, "host certificates (%s) cannot be checked here; trust the key %s %s itself: "
                         "compare it at the host, then run: %s", answer.where, kind, fingerprint, trust_command(session));
        else
            session_fail(session, SSH_TROUBLE_KEY_UNKNOWN, "unknown host key %s %s: compare it at the host, then run: %s", kind,
                         fingerprint, trust_command(session));
        return false;
    case SSH_KNOWN_REVOKED:
        session_fail(session, SSH_TROUBLE_KEY_CHANGED, "HOST KEY REVOKED: %s %s by %s; not connected", kind, fingerprint,
                     answer.where);
        return false;
    default:
        session_fail(session, SSH_TROUBLE_KEY_CHANGED,
                     "HOST KEY CHANGED: now %s %s, expected %s (%s). Reinstalled, or somebody in between; not connected until "
                     "that line is gone and the new key trusted: %s",
                     kind, fingerprint, answer.fingerprint, answer.where, trust_command(session));
        return false;
    }
}

static void note_software(struct ssh_session *session)
{
    const char *banner = libssh2_session_banner_get(session->session);
    banner = banner && strncmp(banner, "SSH-2.0-", 8) == 0 ? banner + 8 : banner ? banner : "";
    text_clean_into(session->software, sizeof session->software, banner, strlen(banner));
}

static void handshake_failed(struct ssh_session *session, int result)
{
    char text[160];
    if (session->wire.dead || result == LIBSSH2_ERROR_ALLOC) {
        session_broken(session);
    } else if (result == LIBSSH2_ERROR_KEX_FAILURE || result == LIBSSH2_ERROR_METHOD_NONE) {
        bool usable = ssh_known_usable(session->settings.known, session->settings.key_name, session->settings.port);
        session_fail(session, SSH_TROUBLE_PROTOCOL, "no algorithm in common with %s%s",
                     *session->software ? session->software : "it",
                     usable ? " " N_("(it has only an RSA host key? give it an ed25519 one)")
                            : ": " N_("known_hosts holds its RSA key alone, which cannot be checked; trust its ed25519 or ecdsa key"));
    } else {
        bool greeted = session->phase != SSH_BANNER;
        session_fail(session, SSH_TROUBLE_PROTOCOL, "%s: %s", greeted ? N_("the key exchange failed") : N_("is no SSH server"),
                     greeted ? session_error(session, text, sizeof text) : said(session, text, sizeof text));
    }
}

static int lowest_descriptor(const struct ssh_session *session)
{
    while (session->wire.lower)
        session = session->wire.lower->session;
    return session->wire.descriptor;
}

static void step_handshake(struct ssh_session *session)
{
    size_t length;
    int type;
    int result = libssh2_session_handshake(session->session, lowest_descriptor(session));
    const char *banner = libssh2_session_banner_get(session->session);
    if (session->phase == SSH_BANNER && banner && strncmp(banner, "SSH-", 4) == 0) {
        note_software(session);
        session_phase(session, SSH_EXCHANGE);
    }
    if (result == LIBSSH2_ERROR_EAGAIN)
        return;
    if (result != 0) {
        handshake_failed(session, result);
        return;
    }
    const char *key = libssh2_session_hostkey(session->session, &length, &type);
    if (!key) {
        session_fail(session, SSH_TROUBLE_PROTOCOL, "shows no host key");
    } else if (session->ops->host_key) {
        session->stopped = true;
        uv_timer_stop(&session->timer);
        if (session->poll)
            uv_poll_stop(session->poll);
        session->ops->host_key(session->owner, key, length);
    } else if (key_fits(session, key, length)) {
        session_phase(session, SSH_SIGN_IN);
    }
}

static void step(struct ssh_session *session)
{
    if (session->phase == SSH_BANNER || session->phase == SSH_EXCHANGE)
        step_handshake(session);
    if (session->failed || session->doomed || session->stopped)
        return;
    if (session->phase == SSH_SIGN_IN && auth_step(session)) {
        auth_release(session);
        uv_timer_stop(&session->timer);
        session->ready = true;
        session->phase = SSH_CHANNEL;
        session->ops->ready(session->owner);
    }
    if (session->ready && !session->failed && !session->doomed)
        channels_pump(session);
}

void session_pump(struct ssh_session *session)
{
    if (session->failed || session->stopped || session->pumping || !session->session)
        return;
    session->pumping = true;
    wire_turn(&session->wire);
    wire_flush(session);
    step(session);
    if (!session->failed && !session->doomed && session->wire.dead)
        session_broken(session);
    session->pumping = false;
    if (session->doomed)
        destroy(session);
    else
        session_watch(session);
}

/* ---- begin ---- */

void session_greet(struct ssh_session *session)
{
    static const struct { int method; const char *names; } wanted[] = {
        /* No groups that the other side chooses, no CBC, no MD5. */
        {LIBSSH2_METHOD_KEX, "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
                             "ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256,"
                             "diffie-hellman-group14-sha1"},
        {LIBSSH2_METHOD_CRYPT_CS, "aes128-ctr,aes192-ctr,aes256-ctr"},
        {LIBSSH2_METHOD_CRYPT_SC, "aes128-ctr,aes192-ctr,aes256-ctr"},
        {LIBSSH2_METHOD_MAC_CS, "hmac-sha2-256,hmac-sha2-512,hmac-sha1"},
        {LIBSSH2_METHOD_MAC_SC, "hmac-sha2-256,hmac-sha2-512,hmac-sha1"},
    };
    struct buffer keys = BUFFER_INIT;
    session->session = libssh2_session_init_ex(session_allocate, session_give_back, session_resize, session);
    if (!session->session) {
        session_fail(session, SSH_TROUBLE_SETUP, "libssh2 does not start");
        return;
    }
    libssh2_session_set_blocking(session->session, 0);
    libssh2_session_callback_set(session->session, LIBSSH2_CALLBACK_SEND, (void *)(uintptr_t)wire_send);
    libssh2_session_callback_set(session->session, LIBSSH2_CALLBACK_RECV, (void *)(uintptr_t)wire_receive);
    libssh2_session_banner_set(session->session, "SSH-2.0-Nocturne_" NOCTURNE_VERSION);
    for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
        libssh2_session_method_pref(session->session, wanted[i].method, wanted[i].names);
    ssh_known_refresh(session->settings.known);
    ssh_known_algorithms(session->settings.known, session->settings.key_name, session->settings.port, &keys);
    libssh2_session_method_pref(session->session, LIBSSH2_METHOD_HOSTKEY, buffer_text(&keys));
    buffer_release(&keys);
    session_phase(session, SSH_BANNER);
    session_again(session);
}

static void begin(uv_timer_t *timer)
{
    dial_begin(timer->data);
}

struct ssh_session *ssh_session_new(const struct ssh_settings *settings, const struct ssh_session_ops *ops, void *owner)
{
    struct ssh_session *session = memory_new(sizeof *session);
    session->settings = *settings;
    session->ops = ops;
    session->owner = owner;
    session->wire.descriptor = -1;
    session->timer.data = session->again.data = session;
    session->open_handles = 2;
    uv_timer_init(settings->loop, &session->timer);
    uv_timer_init(settings->loop, &session->again);
    uv_timer_start(&session->again, begin, 0, 0); /* so that no op is called before this function returned */
    return session;
}

/* ---- the end ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct ssh_session *session = handle->data;
    if (--session->open_handles == 0)
        free(session);
}

static void destroy(struct ssh_session *session)
{
    session->failed = true;
    auth_release(session);
    if (session->session && session->ready && !session->wire.dead)
        libssh2_session_disconnect(session->session, "good night");
    session->wire.dead = true;
    channels_free(session);
    if (session->session)
        libssh2_session_free(session->session);
    session->session = NULL;
    dial_release(session);
    buffer_release(&session->wire.out);
    uv_close((uv_handle_t *)&session->timer, handle_closed);
    uv_close((uv_handle_t *)&session->again, handle_closed);
}

void ssh_session_free(struct ssh_session **session)
{
    struct ssh_session *gone = *session;
    *session = NULL;
    if (!gone || gone->doomed)
        return;
    gone->ops = NULL;
    gone->doomed = true;
    for (struct ssh_channel *channel = gone->channels; channel; channel = channel->next)
        channel->ops = NULL;
    if (!gone->pumping)
        destroy(gone);
}

const char *ssh_session_software(const struct ssh_session *session)
{
    return session->software;
}

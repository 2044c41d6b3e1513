/* Signing in: which keys to offer, in which order, and signatures from the file or, when it has one, from the agent.
 * Passwords are never offered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/ssh_internal.h"

/* ---- keys from files, shared by the hosts of a source ---- */

struct ring_entry {
    char *path;
    struct timespec changed;
    ino_t inode;
    struct ssh_key *key;
    struct ring_entry *next;
};

struct ssh_keyring {
    struct ring_entry *entries; /* newest first; older states of a file stay for those who use them */
};

struct ssh_keyring *ssh_keyring_new(void)
{
    return memory_new(sizeof(struct ssh_keyring));
}

void ssh_keyring_free(struct ssh_keyring **keyring)
{
    if (!*keyring)
        return;
    struct ring_entry *next;
    for (struct ring_entry *entry = (*keyring)->entries; entry; entry = next) {
        next = entry->next;
        free(entry->path);
        ssh_key_free(&entry->key);
        free(entry);
    }
    free(*keyring);
    *keyring = NULL;
}

static const struct ssh_key *ring_find(struct ssh_keyring *keyring, const char *path, struct buffer *public,
                                       struct error *error)
{
    struct stat now;
    bool there = stat(path, &now) == 0;
    for (struct ring_entry *entry = keyring->entries; entry && there; entry = entry->next)
        if (strcmp(entry->path, path) == 0 && entry->inode == now.st_ino && (now.st_mode & 077) == 0 &&
            entry->changed.tv_sec == now.st_mtim.tv_sec && entry->changed.tv_nsec == now.st_mtim.tv_nsec)
            return entry->key;
    struct ssh_key *key = ssh_key_load(path, public, error);
    if (!key)
        return NULL;
    struct ring_entry *entry = memory_new(sizeof *entry);
    *entry = (struct ring_entry){.path = memory_text(path), .key = key, .next = keyring->entries};
    if (there)
        entry->changed = now.st_mtim, entry->inode = now.st_ino;
    keyring->entries = entry;
    return key;
}

/* ---- what to offer ---- */

static bool same_key(const struct buffer *left, const void *bytes, size_t length)
{
    return left->length == length && memcmp(left->data, bytes, length) == 0;
}

static void candidate_add(struct auth *auth, const void *public, size_t length, const struct ssh_key *key, const char *from)
{
    char kind[32], fingerprint[SSH_FINGERPRINT_TEXT];
    for (unsigned i = 0; i < auth->count; i++)
        if (same_key(&auth->candidates[i].public, public, length))
            return;
    if (auth->count == CANDIDATES_MAX)
        return;
    struct candidate *candidate = &auth->candidates[auth->count++];
    *candidate = (struct candidate){.key = key};
    buffer_append(&candidate->public, public, length);
    ssh_key_offered(&candidate->public, &candidate->offered);
    ssh_known_kind(public, length, kind, sizeof kind);
    ssh_known_fingerprint(public, length, fingerprint);
    snprintf(candidate->label, sizeof candidate->label, "%s %s (%.90s)", kind, fingerprint, from);
}

/* Keys with a passphrase wait in `locked` for the agent. */
static bool add_files(struct ssh_session *session)
{
    const struct ssh_settings *settings = &session->settings;
    bool locked = false;
    for (unsigned i = 0; i < settings->identity_count; i++) {
        const char *path = settings->identities[i];
        struct buffer public = BUFFER_INIT;
        struct error error = {0};
        const struct ssh_key *key = ring_find(settings->keyring, path, &public, &error);
        if (key) {
            candidate_add(&session->auth, ssh_key_public(key)->data, ssh_key_public(key)->length, key, path);
        } else if (error.code == ERROR_UNAVAILABLE && settings->agent && public.length > 0) {
            candidate_add(&session->auth, public.data, public.length, NULL, path);
            locked = true;
        } else {
            buffer_printf(&session->auth.trouble, "%s%s", session->auth.trouble.length ? "; " : "", error.text);
        }
        buffer_release(&public);
    }
    return locked;
}

static void agent_key(void *owner, const void *public, size_t length)
{
    struct ssh_session *session = owner;
    candidate_add(&session->auth, public, length, NULL, "agent");
}

static void agent_went(struct ssh_session *session, const char *why)
{
    buffer_printf(&session->auth.trouble, "%s%s", session->auth.trouble.length ? "; " : "", why);
}

static void agent_listed(void *owner, const struct buffer *answer, const struct error *trouble)
{
    struct ssh_session *session = owner;
    struct error error = {0};
    session->auth.request = NULL;
    session->auth.agent_waits = false;
    if (!answer)
        agent_went(session, trouble->text);
    else if (!ssh_agent_keys(answer, agent_key, session, &error))
        agent_went(session, error.text);
    session->auth.prepared = true;
    session_again(session);
}

/* True when the candidates are known. */
static bool prepare(struct ssh_session *session)
{
    struct auth *auth = &session->auth;
    if (auth->prepared || auth->agent_waits)
        return auth->prepared;
    add_files(session);
    if (session->settings.agent && !session->settings.identities_only) {
        auth->agent_waits = true;
        auth->request = ssh_agent_list(session->settings.loop, session->settings.agent, agent_listed, session);
        return false;
    }
    return auth->prepared = true;
}

/* ---- signatures ---- */

static void agent_signed(void *owner, const struct buffer *answer, const struct error *trouble)
{
    struct ssh_session *session = owner;
    struct error error = {0};
    session->auth.request = NULL;
    session->auth.agent_waits = false;
    session->auth.signed_by_agent = true;
    buffer_clear(&session->auth.signature);
    if (!answer)
        agent_went(session, trouble->text);
    else if (!ssh_agent_signature(answer, &session->auth.signature, &error))
        agent_went(session, error.text);
    session_again(session);
}

/* Called again with the same data while it says EAGAIN. */
static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign)
{
    struct ssh_session *ours = *abstract;
    struct auth *auth = &ours->auth;
    const struct candidate *candidate = &auth->candidates[auth->current];
    if (candidate->key) {
        buffer_clear(&auth->signature);
        if (!ssh_key_sign(candidate->key, data, data_len, &auth->signature))
            return -1;
    } else if (!auth->signed_by_agent) {
        if (!auth->agent_waits) {
            auth->agent_waits = true;
            auth->request = ssh_agent_sign(ours->settings.loop, ours->settings.agent, &candidate->public, data, data_len,
                                           agent_signed, ours);
        }
        return LIBSSH2_ERROR_EAGAIN;
    }
    if (auth->signature.length == 0)
        return -1;
    void *owner = ours;
    *sig = session_allocate(auth->signature.length, &owner);
    if (!*sig)
        return -1;
    memcpy(*sig, auth->signature.data, auth->signature.length);
    *sig_len = auth->signature.length;
    (void)session;
    return 0;
}

/* ---- the steps ---- */

static void refused(struct ssh_session *session)
{
    struct auth *auth = &session->auth;
    const char *user = session->settings.user, *trouble = buffer_text(&auth->trouble);
    if (auth->count == 0) {
        session_fail(session, SSH_TROUBLE_SETUP, "no key to sign in with as %s: %s", user,
                     *trouble ? trouble : N_("set `key:` or run an agent"));
        return;
    }
    struct buffer tried = BUFFER_INIT;
    for (unsigned i = 0; i < auth->count; i++)
        buffer_printf(&tried, "%s%s", i ? ", " : "", auth->candidates[i].label);
    session_fail(session, SSH_TROUBLE_REFUSED, "does not let %s in with %s%s%s; a locked or missing account looks the same",
                 user, buffer_text(&tried), *trouble ? "; " : "", trouble);
    buffer_release(&tried);
}

bool auth_step(struct ssh_session *session)
{
    struct auth *auth = &session->auth;
    if (!prepare(session))
        return false;
    for (; auth->current < auth->count; auth->current++) {
        const struct candidate *candidate = &auth->candidates[auth->current];
        void *owner = session;
        int result = libssh2_userauth_publickey(session->session, session->settings.user,
                                                (const unsigned char *)candidate->offered.data, candidate->offered.length,
                                                sign, &owner);
        if (result == 0)
            return true;
        if (result == LIBSSH2_ERROR_EAGAIN)
            return false;
        if (session->wire.dead)
            break;
        auth->signed_by_agent = false;
    }
    if (session->wire.dead && auth->current == 0)
        session_broken(session);
    else
        refused(session);
    return false;
}

void auth_release(struct ssh_session *session)
{
    struct auth *auth = &session->auth;
    ssh_agent_cancel(&auth->request);
    for (unsigned i = 0; i < auth->count; i++) {
        buffer_release(&auth->candidates[i].public);
        buffer_release(&auth->candidates[i].offered);
    }
    auth->count = 0;
    buffer_release(&auth->signature);
    buffer_release(&auth->trouble);
}

/* Proof of identity: the kernel's word on the unix socket; over TLS a bearer token or a client certificate.
 *
 * A token is 256 random bits that nobody chose, so the store keeps a plain BLAKE2b hash: there is nothing to guess
 * that a slow hash would protect, and argon2id would cost 64 MiB and a tenth of a second for each request. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/private.h"
#include "base/text.h"

#define TOKEN_PREFIX "noc_"

static void token_hash(const char *text, char hash[65])
{
    unsigned char bytes[32];
    crypto_generichash(bytes, sizeof bytes, (const unsigned char *)text, strlen(text), NULL, 0);
    sodium_bin2hex(hash, 65, bytes, sizeof bytes);
}

void token_make(char text[TOKEN_TEXT], char hash[65])
{
    unsigned char secret[32];
    randombytes_buf(secret, sizeof secret);
    memcpy(text, TOKEN_PREFIX, sizeof TOKEN_PREFIX);
    sodium_bin2base64(text + strlen(TOKEN_PREFIX), TOKEN_TEXT - strlen(TOKEN_PREFIX), secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(secret, sizeof secret);
    token_hash(text, hash);
}

bool token_who(struct api *api, const char *text, struct who *who)
{
    char hash[65];
    token_hash(text, hash);
    for (struct record *record = api->records; record; record = record->next) {
        const char *known = json_get_text(record->body, "hash", "");
        if (strcmp(record->kind, "token") != 0 || strlen(known) != 64 || sodium_memcmp(known, hash, 64) != 0)
            continue;
        *who = (struct who){.group_count = 0};
        snprintf(who->name, sizeof who->name, "token:%s", record->id);
        role_parse(json_get_text(record->body, "role", ""), &who->least);
        return true;
    }
    return false;
}

static bool common_name(gnutls_session_t session, char *name, size_t size)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t certificate;
    if (!chain || !count || gnutls_x509_crt_init(&certificate) < 0)
        return false;
    char raw[256];
    size_t length = sizeof raw;
    bool good = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0 &&
                gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, raw, &length) >= 0;
    gnutls_x509_crt_deinit(certificate);
    /* A name that cleaning would change could pass for another: it is not taken at all. */
    return good && length && strlen(raw) == length && text_clean_into(name, size, raw, length);
}

/* True when there is none (who->name stays empty) or when it is good. */
bool certificate_who(struct MHD_Connection *connection, struct who *who, struct error *error)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    unsigned count = 0, status = 0;
    if (!session || !gnutls_certificate_get_peers(session, &count) || !count)
        return true;
    gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0};
    if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0 || status != 0)
        return error_set(error, ERROR_DENIED, "the client certificate is not one that our authority vouches for");
    char name[128];
    if (!common_name(session, name, sizeof name))
        return error_set(error, ERROR_DENIED, "the client certificate has no plain common name");
    snprintf(who->name, sizeof who->name, "certificate:%s", name);
    return true;
}

static enum identity by_token(struct request *request, const char *header, struct error *error)
{
    if (strncasecmp(header, "Bearer ", 7) != 0 || !token_who(request->api, header + 7, &request->who)) {
        error_set(error, ERROR_DENIED, "the token is not known here, or was taken back");
        return IDENTITY_WRONG;
    }
    return IDENTITY_KNOWN;
}

static enum identity by_kernel(struct request *request, struct error *error)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(request->peer->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        error_set(error, ERROR_DENIED, "the kernel does not say who you are");
        return IDENTITY_WRONG;
    }
    return request_look_up(request, peer.uid, peer.gid);
}

static enum identity by_certificate(struct request *request, struct error *error)
{
    struct who who = {.group_count = 0};
    if (!certificate_who(request->connection, &who, error))
        return IDENTITY_WRONG;
    if (!who.name[0]) {
        error_set(error, ERROR_DENIED, "say who you are: Authorization: Bearer TOKEN, or a client certificate");
        return IDENTITY_WRONG;
    }
    request->peer->who = who;
    request->peer->identified = true;
    return IDENTITY_KNOWN;
}

enum identity peer_identify(struct request *request, struct error *error)
{
    const char *header = request_header(request, "Authorization");
    if (header)
        return by_token(request, header, error); /* a token says more than a socket: it is what the caller chose */
    enum identity identity = IDENTITY_KNOWN;
    if (!request->peer->identified)
        identity = listener_is_tls(request->listener) ? by_certificate(request, error) : by_kernel(request, error);
    if (identity == IDENTITY_KNOWN)
        request->who = request->peer->who;
    return identity;
}

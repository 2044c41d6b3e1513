#include "collect/tls.h"

#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/fault.h"

struct tls {
    SSL *session;
    BIO *in, *out; /* the session's */
    char *name;    /* that the other side must prove */
    struct fault_certificate seen;
};

static bool expect_name(SSL *session, const char *name)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1;
    return SSL_set_tlsext_host_name(session, name) == 1 && SSL_set1_host(session, name) == 1;
}

struct tls *tls_new(const struct tls_settings *settings, struct error *error)
{
    SSL_CTX *context = tls_context(settings->contexts, &settings->files, error);
    if (!context)
        return NULL;
    struct tls *tls = memory_new(sizeof *tls);
    tls->name = memory_text(settings->name);
    tls->session = SSL_new(context);
    SSL_set_app_data(tls->session, &tls->seen);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    SSL_set_bio(tls->session, tls->in, tls->out);
    SSL_set_connect_state(tls->session);
    if (!expect_name(tls->session, settings->name)) {
        error_set(error, ERROR_INVALID, "no certificate can be for `%s`", settings->name);
        tls_free(&tls);
    }
    return tls;
}

void tls_free(struct tls **tls)
{
    if (!*tls)
        return;
    SSL_free((*tls)->session);
    free((*tls)->name);
    free(*tls);
    *tls = NULL;
}

void tls_input(struct tls *tls, const void *bytes, size_t length)
{
    BIO_write(tls->in, bytes, (int)length);
}

void tls_output(struct tls *tls, struct buffer *out)
{
    char *bytes;
    long length = BIO_get_mem_data(tls->out, &bytes);
    if (length > 0)
        buffer_append(out, bytes, (size_t)length);
    (void)BIO_reset(tls->out);
}

/* Why the session is broken: the verdict on the certificate first, it is what people can act on. */
static bool session_error(struct tls *tls, int code, struct error *error)
{
    if (!SSL_is_init_finished(tls->session) && tls->seen.seen && tls->seen.verdict != X509_V_OK) {
        ERR_clear_error();
        return fault_certificate_refused(&tls->seen, tls->name, error);
    }
    if (code == SSL_ERROR_ZERO_RETURN)
        return error_set(error, ERROR_UNAVAILABLE, "connection closed by the other side");
    return fault_tls(error);
}

bool tls_handshake(struct tls *tls, bool *done, struct error *error)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->session);
    *done = result == 1;
    if (*done)
        return true;
    int code = SSL_get_error(tls->session, result);
    return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE || session_error(tls, code, error);
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t room, struct error *error)
{
    ERR_clear_error();
    int result = SSL_read(tls->session, bytes, room < INT_MAX ? (int)room : INT_MAX);
    if (result > 0)
        return result;
    int code = SSL_get_error(tls->session, result);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
        return 0;
    session_error(tls, code, error);
    return -1;
}

bool tls_write(struct tls *tls, const void *bytes, size_t length, struct error *error)
{
    ERR_clear_error();
    int result = SSL_write(tls->session, bytes, (int)length); /* memory takes all of it */
    return result == (int)length || session_error(tls, SSL_get_error(tls->session, result), error);
}

double tls_certificate_days(const struct tls *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->session);
    int days, seconds;
    if (!certificate || !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)))
        return NAN;
    return days + seconds / 86400.0;
}

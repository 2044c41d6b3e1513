/* What went wrong on the way to another machine, in words that a person can act on: the one place that turns errno,
 * OpenSSL's and libcurl's verdicts into such words, so that every source says the same of the same trouble. */
#ifndef COLLECT_FAULT_H
#define COLLECT_FAULT_H

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"

/* "connection refused", for an errno of a socket; NULL-safe text in any case. */
const char *fault_socket(int error);
/* "its name was not found", for a status of uv_getaddrinfo. */
const char *fault_name(int status);
/* The reason alone: "no name server has it". */
const char *fault_name_reason(int status);

/* What a handshake showed of the other side's own certificate, also when it was refused. */
struct fault_certificate {
    bool begun;           /* the connection stands, and the handshake began */
    bool seen;
    int verdict;          /* X509_V_... of the chain */
    double days;          /* left; negative: over */
    char name[80];        /* first alternative name, else the common name */
};
/* For SSL_CTX_set_cert_verify_callback with the fault_certificate as its argument: verifies as OpenSSL does, and looks. */
int fault_certificate_verify(X509_STORE_CTX *context, void *seen);
/* Why it is refused: "its certificate expired 3.0 d ago (web)". `host` is the name that it should have carried. */
bool fault_certificate_refused(const struct fault_certificate *seen, const char *host, struct error *error);

/* OpenSSL's last complaint in the middle of a handshake or session. */
bool fault_tls(struct error *error);
/* The same over a file that it was to read. */
bool fault_tls_file(const char *path, struct error *error);

/* A transfer that looks at the certificate: to be called after its other TLS options, `seen` lives until it ended. */
void fault_transfer_watch(CURL *easy, struct fault_certificate *seen);
/* Why a transfer failed: "connection refused". `detail` is libcurl's error buffer, `timeout` what was allowed for it. */
bool fault_transfer(CURL *easy, CURLcode result, const struct fault_certificate *seen, const char *detail, msec timeout,
                    struct error *error);
/* An HTTP status that is none to go on with: "HTTP 404: nothing is there: is the url's path right?", with what a short text of
 * its own says (`body` may be NULL). */
bool fault_status(CURL *easy, const char *body, size_t length, struct error *error);
/* "host:port" of what a transfer asked, to stand before what it says. */
void fault_transfer_address(CURL *easy, char *address, size_t size);
void fault_url_address(const char *url, char *address, size_t size);

#endif

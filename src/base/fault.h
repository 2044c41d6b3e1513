/* What went wrong on the way to another machine, in words that a person can act on: the one place that turns errno,
 * OpenSSL's and libcurl's verdicts into such words, so that every source and channel says the same of the same trouble. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

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

/* A transfer that is watched, so that its failure can be told: to be begun after the handle's other TLS options, and to be
 * kept until it ended. `timeout`: what is allowed for it; `proxy`: NULL or the url of the one in between, kept by the caller. */
struct fault_watch {
    struct fault_certificate certificate;
    char detail[CURL_ERROR_SIZE];
    msec timeout;
    const char *proxy;
};
void fault_watch_begin(struct fault_watch *watch, CURL *easy, msec timeout, const char *proxy);
/* Why it failed: "connection refused", "the proxy 10.0.0.1:3128: connection refused". */
bool fault_transfer(const struct fault_watch *watch, CURL *easy, CURLcode result, struct error *error);
/* The same of a mail by SMTP; `said`: what the server refused with, "550 no such person", or "". */
bool fault_mail(const struct fault_watch *watch, CURL *easy, CURLcode result, const char *said, struct error *error);
/* An HTTP status that is none to go on with: "HTTP 404: nothing is there: is the url's path right?", with what a short text of
 * its own says (`body` may be NULL). */
bool fault_status(CURL *easy, const char *body, size_t length, struct error *error);
/* "host:port" of what a transfer asked, to stand before what it says. */
void fault_transfer_address(CURL *easy, char *address, size_t size);
void fault_url_address(const char *url, char *address, size_t size);

#endif

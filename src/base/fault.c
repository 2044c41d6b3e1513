#include "base/fault.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/x509err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "base/memory.h"
#include "base/text.h"

/* ---- sockets and names ---- */

const char *fault_socket(int error)
{
    switch (error) {
    case ECONNREFUSED: return N_("connection refused");
    case ETIMEDOUT: return N_("connection timed out");
    case EHOSTUNREACH: return N_("no route to the host");
    case ENETUNREACH: return N_("network unreachable");
    case ECONNRESET: return N_("connection reset by the other side");
    case EPIPE: return N_("connection closed by the other side");
    case EACCES: return N_("permission denied: is it a broadcast address?");
    case EPERM: return N_("not permitted: a firewall here forbids it");
    case EADDRNOTAVAIL: return N_("no local port or address is left for it");
    case EMFILE:
    case ENFILE: return N_("no descriptor is left: raise the limit of open files");
    default: return strerror(error);
    }
}

const char *fault_name(int status)
{
    switch (status) {
    case UV_EAI_AGAIN: return N_("its name was not found: no name server answers");
    case UV_EAI_NONAME:
    case UV_EAI_NODATA: return N_("its name was not found: no name server has it");
    default: return N_("its name was not found");
    }
}

const char *fault_name_reason(int status)
{
    switch (status) {
    case UV_EAI_AGAIN: return N_("no name server answers");
    case UV_EAI_NONAME:
    case UV_EAI_NODATA: return N_("no name server has it");
    default: return uv_strerror(status);
    }
}

/* ---- certificates ---- */

static void certificate_name(X509 *certificate, char *name, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char common[64] = "";
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && !name[0]; i++) {
        const GENERAL_NAME *each = sk_GENERAL_NAME_value(names, i);
        if (each->type == GEN_DNS)
            text_clean_into(name, size, (const char *)ASN1_STRING_get0_data(each->d.dNSName),
                            (size_t)ASN1_STRING_length(each->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    if (!name[0] && X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof common) > 0)
        text_clean_into(name, size, common, strlen(common));
    if (!name[0])
        snprintf(name, size, "nobody");
}

int fault_certificate_verify(X509_STORE_CTX *context, void *owner)
{
    struct fault_certificate *seen = owner;
    int good = X509_verify_cert(context);
    X509 *certificate = X509_STORE_CTX_get0_cert(context);
    int days, seconds;
    *seen = (struct fault_certificate){.begun = true, .verdict = X509_STORE_CTX_get_error(context)};
    if (certificate && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate))) {
        seen->seen = true;
        seen->days = days + seconds / 86400.0;
        certificate_name(certificate, seen->name, sizeof seen->name);
    }
    return good;
}

bool fault_certificate_refused(const struct fault_certificate *seen, const char *host, struct error *error)
{
    if (!seen->seen)
        return error_set(error, ERROR_DENIED, "its certificate is not accepted");
    switch (seen->verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        if (seen->days >= 0)
            break; /* one of those above it */
        return error_set(error, ERROR_DENIED, "its certificate expired %.1f d ago (%s)", -seen->days, seen->name);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return error_set(error, ERROR_DENIED, "its certificate is not valid yet (%s): is the clock right here?", seen->name);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return error_set(error, ERROR_DENIED, "its certificate is self-signed (%s): nobody we trust vouches for it", seen->name);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return error_set(error, ERROR_DENIED, "its certificate (%s) is signed by somebody we do not trust: give the authority's file",
                         seen->name);
    case X509_V_OK: /* the chain is good: who looked at the name was not OpenSSL */
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return error_set(error, ERROR_DENIED, "its certificate is for %s, not for %s", seen->name, host);
    default:
        break;
    }
    return error_set(error, ERROR_DENIED, "its certificate is not accepted (%s): %s", seen->name,
                     X509_verify_cert_error_string(seen->verdict));
}

/* ---- TLS ---- */

static const struct { int reason; const char *text; } tls_texts[] = {
    {SSL_R_WRONG_VERSION_NUMBER, N_("it does not speak TLS on this port")},
    {SSL_R_HTTP_REQUEST, N_("it does not speak TLS on this port")},
    {SSL_R_PACKET_LENGTH_TOO_LONG, N_("it does not speak TLS on this port")},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, N_("connection closed by the other side, without the end that TLS has")},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, N_("it wants a certificate of ours (certificate required)")},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, N_("it broke the TLS handshake off: does it want a certificate of ours?")},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, N_("it does not accept our certificate")},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, N_("it does not accept our certificate: expired")},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, N_("it does not accept our certificate: it does not know who signed it")},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, N_("it does not accept our certificate: access denied")},
    {SSL_R_UNSUPPORTED_PROTOCOL, N_("it speaks only TLS that is too old (before 1.2)")},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, N_("it speaks only TLS that is too old (before 1.2)")},
};

bool fault_tls(struct error *error)
{
    unsigned long last = ERR_peek_last_error();
    const char *reason = last ? ERR_reason_error_string(last) : NULL;
    ERR_clear_error();
    for (size_t i = 0; last && ERR_GET_LIB(last) == ERR_LIB_SSL && i < ARRAY_COUNT(tls_texts); i++)
        if (tls_texts[i].reason == ERR_GET_REASON(last))
            return error_set(error, ERROR_UNAVAILABLE, "%s", tls_texts[i].text);
    return error_set(error, ERROR_UNAVAILABLE, "TLS failed: %s", reason ? reason : "no reason given");
}

bool fault_tls_file(const char *path, struct error *error)
{
    unsigned long first = ERR_peek_error(), last = ERR_peek_last_error();
    const char *reason = last ? ERR_reason_error_string(last) : NULL;
    ERR_clear_error();
    if (last && ((ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE) ||
                 (ERR_GET_LIB(last) == ERR_LIB_X509 && ERR_GET_REASON(last) == X509_R_NO_CERTIFICATE_OR_CRL_FOUND)))
        return error_set(error, ERROR_INVALID, "%s: holds no PEM certificate or key", path);
    if (last && ERR_GET_LIB(last) == ERR_LIB_X509 && ERR_GET_REASON(last) == X509_R_KEY_VALUES_MISMATCH)
        return error_set(error, ERROR_INVALID, "%s: is not the key of the certificate", path);
    if (first && ERR_SYSTEM_ERROR(first))
        return error_set(error, ERROR_INVALID, "%s: %s", path, strerror(ERR_GET_REASON(first)));
    return error_set(error, ERROR_INVALID, "%s: cannot be used for TLS: %s", path, reason ? reason : "no reason given");
}

/* ---- libcurl ---- */

static CURLcode handshake_begins(CURL *easy, void *context, void *owner)
{
    struct fault_certificate *seen = owner;
    (void)easy;
    seen->begun = true;
    SSL_CTX_set_cert_verify_callback(context, fault_certificate_verify, seen);
    return CURLE_OK;
}

void fault_watch_begin(struct fault_watch *watch, CURL *easy, msec timeout, const char *proxy)
{
    *watch = (struct fault_watch){.timeout = timeout, .proxy = proxy};
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, watch->detail);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, handshake_begins);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, &watch->certificate);
}

static bool url_parts(const char *url, char *host, size_t size, char *port, size_t port_size)
{
    char *part = NULL;
    CURLU *parts = curl_url();
    *host = *port = '\0';
    if (url && curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        if (curl_url_get(parts, CURLUPART_HOST, &part, 0) == CURLUE_OK)
            text_clean_into(host, size, part, strlen(part));
        curl_free(part);
        part = NULL;
        if (curl_url_get(parts, CURLUPART_PORT, &part, CURLU_DEFAULT_PORT) == CURLUE_OK)
            snprintf(port, port_size, "%s", part);
        curl_free(part);
    }
    curl_url_cleanup(parts);
    return *host != '\0';
}

static const char *url_of(CURL *easy)
{
    char *url = NULL;
    return curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url) == CURLE_OK ? url : NULL;
}

void fault_url_address(const char *url, char *address, size_t size)
{
    char host[160], port[8];
    if (url_parts(url, host, sizeof host, port, sizeof port))
        snprintf(address, size, *port ? "%s:%s" : "%s%s", host, port);
    else
        snprintf(address, size, "%s", url ? url : "");
}

void fault_transfer_address(CURL *easy, char *address, size_t size)
{
    fault_url_address(url_of(easy), address, size);
}

static bool reached(CURL *easy, CURLINFO what)
{
    double seconds = 0;
    return curl_easy_getinfo(easy, what, &seconds) == CURLE_OK && seconds > 0;
}

static bool is_secure(CURL *easy)
{
    char *scheme = NULL;
    return curl_easy_getinfo(easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme && strcasecmp(scheme, "https") == 0;
}

/* How far it came before time was up. */
static bool late(const struct fault_watch *watch, CURL *easy, struct error *error)
{
    char span[SPAN_TEXT];
    curl_off_t bytes = 0;
    span_format(span, watch->timeout);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    if (bytes > 0)
        return error_set(error, ERROR_TIMEOUT, "the answer stopped after %lld bytes, not whole within %s", (long long)bytes, span);
    const char *missing = reached(easy, CURLINFO_PRETRANSFER_TIME) ? N_("accepted but did not answer")
        : !reached(easy, CURLINFO_NAMELOOKUP_TIME) ? N_("its name was not found")
        : !reached(easy, CURLINFO_CONNECT_TIME) && !watch->certificate.begun ? N_("did not accept the connection")
        : is_secure(easy) && watch->certificate.begun ? N_("accepted but did not finish the TLS handshake")
        : N_("accepted but did not answer");
    return error_set(error, ERROR_TIMEOUT, "%s within %s", missing, span);
}

/* libcurl says OpenSSL's own words; only the reason at their end is known to us. */
static bool handshake_failed(const char *detail, struct error *error)
{
    for (size_t i = 0; i < ARRAY_COUNT(tls_texts); i++) {
        const char *reason = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, tls_texts[i].reason));
        if (reason && strstr(detail, reason))
            return error_set(error, ERROR_UNAVAILABLE, "%s", tls_texts[i].text);
    }
    if (strstr(detail, "SYSCALL") || strstr(detail, "reset"))
        return error_set(error, ERROR_UNAVAILABLE, "closed the connection during the TLS handshake: does this port speak TLS?");
    const char *reason = strstr(detail, "::");
    return error_set(error, ERROR_UNAVAILABLE, "TLS failed: %s", reason ? reason + 2 : *detail ? detail : "no reason given");
}

static bool failed(const struct fault_watch *watch, CURL *easy, CURLcode result, struct error *error)
{
    const char *detail = watch->detail;
    char host[160], port[8];
    long system = 0;
    curl_off_t bytes = 0, promised = 0;
    url_parts(url_of(easy), host, sizeof host, port, sizeof port);
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return late(watch, easy, error);
    case CURLE_PEER_FAILED_VERIFICATION:
        return fault_certificate_refused(&watch->certificate, host, error);
    case CURLE_SSL_CONNECT_ERROR:
        return handshake_failed(detail, error);
    case CURLE_SSL_CACERT_BADFILE:
        return error_set(error, ERROR_INVALID, "the file of authorities cannot be read, or holds no PEM certificate");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return error_set(error, ERROR_UNAVAILABLE, "its name was not found");
    case CURLE_COULDNT_CONNECT:
        return error_set(error, ERROR_UNAVAILABLE, "%s", system ? fault_socket((int)system) : N_("did not accept the connection"));
    case CURLE_GOT_NOTHING:
        return error_set(error, ERROR_UNAVAILABLE, "closed the connection without an answer");
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        if (strstr(detail, "hunk"))
            return error_set(error, ERROR_UNAVAILABLE, "the chunks of the answer are broken");
        return error_set(error, ERROR_UNAVAILABLE, "%s", system ? fault_socket((int)system) : N_("connection closed by the other side"));
    case CURLE_PARTIAL_FILE:
        return error_set(error, ERROR_UNAVAILABLE, "the answer stopped after %lld of %lld bytes", (long long)bytes, (long long)promised);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return error_set(error, ERROR_UNAVAILABLE, "what answers there does not speak HTTP");
    case CURLE_TOO_MANY_REDIRECTS:
        return error_set(error, ERROR_UNAVAILABLE, "too many redirects: it goes in circles, or too far");
    case CURLE_BAD_CONTENT_ENCODING:
        return error_set(error, ERROR_UNAVAILABLE, "the answer's compression is broken");
    case CURLE_URL_MALFORMAT:
        return error_set(error, ERROR_INVALID, "the url is none that can be asked");
    default:
        return error_set(error, ERROR_UNAVAILABLE, "%s", *detail ? detail : curl_easy_strerror(result));
    }
}

/* Through a proxy; `answer`: its own to CONNECT, 0 none came. False: what went wrong is beyond it. */
static bool failed_at_proxy(const struct fault_watch *watch, CURL *easy, CURLcode result, long answer, struct error *error)
{
    bool tunnel = strncmp(watch->proxy, "http", 4) == 0 && is_secure(easy), connected = answer / 100 == 2;
    bool nowhere = !reached(easy, CURLINFO_CONNECT_TIME) && !watch->certificate.begun;
    char address[160], span[SPAN_TEXT];
    struct error cause;
    if (result != CURLE_PROXY && !nowhere && (!tunnel || connected))
        return false;
    fault_url_address(watch->proxy, address, sizeof address);
    span_format(span, watch->timeout);
    if (answer == 407)
        error_set(error, ERROR_DENIED, "the proxy %s does not let us in: look at `proxy_login`", address);
    else if (answer && !connected)
        error_set(error, ERROR_UNAVAILABLE, "the proxy %s did not connect us: HTTP %ld", address, answer);
    else if (result == CURLE_PROXY)
        error_set(error, ERROR_UNAVAILABLE, "the proxy %s did not connect us", address);
    else if (result == CURLE_OPERATION_TIMEDOUT && reached(easy, CURLINFO_NAMELOOKUP_TIME))
        error_set(error, ERROR_TIMEOUT, "the proxy %s did not connect us within %s", address, span);
    else if (!failed(watch, easy, result, &cause))
        error_set(error, cause.code, "the proxy %s: %s", address, cause.text);
    return true;
}

bool fault_transfer(const struct fault_watch *watch, CURL *easy, CURLcode result, struct error *error)
{
    long answer = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &answer);
    return watch->proxy && failed_at_proxy(watch, easy, result, answer, error) ? false : failed(watch, easy, result, error);
}

bool fault_mail(const struct fault_watch *watch, CURL *easy, CURLcode result, const char *said, struct error *error)
{
    if (result == CURLE_LOGIN_DENIED)
        return error_set(error, ERROR_DENIED, "it does not let us in: look at user and password (%s)", said);
    if (result == CURLE_USE_SSL_FAILED)
        return error_set(error, ERROR_DENIED, "it offers no TLS, without which nothing is sent: see `tls:`");
    if (*said && (result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_WEIRD_SERVER_REPLY))
        return error_set(error, ERROR_UNAVAILABLE, "the mail server refused: %s", said);
    if (result == CURLE_WEIRD_SERVER_REPLY)
        return error_set(error, ERROR_UNAVAILABLE, "what answers there does not speak SMTP");
    return fault_transfer(watch, easy, result, error);
}

bool fault_status(CURL *easy, const char *body, size_t length, struct error *error)
{
    /* Whole phrases, so that they are found in the reader's language. */
    static const struct { long status; const char *text; } texts[] = {
        {400, N_("HTTP 400: it does not understand the question: should the url begin with https://?")},
        {401, N_("HTTP 401: it does not let us in: look at user, password or token")},
        {403, N_("HTTP 403: it does not let us: has this user the right?")},
        {404, N_("HTTP 404: nothing is there: is the url's path right?")},
        {405, N_("HTTP 405: it does not take such questions there: is the url's path right?")},
        {407, N_("HTTP 407: a proxy is in between, which does not let us through")},
        {410, N_("HTTP 410: nothing is there any more: is the url's path right?")},
        {429, N_("HTTP 429: it is asked too often: make the interval longer")},
        {500, N_("HTTP 500: an error on its side")},
        {502, N_("HTTP 502: what stands behind it does not answer")},
        {503, N_("HTTP 503: it is not ready, or busy")},
        {504, N_("HTTP 504: what stands behind it does not answer")},
    };
    char said[100] = "", *where = NULL;
    const char *text = NULL;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &where);
    if (where)
        return error_set(error, ERROR_UNAVAILABLE, "HTTP %ld: it has moved to %s: write that url", status, where);
    for (size_t i = 0; i < ARRAY_COUNT(texts) && !text; i++)
        text = status == texts[i].status ? texts[i].text : NULL;
    if (body && length && body[strspn(body, " \t\r\n")] != '<') /* a page of HTML says less than its status */
        text_clean_into(said, sizeof said, body, length < sizeof said ? length : sizeof said - 1);
    error_set(error, ERROR_UNAVAILABLE, text ? text : N_("HTTP %ld: not what was expected"), status);
    return *said ? error_set(error, ERROR_UNAVAILABLE, "%.200s (%s)", error->text, said) : false;
}

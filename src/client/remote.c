/* A daemon elsewhere, over TLS: libcurl's multi interface on the loop. libcurl is loaded here, when a URL is given,
 * and not linked: see internal.h. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "client/internal.h"

#define LIBRARY "libcurl.so.4"

/* X(member, type): the functions of libcurl that are used. */
#define CURL_FUNCTIONS(X)                                                    \
    X(global_init, CURLcode (*)(long))                                       \
    X(easy_init, CURL *(*)(void))                                            \
    X(easy_cleanup, void (*)(CURL *))                                        \
    X(easy_setopt, CURLcode (*)(CURL *, CURLoption, ...))                    \
    X(easy_getinfo, CURLcode (*)(CURL *, CURLINFO, ...))                     \
    X(easy_strerror, const char *(*)(CURLcode))                              \
    X(slist_append, struct curl_slist *(*)(struct curl_slist *, const char *)) \
    X(slist_free_all, void (*)(struct curl_slist *))                         \
    X(multi_init, CURLM *(*)(void))                                          \
    X(multi_cleanup, CURLMcode (*)(CURLM *))                                 \
    X(multi_setopt, CURLMcode (*)(CURLM *, CURLMoption, ...))                \
    X(multi_add_handle, CURLMcode (*)(CURLM *, CURL *))                      \
    X(multi_remove_handle, CURLMcode (*)(CURLM *, CURL *))                   \
    X(multi_socket_action, CURLMcode (*)(CURLM *, curl_socket_t, int, int *)) \
    X(multi_assign, CURLMcode (*)(CURLM *, curl_socket_t, void *))           \
    X(multi_info_read, CURLMsg *(*)(CURLM *, int *))

struct curl_functions {
#define X(name, type) __typeof__((type)0) name;
    CURL_FUNCTIONS(X)
#undef X
};

struct remote {
    struct curl_functions curl;
    struct client *client;
    CURLM *multi;
    uv_timer_t *timer;
    char *base, *token, *certificate, *key, *authority;
};

struct carrier {
    CURL *easy;
    struct curl_slist *headers;
    struct buffer arrived;   /* body bytes, handed on outside curl's callbacks: a listener may ask for more */
    bool head_told;
};

struct watched { uv_poll_t poll; struct remote *remote; curl_socket_t descriptor; };

static bool load(struct remote *remote, struct error *error)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return error_set(error, ERROR_UNAVAILABLE, "--url needs libcurl (apt install libcurl4): %s", dlerror());
#define X(name, type)                                              \
    *(void **)&remote->curl.name = dlsym(library, "curl_" #name);  \
    if (!remote->curl.name)                                        \
        return error_set(error, ERROR_UNAVAILABLE, "%s has no curl_%s", LIBRARY, #name);
    CURL_FUNCTIONS(X)
#undef X
    return true;
}

/* ---- handing on what came ---- */

static void tell(struct exchange *exchange)
{
    struct carrier *carrier = exchange->carrier;
    struct remote *remote = exchange->client->transport;
    long status = 0;
    remote->curl.easy_getinfo(carrier->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!status || (!carrier->arrived.length && carrier->head_told))
        return;
    if (!carrier->head_told) {
        carrier->head_told = true;
        exchange->status = (int)status;
        if (exchange->head)
            exchange->head(exchange);
        if (exchange->carrier != carrier)
            return;
    }
    struct buffer bytes = carrier->arrived;
    buffer_init(&carrier->arrived);
    if (bytes.length) {
        exchange->last_byte = clock_steady();
        exchange->data(exchange, buffer_text(&bytes), bytes.length);
    }
    buffer_release(&bytes);
}

static void finish(struct remote *remote, struct exchange *exchange, CURLcode code)
{
    struct error error = {0};
    tell(exchange);
    if (!exchange->carrier)
        return;
    error_set(&error, code == CURLE_OPERATION_TIMEDOUT ? ERROR_TIMEOUT : ERROR_UNAVAILABLE, "%s: %s",
              remote->client->where, remote->curl.easy_strerror(code));
    remote->client->ops->stop(exchange);
    exchange->end(exchange, code == CURLE_OK ? NULL : &error);
}

static void pump(struct remote *remote)
{
    struct client *client = remote->client;
    CURLMsg *message;
    int left;
    struct exchange *exchange;
    do { /* from the start after each: a listener may have cancelled any of them */
        for (exchange = client->exchanges; exchange; exchange = exchange->next)
            if (exchange->carrier && ((struct carrier *)exchange->carrier)->arrived.length)
                break;
        if (exchange)
            tell(exchange);
    } while (exchange);
    while ((message = remote->curl.multi_info_read(remote->multi, &left))) {
        exchange = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* the message dies with the handle's removal */
        remote->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        finish(remote, exchange, code);
    }
}

/* ---- curl on libuv ---- */

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct watched *watched = poll->data;
    struct remote *remote = watched->remote;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    flags |= (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    remote->curl.multi_socket_action(remote->multi, watched->descriptor, flags, &running);
    pump(remote);
}

static void watched_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static int watch_socket(CURL *easy, curl_socket_t descriptor, int what, void *owner, void *known)
{
    struct remote *remote = owner;
    struct watched *watched = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched) {
            remote->curl.multi_assign(remote->multi, descriptor, NULL);
            uv_poll_stop(&watched->poll);
            uv_close((uv_handle_t *)&watched->poll, watched_closed);
        }
        return 0;
    }
    if (!watched) {
        watched = memory_new(sizeof *watched);
        watched->remote = remote;
        watched->descriptor = descriptor;
        if (uv_poll_init_socket(remote->client->loop, &watched->poll, descriptor) != 0) {
            free(watched);
            return -1;
        }
        watched->poll.data = watched;
        remote->curl.multi_assign(remote->multi, descriptor, watched);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&watched->poll, events, socket_ready);
    return 0;
}

static void timer_fired(uv_timer_t *timer)
{
    struct remote *remote = timer->data;
    int running;
    remote->curl.multi_socket_action(remote->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    pump(remote);
}

static int watch_timer(CURLM *multi, long milliseconds, void *owner)
{
    struct remote *remote = owner;
    (void)multi;
    if (milliseconds < 0)
        uv_timer_stop(remote->timer);
    else
        uv_timer_start(remote->timer, timer_fired, (uint64_t)milliseconds, 0);
    return 0;
}

/* ---- life ---- */

static bool remote_open(struct client *client, const struct client_options *options, struct error *error)
{
    struct remote *remote = memory_new(sizeof *remote);
    size_t length = strlen(options->url);
    bool secure = strncmp(options->url, "https://", 8) == 0;
    if (!secure && strncmp(options->url, "http://", 7) != 0)
        error_set(error, ERROR_INVALID, "--url: expected https://HOST[:PORT], got `%s`", options->url);
    else if (load(remote, error) && remote->curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        while (length && options->url[length - 1] == '/')
            length--;
        remote->client = client;
        remote->base = memory_printf("%.*s/api/v1", (int)length, options->url);
        client->where = memory_text_n(options->url, length);
        remote->token = memory_text(options->token);
        remote->certificate = memory_text(options->certificate);
        remote->key = memory_text(options->key);
        remote->authority = memory_text(options->authority);
        remote->multi = remote->curl.multi_init();
        remote->curl.multi_setopt(remote->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
        remote->curl.multi_setopt(remote->multi, CURLMOPT_SOCKETDATA, remote);
        remote->curl.multi_setopt(remote->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
        remote->curl.multi_setopt(remote->multi, CURLMOPT_TIMERDATA, remote);
        remote->timer = memory_new(sizeof *remote->timer);
        uv_timer_init(client->loop, remote->timer);
        remote->timer->data = remote;
        client->transport = remote;
        return true;
    }
    free(remote);
    return false;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void remote_close(struct client *client)
{
    struct remote *remote = client->transport;
    remote->curl.multi_cleanup(remote->multi);
    uv_close((uv_handle_t *)remote->timer, timer_closed);
    free(remote->base);
    free(remote->token);
    free(remote->certificate);
    free(remote->key);
    free(remote->authority);
    free(remote);
    client->transport = NULL;
}

static size_t body_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct carrier *carrier = owner;
    buffer_append(&carrier->arrived, bytes, size * count);
    return size * count;
}

static void set_text(struct remote *remote, CURL *easy, CURLoption option, const char *text)
{
    if (text && *text)
        remote->curl.easy_setopt(easy, option, text);
}

static void set_headers(struct remote *remote, struct exchange *exchange, struct carrier *carrier)
{
    carrier->headers = remote->curl.slist_append(NULL, "Expect:"); /* no 100-continue round trip */
    for (const char *line = buffer_text(&exchange->headers); *line;) {
        size_t length = strcspn(line, "\r");
        char *copy = memory_text_n(line, length);
        carrier->headers = remote->curl.slist_append(carrier->headers, copy);
        free(copy);
        line += length + 2;
    }
    remote->curl.easy_setopt(carrier->easy, CURLOPT_HTTPHEADER, carrier->headers);
}

static void remote_start(struct exchange *exchange)
{
    struct remote *remote = exchange->client->transport;
    struct carrier *carrier = memory_new(sizeof *carrier);
    CURL *easy = remote->curl.easy_init();
    char *url = memory_printf("%s%s", remote->base, buffer_text(&exchange->path));
    carrier->easy = easy;
    exchange->carrier = carrier;
    remote->curl.easy_setopt(easy, CURLOPT_URL, url);
    free(url);
    remote->curl.easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    remote->curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    remote->curl.easy_setopt(easy, CURLOPT_USERAGENT, "nocturne/" NOCTURNE_VERSION);
    remote->curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    if (!exchange->silence)
        remote->curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (remote->token && *remote->token) {
        remote->curl.easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        remote->curl.easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, remote->token);
    }
    set_text(remote, easy, CURLOPT_SSLCERT, remote->certificate);
    set_text(remote, easy, CURLOPT_SSLKEY, remote->key);
    set_text(remote, easy, CURLOPT_CAINFO, remote->authority);
    set_headers(remote, exchange, carrier);
    remote->curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
    remote->curl.easy_setopt(easy, CURLOPT_WRITEDATA, carrier);
    if (strcmp(exchange->method, "GET") != 0) {
        remote->curl.easy_setopt(easy, CURLOPT_POST, 1L);
        remote->curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.length);
        remote->curl.easy_setopt(easy, CURLOPT_POSTFIELDS, buffer_text(&exchange->body));
        remote->curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange->method);
    }
    remote->curl.multi_add_handle(remote->multi, easy);
}

static void remote_stop(struct exchange *exchange)
{
    struct remote *remote = exchange->client->transport;
    struct carrier *carrier = exchange->carrier;
    if (!carrier)
        return;
    exchange->carrier = NULL;
    remote->curl.multi_remove_handle(remote->multi, carrier->easy);
    remote->curl.easy_cleanup(carrier->easy);
    remote->curl.slist_free_all(carrier->headers);
    buffer_release(&carrier->arrived);
    free(carrier);
}

const struct transport_ops remote_transport = {
    .open = remote_open,
    .close = remote_close,
    .start = remote_start,
    .stop = remote_stop,
};

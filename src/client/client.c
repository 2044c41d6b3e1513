#include "client/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "client/internal.h"

struct client_socket {
    uv_poll_t poll;
    struct client *client;
    curl_socket_t descriptor;
};

/* ---- curl on libuv ---- */

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct client_socket *watched = poll->data;
    struct client *client = watched->client;
    int flags = 0, running;
    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(client->multi, watched->descriptor, flags, &running);
    client_pump(client);
}

static void socket_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static int watch_socket(CURL *easy, curl_socket_t descriptor, int what, void *owner, void *known)
{
    (void)easy;
    struct client *client = owner;
    struct client_socket *watched = known;
    if (what == CURL_POLL_REMOVE) {
        if (watched) {
            curl_multi_assign(client->multi, descriptor, NULL);
            uv_poll_stop(&watched->poll);
            uv_close((uv_handle_t *)&watched->poll, socket_closed);
        }
        return 0;
    }
    if (!watched) {
        watched = memory_new(sizeof *watched);
        watched->client = client;
        watched->descriptor = descriptor;
        if (uv_poll_init_socket(client->loop, &watched->poll, descriptor) != 0) {
            free(watched);
            return -1;
        }
        watched->poll.data = watched;
        curl_multi_assign(client->multi, descriptor, watched);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&watched->poll, events, socket_ready);
    return 0;
}

static void timer_fired(uv_timer_t *timer)
{
    struct client *client = timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    client_pump(client);
}

static int watch_timer(CURLM *multi, long milliseconds, void *owner)
{
    (void)multi;
    struct client *client = owner;
    if (milliseconds < 0)
        uv_timer_stop(&client->timer);
    else
        uv_timer_start(&client->timer, timer_fired, (uint64_t)milliseconds, 0);
    return 0;
}

/* ---- life ---- */

static char *base_of_url(const char *url)
{
    size_t length = strlen(url);
    while (length && url[length - 1] == '/')
        length--;
    return memory_printf("%.*s/api/v1", (int)length, url);
}

struct client *client_new(uv_loop_t *loop, const struct client_options *options, struct error *error)
{
    if (options->url && strncmp(options->url, "https://", 8) != 0 && strncmp(options->url, "http://", 7) != 0) {
        error_set(error, ERROR_INVALID, "--url: expected https://HOST[:PORT], got `%s`", options->url);
        return NULL;
    }
    /* TLS is set up only for those who use it: it costs a local console memory and start time. */
    if (curl_global_init(options->url ? CURL_GLOBAL_DEFAULT : CURL_GLOBAL_NOTHING) != CURLE_OK) {
        error_set(error, ERROR_INTERNAL, "libcurl does not start");
        return NULL;
    }
    struct client *client = memory_new(sizeof *client);
    client->loop = loop;
    if (options->url)
        client->base = base_of_url(options->url);
    else {
        client->base = memory_text("http://nocturne/api/v1");
        client->socket = options->socket ? memory_text(options->socket) : client_default_socket();
    }
    client->token = memory_text(options->token);
    client->certificate = memory_text(options->certificate);
    client->key = memory_text(options->key);
    client->authority = memory_text(options->authority);
    client->multi = curl_multi_init();
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    stream_init(client);
    client->handles_open = 2;
    return client;
}

static void handle_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    if (--client->handles_open)
        return;
    free(client->base);
    free(client->socket);
    free(client->token);
    free(client->certificate);
    free(client->key);
    free(client->authority);
    free(client);
}

void client_free(struct client **pointer)
{
    struct client *client = *pointer;
    if (!client)
        return;
    *pointer = NULL;
    client->closing = true;
    while (client->requests)
        client_cancel(client->requests);
    stream_release(client);
    while (client->spare_count)
        curl_easy_cleanup(client->spare[--client->spare_count]);
    curl_multi_cleanup(client->multi);
    uv_close((uv_handle_t *)&client->timer, handle_closed);
    uv_close((uv_handle_t *)&client->stream.retry, handle_closed);
    curl_global_cleanup();
}

/* ---- requests ---- */

CURL *client_easy(struct client *client, const char *path)
{
    CURL *easy = client->spare_count ? client->spare[--client->spare_count] : curl_easy_init();
    char *url = memory_printf("%s%s", client->base, path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    free(url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "nocturne/" NOCTURNE_VERSION);
    if (client->socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    else
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (client->token) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, client->token);
    }
    if (client->certificate)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, client->certificate);
    if (client->key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, client->key);
    if (client->authority)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->authority);
    return easy;
}

void client_easy_back(struct client *client, CURL *easy)
{
    if (client->spare_count < CLIENT_SPARE_HANDLES) {
        curl_easy_reset(easy);
        client->spare[client->spare_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

static size_t body_arrived(char *bytes, size_t size, size_t count, void *owner)
{
    struct client_request *request = owner;
    buffer_append(&request->body, bytes, size * count);
    return size * count;
}

static void request_unlink(struct client_request *request)
{
    struct client *client = request->client;
    if (request->previous)
        request->previous->next = request->next;
    else
        client->requests = request->next;
    if (request->next)
        request->next->previous = request->previous;
    curl_multi_remove_handle(client->multi, request->easy);
    client_easy_back(client, request->easy);
    curl_slist_free_all(request->headers);
}

static void request_free(struct client_request *request)
{
    buffer_release(&request->path);
    buffer_release(&request->sent);
    buffer_release(&request->body);
    free(request);
}

void client_cancel(struct client_request *request)
{
    request_unlink(request);
    request_free(request);
}

static struct client_request *request_new(struct client *client, const char *path, client_done *done, void *owner)
{
    struct client_request *request = memory_new(sizeof *request);
    request->client = client;
    request->done = done;
    request->owner = owner;
    request->started = clock_steady();
    buffer_append_text(&request->path, path);
    request->easy = client_easy(client, path);
    curl_easy_setopt(request->easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, body_arrived);
    curl_easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(request->easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(request->easy, CURLOPT_TIMEOUT_MS, 60000L);
    request->next = client->requests;
    if (request->next)
        request->next->previous = request;
    client->requests = request;
    return request;
}

struct client_request *client_get(struct client *client, const char *path, client_done *done, void *owner)
{
    struct client_request *request = request_new(client, path, done, owner);
    curl_multi_add_handle(client->multi, request->easy);
    return request;
}

static void header_add(struct client_request *request, const char *name, const char *value)
{
    char *line = memory_printf("%s: %s", name, value);
    request->headers = curl_slist_append(request->headers, line);
    free(line);
}

static void random_key(char out[33])
{
    unsigned char bytes[16] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort(); /* 16 bytes never come short once the kernel has started */
    for (unsigned i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

struct client_request *client_send(struct client *client, const char *method, const char *path, const char *body,
                                   size_t length, const char *content_type, int64_t revision, client_done *done,
                                   void *owner)
{
    struct client_request *request = request_new(client, path, done, owner);
    char key[33], number[32];
    random_key(key);
    header_add(request, "Idempotency-Key", key);
    if (revision >= 0) {
        snprintf(number, sizeof number, "%lld", (long long)revision);
        header_add(request, "If-Match", number);
    }
    header_add(request, "Content-Type", content_type ? content_type : "application/json");
    header_add(request, "Expect", ""); /* no 100-continue round trip */
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
    buffer_append(&request->sent, body ? body : "", body ? length : 0);
    curl_easy_setopt(request->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(request->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->sent.length);
    curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS, buffer_text(&request->sent));
    curl_easy_setopt(request->easy, CURLOPT_CUSTOMREQUEST, method);
    curl_multi_add_handle(client->multi, request->easy);
    return request;
}

/* What went wrong, in words that name the remedy. */
static void link_error(const struct client *client, CURLcode code, struct error *error)
{
    const char *where = client->socket ? client->socket : client->base;
    if (code == CURLE_COULDNT_CONNECT && client->socket)
        error_set(error, ERROR_UNAVAILABLE, "no daemon answers on %s: start nocturned, or name another with --socket or --url", where);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        error_set(error, ERROR_TIMEOUT, "%s does not answer in time", where);
    else
        error_set(error, ERROR_UNAVAILABLE, "%s: %s", where, curl_easy_strerror(code));
}

static enum error_code code_of_status(int status)
{
    switch (status) {
    case 400: case 405: case 415: case 422: return ERROR_INVALID;
    case 401: case 403: return ERROR_DENIED;
    case 404: return ERROR_NOT_FOUND;
    case 409: case 412: return ERROR_CONFLICT;
    case 507: return ERROR_FULL;
    case 503: return ERROR_UNAVAILABLE;
    default: return ERROR_INTERNAL;
    }
}

static void request_finish(struct client_request *request, CURLcode code)
{
    struct client *client = request->client;
    struct error error = {0};
    long status = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    struct client_answer answer = {.body = buffer_text(&request->body), .length = request->body.length,
                                   .milliseconds = (double)(clock_steady() - request->started)};
    curl_off_t micros = 0;
    if (curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME_T, &micros) == CURLE_OK)
        answer.milliseconds = (double)micros / 1000;
    if (code != CURLE_OK) {
        link_error(client, code, &error);
        answer.error = &error;
    } else {
        answer.status = (int)status;
        client->latency = client->latency ? client->latency * 0.8 + answer.milliseconds * 0.2 : answer.milliseconds;
        if (status < 200 || status > 299) {
            if (!wire_read_problem(answer.body, answer.length, &error) || !error.text[0])
                error_set(&error, code_of_status((int)status), "the daemon answered %ld to %s", status,
                          buffer_text(&request->path));
            answer.error = &error;
        }
    }
    request_unlink(request);
    request->done(request->owner, &answer);
    request_free(request);
}

void client_pump(struct client *client)
{
    CURLMsg *message;
    int left;
    stream_parse(client);
    while (!client->closing && (message = curl_multi_info_read(client->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result; /* the message dies with the handle's removal */
        if (stream_owns(client, easy)) {
            stream_parse(client);
            stream_ended(client, code);
            continue;
        }
        struct client_request *request = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
        request_finish(request, code);
    }
}

double client_latency(const struct client *client)
{
    return client->latency;
}

/* ---- waiting, for the shell ---- */

struct waiting {
    bool over, good;
    struct buffer *answer;
    struct error *error;
};

static void waiting_done(void *owner, const struct client_answer *answer)
{
    struct waiting *waiting = owner;
    waiting->over = true;
    waiting->good = !answer->error;
    if (answer->error && waiting->error)
        *waiting->error = *answer->error;
    if (waiting->answer)
        buffer_append(waiting->answer, answer->body, answer->length);
}

bool client_call(struct client *client, const char *method, const char *path, const char *body, size_t length,
                 const char *content_type, struct buffer *answer, struct error *error)
{
    struct waiting waiting = {.answer = answer, .error = error};
    if (strcmp(method, "GET") == 0)
        client_get(client, path, waiting_done, &waiting);
    else
        client_send(client, method, path, body, length, content_type, -1, waiting_done, &waiting);
    while (!waiting.over)
        uv_run(client->loop, UV_RUN_ONCE);
    return waiting.good;
}

/* Sockets, and MHD on the loop: each listener is one MHD daemon without threads, whose epoll descriptor libuv watches
 * and whose timeouts a timer keeps. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/private.h"
#include "base/log.h"
#include "base/memory.h"

#define CONNECTIONS_UNIX 1024u
#define CONNECTIONS_TLS 512u
#define CONNECTIONS_A_HOST 64u
#define CONNECTION_MEMORY ((size_t)48 * 1024) /* request line and headers must fit; else MHD answers 431 */
#define IDLE_SECONDS 60u
/* A request's headers must be complete this long after it could begin, its body this long after them: a client that
 * drips a byte a second keeps MHD's idle timer quiet. */
#define HEADER_LIMIT (15 * SPAN_SECOND)
#define KEEP_ALIVE_LIMIT (75 * SPAN_SECOND)
#define BODY_LIMIT (120 * SPAN_SECOND)

struct listener {
    struct listener *next;
    struct api *api;
    enum listen_kind kind;
    char *path;                /* unix */
    dev_t device;
    ino_t inode;
    char *certificate, *key, *authority; /* PEM text */
    struct MHD_Daemon *daemon;
    uv_poll_t *poll;
    uv_timer_t *timer;
    bool running, again;
    char complaint[160];       /* MHD's last line while starting */
    struct peer *peers;
};

/* ---- driving MHD ---- */

static void run(struct listener *listener);

static void timer_fired(uv_timer_t *timer)
{
    run(timer->data);
}

static void run(struct listener *listener)
{
    listener->running = true;
    listener->again = false;
    MHD_run(listener->daemon);
    listener->running = false;
    MHD_UNSIGNED_LONG_LONG timeout;
    if (listener->again)
        uv_timer_start(listener->timer, timer_fired, 0, 0);
    else if (MHD_get_timeout(listener->daemon, &timeout) == MHD_YES)
        uv_timer_start(listener->timer, timer_fired, timeout, 0);
    else
        uv_timer_stop(listener->timer);
}

static void poll_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

/* Never runs MHD itself: it may be called from inside MHD's own callbacks. */
void listener_wake(struct listener *listener)
{
    if (listener->running)
        listener->again = true;
    else if (listener->timer)
        uv_timer_start(listener->timer, timer_fired, 0, 0);
}

/* ---- MHD's callbacks ---- */

static void keep_complaint(void *owner, const char *format, va_list arguments)
{
    struct listener *listener = owner;
    vsnprintf(listener->complaint, sizeof listener->complaint, format, arguments);
    listener->complaint[strcspn(listener->complaint, "\r\n")] = '\0';
    log_debug("http: %s", listener->complaint);
}

static void *line_came(void *owner, const char *uri, struct MHD_Connection *connection)
{
    return request_new(owner, connection, uri);
}

/* Paths and parameters are decoded by target.c, segment by segment. */
static size_t leave_escaped(void *owner, struct MHD_Connection *connection, char *text)
{
    (void)owner;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result step(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
                            const char *version, const char *upload, size_t *upload_size, void **request)
{
    (void)owner;
    (void)connection;
    (void)url;
    (void)version;
    return request_step(*request, method, upload, upload_size);
}

static void request_over(void *owner, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    (void)owner;
    (void)connection;
    (void)code;
    struct request *request = *slot;
    *slot = NULL;
    if (!request)
        return;
    peer_phase(request, PEER_HEADERS);
    if (request->sleeping)
        request->connection = NULL; /* a callback is under way: it frees */
    else
        request_free(request);
}

static void connection_changed(void *owner, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct listener *listener = owner;
    struct peer *peer = *context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        peer = memory_new(sizeof *peer);
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *peer = (struct peer){.listener = listener, .fd = info->connect_fd, .since = clock_steady(), .fresh = true};
        peer->next = listener->peers;
        peer->link = &listener->peers;
        if (peer->next)
            peer->next->link = &peer->next;
        listener->peers = peer;
        listener->api->figures.connections++;
        listener->api->figures.open_connections++;
        *context = peer;
    } else if (peer) {
        *peer->link = peer->next;
        if (peer->next)
            peer->next->link = peer->link;
        listener->api->figures.open_connections--;
        free(peer);
        *context = NULL;
    }
}

void peer_phase(struct request *request, int phase)
{
    if (!request->peer)
        return;
    if (request->peer->phase == PEER_ANSWER && phase == PEER_HEADERS)
        request->peer->fresh = false;
    request->peer->phase = phase;
    request->peer->since = clock_steady();
}

/* MHD notices the shutdown as the client's own end. */
void listeners_sweep(struct api *api, msec steady_now)
{
    for (struct listener *listener = api->listeners; listener; listener = listener->next)
        for (struct peer *peer = listener->peers; peer; peer = peer->next) {
            msec limit = peer->phase == PEER_BODY ? BODY_LIMIT : peer->fresh ? HEADER_LIMIT : KEEP_ALIVE_LIMIT;
            if (peer->phase == PEER_ANSWER || steady_now - peer->since < limit)
                continue;
            api->figures.killed_slow++;
            peer->since = steady_now;
            shutdown(peer->fd, SHUT_RDWR);
        }
}

/* ---- sockets ---- */

static bool somebody_answers(const struct sockaddr_un *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN ||
                   errno == EACCES;
    close(probe);
    return answers;
}

static bool path_is_free(const char *path, const struct sockaddr_un *address, struct error *error)
{
    struct stat there;
    if (lstat(path, &there) != 0)
        return true;
    if (!S_ISSOCK(there.st_mode))
        return error_set(error, ERROR_INVALID, "%s: is there, but is not a socket; name another path", path);
    if (somebody_answers(address))
        return error_set(error, ERROR_CONFLICT, "%s: another daemon is listening there", path);
    return true;
}

static void make_folder(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
        mkdir(folder, 0750); /* where it fails, bind says why */
    }
}

/* Bound under a name of its own, given its mode, then renamed over whatever stale file was there: at no instant is
 * the socket open to more people than it should be, or missing. */
static int open_unix(struct listener *listener, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX}, fresh = address;
    const char *path = listener->path;
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= (int)sizeof address.sun_path ||
        snprintf(fresh.sun_path, sizeof fresh.sun_path, "%s.new", path) >= (int)sizeof fresh.sun_path) {
        error_set(error, ERROR_INVALID, "%s: longer than the %zu bytes a socket's path may have", path,
                  sizeof address.sun_path - 5);
        return -1;
    }
    if (!path_is_free(path, &address, error))
        return -1;
    make_folder(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(fresh.sun_path);
    struct stat made;
    if (fd < 0 || bind(fd, (struct sockaddr *)&fresh, sizeof fresh) != 0 || chmod(fresh.sun_path, 0660) != 0 ||
        listen(fd, 256) != 0 || stat(fresh.sun_path, &made) != 0 || rename(fresh.sun_path, path) != 0) {
        int why = errno;
        error_set(error, why == EACCES || why == EPERM || why == EROFS ? ERROR_DENIED : ERROR_UNAVAILABLE, "%s: %s", path,
                  strerror(why));
        unlink(fresh.sun_path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    listener->device = made.st_dev;
    listener->inode = made.st_ino;
    return fd;
}

static int open_tcp(const struct site_listen *listen_on, struct error *error)
{
    char port[8];
    snprintf(port, sizeof port, "%u", listen_on->port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(listen_on->address, port, &hints, &found) != 0) {
        error_set(error, ERROR_INVALID, "%s: `%s` is not a numeric address", listen_on->where, listen_on->address);
        return -1;
    }
    int on = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 256) == 0;
    int why = errno;
    freeaddrinfo(found);
    if (done)
        return fd;
    if (fd >= 0)
        close(fd);
    error_set(error, why == EADDRINUSE ? ERROR_CONFLICT : why == EACCES ? ERROR_DENIED : ERROR_UNAVAILABLE,
              "%s: cannot listen on %s port %u: %s", listen_on->where, listen_on->address, listen_on->port, strerror(why));
    return -1;
}

/* ---- TLS ---- */

static bool read_pem(const char *path, const char *where, char **text, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[65536];
    ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof bytes - 1);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (length < 0)
        return error_set(error, why == EACCES ? ERROR_DENIED : ERROR_NOT_FOUND, "%s: %s: %s", where, path, strerror(why));
    *text = memory_text_n(bytes, (size_t)length);
    return true;
}

/* MHD only says that it cannot start; ask GnuTLS itself what is wrong with the files. */
static bool check_pem(struct listener *listener, const struct site_listen *listen_on, struct error *error)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_certificate_allocate_credentials(&credentials);
    gnutls_datum_t certificate = {(unsigned char *)listener->certificate, (unsigned)strlen(listener->certificate)};
    gnutls_datum_t key = {(unsigned char *)listener->key, (unsigned)strlen(listener->key)};
    int result = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    bool good = result >= 0 || error_set(error, ERROR_INVALID, "%s: %s with %s: %s", listen_on->where,
                                         listen_on->certificate, listen_on->key, gnutls_strerror(result));
    if (good && listener->authority) {
        gnutls_datum_t trust = {(unsigned char *)listener->authority, (unsigned)strlen(listener->authority)};
        result = gnutls_certificate_set_x509_trust_mem(credentials, &trust, GNUTLS_X509_FMT_PEM);
        good = result > 0 || error_set(error, ERROR_INVALID, "%s: %s: no certificate of an authority in it",
                                       listen_on->where, listen_on->client_ca);
    }
    gnutls_certificate_free_credentials(credentials);
    return good;
}

static bool load_tls(struct listener *listener, const struct site_listen *listen_on, struct error *error)
{
    return read_pem(listen_on->certificate, listen_on->where, &listener->certificate, error) &&
           read_pem(listen_on->key, listen_on->where, &listener->key, error) &&
           (!listen_on->client_ca || !*listen_on->client_ca ||
            read_pem(listen_on->client_ca, listen_on->where, &listener->authority, error)) &&
           check_pem(listener, listen_on, error);
}

/* ---- starting and stopping ---- */

static bool start_daemon(struct listener *listener, int fd, struct error *error)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, listener->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, listener->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_A_HOST, NULL},
        {listener->authority ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, listener->authority},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    bool secure = listener->kind == LISTEN_TLS;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (secure ? MHD_USE_TLS : 0);
    listener->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, step, listener,
        MHD_OPTION_EXTERNAL_LOGGER, keep_complaint, listener, /* must be first, to be told of the others' faults */
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_CONNECTION_LIMIT, secure ? CONNECTIONS_TLS : CONNECTIONS_UNIX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_URI_LOG_CALLBACK, line_came, listener, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, listener, MHD_OPTION_NOTIFY_COMPLETED, request_over, listener,
        MHD_OPTION_ARRAY, secure ? tls : none, MHD_OPTION_END);
    if (!listener->daemon)
        return error_set(error, ERROR_UNAVAILABLE, "cannot serve: %s", listener->complaint);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    listener->poll = memory_new(sizeof *listener->poll);
    listener->timer = memory_new(sizeof *listener->timer);
    uv_poll_init(listener->api->loop, listener->poll, info->epoll_fd);
    uv_timer_init(listener->api->loop, listener->timer);
    listener->poll->data = listener->timer->data = listener;
    return true;
}

static bool start_one(struct api *api, const struct site_listen *listen_on, struct error *error)
{
    struct listener *listener = memory_new(sizeof *listener);
    listener->api = api;
    listener->kind = listen_on->kind;
    listener->next = api->listeners;
    api->listeners = listener; /* also when it fails: listeners_stop releases what there is */
    int fd;
    if (listen_on->kind == LISTEN_UNIX) {
        listener->path = memory_text(listen_on->path);
        fd = open_unix(listener, error);
    } else
        fd = load_tls(listener, listen_on, error) ? open_tcp(listen_on, error) : -1;
    if (fd < 0)
        return false;
    if (start_daemon(listener, fd, error))
        return true;
    close(fd);
    return error_prefix(error, "%s", listen_on->where);
}

bool listeners_start(struct api *api, struct error *error)
{
    /* A client that goes away must not end the daemon; MHD is told that we see to it. */
    signal(SIGPIPE, SIG_IGN);
    if (api->socket) {
        struct site_listen own = {.kind = LISTEN_UNIX, .path = api->socket, .where = "--socket"};
        if (!start_one(api, &own, error))
            return false;
    }
    for (size_t i = 0; i < api->site->listen_count; i++) {
        const struct site_listen *listen_on = &api->site->listens[i];
        if ((listen_on->kind != LISTEN_UNIX || !api->socket) && !start_one(api, listen_on, error))
            return false;
    }
    return true;
}

void listeners_serve(struct api *api)
{
    for (struct listener *listener = api->listeners; listener; listener = listener->next)
        if (listener->poll)
            uv_poll_start(listener->poll, UV_READABLE, poll_ready);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void stop_one(struct listener *listener)
{
    if (listener->daemon) {
        uv_close((uv_handle_t *)listener->poll, free_handle);
        uv_close((uv_handle_t *)listener->timer, free_handle);
        listener->timer = NULL;
        MHD_stop_daemon(listener->daemon);
    }
    struct stat there;
    if (listener->path && listener->inode && lstat(listener->path, &there) == 0 && there.st_ino == listener->inode &&
        there.st_dev == listener->device)
        unlink(listener->path);
    free(listener->path);
    free(listener->certificate);
    free(listener->key);
    free(listener->authority);
    free(listener);
}

void listeners_stop(struct api *api)
{
    for (struct listener *listener = api->listeners, *next; listener; listener = next) {
        next = listener->next;
        stop_one(listener);
    }
    api->listeners = NULL;
}

const char *listeners_socket(const struct api *api)
{
    for (const struct listener *listener = api->listeners; listener; listener = listener->next)
        if (listener->path)
            return listener->path;
    return "";
}

struct api *listener_api(struct listener *listener)
{
    return listener->api;
}

bool listener_is_tls(const struct listener *listener)
{
    return listener->kind == LISTEN_TLS;
}

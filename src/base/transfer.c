#include "base/transfer.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

struct transfers {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    unsigned open_handles; /* on the loop: the timer and a poll a socket */
    bool closing;
};

struct transfer_socket {
    struct transfers *transfers;
    curl_socket_t descriptor;
    uv_poll_t poll;
};

struct transfer {
    transfer_done *done;
    void *owner;
};

static void handle_gone(struct transfers *transfers)
{
    if (--transfers->open_handles == 0 && transfers->closing)
        free(transfers);
}

static void finished_report(struct transfers *transfers)
{
    int left;
    CURLMsg *message;
    while (!transfers->closing && (message = curl_multi_info_read(transfers->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        struct transfer *transfer;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        curl_multi_remove_handle(transfers->multi, easy);
        struct transfer ended = *transfer;
        free(transfer);
        ended.done(ended.owner, easy, result);
    }
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    struct transfer_socket *socket = poll->data;
    struct transfers *transfers = socket->transfers;
    int action = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        action |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        action |= CURL_CSELECT_OUT;
    int running;
    curl_multi_socket_action(transfers->multi, socket->descriptor, action, &running);
    finished_report(transfers);
}

static void socket_closed(uv_handle_t *handle)
{
    struct transfer_socket *socket = handle->data;
    handle_gone(socket->transfers);
    free(socket);
}

static int socket_wanted(CURL *easy, curl_socket_t descriptor, int what, void *owner, void *known)
{
    struct transfers *transfers = owner;
    struct transfer_socket *socket = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket) {
            uv_poll_stop(&socket->poll);
            uv_close((uv_handle_t *)&socket->poll, socket_closed);
            curl_multi_assign(transfers->multi, descriptor, NULL);
        }
        return 0;
    }
    if (!socket) {
        socket = memory_new(sizeof *socket);
        socket->transfers = transfers;
        socket->descriptor = descriptor;
        socket->poll.data = socket;
        if (uv_poll_init_socket(transfers->loop, &socket->poll, descriptor) != 0) {
            free(socket);
            return -1;
        }
        transfers->open_handles++;
        curl_multi_assign(transfers->multi, descriptor, socket);
    }
    int events = (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    uv_poll_start(&socket->poll, events, socket_ready);
    return 0;
}

static void timer_due(uv_timer_t *timer)
{
    struct transfers *transfers = timer->data;
    int running;
    curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finished_report(transfers);
}

static int timer_wanted(CURLM *multi, long milliseconds, void *owner)
{
    struct transfers *transfers = owner;
    (void)multi;
    if (milliseconds < 0)
        uv_timer_stop(&transfers->timer);
    else
        uv_timer_start(&transfers->timer, timer_due, (uint64_t)milliseconds, 0);
    return 0;
}

struct transfers *transfers_new(uv_loop_t *loop, long connections_kept)
{
    struct transfers *transfers = memory_new(sizeof *transfers);
    transfers->loop = loop;
    transfers->multi = curl_multi_init();
    uv_timer_init(loop, &transfers->timer);
    uv_unref((uv_handle_t *)&transfers->timer);
    transfers->timer.data = transfers;
    transfers->open_handles = 1;
    curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers);
    curl_multi_setopt(transfers->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers);
    curl_multi_setopt(transfers->multi, CURLMOPT_MAXCONNECTS, connections_kept);
    return transfers;
}

static void timer_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void transfers_free(struct transfers **owned)
{
    struct transfers *transfers = *owned;
    if (!transfers)
        return;
    *owned = NULL;
    transfers->closing = true;
    curl_multi_cleanup(transfers->multi);
    uv_close((uv_handle_t *)&transfers->timer, timer_closed);
}

void transfer_start(struct transfers *transfers, CURL *easy, transfer_done *done, void *owner)
{
    const char *authorities = NULL;
    /* A transfer that ends while its name is still looked up must not wait for the resolver's thread: a dead name server
     * would hold up the loop for as long as it is asked (5 s and more, time and again). The thread cleans up by itself. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    /* To read the system's authorities costs 17 ms. libcurl keeps them for the next connection, but only where they come
     * from one file; a renewed file counts after ten minutes. */
    if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &authorities) == CURLE_OK && authorities)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 600L);
    struct transfer *transfer = memory_new(sizeof *transfer);
    *transfer = (struct transfer){.done = done, .owner = owner};
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_multi_add_handle(transfers->multi, easy);
}

void transfer_cancel(struct transfers *transfers, CURL *easy)
{
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    curl_multi_remove_handle(transfers->multi, easy);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    free(transfer);
}

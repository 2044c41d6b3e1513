#include "links.h"

#include <errno.h>
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEP_ALIVE 60            /* s */
#define ANSWER_TIMEOUT 10000     /* ms from TCP to CONNACK */
#define BACKOFF_FIRST 500        /* ms */
#define BACKOFF_MOST 15000
#define HOUSEKEEPING 1000
#define UNACKNOWLEDGED_MOST 1000 /* QoS 1 messages on their way, per connection */

struct link {
    struct links *links;
    struct mosquitto *session;
    uv_poll_t *poll;    /* NULL while there is no socket */
    int events;
    size_t index;
    bool open, up;      /* a socket; and the broker has accepted the session */
    bool congested;
    bool accepted;      /* set inside the library's callback, acted upon after it */
    enum link_state state;
    int64_t retry_at, opened_at; /* ms of the loop's clock */
    int64_t backoff;
    int unacknowledged;
};

struct links {
    uv_loop_t *loop;
    uv_timer_t housekeeping;
    struct link *list;
    struct links_owner owner;
    char host[128];
    int port;
    size_t count, connected, congested_count;
    bool closing, complained;
    uint64_t sent, lost, bytes, reconnects;
};

static void poll_closed(uv_handle_t *handle)
{
    free(handle);
}

/* Keep the count of connections that cannot take more. */
static void link_weigh(struct link *link)
{
    bool congested = link->up && link->state == LINK_LIVE &&
                     (mosquitto_want_write(link->session) || link->unacknowledged >= UNACKNOWLEDGED_MOST);
    if (congested != link->congested)
        link->links->congested_count += congested ? 1 : (size_t)-1;
    link->congested = congested;
}

static void link_ready(uv_poll_t *poll, int status, int events);

/* Listen for room to write only while there is something to write. */
static void link_watch(struct link *link)
{
    link_weigh(link);
    int events = UV_READABLE | (mosquitto_want_write(link->session) ? UV_WRITABLE : 0);
    if (link->poll && events != link->events) {
        link->events = events;
        uv_poll_start(link->poll, events, link_ready);
    }
}

/* The library has closed the socket, or will not speak any more: forget it and plan the next attempt. */
static void link_lost(struct link *link, const char *why)
{
    struct links *links = link->links;
    if (link->poll) {
        uv_poll_stop(link->poll);
        uv_close((uv_handle_t *)link->poll, poll_closed);
        link->poll = NULL;
    }
    if (link->up)
        links->connected--;
    link->open = link->up = link->accepted = false;
    link->unacknowledged = 0;
    link_weigh(link);
    link->backoff = link->backoff ? link->backoff * 2 : BACKOFF_FIRST;
    if (link->backoff > BACKOFF_MOST)
        link->backoff = BACKOFF_MOST;
    /* spread, so that a thousand gateways do not knock together */
    link->retry_at = (int64_t)uv_now(links->loop) + link->backoff + (int64_t)(link->index * 7919 % 500);
    if (!links->complained && !links->closing && link->state == LINK_LIVE) {
        links->complained = true;
        fprintf(stderr, "campus: no broker at %s:%d (%s); going on, and trying again\n", links->host, links->port, why);
    }
}

/* After any call into the library: look at its result, tell about a session that has begun, watch the socket. */
static void link_after(struct link *link, int result)
{
    struct links *links = link->links;
    if (result != MOSQ_ERR_SUCCESS && link->open) {
        link_lost(link, result == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(result));
        return;
    }
    if (link->accepted) {
        link->accepted = false;
        link->up = true;
        link->backoff = 0;
        links->connected++;
        if (links->complained && links->connected == 1) {
            links->complained = false;
            fprintf(stderr, "campus: the broker at %s:%d is there\n", links->host, links->port);
        }
        links->owner.connected(links->owner.context, link->index);
    }
    link_watch(link);
}

static void link_ready(uv_poll_t *poll, int status, int events)
{
    struct link *link = poll->data;
    struct links *links = link->links;
    bool congested = links->congested_count > 0;
    int result = status < 0 ? MOSQ_ERR_CONN_LOST : MOSQ_ERR_SUCCESS;
    if (result == MOSQ_ERR_SUCCESS && events & UV_READABLE)
        result = mosquitto_loop_read(link->session, 64);
    if (result == MOSQ_ERR_SUCCESS && events & UV_WRITABLE)
        result = mosquitto_loop_write(link->session, 64);
    link_after(link, result);
    if (congested && links->congested_count == 0)
        links->owner.drained(links->owner.context);
}

static void session_accepted(struct mosquitto *session, void *context, int code)
{
    (void)session;
    struct link *link = context;
    link->accepted = code == 0;
    if (code != 0 && !link->links->complained) {
        link->links->complained = true;
        fprintf(stderr, "campus: the broker refuses: %s\n", mosquitto_connack_string(code));
    }
}

static void session_published(struct mosquitto *session, void *context, int message)
{
    (void)session;
    (void)message;
    struct link *link = context;
    if (link->unacknowledged > 0)
        link->unacknowledged--;
}

static void link_open(struct link *link)
{
    struct links *links = link->links;
    /* Connecting blocks; a broker on loopback, which this is for, answers or refuses at once. */
    int result = mosquitto_connect(link->session, links->host, links->port, KEEP_ALIVE);
    int descriptor = mosquitto_socket(link->session);
    link->opened_at = (int64_t)uv_now(links->loop);
    link->open = true;
    if (result != MOSQ_ERR_SUCCESS || descriptor < 0) {
        link_lost(link, result == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(result));
        return;
    }
    link->poll = calloc(1, sizeof *link->poll);
    if (!link->poll)
        abort();
    link->poll->data = link;
    uv_poll_init(links->loop, link->poll, descriptor);
    link->events = 0;
    link_watch(link);
}

/* End the TCP connection without a word; the broker takes that for a failure. */
static void link_cut(struct link *link)
{
    if (!link->open)
        return;
    int descriptor = mosquitto_socket(link->session);
    if (descriptor >= 0)
        shutdown(descriptor, SHUT_RDWR);
    while (mosquitto_socket(link->session) >= 0 && mosquitto_loop_read(link->session, 64) == MOSQ_ERR_SUCCESS)
        ;
    link_lost(link, "cut");
}

static void links_housekeeping(uv_timer_t *timer)
{
    struct links *links = timer->data;
    int64_t now = (int64_t)uv_now(links->loop);
    for (size_t i = 0; i < links->count; i++) {
        struct link *link = &links->list[i];
        if (link->state != LINK_LIVE)
            continue;
        if (!link->open && now >= link->retry_at) {
            links->reconnects += link->opened_at > 0;
            link_open(link);
        } else if (link->open && !link->up && now - link->opened_at > ANSWER_TIMEOUT) {
            link_cut(link);
        } else if (link->open) {
            link_after(link, mosquitto_loop_misc(link->session));
        }
    }
}

static void link_init(struct links *links, size_t index, const struct options *options)
{
    struct link *link = &links->list[index];
    struct link_will will = links->owner.will(links->owner.context, index);
    *link = (struct link){.links = links, .index = index};
    link->session = mosquitto_new(will.client, true, link);
    if (!link->session) {
        perror("campus: mosquitto_new");
        abort();
    }
    mosquitto_connect_callback_set(link->session, session_accepted);
    mosquitto_publish_callback_set(link->session, session_published);
    mosquitto_max_inflight_messages_set(link->session, UNACKNOWLEDGED_MOST);
    if (options->user[0])
        mosquitto_username_pw_set(link->session, options->user, options->password);
    if (will.topic[0])
        mosquitto_will_set(link->session, will.topic, (int)strlen(will.payload), will.payload, 1, true);
}

struct links *links_new(uv_loop_t *loop, const struct options *options, size_t count, const struct links_owner *owner)
{
    struct links *links = calloc(1, sizeof *links);
    if (!links || !(links->list = calloc(count, sizeof *links->list)))
        abort();
    mosquitto_lib_init();
    links->loop = loop;
    links->owner = *owner;
    links->count = count;
    links->port = options->port;
    snprintf(links->host, sizeof links->host, "%s", options->host);
    for (size_t i = 0; i < count; i++)
        link_init(links, i, options);
    uv_timer_init(loop, &links->housekeeping);
    links->housekeeping.data = links;
    uv_timer_start(&links->housekeeping, links_housekeeping, 0, HOUSEKEEPING);
    return links;
}

static void links_closed(uv_handle_t *handle)
{
    struct links *links = handle->data;
    for (size_t i = 0; i < links->count; i++)
        mosquitto_destroy(links->list[i].session);
    mosquitto_lib_cleanup();
    free(links->list);
    free(links);
}

void links_free(struct links **owned)
{
    struct links *links = *owned;
    *owned = NULL;
    if (!links)
        return;
    links->closing = true;
    for (size_t i = 0; i < links->count; i++) {
        struct link *link = &links->list[i];
        if (!link->open)
            continue;
        /* what the library still holds is flushed for a moment, no longer */
        for (int tries = 0; link->up && mosquitto_want_write(link->session) && tries < 100; tries++)
            if (mosquitto_loop(link->session, 10, 64) != MOSQ_ERR_SUCCESS)
                break;
        mosquitto_disconnect(link->session);
        link_lost(link, "done");
    }
    uv_close((uv_handle_t *)&links->housekeeping, links_closed);
}

bool links_publish(struct links *links, size_t index, const char *topic, const void *payload, size_t length, int qos,
                   bool retain)
{
    struct link *link = &links->list[index];
    if (!link->up || link->state != LINK_LIVE) {
        links->lost++;
        return false;
    }
    int result = mosquitto_publish(link->session, NULL, topic, (int)length, payload, qos, retain);
    if (result == MOSQ_ERR_SUCCESS) {
        links->sent++;
        links->bytes += strlen(topic) + length;
        link->unacknowledged += qos > 0;
    } else {
        links->lost++;
    }
    link_after(link, result);
    return result == MOSQ_ERR_SUCCESS;
}

bool links_congested(const struct links *links)
{
    return links->congested_count > 0;
}

void links_set(struct links *links, size_t index, enum link_state state)
{
    struct link *link = &links->list[index];
    if (link->state == state)
        return;
    enum link_state before = link->state;
    link->state = state;
    link_weigh(link);
    if (state == LINK_CUT) {
        link_cut(link);
    } else if (state == LINK_FROZEN && link->poll) {
        uv_poll_stop(link->poll);
        link->events = 0;
    } else if (state == LINK_LIVE) {
        if (before == LINK_FROZEN && link->open)
            link_watch(link);
        else
            link->retry_at = 0;
    }
}

struct links_figures links_figures(const struct links *links)
{
    return (struct links_figures){.links = links->count, .connected = links->connected, .sent = links->sent,
                                  .lost = links->lost, .bytes = links->bytes, .reconnects = links->reconnects};
}

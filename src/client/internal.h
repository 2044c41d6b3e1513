/* What the client's own files share. */
#ifndef CLIENT_INTERNAL_H
#define CLIENT_INTERNAL_H

#include <curl/curl.h>

#include "client/client.h"
#include "client/event_parser.h"

#define CLIENT_SPARE_HANDLES 4

struct client_request {
    struct client *client;
    struct client_request *next, *previous;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer path, sent, body;
    client_done *done;
    void *owner;
    msec started; /* steady */
};

struct event_stream {
    CURL *easy;              /* NULL between connections */
    struct curl_slist *headers;
    struct event_parser parser;
    struct buffer arrived;   /* bytes not yet parsed: the write callback must not call out */
    uv_timer_t retry;
    msec back_off;
    enum client_link link;
    char cause[256];
    msec last_event;
    bool opened;             /* the answer's head is here */
    bool resuming;           /* parser.id is known to the daemon we speak to */
    client_event_seen *seen;
    client_link_changed *changed;
    void *owner;
};

struct client {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    char *base;              /* "http://nocturne/api/v1" */
    char *socket, *token, *certificate, *key, *authority;
    struct client_request *requests;
    CURL *spare[CLIENT_SPARE_HANDLES];
    unsigned spare_count;
    double latency;          /* ms; a moving mean of short answers */
    struct event_stream stream;
    unsigned handles_open;   /* libuv handles whose close callback is due */
    bool closing;
};

CURL *client_easy(struct client *client, const char *path);
void client_easy_back(struct client *client, CURL *easy);
void client_pump(struct client *client); /* hand out what curl finished and what the stream brought */

void stream_init(struct client *client);
void stream_release(struct client *client);
bool stream_owns(const struct client *client, CURL *easy);
void stream_parse(struct client *client);
void stream_ended(struct client *client, CURLcode code);

#endif

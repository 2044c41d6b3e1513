/* What the client's own files share. An exchange is one request and its answer; it travels by one of two transports:
 * local.c speaks HTTP/1.1 over the unix socket itself, remote.c has libcurl do it over TLS. libcurl and the thirty
 * libraries behind it are only loaded for a URL: they would double a local console's memory and start time. */
#ifndef CLIENT_INTERNAL_H
#define CLIENT_INTERNAL_H

#include "client/client.h"
#include "client/event_parser.h"

struct exchange {
    struct client *client;
    struct exchange *next, *previous;   /* client->exchanges */
    const char *method;                 /* a constant */
    struct buffer path, headers, body;  /* headers: whole lines, "Name: value\r\n" */
    msec deadline;                      /* steady; CLOCK_NEVER: none */
    msec silence;                       /* longest time between two bytes; 0: any */
    msec last_byte;                     /* steady */
    int status;                         /* once the head came */
    void *carrier;                      /* the transport's */
    void *owner;
    /* The head is here; a piece of the body; the end, whole (error NULL) or not. `end` frees nothing of it. */
    void (*head)(struct exchange *exchange);
    void (*data)(struct exchange *exchange, const char *bytes, size_t length);
    void (*end)(struct exchange *exchange, const struct error *error);
};

struct transport_ops {
    bool (*open)(struct client *client, const struct client_options *options, struct error *error);
    void (*close)(struct client *client);        /* no exchange is left */
    void (*start)(struct exchange *exchange);
    void (*stop)(struct exchange *exchange);     /* no callback after this */
};
extern const struct transport_ops local_transport, remote_transport;

struct event_stream {
    struct exchange *exchange;   /* NULL between connections */
    struct event_parser parser;
    struct buffer problem;       /* the body of a refusal */
    uv_timer_t retry;
    msec back_off;
    enum client_link link;
    char cause[256];
    msec last_event;
    bool resuming;               /* parser.id is known to the daemon we speak to */
    client_event_seen *seen;
    client_link_changed *changed;
    void *owner;
};

struct client {
    uv_loop_t *loop;
    const struct transport_ops *ops;
    void *transport;             /* the transport's own state */
    char *where;                 /* for messages: the socket's path or the URL */
    struct exchange *exchanges;
    uv_timer_t watch;            /* deadlines */
    double latency;              /* ms; a moving mean of short answers */
    struct event_stream stream;
    unsigned handles_open;       /* libuv handles whose close callback is due */
};

struct exchange *exchange_new(struct client *client, const char *method, const char *path);
void exchange_header(struct exchange *exchange, const char *name, const char *value);
void exchange_start(struct exchange *exchange);
void exchange_free(struct exchange *exchange); /* stops it too */
/* For transports: libuv's close callback of a handle counted in handles_open. */
void client_handle_closed(struct client *client);
double steady_milliseconds(void);

void stream_init(struct client *client);
void stream_release(struct client *client);

/* start.c: nocturned beside this program, else in PATH; NULL: nowhere. The caller frees. */
char *client_daemon_path(void);

#endif

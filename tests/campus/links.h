/* The fleet's TCP connections to the broker. They survive a broker that is absent, dies or never answers: each comes
 * back by itself with back-off, and what is published meanwhile is lost, as with a device without a buffer. */
#ifndef CAMPUS_LINKS_H
#define CAMPUS_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "options.h"

struct links;

struct link_will { /* topic "" for none */
    char client[64], topic[96], payload[16];
};

struct links_owner {
    void *context;
    void (*connected)(void *context, size_t link);
    void (*drained)(void *context); /* there is room again after links_congested */
    struct link_will (*will)(void *context, size_t link);
};

struct links_figures {
    size_t links, connected;
    uint64_t sent, lost, bytes, reconnects;
};

struct links *links_new(uv_loop_t *loop, const struct options *options, size_t count, const struct links_owner *owner);
/* Disconnects politely (no will is sent) and frees once the loop has run. */
void links_free(struct links **links);

/* The payload is copied. False when it was lost. */
bool links_publish(struct links *links, size_t link, const char *topic, const void *payload, size_t length, int qos,
                   bool retain);
/* Some connection cannot take more now; wait for `drained`. */
bool links_congested(const struct links *links);
/* Cut a connection as a power failure does (the broker sends its will) and leave it down; or stop serving it while
 * it stays open; or let it live again. */
enum link_state { LINK_LIVE, LINK_CUT, LINK_FROZEN };
void links_set(struct links *links, size_t link, enum link_state state);
struct links_figures links_figures(const struct links *links);

#endif

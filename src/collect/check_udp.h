/* One question in a datagram, repeated until it is answered (UDP loses some). For the kinds that ask so. */
#ifndef COLLECT_CHECK_UDP_H
#define COLLECT_CHECK_UDP_H

#include "collect/check_private.h"

struct udp_asking {
    struct check *check;
    uv_udp_t *socket;       /* NULL: none */
    uv_timer_t *again;
    struct buffer question;
    struct check_address to;
    msec wait;              /* until the next repeat; doubles */
    uint64_t sent;          /* ns, of the first */
    char own[64];           /* our address and port as the other side sees them, when it is connected */
    void (*heard)(struct check *check, const uint8_t *bytes, size_t length);
};

/* A socket that only hears `to`; the attempt ends when there is none to be had. */
bool udp_open(struct udp_asking *asking, struct check *check, const struct check_address *to,
              void (*heard)(struct check *check, const uint8_t *bytes, size_t length));
/* Send what stands in `question`, now, and again after 500 ms, 1 s, 2 s ... */
void udp_ask(struct udp_asking *asking, const char *missing);
void udp_close(struct udp_asking *asking);

#endif

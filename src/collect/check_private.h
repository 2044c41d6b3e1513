/* What the kinds of checks share. Private to src/collect/check*.c. */
#ifndef COLLECT_CHECK_PRIVATE_H
#define COLLECT_CHECK_PRIVATE_H

#include <netinet/in.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/secret.h"
#include "collect/check.h"

struct check_limit { enum health verdict; struct assertion *assertion; };

struct check {
    const struct check_ops *ops;
    uv_loop_t *loop;
    struct transfers *transfers;
    struct tls_contexts *contexts;
    void *state;                /* the kind's own */
    msec timeout;               /* of each phase */
    struct secrets secrets;
    struct check_limit *limits;
    unsigned limit_count;

    bool running;
    uv_timer_t timer;
    const char *phase;          /* what has not come yet: "banner" */
    const char *(*stuck)(struct check *check); /* says it better while a connection opens; may be NULL */
    uint64_t began;             /* ns */
    struct check_answer answer; /* being put together */
    struct check_lookup *lookup;
    struct talk *talk;          /* while one opens */
    check_done *done;
    void *owner;
};

/* A phase begins: what is waited for now ("banner"), for "no banner within 5s". */
void check_phase(struct check *check, const char *missing);
/* A verdict at least this bad, with its evidence; what is worse already stays. */
void check_worse(struct check *check, enum health verdict, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Evidence of an answer that is well; parts are joined by commas. */
void check_note(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_figure(struct check *check, const char *name, const char *unit, double value); /* NaN: left out */
double check_elapsed(const struct check *check); /* ms since the attempt began */
/* The attempt is over: limits are judged, resources let go, the answer told. The check may be gone afterwards. */
void check_end(struct check *check);
/* The same with the only thing there is to say. */
void check_fail(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The number of a name and port, off the loop; `found` is not called when the attempt ends before. A failure ends it. */
struct check_address { struct sockaddr_storage to; socklen_t length; char text[INET6_ADDRSTRLEN]; };
void check_resolve(struct check *check, const char *host, unsigned port,
                   void (*found)(struct check *check, const struct check_address *address));

/* "host:port", "host", "[::1]:25", "scheme://host:port" with a default port. */
bool check_address_valid(const struct config_node *node, const char *text, struct error *error);
char *check_host_of(const struct config_node *node, unsigned default_port, unsigned *port); /* of `address`; caller frees */

/* Letters and digits that nobody guesses, filling `size` bytes with the NUL. */
void check_random_text(char *out, size_t size);

/* `password: {file: PATH}` and the like: *secret is the caller's to free, NULL where the key is absent. */
bool check_secret(struct check *check, const struct config_node *node, const char *key, char **secret, struct error *error);
#define CHECK_SECRET_KEY(key)                                                                                          \
    {.name = key, .type = CONFIG_ANY, .help = "{file: PATH} of mode 0600, {env: NAME} or {credential: NAME}"}

/* ---- conversations over TCP or TLS ---- */
struct stream;
struct talk {
    struct check *check;
    struct stream *stream;
    struct buffer in;                      /* what came and was not taken yet */
    void (*opened)(struct check *check);
    void (*heard)(struct check *check);    /* more is in `in` */
};
struct tls_settings;
struct stream_settings;
/* Failures, and more than a megabyte that nobody takes, end the attempt. */
void talk_open(struct talk *talk, struct check *check, const char *host, unsigned port, const struct tls_settings *tls,
               void (*opened)(struct check *check), void (*heard)(struct check *check));
void talk_open_to(struct talk *talk, struct check *check, const struct stream_settings *settings,
                  void (*opened)(struct check *check), void (*heard)(struct check *check));
void talk_say(struct talk *talk, const char *missing, const void *bytes, size_t length); /* and wait for `missing` */
void talk_close(struct talk *talk);

#endif

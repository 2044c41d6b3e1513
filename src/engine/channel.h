/* One way to reach people: a const ops row in channel_NAME.c and a line in channels.def. A channel is set up once from
 * its checked configuration; each attempt at a delivery is a `sending`. */
#ifndef ENGINE_CHANNEL_H
#define ENGINE_CHANNEL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/error.h"
#include "base/transfer_way.h"

struct notify;
struct notify_plan;
struct delivery;
struct channel;
struct sending;

struct channel_ops {
    const char *type, *help;
    const struct config_key *keys;  /* beside the common ones */
    bool wants_address;             /* nothing to send to without `to` */
    const char *example;            /* of an address */
    /* Fill channel->settings; mistakes are added to problems. */
    void (*read)(struct channel *channel, const struct config_node *node, struct config_problems *problems);
    void (*release)(void *settings);
    /* Begin; ends later by sending_end. False: it cannot be sent at all, now or later. */
    bool (*start)(struct sending *sending, struct error *error);
    /* What a 2xx answer says: true when taken. Else detail is set; `again` when another try may help. May be NULL. */
    bool (*judge)(struct sending *sending, const char *answer, size_t length, bool *again);
};

#define CHANNEL(ops) extern const struct channel_ops ops;
#include "engine/channels.def"
#undef CHANNEL
const struct channel_ops *channel_ops_find(const char *type);
extern const struct channel_ops *const channel_ops_all[]; /* NULL-terminated */
extern const struct config_key channel_keys[];            /* of every channel */

struct channel {
    char *name;
    const struct channel_ops *ops;
    void *settings;
    char *to;                 /* its own address, "" */
    double rate;              /* messages a minute */
    unsigned parallel, queue;
    msec timeout, give_up;
    struct secrets secrets;
    struct transfer_way way;
};

enum outcome { OUTCOME_SENT, OUTCOME_AGAIN, OUTCOME_REFUSED };

struct command_run;

struct sending {
    struct sending *next;
    struct notify *notify;
    struct notify_plan *plan; /* held */
    const struct channel *channel;
    struct delivery *delivery;
    const char *to, *title, *text, *json, *id; /* the delivery's */
    CURL *easy;
    struct curl_slist *headers, *recipients;
    struct buffer upload, answer;
    size_t uploaded;
    char *url;
    struct fault_watch watch;
    int sockets[2];           /* of a mail: two addresses are tried at once; -1 none */
    char said[160];           /* what a mail server refused with */
    char detail[200];
    msec retry_after;         /* what the receiver asked for, 0 */
    unsigned redirects;
    struct command_run *command;
};

/* Ends it, frees it; the lane decides what is next. */
void sending_end(struct sending *sending, enum outcome outcome);
void sending_detail(struct sending *sending, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* notify_http.c: an HTTP request or a mail by libcurl. `body` NULL: none. */
CURL *sending_easy(struct sending *sending, const char *url); /* time limits, TLS and proxy are set */
void sending_header(struct sending *sending, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sending_post(struct sending *sending, const char *url, const char *body, const char *content_type);
void sending_go(struct sending *sending);
void command_abandon(struct command_run **run); /* channel_command.c: the daemon ends first */

/* notify_secret.c: `password: {file: PATH}`, {env: NAME} or {credential: NAME}. NULL with a problem added. */
char *secret_read(struct channel *channel, const struct config_node *map, const char *key, bool required,
                  struct config_problems *problems);
/* The same, but a plain text is allowed too (an address that may or may not hold a key). */
char *secret_or_text(struct channel *channel, const struct config_node *map, const char *key, bool required,
                     struct config_problems *problems);

/* notify_template.c: {name} is replaced; others stay as they are. */
enum template_style { TEMPLATE_PLAIN, TEMPLATE_URL, TEMPLATE_JSON };
void template_expand(struct buffer *out, const char *template, enum template_style style, const struct sending *sending);
/* Unknown {words}; for the configuration. */
bool template_check(const struct config_node *node, const char *text, struct error *error);

#endif

/* One question by HTTP(S) and what is expected of its answer: the one way in which sources and checks ask web servers.
 * A plan is what the configuration says; an asking is one attempt of it. */
#ifndef COLLECT_HTTP_ASK_H
#define COLLECT_HTTP_ASK_H

#include "base/config.h"
#include "base/transfer.h"
#include "base/transfer_way.h"
#include "model/health.h"

struct http_plan;
struct http_ask;

/* The keys of a plan, for the tables of those who have one; url, method ... */
#define HTTP_PLAN_KEYS                                                                                                   \
    {.name = "method", .type = CONFIG_CHOICE, .choices = http_plan_methods, .help = "default GET"},                       \
    {.name = "headers", .type = CONFIG_TEXT_LIST, .help = "request headers, each `Name: value`"},                         \
    {.name = "status", .type = CONFIG_TEXT, .check = http_plan_check_status, .help = "statuses that are right: 200, 2xx, 200-299 (default 2xx)"}, \
    {.name = "redirects", .type = CONFIG_INTEGER, .minimum = 0, .maximum = 10, .help = "how many are followed, to http and https only (default 0: a redirect is the answer)"}, \
    {.name = "contains", .type = CONFIG_TEXT, .help = "bytes that the answer must contain"},                              \
    {.name = "matches", .type = CONFIG_TEXT, .check = http_plan_check_regex, .help = "extended regular expression that a line of the answer must match"}, \
    {.name = "json", .type = CONFIG_TEXT_LIST, .check = http_plan_check_json, .help = "JSON pointer that must lead to something, or what must stand there: `/status == up`, `/queue < 100`, `/name ~ text`"}, \
    {.name = "equals", .type = CONFIG_TEXT, .help = "the text that must stand at the first json pointer"},                \
    {.name = "slow", .type = CONFIG_SPAN, .help = "an answer later than this is a warning"},                              \
    TRANSFER_WAY_KEYS,                                                                                                    \
    {.name = "certificate_warning_days", .type = CONFIG_NUMBER, .maximum = 3650, .help = "default 30"},                   \
    {.name = "certificate_critical_days", .type = CONFIG_NUMBER, .maximum = 3650, .help = "default 7"}
extern const char *const http_plan_methods[];
bool http_plan_check_url(const struct config_node *node, const char *text, struct error *error);
bool http_plan_check_status(const struct config_node *node, const char *text, struct error *error);
bool http_plan_check_regex(const struct config_node *node, const char *text, struct error *error);
bool http_plan_check_json(const struct config_node *node, const char *text, struct error *error);

/* From a checked mapping; copies what it needs. */
struct http_plan *http_plan_new(const struct config_node *node, struct error *error);
void http_plan_free(struct http_plan **plan);
void http_plan_user(struct http_plan *plan, const char *user, const char *password); /* basic authentication */

struct http_verdict {
    enum health health;      /* ok, warning, critical */
    char evidence[200];      /* "HTTP 200, 42 ms", "its certificate expired 3 d ago (CN=web)" */
    bool answered;           /* something spoke HTTP there, right or wrong */
    long status;             /* 0: none came */
    double latency, connect, handshake, first_byte; /* ms; NaN: not reached */
    double certificate_days; /* of its own certificate; NaN: none seen */
    double bytes;            /* of the body, at most 1 MiB are looked at */
};
typedef void http_ask_done(void *owner, const struct http_verdict *verdict);
/* A connection of its own each time: what is to be known is whether one can be made. `timeout` for the connection, and
 * again for the answer. `done` comes later, from the loop; the asking is gone then. */
struct http_ask *http_ask_start(const struct http_plan *plan, struct transfers *transfers, const char *url, msec timeout,
                                http_ask_done *done, void *owner);
void http_ask_cancel(struct http_ask **ask); /* `done` is not called */

#endif

/* The way to a server that is asked by libcurl, as the configuration says it: who vouches for the server, and which proxy
 * stands in between. The same for every source, check and channel. A proxy is used where it is written, and nowhere else:
 * variables of the environment (http_proxy, no_proxy, ...) do not count, for they would turn checks of hosts nearby away. */
#ifndef BASE_TRANSFER_WAY_H
#define BASE_TRANSFER_WAY_H

#include "base/config.h"
#include "base/fault.h"
#include "base/secret.h"

struct transfer_way {
    char *authority;    /* PEM file; NULL: the system's */
    char *proxy;        /* url; NULL: none */
    char *proxy_user, *proxy_password; /* NULL: none */
    bool verify;        /* the server's certificate and name */
};

#define TRANSFER_AUTHORITY_KEY \
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust (default: the system's)"}
#define TRANSFER_PROXY_KEYS                                                                                               \
    {.name = "proxy", .type = CONFIG_TEXT, .check = transfer_check_proxy,                                                 \
     .help = "http://HOST:PORT of a proxy to go through; also https://, socks5:// and socks5h:// (default none)"},         \
    {.name = "proxy_login", .type = CONFIG_ANY, .help = "USER:PASSWORD for it: {file: PATH}, {env: NAME} or {credential: NAME}"}
#define TRANSFER_WAY_KEYS                                                                                                 \
    {.name = "verify", .type = CONFIG_BOOL, .help = "check the server's certificate and name (default true)"},            \
    TRANSFER_AUTHORITY_KEY, TRANSFER_PROXY_KEYS
bool transfer_check_proxy(const struct config_node *node, const char *text, struct error *error);

/* From a checked mapping with some of these keys. */
void transfer_way_read(struct transfer_way *way, const struct config_node *node, struct secrets *secrets,
                       struct config_problems *problems);
/* The same for who has no other secrets. */
bool transfer_way_load(struct transfer_way *way, const struct config_node *node, struct error *error);
/* What the table of keys cannot check. */
void transfer_way_validate(const struct config_node *node, struct config_problems *problems);
void transfer_way_release(struct transfer_way *way);

/* What every request has in common: HTTP and HTTPS only, `timeout` for all of it, and `watch`, which with `way` is kept until
 * it ended, to tell its failure (base/fault.h). Who wants another value sets it afterwards. */
void transfer_way_set(const struct transfer_way *way, CURL *easy, const char *url, msec timeout, struct fault_watch *watch);
/* Of the same scheme, host and port; what is not a url is nowhere. */
bool transfer_same_place(const char *one_url, const char *other_url);
/* Basic authentication, or a bearer token; NULL: none. */
void transfer_sign_in(CURL *easy, const char *user, const char *password, const char *token);

#endif

/* A port: does something accept, with TLS or without, and say what is expected? */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/check_private.h"
#include "collect/stream.h"

struct tcp {
    struct talk talk;
    char *host, *send, *expect, *authority;
    unsigned port;
    bool tls;
};

static void tcp_heard(struct check *check)
{
    struct tcp *tcp = check->state;
    char shown[80];
    if (!memmem(buffer_text(&tcp->talk.in), tcp->talk.in.length, tcp->expect, strlen(tcp->expect)))
        return;
    size_t line = strcspn(buffer_text(&tcp->talk.in), "\r\n");
    text_clean_into(shown, sizeof shown, buffer_text(&tcp->talk.in), line);
    check_figure(check, "latency_ms", "ms", check_elapsed(check));
    check_note(check, "said `%s`", shown);
    check_end(check);
}

static void tcp_opened(struct check *check)
{
    struct tcp *tcp = check->state;
    check_figure(check, "connect_ms", "ms", check_elapsed(check));
    check_note(check, "port %u open, %.1f ms", tcp->port, check_elapsed(check));
    if (tcp->send)
        talk_say(&tcp->talk, "answer as expected", tcp->send, strlen(tcp->send));
    else
        check_phase(check, "answer as expected");
    if (!tcp->expect)
        check_end(check);
}

static void tcp_begin(struct check *check)
{
    struct tcp *tcp = check->state;
    struct tls_settings tls = {check->contexts, {.ca = tcp->authority}, tcp->host};
    talk_open(&tcp->talk, check, tcp->host, tcp->port, tcp->tls ? &tls : NULL, tcp_opened, tcp_heard);
}

static void tcp_stop(struct check *check)
{
    struct tcp *tcp = check->state;
    if (tcp)
        talk_close(&tcp->talk);
}

static void tcp_close(struct check *check)
{
    struct tcp *tcp = check->state;
    free(tcp->host);
    free(tcp->send);
    free(tcp->expect);
    free(tcp->authority);
    free(tcp);
}

/* \r, \n and \t as people write them. */
static char *unescape(const char *text)
{
    if (!text)
        return NULL;
    char *out = memory_text(text), *to = out;
    for (const char *at = text; *at; at++) {
        const char *code = *at == '\\' && at[1] ? strchr("rnt\\", at[1]) : NULL;
        *to++ = code ? "\r\n\t\\"[code - "rnt\\"] : *at;
        at += code != NULL;
    }
    *to = '\0';
    return out;
}

static bool tcp_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct tcp *tcp = check->state = memory_new(sizeof *tcp);
    (void)error;
    tcp->host = check_host_of(node, 0, &tcp->port);
    tcp->send = unescape(config_text(node, "send", NULL));
    tcp->expect = unescape(config_text(node, "expect", NULL));
    tcp->authority = memory_text(config_text(node, "authority", NULL));
    tcp->tls = config_bool(node, "tls", false);
    return true;
}

static void tcp_validate(const struct config_node *node, struct config_problems *problems)
{
    unsigned port;
    char *host = check_host_of(node, 0, &port);
    if (config_text(node, "address", "")[0] && !port)
        config_problem(problems, config_get(node, "address"), "expected a port too, such as 10.0.0.1:8080");
    free(host);
}

static const struct config_key tcp_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_address_valid, .help = "HOST:PORT; without it the check waits"},
    {.name = "tls", .type = CONFIG_BOOL, .help = "with TLS, the certificate checked (default false)"},
    {.name = "authority", .type = CONFIG_PATH, .help = "PEM file of the authorities to trust (default: the system's)"},
    {.name = "send", .type = CONFIG_TEXT, .help = "what to say first; \\r \\n \\t"},
    {.name = "expect", .type = CONFIG_TEXT, .help = "what the answer must contain"},
    {.name = NULL},
};

static void tcp_protection(const struct config_node *node, struct protection *protection)
{
    if (config_bool(node, "tls", false) || config_get(node, "send") || config_get(node, "expect"))
        protection_of_address(protection, config_text(node, "address", ""), "tcp", config_bool(node, "tls", false), true);
    else
        protection_nothing_carried(node, protection);
}

const struct check_ops check_tcp = {
    .type = "tcp",
    .help = "A port: is something listening there, and does it say what is expected",
    .keys = tcp_keys,
    .protection = tcp_protection,
    .address = "address",
    .validate = tcp_validate,
    .open = tcp_open,
    .begin = tcp_begin,
    .stop = tcp_stop,
    .close = tcp_close,
};

/* A SIP server or gateway: does it answer OPTIONS, over UDP? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/check_udp.h"
#include "collect/sip_codec.h"

struct sip {
    struct udp_asking asking;
    char *host, *target;
    unsigned port;
    char call[40];
};

static void sip_heard(struct check *check, const uint8_t *bytes, size_t length)
{
    struct sip *sip = check->state;
    struct sip_answer answer;
    if (!sip_read_answer((const char *)bytes, length, sip->call, &answer)) {
        check_fail(check, "what answers there does not speak SIP");
        return;
    }
    if (!answer.ours || answer.code < 200)
        return; /* of another call, or not final */
    double latency = (double)(uv_hrtime() - sip->asking.sent) / 1e6;
    check_figure(check, "latency_ms", "ms", latency);
    check_figure(check, "status", "", answer.code);
    /* Whoever refuses OPTIONS for want of an account or of the method is there all the same (RFC 3261, 11.2). */
    bool there = answer.code < 300 || answer.code == 401 || answer.code == 403 || answer.code == 405 || answer.code == 407 ||
                 answer.code == 486;
    if (!there)
        check_worse(check, HEALTH_CRITICAL, "%d %s", answer.code, answer.reason);
    check_note(check, "%d %s in %.1f ms%s%s", answer.code, answer.reason, latency, answer.server[0] ? ", " : "", answer.server);
    check_end(check);
}

static void sip_found(struct check *check, const struct check_address *address)
{
    struct sip *sip = check->state;
    char branch[24], tag[16];
    if (!udp_open(&sip->asking, check, address, sip_heard))
        return;
    check_random_text(branch, sizeof branch);
    check_random_text(tag, sizeof tag);
    check_random_text(sip->call, sizeof sip->call);
    sip_write_options(&sip->asking.question, &(struct sip_options){.target = sip->target, .own = sip->asking.own,
                      .branch = branch, .tag = tag, .call = sip->call});
    udp_ask(&sip->asking, "answer to OPTIONS");
}

static void sip_begin(struct check *check)
{
    struct sip *sip = check->state;
    check_resolve(check, sip->host, sip->port, sip_found);
}

static void sip_stop(struct check *check)
{
    struct sip *sip = check->state;
    if (sip)
        udp_close(&sip->asking);
}

static void sip_close(struct check *check)
{
    struct sip *sip = check->state;
    free(sip->host);
    free(sip->target);
    free(sip);
}

static bool sip_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct sip *sip = check->state = memory_new(sizeof *sip);
    (void)error;
    sip->host = check_host_of(node, 5060, &sip->port);
    bool six = strchr(sip->host, ':') != NULL;
    const char *target = config_text(node, "target", NULL);
    sip->target = target ? memory_text(target) : memory_printf(six ? "sip:[%s]:%u" : "sip:%s:%u", sip->host, sip->port);
    return true;
}

static bool check_target(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    bool good = strncmp(text, "sip:", 4) == 0 && text[4];
    for (const char *at = text; *at; at++)
        good = good && (unsigned char)*at > ' ' && (unsigned char)*at < 127 && !strchr("<>\"", *at);
    return good || error_set(error, ERROR_INVALID, "expected an address such as sip:ping@pbx.example; got `%s`", text);
}

static const struct config_key sip_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_address_valid, .help = "HOST or HOST:PORT (default port 5060, UDP); without it the check waits"},
    {.name = "target", .type = CONFIG_TEXT, .check = check_target, .help = "whom OPTIONS is for (default sip:HOST:PORT)"},
    {.name = NULL},
};

const struct check_ops check_sip = {
    .type = "sip",
    .help = "A SIP server, gateway or phone: OPTIONS over UDP; a refusal for want of an account counts as being there",
    .keys = sip_keys,
    .protection = protection_nothing_carried,
    .address = "address",
    .open = sip_open,
    .begin = sip_begin,
    .stop = sip_stop,
    .close = sip_close,
};

/* A name server: does it know the name, does it say what is expected, how soon? */
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/check_udp.h"
#include "collect/dns_codec.h"

#define EXPECTED_MAX 16

struct dns {
    struct udp_asking asking;
    char *host, *name, *expected[EXPECTED_MAX];
    unsigned port, expected_count;
    enum dns_type type;
    const char *type_name;
    uint16_t id;
};

static bool same_name(const char *record, const char *expected)
{
    size_t length = strlen(expected);
    return strncasecmp(record, expected, length) == 0 && (!record[length] || strcmp(record + length, ".") == 0);
}

static void judge(struct check *check, const struct dns_answer *answer)
{
    const struct dns *dns = check->state;
    struct buffer got = BUFFER_INIT;
    check_figure(check, "answers", "", answer->count);
    check_figure(check, "ttl_s", "s", answer->count ? (double)answer->records[0].ttl : NAN);
    for (unsigned i = 0; i < answer->count && got.length < 120; i++)
        buffer_printf(&got, "%s%s", i ? ", " : "", answer->records[i].text);
    if (answer->code)
        check_worse(check, HEALTH_CRITICAL, "%s: %s (code %u)", dns->name, dns_code_text(answer->code), answer->code);
    else if (answer->cut)
        check_worse(check, HEALTH_WARNING, "%s: the answer does not fit a datagram", dns->name);
    else if (!answer->count)
        check_worse(check, HEALTH_CRITICAL, "%s has no %s record", dns->name, dns->type_name);
    for (unsigned e = 0; e < dns->expected_count && !answer->code; e++) {
        bool found = false;
        for (unsigned i = 0; i < answer->count; i++)
            found |= same_name(answer->records[i].text, dns->expected[e]);
        if (!found)
            check_worse(check, HEALTH_CRITICAL, "%s is %.100s, expected %s", dns->name, buffer_text(&got), dns->expected[e]);
    }
    check_note(check, "%s", buffer_text(&got));
    check_note(check, "%.1f ms", (double)(uv_hrtime() - dns->asking.sent) / 1e6);
    buffer_release(&got);
}

static void dns_heard(struct check *check, const uint8_t *bytes, size_t length)
{
    struct dns *dns = check->state;
    struct dns_answer answer;
    struct error error;
    if (!dns_read_answer(bytes, length, dns->id, dns->type, &answer, &error)) {
        if (error.code != ERROR_NOT_FOUND)
            check_fail(check, "%s", error.text);
        return;
    }
    check_figure(check, "latency_ms", "ms", (double)(uv_hrtime() - dns->asking.sent) / 1e6);
    judge(check, &answer);
    check_end(check);
}

static void dns_found(struct check *check, const struct check_address *address)
{
    struct dns *dns = check->state;
    struct error error;
    if (!udp_open(&dns->asking, check, address, dns_heard))
        return;
    dns->id = (uint16_t)randombytes_uniform(65536);
    if (dns_write_query(&dns->asking.question, dns->id, dns->name, dns->type, &error))
        udp_ask(&dns->asking, "answer");
    else
        check_fail(check, "%s", error.text);
}

static void dns_begin(struct check *check)
{
    struct dns *dns = check->state;
    check_resolve(check, dns->host, dns->port, dns_found);
}

static void dns_stop(struct check *check)
{
    struct dns *dns = check->state;
    if (dns)
        udp_close(&dns->asking);
}

static void dns_close(struct check *check)
{
    struct dns *dns = check->state;
    for (unsigned i = 0; i < dns->expected_count; i++)
        free(dns->expected[i]);
    free(dns->host);
    free(dns->name);
    free(dns);
}

static void expected_add(struct dns *dns, const char *text)
{
    if (text && dns->expected_count < EXPECTED_MAX)
        dns->expected[dns->expected_count++] = memory_text(text);
}

static bool dns_open(struct check *check, const struct config_node *node, struct error *error)
{
    struct dns *dns = check->state = memory_new(sizeof *dns);
    const struct config_node *list = config_get(node, "expect");
    (void)error;
    dns->host = check_host_of(node, 53, &dns->port);
    dns->name = memory_text(config_text(node, "ask", ""));
    const char *type = config_text(node, "record", "A");
    for (size_t i = 0; dns_type_names[i]; i++)
        if (strcmp(dns_type_names[i], type) == 0)
            dns->type_name = dns_type_names[i];
    dns_type_parse(type, &dns->type);
    expected_add(dns, list ? config_scalar(list) : NULL);
    for (size_t i = 0; list && config_is_list(list) && i < config_count(list); i++)
        expected_add(dns, config_scalar(config_at(list, i)));
    return true;
}

static bool check_ask(const struct config_node *node, const char *text, struct error *error)
{
    struct buffer out = BUFFER_INIT;
    (void)node;
    bool good = dns_write_query(&out, 0, text, DNS_A, error);
    buffer_release(&out);
    return good;
}

static const struct config_key dns_keys[] = {
    {.name = "address", .type = CONFIG_TEXT, .check = check_address_valid, .help = "of the name server: HOST or HOST:PORT (default port 53); without it the check waits"},
    {.name = "ask", .type = CONFIG_TEXT, .required = true, .check = check_ask, .help = "the name that it must know"},
    {.name = "record", .type = CONFIG_CHOICE, .choices = dns_type_names, .help = "which record (default A)"},
    {.name = "expect", .type = CONFIG_TEXT_LIST, .help = "what must be among the answers: 10.0.0.7, `10 mail.example.cn`"},
    {.name = NULL},
};

const struct check_ops check_dns = {
    .type = "dns",
    .help = "A name server: its answer, the expected address, latency",
    .keys = dns_keys,
    .protection = protection_nothing_carried,
    .address = "address",
    .open = dns_open,
    .begin = dns_begin,
    .stop = dns_stop,
    .close = dns_close,
};

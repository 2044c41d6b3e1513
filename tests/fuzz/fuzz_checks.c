/* What the checks of applications read from outside: answers of name servers, Redis, mail and SIP servers, claims about
 * values, and the configuration's own entries. The first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "collect/assertion.h"
#include "collect/dns_codec.h"
#include "collect/resp.h"
#include "collect/sip_codec.h"
#include "collect/smtp_reply.h"
#include "engine/applications.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void dns(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_TXT, DNS_MX, DNS_SRV, DNS_CNAME, DNS_SOA};
    struct dns_answer answer;
    struct error error;
    struct buffer out = BUFFER_INIT;
    uint16_t id = size > 1 ? (uint16_t)(data[0] << 8 | data[1]) : 0;
    for (size_t i = 0; i < ARRAY_COUNT(types); i++)
        dns_read_answer(data, size, id, types[i], &answer, &error);
    char *name = memory_text_n((const char *)data, size);
    dns_write_query(&out, id, name, DNS_A, &error);
    free(name);
    buffer_release(&out);
}

static void words(const char *bytes, size_t size)
{
    char value[64];
    double number;
    struct resp answer = resp_read(bytes, size);
    if (answer.kind == RESP_TEXT || answer.kind == RESP_ERROR) {
        if (answer.used > size || answer.text < bytes || answer.text + answer.length > bytes + size)
            abort();
        resp_info(answer.text, answer.length, "redis_version", value, sizeof value);
        resp_info_number(answer.text, answer.length, "used_memory", &number);
    }
    struct smtp_reply reply = smtp_reply_read(bytes, size);
    if (reply.kind == SMTP_REPLY) {
        if (reply.used > size || reply.code < 200 || reply.text + reply.length > bytes + size)
            abort();
        smtp_offers(bytes, reply.used, "STARTTLS");
    }
    struct sip_answer sip;
    sip_read_answer(bytes, size, "call", &sip);
}

static void claims(const char *bytes, size_t size)
{
    const char *line = memchr(bytes, '\n', size);
    char *text = memory_text_n(bytes, line ? (size_t)(line - bytes) : size), why[120];
    struct error error;
    struct assertion *assertion = assertion_parse(text, &error);
    struct json_object *document = assertion && line ? json_parse(line + 1, size - (size_t)(line + 1 - bytes), 0, &error) : NULL;
    if (document)
        assertion_json(assertion, document, why, sizeof why);
    if (assertion)
        assertion_number(assertion, 3);
    json_object_put(document);
    assertion_free(&assertion);
    free(text);
}

static void configuration(const char *bytes, size_t size)
{
    struct config_problems problems;
    struct config *config = config_new();
    config_problems_init(&problems);
    if (config_load_text(config, "fuzz", bytes, size, &problems) && config_root(config) && config_is_map(config_root(config))) {
        const struct config_node *root = config_root(config);
        struct applications_list lists[] = {{config_get(root, "shipped"), "campus-iot"}, {config_get(root, "applications"), ""}};
        struct applications_plan *plan = applications_plan_read(lists, 2, &problems);
        applications_plan_free(&plan);
    }
    config_problems_release(&problems);
    config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *bytes = (const char *)data + 1;
    switch (data[0] % 4) {
    case 0: dns(data + 1, size - 1); break;
    case 1: words(bytes, size - 1); break;
    case 2: claims(bytes, size - 1); break;
    default: configuration(bytes, size - 1); break;
    }
    return 0;
}

/* Any HTTP receiver: a webhook gets the alert as JSON, or what a template makes; SMS and voice gateways are webhooks
 * whose address and body name the number and the text. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/channel.h"

struct webhook {
    char *url, *method, *body, *content_type, *pointer, *equals;
    char **headers; /* "Name: value" */
    unsigned header_count;
};

static const char *const methods[] = {"POST", "PUT", "GET", NULL};

#define KEYS(url_help, body_help)                                                                                       \
    {.name = "url", .type = CONFIG_ANY, .required = true, .help = url_help},                                            \
    {.name = "method", .type = CONFIG_CHOICE, .choices = methods, .help = "default POST"},                              \
    {.name = "body", .type = CONFIG_TEXT, .check = template_check, .help = body_help},                                  \
    {.name = "content_type", .type = CONFIG_TEXT, .help = "of the body (default application/json); words in it are escaped so"}, \
    {.name = "headers", .type = CONFIG_MAP, .help = "name: text, or {file: PATH}, {env: NAME}, {credential: NAME} for secrets"}, \
    {.name = "answer", .type = CONFIG_TEXT, .help = "JSON pointer to what a good answer holds, such as /code"},         \
    {.name = "equals", .type = CONFIG_TEXT, .help = "its value then (default 0)"},                                      \
    TRANSFER_AUTHORITY_KEY,                                                                                             \
    TRANSFER_PROXY_KEYS,                                                                                                \
    {.name = NULL}

static const struct config_key webhook_keys[] = {KEYS(
    "address, with {to}, {title}, {text}, {id}; or {file: PATH} and so on where it holds a key",
    "template with {to}, {title}, {text}, {id}, {json} (default {json}: the alert)")};
static const struct config_key gateway_keys[] = {KEYS(
    "the gateway's address, such as https://sms.example/send?to={to}&text={text}; or {file: PATH} and so on",
    "template with {to}, {title}, {text}, {id}, {json}")};

static void read_headers(struct channel *channel, const struct config_node *map, struct config_problems *problems)
{
    struct webhook *webhook = channel->settings;
    webhook->headers = memory_new_array(config_count(map) + 1, sizeof *webhook->headers);
    for (size_t i = 0; i < config_count(map); i++) {
        const char *name = config_key_at(map, i);
        char *value = secret_or_text(channel, map, name, true, problems);
        if (value && strpbrk(value, "\r\n"))
            config_problem(problems, config_at(map, i), "a header is one line");
        else if (value)
            webhook->headers[webhook->header_count++] = memory_printf("%s: %s", name, value);
        free(value);
    }
}

static void webhook_read(struct channel *channel, const struct config_node *node, struct config_problems *problems)
{
    struct webhook *webhook = channel->settings = memory_new(sizeof *webhook);
    const struct config_node *url = config_get(node, "url");
    struct error error = {0};
    bool gateway = channel->ops->wants_address;
    webhook->url = secret_or_text(channel, node, "url", true, problems);
    webhook->method = memory_text(config_text(node, "method", "POST"));
    webhook->body = memory_text(config_text(node, "body", strcmp(webhook->method, "GET") == 0 || gateway ? NULL : "{json}"));
    webhook->content_type = memory_text(config_text(node, "content_type", "application/json; charset=utf-8"));
    webhook->pointer = memory_text(config_text(node, "answer", NULL));
    webhook->equals = memory_text(config_text(node, "equals", "0"));
    if (webhook->url && strncmp(webhook->url, "https://", 8) != 0 && strncmp(webhook->url, "http://", 7) != 0)
        config_problem(problems, url, "expected an address that begins with https:// or http://");
    else if (webhook->url && !template_check(url, webhook->url, &error))
        config_problem(problems, url, "%s", error.text);
    else if (gateway && webhook->url && !strstr(webhook->url, "{to}") && (!webhook->body || !strstr(webhook->body, "{to}")))
        config_problem(problems, node, "{to} stands in neither url nor body: the gateway would not know whom to reach");
    if (webhook->pointer && webhook->pointer[0] != '/')
        config_problem(problems, config_get(node, "answer"), "expected a JSON pointer such as /code");
    read_headers(channel, config_get(node, "headers"), problems);
}

static void webhook_release(void *settings)
{
    struct webhook *webhook = settings;
    for (unsigned i = 0; i < webhook->header_count; i++) {
        sodium_memzero(webhook->headers[i], strlen(webhook->headers[i]));
        free(webhook->headers[i]);
    }
    free(webhook->headers);
    free(webhook->url);
    free(webhook->method);
    free(webhook->body);
    free(webhook->content_type);
    free(webhook->pointer);
    free(webhook->equals);
    free(webhook);
}

static enum template_style body_style(const char *content_type)
{
    return strncmp(content_type, "application/json", 16) == 0                    ? TEMPLATE_JSON
           : strncmp(content_type, "application/x-www-form-urlencoded", 33) == 0 ? TEMPLATE_URL
                                                                                 : TEMPLATE_PLAIN;
}

static bool webhook_start(struct sending *sending, struct error *error)
{
    const struct webhook *webhook = sending->channel->settings;
    struct buffer url = BUFFER_INIT, body = BUFFER_INIT;
    (void)error;
    template_expand(&url, webhook->url, TEMPLATE_URL, sending);
    if (webhook->body)
        template_expand(&body, webhook->body, body_style(webhook->content_type), sending);
    for (unsigned i = 0; i < webhook->header_count; i++)
        sending_header(sending, "%s", webhook->headers[i]);
    bool post = strcmp(webhook->method, "POST") == 0;
    sending_post(sending, buffer_text(&url), webhook->body || post ? buffer_text(&body) : NULL, webhook->content_type);
    if (!post)
        curl_easy_setopt(sending->easy, CURLOPT_CUSTOMREQUEST, webhook->method);
    sending_go(sending);
    buffer_release(&url);
    buffer_release(&body);
    return true;
}

static bool webhook_judge(struct sending *sending, const char *answer, size_t length, bool *again)
{
    const struct webhook *webhook = sending->channel->settings;
    *again = false;
    if (!webhook->pointer)
        return true;
    struct json_object *object = json_parse(answer, length, 0, NULL), *found = object ? json_at(object, webhook->pointer) : NULL;
    const char *text = found ? json_object_get_string(found) : NULL;
    bool good = text && strcmp(text, webhook->equals) == 0;
    if (!good)
        sending_detail(sending, "%s in the answer is not %s: %s", webhook->pointer, webhook->equals, answer);
    json_object_put(object);
    return good;
}

#define WEBHOOK(name_, help_, keys_, address)                                                                      \
    const struct channel_ops channel_##name_ = {                                                                   \
        .type = #name_, .help = help_, .keys = keys_, .wants_address = address, .example = "13800000000",          \
        .read = webhook_read, .release = webhook_release, .start = webhook_start, .judge = webhook_judge,          \
    }
WEBHOOK(webhook, "Any HTTP receiver", webhook_keys, false);
WEBHOOK(sms, "Short messages through an HTTP gateway", gateway_keys, true);
WEBHOOK(voice, "Voice calls through an HTTP gateway", gateway_keys, true);

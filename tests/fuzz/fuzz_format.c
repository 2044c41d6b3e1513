/* Payloads and topics through every format; and templates, pointers and their validation from the same bytes. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/format.h"
#include "collect/topic.h"

static const char *const configurations[] = {
    "{topic: ['campus/{gateway}/{asset}/telemetry', 'x/{asset}/{metric}/#'], time: /ts, values: /values, status_topic: 's/{gateway}'}",
    "{topic: '#', items: /d, asset: /id, gateway: /gw, time: /at, metric: /n, values: /v}",
    "{topic: '{asset}/#', encoding: gb18030, depth: 8}",
    "{format: thingsboard, asset: A}",
    "{format: thingsboard-gateway}",
    "{format: status, topic: '{asset}/#', state: /a/b}",
    "{format: emqx-status}",
    "{format: mosquitto-status, client: 'gw-{asset}'}",
    "{format: readings, topic: '#'}",
    "{format: thingsboard-rest, topic: 'v1/rest/{asset}'}",
    "{format: thingsboard-rest, topic: 'x', asset: /entityId/id}",
};
static const char *const topics[] = {
    "campus/G/T/telemetry", "x/T/m/1", "s/G", "v1/devices/me/telemetry", "v1/gateway/connect", "v1/gateway/telemetry",
    "v1/gateway/attributes", "$SYS/brokers/n/clients/gw-1/disconnected", "$SYS/broker/log/N", "$SYS/broker/connection/gw-1/state",
    "v1/rest/D", "x",
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t sum;

static void use(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum += (unsigned char)bytes[i];
}

static void on_message(void *owner, const struct decoded *message)
{
    (void)owner;
    assert(message->asset && message->asset_length && message->count <= 256);
    use(message->asset, message->asset_length);
    use(message->gateway, message->gateway ? message->gateway_length : 0);
    use(message->raw, message->raw_length);
    assert(message->time == CLOCK_NEVER || (message->time > -8700000000000000 && message->time < 8700000000000000));
    for (unsigned i = 0; i < message->count; i++) {
        assert(isfinite(message->values[i].value) && message->values[i].metric_length && message->values[i].metric_length <= 256);
        use(message->values[i].metric, message->values[i].metric_length);
    }
}

static void on_link(void *owner, const char *id, size_t length, enum link_state state, const char *evidence)
{
    (void)owner;
    assert(length && (state == LINK_UP || state == LINK_DOWN));
    use(id, length);
    use(evidence, strlen(evidence));
}

static void on_bad(void *owner, unsigned item, const char *sample, size_t length, const char *reason)
{
    (void)owner, (void)item;
    use(sample, length);
    use(reason, strlen(reason));
}

static struct format *formats[COUNT(configurations)];

static void make_formats(void)
{
    for (size_t i = 0; i < COUNT(configurations); i++) {
        struct config *config = config_new();
        struct config_problems problems;
        config_problems_init(&problems);
        config_load_text(config, "fuzz", configurations[i], strlen(configurations[i]), &problems);
        format_validate(config_root(config), &problems);
        assert(problems.count == 0);
        formats[i] = format_new(config_root(config), NULL);
        config_problems_release(&problems);
        config_free(&config);
    }
}

/* A template and a topic from outside, divided by a NUL. */
static void try_template(const uint8_t *data, size_t size)
{
    struct topic_template template;
    struct topic_captures captures;
    struct error error;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
    if (topic_template_parse(&template, text, &error)) {
        const char *topic = length < size ? text + length + 1 : text + length;
        assert(template.filter && *template.filter);
        if (topic_match(&template, topic, size - (size_t)(topic - text), &captures) == TOPIC_FITS)
            for (int i = 0; i < TOPIC_NAMES; i++)
                use(captures.text[i], captures.text[i] ? captures.length[i] : 0);
        topic_template_release(&template);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct decode_sink sink = {NULL, on_message, on_link, on_bad};
    if (!formats[0])
        make_formats();
    if (size < 2)
        return 0;
    unsigned which = data[0] % (COUNT(configurations) + 1), topic = data[1] % (COUNT(topics) + 1);
    data += 2;
    size -= 2;
    if (which == COUNT(configurations)) {
        try_template(data, size);
        return 0;
    }
    struct format_input input = {.payload = (const char *)data, .payload_length = size};
    if (topic < COUNT(topics)) {
        input.topic = topics[topic];
        input.topic_length = strlen(topics[topic]);
    } else { /* its own: up to the first blank */
        const uint8_t *blank = memchr(data, ' ', size);
        input.topic = (const char *)data;
        input.topic_length = blank ? (size_t)(blank - data) : 0;
        input.payload += input.topic_length;
        input.payload_length -= input.topic_length;
    }
    format_decode(formats[which], &input, &sink);
    return 0;
}

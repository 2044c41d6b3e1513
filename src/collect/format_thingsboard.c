/* ThingsBoard's MQTT API for devices and for gateways, as its documentation gives it: a sample is either
 * {"ts": ms, "values": {...}} or just the values. */
#include <string.h>

#include "collect/decode.h"

static bool topic_ends(const struct format_input *input, const char *level)
{
    size_t length = strlen(level);
    return input->topic_length > length && input->topic[input->topic_length - length - 1] == '/' &&
           memcmp(input->topic + input->topic_length - length, level, length) == 0;
}

/* The values of a sample whose owner stands in the message already. */
static void sample_decode(struct decoding *decoding, uint32_t sample)
{
    const struct scan *scan = &decoding->format->scan;
    uint32_t values = scan_member(scan, sample, "values", 6), time = scan_member(scan, sample, "ts", 2);
    if (values == SCAN_NOTHING || scan->tokens[values].type != SCAN_OBJECT)
        values = sample;
    else if (time != SCAN_NOTHING && !decode_time(decoding->format, time, &decoding->message.time)) {
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "ts is no time");
        return;
    }
    sample_values(decoding, "", 0, values);
    sample_end(decoding);
}

static void samples_decode(struct decoding *decoding, uint32_t token, const char *asset, size_t length)
{
    const struct scan *scan = &decoding->format->scan;
    bool list = scan->tokens[token].type == SCAN_ARRAY;
    uint32_t end = scan->tokens[token].next;
    for (uint32_t sample = list ? token + 1 : token; sample < end; sample = scan->tokens[sample].next) {
        sample_begin(decoding, sample);
        decoding->message.asset = asset;
        decoding->message.asset_length = length;
        decoding->message.gateway = decoding->captures.text[TOPIC_GATEWAY];
        decoding->message.gateway_length = decoding->captures.length[TOPIC_GATEWAY];
        if (!decoding->message.gateway && decoding->format->gateway.text) {
            decoding->message.gateway = decoding->format->gateway.text;
            decoding->message.gateway_length = strlen(decoding->format->gateway.text);
        }
        if (scan->tokens[sample].type == SCAN_OBJECT)
            sample_decode(decoding, sample);
        else
            decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "a sample is an object");
        decoding->message.item++;
    }
}

static void device_decode(struct decoding *decoding)
{
    const char *asset = decoding->captures.text[TOPIC_ASSET];
    size_t length = decoding->captures.length[TOPIC_ASSET];
    if (!asset && decoding->format->asset.text) {
        asset = decoding->format->asset.text;
        length = strlen(asset);
    }
    if (decoding->input->payload_length == 0 || !decode_scan(decoding))
        return;
    if (asset && length)
        samples_decode(decoding, 0, asset, length);
    else
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "no asset id");
}

/* v1/gateway/connect and disconnect: {"device": NAME}. */
static void gateway_link(struct decoding *decoding, bool up)
{
    struct format *format = decoding->format;
    uint32_t device = scan_member(&format->scan, 0, "device", 6);
    const char *id;
    size_t length;
    if (device != SCAN_NOTHING && decode_id(format, device, &format->asset_text, &id, &length))
        decoding->sink->link(decoding->sink->owner, id, length, up ? LINK_UP : LINK_DOWN,
                             up ? N_("gateway: connected") : N_("gateway: disconnected"));
    else
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "no /device");
}

/* Attributes say what a device is, not what it measures: it spoke, and the raw message shows them. */
static void gateway_attributes(struct decoding *decoding, uint32_t token, const char *asset, size_t length)
{
    sample_begin(decoding, token);
    decoding->message.asset = asset;
    decoding->message.asset_length = length;
    decoding->sink->message(decoding->sink->owner, &decoding->message);
}

static void gateway_decode(struct decoding *decoding)
{
    struct format *format = decoding->format;
    const struct scan *scan = &format->scan;
    if (decoding->input->payload_length == 0 || !decode_scan(decoding))
        return;
    if (scan->tokens[0].type != SCAN_OBJECT) {
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "not an object of devices");
        return;
    }
    if (topic_ends(decoding->input, "connect") || topic_ends(decoding->input, "disconnect")) {
        gateway_link(decoding, topic_ends(decoding->input, "connect"));
        return;
    }
    bool attributes = topic_ends(decoding->input, "attributes");
    for (uint32_t key = 1; key < scan->tokens[0].next; key = scan->tokens[key + 1].next) {
        const char *id;
        size_t length;
        if (!decode_id(format, key, &format->asset_text, &id, &length))
            decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "a device without a name");
        else if (attributes)
            gateway_attributes(decoding, key + 1, id, length);
        else
            samples_decode(decoding, key + 1, id, length);
    }
}

static const char *const device_uses[] = {"time_unit", "depth", "asset", "gateway", NULL};
static const char *const device_topics[] = {"v1/devices/me/telemetry", NULL};

const struct format_ops format_thingsboard = {
    .name = "thingsboard",
    .help = "one device by ThingsBoard's device API; `asset:` says which",
    .topics = device_topics,
    .uses = device_uses,
    .needs_asset = true,
    .decode = device_decode,
};

static const char *const gateway_uses[] = {"time_unit", "depth", "gateway", NULL};
static const char *const gateway_topics[] = {"v1/gateway/connect", "v1/gateway/disconnect", "v1/gateway/telemetry",
                                             "v1/gateway/attributes", NULL};

const struct format_ops format_thingsboard_gateway = {
    .name = "thingsboard-gateway",
    .help = "the devices of a gateway by ThingsBoard's gateway API; `gateway:` says whose",
    .topics = gateway_topics,
    .uses = gateway_uses,
    .decode = gateway_decode,
};

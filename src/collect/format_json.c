/* JSON told by topic templates and pointers: what most gateways and firmware send, each in its own shape. */
#include <string.h>

#include "collect/decode.h"

/* A field's token: looked up in the sample, then in the whole payload (a list of samples below one time or id). */
static uint32_t field_token(struct decoding *decoding, const struct field *field, uint32_t sample)
{
    const struct scan *scan = &decoding->format->scan;
    uint32_t token = scan_at(scan, sample, &field->pointer);
    if (token == SCAN_NOTHING && sample != 0)
        token = scan_at(scan, 0, &field->pointer);
    else if (token != SCAN_NOTHING)
        decoding->skip[decoding->skip_count++] = token;
    return token;
}

/* The text of a field, else of a level of the topic. NULL: neither has one. False after decode_bad. */
static bool field_text(struct decoding *decoding, const struct field *field, enum topic_name name, uint32_t sample,
                       struct buffer *room, const char **text, size_t *length)
{
    *text = decoding->captures.text[name];
    *length = decoding->captures.length[name];
    if (!field->text)
        return true;
    if (!field->is_pointer) {
        *text = field->text;
        *length = strlen(field->text);
        return true;
    }
    uint32_t token = field_token(decoding, field, sample);
    if (token == SCAN_NOTHING)
        return true;
    if (decode_id(decoding->format, token, room, text, length))
        return true;
    decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "%s is no id", field->text);
    return false;
}

static bool sample_owner(struct decoding *decoding, uint32_t sample)
{
    struct format *format = decoding->format;
    struct decoded *message = &decoding->message;
    if (!field_text(decoding, &format->asset, TOPIC_ASSET, sample, &format->asset_text, &message->asset,
                    &message->asset_length) ||
        !field_text(decoding, &format->gateway, TOPIC_GATEWAY, sample, &format->gateway_text, &message->gateway,
                    &message->gateway_length))
        return false;
    if (!message->asset || !message->asset_length) { /* a gateway speaking for itself */
        message->asset = message->gateway;
        message->asset_length = message->gateway_length;
        message->gateway = NULL;
    }
    if (message->asset && message->asset_length)
        return true;
    decode_bad(decoding, message->raw, message->raw_length, "no asset id");
    return false;
}

static bool sample_time(struct decoding *decoding, uint32_t sample)
{
    struct format *format = decoding->format;
    if (!format->time.text)
        return true;
    uint32_t token = field_token(decoding, &format->time, sample);
    if (token == SCAN_NOTHING || decode_time(format, token, &decoding->message.time))
        return true;
    decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "%s is no time", format->time.text);
    return false;
}

static void sample_decode(struct decoding *decoding, uint32_t sample)
{
    struct format *format = decoding->format;
    const char *metric;
    size_t length;

    sample_begin(decoding, sample);
    if (!sample_owner(decoding, sample) || !sample_time(decoding, sample) ||
        !field_text(decoding, &format->metric, TOPIC_METRIC, sample, &format->metric_text, &metric, &length))
        return;
    uint32_t values = format->values.text ? scan_at(&format->scan, sample, &format->values.pointer) : sample;
    if (values == SCAN_NOTHING) {
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "nothing at %s", format->values.text);
        return;
    }
    bool list = format->scan.tokens[values].type == SCAN_ARRAY;
    if (format->scan.tokens[values].type == SCAN_OBJECT || (list && metric)) {
        sample_values(decoding, metric ? metric : "", length, values);
    } else if (!metric || list) {
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length,
                   "a value without a metric name: name a level {metric}, or set `metric:`");
        return;
    } else {
        sample_value(decoding, metric, length, values);
    }
    sample_end(decoding);
}

static void json_decode(struct decoding *decoding)
{
    struct format *format = decoding->format;
    uint32_t from = 0;
    if (decoding->input->payload_length == 0) /* how a retained message is removed: says nothing */
        return;
    if (!decode_scan(decoding))
        return;
    if (format->items.text)
        from = scan_at(&format->scan, 0, &format->items.pointer);
    if (from == SCAN_NOTHING) {
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "nothing at %s",
                   format->items.text);
        return;
    }
    if (format->scan.tokens[from].type != SCAN_ARRAY) {
        sample_decode(decoding, from);
        return;
    }
    for (uint32_t item = from + 1; item < format->scan.tokens[from].next; item = format->scan.tokens[item].next) {
        sample_decode(decoding, item);
        decoding->message.item++;
    }
}

static const char *const json_uses[] = {"items", "time", "time_unit", "values", "depth", "metric", "asset",
                                        "gateway", NULL};

const struct format_ops format_json = {
    .name = "json",
    .help = "JSON whose time, values and ids are found by JSON pointers and topic levels",
    .uses = json_uses,
    .needs_asset = true,
    .asked = true,
    .decode = json_decode,
};

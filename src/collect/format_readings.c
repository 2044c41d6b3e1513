/* Nocturne's own shape, which POST /api/v1/ingest/readings takes: {"asset","metric","value","time"} or
 * {"asset","time","values":{...}}; a list of these, {"readings":[...]}, or one a line. `gateway` may be added. */
#include <string.h>

#include "collect/decode.h"

static bool owner_of(struct decoding *decoding, uint32_t item, const char *key, struct buffer *room,
                     const char **text, size_t *length)
{
    struct format *format = decoding->format;
    uint32_t token = scan_member(&format->scan, item, key, strlen(key));
    if (token == SCAN_NOTHING || format->scan.tokens[token].type == SCAN_NULL)
        return true;
    if (decode_id(format, token, room, text, length))
        return true;
    decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "`%s` is no id", key);
    return false;
}

static void item_values(struct decoding *decoding, uint32_t item)
{
    struct format *format = decoding->format;
    uint32_t values = scan_member(&format->scan, item, "values", 6);
    uint32_t value = scan_member(&format->scan, item, "value", 5);
    uint32_t metric = scan_member(&format->scan, item, "metric", 6);
    const char *name;
    size_t length;
    if (values != SCAN_NOTHING && format->scan.tokens[values].type == SCAN_OBJECT) {
        sample_values(decoding, "", 0, values);
    } else if (value == SCAN_NOTHING || metric == SCAN_NOTHING ||
               !decode_id(format, metric, &format->metric_text, &name, &length)) {
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length,
                   "needs `values`, an object, or `metric` and `value`");
        return;
    } else if (format->scan.tokens[value].type == SCAN_OBJECT || format->scan.tokens[value].type == SCAN_ARRAY) {
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "`value` is one number");
        return;
    } else {
        sample_value(decoding, name, length, value);
        if (!decoding->taken && !decoding->refused) {
            decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "`value` is no number");
            return;
        }
    }
    sample_end(decoding);
}

static void item_decode(struct decoding *decoding, uint32_t item)
{
    struct format *format = decoding->format;
    struct decoded *message = &decoding->message;
    sample_begin(decoding, item);
    if (format->scan.tokens[item].type != SCAN_OBJECT) {
        decode_bad(decoding, message->raw, message->raw_length, "a reading is an object");
        return;
    }
    if (!owner_of(decoding, item, "asset", &format->asset_text, &message->asset, &message->asset_length) ||
        !owner_of(decoding, item, "gateway", &format->gateway_text, &message->gateway, &message->gateway_length))
        return;
    if (!message->asset) {
        decode_bad(decoding, message->raw, message->raw_length, "no `asset`");
        return;
    }
    uint32_t time = scan_member(&format->scan, item, "time", 4);
    if (time != SCAN_NOTHING && !decode_time(format, time, &message->time)) {
        decode_bad(decoding, message->raw, message->raw_length, "`time` is neither RFC 3339 nor a number");
        return;
    }
    item_values(decoding, item);
}

static void readings_decode(struct decoding *decoding)
{
    struct format *format = decoding->format;
    if (decoding->input->payload_length == 0 || !decode_scan(decoding))
        return;
    uint32_t from = format->scan.tokens[0].type == SCAN_OBJECT ? scan_member(&format->scan, 0, "readings", 8) : 0;
    if (from == SCAN_NOTHING || format->scan.tokens[from].type != SCAN_ARRAY) {
        item_decode(decoding, 0);
        decoding->message.item++;
        return;
    }
    for (uint32_t item = from + 1; item < format->scan.tokens[from].next; item = format->scan.tokens[item].next) {
        item_decode(decoding, item);
        decoding->message.item++;
    }
}

static const char *const readings_uses[] = {"time_unit", "depth", NULL};

const struct format_ops format_readings = {
    .name = "readings",
    .help = "Nocturne's own: {\"asset\", \"time\", \"values\": {...}} or {\"asset\", \"metric\", \"value\"}, or lists of them",
    .uses = readings_uses,
    .asked = true,
    .decode = readings_decode,
};

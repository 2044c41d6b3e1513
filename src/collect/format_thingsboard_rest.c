/* Answers of ThingsBoard's REST API, as its documentation gives them. Of POST /api/entitiesQuery/find:
 *   {"data": [{"latest": {"ENTITY_FIELD": {"name": {"value": "T-1"}}, "TIME_SERIES": {"temperature": {"ts": ms, "value": "22.5"}},
 *     "ATTRIBUTE": {"active": {"value": "true"}}}}], "totalPages": 3, "hasNext": true}
 * and of GET .../values/timeseries, which is of one device: {"temperature": [{"ts": ms, "value": "22.5"}, ...], ...}. */
#include <string.h>

#include "collect/decode.h"

static uint32_t member(const struct scan *scan, uint32_t object, const char *name)
{
    return object == SCAN_NOTHING || scan->tokens[object].type != SCAN_OBJECT ? SCAN_NOTHING
                                                                              : scan_member(scan, object, name, strlen(name));
}

/* A value that was never written comes as an empty text of the year 1970. */
static bool is_empty(const struct scan *scan, uint32_t value)
{
    return value == SCAN_NOTHING || scan->tokens[value].type == SCAN_NULL ||
           (scan->tokens[value].type == SCAN_TEXT && scan->tokens[value].length == 0);
}

/* One {"ts", "value"} of a key. */
static void point_decode(struct decoding *decoding, uint32_t key, uint32_t point, const char *asset, size_t length)
{
    struct format *format = decoding->format;
    const struct scan *scan = &format->scan;
    uint32_t value = member(scan, point, "value"), time = member(scan, point, "ts");
    const char *name;
    size_t name_length;
    if (is_empty(scan, value) || !decode_id(format, key, &format->metric_text, &name, &name_length))
        return;
    sample_begin(decoding, point);
    decoding->message.asset = asset;
    decoding->message.asset_length = length;
    if (time != SCAN_NOTHING && !decode_time(format, time, &decoding->message.time)) {
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length, "ts is no time");
        return;
    }
    if (scan->tokens[value].type == SCAN_OBJECT || scan->tokens[value].type == SCAN_ARRAY)
        sample_values(decoding, name, name_length, value);
    else
        sample_value(decoding, name, name_length, value);
    sample_end(decoding);
    decoding->message.item++;
}

/* The platform's own word on whether the device is there: an attribute of its own making. */
static void active_decode(struct decoding *decoding, uint32_t latest, const char *asset, size_t length)
{
    static const char *const kinds[] = {"ATTRIBUTE", "SERVER_ATTRIBUTE"};
    struct format *format = decoding->format;
    const struct scan *scan = &format->scan;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint32_t value = member(scan, member(scan, member(scan, latest, kinds[i]), "active"), "value");
        if (is_empty(scan, value))
            continue;
        bool text = scan->tokens[value].type == SCAN_TEXT;
        bool up = text ? scan_text_is(scan, value, "true", 4) : scan->tokens[value].type == SCAN_TRUE;
        decoding->sink->link(decoding->sink->owner, asset, length, up ? LINK_UP : LINK_DOWN,
                             up ? N_("platform: active") : N_("platform: inactive"));
        return;
    }
}

static void entity_decode(struct decoding *decoding, uint32_t entity)
{
    struct format *format = decoding->format;
    const struct scan *scan = &format->scan;
    uint32_t latest = member(scan, entity, "latest"), series = member(scan, latest, "TIME_SERIES");
    uint32_t id = member(scan, member(scan, member(scan, latest, "ENTITY_FIELD"), "name"), "value");
    const char *asset;
    size_t length;
    if (format->asset.is_pointer)
        id = scan_at(scan, entity, &format->asset.pointer);
    if (id == SCAN_NOTHING || !decode_id(format, id, &format->asset_text, &asset, &length)) {
        sample_begin(decoding, entity);
        decode_bad(decoding, decoding->message.raw, decoding->message.raw_length,
                   "no asset id: ask for the entity field `name`, or set `asset:`");
        return;
    }
    active_decode(decoding, latest, asset, length);
    if (series == SCAN_NOTHING || scan->tokens[series].type != SCAN_OBJECT)
        return;
    for (uint32_t key = series + 1; key < scan->tokens[series].next; key = scan->tokens[key + 1].next)
        point_decode(decoding, key, key + 1, asset, length);
}

static void series_decode(struct decoding *decoding)
{
    const struct scan *scan = &decoding->format->scan;
    const char *asset = decoding->captures.text[TOPIC_ASSET];
    size_t length = decoding->captures.length[TOPIC_ASSET];
    if (!asset && decoding->format->asset.text && !decoding->format->asset.is_pointer) {
        asset = decoding->format->asset.text;
        length = strlen(asset);
    }
    if (!asset || !length) {
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "no asset id");
        return;
    }
    for (uint32_t key = 1; key < scan->tokens[0].next; key = scan->tokens[key + 1].next) {
        uint32_t points = key + 1;
        if (scan->tokens[points].type != SCAN_ARRAY) {
            decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "neither a list of entities nor time series");
            return;
        }
        for (uint32_t point = points + 1; point < scan->tokens[points].next; point = scan->tokens[point].next)
            point_decode(decoding, key, point, asset, length);
    }
}

static void rest_decode(struct decoding *decoding)
{
    const struct scan *scan = &decoding->format->scan;
    if (decoding->input->payload_length == 0 || !decode_scan(decoding))
        return;
    uint32_t data = member(scan, 0, "data");
    if (data != SCAN_NOTHING && scan->tokens[data].type == SCAN_ARRAY && member(scan, 0, "totalPages") != SCAN_NOTHING)
        for (uint32_t entity = data + 1; entity < scan->tokens[data].next; entity = scan->tokens[entity].next)
            entity_decode(decoding, entity);
    else if (scan->tokens[0].type == SCAN_OBJECT)
        series_decode(decoding);
    else
        decode_bad(decoding, decoding->input->payload, decoding->input->payload_length, "neither a list of entities nor time series");
}

static const char *const rest_uses[] = {"time_unit", "depth", "asset", NULL};

const struct format_ops format_thingsboard_rest = {
    .name = "thingsboard-rest",
    .help = "answers of ThingsBoard's REST API: latest values of entities, or one device's time series",
    .uses = rest_uses,
    .asked = true,
    .decode = rest_decode,
};

#include "collect/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/decode.h"

#define FORMAT(name) extern const struct format_ops format_##name;
#include "collect/formats.def"
#undef FORMAT

static const struct format_ops *const formats[] = {
#define FORMAT(name) &format_##name,
#include "collect/formats.def"
#undef FORMAT
};

const char *const format_choices[] = {"json", "thingsboard", "thingsboard-gateway", "status", "emqx-status",
                                      "mosquitto-status", "readings", "thingsboard-rest", NULL};
const char *const format_encodings[] = {"utf-8", "gb18030", NULL};
const char *const format_time_units[] = {"auto", "s", "ms", "us", "ns", NULL};

/* Keys that only some formats read. */
static const char *const optional_keys[] = {"items", "time", "time_unit", "values", "depth", "metric", "asset",
                                            "gateway", "state", "up", "down", "client"};
static const char *const default_up[] = {N_("online"), N_("up"), N_("connected"), "true", "1", NULL};
static const char *const default_down[] = {N_("offline"), N_("down"), N_("disconnected"), "false", "0", NULL};

static const struct format_ops *ops_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(formats); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

static const struct format_ops *ops_of(const struct config_node *node)
{
    const struct format_ops *ops = ops_find(config_text(node, "format", "json"));
    return ops ? ops : &format_json;
}

static bool is_used(const struct format_ops *ops, const char *key)
{
    for (const char *const *used = ops->uses; used && *used; used++)
        if (strcmp(*used, key) == 0)
            return true;
    return false;
}

/* The texts of a key that holds one text or a list of them. */
static size_t text_count(const struct config_node *node)
{
    return !node ? 0 : config_is_list(node) ? config_count(node) : config_scalar(node) != NULL;
}

static const struct config_node *text_node(const struct config_node *node, size_t index)
{
    return config_is_list(node) ? config_at(node, index) : node;
}

/* -- Checking -- */

static void check_pointer(const struct config_node *node, const char *key, bool only_pointer,
                          struct config_problems *problems)
{
    const struct config_node *value = config_get(node, key);
    const char *text = value ? config_scalar(value) : NULL;
    struct scan_pointer pointer;
    struct error error;
    if (!text || (*text != '/' && !only_pointer))
        return;
    if (scan_pointer_parse(&pointer, text, &error))
        scan_pointer_release(&pointer);
    else
        config_problem(problems, value, "%s", error.text);
}

static void check_templates(const struct config_node *list, bool needs_asset, struct config_problems *problems)
{
    for (size_t i = 0; i < text_count(list); i++) {
        const struct config_node *at = text_node(list, i);
        const char *text = config_scalar(at);
        struct topic_template template;
        struct error error;
        if (!text)
            continue;
        if (!topic_template_parse(&template, text, &error)) {
            config_problem(problems, at, "%s", error.text);
            continue;
        }
        if (needs_asset && !template.names[TOPIC_ASSET] && !template.names[TOPIC_GATEWAY])
            config_problem(problems, at, "topic `%s` does not say whose the payload is: name a level {asset} or "
                                         "{gateway}, or set `asset:`", text);
        topic_template_release(&template);
    }
}

static void check_pointers(const struct config_node *node, struct config_problems *problems)
{
    check_pointer(node, "items", true, problems);
    check_pointer(node, "time", true, problems);
    check_pointer(node, "values", true, problems);
    check_pointer(node, "state", true, problems);
    check_pointer(node, "metric", false, problems);
    check_pointer(node, "asset", false, problems);
    check_pointer(node, "gateway", false, problems);
}

void format_validate_asked(const struct config_node *node, bool asset_known, struct config_problems *problems)
{
    const struct format_ops *ops = ops_of(node);
    for (size_t i = 0; i < ARRAY_COUNT(optional_keys); i++)
        if (config_get(node, optional_keys[i]) && !is_used(ops, optional_keys[i]))
            config_problem(problems, config_get(node, optional_keys[i]), "`%s` has no meaning for format %s", optional_keys[i], ops->name);
    if (!ops->asked)
        config_problem(problems, config_get(node, "format"), "format %s comes by topics only; json, readings and thingsboard-rest "
                                                             "are what answers can be", ops->name);
    else if (ops->needs_asset && !asset_known && !config_get(node, "asset"))
        config_problem(problems, node, "whose values are they? set `asset:`, an id or a JSON pointer such as /name, or `select:` to "
                                       "ask for one asset after the other");
    check_pointers(node, problems);
}

void format_validate(const struct config_node *node, struct config_problems *problems)
{
    const struct format_ops *ops = ops_of(node);
    const struct config_node *topic = config_get(node, "topic"), *status = config_get(node, "status_topic");
    bool asset_given = config_get(node, "asset") != NULL;

    for (size_t i = 0; i < ARRAY_COUNT(optional_keys); i++) {
        const struct config_node *value = config_get(node, optional_keys[i]);
        if (value && !is_used(ops, optional_keys[i]) && !(status && is_used(&format_status, optional_keys[i])))
            config_problem(problems, value, "`%s` has no meaning for format %s", optional_keys[i], ops->name);
    }
    if (!ops->topics && text_count(topic) == 0)
        config_problem(problems, node, "format %s needs `topic:`, such as campus/{gateway}/{asset}/telemetry", ops->name);
    if (ops->topics && text_count(topic) == 0 && ops->needs_asset && is_used(ops, "asset") && !asset_given)
        config_problem(problems, node, "format %s needs `asset:`, the id of the asset that speaks there", ops->name);
    check_templates(topic, ops->needs_asset && !asset_given, problems);
    check_templates(status, true, problems);
    check_templates(config_get(node, "client"), true, problems);
    check_pointers(node, problems);
}

/* -- Building -- */

static bool field_set(struct field *field, const struct config_node *node, const char *key, struct error *error)
{
    const char *text = config_text(node, key, NULL);
    if (!text || !*text)
        return true;
    if (*text == '/' && !scan_pointer_parse(&field->pointer, text, error))
        return error_prefix(error, "%s", key);
    field->is_pointer = *text == '/';
    field->text = memory_text(text);
    return true;
}

static void field_release(struct field *field)
{
    free(field->text);
    if (field->is_pointer)
        scan_pointer_release(&field->pointer);
}

static void word_add(struct words *words, const char *text)
{
    words->items = memory_resize(words->items, words->count + 1, sizeof *words->items);
    words->items[words->count++] = memory_text(text);
}

static void words_set(struct words *words, const struct config_node *list, const char *const *defaults)
{
    for (size_t i = 0; i < text_count(list); i++)
        if (config_scalar(text_node(list, i)))
            word_add(words, config_scalar(text_node(list, i)));
    if (!words->count)
        for (; *defaults; defaults++)
            word_add(words, *defaults);
}

static void words_release(struct words *words)
{
    for (unsigned i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
}

static bool topic_add(struct format *format, const char *text, struct error *error)
{
    struct topic_template template;
    if (!topic_template_parse(&template, text, error))
        return false;
    format->topics = memory_resize(format->topics, format->topic_count + 1, sizeof *format->topics);
    format->topics[format->topic_count++] = template;
    return true;
}

static bool topics_set(struct format *format, const struct config_node *list, struct error *error)
{
    for (size_t i = 0; i < text_count(list); i++)
        if (!topic_add(format, config_scalar(text_node(list, i)), error))
            return false;
    for (const char *const *text = format->ops->topics; !text_count(list) && text && *text; text++)
        if (!topic_add(format, *text, error))
            return false;
    return true;
}

static struct format *format_make(const struct format_ops *ops)
{
    struct format *format = memory_new(sizeof *format);
    format->ops = ops;
    format->depth = 4;
    scan_init(&format->scan);
    return format;
}

static unsigned choice_index(const char *const *choices, const char *text)
{
    for (unsigned i = 0; choices[i]; i++)
        if (strcmp(choices[i], text) == 0)
            return i;
    return 0;
}

static bool format_configure(struct format *format, const struct config_node *node, const char *topic_key,
                             struct error *error)
{
    format->unit = (enum time_unit)choice_index(format_time_units, config_text(node, "time_unit", "auto"));
    format->gb18030 = strcmp(config_text(node, "encoding", "utf-8"), "gb18030") == 0;
    format->depth = (unsigned)config_integer(node, "depth", 4);
    words_set(&format->up, config_get(node, "up"), default_up);
    words_set(&format->down, config_get(node, "down"), default_down);
    const char *client = config_text(node, "client", NULL);
    if (client && !topic_template_parse(&format->client, client, error))
        return error_prefix(error, "client");
    return field_set(&format->items, node, "items", error) && field_set(&format->time, node, "time", error) &&
           field_set(&format->values, node, "values", error) && field_set(&format->metric, node, "metric", error) &&
           field_set(&format->asset, node, "asset", error) && field_set(&format->gateway, node, "gateway", error) &&
           field_set(&format->state, node, "state", error) &&
           topics_set(format, config_get(node, topic_key), error);
}

struct format *format_new(const struct config_node *node, struct error *error)
{
    struct format *format = format_make(ops_of(node));
    bool good = format_configure(format, node, "topic", error);
    if (good && text_count(config_get(node, "status_topic"))) {
        format->status = format_make(&format_status);
        good = format_configure(format->status, node, "status_topic", error);
        if (good) { /* whose the status is says its topic, not the telemetry's `asset:` */
            field_release(&format->status->asset);
            memset(&format->status->asset, 0, sizeof format->status->asset);
        }
    }
    if (!good)
        format_free(&format);
    return format;
}

struct format *format_new_plain(const char *name)
{
    struct format *format = format_make(ops_find(name));
    words_set(&format->up, NULL, default_up);
    words_set(&format->down, NULL, default_down);
    topics_set(format, NULL, NULL);
    return format;
}

void format_free(struct format **formatp)
{
    struct format *format = *formatp;
    if (!format)
        return;
    *formatp = NULL;
    format_free(&format->status);
    for (unsigned i = 0; i < format->topic_count; i++)
        topic_template_release(&format->topics[i]);
    free(format->topics);
    topic_template_release(&format->client);
    struct field *fields[] = {&format->items, &format->time, &format->values, &format->metric,
                              &format->asset, &format->gateway, &format->state};
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        field_release(fields[i]);
    words_release(&format->up);
    words_release(&format->down);
    scan_release(&format->scan);
    buffer_release(&format->converted);
    buffer_release(&format->asset_text);
    buffer_release(&format->gateway_text);
    buffer_release(&format->metric_text);
    free(format);
}

unsigned format_topic_count(const struct format *format)
{
    return format->topic_count + (format->status ? format->status->topic_count : 0);
}

const char *format_topic(const struct format *format, unsigned index)
{
    return index < format->topic_count ? format->topics[index].filter
                                       : format->status->topics[index - format->topic_count].filter;
}

/* The first template that covers the topic. */
static enum topic_match match_any(const struct format *format, const char *topic, size_t length, struct topic_captures *captures)
{
    enum topic_match best = TOPIC_FOREIGN;
    for (unsigned i = 0; i < format->topic_count; i++) {
        enum topic_match match = topic_match(&format->topics[i], topic, length, captures);
        if (match == TOPIC_FITS)
            return match;
        if (match < best)
            best = match;
    }
    return best;
}

bool format_captures(const struct format *format, const char *topic, size_t length, struct topic_captures *captures)
{
    return match_any(format, topic, length, captures) == TOPIC_FITS;
}

void format_decode(struct format *format, const struct format_input *input, const struct decode_sink *sink)
{
    struct decoding decoding = {.format = format, .input = input, .sink = sink};
    if (input->topic) {
        enum topic_match match = match_any(format, input->topic, input->topic_length, &decoding.captures);
        if (match != TOPIC_FITS && format->status) {
            struct topic_captures captures;
            if (match_any(format->status, input->topic, input->topic_length, &captures) == TOPIC_FITS) {
                decoding.format = format->status;
                decoding.captures = captures;
                match = TOPIC_FITS;
            }
        }
        if (match == TOPIC_FOREIGN)
            decode_bad(&decoding, input->topic, input->topic_length, "topic fits no template");
        if (match != TOPIC_FITS)
            return;
    } else if (input->asset) {
        decoding.captures.text[TOPIC_ASSET] = input->asset;
        decoding.captures.length[TOPIC_ASSET] = input->asset_length;
    }
    decoding.format->ops->decode(&decoding);
}

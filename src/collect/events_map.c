#include "collect/events_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define TEXT_LONGEST 2000

/* ---- what may stand for a part ---- */

static bool pointer_good(const char *pointer, size_t length)
{
    if (length && pointer[0] == '^')
        pointer++, length--;
    if (length && pointer[0] != '/')
        return false;
    for (size_t i = 0; i < length; i++)
        if (pointer[i] == '~' && (i + 1 == length || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
            return false;
    return true;
}

static bool is_pointer(const char *text)
{
    return text[0] == '/' || (text[0] == '^' && text[1] == '/');
}

static bool check_part(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    if (is_pointer(text))
        return pointer_good(text, strlen(text)) ||
               error_set(error, ERROR_INVALID, "not a JSON pointer (`~` is written ~0, `/` in a name ~1): `%s`", text);
    for (const char *at = text; (at = strchr(at, '{')); at++) {
        const char *end = strchr(at, '}');
        if (!end || !(at[1] == '/' || (at[1] == '^' && at[2] == '/')) || !pointer_good(at + 1, (size_t)(end - at - 1)))
            return error_set(error, ERROR_INVALID, "column %zu: expected a JSON pointer in braces, as in {/host/name}",
                             (size_t)(at - text) + 1);
    }
    return true;
}

static bool check_items(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return !*text || (text[0] == '/' && pointer_good(text, strlen(text))) ||
           error_set(error, ERROR_INVALID, "expected a JSON pointer to a list, such as /alerts; got `%s`", text);
}

static bool check_pointers(const struct config_node *node, const char *text, struct error *error)
{
    (void)node;
    return (is_pointer(text) && pointer_good(text, strlen(text))) ||
           error_set(error, ERROR_INVALID, "expected a JSON pointer, such as /labels; got `%s`", text);
}

static const char *const severities[] = {"critical", "major", "minor", "warning", "info", NULL};

#define PART(key, text) {.name = key, .type = CONFIG_TEXT_LIST, .check = check_part, .help = text}
const struct config_key events_keys[] = {
    {.name = "items", .type = CONFIG_TEXT, .check = check_items,
     .help = "JSON pointer to the list of events; absent: the body, or its `events` or `alerts`"},
    PART("asset", "what names the asset, by id, name or address (default /asset); pointers (/host/name), texts with pointers "
                  "({/a} {/b}), ^/x from the whole body; the first of a list that is there"),
    PART("place", "where it is, for people, when the ledger does not know it (default: what names the asset)"),
    PART("title", "name of the alert (default [/name, /title])"),
    PART("rule", "what raised it there, the same for all of its kind (default: the name)"),
    PART("severity", "its severity (default /severity)"),
    {.name = "severities", .type = CONFIG_ANY,
     .help = "words of the severity, as in {High: major, \"5\": critical}; the usual ones are known"},
    {.name = "default_severity", .type = CONFIG_CHOICE, .choices = severities, .help = "for other words (default warning)"},
    PART("state", "what says whether it is raised or over (default /state, /status)"),
    {.name = "raise", .type = CONFIG_TEXT_LIST, .help = "words of the state that raise (default: all that are neither clear nor ignore)"},
    {.name = "clear", .type = CONFIG_TEXT_LIST, .help = "words that clear, `*` any run (default ok, normal, resolved, "
             "clear*, closed, inactive, recover*, up)"},
    {.name = "ignore", .type = CONFIG_TEXT_LIST, .help = "words to pass over"},
    PART("summary", "one line about it (default [/summary, /message, /description])"),
    PART("value", "the value that raised it (default /value)"),
    PART("time", "when: RFC 3339, seconds or milliseconds since 1970 (default /time); an event older than the last of its key is "
                 "late, and counted as a duplicate"),
    PART("key", "what stays the same from raise to clear (default /key, else asset and rule)"),
    PART("runbook", "runbook or address of one (default /runbook)"),
    PART("alert_type", "type of the alert (default [/type, application])"),
    {.name = "labels", .type = CONFIG_TEXT_LIST, .check = check_pointers,
     .help = "pointers to its labels: an object, or a list of {name, value} (also tag, key) or of texts \"name=value\" "
             "(default [/labels, /tags])"},
    {.name = "annotations", .type = CONFIG_TEXT_LIST, .check = check_pointers,
     .help = "the same of what only explains it, links among it (default /annotations)"},
    {.name = "expire", .type = CONFIG_SPAN, .minimum = 1000, .maximum = 31.0 * SPAN_DAY,
     .help = "clear what was not sent again for so long (default never)"},
    {.name = NULL},
};

static const struct { const char *key; const char *usual[4]; } parts[EVENT_PARTS] = {
    [EVENT_ASSET] = {"asset", {"/asset"}},
    [EVENT_PLACE] = {"place", {"/place"}},
    [EVENT_NAME] = {"title", {"/name", "/title"}},
    [EVENT_RULE] = {"rule", {"/rule"}},
    [EVENT_SEVERITY] = {"severity", {"/severity"}},
    [EVENT_STATE] = {"state", {"/state", "/status"}},
    [EVENT_SUMMARY] = {"summary", {"/summary", "/message", "/description"}},
    [EVENT_VALUE] = {"value", {"/value"}},
    [EVENT_TIME] = {"time", {"/time"}},
    [EVENT_KEY] = {"key", {"/key"}},
    [EVENT_RUNBOOK] = {"runbook", {"/runbook"}},
    [EVENT_TYPE] = {"alert_type", {"/type", "application"}},
};
static const char *const usual_labels[] = {"/labels", "/tags"};
static const char *const usual_annotations[] = {"/annotations"};
static const char *const usual_clear[] = {"ok", "normal", "resolved", "clear*", "closed", "inactive", "recover*", "up"};

/* ---- reading the mapping ---- */

static void texts_add(struct event_texts *texts, const char *text)
{
    texts->text = memory_resize(texts->text, texts->count + 1, sizeof *texts->text);
    texts->text[texts->count++] = memory_text(text);
}

static void texts_read(struct event_texts *texts, const struct config_node *node, const char *const *usual, size_t usual_count)
{
    if (!node)
        for (size_t i = 0; i < usual_count && usual[i]; i++)
            texts_add(texts, usual[i]);
    else if (config_scalar(node))
        texts_add(texts, config_scalar(node));
    for (size_t i = 0; node && config_is_list(node) && i < config_count(node); i++)
        if (config_scalar(config_at(node, i)))
            texts_add(texts, config_scalar(config_at(node, i)));
}

static void texts_release(struct event_texts *texts)
{
    for (unsigned i = 0; i < texts->count; i++)
        free(texts->text[i]);
    free(texts->text);
    *texts = (struct event_texts){0};
}

void events_map_read(struct events_map *map, const struct config_node *node, struct config_problems *problems)
{
    enum severity otherwise = SEVERITY_WARNING;
    *map = (struct events_map){.items = memory_text(config_text(node, "items", NULL)), .has_state = config_get(node, "state") != NULL,
                               .expire = config_span(node, "expire", 0)};
    for (int part = 0; part < EVENT_PARTS; part++)
        texts_read(&map->part[part], config_get(node, parts[part].key), parts[part].usual, ARRAY_COUNT(parts[part].usual));
    texts_read(&map->labels, config_get(node, "labels"), usual_labels, ARRAY_COUNT(usual_labels));
    texts_read(&map->annotations, config_get(node, "annotations"), usual_annotations, ARRAY_COUNT(usual_annotations));
    texts_read(&map->raise, config_get(node, "raise"), NULL, 0);
    texts_read(&map->clear, config_get(node, "clear"), usual_clear, ARRAY_COUNT(usual_clear));
    texts_read(&map->ignore, config_get(node, "ignore"), NULL, 0);
    severity_parse(config_text(node, "default_severity", "warning"), &otherwise);
    severity_words_read(&map->severities, config_get(node, "severities"), otherwise, problems);
}

void events_map_release(struct events_map *map)
{
    for (int part = 0; part < EVENT_PARTS; part++)
        texts_release(&map->part[part]);
    texts_release(&map->labels);
    texts_release(&map->annotations);
    texts_release(&map->raise);
    texts_release(&map->clear);
    texts_release(&map->ignore);
    severity_words_release(&map->severities);
    free(map->items);
    *map = (struct events_map){0};
}

/* ---- reading an item ---- */

static struct json_object *found_at(struct json_object *item, struct json_object *whole, const char *pointer)
{
    return pointer[0] == '^' ? json_at(whole, pointer + 1) : json_at(item, pointer);
}

/* Whole numbers as they are ("1700000000000"), others short; nothing for null and structures. */
static void append_value(struct buffer *out, struct json_object *value)
{
    if (!value || json_object_is_type(value, json_type_null) || json_object_is_type(value, json_type_object) ||
        json_object_is_type(value, json_type_array))
        return;
    const char *text = json_object_get_string(value);
    size_t length = strlen(text);
    buffer_append(out, text, length < TEXT_LONGEST ? length : TEXT_LONGEST);
}

static void append_template(struct buffer *out, const char *text, struct json_object *item, struct json_object *whole)
{
    bool any = false;
    size_t before = out->length;
    while (*text) {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        if (!end) {
            buffer_append_char(out, *text++);
            continue;
        }
        char *pointer = memory_text_n(text + 1, (size_t)(end - text - 1));
        size_t length = out->length;
        append_value(out, found_at(item, whole, pointer));
        any = any || out->length > length;
        free(pointer);
        text = end + 1;
    }
    if (!any) { /* nothing of it was there */
        out->length = before;
        if (out->data)
            out->data[before] = '\0';
    }
}

static void part_read(struct buffer *out, const struct event_texts *texts, struct json_object *item, struct json_object *whole)
{
    buffer_clear(out);
    for (unsigned i = 0; i < texts->count && !out->length; i++) {
        const char *text = texts->text[i];
        if (is_pointer(text))
            append_value(out, found_at(item, whole, text));
        else if (strchr(text, '{'))
            append_template(out, text, item, whole);
        else
            buffer_append_text(out, text);
    }
}

static bool among(const struct event_texts *words, const char *word)
{
    for (unsigned i = 0; i < words->count; i++)
        if (text_glob(words->text[i], word))
            return true;
    return false;
}

static enum event_verdict read_state(struct event_alarm *event, const struct events_map *map, struct error *error)
{
    const char *state = buffer_text(&event->part[EVENT_STATE]);
    event->alarm.active = true;
    if (!*state && map->has_state) {
        error_set(error, ERROR_INVALID, "no state at %s", map->part[EVENT_STATE].count ? map->part[EVENT_STATE].text[0] : "it");
        return EVENT_WRONG;
    }
    if (*state && among(&map->ignore, state))
        return EVENT_IGNORED;
    if (*state && map->raise.count && among(&map->raise, state))
        return EVENT_USED;
    if (*state && among(&map->clear, state)) {
        event->alarm.active = false;
        return EVENT_USED;
    }
    if (!*state || !map->raise.count)
        return EVENT_USED;
    error_set(error, ERROR_INVALID, "state `%.60s` is in none of raise, clear and ignore", state);
    return EVENT_WRONG;
}

#define SECONDS_END 1e11 /* as seconds: the year 5138; as milliseconds: 1973 */

static bool read_time(const char *text, msec now, msec *time)
{
    double number;
    *time = CLOCK_NEVER;
    if (!*text)
        return true;
    if (text_number(text, &number)) {
        double milliseconds = number < SECONDS_END ? number * 1000 : number;
        bool sane = milliseconds >= 0 && milliseconds < 4e12;
        *time = sane ? (msec)milliseconds : CLOCK_NEVER;
        return sane;
    }
    return instant_parse(text, now, time, NULL);
}

/* The words where an id is looked for: each candidate alone, for one may be there and not be known. */
static void find_asset(struct event_alarm *event, const struct events_map *map, const struct alarm_sink *sink,
                       struct json_object *item, struct json_object *whole)
{
    const struct event_texts *texts = &map->part[EVENT_ASSET];
    struct buffer word = BUFFER_INIT;
    event->alarm.asset = SINK_NONE;
    for (unsigned i = 0; sink->ops && i < texts->count && event->alarm.asset == SINK_NONE; i++) {
        struct event_texts one = {&texts->text[i], 1};
        part_read(&word, &one, item, whole);
        event->alarm.asset = word.length ? sink->ops->find(sink->owner, buffer_text(&word)) : SINK_NONE;
    }
    buffer_release(&word);
}

/* ---- labels ---- */

static void add_value(struct event_alarm *event, bool annotation, const char *name, struct json_object *value)
{
    struct buffer text = BUFFER_INIT;
    append_value(&text, value);
    labels_draft_add(&event->draft, annotation, name, buffer_text(&text));
    buffer_release(&text);
}

/* {"name": "scope", "value": "x"} in its usual spellings, or "scope=x". */
static void add_element(struct event_alarm *event, bool annotation, struct json_object *element)
{
    static const char *const names[] = {"name", "tag", "key", "label"};
    if (json_object_is_type(element, json_type_string)) {
        const char *text = json_object_get_string(element);
        size_t length = strcspn(text, "=:");
        char *name = memory_text_n(text, length);
        labels_draft_add(&event->draft, annotation, name, text[length] ? text + length + 1 : "yes");
        free(name);
        return;
    }
    for (size_t i = 0; json_object_is_type(element, json_type_object) && i < ARRAY_COUNT(names); i++) {
        const char *name = json_get_text(element, names[i], "");
        if (!*name)
            continue;
        add_value(event, annotation, name, json_get(element, "value"));
        return;
    }
}

static void read_labels(struct event_alarm *event, const struct event_texts *pointers, bool annotation, struct json_object *item,
                        struct json_object *whole)
{
    for (unsigned i = 0; i < pointers->count; i++) {
        struct json_object *found = found_at(item, whole, pointers->text[i]);
        if (found && json_object_is_type(found, json_type_object)) {
            json_object_object_foreach(found, name, value)
                add_value(event, annotation, name, value);
        }
        size_t count = found && json_object_is_type(found, json_type_array) ? json_object_array_length(found) : 0;
        for (size_t at = 0; at < count; at++)
            add_element(event, annotation, json_object_array_get_idx(found, at));
    }
}

static const char *text_or(struct event_alarm *event, enum event_part part, const char *otherwise)
{
    return event->part[part].length ? buffer_text(&event->part[part]) : otherwise;
}

enum event_verdict event_alarm_read(struct event_alarm *event, const struct events_map *map, const struct alarm_sink *sink,
                                    struct json_object *item, struct json_object *whole, struct error *error)
{
    struct alarm *alarm = &event->alarm;
    *alarm = (struct alarm){.time = CLOCK_NEVER};
    if (!item || !json_object_is_type(item, json_type_object)) {
        error_set(error, ERROR_INVALID, "expected an object for each event");
        return EVENT_WRONG;
    }
    for (int part = 0; part < EVENT_PARTS; part++)
        part_read(&event->part[part], &map->part[part], item, whole);
    enum event_verdict verdict = read_state(event, map, error);
    if (verdict != EVENT_USED)
        return verdict;
    alarm->name = text_or(event, EVENT_NAME, NULL);
    alarm->rule = text_or(event, EVENT_RULE, alarm->name);
    buffer_clear(&event->key);
    if (event->part[EVENT_KEY].length)
        buffer_append(&event->key, event->part[EVENT_KEY].data, event->part[EVENT_KEY].length);
    else if (alarm->rule)
        buffer_printf(&event->key, "%s/%s", buffer_text(&event->part[EVENT_ASSET]), alarm->rule);
    alarm->key = buffer_text(&event->key);
    if (!*alarm->key || (alarm->active && !alarm->rule)) {
        error_set(error, ERROR_INVALID, *alarm->key ? N_("no name in it") : N_("neither key nor name in it"));
        return EVENT_WRONG;
    }
    if (!alarm->rule)
        alarm->rule = "";
    find_asset(event, map, sink, item, whole);
    alarm->place = text_or(event, EVENT_PLACE, buffer_text(&event->part[EVENT_ASSET]));
    alarm->severity = severity_words_find(&map->severities, text_or(event, EVENT_SEVERITY, NULL));
    alarm->summary = buffer_text(&event->part[EVENT_SUMMARY]);
    alarm->runbook = buffer_text(&event->part[EVENT_RUNBOOK]);
    labels_draft_clear(&event->draft);
    buffer_clear(&event->label_text);
    read_labels(event, &map->labels, false, item, whole);
    read_labels(event, &map->annotations, true, item, whole);
    labels_draft_write(&event->draft, &event->label_text);
    alarm->labels = event->label_text.length ? buffer_text(&event->label_text) : NULL;
    alarm->type = buffer_text(&event->part[EVENT_TYPE]);
    alarm->has_value = text_number(buffer_text(&event->part[EVENT_VALUE]), &alarm->value);
    if (read_time(buffer_text(&event->part[EVENT_TIME]), clock_wall(), &alarm->time))
        return EVENT_USED;
    error_set(error, ERROR_INVALID, "`%.40s` is no time", buffer_text(&event->part[EVENT_TIME]));
    return EVENT_WRONG;
}

void event_alarm_release(struct event_alarm *event)
{
    for (int part = 0; part < EVENT_PARTS; part++)
        buffer_release(&event->part[part]);
    buffer_release(&event->key);
    buffer_release(&event->label_text);
    labels_draft_release(&event->draft);
}

bool events_items(const struct events_map *map, struct json_object *whole, struct json_object **list, struct error *error)
{
    static const char *const usual[] = {"", "/events", "/alerts"};
    *list = NULL;
    if (map->items) {
        struct json_object *found = json_at(whole, map->items);
        if (!found || json_object_is_type(found, json_type_array))
            *list = found;
        return *list || (found && !map->items[0]) || error_set(error, ERROR_INVALID, "no list at %s", map->items);
    }
    for (size_t i = 0; i < ARRAY_COUNT(usual) && !*list; i++) {
        struct json_object *found = json_at(whole, usual[i]);
        *list = found && json_object_is_type(found, json_type_array) ? found : NULL;
    }
    return true;
}

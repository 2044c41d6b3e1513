/* An asset as the filter language, sorts and groups see it: fields by name, as text and as numbers, now or then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/fleet_private.h"

static const struct { const char *name; enum subject_field field; bool live; } fields[] = {
    {"place", SUBJECT_PLACE, false},
    {"health", SUBJECT_HEALTH, true},
    {"reason", SUBJECT_REASON, true},
    {"link", SUBJECT_LINK, true},
    {"network", SUBJECT_LINK, true},
    {"comm", SUBJECT_COMM, true},
    {"communication", SUBJECT_COMM, true},
    {"since", SUBJECT_SINCE, true},
    {"link_since", SUBJECT_LINK_SINCE, true},
    {"comm_since", SUBJECT_COMM_SINCE, true},
    {"last_heard", SUBJECT_LAST_HEARD, true},
    {"age", SUBJECT_AGE, true},
    {"children", SUBJECT_CHILDREN, false},
    {"below", SUBJECT_BELOW, false},
    {"discovered", SUBJECT_DISCOVERED, false},
    {"evidence", SUBJECT_EVIDENCE, true},
};

bool subject_field_is_live(enum subject_field field)
{
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (fields[i].field == field)
            return fields[i].live;
    return field == SUBJECT_METRIC;
}

static enum subject_field field_parse(struct fleet *fleet, const char *name, uint32_t *metric)
{
    enum asset_field own;
    *metric = FLEET_NONE;
    if (strncmp(name, "metric.", 7) == 0) {
        *metric = fleet_metric_key(fleet, name + 7);
        return SUBJECT_METRIC;
    }
    if (asset_field_parse(name, &own))
        return (enum subject_field)own;
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].field;
    return SUBJECT_ATTRIBUTE;
}

enum subject_field subject_field_find(struct fleet *fleet, const char *name, uint32_t *metric)
{
    size_t length = strlen(name);
    uint32_t unused;
    if (length >= sizeof fleet->field_memory[0].name)
        return field_parse(fleet, name, metric ? metric : &unused);
    struct field_memory *memory =
        &fleet->field_memory[((unsigned char)name[0] * 5u + (unsigned char)name[length / 2] + length) % 16];
    if (!memory->code || strcmp(memory->name, name) != 0) {
        memory->code = (int)field_parse(fleet, name, &memory->metric) + 1;
        memcpy(memory->name, name, length + 1);
    } else if (memory->code == SUBJECT_METRIC + 1 && memory->metric == FLEET_NONE) {
        memory->metric = fleet_metric_key(fleet, name + 7); /* it may have come since */
    }
    if (metric)
        *metric = memory->metric;
    return (enum subject_field)(memory->code - 1);
}

/* A ledger column of somebody's own, from the row's JSON; NULL where the row has none. */
static const char *attribute_text(struct fleet *fleet, uint32_t asset, const char *name)
{
    const char *attributes = fleet_attributes(fleet, asset);
    if (strncmp(name, "attribute.", 10) == 0)
        name += 10;
    if (!attributes[0] || !strstr(attributes, name))
        return NULL;
    struct json_object *object = json_parse(attributes, strlen(attributes), 4, NULL);
    const char *text = object ? json_get_text(object, name, NULL) : NULL;
    if (text) {
        buffer_clear(&fleet->text_scratch);
        buffer_append_text(&fleet->text_scratch, text);
        text = buffer_text(&fleet->text_scratch);
    }
    json_object_put(object);
    return text;
}

struct store_state subject_state(const struct fleet_subject *subject)
{
    struct store_state state;
    if (subject->past) {
        fleet_past_get(subject->past, subject->asset, &state);
        return state;
    }
    const struct fleet_live *live = live_at(subject->fleet, subject->asset);
    return (struct store_state){.asset = subject->asset, .from = live->since, .health = live->health,
                                .reason = live->reason, .link = live->link, .comm = live->comm};
}

const char *subject_text(const struct fleet_subject *subject, enum subject_field field, const char *name)
{
    struct fleet *fleet = (struct fleet *)subject->fleet; /* scratch only */
    uint32_t asset = subject->asset;
    if ((int)field < ASSET_FIELD_COUNT) {
        const char *text = fleet_text(fleet, asset, (enum asset_field)field);
        return text[0] ? text : NULL;
    }
    const char *place;
    switch (field) {
    case SUBJECT_PLACE:
        place = fleet_place(fleet, asset);
        return place[0] ? place : NULL;
    case SUBJECT_HEALTH:
        return health_name(subject_state(subject).health);
    case SUBJECT_REASON:
        return health_reason_name(subject_state(subject).reason);
    case SUBJECT_LINK:
        return link_state_name(subject_state(subject).link);
    case SUBJECT_COMM:
        return comm_state_name(subject_state(subject).comm);
    case SUBJECT_DISCOVERED:
        return live_at(fleet, asset)->flags & LIVE_DISCOVERED ? "yes" : "no";
    case SUBJECT_EVIDENCE: {
        const struct fleet_evidence *evidence = live_at(fleet, asset)->evidence;
        return !subject->past && evidence && evidence->text[0] ? evidence->text : NULL;
    }
    case SUBJECT_ATTRIBUTE:
        return attribute_text(fleet, asset, name);
    default:
        return NULL;
    }
}

static bool instant_number(msec instant, double *number)
{
    *number = (double)instant;
    return instant != CLOCK_NEVER;
}

bool subject_number(const struct fleet_subject *subject, enum subject_field field, uint32_t metric, double *number)
{
    const struct fleet *fleet = subject->fleet;
    const struct fleet_live *live = live_at(fleet, subject->asset);
    bool now = !subject->past;
    switch ((int)field) {
    case ASSET_period:
        *number = live->period;
        return true;
    case SUBJECT_HEALTH:
        *number = health_rank(subject_state(subject).health);
        return true;
    case SUBJECT_SINCE:
        return instant_number(subject_state(subject).from, number);
    case SUBJECT_LINK_SINCE:
        return now && instant_number(live->link_since, number);
    case SUBJECT_COMM_SINCE:
        return now && instant_number(live->comm_since, number);
    case SUBJECT_LAST_HEARD:
        return now && instant_number(live->last_heard, number);
    case SUBJECT_AGE:
        *number = (double)clock_wall() - (double)live->last_heard; /* never is INT64_MIN */
        return now && live->last_heard != CLOCK_NEVER;
    case SUBJECT_CHILDREN:
        *number = live->family == FLEET_NONE ? 0 : fleet->families[live->family].children;
        return true;
    case SUBJECT_BELOW:
        *number = live->family == FLEET_NONE ? 0 : fleet->families[live->family].below;
        return true;
    case SUBJECT_METRIC:
        for (unsigned i = 0; now && i < live->value_count; i++)
            if (fleet->values[live->values + i].metric == metric) {
                *number = fleet->values[live->values + i].value;
                return true;
            }
        return false;
    default:
        return false;
    }
}

/* ---- the filter's view ---- */

static const char *filter_text(const void *subject, const char *field)
{
    const struct fleet_subject *own = subject;
    uint32_t metric;
    enum subject_field code = subject_field_find((struct fleet *)own->fleet, field, &metric);
    double number;
    if (code == SUBJECT_METRIC) { /* has:metric.temperature, metric.mode:1 */
        static const unsigned room = 32;
        if (!subject_number(own, code, metric, &number))
            return NULL;
        struct buffer *scratch = &((struct fleet *)own->fleet)->text_scratch;
        buffer_clear(scratch);
        buffer_reserve(scratch, room);
        text_format_number(scratch->data, room, number);
        return scratch->data;
    }
    return subject_text(own, code, field);
}

static bool filter_number(const void *subject, const char *field, double *number)
{
    const struct fleet_subject *own = subject;
    uint32_t metric;
    enum subject_field code = subject_field_find((struct fleet *)own->fleet, field, &metric);
    if (subject_number(own, code, metric, number))
        return true;
    const char *text = code == SUBJECT_ATTRIBUTE || (int)code < ASSET_FIELD_COUNT ? subject_text(own, code, field) : NULL;
    return text && text_number(text, number);
}

static bool filter_has_value(const void *subject, const char *field, const char *pattern)
{
    const struct fleet_subject *own = subject;
    if (strcmp(field, "tag") != 0 && strcmp(field, "tags") != 0)
        return false;
    const char *tags = fleet_text(own->fleet, own->asset, ASSET_tags);
    while (*tags) {
        size_t length = strcspn(tags, ";,|");
        char tag[256];
        while (length && *tags == ' ')
            tags++, length--;
        size_t used = length;
        while (used && tags[used - 1] == ' ')
            used--;
        if (used && used < sizeof tag) {
            memcpy(tag, tags, used);
            tag[used] = '\0';
            if (text_glob(pattern, tag))
                return true;
        }
        tags += length;
        tags += *tags != '\0';
    }
    return false;
}

static bool filter_under(const void *subject, const char *id)
{
    const struct fleet_subject *own = subject;
    uint32_t top = fleet_find(own->fleet, id);
    if (top == FLEET_NONE)
        return false;
    for (uint32_t above = live_at(own->fleet, own->asset)->parent; above != FLEET_NONE;
         above = live_at(own->fleet, above)->parent)
        if (above == top)
            return true;
    return false;
}

static const char *filter_words(const void *subject)
{
    const struct fleet_subject *own = subject;
    struct fleet *fleet = (struct fleet *)own->fleet;
    fleet_words_ready(fleet);
    const char *start = fleet->words + fleet->word_start[own->asset];
    size_t length = (own->asset + 1 < fleet->count ? fleet->word_start[own->asset + 1] : fleet->words_length) -
                    fleet->word_start[own->asset] - 1;
    buffer_clear(&fleet->scratch);
    buffer_append(&fleet->scratch, start, length);
    buffer_append_char(&fleet->scratch, ' ');
    buffer_append_text(&fleet->scratch, fleet_place_folded(fleet, fleet->place_of[own->asset]));
    return buffer_text(&fleet->scratch);
}

const struct filter_subject_ops fleet_subject_ops = {
    .text = filter_text,
    .number = filter_number,
    .has_value = filter_has_value,
    .under = filter_under,
    .words = filter_words,
};

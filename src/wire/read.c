#include "wire/members.h"

#include <string.h>

#include "base/phrase.h"

uint32_t read_count(struct flat *object, const char *key)
{
    int64_t number = flat_integer(object, key, 0);
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

uint64_t read_total(struct flat *object, const char *key)
{
    int64_t number = flat_integer(object, key, 0);
    return number < 0 ? 0 : (uint64_t)number;
}

const char *read_text(struct flat *object, const char *key, struct arena *arena)
{
    return arena_text(arena, flat_text(object, key, ""));
}

const char *read_prose(struct flat *object, const char *key, struct arena *arena)
{
    struct buffer said = BUFFER_INIT;
    phrase_say(&said, flat_text(object, key, ""));
    const char *text = arena_text(arena, buffer_text(&said));
    buffer_release(&said);
    return text;
}

const char *read_raw(struct flat *value, struct arena *arena)
{
    size_t length;
    if (!value || flat_type(value) == FLAT_TEXT)
        return arena_text(arena, flat_as_text(value, ""));
    const char *raw = flat_raw(value, &length);
    return memcpy(arena_alloc(arena, length + 1), raw, length);
}

enum health read_health(struct flat *object, const char *key)
{
    enum health health;
    return health_parse(flat_text(object, key, ""), &health) ? health : HEALTH_UNKNOWN;
}

enum health_reason read_reason(struct flat *object, const char *key)
{
    enum health_reason reason;
    return health_reason_parse(flat_text(object, key, ""), &reason) ? reason : REASON_NONE;
}

enum link_state read_link(struct flat *object, const char *key)
{
    const char *name = flat_text(object, key, "");
    for (int state = LINK_UNKNOWN; state <= LINK_DOWN; state++)
        if (strcmp(name, link_state_name((enum link_state)state)) == 0)
            return (enum link_state)state;
    return LINK_UNKNOWN;
}

enum comm_state read_comm(struct flat *object, const char *key)
{
    const char *name = flat_text(object, key, "");
    for (int state = COMM_UNKNOWN; state <= COMM_SILENT; state++)
        if (strcmp(name, comm_state_name((enum comm_state)state)) == 0)
            return (enum comm_state)state;
    return COMM_UNKNOWN;
}

void read_by_health(struct flat *object, const char *key, uint32_t by_health[HEALTH_COUNT])
{
    struct flat *counts = flat_get(object, key);
    for (int health = 0; health < HEALTH_COUNT; health++)
        by_health[health] = counts ? read_count(counts, health_name((enum health)health)) : 0;
}

unsigned read_array(struct flat *object, const char *key, struct flat **array)
{
    struct flat *found = flat_get(object, key);
    *array = found && flat_type(found) == FLAT_ARRAY ? found : NULL;
    return *array ? flat_count(*array) : 0;
}

const char **read_texts(struct flat *object, const char *key, struct arena *arena, unsigned *count)
{
    struct flat *array;
    unsigned length = read_array(object, key, &array);
    const char **texts = arena_alloc(arena, length * sizeof *texts);
    *count = 0;
    for (unsigned i = 0; i < length; i++) {
        struct flat *text = flat_at(array, i);
        if (flat_type(text) == FLAT_TEXT)
            texts[(*count)++] = arena_text(arena, flat_as_text(text, ""));
    }
    return texts;
}

void read_page(struct flat *object, struct wire_page *page)
{
    struct flat *hidden = flat_get(object, "hidden");
    uint32_t filtered = hidden ? read_count(hidden, "filtered") : 0;
    page->total = read_count(object, "total");
    page->population = filtered > UINT32_MAX - page->total ? UINT32_MAX : page->total + filtered;
    page->offset = read_count(object, "offset");
    page->revision = read_total(object, "revision");
    page->as_of = flat_instant(object, "as_of");
    page->past = flat_bool(object, "past", false);
}

struct flat *read_object(const char *bytes, size_t length, struct error *error)
{
    struct flat *object = flat_parse(bytes, length, error);
    if (object && flat_type(object) == FLAT_OBJECT)
        return object;
    if (object)
        error_set(error, ERROR_INVALID, "expected a JSON object");
    flat_free(&object);
    return NULL;
}

struct flat *read_list(const char *bytes, size_t length, struct flat **items, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    *items = object ? flat_get(object, "items") : NULL;
    if (object && *items && flat_type(*items) == FLAT_ARRAY)
        return object;
    if (object)
        error_set(error, ERROR_INVALID, "expected a list under `items`");
    flat_free(&object);
    return NULL;
}

void read_moment(struct flat *object, const char *revision, struct wire_page *page)
{
    *page = (struct wire_page){.total = 1, .population = 1, .revision = read_total(object, revision),
                               .as_of = flat_instant(object, "as_of"), .past = flat_bool(object, "past", false)};
}

void write_moment(struct json_writer *writer, const char *revision, const struct wire_page *page)
{
    json_write_integer(writer, revision, (int64_t)page->revision);
    json_write_instant(writer, "as_of", page->as_of);
    json_write_bool(writer, "past", page->past);
}

bool wire_wanted(const char *fields, const char *name)
{
    if (!fields)
        return true;
    size_t length = strlen(name);
    for (const char *at = fields; *at;) {
        size_t word = strcspn(at, ",");
        if (word == length && memcmp(at, name, length) == 0)
            return true;
        at += word;
        at += *at == ',';
    }
    return false;
}

#include "wire/read.h"

#include "base/phrase.h"

uint32_t read_count(struct json_object *object, const char *key)
{
    int64_t number = json_get_integer(object, key, 0);
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

uint64_t read_total(struct json_object *object, const char *key)
{
    int64_t number = json_get_integer(object, key, 0);
    return number < 0 ? 0 : (uint64_t)number;
}

const char *read_text(struct json_object *object, const char *key, struct arena *arena)
{
    return arena_text(arena, json_get_text(object, key, ""));
}

const char *read_prose(struct json_object *object, const char *key, struct arena *arena)
{
    struct buffer said = BUFFER_INIT;
    phrase_say(&said, json_get_text(object, key, ""));
    const char *text = arena_text(arena, buffer_text(&said));
    buffer_release(&said);
    return text;
}

unsigned read_array(struct json_object *object, const char *key, struct json_object **array)
{
    struct json_object *found = json_get(object, key);
    *array = found && json_object_is_type(found, json_type_array) ? found : NULL;
    return *array ? (unsigned)json_object_array_length(*array) : 0;
}

const char **read_texts(struct json_object *object, const char *key, struct arena *arena, unsigned *count)
{
    struct json_object *array;
    unsigned length = read_array(object, key, &array);
    const char **texts = arena_alloc(arena, length * sizeof *texts);
    *count = 0;
    for (unsigned i = 0; i < length; i++) {
        struct json_object *text = json_object_array_get_idx(array, i);
        if (json_object_is_type(text, json_type_string))
            texts[(*count)++] = arena_text(arena, json_object_get_string(text));
    }
    return texts;
}

void read_page(struct json_object *object, struct wire_page *page)
{
    struct json_object *hidden = json_get(object, "hidden");
    uint32_t filtered = hidden ? read_count(hidden, "filtered") : 0;
    page->total = read_count(object, "total");
    page->population = filtered > UINT32_MAX - page->total ? UINT32_MAX : page->total + filtered;
    page->offset = read_count(object, "offset");
    page->revision = read_total(object, "revision");
    page->as_of = json_get_instant(object, "as_of");
    page->past = json_get_bool(object, "past", false);
}

struct json_object *read_object(const char *bytes, size_t length, struct error *error)
{
    struct json_object *object = json_parse(bytes, length, 0, error);
    if (object && json_object_is_type(object, json_type_object))
        return object;
    if (object)
        error_set(error, ERROR_INVALID, "expected a JSON object");
    json_object_put(object);
    return NULL;
}

struct json_object *read_list(const char *bytes, size_t length, struct json_object **items, struct error *error)
{
    struct json_object *object = read_object(bytes, length, error);
    *items = object ? json_get(object, "items") : NULL;
    if (object && *items && json_object_is_type(*items, json_type_array))
        return object;
    if (object)
        error_set(error, ERROR_INVALID, "expected a list under `items`");
    json_object_put(object);
    return NULL;
}

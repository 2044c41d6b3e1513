#include "wire/read.h"

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

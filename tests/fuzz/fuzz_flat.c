/* The flat reader beside json-c's tree: what one takes both take, with the same values; and nothing reads past the text. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/flat.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct flat *flat, struct json_object *tree);

static void same_members(struct flat *flat, struct json_object *tree)
{
    if (flat_count(flat) < (unsigned)json_object_object_length(tree))
        abort();
    if (flat_count(flat) > (unsigned)json_object_object_length(tree))
        return; /* a name stands twice: which of them counts is nobody's business */
    json_object_object_foreach(tree, name, member)
        same(flat_get(flat, name), member);
    json_object_object_foreach(tree, again, value)
        if ((flat_get(flat, again) != NULL) != (value != NULL)) /* in any order */
            abort();
    if (flat_get(flat, "no such name, surely"))
        abort();
}

static void same_number(struct flat *flat, struct json_object *tree)
{
    double number = json_object_get_double(tree);
    if (json_object_is_type(tree, json_type_int) && fabs(number) > 9e18)
        return; /* json-c stops at its largest whole number */
    if (isfinite(number) ? flat_as_number(flat, -1) != number : flat_as_number(flat, -1) != -1)
        abort();
    if (json_object_is_type(tree, json_type_int) && flat_as_integer(flat, -1) != json_object_get_int64(tree))
        abort();
}

static void same(struct flat *flat, struct json_object *tree)
{
    static const enum flat_type types[] = {
        [json_type_null] = FLAT_NULL, [json_type_boolean] = FLAT_BOOL, [json_type_double] = FLAT_NUMBER, [json_type_int] = FLAT_NUMBER,
        [json_type_object] = FLAT_OBJECT, [json_type_array] = FLAT_ARRAY, [json_type_string] = FLAT_TEXT};
    enum json_type type = json_object_get_type(tree);
    if (flat_type(flat) != types[type])
        abort();
    if (type == json_type_string && strcmp(flat_as_text(flat, NULL), json_object_get_string(tree)) != 0)
        abort();
    if (type == json_type_double || type == json_type_int)
        same_number(flat, tree);
    if (type == json_type_object)
        same_members(flat, tree);
    if (type == json_type_array) {
        unsigned count = (unsigned)json_object_array_length(tree);
        if (flat_count(flat) != count || flat_at(flat, count))
            abort();
        for (unsigned i = 0; i < count; i++)
            same(flat_at(flat, i), json_object_array_get_idx(tree, i));
        for (unsigned i = count; i-- > 0;)
            if (flat_type(flat_at(flat, i)) != types[json_object_get_type(json_object_array_get_idx(tree, i))])
                abort();
    }
    size_t length;
    if (type == json_type_object || type == json_type_array) {
        const char *raw = flat_raw(flat, &length);
        struct json_object *back = json_parse(raw, length, 0, NULL);
        if (!back || !json_object_equal(back, tree))
            abort();
        json_object_put(back);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    char *text = malloc(size ? size : 1); /* memory of its own, so that reading past it shows */
    if (size)
        memcpy(text, data, size);
    struct flat *flat = flat_parse(text, size, &error);
    if (!flat && (error.code != ERROR_INVALID || !error.text[0]))
        abort();
    if (flat) {
        struct json_object *tree = json_parse(text, size, 0, &error);
        if (!tree)
            abort(); /* it takes nothing that json-c refuses */
        same(flat, tree);
        json_object_put(tree);
    }
    flat_free(&flat);
    free(text);
    return 0;
}

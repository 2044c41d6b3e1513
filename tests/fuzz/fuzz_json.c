/* A JSON text from a device: refused with a reason, or read without NaN, and written back to something that reads. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct json_writer *writer, const char *key, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_object: {
        json_write_object(writer, key);
        json_object_object_foreach(value, name, member)
            write_value(writer, name, member);
        json_write_object_end(writer);
        break;
    }
    case json_type_array:
        json_write_array(writer, key);
        for (size_t i = 0; i < json_object_array_length(value); i++)
            write_value(writer, NULL, json_object_array_get_idx(value, i));
        json_write_array_end(writer);
        break;
    case json_type_string:
        json_write_text_n(writer, key, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_double:
        if (isnan(json_object_get_double(value)))
            abort();
        json_write_number(writer, key, json_object_get_double(value));
        break;
    case json_type_int:
        json_write_integer(writer, key, json_object_get_int64(value));
        break;
    case json_type_boolean:
        json_write_bool(writer, key, json_object_get_boolean(value));
        break;
    case json_type_null:
        json_write_null(writer, key);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    /* The first byte chooses the depth; the rest is the text, in memory of its own so that reading past it shows. */
    int depth = size ? data[0] % 40 : 0;
    size_t length = size ? size - 1 : 0;
    char *text = malloc(length ? length : 1);
    if (length)
        memcpy(text, data + 1, length);
    struct json_object *object = json_parse(text, length, depth, &error);
    if (!object) {
        if (error.code != ERROR_INVALID || !error.text[0] || !text_is_utf8(error.text, strlen(error.text)))
            abort();
    } else {
        struct buffer out = BUFFER_INIT;
        struct json_writer writer;
        json_start(&writer, &out);
        write_value(&writer, NULL, object);
        struct json_object *back = json_parse(out.data, out.length, 64, &error);
        /* 1e400 by itself is written as null, which json_parse does not give. */
        if ((!back && strcmp(out.data, "null")) || !text_is_utf8(out.data, out.length))
            abort();
        json_object_put(back);
        buffer_release(&out);
        json_get_number(object, "a", 0);
        json_get_integer(object, "a", 0);
        json_get_instant(object, "t");
        char *pointer = malloc(length + 1);
        memcpy(pointer, text, length);
        pointer[length] = '\0';
        json_at(object, pointer);
        json_at(object, "/a/0/b");
        free(pointer);
        json_object_put(object);
    }
    free(text);
    return 0;
}

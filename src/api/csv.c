#include "api/csv.h"

#include <string.h>

#include "base/csv.h"
#include "base/json.h"
#include "model/labels.h"

static void member_text(struct buffer *out, struct json_object *member)
{
    if (!member)
        return;
    if (json_object_is_type(member, json_type_object)) {
        size_t before = out->length;
        json_object_object_foreach(member, name, value) {
            if (out->length > before)
                buffer_append_char(out, ',');
            label_write(out, name, value ? json_object_get_string(value) : "");
        }
        return;
    }
    if (!json_object_is_type(member, json_type_array)) {
        buffer_append_text(out, json_object_get_string(member));
        return;
    }
    for (size_t i = 0; i < json_object_array_length(member); i++)
        buffer_printf(out, "%s%s", i ? " " : "", json_object_get_string(json_object_array_get_idx(member, i)));
}

void csv_line(struct buffer *out, const struct buffer *row, const char *fields)
{
    struct json_object *object = json_parse(buffer_text(row), row->length, 0, NULL);
    struct buffer name = BUFFER_INIT, cell = BUFFER_INIT;
    for (const char *at = fields; object && *at;) {
        size_t length = strcspn(at, ",");
        buffer_clear(&name);
        buffer_clear(&cell);
        buffer_append(&name, at, length);
        member_text(&cell, json_get(object, buffer_text(&name)));
        csv_cell(out, buffer_text(&cell));
        at += length;
        if (*at) {
            buffer_append_char(out, ',');
            at++;
        }
    }
    buffer_append_text(out, "\r\n");
    buffer_release(&name);
    buffer_release(&cell);
    json_object_put(object);
}

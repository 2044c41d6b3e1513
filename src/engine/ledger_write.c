/* The ledger as CSV: what ledger.c reads, in the same order, so that an export can be edited and imported again. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/fleet_private.h"
#include "engine/ledger.h"

/* Quoted where it must be. */
static void write_field(struct buffer *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")] && text[0] != ' ' && (!text[0] || text[strlen(text) - 1] != ' ')) {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buffer_append_char(out, '"');
        buffer_append_char(out, *text);
    }
    buffer_append_char(out, '"');
}

struct columns {
    char **names;
    size_t count, capacity;
};

static bool column_known(const struct columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->names[i], name) == 0)
            return true;
    return false;
}

static struct json_object *attributes_of(const struct fleet *fleet, uint32_t asset)
{
    const char *text = fleet_attributes(fleet, asset);
    return text[0] ? json_parse(text, strlen(text), 4, NULL) : NULL;
}

/* Somebody's own columns, in the order in which they come first. */
static void columns_collect(const struct fleet *fleet, const struct fleet_result *result, struct columns *columns)
{
    for (uint32_t i = 0; i < result->total; i++) {
        struct json_object *object = attributes_of(fleet, result->assets[i]);
        if (!object)
            continue;
        json_object_object_foreach(object, key, value) {
            (void)value;
            if (column_known(columns, key))
                continue;
            ARRAY_RESERVE(columns->names, columns->capacity, columns->count + 1);
            columns->names[columns->count++] = memory_text(key);
        }
        json_object_put(object);
    }
}

static void write_row(const struct fleet *fleet, uint32_t asset, const struct columns *columns, struct buffer *out)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++) {
        if (field)
            buffer_append_char(out, ',');
        write_field(out, fleet_text(fleet, asset, field));
    }
    struct json_object *object = columns->count ? attributes_of(fleet, asset) : NULL;
    for (size_t i = 0; i < columns->count; i++) {
        buffer_append_char(out, ',');
        write_field(out, object ? json_get_text(object, columns->names[i], "") : "");
    }
    json_object_put(object);
    buffer_append_char(out, '\n');
}

bool ledger_write(struct fleet *fleet, const char *filter, struct buffer *out, struct error *error)
{
    struct fleet_result result;
    struct columns columns = {0};
    if (!fleet_select(fleet, &(struct fleet_query){.filter = filter, .sort = "id"}, &result, error))
        return false;
    columns_collect(fleet, &result, &columns);
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        buffer_printf(out, "%s%s", field ? "," : "", asset_field_name(field));
    for (size_t i = 0; i < columns.count; i++) {
        buffer_append_char(out, ',');
        write_field(out, columns.names[i]);
    }
    buffer_append_char(out, '\n');
    for (uint32_t i = 0; i < result.total; i++)
        if (!(live_at(fleet, result.assets[i])->flags & LIVE_DISCOVERED))
            write_row(fleet, result.assets[i], &columns, out);
    for (size_t i = 0; i < columns.count; i++)
        free(columns.names[i]);
    free(columns.names);
    return true;
}

#include "wire/runbook.h"

void wire_write_runbook(struct json_writer *writer, const struct wire_runbook *runbook)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", runbook->name);
    json_write_text(writer, "title", runbook->title);
    json_write_text(writer, "language", runbook->language);
    json_write_bool(writer, "shipped", runbook->shipped);
    json_write_bool(writer, "cut", runbook->cut);
    json_write_text(writer, "asset", runbook->asset);
    json_write_array(writer, "blocks");
    for (unsigned i = 0; i < runbook->block_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "kind", runbook->blocks[i].kind);
        json_write_integer(writer, "number", runbook->blocks[i].number);
        json_write_text(writer, "text", runbook->blocks[i].text);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

bool wire_read_runbook(const char *bytes, size_t length, struct arena *arena, struct wire_runbook *runbook, struct error *error)
{
    struct json_object *object = json_parse(bytes, length, 0, error), *blocks = object ? json_get(object, "blocks") : NULL;
    if (!object)
        return false;
    if (!blocks || !json_object_is_type(blocks, json_type_array)) {
        json_object_put(object);
        return error_set(error, ERROR_INVALID, "expected a runbook with its blocks");
    }
    *runbook = (struct wire_runbook){
        .name = arena_text(arena, json_get_text(object, "name", "")), .title = arena_text(arena, json_get_text(object, "title", "")),
        .language = arena_text(arena, json_get_text(object, "language", "")), .asset = arena_text(arena, json_get_text(object, "asset", "")),
        .shipped = json_get_bool(object, "shipped", false), .cut = json_get_bool(object, "cut", false),
        .block_count = (unsigned)json_object_array_length(blocks)};
    runbook->blocks = arena_alloc(arena, runbook->block_count * sizeof *runbook->blocks);
    for (unsigned i = 0; i < runbook->block_count; i++) {
        struct json_object *row = json_object_array_get_idx(blocks, i);
        int64_t number = json_get_integer(row, "number", 0);
        runbook->blocks[i] = (struct wire_runbook_block){
            .kind = arena_text(arena, json_get_text(row, "kind", "")), .text = arena_text(arena, json_get_text(row, "text", "")),
            .number = number < 0 || number > 999 ? 0 : (uint32_t)number};
    }
    json_object_put(object);
    return true;
}

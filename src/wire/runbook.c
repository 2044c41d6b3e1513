#include "wire/runbook.h"

#include "base/flat.h"

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
    struct flat *object = flat_parse(bytes, length, error), *blocks = object ? flat_get(object, "blocks") : NULL;
    if (!object)
        return false;
    if (!blocks || flat_type(blocks) != FLAT_ARRAY) {
        flat_free(&object);
        return error_set(error, ERROR_INVALID, "expected a runbook with its blocks");
    }
    *runbook = (struct wire_runbook){
        .name = arena_text(arena, flat_text(object, "name", "")), .title = arena_text(arena, flat_text(object, "title", "")),
        .language = arena_text(arena, flat_text(object, "language", "")), .asset = arena_text(arena, flat_text(object, "asset", "")),
        .shipped = flat_bool(object, "shipped", false), .cut = flat_bool(object, "cut", false),
        .block_count = flat_count(blocks)};
    runbook->blocks = arena_alloc(arena, runbook->block_count * sizeof *runbook->blocks);
    for (unsigned i = 0; i < runbook->block_count; i++) {
        struct flat *row = flat_at(blocks, i);
        int64_t number = flat_integer(row, "number", 0);
        runbook->blocks[i] = (struct wire_runbook_block){
            .kind = arena_text(arena, flat_text(row, "kind", "")), .text = arena_text(arena, flat_text(row, "text", "")),
            .number = number < 0 || number > 999 ? 0 : (uint32_t)number};
    }
    flat_free(&object);
    return true;
}

#include "wire/runbook.h"

#include "wire/members.h"

#define RUNBOOK(X)                                                                                                 \
    X(TEXT, name, "name") X(TEXT, title, "title") X(TEXT, language, "language") X(FLAG, shipped, "shipped")        \
    X(FLAG, cut, "cut") X(TEXT, asset, "asset")
#define BLOCK(X) X(TEXT, kind, "kind") X(COUNT, number, "number") X(TEXT, text, "text")
#define NUMBER_MOST 999

BOTH_ROWS(blocks, wire_runbook_block, BLOCK)

void wire_write_runbook(struct json_writer *writer, const struct wire_runbook *row)
{
    json_write_object(writer, NULL);
    RUNBOOK(MEMBER_WRITE)
    write_blocks(writer, "blocks", row->blocks, row->block_count);
    json_write_object_end(writer);
}

bool wire_read_runbook(const char *bytes, size_t length, struct arena *arena, struct wire_runbook *row, struct error *error)
{
    struct flat *blocks, *object = read_object(bytes, length, error);
    if (!object)
        return false;
    read_array(object, "blocks", &blocks);
    if (!blocks) {
        flat_free(&object);
        return error_set(error, ERROR_INVALID, "expected a runbook with its blocks");
    }
    RUNBOOK(MEMBER_READ)
    row->blocks = read_blocks(object, "blocks", arena, &row->block_count);
    for (unsigned i = 0; i < row->block_count; i++)
        if (row->blocks[i].number > NUMBER_MOST)
            row->blocks[i].number = 0;
    flat_free(&object);
    return true;
}

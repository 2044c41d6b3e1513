#include "model/asset.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char *const field_names[ASSET_FIELD_COUNT] = {
#define X(member, column) [ASSET_##member] = column,
    ASSET_FIELDS(X)
#undef X
};

const char *asset_field_name(enum asset_field field)
{
    return (unsigned)field < ASSET_FIELD_COUNT ? field_names[field] : "";
}

bool asset_field_parse(const char *name, enum asset_field *field)
{
    if (!strcmp(name, "responsible_unit"))
        name = "unit";
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        if (!strcmp(name, field_names[i])) {
            *field = (enum asset_field)i;
            return true;
        }
    return false;
}

static bool id_code_valid(uint32_t code)
{
    if (code < 0x80)
        return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
               (code && strchr("-_.:@/", (int)code));
    /* C1 controls, and the blanks beyond ASCII that nobody sees. */
    return code >= 0xA1 && code != 0x1680 && !(code >= 0x2000 && code <= 0x200F) &&
           !(code >= 0x2028 && code <= 0x202F) && !(code >= 0x205F && code <= 0x206F) && code != 0x3000 &&
           code != 0xFEFF && code != 0xFFFD;
}

bool asset_id_valid(const char *id, struct error *error)
{
    size_t length = strlen(id);
    if (!length)
        return error_set(error, ERROR_INVALID, "the id is empty");
    if (length > ASSET_ID_MAX)
        return error_set(error, ERROR_INVALID, "the id is longer than %d bytes", ASSET_ID_MAX);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = text_decode(id + at, length - at, &code);
        if (!id_code_valid(code))
            return error_set(error, ERROR_INVALID,
                             "the id holds U+%04X at byte %zu; letters, digits and - _ . : @ / are allowed",
                             (unsigned)code, at + 1);
        at += step;
    }
    return true;
}

void asset_place(struct buffer *out, const char *const field[ASSET_FIELD_COUNT])
{
    static const enum asset_field parts[] = {ASSET_building, ASSET_floor, ASSET_room};
    size_t start = out->length;
    for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
        const char *text = field[parts[i]];
        if (!text || !*text)
            continue;
        if (out->length > start)
            buffer_append_char(out, ' ');
        buffer_append_text(out, text);
    }
    if (out->length == start && field[ASSET_site])
        buffer_append_text(out, field[ASSET_site]);
}

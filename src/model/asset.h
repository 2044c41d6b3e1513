/* The ledger's row: what an asset is meant to be. Plain text fields as the ledger CSV has them; the live half
 * (last values, health) belongs to the engine. */
#ifndef MODEL_ASSET_H
#define MODEL_ASSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

#define ASSET_ID_MAX 128  /* bytes; letters, digits, any non-ASCII, and -_.:@/ but no blanks or controls */

/* X(member, column) in the ledger CSV's order. The id comes first; `period` is text here ("36m"). */
#define ASSET_FIELDS(X)                                                                        \
    X(id, "id") X(name, "name") X(kind, "kind") X(class_, "class") X(parent, "parent")         \
    X(subsystem, "subsystem") X(site, "site") X(building, "building") X(floor, "floor")        \
    X(room, "room") X(model, "model") X(vendor, "vendor") X(serial, "serial")                  \
    X(asset_tag, "asset_tag") X(unit, "unit") X(tags, "tags") X(address, "address")            \
    X(period, "period") X(status, "status") X(contract, "contract")

enum asset_field {
#define X(member, column) ASSET_##member,
    ASSET_FIELDS(X)
#undef X
    ASSET_FIELD_COUNT
};

/* Every member is non-NULL ("" when empty); who owns the text is said where a row is handed out. */
struct asset {
    const char *field[ASSET_FIELD_COUNT];
    const char *attributes; /* unknown ledger columns as one JSON object text, "" when none */
    bool discovered;        /* spoke without being in the ledger; adoptable */
    int64_t revision;       /* of this row; grows with every change */
};

const char *asset_field_name(enum asset_field field);
bool asset_field_parse(const char *name, enum asset_field *field); /* also "responsible_unit", "place" is not one */
/* "涵英楼 3F 弱电间2" of a row's fields; the site where there is nothing nearer. Fields may be NULL. */
void asset_place(struct buffer *out, const char *const field[ASSET_FIELD_COUNT]);
bool asset_id_valid(const char *id, struct error *error);

#endif

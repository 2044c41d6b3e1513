#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "view/devices.h"
#include "view/parts.h"
#include "widget/letters.h"

struct device_column {
    const char *name;
    const char *fields;      /* of the API; NULL: `name` */
    const char *sort;        /* what the daemon sorts by; NULL: it cannot */
    int field;               /* of the ledger, or -1 */
    int minimum, maximum, weight, drop;
    enum text_cut cut;
    bool right, strong;
};

enum { LIVE = -1 };

static const struct device_column catalogue[] = {
    {.name = "letter", .fields = "health", .sort = "health", .field = LIVE, .minimum = 1, .maximum = 1},
    {.name = "id", .sort = "id", .field = ASSET_id, .minimum = 8, .maximum = 24, .cut = TEXT_CUT_START},
    {.name = "name",
     .sort = "name",
     .field = ASSET_name,
     .minimum = 12,
     .weight = 3,
     .cut = TEXT_CUT_MIDDLE,
     .strong = true},
    {.name = "place",
     .fields = "site,building,floor,room",
     .sort = "building,floor,room",
     .field = LIVE,
     .minimum = 12,
     .weight = 2,
     .cut = TEXT_CUT_MIDDLE,
     .drop = 2},
    {.name = "kind", .sort = "kind", .field = ASSET_kind, .minimum = 6, .maximum = 12, .drop = 5},
    {.name = "class", .sort = "class", .field = ASSET_class_, .minimum = 6, .maximum = 16, .drop = 5},
    {.name = "parent",
     .sort = "parent",
     .field = ASSET_parent,
     .minimum = 8,
     .maximum = 20,
     .cut = TEXT_CUT_START,
     .drop = 6},
    {.name = "subsystem",
     .sort = "subsystem",
     .field = ASSET_subsystem,
     .minimum = 8,
     .maximum = 20,
     .drop = 5},
    {.name = "site", .sort = "site", .field = ASSET_site, .minimum = 6, .maximum = 16, .drop = 7},
    {.name = "building", .sort = "building", .field = ASSET_building, .minimum = 8, .maximum = 20, .drop = 3},
    {.name = "floor", .sort = "floor", .field = ASSET_floor, .minimum = 3, .maximum = 6, .drop = 4},
    {.name = "room", .sort = "room", .field = ASSET_room, .minimum = 6, .maximum = 16, .drop = 4},
    {.name = "model", .sort = "model", .field = ASSET_model, .minimum = 6, .maximum = 20, .drop = 6},
    {.name = "vendor", .sort = "vendor", .field = ASSET_vendor, .minimum = 6, .maximum = 20, .drop = 6},
    {.name = "serial", .sort = "serial", .field = ASSET_serial, .minimum = 6, .maximum = 20, .drop = 6},
    {.name = "asset_tag",
     .sort = "asset_tag",
     .field = ASSET_asset_tag,
     .minimum = 6,
     .maximum = 20,
     .drop = 6},
    {.name = "unit", .sort = "unit", .field = ASSET_unit, .minimum = 6, .maximum = 16, .drop = 5},
    {.name = "tags", .sort = "tags", .field = ASSET_tags, .minimum = 6, .maximum = 20, .drop = 7},
    {.name = "address", .sort = "address", .field = ASSET_address, .minimum = 9, .maximum = 24, .drop = 5},
    {.name = "period",
     .sort = "period",
     .fields = "period_ms",
     .field = LIVE,
     .minimum = 4,
     .maximum = 6,
     .right = true,
     .drop = 7},
    {.name = "status", .sort = "status", .field = ASSET_status, .minimum = 6, .maximum = 12, .drop = 7},
    {.name = "contract", .sort = "contract", .field = ASSET_contract, .minimum = 6, .maximum = 16, .drop = 7},
    {.name = "health", .sort = "health", .field = LIVE, .minimum = 7, .maximum = 12, .drop = 3},
    {.name = "reason", .field = LIVE, .minimum = 8, .maximum = 20, .drop = 4},
    {.name = "since", .sort = "since", .field = LIVE, .minimum = 5, .maximum = 5, .right = true, .drop = 1},
    {.name = "age",
     .sort = "last_heard",
     .fields = "last_heard",
     .field = LIVE,
     .minimum = 5,
     .maximum = 5,
     .right = true,
     .drop = 2},
    {.name = "link", .sort = "link", .field = LIVE, .minimum = 4, .maximum = 8, .drop = 4},
    {.name = "comm", .sort = "comm", .field = LIVE, .minimum = 6, .maximum = 10, .drop = 4},
    {.name = "children",
     .sort = "children",
     .field = LIVE,
     .minimum = 5,
     .maximum = 6,
     .right = true,
     .drop = 4},
    {.name = "value",
     .fields = "values",
     .field = LIVE,
     .minimum = 6,
     .maximum = 16,
     .right = true,
     .drop = 4},
    {.name = "evidence", .field = LIVE, .minimum = 10, .weight = 1, .drop = 8},
};

static const struct device_column *find(const char *name, size_t length)
{
    for (unsigned i = 0; i < ARRAY_COUNT(catalogue); i++)
        if (strlen(catalogue[i].name) == length && memcmp(catalogue[i].name, name, length) == 0)
            return &catalogue[i];
    return NULL;
}

void device_column_offer(void (*offer)(void *to, const char *name), void *to)
{
    for (unsigned i = 1; i < ARRAY_COUNT(catalogue); i++)
        offer(to, catalogue[i].name);
}

static void add(struct device_columns *columns, const struct device_column *kind, bool spare)
{
    columns->kind[columns->count] = kind;
    bool letter = strcmp(kind->name, "letter") == 0;
    columns->column[columns->count++] =
        (struct list_column){{.name = kind->name,
                              .title = letter ? "" : field_word(kind->name),
                              .minimum = kind->minimum,
                              .maximum = kind->maximum,
                              .weight = kind->weight,
                              .cut = kind->cut,
                              .right = kind->right,
                              .strong = kind->strong,
                              .drop = kind->drop,
                              .spare = spare},
                             .sort = kind->sort,
                             .largest = strcmp(kind->name, "children") == 0};
}

bool device_columns_set(struct device_columns *columns, const char *names, struct error *error)
{
    struct device_columns fresh = {.count = 0};
    add(&fresh, &catalogue[0], false); /* health by its letter is always there */
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, ", ");
        bool spare = length && at[length - 1] == '?';
        const struct device_column *kind = length ? find(at, length - spare) : NULL;
        if (length && !kind)
            return error_set(
                error, ERROR_INVALID,
                _("no column `%.*s`: id, name, place, kind, since, age, value ... (TAB lists them)"),
                (int)length, at);
        if (fresh.count == TABLE_COLUMNS)
            return error_set(error, ERROR_INVALID, _("at most %d columns"), TABLE_COLUMNS - 1);
        if (kind && kind != &catalogue[0])
            add(&fresh, kind, spare);
        at += length + (at[length] != '\0');
    }
    if (fresh.count == 1)
        return error_set(error, ERROR_INVALID, "%s", _("name at least one column: id, name, place ..."));
    *columns = fresh;
    return true;
}

void device_columns_names(const struct device_columns *columns, struct buffer *out)
{
    for (unsigned i = 1; i < columns->count; i++)
        buffer_printf(out, "%s%s%s", i > 1 ? "," : "", columns->kind[i]->name, columns->column[i].shown.spare ? "?" : "");
}

void device_columns_fields(const struct device_columns *columns, struct buffer *out)
{
    buffer_append_text(out, "id,name,health,reason,since,revision");
    for (unsigned i = 0; i < columns->count; i++)
        buffer_printf(out, ",%s", columns->kind[i]->fields ? columns->kind[i]->fields : columns->kind[i]->name);
}

/* "21.4 °C"; "open 0" where no unit tells what it is. */
static void first_value(const struct wire_value *value, char *out, size_t size)
{
    int used = *value->unit ? 0 : snprintf(out, size, "%s ", value->metric);
    if ((size_t)used < size)
        value_text(out + used, size - (size_t)used, value->value, value->unit);
}

static void live_text(const struct wire_asset *asset, const char *name, msec now, char *out, size_t size)
{
    char span[SPAN_TEXT];
    *out = '\0';
    if (strcmp(name, "since") == 0)
        snprintf(out, size, "%s", age_text(span, asset->since, now));
    else if (strcmp(name, "age") == 0)
        snprintf(out, size, "%s", age_text(span, asset->last_heard, now));
    else if (strcmp(name, "health") == 0)
        snprintf(out, size, "%s", health_word(asset->health));
    else if (strcmp(name, "reason") == 0)
        snprintf(out, size, "%s", reason_word(asset->reason));
    else if (strcmp(name, "link") == 0)
        snprintf(out, size, "%s", asset->link == LINK_UNKNOWN ? "" : link_word(asset->link));
    else if (strcmp(name, "comm") == 0)
        snprintf(out, size, "%s", asset->comm == COMM_UNKNOWN ? "" : comm_word(asset->comm));
    else if (strcmp(name, "children") == 0 && asset->children)
        snprintf(out, size, "%u", asset->children);
    else if (strcmp(name, "period") == 0 && asset->period > 0)
        snprintf(out, size, "%s", span_format_short(span, asset->period));
    else if (strcmp(name, "evidence") == 0)
        snprintf(out, size, "%s", asset->evidence ? asset->evidence : "");
    else if (strcmp(name, "value") == 0 && asset->value_count)
        first_value(&asset->values[0], out, size);
}

void device_columns_fill(struct device_columns *columns, const struct wire_asset *asset, msec now, bool ascii,
                         struct table_row *row)
{
    bool wrong = health_is_wrong(asset->health);
    uint8_t health = (uint8_t)health_role(asset->health);
    row->id = asset->field[ASSET_id];
    row->revision = asset->revision;
    row->stale = asset->health == HEALTH_STALE;
    row->unhandled = wrong;
    for (unsigned i = 0; i < columns->count; i++) {
        const struct device_column *kind = columns->kind[i];
        char *text = columns->text[i];
        uint8_t role = ROLE_TEXT;
        if (i == 0) {
            text[text_encode(health_glyph(asset->health, ascii), text)] = '\0';
            role = health;
        } else if (kind->field >= 0) {
            row->cells[i].text = asset->field[kind->field] ? value_word(asset->field[kind->field]) : "";
            row->cells[i].role = kind->field == ASSET_name || kind->field == ASSET_id ? ROLE_TEXT : ROLE_DIM;
            continue;
        } else if (strcmp(kind->name, "place") == 0) {
            struct buffer place = BUFFER_INIT;
            place_text(&place, asset);
            snprintf(text, sizeof columns->text[i], "%s", buffer_text(&place));
            buffer_release(&place);
            role = ROLE_DIM;
        } else {
            live_text(asset, kind->name, now, text, sizeof columns->text[i]);
            if (strcmp(kind->name, "health") == 0 || (wrong && strcmp(kind->name, "since") == 0))
                role = health;
        }
        row->cells[i] = (struct table_cell){.text = text, .role = role};
    }
}

void device_columns_ask(const struct device_columns *columns, struct view *view)
{
    struct buffer line = BUFFER_INIT;
    buffer_append_text(&line, "command-line columns ");
    device_columns_names(columns, &line);
    view->host_ops->command(view->host, buffer_text(&line));
    buffer_release(&line);
}

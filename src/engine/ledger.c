/* The ledger CSV: RFC 4180 with the tolerance that spreadsheets need (byte-order mark, GB18030, semicolons or tabs),
 * and with every row that does not fit named by file, line and column. Fields are cut in place out of one copy of
 * the file. */
#include "engine/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/csv.h"
#include "engine/fleet.h"
#include "engine/fleet_private.h"
#include "engine/hosts.h"
#include "engine/ledger_private.h"

#define FILE_LIMIT ((size_t)512 << 20)
#define FIELD_LIMIT 4096u
#define ATTRIBUTES_LIMIT 16384u
#define PROBLEMS_LIMIT 200

/* One file while it is read. */
struct reader {
    struct ledger_change *change;
    struct csv csv;
    uint16_t file;
    unsigned column_count;
    int column_field[CSV_FIELDS];        /* asset_field, or -1: an attribute, -2: left out */
    const char *column_name[CSV_FIELDS];
};

/* ---- what went wrong ---- */

static void problem(struct ledger_change *change, uint16_t file, unsigned line, const char *column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static void problem(struct ledger_change *change, uint16_t file, unsigned line, const char *column, const char *format, ...)
{
    if (change->problem_lines++ >= PROBLEMS_LIMIT)
        return;
    buffer_printf(&change->problems, "%s:%u: %s%s", change->files[file], line, column, column[0] ? ": " : "");
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&change->problems, format, arguments);
    va_end(arguments);
    buffer_append_char(&change->problems, '\n');
}

#define reject(change, ...) ((change)->summary.rejected++, problem((change), __VA_ARGS__))
#define warn(change, ...) ((change)->summary.warnings++, problem((change), __VA_ARGS__))

/* ---- text ---- */

static void keep_text(struct ledger_change *change, char *text)
{
    ARRAY_RESERVE(change->texts, change->text_capacity, change->text_count + 1);
    change->texts[change->text_count++] = text;
}

/* The file as UTF-8, in a copy that the change owns. */
static char *file_text(struct ledger_change *change, const char *name, const char *bytes, size_t length, size_t *used,
                       struct error *error)
{
    struct buffer text = BUFFER_INIT;
    if (length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        error_set(error, ERROR_INVALID, "%s: this is UTF-16; save it as UTF-8 or GB18030", name);
        return NULL;
    }
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        bytes += 3, length -= 3;
    if (text_is_utf8(bytes, length)) {
        buffer_append(&text, bytes, length);
    } else if (!text_from_gb18030(&text, bytes, length, error)) {
        buffer_release(&text);
        error_prefix(error, "%s: neither UTF-8 nor GB18030", name);
        return NULL;
    }
    buffer_append_char(&text, '\0');
    *used = text.length - 1;
    char *own = buffer_take(&text);
    keep_text(change, own);
    return own;
}

/* Cleaned of what must not be drawn, trimmed; the same memory where nothing had to change. */
static const char *field_clean(struct ledger_change *change, char *field)
{
    size_t length = strlen(field);
    bool plain = true;
    for (size_t i = 0; i < length && plain; i++)
        plain = (unsigned char)field[i] >= 0x20 && (unsigned char)field[i] < 0x7f;
    if (!plain) {
        struct buffer clean = BUFFER_INIT;
        if (!text_clean(&clean, field, length)) {
            field = memory_text(buffer_text(&clean));
            keep_text(change, field);
        }
        buffer_release(&clean);
    }
    while (*field == ' ')
        field++;
    for (length = strlen(field); length && field[length - 1] == ' ';)
        field[--length] = '\0';
    return field;
}

/* ---- the header row ---- */

static bool take_header(struct reader *reader, const char *name, struct error *error)
{
    unsigned line;
    do {
        if (!csv_next(&reader->csv, &line))
            return error_set(error, ERROR_INVALID, "%s: empty; expected a header row such as id,name,kind,...", name);
    } while (csv_is_blank(&reader->csv));
    if (reader->csv.field_count > CSV_FIELDS)
        return error_set(error, ERROR_INVALID, "%s:%u: more than %d columns", name, line, CSV_FIELDS);
    bool has_id = false;
    bool seen[ASSET_FIELD_COUNT] = {false};
    reader->column_count = reader->csv.field_count;
    for (unsigned i = 0; i < reader->column_count; i++) {
        const char *column = field_clean(reader->change, reader->csv.field[i]);
        enum asset_field field;
        reader->column_name[i] = column;
        reader->column_field[i] = column[0] ? -1 : -2;
        if (column[0] && ledger_column(column, &field)) {
            reader->column_field[i] = seen[field] ? -2 : (int)field;
            if (seen[field])
                warn(reader->change, reader->file, line, column, "this column comes twice; the first is used");
            seen[field] = true;
            has_id |= field == ASSET_id;
        }
    }
    if (!has_id)
        return error_set(error, ERROR_INVALID, "%s:%u: no `id` column; the header row must name the columns, as in "
                         "id,name,kind,class,parent,...", name, line);
    return true;
}

/* ---- the index of ids ---- */

static uint32_t id_hash(const char *id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 16777619u;
    return hash ^ hash >> 15;
}

/* The row of an id; NULL when there is none. */
static struct ledger_row *row_find(const struct ledger_change *change, const char *id)
{
    if (!change->index)
        return NULL;
    for (uint32_t at = id_hash(id) & change->index_mask; change->index[at]; at = (at + 1) & change->index_mask) {
        struct ledger_row *row = &change->rows[change->index[at] - 1];
        if (strcmp(row->field[ASSET_id], id) == 0)
            return row;
    }
    return NULL;
}

static void index_put(struct ledger_change *change, uint32_t row)
{
    uint32_t at = id_hash(change->rows[row].field[ASSET_id]) & change->index_mask;
    while (change->index[at])
        at = (at + 1) & change->index_mask;
    change->index[at] = row + 1;
}

/* Room for one row more at half full at most; made anew from the rows that there are. */
static void index_build(struct ledger_change *change)
{
    uint32_t size = 1024;
    while (size < (change->count + 1) * 4)
        size *= 2;
    free(change->index);
    change->index = memory_new_array(size, sizeof *change->index);
    change->index_mask = size - 1;
    for (size_t i = 0; i < change->count; i++)
        index_put(change, (uint32_t)i);
}

/* ---- rows ---- */

static bool row_differs(const struct ledger_row *left, const struct ledger_row *right, const char **column)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        if (strcmp(left->field[field], right->field[field]) != 0) {
            *column = asset_field_name(field);
            return true;
        }
    *column = "attributes";
    return strcmp(left->attributes, right->attributes) != 0;
}

/* A second row with an id that came before. In one file it is a mistake; in another file it is a disagreement, if
 * it says anything else. */
static void row_twice(struct ledger_change *change, const struct ledger_row *first, const struct ledger_row *second)
{
    const char *id = second->field[ASSET_id], *column;
    if (first->file == second->file) {
        reject(change, second->file, second->line, "id", "`%s` is already in line %u; this row is left out", id, first->line);
        return;
    }
    if (!row_differs(first, second, &column))
        return;
    enum asset_field field;
    bool known = asset_field_parse(column, &field);
    reject(change, second->file, second->line, column, "`%s` has `%s` here but `%s` in %s:%u, which is used", id,
           known ? second->field[field] : second->attributes, known ? first->field[field] : first->attributes,
           change->files[first->file], first->line);
}

static const char *row_attributes(struct reader *reader, unsigned line)
{
    struct buffer json = BUFFER_INIT;
    struct json_writer writer;
    bool any = false;
    for (unsigned i = 0; i < reader->column_count; i++) {
        if (reader->column_field[i] != -1)
            continue;
        const char *value = field_clean(reader->change, reader->csv.field[i]);
        if (!value[0])
            continue;
        if (!any) {
            json_start(&writer, &json);
            json_write_object(&writer, NULL);
            any = true;
        }
        json_write_text(&writer, reader->column_name[i], value);
    }
    if (!any)
        return "";
    json_write_object_end(&writer);
    if (json.length > ATTRIBUTES_LIMIT) {
        warn(reader->change, reader->file, line, "", "more than %u bytes of unknown columns; they are left out",
             ATTRIBUTES_LIMIT);
        buffer_release(&json);
        return "";
    }
    char *text = buffer_take(&json);
    keep_text(reader->change, text);
    return text;
}

static bool row_check(struct reader *reader, struct ledger_row *row)
{
    struct ledger_change *change = reader->change;
    struct error error;
    msec period;
    if (!row->field[ASSET_id][0]) {
        reject(change, reader->file, row->line, "id", "empty; every row needs one");
        return false;
    }
    if (!asset_id_valid(row->field[ASSET_id], &error)) {
        reject(change, reader->file, row->line, "id", "%s", error.text);
        return false;
    }
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        if (strlen(row->field[field]) > FIELD_LIMIT) {
            reject(change, reader->file, row->line, asset_field_name(field), "longer than %u bytes", FIELD_LIMIT);
            return false;
        }
    const char *text = row->field[ASSET_period];
    if (text[0] && (!span_parse(text, &period, &error) || period < SPAN_SECOND / 10 || period > 40 * SPAN_DAY)) {
        reject(change, reader->file, row->line, "period",
               "expected a span between 100ms and 40d, such as 15m; got `%s`", text);
        return false;
    }
    return true;
}

/* Columns that say what is expected of a server are read by others later; here is the file and the line to tell of. */
static void expectations_check(struct reader *reader, const struct ledger_row *row)
{
    struct error error;
    if (strcmp(row->field[ASSET_kind], "server") != 0)
        return;
    for (unsigned i = 0; i < reader->column_count; i++)
        if (reader->column_field[i] == -1 &&
            !hosts_attribute_check(reader->column_name[i], field_clean(reader->change, reader->csv.field[i]), &error))
            warn(reader->change, reader->file, row->line, reader->column_name[i], "%s; %s is taken without it", error.text,
                 row->field[ASSET_id]);
}

static void take_row(struct reader *reader, unsigned line)
{
    struct ledger_change *change = reader->change;
    if (reader->csv.field_count != reader->column_count) {
        reject(change, reader->file, line, "",
               COUNTED(reader->column_count, N_("expected %u field, as the header has; got %u%s"),
                       N_("expected %u fields, as the header has; got %u%s")), reader->column_count,
               reader->csv.field_count, reader->csv.field_count > reader->column_count ? " " N_("(a comma inside needs quotes)") : "");
        return;
    }
    struct ledger_row row = {.line = line, .file = reader->file};
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        row.field[field] = "";
    for (unsigned i = 0; i < reader->column_count; i++)
        if (reader->column_field[i] >= 0)
            row.field[reader->column_field[i]] = field_clean(change, reader->csv.field[i]);
    row.field[ASSET_kind] = ledger_kind(row.field[ASSET_kind]);
    row.attributes = row_attributes(reader, line);
    if (!row_check(reader, &row))
        return;
    expectations_check(reader, &row);
    const struct ledger_row *first = row_find(change, row.field[ASSET_id]);
    if (first) {
        row_twice(change, first, &row);
        return;
    }
    if (!change->index || (change->count + 1) * 2 > change->index_mask)
        index_build(change);
    ARRAY_RESERVE(change->rows, change->capacity, change->count + 1);
    change->rows[change->count] = row;
    index_put(change, (uint32_t)change->count++);
}

/* ---- parents ---- */

enum { WALK_NEW, WALK_OPEN, WALK_DONE };

static bool parent_known(const struct ledger_change *change, const char *id)
{
    return row_find(change, id) || (change->fleet && fleet_find(change->fleet, id) != FLEET_NONE);
}

/* The parent's id as it will be: by the change where it has the row, else by the fleet; "" at the top. */
static const char *parent_of(const struct ledger_change *change, const char *id, struct ledger_row **row)
{
    *row = row_find(change, id);
    if (*row)
        return (*row)->field[ASSET_parent];
    uint32_t asset = change->fleet ? fleet_find(change->fleet, id) : FLEET_NONE;
    return asset == FLEET_NONE ? "" : fleet_text(change->fleet, asset, ASSET_parent);
}

/* Walk up from a row; where the walk meets itself, cut there. Each row is walked over once. */
static void parent_walk(struct ledger_change *change, struct ledger_row *start)
{
    struct ledger_row *row = start, *below = NULL;
    const char *id = start->field[ASSET_id];
    size_t steps = 0;
    while (id[0] && steps++ <= change->count + 65536) {
        const char *up = parent_of(change, id, &row);
        if (row) {
            if (row->walk == WALK_DONE)
                break;
            if (row->walk == WALK_OPEN) {
                if (below) {
                    warn(change, below->file, below->line, "parent",
                         "`%s` closes a loop of parents; the row goes in without it", below->field[ASSET_parent]);
                    below->field[ASSET_parent] = "";
                }
                break;
            }
            row->walk = WALK_OPEN;
            below = row;
        }
        id = up;
    }
    for (row = start; row && row->walk == WALK_OPEN;) {
        row->walk = WALK_DONE;
        const char *up = row->field[ASSET_parent];
        for (row = NULL; up[0] && !row && steps-- > 0;) {
            const char *next = parent_of(change, up, &row);
            if (!row)
                up = next;
        }
    }
}

static void check_parents(struct ledger_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        struct ledger_row *row = &change->rows[i];
        const char *parent = row->field[ASSET_parent];
        if (!parent[0])
            continue;
        if (strcmp(parent, row->field[ASSET_id]) == 0) {
            warn(change, row->file, row->line, "parent", "`%s` names itself; the row goes in without it", parent);
            row->field[ASSET_parent] = "";
        } else if (!parent_known(change, parent)) {
            warn(change, row->file, row->line, "parent", "there is no asset `%s`; the row goes in without it", parent);
            row->field[ASSET_parent] = "";
        }
    }
    for (size_t i = 0; i < change->count; i++)
        if (change->rows[i].walk == WALK_NEW)
            parent_walk(change, &change->rows[i]);
}

/* ---- against the fleet ---- */

static enum ledger_verdict compare(const struct ledger_change *change, const struct ledger_row *row)
{
    uint32_t asset = change->fleet ? fleet_find(change->fleet, row->field[ASSET_id]) : FLEET_NONE;
    if (asset == FLEET_NONE)
        return LEDGER_ADD;
    if (live_at(change->fleet, asset)->flags & LIVE_DISCOVERED)
        return LEDGER_CHANGE;
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        if (strcmp(fleet_text(change->fleet, asset, field), row->field[field]) != 0)
            return LEDGER_CHANGE;
    return strcmp(fleet_attributes(change->fleet, asset), row->attributes) == 0 ? LEDGER_SAME : LEDGER_CHANGE;
}

void ledger_change_close(struct ledger_change *change, bool complete)
{
    struct ledger_summary *summary = &change->summary;
    check_parents(change);
    for (size_t i = 0; i < change->count; i++) {
        change->rows[i].verdict = (uint8_t)compare(change, &change->rows[i]);
        summary->added += change->rows[i].verdict == LEDGER_ADD;
        summary->changed += change->rows[i].verdict == LEDGER_CHANGE;
        summary->unchanged += change->rows[i].verdict == LEDGER_SAME;
    }
    uint32_t handles = complete && change->fleet ? fleet_count(change->fleet) : 0;
    change->removed = memory_new_array((size_t)handles + 1, sizeof *change->removed);
    for (uint32_t asset = 0; asset < handles; asset++) {
        if (!fleet_exists(change->fleet, asset) || live_at(change->fleet, asset)->flags & LIVE_DISCOVERED ||
            row_find(change, fleet_text(change->fleet, asset, ASSET_id)) || fleet_is_declared(change->fleet, asset))
            continue;
        change->removed[change->removed_count++] = asset;
    }
    summary->removed = (uint32_t)change->removed_count;
    summary->rows = (uint32_t)change->count;
    if (change->problem_lines > PROBLEMS_LIMIT)
        buffer_printf(&change->problems, N_("and %u more") "\n", change->problem_lines - PROBLEMS_LIMIT);
    change->closed = true;
}

/* ---- the public face ---- */

struct ledger_change *ledger_change_new(struct fleet *fleet)
{
    struct ledger_change *change = memory_new(sizeof *change);
    change->fleet = fleet;
    return change;
}

void ledger_change_free(struct ledger_change **change)
{
    struct ledger_change *own = *change;
    if (!own)
        return;
    for (size_t i = 0; i < own->text_count; i++)
        free(own->texts[i]);
    for (size_t i = 0; i < own->file_count; i++)
        free(own->files[i]);
    buffer_release(&own->problems);
    free(own->texts);
    free(own->files);
    free(own->rows);
    free(own->index);
    free(own->removed);
    free(own);
    *change = NULL;
}

bool ledger_change_add(struct ledger_change *change, const char *name, const char *bytes, size_t length, struct error *error)
{
    assert(!change->closed);
    if (length > FILE_LIMIT)
        return error_set(error, ERROR_INVALID, "%s: larger than %zu MiB", name, FILE_LIMIT >> 20);
    size_t used = 0;
    char *text = file_text(change, name, bytes, length, &used, error);
    if (!text)
        return false;
    ARRAY_RESERVE(change->files, change->file_capacity, change->file_count + 1);
    change->files[change->file_count++] = memory_text(name);
    struct reader *reader = memory_new(sizeof *reader);
    *reader = (struct reader){.change = change, .file = (uint16_t)(change->file_count - 1),
                              .csv = {.at = text, .end = text + used, .line = 1, .separator = csv_separator(text)}};
    bool good = take_header(reader, name, error);
    size_t rows_before = change->count;
    unsigned line;
    while (good && csv_next(&reader->csv, &line)) {
        if (reader->csv.unclosed)
            break;
        if (!csv_is_blank(&reader->csv))
            take_row(reader, line);
    }
    if (reader->csv.unclosed) {
        good = error_set(error, ERROR_INVALID, "%s:%u: a quoted field is not closed: the file was cut short, or a quote "
                         "inside a field is not doubled", name, reader->csv.unclosed_line);
        change->count = rows_before;
        index_build(change);
    }
    free(reader);
    return good;
}

bool ledger_change_add_file(struct ledger_change *change, const char *path, struct error *error)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return error_set(error, ERROR_NOT_FOUND, "%s: %s", path, strerror(errno));
    struct buffer bytes = BUFFER_INIT;
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0 && bytes.length <= FILE_LIMIT)
        buffer_append(&bytes, block, got);
    bool good = !ferror(file);
    int code = errno;
    fclose(file);
    good = good ? ledger_change_add(change, path, buffer_text(&bytes), bytes.length, error)
                : error_set(error, ERROR_UNAVAILABLE, "%s: %s", path, strerror(code));
    buffer_release(&bytes);
    return good;
}

bool ledger_read(struct fleet *fleet, const char *name, const char *bytes, size_t length, bool complete,
                 struct ledger_change **change, struct error *error)
{
    *change = ledger_change_new(fleet);
    if (!ledger_change_add(*change, name, bytes, length, error)) {
        ledger_change_free(change);
        return false;
    }
    ledger_change_close(*change, complete);
    return true;
}

void ledger_change_summary(const struct ledger_change *change, struct ledger_summary *summary)
{
    assert(change->closed);
    *summary = change->summary;
    summary->problems = buffer_text(&change->problems);
}

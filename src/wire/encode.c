/* Resources to JSON. */
#include <string.h>

#include "wire/members.h"
#include "wire/tables.h"

void wire_write_by_health(struct json_writer *writer, const char *key, const uint32_t by_health[HEALTH_COUNT])
{
    json_write_object(writer, key);
    for (int health = 0; health < HEALTH_COUNT; health++)
        if (by_health[health])
            json_write_integer(writer, health_name((enum health)health), by_health[health]);
    json_write_object_end(writer);
}

static void write_page(struct json_writer *writer, const struct wire_page *page)
{
    json_write_integer(writer, "total", page->total);
    json_write_object(writer, "hidden");
    json_write_integer(writer, "filtered", page->population > page->total ? page->population - page->total : 0);
    json_write_object_end(writer);
    json_write_integer(writer, "offset", page->offset);
    write_moment(writer, "revision", page);
}

/* The counts come before the rows, so that a reader of a long answer knows them first. */
void wire_list_begin(struct json_writer *writer, const struct wire_page *page)
{
    json_write_object(writer, NULL);
    write_page(writer, page);
    json_write_array(writer, "items");
}

void wire_list_end(struct json_writer *writer)
{
    json_write_array_end(writer);
    json_write_object_end(writer);
}

static void write_tags(struct json_writer *writer, const char *tags)
{
    json_write_array(writer, "tags");
    while (*tags) {
        size_t length = strcspn(tags, ";");
        if (length)
            json_write_text_n(writer, NULL, tags, length);
        tags += length;
        tags += *tags == ';';
    }
    json_write_array_end(writer);
}

static void write_value(struct json_writer *writer, const struct wire_value *row)
{
    json_write_object(writer, NULL);
    VALUE_HEAD(MEMBER_WRITE)
    json_write_integer(writer, "flag", row->flag);
    json_write_object_end(writer);
}

static void write_ledger_half(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++) {
        const char *name = asset_field_name((enum asset_field)field);
        if (field == ASSET_id)
            json_write_text(writer, name, asset->field[field]);
        else if (field == ASSET_period) {
            if (wire_wanted(fields, "period"))
                json_write_text(writer, "period", asset->field[field]);
            if (wire_wanted(fields, "period_ms"))
                json_write_integer(writer, "period_ms", asset->period);
        } else if (!wire_wanted(fields, name))
            continue;
        else if (field == ASSET_tags)
            write_tags(writer, asset->field[field]);
        else
            json_write_text(writer, name, asset->field[field]);
    }
    if (wire_wanted(fields, "attributes")) {
        const char *attributes = asset->attributes && *asset->attributes ? asset->attributes : "{}";
        json_write_raw(writer, "attributes", attributes, strlen(attributes));
    }
    if (wire_wanted(fields, "discovered"))
        json_write_bool(writer, "discovered", asset->discovered);
    if (wire_wanted(fields, "revision"))
        json_write_integer(writer, "revision", asset->revision);
}

static void write_live_half(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    json_write_text(writer, "health", health_name(asset->health));
    if (wire_wanted(fields, "reason"))
        json_write_text(writer, "reason", health_reason_name(asset->reason));
    if (wire_wanted(fields, "since"))
        json_write_instant(writer, "since", asset->since);
    if (wire_wanted(fields, "link"))
        json_write_text(writer, "link", link_state_name(asset->link));
    if (wire_wanted(fields, "link_since"))
        json_write_instant(writer, "link_since", asset->link_since);
    if (wire_wanted(fields, "comm"))
        json_write_text(writer, "comm", comm_state_name(asset->comm));
    if (wire_wanted(fields, "comm_since"))
        json_write_instant(writer, "comm_since", asset->comm_since);
    if (wire_wanted(fields, "last_heard"))
        json_write_instant(writer, "last_heard", asset->last_heard);
    if (wire_wanted(fields, "evidence"))
        json_write_text(writer, "evidence", asset->evidence);
    if (wire_wanted(fields, "children"))
        json_write_integer(writer, "children", asset->children);
    if (wire_wanted(fields, "children_by_health"))
        wire_write_by_health(writer, "children_by_health", asset->children_by_health);
    if (wire_wanted(fields, "below"))
        json_write_integer(writer, "below", asset->below);
}

static void write_asset_members(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    write_ledger_half(writer, asset, fields);
    write_live_half(writer, asset, fields);
    if (fields ? wire_wanted(fields, "values") : asset->value_count > 0) {
        json_write_array(writer, "values");
        for (unsigned i = 0; i < asset->value_count; i++)
            write_value(writer, &asset->values[i]);
        json_write_array_end(writer);
    }
}

void wire_write_asset(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    json_write_object(writer, NULL);
    write_asset_members(writer, asset, fields);
    json_write_object_end(writer);
}

WRITE_ROWS(path, wire_step, STEP)
WRITE_ROWS(messages, wire_message, MESSAGE)
WRITE_ROWS(contracted, wire_contracted, CONTRACTED)
WRITE_ROWS(kinds, wire_kind, KIND)
WRITE_ROWS(examples, wire_example, EXAMPLE)

static void write_standby(struct json_writer *writer, const struct wire_standby *row)
{
    if (!row->name || !*row->name)
        return;
    json_write_object(writer, "redundancy");
    STANDBY(MEMBER_WRITE)
    json_write_object_end(writer);
}

void wire_write_asset_page(struct json_writer *writer, const struct wire_asset_page *page)
{
    json_write_object(writer, NULL);
    write_asset_members(writer, &page->asset, NULL);
    write_path(writer, "path", page->path, page->path_count);
    json_write_array(writer, "neighbours");
    for (unsigned i = 0; i < page->neighbour_count; i++)
        wire_write_asset(writer, &page->neighbours[i], NULL);
    json_write_array_end(writer);
    write_messages(writer, "messages", page->messages, page->message_count);
    write_standby(writer, &page->standby);
    /* "revision" is the asset's own here (If-Match); the fleet's has a name of its own. */
    write_moment(writer, "fleet_revision", &page->page);
    json_write_object_end(writer);
}

void wire_write_series(struct json_writer *writer, const struct wire_series *series)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "metric", series->metric);
    json_write_text(writer, "unit", series->unit);
    json_write_instant(writer, "from", series->from);
    json_write_instant(writer, "to", series->to);
    bool bounded = series->bucket_count && series->from != CLOCK_NEVER && series->to != CLOCK_NEVER;
    json_write_integer(writer, "bucket_ms", bounded ? (series->to - series->from) / series->bucket_count : 0);
    json_write_array(writer, "buckets");
    for (unsigned i = 0; i < series->bucket_count; i++) {
        const struct reading_bucket *bucket = &series->buckets[i];
        if (!bucket->count) {
            json_write_null(writer, NULL);
            continue;
        }
        json_write_array(writer, NULL);
        json_write_integer(writer, NULL, bucket->start);
        json_write_number(writer, NULL, bucket->minimum);
        json_write_number(writer, NULL, bucket->maximum);
        json_write_number(writer, NULL, bucket->sum / bucket->count);
        json_write_number(writer, NULL, bucket->last);
        json_write_integer(writer, NULL, bucket->count);
        json_write_array_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

void wire_write_interval(struct json_writer *writer, const struct wire_interval *row)
{
    json_write_object(writer, NULL);
    INTERVAL(MEMBER_WRITE)
    json_write_object_end(writer);
}

void wire_write_board(struct json_writer *writer, const struct wire_board *board)
{
    json_write_object(writer, NULL);
    write_page(writer, &board->page);
    wire_write_by_health(writer, "by_health", board->by_health);
    wire_write_by_health(writer, "all_by_health", board->all_by_health);
    write_contracted(writer, "contracted", board->contracted, board->contracted_count);
    json_write_array(writer, "items");
    for (unsigned i = 0; i < board->group_count; i++) {
        const struct wire_group *group = &board->groups[i];
        json_write_object(writer, NULL);
        json_write_text(writer, "key", group->key);
        json_write_integer(writer, "total", group->total);
        wire_write_by_health(writer, "by_health", group->by_health);
        wire_write_by_health(writer, "all_by_health", group->all_by_health);
        json_write_text_n(writer, "letters", group->letters, group->cell_count);
        json_write_array(writer, "ids");
        for (unsigned cell = 0; cell < group->cell_count; cell++)
            json_write_text(writer, NULL, group->ids[cell]);
        json_write_array_end(writer);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

void wire_write_overview(struct json_writer *writer, const struct wire_overview *row)
{
    json_write_object(writer, NULL);
    OVERVIEW_HEAD(MEMBER_WRITE)
    write_kinds(writer, "kinds", row->kinds, row->kind_count);
    write_contracted(writer, "contracted", row->contracted, row->contracted_count);
    json_write_number(writer, "rate", row->rate);
    if (row->quiet && *row->quiet) {
        json_write_object(writer, "quiet");
        OVERVIEW_QUIET(MEMBER_WRITE)
        json_write_object_end(writer);
    }
    json_write_object(writer, "sources");
    OVERVIEW_SOURCES(MEMBER_WRITE)
    json_write_object_end(writer);
    json_write_object(writer, "store");
    OVERVIEW_STORE(MEMBER_WRITE)
    json_write_object_end(writer);
    if (row->shift && *row->shift) {
        json_write_object(writer, "shift");
        OVERVIEW_SHIFT(MEMBER_WRITE)
        json_write_object_end(writer);
    } else {
        json_write_null(writer, "shift");
    }
    write_moment(writer, "revision", &row->page);
    json_write_object_end(writer);
}

void wire_write_source(struct json_writer *writer, const struct wire_source *row)
{
    json_write_object(writer, NULL);
    SOURCE(MEMBER_WRITE)
    write_examples(writer, "examples", row->examples, row->example_count);
    json_write_object_end(writer);
}

void wire_write_facet(struct json_writer *writer, const struct wire_facet *row)
{
    json_write_object(writer, NULL);
    FACET(MEMBER_WRITE)
    json_write_object_end(writer);
}

void wire_write_audit(struct json_writer *writer, const struct wire_audit *row)
{
    json_write_object(writer, NULL);
    AUDIT_HEAD(MEMBER_WRITE)
    /* The detail is written as JSON only when it is: an audit row must be readable whatever stands in it. */
    struct json_object *detail = *row->detail ? json_parse(row->detail, strlen(row->detail), 0, NULL) : NULL;
    if (detail)
        json_write_raw(writer, "detail", row->detail, strlen(row->detail));
    else
        json_write_text(writer, "detail", row->detail);
    json_object_put(detail);
    json_write_text(writer, "hash", row->hash);
    json_write_object_end(writer);
}

void wire_write_saved_view(struct json_writer *writer, const struct wire_saved_view *row)
{
    json_write_object(writer, NULL);
    SAVED_VIEW(MEMBER_WRITE)
    json_write_object_end(writer);
}

void wire_write_whoami(struct json_writer *writer, const struct wire_whoami *row)
{
    json_write_object(writer, NULL);
    WHOAMI(MEMBER_WRITE)
    json_write_object_end(writer);
}

/* Resources to JSON. */
#include <string.h>

#include "wire/wire.h"

/* Does the comma list `fields` (NULL: all) name this member? */
static bool wanted(const char *fields, const char *name)
{
    if (!fields)
        return true;
    size_t length = strlen(name);
    for (const char *at = fields; *at;) {
        size_t word = strcspn(at, ",");
        if (word == length && memcmp(at, name, length) == 0)
            return true;
        at += word;
        at += *at == ',';
    }
    return false;
}

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
    json_write_integer(writer, "revision", (int64_t)page->revision);
    json_write_instant(writer, "as_of", page->as_of);
    json_write_bool(writer, "past", page->past);
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

static void write_value(struct json_writer *writer, const struct wire_value *value)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "metric", value->metric);
    json_write_number(writer, "value", value->value);
    json_write_text(writer, "unit", value->unit);
    json_write_instant(writer, "time", value->time);
    json_write_integer(writer, "flag", value->flag);
    json_write_object_end(writer);
}

static void write_ledger_half(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++) {
        const char *name = asset_field_name((enum asset_field)field);
        if (field == ASSET_id)
            json_write_text(writer, name, asset->field[field]);
        else if (field == ASSET_period) {
            if (wanted(fields, "period"))
                json_write_text(writer, "period", asset->field[field]);
            if (wanted(fields, "period_ms"))
                json_write_integer(writer, "period_ms", asset->period);
        } else if (!wanted(fields, name))
            continue;
        else if (field == ASSET_tags)
            write_tags(writer, asset->field[field]);
        else
            json_write_text(writer, name, asset->field[field]);
    }
    if (wanted(fields, "attributes")) {
        const char *attributes = asset->attributes && *asset->attributes ? asset->attributes : "{}";
        json_write_raw(writer, "attributes", attributes, strlen(attributes));
    }
    if (wanted(fields, "discovered"))
        json_write_bool(writer, "discovered", asset->discovered);
    if (wanted(fields, "revision"))
        json_write_integer(writer, "revision", asset->revision);
}

static void write_live_half(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    json_write_text(writer, "health", health_name(asset->health));
    if (wanted(fields, "reason"))
        json_write_text(writer, "reason", health_reason_name(asset->reason));
    if (wanted(fields, "since"))
        json_write_instant(writer, "since", asset->since);
    if (wanted(fields, "link"))
        json_write_text(writer, "link", link_state_name(asset->link));
    if (wanted(fields, "link_since"))
        json_write_instant(writer, "link_since", asset->link_since);
    if (wanted(fields, "comm"))
        json_write_text(writer, "comm", comm_state_name(asset->comm));
    if (wanted(fields, "comm_since"))
        json_write_instant(writer, "comm_since", asset->comm_since);
    if (wanted(fields, "last_heard"))
        json_write_instant(writer, "last_heard", asset->last_heard);
    if (wanted(fields, "evidence"))
        json_write_text(writer, "evidence", asset->evidence);
    if (wanted(fields, "children"))
        json_write_integer(writer, "children", asset->children);
    if (wanted(fields, "children_by_health"))
        wire_write_by_health(writer, "children_by_health", asset->children_by_health);
    if (wanted(fields, "below"))
        json_write_integer(writer, "below", asset->below);
}

static void write_asset_members(struct json_writer *writer, const struct wire_asset *asset, const char *fields)
{
    write_ledger_half(writer, asset, fields);
    write_live_half(writer, asset, fields);
    if (fields ? wanted(fields, "values") : asset->value_count > 0) {
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

void wire_write_asset_page(struct json_writer *writer, const struct wire_asset_page *page)
{
    json_write_object(writer, NULL);
    write_asset_members(writer, &page->asset, NULL);
    json_write_array(writer, "path");
    for (unsigned i = 0; i < page->path_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "id", page->path[i].id);
        json_write_text(writer, "name", page->path[i].name);
        json_write_text(writer, "health", health_name(page->path[i].health));
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_array(writer, "neighbours");
    for (unsigned i = 0; i < page->neighbour_count; i++)
        wire_write_asset(writer, &page->neighbours[i], NULL);
    json_write_array_end(writer);
    json_write_array(writer, "messages");
    for (unsigned i = 0; i < page->message_count; i++) {
        json_write_object(writer, NULL);
        json_write_instant(writer, "received", page->messages[i].received);
        json_write_text(writer, "source", page->messages[i].source);
        json_write_text(writer, "text", page->messages[i].text);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    if (page->standby.name && *page->standby.name) {
        json_write_object(writer, "redundancy");
        json_write_text(writer, "name", page->standby.name);
        json_write_integer(writer, "alive", page->standby.alive);
        json_write_integer(writer, "total", page->standby.total);
        json_write_integer(writer, "need", page->standby.need);
        json_write_bool(writer, "gone", page->standby.gone);
        json_write_text(writer, "alert", page->standby.alert);
        json_write_object_end(writer);
    }
    /* "revision" is the asset's own here (If-Match); the fleet's has a name of its own. */
    json_write_integer(writer, "fleet_revision", (int64_t)page->page.revision);
    json_write_instant(writer, "as_of", page->page.as_of);
    json_write_bool(writer, "past", page->page.past);
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

void wire_write_interval(struct json_writer *writer, const struct wire_interval *interval)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "id", interval->id);
    json_write_instant(writer, "from", interval->from);
    json_write_instant(writer, "to", interval->to);
    json_write_text(writer, "health", health_name(interval->health));
    json_write_text(writer, "reason", health_reason_name(interval->reason));
    json_write_text(writer, "link", link_state_name(interval->link));
    json_write_text(writer, "comm", comm_state_name(interval->comm));
    json_write_object_end(writer);
}

static void write_contracted(struct json_writer *writer, const struct wire_contracted *rows, unsigned count)
{
    json_write_array(writer, "contracted");
    for (unsigned i = 0; i < count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "name", rows[i].name);
        json_write_text(writer, "contract", rows[i].contract);
        json_write_integer(writer, "need", rows[i].need);
        json_write_integer(writer, "have", rows[i].have);
        json_write_integer(writer, "total", rows[i].total);
        json_write_bool(writer, "ok", rows[i].ok);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

void wire_write_board(struct json_writer *writer, const struct wire_board *board)
{
    json_write_object(writer, NULL);
    write_page(writer, &board->page);
    wire_write_by_health(writer, "by_health", board->by_health);
    wire_write_by_health(writer, "all_by_health", board->all_by_health);
    write_contracted(writer, board->contracted, board->contracted_count);
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

static void write_overview_parts(struct json_writer *writer, const struct wire_overview *overview)
{
    json_write_object(writer, "sources");
    json_write_integer(writer, "total", overview->sources);
    json_write_integer(writer, "running", overview->sources_running);
    json_write_text(writer, "worst", overview->sources_worst);
    json_write_instant(writer, "oldest_heard", overview->oldest_heard);
    json_write_instant(writer, "newest_heard", overview->newest_heard);
    json_write_object_end(writer);
    json_write_object(writer, "store");
    json_write_text(writer, "engine", overview->store_engine);
    json_write_bool(writer, "writable", overview->store_writable);
    json_write_text(writer, "problem", overview->store_problem);
    json_write_integer(writer, "bytes", (int64_t)overview->store_bytes);
    json_write_integer(writer, "queued", (int64_t)overview->store_queued);
    json_write_object_end(writer);
    if (overview->shift && *overview->shift) {
        json_write_object(writer, "shift");
        json_write_text(writer, "name", overview->shift);
        json_write_text(writer, "people", overview->shift_people);
        json_write_instant(writer, "from", overview->shift_from);
        json_write_instant(writer, "to", overview->shift_to);
        json_write_object_end(writer);
    } else {
        json_write_null(writer, "shift");
    }
}

void wire_write_overview(struct json_writer *writer, const struct wire_overview *overview)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "site", overview->site);
    json_write_text(writer, "timezone", overview->timezone);
    json_write_text(writer, "language", overview->language);
    json_write_text(writer, "version", overview->version);
    json_write_instant(writer, "started", overview->started);
    json_write_integer(writer, "assets", overview->assets);
    json_write_integer(writer, "discovered", overview->discovered);
    wire_write_by_health(writer, "by_health", overview->by_health);
    json_write_array(writer, "kinds");
    for (unsigned i = 0; i < overview->kind_count; i++) {
        json_write_object(writer, NULL);
        json_write_text(writer, "kind", overview->kinds[i].kind);
        json_write_integer(writer, "total", overview->kinds[i].total);
        wire_write_by_health(writer, "by_health", overview->kinds[i].by_health);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    write_contracted(writer, overview->contracted, overview->contracted_count);
    json_write_number(writer, "rate", overview->rate);
    if (overview->quiet && *overview->quiet) {
        json_write_object(writer, "quiet");
        json_write_text(writer, "name", overview->quiet);
        json_write_instant(writer, "until", overview->quiet_until);
        json_write_integer(writer, "held", overview->held);
        json_write_object_end(writer);
    }
    write_overview_parts(writer, overview);
    json_write_integer(writer, "revision", (int64_t)overview->page.revision);
    json_write_instant(writer, "as_of", overview->page.as_of);
    json_write_bool(writer, "past", overview->page.past);
    json_write_object_end(writer);
}

void wire_write_source(struct json_writer *writer, const struct wire_source *source)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", source->name);
    json_write_text(writer, "type", source->type);
    json_write_text(writer, "state", source->state);
    json_write_text(writer, "detail", source->detail);
    json_write_instant(writer, "since", source->since);
    json_write_instant(writer, "last_heard", source->last_heard);
    json_write_number(writer, "rate", source->rate);
    json_write_integer(writer, "messages", (int64_t)source->messages);
    json_write_integer(writer, "readings", (int64_t)source->readings);
    json_write_integer(writer, "bytes", (int64_t)source->bytes);
    json_write_integer(writer, "bad", (int64_t)source->bad);
    json_write_integer(writer, "duplicates", (int64_t)source->duplicates);
    json_write_integer(writer, "checks", (int64_t)source->checks);
    json_write_integer(writer, "failures", (int64_t)source->failures);
    json_write_integer(writer, "reconnects", (int64_t)source->reconnects);
    json_write_integer(writer, "targets", (int64_t)source->targets);
    json_write_array(writer, "examples");
    for (unsigned i = 0; i < source->example_count; i++) {
        json_write_object(writer, NULL);
        json_write_instant(writer, "time", source->examples[i].time);
        json_write_text(writer, "reason", source->examples[i].reason);
        json_write_text(writer, "sample", source->examples[i].sample);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

void wire_write_facet(struct json_writer *writer, const struct wire_facet *facet)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "value", facet->value);
    json_write_integer(writer, "count", facet->count);
    wire_write_by_health(writer, "by_health", facet->by_health);
    json_write_object_end(writer);
}

void wire_write_audit(struct json_writer *writer, const struct wire_audit *audit)
{
    json_write_object(writer, NULL);
    json_write_integer(writer, "sequence", audit->sequence);
    json_write_instant(writer, "time", audit->time);
    json_write_text(writer, "actor", audit->actor);
    json_write_text(writer, "verb", audit->verb);
    json_write_text(writer, "target", audit->target);
    /* The detail is written as JSON only when it is: an audit row must be readable whatever stands in it. */
    struct json_object *detail = *audit->detail ? json_parse(audit->detail, strlen(audit->detail), 0, NULL) : NULL;
    if (detail)
        json_write_raw(writer, "detail", audit->detail, strlen(audit->detail));
    else
        json_write_text(writer, "detail", audit->detail);
    json_object_put(detail);
    json_write_text(writer, "hash", audit->hash);
    json_write_object_end(writer);
}

void wire_write_saved_view(struct json_writer *writer, const struct wire_saved_view *view)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", view->name);
    json_write_text(writer, "resource", view->resource);
    json_write_text(writer, "query", view->query);
    json_write_text(writer, "owner", view->owner);
    json_write_integer(writer, "revision", view->revision);
    json_write_object_end(writer);
}

void wire_write_whoami(struct json_writer *writer, const struct wire_whoami *whoami)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", whoami->name);
    json_write_text(writer, "role", whoami->role);
    json_write_object_end(writer);
}

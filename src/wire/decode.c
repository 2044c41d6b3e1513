/* JSON to resources. What comes in is judged member by member: the wrong type reads as absent, numbers are clamped
 * to what their member holds. */
#include <string.h>

#include "wire/members.h"
#include "wire/tables.h"

/* ---- one item each ---- */

static const char *read_tags(struct flat *object, struct arena *arena)
{
    struct flat *array;
    size_t count = read_array(object, "tags", &array);
    struct buffer joined = BUFFER_INIT;
    for (size_t i = 0; i < count; i++) {
        struct flat *tag = flat_at(array, i);
        if (flat_type(tag) != FLAT_TEXT)
            continue;
        if (joined.length)
            buffer_append_char(&joined, ';');
        buffer_append_text(&joined, flat_as_text(tag, ""));
    }
    const char *tags = arena_text(arena, buffer_text(&joined));
    buffer_release(&joined);
    return tags;
}

static void read_values(struct flat *from, struct arena *arena, struct wire_asset *asset)
{
    struct flat *array;
    asset->value_count = read_array(from, "values", &array);
    asset->values = arena_alloc(arena, asset->value_count * sizeof *asset->values);
    for (unsigned i = 0; i < asset->value_count; i++) {
        struct flat *object = flat_at(array, i);
        struct wire_value *row = &asset->values[i];
        VALUE_HEAD(MEMBER_READ)
        int64_t flag = flat_integer(object, "flag", READING_NOT_EVALUATED);
        bool known = flag >= READING_PASS && flag <= READING_MISSING;
        row->flag = known ? (enum reading_flag)flag : READING_NOT_EVALUATED;
    }
}

static bool read_asset(struct flat *object, struct arena *arena, struct wire_asset *asset)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        asset->field[field] = field == ASSET_tags ? read_tags(object, arena)
                                                  : read_text(object, asset_field_name((enum asset_field)field), arena);
    struct flat *attributes = flat_get(object, "attributes");
    asset->attributes = flat_type(attributes) == FLAT_OBJECT && flat_count(attributes) ? read_raw(attributes, arena) : "";
    asset->discovered = flat_bool(object, "discovered", false);
    asset->revision = flat_integer(object, "revision", 0);
    asset->period = flat_integer(object, "period_ms", 0);
    asset->health = read_health(object, "health");
    asset->reason = read_reason(object, "reason");
    asset->since = flat_instant(object, "since");
    asset->link = read_link(object, "link");
    asset->link_since = flat_instant(object, "link_since");
    asset->comm = read_comm(object, "comm");
    asset->comm_since = flat_instant(object, "comm_since");
    asset->last_heard = flat_instant(object, "last_heard");
    asset->evidence = read_prose(object, "evidence", arena);
    asset->children = read_count(object, "children");
    asset->below = read_count(object, "below");
    read_by_health(object, "children_by_health", asset->children_by_health);
    read_values(object, arena, asset);
    return *asset->field[ASSET_id] != '\0';
}

READ_ROWS(path, wire_step, STEP)
READ_ROWS(messages, wire_message, MESSAGE)
READ_ROWS(contracted, wire_contracted, CONTRACTED)
READ_ROWS(kinds, wire_kind, KIND)
READ_ROWS(examples, wire_example, EXAMPLE)

static bool read_interval(struct flat *object, struct arena *arena, struct wire_interval *row)
{
    INTERVAL(MEMBER_READ)
    return true;
}

static bool read_source(struct flat *object, struct arena *arena, struct wire_source *row)
{
    SOURCE(MEMBER_READ)
    row->examples = read_examples(object, "examples", arena, &row->example_count);
    return *row->name != '\0';
}

static bool read_facet(struct flat *object, struct arena *arena, struct wire_facet *row)
{
    FACET(MEMBER_READ)
    return true;
}

static bool read_audit(struct flat *object, struct arena *arena, struct wire_audit *row)
{
    AUDIT_HEAD(MEMBER_READ)
    row->detail = read_raw(flat_get(object, "detail"), arena);
    row->hash = read_text(object, "hash", arena);
    return true;
}

static bool read_saved_view(struct flat *object, struct arena *arena, struct wire_saved_view *row)
{
    SAVED_VIEW(MEMBER_READ)
    return *row->name != '\0';
}

static void read_standby(struct flat *object, struct arena *arena, struct wire_standby *row)
{
    STANDBY(MEMBER_READ)
}

/* ---- whole answers ---- */

READ_LIST(assets, wire_asset, read_asset)
READ_LIST(intervals, wire_interval, read_interval)
READ_LIST(sources, wire_source, read_source)
READ_LIST(facets, wire_facet, read_facet)
READ_LIST(audit, wire_audit, read_audit)
READ_LIST(saved_views, wire_saved_view, read_saved_view)

bool wire_read_asset_page(const char *bytes, size_t length, struct arena *arena, struct wire_asset_page *page,
                          struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *page = (struct wire_asset_page){0};
    if (!read_asset(object, arena, &page->asset)) {
        flat_free(&object);
        return error_set(error, ERROR_INVALID, "expected an asset with an `id`");
    }
    read_moment(object, "fleet_revision", &page->page);
    page->path = read_path(object, "path", arena, &page->path_count);
    page->messages = read_messages(object, "messages", arena, &page->message_count);
    read_standby(flat_get(object, "redundancy"), arena, &page->standby);
    struct flat *array;
    size_t count = read_array(object, "neighbours", &array);
    page->neighbours = arena_alloc(arena, count * sizeof *page->neighbours);
    for (size_t i = 0; i < count; i++)
        if (read_asset(flat_at(array, i), arena, &page->neighbours[page->neighbour_count]))
            page->neighbour_count++;
    flat_free(&object);
    return true;
}

static double element_number(struct flat *array, size_t index)
{
    return flat_as_number(flat_at(array, index), 0);
}

bool wire_read_series(const char *bytes, size_t length, struct arena *arena, struct wire_series *series,
                      struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    struct flat *array;
    size_t count = read_array(object, "buckets", &array);
    *series = (struct wire_series){
        .metric = read_text(object, "metric", arena),
        .unit = read_text(object, "unit", arena),
        .from = flat_instant(object, "from"),
        .to = flat_instant(object, "to"),
        .buckets = arena_alloc(arena, count * sizeof *series->buckets),
        .bucket_count = (unsigned)count,
    };
    int64_t step = flat_integer(object, "bucket_ms", 0);
    if (step < 0 || step > 100 * 366 * SPAN_DAY)
        step = 0;
    for (size_t i = 0; i < count; i++) {
        struct flat *row = flat_at(array, i);
        struct reading_bucket *bucket = &series->buckets[i];
        if (series->from != CLOCK_NEVER)
            bucket->start = (msec)((uint64_t)series->from + (uint64_t)i * (uint64_t)step);
        if (flat_type(row) != FLAT_ARRAY || flat_count(row) < 6)
            continue;
        int64_t readings = flat_as_integer(flat_at(row, 5), 0);
        if (readings <= 0)
            continue;
        bucket->start = flat_as_integer(flat_at(row, 0), 0);
        bucket->minimum = element_number(row, 1);
        bucket->maximum = element_number(row, 2);
        bucket->last = element_number(row, 4);
        bucket->count = readings > UINT32_MAX ? UINT32_MAX : (unsigned)readings;
        bucket->sum = element_number(row, 3) * bucket->count;
    }
    flat_free(&object);
    return true;
}

/* A cell is a letter and an id: as many cells as there are of both. */
static void read_group(struct flat *row, struct arena *arena, struct wire_group *group)
{
    group->key = read_text(row, "key", arena);
    group->total = read_count(row, "total");
    group->letters = read_text(row, "letters", arena);
    read_by_health(row, "by_health", group->by_health);
    read_by_health(row, "all_by_health", group->all_by_health);
    struct flat *ids;
    size_t count = read_array(row, "ids", &ids), letters = strlen(group->letters);
    group->cell_count = (unsigned)(count < letters ? count : letters);
    group->ids = arena_alloc(arena, group->cell_count * sizeof *group->ids);
    for (unsigned i = 0; i < group->cell_count; i++)
        group->ids[i] = arena_text(arena, flat_as_text(flat_at(ids, i), ""));
}

bool wire_read_board(const char *bytes, size_t length, struct arena *arena, struct wire_board *board,
                     struct error *error)
{
    struct flat *array;
    *board = (struct wire_board){0};
    struct flat *object = read_list(bytes, length, &array, error);
    if (!object)
        return false;
    read_page(object, &board->page);
    read_by_health(object, "by_health", board->by_health);
    read_by_health(object, "all_by_health", board->all_by_health);
    board->contracted = read_contracted(object, "contracted", arena, &board->contracted_count);
    board->group_count = flat_count(array);
    board->groups = arena_alloc(arena, board->group_count * sizeof *board->groups);
    for (unsigned i = 0; i < board->group_count; i++)
        read_group(flat_at(array, i), arena, &board->groups[i]);
    flat_free(&object);
    return true;
}

static void read_overview_parts(struct flat *from, struct arena *arena, struct wire_overview *row)
{
    struct flat *object = flat_get(from, "sources");
    OVERVIEW_SOURCES(MEMBER_READ)
    object = flat_get(from, "store");
    OVERVIEW_STORE(MEMBER_READ)
    object = flat_get(from, "quiet");
    OVERVIEW_QUIET(MEMBER_READ)
    object = flat_get(from, "shift");
    OVERVIEW_SHIFT(MEMBER_READ)
}

bool wire_read_overview(const char *bytes, size_t length, struct arena *arena, struct wire_overview *row,
                        struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    *row = (struct wire_overview){.rate = flat_number(object, "rate", 0)};
    OVERVIEW_HEAD(MEMBER_READ)
    row->kinds = read_kinds(object, "kinds", arena, &row->kind_count);
    row->contracted = read_contracted(object, "contracted", arena, &row->contracted_count);
    read_overview_parts(object, arena, row);
    read_page(object, &row->page);
    flat_free(&object);
    return true;
}

bool wire_read_whoami(const char *bytes, size_t length, struct arena *arena, struct wire_whoami *row, struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    WHOAMI(MEMBER_READ)
    flat_free(&object);
    return true;
}

/* JSON to resources. What comes in is judged member by member: the wrong type reads as absent, numbers are clamped
 * to what their member holds. */
#include <string.h>

#include "wire/read.h"

static enum health get_health(struct flat *object, const char *key)
{
    enum health health;
    return health_parse(flat_text(object, key, ""), &health) ? health : HEALTH_UNKNOWN;
}

static enum health_reason get_reason(struct flat *object)
{
    enum health_reason reason;
    return health_reason_parse(flat_text(object, "reason", ""), &reason) ? reason : REASON_NONE;
}

static enum link_state get_link(struct flat *object)
{
    const char *name = flat_text(object, "link", "");
    for (int state = LINK_UNKNOWN; state <= LINK_DOWN; state++)
        if (strcmp(name, link_state_name((enum link_state)state)) == 0)
            return (enum link_state)state;
    return LINK_UNKNOWN;
}

static enum comm_state get_comm(struct flat *object)
{
    const char *name = flat_text(object, "comm", "");
    for (int state = COMM_UNKNOWN; state <= COMM_SILENT; state++)
        if (strcmp(name, comm_state_name((enum comm_state)state)) == 0)
            return (enum comm_state)state;
    return COMM_UNKNOWN;
}

static void read_by_health(struct flat *object, const char *key, uint32_t by_health[HEALTH_COUNT])
{
    struct flat *counts = flat_get(object, key);
    for (int health = 0; health < HEALTH_COUNT; health++)
        by_health[health] = counts ? read_count(counts, health_name((enum health)health)) : 0;
}

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

static void read_values(struct flat *object, struct arena *arena, struct wire_asset *asset)
{
    struct flat *array;
    size_t count = read_array(object, "values", &array);
    asset->values = arena_alloc(arena, count * sizeof *asset->values);
    asset->value_count = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        struct flat *row = flat_at(array, i);
        int64_t flag = flat_integer(row, "flag", READING_NOT_EVALUATED);
        asset->values[i] = (struct wire_value){
            .metric = read_text(row, "metric", arena),
            .unit = read_text(row, "unit", arena),
            .value = flat_number(row, "value", 0),
            .time = flat_instant(row, "time"),
            .flag = flag >= READING_PASS && flag <= READING_MISSING ? (enum reading_flag)flag : READING_NOT_EVALUATED,
        };
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
    asset->health = get_health(object, "health");
    asset->reason = get_reason(object);
    asset->since = flat_instant(object, "since");
    asset->link = get_link(object);
    asset->link_since = flat_instant(object, "link_since");
    asset->comm = get_comm(object);
    asset->comm_since = flat_instant(object, "comm_since");
    asset->last_heard = flat_instant(object, "last_heard");
    asset->evidence = read_prose(object, "evidence", arena);
    asset->children = read_count(object, "children");
    asset->below = read_count(object, "below");
    read_by_health(object, "children_by_health", asset->children_by_health);
    read_values(object, arena, asset);
    return *asset->field[ASSET_id] != '\0';
}

static bool read_interval(struct flat *object, struct arena *arena, struct wire_interval *interval)
{
    *interval = (struct wire_interval){
        .id = read_text(object, "id", arena),
        .from = flat_instant(object, "from"),
        .to = flat_instant(object, "to"),
        .health = get_health(object, "health"),
        .reason = get_reason(object),
        .link = get_link(object),
        .comm = get_comm(object),
    };
    return true;
}

static bool read_source(struct flat *object, struct arena *arena, struct wire_source *source)
{
    *source = (struct wire_source){
        .name = read_text(object, "name", arena),
        .type = read_text(object, "type", arena),
        .state = read_text(object, "state", arena),
        .detail = read_prose(object, "detail", arena),
        .since = flat_instant(object, "since"),
        .last_heard = flat_instant(object, "last_heard"),
        .rate = flat_number(object, "rate", 0),
        .messages = read_total(object, "messages"),
        .readings = read_total(object, "readings"),
        .bytes = read_total(object, "bytes"),
        .bad = read_total(object, "bad"),
        .duplicates = read_total(object, "duplicates"),
        .checks = read_total(object, "checks"),
        .failures = read_total(object, "failures"),
        .reconnects = read_total(object, "reconnects"),
        .targets = read_total(object, "targets"),
    };
    struct flat *array;
    size_t count = read_array(object, "examples", &array);
    source->examples = arena_alloc(arena, count * sizeof *source->examples);
    source->example_count = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        struct flat *row = flat_at(array, i);
        source->examples[i] = (struct wire_example){
            .time = flat_instant(row, "time"),
            .reason = read_prose(row, "reason", arena),
            .sample = read_text(row, "sample", arena),
        };
    }
    return *source->name != '\0';
}

static bool read_facet(struct flat *object, struct arena *arena, struct wire_facet *facet)
{
    facet->value = read_text(object, "value", arena);
    facet->count = read_count(object, "count");
    read_by_health(object, "by_health", facet->by_health);
    return true;
}

static bool read_audit(struct flat *object, struct arena *arena, struct wire_audit *audit)
{
    struct flat *detail = flat_get(object, "detail");
    *audit = (struct wire_audit){
        .sequence = flat_integer(object, "sequence", 0),
        .time = flat_instant(object, "time"),
        .actor = read_text(object, "actor", arena),
        .verb = read_text(object, "verb", arena),
        .target = read_text(object, "target", arena),
        .detail = read_raw(detail, arena),
        .hash = read_text(object, "hash", arena),
    };
    return true;
}

static bool read_saved_view(struct flat *object, struct arena *arena, struct wire_saved_view *view)
{
    *view = (struct wire_saved_view){
        .name = read_text(object, "name", arena),
        .resource = read_text(object, "resource", arena),
        .query = read_text(object, "query", arena),
        .owner = read_text(object, "owner", arena),
        .revision = flat_integer(object, "revision", 0),
    };
    return *view->name != '\0';
}

/* ---- whole answers ---- */

/* Rows that are not what they should be are left out, never guessed. */
#define DECODE_LIST(name, type, read_item)                                                                        \
    bool wire_read_##name(const char *bytes, size_t length, struct arena *arena, struct wire_page *page,          \
                          struct type **items, unsigned *count, struct error *error)                              \
    {                                                                                                             \
        struct flat *array;                                                                                \
        struct flat *object = read_list(bytes, length, &array, error);                                     \
        if (!object)                                                                                              \
            return false;                                                                                         \
        read_page(object, page);                                                                                  \
        size_t rows = flat_count(array);                                                            \
        *items = arena_alloc(arena, rows * sizeof **items);                                                       \
        *count = 0;                                                                                               \
        for (size_t i = 0; i < rows; i++) {                                                                       \
            struct flat *row = flat_at(array, i);                                        \
            if (flat_type(row) == FLAT_OBJECT && read_item(row, arena, &(*items)[*count]))           \
                ++*count;                                                                                         \
        }                                                                                                         \
        flat_free(&object);                                                                                  \
        return true;                                                                                              \
    }

DECODE_LIST(assets, wire_asset, read_asset)
DECODE_LIST(intervals, wire_interval, read_interval)
DECODE_LIST(sources, wire_source, read_source)
DECODE_LIST(facets, wire_facet, read_facet)
DECODE_LIST(audit, wire_audit, read_audit)
DECODE_LIST(saved_views, wire_saved_view, read_saved_view)

static void read_path(struct flat *object, struct arena *arena, struct wire_asset_page *page)
{
    struct flat *array;
    size_t count = read_array(object, "path", &array);
    page->path = arena_alloc(arena, count * sizeof *page->path);
    page->path_count = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        struct flat *row = flat_at(array, i);
        page->path[i] = (struct wire_step){
            .id = read_text(row, "id", arena),
            .name = read_text(row, "name", arena),
            .health = get_health(row, "health"),
        };
    }
}

static void read_messages(struct flat *object, struct arena *arena, struct wire_asset_page *page)
{
    struct flat *array;
    size_t count = read_array(object, "messages", &array);
    page->messages = arena_alloc(arena, count * sizeof *page->messages);
    page->message_count = (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        struct flat *row = flat_at(array, i);
        page->messages[i] = (struct wire_message){
            .received = flat_instant(row, "received"),
            .source = read_text(row, "source", arena),
            .text = read_text(row, "text", arena),
        };
    }
}

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
    page->page.revision = read_total(object, "fleet_revision");
    page->page.as_of = flat_instant(object, "as_of");
    page->page.past = flat_bool(object, "past", false);
    page->page.total = page->page.population = 1;
    read_path(object, arena, page);
    read_messages(object, arena, page);
    struct flat *group = flat_get(object, "redundancy");
    page->standby = (struct wire_standby){
        .name = read_text(group, "name", arena), .alert = read_text(group, "alert", arena), .alive = (uint32_t)read_total(group, "alive"),
        .total = (uint32_t)read_total(group, "total"), .need = (uint32_t)read_total(group, "need"), .gone = flat_bool(group, "gone", false)};
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

static void read_contracted(struct flat *object, struct arena *arena, struct wire_contracted **rows,
                            unsigned *count)
{
    struct flat *array;
    *count = (unsigned)read_array(object, "contracted", &array);
    *rows = arena_alloc(arena, *count * sizeof **rows);
    for (unsigned i = 0; i < *count; i++) {
        struct flat *row = flat_at(array, i);
        (*rows)[i] = (struct wire_contracted){
            .name = read_text(row, "name", arena),
            .contract = read_text(row, "contract", arena),
            .need = read_count(row, "need"),
            .have = read_count(row, "have"),
            .total = read_count(row, "total"),
            .ok = flat_bool(row, "ok", false),
        };
    }
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
    read_contracted(object, arena, &board->contracted, &board->contracted_count);
    board->group_count = flat_count(array);
    board->groups = arena_alloc(arena, board->group_count * sizeof *board->groups);
    for (unsigned i = 0; i < board->group_count; i++)
        read_group(flat_at(array, i), arena, &board->groups[i]);
    flat_free(&object);
    return true;
}

static void read_kinds(struct flat *object, struct arena *arena, struct wire_overview *overview)
{
    struct flat *array;
    overview->kind_count = (unsigned)read_array(object, "kinds", &array);
    overview->kinds = arena_alloc(arena, overview->kind_count * sizeof *overview->kinds);
    for (unsigned i = 0; i < overview->kind_count; i++) {
        struct flat *row = flat_at(array, i);
        overview->kinds[i].kind = read_text(row, "kind", arena);
        overview->kinds[i].total = read_count(row, "total");
        read_by_health(row, "by_health", overview->kinds[i].by_health);
    }
}

bool wire_read_overview(const char *bytes, size_t length, struct arena *arena, struct wire_overview *overview,
                        struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    struct flat *sources = flat_get(object, "sources"), *store = flat_get(object, "store");
    struct flat *shift = flat_get(object, "shift");
    *overview = (struct wire_overview){
        .site = read_text(object, "site", arena),
        .timezone = read_text(object, "timezone", arena),
        .language = read_text(object, "language", arena),
        .version = read_text(object, "version", arena),
        .started = flat_instant(object, "started"),
        .assets = read_count(object, "assets"),
        .discovered = read_count(object, "discovered"),
        .rate = flat_number(object, "rate", 0),
        .sources = read_count(sources, "total"),
        .sources_running = read_count(sources, "running"),
        .sources_worst = read_text(sources, "worst", arena),
        .oldest_heard = flat_instant(sources, "oldest_heard"),
        .newest_heard = flat_instant(sources, "newest_heard"),
        .store_engine = read_text(store, "engine", arena),
        .store_problem = read_prose(store, "problem", arena),
        .store_writable = flat_bool(store, "writable", false),
        .store_bytes = read_total(store, "bytes"),
        .store_queued = read_total(store, "queued"),
        .quiet = read_text(flat_get(object, "quiet"), "name", arena),
        .quiet_until = flat_instant(flat_get(object, "quiet"), "until"),
        .held = (uint32_t)read_total(flat_get(object, "quiet"), "held"),
        .shift = read_text(shift, "name", arena),
        .shift_people = read_text(shift, "people", arena),
        .shift_from = flat_instant(shift, "from"),
        .shift_to = flat_instant(shift, "to"),
    };
    read_page(object, &overview->page);
    read_by_health(object, "by_health", overview->by_health);
    read_kinds(object, arena, overview);
    read_contracted(object, arena, &overview->contracted, &overview->contracted_count);
    flat_free(&object);
    return true;
}

bool wire_read_whoami(const char *bytes, size_t length, struct arena *arena, struct wire_whoami *whoami,
                      struct error *error)
{
    struct flat *object = read_object(bytes, length, error);
    if (!object)
        return false;
    whoami->name = read_text(object, "name", arena);
    whoami->role = read_text(object, "role", arena);
    flat_free(&object);
    return true;
}

/* GET /assets: a window of a filtered, sorted list, as JSON or CSV. Long ones are encoded piece by piece as the
 * client takes them, each row as it is at that moment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/csv.h"
#include "base/memory.h"
#include "base/text.h"

#define LIMIT_DEFAULT 200
#define LIMIT_MAX 10000
#define LIMIT_MAX_CSV 1000000 /* a file to carry away: it streams, nobody holds it whole */
#define ROWS_A_PIECE 200
#define VALUES_MAX 64

void asset_fill(const struct fleet *fleet, uint32_t asset, const struct fleet_past *past, struct wire_asset *row)
{
    struct fleet_view view;
    fleet_get(fleet, asset, &view);
    *row = (struct wire_asset){
        .attributes = view.row.attributes,
        .discovered = view.row.discovered,
        .revision = view.row.revision,
        .period = view.period,
        .health = view.health,
        .reason = view.reason,
        .since = view.since,
        .link = view.link,
        .link_since = view.link_since,
        .comm = view.comm,
        .comm_since = view.comm_since,
        .last_heard = view.last_heard,
        .evidence = view.evidence,
        .children = view.children,
        .below = view.below,
    };
    memcpy(row->field, view.row.field, sizeof row->field);
    memcpy(row->children_by_health, view.children_by_health, sizeof row->children_by_health);
    if (!past)
        return;
    /* The ledger's half is today's; of the live half only what was stored then is known. */
    struct store_state state;
    fleet_past_get(past, asset, &state);
    row->health = state.health;
    row->reason = state.reason;
    row->since = state.from;
    row->link = state.link;
    row->comm = state.comm;
    row->link_since = row->comm_since = row->last_heard = CLOCK_NEVER;
    row->evidence = "";
    memset(row->children_by_health, 0, sizeof row->children_by_health);
}

unsigned asset_values(const struct api *api, uint32_t asset, struct wire_value *values, unsigned max)
{
    struct fleet_value found[VALUES_MAX];
    if (max > VALUES_MAX)
        max = VALUES_MAX;
    unsigned count = fleet_values(api->fleet, asset, found, max);
    count = count < max ? count : max;
    for (unsigned i = 0; i < count; i++)
        values[i] = (struct wire_value){.metric = found[i].metric, .unit = site_metric_unit(api->site, found[i].metric),
                                        .value = found[i].value, .time = found[i].time, .flag = found[i].flag};
    return count;
}

/* ---- columns: what `fields` may name, and how CSV writes it ---- */

static const char csv_default[] =
    "id,name,kind,class,parent,subsystem,site,building,floor,room,unit,health,reason,since,link,comm,last_heard";

static void csv_instant(struct buffer *out, msec instant)
{
    char text[INSTANT_TEXT];
    buffer_append_text(out, instant_format(text, instant));
}

static void csv_by_health(struct buffer *out, const struct wire_asset *row)
{
    const char *between = "";
    for (int health = 0; health < HEALTH_COUNT; health++)
        if (row->children_by_health[health]) {
            buffer_printf(out, "%s%s=%u", between, health_name((enum health)health), row->children_by_health[health]);
            between = " ";
        }
}

static void csv_values(struct buffer *out, const struct wire_asset *row)
{
    for (unsigned i = 0; i < row->value_count; i++) {
        char number[40];
        text_format_number(number, sizeof number, row->values[i].value);
        buffer_printf(out, "%s%s=%s", i ? " " : "", row->values[i].metric, number);
    }
}

/* One cell of each member that is not a plain ledger field. */
#define CELL(name, statement)                                               \
    static void cell_##name(struct buffer *out, const struct wire_asset *row) \
    {                                                                       \
        statement;                                                          \
    }
CELL(period_ms, buffer_printf(out, "%lld", (long long)row->period))
CELL(attributes, csv_cell(out, row->attributes))
CELL(discovered, buffer_append_text(out, row->discovered ? "true" : "false"))
CELL(revision, buffer_printf(out, "%lld", (long long)row->revision))
CELL(health, buffer_append_text(out, health_name(row->health)))
CELL(reason, buffer_append_text(out, health_reason_name(row->reason)))
CELL(since, csv_instant(out, row->since))
CELL(link, buffer_append_text(out, link_state_name(row->link)))
CELL(link_since, csv_instant(out, row->link_since))
CELL(comm, buffer_append_text(out, comm_state_name(row->comm)))
CELL(comm_since, csv_instant(out, row->comm_since))
CELL(last_heard, csv_instant(out, row->last_heard))
CELL(evidence, csv_cell(out, row->evidence))
CELL(children, buffer_printf(out, "%u", row->children))
CELL(below, buffer_printf(out, "%u", row->below))

static const struct { const char *name; void (*cell)(struct buffer *out, const struct wire_asset *row); } members[] = {
    {"period_ms", cell_period_ms}, {"attributes", cell_attributes}, {"discovered", cell_discovered},
    {"revision", cell_revision}, {"health", cell_health}, {"reason", cell_reason}, {"since", cell_since},
    {"link", cell_link}, {"link_since", cell_link_since}, {"comm", cell_comm}, {"comm_since", cell_comm_since},
    {"last_heard", cell_last_heard}, {"evidence", cell_evidence}, {"children", cell_children},
    {"children_by_health", csv_by_health}, {"below", cell_below}, {"values", csv_values},
};

/* A member by the first `length` bytes of its name: a ledger field, or the place in members[]. */
static bool member_find(const char *name, size_t length, int *field, size_t *member)
{
    *field = -1;
    for (int i = 0; i < ASSET_FIELD_COUNT; i++) {
        const char *known = asset_field_name((enum asset_field)i);
        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            *field = i;
            return true;
        }
    }
    for (*member = 0; *member < ARRAY_COUNT(members); ++*member)
        if (strlen(members[*member].name) == length && memcmp(members[*member].name, name, length) == 0)
            return true;
    return false;
}

static bool fields_check(const char *fields, struct error *error)
{
    for (const char *at = fields; at && *at;) {
        size_t length = strcspn(at, ","), member;
        int field;
        if (!member_find(at, length, &field, &member))
            return error_set(error, ERROR_INVALID, "fields: column %d: no member `%.*s`", (int)(at - fields) + 1,
                             (int)(length > 40 ? 40 : length), at);
        at += length;
        at += *at == ',';
    }
    return true;
}

static void csv_row(struct buffer *out, const struct wire_asset *row, const char *fields)
{
    for (const char *at = fields; *at;) {
        size_t length = strcspn(at, ","), member;
        int field;
        if (member_find(at, length, &field, &member)) {
            if (field >= 0)
                csv_cell(out, row->field[field]);
            else
                members[member].cell(out, row);
        }
        at += length;
        if (*at) {
            buffer_append_char(out, ',');
            at++;
        }
    }
    buffer_append_text(out, "\r\n");
}

/* ---- the list ---- */

struct list {
    struct json_writer writer;
    const char *fields; /* in the request's target; NULL: all */
    bool csv, values;
    uint32_t (*children)[HEALTH_COUNT]; /* in the past: of each row's children then; NULL: not asked for */
    uint32_t next, count;
    uint32_t assets[];
};

static void list_release(void *state)
{
    struct list *list = state;
    free(list->children);
    free(list);
}

/* The fleet counts children as they are now; those of the past are counted here, in one walk for the whole window. */
static void count_children_then(struct request *request, struct list *list)
{
    const struct fleet *fleet = request->api->fleet;
    uint32_t fleet_size = fleet_count(fleet);
    uint32_t *row_of = memory_new_array((size_t)fleet_size + 1, sizeof *row_of); /* from 1; 0: not in the window */
    struct fleet_view view;
    list->children = memory_new_array((size_t)list->count + 1, sizeof *list->children);
    for (uint32_t i = 0; i < list->count; i++)
        row_of[list->assets[i]] = i + 1;
    for (uint32_t asset = 0; asset < fleet_size; asset++) {
        if (!fleet_exists(fleet, asset))
            continue;
        fleet_get(fleet, asset, &view);
        if (view.parent == FLEET_NONE || !row_of[view.parent])
            continue;
        struct store_state state;
        fleet_past_get(request->past, asset, &state);
        list->children[row_of[view.parent] - 1][state.health]++;
    }
    free(row_of);
}

static void write_row(struct request *request, struct list *list, uint32_t index)
{
    uint32_t asset = list->assets[index];
    struct wire_asset row;
    struct wire_value values[VALUES_MAX];
    if (!fleet_exists(request->api->fleet, asset))
        return; /* removed since the list was made */
    asset_fill(request->api->fleet, asset, request->past, &row);
    if (list->children)
        memcpy(row.children_by_health, list->children[index], sizeof row.children_by_health);
    if (list->values && !request->past) {
        row.values = values;
        row.value_count = asset_values(request->api, asset, values, VALUES_MAX);
    }
    if (list->csv)
        csv_row(&request->answer, &row, list->fields ? list->fields : csv_default);
    else
        wire_write_asset(&list->writer, &row, list->fields);
}

static enum produced produce_rows(struct request *request)
{
    struct list *list = request->state;
    uint32_t end = list->count - list->next > ROWS_A_PIECE ? list->next + ROWS_A_PIECE : list->count;
    while (list->next < end)
        write_row(request, list, list->next++);
    if (list->next < list->count)
        return PRODUCED_MORE;
    if (!list->csv)
        wire_list_end(&list->writer);
    return PRODUCED_END;
}

/* Where a window begins: offset, or behind the asset that `cursor` names. */
static bool window_start(struct request *request, const struct fleet_result *result, uint32_t *offset,
                         struct error *error)
{
    const char *cursor = target_get(&request->target, "cursor");
    if (!cursor || !*cursor)
        return target_count(&request->target, "offset", UINT32_MAX, offset, error);
    uint32_t asset = fleet_find(request->api->fleet, cursor);
    for (uint32_t i = 0; asset != FLEET_NONE && i < result->total; i++)
        if (result->assets[i] == asset) {
            *offset = i + 1;
            return true;
        }
    return error_set(error, ERROR_NOT_FOUND, "cursor: `%.80s` is not in this list any more; begin again", cursor);
}

static void begin_list(struct request *request, const struct fleet_result *result, uint32_t offset, uint32_t limit)
{
    const char *fields = target_get(&request->target, "fields");
    uint32_t count = offset >= result->total ? 0 : result->total - offset;
    count = count < limit ? count : limit;
    struct list *list = memory_new(sizeof *list + count * sizeof *list->assets);
    request->state = list;
    request->release_state = list_release;
    list->csv = request_wants_csv(request);
    list->fields = fields && *fields ? fields : NULL;
    list->values = list->fields && strstr(list->fields, "values");
    list->count = count;
    if (count)
        memcpy(list->assets, result->assets + offset, count * sizeof *list->assets);
    if (request->past && (!list->fields || strstr(list->fields, "children_by_health")))
        count_children_then(request, list);
    struct wire_page page = {.total = result->total, .population = result->population, .offset = offset};
    request_page(request, &page);
    page.revision = result->revision;
    json_start(&list->writer, &request->answer);
    request->content_type = list->csv ? "text/csv; charset=utf-8" : "application/json";
    if (list->csv) {
        buffer_append_text(&request->answer, list->fields ? list->fields : csv_default);
        buffer_append_text(&request->answer, "\r\n");
    } else
        wire_list_begin(&list->writer, &page);
}

static void list_assets(struct request *request)
{
    const struct target *target = &request->target;
    struct fleet_query query = {
        .filter = target_get(target, "filter"), .sort = target_get(target, "sort"), .past = request->past};
    struct fleet_result result;
    struct error error;
    uint32_t offset = 0, limit = LIMIT_DEFAULT;
    if (!target_count(target, "limit", request_wants_csv(request) ? LIMIT_MAX_CSV : LIMIT_MAX, &limit, &error) ||
        !fields_check(target_get(target, "fields"), &error) ||
        !fleet_select(request->api->fleet, &query, &result, &error) ||
        !window_start(request, &result, &offset, &error)) {
        request_fail(request, &error);
        return;
    }
    begin_list(request, &result, offset, limit);
    struct list *list = request->state;
    if (list->count <= ROWS_A_PIECE)
        produce_rows(request); /* short enough to be one piece with a length */
    else
        request->produce = produce_rows;
    request_finish(request, 200);
}

void get_assets(struct request *request)
{
    request_at(request, list_assets);
}

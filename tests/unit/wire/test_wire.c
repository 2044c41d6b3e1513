/* What one side writes, the other reads: every member of every resource, and what a bad answer does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "wire/wire.h"

#define T0 INT64_C(1795230000000) /* 2026-11-21 */
#define SAME(left, right) assert_int_equal((left), (right))
#define SAME_TEXT(left, right) assert_string_equal((left), (right))

static struct arena *arena;
static struct buffer text;
static struct json_writer writer;

static int begin(void **state)
{
    (void)state;
    arena = arena_new();
    buffer_init(&text);
    json_start(&writer, &text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    buffer_release(&text);
    return 0;
}

static void again(void)
{
    buffer_clear(&text);
    json_start(&writer, &text);
}

static void counts_fill(uint32_t counts[HEALTH_COUNT], uint32_t seed)
{
    for (int health = 0; health < HEALTH_COUNT; health++)
        counts[health] = (seed + (uint32_t)health) % 3 ? seed * 7 + (uint32_t)health : 0;
}

static void same_counts(const uint32_t left[HEALTH_COUNT], const uint32_t right[HEALTH_COUNT])
{
    assert_memory_equal(left, right, HEALTH_COUNT * sizeof *left);
}

static void same_page(const struct wire_page *left, const struct wire_page *right)
{
    SAME(left->total, right->total);
    SAME(left->population, right->population);
    SAME(left->offset, right->offset);
    SAME(left->revision, right->revision);
    SAME(left->as_of, right->as_of);
    SAME(left->past, right->past);
}

/* ---- assets ---- */

static struct wire_value values[] = {
    {"temperature", "°C", 31.25, T0 + 1, READING_PASS},
    {"energy", "kWh", -0.125, T0 + 999, READING_SUSPECT},
    {"odd \"name\"\\", "", 1e300, CLOCK_NEVER, READING_MISSING},
};
static char field_text[64][ASSET_FIELD_COUNT][32];

static struct wire_asset asset_make(unsigned seed)
{
    struct wire_asset asset = {
        .attributes = seed % 2 ? "{\"rack\":\"A/03\",\"层\":3}" : "",
        .discovered = seed % 2,
        .revision = (int64_t)seed << 33,
        .period = 60000 + seed,
        .health = (enum health)(seed % HEALTH_COUNT),
        .reason = (enum health_reason)(seed % REASON_COUNT),
        .since = T0 + seed,
        .link_since = seed % 3 ? T0 - seed : CLOCK_NEVER,
        .comm_since = T0 + 2 * seed,
        .last_heard = seed % 4 ? T0 : CLOCK_NEVER,
        .link = (enum link_state)(seed % 3),
        .comm = (enum comm_state)((seed + 1) % 3),
        .evidence = seed % 2 ? "no echo for 31 s" : "",
        .children = seed,
        .below = UINT32_MAX - seed,
        .values = values,
        .value_count = seed % 4,
    };
    for (int field = 0; field < ASSET_FIELD_COUNT; field++) {
        snprintf(field_text[seed % 64][field], sizeof field_text[0][0], "供水\t%u/%d", seed, field);
        asset.field[field] = field_text[seed % 64][field];
    }
    asset.field[ASSET_tags] = seed % 2 ? "泵房;spare" : "";
    counts_fill(asset.children_by_health, seed);
    return asset;
}

static void same_asset(const struct wire_asset *left, const struct wire_asset *right)
{
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        SAME_TEXT(left->field[field], right->field[field]);
    SAME_TEXT(left->attributes, right->attributes);
    SAME(left->discovered, right->discovered);
    SAME(left->revision, right->revision);
    SAME(left->period, right->period);
    SAME(left->health, right->health);
    SAME(left->reason, right->reason);
    SAME(left->since, right->since);
    SAME(left->link_since, right->link_since);
    SAME(left->comm_since, right->comm_since);
    SAME(left->last_heard, right->last_heard);
    SAME(left->link, right->link);
    SAME(left->comm, right->comm);
    SAME_TEXT(left->evidence, right->evidence);
    SAME(left->children, right->children);
    SAME(left->below, right->below);
    same_counts(left->children_by_health, right->children_by_health);
    SAME(left->value_count, right->value_count);
    for (unsigned i = 0; i < left->value_count; i++) {
        SAME_TEXT(left->values[i].metric, right->values[i].metric);
        SAME_TEXT(left->values[i].unit, right->values[i].unit);
        assert_true(left->values[i].value == right->values[i].value);
        SAME(left->values[i].time, right->values[i].time);
        SAME(left->values[i].flag, right->values[i].flag);
    }
}

static void a_list_of_assets_comes_back(void **state)
{
    (void)state;
    struct wire_page got, page = {.total = 50, .population = 49100, .offset = 10, .revision = 1ull << 60, .as_of = T0, .past = true};
    wire_list_begin(&writer, &page);
    for (unsigned seed = 0; seed < 50; seed++)
        wire_write_asset(&writer, &(struct wire_asset[]){asset_make(seed)}[0], NULL);
    wire_list_end(&writer);
    struct wire_asset *items;
    unsigned count;
    assert_true(wire_read_assets(text.data, text.length, arena, &got, &items, &count, NULL));
    same_page(&got, &page);
    SAME(count, 50);
    for (unsigned seed = 0; seed < 50; seed++)
        same_asset(&items[seed], &(struct wire_asset[]){asset_make(seed)}[0]);
}

static void fields_limit_the_members_but_not_id_and_health(void **state)
{
    (void)state;
    static const char *const there[] = {"id", "health", "name", "class", "last_heard"};
    struct wire_asset asset = asset_make(7);
    wire_write_asset(&writer, &asset, "name,last_heard,class");
    struct json_object *object = json_parse(text.data, text.length, 0, NULL);
    assert_non_null(object);
    SAME(json_object_object_length(object), ARRAY_COUNT(there));
    for (size_t i = 0; i < ARRAY_COUNT(there); i++)
        assert_non_null(json_get(object, there[i]));
    json_object_put(object);
}

static void an_asset_page_comes_back(void **state)
{
    (void)state;
    struct wire_asset neighbours[] = {asset_make(4), asset_make(5)};
    struct wire_step path[] = {{"SITE", "创新港", HEALTH_OK}, {"GW-1", "网关", HEALTH_OFFLINE}};
    struct wire_message messages[] = {{T0, "campus", "{\"values\":{\"t\":31.2}}"}, {T0 - 5, "tb", "\x7f\n"}};
    struct wire_asset_page got, page = {.page = {.total = 1, .population = 1, .revision = 12, .as_of = T0}, .asset = asset_make(3),
                                        .path = path, .path_count = 2, .neighbours = neighbours, .neighbour_count = 2,
                                        .messages = messages, .message_count = 2};
    wire_write_asset_page(&writer, &page);
    assert_true(wire_read_asset_page(text.data, text.length, arena, &got, NULL));
    same_page(&got.page, &page.page);
    same_asset(&got.asset, &page.asset);
    SAME(got.path_count, 2);
    SAME(got.neighbour_count, 2);
    SAME(got.message_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        SAME_TEXT(got.path[i].id, path[i].id);
        SAME_TEXT(got.path[i].name, path[i].name);
        SAME(got.path[i].health, path[i].health);
        same_asset(&got.neighbours[i], &neighbours[i]);
        SAME(got.messages[i].received, messages[i].received);
        SAME_TEXT(got.messages[i].source, messages[i].source);
        SAME_TEXT(got.messages[i].text, messages[i].text);
    }
}

/* ---- history ---- */

static void a_series_comes_back_with_its_gaps(void **state)
{
    (void)state;
    struct reading_bucket buckets[4] = {
        {T0, -1.5, 4, 5, 4, 2},
        {T0 + 60000, 0, 0, 0, 0, 0},
        {T0 + 120000, 1e-300, 1e-300, 3e-300, 1e-300, 3},
        {T0 + 180000, -0.5, 7, 7, 7, 1},
    };
    struct wire_series got, series = {"temperature", "°C", T0, T0 + 240000, buckets, 4};
    wire_write_series(&writer, &series);
    assert_true(wire_read_series(text.data, text.length, arena, &got, NULL));
    SAME_TEXT(got.metric, "temperature");
    SAME_TEXT(got.unit, "°C");
    SAME(got.from, series.from);
    SAME(got.to, series.to);
    SAME(got.bucket_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        SAME(got.buckets[i].start, buckets[i].start);
        SAME(got.buckets[i].count, buckets[i].count);
        if (!buckets[i].count)
            continue;
        assert_true(got.buckets[i].minimum == buckets[i].minimum);
        assert_true(got.buckets[i].maximum == buckets[i].maximum);
        assert_true(got.buckets[i].last == buckets[i].last);
        assert_true(fabs(got.buckets[i].sum - buckets[i].sum) <= fabs(buckets[i].sum) * 1e-14);
    }
}

static void intervals_come_back(void **state)
{
    (void)state;
    struct wire_page got, page = {.total = REASON_COUNT, .population = REASON_COUNT, .as_of = T0};
    struct wire_interval *items;
    unsigned count;
    wire_list_begin(&writer, &page);
    for (int i = 0; i < REASON_COUNT; i++)
        wire_write_interval(&writer, &(struct wire_interval){"GW-1", T0 + i, i % 2 ? T0 + i + 1 : CLOCK_NEVER,
                                                             (enum health)(i % HEALTH_COUNT), (enum health_reason)i,
                                                             (enum link_state)(i % 3), (enum comm_state)(i % 3)});
    wire_list_end(&writer);
    assert_true(wire_read_intervals(text.data, text.length, arena, &got, &items, &count, NULL));
    same_page(&got, &page);
    SAME(count, REASON_COUNT);
    for (int i = 0; i < REASON_COUNT; i++) {
        SAME_TEXT(items[i].id, "GW-1");
        SAME(items[i].from, T0 + i);
        SAME(items[i].to, i % 2 ? T0 + i + 1 : CLOCK_NEVER);
        SAME(items[i].health, i % HEALTH_COUNT);
        SAME(items[i].reason, i);
        SAME(items[i].link, i % 3);
        SAME(items[i].comm, i % 3);
    }
}

/* ---- board and overview ---- */

static struct wire_contracted contracted[] = {{"gateways", "campus-iot", 1000, 1091, 1100, true},
                                              {"lighting", "campus-iot", 3800, 3799, 3802, false}};

static void same_contracted(const struct wire_contracted *left, unsigned count)
{
    SAME(count, 2);
    for (unsigned i = 0; i < 2; i++) {
        SAME_TEXT(left[i].name, contracted[i].name);
        SAME_TEXT(left[i].contract, contracted[i].contract);
        SAME(left[i].need, contracted[i].need);
        SAME(left[i].have, contracted[i].have);
        SAME(left[i].total, contracted[i].total);
        SAME(left[i].ok, contracted[i].ok);
    }
}

static void a_board_comes_back(void **state)
{
    (void)state;
    const char *ids[] = {"GW-1", "GW-2", "GW/3"};
    struct wire_group groups[] = {{.key = "涵英楼", .total = 110, .letters = "x~.", .ids = ids, .cell_count = 3},
                                  {.key = "", .letters = "", .ids = ids}};
    struct wire_board got, board = {.page = {.total = 2, .population = 2, .revision = 3, .as_of = T0}, .groups = groups,
                                    .group_count = 2, .contracted = contracted, .contracted_count = 2};
    counts_fill(groups[0].by_health, 5);
    counts_fill(groups[0].all_by_health, 9);
    counts_fill(board.by_health, 11);
    counts_fill(board.all_by_health, 13);
    wire_write_board(&writer, &board);
    assert_true(wire_read_board(text.data, text.length, arena, &got, NULL));
    same_page(&got.page, &board.page);
    same_counts(got.by_health, board.by_health);
    same_counts(got.all_by_health, board.all_by_health);
    same_contracted(got.contracted, got.contracted_count);
    SAME(got.group_count, 2);
    SAME_TEXT(got.groups[0].key, "涵英楼");
    SAME(got.groups[0].total, 110);
    same_counts(got.groups[0].by_health, groups[0].by_health);
    same_counts(got.groups[0].all_by_health, groups[0].all_by_health);
    SAME_TEXT(got.groups[0].letters, "x~.");
    SAME(got.groups[0].cell_count, 3);
    for (unsigned i = 0; i < 3; i++)
        SAME_TEXT(got.groups[0].ids[i], ids[i]);
    SAME(got.groups[1].cell_count, 0);
}

static void an_overview_comes_back(void **state)
{
    (void)state;
    struct wire_kind kinds[] = {{.kind = "gateway", .total = 1100}, {.kind = "terminal", .total = 48000}};
    struct wire_overview got, overview = {
        .page = {.revision = 9, .as_of = T0, .past = true}, .site = "创新港", .timezone = "Asia/Shanghai", .language = "zh_CN",
        .version = "0.1.0", .started = T0 - 1, .assets = 49100, .discovered = 2, .kinds = kinds, .kind_count = 2,
        .contracted = contracted, .contracted_count = 2, .sources = 3, .sources_running = 2, .sources_worst = "troubled",
        .oldest_heard = T0 - 7, .newest_heard = T0, .rate = 22.1, .store_engine = "sqlite", .store_problem = "disk full",
        .store_writable = true, .store_bytes = 1ull << 40, .store_queued = 5};
    counts_fill(kinds[1].by_health, 3);
    counts_fill(overview.by_health, 2);
    wire_write_overview(&writer, &overview);
    assert_true(wire_read_overview(text.data, text.length, arena, &got, NULL));
    same_page(&got.page, &overview.page);
    SAME_TEXT(got.site, overview.site);
    SAME_TEXT(got.timezone, overview.timezone);
    SAME_TEXT(got.language, overview.language);
    SAME_TEXT(got.version, overview.version);
    SAME(got.started, overview.started);
    SAME(got.assets, overview.assets);
    SAME(got.discovered, overview.discovered);
    same_counts(got.by_health, overview.by_health);
    SAME(got.kind_count, 2);
    SAME_TEXT(got.kinds[1].kind, "terminal");
    SAME(got.kinds[1].total, 48000);
    same_counts(got.kinds[1].by_health, kinds[1].by_health);
    same_contracted(got.contracted, got.contracted_count);
    SAME(got.sources, 3);
    SAME(got.sources_running, 2);
    SAME_TEXT(got.sources_worst, "troubled");
    SAME(got.oldest_heard, overview.oldest_heard);
    SAME(got.newest_heard, overview.newest_heard);
    assert_true(got.rate == 22.1);
    SAME_TEXT(got.store_engine, "sqlite");
    SAME_TEXT(got.store_problem, "disk full");
    assert_true(got.store_writable);
    SAME(got.store_bytes, overview.store_bytes);
    SAME(got.store_queued, 5);
}

/* ---- the small ones ---- */

static void sources_come_back(void **state)
{
    (void)state;
    struct wire_example examples[] = {{T0, "not JSON", "{\"a\":"}, {T0 - 1, "no asset in topic", "a/b"}};
    struct wire_source *got, source = {"campus", "mqtt", "running", "connected, 2 topics", T0, CLOCK_NEVER, 22.5, 1, 2, 3, 4, 5, 6,
                                       7, 8, 9, examples, 2};
    struct wire_page page = {.total = 1, .population = 1};
    unsigned count;
    wire_list_begin(&writer, &page);
    wire_write_source(&writer, &source);
    wire_list_end(&writer);
    assert_true(wire_read_sources(text.data, text.length, arena, &page, &got, &count, NULL));
    SAME(count, 1);
    SAME_TEXT(got->name, "campus");
    SAME_TEXT(got->type, "mqtt");
    SAME_TEXT(got->state, "running");
    SAME_TEXT(got->detail, "connected, 2 topics");
    SAME(got->since, T0);
    SAME(got->last_heard, CLOCK_NEVER);
    assert_true(got->rate == 22.5);
    assert_memory_equal(&got->messages, &source.messages, 9 * sizeof got->messages);
    SAME(got->example_count, 2);
    SAME(got->examples[1].time, T0 - 1);
    SAME_TEXT(got->examples[1].reason, "no asset in topic");
    SAME_TEXT(got->examples[0].sample, "{\"a\":");
}

static void facets_come_back(void **state)
{
    (void)state;
    struct wire_page page = {.total = 2, .population = 2};
    struct wire_facet facet = {.value = "涵英楼", .count = 4012}, *facets;
    unsigned count;
    counts_fill(facet.by_health, 4);
    wire_list_begin(&writer, &page);
    wire_write_facet(&writer, &facet);
    wire_list_end(&writer);
    assert_true(wire_read_facets(text.data, text.length, arena, &page, &facets, &count, NULL));
    SAME(count, 1);
    SAME_TEXT(facets->value, "涵英楼");
    SAME(facets->count, 4012);
    same_counts(facets->by_health, facet.by_health);
}

static void audit_entries_come_back_whatever_their_detail(void **state)
{
    (void)state;
    static const char *const details[] = {"{\"rows\":3}", "plain, not JSON", ""};
    struct wire_page page = {.total = 3, .population = 3};
    struct wire_audit *audits;
    unsigned count;
    wire_list_begin(&writer, &page);
    for (int i = 0; i < 3; i++)
        wire_write_audit(&writer, &(struct wire_audit){7 + i, T0, "user:wang", "ledger import", "a.csv", details[i], "00ff"});
    wire_list_end(&writer);
    assert_true(wire_read_audit(text.data, text.length, arena, &page, &audits, &count, NULL));
    SAME(count, 3);
    for (int i = 0; i < 3; i++) {
        SAME(audits[i].sequence, 7 + i);
        SAME(audits[i].time, T0);
        SAME_TEXT(audits[i].actor, "user:wang");
        SAME_TEXT(audits[i].verb, "ledger import");
        SAME_TEXT(audits[i].target, "a.csv");
        SAME_TEXT(audits[i].detail, details[i]);
        SAME_TEXT(audits[i].hash, "00ff");
    }
}

static void views_and_whoami_come_back(void **state)
{
    (void)state;
    struct wire_page page = {.total = 1, .population = 1};
    struct wire_saved_view view = {"泵房", "assets", "filter=a&sort=-b", "user:wang", 4}, *views;
    struct wire_whoami got;
    unsigned count;
    wire_list_begin(&writer, &page);
    wire_write_saved_view(&writer, &view);
    wire_list_end(&writer);
    assert_true(wire_read_saved_views(text.data, text.length, arena, &page, &views, &count, NULL));
    SAME(count, 1);
    SAME_TEXT(views->name, view.name);
    SAME_TEXT(views->resource, view.resource);
    SAME_TEXT(views->query, view.query);
    SAME_TEXT(views->owner, view.owner);
    SAME(views->revision, 4);
    again();
    wire_write_whoami(&writer, &(struct wire_whoami){"user:wang", "operator"});
    assert_true(wire_read_whoami(text.data, text.length, arena, &got, NULL));
    SAME_TEXT(got.name, "user:wang");
    SAME_TEXT(got.role, "operator");
}

static void problems_come_back_with_their_code(void **state)
{
    (void)state;
    struct error error, got;
    for (int code = ERROR_INVALID; code <= ERROR_INTERNAL; code++) {
        error_set(&error, (enum error_code)code, "column 7: expected a value after `health:`");
        buffer_clear(&text);
        wire_write_problem(&text, 400, &error, "/api/v1/assets");
        assert_true(wire_read_problem(text.data, text.length, &got));
        SAME(got.code, code);
        SAME_TEXT(got.text, error.text);
    }
    assert_false(wire_read_problem("<html>502</html>", 16, &got));
    assert_false(wire_read_problem("{\"type\":\"about:blank\"}", 22, &got));
}

/* ---- answers that are not what they should be ---- */

static void read_everything(const char *bytes, size_t length)
{
    struct arena *own = arena_new();
    struct wire_page page;
    unsigned count;
    struct error error;
#define READ_LIST(name, type)  \
    do {                       \
        struct type *items;    \
        wire_read_##name(bytes, length, own, &page, &items, &count, &error); \
    } while (0)
    READ_LIST(assets, wire_asset);
    READ_LIST(intervals, wire_interval);
    READ_LIST(sources, wire_source);
    READ_LIST(facets, wire_facet);
    READ_LIST(audit, wire_audit);
    READ_LIST(saved_views, wire_saved_view);
#define READ_WHOLE(name) wire_read_##name(bytes, length, own, &(struct wire_##name){0}, &error)
    READ_WHOLE(asset_page);
    READ_WHOLE(series);
    READ_WHOLE(board);
    READ_WHOLE(overview);
    READ_WHOLE(whoami);
    wire_read_problem(bytes, length, &error);
    arena_free(&own);
}

static void a_truncated_answer_is_refused_at_every_byte(void **state)
{
    (void)state;
    struct wire_page page = {.total = 2, .population = 5, .as_of = T0};
    struct wire_asset *items;
    unsigned count;
    wire_list_begin(&writer, &page);
    for (unsigned seed = 2; seed < 4; seed++)
        wire_write_asset(&writer, &(struct wire_asset[]){asset_make(seed)}[0], NULL);
    wire_list_end(&writer);
    for (size_t length = 0; length < text.length; length++) {
        struct error error = {.code = ERROR_NONE};
        char *exact = malloc(length ? length : 1); /* so that a sanitizer sees a read behind the end */
        memcpy(exact, text.data, length);
        assert_false(wire_read_assets(exact, length, arena, &page, &items, &count, &error));
        SAME(error.code, ERROR_INVALID);
        assert_true(error.text[0]);
        free(exact);
    }
}

static void wrong_types_read_as_absent(void **state)
{
    (void)state;
    static const char bad[] =
        "{\"total\":-5,\"hidden\":[],\"revision\":\"x\",\"as_of\":17,\"past\":\"no\",\"items\":[null,7,\"x\",[],{},"
        "{\"id\":7},{\"id\":\"A\",\"tags\":\"x\",\"attributes\":[1],\"health\":\"splendid\",\"children\":1e99,\"below\":-1,"
        "\"values\":[null,{\"value\":\"x\",\"flag\":77}],\"children_by_health\":{\"ok\":99999999999},\"since\":\"yesterday\"}]}";
    struct wire_page page;
    struct wire_asset *items;
    unsigned count;
    assert_true(wire_read_assets(bad, sizeof bad - 1, arena, &page, &items, &count, NULL));
    same_page(&page, &(struct wire_page){.as_of = CLOCK_NEVER});
    SAME(count, 1);
    SAME_TEXT(items->field[ASSET_id], "A");
    SAME_TEXT(items->field[ASSET_tags], "");
    SAME_TEXT(items->field[ASSET_name], "");
    SAME_TEXT(items->attributes, "");
    SAME(items->health, HEALTH_UNKNOWN);
    SAME(items->children, 0);
    SAME(items->below, 0);
    SAME(items->children_by_health[HEALTH_OK], UINT32_MAX);
    SAME(items->since, CLOCK_NEVER);
    SAME(items->value_count, 2);
    SAME_TEXT(items->values[0].metric, "");
    SAME(items->values[1].flag, READING_NOT_EVALUATED);
}

static void other_shapes_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const others[] = {"[]", "7", "null", "\"x\"", "{}", "{\"items\":{}}", "", "   ", "{\"items\":[}"};
    struct wire_page page;
    struct wire_asset *items;
    unsigned count;
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        struct error error = {.code = ERROR_NONE};
        assert_false(wire_read_assets(others[i], strlen(others[i]), arena, &page, &items, &count, &error));
        SAME(error.code, ERROR_INVALID);
        read_everything(others[i], strlen(others[i]));
    }
}

static void huge_and_deep_answers_do_no_harm(void **state)
{
    (void)state;
    buffer_append_text(&text, "{\"items\":[");
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&text, i ? ",{}" : "{}");
    buffer_append_text(&text, "],\"from\":\"2026-11-21T00:00:00Z\",\"bucket_ms\":9223372036854775807,\"buckets\":[");
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&text, i ? ",[1,2,3,4,5,1e400]" : "[9223372036854775807,2,3,4,5,9223372036854775807]");
    buffer_append_text(&text, "]}");
    read_everything(text.data, text.length);
    again();
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&text, "{\"items\":[");
    read_everything(text.data, text.length);
    again();
    buffer_append_text(&text, "{\"id\":\"");
    for (int i = 0; i < 1000000; i++)
        buffer_append_char(&text, 'x');
    buffer_append_text(&text, "\",\"items\":[]}");
    read_everything(text.data, text.length);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_list_of_assets_comes_back),
        TEST(fields_limit_the_members_but_not_id_and_health),
        TEST(an_asset_page_comes_back),
        TEST(a_series_comes_back_with_its_gaps),
        TEST(intervals_come_back),
        TEST(a_board_comes_back),
        TEST(an_overview_comes_back),
        TEST(sources_come_back),
        TEST(facets_come_back),
        TEST(audit_entries_come_back_whatever_their_detail),
        TEST(views_and_whoami_come_back),
        TEST(problems_come_back_with_their_code),
        TEST(a_truncated_answer_is_refused_at_every_byte),
        TEST(wrong_types_read_as_absent),
        TEST(other_shapes_are_refused_with_a_reason),
        TEST(huge_and_deep_answers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Alerts as they travel: written by one side, read by the other, member by member; and what a bad answer does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/phrase.h"
#include "wire/alerts.h"

#define T0 INT64_C(1795230000000)
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

static const struct wire_alert full = {
    .id = "A-20261121-0007", .name = "网关离线", .type = "communication", .severity = SEVERITY_CRITICAL, .state = ALERT_ACKNOWLEDGED,
    .raised_at = T0, .condition = CONDITION_ACTIVE, .acknowledged = true, .sticky = true,
    .suppression = SUPPRESSED_DEPENDENCY | SUPPRESSED_SILENCED, .asset = "GW-A-0042", .asset_name = "供水网关042",
    .gateway = "GW-A-0042", .place = "涵英楼 3F", .unit = "后勤", .subsystem = "供水管理", .summary = "silent \"3m\"", .metric = "t",
    .value = 31.25, .threshold = 30, .since = T0 + 1, .last_seen = T0 + 2, .cleared_at = CLOCK_NEVER, .acknowledged_at = T0 + 3,
    .acknowledge_until = T0 + 4, .shelved_until = CLOCK_NEVER, .occurrences = 4, .reopens = 1, .symptoms = 44, .notes = 2,
    .acknowledged_by = "user:wang", .note = "去看", .assignee = "zhao", .ticket = "T-1", .cause = "A-20261121-0001",
    .silence = "S-0003", .rule = "gateway-offline", .runbook = "gateway", .source = "health", .previous = "A-20261120-0001",
    .rule_version = 3, .revision = 7, .news = "worse",
    .labels = "alertname=\"Disk \\\"full\\\"\",severity=\"page\",空=\"泵房\",@runbook_url=\"https://wiki/1\",+3"};

static void same_alert(const struct wire_alert *a, const struct wire_alert *b)
{
    SAME_TEXT(a->id, b->id), SAME_TEXT(a->name, b->name), SAME_TEXT(a->type, b->type);
    SAME(a->severity, b->severity), SAME(a->state, b->state), SAME(a->condition, b->condition);
    SAME(a->suppression, b->suppression), SAME(a->acknowledged, b->acknowledged), SAME(a->sticky, b->sticky);
    SAME_TEXT(a->asset, b->asset), SAME_TEXT(a->asset_name, b->asset_name), SAME_TEXT(a->gateway, b->gateway);
    SAME_TEXT(a->place, b->place), SAME_TEXT(a->unit, b->unit), SAME_TEXT(a->subsystem, b->subsystem);
    SAME_TEXT(a->summary, b->summary), SAME_TEXT(a->metric, b->metric), SAME_TEXT(a->note, b->note);
    assert_true(a->value == b->value && a->threshold == b->threshold);
    SAME(a->raised_at, b->raised_at), SAME(a->since, b->since), SAME(a->last_seen, b->last_seen);
    SAME(a->cleared_at, b->cleared_at), SAME(a->acknowledged_at, b->acknowledged_at);
    SAME(a->acknowledge_until, b->acknowledge_until), SAME(a->shelved_until, b->shelved_until);
    SAME(a->occurrences, b->occurrences), SAME(a->reopens, b->reopens), SAME(a->symptoms, b->symptoms), SAME(a->notes, b->notes);
    SAME_TEXT(a->acknowledged_by, b->acknowledged_by), SAME_TEXT(a->assignee, b->assignee), SAME_TEXT(a->ticket, b->ticket);
    SAME_TEXT(a->cause, b->cause), SAME_TEXT(a->silence, b->silence), SAME_TEXT(a->rule, b->rule);
    SAME_TEXT(a->runbook, b->runbook), SAME_TEXT(a->source, b->source), SAME_TEXT(a->previous, b->previous);
    SAME(a->rule_version, b->rule_version), SAME(a->revision, b->revision), SAME_TEXT(a->news, b->news), SAME_TEXT(a->labels ? a->labels : "", b->labels ? b->labels : "");
}

static void the_five_fields_come_first(void **state)
{
    (void)state;
    wire_write_alert(&writer, &full, WIRE_ALERT_WHOLE);
    static const char *const order[] = {"\"id\"", "\"name\"", "\"type\"", "\"severity\"", "\"state\"", "\"condition\""}; /* R020 */
    const char *at = buffer_text(&text);
    for (size_t i = 0; i < 6; i++) {
        const char *found = strstr(at, order[i]);
        assert_non_null(found);
        at = found;
    }
    buffer_clear(&text);
    json_start(&writer, &text);
    wire_write_alert(&writer, &full, wire_alert_members("name,value"));
    SAME_TEXT(buffer_text(&text), "{\"id\":\"A-20261121-0007\",\"name\":\"网关离线\",\"severity\":\"critical\","
                                  "\"state\":\"acknowledged\",\"value\":31.25}");
}

static void a_list_travels(void **state)
{
    (void)state;
    struct wire_page page = {.total = 2, .offset = 1, .revision = 9, .as_of = T0}, read_page;
    struct wire_alert_hidden hidden = {.silenced = 1, .shelved = 2, .downtime = 3, .dependency = 44, .inhibited = 5, .flapping = 6,
                                       .out_of_service = 7, .pending = 8, .closed = 9, .filtered = 10, .acknowledged = 11,
                                       .unhandled = 12, .news = 13, .rate = 14.5, .flood = true, .by_severity = {1, 2, 0, 4, 5}},
                             read_hidden;
    struct wire_alert none = {.id = "A-20261121-0008", .value = NAN, .threshold = NAN, .raised_at = CLOCK_NEVER}, *items;
    unsigned count;
    struct error error;
    wire_alerts_begin(&writer, &page, &hidden);
    wire_write_alert(&writer, &full, WIRE_ALERT_WHOLE);
    wire_write_alert(&writer, &none, wire_alert_members("value"));
    wire_list_end(&writer);
    assert_true(wire_read_alerts(text.data, text.length, arena, &read_page, &read_hidden, &items, &count, &error));
    SAME(count, 2), SAME(read_page.total, 2), SAME(read_page.population, 12), SAME(read_page.offset, 1), SAME(read_page.revision, 9);
    assert_memory_equal(&hidden, &read_hidden, offsetof(struct wire_alert_hidden, rate));
    assert_true(read_hidden.rate == 14.5 && read_hidden.flood);
    same_alert(&full, &items[0]);
    assert_true(isnan(items[1].value));
    SAME(items[1].raised_at, CLOCK_NEVER);
    SAME_TEXT(items[1].assignee, "");
}

/* What a detector of ours found is said in the reader's language; a name of the site's rules is the site's. */
static void own_names_are_translated(void **state)
{
    (void)state;
    static const struct { const char *source, *name, *shown; } rows[] = {
        {"health", "gateway offline", "网关离线"}, {"heartbeat", "heartbeat backup", "心跳 backup"},
        {"redundancy", "泵房: redundancy lost", "泵房 冗余失效"}, {"rule", "gateway offline", "gateway offline"},
        {"alertmanager:prod", "gateway offline", "gateway offline"}, {"event:app", "offline", "offline"},
    };
    struct wire_page page = {.total = sizeof rows / sizeof *rows};
    struct wire_alert_hidden hidden = {0};
    struct wire_alert *items;
    unsigned count;
    struct error error;
    wire_alerts_begin(&writer, &page, &hidden);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        wire_write_alert(&writer, &(struct wire_alert){.id = "A-1", .name = rows[i].name, .source = rows[i].source}, wire_alert_members("name,source"));
    wire_list_end(&writer);
    phrase_language("zh_CN");
    bool good = wire_read_alerts(text.data, text.length, arena, &page, &hidden, &items, &count, &error);
    phrase_language("en");
    assert_true(good && count == sizeof rows / sizeof *rows);
    for (unsigned i = 0; i < count; i++)
        SAME_TEXT(items[i].name, rows[i].shown);
}

static void a_page_travels(void **state)
{
    (void)state;
    struct wire_alert_event timeline[] = {{T0, "rule", "raised", "31.2"}, {T0 + 9, "user:wang", "acknowledged", "去看"}};
    struct wire_similar similar[] = {{"A-20261101-0001", T0 - 9, T0 - 8, "换了探头"}};
    const char *symptoms[] = {"A-20261121-0009"};
    struct wire_alert_page page = {.alert = full, .page = {.revision = 5, .as_of = T0}, .timeline = timeline, .timeline_count = 2,
                                   .similar = similar, .similar_count = 1, .symptoms = symptoms, .symptom_count = 1}, read;
    wire_write_alert_page(&writer, &page);
    assert_true(wire_read_alert_page(text.data, text.length, arena, &read, NULL));
    same_alert(&full, &read.alert);
    SAME(read.page.revision, 5), SAME(read.timeline_count, 2), SAME(read.similar_count, 1), SAME(read.symptom_count, 1);
    SAME_TEXT(read.timeline[1].actor, "user:wang"), SAME_TEXT(read.timeline[1].text, "去看"), SAME(read.timeline[1].time, T0 + 9);
    SAME_TEXT(read.similar[0].fixed_by, "换了探头");
    SAME_TEXT(read.symptoms[0], "A-20261121-0009");
}

#define LIST_OF(name, resource, row)                                                                         \
    struct wire_page page = {.total = 1}, read_page;                                                         \
    struct wire_##resource *items;                                                                           \
    unsigned count;                                                                                          \
    wire_list_begin(&writer, &page);                                                                         \
    wire_write_##resource(&writer, &row);                                                                    \
    wire_list_end(&writer);                                                                                  \
    assert_true(wire_read_##name(text.data, text.length, arena, &read_page, &items, &count, NULL));          \
    SAME(count, 1);

static void a_silence_travels(void **state)
{
    (void)state;
    struct wire_silence row = {"S-0003", "building:涵英楼", "检修", "user:wang", T0, T0 + 9, T0 - 1, true, 31, 2, "prod: 3 silenced there", "prod"};
    LIST_OF(silences, silence, row)
    SAME_TEXT(items->filter, row.filter), SAME_TEXT(items->why, row.why), SAME_TEXT(items->by, row.by);
    SAME(items->starts, row.starts), SAME(items->ends, row.ends), SAME(items->created, row.created);
    SAME(items->active, true), SAME(items->matches, 31), SAME(items->revision, 2);
    SAME_TEXT(items->elsewhere, row.elsewhere), SAME_TEXT(items->source, row.source);
}

static void a_downtime_travels(void **state)
{
    (void)state;
    struct wire_downtime row = {"D-0001", "id:GW-1", "recurring", "daily 03:00", "备份", "user:li", T0, CLOCK_NEVER, 60000, true, false, 5, 1};
    LIST_OF(downtimes, downtime, row)
    SAME_TEXT(items->kind, row.kind), SAME_TEXT(items->schedule, row.schedule), SAME(items->duration, 60000);
    SAME(items->ends, CLOCK_NEVER), SAME(items->with_children, true), SAME(items->active, false);
}

static void a_rule_travels(void **state)
{
    (void)state;
    struct wire_rule row = {"温度过高", "environmental", "kind:terminal", "temperature > 30", "temperature < 28", "aircon", "campus-iot",
                            "R030", "", SEVERITY_MAJOR, 120000, 3, 48000, 2};
    LIST_OF(rules, rule, row)
    SAME_TEXT(items->when, row.when), SAME_TEXT(items->clear, row.clear), SAME(items->hold, 120000);
    SAME(items->severity, SEVERITY_MAJOR), SAME(items->applies, 48000), SAME(items->active, 2), SAME_TEXT(items->requirement, "R030");
}

static void a_notification_travels(void **state)
{
    (void)state;
    struct wire_notification row = {"N-1", "mail", "noc@x", "A-1", "raise", "failed", "550 no", T0, 3};
    LIST_OF(notifications, notification, row)
    SAME_TEXT(items->channel, "mail"), SAME_TEXT(items->state, "failed"), SAME(items->attempts, 3), SAME(items->time, T0);
}

static void a_heartbeat_travels(void **state)
{
    (void)state;
    struct wire_heartbeat row = {.name = "backup", .title = "夜间备份", .state = "late", .severity = "major", .asset = "SRV-1",
                                 .message = "exit 3: no space", .by = "user:root", .alert = "A-1", .last = T0, .due = T0 + 9,
                                 .every = 300000, .grace = 60000, .beats = 7, .failures = 2};
    LIST_OF(heartbeats, heartbeat, row)
    SAME_TEXT(items->name, row.name), SAME_TEXT(items->title, row.title), SAME_TEXT(items->state, "late");
    SAME_TEXT(items->message, row.message), SAME_TEXT(items->alert, "A-1"), SAME_TEXT(items->asset, "SRV-1");
    SAME(items->last, T0), SAME(items->due, T0 + 9), SAME(items->every, 300000), SAME(items->grace, 60000);
    SAME(items->beats, 7), SAME(items->failures, 2), SAME_TEXT(items->severity, "major"), SAME_TEXT(items->by, "user:root");
}

static void a_group_travels(void **state)
{
    (void)state;
    const char *ids[] = {"A-1", "A-2"};
    struct wire_alert_group row = {"涵英楼", 45, 1, SEVERITY_CRITICAL, T0, ids, 2};
    LIST_OF(alert_groups, alert_group, row)
    SAME_TEXT(items->key, row.key), SAME(items->count, 45), SAME(items->unhandled, 1), SAME(items->worst, SEVERITY_CRITICAL);
    SAME(items->id_count, 2), SAME_TEXT(items->ids[1], "A-2");
}

static void bad_answers(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "{}", "{\"items\":{}}", "{\"items\":[", "null"};
    struct wire_page page;
    struct wire_alert_hidden hidden;
    struct wire_alert *items;
    struct wire_alert_page one;
    unsigned count;
    struct error error;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(wire_read_alerts(bad[i], strlen(bad[i]), arena, &page, &hidden, &items, &count, &error));
        assert_false(wire_read_alert_page(bad[i], strlen(bad[i]), arena, &one, &error));
    }
    static const char odd[] = "{\"total\":-1,\"items\":[7,{\"id\":\"A\",\"severity\":9,\"state\":\"?\",\"suppression\":[null,\"x\",\"downtime\"],"
                              "\"value\":\"x\",\"occurrences\":-5,\"raised_at\":\"yesterday\"},{}]}";
    assert_true(wire_read_alerts(odd, strlen(odd), arena, &page, &hidden, &items, &count, &error));
    SAME(count, 1), SAME(page.total, 0), SAME(items[0].suppression, SUPPRESSED_DOWNTIME), SAME(items[0].occurrences, 0);
    assert_true(isnan(items[0].value));
    SAME(items[0].raised_at, CLOCK_NEVER);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        EACH(the_five_fields_come_first), EACH(a_list_travels), EACH(own_names_are_translated), EACH(a_page_travels), EACH(a_silence_travels),
        EACH(a_downtime_travels), EACH(a_rule_travels), EACH(a_notification_travels), EACH(a_heartbeat_travels), EACH(a_group_travels), EACH(bad_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Alerts from elsewhere on a real desk: one alert a key, complete lists, what holds them, which silences cover them; and
 * heartbeats: waiting, beating, missing, failed, over a restart. */
#include "desk.h"

#include "engine/feeds.h"
#include "engine/heartbeats.h"

static const char ledger[] =
    "id,name,kind,building,address,period\n"
    "SRV-1,数据库一,server,涵英楼,10.0.0.5,1h\nSRV-2,portal.example.com,server,涵英楼,https://10.0.0.6:8443/x,1h\n"
    "T-1,水表,terminal,涵英楼,10.0.0.9,1h\nT-2,水表,terminal,涵英楼,10.0.0.9,1h\nV6,六,server,涵英楼,[2001:db8::1]:9100,1h\n";

struct feed_night {
    struct desk desk;
    struct world *world;
    struct heartbeats *heartbeats;
    struct feeds *feeds;
    struct alarm_sink sink;
    struct collector_ops ops;
    struct source source;
};

static void engine_open(struct feed_night *night)
{
    struct error error = {0};
    desk_open(&night->desk, night->world, NULL);
    night->heartbeats = heartbeats_new(&night->world->loop, night->world->fleet, night->desk.alerts, night->world->store);
    if (!heartbeats_load(night->heartbeats, &error))
        fail_msg("%s", error.text);
    night->feeds = feeds_new(night->world->fleet, night->desk.alerts, night->heartbeats);
    night->sink = feeds_sink(night->feeds);
}

static void engine_close(struct feed_night *night)
{
    feeds_free(&night->feeds);
    heartbeats_free(&night->heartbeats);
    desk_settle(&night->desk);
    desk_close(&night->desk);
}

static int begin(void **state)
{
    struct feed_night *night = memory_new(sizeof *night);
    night->world = world_new();
    world_ledger(night->world, ledger);
    night->ops.type = "alertmanager";
    night->source.name = (char *)(uintptr_t)"am";
    night->source.ops = &night->ops;
    engine_open(night);
    *state = night;
    return 0;
}

static int end(void **state)
{
    struct feed_night *night = *state;
    engine_close(night);
    world_free(night->world);
    free(night);
    return 0;
}

static void report(struct feed_night *night, const char *key, bool active, const char *held)
{
    struct alarm alarm = {.key = key, .active = active, .rule = "hot", .name = "hot", .type = "application", .summary = "\x1b[1mhot\n", .place = "泵房",
                          .asset = night->sink.ops->find(night->feeds, "10.0.0.5:9100"), .severity = SEVERITY_MAJOR, .time = CLOCK_NEVER,
                          .knows_held = true, .held = held};
    if (strcmp(key, "nowhere") == 0)
        alarm.asset = SINK_NONE;
    night->sink.ops->report(night->feeds, &night->source, &alarm);
}

static unsigned listed(struct feed_night *night, const char *filter, const struct alert **first)
{
    const struct alert *const *rows;
    uint32_t count;
    struct error error;
    if (!alerts_select(night->desk.alerts, &(struct alert_select){.filter = filter, .all = true}, &rows, &count, NULL, &error))
        fail_msg("%s", error.text);
    if (first)
        *first = count ? rows[0] : NULL;
    return count;
}

static void assets_are_found_as_others_write_them(void **state)
{
    struct feed_night *night = *state;
    static const char *const names[][2] = {
        {"SRV-1", "SRV-1"}, {"数据库一", "SRV-1"}, {"10.0.0.5", "SRV-1"}, {"10.0.0.5:9100", "SRV-1"}, {"http://10.0.0.5:9100/metrics", "SRV-1"},
        {"10.0.0.6", "SRV-2"}, {"portal.example.com", "SRV-2"}, {"PORTAL.example.com:443", "SRV-2"}, {"https://portal.example.com/login?x=1", "SRV-2"},
        {"srv-1.example.com:9100", NULL}, {"SRV-1.example.com:9100", "SRV-1"}, {"2001:db8::1", "V6"}, {"[2001:db8::1]:80", "V6"},
        {"水表", NULL}, {"10.0.0.9", NULL}, {"10.0.0.7", NULL}, {"10.example", NULL}, {"", NULL}, {":::", NULL}, {"http://", NULL},
    };
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        uint32_t asset = night->sink.ops->find(night->feeds, names[i][0]);
        const char *id = asset == SINK_NONE ? NULL : night->sink.ops->asset_id(night->feeds, asset);
        if (!id != !names[i][1] || (id && strcmp(id, names[i][1]) != 0))
            fail_msg("%s: %s", names[i][0], id ? id : "none");
    }
    assert_int_equal(fleet_find(night->world->fleet, "10.0.0.7"), FLEET_NONE); /* asking discovers nothing */
}

static void one_alert_a_key(void **state)
{
    struct feed_night *night = *state;
    const struct alert *alert;
    struct wire_alert row;
    for (int i = 0; i < 3; i++)
        report(night, "k1", true, NULL);
    report(night, "k2", true, NULL);
    report(night, "nowhere", true, NULL);
    assert_int_equal(listed(night, "source:alertmanager:am", NULL), 3);
    assert_int_equal(listed(night, "asset:SRV-1", NULL), 2);
    assert_int_equal(listed(night, "place:泵房", &alert), 1);
    alerts_wire(night->desk.alerts, alert, NULL, &row);
    assert_string_equal(row.place, "泵房");
    assert_string_equal(row.metric, "");
    assert_string_equal(row.summary, "hot");
    report(night, "k1", false, NULL);
    report(night, "never-seen", false, NULL);
    assert_int_equal(listed(night, "source:alertmanager:am condition:active", NULL), 2);
    assert_int_equal(night->sink.ops->active(night->feeds, &night->source), 2);
    assert_int_equal(listed(night, "source:alertmanager:am", NULL), 3);
}

/* A list that was asked for before an end was told must not open it again. */
static void an_old_list_opens_nothing(void **state)
{
    struct feed_night *night = *state;
    struct alarm alarm = {.key = "k1", .active = true, .rule = "hot", .summary = "", .place = "", .asset = SINK_NONE, .time = CLOCK_NEVER,
                          .asked = clock_wall()};
    night->sink.ops->report(night->feeds, &night->source, &alarm);
    alarm.asked = clock_wall();
    desk_pass(&night->desk, SPAN_SECOND);
    report(night, "k1", false, NULL);
    night->sink.ops->report(night->feeds, &night->source, &alarm);
    assert_int_equal(listed(night, "source:alertmanager:am condition:active", NULL), 0);
    desk_pass(&night->desk, SPAN_SECOND);
    alarm.asked = clock_wall();
    night->sink.ops->report(night->feeds, &night->source, &alarm);
    assert_int_equal(listed(night, "source:alertmanager:am condition:active", NULL), 1);
}

static unsigned list(struct feed_night *night, bool clear, const char *key)
{
    night->sink.ops->list_begin(night->feeds, &night->source);
    if (key)
        report(night, key, true, NULL);
    return night->sink.ops->list_end(night->feeds, &night->source, clear, "gone");
}

static void what_a_complete_list_lacks_is_over(void **state)
{
    struct feed_night *night = *state;
    report(night, "k1", true, NULL);
    report(night, "k2", true, NULL);
    desk_breach(&night->desk, "hot", "SRV-1", SEVERITY_MAJOR); /* another source's is left alone */
    assert_int_equal(list(night, false, "k2"), 1);
    assert_int_equal(listed(night, "condition:active", NULL), 3);
    assert_int_equal(list(night, true, "k2"), 1);
    assert_int_equal(listed(night, "condition:active", NULL), 2);
    /* After a restart it knows what is its own. */
    engine_close(night);
    engine_open(night);
    assert_int_equal(list(night, true, NULL), 1);
    assert_int_equal(listed(night, "condition:active", NULL), 1);
    assert_int_equal(listed(night, "condition:active source:rule", NULL), 1);
}

static void what_a_removed_source_left_clears(void **state)
{
    struct feed_night *night = *state;
    struct source *sources[] = {&night->source};
    report(night, "k1", true, NULL);
    desk_breach(&night->desk, "hot", "SRV-1", SEVERITY_MAJOR);
    feeds_keep(night->feeds, sources, 1);
    assert_int_equal(listed(night, "condition:active", NULL), 2);
    feeds_keep(night->feeds, NULL, 0);
    assert_int_equal(listed(night, "condition:active", NULL), 1);
    assert_int_equal(listed(night, "condition:active source:rule", NULL), 1);
}

static void what_is_not_repeated_expires(void **state)
{
    struct feed_night *night = *state;
    report(night, "k1", true, NULL);
    desk_pass(&night->desk, 3 * SPAN_MINUTE);
    report(night, "k2", true, NULL);
    assert_int_equal(night->sink.ops->expire(night->feeds, &night->source, 2 * SPAN_MINUTE, "old"), 1);
    assert_int_equal(listed(night, "source:alertmanager:am condition:active", NULL), 1);
}

static void what_they_hold_back_is_suppressed(void **state)
{
    struct feed_night *night = *state;
    report(night, "k1", true, "silenced in Alertmanager by li: fan");
    assert_int_equal(listed(night, "suppression:inhibited", NULL), 1);
    report(night, "k1", true, NULL);
    assert_int_equal(listed(night, "suppression:inhibited", NULL), 0);
}

struct saved { bool done; char id[24]; };

static void on_saved(void *owner, const char *id, const struct error *error)
{
    struct saved *saved = owner;
    assert_null(error);
    saved->done = true;
    snprintf(saved->id, sizeof saved->id, "%s", id);
}

static void wait_saved(struct feed_night *night, struct saved *saved)
{
    for (int i = 0; i < 5000 && !saved->done; i++, uv_sleep(1))
        uv_run(&night->world->loop, UV_RUN_NOWAIT);
    assert_true(saved->done);
    saved->done = false;
}

static void our_silences_are_known(void **state)
{
    struct feed_night *night = *state;
    const struct alarm_ops *ops = night->sink.ops;
    struct alarm_silence silences[4];
    struct saved saved = {0};
    const struct alert *alert;
    report(night, "k1", true, NULL);
    uint64_t mark = ops->silences_mark(night->feeds, &night->source);
    assert_int_equal(ops->silences(night->feeds, &night->source, "k1", silences, 4), 0);
    alerts_silence(night->desk.alerts, &(struct alert_silence){.filter = "asset:SRV-1 -rule:cold", .why = "检修", .by = "user:wang", .starts = CLOCK_NEVER,
                                                               .ends = clock_wall() + SPAN_HOUR}, on_saved, &saved);
    wait_saved(night, &saved);
    assert_true(ops->silences_mark(night->feeds, &night->source) != mark);
    assert_int_equal(ops->silences(night->feeds, &night->source, "k1", silences, 4), 1);
    assert_string_equal(silences[0].id, saved.id);
    assert_string_equal(silences[0].why, "检修");
    assert_true(ops->silence_active(night->feeds, saved.id));
    assert_int_equal(ops->silences(night->feeds, &night->source, "other", silences, 4), 0);
    ops->silence_told(night->feeds, &night->source, saved.id, "1 silenced there");
    ops->silence_told(night->feeds, &night->source, saved.id, "2 silenced there");
    assert_string_equal(feeds_silence_told(night->feeds, saved.id), "am: 2 silenced there");
    listed(night, "source:alertmanager:am", &alert);
    char id[32], acknowledged[40];
    snprintf(id, sizeof id, "%s", alert_id(alert));
    snprintf(acknowledged, sizeof acknowledged, "%s/ack", id);
    assert_int_equal(desk_act(&night->desk, ALERT_ACK, "user:wang", id, -1, "mine", CLOCK_NEVER), 200);
    assert_int_equal(desk_act(&night->desk, ALERT_SHELVE, "user:wang", id, -1, "later", clock_wall() + SPAN_HOUR), 200);
    assert_int_equal(ops->silences(night->feeds, &night->source, "k1", silences, 4), 3);
    assert_true(ops->silence_active(night->feeds, id) && ops->silence_active(night->feeds, acknowledged));
    assert_int_equal(desk_act(&night->desk, ALERT_UNSHELVE, "user:wang", id, -1, "", CLOCK_NEVER), 200);
    assert_false(ops->silence_active(night->feeds, id));
    alerts_unsilence(night->desk.alerts, saved.id, -1, "user:wang", on_saved, &saved);
    wait_saved(night, &saved);
    assert_false(ops->silence_active(night->feeds, saved.id));
    assert_false(ops->silence_active(night->feeds, "S-9999") || ops->silence_active(night->feeds, "A-1/ack") || ops->silence_active(night->feeds, ""));
    assert_int_equal(ops->silences(night->feeds, &night->source, "k1", silences, 4), 1); /* still acknowledged */
}

/* ---- heartbeats ---- */

static void use(struct feed_night *night, const char *yaml)
{
    struct config *config = config_new();
    struct config_problems problems;
    struct heartbeats_plan plan;
    config_problems_init(&problems);
    assert_true(config_load_text(config, "h.yml", yaml, strlen(yaml), &problems));
    const struct config_node *list = config_get(config_root(config), "heartbeats");
    for (size_t i = 0; i < config_count(list); i++)
        config_check(config_at(list, i), heartbeat_keys, &problems);
    heartbeats_plan_read(&plan, list, &problems);
    if (problems.count)
        fail_msg("%s", buffer_text(&problems.text));
    heartbeats_use(night->heartbeats, &plan);
    heartbeats_plan_release(&plan);
    config_problems_release(&problems);
    config_free(&config);
}

#define YAML "heartbeats: [{name: backup, title: 备份, every: 10m, grace: 1m, severity: critical, asset: SRV-1}, {name: prom, every: 1m, grace: 5s, alert: Watchdog, source: am}]"

static struct heartbeat_view view(struct feed_night *night, const char *name)
{
    struct heartbeat_view view;
    assert_true(heartbeats_get(night->heartbeats, name, &view));
    return view;
}

static void pass(struct feed_night *night, msec span)
{
    desk_pass(&night->desk, span);
    heartbeats_turn(night->heartbeats);
}

static bool beat(struct feed_night *night, const char *name, bool failed, const char *message)
{
    return heartbeats_beat(night->heartbeats, name, &(struct heartbeat_beat){.failed = failed, .message = message, .by = "user:root", .time = CLOCK_NEVER}, NULL);
}

static void silence_of_a_heartbeat_is_an_alert(void **state)
{
    struct feed_night *night = *state;
    const struct alert *alert;
    use(night, YAML);
    pass(night, SPAN_HOUR);
    assert_int_equal(view(night, "backup").state, HEARTBEAT_WAITING); /* never heard is no alert */
    assert_int_equal(listed(night, "source:heartbeat", NULL), 0);
    assert_true(beat(night, "backup", false, "took 3s"));
    pass(night, 9 * SPAN_MINUTE + 30 * SPAN_SECOND);
    assert_int_equal(view(night, "backup").state, HEARTBEAT_OK);
    pass(night, SPAN_MINUTE);
    assert_int_equal(view(night, "backup").state, HEARTBEAT_LATE);
    assert_int_equal(listed(night, "source:heartbeat", NULL), 0);
    pass(night, SPAN_MINUTE);
    assert_int_equal(view(night, "backup").state, HEARTBEAT_MISSING);
    assert_int_equal(listed(night, "source:heartbeat severity:critical asset:SRV-1 name:备份 rule:backup", &alert), 1);
    assert_string_equal(view(night, "backup").alert, alert_id(alert));
    assert_true(beat(night, "backup", false, NULL));
    assert_int_equal(listed(night, "source:heartbeat condition:active", NULL), 0);
    assert_true(beat(night, "backup", true, "exit code 3: no\x1b[2J space"));
    assert_int_equal(listed(night, "source:heartbeat condition:active summary~\"failed: exit code 3: no space\"", NULL), 1);
    assert_int_equal(view(night, "backup").failures, 1);
    assert_true(beat(night, "backup", false, ""));
    assert_int_equal(listed(night, "source:heartbeat condition:active", NULL), 0);
    struct error error;
    assert_false(heartbeats_beat(night->heartbeats, "bakcup", &(struct heartbeat_beat){.time = CLOCK_NEVER}, &error));
    assert_string_equal(error.text, "no heartbeat `bakcup`; there are backup, prom");
}

static void time_while_down_does_not_count(void **state)
{
    struct feed_night *night = *state;
    use(night, YAML);
    beat(night, "backup", false, "a");
    beat(night, "prom", false, "b");
    pass(night, 2 * SPAN_MINUTE); /* prom is missing now */
    msec last = view(night, "backup").last;
    world_flush(night->world);
    engine_close(night);
    world_clock(night->world, night->world->steady + SPAN_DAY);
    engine_open(night);
    use(night, YAML);
    heartbeats_turn(night->heartbeats);
    assert_int_equal(view(night, "backup").state, HEARTBEAT_OK);
    assert_int_equal(view(night, "backup").last, last);
    assert_int_equal(view(night, "prom").state, HEARTBEAT_MISSING);
    assert_int_equal(listed(night, "source:heartbeat condition:active rule:prom", NULL), 1);
    pass(night, 11 * SPAN_MINUTE + SPAN_SECOND); /* its whole span, from the start */
    assert_int_equal(view(night, "backup").state, HEARTBEAT_MISSING);
    /* Removed from the configuration: its alert goes, too. */
    use(night, "heartbeats: [{name: prom, every: 1m}]");
    assert_int_equal(listed(night, "source:heartbeat condition:active", NULL), 1);
    struct heartbeat_view gone;
    assert_false(heartbeats_get(night->heartbeats, "backup", &gone));
}

static void hear(struct feed_night *night, const char *key, bool active, msec time)
{
    struct alarm alarm = {.key = key, .active = active, .rule = "Watchdog", .asset = SINK_NONE, .time = time, .summary = "", .place = ""};
    night->sink.ops->report(night->feeds, &night->source, &alarm);
}

static void a_watchdog_is_a_heartbeat(void **state)
{
    struct feed_night *night = *state;
    use(night, YAML);
    msec first = clock_wall();
    hear(night, "w", true, first);
    assert_int_equal(view(night, "prom").beats, 1);
    assert_int_equal(listed(night, "rule:Watchdog", NULL), 0);
    pass(night, 30 * SPAN_SECOND);
    hear(night, "w", true, first); /* the same word again is no sign of life */
    assert_int_equal(view(night, "prom").beats, 1);
    hear(night, "w", true, clock_wall() - 10 * SPAN_SECOND);
    assert_int_equal(view(night, "prom").beats, 2);
    pass(night, 54 * SPAN_SECOND);
    assert_int_not_equal(view(night, "prom").state, HEARTBEAT_MISSING);
    pass(night, 2 * SPAN_SECOND); /* 65 s after what it said, not after when it came */
    assert_int_equal(view(night, "prom").state, HEARTBEAT_MISSING);
    hear(night, "w", false, CLOCK_NEVER);
    assert_int_equal(view(night, "prom").state, HEARTBEAT_MISSING);
    night->source.name = (char *)(uintptr_t)"other";
    hear(night, "w", true, CLOCK_NEVER); /* another source's is an alert like others */
    assert_int_equal(view(night, "prom").state, HEARTBEAT_MISSING);
    assert_int_equal(listed(night, "rule:Watchdog", NULL), 1);
    night->source.name = (char *)(uintptr_t)"am";
    hear(night, "w", true, CLOCK_NEVER);
    assert_int_equal(view(night, "prom").state, HEARTBEAT_OK);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        EACH(assets_are_found_as_others_write_them), EACH(one_alert_a_key), EACH(an_old_list_opens_nothing), EACH(what_a_complete_list_lacks_is_over),
        EACH(what_a_removed_source_left_clears),
        EACH(what_is_not_repeated_expires), EACH(what_they_hold_back_is_suppressed), EACH(our_silences_are_known),
        EACH(silence_of_a_heartbeat_is_an_alert), EACH(time_while_down_does_not_count), EACH(a_watchdog_is_a_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

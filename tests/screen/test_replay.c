/* An incident replayed on the screen: a capsule made here, so that every instant of it is known and nothing is masked.
 * 03:12:07 the gateway of a pump room disconnects; six meters behind it fall silent; 03:14 somebody has it; 03:31 it
 * is back (R019, R020, R021; issue 3, looking back). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "engine/capsule.h"
#include "screen/console.h"

#define METERS 6
#define MOMENT INT64_C(1795201927000) /* 2026-11-21T03:12:07+08:00 */
#define HELD (MOMENT + 113 * SPAN_SECOND)
#define BACK (MOMENT + 19 * SPAN_MINUTE)
#define TAKEN (MOMENT + 48 * SPAN_MINUTE)
#define NUMBER INT64_C(202611210000007)

static char path[] = "/tmp/nocturne-replay-test.XXXXXX";

static void put_asset(struct capsule *capsule, const char *id, const char *name, const char *kind, const char *parent)
{
    struct asset asset = {.attributes = "", .revision = 1};
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        asset.field[field] = "";
    asset.field[ASSET_id] = arena_text(capsule->arena, id);
    asset.field[ASSET_name] = arena_text(capsule->arena, name);
    asset.field[ASSET_kind] = kind;
    asset.field[ASSET_parent] = parent;
    asset.field[ASSET_site] = "创新港";
    asset.field[ASSET_building] = "2号泵房";
    asset.field[ASSET_floor] = "B1";
    asset.field[ASSET_subsystem] = "供水管理";
    asset.field[ASSET_unit] = "后勤";
    asset.field[ASSET_period] = "60s";
    ARRAY_RESERVE(capsule->assets, capsule->assets_capacity, capsule->assets_count + 1);
    capsule->assets[capsule->assets_count++] = asset;
}

static void put_state(struct capsule *capsule, uint32_t asset, msec from, enum health health, enum health_reason reason)
{
    bool down = health == HEALTH_OFFLINE;
    ARRAY_RESERVE(capsule->states, capsule->states_capacity, capsule->states_count + 1);
    capsule->states[capsule->states_count++] = (struct store_state){
        asset, from, health, reason, down ? LINK_DOWN : asset ? LINK_UNKNOWN : LINK_UP, health == HEALTH_OK ? COMM_SPEAKING : COMM_SILENT};
}

static void put_alert(struct capsule *capsule, uint32_t place, msec raised)
{
    struct store_alert alert = {
        .number = NUMBER + place, .fingerprint = 4242 + place, .asset = place, .revision = 5, .rule_version = 1, .occurrences = 1,
        .cause = place ? NUMBER : 0, .cause_by_hand = place ? 1 : 0, .condition = 3, .suppression = place ? 1 << 2 : 0,
        .severity = place ? 2 : 4, .worst = place ? 2 : 4, .raise_told = !place, .notes = !place, .pending_since = raised,
        .raised_at = raised, .cleared_at = BACK, .last_seen = BACK, .acknowledged = !place, .value = (double)NAN,
        .threshold = (double)NAN, .closed = 1, .closed_at = BACK + (place ? 0 : 20 * SPAN_MINUTE), .news_at = CLOCK_NEVER, .normal_since = BACK,
        .acknowledged_at = place ? CLOCK_NEVER : HELD, .acknowledge_until = CLOCK_NEVER, .shelved_until = CLOCK_NEVER,
        .counted_at = BACK};
#define X(member) alert.member = "";
    STORE_ALERT_TEXTS(X)
#undef X
    alert.source = "health";
    alert.type = "communication";
    alert.name = place ? "终端失联" : "网关离线";
    alert.rule = place ? "terminal-silent" : "gateway-offline";
    alert.summary = place ? "its gateway is gone" : "disconnected: status: offline";
    alert.runbook = place ? "" : "gateway";
    alert.acknowledged_by = place ? "" : "user:wang";
    alert.note = place ? "" : "泵房断电，物业去合闸";
    ARRAY_RESERVE(capsule->alerts, capsule->alerts_capacity, capsule->alerts_count + 1);
    capsule->alerts[capsule->alerts_count++] = alert;
}

static void put_event(struct capsule *capsule, uint32_t place, msec time, const char *actor, const char *verb, const char *text,
                      unsigned condition, bool held)
{
    unsigned severity = place ? 2 : 4, suppression = place ? 1 << 2 : 0;
    ARRAY_RESERVE(capsule->events, capsule->events_capacity, capsule->events_count + 1);
    capsule->events[capsule->events_count++] = (struct store_alert_event){
        NUMBER + place, time, actor, verb, text, condition | (unsigned)held << 2 | severity << 5 | suppression << 8};
}

static void put_readings(struct capsule *capsule, uint32_t asset)
{
    struct capsule_series *series = capsule_series(capsule, asset, asset ? "flow" : "cpu");
    for (msec at = MOMENT - 30 * SPAN_MINUTE; at <= TAKEN; at += SPAN_MINUTE)
        if (at < MOMENT || at > BACK)
            capsule_series_add(capsule, series, at, asset ? 12 + asset + 3 * sin((double)at / 6e5) : 20 + 10 * sin((double)at / 4e5));
}

/* The same night on the platform's own server: 03:11 the disk of the database fills up, 03:12 its unit fails and the
 * application with it, 03:31 somebody has put it right (R022, R040, R044). */
#define SERVER (METERS + 1)
#define APPLICATION (METERS + 2)

static const struct host *host_of(struct capsule *capsule, bool failed)
{
    struct host *host = arena_alloc(capsule->arena, sizeof *host);
    const struct host_unit units[] = {
        {.name = "cron.service", .state = "active", .sub = "running", .what = "", .since = MOMENT - 9 * SPAN_DAY},
        {.name = "postgresql.service", .state = failed ? "failed" : "active", .sub = failed ? "failed" : "running", .what = "PostgreSQL",
         .since = failed ? MOMENT : MOMENT - 9 * SPAN_DAY, .failed = failed}};
    const struct host_process processes[] = {
        {.pid = 712, .parent = 1, .user = "root", .name = "sshd", .command = "sshd: /usr/sbin/sshd -D", .state = 'S', .cpu_percent = 0,
         .memory = 9e6, .io_rate = 0, .started = MOMENT - 9 * SPAN_DAY},
        {.pid = failed ? 20417 : 1410, .parent = 1, .user = failed ? "backup" : "postgres", .name = failed ? "pg_dump" : "postgres",
         .command = failed ? "pg_dump --file=/data/dump.sql energy" : "postgres: writer", .state = failed ? 'D' : 'S',
         .cpu_percent = failed ? 93.4 : 4, .memory = failed ? 1.4e9 : 6.1e8, .io_rate = failed ? 8.4e7 : 2e4,
         .started = failed ? MOMENT - 7 * SPAN_MINUTE : MOMENT - 9 * SPAN_DAY}};
    const struct host_port ports[] = {{.port = 22, .address = "0.0.0.0", .process = "sshd", .user = "root", .pid = 712},
                                      {.port = 5432, .address = "0.0.0.0", .process = "postgres", .user = "postgres", .pid = 1400}};
    const struct host_login logins[] = {{.user = "li", .from = "10.8.0.12", .terminal = "pts/0", .since = MOMENT - 20 * SPAN_MINUTE}};
    *host = (struct host){.unit_count = 2, .process_count = 2, .port_count = failed ? 1 : 2, .login_count = failed,
                          .lists = 1u << HOST_units | 1u << HOST_processes | 1u << HOST_ports | 1u << HOST_logins};
    host->units = memcpy(arena_alloc(capsule->arena, sizeof units), units, sizeof units);
    host->processes = memcpy(arena_alloc(capsule->arena, sizeof processes), processes, sizeof processes);
    host->ports = memcpy(arena_alloc(capsule->arena, sizeof ports), ports, sizeof ports);
    host->logins = memcpy(arena_alloc(capsule->arena, sizeof logins), logins, sizeof logins);
    return host;
}

static void put_page(struct capsule *capsule, msec at, bool failed)
{
    static const char *servers[] = {"db-1"}, *needs[] = {"energy/db"};
    const struct wire_node nodes[] = {
        {.id = "energy", .name = "能源态势", .kind = "application", .verdict = failed ? "critical" : "ok", .evidence = "", .asset = "energy", .unit = "",
         .unit_on = "", .since = failed ? MOMENT : BACK, .checked = CLOCK_NEVER},
        {.id = "energy/web", .name = "page", .kind = "http", .verdict = "ok", .evidence = "200 in 42 ms", .asset = "", .unit = "", .unit_on = "",
         .depth = 1, .since = MOMENT - SPAN_DAY, .checked = at, .needs = needs, .need_count = 1},
        {.id = "energy/db", .name = "database", .kind = "tcp", .verdict = failed ? "critical" : "ok", .depth = 2, .asset = "db-1", .unit = "",
         .evidence = failed ? "connection refused" : "connects in 1 ms", .unit_on = "", .since = failed ? MOMENT : BACK, .checked = at, .cause = failed}};
    struct wire_application_page page = {
        .page = {.as_of = at, .past = true}, .node_count = ARRAY_COUNT(nodes),
        .application = {.id = "energy", .name = "能源态势", .subsystem = "能源", .contract = "campus-iot", .requirement = "R022",
                        .hurts = failed ? "database on db-1: connection refused" : "", .recovery = "",
                        .health = failed ? HEALTH_CRITICAL : HEALTH_OK, .since = failed ? MOMENT : BACK, .uptime = NAN, .availability = 0.9993,
                        .availability_30d = NAN, .latency = 42, .users = 31, .in_rate = NAN, .out_rate = NAN, .checks = 2, .failing = failed, .servers = servers, .server_count = 1}};
    page.nodes = memcpy(arena_alloc(capsule->arena, sizeof nodes), nodes, sizeof nodes);
    ARRAY_RESERVE(capsule->applications, capsule->applications_capacity, capsule->applications_count + 1);
    capsule->applications[capsule->applications_count++] = page;
}

static void put_platform(struct capsule *capsule)
{
    static const struct { const char *metric; double before, during; } figures[] = {
        {"cpu_percent", 12, 97}, {"memory_percent", 61, 78}, {"memory_used_bytes", 10.4e9, 13.3e9}, {"load1", 0.7, 9.2}, {"load_per_core", 0.175, 2.3},
        {"disk_data_percent", 71, 100}, {"disk_data_size_bytes", 5e11, 5e11}, {"processes", 182, 191}, {"failed_units", 0, 1}, {"logins", 0, 1}};
    put_asset(capsule, "db-1", "能源数据库", "server", "");
    put_asset(capsule, "energy", "能源态势", "application", "");
    for (uint32_t asset = SERVER; asset <= APPLICATION; asset++) {
        put_state(capsule, asset, MOMENT - 9 * SPAN_HOUR, HEALTH_OK, REASON_FRESH);
        put_state(capsule, asset, MOMENT, HEALTH_CRITICAL, REASON_ALERT);
        put_state(capsule, asset, BACK, HEALTH_OK, REASON_FRESH);
    }
    for (size_t i = 0; i < ARRAY_COUNT(figures); i++) {
        struct capsule_series *series = capsule_series(capsule, SERVER, figures[i].metric);
        for (msec at = MOMENT - 30 * SPAN_MINUTE; at <= TAKEN; at += SPAN_MINUTE)
            capsule_series_add(capsule, series, at, at >= MOMENT && at < BACK ? figures[i].during : figures[i].before);
    }
    const msec moments[] = {MOMENT - 30 * SPAN_MINUTE, MOMENT, BACK, TAKEN};
    for (size_t i = 0; i < ARRAY_COUNT(moments); i++) {
        bool failed = moments[i] >= MOMENT && moments[i] < BACK;
        ARRAY_RESERVE(capsule->kept, capsule->kept_capacity, capsule->kept_count + 1);
        capsule->kept[capsule->kept_count++] = (struct wire_kept){"db-1", moments[i], host_of(capsule, failed)};
        put_page(capsule, moments[i], failed);
    }
}

static struct capsule *night(void)
{
    struct capsule *capsule = capsule_new();
    char id[24], name[40];
    capsule->incident = "A-20261121-0007";
    capsule->made_by = "0.1.0";
    capsule->taken_by = "user:wang";
    capsule->site = "创新港";
    capsule->timezone = "Asia/Shanghai";
    capsule->language = "en";
    capsule->moment = MOMENT;
    capsule->from = MOMENT - CAPSULE_AROUND;
    capsule->to = BACK + CAPSULE_AROUND;
    capsule->taken_at = TAKEN;
    capsule->fleet = 49100;
    put_asset(capsule, "GW-A-0042", "供水网关042", "gateway", "");
    for (unsigned i = 1; i <= METERS; i++) {
        snprintf(id, sizeof id, "WM-%05u", 900 + i);
        snprintf(name, sizeof name, "%u号水表", i);
        put_asset(capsule, id, name, "terminal", "GW-A-0042");
    }
    for (uint32_t i = 0; i <= METERS; i++) {
        put_state(capsule, i, MOMENT - 9 * SPAN_HOUR, HEALTH_OK, REASON_FRESH);
        put_state(capsule, i, MOMENT, i ? HEALTH_UNREACHABLE : HEALTH_OFFLINE, i ? REASON_PARENT : REASON_DISCONNECTED);
        put_state(capsule, i, BACK, HEALTH_OK, REASON_FRESH);
        put_readings(capsule, i);
        put_alert(capsule, i, MOMENT + (i ? 40 : 0));
        put_event(capsule, i, MOMENT + (i ? 40 : 0), "health", "raised", i ? "its gateway is gone" : "disconnected: status: offline", 2, false);
        if (!i)
            put_event(capsule, i, HELD, "user:wang", "acknowledged", "泵房断电，物业去合闸", 2, true);
        put_event(capsule, i, BACK, "health", "cleared", "", 3, !i);
        if (!i)
            put_event(capsule, i, BACK + 20 * SPAN_MINUTE, "timer", "closed", "", 3 | 1 << 4, true);
    }
    put_platform(capsule);
    ARRAY_RESERVE(capsule->notifications, capsule->notifications_capacity, 1);
    capsule->notifications[capsule->notifications_count++] = (struct wire_notification){
        .id = "1", .channel = "sms", .to = "wang", .alert = "A-20261121-0007", .what = "raise", .state = "sent", .detail = "200",
        .time = MOMENT + 3 * SPAN_SECOND, .attempts = 1};
    ARRAY_RESERVE(capsule->runbooks, capsule->runbooks_capacity, 1);
    capsule->runbooks[capsule->runbooks_count++] = (struct capsule_runbook){
        .name = "gateway", .language = "", .text = "# Gateway offline\n\n1. Look at its power: {name}, {place}\n2. Call {unit}\n"};
    return capsule;
}

static int make_capsule(void **state)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error = {0};
    struct capsule *capsule = night();
    int file = mkstemp(path);
    (void)state;
    bool good = capsule_write(capsule, &bytes, &error) && write(file, bytes.data, bytes.length) == (ssize_t)bytes.length;
    if (!good)
        fprintf(stderr, "# %s\n", error.text);
    close(file);
    buffer_release(&bytes);
    capsule_free(&capsule);
    return good ? 0 : -1;
}

static int remove_capsule(void **state)
{
    (void)state;
    return unlink(path);
}

static struct harness *open_replay(int rows, int columns, const char *locale, const char *variable)
{
    return console_open(NULL, &(struct console_look){
        .rows = rows, .columns = columns, .locale = locale, .arguments = {"--replay", path},
        .environment = {"HOME=/nonexistent", "TZ=UTC", variable}});
}

/* It begins at the moment, in the site's time; steps lead through it; everything but acting works. */
static void an_incident_is_walked_through(void **state)
{
    (void)state;
    struct harness *harness = open_replay(24, 80, NULL, NULL);
    press(harness, "", "REPLAY A-20261121-0007");
    press(harness, "2", "gateway-offline");
    harness_golden(harness, "replay-moment-80x24");
    press(harness, "]", "03:31:07"); /* the next change: it is back */
    press(harness, "[", "03:12:07");
    press(harness, "type::at Space type:03:20 Enter", "03:20:00");
    harness_golden(harness, "replay-held-80x24");
    press(harness, "Enter", "timeline");
    harness_golden(harness, "replay-alert-80x24");
    press(harness, "r", "Look at its power"); /* the runbook came along */
    press(harness, "Esc", "timeline");
    press(harness, "a", "read-only");
    press(harness, "x", "capsule already");
    press(harness, "=", "04:00:07");
    leave(&harness);
}

static void its_charts_are_there(void **state)
{
    (void)state;
    struct harness *harness = open_replay(40, 120, NULL, "NO_COLOR=1");
    press(harness, "", "REPLAY A-20261121-0007");
    press(harness, "=", "04:00:07");
    press(harness, "type::asset Space type:GW-A-0042 Enter", "cpu");
    await(harness, "6 below");
    await(harness, "cpu, last 6h");
    await(harness, "xxxxx"); /* 19 minutes offline in the strip of health */
    leave(&harness);
}

static void it_speaks_chinese(void **state)
{
    (void)state;
    struct harness *harness = open_replay(24, 80, "zh_CN.UTF-8", NULL);
    await(harness, "回放 A-20261121-0007");
    press(harness, "2", "gateway-offline");
    harness_golden(harness, "replay-zh-80x24");
    press(harness, "type::at Space type:03:20 Enter", "03:20:00");
    press(harness, "Enter", "时间线");
    harness_golden(harness, "replay-alert-zh-80x24");
    press(harness, "type::asset Space type:GW-A-0042 Enter", "下级 6 个");
    harness_golden(harness, "replay-asset-zh-80x24");
    leave(&harness);
}

/* What ran on the server and which part of the application was broken, as of the moment, and put right later. */
static void servers_and_applications_come_along(void **state)
{
    (void)state;
    struct harness *harness = open_replay(24, 80, NULL, NULL);
    press(harness, "", "REPLAY A-20261121-0007");
    press(harness, "4", "db-1");
    press(harness, "Enter", "pg_dump --file");
    await(harness, "postgresql.service failed");
    await(harness, "apps: 能源态势");
    harness_golden(harness, "replay-server-80x24");
    press(harness, "type::section Space type:people Enter", "10.8.0.12");
    press(harness, "type::application Space type:energy Enter", "\342\227\202 connection refused");
    harness_golden(harness, "replay-application-80x24");
    press(harness, "]", "connects in 1 ms");
    press(harness, "=", "04:00:07");
    press(harness, "type::server Space type:db-1 Enter", "postgres: writer");
    leave(&harness);
    harness = open_replay(24, 80, "zh_CN.UTF-8", "NO_COLOR=1");
    await(harness, "回放 A-20261121-0007");
    press(harness, "type::server Space type:db-1 Enter", "pg_dump --file");
    await(harness, "占用处理器和内存最多者");
    harness_golden(harness, "replay-server-zh-80x24");
    press(harness, "type::application Space type:energy Enter", "拒绝连接");
    harness_golden(harness, "replay-application-zh-80x24");
    leave(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_walked_through),
        cmocka_unit_test(its_charts_are_there),
        cmocka_unit_test(it_speaks_chinese),
        cmocka_unit_test(servers_and_applications_come_along),
    };
    return cmocka_run_group_tests(tests, make_capsule, remove_capsule);
}

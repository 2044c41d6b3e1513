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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_is_walked_through),
        cmocka_unit_test(its_charts_are_there),
        cmocka_unit_test(it_speaks_chinese),
    };
    return cmocka_run_group_tests(tests, make_capsule, remove_capsule);
}

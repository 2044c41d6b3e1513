/* Incident capsules: what goes in comes out, secrets do not, and no file however bad is let in (issue 3, R020). */
#include <archive.h>
#include <archive_entry.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/memory.h"
#include "engine/capsule.h"

#define NUMBER INT64_C(202611210000007)
#define MOMENT INT64_C(1795202000000)

static void put_asset(struct capsule *capsule, const char *id, const char *name, const char *attributes)
{
    struct asset asset = {.attributes = attributes, .revision = 3};
    for (int field = 0; field < ASSET_FIELD_COUNT; field++)
        asset.field[field] = "";
    asset.field[ASSET_id] = id;
    asset.field[ASSET_name] = name;
    ARRAY_RESERVE(capsule->assets, capsule->assets_capacity, capsule->assets_count + 1);
    capsule->assets[capsule->assets_count++] = asset;
}

static struct store_alert alert_of(int64_t number)
{
    struct store_alert alert = {.number = number, .fingerprint = -77, .asset = 0, .revision = 4, .severity = 4, .raised_at = MOMENT,
                                .pending_since = MOMENT, .value = 31.25, .threshold = (double)NAN, .closed_at = CLOCK_NEVER,
                                .cleared_at = CLOCK_NEVER, .news_at = CLOCK_NEVER, .normal_since = CLOCK_NEVER,
                                .last_seen = MOMENT, .acknowledged_at = CLOCK_NEVER, .acknowledge_until = CLOCK_NEVER,
                                .shelved_until = CLOCK_NEVER, .counted_at = MOMENT, .reminded_at = 0};
#define X(member) alert.member = "";
    STORE_ALERT_TEXTS(X)
#undef X
    alert.name = "网关离线";
    alert.rule = "gateway-offline";
    alert.policy = "0 1 0 0 3600000 -9223372036854775808 4 86400000 1";
    return alert;
}

static struct capsule *example(void)
{
    struct capsule *capsule = capsule_new();
    capsule->incident = "A-20261121-0007";
    capsule->made_by = "0.1.0";
    capsule->taken_by = "user:wang";
    capsule->site = "创新港";
    capsule->timezone = "Asia/Shanghai";
    capsule->language = "zh_CN";
    capsule->left_out = "3 of 7 neighbours";
    capsule->moment = MOMENT;
    capsule->from = MOMENT - CAPSULE_AROUND;
    capsule->taken_at = capsule->to = MOMENT + 5000;
    capsule->fleet = 49100;
    put_asset(capsule, "GW-A-0042", "供水网关042", "{\"rack\":\"7\"}");
    put_asset(capsule, "WM-1", "泵房总表", "");
    struct capsule_series *series = capsule_series(capsule, 1, "flow");
    for (int i = 0; i < 4500; i++) /* more than one line */
        capsule_series_add(capsule, series, MOMENT - 4500 + i, i / 3.0);
    ARRAY_RESERVE(capsule->states, capsule->states_capacity, 1);
    capsule->states[capsule->states_count++] =
        (struct store_state){0, MOMENT, HEALTH_OFFLINE, REASON_DISCONNECTED, LINK_DOWN, COMM_SPEAKING};
    ARRAY_RESERVE(capsule->alerts, capsule->alerts_capacity, 1);
    capsule->alerts[capsule->alerts_count++] = alert_of(NUMBER);
    ARRAY_RESERVE(capsule->events, capsule->events_capacity, 1);
    capsule->events[capsule->events_count++] = (struct store_alert_event){NUMBER, MOMENT, "health", "raised", "断线", 130};
    ARRAY_RESERVE(capsule->units, capsule->units_capacity, 1);
    capsule->units[capsule->units_count++] = (struct capsule_unit){"flow", "m³/h"};
    ARRAY_RESERVE(capsule->runbooks, capsule->runbooks_capacity, 1);
    capsule->runbooks[capsule->runbooks_count++] = (struct capsule_runbook){"gateway", "zh", "# 步骤\n1. 看电源\n", true};
    ARRAY_RESERVE(capsule->audit, capsule->audit_capacity, 1);
    capsule->audit[capsule->audit_count++] =
        (struct wire_audit){7, MOMENT, "user:wang", "alert ack", "A-20261121-0007", "{\"text\":\"去看\"}", "00ff"};
    return capsule;
}

static void written(struct buffer *out)
{
    struct capsule *capsule = example();
    struct error error;
    assert_true(capsule_write(capsule, out, &error));
    capsule_free(&capsule);
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT;
    struct error error = {0};
    written(&bytes);
    struct capsule *capsule = capsule_read(bytes.data, bytes.length, &error), *want = example();
    assert_string_equal(error.text, "");
    assert_non_null(capsule);
    assert_string_equal(capsule->incident, want->incident);
    assert_string_equal(capsule->site, "创新港");
    assert_string_equal(capsule->left_out, want->left_out);
    assert_int_equal(capsule->moment, MOMENT);
    assert_int_equal(capsule->taken_at, MOMENT + 5000);
    assert_int_equal(capsule->fleet, 49100);
    assert_int_equal(capsule->assets_count, 2);
    assert_string_equal(capsule->assets[0].field[ASSET_name], "供水网关042");
    assert_string_equal(capsule->assets[0].attributes, "{\"rack\":\"7\"}");
    assert_int_equal(capsule->series_count, 1);
    assert_int_equal(capsule->series[0].asset, 1);
    assert_int_equal(capsule->series[0].count, 4500);
    for (size_t i = 0; i < 4500; i++)
        assert_true(capsule->series[0].rows[i].value == want->series[0].rows[i].value); /* to the last bit */
    const struct store_state *then = &capsule->states[0];
    assert_int_equal(then->from, MOMENT);
    assert_true(then->asset == 0 && then->health == HEALTH_OFFLINE && then->reason == REASON_DISCONNECTED &&
                then->link == LINK_DOWN && then->comm == COMM_SPEAKING);
    const struct store_alert *alert = &capsule->alerts[0], *as = &want->alerts[0];
#define X(member) assert_int_equal(alert->member, as->member);
    STORE_ALERT_NUMBERS(X)
#undef X
#define X(member) assert_string_equal(alert->member, as->member);
    STORE_ALERT_TEXTS(X)
#undef X
    assert_true(alert->value == 31.25 && isnan(alert->threshold));
    assert_string_equal(capsule->events[0].text, "断线");
    assert_string_equal(capsule->units[0].unit, "m³/h");
    assert_string_equal(capsule->runbooks[0].text, "# 步骤\n1. 看电源\n");
    assert_string_equal(capsule->audit[0].target, "A-20261121-0007");
    capsule_free(&capsule);
    capsule_free(&want);
    buffer_release(&bytes);
}

static void refused(const char *bytes, size_t length, enum error_code code, const char *text)
{
    struct error error = {0};
    struct capsule *capsule = capsule_read(bytes, length, &error);
    assert_null(capsule);
    if (!strstr(error.text, text) || (code && error.code != code))
        fail_msg("expected `%s` (%d), got `%s` (%d)", text, (int)code, error.text, (int)error.code);
}

/* Servers and applications as they were make it a file of version 2; without them older programs read it. */
static void servers_and_applications_as_they_were(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT;
    struct error error = {0};
    struct capsule *capsule = example();
    assert_int_equal(capsule_version(capsule), 1);
    struct host_unit units[] = {{.name = "nginx.service", .state = "failed", .sub = "failed", .what = "网站", .since = MOMENT, .failed = true}};
    struct host_process processes[] = {{.pid = 7, .user = "www", .name = "nginx", .command = "nginx: worker", .state = 'D', .cpu_percent = 93.5,
                                        .memory = 3e8, .io_rate = NAN, .started = MOMENT}};
    struct host host = {.units = units, .unit_count = 1, .processes = processes, .process_count = 1, .lists = 1u << HOST_units | 1u << HOST_processes};
    struct wire_kept kept[] = {{"WM-1", MOMENT, &host}};
    struct wire_figure figures[] = {{"latency_ms", "ms", 42}};
    const char *needs[] = {"energy/db"}, *servers[] = {"WM-1"};
    struct wire_node nodes[] = {
        {.id = "energy/web", .name = "网站", .kind = "http", .verdict = "ok", .evidence = "200", .asset = "WM-1", .unit = "", .unit_on = "", .since = MOMENT,
         .checked = MOMENT, .needs = needs, .need_count = 1, .figures = figures, .figure_count = 1, .may_restart = true},
        {.id = "energy/db", .name = "", .kind = "tcp", .verdict = "critical", .evidence = "refused", .asset = "", .unit = "", .unit_on = "", .cause = true,
         .since = CLOCK_NEVER, .checked = CLOCK_NEVER}};
    struct wire_application application = {.id = "energy", .name = "能源态势", .subsystem = "", .contract = "", .requirement = "", .hurts = "db: refused",
        .recovery = "", .health = HEALTH_CRITICAL, .since = MOMENT, .uptime = NAN, .availability = 0.9, .availability_30d = NAN, .latency = NAN,
        .users = 3, .servers = servers, .server_count = 1};
    struct wire_application_page pages[] = {
        {.page = {.as_of = MOMENT - 1000}, .application = application, .nodes = nodes, .node_count = 1},
        {.page = {.as_of = MOMENT}, .application = application, .nodes = nodes, .node_count = 2}};
    struct wire_kept *given = memory_new_array(1, sizeof *given);
    struct wire_application_page *two = memory_new_array(2, sizeof *two);
    capsule->kept = memcpy(given, kept, sizeof kept);
    capsule->applications = memcpy(two, pages, sizeof pages);
    capsule->kept_count = 1;
    capsule->applications_count = 2;
    assert_int_equal(capsule_version(capsule), 2);
    assert_true(capsule_write(capsule, &bytes, &error));
    capsule_free(&capsule);
    capsule = capsule_read(bytes.data, bytes.length, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(capsule->kept_count, 1);
    const struct host *then = capsule->kept[0].host;
    assert_string_equal(capsule->kept[0].asset, "WM-1");
    assert_int_equal(capsule->kept[0].time, MOMENT);
    assert_int_equal(then->lists, host.lists);
    assert_true(then->units[0].failed && then->units[0].since == MOMENT);
    assert_string_equal(then->units[0].what, "网站");
    assert_true(then->processes[0].cpu_percent == 93.5 && isnan(then->processes[0].io_rate) && then->processes[0].state == 'D');
    assert_string_equal(capsule_application_id(capsule, 0), "energy");
    assert_null(capsule_application_id(capsule, 1));
    const struct wire_application_page *page = capsule_application(capsule, "energy", MOMENT + 5);
    assert_int_equal(page->node_count, 2);
    assert_true(page->nodes[1].cause && !page->nodes[0].may_restart && page->application.users == 3);
    assert_string_equal(page->nodes[1].evidence, "refused");
    assert_string_equal(page->nodes[0].needs[0], "energy/db");
    assert_int_equal(capsule_application(capsule, "energy", MOMENT - 1)->node_count, 1);
    assert_int_equal(capsule_application(capsule, "energy", 0)->node_count, 1); /* the oldest is the nearest */
    assert_null(capsule_application(capsule, "water", MOMENT));
    capsule_free(&capsule);
    buffer_release(&bytes);
}

static void damaged_ones_are_refused(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT;
    written(&bytes);
    refused("", 0, ERROR_INVALID, "no incident capsule");
    refused("id,name\nx,y\n", 12, ERROR_INVALID, "no incident capsule");
    for (size_t length = 1; length < bytes.length; length += 61) { /* cut anywhere */
        struct capsule *capsule = capsule_read(bytes.data, length, NULL);
        assert_null(capsule);
    }
    unsigned let_in = 0;
    for (size_t at = 0; at < bytes.length; at += 5) { /* one bit turned, anywhere */
        bytes.data[at] ^= 0x10;
        struct capsule *capsule = capsule_read(bytes.data, bytes.length, NULL);
        let_in += capsule != NULL;
        capsule_free(&capsule);
        bytes.data[at] ^= 0x10;
    }
    assert_true(let_in < 10); /* only where it changes nothing: times and owners in the archive's own headers */
    buffer_release(&bytes);
}

/* ---- files made by somebody else ---- */

static la_ssize_t take(struct archive *archive, void *owner, const void *bytes, size_t length)
{
    (void)archive;
    buffer_append(owner, bytes, length);
    return (la_ssize_t)length;
}

struct file { const char *name, *text; size_t size; const char *link; };

static void archived(struct buffer *out, const struct file *files, size_t count)
{
    struct archive *archive = archive_write_new();
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_zstd(archive);
    archive_write_set_bytes_in_last_block(archive, 1);
    archive_write_open(archive, out, NULL, take, NULL);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        size_t size = files[i].size ? files[i].size : strlen(files[i].text);
        char *bytes = memory_new(size + 1);
        memcpy(bytes, files[i].text, strlen(files[i].text) < size ? strlen(files[i].text) : size);
        archive_entry_set_pathname(entry, files[i].name);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_filetype(entry, files[i].link ? AE_IFLNK : AE_IFREG);
        if (files[i].link)
            archive_entry_set_symlink(entry, files[i].link);
        else
            archive_entry_set_size(entry, (la_int64_t)size);
        archive_write_header(archive, entry);
        if (!files[i].link)
            archive_write_data(archive, bytes, size);
        archive_entry_free(entry);
        free(bytes);
    }
    archive_write_close(archive);
    archive_write_free(archive);
}

static void expect(const struct file *files, size_t count, enum error_code code, const char *text)
{
    struct buffer bytes = BUFFER_INIT;
    archived(&bytes, files, count);
    refused(bytes.data, bytes.length, code, text);
    buffer_release(&bytes);
}

#define MANIFEST(version) "{\"format\":\"nocturne-capsule\",\"version\":" version ",\"incident\":\"A-20261121-0007\"," \
    "\"timezone\":\"Asia/Shanghai\",\"taken_at\":\"2026-11-21T03:20:00+08:00\",\"moment\":\"2026-11-21T03:12:00+08:00\"," \
    "\"from\":\"2026-11-21T02:42:00+08:00\",\"to\":\"2026-11-21T03:20:00+08:00\"}"
#define EXPECT(code, text, ...) \
    do { const struct file files_[] = {__VA_ARGS__}; expect(files_, ARRAY_COUNT(files_), code, text); } while (0)

static void strangers_are_refused(void **state)
{
    (void)state;
    EXPECT(ERROR_INVALID, "no incident capsule", {.name = "etc/passwd", .text = "x"});
    EXPECT(ERROR_INVALID, "no incident capsule", {.name = "capsule.json", .text = "{\"format\":\"something\"}"});
    EXPECT(ERROR_INVALID, "no incident capsule", {.name = "capsule.json", .text = "", .link = "/etc/passwd"});
    EXPECT(ERROR_TOO_NEW, "version 3", {.name = "capsule.json", .text = MANIFEST("3")});
    EXPECT(ERROR_CORRUPT, "ends too early", {.name = "capsule.json", .text = MANIFEST("1")});
    EXPECT(ERROR_CORRUPT, "assets.jsonl", {.name = "capsule.json", .text = MANIFEST("1")},
           {.name = "../../etc/cron.d/x", .text = "x"});
    EXPECT(ERROR_CORRUPT, "time zone", {.name = "capsule.json", .text =
           "{\"format\":\"nocturne-capsule\",\"version\":1,\"incident\":\"A\",\"timezone\":\"/etc/shadow\",\"taken_at\":\"2026-11-21T03:20:00+08:00\","
           "\"moment\":\"2026-11-21T03:12:00+08:00\",\"from\":\"2026-11-21T02:42:00+08:00\",\"to\":\"2026-11-21T03:20:00+08:00\"}"});
    EXPECT(ERROR_CORRUPT, "assets.jsonl, line 2: the id holds", {.name = "capsule.json", .text = MANIFEST("1")},
           {.name = "assets.jsonl", .text = "{\"id\":\"A\"}\n{\"id\":\"A B\"}\n"});
    EXPECT(ERROR_CORRUPT, "one asset twice", {.name = "capsule.json", .text = MANIFEST("1")},
           {.name = "assets.jsonl", .text = "{\"id\":\"A\"}\n{\"id\":\"A\"}\n"});
    EXPECT(ERROR_CORRUPT, "does not have", {.name = "capsule.json", .text = MANIFEST("1")},
           {.name = "assets.jsonl", .text = "{\"id\":\"A\"}\n"}, {.name = "units.json", .text = "{}"},
           {.name = "states.jsonl", .text = "{\"asset\":\"B\",\"from\":\"2026-11-21T03:12:00+08:00\",\"health\":\"ok\",\"reason\":\"fresh\"}"});
    EXPECT(ERROR_CORRUPT, "reading", {.name = "capsule.json", .text = MANIFEST("1")},
           {.name = "assets.jsonl", .text = "{\"id\":\"A\"}\n"}, {.name = "units.json", .text = "{}"}, {.name = "states.jsonl", .text = ""},
           {.name = "readings.jsonl", .text = "{\"asset\":\"A\",\"metric\":\"m\",\"rows\":[9223372036854775807,1]}\n"});
}

#define WHOLE(version) {.name = "capsule.json", .text = MANIFEST(version)}, {.name = "assets.jsonl", .text = "{\"id\":\"A\"}\n"},        \
    {.name = "units.json", .text = "{}"}, {.name = "states.jsonl", .text = ""}, {.name = "readings.jsonl", .text = ""},             \
    {.name = "alerts.jsonl", .text = ""}, {.name = "events.jsonl", .text = ""}, {.name = "rules.json", .text = "{\"items\":[]}"},    \
    {.name = "notifications.json", .text = "{\"items\":[]}"}, {.name = "silences.json", .text = "{\"items\":[]}"},                   \
    {.name = "downtimes.json", .text = "{\"items\":[]}"}, {.name = "audit.json", .text = "{\"items\":[]}"}, {.name = "runbooks.jsonl", .text = ""}
#define AT "\"2026-11-21T03:12:00+08:00\""

static void strange_servers_are_refused(void **state)
{
    (void)state;
    EXPECT(ERROR_CORRUPT, "checksums", WHOLE("1"), {.name = "SHA256SUMS", .text = "x"});
    EXPECT(ERROR_CORRUPT, "kept.jsonl", WHOLE("2"), {.name = "SHA256SUMS", .text = "x"});
    EXPECT(ERROR_CORRUPT, "does not have", WHOLE("2"), {.name = "kept.jsonl", .text = "{\"asset\":\"B\",\"time\":" AT "}\n"});
    EXPECT(ERROR_CORRUPT, "no moment", WHOLE("2"), {.name = "kept.jsonl", .text = "{\"asset\":\"A\"}\n"});
    EXPECT(ERROR_CORRUPT, "line 1", WHOLE("2"), {.name = "kept.jsonl", .text = "{\"asset\":"});
    EXPECT(ERROR_CORRUPT, "not kept", WHOLE("2"), {.name = "kept.jsonl", .text = "{\"asset\":\"A\",\"time\":" AT ",\"cores\":[{}]}\n"});
    EXPECT(ERROR_CORRUPT, "no moment", WHOLE("2"), {.name = "kept.jsonl", .text = ""}, {.name = "applications.jsonl", .text = "{\"id\":\"x\"}\n"});
    EXPECT(ERROR_CORRUPT, "the id holds", WHOLE("2"), {.name = "kept.jsonl", .text = ""},
           {.name = "applications.jsonl", .text = "{\"id\":\"x y\",\"as_of\":" AT "}\n"});
    EXPECT(ERROR_CORRUPT, "not in order", WHOLE("2"), {.name = "kept.jsonl", .text = ""},
           {.name = "applications.jsonl", .text = "{\"id\":\"x\",\"as_of\":" AT "}\n{\"id\":\"x\",\"as_of\":\"2026-11-21T03:11:00+08:00\"}\n"});
}

/* A gigabyte of nothing packs into some kilobytes. */
static void bombs_are_refused(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT;
    const struct file files[] = {{.name = "capsule.json", .text = MANIFEST("1")},
                                 {.name = "assets.jsonl", .text = "{\"id\":\"A\"}\n", .size = (size_t)200 << 20}};
    archived(&bytes, files, ARRAY_COUNT(files));
    assert_true(bytes.length < 200000);
    refused(bytes.data, bytes.length, ERROR_FULL, "larger than");
    char *huge = memory_new(CAPSULE_FILE_MOST + 1);
    refused(huge, CAPSULE_FILE_MOST + 1, ERROR_FULL, "larger than");
    free(huge);
    buffer_release(&bytes);
}

static void files_are_named(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(capsule_read_file("/nowhere/x.capsule", &error));
    assert_non_null(strstr(error.text, "/nowhere/x.capsule: No such file"));
    assert_null(capsule_read_file("/dev/zero", &error));
    assert_non_null(strstr(error.text, "is no file"));
    assert_null(capsule_read_file("/tmp", &error));
    assert_non_null(strstr(error.text, "/tmp"));
}

/* ---- secrets ---- */

static void secrets_stay(void **state)
{
    (void)state;
    static const struct { const char *text, *want; } cases[] = {
        {"nothing to hide: temperature 31.2", "nothing to hide: temperature 31.2"},
        {"mqtt://ops:hunter2@10.0.0.1:1883/x", "mqtt://***@10.0.0.1:1883/x"},
        {"http://host:8080/path@x", "http://host:8080/path@x"},
        {"https://oapi.dingtalk.com/robot/send?access_token=abcdef&x=1", "https://oapi.dingtalk.com/robot/send?access_token=***&x=1"},
        {"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=8f1-22", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=***"},
        {"password: hunter2, then", "password: ***, then"},
        {"PASSWORD=\"two words\" ok", "PASSWORD=\"***\" ok"},
        {"口令：abc123 已改", "口令：*** 已改"},
        {"Authorization: Bearer abc.def.ghi rest", "Authorization: *** rest"},
        {"sent bearer 0123456789abcdef0 to", "sent bearer *** to"},
        {"used noc_AbCdEfGhIjKlMnOp here", "used *** here"},
        {"the token is gone", "the token is gone"},
        {"keyboard: us", "keyboard: us"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT;
        capsule_redact(&out, cases[i].text);
        assert_string_equal(buffer_text(&out), cases[i].want);
        buffer_release(&out);
    }
    struct buffer out = BUFFER_INIT;
    capsule_redact_json(&out, "{\"rack\":7,\"snmp_community\":\"public1\",\"pin\":1234,\"in\":{\"url\":\"ftp://a:b@c\"},\"l\":[null,true]}");
    assert_string_equal(buffer_text(&out),
                        "{\"rack\":7,\"snmp_community\":\"***\",\"pin\":\"***\",\"in\":{\"url\":\"ftp://***@c\"},\"l\":[null,true]}");
    buffer_release(&out);
}

/* ---- CSV ---- */

static void formulas_are_defused(void **state)
{
    (void)state;
    static const struct { const char *text, *want; } cases[] = {
        {"泵房", "泵房"}, {"", ""}, {"a,b", "\"a,b\""}, {"say \"x\"", "\"say \"\"x\"\"\""}, {"=1+1", "\"'=1+1\""},
        {"@SUM(A1)", "\"'@SUM(A1)\""}, {"+86 029", "\"'+86 029\""}, {"-cmd|' /C calc'!A0", "\"'-cmd|' /C calc'!A0\""},
        {"-57", "-57"}, {"\tx", "\"'\tx\""}, {"1=1", "1=1"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT;
        csv_cell(&out, cases[i].text);
        assert_string_equal(buffer_text(&out), cases[i].want);
        buffer_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out), cmocka_unit_test(damaged_ones_are_refused),
        cmocka_unit_test(servers_and_applications_as_they_were), cmocka_unit_test(strange_servers_are_refused),
        cmocka_unit_test(strangers_are_refused),  cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(files_are_named),        cmocka_unit_test(secrets_stay),
        cmocka_unit_test(formulas_are_defused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

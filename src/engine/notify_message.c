/* What a message says, in the site's language: R020's five fields first (name, type, severity, state, time), then where,
 * what and since when. A storm says how many of what, and names the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/notify_private.h"

#define STORM_LINES 10
#define STORM_IDS 200

enum word {
    W_RAISE, W_REMIND, W_RESOLVE, W_STORM, W_TEST, W_NAME, W_TYPE, W_SEVERITY, W_STATE, W_TIME, W_ENDED, W_ASSET, W_PLACE,
    W_UNIT, W_SUBSYSTEM, W_SUMMARY, W_VALUE, W_SYMPTOMS, W_RUNBOOK, W_ID, W_AND_MORE, W_ALERTS, W_MANY_TYPES, W_CLEARED,
    W_TEST_TEXT, W_COLON, WORD_COUNT
};
static const char *const words[WORD_COUNT][2] = {
    [W_RAISE] = {"ALERT", "告警"}, [W_REMIND] = {"REMINDER", "再次提醒"}, [W_RESOLVE] = {"RESOLVED", "恢复"},
    [W_STORM] = {"STORM", "告警风暴"}, [W_TEST] = {"TEST", "测试"}, [W_NAME] = {"Name", "告警名称"}, [W_TYPE] = {"Type", "类型"},
    [W_SEVERITY] = {"Severity", "级别"}, [W_STATE] = {"State", "状态"}, [W_TIME] = {"Time", "告警时间"},
    [W_ENDED] = {"Ended", "恢复时间"}, [W_ASSET] = {"Device", "设备"}, [W_PLACE] = {"Place", "位置"}, [W_UNIT] = {"Unit", "责任单位"},
    [W_SUBSYSTEM] = {"System", "业务系统"}, [W_SUMMARY] = {"Detail", "详情"}, [W_VALUE] = {"Value", "当前值"},
    [W_SYMPTOMS] = {"Affected", "受影响"}, [W_RUNBOOK] = {"Runbook", "处置手册"}, [W_ID] = {"Number", "编号"},
    [W_AND_MORE] = {"and %u more", "另有 %u 条"}, [W_ALERTS] = {"%u alerts", "%u 条告警"}, [W_MANY_TYPES] = {"several", "多种"},
    [W_CLEARED] = {"resolved", "已恢复"}, [W_TEST_TEXT] = {"This is a test of the channel; nothing is wrong.", "这是通知渠道的测试消息，没有告警。"},
    [W_COLON] = {": ", "："},
};
static const char *const severity_words[SEVERITY_COUNT][2] = {
    [SEVERITY_INFO] = {"info", "提示"}, [SEVERITY_WARNING] = {"warning", "警告"}, [SEVERITY_MINOR] = {"minor", "次要"},
    [SEVERITY_MAJOR] = {"major", "重要"}, [SEVERITY_CRITICAL] = {"critical", "紧急"},
};
static const char *const state_words[ALERT_STATE_COUNT] = {
    [ALERT_OUT_OF_SERVICE] = "停用", [ALERT_DOWNTIME] = "维护中", [ALERT_SHELVED] = "已屏蔽", [ALERT_DEPENDENCY] = "受上级影响",
    [ALERT_INHIBITED] = "被抑制", [ALERT_FLAPPING] = "抖动", [ALERT_PENDING] = "待确认", [ALERT_UNACKNOWLEDGED] = "未确认",
    [ALERT_ACKNOWLEDGED] = "已确认", [ALERT_CLEARED_UNACKNOWLEDGED] = "已恢复未确认", [ALERT_CLOSED] = "已关闭",
};
static const struct { const char *type, *chinese; } type_words[] = {
    {"communication", "通信"}, {"environmental", "环境"}, {"security", "安全"}, {"device", "设备"}, {"equipment", "设备"},
    {"processing", "处理"}, {"quality", "质量"}, {"threshold", "越限"}, {"data", "数据"}, {"power", "供电"}, {"application", "应用"},
};

static const char *say(const struct notify_plan *plan, enum word word)
{
    return words[word][plan->chinese];
}

static const char *say_state(const struct notify_plan *plan, const struct wire_alert *row)
{
    return plan->chinese ? state_words[row->state] : alert_state_name(row->state);
}

static const char *say_type(const struct notify_plan *plan, const char *type)
{
    for (size_t i = 0; plan->chinese && i < ARRAY_COUNT(type_words); i++)
        if (strcmp(type_words[i].type, type) == 0)
            return type_words[i].chinese;
    return type;
}

static enum word word_of(const char *what)
{
    return strcmp(what, "resolve") == 0 ? W_RESOLVE : strcmp(what, "remind") == 0 ? W_REMIND : strcmp(what, "storm") == 0 ? W_STORM : W_RAISE;
}

static void add_line(struct buffer *out, const struct notify_plan *plan, enum word word, const char *text)
{
    if (text && text[0])
        buffer_printf(out, "%s%s%s\n", say(plan, word), say(plan, W_COLON), text);
}

/* What the daemon says of it: English in the store and in {json}, here in the site's language. */
static void add_prose(struct buffer *out, const struct notify_plan *plan, enum word word, const char *text)
{
    struct buffer said = BUFFER_INIT;
    phrasebook_say(plan->book, &said, text ? text : "");
    add_line(out, plan, word, buffer_text(&said));
    buffer_release(&said);
}

static void add_instant(struct buffer *out, const struct notify_plan *plan, enum word word, msec instant)
{
    if (instant == CLOCK_NEVER)
        return;
    char text[40];
    time_t seconds = (time_t)(instant / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    add_line(out, plan, word, text);
}

/* Lines of the desk are clean already; names from a template's point of view are not trusted all the same. */
static char *one_line(struct buffer *text)
{
    struct buffer clean = BUFFER_INIT;
    text_clean(&clean, buffer_text(text), text->length);
    buffer_append_text(&clean, "");
    buffer_release(text);
    return clean.data ? buffer_take(&clean) : memory_text("");
}

static void write_alert_fields(struct json_writer *writer, const struct wire_alert *row)
{
    json_write_text(writer, "name", row->name);
    json_write_text(writer, "type", row->type);
    json_write_text(writer, "severity", severity_name(row->severity));
    json_write_text(writer, "state", alert_state_name(row->state));
    json_write_instant(writer, "raised_at", row->raised_at);
    json_write_text(writer, "id", row->id);
    json_write_text(writer, "asset", row->asset);
    json_write_text(writer, "asset_name", row->asset_name);
    json_write_text(writer, "place", row->place);
    json_write_text(writer, "unit", row->unit);
    json_write_text(writer, "subsystem", row->subsystem);
    json_write_text(writer, "summary", row->summary);
    json_write_text(writer, "metric", row->metric);
    json_write_number(writer, "value", row->value);
    json_write_number(writer, "threshold", row->threshold);
    json_write_instant(writer, "cleared_at", row->cleared_at);
    json_write_integer(writer, "symptoms", row->symptoms);
    json_write_text(writer, "rule", row->rule);
    json_write_text(writer, "runbook", row->runbook);
}

/* ---- one alert ---- */

static void one_text(const struct notify_plan *plan, const char *what, const struct wire_alert *row, struct delivery *delivery)
{
    struct buffer title = BUFFER_INIT, text = BUFFER_INIT, name = BUFFER_INIT;
    bool over = strcmp(what, "resolve") == 0;
    if (row->source && alert_source_is_own(row->source)) /* other names are the site's */
        phrasebook_say(plan->book, &name, row->name);
    else
        buffer_append_text(&name, row->name);
    buffer_printf(&title, plan->chinese ? "【%s】%s %s" : "[%s] %s %s", say(plan, word_of(what)),
                  severity_words[row->severity][plan->chinese], buffer_text(&name));
    const char *where = row->asset_name && row->asset_name[0] ? row->asset_name : row->place; /* a building's storm has no device */
    if (where && where[0])
        buffer_printf(&title, " %s", where);
    add_line(&text, plan, W_NAME, buffer_text(&name));
    add_line(&text, plan, W_TYPE, say_type(plan, row->type));
    add_line(&text, plan, W_SEVERITY, severity_words[row->severity][plan->chinese]);
    add_line(&text, plan, W_STATE, over ? say(plan, W_CLEARED) : say_state(plan, row));
    add_instant(&text, plan, W_TIME, row->raised_at);
    if (over)
        add_instant(&text, plan, W_ENDED, row->cleared_at);
    if (row->asset[0] && strcmp(row->asset, row->asset_name) != 0)
        buffer_printf(&text, "%s%s%s %s\n", say(plan, W_ASSET), say(plan, W_COLON), row->asset_name, row->asset);
    else
        add_line(&text, plan, W_ASSET, row->asset);
    add_line(&text, plan, W_PLACE, row->place);
    add_line(&text, plan, W_UNIT, row->unit);
    add_line(&text, plan, W_SUBSYSTEM, row->subsystem);
    add_prose(&text, plan, W_SUMMARY, row->summary);
    if (row->symptoms)
        buffer_printf(&text, "%s%s%u\n", say(plan, W_SYMPTOMS), say(plan, W_COLON), row->symptoms);
    add_line(&text, plan, W_RUNBOOK, row->runbook);
    buffer_printf(&text, "%s%s%s · %s\n", say(plan, W_ID), say(plan, W_COLON), row->id, plan->site);
    delivery->title = one_line(&title);
    delivery->text = buffer_take(&text);
    buffer_release(&name);
}

/* ---- many ---- */

static const struct notify_alert *foremost(const struct notify_alert *alerts, unsigned count)
{
    const struct notify_alert *best = alerts;
    for (unsigned i = 1; i < count; i++)
        if (alerts[i].row.severity > best->row.severity)
            best = &alerts[i];
    return best;
}

static void count_severities(const struct notify_plan *plan, struct buffer *out, const struct notify_alert *alerts, unsigned count)
{
    unsigned by[SEVERITY_COUNT] = {0};
    bool first = true;
    for (unsigned i = 0; i < count; i++)
        by[alerts[i].row.severity]++;
    for (int i = SEVERITY_COUNT - 1; i >= 0; i--)
        if (by[i]) {
            buffer_printf(out, "%s%s %u", first ? "" : plan->chinese ? "，" : ", ", severity_words[i][plan->chinese], by[i]);
            first = false;
        }
}

static void many_text(const struct notify_plan *plan, const char *what, const struct notify_alert *alerts, unsigned count,
                      struct delivery *delivery)
{
    struct buffer title = BUFFER_INIT, text = BUFFER_INIT, counts = BUFFER_INIT, name = BUFFER_INIT;
    const struct wire_alert *worst = &foremost(alerts, count)->row;
    bool raise = strcmp(what, "raise") == 0, one_type = true;
    msec oldest = alerts[0].row.raised_at;
    for (unsigned i = 0; i < count; i++) {
        one_type = one_type && strcmp(alerts[i].row.type, alerts[0].row.type) == 0;
        oldest = alerts[i].row.raised_at < oldest ? alerts[i].row.raised_at : oldest;
    }
    count_severities(plan, &counts, alerts, count);
    buffer_printf(&title, plan->chinese ? "【%s】" : "[%s] ", say(plan, raise ? W_STORM : word_of(what)));
    buffer_printf(&title, say(plan, W_ALERTS), count);
    buffer_printf(&title, " (%s)", buffer_text(&counts));
    buffer_printf(&name, "%s (", worst->name);
    buffer_printf(&name, say(plan, W_AND_MORE), count - 1);
    buffer_append_char(&name, ')');
    add_line(&text, plan, W_NAME, buffer_text(&name));
    add_line(&text, plan, W_TYPE, one_type ? say_type(plan, worst->type) : say(plan, W_MANY_TYPES));
    add_line(&text, plan, W_SEVERITY, buffer_text(&counts));
    add_line(&text, plan, W_STATE, strcmp(what, "resolve") == 0 ? say(plan, W_CLEARED) : say_state(plan, worst));
    add_instant(&text, plan, W_TIME, oldest);
    for (unsigned i = 0; i < count && i < STORM_LINES; i++)
        buffer_printf(&text, "%c %s %s %s %s\n", severity_letter(alerts[i].row.severity), alerts[i].row.name,
                      alerts[i].row.asset_name, alerts[i].row.place, alerts[i].row.id);
    if (count > STORM_LINES) {
        buffer_printf(&text, say(plan, W_AND_MORE), count - STORM_LINES);
        buffer_append_char(&text, '\n');
    }
    buffer_printf(&text, "%s\n", plan->site);
    delivery->title = one_line(&title);
    delivery->text = buffer_take(&text);
    buffer_release(&counts);
    buffer_release(&name);
}

static char *build_json(const struct notify_plan *plan, const char *what, const struct notify_alert *alerts, unsigned count,
                        const struct delivery *delivery)
{
    struct buffer json = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &json);
    json_write_object(&writer, NULL);
    write_alert_fields(&writer, &foremost(alerts, count)->row);
    json_write_text(&writer, "what", what);
    json_write_text(&writer, "title", delivery->title);
    json_write_text(&writer, "text", delivery->text);
    json_write_text(&writer, "site", plan->site);
    json_write_text(&writer, "notification", delivery->id);
    json_write_integer(&writer, "count", count);
    json_write_array(&writer, "ids");
    for (unsigned i = 0; i < count && i < STORM_IDS; i++)
        json_write_text(&writer, NULL, alerts[i].row.id);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return buffer_take(&json);
}

void message_build(const struct notify_plan *plan, const char *what, const struct notify_alert *alerts, unsigned count,
                   struct delivery *delivery)
{
    if (count == 1)
        one_text(plan, what, &alerts[0].row, delivery);
    else
        many_text(plan, what, alerts, count, delivery);
    delivery->json = build_json(plan, what, alerts, count, delivery);
}

void message_test(const struct notify_plan *plan, struct delivery *delivery)
{
    struct notify_alert alert = {.row = {
        .id = "", .name = say(plan, W_TEST), .type = "communication", .severity = SEVERITY_INFO, .state = ALERT_UNACKNOWLEDGED,
        .raised_at = clock_wall(), .condition = CONDITION_ACTIVE, .asset = "", .asset_name = "", .place = "", .unit = "",
        .subsystem = "", .summary = say(plan, W_TEST_TEXT), .metric = "", .rule = "", .runbook = "",
        .cleared_at = CLOCK_NEVER}};
    one_text(plan, "raise", &alert.row, delivery);
    free(delivery->title);
    delivery->title = memory_printf(plan->chinese ? "【%s】%s" : "[%s] %s", say(plan, W_TEST), plan->site);
    delivery->json = build_json(plan, "test", &alert, 1, delivery);
}

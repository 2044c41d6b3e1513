/* Where what can run out is heading: as rows, and as the expansion report (R043) that a customer is given. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "api/report.h"
#include "api/security.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/capacity.h"
#include "wire/capacity.h"

#define SPAN_USUAL (30 * SPAN_DAY)
#define USUAL_FILTER "kind:server,application,database"

struct reckoning {
    msec from, to;
    bool document;
    enum report_format format;
    uint32_t population;
};

/* ---- rows ---- */

static void row_fill(const struct fleet *fleet, const struct capacity_row *row, struct fleet_view *view, struct buffer *place,
                     char says[160], msec now, struct wire_capacity *wire)
{
    fleet_get(fleet, row->asset, view);
    const char *const *field = view->row.field;
    buffer_clear(place);
    asset_place(place, field);
    capacity_say(row, now, says, 160);
    *wire = (struct wire_capacity){
        .asset = field[ASSET_id], .asset_name = field[ASSET_name], .place = buffer_text(place), .metric = row->metric, .what = row->what,
        .unit = row->unit, .problem = row->problem, .says = says, .limit = row->limit, .limit_by = row->limit_by, .now = row->now, .fitted = row->fitted,
        .trend = row->trend, .full = row->reach.when, .earliest = row->reach.earliest, .latest = row->reach.latest};
}

static void answer_rows(struct request *request, const struct capacity_row *rows, unsigned count)
{
    const struct reckoning *reckoning = request->state;
    struct wire_page page = {.total = count, .population = count};
    struct json_writer writer;
    request_page(request, &page);
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    struct buffer place = BUFFER_INIT;
    for (unsigned i = 0; i < count; i++) {
        struct fleet_view view;
        char says[160];
        struct wire_capacity wire;
        row_fill(request->api->fleet, &rows[i], &view, &place, says, reckoning->to, &wire);
        wire_write_capacity(&writer, &wire);
    }
    buffer_release(&place);
    json_write_array_end(&writer);
    json_write_text(&writer, "method", wire_capacity_method);
    json_write_object_end(&writer);
    request_finish_json(request);
}

/* ---- the report, in the site's language ---- */

enum word {
    WORD_TITLE, WORD_SPAN, WORD_METHOD, WORD_NONE, WORD_ASSET, WORD_NAME, WORD_PLACE, WORD_WHAT, WORD_NOW, WORD_LIMIT, WORD_LIMIT_BY, WORD_USUAL, WORD_CONFIGURED, WORD_LEDGER, WORD_UNIT,
    WORD_SLOPE, WORD_LOW, WORD_HIGH, WORD_FULL, WORD_EARLIEST, WORD_LATEST, WORD_ADVICE, WORD_EXPAND, WORD_PLAN, WORD_WATCH,
    WORD_ENOUGH, WORD_UNKNOWN, WORD_COUNT
};
static const char *const words[2][WORD_COUNT] = {
    {"Capacity and expansion report", "Readings from %s to %s; figures: %u.", NULL, "Nothing that can run out was measured in this span.",
     "asset", "name", "place", "what", "now", "limit", "limit by", "usual", "configuration", "ledger", "unit", "a day", "low", "high", "full", "earliest", "latest", "advice",
     "expand now", "plan the expansion", "watch", "enough", "no trend: %s"},
    {"服务器扩展分析报告", "数据区间 %s 至 %s，共 %u 项。",
     "方法：斜率取所有点对斜率的中位数（Theil–Sen），区间为 Sen 90% 置信区间，并按相邻点相关性放宽；先扣除日内（满 3 天）与周内（满 3 周）规律；"
     "现值为最近一天的中位数；“占满”指按该斜率到达上限的时间。",
     "该区间内没有可耗尽的指标。", "编号", "名称", "位置", "项目", "当前", "上限", "上限依据", "通常", "配置", "台账", "单位", "每日增长", "低", "高", "占满", "最早", "最晚",
     "建议", "立即扩容", "列入扩容计划", "继续观察", "充足", "无趋势：%s"},
};

/* "disk data" as "磁盘 data": what engine/capacity.c composes, whose parts are too short to be phrases. */
static void put_what(struct report *report, const char *what, bool chinese)
{
    static const struct { const char *begins, *ends, *said, *behind; } parts[] = {
        {"disk ", "", "磁盘 ", ""}, {"inodes ", "", "inode ", ""}, {"memory", "", "内存", ""}, {"swap", "", "交换区", ""},
        {"", " connections", "", " 连接数"}, {"", " memory", "", " 内存"}, {"", " size", "", " 大小"}, {"", " database", "", " 数据库"}};
    size_t length = strlen(what);
    for (size_t i = 0; chinese && i < ARRAY_COUNT(parts); i++) {
        size_t before = strlen(parts[i].begins), after = strlen(parts[i].ends);
        if (length < before + after || strncmp(what, parts[i].begins, before) != 0 || strcmp(what + length - after, parts[i].ends) != 0)
            continue;
        char *text = memory_printf("%s%.*s%s", parts[i].said, (int)(length - before - after), what + before, parts[i].behind);
        report_text(report, text);
        free(text);
        return;
    }
    report_text(report, what);
}

static void put_advice(struct report *report, const struct capacity_row *row, msec now, const char *const *word, struct phrasebook *book)
{
    char text[160];
    double days = row->reach.when == CLOCK_NEVER ? INFINITY : (double)(row->reach.when - now) / SPAN_DAY;
    double soonest = row->reach.earliest == CLOCK_NEVER ? INFINITY : (double)(row->reach.earliest - now) / SPAN_DAY;
    if (!row->fitted) {
        struct buffer why = BUFFER_INIT;
        phrasebook_say(book, &why, row->problem);
        snprintf(text, sizeof text, word[WORD_UNKNOWN], buffer_text(&why));
        report_text(report, text);
        buffer_release(&why);
    } else if (days < 30) {
        report_text(report, word[WORD_EXPAND]);
    } else if (days < 180) {
        report_text(report, word[WORD_PLAN]);
    } else if (soonest < 180) {
        report_text(report, word[WORD_WATCH]);
    } else {
        report_text(report, word[WORD_ENOUGH]);
    }
}

static enum word limit_word(const struct capacity_row *row)
{
    return strcmp(row->limit_by, "configuration") == 0 ? WORD_CONFIGURED : strcmp(row->limit_by, "ledger") == 0 ? WORD_LEDGER : WORD_USUAL;
}

static struct report *make_report(struct request *request, const struct capacity_row *rows, unsigned count)
{
    static const struct { enum word word; enum report_column kind; } columns[] = {
        {WORD_ASSET, REPORT_TEXT}, {WORD_NAME, REPORT_TEXT}, {WORD_PLACE, REPORT_TEXT}, {WORD_WHAT, REPORT_TEXT}, {WORD_NOW, REPORT_NUMBER},
        {WORD_LIMIT, REPORT_NUMBER}, {WORD_LIMIT_BY, REPORT_TEXT}, {WORD_UNIT, REPORT_TEXT}, {WORD_SLOPE, REPORT_NUMBER}, {WORD_LOW, REPORT_NUMBER},
        {WORD_HIGH, REPORT_NUMBER}, {WORD_FULL, REPORT_DATE}, {WORD_EARLIEST, REPORT_DATE}, {WORD_LATEST, REPORT_DATE}, {WORD_ADVICE, REPORT_TEXT}};
    const struct reckoning *reckoning = request->state;
    const char *language = target_get(&request->target, "language");
    bool chinese = strncmp(language ? language : request->api->site->language, "zh", 2) == 0;
    const char *const *word = words[chinese];
    struct phrasebook *book = chinese ? phrasebook_new("zh_CN") : NULL;
    char from[INSTANT_TEXT], to[INSTANT_TEXT], title[256];
    instant_format(from, reckoning->from);
    instant_format(to, reckoning->to);
    snprintf(title, sizeof title, "%.120s · %s", request->api->site->name, word[WORD_TITLE]);
    struct report *report = report_new(title);
    report_remark(report, word[WORD_SPAN], from, to, count);
    report_remark(report, "%s", word[WORD_METHOD] ? word[WORD_METHOD] : wire_capacity_method);
    if (count == 0)
        report_remark(report, "%s", word[WORD_NONE]);
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        report_add_column(report, word[columns[i].word], columns[i].kind);
    struct buffer place = BUFFER_INIT;
    for (unsigned i = 0; i < count; i++) {
        struct fleet_view view;
        char says[160];
        struct wire_capacity wire;
        row_fill(request->api->fleet, &rows[i], &view, &place, says, reckoning->to, &wire);
        const char *const texts[] = {wire.asset, wire.asset_name, wire.place};
        for (size_t text = 0; text < ARRAY_COUNT(texts); text++)
            report_text(report, texts[text]);
        put_what(report, wire.what, chinese);
        report_number(report, rows[i].fitted ? rows[i].trend.level : rows[i].now, 3);
        report_number(report, rows[i].limit, 0);
        report_text(report, word[limit_word(&rows[i])]);
        report_text(report, wire.unit);
        const double slopes[] = {rows[i].trend.slope, rows[i].trend.slope_low, rows[i].trend.slope_high};
        for (size_t slope = 0; slope < ARRAY_COUNT(slopes); slope++)
            report_number(report, rows[i].fitted ? slopes[slope] : NAN, 3);
        const msec instants[] = {rows[i].reach.when, rows[i].reach.earliest, rows[i].reach.latest};
        for (size_t instant = 0; instant < ARRAY_COUNT(instants); instant++)
            report_date(report, rows[i].fitted ? instants[instant] : CLOCK_NEVER);
        put_advice(report, &rows[i], reckoning->to, word, book);
        report_row_end(report);
    }
    buffer_release(&place);
    phrasebook_free(&book);
    return report;
}

static void answer_report(struct request *request, const struct capacity_row *rows, unsigned count)
{
    const struct reckoning *reckoning = request->state;
    struct error error;
    struct report *report = make_report(request, rows, count);
    bool good = report_write(report, reckoning->format, request->api->site->state_dir, &request->answer, &error);
    report_free(&report);
    if (!good) {
        buffer_clear(&request->answer);
        request_fail(request, &error);
        return;
    }
    snprintf(request->filename, sizeof request->filename, "capacity.%s", report_format_name(reckoning->format));
    request->content_type = report_content_type(reckoning->format);
    request_finish(request, 200);
}

/* ---- both ---- */

static void reckoned(void *owner, const struct capacity_row *rows, unsigned count)
{
    struct request *request = owner;
    if (!request_alive(request))
        return;
    const struct reckoning *reckoning = request->state;
    if (reckoning->document)
        answer_report(request, rows, count);
    else
        answer_rows(request, rows, count);
}

static void reckon(struct request *request, struct reckoning *reckoning)
{
    const char *filter = target_get(&request->target, "filter");
    struct fleet_query query = {.filter = filter && *filter ? filter : USUAL_FILTER};
    struct fleet_result result;
    struct error error;
    request->state = reckoning;
    request->release_state = free;
    if (!request_span(request, SPAN_USUAL, &reckoning->from, &reckoning->to))
        return;
    if (!fleet_select(request->api->fleet, &query, &result, &error)) {
        request_fail(request, &error);
        return;
    }
    capacity_reckon(request->api->loop, request->api->fleet, request->api->store, request->api->site->capacity, result.assets, result.total, reckoning->from,
                    reckoning->to, reckoned, request);
}

void get_capacity(struct request *request)
{
    reckon(request, memory_new(sizeof(struct reckoning)));
}

void get_report(struct request *request)
{
    const char *format = target_get(&request->target, "format"), *filter = target_get(&request->target, "filter");
    bool capacity = strcmp(request->id, "capacity") == 0, trace = strcmp(request->id, "security-trace") == 0;
    bool known = capacity || ((trace || strcmp(request->id, "security") == 0) && request->api->security);
    enum report_format parsed;
    if (!known || !report_format_parse(format ? format : "txt", &parsed)) {
        request_refuse(request, known ? 400 : 404, known ? ERROR_INVALID : ERROR_NOT_FOUND,
                       known ? N_("format: expected txt, md, csv or xlsx") : N_("no report of that name; there are: capacity, security, security-trace"));
    } else if (!capacity && filter && *filter) {
        request_refuse(request, 400, ERROR_INVALID, "filter: only the capacity report takes one");
    } else if (capacity) {
        struct reckoning *reckoning = memory_new(sizeof *reckoning);
        reckoning->document = true;
        reckoning->format = parsed;
        reckon(request, reckoning);
    } else {
        security_report(request, trace, parsed);
    }
}

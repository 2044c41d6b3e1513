/* The security reports of a period (R361, R362), a month unless said otherwise: what each layer, measure and control
 * counted, and, as the trace, every breach that makes those counts. In the reader's language. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "api/security.h"
#include "base/memory.h"
#include "base/phrase.h"
#include "wire/alerts.h"

#define ROWS 64
#define SPAN_USUAL (31 * SPAN_DAY)
#define TRACES_MOST 100000

enum word {
    WORD_TITLE, WORD_TRACE, WORD_SPAN, WORD_METHOD, WORD_NOW, WORD_LEFT, WORD_LEVEL, WORD_NAME, WORD_ROW, WORD_STATE, WORD_TOTAL, WORD_WATCHED,
    WORD_LACKS, WORD_RAISED, WORD_CRITICAL, WORD_MAJOR, WORD_OTHER, WORD_ACTIVE, WORD_FIRST, WORD_LAST, WORD_ENDED, WORD_HOURS, WORD_LAYER,
    WORD_MEASURE, WORD_CONTROL, WORD_SEVERITY, WORD_ALERT, WORD_WHAT, WORD_WHERE, WORD_SUMMARY, WORD_WHO, WORD_FIXED, WORD_COUNT
};
static const char *const words[2][WORD_COUNT] = {
    {"Security report", "Security report: every breach", "From %s to %s; %u breaches.",
     "A breach is an alert that a control's filter selects; a layer or measure counts each alert once. Watched: assets and parts that are told of; state and watched are of now.",
     "As of %s.", "%u more are left out.", "level", "name", "row", "state", "to watch", "watched", "not watched", "breaches", "critical", "major",
     "others", "active now", "first", "last", "ended", "hours", "layer", "measure", "control", "severity", "alert", "what", "where",
     "summary", "acknowledged by", "closed with"},
    {"安全监测报告", "安全监测报告：告警明细", "数据区间 %s 至 %s，共 %u 次违规。",
     "违规指控制项筛选条件所选中的告警；同一告警在每个层面、每项措施中只计一次。应监测与已监测为当前值：台账资产及数据源、接口等。",
     "截至 %s。", "另有 %u 条未列出。", "级别", "名称", "条款", "状态", "应监测", "已监测", "未监测", "违规次数", "严重", "重要", "其他", "当前违规", "首次", "最近",
     "结束", "小时", "层面", "措施", "控制项", "等级", "告警", "内容", "位置", "说明", "确认人", "关闭说明"},
};

/* The words of layers, measures and states. */
static const struct { const char *name, *said, *zh; } names[] = {
    {"physical", "physical security", "物理安全"}, {"network", "network security", "网络安全"}, {"host", "host security", "主机安全"},
    {"application", "application security", "应用安全"}, {"data", "data security", "数据安全"}, {"authentication", "unified authentication", "统一认证"},
    {"encryption", "encryption", "加密"}, {"authorisation", "access authorisation", "访问授权"}, {"audit", "log audit", "日志审计"},
    {"anomaly", "anomaly monitoring", "异常监测"}, {"layer", "layer", "层面"}, {"measure", "measure", "措施"}, {"control", "control", "控制项"},
    {"breached", "breached", "有违规"}, {"watched", "watched", "已监测"}, {"partly", "partly watched", "部分监测"},
    {"unwatched", "not watched", "未监测"}, {"nothing", "nothing there", "无对象"}, {"critical", "critical", "严重"}, {"major", "major", "重要"},
    {"minor", "minor", "次要"}, {"warning", "warning", "警告"}, {"info", "info", "提示"}};

static const char *name_of(const char *name, bool chinese)
{
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(names[i].name, name) == 0)
            return chinese ? names[i].zh : names[i].said;
    return name;
}

struct trace { char *text[9]; enum severity severity; msec raised, cleared; uint64_t rows; };
struct reporting {
    bool trace, chinese;
    enum report_format format;
    msec from, to;
    struct { uint32_t raised, critical, major; msec first, last; } row[ROWS];
    uint32_t raised;
    struct trace *traces;
    size_t trace_count, trace_capacity;
    uint32_t left_out;
};

static void reporting_free(void *state)
{
    struct reporting *reporting = state;
    for (size_t i = 0; i < reporting->trace_count; i++)
        for (size_t k = 0; k < ARRAY_COUNT(reporting->traces[i].text); k++)
            free(reporting->traces[i].text[k]);
    free(reporting->traces);
    free(reporting);
}

/* ---- gathering ---- */

static void trace_keep(struct reporting *reporting, const struct wire_alert *alert, const char *closed_by, uint64_t rows)
{
    if (reporting->trace_count == TRACES_MOST) {
        reporting->left_out++;
        return;
    }
    ARRAY_RESERVE(reporting->traces, reporting->trace_capacity, reporting->trace_count + 1);
    struct trace *trace = &reporting->traces[reporting->trace_count++];
    *trace = (struct trace){.severity = alert->severity, .raised = alert->raised_at, .cleared = alert->cleared_at, .rows = rows};
    const char *const texts[] = {alert->id, alert->name, *alert->asset ? alert->asset : alert->metric, alert->asset_name, alert->place, alert->summary,
                                 alert->acknowledged_by, closed_by, severity_name(alert->severity)};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        trace->text[i] = memory_text(texts[i]);
}

static void seen(void *owner, const struct wire_alert *alert, const char *closed_by, uint64_t rows)
{
    struct request *request = owner;
    struct reporting *reporting = request->state;
    reporting->raised++;
    for (uint64_t left = rows; left; left &= left - 1) {
        __typeof__(&reporting->row[0]) row = &reporting->row[__builtin_ctzll(left)];
        row->raised++;
        row->critical += alert->severity == SEVERITY_CRITICAL;
        row->major += alert->severity == SEVERITY_MAJOR;
        if (row->first == CLOCK_NEVER || alert->raised_at < row->first)
            row->first = alert->raised_at;
        if (row->last == CLOCK_NEVER || alert->raised_at > row->last)
            row->last = alert->raised_at;
    }
    if (reporting->trace)
        trace_keep(reporting, alert, closed_by, rows);
}

/* ---- writing ---- */

static struct report *report_begin(struct request *request, const struct reporting *reporting, const char *const *word)
{
    char from[INSTANT_TEXT], to[INSTANT_TEXT], now[INSTANT_TEXT], title[256];
    instant_format(from, reporting->from);
    instant_format(to, reporting->to);
    instant_format(now, request->now);
    snprintf(title, sizeof title, "%.120s · %s", request->api->site->name, word[reporting->trace ? WORD_TRACE : WORD_TITLE]);
    struct report *report = report_new(title);
    report_remark(report, word[WORD_SPAN], from, to, reporting->raised);
    report_remark(report, "%s", word[WORD_METHOD]);
    report_remark(report, word[WORD_NOW], now);
    if (reporting->left_out)
        report_remark(report, word[WORD_LEFT], reporting->left_out);
    return report;
}

static void write_counts(struct report *report, const struct reporting *reporting, const struct wire_security_site *site, const char *const *word)
{
    static const struct { enum word word; enum report_column kind; } columns[] = {
        {WORD_LEVEL, REPORT_TEXT}, {WORD_NAME, REPORT_TEXT}, {WORD_LAYER, REPORT_TEXT}, {WORD_MEASURE, REPORT_TEXT}, {WORD_ROW, REPORT_TEXT},
        {WORD_STATE, REPORT_TEXT}, {WORD_TOTAL, REPORT_NUMBER}, {WORD_WATCHED, REPORT_NUMBER}, {WORD_LACKS, REPORT_TEXT},
        {WORD_RAISED, REPORT_NUMBER}, {WORD_CRITICAL, REPORT_NUMBER}, {WORD_MAJOR, REPORT_NUMBER}, {WORD_OTHER, REPORT_NUMBER},
        {WORD_ACTIVE, REPORT_NUMBER}, {WORD_FIRST, REPORT_DATE}, {WORD_LAST, REPORT_DATE}};
    bool zh = reporting->chinese;
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        report_add_column(report, word[columns[i].word], columns[i].kind);
    for (unsigned i = 0; i < site->count && i < ROWS; i++) {
        const struct wire_security *row = &site->rows[i];
        bool control = strcmp(row->level, "control") == 0, acts = *row->audit != '\0';
        report_text(report, name_of(row->level, zh));
        report_text(report, control ? (zh ? row->title_zh : row->title) : name_of(row->name, zh));
        report_text(report, control ? name_of(row->layer, zh) : "");
        report_text(report, control ? name_of(row->measure, zh) : "");
        report_text(report, row->requirement);
        report_text(report, name_of(row->state, zh));
        report_number(report, row->total || *row->assets ? row->total : NAN, 0);
        report_number(report, row->total || *row->assets ? row->watched : NAN, 0);
        report_text(report, row->total > row->watched ? (zh ? row->lacks_zh : row->lacks) : "");
        report_number(report, acts ? row->month : reporting->row[i].raised, 0);
        report_number(report, acts ? NAN : reporting->row[i].critical, 0);
        report_number(report, acts ? NAN : reporting->row[i].major, 0);
        report_number(report, acts ? NAN : reporting->row[i].raised - reporting->row[i].critical - reporting->row[i].major, 0);
        report_number(report, acts ? NAN : row->now + row->hidden, 0);
        report_date(report, acts ? CLOCK_NEVER : reporting->row[i].first);
        report_date(report, acts ? row->last : reporting->row[i].last);
        report_row_end(report);
    }
}

/* The layers (or measures, or controls) of a mask, by commas. */
static void put_rows(struct report *report, const struct wire_security_site *site, uint64_t rows, const char *level, bool zh)
{
    struct buffer text = BUFFER_INIT;
    for (unsigned i = 0; i < site->count && i < ROWS; i++)
        if (rows >> i & 1 && strcmp(site->rows[i].level, level) == 0)
            buffer_printf(&text, "%s%s", text.length ? ", " : "",
                          *site->rows[i].title ? (zh ? site->rows[i].title_zh : site->rows[i].title) : name_of(site->rows[i].name, zh));
    report_text(report, buffer_text(&text));
    buffer_release(&text);
}

static void write_traces(struct report *report, const struct reporting *reporting, const struct wire_security_site *site, const char *const *word)
{
    static const struct { enum word word; enum report_column kind; } columns[] = {
        {WORD_FIRST, REPORT_DATE}, {WORD_ENDED, REPORT_DATE}, {WORD_HOURS, REPORT_NUMBER}, {WORD_LAYER, REPORT_TEXT}, {WORD_MEASURE, REPORT_TEXT},
        {WORD_CONTROL, REPORT_TEXT}, {WORD_SEVERITY, REPORT_TEXT}, {WORD_ALERT, REPORT_TEXT}, {WORD_WHAT, REPORT_TEXT}, {WORD_WHERE, REPORT_TEXT},
        {WORD_SUMMARY, REPORT_TEXT}, {WORD_WHO, REPORT_TEXT}, {WORD_FIXED, REPORT_TEXT}};
    struct phrasebook *book = reporting->chinese ? phrasebook_new("zh_CN") : NULL;
    bool zh = reporting->chinese;
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        report_add_column(report, word[columns[i].word == WORD_FIRST ? WORD_FIRST : columns[i].word], columns[i].kind);
    for (size_t i = 0; i < reporting->trace_count; i++) {
        const struct trace *trace = &reporting->traces[i];
        struct buffer summary = BUFFER_INIT;
        char *where = memory_printf("%s%s%s%s%s", trace->text[2], *trace->text[3] ? " " : "", trace->text[3], *trace->text[4] ? " " : "", trace->text[4]);
        phrasebook_say(book, &summary, trace->text[5]);
        report_date(report, trace->raised);
        report_date(report, trace->cleared);
        report_number(report, trace->cleared == CLOCK_NEVER ? NAN : (double)(trace->cleared - trace->raised) / (60.0 * SPAN_MINUTE), 3);
        put_rows(report, site, trace->rows, "layer", zh);
        put_rows(report, site, trace->rows, "measure", zh);
        put_rows(report, site, trace->rows, "control", zh);
        report_text(report, name_of(trace->text[8], zh));
        report_text(report, trace->text[0]);
        report_text(report, trace->text[1]);
        report_text(report, where);
        report_text(report, buffer_text(&summary));
        report_text(report, trace->text[6]);
        report_text(report, trace->text[7]);
        report_row_end(report);
        buffer_release(&summary);
        free(where);
    }
    phrasebook_free(&book);
}

static void site_known(void *owner, const struct wire_security_site *site)
{
    struct request *request = owner;
    struct error error;
    if (!request_alive(request) || !site)
        return;
    const struct reporting *reporting = request->state;
    const char *const *word = words[reporting->chinese];
    struct report *report = report_begin(request, reporting, word);
    if (reporting->trace)
        write_traces(report, reporting, site, word);
    else
        write_counts(report, reporting, site, word);
    bool good = report_write(report, reporting->format, request->api->site->state_dir, &request->answer, &error);
    report_free(&report);
    if (!good) {
        buffer_clear(&request->answer);
        request_fail(request, &error);
        return;
    }
    snprintf(request->filename, sizeof request->filename, "%s.%s", reporting->trace ? "security-trace" : "security",
             report_format_name(reporting->format));
    request->content_type = report_content_type(reporting->format);
    request_finish(request, 200);
}

static void period_known(void *owner, const struct error *error)
{
    struct request *request = owner;
    if (!request_alive(request))
        return;
    if (error)
        request_fail(request, error);
    else
        security_ask(request->api->security, site_known, request);
}

void security_report(struct request *request, bool trace, enum report_format format)
{
    struct reporting *reporting = memory_new(sizeof *reporting);
    const char *language = target_get(&request->target, "language");
    *reporting = (struct reporting){.trace = trace, .format = format};
    for (unsigned i = 0; i < ROWS; i++)
        reporting->row[i].first = reporting->row[i].last = CLOCK_NEVER;
    reporting->chinese = strncmp(language ? language : request->api->site->language, "zh", 2) == 0;
    request->state = reporting;
    request->release_state = reporting_free;
    if (request_span(request, SPAN_USUAL, &reporting->from, &reporting->to))
        security_scan(request->api->security, reporting->from, reporting->to, seen, period_known, request);
}

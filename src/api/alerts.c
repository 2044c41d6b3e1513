/* The alert desk through the door: the queue, one alert, groups, statistics. */
#include "wire/alerts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "engine/runbook.h"

#define LIMIT_DEFAULT 200
#define LIMIT_MAX 10000
#define LIMIT_MAX_CSV 1000000
#define ROWS_A_PIECE 200
#define SYMPTOMS_MAX 200
#define GROUPS_DEFAULT 1000
#define ID_BYTES 24

/* ---- the queue ---- */

static const char csv_default[] =
    "id,name,type,severity,state,raised_at,cleared_at,asset,asset_name,place,unit,subsystem,summary,symptoms,assignee,"
    "acknowledged_by,note,cause,rule,labels";

struct list {
    struct json_writer writer;
    const char *fields;
    uint64_t members;             /* that they name */
    bool csv;
    struct buffer row;            /* one, on its way to CSV */
    char *person;
    uint32_t next, count;
    char (*ids)[ID_BYTES];
    struct alerts_past *past;
};

static void list_release(void *state)
{
    struct list *list = state;
    alerts_past_free(&list->past);
    buffer_release(&list->row);
    free(list->ids);
    free(list->person);
    free(list);
}

static void write_row(struct request *request, struct list *list, const struct wire_alert *row)
{
    struct json_writer writer;
    if (!list->csv) {
        wire_write_alert(&list->writer, row, list->members);
        return;
    }
    buffer_clear(&list->row);
    json_start(&writer, &list->row);
    wire_write_alert(&writer, row, list->members);
    csv_line(&request->answer, &list->row, list->fields);
}

static void end_rows(struct list *list)
{
    if (!list->csv)
        wire_list_end(&list->writer);
}

static enum produced produce_rows(struct request *request)
{
    struct list *list = request->state;
    uint32_t end = list->count - list->next > ROWS_A_PIECE ? list->next + ROWS_A_PIECE : list->count;
    for (; list->next < end; list->next++) {
        const struct alert *alert = alerts_find(request->api->alerts, list->ids[list->next]);
        struct wire_alert row;
        if (!alert)
            continue; /* gone since the list was made */
        alerts_wire(request->api->alerts, alert, list->person, &row);
        write_row(request, list, &row);
    }
    if (list->next < list->count)
        return PRODUCED_MORE;
    end_rows(list);
    return PRODUCED_END;
}

static void fill_hidden(const struct alert_counts *counts, struct wire_alert_hidden *hidden)
{
    *hidden = (struct wire_alert_hidden){
        .silenced = counts->silenced, .shelved = counts->hidden[ALERT_SHELVED] - counts->silenced,
        .downtime = counts->hidden[ALERT_DOWNTIME], .dependency = counts->hidden[ALERT_DEPENDENCY],
        .inhibited = counts->hidden[ALERT_INHIBITED], .flapping = counts->hidden[ALERT_FLAPPING],
        .out_of_service = counts->hidden[ALERT_OUT_OF_SERVICE], .pending = counts->hidden[ALERT_PENDING],
        .closed = counts->hidden[ALERT_CLOSED], .filtered = counts->filtered,
        .acknowledged = counts->by_state[ALERT_ACKNOWLEDGED], .unhandled = counts->unhandled, .news = counts->news,
        .rate = counts->rate, .flood = counts->flood,
    };
    memcpy(hidden->by_severity, counts->by_severity, sizeof hidden->by_severity);
}

static void write_past_rows(struct request *request, struct list *list, const struct alert *const *rows, uint32_t offset)
{
    for (uint32_t i = offset; i < offset + list->count; i++) {
        struct wire_alert row;
        alerts_wire(request->api->alerts, rows[i], NULL, &row);
        write_row(request, list, &row);
    }
    end_rows(list);
}

static void keep_ids(struct list *list, const struct alert *const *rows, uint32_t offset)
{
    list->ids = memory_new_array(list->count + 1, sizeof *list->ids);
    for (uint32_t i = 0; i < list->count; i++)
        memcpy(list->ids[i], alert_id(rows[offset + i]), strlen(alert_id(rows[offset + i])) + 1);
}

static void list_alerts(struct request *request)
{
    const struct target *target = &request->target;
    struct list *list = request->state;
    struct alert_select select = {.filter = target_get(target, "filter"), .sort = target_get(target, "sort"),
                                  .person = request->who.name, .past = list->past};
    const struct alert *const *rows;
    struct alert_counts counts;
    struct wire_alert_hidden hidden;
    struct error error;
    uint32_t offset = 0, limit = LIMIT_DEFAULT, total;
    if (!target_count(target, "limit", request_wants_csv(request) ? LIMIT_MAX_CSV : LIMIT_MAX, &limit, &error) || !target_count(target, "offset", UINT32_MAX, &offset, &error) ||
        !target_flag(target, "all", &select.all, &error) ||
        !alerts_select(request->api->alerts, &select, &rows, &total, &counts, &error)) {
        request_fail(request, &error);
        return;
    }
    list->fields = target_get(target, "fields");
    if (list->fields && !*list->fields)
        list->fields = NULL;
    list->person = memory_text(request->who.name);
    list->count = offset >= total ? 0 : total - offset < limit ? total - offset : limit;
    struct wire_page page = {.total = total, .population = total + counts.filtered, .offset = offset,
                             .revision = alerts_revision(request->api->alerts), .as_of = request->now};
    if (list->past) {
        page.as_of = request->at;
        page.past = true;
    }
    fill_hidden(&counts, &hidden);
    json_start(&list->writer, &request->answer);
    list->csv = request_wants_csv(request);
    request->content_type = list->csv ? "text/csv; charset=utf-8" : "application/json";
    if (list->csv) {
        list->fields = list->fields ? list->fields : csv_default;
        buffer_printf(&request->answer, "%s\r\n", list->fields);
    } else {
        wire_alerts_begin(&list->writer, &page, &hidden);
    }
    list->members = wire_alert_members(list->fields);
    if (list->past) {
        write_past_rows(request, list, rows, offset);
    } else {
        keep_ids(list, rows, offset);
        if (list->count <= ROWS_A_PIECE)
            produce_rows(request);
        else
            request->produce = produce_rows;
    }
    request_finish(request, 200);
}

static void past_loaded(void *owner, struct alerts_past *past, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request) {
        alerts_past_free(&past);
        return;
    }
    ((struct list *)request->state)->past = past;
    list_alerts(request);
}

void get_alerts(struct request *request)
{
    struct error error;
    if (!request_has_desk(request))
        return;
    if (!target_instant(&request->target, "at", request->now, &request->at, &error)) {
        request_fail(request, &error);
        return;
    }
    request->state = memory_new(sizeof(struct list));
    request->release_state = list_release;
    if (request->at == CLOCK_NEVER)
        list_alerts(request);
    else if (request->at > request->now + SPAN_SECOND)
        request_refuse(request, 400, ERROR_INVALID, "at: is in the future");
    else
        alerts_past_load(request->api->alerts, request->at, past_loaded, request);
}

/* ---- one alert ---- */

static void write_page(struct request *request, const struct alert *alert, const struct alerts_history *history)
{
    struct alerts *alerts = request->api->alerts;
    const struct alert *symptoms[SYMPTOMS_MAX];
    const char *ids[SYMPTOMS_MAX];
    struct wire_similar similar[8];
    char similar_ids[8][ID_BYTES];
    struct wire_alert_page page = {.page = {.revision = alerts_revision(alerts), .as_of = request->now}};
    alerts_wire(alerts, alert, request->who.name, &page.alert);
    page.runbook_missing = *page.alert.runbook && !runbook_is_url(page.alert.runbook) &&
                           !runbooks_have(request->api->site->runbooks, page.alert.runbook);
    struct wire_alert_event *timeline = memory_new_array(history->event_count + 1, sizeof *timeline);
    for (unsigned i = 0; i < history->event_count; i++)
        timeline[i] = (struct wire_alert_event){history->events[i].time, history->events[i].actor, history->events[i].verb,
                                                history->events[i].text};
    page.timeline = timeline;
    page.timeline_count = history->event_count;
    page.similar = similar;
    for (; page.similar_count < history->similar_count && page.similar_count < 8; page.similar_count++) {
        const struct store_alert *row = &history->similar[page.similar_count];
        alert_id_of(row->number, similar_ids[page.similar_count]);
        similar[page.similar_count] = (struct wire_similar){similar_ids[page.similar_count], row->raised_at, row->cleared_at,
                                                            row->fixed_by};
    }
    unsigned count = alert_symptoms(alerts, alert, symptoms, SYMPTOMS_MAX);
    page.symptom_count = count < SYMPTOMS_MAX ? count : SYMPTOMS_MAX;
    for (unsigned i = 0; i < page.symptom_count; i++)
        ids[i] = alert_id(symptoms[i]);
    page.symptoms = ids;
    struct json_writer writer;
    json_start(&writer, &request->answer);
    wire_write_alert_page(&writer, &page);
    free(timeline);
}

static void history_loaded(void *owner, const struct alerts_history *history, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    write_page(request, history->alert, history);
    request->etag = alert_revision(history->alert);
    request_finish_json(request);
}

void get_alert(struct request *request)
{
    if (request_has_desk(request))
        alerts_history(request->api->alerts, request->id, history_loaded, request);
}

/* ---- groups ---- */

void get_alert_groups(struct request *request)
{
    const char *by = target_get(&request->target, "by");
    struct alert_select select = {.filter = target_get(&request->target, "filter")};
    const struct alerts_gathered *rows;
    struct error error;
    uint32_t total, limit = GROUPS_DEFAULT, offset = 0;
    if (!request_has_desk(request))
        return;
    if (!target_flag(&request->target, "all", &select.all, &error) ||
        !target_count(&request->target, "limit", LIMIT_MAX, &limit, &error) ||
        !target_count(&request->target, "offset", UINT32_MAX, &offset, &error) ||
        !alerts_gather(request->api->alerts, &select, by && *by ? by : "cause", &rows, &total, &error)) {
        request_fail(request, &error);
        return;
    }
    struct json_writer writer;
    struct wire_page page = {.total = total, .population = total, .offset = offset, .as_of = request->now,
                             .revision = alerts_revision(request->api->alerts)};
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (uint32_t i = offset; i < total && i - offset < limit; i++)
        wire_write_alert_group(&writer, &(struct wire_alert_group){
            .key = rows[i].key, .count = rows[i].count, .unhandled = rows[i].unhandled, .worst = rows[i].worst,
            .oldest = rows[i].oldest, .ids = rows[i].ids, .id_count = rows[i].id_count});
    wire_list_end(&writer);
    request_finish_json(request);
}

/* ---- statistics ---- */

static void write_rule(struct json_writer *writer, const struct alerts_rule_stats *rule)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "source", rule->source);
    json_write_text(writer, "rule", rule->rule);
    json_write_text(writer, "name", rule->name);
    json_write_integer(writer, "raised", rule->raised);
    json_write_integer(writer, "active", rule->active);
    json_write_integer(writer, "acknowledged", rule->acknowledged);
    json_write_integer(writer, "cleared", rule->cleared);
    json_write_integer(writer, "standing", rule->standing);
    json_write_integer(writer, "chattering", rule->chattering);
    json_write_number(writer, "mtta_ms", rule->mtta_ms);
    json_write_number(writer, "mttr_ms", rule->mttr_ms);
    json_write_object_end(writer);
}

void get_alert_stats(struct request *request)
{
    struct alerts_statistics statistics;
    struct json_writer writer;
    struct error error;
    msec since = CLOCK_NEVER;
    if (!request_has_desk(request))
        return;
    if (!target_instant(&request->target, "from", request->now, &since, &error)) {
        request_fail(request, &error);
        return;
    }
    if (since == CLOCK_NEVER)
        since = request->now - 30 * SPAN_DAY;
    alerts_statistics(request->api->alerts, since, &statistics);
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "rules");
    for (unsigned i = 0; i < statistics.rule_count; i++)
        write_rule(&writer, &statistics.rules[i]);
    json_write_array_end(&writer);
    json_write_array(&writer, "worst");
    for (unsigned i = 0; i < statistics.worst_count; i++) {
        json_write_object(&writer, NULL);
        json_write_text(&writer, "asset", statistics.worst[i].asset);
        json_write_text(&writer, "name", statistics.worst[i].name);
        json_write_integer(&writer, "raised", statistics.worst[i].raised);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_number(&writer, "per_person", statistics.per_person);
    json_write_integer(&writer, "people", statistics.people);
    json_write_instant(&writer, "since", since);
    json_write_object_end(&writer);
    alerts_statistics_release(&statistics);
    request_finish_json(request);
}

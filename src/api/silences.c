/* Silences and downtimes through the door. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "engine/feeds.h"
#include "model/filter.h"
#include "wire/alerts.h"

static void write_silence(const struct api *api, struct json_writer *writer, const struct alert_silence *row)
{
    wire_write_silence(writer, &(struct wire_silence){
        .id = row->id, .filter = row->filter, .why = row->why, .by = row->by, .starts = row->starts, .ends = row->ends,
        .created = row->created, .active = row->active, .matches = row->matches, .revision = row->revision,
        .elsewhere = api->feeds ? feeds_silence_told(api->feeds, row->id) : "", .source = ""});
}

static void write_there(struct json_writer *writer, const struct feeds_silence *row)
{
    const struct alarm_there *there = &row->there;
    wire_write_silence(writer, &(struct wire_silence){
        .id = row->id, .filter = there->what, .why = there->why, .by = there->by, .starts = there->starts, .ends = there->ends,
        .created = there->starts, .active = there->active, .matches = there->alerts, .elsewhere = "", .source = row->source});
}

static void write_downtime(struct json_writer *writer, const struct alert_downtime *row)
{
    wire_write_downtime(writer, &(struct wire_downtime){
        .id = row->id, .filter = row->filter, .kind = downtime_kind_name(row->kind), .schedule = row->schedule, .why = row->why,
        .by = row->by, .starts = row->starts, .ends = row->ends, .duration = row->duration,
        .with_children = row->with_children, .active = row->active, .matches = row->matches, .revision = row->revision});
}

/* ---- lists ---- */

/* What is wrong with the roster of the coming week: who would hear of what a silence's end lets through? */
static void write_roster(struct request *request, struct json_writer *writer)
{
    const struct roster *roster = request->api->site->roster;
    struct buffer lines = BUFFER_INIT;
    unsigned count = roster ? roster_findings(roster, request->now, 1, &lines) : 0;
    json_write_text(writer, "roster", buffer_text(&lines));
    json_write_integer(writer, "roster_findings", count);
    buffer_release(&lines);
}

static void list(struct request *request, bool downtimes)
{
    struct alert_silence silence;
    struct alert_downtime downtime;
    struct json_writer writer;
    if (!request_has_desk(request))
        return;
    const struct alerts *alerts = request->api->alerts;
    const struct feeds *feeds = downtimes ? NULL : request->api->feeds;
    struct feeds_silence there;
    unsigned count = 0, made_there = 0;
    while (feeds && feeds_silence_at(feeds, made_there, &there))
        made_there++;
    while (downtimes ? alerts_downtime_at(alerts, count, &downtime) : alerts_silence_at(alerts, count, &silence))
        count++;
    struct wire_page page = {.total = count + made_there, .population = count + made_there, .revision = alerts_revision(alerts),
                             .as_of = request->now};
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (unsigned i = 0; i < count; i++) {
        if (downtimes && alerts_downtime_at(alerts, i, &downtime))
            write_downtime(&writer, &downtime);
        else if (!downtimes && alerts_silence_at(alerts, i, &silence))
            write_silence(request->api, &writer, &silence);
    }
    for (unsigned i = 0; i < made_there && feeds_silence_at(feeds, i, &there); i++)
        write_there(&writer, &there);
    json_write_array_end(&writer);
    write_roster(request, &writer);
    json_write_object_end(&writer);
    request_finish_json(request);
}

void get_silences(struct request *request)
{
    list(request, false);
}

void get_downtimes(struct request *request)
{
    list(request, true);
}

/* ---- making and ending ---- */

static void saved(void *owner, const char *id, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    if (!request)
        return;
    struct json_writer writer;
    struct alert_silence silence;
    struct alert_downtime downtime;
    json_start(&writer, &request->answer);
    for (unsigned i = 0; *id == 'S' && alerts_silence_at(request->api->alerts, i, &silence); i++)
        if (strcmp(silence.id, id) == 0)
            write_silence(request->api, &writer, &silence);
    for (unsigned i = 0; *id == 'D' && alerts_downtime_at(request->api->alerts, i, &downtime); i++)
        if (strcmp(downtime.id, id) == 0)
            write_downtime(&writer, &downtime);
    request->etag = 1;
    request->content_type = "application/json";
    request_finish(request, 201);
}

static void ended(void *owner, const char *id, const struct error *error)
{
    struct request *request = request_answered(owner, error);
    (void)id;
    if (request)
        request_finish(request, 204);
}

/* "2h": so long from now; or an instant; "" for never. False when answered with what is wrong. */
static bool read_instant(struct request *request, const char *text, const char *key, msec *instant)
{
    struct error error;
    msec span;
    *instant = CLOCK_NEVER;
    if (!*text)
        return true;
    if (span_parse(text, &span, NULL)) {
        *instant = request->now + span;
        return true;
    }
    if (instant_parse(text, request->now, instant, &error))
        return true;
    error_prefix(&error, "%s", key);
    request_fail(request, &error);
    return false;
}

static bool take_instant(struct request *request, struct json_object *body, const char *key, msec *instant)
{
    return read_instant(request, json_get_text(body, key, ""), key, instant);
}

void post_silence(struct request *request)
{
    struct json_object *body = request_has_desk(request) ? request_json(request) : NULL;
    if (!body)
        return;
    struct alert_silence silence = {.filter = json_get_text(body, "filter", ""), .why = json_get_text(body, "why", ""),
                                    .by = request->who.name};
    if (take_instant(request, body, "starts", &silence.starts) && take_instant(request, body, "ends", &silence.ends))
        alerts_silence(request->api->alerts, &silence, saved, request);
    json_object_put(body);
}

void post_downtime(struct request *request)
{
    struct json_object *body = request_has_desk(request) ? request_json(request) : NULL;
    if (!body)
        return;
    struct alert_downtime downtime = {
        .filter = json_get_text(body, "filter", ""), .why = json_get_text(body, "why", ""), .by = request->who.name,
        .schedule = json_get_text(body, "schedule", ""), .duration = json_get_integer(body, "duration_ms", 0),
        .with_children = json_get_bool(body, "with_children", true)};
    const char *kind = json_get_text(body, "kind", "fixed");
    if (!downtime_kind_parse(kind, &downtime.kind))
        request_refuse(request, 400, ERROR_INVALID, "kind: expected fixed, flexible or recurring; got `%.40s`", kind);
    else if (take_instant(request, body, "starts", &downtime.starts) && take_instant(request, body, "ends", &downtime.ends))
        alerts_downtime(request->api->alerts, &downtime, saved, request);
    json_object_put(body);
}

/* One that was made in another system: noted in the audit first, then ended there. */
static void noted(void *owner, const struct error *error)
{
    struct request *request = owner;
    if (!request_alive(request))
        return;
    const struct feeds_silence *there = request->state;
    const struct site *site = request->api->site;
    struct source *source = NULL;
    for (size_t i = 0; i < site->source_count; i++)
        if (strcmp(site->sources[i]->name, there->source) == 0)
            source = site->sources[i];
    if (error)
        request_fail(request, error);
    else if (source && source->state && source->ops->silence_end && source->ops->silence_end(source, there->own))
        request_finish(request, 204);
    else
        request_refuse(request, 503, ERROR_UNAVAILABLE, "source %.60s does not run", there->source);
}

static void there_release(void *state)
{
    struct feeds_silence *there = state;
    free((char *)there->source);
    free((char *)there->own);
    free(there);
}

static bool end_there(struct request *request)
{
    struct feeds_silence there;
    for (unsigned i = 0; request->api->feeds && feeds_silence_at(request->api->feeds, i, &there); i++) {
        if (strcmp(there.id, request->id) != 0)
            continue;
        struct feeds_silence *kept = request->state = memory_new(sizeof *kept);
        kept->source = memory_text(there.source);
        kept->own = memory_text(there.own);
        request->release_state = there_release;
        struct buffer detail = BUFFER_INIT;
        struct json_writer writer;
        json_start(&writer, &detail);
        json_write_object(&writer, NULL);
        json_write_text(&writer, "matchers", there.there.what);
        json_write_object_end(&writer);
        store_action_commit(store_action_new(request->api->store, request->who.name, N_("silence end"), there.id, buffer_text(&detail)),
                            noted, request);
        buffer_release(&detail);
        return true;
    }
    return false;
}

void delete_silence(struct request *request)
{
    int64_t expected;
    if (request_has_desk(request) && !(strchr(request->id, ':') && end_there(request)) && request_if_match(request, &expected))
        alerts_unsilence(request->api->alerts, request->id, expected, request->who.name, ended, request);
}

void delete_downtime(struct request *request)
{
    int64_t expected;
    if (request_has_desk(request) && request_if_match(request, &expected))
        alerts_undowntime(request->api->alerts, request->id, expected, request->who.name, ended, request);
}

/* ---- rehearsal ---- */

/* Whose shift it ends in: they will hear what comes then. Without a name: nobody's, from when to when. */
static void write_ends_in(struct request *request, struct json_writer *writer, msec ends)
{
    const struct roster *roster = request->api->site->roster;
    struct shift_span span;
    if (ends == CLOCK_NEVER || !roster || !roster->count) {
        json_write_null(writer, "ends_in");
        return;
    }
    bool somebody = roster_at(roster, ends, &span);
    if (!somebody)
        roster_gap(roster, ends, &span.from, &span.to);
    json_write_object(writer, "ends_in");
    json_write_text(writer, "name", somebody ? span.shift->name : "");
    json_write_text(writer, "people", somebody ? span.shift->people : "");
    json_write_instant(writer, "from", span.from);
    json_write_instant(writer, "to", span.to);
    json_write_object_end(writer);
}

/* Alerts of one source among what a filter matches. */
static uint32_t matches_of(struct request *request, const char *filter, const struct source *source)
{
    char *of_source = memory_printf("( %s ) source:\"%s:%s\"", filter, source->ops->type, source->name);
    const struct alert *const *rows;
    struct alert_select select = {.filter = of_source, .all = true};
    uint32_t count = 0;
    struct error error;
    if (!alerts_select(request->api->alerts, &select, &rows, &count, NULL, &error))
        count = 0;
    free(of_source);
    return count;
}

/* How it would reach the systems that alerts come from. */
static void write_reach(struct request *request, struct json_writer *writer, const char *text)
{
    const struct site *site = request->api->site;
    struct filter *filter = filter_parse(text, FILTER_STRICT, request->now, NULL);
    json_write_array(writer, "elsewhere");
    for (size_t i = 0; filter && i < site->source_count; i++) {
        struct source *source = site->sources[i];
        struct alarm_reach reach = {0};
        if (!source->ops->silence_reach || !source->state)
            continue;
        source->ops->silence_reach(source, filter, &reach);
        uint32_t count = reach.none ? 0 : matches_of(request, text, source);
        if (!reach.none && (count || (reach.whole && !reach.unsure))) {
            json_write_object(writer, NULL);
            json_write_text(writer, "source", source->name);
            json_write_bool(writer, "whole", reach.whole);
            json_write_text(writer, "what", buffer_text(&reach.what));
            json_write_text(writer, "why", reach.why);
            json_write_integer(writer, "matches", count);
            json_write_object_end(writer);
        }
        buffer_release(&reach.what);
    }
    json_write_array_end(writer);
    filter_free(&filter);
}

static void rehearse(struct request *request, const char *filter, const char *ends_text)
{
    struct alert_rehearsal rehearsal;
    struct error error;
    struct json_writer writer;
    msec ends;
    if (!read_instant(request, ends_text, "ends", &ends))
        return;
    if (!alerts_rehearse(request->api->alerts, filter, &rehearsal, &error)) {
        request_fail(request, &error);
        return;
    }
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "matches", rehearsal.matches);
    json_write_array(&writer, "ids");
    for (unsigned i = 0; i < rehearsal.id_count; i++)
        json_write_text(&writer, NULL, rehearsal.ids[i]);
    json_write_array_end(&writer);
    json_write_integer(&writer, "would_have_hidden", rehearsal.would_have_hidden);
    json_write_integer(&writer, "notifications", rehearsal.notifications);
    write_ends_in(request, &writer, ends);
    write_reach(request, &writer, filter);
    json_write_object_end(&writer);
    free(rehearsal.ids);
    request_finish_json(request);
}

void post_rehearsal(struct request *request)
{
    struct json_object *body = request_has_desk(request) ? request_json(request) : NULL;
    if (!body)
        return;
    rehearse(request, json_get_text(body, "filter", ""), json_get_text(body, "ends", ""));
    json_object_put(body);
}

static const char *parameter(const struct request *request, const char *name)
{
    const char *text = target_get(&request->target, name);
    return text ? text : "";
}

void get_rehearsal(struct request *request)
{
    if (request_has_desk(request))
        rehearse(request, parameter(request, "filter"), parameter(request, "ends"));
}

static void write_coverage(struct request *request, const struct alert_coverage *coverage, msec ends)
{
    struct json_writer writer;
    json_start(&writer, &request->answer);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "assets", coverage->assets);
    json_write_integer(&writer, "covered", coverage->covered);
    json_write_integer(&writer, "alerts", coverage->alerts);
    json_write_array(&writer, "ids");
    for (unsigned i = 0; i < coverage->example_count; i++) {
        struct fleet_view view;
        fleet_get(request->api->fleet, coverage->examples[i], &view);
        json_write_text(&writer, NULL, view.row.field[ASSET_id]);
    }
    json_write_array_end(&writer);
    write_ends_in(request, &writer, ends);
    json_write_object_end(&writer);
    request_finish_json(request);
}

void get_coverage(struct request *request)
{
    struct alert_downtime downtime = {.filter = parameter(request, "filter"), .schedule = parameter(request, "schedule"), .with_children = true};
    struct alert_coverage coverage;
    struct error error;
    const char *kind = parameter(request, "kind"), *duration = parameter(request, "duration");
    if (!request_has_desk(request) || !read_instant(request, parameter(request, "starts"), "starts", &downtime.starts) ||
        !read_instant(request, parameter(request, "ends"), "ends", &downtime.ends))
        return;
    if (*kind && !downtime_kind_parse(kind, &downtime.kind))
        request_refuse(request, 400, ERROR_INVALID, "kind: expected fixed, flexible or recurring; got `%.40s`", kind);
    else if (*duration && !span_parse(duration, &downtime.duration, &error))
        request_refuse(request, 400, ERROR_INVALID, "duration_ms: %s", error.text);
    else if (!target_flag(&request->target, "with_children", &downtime.with_children, &error) ||
             !alerts_rehearse_downtime(request->api->alerts, &downtime, &coverage, &error))
        request_fail(request, &error);
    else
        write_coverage(request, &coverage, downtime.ends);
}

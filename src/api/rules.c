/* Rules in force, and what others would have done. */
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/private.h"
#include "base/memory.h"
#include "engine/rules.h"
#include "engine/runbook.h"
#include "wire/alerts.h"

#define REHEARSAL_TIME (20 * SPAN_SECOND) /* for all rules of one request */
#define REHEARSAL_RULES 64

static bool has_rules(struct request *request)
{
    if (request->api->rules)
        return true;
    request_refuse(request, 503, ERROR_UNAVAILABLE, "this daemon has no rules");
    return false;
}

void get_rules(struct request *request)
{
    struct json_writer writer;
    if (request->api->capsule) {
        replay_rules(request);
        return;
    }
    if (!has_rules(request))
        return;
    size_t count = rules_count(request->api->rules);
    struct wire_page page = {.total = (uint32_t)count, .population = (uint32_t)count, .as_of = request->now,
                             .revision = fleet_ledger_revision(request->api->fleet)};
    json_start(&writer, &request->answer);
    wire_list_begin(&writer, &page);
    for (size_t i = 0; i < count; i++) {
        struct rules_status status;
        rules_get(request->api->rules, i, &status);
        const struct rule *rule = status.rule;
        const char *problem = status.problem;
        if (!*problem && *rule->runbook && !runbook_is_url(rule->runbook) && !runbooks_have(request->api->site->runbooks, rule->runbook))
            problem = N_("its runbook is missing");
        struct wire_rule row = {
            .name = rule->name, .type = rule->type, .severity = rule->severity, .select = rule->select,
            .when = expression_text(rule->when), .clear = rule->clear ? expression_text(rule->clear) : "",
            .hold = rule->policy.hold, .runbook = rule->runbook, .contract = rule->contract, .requirement = rule->requirement,
            .version = rule->version, .applies = status.applies, .active = status.active, .problem = problem};
        wire_write_rule(&writer, &row);
    }
    wire_list_end(&writer);
    request_finish_json(request);
}

/* ---- rehearsal: rule after rule, the request asleep meanwhile ---- */

struct rehearsing {
    struct request *request;
    struct fleet *fleet;
    struct store *store;
    struct rule *rules[REHEARSAL_RULES];
    unsigned count, next;
    msec since, until;            /* until: steady, when time is up */
    struct json_writer writer;
};

static void rehearse_next(struct rehearsing *at);

static void write_rehearsal(struct json_writer *writer, struct fleet *fleet, const struct rehearsal *rehearsal)
{
    json_write_object(writer, NULL);
    json_write_text(writer, "name", rehearsal->rule->name);
    json_write_integer(writer, "assets", rehearsal->assets);
    json_write_integer(writer, "assets_raised", rehearsal->assets_raised);
    json_write_integer(writer, "raised", rehearsal->raised);
    json_write_integer(writer, "longest_ms", rehearsal->longest);
    json_write_integer(writer, "readings", (int64_t)rehearsal->readings);
    json_write_bool(writer, "complete", rehearsal->complete);
    json_write_text(writer, "remark", rehearsal->remark);
    json_write_array(writer, "examples");
    for (unsigned i = 0; i < rehearsal->example_count; i++) {
        struct fleet_view view;
        if (!fleet_exists(fleet, rehearsal->examples[i].asset))
            continue;
        fleet_get(fleet, rehearsal->examples[i].asset, &view);
        json_write_object(writer, NULL);
        json_write_text(writer, "asset", view.row.field[ASSET_id]);
        json_write_text(writer, "asset_name", view.row.field[ASSET_name]);
        json_write_instant(writer, "from", rehearsal->examples[i].from);
        json_write_instant(writer, "to", rehearsal->examples[i].to);
        json_write_number(writer, "value", rehearsal->examples[i].value);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

static void rehearsing_free(struct rehearsing *at)
{
    for (; at->next < at->count; at->next++)
        rule_free(&at->rules[at->next]);
    free(at);
}

static void rehearsed(void *owner, const struct rehearsal *rehearsal)
{
    struct rehearsing *at = owner;
    if (!request_alive(at->request)) {
        rehearsing_free(at);
        return;
    }
    write_rehearsal(&at->writer, at->fleet, rehearsal);
    rehearse_next(at);
}

static void rehearse_next(struct rehearsing *at)
{
    msec left = at->until - clock_steady();
    if (at->next < at->count) {
        struct rule *rule = at->rules[at->next++];
        rules_rehearse(at->fleet, at->store, rule, at->since, left > 0 ? left : 0, rehearsed, at);
        return;
    }
    struct request *request = at->request;
    json_write_array_end(&at->writer);
    json_write_instant(&at->writer, "since", at->since);
    json_write_object_end(&at->writer);
    rehearsing_free(at);
    request_finish_json(request);
}

static struct rehearsing *rehearsing_new(struct request *request)
{
    struct rehearsing *at = memory_new(sizeof *at);
    at->request = request;
    at->fleet = request->api->fleet;
    at->store = request->api->store;
    return at;
}

static void rehearse_all(struct rehearsing *at, msec span)
{
    at->since = at->request->now - span;
    at->until = clock_steady() + REHEARSAL_TIME;
    json_start(&at->writer, &at->request->answer);
    json_write_object(&at->writer, NULL);
    json_write_array(&at->writer, "items");
    rehearse_next(at);
}

/* The rules of a YAML text: `rules: [...]`, as in the configuration. False when the request was answered. */
static bool read_rules(struct request *request, const char *text, struct rehearsing *at)
{
    struct config_problems problems;
    struct config *config = config_new();
    config_problems_init(&problems);
    if (config_load_text(config, "rules", text, strlen(text), &problems)) {
        const struct config_node *list = config_get(config_root(config), "rules");
        for (size_t i = 0; list && i < config_count(list) && at->count < REHEARSAL_RULES; i++) {
            const struct config_node *node = config_at(list, i);
            struct rule *rule = config_check(node, rule_keys, &problems) ? rule_read(node, "", &problems) : NULL;
            if (rule)
                at->rules[at->count++] = rule;
        }
    }
    bool good = problems.count == 0 && at->count > 0;
    if (!good)
        request_refuse(request, 422, ERROR_INVALID, "%.340s",
                       problems.count ? buffer_text(&problems.text) : N_("no rules in it: expected `rules:` and a list"));
    config_problems_release(&problems);
    config_free(&config);
    return good;
}

void post_rules_rehearsal(struct request *request)
{
    struct json_object *body = has_rules(request) ? request_json(request) : NULL;
    if (!body)
        return;
    msec span;
    struct error error;
    const char *since = json_get_text(body, "since", "7d");
    struct rehearsing *at = rehearsing_new(request);
    if (!span_parse(since, &span, &error)) {
        request_refuse(request, 400, ERROR_INVALID, "since: %s", error.text);
        rehearsing_free(at);
    } else if (!read_rules(request, json_get_text(body, "text", ""), at)) {
        rehearsing_free(at);
    } else {
        rehearse_all(at, span);
    }
    json_object_put(body);
}

void get_rule_rehearsal(struct request *request)
{
    const char *text = target_get(&request->target, "span");
    struct rules_status status = {0};
    struct error error;
    msec span = 7 * SPAN_DAY;
    if (!has_rules(request))
        return;
    for (size_t i = 0; i < rules_count(request->api->rules); i++) {
        rules_get(request->api->rules, i, &status);
        if (strcmp(status.rule->name, request->id) == 0)
            break;
        status.rule = NULL;
    }
    if (!status.rule) {
        request_refuse(request, 404, ERROR_NOT_FOUND, "no rule `%.60s` is in force", request->id);
        return;
    }
    if (text && *text && !span_parse(text, &span, &error)) {
        request_refuse(request, 400, ERROR_INVALID, "span: %s", error.text);
        return;
    }
    struct rehearsing *at = rehearsing_new(request);
    at->rules[at->count++] = rule_copy(status.rule);
    rehearse_all(at, span);
}

/* A whole door for tests: a memory store, a real fleet, a site made by hand, the API on a socket of its own in a
 * thread of its own; requests by libcurl from the test's thread. */
#ifndef TESTS_UNIT_API_DOOR_H
#define TESTS_UNIT_API_DOOR_H

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/private.h"
#include "base/json.h"
#include "base/memory.h"
#include "engine/alerts.h"
#include "engine/feeds.h"
#include "engine/heartbeats.h"
#include "engine/applications.h"
#include "engine/hosts.h"
#include "engine/rules.h"
#include "engine/notify.h"
#include "engine/fleet.h"
#include "engine/runbook.h"
#include "engine/security.h"
#include "engine/site.h"
#include "store/store.h"

struct door {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t call;
    uv_barrier_t called;
    void (*function)(struct door *door, void *argument);
    void *argument;
    char folder[64];
    char socket[96];
    struct site site;
    struct runbooks *runbooks;
    struct site_counters counters;
    struct site_grant grants[8];
    struct site_listen listens[2];
    struct source *sources[2];
    struct store *store;
    struct fleet *fleet;
    struct alerts *alerts;
    struct rules *rules;
    struct applications *applications;
    struct notify *notify;
    struct heartbeats *heartbeats;
    struct hosts *hosts;
    struct security *security;
    struct security_plan security_plan;
    struct feeds *feeds;
    char alert[24];               /* the newest of door_report */
    struct api *api;
    bool reload_fails;
    int reloads;
    CURL *curl;
};

struct answer {
    long status;
    struct buffer body;
    struct buffer headers;
    struct json_object *json; /* of the body, or NULL */
};

static inline void answer_release(struct answer *answer)
{
    buffer_release(&answer->body);
    buffer_release(&answer->headers);
    json_object_put(answer->json);
    answer->json = NULL;
}

/* ---- the server's side ---- */

static inline bool door_reload(void *owner, struct error *error)
{
    struct door *door = owner;
    if (door->reload_fails)
        return error_set(error, ERROR_INVALID, "nocturne.yml:3:1: lisen: unknown key; did you mean listen?");
    door->reloads++;
    return true;
}

static inline void door_called(uv_async_t *async)
{
    struct door *door = async->data;
    door->function(door, door->argument);
    uv_barrier_wait(&door->called);
}

/* Run a function on the server's thread and wait for it. */
static inline void door_run(struct door *door, void (*function)(struct door *door, void *argument), void *argument)
{
    door->function = function;
    door->argument = argument;
    uv_async_send(&door->call);
    uv_barrier_wait(&door->called);
}

static inline void door_stop(struct door *door, void *argument)
{
    (void)argument;
    api_free(&door->api);
    security_free(&door->security);
    security_plan_release(&door->security_plan);
    applications_free(&door->applications);
    rules_free(&door->rules);
    notify_free(&door->notify);
    feeds_free(&door->feeds);
    heartbeats_free(&door->heartbeats);
    hosts_free(&door->hosts);
    alerts_free(&door->alerts);
    fleet_free(&door->fleet);
    runbooks_free(&door->runbooks);
    uv_close((uv_handle_t *)&door->call, NULL);
}

static inline void door_thread(void *argument)
{
    struct door *door = argument;
    uv_run(&door->loop, UV_RUN_DEFAULT);
}

/* One that waits for an address, so that it is in the list and nothing is asked. */
static inline void door_applications(struct door *door)
{
    static const char text[] = "applications:\n  - {id: T-1, name: 供水, checks: [{name: page, type: http}, {name: db, type: redis, needs: page}]}\n";
    struct config_problems problems;
    struct error error;
    struct config *config = config_new();
    config_problems_init(&problems);
    assert_true(config_load_text(config, "door", text, sizeof text - 1, &problems));
    struct applications_list list = {config_get(config_root(config), "applications"), ""};
    struct applications_plan *plan = applications_plan_read(&list, 1, &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    door->applications = applications_new(&(struct applications_parts){
        .loop = &door->loop, .fleet = door->fleet, .store = door->store, .alerts = door->alerts}, &error);
    assert_non_null(door->applications);
    applications_use(door->applications, plan);
    applications_plan_free(&plan);
    config_problems_release(&problems);
    config_free(&config);
}

static inline void door_rules(struct door *door)
{
    static const char text[] = "{name: hot-rule, severity: major, select: \"kind:nothing-here\", when: \"t > 30\"}\n";
    struct config_problems problems;
    struct config *config = config_new();
    config_problems_init(&problems);
    assert_true(config_load_text(config, "door", text, sizeof text - 1, &problems));
    struct rule *rule = rule_read(config_root(config), "", &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    rules_use(door->rules, &rule, 1);
    config_problems_release(&problems);
    config_free(&config);
}

static inline void door_prepare(struct door *door)
{
    memset(door, 0, sizeof *door);
    snprintf(door->folder, sizeof door->folder, "/tmp/nocturne-door-XXXXXX");
    assert_non_null(mkdtemp(door->folder));
    snprintf(door->socket, sizeof door->socket, "%s/run/api.sock", door->folder);
    uv_loop_init(&door->loop);
    struct error error;
    door->store = store_open(&door->loop, &(struct store_options){.url = "memory", .state_dir = ""}, &error);
    assert_non_null(door->store);
    struct fleet_options options = {.stale_periods = 1.5, .timeout_periods = 3, .default_period = 15 * SPAN_MINUTE,
                                    .discovered_limit = 100, .future_limit = 5 * SPAN_MINUTE, .past_limit = 30 * SPAN_DAY};
    door->fleet = fleet_new(&door->loop, door->store, &options);
    assert_true(fleet_load(door->fleet, &error));
    door->alerts = alerts_new(&door->loop, door->fleet, door->store, NULL);
    assert_true(alerts_load(door->alerts, &error));
    door->rules = rules_new(&door->loop, door->fleet, door->alerts);
    door_rules(door);
    door_applications(door);
    door->notify = notify_new(&door->loop, door->store, &error);
    assert_non_null(door->notify);
    notify_follow(door->notify, door->alerts);
    door->heartbeats = heartbeats_new(&door->loop, door->fleet, door->alerts, door->store);
    assert_true(heartbeats_load(door->heartbeats, &error));
    door->hosts = hosts_new(&door->loop, door->fleet);
    door->feeds = feeds_new(door->fleet, door->alerts, door->heartbeats);
    door->site = (struct site){.name = "创新港", .timezone = "Asia/Shanghai", .language = "zh_CN", .version = NOCTURNE_VERSION,
                               .started = clock_wall(), .config_path = "/etc/nocturne/nocturne.yml", .state_dir = "",
                               .grants = door->grants, .listens = door->listens, .sources = door->sources,
                               .counters = &door->counters};
    runbooks_load(&door->runbooks, NULL, NULL);
    door->site.runbooks = door->runbooks;
    door->counters.reloaded = CLOCK_NEVER;
    door->security = security_new(&(struct security_parts){
        .loop = &door->loop, .fleet = door->fleet, .store = door->store, .alerts = door->alerts, .hosts = door->hosts,
        .applications = door->applications, .heartbeats = door->heartbeats, .rules = door->rules});
}

/* A heartbeat of that name, expected every minute; between door_prepare and door_start. */
static inline void door_heartbeat(struct door *door, const char *name)
{
    char texts[7][40] = {"", "backup", "application", "", "", "Watchdog", ""};
    snprintf(texts[0], sizeof texts[0], "%s", name);
    struct heartbeat_plan row = {.name = texts[0], .title = texts[1], .type = texts[2], .asset = texts[3], .runbook = texts[4],
                                 .alert = texts[5], .source = texts[6], .every = SPAN_MINUTE, .grace = SPAN_SECOND,
                                 .severity = SEVERITY_MAJOR};
    heartbeats_use(door->heartbeats, &(struct heartbeats_plan){.row = &row, .count = 1});
}

static inline void door_start(struct door *door)
{
    struct error error = {.code = ERROR_NONE};
    struct config_problems problems;
    config_problems_init(&problems);
    security_plan_read(&door->security_plan, NULL, &problems);
    assert_string_equal(buffer_text(&problems.text), "");
    config_problems_release(&problems);
    security_use(door->security, &door->security_plan, &door->site);
    struct api_parts parts = {.fleet = door->fleet, .store = door->store, .alerts = door->alerts, .rules = door->rules, .applications = door->applications,
                              .notify = door->notify, .feeds = door->feeds, .heartbeats = door->heartbeats, .hosts = door->hosts,
                              .security = door->security, .site = &door->site, .socket = door->socket,
                              .reload = door_reload, .owner = door};
    door->api = api_new(&door->loop, &parts, &error);
    assert_non_null(door->api);
    if (!api_start(door->api, &error))
        fail_msg("api_start: %s", error.text);
    uv_async_init(&door->loop, &door->call, door_called);
    door->call.data = door;
    uv_barrier_init(&door->called, 2);
    uv_thread_create(&door->thread, door_thread, door);
    door->curl = curl_easy_init();
}

static inline void door_close(struct door *door)
{
    curl_easy_cleanup(door->curl);
    door_run(door, door_stop, NULL);
    uv_thread_join(&door->thread);
    store_close(&door->store);
    uv_run(&door->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&door->loop), 0);
    uv_barrier_destroy(&door->called);
    char command[160];
    assert_int_not_equal(access(door->socket, F_OK), 0);
    snprintf(command, sizeof command, "rm -rf %s", door->folder);
    assert_int_equal(system(command), 0);
}

/* Report something wrong with an asset ("" none), from the server's thread; the alert's id stands in door->alert. */
struct door_report { const char *asset, *rule; enum severity severity; bool normal; };

static inline void door_reported(struct door *door, void *argument)
{
    const struct door_report *report = argument;
    uint32_t asset = *report->asset ? fleet_find(door->fleet, report->asset) : FLEET_NONE;
    struct alert_report row = {.source = "rule", .rule = report->rule, .name = "温度过高", .type = "environmental", .asset = asset,
                               .point = "t", .severity = report->severity, .summary = "31.2 over 30", .has_value = true,
                               .value = 31.2, .threshold = 30};
    uint64_t fingerprint = alert_fingerprint(door->alerts, &row);
    const struct alert *const *rows;
    uint32_t count;
    if (report->normal)
        alerts_normal(door->alerts, fingerprint);
    else
        alerts_breach(door->alerts, &row);
    if (alerts_select(door->alerts, &(struct alert_select){.sort = "-id", .all = true}, &rows, &count, NULL, NULL) && count)
        snprintf(door->alert, sizeof door->alert, "%s", alert_id(rows[0]));
}

#define door_report(door, ...) door_run(door, door_reported, &(struct door_report){__VA_ARGS__})

/* ---- the client's side ---- */

static inline size_t door_keep(char *bytes, size_t size, size_t count, void *owner)
{
    buffer_append(owner, bytes, size * count);
    return size * count;
}

struct ask {
    const char *method;       /* NULL: GET */
    const char *path;
    const char *body;
    size_t length;            /* 0: strlen(body) */
    const char *type;         /* NULL: application/json when there is a body */
    const char *token;
    const char *header, *header2;
    const char *url;          /* "https://127.0.0.1:PORT" in place of the socket */
    const char *authority, *certificate, *key;
};

static inline void door_headers(const struct ask *ask, struct curl_slist **list)
{
    char text[256];
    *list = curl_slist_append(NULL, "Expect:");
    if (ask->body) {
        snprintf(text, sizeof text, "Content-Type: %s", ask->type ? ask->type : "application/json");
        *list = curl_slist_append(*list, text);
    }
    if (ask->token) {
        snprintf(text, sizeof text, "Authorization: Bearer %s", ask->token);
        *list = curl_slist_append(*list, text);
    }
    if (ask->header)
        *list = curl_slist_append(*list, ask->header);
    if (ask->header2)
        *list = curl_slist_append(*list, ask->header2);
}

static inline CURLcode door_try(struct door *door, const struct ask *ask, struct answer *answer)
{
    char url[16384];
    struct curl_slist *headers;
    CURL *curl = door->curl;
    *answer = (struct answer){0};
    curl_easy_reset(curl);
    snprintf(url, sizeof url, "%s%s", ask->url ? ask->url : "http://x", ask->path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (!ask->url)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, door->socket);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    if (ask->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
    if (ask->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(ask->length ? ask->length : strlen(ask->body)));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
    }
    if (ask->authority)
        curl_easy_setopt(curl, CURLOPT_CAINFO, ask->authority);
    if (ask->certificate) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, ask->certificate);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, ask->key);
    }
    door_headers(ask, &headers);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, door_keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, door_keep);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer->headers);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    if (answer->body.length && (answer->body.data[0] == '{' || answer->body.data[0] == '['))
        answer->json = json_parse(answer->body.data, answer->body.length, 0, NULL);
    return result;
}

static inline struct answer door_ask(struct door *door, const struct ask *ask)
{
    struct answer answer;
    CURLcode result = door_try(door, ask, &answer);
    if (result != CURLE_OK)
        fail_msg("%s %s: %s", ask->method ? ask->method : "GET", ask->path, curl_easy_strerror(result));
    return answer;
}

#define ASK(...) door_ask(&door, &(struct ask){__VA_ARGS__})

static inline void expect_status(struct answer *answer, long status)
{
    if (answer->status != status)
        fail_msg("expected %ld, got %ld: %s", status, answer->status, buffer_text(&answer->body));
}

/* A problem of this status whose detail contains a text; releases the answer. */
static inline void expect_problem(struct answer answer, long status, const char *code, const char *part)
{
    expect_status(&answer, status);
    assert_non_null(strstr(buffer_text(&answer.headers), "application/problem+json"));
    const char *type = json_get_text(answer.json, "type", "");
    if (!strstr(type, code))
        fail_msg("expected the type %s: %s", code, buffer_text(&answer.body));
    assert_int_equal(json_get_integer(answer.json, "status", 0), status);
    if (!strstr(json_get_text(answer.json, "detail", ""), part))
        fail_msg("expected `%s` in: %s", part, buffer_text(&answer.body));
    assert_string_not_equal(json_get_text(answer.json, "title", ""), "");
    assert_non_null(json_get_text(answer.json, "instance", NULL));
    answer_release(&answer);
}

#endif

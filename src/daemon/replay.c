#include "daemon/replay.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "api/api.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/alerts.h"
#include "engine/capsule.h"
#include "engine/fleet.h"
#include "engine/hosts.h"
#include "engine/runbook.h"
#include "engine/site.h"
#include "model/application.h"
#include "model/host_keep.h"
#include "store/store.h"

#define FILL_PATIENCE (60 * 1000) /* ms of real time, for a million readings on a slow machine */
#define END_TURNS 5000

struct replay {
    uv_loop_t loop;
    struct capsule *capsule;
    char *folder, *socket;       /* folder: our own, NULL when the socket was given */
    struct store *store;
    struct fleet *fleet;
    struct alerts *alerts;
    struct hosts *hosts;
    struct api *api;
    struct site site;
    struct site_counters counters;
    struct site_grant grants[1];
    struct site_listen listens[1];
    struct site_unit *units;
    struct runbooks *runbooks;
    uv_signal_t signals[2];
    uv_poll_t parent;
    bool watches_parent, ending, committed;
    struct error commit_error;
};

/* ---- the capsule into a store ---- */

static int compare_events(const void *left, const void *right)
{
    const struct store_alert_event *a = left, *b = right;
    return a->time != b->time ? (a->time > b->time) - (a->time < b->time) : (a->text > b->text) - (a->text < b->text);
}

/* As the desk writes it for itself (engine/alerts_silence.c reads it). */
static char *silence_body(const struct wire_silence *row)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "filter", row->filter);
    json_write_text(&writer, "why", row->why);
    json_write_text(&writer, "by", row->by);
    json_write_integer(&writer, "starts", row->starts);
    json_write_integer(&writer, "ends", row->ends);
    json_write_integer(&writer, "created", row->created);
    json_write_object_end(&writer);
    return buffer_take(&body);
}

static char *downtime_body(const struct wire_downtime *row)
{
    struct buffer body = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &body);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "filter", row->filter);
    json_write_text(&writer, "why", row->why);
    json_write_text(&writer, "by", row->by);
    json_write_integer(&writer, "starts", row->starts);
    json_write_integer(&writer, "ends", row->ends);
    json_write_text(&writer, "kind", row->kind);
    json_write_text(&writer, "schedule", row->schedule);
    json_write_integer(&writer, "duration", row->duration);
    json_write_bool(&writer, "with_children", row->with_children);
    json_write_object_end(&writer);
    return buffer_take(&body);
}

static void put_records(struct store_action *action, const struct capsule *capsule)
{
    for (size_t i = 0; i < capsule->silences_count; i++) {
        char *body = silence_body(&capsule->silences[i]);
        store_action_record(action, "silence", capsule->silences[i].id, -1, body);
        free(body);
    }
    for (size_t i = 0; i < capsule->downtimes_count; i++) {
        char *body = downtime_body(&capsule->downtimes[i]);
        store_action_record(action, "downtime", capsule->downtimes[i].id, -1, body);
        free(body);
    }
}

/* When each part of an application became another, for the steps through its past. */
static void put_nodes(struct store_action *action, const struct capsule *capsule)
{
    for (size_t i = 0; i < capsule->applications_count; i++) {
        const struct wire_application_page *page = &capsule->applications[i], *before = i ? page - 1 : NULL;
        bool follows = before && strcmp(before->application.id, page->application.id) == 0;
        for (unsigned n = 0; n < page->node_count; n++) {
            const struct wire_node *node = &page->nodes[n];
            enum part_verdict verdict;
            bool same = follows && n < before->node_count && before->nodes[n].since == node->since;
            if (!same && node->since != CLOCK_NEVER && node->since >= 0 && strchr(node->id, '/') && part_verdict_parse(node->verdict, &verdict))
                store_action_node(action, &(struct store_node){node->id, node->since, (int)verdict, node->evidence});
        }
    }
}

static void committed(void *owner, const struct error *error)
{
    struct replay *replay = owner;
    replay->committed = true;
    if (error)
        replay->commit_error = *error;
}

static void put_rows(struct replay *replay)
{
    struct capsule *capsule = replay->capsule;
    struct store_action *action = store_action_new(replay->store, "system", "replay", capsule->incident, "");
    store_action_quiet(action);
    for (size_t i = 0; i < capsule->assets_count; i++)
        store_action_asset(action, (uint32_t)i, &capsule->assets[i]);
    for (size_t i = 0; i < capsule->alerts_count; i++) {
        capsule->alerts[i].news = 0; /* nothing is news in what was */
        store_action_alert(action, &capsule->alerts[i]);
    }
    if (capsule->events_count)
        qsort(capsule->events, capsule->events_count, sizeof *capsule->events, compare_events);
    for (size_t i = 0; i < capsule->events_count; i++)
        store_action_alert_event(action, &capsule->events[i]);
    put_records(action, capsule);
    put_nodes(action, capsule);
    store_action_commit(action, committed, replay);
}

static uint32_t metric_number(const char **names, uint32_t *count, const char *name, struct store *store)
{
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    names[*count] = name;
    store_metric(store, *count, name);
    return (*count)++;
}

/* Each list of a moment as a record that needs no other. */
static void put_kept(struct store *store, uint32_t asset, const struct wire_kept *kept)
{
    for (enum host_list list = 0; list < HOST_LIST_COUNT; list++) {
        struct buffer record = BUFFER_INIT;
        if (kept->host->lists & 1u << list && host_keeps(list) && host_keep_pack(NULL, kept->host, list, 0, &record))
            store_keep(store, &(struct store_kept){asset, list, kept->time, true, record.data, record.length});
        buffer_release(&record);
    }
}

static void put_servers(struct replay *replay)
{
    const struct capsule *capsule = replay->capsule;
    uint32_t asset = 0;
    for (size_t i = 0; i < capsule->kept_count; i++) {
        const char *id = capsule->kept[i].asset;
        for (uint32_t tried = 0; tried < capsule->assets_count && strcmp(capsule->assets[asset].field[ASSET_id], id) != 0; tried++)
            asset = (asset + 1) % (uint32_t)capsule->assets_count;
        put_kept(replay->store, asset, &capsule->kept[i]);
    }
}

static void put_telemetry(struct replay *replay)
{
    const struct capsule *capsule = replay->capsule;
    const char **names = memory_new_array(capsule->series_count + 1, sizeof *names);
    uint32_t count = 0;
    for (size_t i = 0; i < capsule->series_count; i++) {
        const struct capsule_series *series = &capsule->series[i];
        uint32_t metric = metric_number(names, &count, series->metric, replay->store);
        for (size_t row = 0; row < series->count; row++)
            store_reading(replay->store, series->asset, metric, series->rows[row].time, series->rows[row].value);
    }
    for (size_t i = 0; i < capsule->states_count; i++)
        store_state(replay->store, &capsule->states[i]);
    put_servers(replay);
    free(names);
}

static bool fill_store(struct replay *replay, struct error *error)
{
    const struct store_options options = {.url = "memory", .state_dir = "", .keep_readings = 36500 * SPAN_DAY,
                                          .keep_states = 36500 * SPAN_DAY};
    struct store_status status;
    replay->store = store_open(&replay->loop, &options, error);
    if (!replay->store)
        return false;
    put_rows(replay);
    put_telemetry(replay);
    bool done = false;
    for (int waited = 0; !done && waited < FILL_PATIENCE; waited += 5) {
        uv_run(&replay->loop, UV_RUN_NOWAIT);
        store_status(replay->store, &status);
        done = replay->committed && status.queued == 0 && status.states_written >= replay->capsule->states_count &&
               status.readings_written + status.readings_refused >= replay->capsule->readings;
        if (!done)
            uv_sleep(5);
    }
    if (replay->commit_error.code)
        return error_set(error, ERROR_CORRUPT, "%s", replay->commit_error.text);
    return done || error_set(error, ERROR_TIMEOUT, "the capsule could not be taken in");
}

/* ---- the site ---- */

static void describe_site(struct replay *replay, const char *file)
{
    const struct capsule *capsule = replay->capsule;
    replay->units = memory_new_array(capsule->units_count + 1, sizeof *replay->units);
    for (size_t i = 0; i < capsule->units_count; i++)
        replay->units[i] = (struct site_unit){capsule->units[i].metric, capsule->units[i].unit};
    struct runbook *runbooks = memory_new_array(capsule->runbooks_count + 1, sizeof *runbooks);
    for (size_t i = 0; i < capsule->runbooks_count; i++)
        runbooks[i] = (struct runbook){capsule->runbooks[i].name, capsule->runbooks[i].language, capsule->runbooks[i].text,
                                       strlen(capsule->runbooks[i].text), capsule->runbooks[i].shipped};
    replay->runbooks = runbooks_of(runbooks, capsule->runbooks_count);
    free(runbooks);
    replay->grants[0] = (struct site_grant){ROLE_VIEWER, "*"};
    replay->listens[0] = (struct site_listen){.kind = LISTEN_UNIX, .path = replay->socket, .where = "--replay"};
    replay->counters.reloaded = CLOCK_NEVER;
    replay->site = (struct site){
        .name = capsule->site, .timezone = capsule->timezone, .language = capsule->language, .version = NOCTURNE_VERSION,
        .started = capsule->taken_at, .config_path = file, .state_dir = "", .grants = replay->grants, .grant_count = 1,
        .listens = replay->listens, .listen_count = 1, .units = replay->units, .unit_count = capsule->units_count,
        .counters = &replay->counters, .runbooks = replay->runbooks};
}

static bool make_folder(struct replay *replay, struct error *error)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    replay->folder = memory_printf("%s/nocturne-replay-XXXXXX", runtime && runtime[0] == '/' && strlen(runtime) < 60 ? runtime : "/tmp");
    if (!mkdtemp(replay->folder)) {
        error_set(error, ERROR_UNAVAILABLE, "%s: %s", replay->folder, strerror(errno));
        free(replay->folder);
        replay->folder = NULL;
        return false;
    }
    replay->socket = memory_printf("%s/api.sock", replay->folder);
    return true;
}

static bool replay_open(struct replay *replay, const struct options *options, struct error *error)
{
    static const struct fleet_options fleet = {.stale_periods = 1.5, .timeout_periods = 3, .default_period = 15 * SPAN_MINUTE,
                                               .discovered_limit = 10000, .future_limit = 5 * SPAN_MINUTE,
                                               .past_limit = 30 * SPAN_DAY};
    struct alerts_options alerts = {.history = 36500 * SPAN_DAY};
    replay->capsule = capsule_read_file(options->replay, error);
    if (!replay->capsule)
        return false;
    if (*replay->capsule->timezone && setenv("TZ", replay->capsule->timezone, 1) == 0)
        tzset();
    clock_fake(replay->capsule->taken_at, clock_steady());
    if (!fill_store(replay, error))
        return error_prefix(error, "%s", options->replay);
    if (!options->socket && !make_folder(replay, error))
        return false;
    if (options->socket)
        replay->socket = memory_text(options->socket);
    describe_site(replay, options->replay);
    replay->fleet = fleet_new(&replay->loop, replay->store, &fleet);
    if (!fleet_load(replay->fleet, error))
        return error_prefix(error, "%s", options->replay);
    alerts.language = replay->capsule->language;
    replay->alerts = alerts_new(&replay->loop, replay->fleet, replay->store, &alerts);
    if (!alerts_load(replay->alerts, error))
        return error_prefix(error, "%s", options->replay);
    replay->hosts = hosts_new(&replay->loop, replay->fleet);
    replay->api = api_new(&replay->loop, &(struct api_parts){
        .fleet = replay->fleet, .store = replay->store, .alerts = replay->alerts, .hosts = replay->hosts, .capsule = replay->capsule,
        .site = &replay->site, .socket = replay->socket}, error);
    return replay->api && api_start(replay->api, error);
}

static void tell_ready(const struct replay *replay)
{
    const struct capsule *capsule = replay->capsule;
    struct buffer line = BUFFER_INIT;
    struct json_writer writer;
    json_start(&writer, &line);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "socket", replay->socket);
    json_write_text(&writer, "incident", capsule->incident);
    json_write_text(&writer, "site", capsule->site);
    json_write_text(&writer, "timezone", capsule->timezone);
    json_write_instant(&writer, "taken_at", capsule->taken_at);
    json_write_text(&writer, "taken_by", capsule->taken_by);
    json_write_instant(&writer, "moment", capsule->moment);
    json_write_instant(&writer, "from", capsule->from);
    json_write_instant(&writer, "to", capsule->to);
    json_write_text(&writer, "left_out", capsule->left_out);
    json_write_integer(&writer, "assets", (int64_t)capsule->assets_count);
    json_write_integer(&writer, "fleet", capsule->fleet);
    json_write_object_end(&writer);
    puts(buffer_text(&line));
    fflush(stdout);
    buffer_release(&line);
}

/* ---- its end ---- */

static void signal_seen(uv_signal_t *handle, int number)
{
    struct replay *replay = handle->data;
    (void)number;
    replay->ending = true;
    uv_stop(&replay->loop);
}

static void parent_seen(uv_poll_t *handle, int status, int events)
{
    struct replay *replay = handle->data;
    char ignored[256];
    (void)events;
    if (status == 0 && read(STDIN_FILENO, ignored, sizeof ignored) > 0)
        return;
    uv_poll_stop(handle);
    replay->ending = true;
    uv_stop(&replay->loop);
}

static void watch_ends(struct replay *replay)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    struct stat status;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* the console's end says it by the pipe */
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        uv_signal_init(&replay->loop, &replay->signals[i]);
        replay->signals[i].data = replay;
        uv_signal_start(&replay->signals[i], signal_seen, numbers[i]);
    }
    if (fstat(STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode) &&
        uv_poll_init(&replay->loop, &replay->parent, STDIN_FILENO) == 0) {
        replay->watches_parent = true;
        replay->parent.data = replay;
        uv_poll_start(&replay->parent, UV_READABLE, parent_seen);
    }
}

static void replay_end(struct replay *replay)
{
    clock_real();
    api_free(&replay->api);
    for (int turns = 0; turns < 20; turns++)
        uv_run(&replay->loop, UV_RUN_NOWAIT);
    hosts_free(&replay->hosts);
    alerts_free(&replay->alerts);
    store_close(&replay->store);
    fleet_free(&replay->fleet);
    for (size_t i = 0; i < ARRAY_COUNT(replay->signals); i++)
        uv_close((uv_handle_t *)&replay->signals[i], NULL);
    if (replay->watches_parent)
        uv_close((uv_handle_t *)&replay->parent, NULL);
    for (int turns = 0; turns < END_TURNS && uv_run(&replay->loop, UV_RUN_NOWAIT) != 0; turns++)
        uv_sleep(1);
    if (replay->folder)
        rmdir(replay->folder);
    if (uv_loop_close(&replay->loop) != 0)
        return; /* what still closes must stay */
    capsule_free(&replay->capsule);
    free(replay->units);
    runbooks_free(&replay->runbooks);
    free(replay->folder);
    free(replay->socket);
    free(replay);
}

int replay_run(const struct options *options)
{
    struct replay *replay = memory_new(sizeof *replay);
    struct error error = {0};
    log_level_set(LOG_LEVEL_ERROR);
    uv_loop_init(&replay->loop);
    watch_ends(replay);
    bool good = replay_open(replay, options, &error);
    if (good) {
        tell_ready(replay);
        while (!replay->ending)
            uv_run(&replay->loop, UV_RUN_DEFAULT);
    } else {
        fprintf(stderr, "nocturned: %s\n", error.text);
    }
    replay_end(replay);
    return good ? 0 : error.code == ERROR_UNAVAILABLE || error.code == ERROR_TIMEOUT ? 1 : 2;
}

#include "daemon/daemon.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

#include "api/api.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/explain.h"
#include "daemon/paths.h"
#include "daemon/settings.h"
#include "daemon/sources.h"
#include "daemon/supervisor.h"
#include "engine/alerts.h"
#include "engine/alerts_hosts.h"
#include "engine/applications.h"
#include "engine/feeds.h"
#include "engine/fleet.h"
#include "engine/heartbeats.h"
#include "engine/hosts.h"
#include "engine/ledger.h"
#include "engine/rules.h"
#include "engine/security.h"
#include "store/store.h"

#define TRIM_DELAY (3 * SPAN_SECOND)
#define RETIREMENT (30 * SPAN_SECOND)
#define STORE_PATIENCE (2 * SPAN_SECOND) /* between two looks for a server */
#define END_PATIENCE (SPAN_SECOND / 2) /* for handles that do not close, when all that must be written is */

struct retired {
    struct settings *settings;
    msec at;         /* steady */
};

struct daemon {
    const struct options *options;
    uv_loop_t loop;
    struct settings *settings;
    struct site_counters counters;
    msec started;
    struct store *store;
    struct fleet *fleet;
    struct alerts *alerts;
    struct alerts_health *alerts_health;
    struct hosts *hosts;
    struct alerts_hosts *alerts_hosts;
    struct rules *rules;
    struct applications *applications;
    struct notify *notify;
    struct heartbeats *heartbeats;
    struct security *security;
    struct feeds *feeds;
    struct api *api;
    struct sources *sources;
    struct retired *retired;     /* of earlier reloads; the first stays, the listeners are of it */
    size_t retired_count, retired_capacity;
    uint64_t ledger_revision;
    msec trim_at;                /* steady; 0: nothing to trim */
    uv_signal_t signals[3];
    uv_timer_t second;
    msec watchdog, watchdog_fed;
    bool ending, ledger_done, ledger_failed;
};

/* ---- ledgers ---- */

static void ledger_applied(void *owner, const struct error *error)
{
    struct daemon *daemon = owner;
    daemon->ledger_done = true;
    daemon->ledger_failed = error != NULL;
    if (error)
        log_error("ledger: not taken in: %s", error->text);
}

/* The files of `ledger:` fill an empty store; afterwards the store owns the ledger. */
static bool ledger_first_load(struct daemon *daemon)
{
    char *const *paths;
    struct fleet_status status;
    struct ledger_summary summary;
    fleet_status(daemon->fleet, &status);
    if (!settings_ledgers(daemon->settings, &paths))
        return true;
    uint32_t rows = status.assets - status.discovered;
    for (uint32_t asset = 0; asset < fleet_count(daemon->fleet); asset++)
        rows -= fleet_is_declared(daemon->fleet, asset);
    if (rows) {
        log_info("ledger: %u asset%s from the store; the files are not read", rows, COUNTED(rows, "", "s"));
        return true;
    }
    struct buffer refused = BUFFER_INIT;
    struct ledger_change *change = ledgers_read(daemon->settings, daemon->fleet, &refused);
    ledger_change_summary(change, &summary);
    lines_log(LOG_LEVEL_WARNING, buffer_text(&refused));
    lines_log(LOG_LEVEL_WARNING, summary.problems);
    log_notice("ledger: %u asset%s taken in, %u row%s left out", summary.added, COUNTED(summary.added, "", "s"), summary.rejected,
               COUNTED(summary.rejected, "", "s"));
    bool good = !refused.length;
    buffer_release(&refused);
    if (!good) {
        ledger_change_free(&change);
        return false;
    }
    fleet_apply_ledger(daemon->fleet, change, "system", ledger_applied, daemon);
    while (!daemon->ledger_done)
        uv_run(&daemon->loop, UV_RUN_ONCE);
    return !daemon->ledger_failed;
}

/* What does not keep the daemon from running and should be looked at all the same. */
static void log_remarks(struct settings *settings)
{
    struct buffer roster = BUFFER_INIT;
    roster_lines(settings_site(settings)->roster, &roster);
    lines_log(LOG_LEVEL_WARNING, buffer_text(&settings_remarks(settings)->text));
    lines_log(LOG_LEVEL_WARNING, buffer_text(&roster));
    buffer_release(&roster);
}

/* ---- once a second ---- */

/* Let go of settings that a reload replaced, when no source runs by them and those that did have had time to close. */
static void retired_sweep(struct daemon *daemon, msec steady)
{
    size_t kept = 1;
    for (size_t i = 1; i < daemon->retired_count; i++) {
        struct retired *each = &daemon->retired[i];
        if (steady - each->at < RETIREMENT || sources_use(daemon->sources, each->settings))
            daemon->retired[kept++] = *each;
        else
            settings_free(&each->settings);
    }
    if (daemon->retired_count)
        daemon->retired_count = kept;
}

static void second_tick(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    msec steady = clock_steady();
    uint64_t ledger = fleet_ledger_revision(daemon->fleet);
    sources_second(daemon->sources, steady, ledger != daemon->ledger_revision);
    if (ledger != daemon->ledger_revision && !daemon->trim_at)
        daemon->trim_at = steady + TRIM_DELAY;
    daemon->ledger_revision = ledger;
    if (daemon->trim_at && steady >= daemon->trim_at) {
        malloc_trim(0); /* a ledger's texts came and went: the system may have that memory back */
        daemon->trim_at = 0;
    }
    retired_sweep(daemon, steady);
    if (daemon->watchdog && steady - daemon->watchdog_fed >= daemon->watchdog) {
        supervisor_tell("WATCHDOG=1");
        daemon->watchdog_fed = steady;
    }
}

/* ---- reload ---- */

static void apply_process_settings(const struct daemon *daemon)
{
    const struct site *site = settings_site(daemon->settings);
    if (site->timezone[0]) {
        setenv("TZ", site->timezone, 1);
        tzset();
    }
    log_level_set(daemon->options->verbose ? LOG_LEVEL_INFO : settings_log(daemon->settings));
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        rlim_t wanted = settings_open_files(daemon->settings);
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* What a running daemon cannot change is said, not silently left. */
static void tell_what_waits(const struct daemon *daemon, const struct settings *settings)
{
    static const char *const keys[] = {"store", "listen", "ledger"};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        if (!settings_same(daemon->settings, settings, keys[i]))
            log_warning("reload: `%s` differs; %s", keys[i],
                        strcmp(keys[i], "ledger") == 0 ? "the store owns the ledger: use `nocturne ledger import`"
                                                        : "it takes force when the daemon starts again");
}

static void rules_follow(struct daemon *daemon, const struct settings *settings)
{
    struct rule **rules;
    size_t count = settings_rules(settings, &rules);
    rules_use(daemon->rules, rules, count);
    free(rules);
}

static void groups_follow(struct daemon *daemon, const struct settings *settings)
{
    struct alert_group *groups;
    unsigned count = settings_groups(settings, &groups);
    alerts_groups_use(daemon->alerts, groups, count);
    free(groups);
}

static bool daemon_reload(void *owner, struct error *error)
{
    struct daemon *daemon = owner;
    struct config_problems problems;
    supervisor_tell("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(uv_hrtime() / 1000));
    config_problems_init(&problems);
    struct settings *settings = settings_load(daemon->options, daemon->started, &daemon->counters, &problems);
    if (!settings) {
        const char *text = buffer_text(&problems.text);
        daemon->counters.reloads_refused++;
        snprintf(daemon->counters.refusal, sizeof daemon->counters.refusal, "%.*s", (int)strcspn(text, "\n"), text);
        lines_log(LOG_LEVEL_ERROR, text);
        log_error("reload: %u mistake%s; the old configuration stays in force", problems.count, COUNTED(problems.count, "", "s"));
        error_set(error, ERROR_INVALID, "%s", daemon->counters.refusal);
    } else {
        tell_what_waits(daemon, settings);
        heartbeats_use(daemon->heartbeats, settings_heartbeats(settings));
        hosts_configure(daemon->hosts, settings_hosts(settings)->row, settings_hosts(settings)->count);
        log_remarks(settings);
        sources_follow(daemon->sources, settings);
        fleet_configure(daemon->fleet, settings_fleet(settings));
        alerts_configure(daemon->alerts, settings_alerts(settings));
        rules_follow(daemon, settings);
        applications_use(daemon->applications, settings_applications(settings));
        groups_follow(daemon, settings);
        notify_use(daemon->notify, settings_notify(settings));
        security_use(daemon->security, settings_security(settings), settings_site(settings));
        ARRAY_RESERVE(daemon->retired, daemon->retired_capacity, daemon->retired_count + 1);
        daemon->retired[daemon->retired_count++] = (struct retired){daemon->settings, clock_steady()};
        daemon->settings = settings;
        apply_process_settings(daemon);
        daemon->counters.reloads++;
        daemon->counters.reloaded = clock_wall();
        daemon->counters.refusal[0] = '\0';
        api_use_site(daemon->api, settings_site(settings));
        size_t sources = sources_count(daemon->sources);
        log_notice("reload: in force: %zu source%s", sources, COUNTED(sources, "", "s"));
    }
    config_problems_release(&problems);
    supervisor_tell("READY=1\nSTATUS=%s", daemon->counters.refusal[0] ? "reload refused; see the log" : "serving");
    return settings != NULL;
}

/* ---- signals ---- */

static void signal_seen(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    if (number == SIGHUP) {
        daemon_reload(daemon, NULL);
        return;
    }
    daemon->ending = true;
    uv_stop(&daemon->loop);
}

static void signals_begin(struct daemon *daemon)
{
    static const int numbers[ARRAY_COUNT(daemon->signals)] = {SIGHUP, SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        uv_signal_start(&daemon->signals[i], signal_seen, numbers[i]);
}

/* ---- start and end ---- */

/* The first start of all needs its store: where that is a server that is away, it is waited for, and said once. Signals
 * still have their default meaning: nothing is held that could be lost, and a name that is looked up does not hold the end up. */
static bool store_wait(struct daemon *daemon, const struct store_options *options, struct error *error)
{
    for (bool told = false;; told = true) {
        error_clear(error);
        daemon->store = store_open(&daemon->loop, options, error);
        if (daemon->store || error->code != ERROR_UNAVAILABLE || strncmp(options->url, "postgresql:", 11) != 0)
            return daemon->store != NULL;
        if (!told) {
            log_error("store: %s; waiting for it", error->text);
            supervisor_tell("STATUS=waiting for the store");
        }
        uv_sleep(STORE_PATIENCE);
    }
}

static bool daemon_open(struct daemon *daemon, struct error *error)
{
    const struct store_options *store = settings_store(daemon->settings);
    if (store->state_dir[0] && !path_make_private(store->state_dir, error))
        return false;
    if (!store_wait(daemon, store, error))
        return false;
    signals_begin(daemon);
    daemon->fleet = fleet_new(&daemon->loop, daemon->store, settings_fleet(daemon->settings));
    if (!fleet_load(daemon->fleet, error))
        return error_prefix(error, "store");
    daemon->alerts = alerts_new(&daemon->loop, daemon->fleet, daemon->store, settings_alerts(daemon->settings));
    if (!alerts_load(daemon->alerts, error))
        return error_prefix(error, "store");
    daemon->notify = notify_new(&daemon->loop, daemon->store, error);
    if (!daemon->notify)
        return error_prefix(error, "store");
    notify_use(daemon->notify, settings_notify(daemon->settings));
    notify_follow(daemon->notify, daemon->alerts);
    daemon->heartbeats = heartbeats_new(&daemon->loop, daemon->fleet, daemon->alerts, daemon->store);
    if (!heartbeats_load(daemon->heartbeats, error))
        return error_prefix(error, "store");
    heartbeats_use(daemon->heartbeats, settings_heartbeats(daemon->settings));
    daemon->feeds = feeds_new(daemon->fleet, daemon->alerts, daemon->heartbeats);
    groups_follow(daemon, daemon->settings);
    daemon->alerts_health = alerts_health_new(daemon->alerts, daemon->fleet);
    daemon->hosts = hosts_new(&daemon->loop, daemon->fleet);
    hosts_keep_in(daemon->hosts, daemon->store);
    hosts_configure(daemon->hosts, settings_hosts(daemon->settings)->row, settings_hosts(daemon->settings)->count);
    daemon->alerts_hosts = alerts_hosts_new(daemon->alerts, daemon->hosts);
    daemon->sources = sources_new(&daemon->loop, daemon->fleet, daemon->feeds, daemon->hosts);
    daemon->rules = rules_new(&daemon->loop, daemon->fleet, daemon->alerts);
    daemon->applications = applications_new(&(struct applications_parts){
        .loop = &daemon->loop, .fleet = daemon->fleet, .store = daemon->store, .alerts = daemon->alerts, .hosts = daemon->hosts}, error);
    if (!daemon->applications)
        return error_prefix(error, "store");
    daemon->security = security_new(&(struct security_parts){
        .loop = &daemon->loop, .fleet = daemon->fleet, .store = daemon->store, .alerts = daemon->alerts, .hosts = daemon->hosts,
        .applications = daemon->applications, .heartbeats = daemon->heartbeats, .rules = daemon->rules});
    /* The door before the ledger and the sources: a second daemon on this socket must not begin to collect. */
    daemon->api = api_new(&daemon->loop, &(struct api_parts){
        .fleet = daemon->fleet,
        .store = daemon->store,
        .alerts = daemon->alerts,
        .rules = daemon->rules,
        .applications = daemon->applications,
        .notify = daemon->notify,
        .feeds = daemon->feeds,
        .heartbeats = daemon->heartbeats,
        .hosts = daemon->hosts,
        .security = daemon->security,
        .site = settings_site(daemon->settings),
        .socket = daemon->options->socket,
        .reload = daemon_reload,
        .owner = daemon,
    }, error);
    return daemon->api && api_listen(daemon->api, error);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void count_handle(uv_handle_t *handle, void *owner)
{
    (void)handle;
    ++*(unsigned *)owner;
}

/* Nothing is lost by going now: the store is closed. A name that is still looked up cannot be called off, and libuv would
 * wait for its thread, ten seconds where no name server answers. */
static _Noreturn void daemon_leave(unsigned open, int code)
{
    if (open)
        log_warning("some connections did not close in time; ending without them");
    fflush(NULL);
    _exit(code);
}

static void daemon_end(struct daemon *daemon, int code)
{
    supervisor_tell("STOPPING=1");
    if (daemon->sources)
        sources_stop(daemon->sources);
    api_free(&daemon->api);
    for (int turns = 0; turns < 20; turns++) /* let the door's last answers out while the store still stands */
        uv_run(&daemon->loop, UV_RUN_NOWAIT);
    security_free(&daemon->security);
    applications_free(&daemon->applications);
    rules_free(&daemon->rules);
    notify_free(&daemon->notify);
    alerts_hosts_free(&daemon->alerts_hosts);
    hosts_free(&daemon->hosts);
    alerts_health_free(&daemon->alerts_health);
    feeds_free(&daemon->feeds);
    heartbeats_free(&daemon->heartbeats);
    alerts_free(&daemon->alerts);
    store_close(&daemon->store);
    fleet_free(&daemon->fleet);
    for (size_t i = 0; i < ARRAY_COUNT(daemon->signals); i++)
        close_handle((uv_handle_t *)&daemon->signals[i]);
    close_handle((uv_handle_t *)&daemon->second);
    bool clean = false;
    unsigned open = 0;
    for (msec until = clock_steady() + END_PATIENCE; !clean && clock_steady() < until; uv_sleep(1)) {
        open = 0;
        uv_run(&daemon->loop, UV_RUN_NOWAIT);
        uv_walk(&daemon->loop, count_handle, &open);
        clean = open == 0 && !uv_loop_alive(&daemon->loop);
    }
    if (!clean)
        daemon_leave(open, code);
    uv_loop_close(&daemon->loop);
    sources_free(&daemon->sources);
    for (size_t i = 0; i < daemon->retired_count; i++)
        settings_free(&daemon->retired[i].settings);
    settings_free(&daemon->settings);
    free(daemon->retired);
    free(daemon);
}

static bool daemon_start(struct daemon *daemon, struct error *error)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* until a reload means something */
    uv_timer_init(&daemon->loop, &daemon->second);
    daemon->second.data = daemon;
    for (size_t i = 0; i < ARRAY_COUNT(daemon->signals); i++) {
        uv_signal_init(&daemon->loop, &daemon->signals[i]);
        daemon->signals[i].data = daemon;
    }
    if (!daemon_open(daemon, error))
        return false;
    if (!ledger_first_load(daemon))
        return error_set(error, ERROR_INVALID, "the ledger could not be taken in; `nocturned --check-config` explains it");
    rules_follow(daemon, daemon->settings);
    sources_follow(daemon->sources, daemon->settings);
    applications_use(daemon->applications, settings_applications(daemon->settings));
    security_use(daemon->security, settings_security(daemon->settings), settings_site(daemon->settings));
    api_serve(daemon->api); /* whoever asked meanwhile gets a whole site */
    api_use_site(daemon->api, settings_site(daemon->settings));
    uv_timer_start(&daemon->second, second_tick, 1000, 1000);
    return true;
}

int daemon_run(const struct options *options)
{
    struct daemon *daemon = memory_new(sizeof *daemon);
    struct config_problems problems;
    struct error error = {0};
    daemon->options = options;
    daemon->started = clock_wall();
    daemon->counters.reloaded = CLOCK_NEVER;
    daemon->watchdog = supervisor_watchdog();
    daemon->watchdog_fed = clock_steady();
    config_problems_init(&problems);
    daemon->settings = settings_load(options, daemon->started, &daemon->counters, &problems);
    lines_print(buffer_text(&problems.text));
    unsigned mistakes = problems.count;
    config_problems_release(&problems);
    if (!daemon->settings) {
        fprintf(stderr, "nocturned: %u mistake%s in the configuration\n", mistakes, COUNTED(mistakes, "", "s"));
        free(daemon);
        return 2;
    }
    apply_process_settings(daemon);
    log_remarks(daemon->settings);
    uv_loop_init(&daemon->loop);
    bool good = daemon_start(daemon, &error);
    if (good) {
        const char *path = settings_site(daemon->settings)->config_path;
        log_notice("nocturned %s: serving on %s, configured by %s", NOCTURNE_VERSION, api_socket(daemon->api),
                   path[0] ? path : "nothing: watching this host");
        supervisor_tell("READY=1\nSTATUS=serving");
        while (!daemon->ending)
            uv_run(&daemon->loop, UV_RUN_DEFAULT);
        log_notice("nocturned: ending");
    } else {
        log_error("%s", error.text);
    }
    int code = good ? 0 : error.code == ERROR_INVALID ? 2 : 1;
    daemon_end(daemon, code);
    return code;
}

/* GET /metrics: Prometheus' text format 0.0.4. Each family is a row: name, type, help, and the function that writes its
 * samples. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/private.h"
#include "base/memory.h"
#include "engine/heartbeats.h"
#include "engine/notify.h"

struct scrape {
    struct api *api;
    struct buffer *out;
    const char *name;
    struct fleet_status fleet;
    struct store_status store;
    struct alerts_status alerts;
    struct alert_counts counts;
    struct notify_status notify;
};

static void sample(struct scrape *scrape, double value)
{
    buffer_printf(scrape->out, "%s %.17g\n", scrape->name, value);
}

/* A label's value: backslash, quote and newline escaped. */
static void append_label(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            buffer_append_char(out, '\\');
        if (*text == '\n')
            buffer_append_text(out, "\\n");
        else
            buffer_append_char(out, *text);
    }
}

static void labelled(struct scrape *scrape, const char *label, const char *value, double number)
{
    buffer_printf(scrape->out, "%s{%s=\"", scrape->name, label);
    append_label(scrape->out, value);
    buffer_printf(scrape->out, "\"} %.17g\n", number);
}

#define SAMPLE(name, expression)                    \
    static void write_##name(struct scrape *scrape) \
    {                                               \
        sample(scrape, (double)(expression));       \
    }
SAMPLE(started, scrape->api->site->started / 1000.0)
SAMPLE(assets_total, scrape->fleet.assets)
SAMPLE(discovered, scrape->fleet.discovered)
SAMPLE(messages, scrape->fleet.messages)
SAMPLE(readings, scrape->fleet.readings)
SAMPLE(duplicates, scrape->fleet.duplicates)
SAMPLE(wrong_times, scrape->fleet.out_of_range_times)
SAMPLE(dropped, scrape->fleet.dropped)
SAMPLE(fleet_memory, scrape->fleet.memory)
SAMPLE(notify_sent, scrape->notify.sent)
SAMPLE(notify_failed, scrape->notify.failed)
SAMPLE(notify_retried, scrape->notify.retried)
SAMPLE(notify_waiting, scrape->notify.waiting)
SAMPLE(notify_held, scrape->notify.held)
SAMPLE(store_writable, scrape->store.writable)
SAMPLE(store_bytes, scrape->store.bytes)
SAMPLE(store_queued, scrape->store.queued)
SAMPLE(store_readings, scrape->store.readings_written)
SAMPLE(store_states, scrape->store.states_written)
SAMPLE(store_actions, scrape->store.actions_written)
SAMPLE(store_dropped, scrape->store.readings_dropped + scrape->store.states_dropped)
SAMPLE(store_refused, scrape->store.readings_refused)
SAMPLE(store_cleaned, scrape->store.texts_cleaned)
SAMPLE(store_commit, scrape->store.commit_p99 / 1000.0)
SAMPLE(connections, scrape->api->figures.connections)
SAMPLE(open_connections, scrape->api->figures.open_connections)
SAMPLE(refused_logins, scrape->api->figures.refused_logins)
SAMPLE(killed_slow, scrape->api->figures.killed_slow)
SAMPLE(open_streams, scrape->api->figures.open_streams)
SAMPLE(dropped_streams, scrape->api->figures.dropped_streams)
SAMPLE(events, scrape->api->figures.events)
SAMPLE(reloads, scrape->api->site->counters ? scrape->api->site->counters->reloads : 0)
SAMPLE(reloads_refused, scrape->api->site->counters ? scrape->api->site->counters->reloads_refused : 0)

SAMPLE(alerts_raised, scrape->alerts.raised)
SAMPLE(alerts_cleared, scrape->alerts.cleared)
SAMPLE(alerts_deduplicated, scrape->alerts.deduplicated)
SAMPLE(alerts_notices, scrape->alerts.notices)
SAMPLE(alerts_storms, scrape->alerts.storms)
SAMPLE(alerts_dropped, scrape->alerts.dropped)
SAMPLE(alerts_unwritten, scrape->alerts.unwritten)
SAMPLE(alerts_memory, scrape->alerts.memory)
SAMPLE(alerts_unhandled, scrape->counts.unhandled)
SAMPLE(alerts_flood, scrape->counts.flood)

static void write_alerts_by_state(struct scrape *scrape)
{
    for (int state = 0; state < ALERT_STATE_COUNT; state++)
        labelled(scrape, "state", alert_state_name((enum alert_state)state), scrape->counts.by_state[state]);
}

static void write_alerts_by_severity(struct scrape *scrape)
{
    for (int severity = 0; severity < SEVERITY_COUNT; severity++)
        labelled(scrape, "severity", severity_name((enum severity)severity), scrape->counts.by_severity[severity]);
}

static void write_build(struct scrape *scrape)
{
    labelled(scrape, "version", scrape->api->site->version, 1);
}

static void write_by_health(struct scrape *scrape)
{
    for (int health = 0; health < HEALTH_COUNT; health++)
        labelled(scrape, "health", health_name((enum health)health), scrape->fleet.by_health[health]);
}

static void write_contracted(struct scrape *scrape, bool need)
{
    const struct site *site = scrape->api->site;
    for (size_t i = 0; i < site->population_count; i++) {
        struct site_contracted row;
        if (!site_contracted(site, scrape->api->fleet, i, NULL, &row, NULL))
            continue;
        buffer_printf(scrape->out, "%s{contract=\"", scrape->name);
        append_label(scrape->out, row.population->contract);
        buffer_append_text(scrape->out, "\",population=\"");
        append_label(scrape->out, row.population->name);
        buffer_printf(scrape->out, "\"} %u\n", need ? row.population->need : row.have);
    }
}

static void write_contracted_have(struct scrape *scrape)
{
    write_contracted(scrape, false);
}

static void write_contracted_need(struct scrape *scrape)
{
    write_contracted(scrape, true);
}

/* ---- sources ---- */

static void each_source(struct scrape *scrape, double (*value)(const struct source *source))
{
    const struct site *site = scrape->api->site;
    for (size_t i = 0; i < site->source_count; i++)
        labelled(scrape, "source", site->sources[i]->name, value(site->sources[i]));
    labelled(scrape, "source", scrape->api->pushed->name, value(scrape->api->pushed));
    for (size_t i = 0; i < ARRAY_COUNT(scrape->api->unasked); i++)
        if (scrape->api->unasked[i])
            labelled(scrape, "source", scrape->api->unasked[i]->name, value(scrape->api->unasked[i]));
}

#define SOURCE_SAMPLE(name, expression)                         \
    static double value_##name(const struct source *source)     \
    {                                                           \
        return (double)(expression);                            \
    }                                                           \
    static void write_source_##name(struct scrape *scrape)      \
    {                                                           \
        each_source(scrape, value_##name);                      \
    }
SOURCE_SAMPLE(up, source->status == SOURCE_RUNNING)
SOURCE_SAMPLE(messages, source->messages)
SOURCE_SAMPLE(readings, source->readings)
SOURCE_SAMPLE(bytes, source->bytes)
SOURCE_SAMPLE(bad, source->bad)
SOURCE_SAMPLE(checks, source->checks)
SOURCE_SAMPLE(failures, source->failures)
SOURCE_SAMPLE(reconnects, source->reconnects)
SOURCE_SAMPLE(last_heard, source->last_heard == CLOCK_NEVER ? 0 : source->last_heard / 1000.0)

/* ---- heartbeats ---- */

static void write_heartbeat_up(struct scrape *scrape)
{
    struct heartbeat_view view;
    for (unsigned i = 0; scrape->api->heartbeats && heartbeats_at(scrape->api->heartbeats, i, &view); i++)
        labelled(scrape, "heartbeat", view.plan->name, view.state == HEARTBEAT_OK || view.state == HEARTBEAT_LATE);
}

static void write_heartbeat_last(struct scrape *scrape)
{
    struct heartbeat_view view;
    for (unsigned i = 0; scrape->api->heartbeats && heartbeats_at(scrape->api->heartbeats, i, &view); i++)
        labelled(scrape, "heartbeat", view.plan->name, view.last == CLOCK_NEVER ? 0 : (double)view.last / 1000.0);
}

/* ---- the door itself ---- */

static void write_answers(struct scrape *scrape)
{
    for (unsigned row = 0; row <= route_count; row++)
        for (unsigned hundred = 1; hundred < 6; hundred++) {
            uint64_t count = scrape->api->figures.answers[row][hundred];
            if (count)
                buffer_printf(scrape->out, "%s{method=\"%s\",path=\"%s\",code=\"%uxx\"} %llu\n", scrape->name,
                              row < route_count ? routes[row].method : "", row < route_count ? routes[row].path : "",
                              hundred, (unsigned long long)count);
        }
}

static void write_latency(struct scrape *scrape)
{
    const struct figures *figures = &scrape->api->figures;
    uint64_t count = 0;
    for (unsigned bucket = 0; bucket <= LATENCY_BUCKETS; bucket++) {
        count += figures->latency[bucket];
        if (bucket < LATENCY_BUCKETS)
            buffer_printf(scrape->out, "%s_bucket{le=\"%g\"} %llu\n", scrape->name, latency_bound[bucket],
                          (unsigned long long)count);
        else
            buffer_printf(scrape->out, "%s_bucket{le=\"+Inf\"} %llu\n", scrape->name, (unsigned long long)count);
    }
    buffer_printf(scrape->out, "%s_sum %.9g\n%s_count %llu\n", scrape->name, figures->latency_sum, scrape->name,
                  (unsigned long long)count);
}

static void write_cpu(struct scrape *scrape)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    sample(scrape, (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                       ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6);
}

static void write_memory(struct scrape *scrape)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    sample(scrape, (double)pages * (double)sysconf(_SC_PAGESIZE));
}

static const struct family { const char *name, *type, *help; void (*write)(struct scrape *scrape); } families[] = {
    {"nocturne_build_info", "gauge", "The daemon's version, as a label.", write_build},
    {"nocturne_started_seconds", "gauge", "When the daemon started, Unix time.", write_started},
    {"nocturne_assets", "gauge", "Assets of the ledger and discovered ones.", write_assets_total},
    {"nocturne_assets_discovered", "gauge", "Assets that spoke without being in the ledger.", write_discovered},
    {"nocturne_assets_by_health", "gauge", "Assets by health.", write_by_health},
    {"nocturne_contracted_have", "gauge", "Assets of a contracted population that are online and normal.",
     write_contracted_have},
    {"nocturne_contracted_need", "gauge", "How many the contract asks for.", write_contracted_need},
    {"nocturne_messages_total", "counter", "Messages judged.", write_messages},
    {"nocturne_readings_total", "counter", "Readings judged.", write_readings},
    {"nocturne_duplicates_total", "counter", "Readings that had come before.", write_duplicates},
    {"nocturne_wrong_times_total", "counter", "Readings whose time was impossible.", write_wrong_times},
    {"nocturne_dropped_total", "counter", "Messages of unknown assets beyond the limit.", write_dropped},
    {"nocturne_fleet_bytes", "gauge", "Memory of the fleet.", write_fleet_memory},
    {"nocturne_source_up", "gauge", "1 while the source runs.", write_source_up},
    {"nocturne_source_messages_total", "counter", "Messages of a source.", write_source_messages},
    {"nocturne_source_readings_total", "counter", "Readings of a source.", write_source_readings},
    {"nocturne_source_bytes_total", "counter", "Bytes of a source.", write_source_bytes},
    {"nocturne_source_bad_total", "counter", "Bad inputs of a source.", write_source_bad},
    {"nocturne_source_checks_total", "counter", "Probes and checks that a source made.", write_source_checks},
    {"nocturne_source_failures_total", "counter", "Probes and checks that failed.", write_source_failures},
    {"nocturne_source_reconnects_total", "counter", "Times a source connected again.", write_source_reconnects},
    {"nocturne_heartbeat_up", "gauge", "1 while a heartbeat beats.", write_heartbeat_up},
    {"nocturne_heartbeat_last_seconds", "gauge", "When a heartbeat was last heard, Unix time; 0 never.", write_heartbeat_last},
    {"nocturne_source_last_heard_seconds", "gauge", "When a source was last heard, Unix time; 0 never.",
     write_source_last_heard},
    {"nocturne_notifications_sent_total", "counter", "Messages that were delivered.", write_notify_sent},
    {"nocturne_notifications_failed_total", "counter", "Messages given up.", write_notify_failed},
    {"nocturne_notifications_retried_total", "counter", "Attempts that failed and are made again.", write_notify_retried},
    {"nocturne_notifications_waiting", "gauge", "Messages on their way.", write_notify_waiting},
    {"nocturne_notifications_held", "gauge", "Notices being gathered or held by quiet hours.", write_notify_held},
    {"nocturne_store_writable", "gauge", "1 while commits succeed.", write_store_writable},
    {"nocturne_store_bytes", "gauge", "Size of the store.", write_store_bytes},
    {"nocturne_store_queued", "gauge", "Telemetry rows waiting for a commit.", write_store_queued},
    {"nocturne_store_readings_total", "counter", "Readings committed.", write_store_readings},
    {"nocturne_store_states_total", "counter", "State changes committed.", write_store_states},
    {"nocturne_store_actions_total", "counter", "Actions of people committed.", write_store_actions},
    {"nocturne_store_dropped_total", "counter", "Telemetry given up because the disk refused too long.",
     write_store_dropped},
    {"nocturne_store_refused_total", "counter", "Readings too old or too far ahead to store.", write_store_refused},
    {"nocturne_store_texts_cleaned_total", "counter", "Texts that were no UTF-8 and were cleaned for PostgreSQL.",
     write_store_cleaned},
    {"nocturne_store_commit_p99_seconds", "gauge", "99th percentile of recent commits.", write_store_commit},
    {"nocturne_alerts", "gauge", "Alerts by state.", write_alerts_by_state},
    {"nocturne_alerts_by_severity", "gauge", "Alerts that are not closed, by severity.", write_alerts_by_severity},
    {"nocturne_alerts_unhandled", "gauge", "Alerts that need hands.", write_alerts_unhandled},
    {"nocturne_alerts_flood", "gauge", "1 while alerts come faster than people can look.", write_alerts_flood},
    {"nocturne_alerts_raised_total", "counter", "Alerts raised or reopened.", write_alerts_raised},
    {"nocturne_alerts_cleared_total", "counter", "Alerts cleared.", write_alerts_cleared},
    {"nocturne_alerts_deduplicated_total", "counter", "Reports of what was known.", write_alerts_deduplicated},
    {"nocturne_alerts_notices_total", "counter", "Notices to people.", write_alerts_notices},
    {"nocturne_alerts_storms_total", "counter", "Storms found.", write_alerts_storms},
    {"nocturne_alerts_events_dropped_total", "counter", "Timeline entries given up because the disk refused too long.",
     write_alerts_dropped},
    {"nocturne_alerts_unwritten", "gauge", "Changes of alerts waiting for a commit.", write_alerts_unwritten},
    {"nocturne_alerts_bytes", "gauge", "Memory of the alert desk.", write_alerts_memory},
    {"nocturne_http_answers_total", "counter", "Answers by route and hundreds of the status.", write_answers},
    {"nocturne_http_answer_seconds", "histogram", "Time from the first line of a request to its answer.", write_latency},
    {"nocturne_http_connections_total", "counter", "Connections accepted.", write_connections},
    {"nocturne_http_connections", "gauge", "Connections open.", write_open_connections},
    {"nocturne_http_refused_logins_total", "counter", "Requests whose sender could not say who they are.",
     write_refused_logins},
    {"nocturne_http_slow_ended_total", "counter", "Connections ended because a request took too long to arrive.",
     write_killed_slow},
    {"nocturne_events_total", "counter", "Events published.", write_events},
    {"nocturne_event_streams", "gauge", "Event streams open.", write_open_streams},
    {"nocturne_event_streams_dropped_total", "counter", "Event streams ended because their reader was too slow.",
     write_dropped_streams},
    {"nocturne_reloads_total", "counter", "Reloads that took force.", write_reloads},
    {"nocturne_reloads_refused_total", "counter", "Reloads refused for a mistake in the configuration.",
     write_reloads_refused},
    {"process_cpu_seconds_total", "counter", "CPU time of the daemon.", write_cpu},
    {"process_resident_memory_bytes", "gauge", "Resident memory of the daemon.", write_memory},
};

void metrics_write(struct api *api, struct buffer *out)
{
    struct scrape scrape = {.api = api, .out = out};
    fleet_status(api->fleet, &scrape.fleet);
    store_status(api->store, &scrape.store);
    if (api->notify)
        notify_status(api->notify, &scrape.notify);
    if (api->alerts) {
        const struct alert *const *rows;
        uint32_t count;
        alerts_status(api->alerts, &scrape.alerts);
        alerts_select(api->alerts, &(struct alert_select){.filter = ""}, &rows, &count, &scrape.counts, NULL);
    }
    for (size_t i = 0; i < ARRAY_COUNT(families); i++) {
        scrape.name = families[i].name;
        buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", families[i].name, families[i].help, families[i].name,
                      families[i].type);
        families[i].write(&scrape);
    }
}

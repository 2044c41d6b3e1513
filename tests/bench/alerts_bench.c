/* The alert desk at the campus's size, by itself, on the SQLite store: reports through deduplication, memory, queries,
 * and a site that is lost at once.
 *   alerts_bench GATEWAYS TERMINALS ALERTS DIRECTORY
 * prints lines "name value unit". */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "engine/alerts_private.h"
#include "engine/ledger.h"

static double now_ms(void)
{
    return (double)uv_hrtime() / 1e6;
}

static void print(const char *name, double value, const char *unit)
{
    printf("%s %.5g %s\n", name, value, unit);
    fflush(stdout);
}

static size_t resident(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void applied(void *owner, const struct error *error)
{
    if (error) {
        fprintf(stderr, "ledger: %s\n", error->text);
        exit(1);
    }
    *(bool *)owner = true;
}

static void load_fleet(uv_loop_t *loop, struct fleet *fleet, unsigned gateways, unsigned terminals)
{
    struct buffer csv = BUFFER_INIT;
    struct error error;
    struct ledger_change *change;
    bool done = false;
    buffer_append_text(&csv, "id,name,kind,class,parent,building,unit,period\n");
    for (unsigned g = 0; g < gateways; g++)
        buffer_printf(&csv, "GW-A-%05u,供水网关%05u,gateway,iot-gateway,,涵英楼%u,后勤保障部,60s\n", g, g, g / 100);
    for (unsigned t = 0; t < terminals; t++)
        buffer_printf(&csv, "T-%06u,室温传感器%06u,terminal,temperature,GW-A-%05u,涵英楼%u,后勤保障部,36m\n", t, t,
                      t % gateways, t % gateways / 100);
    if (!ledger_read(fleet, "bench.csv", csv.data, csv.length, false, &change, &error)) {
        fprintf(stderr, "ledger: %s\n", error.text);
        exit(1);
    }
    buffer_release(&csv);
    fleet_apply_ledger(fleet, change, "user:bench", applied, &done);
    while (!done)
        uv_run(loop, UV_RUN_ONCE);
}

static double stalled; /* the longest that the loop was held by putting a batch together */

static void settle(uv_loop_t *loop, struct alerts *alerts)
{
    struct alerts_status status;
    stalled = 0;
    do {
        double started = now_ms();
        alerts_flush(alerts);
        stalled = now_ms() - started > stalled ? now_ms() - started : stalled;
        uv_run(loop, UV_RUN_ONCE);
        alerts_status(alerts, &status);
    } while (status.unwritten || alerts->flushing);
}

static void report_all(struct alerts *alerts, unsigned terminals, unsigned count, enum severity severity)
{
    char id[16];
    for (unsigned i = 0; i < count; i++) {
        snprintf(id, sizeof id, "T-%06u", i % terminals);
        alerts_breach(alerts, &(struct alert_report){
            .source = "rule", .rule = i < terminals ? "hot" : "wet", .asset = fleet_find(alerts->fleet, id), .point = "temperature",
            .name = "温度过高", .type = "environmental", .severity = severity, .summary = "31.2 over 30 for 2m",
            .runbook = "aircon", .has_value = true, .value = 31.2, .threshold = 30});
    }
}

/* The mean; the first one, which brings the queue in order, is not counted. */
static double time_select(struct alerts *alerts, const char *filter, const char *sort, unsigned rounds)
{
    double sum = 0;
    for (unsigned i = 0; i <= rounds; i++) {
        const struct alert *const *rows;
        uint32_t count;
        struct alert_counts counts;
        alerts->revision++; /* nothing comes from what is kept */
        double started = now_ms();
        alerts_select(alerts, &(struct alert_select){.filter = filter, .sort = sort}, &rows, &count, &counts, NULL);
        sum += i ? now_ms() - started : 0;
    }
    return sum / rounds;
}

/* All by what they have in common, after a change; and when nothing has changed. */
static double time_gather(struct alerts *alerts, const char *by, bool kept, unsigned rounds)
{
    double sum = 0;
    for (unsigned i = 0; i <= rounds; i++) {
        const struct alerts_gathered *rows;
        uint32_t count;
        alerts->revision += !kept;
        double started = now_ms();
        alerts_gather(alerts, &(struct alert_select){.filter = ""}, by, &rows, &count, NULL);
        sum += i ? now_ms() - started : 0;
    }
    return sum / rounds;
}

/* One alert changes, then the first screen is asked for: what a move key may wait for behind a busy desk. */
static double time_change(struct alerts *alerts, unsigned rounds)
{
    double sum = 0;
    for (unsigned i = 0; i < rounds; i++) {
        report_all(alerts, 1, 1, i % 2 ? SEVERITY_MAJOR : SEVERITY_CRITICAL);
        const struct alert *const *rows;
        uint32_t count;
        struct alert_counts counts;
        double started = now_ms();
        alerts_select(alerts, &(struct alert_select){.filter = "", .person = "user:wang"}, &rows, &count, &counts, NULL);
        sum += now_ms() - started;
    }
    return sum / rounds;
}

static void lose_everything(uv_loop_t *loop, struct fleet *fleet, struct alerts *alerts, unsigned gateways, unsigned terminals)
{
    struct sink sink = fleet_sink(fleet);
    struct collector_ops ops = {.type = "icmp"};
    struct source source = {.name = (char *)(uintptr_t)"probe", .ops = &ops};
    struct alerts_status status;
    struct alert_counts counts;
    const struct alert *const *rows;
    uint32_t count;
    char id[16];
    for (uint32_t asset = 0; asset < fleet->count; asset++)
        sink.ops->message(sink.owner, &source, asset, SINK_NONE, CLOCK_NEVER, NULL, 0, "{}", 2);
    double started = now_ms();
    for (unsigned g = 0; g < gateways; g++) {
        snprintf(id, sizeof id, "GW-A-%05u", g);
        sink.ops->link(sink.owner, &source, fleet_find(fleet, id), LINK_DOWN, "no echo");
    }
    alerts_select(alerts, &(struct alert_select){.filter = "rule:gateway-offline,storm-building-gateways,storm-network-gateways"},
                  &rows, &count, &counts, NULL); /* what stands before people */
    print("outage_folded", now_ms() - started, "ms");
    print("outage_causes", count, "alerts");
    alerts_select(alerts, &(struct alert_select){.filter = "rule:gateway-offline", .all = true}, &rows, &count, &counts, NULL);
    uint32_t dead = count;
    alerts_select(alerts, &(struct alert_select){.filter = "rule:terminal-no-data state:dependency", .all = true}, &rows, &count,
                  &counts, NULL);
    print("outage_symptoms", count, "alerts");
    print("outage_lost", (double)gateways + terminals - dead - count, "alerts");
    settle(loop, alerts);
    print("outage_durable", now_ms() - started, "ms");
    print("outage_stall", stalled, "ms");
    alerts_status(alerts, &status);
    print("outage_notices", (double)status.notices, "notices");
    print("screen_during", time_select(alerts, "", "", 20), "ms");
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    unsigned gateways = (unsigned)atoi(argv[1]), terminals = (unsigned)atoi(argv[2]), count = (unsigned)atoi(argv[3]);
    struct error error;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct store *store = store_open(&loop, &(struct store_options){.url = "sqlite", .state_dir = argv[4]}, &error);
    static const struct fleet_options options = {.stale_periods = 1.5, .timeout_periods = 3, .default_period = 15 * SPAN_MINUTE,
                                                 .discovered_limit = 10, .future_limit = 5 * SPAN_MINUTE, .past_limit = 30 * SPAN_DAY};
    if (!store) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    struct fleet *fleet = fleet_new(&loop, store, &options);
    load_fleet(&loop, fleet, gateways, terminals);
    struct alerts *alerts = alerts_new(&loop, fleet, store, &(struct alerts_options){.flood_rate = 100});
    malloc_trim(0);
    size_t before = resident();
    double started = now_ms();
    report_all(alerts, terminals, count, SEVERITY_MAJOR);
    print("new_rate", count / (now_ms() - started) * 1000, "alerts/s");
    settle(&loop, alerts);
    print("new_durable_rate", count / (now_ms() - started) * 1000, "alerts/s");
    malloc_trim(0);
    print("rss_each", (double)(resident() - before) / count, "bytes");
    started = now_ms();
    report_all(alerts, terminals, count, SEVERITY_MAJOR);
    print("duplicate_rate", count / (now_ms() - started) * 1000, "alerts/s");
    print("gateway_query", time_select(alerts, "gateway:GW-A-00042", "", 50), "ms");
    print("all_query", time_select(alerts, "", "", 20), "ms");
    print("word_query", time_select(alerts, "室温", "", 3), "ms");
    print("sorted_query", time_select(alerts, "", "-occurrences,asset", 3), "ms");
    print("by_place", time_gather(alerts, "place", false, 20), "ms");
    print("by_rule", time_gather(alerts, "rule", false, 20), "ms");
    print("by_building", time_gather(alerts, "building", false, 20), "ms");
    print("by_cause", time_gather(alerts, "cause", false, 20), "ms");
    print("by_place_again", time_gather(alerts, "place", true, 20), "ms");
    print("change_and_screen", time_change(alerts, 200), "ms");
    struct alerts_health *health = alerts_health_new(alerts, fleet);
    lose_everything(&loop, fleet, alerts, gateways, terminals);
    alerts_health_free(&health);
    alerts_free(&alerts);
    started = now_ms();
    alerts = alerts_new(&loop, fleet, store, NULL);
    while (uv_run(&loop, UV_RUN_NOWAIT) && now_ms() - started < 200)
        ;
    started = now_ms();
    if (!alerts_load(alerts, &error))
        fprintf(stderr, "%s\n", error.text);
    print("load", now_ms() - started, "ms");
    alerts_free(&alerts);
    store_close(&store);
    fleet_free(&fleet);
    while (uv_run(&loop, UV_RUN_DEFAULT))
        ;
    return 0;
}

/* The fleet alone, at a given size: what a filter key, a sort, the board, a mass outage and a message cost.
 *   fleet_bench GATEWAYS TERMINALS
 * prints lines "name value unit"; the bytes are the fleet's own reckoning, beside what the process really took. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/fleet_private.h"
#include "engine/ledger.h"

#define CHILDREN(gateways, terminals) ((terminals) / (gateways))

static const char *const buildings[] = {"涵英楼", "泓理楼", "西一楼", "东二学生公寓", "图书馆", "能源中心", "体育馆", "巨构"};
static const char *const classes[] = {"electricity-meter", "water-meter", "temperature", "smoke", "fan-coil", "lighting-controller"};
static const char *const nouns[] = {"照明电表", "生活水表", "室温传感器", "烟雾探测器", "风机盘管温控器", "照明控制器"};

static double now_ms(void)
{
    return (double)uv_hrtime() / 1e6;
}

static void print(const char *name, double value, const char *unit)
{
    printf("%s %.4g %s\n", name, value, unit);
    fflush(stdout);
}

static void put_ledger(unsigned gateways, unsigned terminals, struct buffer *csv)
{
    buffer_append_text(csv, "id,name,kind,class,parent,subsystem,site,building,floor,room,model,vendor,serial,asset_tag,"
                            "unit,tags,address,period,status,contract\n");
    for (unsigned g = 0; g < gateways; g++)
        buffer_printf(csv, "GW-A-%05u,供水网关%05u,gateway,iot-gateway,,供水管理,创新港,%s,%uF,弱电间%u,EG-201,云栈物联,SN25%012X,"
                           "ZC-2025-%06u,后勤保障部,物联接入,127.1.%u.%u,60s,installed,campus-iot\n",
                      g, g, buildings[g % 8], 1 + g / 8 % 12, 1 + g % 4, g * 2654435761u, g, g / 250 % 250, g % 250);
    for (unsigned t = 0; t < terminals; t++) {
        unsigned g = t / CHILDREN(gateways, terminals);
        g = g < gateways ? g : gateways - 1;
        buffer_printf(csv, "%s-%06u,%u-%u%s%02u,terminal,%s,GW-A-%05u,供水管理,创新港,%s,%uF,%u-%u%02u,HC-L120,恒测仪表,"
                           "SN26%012X,ZC-2026-%06u,后勤保障部,用能计量;供水,modbus:%u,36m,installed,campus-iot\n",
                      t % 2 ? "EM" : "TH", t, 1 + g % 4, 100 + t % 900, nouns[t % 6], t % 100, classes[t % 6], g,
                      buildings[g % 8], 1 + g / 8 % 12, 1 + g % 4, 1 + g / 8 % 12, t % 40, t * 2654435761u, t, t % 247);
    }
}

static void applied(void *owner, const struct error *error)
{
    if (error)
        fprintf(stderr, "ledger: %s\n", error->text);
    *(bool *)owner = true;
}

static void say_all(struct fleet *fleet, struct sink *sink, struct source *source, unsigned rounds, double *each_ns)
{
    static const char *const names[] = {"temperature", "humidity", "battery"};
    static const char raw[] = "{\"ts\":1795233600000,\"values\":{\"temperature\":21.4,\"humidity\":43.1,\"battery\":96},\"seq\":123456,\"fw\":\"2.1.7\"}";
    struct sink_value values[3];
    for (int i = 0; i < 3; i++)
        values[i].metric = sink->ops->metric(sink->owner, names[i], strlen(names[i]));
    double started = now_ms();
    for (unsigned round = 0; round < rounds; round++)
        for (uint32_t asset = 0; asset < fleet->count; asset++) {
            for (int i = 0; i < 3; i++)
                values[i].value = round + i + asset % 100 / 10.0;
            sink->ops->message(sink->owner, source, asset, SINK_NONE, CLOCK_NEVER, values, 3, raw, sizeof raw - 1);
        }
    *each_ns = (now_ms() - started) * 1e6 / rounds / fleet->count;
}

/* A filter as somebody types it: each step is asked once, so nothing comes from the cache. */
static void time_filter(struct fleet *fleet, const char *name, const char *const *steps)
{
    double worst = 0, sum = 0;
    unsigned count = 0;
    struct fleet_result result;
    struct error error;
    for (; *steps; steps++, count++) {
        double started = now_ms();
        if (!fleet_select(fleet, &(struct fleet_query){.filter = *steps}, &result, &error)) {
            fprintf(stderr, "%s: %s\n", *steps, error.text);
            return;
        }
        double took = now_ms() - started;
        worst = took > worst ? took : worst;
        sum += took;
        fprintf(stderr, "    %-40s %8u rows %8.3f ms\n", *steps, result.total, took);
    }
    char label[80];
    snprintf(label, sizeof label, "%s_mean", name);
    print(label, sum / count, "ms");
    snprintf(label, sizeof label, "%s_worst", name);
    print(label, worst, "ms");
}

static void time_queries(struct fleet *fleet)
{
    struct fleet_result result;
    struct fleet_board board;
    double started = now_ms();
    fleet_select(fleet, &(struct fleet_query){0}, &result, NULL);
    print("first_list", now_ms() - started, "ms");
    fleet->revision++;
    fleet_queries_free(fleet);
    started = now_ms();
    fleet_select(fleet, &(struct fleet_query){0}, &result, NULL);
    print("sort_again", now_ms() - started, "ms");
    started = now_ms();
    fleet_select(fleet, &(struct fleet_query){.sort = "building,-name"}, &result, NULL);
    print("sort_other", now_ms() - started, "ms");
    started = now_ms();
    fleet_board(fleet, "building", "", FLEET_WORST_FIRST, NULL, &board, NULL);
    print("board", now_ms() - started, "ms");
    time_filter(fleet, "word", (const char *const[]){"e", "em", "em-", "em-0047", "em-00471", NULL});
    time_filter(fleet, "chinese", (const char *const[]){"风", "风机", "风机盘", "风机盘管温控器07", "能源中心", NULL});
    time_filter(fleet, "fields", (const char *const[]){"kind:gateway", "kind:terminal class:temperature", "health:ok,stale 涵英楼",
                                                       "building~涵英 水表", "metric.temperature>8.2", "tag:供水 under:GW-A-00007", NULL});
}

static void time_outage(struct fleet *fleet, struct sink *sink, struct source *probe)
{
    double started = now_ms();
    unsigned gateways = 0;
    for (uint32_t asset = 0; asset < fleet->count; asset++)
        if (live_at(fleet, asset)->kind_is_gateway) {
            sink->ops->link(sink->owner, probe, asset, LINK_DOWN, "no echo for 31 s");
            gateways++;
        }
    print("outage_of_everything", now_ms() - started, "ms");
    fprintf(stderr, "    %u gateways, %u unreachable\n", gateways, fleet->by_health[HEALTH_UNREACHABLE]);
    started = now_ms();
    for (uint32_t asset = 0; asset < fleet->count; asset++)
        if (live_at(fleet, asset)->kind_is_gateway)
            sink->ops->link(sink->owner, probe, asset, LINK_UP, "echo");
    print("return_of_everything", now_ms() - started, "ms");
}

int main(int count, char **arguments)
{
    unsigned gateways = count > 1 ? (unsigned)atoi(arguments[1]) : 1100, terminals = count > 2 ? (unsigned)atoi(arguments[2]) : 48000;
    if (!gateways || terminals < gateways)
        return 2;
    static const struct fleet_options options = {
        .stale_periods = 1.5, .timeout_periods = 3, .default_period = 15 * SPAN_MINUTE, .discovered_limit = 100,
        .future_limit = 5 * SPAN_MINUTE, .past_limit = 30 * SPAN_DAY};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct store *store = store_open(&loop, &(struct store_options){.url = "memory", .state_dir = ""}, NULL);
    struct fleet *fleet = fleet_new(&loop, store, &options);
    struct sink sink = fleet_sink(fleet);
    struct collector_ops ops = {.type = "mqtt"}, probe_ops = {.type = "icmp"};
    struct source *source = source_new(&loop, sink, "campus", &ops), *probe = source_new(&loop, sink, "gateways", &probe_ops);
    struct buffer csv = BUFFER_INIT;
    struct ledger_change *change;
    struct ledger_summary summary;
    struct error error;
    bool done = false;
    put_ledger(gateways, terminals, &csv);
    double started = now_ms();
    if (!ledger_read(fleet, "bench.csv", buffer_text(&csv), csv.length, false, &change, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    print("ledger_read", now_ms() - started, "ms");
    ledger_change_summary(change, &summary);
    buffer_release(&csv);
    started = now_ms();
    fleet_apply_ledger(fleet, change, "bench", applied, &done);
    while (!done)
        uv_run(&loop, UV_RUN_ONCE);
    print("ledger_apply", now_ms() - started, "ms");
    double message_ns;
    say_all(fleet, &sink, source, 2, &message_ns);
    print("message", message_ns, "ns");
    time_queries(fleet);
    struct fleet_status status;
    fleet_status(fleet, &status);
    print("bytes_an_asset", (double)status.memory / status.assets, "bytes");
    time_outage(fleet, &sink, probe);
    return summary.rejected ? 1 : 0;
}

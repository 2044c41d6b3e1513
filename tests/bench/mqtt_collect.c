/* The mqtt collector alone, with a sink that counts: what reading, decoding and handing over cost.
 * mqtt_collect PORT|URL TOPIC COUNT: ends after COUNT messages, or when none came for 3 s. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "collect/collector.h"

struct counter {
    uint32_t names;
    uint64_t messages, values;
};

static uint32_t counter_asset(void *owner, struct source *source, const char *id, size_t length)
{
    (void)source, (void)id, (void)length;
    return ((struct counter *)owner)->names++;
}

static uint32_t counter_metric(void *owner, const char *name, size_t length)
{
    (void)name, (void)length;
    return ((struct counter *)owner)->names++;
}

static void counter_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                            const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    struct counter *counter = owner;
    (void)source, (void)asset, (void)via, (void)time, (void)values, (void)raw, (void)raw_length;
    counter->messages++;
    counter->values += count;
}

static uint64_t counter_revision(void *owner)
{
    (void)owner;
    return 1;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

int main(int count, char **words)
{
    static const struct sink_ops ops = {.asset = counter_asset, .metric = counter_metric, .message = counter_message,
                                        .ledger_revision = counter_revision};
    struct counter counter = {0};
    struct config_problems problems;
    struct error error;
    uv_loop_t loop;
    uv_timer_t tick;
    if (count < 4)
        return 2;
    uint64_t wanted = strtoull(words[3], NULL, 10), last = 0;
    char *yaml = memory_printf("{url: '%s%s', topic: '%s', time: /ts, values: /values}",
                               strstr(words[1], "://") ? "" : "mqtt://127.0.0.1:", words[1], words[2]);
    struct config *config = config_new();
    config_problems_init(&problems);
    config_load_text(config, "bench", yaml, strlen(yaml), &problems);
    uv_loop_init(&loop);
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 500, 500);
    struct source *source = source_new(&loop, (struct sink){&ops, &counter}, "bench", collector_find("mqtt"));
    if (!source->ops->start(source, config_root(config), &error))
        return 1;
    msec heard = clock_steady();
    bool ready = false;
    while (counter.messages < wanted && clock_steady() - heard < (counter.messages ? 3000 : 20000)) {
        uv_run(&loop, UV_RUN_ONCE);
        if (!ready && source->status == SOURCE_RUNNING) {
            ready = true;
            puts("ready");
            fflush(stdout);
        }
        if (counter.messages != last)
            heard = clock_steady();
        last = counter.messages;
    }
    if (source->bad || counter.values < counter.messages)
        fprintf(stderr, "mqtt_collect: %s: bad %llu\n", source->detail, (unsigned long long)source->bad);
    printf("%llu\n", (unsigned long long)counter.messages);
    source->ops->stop(source);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    source_free(&source);
    config_free(&config);
    config_problems_release(&problems);
    free(yaml);
    return 0;
}

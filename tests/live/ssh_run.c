/* Behind tests/live/test_ssh: one host watched by the SSH collector, and one thing done on it.
 *   ssh_run ADDRESS USER KEY KNOWN_HOSTS run|timeout|limit|cancel|disconnect|attend COMMAND
 * Tells what came, a line a piece. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/log.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "model/host.h"

struct trial {
    uv_loop_t loop;
    struct source *source;
    const char *address, *what, *command;
    unsigned answers, with_processes;
    struct host_running *running;
    bool begun, ended;
    uv_timer_t timer;
};

static uint32_t trial_asset(void *owner, struct source *source, const char *id, size_t length)
{
    (void)owner, (void)source, (void)id, (void)length;
    return 0;
}

static uint32_t trial_metric(void *owner, const char *name, size_t length)
{
    (void)owner, (void)name, (void)length;
    return 0;
}

static void trial_message(void *owner, struct source *source, uint32_t asset, uint32_t via, msec time,
                          const struct sink_value *values, unsigned count, const char *raw, size_t raw_length)
{
    (void)owner, (void)source, (void)asset, (void)via, (void)time, (void)values, (void)count, (void)raw, (void)raw_length;
}

static void trial_link(void *owner, struct source *source, uint32_t asset, enum link_state state, const char *evidence)
{
    (void)owner, (void)source, (void)asset;
    printf("link %s: %s\n", state == LINK_UP ? "up" : "down", evidence);
}

static void trial_check(void *owner, struct source *source, uint32_t asset, enum health verdict, const char *evidence)
{
    (void)owner, (void)source, (void)asset, (void)verdict;
    printf("check: %s\n", evidence);
}

static void trial_end(struct trial *trial)
{
    trial->ended = true;
    uv_stop(&trial->loop);
}

static void ran_output(void *owner, const char *bytes, size_t length, bool errors)
{
    struct trial *trial = owner;
    if (strcmp(trial->what, "limit") != 0)
        printf("%s: %.*s%s", errors ? "err" : "out", (int)length, bytes, length && bytes[length - 1] == '\n' ? "" : "\n");
}

static void ran(void *owner, int exit_code, const struct error *error)
{
    struct trial *trial = owner;
    trial->running = NULL;
    if (error)
        printf("%s: %s\n", error_code_name(error->code), error->text);
    else
        printf("exit %d\n", exit_code);
    trial_end(trial);
}

static void cancel_due(uv_timer_t *timer)
{
    struct trial *trial = timer->data;
    trial->source->ops->cancel(trial->source, trial->running);
    printf("cancelled\n");
    uv_timer_stop(timer);
    trial_end(trial);
}

static void attended_long_enough(uv_timer_t *timer)
{
    struct trial *trial = timer->data;
    if (trial->with_processes < 2) { /* a busy machine needs longer */
        uv_timer_start(timer, attended_long_enough, 500, 0);
        return;
    }
    trial->source->ops->attend(trial->source, 0, 0);
    printf("attended: %u answers with processes\n", trial->with_processes);
    trial_end(trial);
}

static void begin(struct trial *trial)
{
    struct error error = {0};
    const struct host_run run = {.command = trial->command, .output = ran_output, .done = ran, .owner = trial,
                                 .timeout = strcmp(trial->what, "timeout") == 0 ? 500 : 0,
                                 .output_limit = strcmp(trial->what, "limit") == 0 ? 65536 : 0};
    trial->begun = true;
    trial->timer.data = trial;
    uv_timer_init(&trial->loop, &trial->timer);
    if (strcmp(trial->what, "attend") == 0) {
        trial->source->ops->attend(trial->source, 0, SPAN_SECOND);
        uv_timer_start(&trial->timer, attended_long_enough, 4500, 0);
        return;
    }
    trial->running = trial->source->ops->run(trial->source, 0, &run, &error);
    if (!trial->running) {
        printf("%s\n", error.text);
        trial_end(trial);
    } else if (strcmp(trial->what, "cancel") == 0) {
        uv_timer_start(&trial->timer, cancel_due, 700, 0);
    }
}

static void trial_host(void *owner, struct source *source, uint32_t asset, struct host *host)
{
    struct trial *trial = owner;
    (void)source, (void)asset;
    trial->answers++;
    trial->with_processes += host->process_count > 0;
    host_free(&host);
    if (!trial->begun)
        begin(trial);
}

static bool trial_targets(void *owner, const char *filter, void (*visit)(void *visitor, const struct sink_target *target),
                          void *visitor, struct error *error)
{
    struct trial *trial = owner;
    (void)filter, (void)error;
    visit(visitor, &(struct sink_target){.asset = 0, .id = "host", .address = trial->address});
    return true;
}

int main(int count, char **arguments)
{
    static const struct sink_ops sink = {.asset = trial_asset, .metric = trial_metric, .message = trial_message,
        .link = trial_link, .check = trial_check, .host = trial_host, .targets = trial_targets};
    if (count < 7) {
        fprintf(stderr, "usage: ssh_run ADDRESS USER KEY KNOWN_HOSTS run|timeout|limit|cancel|disconnect|attend COMMAND\n");
        return 2;
    }
    struct trial trial = {.address = arguments[1], .what = arguments[5], .command = arguments[6]};
    struct error error = {0};
    struct config_problems problems;
    struct buffer text = BUFFER_INIT;
    struct config *config = config_new();
    setvbuf(stdout, NULL, _IOLBF, 0);
    log_level_set(LOG_LEVEL_ERROR);
    config_problems_init(&problems);
    buffer_printf(&text, "{user: '%s', key: '%s', known_hosts: '%s', ssh_config: none, agent: none, interval: 1s}\n",
                  arguments[2], arguments[3], arguments[4]);
    if (!config_load_text(config, "trial", buffer_text(&text), text.length, &problems))
        return 2;
    uv_loop_init(&trial.loop);
    trial.source = source_new(&trial.loop, (struct sink){.ops = &sink, .owner = &trial}, "hosts", collector_find("ssh"));
    if (!trial.source->ops->start(trial.source, config_root(config), &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while (!trial.ended && uv_run(&trial.loop, UV_RUN_ONCE))
        ;
    trial.source->ops->stop(trial.source);
    if (trial.begun)
        uv_close((uv_handle_t *)&trial.timer, NULL);
    uv_run(&trial.loop, UV_RUN_DEFAULT);
    uv_loop_close(&trial.loop);
    source_free(&trial.source);
    config_free(&config);
    config_problems_release(&problems);
    buffer_release(&text);
    return 0;
}

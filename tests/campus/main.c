/* campus: a simulated campus IoT fleet (contract 000) for demonstrations, live tests and benches. It is a world of
 * devices outside the product and shares no code with it. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "campus.h"
#include "command.h"
#include "control.h"
#include "fleet.h"
#include "ledger.h"
#include "options.h"

static bool ledger_save(const struct options *options, const struct fleet *fleet)
{
    bool standard = strcmp(options->ledger, "-") == 0;
    FILE *out = standard ? stdout : fopen(options->ledger, "w");
    bool done = out && ledger_write(fleet, options->speed, out);
    if (out && !standard && fclose(out) != 0)
        done = false;
    if (!done)
        fprintf(stderr, "campus: cannot write the ledger %s: %s\n", options->ledger, strerror(errno));
    return done;
}

static void interrupted(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static void line_came(void *context, char *line, struct text *answer)
{
    command_line(context, line, answer);
}

/* A connection per gateway may need more descriptors than the soft limit allows. */
static void descriptors_allow(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted + 64)
        return;
    limit.rlim_cur = limit.rlim_max < wanted + 64 ? limit.rlim_max : wanted + 64;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const struct options *options, const struct fleet *fleet)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    uv_loop_t loop;
    uv_signal_t signals[3];
    struct control *control = NULL;
    int status = 0;
    signal(SIGPIPE, SIG_IGN);
    descriptors_allow((size_t)options->connections);
    uv_loop_init(&loop);
    struct campus *campus = campus_new(&loop, options, fleet);
    if (options->control && !(control = control_new(&loop, options->control, line_came, campus)))
        status = 1;
    for (int i = 0; i < 3; i++) {
        uv_signal_init(&loop, &signals[i]);
        uv_signal_start(&signals[i], interrupted, numbers[i]);
    }
    if (status == 0)
        uv_run(&loop, UV_RUN_DEFAULT);
    if (status == 0 && !options->quiet) {
        struct text figures = {0};
        campus_figures(campus, &figures);
        puts(figures.bytes);
        text_release(&figures);
    }
    for (int i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    control_free(&control);
    campus_free(&campus);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return status;
}

int main(int count, char **arguments)
{
    struct options options;
    struct fleet fleet;
    int status;
    if (!options_parse(&options, count, arguments, &status))
        return status;
    if (options.mode == MODE_FAULT)
        return control_ask(options.control, options.words, options.word_count);
    fleet_init(&fleet, options.seed, options.size);
    if (options.rate > 0 && !isinf(options.rate)) /* flat out there is no period to promise: the ledger keeps its own */
        options.speed = options.rate / fleet_rate(&fleet);
    status = options.ledger && !ledger_save(&options, &fleet) ? 1 : 0;
    if (isinf(options.rate))
        options.speed = INFINITY;
    if (status == 0 && options.mode == MODE_RUN)
        status = run(&options, &fleet);
    fleet_release(&fleet);
    return status;
}

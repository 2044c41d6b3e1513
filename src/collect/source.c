#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/collector.h"

#define EXAMPLE_NEWS SPAN_SECOND /* tell of bad input at most so often: it may come by the thousand */

static const char *const state_names[] = {
    [SOURCE_STARTING] = N_("starting"), [SOURCE_RUNNING] = N_("running"), [SOURCE_TROUBLED] = N_("troubled"),
    [SOURCE_DOWN] = N_("down"),         [SOURCE_STOPPED] = N_("stopped"),
};

const char *source_state_name(enum source_state state)
{
    return state_names[state];
}

static void tell(struct source *source)
{
    if (source->sink.ops && source->sink.ops->source_changed)
        source->sink.ops->source_changed(source->sink.owner, source);
}

void source_status(struct source *source, enum source_state status, const char *format, ...)
{
    char text[512], detail[sizeof source->detail];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_clean_into(detail, sizeof detail, text, strlen(text));

    bool moved = source->status != status;
    if (!moved && strcmp(source->detail, detail) == 0)
        return;
    memcpy(source->detail, detail, sizeof detail);
    if (moved) {
        source->status = status;
        source->since = clock_wall();
        log_line(status == SOURCE_DOWN || status == SOURCE_TROUBLED ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                 "source %s: %s: %s", source->name, source_state_name(status), detail);
    }
    tell(source);
}

void source_bad(struct source *source, const char *sample, size_t length, const char *format, ...)
{
    struct source_example example = {.time = clock_wall()};
    char reason[2 * sizeof example.reason];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    text_clean_into(example.reason, sizeof example.reason, reason, strlen(reason));
    text_clean_into(example.sample, sizeof example.sample, sample ? sample : "",
                    length < 2 * sizeof example.sample ? length : 2 * sizeof example.sample);

    bool news = source->example_count == 0 || example.time - source->examples[0].time >= EXAMPLE_NEWS ||
                example.time < source->examples[0].time;
    source->bad++;
    memmove(source->examples + 1, source->examples, (SOURCE_EXAMPLES - 1) * sizeof example);
    source->examples[0] = example;
    if (source->example_count < SOURCE_EXAMPLES)
        source->example_count++;
    if (news)
        tell(source);
}

void source_rate_tick(struct source *source, msec steady_now)
{
    uint64_t counted = source->messages + source->checks;
    unsigned taken = source->rate_marks.taken;
    unsigned slot = taken % SOURCE_RATE_MARKS;
    unsigned oldest = taken < SOURCE_RATE_MARKS ? 0 : (taken + 1) % SOURCE_RATE_MARKS;
    source->rate_marks.counted[slot] = counted;
    source->rate_marks.at[slot] = steady_now;
    source->rate_marks.taken++;
    msec span = steady_now - source->rate_marks.at[oldest];
    source->rate = span > 0 ? (double)(counted - source->rate_marks.counted[oldest]) * 1000.0 / (double)span : 0;
}

struct source *source_new(uv_loop_t *loop, struct sink sink, const char *name, const struct collector_ops *ops)
{
    struct source *source = memory_new(sizeof *source);
    source->name = memory_text(name);
    source->ops = ops;
    source->loop = loop;
    source->sink = sink;
    source->since = clock_wall();
    source->last_heard = CLOCK_NEVER;
    return source;
}

void source_free(struct source **source)
{
    if (!*source)
        return;
    free((*source)->name);
    free(*source);
    *source = NULL;
}

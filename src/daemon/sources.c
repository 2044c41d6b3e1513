#include "daemon/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct running {
    struct source *source;
    char *text;                    /* canonical configuration it was started with */
    bool started;
    const struct settings *origin; /* its collector may look into what it was started with */
};

struct sources {
    uv_loop_t *loop;
    struct fleet *fleet;
    struct feeds *feeds;
    struct hosts *hosts;
    struct running *running;       /* in configuration order */
    size_t count;
    struct source **shown;         /* the same, as the site shows them */
    struct source **stopped;
    size_t stopped_count, stopped_capacity;
};

struct sources *sources_new(uv_loop_t *loop, struct fleet *fleet, struct feeds *feeds, struct hosts *hosts)
{
    struct sources *sources = memory_new(sizeof *sources);
    *sources = (struct sources){.loop = loop, .fleet = fleet, .feeds = feeds, .hosts = hosts};
    return sources;
}

static void source_begin(struct sources *sources, struct running *running, const struct settings *origin,
                         const struct settings_source *configured)
{
    struct error error = {0};
    running->source = source_new(sources->loop, fleet_sink(sources->fleet), configured->name, configured->ops);
    running->source->alarms = feeds_sink(sources->feeds);
    running->text = memory_text(configured->text);
    running->origin = origin;
    if (configured->ops->protection)
        configured->ops->protection(configured->node, &running->source->protection);
    running->started = configured->ops->start(running->source, configured->node, &error);
    if (!running->started) /* the others go on; its row says why */
        source_status(running->source, SOURCE_DOWN, "%s", error.text);
}

static void source_end(struct sources *sources, struct running *running)
{
    struct source *source = running->source;
    hosts_forget_source(sources->hosts, source);
    if (source->state && source->ops->stop)
        source->ops->stop(source);
    source->status = SOURCE_STOPPED;
    fleet_forget_source(sources->fleet, source);
    free(running->text);
    ARRAY_RESERVE(sources->stopped, sources->stopped_capacity, sources->stopped_count + 1);
    sources->stopped[sources->stopped_count++] = source;
}

void sources_follow(struct sources *sources, struct settings *settings)
{
    const struct settings_source *configured;
    size_t count = settings_sources(settings, &configured);
    struct running *running = memory_new_array(count + 1, sizeof *running);
    struct source **shown = memory_new_array(count + 1, sizeof *shown);
    for (size_t i = 0; i < count; i++)
        for (size_t old = 0; old < sources->count; old++) {
            struct running *each = &sources->running[old];
            if (!each->source || strcmp(each->source->name, configured[i].name) != 0 ||
                strcmp(each->text, configured[i].text) != 0)
                continue;
            running[i] = *each;
            each->source = NULL;
        }
    for (size_t old = 0; old < sources->count; old++)
        if (sources->running[old].source)
            source_end(sources, &sources->running[old]);
    for (size_t i = 0; i < count; i++) {
        if (!running[i].source)
            source_begin(sources, &running[i], settings, &configured[i]);
        shown[i] = running[i].source;
    }
    free(sources->running);
    free(sources->shown);
    sources->running = running;
    sources->count = count;
    sources->shown = shown;
    settings_site(settings)->sources = shown;
    settings_site(settings)->source_count = count;
    feeds_keep(sources->feeds, shown, count);
}

size_t sources_count(const struct sources *sources)
{
    return sources->count;
}

bool sources_use(const struct sources *sources, const struct settings *settings)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->running[i].origin == settings)
            return true;
    return false;
}

void sources_second(struct sources *sources, msec steady, bool ledger_changed)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct running *running = &sources->running[i];
        source_rate_tick(running->source, steady);
        if (ledger_changed && running->started && running->source->ops->ledger_changed)
            running->source->ops->ledger_changed(running->source);
    }
}

void sources_stop(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        source_end(sources, &sources->running[i]);
    sources->count = 0;
}

void sources_free(struct sources **slot)
{
    struct sources *sources = *slot;
    if (!sources)
        return;
    *slot = NULL;
    for (size_t i = 0; i < sources->stopped_count; i++)
        source_free(&sources->stopped[i]);
    free(sources->stopped);
    free(sources->running);
    free(sources->shown);
    free(sources);
}

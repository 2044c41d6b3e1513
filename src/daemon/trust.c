#include "daemon/trust.h"

#include <stdio.h>
#include <string.h>

#include "collect/collector.h"
#include "collect/ssh_trust.h"
#include "daemon/settings.h"

/* The one source of type ssh, or the one that was named. */
static const struct settings_source *find_source(const struct settings *settings, const char *wanted)
{
    const struct settings_source *sources, *found = NULL;
    size_t count = settings_sources(settings, &sources), fitting = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sources[i].ops->type, "ssh") != 0 || (wanted && strcmp(sources[i].name, wanted) != 0))
            continue;
        found = found ? found : &sources[i];
        fitting++;
    }
    if (fitting == 0 && wanted)
        fprintf(stderr, "nocturned: no source `%s` of type ssh is configured\n", wanted);
    else if (fitting == 0)
        fprintf(stderr, "nocturned: no source of type ssh is configured\n");
    else if (fitting > 1)
        fprintf(stderr, "nocturned: several sources of type ssh are configured: say which with --source NAME\n");
    return fitting == 1 ? found : NULL;
}

int trust_run(const struct options *options)
{
    struct config_problems problems;
    struct site_counters counters = {.reloaded = CLOCK_NEVER};
    config_problems_init(&problems);
    struct settings *settings = settings_load(options, clock_wall(), &counters, &problems);
    int code = 2;
    if (!settings) {
        fputs(buffer_text(&problems.text), stderr);
    } else {
        const struct settings_source *source = find_source(settings, options->source);
        code = source ? ssh_trust(source->node, options->trust, options->fingerprint) : 2;
    }
    settings_free(&settings);
    config_problems_release(&problems);
    return code;
}

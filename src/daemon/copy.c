#include "daemon/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/explain.h"
#include "daemon/paths.h"
#include "daemon/settings.h"
#include "store/store.h"

/* Only SQLite without a path lives there. */
static const char *home(const char *url, const char *state)
{
    return strcmp(url, "sqlite") == 0 ? state : NULL;
}

/* The password that `store:` of the configuration gives for this very url; NULL: libpq looks for one itself. */
static const char *password_of(const struct settings *settings, const char *url)
{
    const struct store_options *store = settings ? settings_store(settings) : NULL;
    return store && strcmp(store->url, url) == 0 ? store->password : NULL;
}

/* What is wrong with the configuration keeps nobody from copying: it may be about neither of the two. */
static struct settings *configured(const struct options *options)
{
    struct config_problems problems;
    struct site_counters counters = {.reloaded = CLOCK_NEVER};
    config_problems_init(&problems);
    struct settings *settings = settings_load(options, clock_wall(), &counters, &problems);
    lines_log(LOG_LEVEL_WARNING, buffer_text(&problems.text));
    config_problems_release(&problems);
    return settings;
}

int copy_run(const struct options *options)
{
    char *state = path_state(options->state_dir);
    struct settings *settings = configured(options);
    const struct store_options from = {.url = options->copy_from, .state_dir = home(options->copy_from, state),
                                       .password = password_of(settings, options->copy_from)},
                               to = {.url = options->copy_to, .state_dir = home(options->copy_to, state),
                                     .password = password_of(settings, options->copy_to)};
    struct store_copied copied;
    struct error error = {0};
    bool done = store_copy(&from, &to, &copied, &error);
    if (done)
        printf("copied: %llu records, %llu rows of telemetry; counts and sums are the same on both sides (%016llx)\n",
               (unsigned long long)copied.records, (unsigned long long)copied.telemetry, (unsigned long long)copied.sum);
    else
        log_error("not copied: %s", error.text);
    settings_free(&settings);
    free(state);
    return done ? 0 : error.code == ERROR_INVALID ? 2 : 1;
}

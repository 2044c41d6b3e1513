#include "daemon/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/paths.h"
#include "store/store.h"

/* Only SQLite without a path lives there. */
static const char *home(const char *url, const char *state)
{
    return strcmp(url, "sqlite") == 0 ? state : NULL;
}

int copy_run(const struct options *options)
{
    char *state = path_state(options->state_dir);
    const struct store_options from = {.url = options->copy_from, .state_dir = home(options->copy_from, state)},
                               to = {.url = options->copy_to, .state_dir = home(options->copy_to, state)};
    struct store_copied copied;
    struct error error = {0};
    bool done = store_copy(&from, &to, &copied, &error);
    if (done)
        printf("copied: %llu records, %llu rows of telemetry; counts and sums are the same on both sides (%016llx)\n",
               (unsigned long long)copied.records, (unsigned long long)copied.telemetry, (unsigned long long)copied.sum);
    else
        log_error("not copied: %s", error.text);
    free(state);
    return done ? 0 : error.code == ERROR_INVALID ? 2 : 1;
}

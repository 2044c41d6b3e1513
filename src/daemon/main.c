#include <stdlib.h>

#include "daemon/copy.h"
#include "daemon/daemon.h"
#include "daemon/explain.h"
#include "daemon/options.h"
#include "daemon/replay.h"
#include "daemon/trust.h"

int main(int count, char **arguments)
{
    /* Names are looked up on libuv's threads, half of them at most, and a name server that does not answer keeps one for ten
     * seconds: with its 4 threads two dead names would make all others wait. */
    setenv("UV_THREADPOOL_SIZE", "32", 0);
    struct options options;
    int answered = options_parse(count, arguments, &options);
    if (answered)
        return answered - 1;
    if (options.replay)
        return replay_run(&options);
    if (options.copy_from)
        return copy_run(&options);
    if (options.trust)
        return trust_run(&options);
    return options.check_config ? explain_run(&options) : daemon_run(&options);
}

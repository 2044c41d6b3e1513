#include "daemon/copy.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/replay.h"
#include "daemon/trust.h"

int main(int count, char **arguments)
{
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
    return options.check_config ? daemon_check(&options) : daemon_run(&options);
}

#include "daemon/daemon.h"
#include "daemon/options.h"

int main(int count, char **arguments)
{
    struct options options;
    int answered = options_parse(count, arguments, &options);
    if (answered)
        return answered - 1;
    return options.check_config ? daemon_check(&options) : daemon_run(&options);
}

/* `nocturned --trust ADDRESS`: accept a host's key for a source of type ssh. */
#ifndef DAEMON_TRUST_H
#define DAEMON_TRUST_H

#include "daemon/options.h"

int trust_run(const struct options *options); /* exit code */

#endif

/* The daemon's life: start, serve, reload, end. One loop, one thread of its own; everything hangs from here. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/error.h"
#include "daemon/options.h"

/* Run until a signal ends it. Returns the exit code: 0 ended cleanly, 1 failed, 2 wrong configuration. */
int daemon_run(const struct options *options);

#endif

/* `nocturned --copy-store FROM TO`: a site moves from one store to another. */
#ifndef DAEMON_COPY_H
#define DAEMON_COPY_H

#include "daemon/options.h"

/* Passwords are those of `store:` in the configuration where it names the same url, else as libpq finds them. The
 * program's exit code. */
int copy_run(const struct options *options);

#endif

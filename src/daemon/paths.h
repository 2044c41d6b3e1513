/* Where things lie, by the environment (DESIGN.md section 5). All results are the caller's to free. */
#ifndef DAEMON_PATHS_H
#define DAEMON_PATHS_H

#include <stdbool.h>

#include "base/error.h"

/* The configuration to read: `given`, else the first that exists; NULL when there is none. A given one is not
 * looked at here. */
char *path_config(const char *given);
char *path_state(const char *given);
char *path_socket(void);
/* Relative paths are meant from the folder of the file that names them; `~/` is the home folder. */
char *path_resolve(const char *path, const char *named_in);
/* Make a folder and those above it, for this user alone. */
bool path_make_private(const char *folder, struct error *error);

#endif

/* Starting the user's own daemon when none listens on the default socket, as tmux does. It stays when we leave. */
#ifndef CLIENT_START_H
#define CLIENT_START_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"

/* Is somebody listening? */
bool client_socket_answers(const char *socket);
/* There is a socket, and the file system keeps this person from it. */
bool client_socket_denied(const char *socket);

/* Run the nocturned found beside this program, else in PATH, its log in the state directory, and wait until the
 * socket answers; none is run beside one that is not open to us. `progress` is told about ten times a second how long it has taken. False with the daemon's last
 * log line when it ended, or when `patience` is over (it then goes on starting by itself). */
bool client_start_daemon(const char *socket, msec patience, void (*progress)(void *owner, msec waited), void *owner,
                         struct error *error);

#endif

/* An incident capsule opened for this process alone: a nocturned of our own behind a private socket, which ends with us
 * and leaves nothing (daemon/replay.h). While it is open, now is the moment at which the capsule was taken. */
#ifndef CLIENT_REPLAY_H
#define CLIENT_REPLAY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/error.h"

struct client_replay {
    char *socket;
    char *incident, *site, *timezone, *taken_by, *left_out;
    msec taken_at, moment, from, to; /* moment: when the alert was raised; from..to: of the readings */
    unsigned assets, fleet;          /* in the capsule; of the whole site */
    pid_t child;
    int alive;                       /* the child's standard input */
};

/* Start it and wait until it answers; holds this process's clock and takes the site's time zone. False with one line
 * about the file. */
bool client_replay_open(struct client_replay *replay, const char *file, struct error *error);
void client_replay_close(struct client_replay *replay); /* waits until it has ended; zeroed ones may be closed, too */

#endif

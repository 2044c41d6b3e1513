/* `nocturned --replay FILE`: an incident capsule (engine/capsule.h) behind the ordinary door, so that every view of the
 * console and every command of the shell works on it unchanged. Nothing runs but the fleet, the desk and the door: no
 * sources, no rules, nobody is told, nothing is written to disk, the clock stands at the moment it was taken.
 *
 * It listens on a unix socket alone: the given one, else one in a folder of its own for this user, which it removes. When
 * it answers, it prints one line of JSON: {"socket","incident","site","timezone","taken_at","taken_by","moment","from",
 * "to","left_out","assets","fleet"}; when it cannot, one line on standard error. It ends by a signal, and when the pipe
 * that is its standard input ends: with the console that started it. */
#ifndef DAEMON_REPLAY_H
#define DAEMON_REPLAY_H

#include "daemon/options.h"

int replay_run(const struct options *options);

#endif

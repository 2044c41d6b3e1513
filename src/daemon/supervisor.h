/* Telling systemd, where it runs us: sd_notify(3)'s protocol, one datagram to $NOTIFY_SOCKET. Silent elsewhere. */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include "base/clock.h"

void supervisor_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
msec supervisor_watchdog(void); /* how often WATCHDOG=1 is due; 0: nobody waits for it */

#endif

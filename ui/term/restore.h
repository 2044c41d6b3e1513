/* Giving the terminal back on every end: exit, a fatal signal, a crash. Signal handlers have no argument to find a
 * struct by, so this file keeps the one terminal of the process in static storage; nothing else may. */
#ifndef TERM_RESTORE_H
#define TERM_RESTORE_H

#include <stddef.h>
#include <termios.h>

/* From now on the process's end writes `sequence` to fd and sets `settings`. Handlers are set for the signals that
 * end or crash a process, where nothing has been set yet but the default. The first call registers with atexit. */
void restore_arm(int fd, const struct termios *settings, const char *sequence, size_t length);
void restore_disarm(void);

#endif

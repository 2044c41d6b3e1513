/* Giving the terminal back on every end: exit, a fatal signal, a crash. Signal handlers have no argument to find a
 * struct by, so this file keeps the one terminal of the process in static storage; nothing else may. */
#ifndef TERM_RESTORE_H
#define TERM_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* From now on the process's end writes `sequence` to fd and sets `settings`. A handler is set for each signal
 * that crashes a process, and for each that ends one unless the app has its own; what was there before runs after it.
 * The first call registers with atexit. */
void restore_arm(int fd, const struct termios *settings, const char *sequence, size_t length);
void restore_disarm(void);
/* While armed, a stop from outside (SIGTSTP) gives the terminal back first. True once after the process was continued:
 * somebody else had the terminal, so its modes and its picture are worth nothing. */
bool restore_continued(void);

#endif

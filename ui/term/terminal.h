/* What is known about kinds of terminals, by their names and their environment. No question is ever sent to one. */
#ifndef TERM_TERMINAL_H
#define TERM_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_CANDIDATES 6

/* Terminfo entries to try for a TERM, best first, until one is usable. Returns how many. */
unsigned terminal_candidates(const char *asked, const char *out[TERMINAL_CANDIDATES]);
/* Known on this machine, and able to place its cursor. */
bool terminal_usable(const char *name, int fd);
/* Known to understand synchronized updates (DEC 2026); others might print them. */
bool terminal_knows_synchronized(const char *asked);
bool terminal_knows_titles(const char *asked);
/* Its font lacks our glyphs, whatever the locale says. */
bool terminal_lacks_glyphs(const char *asked);

#endif

/* Shorter bytes for the same picture: what terminfo makes curses write is longer than it must be. */
#ifndef TERM_PEEPHOLE_H
#define TERM_PEEPHOLE_H

#include <stddef.h>

/* Shorten `length` bytes of terminal output in place; returns the new length. Only for output that never switches to
 * an alternate character set (we draw line glyphs as text). */
size_t peephole(char *bytes, size_t length);

#endif

/* Breaking text into lines by columns: at blanks where there are some, anywhere between Chinese characters. */
#ifndef WIDGET_WRAP_H
#define WIDGET_WRAP_H

#include <stddef.h>

#include "term/surface.h"

/* Bytes of `text` (one line, without \n) that make the next line of at most `columns`; *skip is what to pass over
 * before the following one (a blank). At least one character, so that it always ends. */
size_t wrap_line(const char *text, size_t length, int columns, size_t *skip);
/* Lines that a text with \n takes. */
int wrap_count(const char *text, int columns);
/* Draw a text with \n in an area, its last line with an ellipsis where there is more. Returns the rows it took. */
int wrap_draw(struct surface *surface, struct rect area, uint8_t role, const char *text);

#endif

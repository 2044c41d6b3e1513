/* One line of text being edited, for forms and menus. (The `:` line is readline's; this is for small fields.) */
#ifndef WIDGET_EDIT_H
#define WIDGET_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "term/key.h"
#include "term/surface.h"

struct edit {
    struct buffer text;
    size_t point; /* in bytes, between characters */
};

void edit_release(struct edit *edit);
void edit_set(struct edit *edit, const char *text); /* the point goes to the end */
const char *edit_text(const struct edit *edit);
/* Characters, arrows, Home, End, Backspace, Delete, C-a C-e C-b C-f C-h C-d C-k C-u C-w. True when the key was one. */
bool edit_key(struct edit *edit, const struct key_event *key);
/* In `columns`, scrolled so that the point is seen; places the terminal's cursor when `focus`. `mask` draws every
 * character as '*'. */
void edit_draw(const struct edit *edit, struct surface *surface, int row, int column, int columns, uint8_t role,
               bool focus, bool mask);

#endif

/* Drawings compared with inline text: what a person would see, right-trimmed rows. */
#ifndef UNIT_UI_DRAWN_H
#define UNIT_UI_DRAWN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "term/surface.h"
#include "term/theme.h"

/* Trailing blank rows of the drawing need not be written down. */
static inline void assert_drawn(const struct surface *surface, const char *expected)
{
    struct buffer out = BUFFER_INIT;
    surface_print(surface, &out, NULL);
    while (out.length > 1 && out.data[out.length - 1] == '\n' && out.data[out.length - 2] == '\n')
        out.data[--out.length] = '\0';
    if (strcmp(buffer_text(&out), expected) != 0) {
        print_message("# -- expected --\n%s# -- drawn --\n%s", expected, buffer_text(&out));
        fail_msg("the drawing is another one");
    }
    buffer_release(&out);
}


static inline uint8_t role_at(const struct surface *surface, int row, int column)
{
    return surface->cells[row * surface->columns + column].role;
}

#endif

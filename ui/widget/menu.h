/* A list to choose from, narrowed by typing: help that runs what it shows, completion, "v group by". */
#ifndef WIDGET_MENU_H
#define WIDGET_MENU_H

#include <stdbool.h>
#include <stddef.h>

#include "term/key.h"
#include "term/surface.h"

struct menu_item {
    const char *id;       /* handed back */
    const char *key;      /* left column, ROLE_KEY: "a", "C-d"; "" */
    const char *text;
    const char *note;     /* right, dim; NULL */
    const char *section;  /* heading above the first item of each section; NULL */
    bool disabled;        /* shown dim with its note, cannot be chosen */
};

struct menu;
struct menu *menu_new(const char *title, const struct menu_item *items, unsigned count); /* copies */
void menu_free(struct menu **menu);
void menu_size(const struct menu *menu, int columns_at_most, int *rows, int *columns);
void menu_draw(struct menu *menu, struct surface *surface, struct rect area); /* with frame and the typed text */
/* Without frame and without typing: candidates above the `:` line; `current` -1 for none. */
void menu_draw_plain(const struct menu *menu, struct surface *surface, struct rect area, int current);

enum menu_answer { MENU_OPEN, MENU_CANCEL, MENU_CHOSEN };
/* Letters narrow (words in any order, folded), arrows C-n C-p move, Enter chooses, Esc clears the text, then cancels. */
enum menu_answer menu_key(struct menu *menu, const struct key_event *key);
const char *menu_current(const struct menu *menu); /* id, NULL when nothing matches */

#endif

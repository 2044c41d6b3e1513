/* Questions. A dialog shows what will be touched, by name and count, and answers by letters: Enter never means yes,
 * and keys typed before it was seen are dropped (dialog_key ignores what comes within DIALOG_GUARD of opening). */
#ifndef WIDGET_DIALOG_H
#define WIDGET_DIALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "term/key.h"
#include "term/surface.h"

#define DIALOG_GUARD ((msec)300)

struct dialog_choice { char key; const char *label; uint8_t role; }; /* role ROLE_CRITICAL for what cannot be undone */

struct dialog_options {
    const char *title;              /* "Acknowledge 3 alerts" */
    const char *text;               /* what will happen; lines by \n, wrapped */
    const char *const *names;       /* what it touches; the first few are shown, then "and N more" */
    size_t name_count;
    const struct dialog_choice *choices;
    unsigned choice_count;
    const char *type_to_confirm;    /* must be typed before a choice counts (large blast radius), or NULL */
};

struct dialog;
struct dialog *dialog_new(const struct dialog_options *options, msec steady_now); /* copies */
void dialog_free(struct dialog **dialog);
void dialog_size(const struct dialog *dialog, int columns_at_most, int *rows, int *columns);
void dialog_draw(struct dialog *dialog, struct surface *surface, struct rect area);

#define DIALOG_OPEN 0
#define DIALOG_CANCEL 27
/* DIALOG_OPEN while it stays open, DIALOG_CANCEL on Esc or q, else the key of the choice made. */
int dialog_key(struct dialog *dialog, const struct key_event *key, msec steady_now);
/* Something changed under it: `text` is shown above, and the guard starts again. */
void dialog_changed(struct dialog *dialog, const char *text, msec steady_now);

/* A clear area with a rule round it and a title, for dialogs and menus. Returns the inside. */
struct rect frame_draw(struct surface *surface, struct rect area, const char *title);

#endif

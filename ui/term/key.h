/* A key or mouse event, decoded; names are the ones of the key map file ("j", "C-d", "F5", "Left", "Space"). */
#ifndef TERM_KEY_H
#define TERM_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum key_special {
    KEY_CHAR, KEY_ESCAPE, KEY_RETURN, KEY_TABULATOR, KEY_BACKTAB, KEY_ERASE, KEY_ARROW_UP, KEY_ARROW_DOWN, KEY_ARROW_LEFT,
    KEY_ARROW_RIGHT, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_TO_HOME, KEY_TO_END, KEY_INSERT_, KEY_DELETE_, KEY_FUNCTION, KEY_MOUSE_,
    KEY_RESIZED, KEY_PASTE_BEGIN, KEY_PASTE_END, KEY_HANGUP
};
enum mouse_what { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct key_event {
    enum key_special special;
    uint32_t code;              /* KEY_CHAR: code point; KEY_FUNCTION: 1..24 */
    bool control, alt;          /* C-d is code 'd' with control */
    enum mouse_what mouse;
    int mouse_row, mouse_column, mouse_clicks;
};

/* "C-d", "g", "F5", "Space", "Enter"; false when it is no key. */
bool key_parse(const char *name, struct key_event *key);
void key_name(const struct key_event *key, char out[24]);
bool key_equal(const struct key_event *left, const struct key_event *right);

#endif

#include "widget/edit.h"

#include <string.h>

#include "base/text.h"

void edit_release(struct edit *edit)
{
    buffer_release(&edit->text);
    edit->point = 0;
}

void edit_set(struct edit *edit, const char *text)
{
    buffer_clear(&edit->text);
    if (text)
        text_clean(&edit->text, text, strlen(text));
    edit->point = edit->text.length;
}

const char *edit_text(const struct edit *edit)
{
    return buffer_text(&edit->text);
}

/* Bytes of the character after (before) a place, with the marks that combine with it. */
static size_t after(const struct edit *edit, size_t at)
{
    size_t used = 0;
    uint32_t code;
    while (at + used < edit->text.length) {
        size_t more = text_decode(edit->text.data + at + used, edit->text.length - at - used, &code);
        if (used > 0 && text_code_width(code) > 0)
            break;
        used += more;
    }
    return used;
}

static size_t before(const struct edit *edit, size_t at)
{
    size_t start = 0, here = 0;
    while (here < at) {
        start = here;
        here += after(edit, here);
    }
    return at - start;
}

static void erase(struct edit *edit, size_t from, size_t length)
{
    memmove(edit->text.data + from, edit->text.data + from + length, edit->text.length - from - length);
    edit->text.length -= length;
    edit->text.data[edit->text.length] = '\0';
    edit->point = from;
}

static void insert(struct edit *edit, uint32_t code)
{
    char bytes[4];
    size_t length = text_encode(code, bytes), tail = edit->text.length - edit->point;
    buffer_append(&edit->text, bytes, length);
    memmove(edit->text.data + edit->point + length, edit->text.data + edit->point, tail);
    memcpy(edit->text.data + edit->point, bytes, length);
    edit->point += length;
}

static size_t word_before(const struct edit *edit)
{
    size_t at = edit->point;
    while (at > 0 && edit->text.data[at - 1] == ' ')
        at--;
    while (at > 0 && edit->text.data[at - 1] != ' ')
        at--;
    return edit->point - at;
}

static bool control_key(struct edit *edit, uint32_t code)
{
    size_t length;
    switch (code) {
    case 'a': edit->point = 0; return true;
    case 'e': edit->point = edit->text.length; return true;
    case 'b': edit->point -= before(edit, edit->point); return true;
    case 'f': edit->point += after(edit, edit->point); return true;
    case 'd': length = after(edit, edit->point); break;
    case 'k': length = edit->text.length - edit->point; break;
    case 'u': edit->point -= length = edit->point; break;
    case 'w': edit->point -= length = word_before(edit); break;
    default: return false;
    }
    if (length > 0)
        erase(edit, edit->point, length);
    return true;
}

bool edit_key(struct edit *edit, const struct key_event *key)
{
    size_t length;
    if (key->alt)
        return false;
    switch (key->special) {
    case KEY_CHAR:
        if (key->control)
            return control_key(edit, key->code);
        insert(edit, key->code == '\n' || key->code == '\t' ? ' ' : key->code);
        return true;
    case KEY_ERASE:
        length = before(edit, edit->point);
        if (length > 0)
            erase(edit, edit->point - length, length);
        return true;
    case KEY_DELETE_: return control_key(edit, 'd');
    case KEY_ARROW_LEFT: return control_key(edit, 'b');
    case KEY_ARROW_RIGHT: return control_key(edit, 'f');
    case KEY_TO_HOME: return control_key(edit, 'a');
    case KEY_TO_END: return control_key(edit, 'e');
    case KEY_PASTE_BEGIN:
    case KEY_PASTE_END: return true;
    default: return false;
    }
}

void edit_draw(const struct edit *edit, struct surface *surface, int row, int column, int columns, uint8_t role,
               bool focus, bool mask)
{
    struct buffer stars = BUFFER_INIT;
    const char *text = edit_text(edit);
    int point = mask ? 0 : text_width_n(text, edit->point);
    if (mask) {
        for (size_t at = 0; at < edit->text.length; at += after(edit, at)) {
            point += at < edit->point;
            buffer_append_char(&stars, '*');
        }
        text = buffer_text(&stars);
    }
    /* Drop characters at the left until the point, and the cell of the cursor, are inside. */
    size_t length = strlen(text), start = 0;
    int dropped = 0;
    uint32_t code;
    while (point - dropped >= columns && start < length) {
        start += text_decode(text + start, length - start, &code);
        dropped = text_width_n(text, start);
    }
    surface_fill(surface, (struct rect){row, column, 1, columns}, ' ', role);
    surface_text(surface, row, column, columns, role, text + start);
    if (focus && columns > 0) {
        surface->cursor_row = row;
        surface->cursor_column = column + point - dropped;
    }
    buffer_release(&stars);
}

#include "term/key.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

/* Names as the key map file writes them; where one key has several, the first is the one shown. */
static const struct {
    const char *name;
    enum key_special special;
    uint32_t code;
} names[] = {
    {"Space", KEY_CHAR, ' '},
    {"Esc", KEY_ESCAPE, 0},
    {"Enter", KEY_RETURN, 0},
    {"Tab", KEY_TABULATOR, 0},
    {"BackTab", KEY_BACKTAB, 0},
    {"Backspace", KEY_ERASE, 0},
    {"Up", KEY_ARROW_UP, 0},
    {"Down", KEY_ARROW_DOWN, 0},
    {"Left", KEY_ARROW_LEFT, 0},
    {"Right", KEY_ARROW_RIGHT, 0},
    {"PageUp", KEY_PAGE_UP, 0},
    {"PageDown", KEY_PAGE_DOWN, 0},
    {"Home", KEY_TO_HOME, 0},
    {"End", KEY_TO_END, 0},
    {"Insert", KEY_INSERT_, 0},
    {"Delete", KEY_DELETE_, 0},
    {"Escape", KEY_ESCAPE, 0},
    {"Return", KEY_RETURN, 0},
    {"S-Tab", KEY_BACKTAB, 0},
    {"PgUp", KEY_PAGE_UP, 0},
    {"PgDn", KEY_PAGE_DOWN, 0},
    /* Not typed, but key_name must say something. */
    {"Mouse", KEY_MOUSE_, 0},
    {"Resize", KEY_RESIZED, 0},
    {"PasteBegin", KEY_PASTE_BEGIN, 0},
    {"PasteEnd", KEY_PASTE_END, 0},
    {"HangUp", KEY_HANGUP, 0},
};

static bool parse_function(const char *name, struct key_event *key)
{
    unsigned number;
    int used = 0;
    if ((name[0] != 'F' && name[0] != 'f') || sscanf(name + 1, "%2u%n", &number, &used) != 1 || name[1 + used] ||
        name[1] < '1' || name[1] > '9' || number > 24)
        return false;
    key->special = KEY_FUNCTION;
    key->code = number;
    return true;
}

static bool parse_base(const char *name, struct key_event *key)
{
    uint32_t code;
    size_t length = strlen(name);
    if (length == 0)
        return false;
    if (text_decode(name, length, &code) == length) {
        if (code < 0x20 || code == 0x7f || code == 0xfffd)
            return false;
        key->special = KEY_CHAR;
        key->code = code;
        return true;
    }
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcasecmp(name, names[i].name) == 0 && names[i].special != KEY_MOUSE_ && names[i].special < KEY_RESIZED) {
            key->special = names[i].special;
            key->code = names[i].code;
            return true;
        }
    return parse_function(name, key);
}

bool key_parse(const char *name, struct key_event *key)
{
    memset(key, 0, sizeof *key);
    bool control = false, alt = false;
    while (name[0] && name[1] == '-' && name[2]) {
        if ((name[0] == 'C' || name[0] == 'c') && !control)
            control = true;
        else if ((name[0] == 'M' || name[0] == 'm' || name[0] == 'A' || name[0] == 'a') && !alt)
            alt = true;
        else
            break; /* "S-Tab" is a name */
        name += 2;
    }
    if (!parse_base(name, key))
        return false;
    /* A control key has no case on a terminal. */
    if (control && key->special == KEY_CHAR && key->code >= 'A' && key->code <= 'Z')
        key->code += 'a' - 'A';
    key->control = control;
    key->alt = alt;
    return true;
}

void key_name(const struct key_event *key, char out[24])
{
    char base[16] = "";
    if (key->special == KEY_FUNCTION) {
        snprintf(base, sizeof base, "F%u", (unsigned)key->code % 100);
    } else {
        for (size_t i = 0; i < ARRAY_COUNT(names); i++)
            if (names[i].special == key->special && (key->special != KEY_CHAR || names[i].code == key->code)) {
                snprintf(base, sizeof base, "%s", names[i].name);
                break;
            }
        if (!base[0] && key->special == KEY_CHAR)
            base[text_encode(key->code, base)] = '\0';
    }
    snprintf(out, 24, "%s%s%s", key->control ? "C-" : "", key->alt ? "M-" : "", base);
}

bool key_equal(const struct key_event *left, const struct key_event *right)
{
    return left->special == right->special && left->control == right->control && left->alt == right->alt &&
           ((left->special != KEY_CHAR && left->special != KEY_FUNCTION) || left->code == right->code);
}

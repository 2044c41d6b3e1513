#include "term/notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define COLUMNS_MOST 160

static const char *const names[NOTICE_KINDS] = {"off", "osc9", "osc777", "osc99"};

const char *notice_kind_name(enum notice_kind kind)
{
    return names[kind];
}

bool notice_kind_parse(const char *name, enum notice_kind *kind)
{
    const char *term = getenv("TERM");
    if (strcmp(name, "auto") == 0 || strcmp(name, "on") == 0) {
        *kind = notice_of_terminal(term ? term : "");
        return true;
    }
    for (int i = 0; i < NOTICE_KINDS; i++)
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum notice_kind)i;
            return true;
        }
    return false;
}

static bool is(const char *variable, const char *value)
{
    const char *text = getenv(variable);
    return text && strcmp(text, value) == 0;
}

enum notice_kind notice_of_terminal(const char *term)
{
    static const struct { const char *prefix; enum notice_kind kind; } terms[] = {
        {"xterm-kitty", NOTICE_OSC99}, {"foot", NOTICE_OSC777}, {"rxvt-unicode", NOTICE_OSC777},
        {"wezterm", NOTICE_OSC777}, {"xterm-ghostty", NOTICE_OSC777}, {"contour", NOTICE_OSC777}};
    if (getenv("TMUX") || getenv("STY") || strncmp(term, "tmux", 4) == 0 || strncmp(term, "screen", 6) == 0 || strcmp(term, "linux") == 0)
        return NOTICE_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(terms); i++)
        if (strncmp(term, terms[i].prefix, strlen(terms[i].prefix)) == 0)
            return terms[i].kind;
    if (is("TERM_PROGRAM", "iTerm.app"))
        return NOTICE_OSC9;
    return is("TERM_PROGRAM", "WezTerm") || is("TERM_PROGRAM", "ghostty") ? NOTICE_OSC777 : NOTICE_NONE;
}

/* Cleaned twice over: no control character is left that could end the sequence, no semicolon that could divide it. */
static void append_text(struct buffer *out, const char *text, bool utf8)
{
    struct buffer clean = BUFFER_INIT, cut = BUFFER_INIT;
    text_clean(&clean, text, strlen(text));
    text_fit(&cut, buffer_text(&clean), COLUMNS_MOST, TEXT_CUT_END, !utf8);
    for (size_t i = 0; i < cut.length; i++) {
        unsigned char byte = (unsigned char)cut.data[i];
        if (byte == ';')
            buffer_append_char(out, ',');
        else if (byte >= 0x80 && !utf8)
            buffer_append_char(out, '?');
        else if (byte >= 0x20 && byte != 0x7f)
            buffer_append_char(out, (char)byte);
    }
    buffer_release(&clean);
    buffer_release(&cut);
}

void notice_sequence(struct buffer *out, enum notice_kind kind, const char *title, const char *body, bool utf8)
{
    switch (kind) {
    case NOTICE_OSC9: /* one text; it must not begin with a digit, which some take for a progress bar */
        buffer_append_text(out, "\033]9;* ");
        append_text(out, title, utf8);
        buffer_append_text(out, ": ");
        append_text(out, body, utf8);
        break;
    case NOTICE_OSC777:
        buffer_append_text(out, "\033]777;notify;");
        append_text(out, title, utf8);
        buffer_append_char(out, ';');
        append_text(out, body, utf8);
        break;
    case NOTICE_OSC99: /* title, then body, of one notification: kitty's protocol */
        buffer_append_text(out, "\033]99;i=nocturne:d=0;");
        append_text(out, title, utf8);
        buffer_append_text(out, "\033\\\033]99;i=nocturne:p=body;");
        append_text(out, body, utf8);
        break;
    case NOTICE_NONE:
    case NOTICE_KINDS:
        return;
    }
    buffer_append_text(out, "\033\\"); /* not by BEL, which would ring where it is not understood */
}

#include "term/surface.h"

struct glyph_row {
    uint32_t code;
    char ascii;
    const char *text;
};

static const struct glyph_row glyphs[GLYPH_COUNT] = {
    [GLYPH_DOT] = {0x00b7, '.', "·"},
    [GLYPH_CURSOR_BAR] = {0x258c, '>', "▌"},
    [GLYPH_RULE] = {0x2500, '-', "─"},
    [GLYPH_ELLIPSIS] = {0x2026, '~', "…"},
    [GLYPH_ARROW_RIGHT] = {0x25b8, '>', "▸"},
    [GLYPH_ARROW_DOWN] = {0x25be, 'v', "▾"},
    [GLYPH_UP] = {0x2191, '^', "↑"},
    [GLYPH_DOWN] = {0x2193, 'v', "↓"},
    [GLYPH_CLOCK] = {0x29d6, '@', "⧖"},
    [GLYPH_CHECK] = {0x2713, 'v', "✓"},
    [GLYPH_CROSS] = {0x2717, 'X', "✗"},
    [GLYPH_MARK] = {0x2022, '*', "•"},
    [GLYPH_OPEN] = {0x25be, '-', "▾"},
    [GLYPH_CLOSED] = {0x25b8, '+', "▸"},
    [GLYPH_BRANCH] = {0x251c, '|', "├"},
    [GLYPH_BRANCH_LAST] = {0x2514, '`', "└"},
    [GLYPH_BRANCH_PASS] = {0x2502, '|', "│"},
    [GLYPH_HEARTBEAT_A] = {0x2219, '.', "∙"},
    [GLYPH_HEARTBEAT_B] = {0x2022, 'o', "•"},
    [GLYPH_BLOCK] = {0x2588, '#', "█"},
    [GLYPH_SHADE] = {0x2591, '-', "░"},
    [GLYPH_PAST] = {0x25c2, '<', "◂"},
    [GLYPH_RECUR] = {0x21bb, '&', "↻"},
};

uint32_t glyph_code(enum glyph glyph, bool ascii)
{
    return ascii ? (uint32_t)glyphs[glyph].ascii : glyphs[glyph].code;
}

const char *glyph_text(enum glyph glyph, bool ascii)
{
    /* One byte and its NUL for every ASCII stand-in, so that text can be handed out without an owner. */
    static const char singles[128][2] = {
        ['#'] = "#", ['&'] = "&", ['*'] = "*", ['+'] = "+", ['-'] = "-", ['.'] = ".", ['<'] = "<",
        ['>'] = ">", ['@'] = "@", ['X'] = "X", ['^'] = "^", ['`'] = "`", ['o'] = "o", ['v'] = "v",
        ['|'] = "|", ['~'] = "~",
    };
    return ascii ? singles[(unsigned char)glyphs[glyph].ascii] : glyphs[glyph].text;
}

uint32_t glyph_bar(unsigned eighths, bool ascii)
{
    static const char steps[9] = {' ', '_', '.', '-', '=', '+', '*', '#', '@'};
    if (eighths > 8)
        eighths = 8;
    if (ascii)
        return (uint32_t)steps[eighths];
    return eighths == 0 ? ' ' : 0x2580 + eighths;
}

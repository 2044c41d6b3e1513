/* What each role looks like. A theme is a text file (man nocturne-theme) of lines
 *     role = foreground [on background] [bold dim italic underline reverse] [| the same for poorer terminals]...
 * Alternatives stand from rich to poor; the first that the terminal's colour depth can show as written is used,
 * and when none is, the last one is brought down to the depth (nearest colour, or none).
 * Four themes (night, day, contrast, mono) are built in. */
#ifndef TERM_THEME_H
#define TERM_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "term/surface.h"

enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_DIRECT, DEPTH_COUNT };

#define COLOUR_DEFAULT (-1)      /* the terminal's own */
#define COLOUR_RGB 0x1000000     /* or-ed to 0xrrggbb; otherwise a palette number 0..255 */
enum { STYLE_BOLD = 1, STYLE_DIM = 2, STYLE_ITALIC = 4, STYLE_UNDERLINE = 8, STYLE_REVERSE = 16 };

struct style {
    int32_t foreground, background; /* COLOUR_DEFAULT, 0..255, or COLOUR_RGB | rgb */
    uint8_t attributes;             /* STYLE_* */
};

struct theme;

/* `name` is a theme's name, looked for in $XDG_CONFIG_HOME/nocturne/themes, PREFIX/share/nocturne/themes and then
 * among the built-in ones; or, when it holds a '/', a file's path. NULL is "night". The error names file:line:column
 * and what would be right, or lists the themes there are. */
struct theme *theme_load(const char *name, struct error *error);
/* Parse a text; `file` is only for messages. Roles not mentioned look like `text`. */
struct theme *theme_parse(const char *file, const char *text, size_t length, struct error *error);
void theme_free(struct theme **theme);
/* Styles are given for one depth, DEPTH_256 until said. DEPTH_MONO is also what NO_COLOR asks for. */
void theme_set_depth(struct theme *theme, enum depth depth);
enum depth theme_depth(const struct theme *theme);
/* `role` may carry ROLE_REVERSE. */
struct style theme_style(const struct theme *theme, uint8_t role);
const char *theme_name(const struct theme *theme);
/* Names of all themes found, one a line, each once; built-in ones first. */
void theme_list(struct buffer *out);

const char *theme_role_name(enum role role);             /* "critical", "tab-current" */
bool theme_role_parse(const char *name, enum role *role);
const char *depth_name(enum depth depth);          /* "mono" "8" "16" "256" "direct" */
/* The depth the environment promises, without a terminal: NO_COLOR, COLORTERM, TERM. For `snapshot --ansi`. */
enum depth depth_of_environment(void);
/* 0xrrggbb of a colour that is not COLOUR_DEFAULT; palette numbers by their usual values. */
uint32_t colour_rgb(int32_t colour);
/* Append the SGR sequence that sets this style from a reset state ("" for the default look). */
void style_print(const struct style *style, struct buffer *out);

#endif

#include "term/theme.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ALTERNATIVES 6

struct alternatives {
    struct style styles[ALTERNATIVES];
    bool own_background[ALTERNATIVES]; /* says "on"; else the background of `text` shows */
    unsigned count;                    /* 0: the role is not mentioned */
};

struct theme {
    char *name;
    enum depth depth;
    struct alternatives roles[ROLE_COUNT];
    struct style resolved[ROLE_COUNT];
};

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_TEXT] = "text", [ROLE_DIM] = "dim", [ROLE_STRONG] = "strong", [ROLE_HEADING] = "heading",
    [ROLE_TITLE] = "title", [ROLE_RULE] = "rule", [ROLE_TAB] = "tab", [ROLE_TAB_CURRENT] = "tab-current",
    [ROLE_CURSOR] = "cursor", [ROLE_MARKED] = "marked", [ROLE_MATCH] = "match", [ROLE_KEY] = "key",
    [ROLE_HINT] = "hint", [ROLE_INPUT] = "input", [ROLE_SELECTION] = "selection", [ROLE_OK] = "ok",
    [ROLE_WARNING] = "warning", [ROLE_CRITICAL] = "critical", [ROLE_OFFLINE] = "offline",
    [ROLE_STALE] = "stale", [ROLE_UNREACHABLE] = "unreachable", [ROLE_UNKNOWN] = "unknown",
    [ROLE_MAINTENANCE] = "maintenance", [ROLE_MAJOR] = "major", [ROLE_MINOR] = "minor", [ROLE_INFO] = "info",
    [ROLE_ERROR] = "error", [ROLE_PAST] = "past", [ROLE_CHART] = "chart", [ROLE_CHART_2] = "chart-2",
    [ROLE_GAUGE] = "gauge",
};

static const char *const depth_names[DEPTH_COUNT] = {
    [DEPTH_MONO] = "mono", [DEPTH_8] = "8", [DEPTH_16] = "16", [DEPTH_256] = "256", [DEPTH_DIRECT] = "direct",
};

static const char *const colour_names[16] = {
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    "bright-black", "bright-red", "bright-green", "bright-yellow",
    "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
};

static const struct { const char *name; uint8_t bit; int sgr; } attributes[] = {
    {"bold", STYLE_BOLD, 1}, {"dim", STYLE_DIM, 2}, {"italic", STYLE_ITALIC, 3},
    {"underline", STYLE_UNDERLINE, 4}, {"reverse", STYLE_REVERSE, 7},
};

const char *theme_role_name(enum role role)
{
    return role_names[role];
}

bool theme_role_parse(const char *name, enum role *role)
{
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        if (strcmp(role_names[i], name) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}

const char *depth_name(enum depth depth)
{
    return depth_names[depth];
}

/* ---- reading a file ---- */

struct place {
    const char *file;
    unsigned line;
    const char *start; /* of the line */
};

/* Columns count characters from 1, as editors do. */
static unsigned place_column(const struct place *place, const char *at)
{
    unsigned column = 1;
    for (const char *byte = place->start; byte < at; byte++)
        column += ((unsigned char)*byte & 0xc0) != 0x80;
    return column;
}

static bool fail_at(const struct place *place, const char *at, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool fail_at(const struct place *place, const char *at, struct error *error, const char *format, ...)
{
    char text[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(error, ERROR_INVALID, "%s:%u:%u: %s", place->file, place->line, place_column(place, at), text);
}

static bool parse_colour(const char *word, int32_t *colour)
{
    if (strcmp(word, "default") == 0) {
        *colour = COLOUR_DEFAULT;
        return true;
    }
    if (word[0] == '#') {
        if (strlen(word) != 7 || strspn(word + 1, "0123456789abcdefABCDEF") != 6)
            return false;
        *colour = COLOUR_RGB | (int32_t)strtol(word + 1, NULL, 16);
        return true;
    }
    if (isdigit((unsigned char)word[0])) {
        if (strspn(word, "0123456789") != strlen(word) || strlen(word) > 3 || atoi(word) > 255)
            return false;
        *colour = atoi(word);
        return true;
    }
    for (int i = 0; i < 16; i++)
        if (strcmp(word, colour_names[i]) == 0) {
            *colour = i;
            return true;
        }
    return false;
}

static uint8_t parse_attribute(const char *word)
{
    for (size_t i = 0; i < ARRAY_COUNT(attributes); i++)
        if (strcmp(word, attributes[i].name) == 0)
            return attributes[i].bit;
    return 0;
}

/* The next word of the line: letters up to a blank, '=' or '|'; those two are words of their own. */
static const char *next_word(const char **at, const char *end, char word[32])
{
    while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
        (*at)++;
    const char *start = *at;
    size_t length = 0;
    if (*at < end && (**at == '=' || **at == '|')) {
        (*at)++;
        length = 1;
    } else {
        while (*at < end && !strchr(" \t\r=|", **at))
            (*at)++;
        length = (size_t)(*at - start);
    }
    size_t kept = length < 31 ? length : 31;
    while (kept > 0 && kept < length && ((unsigned char)start[kept] & 0xc0) == 0x80)
        kept--; /* cut at a character */
    memcpy(word, start, kept);
    word[kept] = '\0';
    return start;
}

static bool parse_look(const struct place *place, const char **at, const char *end, struct alternatives *all,
                       struct error *error)
{
    struct style *style = &all->styles[all->count];
    bool foreground = false, on = false, any = false;
    *style = (struct style){COLOUR_DEFAULT, COLOUR_DEFAULT, 0};
    for (;;) {
        char word[32];
        const char *before = *at;
        const char *start = next_word(at, end, word);
        int32_t colour;
        if (!word[0] || strcmp(word, "|") == 0) {
            if (on && !all->own_background[all->count])
                return fail_at(place, start, error, "\"on\" wants a colour after it");
            if (!any)
                return fail_at(place, start, error, "nothing stands here: write a colour, an attribute or \"default\"");
            *at = before;
            return true;
        }
        any = true;
        uint8_t attribute = parse_attribute(word);
        if (attribute) {
            style->attributes |= attribute;
        } else if (strcmp(word, "on") == 0 && !on) {
            on = true;
        } else if (parse_colour(word, &colour)) {
            if (on && !all->own_background[all->count]) {
                style->background = colour;
                all->own_background[all->count] = true;
            } else if (!foreground && !on) {
                style->foreground = colour;
                foreground = true;
            } else {
                return fail_at(place, start, error, "a second colour \"%s\": write \"on %s\" for the background, "
                                                    "\"|\" before another choice", word, word);
            }
        } else {
            return fail_at(place, start, error,
                           "\"%s\" is neither a colour (default, 0-255, #rrggbb, black red green yellow blue magenta "
                           "cyan white, bright-red ...) nor bold, dim, italic, underline, reverse or on", word);
        }
    }
}

static unsigned edit_distance(const char *left, const char *right)
{
    size_t columns = strlen(right);
    unsigned row[33];
    if (columns > 31)
        return 99;
    for (unsigned i = 0; i <= columns; i++)
        row[i] = i;
    for (unsigned i = 1; left[i - 1]; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= columns; j++) {
            unsigned cost = diagonal + (left[i - 1] != right[j - 1]);
            diagonal = row[j];
            row[j] = cost;
            if (row[j - 1] + 1 < row[j])
                row[j] = row[j - 1] + 1;
            if (diagonal + 1 < row[j])
                row[j] = diagonal + 1;
        }
    }
    return row[columns];
}

static const char *nearest_role(const char *word)
{
    unsigned best = 0, distance = 99;
    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        unsigned here = edit_distance(role_names[i], word);
        if (here < distance) {
            distance = here;
            best = i;
        }
    }
    return role_names[best];
}

static bool parse_line(struct theme *theme, const struct place *place, const char *end, struct error *error)
{
    const char *at = place->start;
    char word[32];
    enum role role;
    const char *start = next_word(&at, end, word);
    if (!word[0] || word[0] == '#')
        return true;
    if (!theme_role_parse(word, &role))
        return fail_at(place, start, error, "no role is called \"%s\": did you mean \"%s\"?", word, nearest_role(word));
    struct alternatives *all = &theme->roles[role];
    if (all->count > 0)
        return fail_at(place, start, error, "\"%s\" stands above already: keep one of the two", word);
    start = next_word(&at, end, word);
    if (strcmp(word, "=") != 0)
        return fail_at(place, start, error, "\"=\" is missing after the role");
    do {
        if (all->count == ALTERNATIVES)
            return fail_at(place, at, error, "more than %d choices: there are only five colour depths", ALTERNATIVES);
        if (!parse_look(place, &at, end, all, error))
            return false;
        all->count++;
        start = next_word(&at, end, word);
    } while (strcmp(word, "|") == 0);
    return true;
}

struct theme *theme_parse(const char *file, const char *text, size_t length, struct error *error)
{
    struct theme *theme = memory_new(sizeof *theme);
    const char *slash = strrchr(file, '/');
    theme->name = memory_text(slash ? slash + 1 : file);
    char *suffix = strrchr(theme->name, '.');
    if (suffix && strcmp(suffix, ".theme") == 0)
        *suffix = '\0';
    struct place place = {.file = file, .line = 0, .start = text};
    const char *end_of_text = text + length;
    while (place.start < end_of_text) {
        const char *end = memchr(place.start, '\n', (size_t)(end_of_text - place.start));
        place.line++;
        if (!parse_line(theme, &place, end ? end : end_of_text, error)) {
            theme_free(&theme);
            return NULL;
        }
        place.start = end ? end + 1 : end_of_text;
    }
    theme_set_depth(theme, DEPTH_256);
    return theme;
}

void theme_free(struct theme **theme)
{
    if (!*theme)
        return;
    free((*theme)->name);
    free(*theme);
    *theme = NULL;
}

const char *theme_name(const struct theme *theme)
{
    return theme->name;
}

/* ---- colours on poorer terminals ---- */

uint32_t colour_rgb(int32_t colour)
{
    /* The usual values of the first sixteen; terminals differ, their order of brightness does not. */
    static const uint32_t first[16] = {
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
        0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
    };
    static const uint8_t levels[6] = {0, 95, 135, 175, 215, 255};
    if (colour & COLOUR_RGB)
        return (uint32_t)colour & 0xffffff;
    if (colour < 16)
        return first[colour];
    if (colour < 232) {
        unsigned cube = (unsigned)colour - 16;
        return (uint32_t)levels[cube / 36] << 16 | (uint32_t)levels[cube / 6 % 6] << 8 | levels[cube % 6];
    }
    uint32_t grey = 8 + 10 * ((uint32_t)colour - 232);
    return grey << 16 | grey << 8 | grey;
}

static unsigned rgb_distance(uint32_t left, uint32_t right)
{
    int red = (int)(left >> 16 & 255) - (int)(right >> 16 & 255);
    int green = (int)(left >> 8 & 255) - (int)(right >> 8 & 255);
    int blue = (int)(left & 255) - (int)(right & 255);
    return (unsigned)(2 * red * red + 4 * green * green + 3 * blue * blue);
}

/* The nearest of palette numbers first..last-1. */
static int32_t nearest(int32_t colour, int first, int last)
{
    uint32_t rgb = colour_rgb(colour);
    int best = first;
    for (int i = first + 1; i < last; i++)
        if (rgb_distance(rgb, colour_rgb(i)) < rgb_distance(rgb, colour_rgb(best)))
            best = i;
    return best;
}

static enum depth colour_need(int32_t colour)
{
    if (colour == COLOUR_DEFAULT)
        return DEPTH_MONO;
    if (colour & COLOUR_RGB)
        return DEPTH_DIRECT;
    return colour < 8 ? DEPTH_8 : colour < 16 ? DEPTH_16 : DEPTH_256;
}

static int32_t colour_reduce(int32_t colour, enum depth depth)
{
    if (colour_need(colour) <= depth)
        return colour;
    switch (depth) {
    case DEPTH_256:
        return nearest(colour, 16, 256); /* the first sixteen are the person's own */
    case DEPTH_16:
        return nearest(colour, 0, 16);
    case DEPTH_8:
        return colour < 16 ? colour - 8 : nearest(colour, 0, 8);
    default:
        return COLOUR_DEFAULT;
    }
}

static struct style style_reduce(struct style style, enum depth depth)
{
    if (depth == DEPTH_MONO && style.background != COLOUR_DEFAULT)
        style.attributes |= STYLE_REVERSE;
    style.foreground = colour_reduce(style.foreground, depth);
    style.background = colour_reduce(style.background, depth);
    return style;
}

static struct style role_resolve(const struct alternatives *all, enum depth depth, int32_t background)
{
    for (unsigned i = 0; i < all->count; i++) {
        struct style style = all->styles[i];
        if (colour_need(style.foreground) <= depth && colour_need(style.background) <= depth) {
            if (!all->own_background[i])
                style.background = background;
            return style;
        }
    }
    struct style style = style_reduce(all->styles[all->count - 1], depth);
    if (!all->own_background[all->count - 1])
        style.background = background;
    return style;
}

void theme_set_depth(struct theme *theme, enum depth depth)
{
    theme->depth = depth;
    struct style text = {COLOUR_DEFAULT, COLOUR_DEFAULT, 0};
    if (theme->roles[ROLE_TEXT].count > 0)
        text = role_resolve(&theme->roles[ROLE_TEXT], depth, COLOUR_DEFAULT);
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        theme->resolved[i] =
            theme->roles[i].count > 0 ? role_resolve(&theme->roles[i], depth, text.background) : text;
}

enum depth theme_depth(const struct theme *theme)
{
    return theme->depth;
}

struct style theme_style(const struct theme *theme, uint8_t role)
{
    unsigned plain = role & ~(unsigned)ROLE_REVERSE;
    struct style style = theme->resolved[plain < ROLE_COUNT ? plain : ROLE_TEXT];
    if (role & ROLE_REVERSE) {
        /* What is reversed by itself would vanish as a cursor if it were turned back. */
        style.attributes |= style.attributes & STYLE_REVERSE ? STYLE_UNDERLINE | STYLE_BOLD : STYLE_REVERSE;
        style.attributes &= (uint8_t)~STYLE_DIM; /* a dim cursor is no cursor */
    }
    return style;
}

enum depth depth_of_environment(void)
{
    const char *no_colour = getenv("NO_COLOR"), *rich = getenv("COLORTERM"), *terminal = getenv("TERM");
    if ((no_colour && no_colour[0]) || !terminal || strcmp(terminal, "dumb") == 0 || strncmp(terminal, "vt", 2) == 0)
        return DEPTH_MONO;
    if ((rich && (strcmp(rich, "truecolor") == 0 || strcmp(rich, "24bit") == 0)) || strstr(terminal, "direct"))
        return DEPTH_DIRECT;
    return strstr(terminal, "256") ? DEPTH_256 : DEPTH_8;
}

static void colour_print(int32_t colour, bool background, struct buffer *out)
{
    int base = background ? 40 : 30;
    if (colour == COLOUR_DEFAULT)
        return;
    if (colour & COLOUR_RGB)
        buffer_printf(out, ";%d;2;%d;%d;%d", base + 8, colour >> 16 & 255, colour >> 8 & 255, colour & 255);
    else if (colour >= 16)
        buffer_printf(out, ";%d;5;%d", base + 8, (int)colour);
    else
        buffer_printf(out, ";%d", colour < 8 ? base + colour : base + 60 + colour - 8);
}

void style_print(const struct style *style, struct buffer *out)
{
    struct buffer codes = BUFFER_INIT;
    for (size_t i = 0; i < ARRAY_COUNT(attributes); i++)
        if (style->attributes & attributes[i].bit)
            buffer_printf(&codes, ";%d", attributes[i].sgr);
    colour_print(style->foreground, false, &codes);
    colour_print(style->background, true, &codes);
    if (codes.length > 0)
        buffer_printf(out, "\033[%sm", buffer_text(&codes) + 1);
    buffer_release(&codes);
}

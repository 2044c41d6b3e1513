#include "term/terminal.h"

#include <stdlib.h>
#include <string.h>

#include <curses.h>
#include <term.h> /* after curses.h, and only here: it makes macros of "lines", "columns" and other plain words */

#include "base/memory.h"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

unsigned terminal_candidates(const char *asked, const char *out[TERMINAL_CANDIDATES])
{
    static const char *const like_xterm[] = {"xterm", "alacritty", "foot", "wezterm", "kitty", "vte", "gnome",
                                             "konsole", "putty", "contour", "iterm", "mintty", "ghostty", "rio"};
    unsigned count = 0;
    bool rich = environment("COLORTERM")[0] || strstr(asked, "256");
    if (strcmp(asked, "xterm") == 0 && rich) /* a TERM too modest for its terminal */
        out[count++] = "xterm-256color";
    out[count++] = asked;
    if (starts_with(asked, "tmux") || starts_with(asked, "screen")) {
        if (rich)
            out[count++] = "screen-256color";
        out[count++] = "screen";
    } else {
        for (size_t i = 0; i < ARRAY_COUNT(like_xterm); i++)
            if (starts_with(asked, like_xterm[i])) {
                out[count++] = "xterm-256color";
                out[count++] = "xterm";
                break;
            }
    }
    out[count++] = "vt100";
    out[count++] = "ansi";
    return count;
}

bool terminal_usable(const char *name, int fd)
{
    int result;
    if (!name[0] || setupterm(name, fd, &result) != OK)
        return false;
    bool places = cursor_address != NULL && !tigetflag("hc");
    del_curterm(cur_term);
    return places;
}

bool terminal_knows_synchronized(const char *asked)
{
    static const char *const terminals[] = {"xterm-kitty", "alacritty", "foot", "contour", "wezterm", "xterm-ghostty"};
    static const char *const programs[] = {"WezTerm", "iTerm.app", "ghostty", "contour", "mintty"};
    if (getenv("TMUX"))
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(terminals); i++)
        if (starts_with(asked, terminals[i]))
            return true;
    for (size_t i = 0; i < ARRAY_COUNT(programs); i++)
        if (strcmp(environment("TERM_PROGRAM"), programs[i]) == 0)
            return true;
    return atoi(environment("VTE_VERSION")) >= 6800 || getenv("WT_SESSION");
}

bool terminal_knows_titles(const char *asked)
{
    return starts_with(asked, "xterm") || starts_with(asked, "tmux") || starts_with(asked, "screen") ||
           starts_with(asked, "rxvt") || terminal_knows_synchronized(asked);
}

bool terminal_lacks_glyphs(const char *asked)
{
    return starts_with(asked, "linux") || starts_with(asked, "vt") || starts_with(asked, "ansi") ||
           starts_with(asked, "cons") || starts_with(asked, "dumb");
}

/* The terminal. Together with screen.c the only place that knows curses: it holds what the terminal shows, sends
 * what changed and nothing else, decodes what is typed, and gives the terminal back as it was, whatever the end.
 *
 * Nothing here waits. Input and output share one descriptor of our own (opened anew, so that its O_NONBLOCK is
 * not the shell's); bytes that the terminal does not take at once are queued. The app polls screen_fd for reading
 * always and for writing while screen_pending() > 0, calls screen_flush when writable, and draws the next frame
 * only when screen_ready() says so: frames in between are never built, which is how slow links stay usable. */
#ifndef TERM_SCREEN_H
#define TERM_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "term/key.h"
#include "term/notice.h"
#include "term/surface.h"
#include "term/theme.h"

struct screen;

struct screen_options {
    int fd;                  /* the terminal: 0 for standard input */
    const char *terminal;    /* NULL: $TERM */
    bool mouse;
    bool ascii;              /* ASCII glyphs even where UTF-8 would do */
    bool mono;               /* as NO_COLOR */
    size_t bytes_per_second; /* cap on the output, 0: none */
};

/* Never refuses a terminal: an unknown TERM is taken as the nearest known one, and one that cannot place its cursor
 * gets text (screen_is_dumb). Fails only when fd is no terminal at all. The locale must be set (locale_init).
 * `theme` stays the caller's; its depth is set to what the terminal can do. */
struct screen *screen_open(const struct screen_options *options, struct theme *theme, struct error *error);
void screen_close(struct screen **screen); /* restores the terminal; also done at exit and on fatal signals */

int screen_fd(const struct screen *screen);
int screen_rows(const struct screen *screen);
int screen_columns(const struct screen *screen);
bool screen_ascii(const struct screen *screen);   /* for surface_init */
bool screen_is_dumb(const struct screen *screen); /* text only: --plain serves better */
bool screen_gone(const struct screen *screen);    /* hung up: end */
enum depth screen_depth(const struct screen *screen);
/* "xterm-256color as xterm-256color, 256 colours, UTF-8, synchronized, mouse": for `doctor`. */
void screen_describe(const struct screen *screen, struct buffer *out);

/* Ask the terminal its size (after SIGWINCH, or any time). True when it changed: draw anew. */
bool screen_resize(struct screen *screen);
void screen_set_theme(struct screen *screen, struct theme *theme); /* another look; the next show sends all */
void screen_redraw(struct screen *screen);                         /* the next show repaints from nothing (C-l) */
/* Make the terminal show this surface; what lies outside the terminal is left out. */
void screen_show(struct screen *screen, const struct surface *surface);
/* The same, where only these rows of it changed since the last frame. */
void screen_show_rows(struct screen *screen, const struct surface *surface, const int *rows, unsigned count);
/* True when a frame may be sent now: nothing is queued and the rate allows it. Else the milliseconds to wait are put
 * in *wait, -1 meaning until the descriptor is writable. */
bool screen_ready(struct screen *screen, msec steady_now, int *wait);
size_t screen_pending(const struct screen *screen); /* bytes queued: poll for writing while there are any */
bool screen_flush(struct screen *screen);           /* write what the terminal takes; true when all is out */
void screen_set_rate(struct screen *screen, size_t bytes_per_second);
uint64_t screen_bytes(const struct screen *screen); /* sent since open */

/* The next key typed, without waiting. KEY_HANGUP when the terminal is gone. */
bool screen_read(struct screen *screen, struct key_event *key);
const char *screen_raw(const struct screen *screen, size_t *length); /* bytes of that key (decode.h) */
int screen_timeout(const struct screen *screen); /* ms until screen_read is worth calling without input; -1: never */

/* Give the terminal to the shell or to a program (pager, ssh), and take it back. */
void screen_leave(struct screen *screen);
void screen_enter(struct screen *screen);
void screen_suspend(struct screen *screen); /* ^Z: leave, stop this process group, enter when continued */

void screen_bell(struct screen *screen);
/* Ask the terminal to show a line outside itself (term/notice.h), through tmux and screen where they let it. */
void screen_notice(struct screen *screen, enum notice_kind kind, const char *title, const char *body);
void screen_title(struct screen *screen, const char *title);
/* Put text in the clipboard of the person's own terminal by OSC 52, through tmux and screen. Fails when it is longer
 * than terminals take (75,000 bytes coded). Nobody can know whether the terminal obeys. */
bool screen_copy(struct screen *screen, const char *text, size_t length, struct error *error);

#endif

/* What screen.c (curses) and screen_output.c (bytes) share; nobody else includes it. */
#ifndef TERM_SCREEN_PRIVATE_H
#define TERM_SCREEN_PRIVATE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <termios.h>

#include "base/buffer.h"
#include "term/decode.h"
#include "term/screen.h"

struct look; /* curses attributes and pair of a role */

struct screen {
    int fd;
    bool blocking;               /* fd could not be opened anew: poll before every read and write */
    struct termios before, raw;  /* settings found, settings ours */
    char terminal[64];           /* the terminfo entry in use; "" when dumb */
    char asked[64];
    bool dumb, gone, away, utf8, ascii, mouse, synchronized, titles;
    enum depth depth;
    struct theme *theme;
    struct look *looks;          /* by role, with and without ROLE_REVERSE */
    void *run;                   /* the changed cells of a row as curses takes them */
    int run_columns;
    FILE *sink;                  /* curses writes here: memory, taken out after each update */
    void *curses;                /* SCREEN */
    struct surface shown;        /* what the terminal shows, once all is written */
    bool repaint;                /* shown is worth nothing */
    int rows, columns;

    struct buffer queue;         /* bytes the terminal has not taken yet, from `sent` */
    size_t sent;
    uint64_t bytes;
    size_t rate;                 /* bytes per second, 0: none */
    double allowance;            /* bytes that may be sent now; negative after a large frame */
    msec allowed_at;
    struct decoder *decoder;
};

/* screen.c: somebody else had the terminal: take it anew. */
void screen_retake(struct screen *screen);

#define SCREEN_SYNC_END "\033[?2026l"

/* screen_show.c: where curses writes, and taking those bytes into the queue. */
bool screen_sink_open(struct screen *screen);
void screen_sink_take(struct screen *screen);
/* screen_output.c */
void screen_queue(struct screen *screen, const char *bytes, size_t length);
void screen_queue_text(struct screen *screen, const char *text);
/* Write all that is queued, waiting at most `patience`; for leaving. */
void screen_drain(struct screen *screen, msec patience);

#endif

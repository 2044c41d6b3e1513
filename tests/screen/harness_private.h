/* What the harness's files share: harness.c has the terminal and its picture, harness_wait.c what a test waits for. */
#ifndef SCREEN_HARNESS_PRIVATE_H
#define SCREEN_HARNESS_PRIVATE_H

#include <regex.h>
#include <vterm.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "screen/harness.h"

#define MASKS 32
#define WATCHED 4

struct mask {
    regex_t pattern;
    char *replacement;
};

struct harness {
    int fd, rows, columns;
    pid_t pid, watched[WATCHED]; /* 0: none */
    bool ended;
    int status;
    VTerm *terminal;
    VTermScreen *screen;
    bool alternate, cursor_visible;
    struct buffer raw, text, row, look;
    size_t emulated; /* bytes of raw that the emulator has */
    uint64_t bytes;
    struct mask masks[MASKS];
    unsigned mask_count;
};

/* Wait for output at most so long and take it in; true when some came. */
bool harness_take(struct harness *harness, int milliseconds);
/* Until everybody concerned slept that long altogether, whatever is written meanwhile: what was typed is read by then. */
bool harness_wait_asleep(struct harness *harness, int span, int timeout);

#endif

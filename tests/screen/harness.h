/* Screen tests: a real program in a pty, keys in, the terminal's cells out through libvterm, compared with golden text.
 *
 *     struct harness *terminal = harness_start(&(struct harness_options){
 *         .rows = 24, .columns = 80, .arguments = (const char *[]){"build/nocturne", "--socket", path, NULL}});
 *     assert_true(harness_wait_text(terminal, "涵英楼", 5000));
 *     harness_keys(terminal, "2 j j Enter");
 *     harness_wait_quiet(terminal, 100, 2000); // in front of an absence; a presence is waited for by its text
 *     harness_mask(terminal, "[0-9]{2}:[0-9]{2}:[0-9]{2}", "HH:MM:SS");
 *     harness_golden(terminal, "alerts-80x24");
 *     harness_free(&terminal);
 *
 * Nothing sleeps: waits end with the state they wait for, so that a slow machine passes as a fast one does. Golden files
 * are tests/screen/golden/NAME.txt; UPDATE_GOLDEN=1 writes them anew (look at the difference before committing).
 * A failing comparison prints the lines that differ. Programs are ended by their pid. */
#ifndef SCREEN_HARNESS_H
#define SCREEN_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct harness;

struct harness_options {
    int rows, columns;               /* default 24x80 */
    const char *const *arguments;    /* the program and its arguments; NULL-terminated */
    const char *const *environment;  /* "NAME=VALUE", "NAME" unsets; NULL-terminated; or NULL */
    const char *terminal;            /* TERM; default xterm-256color */
    const char *locale;              /* LC_ALL; default C.UTF-8 */
    const char *folder;              /* working directory, or NULL */
};

/* Aborts the test with a message when the program cannot be started. The child's environment is ours without
 * NO_COLOR, COLORTERM, TMUX, STY, LANG*, LC_*, COLUMNS, LINES, then the options'. */
struct harness *harness_start(const struct harness_options *options);
void harness_free(struct harness **harness); /* SIGHUP, then after a while SIGKILL */

/* Key names as in the key map ("j", "C-d", "Enter", "Esc", "F5", "Down"), separated by blanks; "type:泵房" types the
 * rest of the word. Each name is one write. */
void harness_keys(struct harness *harness, const char *keys);
void harness_type(struct harness *harness, const void *bytes, size_t length);
void harness_resize(struct harness *harness, int rows, int columns);
void harness_hang_up(struct harness *harness); /* close the terminal under the program */
pid_t harness_pid(const struct harness *harness);

/* States to wait for. All take milliseconds, which are stretched on the way as a machine may be busy, and keep reading
 * what the program writes. False when time runs out. */
bool harness_wait_text(struct harness *harness, const char *text, int timeout);
bool harness_wait_no_text(struct harness *harness, const char *text, int timeout);
bool harness_wait_row(struct harness *harness, int row, const char *text, int timeout);
bool harness_wait_raw(struct harness *harness, const char *sequence, int timeout); /* among all bytes so far */
bool harness_wait_bytes(struct harness *harness, uint64_t more_than, int timeout); /* as harness_bytes */
bool harness_wait_alternate(struct harness *harness, bool on, int timeout);
bool harness_wait_cooked(struct harness *harness, bool cooked, int timeout);
bool harness_wait_stopped(struct harness *harness, int timeout); /* by a signal; until then SIGCONT would undo that */
bool harness_wait_exit(struct harness *harness, int timeout, int *status); /* as waitpid's */
/* It has drawn something, and then nothing for `quiet` in which neither it nor who is watched had anything to do: being kept
 * waiting for the processor is not quiet. */
bool harness_wait_quiet(struct harness *harness, int quiet, int timeout);
void harness_watch(struct harness *harness, pid_t pid); /* one whose answers the program waits for */
void harness_pump(struct harness *harness, int milliseconds); /* read for so long: for counting idle bytes */

/* The picture: rows right-trimmed, "\n" after each; valid until the next call. */
const char *harness_text(struct harness *harness);
const char *harness_row(struct harness *harness, int row);
/* The look of a cell: "" plain, else words: "bold reverse fg=203 bg=52 fg=#ff5f5f". Valid until the next call. */
const char *harness_look(struct harness *harness, int row, int column);
bool harness_cursor(const struct harness *harness, int *row, int *column); /* false: hidden */
uint64_t harness_bytes(const struct harness *harness);  /* written by the program so far */
bool harness_cooked(const struct harness *harness);     /* the terminal echoes and edits lines, as a shell left it */
void harness_cook(struct harness *harness);             /* set it so, as a shell does */
bool harness_alternate(const struct harness *harness);  /* the alternate screen is on */
/* The program's raw bytes so far, for looking for sequences. */
const char *harness_raw(const struct harness *harness, size_t *length);

/* Replace what matches the extended regular expression, in every row of pictures compared from now on; the
 * replacement is padded or cut to the width of what it stands for, so that columns stay; to the right, where it begins
 * with `>`. In looks what is hidden looks as its last cell does. */
void harness_mask(struct harness *harness, const char *pattern, const char *replacement);
/* Compare with the golden file; fails the cmocka test. */
void harness_golden(struct harness *harness, const char *name);
/* The same with every cell's look listed below the text: for themes and cursors. */
void harness_golden_looks(struct harness *harness, const char *name);

#endif

/* The terminal as people have it: every kind of TERM, size, locale and end, through the widgets' demonstration. */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "screen/harness.h"

#define QUIET 60
#define PATIENCE 5000

static char *demo; /* beside this program */

static struct harness *start(int rows, int columns, const char *page, const char *terminal, const char *locale,
                             const char *const *environment)
{
    const char *arguments[] = {demo, page, NULL};
    struct harness *harness = harness_start(&(struct harness_options){
        .rows = rows, .columns = columns, .arguments = arguments, .terminal = terminal, .locale = locale,
        .environment = environment ? environment : (const char *const[]){"TZ=UTC", NULL}});
    assert_true(harness_wait_quiet(harness, QUIET, PATIENCE)); /* once something was drawn */
    return harness;
}

static bool raw_has(const struct harness *harness, const char *sequence)
{
    size_t length;
    const char *raw = harness_raw(harness, &length);
    return memmem(raw, length, sequence, strlen(sequence)) != NULL;
}

/* ---- pictures ---- */

static void shows_the_golden_pages(void **state)
{
    (void)state;
    static const char *const names[] = {"", "widgets-board", "widgets-table", "widgets-charts", "widgets-form",
                                        "widgets-dialog", "widgets-menu", "widgets-tree", "widgets-pager"};
    struct harness *harness = start(24, 80, "1", NULL, NULL, NULL);
    for (int page = 1; page <= 8; page++) {
        char key[2] = {(char)('0' + page), 0};
        harness_keys(harness, key);
        harness_wait_quiet(harness, QUIET, PATIENCE);
        if (page == 7)
            harness_keys(harness, "Right Right Down Right");
        harness_wait_quiet(harness, QUIET, PATIENCE); /* for who makes them anew */
        harness_golden(harness, names[page]);
    }
    harness_free(&harness);
}

static void fills_a_large_screen(void **state)
{
    (void)state;
    struct harness *harness = start(60, 200, "1", NULL, NULL, NULL);
    harness_golden(harness, "widgets-board-200x60");
    harness_keys(harness, "3");
    harness_wait_quiet(harness, QUIET, PATIENCE);
    harness_golden(harness, "widgets-charts-200x60");
    harness_free(&harness);
}

static void every_depth_has_its_look(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "9", "xterm-256color", NULL, NULL);
    harness_golden_looks(harness, "roles-256");
    harness_free(&harness);
    harness = start(24, 80, "9", "xterm", NULL, NULL);
    harness_golden_looks(harness, "roles-8");
    harness_free(&harness);
    harness = start(24, 80, "9", NULL, NULL, (const char *const[]){"NO_COLOR=1", NULL});
    harness_golden_looks(harness, "roles-no-color");
    assert_false(raw_has(harness, "38;5"));
    assert_null(strstr(harness_look(harness, 0, 1), "fg="));
    harness_free(&harness);
}

/* TERM says "xterm" while the terminal says truecolor: the better entry is used. */
static void trusts_colorterm(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "9", "xterm", NULL, (const char *const[]){"COLORTERM=truecolor", NULL});
    assert_true(harness_wait_raw(harness, "38;5;203", PATIENCE));
    harness_free(&harness);
}

static void ascii_where_utf8_is_missing(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "2", NULL, "C", NULL);
    harness_golden(harness, "widgets-table-c-locale");
    size_t length;
    const char *raw = harness_raw(harness, &length);
    for (size_t i = 0; i < length; i++)
        assert_false((unsigned char)raw[i] & 0x80);
    harness_free(&harness);
    harness = start(24, 80, "7", "linux", NULL, NULL); /* UTF-8, but no glyphs in the console's font; its colours, and no cursor */
    int row, column;
    assert_false(harness_cursor(harness, &row, &column));
    assert_true(raw_has(harness, "\033[?25l") && raw_has(harness, "\033[3"));
    harness_golden(harness, "widgets-tree-linux");
    harness_free(&harness);
}

/* ---- terminals ---- */

static void never_refuses_a_terminal(void **state)
{
    (void)state;
    static const char *const terminals[] = {"weird-9000", "vt100", "ansi", "screen", "screen-256color", "tmux-256color",
                                            "linux", "xterm-kitty", "alacritty", "rxvt-unicode-256color", "", "xterm"};
    for (size_t i = 0; i < sizeof terminals / sizeof *terminals; i++) {
        struct harness *harness = start(24, 80, "2", terminals[i], NULL, NULL);
        if (!harness_wait_text(harness, "T-00017", PATIENCE))
            fail_msg("TERM=%s: no picture:\n%s", terminals[i], harness_text(harness));
        harness_keys(harness, "j j k q");
        int status;
        assert_true(harness_wait_exit(harness, PATIENCE, &status));
        assert_int_equal(status, 0);
        harness_free(&harness);
    }
}

static void a_dumb_terminal_gets_text(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "2", "dumb", NULL, NULL);
    assert_true(harness_wait_raw(harness, "T-00001", PATIENCE));
    assert_false(raw_has(harness, "\033"));
    int status;
    harness_keys(harness, "q");
    assert_true(harness_wait_exit(harness, PATIENCE, &status));
    assert_int_equal(status, 0);
    harness_free(&harness);
}

static void no_terminal_is_an_error(void **state)
{
    (void)state;
    char *command = memory_printf("%s </dev/null >/dev/null 2>&1", demo);
    int status = system(command);
    assert_int_equal(WEXITSTATUS(status), 1);
    free(command);
}

static void a_tiny_terminal_keeps_running(void **state)
{
    (void)state;
    struct harness *harness = start(5, 20, "2", NULL, NULL, NULL);
    assert_true(harness_wait_row(harness, 1, "too small", PATIENCE));
    assert_string_equal(harness_row(harness, 0), "C3 M12 m41");
    harness_resize(harness, 24, 80);
    assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
    harness_resize(harness, 1, 2);
    harness_wait_quiet(harness, QUIET, PATIENCE);
    harness_keys(harness, "j");
    harness_resize(harness, 40, 120);
    assert_true(harness_wait_text(harness, "T-00030", PATIENCE));
    harness_free(&harness);
}

static void synchronizes_only_where_it_is_known(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "1", NULL, NULL, NULL);
    assert_false(raw_has(harness, "?2026"));
    harness_free(&harness);
    harness = start(24, 80, "1", NULL, NULL, (const char *const[]){"VTE_VERSION=7000", NULL});
    assert_true(harness_wait_raw(harness, "\033[?2026h", PATIENCE));
    assert_true(harness_wait_raw(harness, "\033[?2026l", PATIENCE));
    uint64_t before = harness_bytes(harness);
    harness_keys(harness, "Left"); /* changes nothing: nothing is sent */
    harness_pump(harness, 100);
    assert_int_equal(harness_bytes(harness), before);
    harness_free(&harness);
}

static void copies_through_multiplexers(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "1", NULL, NULL, NULL);
    assert_true(harness_wait_raw(harness, "\033]2;demo ", PATIENCE));
    assert_false(raw_has(harness, "\033]0;x"));
    assert_true(raw_has(harness, "\033[22;2t")); /* the title before ours is kept and comes back */
    harness_type(harness, "\033[23~", 5); /* F11 */
    assert_true(harness_wait_raw(harness, "\033]52;c;5rO15oi/\a", PATIENCE));
    assert_false(raw_has(harness, "Ptmux"));
    harness_free(&harness);
    harness = start(24, 80, "1", "tmux-256color", NULL, (const char *const[]){"TMUX=/tmp/x,1,0", NULL});
    harness_type(harness, "\033[23~", 5);
    assert_true(harness_wait_raw(harness, "\033Ptmux;\033\033]52;c;5rO15oi/\a\033\\", PATIENCE));
    harness_free(&harness);
    harness = start(24, 80, "1", "screen", NULL, (const char *const[]){"STY=1.x", NULL});
    harness_type(harness, "\033[23~", 5);
    assert_true(harness_wait_raw(harness, "\033P\033]52;c;5rO15oi/\a\033\\", PATIENCE));
    harness_free(&harness);
}

/* ---- ends ---- */

/* The terminal's settings and the bytes that lead there come one after the other, as the program gets to them. */
static void assert_restored(struct harness *harness)
{
    int row, column;
    assert_true(harness_wait_alternate(harness, false, PATIENCE));
    assert_true(harness_wait_raw(harness, "\033[?1000l", PATIENCE));
    assert_true(harness_wait_raw(harness, "\033[?2004l", PATIENCE));
    assert_true(harness_wait_raw(harness, "\033[?25h", PATIENCE));
    assert_true(harness_cursor(harness, &row, &column));
}

static void gives_the_terminal_back(void **state)
{
    (void)state;
    static const int signals[] = {0, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct harness *harness = start(24, 80, "2", NULL, NULL, NULL);
        int status;
        assert_true(harness_wait_alternate(harness, true, PATIENCE));
        if (signals[i])
            kill(harness_pid(harness), signals[i]);
        else
            harness_keys(harness, "q");
        assert_true(harness_wait_exit(harness, PATIENCE, &status));
        if (signals[i])
            assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == signals[i] : WIFEXITED(status));
        assert_restored(harness);
        harness_free(&harness);
    }
}

static void gives_it_back_after_abort(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "2", NULL, NULL, NULL);
    int status;
    harness_type(harness, "\033[24~", 5); /* F12 aborts */
    assert_true(harness_wait_exit(harness, PATIENCE, &status));
    assert_restored(harness);
    harness_free(&harness);
}

/* The shell it was started from finds its terminal's settings as they were. */
static void leaves_the_settings_as_they_were(void **state)
{
    (void)state;
    static const char *const ends[] = {"q", "\033[24~" /* aborts */, "\003"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *command = memory_printf("%s 2; echo over; read line", demo);
        const char *arguments[] = {"bash", "-c", command, NULL};
        struct harness *harness = harness_start(&(struct harness_options){.arguments = arguments});
        assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
        assert_true(harness_wait_cooked(harness, false, PATIENCE));
        harness_type(harness, ends[i], strlen(ends[i]));
        assert_true(harness_wait_text(harness, "over", PATIENCE));
        assert_true(harness_wait_cooked(harness, true, PATIENCE));
        harness_free(&harness);
        free(command);
    }
}

/* Nobody reads any more, and SIGHUP is ignored as under nohup: EIO ends it, at once and cleanly. */
static void a_hang_up_ends_it(void **state)
{
    (void)state;
    char *command = memory_printf("trap '' HUP; exec %s 2", demo);
    const char *arguments[] = {"/bin/sh", "-c", command, NULL};
    struct harness *harness = harness_start(&(struct harness_options){.arguments = arguments});
    assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
    int status;
    harness_type(harness, "jjjjjjjjjjjjjjjjjjjj", 20); /* in the middle of drawing */
    harness_hang_up(harness);
    assert_true(harness_wait_exit(harness, PATIENCE, &status));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    harness_free(&harness);
    free(command);
}

static void stops_and_continues(void **state)
{
    (void)state;
    const char *arguments[] = {"bash", "--norc", "--noprofile", "-i", NULL};
    struct harness *harness = harness_start(&(struct harness_options){.arguments = arguments});
    char *command = memory_printf("PS1='ready> '; clear; %s 2\r", demo);
    harness_type(harness, command, strlen(command));
    assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
    harness_keys(harness, "j C-z");
    assert_true(harness_wait_text(harness, "Stopped", PATIENCE));
    assert_true(harness_wait_alternate(harness, false, PATIENCE));
    harness_type(harness, "echo back-$((40+2))\r", 20);
    assert_true(harness_wait_text(harness, "back-42", PATIENCE)); /* the shell has its terminal */
    harness_type(harness, "fg\r", 3);
    assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
    assert_true(harness_wait_alternate(harness, true, PATIENCE));
    harness_keys(harness, "j");
    assert_true(harness_wait_text(harness, "T-00002", PATIENCE));
    harness_keys(harness, "q");
    assert_true(harness_wait_text(harness, "ready> ", PATIENCE));
    harness_free(&harness);
    free(command);
}

/* Stopped by somebody with a signal that nobody can catch, continued by a shell that used the terminal meanwhile. */
static void takes_its_terminal_back(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "2", NULL, NULL, NULL);
    kill(harness_pid(harness), SIGSTOP);
    assert_true(harness_wait_stopped(harness, PATIENCE));
    harness_cook(harness);
    uint64_t before = harness_bytes(harness);
    kill(harness_pid(harness), SIGCONT);
    assert_true(harness_wait_bytes(harness, before + 1000, PATIENCE)); /* all is drawn anew */
    assert_true(harness_wait_cooked(harness, false, PATIENCE));
    harness_keys(harness, "j j");
    assert_true(harness_wait_text(harness, " T-00002  ", PATIENCE));
    assert_true(harness_wait_alternate(harness, true, PATIENCE));
    harness_free(&harness);
    /* SIGTSTP gives the terminal back before it stops. */
    harness = start(24, 80, "2", NULL, NULL, NULL);
    kill(harness_pid(harness), SIGTSTP);
    assert_true(harness_wait_stopped(harness, PATIENCE));
    assert_true(harness_cooked(harness));
    assert_restored(harness);
    kill(harness_pid(harness), SIGCONT);
    assert_true(harness_wait_alternate(harness, true, PATIENCE));
    assert_true(harness_wait_cooked(harness, false, PATIENCE));
    assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
    harness_free(&harness);
}

/* ---- cost ---- */

/* DESIGN section 7: at most half of htop's 317 bytes a key at 200x60; nothing while nothing changes. */
static uint64_t bytes_a_key(struct harness *harness)
{
    uint64_t before = harness_bytes(harness);
    for (int i = 0; i < 40; i++) {
        uint64_t here = harness_bytes(harness);
        harness_keys(harness, "j");
        assert_true(harness_wait_bytes(harness, here, PATIENCE)); /* each by itself: keys that wait are drawn as one */
        assert_true(harness_wait_quiet(harness, 8, PATIENCE));
    }
    assert_true(harness_wait_quiet(harness, QUIET, PATIENCE));
    return (harness_bytes(harness) - before) / 40;
}

/* DESIGN section 7: at most half of htop's 317 bytes a key at 200x60; nothing while nothing changes. */
static void a_key_costs_few_bytes(void **state)
{
    (void)state;
    struct harness *harness = start(60, 200, "2", NULL, NULL, NULL);
    uint64_t moving = bytes_a_key(harness), scrolling = bytes_a_key(harness);
    print_message("# bytes a key: %u moving, %u scrolling\n", (unsigned)moving, (unsigned)scrolling);
    assert_in_range(moving, 20, 158);
    assert_in_range(scrolling, 20, 317);
    uint64_t before = harness_bytes(harness);
    harness_keys(harness, "1");
    assert_true(harness_wait_bytes(harness, before, PATIENCE));
    assert_true(harness_wait_quiet(harness, QUIET, PATIENCE));
    before = harness_bytes(harness);
    harness_pump(harness, 500);
    assert_int_equal(harness_bytes(harness), before);
    harness_free(&harness);
}

static void keeps_to_the_byte_rate(void **state)
{
    (void)state;
    const char *arguments[] = {demo, "--rate", "2000", "2", NULL};
    struct harness *harness = harness_start(&(struct harness_options){.arguments = arguments});
    assert_true(harness_wait_text(harness, "T-00017", PATIENCE));
    harness_pump(harness, 2500); /* the first picture is paid off */
    uint64_t before = harness_bytes(harness);
    msec from = clock_steady();
    for (int i = 0; i < 200; i++) {
        harness_type(harness, "\004", 1); /* C-d: another page each */
        harness_pump(harness, 5);
    }
    double seconds = (double)(clock_steady() - from) / 1000;
    assert_true((double)(harness_bytes(harness) - before) <= 2000 * seconds + 500 + 4000); /* one frame ahead */
    harness_type(harness, "g", 1);
    assert_true(harness_wait_text(harness, "T-00017", 10000)); /* the last picture always comes */
    harness_free(&harness);
}

/* A reader that stops must not stop the program: it goes on with what is true once there is room again. */
static void a_slow_reader_gets_the_latest(void **state)
{
    (void)state;
    struct harness *harness = start(60, 200, "2", NULL, NULL, NULL);
    for (int i = 0; i < 60; i++) {
        char page[2] = {i % 2 ? '2' : '3', 0};
        harness_type(harness, page, 1); /* nothing is read meanwhile */
        usleep(3000);
    }
    harness_type(harness, "2G", 2);
    assert_true(harness_wait_text(harness, "T-47999", PATIENCE));
    harness_free(&harness);
}

static void the_mouse_and_pastes_arrive(void **state)
{
    (void)state;
    struct harness *harness = start(24, 80, "2", NULL, NULL, NULL);
    harness_type(harness, "\033[<0;20;9M\033[<0;20;9m", 20);
    assert_true(harness_wait_text(harness, " T-00004  ", PATIENCE));
    harness_wait_quiet(harness, QUIET, PATIENCE);
    assert_string_equal(harness_look(harness, 8, 1), "bold fg=80"); /* the cursor's bar */
    harness_keys(harness, "4");
    harness_wait_quiet(harness, QUIET, PATIENCE);
    harness_type(harness, "\033[200~泵q\033[201~", 16);
    assert_true(harness_wait_text(harness, "class:水表泵q", PATIENCE)); /* q is text here, and after it still */
    harness_free(&harness);
}

int main(int count, char **arguments)
{
    (void)count;
    char here[PATH_MAX], *slash = strrchr(arguments[0], '/');
    int folder = slash ? (int)(slash - arguments[0]) + 1 : 0;
    demo = memory_printf("%s/%.*sdemo_widgets", arguments[0][0] == '/' ? "" : getcwd(here, sizeof here), folder,
                         arguments[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_golden_pages),    cmocka_unit_test(fills_a_large_screen),
        cmocka_unit_test(every_depth_has_its_look),  cmocka_unit_test(trusts_colorterm),
        cmocka_unit_test(ascii_where_utf8_is_missing), cmocka_unit_test(never_refuses_a_terminal),
        cmocka_unit_test(a_dumb_terminal_gets_text), cmocka_unit_test(no_terminal_is_an_error),
        cmocka_unit_test(a_tiny_terminal_keeps_running), cmocka_unit_test(synchronizes_only_where_it_is_known),
        cmocka_unit_test(copies_through_multiplexers), cmocka_unit_test(gives_the_terminal_back),
        cmocka_unit_test(gives_it_back_after_abort), cmocka_unit_test(leaves_the_settings_as_they_were),
        cmocka_unit_test(a_hang_up_ends_it),
        cmocka_unit_test(stops_and_continues), cmocka_unit_test(takes_its_terminal_back),      cmocka_unit_test(a_key_costs_few_bytes),
        cmocka_unit_test(keeps_to_the_byte_rate),    cmocka_unit_test(a_slow_reader_gets_the_latest),
        cmocka_unit_test(the_mouse_and_pastes_arrive),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(demo);
    return failed;
}

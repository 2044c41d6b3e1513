/* What the terminal shows is what was drawn: random frames through the screen, curses and a pty into a terminal
 * emulator, whose every cell is compared with the surface's after each. The seeds are fixed. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <vterm.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "term/locale.h"
#include "term/screen.h"

struct bench {
    int master, slave, rows, columns;
    struct theme *theme;
    struct screen *screen;
    struct surface surface;
    VTerm *terminal;
    VTermScreen *cells;
    struct buffer bytes; /* of the last frame */
    char name[96];       /* for the message of a failure */
    unsigned frame;
    uint64_t random;
};

static unsigned any(struct bench *bench, unsigned below)
{
    bench->random = bench->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(bench->random >> 33) % below;
}

/* Read what the screen has sent until it has no more. */
static void pump(struct bench *bench)
{
    char bytes[16384];
    bool all;
    do {
        all = screen_flush(bench->screen);
        ssize_t got;
        while ((got = read(bench->master, bytes, sizeof bytes)) > 0) {
            buffer_append(&bench->bytes, bytes, (size_t)got);
        }
    } while (!all);
    struct pollfd watch = {.fd = bench->master, .events = POLLIN};
    if (poll(&watch, 1, 0) > 0)
        pump(bench);
}

static void bench_open(struct bench *bench, const char *terminal, int rows, int columns, bool mono, uint64_t seed)
{
    struct error error = {0};
    memset(bench, 0, sizeof *bench);
    bench->rows = rows;
    bench->columns = columns;
    bench->random = seed;
    snprintf(bench->name, sizeof bench->name, "%s %dx%d%s, seed %llu", terminal, columns, rows, mono ? " without colour" : "",
             (unsigned long long)seed);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    assert_int_equal(openpty(&bench->master, &bench->slave, NULL, NULL, &size), 0);
    fcntl(bench->master, F_SETFL, O_NONBLOCK);
    bench->terminal = vterm_new(rows, columns);
    vterm_set_utf8(bench->terminal, 1);
    bench->cells = vterm_obtain_screen(bench->terminal);
    vterm_screen_enable_altscreen(bench->cells, 1);
    vterm_screen_reset(bench->cells, 1);
    bench->theme = theme_load("night", &error);
    assert_non_null(bench->theme);
    bench->screen = screen_open(&(struct screen_options){.fd = bench->slave, .terminal = terminal, .mono = mono},
                                bench->theme, &error);
    assert_non_null(bench->screen);
    surface_init(&bench->surface, rows, columns, screen_ascii(bench->screen));
}

static void bench_close(struct bench *bench)
{
    screen_close(&bench->screen);
    theme_free(&bench->theme);
    surface_release(&bench->surface);
    vterm_free(bench->terminal);
    buffer_release(&bench->bytes);
    close(bench->master);
    close(bench->slave);
}

static uint32_t shown_code(const VTermScreenCell *cell)
{
    return cell->chars[0] ? cell->chars[0] : ' ';
}

static bool same_colour(const VTermColor *shown, int32_t wanted)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(shown) || VTERM_COLOR_IS_DEFAULT_BG(shown))
        return wanted == COLOUR_DEFAULT;
    return VTERM_COLOR_IS_INDEXED(shown) && shown->indexed.idx == wanted;
}

static bool same_look(const VTermScreenCell *shown, const struct cell *wanted, const struct style *style)
{
    bool blank = wanted->code == ' ';
    if (shown->attrs.reverse != !!(style->attributes & STYLE_REVERSE) ||
        shown->attrs.underline != !!(style->attributes & STYLE_UNDERLINE))
        return false;
    if (!blank && shown->attrs.bold != !!(style->attributes & STYLE_BOLD))
        return false;
    return same_colour(&shown->bg, style->background) &&
           (same_colour(&shown->fg, style->foreground) || (blank && !shown->attrs.reverse));
}

/* A row twice, as it is shown and as it was drawn, to look at where they part. */
static void fail_at(struct bench *bench, int row, int column)
{
    struct buffer shown = BUFFER_INIT, drawn = BUFFER_INIT;
    char bytes[4];
    for (int i = 0; i < bench->columns; i++) {
        const struct cell *wanted = &bench->surface.cells[row * bench->columns + i];
        VTermScreenCell cell;
        vterm_screen_get_cell(bench->cells, (VTermPos){row, i}, &cell);
        if (cell.chars[0] != (uint32_t)-1)
            buffer_append(&shown, bytes, text_encode(shown_code(&cell), bytes));
        if (wanted->width)
            buffer_append(&drawn, bytes, text_encode(wanted->code, bytes));
    }
    VTermScreenCell cell;
    vterm_screen_get_cell(bench->cells, (VTermPos){row, column}, &cell);
    fail_msg("%s, frame %u, row %d, column %d (shown%s%s%s, drawn in role %d):\nshown |%s|\ndrawn |%s|", bench->name, bench->frame,
             row, column, cell.attrs.bold ? " bold" : "", cell.attrs.underline ? " underlined" : "",
             cell.attrs.reverse ? " reversed" : "", bench->surface.cells[row * bench->columns + column].role, buffer_text(&shown),
             buffer_text(&drawn));
}

static void compare(struct bench *bench)
{
    for (int row = 0; row < bench->rows; row++)
        for (int column = 0; column < bench->columns; column++) {
            const struct cell *wanted = &bench->surface.cells[row * bench->columns + column];
            VTermScreenCell shown;
            vterm_screen_get_cell(bench->cells, (VTermPos){row, column}, &shown);
            if (wanted->width == 0)
                continue; /* the wide character to its left was compared */
            struct style style = theme_style(bench->theme, wanted->role);
            uint32_t mark = shown.chars[0] ? shown.chars[1] : 0;
            if (shown_code(&shown) != wanted->code || mark != wanted->combining || shown.width != wanted->width ||
                !same_look(&shown, wanted, &style))
                fail_at(bench, row, column);
        }
}

static void arrive(struct bench *bench)
{
    pump(bench);
    vterm_input_write(bench->terminal, bench->bytes.data, bench->bytes.length); /* whole: it takes no half characters */
    buffer_clear(&bench->bytes);
    compare(bench);
    bench->frame++;
}

static void show(struct bench *bench)
{
    screen_show(bench->screen, &bench->surface);
    arrive(bench);
}

static void resize(struct bench *bench, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    bench->rows = rows;
    bench->columns = columns;
    vterm_set_size(bench->terminal, rows, columns);
    ioctl(bench->master, TIOCSWINSZ, &size);
    assert_true(screen_resize(bench->screen));
    surface_resize(&bench->surface, rows, columns);
}

/* ---- frames ---- */

static const char *const words[] = {"gateway", "泵房", "42.5", "a", "涵英楼3层弱电间", "offline", "…", "▁▂▃▄▅▆▇█", "é", "e\u0301x",
                                    "Enter 打开", "j/k 移动", "────────", "  ", "AHU-B07-9301", "、", "│", "0000000000000000"};

static void draw_words(struct bench *bench, int row, int from)
{
    for (int column = from; column < bench->columns; column += 1 + (int)any(bench, 9))
        column += surface_text(&bench->surface, row, column, bench->columns - column, (uint8_t)any(bench, ROLE_COUNT),
                               words[any(bench, ARRAY_COUNT(words))]);
}

static void draw_all(struct bench *bench)
{
    surface_clear(&bench->surface);
    for (int row = 0; row < bench->rows; row++)
        if (any(bench, 5))
            draw_words(bench, row, (int)any(bench, (unsigned)bench->columns));
}

static void draw_some(struct bench *bench)
{
    for (unsigned i = 1 + any(bench, 6); i > 0; i--)
        draw_words(bench, (int)any(bench, (unsigned)bench->rows), (int)any(bench, (unsigned)bench->columns));
}

/* A list that moves beneath what stands still. */
static void draw_scrolled(struct bench *bench)
{
    struct surface *surface = &bench->surface;
    int top = (int)any(bench, 4), bottom = bench->rows - (int)any(bench, 4);
    int by = 1 + (int)any(bench, 5);
    size_t line = (size_t)bench->columns * sizeof *surface->cells;
    if (bottom - top <= by)
        return;
    struct cell *first = surface->cells + top * bench->columns;
    size_t moved = (size_t)(bottom - top - by) * line;
    bool up = any(bench, 2);
    if (up)
        memmove(first, first + by * bench->columns, moved);
    else
        memmove(first + by * bench->columns, first, moved);
    for (int i = 0; i < by; i++) {
        int row = up ? bottom - by + i : top + i;
        surface_fill(surface, (struct rect){row, 0, 1, bench->columns}, ' ', ROLE_TEXT);
        draw_words(bench, row, 0);
    }
}

static void draw_filled(struct bench *bench)
{
    struct rect area = {(int)any(bench, (unsigned)bench->rows), (int)any(bench, (unsigned)bench->columns),
                        1 + (int)any(bench, 8), 1 + (int)any(bench, (unsigned)bench->columns)};
    static const uint32_t codes[] = {' ', ' ', ' ', 0x2500, '0', 0x6cf5};
    surface_fill(&bench->surface, area, codes[any(bench, ARRAY_COUNT(codes))], (uint8_t)any(bench, ROLE_COUNT));
}

/* Hints of one page after another's: rows of other lengths at the bottom. */
static void draw_hints(struct bench *bench)
{
    int row = bench->rows - 1, column = 1;
    surface_fill(&bench->surface, (struct rect){row, 0, 1, bench->columns}, ' ', ROLE_TEXT);
    for (unsigned count = 1 + any(bench, 12); count > 0; count--) {
        column += surface_text(&bench->surface, row, column, bench->columns - column, ROLE_KEY, any(bench, 2) ? "j/k" : "Enter");
        column += surface_text(&bench->surface, row, column + 1, bench->columns - column - 1, ROLE_HINT,
                               words[any(bench, ARRAY_COUNT(words))]) + 3;
        if (column >= bench->columns)
            break;
    }
}

/* A few rows are told of and shown by themselves. */
static void echo_some(struct bench *bench)
{
    int rows[3];
    show(bench);
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        rows[i] = (int)any(bench, (unsigned)bench->rows);
        draw_words(bench, rows[i], (int)any(bench, (unsigned)bench->columns));
    }
    screen_show_rows(bench->screen, &bench->surface, rows, ARRAY_COUNT(rows));
    arrive(bench);
}

static void (*const frames[])(struct bench *) = {draw_some, draw_hints, draw_scrolled, draw_filled, draw_all, draw_some, draw_hints, echo_some};

static void run(const char *terminal, int rows, int columns, bool mono, uint64_t seed, unsigned count)
{
    struct bench bench;
    bench_open(&bench, terminal, rows, columns, mono, seed);
    while (bench.frame < count) {
        unsigned which = any(&bench, ARRAY_COUNT(frames) + 1);
        if (which == ARRAY_COUNT(frames))
            screen_redraw(bench.screen);
        else
            for (unsigned parts = 1 + any(&bench, 3); parts > 0; parts--, which = any(&bench, ARRAY_COUNT(frames)))
                frames[which](&bench);
        show(&bench);
    }
    bench_close(&bench);
}

/* More seeds than the test's own, by hand. */
static uint64_t seeds(void)
{
    const char *asked = getenv("SCREEN_SEEDS");
    return asked ? strtoull(asked, NULL, 10) : 2;
}

static void random_frames_arrive(void **state)
{
    (void)state;
    static const struct { const char *terminal; int rows, columns; bool mono; } terminals[] = {
        {"xterm-256color", 40, 120, true}, {"xterm-256color", 40, 120, false}, {"xterm-256color", 60, 200, false},
        {"xterm-256color", 24, 80, true}, {"xterm-256color", 10, 33, true}, {"xterm", 30, 100, false},
        {"vt100", 24, 80, true}, {"xterm", 50, 100, true},
    };
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        for (size_t i = 0; i < ARRAY_COUNT(terminals); i++)
            run(terminals[i].terminal, terminals[i].rows, terminals[i].columns, terminals[i].mono, seed, 100);
}

/* On more lines than terminfo says, what is deleted or scrolled below those must be, too. */
static void every_line_is_within_the_scrolling_region(void **state)
{
    (void)state;
    static const struct { int rows, columns; } sizes[] = {{40, 120}, {60, 200}, {12, 40}, {25, 80}};
    struct bench bench;
    bench_open(&bench, "xterm-256color", 24, 80, true, 7);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        resize(&bench, sizes[i].rows, sizes[i].columns);
        int last = bench.rows - 1;
        surface_text(&bench.surface, last, 1, bench.columns - 1, ROLE_TEXT, "j/k 移动  Enter 打开  / 查找  m 标记  : 命令  Enter é");
        show(&bench);
        surface_fill(&bench.surface, (struct rect){last, 0, 1, bench.columns}, ' ', ROLE_TEXT);
        surface_text(&bench.surface, last, 1, bench.columns - 1, ROLE_TEXT, "Enter é");
        show(&bench); /* the shortest way: delete the characters before */
        for (unsigned more = 0; more < 40; more++) {
            frames[any(&bench, ARRAY_COUNT(frames))](&bench);
            show(&bench);
        }
    }
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_within_the_scrolling_region),
        cmocka_unit_test(random_frames_arrive),
    };
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    unsetenv("TMUX");
    locale_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A surface to the terminal: what changed goes to curses, what curses writes goes to the queue. */
#include "term/screen_private.h"

#define key_name curses_key_name /* curses has one, too */
#include <curses.h>
#undef key_name
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include "base/memory.h"
#include "term/peephole.h"
#include "term/restore.h"

#define SCROLL_LEAST 4 /* changed rows, below which nothing has scrolled */
#define SYNC_BEGIN "\033[?2026h"

struct look {
    attr_t attributes;
    int pair;
};

bool screen_sink_open(struct screen *screen)
{
    int memory = memfd_create("terminal", MFD_CLOEXEC);
    if (memory < 0)
        return false;
    screen->sink = fdopen(memory, "w+");
    if (!screen->sink)
        close(memory);
    return screen->sink != NULL;
}

void screen_sink_take(struct screen *screen)
{
    fflush(screen->sink);
    int memory = fileno(screen->sink);
    off_t length = lseek(memory, 0, SEEK_CUR);
    if (length <= 0)
        return;
    buffer_reserve(&screen->queue, (size_t)length + 1);
    ssize_t got = pread(memory, screen->queue.data + screen->queue.length, (size_t)length, 0);
    if (got > 0 && !screen->gone) {
        screen->queue.length += peephole(screen->queue.data + screen->queue.length, (size_t)got);
        screen->queue.data[screen->queue.length] = '\0';
    }
    lseek(memory, 0, SEEK_SET);
    if (length > 1 << 16) /* a full repaint's pages go back */
        (void)!ftruncate(memory, 0);
}

static int colour_number(const struct screen *screen, int32_t colour)
{
    if (colour == COLOUR_DEFAULT)
        return -1;
    if (screen->depth == DEPTH_DIRECT) {
        int rgb = (int)colour_rgb(colour); /* below 8 would be taken for the palette */
        return rgb < 8 ? 8 : rgb;
    }
    return colour;
}

static int pair_for(const struct style *style, struct style *seen, int *count, const struct screen *screen)
{
    if (style->foreground == COLOUR_DEFAULT && style->background == COLOUR_DEFAULT)
        return 0;
    for (int i = 0; i < *count; i++)
        if (seen[i].foreground == style->foreground && seen[i].background == style->background)
            return i + 1;
    if (*count + 1 >= COLOR_PAIRS)
        return 0;
    seen[*count] = *style;
    if (init_extended_pair(*count + 1, colour_number(screen, style->foreground),
                           colour_number(screen, style->background)) != OK)
        return 0;
    return ++*count;
}

static attr_t curses_attributes(uint8_t attributes)
{
    attr_t out = A_NORMAL;
    out |= attributes & STYLE_BOLD ? A_BOLD : 0;
    out |= attributes & STYLE_DIM ? A_DIM : 0;
    out |= attributes & STYLE_ITALIC ? A_ITALIC : 0;
    out |= attributes & STYLE_UNDERLINE ? A_UNDERLINE : 0;
    out |= attributes & STYLE_REVERSE ? A_REVERSE : 0;
    return out;
}

static void looks_build(struct screen *screen)
{
    struct style seen[256];
    int count = 0;
    if (!screen->looks)
        screen->looks = memory_new_array(256, sizeof *screen->looks);
    for (unsigned role = 0; role < 256; role++) {
        struct style style = theme_style(screen->theme, (uint8_t)role);
        screen->looks[role].attributes = curses_attributes(style.attributes);
        screen->looks[role].pair =
            screen->depth == DEPTH_MONO ? 0 : pair_for(&style, seen, &count, screen);
    }
}

void screen_set_theme(struct screen *screen, struct theme *theme)
{
    screen->theme = theme;
    theme_set_depth(theme, screen->depth);
    if (!screen->dumb)
        looks_build(screen);
    screen->repaint = true;
}

static bool cell_equal(const struct cell *left, const struct cell *right)
{
    return left->code == right->code && left->combining == right->combining && left->role == right->role &&
           left->width == right->width;
}

/* The character as this locale can write it, in as many columns. */
static void cell_to_curses(const struct screen *screen, const struct cell *cell, cchar_t *out, unsigned *count)
{
    const struct look *look = &screen->looks[cell->role];
    wchar_t text[3] = {(wchar_t)cell->code, (wchar_t)cell->combining, 0};
    int pair = look->pair;
    int width = cell->width ? cell->width : 1;
    bool writable = cell->width > 0 && wcwidth((wchar_t)cell->code) == cell->width;
    if (writable && cell->code > 126 && !screen->utf8) {
        char bytes[16];
        mbstate_t state = {0};
        writable = wcrtomb(bytes, text[0], &state) != (size_t)-1;
    }
    if (writable) {
        setcchar(out, text, look->attributes, 0, &pair);
        (*count)++;
        return;
    }
    text[0] = L'?';
    text[1] = 0;
    for (int i = 0; i < width; i++) {
        setcchar(out + i, text, look->attributes, 0, &pair);
        (*count)++;
    }
}

static cchar_t *run_for(struct screen *screen, int columns)
{
    if (columns > screen->run_columns) {
        free(screen->run);
        screen->run = memory_new_array((size_t)columns * 2 + 1, sizeof(cchar_t));
        screen->run_columns = columns;
    }
    return screen->run;
}

/* Hand the changed part of a row to curses, whole wide characters of both the old and the new row; false: none is. */
static bool show_row(struct screen *screen, const struct surface *surface, int row)
{
    int columns = surface->columns < screen->columns ? surface->columns : screen->columns;
    const struct cell *now = surface->cells + (size_t)row * (size_t)surface->columns;
    struct cell *old = screen->shown.cells + (size_t)row * (size_t)screen->columns;
    int start = 0, end = columns;
    if (!screen->repaint && memcmp(now, old, (size_t)columns * sizeof *now) == 0)
        return false; /* most rows */
    while (start < end && !screen->repaint && cell_equal(&now[start], &old[start]))
        start++;
    if (start == end)
        return false;
    while (end > start && !screen->repaint && cell_equal(&now[end - 1], &old[end - 1]))
        end--;
    while (start > 0 && (now[start].width == 0 || old[start].width == 0))
        start--;
    while (end < columns && (now[end].width == 0 || old[end].width == 0))
        end++;
    unsigned count = 0;
    cchar_t *run = run_for(screen, columns);
    for (int column = start; column < end; column++)
        if (now[column].width > 0 && column + now[column].width <= columns)
            cell_to_curses(screen, &now[column], run + count, &count);
    mvwadd_wchnstr(stdscr, row, start, run, (int)count);
    memcpy(old + start, now + start, (size_t)(end - start) * sizeof *now);
    return true;
}

static void show_cursor(struct screen *screen, const struct surface *surface)
{
    bool visible = surface->cursor_row >= 0 && surface->cursor_row < screen->rows && surface->cursor_column >= 0 &&
                   surface->cursor_column < screen->columns;
    leaveok(stdscr, !visible);
    if (visible)
        wmove(stdscr, surface->cursor_row, surface->cursor_column);
    curs_set(visible);
}

/* A terminal that cannot place its cursor: rows that changed are printed once more, below. */
static void show_dumb(struct screen *screen, const struct surface *surface)
{
    struct surface line;
    surface_init(&line, 1, surface->columns, true);
    for (int row = 0; row < surface->rows && row < screen->rows; row++) {
        const struct cell *now = surface->cells + (size_t)row * (size_t)surface->columns;
        struct cell *old = screen->shown.cells + (size_t)row * (size_t)screen->columns;
        int columns = surface->columns < screen->columns ? surface->columns : screen->columns;
        bool same = !screen->repaint;
        for (int column = 0; column < columns && same; column++)
            same = now[column].code == old[column].code;
        if (same)
            continue;
        struct buffer text = BUFFER_INIT;
        memcpy(line.cells, now, (size_t)surface->columns * sizeof *now);
        memcpy(old, now, (size_t)columns * sizeof *now);
        surface_print(&line, &text, NULL);
        if (text.length > 1) {
            screen_queue(screen, text.data, text.length - 1);
            screen_queue_text(screen, "\r\n");
        }
        buffer_release(&text);
    }
    surface_release(&line);
    screen->repaint = false;
}

/* What changed went to curses: `changed` rows of it. */
static void show_update(struct screen *screen, const struct surface *surface, int changed)
{
    size_t before = screen->queue.length;
    if (screen->synchronized)
        screen_queue_text(screen, SYNC_BEGIN);
    size_t start = screen->queue.length;
    if (screen->repaint)
        clearok(curscr, TRUE);
    idlok(stdscr, changed > SCROLL_LEAST); /* looking for a scroll costs more than a few rows do */
    show_cursor(screen, surface);
    wnoutrefresh(stdscr);
    doupdate();
    screen_sink_take(screen);
    screen->repaint = false;
    if (screen->synchronized && screen->queue.length == start)
        screen->queue.length = before; /* nothing to say */
    else if (screen->synchronized)
        screen_queue_text(screen, SCREEN_SYNC_END);
}

void screen_show(struct screen *screen, const struct surface *surface)
{
    if (screen->gone || screen->away)
        return;
    if (restore_continued())
        screen_retake(screen);
    size_t before = screen->queue.length;
    if (screen->dumb) {
        show_dumb(screen, surface);
    } else {
        int changed = 0;
        for (int row = 0; row < surface->rows && row < screen->rows; row++)
            changed += show_row(screen, surface, row);
        show_update(screen, surface, changed);
    }
    screen->allowance -= (double)(screen->queue.length - before);
    screen_flush(screen);
}

void screen_show_rows(struct screen *screen, const struct surface *surface, const int *rows, unsigned count)
{
    if (screen->gone || screen->away)
        return;
    if (restore_continued())
        screen_retake(screen);
    if (screen->dumb || screen->repaint) {
        screen_show(screen, surface);
        return;
    }
    size_t before = screen->queue.length;
    int changed = 0;
    for (unsigned i = 0; i < count; i++)
        if (rows[i] >= 0 && rows[i] < surface->rows && rows[i] < screen->rows)
            changed += show_row(screen, surface, rows[i]);
    if (changed)
        show_update(screen, surface, changed);
    screen->allowance -= (double)(screen->queue.length - before);
    screen_flush(screen);
}

#include "term/screen_private.h"

#define key_name curses_key_name /* curses has one, too */
#include <curses.h>
#undef key_name
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "term/locale.h"
#include "term/restore.h"
#include "term/terminal.h"

#define MOUSE_ON "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1002l\033[?1000l"
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define TITLE_SAVE "\033[22;2t"
#define TITLE_BACK "\033[23;2t"
#define LEAVE_PATIENCE ((msec)500)

/* The same terminal by a descriptor of our own, so that non-blocking is ours alone. */
static void open_own(struct screen *screen, int fd)
{
    char path[128];
    struct stat theirs, ours;
    screen->fd = -1;
    if (ttyname_r(fd, path, sizeof path) == 0)
        screen->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (screen->fd >= 0 && (fstat(fd, &theirs) != 0 || fstat(screen->fd, &ours) != 0 || theirs.st_rdev != ours.st_rdev)) {
        close(screen->fd);
        screen->fd = -1;
    }
    if (screen->fd < 0) {
        screen->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        screen->blocking = true;
    }
}

static void ask_size(const struct screen *screen, int *rows, int *columns)
{
    struct winsize size;
    *rows = 24;
    *columns = 80;
    if (ioctl(screen->fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row < 1000 ? size.ws_row : 1000;
        *columns = size.ws_col < 2000 ? size.ws_col : 2000;
    }
}

static enum depth depth_of_terminal(const struct screen_options *options)
{
    const char *no_colour = getenv("NO_COLOR");
    if (options->mono || (no_colour && no_colour[0]) || !has_colors())
        return DEPTH_MONO;
    if (COLORS >= 1 << 24 || tigetflag("RGB") > 0)
        return DEPTH_DIRECT;
    return COLORS >= 256 ? DEPTH_256 : COLORS >= 16 ? DEPTH_16 : DEPTH_8;
}

static void learn(struct screen *screen, const char *capability, enum key_special special, uint32_t code)
{
    const char *sequence = tigetstr(capability);
    struct key_event key = {.special = special, .code = code};
    if (sequence && sequence != (char *)-1)
        decoder_learn(screen->decoder, sequence, &key);
}

static void learn_keys(struct screen *screen)
{
    static const struct { const char *capability; enum key_special special; } keys[] = {
        {"kcuu1", KEY_ARROW_UP}, {"kcud1", KEY_ARROW_DOWN}, {"kcub1", KEY_ARROW_LEFT}, {"kcuf1", KEY_ARROW_RIGHT},
        {"kpp", KEY_PAGE_UP}, {"knp", KEY_PAGE_DOWN}, {"khome", KEY_TO_HOME}, {"kend", KEY_TO_END},
        {"kich1", KEY_INSERT_}, {"kdch1", KEY_DELETE_}, {"kbs", KEY_ERASE}, {"kcbt", KEY_BACKTAB},
        {"kent", KEY_RETURN},
    };
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        learn(screen, keys[i].capability, keys[i].special, 0);
    for (uint32_t number = 1; number <= 24; number++) {
        char capability[16];
        snprintf(capability, sizeof capability, "kf%u", (unsigned)number);
        learn(screen, capability, KEY_FUNCTION, number);
    }
}

static bool curses_start(struct screen *screen)
{
    /* newterm sets handlers of its own for these; the app decides about signals. */
    static const int theirs[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction before[ARRAY_COUNT(theirs)];
    for (size_t i = 0; i < ARRAY_COUNT(theirs); i++)
        sigaction(theirs[i], NULL, &before[i]);
    /* The size is ours to say, below; but curses refuses a terminal whose description has none, as that of the Linux
     * console, unless it may look for one. */
    for (int look = FALSE; look <= TRUE && !screen->curses; look++) {
        use_env((bool)look);
        screen->curses = newterm(screen->terminal, screen->sink, screen->sink);
    }
    for (size_t i = 0; i < ARRAY_COUNT(theirs); i++)
        sigaction(theirs[i], &before[i], NULL);
    if (!screen->curses)
        return false;
    typeahead(-1); /* curses must not look at the input */
    resizeterm(screen->rows, screen->columns);
    scrollok(stdscr, FALSE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    return true;
}

static void choose_terminal(struct screen *screen, const struct screen_options *options)
{
    const char *asked = options->terminal ? options->terminal : getenv("TERM");
    const char *candidates[TERMINAL_CANDIDATES];
    snprintf(screen->asked, sizeof screen->asked, "%s", asked ? asked : "");
    screen->dumb = true;
    if (strcmp(screen->asked, "dumb") == 0)
        return;
    unsigned count = terminal_candidates(screen->asked, candidates);
    for (unsigned i = 0; i < count && screen->dumb; i++)
        if (terminal_usable(candidates[i], screen->fd)) {
            snprintf(screen->terminal, sizeof screen->terminal, "%s", candidates[i]);
            screen->dumb = !screen_sink_open(screen) || !curses_start(screen);
        }
}

static void arm(struct screen *screen)
{
    /* CAN ends a sequence that was cut in the middle. */
    struct buffer reset = BUFFER_INIT;
    if (!screen->dumb) {
        buffer_append_text(&reset, "\030");
        if (screen->synchronized)
            buffer_append_text(&reset, SCREEN_SYNC_END);
        buffer_append_text(&reset, screen->mouse ? MOUSE_OFF PASTE_OFF : PASTE_OFF);
        if (screen->titles && strncmp(screen->asked, "screen", 6) != 0)
            buffer_append_text(&reset, TITLE_BACK);
        static const char *const capabilities[] = {"sgr0", "op", "cnorm", "rmcup"};
        for (size_t i = 0; i < ARRAY_COUNT(capabilities); i++) {
            const char *sequence = tigetstr(capabilities[i]);
            if (sequence && sequence != (char *)-1 && !strchr(sequence, '$'))
                buffer_append_text(&reset, sequence);
        }
    }
    restore_arm(screen->fd, &screen->before, buffer_text(&reset), reset.length);
    buffer_release(&reset);
}

/* Lines scroll, and by DEC's rules characters are deleted, within the scrolling region only. Curses sets it from
 * terminfo's number of lines, before it hears of ours, and a terminal may keep it when its size changes. */
static void region_whole(struct screen *screen)
{
    const char *change = tigetstr("csr");
    const char *sequence = change && change != (char *)-1 ? tiparm(change, 0, screen->rows - 1) : NULL;
    if (sequence && !strchr(sequence, '$'))
        screen_queue_text(screen, sequence);
}

static void modes_on(struct screen *screen)
{
    if (screen->dumb)
        return;
    if (screen->titles && strncmp(screen->asked, "screen", 6) != 0)
        screen_queue_text(screen, TITLE_SAVE);
    if (screen->mouse)
        screen_queue_text(screen, MOUSE_ON);
    screen_queue_text(screen, PASTE_ON);
}

static void modes_off(struct screen *screen)
{
    if (screen->dumb)
        return;
    if (screen->mouse)
        screen_queue_text(screen, MOUSE_OFF);
    screen_queue_text(screen, PASTE_OFF);
    if (screen->titles && strncmp(screen->asked, "screen", 6) != 0)
        screen_queue_text(screen, TITLE_BACK);
}

struct screen *screen_open(const struct screen_options *options, struct theme *theme, struct error *error)
{
    struct termios before;
    if (tcgetattr(options->fd, &before) != 0) {
        error_set(error, ERROR_UNAVAILABLE, "descriptor %d is no terminal: %s", options->fd, strerror(errno));
        return NULL;
    }
    struct screen *screen = memory_new(sizeof *screen);
    open_own(screen, options->fd);
    screen->before = screen->raw = before;
    cfmakeraw(&screen->raw);
    screen->decoder = decoder_new();
    ask_size(screen, &screen->rows, &screen->columns);
    choose_terminal(screen, options);
    screen->utf8 = locale_is_utf8();
    screen->ascii = options->ascii || !screen->utf8 || terminal_lacks_glyphs(screen->asked);
    screen->mouse = options->mouse && !screen->dumb;
    screen->synchronized = !screen->dumb && terminal_knows_synchronized(screen->asked);
    screen->titles = !screen->dumb && terminal_knows_titles(screen->asked);
    screen_set_rate(screen, options->bytes_per_second);
    surface_init(&screen->shown, screen->rows, screen->columns, screen->ascii);
    if (!screen->dumb) {
        start_color();
        use_default_colors();
        screen->depth = depth_of_terminal(options);
        learn_keys(screen);
    }
    arm(screen);
    tcsetattr(screen->fd, TCSADRAIN, &screen->raw);
    screen_set_theme(screen, theme);
    if (!screen->dumb) {
        screen_sink_take(screen); /* the alternate screen before the modes */
        region_whole(screen);
    }
    modes_on(screen);
    return screen;
}

void screen_close(struct screen **where)
{
    struct screen *screen = *where;
    if (!screen)
        return;
    screen_leave(screen);
    restore_disarm();
    if (screen->curses)
        delscreen(screen->curses);
    if (screen->sink)
        fclose(screen->sink);
    close(screen->fd);
    decoder_free(&screen->decoder);
    surface_release(&screen->shown);
    buffer_release(&screen->queue);
    free(screen->looks);
    free(screen->run);
    free(screen);
    *where = NULL;
}

void screen_leave(struct screen *screen)
{
    if (screen->away)
        return;
    screen->away = true;
    modes_off(screen);
    if (!screen->dumb) {
        endwin();
        screen_sink_take(screen);
    }
    screen_drain(screen, LEAVE_PATIENCE);
    if (!screen->gone)
        tcsetattr(screen->fd, TCSANOW, &screen->before);
    restore_disarm();
}

void screen_enter(struct screen *screen)
{
    if (!screen->away)
        return;
    screen->away = false;
    arm(screen);
    tcsetattr(screen->fd, TCSADRAIN, &screen->raw);
    screen_resize(screen);
    if (!screen->dumb) {
        doupdate(); /* curses comes back from endwin */
        screen_sink_take(screen);
    }
    modes_on(screen);
    screen->repaint = true;
}

void screen_retake(struct screen *screen)
{
    if (!screen->dumb)
        endwin(); /* so that curses begins from nothing */
    screen->away = true;
    screen_enter(screen);
}

void screen_suspend(struct screen *screen)
{
    struct sigaction before, standard = {.sa_handler = SIG_DFL};
    screen_leave(screen);
    sigaction(SIGTSTP, &standard, &before);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    screen_enter(screen);
}

int screen_fd(const struct screen *screen)
{
    return screen->fd;
}

int screen_rows(const struct screen *screen)
{
    return screen->rows;
}

int screen_columns(const struct screen *screen)
{
    return screen->columns;
}

bool screen_ascii(const struct screen *screen)
{
    return screen->ascii;
}

bool screen_is_dumb(const struct screen *screen)
{
    return screen->dumb;
}

enum depth screen_depth(const struct screen *screen)
{
    return screen->depth;
}

void screen_describe(const struct screen *screen, struct buffer *out)
{
    static const char *const depths[DEPTH_COUNT] = {"no colour", "8 colours", "16 colours", "256 colours", "direct colour"};
    buffer_printf(out, "%s as %s, %dx%d, %s, %s%s%s%s%s", screen->asked[0] ? screen->asked : "(no TERM)",
                  screen->dumb ? "text" : screen->terminal, screen->columns, screen->rows, depths[screen->depth],
                  screen->utf8 ? "UTF-8" : nl_langinfo(CODESET), screen->ascii ? ", ASCII glyphs" : "",
                  screen->synchronized ? ", synchronized" : "", screen->mouse ? ", mouse" : "",
                  screen->blocking ? ", shared descriptor" : "");
}

bool screen_resize(struct screen *screen)
{
    int rows, columns;
    ask_size(screen, &rows, &columns);
    if (rows == screen->rows && columns == screen->columns)
        return false;
    screen->rows = rows;
    screen->columns = columns;
    surface_resize(&screen->shown, rows, columns);
    if (!screen->dumb) {
        resizeterm(rows, columns);
        screen_sink_take(screen);
        if (!screen->away)
            region_whole(screen);
    }
    screen->repaint = true;
    return true;
}

void screen_redraw(struct screen *screen)
{
    screen->repaint = true;
}

bool screen_read(struct screen *screen, struct key_event *key)
{
    char bytes[4096];
    for (;;) {
        if (decoder_next(screen->decoder, clock_steady(), key))
            return true;
        if (screen->away)
            return false;
        struct pollfd watch = {.fd = screen->fd, .events = POLLIN};
        if (screen->blocking && poll(&watch, 1, 0) <= 0)
            return false;
        ssize_t got = screen->gone ? 0 : read(screen->fd, bytes, sizeof bytes);
        if (got > 0) {
            decoder_push(screen->decoder, bytes, (size_t)got, clock_steady());
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return false;
        } else {
            screen->gone = true;
            *key = (struct key_event){.special = KEY_HANGUP};
            return true;
        }
    }
}

const char *screen_raw(const struct screen *screen, size_t *length)
{
    return decoder_raw(screen->decoder, length);
}

int screen_timeout(const struct screen *screen)
{
    return decoder_timeout(screen->decoder, clock_steady());
}

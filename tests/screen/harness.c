#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "screen/harness_private.h"

#define GOLDEN "tests/screen/golden"
#define GOLDEN_PATIENCE 15000 /* ms */
#define TYPING_PATIENCE 25000 /* ms that a program may leave what is typed unread */

static int on_property(VTermProp property, VTermValue *value, void *owner)
{
    struct harness *harness = owner;
    if (property == VTERM_PROP_ALTSCREEN)
        harness->alternate = value->boolean;
    if (property == VTERM_PROP_CURSORVISIBLE)
        harness->cursor_visible = value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

static void set_environment(const struct harness_options *options)
{
    static const char *const away[] = {"NO_COLOR", "COLORTERM", "TMUX", "STY", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE",
                                       "LC_MESSAGES", "COLUMNS", "LINES", "TERM_PROGRAM", "VTE_VERSION", "WT_SESSION"};
    for (size_t i = 0; i < ARRAY_COUNT(away); i++)
        unsetenv(away[i]);
    setenv("TERM", options->terminal ? options->terminal : "xterm-256color", 1);
    setenv("LC_ALL", options->locale ? options->locale : "C.UTF-8", 1);
    for (size_t i = 0; options->environment && options->environment[i]; i++) {
        char *name = memory_text(options->environment[i]), *equals = strchr(name, '=');
        if (equals) {
            *equals = '\0';
            setenv(name, equals + 1, 1);
        } else {
            unsetenv(name);
        }
        free(name);
    }
}

struct harness *harness_start(const struct harness_options *options)
{
    struct harness *harness = memory_new(sizeof *harness);
    harness->rows = options->rows ? options->rows : 24;
    harness->columns = options->columns ? options->columns : 80;
    struct winsize size = {.ws_row = (unsigned short)harness->rows, .ws_col = (unsigned short)harness->columns};
    harness->pid = forkpty(&harness->fd, NULL, NULL, &size);
    if (harness->pid < 0)
        fail_msg("no pty: %s", strerror(errno));
    if (harness->pid == 0) {
        set_environment(options);
        if (options->folder && chdir(options->folder) != 0)
            _exit(126);
        execvp(options->arguments[0], (char *const *)options->arguments);
        dprintf(2, "%s: %s\n", options->arguments[0], strerror(errno));
        _exit(127);
    }
    fcntl(harness->fd, F_SETFL, fcntl(harness->fd, F_GETFL) | O_NONBLOCK);
    fcntl(harness->fd, F_SETFD, FD_CLOEXEC);
    harness->terminal = vterm_new(harness->rows, harness->columns);
    vterm_set_utf8(harness->terminal, 1);
    harness->screen = vterm_obtain_screen(harness->terminal);
    vterm_screen_set_callbacks(harness->screen, &callbacks, harness);
    vterm_screen_enable_altscreen(harness->screen, 1);
    vterm_screen_reset(harness->screen, 1);
    harness->cursor_visible = true;
    return harness;
}

void harness_free(struct harness **where)
{
    struct harness *harness = *where;
    int status;
    if (!harness)
        return;
    if (!harness->ended) {
        kill(harness->pid, SIGHUP);
        if (!harness_wait_exit(harness, 2000, &status)) {
            kill(harness->pid, SIGKILL);
            waitpid(harness->pid, &status, 0);
        }
    }
    if (harness->fd >= 0)
        close(harness->fd);
    vterm_free(harness->terminal);
    buffer_release(&harness->raw);
    buffer_release(&harness->text);
    buffer_release(&harness->row);
    buffer_release(&harness->look);
    for (unsigned i = 0; i < harness->mask_count; i++) {
        regfree(&harness->masks[i].pattern);
        free(harness->masks[i].replacement);
    }
    free(harness);
    *where = NULL;
}

pid_t harness_pid(const struct harness *harness)
{
    return harness->pid;
}

/* ---- reading ---- */

/* The bytes of a character that is not all there yet: the emulator forgets half a character between two writes. */
static size_t half_character(const char *bytes, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char byte = (unsigned char)bytes[length - back];
        if (byte >= 0xc0)
            return back < (byte >= 0xf0 ? 4u : byte >= 0xe0 ? 3u : 2u) ? back : 0;
        if (byte < 0x80)
            break;
    }
    return 0;
}

bool harness_take(struct harness *harness, int milliseconds)
{
    static char bytes[65536];
    struct pollfd watch = {.fd = harness->fd, .events = POLLIN};
    if (harness->fd < 0 || poll(&watch, 1, milliseconds) <= 0)
        return false;
    ssize_t got = read(harness->fd, bytes, sizeof bytes);
    if (got <= 0) {
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        close(harness->fd); /* EIO: the program is gone */
        harness->fd = -1;
        return false;
    }
    harness->bytes += (uint64_t)got;
    buffer_append(&harness->raw, bytes, (size_t)got);
    size_t whole = harness->raw.length - half_character(harness->raw.data, harness->raw.length);
    vterm_input_write(harness->terminal, harness->raw.data + harness->emulated, whole - harness->emulated);
    harness->emulated = whole;
    char reply[256];
    size_t length = vterm_output_read(harness->terminal, reply, sizeof reply);
    if (length > 0)
        harness_type(harness, reply, length);
    return true;
}

/* ---- writing ---- */

void harness_type(struct harness *harness, const void *bytes, size_t length)
{
    const char *at = bytes;
    msec until = clock_steady() + TYPING_PATIENCE;
    while (length > 0 && harness->fd >= 0 && clock_steady() < until) {
        ssize_t written = write(harness->fd, at, length);
        if (written > 0) {
            at += written;
            length -= (size_t)written;
        } else {
            harness_take(harness, 10); /* the program must be read for it to read us */
        }
    }
}

static const struct { const char *name, *bytes; } sequences[] = {
    {"Enter", "\r"}, {"Esc", "\033"}, {"Tab", "\t"}, {"BackTab", "\033[Z"}, {"Backspace", "\177"}, {"Space", " "},
    {"Up", "\033[A"}, {"Down", "\033[B"}, {"Right", "\033[C"}, {"Left", "\033[D"}, {"Home", "\033[H"},
    {"End", "\033[F"}, {"PageUp", "\033[5~"}, {"PageDown", "\033[6~"}, {"Insert", "\033[2~"}, {"Delete", "\033[3~"},
    {"F1", "\033OP"}, {"F2", "\033OQ"}, {"F3", "\033OR"}, {"F4", "\033OS"}, {"F5", "\033[15~"}, {"F6", "\033[17~"},
    {"F7", "\033[18~"}, {"F8", "\033[19~"}, {"F9", "\033[20~"}, {"F10", "\033[21~"},
};

static void send_key(struct harness *harness, const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(sequences); i++)
        if (strcmp(name, sequences[i].name) == 0) {
            harness_type(harness, sequences[i].bytes, strlen(sequences[i].bytes));
            return;
        }
    if (name[0] == 'C' && name[1] == '-' && name[2] && !name[3]) {
        char control = (char)(name[2] & 0x1f);
        harness_type(harness, &control, 1);
    } else if (name[0] == 'M' && name[1] == '-' && name[2]) {
        harness_type(harness, "\033", 1);
        harness_type(harness, name + 2, strlen(name + 2));
    } else if (strncmp(name, "type:", 5) == 0) {
        harness_type(harness, name + 5, strlen(name + 5));
    } else {
        uint32_t code;
        if (text_decode(name, strlen(name), &code) != strlen(name))
            fail_msg("harness_keys: \"%s\" is no key", name);
        harness_type(harness, name, strlen(name));
    }
}

void harness_keys(struct harness *harness, const char *keys)
{
    char *copy = memory_text(keys), *rest = copy, *word;
    while ((word = strsep(&rest, " ")))
        if (word[0]) {
            send_key(harness, word);
            if (strcmp(word, "Esc") == 0)
                harness_wait_asleep(harness, 60, 1000); /* so that what follows is not taken for Alt */
        }
    free(copy);
}

void harness_resize(struct harness *harness, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    harness->rows = rows;
    harness->columns = columns;
    vterm_set_size(harness->terminal, rows, columns);
    ioctl(harness->fd, TIOCSWINSZ, &size); /* raises SIGWINCH */
}

void harness_hang_up(struct harness *harness)
{
    close(harness->fd);
    harness->fd = -1;
}

/* ---- the picture ---- */

static void append_row(struct harness *harness, struct buffer *out, int row)
{
    size_t start = out->length, end = start;
    for (int column = 0; column < harness->columns;) {
        VTermScreenCell cell;
        char bytes[4];
        vterm_screen_get_cell(harness->screen, (VTermPos){row, column}, &cell);
        bool blank = cell.chars[0] == 0 || cell.chars[0] == ' ';
        if (blank)
            buffer_append_char(out, ' ');
        for (int i = 0; !blank && i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
            if (cell.chars[i] != (uint32_t)-1)
                buffer_append(out, bytes, text_encode(cell.chars[i], bytes));
        if (!blank)
            end = out->length;
        column += cell.width > 0 ? cell.width : 1;
    }
    if (out->length > end) {
        out->length = end;
        out->data[end] = '\0';
    }
    (void)start;
}

const char *harness_text(struct harness *harness)
{
    buffer_clear(&harness->text);
    for (int row = 0; row < harness->rows; row++) {
        append_row(harness, &harness->text, row);
        buffer_append_char(&harness->text, '\n');
    }
    return buffer_text(&harness->text);
}

const char *harness_row(struct harness *harness, int row)
{
    buffer_clear(&harness->row);
    append_row(harness, &harness->row, row);
    return buffer_text(&harness->row);
}

static void append_colour(struct buffer *out, const char *which, const VTermColor *colour)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(colour) || VTERM_COLOR_IS_DEFAULT_BG(colour))
        return;
    if (VTERM_COLOR_IS_INDEXED(colour))
        buffer_printf(out, " %s=%d", which, colour->indexed.idx);
    else
        buffer_printf(out, " %s=#%02x%02x%02x", which, colour->rgb.red, colour->rgb.green, colour->rgb.blue);
}

const char *harness_look(struct harness *harness, int row, int column)
{
    VTermScreenCell cell;
    struct buffer *out = &harness->look;
    buffer_clear(out);
    vterm_screen_get_cell(harness->screen, (VTermPos){row, column}, &cell);
    buffer_append_text(out, cell.attrs.bold ? " bold" : "");
    buffer_append_text(out, cell.attrs.italic ? " italic" : "");
    buffer_append_text(out, cell.attrs.underline ? " underline" : "");
    buffer_append_text(out, cell.attrs.reverse ? " reverse" : "");
    append_colour(out, "fg", &cell.fg);
    append_colour(out, "bg", &cell.bg);
    return out->length ? buffer_text(out) + 1 : "";
}

bool harness_cursor(const struct harness *harness, int *row, int *column)
{
    VTermPos place;
    vterm_state_get_cursorpos(vterm_obtain_state(harness->terminal), &place);
    *row = place.row;
    *column = place.col;
    return harness->cursor_visible;
}

uint64_t harness_bytes(const struct harness *harness)
{
    return harness->bytes;
}

bool harness_cooked(const struct harness *harness)
{
    struct termios settings; /* the pty's two sides share them */
    return tcgetattr(harness->fd, &settings) == 0 && (settings.c_lflag & (ECHO | ICANON | ISIG)) == (ECHO | ICANON | ISIG) &&
           settings.c_oflag & OPOST;
}

void harness_cook(struct harness *harness)
{
    struct termios settings;
    tcgetattr(harness->fd, &settings);
    settings.c_lflag |= ECHO | ICANON | ISIG;
    settings.c_oflag |= OPOST;
    tcsetattr(harness->fd, TCSANOW, &settings);
}

bool harness_alternate(const struct harness *harness)
{
    return harness->alternate;
}

const char *harness_raw(const struct harness *harness, size_t *length)
{
    *length = harness->raw.length;
    return buffer_text(&harness->raw);
}

/* ---- comparing ---- */

void harness_mask(struct harness *harness, const char *pattern, const char *replacement)
{
    struct mask *mask = &harness->masks[harness->mask_count];
    if (harness->mask_count == MASKS || regcomp(&mask->pattern, pattern, REG_EXTENDED) != 0)
        fail_msg("harness_mask: bad pattern or too many: %s", pattern);
    mask->replacement = memory_text(replacement);
    harness->mask_count++;
}

static char *mask_row(const struct mask *mask, char *row)
{
    struct buffer out = BUFFER_INIT;
    const char *at = row;
    regmatch_t match;
    while (*at && regexec(&mask->pattern, at, 1, &match, at == row ? 0 : REG_NOTBOL) == 0 && match.rm_eo > match.rm_so) {
        int width = text_width_n(at + match.rm_so, (size_t)(match.rm_eo - match.rm_so));
        buffer_append(&out, at, (size_t)match.rm_so);
        bool right = mask->replacement[0] == '>';
        const char *stands = mask->replacement + right;
        for (int blanks = width - text_width(stands); right && blanks > 0; blanks--, width--)
            buffer_append_char(&out, ' ');
        for (int used = text_fit(&out, stands, width, TEXT_CUT_END, true); used < width; used++)
            buffer_append_char(&out, ' ');
        at += match.rm_eo;
    }
    buffer_append_text(&out, at);
    while (out.length > 0 && out.data[out.length - 1] == ' ')
        out.data[--out.length] = '\0';
    free(row);
    return buffer_take(&out);
}

static void append_masked(struct harness *harness, struct buffer *out)
{
    for (int row = 0; row < harness->rows; row++) {
        char *text = memory_text(harness_row(harness, row));
        for (unsigned i = 0; i < harness->mask_count; i++)
            text = mask_row(&harness->masks[i], text);
        buffer_append_text(out, text ? text : "");
        buffer_append_char(out, '\n');
        free(text);
    }
}

/* Where the last column is of what a mask hides, by column; -1: seen as it is. */
static int *masked_ends(struct harness *harness, int row)
{
    int *ends = memory_new_array((size_t)harness->columns, sizeof *ends);
    char *text = memory_text(harness_row(harness, row));
    for (int column = 0; column < harness->columns; column++)
        ends[column] = -1;
    for (unsigned i = 0; i < harness->mask_count; i++) {
        const char *at = text;
        regmatch_t match;
        while (*at && regexec(&harness->masks[i].pattern, at, 1, &match, at == text ? 0 : REG_NOTBOL) == 0 && match.rm_eo > match.rm_so) {
            int from = text_width_n(text, (size_t)(at - text + match.rm_so)), to = text_width_n(text, (size_t)(at - text + match.rm_eo));
            for (int column = from; column < to && to <= harness->columns; column++)
                ends[column] = to - 1;
            at += match.rm_eo;
        }
    }
    free(text);
    return ends;
}

/* Runs of equal looks, "row:first-last look", plain cells left out; what is masked looks as its last cell does. */
static void append_looks(struct harness *harness, struct buffer *out)
{
    buffer_append_text(out, "-- looks --\n");
    for (int row = 0; row < harness->rows; row++) {
        int *ends = masked_ends(harness, row);
        for (int column = 0, end; column < harness->columns; column = end) {
            char *look = memory_text(harness_look(harness, row, ends[column] < 0 ? column : ends[column]));
            for (end = column + 1; end < harness->columns; end++)
                if (strcmp(harness_look(harness, row, ends[end] < 0 ? end : ends[end]), look) != 0)
                    break;
            if (look[0])
                buffer_printf(out, "%d:%d-%d %s\n", row, column, end - 1, look);
            free(look);
        }
        free(ends);
    }
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    struct buffer out = BUFFER_INIT;
    char bytes[4096];
    size_t got;
    if (!file)
        return NULL;
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        buffer_append(&out, bytes, got);
    fclose(file);
    buffer_append_text(&out, "");
    char *text = buffer_take(&out);
    return text ? text : memory_text("");
}

/* Lines that differ, both ways. cmocka's own printing cuts long texts. */
static void print_difference(const char *path, const char *golden, const char *picture)
{
    printf("# %s differs: - golden, + screen\n", path);
    for (int row = 0; *golden || *picture; row++) {
        size_t left = strcspn(golden, "\n"), right = strcspn(picture, "\n");
        if (left != right || memcmp(golden, picture, left) != 0)
            printf("# %d\n-%.*s\n+%.*s\n", row, (int)left, golden, (int)right, picture);
        golden += left + (golden[left] == '\n');
        picture += right + (picture[right] == '\n');
    }
    fflush(stdout);
}

static void take_picture(struct harness *harness, bool looks, struct buffer *picture)
{
    buffer_clear(picture);
    append_masked(harness, picture);
    if (looks)
        append_looks(harness, picture);
}

static void rewrite(const char *path, const char *picture)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(picture, file) < 0 || fclose(file) != 0)
        fail_msg("%s: %s", path, strerror(errno));
}

/* The picture may still be on its way on a busy machine: it has until GOLDEN_PATIENCE to become the golden one. */
static void compare(struct harness *harness, const char *name, bool looks)
{
    struct buffer picture = BUFFER_INIT;
    char *path = memory_printf(GOLDEN "/%s.txt", name);
    bool same = true;
    take_picture(harness, looks, &picture);
    if (getenv("UPDATE_GOLDEN")) {
        rewrite(path, buffer_text(&picture));
    } else {
        char *golden = read_file(path);
        same = golden && strcmp(golden, buffer_text(&picture)) == 0;
        for (msec until = clock_steady() + GOLDEN_PATIENCE; golden && !same && clock_steady() < until;) {
            harness_pump(harness, 100);
            take_picture(harness, looks, &picture);
            same = strcmp(golden, buffer_text(&picture)) == 0;
        }
        if (!same)
            print_difference(path, golden ? golden : "", buffer_text(&picture));
        free(golden);
    }
    free(path);
    buffer_release(&picture);
    if (!same) /* leaves by longjmp: nothing may be held here any more */
        fail_msg(GOLDEN "/%s.txt: the screen is not the golden one (UPDATE_GOLDEN=1 rewrites it)", name);
}

void harness_golden(struct harness *harness, const char *name)
{
    compare(harness, name, false);
}

void harness_golden_looks(struct harness *harness, const char *name)
{
    compare(harness, name, true);
}

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "term/screen_private.h"

#define COPY_LIMIT 75000     /* coded; xterm, tmux and screen refuse more */
#define SCREEN_PIECE 512     /* GNU screen cuts longer device control strings */
#define TTY_BACKLOG 2048     /* bytes in the tty that count as a link that cannot keep up */

void screen_queue(struct screen *screen, const char *bytes, size_t length)
{
    if (!screen->gone)
        buffer_append(&screen->queue, bytes, length);
}

void screen_queue_text(struct screen *screen, const char *text)
{
    screen_queue(screen, text, strlen(text));
}

static bool writable(const struct screen *screen, int patience)
{
    struct pollfd watch = {.fd = screen->fd, .events = POLLOUT};
    return poll(&watch, 1, patience) > 0 && (watch.revents & (POLLOUT | POLLERR | POLLHUP));
}

bool screen_flush(struct screen *screen)
{
    while (screen->sent < screen->queue.length && !screen->gone) {
        size_t left = screen->queue.length - screen->sent;
        if (screen->blocking) { /* small pieces, each announced, so that a full tty does not stop the program */
            if (!writable(screen, 0))
                return false;
            left = left < 256 ? left : 256;
        }
        ssize_t written = write(screen->fd, screen->queue.data + screen->sent, left);
        if (written > 0) {
            screen->sent += (size_t)written;
            screen->bytes += (size_t)written;
        } else if (written < 0 && errno == EINTR) {
            continue;
        } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return false;
        } else {
            screen->gone = true; /* EIO: the other side hung up */
        }
    }
    buffer_clear(&screen->queue);
    screen->sent = 0;
    return true;
}

void screen_drain(struct screen *screen, msec patience)
{
    msec until = clock_steady() + patience;
    while (!screen_flush(screen)) {
        msec left = until - clock_steady();
        if (left <= 0 || !writable(screen, (int)left))
            break;
    }
}

size_t screen_pending(const struct screen *screen)
{
    return screen->queue.length - screen->sent;
}

/* What the tty itself still holds, where the kernel tells (serial lines; a pty says 0). */
static size_t tty_backlog(const struct screen *screen)
{
    int inside = 0;
    return ioctl(screen->fd, TIOCOUTQ, &inside) == 0 && inside > 0 ? (size_t)inside : 0;
}

void screen_set_rate(struct screen *screen, size_t bytes_per_second)
{
    screen->rate = bytes_per_second;
    screen->allowance = 0;
    screen->allowed_at = CLOCK_NEVER;
}

static bool within_rate(struct screen *screen, msec steady_now, int *wait)
{
    if (screen->rate == 0)
        return true;
    double rate = (double)screen->rate;
    if (screen->allowed_at == CLOCK_NEVER)
        screen->allowance = rate / 4;
    else
        screen->allowance += rate * (double)(steady_now - screen->allowed_at) / 1000;
    if (screen->allowance > rate / 4) /* no saving up: a quiet minute earns a quarter of a second */
        screen->allowance = rate / 4;
    screen->allowed_at = steady_now;
    if (screen->allowance > 0)
        return true;
    *wait = (int)(-screen->allowance * 1000 / rate) + 1;
    return false;
}

bool screen_ready(struct screen *screen, msec steady_now, int *wait)
{
    *wait = -1;
    if (screen->gone || screen->away)
        return false;
    if (!screen_flush(screen))
        return false;
    if (tty_backlog(screen) > TTY_BACKLOG) {
        *wait = 20; /* the tty holds them and does not say when they are gone */
        return false;
    }
    return within_rate(screen, steady_now, wait);
}

uint64_t screen_bytes(const struct screen *screen)
{
    return screen->bytes;
}

bool screen_gone(const struct screen *screen)
{
    return screen->gone;
}

void screen_bell(struct screen *screen)
{
    screen_queue(screen, "\a", 1);
    screen_flush(screen);
}

static bool inside_screen(const struct screen *screen)
{
    return strncmp(screen->asked, "screen", 6) == 0 && !getenv("TMUX");
}

void screen_title(struct screen *screen, const char *title)
{
    if (!screen->titles || screen->dumb)
        return;
    struct buffer text = BUFFER_INIT;
    text_clean(&text, title, strlen(title));
    for (size_t i = 0; !screen->utf8 && i < text.length; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            text.data[i] = '?';
    struct buffer out = BUFFER_INIT;
    buffer_printf(&out, inside_screen(screen) ? "\033k%s\033\\" : "\033]2;%s\a", buffer_text(&text));
    screen_queue(screen, out.data, out.length);
    screen_flush(screen);
    buffer_release(&out);
    buffer_release(&text);
}

static void base64(struct buffer *out, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16 | (i + 1 < length ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (i + 2 < length ? bytes[i + 2] : 0);
        buffer_append_char(out, digits[group >> 18]);
        buffer_append_char(out, digits[group >> 12 & 63]);
        buffer_append_char(out, i + 1 < length ? digits[group >> 6 & 63] : '=');
        buffer_append_char(out, i + 2 < length ? digits[group & 63] : '=');
    }
}

/* tmux hands a device control string on to its own terminal, with every escape doubled. */
static void wrap_tmux(struct buffer *out, const struct buffer *sequence)
{
    buffer_append_text(out, "\033Ptmux;");
    for (size_t i = 0; i < sequence->length; i++) {
        if (sequence->data[i] == '\033')
            buffer_append_char(out, '\033');
        buffer_append_char(out, sequence->data[i]);
    }
    buffer_append_text(out, "\033\\");
}

static void wrap_screen(struct buffer *out, const struct buffer *sequence)
{
    for (size_t at = 0; at < sequence->length; at += SCREEN_PIECE) {
        size_t left = sequence->length - at;
        buffer_append_text(out, "\033P");
        buffer_append(out, sequence->data + at, left < SCREEN_PIECE ? left : SCREEN_PIECE);
        buffer_append_text(out, "\033\\");
    }
}

bool screen_copy(struct screen *screen, const char *text, size_t length, struct error *error)
{
    if (screen->dumb)
        return error_set(error, ERROR_UNAVAILABLE, "this terminal has no clipboard");
    if ((length + 2) / 3 * 4 > COPY_LIMIT)
        return error_set(error, ERROR_FULL, "%zu bytes are more than a terminal's clipboard takes (%d): export instead",
                         length, COPY_LIMIT / 4 * 3);
    struct buffer sequence = BUFFER_INIT, out = BUFFER_INIT;
    buffer_append_text(&sequence, "\033]52;c;");
    base64(&sequence, (const unsigned char *)text, length);
    buffer_append_char(&sequence, '\a');
    if (getenv("TMUX"))
        wrap_tmux(&out, &sequence);
    if (inside_screen(screen))
        wrap_screen(&out, &sequence);
    else /* tmux with set-clipboard on takes the plain form itself */
        buffer_append(&out, sequence.data, sequence.length);
    screen_queue(screen, out.data, out.length);
    screen_flush(screen);
    buffer_release(&sequence);
    buffer_release(&out);
    return true;
}

void screen_notice(struct screen *screen, enum notice_kind kind, const char *title, const char *body)
{
    struct buffer sequence = BUFFER_INIT, out = BUFFER_INIT;
    if (screen->dumb)
        return;
    notice_sequence(&sequence, kind, title, body, screen->utf8);
    if (getenv("TMUX"))
        wrap_tmux(&out, &sequence);
    else if (inside_screen(screen))
        wrap_screen(&out, &sequence);
    else
        buffer_append(&out, sequence.data, sequence.length);
    screen_queue(screen, out.data, out.length);
    screen_flush(screen);
    buffer_release(&sequence);
    buffer_release(&out);
}

#include "term/restore.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static struct {
    volatile sig_atomic_t armed, continued;
    int fd;
    struct termios settings;
    char sequence[512];
    size_t length;
    bool registered;
    pid_t owner; /* a forked child must not touch the terminal */
    struct sigaction before[NSIG]; /* what a signal did before us, and does after us */
} terminal;

/* Async-signal-safe. The descriptor does not block: a terminal that takes nothing is given up on. */
static void write_sequence(void)
{
    size_t done = 0;
    for (int tries = 0; done < terminal.length && tries < 64; tries++) {
        ssize_t written = write(terminal.fd, terminal.sequence + done, terminal.length - done);
        if (written > 0)
            done += (size_t)written;
    }
    tcsetattr(terminal.fd, TCSANOW, &terminal.settings);
}

static void restore_now(void)
{
    if (!terminal.armed || terminal.owner != getpid())
        return;
    terminal.armed = 0;
    write_sequence();
}

static void restore_and_stop(int number)
{
    if (terminal.armed && terminal.owner == getpid())
        write_sequence();
    (void)number;
    raise(SIGSTOP);
}

static void note_continued(int number)
{
    (void)number;
    terminal.continued = terminal.armed;
}

bool restore_continued(void)
{
    bool was = terminal.continued;
    terminal.continued = 0;
    return was;
}

static void restore_and_die(int number)
{
    restore_now();
    sigaction(number, &terminal.before[number], NULL);
    raise(number);
}

/* The end that somebody asks for is the app's to handle if it wishes; a crash is ours first, whoever comes next. */
static void handle(int number, void (*handler)(int), bool always)
{
    struct sigaction now, action = {.sa_handler = handler};
    if (sigaction(number, NULL, &now) != 0 || now.sa_handler == handler || now.sa_handler == SIG_IGN ||
        (now.sa_handler != SIG_DFL && !always))
        return;
    terminal.before[number] = now;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void restore_arm(int fd, const struct termios *settings, const char *sequence, size_t length)
{
    static const int asked[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGXCPU, SIGXFSZ};
    terminal.armed = 0;
    terminal.fd = fd;
    terminal.settings = *settings;
    terminal.length = length < sizeof terminal.sequence ? length : sizeof terminal.sequence;
    memcpy(terminal.sequence, sequence, terminal.length);
    terminal.owner = getpid();
    terminal.continued = 0;
    terminal.armed = 1;
    if (!terminal.registered)
        terminal.registered = atexit(restore_now) == 0;
    for (size_t i = 0; i < ARRAY_COUNT(asked); i++)
        handle(asked[i], restore_and_die, false);
    for (size_t i = 0; i < ARRAY_COUNT(crashes); i++)
        handle(crashes[i], restore_and_die, true);
    handle(SIGTSTP, restore_and_stop, false);
    handle(SIGCONT, note_continued, false);
}

void restore_disarm(void)
{
    terminal.armed = 0;
}

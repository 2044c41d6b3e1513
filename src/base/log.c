#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define LOG_LINE 4096

static _Atomic int log_threshold = LOG_LEVEL_NOTICE;

void log_level_set(enum log_level level)
{
    log_threshold = (int)level;
}

/* Whether standard error is the stream that systemd made for the journal: it says which, systemd.exec(5). */
static bool is_journal(void)
{
    unsigned long long device, inode;
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat now;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &now) == 0 &&
           now.st_dev == (dev_t)device && now.st_ino == (ino_t)inode;
}

/* "<4>" for the journal, sd-daemon(3), which has the time itself; "12:03:07 warning: " for a person at a terminal, and
 * with the day and zone in a file. */
static size_t log_head(char *line, size_t size, enum log_level level)
{
    static const char *const words[] = {
        [LOG_LEVEL_ERROR] = "error",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_NOTICE] = "notice",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_DEBUG] = "debug",
    };
    if (is_journal())
        return (size_t)snprintf(line, size, "<%d>", (int)level);
    if (!isatty(STDERR_FILENO)) {
        char moment[INSTANT_TEXT];
        instant_format(moment, clock_wall());
        return (size_t)snprintf(line, size, "%s %s: ", moment, words[level]);
    }
    struct timespec now;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    return (size_t)snprintf(line, size, "%02d:%02d:%02d %s: ", local.tm_hour, local.tm_min, local.tm_sec,
                            words[level]);
}

void log_line(enum log_level level, const char *format, ...)
{
    if ((int)level > log_threshold || (int)level < LOG_LEVEL_ERROR)
        return;
    int saved = errno;
    char text[LOG_LINE], line[LOG_LINE];
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* One event is one line, whatever a device put into its text, and drives no terminal. */
    size_t head = log_head(line, sizeof line, level);
    text_clean_into(line + head, sizeof line - head - 1, text, wanted < 0 ? 0 : strlen(text));
    size_t length = head + strlen(line + head);
    line[length++] = '\n';
    /* One write, so that lines of several threads do not mix. A full pipe loses the line, not the program. */
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
    errno = saved;
}

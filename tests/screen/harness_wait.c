/* Waiting for states. A wait ends with what it waits for; its end only says when to give up. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "screen/harness_private.h"

#define BUSY 5     /* times what a wait is given, for a machine that has much to do */
#define GLANCE 10  /* ms between two looks at what is not told by output */

/* ---- who is at work ---- */

/* The state of a thread as /proc tells it: 'R' runs or would like to, 'D' waits for a disk, 'T' is stopped; 0: gone. */
static char thread_state(const char *path)
{
    char text[512], *end;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = '\0';
    end = strrchr(text, ')'); /* the name before it may be anything */
    return end && end[1] == ' ' ? end[2] : 0;
}

static bool at_work(pid_t pid)
{
    char path[300];
    bool working = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads && !working && (entry = readdir(threads));)
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", (int)pid, entry->d_name);
            char state = thread_state(path);
            working = state == 'R' || state == 'D';
        }
    if (threads)
        closedir(threads);
    return working;
}

/* The program, whoever has its terminal, or one whose answers it waits for. */
static bool anybody_at_work(const struct harness *harness)
{
    pid_t foreground = tcgetpgrp(harness->fd);
    if (at_work(harness->pid) || (foreground > 0 && foreground != harness->pid && at_work(foreground)))
        return true;
    for (unsigned i = 0; i < ARRAY_COUNT(harness->watched) && harness->watched[i]; i++)
        if (at_work(harness->watched[i]))
            return true;
    return false;
}

void harness_watch(struct harness *harness, pid_t pid)
{
    for (unsigned i = 0; i < ARRAY_COUNT(harness->watched); i++)
        if (!harness->watched[i]) {
            harness->watched[i] = pid;
            return;
        }
}

/* Until everybody slept for `span` altogether; output starts it anew where it counts. Time that passed while somebody was
 * kept waiting for the processor proves nothing, and neither does time in which we were. */
static bool wait_still(struct harness *harness, int span, bool output_counts, int timeout)
{
    msec now = clock_steady(), until = now + (msec)timeout * BUSY, still = 0;
    while (harness->fd >= 0 && still < span) {
        msec before = now;
        if (now >= until)
            return false;
        bool came = harness_take(harness, GLANCE);
        now = clock_steady();
        if (came && output_counts)
            still = 0;
        else if ((harness->bytes > 0 || !output_counts) && !anybody_at_work(harness))
            still += now - before < GLANCE ? now - before : GLANCE;
    }
    return true;
}

bool harness_wait_quiet(struct harness *harness, int quiet, int timeout)
{
    return wait_still(harness, quiet, true, timeout);
}

bool harness_wait_asleep(struct harness *harness, int span, int timeout)
{
    return wait_still(harness, span, false, timeout);
}

void harness_pump(struct harness *harness, int milliseconds)
{
    msec until = clock_steady() + milliseconds, left;
    while (harness->fd >= 0 && (left = until - clock_steady()) > 0)
        harness_take(harness, (int)left);
}

/* ---- states ---- */

struct wanted {
    const char *text;
    int row;         /* -1: any */
    bool there;
    uint64_t bytes;
};

/* Whether it is so now, with all that was written until now taken in. */
typedef bool state_test(struct harness *harness, const struct wanted *wanted);

static bool wait_state(struct harness *harness, state_test *holds, const struct wanted *wanted, int timeout)
{
    msec until = clock_steady() + (msec)timeout * BUSY;
    for (;;) {
        while (harness_take(harness, 0))
            ;
        if (holds(harness, wanted))
            return true;
        if (harness->fd < 0 || clock_steady() >= until)
            return false;
        harness_take(harness, GLANCE);
    }
}

static bool has_text(struct harness *harness, const struct wanted *wanted)
{
    const char *where = wanted->row < 0 ? harness_text(harness) : harness_row(harness, wanted->row);
    return (strstr(where, wanted->text) != NULL) == wanted->there;
}

static bool has_raw(struct harness *harness, const struct wanted *wanted)
{
    return memmem(harness->raw.data, harness->raw.length, wanted->text, strlen(wanted->text)) != NULL;
}

static bool has_bytes(struct harness *harness, const struct wanted *wanted)
{
    return harness->bytes > wanted->bytes;
}

static bool has_alternate(struct harness *harness, const struct wanted *wanted)
{
    return harness->alternate == wanted->there;
}

static bool has_cooked(struct harness *harness, const struct wanted *wanted)
{
    return harness->fd >= 0 && harness_cooked(harness) == wanted->there;
}

static bool has_stopped(struct harness *harness, const struct wanted *wanted)
{
    char path[40];
    (void)wanted;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)harness->pid);
    return thread_state(path) == 'T';
}

bool harness_wait_text(struct harness *harness, const char *text, int timeout)
{
    return wait_state(harness, has_text, &(struct wanted){.text = text, .row = -1, .there = true}, timeout);
}

bool harness_wait_no_text(struct harness *harness, const char *text, int timeout)
{
    return wait_state(harness, has_text, &(struct wanted){.text = text, .row = -1}, timeout);
}

bool harness_wait_row(struct harness *harness, int row, const char *text, int timeout)
{
    return wait_state(harness, has_text, &(struct wanted){.text = text, .row = row, .there = true}, timeout);
}

bool harness_wait_raw(struct harness *harness, const char *sequence, int timeout)
{
    return wait_state(harness, has_raw, &(struct wanted){.text = sequence}, timeout);
}

bool harness_wait_bytes(struct harness *harness, uint64_t more_than, int timeout)
{
    return wait_state(harness, has_bytes, &(struct wanted){.bytes = more_than}, timeout);
}

bool harness_wait_alternate(struct harness *harness, bool on, int timeout)
{
    return wait_state(harness, has_alternate, &(struct wanted){.there = on}, timeout);
}

bool harness_wait_cooked(struct harness *harness, bool cooked, int timeout)
{
    return wait_state(harness, has_cooked, &(struct wanted){.there = cooked}, timeout);
}

bool harness_wait_stopped(struct harness *harness, int timeout)
{
    return wait_state(harness, has_stopped, NULL, timeout);
}

bool harness_wait_exit(struct harness *harness, int timeout, int *status)
{
    msec until = clock_steady() + (msec)timeout * BUSY;
    while (!harness->ended) {
        harness_take(harness, GLANCE / 2);
        if (waitpid(harness->pid, &harness->status, WNOHANG) == harness->pid) {
            harness->ended = true;
            while (harness_take(harness, 0))
                ;
            break;
        }
        if (clock_steady() >= until)
            return false;
        if (harness->fd < 0)
            poll(NULL, 0, GLANCE / 2);
    }
    *status = harness->status;
    return true;
}

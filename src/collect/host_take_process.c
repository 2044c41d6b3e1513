/* Processes: /proc/PID/stat for the figures, ps for user and command line, /proc/PID/io where it may be read. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/host_private.h"

#define TICKS 100.0
#define PAGE 4096.0

static int compare_command(const void *left, const void *right)
{
    int a = ((const struct host_command *)left)->pid, b = ((const struct host_command *)right)->pid;
    return a < b ? -1 : a > b;
}

static struct host_command *command_of(const struct host_take *take, int pid)
{
    struct host_command key = {.pid = pid};
    return take->command_count ? bsearch(&key, take->commands, take->command_count, sizeof key, compare_command) : NULL;
}

static int pid_of(const char *text)
{
    double pid = host_number(text);
    return pid > 0 && pid < INT_MAX ? (int)pid : 0;
}

/* "  123 www-data  /usr/sbin/nginx -g daemon off;" */
bool host_take_commands(struct host_take *take, char *text)
{
    for (char *line; (line = host_line(&text));) {
        char *fields[3];
        int pid = host_split(line, fields, 3) >= 2 ? pid_of(fields[0]) : 0;
        if (!pid || take->command_count == 4 * HOST_ROWS_MAX)
            continue;
        ARRAY_RESERVE(take->commands, take->command_capacity, take->command_count + 1);
        take->commands[take->command_count++] = (struct host_command){pid, fields[1], fields[2], NAN};
    }
    if (take->command_count)
        qsort(take->commands, take->command_count, sizeof *take->commands, compare_command);
    return take->command_count > 0;
}

/* "/proc/123/io:read_bytes: 4096" */
bool host_take_io(struct host_take *take, char *text)
{
    bool any = false;
    for (char *line; (line = host_line(&text));) {
        int pid = strncmp(line, "/proc/", 6) == 0 ? pid_of(line + 6) : 0;
        const char *blank = strrchr(line, ' ');
        struct host_command *command = pid && blank ? command_of(take, pid) : NULL;
        double bytes = command ? host_number(blank + 1) : NAN;
        if (isnan(bytes))
            continue;
        command->io = (isnan(command->io) ? 0 : command->io) + bytes;
        any = true;
    }
    return any;
}

struct process { struct host_process row; struct host_ticks now; };

/* "123 (name) S 1 ..." : the name may hold blanks and parentheses, so its end is the last one. Fields are counted as in
 * proc(5): state is the third. */
static bool process_read(const struct host_take *take, struct process *process, char *line)
{
    char *fields[25], *open = strchr(line, '('), *close = strrchr(line, ')');
    int pid = pid_of(line);
    if (!pid || !open || !close || close < open || host_split(close + 1, fields, 25) < 22)
        return false;
    *close = '\0';
    double ticks = host_number(fields[11]) + host_number(fields[12]), start = host_number(fields[19]), pages = host_number(fields[21]);
    if (isnan(ticks + start + pages) || start < 0 || start > 1e14)
        return false;
    process->row = (struct host_process){.pid = pid, .parent = pid_of(fields[1]), .user = "", .name = open + 1, .command = "",
        .state = fields[0][0], .cpu_percent = NAN, .memory = pages * PAGE, .io_rate = NAN,
        .started = take->booted == CLOCK_NEVER ? CLOCK_NEVER : take->booted + (msec)(start / TICKS * 1000)};
    process->now = (struct host_ticks){.pid = pid, .start = (uint64_t)start, .ticks = ticks, .io = NAN};
    return true;
}

static int compare_ticks(const void *left, const void *right)
{
    int a = ((const struct host_ticks *)left)->pid, b = ((const struct host_ticks *)right)->pid;
    return a < b ? -1 : a > b;
}

static void rate_process(const struct host_take *take, struct process *process, double seconds)
{
    const struct host_reader *reader = take->reader;
    const struct host_ticks *before = reader->tick_count && seconds > 0
        ? bsearch(&process->now, reader->ticks, reader->tick_count, sizeof *reader->ticks, compare_ticks) : NULL;
    /* One that began since the sample before has used what it has used within that time. */
    if (reader->tick_count && seconds > 0 && (!before || before->start != process->now.start) &&
        (double)process->now.start / TICKS >= reader->ticks_uptime)
        process->row.cpu_percent = 100 * process->now.ticks / TICKS / seconds;
    if (!before || before->start != process->now.start)
        return;
    process->row.cpu_percent = 100 * host_rate(before->ticks, process->now.ticks, seconds, 0) / TICKS;
    process->row.io_rate = isnan(before->io) || isnan(process->now.io) ? NAN : host_rate(before->io, process->now.io, seconds, 0);
}

bool host_take_processes(struct host_take *take, char *text)
{
    struct host_reader *reader = take->reader;
    struct host_ticks *ticks = NULL;
    size_t count = 0, capacity = 0;
    double seconds = take->uptime > reader->ticks_uptime && reader->ticks_uptime > 0 && !take->slept ? take->uptime - reader->ticks_uptime : 0;
    for (char *line; (line = host_line(&text));) {
        struct process process;
        if (!process_read(take, &process, line))
            continue;
        const struct host_command *command = command_of(take, process.row.pid);
        if (command) {
            process.row.user = command->user;
            process.row.command = command->text;
            process.now.io = command->io;
        }
        rate_process(take, &process, seconds);
        host_builder_process(take->builder, &process.row);
        ARRAY_RESERVE(ticks, capacity, count + 1);
        ticks[count++] = process.now;
    }
    if (!count) {
        free(ticks);
        return false;
    }
    qsort(ticks, count, sizeof *ticks, compare_ticks);
    free(reader->ticks);
    reader->ticks = ticks;
    reader->tick_count = (unsigned)count;
    reader->ticks_uptime = take->uptime;
    take->figures->tasks = (unsigned)count;
    return true;
}

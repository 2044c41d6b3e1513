/* The quick section: files of /proc, each under a line with its name. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/host_private.h"

#define TICKS 100.0 /* a second, in /proc/stat, on every architecture of ours */

const char *const host_proc_files[] = {
    "/proc/uptime", "/proc/loadavg", "/proc/stat", "/proc/meminfo", "/proc/pressure/cpu", "/proc/pressure/io",
    "/proc/pressure/memory", "/proc/diskstats", "/proc/net/dev", "/proc/net/snmp", "/proc/net/sockstat",
    "/proc/net/sockstat6", "/proc/self/mountinfo", NULL};

static void take_uptime(struct host_take *take, char *text)
{
    double uptime = host_number(text);
    if (!(uptime > 0 && uptime < 1e11))
        return;
    take->uptime = take->figures->uptime = uptime;
    take->booted = take->wall - (msec)(uptime * 1000);
    take->seconds = take->reader->uptime > 0 && uptime > take->reader->uptime ? uptime - take->reader->uptime : 0;
}

static void take_loadavg(struct host_take *take, char *text)
{
    char *fields[4];
    host_split(text, fields, 4);
    take->figures->load1 = host_number(fields[0]);
    take->figures->load5 = host_number(fields[1]);
    take->figures->load15 = host_number(fields[2]);
}

/* user nice system idle iowait irq softirq steal; guests are in user already. Idle and iowait may step back a little. */
static bool shares(const double before[8], const double now[8], struct host_core *core, double *total)
{
    double grown[8], sum = 0;
    for (int i = 0; i < 8; i++) {
        grown[i] = now[i] - before[i];
        if (grown[i] < 0 && (i == 3 || i == 4))
            grown[i] = 0;
        if (!(grown[i] >= 0))
            return false; /* a core that came back, a machine restored */
        sum += grown[i];
    }
    *total = sum;
    if (sum <= 0)
        return false;
    core->busy = 100 * (sum - grown[3] - grown[4]) / sum;
    core->user = 100 * (grown[0] + grown[1]) / sum;
    core->system = 100 * (grown[2] + grown[5] + grown[6]) / sum;
    core->iowait = 100 * grown[4] / sum;
    core->steal = 100 * grown[7] / sum;
    return true;
}

static void put_core(struct host_take *take, const struct host_counter *now, unsigned at)
{
    const struct host_counter *before = host_counters_find(&take->reader->cores, now->name, at);
    struct host_core core = {.busy = NAN, .user = NAN, .system = NAN, .iowait = NAN, .steal = NAN};
    double total;
    core.number = (unsigned)strtoul(now->name + 3, NULL, 10);
    if (before && take->seconds > 0)
        shares(before->value, now->value, &core, &total);
    host_builder_core(take->builder, &core);
}

/* All cores together; and was the machine asleep? Each core's ticks go on while it runs, also idle. */
static void take_all_cores(struct host_take *take, const double now[8])
{
    struct host_reader *reader = take->reader;
    struct host_core all;
    double total = 0, cores = take->cores.count ? take->cores.count : 1;
    if (reader->has_cpu && take->seconds > 0 && shares(reader->cpu, now, &all, &total)) {
        take->figures->cpu = all.busy;
        take->figures->user = all.user;
        take->figures->system = all.system;
        take->figures->iowait = all.iowait;
        take->figures->steal = all.steal;
        take->slept = total / TICKS / cores < 0.5 * take->seconds - 1;
    }
    memcpy(reader->cpu, now, sizeof reader->cpu);
    reader->has_cpu = true;
}

static void take_stat(struct host_take *take, char *text)
{
    double all[8] = {0};
    bool has_all = false;
    for (char *line; (line = host_line(&text));) {
        char *fields[10];
        double value[8];
        unsigned count = strncmp(line, "cpu", 3) == 0 ? host_split(line, fields, 10) : 0;
        if (count < 5)
            continue;
        for (unsigned i = 0; i < 8; i++) { /* old kernels have fewer */
            value[i] = i + 1 < count ? host_number(fields[i + 1]) : 0;
            value[i] = isnan(value[i]) ? 0 : value[i];
        }
        if (strcmp(fields[0], "cpu") == 0) {
            memcpy(all, value, sizeof all);
            has_all = true;
        } else if (take->cores.count < HOST_ROWS_MAX) {
            memcpy(host_counters_add(&take->cores, fields[0])->value, value, sizeof value);
        }
    }
    if (!has_all)
        return;
    take->figures->online_cores = take->cores.count;
    host_builder_has(take->builder, HOST_cores);
    take_all_cores(take, all);
    if (take->slept)
        take->seconds = 0;
    for (unsigned i = 0; i < take->cores.count; i++)
        put_core(take, &take->cores.rows[i], i);
}

static void take_meminfo(struct host_take *take, char *text)
{
    double total = NAN, available = NAN, loose = 0, swap = NAN, swap_free = NAN;
    for (char *line; (line = host_line(&text));) {
        char *fields[3];
        if (host_split(line, fields, 3) < 2)
            continue;
        double bytes = host_number(fields[1]) * 1024;
        if (strcmp(fields[0], "MemTotal:") == 0)
            total = bytes;
        else if (strcmp(fields[0], "MemAvailable:") == 0)
            available = bytes;
        else if (strcmp(fields[0], "MemFree:") == 0 || strcmp(fields[0], "Buffers:") == 0 || strcmp(fields[0], "Cached:") == 0)
            loose += bytes;
        else if (strcmp(fields[0], "SwapTotal:") == 0)
            swap = bytes;
        else if (strcmp(fields[0], "SwapFree:") == 0)
            swap_free = bytes;
    }
    if (isnan(available))
        available = loose; /* before Linux 3.14 */
    take->figures->memory_total = total;
    take->figures->memory_available = available;
    take->figures->memory_used = total - available;
    take->figures->swap_total = swap;
    take->figures->swap_used = swap - swap_free;
}

static void take_pressure(double *figure, const char *text)
{
    const char *average = strstr(text, "some avg10=");
    if (average)
        *figure = host_number(average + strlen("some avg10="));
}

static void take_diskstats(struct host_take *take, char *text)
{
    for (char *line; (line = host_line(&text));) {
        char *fields[15], name[20];
        if (host_split(line, fields, 15) < 14 || take->disks.count == HOST_ROWS_MAX)
            continue;
        snprintf(name, sizeof name, "%.8s:%.8s", fields[0], fields[1]);
        struct host_counter *row = host_counters_add(&take->disks, name);
        snprintf(row->label, sizeof row->label, "%s", fields[2]);
        const double value[] = {host_number(fields[3]) + host_number(fields[7]),    /* operations */
                                host_number(fields[6]), host_number(fields[10]),    /* ms of reads, of writes */
                                host_number(fields[5]) * 512, host_number(fields[9]) * 512, host_number(fields[12])};
        memcpy(row->value, value, sizeof value);
    }
}

/* in, out, errors both, drops both */
static void take_interfaces(struct host_take *take, char *text)
{
    for (char *line; (line = host_line(&text));) {
        char *fields[17], *colon = strrchr(line, ':');
        if (!colon || take->interfaces.count == HOST_ROWS_MAX)
            continue;
        *colon = '\0';
        if (host_split(colon + 1, fields, 17) < 12)
            continue;
        struct host_counter *row = host_counters_add(&take->interfaces, line + strspn(line, " "));
        const double value[] = {host_number(fields[0]), host_number(fields[8]), host_number(fields[2]) + host_number(fields[10]),
                                host_number(fields[3]) + host_number(fields[11])};
        memcpy(row->value, value, sizeof value);
    }
}

/* Two lines of a protocol: names, then values. */
static void take_snmp(struct host_take *take, char *text)
{
    char *names = NULL;
    for (char *line; (line = host_line(&text));) {
        if (strncmp(line, "Tcp:", 4) != 0)
            continue;
        if (!names) {
            names = line;
            continue;
        }
        char *name[32], *value[32];
        unsigned count = host_split(names, name, 32);
        host_split(line, value, 32);
        for (unsigned i = 0; i < count; i++)
            if (strcmp(name[i], "CurrEstab") == 0)
                take->figures->tcp_established = host_number(value[i]);
        return;
    }
}

static void add(double *sum, double more)
{
    if (!isnan(more))
        *sum = (isnan(*sum) ? 0 : *sum) + more;
}

static void take_sockstat(struct host_take *take, char *text)
{
    for (char *line; (line = host_line(&text));) {
        char *fields[12];
        unsigned count = host_split(line, fields, 12);
        bool tcp = strncmp(fields[0], "TCP", 3) == 0, udp = strcmp(fields[0], "UDP:") == 0 || strcmp(fields[0], "UDP6:") == 0;
        for (unsigned i = 1; i + 1 < count; i += 2) {
            double value = host_number(fields[i + 1]);
            if (strcmp(fields[i], "inuse") == 0 && (tcp || udp))
                add(tcp ? &take->figures->tcp_sockets : &take->figures->udp_sockets, value);
            else if (strcmp(fields[i], "tw") == 0)
                take->figures->tcp_time_wait = value;
            else if (strcmp(fields[i], "orphan") == 0)
                take->figures->tcp_orphans = value;
        }
    }
}

static void take_pressure_cpu(struct host_take *take, char *text)
{
    take_pressure(&take->figures->pressure_cpu, text);
}

static void take_pressure_io(struct host_take *take, char *text)
{
    take_pressure(&take->figures->pressure_io, text);
}

static void take_pressure_memory(struct host_take *take, char *text)
{
    take_pressure(&take->figures->pressure_memory, text);
}

static void take_mountinfo(struct host_take *take, char *text)
{
    take->mounts = text; /* understood with the sizes */
}

static const struct {
    const char *path;
    void (*take)(struct host_take *take, char *text);
} files[] = {
    {"/proc/uptime", take_uptime}, {"/proc/loadavg", take_loadavg}, {"/proc/stat", take_stat},
    {"/proc/meminfo", take_meminfo}, {"/proc/pressure/cpu", take_pressure_cpu}, {"/proc/pressure/io", take_pressure_io},
    {"/proc/pressure/memory", take_pressure_memory}, {"/proc/diskstats", take_diskstats}, {"/proc/net/dev", take_interfaces},
    {"/proc/net/snmp", take_snmp}, {"/proc/net/sockstat", take_sockstat}, {"/proc/net/sockstat6", take_sockstat},
    {"/proc/self/mountinfo", take_mountinfo},
};

static void take_file(struct host_take *take, const char *path, char *text)
{
    for (size_t i = 0; i < ARRAY_COUNT(files); i++)
        if (strcmp(files[i].path, path) == 0)
            files[i].take(take, text);
}

/* "==> PATH <==": the path, cut out; NULL when the line is none. */
static char *file_header(char *line)
{
    size_t length = strcspn(line, "\n");
    if (length < 9 || strncmp(line, "==> /", 5) != 0 || strncmp(line + length - 4, " <==", 4) != 0)
        return NULL;
    line[length - 4] = '\0';
    return line + 4;
}

bool host_take_proc(struct host_take *take, char *text)
{
    char *path = NULL, *body = NULL;
    bool any = false;
    for (char *line = text; line;) {
        char *next = strchr(line, '\n'), *header = file_header(line);
        if (header) {
            if (path) {
                line[-1] = '\0';
                take_file(take, path, body < line ? body : line - 1);
            }
            any = true;
            path = header;
            body = next ? next + 1 : line + strlen(line);
        }
        line = next ? next + 1 : NULL;
    }
    if (path)
        take_file(take, path, body);
    return any && take->uptime > 0;
}

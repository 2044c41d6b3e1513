/* A host as its stored figures tell it: host_metrics the other way round (host.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/host.h"

struct gathering {
    const struct host_figure *figures;
    unsigned count;
    const struct host *like;
    struct host_builder *builder;
    struct host_disk *disks;
    struct host_interface *interfaces;
    double *percents;           /* in and out of each interface's speed, two each */
    char (*names)[HOST_NAME];   /* as stored; disks and interfaces share it, from both ends */
    unsigned disk_count, interface_count;
};

static double figure(const struct gathering *gathering, const char *name)
{
    for (unsigned i = 0; i < gathering->count; i++)
        if (strcmp(gathering->figures[i].name, name) == 0)
            return gathering->figures[i].value;
    return NAN;
}

/* ---- what has a name within the name ---- */

/* The part of `name` between two ends, in `part`; false when it has not these ends, or nothing between them. */
static bool between(const char *name, const char *front, const char *back, char part[HOST_NAME])
{
    size_t length = strlen(name), first = strlen(front), last = strlen(back);
    if (length <= first + last || strncmp(name, front, first) != 0 || strcmp(name + length - last, back) != 0)
        return false;
    return (size_t)snprintf(part, HOST_NAME, "%.*s", (int)(length - first - last), name + first) < HOST_NAME;
}

/* "var_lib" is what the host has there now, else "/var_lib": what was a separator is not stored. */
static const char *mount_of(const struct gathering *gathering, const char *name, char out[HOST_NAME + 1])
{
    char stored[HOST_NAME];
    for (unsigned i = 0; gathering->like && i < gathering->like->disk_count; i++) {
        host_metric_name(stored, sizeof stored, gathering->like->disks[i].mount);
        if (strcmp(stored, name) == 0)
            return gathering->like->disks[i].mount;
    }
    snprintf(out, HOST_NAME + 1, "/%s", strcmp(name, "root") == 0 ? "" : name);
    return out;
}

static const char *interface_of(const struct gathering *gathering, const char *name)
{
    char stored[HOST_NAME];
    for (unsigned i = 0; gathering->like && i < gathering->like->interface_count; i++) {
        host_metric_name(stored, sizeof stored, gathering->like->interfaces[i].name);
        if (strcmp(stored, name) == 0)
            return gathering->like->interfaces[i].name;
    }
    return name;
}

static struct host_disk *disk_of(struct gathering *gathering, const char *name)
{
    for (unsigned i = 0; i < gathering->disk_count; i++)
        if (strcmp(gathering->names[i], name) == 0)
            return &gathering->disks[i];
    snprintf(gathering->names[gathering->disk_count], HOST_NAME, "%s", name);
    struct host_disk *disk = &gathering->disks[gathering->disk_count++];
    *disk = (struct host_disk){.device = "", .kind = "", .size = NAN, .used = NAN, .available = NAN, .used_percent = NAN,
                               .inodes_percent = NAN, .read_rate = NAN, .write_rate = NAN, .busy_percent = NAN, .latency = NAN};
    return disk;
}

static unsigned interface_at(struct gathering *gathering, const char *name)
{
    for (unsigned i = 0; i < gathering->interface_count; i++)
        if (strcmp(gathering->names[gathering->count - 1 - i], name) == 0)
            return i;
    unsigned at = gathering->interface_count++;
    snprintf(gathering->names[gathering->count - 1 - at], HOST_NAME, "%s", name);
    gathering->interfaces[at] = (struct host_interface){.in_rate = NAN, .out_rate = NAN, .speed = NAN, .error_rate = NAN,
                                                        .drop_rate = NAN, .up = true};
    gathering->percents[2 * at] = gathering->percents[2 * at + 1] = NAN;
    return at;
}

static void take_disk(struct gathering *gathering, const struct host_figure *one)
{
    static const struct { const char *front, *back; size_t at; } members[] = { /* the longer ends first */
        {"disk_", "_busy_percent", offsetof(struct host_disk, busy_percent)}, {"disk_", "_percent", offsetof(struct host_disk, used_percent)},
        {"inodes_", "_percent", offsetof(struct host_disk, inodes_percent)}, {"disk_", "_latency_ms", offsetof(struct host_disk, latency)},
        {"disk_", "_size_bytes", offsetof(struct host_disk, size)}, {"disk_", "_used_bytes", offsetof(struct host_disk, used)}};
    char part[HOST_NAME];
    if (strcmp(one->name, "disk_worst_percent") == 0 || strcmp(one->name, "inodes_worst_percent") == 0)
        return;
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        if (between(one->name, members[i].front, members[i].back, part)) {
            *(double *)(void *)((char *)disk_of(gathering, part) + members[i].at) = one->value;
            return;
        }
}

static void take_interface(struct gathering *gathering, const struct host_figure *one)
{
    char part[HOST_NAME];
    if (between(one->name, "net_", "_in_percent", part))
        gathering->percents[2 * interface_at(gathering, part)] = one->value;
    else if (between(one->name, "net_", "_out_percent", part))
        gathering->percents[2 * interface_at(gathering, part) + 1] = one->value;
    else if (between(one->name, "net_", "_in_bytes_per_second", part))
        gathering->interfaces[interface_at(gathering, part)].in_rate = one->value;
    else if (between(one->name, "net_", "_out_bytes_per_second", part))
        gathering->interfaces[interface_at(gathering, part)].out_rate = one->value;
}

static void take_port(struct gathering *gathering, const struct host_figure *one)
{
    char part[HOST_NAME], *end;
    if (!between(one->name, "sessions_", "", part))
        return;
    unsigned long port = strtoul(part, &end, 10);
    if (!*end && port > 0 && port < 65536 && one->value >= 0)
        host_builder_port(gathering->builder, &(struct host_port){.port = (unsigned)port, .address = "", .process = "", .user = "",
                                                                  .sessions = (unsigned)one->value});
}

static void put_disks(struct gathering *gathering)
{
    for (unsigned i = 0; i < gathering->disk_count; i++) {
        char made[HOST_NAME + 1];
        gathering->disks[i].mount = mount_of(gathering, gathering->names[i], made);
        host_builder_disk(gathering->builder, &gathering->disks[i]);
    }
}

static void put_interfaces(struct gathering *gathering)
{
    for (unsigned i = 0; i < gathering->interface_count; i++) {
        struct host_interface *interface = &gathering->interfaces[i];
        const double *percents = &gathering->percents[2 * i], rates[] = {interface->in_rate, interface->out_rate};
        interface->name = interface_of(gathering, gathering->names[gathering->count - 1 - i]);
        for (unsigned way = 0; way < 2; way++) /* its speed follows from a rate and its share, where something flowed */
            if (rates[way] > 0 && percents[way] > 0)
                interface->speed = round(800 * rates[way] / percents[way]);
        host_builder_interface(gathering->builder, interface);
    }
}

/* ---- the host itself ---- */

static void fill(struct gathering *gathering, struct host *host)
{
    const struct { const char *name; double *at; } members[] = {
        {"cpu_percent", &host->cpu}, {"user_percent", &host->user}, {"system_percent", &host->system},
        {"iowait_percent", &host->iowait}, {"steal_percent", &host->steal}, {"load1", &host->load1}, {"load5", &host->load5},
        {"load15", &host->load15}, {"memory_used_bytes", &host->memory_used}, {"swap_used_bytes", &host->swap_used},
        {"pressure_cpu_percent", &host->pressure_cpu}, {"pressure_io_percent", &host->pressure_io},
        {"pressure_memory_percent", &host->pressure_memory}, {"oom_kills", &host->oom_kills},
        {"net_in_bytes_per_second", &host->in_rate}, {"net_out_bytes_per_second", &host->out_rate},
        {"tcp_sockets", &host->tcp_sockets}, {"tcp_established", &host->tcp_established}, {"tcp_time_wait", &host->tcp_time_wait},
        {"failed_logins", &host->failed_logins}, {"time_offset_seconds", &host->time_offset},
        {"security_updates", &host->security_updates}, {"uptime_seconds", &host->uptime}};
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        *members[i].at = figure(gathering, members[i].name);
    double memory = figure(gathering, "memory_percent"), swap = figure(gathering, "swap_percent"),
           each = figure(gathering, "load_per_core"), tasks = figure(gathering, "processes"), units = figure(gathering, "failed_units");
    if (memory > 0)
        host->memory_total = 100 * host->memory_used / memory;
    if (swap > 0)
        host->swap_total = 100 * host->swap_used / swap;
    if (each > 0 && host->load1 / each < 100000)
        host->online_cores = (unsigned)lround(host->load1 / each);
    host->tasks = tasks > 0 ? (unsigned)tasks : 0;
    host->failed_units = units > 0 ? (unsigned)units : 0;
}

struct host *host_from_figures(const struct host_figure *figures, unsigned count, const struct host *like, msec taken)
{
    struct gathering gathering = {.figures = figures, .count = count, .like = like, .builder = host_builder_new(),
                                  .disks = memory_new_array(count + 1u, sizeof *gathering.disks),
                                  .interfaces = memory_new_array(count + 1u, sizeof *gathering.interfaces),
                                  .percents = memory_new_array(2 * (count + 1u), sizeof *gathering.percents),
                                  .names = memory_new_array(count + 1u, sizeof *gathering.names)};
    fill(&gathering, host_builder_figures(gathering.builder));
    for (unsigned i = 0; i < count; i++) {
        take_disk(&gathering, &figures[i]);
        take_interface(&gathering, &figures[i]);
        take_port(&gathering, &figures[i]);
    }
    put_disks(&gathering);
    put_interfaces(&gathering);
    struct host *host = host_builder_make(gathering.builder, taken);
    host_builder_free(&gathering.builder);
    free(gathering.disks);
    free(gathering.interfaces);
    free(gathering.percents);
    free(gathering.names);
    return host;
}

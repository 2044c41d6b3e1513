#include "collect/exporter_host.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ROWS_MAX 4096 /* of each kind; an exporter that invents more loses the rest */
#define NAME_BYTES 96

enum mode { MODE_user, MODE_nice, MODE_system, MODE_idle, MODE_iowait, MODE_irq, MODE_softirq, MODE_steal, MODE_COUNT };
static const char *const mode_names[MODE_COUNT] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};

struct core { char name[12]; double value[MODE_COUNT]; };

enum device_figure { READ_BYTES, WRITTEN_BYTES, IO_SECONDS, READ_SECONDS, WRITE_SECONDS, READS, WRITES, DEVICE_FIGURES };
struct device { char name[NAME_BYTES]; double value[DEVICE_FIGURES]; };

enum link_figure { IN_BYTES, OUT_BYTES, IN_ERRORS, OUT_ERRORS, IN_DROPS, OUT_DROPS, SPEED, UP, LINK_FIGURES };
struct link { char name[NAME_BYTES]; double value[LINK_FIGURES]; };

enum disk_figure { SIZE, AVAILABLE, FREE, FILES, FILES_FREE, READ_ONLY, DISK_FIGURES };
struct disk { char mount[256], device[NAME_BYTES], kind[32]; double value[DISK_FIGURES]; };

struct unit { char name[128], state[16]; };

/* Figures that are one series each. */
#define SINGLES(X)                                                                                              \
    X(load1, "node_load1") X(load5, "node_load5") X(load15, "node_load15")                                      \
    X(memory_total, "node_memory_MemTotal_bytes") X(memory_available, "node_memory_MemAvailable_bytes")         \
    X(memory_free, "node_memory_MemFree_bytes") X(buffers, "node_memory_Buffers_bytes")                         \
    X(cached, "node_memory_Cached_bytes") X(swap_total, "node_memory_SwapTotal_bytes")                          \
    X(swap_free, "node_memory_SwapFree_bytes") X(boot_time, "node_boot_time_seconds")                           \
    X(time_now, "node_time_seconds") X(time_offset, "node_timex_offset_seconds")                                \
    X(oom_kills, "node_vmstat_oom_kill") X(tcp_sockets, "node_sockstat_TCP_inuse")                              \
    X(tcp_orphans, "node_sockstat_TCP_orphan") X(tcp_time_wait, "node_sockstat_TCP_tw")                         \
    X(tcp_established, "node_netstat_Tcp_CurrEstab") X(udp_sockets, "node_sockstat_UDP_inuse")                  \
    X(pressure_cpu, "node_pressure_cpu_waiting_seconds_total") X(pressure_io, "node_pressure_io_waiting_seconds_total") \
    X(pressure_memory, "node_pressure_memory_waiting_seconds_total") X(tasks, "node_processes_pids")

enum single {
#define X(member, name) SINGLE_##member,
    SINGLES(X)
#undef X
    SINGLE_COUNT
};

struct exporter_host {
    uint64_t steady_ns;
    double single[SINGLE_COUNT];
    struct core *cores;
    struct device *devices;
    struct link *links;
    struct disk *disks;
    struct unit *units;
    size_t core_count, core_capacity, device_count, device_capacity, link_count, link_capacity, disk_count, disk_capacity,
        unit_count, unit_capacity;
    unsigned failed_units;
    char kernel[128], system[128], node[128], machine[32];
};

/* ---- which series ---- */

enum group { GROUP_SINGLE, GROUP_CPU, GROUP_DEVICE, GROUP_LINK, GROUP_DISK, GROUP_UNIT, GROUP_UNAME, GROUP_OS };

static const struct wanted { const char *name; enum group group; unsigned figure; } wanted[] = {
#define X(member, series) {series, GROUP_SINGLE, SINGLE_##member},
    SINGLES(X)
#undef X
    {"node_cpu_seconds_total", GROUP_CPU, 0},
    {"node_disk_read_bytes_total", GROUP_DEVICE, READ_BYTES},
    {"node_disk_written_bytes_total", GROUP_DEVICE, WRITTEN_BYTES},
    {"node_disk_io_time_seconds_total", GROUP_DEVICE, IO_SECONDS},
    {"node_disk_read_time_seconds_total", GROUP_DEVICE, READ_SECONDS},
    {"node_disk_write_time_seconds_total", GROUP_DEVICE, WRITE_SECONDS},
    {"node_disk_reads_completed_total", GROUP_DEVICE, READS},
    {"node_disk_writes_completed_total", GROUP_DEVICE, WRITES},
    {"node_network_receive_bytes_total", GROUP_LINK, IN_BYTES},
    {"node_network_transmit_bytes_total", GROUP_LINK, OUT_BYTES},
    {"node_network_receive_errs_total", GROUP_LINK, IN_ERRORS},
    {"node_network_transmit_errs_total", GROUP_LINK, OUT_ERRORS},
    {"node_network_receive_drop_total", GROUP_LINK, IN_DROPS},
    {"node_network_transmit_drop_total", GROUP_LINK, OUT_DROPS},
    {"node_network_speed_bytes", GROUP_LINK, SPEED},
    {"node_network_up", GROUP_LINK, UP},
    {"node_filesystem_size_bytes", GROUP_DISK, SIZE},
    {"node_filesystem_avail_bytes", GROUP_DISK, AVAILABLE},
    {"node_filesystem_free_bytes", GROUP_DISK, FREE},
    {"node_filesystem_files", GROUP_DISK, FILES},
    {"node_filesystem_files_free", GROUP_DISK, FILES_FREE},
    {"node_filesystem_readonly", GROUP_DISK, READ_ONLY},
    {"node_systemd_unit_state", GROUP_UNIT, 0},
    {"node_uname_info", GROUP_UNAME, 0},
    {"node_os_info", GROUP_OS, 0},
};

uint32_t exporter_host_tags(void)
{
    return ARRAY_COUNT(wanted);
}

const char *exporter_host_name(uint32_t tag)
{
    return wanted[tag].name;
}

uint32_t exporter_host_wants(const char *name, size_t length)
{
    for (uint32_t i = 0; i < ARRAY_COUNT(wanted); i++)
        if (strncmp(wanted[i].name, name, length) == 0 && wanted[i].name[length] == '\0')
            return i;
    return EXPOSITION_UNWANTED;
}

/* ---- gathering ---- */

struct exporter_host *exporter_host_new(void)
{
    struct exporter_host *gathered = memory_new(sizeof *gathered);
    for (unsigned i = 0; i < SINGLE_COUNT; i++)
        gathered->single[i] = NAN;
    return gathered;
}

void exporter_host_free(struct exporter_host **gathered)
{
    if (!*gathered)
        return;
    free((*gathered)->cores);
    free((*gathered)->devices);
    free((*gathered)->links);
    free((*gathered)->disks);
    free((*gathered)->units);
    free(*gathered);
    *gathered = NULL;
}

/* The row of that name, from the newest back: series of one row come one after another, or in the rows' order. A row
 * begins with its name and holds its doubles at `values`; new ones are NAN. NULL when there are too many. */
#define FIND_OR_ADD(gathered, one, many, key, text, figures)                                                          \
    ({                                                                                                               \
        struct one *found_ = NULL;                                                                                   \
        for (size_t i_ = (gathered)->one##_count; i_-- > 0 && !found_;)                                              \
            if (strcmp((gathered)->many[i_].key, (text)) == 0)                                                       \
                found_ = &(gathered)->many[i_];                                                                      \
        if (!found_ && (gathered)->one##_count < ROWS_MAX) {                                                         \
            ARRAY_RESERVE((gathered)->many, (gathered)->one##_capacity, (gathered)->one##_count + 1);                \
            found_ = &(gathered)->many[(gathered)->one##_count++];                                                   \
            memset(found_, 0, sizeof *found_);                                                                       \
            snprintf(found_->key, sizeof found_->key, "%s", (text));                                                 \
            for (unsigned figure_ = 0; figure_ < (figures); figure_++)                                               \
                found_->value[figure_] = NAN;                                                                        \
        }                                                                                                            \
        found_;                                                                                                      \
    })

static void take_cpu(struct exporter_host *gathered, const struct exposition_series *series)
{
    char number[12], mode[12];
    if (!exposition_label(series, "cpu", number, sizeof number) || !exposition_label(series, "mode", mode, sizeof mode))
        return;
    struct core *core = FIND_OR_ADD(gathered, core, cores, name, number, MODE_COUNT);
    for (unsigned i = 0; core && i < MODE_COUNT; i++)
        if (strcmp(mode, mode_names[i]) == 0)
            core->value[i] = series->value;
}

static void take_device(struct exporter_host *gathered, const struct exposition_series *series, unsigned figure)
{
    char name[NAME_BYTES];
    if (!exposition_label(series, "device", name, sizeof name))
        return;
    struct device *device = FIND_OR_ADD(gathered, device, devices, name, name, DEVICE_FIGURES);
    if (device)
        device->value[figure] = series->value;
}

static void take_link(struct exporter_host *gathered, const struct exposition_series *series, unsigned figure)
{
    char name[NAME_BYTES];
    if (!exposition_label(series, "device", name, sizeof name))
        return;
    struct link *link = FIND_OR_ADD(gathered, link, links, name, name, LINK_FIGURES);
    if (link)
        link->value[figure] = series->value;
}

static void take_disk(struct exporter_host *gathered, const struct exposition_series *series, unsigned figure)
{
    char mount[256];
    if (!exposition_label(series, "mountpoint", mount, sizeof mount))
        return;
    struct disk *disk = FIND_OR_ADD(gathered, disk, disks, mount, mount, DISK_FIGURES);
    if (!disk)
        return;
    if (!disk->device[0])
        exposition_label(series, "device", disk->device, sizeof disk->device);
    if (!disk->kind[0])
        exposition_label(series, "fstype", disk->kind, sizeof disk->kind);
    disk->value[figure] = series->value;
}

static void take_unit(struct exporter_host *gathered, const struct exposition_series *series)
{
    if (!(series->value > 0) || gathered->unit_count == ROWS_MAX)
        return;
    ARRAY_RESERVE(gathered->units, gathered->unit_capacity, gathered->unit_count + 1);
    struct unit *unit = &gathered->units[gathered->unit_count];
    if (!exposition_label(series, "name", unit->name, sizeof unit->name) ||
        !exposition_label(series, "state", unit->state, sizeof unit->state))
        return;
    bool failed = strcmp(unit->state, "failed") == 0;
    gathered->failed_units += failed;
    if (failed || strcmp(unit->state, "active") == 0)
        gathered->unit_count++;
}

void exporter_host_take(struct exporter_host *gathered, const struct exposition_series *series)
{
    const struct wanted *what = &wanted[series->tag];
    switch (what->group) {
    case GROUP_SINGLE: gathered->single[what->figure] = series->value; break;
    case GROUP_CPU: take_cpu(gathered, series); break;
    case GROUP_DEVICE: take_device(gathered, series, what->figure); break;
    case GROUP_LINK: take_link(gathered, series, what->figure); break;
    case GROUP_DISK: take_disk(gathered, series, what->figure); break;
    case GROUP_UNIT: take_unit(gathered, series); break;
    case GROUP_UNAME:
        exposition_label(series, "release", gathered->kernel, sizeof gathered->kernel);
        exposition_label(series, "nodename", gathered->node, sizeof gathered->node);
        exposition_label(series, "machine", gathered->machine, sizeof gathered->machine);
        break;
    case GROUP_OS: exposition_label(series, "pretty_name", gathered->system, sizeof gathered->system); break;
    }
}

bool exporter_host_is_host(const struct exporter_host *gathered)
{
    return gathered->core_count > 0 || isfinite(gathered->single[SINGLE_memory_total]);
}

/* ---- a host of it ---- */

struct making {
    const struct exporter_host *before, *now;
    struct host_builder *builder;
    struct host *host;
    double seconds; /* between the two; NAN when there is nothing to compare with */
};

/* A counter's growth a second; NAN when it went back or was not there. */
static double growth(const struct making *making, double before, double now)
{
    double grown = now - before;
    return isfinite(grown) && grown >= 0 ? grown / making->seconds : NAN;
}

static double or_zero(double value)
{
    return isfinite(value) ? value : 0;
}

/* Shares of the time that passed on one core, in percent; false when a counter went back. */
static bool core_shares(const struct core *before, const struct core *now, double shares[MODE_COUNT], double *total)
{
    *total = 0;
    for (unsigned i = 0; i < MODE_COUNT; i++) {
        shares[i] = or_zero(now->value[i]) - or_zero(before->value[i]);
        if (shares[i] < 0) {
            if (i != MODE_iowait && i != MODE_idle) /* these two are known to step back a little */
                return false;
            shares[i] = 0;
        }
        *total += shares[i];
    }
    return *total > 0;
}

static void make_cores(struct making *making)
{
    double sum[MODE_COUNT] = {0}, all = 0;
    const struct exporter_host *now = making->now, *before = making->before;
    making->host->online_cores = (unsigned)now->core_count;
    for (size_t i = 0; i < now->core_count; i++) {
        const struct core *core = &now->cores[i], *old = NULL;
        if (before && i < before->core_count && strcmp(before->cores[i].name, core->name) == 0)
            old = &before->cores[i];
        for (size_t j = 0; before && !old && j < before->core_count; j++)
            if (strcmp(before->cores[j].name, core->name) == 0)
                old = &before->cores[j];
        double shares[MODE_COUNT], total;
        struct host_core row = {(unsigned)strtoul(core->name, NULL, 10), NAN, NAN, NAN, NAN, NAN};
        if (old && core_shares(old, core, shares, &total)) {
            double percent = 100.0 / total;
            row.user = (shares[MODE_user] + shares[MODE_nice]) * percent;
            row.system = (shares[MODE_system] + shares[MODE_irq] + shares[MODE_softirq]) * percent;
            row.iowait = shares[MODE_iowait] * percent;
            row.steal = shares[MODE_steal] * percent;
            row.busy = 100.0 - (shares[MODE_idle] + shares[MODE_iowait]) * percent;
            for (unsigned mode = 0; mode < MODE_COUNT; mode++)
                sum[mode] += shares[mode];
            all += total;
        }
        host_builder_core(making->builder, &row);
    }
    host_builder_has(making->builder, HOST_cores);
    if (all <= 0)
        return;
    double percent = 100.0 / all;
    making->host->user = (sum[MODE_user] + sum[MODE_nice]) * percent;
    making->host->system = (sum[MODE_system] + sum[MODE_irq] + sum[MODE_softirq]) * percent;
    making->host->iowait = sum[MODE_iowait] * percent;
    making->host->steal = sum[MODE_steal] * percent;
    making->host->cpu = 100.0 - (sum[MODE_idle] + sum[MODE_iowait]) * percent;
}

static const struct device *device_of(const struct exporter_host *gathered, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; gathered && i < gathered->device_count; i++)
        if (strcmp(gathered->devices[i].name, name) == 0)
            return &gathered->devices[i];
    return NULL;
}

static void add_device(struct making *making, struct host_disk *row)
{
    const struct device *now = device_of(making->now, row->device), *old = device_of(making->before, row->device);
    if (!now || !old)
        return;
    row->read_rate = growth(making, old->value[READ_BYTES], now->value[READ_BYTES]);
    row->write_rate = growth(making, old->value[WRITTEN_BYTES], now->value[WRITTEN_BYTES]);
    double busy = growth(making, old->value[IO_SECONDS], now->value[IO_SECONDS]);
    row->busy_percent = busy > 1 ? 100 : busy * 100;
    double operations = growth(making, old->value[READS], now->value[READS]) + growth(making, old->value[WRITES], now->value[WRITES]);
    double waited = growth(making, old->value[READ_SECONDS], now->value[READ_SECONDS]) +
                    growth(making, old->value[WRITE_SECONDS], now->value[WRITE_SECONDS]);
    row->latency = operations > 0 ? 1000.0 * waited / operations : NAN;
}

static bool is_shown(const struct exporter_host *gathered, size_t index)
{
    static const char *const unreal[] = {"tmpfs", "ramfs", "devtmpfs", "squashfs", "proc", "sysfs", "cgroup", "cgroup2", "mqueue"};
    const struct disk *disk = &gathered->disks[index];
    for (size_t i = 0; i < ARRAY_COUNT(unreal); i++)
        if (strcmp(disk->kind, unreal[i]) == 0)
            return false;
    for (size_t i = 0; i < index; i++) /* a device that is mounted again shows once */
        if (disk->device[0] == '/' && strcmp(gathered->disks[i].device, disk->device) == 0)
            return false;
    return disk->value[SIZE] > 0 || isnan(disk->value[SIZE]);
}

static void make_disks(struct making *making)
{
    for (size_t i = 0; i < making->now->disk_count; i++) {
        const struct disk *disk = &making->now->disks[i];
        if (!is_shown(making->now, i))
            continue;
        double used = disk->value[SIZE] - disk->value[FREE], reachable = used + disk->value[AVAILABLE];
        struct host_disk row = {.mount = disk->mount, .device = disk->device, .kind = disk->kind, .size = disk->value[SIZE],
                                .used = used, .available = disk->value[AVAILABLE],
                                .used_percent = reachable > 0 ? 100.0 * used / reachable : NAN,
                                .inodes_percent = disk->value[FILES] > 0 ? 100.0 * (disk->value[FILES] - disk->value[FILES_FREE]) /
                                                                               disk->value[FILES] : NAN,
                                .read_rate = NAN, .write_rate = NAN, .busy_percent = NAN, .latency = NAN,
                                .read_only = disk->value[READ_ONLY] > 0};
        add_device(making, &row);
        host_builder_disk(making->builder, &row);
    }
    host_builder_has(making->builder, HOST_disks);
}

static const struct link *link_of(const struct exporter_host *gathered, const char *name)
{
    for (size_t i = 0; gathered && i < gathered->link_count; i++)
        if (strcmp(gathered->links[i].name, name) == 0)
            return &gathered->links[i];
    return NULL;
}

/* A bridge or a container's end shows again what a real interface carried. */
static bool is_shadow(const char *name)
{
    static const char *const prefixes[] = {"veth", "br-", "docker", "virbr", "cni", "flannel", "cali", "tap"};
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void make_interfaces(struct making *making)
{
    struct host *host = making->host;
    for (size_t i = 0; i < making->now->link_count; i++) {
        const struct link *now = &making->now->links[i], *old = link_of(making->before, now->name);
        struct host_interface row = {.name = now->name, .in_rate = NAN, .out_rate = NAN, .error_rate = NAN, .drop_rate = NAN,
                                     .speed = now->value[SPEED] > 0 ? now->value[SPEED] * 8 : NAN,
                                     .up = now->value[UP] > 0, .loopback = strcmp(now->name, "lo") == 0};
        if (old) {
            row.in_rate = growth(making, old->value[IN_BYTES], now->value[IN_BYTES]);
            row.out_rate = growth(making, old->value[OUT_BYTES], now->value[OUT_BYTES]);
            row.error_rate = growth(making, old->value[IN_ERRORS], now->value[IN_ERRORS]) +
                             growth(making, old->value[OUT_ERRORS], now->value[OUT_ERRORS]);
            row.drop_rate = growth(making, old->value[IN_DROPS], now->value[IN_DROPS]) +
                            growth(making, old->value[OUT_DROPS], now->value[OUT_DROPS]);
        }
        if (!row.loopback && !is_shadow(now->name) && isfinite(row.in_rate) && isfinite(row.out_rate)) {
            host->in_rate = or_zero(host->in_rate) + row.in_rate;
            host->out_rate = or_zero(host->out_rate) + row.out_rate;
        }
        host_builder_interface(making->builder, &row);
    }
    host_builder_has(making->builder, HOST_interfaces);
}

static void make_memory(struct making *making)
{
    const double *single = making->now->single;
    struct host *host = making->host;
    double available = single[SINGLE_memory_available];
    if (!isfinite(available)) /* before Linux 3.14 */
        available = single[SINGLE_memory_free] + single[SINGLE_buffers] + single[SINGLE_cached];
    host->memory_total = single[SINGLE_memory_total];
    host->memory_available = available;
    host->memory_used = host->memory_total - available;
    host->swap_total = single[SINGLE_swap_total];
    host->swap_used = single[SINGLE_swap_total] - single[SINGLE_swap_free];
}

static double pressure(const struct making *making, enum single which)
{
    double share = making->before ? growth(making, making->before->single[which], making->now->single[which]) : NAN;
    return share > 1 ? 100 : share * 100;
}

static void make_figures(struct making *making)
{
    const double *single = making->now->single;
    struct host *host = making->host;
    host->load1 = single[SINGLE_load1];
    host->load5 = single[SINGLE_load5];
    host->load15 = single[SINGLE_load15];
    host->uptime = single[SINGLE_time_now] - single[SINGLE_boot_time];
    host->time_offset = single[SINGLE_time_offset];
    host->oom_kills = single[SINGLE_oom_kills];
    host->tcp_sockets = single[SINGLE_tcp_sockets];
    host->tcp_established = single[SINGLE_tcp_established];
    host->tcp_time_wait = single[SINGLE_tcp_time_wait];
    host->tcp_orphans = single[SINGLE_tcp_orphans];
    host->udp_sockets = single[SINGLE_udp_sockets];
    host->pressure_cpu = pressure(making, SINGLE_pressure_cpu);
    host->pressure_io = pressure(making, SINGLE_pressure_io);
    host->pressure_memory = pressure(making, SINGLE_pressure_memory);
    if (isfinite(single[SINGLE_tasks]))
        host->tasks = (unsigned)single[SINGLE_tasks];
    make_memory(making);
}

static void make_facts(struct making *making)
{
    const struct exporter_host *now = making->now;
    const struct host_fact facts[] = {{"kernel", now->kernel}, {"system", now->system}, {"node", now->node},
                                      {"machine", now->machine}};
    for (size_t i = 0; i < ARRAY_COUNT(facts); i++)
        if (facts[i].value[0])
            host_builder_fact(making->builder, &facts[i]);
    static const char *const missing[] = {"ports", "processes", "logins"};
    for (size_t i = 0; i < ARRAY_COUNT(missing); i++) {
        char name[32];
        snprintf(name, sizeof name, "missing:%s", missing[i]);
        host_builder_factf(making->builder, name, "an exporter does not tell");
    }
    if (now->unit_count == 0)
        host_builder_factf(making->builder, "missing:units", "the exporter runs without --collector.systemd");
    host_builder_has(making->builder, HOST_facts);
}

static void make_units(struct making *making)
{
    const struct exporter_host *now = making->now;
    for (size_t i = 0; i < now->unit_count; i++) {
        struct host_unit row = {.name = now->units[i].name, .state = now->units[i].state, .sub = "", .what = "",
                                .since = CLOCK_NEVER, .failed = strcmp(now->units[i].state, "failed") == 0};
        host_builder_unit(making->builder, &row);
    }
    if (now->unit_count > 0)
        host_builder_has(making->builder, HOST_units);
    making->host->failed_units = now->failed_units;
}

struct host *exporter_host_make(const struct exporter_host *before, struct exporter_host *gathered, uint64_t steady_ns, msec wall)
{
    gathered->steady_ns = steady_ns;
    struct making making = {.before = before, .now = gathered, .builder = host_builder_new()};
    making.host = host_builder_figures(making.builder);
    making.seconds = before && steady_ns > before->steady_ns ? (double)(steady_ns - before->steady_ns) / 1e9 : NAN;
    make_figures(&making);
    make_cores(&making);
    make_disks(&making);
    make_interfaces(&making);
    make_units(&making);
    make_facts(&making);
    struct host *host = host_builder_make(making.builder, wall);
    host_builder_free(&making.builder);
    return host;
}

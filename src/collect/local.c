/* This very host, read from /proc and statvfs: processor, memory, disks, network, pressure. Sampling runs in the thread
 * pool, because a hung network file system must not hang the daemon; a sample that does not come back in time is
 * reported, and no second one is started behind it. */
#include <ctype.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/collector.h"

#define VALUES_MAX 96
#define DISKS_MAX 32

struct counters { /* grow for ever; rates come from two samples */
    double busy, iowait, steal, total;
    double received, sent; /* bytes, over all interfaces but lo */
    uint64_t taken;        /* ns */
};

struct sample_value {
    char name[48];
    double value;
};

struct sample {
    struct sample_value values[VALUES_MAX];
    unsigned count;
    struct counters counters;
};

struct local {
    struct source *source;
    uv_timer_t timer;
    uv_work_t work;
    bool working;
    bool closing, timer_closed;
    msec interval, started;
    uint32_t asset;
    char *id;
    struct counters last;
    struct sample sample; /* the worker's while `working` */
};

static void put(struct sample *sample, double value, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void put(struct sample *sample, double value, const char *format, ...)
{
    if (sample->count == VALUES_MAX)
        return;
    struct sample_value *slot = &sample->values[sample->count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(slot->name, sizeof slot->name, format, arguments);
    va_end(arguments);
    slot->value = value;
}

/* ---- the parts of a sample ---- */

static void take_processor(struct sample *sample)
{
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return;
    double user, nice, system, idle, iowait, irq, softirq, steal = 0;
    if (fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) >= 7) {
        sample->counters.iowait = iowait;
        sample->counters.steal = steal;
        sample->counters.busy = user + nice + system + irq + softirq + steal;
        sample->counters.total = sample->counters.busy + idle + iowait;
    }
    fclose(file);
    double loads[3];
    if (getloadavg(loads, 3) == 3) {
        put(sample, loads[0], "load1");
        put(sample, loads[1], "load5");
        put(sample, loads[2], "load15");
    }
}

static void take_memory(struct sample *sample)
{
    FILE *file = fopen("/proc/meminfo", "re");
    if (!file)
        return;
    char name[64];
    double kilobytes, total = 0, available = 0, swap = 0, swap_free = 0;
    while (fscanf(file, "%63s %lf%*[^\n]", name, &kilobytes) == 2) {
        if (strcmp(name, "MemTotal:") == 0)
            total = kilobytes;
        else if (strcmp(name, "MemAvailable:") == 0)
            available = kilobytes;
        else if (strcmp(name, "SwapTotal:") == 0)
            swap = kilobytes;
        else if (strcmp(name, "SwapFree:") == 0)
            swap_free = kilobytes;
    }
    fclose(file);
    if (total > 0) {
        put(sample, 100.0 * (total - available) / total, "memory_percent");
        put(sample, (total - available) * 1024.0, "memory_used_bytes");
    }
    if (swap > 0)
        put(sample, 100.0 * (swap - swap_free) / swap, "swap_percent");
}

static void take_network(struct sample *sample)
{
    FILE *file = fopen("/proc/net/dev", "re");
    if (!file)
        return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        double received, sent;
        if (!colon || sscanf(colon + 1, "%lf %*f %*f %*f %*f %*f %*f %*f %lf", &received, &sent) != 2)
            continue;
        *colon = '\0';
        const char *name = line + strspn(line, " ");
        if (strcmp(name, "lo") == 0)
            continue;
        sample->counters.received += received;
        sample->counters.sent += sent;
    }
    fclose(file);
}

static void take_sockets(struct sample *sample)
{
    FILE *file = fopen("/proc/net/sockstat", "re");
    double sockets;
    if (!file)
        return;
    char line[256];
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "TCP: inuse %lf", &sockets) == 1)
            put(sample, sockets, "tcp_sockets");
    fclose(file);
}

static void take_pressure(struct sample *sample)
{
    static const char *const parts[] = {"cpu", "io", "memory"};
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/pressure/%s", parts[i]);
        FILE *file = fopen(path, "re");
        double percent;
        if (!file)
            continue;
        if (fscanf(file, "some avg10=%lf", &percent) == 1)
            put(sample, percent, "pressure_%s_percent", parts[i]);
        fclose(file);
    }
}

static bool is_real_disk(const struct mntent *mount)
{
    static const char *const real[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "vfat", "exfat",
                                       "ntfs", "nfs", "nfs4", "cifs", "overlay"};
    for (size_t i = 0; i < ARRAY_COUNT(real); i++)
        if (strcmp(mount->mnt_type, real[i]) == 0)
            return true;
    return false;
}

static void put_disk(struct sample *sample, const char *directory)
{
    struct statvfs disk;
    if (statvfs(directory, &disk) != 0 || disk.f_blocks == 0)
        return;
    char name[24] = "root";
    if (directory[1] != '\0') {
        snprintf(name, sizeof name, "%s", directory + 1);
        for (char *at = name; *at; at++)
            if (!isalnum((unsigned char)*at))
                *at = '_';
    }
    double used = (double)(disk.f_blocks - disk.f_bfree);
    put(sample, 100.0 * used / (used + (double)disk.f_bavail), "disk_%s_percent", name);
    if (disk.f_files > 0)
        put(sample, 100.0 * (double)(disk.f_files - disk.f_ffree) / (double)disk.f_files, "inodes_%s_percent", name);
}

static void take_disks(struct sample *sample)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    if (!mounts)
        return;
    char seen[DISKS_MAX][64];
    unsigned count = 0;
    struct mntent mount;
    char text[1024];
    while (count < DISKS_MAX && getmntent_r(mounts, &mount, text, sizeof text)) {
        bool known = false;
        for (unsigned i = 0; i < count; i++)
            known = known || strcmp(seen[i], mount.mnt_fsname) == 0;
        if (known || !is_real_disk(&mount))
            continue; /* bind mounts show a device again */
        snprintf(seen[count++], sizeof *seen, "%.63s", mount.mnt_fsname);
        put_disk(sample, mount.mnt_dir);
    }
    endmntent(mounts);
}

static void take_uptime(struct sample *sample)
{
    FILE *file = fopen("/proc/uptime", "re");
    double seconds;
    if (!file)
        return;
    if (fscanf(file, "%lf", &seconds) == 1)
        put(sample, seconds, "uptime_seconds");
    fclose(file);
}

static void take_sample(uv_work_t *work)
{
    struct local *local = work->data;
    struct sample *sample = &local->sample;
    memset(sample, 0, sizeof *sample);
    sample->counters.taken = uv_hrtime();
    take_processor(sample);
    take_memory(sample);
    take_network(sample);
    take_sockets(sample);
    take_pressure(sample);
    take_uptime(sample);
    take_disks(sample);
}

/* ---- on the loop ---- */

static void put_rates(struct sample *sample, const struct counters *last)
{
    const struct counters *now = &sample->counters;
    double seconds = (double)(now->taken - last->taken) / 1e9;
    double total = now->total - last->total;
    if (last->taken == 0 || seconds <= 0)
        return;
    if (total > 0) {
        put(sample, 100.0 * (now->busy - last->busy) / total, "cpu_percent");
        put(sample, 100.0 * (now->iowait - last->iowait) / total, "iowait_percent");
        put(sample, 100.0 * (now->steal - last->steal) / total, "steal_percent");
    }
    if (now->received >= last->received && now->sent >= last->sent) { /* an interface that left takes its bytes along */
        put(sample, (now->received - last->received) / seconds, "net_in_bytes_per_second");
        put(sample, (now->sent - last->sent) / seconds, "net_out_bytes_per_second");
    }
}

static void local_finish(struct local *local)
{
    if (!local->closing || local->working || !local->timer_closed)
        return;
    free(local->id);
    free(local);
}

static void sample_taken(uv_work_t *work, int status)
{
    struct local *local = work->data;
    local->working = false;
    if (local->closing || status != 0) {
        local_finish(local);
        return;
    }
    struct source *source = local->source;
    put_rates(&local->sample, &local->last);
    local->last = local->sample.counters;
    struct sink_value values[VALUES_MAX];
    struct buffer raw = BUFFER_INIT;
    for (unsigned i = 0; i < local->sample.count; i++) {
        const struct sample_value *value = &local->sample.values[i];
        values[i] = (struct sink_value){
            .metric = source->sink.ops->metric(source->sink.owner, value->name, strlen(value->name)), .value = value->value};
        buffer_printf(&raw, "%s=%.6g ", value->name, value->value);
    }
    source->messages++;
    source->readings += local->sample.count;
    source->last_heard = clock_wall();
    source->sink.ops->message(source->sink.owner, source, local->asset, SINK_NONE, CLOCK_NEVER, values,
                              local->sample.count, buffer_text(&raw), raw.length);
    buffer_release(&raw);
    if (source->status != SOURCE_RUNNING)
        source_status(source, SOURCE_RUNNING, "%s, every %lld s", local->id, (long long)(local->interval / SPAN_SECOND));
}

static void local_tick(uv_timer_t *timer)
{
    struct local *local = timer->data;
    msec now = clock_steady();
    if (local->working) {
        if (now - local->started > 5 * local->interval)
            source_status(local->source, SOURCE_TROUBLED, "reading this host has taken %lld s; a file system hangs?",
                          (long long)((now - local->started) / SPAN_SECOND));
        return;
    }
    local->working = true;
    local->started = now;
    if (uv_queue_work(local->source->loop, &local->work, take_sample, sample_taken) != 0)
        local->working = false;
}

static bool local_start(struct source *source, const struct config_node *node, struct error *error)
{
    struct local *local = memory_new(sizeof *local);
    struct utsname host;
    uname(&host);
    source->state = local;
    local->source = source;
    local->interval = config_span(node, "interval", 5 * SPAN_SECOND);
    local->id = memory_text(config_text(node, "asset", host.nodename));
    local->work.data = local;
    local->timer.data = local;
    uv_timer_init(source->loop, &local->timer);
    local->asset = source->sink.ops->asset(source->sink.owner, source, local->id, strlen(local->id));
    if (local->asset == SINK_NONE)
        return error_set(error, ERROR_INVALID, "`%s` cannot be the id of an asset; give one with asset:", local->id);
    char model[160], period[SPAN_TEXT];
    snprintf(model, sizeof model, "%.60s %.60s", host.sysname, host.release);
    struct asset hint = {.field = {[ASSET_kind] = "server", [ASSET_class_] = "server", [ASSET_name] = host.nodename,
                                   [ASSET_model] = model, [ASSET_period] = span_format(period, local->interval)}};
    for (int i = 0; i < ASSET_FIELD_COUNT; i++)
        if (!hint.field[i])
            hint.field[i] = "";
    hint.attributes = "";
    if (source->sink.ops->describe)
        source->sink.ops->describe(source->sink.owner, source, local->asset, &hint);
    source->targets = 1;
    uv_timer_start(&local->timer, local_tick, 0, (uint64_t)local->interval);
    return true;
}

static void local_timer_closed(uv_handle_t *handle)
{
    struct local *local = handle->data;
    local->timer_closed = true;
    local_finish(local);
}

static void local_stop(struct source *source)
{
    struct local *local = source->state;
    source->state = NULL;
    local->closing = true;
    uv_close((uv_handle_t *)&local->timer, local_timer_closed);
}

static const struct config_key local_keys[] = {
    {.name = "interval", .type = CONFIG_SPAN, .minimum = 500, .maximum = 3600e3, .help = "time between samples (default 5s)"},
    {.name = "asset", .type = CONFIG_TEXT, .help = "id of the asset that this host is (default: its host name)"},
    {.name = NULL},
};

const struct collector_ops collector_local = {
    .type = "local",
    .help = "this very host: processor, memory, disks, network, pressure",
    .keys = local_keys,
    .start = local_start,
    .stop = local_stop,
};

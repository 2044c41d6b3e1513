/* Mounted file systems: what is mounted (mountinfo), how full (stat or df), how busy (diskstats). */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/host_private.h"

#define HUNG_AFTER 20000000000ull /* ns without the answer of a network file system that was asked for */

static bool among(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

bool host_disk_is_local(const char *kind, const char *mount)
{
    static const char *const kinds[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "vfat",
                                        "exfat", "ntfs", "ntfs3", "ubifs", "jffs2", "bcachefs", NULL};
    return among(kind, kinds) || (strcmp(kind, "overlay") == 0 && strcmp(mount, "/") == 0);
}

bool host_disk_is_remote(const char *kind)
{
    static const char *const kinds[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "virtiofs", "glusterfs", "lustre",
                                        "gfs2", "ocfs2", "afs", "fuseblk", NULL};
    return among(kind, kinds) || strncmp(kind, "fuse.", 5) == 0;
}

/* \040 and the like, in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        unsigned code = 0;
        if (at[0] == '\\' && sscanf(at + 1, "%3o", &code) == 1 && at[1] && at[2] && at[3] && code < 256) {
            *to++ = (char)code;
            at += 3;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

struct mount {
    char key[20];              /* "8:1" */
    const char *path, *device, *kind;
    bool read_only;
    bool sized;
    double size[6];            /* blocks, free, available, unit, inodes, free inodes */
};

struct mounts {
    struct mount *rows;
    unsigned count, capacity;
};

static bool has_option(const char *options, const char *option)
{
    size_t length = strlen(option);
    for (const char *at = options; at && *at; at = strchr(at, ','), at = at ? at + 1 : NULL)
        if (strncmp(at, option, length) == 0 && (at[length] == ',' || !at[length]))
            return true;
    return false;
}

static bool is_container_file(const char *path)
{
    static const char *const files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/localtime", NULL};
    return among(path, files);
}

/* "36 35 98:0 /root /mount options tags - kind device superoptions" */
static bool mount_read(struct mount *mount, char *line)
{
    char *fields[7], *tail[4], *dash = strstr(line, " - ");
    if (!dash)
        return false;
    *dash = '\0';
    if (host_split(line, fields, 7) < 6 || host_split(dash + 3, tail, 4) < 2)
        return false;
    unescape(fields[4]);
    unescape(tail[1]);
    *mount = (struct mount){.path = fields[4], .kind = tail[0], .device = tail[1],
                            .read_only = has_option(fields[5], "ro") || has_option(tail[2], "ro")};
    snprintf(mount->key, sizeof mount->key, "%s", fields[2]);
    return (host_disk_is_local(mount->kind, mount->path) || host_disk_is_remote(mount->kind)) && !is_container_file(mount->path);
}

/* The same file system mounted twice shows once, at its shortest path. */
static int compare_source(const void *left, const void *right)
{
    const struct mount *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    if (!order)
        order = strcmp(a->device, b->device);
    size_t a_length = strlen(a->path), b_length = strlen(b->path);
    return order ? order : a_length != b_length ? (a_length < b_length ? -1 : 1) : strcmp(a->path, b->path);
}

static int compare_path(const void *left, const void *right)
{
    return strcmp(((const struct mount *)left)->path, ((const struct mount *)right)->path);
}

static void mounts_read(struct mounts *mounts, char *text)
{
    for (char *line; mounts->count < 4 * HOST_ROWS_MAX && (line = host_line(&text));) {
        struct mount mount;
        if (!mount_read(&mount, line))
            continue;
        ARRAY_RESERVE(mounts->rows, mounts->capacity, mounts->count + 1);
        mounts->rows[mounts->count++] = mount;
    }
    if (!mounts->count)
        return;
    qsort(mounts->rows, mounts->count, sizeof *mounts->rows, compare_source);
    unsigned kept = 0;
    for (unsigned i = 0; i < mounts->count; i++)
        if (!kept || strcmp(mounts->rows[kept - 1].key, mounts->rows[i].key) != 0 ||
            strcmp(mounts->rows[kept - 1].device, mounts->rows[i].device) != 0)
            mounts->rows[kept++] = mounts->rows[i];
    mounts->count = kept;
    qsort(mounts->rows, mounts->count, sizeof *mounts->rows, compare_path);
}

static struct mount *mount_find(struct mounts *mounts, const char *path)
{
    struct mount key = {.path = path};
    return mounts->count ? bsearch(&key, mounts->rows, mounts->count, sizeof key, compare_path) : NULL;
}

/* "B F A S C D PATH" of stat, or "DEVICE 1K-blocks Used Available 97% PATH" of df. The path, NULL when it is neither. */
static const char *size_read(char *line, double size[6])
{
    char *fields[7];
    unsigned count = host_split(line, fields, 7);
    double number[6];
    for (int i = 0; i < 6; i++)
        number[i] = host_number(fields[i]);
    if (count == 7 && fields[6][0] == '/' && !isnan(number[0] + number[1] + number[2] + number[3])) {
        memcpy(size, number, sizeof number);
        return fields[6];
    }
    if (count < 6 || isnan(number[1] + number[2] + number[3]) || !strchr(fields[4], '%'))
        return NULL;
    if (count == 7) { /* a path with a blank was cut at it */
        fields[6][-1] = ' ';
    }
    const double sized[] = {number[2] + number[3], number[3], number[3], 1024, NAN, NAN};
    memcpy(size, sized, sizeof sized);
    return fields[5][0] == '/' ? fields[5] : NULL;
}

bool host_take_disks(struct host_take *take, char *text)
{
    take->sizes = text;
    return take->mounts != NULL;
}

/* ---- the network's ---- */

static struct host_remote *remote_of(struct host_reader *reader, const char *mount)
{
    for (unsigned i = 0; i < reader->remote_count; i++)
        if (strcmp(reader->remotes[i].mount, mount) == 0)
            return &reader->remotes[i];
    if (reader->remote_count == 1000)
        return NULL;
    ARRAY_RESERVE(reader->remotes, reader->remote_capacity, reader->remote_count + 1);
    struct host_remote *remote = &reader->remotes[reader->remote_count++];
    *remote = (struct host_remote){.mount = memory_text(mount)};
    return remote;
}

void host_late_disk(struct host_take *take, char *line)
{
    double size[6];
    const char *path = size_read(line + strlen("=late "), size);
    struct host_remote *remote = path ? remote_of(take->reader, path) : NULL;
    if (!remote)
        return;
    remote->blocks = size[0];
    remote->free = size[1];
    remote->available = size[2];
    remote->unit = size[3];
    remote->inodes = size[4];
    remote->inodes_free = size[5];
    remote->answered = take->steady_ns;
}

static bool remote_size(struct host_take *take, struct mount *mount)
{
    struct host_remote *remote = remote_of(take->reader, mount->path);
    if (!remote)
        return false;
    if (!remote->asked)
        remote->asked = take->steady_ns;
    uint64_t last = remote->answered ? remote->answered : remote->asked;
    const double size[] = {remote->blocks, remote->free, remote->available, remote->unit, remote->inodes, remote->inodes_free};
    memcpy(mount->size, size, sizeof size);
    mount->sized = remote->answered && take->steady_ns - last < HUNG_AFTER;
    return take->steady_ns - last >= HUNG_AFTER;
}

/* ---- rows ---- */

/* By its number; a volume of btrfs or ZFS has none of its own and is found by its device's name. */
static const struct host_counter *counter_of(const struct host_counters *counters, const struct mount *mount)
{
    const struct host_counter *row = host_counters_find(counters, mount->key, 0);
    const char *name = strrchr(mount->device, '/');
    for (unsigned i = 0; !row && name && i < counters->count; i++)
        if (strcmp(counters->rows[i].label, name + 1) == 0)
            row = &counters->rows[i];
    return row;
}

static void put_activity(const struct host_take *take, const struct mount *mount, struct host_disk *disk)
{
    const struct host_counter *now = counter_of(&take->disks, mount);
    const struct host_counter *before = now ? host_counters_find(&take->reader->disks, now->name, (unsigned)(now - take->disks.rows)) : NULL;
    if (!before || !(take->seconds > 0))
        return;
    double rate[6];
    for (int i = 0; i < 6; i++) /* milliseconds of old kernels run over at 2^32 */
        rate[i] = host_rate(before->value[i], now->value[i], take->seconds, i == 0 ? 1e6 : 1e5);
    disk->read_rate = rate[3];
    disk->write_rate = rate[4];
    disk->busy_percent = isnan(rate[5]) ? NAN : fmin(100, rate[5] / 10);
    disk->latency = rate[0] > 0 ? (rate[1] + rate[2]) / rate[0] : NAN;
}

static void put_disk(struct host_take *take, struct mount *mount)
{
    struct host_disk disk = {.mount = mount->path, .device = mount->device, .kind = mount->kind, .read_only = mount->read_only,
                             .size = NAN, .used = NAN, .available = NAN, .used_percent = NAN, .inodes_percent = NAN,
                             .read_rate = NAN, .write_rate = NAN, .busy_percent = NAN, .latency = NAN};
    if (host_disk_is_remote(mount->kind))
        disk.hung = remote_size(take, mount);
    const double *size = mount->size;
    if (mount->sized && size[0] > 0) {
        double used = (size[0] - size[1]) * size[3];
        disk.size = size[0] * size[3];
        disk.used = used;
        disk.available = size[2] * size[3];
        disk.used_percent = used + disk.available > 0 ? 100 * used / (used + disk.available) : NAN;
        disk.inodes_percent = size[4] > 0 ? 100 * (size[4] - size[5]) / size[4] : NAN;
    } else if (mount->sized) {
        return; /* a file system without a size is none to watch */
    }
    put_activity(take, mount, &disk);
    host_builder_disk(take->builder, &disk);
}

void host_put_disks(struct host_take *take)
{
    struct mounts mounts = {0};
    if (!take->mounts)
        return;
    mounts_read(&mounts, take->mounts);
    for (char *line; take->sizes && (line = host_line(&take->sizes));) {
        double size[6];
        const char *path = size_read(line, size);
        struct mount *mount = path ? mount_find(&mounts, path) : NULL;
        if (!mount)
            continue;
        memcpy(mount->size, size, sizeof size);
        mount->sized = true;
    }
    host_builder_has(take->builder, HOST_disks);
    for (unsigned i = 0; i < mounts.count; i++)
        put_disk(take, &mounts.rows[i]);
    free(mounts.rows);
}

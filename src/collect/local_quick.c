#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collect/host_private.h"
#include "collect/local_private.h"

#define FILE_MAX ((size_t)4 << 20)

static void append_file(struct buffer *answer, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    size_t start = answer->length;
    ssize_t count;
    buffer_printf(answer, "==> %s <==\n", path);
    do {
        buffer_reserve(answer, 16384);
        count = read(file, answer->data + answer->length, 16384);
        if (count > 0)
            answer->length += (size_t)count;
    } while (count > 0 && answer->length - start < FILE_MAX);
    close(file);
    buffer_append_char(answer, '\n');
}

static void append_disks(struct buffer *answer)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    struct mntent mount;
    char text[8192];
    while (mounts && getmntent_r(mounts, &mount, text, sizeof text)) {
        struct statvfs disk;
        if (!host_disk_is_local(mount.mnt_type, mount.mnt_dir) || strchr(mount.mnt_dir, '\n') || statvfs(mount.mnt_dir, &disk) != 0)
            continue;
        buffer_printf(answer, "%llu %llu %llu %lu %llu %llu %s\n", (unsigned long long)disk.f_blocks, (unsigned long long)disk.f_bfree,
                      (unsigned long long)disk.f_bavail, disk.f_frsize, (unsigned long long)disk.f_files,
                      (unsigned long long)disk.f_ffree, mount.mnt_dir);
    }
    if (mounts)
        endmntent(mounts);
}

void local_quick(struct buffer *answer)
{
    buffer_printf(answer, HOST_ANSWER_BEGIN " 1 %u\n=nocturne proc\n", (unsigned)HOST_QUICK);
    for (size_t i = 0; host_proc_files[i]; i++)
        append_file(answer, host_proc_files[i]);
    buffer_append_text(answer, "=nocturne disks\n");
    append_disks(answer);
    buffer_append_text(answer, HOST_ANSWER_END);
}

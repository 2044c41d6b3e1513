/* What a Unix host says about itself, understood (R040, R041, R198). The answers of this very host come from running
 * the script, in `sh` and in BusyBox; those of an old CentOS 7 machine without ss and systemd, of a machine with 128
 * cores, 1,000 mounts or 20,000 processes are hand-made, and say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "collect/host_reader.h"

#define SECOND 1000000000ull

/* ---- this host ---- */

/* The script through a shell's standard input, as a connection would do it, up to the end mark. */
static void ask(struct buffer *answer, const char *const *shell, unsigned depths)
{
    struct buffer script = BUFFER_INIT;
    const char *certificates[] = {"/etc/ssl/certs/ISRG_Root_X1.pem", "/no/such/*.pem"};
    int to[2], from[2];
    host_script(&script, depths, certificates, 2);
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execvp(shell[0], (char *const *)(uintptr_t)shell);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    size_t sent = 0;
    while (sent < script.length) {
        ssize_t count = write(to[1], script.data + sent, script.length - sent);
        assert_true(count > 0);
        sent += (size_t)count;
    }
    buffer_clear(answer);
    while (!strstr(buffer_text(answer), HOST_ANSWER_END)) {
        char bytes[65536];
        ssize_t count = read(from[0], bytes, sizeof bytes);
        if (count <= 0)
            fail_msg("the shell ended: %s", buffer_text(answer));
        buffer_append(answer, bytes, (size_t)count);
    }
    close(to[1]);
    close(from[0]);
    waitpid(pid, NULL, 0);
    buffer_release(&script);
}

static msec wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (msec)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t steady_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static struct host *take(struct host_reader *reader, const char *text, uint64_t steady)
{
    struct error error = {0};
    struct host *host = host_reader_take(reader, text, strlen(text), steady, 1800000000000 + (msec)(steady / 1000000), &error);
    if (!host)
        fail_msg("%s", error.text);
    return host;
}

static const struct host_port *port_at(const struct host *host, unsigned number)
{
    for (unsigned i = 0; i < host->port_count; i++)
        if (host->ports[i].port == number && host->ports[i].protocol == HOST_TCP)
            return &host->ports[i];
    return NULL;
}

static int listen_here(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_port = htons((uint16_t)port)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

static void read_this_host(const char *const *shell, bool busybox)
{
    struct host_reader *reader = host_reader_new();
    struct buffer answer = BUFFER_INIT;
    unsigned port;
    int listener = listen_here(&port), clients[2] = {connect_to(port), connect_to(port)};
    assert_int_equal(host_reader_due(reader, 1000, false), HOST_QUICK);
    ask(&answer, shell, HOST_QUICK | HOST_USUAL | HOST_SLOW | HOST_FULL);
    struct error error = {0};
    struct host *host = host_reader_take(reader, answer.data, answer.length, steady_now(), wall_now(), &error);
    assert_non_null(host);
    assert_true(host->uptime > 0 && host->memory_total > 1e6 && host->load1 >= 0);
    assert_true(isnan(host->cpu)); /* a rate needs two */
    assert_int_equal(host->online_cores, (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(host->disk_count >= 1);
    assert_string_equal(host->disks[0].mount, "/");
    assert_true(host->disks[0].used_percent > 0 && host->disks[0].size > 1e6);
    assert_true(host->process_count > 1 && host->tasks == host->process_count);
    assert_string_not_equal(host_fact(host, "kernel"), "");
    assert_non_null(strstr(host_fact(host, "system"), "Debian"));
    assert_true(host->interface_count >= 1);
    const struct host_port *mine = port_at(host, port);
    assert_non_null(mine);
    assert_string_equal(mine->address, "127.0.0.1");
    assert_int_equal(mine->sessions, 2);
    assert_int_equal(mine->pid, getpid());
    assert_string_equal(mine->process, "test_host_reade");
    bool found = false;
    for (unsigned i = 0; i < host->process_count; i++)
        if (host->processes[i].pid == getpid()) {
            found = true;
            assert_int_equal(host->processes[i].parent, getppid());
            assert_non_null(strstr(host->processes[i].command, "test_host_reader"));
            assert_true(host->processes[i].memory > 1e5);
            assert_true(*host->processes[i].user);
            assert_true(llabs(host->processes[i].started - wall_now()) < SPAN_HOUR);
        }
    assert_true(found);
    (void)busybox;
    assert_true(host->certificate_count <= 1);
    if (host->certificate_count) {
        assert_non_null(strstr(host->certificates[0].subject, "ISRG"));
        assert_true(host->certificates[0].ends > wall_now());
    }
    host_free(&host);
    ask(&answer, shell, HOST_QUICK | HOST_FULL);
    host = host_reader_take(reader, answer.data, answer.length, steady_now(), wall_now(), &error);
    assert_non_null(host);
    assert_true(host->cpu >= 0 && host->cpu <= 100);
    assert_true(host->cores[0].busy >= 0 && host->in_rate >= 0);
    assert_int_equal(host->lists & 1u << HOST_ports, 0);
    assert_string_not_equal(host_fact(host, "kernel"), ""); /* known, though not asked for again */
    host_free(&host);
    assert_int_equal(host_reader_due(reader, (msec)(steady_now() / 1000000), true), HOST_QUICK | HOST_FULL);
    close(clients[0]);
    close(clients[1]);
    close(listener);
    buffer_release(&answer);
    host_reader_free(&reader);
}

static void this_host_by_sh(void **state)
{
    (void)state;
    read_this_host((const char *const[]){"sh", NULL}, false);
}

static void this_host_by_bash(void **state)
{
    (void)state;
    read_this_host((const char *const[]){"bash", NULL}, false);
}

static void this_host_by_busybox(void **state)
{
    (void)state;
    read_this_host((const char *const[]){"busybox", "sh", NULL}, true);
}

/* BusyBox alone: its applets first, nothing else in the path, so no ss, no systemd, no procps. */
static void busybox_and_nothing_else(void **state)
{
    (void)state;
    char folder[] = "/tmp/nocturne-busybox.XXXXXX", command[200], path[100];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "busybox --install -s %s", folder);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "PATH=%s", folder);
    struct host_reader *reader = host_reader_new();
    struct buffer answer = BUFFER_INIT;
    unsigned port;
    int listener = listen_here(&port), client = connect_to(port);
    ask(&answer, (const char *const[]){"/usr/bin/env", "-i", path, "sh", NULL}, HOST_QUICK | HOST_USUAL | HOST_FULL);
    struct host *host = take(reader, answer.data, steady_now());
    assert_true(host->uptime > 0 && host->disk_count >= 1 && host->disks[0].used_percent > 0);
    assert_non_null(port_at(host, port));
    assert_int_equal(port_at(host, port)->sessions, 1);
    assert_true(host->process_count > 1);
    host_free(&host);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    close(client);
    close(listener);
    buffer_release(&answer);
    host_reader_free(&reader);
}

/* ---- hand-made ---- */

static void quick(struct buffer *text, double uptime, const char *stat, const char *net, const char *mounts, const char *more)
{
    buffer_clear(text);
    buffer_printf(text, "Welcome!\n=nocturne begin 1 1\n=nocturne proc\n==> /proc/uptime <==\n%.2f 1.0\n\n==> /proc/stat <==\n%s\n"
                  "==> /proc/net/dev <==\nInter-|   Receive\n face |bytes\n%s\n==> /proc/self/mountinfo <==\n%s%s=nocturne end\n",
                  uptime, stat, net, mounts, more);
}

/* Written by hand after CentOS 7's formats: Linux 3.10, no MemAvailable of old, no pressure, netstat, no systemd. */
static const char old_centos[] =
    "\r\nAuthorized use only.\r\n"
    "=nocturne begin 1 7\n=nocturne proc\n"
    "==> /proc/uptime <==\n1000.00 900.00\n==> /proc/loadavg <==\n0.50 0.40 0.30 1/100 1234\n"
    "==> /proc/stat <==\ncpu  100 0 100 9800\ncpu0 100 0 100 9800\nintr 1 2 3\nbtime 1799999000\n"
    "==> /proc/meminfo <==\nMemTotal:       1000 kB\nMemFree:         100 kB\nBuffers:         50 kB\nCached:         250 kB\nSwapTotal:        0 kB\nSwapFree:        0 kB\n"
    "==> /proc/diskstats <==\n   8       1 sda1 100 0 200 50 100 0 400 150 0 100 200\n"
    "==> /proc/net/dev <==\n  eth0:1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n"
    "==> /proc/self/mountinfo <==\n15 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,data=ordered\n"
    "16 15 8:17 / /mnt/a\\040b rw - xfs /dev/sdb1 ro\n"
    "=nocturne disks\nFilesystem     1024-blocks      Used Available Capacity Mounted on\n"
    "/dev/sda1            10000      9000      1000      90% /\n/dev/sdb1 20000 5000 15000 25% /mnt/a b\n"
    "=nocturne more\ntasks 2\nclock 1800000000 +0800\n/sys/class/net/eth0/speed:1000\n/sys/class/net/eth0/operstate:up\n/sys/class/net/eth0/device\n"
    "=nocturne ports\nnetstat\nActive Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name\n"
    "tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      900/sshd            \n"
    "tcp6       0      0 :::22                   :::*                    LISTEN      900/sshd            \n"
    "udp        0      0 127.0.0.1:323           0.0.0.0:*                           -                   \nok\n"
    "=nocturne sessions\nproc tcp\n  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n"
    "   1: 0A00000A:0016 0500000A:C001 01 00000000:00000000 02:00000000 00000000     0        0 2\n"
    "   2: 0A00000A:C002 0971CB00:115C 01 00000000:00000000 00:00000000 00000000    48        0 3\n"
    "proc tcp6\n"
    "=nocturne units\n=nocturne logins\nwho\nroot     pts/0        Jan 15 16:00 (10.0.0.5)\n"
    "=nocturne failed\nlog\nJan 15 15:59:58 old sshd[1]: Failed pas\nJan 15 10:59:58 old sshd[1]: Failed pas\n"
    "=nocturne processes\n1 (init) S 0 1 1 0 -1 4194560 1 1 1 1 10 20 0 0 20 0 1 0 100 1000 50 18446744073709551615 1 1 0 0 0\n"
    "77 (a) b) R 1 1 1 0 -1 4194560 1 1 1 1 10 20 0 0 20 0 1 0 200 1000 50 18446744073709551615 1 1 0 0 0\n"
    "=nocturne commands\nPID   USER     COMMAND\n    1 root     /sbin/init\n=nocturne io\n=nocturne end\n";

static void an_old_machine_loses_figures_not_its_row(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct host *host = host_reader_take(reader, old_centos, strlen(old_centos), 5 * SECOND, 1800000000000, NULL);
    assert_non_null(host);
    assert_true(host->memory_available == 400 * 1024.0 && host->memory_used == 600 * 1024.0);
    assert_true(isnan(host->pressure_cpu));
    assert_int_equal(host->disk_count, 2);
    assert_true(host->disks[0].used_percent == 90 && isnan(host->disks[0].inodes_percent));
    assert_string_equal(host->disks[1].mount, "/mnt/a b");
    assert_true(host->disks[1].used_percent == 25 && host->disks[1].read_only);
    assert_int_equal(host->port_count, 2);
    assert_int_equal(host->ports[0].pid, 900);
    assert_string_equal(host->ports[0].process, "sshd");
    assert_int_equal(host->ports[0].sessions, 1);
    assert_int_equal(host->ports[1].protocol, HOST_UDP);
    assert_int_equal(host->peer_count, 1);
    assert_string_equal(host->peers[0].address, "0.203.113.9");
    assert_int_equal(host->peers[0].port, 4444);
    assert_int_equal(host->lists & 1u << HOST_units, 0);
    assert_string_not_equal(host_fact(host, "missing:units"), "");
    assert_string_not_equal(host_fact(host, "missing:io"), "");
    assert_int_equal(host->login_count, 1);
    assert_string_equal(host->logins[0].from, "10.0.0.5");
    assert_int_equal(host->logins[0].since, 1800000000000); /* 16:00 in +08:00 */
    assert_true(host->failed_logins == 1);
    assert_int_equal(host->process_count, 2);
    assert_string_equal(host->processes[1].name, "a) b");
    assert_string_equal(host->processes[0].command, "/sbin/init");
    assert_true(host->interfaces[0].speed == 1e9 && host->interfaces[0].up);
    host_free(&host);
    host_reader_free(&reader);
}

static struct host *interface_sample(struct host_reader *reader, double uptime, const char *name, const char *bytes, uint64_t seconds)
{
    struct buffer text = BUFFER_INIT, net = BUFFER_INIT;
    buffer_printf(&net, "  %s: %s 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n", name, bytes);
    quick(&text, uptime, "cpu 0 0 0 0\n", buffer_text(&net), "", "");
    struct host *host = take(reader, text.data, seconds * SECOND);
    buffer_release(&text);
    buffer_release(&net);
    return host;
}

static void counters_reset_and_wrap(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    static const struct { double uptime; const char *name, *bytes; double rate; } steps[] = {
        {100, "eth0", "4294960000", NAN}, {110, "eth0", "4294965000", 500}, {120, "eth0", "2704", 500}, /* 2^32 passed */
        {130, "eth0", "1002704", 100000}, {140, "eth0", "2704", NAN},         /* plugged anew: half the way was not gone */
        {5, "eth0", "99", NAN},                                              /* started anew */
        {15, "eth0", "1099", 100}, {25, "lan0", "2099", NAN}, {35, "lan0", "3099", 100}, /* renamed */
        {35, "lan0", "3099", NAN},                                           /* the same instant */
    };
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        struct host *host = interface_sample(reader, steps[i].uptime, steps[i].name, steps[i].bytes, 100 + 10 * i);
        double rate = host->interfaces[0].in_rate;
        if (isnan(steps[i].rate) ? !isnan(rate) : fabs(rate - steps[i].rate) > 0.01)
            fail_msg("step %zu: %g", i, rate);
        assert_true(isnan(rate) ? isnan(host->in_rate) : host->in_rate == rate);
        host_free(&host);
    }
    host_reader_free(&reader);
}

static void a_sleep_makes_no_rates(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer text = BUFFER_INIT;
    const char *net = "eth0: 1000 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", *later = "eth0: 9000 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    quick(&text, 100, "cpu 100 0 0 900\ncpu0 100 0 0 900\n", net, "", "");
    struct host *host = take(reader, text.data, SECOND);
    host_free(&host);
    quick(&text, 3700, "cpu 200 0 0 1200\ncpu0 200 0 0 1200\n", later, "", ""); /* an hour, of which it ran 4 s */
    host = take(reader, text.data, 3601 * SECOND);
    assert_true(isnan(host->interfaces[0].in_rate));
    assert_true(isnan(host->cores[0].busy));
    assert_int_equal(host_reader_due(reader, 3601000, false), HOST_QUICK | HOST_USUAL | HOST_SLOW);
    host_free(&host);
    quick(&text, 3705, "cpu 300 0 0 1600\ncpu0 300 0 0 1600\n", "eth0: 9500 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", "", "");
    host = take(reader, text.data, 3606 * SECOND);
    assert_true(host->interfaces[0].in_rate == 100 && host->cpu == 20);
    host_free(&host);
    buffer_release(&text);
    host_reader_free(&reader);
}

/* Hand-made: cores with a gap in their numbers, 128 of them, one taken off and one put in. */
static void cores_come_and_go(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer text = BUFFER_INIT, stat = BUFFER_INIT;
    struct host *host = NULL;
    for (unsigned round = 0; round < 2; round++) {
        buffer_clear(&stat);
        buffer_printf(&stat, "cpu %u 0 0 %u 0 0 0 0 0 0\n", 12800 * (round + 1), 38400 * (round + 1));
        for (unsigned core = 0; core < 128; core++) /* the second time 3 is off and 200 is new */
            buffer_printf(&stat, "cpu%u %u 0 0 %u %u 0 0 0 0 0\n", core == 3 ? (round ? 200 : 3) : core, 100 * (round + 1), 300 * (round + 1), round && core == 5 ? 0u : 50u);
        quick(&text, 100 + 4 * round, buffer_text(&stat), "", "", "");
        host_free(&host);
        host = take(reader, text.data, (1 + 4 * (uint64_t)round) * SECOND);
    }
    assert_int_equal(host->core_count, 128);
    assert_int_equal(host->online_cores, 128);
    assert_true(host->cpu == 25);
    assert_int_equal(host->cores[3].number, 200);
    assert_true(isnan(host->cores[3].busy));
    assert_true(host->cores[4].busy == 25 && host->cores[5].busy == 25); /* iowait that steps back counts as none */
    host_free(&host);
    buffer_release(&text);
    buffer_release(&stat);
    host_reader_free(&reader);
}

/* Hand-made: 1,000 mounts, half of them bind mounts of the other half; latency and busy time of one disk. */
static void a_thousand_mounts(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer text = BUFFER_INIT, mounts = BUFFER_INIT, sizes = BUFFER_INIT;
    for (unsigned i = 0; i < 500; i++) {
        buffer_printf(&mounts, "%u 1 8:%u / /data/%03u rw - ext4 /dev/sd%u rw\n", i, i, i, i);
        buffer_printf(&mounts, "%u 1 8:%u / /bind/of/data/%03u rw - ext4 /dev/sd%u rw\n", 500 + i, i, i, i);
        buffer_printf(&sizes, "1000 100 50 4096 100 25 /data/%03u\n", i);
    }
    buffer_append_text(&mounts, "1 1 0:30 / /proc rw - proc proc rw\n2 1 0:31 / /snap ro - squashfs /dev/loop0 ro\n");
    struct host *host = NULL;
    for (unsigned round = 0; round < 2; round++) {
        struct buffer more = BUFFER_INIT;
        buffer_printf(&more, "==> /proc/diskstats <==\n   8 7 sd7 %u 0 %u %u 0 0 0 0 0 %u 0\n=nocturne disks\n%s", 100 * round, 2000 * round, 400 * round, 500 * round, buffer_text(&sizes));
        quick(&text, 100 + round, "cpu 0 0 0 0\n", "", buffer_text(&mounts), buffer_text(&more));
        host_free(&host);
        host = take(reader, text.data, (1 + (uint64_t)round) * SECOND);
        buffer_release(&more);
    }
    assert_int_equal(host->disk_count, 500);
    const struct host_disk *disk = &host->disks[7];
    assert_string_equal(disk->mount, "/data/007");
    assert_true(fabs(disk->used_percent - 100.0 * 900 / 950) < 1e-6 && disk->inodes_percent == 75);
    assert_true(disk->latency == 4 && disk->busy_percent == 50 && disk->read_rate == 2000 * 512.0);
    assert_true(isnan(host->disks[8].busy_percent) && !disk->hung);
    host_free(&host);
    buffer_release(&text);
    buffer_release(&mounts);
    buffer_release(&sizes);
    host_reader_free(&reader);
}

static void a_network_disk_that_hangs_is_marked(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer text = BUFFER_INIT;
    const char *mounts = "1 1 0:40 / /home rw - nfs4 10.0.0.1:/home rw\n";
    static const struct { unsigned at; const char *late; bool hung; double percent; } steps[] = {
        {0, "", false, NAN},                                          /* asked; not yet known */
        {5, "=late 100 50 50 1024 10 5 /home\n", false, 50}, {10, "", false, 50}, /* the last word holds a while */
        {40, "", true, NAN}, {45, "=late 100 20 20 1024 10 5 /home\n", false, 80},
    };
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        struct buffer more = BUFFER_INIT;
        buffer_printf(&more, "=nocturne disks\n%s", steps[i].late);
        quick(&text, 100 + steps[i].at, "cpu 0 0 0 0\n", "", mounts, buffer_text(&more));
        struct host *host = take(reader, text.data, (100 + steps[i].at) * SECOND);
        assert_int_equal(host->disk_count, 1);
        assert_int_equal(host->disks[0].hung, steps[i].hung);
        double percent = host->disks[0].used_percent;
        assert_true(isnan(steps[i].percent) ? isnan(percent) : percent == steps[i].percent);
        host_free(&host);
        buffer_release(&more);
    }
    buffer_release(&text);
    host_reader_free(&reader);
}

/* Hand-made: 20,000 processes and some more; what one of them does between two answers. */
static void many_processes(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer text = BUFFER_INIT;
    struct host *host = NULL;
    for (unsigned round = 0; round < 2; round++) {
        buffer_clear(&text);
        buffer_printf(&text, "=nocturne begin 1 5\n=nocturne proc\n==> /proc/uptime <==\n%u.00 1\n=nocturne disks\n=nocturne processes\n", 100 + 2 * round);
        for (unsigned pid = 1; pid <= 20010; pid++)
            buffer_printf(&text, "%u (worker) S 1 1 1 0 -1 0 0 0 0 0 %u 0 0 0 20 0 1 0 %u 0 10 0 0\n", pid, pid == 500 ? 100 * round : 0, pid == 600 && round ? 9000u : 50u);
        buffer_append_text(&text, "=nocturne commands\n");
        for (unsigned pid = 1; pid <= 20010; pid++)
            buffer_printf(&text, "%7u www-data /usr/bin/worker --number %u\n", pid, pid % 10);
        buffer_append_text(&text, "=nocturne end\n");
        host_free(&host);
        clock_t started = clock();
        host = take(reader, text.data, (1 + 2 * (uint64_t)round) * SECOND);
        assert_true(clock() - started < CLOCKS_PER_SEC);
    }
    assert_int_equal(host->process_count, HOST_ROWS_MAX);
    assert_int_equal(host->tasks, 20010);
    assert_string_equal(host_fact(host, "cut:processes"), "10");
    assert_true(host->processes[499].cpu_percent == 50 && host->processes[498].cpu_percent == 0);
    assert_true(isnan(host->processes[599].cpu_percent)); /* another process of the same number */
    assert_true(host->bytes < (size_t)3 << 20);
    host_free(&host);
    buffer_release(&text);
    host_reader_free(&reader);
}

static void half_an_answer_gives_what_is_whole(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    const char *cut = strstr(old_centos, "=nocturne sessions") + 40;
    struct host *host = host_reader_take(reader, old_centos, (size_t)(cut - old_centos), SECOND, 1800000000000, NULL);
    assert_non_null(host);
    assert_int_equal(host->port_count, 2);
    assert_int_equal(host->lists & 1u << HOST_peers, 0);
    assert_string_equal(host_fact(host, "missing:sessions"), "the answer was cut short");
    assert_string_equal(host_fact(host, "missing:units"), "the answer was cut short");
    assert_int_equal(host_reader_due(reader, 1000, true), HOST_QUICK); /* as if it had not been */
    host_free(&host);
    host = host_reader_take(reader, old_centos, strlen(old_centos), 5 * SECOND, 1800000000000, NULL);
    assert_string_equal(host_fact(host, "missing:sessions"), "");
    host_free(&host);
    for (size_t length = 0; length < strlen(old_centos); length += 7) { /* cut anywhere */
        host = host_reader_take(reader, old_centos, length, 6 * SECOND + length, 1800000000000, NULL);
        host_free(&host);
    }
    host_reader_free(&reader);
}

/* ss and systemctl stopped by their limit on a host that is too busy: half a list would look like ports and services gone. */
static void tools_that_did_not_end_tell_nothing(void **state)
{
    (void)state;
    static const char text[] =
        "=nocturne begin 1 3\n=nocturne proc\n==> /proc/uptime <==\n1000.00 1\n=nocturne disks\n=nocturne ports\nss\nNetid State  Recv-Q\n"
        "tcp   LISTEN 0      128            *:9100            *:*    ino:9 sk:4\n=nocturne sessions\nss\nS tcp9100 3\n"
        "=nocturne units\nId=nginx.service\nActiveState=active\nSubState=running\nUnitFileState=enabled\n=nocturne logins\n=nocturne failed\n=nocturne end\n";
    struct host_reader *reader = host_reader_new();
    struct host *host = take(reader, text, SECOND);
    assert_int_equal(host->lists & (1u << HOST_ports | 1u << HOST_peers | 1u << HOST_units), 0);
    assert_string_not_equal(host_fact(host, "missing:ports"), "");
    assert_string_not_equal(host_fact(host, "missing:sessions"), "");
    assert_string_not_equal(host_fact(host, "missing:units"), "");
    host_free(&host);
    host_reader_free(&reader);
}

static void somebody_elses_text_is_no_answer(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct error error;
    const char *text = "This account is currently not available.\n";
    assert_null(host_reader_take(reader, text, strlen(text), SECOND, 1, &error));
    assert_non_null(strstr(error.text, "currently not available"));
    assert_null(host_reader_take(reader, "", 0, SECOND, 1, &error));
    host_reader_free(&reader);
}

/* Until the child has become what it was told to be. */
static void wait_command(pid_t child, const char *part)
{
    char path[40], command[256];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)child);
    for (int tries = 0; tries < 3000; tries++, usleep(10000)) {
        FILE *file = fopen(path, "r");
        size_t length = file ? fread(command, 1, sizeof command, file) : 0;
        if (file)
            fclose(file);
        if (memmem(command, length, part, strlen(part)))
            return;
    }
    fail_msg("%s never became `%s`", path, part);
}

/* A process may have any name: marks in it forge nothing, other bytes than UTF-8 and controls are made harmless. */
static void names_from_the_host_are_harmless(void **state)
{
    (void)state;
    struct host_reader *reader = host_reader_new();
    struct buffer answer = BUFFER_INIT;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "evil\n=nocturne end\n\xb0\xa1\033[31m", "-c", "sleep 200; :", (char *)NULL);
        _exit(127);
    }
    wait_command(child, "nocturne end");
    ask(&answer, (const char *const[]){"sh", NULL}, HOST_QUICK | HOST_FULL);
    struct host *host = take(reader, answer.data, steady_now());
    bool found = false;
    for (unsigned i = 0; i < host->process_count; i++) {
        const char *command = host->processes[i].command;
        assert_null(strchr(command, '\033'));
        found = found || (host->processes[i].pid == child && strstr(command, "nocturne end"));
    }
    assert_true(found);
    assert_string_equal(host_fact(host, "missing:processes"), "");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    host_free(&host);
    buffer_release(&answer);
    host_reader_free(&reader);
}

/* What was asked for by name stands first, whatever its type and state, and once. */
static void units_that_are_expected(void **state)
{
    (void)state;
    static const char text[] =
        "=nocturne begin 1 3\n=nocturne proc\n==> /proc/uptime <==\n1000.00 1\n=nocturne disks\n=nocturne units\nwanted\n"
        "Id=data.mount\nLoadState=loaded\nActiveState=active\nSubState=mounted\nUnitFileState=generated\n\n"
        "Id=absent.mount\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n\n"
        "Id=idle.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=static\n\n"
        "Id=systemd-tidy.timer\nLoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=static\n\nothers\n"
        "Id=lost.mount\nLoadState=loaded\nActiveState=failed\nSubState=failed\n\n\n"
        "Id=idle.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=static\n\n"
        "Id=systemd-tidy.timer\nLoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=static\n\n"
        "Id=wanted\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=static\n\n"
        "Id=sshd.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nok\n"
        "=nocturne logins\n=nocturne failed\n=nocturne end\n";
    static const char *const names[] = {"data.mount", "idle.service", "systemd-tidy.timer", "lost.mount", "sshd.service"};
    struct host_reader *reader = host_reader_new();
    struct host *host = host_reader_take(reader, text, strlen(text), SECOND, 1800000000000, NULL);
    assert_int_equal(host->unit_count, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_string_equal(host->units[i].name, names[i]);
    assert_int_equal(host->failed_units, 2);
    assert_string_equal(host->units[1].state, "inactive");
    host_free(&host);
    host_reader_free(&reader);
}

static void expect_some(void *owner, uint32_t asset, struct buffer *names)
{
    (void)asset;
    buffer_append_text(names, owner);
}

/* Words that are no unit's name never reach the shell. */
static void names_of_units_are_harmless(void **state)
{
    (void)state;
    static const struct sink_ops ops = {.units = expect_some}, none = {.units = NULL};
    static const struct { const char *expected, *text; } cases[] = {
        {"", "nocturne_u=''; "},
        {" nginx data.mount app-*", "nocturne_u='nginx data.mount app-* '; "},
        {" srv-my\\x2ddata.mount queue@7", "nocturne_u='srv-my\\x2ddata.mount queue@7 '; "},
        {"  a'b $(id) --root=/ ;x good.timer \n", "nocturne_u='good.timer '; "},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct source source = {.sink = {&ops, (void *)cases[i].expected}};
        struct buffer text = BUFFER_INIT;
        host_units_ask(&source, 0, &text);
        assert_string_equal(buffer_text(&text), cases[i].text);
        source.sink.ops = &none;
        buffer_clear(&text);
        host_units_ask(&source, 0, &text);
        assert_string_equal(buffer_text(&text), "nocturne_u=''; ");
        buffer_release(&text);
    }
}

/* Recorded on Debian 12 with systemd 252, shortened; outputs of ss 6.1 and chronyc 4.3 by hand after their manuals. */
static void units_ports_and_the_clock(void **state)
{
    (void)state;
    static const char text[] =
        "=nocturne begin 1 11\n=nocturne proc\n==> /proc/uptime <==\n1000.00 1\n=nocturne disks\n=nocturne passwd\nroot:0\nwww-data:33\n"
        "=nocturne offset\nchrony\nReference ID    : C0000201 (192.0.2.1)\nSystem time     : 0.250000000 seconds slow of NTP time\n=nocturne updates\napt\n=late updates 3\n"
        "=nocturne ports\nss\nNetid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
        "udp   UNCONN 0      0      127.0.0.53%lo:53    0.0.0.0:*    users:((\"systemd-resolve\",pid=300,fd=13)) uid:101 ino:1 sk:1 <->\n"
        "tcp   LISTEN 0      511    127.0.0.1:80        0.0.0.0:*    users:((\"nginx: my, \\\"x\\\"\",pid=12,fd=6),(\"nginx\",pid=13,fd=6)) uid:33 ino:5 sk:2 <->\n"
        "tcp   LISTEN 0      511         [::]:80           [::]:*    users:((\"nginx\",pid=12,fd=7)) uid:33 ino:6 sk:3 v6only:1 <->\n"
        "tcp   LISTEN 0      128            *:9100            *:*    ino:9 sk:4 v6only:0 <->\nok\n"
        "=nocturne sessions\nss\nok\nS NetidLocal 1\nS tcp80 188\nP 2 tcp 203.0.113.9:4444 users:((\"curl\",pid=77)) uid:33\nP 1 tcp [2001:db8::7]:443 \n"
        "=nocturne units\nId=srv.mount\nActiveState=mounted\nSubState=mounted\n\nId=lost.mount\nActiveState=failed\nSubState=failed\n\n"
        "\nId=nightly.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nUnitFileState=static\n"
        "\nId=systemd-journald.socket\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=static\n\n"
        "Id=nginx.service\nDescription=A high performance web server = good\nLoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=enabled\nStateChangeTimestampMonotonic=500000000\n"
        "\nId=cron.service\nDescription=cron\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nStateChangeTimestampMonotonic=0\n"
        "\nId=rescue.service\nDescription=Rescue\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=static\nStateChangeTimestampMonotonic=0\nok\n"
        "=nocturne logins\n=nocturne failed\n=nocturne end\n";
    struct host_reader *reader = host_reader_new();
    struct host *host = host_reader_take(reader, text, strlen(text), SECOND, 1800000000000, NULL);
    assert_true(host->time_offset == -0.25 && host->security_updates == 3);
    assert_int_equal(host->unit_count, 4); /* of mounts what failed, timers, and neither systemd's own sockets nor what is idle */
    assert_int_equal(host->failed_units, 2);
    assert_true(host->units[0].failed && strcmp(host->units[0].name, "lost.mount") == 0);
    assert_string_equal(host->units[1].name, "nightly.timer");
    assert_string_equal(host->units[2].what, "A high performance web server = good");
    assert_int_equal(host->units[2].since, 1800000000000 - 500000);
    assert_int_equal(host->units[3].since, CLOCK_NEVER);
    assert_int_equal(host->port_count, 3);
    assert_string_equal(host->ports[0].address, "127.0.0.53");
    assert_string_equal(host->ports[0].user, "101");
    assert_string_equal(host->ports[1].address, "::");
    assert_string_equal(host->ports[1].user, "www-data");
    assert_int_equal(host->ports[1].pid, 12);
    assert_int_equal(host->ports[1].sessions, 188);
    assert_string_equal(host->ports[2].user, "root");
    assert_int_equal(host->ports[2].pid, 0);
    assert_string_not_equal(host_fact(host, "missing:port-owners"), "");
    assert_int_equal(host->peer_count, 2);
    assert_string_equal(host->peers[0].process, "curl");
    assert_int_equal(host->peers[0].count, 2);
    assert_string_equal(host->peers[1].address, "2001:db8::7");
    assert_string_not_equal(host_fact(host, "missing:logins"), "");
    host_free(&host);
    host_reader_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_host_by_sh), cmocka_unit_test(this_host_by_bash), cmocka_unit_test(this_host_by_busybox),
        cmocka_unit_test(busybox_and_nothing_else),
        cmocka_unit_test(an_old_machine_loses_figures_not_its_row),
        cmocka_unit_test(counters_reset_and_wrap), cmocka_unit_test(a_sleep_makes_no_rates),
        cmocka_unit_test(cores_come_and_go), cmocka_unit_test(a_thousand_mounts),
        cmocka_unit_test(a_network_disk_that_hangs_is_marked), cmocka_unit_test(many_processes),
        cmocka_unit_test(half_an_answer_gives_what_is_whole), cmocka_unit_test(tools_that_did_not_end_tell_nothing),
        cmocka_unit_test(somebody_elses_text_is_no_answer),
        cmocka_unit_test(names_from_the_host_are_harmless), cmocka_unit_test(units_ports_and_the_clock),
        cmocka_unit_test(units_that_are_expected), cmocka_unit_test(names_of_units_are_harmless),
    };
    return cmocka_run_group_tests_name("host reader", tests, NULL, NULL);
}

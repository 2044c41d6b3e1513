/* A host as seen at one instant: what a server's page shows and what its metrics are made of. However it was read
 * (/proc here, /proc through SSH, an exporter's page, SNMP), it becomes this one shape; what a host cannot tell is NAN
 * or an empty list, and `missing` says why, so that an old system loses a figure and not its row.
 *
 * One block of memory with all its text; text is cleaned. Rates are over the time since the sample before, and NAN in
 * the first one, after a counter went back (reboot, reset, hot-unplug) and after a sleep. */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct host_core { unsigned number; double busy, user, system, iowait, steal; }; /* percent */

struct host_disk {              /* one mounted file system; bind mounts show once */
    const char *mount, *device, *kind;    /* "/data", "/dev/sdb1", "ext4" */
    double size, used, available;         /* bytes; NAN: it does not answer (a network file system that hangs) */
    double used_percent, inodes_percent;  /* of what a person may use, as df says it */
    double read_rate, write_rate;         /* bytes a second, of the device below */
    double busy_percent, latency;         /* ms an operation */
    bool read_only;
    bool hung;
};

struct host_interface {
    const char *name;
    double in_rate, out_rate;             /* bytes a second */
    double speed;                         /* bits a second; NAN unknown */
    double error_rate, drop_rate;         /* packets a second, both ways */
    bool up, loopback;
};

enum host_protocol { HOST_TCP, HOST_UDP };

struct host_port {              /* one listening port; the same port on several addresses is one row */
    enum host_protocol protocol;
    unsigned port;
    const char *address;                  /* "0.0.0.0", "127.0.0.1", "::"; the widest of them */
    const char *process;                  /* "" when it may not be seen */
    const char *user;
    int pid;                              /* 0 unknown */
    unsigned sessions;                    /* established to it: the service's concurrent users */
};

struct host_peer {              /* established connections that this host opened, gathered by far end and process */
    enum host_protocol protocol;
    const char *address;                  /* of the far end */
    unsigned port;
    const char *process, *user;
    int pid;
    unsigned count;
};

struct host_unit {              /* a service of the init system that matters: enabled, running or failed */
    const char *name;                     /* "nginx.service" */
    const char *state, *sub;              /* "active", "running" as systemd says; "failed" ... */
    const char *what;                     /* its description */
    msec since;                           /* wall; CLOCK_NEVER */
    bool failed;
};

struct host_process {
    int pid, parent;
    const char *user, *name, *command;    /* the command line, cut at 200 bytes */
    char state;                           /* R S D Z T ... */
    double cpu_percent;                   /* of one core */
    double memory;                        /* resident bytes */
    double io_rate;                       /* bytes a second; NAN not permitted */
    msec started;                         /* wall */
};

struct host_login { const char *user, *from, *terminal; msec since; };

struct host_certificate { const char *path, *subject; msec ends; };

struct host_fact { const char *name, *value; };  /* "kernel" "6.1.0", "system" "Debian 12", "missing:ports" "permission denied" */

#define HOST_LISTS(X)                                                                                              \
    X(core, cores) X(disk, disks) X(interface, interfaces) X(port, ports) X(peer, peers) X(unit, units)           \
    X(process, processes) X(login, logins) X(certificate, certificates) X(fact, facts)

struct host {
    msec taken;                           /* wall, when the answer was complete */
    msec cost;                            /* how long the answer took */
    double uptime;                        /* seconds */
    double cpu, user, system, iowait, steal; /* percent of all cores */
    double load1, load5, load15;
    unsigned online_cores;
    double memory_total, memory_used, memory_available, swap_total, swap_used; /* bytes */
    double pressure_cpu, pressure_io, pressure_memory;        /* percent of time, some, avg10 */
    double oom_kills;                     /* since boot */
    double tcp_sockets, tcp_established, tcp_time_wait, tcp_orphans, udp_sockets;
    double in_rate, out_rate;             /* bytes a second, all interfaces but loopback and bridges' shadows */
    double time_offset;                   /* seconds; NAN not known */
    double failed_logins;                 /* in the last hour */
    double security_updates;              /* pending */
    unsigned tasks, failed_units;         /* tasks: processes in all, also when the list is not brought */
#define X(one, many) struct host_##one *many; unsigned one##_count;
    HOST_LISTS(X)
#undef X
    /* Which lists this answer brought; a quick sample leaves out what changes slowly, and the engine keeps the last. */
    unsigned lists;                       /* bits of enum host_list */
    size_t bytes;                         /* of the whole block */
};

enum host_list {
#define X(one, many) HOST_##many,
    HOST_LISTS(X)
#undef X
    HOST_LIST_COUNT
};

/* Gather a host piece by piece, then make the one block of it. Text is copied and cleaned. */
struct host_builder;
struct host_builder *host_builder_new(void);       /* every figure NAN, every list empty and absent */
void host_builder_free(struct host_builder **builder);
struct host *host_builder_figures(struct host_builder *builder); /* scalars to fill in; its lists are not to be touched */
void host_builder_has(struct host_builder *builder, enum host_list list); /* brought, even when empty */
#define X(one, many) void host_builder_##one(struct host_builder *builder, const struct host_##one *row);
HOST_LISTS(X)
#undef X
void host_builder_factf(struct host_builder *builder, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* At most HOST_ROWS_MAX rows a list; what is beyond is counted in the fact "cut:LIST". */
#define HOST_ROWS_MAX 20000
struct host *host_builder_make(struct host_builder *builder, msec taken);

void host_free(struct host **host);
/* `now` with the lists that it did not bring taken from `before` (which may be NULL). Takes both. */
struct host *host_merge(struct host *before, struct host *now);
const char *host_fact(const struct host *host, const char *name); /* "" when absent */

/* The metrics of a host, as they are stored and as rules name them; NAN figures are left out. The names:
 *  cpu_percent user_percent system_percent iowait_percent steal_percent load1 load5 load15 load_per_core
 *  memory_percent memory_used_bytes swap_percent swap_used_bytes pressure_{cpu,io,memory}_percent oom_kills
 *  disk_NAME_percent inodes_NAME_percent disk_NAME_{latency_ms,busy_percent,size_bytes,used_bytes} (NAME: mount, "root" for /, else its path
 *  with _ for what is not alphanumeric) disk_worst_percent inodes_worst_percent
 *  net_in_bytes_per_second net_out_bytes_per_second net_NAME_{in,out}_bytes_per_second net_NAME_{in,out}_percent (of its speed) net_errors_per_second
 *  tcp_sockets tcp_established tcp_time_wait sessions_PORT (of expected ports) processes failed_units logins
 *  failed_logins time_offset_seconds security_updates certificate_days (the soonest) uptime_seconds */
typedef void host_metric_visit(void *owner, const char *name, double value);
void host_metrics(const struct host *host, host_metric_visit *visit, void *owner);
#define HOST_NAME 40 /* of a mount or an interface within a metric's name */
void host_metric_name(char *out, size_t size, const char *name); /* "/var/lib" is "var_lib", "/" is "root" */

/* The other way round: the host of an instant by its figures under these names; taken wall, all others NAN. Disks,
 * interfaces and the sessions of ports are the lists that history has; mounts and interfaces are called as `like` calls
 * them (NULL: as they are stored). The caller frees. */
struct host_figure { const char *name; double value; };
struct host *host_from_figures(const struct host_figure *figures, unsigned count, const struct host *like, msec taken);

#endif

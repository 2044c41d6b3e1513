/* The members of a host's rows, by kind, for whoever goes through them all: copying, writing, reading. Kinds: TEXT
 * (const char *), NUMBER (double, NAN unknown), COUNT (unsigned), PID (int), FLAG (bool), INSTANT (msec), SPAN (msec), LETTER (char),
 * PROTOCOL (enum host_protocol). */
#ifndef MODEL_HOST_MEMBERS_H
#define MODEL_HOST_MEMBERS_H

#define HOST_core_MEMBERS(X) \
    X(COUNT, number) X(NUMBER, busy) X(NUMBER, user) X(NUMBER, system) X(NUMBER, iowait) X(NUMBER, steal)
#define HOST_disk_MEMBERS(X)                                                                                       \
    X(TEXT, mount) X(TEXT, device) X(TEXT, kind) X(NUMBER, size) X(NUMBER, used) X(NUMBER, available)              \
    X(NUMBER, used_percent) X(NUMBER, inodes_percent) X(NUMBER, read_rate) X(NUMBER, write_rate)                   \
    X(NUMBER, busy_percent) X(NUMBER, latency) X(FLAG, read_only) X(FLAG, hung)
#define HOST_interface_MEMBERS(X)                                                                                  \
    X(TEXT, name) X(NUMBER, in_rate) X(NUMBER, out_rate) X(NUMBER, speed) X(NUMBER, error_rate)                    \
    X(NUMBER, drop_rate) X(FLAG, up) X(FLAG, loopback)
#define HOST_port_MEMBERS(X)                                                                                       \
    X(PROTOCOL, protocol) X(COUNT, port) X(TEXT, address) X(TEXT, process) X(TEXT, user) X(PID, pid) X(COUNT, sessions)
#define HOST_peer_MEMBERS(X)                                                                                       \
    X(PROTOCOL, protocol) X(TEXT, address) X(COUNT, port) X(TEXT, process) X(TEXT, user) X(PID, pid) X(COUNT, count)
#define HOST_unit_MEMBERS(X) X(TEXT, name) X(TEXT, state) X(TEXT, sub) X(TEXT, what) X(INSTANT, since) X(FLAG, failed)
#define HOST_process_MEMBERS(X)                                                                                    \
    X(PID, pid) X(PID, parent) X(TEXT, user) X(TEXT, name) X(TEXT, command) X(LETTER, state)                       \
    X(NUMBER, cpu_percent) X(NUMBER, memory) X(NUMBER, io_rate) X(INSTANT, started)
#define HOST_login_MEMBERS(X) X(TEXT, user) X(TEXT, from) X(TEXT, terminal) X(INSTANT, since)
#define HOST_certificate_MEMBERS(X) X(TEXT, path) X(TEXT, subject) X(INSTANT, ends)
#define HOST_fact_MEMBERS(X) X(TEXT, name) X(TEXT, value)

/* The figures of the host itself. */
#define HOST_FIGURES(X)                                                                                            \
    X(INSTANT, taken) X(SPAN, cost) X(NUMBER, uptime) X(NUMBER, cpu) X(NUMBER, user) X(NUMBER, system)          \
    X(NUMBER, iowait) X(NUMBER, steal) X(NUMBER, load1) X(NUMBER, load5) X(NUMBER, load15) X(COUNT, online_cores)  \
    X(NUMBER, memory_total) X(NUMBER, memory_used) X(NUMBER, memory_available) X(NUMBER, swap_total)               \
    X(NUMBER, swap_used) X(NUMBER, pressure_cpu) X(NUMBER, pressure_io) X(NUMBER, pressure_memory)                 \
    X(NUMBER, oom_kills) X(NUMBER, tcp_sockets) X(NUMBER, tcp_established) X(NUMBER, tcp_time_wait)                \
    X(NUMBER, tcp_orphans) X(NUMBER, udp_sockets) X(NUMBER, in_rate) X(NUMBER, out_rate) X(NUMBER, time_offset)    \
    X(NUMBER, failed_logins) X(NUMBER, security_updates) X(COUNT, tasks) X(COUNT, failed_units)

#endif

/* The members of servers' resources (members.h), for servers.c and servers_read.c. Private to src/wire. */
#ifndef WIRE_SERVERS_TABLES_H
#define WIRE_SERVERS_TABLES_H

#define SERVER(X)                                                                                                  \
    X(TEXT, id, "id") X(TEXT, name, "name") X(TEXT, address, "address") X(TEXT, place, "place")                    \
    X(TEXT, system, "system") X(TEXT, source, "source") X(PROSE, evidence, "evidence") X(INSTANT, since, "since")  \
    X(INSTANT, taken, "taken") X(NUMBER, uptime, "uptime_s") X(COUNT, cores, "cores") X(NUMBER, cpu, "cpu")        \
    X(NUMBER, iowait, "iowait") X(NUMBER, load1, "load1") X(NUMBER, memory, "memory")                              \
    X(NUMBER, memory_total, "memory_total") X(NUMBER, swap, "swap") X(NUMBER, disk, "disk")                        \
    X(TEXT, disk_mount, "disk_mount") X(NUMBER, in_rate, "in_rate") X(NUMBER, out_rate, "out_rate")                \
    X(NUMBER, speed, "speed") X(COUNT, sessions, "sessions") X(COUNT, logins, "logins")                            \
    X(COUNT, failed_units, "failed_units") X(COUNT, ports, "ports")                          \
    X(COUNT, unexpected, "unexpected") X(COUNT, endpoints, "endpoints")                                            \
    X(COUNT, endpoints_failing, "endpoints_failing") X(COUNT, alerts, "alerts")           \
    X(HEALTH, health, "health") X(REASON, reason, "reason")
#define DEVIATION(X) X(TEXT, kind, "kind") X(TEXT, point, "point") X(PROSE, evidence, "evidence") X(INSTANT, since, "since")
#define ENDPOINT(X)                                                                                                \
    X(TEXT, id, "id") X(TEXT, name, "name") X(TEXT, application, "application") X(TEXT, address, "address")        \
    X(TEXT, verdict, "verdict") X(PROSE, evidence, "evidence") X(COUNT, status, "status")                          \
    X(NUMBER, latency, "latency_ms") X(NUMBER, certificate_days, "certificate_days") X(INSTANT, since, "since")    \
    X(INSTANT, checked, "checked")
#define RUN_RESULT(X)                                                                                              \
    X(TEXT, unit, "unit") X(CODE, exit_code, "exit_code") X(TEXT, output, "output") X(SPAN, took, "took_ms")       \
    X(TEXT, state, "state") X(TEXT, sub, "sub")

#define WRITE_CODE(member, key) json_write_integer(writer, key, row->member);
#define READ_CODE(member, key) row->member = read_code(object, key);

#endif

/* Interfaces, listening ports, sessions and outbound connections. */
#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/host_private.h"

/* ---- interfaces ---- */

static struct host_device *device_of(struct host_reader *reader, const char *name, size_t length, bool make)
{
    for (unsigned i = 0; i < reader->device_count; i++)
        if (strncmp(reader->devices[i].name, name, length) == 0 && !reader->devices[i].name[length])
            return &reader->devices[i];
    if (!make || length >= sizeof reader->devices->name || reader->device_count == 4096)
        return NULL;
    ARRAY_RESERVE(reader->devices, reader->device_capacity, reader->device_count + 1);
    struct host_device *device = &reader->devices[reader->device_count++];
    *device = (struct host_device){.speed = NAN, .up = true};
    memcpy(device->name, name, length);
    return device;
}

/* "/sys/class/net/eth0/speed:1000", ".../operstate:up", ".../device" */
static void take_device(struct host_reader *reader, const char *path)
{
    const char *name = path + strlen("/sys/class/net/"), *what = strchr(name, '/');
    struct host_device *device = what ? device_of(reader, name, (size_t)(what - name), true) : NULL;
    if (!device)
        return;
    if (strncmp(what, "/speed:", 7) == 0) {
        double megabits = host_number(what + 7);
        device->speed = megabits > 0 ? megabits * 1e6 : NAN; /* -1: not known */
    } else if (strncmp(what, "/operstate:", 11) == 0) {
        device->up = strcmp(what + 11, "down") != 0 && strcmp(what + 11, "lowerlayerdown") != 0;
    } else if (strcmp(what, "/device") == 0) {
        device->physical = reader->any_physical = true;
    }
}

bool host_take_more(struct host_take *take, char *text)
{
    bool any = false;
    take->reader->device_count = 0;
    take->reader->any_physical = false;
    for (char *line; (line = host_line(&text));) {
        char *fields[4];
        if (strncmp(line, "/sys/class/net/", 15) == 0) {
            take_device(take->reader, line);
            continue;
        }
        unsigned count = host_split(line, fields, 4);
        double number = host_number(fields[1]);
        if (count < 2 || isnan(number))
            continue;
        any = true;
        if (strcmp(fields[0], "tasks") == 0 && number > 0 && number < 1e7) {
            take->figures->tasks = (unsigned)number;
        } else if (strcmp(fields[0], "oom_kill") == 0) {
            take->figures->oom_kills = number;
        } else if (strcmp(fields[0], "clock") == 0 && number > 0 && number < 1e11) {
            int zone = (int)strtol(fields[2], NULL, 10) % 2400; /* "+0800" */
            take->host_now = (msec)(number * 1000);
            take->reader->zone = zone / 100 * 60 + zone % 100;
            char name[16];
            snprintf(name, sizeof name, "%c%02d:%02d", zone < 0 ? '-' : '+', abs(zone) / 100, abs(zone) % 100);
            host_fact_set(take->reader, "zone", name);
        }
    }
    return any;
}

static bool is_shadow(const char *name)
{
    static const char *const stems[] = {"veth", "docker", "br-", "virbr", "cali", "flannel", "cni", "tap", "vnet", "lxc", "ifb", "bond", "team", "br"};
    for (size_t i = 0; i < ARRAY_COUNT(stems); i++)
        if (strncmp(name, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

static void add(double *sum, double more)
{
    if (!isnan(more))
        *sum = (isnan(*sum) ? 0 : *sum) + more;
}

void host_put_interfaces(struct host_take *take)
{
    struct host_reader *reader = take->reader;
    for (unsigned i = 0; i < take->interfaces.count; i++) {
        const struct host_counter *now = &take->interfaces.rows[i];
        const struct host_counter *before = host_counters_find(&reader->interfaces, now->name, i);
        const struct host_device *device = device_of(reader, now->name, strlen(now->name), false);
        double speed = device ? device->speed : NAN, ceiling = isnan(speed) ? 125e6 : speed / 8, rate[4] = {NAN, NAN, NAN, NAN};
        for (int value = 0; before && take->seconds > 0 && value < 4; value++)
            rate[value] = host_rate(before->value[value], now->value[value], take->seconds, value < 2 ? ceiling : 1e6);
        struct host_interface interface = {.name = now->name, .in_rate = rate[0], .out_rate = rate[1], .speed = speed,
            .error_rate = rate[2], .drop_rate = rate[3], .up = !device || device->up, .loopback = strcmp(now->name, "lo") == 0};
        host_builder_interface(take->builder, &interface);
        if (interface.loopback || (reader->any_physical ? !device || !device->physical : is_shadow(now->name)))
            continue;
        add(&take->figures->in_rate, rate[0]);
        add(&take->figures->out_rate, rate[1]);
    }
}

/* ---- listening ports ---- */

static int width_of(const char *address)
{
    if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0)
        return 2;
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ? 0 : 1;
}

/* "127.0.0.1%lo:53", "[::]:22", "*:80", ":::80": address and port. */
static bool split_end(char *end, const char **address, unsigned *port)
{
    char *colon = strrchr(end, ':');
    if (!colon)
        return false;
    double number = host_number(colon + 1);
    *colon = '\0';
    if (*end == '[') {
        end++;
        end[strcspn(end, "]")] = '\0';
    }
    end[strcspn(end, "%")] = '\0';
    if (strncmp(end, "::ffff:", 7) == 0 && strchr(end, '.'))
        end += 7;
    *address = strcmp(end, "*") == 0 ? "::" : end;
    *port = number >= 0 && number < 65536 ? (unsigned)number : 0;
    return number >= 0 && number < 65536;
}

static struct host_port *port_of(struct host_take *take, enum host_protocol protocol, unsigned port)
{
    for (unsigned i = 0; i < take->port_count; i++)
        if (take->ports[i].port == port && take->ports[i].protocol == protocol)
            return &take->ports[i];
    return NULL;
}

/* `user` lives as long as the reader's users, or is constant. */
static void add_port(struct host_take *take, enum host_protocol protocol, const char *address, unsigned number,
                     const char *process, int pid, const char *user)
{
    struct host_port *port = port_of(take, protocol, number);
    if (!port) {
        if (!number || take->port_count == HOST_ROWS_MAX)
            return;
        ARRAY_RESERVE(take->ports, take->port_capacity, take->port_count + 1);
        port = &take->ports[take->port_count++];
        *port = (struct host_port){.protocol = protocol, .port = number, .address = memory_text(address), .process = memory_text(""), .user = ""};
    }
    if (width_of(address) > width_of(port->address)) {
        free((char *)(uintptr_t)port->address);
        port->address = memory_text(address);
    }
    if (!port->pid && pid) {
        port->pid = pid;
        free((char *)(uintptr_t)port->process);
        port->process = memory_text(process);
    }
    if (*user && !*port->user)
        port->user = user;
}

/* users:(("nginx",pid=12,fd=6),("nginx",pid=13,fd=6)) uid:33 : the first owner. The name is cut out of `text`. */
static void owner_read(const struct host_take *take, char *text, const char **process, int *pid, const char **user)
{
    char *names = strstr(text, "users:((\""), *uid = strstr(text, " uid:");
    *process = "";
    *pid = 0;
    *user = "";
    if (uid) {
        *user = host_user_name(take->reader, (unsigned)strtoul(uid + 5, NULL, 10));
    } else if (strstr(text, " ino:")) {
        *user = "root"; /* ss leaves root's out */
    }
    char *end = names ? strstr(names, "\",pid=") : NULL;
    if (!end)
        return;
    *end = '\0';
    *process = names + strlen("users:((\"");
    long number = strtol(end + 6, NULL, 10);
    *pid = number > 0 && number < INT_MAX ? (int)number : 0;
}

static bool protocol_read(const char *name, enum host_protocol *protocol)
{
    *protocol = name[0] == 'u' ? HOST_UDP : HOST_TCP;
    return strncmp(name, "tcp", 3) == 0 || strncmp(name, "udp", 3) == 0;
}

/* "tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(..) uid:33 ino:1 sk:1". False: it was not all. */
static bool take_ss_ports(struct host_take *take, char *text)
{
    bool whole = false;
    for (char *line; (line = host_line(&text));) {
        char *fields[7];
        const char *address;
        enum host_protocol protocol;
        unsigned port;
        const char *process, *user;
        int pid;
        whole = whole || strcmp(line, "ok") == 0;
        if (host_split(line, fields, 7) < 6 || !protocol_read(fields[0], &protocol) || !split_end(fields[4], &address, &port))
            continue;
        char who[512];
        snprintf(who, sizeof who, " %s", fields[6]); /* " uid:" is looked for with its blank */
        owner_read(take, who, &process, &pid, &user);
        add_port(take, protocol, address, port, process, pid, user);
    }
    return whole;
}

/* "tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 123/sshd"; udp has no state */
static bool take_netstat_ports(struct host_take *take, char *text)
{
    bool whole = false;
    for (char *line; (line = host_line(&text));) {
        char *fields[7];
        const char *address;
        enum host_protocol protocol;
        unsigned port;
        whole = whole || strcmp(line, "ok") == 0;
        unsigned count = host_split(line, fields, 7);
        if (count < 5 || !protocol_read(fields[0], &protocol) || !split_end(fields[3], &address, &port))
            continue;
        char *owner = strcmp(fields[5], "LISTEN") == 0 ? fields[6] : fields[5], *slash = strchr(owner, '/');
        long pid = strtol(owner, NULL, 10);
        if (slash)
            slash[1 + strcspn(slash + 1, " ")] = '\0';
        add_port(take, protocol, address, port, slash ? slash + 1 : "", pid > 0 && pid < INT_MAX ? (int)pid : 0, "");
    }
    return whole;
}

/* "0100007F" or 32 digits: words of the host's order; all our architectures are little-endian. */
static bool hex_address(const char *text, char *out, size_t size)
{
    unsigned char bytes[16];
    size_t words = strspn(text, "0123456789ABCDEFabcdef") / 8;
    if (words != 1 && words != 4)
        return false;
    for (size_t word = 0; word < words; word++) {
        char digits[9];
        memcpy(digits, text + 8 * word, 8);
        digits[8] = '\0';
        unsigned long value = strtoul(digits, NULL, 16);
        for (int i = 0; i < 4; i++)
            bytes[4 * word + (size_t)i] = (unsigned char)(value >> 8 * i);
    }
    if (words == 4 && memcmp(bytes, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) == 0)
        return inet_ntop(AF_INET, bytes + 12, out, (socklen_t)size) != NULL;
    return inet_ntop(words == 1 ? AF_INET : AF_INET6, bytes, out, (socklen_t)size) != NULL;
}

struct proc_row { char local[48], remote[48]; unsigned local_port, remote_port, state, uid; };

/* "  0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 1234 ..." */
static bool proc_read(struct proc_row *row, char *line)
{
    char *fields[9];
    if (host_split(line, fields, 9) < 8 || !strchr(fields[0], ':'))
        return false;
    char *local = strchr(fields[1], ':'), *remote = strchr(fields[2], ':');
    if (!local || !remote || !hex_address(fields[1], row->local, sizeof row->local) || !hex_address(fields[2], row->remote, sizeof row->remote))
        return false;
    row->local_port = (unsigned)strtoul(local + 1, NULL, 16) & 0xFFFF;
    row->remote_port = (unsigned)strtoul(remote + 1, NULL, 16) & 0xFFFF;
    row->state = (unsigned)strtoul(fields[3], NULL, 16);
    row->uid = (unsigned)strtoul(fields[7], NULL, 10);
    return true;
}

static void take_proc_ports(struct host_take *take, char *text, enum host_protocol protocol)
{
    for (char *line; (line = host_line(&text));) {
        struct proc_row row;
        if (strncmp(line, "proc ", 5) == 0) {
            protocol_read(line + 5, &protocol);
            continue;
        }
        if (!proc_read(&row, line) || row.state != (protocol == HOST_TCP ? 0x0A : 0x07))
            continue;
        add_port(take, protocol, row.local, row.local_port, "", 0, host_user_name(take->reader, row.uid));
    }
}

void host_ports_clear(struct host_take *take)
{
    for (unsigned i = 0; i < take->port_count; i++) {
        free((char *)(uintptr_t)take->ports[i].address);
        free((char *)(uintptr_t)take->ports[i].process);
    }
    take->port_count = 0;
}

bool host_take_ports(struct host_take *take, char *text)
{
    char *how = host_line(&text);
    enum host_protocol protocol = HOST_TCP;
    if (!how)
        return false;
    bool whole = false;
    if (strcmp(how, "ss") == 0) {
        whole = take_ss_ports(take, text);
    } else if (strcmp(how, "netstat") == 0) {
        whole = take_netstat_ports(take, text);
    } else if (strncmp(how, "proc ", 5) == 0 && protocol_read(how + 5, &protocol)) {
        take_proc_ports(take, text, protocol);
        whole = true;
    }
    if (!whole) {
        host_ports_clear(take); /* half a list would make ports that are there look missing */
        return false;
    }
    host_builder_has(take->builder, HOST_ports);
    return true;
}

/* ---- sessions ---- */

/* "S tcp443 188", "P 3 tcp 203.0.113.9:4444 users:((..)) uid:33" */
static bool take_gathered(struct host_take *take, char *text)
{
    if (strncmp(text, "ok", 2) != 0)
        return false;
    for (char *line; (line = host_line(&text));) {
        char *fields[5];
        const char *address;
        enum host_protocol protocol;
        unsigned count = host_split(line, fields, 5), number;
        double times = host_number(fields[line[0] == 'S' ? 2 : 1]);
        if (!(times >= 1 && times < 1e9) || !protocol_read(fields[line[0] == 'S' ? 1 : 2], &protocol))
            continue;
        if (line[0] == 'S') {
            struct host_port *port = port_of(take, protocol, (unsigned)strtoul(fields[1] + 3, NULL, 10));
            if (port)
                port->sessions = (unsigned)times;
            continue;
        }
        if (line[0] != 'P' || count < 4 || !split_end(fields[3], &address, &number))
            continue;
        char who[512];
        const char *process, *user;
        int pid;
        snprintf(who, sizeof who, " %s", fields[4]);
        owner_read(take, who, &process, &pid, &user);
        host_builder_peer(take->builder, &(struct host_peer){.protocol = protocol, .address = address, .port = number,
            .process = process, .user = user, .pid = pid, .count = (unsigned)times});
    }
    return true;
}

static int compare_peer(const void *left, const void *right)
{
    const struct proc_row *a = left, *b = right;
    int order = strcmp(a->remote, b->remote);
    if (order)
        return order;
    return a->remote_port != b->remote_port ? (a->remote_port < b->remote_port ? -1 : 1) : a->uid < b->uid ? -1 : a->uid > b->uid;
}

/* The table itself: what is established to a listening port is a session, the rest this host opened. */
static void take_proc_sessions(struct host_take *take, char *text)
{
    struct proc_row *rows = NULL;
    size_t count = 0, capacity = 0;
    for (char *line; count < HOST_ROWS_MAX && (line = host_line(&text));) {
        struct proc_row row;
        if (!proc_read(&row, line) || row.state != 0x01)
            continue;
        struct host_port *port = port_of(take, HOST_TCP, row.local_port);
        if (port) {
            port->sessions++;
        } else if (strcmp(row.local, row.remote) != 0) {
            ARRAY_RESERVE(rows, capacity, count + 1);
            rows[count++] = row;
        }
    }
    if (count)
        qsort(rows, count, sizeof *rows, compare_peer);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && compare_peer(&rows[i], &rows[next]) == 0; next++)
            ;
        host_builder_peer(take->builder, &(struct host_peer){.protocol = HOST_TCP, .address = rows[i].remote,
            .port = rows[i].remote_port, .process = "", .user = host_user_name(take->reader, rows[i].uid), .count = (unsigned)(next - i)});
    }
    free(rows);
}

bool host_take_sessions(struct host_take *take, char *text)
{
    char *how = host_line(&text);
    if (!how)
        return false;
    bool proc = strncmp(how, "proc ", 5) == 0;
    if (proc)
        take_proc_sessions(take, text);
    if (!proc && (strcmp(how, "ss") != 0 || !take_gathered(take, text)))
        return false;
    host_builder_has(take->builder, HOST_peers);
    return true;
}

void host_put_ports(struct host_take *take)
{
    bool hidden = false;
    for (unsigned i = 0; i < take->port_count; i++) {
        hidden = hidden || !take->ports[i].pid;
        host_builder_port(take->builder, &take->ports[i]);
    }
    if (take->depths & HOST_USUAL)
        host_fact_set(take->reader, "missing:port-owners", hidden ? N_("the watching account may not see every process") : NULL);
}

/* What is expected of a host, and what it does beside that: ports, units, outbound connections (R041, R198). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/hosts_private.h"
#include "model/filter.h"

#define PASSING_PORT 32768 /* where clients' own UDP ports begin */

/* ---- what is expected ---- */

void hosts_configure(struct hosts *hosts, const struct hosts_expectation *expectations, unsigned count)
{
    for (unsigned i = 0; i < hosts->expectation_count; i++)
        filter_free(&hosts->filters[i]);
    free(hosts->filters);
    hosts->expectations = expectations;
    hosts->expectation_count = count;
    hosts->filters = count ? memory_new_array(count, sizeof(struct filter *)) : NULL;
    for (unsigned i = 0; i < count; i++)
        hosts->filters[i] = filter_parse(expectations[i].select, FILTER_STRICT, clock_wall(), NULL);
    for (unsigned i = 0; i < hosts->member_count; i++) {
        hosts->members[i]->expected_ledger = 0;
        if (count || hosts->members[i]->deviation_count)
            hosts_judge(hosts, hosts->members[i]);
    }
}

static void expected_find(struct hosts *hosts, uint32_t asset, struct hosts_expectation *found)
{
    const struct fleet_subject subject = {.fleet = hosts->fleet, .asset = asset};
    *found = (struct hosts_expectation){.select = "", .restart = "", .shell = ""};
    for (unsigned i = 0; i < hosts->expectation_count; i++) {
        const struct hosts_expectation *each = &hosts->expectations[i];
        if (!hosts->filters[i] || !filter_match(hosts->filters[i], &fleet_subject_ops, &subject))
            continue;
#define FIRST(list, count_)                                 \
        if (!found->list && each->list) {                   \
            found->list = each->list;                       \
            found->count_ = each->count_;                   \
        }
        FIRST(ports, port_count)
        FIRST(units, unit_count)
        FIRST(outbound, outbound_count)
        FIRST(logs, log_count)
#undef FIRST
        if (!*found->restart && each->restart)
            found->restart = each->restart;
        if (!*found->shell && each->shell)
            found->shell = each->shell;
    }
}

/* The ledger's columns, for what the configuration leaves open. */
static void expected_complete(struct hosts_expectation *expected, const struct hosts_own *own)
{
#define OWN(list, count_, column)                           \
    if (!expected->list && own->words[column]) {            \
        expected->list = own->words[column];                \
        expected->count_ = own->count[column];              \
    }
    OWN(ports, port_count, HOSTS_COLUMN_PORTS)
    OWN(units, unit_count, HOSTS_COLUMN_UNITS)
    OWN(outbound, outbound_count, HOSTS_COLUMN_OUTBOUND)
#undef OWN
}

static const struct hosts_expectation *expected_of(struct hosts *hosts, struct hosts_member *member)
{
    uint64_t revision = fleet_ledger_revision(hosts->fleet) + 1;
    if (member->expected_ledger != revision) {
        expected_find(hosts, member->asset, &member->expected);
        hosts_own_read(hosts->fleet, member->asset, &member->own);
        expected_complete(&member->expected, &member->own);
    }
    member->expected_ledger = revision;
    return &member->expected;
}

void hosts_expected(struct hosts *hosts, uint32_t asset, struct hosts_expectation *expected)
{
    struct hosts_member *member = hosts_member(hosts, asset);
    if (member)
        *expected = *expected_of(hosts, member);
    else
        expected_find(hosts, asset, expected);
}

/* ---- ports ---- */

bool hosts_port_parse(const char *text, struct hosts_ports *ports)
{
    char *end;
    ports->first = ports->last = (unsigned)strtoul(text, &end, 10);
    if (end == text || *text < '0' || *text > '9')
        return false;
    if (*end == '-' && end[1] >= '0' && end[1] <= '9')
        ports->last = (unsigned)strtoul(end + 1, &end, 10);
    ports->tcp = !*end || strcmp(end, "/tcp") == 0;
    ports->udp = !*end || strcmp(end, "/udp") == 0;
    return (ports->tcp || ports->udp) && ports->first > 0 && ports->first <= ports->last && ports->last < 65536;
}

static bool ports_have(const struct hosts_ports *ports, const struct host_port *port)
{
    return port->port >= ports->first && port->port <= ports->last && (port->protocol == HOST_UDP ? ports->udp : ports->tcp);
}

/* ---- outbound ---- */

static bool address_read(const char *text, unsigned char bytes[16], unsigned *bits)
{
    *bits = strchr(text, ':') ? 128 : 32;
    return inet_pton(*bits == 128 ? AF_INET6 : AF_INET, text, bytes) == 1;
}

bool hosts_net_parse(const char *text, struct hosts_net *net)
{
    char copy[80], *at = copy, *end = NULL;
    if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy)
        return false;
    net->port = 0;
    if (*at == '[') {
        at++;
        end = strchr(at, ']');
        if (!end)
            return false;
        *end++ = '\0';
        end = *end == ':' ? end + 1 : *end ? NULL : end;
        if (!end)
            return false;
    } else if (strchr(at, ':') && strchr(at, ':') == strrchr(at, ':')) {
        end = strchr(at, ':');
        *end++ = '\0';
    }
    if (end && *end) {
        struct hosts_ports port;
        if (!hosts_port_parse(end, &port) || port.first != port.last)
            return false;
        net->port = port.first;
    }
    char *slash = strchr(at, '/');
    if (slash)
        *slash++ = '\0';
    if (!address_read(at, net->bytes, &net->family))
        return false;
    net->prefix = net->family;
    if (slash) {
        net->prefix = (unsigned)strtoul(slash, &end, 10);
        if (end == slash || *end || net->prefix > net->family)
            return false;
    }
    return true;
}

static bool net_has(const struct hosts_net *net, const unsigned char bytes[16], unsigned family, unsigned port)
{
    if (net->family != family || (net->port && net->port != port))
        return false;
    unsigned whole = net->prefix / 8, rest = net->prefix % 8;
    if (memcmp(net->bytes, bytes, whole) != 0)
        return false;
    unsigned char mask = (unsigned char)(0xFF00u >> rest);
    return !rest || (net->bytes[whole] & mask) == (bytes[whole] & mask);
}

static bool is_loopback(const unsigned char bytes[16], unsigned family)
{
    static const unsigned char one[16] = {[15] = 1};
    return family == 32 ? bytes[0] == 127 : memcmp(bytes, one, 16) == 0;
}

/* ---- deviations ---- */

struct found {
    struct hosts *hosts;
    struct hosts_member *member;
    struct host_deviation *rows;
    unsigned count, capacity;
};

static void find(struct found *found, enum host_deviation_kind kind, const char *point, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void find(struct found *found, enum host_deviation_kind kind, const char *point, const char *format, ...)
{
    if (found->count == HOSTS_DEVIATIONS)
        return;
    for (unsigned i = 0; i < found->count; i++)
        if (found->rows[i].kind == kind && strcmp(found->rows[i].point, point) == 0)
            return;
    ARRAY_RESERVE(found->rows, found->capacity, found->count + 1);
    struct host_deviation *row = &found->rows[found->count++];
    char evidence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(evidence, sizeof evidence, format, arguments);
    va_end(arguments);
    row->kind = kind;
    text_clean_into(row->point, sizeof row->point, point, strlen(point));
    text_clean_into(row->evidence, sizeof row->evidence, evidence, strlen(evidence));
    row->since = found->member->host->taken;
    for (unsigned i = 0; i < found->member->deviation_count; i++) {
        const struct host_deviation *before = &found->member->deviations[i];
        if (before->kind == kind && strcmp(before->point, row->point) == 0)
            row->since = before->since;
    }
}

/* "python3 (pid 4711, user www)" */
static const char *who_is(const char *process, int pid, const char *user, char out[160])
{
    char known[80] = "";
    if (pid)
        snprintf(known, sizeof known, N_("pid %d%s"), pid, *user ? ", " : "");
    if (*user)
        snprintf(known + strlen(known), sizeof known - strlen(known), N_("user %.40s"), user);
    snprintf(out, 160, "%.60s%s%s%s", *process ? process : N_("a process"), *known ? " (" : "", known, *known ? ")" : "");
    return out;
}

static void judge_ports(struct found *found, const struct hosts_expectation *expected)
{
    const struct host *host = found->member->host;
    struct hosts_ports *ports = memory_new_array(expected->port_count + 1, sizeof *ports);
    bool *seen = memory_new_array(expected->port_count + 1, sizeof *seen);
    for (unsigned i = 0; i < expected->port_count; i++)
        hosts_port_parse(expected->ports[i], &ports[i]); /* was checked: all zero has no port */
    for (unsigned i = 0; i < host->port_count; i++) {
        const struct host_port *port = &host->ports[i];
        const char *protocol = port->protocol == HOST_UDP ? "udp" : "tcp";
        char point[24], who[160];
        bool known = port->protocol == HOST_UDP && port->port >= PASSING_PORT;
        for (unsigned each = 0; each < expected->port_count; each++)
            if (ports_have(&ports[each], port))
                known = seen[each] = true;
        snprintf(point, sizeof point, "%u/%s", port->port, protocol);
        if (!known)
            find(found, HOST_PORT_UNEXPECTED, point, "%s listens on %s%s%s:%u", who_is(port->process, port->pid, port->user, who),
                 strchr(port->address, ':') ? "[" : "", port->address, strchr(port->address, ':') ? "]" : "", port->port);
    }
    for (unsigned each = 0; each < expected->port_count; each++)
        if (!seen[each] && ports[each].first && ports[each].first == ports[each].last) {
            char point[24];
            snprintf(point, sizeof point, "%u/%s", ports[each].first, ports[each].tcp ? "tcp" : "udp");
            find(found, HOST_PORT_MISSING, point, "nothing listens on %s", point);
        }
    free(ports);
    free(seen);
}

static void judge_units(struct found *found, const struct hosts_expectation *expected)
{
    const struct host *host = found->member->host;
    for (unsigned i = 0; i < host->unit_count; i++)
        if (host->units[i].failed)
            find(found, HOST_UNIT_FAILED, host->units[i].name, "%s: %s (%s)", host->units[i].name, host->units[i].state, host->units[i].sub);
    for (unsigned each = 0; each < expected->unit_count; each++) {
        const char *pattern = expected->units[each], *state = N_("not there");
        char with_kind[160];
        bool runs = false;
        snprintf(with_kind, sizeof with_kind, "%s%s", pattern, strchr(pattern, '.') || strchr(pattern, '*') ? "" : ".service");
        for (unsigned i = 0; i < host->unit_count && !runs; i++) {
            if (!text_glob(with_kind, host->units[i].name))
                continue;
            runs = strcmp(host->units[i].state, "active") == 0 || strcmp(host->units[i].state, "reloading") == 0;
            state = host->units[i].state;
        }
        if (!runs)
            find(found, HOST_UNIT_MISSING, with_kind, "%s should run and is %s", with_kind, state);
    }
}

static void judge_outbound(struct found *found, const struct hosts_expectation *expected)
{
    const struct host *host = found->member->host;
    struct hosts_net *nets = memory_new_array(expected->outbound_count + 1, sizeof *nets);
    unsigned count = 0;
    for (unsigned i = 0; i < expected->outbound_count; i++)
        count += hosts_net_parse(expected->outbound[i], &nets[count]);
    for (unsigned i = 0; i < host->peer_count; i++) {
        const struct host_peer *peer = &host->peers[i];
        unsigned char bytes[16];
        unsigned family;
        bool allowed = !address_read(peer->address, bytes, &family) || is_loopback(bytes, family);
        for (unsigned net = 0; !allowed && net < count; net++)
            allowed = net_has(&nets[net], bytes, family, peer->port);
        if (allowed)
            continue;
        char point[80], who[160];
        snprintf(point, sizeof point, family == 128 ? "[%s]:%u" : "%s:%u", peer->address, peer->port);
        find(found, HOST_OUTBOUND, point,
             COUNTED(peer->count, N_("%s is connected to %s, which is not allowed (%u connection)"),
                     N_("%s is connected to %s, which is not allowed (%u connections)")),
             who_is(peer->process, peer->pid, peer->user, who), point, peer->count);
    }
    free(nets);
}

void hosts_judge(struct hosts *hosts, struct hosts_member *member)
{
    struct found found = {.hosts = hosts, .member = member};
    const struct hosts_expectation *expected = expected_of(hosts, member);
    if (!member->host)
        return;
    if (member->host->lists & 1u << HOST_ports && expected->ports)
        judge_ports(&found, expected);
    if (member->host->lists & 1u << HOST_units)
        judge_units(&found, expected);
    if (member->host->lists & 1u << HOST_peers && expected->outbound)
        judge_outbound(&found, expected);
    free(member->deviations);
    member->deviations = found.rows;
    member->deviation_count = found.count;
}

unsigned hosts_deviations(struct hosts *hosts, uint32_t asset, struct host_deviation *found, unsigned max)
{
    const struct hosts_member *member = hosts_member(hosts, asset);
    if (!member)
        return 0;
    unsigned count = member->deviation_count < max ? member->deviation_count : max;
    if (count)
        memcpy(found, member->deviations, count * sizeof *found);
    return member->deviation_count;
}

const char *host_deviation_name(enum host_deviation_kind kind)
{
    static const char *const names[] = {
        [HOST_PORT_UNEXPECTED] = "port-unexpected", [HOST_PORT_MISSING] = "port-missing", [HOST_UNIT_MISSING] = "unit-missing",
        [HOST_UNIT_FAILED] = "unit-failed", [HOST_OUTBOUND] = "outbound"};
    return names[kind];
}

/* A host's figures by the names under which they are stored and ruled (host.h). */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/host.h"

/* Each name is a column of history for good: what a host has by the hundred is in the lists, not in history. */
#define DISKS_MAX 32
#define INTERFACES_MAX 16
#define SERVICES_MAX 16
#define EPHEMERAL_PORT 32768

struct visitor {
    host_metric_visit *visit;
    void *owner;
};

static void put(const struct visitor *visitor, const char *name, double value)
{
    if (isfinite(value))
        visitor->visit(visitor->owner, name, value);
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100.0 * part / whole : NAN;
}

void host_metric_name(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s", name[0] == '/' && name[1] ? name + 1 : name[0] == '/' ? "root" : name);
    for (char *at = out; *at; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
}

static void put_disks(const struct visitor *visitor, const struct host *host)
{
    double worst = NAN, worst_inodes = NAN;
    for (unsigned i = 0; i < host->disk_count; i++) {
        const struct host_disk *disk = &host->disks[i];
        worst = fmax(worst, disk->used_percent);
        worst_inodes = fmax(worst_inodes, disk->inodes_percent);
        if (i >= DISKS_MAX)
            continue;
        char mount[HOST_NAME], name[80];
        const struct { const char *format; double value; } figures[] = {
            {"disk_%s_percent", disk->used_percent}, {"inodes_%s_percent", disk->inodes_percent},
            {"disk_%s_latency_ms", disk->latency}, {"disk_%s_busy_percent", disk->busy_percent},
            {"disk_%s_size_bytes", disk->size}, {"disk_%s_used_bytes", disk->used}};
        host_metric_name(mount, sizeof mount, disk->mount);
        for (size_t figure = 0; figure < ARRAY_COUNT(figures); figure++) {
            int stem = (int)(strchr(figures[figure].format, '%') - figures[figure].format);
            snprintf(name, sizeof name, "%.*s%s%s", stem, figures[figure].format, mount, figures[figure].format + stem + 2);
            put(visitor, name, figures[figure].value);
        }
    }
    put(visitor, "disk_worst_percent", worst);
    put(visitor, "inodes_worst_percent", worst_inodes);
}

/* Those that come and go with every container would leave a name each in history. */
static bool is_passing(const char *interface)
{
    static const char *const stems[] = {"veth", "cali", "tap", "vnet", "br-", "lxc", "flannel", "cni"};
    for (size_t i = 0; i < ARRAY_COUNT(stems); i++)
        if (strncmp(interface, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

static void put_interfaces(const struct visitor *visitor, const struct host *host)
{
    double errors = NAN;
    unsigned shown = 0;
    for (unsigned i = 0; i < host->interface_count; i++) {
        const struct host_interface *interface = &host->interfaces[i];
        if (interface->loopback)
            continue;
        if (isfinite(interface->error_rate))
            errors = (isnan(errors) ? 0 : errors) + interface->error_rate;
        if (is_passing(interface->name) || shown++ >= INTERFACES_MAX)
            continue;
        char clean[HOST_NAME], name[80];
        host_metric_name(clean, sizeof clean, interface->name);
        snprintf(name, sizeof name, "net_%s_in_percent", clean);
        put(visitor, name, percent(8 * interface->in_rate, interface->speed));
        snprintf(name, sizeof name, "net_%s_out_percent", clean);
        put(visitor, name, percent(8 * interface->out_rate, interface->speed));
        snprintf(name, sizeof name, "net_%s_in_bytes_per_second", clean);
        put(visitor, name, interface->in_rate);
        snprintf(name, sizeof name, "net_%s_out_bytes_per_second", clean);
        put(visitor, name, interface->out_rate);
    }
    put(visitor, "net_errors_per_second", errors);
}

static bool is_local(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static void put_services(const struct visitor *visitor, const struct host *host)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < host->port_count && shown < SERVICES_MAX; i++) {
        const struct host_port *port = &host->ports[i];
        char name[32];
        if (port->protocol != HOST_TCP || port->port >= EPHEMERAL_PORT || is_local(port->address))
            continue;
        snprintf(name, sizeof name, "sessions_%u", port->port);
        put(visitor, name, port->sessions);
        shown++;
    }
}

static void put_certificates(const struct visitor *visitor, const struct host *host)
{
    double days = NAN;
    for (unsigned i = 0; i < host->certificate_count; i++)
        if (host->certificates[i].ends != CLOCK_NEVER)
            days = fmin(days, (double)(host->certificates[i].ends - host->taken) / (double)SPAN_DAY);
    put(visitor, "certificate_days", days);
}

void host_metrics(const struct host *host, host_metric_visit *visit, void *owner)
{
    const struct visitor visitor = {visit, owner};
    const struct { const char *name; double value; } figures[] = {
        {"cpu_percent", host->cpu}, {"user_percent", host->user}, {"system_percent", host->system},
        {"iowait_percent", host->iowait}, {"steal_percent", host->steal},
        {"load1", host->load1}, {"load5", host->load5}, {"load15", host->load15},
        {"load_per_core", host->online_cores ? host->load1 / host->online_cores : NAN},
        {"memory_percent", percent(host->memory_used, host->memory_total)}, {"memory_used_bytes", host->memory_used},
        {"swap_percent", percent(host->swap_used, host->swap_total)},
        {"swap_used_bytes", host->swap_used},
        {"pressure_cpu_percent", host->pressure_cpu}, {"pressure_io_percent", host->pressure_io},
        {"pressure_memory_percent", host->pressure_memory}, {"oom_kills", host->oom_kills},
        {"net_in_bytes_per_second", host->in_rate}, {"net_out_bytes_per_second", host->out_rate},
        {"tcp_sockets", host->tcp_sockets}, {"tcp_established", host->tcp_established},
        {"tcp_time_wait", host->tcp_time_wait}, {"processes", host->tasks ? host->tasks : NAN},
        {"failed_units", host->lists & 1u << HOST_units ? host->failed_units : NAN},
        {"logins", host->lists & 1u << HOST_logins ? host->login_count : NAN},
        {"failed_logins", host->failed_logins}, {"time_offset_seconds", host->time_offset},
        {"security_updates", host->security_updates}, {"uptime_seconds", host->uptime},
    };
    for (size_t i = 0; i < ARRAY_COUNT(figures); i++)
        put(&visitor, figures[i].name, figures[i].value);
    put_disks(&visitor, host);
    put_interfaces(&visitor, host);
    put_services(&visitor, host);
    put_certificates(&visitor, host);
}

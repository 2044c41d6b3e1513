/* A server by its agent: HOST-RESOURCES-MIB (RFC 2790), and what net-snmp's own UCD-SNMP-MIB knows better. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/snmp_profile.h"

#define HR "1.3.6.1.2.1.25."
#define UCD "1.3.6.1.4.1.2021."
enum {
    HR_UPTIME, HR_PROCESSES, STORAGE_TYPE, STORAGE_NAME, STORAGE_UNIT, STORAGE_SIZE, STORAGE_USED, CPU, CPU_LOAD,
    LOAD1, LOAD5, LOAD15, SWAP_TOTAL, SWAP_FREE, MEMORY_TOTAL, MEMORY_FREE, MEMORY_BUFFERS, MEMORY_CACHED, RAW_USER, RAW_NICE,
    RAW_SYSTEM, RAW_IDLE, RAW_WAIT, RAW_STEAL,
};
static const struct snmp_column_name columns[] = {
    [HR_UPTIME] = {HR "1.1.0", false}, [HR_PROCESSES] = {HR "1.6.0", false}, 
    [STORAGE_TYPE] = {HR "2.3.1.2", true}, [STORAGE_NAME] = {HR "2.3.1.3", true}, [STORAGE_UNIT] = {HR "2.3.1.4", true},
    [STORAGE_SIZE] = {HR "2.3.1.5", true}, [STORAGE_USED] = {HR "2.3.1.6", true}, [CPU] = {HR "3.3.1.1", true},
    [CPU_LOAD] = {HR "3.3.1.2", true},
    [LOAD1] = {UCD "10.1.3.1", false}, [LOAD5] = {UCD "10.1.3.2", false}, [LOAD15] = {UCD "10.1.3.3", false},
    [SWAP_TOTAL] = {UCD "4.3.0", false}, [SWAP_FREE] = {UCD "4.4.0", false}, [MEMORY_TOTAL] = {UCD "4.5.0", false},
    [MEMORY_FREE] = {UCD "4.6.0", false}, [MEMORY_BUFFERS] = {UCD "4.14.0", false}, [MEMORY_CACHED] = {UCD "4.15.0", false},
    [RAW_USER] = {UCD "11.50.0", false}, [RAW_NICE] = {UCD "11.51.0", false}, [RAW_SYSTEM] = {UCD "11.52.0", false},
    [RAW_IDLE] = {UCD "11.53.0", false}, [RAW_WAIT] = {UCD "11.54.0", false}, [RAW_STEAL] = {UCD "11.64.0", false}, {NULL, false}};

/* hrStorageTypes */
enum { STORAGE_RAM = 2, STORAGE_VIRTUAL = 3, STORAGE_FIXED_DISK = 4, STORAGE_NETWORK_DISK = 10 };

/* Integer32 that agents let run over at 2^31 units. */
static double unsigned_number(double number)
{
    return number < 0 ? number + 4294967296.0 : number;
}

static bool is_system_mount(const char *mount)
{
    static const char *const stems[] = {"/dev", "/run", "/sys", "/proc", "/snap/"};
    for (size_t i = 0; i < ARRAY_COUNT(stems); i++)
        if (strncmp(mount, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

static void read_disk(const struct snmp_reading *reading, struct snmp_result *result, uint64_t row, size_t at, double size, double used)
{
    char mount[128] = "";
    const struct snmp_cell *name = snmp_row(reading, STORAGE_NAME, row, at);
    if (name && name->text)
        text_clean_into(mount, sizeof mount, name->text, strlen(name->text));
    if (mount[0] != '/' && strchr(mount, ' '))
        *strchr(mount, ' ') = '\0'; /* "C:\ Label:System  Serial Number 1a2b" */
    if (mount[0] == '\0' || is_system_mount(mount) || !(size > 0))
        return;
    host_builder_disk(result->builder, &(struct host_disk){
        .mount = mount, .device = "", .kind = "", .size = size, .used = used, .available = size - used, .used_percent = 100.0 * used / size,
        .inodes_percent = NAN, .read_rate = NAN, .write_rate = NAN, .busy_percent = NAN, .latency = NAN});
}

static void read_storage(const struct snmp_reading *reading, struct snmp_result *result, struct host *host)
{
    const struct snmp_column *types = snmp_table(reading, STORAGE_TYPE);
    for (size_t i = 0; i < types->count; i++) {
        uint64_t row = types->cells[i].row;
        double unit = snmp_row_number(reading, STORAGE_UNIT, row, i);
        double size = unsigned_number(snmp_row_number(reading, STORAGE_SIZE, row, i)) * unit;
        double used = unsigned_number(snmp_row_number(reading, STORAGE_USED, row, i)) * unit;
        uint64_t type = types->cells[i].count;
        if (type == STORAGE_FIXED_DISK || type == STORAGE_NETWORK_DISK) {
            read_disk(reading, result, row, i, size, used);
        } else if (type == STORAGE_RAM && isnan(host->memory_total)) {
            host->memory_total = size;
            host->memory_used = used;
            host->memory_available = size - used;
        }
    }
    if (types->count)
        host_builder_has(result->builder, HOST_disks);
}

static void read_memory(const struct snmp_reading *reading, struct host *host)
{
    double total = snmp_number(reading, MEMORY_TOTAL) * 1024, buffers = snmp_number(reading, MEMORY_BUFFERS), cached = snmp_number(reading, MEMORY_CACHED);
    double available = (snmp_number(reading, MEMORY_FREE) + (isnan(buffers) ? 0 : buffers) + (isnan(cached) ? 0 : cached)) * 1024;
    if (total > 0 && available >= 0) {
        host->memory_total = total;
        host->memory_available = fmin(available, total);
        host->memory_used = total - host->memory_available;
    }
    host->swap_total = snmp_number(reading, SWAP_TOTAL) * 1024;
    host->swap_used = host->swap_total - snmp_number(reading, SWAP_FREE) * 1024;
}

/* The processors' times where there are any: hrProcessorLoad is the mean of the last minute, and absent in the first. */
static void read_cpu_times(const struct snmp_reading *reading, struct host *host)
{
    enum { USER, NICE, SYSTEM, IDLE, WAIT, STEAL, TIMES };
    double rate[TIMES], all = 0;
    for (unsigned i = 0; i < TIMES; i++) {
        const struct snmp_column *now = snmp_table(reading, RAW_USER + i);
        rate[i] = now->count ? snmp_row_rate(reading, RAW_USER + i, now->cells[0].row, 0, NAN) : NAN;
        all += isnan(rate[i]) ? 0 : rate[i];
    }
    if (!(all > 0) || isnan(rate[IDLE]))
        return;
    host->cpu = 100.0 * (1.0 - rate[IDLE] / all);
    host->user = 100.0 * (rate[USER] + (isnan(rate[NICE]) ? 0 : rate[NICE])) / all;
    host->system = 100.0 * rate[SYSTEM] / all;
    host->iowait = 100.0 * rate[WAIT] / all;
    host->steal = 100.0 * rate[STEAL] / all;
}

static void read_cpu(const struct snmp_reading *reading, struct host *host)
{
    const struct snmp_column *loads = snmp_table(reading, CPU_LOAD);
    double sum = 0;
    for (size_t i = 0; i < loads->count; i++)
        sum += loads->cells[i].number;
    host->online_cores = (unsigned)snmp_table(reading, CPU)->count;
    if (loads->count)
        host->cpu = sum / (double)loads->count;
    read_cpu_times(reading, host);
    host->load1 = snmp_number(reading, LOAD1);
    host->load5 = snmp_number(reading, LOAD5);
    host->load15 = snmp_number(reading, LOAD15);
}

static bool read_host(const struct snmp_reading *reading, struct snmp_result *result)
{
    struct host *host = host_builder_figures(result->builder);
    double uptime = snmp_number(reading, HR_UPTIME) / 100.0, tasks = snmp_number(reading, HR_PROCESSES);
    read_cpu(reading, host);
    read_memory(reading, host);
    read_storage(reading, result, host);
    if (isfinite(uptime))
        host->uptime = uptime; /* the host's, not the agent's */
    if (tasks > 0)
        host->tasks = (unsigned)tasks;
    bool any = isfinite(host->cpu) || isfinite(host->memory_total) || tasks > 0;
    result->is_host |= any;
    return any;
}

extern const struct snmp_profile snmp_profile_host;
const struct snmp_profile snmp_profile_host = {"host", columns, read_host, N_("no host resources (RFC 2790)")};

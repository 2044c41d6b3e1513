/* The interfaces of a switch, router, gateway or server: IF-MIB (RFC 2863), 64-bit counters where there are any. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "collect/snmp_profile.h"

#define IF "1.3.6.1.2.1.2.2.1."
#define IFX "1.3.6.1.2.1.31.1.1.1."
enum {
    DESCR, TYPE, SPEED, ADMIN, OPER, IN, IN_DISCARDS, IN_ERRORS, OUT, OUT_DISCARDS, OUT_ERRORS, NAME, WIDE_IN, WIDE_OUT, HIGH_SPEED,
};
static const struct snmp_column_name columns[] = {
    [DESCR] = {IF "2", true}, [TYPE] = {IF "3", true}, [SPEED] = {IF "5", true}, [ADMIN] = {IF "7", true}, [OPER] = {IF "8", true},
    [IN] = {IF "10", true}, [IN_DISCARDS] = {IF "13", true}, [IN_ERRORS] = {IF "14", true}, [OUT] = {IF "16", true},
    [OUT_DISCARDS] = {IF "19", true}, [OUT_ERRORS] = {IF "20", true}, [NAME] = {IFX "1", true}, [WIDE_IN] = {IFX "6", true},
    [WIDE_OUT] = {IFX "10", true}, [HIGH_SPEED] = {IFX "15", true}, {NULL, false}};

#define TYPE_LOOPBACK 24

/* ifType of what carries the traffic of others a second time: VLANs, tunnels, link groups, bridges. */
static bool is_shadow(double type)
{
    static const int shadows[] = {53, 131, 135, 136, 161, 209};
    for (size_t i = 0; i < ARRAY_COUNT(shadows); i++)
        if (type == shadows[i])
            return true;
    return false;
}

static double speed_of(const struct snmp_reading *reading, uint64_t row, size_t hint)
{
    double megabits = snmp_row_number(reading, HIGH_SPEED, row, hint), bits = snmp_row_number(reading, SPEED, row, hint);
    if (megabits > 0)
        return megabits * 1e6;
    return bits > 0 && bits < UINT32_MAX ? bits : NAN; /* at its limit it means: more than that */
}

static double rate_of(const struct snmp_reading *reading, unsigned wide, unsigned narrow, uint64_t row, size_t hint, double speed)
{
    double most = speed / 8 * 1.1;
    double rate = snmp_row_rate(reading, wide, row, hint, most);
    return snmp_row(reading, wide, row, hint) ? rate : snmp_row_rate(reading, narrow, row, hint, most);
}

static double sum_of(double left, double right)
{
    return isnan(left) ? right : isnan(right) ? left : left + right;
}

static void name_of(const struct snmp_reading *reading, uint64_t row, size_t hint, char *out, size_t size)
{
    const unsigned from[] = {NAME, DESCR};
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(from) && out[0] == '\0'; i++) {
        const struct snmp_cell *cell = snmp_row(reading, from[i], row, hint);
        if (cell && cell->text)
            text_clean_into(out, size, cell->text, strlen(cell->text));
    }
    if (out[0] == '\0')
        snprintf(out, size, "if%llu", (unsigned long long)row);
}

struct counted { unsigned all, up, down; char down_names[120]; };

static void count_state(struct counted *counted, const struct host_interface *interface, double admin)
{
    counted->all++;
    counted->up += interface->up;
    if (admin != 1 || interface->up)
        return;
    size_t length = strlen(counted->down_names);
    if (length + strlen(interface->name) + 8 < sizeof counted->down_names)
        snprintf(counted->down_names + length, sizeof counted->down_names - length, "%s%s", length ? " " : "", interface->name);
    counted->down++;
}

static bool read_interfaces(const struct snmp_reading *reading, struct snmp_result *result)
{
    const struct snmp_column *states = snmp_table(reading, OPER);
    struct host *host = host_builder_figures(result->builder);
    struct counted counted = {0};
    for (size_t i = 0; i < states->count; i++) {
        uint64_t row = states->cells[i].row;
        char name[64];
        double type = snmp_row_number(reading, TYPE, row, i), speed = speed_of(reading, row, i);
        struct host_interface interface = {.name = name, .speed = speed, .up = states->cells[i].number == 1, .loopback = type == TYPE_LOOPBACK};
        name_of(reading, row, i, name, sizeof name);
        interface.in_rate = rate_of(reading, WIDE_IN, IN, row, i, speed);
        interface.out_rate = rate_of(reading, WIDE_OUT, OUT, row, i, speed);
        interface.error_rate = sum_of(snmp_row_rate(reading, IN_ERRORS, row, i, NAN), snmp_row_rate(reading, OUT_ERRORS, row, i, NAN));
        interface.drop_rate = sum_of(snmp_row_rate(reading, IN_DISCARDS, row, i, NAN), snmp_row_rate(reading, OUT_DISCARDS, row, i, NAN));
        host_builder_interface(result->builder, &interface);
        if (interface.loopback)
            continue;
        count_state(&counted, &interface, snmp_row_number(reading, ADMIN, row, i));
        if (!is_shadow(type)) {
            host->in_rate = sum_of(host->in_rate, interface.in_rate);
            host->out_rate = sum_of(host->out_rate, interface.out_rate);
        }
    }
    if (states->count == 0)
        return false;
    host_builder_has(result->builder, HOST_interfaces);
    result->is_host = true;
    result->put(result->owner, "interfaces_up", counted.up);
    result->put(result->owner, "interfaces_down", counted.down);
    host_builder_factf(result->builder, "interfaces", "%u, %u up", counted.all, counted.up);
    if (counted.down)
        host_builder_factf(result->builder, "interfaces down", "%u switched on and down: %s", counted.down, counted.down_names);
    return true;
}

extern const struct snmp_profile snmp_profile_interfaces;
const struct snmp_profile snmp_profile_interfaces = {"interfaces", columns, read_interfaces, N_("no interfaces (IF-MIB)")};

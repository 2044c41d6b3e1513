#include "collect/snmp_profile.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

extern const struct snmp_profile snmp_profile_ups, snmp_profile_interfaces, snmp_profile_host;

const struct snmp_profile *snmp_profile_find(const char *name)
{
    static const struct snmp_profile *const profiles[] = {&snmp_profile_ups, &snmp_profile_interfaces, &snmp_profile_host};
    for (size_t i = 0; i < ARRAY_COUNT(profiles); i++)
        if (strcmp(profiles[i]->name, name) == 0)
            return profiles[i];
    return NULL;
}

double snmp_number(const struct snmp_reading *reading, unsigned column)
{
    return snmp_harvest_number(reading->now, reading->columns[column]);
}

static bool cell_text(const struct snmp_cell *cell, char *out, size_t size)
{
    out[0] = '\0';
    if (!cell || !cell->text)
        return false;
    text_clean_into(out, size, cell->text, strlen(cell->text));
    return out[0] != '\0';
}

bool snmp_text(const struct snmp_reading *reading, unsigned column, char *out, size_t size)
{
    return cell_text(snmp_harvest_one(reading->now, reading->columns[column]), out, size);
}

const struct snmp_column *snmp_table(const struct snmp_reading *reading, unsigned column)
{
    return &reading->now->columns[reading->columns[column]];
}

const struct snmp_column *snmp_table_before(const struct snmp_reading *reading, unsigned column)
{
    return reading->before ? &reading->before->columns[reading->columns[column]] : NULL;
}

const struct snmp_cell *snmp_row(const struct snmp_reading *reading, unsigned column, uint64_t row, size_t hint)
{
    return snmp_column_row(snmp_table(reading, column), row, hint);
}

double snmp_row_number(const struct snmp_reading *reading, unsigned column, uint64_t row, size_t hint)
{
    const struct snmp_cell *cell = snmp_row(reading, column, row, hint);
    return cell ? cell->number : NAN;
}

double snmp_row_rate(const struct snmp_reading *reading, unsigned column, uint64_t row, size_t hint, double most)
{
    const struct snmp_column *before = snmp_table_before(reading, column);
    return before ? snmp_rate(snmp_column_row(before, row, hint), snmp_row(reading, column, row, hint), reading->seconds, most) : NAN;
}

void snmp_judge(struct snmp_result *result, enum health verdict, const char *format, ...)
{
    char reason[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    /* WARNING and CRITICAL only: their order is the enum's. */
    bool worse = result->evidence[0] == '\0' || verdict == HEALTH_CRITICAL;
    bool same = result->verdict == verdict && result->evidence[0] != '\0';
    if (same) {
        size_t length = strlen(result->evidence);
        snprintf(result->evidence + length, sizeof result->evidence - length, "; %s", reason);
    } else if (worse) {
        snprintf(result->evidence, sizeof result->evidence, "%s", reason);
        result->verdict = verdict;
    }
}

/* ---- what every agent says of itself (RFC 3418, system) ---- */

enum { ABOUT, UPTIME = SNMP_SYSTEM_UPTIME, CONTACT, NAME, LOCATION };
static const struct snmp_column_name system_columns[] = {
    [ABOUT] = {"1.3.6.1.2.1.1.1.0", false}, [UPTIME] = {"1.3.6.1.2.1.1.3.0", false}, [CONTACT] = {"1.3.6.1.2.1.1.4.0", false},
    [NAME] = {"1.3.6.1.2.1.1.5.0", false},  [LOCATION] = {"1.3.6.1.2.1.1.6.0", false}, {NULL, false}};

static bool read_system(const struct snmp_reading *reading, struct snmp_result *result)
{
    static const struct { unsigned column; const char *fact; } facts[] = {
        {ABOUT, "system"}, {NAME, "name"}, {LOCATION, "location"}, {CONTACT, "contact"}};
    char text[160];
    for (size_t i = 0; i < ARRAY_COUNT(facts); i++)
        if (snmp_text(reading, facts[i].column, text, sizeof text))
            host_builder_factf(result->builder, facts[i].fact, "%s", text);
    snmp_text(reading, ABOUT, result->model, sizeof result->model);
    snmp_text(reading, NAME, result->name, sizeof result->name);
    double uptime = snmp_number(reading, UPTIME) / 100.0;
    host_builder_figures(result->builder)->uptime = uptime;
    return isfinite(uptime);
}

const struct snmp_profile snmp_profile_system = {"system", system_columns, read_system, ""};

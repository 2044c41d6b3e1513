/* A UPS: RFC 1628 (UPS-MIB), which nearly every network card of one speaks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "collect/snmp_profile.h"

#define UPS "1.3.6.1.2.1.33.1."
enum {
    MANUFACTURER, MODEL, NAME, BATTERY_STATUS, SECONDS_ON_BATTERY, MINUTES_LEFT, CHARGE_LEFT, BATTERY_VOLTAGE, BATTERY_CURRENT,
    BATTERY_CELSIUS, LINE_BADS, INPUT_HERTZ, INPUT_VOLTS, OUTPUT_SOURCE, OUTPUT_HERTZ, OUTPUT_VOLTS, OUTPUT_WATTS, OUTPUT_LOAD,
    ALARMS_PRESENT, ALARM,
};

static const struct snmp_column_name columns[] = {
    [MANUFACTURER] = {UPS "1.1.0", false}, [MODEL] = {UPS "1.2.0", false}, [NAME] = {UPS "1.5.0", false},
    [BATTERY_STATUS] = {UPS "2.1.0", false}, [SECONDS_ON_BATTERY] = {UPS "2.2.0", false}, [MINUTES_LEFT] = {UPS "2.3.0", false},
    [CHARGE_LEFT] = {UPS "2.4.0", false}, [BATTERY_VOLTAGE] = {UPS "2.5.0", false}, [BATTERY_CURRENT] = {UPS "2.6.0", false},
    [BATTERY_CELSIUS] = {UPS "2.7.0", false}, [LINE_BADS] = {UPS "3.1.0", false}, [INPUT_HERTZ] = {UPS "3.3.1.2", true},
    [INPUT_VOLTS] = {UPS "3.3.1.3", true}, [OUTPUT_SOURCE] = {UPS "4.1.0", false}, [OUTPUT_HERTZ] = {UPS "4.2.0", false},
    [OUTPUT_VOLTS] = {UPS "4.4.1.2", true}, [OUTPUT_WATTS] = {UPS "4.4.1.4", true}, [OUTPUT_LOAD] = {UPS "4.4.1.5", true},
    [ALARMS_PRESENT] = {UPS "6.1.0", false}, [ALARM] = {UPS "6.2.1.2", true}, {NULL, false}};

/* Single figures: name, column, and what one of the MIB's units is of ours. */
static const struct { const char *metric; unsigned column; double unit; } figures[] = {
    {"battery_status", BATTERY_STATUS, 1}, {"seconds_on_battery", SECONDS_ON_BATTERY, 1}, {"battery_minutes", MINUTES_LEFT, 1},
    {"battery_percent", CHARGE_LEFT, 1}, {"battery_volts", BATTERY_VOLTAGE, 0.1}, {"battery_amperes", BATTERY_CURRENT, 0.1},
    {"battery_celsius", BATTERY_CELSIUS, 1}, {"input_failures", LINE_BADS, 1}, {"output_source", OUTPUT_SOURCE, 1},
    {"output_hertz", OUTPUT_HERTZ, 0.1}, {"alarms_present", ALARMS_PRESENT, 1}};

/* Of several phases: the one that matters. */
enum over { LOWEST, HIGHEST, TOGETHER };
static const struct { const char *metric; unsigned column; double unit; enum over over; } phases[] = {
    {"input_hertz", INPUT_HERTZ, 0.1, LOWEST}, {"input_volts", INPUT_VOLTS, 1, LOWEST}, {"output_volts", OUTPUT_VOLTS, 1, LOWEST},
    {"output_watts", OUTPUT_WATTS, 1, TOGETHER}, {"load_percent", OUTPUT_LOAD, 1, HIGHEST}};

/* upsWellKnownAlarms; those that a person asked for, or that only tell of a test, are no trouble. */
enum { ALARM_ON_BATTERY = 2, ALARM_LOW_BATTERY, ALARM_DEPLETED_BATTERY };
static const char *const alarm_names[] = {
    NULL, N_("battery bad"), N_("on battery"), N_("battery low"), N_("battery depleted"), N_("temperature bad"), N_("input bad"), N_("output bad"),
    N_("output overload"), N_("on bypass"), N_("bypass bad"), NULL, NULL, N_("charger failed"), N_("output off"), N_("UPS system off"), N_("fan failure"),
    N_("fuse failure"), N_("general fault"), N_("diagnostic test failed"), N_("communications lost"), N_("awaiting power"), N_("shutdown pending"),
    N_("shutdown imminent"), NULL};

static double over_phases(const struct snmp_column *column, enum over over)
{
    double result = NAN;
    for (size_t i = 0; i < column->count; i++) {
        double number = column->cells[i].number;
        if (isnan(number))
            continue;
        result = isnan(result) ? number : over == LOWEST ? fmin(result, number) : over == HIGHEST ? fmax(result, number) : result + number;
    }
    return result;
}

static bool has_alarm(const struct snmp_column *alarms, uint64_t alarm)
{
    for (size_t i = 0; i < alarms->count; i++)
        if (alarms->cells[i].kind == SNMP_OBJECT && alarms->cells[i].count == alarm)
            return true;
    return false;
}

static void add_figure(char *text, size_t size, const char *format, double value)
{
    size_t length = strlen(text);
    if (isfinite(value))
        snprintf(text + length, size - length, format, value);
}

static void judge(const struct snmp_reading *reading, struct snmp_result *result, bool on_battery)
{
    const struct snmp_column *alarms = snmp_table(reading, ALARM);
    double status = snmp_number(reading, BATTERY_STATUS); /* 1 unknown, 2 normal, 3 low, 4 depleted */
    char left[96] = "";
    add_figure(left, sizeof left, ", " N_("%g %% left"), snmp_number(reading, CHARGE_LEFT));
    add_figure(left, sizeof left, ", " N_("for %g min"), snmp_number(reading, MINUTES_LEFT));
    if (status == 4 || has_alarm(alarms, ALARM_DEPLETED_BATTERY))
        snmp_judge(result, HEALTH_CRITICAL, "battery depleted%s%s", on_battery ? ", " N_("on battery") : "", left);
    else if (status == 3 || has_alarm(alarms, ALARM_LOW_BATTERY))
        snmp_judge(result, HEALTH_CRITICAL, "battery low%s%s", on_battery ? ", " N_("on battery") : "", left);
    else if (on_battery)
        snmp_judge(result, HEALTH_WARNING, "on battery%s", left);
    for (size_t i = 0; i < alarms->count; i++) {
        uint64_t alarm = alarms->cells[i].kind == SNMP_OBJECT ? alarms->cells[i].count : 0;
        bool told = alarm >= ALARM_ON_BATTERY && alarm <= ALARM_DEPLETED_BATTERY;
        if (alarm < ARRAY_COUNT(alarm_names) && alarm_names[alarm] && !told)
            snmp_judge(result, HEALTH_WARNING, "%s", alarm_names[alarm]);
    }
}

static bool read_ups(const struct snmp_reading *reading, struct snmp_result *result)
{
    unsigned known = 0;
    for (size_t i = 0; i < ARRAY_COUNT(figures); i++) {
        double value = snmp_number(reading, figures[i].column) * figures[i].unit;
        known += isfinite(value);
        result->put(result->owner, figures[i].metric, value);
    }
    for (size_t i = 0; i < ARRAY_COUNT(phases); i++) {
        double value = over_phases(snmp_table(reading, phases[i].column), phases[i].over) * phases[i].unit;
        known += isfinite(value);
        result->put(result->owner, phases[i].metric, value);
    }
    if (known == 0)
        return false;
    /* upsOutputSource 5 is battery; some cards leave it at `other` and count the seconds only. */
    bool on_battery = snmp_number(reading, OUTPUT_SOURCE) == 5 || snmp_number(reading, SECONDS_ON_BATTERY) > 0 ||
                      has_alarm(snmp_table(reading, ALARM), ALARM_ON_BATTERY);
    result->put(result->owner, "on_battery", on_battery);
    judge(reading, result, on_battery);
    snprintf(result->kind, sizeof result->kind, "ups");
    char text[64];
    if (snmp_text(reading, MODEL, text, sizeof text))
        snprintf(result->model, sizeof result->model, "%s", text);
    if (snmp_text(reading, NAME, text, sizeof text))
        snprintf(result->name, sizeof result->name, "%s", text);
    snmp_text(reading, MANUFACTURER, result->vendor, sizeof result->vendor);
    return true;
}

extern const struct snmp_profile snmp_profile_ups;
const struct snmp_profile snmp_profile_ups = {"ups", columns, read_ups, N_("no UPS figures (RFC 1628)")};

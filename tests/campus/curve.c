#include "curve.h"

#include <math.h>

#define HOUR 3600000.0
#define LOCAL_OFFSET (8 * 3600000LL)
#define WEEK_HOURS 168
#define ORIGIN 1735488000000LL /* Monday 2024-12-30 00:00 local */

/* Load in per cent at each full hour, linear between. */
struct day_table {
    unsigned char workday[24], weekend[24];
    double ripple; /* amplitude in load; at most half of the smallest load, so that the load stays positive */
};

static const struct day_table days[PROFILE_COUNT] = {
    [PROFILE_OFFICE] = {
        {12, 11, 11, 10, 10, 11, 14, 24, 52, 74, 82, 84, 66, 72, 84, 86, 83, 76, 58, 44, 38, 30, 22, 15},
        {11, 10, 10, 10, 10, 10, 11, 14, 22, 30, 34, 35, 31, 32, 34, 34, 32, 29, 25, 22, 20, 18, 15, 12}, 0.045},
    [PROFILE_APARTMENT] = {
        {40, 24, 16, 13, 12, 14, 32, 48, 30, 22, 20, 26, 44, 38, 24, 22, 24, 34, 50, 64, 78, 90, 94, 70},
        {52, 34, 22, 16, 14, 14, 18, 28, 40, 46, 48, 54, 60, 54, 48, 46, 48, 54, 62, 70, 80, 90, 92, 74}, 0.06},
    [PROFILE_CANTEEN] = {
        {8, 8, 8, 9, 22, 56, 84, 72, 38, 44, 82, 96, 78, 34, 22, 40, 84, 94, 66, 30, 20, 14, 10, 8},
        {8, 8, 8, 8, 14, 36, 58, 60, 36, 38, 64, 78, 66, 30, 20, 34, 66, 76, 54, 26, 16, 12, 9, 8}, 0.035},
    [PROFILE_STEADY] = {
        {50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50},
        {50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50}, 0.1},
    [PROFILE_PLANT] = {
        {44, 44, 45, 46, 50, 60, 74, 84, 86, 82, 76, 70, 66, 64, 62, 62, 66, 72, 76, 76, 72, 64, 54, 46},
        {40, 40, 41, 42, 44, 50, 58, 64, 66, 64, 60, 56, 54, 52, 52, 52, 54, 58, 62, 62, 60, 54, 48, 42}, 0.08},
    [PROFILE_WATER] = {
        {14, 10, 9, 9, 10, 20, 62, 86, 64, 48, 46, 60, 72, 46, 38, 38, 44, 62, 74, 72, 78, 84, 66, 32},
        {16, 11, 9, 9, 9, 13, 30, 54, 66, 58, 52, 62, 70, 50, 44, 42, 46, 60, 70, 70, 76, 82, 66, 36}, 0.04},
    [PROFILE_ROAD] = {
        {100, 60, 60, 60, 60, 60, 70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 100, 100, 100, 100, 100},
        {100, 60, 60, 60, 60, 60, 70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 100, 100, 100, 100, 100}, 0},
    [PROFILE_INDOOR] = {
        {10, 5, 0, 0, 0, 0, 20, 45, 60, 55, 50, 45, 40, 45, 50, 50, 60, 80, 95, 100, 100, 90, 60, 25},
        {10, 5, 0, 0, 0, 0, 10, 20, 30, 30, 30, 30, 30, 30, 30, 30, 35, 55, 75, 80, 80, 70, 45, 20}, 0},
    [PROFILE_SOLAR] = {
        {0, 0, 0, 0, 0, 0, 0, 6, 22, 44, 64, 78, 84, 80, 68, 48, 24, 6, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 0, 6, 22, 44, 64, 78, 84, 80, 68, 48, 24, 6, 0, 0, 0, 0, 0, 0}, 0},
};

static double at_hour(const struct day_table *table, int hour)
{
    hour %= WEEK_HOURS;
    return (hour / 24 < 5 ? table->workday : table->weekend)[hour % 24] / 100.0;
}

static double ripple_hours(int which)
{
    return which ? 11.3 / 60 : 47.0 / 60;
}

/* Hours since the origin on the asset's own day. */
static double own_hours(double phase, int64_t time)
{
    return (double)(time - ORIGIN) / HOUR - (phase - 0.5) * 4 / 3;
}

double curve_load(enum profile profile, double phase, int64_t time)
{
    const struct day_table *table = &days[profile];
    double hours = own_hours(phase, time), whole = floor(hours), part = hours - whole;
    int hour = (int)fmod(whole, WEEK_HOURS);
    if (hour < 0)
        hour += WEEK_HOURS;
    double load = at_hour(table, hour) * (1 - part) + at_hour(table, hour + 1) * part;
    for (int i = 0; i < 2; i++)
        load += table->ripple / (1 + i) * 0.6 * sin(2 * M_PI * (hours / ripple_hours(i) + phase * (7 + 12 * i)));
    return load;
}

/* Area under the table from Monday 00:00 to a full hour of the week. Trapezia: the sum of the hours, with the two ends
 * counted half. */
static double table_area(const struct day_table *table, int hour)
{
    unsigned sum = 0;
    for (int day = 0; day <= hour / 24 && day < 7; day++) {
        const unsigned char *row = day < 5 ? table->workday : table->weekend;
        int hours = day < hour / 24 ? 24 : hour % 24;
        for (int h = 0; h < hours; h++)
            sum += row[h];
    }
    return sum / 100.0 + (at_hour(table, hour) - at_hour(table, 0)) / 2;
}

double curve_hours(enum profile profile, double phase, int64_t time)
{
    const struct day_table *table = &days[profile];
    double hours = own_hours(phase, time), whole = floor(hours), part = hours - whole;
    double weeks = floor(whole / WEEK_HOURS);
    int hour = (int)(whole - weeks * WEEK_HOURS);
    double start = at_hour(table, hour), end = at_hour(table, hour + 1);
    double area = weeks * table_area(table, WEEK_HOURS) + table_area(table, hour) +
                  start * part + (end - start) * part * part / 2;
    for (int i = 0; i < 2; i++) {
        double period = ripple_hours(i);
        area -= table->ripple / (1 + i) * 0.6 * period / (2 * M_PI) *
                cos(2 * M_PI * (hours / period + phase * (7 + 12 * i)));
    }
    return area;
}

double curve_hour_of_day(int64_t time)
{
    double hour = fmod((double)(time + LOCAL_OFFSET) / HOUR, 24);
    return hour < 0 ? hour + 24 : hour;
}

double curve_outside(int64_t time)
{
    double days_since = (double)(time - ORIGIN) / HOUR / 24;
    return 14 + 12.5 * cos(2 * M_PI * (days_since - 205) / 365.25) +
           4.5 * cos(2 * M_PI * (curve_hour_of_day(time) - 15) / 24) + 3 * sin(2 * M_PI * days_since / 5.3);
}

double curve_daylight(int64_t time)
{
    double height = sin(M_PI * (curve_hour_of_day(time) - 6.2) / 12.2);
    return height > 0 ? height : 0;
}

#include "wire/capacity.h"

#include <math.h>
#include <string.h>

#include "wire/members.h"

const char wire_capacity_method[] =
    "Slope: median of the slopes between all pairs of points (Theil-Sen). Range: Sen's 90 % interval, widened where points "
    "follow their neighbours. The rhythm of the day (from 3 days on) and of the week (from 3 weeks on) is taken out. Level: "
    "median of the last day. Full: when the level reaches the limit at that slope.";

#define ROW(X)                                                                                                     \
    X(TEXT, asset, "asset") X(TEXT, asset_name, "asset_name") X(TEXT, place, "place") X(TEXT, metric, "metric")    \
    X(TEXT, what, "what") X(TEXT, unit, "unit") X(TEXT, problem, "problem") X(TEXT, says, "says")                  \
    X(TEXT, limit_by, "limit_by") X(NUMBER, limit, "limit") X(NUMBER, now, "now")
#define TREND(X)                                                                                                   \
    X(AMOUNT, level, "level") X(AMOUNT, slope, "slope") X(AMOUNT, slope_low, "slope_low")                          \
    X(AMOUNT, slope_high, "slope_high") X(AMOUNT, scatter, "scatter") X(COUNT, points, "points")                   \
    X(INSTANT, from, "from") X(INSTANT, to, "to") X(FLAG, daily, "daily") X(FLAG, weekly, "weekly")
#define FULL(X) X(INSTANT, full, "full") X(INSTANT, earliest, "earliest") X(INSTANT, latest, "latest")

static void write_numbers(struct json_writer *writer, const char *key, const double *numbers, unsigned count)
{
    json_write_array(writer, key);
    for (unsigned i = 0; i < count; i++)
        json_write_number(writer, NULL, numbers[i]);
    json_write_array_end(writer);
}

static void write_trend(struct json_writer *writer, const struct trend *row)
{
    TREND(MEMBER_WRITE)
    write_numbers(writer, "hour", row->hour, 24);
    write_numbers(writer, "weekday", row->weekday, 7);
}

void wire_write_capacity(struct json_writer *writer, const struct wire_capacity *row)
{
    json_write_object(writer, NULL);
    ROW(MEMBER_WRITE)
    if (row->fitted) {
        write_trend(writer, &row->trend);
        FULL(MEMBER_WRITE)
    }
    json_write_object_end(writer);
}

static void read_numbers(struct flat *object, const char *key, double *numbers, unsigned count)
{
    struct flat *array;
    unsigned length = read_array(object, key, &array);
    for (unsigned i = 0; i < count && i < length; i++) {
        double number = flat_as_number(flat_at(array, i), 0);
        numbers[i] = isfinite(number) ? number : 0;
    }
}

static void read_trend(struct flat *object, struct trend *row)
{
    TREND(MEMBER_READ)
    read_numbers(object, "hour", row->hour, 24);
    read_numbers(object, "weekday", row->weekday, 7);
}

static bool read_row(struct flat *object, struct arena *arena, struct wire_capacity *row)
{
    ROW(MEMBER_READ)
    row->fitted = flat_get(object, "slope") != NULL;
    read_trend(object, &row->trend);
    FULL(MEMBER_READ)
    return *row->asset && *row->metric;
}

READ_LIST(capacity, wire_capacity, read_row)

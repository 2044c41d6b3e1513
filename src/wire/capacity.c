#include "wire/capacity.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "wire/read.h"

const char wire_capacity_method[] =
    "Slope: median of the slopes between all pairs of points (Theil-Sen). Range: Sen's 90 % interval, widened where points "
    "follow their neighbours. The rhythm of the day (from 3 days on) and of the week (from 3 weeks on) is taken out. Level: "
    "median of the last day. Full: when the level reaches the limit at that slope.";

#define ROW(TEXT, NUMBER)                                                                                         \
    TEXT(asset) TEXT(asset_name) TEXT(place) TEXT(metric) TEXT(what) TEXT(unit) TEXT(problem) TEXT(says) TEXT(limit_by) \
    NUMBER(limit) NUMBER(now)
#define TREND(NUMBER) NUMBER(level) NUMBER(slope) NUMBER(slope_low) NUMBER(slope_high) NUMBER(scatter)

static void write_numbers(struct json_writer *writer, const char *key, const double *numbers, unsigned count)
{
    json_write_array(writer, key);
    for (unsigned i = 0; i < count; i++)
        json_write_number(writer, NULL, numbers[i]);
    json_write_array_end(writer);
}

void wire_write_capacity(struct json_writer *writer, const struct wire_capacity *row)
{
    const struct trend *trend = &row->trend;
    json_write_object(writer, NULL);
#define TEXT(member) json_write_text(writer, #member, row->member);
#define NUMBER(member) json_write_number(writer, #member, row->member);
    ROW(TEXT, NUMBER)
#undef TEXT
#undef NUMBER
    if (row->fitted) {
#define NUMBER(member) json_write_number(writer, #member, trend->member);
        TREND(NUMBER)
#undef NUMBER
        json_write_integer(writer, "points", trend->points);
        json_write_instant(writer, "from", trend->from);
        json_write_instant(writer, "to", trend->to);
        json_write_bool(writer, "daily", trend->daily);
        json_write_bool(writer, "weekly", trend->weekly);
        write_numbers(writer, "hour", trend->hour, 24);
        write_numbers(writer, "weekday", trend->weekday, 7);
        json_write_instant(writer, "full", row->full);
        json_write_instant(writer, "earliest", row->earliest);
        json_write_instant(writer, "latest", row->latest);
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

static bool read_row(struct flat *object, struct arena *arena, struct wire_capacity *row)
{
    if (flat_type(object) != FLAT_OBJECT)
        return false;
    struct trend *trend = &row->trend;
#define TEXT(member) row->member = read_text(object, #member, arena);
#define NUMBER(member) row->member = flat_number(object, #member, NAN);
    ROW(TEXT, NUMBER)
#undef TEXT
#undef NUMBER
#define NUMBER(member) trend->member = flat_number(object, #member, 0);
    TREND(NUMBER)
#undef NUMBER
    row->fitted = flat_get(object, "slope") != NULL;
    trend->points = read_count(object, "points");
    trend->from = flat_instant(object, "from");
    trend->to = flat_instant(object, "to");
    trend->daily = flat_bool(object, "daily", false);
    trend->weekly = flat_bool(object, "weekly", false);
    read_numbers(object, "hour", trend->hour, 24);
    read_numbers(object, "weekday", trend->weekday, 7);
    row->full = flat_instant(object, "full");
    row->earliest = flat_instant(object, "earliest");
    row->latest = flat_instant(object, "latest");
    return *row->asset && *row->metric;
}

bool wire_read_capacity(const char *bytes, size_t length, struct arena *arena, struct wire_page *page, struct wire_capacity **items,
                        unsigned *count, struct error *error)
{
    struct flat *array, *object = read_list(bytes, length, &array, error);
    if (!object)
        return false;
    unsigned rows = flat_count(array);
    read_page(object, page);
    *items = arena_alloc(arena, rows * sizeof **items);
    *count = 0;
    for (unsigned i = 0; i < rows; i++)
        *count += read_row(flat_at(array, i), arena, &(*items)[*count]);
    flat_free(&object);
    return true;
}

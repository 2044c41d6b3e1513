/* GET /capacity (filter, from, to, format): where every figure that can run out is heading, soonest full first.
 * {"asset":"db-2","asset_name":"..","place":"..","metric":"disk_data_percent","what":"disk data","unit":"%","limit":100,
 *  "limit_by":"","now":97,"level":96.8,"slope":1.5,"slope_low":1.1,"slope_high":2.0 (a day),"scatter":0.3,"points":720,"from":..,"to":..,
 *  "daily":true,"weekly":false,"hour":[24 numbers],"weekday":[7, Monday first],"full":"..","earliest":"..","latest":null,
 *  "problem":"","says":"grows 1.5 % a day, full in 2.1 d (1.6 d to 2.9 d)"}; "problem" says why there is no trend.
 * Beside the items: "method": the method in words. See wire.h for the envelope. */
#ifndef WIRE_CAPACITY_H
#define WIRE_CAPACITY_H

#include "model/trend.h"
#include "wire/wire.h"

struct wire_capacity {
    const char *asset, *asset_name, *place, *metric, *what, *unit, *problem, *says;
    const char *limit_by;          /* who says the limit: "configuration", "ledger", "" the usual one */
    double limit, now;             /* NAN: none */
    bool fitted;
    struct trend trend;            /* when fitted */
    msec full, earliest, latest;   /* CLOCK_NEVER: not within ten years, or not sure to */
};
extern const char wire_capacity_method[];
void wire_write_capacity(struct json_writer *writer, const struct wire_capacity *row);
bool wire_read_capacity(const char *bytes, size_t length, struct arena *arena, struct wire_page *page, struct wire_capacity **items,
                        unsigned *count, struct error *error);

#endif

/* The fleet: which gateways and terminals stand where, as arrays built once from the seed. An asset is named by its
 * index: terminals 0..terminal_count-1, then the gateways. Texts (id, name, serial...) are made when asked for, so
 * that a million assets stay small. */
#ifndef CAMPUS_FLEET_H
#define CAMPUS_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"

#define FLEET_ZONES_MAX 26 /* A to Z: one zone per 1x of scale */

struct terminal {
    uint32_t gateway;  /* index into gateways */
    uint32_t number;   /* within its zone and class, from 1 */
    uint16_t building; /* index into buildings */
    uint16_t room;     /* number on its floor, from 1 */
    uint16_t ordinal;  /* the n-th of its class in the room, from 0 */
    int8_t floor;      /* negative below ground; there is no floor 0 */
    uint8_t class;
};

struct gateway {
    uint32_t first, count; /* its terminals */
    uint32_t number;       /* within its zone, from 1 */
    uint32_t serving;      /* n-th gateway of its subsystem in the zone, from 1 */
    uint16_t building;
    uint16_t room;
    int8_t floor;
    uint8_t subsystem;
    uint8_t model;
};

struct building {
    const struct building_type *type;
    int zone;
    char name[48]; /* with the zone's letter in front from the second zone on: "B区涵英楼" */
};

struct fleet {
    uint64_t seed;
    int zones;
    struct terminal *terminals;
    struct gateway *gateways;
    struct building *buildings;
    size_t terminal_count, gateway_count, building_count;
};

struct fleet_size {
    size_t gateways, terminals; /* of one zone; gateways >= 1, terminals >= gateways */
    int zones;
};

void fleet_init(struct fleet *fleet, uint64_t seed, struct fleet_size size);
void fleet_release(struct fleet *fleet);

static inline bool fleet_is_gateway(const struct fleet *fleet, size_t asset)
{
    return asset >= fleet->terminal_count;
}
static inline size_t fleet_asset_count(const struct fleet *fleet)
{
    return fleet->terminal_count + fleet->gateway_count;
}
static inline size_t fleet_gateway_asset(const struct fleet *fleet, size_t gateway)
{
    return fleet->terminal_count + gateway;
}
size_t fleet_gateway_of(const struct fleet *fleet, size_t asset); /* a gateway's own index for itself */
size_t fleet_building_of(const struct fleet *fleet, size_t asset);
const struct terminal_class *fleet_class_of(const struct fleet *fleet, size_t terminal);

/* Seconds between two messages at speed 1; and the mean number of terminal messages a second then. */
int fleet_period(const struct fleet *fleet, size_t asset);
double fleet_rate(const struct fleet *fleet);

#define FLEET_ID 24
/* "GW-A-0042", "EM-A-00417". Returns the length. */
int fleet_id(const struct fleet *fleet, size_t asset, char out[FLEET_ID]);
/* The asset of an id, or of a gateway or terminal; false when there is none. */
bool fleet_find(const struct fleet *fleet, const char *id, size_t *asset);
bool fleet_find_building(const struct fleet *fleet, const char *name, size_t *building);

#endif

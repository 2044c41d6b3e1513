#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

enum purpose { PURPOSE_ROOMS = 100, PURPOSE_MODEL };

static void *array_new(size_t count, size_t size)
{
    void *array = calloc(count ? count : 1, size);
    if (!array) {
        perror("campus: memory");
        abort();
    }
    return array;
}

struct remainder {
    double rest;
    size_t index;
};

static int compare_remainders(const void *left, const void *right)
{
    const struct remainder *a = left, *b = right;
    if (a->rest != b->rest)
        return a->rest > b->rest ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

/* Share `total` out in proportion to the weights by the largest remainder; no weight at all: evenly. */
static void apportion(const double *weights, size_t count, size_t total, size_t *out)
{
    struct remainder *remainders = array_new(count, sizeof *remainders);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    size_t given = 0;
    for (size_t i = 0; i < count; i++) {
        double exact = (double)total * (sum > 0 ? weights[i] / sum : 1.0 / (double)count);
        out[i] = (size_t)exact;
        given += out[i];
        remainders[i] = (struct remainder){exact - (double)out[i], i};
    }
    qsort(remainders, count, sizeof *remainders, compare_remainders);
    for (size_t i = 0; given < total; i = (i + 1) % count, given++)
        out[remainders[i].index]++;
    free(remainders);
}

/* One zone under construction. */
struct plan {
    struct fleet *fleet;
    size_t first_building, buildings;
    size_t first_terminal, terminals;
    size_t first_gateway, gateways;
};

static int floor_count(const struct building_type *type)
{
    return type->below + type->above;
}

/* The index-th floor from below; ground floors count from 1, as the lifts do. */
static int floor_at(const struct building_type *type, int index)
{
    int floor = index - type->below;
    return floor < 0 ? floor : floor + 1;
}

static void terminal_place(struct terminal *terminal, const struct building_type *type, size_t index, size_t count)
{
    const struct terminal_class *class = &catalogue_classes[terminal->class];
    int floors = floor_count(type), floor_index = 0;
    size_t on_floor = index, rooms = 1;
    bool spread = class->place != PLACE_ROOF && class->place != PLACE_PLANT && class->place != PLACE_PUMP;
    if (class->place == PLACE_ROOF)
        floor_index = floors - 1;
    if (spread) {
        /* rooms and corridors are above ground, shafts and switch rooms everywhere */
        int lowest = class->place == PLACE_ROOM || class->place == PLACE_CORRIDOR ? type->below : 0;
        size_t levels = (size_t)(floors - lowest);
        floor_index = lowest + (int)(index * levels / count);
        size_t start = ((size_t)(floor_index - lowest) * count + levels - 1) / levels;
        on_floor = index - start;
    }
    switch (class->place) {
    case PLACE_ROOM: rooms = type->size >= 80 ? 48 : type->size >= 40 ? 32 : 24; break;
    case PLACE_CORRIDOR: rooms = 4; break;
    case PLACE_SHAFT: case PLACE_SWITCH: case PLACE_PLANT: rooms = 2; break;
    default: break;
    }
    terminal->floor = (int8_t)floor_at(type, floor_index);
    terminal->room = (uint16_t)(1 + on_floor % rooms);
    terminal->ordinal = (uint16_t)(on_floor / rooms);
}

/* By building, subsystem, floor, room: neighbours share a gateway. */
static int compare_terminals(const void *left, const void *right)
{
    const struct terminal *a = left, *b = right;
    if (a->building != b->building)
        return a->building < b->building ? -1 : 1;
    int as = (int)catalogue_classes[a->class].subsystem, bs = (int)catalogue_classes[b->class].subsystem;
    if (as != bs)
        return as - bs;
    if (a->floor != b->floor)
        return a->floor - b->floor;
    if (a->room != b->room)
        return a->room < b->room ? -1 : 1;
    if (a->class != b->class)
        return a->class - b->class;
    return a->number < b->number ? -1 : 1;
}

static void plan_terminals(struct plan *plan)
{
    struct fleet *fleet = plan->fleet;
    double *weights = array_new(catalogue_class_count + plan->buildings, sizeof *weights);
    size_t *class_counts = array_new(catalogue_class_count, sizeof *class_counts);
    size_t *here = array_new(plan->buildings, sizeof *here);
    for (size_t c = 0; c < catalogue_class_count; c++)
        weights[c] = catalogue_classes[c].share;
    apportion(weights, catalogue_class_count, plan->terminals, class_counts);
    struct terminal *next = fleet->terminals + plan->first_terminal;
    for (size_t c = 0; c < catalogue_class_count; c++) {
        for (size_t b = 0; b < plan->buildings; b++)
            weights[b] = (double)catalogue_buildings[b].size *
                         catalogue_classes[c].spread[catalogue_buildings[b].use];
        apportion(weights, plan->buildings, class_counts[c], here);
        uint32_t number = 0;
        for (size_t b = 0; b < plan->buildings; b++)
            for (size_t i = 0; i < here[b]; i++, next++) {
                *next = (struct terminal){.building = (uint16_t)(plan->first_building + b),
                                          .class = (uint8_t)c, .number = ++number};
                terminal_place(next, &catalogue_buildings[b], i, here[b]);
            }
    }
    qsort(fleet->terminals + plan->first_terminal, plan->terminals, sizeof *fleet->terminals, compare_terminals);
    free(weights);
    free(class_counts);
    free(here);
}

static bool same_group(const struct terminal *a, const struct terminal *b)
{
    return a->building == b->building &&
           catalogue_classes[a->class].subsystem == catalogue_classes[b->class].subsystem;
}

/* The neighbours in terminals[start, end) get `count` gateways, in even runs. */
static void plan_group(struct plan *plan, size_t start, size_t end, size_t count, size_t *next, uint32_t *serving)
{
    struct fleet *fleet = plan->fleet;
    for (size_t i = 0; i < count; i++) {
        size_t first = start + (end - start) * i / count, last = start + (end - start) * (i + 1) / count;
        size_t index = plan->first_gateway + (*next)++;
        const struct terminal *sample = &fleet->terminals[first];
        enum subsystem subsystem = catalogue_classes[sample->class].subsystem;
        unsigned dice = random_below(fleet->seed, index, PURPOSE_MODEL, 100);
        uint8_t model = 0;
        while (model + 1u < catalogue_gateway_count && dice >= (unsigned)catalogue_gateways[model].share)
            dice -= (unsigned)catalogue_gateways[model++].share;
        fleet->gateways[index] = (struct gateway){
            .first = (uint32_t)first, .count = (uint32_t)(last - first), .number = (uint32_t)*next,
            .serving = ++serving[subsystem], .building = sample->building, .floor = sample->floor,
            .room = (uint16_t)(1 + random_below(fleet->seed, index, PURPOSE_ROOMS, 2)),
            .subsystem = (uint8_t)subsystem, .model = model,
        };
        for (size_t t = first; t < last; t++)
            fleet->terminals[t].gateway = (uint32_t)index;
    }
}

/* Rounding may give a tiny group more gateways (1 + counts) than it has terminals: those go where most terminals
 * share one. There are never more gateways than terminals. */
static void gateways_level(const double *members, size_t groups, size_t *counts)
{
    for (size_t g = 0; g < groups; g++)
        while ((double)counts[g] + 1 > members[g]) {
            size_t fullest = 0;
            for (size_t i = 1; i < groups; i++)
                if (members[i] / (double)(counts[i] + 1) > members[fullest] / (double)(counts[fullest] + 1))
                    fullest = i;
            counts[g]--;
            counts[fullest]++;
        }
}

static void plan_gateways(struct plan *plan)
{
    const struct terminal *terminals = plan->fleet->terminals;
    size_t end = plan->first_terminal + plan->terminals, groups = 0, next = 0;
    uint32_t serving[SUBSYSTEM_COUNT] = {0};
    double *weights = array_new(plan->buildings * SUBSYSTEM_COUNT, sizeof *weights);
    size_t *counts = array_new(plan->buildings * SUBSYSTEM_COUNT, sizeof *counts);
    for (size_t t = plan->first_terminal; t < end; t++) {
        if (t == plan->first_terminal || !same_group(&terminals[t - 1], &terminals[t]))
            groups++;
        weights[groups - 1]++;
    }
    if (groups > plan->gateways) { /* a toy fleet: gateways serve whatever is next to them */
        plan_group(plan, plan->first_terminal, end, plan->gateways, &next, serving);
    } else {
        apportion(weights, groups, plan->gateways - groups, counts);
        gateways_level(weights, groups, counts);
        size_t start = plan->first_terminal;
        for (size_t g = 0; g < groups; g++) {
            size_t members = (size_t)weights[g];
            plan_group(plan, start, start + members, counts[g] + 1, &next, serving);
            start += members;
        }
    }
    free(weights);
    free(counts);
}

void fleet_init(struct fleet *fleet, uint64_t seed, struct fleet_size size)
{
    /* each building has up to eight subsystems, and each of those wants a gateway */
    size_t buildings = size.gateways / SUBSYSTEM_COUNT;
    if (buildings > catalogue_building_count)
        buildings = catalogue_building_count;
    if (buildings == 0)
        buildings = 1;
    size_t zones = (size_t)size.zones;
    *fleet = (struct fleet){.seed = seed, .zones = size.zones, .terminal_count = zones * size.terminals,
                            .gateway_count = zones * size.gateways, .building_count = zones * buildings};
    fleet->terminals = array_new(fleet->terminal_count, sizeof *fleet->terminals);
    fleet->gateways = array_new(fleet->gateway_count, sizeof *fleet->gateways);
    fleet->buildings = array_new(fleet->building_count, sizeof *fleet->buildings);
    for (size_t z = 0; z < zones; z++) {
        struct plan plan = {.fleet = fleet, .first_building = z * buildings, .buildings = buildings,
                            .first_terminal = z * size.terminals, .terminals = size.terminals,
                            .first_gateway = z * size.gateways, .gateways = size.gateways};
        for (size_t b = 0; b < buildings; b++) {
            struct building *building = &fleet->buildings[plan.first_building + b];
            building->type = &catalogue_buildings[b];
            building->zone = (int)z;
            if (z == 0)
                snprintf(building->name, sizeof building->name, "%s", building->type->name);
            else
                snprintf(building->name, sizeof building->name, "%c区%s", 'A' + (int)z, building->type->name);
        }
        plan_terminals(&plan);
        plan_gateways(&plan);
    }
}

void fleet_release(struct fleet *fleet)
{
    free(fleet->terminals);
    free(fleet->gateways);
    free(fleet->buildings);
    *fleet = (struct fleet){0};
}

size_t fleet_gateway_of(const struct fleet *fleet, size_t asset)
{
    return fleet_is_gateway(fleet, asset) ? asset - fleet->terminal_count : fleet->terminals[asset].gateway;
}

size_t fleet_building_of(const struct fleet *fleet, size_t asset)
{
    return fleet_is_gateway(fleet, asset) ? fleet->gateways[asset - fleet->terminal_count].building
                                          : fleet->terminals[asset].building;
}

const struct terminal_class *fleet_class_of(const struct fleet *fleet, size_t terminal)
{
    return &catalogue_classes[fleet->terminals[terminal].class];
}

int fleet_period(const struct fleet *fleet, size_t asset)
{
    return fleet_is_gateway(fleet, asset) ? GATEWAY_PERIOD : fleet_class_of(fleet, asset)->period;
}

double fleet_rate(const struct fleet *fleet)
{
    double rate = 0;
    for (size_t t = 0; t < fleet->terminal_count; t++)
        rate += 1.0 / fleet_class_of(fleet, t)->period;
    return rate;
}

int fleet_id(const struct fleet *fleet, size_t asset, char out[FLEET_ID])
{
    bool gateway = fleet_is_gateway(fleet, asset);
    const char *prefix = gateway ? "GW" : fleet_class_of(fleet, asset)->prefix;
    char zone = (char)('A' + fleet->buildings[fleet_building_of(fleet, asset)].zone);
    unsigned number = gateway ? fleet->gateways[asset - fleet->terminal_count].number : fleet->terminals[asset].number;
    return snprintf(out, FLEET_ID, gateway ? "%s-%c-%04u" : "%s-%c-%05u", prefix, zone, number);
}

bool fleet_find(const struct fleet *fleet, const char *id, size_t *asset)
{
    /* the index is not kept: this serves people's commands, not the messages */
    char here[FLEET_ID];
    for (size_t a = 0; a < fleet_asset_count(fleet); a++) {
        const char *prefix = fleet_is_gateway(fleet, a) ? "GW" : fleet_class_of(fleet, a)->prefix;
        if (strncmp(id, prefix, 2) != 0)
            continue;
        fleet_id(fleet, a, here);
        if (strcmp(here, id) == 0) {
            *asset = a;
            return true;
        }
    }
    return false;
}

bool fleet_find_building(const struct fleet *fleet, const char *name, size_t *building)
{
    for (size_t b = 0; b < fleet->building_count; b++)
        if (strcmp(fleet->buildings[b].name, name) == 0) {
            *building = b;
            return true;
        }
    return false;
}

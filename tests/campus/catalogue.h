/* What a campus is made of, as data: buildings, business subsystems (contract 000, R001-R008), classes of terminals
 * with their metrics, gateway models. Everything here is constant and independent of the seed. */
#ifndef CAMPUS_CATALOGUE_H
#define CAMPUS_CATALOGUE_H

#include <stddef.h>

/* What a building is for decides which terminals hang in it and when it is busy. */
enum use {
    USE_RESEARCH, USE_OFFICE, USE_ENERGY, USE_APARTMENT, USE_LIBRARY, USE_SPORT,
    USE_PUMP, USE_CANTEEN, USE_TEACHING, USE_OUTDOOR, USE_SUBSTATION, USE_COUNT
};

struct building_type {
    const char *name;
    enum use use;
    int below, above; /* floors: B1 is one below; an outdoor area has 0 and 1 */
    int size;         /* relative number of terminals */
    const char *keeper; /* responsible unit (责任单位) of what nobody else answers for */
};

enum subsystem {
    SUBSYSTEM_POWER, SUBSYSTEM_HEAT, SUBSYSTEM_WATER, SUBSYSTEM_APARTMENT,
    SUBSYSTEM_LIGHTING, SUBSYSTEM_PATROL, SUBSYSTEM_FIRE, SUBSYSTEM_ENERGY, SUBSYSTEM_COUNT
};

struct subsystem_type {
    const char *name;      /* as contract 000 calls the sub-application */
    const char *shortname; /* in the names of its gateways */
    const char *unit;      /* responsible unit, NULL: the building's keeper */
};

/* How a metric's value follows from time; `low` and `high` of the metric mean what the line says. */
enum signal {
    SIGNAL_VOLTAGE,     /* V between low and high, sags with the load */
    SIGNAL_CURRENT,     /* A, from the power at 220 V (low 1) or 380 V three-phase (low 3), power factor 0.92 */
    SIGNAL_LOAD,        /* share of the rated value; rated lies between low and high (kW, m3/h) */
    SIGNAL_REGISTER,    /* time integral in hours of the load above, plus the reading at installation */
    SIGNAL_PRESSURE,    /* MPa between low and high, falls with the load */
    SIGNAL_ROOM,        /* room temperature between low (unheated night) and high (busy afternoon) */
    SIGNAL_OUTSIDE,     /* outdoor temperature plus low */
    SIGNAL_PLANT,       /* temperature between low (idle) and high (full load) */
    SIGNAL_HUMIDITY,    /* %, between low and high, against the temperature */
    SIGNAL_LEVEL,       /* m, fills and drains between low and high */
    SIGNAL_SWITCH,      /* 0 or 1: 1 while the load is above low */
    SIGNAL_PERCENT,     /* 0..100 with the load, in steps of low */
    SIGNAL_BATTERY,     /* %, falls from high to low in two years, then is replaced */
    SIGNAL_RSSI,        /* dBm around a place between low and high */
    SIGNAL_CONSTANT,    /* between low and high, fixed for the asset */
    SIGNAL_BALANCE,     /* prepaid money left: falls with the register, topped up between low and high */
    SIGNAL_CROWD,       /* low plus the load's share of (high - low): CO2, dust, noise */
    SIGNAL_DAYLIGHT,    /* lux between low and high by the height of the sun */
    SIGNAL_COUNT
};

struct metric {
    const char *name;
    enum signal signal;
    double low, high;
    int decimals;
};

#define METRICS_MAX 5

/* Whose day the class follows; PROFILE_USE means that of its building. */
enum profile {
    PROFILE_USE, PROFILE_OFFICE, PROFILE_APARTMENT, PROFILE_CANTEEN, PROFILE_STEADY,
    PROFILE_PLANT, PROFILE_WATER, PROFILE_ROAD, PROFILE_INDOOR, PROFILE_SOLAR, PROFILE_COUNT
};

enum place {
    PLACE_SHAFT,    /* 弱电间 */
    PLACE_SWITCH,   /* 配电间 */
    PLACE_PUMP,     /* 泵房, lowest floor */
    PLACE_PLANT,    /* 机房, lowest floor */
    PLACE_ROOM,     /* 301室 */
    PLACE_CORRIDOR, /* 走廊 */
    PLACE_ROOF,     /* 屋顶 */
    PLACE_COUNT
};

struct terminal_class {
    const char *name;         /* the ledger's class */
    const char *prefix;       /* of the terminals' ids */
    enum subsystem subsystem;
    int share;                /* in a fleet of CATALOGUE_TERMINALS */
    int period;               /* seconds between two messages */
    enum place place;
    enum profile profile;
    const char *vendor;
    const char *models[3];
    const char *nouns[6];     /* what the thing on the wall is called; NULL-ended */
    const char *tags[3];      /* scenarios (应用场景), NULL-ended */
    const char *bus;          /* the `address` behind the gateway: "modbus", "mbus", "dali", "lora", "plc" */
    unsigned char spread[USE_COUNT]; /* relative density by the use of the building */
    struct metric metrics[METRICS_MAX]; /* ended by a NULL name when fewer */
};

struct gateway_model {
    const char *name, *vendor;
    int share; /* per cent */
};

#define CATALOGUE_TERMINALS 48000
#define CATALOGUE_GATEWAYS 1100
#define GATEWAY_PERIOD 60 /* seconds */

extern const struct building_type catalogue_buildings[];
extern const size_t catalogue_building_count;
extern const struct subsystem_type catalogue_subsystems[SUBSYSTEM_COUNT];
extern const struct terminal_class catalogue_classes[];
extern const size_t catalogue_class_count;
extern const struct gateway_model catalogue_gateways[];
extern const size_t catalogue_gateway_count;

enum profile profile_of_use(enum use use);

#endif

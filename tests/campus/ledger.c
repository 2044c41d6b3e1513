#include "ledger.h"

#include <math.h>
#include <string.h>

#include "random.h"

enum purpose { PURPOSE_NOUN = 200, PURPOSE_MODEL, PURPOSE_SERIAL, PURPOSE_YEAR };

#define LEDGER_SITE "创新港"
#define LEDGER_CONTRACT "campus-iot"

char *ledger_period(char out[LEDGER_PERIOD], int seconds, double speed)
{
    int64_t here = (int64_t)ceil(seconds / speed - 1e-9);
    if (here < 1)
        here = 1;
    if (here % 60 == 0 && here > 60)
        snprintf(out, LEDGER_PERIOD, "%lldm", (long long)here / 60);
    else
        snprintf(out, LEDGER_PERIOD, "%llds", (long long)here);
    return out;
}

static void floor_write(FILE *out, int floor)
{
    if (floor < 0)
        fprintf(out, "B%d", -floor);
    else
        fprintf(out, "%dF", floor);
}

static void room_text(char *out, size_t size, enum place place, int floor, unsigned room)
{
    static const char *const names[PLACE_COUNT] = {
        [PLACE_SHAFT] = "弱电间", [PLACE_SWITCH] = "配电间", [PLACE_PUMP] = "泵房",
        [PLACE_PLANT] = "机房", [PLACE_CORRIDOR] = "走廊", [PLACE_ROOF] = "屋顶",
    };
    if (place == PLACE_ROOM)
        snprintf(out, size, "%d%02u室", floor, room);
    else if (place == PLACE_PUMP || place == PLACE_ROOF)
        snprintf(out, size, "%s", names[place]);
    else
        snprintf(out, size, "%s%u", names[place], room);
}

/* The columns both kinds share from the serial on. The year of purchase is in the serial and the tag. */
static void identity_write(const struct fleet *fleet, size_t asset, FILE *out)
{
    unsigned year = 2021 + random_below(fleet->seed, asset, PURPOSE_YEAR, 5);
    unsigned long long serial = random_hash(fleet->seed, asset, PURPOSE_SERIAL) & 0xffffff;
    /* the asset's own number keeps serials unique whatever the hash says */
    fprintf(out, ",SN%02u%07zu%06llX,ZC-%u-%06zu", year % 100, asset + 1, serial, year, asset + 1);
}

static void gateway_write(const struct fleet *fleet, size_t index, double speed, FILE *out)
{
    const struct gateway *gateway = &fleet->gateways[index];
    const struct building *building = &fleet->buildings[gateway->building];
    const struct subsystem_type *subsystem = &catalogue_subsystems[gateway->subsystem];
    const struct gateway_model *model = &catalogue_gateways[gateway->model];
    char id[FLEET_ID], room[32], period[LEDGER_PERIOD];
    size_t asset = fleet_gateway_asset(fleet, index);
    fleet_id(fleet, asset, id);
    room_text(room, sizeof room, PLACE_SHAFT, gateway->floor, gateway->room);
    fprintf(out, "%s,%s网关%03u,gateway,iot-gateway,,%s,%s,%s,", id, subsystem->shortname, gateway->serving,
            subsystem->name, LEDGER_SITE, building->name);
    floor_write(out, gateway->floor);
    fprintf(out, ",%s,%s,%s", room, model->name, model->vendor);
    identity_write(fleet, asset, out);
    /* 127.1.0.0/16: loopback addresses that answer ICMP on any Linux host */
    fprintf(out, ",%s,物联接入,127.1.%zu.%zu,%s,installed,%s\n",
            subsystem->unit ? subsystem->unit : building->type->keeper, 1 + index / 250, 1 + index % 250,
            ledger_period(period, GATEWAY_PERIOD, speed), LEDGER_CONTRACT);
}

static void address_write(const struct fleet *fleet, size_t index, FILE *out)
{
    const struct terminal *terminal = &fleet->terminals[index];
    const char *bus = catalogue_classes[terminal->class].bus;
    if (strcmp(bus, "lora") == 0)
        fprintf(out, "lora:%016llX", (unsigned long long)random_hash(fleet->seed, index, PURPOSE_SERIAL + 1));
    else
        fprintf(out, "%s:%zu", bus, 1 + index - fleet->gateways[terminal->gateway].first);
}

static void terminal_write(const struct fleet *fleet, size_t index, double speed, FILE *out)
{
    const struct terminal *terminal = &fleet->terminals[index];
    const struct terminal_class *class = &catalogue_classes[terminal->class];
    const struct building *building = &fleet->buildings[terminal->building];
    const struct subsystem_type *subsystem = &catalogue_subsystems[class->subsystem];
    char id[FLEET_ID], parent[FLEET_ID], room[32], period[LEDGER_PERIOD];
    unsigned nouns = 0, models = 0;
    while (nouns < 6 && class->nouns[nouns])
        nouns++;
    while (models < 3 && class->models[models])
        models++;
    fleet_id(fleet, index, id);
    fleet_id(fleet, fleet_gateway_asset(fleet, terminal->gateway), parent);
    room_text(room, sizeof room, class->place, terminal->floor, terminal->room);
    fprintf(out, "%s,%s%s", id, room, class->nouns[random_below(fleet->seed, index, PURPOSE_NOUN, nouns)]);
    if (class->place != PLACE_ROOM || terminal->ordinal > 0)
        fprintf(out, "%02u", terminal->ordinal + 1u);
    fprintf(out, ",terminal,%s,%s,%s,%s,%s,", class->name, parent, subsystem->name, LEDGER_SITE, building->name);
    floor_write(out, terminal->floor);
    fprintf(out, ",%s,%s,%s", room, class->models[random_below(fleet->seed, index, PURPOSE_MODEL, models)],
            class->vendor);
    identity_write(fleet, index, out);
    fprintf(out, ",%s,", subsystem->unit ? subsystem->unit : building->type->keeper);
    for (size_t i = 0; i < 3 && class->tags[i]; i++)
        fprintf(out, "%s%s", i ? ";" : "", class->tags[i]);
    putc(',', out);
    address_write(fleet, index, out);
    fprintf(out, ",%s,installed,%s\n", ledger_period(period, class->period, speed), LEDGER_CONTRACT);
}

bool ledger_write(const struct fleet *fleet, double speed, FILE *out)
{
    fputs("id,name,kind,class,parent,subsystem,site,building,floor,room,model,vendor,serial,asset_tag,unit,tags,"
          "address,period,status,contract\n", out);
    for (size_t g = 0; g < fleet->gateway_count; g++)
        gateway_write(fleet, g, speed, out);
    for (size_t t = 0; t < fleet->terminal_count; t++)
        terminal_write(fleet, t, speed, out);
    return fflush(out) == 0 && !ferror(out);
}

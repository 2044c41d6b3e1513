#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "garbage.h"
#include "metric.h"
#include "options.h"
#include "random.h"

enum purpose { PURPOSE_RECOVERY = 500, PURPOSE_STORM };

const struct fault_type fault_types[FAULT_KIND_COUNT] = {
#define FAULT(kind, word, words, gateway, terminal, text)                                                     \
    [FAULT_##kind] = {.verb = word, .arguments = words, .help = text, .gateway_bits = gateway,                \
                      .terminal_bits = terminal},
#include "faults.def"
#undef FAULT
};

static void *bytes_new(size_t size)
{
    void *bytes = calloc(size ? size : 1, 1);
    if (!bytes) {
        perror("campus: memory");
        abort();
    }
    return bytes;
}

void faults_init(struct faults *faults, const struct fleet *fleet)
{
    *faults = (struct faults){.fleet = fleet, .bits = bytes_new(fleet_asset_count(fleet))};
}

void faults_release(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        free(faults->list[i].members);
    free(faults->list);
    free(faults->bits);
    *faults = (struct faults){0};
}

static void member_add(uint8_t *members, size_t asset)
{
    members[asset / 8] |= (uint8_t)(1u << asset % 8);
}

bool fault_covers(const struct fleet *fleet, const struct fault *fault, size_t asset)
{
    if (fault->members && !(fault->members[asset / 8] >> asset % 8 & 1))
        return false;
    size_t gateway = fleet_gateway_of(fleet, asset);
    switch (fault->scope) {
    case SCOPE_TERMINAL: return asset == fault->target;
    case SCOPE_GATEWAY: return gateway == fault->target;
    case SCOPE_BUILDING:
        return fleet_building_of(fleet, asset) == fault->target || fleet->gateways[gateway].building == fault->target;
    case SCOPE_ALL: return true;
    }
    return false;
}

static void bits_rebuild(struct faults *faults)
{
    size_t assets = fleet_asset_count(faults->fleet);
    memset(faults->bits, 0, assets);
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        const struct fault_type *type = &fault_types[fault->kind];
        uint8_t on_gateway = fault->with_gateways ? ASSET_SILENT | ASSET_OFFLINE : type->gateway_bits;
        for (size_t a = 0; a < assets; a++)
            if (fault_covers(faults->fleet, fault, a))
                faults->bits[a] |= fleet_is_gateway(faults->fleet, a) ? on_gateway : type->terminal_bits;
    }
}

static int64_t recovery_time(const struct fleet *fleet, const struct fault *fault, size_t asset)
{
    size_t gateway = fleet_gateway_of(fleet, asset), above = fleet_gateway_asset(fleet, gateway);
    double share = 0;
    if (fault_covers(fleet, fault, above))
        share = 0.6 * random_unit(fleet->seed, above, PURPOSE_RECOVERY);
    if (asset != above)
        share += (1 - share) * random_unit(fleet->seed, asset, PURPOSE_RECOVERY);
    return fault->since + (int64_t)(share * (double)fault->span);
}

int64_t faults_recovery_time(const struct faults *faults, size_t asset)
{
    int64_t latest = 0;
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        if (fault->kind == FAULT_SLOW_RECOVERY && fault_covers(faults->fleet, fault, asset)) {
            int64_t time = recovery_time(faults->fleet, fault, asset);
            latest = time > latest ? time : latest;
        }
    }
    return latest;
}

bool faults_silent(const struct faults *faults, size_t asset, int64_t now)
{
    uint8_t bits = faults->bits[asset];
    return bits & ASSET_SILENT || (bits & ASSET_RECOVERING && now < faults_recovery_time(faults, asset));
}

bool faults_offline(const struct faults *faults, size_t gateway, int64_t now)
{
    size_t asset = fleet_gateway_asset(faults->fleet, gateway);
    uint8_t bits = faults->bits[asset];
    return bits & ASSET_OFFLINE || (bits & ASSET_RECOVERING && now < faults_recovery_time(faults, asset));
}

/* Name what a scope is, for messages. */
static void scope_describe(const struct fleet *fleet, enum scope scope, size_t target, struct text *out)
{
    char id[FLEET_ID];
    switch (scope) {
    case SCOPE_TERMINAL: fleet_id(fleet, target, id); text_adds(out, id); break;
    case SCOPE_GATEWAY: fleet_id(fleet, fleet_gateway_asset(fleet, target), id); text_adds(out, id); break;
    case SCOPE_BUILDING: text_adds(out, fleet->buildings[target].name); break;
    case SCOPE_ALL: text_adds(out, "all"); break;
    }
}

static bool scope_parse(const struct fleet *fleet, const char *name, enum scope *scope, size_t *target)
{
    size_t asset;
    *target = 0;
    if (strcmp(name, "all") == 0) {
        *scope = SCOPE_ALL;
    } else if (fleet_find_building(fleet, name, target)) {
        *scope = SCOPE_BUILDING;
    } else if (fleet_find(fleet, name, &asset)) {
        bool gateway = fleet_is_gateway(fleet, asset);
        *scope = gateway ? SCOPE_GATEWAY : SCOPE_TERMINAL;
        *target = gateway ? asset - fleet->terminal_count : asset;
    } else {
        return false;
    }
    return true;
}

/* Everything after the target, per kind. False with a reason. */
struct parse {
    const struct faults *faults;
    struct fault *fault;
    char *const *words; /* after the target */
    int count;
    struct text *answer;
};

static bool refuse(const struct parse *parse, const char *why)
{
    const struct fault_type *type = &fault_types[parse->fault->kind];
    text_addf(parse->answer, "%s: %s %s", why, type->verb, type->arguments);
    return false;
}

static bool parse_nothing(struct parse *parse)
{
    return parse->count == 0 || refuse(parse, "too many words");
}

static bool parse_gateway(struct parse *parse)
{
    return parse->fault->scope == SCOPE_GATEWAY ? parse_nothing(parse) : refuse(parse, "not a gateway");
}

static bool parse_building(struct parse *parse)
{
    return parse->fault->scope == SCOPE_BUILDING ? parse_nothing(parse) : refuse(parse, "not a building");
}

static bool parse_negative(struct parse *parse)
{
    const char *what = parse->count > 0 ? parse->words[0] : "energy";
    if (parse->count > 1)
        return refuse(parse, "too many words");
    parse->fault->variant = strcmp(what, "energy") == 0  ? NEGATIVE_REGISTER
                            : strcmp(what, "power") == 0 ? NEGATIVE_POWER
                            : strcmp(what, "both") == 0  ? NEGATIVE_REGISTER | NEGATIVE_POWER
                                                         : 0;
    return parse->fault->variant || refuse(parse, "energy, power or both");
}

static bool parse_clock(struct parse *parse)
{
    static const struct {
        const char *word;
        enum clock_fault fault;
    } words[] = {{"1970", CLOCK_1970}, {"2099", CLOCK_2099}, {"zero", CLOCK_ZERO}, {"seconds", CLOCK_SECONDS}};
    if (parse->count != 1)
        return refuse(parse, "one offset is needed");
    const char *offset = parse->words[0];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(offset, words[i].word) == 0) {
            parse->fault->variant = (int)words[i].fault;
            return true;
        }
    bool back = *offset == '-';
    if (!options_span(offset + (back || *offset == '+'), &parse->fault->offset))
        return refuse(parse, "not an offset");
    parse->fault->variant = CLOCK_SHIFTED;
    if (back)
        parse->fault->offset = -parse->fault->offset;
    return true;
}

static bool parse_garbage(struct parse *parse)
{
    parse->fault->variant = parse->count > 0 ? garbage_parse(parse->words[0]) : GARBAGE_ALL;
    if (parse->count <= 1 && parse->fault->variant >= GARBAGE_ALL)
        return true;
    text_adds(parse->answer, "variants: all");
    for (int i = 0; i < garbage_count; i++)
        text_addf(parse->answer, ", %s", garbage_names[i]);
    return false;
}

static bool parse_stranger(struct parse *parse)
{
    char *end = NULL;
    long count = parse->count > 0 ? strtol(parse->words[0], &end, 10) : 1;
    if (parse->fault->scope != SCOPE_GATEWAY)
        return refuse(parse, "not a gateway");
    if (parse->count > 1 || (end && *end) || count < 1 || count > 1000)
        return refuse(parse, "1 to 1000 strangers");
    parse->fault->variant = (int)count;
    return true;
}

static bool parse_value(struct parse *parse)
{
    char *end;
    if (parse->count != 2)
        return refuse(parse, "a metric and a number are needed");
    parse->fault->value = strtod(parse->words[1], &end);
    if (*end || end == parse->words[1])
        return refuse(parse, "not a number");
    snprintf(parse->fault->metric, sizeof parse->fault->metric, "%s", parse->words[0]);
    if (parse->fault->scope != SCOPE_TERMINAL)
        return true;
    const struct terminal_class *class = fleet_class_of(parse->faults->fleet, parse->fault->target);
    for (int i = 0; i < metric_count(class); i++)
        if (strcmp(class->metrics[i].name, parse->fault->metric) == 0)
            return true;
    return refuse(parse, "it has no such metric");
}

/* What is silent in the scope comes back; when nothing is, all of it does after going down now. The faults that held
 * it down are over. */
static bool parse_recovery(struct parse *parse)
{
    struct faults *faults = (struct faults *)parse->faults;
    struct fault *fault = parse->fault;
    const struct fleet *fleet = faults->fleet;
    if (parse->count != 1 || !options_span(parse->words[0], &fault->span))
        return refuse(parse, "a span is needed");
    size_t assets = fleet_asset_count(fleet), silent = 0;
    uint8_t *members = bytes_new(assets / 8 + 1);
    for (size_t a = 0; a < assets; a++)
        if (fault_covers(fleet, fault, a) && faults_silent(faults, a, fault->since)) {
            member_add(members, a);
            silent++;
        }
    if (silent > 0) {
        fault->members = members;
        struct text ignored = {0};
        struct text name = {0};
        scope_describe(fleet, fault->scope, fault->target, &name);
        faults_recover(faults, name.bytes, &ignored);
        text_release(&ignored);
        text_release(&name);
    } else {
        free(members);
    }
    return true;
}

static bool (*const parsers[FAULT_KIND_COUNT])(struct parse *parse) = {
    [FAULT_GATEWAY_DIES] = parse_gateway,     [FAULT_HALF_OPEN] = parse_nothing,
    [FAULT_TERMINAL_STUCK] = parse_nothing,   [FAULT_NEGATIVE_ENERGY] = parse_negative,
    [FAULT_CLOCK_WRONG] = parse_clock,        [FAULT_GARBAGE] = parse_garbage,
    [FAULT_VALUE] = parse_value,              [FAULT_STRANGER] = parse_stranger,
    [FAULT_BUILDING_POWER_LOSS] = parse_building, [FAULT_SLOW_RECOVERY] = parse_recovery,
};

/* storm N|all [terminals|gateways]: the chosen ones come in the order of a hash, so that they lie all over. */
static bool storm_parse(const struct faults *faults, struct fault *fault, char *const *words, int count,
                        struct text *answer)
{
    const struct fleet *fleet = faults->fleet;
    bool all = count > 0 && strcmp(words[0], "all") == 0;
    fault->with_gateways = count > 1 && strcmp(words[1], "gateways") == 0;
    size_t first = fault->with_gateways ? fleet->terminal_count : 0;
    size_t most = fault->with_gateways ? fleet->gateway_count : fleet->terminal_count;
    char *end = NULL;
    unsigned long long wanted = count > 0 && !all ? strtoull(words[0], &end, 10) : most;
    if (count < 1 || count > 2 || (end && (*end || end == words[0])) || wanted < 1 ||
        (count == 2 && !fault->with_gateways && strcmp(words[1], "terminals") != 0)) {
        text_addf(answer, "%s %s", fault_types[FAULT_STORM].verb, fault_types[FAULT_STORM].arguments);
        return false;
    }
    fault->scope = SCOPE_ALL;
    fault->members = bytes_new(fleet_asset_count(fleet) / 8 + 1);
    /* the share that reaches the count in the mean is met exactly by a second walk over the rest */
    double share = (double)wanted / (double)most;
    size_t chosen = 0;
    for (int walk = 0; walk < 2; walk++)
        for (size_t i = 0; i < most && chosen < wanted; i++) {
            bool drawn = random_unit(fleet->seed, first + i, PURPOSE_STORM) < share;
            if (drawn != (walk == 0))
                continue;
            member_add(fault->members, first + i);
            chosen++;
            if (fault->with_gateways)
                for (size_t t = 0; t < fleet->gateways[i].count; t++)
                    member_add(fault->members, fleet->gateways[i].first + t);
        }
    return true;
}

static void list_append(struct faults *faults, const struct fault *fault)
{
    if (faults->count == faults->capacity) {
        faults->capacity = faults->capacity ? faults->capacity * 2 : 16;
        faults->list = realloc(faults->list, faults->capacity * sizeof *faults->list);
        if (!faults->list) {
            perror("campus: memory");
            abort();
        }
    }
    faults->list[faults->count++] = *fault;
}

static void words_join(char *const *words, int count, char *out, size_t size)
{
    size_t length = 0;
    for (int i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s%s", i ? " " : "", words[i]);
}

bool faults_add(struct faults *faults, char *const *words, int count, int64_t now, struct text *answer)
{
    struct fault fault = {.since = now};
    int kind = 0;
    while (kind < FAULT_KIND_COUNT && strcmp(fault_types[kind].verb, words[0]) != 0)
        kind++;
    if (kind == FAULT_KIND_COUNT) {
        text_addf(answer, "no such verb: %s (send \"help\")", words[0]);
        return false;
    }
    fault.kind = (enum fault_kind)kind;
    words_join(words, count, fault.words, sizeof fault.words);
    if (fault.kind == FAULT_STORM) {
        if (!storm_parse(faults, &fault, words + 1, count - 1, answer))
            return false;
    } else {
        struct parse parse = {.faults = faults, .fault = &fault, .words = words + 2, .count = count - 2,
                              .answer = answer};
        if (count < 2)
            return refuse(&parse, "whom?");
        if (!scope_parse(faults->fleet, words[1], &fault.scope, &fault.target)) {
            text_addf(answer, "neither an asset nor a building: %s", words[1]);
            return false;
        }
        if (!parsers[kind](&parse))
            return false;
    }
    fault.number = ++faults->last_number;
    list_append(faults, &fault);
    bits_rebuild(faults);
    text_addf(answer, "#%u %s", fault.number, fault.words);
    return true;
}

/* Whether a fault lies on the target or below it. */
static bool scope_within(const struct fleet *fleet, const struct fault *fault, enum scope scope, size_t target)
{
    struct fault outer = {.scope = scope, .target = target};
    switch (fault->scope) {
    case SCOPE_TERMINAL: return fault_covers(fleet, &outer, fault->target);
    case SCOPE_GATEWAY:
        return scope != SCOPE_TERMINAL && fault_covers(fleet, &outer, fleet_gateway_asset(fleet, fault->target));
    case SCOPE_BUILDING: return scope == SCOPE_ALL || (scope == SCOPE_BUILDING && target == fault->target);
    case SCOPE_ALL: return scope == SCOPE_ALL;
    }
    return false;
}

/* What a person may name to take faults away. */
struct selection {
    enum scope scope;
    size_t target;
    unsigned number; /* not 0: this fault */
    int kind;        /* not -1: all of this kind */
};

static bool selection_parse(const struct faults *faults, const char *name, struct selection *selection)
{
    *selection = (struct selection){.scope = SCOPE_ALL, .kind = -1};
    if (*name == '#')
        return (selection->number = (unsigned)strtoul(name + 1, NULL, 10)) > 0;
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++)
        if (strcmp(fault_types[kind].verb, name) == 0) {
            selection->kind = kind;
            return true;
        }
    return scope_parse(faults->fleet, name, &selection->scope, &selection->target);
}

static bool selected(const struct faults *faults, const struct fault *fault, const struct selection *selection)
{
    if (selection->number)
        return fault->number == selection->number;
    if (selection->kind >= 0)
        return (int)fault->kind == selection->kind;
    return scope_within(faults->fleet, fault, selection->scope, selection->target);
}

bool faults_recover(struct faults *faults, const char *name, struct text *answer)
{
    struct selection selection;
    if (!selection_parse(faults, name, &selection)) {
        text_addf(answer, "neither an asset, a building nor a fault: %s", name);
        return false;
    }
    size_t before = faults->count, kept = 0;
    for (size_t i = 0; i < before; i++) {
        struct fault *fault = &faults->list[i];
        if (selected(faults, fault, &selection))
            free(fault->members);
        else
            faults->list[kept++] = *fault;
    }
    faults->count = kept;
    if (kept == before && strcmp(name, "all") != 0) {
        text_addf(answer, "no such fault, nor one on it itself or below: %s (see list-faults)", name);
        return false;
    }
    bits_rebuild(faults);
    text_addf(answer, "%zu over, %zu left", before - kept, kept);
    return true;
}

bool faults_expire(struct faults *faults, int64_t now)
{
    size_t kept = 0, before = faults->count;
    for (size_t i = 0; i < before; i++) {
        struct fault *fault = &faults->list[i];
        if (fault->kind == FAULT_SLOW_RECOVERY && now >= fault->since + fault->span)
            free(fault->members);
        else
            faults->list[kept++] = *fault;
    }
    faults->count = kept;
    if (kept < before)
        bits_rebuild(faults);
    return kept < before;
}

void faults_list(const struct faults *faults, int64_t now, struct text *out)
{
    text_addf(out, "%zu fault%s", faults->count, faults->count == 1 ? "" : "s");
    for (size_t i = 0; i < faults->count; i++)
        text_addf(out, "; #%u %s (%llds)", faults->list[i].number, faults->list[i].words,
                  (long long)(now - faults->list[i].since) / 1000);
}

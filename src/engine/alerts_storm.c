/* The storm rule (DOMAIN.md C1): when a large part of one gateway's, building's or network's children falls silent within a
 * short time although nothing above them is down, or of a building's or network's gateways is lost (its power, its switch),
 * one alert is raised for all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "engine/alerts_private.h"

#define RESTATE_AFTER 200 /* ms */
#define RECOUNT_AFTER SPAN_SECOND /* others may count that did not: a downtime is over */

/* The last two are of gateways that are lost, with all below each of them; the others of children that are silent though
 * their parents are not. */
enum storm_kind { STORM_GATEWAY, STORM_BUILDING, STORM_NETWORK, STORM_BUILDING_GATEWAYS, STORM_NETWORK_GATEWAYS, STORM_KINDS };

static const struct { const char *rule, *name; } words[STORM_KINDS] = {
    [STORM_GATEWAY] = {"storm-gateway", N_("gateway terminals lost")},
    [STORM_BUILDING] = {"storm-building", N_("building terminals lost")},
    [STORM_NETWORK] = {"storm-network", N_("network terminals lost")},
    [STORM_BUILDING_GATEWAYS] = {"storm-building-gateways", N_("building gateways lost")},
    [STORM_NETWORK_GATEWAYS] = {"storm-network-gateways", N_("network gateways lost")},
};

struct silent { msec at; uint32_t handle; int64_t number; };

struct storm {
    enum storm_kind kind;
    uint32_t key;               /* the parent's handle, or a number in the desk's texts */
    uint32_t total;             /* children in the ledger, as of ledger_revision */
    uint32_t alert;             /* its own while it lasts; ALERT_NONE */
    uint32_t folded;            /* symptoms still active */
    uint32_t first;             /* how many made it one */
    bool told_old, restated;    /* its summary has another count; was written anew */
    uint32_t lacking;           /* at the last count, at counted_at: until so many more are silent it need not be counted again */
    msec counted_at;            /* steady */
    struct silent *recent;      /* oldest first */
    size_t begin, count, capacity;
};

struct storms {
    struct intern *names;       /* "kind.key": places in `rows` */
    struct storm *rows;
    size_t capacity;
    bool restate;
    uint32_t counts;
    uint64_t ledger_revision;
    uint32_t (*totals)[STORM_KINDS]; /* by number in the desk's texts */
    uint32_t room;
};

void storms_init(struct alerts *alerts)
{
    alerts->storms = memory_new(sizeof *alerts->storms);
    alerts->storms->names = intern_new();
    alerts->storms->ledger_revision = UINT64_MAX;
}

void storms_free(struct alerts *alerts)
{
    struct storms *storms = alerts->storms;
    for (uint32_t i = 0; i < intern_count(storms->names); i++)
        free(storms->rows[i].recent);
    intern_free(&storms->names);
    free(storms->rows);
    free(storms->totals);
    free(storms);
}

static uint32_t storm_of(struct alerts *alerts, enum storm_kind kind, uint32_t key)
{
    struct storms *storms = alerts->storms;
    char name[32];
    int length = snprintf(name, sizeof name, "%d.%u", (int)kind, key);
    uint32_t known = intern_find(storms->names, name, (size_t)length);
    if (known != UINT32_MAX)
        return known;
    known = intern_id(storms->names, name, (size_t)length);
    ARRAY_RESERVE(storms->rows, storms->capacity, known + 1);
    storms->rows[known] = (struct storm){.kind = kind, .key = key, .alert = ALERT_NONE};
    return known;
}

/* The network an asset is in: a ledger column of that name (or vlan), where there is one. */
static const char *network_of(const struct alerts *alerts, uint32_t asset)
{
    const char *attributes = fleet_attributes(alerts->fleet, asset);
    struct fleet_subject subject = {.fleet = alerts->fleet, .asset = asset};
    if (!attributes[0] || (!strstr(attributes, "\"network\"") && !strstr(attributes, "\"vlan\"")))
        return "";
    const char *text = fleet_subject_ops.text(&subject, "attribute.network");
    return text ? text : text_or_empty(fleet_subject_ops.text(&subject, "attribute.vlan"));
}

static bool is_top_gateway(const struct fleet *fleet, uint32_t asset)
{
    return live_at(fleet, asset)->kind_is_gateway && live_at(fleet, asset)->parent == FLEET_NONE;
}

static void count_one(struct storms *storms, uint32_t number, enum storm_kind kind)
{
    if (number >= storms->room) {
        uint32_t room = number + 256;
        storms->totals = memory_resize(storms->totals, room, sizeof *storms->totals);
        memset(storms->totals + storms->room, 0, (room - storms->room) * sizeof *storms->totals);
        storms->room = room;
    }
    storms->totals[number][kind]++;
}

/* How many children and gateways each building and network has; once for each change of the ledger. */
static void count_all(struct alerts *alerts)
{
    struct storms *storms = alerts->storms;
    struct fleet *fleet = alerts->fleet;
    if (storms->ledger_revision == fleet_ledger_revision(fleet))
        return;
    storms->ledger_revision = fleet_ledger_revision(fleet);
    if (storms->room)
        memset(storms->totals, 0, storms->room * sizeof *storms->totals);
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        bool gateway = fleet_exists(fleet, asset) && is_top_gateway(fleet, asset);
        if (!fleet_exists(fleet, asset) || (live_at(fleet, asset)->parent == FLEET_NONE && !gateway))
            continue;
        count_one(storms, desk_number(alerts, fleet_text(fleet, asset, ASSET_building)),
                  gateway ? STORM_BUILDING_GATEWAYS : STORM_BUILDING);
        count_one(storms, desk_number(alerts, network_of(alerts, asset)), gateway ? STORM_NETWORK_GATEWAYS : STORM_NETWORK);
    }
}

static uint32_t total_of(struct alerts *alerts, const struct storm *storm)
{
    struct fleet_view view;
    if (storm->kind == STORM_GATEWAY) {
        fleet_get(alerts->fleet, storm->key, &view);
        return view.children;
    }
    count_all(alerts);
    return storm->key < alerts->storms->room ? alerts->storms->totals[storm->key][storm->kind] : 0;
}

static bool of_gateways(const struct storm *storm)
{
    return storm->kind == STORM_BUILDING_GATEWAYS || storm->kind == STORM_NETWORK_GATEWAYS;
}

static uint32_t threshold_of(const struct alerts *alerts, const struct storm *storm)
{
    double share = storm->total * alerts->options.storm_share;
    uint32_t need = (uint32_t)share + (share > (uint32_t)share);
    uint32_t least = of_gateways(storm) ? alerts->options.storm_gateways : alerts->options.storm_children;
    return need > least ? need : least;
}

static struct storm *storm_of_alert(struct alerts *alerts, uint32_t handle)
{
    uint32_t group = handle == ALERT_NONE ? ALERT_NONE : alert_at(alerts, handle)->storm;
    return group == ALERT_NONE ? NULL : &alerts->storms->rows[group];
}

/* The storm that this one is part of: a gateway's in its building's. */
static struct storm *storm_above(struct alerts *alerts, const struct storm *storm)
{
    return storm->alert == ALERT_NONE ? NULL : storm_of_alert(alerts, alert_at(alerts, storm->alert)->cause);
}

/* Its count of symptoms changed: said a moment later, once for many. */
static void storm_counts(struct alerts *alerts, struct storm *storm, int by)
{
    for (; storm; storm = storm_above(alerts, storm)) {
        storm->folded = by < 0 && storm->folded < (uint32_t)-by ? 0 : storm->folded + (uint32_t)by;
        storm->told_old = alerts->storms->restate = true;
    }
    desk_turn_want(alerts, clock_steady() + RESTATE_AFTER);
}

/* Not a new revision: a person who is about to act on it is not asked again because one more fell silent. */
void storms_restate(struct alerts *alerts)
{
    struct storms *storms = alerts->storms;
    if (!storms->restate)
        return;
    storms->restate = false;
    for (uint32_t i = 0; i < intern_count(storms->names); i++) {
        struct storm *storm = &storms->rows[i];
        if (!storm->told_old || storm->alert == ALERT_NONE)
            continue;
        char summary[160];
        struct alert *own = alert_at(alerts, storm->alert);
        storm->told_old = false;
        if (storm->folded == storm->first && !storm->restated)
            continue;
        storm->restated = true;
        double periods = alerts->options.storm_periods;
        snprintf(summary, sizeof summary,
                 of_gateways(storm) ? COUNTED(periods, N_("%u of %u gateways lost; the first %u within %g period"),
                                              N_("%u of %u gateways lost; the first %u within %g periods"))
                                    : COUNTED(periods, N_("%u of %u children silent; the first %u within %g period"),
                                              N_("%u of %u children silent; the first %u within %g periods")),
                 storm->folded, storm->total, storm->first, periods);
        alert_text_set(&own->summary, summary);
        alert_mark(alerts, own);
        change_note(alerts, own);
    }
}

static void storm_fold(struct alerts *alerts, uint32_t group, struct alert *alert, msec now)
{
    struct storm *storm = &alerts->storms->rows[group];
    struct alert *own = alert_at(alerts, storm->alert);
    if (alert == own || alert->cause_kind == CAUSE_HAND || alert->cause != ALERT_NONE ||
        alert->life.condition != CONDITION_ACTIVE)
        return;
    struct storm *part = storm_of_alert(alerts, alert->self);
    int symptoms = part ? (int)part->folded : 1;
    cause_fold(alerts, alert, own, CAUSE_STORM, now);
    if (alert->cause == own->self)
        storm_counts(alerts, storm, symptoms);
}

static void storm_raise(struct alerts *alerts, uint32_t group, uint32_t silent)
{
    struct storm *storm = &alerts->storms->rows[group];
    char summary[160];
    double periods = alerts->options.storm_periods;
    snprintf(summary, sizeof summary,
             of_gateways(storm) ? COUNTED(periods, N_("%u of %u gateways lost within %g period"), N_("%u of %u gateways lost within %g periods"))
                                : COUNTED(periods, N_("%u of %u children silent within %g period"), N_("%u of %u children silent within %g periods")),
             silent, storm->total, periods);
    struct alert_report report = {
        .source = N_("storm"), .rule = words[storm->kind].rule, .name = words[storm->kind].name, .type = "communication",
        .asset = storm->kind == STORM_GATEWAY ? storm->key : FLEET_NONE,
        .point = storm->kind == STORM_GATEWAY ? "" : desk_text(alerts, storm->key),
        .severity = SEVERITY_CRITICAL, .summary = summary, .runbook = "storm",
    };
    uint64_t fingerprint = alert_fingerprint(alerts, &report);
    alerts->storm_count++;
    alerts_breach(alerts, &report);
    struct alert *own = alert_current(alerts, fingerprint);
    alerts->storms->rows[group].alert = own->self;
    alerts->storms->rows[group].first = silent;
    alerts->storms->rows[group].restated = false;
    own->storm = group;
}

/* What stands for an alert in a storm of this kind: itself, or the storm of its gateway; NULL where it is part of another
 * story. */
static struct alert *stands_for(struct alerts *alerts, const struct storm *storm, struct alert *alert)
{
    if (alert->cause == ALERT_NONE)
        return alert;
    const struct storm *nearer = storm_of_alert(alerts, alert->cause);
    bool part = nearer && nearer->kind == STORM_GATEWAY && (storm->kind == STORM_BUILDING || storm->kind == STORM_NETWORK);
    return part && alert_at(alerts, alert->cause)->cause == ALERT_NONE ? alert_at(alerts, alert->cause) : NULL;
}

/* What is known to be out of work makes no storm. */
static bool counts(struct alerts *alerts, const struct storm *storm, struct alert *alert)
{
    return alert->life.condition == CONDITION_ACTIVE && stands_for(alerts, storm, alert) &&
           !(alert->life.suppression & (SUPPRESSED_DOWNTIME | SUPPRESSED_OUT_OF_SERVICE));
}

/* Each alert once, however often it came in that time. */
static uint32_t count_recent(struct alerts *alerts, const struct storm *storm)
{
    uint32_t silent = 0, count = ++alerts->storms->counts;
    for (size_t i = storm->begin; i < storm->count; i++) {
        struct alert *each = alert_at(alerts, storm->recent[i].handle);
        if (each->number != storm->recent[i].number || each->counted == count)
            continue;
        each->counted = count;
        silent += counts(alerts, storm, each);
    }
    return silent;
}

static void storm_begin(struct alerts *alerts, uint32_t group, uint32_t silent, msec now)
{
    storm_raise(alerts, group, silent);
    struct storm *storm = &alerts->storms->rows[group]; /* raising may have made others */
    for (size_t i = storm->begin; i < storm->count; i++) {
        struct alert *each = alert_at(alerts, storm->recent[i].handle);
        each = each->flags & ALERT_LIVE && each->number == storm->recent[i].number ? stands_for(alerts, storm, each) : NULL;
        if (each)
            storm_fold(alerts, group, each, now);
        storm = &alerts->storms->rows[group];
    }
    storm->begin = storm->count = 0;
}

static void storm_note(struct alerts *alerts, enum storm_kind kind, uint32_t key, struct alert *alert, msec now)
{
    uint32_t group = storm_of(alerts, kind, key);
    struct storm *storm = &alerts->storms->rows[group];
    if (storm->alert != ALERT_NONE) {
        storm_fold(alerts, group, alert, now);
        return;
    }
    msec steady = clock_steady();
    double window = live_at(alerts->fleet, alert->asset)->period * alerts->options.storm_periods;
    while (storm->begin < storm->count && (double)(steady - storm->recent[storm->begin].at) > window)
        storm->begin++;
    if (storm->begin && (storm->begin == storm->count || storm->begin > 1024)) {
        storm->count -= storm->begin;
        memmove(storm->recent, storm->recent + storm->begin, storm->count * sizeof *storm->recent);
        storm->begin = 0;
    }
    ARRAY_RESERVE(storm->recent, storm->capacity, storm->count + 1);
    storm->recent[storm->count++] = (struct silent){steady, alert->self, alert->number};
    storm->total = total_of(alerts, storm);
    uint32_t need = threshold_of(alerts, storm);
    if (storm->lacking > need)
        storm->lacking = need; /* the ledger or the configuration changed */
    if (!counts(alerts, storm, alert) || storm->count - storm->begin < need ||
        (storm->lacking && --storm->lacking && steady - storm->counted_at < RECOUNT_AFTER))
        return;
    uint32_t silent = count_recent(alerts, storm);
    storm->lacking = silent < need ? need - silent : 0;
    storm->counted_at = steady;
    if (silent >= need)
        storm_begin(alerts, group, silent, now);
}

struct group_key { enum storm_kind kind; uint32_t key; };

/* The groups that an alert counts in, the nearest first: of silence of its own, though nothing above it is down, and of a
 * gateway that is lost, however that was found. */
static unsigned groups_of(struct alerts *alerts, const struct alert *alert, struct group_key groups[3])
{
    const struct fleet_live *live = live_at(alerts->fleet, alert->asset);
    unsigned count = 0;
    bool gateway = is_top_gateway(alerts->fleet, alert->asset) && live->health == HEALTH_OFFLINE;
    bool child = live->reason == REASON_NO_DATA && live->parent != FLEET_NONE;
    if ((!gateway && !child) || strcmp(desk_text(alerts, alert->source), "health") != 0)
        return 0;
    if (child)
        groups[count++] = (struct group_key){STORM_GATEWAY, live->parent};
    uint32_t network = desk_number(alerts, network_of(alerts, alert->asset));
    uint32_t building = desk_number(alerts, fleet_text(alerts->fleet, alert->asset, ASSET_building));
    if (network)
        groups[count++] = (struct group_key){gateway ? STORM_NETWORK_GATEWAYS : STORM_NETWORK, network};
    if (building)
        groups[count++] = (struct group_key){gateway ? STORM_BUILDING_GATEWAYS : STORM_BUILDING, building};
    return count;
}

/* The group of a storm that goes on where this asset belongs. */
static uint32_t storm_running(struct alerts *alerts, const struct alert *alert)
{
    struct group_key groups[3];
    unsigned count = groups_of(alerts, alert, groups);
    for (unsigned i = 0; i < count; i++) {
        uint32_t group = storm_of(alerts, groups[i].kind, groups[i].key);
        if (alerts->storms->rows[group].alert != ALERT_NONE)
            return group;
    }
    return ALERT_NONE;
}

struct alert *storm_over(struct alerts *alerts, const struct alert *alert)
{
    uint32_t group = storm_running(alerts, alert);
    return group == ALERT_NONE ? NULL : alert_at(alerts, alerts->storms->rows[group].alert);
}

/* What lies behind a parent has its cause, and counts for no storm. */
void storm_breach(struct alerts *alerts, struct alert *alert, msec now)
{
    struct group_key groups[3];
    if (alert->asset == FLEET_NONE || alert->life.condition != CONDITION_ACTIVE)
        return;
    unsigned count = groups_of(alerts, alert, groups);
    if (count && alert->cause_kind == CAUSE_STORM && alert->cause != ALERT_NONE) { /* it joined one that goes on */
        struct alert *own = alert_at(alerts, alert->cause);
        if (own->storm != ALERT_NONE)
            storm_counts(alerts, &alerts->storms->rows[own->storm], 1);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        storm_note(alerts, groups[i].kind, groups[i].key, alert, now);
}

/* Those still silent wait a period before they speak for themselves (alerts_settle.c): most return in that time. */
static void storm_end(struct alerts *alerts, struct alert *own)
{
    struct storm *storm = &alerts->storms->rows[own->storm];
    storm_counts(alerts, storm, -(int)storm->folded);
    storm->alert = ALERT_NONE;
    own->storm = ALERT_NONE;
}

bool storm_join(struct alerts *alerts, struct alert *alert, msec now)
{
    uint32_t group = alert->asset == FLEET_NONE || !fleet_exists(alerts->fleet, alert->asset) ? ALERT_NONE : storm_running(alerts, alert);
    if (group == ALERT_NONE || alert->life.condition != CONDITION_ACTIVE)
        return false;
    cause_fold(alerts, alert, alert_at(alerts, alerts->storms->rows[group].alert), CAUSE_STORM, now);
    storm_counts(alerts, &alerts->storms->rows[group], 1);
    return true;
}

/* When half of what made it a storm has returned, it is over. */
void storm_cleared(struct alerts *alerts, struct alert *alert)
{
    if (alert->storm != ALERT_NONE) {
        storm_end(alerts, alert);
        return;
    }
    if (alert->cause_kind != CAUSE_STORM || alert->cause == ALERT_NONE)
        return;
    struct storm *storm = storm_of_alert(alerts, alert->cause);
    if (!storm)
        return;
    storm_counts(alerts, storm, -1);
    for (struct storm *above; storm; storm = above) {
        above = storm_above(alerts, storm);
        if (storm->alert != ALERT_NONE && storm->folded * 2 < threshold_of(alerts, storm))
            alerts_normal(alerts, alert_at(alerts, storm->alert)->fingerprint);
    }
}

/* Those of a storm that is part of this one in its place. */
static uint32_t active_below(const struct alerts *alerts, const struct alert *own)
{
    uint32_t active = 0;
    for (uint32_t handle = own->first_symptom; handle != ALERT_NONE; handle = alert_at(alerts, handle)->next_symptom) {
        const struct alert *symptom = alert_at(alerts, handle);
        bool part = strcmp(desk_text(alerts, symptom->source), "storm") == 0;
        if (symptom->life.condition == CONDITION_ACTIVE)
            active += part ? active_below(alerts, symptom) : 1;
    }
    return active;
}

void storm_restore(struct alerts *alerts, struct alert *own)
{
    if (strcmp(desk_text(alerts, own->source), "storm") != 0 || own->life.condition != CONDITION_ACTIVE)
        return;
    for (int kind = 0; kind < STORM_KINDS; kind++) {
        uint32_t key = kind == STORM_GATEWAY ? own->asset : own->point;
        if (strcmp(desk_text(alerts, own->rule), words[kind].rule) != 0 || (kind == STORM_GATEWAY && key == FLEET_NONE))
            continue;
        own->storm = storm_of(alerts, (enum storm_kind)kind, key);
        struct storm *storm = &alerts->storms->rows[own->storm];
        storm->alert = own->self;
        storm->total = total_of(alerts, storm);
        storm->first = threshold_of(alerts, storm);
        storm->folded = active_below(alerts, own);
    }
}

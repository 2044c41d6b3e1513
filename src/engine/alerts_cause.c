/* Cause and symptoms (DOMAIN.md C1). What lies behind a parent that is down is folded under the parent's alert; when a
 * large part of one gateway's, building's or network's children falls silent within a short time although nothing above
 * them is down, one storm alert is raised for all of them. People may overrule either by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/alerts_private.h"

#define RESTATE_AFTER 200 /* ms */

enum storm_kind { STORM_GATEWAY, STORM_BUILDING, STORM_NETWORK, STORM_KINDS };

struct silent { msec at; uint32_t handle; int64_t number; };

struct storm {
    enum storm_kind kind;
    uint32_t key;               /* the parent's handle, or a number in the desk's texts */
    uint32_t total;             /* children in the ledger, as of ledger_revision */
    uint32_t alert;             /* its own while it lasts; ALERT_NONE */
    uint32_t folded;            /* symptoms still active */
    uint32_t first;             /* how many made it one */
    bool told_old, restated;    /* its summary has another count; was written anew */
    struct silent *recent;      /* oldest first */
    size_t begin, count, capacity;
};

struct storms {
    struct intern *names;       /* "kind.key": places in `rows` */
    struct storm *rows;
    size_t capacity;
    bool restate;
    uint64_t ledger_revision;
    uint32_t *building_totals, *network_totals; /* by number in the desk's texts */
    uint32_t room;
};

/* ---- links ---- */

static void unlink_symptom(struct alerts *alerts, struct alert *alert)
{
    if (alert->cause == ALERT_NONE)
        return;
    struct alert *cause = alert_at(alerts, alert->cause);
    if (alert->previous_symptom == ALERT_NONE)
        cause->first_symptom = alert->next_symptom;
    else
        alert_at(alerts, alert->previous_symptom)->next_symptom = alert->next_symptom;
    if (alert->next_symptom != ALERT_NONE)
        alert_at(alerts, alert->next_symptom)->previous_symptom = alert->previous_symptom;
    alert->cause = alert->next_symptom = alert->previous_symptom = ALERT_NONE;
    cause->symptoms--;
    alert_mark(alerts, cause);
}

void cause_set(struct alerts *alerts, struct alert *alert, struct alert *cause, enum cause_kind kind)
{
    unlink_symptom(alerts, alert);
    alert->cause_kind = (uint8_t)kind;
    alert->cause_number = cause->number;
    alert->cause = cause->self;
    alert->next_symptom = cause->first_symptom;
    if (cause->first_symptom != ALERT_NONE)
        alert_at(alerts, cause->first_symptom)->previous_symptom = alert->self;
    cause->first_symptom = alert->self;
    cause->symptoms++;
    alert_mark(alerts, cause);
}

void cause_clear(struct alerts *alerts, struct alert *alert)
{
    unlink_symptom(alerts, alert);
    alert->cause_kind = CAUSE_NONE;
    alert->cause_number = 0;
}

void cause_leave(struct alerts *alerts, struct alert *alert)
{
    unlink_symptom(alerts, alert);
    alert->cause_kind = CAUSE_NONE;
}

/* ---- what is behind a parent ---- */

static uint32_t storm_running(struct alerts *alerts, const struct alert *alert);

static uint32_t down_above(const struct alerts *alerts, uint32_t asset)
{
    struct fleet *fleet = alerts->fleet;
    uint32_t above = live_at(fleet, asset)->parent;
    while (above != FLEET_NONE && live_at(fleet, above)->health == HEALTH_UNREACHABLE && live_at(fleet, above)->parent != FLEET_NONE)
        above = live_at(fleet, above)->parent;
    return above;
}

/* The alert of what is down above an asset: the detector's own on health first, else its worst open one. */
static struct alert *alert_above(struct alerts *alerts, uint32_t asset)
{
    uint32_t above = down_above(alerts, asset);
    struct alert *best = NULL;
    if (above == FLEET_NONE)
        return NULL;
    struct alert *group = group_alert(alerts, above);
    if (group)
        return group;
    ALERT_EACH_OF_ASSET(alerts, alert, above) {
        if (alert->life.condition != CONDITION_ACTIVE || alert->life.closed)
            continue;
        if (strcmp(desk_text(alerts, alert->source), "health") == 0)
            return alert;
        if (!best || alert->life.severity > best->life.severity)
            best = alert;
    }
    return best;
}

static bool is_behind(const struct alerts *alerts, uint32_t asset)
{
    return asset != FLEET_NONE && fleet_exists(alerts->fleet, asset) && live_at(alerts->fleet, asset)->health == HEALTH_UNREACHABLE;
}

static void fold(struct alerts *alerts, struct alert *alert, struct alert *cause, enum cause_kind kind, msec now)
{
    if (alert->cause_kind == CAUSE_HAND)
        return;
    if (cause && cause != alert && alert->cause != cause->self)
        cause_set(alerts, alert, cause, kind);
    else if (!cause)
        alert->cause_kind = (uint8_t)kind;
    alert_suppression(alerts, alert, SUPPRESSED_DEPENDENCY, true, cause ? cause->id : "", now);
    if (!cause)
        settle_later(alerts, alert, 0); /* its alert comes in a moment, or there is none to hide behind */
}

void cause_fold_under_group(struct alerts *alerts, struct alert *alert, struct alert *cause, msec now)
{
    if (cause && alert->cause_kind != CAUSE_PARENT) /* behind another parent, it is that one's */
        fold(alerts, alert, cause, CAUSE_GROUP, now);
}

bool cause_follow(struct alerts *alerts, struct alert *alert, msec now)
{
    struct alert *cause = alert_above(alerts, alert->asset);
    uint32_t above = down_above(alerts, alert->asset);
    if (cause && cause != alert && alert->cause != cause->self) {
        cause_set(alerts, alert, cause, CAUSE_PARENT);
        alert_note_event(alerts, alert, "desk", "folded", cause->id, now);
        alert_touch(alerts, alert);
    }
    return cause || (above != FLEET_NONE && live_at(alerts->fleet, above)->health == HEALTH_MAINTENANCE);
}

void cause_unfold(struct alerts *alerts, struct alert *alert, msec now)
{
    cause_clear(alerts, alert);
    alert_suppression(alerts, alert, SUPPRESSED_DEPENDENCY, false, NULL, now);
}

/* A member's own silence, when its group is gone. */
static bool of_gone_group(const struct alerts *alerts, const struct alert *alert)
{
    return strcmp(desk_text(alerts, alert->source), "health") == 0 && group_alert(alerts, alert->asset);
}

/* Quietly: the alert is about to be raised, and its own event says under what. */
void cause_before_breach(struct alerts *alerts, struct alert *alert, msec now)
{
    if (alert->cause_kind == CAUSE_HAND || alert->asset == FLEET_NONE)
        return;
    if (is_behind(alerts, alert->asset)) {
        struct alert *cause = alert_above(alerts, alert->asset);
        if (cause && cause != alert && alert->cause != cause->self)
            cause_set(alerts, alert, cause, CAUSE_PARENT);
        alert->cause_kind = CAUSE_PARENT;
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, true, now);
        if (!cause)
            settle_later(alerts, alert, 0);
    } else if (alert->cause_kind != CAUSE_STORM && of_gone_group(alerts, alert)) {
        cause_set(alerts, alert, group_alert(alerts, alert->asset), CAUSE_GROUP);
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, true, now);
    } else if (alert->cause_kind != CAUSE_STORM) {
        uint32_t group = storm_running(alerts, alert);
        if (group != ALERT_NONE)
            cause_set(alerts, alert, alert_at(alerts, alerts->storms->rows[group].alert), CAUSE_STORM);
        else
            cause_clear(alerts, alert); /* an earlier life's */
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_DEPENDENCY, group != ALERT_NONE, now);
    }
    if (live_at(alerts->fleet, alert->asset)->health == HEALTH_MAINTENANCE)
        alert_suppress(&alert->life, alert->policy, SUPPRESSED_OUT_OF_SERVICE, true, now);
}

/* Late means: it has a period of grace after its parent's return; what it is will be known at the end of it. */
void cause_asset_judged(struct alerts *alerts, uint32_t asset, enum health to, msec now)
{
    bool behind = to == HEALTH_UNREACHABLE;
    struct alert *cause = NULL;
    bool looked = false;
    ALERT_EACH_OF_ASSET(alerts, alert, asset) {
        if (!alert_is_open(alert))
            continue;
        if (behind && !(alert->life.suppression & SUPPRESSED_DEPENDENCY)) {
            if (!looked)
                cause = alert_above(alerts, asset);
            looked = true;
            fold(alerts, alert, cause, CAUSE_PARENT, now);
        } else if (!behind && alert->cause_kind == CAUSE_PARENT && of_gone_group(alerts, alert)) {
            fold(alerts, alert, group_alert(alerts, asset), CAUSE_GROUP, now);
        } else if (!behind && to != HEALTH_STALE && alert->cause_kind == CAUSE_PARENT) {
            cause_unfold(alerts, alert, now);
            storm_breach(alerts, alert, now); /* many may stay silent after their parent's return */
        }
        alert_suppression(alerts, alert, SUPPRESSED_OUT_OF_SERVICE, to == HEALTH_MAINTENANCE, NULL, now);
    }
}

/* ---- storms ---- */

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
    free(storms->building_totals);
    free(storms->network_totals);
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

/* How many children each building and network has; once for each change of the ledger. */
static void count_children(struct alerts *alerts)
{
    struct storms *storms = alerts->storms;
    struct fleet *fleet = alerts->fleet;
    if (storms->ledger_revision == fleet_ledger_revision(fleet))
        return;
    storms->ledger_revision = fleet_ledger_revision(fleet);
    if (storms->room)
        memset(storms->building_totals, 0, storms->room * sizeof *storms->building_totals);
    if (storms->room)
        memset(storms->network_totals, 0, storms->room * sizeof *storms->network_totals);
    for (uint32_t asset = 0; asset < fleet->count; asset++) {
        if (!fleet_exists(fleet, asset) || live_at(fleet, asset)->parent == FLEET_NONE)
            continue;
        uint32_t numbers[] = {desk_number(alerts, fleet_text(fleet, asset, ASSET_building)),
                              desk_number(alerts, network_of(alerts, asset))};
        for (int i = 0; i < 2; i++) {
            if (numbers[i] >= storms->room) {
                uint32_t room = numbers[i] + 256;
                storms->building_totals = memory_resize(storms->building_totals, room, sizeof *storms->building_totals);
                storms->network_totals = memory_resize(storms->network_totals, room, sizeof *storms->network_totals);
                memset(storms->building_totals + storms->room, 0, (room - storms->room) * sizeof *storms->building_totals);
                memset(storms->network_totals + storms->room, 0, (room - storms->room) * sizeof *storms->network_totals);
                storms->room = room;
            }
            (i ? storms->network_totals : storms->building_totals)[numbers[i]]++;
        }
    }
}

static uint32_t children_of(struct alerts *alerts, const struct storm *storm)
{
    struct fleet_view view;
    if (storm->kind == STORM_GATEWAY) {
        fleet_get(alerts->fleet, storm->key, &view);
        return view.children;
    }
    count_children(alerts);
    if (storm->key >= alerts->storms->room)
        return 0;
    return (storm->kind == STORM_BUILDING ? alerts->storms->building_totals : alerts->storms->network_totals)[storm->key];
}

static uint32_t threshold_of(const struct alerts *alerts, const struct storm *storm)
{
    double share = storm->total * alerts->options.storm_share;
    uint32_t need = (uint32_t)share + (share > (uint32_t)share);
    return need > alerts->options.storm_children ? need : alerts->options.storm_children;
}

/* Its count of symptoms changed: said a moment later, once for many. */
static void storm_counts(struct alerts *alerts, struct storm *storm, int by)
{
    storm->folded += by < 0 && !storm->folded ? 0 : (uint32_t)by;
    storm->told_old = alerts->storms->restate = true;
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
        snprintf(summary, sizeof summary, N_("%u of %u children silent; %u within %g periods"), storm->folded, storm->total, storm->first,
                 alerts->options.storm_periods);
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
    fold(alerts, alert, own, CAUSE_STORM, now);
    if (alert->cause == own->self)
        storm_counts(alerts, storm, 1);
}

static void storm_raise(struct alerts *alerts, uint32_t group, uint32_t silent)
{
    static const struct { const char *rule, *name; } words[STORM_KINDS] = {
        [STORM_GATEWAY] = {"storm-gateway", "网关下终端成片失联"},
        [STORM_BUILDING] = {"storm-building", "楼宇终端成片失联"},
        [STORM_NETWORK] = {"storm-network", "网段终端成片失联"},
    };
    struct storm *storm = &alerts->storms->rows[group];
    char summary[160];
    snprintf(summary, sizeof summary, N_("%u of %u children silent within %g periods"), silent, storm->total,
             alerts->options.storm_periods);
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
    if (storm->begin == storm->count)
        storm->begin = storm->count = 0;
    ARRAY_RESERVE(storm->recent, storm->capacity, storm->count + 1);
    storm->recent[storm->count++] = (struct silent){steady, alert->self, alert->number};
    storm->total = children_of(alerts, storm);
    uint32_t need = threshold_of(alerts, storm), silent = 0;
    if (storm->count - storm->begin < need)
        return;
    for (size_t i = storm->begin; i < storm->count; i++) {
        const struct alert *each = alert_at(alerts, storm->recent[i].handle);
        silent += each->number == storm->recent[i].number && each->life.condition == CONDITION_ACTIVE;
    }
    if (silent < need)
        return;
    storm_raise(alerts, group, silent);
    storm = &alerts->storms->rows[group]; /* raising may have made others */
    for (size_t i = storm->begin; i < storm->count; i++) {
        struct alert *each = alert_at(alerts, storm->recent[i].handle);
        if (each->flags & ALERT_LIVE && each->number == storm->recent[i].number)
            storm_fold(alerts, group, each, now);
    }
    storm->begin = storm->count = 0;
}

/* Did it fall silent by itself, though nothing above it is down? */
static bool is_silent_child(const struct alerts *alerts, const struct alert *alert)
{
    const struct fleet_live *live = live_at(alerts->fleet, alert->asset);
    return live->reason == REASON_NO_DATA && live->parent != FLEET_NONE &&
           strcmp(desk_text(alerts, alert->source), "health") == 0;
}

/* The group of a storm that goes on where this asset belongs. */
static uint32_t storm_running(struct alerts *alerts, const struct alert *alert)
{
    if (!is_silent_child(alerts, alert))
        return ALERT_NONE;
    uint32_t keys[STORM_KINDS] = {
        [STORM_GATEWAY] = live_at(alerts->fleet, alert->asset)->parent,
        [STORM_BUILDING] = desk_number(alerts, fleet_text(alerts->fleet, alert->asset, ASSET_building)),
        [STORM_NETWORK] = desk_number(alerts, network_of(alerts, alert->asset))};
    for (int kind = 0; kind < STORM_KINDS; kind++) {
        uint32_t group = kind == STORM_GATEWAY || keys[kind] ? storm_of(alerts, (enum storm_kind)kind, keys[kind]) : ALERT_NONE;
        if (group != ALERT_NONE && alerts->storms->rows[group].alert != ALERT_NONE)
            return group;
    }
    return ALERT_NONE;
}

/* Silence of its own only: what lies behind a parent has its cause. The nearest group first. */
void storm_breach(struct alerts *alerts, struct alert *alert, msec now)
{
    struct fleet *fleet = alerts->fleet;
    if (alert->asset == FLEET_NONE || alert->life.condition != CONDITION_ACTIVE || !is_silent_child(alerts, alert))
        return;
    if (alert->cause_kind == CAUSE_STORM && alert->cause != ALERT_NONE) { /* it joined one that goes on */
        struct alert *own = alert_at(alerts, alert->cause);
        if (own->storm != ALERT_NONE)
            storm_counts(alerts, &alerts->storms->rows[own->storm], 1);
        return;
    }
    storm_note(alerts, STORM_GATEWAY, live_at(fleet, alert->asset)->parent, alert, now);
    uint32_t network = desk_number(alerts, network_of(alerts, alert->asset));
    if (network)
        storm_note(alerts, STORM_NETWORK, network, alert, now);
    uint32_t building = desk_number(alerts, fleet_text(fleet, alert->asset, ASSET_building));
    if (building)
        storm_note(alerts, STORM_BUILDING, building, alert, now);
}

/* Those still silent wait a period before they speak for themselves (alerts_settle.c): most return in that time. */
static void storm_end(struct alerts *alerts, struct alert *own)
{
    struct storm *storm = &alerts->storms->rows[own->storm];
    storm->alert = ALERT_NONE;
    storm->folded = 0;
    own->storm = ALERT_NONE;
}

bool storm_join(struct alerts *alerts, struct alert *alert, msec now)
{
    uint32_t group = alert->asset == FLEET_NONE || !fleet_exists(alerts->fleet, alert->asset) ? ALERT_NONE : storm_running(alerts, alert);
    if (group == ALERT_NONE || alert->life.condition != CONDITION_ACTIVE)
        return false;
    fold(alerts, alert, alert_at(alerts, alerts->storms->rows[group].alert), CAUSE_STORM, now);
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
    struct alert *own = alert_at(alerts, alert->cause);
    if (own->storm == ALERT_NONE)
        return;
    struct storm *storm = &alerts->storms->rows[own->storm];
    storm_counts(alerts, storm, -1);
    if (storm->folded * 2 < threshold_of(alerts, storm))
        alerts_normal(alerts, own->fingerprint);
}

void storm_restore(struct alerts *alerts, struct alert *own)
{
    static const char *const rules[STORM_KINDS] = {"storm-gateway", "storm-building", "storm-network"};
    if (strcmp(desk_text(alerts, own->source), "storm") != 0 || own->life.condition != CONDITION_ACTIVE)
        return;
    for (int kind = 0; kind < STORM_KINDS; kind++) {
        uint32_t key = kind == STORM_GATEWAY ? own->asset : own->point;
        if (strcmp(desk_text(alerts, own->rule), rules[kind]) != 0 || (kind == STORM_GATEWAY && key == FLEET_NONE))
            continue;
        own->storm = storm_of(alerts, (enum storm_kind)kind, key);
        struct storm *storm = &alerts->storms->rows[own->storm];
        storm->alert = own->self;
        storm->total = children_of(alerts, storm);
        storm->first = threshold_of(alerts, storm);
        for (uint32_t handle = own->first_symptom; handle != ALERT_NONE; handle = alert_at(alerts, handle)->next_symptom)
            storm->folded += alert_at(alerts, handle)->life.condition == CONDITION_ACTIVE;
    }
}

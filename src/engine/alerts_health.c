/* The detector that is built in: what the fleet finds an asset to be becomes alerts (contract 000: R019 gateway faults,
 * R021 network and communication apart, R030 communication abnormal, network cut, crash, read abnormal). An asset has at
 * most one of them open; what lies behind a dead parent has its own too, folded under the parent's, so that nothing is
 * lost and one row stands for all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "engine/alerts_private.h"

struct alerts_health {
    struct alerts *alerts;
    struct fleet *fleet;
    uint64_t ledger_revision;
};

/* Declared: what the configuration declares has a detector of its own (applications.h). */
enum subject_kind { SUBJECT_GATEWAY, SUBJECT_HOST, SUBJECT_TERMINAL, SUBJECT_DECLARED, SUBJECT_KINDS };

struct verdict_rule {
    const char *rule, *name, *runbook;
    enum severity severity;
};

/* By kind and reason; an empty cell raises nothing. */
static const struct verdict_rule rules[SUBJECT_KINDS][REASON_COUNT] = {
    [SUBJECT_GATEWAY] = {
        [REASON_NO_DATA] = {"gateway-offline", N_("gateway offline"), "gateway", SEVERITY_CRITICAL},
        [REASON_NOT_REACHED] = {"gateway-offline", N_("gateway offline"), "gateway", SEVERITY_CRITICAL},
        [REASON_DISCONNECTED] = {"gateway-offline", N_("gateway offline"), "gateway", SEVERITY_CRITICAL},
        [REASON_PARENT] = {"gateway-offline", N_("gateway offline"), "gateway", SEVERITY_CRITICAL},
        [REASON_CHECK_FAILED] = {"gateway-check", N_("gateway check failed"), "gateway", SEVERITY_MAJOR},
        [REASON_FAULT_REPORTED] = {"gateway-fault", N_("gateway fault"), "gateway", SEVERITY_MAJOR},
    },
    [SUBJECT_HOST] = {
        [REASON_NO_DATA] = {"host-silent", N_("monitoring silent"), "host", SEVERITY_MAJOR},
        [REASON_NOT_REACHED] = {"host-down", N_("host down"), "host", SEVERITY_CRITICAL},
        [REASON_DISCONNECTED] = {"host-down", N_("host down"), "host", SEVERITY_CRITICAL},
        [REASON_PARENT] = {"host-silent", N_("monitoring silent"), "host", SEVERITY_MAJOR},
        [REASON_CHECK_FAILED] = {"host-check", N_("service check failed"), "host", SEVERITY_MAJOR},
        [REASON_FAULT_REPORTED] = {"host-fault", N_("host fault"), "host", SEVERITY_MAJOR},
    },
    [SUBJECT_TERMINAL] = {
        [REASON_NO_DATA] = {"terminal-no-data", N_("comm silent"), "terminal-communication", SEVERITY_MINOR},
        [REASON_NOT_REACHED] = {"terminal-cut", N_("network cut"), "terminal-network", SEVERITY_MINOR},
        [REASON_DISCONNECTED] = {"terminal-cut", N_("network cut"), "terminal-network", SEVERITY_MINOR},
        [REASON_PARENT] = {"terminal-no-data", N_("comm silent"), "terminal-communication", SEVERITY_MINOR},
        [REASON_CHECK_FAILED] = {"terminal-down", N_("terminal down"), "terminal-down", SEVERITY_MINOR},
        [REASON_FAULT_REPORTED] = {"terminal-read", N_("read error"), "terminal-read", SEVERITY_MINOR},
    },
};

static enum subject_kind kind_of(const struct fleet *fleet, uint32_t asset)
{
    static const char *const hosts[] = {"server", "application", "database", "link", "facility", "voice-gateway"};
    if (live_at(fleet, asset)->kind_is_gateway)
        return SUBJECT_GATEWAY;
    const char *kind = fleet_text(fleet, asset, ASSET_kind);
    for (size_t i = 0; i < ARRAY_COUNT(hosts); i++)
        if (strcmp(kind, hosts[i]) == 0)
            return fleet_is_declared(fleet, asset) ? SUBJECT_DECLARED : SUBJECT_HOST;
    return SUBJECT_TERMINAL;
}

static bool is_wrong(enum health health)
{
    return health == HEALTH_OFFLINE || health == HEALTH_UNREACHABLE || health == HEALTH_CRITICAL || health == HEALTH_WARNING;
}

static void write_summary(const struct fleet *fleet, uint32_t asset, char *text, size_t size)
{
    const struct fleet_live *live = live_at(fleet, asset);
    const char *evidence = live->evidence ? live->evidence->text : "";
    char period[SPAN_TEXT];
    switch (live->reason) {
    case REASON_NO_DATA:
        snprintf(text, size,
                 COUNTED(fleet->options.timeout_periods, N_("silent for %g period of %s%s%s"),
                         N_("silent for %g periods of %s%s%s")),
                 fleet->options.timeout_periods, span_format(period, live->period),
                 evidence[0] ? "; " : "", evidence);
        break;
    case REASON_PARENT:
        snprintf(text, size, N_("behind %s"), live->parent == FLEET_NONE ? N_("its parent") : fleet_text(fleet, live->parent, ASSET_id));
        break;
    default:
        snprintf(text, size, "%s%s%s", health_reason_name(live->reason), evidence[0] ? ": " : "", evidence);
        break;
    }
}

/* How often its detector looks, for the window of flapping: at what an asset says, when it is to say it, but not more often
 * than by the minute (who reports each second and stays dead for a minute is not steady yet); at its link by the minute. */
void alert_check_period(const struct alerts *alerts, struct alert *alert)
{
    bool known = alert->asset != FLEET_NONE && fleet_exists(alerts->fleet, alert->asset);
    msec period = known ? live_at(alerts->fleet, alert->asset)->period : 0;
    enum health_reason reason = known ? (enum health_reason)live_at(alerts->fleet, alert->asset)->reason : REASON_NONE;
    bool link = (reason == REASON_NOT_REACHED || reason == REASON_DISCONNECTED || reason == REASON_CHECK_FAILED) &&
                strcmp(desk_text(alerts, alert->source), "health") == 0;
    alert->life.check_period = link || period < SPAN_MINUTE ? SPAN_MINUTE : period;
}

/* What else this detector had open on the asset is over: another reason holds now, or none. */
static void end_others(struct alerts_health *health, uint32_t asset, const char *rule)
{
    ALERT_EACH_OF_ASSET(health->alerts, alert, asset) {
        bool running = alert->life.condition == CONDITION_ACTIVE || alert->life.condition == CONDITION_PENDING ||
                       alert_closed_active(alert);
        if (running && strcmp(desk_text(health->alerts, alert->source), "health") == 0 &&
            (!rule || strcmp(desk_text(health->alerts, alert->rule), rule) != 0))
            alerts_normal(health->alerts, alert->fingerprint);
    }
}

static void judge(struct alerts_health *health, uint32_t asset, enum health now)
{
    const struct fleet *fleet = health->fleet;
    if (now == HEALTH_STALE)
        return; /* late says nothing yet */
    const struct verdict_rule *rule = &rules[kind_of(fleet, asset)][live_at(fleet, asset)->reason];
    bool wrong = is_wrong(now) && rule->rule;
    end_others(health, asset, wrong ? rule->rule : NULL);
    if (!wrong)
        return;
    char summary[320], lessened[120] = "";
    enum severity severity = now == HEALTH_WARNING ? SEVERITY_WARNING : rule->severity;
    write_summary(fleet, asset, summary, 200);
    if (now == HEALTH_OFFLINE && group_lessens(health->alerts, asset, &severity, lessened, sizeof lessened))
        memcpy(summary + strlen(summary), lessened, strlen(lessened) + 1);
    alerts_breach(health->alerts, &(struct alert_report){
        .source = N_("health"), .rule = rule->rule, .rule_version = 1, .asset = asset, .point = "", .name = rule->name,
        .type = "communication", .severity = severity, .summary = summary,
        .runbook = rule->runbook});
}

/* Clear first: what returned together with its parent is gone before it could be unfolded and told of. */
static void judged(void *owner, uint32_t asset, enum health from, enum health to)
{
    struct alerts_health *health = owner;
    const uint32_t *members;
    (void)from;
    uint32_t count = group_judged(health->alerts, asset, to, &members);
    judge(health, asset, to);
    cause_asset_judged(health->alerts, asset, to, desk_now(health->alerts));
    for (uint32_t i = 0; i < count; i++) /* what is left, and how grave it is, changed for the others that are lost */
        if (members[i] != asset && live_at(health->fleet, members[i])->health == HEALTH_OFFLINE)
            judge(health, members[i], HEALTH_OFFLINE);
    group_judged_end(health->alerts, asset);
}

/* What the ledger no longer has cannot be wrong. */
static void ledger_changed(void *owner, uint64_t revision, const uint32_t *assets, uint32_t count, uint32_t total)
{
    struct alerts_health *health = owner;
    (void)revision, (void)assets, (void)count, (void)total;
    if (health->ledger_revision == fleet_ledger_revision(health->fleet))
        return;
    health->ledger_revision = fleet_ledger_revision(health->fleet);
    groups_follow(health->alerts);
    for (uint32_t asset = 0; asset < fleet_count(health->fleet); asset++)
        if (!fleet_exists(health->fleet, asset))
            end_others(health, asset, NULL);
}

/* What changed while nobody listened. Parents first, so that what lies behind them finds its cause. */
static void catch_up(struct alerts_health *health)
{
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t asset = 0; asset < fleet_count(health->fleet); asset++) {
            if (!fleet_exists(health->fleet, asset))
                continue;
            enum health now = live_at(health->fleet, asset)->health;
            if ((now == HEALTH_UNREACHABLE) == (pass == 1) && now != HEALTH_UNKNOWN)
                judged(health, asset, now, now);
        }
}

struct alerts_health *alerts_health_new(struct alerts *alerts, struct fleet *fleet)
{
    struct alerts_health *health = memory_new(sizeof *health);
    health->alerts = alerts;
    health->fleet = fleet;
    health->ledger_revision = fleet_ledger_revision(fleet);
    for (uint32_t asset = 0; asset < fleet_count(fleet); asset++)
        if (fleet_exists(fleet, asset))
            alert_level_again(alerts, asset);
    catch_up(health);
    fleet_listen(fleet, &(struct fleet_listener){.owner = health, .judged = judged, .changed = ledger_changed});
    return health;
}

void alerts_health_free(struct alerts_health **slot)
{
    struct alerts_health *health = *slot;
    if (!health)
        return;
    *slot = NULL;
    fleet_unlisten(health->fleet, health);
    free(health);
}

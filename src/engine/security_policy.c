/* Where the site's policy is not kept: ways in the clear or to whomever though encryption is required, a broken audit.
 * Alerts of the source "security"; the point is what they are about. */
#include "engine/security_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum breach { PLAIN_SOURCE, UNVERIFIED_SOURCE, PLAIN_ENDPOINT, UNVERIFIED_ENDPOINT, AUDIT_CHAIN };
static const struct { const char *rule, *name; enum severity severity; } breaches[] = {
    [PLAIN_SOURCE] = {"plain-source", N_("source in the clear"), SEVERITY_MAJOR},
    [UNVERIFIED_SOURCE] = {"unverified-source", N_("source unchecked"), SEVERITY_MAJOR},
    [PLAIN_ENDPOINT] = {"plain-endpoint", N_("endpoint in the clear"), SEVERITY_MAJOR},
    [UNVERIFIED_ENDPOINT] = {"unverified-endpoint", N_("endpoint unchecked"), SEVERITY_MAJOR},
    [AUDIT_CHAIN] = {"audit-chain", N_("audit chain broken"), SEVERITY_CRITICAL},
};

struct judging { struct security *security; uint64_t *found; size_t count, capacity; };

static struct alert_report report_of(enum breach breach, uint32_t asset, const char *point, const char *summary)
{
    return (struct alert_report){.source = N_("security"), .rule = breaches[breach].rule, .rule_version = 1, .asset = asset, .point = point,
                                 .name = breaches[breach].name, .type = "security", .severity = breaches[breach].severity,
                                 .summary = summary, .runbook = "host"};
}

static void raise_alert(struct judging *judging, const struct alert_report *report)
{
    struct alerts *alerts = judging->security->parts.alerts;
    uint64_t fingerprint = alert_fingerprint(alerts, report);
    const struct alert *alert = alerts_by_fingerprint(alerts, fingerprint);
    ARRAY_RESERVE(judging->found, judging->capacity, judging->count + 1);
    judging->found[judging->count++] = fingerprint;
    /* What stands already is not counted anew with every reload. */
    if (!alert || (alert->life.condition != CONDITION_ACTIVE && !alert_closed_active(alert)))
        alerts_breach(alerts, report);
}

static void judge_way(void *owner, const struct security_way *way)
{
    struct judging *judging = owner;
    enum protection_level level = way->protection->level;
    char summary[240];
    if ((level != PROTECTION_PLAIN && level != PROTECTION_UNVERIFIED) || security_plain_allowed(judging->security->plan, way->name))
        return;
    enum breach breach = way->endpoint ? PLAIN_ENDPOINT : PLAIN_SOURCE;
    breach = level == PROTECTION_UNVERIFIED ? breach + 1 : breach;
    snprintf(summary, sizeof summary, N_("%.60s: %.120s, though encryption is required"), way->name, way->protection->detail);
    struct alert_report report = report_of(breach, way->asset, way->name, summary);
    raise_alert(judging, &report);
}

struct ended { const struct judging *judging; uint64_t *rows; size_t count, capacity; bool chain; };

static void gather_gone(void *owner, uint64_t fingerprint, const struct alert *alert)
{
    struct ended *ended = owner;
    const char *rule = desk_text(ended->judging->security->parts.alerts, alert->rule);
    if ((strcmp(rule, breaches[AUDIT_CHAIN].rule) == 0) != ended->chain)
        return;
    for (size_t i = 0; i < ended->judging->count; i++)
        if (ended->judging->found[i] == fingerprint)
            return;
    ARRAY_RESERVE(ended->rows, ended->capacity, ended->count + 1);
    ended->rows[ended->count++] = fingerprint;
}

static void end_gone(struct judging *judging, bool chain)
{
    struct ended ended = {.judging = judging, .chain = chain};
    alerts_of_source(judging->security->parts.alerts, "security", gather_gone, &ended);
    for (size_t i = 0; i < ended.count; i++)
        alerts_normal(judging->security->parts.alerts, ended.rows[i]);
    free(ended.rows);
    free(judging->found);
}

void security_policy_judge(struct security *security)
{
    struct judging judging = {.security = security};
    if (security->plan->require_tls)
        security_ways(security, judge_way, &judging);
    end_gone(&judging, false);
}

void security_policy_chain(struct security *security)
{
    struct judging judging = {.security = security};
    char summary[120];
    snprintf(summary, sizeof summary, N_("the audit's chain is broken at entry %lld"), (long long)security->broken_at);
    struct alert_report report = report_of(AUDIT_CHAIN, FLEET_NONE, "audit", summary);
    if (security->broken)
        raise_alert(&judging, &report);
    end_gone(&judging, true);
}

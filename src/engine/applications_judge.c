/* From verdicts to what an application is: its health, where it hurts, its alert. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/phrase.h"
#include "base/text.h"
#include "collect/collector.h"
#include "engine/applications_private.h"

enum part_verdict application_verdict(const struct application *application)
{
    return application->applications->parts[application->part].verdict;
}

const char *applications_part_name(const struct applications *applications, unsigned part)
{
    const struct part_owner_of *owner = &applications->owners[part];
    return owner->check ? owner->check->title : owner->application ? owner->application->name : owner->server;
}

/* ---- servers ---- */

static void servers_judge(struct applications *applications)
{
    for (unsigned i = applications->server_first; i < applications->part_count; i++) {
        uint32_t asset = fleet_find(applications->fleet, applications->owners[i].server);
        struct fleet_view view;
        applications->owners[i].asset = asset;
        if (asset == FLEET_NONE) {
            applications->parts[i].verdict = PART_UNKNOWN;
            continue;
        }
        fleet_get(applications->fleet, asset, &view);
        bool down = view.health == HEALTH_OFFLINE || view.health == HEALTH_UNREACHABLE;
        applications->parts[i].verdict = down ? PART_CRITICAL : view.health == HEALTH_UNKNOWN ? PART_UNKNOWN : PART_OK;
    }
}

/* ---- words ---- */

static void describe_cause(const struct application *application, char *text, size_t size)
{
    const struct applications *applications = application->applications;
    const struct part_owner_of *owner = &applications->owners[application->cause];
    if (owner->server) {
        struct fleet_view view;
        char when[INSTANT_TEXT] = "";
        fleet_get(applications->fleet, owner->asset, &view);
        instant_format_short(when, view.since, clock_wall());
        snprintf(text, size, N_("server %s: %s since %s%s%s"), owner->server, health_name(view.health), when, view.evidence[0] ? ", " : "",
                 view.evidence);
        return;
    }
    const struct application_check *check = owner->check;
    bool foreign = check->application != application;
    snprintf(text, size, check->on[0] ? N_("%s%s%s on %s: %s") : "%s%s%s%s: %s", foreign ? check->application->name : "",
             foreign ? " / " : "", check->title, check->on, check->evidence);
}

static void describe_unknown(const struct application *application, char *text, size_t size)
{
    for (unsigned i = 0; i < application->check_count; i++) {
        const struct application_check *check = application->checks[i];
        if (application->applications->parts[check->part].verdict != PART_UNKNOWN)
            continue;
        snprintf(text, size, N_("not known: %s: %s"), check->title, check->evidence);
        return;
    }
}

void application_describe(const struct application *application, char *text, size_t size)
{
    char raw[512] = "";
    enum part_verdict verdict = application_verdict(application);
    if (verdict == PART_WAITING || !application->check_count)
        snprintf(raw, sizeof raw, N_("waiting for an address"));
    else if (verdict == PART_UNKNOWN)
        describe_unknown(application, raw, sizeof raw);
    else if (application->cause != PARTS_NONE)
        describe_cause(application, raw, sizeof raw);
    text_clean_into(text, size, raw, strlen(raw));
}

/* ---- telling ---- */

static enum health health_of(enum part_verdict verdict)
{
    return verdict == PART_OK ? HEALTH_OK : verdict == PART_WARNING ? HEALTH_WARNING : verdict == PART_CRITICAL ? HEALTH_CRITICAL : HEALTH_UNKNOWN;
}

static void tell_alert(struct application *application, enum part_verdict verdict)
{
    struct alerts *alerts = application->applications->alerts;
    bool down = verdict == PART_CRITICAL;
    struct alert_report report = {
        .source = N_("application"), .rule = "application-down", .rule_version = 1, .asset = application->asset, .point = "",
        .name = down ? N_("application down") : N_("application degraded"), .type = "application", .severity = down ? SEVERITY_CRITICAL : SEVERITY_WARNING,
        .summary = application->hurts, .runbook = "application"};
    if (down || verdict == PART_WARNING)
        alerts_breach(alerts, &report);
    else if (verdict == PART_OK && alerts_known(alerts, alert_fingerprint(alerts, &report)))
        alerts_normal(alerts, alert_fingerprint(alerts, &report));
}

static void tell(struct application *application, bool news)
{
    struct applications *applications = application->applications;
    struct source *source = applications->source;
    enum part_verdict verdict = application_verdict(application);
    char evidence[240];
    if (application->asset == FLEET_NONE || (verdict == PART_UNKNOWN && !application->judged))
        return; /* until it is known for the first time, what the store said stands */
    application->judged = true;
    if (!news)
        return;
    if (application->hurts[0])
        snprintf(evidence, sizeof evidence, "%s", application->hurts);
    else
        snprintf(evidence, sizeof evidence,
                 COUNTED(application->check_count, N_("%u check, well"),
                         N_("%u checks, all well")), application->check_count);
    source->sink.ops->check(source->sink.owner, source, application->asset, health_of(verdict), evidence);
    tell_alert(application, verdict);
}

/* ---- judging ---- */

static bool judge(struct application *application)
{
    struct applications *applications = application->applications;
    struct part *part = &applications->parts[application->part];
    enum part_verdict before = part->verdict;
    unsigned cause = application->cause;
    bool judged = application->judged;
    part->verdict = parts_fold(applications->parts, application->own, application->own_count);
    application->cause = parts_cause(applications->parts, applications->part_count, application->part);
    application_describe(application, application->hurts, sizeof application->hurts);
    bool news = part->verdict != before || application->cause != cause || !judged;
    tell(application, news);
    return part->verdict != before;
}

void applications_judge(struct applications *applications)
{
    bool news = false;
    servers_judge(applications);
    for (unsigned i = 0; i < applications->count; i++)
        news |= judge(applications->items[i]);
    for (unsigned i = 0; i < applications->count; i++)
        recovery_consider(applications->items[i]);
    applications->revision += news;
}
